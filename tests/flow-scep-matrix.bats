#!/usr/bin/env bats
# Each client against each kind of approval, with and without an RA.  The client
# repeats its request, polls, renews with the same key and with a new one, and
# asks again after a rejection and after the certificate has expired.
#
# openssl and scep.py imitate sscep and Apple's client; the other clients are
# real.  sscep makes a new self-signed certificate for each run, and uses
# SHA-512.  Apple's client signs all messages of an enrollment with one
# certificate, and its name is a UUID.

load helpers
load scep_helpers
load scep_server
load certmonger

setup() {
	cd "$T" || return
	AT=
}

teardown() {
	unserve_ca
}

# scep-ca ARG...: runs scep-ca at the time $AT, if that is set.
scep-ca() {
	command scep-ca "$@" ${AT:+--at "$AT"}
}

# authority APPROVAL RA: makes ca/ with this kind of approval; RA is "" or --ra.
authority() {
	ca ca ${2:+"$2"}
	cp ca/cert.pem enc.pem
	[ -z "$2" ] || cp ca/ra.pem enc.pem
	export SCEP_TO=enc.pem
	{
		# Some requests are answered at another time than they are
		# signed.
		printf 'approval: %s\nvalidity: 30d\ntime_window: 0\n' "$1"
		[ "$1" != command ] || echo 'command: decide'
	} > ca/scep-ca.yaml
	# The program answers "wait" until a test makes the file yes or no.
	printf '%s\n' '#!/bin/sh' "[ ! -e '$T/no' ] || exit 1" \
	    "[ -e '$T/yes' ] || exit 5" > ca/decide
	chmod 755 ca/decide
}

# allow TXID: approves the request in the way of $approval.
allow() {
	if [ "$approval" = manual ]; then
		command scep-ca approve --dir ca "$1" > allowed
	else
		: > yes
	fi
}

# ---- sscep and Apple, by openssl and scep.py ----

# dress NAME: makes the self-signed certificate as the client $manner does.
dress() {
	local cn=$1

	[ "$manner" = sscep ] || cn=3F2504E0-4F89-11D3-9A0C-0305E82C3301
	[ "$manner" = apple ] && [ -e "$1.pem" ] ||
	    openssl req -x509 -key "$1.key" -subj "/CN=$cn" -days 30 \
	    -out "$1.pem"
}

# ask NAME CHALLENGE: makes a new request, NAME.msg.
ask() {
	dress "$1"
	csr "$1" "/O=Example/CN=$1" "$2"
	message ca "$1" --transaction "TX-$1" --digest \
	    "$([ "$manner" = sscep ] && echo sha512 || echo sha256)"
}

# poll NAME: makes a poll, NAME.msg, signed with the last certificate.
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

# renew OLD NEW: makes a renewal, r.msg, of OLD's name for NEW's key, signed
# with OLD's certificate.
renew() {
	cp "$2.key" n.key
	csr n "/O=Example/CN=$1" ''
	mv n.csr r.csr
	cp "$1.key" r.key
	cp "$1.cert" r.pem
	message ca r --transaction "TX-$2-renewal"
}

# first: gets d a certificate in the way of $approval.
first() {
	local pw=

	[ "$approval" != challenge ] ||
	    pw=$(challenge ca --subject /O=Example/CN=d)
	ask d "$pw"
	if [ "$approval" != challenge ]; then
		waits d
		# Asking again or polling does not add a request.
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
	# Asking again or polling gets the same certificate.
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
	# The same key, then a new one; neither needs a challenge or approval.
	renew d d
	granted ca r
	openssl x509 -in r.cert -noout -serial > second
	run -1 cmp -s r.cert got
	granted ca r
	openssl x509 -in r.cert -noout -serial | cmp - second
	renew d e
	granted ca r
	certifies r.cert e.key
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
		# A refused request may be made again.
		ask x "$(challenge ca --subject /O=Example/CN=x)"
		granted ca x
		return
	fi
	rm -f yes
	waits x
	command scep-ca reject --dir ca TX-x > out
	poll x
	denied ca x 2 ''
	# After a rejection was reported, the same request is a new one.
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

# all MANNER APPROVAL RA: runs all steps as the client MANNER.
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

# Half of the tests fetch the certificate by polling, half by asking again.
@test "matrix: like sscep, challenge" { polls=no; all sscep challenge ''; }
@test "matrix: like sscep, challenge, RA" { polls=no; all sscep challenge --ra; }
@test "matrix: like sscep, manual" { polls=no; all sscep manual ''; }
@test "matrix: like sscep, manual, RA" { polls=yes; all sscep manual --ra; }
@test "matrix: like sscep, command" { polls=yes; all sscep command ''; }
@test "matrix: like sscep, command, RA" { polls=no; all sscep command --ra; }
@test "matrix: like Apple, challenge" { polls=yes; all apple challenge ''; }
@test "matrix: like Apple, challenge, RA" { polls=yes; all apple challenge --ra; }
@test "matrix: like Apple, manual" { polls=yes; all apple manual ''; }
@test "matrix: like Apple, manual, RA" { polls=yes; all apple manual --ra; }
@test "matrix: like Apple, command" { polls=yes; all apple command ''; }
@test "matrix: like Apple, command, RA" { polls=no; all apple command --ra; }

# much_later: restarts the server two months later, when every certificate has
# expired.  The clients keep their time.  The log begins anew, so that a test
# finds only what happened since.
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
	mv web/scep.log early.log
	rm -f yes
	PATH=$T/late:$PATH serve_ca fastcgi ca
}

# ---- strongSwan ----

# swan KEY OUT [options]: enrolls O=Example, CN=d with strongSwan's pki.
swan() {
	local key=$1 out=$2
	shift 2
	pki --scep --url "$URL" --in "$key" --dn 'O=Example, CN=d' \
	    --cacert-enc enc.pem --cacert-sig enc.pem --cacert ca/cert.pem \
	    --interval 1 --maxpolltime 300 --outform pem "$@" > "$out" \
	    2> "$out.err" 3>&-
}

# polling KEY OUT [options]: runs swan in the background as $client, until its
# request is pending.
polling() {
	swan "$@" &
	client=$!
	awaits -p "$client" 'a request that waits' one_pends ||
	    { cat "$2.err"; return 1; }
}

# own_pending: lists the pending transactions.
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
		# Asking again with another self-signed certificate gets the
		# same one.
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
	# Renewal with the same key, and with a new one.
	rsa_key e.key
	swan d.key same.cert --cert d.cert --key d.key
	run -1 cmp -s d.cert same.cert
	swan e.key new.cert --cert d.cert --key d.key
	certifies new.cert e.key
	# A wrong challenge, or a rejection.
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
	# An expired certificate renews nothing; the client must enroll again.
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

# A stranger can ask for any name.  The operator sees the whole request, and
# approves exactly that.
@test "matrix: strongSwan, a stranger cannot use another's approval" {
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
	# The stranger cannot replace the request after the operator saw it.
	other=$(own_pending | grep -vx "$own")
	csr=$(awk -v t="$other" '$1 == t { print $5 }' list)
	pki --scep --url "$URL" --in m.key --dn 'O=Example, CN=root' \
	    --cacert-enc enc.pem --cacert-sig enc.pem --cacert ca/cert.pem \
	    --interval 1 --maxpolltime 1 > x.cert 2> x.err 3>&- && return 1
	awaits refusal \
	    grep -q 'outcome=refused.*another request' web/scep.log
	# Approving one does not approve the other.
	command scep-ca approve --dir ca "$own" > allowed
	wait "$victim"
	openssl x509 -in d.cert -noout -ext subjectAltName > names
	grep -q DNS:alice.example.com names
	run -1 grep -q root names
	[ ! -s m.cert ]
	[ "$(listed ca --pending)" -eq 1 ]
	# Approving the other gives a certificate for exactly its names and key.
	command scep-ca approve --dir ca "$other" --csr "$csr" > allowed
	wait "$client"
	certifies m.cert m.key
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

# own KEY OUT [options]: enrolls O=Example, CN=d with scep-enroll; sets $status.
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
	certifies new.cert e.key
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

# An expired certificate renews nothing; the client must enroll again.
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

# ---- certmonger: uses GET, and polls only after days ----

# monger APPROVAL RA: enrolls and renews.  "getcert resubmit" repeats a pending
# request, or renews with the same key; "rekey" renews with a new key.
monger() {
	local as="-N $T/enc.pem" pw=

	approval=$1 ra=$2
	needs_certmonger
	needs lighttpd
	authority "$approval" "$ra"
	serve_ca fastcgi ca
	[ -z "$ra" ] || as="-R $T/ca/root.pem -r $T/ca/ra.pem"
	[ "$approval" != challenge ] ||
	    pw="-L $(challenge ca --subject /O=Example/CN=d) -w"
	# The session has another PATH, so it needs the full name.
	ca=$(type -P scep-ca)
	certmonger_runs <<-EOF
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

# in_session NAME: runs the commands on standard input in a session with its own
# certmonger, which knows the server at $URL as NAME.  The command "state WORD"
# waits for a state, and "asks KEY OUT ..." makes a new request.
in_session() {
	needs_certmonger
	{
		cat <<-EOF
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
		cat
	} | certmonger_runs
}

@test "matrix: certmonger, manual, after a rejection" {
	needs lighttpd
	approval=manual ra=
	authority manual ''
	serve_ca fastcgi ca
	# A "resubmit" may ask twice, and so make the rejected request again.
	# So check the log for the rejection, and approve only the new request.
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
	# The expired certificate renews nothing; a new challenge enrolls.
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

# serve_scepclient APPROVAL RA: serves a CA that scepclient can talk to.
serve_scepclient() {
	needs scepclient
	needs lighttpd
	approval=$1 ra=$2
	authority "$approval" "$ra"
	echo 'allow_des: true' >> ca/scep-ca.yaml
	serve_ca fastcgi ca
}

# ask_micro [options]: runs scepclient, which makes k.pem and c.pem if they do
# not exist.  Without rm it would send its old request, with the old challenge.
ask_micro() {
	rm -f csr.pem
	scepclient -server-url "$URL" -private-key k.pem -certificate c.pem \
	    -cn d -organization Example "$@" > scepclient.out 2>&1 3>&-
}

# micromdm RA: enrolls and renews.  scepclient renews if there is a certificate,
# always with the same key.
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
	# A refusal, then a new enrollment.
	mkdir x
	mv k.pem c.pem x
	_run ask_micro -challenge wrong
	[ "$status" -ne 0 ]
	[ ! -e c.pem ]
	ask_micro -challenge "$(challenge ca)"
	openssl verify -CAfile ca/root.pem c.pem
	# An expired certificate renews nothing; scepclient must enroll again.
	much_later
	_run ask_micro
	[ "$status" -ne 0 ]
	awaits refusal grep -q 'outcome=refused.*it has expired' web/scep.log
	mv c.pem x/old.pem
	ask_micro -challenge "$(PATH=$T/late:$PATH challenge ca)"
	run -1 cmp -s c.pem x/old.pem
}

@test "matrix: scepclient, challenge" { micromdm ''; }
@test "matrix: scepclient, challenge, RA" { micromdm --ra; }

# Not tested while pending: scepclient never polls, but sends its request again
# every 30 seconds.
@test "matrix: scepclient, a program refuses, then approves" {
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
