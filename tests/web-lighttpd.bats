#!/usr/bin/env bats
# The whole service under a real web server.  This file has three names, which
# select lighttpd, nginx or Apache.  The last two run all of it with FULL=1,
# else only the tests with the tag short: see web-short.bats.

load helpers
WEB=${BATS_TEST_FILENAME##*/web-}
WEB=${WEB%.bats}
load flow
code=''	# of web()

setup_file() {
	needs_web || return 0
	tools_that_tell
	make_site
	for u in $(seq -f 'user%.0f' 20); do
		add_user "$u"
	done
	PLAIN=$(free_port)
	export PLAIN
	serve --scep-http-port "$PLAIN"
}

# know_workers: sets $WORKERS, which an earlier test may have started again.
know_workers() {
	[ ! -e "$BATS_FILE_TMPDIR/workers" ] ||
	    WORKERS=$(cat "$BATS_FILE_TMPDIR/workers")
}

teardown_file() {
	know_workers
	unserve
}

setup() {
	able
	know_workers
	pids=()
	rm -f "$SITE/devices.allow"
	started=()
}

teardown() {
	[ "${#pids[@]}" -eq 0 ] || kill "${pids[@]}" 2> /dev/null || :
	if [ "${#started[@]}" -gt 0 ]; then
		SERVER=${started[0]} WORKERS=${started[1]:-} unserve
	fi
}

# tools_that_tell: makes a folder of the service's tools.  One writes its
# environment to $BATS_FILE_TMPDIR/environment.  Another waits while a test
# holds the lock of $BATS_FILE_TMPDIR/hold, and makes $BATS_FILE_TMPDIR/held.
tools_that_tell() {
	local bin=$BATS_FILE_TMPDIR/bin

	: > "$BATS_FILE_TMPDIR/hold"
	mkdir "$bin"
	ln -s "$MCFG_BIN"/* "$bin"
	rm "$bin/mcfg-service-payload"
	cat > "$bin/mcfg-service-payload" <<-SH
	#!/bin/sh
	env > '$BATS_FILE_TMPDIR/environment'
	exec '$MCFG_BIN/mcfg-service-payload' "\$@"
	SH
	rm "$bin/mcfg-encrypt"
	cat > "$bin/mcfg-encrypt" <<-SH
	#!/bin/sh
	flock -n -s '$BATS_FILE_TMPDIR/hold' true || {
		: > '$BATS_FILE_TMPDIR/held'
		flock -s '$BATS_FILE_TMPDIR/hold' true
	}
	exec '$MCFG_BIN/mcfg-encrypt' "\$@"
	SH
	chmod +x "$bin/mcfg-service-payload" "$bin/mcfg-encrypt"
	export MCFG_BIN=$bin
}

# web_plain PATH [CURL-ARG...]: a request without TLS; the response does not
# matter.
web_plain() {
	curl -sS --path-as-is --max-time 600 -o "$T/body" "${@:2}" \
	    "http://localhost:$PLAIN$1" || :
}

# mark NAME: requests /NAME, and waits until it is in the logs.
mark() {
	web "/$1"
	awaits "$1 in the log" grep -q "GET /$1\"" "$SITE"/log/*access.log
	awaits "$1 in the other" grep -q " path=/$1 " "$SITE/log/mcfg.log"
}

# lines_since_begin COUNT: the server's log has so many requests since /begin.
lines_since_begin() {
	[ "$(cat "$SITE"/log/*access.log | sed -n '/GET \/begin/,$p' |
	    wc -l)" -gt "$1" ]
}

# between LOG...: prints the lines between the requests for /begin and /end.
between() {
	cat "$@" | sed -nE '/(GET |path=)\/begin/,/(GET |path=)\/end/p' |
	    grep -vE '(GET |path=)/(begin|end)'
}

# one_between PATTERN: exactly one of these lines in mcfg.log matches.
one_between() {
	[ "$(between "$SITE/log/mcfg.log" | grep -c -e "$1")" -eq 1 ]
}

# bats test_tags=short
@test "web: runs under the server that the file is named after" {
	case $WEB in
	lighttpd) name=mcfg-serve ;;
	nginx) name=nginx ;;
	apache) name=apache2 ;;
	esac
	[ "$(cat "/proc/$SERVER/comm")" = "$name" ]
}

# bats test_tags=short
@test "web: enrolls a device, and records user, device and times" {
	yields - enroll "$T/d" --udid 00008110-AAAA --serial C02FLOW1 \
	    --product iPhone15,2
	plist_is "$T/d/profile.mobileconfig" \
	    "len(p['PayloadContent']) == 2"
	enrollments "[(e['user'], e['state'], e['product'], e['repeats']) for e
	    in j if e['serial'] == 'C02FLOW1'] ==
	    [('jane', 'configured', 'iPhone15,2', 0)]"
	enrollments "all(e['started'] <= e['identified'] <= e['certified']
	    <= e['configured'] for e in j if e['serial'] == 'C02FLOW1')"
	serial=$(openssl x509 -in "$T/d/identity.pem" -noout -serial)
	enrollments "[e['certificate'].upper().lstrip('0') for e in j
	    if e['serial'] == 'C02FLOW1'] == ['${serial#serial=}'.lstrip('0')]"
	nothing_left
}

@test "web: the messages conform to the standards" {
	yields - enroll "$T/d"
	for n in 01-enroll 03-profile 09-profile; do
		unsign "$T/d/$n.response" "$T/$n"
		xmllint --noout "$T/$n"
		openssl cms -cmsout -print -inform DER \
		    -in "$T/d/$n.response" > "$T/cms"
		# The message includes the whole chain.
		grep -q 'subject: *O=Example, Inc., CN=Profile Signer' "$T/cms"
		grep -q 'subject: *O=Example, Inc., CN=Example, Inc. CA' \
		    "$T/cms"
	done
	plist_is "$T/01-enroll" "p['PayloadType'] == 'Profile Service'"
	plist_is "$T/03-profile" "(p['PayloadType'] == 'Configuration' and
	    p['PayloadContent'][0]['PayloadType'] == 'com.apple.security.scep')"
	plist_is "$T/03-profile" \
	    "p['PayloadContent'][0]['PayloadContent']['Key Usage'] == 5"
	openssl x509 -inform DER -in "$T/d/04-getcacert.response" -noout
	openssl verify -CAfile "$ROOT_CA" "$T/d/identity.pem"
	run -1 grep -q "$(printf '\r')" "$T/d/05-getcacaps.response"
	opens "$T/d" "$T/d/09-profile.response" "$T/payloads"
	plist_is "$T/payloads" "([c['PayloadType'] for c in p] ==
	    ['com.apple.webClip.managed', 'com.apple.security.scep'])"
}

# bats test_tags=short
@test "web: sends the right content types, and forbids caching" {
	web /CA
	[ "$(header Content-Type)" = application/x-x509-ca-cert ]
	web /enroll -u "jane:$PW"
	[ "$(header Content-Type)" = application/x-apple-aspen-config ]
	[ "$(header Cache-Control)" = no-store ]
	[[ $(header Content-Disposition) == attachment* ]]
	web '/scep?operation=GetCACert'
	[ "$(header Content-Type)" = application/x-x509-ca-cert ]
	web '/scep?operation=GetCACaps'
	logged "method=GET path=/scep operation=GetCACaps"
	[[ $(header Content-Type) == text/plain* ]]
	yields - enroll "$T/d"
	again "$T/d"
	[ "$(header Content-Type)" = application/x-apple-aspen-config ]
	[ "$(header Cache-Control)" = no-store ]
}

@test "web: a device of curl and openssl completes phases 1 and 2" {
	# Phase 1.
	get_profile "$T/service"
	challenge=$(plist_key "$T/service" "p['PayloadContent']['Challenge']")
	to=$(plist_key "$T/service" "p['PayloadContent']['URL']")
	[ "$to" = "$URL/profile" ]

	# Phase 2, in BER as from an iPhone.
	attributes "$T/plist" UDID=STRANGER SERIAL=S-1 PRODUCT=iPhone14,5 \
	    VERSION=21A329 CHALLENGE="$challenge"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/answer" -stream
	od -An -tx1 -N2 "$T/answer" | grep -q '30 80'
	code=$(curl -sS --cacert "$ROOT_CA" -o "$T/body" -w '%{http_code}' \
	    -H 'Content-Type: application/pkcs7-signature' \
	    --data-binary "@$T/answer" "$to")
	[ "$code" = 200 ]
	unsign "$T/body" "$T/scep"
	plist_is "$T/scep" "(p['PayloadContent'][0]['PayloadContent']['URL'] ==
	    '$URL/scep')"
	plist_is "$T/scep" "(len(p['PayloadContent'][0]['PayloadContent']
	    ['Challenge']) == 32)"
	enrollments "[(e['user'], e['state']) for e in j
	    if e['udid'] == 'STRANGER'] == [('jane', 'identified')]"
}

@test "web: reads a reply in the form of macOS, without attributes" {
	get_profile "$T/service"
	attributes "$T/plist" UDID=MAC SERIAL=S-2 PRODUCT=Mac14,2 \
	    VERSION=22G90 CHALLENGE="$(plist_key "$T/service" \
	    "p['PayloadContent']['Challenge']")"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/answer" -noattr \
	    -nocerts -certfile "$FACTORY" -stream
	post "$T/answer"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/scep"
}

@test "web: strongSwan gets the identity, openssl decrypts the profile" {
	needs pki
	get_profile "$T/service"
	attributes "$T/plist" UDID=SWAN SERIAL=S-3 PRODUCT=iPhone14,5 \
	    VERSION=21A329 CHALLENGE="$(plist_key "$T/service" \
	    "p['PayloadContent']['Challenge']")"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/answer"
	post "$T/answer"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/scep"
	key() {
		plist_key "$T/scep" "p['PayloadContent'][0]['PayloadContent']$1"
	}
	http=http://localhost:$PLAIN/scep

	pki --scepca --url "$http" --caout "$T/ca.pem" --raout "$T/ra.pem" \
	    --outform pem > "$T/out" 2>&1
	openssl x509 -in "$T/ca.pem" -outform DER | openssl dgst -sha256 \
	    -binary | od -An -tx1 | tr -d ' \n' > "$T/print"
	[ "$(cat "$T/print")" = "$(key "['CAFingerprint'].hex()")" ]

	rsa_key "$T/k.pem"
	pki --scep --url "$http" --in "$T/k.pem" \
	    --dn "/$(key "['Subject'][0][0][0]")=$(key \
	    "['Subject'][0][0][1]")/$(key "['Subject'][1][0][0]")=$(key \
	    "['Subject'][1][0][1]")" --password "$(key "['Challenge']")" \
	    --cacert-enc "$T/ca.pem" --cacert-sig "$T/ca.pem" \
	    --cacert "$T/ca.pem" --outform pem > "$T/c.pem" 2> "$T/err" ||
	    { cat "$T/err"; false; }
	openssl verify -CAfile "$ROOT_CA" "$T/c.pem"

	# Phase 3, by openssl and curl.
	attributes "$T/plist" UDID=SWAN SERIAL=S-3 PRODUCT=iPhone14,5 \
	    VERSION=21A329
	sign_as "$T/c.pem" "$T/k.pem" "$T/plist" "$T/answer"
	post "$T/answer"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/profile"
	python3 -c 'import plistlib, sys
open(sys.argv[2], "wb").write(plistlib.load(open(sys.argv[1],
    "rb"))["EncryptedPayloadContent"])' "$T/profile" "$T/enveloped"
	openssl cms -decrypt -binary -inform DER -recip "$T/c.pem" \
	    -inkey "$T/k.pem" -in "$T/enveloped" -out "$T/payloads"
	plist_is "$T/payloads" "([c['PayloadType'] for c in p] ==
	    ['com.apple.webClip.managed', 'com.apple.security.scep'] and
	    p[1]['PayloadContent']['Subject'][2] == [['CN', 'jane']])"
	enrollments "[(e['user'], e['state']) for e in j
	    if e['udid'] == 'SWAN'] == [('jane', 'configured')]"
}

@test "web: strongSwan enrolls with an operator's challenge over plain HTTP" {
	needs pki
	http=http://localhost:$PLAIN/scep
	pki --scepca --url "$http" --caout "$T/ca.pem" --raout "$T/ra.pem" \
	    --outform pem > "$T/out" 2>&1
	rsa_key "$T/k.pem"
	ask() {
		pki --scep --url "$http" --in "$T/k.pem" --dn "O=acme, CN=dev" \
		    --password "$1" --cacert-enc "$T/ca.pem" \
		    --cacert-sig "$T/ca.pem" --cacert "$T/ca.pem" \
		    --outform pem > "$T/c.pem" 2> "$T/err"
	}
	ask "$(scep-ca challenge --dir "$SITE/ca")"
	openssl verify -CAfile "$ROOT_CA" "$T/c.pem"
	openssl x509 -in "$T/c.pem" -noout -subject -nameopt oneline |
	    grep -q 'CN = dev'
	# A new key: the same one would be a retry, which needs no challenge.
	rsa_key "$T/k.pem"
	run -1 ask wrong
	grep -q 'failInfo: *badRequest' "$T/err"
}

@test "web: logs no secret, and escapes a device's text" {
	yields - enroll "$T/d" --serial SECRET-SERIAL
	echo nobody > "$SITE/devices.allow"
	# Our own device sends no such text.
	challenge=$(get_challenge)
	attributes "$T/plist" UDID=$'U\nforged: line' SERIAL=$'\u202eS' \
	    PRODUCT=iPhone14,5 VERSION=21A1 CHALLENGE="$challenge"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/message"
	post "$T/message"
	[ "$code" = 403 ]
	settled
	logged 'status=403 .*udid="U\\nforged: line"'
	for secret in "$challenge" \
	    "$(mcfg-get CHALLENGE "$T/d/attributes.plist")"; do
		run -1 grep -rqF -e "$secret" "$SITE/log" "$SITE/ledger.db"
	done
	run -1 grep -rqF -e "$PW" "$SITE/log" "$SITE/ledger.db"
	# It is a field if the device's signature was accepted.
	sed -E 's/ serial=SECRET-SERIAL( |$)/ /' "$SITE"/log/* > "$T/logs"
	run -1 grep -qF SECRET-SERIAL "$T/logs"
	run -1 grep -vE '^time=[0-9T:-]+Z ' "$SITE/log/mcfg.log"
	run -1 grep -E '^time=[^ ]+ forged' "$SITE/log/mcfg.log"
	run -1 grep -q $'\u202e' "$SITE/log/mcfg.log"
	grep -F 'udid="U\nforged: line" serial="\xe2\x80\xaeS"' \
	    "$SITE/log/mcfg.log" > "$T/lines"
	[ "$(grep -c 'path=/profile status=403 reason="mcfg-enrollment: ' \
	    "$T/lines")" -eq 1 ]
}

# bats test_tags=short
@test "web: every way to /enroll needs the password" {
	for p in /enroll //enroll /enroll/ /ENROLL /Enroll /%65nroll \
	    /%2fenroll /./enroll /x/../enroll '/enroll;x' /enroll.x \
	    '/enroll?x' /enroll%00 /enroll%20 '/enroll/.' /mcfg.cgi \
	    /mcfg.cgi/enroll //mcfg.cgi//enroll /CA/../enroll \
	    '/profile/../enroll' '/scep/../enroll' '/scep/..%2fenroll' \
	    '/\enroll' '/%5cenroll' "$SITE/mcfg.cgi/enroll"; do
		web "${p// /%20}"
		case $code in
		400|401|403|404) ;;
		*) echo "$p: $code"; cat "$T/head"; false ;;
		esac
		run -1 grep -q 'Profile Service' "$T/body"
	done
	web /enroll
	[ "$code" = 401 ]
	# Apache's module cannot announce a charset.
	if [ "$WEB" = apache ]; then
		[ "$(header WWW-Authenticate)" = 'Basic realm="Enrollment"' ]
	else
		[ "$(header WWW-Authenticate)" = \
		    'Basic realm="Enrollment", charset="UTF-8"' ]
	fi
	for u in "jane:wrong" "jane:" ":$PW" "jo:$PW" "Jane:$PW"; do
		web /enroll -u "$u"
		[ "$code" = 401 ]
	done
	web /enroll -H 'Remote-User: jane' -H 'REMOTE_USER: jane' \
	    -H 'X-Remote-User: jane'
	[ "$code" = 401 ]
}

four_names_refused() {
	[ "$(grep 403 "$SITE/log/mcfg.log" |
	    grep -c 'mcfg-enrollment: --user: .* not UTF-8, or')" -ge 4 ]
}

@test "web: accepts user names in any script, and refuses invalid text" {
	for name in 'jürgen' 山田 '😀'; do
		add_user "$name"
		yields - enroll_as "$name" "$T/$name"
		logged_line 200 "profile service for $name"
		NAME=$name enrollments "__import__('os').environ['NAME'] in
		    [e['user'] for e in j]"
	done
	web /enroll -u "JÜRGEN:$PW"
	[ "$code" = 401 ]
	for name in $'j\xfcrgen' $'\xed\xa0\x80' $'jane\u202e' \
	    $'\u200bjane'; do
		add_user "$name"
		web /enroll -u "$name:$PW"
		[ "$code" = 403 ]
	done
	settled
	awaits 'four refusals in the log' four_names_refused
	run -1 grep -q $'\u202e' "$SITE/log/mcfg.log"
}

# bats test_tags=short
@test "web: a cross-site request does not enroll" {
	web /enroll -u "jane:$PW" -H 'Sec-Fetch-Site: cross-site'
	[ "$code" = 403 ]
	is_refused_page "$T/body"
}

# bats test_tags=short
@test "web: an invitation enrolls one device, and its token is in no log" {
	link=$(mcfg-enrollment invite --config "$SITE/site.yaml" --user=jane)
	local to=${link#"$URL"} token=${link##*/} form
	web "$to" -H 'Accept-Language: de'
	[ "$code" = 200 ]
	[ "$(header Cache-Control)" = no-store ]
	[ "$(header Referrer-Policy)" = no-referrer ]
	header Content-Security-Policy | grep -q "form-action 'self'"
	grep -q '>jane<' "$T/body"
	grep -q '<form method="post">' "$T/body"
	# A page of another site could send these.
	for form in 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' \
	    'Origin: https://example.com' "Origin: http://${URL#https://}" \
	    "Origin: $URL.example.com"; do
		web "$to" -d '' -H "$form"
		[ "$code" = 403 ] || { echo "$form: $code"; false; }
		is_refused_page "$T/body"
	done
	mcfg-enrollment list --config "$SITE/site.yaml" --state started \
	    --user jane --json > "$T/before"
	# Browsers send "Origin: null" because of the page's Referrer-Policy.
	# The invitation is not used up until a device identifies itself.
	web "$to" -d '' -H 'Sec-Fetch-Site: same-origin' -H 'Origin: null'
	[ "$code" = 200 ]
	web "$to" -d '' -H "Origin: $URL"
	[ "$code" = 200 ]
	[ "$(header Content-Type)" = application/x-apple-aspen-config ]
	mcfg-enrollment list --config "$SITE/site.yaml" --state started \
	    --user jane --json > "$T/after"
	[ "$(grep -c '"id"' "$T/after")" -eq \
	    $(($(grep -c '"id"' "$T/before") + 1)) ]
	unsign "$T/body" "$T/service"
	attributes "$T/plist" UDID=invited VERSION=1 PRODUCT=iPhone1,1 \
	    SERIAL=invited CHALLENGE="$(plist_key "$T/service" \
	    "p['PayloadContent']['Challenge']")"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/message"
	post "$T/message"
	[ "$code" = 200 ]
	web "$to" -d '' -H 'Sec-Fetch-Site: same-origin'
	[ "$code" = 403 ]
	web "$to"
	[ "$code" = 403 ]
	is_refused_page "$T/body"
	# Every spelling, and every failure.
	for form in "$to?x=$token" "/$to" "/%69/$token" "/./i/$token" \
	    "/x/..$to" "/i//$token" "$to/" "$to%0a" "$to%ff" "/i/$token%00" \
	    "/I/$token" "//I/$token" "/%49/$token" "/x/I/$token" \
	    "/invite/$token" "/i;$token" "/i$token" "/i%20$token" \
	    "/j/$token" "/$token" "/enroll/$token" "/scep/$token" \
	    "$to%" "/%zz$to"; do
		web "$form" || :
		web "$form" -d x || :
		web_plain "$form"
		web_plain "$form" -d x
	done
	web_plain "$to"
	web "$to" -X PUT -d x
	[ "$code" = 405 ]
	web "$to" -I
	# No browser sends these.
	for form in "GET $to HTTP/9.9" "GET $to" "GET $to HTTP/1.1 x" \
	    "G@T $to HTTP/1.1" "GET http://[$to HTTP/1.1" \
	    "GET https://localhost$to HTTP/1.1"; do
		printf '%s\r\nHost: localhost\r\nb\001d:\002\r\n\r\n' "$form" |
		    timeout 20 openssl s_client -quiet -connect \
		    "${URL#https://}" > "$T/answer" 2>&1 || :
	done
	web "/i/$token$(head -c 9000 /dev/zero | tr '\0' x)" || :
	head -c 70000 /dev/zero > "$T/large"
	web "$to" --data-binary "@$T/large" || :
	web /i/
	[ "$code" = 404 ]
	if [ -n "${WORKERS:-}" ]; then
		kill -TERM "$WORKERS"
		awaits "the end of $WORKERS" gone "$WORKERS"
		web "$to"
		[ "${code#5}" != "$code" ]
		# A browser then asks for an icon, and names this page unless
		# it must not.
		[ "$(header Referrer-Policy)" = no-referrer ] ||
		    web /favicon.ico -e "$link"
		start_workers
		echo "$WORKERS" > "$BATS_FILE_TMPDIR/workers"
	fi
	# The log may be written after the answer.
	mark end
	awaits 'the address in the log' grep -q '/i/-' "$SITE"/log/*access*
	logged '/i/-.*invitation'
	cat "$SITE.stderr" "$SITE"/log/* "$SITE.nginx"/*.log \
	    "$SITE.apache"/*.log > "$T/logs" 2> /dev/null || :
	run -1 grep -aF "$token" "$T/logs"
}

# bats test_tags=short
@test "web: a forged Host or Proxy header changes nothing" {
	for h in 'Host: evil.example' 'Host: evil.example:443' \
	    'X-Forwarded-Host: evil.example' 'Proxy: http://evil.example'; do
		get_profile "$T/p" -H "$h"
		plist_is "$T/p" \
		    "p['PayloadContent']['URL'] == '$URL/profile'"
		[ "$FORM" = service ] || run -1 grep -qi '^https*_proxy=.' \
		    "$BATS_FILE_TMPDIR/environment"
	done
}

# bats test_tags=short
@test "web: refuses other methods, unknown pages and bodies of the wrong length" {
	web /profile -X POST
	case $code in 400|411) ;; *) echo "$code"; false ;; esac
	head -c 70000 /dev/zero > "$T/big"
	web_large /profile "$T/big"
	[ "$code" = 413 ]
	web_large /profile "$T/big" -H 'Transfer-Encoding: chunked'
	[ "$code" = "$(chunked 413)" ]
	web /profile --data-binary abc -H 'Content-Length: -3'
	[ "$code" = 400 ]
	web /profile -X PUT --data-binary abc
	[ "$code" = 405 ]
	[ "$(header Allow)" = POST ]
	web /profile
	[ "$code" = 405 ]
	web /nothing
	[ "$code" = 404 ]
	web /scepx
	[ "$code" = 404 ]
	nothing_left
}

# chunked STATUS: prints the status for a message in chunks, if it is STATUS for
# one with a length.  Apache would store chunks on disk before it counts them,
# and so refuses them.
chunked() {
	if [ "$WEB" = apache ]; then echo 411; else echo "$1"; fi
}

# bats test_tags=short
@test "web: accepts a chunked message, except Apache, which asks for its length" {
	phase2 "$(get_challenge)"
	post "$T/message" -H 'Transfer-Encoding: chunked' --http1.1
	[ "$code" = "$(chunked 200)" ]
	nothing_left
}

# bats test_tags=short
@test "web: refuses an endless body, and stores none of it" {
	[ -d /proc/self/fd ] || skip 'no /proc here'
	# shellcheck disable=SC2046,SC2086 # process ids
	python3 - "$PORT" "$PLAIN" "$ROOT_CA" "$SITE" $(descendants \
	    $SERVER ${WORKERS:-}) <<-'PY'
	import os, socket, ssl, stat, sys
	port, plain, ca, site, pids = (int(sys.argv[1]), int(sys.argv[2]),
	    sys.argv[3], sys.argv[4], sys.argv[5:])
	tls = ssl.create_default_context(cafile=ca)
	MIB = 1 << 20

	def memory():
	    total = 0
	    for p in pids:
	        try:
	            for line in open('/proc/%s/status' % p):
	                if line.startswith('VmRSS'):
	                    total += int(line.split()[1]) * 1024
	        except OSError:
	            pass
	    return total

	# The largest temporary file that one of them has open.
	def largest():
	    most = 0
	    for p in pids:
	        try:
	            for fd in os.listdir('/proc/%s/fd' % p):
	                path = '/proc/%s/fd/%s' % (p, fd)
	                try:
	                    sb, name = os.stat(path), os.readlink(path)
	                except OSError:
	                    continue
	                if stat.S_ISREG(sb.st_mode) and not (
	                    name.startswith(site) and name.endswith(('.log',
	                    '.db', '.db-wal', '.db-shm'))):
	                    most = max(most, sb.st_size)
	        except OSError:
	            pass
	    return most

	# The status so far, if any: TLS may have sent something else.
	def answer(s):
	    s.settimeout(0)
	    try:
	        return s.recv(100)[9:12]
	    except (ssl.SSLWantReadError, BlockingIOError):
	        return None
	    finally:
	        s.settimeout(60)

	def endless(at, path):
	    s = socket.create_connection(('localhost', at), timeout=60)
	    if at == port:
	        s = tls.wrap_socket(s, server_hostname='localhost')
	    before, code, sent = memory(), None, 0
	    try:
	        s.sendall(b'POST ' + path + b' HTTP/1.1\r\nHost: localhost\r\n'
	            b'Transfer-Encoding: chunked\r\n\r\n')
	        while sent < 64 and code is None:
	            s.sendall(b'100000\r\n' + b'x' * MIB + b'\r\n')
	            sent += 1
	            code = answer(s)
	    except OSError:
	        pass	# it hung up before its answer was read
	    kept, grown = largest(), memory() - before
	    s.close()
	    assert code in (b'411', b'413', b'', None), (path, code)
	    assert sent < 64, (path, 'it went on reading')
	    assert kept < MIB and grown < 32 * MIB, (path, kept, grown)

	endless(port, b'/profile')
	endless(port, b'/scep?operation=PKIOperation')
	endless(port, b'/nothing')
	endless(plain, b'/scep?operation=PKIOperation')
	endless(plain, b'/crl')
	PY
	web /CA
	[ "$code" = 200 ]
}

# bats test_tags=short
@test "web: a response does not repeat the request" {
	web /enroll -X TRACE -H 'Authorization: Basic bWFyazptYXJr'
	case $code in 401|403|405|501) ;; *) echo "$code"; false ;; esac
	run -1 grep -q bWFyazptYXJr "$T/body"
	code=$(curl -sS -o "$T/body" -w '%{http_code}' -X TRACE \
	    -H 'X-Mark: bWFyazptYXJr' "http://localhost:$PLAIN/scep")
	[ "$code" != 200 ]
	run -1 grep -q bWFyazptYXJr "$T/body"
}

# bats test_tags=short
@test "web: typed names and passwords are in no log" {
	basic() {
		web /enroll -H "Authorization: Basic $1"
		[ "$code" != 200 ]
	}
	web /enroll -u 'typed-unknown:typed-password'
	[ "$code" = 401 ]
	web /enroll -u 'jane:typed-password'
	basic "$(printf typed-alone | base64)"
	basic 'typed-no-base64!'
	basic "$(printf 'typed-a IP: 1.2.3.4 username: b:typed-p' | base64)"
	# Now the lines of the earlier requests are written.
	mark typed
	run -1 grep -rE 'typed-|jane IP|dHlwZWQ' "$SITE/log"
	[ "$WEB" != lighttpd ] ||
	    grep -q "password doesn't match for /enroll username: - IP: 127" \
	    "$SITE/log/error.log"
}

# bats test_tags=short
@test "web: limits how fast passwords can be tried" {
	[ "$WEB" = nginx ] || skip "$WEB has no limit for it"
	# From an address that no other test uses.
	tries() {
		curl -sS --cacert "$ROOT_CA" --interface 127.0.0.77 "$@" \
		    -o /dev/null -w '%{http_code}\n' "$URL/enroll?[1-400]"
	}
	from=$(date +%s)
	tries -u nobody:wrong > "$T/codes"
	to=$(date +%s)
	[ "$(sort -u "$T/codes" | tr '\n' ' ')" = '401 429 ' ] ||
	    [ $((to - from)) -gt 50 ]
	[ "$(grep -cx 401 "$T/codes")" -le $((101 + 5 * (to - from + 1))) ]
	# Neither requests without a password nor other clients are limited.
	[ "$(tries | sort -u)" = 401 ]
	get_profile "$T/p"
}

# bats test_tags=short
@test "web: a body that stops does not delay others" {
	# It announces more than it sends, and closes.
	python3 - "$PORT" "$ROOT_CA" <<-'PY'
	import socket, ssl, sys
	c = ssl.create_default_context(cafile=sys.argv[2])
	s = c.wrap_socket(socket.create_connection(('localhost',
	    int(sys.argv[1]))), server_hostname='localhost')
	s.sendall(b'POST /profile HTTP/1.1\r\nHost: localhost\r\n'
	    b'Content-Length: 5000\r\n\r\nabc')
	s.close()
	PY
	web /
	[ "$code" = 200 ]
	nothing_left
}

@test "web: twenty devices at once get one certificate each" {
	pids=()
	for n in $(seq 20); do
		enroll_as "user$n" "$T/$n" --udid "TWENTY-$n" \
		    --serial "SERIAL-$n" 3>&- &
		pids+=("$!")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	for n in $(seq 20); do
		openssl x509 -in "$T/$n/identity.pem" -noout -serial
	done | sort -u > "$T/serials"
	[ "$(wc -l < "$T/serials")" -eq 20 ]
	enrollments "len({e['certificate'] for e in j
	    if (e['udid'] or '').startswith('TWENTY')}) == 20"
	for n in $(seq 20); do
		enrollments "[(e['user'], e['state']) for e in j
		    if e['udid'] == 'TWENTY-$n'] == [('user$n', 'configured')]"
		plist_is "$T/$n/profile.mobileconfig" \
		    "(p['PayloadContent'][1]['PayloadContent']['Subject'][2] ==
		    [['CN', 'user$n']])"
	done
}

@test "web: of many replies with one challenge, one is accepted" {
	get_profile "$T/service"
	c=$(plist_key "$T/service" "p['PayloadContent']['Challenge']")
	pids=()
	for n in $(seq 8); do
		attributes "$T/plist$n" UDID="RACE-$n" SERIAL="R-$n" \
		    PRODUCT=iPhone14,5 VERSION=1 CHALLENGE="$c"
		sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist$n" "$T/answer$n"
	done
	for n in $(seq 8); do
		curl -sS --cacert "$ROOT_CA" -o "$T/body$n" \
		    -w '%{http_code}\n' --data-binary "@$T/answer$n" \
		    "$URL/profile" > "$T/code$n" 3>&- &
		pids+=("$!")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	cat "$T"/code? > "$T/codes"
	[ "$(grep -cx 200 "$T/codes")" -eq 1 ]
	[ "$(grep -cx 403 "$T/codes")" -eq 7 ]
	enrollments "len([e for e in j
	    if (e['udid'] or '').startswith('RACE')]) == 1"
}

# bats test_tags=short
@test "web: the plain port serves only /scep and /crl" {
	at() {
		curl -sS -o "$T/body" -w '%{http_code}' \
		    "http://localhost:$PLAIN$1" "${@:2}"
	}
	[ "$(at '/scep?operation=GetCACert')" = 200 ]
	openssl x509 -inform DER -in "$T/body" -noout
	[ "$(at '/scep/pkiclient.exe?operation=GetCACaps')" = 200 ]
	case $(at /crl) in 200|404) ;; *) false ;; esac
	for p in / /CA /enroll /profile /scepx //enroll /crl/../enroll \
	    /scep/../enroll /scep%2f..%2fenroll /CRL; do
		case $(at "$p" --path-as-is -u "jane:$PW") in
		403) ;;
		404) [[ $p == *%2f* ]] ;;
		*) echo "$p"; cat "$T/body"; false ;;
		esac
	done
	web /
	[ "$code" = 200 ]
}

# bats test_tags=short
@test "web: refuses TLS older than 1.2" {
	run -35 curl -sS --cacert "$ROOT_CA" --tls-max 1.1 --tlsv1.0 \
	    --ciphers 'ALL:@SECLEVEL=0' "$URL/"
	curl -sS --cacert "$ROOT_CA" --tls-max 1.2 -o /dev/null "$URL/"
}

# bats test_tags=short
@test "web: answers every form of a SCEP request" {
	rsa_key "$T/key"
	chmod 600 "$T/key"
	CH=$(scep-ca challenge --dir "$SITE/ca") scep-request \
	    --ca "$SITE/ca/cert.pem" --key "$T/key" --subject /CN=forms \
	    --challenge env:CH --state "$T/state" -o "$T/request"
	bought() {
		[ "$code" = 200 ]
		[ "$(header Content-Type)" = application/x-pki-message ]
		scep-response --state "$T/state" --key "$T/key" \
		    --ca "$SITE/ca/cert.pem" -o "$T/cert" "$T/body"
		openssl verify -CAfile "$ROOT_CA" "$T/cert"
	}
	op='/scep?operation=PKIOperation'
	web "$op" --data-binary "@$T/request"
	bought
	web "/scep/pkiclient.exe?operation=PKIOperation" \
	    --data-binary "@$T/request"
	bought
	web "$op" --data-binary "@$T/request" -H 'Transfer-Encoding: chunked'
	[ "$code" = "$(chunked 200)" ]
	[ "$code" = 411 ] || bought
	# GET with a plus, all escaped, and with line ends up to 6 KB.
	b64=$(base64 -w0 "$T/request")
	web "$op&message=$b64"
	bought
	web "$op&message=$(printf '%s' "$b64" |
	    sed 's/+/%2B/g; s/\//%2F/g; s/=/%3D/g')"
	bought
	long=$(base64 -w60 "$T/request" |
	    awk '{ gsub(/[+]/, "%2B"); printf "%s%%0D%%0A", $0 }')
	while [ "${#long}" -lt 6144 ]; do
		long=$long%0D%0A%0D%0A%0D%0A%0D%0A%0D%0A%0D%0A%0D%0A%0D%0A
	done
	web "$op&message=$long"
	bought

	web "$op" -X POST -H 'Content-Length: 0'
	[ "$code" = 400 ]
	web "$op" -X PUT --data-binary "@$T/request"
	[ "$code" = 405 ]
	[ "$(header Allow)" = 'GET, HEAD, POST' ]
	head -c 65537 /dev/zero > "$T/large"
	web_large "$op" "$T/large"
	[ "$code" = 413 ]
	web_large "$op" "$T/large" -H 'Transfer-Encoding: chunked'
	[ "$code" = "$(chunked 413)" ]
	nothing_left
}

@test "web: slow senders do not keep others out" {
	python3 - "$PORT" "$ROOT_CA" <<-'PY'
	import socket, ssl, sys
	c = ssl.create_default_context(cafile=sys.argv[2])
	def connect():
	    return c.wrap_socket(socket.create_connection(('localhost',
	        int(sys.argv[1])), timeout=600), server_hostname='localhost')
	# The server has sent nothing, and not closed.
	def waits(s):
	    s.settimeout(0)
	    try:
	        s.recv(1)
	    except ssl.SSLWantReadError:
	        return True
	    except OSError:
	        pass
	slow = []
	for path in ['/profile', '/scep?operation=PKIOperation'] * 12:
	    s = connect()
	    s.sendall(b'POST ' + path.encode() + b' HTTP/1.1\r\n'
	        b'Host: localhost\r\nContent-Length: 60000\r\n\r\n' +
	        b'x' * 40000)
	    slow.append(s)
	for path in ['/CA', '/scep?operation=GetCACaps']:
	    s = connect()
	    s.sendall(b'GET ' + path.encode() + b' HTTP/1.0\r\n'
	        b'Host: localhost\r\n\r\n')
	    answer = s.recv(100)
	    assert b' 200 ' in answer, (path, answer)
	assert any(map(waits, slow)), 'the others were waited for'
	PY
}

# bats test_tags=short
@test "web: logs one line for each request, without text that a client typed" {
	head -c 70000 /dev/zero > "$T/big"
	mark begin
	web /
	web /nothing
	web /enroll
	web /enroll -u "$PW:$PW"
	web /enroll -u $'jane\nforged: line:x'
	web /profile --data-binary typed-body -A typed-agent -e typed-referer
	web '/scep?operation=GetCACaps&x=typed-query'
	web $'/\u202eforged?typed-query'
	web "/%0aforged:%20line"
	web_large /profile "$T/big"
	# Each thread of Apache writes its line when it likes.
	awaits 'ten lines in the log' lines_since_begin 10
	mark end
	between "$SITE"/log/*access.log > "$T/access"
	[ "$(wc -l < "$T/access")" -eq 10 ]
	# mcfg.log lacks what the server itself refused.
	lines=('path=/ status=200' 'path=/nothing status=404'
	    'path=/profile status=400' 'path="/.*forged" status=404')
	for line in "${lines[@]}" 'operation=GetCACaps .*status=200'; do
		awaits "one line in the log: $line" one_between "$line"
	done
	between "$SITE/log/mcfg.log" > "$T/log"
	[ "$(wc -l < "$T/log")" -le 7 ]
	run -1 grep -rE 'typed-(body|agent|referer|query)|^(time=[^ ]+ )?forged' "$SITE/log"
	run -1 grep -rqF -e "$PW" "$SITE/log"
	# Only the name of a user who logged in may be in another script.
	python3 - "$SITE"/log/*.log <<-'PY'
	import sys
	for path in sys.argv[1:]:
	    for line in open(path, encoding="utf-8", newline="\n"):
	        line = line.rstrip("\n")
	        assert line.replace("\t", "").isprintable(), (path, line)
	        before, _, _ = line.partition(" profile service for ")
	        assert before.isascii(), (path, line)
	PY
}

@test "web: two sites on one machine do not touch each other" {
	first=$SITE first_url=$URL first_ca=$ROOT_CA
	first_server=$SERVER first_workers=${WORKERS:-}
	SITE=$BATS_FILE_TMPDIR/another
	make_site
	serve
	started=("$SERVER" ${WORKERS:+"$WORKERS"})
	yields - enroll "$T/d" --udid ANOTHER
	enrollments "[e['udid'] for e in j] == ['ANOTHER']"
	other=$SITE
	run -1 cmp -s "$first/ca/root.pem" "$other/ca/root.pem"

	# A challenge and an identity of one are worthless at the other.
	get_profile "$T/service"
	c=$(plist_key "$T/service" "p['PayloadContent']['Challenge']")
	URL=$first_url SITE=$first ROOT_CA=$first_ca
	phase2 "$c"
	post "$T/message"
	[ "$code" = 403 ]
	again "$T/d"
	[ "$code" = 403 ]
	enrollments "'ANOTHER' not in [e['udid'] for e in j]"
	settled
	run -1 grep -rq ANOTHER "$SITE/log"

	# One stops, the other keeps running.
	(SITE=$other unserve)
	SERVER=$first_server WORKERS=$first_workers
	web /CA
	[ "$code" = 200 ]
	web '/scep?operation=GetCACaps'
	[ "$code" = 200 ]
}

# descendants PID...: prints these, and all that they started.
descendants() {
	local p

	for p; do
		echo "$p"
		# shellcheck disable=SC2046 # process ids
		descendants $(cat "/proc/$p/task/$p/children" 2> /dev/null)
	done
}

@test "web: a device that tries everything finds no error" {
	run -0 enroll "$T/d" --server-only-checks
	printf '%s\n' "$output" | grep -v '^right ' || :
	[ "$(printf '%s\n' "$output" | grep -c '^right ')" -ge 80 ]
	[[ ${lines[-1]} == *' right, 0 wrong, 0 not offered or not reached' ]]
}

# insist N: device N enrolls, and starts over if it fails.
insist() {
	local n=$1

	for _ in $(seq 30); do
		rm -rf "${T:?}/$n"
		! enroll_as "user$n" "$T/$n" --udid "KILLED-$n" \
		    > /dev/null 2>> "$T/$n.failed" || return 0
		awaits 'the server' \
		    curl -s -o "$T/$n.up" --cacert "$ROOT_CA" "$URL/CA"
	done
	return 1
}

@test "web: killed amid twenty enrollments, it completes them after a restart" {
	[ "$FORM" = cgi ] || skip 'mcfg-service.bats kills at each system call'
	# The lock holds some in phase 3; the others may be anywhere.
	exec 6> "$BATS_FILE_TMPDIR/hold"
	flock 6
	for n in $(seq 20); do
		insist "$n" 3>&- 6>&- 7>&- &
		pids+=("$!")
	done
	awaits -p "${pids[0]}" 'phase 3' [ -e "$BATS_FILE_TMPDIR/held" ]
	# shellcheck disable=SC2046,SC2086 # process ids
	mapfile -t old < <(descendants $SERVER ${WORKERS:-})
	if [ "$WEB" = lighttpd ]; then
		kill -KILL "$(cat "$SITE/run/lighttpd.pid")"
	else
		# shellcheck disable=SC2046 # process ids
		kill -KILL $(descendants "$SERVER") "$WORKERS"
	fi
	exec 6>&-
	for p in "${old[@]}"; do
		awaits "the end of $p" gone "$p"
	done
	serve --scep-http-port "$PLAIN"
	started=("$SERVER" ${WORKERS:+"$WORKERS"})
	for p in "${pids[@]}"; do
		wait "$p"
	done
	cat "$T"/*.failed > "$T/failed"
	[ -s "$T/failed" ]
	enrollments "len([e for e in j if e['state'] == 'configured' and
	    (e['udid'] or '').startswith('KILLED')]) == 20"
	enrollments "len({e['certificate'] for e in j if e['certificate']}) ==
	    len([e for e in j if e['certificate']])"
	scep-ca check --dir "$SITE/ca"
	nothing_left
}
