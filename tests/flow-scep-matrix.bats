#!/usr/bin/env bats
# What becomes of a request, for each client, each way to decide and with or
# without an RA: asked again, polled, renewed with the same key and with a new
# one, asked after a rejection, and after the certificate has expired.
#
# sscep makes a new self-signed certificate at each run and sends SHA-512; Apple
# signs all messages of one enrollment with one certificate, of a name that is a
# UUID.  Both are played by openssl and scep.py; the others are themselves.

load helpers
load scep_helpers
load scep_server

setup() {
	cd "$T" || return
	AT=
}

teardown() {
	unserve_ca
}

# The CA lives at $AT, if that is set.
scep-ca() {
	command scep-ca "$@" ${AT:+--at "$AT"}
}

# authority APPROVAL RA: ca/, with that policy; RA is "" or --ra.
authority() {
	ca ca ${2:+"$2"}
	cp ca/cert.pem enc.pem
	[ -z "$2" ] || cp ca/ra.pem enc.pem
	export SCEP_TO=enc.pem
	{
		# Some are asked at another time than they sign.
		printf 'approval: %s\nvalidity: 30d\ntime_window: 0\n' "$1"
		[ "$1" != command ] || echo 'command: decide'
	} > ca/scep-ca.yaml
	# The program waits for somebody who writes the file "yes".
	printf '%s\n' '#!/bin/sh' "[ ! -e '$T/no' ] || exit 1" \
	    "[ -e '$T/yes' ] || exit 5" > ca/decide
	chmod 755 ca/decide
}

# allow TXID, refuse TXID: the decision, in the way of $approval.
allow() {
	if [ "$approval" = manual ]; then
		command scep-ca approve --dir ca "$1" > allowed
	else
		: > yes
	fi
}

# ---- sscep and Apple, by openssl and scep.py ----

# dress NAME: the certificate that signs, as the client makes it.
dress() {
	local cn=$1

	[ "$manner" = sscep ] || cn=3F2504E0-4F89-11D3-9A0C-0305E82C3301
	[ "$manner" = apple ] && [ -e "$1.pem" ] ||
	    openssl req -x509 -key "$1.key" -subj "/CN=$cn" -days 30 \
	    -out "$1.pem"
}

# ask NAME CHALLENGE: a whole new request, in NAME.msg.
ask() {
	dress "$1"
	csr "$1" "/O=Example/CN=$1" "$2"
	message ca "$1" --transaction "TX-$1" --digest \
	    "$([ "$manner" = sscep ] && echo sha512 || echo sha256)"
}

# poll NAME: asks for the outcome, with the certificate of before.
poll() {
	python3 "$TESTS/scep.py" csr-subject "$1.csr" > "$1.name"
	python3 "$TESTS/scep.py" issuer-subject ca/cert.pem "$1.name" > "$1.is"
	sealed enc.pem "$1.is" "$1.env"
	python3 "$TESTS/scep.py" make --signer "$1.pem" --key "$1.key" \
	    --envelope "$1.env" --type 20 --transaction "TX-$1" > "$1.msg"
}

waits() {
	answer ca "$1" && [ "$(attribute "$1" pkiStatus)" = 3 ] || {
		cat "$1.attrs"
		return 1
	}
}

# renew OLD NEW: a request for the key of NEW, signed by OLD's certificate, in
# r.msg; its certificate will be for OLD's name.
renew() {
	cp "$2.key" n.key
	csr n "/O=Example/CN=$1" ''
	mv n.csr r.csr
	cp "$1.key" r.key
	cp "$1.cert" r.pem
	message ca r --transaction "TX-$2-renewal"
}

# first: d has a certificate, in the way that $approval needs.
first() {
	local pw=

	[ "$approval" != challenge ] ||
	    pw=$(challenge ca --subject /O=Example/CN=d)
	ask d "$pw"
	if [ "$approval" != challenge ]; then
		waits d
		# Again: nothing but the same request waits.
		ask d ''
		waits d
		poll d
		waits d
		[ "$(listed ca --pending)" -eq 1 ]
		allow TX-d
		if [ "$polls" = yes ]; then poll d; else ask d ''; fi
	fi
	granted ca d
	cp d.cert got
	# Again, in both forms: the same one.
	ask d "$pw"
	granted ca d
	cmp d.cert got
	poll d
	granted ca d
	cmp d.cert got
	[ "$(listed ca)" -eq "$((1 + ${#ra} / 4))" ]
}

renewals() {
	rsa_key e.key
	chmod 600 e.key
	# The same key, then a new one; no challenge and nobody who decides.
	renew d d
	granted ca r
	openssl x509 -in r.cert -noout -serial > second
	run -1 cmp -s r.cert got
	granted ca r
	openssl x509 -in r.cert -noout -serial | cmp - second
	renew d e
	granted ca r
	cmp <(openssl x509 -in r.cert -noout -pubkey) \
	    <(openssl pkey -in e.key -pubout)
	openssl x509 -in r.cert -noout -subject -nameopt oneline | grep -q 'CN = d'
}

rejected() {
	device x
	rm x.pem
	ask x ''
	if [ "$approval" = challenge ]; then
		denied ca x 2 ''
		ask x "$(challenge ca --subject /O=Example/CN=other)"
		denied ca x 2 ''
		# A refusal is not remembered.
		ask x "$(challenge ca --subject /O=Example/CN=x)"
		granted ca x
		return
	fi
	rm -f yes
	waits x
	command scep-ca reject --dir ca TX-x > out
	poll x
	denied ca x 2 ''
	# Told once, then it is a new request.
	ask x ''
	waits x
	allow TX-x
	ask x ''
	granted ca x
	[ "$approval" = command ] || return 0
	device y
	: > no
	ask y ''
	denied ca y 2 ''
	rm no
	ask y ''
	granted ca y
	rm yes
}

expired() {
	local pw

	AT=$(date -u -d '+40 days' +%Y-%m-%dT%H:%M:%SZ)
	if [ "$approval" = challenge ]; then
		ask d ''
		answer ca d
		[ "$(attribute d pkiStatus)" = 2 ]
		pw=$(challenge ca --subject /O=Example/CN=d)
		ask d "$pw"
		answer ca d
		[ "$(attribute d pkiStatus)" = 0 ]
	else
		ask d ''
		waits d
	fi
	AT=
}

# all MANNER APPROVAL RA
all() {
	manner=$1 approval=$2 ra=$3
	authority "$approval" "$ra"
	device d
	rm d.pem
	first
	[ "$approval" != command ] || : > yes
	renewals
	rejected
	expired
}

# Half of the cells get theirs by a poll, half by asking again.
@test "matrix: sscep's manner, challenge" { polls=no; all sscep challenge ''; }
@test "matrix: sscep's manner, challenge, RA" { polls=no; all sscep challenge --ra; }
@test "matrix: sscep's manner, manual" { polls=no; all sscep manual ''; }
@test "matrix: sscep's manner, manual, RA" { polls=yes; all sscep manual --ra; }
@test "matrix: sscep's manner, command" { polls=yes; all sscep command ''; }
@test "matrix: sscep's manner, command, RA" { polls=no; all sscep command --ra; }
@test "matrix: Apple's manner, challenge" { polls=yes; all apple challenge ''; }
@test "matrix: Apple's manner, challenge, RA" { polls=yes; all apple challenge --ra; }
@test "matrix: Apple's manner, manual" { polls=yes; all apple manual ''; }
@test "matrix: Apple's manner, manual, RA" { polls=yes; all apple manual --ra; }
@test "matrix: Apple's manner, command" { polls=yes; all apple command ''; }
@test "matrix: Apple's manner, command, RA" { polls=no; all apple command --ra; }

# much_later: the server is that of two months later, when every certificate
# has expired; strongSwan is still of today.
much_later() {
	local clock=${MCFG_BIN%/bin}/preload/clock.so

	[ -e "$clock" ] || skip 'clock.so is not built (make units)'
	python3 -c 'import sys, time
sys.stdout.buffer.write(int(time.time() + 60 * 86400).to_bytes(8,
    sys.byteorder))' > clock
	export MCFG_CLOCK=$T/clock
	mkdir late
	printf '%s\n' '#!/bin/sh' "export LD_PRELOAD='$clock'" \
	    "exec '$(type -P scep-ca)' \"\$@\"" > late/scep-ca
	chmod 755 late/scep-ca
	unserve_ca
	rm -f yes
	PATH=$T/late:$PATH serve_ca fastcgi ca
}

# ---- strongSwan ----

# swan KEY OUT [options]: pki --scep for O=Example, CN=d
swan() {
	local key=$1 out=$2
	shift 2
	pki --scep --url "$URL" --in "$key" --dn 'O=Example, CN=d' \
	    --cacert-enc enc.pem --cacert-sig enc.pem --cacert ca/cert.pem \
	    --interval 1 --maxpolltime 300 --outform pem "$@" > "$out" \
	    2> "$out.err" 3>&-
}

# polling KEY OUT [options]: swan in the background, $client, and its request
# waits.
polling() {
	swan "$@" &
	client=$!
	awaits -p "$client" 'a request that waits' one_pends ||
	    { cat "$2.err"; return 1; }
}

# own_pending: the transactions that wait
own_pending() {
	scep-ca list --dir ca --pending --json > pending
	python3 -c 'import json
for r in json.load(open("pending")): print(r["transaction"])'
}

one_pends() {
	[ "$(listed ca --pending)" -eq 1 ]
}

strongswan() {
	approval=$1 ra=$2
	needs pki
	needs lighttpd
	authority "$approval" "$ra"
	serve_ca fastcgi ca
	rsa_key d.key
	if [ "$approval" = challenge ]; then
		pw=$(challenge ca --subject /O=Example/CN=d)
		swan d.key d.cert --password "$pw"
		# Again: the same certificate, by another self-signed one.
		swan d.key again.cert --password "$pw"
	else
		polling d.key d.cert
		id=$(scep-ca list --dir ca --pending | tail -n 1 | cut -d' ' -f1)
		allow "$id"
		wait "$client" || { cat d.cert.err web/scep.log; return 1; }
		swan d.key again.cert
	fi
	openssl verify -CAfile ca/root.pem d.cert
	cmp d.cert again.cert
	# Renewed, with the same key and with a new one.
	rsa_key e.key
	swan d.key same.cert --cert d.cert --key d.key
	run -1 cmp -s d.cert same.cert
	swan e.key new.cert --cert d.cert --key d.key
	cmp <(openssl x509 -in new.cert -noout -pubkey) \
	    <(openssl pkey -in e.key -pubout)
	# Rejected, or a challenge that is wrong.
	rsa_key x.key
	if [ "$approval" = challenge ]; then
		_run swan x.key x.cert --password wrong
		[ "$status" -ne 0 ]
	else
		rm -f yes
		polling x.key x.cert
		command scep-ca reject --dir ca --all > out
		if wait "$client"; then return 1; fi
		polling x.key x.cert
		id=$(scep-ca list --dir ca --pending | tail -n 1 | cut -d' ' -f1)
		allow "$id"
		wait "$client"
		openssl verify -CAfile ca/root.pem x.cert
	fi
	# Expired: it renews nothing, and asks anew.
	much_later
	_run swan e.key old.cert --cert d.cert --key d.key --maxpolltime 1
	[ "$status" -ne 0 ]
	command scep-ca reject --dir ca --all > out
	if [ "$approval" = challenge ]; then
		_run swan d.key late.cert --password "$pw"
		[ "$status" -ne 0 ]
		pw=$(PATH=$T/late:$PATH challenge ca --subject /O=Example/CN=d)
		swan d.key late.cert --password "$pw"
	else
		polling d.key late.cert
		allow "$(own_pending)"
		wait "$client"
	fi
	run -1 cmp -s d.cert late.cert
}

# A stranger may ask for anybody's name; who approves sees all of it,
# and nothing else than this comes of it.
@test "matrix: strongSwan, a stranger asks for another's name" {
	needs pki
	needs lighttpd
	approval=manual
	authority manual ''
	printf 'san: {dns: ["*.example.com"]}\n' >> ca/scep-ca.yaml
	serve_ca fastcgi ca
	rsa_key d.key
	rsa_key m.key
	polling d.key d.cert --san alice.example.com
	victim=$client
	own=$(own_pending)
	swan m.key m.cert --san alice.example.com --san root.example.com &
	client=$!
	two_pend() { [ "$(listed ca --pending)" -eq 2 ]; }
	awaits -p "$client" 'two that wait' two_pend
	scep-ca list --dir ca --pending > list
	key() {
		openssl pkey -in "$1" -pubout -outform DER |
		    openssl dgst -sha256 -r | cut -c1-16
	}
	grep -q "$(key d.key).*CN=d,O=Example \[\"dns:alice.example.com\"\]$" list
	grep -q "$(key m.key).*CN=d,O=Example \[\"dns:alice.example.com\", *\"dns:root.example.com\"\]$" list
	# The stranger cannot put another name behind the one that was seen.
	other=$(own_pending | grep -vx "$own")
	csr=$(awk -v t="$other" '$1 == t { print $5 }' list)
	pki --scep --url "$URL" --in m.key --dn 'O=Example, CN=root' \
	    --cacert-enc enc.pem --cacert-sig enc.pem --cacert ca/cert.pem \
	    --interval 1 --maxpolltime 1 > x.cert 2> x.err 3>&- && return 1
	grep -q 'outcome=refused.*another request' web/scep.log
	# Yes to one does not mean yes to the other.
	command scep-ca approve --dir ca "$own" > allowed
	wait "$victim"
	openssl x509 -in d.cert -noout -ext subjectAltName > names
	grep -q DNS:alice.example.com names
	run -1 grep -q root names
	[ ! -s m.cert ]
	[ "$(listed ca --pending)" -eq 1 ]
	# And yes to the other is one to exactly that name and key.
	command scep-ca approve --dir ca "$other" --csr "$csr" > allowed
	wait "$client"
	cmp <(openssl x509 -in m.cert -noout -pubkey) \
	    <(openssl pkey -in m.key -pubout)
	openssl x509 -in m.cert -noout -subject -nameopt rfc2253 |
	    grep -qx 'subject=CN=d,O=Example'
	openssl x509 -in m.cert -noout -ext subjectAltName | grep -q \
	    'DNS:alice.example.com, DNS:root.example.com$'
	[ "$(listed ca)" -eq 2 ]
}

@test "matrix: strongSwan, challenge" { strongswan challenge ''; }
@test "matrix: strongSwan, challenge, RA" { strongswan challenge --ra; }
@test "matrix: strongSwan, manual" { strongswan manual ''; }
@test "matrix: strongSwan, manual, RA" { strongswan manual --ra; }
@test "matrix: strongSwan, command" { strongswan command ''; }
@test "matrix: strongSwan, command, RA" { strongswan command --ra; }

# ---- the project's own client ----

# own KEY OUT [options]: scep-enroll for O=Example, CN=d; $status
own() {
	local key=$1 out=$2
	shift 2

	status=0
	scep-enroll "$URL" --key "$key" --subject /O=Example/CN=d \
	    --ca ca/root.pem -o "$out" "$@" 2> "$out.err" 3>&- ||
	    status=$?
}

enrolls() {
	approval=$1 ra=$2
	needs lighttpd
	authority "$approval" "$ra"
	serve_ca fastcgi ca
	rsa_key d.key
	chmod 600 d.key
	if [ "$approval" = challenge ]; then
		challenge ca --subject /O=Example/CN=d > pw
		chmod 600 pw
		own d.key d.cert --challenge file:pw
		own d.key again.cert --challenge file:pw
	else
		own d.key d.cert
		[ "$status" -eq 5 ] || { cat d.cert.err; return 1; }
		[ ! -e d.cert ]
		own d.key d.cert
		[ "$status" -eq 5 ]
		[ "$(listed ca --pending)" -eq 1 ]
		allow "$(own_pending)"
		own d.key d.cert
		own d.key again.cert
	fi
	[ "$status" -eq 0 ] || { cat again.cert.err web/scep.log; return 1; }
	openssl verify -CAfile ca/root.pem d.cert
	cmp d.cert again.cert
	rsa_key e.key
	chmod 600 e.key
	own d.key same.cert --signer d.cert --signer-key d.key
	[ "$status" -eq 0 ] || { cat same.cert.err; return 1; }
	run -1 cmp -s d.cert same.cert
	own e.key new.cert --signer d.cert --signer-key d.key
	[ "$status" -eq 0 ]
	cmp <(openssl x509 -in new.cert -noout -pubkey) \
	    <(openssl pkey -in e.key -pubout)
	rsa_key x.key
	chmod 600 x.key
	if [ "$approval" = challenge ]; then
		echo wrong > pw
		own x.key x.cert --challenge file:pw
		[ "$status" -eq 1 ]
		challenge ca --subject /O=Example/CN=d > pw
		own x.key x.cert --challenge file:pw
		[ "$status" -eq 0 ]
	else
		rm -f yes
		own x.key x.cert
		[ "$status" -eq 5 ]
		command scep-ca reject --dir ca --all > out
		own x.key x.cert
		[ "$status" -eq 1 ]
		own x.key x.cert
		[ "$status" -eq 5 ]
		allow "$(own_pending)"
		own x.key x.cert
		[ "$status" -eq 0 ]
	fi
	enrolls_late
}

# What has expired is asked for anew.
enrolls_late() {
	much_later
	export LD_PRELOAD=${MCFG_BIN%/bin}/preload/clock.so
	own e.key old.cert --signer d.cert --signer-key d.key
	[ "$status" -eq 1 ]
	[ ! -e old.cert ]
	if [ "$approval" = challenge ]; then
		challenge ca --subject /O=Example/CN=d > pw
		own d.key late.cert --challenge file:pw
	else
		command scep-ca reject --dir ca --all > out
		own d.key late.cert
		[ "$status" -eq 5 ]
		allow "$(own_pending)"
		own d.key late.cert
	fi
	unset LD_PRELOAD
	[ "$status" -eq 0 ] || { cat late.cert.err web/scep.log; return 1; }
	run -1 cmp -s d.cert late.cert
}

@test "matrix: scep-enroll, challenge" { enrolls challenge ''; }
@test "matrix: scep-enroll, challenge, RA" { enrolls challenge --ra; }
@test "matrix: scep-enroll, manual" { enrolls manual ''; }
@test "matrix: scep-enroll, manual, RA" { enrolls manual --ra; }
@test "matrix: scep-enroll, command" { enrolls command ''; }
@test "matrix: scep-enroll, command, RA" { enrolls command --ra; }

# ---- certmonger: it asks by GET, and waits for days before it polls ----

# monger APPROVAL RA: "getcert resubmit" asks again while it waits, and renews
# with the same key once there is a certificate; "rekey" takes a new key.
monger() {
	local as="-N $T/enc.pem" pw=

	approval=$1 ra=$2
	needs dbus-run-session
	needs getcert
	[ -x /usr/lib/certmonger/certmonger-session ] ||
	    skip 'certmonger is not installed'
	needs lighttpd
	authority "$approval" "$ra"
	serve_ca fastcgi ca
	[ -z "$ra" ] || as="-R $T/ca/root.pem -r $T/ca/ra.pem"
	[ "$approval" != challenge ] ||
	    pw="-L $(challenge ca --subject /O=Example/CN=d) -w"
	# The session has another PATH.
	ca=$(type -P scep-ca)
	declare -f awaits > x.sh
	cat >> x.sh <<-EOF
	set -e
	getcert add-scep-ca -s -c peer -u $URL $as
	getcert request -s -I t1 -c peer -k $T/k.pem -f $T/c.pem \
	    -N O=Example,CN=d -g 2048 $pw
	if [ $approval != challenge ]; then
		working() {
			getcert list -s -i t1 | grep -q CA_WORKING
		}
		awaits certmonger working
		[ $approval != manual ] || $ca approve --dir $T/ca \
		    "\$($ca list --dir $T/ca --pending | tail -n 1 |
		    cut -d' ' -f1)"
		: > $T/yes
		getcert resubmit -s -i t1 -w
	fi
	cp $T/c.pem $T/first.pem
	getcert resubmit -s -i t1 -w
	cp $T/c.pem $T/same.pem
	getcert rekey -s -i t1 -w
	EOF
	HOME=$T dbus-run-session -- timeout 600 \
	    /usr/lib/certmonger/certmonger-session -s -n -c "bash $T/x.sh" \
	    > cm.out 2>&1 3>&- || :
	for i in first same c; do
		[ -s $i.pem ] || { cat cm.out web/scep.log; return 1; }
		openssl verify -CAfile ca/root.pem $i.pem
	done
	for i in first same c; do
		openssl x509 -in $i.pem -noout -serial
	done | sort -u > serials
	[ "$(grep -c . serials)" -eq 3 ]
	openssl x509 -in first.pem -noout -pubkey > first.pub
	openssl x509 -in same.pem -noout -pubkey | cmp - first.pub
	openssl x509 -in c.pem -noout -pubkey > new.pub
	run -1 cmp -s first.pub new.pub
}

# in_session NAME: the shell commands on standard input, beside a certmonger of
# this session, which knows the server at $URL by NAME; "state WORD" waits for a
# state, "asks KEY OUT ..." begins anew.
in_session() {
	needs dbus-run-session
	needs getcert
	[ -x /usr/lib/certmonger/certmonger-session ] ||
	    skip 'certmonger is not installed'
	declare -f awaits > x.sh
	cat >> x.sh <<-EOF
	set -e
	PATH=${MCFG_BIN:?}:\$PATH
	cd $T
	in_state() {
		getcert list -s -i t1 | grep -q "\$1"
	}
	state() {
		awaits "certmonger: \$1" in_state "\$1"
	}
	asks() {
		local key=\$1 out=\$2
		shift 2
		getcert stop-tracking -s -i t1 || :
		getcert request -s -I t1 -c $1 -k $T/\$key -f $T/\$out \
		    -N O=Example,CN=d -g 2048 "\$@"
	}
	getcert add-scep-ca -s -c $1 -u $URL -N $T/enc.pem
	EOF
	cat >> x.sh
	HOME=$T dbus-run-session -- timeout 600 \
	    /usr/lib/certmonger/certmonger-session -s -n -c "bash $T/x.sh" \
	    > cm.out 2>&1 3>&- || :
}

@test "matrix: certmonger, manual, after a rejection" {
	needs lighttpd
	approval=manual ra=
	authority manual ''
	serve_ca fastcgi ca
	# It may ask twice for one "resubmit", and so begin the rejected request
	# anew: what counts is that it was told, and who waits then.
	in_session peer <<-'EOF'
	waiting() {
		scep-ca list --dir ca --pending | tail -n +2 | cut -d' ' -f1
	}
	asks k.pem c.pem
	state CA_WORKING
	first=$(waiting)
	scep-ca reject --dir ca "$first"
	getcert resubmit -s -i t1
	awaits refusal grep -q 'the operator rejected it' web/scep.log
	asks k2.pem c2.pem
	state CA_WORKING
	scep-ca approve --dir ca "$(waiting | grep -vFx "$first")"
	getcert resubmit -s -i t1 -w
	EOF
	[ ! -e c.pem ]
	openssl verify -CAfile ca/root.pem c2.pem || { cat cm.out; return 1; }
}

@test "matrix: certmonger, challenge, after expiry" {
	needs lighttpd
	approval=challenge ra=
	authority challenge ''
	serve_ca fastcgi ca
	in_session peer <<-EOF
	asks k.pem c.pem -L $(challenge ca --subject /O=Example/CN=d) -w
	EOF
	openssl verify -CAfile ca/root.pem c.pem || { cat cm.out; return 1; }
	much_later
	# The certificate renews nothing any more; a challenge does.
	in_session later <<-EOF
	getcert resubmit -s -i t1 -c later
	state ca-error
	asks k2.pem c2.pem -L $(PATH=$T/late:$PATH challenge ca \
	    --subject /O=Example/CN=d) -w
	EOF
	openssl x509 -in c2.pem -noout -checkend 5000000 ||
	    { cat cm.out; return 1; }
	openssl verify -no_check_time -CAfile ca/root.pem c2.pem
}

@test "matrix: certmonger, challenge" { monger challenge ''; }
@test "matrix: certmonger, challenge, RA" { monger challenge --ra; }
@test "matrix: certmonger, manual" { monger manual ''; }
@test "matrix: certmonger, manual, RA" { monger manual --ra; }
@test "matrix: certmonger, command" { monger command ''; }
@test "matrix: certmonger, command, RA" { monger command --ra; }

# ---- scepclient ----

# serve_scepclient APPROVAL RA
serve_scepclient() {
	needs scepclient
	needs lighttpd
	approval=$1 ra=$2
	authority "$approval" "$ra"
	echo 'allow_des: true' >> ca/scep-ca.yaml
	serve_ca fastcgi ca
}

# ask_micro [options]: it makes k.pem and c.pem, if they do not exist.  It keeps
# its request, with the challenge in it, and would send the old one again.
ask_micro() {
	rm -f csr.pem
	scepclient -server-url "$URL" -private-key k.pem -certificate c.pem \
	    -cn d -organization Example "$@" > scepclient.out 2>&1 3>&-
}

# micromdm RA: with a certificate beside the key it renews, with the same
# key; it never does with a new one.
micromdm() {
	local status

	serve_scepclient challenge "$1"
	ask_micro -challenge "$(challenge ca)" || {
		cat scepclient.out web/scep.log
		return 1
	}
	openssl verify -CAfile ca/root.pem c.pem
	cp c.pem first.pem
	ask_micro
	openssl verify -CAfile ca/root.pem c.pem
	run -1 cmp -s c.pem first.pem
	# Refused, and then not.
	mkdir x
	mv k.pem c.pem x
	_run ask_micro -challenge wrong
	[ "$status" -ne 0 ]
	[ ! -e c.pem ]
	ask_micro -challenge "$(challenge ca)"
	openssl verify -CAfile ca/root.pem c.pem
	# Expired: it renews nothing, and asks anew with the same key.
	much_later
	_run ask_micro
	[ "$status" -ne 0 ]
	grep -q 'outcome=refused' web/scep.log
	mv c.pem x/old.pem
	ask_micro -challenge "$(PATH=$T/late:$PATH challenge ca)"
	run -1 cmp -s c.pem x/old.pem
}

@test "matrix: scepclient, challenge" { micromdm ''; }
@test "matrix: scepclient, challenge, RA" { micromdm --ra; }

# While it waits it sends the same again in 30 seconds, in a loop, and never
# polls: what is decided before its second question is what it gets.
@test "matrix: scepclient, a program says no, then yes" {
	serve_scepclient command ''
	: > no
	_run ask_micro
	[ "$status" -ne 0 ]
	[ ! -e c.pem ]
	rm no
	: > yes
	ask_micro
	openssl verify -CAfile ca/root.pem c.pem
}
