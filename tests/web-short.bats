#!/usr/bin/env bats
# The tests of a site under lighttpd that are also run under nginx and Apache in
# every check: those with the tag short.  FULL=1 runs all of them instead.

load helpers
load web

# in_short FILE COUNT: its tests with the tag pass, and at least so many are not
# skipped.
in_short() {
	WEB=${1#*-}
	WEB=${WEB%.bats}
	needs_web
	printf 'setup_suite() { :; }\n' > "$T/setup_suite.bash"
	bats --setup-suite-file "$T/setup_suite.bash" -F tap \
	    --filter-tags short "$TESTS/$1" > "$T/tap" 3>&- || {
		grep -A 20 '^not ok' "$T/tap"
		return 1
	}
	[ "$(grep '^ok ' "$T/tap" | grep -vc '# skip')" -ge "$2" ] || {
		cat "$T/tap"
		return 1
	}
}

@test "nginx: the tests of a site that have the tag short" {
	in_short web-nginx.bats 12
}

@test "apache: the tests of a site that have the tag short" {
	in_short web-apache.bats 12
}

@test "nginx: the tests of a directory that have the tag short" {
	in_short directory-nginx.bats 4
}

@test "apache: the tests of a directory that have the tag short" {
	in_short directory-apache.bats 4
}
