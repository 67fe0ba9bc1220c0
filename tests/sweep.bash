# shellcheck shell=bash
# For the sweeps of single faults, by faults.py: one allocation or one system
# call fails in each run, and the tool ends as it should.  In a run of the suite
# it is a sample; with MCFG_TEST_FAULTS=all (make faults) it is each kind of
# allocation, and every call; with a number that many kinds, and every call.

setup() {
	PRELOAD=${MCFG_BIN%/bin}/preload/count.so
	[ -z "${MCFG_TEST_SANITIZED:-}" ] ||
	    skip 'a sanitizer has its own memory'
	[ -e "$PRELOAD" ] || skip 'count.so is not built (make units)'
	needs strace
	LD_PRELOAD=$PRELOAD MCFG_COUNT=$T/count mcfg-get --version > /dev/null
	[ -s "$T/count" ] || skip 'not the malloc of glibc'
	cd "$T" || return
	mkdir in
	cd in || return
}

# sweep MEMORY CALLS [option...] -- COMMAND...: so many faults of each in a
# sample, of CALLS 0 none at all; the command runs in a copy of the folder "in".
sweep() {
	local memory=(--most "$1") calls=(--most "$2") of_calls=$2 failed=0

	shift 2
	case ${MCFG_TEST_FAULTS:-} in
	'') ;;
	all) memory=() calls=() ;;
	*) memory=(--most "$MCFG_TEST_FAULTS") calls=() ;;
	esac
	cd "$T" || return
	python3 "$TESTS/faults.py" memory --in in --preload "$PRELOAD" \
	    "${memory[@]}" "$@" > memory || failed=1
	: > calls
	[ "$of_calls" -eq 0 ] || python3 "$TESTS/faults.py" calls --in in \
	    "${calls[@]}" "$@" > calls || failed=1
	cat memory calls
	[ -z "${MCFG_TEST_FAULTS:-}" ] || head -qn 1 memory calls >&3
	return $failed
}
