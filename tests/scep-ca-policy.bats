#!/usr/bin/env bats
# What the policy puts into certificates, and which names it allows.  openssl is
# the judge.

load helpers
load scep_helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	PATH=$MCFG_BIN:$PATH
	scep-ca init --dir ca --subject /O=Example/CN=CA
	openssl genrsa -out d.key 2048 2> /dev/null
	openssl req -x509 -key d.key -subj /CN=d -days 30 -out d.pem
	chmod 600 d.key
}

setup() {
	cd "$T" || return
	cp -R "$BATS_FILE_TMPDIR"/. .
}

# part NAME: prints an extension of d.cert in one line.  Some versions of
# openssl print a UPN with two colons, some with one.
part() {
	openssl x509 -in d.cert -noout -ext "$1" | tr -s ' \n' ' ' |
	    sed 's/othername: *UPN::*/othername: UPN:/g'
}

@test "policy: puts its addresses and key usages into the certificate" {
	cat > ca/scep-ca.yaml <<-'YAML'
	crl_url: http://ca.example.com/crl?a=1,b;c:d
	issuer_url: https://ca.example.com:8443/CA?x=1
	key_usage: [nonRepudiation, digitalSignature, dataEncipherment]
	YAML
	csr d /CN=d "$(challenge ca)"
	message ca d
	granted ca d
	part crlDistributionPoints |
	    grep -qF ' Full Name: URI:http://ca.example.com/crl?a=1,b;c:d '
	part authorityInfoAccess |
	    grep -qF ' CA Issuers - URI:https://ca.example.com:8443/CA?x=1 '
	part keyUsage | grep -qF \
	    'critical Digital Signature, Non Repudiation, Data Encipherment '
	# Certificates of scep-ca issue have them, too.
	yields d.cert scep-ca issue --dir ca --csr d.csr --profile client
	part crlDistributionPoints | grep -qF 'URI:http://ca.example.com/crl?a'
	part authorityInfoAccess | grep -qF 'URI:https://ca.example.com:8443'
	# Without addresses, the extensions are missing.
	echo 'key_usage: [keyEncipherment]' > ca/scep-ca.yaml
	csr d /CN=d "$(challenge ca)"
	message ca d --transaction another
	granted ca d
	part keyUsage | grep -qxF 'X509v3 Key Usage: critical Key Encipherment '
	run -1 grep -E 'CRL|Authority Information' \
	    <(openssl x509 -in d.cert -noout -text -nameopt oneline)
}

@test "policy: reports the place of an invalid key usage" {
	local list

	for list in keyEncipherment '[]' '[keyCertSign]' '[digitalsignature]' \
	    '[keyEncipherment, 7]' '[keyEncipherment, keyEncipherment]'; do
		printf '\nkey_usage: %s\n' "$list" > ca/scep-ca.yaml
		refuses 3 'scep-ca.yaml:2:' scep-ca list --dir ca
		grep -q ': key_usage: ' stderr
	done
}

# asks NAME...: makes d.msg, a request with these alternative names.
asks() {
	local names

	names=$(IFS=,; echo "$*")
	csr d /CN=d "$pw" "subjectAltName=$names" '[dn2]' CN=inner
	message ca d
}

@test "policy: judges names of every kind" {
	local upn='otherName:1.3.6.1.4.1.311.20.2.3;UTF8:'

	cat > ca/scep-ca.yaml <<-'YAML'
	san:
	  dns: ["*.example.com"]
	  uri: ["https://example.com/*"]
	  upn: ["*@example.com"]
	  ip: ["192.0.2.*", "2001:db8:*"]
	YAML
	pw=$(challenge ca)
	asks IP:198.51.100.1
	denied ca d 2 'does not allow subjectAltName ip:198.51.100.1'
	asks IP:2001:db9::1
	denied ca d 2 'does not allow subjectAltName ip:2001:db9:0:0:0:0:0:1'
	asks "${upn}x@example.org"
	denied ca d 2 'does not allow subjectAltName upn:x@example.org'
	asks "${upn/UTF8/IA5}x@example.com"
	denied ca d 2 'subjectAltName of a kind'
	asks 'otherName:1.2.3.4;UTF8:x@example.com'
	denied ca d 2 'subjectAltName of a kind'
	asks RID:1.2.3.4
	denied ca d 2 'subjectAltName of a kind'
	asks dirName:dn2
	denied ca d 2 'subjectAltName of a kind'
	asks "${upn}User@Example.com" IP:192.0.2.7 IP:2001:db8::7 \
	    URI:https://example.com/a DNS:a.example.com
	granted ca d
	part subjectAltName | grep -qF "othername: UPN:User@Example.com,$(
	    ) IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7,$(
	    ) URI:https://example.com/a, DNS:a.example.com"
}

@test "policy: the stars of a pattern match only what they should" {
	unit=${MCFG_BIN%/bin}/unit/unit_pattern
	[ -x "$unit" ] || skip "$unit is not built (make units)"
	# Each line: type, pattern, names that fit, a bar, names that do not.
	while read -r type glob names; do
		for name in $names; do
			case $name in
			'|')
				type=no:${type#no:}
				continue ;;
			esac
			want=fits
			[ "$type" = "${type#no:}" ] || want=differs
			is=$("$unit" "${type#no:}" "$glob" "$name")
			[ "$is" = "$want" ] || {
				echo "$type $glob $name: $is"
				false
			}
		done
	done <<-'TABLE'
	dns * a a.b.c *.example.com |
	dns *.example.com a.example.com ab.example.com | a.b.example.com example.com a.example.com.evil.org *.example.com a/example.com
	dns **.example.com a.example.com a.b.c.example.com | example.com a.example.org a/b.example.com
	dns web-*.example.com web-1.example.com web-.example.com | web-1.b.example.com www.example.com
	dns a?c a?c | abc
	dns [ab] [ab] | a b
	uri * urn:x https://a/b?c#d |
	uri https://example.com/* https://example.com/ https://example.com/a | https://example.com/a/b https://example.com/a?b https://example.com/a#b https://example.com.evil.org/
	uri https://example.com/** https://example.com/a/b?c#d https://example.com/ | https://example.com https://example.com@evil.org/
	uri https://*.example.com/** https://a.example.com/x/y | https://evil.org/.example.com/ https://evil.org?.example.com/ https://evil.org#.example.com/ https://evil.org\.example.com/ https://u@.example.com/ https://a.b.example.com/ https://a:1.example.com/
	uri https://**.example.com/ https://a.b.example.com/ | https://evil.org/.example.com/ https://a.b.example.com/x
	uri https://*/device https://a/device | https://a.b/device https://evil.org/a/device
	uri https://**/device https://a.b/device | https://a.b/x/device
	uri https** https | https://example.com/
	uri *://example.com/ https://example.com/ | https://evil.org/x://example.com/
	uri urn:uuid:* urn:uuid:1-2-3 | urn:other:1 urn:uuid:1/2
	uri tag:microsoft.com,2022-09-14:sid:* tag:microsoft.com,2022-09-14:sid:s-1-5 | tag:microsoft.com,2022-09-14:other
	email *@example.com jane@example.com jane.doe@example.com jane+x@example.com | jane@a.example.com jane@evil.org@example.com jane@example.com.evil.org
	email *@*.example.com a@b.example.com | a@b.c.example.com a@example.com
	email *@**.example.com a@b.c.example.com | a@evil.org/x.example.com
	upn *@example.com jane@example.com | a@b@example.com jane@example.org
	ip 192.0.2.* 192.0.2.7 | 192.0.3.7
	ip 2001:db8:* 2001:db8:0:0:0:0:0:7 | 2001:db9:0:0:0:0:0:7
	TABLE
}

# The pattern would match these bytes, but no name of its type can have them.
@test "policy: a name has only the characters of its type" {
	local name from to

	echo 'san: {dns: ["*"], email: ["*"], upn: ["*"], ip: ["*"]}' \
	    > ca/scep-ca.yaml
	pw=$(challenge ca)
	while read -r name from to; do
		asks "$name"
		python3 "$TESTS/scep.py" resign d.csr d.key "$from" "$to" \
		    > new.csr
		mv new.csr d.csr
		message ca d
		denied ca d 2 'subjectAltName'
	done <<-'NAMES'
	DNS:a.XX.example .XX. 2ec3bc2e
	DNS:a.XX.example .XX. 2eff002e
	email:XX@example XX@ c3bc40
	otherName:1.3.6.1.4.1.311.20.2.3;UTF8:aXX@b aXX@ 61fffe40
	otherName:1.3.6.1.4.1.311.20.2.3;UTF8:aXX@b aXX@ 610a0d40
	NAMES
}

@test "policy: a subject has no empty part and no invisible character" {
	local name

	pw=$(challenge ca)
	csr d /O=AAAA/CN=d "$pw"
	python3 "$TESTS/scep.py" resign d.csr d.key \
	    $'1\r0\v\6\3U\4\n\f\4AAAA' 3100310b3009060355040a0c024141 > new.csr
	openssl req -inform DER -in new.csr -noout -verify
	mv new.csr d.csr
	message ca d
	denied ca d 2 'empty part'
	# A soft hyphen, joiners, Hangul and Khmer fillers, a variation
	# selector, a tag.
	for name in $'a\xc2\xadb' $'a\xcd\x8fb' $'a\xe1\x85\x9fb' \
	    $'a\xe1\x9e\xb4b' $'a\xe1\xa0\x8bb' $'a\xe2\x81\xa0b' \
	    $'a\xe3\x85\xa4b' $'a\xef\xb8\x8fb' $'a\xef\xbe\xa0b' \
	    $'a\xf0\x9d\x85\xb3b' $'a\xf3\xa0\x84\x81b'; do
		csr d "/CN=$name" "$pw"
		message ca d
		denied ca d 2 'an invisible one'
	done
	csr d $'/CN=\xc3\x89lise \xe5\xbc\xa0' "$pw"
	message ca d
	granted ca d
}

# extended EXTENSION...: makes d.msg, a request with an attribute for each.
extended() {
	csr d /CN=d "$pw"
	python3 "$TESTS/scep.py" extend d.csr d.key "$@" > new.csr
	openssl req -inform DER -in new.csr -noout -verify
	mv new.csr d.csr
	message ca d --transaction "T$((++transaction))"
}

@test "policy: reads extensions from every attribute, Microsoft's too" {
	local transaction=0 order ca

	cat > ca/scep-ca.yaml <<-'YAML'
	san: {dns: ["*.example.com"], upn: ["*@example.com"]}
	YAML
	for order in 'pkcs:sign pkcs:dns=h.example.com' \
	    'pkcs:dns=h.example.com ms:sign' 'ms:dns=h.example.com pkcs:sign' \
	    'ms:sign ms:dns=h.example.com'; do
		pw=$(challenge ca)
		# shellcheck disable=SC2086 # words
		extended $order
		granted ca d
		part subjectAltName | grep -q 'DNS:h.example.com $'
	done
	for order in 'pkcs:dns=h.example.com ms:upn=j@example.com' \
	    'ms:dns=h.example.com pkcs:upn=j@example.com'; do
		pw=$(challenge ca)
		# shellcheck disable=SC2086 # words
		extended $order
		granted ca d
		part subjectAltName | grep -q 'UPN:j@example.com'
		part subjectAltName | grep -q 'DNS:h.example.com'
	done
	# It judges all of them.
	pw=$(challenge ca)
	for order in pkcs:dns=h.example.com ms:sign; do
		extended "$order" ms:dns=h.example.org
		denied ca d 2 'does not allow subjectAltName dns:h.example.org'
		for ca in pkcs:ca ms:ca; do
			extended "$order" "$ca"
			denied ca d 2 'CA'
		done
	done
}

# RFC 5280 7: case does not matter in hosts and schemes, but it does in paths,
# users and local parts.
@test "policy: a renewal has its certificate's names, compared by RFC 5280" {
	local name

	cat > ca/scep-ca.yaml <<-'YAML'
	san: {dns: ["*"], uri: ["*"], email: ["*"], ip: ["*"], upn: ["*"]}
	YAML
	pw=$(challenge ca)
	asks DNS:a.example.com URI:https://User@example.com/Path?Q \
	    URI:urn:Word email:Joe@example.com IP:192.0.2.7
	granted ca d
	mv d.cert d.pem
	pw=
	for name in DNS:b.example.com URI:https://User@example.com/path?Q \
	    URI:https://user@example.com/Path?Q URI:https://User@example.com/ \
	    URI:urn:word email:joe@example.com IP:192.0.2.8 \
	    DNS:urn:Word; do
		asks "$name"
		denied ca d 2 'cannot change the subjectAltName'
	done
	asks DNS:A.Example.COM URI:HTTPS://User@Example.com/Path?Q \
	    URI:URN:Word email:Joe@EXAMPLE.com IP:192.0.2.7
	granted ca d
}

@test "policy: scep-ca list selects by subject, check counts pending requests" {
	csr d '/O=acme/CN=d' "$(challenge ca)"
	message ca d
	granted ca d
	yields d.two scep-ca issue --dir ca --csr d.csr --profile client
	yields all scep-ca list --dir ca
	[ "$(head -n 1 all | cut -c 1-6)" = SERIAL ]
	[ "$(wc -l < all)" -eq 3 ]
	for part in ACME 'cn=d' 'O=acme'; do
		yields some scep-ca list --dir ca --subject "$part"
		cmp some all
	done
	yields none scep-ca list --dir ca --subject stranger
	head -n 1 all | cmp - none
	yields json scep-ca check --dir ca --json
	json_is json 'j["ok"] and j["pending"] == 0'
	echo 'approval: manual' > ca/scep-ca.yaml
	csr d '/O=acme/CN=other' "$(challenge ca)"
	message ca d --transaction waits
	answer ca d
	[ "$(attribute d pkiStatus)" = 3 ]
	yields json scep-ca check --dir ca --json
	json_is json 'j["ok"] and j["pending"] == 1'
	yields text scep-ca check --dir ca
	grep -q ' 1 pending: good$' text
}
