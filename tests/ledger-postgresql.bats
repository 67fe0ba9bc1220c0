#!/usr/bin/env bats
# The same tests as for SQLite, on a PostgreSQL of our own.

load helpers
load ledger

setup_file() {
	! mcfg-enrollment list --ledger postgresql:/// 2>&1 |
	    grep -q 'without PostgreSQL' || skip 'built without PostgreSQL'
	postgresql_start
}

teardown_file() {
	postgresql_stop
}

# again FILE: its tests on this engine; the tools and the PKI are there.
again() {
	printf 'setup_suite() { :; }\n' > "$T/setup_suite.bash"
	MCFG_TEST_ENGINE=postgresql bats --setup-suite-file \
	    "$T/setup_suite.bash" -F tap "$TESTS/$1" > "$T/tap" 3>&- || {
		grep -A 20 '^not ok' "$T/tap"
		return 1
	}
	grep -q '^ok' "$T/tap"
}

@test "postgresql: the tests of the ledger" {
	again ledger.bats
}

@test "postgresql: the tests of mcfg-enrollment" {
	again mcfg-enrollment.bats
}

@test "postgresql: no password in a URI, and none of one is shown" {
	local uri

	for uri in 'postgresql://jane:hunter2@localhost/db' \
	    'postgresql://localhost/db?password=hunter2' \
	    'postgresql://localhost/db?sslpassword=hunter2' \
	    'postgresql://jane:hunter2%zz@localhost/db'; do
		refuses 2 ledger mcfg-enrollment list --ledger "$uri"
		run ! grep -q hunter2 "$T/stderr"
	done
}

@test "postgresql: a server that is not there, a database without a ledger" {
	refuses 4 'connection to server' mcfg-enrollment list \
	    --ledger "postgresql:///db?host=$T"
	postgresql_schema empty
	refuses 4 'no ledger in this database' mcfg-enrollment list \
	    --ledger "$URI"
	yields - mcfg-enrollment start --ledger "$URI" --user=jane
	yields - mcfg-enrollment list --ledger "$URI"
}
