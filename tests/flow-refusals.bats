#!/usr/bin/env bats
# Refusals, which change nothing, over a real web server, with messages made by
# openssl.

load helpers
load flow
code=''	# of web()

setup_file() {
	needs_web || return 0
	make_site
	serve
	# An enrolled device, which others will pretend to be.
	enroll "$BATS_FILE_TMPDIR/good" --udid GOOD --serial GOOD-1
	# From here on, the ledger must not change.
	enrollments "[e['state'] for e in j] == ['configured']"
	GOOD=$BATS_FILE_TMPDIR/good
	export GOOD
}

teardown_file() {
	unserve
}

# state: prints everything that the site has recorded.
state() {
	mcfg-enrollment list --json --config "$SITE/site.yaml"
	scep-ca list --dir "$SITE/ca" --json
}

# forbidden FILE: gets the same 403 as any other refusal, and changes nothing.
forbidden() {
	state > "$T/before"
	post "$1"
	state > "$T/after"
	if [ "$code" != 403 ]; then
		echo "code $code"
		tail -3 "$SITE/log/mcfg.log"
		return 1
	fi
	cmp "$T/before" "$T/after"
	is_refused_page "$T/body"
	grep -viE '^(date|content-length):' "$T/head" > "$T/head.now"
	[ -e "$BATS_FILE_TMPDIR/head" ] ||
	    cp "$T/head.now" "$BATS_FILE_TMPDIR/head"
	cmp "$T/head.now" "$BATS_FILE_TMPDIR/head"
	nothing_left
}

@test "refusals: a challenge that is wrong, spent, expired or missing" {
	phase2 "$(noise 24 | base64 | tr +/ -_)"
	forbidden "$T/message"
	phase2 ''
	forbidden "$T/message"
	attributes "$T/plist" UDID=U-1 SERIAL=S-1
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/message"
	forbidden "$T/message"

	c=$(get_challenge)
	phase2 "$c"
	post "$T/message"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/scep"
	forbidden "$T/message"

	# The challenge for SCEP is not valid here.
	phase2 "$(plist_key "$T/scep" \
	    "p['PayloadContent'][0]['PayloadContent']['Challenge']")"
	forbidden "$T/message"

	phase2 "$(mcfg-enrollment start --config "$SITE/site.yaml" \
	    --user=jane --ttl 1s --at 2020-01-01T00:00:00Z)"
	forbidden "$T/message"
}

@test "refusals: another site's challenge" {
	other=$(SITE=$T/other; mcfg-site "$SITE" > /dev/null
	    mcfg-enrollment start --config "$SITE/site.yaml" --user=jane)
	phase2 "$other"
	forbidden "$T/message"
}

@test "refusals: the sixth open challenge voids the first" {
	first=$(mcfg-enrollment start --config "$SITE/site.yaml" --user=many)
	for _ in 1 2 3 4; do
		last=$(mcfg-enrollment start --config "$SITE/site.yaml" \
		    --user=many)
	done
	sixth=$(mcfg-enrollment start --config "$SITE/site.yaml" --user=many)
	phase2 "$first"
	forbidden "$T/message"
	for c in "$last" "$sixth"; do
		phase2 "$c"
		post "$T/message"
		[ "$code" = 200 ]
	done
}

@test "refusals: phase 2 not signed by a factory identity" {
	c=$(get_challenge)
	attributes "$T/plist" UDID=U-1 CHALLENGE="$c"
	# Self-signed with the factory's name, from another factory, and the
	# site's signer.
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/ca.key" \
	    -subj "$(openssl x509 -in "$SITE/device-ca.pem" -noout -subject \
	    -nameopt compat | sed 's/^subject= *//')" -out "$T/ca.pem" \
	    2> /dev/null
	openssl req -new -newkey rsa:2048 -nodes -keyout "$T/d.key" \
	    -subj /CN=device -out "$T/d.csr" 2> /dev/null
	openssl x509 -req -in "$T/d.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" \
	    -set_serial 1 -out "$T/d.pem" 2> /dev/null
	sign_as "$T/d.pem" "$T/d.key" "$T/plist" "$T/message"
	forbidden "$T/message"
	sign_as "$PKI/device.pem" "$PKI/device.key" "$T/plist" "$T/message"
	forbidden "$T/message"
	sign_as "$SITE/signer/cert.pem" "$SITE/signer/key.pem" "$T/plist" \
	    "$T/message"
	forbidden "$T/message"
	# The challenge is still valid.
	phase2 "$c"
	post "$T/message"
	[ "$code" = 200 ]
}

@test "refusals: a byte that was changed after signing" {
	phase2 "$(get_challenge)" NOTE=unchanged
	flip_byte "$T/message" unchanged
	forbidden "$T/message"
}

@test "refusals: phase 3 with a certificate that only has our CA's name" {
	openssl x509 -in "$ROOT_CA" -noout -subject -nameopt RFC2253 > "$T/name"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/ca.key" \
	    -subj "/O=Example, Inc./CN=Example, Inc. CA" -out "$T/ca.pem" \
	    2> /dev/null
	[ "$(openssl x509 -in "$T/ca.pem" -noout -subject -nameopt RFC2253)" \
	    = "$(cat "$T/name")" ]
	openssl x509 -in "$GOOD/identity.pem" -noout -serial > "$T/serial"
	openssl req -new -newkey rsa:2048 -nodes -keyout "$T/d.key" \
	    -subj /CN=device -out "$T/d.csr" 2> /dev/null
	openssl x509 -req -in "$T/d.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" \
	    -set_serial "0x$(sed 's/serial=//' "$T/serial")" \
	    -out "$T/d.pem" 2> /dev/null
	attributes "$T/plist" UDID=GOOD SERIAL=GOOD-1
	sign_as "$T/d.pem" "$T/d.key" "$T/plist" "$T/message" \
	    -certfile "$ROOT_CA"
	forbidden "$T/message"
	# It is refused too if the message contains its CA.
	sign_as "$T/d.pem" "$T/d.key" "$T/plist" "$T/message" \
	    -certfile "$T/ca.pem"
	forbidden "$T/message"
}

@test "refusals: phase 3 with a certificate that has another purpose" {
	attributes "$T/plist" UDID=GOOD SERIAL=GOOD-1
	# That of TLS, the signer, the CA and the operator, and one issued for
	# an operator's challenge.
	openssl req -new -newkey rsa:2048 -nodes -keyout "$T/c.key" \
	    -subj /CN=client -out "$T/c.csr" 2> /dev/null
	scep-ca issue --dir "$SITE/ca" --csr "$T/c.csr" --profile client \
	    > "$T/c.pem"
	for who in tls signer; do
		sign_as "$SITE/$who/cert.pem" "$SITE/$who/key.pem" "$T/plist" \
		    "$T/message"
		forbidden "$T/message"
	done
	sign_as "$SITE/ca/cert.pem" "$SITE/ca/key.pem" "$T/plist" "$T/message"
	forbidden "$T/message"
	sign_as "$T/c.pem" "$T/c.key" "$T/plist" "$T/message"
	forbidden "$T/message"

	rsa_key "$T/m.key"
	chmod 600 "$T/m.key"
	CH=$(scep-ca challenge --dir "$SITE/ca") scep-request \
	    --ca "$SITE/ca/cert.pem" --key "$T/m.key" --subject /CN=manual \
	    --challenge env:CH --state "$T/state" -o "$T/request"
	web '/scep?operation=PKIOperation' --data-binary "@$T/request"
	scep-response --state "$T/state" --key "$T/m.key" \
	    --ca "$SITE/ca/cert.pem" -o "$T/m.pem" "$T/body"
	sign_as "$T/m.pem" "$T/m.key" "$T/plist" "$T/message"
	forbidden "$T/message"
}

@test "refusals: phase 3 with another UDID or serial number than phase 2" {
	for a in 'UDID=BAD SERIAL=GOOD-1' 'UDID=GOOD SERIAL=BAD' 'UDID=BAD'; do
		# shellcheck disable=SC2086 # two words
		attributes "$T/plist" $a
		sign_as "$GOOD/identity.pem" "$GOOD/identity-key.pem" \
		    "$T/plist" "$T/message"
		forbidden "$T/message"
	done
}

@test "refusals: two signers, and a factory's signature for phase 3" {
	attributes "$T/plist" UDID=GOOD SERIAL=GOOD-1
	openssl cms -sign -binary -nodetach -md sha256 -outform DER \
	    -signer "$GOOD/identity.pem" -inkey "$GOOD/identity-key.pem" \
	    -signer "$FACTORY" -inkey "$FACTORY_KEY" -in "$T/plist" \
	    -out "$T/message"
	forbidden "$T/message"
	# Without a challenge, a factory identity is useless.
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/message"
	forbidden "$T/message"
}

@test "refusals: a device cannot set the site's variables" {
	cp "$SITE/profile.yaml" "$T/kept"
	cat > "$SITE/profile.yaml" <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: com.example.vars
	PayloadDisplayName: "${USER}/${ENROLLMENT}"
	PayloadContent:
	  - PayloadType: com.apple.webClip.managed
	    Label: "${CHALLENGE}"
	    URL: https://example.com/
	YAML
	attributes "$T/plist" UDID=GOOD SERIAL=GOOD-1 USER=root \
	    ENROLLMENT=mine CHALLENGE=mine USER_mail=mine
	sign_as "$GOOD/identity.pem" "$GOOD/identity-key.pem" "$T/plist" \
	    "$T/message"
	post "$T/message"
	cp "$T/kept" "$SITE/profile.yaml"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/p"
	plist_is "$T/p" "(p['PayloadDisplayName'].startswith('jane/') and
	    'mine' not in p['PayloadDisplayName'])"
	mcfg-decrypt --key "$GOOD/identity-key.pem" \
	    --cert "$GOOD/identity.pem" "$T/p" > "$T/plain"
	plist_is "$T/plain" "p['PayloadContent'][0]['Label'] != 'mine'"
}

@test "refusals: an additional certificate does not become a recipient" {
	attributes "$T/plist" UDID=GOOD SERIAL=GOOD-1
	sign_as "$GOOD/identity.pem" "$GOOD/identity-key.pem" "$T/plist" \
	    "$T/message" -certfile "$PKI/client.pem"
	post "$T/message"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/p"
	python3 -c 'import plistlib, sys
open(sys.argv[2], "wb").write(plistlib.load(open(sys.argv[1],
    "rb"))["EncryptedPayloadContent"])' "$T/p" "$T/enveloped"
	openssl cms -cmsout -print -inform DER -in "$T/enveloped" > "$T/text"
	[ "$(grep -c 'd.ktri' "$T/text")" -eq 1 ]
	run -4 openssl cms -decrypt -binary -inform DER \
	    -recip "$PKI/client.pem" -inkey "$PKI/client.key" \
	    -in "$T/enveloped" -out "$T/plain"
	openssl cms -decrypt -binary -inform DER \
	    -recip "$GOOD/identity.pem" -inkey "$GOOD/identity-key.pem" \
	    -in "$T/enveloped" -out "$T/plain"
	plist_is "$T/plain" 'len(p) == 2'
}

@test "refusals: no device reads the profile of another" {
	for n in 1 2; do
		enroll "$T/$n"
	done
	mcfg-verify --ca "$ROOT_CA" -o "$T/p" "$T/1/09-profile.response"
	refuses 1 '' mcfg-decrypt --key "$T/2/identity-key.pem" \
	    --cert "$T/2/identity.pem" "$T/p"
	yields - mcfg-decrypt --key "$T/1/identity-key.pem" \
	    --cert "$T/1/identity.pem" "$T/p"
}
