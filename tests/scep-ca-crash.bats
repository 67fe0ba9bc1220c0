#!/usr/bin/env bats
# After a crash, and under load, nothing is torn and nothing is issued twice.
#
# MCFG_TEST_CRASH=all kills at every system call (make crash), not only at some;
# MCFG_TEST_STRESS=1000 sends 8 x 1000 requests (make stress), not 8 x 25.

load helpers
load scep_helpers
load ledger

setup() {
	cd "$T" || return
	load_tool=${MCFG_BIN%/bin}/unit/scep_load
}

# requests NAME N: makes N requests of one key for ca, NAME0.msg ...; their
# challenges are put into $LEDGER.
requests() {
	local i now

	[ -x "$load_tool" ] || skip "scep_load is not built (make units)"
	[ -e key ] || rsa_key key
	chmod 600 key
	now=$(date +%s)
	for ((i = 0; i < $2; i++)); do
		echo "$1challenge-$i"
	done > "$1.pw"
	sed "s/.*/challenge & manual - $((now + 86400)) $now/" "$1.pw" |
	    "${load_tool%/*}/unit_ledger" "$LEDGER" > "$1.put"
	[ "$(grep -cx ok "$1.put")" -eq "$2" ]
	"$load_tool" ca/cert.pem key "$1" < "$1.pw"
}

# state_is CERTIFICATES SPENT: sqlite finds so many, and so many challenges
# spent.
state_is() {
	python3 - "$1" "$2" <<-'PY'
	import sqlite3, sys
	db = sqlite3.connect('ca/ledger.db')
	one = lambda q: db.execute(q).fetchone()[0]
	assert one('PRAGMA integrity_check') == 'ok'
	certs = one('SELECT count(*) FROM certificate')
	spent = one('SELECT count(*) FROM challenge WHERE spent <> 0')
	want = tuple(map(int, sys.argv[1:3]))
	assert (certs, spent) == want, (certs, spent)
	PY
}

@test "scep-ca crash: killed at any call, a retry yields one certificate" {
	needs strace
	ca ca
	LEDGER=sqlite:$T/ca/ledger.db
	requests r 1
	cp -r ca fresh
	calls=openat,write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename
	strace -qq -f -o all -e "trace=$calls" \
	    scep-ca answer --dir ca --operation PKIOperation r0.msg > reply
	total=$(grep -c '(' all)
	step=$((total / 12 + 1))
	[ "${MCFG_TEST_CRASH:-}" != all ] || step=1
	for ((n = 1; n <= total; n += step)); do
		rm -rf ca
		cp -r fresh ca
		strace -qq -f -o trace -e "trace=$calls" \
		    -e "inject=$calls:signal=KILL:when=$n" \
		    scep-ca answer --dir ca --operation PKIOperation r0.msg \
		    > torn 2> err || :
		# A challenge is spent if and only if there is a certificate.
		python3 - <<-'PY' || { echo "killed at call $n"; return 1; }
		import sqlite3
		db = sqlite3.connect('ca/ledger.db')
		one = lambda q: db.execute(q).fetchone()[0]
		assert one('PRAGMA integrity_check') == 'ok'
		certs = one('SELECT count(*) FROM certificate')
		spent = one('SELECT count(*) FROM challenge WHERE spent <> 0')
		assert certs == spent, (certs, spent)
		PY
		# What was written is whole.
		[ ! -s torn ] || python3 "$TESTS/scep.py" read torn > attrs
		scep-ca answer --dir ca --operation PKIOperation r0.msg \
		    > reply
		python3 "$TESTS/scep.py" read reply > attrs
		grep -qx pkiStatus=0 attrs
		state_is 1 1
	done
}

@test "scep-ca crash: an init that was killed leaves no half CA" {
	needs strace
	calls=linkat,rename
	strace -qq -f -o all -e trace=$calls scep-ca init --dir ca
	total=$(grep -cE 'linkat|rename' all)
	for ((n = 1; n <= total; n++)); do
		rm -rf ca
		strace -qq -f -o trace -e trace=$calls \
		    -e "inject=$calls:signal=KILL:when=$n" \
		    scep-ca init --dir ca 2> err || :
		if [ -e ca/cert.pem ]; then
			scep-ca check --dir ca > out
		else
			refuses 4 'no CA here' scep-ca answer --dir ca \
			    --operation GetCACert
		fi
		[ ! -e ca/key.pem ] || [ "$(stat -c %a ca/key.pem)" = 600 ]
	done
}

@test "scep-ca stress: eight at once issue as many certificates as challenges" {
	ledger_setup
	ca ca
	scep-ca ledger-copy sqlite:ca/ledger.db "$LEDGER" > copied
	echo "ledger: $LEDGER" > ca/scep-ca.yaml
	each=${MCFG_TEST_STRESS:-25}
	for w in 0 1 2 3 4 5 6 7; do
		requests "w$w-" $each
	done
	pids=()
	for w in 0 1 2 3 4 5 6 7; do
		for ((i = 0; i < each; i++)); do
			scep-ca answer --dir ca --operation PKIOperation -e \
			    "w$w-$i.msg" > "w$w-$i.reply" || exit 1
		done 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	[ "$(sql 'SELECT COUNT(*) FROM certificate')" -eq $((8 * each)) ]
	[ "$(sql 'SELECT COUNT(DISTINCT serial) FROM certificate')" -eq \
	    $((8 * each)) ]
	[ "$(sql 'SELECT COUNT(*) FROM challenge WHERE spent <> 0')" -eq \
	    $((8 * each)) ]
	sound
	yields out scep-ca check --dir ca
	# A retry issues nothing.
	scep-ca answer --dir ca --operation PKIOperation -e w0-0.msg > again
	[ "$(sql 'SELECT COUNT(*) FROM certificate')" -eq $((8 * each)) ]
}
