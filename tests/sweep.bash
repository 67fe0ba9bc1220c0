# shellcheck shell=bash
# Sweeps with faults.py: in each run, one allocation or one system call fails,
# and the tool must end well.  The suite tries a sample; MCFG_TEST_FAULTS=all
# (make faults) tries each kind of allocation and every call, and a number that
# many kinds and every call.

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

# sweep MEMORY CALLS [option...] -- COMMAND...: tries so many faults of each; if
# CALLS is 0, no calls at all.  The command runs in a copy of the folder "in".
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
