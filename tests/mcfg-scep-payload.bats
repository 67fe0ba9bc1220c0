#!/usr/bin/env bats

load helpers

BASE=(--url https://example.com/scep --identifier com.example.scep)

# inner EXPRESSION: it is true of s, the parameters of the payload in $T/out.
inner() {
	python3 - "$T/out" "$1" <<-'PY'
	import plistlib, sys
	p = plistlib.load(open(sys.argv[1], 'rb'))
	s = p['PayloadContent']
	s = s[0]['PayloadContent'] if isinstance(s, list) else s
	if not eval('(' + sys.argv[2] + ')'):
	    print(s); sys.exit(1)
	PY
}

@test "scep payload: every option has its key" {
	openssl x509 -in "$PKI/root.pem" -outform DER -out "$T/root.der"
	export TOKEN=pa55
	yields "$T/out" mcfg-scep-payload "${BASE[@]}" --name EnrollmentCA \
	    --subject '/O=Example, Inc./CN=User Device Cert' --san dns:a.example.com \
	    --san email:jane@example.com --san uri:https://example.com/x \
	    --san upn:jane@corp.example.com --challenge env:TOKEN \
	    --key-size 4096 --key-usage sign --ca-cert "$T/root.der" \
	    --fingerprint sha256 --retries 3 --retry-delay 10 --extractable no \
	    --organization Example --display-name SCEP --description Gets
	xmllint --noout "$T/out"
	fp=$(openssl dgst -sha256 -r "$T/root.der" | cut -d' ' -f1)
	inner "s == {'URL': 'https://example.com/scep', 'Name': 'EnrollmentCA',
	    'Subject': [[['O', 'Example, Inc.']], [['CN', 'User Device Cert']]],
	    'SubjectAltName': {'dNSName': 'a.example.com',
	        'rfc822Name': 'jane@example.com',
	        'uniformResourceIdentifier': 'https://example.com/x',
	        'ntPrincipalName': 'jane@corp.example.com'},
	    'Challenge': 'pa55', 'Keysize': 4096, 'Key Type': 'RSA',
	    'Key Usage': 1, 'CAFingerprint': bytes.fromhex('$fp'), 'Retries': 3,
	    'RetryDelay': 10, 'KeyIsExtractable': False}"
	plist_is "$T/out" "p['PayloadType'] == 'Configuration' and p['PayloadVersion'] == 1
	    and p['PayloadIdentifier'] == 'com.example.scep'
	    and [q['PayloadType'] for q in p['PayloadContent']] == ['com.apple.security.scep']
	    and p['PayloadContent'][0]['PayloadVersion'] == 1
	    and p['PayloadContent'][0]['PayloadUUID'] != p['PayloadUUID']
	    and p['PayloadContent'][0]['PayloadDisplayName'] == 'SCEP'
	    and p['PayloadOrganization'] == 'Example'"
}

@test "scep payload: defaults, and integers are integers" {
	yields "$T/out" mcfg-scep-payload "${BASE[@]}"
	inner "s == {'URL': 'https://example.com/scep', 'Keysize': 2048,
	    'Key Type': 'RSA', 'Key Usage': 5}"
	grep -A1 '<key>Key Usage</key>' "$T/out" | grep -q '<integer>5</integer>'
}

# subject DN PYTHON
subject() {
	yields "$T/out" mcfg-scep-payload "${BASE[@]}" --subject "$1"
	inner "s['Subject'] == $2"
}

@test "scep payload: takes a subject with slashes or with commas" {
	subject '/O=Example, Inc./CN=a\/b' "[[['O', 'Example, Inc.']], [['CN', 'a/b']]]"
	subject 'CN=Device,O=Example\, Inc.,C=US' \
	    "[[['C', 'US']], [['O', 'Example, Inc.']], [['CN', 'Device']]]"
	subject 'CN=Grün' "[[['CN', 'Grün']]]"
	subject 'O=A,DC=example,DC=com' \
	    "[[['0.9.2342.19200300.100.1.25', 'com']], [['0.9.2342.19200300.100.1.25', 'example']], [['O', 'A']]]"
	subject '/1.2.5.3=bar' "[[['1.2.5.3', 'bar']]]"
	yields "$T/out" mcfg-scep-payload "${BASE[@]}" --subject 'OU=a+CN=b,O=c'
	inner "len(s['Subject']) == 2 and s['Subject'][0] == [['O', 'c']]
	    and sorted(s['Subject'][1]) == [['CN', 'b'], ['OU', 'a']]"
	refuses 2 '--subject' mcfg-scep-payload "${BASE[@]}" --subject 'nonsense'
	refuses 2 '--subject' mcfg-scep-payload "${BASE[@]}" --subject ''
	# Found by fuzzing: OpenSSL knows the name, but has no OID for it.
	refuses 2 'unknown attribute type' mcfg-scep-payload "${BASE[@]}" \
	    --subject "$(cat "$TESTS/data/subject_without_oid")"
	refuses 2 '--subject' mcfg-scep-payload "${BASE[@]}" --subject $'CN=\xff'
}

@test "scep payload: takes several alternative names of one type" {
	yields "$T/out" mcfg-scep-payload "${BASE[@]}" --san dns:a --san email:x@y \
	    --san dns:b --san dns:c
	inner "s['SubjectAltName'] == {'dNSName': ['a', 'b', 'c'], 'rfc822Name': 'x@y'}"
	refuses 2 'not of the form' mcfg-scep-payload "${BASE[@]}" --san ip:1.2.3.4
	refuses 2 'value is missing' mcfg-scep-payload "${BASE[@]}" --san dns:
}

@test "scep payload: key usage is a mask" {
	for pair in sign:1 encrypt:4 sign,encrypt:5 encrypt,sign:5; do
		yields "$T/out" mcfg-scep-payload "${BASE[@]}" --key-usage "${pair%:*}"
		inner "s['Key Usage'] == ${pair#*:}"
	done
	for bad in '' sig 'sign,' sign,sign ',encrypt'; do
		refuses 2 '--key-usage' mcfg-scep-payload "${BASE[@]}" --key-usage "$bad"
	done
}

@test "scep payload: warns of a weak or unusual key size" {
	warns 'weak' "$T/out" mcfg-scep-payload "${BASE[@]}" --key-size 1024
	warns 'not one that Apple' "$T/out" mcfg-scep-payload "${BASE[@]}" --key-size 3072
	inner "s['Keysize'] == 3072"
	refuses 2 'not between' mcfg-scep-payload "${BASE[@]}" --key-size 512
	refuses 2 'not a number' mcfg-scep-payload "${BASE[@]}" --key-size 2048x
}

@test "scep payload: a fingerprint other than the CA's is refused" {
	fp=$(openssl x509 -in "$PKI/root.pem" -noout -fingerprint -sha256 | cut -d= -f2)
	yields "$T/out" mcfg-scep-payload "${BASE[@]}" --fingerprint "$fp"
	inner "s['CAFingerprint'] == bytes.fromhex('${fp//:/}')"
	yields "$T/out" mcfg-scep-payload "${BASE[@]}" --fingerprint "$fp" \
	    --ca-cert "$PKI/root.pem"
	refuses 1 'not the fingerprint that was given' mcfg-scep-payload "${BASE[@]}" \
	    --fingerprint "$fp" --ca-cert "$PKI/other.pem"
	refuses 2 'missing --ca-cert' mcfg-scep-payload "${BASE[@]}" --fingerprint sha256
	refuses 2 'neither sha256' mcfg-scep-payload "${BASE[@]}" --fingerprint md5
	refuses 4 'none' mcfg-scep-payload "${BASE[@]}" --ca-cert "$T/none"
	echo nonsense > "$T/junk"
	refuses 4 'junk' mcfg-scep-payload "${BASE[@]}" --ca-cert "$T/junk"
}

@test "scep payload: --bare prints the payload without a profile" {
	yields "$T/out" mcfg-scep-payload "${BASE[@]}" --bare --uuid-seed s
	plist_is "$T/out" "(lambda u: p['PayloadUUID'] == str(u.uuid5(u.uuid5(
	    u.NAMESPACE_OID, 's'), 'com.example.scep')).upper())(__import__('uuid'))
	    and p['PayloadType'] == 'com.apple.security.scep'
	    and p['PayloadIdentifier'] == 'com.example.scep'"
}

@test "scep payload: UUIDs from a seed follow the path of identifiers" {
	yields "$T/out" mcfg-scep-payload "${BASE[@]}" --uuid-seed s
	python3 - "$T/out" <<-'PY'
	import plistlib, sys, uuid
	p = plistlib.load(open(sys.argv[1], 'rb'))
	q = p['PayloadContent'][0]
	ns = uuid.uuid5(uuid.NAMESPACE_OID, 's')
	assert p['PayloadUUID'] == str(uuid.uuid5(ns, 'com.example.scep')).upper()
	assert q['PayloadIdentifier'] == 'com.example.scep.scep.0'
	assert q['PayloadUUID'] == str(uuid.uuid5(ns,
	    'com.example.scep/com.example.scep.scep.0')).upper()
	PY
}

@test "scep payload: uses the challenge of the CA that the site uses" {
	mkdir -p "$T/site/ca"
	cp "$PKI/root.pem" "$T/site/ca/cert.pem"
	printf '%s\n' 'url: https://example.com' \
	    'identifier: com.example.mcfg' > "$T/site/site.yaml"
	asks() {
		OURS=ours mcfg-scep-payload --config "$T/site/site.yaml" \
		    --site "$T/site" --subject /CN=x --challenge env:OURS
	}
	carries() {
		yields "$T/p" asks
		plist_is "$T/p" "(lambda c: c.get('Challenge') == $1 and
		    c['CAFingerprint'].hex() == '$(openssl x509 -in "$2" \
		    -outform DER | sha256sum | cut -d' ' -f1)')(
		    p['PayloadContent'][0]['PayloadContent'])"
	}
	fails() {
		OURS=ours refuses "$1" "$2" mcfg-scep-payload --config \
		    "$T/site/site.yaml" --site "$T/site" --subject /CN=x \
		    --challenge env:OURS
	}
	carries "'ours'" "$PKI/root.pem"
	# An outside CA would not know our challenge.
	cp "$PKI/client.pem" "$T/site/scep-ca.pem"
	carries None "$PKI/client.pem"
	printf 'scep:\n  challenge: file:fixed\n' >> "$T/site/site.yaml"
	echo its > "$T/site/fixed"
	carries "'its'" "$PKI/client.pem"
	sed -i 's/ challenge: .*/ challenge_program: .\/ask/' \
	    "$T/site/site.yaml"
	printf '#!/bin/sh\necho "for $1"\necho more\n' > "$T/site/ask"
	chmod +x "$T/site/ask"
	carries "'for /CN=x'" "$PKI/client.pem"
	printf '#!/bin/sh\necho no >&2; exit 1\n' > "$T/site/ask"
	run -4 asks
	[ "$output" = no ]
	printf '#!/bin/sh\necho\n' > "$T/site/ask"
	fails 4 'no challenge'
	printf '#!/bin/sh\nhead -c 65537 /dev/zero\n' > "$T/site/ask"
	fails 5 'more than 65536'
	# A certificate that cannot be read is not a missing one.
	printf '#!/bin/sh\necho x\n' > "$T/site/ask"
	rm "$T/site/scep-ca.pem"
	ln -s scep-ca.pem "$T/site/scep-ca.pem"
	fails 4 scep-ca.pem
}

@test "scep payload: a file with a challenge is readable only by its owner" {
	export TOKEN=abc
	yields - mcfg-scep-payload "${BASE[@]}" --challenge env:TOKEN -o "$T/private"
	[ "$(stat -c %a "$T/private")" = 600 ]
}

@test "scep payload: takes its defaults from site.yaml" {
	cat > "$T/site.yaml" <<-'YAML'
	url: https://profiles.example.com
	identifier: com.example
	scep:
	  name: CA
	  subject: /O=Example/CN=x
	  key_size: 4096
	  key_usage: [encrypt]
	YAML
	yields "$T/out" mcfg-scep-payload --config "$T/site.yaml"
	inner "s == {'URL': 'https://profiles.example.com/scep', 'Name': 'CA',
	    'Subject': [[['O', 'Example']], [['CN', 'x']]], 'Keysize': 4096,
	    'Key Type': 'RSA', 'Key Usage': 4}"
	plist_is "$T/out" "p['PayloadIdentifier'] == 'com.example.scep'"
	yields "$T/out" mcfg-scep-payload --config "$T/site.yaml" --key-size 2048 \
	    --key-usage sign --subject CN=y
	inner "s['Keysize'] == 2048 and s['Key Usage'] == 1
	    and s['Subject'] == [[['CN', 'y']]]"
	printf 'scep: {url: "http://ca.example.com/mscep/mscep.dll"}\n' > "$T/site.yaml"
	yields "$T/out" mcfg-scep-payload --config "$T/site.yaml" --identifier a
	inner "s['URL'] == 'http://ca.example.com/mscep/mscep.dll'"
	printf 'scep:\n  key_size: 17\n' > "$T/site.yaml"
	refuses 3 'site.yaml:2:3: scep.key_size: 17 is not between' \
	    mcfg-scep-payload --config "$T/site.yaml" "${BASE[@]}"
}

@test "scep payload: Apple's schema knows every key and its type" {
	needs_data apple-device-management/mdm/profiles/com.apple.security.scep.yaml
	export TOKEN=pa55
	yields "$T/out" mcfg-scep-payload "${BASE[@]}" --name N --subject CN=x \
	    --san dns:a --challenge env:TOKEN --ca-cert "$PKI/root.pem" \
	    --retries 1 --retry-delay 2 --extractable yes
	python3 - "$T/out" "$DATA/apple-device-management/mdm/profiles/com.apple.security.scep.yaml" <<-'PY'
	import plistlib, re, sys
	s = plistlib.load(open(sys.argv[1], 'rb'))['PayloadContent'][0]['PayloadContent']
	text = open(sys.argv[2]).read()
	kinds = dict(re.findall(r'^  - key: (.*)\n(?:.*\n)*?    type: <(\w+)>', text, re.M))
	python = {'string': str, 'integer': int, 'data': bytes, 'array': list,
	          'dictionary': dict, 'boolean': bool}
	for key, value in s.items():
	    assert type(value) is python[kinds[key]], (key, value, kinds[key])
	PY
}

# secret STATUS TEXT SOURCE: a challenge from there is refused.
secret() {
	refuses "$1" "$2" mcfg-scep-payload "${BASE[@]}" --challenge "$3"
}

@test "scep payload: reads a secret from every source, and refuses a bad one" {
	local long

	cd "$T"
	long=$(printf '%05000d' 0)
	printf 'word\r\nmore\n' > lines
	printf 'word' > bare
	printf '\nword\n' > blank
	printf 'wo\0rd\n' > nul
	: > empty
	echo "$long" > long
	for from in file:lines file:bare env:WORD fd:3 fd:4; do
		WORD=word yields "$T/out" mcfg-scep-payload "${BASE[@]}" \
		    --challenge "$from" 3< lines 4< bare
		inner "s['Challenge'] == 'word'"
	done
	secret 4 'none: cannot open' file:none
	secret 4 'cannot read' file:.
	secret 3 'first line is empty' file:blank
	secret 3 'NUL byte' file:nul
	secret 3 '' file:empty
	secret 3 'limit' file:long
	secret 2 'not set' env:NO_SUCH_WORD
	WORD=$long secret 3 'limit' env:WORD
	WORD='' secret 3 '' env:WORD
	secret 4 'cannot read' fd:97
	for from in fd: fd:x fd:3x fd:-1 fd:999999 word pass:word ''; do
		secret 2 '--challenge' "$from"
	done
}
