#!/usr/bin/env bats
# The simulated device: what it keeps, and where it stops.

load helpers
load flow

setup_file() {
	command -v lighttpd > /dev/null || [ -x /usr/sbin/lighttpd ] ||
	    skip 'lighttpd is not installed'
	make_site
	serve
}

teardown_file() {
	unserve
}

@test "mcfg-device: keeps every message, numbered" {
	yields - device "$T/a b"
	[ "$(cd "$T/a b" && printf "%s\n" * | tr '\n' ' ')" = "01-enroll.response \
02-profile.request 03-profile.response 04-getcacert.response \
05-getcacaps.response 06-pkioperation.request 07-pkioperation.response \
08-profile.request 09-profile.response attributes.plist identity-key.pem \
identity.pem profile.mobileconfig " ]
	xmllint --noout "$T/a b/attributes.plist"
	[ "$(openssl pkey -in "$T/a b/identity-key.pem" -pubout)" = \
	    "$(openssl x509 -in "$T/a b/identity.pem" -noout -pubkey)" ]
	[ -z "$(find "$T/a b" -perm /077)" ]
	# As devices sign: BER, SHA-1, with attributes.
	openssl cms -cmsout -print -inform DER \
	    -in "$T/a b/02-profile.request" > "$T/cms"
	grep -q 'algorithm: sha1' "$T/cms"
	grep -q 'signingTime' "$T/cms"
	openssl cms -verify -binary -noverify -inform DER \
	    -in "$T/a b/02-profile.request" -out "$T/plist" 2> /dev/null
	cmp "$T/plist" "$T/a b/attributes.plist"
}

@test "mcfg-device: sends what it is asked for and no more" {
	yields - device "$T/d" --udid 'A&B' --serial '<S>' --product iPad1,1
	plist_is "$T/d/attributes.plist" "(sorted(p) == ['CHALLENGE',
	    'PRODUCT', 'SERIAL', 'UDID', 'VERSION'] and
	    (p['UDID'], p['SERIAL'], p['PRODUCT']) == ('A&B', '<S>', 'iPad1,1'))"
	openssl cms -verify -binary -noverify -inform DER \
	    -in "$T/d/08-profile.request" -out "$T/plist" 2> /dev/null
	plist_is "$T/plist" "'CHALLENGE' not in p and p['UDID'] == 'A&B'"
}

@test "mcfg-device: two devices are two devices" {
	yields - device "$T/a"
	yields - device "$T/b"
	for key in UDID SERIAL; do
		[ "$(mcfg-get $key "$T/a/attributes.plist")" != \
		    "$(mcfg-get $key "$T/b/attributes.plist")" ]
	done
}

@test "mcfg-device: stops where the service refuses" {
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

@test "mcfg-device: trusts nobody else's server" {
	run -4 mcfg-device "$URL" --cacert "$PKI/root.pem" --user jane \
	    --password env:PW --identity "$FACTORY" \
	    --identity-key "$FACTORY_KEY" -o "$T/d"
	[[ $output == *'phase 1: no answer'* ]]
}

@test "mcfg-device: the command line" {
	refuses 2 'missing URL' mcfg-device
	refuses 2 'missing --cacert' mcfg-device "$URL"
	refuses 2 'missing --user' mcfg-device "$URL" --cacert x
	refuses 2 'missing --password' mcfg-device "$URL" --cacert x --user a
	refuses 2 'unknown option' mcfg-device --uid 1
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
