#!/usr/bin/env bats
# The fuzz targets for a moment each: that they build, take their seeds, and
# find nothing at once.  make fuzz lets them look for longer.

load helpers

setup() {
	[ -z "${MCFG_TEST_SANITIZED:-}" ] || skip "they have sanitizers already"
	needs clang
	echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n);
	    int LLVMFuzzerTestOneInput(const char *p, unsigned long n)
	    { return p == 0 && n > 0; }' |
	    clang -fsanitize=fuzzer -x c -o "$T/probe" - 2> /dev/null ||
	    skip "clang has no fuzzer here (libclang-rt-dev)"
}

@test "fuzz: every target takes its seeds and finds nothing" {
	local targets t

	targets=$(cd "$ROOT/tests/fuzz" && printf '%s\n' fuzz_*.c |
	    sed 's/^fuzz_//; s/\.c$//')
	make -s -j2 -C "$ROOT" fuzzers > "$T/built" 2>&1 || {
		tail -20 "$T/built"
		return 1
	}
	for t in $targets; do
		[ -n "$(ls "$ROOT/tests/fuzz/seeds/$t")" ]
	done
	# shellcheck disable=SC2086 # one word a target
	"$ROOT/tests/fuzz/run" 3 $targets > "$T/runs"
	cat "$T/runs"
	[ "$(grep -c ': runs: [0-9]' "$T/runs")" -eq \
	    "$(printf '%s\n' "$targets" | wc -l)" ]
}
