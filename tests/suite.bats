#!/usr/bin/env bats
# The tools of the tests themselves: what they report of code made for it.

load helpers

@test "coverage: lines, branches and functions that were not reached" {
	needs gcov
	cd "$T"
	mkdir -p cmd build
	cat > cmd/tool.c <<-'C'
	static int
	never(int n)
	{
		n++;
		return n;
	}

	int
	main(int argc, char **argv)
	{
		(void)argv;
		return argc > 5 ? never(argc) : 0;
	}
	C
	gcc --coverage -O0 -c -o build/tool.o cmd/tool.c
	gcc --coverage -o tool build/tool.o
	./tool
	yields "$T/said" "$TESTS/coverage" build
	grep -qE '^total +40\.0 % +5 lines +50\.0 % +2 branches$' said
	grep -qE '^cmd/tool\.c:2 +never +3 of 3 lines' said
	grep -qx 'cmd/tool.c: lines not reached: 2 4-5' build/coverage.txt
	grep -qx 'cmd/tool.c: branches not taken: 12' build/coverage.txt
}
