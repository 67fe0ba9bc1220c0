#!/usr/bin/env bats
# Replays all seeds and findings of the fuzz targets.  Only make fuzz explores,
# so the result is the same each time.

load helpers

setup() {
	REPLAY=${MCFG_BIN%/bin}/replay
	[ -d "$REPLAY" ] || skip "not built (make units)"
}

# replays TARGET FILE...: the files pass, and each one was read.
replays() {
	local target=$1

	shift
	[ $# -gt 0 ]
	# Only the count is compared.
	"$REPLAY/$target" "$@" > "$T/count" 2> "$T/said" || {
		cat "$T/said"
		return 1
	}
	[ "$(cat "$T/count")" -eq $# ]
}

@test "fuzz: every target replays its seeds and findings" {
	local source target cases

	shopt -s nullglob
	for source in "$ROOT"/tests/fuzz/fuzz_*.c; do
		target=${source##*/fuzz_}
		target=${target%.c}
		cases=("$ROOT/tests/fuzz"/{seeds,found}/"$target"/*)
		replays "$target" "${cases[@]}"
	done
}

@test "fuzz: found cases belong to a target" {
	local dir

	for dir in "$ROOT"/tests/fuzz/{seeds,found}/*/; do
		dir=${dir%/}
		[ -e "$ROOT/tests/fuzz/fuzz_${dir##*/}.c" ]
	done
}

@test "fuzz: the readers of property lists get inputs that must be refused" {
	replays xml "$TESTS"/data/*.plist
	replays binary "$TESTS"/data/*.bplist
	replays name "$TESTS"/data/subject_without_oid
}

@test "fuzz: a replay names the case that crashes or is missing" {
	cat > "$T/target.c" <<-'C'
	#include <stdlib.h>
	int
	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
	{
		if (size > 0 && data[0] == 'x')
			abort();
		return 0;
	}
	C
	${CC:-cc} -o "$T/replay" "$T/target.c" "$ROOT/tests/fuzz/replay.c"
	printf a > "$T/a"
	printf x > "$T/bad"
	yields - "$T/replay" "$T/a"
	_run "$T/replay" "$T/a" "$T/bad"
	[ "$status" -eq 134 ]
	[ "$(cat "$T/stderr")" = "$T/bad: this case failed" ]
	[ ! -s "$T/stdout" ]
	refuses 4 "$T/none" "$T/replay" "$T/a" "$T/none"
}
