# Lets a test decide which process goes first: load gate
#
# A process started here stops before each BEGIN and COMMIT of a transaction
# that may write, and before each rename(2) (tests/preload/gate.c).
#
# gate_start NAME cmd...   starts it, up to its first stop or its end
# gate_to NAME WHAT [TEXT] lets it run until it stops before WHAT (begin,
#                          commit, rename, lock) with TEXT in its detail; fails
#                          if it ends first
# gate_step NAME           lets it run to its next stop
# gate_end NAME            lets it run to its end: $status, $T/NAME.out and
#                          $T/NAME.err
# gate_kill NAME           kills it with SIGKILL at its stop
# gate_beside A B cmd...   while A is at a stop, starts B and lets it run to its
#                          end, unless it waits for A; then A to its end, then
#                          the rest of B; $gate_first is the one that ended
#                          first
# gate_close               in teardown: ends all of them
#
# ${gate_where[NAME]} is its stop, as "WHAT DETAIL", or "ended STATUS".

declare -gA gate_where gate_turn _gate_at _gate_go _gate_pid

gate_needed() {
	GATE=${MCFG_BIN%/bin}/preload/gate.so
	[ -e "$GATE" ] || skip 'gate.so is not built (make units)'
}

# Reads until it has stopped or ended; records whether it may write.
_gate_wait() {
	local what rest gone='' end=$((SECONDS + 600))

	while :; do
		if ! read -r -t 1 -u "${_gate_at[$1]}" what rest; then
			# It may have written more before it ended.
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
		# It opens the fifos itself, so that it ends with the test.
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
