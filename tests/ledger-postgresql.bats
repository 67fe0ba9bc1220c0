#!/usr/bin/env bats
# The same tests as for SQLite, on a PostgreSQL for this run.

load helpers
load ledger

setup_file() {
	postgresql_needed || return 0
	postgresql_start
}

teardown_file() {
	postgresql_stop
}

# again FILE [BATS-ARG...]: runs its tests on this engine, with the tools and
# the PKI of this run.
on_postgresql() {
	local file=$1
	shift
	printf 'setup_suite() { :; }\n' > "$T/setup_suite.bash"
	MCFG_TEST_ENGINE=postgresql bats --setup-suite-file \
	    "$T/setup_suite.bash" -F tap "$@" "$TESTS/$file" > "$T/tap" 3>&- || {
		grep -A 20 '^not ok' "$T/tap"
		return 1
	}
	grep -q '^ok' "$T/tap"
}

@test "postgresql: the tests of the ledger" {
	on_postgresql ledger.bats
}

@test "postgresql: a ledger of 0.1.0" {
	on_postgresql ledger-upgrade.bats
}

@test "postgresql: the tests of mcfg-enrollment" {
	on_postgresql mcfg-enrollment.bats
}

@test "postgresql: the tests of invitations" {
	on_postgresql invitation.bats
}

@test "postgresql: the tests of mcfg-report" {
	on_postgresql mcfg-report.bats
}

@test "postgresql: eight processes of scep-ca at once" {
	on_postgresql scep-ca-crash.bats -f 'eight'
}

@test "postgresql: two programs at once, in every order" {
	on_postgresql scep-ca-race.bats
}

# filled URI: fills a ledger with all kinds of rows, and several pages of some.
filled() {
	{
		echo 'many 300 a- 1000'
		echo 'challenge b manual - 100 10'
		echo 'request t1 k /CN=n 192.0.2.1 - 10'
		echo 'request t1 k2 /CN=n 192.0.2.1 - 10'
		echo 'decide t1 k approve 20'
		echo 'crl'
		echo 'revoke a-000003 4 50'
	} | "$UNIT" "$1" > /dev/null
	mcfg-enrollment start --ledger "$1" --user='Jörg "x"' --set a=b \
	    > "$T/c"
	printf '%s' '<plist version="1.0"><dict><key>UDID</key><string>Ä' \
	    '</string><key>CHALLENGE</key><string>' "$(cat "$T/c")" \
	    '</string></dict></plist>' > "$T/in"
	mcfg-enrollment identify --ledger "$1" "$T/in" > "$T/scep"
	"$UNIT" "$1" <<< "record $PKI/client.pem $(cat "$T/scep") \
	    $(date +%s)" | grep -qx recorded
}

# Every engine lists in byte order.
listed() {
	"$UNIT" "$1" <<< certificates | sort
	"$UNIT" "$1" <<< requests
	mcfg-enrollment list --ledger "$1" --json
}

@test "postgresql: a ledger moves there and back" {
	UNIT=${MCFG_BIN%/bin}/unit/unit_ledger
	[ -x "$UNIT" ] || skip "unit_ledger is not built (make units)"
	filled "sqlite:$T/a.db"
	postgresql_schema copied
	"$UNIT" "sqlite:$T/a.db" <<< "copy $URI" > "$T/there"
	"$UNIT" "$URI" <<< "copy sqlite:$T/b.db" > "$T/back"
	diff "$T/there" "$T/back"
	[ "$(cut -d' ' -f1,2 "$T/there" | tr '\n' ' ')" = "$(echo enrollment 1 \
	    challenge 303 certificate 301 request 2 invitation 0 event 305 \
	    ledger 1) " ]
	listed "sqlite:$T/a.db" > "$T/a"
	listed "$URI" | diff "$T/a" -
	listed "sqlite:$T/b.db" | diff "$T/a" -
	sqlite3 "$T/a.db" '.dump --data-only' > "$T/a"
	grep -q INSERT "$T/a"
	sqlite3 "$T/b.db" '.dump --data-only' | sort | diff <(sort "$T/a") -
	# A device can continue with the copy.
	yields - mcfg-enrollment complete --ledger "$URI" \
	    --signer "$PKI/client.pem" "$T/in"
	refuses 1 'not empty' "$UNIT" "sqlite:$T/a.db" < \
	    <(echo "copy $URI")
}

holds_challenge() {
	[ "$(sql_of "$URI" 'SELECT COUNT(*) FROM challenge')" = 1 ]
}

@test "postgresql: reconnects if the session ended between two requests" {
	UNIT=${MCFG_BIN%/bin}/unit/unit_ledger
	[ -x "$UNIT" ] || skip "unit_ledger is not built (make units)"
	postgresql_schema again
	mkfifo "$T/in"
	"$UNIT" "$URI" < "$T/in" > "$T/said" 2> "$T/err" 3>&- &
	local pid=$!
	exec 4> "$T/in"
	echo 'challenge a manual - 100 10' >&4
	awaits -p "$pid" 'the first challenge' holds_challenge 2> /dev/null
	# The session ends between two requests.
	sql_of "$URI" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE application_name = 'mcfg' AND pid <> pg_backend_pid()" \
	    > /dev/null
	echo 'certify 01 t1 k /CN=n a 20' >&4
	exec 4>&-
	wait "$pid"
	[ ! -s "$T/err" ]
	[ "$(sql_of "$URI" 'SELECT COUNT(*) FROM certificate')" = 1 ]
}

sql_of() {
	psql -qAt -c "$2" "$1"
}

@test "postgresql: a password in a URI is refused and never shown" {
	local uri

	for uri in 'postgresql://jane:hunter2@localhost/db' \
	    'postgresql://localhost/db?password=hunter2' \
	    'postgresql://localhost/db?sslpassword=hunter2' \
	    'postgresql://jane:hunter2%zz@localhost/db'; do
		refuses 2 ledger mcfg-enrollment list --ledger "$uri"
		run -1 grep -q hunter2 "$T/stderr"
	done
}

@test "postgresql: a missing server, a database without a ledger" {
	refuses 4 'connection to server' mcfg-enrollment list \
	    --ledger "postgresql:///db?host=$T"
	postgresql_schema empty
	refuses 4 'no ledger in this database' mcfg-enrollment list \
	    --ledger "$URI"
	yields - mcfg-enrollment start --ledger "$URI" --user=jane
	yields - mcfg-enrollment list --ledger "$URI"
}

@test "postgresql: a read-only role blocks nobody" {
	postgresql_schema readers
	yields - mcfg-enrollment start --ledger "$URI" --user=jane
	sql_of "$URI" "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA readers TO
	    reader; GRANT SELECT ON ALL TABLES IN SCHEMA readers TO reader"
	reader=${URI/user=postgres/user=reader}
	yields - mcfg-enrollment list --ledger "$reader"
	# It takes every lock that it can, and keeps it.
	mkfifo "$T/hold"
	{
		echo 'BEGIN; SELECT pg_advisory_lock(1835230823);'
		echo 'SELECT pg_advisory_lock(n) FROM generate_series(0, 9) n;'
		for table in ledger challenge certificate enrollment event; do
			echo "SAVEPOINT s; LOCK TABLE $table IN ACCESS SHARE MODE;"
			for mode in 'ROW SHARE' SHARE EXCLUSIVE 'ACCESS EXCLUSIVE'; do
				echo "SAVEPOINT s; LOCK TABLE $table IN $mode MODE;
				    ROLLBACK TO s;"
			done
			for row in UPDATE SHARE 'KEY SHARE'; do
				echo "SAVEPOINT s; SELECT * FROM $table FOR $row;
				    ROLLBACK TO s;"
			done
			echo "SELECT COUNT(*) FROM $table;"
		done
		echo "\\echo held"
		cat "$T/hold"
	} | psql -qAt "$reader" > "$T/held" 2> /dev/null 3>&- &
	pid=$!
	awaits -p "$pid" 'every lock' grep -q held "$T/held"
	yields - mcfg-enrollment start --ledger "$URI" --user=jane
	yields - mcfg-enrollment purge --ledger "$URI" --older 1d
	kill -0 "$pid"
	: > "$T/hold"
	wait "$pid"
}

@test "postgresql: warns about a remote server without sslmode=verify-full" {
	local uri

	# A name in .invalid does not exist, so nothing is asked.
	for uri in 'db.invalid/x' 'db.invalid/x?sslmode=require' \
	    'db.invalid/x?sslmode=verify-ca' 'localhost,db.invalid/x' \
	    '/x?host=db.invalid'; do
		_run mcfg-enrollment list --ledger "postgresql://$uri"
		[ "$status" -eq 4 ]
		grep -q 'warning: ledger: db.invalid: .*sslmode=verify-full' \
		    "$T/stderr"
	done
	for uri in 'db.invalid/x?sslmode=verify-full' "/x?host=$T" \
	    'db.invalid/x?hostaddr=127.0.0.1&port=1' '127.0.0.1:1/x' \
	    '[::1]:1/x' 'localhost:1/x' '/x'; do
		_run mcfg-enrollment list --ledger "postgresql://$uri"
		[ "$status" -eq 4 ]
		! grep -q warning "$T/stderr" || false
	done
	PGSSLMODE=verify-full _run mcfg-enrollment list \
	    --ledger postgresql://db.invalid/x
	! grep -q warning "$T/stderr" || false
	PGHOST=db.invalid _run mcfg-enrollment list --ledger postgresql:///x
	grep -q 'warning: ledger: db.invalid' "$T/stderr"
}
