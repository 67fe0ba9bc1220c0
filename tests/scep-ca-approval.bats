#!/usr/bin/env bats
# Requests that wait: approval by hand and by a program, and polls.

load helpers
load scep_helpers

setup() {
	cd "$T" || return
	ca ca
}

@test "scep-ca approval: by hand: pending, approved, polled" {
	manual
	device d
	csr d /O=Example/CN=d hunter2
	message ca d --transaction T1
	cp d.msg first.msg
	waits d
	waits d
	poll d T1
	waits d
	yields list scep-ca list --dir ca --pending
	grep -q '^T1 .*CN=d,O=Example$' list
	yields list.json scep-ca list --dir ca --pending --json
	json_is list.json 'len(j) == 1 and j[0]["transaction"] == "T1"'
	# The challenge of a pending request is not stored.
	run -1 grep -q hunter2 ca/ledger.db*
	refuses 1 'nothing of this transaction' scep-ca approve --dir ca T2
	yields - scep-ca approve --dir ca T1
	[ "$(listed ca --pending)" -eq 0 ]
	poll d T1
	granted ca d
	cp d.cert got
	# A second poll or request gets the same certificate.
	granted ca d
	cmp d.cert got
	cp first.msg d.msg
	granted ca d
	cmp d.cert got
	[ "$(listed ca)" -eq 1 ]
	refuses 1 'nothing of this transaction' scep-ca reject --dir ca T1
}

# A message with another challenge may collect the certificate.
@test "scep-ca approval: names keep the spelling that was approved" {
	local shown='subject=O = Example, CN = Bob'

	printf '%s\n' 'approval: manual' "san: { dns: ['*.example.com'] }" \
	    > ca/scep-ca.yaml
	device d
	csr d /O=Example/CN=Bob '' subjectAltName=DNS:bob.example.com
	message ca d --transaction T1
	waits d
	yields - scep-ca approve --dir ca T1
	csr d '/O=exAMPLE/CN=  bOB ' "$(challenge ca)" \
	    subjectAltName=DNS:BOB.example.com
	message ca d --transaction T1
	granted ca d
	[ "$(openssl x509 -in d.cert -noout -subject -nameopt oneline)" = \
	    "$shown" ]
	openssl x509 -in d.cert -noout -ext subjectAltName | grep -q DNS:bob.
	# The program that decides is shown the request that waits.
	device e
	program 'exit 5'
	csr e /O=Example/CN=Bob ''
	message ca e --transaction T2
	waits e
	program "cat > $T/facts" 'exit 0'
	csr e '/O=exAMPLE/CN=bOB' "$(challenge ca)"
	message ca e --transaction T2
	granted ca e
	json_is facts 'j["subject"] == "CN=Bob,O=Example"'
	[ "$(openssl x509 -in e.cert -noout -subject -nameopt oneline)" = \
	    "$shown" ]
}

@test "scep-ca approval: by hand: rejected" {
	manual
	device d
	csr d /O=Example/CN=d ''
	message ca d --transaction T1
	waits d
	yields - scep-ca reject --dir ca T1
	poll d T1
	denied ca d 2 'rejected'
	# It was told once, and may ask again.
	message ca d --transaction T1
	waits d
}

@test "scep-ca approval: a stolen poll gets nothing" {
	manual
	device d
	device thief
	csr d /O=Example/CN=d ''
	message ca d --transaction T1
	waits d
	scep-ca approve --dir ca T1
	poll d T1 thief
	denied ca d 4 'not known here for this signer'
	whispers d 'no such request of this key'
	csr thief /O=Example/CN=d ''
	message ca thief --transaction T1
	waits thief
	[ "$(listed ca --pending)" -eq 1 ]
	poll d T2
	denied ca d 4 'not known here for this signer'
	whispers d 'no such request'
	# Another subject.
	cp d.csr d.keep
	csr d /O=Example/CN=other ''
	poll d T1
	denied ca d 4 'not known here'
	whispers d 'the subject is not that of the request'
	cp d.keep d.csr
	poll d T1
	granted ca d
}

@test "scep-ca approval: a poll gets a certificate that was issued immediately" {
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d --transaction T1
	granted ca d
	cp d.cert got
	poll d T1
	granted ca d
	cmp d.cert got
}

@test "scep-ca approval: the renewal of a valid certificate needs no second approval" {
	manual
	device d
	csr d /CN=d ''
	message ca d --transaction T1
	waits d
	scep-ca approve --dir ca T1
	poll d T1
	granted ca d
	mv d.cert d.pem
	csr d /CN=d ''
	message ca d --transaction T2
	granted ca d
}

@test "scep-ca approval: scep-request --poll and scep-response handle a pending request" {
	manual
	rsa_key key
	chmod 600 key
	scep-request --ca ca/cert.pem --key key --subject /CN=d --state state \
	    > msg
	scep-ca answer --dir ca --operation PKIOperation msg > reply \
	    2> /dev/null
	refuses 5 pending scep-response --state state --key key \
	    --ca ca/cert.pem reply
	scep-ca list --dir ca --pending > list
	scep-ca approve --dir ca "$(tail -n 1 list | cut -d' ' -f1)"
	yields msg scep-request --ca ca/cert.pem --key key --poll \
	    --state state
	yields reply scep-ca answer --dir ca --operation PKIOperation msg
	yields cert scep-response --state state --key key --ca ca/cert.pem \
	    reply
	openssl verify -CAfile ca/root.pem cert
	refuses 2 '--state has' scep-request --ca ca/cert.pem --key key \
	    --poll --subject /CN=d --state state
}

# program LINES...: makes the program that decides.
program() {
	printf 'approval: command\ncommand: decide\n' > ca/scep-ca.yaml
	printf '%s\n' '#!/bin/sh' "$@" > ca/decide
	chmod 755 ca/decide
}

@test "scep-ca approval: a program approves, refuses or postpones" {
	device d
	# A subject that a shell would run.
	program "cat > $T/facts" 'exit 0'
	csr d '/O=Example/CN=$(touch pwned)' "$(challenge ca)"
	message ca d --transaction T1
	granted ca d
	json_is facts 'j["transaction"] == "T1" and j["type"] == "PKCSReq"'
	json_is facts 'j["challenge"] == "valid" and not j["renewal"]'
	json_is facts 'j["subject"] == "CN=$(touch pwned),O=Example"'
	json_is facts 'j["key"] == "rsa:2048" and len(j["key_sha256"]) == 64'
	[ ! -e pwned ]
	[ ! -e ca/pwned ]
	program "cat > $T/facts" 'exit 1'
	csr d /CN=d wrong
	message ca d --transaction T2
	denied ca d 2 "operator's program refused"
	json_is facts 'j["challenge"] == "invalid"'
	program 'exit 5'
	csr d /CN=d ''
	message ca d --transaction T3
	waits d
	poll d T3
	waits d
	program 'exit 0'
	poll d T3
	granted ca d
	# A request that waits for the program may be approved by hand.
	program 'exit 5'
	message ca d --transaction T4
	waits d
	scep-ca approve --dir ca T4
	poll d T4
	granted ca d
}

@test "scep-ca approval: a program that fails is a fault, and nothing is issued" {
	device d
	csr d /CN=d ''
	message ca d
	program 'exit 3'
	refuses 4 'status 3' scep-ca answer --dir ca \
	    --operation PKIOperation d.msg
	program 'kill -KILL $$'
	refuses 4 'signal 9' scep-ca answer --dir ca \
	    --operation PKIOperation d.msg
	rm ca/decide
	refuses 4 'cannot be run' scep-ca answer --dir ca \
	    --operation PKIOperation d.msg
	[ "$(listed ca)" -eq 0 ]
}

@test "scep-ca approval: the program gets no descriptor of the server" {
	[ -d /proc/self/fd ] || skip "no /proc here"
	program "ls /proc/self/fd > $T/fds" 'exit 0'
	device d
	csr d /CN=d ''
	message ca d
	exec 7< "$T/d.msg"
	granted ca d
	exec 7<&-
	# Standard ones, and the folder that ls reads.
	[ "$(wc -l < fds)" -le 4 ]
}

@test "scep-ca approval: the program gets only the documented variables" {
	program "env > $T/env" "cat > $T/facts" 'exit 0'
	device d
	csr d /CN=d ''
	message ca d
	cd ca
	HTTP_AUTHORIZATION=mark HTTP_COOKIE=mark LD_MARK=mark \
	    SCEP_CA_DIR=. REQUEST_METHOD=POST CONTENT_LENGTH=$(wc -c < ../d.msg) \
	    QUERY_STRING=operation=PKIOperation REMOTE_ADDR=192.0.2.1 \
	    GATEWAY_INTERFACE=CGI/1.1 scep-ca < ../d.msg > ../reply 2> ../err
	cd ..
	grep -q 'outcome=issued' err
	run -1 grep mark env
	sed 's/=.*//' env | grep -vxE '_|PWD|OLDPWD|SHLVL' | sort > names
	printf '%s\n' LC_ALL PATH SCEP_CA_DIR | cmp - names
	grep -qxF "SCEP_CA_DIR=$(realpath ca)" env
	json_is facts 'j["transaction"]'
}

@test "scep-ca approval: facts may be longer than a pipe holds" {
	program "wc -c > $T/size" 'exit 0'
	# JSON makes the name of this signer several times as long.
	openssl req -x509 -newkey rsa:2048 -nodes -keyout d.key -days 30 \
	    -subj "$(printf '/CN=d'; for _ in $(seq 400); do
	        printf '/OU=\\"\\"\\"\\"\\"\\"\\"\\"\\"\\"'
	        printf '\\"\\"\\"\\"\\"\\"\\"\\"\\"\\"'
	    done)" -out d.pem 2> /dev/null
	chmod 600 d.key
	csr d /CN=d ''
	message ca d
	answer ca d
	[ "$(cat size)" -gt 65536 ]
}

@test "scep-ca approval: a thousand requests without a challenge displace no others" {
	manual
	device d
	csr d /CN=d ''
	message ca d --transaction T0
	waits d
	python3 - <<-'PY'
	import sqlite3
	db = sqlite3.connect('ca/ledger.db')
	cols = [r[1] for r in db.execute('PRAGMA table_info(request)')]
	row = dict(zip(cols, db.execute('SELECT * FROM request').fetchone()))
	db.executemany('INSERT INTO request VALUES (%s)' %
	    ','.join('?' * len(cols)),
	    [[dict(row, txid='X%d' % i, key_hash='%064x' % i, client='192.0.2.1')
	    [c] for c in cols] for i in range(999)])
	db.commit()
	PY
	device e
	csr e /CN=e ''
	message ca e --transaction T1
	waits e
	yields list scep-ca list --dir ca --pending
	[ "$(listed ca --pending)" -eq 1000 ]
	grep -q '^T0 ' list
	grep -q '^T1 ' list
}
