#!/usr/bin/env bats
# The tests of a site that every check runs under nginx and Apache, too: those
# with the tag short.  FULL=1 runs all of them instead.

load helpers
load web

# in_short FILE COUNT: the tests with the tag pass, and at least COUNT of them
# are not skipped.
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

@test "nginx: the short tests of a site pass" {
	in_short web-nginx.bats 12
}

@test "apache: the short tests of a site pass" {
	in_short web-apache.bats 12
}

@test "nginx: the short tests of a directory pass" {
	in_short directory-nginx.bats 4
}

@test "apache: the short tests of a directory pass" {
	in_short directory-apache.bats 4
}
