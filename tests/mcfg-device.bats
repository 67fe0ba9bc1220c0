#!/usr/bin/env bats
# The simulated device: what it stores, and where it stops.

load helpers
load flow

setup_file() {
	needs_web || return 0
	make_site
	serve
}

teardown_file() {
	unserve
}

@test "mcfg-device: keeps every message, numbered" {
	yields - enroll "$T/a b"
	[ "$(cd "$T/a b" && printf "%s\n" * | tr '\n' ' ')" = "01-enroll.response \
02-profile.request 03-profile.response 04-getcacert.response \
05-getcacaps.response 06-pkioperation.request 07-pkioperation.response \
08-profile.request 09-profile.response attributes.plist identity-key.pem \
identity.pem profile.mobileconfig " ]
	xmllint --noout "$T/a b/attributes.plist"
	[ "$(openssl pkey -in "$T/a b/identity-key.pem" -pubout)" = \
	    "$(openssl x509 -in "$T/a b/identity.pem" -noout -pubkey)" ]
	[ -z "$(find "$T/a b" -perm /077)" ]
	# Signed as by devices: BER, SHA-1, with attributes.
	openssl cms -cmsout -print -inform DER \
	    -in "$T/a b/02-profile.request" > "$T/cms"
	grep -q 'algorithm: sha1' "$T/cms"
	grep -q 'signingTime' "$T/cms"
	openssl cms -verify -binary -noverify -inform DER \
	    -in "$T/a b/02-profile.request" -out "$T/plist" 2> /dev/null
	cmp "$T/plist" "$T/a b/attributes.plist"
}

@test "mcfg-device: sends only what it is asked for" {
	yields - enroll "$T/d" --udid 'A&B' --serial '<S>' --product iPad1,1
	plist_is "$T/d/attributes.plist" "(sorted(p) == ['CHALLENGE',
	    'PRODUCT', 'SERIAL', 'UDID', 'VERSION'] and
	    (p['UDID'], p['SERIAL'], p['PRODUCT']) == ('A&B', '<S>', 'iPad1,1'))"
	openssl cms -verify -binary -noverify -inform DER \
	    -in "$T/d/08-profile.request" -out "$T/plist" 2> /dev/null
	plist_is "$T/plist" "'CHALLENGE' not in p and p['UDID'] == 'A&B'"
}

@test "mcfg-device: two devices have different identities" {
	yields - enroll "$T/a"
	yields - enroll "$T/b"
	for key in UDID SERIAL; do
		[ "$(mcfg-get $key "$T/a/attributes.plist")" != \
		    "$(mcfg-get $key "$T/b/attributes.plist")" ]
	done
}

@test "mcfg-device: prints the path of the profile, and keeps an identity" {
	yields "$T/said" enroll "$T/a"
	grep -qxF "enrolled: $T/a/profile.mobileconfig" "$T/said"
	(cd "$T/a" && sha256sum ./*) > "$T/before"
	run -1 enroll "$T/a"
	[[ $output == *'holds the identity of a device'* ]]
	(cd "$T/a" && sha256sum ./*) | cmp - "$T/before"
	mkdir "$T/b"
	ln -s nowhere "$T/b/identity-key.pem"
	run -1 enroll "$T/b"
	[ ! -e "$T/nowhere" ]
	[ ! -e "$T/b/nowhere" ]
}

@test "mcfg-device: stops when the service refuses" {
	refuses 1 'phase 1: the service answered 401' \
	    mcfg-device "$URL" --cacert "$ROOT_CA" --user jane \
	    --password env:HOME --identity "$FACTORY" \
	    --identity-key "$FACTORY_KEY" -o "$T/a"
	refuses 1 'phase 2: the service answered 403' \
	    mcfg-device "$URL" --cacert "$ROOT_CA" --user jane \
	    --password env:PW --identity "$PKI/device.pem" \
	    --identity-key "$PKI/device.key" -o "$T/b"
	run -1 mcfg-device "$URL" --cacert "$ROOT_CA" --user jane \
	    --password env:PW -o "$T/c"
	[[ ${lines[0]} == *'no factory vouches'* ]]
	[[ ${lines[1]} == *'phase 2: the service answered 403'* ]]
	[ ! -e "$T/c/profile.mobileconfig" ]
}

@test "mcfg-device: trusts only servers with a certificate from --cacert" {
	run -4 mcfg-device "$URL" --cacert "$PKI/root.pem" --user jane \
	    --password env:PW --identity "$FACTORY" \
	    --identity-key "$FACTORY_KEY" -o "$T/d"
	[[ $output == *'phase 1: no answer'* ]]
}

@test "mcfg-device: refuses a wrong command line" {
	refuses 2 'missing URL' mcfg-device
	refuses 2 'missing --cacert' mcfg-device "$URL"
	refuses 2 'missing --user' mcfg-device "$URL" --cacert x
	refuses 2 'missing --password' mcfg-device "$URL" --cacert x --user a
	refuses 2 'unknown option' mcfg-device --uid 1
	refuses 2 'missing URL' mcfg-device --
	refuses 2 'given twice' mcfg-device -- --uid 1
	refuses 2 'given twice' mcfg-device --udid 1 --udid 2
	refuses 2 'needs a value' mcfg-device --udid
	refuses 2 'missing --identity ' mcfg-device "$URL" --cacert x \
	    --user a --password env:PW --identity-key x -o "$T/d"
	refuses 2 'missing --identity-key' mcfg-device "$URL" --cacert x \
	    --user a --password env:PW --identity x -o "$T/d"
	yields "$T/help" mcfg-device --help
	grep -q '^usage: mcfg-device' "$T/help"
	yields - mcfg-device --version
}

# ---- a device that misbehaves ----

# misbehaves STATUS TEXT NAME: --misbehave NAME has this result.
misbehaves() {
	enroll_refused "$1" "$2" "$T/$3" --misbehave "$3"
}

# printed FILE: puts openssl's description of a message in $T/cms.
printed() {
	openssl cms -cmsout -print -inform DER -in "$1" > "$T/cms"
}

@test "mcfg-device: each way to misbehave in phase 2 does what its name says" {
	factory=$(openssl x509 -in "$FACTORY" -noout -issuer -nameopt oneline)
	misbehaves 1 'phase 2: the service answered 403' wrong-challenge
	[ "$(mcfg-get CHALLENGE "$T/wrong-challenge/attributes.plist")" != \
	    "$(mcfg-get PayloadContent.Challenge \
	    "$T/wrong-challenge/service.plist")" ]
	misbehaves 1 'phase 2: the service answered 403' no-challenge
	plist_is "$T/no-challenge/attributes.plist" "'CHALLENGE' not in p"
	misbehaves 1 'phase 2: the service answered 403' foreign-factory
	printed "$T/foreign-factory/02-profile.request"
	grep -q 'issuer: *O=Stranger' "$T/cms"
	misbehaves 1 'phase 2: the service answered 403' named-factory
	openssl cms -verify -noverify -binary -inform DER -in \
	    "$T/named-factory/02-profile.request" -signer "$T/who" \
	    -out "$T/plist" 2> /dev/null
	[ "$(openssl x509 -in "$T/who" -noout -issuer -nameopt oneline)" = "$factory" ]
	run -2 openssl verify -partial_chain -trusted "$SITE/device-ca.pem" \
	    "$T/who"
	misbehaves 1 'phase 2: the service answered 403' two-signers
	printed "$T/two-signers/02-profile.request"
	[ "$(grep -c 'd.issuerAndSerialNumber' "$T/cms")" -eq 2 ]
	misbehaves 1 'phase 2: the service answered 403' md5
	printed "$T/md5/02-profile.request"
	grep -q 'algorithm: md5 ' "$T/cms"
	misbehaves 1 'phase 2: the service answered 403' no-certificates
	printed "$T/no-certificates/02-profile.request"
	grep -A1 'certificates:' "$T/cms" | grep -q '<ABSENT>'
}

@test "mcfg-device: a message that is damaged in transit" {
	misbehaves 1 'phase 2: the service answered 403' changed
	run -4 openssl cms -verify -noverify -binary -inform DER -in \
	    "$T/changed/02-profile.request" -out "$T/plist"
	openssl cms -verify -noverify -nosigs -binary -inform DER -in \
	    "$T/changed/02-profile.request" -out "$T/plist" 2> /dev/null
	same_plist "$T/plist" "$T/changed/attributes.plist"
	run -1 cmp -s "$T/plist" "$T/changed/attributes.plist"
	misbehaves 1 'phase 2: the service answered 400' unsigned
	cmp "$T/unsigned/02-profile.request" "$T/unsigned/attributes.plist"
	misbehaves 1 'phase 2: the service answered 400' trailing
	[ "$(tail -c 8 "$T/trailing/02-profile.request")" = trailing ]
	misbehaves 1 'phase 2: the service answered 400' truncated
	[ "$(wc -c < "$T/truncated/02-profile.request")" -eq 700 ]
	misbehaves 1 'phase 2: the service answered 400' empty
	[ ! -s "$T/empty/02-profile.request" ]
	misbehaves 1 'phase 2: the service answered 413' large
	[ "$(wc -c < "$T/large/02-profile.request")" -gt 1048576 ]
}

@test "mcfg-device: forms that a service must accept" {
	cat "$FACTORY" "$SITE/device-ca.pem" > "$T/chain.pem"
	with_chain() {
		yields - mcfg-device "$URL" --cacert "$ROOT_CA" --user jane \
		    --password env:PW --identity "$T/chain.pem" \
		    --identity-key "$FACTORY_KEY" -o "$T/$1" --misbehave "$1"
		printed "$T/$1/02-profile.request"
	}
	with_chain der
	[ "$(grep -c 'd.certificate:' "$T/cms")" -eq 2 ]
	[ "$(head -c 2 "$T/der/02-profile.request" | od -An -tx1)" = ' 30 82' ]
	with_chain no-intermediates
	[ "$(grep -c 'd.certificate:' "$T/cms")" -eq 1 ]
	[ "$(head -c 2 "$T/no-intermediates/02-profile.request" |
	    od -An -tx1)" = ' 30 80' ]
	with_chain no-attributes
	grep -A1 'signedAttrs:' "$T/cms" | grep -q '<ABSENT>'
	with_chain sha256
	grep -q 'algorithm: sha256 ' "$T/cms"
	with_chain appended
	grep -q 'issuer: *O=Stranger' "$T/cms"
}

@test "mcfg-device: wrong requests to the CA" {
	for bad in wrong-scep-challenge no-scep-challenge other-subject; do
		run -1 enroll "$T/$bad" --misbehave "$bad"
		[[ $output == *'refused: badRequest'* ]]
		[ ! -e "$T/$bad/identity.pem" ]
	done
}

@test "mcfg-device: phase 3 as another device" {
	misbehaves 1 'phase 3: the service answered 403' other-udid
	misbehaves 1 'phase 3: the service answered 403' foreign-signer
	misbehaves 1 'phase 3: the service answered 403' named-signer
	openssl cms -verify -noverify -binary -inform DER -in \
	    "$T/named-signer/08-profile.request" -signer "$T/who" \
	    -out "$T/plist" 2> /dev/null
	for what in -issuer -subject -serial; do
		[ "$(openssl x509 -in "$T/who" -noout $what)" = \
		    "$(openssl x509 -in "$T/named-signer/identity.pem" \
		    -noout $what)" ]
	done
	# Each works in one phase only.
	enroll_refused 1 'phase 3: the service answered 403' "$T/d" \
	    --misbehave 3:changed
	yields - enroll "$T/e" --misbehave override,3:appended
	openssl cms -verify -noverify -binary -inform DER \
	    -in "$T/e/08-profile.request" -out "$T/plist" 2> /dev/null
	plist_is "$T/plist" "p['USER'] == 'said by the device'"
}

@test "mcfg-device: repeats requests, and goes on after lost answers" {
	run -0 enroll "$T/a" --misbehave repeat-phase2,repeat-scep \
	    --misbehave repeat-phase3
	[ "${lines[0]}" = \
	    'mcfg-device: phase 2: the same again was answered 403' ]
	[ "${lines[1]}" = 'mcfg-device: SCEP: the same again was answered 200' ]
	[ "${lines[2]}" = \
	    'mcfg-device: phase 3: the same again was answered 200' ]
	[ -e "$T/a/profile.mobileconfig" ]
	scep-ca list --dir "$SITE/ca" --json > "$T/before"
	run -0 enroll "$T/b" --misbehave lost-phase2,lost-scep,lost-phase3
	[ "$output" = "mcfg-device: phase 2: the answer was lost, and the \
same again was answered 403: starting over
enrolled: $T/b/profile.mobileconfig" ]
	[ -e "$T/b/profile.mobileconfig" ]
	# The certificate whose response was lost is not issued twice.
	scep-ca list --dir "$SITE/ca" --json > "$T/after"
	json_is "$T/after" \
	    "len(j) == 1 + len(__import__('json').load(open('$T/before')))"
	yields - enroll "$T/c" --misbehave lost-scep
	[ ! -e "$T/c/07-pkioperation.again" ]
}

@test "mcfg-device: one factory makes several devices" {
	for n in 1 2; do
		yields - mcfg-device "$URL" --cacert "$ROOT_CA" --user jane \
		    --password env:PW --factory "$SITE/simulated/ca.pem" \
		    --factory-key "$SITE/simulated/ca-key.pem" -o "$T/$n"
		printed "$T/$n/02-profile.request"
	done
	grep -q 'algorithm: sha1 ' "$T/cms"
	openssl cms -verify -noverify -binary -inform DER -in \
	    "$T/2/02-profile.request" -signer "$T/who" -out "$T/plist" \
	    2> /dev/null
	openssl x509 -in "$T/who" -noout -text -nameopt oneline > "$T/text"
	grep -q 'Public-Key: (1024 bit)' "$T/text"
}

@test "mcfg-device: the list of ways to misbehave is complete" {
	yields "$T/list" mcfg-device --misbehave list
	refuses 2 "'nothing' is not on the list" mcfg-device \
	    --misbehave nothing
	refuses 2 "'4:changed' is not on the list" mcfg-device \
	    --misbehave der,4:changed
	refuses 2 'is empty' mcfg-device --misbehave ''
	# The manual page has the same list.
	sed -n 's/^\([a-z][a-z0-9-]*\) .*/\1/p' "$T/list" | sort > "$T/names"
	sed -n 's/^\.It Cm \([a-z0-9-]*\)$/\1/p' \
	    "$ROOT/man/man1/mcfg-device.1" | sort | diff - "$T/names"
}

# ---- --server-only-checks; web-*.bats runs them on our own service ----

# verdict WORD: puts the names of the checks with that verdict in $T/names.
verdict() {
	awk -v w="$1" '$1 == w { print $2 }' "$T/table" > "$T/names"
}

@test "mcfg-device: --server-only-checks finds the faults of a bad service" {
	openssl req -new -newkey rsa:2048 -nodes -keyout "$T/tls.key" \
	    -subj /CN=localhost -out "$T/tls.csr" 2> /dev/null
	echo 'subjectAltName=DNS:localhost' | openssl x509 -req \
	    -in "$T/tls.csr" -CA "$PKI/root.pem" -CAkey "$PKI/root.key" \
	    -set_serial 77 -extfile /dev/stdin -out "$T/tls.pem" 2> /dev/null
	mkfifo "$T/ready"
	python3 -W ignore "$TESTS/wrong_service.py" "$PKI" "$T" > "$T/ready" \
	    2> "$T/service" 3>&- &
	read -r -t 600 address < "$T/ready"
	run mcfg-device "$address/" --cacert "$PKI/root.pem" --user jane \
	    --password env:PW --identity "$PKI/device.pem" \
	    --identity-key "$PKI/device.key" -o "$T/d" --server-only-checks
	kill $!
	[ "$status" -eq 1 ]
	printf '%s\n' "$output" > "$T/table"
	cat "$T/table" "$T/service"
	[ ! -s "$T/service" ]
	verdict wrong
	diff - "$T/names" <<-'END'
	tls-version
	root-type
	root-same
	password-asked
	password-wrong
	enroll-type
	enroll-cache
	enroll-chain
	challenge-long
	enroll-stable
	challenge-fresh
	host-forged
	phase2-wrong-challenge
	phase2-no-challenge
	phase2-foreign-factory
	phase2-named-factory
	phase2-md5
	phase2-two-signers
	phase2-trailing
	phase2-large
	phase2-type
	phase2-cache
	phase2-chain
	challenge-repeated
	challenge-spent
	scep-key-size
	scep-challenge
	getcacert-type
	ca-fingerprint
	getcacaps-type
	getcacaps
	scep-operation
	scep-large
	wrong-scep-challenge
	no-scep-challenge
	scep-type
	scep-repeated
	scep-spent
	phase3-other-udid
	phase3-foreign-signer
	phase3-named-signer
	phase3-two-signers
	phase3-trailing
	phase3-type
	phase3-cache
	phase3-chain
	phase3-repeated
	phase3-appended
	phase3-override
	other-subject
	refusals-alike
	END
	verdict right
	for name in enroll phase2 phase2-changed scep phase3 phase3-changed; do
		grep -qx "$name" "$T/names"
	done
}

@test "mcfg-device: --server-only-checks reports what it could not reach" {
	run -1 enroll "$T/d" --enroll "$URL/nothing" --server-only-checks
	printf '%s\n' "$output" > "$T/table"
	verdict wrong
	[ "$(cat "$T/names")" = enroll ]
	for name in phase2 phase3; do
		grep -q "^not reached  *$name " "$T/table"
	done
	enroll_refused 2 '--misbehave: --server-only-checks does that' \
	    "$T/e" --server-only-checks --misbehave der
}
