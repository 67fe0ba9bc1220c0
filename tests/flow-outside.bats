#!/usr/bin/env bats
# A site whose devices get their identities from an outside CA: another scep-ca,
# or Debian's scepserver.

load helpers
load flow
code=''	# of web()

setup_file() {
	needs_web || return 0
	outside_authority
	make_site
	serve
	enroll "$BATS_FILE_TMPDIR/before" --udid BEFORE
	export KEPT=$BATS_FILE_TMPDIR/kept.yaml
	use_outside
	cp "$SITE/site.yaml" "$KEPT"
}

# outside_authority: starts another site with other keys.  Only its /scep is
# used, which accepts its own challenges, each for one certificate.
outside_authority() {
	OUTSIDE=$BATS_FILE_TMPDIR/outside OUTSIDE_PORT=$(free_port)
	export OUTSIDE OUTSIDE_PORT
	mcfg-site "$OUTSIDE" --port "$(free_port)" --organization Outside \
	    > /dev/null
	SITE=$OUTSIDE serve --scep-http-port "$OUTSIDE_PORT"
	export OUTSIDE_SERVER=$SERVER
}

# use_outside: makes the site use the outside CA.
use_outside() {
	python3 - "$SITE/site.yaml" "$OUTSIDE_PORT" <<-'PY'
	import re, sys
	s = open(sys.argv[1]).read()
	s = re.sub(r'  url: https.*/scep\n', '  url: http://localhost:%s/scep\n'
	    '  challenge: file:outside-password\n' % sys.argv[2], s)
	open(sys.argv[1], 'w').write(s)
	PY
	echo 'none yet' > "$SITE/outside-password"
	cp "$OUTSIDE/ca/cert.pem" "$SITE/scep-ca.pem"
}

teardown_file() {
	unserve
	SITE=$OUTSIDE SERVER=$OUTSIDE_SERVER unserve
}

setup() {
	able
	cp "$KEPT" "$SITE/site.yaml"
	cp "$OUTSIDE/ca/cert.pem" "$SITE/scep-ca.pem"
	rm -f "$SITE/scep-ca-previous.pem"
}

# identified UDID: does phases 1 and 2; the SCEP payload is in $T/scep, the
# enrollment's ID in $id.
identified() {
	get_profile "$T/service"
	attributes "$T/plist" UDID="$1" SERIAL="S-$1" PRODUCT=iPhone14,5 \
	    VERSION=1 CHALLENGE="$(plist_key "$T/service" \
	    "p['PayloadContent']['Challenge']")"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/answer"
	post "$T/answer"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/scep"
	id=$(plist_key "$T/scep" \
	    "p['PayloadContent'][0]['PayloadContent']['Subject'][1][0][1]")
}

# bought NAME SUBJECT [FOLDER]: makes NAME.key, and NAME.pem from the CA in
# FOLDER.
bought() {
	local ca=${3:-$OUTSIDE/ca}
	openssl req -new -newkey rsa:2048 -nodes -keyout "$T/$1.key" \
	    -subj "$2" -out "$T/$1.csr" 2> /dev/null
	openssl x509 -req -in "$T/$1.csr" -CA "$ca/cert.pem" \
	    -CAkey "$ca/key.pem" -set_serial "0x$(openssl rand -hex 8)" \
	    -days 10 -out "$T/$1.pem" 2> /dev/null
}

# comes CODE NAME UDID [ARG...]: phase 3 with NAME's certificate gets CODE.
comes() {
	local want=$1 name=$2 udid=$3
	shift 3
	attributes "$T/plist" UDID="$udid" SERIAL="S-$udid" VERSION=1 \
	    PRODUCT=iPhone14,5
	sign_as "$T/$name.pem" "$T/$name.key" "$T/plist" "$T/message" "$@"
	post "$T/message"
	[ "$code" = "$want" ] ||
	    { echo "$name: $code"; tail -n 2 "$SITE/log/mcfg.log"; false; }
}

said() {
	awaits "in the log: $1" last_said "$1" ||
	    { tail -n 1 "$SITE/log/mcfg.log"; false; }
}

last_said() {
	tail -n 1 "$SITE/log/mcfg.log" | grep -qF -e "$1"
}

state_is() {
	enrollments "[e['state'] for e in j if e['id'] == '$id'] == ['$1']"
}

@test "outside: a device gets its identity there and its profile here" {
	run -1 enroll "$T/none" --udid NONE
	[[ $output == 'scep-response: '*'refused: badRequest'* ]]
	scep-ca challenge --dir "$OUTSIDE/ca" > "$SITE/outside-password"
	yields - enroll "$T/d" --udid OUTSIDE
	openssl verify -CAfile "$OUTSIDE/ca/root.pem" "$T/d/identity.pem"
	run -2 openssl verify -CAfile "$ROOT_CA" "$T/d/identity.pem"
	unsign "$T/d/03-profile.response" "$T/scep"
	print=$(openssl x509 -in "$OUTSIDE/ca/cert.pem" -outform DER |
	    openssl dgst -sha256 -r | cut -d ' ' -f 1)
	plist_is "$T/scep" "[(c['URL'], c['Challenge'],
	    c['CAFingerprint'].hex()) for c in
	    [p['PayloadContent'][0]['PayloadContent']]] ==
	    [('http://localhost:$OUTSIDE_PORT/scep', '$(cat "$SITE/outside-password")',
	    '$print')]"
	print=$(openssl x509 -in "$T/d/identity.pem" -outform DER |
	    openssl dgst -sha256 -r | cut -d ' ' -f 1)
	enrollments "[(e['user'], e['state'], e['certificate']) for e in j
	    if e['udid'] == 'OUTSIDE'] == [('jane', 'configured', '$print')]"
	# The certificate is not from our own CA.
	scep-ca list --json --dir "$SITE/ca" > "$T/list"
	json_is "$T/list" "not [c for c in j if c['enrollment']
	    and c['enrollment'] in c['subject'] and
	    not c['transaction']] and
	    len([c for c in j if c['state'] == 'valid' and c['transaction']])
	    == 1"
	plist_is "$T/d/profile.mobileconfig" "len(p['PayloadContent']) == 2"
	# The device may repeat phase 3.
	cp "$T/d/identity.pem" "$T/d.pem"
	cp "$T/d/identity-key.pem" "$T/d.key"
	attributes "$T/plist" UDID=OUTSIDE SERIAL="$(mcfg-get SERIAL \
	    "$T/d/attributes.plist")"
	sign_as "$T/d.pem" "$T/d.key" "$T/plist" "$T/message"
	post "$T/message"
	[ "$code" = 200 ]
	enrollments "[e['repeats'] for e in j if e['udid'] == 'OUTSIDE'] == [1]"
}

# ndes: starts a server on port $ndes, process $teller, that imitates the page
# of NDES, in UTF-16, with a new challenge of the CA for each request.
ndes() {
	mkfifo "$T/port"
	python3 - "$OUTSIDE/ca" > "$T/port" 2> "$T/ndes.log" 3>&- <<-'PY' &
	import http.server, subprocess, sys
	class Page(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        challenge = subprocess.run(["scep-ca", "challenge", "--dir",
	            sys.argv[1]], capture_output=True, text=True, check=True)
	        page = ("<HTML><Body><P>The enrollment challenge password is: "
	            "<B> %s </B><P>It can be used only once." %
	            challenge.stdout.strip()).encode("utf-16")
	        self.send_response(200)
	        self.send_header("Content-Length", str(len(page)))
	        self.end_headers()
	        self.wfile.write(page)
	server = http.server.HTTPServer(("127.0.0.1", 0), Page)
	print(server.server_port, flush=True)
	server.serve_forever()
	PY
	teller=$!
	read -r ndes < "$T/port"
}

@test "outside: a challenge for each device, by the program of the page" {
	local ndes teller
	ndes
	sed 's|^  challenge: .*|  challenge_program: ./ndes-challenge|' \
	    "$KEPT" > "$SITE/site.yaml"
	# Our challenges do not have the alphabet of NDES.
	awk '/^#!\/bin\/sh/ { p = 1 } /^\.Ed/ { p = 0 } p' \
	    "$ROOT/man/man5/mcfg-site.5" |
	    sed -e 's|\\e|\\|g' -e "s|https://[^ ]*|http://127.0.0.1:$ndes/|" \
	    -e 's/\[0-9A-F\]/[0-9A-Za-z_-]/' > "$SITE/ndes-challenge"
	chmod +x "$SITE/ndes-challenge"
	echo 'machine 127.0.0.1 login ndes password hunter2' > "$SITE/netrc"
	yields - enroll "$T/a" --udid ONE-TIME-A
	yields - enroll "$T/b" --udid ONE-TIME-B
	openssl verify -CAfile "$OUTSIDE/ca/root.pem" "$T/a/identity.pem" \
	    "$T/b/identity.pem"
	enrollments "{e['udid']: e['state'] for e in j
	    if 'ONE-TIME' in e['udid']} == {'ONE-TIME-A': 'configured',
	    'ONE-TIME-B': 'configured'}"
	[ "$(grep -c GET "$T/ndes.log")" -ge 2 ]
	kill "$teller"
	wait "$teller" || :
	# If NDES is down, the site answers, and logs the reason.
	run -1 enroll "$T/c" --udid ONE-TIME-C
	[[ $output == *500* ]]
	said 'status=500 reason="curl: '
	run -1 grep -q hunter2 "$SITE/log/mcfg.log"
}

@test "outside: a program that prints no challenge" {
	sed 's|^  challenge: .*|  challenge_program: ./asked|' \
	    "$KEPT" > "$SITE/site.yaml"
	enroll "$T/none" --udid NO-PROGRAM || :
	said 'status=500 '
	printf '#!/bin/sh\necho\necho second\n' > "$SITE/asked"
	chmod +x "$SITE/asked"
	enroll "$T/empty" --udid NO-LINE || :
	said 'status=500 reason="mcfg-scep-payload: scep.challenge_program: no challenge in its first line'
	printf '#!/bin/sh\necho "asked: busy, $1" >&2\nexit 4\n' \
	    > "$SITE/asked"
	enroll "$T/busy" --udid BUSY || :
	said 'status=503 reason="asked: busy, CN='
	sed -i 's|challenge_program: .*|challenge_program: no-such-program|' \
	    "$SITE/site.yaml"
	enroll "$T/path" --udid NO-PATH || :
	said 'status=500 reason="mcfg-scep-payload: scep.challenge_program: no such program'
}

@test "outside: devices that enrolled before can continue" {
	attributes "$T/plist" UDID=BEFORE SERIAL="$(mcfg-get SERIAL \
	    "$BATS_FILE_TMPDIR/before/attributes.plist")"
	sign_as "$BATS_FILE_TMPDIR/before/identity.pem" \
	    "$BATS_FILE_TMPDIR/before/identity-key.pem" "$T/plist" \
	    "$T/message"
	post "$T/message"
	[ "$code" = 200 ]
}

@test "outside: the subject must be exactly that of the enrollment" {
	identified SUBJECT
	n=0
	for subject in "/CN=$id" "/O=Example, Inc." "/O=Other/CN=$id" \
	    "/O=Example, Inc./CN=${id}x" "/CN=$id/O=Example, Inc." \
	    "/O=Example, Inc./OU=x/CN=$id" "/O=Example, Inc./CN=$id/CN=x" \
	    "/O=Example, Inc./CN=x/CN=$id" "/O=Example, Inc.+CN=$id" \
	    "/O=Example, Inc./CN=nobody" "/O=Example, Inc./CN="; do
		n=$((n + 1))
		bought "s$n" "$subject"
		comes 403 "s$n" SUBJECT
	done
	# Names are compared without case, but IDs are not.
	bought lower "/O=Example, Inc./CN=$(printf '%s' "$id" |
	    tr '[:upper:]' '[:lower:]')x"
	comes 403 lower SUBJECT
	state_is identified
	bought good "/O=Example, Inc./CN=$id"
	comes 200 good SUBJECT
	state_is configured
}

@test "outside: the certificate must be issued directly by that CA's key" {
	identified KEY
	# From another CA with the same name.
	mkdir "$T/same"
	openssl req -x509 -newkey rsa:2048 -nodes -subj '/O=Outside/CN=Outside CA' \
	    -keyout "$T/same/key.pem" -out "$T/same/cert.pem" 2> /dev/null
	bought same "/O=Example, Inc./CN=$id" "$T/same"
	comes 403 same KEY
	comes 403 same KEY -certfile "$T/same/cert.pem"
	# From a CA below it.
	mkdir "$T/below"
	bought below/cert '/O=Outside/CN=Below'
	openssl req -new -key "$T/below/cert.key" -subj '/O=Outside/CN=Below' \
	    -out "$T/below.csr"
	printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n' \
	    > "$T/ext"
	openssl x509 -req -in "$T/below.csr" -CA "$OUTSIDE/ca/cert.pem" \
	    -CAkey "$OUTSIDE/ca/key.pem" -set_serial 77 -extfile "$T/ext" \
	    -out "$T/below/cert.pem" 2> /dev/null
	cp "$T/below/cert.key" "$T/below/key.pem"
	bought below "/O=Example, Inc./CN=$id" "$T/below"
	comes 403 below KEY -certfile "$T/below/cert.pem"
	said 'not in the ledger'
	# From our own CA, whose identities are in our ledger.
	bought own "/O=Example, Inc./CN=$id" "$SITE/ca"
	comes 403 own KEY
	said 'not in the ledger'
	openssl req -new -key "$T/own.key" -subj "/O=Example, Inc./CN=$id" \
	    -out "$T/csr"
	scep-ca issue --dir "$SITE/ca" --csr "$T/csr" --profile client \
	    > "$T/own.pem"
	comes 403 own KEY
	said 'not the identity of an enrollment'
	state_is identified
}

@test "outside: naming our own CA as the outside CA weakens nothing" {
	cp "$SITE/ca/cert.pem" "$SITE/scep-ca.pem"
	identified OWN
	openssl req -new -newkey rsa:2048 -nodes -keyout "$T/own.key" \
	    -subj "/O=Example, Inc./CN=$id" -out "$T/csr" 2> /dev/null
	scep-ca issue --dir "$SITE/ca" --csr "$T/csr" --profile client \
	    > "$T/own.pem"
	comes 403 own OWN
	said 'not the identity of an enrollment'
}

@test "outside: another UDID is refused, and the certificate is not bound" {
	identified RIGHT
	bought d "/O=Example, Inc./CN=$id"
	comes 403 d WRONG
	said UDID
	state_is identified
	comes 200 d RIGHT
	comes 403 d WRONG
}

@test "outside: only the first certificate is accepted" {
	identified FIRST
	bought first "/O=Example, Inc./CN=$id"
	bought second "/O=Example, Inc./CN=$id"
	comes 200 first FIRST
	comes 403 second FIRST
	said 'has another identity'
	comes 200 first FIRST
	# A new certificate for the same key is refused too.
	openssl x509 -req -in "$T/first.csr" -CA "$OUTSIDE/ca/cert.pem" \
	    -CAkey "$OUTSIDE/ca/key.pem" -set_serial 99 -days 20 \
	    -out "$T/second.pem" 2> /dev/null
	cp "$T/first.key" "$T/second.key"
	comes 403 second FIRST
}

@test "outside: of several certificates at once, one is accepted" {
	identified RACE
	attributes "$T/plist" UDID=RACE SERIAL=S-RACE
	pids=()
	for n in 1 2 3 4 5 6; do
		bought "r$n" "/O=Example, Inc./CN=$id"
		sign_as "$T/r$n.pem" "$T/r$n.key" "$T/plist" "$T/race$n"
	done
	for n in 1 2 3 4 5 6; do
		curl -sS --cacert "$ROOT_CA" -o "$T/body$n" \
		    -w '%{http_code}\n' --data-binary "@$T/race$n" \
		    "$URL/profile" > "$T/code$n" 3>&- 7>&- &
		pids+=("$!")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	cat "$T"/code? > "$T/codes"
	[ "$(grep -cx 200 "$T/codes")" -eq 1 ]
	[ "$(grep -cx 403 "$T/codes")" -eq 5 ]
}

@test "outside: an aborted enrollment cannot continue" {
	identified ABORTED
	bought d "/O=Example, Inc./CN=$id"
	mcfg-enrollment abort --config "$SITE/site.yaml" "$id"
	comes 403 d ABORTED
	said aborted
	identified LATER
	bought d "/O=Example, Inc./CN=$id"
	comes 200 d LATER
	mcfg-enrollment abort --config "$SITE/site.yaml" "$id"
	comes 403 d LATER
}

@test "outside: a device that takes too long starts over" {
	identified LATE
	bought d "/O=Example, Inc./CN=$id"
	attributes "$T/plist" UDID=LATE SERIAL=S-LATE
	late() {
		refuses "$1" "$2" mcfg-enrollment complete \
		    --config "$SITE/site.yaml" --outside-ca "$SITE/scep-ca.pem" \
		    --signer "$T/d.pem" --at "$(date -u -d "+$3" \
		    +%Y-%m-%dT%H:%M:%SZ)" "$T/plist"
	}
	late 5 'took too long' '2 hours'
	late 5 'expired' '11 days'
	late 1 'not yet valid' '-1 day'
	comes 200 d LATE
}

@test "outside: nothing is trusted without the CA's certificate" {
	identified REMOVED
	bought d "/O=Example, Inc./CN=$id"
	bought e "/O=Example, Inc./CN=$id"
	rm "$SITE/scep-ca.pem"
	comes 403 d REMOVED
	ln -s nowhere "$SITE/scep-ca.pem"
	comes 500 d REMOVED || [ "$code" = 403 ]
	rm "$SITE/scep-ca.pem"
	cp "$OUTSIDE/ca/cert.pem" "$SITE/scep-ca.pem"
	comes 200 d REMOVED
	# Of the CA in scep-ca-previous.pem, only known devices continue.
	cp "$OUTSIDE/ca/cert.pem" "$SITE/scep-ca-previous.pem"
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=New \
	    -keyout "$T/new.key" -out "$SITE/scep-ca.pem" 2> /dev/null
	comes 200 d REMOVED
	comes 403 e REMOVED
	identified FRESH
	bought f "/O=Example, Inc./CN=$id"
	comes 403 f FRESH
	said 'not in the ledger'
}

# Debian's scepserver listens on every address, so the test has its own network.
# It supports only single DES.
@test "outside: the CA is Debian's scepserver" {
	needs scepserver
	unshare -rn true 2> /dev/null || skip 'no network namespaces here'
	openssl list -providers -provider legacy > /dev/null 2>&1 ||
	    skip 'openssl has no legacy provider'
	cd "$T"
	scepserver ca -init -depot depot -keySize 2048 -key-password X \
	    > /dev/null 2>&1
	cp -r "$SITE" "$T/site"
	rm -f "$T/site/run"/*
	cp depot/ca.pem "$T/site/scep-ca.pem"
	echo 'static password' > "$T/site/outside-password"
	sed -i "s|  url: http:.*|  url: http://127.0.0.1:18080/scep|" \
	    "$T/site/site.yaml"
	cat > inner <<-'SH'
	python3 -c '
	import fcntl, socket, struct
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x49))'
	scepserver -depot depot -capass X -challenge 'static password' \
	    -port 18080 -allowrenew 0 > log 2>&1 3>&- 7>&- &
	authority=$!
	curl -s --retry 120 --retry-delay 1 --retry-connrefused -o caps \
	    'http://127.0.0.1:18080/scep?operation=GetCACaps'
	mkfifo ready
	mcfg-serve site > ready 2> serve.err 3>&- 7>&- &
	service=$!
	read -r line < ready
	mcfg-device "$URL" --cacert site/ca/root.pem --user jane \
	    --password env:PW --identity site/simulated/device.pem \
	    --identity-key site/simulated/device-key.pem --udid DES \
	    --allow-des -o d 2> device.err
	echo $? > status
	kill "$service" "$authority"
	wait
	SH
	unshare -rn sh inner
	cat device.err
	[ "$(cat status)" = 0 ]
	[ "$(wc -l < device.err)" -eq 1 ]
	grep -q 'warning: .* came encrypted with single DES' device.err
	openssl verify -CAfile depot/ca.pem d/identity.pem
	plist_is d/profile.mobileconfig "len(p['PayloadContent']) == 2"
	SITE=$T/site enrollments "[(e['state'], len(e['certificate'])) for e in
	    j if e['udid'] == 'DES'] == [('configured', 64)]"
}

@test "outside: mcfg-serve reports an outside CA that is only half configured" {
	unserve
	rm "$SITE/scep-ca.pem"
	serve
	grep -q 'warning: .*there is no scep-ca.pem' "$SITE.stderr"
	unserve
	cp "$OUTSIDE/ca/cert.pem" "$SITE/scep-ca.pem"
	sed -i 's|  url: http:.*|  url: https://localhost:1/scep|' \
	    "$SITE/site.yaml"
	serve
	[ ! -s "$SITE.stderr" ]
	unserve
	sed -i '/  url: https:/d' "$SITE/site.yaml"
	serve
	grep -q "warning: scep-ca.pem: .*the site's own" "$SITE.stderr"
	unserve
}
