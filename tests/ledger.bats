#!/usr/bin/env bats
# The ledger alone, through tests/unit/unit_ledger.  The judge is sqlite3, or
# psql in ledger-postgresql.bats.

load helpers
load ledger

setup() {
	UNIT=${MCFG_BIN%/bin}/unit/unit_ledger
	[ -x "$UNIT" ] || skip "unit_ledger is not built (make units)"
	ledger_setup
}

# says TEXT: the ledger answers the commands on standard input with TEXT.
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

@test "ledger: other files are refused and left alone" {
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

@test "ledger: a challenge is good for one certificate, within its time" {
	says ok 'manual - 100' recorded 'manual - 100 spent' no-challenge \
	    ok no-challenge ok no-challenge no-challenge unknown <<-'E'
	challenge a manual - 100 10
	find a
	certify 01 t1 k /CN=n a 99
	find a
	certify 02 t2 k2 /CN=n a 99
	challenge b manual - 100 10
	certify 02 t2 k /CN=n b 100
	challenge c enroll - 100 10
	certify 02 t2 k /CN=n c 20
	certify 02 t2 k /CN=n never 20
	get 02
	E
}

@test "ledger: no challenge is stored in clear text" {
	says ok recorded <<-'E'
	challenge Xq7vPmZt manual - 100 10
	certify 01 t1 k /CN=n Xq7vPmZt 20
	E
	dump > "$T/dump"
	grep -q t1 "$T/dump"
	run -1 grep -q Xq7vPmZt "$T/dump"
}

@test "ledger: which requests count as the same, and which as new" {
	says ok ok recorded 'retry 01' 01 01 01 new new new new new 01 new \
	    recorded 02 new recorded new 02 new <<-'E'
	challenge a manual - 100 10
	challenge b manual - 100 10
	certify 01 t1 k /CN=d,dns:a,dns:B a 20
	certify 02 t1 k /CN=d,dns:a,dns:B a 20
	repeat t1 k /CN=d,dns:a,dns:B a - - 20
	repeat t2 k /CN=D,dns:b,dns:a a - - 20
	repeat t1 k /CN=d,dns:a,dns:B - - - 20
	repeat t2 k /CN=d,dns:a,dns:B - - - 20
	repeat t1 k2 /CN=d,dns:a,dns:B a - - 20
	repeat t1 k /CN=d,dns:a a - - 20
	repeat t1 k /CN=e,dns:a,dns:B a - - 20
	repeat t1 k /CN=d,dns:a,dns:B b yes - 20
	repeat t1 k /CN=d,dns:a,dns:B a yes - 20
	repeat t1 k /CN=d,dns:a,dns:B - - 01 20
	renew 02 t1 k /CN=d,dns:a,dns:B 01 30
	repeat t1 k /CN=d,dns:a,dns:B - - 01 30
	repeat t1 k /CN=d,dns:a,dns:B - - 02 30
	renew 03 t1 k /CN=d,dns:a,dns:B 02 30
	repeat t1 k /CN=d,dns:a,dns:B a - - 9999
	repeat t1 k /CN=d,dns:a,dns:B - - 01 30
	repeat t1 k /CN=d,dns:a,dns:B - - 03 30
	E
}

@test "ledger: a poll gets the certificate that was issued last" {
	# Also if several were issued within one second.
	says recorded 05 recorded recorded 04 recorded 02 'done' 04 unknown <<-'E'
	certify 05 t1 k /CN=n,dns:a - 20
	poll t1 k 20
	certify 03 t1 k /CN=n,dns:b - 20
	certify 04 t1 k /CN=n,dns:c - 20
	poll t1 k 20
	certify 02 t1 k /CN=n,dns:d - 21
	poll t1 k 21
	revoke 02 4 22
	poll t1 k 22
	poll t1 k2 22
	E
}

@test "ledger: a revoked certificate neither renews nor is issued again" {
	says recorded 'done' revoked revoked new <<-'E'
	certify 01 t1 k /CN=n - 20
	revoke 01 1 30
	renew 02 t1 k /CN=n 01 30
	renew 02 t1 k /CN=n 09 30
	repeat t1 k /CN=n - - - 30
	E
}

@test "ledger: a challenge is bound to the whole name, or the operator's" {
	says ok no-challenge no-challenge no-challenge no-challenge recorded \
	    ok no-challenge ok no-challenge ok no-challenge recorded \
	    'manual - 100 bound spent' <<-'E'
	challenge a manual - 100 10 /CN=d,dns:a
	certify 01 t1 k /CN=e,dns:a a 20
	certify 01 t1 k /CN=d a 20
	certify 01 t1 k /CN=d,dns:a,dns:b a 20
	certify 01 t1 k /CN=d/CN=e,dns:a a 20
	certify 01 t1 k /CN=D,dns:A a 20
	challenge b client - 100 10
	certify 02 t2 k /CN=d b 20
	challenge c identity - 100 10
	certify 02 t2 k /CN=d c 20
	challenge d manual - 100 10 /CN=d
	certify 02 t2 k /CN=d,dns:a d 20
	certify 02 t2 k /CN=d d 20
	find a
	E
}

@test "ledger: challenges are listed, and voided by their first digits" {
	says ok ok '1 done' '1 not' '0 not' no-challenge recorded '1 not' \
	    "$(printf 'b' | sha256sum | cut -c1-12) manual bound" \
	    "$(printf 'a' | sha256sum | cut -c1-12) manual" <<-'E'
	challenge a manual - 100 10
	challenge b manual - 100 11 /CN=n
	void a 12 20
	void a 64 20
	void b 5 20
	certify 01 t1 k /CN=n a 20
	certify 01 t1 k /CN=n b 20
	void b 8 20
	challenges
	E
}

@test "ledger: a serial number is used once, and the challenge is kept" {
	says ok recorded ok taken 'manual - 100' recorded <<-'E'
	challenge a manual - 100 10
	certify 01 t1 k /CN=n a 20
	challenge b manual - 100 10
	certify 01 t2 k /CN=n b 20
	find b
	certify 02 t2 k /CN=n b 20
	E
}

@test "ledger: certificates come back byte for byte, newest first" {
	{
		for i in $(seq 1000 1600); do
			echo "certify $i t$i k /CN=n - $((i / 7))"
		done
	} | "$UNIT" "$LEDGER" > /dev/null
	"$UNIT" "$LEDGER" <<< certificates > "$T/list"
	sql 'SELECT serial FROM certificate ORDER BY issued DESC, serial DESC' |
	    diff - "$T/list"
	[ "$(wc -l < "$T/list")" -eq 601 ]
	says '4445520031323334 CN=1234 - - t1234 0 0' <<< 'get 1234'
}

@test "ledger: a certificate is revoked once, and then listed" {
	says recorded recorded 'done' not not 01 \
	    '444552003031 CN=01 - - t1 50 4' <<-'E'
	certify 01 t1 k /CN=n - 20
	certify 02 t2 k /CN=n - 20
	revoke 01 4 50
	revoke 01 1 60
	revoke 09 1 60
	revoked
	get 01
	E
}

# eight LINE: eight processes do LINE at once, with their number for each @;
# their answers are in $T/out.N.
eight() {
	local i pids=''

	for i in 1 2 3 4 5 6 7 8; do
		"$UNIT" "$LEDGER" <<< "${1//@/$i}" > "$T/out.$i" 3>&- &
		pids="$pids $!"
	done
	for i in $pids; do
		wait "$i" || return
	done
}

# MCFG_TEST_STRESS=1000 runs all of it (make stress).
@test "ledger: eight processes, every challenge one certificate" {
	local each=${MCFG_TEST_STRESS:-50}

	eight "many $each @- 1000"
	[ "$(cat "$T"/out.* | grep -c '^recorded$')" -eq $((8 * each)) ]
	[ "$(sql 'SELECT COUNT(DISTINCT serial) FROM certificate')" -eq $((8 * each)) ]
	[ "$(sql 'SELECT COUNT(*) FROM challenge WHERE spent <> 0')" -eq $((8 * each)) ]
	sound
}

@test "ledger: eight processes make it at once" {
	local left=40
	of_sqlite

	while [ $((left -= 1)) -ge 0 ]; do
		rm -f "$T"/ledger.db*
		eight 'many 1 @- 1000'
		[ "$(sql 'SELECT COUNT(*) FROM certificate')" -eq 8 ]
	done
	sound
}

@test "ledger: one challenge used eight times at once yields one certificate" {
	says ok <<< 'challenge a manual - 2000 10'
	eight 'certify 0@ t@ k@ /CN=n a 20'
	[ "$(cat "$T"/out.* | grep -c '^recorded$')" -eq 1 ]
	[ "$(cat "$T"/out.* | grep -c '^no-challenge$')" -eq 7 ]
	[ "$(sql 'SELECT COUNT(*) FROM certificate')" -eq 1 ]
}

@test "ledger: each CRL has the next number" {
	says 1 2 3 <<-'E'
	crl
	crl
	crl
	E
}

@test "ledger: a request waits for a decision, which is made once" {
	says recorded 'retry pending' recorded undecided 1 0 1 recorded \
	    undecided recorded declined recorded \
	    't1 issued CN=t1 6 01 10 20' 't1 pending CN=t1 6 - 40 0' \
	    't2 pending CN=t2 6 - 41 0' <<-'E'
	request t1 k /CN=n - - 10
	request t1 k /CN=n - - 10
	request t2 k /CN=n - - 11
	collect 01 t1 k /CN=n t1 - - 15
	decide t1 - approve 20
	decide t1 - reject 20
	decide t2 - reject 21
	collect 01 t1 k /CN=n t1 - - 30
	collect 02 t2 k /CN=n t2 - - 30
	request t1 k2 /CN=n - - 40
	request t2 k /CN=n - - 40
	request t2 k /CN=n - - 41
	requests
	E
}

@test "ledger: several keys under one transaction are several requests" {
	says recorded recorded 2 1 undecided recorded 0 1 1 <<-'E'
	request t1 k /CN=n - - 10
	request t1 k2 /CN=n - - 10
	decide t1 - approve 20
	decide t1 k2 approve 20
	collect 01 t1 k /CN=n t1 - - 30
	collect 01 t1 k2 /CN=n t1 - - 30
	decide t1 k2 undo 30
	decide t1 - approve 30
	decide t1 - undo 30
	E
}

@test "ledger: a decision is for one key, one name, one request" {
	says recorded 1 undecided other-names undecided undecided recorded \
	    other-names recorded recorded other-names recorded undecided <<-'E'
	request t1 k /CN=n - - 10
	decide t1 - approve 20
	collect 01 t1 k2 /CN=n t1 - - 30
	collect 01 t1 k /CN=admin t1 - - 30
	collect 01 t1 k /CN=n other - - 30
	collect 01 t1 k /CN=n - - program 30
	request t2 k /CN=n - - 30
	request t2 k /CN=m - - 30
	collect 01 t1 k /CN=n t1 - - 30
	collect 02 t3 k /CN=n - - program 30
	collect 03 t2 k /CN=m t2 - program 30
	collect 03 t2 k /CN=n t2 - program 30
	collect 04 t4 k /CN=n - - - 30
	E
}

@test "ledger: a waiting request keeps its challenge, which is spent once" {
	says ok recorded recorded 1 1 recorded no-challenge \
	    'manual - 100 spent' <<-'E'
	challenge a manual - 100 10
	request t1 k /CN=n - a 10
	request t2 k2 /CN=n - a 10
	decide t1 - approve 20
	decide t2 - approve 20
	collect 01 t1 k /CN=n t1 a - 30
	collect 02 t2 k2 /CN=n t2 a - 30
	find a
	E
}

@test "ledger: a challenge is spent on a waiting request" {
	says recorded ok recorded 't1 issued CN=t1 6 01 10 0' <<-'E'
	request t1 k /CN=n - - 10
	challenge a manual - 100 10
	certify 01 t1 k /CN=n a 30
	requests
	E
}

@test "ledger: requests without entitlement displace only each other" {
	{
		echo 'request honest h /CN=n 192.0.2.9 - 5'
		echo 'challenge a manual - 100000 5'
		echo 'request paid p /CN=n 192.0.2.1 a 5'
		for i in $(seq 30); do
			echo "request key$i k /CN=n 192.0.2.1 - $((100 + i))"
			echo "request address$i k$i /CN=n 192.0.2.1 - $((100 + i))"
		done
		for i in $(seq 1100); do
			echo "request t$i key$i /CN=n - - $((200 + i))"
		done
	} | "$UNIT" "$LEDGER" > "$T/out"
	"$UNIT" "$LEDGER" <<< requests > "$T/list"
	grep -q '^honest ' "$T/list"
	grep -q '^paid ' "$T/list"
	[ "$(grep -c '^key' "$T/list")" -le 5 ]
	[ "$(grep -cE '^(key|address)' "$T/list")" -eq 20 ]
	[ "$(sql "SELECT COUNT(*) FROM request WHERE stranger = 1")" -eq 1000 ]
	grep -q '^t1100 ' "$T/list"
	run -1 grep -q '^t1 ' "$T/list"
}

@test "ledger: a clock that was set back displaces the older requests" {
	{
		for i in $(seq 10); do
			echo "request key$i k /CN=n - - $((90000 + i))"
		done
		for i in $(seq 30); do
			echo "request address$i k$i /CN=n 192.0.2.1 - $((90000 + i))"
		done
		echo 'request key11 k /CN=n - - 100'
		echo 'request key12 k /CN=n - - 101'
		echo 'request address31 k31 /CN=n 192.0.2.1 - 100'
		echo 'request address32 k32 /CN=n 192.0.2.1 - 101'
	} | "$UNIT" "$LEDGER" > "$T/out"
	[ "$(sql "SELECT txid FROM request WHERE key_hash IN (SELECT key_hash
	    FROM request WHERE txid = 'key12') ORDER BY received DESC" |
	    xargs)" = 'key10 key9 key8 key12 key11' ]
	[ "$(sql "SELECT txid FROM request WHERE client = '192.0.2.1'
	    ORDER BY received DESC" | xargs)" = "$(seq -f 'address%.0f' 30 -1 13 |
	    xargs) address32 address31" ]
	# And so among those of all addresses.
	for i in $(seq 1100); do
		echo "request t$i key$i /CN=n 192.0.3.$i - $((90000 + i))"
	done | "$UNIT" "$LEDGER" > "$T/out"
	for i in 1 2 3; do
		echo "request new$i new$i /CN=n 192.0.4.$i - $((100 + i))"
	done | "$UNIT" "$LEDGER" > "$T/out"
	[ "$(sql "SELECT COUNT(*) FROM request WHERE txid IN ('new1', 'new2',
	    'new3')")" -eq 3 ]
}

@test "ledger: requests that are not decided or collected are deleted" {
	says recorded recorded 1 recorded recorded \
	    't2 approved CN=t2 6 - 10 9000' 't3 pending CN=t3 6 - 11000 0' \
	    't4 pending CN=t4 6 - 12000 0' <<-'E'
	request t1 k /CN=n - - 10
	request t2 k /CN=n - - 10
	decide t2 - approve 9000
	request t3 k /CN=n - - 11000
	request t4 k /CN=n - - 12000
	requests
	E
}

@test "ledger: the challenges of a configuration are bound once" {
	sql "INSERT INTO enrollment (id, username, state, facts, started,
	    changed) VALUES ('e', 'u', 'configured', '', 1, 1),
	    ('f', 'u', 'aborted', '', 1, 1)" ||
	    { "$UNIT" "$LEDGER" <<< check; sql "INSERT INTO enrollment (id,
	    username, state, facts, started, changed) VALUES ('e', 'u',
	    'configured', '', 1, 1), ('f', 'u', 'aborted', '', 1, 1)"; }
	says ok ok ok no-challenge recorded recorded no-challenge \
	    no-challenge closed no-challenge no-challenge no-challenge \
	    no-challenge recorded no-challenge recorded closed recorded <<-'E'
	challenge a client e 100 10
	challenge b client f 100 10
	challenge c manual - 100 10
	certify 01 t1 k /CN=n a 20
	bind a e /CN=n 20
	bind a e /CN=N 20
	bind a e /CN=m 20
	bind a e /CN=n,dns:x 20
	bind b f /CN=n 20
	bind b e /CN=n 20
	bind c e /CN=n 20
	bind a e /CN=n 100
	certify 01 t1 k /CN=m a 20
	certify 01 t1 k /CN=n a 20
	bind a e /CN=n 20
	client d e /CN=n 100 20
	client x f /CN=n 100 20
	certify 02 t2 k /CN=n d 20
	E
}
