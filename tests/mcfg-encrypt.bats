#!/usr/bin/env bats
# mcfg-encrypt encrypts, openssl decrypts, plistlib reads.

load helpers

setup() {
	cat > "$T/profile" <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>com.example.test</string>
	<key>PayloadUUID</key><string>5A9A2D62-6E0D-4D5A-9B0E-3B2C1D0E9F8A</string>
	<key>PayloadContent</key><array><dict>
	<key>PayloadType</key><string>com.apple.webClip.managed</string>
	<key>PayloadIdentifier</key><string>com.example.test.clip</string>
	<key>Label</key><string>top secret</string>
	</dict></array>
	</dict></plist>
	XML
}

# inside PROFILE OUT: writes its EncryptedPayloadContent.
inside() {
	python3 - "$1" > "$2" <<-'PY'
	import plistlib, sys
	sys.stdout.buffer.write(plistlib.load(open(sys.argv[1], 'rb'))['EncryptedPayloadContent'])
	PY
}

# decrypts PROFILE WHO [OPTION]...: openssl decrypts the array of payloads.
decrypts() {
	local who=$2
	inside "$1" "$T/der"
	shift 2
	openssl cms -decrypt -binary -inform DER -in "$T/der" \
	    -inkey "$PKI/$who.key" -out "$T/plain" "$@" 2> "$T/judge" ||
	    return 1
	plist_is "$T/plain" "p == [{'PayloadType': 'com.apple.webClip.managed', 'PayloadIdentifier': 'com.example.test.clip', 'Label': 'top secret'}]"
}

@test "encrypt: openssl decrypts it, with the recipient's key only" {
	local c

	for c in aes-256-cbc aes-128-cbc des-ede3-cbc; do
		yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" \
		    --cipher "$c" "$T/profile"
		decrypts "$T/e" client
		decrypts "$T/e" client -recip "$PKI/client.pem"
		run -1 decrypts "$T/e" signer -recip "$PKI/signer.pem"
		grep -q 'Error decrypting CMS' "$T/judge"
		openssl cms -cmsout -print -noout -inform DER -in "$T/der" \
		    > "$T/print"
		grep -A3 'contentEncryptionAlgorithm' "$T/print" |
		    grep -q "algorithm: $c"
		run -1 grep -q 'secret' "$T/e"
	done
	plist_is "$T/e" "sorted(p) == ['EncryptedPayloadContent', 'PayloadIdentifier', 'PayloadType', 'PayloadUUID', 'PayloadVersion'] and p['PayloadIdentifier'] == 'com.example.test'"
	refuses 2 'aes-256-cbc|' mcfg-encrypt --recipient "$PKI/client.pem" \
	    --cipher aes-256-gcm "$T/profile"
}

@test "encrypt: one or several RSA and EC recipients, in DER and PEM" {
	openssl x509 -in "$PKI/client.pem" -outform DER -out "$T/client.der"
	yields "$T/e" mcfg-encrypt --recipient "$T/client.der" \
	    --recipient "$PKI/ec.pem" --recipient "$PKI/device.pem" \
	    "$T/profile"
	decrypts "$T/e" client -recip "$PKI/client.pem"
	decrypts "$T/e" ec -recip "$PKI/ec.pem"
	decrypts "$T/e" device -recip "$PKI/device.pem"
	inside "$T/e" "$T/der"
	openssl cms -cmsout -print -noout -inform DER -in "$T/der" |
	    grep -cE 'd\.(ktri|kari)' | grep -qx 3
}

@test "encrypt: a file of several certificates is refused" {
	cat "$PKI/client.pem" "$PKI/root.pem" > "$T/both"
	refuses 4 'more than one certificate' mcfg-encrypt \
	    --recipient "$T/both" "$T/profile"
	refuses 2 'missing --recipient (the device certificate)' \
	    mcfg-encrypt "$T/profile"
	openssl genpkey -algorithm ed25519 -out "$T/k"
	openssl req -x509 -key "$T/k" -subj /CN=ed -out "$T/c"
	refuses 4 'ed25519' mcfg-encrypt --recipient "$T/c" "$T/profile"
}

@test "encrypt: the content is the profile's array, for XML and binary" {
	yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" --mark \
	    "$T/profile"
	decrypts "$T/e" client
	head -5 "$T/plain" | grep -q '<array>'
	plist_is "$T/e" "p['IsEncrypted'] is True"
	python3 -c "
import plistlib, sys
p = plistlib.load(open(sys.argv[1], 'rb'))
plistlib.dump(p, open(sys.argv[2], 'wb'), fmt=plistlib.FMT_BINARY)" \
	    "$T/profile" "$T/binary"
	yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" "$T/binary"
	decrypts "$T/e" client
	yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" < "$T/binary"
	decrypts "$T/e" client
}

@test "encrypt: --raw, DER or PEM" {
	yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" --raw \
	    "$T/profile"
	openssl cms -decrypt -binary -inform DER -in "$T/e" \
	    -inkey "$PKI/client.key" -out "$T/plain"
	plist_is "$T/plain" "p[0]['Label'] == 'top secret'"
	yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" --raw --pem \
	    "$T/profile"
	openssl cms -decrypt -binary -inform PEM -in "$T/e" \
	    -inkey "$PKI/client.key" -out "$T/plain"
	plist_is "$T/plain" "p[0]['Label'] == 'top secret'"
	refuses 2 'needs --raw' mcfg-encrypt --pem \
	    --recipient "$PKI/client.pem" "$T/profile"
}

@test "encrypt: a bare array is put into a profile" {
	python3 -c "
import plistlib, sys
p = plistlib.load(open(sys.argv[1], 'rb'))
plistlib.dump(p['PayloadContent'], open(sys.argv[2], 'wb'))" \
	    "$T/profile" "$T/array"
	refuses 2 'missing --identifier' mcfg-encrypt \
	    --recipient "$PKI/client.pem" "$T/array"
	yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" \
	    --identifier com.example.made --display-name Made \
	    --organization 'Example, Inc.' --uuid-seed x "$T/array"
	plist_is "$T/e" "p['PayloadType'] == 'Configuration' and p['PayloadVersion'] == 1 and p['PayloadIdentifier'] == 'com.example.made' and p['PayloadDisplayName'] == 'Made' and p['PayloadOrganization'] == 'Example, Inc.' and len(p['PayloadUUID']) == 36 and 'PayloadContent' not in p"
	yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" --raw \
	    "$T/array"
}

@test "encrypt: refuses input that cannot be encrypted" {
	yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" "$T/profile"
	refuses 1 'already encrypted' mcfg-encrypt \
	    --recipient "$PKI/client.pem" "$T/e"
	openssl cms -sign -binary -nodetach -outform DER -in "$T/profile" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/s"
	refuses 1 'encrypt first, then sign' mcfg-encrypt \
	    --recipient "$PKI/client.pem" "$T/s"
	echo '<plist><dict><key>a</key><string>b</string></dict></plist>' \
	    > "$T/x"
	refuses 1 'no PayloadContent array' mcfg-encrypt \
	    --recipient "$PKI/client.pem" "$T/x"
	echo '<plist><string>b</string></plist>' > "$T/x"
	refuses 1 'no PayloadContent array' mcfg-encrypt \
	    --recipient "$PKI/client.pem" "$T/x"
	echo junk > "$T/x"
	refuses 3 "$T/x" mcfg-encrypt --recipient "$PKI/client.pem" "$T/x"
}

@test "encrypt: --out-dir encrypts many profiles" {
	local i

	for i in 1 2 3; do
		sed "s/com.example.test</com.example.$i</" "$T/profile" \
		    > "$T/$i.mobileconfig"
	done
	{
		printf '%s\0' "$T/1.mobileconfig" "$PKI/client.pem"
		printf '%s\0' "$T/2.mobileconfig" "$PKI/ec.pem"
		printf '%s\0' "$T/3.mobileconfig" "$PKI/device.pem"
	} > "$T/list"
	yields - mcfg-encrypt --out-dir "$T/out" -0 < "$T/list"
	decrypts "$T/out/1.mobileconfig" client
	decrypts "$T/out/2.mobileconfig" ec
	decrypts "$T/out/3.mobileconfig" device
	plist_is "$T/out/2.mobileconfig" "p['PayloadIdentifier'] == 'com.example.2'"
	rm -r "$T/out"
	{
		printf '%s\0' "$T/1.mobileconfig" "$T/none.pem"
		printf '%s\0' "$T/2.mobileconfig" "$PKI/ec.pem"
	} > "$T/list"
	refuses 1 'none.pem' mcfg-encrypt --out-dir "$T/out" -0 < "$T/list"
	decrypts "$T/out/2.mobileconfig" ec
	[ ! -e "$T/out/1.mobileconfig" ]
	printf '%s\0' a b c > "$T/list"
	refuses 3 'no certificate after it' mcfg-encrypt --out-dir "$T/out" \
	    -0 < "$T/list"
	printf '%s\0' a/x b c/x d > "$T/list"
	refuses 2 'same name' mcfg-encrypt --out-dir "$T/out" -0 < "$T/list"
	refuses 2 'need each other' mcfg-encrypt -0 < "$T/list"
	refuses 2 'need each other' mcfg-encrypt --out-dir "$T/out"
	for more in "-o $T/x" '--http text/plain' '--length 7' \
	    "--recipient $PKI/ec.pem"; do
		# shellcheck disable=SC2086 # an option and its value
		refuses 2 '--' mcfg-encrypt --out-dir "$T/out" -0 $more \
		    < "$T/list"
	done
	refuses 2 '--mark' mcfg-encrypt --raw --mark --recipient \
	    "$PKI/ec.pem" "$T/1.mobileconfig"
}

@test "encrypt: real profiles survive encryption and decryption" {
	local f n=0

	needs_data profiles
	for f in "$DATA"/profiles/*.mobileconfig; do
		_run mcfg-encrypt --recipient "$PKI/client.pem" "$f"
		[ "$status" -eq 0 ] || continue
		mv "$T/stdout" "$T/e"
		yields "$T/plain" mcfg-decrypt --key "$PKI/client.key" "$T/e"
		same_plist "$T/plain" "$f" || { echo "$f"; return 1; }
		n=$((n + 1))
	done
	[ "$n" -gt 25 ]
}
