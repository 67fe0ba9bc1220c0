#!/usr/bin/env bats
# The CA against a model of it (tests/model): clients, operators and strangers
# act, several at once, in an order that depends on the seed alone.
#
# FULL=1 plays the sequences of tests/model/seeds, else only the first 120 of
# them are played.  MCFG_TEST_MODEL=N adds N new ones (make model).

load helpers
load postgresql

teardown() {
	postgresql_stop
}

# play ENGINE: plays them, and prints the steps of those that fail.
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

@test "scep-ca model: every sequence agrees with the model, on SQLite" {
	play sqlite
}

@test "scep-ca model: every sequence agrees with the model, on PostgreSQL" {
	postgresql_needed
	postgresql_start
	postgresql_schema m0
	postgresql_schema m1
	play "postgresql:$(postgresql_uri m%d)"
}
