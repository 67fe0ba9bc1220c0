#!/usr/bin/env bats

load helpers

call() {
	mcfg-service-payload --url https://example.com/profile \
	    --identifier com.example.profile-service "$@"
}

@test "service payload: Listing 2-5, key by key" {
	printf 'signed-auth-token\nrest\n' > "$T/challenge"
	yields "$T/out" mcfg-service-payload --url https://example.com/profile \
	    --identifier com.example.profile-service --organization 'ACME <Inc.>' \
	    --display-name 'ACME Profile Service' --description 'Enroll & go' \
	    --challenge "file:$T/challenge"
	xmllint --noout "$T/out"
	plist_is "$T/out" "{k: v for k, v in p.items() if k != 'PayloadUUID'} == {
	    'PayloadType': 'Profile Service', 'PayloadVersion': 1,
	    'PayloadIdentifier': 'com.example.profile-service',
	    'PayloadOrganization': 'ACME <Inc.>',
	    'PayloadDisplayName': 'ACME Profile Service',
	    'PayloadDescription': 'Enroll & go',
	    'PayloadContent': {'URL': 'https://example.com/profile',
	        'DeviceAttributes': ['UDID', 'VERSION', 'PRODUCT', 'SERIAL'],
	        'Challenge': 'signed-auth-token'}}"
	plist_is "$T/out" "str(__import__('uuid').UUID(p['PayloadUUID'])).upper() == p['PayloadUUID']"
}

@test "service payload: a challenge as data, from a variable and a descriptor" {
	export TOKEN=abc
	yields "$T/out" mcfg-service-payload --url https://example.com/profile \
	    --identifier a.b --challenge env:TOKEN --challenge-data
	plist_is "$T/out" "p['PayloadContent']['Challenge'] == b'abc'"
	yields "$T/out" mcfg-service-payload --url https://example.com/profile \
	    --identifier a.b --challenge fd:5 5< <(printf 'xyz\n')
	plist_is "$T/out" "p['PayloadContent']['Challenge'] == 'xyz'"
}

@test "service payload: options replace the attributes, with a warning if unknown" {
	yields "$T/out" mcfg-service-payload --url https://example.com/profile \
	    --identifier a.b --attribute UDID --attribute IMEI
	plist_is "$T/out" "p['PayloadContent']['DeviceAttributes'] == ['UDID', 'IMEI']"
	warns "attribute 'DEVICE_NAME'" "$T/out" mcfg-service-payload \
	    --url https://example.com/profile --identifier a.b \
	    --attribute DEVICE_NAME
	plist_is "$T/out" "p['PayloadContent']['DeviceAttributes'] == ['DEVICE_NAME']"
}

@test "service payload: UUIDs from a seed are those of Python's uuid5" {
	yields "$T/a" mcfg-service-payload --url https://example.com/profile \
	    --identifier com.example.x --uuid-seed grün
	yields "$T/b" mcfg-service-payload --url https://example.com/profile \
	    --identifier com.example.x --uuid-seed grün
	cmp "$T/a" "$T/b"
	plist_is "$T/a" "(lambda u: p['PayloadUUID'] == str(u.uuid5(u.uuid5(
	    u.NAMESPACE_OID, 'grün'), 'com.example.x')).upper())(__import__('uuid'))"
	yields "$T/a" call
	yields "$T/b" call
	run -1 cmp -s "$T/a" "$T/b"
	yields "$T/a" mcfg-service-payload --url https://example.com/ \
	    --identifier x --uuid 0d6b6b0c-6c35-4e0b-8f5a-0b7c9f2d1e3a
	plist_is "$T/a" "p['PayloadUUID'] == '0D6B6B0C-6C35-4E0B-8F5A-0B7C9F2D1E3A'"
}

@test "service payload: a file with a challenge is readable only by its owner" {
	export TOKEN=abc
	yields - mcfg-service-payload --url https://example.com/profile \
	    --identifier a.b --challenge env:TOKEN -o "$T/private"
	[ "$(stat -c %a "$T/private")" = 600 ]
	umask 022
	yields - mcfg-service-payload --url https://example.com/profile \
	    --identifier a.b -o "$T/public"
	[ "$(stat -c %a "$T/public")" = 644 ]
}

@test "service payload: reports missing and wrong options" {
	refuses 2 'missing --url' mcfg-service-payload --identifier a.b
	refuses 2 'missing --identifier' mcfg-service-payload \
	    --url https://example.com/
	refuses 2 'missing --challenge' mcfg-service-payload \
	    --url https://example.com/ --identifier a.b --challenge-data
	refuses 2 'begins with https://' mcfg-service-payload \
	    --url ftp://example.com/ --identifier a.b
	refuses 2 'names a host' mcfg-service-payload --url https:/// \
	    --identifier a.b
	refuses 2 'neither spaces' mcfg-service-payload \
	    --url 'https://example.com/a b' --identifier a.b
	refuses 2 'not a UUID' mcfg-service-payload --url https://example.com/ \
	    --identifier a.b --uuid x
	refuses 2 'no space' mcfg-service-payload --url https://example.com/ \
	    --identifier 'a b'
	refuses 2 'not UTF-8' mcfg-service-payload --url https://example.com/ \
	    --identifier a.b --organization $'\xff'
	refuses 2 'env:NAME, file:PATH' mcfg-service-payload \
	    --url https://example.com/ --identifier a.b --challenge secret
	run -1 grep -q secret "$T/stderr"
	refuses 4 'cannot open' mcfg-service-payload --url https://example.com/ \
	    --identifier a.b --challenge "file:$T/none"
	printf 'a\xffb\n' > "$T/raw"
	refuses 3 'challenge-data takes any' mcfg-service-payload \
	    --url https://example.com/ --identifier a.b --challenge "file:$T/raw"
	yields "$T/out" mcfg-service-payload --url https://example.com/ \
	    --identifier a.b --challenge "file:$T/raw" --challenge-data
	plist_is "$T/out" "p['PayloadContent']['Challenge'] == b'a\xffb'"
}

@test "service payload: --http prints a whole CGI response" {
	yields "$T/out" mcfg-service-payload --url https://example.com/ \
	    --identifier a.b --http application/x-apple-aspen-config
	python3 - "$T/out" <<-'PY'
	import sys, plistlib
	head, body = open(sys.argv[1], 'rb').read().split(b'\r\n\r\n', 1)
	fields = dict(l.split(b': ', 1) for l in head.split(b'\r\n'))
	assert fields[b'Content-Type'] == b'application/x-apple-aspen-config'
	assert int(fields[b'Content-Length']) == len(body)
	plistlib.loads(body)
	PY
}

# ---- site.yaml, with the tool that has the fewest options ----

site() {
	cat > "$T/site.yaml"
}

@test "site: sets defaults, which options override" {
	site <<-'YAML'
	url: https://profiles.example.com
	organization: Example, Inc.
	identifier: com.example.mobileconfig
	display_name: Example Profile Service
	description: "Enroll: here"
	attributes: [UDID, SERIAL]
	enroll_ttl: 15m
	scep: {name: CA, key_size: 2048, key_usage: [sign, encrypt], challenge_ttl: 60m}
	repeat: reissue
	ledger: sqlite:ledger.db
	digest: sha256
	auth: htpasswd
	facts: ./facts
	YAML
	yields "$T/out" mcfg-service-payload --config "$T/site.yaml"
	plist_is "$T/out" "p['PayloadIdentifier'] == 'com.example.mobileconfig.profile-service'
	    and p['PayloadOrganization'] == 'Example, Inc.'
	    and p['PayloadDisplayName'] == 'Example Profile Service'
	    and p['PayloadDescription'] == 'Enroll: here'
	    and p['PayloadContent']['URL'] == 'https://profiles.example.com/profile'
	    and p['PayloadContent']['DeviceAttributes'] == ['UDID', 'SERIAL']"
	yields "$T/out" mcfg-service-payload --config "$T/site.yaml" \
	    --attribute IMEI --url https://other.example.com/p \
	    --identifier x.y --organization Other
	plist_is "$T/out" "p['PayloadIdentifier'] == 'x.y'
	    and p['PayloadOrganization'] == 'Other'
	    and p['PayloadContent']['URL'] == 'https://other.example.com/p'
	    and p['PayloadContent']['DeviceAttributes'] == ['IMEI']"
}

# wrong LINE:COLUMN TEXT: the site.yaml on standard input is refused, with TEXT
# for that place.
wrong() {
	site
	refuses 3 "site.yaml:$1: " mcfg-service-payload --config "$T/site.yaml"
	grep -qF -e "$2" "$T/stderr" || { cat "$T/stderr"; return 1; }
}

@test "site: a secret in place of its source is not shown" {
	wrong 1:8 'scep.challenge' <<< 'scep: {challenge: hunter2}'
	run -1 grep -q hunter2 "$T/stderr"
	wrong 3:5 'auth.ldap.password' <<-'YAML'
	auth:
	  ldap:
	    password: hunter2
	YAML
	run -1 grep -q hunter2 "$T/stderr"
}

@test "site: an error has its line and column" {
	wrong 1:1 "unknown key 'colour'" <<< 'colour: red'
	wrong 2:3 "unknown key 'scep.keysise'" <<-'YAML'
	scep:
	  keysise: 2048
	YAML
	wrong 1:1 'devices want https://' <<< 'url: http://example.com'
	wrong 1:1 'no slash at the end' <<< 'url: https://example.com/'
	wrong 1:1 'no host' <<< 'url: https://'
	wrong 1:8 'an address names a host' <<< 'scep: {url: "https:///scep"}'
	wrong 1:8 'an address begins with https' <<< 'scep: {url: ca.example}'
	wrong 1:1 'must be text, not array' <<< 'url: [a]'
	wrong 1:1 'scep: must be a mapping, not string' <<< 'scep: on-line'
	wrong 1:1 "not one of reissue|reenroll" <<< 'repeat: never'
	wrong 1:1 "not one of sha256|sha384|sha512" <<< 'digest: md5'
	wrong 1:1 'enroll_ttl' <<< 'enroll_ttl: soon'
	wrong 1:1 'enroll_ttl: must be a duration' <<< 'enroll_ttl: 15'
	wrong 1:8 'a number, not string' <<< 'scep: {key_size: "2048"}'
	wrong 1:1 'an empty list' <<< 'attributes: []'
	wrong 1:20 'a list of texts, not integer' <<< 'attributes: [UDID, 5]'
	wrong 1:8 'neither sha256 nor' <<< 'scep: {fingerprint: zz}'
	wrong 1:8 'no hash has that length' <<< 'scep: {fingerprint: "ab"}'
	wrong 1:1 "not one of htpasswd" <<< 'auth: plain'
	wrong 1:15 'auth.ldap.base is missing' <<< 'auth: {ldap: {url: ldap://x}}'
	ldap() {
		wrong "$1" "$2" <<-YAML
		auth:
		  ldap:
		    base: dc=example
		    url: ${3:-ldap://localhost}
		    filter: ${4:-(uid=?)}
		    ${5:-attributes: [mail]}
		YAML
	}
	ldap 4:5 'neither ldap:// nor ldaps://' http://localhost
	ldap 4:5 'no host in it' ldap://
	ldap 4:5 'not one host' 'ldap://a ldap://b'
	ldap 4:5 'not one host' ldap://a/dc=b
	ldap 5:5 'a filter stands in parentheses' '' uid=?
	ldap 5:5 'no ? in it' '' '(uid=jane)'
	ldap 6:5 'must be true or false' '' '' 'starttls: "yes"'
	ldap 6:5 'TLS already' ldaps://a '' 'starttls: true'
	ldap 6:5 'in clear' ldap://a '' 'starttls: false'
	ldap 6:5 'need each other' '' '' 'bind_dn: cn=a'
	ldap 6:5 'neither env:NAME nor file:PATH' '' '' 'password: secret'
	ldap 6:18 'not the name of an attribute' '' '' 'attributes: ["a b"]'
	ldap 6:18 'not the name of an attribute' '' '' 'attributes: ["*"]'
	ldap 6:5 "'b c'" '' '' 'attributes: a,b c'
	ldap 6:5 "unknown key 'auth.ldap.colour'" '' '' 'colour: red'
	wrong 1:8 'neither env:NAME nor' <<< 'scep: {challenge: secret}'
	wrong 2:1 "duplicate key 'url'" <<< $'url: https://a.example\nurl: https://b.example'
	wrong 1:6 '!file is not taken here' <<< 'url: !file x'
	wrong 1:1 'no space' <<< 'identifier: a b'
	refuses 4 'none' mcfg-service-payload --config "$T/none"
}
