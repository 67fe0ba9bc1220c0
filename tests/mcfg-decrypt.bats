#!/usr/bin/env bats
# mcfg-decrypt: openssl makes the input.

load helpers

setup() {
	cat > "$T/array" <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<plist version="1.0"><array><dict>
	<key>PayloadType</key><string>com.apple.webClip.managed</string>
	<key>Label</key><string>top secret</string>
	</dict></array></plist>
	XML
	printf 'a\r\nb\nc\0' > "$T/bytes"
}

# envelope OUT CONTENT WHO [OPTION]...: encrypts CONTENT for WHO.
envelope() {
	local out=$1 in=$2 who=$3
	shift 3
	openssl cms -encrypt -binary -aes256 -outform DER -in "$in" \
	    -out "$out" "$@" "$PKI/$who.pem"
}

# profile_of OUT: makes a profile with $T/der as its encrypted payloads.
profile_of() {
	python3 - "$T/der" "$1" <<-'PY'
	import plistlib, sys
	plistlib.dump({'PayloadType': 'Configuration', 'PayloadVersion': 1,
	    'PayloadIdentifier': 'com.example', 'IsEncrypted': True,
	    'EncryptedPayloadContent': open(sys.argv[1], 'rb').read()},
	    open(sys.argv[2], 'wb'))
	PY
}

@test "decrypt: openssl's EnvelopedData, RSA and EC, with and without --cert" {
	local who

	for who in client ec device; do
		envelope "$T/e" "$T/bytes" $who
		yields "$T/out" mcfg-decrypt --key "$PKI/$who.key" "$T/e"
		cmp "$T/out" "$T/bytes"
		yields "$T/out" mcfg-decrypt --key "$PKI/$who.key" \
		    --cert "$PKI/$who.pem" "$T/e"
		cmp "$T/out" "$T/bytes"
	done
}

@test "decrypt: streamed BER, PEM, base64, OAEP, 3DES, key identifiers" {
	envelope "$T/e" "$T/bytes" client -stream
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/e"
	cmp "$T/out" "$T/bytes"
	openssl cms -cmsout -inform DER -in "$T/e" -outform PEM -out "$T/p"
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/p"
	cmp "$T/out" "$T/bytes"
	base64 "$T/e" > "$T/p"
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" < "$T/p"
	cmp "$T/out" "$T/bytes"
	envelope "$T/e" "$T/bytes" client -keyid
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" \
	    --cert "$PKI/client.pem" "$T/e"
	cmp "$T/out" "$T/bytes"
	openssl cms -encrypt -binary -des3 -outform DER -in "$T/bytes" \
	    -out "$T/e" -recip "$PKI/client.pem" \
	    -keyopt rsa_padding_mode:oaep
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/e"
	cmp "$T/out" "$T/bytes"
}

@test "decrypt: each of several recipients" {
	openssl cms -encrypt -binary -aes128 -outform DER -in "$T/bytes" \
	    -out "$T/e" "$PKI/client.pem" "$PKI/ec.pem" "$PKI/device.pem" \
	    "$PKI/inter.pem"
	local who

	for who in client ec device inter; do
		yields "$T/out" mcfg-decrypt --key "$PKI/$who.key" "$T/e"
		cmp "$T/out" "$T/bytes"
	done
	refuses 1 'the key does not decrypt this message' mcfg-decrypt \
	    --key "$PKI/signer.key" "$T/e"
	refuses 1 'the key does not decrypt this message' mcfg-decrypt \
	    --key "$PKI/signer.key" --cert "$PKI/signer.pem" "$T/e"
	refuses 4 'not the key of' mcfg-decrypt --key "$PKI/signer.key" \
	    --cert "$PKI/client.pem" "$T/e"
}

@test "decrypt: a wrong key never yields output" {
	envelope "$T/e" "$T/bytes" client
	for _ in {1..40}; do
		refuses 1 'the key does not decrypt this message' mcfg-decrypt \
		    --key "$PKI/signer.key" "$T/e"
	done
}

@test "decrypt: an encrypted profile with an array or a dict inside" {
	envelope "$T/der" "$T/array" client
	profile_of "$T/p"
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/p"
	plist_is "$T/out" "p == {'PayloadType': 'Configuration', 'PayloadVersion': 1, 'PayloadIdentifier': 'com.example', 'PayloadContent': [{'PayloadType': 'com.apple.webClip.managed', 'Label': 'top secret'}]}"
	echo '<plist><dict><key>PayloadContent</key><array><string>x</string></array></dict></plist>' \
	    > "$T/dict"
	envelope "$T/der" "$T/dict" client
	profile_of "$T/p"
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/p"
	plist_is "$T/out" "p['PayloadContent'] == ['x']"
	echo '<plist><dict><key>a</key><string>x</string></dict></plist>' \
	    > "$T/dict"
	envelope "$T/der" "$T/dict" client
	profile_of "$T/p"
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/p"
	plist_is "$T/out" "p['PayloadContent'] == {'a': 'x'}"
	echo '<plist><string>x</string></plist>' > "$T/dict"
	envelope "$T/der" "$T/dict" client
	profile_of "$T/p"
	refuses 3 'no payloads' mcfg-decrypt --key "$PKI/client.key" "$T/p"
	envelope "$T/der" "$T/bytes" client
	profile_of "$T/p"
	refuses 3 'EncryptedPayloadContent' mcfg-decrypt \
	    --key "$PKI/client.key" "$T/p"
	refuses 1 'the key does not decrypt this message' mcfg-decrypt \
	    --key "$PKI/signer.key" "$T/p"
}

@test "decrypt: an outer signature is removed" {
	envelope "$T/der" "$T/array" client
	profile_of "$T/p"
	openssl cms -sign -binary -nodetach -outform DER -in "$T/p" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/s"
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/s"
	plist_is "$T/out" "p['PayloadContent'][0]['Label'] == 'top secret'"
	openssl cms -sign -binary -nodetach -outform DER -in "$T/der" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/s"
	yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/s"
	cmp "$T/out" "$T/array"
}

@test "decrypt: refuses input that is not encrypted, or damaged" {
	echo '<plist><dict><key>a</key><string>b</string></dict></plist>' \
	    > "$T/x"
	refuses 1 'not encrypted' mcfg-decrypt --key "$PKI/client.key" "$T/x"
	echo junk > "$T/x"
	refuses 3 "$T/x" mcfg-decrypt --key "$PKI/client.key" "$T/x"
	envelope "$T/e" "$T/bytes" client
	head -c 200 "$T/e" > "$T/x"
	refuses 3 'truncated' mcfg-decrypt --key "$PKI/client.key" "$T/x"
	{ cat "$T/e"; echo; } > "$T/x"
	refuses 3 '1 bytes after' mcfg-decrypt --key "$PKI/client.key" "$T/x"
	: > "$T/x"
	refuses 3 '' mcfg-decrypt --key "$PKI/client.key" "$T/x"
	refuses 2 'missing --key' mcfg-decrypt "$T/e"
}

@test "decrypt: the plain profile is readable only by its owner" {
	envelope "$T/e" "$T/bytes" client
	umask 022
	yields - mcfg-decrypt --key "$PKI/client.key" -o "$T/out" "$T/e"
	[ "$(stat -c %a "$T/out")" = 600 ]
}

@test "decrypt: keys of other forms" {
	envelope "$T/e" "$T/bytes" client
	openssl pkcs12 -export -legacy -in "$PKI/client.pem" \
	    -inkey "$PKI/client.key" -passout pass:secret -out "$T/p12"
	chmod 600 "$T/p12"
	PW=secret yields "$T/out" mcfg-decrypt --key "$T/p12" \
	    --passphrase env:PW "$T/e"
	cmp "$T/out" "$T/bytes"
	KEY=$(cat "$PKI/client.key") yields "$T/out" mcfg-decrypt \
	    --key env:KEY "$T/e"
	cmp "$T/out" "$T/bytes"
}

@test "decrypt: openssl's AuthEnvelopedData" {
	local c
	noise 5000 > "$T/in"
	for c in aes-128-gcm aes-256-gcm; do
		openssl cms -encrypt -binary -in "$T/in" -outform DER \
		    -out "$T/der" -"$c" "$PKI/client.pem"
		yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/der"
		cmp "$T/in" "$T/out"
		yields "$T/out" mcfg-decrypt --key "$PKI/client.key" \
		    --cert "$PKI/client.pem" "$T/der"
		cmp "$T/in" "$T/out"
		_run mcfg-decrypt -v --key "$PKI/client.key" "$T/der"
		grep -q "AuthEnvelopedData" "$T/stderr"
		refuses 1 'the key does not decrypt this message' mcfg-decrypt \
		    --key "$PKI/signer.key" "$T/der"
		# Changed content is not written.
		python3 - "$T/der" <<-'PY'
		import sys
		b = bytearray(open(sys.argv[1], 'rb').read())
		b[-200] ^= 1
		open(sys.argv[1], 'wb').write(b)
		PY
		refuses 1 'the key does not decrypt this message' mcfg-decrypt \
		    --key "$PKI/client.key" "$T/der"
	done
	refuses 3 'not SignedData but AuthEnvelopedData' mcfg-verify \
	    --ca "$PKI/root.pem" "$T/der"
	refuses 1 'encrypted' mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$PKI/signer.key" --chain "$PKI/inter.pem" "$T/der"
}

@test "decrypt: a key that others can read gets a warning" {
	openssl cms -encrypt -binary -in "$T/array" -outform DER \
	    -out "$T/der" "$PKI/client.pem"
	cp "$PKI/client.key" "$T/k.pem"
	chmod 644 "$T/k.pem"
	warns 'can be read by others' "$T/out" mcfg-decrypt --key "$T/k.pem" \
	    "$T/der"
	cmp "$T/array" "$T/out"
	warns 'can be read by others' "$T/out" mcfg-decrypt --loose-key \
	    --key "$T/k.pem" "$T/der"
	warns 'can be read by others' "$T/out" mcfg-inspect --key "$T/k.pem" \
	    "$T/der"
	grep -q 'payload' "$T/out"
}
