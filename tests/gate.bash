# Who goes first, decided by the test: load gate
#
# A process that is started here stops before each BEGIN and COMMIT of a
# transaction that may write, and before each rename(2) (tests/preload/gate.c).
#
# gate_start NAME cmd...   starts it; it stands at its first stop, or has ended
# gate_to NAME WHAT [TEXT] lets it go until it stands before WHAT (begin,
#                          commit, rename, lock) whose detail holds TEXT; fails
#                          if it ends first
# gate_step NAME           lets it go to its next stop
# gate_end NAME            lets it go to its end: $status, $T/NAME.out, $T/NAME.err
# gate_kill NAME           ends it by SIGKILL where it stands
# gate_beside A B cmd...   A stands: starts B, which goes to its end if it can
#                          without waiting for A; then A to its end, then the
#                          rest of B; $gate_first is the one that ended first
# gate_close               in teardown: nothing stays behind
#
# ${gate_where[NAME]} is its stop, as "WHAT DETAIL", or "ended STATUS".

declare -gA gate_where gate_turn _gate_at _gate_go _gate_pid

gate_needed() {
	GATE=${MCFG_BIN%/bin}/preload/gate.so
	[ -e "$GATE" ] || skip 'gate.so is not built (make units)'
}

# Reads until it stands or has ended; remembers whether it has the turn.
_gate_wait() {
	local what rest gone='' end=$((SECONDS + 600))

	while :; do
		if ! read -r -t 1 -u "${_gate_at[$1]}" what rest; then
			# Its last words may have come meanwhile.
			[ -z "$gone" ] && [ "$SECONDS" -lt "$end" ] || break
			kill -0 "${_gate_pid[$1]}" 2> /dev/null || gone=yes
			continue
		fi
		case $what in
		end)
			gate_turn[$1]= ;;
		ended)
			gate_turn[$1]=
			gate_where[$1]="ended $rest"
			wait "${_gate_pid[$1]}" || :
			return 0 ;;
		*)
			gate_where[$1]="$what ${rest#* }"
			return 0 ;;
		esac
	done
	echo "gate: nothing heard of $1"
	return 1
}

gate_start() {
	local name=$1 dir=$T/gate-$1 at go
	shift

	gate_needed
	rm -rf "$dir"
	mkdir "$dir"
	mkfifo "$dir/at" "$dir/go"
	exec {at}<> "$dir/at" {go}<> "$dir/go"
	_gate_at[$name]=$at
	_gate_go[$name]=$go
	gate_turn[$name]=
	(
		# Its own ends: where the test has gone, it goes too.
		exec {at}>&- {go}>&- 3>&-
		status=0
		LD_PRELOAD=$GATE MCFG_GATE=$dir "$@" > "$T/$name.out" \
		    2> "$T/$name.err" < /dev/null || status=$?
		echo "ended $status" > "$dir/at"
	) &
	_gate_pid[$name]=$!
	_gate_wait "$name"
}

gate_step() {
	[[ ${gate_where[$1]} != begin* ]] || gate_turn[$1]=yes
	printf g >&"${_gate_go[$1]}"
	_gate_wait "$1"
}

gate_to() {
	until [[ ${gate_where[$1]} = "$2 "*"${3:-}"* ]]; do
		if [[ ${gate_where[$1]} = ended* ]]; then
			echo "gate: $1 ended before $2 ${3:-}: ${gate_where[$1]}"
			cat "$T/$1.err"
			return 1
		fi
		gate_step "$1"
	done
}

gate_end() {
	until [[ ${gate_where[$1]} = ended* ]]; do
		gate_step "$1"
	done
	# shellcheck disable=SC2034 # for the test
	status=${gate_where[$1]#ended }
}

gate_kill() {
	printf k >&"${_gate_go[$1]}"
	_gate_wait "$1"
}

gate_beside() {
	local a=$1 b=$2
	shift

	gate_first=$a
	[[ ${gate_where[$a]} != ended* ]] || gate_first=
	gate_start "$@"
	until [[ ${gate_where[$b]} = ended* || ${gate_where[$b]} = lock* ||
	    (${gate_where[$b]} = begin* && -n ${gate_turn[$a]}) ]]; do
		gate_step "$b"
	done
	# shellcheck disable=SC2034 # for the test
	[[ -z $gate_first || ${gate_where[$b]} != ended* ]] || gate_first=$b
	[ -n "$gate_first" ] || gate_first=$a
	gate_end "$a"
	gate_end "$b"
}

gate_close() {
	local name at go

	for name in "${!_gate_pid[@]}"; do
		at=${_gate_at[$name]} go=${_gate_go[$name]}
		[[ ${gate_where[$name]:-} = ended* ]] ||
		    gate_kill "$name" > /dev/null || :
		exec {at}>&- {go}>&-
	done
	_gate_pid=()
}
