#!/usr/bin/env bats
# The ledger on its own, through tests/unit/unit_ledger.  The sqlite3 command,
# or psql (ledger-postgresql.bats), is the judge of what stands in it.

load helpers
load ledger

setup() {
	UNIT=${MCFG_BIN%/bin}/unit/unit_ledger
	[ -x "$UNIT" ] || skip "unit_ledger is not built (make units)"
	ledger_setup
}

# says TEXT: standard input goes to the ledger, the answers are TEXT.
says() {
	"$UNIT" "$LEDGER" > "$T/answers" || return 1
	printf '%s\n' "$@" | diff - "$T/answers"
}

@test "ledger: a file that only its owner can read, sound by sqlite3" {
	of_sqlite
	says sound <<< 'check'
	[ "$(stat -c %a "$T/ledger.db")" = 600 ]
	[ "$(sql 'PRAGMA integrity_check')" = ok ]
	[ "$(sql 'PRAGMA journal_mode')" = wal ]
}

@test "ledger: a folder with odd characters, a name like a URI" {
	local name

	of_sqlite
	mkdir "$T/a b?c#d%41é'"
	cd "$T/a b?c#d%41é'"
	for name in 'x?mode=memory' 'file:y' ':memory:' '-z' 'a b'; do
		"$UNIT" "sqlite:$name" <<< 'check' > "$T/answers"
		[ "$(cat "$T/answers")" = sound ]
		[ -s "./$name" ]
	done
	[ "$(find . -type f | wc -l)" -eq 5 ]
	"$UNIT" "sqlite:$PWD/x?mode=memory" USE <<< 'check' | grep -qx sound
}

@test "ledger: what is no ledger is refused and left alone" {
	of_sqlite
	refuses 2 'not of the form' "$UNIT" /some/path
	refuses 2 'needs a path' "$UNIT" sqlite:
	refuses 4 'cannot open the ledger: No such file' "$UNIT" "$LEDGER" USE
	[ ! -e "$T/ledger.db" ]
	refuses 4 'cannot make the ledger' "$UNIT" "sqlite:$T/no/ledger.db"
	echo 'this is not a database, and long enough to look like one' > "$T/text"
	refuses 4 'file is not a database' "$UNIT" "sqlite:$T/text"
	grep -q '^this is not' "$T/text"
	: > "$T/empty"
	refuses 4 'no ledger in this database' "$UNIT" "sqlite:$T/empty" USE
	says sound <<< 'check'
	sql "UPDATE ledger SET value = 99 WHERE name = 'schema'"
	refuses 4 'schema version 99' "$UNIT" "$LEDGER"
}

@test "ledger: a challenge buys one certificate, within its time" {
	says ok 'manual - 100' recorded 'manual - 100 spent' no-challenge \
	    ok no-challenge ok no-challenge no-challenge unknown <<-'E'
	challenge a manual - 100 10
	find a
	certify 01 t1 k s a 99
	find a
	certify 02 t2 k s a 99
	challenge b manual - 100 10
	certify 02 t2 k s b 100
	challenge c enroll - 100 10
	certify 02 t2 k s c 20
	certify 02 t2 k s never 20
	get 02
	E
}

@test "ledger: no challenge in clear text is kept" {
	says ok recorded <<-'E'
	challenge Xq7vPmZt manual - 100 10
	certify 01 t1 k s Xq7vPmZt 20
	E
	dump > "$T/dump"
	grep -q t1 "$T/dump"
	run -1 grep -q Xq7vPmZt "$T/dump"
}

@test "ledger: a retry gives the earlier certificate, another key nothing" {
	says ok recorded 'retry 01' 'retry 01' other-key other-key recorded \
	    retry recorded unknown <<-'E'
	challenge a manual - 100 10
	certify 01 t1 k s a 20
	certify 02 t1 k s a 20
	certify 02 t1 k s - 20
	certify 02 t1 k2 s - 20
	retry t1 k2 s
	certify 03 t1 k s2 - 20
	retry t1 k s
	retry t2 k s
	get 02
	E
}

@test "ledger: a serial number is used once, and the challenge is kept" {
	says ok recorded ok taken 'manual - 100' recorded <<-'E'
	challenge a manual - 100 10
	certify 01 t1 k s a 20
	challenge b manual - 100 10
	certify 01 t2 k s b 20
	find b
	certify 02 t2 k s b 20
	E
}

@test "ledger: certificates come back byte for byte, newest first" {
	{
		for i in $(seq 1000 1600); do
			echo "certify $i t$i k s - $((i / 7))"
		done
	} | "$UNIT" "$LEDGER" > /dev/null
	"$UNIT" "$LEDGER" <<< certificates > "$T/list"
	sql 'SELECT serial FROM certificate ORDER BY issued DESC, serial DESC' |
	    diff - "$T/list"
	[ "$(wc -l < "$T/list")" -eq 601 ]
	says '4445520031323334 CN=1234 - - t1234 0 0' <<< 'get 1234'
}

@test "ledger: revoked once, and listed by itself" {
	says recorded recorded 'done' not not 01 \
	    '444552003031 CN=01 - - t1 50 4' <<-'E'
	certify 01 t1 k s - 20
	certify 02 t2 k s - 20
	revoke 01 4 50
	revoke 01 1 60
	revoke 09 1 60
	revoked
	get 01
	E
}

# MCFG_TEST_STRESS=1000 is the whole of it.
@test "ledger: eight processes, every challenge one certificate" {
	local each=${MCFG_TEST_STRESS:-50}
	local i pids=''

	for i in 1 2 3 4 5 6 7 8; do
		"$UNIT" "$LEDGER" <<< "many $each $i- 1000" > "$T/out.$i" 3>&- &
		pids="$pids $!"
	done
	for i in $pids; do
		wait "$i"
	done
	[ "$(cat "$T"/out.* | grep -c '^recorded$')" -eq $((8 * each)) ]
	[ "$(sql 'SELECT COUNT(DISTINCT serial) FROM certificate')" -eq $((8 * each)) ]
	[ "$(sql 'SELECT COUNT(*) FROM challenge WHERE spent <> 0')" -eq $((8 * each)) ]
	sound
}

@test "ledger: one challenge used eight-fold at once buys one" {
	local i pids=''

	says ok <<< 'challenge a manual - 2000 10'
	for i in 1 2 3 4 5 6 7 8; do
		"$UNIT" "$LEDGER" <<< "certify 0$i t$i k$i s a 20" > "$T/out.$i" \
		    3>&- &
		pids="$pids $!"
	done
	for i in $pids; do
		wait "$i"
	done
	[ "$(cat "$T"/out.* | grep -c '^recorded$')" -eq 1 ]
	[ "$(cat "$T"/out.* | grep -c '^no-challenge$')" -eq 7 ]
	[ "$(sql 'SELECT COUNT(*) FROM certificate')" -eq 1 ]
}

@test "ledger: numbers count up for all" {
	says 1 2 1 3 <<-'E'
	next crl
	next crl
	next other
	next crl
	E
}

@test "ledger: a request waits for a decision, which is made once" {
	says recorded 'retry pending' other-key recorded closed 'done' not \
	    'done' recorded closed 'retry issued' other-key \
	    't1 issued CN=t1 6 01 10 20' 't2 rejected CN=t2 6 - 11 21' <<-'E'
	request t1 k s 10
	request t1 k s 10
	request t1 k2 s 10
	request t2 k s 11
	certify 01 t1 k s - 15
	decide t1 approve 20
	decide t1 reject 20
	decide t2 reject 21
	certify 01 t1 k s - 30
	certify 02 t2 k s - 30
	request t1 k s 40
	request t2 k2 s 40
	requests
	E
}

@test "ledger: an approval is for one key and one signer" {
	says recorded 'done' other-key other-key recorded <<-'E'
	request t1 k s 10
	decide t1 approve 20
	certify 01 t1 k2 s - 30
	certify 01 t1 k s2 - 30
	certify 01 t1 k s - 30
	E
}

@test "ledger: a challenge pays for what waits" {
	says recorded ok recorded 't1 issued CN=t1 6 01 10 0' <<-'E'
	request t1 k s 10
	challenge a manual - 100 10
	certify 01 t1 k s a 30
	requests
	E
}

@test "ledger: strangers fill it with so many requests only" {
	for i in $(seq 1001); do
		echo "request t$i k s $i"
	done > "$T/in"
	"$UNIT" "$LEDGER" < "$T/in" > "$T/out"
	[ "$(grep -c '^recorded$' "$T/out")" -eq 1000 ]
	[ "$(tail -n 1 "$T/out")" = closed ]
	"$UNIT" "$LEDGER" <<< requests > "$T/list"
	[ "$(wc -l < "$T/list")" -eq 1000 ]
	[ "$(head -n 1 "$T/list")" = 't1 pending CN=t1 6 - 1 0' ]
	says 'done' recorded <<-'E'
	decide t1 reject 2000
	request t1001 k s 1001
	E
}
