#!/usr/bin/env bats
# The whole flow over a real web server: what a device gets, what is recorded,
# and what the site's files change.

load helpers
load flow
code=''	# of web()

setup_file() {
	needs_web || return 0
	make_site
	add_user joe
	serve
}

teardown_file() {
	unserve
}

setup() {
	able
	rm -rf "$SITE/devices.allow" "$SITE/profile.d"
	cp "$SITE/profile.yaml" "$T/profile.yaml.kept"
	cp "$SITE/site.yaml" "$T/site.yaml.kept"
}

teardown() {
	[ -z "${UNABLE:-}" ] || return 0
	cp "$T/profile.yaml.kept" "$SITE/profile.yaml"
	cp "$T/site.yaml.kept" "$SITE/site.yaml"
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
	yields - enroll "$T/d" --udid 'U & <D>' --serial 'S"1' \
	    --product iPad13,1
	plist_is "$T/d/profile.mobileconfig" \
	    "p['PayloadDisplayName'] == 'jane U & <D> S\"1 iPad13,1'"
	plist_is "$T/d/profile.mobileconfig" \
	    "p['PayloadContent'][0]['Label'] == 'jane has iPad13,1 & <S\"1>'"
	enrollments "[e['id'] for e in j if e['udid'] == 'U & <D>'] ==
	    ['$(plist_key "$T/d/profile.mobileconfig" \
	    "p['PayloadContent'][0]['URL'].rsplit('/')[-1]")']"
}

@test "flow: the client certificate of the profile is issued, once" {
	yields - enroll "$T/d"
	P='PayloadContent.1.PayloadContent'
	CHALLENGE=$(mcfg-get $P.Challenge "$T/d/profile.mobileconfig")
	export CHALLENGE
	buy() {
		rsa_key "$T/$1.key"
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

	# Phase 3 refuses it, since it is not the device's identity.
	attributes "$T/plist" \
	    UDID="$(mcfg-get UDID "$T/d/attributes.plist")"
	sign_as "$T/client.pem" "$T/first.key" "$T/plist" "$T/message"
	post "$T/message"
	[ "$code" = 403 ]
}

# openssl makes the request, since our tools might drop a name.
@test "flow: the client challenge is valid only for the names of its profile" {
	yields - enroll "$T/d" --udid MALLORY
	P='PayloadContent.1.PayloadContent'
	CHALLENGE=$(mcfg-get $P.Challenge "$T/d/profile.mobileconfig")
	rsa_key "$T/key"
	chmod 600 "$T/key"
	# asks SUBJECT [SAN]: SUBJECT has a line for each attribute.
	asks() {
		{
			cat <<-CNF
			[req]
			prompt = no
			string_mask = utf8only
			distinguished_name = dn
			attributes = attributes
			${2:+req_extensions = e}
			[attributes]
			challengePassword = $CHALLENGE
			${2:+[e]}
			${2:+subjectAltName = $2}
			[dn]
			CNF
			printf '%b\n' "$1" | awk '{ print NR "." $0 }'
		} > "$T/cnf"
		openssl req -new -utf8 -key "$T/key" -config "$T/cnf" \
		    -out "$T/csr" || return 9
		rm -f "$T/state"
		scep-request --ca "$SITE/ca/cert.pem" --key "$T/key" \
		    --csr "$T/csr" --state "$T/state" -o "$T/request" || return 9
		web '/scep?operation=PKIOperation' --data-binary "@$T/request"
		[ "$code" = 200 ] || return 9
		scep-response --state "$T/state" --key "$T/key" \
		    --ca "$SITE/ca/cert.pem" "$T/body" > "$T/client.pem"
	}
	o='O=Example, Inc.' ou='OU=Client Authentication'
	honest="$o\n$ou\nCN=jane"
	for subject in "$o\n$ou\nCN=alice" CN=jane "$honest\nCN=alice" \
	    "CN=alice\n$honest" "$honest\nOU=x" "$o\nCN=jane\n$ou" \
	    "$o\n$ou\n+CN=jane" "$o\n$ou\nCN=jane2" "$o\n$ou"; do
		run -1 asks "$subject"
	done
	for san in DNS:alice.example.com email:alice@example.com \
	    URI:https://alice.example.com/; do
		run -1 asks "$honest" "$san"
	done
	# The refusals did not spend the challenge.
	asks "$honest"
	openssl x509 -in "$T/client.pem" -noout -subject -nameopt RFC2253 \
	    > "$T/subject"
	grep -qx 'subject=CN=jane,OU=Client Authentication,O=Example\\, Inc.' \
	    "$T/subject"
	run -1 asks "$o\n$ou\nCN=alice"
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
		yields - enroll "$T/d" --product "$1"
		mcfg-get PayloadDisplayName "$T/d/profile.mobileconfig"
	}
	[ "$(shown iPad13,1)" = 'for iPad13,1' ]
	[ "$(shown iPad14,3)" = 'for iPad' ]
	[ "$(shown iPhone14,5)" = 'Example, Inc.' ]
	[ "$(shown ../../site)" = 'Example, Inc.' ]
	[ "$(shown 'iPad13,1.yaml')" = 'Example, Inc.' ]
}

@test "flow: devices.allow restricts devices, in phases 2 and 3" {
	yields - enroll "$T/in" --udid KNOWN-1 --serial S-1
	cat > "$SITE/devices.allow" <<-'TXT'
	known-1
	S-2	joe
	s-3	jane
	TXT
	again "$T/in"
	[ "$code" = 200 ]
	yields - enroll "$T/a" --udid OTHER --serial S-3
	enroll_refused 1 'phase 2: the service answered 403' "$T/b" \
	    --udid OTHER --serial S-9
	enroll_refused 1 'phase 2: the service answered 403' "$T/c" \
	    --udid OTHER --serial S-2
	# Once removed from the list, a device gets no configuration either.
	echo '# nobody' > "$SITE/devices.allow"
	again "$T/in"
	[ "$code" = 403 ]
	enroll_refused 1 'phase 2: the service answered 403' "$T/e" \
	    --udid KNOWN-1 --serial S-1
	rm "$SITE/devices.allow"
	ln -s nowhere "$SITE/devices.allow"
	again "$T/in"
	[ "$code" != 200 ]
}

@test "flow: a repeat gets the current profile" {
	yields - enroll "$T/d" --udid REPEAT-1
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

# A device recognizes an update by its identifiers.
@test "flow: an update has the old identifiers and new contents" {
	yields - enroll "$T/d" --udid REPEAT-3
	for n in 1 2; do
		again "$T/d"
		[ "$code" = 200 ]
		unsign "$T/body" "$T/p$n"
		opens "$T/d" "$T/body" "$T/payloads$n"
	done
	python3 - "$T/d/profile.mobileconfig" "$T"/p[12] "$T"/payloads[12] \
	    <<-'PY'
	import plistlib, sys
	first, *rest = (plistlib.load(open(f, 'rb')) for f in sys.argv[1:])
	sent = [dict(p, PayloadContent=c) for p, c in zip(rest, rest[2:])]
	sent.insert(0, first)
	names = [[p['PayloadIdentifier']] + [c['PayloadIdentifier']
	    for c in p['PayloadContent']] for p in sent]
	assert names[0] == names[1] == names[2], names
	assert len(set(names[0])) == 3, names
	whole = [p['PayloadUUID'] for p in sent]
	assert len(set(whole)) == 3, whole
	for p in sent:
	    own = [p['PayloadUUID']] + [c['PayloadUUID']
	        for c in p['PayloadContent']]
	    assert len(set(own)) == 3, own
	# Other payloads refer to the client certificate by this UUID.
	assert len({p['PayloadContent'][1]['PayloadUUID'] for p in sent}) == 1
	PY
	# All signers have the same issuer.
	for f in "$T/d/09-profile.response" "$T/body"; do
		openssl cms -verify -binary -purpose any -inform DER \
		    -CAfile "$ROOT_CA" -signer "$T/signer" -in "$f" \
		    -out "$T/out" 2> "$T/cms"
		openssl x509 -in "$T/signer" -noout -issuer -nameopt oneline
	done | sort -u > "$T/issuers"
	[ "$(wc -l < "$T/issuers")" -eq 1 ]
}

@test "flow: under reenroll a late repeat is sent to /enroll" {
	yields - enroll "$T/d" --udid REPEAT-2
	sed -i 's/^repeat:.*/repeat: reenroll/' "$SITE/site.yaml"
	# A device may repeat phase 3 at once if the response was lost.
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
	yields - enroll "$T/a" --udid TWICE
	yields - enroll "$T/b" --udid TWICE
	enrollments "sorted(e['state'] for e in j if e['udid'] == 'TWICE') ==
	    ['configured', 'superseded']"
	again "$T/b"
	[ "$code" = 200 ]
}

@test "flow: a broken profile.yaml is a 500, and the device can continue" {
	yields - enroll "$T/d"
	echo 'PayloadType: [' > "$SITE/profile.yaml"
	again "$T/d"
	[ "$code" = 500 ]
	enroll_refused 1 'phase 3: the service answered 500' "$T/e" --udid BROKEN
	# The ledger does not record that it has its profile.
	enrollments "[(e['state'], e['configured']) for e in j
	    if e['udid'] == 'BROKEN'] == [('certified', None)]"
	id=$(mcfg-enrollment list --config "$SITE/site.yaml" \
	    --state certified | awk '/BROKEN/ { print $1 }')
	mcfg-enrollment show --json --config "$SITE/site.yaml" "$id" > "$T/show"
	json_is "$T/show" "[e for e in j['events'] if e['what'] == 'failed' and
	    'profile.yaml:' in e['detail']]"
	cp "$T/profile.yaml.kept" "$SITE/profile.yaml"
	again "$T/d"
	[ "$code" = 200 ]
	nothing_left
}

@test "flow: an aborted enrollment cannot continue" {
	yields - enroll "$T/d" --udid ABORTED
	enrollments "[e['state'] for e in j if e['udid'] == 'ABORTED'] ==
	    ['configured']"
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
