#!/usr/bin/env bats
# openssl makes the inputs and is the judge of the facts; Python's plistlib and
# base64 make the rest.

load helpers

setup() {
	cat > "$T/profile" <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>com.example.test</string>
	<key>PayloadUUID</key><string>7F0CF6ED-09FF-490E-AD53-89ACB920CD37</string>
	<key>PayloadDisplayName</key><string>Test</string>
	<key>PayloadContent</key><array><dict>
	<key>PayloadType</key><string>com.apple.wifi.managed</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>com.example.test.wifi</string>
	<key>PayloadUUID</key><string>063D7953-1338-4BF0-8F99-913382996224</string>
	<key>SSID_STR</key><string>Office</string>
	<key>Password</key><string>hunter2</string>
	</dict></array></dict></plist>
	XML
	printf '%s\n' '<plist version="1.0"><dict><key>UDID</key><string>abc</string>' \
	    '<key>PRODUCT</key><string>iPhone9,1</string>' \
	    '<key>CHALLENGE</key><string>s3cret</string></dict></plist>' \
	    > "$T/attributes"
}

# cms ARGS: runs openssl cms -sign, in DER, with unchanged content.
cms() {
	openssl cms -sign -binary -nodetach -outform DER \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" "$@"
}

# encrypt CERT PROFILE OUT: openssl encrypts its payloads.
encrypt() {
	python3 - "$@" <<-'PY'
	import plistlib, subprocess, sys
	cert, path, out = sys.argv[1:]
	p = plistlib.load(open(path, "rb"))
	plain = plistlib.dumps(p.pop("PayloadContent"))
	p["EncryptedPayloadContent"] = subprocess.run(
	    ["openssl", "cms", "-encrypt", "-binary", "-aes256", "-outform",
	    "DER", cert], input=plain, stdout=subprocess.PIPE, check=True).stdout
	plistlib.dump(p, open(out, "wb"), sort_keys=False)
	PY
}

# absent PATTERN FILE...: no file has it.
absent() {
	local status=0

	LC_ALL=C grep -qP -e "$@" || status=$?
	[ "$status" -eq 1 ]
}

inspect() {
	yields "$T/json" mcfg-inspect --json "$@" || return 1
	yields "$T/text" mcfg-inspect "$@"
}

# is EXPRESSION: it is true of the JSON j; n is the list of the notes' ids.
is() {
	python3 - "$T/json" "$1" <<-'PY'
	import json, sys
	j = json.load(open(sys.argv[1]))
	n = [x["id"] for x in j["notes"]]
	if not eval(sys.argv[2]):
	    print(json.dumps(j, indent=1)); sys.exit(1)
	PY
}

first_line() {
	head -1 "$T/text" | grep -qF -e "$1" || {
		head -1 "$T/text"
		return 1
	}
}

# ---- profiles ----

@test "inspect: a plain profile with its payloads, and masked secrets" {
	inspect "$T/profile"
	is 'j["kind"] == "profile" and j["form"] == ["xml"] and n == []'
	is 'j["profile"]["identifier"] == "com.example.test"'
	is '[p["type"] for p in j["payloads"]] == ["com.apple.wifi.managed"]'
	is 'j["payloads"][0]["settings"] == {"SSID_STR": "Office", "Password": "(masked)"}'
	is 'list(j)[:3] == ["kind", "summary", "trust"]'
	first_line '"Test" (com.example.test) with 1 payload'
	absent hunter2 "$T/text" "$T/json"
	inspect --show-secrets "$T/profile"
	is 'j["payloads"][0]["settings"]["Password"] == "hunter2"'
}

@test "inspect: a binary profile says the same as its XML" {
	python3 - "$T/profile" "$T/binary" <<-'PY'
	import plistlib, sys
	p = plistlib.load(open(sys.argv[1], "rb"))
	plistlib.dump(p, open(sys.argv[2], "wb"), fmt=plistlib.FMT_BINARY, sort_keys=False)
	PY
	inspect "$T/profile"
	mv "$T/json" "$T/json.xml"
	inspect "$T/binary"
	is 'j["form"] == ["binary_plist"]'
	python3 - "$T/json.xml" "$T/json" <<-'PY'
	import json, sys
	a, b = (json.load(open(p)) for p in sys.argv[1:])
	for key in ("bytes", "form"):
	    del a[key], b[key]
	assert a == b
	PY
}

@test "inspect: a signed profile: the facts match openssl" {
	cms -certfile "$PKI/chain.pem" -in "$T/profile" -out "$T/signed"
	inspect "$T/signed"
	is 'j["kind"] == "signed_profile" and j["form"] == ["der", "xml"]'
	is 'j["payloads"][0]["type"] == "com.apple.wifi.managed"'
	is 'j["cms"]["content_bytes"] == '"$(wc -c < "$T/profile")"
	is 'j["signers"][0]["digest"] == "sha256"'
	is 'j["signers"][0]["content_digest"] == "matches the content"'
	is 'j["signers"][0]["signature"].startswith("fits")'
	is 'j["signers"][0]["chain_needs"] is None and len(j["signers"][0]["chain"]) == 3'
	is '"no_intermediates" not in n and "ber" not in n'
	first_line 'signed by CN=Signer,O=Example'
	serial=$(openssl x509 -in "$PKI/signer.pem" -noout -serial)
	is 'j["signers"][0]["serial"] == "'"${serial#serial=}"'".lower()'
	for c in signer inter root; do
		print=$(openssl x509 -in "$PKI/$c.pem" -noout -fingerprint -sha256)
		is '"'"${print#*=}"'".replace(":", "").lower() in [c["sha256"] for c in j["certificates"]]'
	done
}

@test "inspect: no intermediates, no signed attributes, SHA-1, several signers" {
	cms -in "$T/profile" -out "$T/signed"
	inspect "$T/signed"
	is '"no_intermediates" in n'
	is 'j["signers"][0]["chain_needs"] == "CN=Intermediate,O=Example"'
	cms -noattr -md sha1 -in "$T/profile" -out "$T/signed"
	inspect "$T/signed"
	is 'j["signers"][0]["signed_attributes"] is None and "no_signed_attributes" in n'
	is '"sha1" in n and j["signers"][0]["signature"].startswith("fits")'
	cms -signer "$PKI/client.pem" -inkey "$PKI/client.key" \
	    -in "$T/profile" -out "$T/signed"
	inspect "$T/signed"
	is '"several_signers" in n and len(j["signers"]) == 2'
	is 'all(s["signature"].startswith("fits") for s in j["signers"])'
}

@test "inspect: an EC signer by key identifier, without its certificate" {
	openssl cms -sign -binary -nodetach -outform DER -signer "$PKI/ec.pem" \
	    -inkey "$PKI/ec.key" -in "$T/profile" -out "$T/signed"
	inspect "$T/signed"
	is 'j["signers"][0]["signature"].startswith("fits")'
	is 'j["certificates"][0]["key"] == "ec:P-256"'
	openssl cms -sign -binary -nodetach -outform DER -nocerts -keyid \
	    -signer "$PKI/ec.pem" -inkey "$PKI/ec.key" -in "$T/profile" \
	    -out "$T/signed" || skip "no key id in this certificate"
	inspect "$T/signed"
	is '"no_signer_certificate" in n and j["signers"][0]["certificate"] is None'
	is '"subject_key_id" in j["signers"][0]'
}

@test "inspect: changed content and a changed signature are reported" {
	cms -in "$T/profile" -out "$T/signed"
	flip_byte "$T/signed" Office
	inspect "$T/signed"
	is '"content_changed" in n and j["kind"] == "signed_profile"'
	is 'j["signers"][0]["signature"].startswith("fits")'
	cms -noattr -in "$T/profile" -out "$T/signed"
	flip_byte "$T/signed" Office
	inspect "$T/signed"
	is '"bad_signature" in n'
}

@test "inspect: BER, bytes after the end, PEM, base64" {
	cms -stream -in "$T/profile" -out "$T/ber"
	inspect "$T/ber"
	is 'j["form"][0] == "ber" and "ber" in n and j["kind"] == "signed_profile"'
	cms -in "$T/profile" -out "$T/signed"
	{ cat "$T/signed"; printf 'xx'; } > "$T/tail"
	inspect "$T/tail"
	is '"trailing_bytes" in n and j["kind"] == "signed_profile"'
	grep -q '2 bytes follow its end' "$T/text"
	base64 "$T/signed" > "$T/base64"
	inspect "$T/base64"
	is 'j["form"] == ["base64", "der", "xml"]'
	openssl cms -cmsout -inform DER -outform PEM -in "$T/signed" > "$T/pem"
	inspect "$T/pem"
	is 'j["form"] == ["pem", "der", "xml"] and j["pem_label"] == "CMS"'
}

@test "inspect: an unknown digest, MD5, an unknown attribute" {
	cms -noattr -in "$T/profile" -out "$T/signed"
	# sha256 is 2.16.840.1.101.3.4.2.1; 99 at the end is unknown.
	python3 - "$T/signed" <<-'PY'
	import sys
	data = open(sys.argv[1], "rb").read()
	oid = bytes.fromhex("0609608648016503040201")
	assert oid in data
	open(sys.argv[1], "wb").write(data.replace(oid, oid[:-1] + b"\x63"))
	PY
	inspect "$T/signed"
	is '"unknown_digest" in n and j["signers"][0]["digest"] == "2.16.840.1.101.3.4.2.99"'
	is 'j["signers"][0]["signature"] == "not checked: unknown digest"'
	cms -md md5 -in "$T/profile" -out "$T/signed"
	inspect "$T/signed"
	is '"md5" in n and j["signers"][0]["digest"] == "md5"'
	cms -in "$T/profile" -out "$T/signed"
	# signingTime, 1.2.840.113549.1.9.5, becomes .9.99
	python3 - "$T/signed" <<-'PY'
	import sys
	data = open(sys.argv[1], "rb").read()
	oid = bytes.fromhex("06092a864886f70d010905")
	assert data.count(oid) == 1
	open(sys.argv[1], "wb").write(data.replace(oid, oid[:-1] + b"\x63"))
	PY
	inspect "$T/signed"
	is '"unknown_attribute" in n and j["signers"][0]["signing_time"] is None'
	is '"bad_signature" in n'
}

@test "inspect: reports LF that a signing tool turned into CR LF" {
	openssl smime -sign -nodetach -outform DER -signer "$PKI/signer.pem" \
	    -inkey "$PKI/signer.key" -in "$T/profile" -out "$T/signed"
	inspect "$T/signed"
	is '"crlf" in n and j["kind"] == "signed_profile"'
}

@test "inspect: an encrypted profile, with and without its key" {
	encrypt "$PKI/client.pem" "$T/profile" "$T/encrypted"
	inspect "$T/encrypted"
	is 'j["kind"] == "encrypted_profile" and "payloads" not in j'
	is 'j["content"]["kind"] == "enveloped"'
	serial=$(openssl x509 -in "$PKI/client.pem" -noout -serial)
	is 'j["content"]["recipients"][0]["serial"] == "'"${serial#serial=}"'".lower()'
	inspect --key "$PKI/client.key" "$T/encrypted"
	is 'j["content"]["opened"] and j["payloads"][0]["type"] == "com.apple.wifi.managed"'
	is 'j["content"]["content"]["kind"] == "payloads"'
	inspect --key "$PKI/signer.key" "$T/encrypted"
	is 'j["content"]["opened"] is False'
	is '[x["id"] for x in j["content"]["notes"]] == ["not_opened"]'
	cms -certfile "$PKI/chain.pem" -in "$T/encrypted" -out "$T/both"
	inspect --key "$PKI/client.key" "$T/both"
	is 'j["kind"] == "signed_profile"'
	is 'j["payloads"][0]["settings"]["SSID_STR"] == "Office"'
	first_line 'a signed profile with encrypted payloads'
}

@test "inspect: the profile of phase 1" {
	cat > "$T/service" <<-'XML'
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Profile Service</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>com.example.service</string>
	<key>PayloadUUID</key><string>7F0CF6ED-09FF-490E-AD53-89ACB920CD37</string>
	<key>PayloadContent</key><dict>
	<key>URL</key><string>https://example.com/profile</string>
	<key>DeviceAttributes</key><array><string>UDID</string></array>
	<key>Challenge</key><string>s3cret</string>
	</dict></dict></plist>
	XML
	inspect "$T/service"
	is 'j["kind"] == "profile"'
	is 'j["profile_service"]["URL"] == "https://example.com/profile"'
	is 'j["profile_service"]["Challenge"] == "(masked)"'
	first_line 'phase 1'
}

@test "inspect: oddities of a profile" {
	python3 - "$T/profile" "$PKI/root.pem" "$T/odd" <<-'PY'
	import plistlib, sys, copy, datetime
	p = plistlib.load(open(sys.argv[1], "rb"))
	a = p["PayloadContent"][0]
	b = copy.deepcopy(a)
	b["PayloadType"] = "com.apple.security.root"
	b["PayloadContent"] = open(sys.argv[2], "rb").read()
	del b["PayloadVersion"]
	p["PayloadContent"].append(b)
	p["PayloadExpirationDate"] = datetime.datetime(2020, 1, 1)
	plistlib.dump(p, open(sys.argv[3], "wb"))
	PY
	inspect "$T/odd"
	is 'set(n) >= {"same_uuid", "pem_in_data", "missing_key", "expired"}'
	is 'j["payloads"][1]["content"]["kind"] == "certificate"'
	is 'j["payloads"][1]["content"]["certificates"][0]["subject"] == "CN=Root,O=Example"'
}

# ---- what devices send ----

@test "inspect: a device's reply, with its challenge masked" {
	openssl cms -sign -binary -nodetach -outform DER -md sha1 -stream \
	    -signer "$PKI/device.pem" -inkey "$PKI/device.key" \
	    -certfile "$PKI/device-ca.pem" -in "$T/attributes" -out "$T/answer"
	inspect "$T/answer"
	is 'j["kind"] == "device_response" and j["phase"] == "phase2"'
	is 'j["device"] == {"UDID": "abc", "PRODUCT": "iPhone9,1", "CHALLENGE": "(masked)"}'
	is 'set(n) >= {"ber", "sha1", "weak_key"}'
	first_line "a device's answer (probably phase 2): iPhone9,1, UDID abc, with a challenge"
	absent s3cret "$T/text" "$T/json"
	# Phase 3: another identity, and no challenge.
	sed '/CHALLENGE/d; s/abc/abc/' "$T/attributes" > "$T/later"
	printf '</dict></plist>' >> "$T/later"
	cms -in "$T/later" -out "$T/answer"
	inspect "$T/answer"
	is 'j["phase"] == "phase3"'
}

@test "inspect: MachineInfo, in a body and in a header" {
	sed 's/CHALLENGE/LANGUAGE/' "$T/attributes" > "$T/machine"
	cms -in "$T/machine" -out "$T/answer"
	inspect "$T/answer"
	is 'j["kind"] == "device_response" and j["phase"] == "machine_info"'
	printf 'GET /enroll HTTP/1.1\r\nHost: a\r\nx-apple-aspen-deviceinfo: %s\r\n\r\n' \
	    "$(base64 -w0 "$T/answer")" > "$T/request"
	inspect "$T/request"
	is 'j["phase"] == "machine_info" and j["header"] == "x-apple-aspen-deviceinfo"'
}

@test "inspect: an unknown attribute of a device" {
	sed 's/CHALLENGE/SHOE_SIZE/' "$T/attributes" > "$T/in"
	inspect "$T/in"
	is 'j["phase"] == "unsigned" and n == ["unknown_attribute"]'
}

@test "inspect: a detached signature with and without its content" {
	openssl cms -sign -binary -outform DER -signer "$PKI/signer.pem" \
	    -inkey "$PKI/signer.key" -in "$T/profile" -out "$T/detached"
	inspect "$T/detached"
	is 'j["kind"] == "cms" and j["cms"]["detached"]'
	is 'j["signers"][0]["content_digest"].startswith("not checked")'
	first_line 'a detached signature, signed by CN=Signer'
	inspect --content "$T/profile" "$T/detached"
	is 'j["signers"][0]["content_digest"] == "matches the content"'
	is 'j["content"]["kind"] == "profile"'
	sed 's/Office/Garden/' "$T/profile" > "$T/other"
	inspect --content "$T/other" "$T/detached"
	is '"content_changed" in n'
}

@test "inspect: an MDM check-in with its signature in a header" {
	printf '%s' '<plist version="1.0"><dict><key>MessageType</key><string>Authenticate</string><key>UDID</key><string>abc</string></dict></plist>' \
	    > "$T/body"
	openssl cms -sign -binary -outform DER -signer "$PKI/signer.pem" \
	    -inkey "$PKI/signer.key" -in "$T/body" -out "$T/detached"
	{
		printf 'PUT /checkin HTTP/1.1\r\nContent-Length: %s\r\n' \
		    "$(wc -c < "$T/body")"
		printf 'Mdm-Signature: %s\r\n\r\n' "$(base64 -w0 "$T/detached")"
		cat "$T/body"
	} > "$T/request"
	inspect "$T/request"
	is 'j["content"]["kind"] == "mdm"'
	is 'j["signers"][0]["content_digest"] == "matches the content"'
	first_line 'a detached signature over the body'
	printf 'Mdm-Signature: %s\r\n' "$(base64 -w0 "$T/detached")" > "$T/line"
	inspect --content "$T/body" "$T/line"
	is 'j["signers"][0]["content_digest"] == "matches the content"'
	is 'j["content"]["kind"] == "mdm"'
}

# ---- certificates, requests, CRLs and keys ----

@test "inspect: a certificate: the facts match openssl" {
	openssl req -x509 -newkey rsa:1024 -nodes -keyout /dev/null \
	    -subj '/O=Example, Inc./CN=a.example' -days 30 -sha1 \
	    -addext 'subjectAltName=DNS:a.example,IP:192.0.2.1,email:a@b.c' \
	    -addext 'extendedKeyUsage=serverAuth' \
	    -out "$T/cert" 2> /dev/null
	inspect "$T/cert"
	is 'j["kind"] == "certificate"'
	is 'j["certificates"][0]["alt_names"] == ["dns:a.example", "ip:192.0.2.1", "email:a@b.c"]'
	is 'j["certificates"][0]["extended_key_usage"] == ["serverAuth"]'
	is 'set(n) >= {"weak_key", "sha1"}'
	subject=$(openssl x509 -in "$T/cert" -noout -subject -nameopt RFC2253)
	is 'j["certificates"][0]["subject"] == r"'"${subject#subject=}"'"'
	end=$(openssl x509 -in "$T/cert" -noout -enddate -dateopt iso_8601)
	end=${end#notAfter=}
	is 'j["certificates"][0]["not_after"] == "'"${end/ /T}"'"'
	yields "$T/json" mcfg-inspect --json --at 2200-01-01T00:00:00Z "$T/cert"
	is '"expired" in n'
	yields "$T/json" mcfg-inspect --json --at 2001-01-01T00:00:00Z "$T/cert"
	is '"not_yet_valid" in n'
	openssl x509 -in "$T/cert" -outform DER -out "$T/der"
	inspect "$T/der"
	is 'j["kind"] == "certificate" and j["form"] == ["der"]'
}

@test "inspect: a chain, its order and its gaps" {
	cat "$PKI/signer.pem" "$PKI/chain.pem" > "$T/chain"
	inspect "$T/chain"
	is 'j["kind"] == "certificate" and len(j["certificates"]) == 3'
	is 'j["ends_in_root"] and n == []'
	cat "$PKI/signer.pem" "$PKI/root.pem" "$PKI/inter.pem" > "$T/chain"
	inspect "$T/chain"
	is '"chain_order" in n'
	cat "$PKI/signer.pem" "$PKI/root.pem" > "$T/chain"
	inspect "$T/chain"
	is '"chain_gap" in n'
}

@test "inspect: GetCACert: certificates only, and over HTTP" {
	openssl crl2pkcs7 -nocrl -certfile "$PKI/chain.pem" -outform DER \
	    -out "$T/p7"
	inspect "$T/p7"
	is 'j["kind"] == "getcacert" and len(j["certificates"]) == 2'
	is 'j["apple_takes"] is None and "no_scep_recipient" in n'
	openssl x509 -in "$PKI/root.pem" -outform DER -out "$T/der"
	{
		printf 'HTTP/1.1 200 OK\r\nContent-Type: application/x-x509-ca-cert; charset=utf-8\r\n\r\n'
		cat "$T/der"
	} > "$T/answer"
	inspect "$T/answer"
	is 'j["kind"] == "getcacert" and "media_type" in n'
}

@test "inspect: a request, with its challenge masked" {
	openssl req -new -newkey rsa:2048 -nodes -keyout /dev/null \
	    -out "$T/csr" -config - 2> /dev/null <<-'CNF'
	[req]
	distinguished_name = dn
	attributes = at
	req_extensions = ext
	prompt = no
	[dn]
	O = Example
	CN = Device
	[at]
	challengePassword = s3cret
	[ext]
	subjectAltName = DNS:device.example
	CNF
	inspect "$T/csr"
	is 'j["kind"] == "csr" and j["subject"] == "CN=Device,O=Example"'
	is 'j["challenge"] == "(masked)" and j["key"] == "rsa:2048"'
	is 'j["alt_names"] == ["dns:device.example"]'
	is 'j["signature"] == "fits the key inside"'
	absent s3cret "$T/text" "$T/json"
	inspect --show-secrets "$T/csr"
	is 'j["challenge"] == "s3cret"'
}

@test "inspect: a revocation list" {
	mkdir "$T/ca"
	: > "$T/ca/index"
	echo 01 > "$T/ca/number"
	cat > "$T/ca/cnf" <<-CNF
	[ca]
	default_ca = d
	[d]
	database = $T/ca/index
	crlnumber = $T/ca/number
	default_md = sha256
	default_crl_days = 30
	CNF
	openssl ca -config "$T/ca/cnf" -cert "$PKI/root.pem" \
	    -keyfile "$PKI/root.key" -revoke "$PKI/client.pem" \
	    -crl_reason keyCompromise 2> /dev/null
	openssl ca -config "$T/ca/cnf" -cert "$PKI/root.pem" \
	    -keyfile "$PKI/root.key" -gencrl -out "$T/crl" 2> /dev/null
	inspect "$T/crl"
	serial=$(openssl x509 -in "$PKI/client.pem" -noout -serial)
	is 'j["kind"] == "crl" and j["issuer"] == "CN=Root,O=Example"'
	is 'j["revoked"][0]["serial"] == "'"${serial#serial=}"'".lower()'
	is 'j["revoked"][0]["reason"] == "keyCompromise" and j["number"] == "01"'
	yields "$T/json" mcfg-inspect --json --at 2200-01-01T00:00:00Z "$T/crl"
	is '"expired" in n'
}

@test "inspect: PKCS #12 without its password" {
	openssl pkcs12 -export -in "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -certfile "$PKI/chain.pem" -name Signer -passout pass:x -out "$T/p12"
	inspect "$T/p12"
	is 'j["kind"] == "pkcs12" and j["mac"]["digest"] == "sha256"'
	is 'j["mac"]["iterations"] == 2048 and "few_iterations" in n'
	is 'j["safes"][0]["encryption"]["cipher"] == "aes-256-cbc"'
	is 'j["safes"][1]["bags"][0]["type"] == "shrouded_key"'
	is 'j["safes"][1]["bags"][0]["friendly_name"] == "Signer"'
	is '"encrypted with a password, in 2 parts" in j["summary"]'
	openssl pkcs12 -export -in "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -keypbe NONE -certpbe NONE -nomac -passout pass: -out "$T/p12"
	inspect "$T/p12"
	is '"not encrypted, in 2 parts" in j["summary"]'
	openssl pkcs12 -export -in "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -legacy -passout pass:x -out "$T/p12" || skip "no legacy provider"
	inspect "$T/p12"
	is 'set(n) >= {"legacy_encryption", "sha1"}'
}

@test "inspect: describes a key without printing it" {
	inspect "$PKI/signer.key"
	is 'j["kind"] == "private_key" and j["key"] == "rsa:2048"'
	openssl pkcs8 -topk8 -in "$PKI/signer.key" -passout pass:x -out "$T/key"
	inspect "$T/key"
	is 'j["encrypted"] and j["encryption"]["cipher"] == "aes-256-cbc"'
	openssl pkey -in "$PKI/ec.key" -pubout -out "$T/pub"
	inspect "$T/pub"
	is 'j["kind"] == "public_key" and j["key"] == "ec:P-256"'
	cat "$PKI/signer.pem" "$PKI/signer.key" > "$T/both"
	inspect "$T/both"
	is 'j["kind"] == "certificate" and "private_key_inside" in n'
}

@test "inspect: EnvelopedData for RSA, EC and a password" {
	echo hello > "$T/plain"
	openssl cms -encrypt -binary -aes-128-cbc -outform DER -in "$T/plain" \
	    -out "$T/e" "$PKI/client.pem"
	inspect --key "$PKI/client.key" "$T/e"
	is 'j["kind"] == "enveloped" and j["cms"]["cipher"] == "aes-128-cbc"'
	is 'j["recipients"][0]["type"] == "key_transport"'
	is 'j["content"]["kind"] == "unknown" and j["content"]["begins"] == "hello\n"'
	openssl cms -encrypt -binary -des3 -outform DER -in "$T/plain" \
	    -out "$T/e" -recip "$PKI/client.pem" -keyopt rsa_padding_mode:oaep
	inspect "$T/e"
	is 'j["recipients"][0]["algorithm"] == "rsaesOaep" and "old_cipher" in n'
	openssl cms -encrypt -binary -aes256 -outform DER -in "$T/plain" \
	    -out "$T/e" "$PKI/ec.pem"
	inspect "$T/e"
	is 'j["recipients"][0]["type"] == "key_agreement"'
	serial=$(openssl x509 -in "$PKI/ec.pem" -noout -serial)
	is 'j["recipients"][0]["serial"] == "'"${serial#serial=}"'".lower()'
	openssl cms -encrypt -binary -aes256 -pwri_password x -outform DER \
	    -in "$T/plain" -out "$T/e"
	inspect "$T/e"
	is 'j["recipients"][0]["type"] == "password"'
}

# ---- SCEP ----

# exchange NAME: makes a key, its request NAME.request and the reply NAME.reply.
exchange() {
	rsa_key "$T/$1.key"
	chmod 600 "$T/$1.key"
	scep-request --ca "$T/ca/cert.pem" --key "$T/$1.key" \
	    --subject "/O=Example/CN=$1" --state "$T/$1.state" \
	    --challenge "file:$T/pw" > "$T/$1.request"
	scep-ca answer --dir "$T/ca" --operation PKIOperation \
	    "$T/$1.request" > "$T/$1.reply" 2> "$T/$1.log"
}

@test "inspect: SCEP from request to reply, with and without keys" {
	scep-ca init --dir "$T/ca" --subject /O=Example/CN=CA
	scep-ca challenge --dir "$T/ca" > "$T/pw"
	exchange a
	inspect "$T/a.request"
	is 'j["kind"] == "scep_request" and j["message_type"] == "PKCSReq"'
	is 'j["content"]["kind"] == "enveloped" and n == []'
	id=$(openssl cms -cmsout -print -noout -inform DER -in "$T/a.request" |
	    grep -A3 113733.1.9.7 | sed -n 's/.*PRINTABLESTRING:\(.*\)/\1/p')
	[ -n "$id" ]
	is 'j["transaction_id"] == "'"$id"'"'
	inspect --key "$T/ca/key.pem" "$T/a.request"
	is 'j["content"]["content"]["kind"] == "csr"'
	is 'j["content"]["content"]["challenge"] == "(masked)"'
	first_line 'PKCSReq (19) for CN=a,O=Example'
	inspect --show-secrets --key "$T/ca/key.pem" "$T/a.request"
	is 'j["content"]["content"]["challenge"] == "'"$(cat "$T/pw")"'"'

	inspect --key "$T/a.key" "$T/a.reply"
	is 'j["kind"] == "scep_reply" and j["pki_status"] == "SUCCESS"'
	is 'j["transaction_id"] == "'"$id"'"'
	is 'j["content"]["content"]["certificates"][0]["subject"] == "CN=a,O=Example"'
	first_line 'SUCCESS for CN=a,O=Example'

	exchange b		# the challenge is spent
	inspect "$T/b.reply"
	is 'j["pki_status"] == "FAILURE" and j["fail_info"] == "badRequest"'
	is 'j["fail_info_text"] in j["summary"]'

	scep-request --poll --ca "$T/ca/cert.pem" --key "$T/a.key" \
	    --state "$T/a.state" > "$T/poll"
	inspect --key "$T/ca/key.pem" "$T/poll"
	is 'j["message_type"] == "CertPoll"'
	is 'j["content"]["content"]["kind"] == "scep_query"'
	is 'j["content"]["content"]["subject"] == "CN=a,O=Example"'
}

@test "inspect: a SCEP message with a nonce of 8 bytes and single DES" {
	openssl req -x509 -newkey rsa:1024 -nodes -keyout "$T/key" -sha1 \
	    -subj /CN=old -out "$T/cert" 2> /dev/null
	python3 - "$T" "$PKI/root.pem" <<-'PY'
	# openssl cannot add this, so it is added by hand and then signed.
	import subprocess, sys
	t, ca = sys.argv[1:]
	def run(*a, **k):
	    return subprocess.run(a, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, **k).stdout
	def tlv(tag, body):
	    n = len(body)
	    size = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
	    return bytes([tag]) + size + body
	def oid(dots):
	    a = [int(x) for x in dots.split(".")]
	    out = bytes([a[0] * 40 + a[1]])
	    for v in a[2:]:
	        b = [v & 127]
	        while v > 127:
	            v >>= 7
	            b.insert(0, v & 127 | 128)
	        out += bytes(b)
	    return tlv(6, out)
	def attribute(dots, value):
	    return tlv(0x30, oid(dots) + tlv(0x31, value))
	open(t + "/plain", "wb").write(b"x" * 64)
	try:
	    sealed = run("openssl", "cms", "-encrypt", "-binary", "-des", "-provider", "legacy",
	        "-provider", "default", "-outform", "DER", "-in", t + "/plain", ca)
	except subprocess.CalledProcessError:
	    sys.exit(77)
	import hashlib
	scep = "2.16.840.1.113733.1.9."
	attrs = b"".join(sorted([
	    attribute("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.7.1")),
	    attribute("1.2.840.113549.1.9.4", tlv(4, hashlib.sha1(sealed).digest())),
	    attribute(scep + "2", tlv(19, b"19")),
	    attribute(scep + "5", tlv(4, b"12345678")),
	    attribute(scep + "7", tlv(19, b"ABC"))]))
	open(t + "/attrs", "wb").write(tlv(0x31, attrs))
	signature = run("openssl", "dgst", "-sha1", "-sign", t + "/key", t + "/attrs")
	cert = run("openssl", "x509", "-in", t + "/cert", "-outform", "DER")
	serial = bytes.fromhex(run("openssl", "x509", "-in", t + "/cert", "-noout", "-serial").decode().strip().split("=")[1])
	if serial[0] & 128:
	    serial = b"\0" + serial
	name = tlv(0x30, tlv(0x31, tlv(0x30, oid("2.5.4.3") + tlv(12, b"old"))))
	sha1 = tlv(0x30, oid("1.3.14.3.2.26") + tlv(5, b""))
	signer = tlv(0x30, tlv(2, b"\1") + tlv(0x30, name + tlv(2, serial)) + sha1 +
	    tlv(0xa0, attrs) + tlv(0x30, oid("1.2.840.113549.1.1.1") + tlv(5, b"")) + tlv(4, signature))
	signed = tlv(0x30, tlv(2, b"\1") + tlv(0x31, sha1) +
	    tlv(0x30, oid("1.2.840.113549.1.7.1") + tlv(0xa0, tlv(4, sealed))) +
	    tlv(0xa0, cert) + tlv(0x31, signer))
	open(t + "/message", "wb").write(tlv(0x30, oid("1.2.840.113549.1.7.2") + tlv(0xa0, signed)))
	PY
	inspect --key "$PKI/root.key" "$T/message"
	is 'j["kind"] == "scep_request" and j["transaction_id"] == "ABC"'
	is 'set(n) >= {"short_nonce", "sha1", "weak_key"}'
	is 'j["signers"][0]["signature"].startswith("fits")'
	is 'j["content"]["cms"]["cipher"] == "des-cbc"'
	is '"weak_cipher" in [x["id"] for x in j["content"]["notes"]]'
	is 'j["content"]["opened"] is False'
	grep -q 'note: the key does not decrypt it' "$T/text"
}

# ---- SCEP's GetCACaps ----

@test "inspect: GetCACaps" {
	printf 'AES\nSHA-256\nPOSTPKIOperation\nSCEPStandard\n' > "$T/caps"
	inspect "$T/caps"
	is 'j["kind"] == "getcacaps" and j["capabilities"][0] == "AES" and n == []'
	printf 'SHA-1\r\nDES3\r\nFROBNICATE\r\n' > "$T/caps"
	inspect "$T/caps"
	is 'set(n) == {"crlf", "unknown_capability", "only_sha1", "no_aes", "no_post"}'
}

# ---- HTTP ----

@test "inspect: a saved HTTP response, a CGI response, chunks, a query" {
	cms -certfile "$PKI/chain.pem" -in "$T/profile" -out "$T/signed"
	n=$(wc -c < "$T/signed")
	{
		printf 'HTTP/1.1 100 Continue\r\n\r\nHTTP/2 200\r\n'
		printf 'content-type: text/plain\r\ncontent-length: 7\r\n\r\n'
		cat "$T/signed"
	} > "$T/http"
	inspect "$T/http"
	is 'j["kind"] == "signed_profile" and j["form"][0] == "http"'
	is 'set(n) >= {"media_type", "content_length"}'
	{
		printf 'Content-Type: application/x-apple-aspen-config\n\n'
		cat "$T/signed"
	} > "$T/http"
	inspect "$T/http"
	is 'j["kind"] == "signed_profile" and "media_type" not in n'
	{
		printf 'POST /profile HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
		printf '%x\r\n' "$n"
		cat "$T/signed"
		printf '\r\n0\r\n\r\n'
	} > "$T/http"
	inspect "$T/http"
	is 'j["kind"] == "signed_profile" and "trailing_bytes" not in n'
	{
		printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
		printf '200\r\n'
		head -c 512 "$T/signed"
		printf '\r\n200\r\ncut'
	} > "$T/http"
	inspect "$T/http"
	is 'j["kind"] == "http" and "broken_chunks" in n'
	printf 'GET /scep?operation=PKIOperation&message=%s HTTP/1.1\r\n\r\n' \
	    "$(base64 -w0 "$T/signed" | sed 's/=/%3D/g')" > "$T/http"
	inspect "$T/http"
	is 'j["form"][:2] == ["http", "query"] and j["kind"] == "signed_profile"'
	# In base64url, as a request, alone, and in a log.
	url=$(base64 -w0 "$T/signed" | tr +/ -_ | tr -d =)
	printf 'GET /scep?operation=PKIOperation&message=%s HTTP/1.1\r\n\r\n' \
	    "$url" > "$T/http"
	inspect "$T/http"
	is 'j["form"][:2] == ["http", "query"] and j["kind"] == "signed_profile"'
	printf '%s\n' "$url" > "$T/http"
	inspect "$T/http"
	is 'j["form"][0] == "base64" and j["kind"] == "signed_profile"'
	base64 -w0 "$T/signed" | sed 's/A/%41/g; s/+/%2b/g; s|/|%2F|g; s/=/%3D/g
	    s/$/%0D%0A/' > "$T/http"
	inspect "$T/http"
	is 'j["form"][0] == "base64" and j["kind"] == "signed_profile"'
	printf '%s "GET /scep?message=%s&operation=PKIOperation HTTP/1.1" 200\n' \
	    '192.0.2.1 - - [28/Nov/2026:10:00:00 +0000]' "$url" > "$T/http"
	inspect "$T/http"
	is 'j["form"][0] == "query" and j["kind"] == "signed_profile"'
	# But not in a profile with one line.
	printf '<plist version="1.0"><dict><key>a</key><string>%s</string>%s\n' \
	    '"GET /?operation=x&amp;message=y HTTP/1.1"' '</dict></plist>' \
	    > "$T/http"
	inspect "$T/http"
	is 'j["kind"] == "plist"'
	printf 'HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n' > "$T/http"
	inspect "$T/http"
	is 'j["kind"] == "http" and "redirect_302" in n'
}

@test "inspect: S/MIME, which openssl makes of a profile by default" {
	openssl smime -sign -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -in "$T/profile" -out "$T/mail"
	inspect "$T/mail"
	is 'j["kind"] == "cms" and j["form"][0] == "smime" and "smime" in n'
	is 'j["signers"][0]["content_digest"] == "matches the content"'
	is 'j["content"]["kind"] == "profile"'
	openssl cms -sign -binary -nodetach -signer "$PKI/signer.pem" \
	    -inkey "$PKI/signer.key" -in "$T/profile" -out "$T/mail"
	inspect "$T/mail"
	is 'j["kind"] == "signed_profile" and "smime" in n'
}

@test "inspect: the next CA certificate, signed by the current one" {
	scep-ca init --dir "$T/ca" --subject /O=Example/CN=CA
	scep-ca rollover --dir "$T/ca" > /dev/null
	scep-ca answer --dir "$T/ca" --operation GetNextCACert \
	    < /dev/null > "$T/next"
	inspect "$T/next"
	is 'j["kind"] == "cms"'
	is 'j["content"]["certificates"][0]["subject"] == "CN=CA,O=Example"'
	first_line 'as returned by GetNextCACert'
}

# ---- real captures ----

@test "inspect: real: an iPhone's reply, as sent and as PEM" {
	needs_data device-responses/iphone-ios6-2012.p7
	for f in p7 pem; do
		inspect "$DATA/device-responses/iphone-ios6-2012.$f"
		is 'j["kind"] == "device_response" and j["phase"] == "phase2"'
		is 'j["device"]["UDID"] == "ea750fdbc619ca406d066d7ed158d54483fc382f"'
		is 'j["certificates"][0]["serial"] == "042d1d9739d9367d99f8"'
		is 'j["certificates"][1]["sha256"].startswith("76f27d00")'
		is 'j["signers"][0]["content_digest"] == "matches the content"'
		is 'j["signers"][0]["signature"].startswith("fits")'
		is 'set(n) >= {"sha1", "weak_key", "expired"}'
	done
}

@test "inspect: real: SCEP requests of an iPhone and a Mac, a server's reply" {
	needs_data scep/iphone-ios6-pkcsreq.der
	inspect "$DATA/scep/iphone-ios6-pkcsreq.der"
	is 'j["kind"] == "scep_request" and j["message_type"] == "PKCSReq"'
	is 'j["transaction_id"] == "A97FF75E93EE1D5AAFB7ABA940DD70263A385695"'
	is 'j["sender_nonce"] == "ae57231afececee25a21a7e946e8d49e"'
	is 'j["content"]["cms"]["cipher"] == "des-ede3-cbc"'
	is 'j["signers"][0]["signature"].startswith("fits")'
	inspect "$DATA/scep/macos-2016-pkcsreq.der"
	is 'j["kind"] == "scep_request" and j["message_type_number"] == "19"'
	inspect "$DATA/scep/ruby-server-certrep.der"
	is 'j["kind"] == "scep_reply" and "no_scep_attributes" in n'
	is 'j["summary"].startswith("probably a SCEP reply, without")'
}

@test "inspect: real: every profile is recognized" {
	needs_data profiles/ORIGIN.tsv
	python3 - "$DATA/profiles" <<-'PY'
	import csv, json, os, subprocess, sys
	folder = sys.argv[1]
	for row in csv.DictReader(open(os.path.join(folder, "ORIGIN.tsv")), delimiter="\t"):
	    run = subprocess.run(["mcfg-inspect", "--json", os.path.join(folder, row["file"])],
	        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
	    if row["readable by python plistlib"] == "no":
	        assert run.returncode == 3 and not run.stdout, row
	        assert b"not recognized: begins as a property list" in run.stderr, row
	        continue
	    assert run.returncode == 0 and not run.stderr, row
	    j = json.loads(run.stdout)
	    assert j["kind"] == ("signed_profile" if row["kind"] == "signed" else "profile"), row
	    types = ["Configuration"] + list(dict.fromkeys(p["type"] for p in j["payloads"]))
	    assert types == row["payload types"].split(","), (row, types)
	PY
}

@test "inspect: real: Apple's CAs" {
	needs_data apple-ca/AppleRootCA.cer
	for f in AppleRootCA AppleiPhoneCA AppleiPhoneDeviceCA; do
		inspect "$DATA/apple-ca/$f.cer"
		print=$(openssl x509 -inform DER -in "$DATA/apple-ca/$f.cer" \
		    -noout -fingerprint -sha256)
		is 'j["certificates"][0]["sha256"] == "'"${print#*=}"'".replace(":", "").lower()'
		is 'j["certificates"][0]["ca"]'
	done
}

# ---- unknown and hostile input ----

@test "inspect: unknown input is status 3, with a guess" {
	refuses 3 'it is empty' mcfg-inspect /dev/null
	printf '<!doctype html><html>' > "$T/in"
	refuses 3 'it is an HTML page' mcfg-inspect "$T/in"
	printf '\037\213\010' > "$T/in"
	refuses 3 'compressed by gzip' mcfg-inspect "$T/in"
	printf '#!/bin/sh\nexit 0\n' > "$T/in"
	refuses 3 'not recognized' mcfg-inspect "$T/in"
	printf '\211PNG\r\n\032\n\0\0\0\rIHDR' > "$T/in"
	refuses 3 'a picture' mcfg-inspect "$T/in"
	cms -in "$T/profile" | head -c 900 > "$T/in"
	refuses 3 'truncated' mcfg-inspect "$T/in"
	printf '<plist version="1.0"><dict><key>a</key></dict></plist>' > "$T/in"
	refuses 3 'line 1, column' mcfg-inspect "$T/in"
}

@test "inspect: escapes, newlines and bidi characters are harmless" {
	python3 - "$T/in" <<-'PY'
	import plistlib, sys
	evil = "x\n  note: trusted‮ ​"
	plistlib.dump({"UDID": evil, "PRODUCT": evil, evil: "v"}, open(sys.argv[1], "wb"))
	PY
	inspect "$T/in"
	absent '\x1b|\x9b|\xe2\x80' "$T/text"
	absent '^  note: trusted' "$T/text"
	grep -qF '\u202e' "$T/text"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null \
	    -subj "/CN=$(printf 'a\033[31mb')" -out "$T/cert" 2> /dev/null
	inspect "$T/cert"
	absent '\x1b' "$T/text"
}

@test "inspect: colour on a terminal only, and not with NO_COLOR" {
	needs script
	script -qec "TERM=xterm mcfg-inspect '$T/profile'" /dev/null > "$T/tty"
	grep -q "$(printf '\033')" "$T/tty"
	script -qec "NO_COLOR=1 TERM=xterm mcfg-inspect '$T/profile'" /dev/null \
	    > "$T/tty"
	absent '\x1b' "$T/tty"
	yields "$T/out" env TERM=xterm mcfg-inspect "$T/profile"
	absent '\x1b' "$T/out"
}

@test "inspect: says only that trust is not checked" {
	cms -certfile "$PKI/chain.pem" -in "$T/profile" -out "$T/signed"
	inspect "$T/signed"
	tail -1 "$T/text" | grep -q 'trust is not checked'
	absent '(?i)verified|trusted|valid$' "$T/text"
}

# costs STATUS FILE...: each file has this status, within a second and 100 MB.
costs() {
	python3 - "${MCFG_TEST_SANITIZED:-}" "$@" <<-'PY'
	import os, sys
	sanitized, want = sys.argv[1], int(sys.argv[2])
	for path in sys.argv[3:]:
	    for extra in ([], ["--json"]):
	        pid = os.fork()
	        if pid == 0:
	            null = os.open(os.devnull, os.O_WRONLY)
	            os.dup2(null, 1)
	            os.dup2(null, 2)
	            os.execvp("mcfg-inspect", ["mcfg-inspect", *extra, path])
	        _, status, usage = os.wait4(pid, 0)
	        code = os.waitstatus_to_exitcode(status)
	        cpu = usage.ru_utime + usage.ru_stime
	        mb = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
	        print(path, code, "%.2f s, %.0f MB" % (cpu, mb))
	        assert code == want
	        assert sanitized or (cpu < 1 and mb < 100)
	PY
}

@test "inspect: nesting, lengths and size are limited" {
	python3 - "$T" <<-'PY'
	import sys
	t = sys.argv[1]
	def w(name, data):
	    open(t + "/" + name, "wb").write(data)
	w("a-open", b"\x30\x80" * 500000)
	w("b-length", b"\x30\x84\xff\xff\xff\xff" + b"\x02\x01\x00" * 100)
	w("c-length", b"\x30\x89" + b"\xff" * 9 + b"\0" * 64)
	deep = b""
	for _ in range(200):
	    n = len(deep)
	    deep = b"\x30" + (bytes([n]) if n < 128 else b"\x82" + n.to_bytes(2, "big")) + deep
	w("d-deep", deep)
	w("e-arrays", b"<plist>" + b"<array>" * 150000)
	w("f-entities", b"&amp;" * 2000000)
	w("g-over", b"\0" * 20000000)
	w("h-flat", b"\x30\x83\xf0\x00\x00" + b"\x05\x00" * (0xf00000 // 2))
	w("k-flat", b"\x30\x83\x0f\x00\x00" + b"\x05\x00" * (0xf0000 // 2))
	w("i-base64", b"MIIB" * 3000000)
	w("j-pem", b"-----BEGIN A-----\n" * 500000)
	PY
	costs 3 "$T"/[a-k]-*
}

@test "inspect: large input that is within the limits" {
	python3 - "$T" <<-'PY'
	import plistlib, sys
	t = sys.argv[1]
	one = {"PayloadType": "com.apple.x", "PayloadVersion": 1, "PayloadUUID": "A",
	    "PayloadIdentifier": "a"}
	top = dict(one, PayloadType="Configuration", PayloadContent=[one] * 15000)
	open(t + "/many", "wb").write(plistlib.dumps(top))
	top["PayloadContent"] = [dict(one, Long="&" * 2000000)]
	open(t + "/long", "wb").write(plistlib.dumps(top))
	PY
	python3 - "$T" <<-'PY'
	import sys
	t = sys.argv[1]
	top = "<plist><dict><key>PayloadType</key><string>Configuration</string>%s</dict></plist>"
	def w(name, inner):
	    open(t + "/" + name, "w").write(top % inner)
	w("odd-dicts", "<key>PayloadContent</key><array>" + "<dict/>" * 99000 + "</array>")
	w("odd-kinds", "<key>PayloadContent</key><array>" + "<true/>" * 99000 + "</array>")
	w("odd-data", "<key>Data</key><array>" + "<data>LS0tLS1CRUdJTg==</data>" * 99000 + "</array>")
	w("odd-text", "<key>A</key><array>" + ("<string>%s</string>" % ("x" * 1000)) * 12000 + "</array>")
	PY
	for _ in 1 2 3 4 5 6 7 8; do cat "$PKI/chain.pem"; done > "$T/chain"
	costs 0 "$T/many" "$T/long" "$T/chain" "$T"/odd-*
}

@test "inspect: explains a refusal by NDES" {
	rsa_key "$T/key"
	openssl req -x509 -key "$T/key" -subj /CN=RA \
	    -days 9 -out "$T/ra.pem"
	printf '\0' > "$T/zero"
	python3 "$TESTS/scep.py" make --signer "$T/ra.pem" --key "$T/key" \
	    --type 3 --status 2 --fail 2 --hresult -2146875375 --no-certs \
	    --recipient-nonce 00112233445566778899aabbccddeeff \
	    --envelope "$T/zero" --digest sha1 > "$T/reply"
	inspect "$T/reply"
	is 'j["kind"] == "scep_reply" and j["hresult"] == "0x80094811"'
	is '"key" in j["hresult_text"] and "unknown_attribute" not in n'
	mcfg-inspect "$T/reply" | head -1 | grep -q 0x80094811
}
