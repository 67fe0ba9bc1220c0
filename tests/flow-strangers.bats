#!/usr/bin/env bats
# Clients that are not ours: a device made of curl and the openssl command, and
# strongSwan's SCEP client.

load helpers
load flow
code=''	# of web()

setup_file() {
	command -v lighttpd > /dev/null || [ -x /usr/sbin/lighttpd ] ||
	    skip 'lighttpd is not installed'
	make_site
	PLAIN=$(free_port)
	export PLAIN
	serve --scep-http-port "$PLAIN"
}

teardown_file() {
	unserve
}

@test "strangers: a device of curl and openssl walks phases 1 and 2" {
	# Phase 1.
	get_profile "$T/service"
	challenge=$(plist_key "$T/service" "p['PayloadContent']['Challenge']")
	to=$(plist_key "$T/service" "p['PayloadContent']['URL']")
	[ "$to" = "$URL/profile" ]

	# Phase 2: as an iPhone signs, in BER, and as a Mac, with no attributes.
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

@test "strangers: the macOS form of the answer is read as well" {
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

@test "strangers: strongSwan buys the identity, openssl opens the profile" {
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

	openssl genrsa -out "$T/k.pem" 2048 2> /dev/null
	pki --scep --url "$http" --in "$T/k.pem" \
	    --dn "/$(key "['Subject'][0][0][0]")=$(key \
	    "['Subject'][0][0][1]")/$(key "['Subject'][1][0][0]")=$(key \
	    "['Subject'][1][0][1]")" --password "$(key "['Challenge']")" \
	    --cacert-enc "$T/ca.pem" --cacert-sig "$T/ca.pem" \
	    --cacert "$T/ca.pem" --outform pem > "$T/c.pem" 2> "$T/err" ||
	    { cat "$T/err"; false; }
	openssl verify -CAfile "$ROOT_CA" "$T/c.pem"

	# Phase 3, again by openssl and curl, with SHA-1 as Apple's call does.
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

@test "strangers: strongSwan with an operator's challenge, plain HTTP" {
	needs pki
	http=http://localhost:$PLAIN/scep
	pki --scepca --url "$http" --caout "$T/ca.pem" --raout "$T/ra.pem" \
	    --outform pem > "$T/out" 2>&1
	openssl genrsa -out "$T/k.pem" 2048 2> /dev/null
	ask() {
		pki --scep --url "$http" --in "$T/k.pem" --dn "O=acme, CN=dev" \
		    --password "$1" --cacert-enc "$T/ca.pem" \
		    --cacert-sig "$T/ca.pem" --cacert "$T/ca.pem" \
		    --outform pem > "$T/c.pem" 2> "$T/err"
	}
	ask "$(scep-ca challenge --dir "$SITE/ca")"
	openssl verify -CAfile "$ROOT_CA" "$T/c.pem"
	openssl x509 -in "$T/c.pem" -noout -subject | grep -q 'CN = dev'
	# The same key again may be a retry, which needs no challenge.
	openssl genrsa -out "$T/k.pem" 2048 2> /dev/null
	run ! ask wrong
}
