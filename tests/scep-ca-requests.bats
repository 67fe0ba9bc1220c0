#!/usr/bin/env bats
# Which requests are the same, what a request is issued for, and what strangers
# can use up.

load helpers
load scep_helpers

setup() {
	cd "$T" || return
	ca ca
}

# signer NAME: makes another self-signed certificate of NAME.key.
signer() {
	openssl req -x509 -key "$1.key" -subj /CN=again -days 30 \
	    -out "$1.pem"
}

# certificates: counts them.
certificates() {
	scep-ca list --dir ca --json > certificates
	python3 -c 'import json; print(len(json.load(open("certificates"))))'
}

# by NAME SIGNER TXID [options]: makes SIGNER.msg, with NAME.csr, signed by
# SIGNER.
by() {
	local name=$1 signer=$2 tx=$3
	shift 3
	sealed ca/cert.pem "$name.csr" "$signer.env"
	python3 "$TESTS/scep.py" make --signer "$signer.pem" \
	    --key "$signer.key" --envelope "$signer.env" --transaction "$tx" \
	    "$@" > "$signer.msg"
}

# enrolled NAME SUBJECT [challenge options]: gets NAME.pem from the CA.
enrolled() {
	local name=$1 subject=$2
	shift 2
	device "$name"
	csr "$name" "$subject" "$(challenge ca "$@")"
	message ca "$name"
	granted ca "$name"
	mv "$name.cert" "$name.pem"
}

# ---- the same request ----

@test "scep-ca requests: a client may come back with another signer" {
	manual
	device d
	csr d /CN=d ''
	message ca d --transaction T1
	waits d
	signer d
	csr d /CN=d ''
	message ca d --transaction T1
	waits d
	yields list.json scep-ca list --dir ca --pending --json
	json_is list.json 'len(j) == 1'
	scep-ca approve --dir ca T1
	signer d
	csr d /CN=d ''
	message ca d --transaction T1
	granted ca d
	cp d.cert first
	signer d
	csr d /CN=d ''
	message ca d --transaction T1
	granted ca d
	cmp d.cert first
	# A renewal with the same key and transactionID is another request.
	mv d.cert d.pem
	csr d /CN=d ''
	message ca d --transaction T1 --type 17
	granted ca d
	run -1 cmp -s d.cert first
	cp d.cert second
	granted ca d
	cmp d.cert second
	[ "$(certificates)" -eq 2 ]
}

@test "scep-ca requests: a fresh challenge, or another name, is a new request" {
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d --transaction T1
	granted ca d
	cp d.cert first
	csr d /CN=other "$(challenge ca)"
	message ca d --transaction T1
	granted ca d
	openssl x509 -in d.cert -noout -subject -nameopt oneline | grep -q 'CN = other'
	csr d /CN=d "$(challenge ca)"
	message ca d --transaction T1
	granted ca d
	run -1 cmp -s d.cert first
	[ "$(certificates)" -eq 3 ]
	# With a spent challenge it is the same request, in any transaction.
	message ca d --transaction T2
	cp d.cert third
	granted ca d
	cmp d.cert third
}

@test "scep-ca requests: an expired or revoked certificate is not sent again" {
	echo 'validity: 1h' > ca/scep-ca.yaml
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d --transaction T1 --time none
	granted ca d
	_run scep-ca answer --dir ca --operation PKIOperation -e \
	    --at "$(date -u -d '+3 hours' +%FT%TZ)" d.msg
	[ "$status" -eq 1 ]
	grep -q 'the challengePassword is not valid' stderr
	serial=$(openssl x509 -in d.cert -noout -serial)
	scep-ca revoke --dir ca "${serial#serial=}"
	denied ca d 2 'the challengePassword is not valid'
	csr d /CN=d "$(challenge ca)"
	message ca d --transaction T1
	granted ca d
}

@test "scep-ca requests: nobody can block another's transactionID" {
	manual
	device d
	device e
	csr e /CN=e ''
	message ca e --transaction T1
	waits e
	csr d /CN=d ''
	message ca d --transaction T1
	waits d
	_run scep-ca approve --dir ca T1
	[ "$status" -eq 1 ]
	yields list.json scep-ca list --dir ca --pending --json
	json_is list.json 'len(j) == 2'
}

@test "scep-ca requests: a poll gets the request that it names" {
	device d
	for cn in one two; do
		csr d "/CN=$cn" "$(challenge ca)"
		message ca d --transaction T1
		granted ca d
		cp d.cert $cn
		cp d.csr $cn.csr
	done
	manual
	csr d /CN=three ''
	message ca d --transaction T1
	waits d
	for cn in one two; do
		cp $cn.csr d.csr
		poll d T1
		granted ca d
		cmp d.cert $cn
	done
	csr d /CN=three ''
	poll d T1
	waits d
}

# ---- what was decided ----

@test "scep-ca requests: the issued request is the approved one" {
	manual
	device d
	csr d /CN=printer ''
	message ca d --transaction T1
	waits d
	cp d.msg good.msg
	csr d /CN=administrator ''
	message ca d --transaction T1
	denied ca d 2 'another request of this transaction is waiting'
	scep-ca approve --dir ca T1
	denied ca d 2 'another request of this transaction is waiting'
	poll d T1
	denied ca d 4 'not known here'
	cp good.msg d.msg
	granted ca d
	openssl x509 -in d.cert -noout -subject -nameopt oneline | grep -q 'CN = printer'
	[ "$(certificates)" -eq 1 ]
}

@test "scep-ca requests: a program's yes is for the request it was asked about" {
	printf 'approval: command\ncommand: decide\n' > ca/scep-ca.yaml
	printf '#!/bin/sh\ngrep -q CN=guest && exit 0\nexit 5\n' > ca/decide
	chmod 755 ca/decide
	device d
	device e
	csr d /CN=administrator ''
	message ca d --transaction T1
	waits d
	csr e /CN=guest ''
	message ca e --transaction T1
	granted ca e
	openssl x509 -in e.cert -noout -subject -nameopt oneline | grep -q 'CN = guest'
	poll d T1
	waits d
	# A client that repeats its request instead of polling gets it, too.
	printf '#!/bin/sh\nexit 0\n' > ca/decide
	csr d /CN=administrator ''
	message ca d --transaction T1
	granted ca d
}

@test "scep-ca requests: a pending challenge buys one certificate" {
	manual
	pw=$(challenge ca --subject /CN=once)
	for n in d e; do
		device $n
		csr $n /CN=once "$pw"
		message ca $n --transaction "T$n"
		waits $n
		scep-ca approve --dir ca "T$n"
	done
	poll d Td
	granted ca d
	granted ca d
	poll e Te
	denied ca e 2 'the challengePassword is not valid'
	[ "$(certificates)" -eq 1 ]
	[ "$(sqlite3 ca/ledger.db 'SELECT COUNT(*) FROM challenge WHERE spent
	    <> 0')" -eq 1 ]
}

@test "scep-ca requests: a challenge is judged by the time of its request" {
	manual
	device d
	csr d /CN=d "$(challenge ca --ttl 1h)"
	message ca d --transaction T1 --time none
	waits d
	scep-ca approve --dir ca T1
	poll d T1
	python3 "$TESTS/scep.py" make --signer d.pem --key d.key \
	    --envelope d.env --type 20 --transaction T1 --time none > d.msg
	yields d.reply scep-ca answer --dir ca --operation PKIOperation \
	    --at "$(date -u -d '+3 hours' +%FT%TZ)" d.msg
	[ "$(certificates)" -eq 1 ]
	[ "$(sqlite3 ca/ledger.db 'SELECT COUNT(*) FROM challenge WHERE spent
	    <> 0')" -eq 1 ]
}

# ---- names ----

@test "scep-ca requests: a challenge binds the whole name, even what the policy drops" {
	device d
	pw=$(challenge ca --subject /O=Example/CN=bob)
	for subject in /O=Example/CN=alice /O=Example/OU=x/CN=bob \
	    /O=Example/CN=bob/CN=alice /CN=bob; do
		csr d "$subject" "$pw"
		message ca d
		denied ca d 2 'for another subject'
	done
	# The policy would drop this name.
	csr d /O=Example/CN=bob "$pw" subjectAltName=DNS:a.example.com
	message ca d
	denied ca d 2 'other alternative names'
	csr d /O=Example/CN=bob "$pw"
	message ca d
	granted ca d
}

@test "scep-ca requests: names keep the spelling of the challenge" {
	device d
	csr d '/O=EXAMPLE inc./CN=  bOB ' "$(challenge ca \
	    --subject '/O=Example Inc./CN=Bob')"
	message ca d
	granted ca d
	subject=$(openssl x509 -in d.cert -noout -subject -nameopt oneline)
	[ "$subject" = 'subject=O = Example Inc., CN = Bob' ]
	mv d.cert d.pem
	csr d '/O=example INC./CN=BOB' ''
	message ca d
	granted ca d
	[ "$(openssl x509 -in d.cert -noout -subject -nameopt oneline)" = "$subject" ]
}

# given PURPOSE USER TEXT [SUBJECT]: makes the challenge TEXT of an enrollment
# of USER, bound to SUBJECT if given, as mcfg-enrollment would.
given() {
	python3 - "$@" <<-'PY'
	import hashlib, sqlite3, subprocess, sys, time
	purpose, user, text = sys.argv[1:4]
	name = None
	if len(sys.argv) > 4:
	    subprocess.run(['openssl', 'req', '-new', '-key', 'd.key', '-subj',
	        sys.argv[4], '-outform', 'DER', '-out', 'bound.csr'], check=True)
	    name = subprocess.run([sys.executable, '-B',
	        __import__('os').environ['TESTS'] + '/scep.py', 'csr-subject',
	        'bound.csr'], stdout=subprocess.PIPE, check=True).stdout
	state = 'identified' if purpose == 'identity' else 'configured'
	now = int(time.time())
	db = sqlite3.connect('ca/ledger.db')
	db.execute('INSERT OR IGNORE INTO enrollment (id, username, state, facts, '
	    "started, changed) VALUES (?, ?, ?, '', ?, ?)",
	    (text, user, state, now, now))
	db.execute('INSERT INTO challenge (hash, purpose, enrollment, ordinal, '
	    'bound, bound_subject, created, expires) VALUES '
	    '(?, ?, ?, 1, ?, ?, ?, ?)',
	    (hashlib.sha256(text.encode()).hexdigest(), purpose, text,
	    name is not None, name, now, now + 3600))
	db.commit()
	PY
}

@test "scep-ca requests: an enrollment's challenge is valid only for its name" {
	export TESTS
	device d
	given client jane never-bound
	csr d /CN=jane never-bound
	message ca d
	denied ca d 2 'the challengePassword is not valid'
	whispers d 'never bound (mcfg-enrollment bind)'
	given identity jane unbound-too
	csr d /CN=jane unbound-too
	message ca d
	denied ca d 2 'the challengePassword is not valid'
	for purpose in identity client; do
		given $purpose jane "for-$purpose" /O=Example/CN=jane
		for subject in /O=Example/CN=alice /O=Example/CN=jane/CN=alice \
		    /O=Example/OU=x/CN=jane /CN=jane; do
			csr d "$subject" "for-$purpose"
			message ca d
			denied ca d 2 'for another subject'
		done
		csr d /O=Example/CN=jane "for-$purpose" subjectAltName=DNS:a.b
		message ca d
		denied ca d 2 'other alternative names'
		csr d /O=Example/CN=jane "for-$purpose"
		message ca d
		granted ca d
	done
}

@test "scep-ca requests: a user's certificate cannot use another user's challenge" {
	export TESTS
	device d
	given client mallory of-mallory /CN=mallory
	csr d /CN=mallory of-mallory
	message ca d
	granted ca d
	mv d.cert d.pem
	device v
	given client alice of-alice /CN=alice
	csr v /CN=alice of-alice
	by v d T1
	denied ca d 2 'this renewal does not fit its certificate'
	whispers d "another user's"
	given client mallory of-mallory-too /CN=mallory-too
	csr v /CN=mallory-too of-mallory-too
	by v d T2
	answer ca d
	[ "$(attribute d pkiStatus)" = 0 ]
	# Alice's own request can.
	csr v /CN=alice of-alice
	message ca v
	granted ca v
}

# ---- renewal and challenge ----

@test "scep-ca requests: a renewal compares hosts without case, and may ask for less" {
	echo 'san: {dns: ["*.example.com"]}' > ca/scep-ca.yaml
	device d
	csr d /CN=d "$(challenge ca)" \
	    subjectAltName=DNS:Host.Example.com,DNS:b.example.com
	message ca d
	granted ca d
	mv d.cert d.pem
	csr d /CN=d '' subjectAltName=DNS:b.example.com,DNS:host.example.com
	message ca d
	granted ca d
	openssl x509 -in d.cert -noout -ext subjectAltName |
	    grep -q 'DNS:Host.Example.com, DNS:b.example.com'
	csr d /CN=d '' subjectAltName=DNS:B.example.com
	message ca d
	granted ca d
	openssl x509 -in d.cert -noout -ext subjectAltName > san
	grep -q 'DNS:b.example.com' san
	run -1 grep -q Host san
	csr d /CN=d '' subjectAltName=DNS:b.example.com,DNS:c.example.com
	message ca d
	denied ca d 2 'cannot change the subjectAltName'
}

@test "scep-ca requests: a valid challenge decides if a renewal does not fit" {
	enrolled d /CN=d
	csr d /CN=other wrong
	message ca d
	denied ca d 2 'cannot change the subject'
	csr d /CN=other "$(challenge ca --subject /CN=other)"
	message ca d
	granted ca d
	openssl x509 -in d.cert -noout -subject -nameopt oneline | grep -q 'CN = other'
	# Even for another key than the signer's.
	device n
	csr n /CN=new "$(challenge ca --subject /CN=new)"
	by n d T1
	answer ca d
	[ "$(attribute d pkiStatus)" = 0 ]
	# The key's owner gets it as well, although another sent it first.
	message ca n --transaction T2
	granted ca n
	openssl x509 -in n.cert -noout -subject -nameopt oneline | grep -q 'CN = new'
	[ "$(certificates)" -eq 3 ]
}

@test "scep-ca requests: a renewal that fits spends no challenge" {
	enrolled d /CN=d
	pw=$(challenge ca --subject /CN=d)
	csr d /CN=d "$pw"
	by d d R1
	granted ca d
	cp d.cert renewed
	# It is the same request, despite its challenge.
	by d d R1
	granted ca d
	cmp renewed d.cert
	[ "$(certificates)" -eq 2 ]
	[ "$(sqlite3 ca/ledger.db 'SELECT COUNT(*) FROM challenge WHERE
	    spent = 0')" -eq 1 ]
	# The challenge can still be used.
	device e
	csr e /CN=d "$pw"
	message ca e
	granted ca e
}

@test "scep-ca requests: another challenge than before is another request" {
	device d
	csr d /CN=d "$(challenge ca --subject /CN=d)"
	message ca d --transaction T1
	granted ca d
	cp d.cert first
	csr d /CN=d 'never made'
	message ca d --transaction T1
	denied ca d 2 'challengePassword'
	# Without a challenge it is the same request.
	csr d /CN=d ''
	message ca d --transaction T1
	granted ca d
	cmp first d.cert
	# A request approved with a wrong challenge is collected with the same.
	manual
	device e
	csr e /CN=e 'never made either'
	message ca e --transaction T2
	waits e
	scep-ca approve --dir ca T2
	granted ca e
	cp e.cert first
	granted ca e
	cmp first e.cert
}

@test "scep-ca requests: gives one refusal to a message with another key's request" {
	enrolled d /CN=mallory
	device v
	i=0
	for pw in '' wrong "$(challenge ca --subject /CN=nobody)"; do
		csr v /CN=secret-name "$pw" subjectAltName=DNS:secret.example
		i=$((i + 1))
		by v d "T$i"
		denied ca d 2 'this renewal does not fit its certificate'
		run -1 grep -q secret d.err
		run -1 grep -q secret d.attrs
	done
	CSR_DIGEST=md5 csr v /CN=secret-name ''
	by v d T5
	denied ca d 2 'this renewal does not fit its certificate'
	whispers d RSA-MD5
}

@test "scep-ca requests: a revoked certificate does not get an approved renewal" {
	printf 'approval: command\ncommand: decide\n' > ca/scep-ca.yaml
	printf '#!/bin/sh\nexit 0\n' > ca/decide
	chmod 755 ca/decide
	enrolled d /CN=d
	printf '#!/bin/sh\nexit 5\n' > ca/decide
	csr d /CN=d ''
	message ca d --transaction T7
	waits d
	scep-ca approve --dir ca T7
	serial=$(openssl x509 -in d.pem -noout -serial)
	scep-ca revoke --dir ca "${serial#serial=}"
	poll d T7
	denied ca d 4 'not known here for this signer'
	whispers d 'was revoked'
	# Nor does a poll with a self-signed certificate.
	signer d
	poll d T7
	denied ca d 2 'it was revoked'
	[ "$(certificates)" -eq 1 ]
}

# ---- a dry run ----

@test "scep-ca requests: a dry run changes nothing" {
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d --transaction T1
	sqlite3 ca/ledger.db .dump > before
	yields d.dry scep-ca answer --dir ca --operation PKIOperation \
	    --dry-run d.msg
	python3 "$TESTS/scep.py" read d.dry | grep -qx pkiStatus=0
	# The certificate inside is not signed by this CA.
	openssl cms -verify -binary -inform DER -in d.dry -purpose any \
	    -CAfile ca/root.pem -out d.inner 2> /dev/null
	openssl cms -decrypt -binary -inform DER -in d.inner -recip d.pem \
	    -inkey d.key -out d.p7
	openssl pkcs7 -inform DER -in d.p7 -print_certs -out d.cert
	openssl x509 -in d.cert -noout -subject -nameopt oneline | grep -q 'CN = d'
	run -2 openssl verify -CAfile ca/root.pem d.cert
	manual
	message ca d --transaction T2
	scep-ca answer --dir ca --operation PKIOperation --dry-run d.msg \
	    > d.dry 2> d.err
	grep -q pending d.err
	sqlite3 ca/ledger.db .dump | cmp - before
	granted_later=$(certificates)
	[ "$granted_later" -eq 0 ]
}

@test "scep-ca requests: a dry run with an expired CRL makes one without a valid signature" {
	enrolled d /CN=d
	serial=$(openssl x509 -in d.pem -noout -serial)
	enrolled e /CN=e
	python3 "$TESTS/scep.py" issuer-serial e.pem > e.is
	scep-ca revoke --dir ca "${serial#serial=}" > out
	rm ca/crl.der
	sealed ca/cert.pem e.is e.env
	python3 "$TESTS/scep.py" make --signer e.pem --key e.key \
	    --envelope e.env --type 22 --transaction Q > e.msg
	sqlite3 ca/ledger.db .dump > before
	yields e.dry scep-ca answer --dir ca --operation PKIOperation \
	    --dry-run e.msg
	python3 "$TESTS/scep.py" read e.dry > e.attrs
	grep -qx pkiStatus=0 e.attrs
	openssl cms -verify -binary -inform DER -in e.dry -purpose any \
	    -CAfile ca/root.pem -out e.inner 2> /dev/null
	openssl cms -decrypt -binary -inform DER -in e.inner -recip e.pem \
	    -inkey e.key -out e.p7
	openssl pkcs7 -inform DER -in e.p7 -print_certs -out e.list
	openssl crl -in e.list -noout -text > e.text
	grep -qi "${serial#serial=}" e.text
	openssl crl -in e.list -noout -CAfile ca/cert.pem > out 2>&1 || :
	grep -qi 'verify failure' out
	[ ! -e ca/crl.der ]
	sqlite3 ca/ledger.db .dump | cmp - before
}

# ---- strangers ----

@test "scep-ca requests: two thousand from one address do not displace an honest one" {
	manual
	device d
	device h
	csr d /CN=flood ''
	python3 - <<-'PY'
	import subprocess
	env = subprocess.run(['openssl', 'cms', '-encrypt', '-binary',
	    '-outform', 'DER', '-aes-128-cbc', '-in', 'd.csr', 'ca/cert.pem'],
	    stdout=subprocess.PIPE, check=True).stdout
	open('d.env', 'wb').write(env)
	PY
	for i in $(seq 12); do
		python3 "$TESTS/scep.py" make --signer d.pem --key d.key \
		    --envelope d.env --transaction "F$i" > d.msg
		scep-ca answer --dir ca --operation PKIOperation \
		    --client 192.0.2.66 d.msg > d.reply 2> d.err
		grep -q pending d.err
	done
	# A key may have five.
	[ "$(listed ca --pending)" -eq 5 ]
	# 2,000 of other keys, as if there were no limit.
	python3 - <<-'PY'
	import sqlite3
	db = sqlite3.connect('ca/ledger.db')
	cols = [r[1] for r in db.execute('PRAGMA table_info(request)')]
	row = dict(zip(cols, db.execute('SELECT * FROM request').fetchone()))
	db.executemany('INSERT INTO request VALUES (%s)' %
	    ','.join('?' * len(cols)),
	    [[dict(row, txid='X%d' % i, key_hash='%064x' % i)[c]
	    for c in cols] for i in range(1990)])
	db.commit()
	PY
	csr h /CN=honest ''
	message ca h --transaction H1
	scep-ca answer --dir ca --operation PKIOperation \
	    --client 198.51.100.7 h.msg > h.reply 2> h.err
	grep -q pending h.err
	[ "$(listed ca --pending)" -eq 1000 ]
	# With the next one, the address is cut to its limit.
	python3 "$TESTS/scep.py" make --signer d.pem --key d.key \
	    --envelope d.env --transaction F99 > d.msg
	scep-ca answer --dir ca --operation PKIOperation \
	    --client 192.0.2.66 d.msg > d.reply 2> d.err
	yields list scep-ca list --dir ca --pending
	[ "$(tail -n +2 list | wc -l)" -eq 21 ]
	grep -q '^H1 ' list
	yields list scep-ca list --dir ca --pending \
	    --at "$(date -u -d '+1 day' +%FT%TZ)"
	grep -q '^H1 ' list
}

@test "scep-ca requests: a /64 is one client, a name is not" {
	manual
	device d
	csr d /CN=d ''
	message ca d
	refuses 2 'not an IP address' scep-ca answer --dir ca --operation \
	    PKIOperation --client localhost d.msg
	scep-ca answer --dir ca --operation PKIOperation --client \
	    2001:db8:1:2:aaaa::1 d.msg > d.reply 2> d.err
	[ "$(sqlite3 ca/ledger.db 'SELECT client FROM request')" = \
	    2001:db8:1:2::/64 ]
}

@test "scep-ca requests: a pending request must be small" {
	manual
	device d
	csr d /CN=d '' "1.2.3.4=DER:04:82:20:00$(printf ':00%.0s' $(seq 8192))"
	message ca d
	denied ca d 2 'too large to wait'
	[ "$(listed ca --pending)" -eq 0 ]
}

@test "scep-ca requests: a rejection is told once" {
	manual
	device d
	csr d /CN=d ''
	message ca d --transaction T1
	waits d
	scep-ca reject --dir ca T1
	denied ca d 2 'rejected'
	waits d
	scep-ca approve --dir ca T1
	granted ca d
}
