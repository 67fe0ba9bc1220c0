#!/usr/bin/env bats
# The whole flow over a real web server: what a device gets, what the site
# remembers, how a site's files change it.

load helpers
load flow
code=''	# of web()

setup_file() {
	command -v lighttpd > /dev/null || [ -x /usr/sbin/lighttpd ] ||
	    skip 'lighttpd is not installed'
	make_site
	add_user joe
	serve
}

teardown_file() {
	unserve
}

setup() {
	rm -rf "$SITE/devices.allow" "$SITE/profile.d"
	cp "$SITE/profile.yaml" "$T/profile.yaml.kept"
	cp "$SITE/site.yaml" "$T/site.yaml.kept"
}

teardown() {
	cp "$T/profile.yaml.kept" "$SITE/profile.yaml"
	cp "$T/site.yaml.kept" "$SITE/site.yaml"
}

# again DIR: phase 3 once more, with the identity that is in DIR.
again() {
	attributes "$T/plist" UDID="$(mcfg-get UDID "$1/attributes.plist")" \
	    SERIAL="$(mcfg-get SERIAL "$1/attributes.plist")" \
	    PRODUCT="$(mcfg-get PRODUCT "$1/attributes.plist")" VERSION=21B1
	sign_as "$1/identity.pem" "$1/identity-key.pem" "$T/plist" \
	    "$T/again"
	post "$T/again"
}

# opens DIR FILE TO: the device's key opens the profile in a signed answer; the
# openssl command and plistlib do it.
opens() {
	unsign "$2" "$T/signed.content"
	python3 - "$T/signed.content" "$T/enveloped" <<-'PY'
	import plistlib, sys
	p = plistlib.load(open(sys.argv[1], 'rb'))
	assert 'PayloadContent' not in p, p.keys()
	open(sys.argv[2], 'wb').write(p['EncryptedPayloadContent'])
	PY
	openssl cms -decrypt -binary -inform DER -recip "$1/identity.pem" \
	    -inkey "$1/identity-key.pem" -in "$T/enveloped" -out "$3"
}

@test "flow: a device enrolls, and the site knows who, which and when" {
	yields - device "$T/d" --udid 00008110-AAAA --serial C02FLOW1 \
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
	[ -z "$(left_over)" ]
}

@test "flow: what travelled is what the standards say" {
	yields - device "$T/d"
	for n in 01-enroll 03-profile 09-profile; do
		unsign "$T/d/$n.response" "$T/$n"
		xmllint --noout "$T/$n"
		openssl cms -cmsout -print -inform DER \
		    -in "$T/d/$n.response" > "$T/cms"
		# The whole chain is inside.
		grep -q 'subject: O=Example, Inc., CN=Profile Signer' "$T/cms"
		grep -q 'subject: O=Example, Inc., CN=Example, Inc. CA' \
		    "$T/cms"
	done
	plist_is "$T/01-enroll" "p['PayloadType'] == 'Profile Service'"
	plist_is "$T/03-profile" "(p['PayloadType'] == 'Configuration' and
	    p['PayloadContent'][0]['PayloadType'] == 'com.apple.security.scep')"
	plist_is "$T/03-profile" \
	    "p['PayloadContent'][0]['PayloadContent']['Key Usage'] == 5"
	openssl x509 -inform DER -in "$T/d/04-getcacert.response" -noout
	openssl verify -CAfile "$ROOT_CA" "$T/d/identity.pem"
	run ! grep -q "$(printf '\r')" "$T/d/05-getcacaps.response"
	opens "$T/d" "$T/d/09-profile.response" "$T/payloads"
	plist_is "$T/payloads" "([c['PayloadType'] for c in p] ==
	    ['com.apple.webClip.managed', 'com.apple.security.scep'])"
}

@test "flow: content types, and nothing that a cache may keep" {
	web /CA
	[ "$(header Content-Type)" = application/x-x509-ca-cert ]
	web /enroll -u "jane:$PW"
	[ "$(header Content-Type)" = application/x-apple-aspen-config ]
	[ "$(header Cache-Control)" = no-store ]
	[[ $(header Content-Disposition) == attachment* ]]
	web '/scep?operation=GetCACert'
	[ "$(header Content-Type)" = application/x-x509-ca-cert ]
	web '/scep?operation=GetCACaps'
	[[ $(header Content-Type) == text/plain* ]]
	yields - device "$T/d"
	again "$T/d"
	[ "$(header Content-Type)" = application/x-apple-aspen-config ]
	[ "$(header Cache-Control)" = no-store ]
}

@test "flow: variables of the user and the device arrive in the profile" {
	cat > "$SITE/profile.yaml" <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: com.example.vars
	PayloadDisplayName: "${USER} ${UDID} ${SERIAL} ${PRODUCT}"
	PayloadContent:
	  - PayloadType: com.apple.webClip.managed
	    Label: "${USER} has ${PRODUCT} & <${SERIAL}>"
	    URL: https://example.com/${ENROLLMENT}
	YAML
	yields - device "$T/d" --udid 'U & <D>' --serial 'S"1' \
	    --product iPad13,1
	plist_is "$T/d/profile.mobileconfig" \
	    "p['PayloadDisplayName'] == 'jane U & <D> S\"1 iPad13,1'"
	plist_is "$T/d/profile.mobileconfig" \
	    "p['PayloadContent'][0]['Label'] == 'jane has iPad13,1 & <S\"1>'"
	enrollments "[e['id'] for e in j if e['udid'] == 'U & <D>'] ==
	    ['$(plist_key "$T/d/profile.mobileconfig" \
	    "p['PayloadContent'][0]['URL'].rsplit('/')[-1]")']"
}

@test "flow: the client certificate inside the profile can be had, once" {
	yields - device "$T/d"
	P='PayloadContent.1.PayloadContent'
	CHALLENGE=$(mcfg-get $P.Challenge "$T/d/profile.mobileconfig")
	export CHALLENGE
	buy() {
		openssl genrsa -out "$T/$1.key" 2048 2> /dev/null
		chmod 600 "$T/$1.key"
		mcfg-enrollment list --config "$SITE/site.yaml" > /dev/null
		scep-request --ca "$SITE/ca/cert.pem" --key "$T/$1.key" \
		    --subject '/O=Example, Inc./OU=Client Authentication/CN=jane' \
		    --challenge env:CHALLENGE --state "$T/$1.state" \
		    -o "$T/$1.request"
		web '/scep?operation=PKIOperation' --data-binary "@$T/$1.request"
		[ "$code" = 200 ]
		cp "$T/body" "$T/$1.reply"
	}
	buy first
	yields "$T/client.pem" scep-response --state "$T/first.state" \
	    --key "$T/first.key" --ca "$SITE/ca/cert.pem" "$T/first.reply"
	openssl verify -CAfile "$ROOT_CA" -purpose sslclient "$T/client.pem"
	buy second
	refuses 1 'badRequest' scep-response --state "$T/second.state" \
	    --key "$T/second.key" --ca "$SITE/ca/cert.pem" "$T/second.reply"

	# It is no identity: phase 3 is refused to it.
	attributes "$T/plist" \
	    UDID="$(mcfg-get UDID "$T/d/attributes.plist")"
	sign_as "$T/client.pem" "$T/first.key" "$T/plist" "$T/message"
	post "$T/message"
	[ "$code" = 403 ]
}

@test "flow: profile.d gives a model or a family its own configuration" {
	mkdir "$SITE/profile.d"
	for name in iPad iPad13,1; do
		sed "s/^PayloadDisplayName:.*/PayloadDisplayName: for $name/
		    s|!sha256 ca/|!sha256 ../ca/|" \
		    "$SITE/profile.yaml" > "$SITE/profile.d/$name.yaml"
	done
	shown() {
		rm -rf "$T/d"
		yields - device "$T/d" --product "$1"
		mcfg-get PayloadDisplayName "$T/d/profile.mobileconfig"
	}
	[ "$(shown iPad13,1)" = 'for iPad13,1' ]
	[ "$(shown iPad14,3)" = 'for iPad' ]
	[ "$(shown iPhone14,5)" = 'Example, Inc.' ]
	[ "$(shown ../../site)" = 'Example, Inc.' ]
	[ "$(shown 'iPad13,1.yaml')" = 'Example, Inc.' ]
}

@test "flow: devices.allow restricts devices, in phases 2 and 3" {
	yields - device "$T/in" --udid KNOWN-1 --serial S-1
	cat > "$SITE/devices.allow" <<-'TXT'
	# our devices
	known-1
	S-2	joe
	s-3	jane
	TXT
	again "$T/in"
	[ "$code" = 200 ]
	yields - device "$T/a" --udid OTHER --serial S-3
	device_refused 1 'phase 2: the service answered 403' "$T/b" \
	    --udid OTHER --serial S-9
	device_refused 1 'phase 2: the service answered 403' "$T/c" \
	    --udid OTHER --serial S-2
	# Taken off the list, a device gets no more configuration either.
	echo '# nobody' > "$SITE/devices.allow"
	again "$T/in"
	[ "$code" = 403 ]
	device_refused 1 'phase 2: the service answered 403' "$T/e" --udid KNOWN-1 --serial S-1
	rm "$SITE/devices.allow"
	ln -s nowhere "$SITE/devices.allow"
	again "$T/in"
	[ "$code" != 200 ]
}

@test "flow: a repeat is reissued, with what the profile says now" {
	yields - device "$T/d" --udid REPEAT-1
	sed -i 's/^PayloadDisplayName:.*/PayloadDisplayName: updated/' \
	    "$SITE/profile.yaml"
	again "$T/d"
	[ "$code" = 200 ]
	opens "$T/d" "$T/body" "$T/payloads"
	unsign "$T/body" "$T/p"
	plist_is "$T/p" "p['PayloadDisplayName'] == 'updated'"
	unsign "$T/d/09-profile.response" "$T/first"
	plist_is "$T/p" "p['PayloadIdentifier'] == '$(plist_key "$T/first" \
	    "p['PayloadIdentifier']")'"
	enrollments "[e['repeats'] for e in j if e['udid'] == 'REPEAT-1']
	    == [1]"
}

@test "flow: under reenroll a late repeat is sent to /enroll" {
	yields - device "$T/d" --udid REPEAT-2
	sed -i 's/^repeat:.*/repeat: reenroll/' "$SITE/site.yaml"
	# A lost answer may be asked for again at once.
	again "$T/d"
	[ "$code" = 200 ]
	needs sqlite3
	sqlite3 "$SITE/ledger.db" .dump > "$T/dump"
	grep -q first_sent "$T/dump"
	sqlite3 "$SITE/ledger.db" "PRAGMA busy_timeout = 10000;
	    UPDATE enrollment SET first_sent = first_sent - 3600
	    WHERE udid = 'REPEAT-2'" > /dev/null
	again "$T/d"
	[ "$code" = 301 ]
	[ "$(header Location)" = "$URL/enroll" ]
	again "$T/d"
	web /profile -H 'Host: evil.example' --data-binary "@$T/again"
	[ "$code" = 301 ]
	[ "$(header Location)" = "$URL/enroll" ]
}

@test "flow: a new enrollment of the same device supersedes the older one" {
	yields - device "$T/a" --udid TWICE
	yields - device "$T/b" --udid TWICE
	enrollments "sorted(e['state'] for e in j if e['udid'] == 'TWICE') ==
	    ['configured', 'superseded']"
	again "$T/b"
	[ "$code" = 200 ]
}

@test "flow: a broken profile.yaml is our fault, and the device can go on" {
	yields - device "$T/d"
	echo 'PayloadType: [' > "$SITE/profile.yaml"
	again "$T/d"
	[ "$code" = 500 ]
	device_refused 1 'phase 3: the service answered 500' "$T/e"
	cp "$T/profile.yaml.kept" "$SITE/profile.yaml"
	again "$T/d"
	[ "$code" = 200 ]
	[ -z "$(left_over)" ]
}

@test "flow: an enrollment that was aborted ends there" {
	yields - device "$T/d" --udid ABORTED
	mcfg-enrollment list --json --config "$SITE/site.yaml" > "$T/list"
	id=$(python3 -c 'import json, sys
print([e["id"] for e in json.load(open(sys.argv[1]))
    if e["udid"] == "ABORTED"][0])' "$T/list")
	mcfg-enrollment abort --config "$SITE/site.yaml" "$id"
	again "$T/d"
	[ "$code" = 403 ]
	enrollments "[e['state'] for e in j if e['udid'] == 'ABORTED'] ==
	    ['aborted']"
}

@test "flow: no secret and no raw text of a device is in the logs" {
	yields - device "$T/d" --serial SECRET-SERIAL
	echo nobody > "$SITE/devices.allow"
	device_refused 1 'phase 2: the service answered 403' "$T/e" \
	    --udid $'U\nforged: line' --serial $'\u202eS'
	for d in d e; do
		run ! grep -rqF -e "$(mcfg-get CHALLENGE \
		    "$T/$d/attributes.plist")" "$SITE/log" "$SITE/ledger.db"
	done
	run ! grep -rqF -e "$PW" "$SITE/log" "$SITE/ledger.db"
	run ! grep -rqF SECRET-SERIAL "$SITE/log"
	run ! grep -q '^forged' "$SITE/log/mcfg.log"
	run ! grep -q $'\u202e' "$SITE/log/mcfg.log"
	[ "$(tail -n 1 "$SITE/log/mcfg.log" | grep -c \
	    'POST /profile: 403: mcfg-enrollment: ')" -eq 1 ]
}
