#!/usr/bin/env bats
# mcfg-get prints a value of a property list or JSON, for shell scripts.

load helpers

setup() {
	cat > "$T/in" <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
	<plist version="1.0">
	<dict>
		<key>PayloadType</key>
		<string>Profile Service</string>
		<key>PayloadContent</key>
		<array>
			<dict>
				<key>URL</key>
				<string>https://example.com/?a&amp;b</string>
				<key>com.example.app</key>
				<integer>-42</integer>
				<key>a\b</key>
				<real>0.1</real>
				<key></key>
				<false/>
			</dict>
			<data>AAEC/w==</data>
			<date>2024-02-29T12:00:00Z</date>
			<true/>
		</array>
	</dict>
	</plist>
	XML
}

# value PATH TEXT [OPTION...]: it prints this line.
value() {
	local path=$1 text=$2
	shift 2
	yields "$T/out" mcfg-get "$@" "$path" "$T/in"
	printf '%s\n' "$text" > "$T/want"
	cmp "$T/out" "$T/want"
}

@test "get: scalars as text, each with a newline" {
	value PayloadType 'Profile Service'
	value PayloadContent.0.URL 'https://example.com/?a&b'
	value PayloadContent.2 2024-02-29T12:00:00Z
	value PayloadContent.3 true
}

@test "get: keys with dots and backslashes, and empty keys" {
	value 'PayloadContent.0.com\.example\.app' -42
	value 'PayloadContent.0.a\b' 0.1
	value 'PayloadContent.0.a\\b' 0.1
	value 'PayloadContent.0.' false
}

@test "get: data is written as bytes" {
	yields "$T/out" mcfg-get PayloadContent.1 "$T/in"
	printf '\000\001\002\377' > "$T/want"
	cmp "$T/out" "$T/want"
}

@test "get: a container is written as a property list" {
	yields "$T/out" mcfg-get PayloadContent.0 "$T/in"
	plist_is "$T/out" 'p == {"URL": "https://example.com/?a&b",
	    "com.example.app": -42, "a\\b": 0.1, "": False}'
	plist_is "$T/out" 'list(p) == ["URL", "com.example.app", "a\\b", ""]'
}

@test "get: a single dot is the whole input" {
	yields "$T/out" mcfg-get . "$T/in"
	same_plist "$T/in" "$T/out"
}

@test "get: --json" {
	value PayloadType '"Profile Service"' --json
	value PayloadContent.1 '"AAEC/w=="' --json
	value PayloadContent.3 true --json
	yields "$T/out" mcfg-get --json PayloadContent "$T/in"
	json_is "$T/out" 'j == [{"URL": "https://example.com/?a&b",
	    "com.example.app": -42, "a\\b": 0.1, "": False}, "AAEC/w==",
	    "2024-02-29T12:00:00Z", True]'
}

@test "get: binary, standard input, --length" {
	python3 - "$T/in" "$T/binary" <<-'PY'
	import plistlib, sys
	p = plistlib.load(open(sys.argv[1], 'rb'))
	plistlib.dump(p, open(sys.argv[2], 'wb'), fmt=plistlib.FMT_BINARY)
	PY
	yields "$T/out" mcfg-get PayloadContent.0.URL "$T/binary"
	yields "$T/out2" mcfg-get PayloadContent.0.URL < "$T/binary"
	cmp "$T/out" "$T/out2"
	{
		cat "$T/in"
		echo 'and more'
	} > "$T/long"
	yields "$T/out2" mcfg-get --length "$(wc -c < "$T/in")" \
	    PayloadContent.0.URL - < "$T/long"
	cmp "$T/out" "$T/out2"
	refuses 3 'stdin' mcfg-get --length 100000 PayloadType < "$T/in"
}

@test "get: JSON" {
	cat > "$T/in" <<-'JSON'
	 {"a": {"b.c": [1, 2.5, "caf\u00e9", true]}, "d": "e"}
	JSON
	value 'a.b\.c.2' 'café'
	value 'a.b\.c.1' 2.5
	value 'a.b\.c.3' true
	yields "$T/out" mcfg-get a "$T/in"
	plist_is "$T/out" 'p == {"b.c": [1, 2.5, "caf\u00e9", True]}'
	printf '\xef\xbb\xbf{"a": 1}' > "$T/in"
	value a 1
	printf '{"a": 1, "a": 2}' > "$T/in"
	refuses 3 'in:1:' mcfg-get a "$T/in"
	printf '{"a": ' > "$T/in"
	refuses 3 'in:1:' mcfg-get a "$T/in"
}

@test "get: a signed property list is unwrapped, with a warning" {
	local form
	for form in DER PEM; do
		openssl cms -sign -binary -nodetach -outform $form \
		    -in "$T/in" -signer "$PKI/signer.pem" \
		    -inkey "$PKI/signer.key" -out "$T/signed"
		warns 'signature was not verified' "$T/out" \
		    mcfg-get PayloadContent.0.URL "$T/signed"
		printf 'https://example.com/?a&b\n' | cmp - "$T/out"
	done
}

@test "get: a value that is missing in a signed property list" {
	openssl cms -sign -binary -nodetach -outform DER -in "$T/in" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/signed"
	refuses 1 "no key 'UDID' in the top" mcfg-get UDID "$T/signed"
}

@test "get: signed text that is not a property list" {
	printf '{"a": 1}' > "$T/in"
	openssl cms -sign -binary -nodetach -outform DER -in "$T/in" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/signed"
	refuses 3 'signed:1:1: not well-formed' mcfg-get a "$T/signed"
}

@test "get: a real signed profile" {
	needs_data profiles/paulmillr--360-default-https.mobileconfig
	warns 'not verified' "$T/out" mcfg-get PayloadType \
	    "$DATA/profiles/paulmillr--360-default-https.mobileconfig"
	echo Configuration | cmp - "$T/out"
}

@test "get: a missing value has status 1 and names the missing step" {
	refuses 1 "no key 'PayloadX' in the top" mcfg-get PayloadX "$T/in"
	refuses 1 "no key 'URI' in PayloadContent.0" \
	    mcfg-get PayloadContent.0.URI "$T/in"
	refuses 1 'no item 4 in PayloadContent, which has 4' \
	    mcfg-get PayloadContent.4.URL "$T/in"
	refuses 1 "'first' is not an index, and PayloadContent is an array" \
	    mcfg-get PayloadContent.first "$T/in"
	refuses 1 "no 'x' in PayloadType, which is of kind string" \
	    mcfg-get PayloadType.x.y "$T/in"
	local i
	for i in -1 00 01 +1 0x1 4294967296 18446744073709551616 1000000000 ''; do
		refuses 1 PayloadContent mcfg-get "PayloadContent.$i" "$T/in"
	done
}

@test "get: hostile text in the path and the keys is one line" {
	refuses 1 'no key' mcfg-get "$(printf 'a\nmcfg-get: b\033[31m')" \
	    "$T/in"
}

@test "get: refuses a wrong command line" {
	refuses 2 'missing KEYPATH' mcfg-get
	refuses 2 'missing KEYPATH' mcfg-get '' "$T/in"
	refuses 2 'KEYPATH and one INPUT' mcfg-get a "$T/in" "$T/in"
	refuses 2 '--raw' mcfg-get --raw a "$T/in"
}

@test "get: refuses bad input" {
	: > "$T/empty"
	refuses 3 'empty' mcfg-get PayloadType "$T/empty"
	refuses 3 'stdin: empty' mcfg-get PayloadType < /dev/null
	refuses 4 'missing' mcfg-get PayloadType "$T/missing"
	head -c 300 "$T/in" > "$T/cut"
	refuses 3 'cut:' mcfg-get PayloadType "$T/cut"
	echo hello > "$T/text"
	refuses 3 'text:1:1: ' mcfg-get PayloadType "$T/text"
	head -c 17000000 /dev/zero > "$T/large"
	refuses 3 'large' mcfg-get PayloadType "$T/large"
}

@test "get: --site reads a site's YAML, with derived keys" {
	cat > "$T/site.yaml" <<-'YAML'
	url: https://profiles.example.com
	identifier: com.example
	attributes: [UDID, SERIAL]
	enroll_ttl: 15m
	scep: {key_size: 4096}
	YAML
	for pair in url=https://profiles.example.com \
	    profile_url=https://profiles.example.com/profile \
	    scep.url=https://profiles.example.com/scep auth=htpasswd \
	    identifier.scep=com.example.scep attributes=UDID,SERIAL \
	    enroll_ttl=15m scep.key_size=4096; do
		yields "$T/out" mcfg-get --site "${pair%%=*}" "$T/site.yaml"
		echo "${pair#*=}" | cmp - "$T/out"
	done
	yields "$T/out" mcfg-get --site --json url < "$T/site.yaml"
	echo '"https://profiles.example.com"' | cmp - "$T/out"
	refuses 1 "no key 'facts'" mcfg-get --site facts "$T/site.yaml"
	refuses 1 "no key 'scep'" mcfg-get --site scep "$T/site.yaml"
	refuses 1 "no key '.'" mcfg-get --site . "$T/site.yaml"
	# Several keys, one per line.
	yields "$T/out" mcfg-get --site auth,url,identifier "$T/site.yaml"
	printf '%s\n' htpasswd https://profiles.example.com com.example |
	    cmp - "$T/out"
	yields "$T/out" mcfg-get --site --default '' facts,scep.name,auth \
	    "$T/site.yaml"
	printf '\n\nhtpasswd\n' | cmp - "$T/out"
	refuses 1 "no key 'facts'" mcfg-get --site url,facts "$T/site.yaml"
	refuses 1 "no key ''" mcfg-get --site url, "$T/site.yaml"
	yields "$T/out" mcfg-get --site url,description \
	    <<< '{"url": "https://a.example", "description": "one"}'
	refuses 3 'stdin:1:2: description: more than one line' mcfg-get --site \
	    url,description <<< '{"description": "one\ntwo", "url": "https://a"}'
	yields "$T/out" mcfg-get --site description \
	    <<< '{"description": "one\ntwo"}'
	echo 'colour: red' >> "$T/site.yaml"
	refuses 3 "site.yaml:6:1: unknown key 'colour'" mcfg-get --site url \
	    "$T/site.yaml"
	refuses 3 'stdin:1:2: url: must be text' mcfg-get --site url - \
	    <<< '{"url": 5}'
	refuses 2 'cannot be used with --site' mcfg-get --site --length 5 url
	# YAML is read only with the option.
	refuses 3 'site.yaml:1:1: ' mcfg-get url "$T/site.yaml"
}

@test "get: a UID, which only binary property lists have" {
	python3 - "$T/in" <<-'PY'
	import plistlib, sys
	open(sys.argv[1], "wb").write(plistlib.dumps({"a": plistlib.UID(70000),
	    "b": [plistlib.UID(0)]}, fmt=plistlib.FMT_BINARY))
	PY
	yields "$T/out" mcfg-get a "$T/in"
	[ "$(cat "$T/out")" = 70000 ]
	yields "$T/out" mcfg-get --json . "$T/in"
	json_is "$T/out" 'j == {"a": {"CF$UID": 70000}, "b": [{"CF$UID": 0}]}'
	# XML has no UID: a dictionary represents it.
	yields "$T/out" mcfg-get . "$T/in"
	plist_is "$T/out" 'p == {"a": {"CF$UID": 70000}, "b": [{"CF$UID": 0}]}
	    or p == {"a": plistlib.UID(70000), "b": [plistlib.UID(0)]}'
}

@test "get: a CMS message of another type is named" {
	echo hello > "$T/t"
	openssl cms -data_create -in "$T/t" -outform DER -out "$T/Data"
	openssl cms -digest_create -in "$T/t" -outform DER -out "$T/DigestedData"
	openssl cms -EncryptedData_encrypt -aes128 -secretkey \
	    00112233445566778899aabbccddeeff -in "$T/t" -outform DER \
	    -out "$T/EncryptedData"
	openssl cms -encrypt -in "$T/t" -outform DER -out "$T/EnvelopedData" \
	    "$PKI/ec.pem"
	for type in Data DigestedData EncryptedData EnvelopedData; do
		refuses 3 "not SignedData but $type" mcfg-get a "$T/$type"
	done
}

@test "get: null in JSON is left out, and refused in an array" {
	echo '{"a": null, "b": {"c": null, "d": 1}}' > "$T/null"
	refuses 1 "no key 'a' in the top" mcfg-get a "$T/null"
	yields "$T/out" mcfg-get --default none b.c "$T/null"
	echo none | cmp - "$T/out"
	yields "$T/out" mcfg-get --json b "$T/null"
	json_is "$T/out" 'j == {"d": 1}'
	refuses 3 'null has no place in a list' mcfg-get 0 <<< '[1, null]'
}

@test "get: --default replaces a missing value" {
	yields "$T/out" mcfg-get --default none No.Such.Key "$T/in"
	echo none | cmp - "$T/out"
	yields "$T/out" mcfg-get --default '' PayloadContent.7 "$T/in"
	echo | cmp - "$T/out"
	yields "$T/out" mcfg-get --default none PayloadType "$T/in"
	echo 'Profile Service' | cmp - "$T/out"
	echo 'url: https://a.example' > "$T/site.yaml"
	yields "$T/out" mcfg-get --site --default '' facts "$T/site.yaml"
	echo | cmp - "$T/out"
	refuses 3 'stdin: empty' mcfg-get --default none A < /dev/null
	refuses 3 'unknown key' mcfg-get --site --default '' facts \
	    <<< 'colour: red'
}

@test "get: -o and --http" {
	yields - mcfg-get -o "$T/out" PayloadType "$T/in"
	echo 'Profile Service' | cmp - "$T/out"
	yields "$T/out" mcfg-get --http text/plain PayloadType "$T/in"
	grep -q '^Content-Type: text/plain' "$T/out"
	grep -q '^Content-Length: 16' "$T/out"
	tail -n 1 "$T/out" | grep -qx 'Profile Service'
}

@test "get: a full disk is a fault" {
	status=0
	mcfg-get PayloadType "$T/in" > /dev/full 2> "$T/stderr" || status=$?
	[ "$status" -eq 4 ]
	[ "$(wc -l < "$T/stderr")" -eq 1 ]
}
