#!/usr/bin/env bats
# The authority against a model of it (tests/model): what clients, operators
# and strangers do, several at once, in orders that the seeds decide.
#
# MCFG_TEST_MODEL=N plays N sequences that nobody has tried (make model) and
# those of tests/model/seeds, each of which is the same in every run; FULL=1
# the latter alone; else the first 120 of them.

load helpers
load postgresql

teardown() {
	postgresql_stop
}

# play ENGINE: what failed, step by step, is the output
play() {
	local out=$T/played seed sample=$T/sample
	local seeds=(--list "$TESTS/model/seeds")

	[ -e "${MCFG_BIN%/bin}/preload/gate.so" ] ||
	    skip 'gate.so is not built (make units)'
	if [ -n "${MCFG_TEST_MODEL:-}" ]; then
		seeds+=(--new "$MCFG_TEST_MODEL")
	elif [ "${FULL:-0}" = 0 ]; then
		grep -v '^#' "$TESTS/model/seeds" | head -n 120 > "$sample"
		seeds=(--list "$sample")
	fi
	python3 -B "$TESTS/model/run" --engine "$1" --jobs 2 "${seeds[@]}" \
	    > "$out" && status=0 || status=$?
	[ -z "${MCFG_TEST_MODEL:-}" ] || sed 's/^/# /' "$out" >&3
	[ "$status" -ne 0 ] || return 0
	cat "$out"
	for seed in $(sed -n '/: good$/d; s/^seed \([0-9]*\): .*/\1/p' \
	    "$out" | head -n 3); do
		python3 -B "$TESTS/model/run" --engine "$1" -v "$seed"
	done
	return 1
}

@test "scep-ca model: sequences on SQLite" {
	play sqlite
}

@test "scep-ca model: sequences on PostgreSQL" {
	postgresql_needed
	postgresql_start
	postgresql_schema m0
	postgresql_schema m1
	play "postgresql:$(postgresql_uri m%d)"
}
