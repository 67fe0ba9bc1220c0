#!/usr/bin/env bats
# Messages are from the openssl command, from forge.py, and from real devices.

load helpers

setup() {
	cat > "$T/answer" <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<plist version="1.0"><dict><key>UDID</key><string>hello</string>
	<key>CHALLENGE</key><string>open sesame</string>
	<key>N</key><integer>7</integer><key>B</key><true/></dict></plist>
	XML
	printf 'open sesame\n' > "$T/challenge"
}

# sign OUT SIGNER [OPTION]...: signs $T/answer with openssl.
sign() {
	local out=$1 who=$2
	shift 2
	openssl cms -sign -binary -nodetach -nosmimecap -outform DER \
	    -in "$T/answer" -signer "$PKI/$who.pem" -inkey "$PKI/$who.key" \
	    -out "$out" "$@"
}

forge() {
	python3 "$TESTS/forge.py" "$1" "$PKI/signer.pem" "$PKI/signer.key" \
	    "${2:-$T/answer}" > "$T/$1"
}

# accepts FILE ARG...: FILE is verified, and its content is $T/answer.
accepts() {
	local file=$1
	shift
	yields "$T/out" mcfg-verify "$@" "$file"
	cmp "$T/out" "$T/answer"
}

refuses_chain() {
	refuses "$1" "$2" mcfg-verify --ca "$PKI/chain.pem" "$3"
}

@test "verify: accepts every digest, RSA and EC, with and without attributes" {
	local who d n

	for who in signer ec; do
		for d in sha256 sha384 sha512; do
			for n in '' -noattr; do
				sign "$T/s" $who -md $d $n \
				    -certfile "$PKI/inter.pem"
				accepts "$T/s" --ca "$PKI/root.pem"
			done
		done
	done
}

# One message in many forms, each whole and damaged: openssl is the judge.  The
# other tests are about messages that openssl should not accept.
@test "verify: agrees with openssl on a hundred forms" {
	python3 - "$PKI" "$T" <<-'PY'
	import itertools, subprocess, sys
	pki, t = sys.argv[1:]
	content = b'<plist version="1.0"><dict><key>A</key><string>abc</string></dict></plist>\n'
	open(t + '/in', 'wb').write(content)
	forms = ['', '-keyid', '-noattr', '-stream', '-keyid -noattr', '-keyopt rsa_padding_mode:pss']
	def whole(d): return d
	def content_changed(d): return d.replace(b'>abc<', b'>abd<')
	def cut(d): return d[:-7]
	def signature_changed(d): return d[:-9] + bytes([d[-9] ^ 4]) + d[-8:]
	def attribute_changed(d):
	    at = d.find(bytes.fromhex('06092a864886f70d010904'))
	    return d if at < 0 else d[:at + 20] + bytes([d[at + 20] ^ 1]) + d[at + 21:]
	def run(*argv):
	    p = subprocess.run(argv, capture_output=True)
	    return p.returncode, p.stdout
	n = yes = 0
	for who, digest, form in itertools.product(('signer', 'ec'), ('sha256', 'sha384', 'sha512'), forms):
	    if who == 'ec' and 'pss' in form:
	        continue
	    code, _ = run('openssl', 'cms', '-sign', '-binary', '-nodetach', '-outform', 'DER', '-md', digest,
	        '-signer', f'{pki}/{who}.pem', '-inkey', f'{pki}/{who}.key', '-certfile', pki + '/inter.pem',
	        '-in', t + '/in', '-out', t + '/made', *form.split())
	    assert code == 0, (who, digest, form)
	    made = open(t + '/made', 'rb').read()
	    for spoil in (whole, content_changed, cut, signature_changed, attribute_changed):
	        open(t + '/m', 'wb').write(spoil(made))
	        theirs = run('openssl', 'cms', '-verify', '-binary', '-purpose', 'any', '-inform', 'DER',
	            '-CAfile', pki + '/root.pem', '-in', t + '/m')
	        ours = run('mcfg-verify', '--ca', pki + '/root.pem', t + '/m')
	        said = (who, digest, form, spoil.__name__, theirs[0], ours[0])
	        assert (theirs[0] == 0) == (ours[0] == 0), said
	        assert ours[0] in (0, 1, 3) and ours[1] == (content if ours[0] == 0 else b''), said
	        n += 1
	        yes += ours[0] == 0
	assert n == 165 and 33 <= yes < 60, (n, yes)
	PY
}

@test "verify: accepts RSASSA-PSS if its digest is the signer's" {
	local pss='-keyopt rsa_padding_mode:pss' d

	for d in sha256 sha512; do
		# shellcheck disable=SC2086 # two words
		sign "$T/s" signer -md $d $pss -certfile "$PKI/inter.pem"
		accepts "$T/s" --ca "$PKI/root.pem"
	done
	# shellcheck disable=SC2086
	sign "$T/s" signer -md sha256 $pss -certfile "$PKI/inter.pem"
	python3 - "$T/s" <<-'PY'
	import sys
	data = bytearray(open(sys.argv[1], 'rb').read())
	sha256 = bytes.fromhex('0609608648016503040201')
	first = data.index(sha256, data.index(bytes.fromhex('06092a864886f70d01010a')))
	data[first + 10] = 3
	open(sys.argv[1], 'wb').write(data)
	PY
	refuses 1 'signature does not match' mcfg-verify \
	    --ca "$PKI/root.pem" "$T/s"
	# shellcheck disable=SC2086
	sign "$T/s" signer -md sha1 $pss -certfile "$PKI/inter.pem"
	refuses 1 'digest sha1' mcfg-verify --ca "$PKI/root.pem" "$T/s"
}

@test "verify: reads DER, streamed BER, PEM and base64, from a file or standard input" {
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	sign "$T/ber" signer -certfile "$PKI/inter.pem" -stream
	head -c 2 "$T/ber" | od -An -tx1 | grep -q '30 80'
	openssl cms -cmsout -inform DER -in "$T/s" -outform PEM -out "$T/pem"
	sed 's/$/\r/' "$T/pem" > "$T/crlf"
	base64 "$T/s" > "$T/b64"
	base64 -w0 "$T/ber" > "$T/b64line"
	for f in s ber pem crlf b64 b64line; do
		accepts "$T/$f" --ca "$PKI/root.pem"
		yields "$T/out" mcfg-verify --ca "$PKI/root.pem" < "$T/$f"
		cmp "$T/out" "$T/answer"
	done
	sed 's/CMS-----/PKCS7-----/' "$T/pem" > "$T/p7"
	accepts "$T/p7" --ca "$PKI/root.pem"
}

@test "verify: refuses a message that was changed, extended or cut" {
	local n

	sign "$T/s" signer -certfile "$PKI/inter.pem"
	cp "$T/s" "$T/x"
	flip_byte "$T/x" hello
	refuses_chain 1 'signature' "$T/x"
	refuses 1 'signature' mcfg-verify --no-trust "$T/x"
	{ cat "$T/s"; printf 'xx'; } > "$T/x"
	refuses_chain 3 '2 bytes after the CMS message' "$T/x"
	{ cat "$T/s"; printf '\0'; } > "$T/x"
	refuses_chain 3 '1 bytes after the CMS message' "$T/x"
	openssl cms -cmsout -inform DER -in "$T/s" -outform PEM -out "$T/pem"
	{ cat "$T/pem"; echo more; } > "$T/x"
	refuses_chain 3 'after the PEM block' "$T/x"
	for n in 1 2 10 100 1000 2000; do
		head -c $n "$T/s" > "$T/x"
		refuses_chain 3 "$T/x" "$T/x"
	done
	head -c -1 "$T/s" > "$T/x"
	refuses_chain 3 'truncated' "$T/x"
	sign "$T/ber" signer -certfile "$PKI/inter.pem" -stream
	head -c -2 "$T/ber" > "$T/x"
	refuses_chain 3 'truncated' "$T/x"
}

@test "verify: refuses what is not a signed message" {
	: > "$T/x"
	refuses_chain 3 'empty' "$T/x"
	echo hello, world > "$T/x"
	refuses_chain 3 'not a CMS message' "$T/x"
	refuses_chain 3 'not' "$T/answer"
	refuses_chain 3 'another kind' "$PKI/root.pem"
	openssl cms -encrypt -binary -outform DER -in "$T/answer" \
	    -out "$T/x" "$PKI/client.pem"
	refuses_chain 3 'not SignedData but EnvelopedData' "$T/x"
	openssl crl2pkcs7 -nocrl -certfile "$PKI/root.pem" -outform DER \
	    -out "$T/x"
	refuses_chain 3 'no signer' "$T/x"
}

@test "verify: a detached signature needs its content" {
	openssl cms -sign -binary -outform DER -in "$T/answer" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -certfile "$PKI/inter.pem" -out "$T/x"
	refuses_chain 3 'detached' "$T/x"
	accepts "$T/x" --ca "$PKI/root.pem" --detached "$T/answer"
	echo other > "$T/other"
	refuses 1 'signature' mcfg-verify --ca "$PKI/root.pem" \
	    --detached "$T/other" "$T/x"
	sign "$T/s" signer
	refuses 3 'not detached' mcfg-verify --no-trust \
	    --detached "$T/answer" "$T/s"
}

@test "verify: refuses hand-made forgeries" {
	local v

	for v in plain fitting-signature-algorithm sha384 sha512 \
	    key-identifier; do
		forge "$v"
		accepts "$T/$v" --ca "$PKI/chain.pem"
	done
	for v in md5 md5-plain sha224 unknown-digest \
	    unknown-digest-everywhere; do
		forge "$v"
		refuses_chain 1 'digest' "$T/$v"
		refuses 1 'digest' mcfg-verify --no-trust "$T/$v"
	done
	forge wrong-signature-algorithm
	refuses_chain 1 'does not fit the digest' "$T/wrong-signature-algorithm"
	for v in two-message-digests two-values no-content-type \
	    no-message-digest other-content-type-attribute \
	    two-content-types wrong-message-digest no-certificate; do
		forge "$v"
		refuses_chain 1 'signature' "$T/$v"
	done
	forge two-signers
	refuses_chain 1 '2 signers' "$T/two-signers"
	forge no-signers
	refuses_chain 3 'no signer' "$T/no-signers"
	forge detached
	refuses_chain 3 'detached' "$T/detached"
	forge other-content-type
	refuses_chain 3 'not data' "$T/other-content-type"
	forge deep
	refuses_chain 3 'nested deeper than 32' "$T/deep"
	forge not-signed
	refuses_chain 3 'not' "$T/not-signed"
}

@test "verify: attributes of one message are not content of another" {
	forge attributes-as-content
	# OpenSSL accepts it.
	openssl cms -verify -binary -purpose any -inform DER \
	    -CAfile "$PKI/chain.pem" -in "$T/attributes-as-content" \
	    -out /dev/null 2> /dev/null
	refuses_chain 1 'attributes of another message' "$T/attributes-as-content"
	refuses 1 'attributes of another' mcfg-verify --no-trust \
	    "$T/attributes-as-content"
	forge set
	refuses_chain 1 'attributes of another message' "$T/set"
	forge set-indefinite
	refuses_chain 1 'attributes of another message' "$T/set-indefinite"
	# A message with signed attributes may hold a SET.
	printf '1\0' > "$T/answer"
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	accepts "$T/s" --ca "$PKI/root.pem"
}

@test "verify: refuses a million levels and a million parts" {
	python3 -c "
import sys
sys.stdout.buffer.write(b'\x30\x80' * 1000000)" > "$T/x"
	refuses_chain 3 'nested deeper than 32' "$T/x"
	python3 -c "
import sys
n = 2000000
sys.stdout.buffer.write(b'\x30\x83' + n.to_bytes(3, 'big') + b'\x05\x00' * (n // 2))" > "$T/x"
	refuses_chain 3 'too many parts' "$T/x"
	printf '0\204\377\377\377\377' > "$T/x"
	refuses_chain 3 'truncated' "$T/x"
	printf '0\211\001\0\0\0\0\0\0\0\0' > "$T/x"
	refuses_chain 3 'a length' "$T/x"
	printf '\060\200\004\200\0\0\0\0' > "$T/x"
	refuses_chain 3 'indefinite' "$T/x"
}

# ---- anchors ----

@test "verify --ca: accepts trusted CAs, not CAs with the same name" {
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	accepts "$T/s" --ca "$PKI/root.pem"
	accepts "$T/s" --ca "$PKI/chain.pem"
	# An intermediate, or the signer itself, may be the anchor.
	accepts "$T/s" --ca "$PKI/inter.pem"
	accepts "$T/s" --ca "$PKI/signer.pem"
	# Several files, and a file with several certificates.
	accepts "$T/s" --ca "$PKI/other.pem" --ca "$PKI/ec.pem" \
	    --ca "$PKI/root.pem"
	cat "$PKI/other.pem" "$PKI/device-ca.pem" "$PKI/root.pem" > "$T/all"
	accepts "$T/s" --ca "$T/all"
	openssl x509 -in "$PKI/root.pem" -outform DER -out "$T/root.der"
	accepts "$T/s" --ca "$T/root.der"
	refuses 1 "not issued by $PKI/other.pem" mcfg-verify \
	    --ca "$PKI/other.pem" "$T/s"
	refuses 1 'not issued by' mcfg-verify --ca "$PKI/ec.pem" "$T/s"
	# Without the intermediate, the root alone does not help.
	sign "$T/s" signer
	refuses 1 'no certificate of its issuer' mcfg-verify \
	    --ca "$PKI/root.pem" "$T/s"
	accepts "$T/s" --ca "$PKI/chain.pem"
	# Another CA with our CA's name.
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/k" -out "$T/c" \
	    -subj '/O=Example/CN=Intermediate' -days 30 2> /dev/null
	openssl cms -sign -binary -nodetach -outform DER -in "$T/answer" \
	    -signer "$T/c" -inkey "$T/k" -out "$T/s"
	refuses 1 'not issued by' mcfg-verify --ca "$PKI/chain.pem" "$T/s"
	refuses 1 'not issued by' mcfg-verify --ca "$PKI/inter.pem" "$T/s"
}

@test "verify --ca: unrelated certificates in the message change nothing" {
	cat "$PKI/inter.pem" "$PKI/other.pem" "$PKI/device-ca.pem" \
	    "$PKI/client.pem" > "$T/bag"
	sign "$T/s" signer -certfile "$T/bag"
	yields "$T/out" mcfg-verify --ca "$PKI/root.pem" \
	    --signer-out "$T/signer" "$T/s"
	cmp "$T/signer" <(openssl x509 -in "$PKI/signer.pem")
}


@test "verify --ca: judges the dates of certificates" {
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	accepts "$T/s" --ca "$PKI/root.pem" --at "$(days_from_now 100)"
	refuses 1 'certificate has expired' mcfg-verify --ca "$PKI/root.pem" \
	    --at "$(days_from_now 800)" "$T/s"
	refuses 1 'not yet valid' mcfg-verify --ca "$PKI/root.pem" \
	    --at "$(days_from_now -2)" "$T/s"
	# SOURCE_DATE_EPOCH is not the time to judge them by.
	export SOURCE_DATE_EPOCH=4000000000
	accepts "$T/s" --ca "$PKI/root.pem"
	SOURCE_DATE_EPOCH=1 accepts "$T/s" --ca "$PKI/root.pem"
}

# issue NAME EXTENSION...: makes a certificate, by default from the root, and
# signs $T/answer with it in $T/NAME.
issue() {
	local name=$1 digest=${DIGEST:-sha256}
	shift
	openssl req -new -newkey "${KEY:-rsa:2048}" -nodes -keyout "$T/$name.key" \
	    -subj "/CN=$name" -out "$T/$name.csr" 2> /dev/null
	printf '%s\n' "$@" > "$T/$name.ext"
	openssl x509 -req -in "$T/$name.csr" -CA "${CA:-$PKI/root}.pem" \
	    -CAkey "${CA:-$PKI/root}.key" -CAcreateserial -days 30 \
	    "-$digest" -extfile "$T/$name.ext" -out "$T/$name.pem" 2> /dev/null
	rm -f "$PKI"/*.srl
	openssl cms -sign -binary -nodetach -outform DER -in "$T/answer" \
	    -signer "$T/$name.pem" -inkey "$T/$name.key" -out "$T/$name" \
	    ${CA:+-certfile "$CA.pem"}
}

@test "verify --ca: judges which certificates may sign" {
	issue plain basicConstraints=CA:FALSE
	accepts "$T/plain" --ca "$PKI/root.pem"
	issue repudiation keyUsage=critical,nonRepudiation
	accepts "$T/repudiation" --ca "$PKI/root.pem"
	issue encipher keyUsage=critical,keyEncipherment
	refuses 1 'keyUsage' mcfg-verify --ca "$PKI/root.pem" "$T/encipher"
	issue critical 1.2.3.4=critical,ASN1:UTF8String:x
	refuses 1 'critical extension' mcfg-verify --ca "$PKI/root.pem" \
	    "$T/critical"
	DIGEST=sha1 issue old basicConstraints=CA:FALSE
	refuses 1 'weak digest' mcfg-verify --ca "$PKI/root.pem" "$T/old"
	refuses 1 'weak digest' mcfg-verify --ca "$PKI/root.pem" \
	    --allow-sha1 "$T/old"
	KEY=rsa:1024 issue small basicConstraints=CA:FALSE
	refuses 1 'key is too small' mcfg-verify --ca "$PKI/root.pem" \
	    "$T/small"
	CA=$T/plain issue child basicConstraints=CA:FALSE
	refuses 1 'not a CA' mcfg-verify --ca "$PKI/root.pem" "$T/child"
}

@test "verify --ca: accepts SHA-1 in the message only with --allow-sha1" {
	sign "$T/s" signer -md sha1 -certfile "$PKI/inter.pem"
	refuses 1 'sha1' mcfg-verify --ca "$PKI/root.pem" "$T/s"
	accepts "$T/s" --ca "$PKI/root.pem" --allow-sha1
	# A --device-ca beside it does not help.
	refuses 1 'sha1' mcfg-verify --ca "$PKI/root.pem" \
	    --device-ca "$PKI/device-ca.pem" "$T/s"
	warns 'SHA-1' "$T/out" mcfg-verify --no-trust "$T/s"
	cmp "$T/out" "$T/answer"
}

@test "verify --ca: accepts any extended key usage, or that of --purpose" {
	local p

	issue client extendedKeyUsage=clientAuth
	issue server extendedKeyUsage=serverAuth
	issue smime extendedKeyUsage=emailProtection
	issue codesign extendedKeyUsage=codeSigning
	issue free basicConstraints=CA:FALSE
	for p in client server smime codesign; do
		accepts "$T/$p" --ca "$PKI/root.pem"
		accepts "$T/$p" --ca "$PKI/root.pem" --purpose "$p"
		accepts "$T/free" --ca "$PKI/root.pem" --purpose "$p"
	done
	refuses 1 'not for mail signing' mcfg-verify --ca "$PKI/root.pem" \
	    --purpose smime "$T/client"
	refuses 1 'not for code signing' mcfg-verify --ca "$PKI/root.pem" \
	    --purpose codesign "$T/server"
	refuses 2 'smime|codesign' mcfg-verify --ca "$PKI/root.pem" \
	    --purpose any "$T/free"
	# The CAs above it count, too.
	issue sub basicConstraints=critical,CA:TRUE \
	    extendedKeyUsage=serverAuth keyUsage=keyCertSign
	CA=$T/sub issue below extendedKeyUsage=clientAuth
	accepts "$T/below" --ca "$PKI/root.pem"
	refuses 1 'a CA above it' mcfg-verify --ca "$PKI/root.pem" \
	    --purpose client "$T/below"
}

@test "verify --purpose signer: emailProtection must be listed" {
	local p

	issue good extendedKeyUsage=emailProtection
	issue more extendedKeyUsage=clientAuth,emailProtection \
	    keyUsage=digitalSignature
	issue mail extendedKeyUsage=emailProtection keyUsage=nonRepudiation
	for p in good more mail; do
		accepts "$T/$p" --ca "$PKI/root.pem" --purpose signer
		openssl cms -verify -binary -inform DER -purpose smimesign \
		    -in "$T/$p" -CAfile "$PKI/root.pem" -out "$T/o" 2> /dev/null
	done
	issue any extendedKeyUsage=anyExtendedKeyUsage
	issue client extendedKeyUsage=clientAuth
	issue both extendedKeyUsage=clientAuth,anyExtendedKeyUsage
	issue server extendedKeyUsage=serverAuth
	issue code extendedKeyUsage=codeSigning
	issue free basicConstraints=CA:FALSE
	issue usage keyUsage=digitalSignature
	for p in any client both server code free usage; do
		accepts "$T/$p" --ca "$PKI/root.pem"
		refuses 1 'list emailProtection' mcfg-verify \
		    --ca "$PKI/root.pem" --purpose signer "$T/$p"
	done
	# Even an anchor that signs itself needs it.
	accepts "$T/good" --ca "$T/good.pem" --purpose signer
	refuses 1 'list emailProtection' mcfg-verify --ca "$T/client.pem" \
	    --purpose signer "$T/client"
	refuses 2 '--purpose' mcfg-verify --device-ca "$PKI/root.pem" \
	    --purpose signer "$T/good"
}

@test "verify --purpose: keyUsage must allow it as well" {
	local p eku

	for p in client:clientAuth server:serverAuth codesign:codeSigning; do
		eku=${p#*:} p=${p%:*}
		issue "$p" "extendedKeyUsage=$eku" keyUsage=nonRepudiation
		accepts "$T/$p" --ca "$PKI/root.pem"
		refuses 1 'keyUsage' mcfg-verify --ca "$PKI/root.pem" \
		    --purpose "$p" "$T/$p"
		issue "$p" "extendedKeyUsage=$eku" \
		    keyUsage=nonRepudiation,digitalSignature
		accepts "$T/$p" --ca "$PKI/root.pem" --purpose "$p"
	done
}

@test "verify --device-ca: the key decides, not names or dates" {
	sign "$T/s" device -md sha1 -certfile "$PKI/device-ca.pem"
	accepts "$T/s" --device-ca "$PKI/device-ca.pem"
	accepts "$T/s" --device-ca "$PKI/device-ca.pem" \
	    --at 2050-01-01T00:00:00Z
	accepts "$T/s" --device-ca "$PKI/device-ca.pem" \
	    --at 2001-01-01T00:00:00Z
	sign "$T/s" device -md sha1 -noattr
	accepts "$T/s" --device-ca "$PKI/device-ca.pem"
	sign "$T/s" device -md sha256
	accepts "$T/s" --device-ca "$PKI/device-ca.pem"
	accepts "$T/s" --device-ca "$PKI/other.pem" --ca "$PKI/root.pem" \
	    --device-ca "$PKI/device-ca.pem"
	refuses 1 'not issued by' mcfg-verify --device-ca "$PKI/root.pem" \
	    "$T/s"
	# Another CA with the same name.
	openssl req -x509 -newkey rsa:1024 -nodes -keyout "$T/k" -sha1 \
	    -subj '/C=US/O=Factory/CN=Device CA' -out "$T/c" 2> /dev/null
	refuses 1 'not issued by' mcfg-verify --device-ca "$T/c" "$T/s"
	# The same key under another name is the same CA.
	openssl req -x509 -key "$PKI/device-ca.key" -subj /CN=Renamed \
	    -out "$T/c"
	accepts "$T/s" --device-ca "$T/c"
	# A device CA must be the direct issuer.
	CA=$PKI/root issue sub basicConstraints=critical,CA:TRUE
	CA=$T/sub issue dev basicConstraints=CA:FALSE
	refuses 1 'not issued by' mcfg-verify --device-ca "$PKI/root.pem" \
	    "$T/dev"
}

@test "verify --device-ca: refuses certificates that cannot be a device's" {
	CA=$PKI/device-ca issue ca basicConstraints=critical,CA:TRUE
	refuses 1 'it is a CA' mcfg-verify --device-ca "$PKI/device-ca.pem" \
	    "$T/ca"
	CA=$PKI/device-ca issue crit 1.2.3.4=critical,ASN1:UTF8String:x
	refuses 1 'critical extension' mcfg-verify \
	    --device-ca "$PKI/device-ca.pem" "$T/crit"
	CA=$PKI/device-ca DIGEST=sha384 issue md basicConstraints=CA:FALSE
	refuses 1 'not signed with SHA-1 or SHA-256' mcfg-verify \
	    --device-ca "$PKI/device-ca.pem" "$T/md"
	CA=$PKI/device-ca DIGEST=md5 issue md basicConstraints=CA:FALSE
	refuses 1 'not signed with SHA-1 or SHA-256' mcfg-verify \
	    --device-ca "$PKI/device-ca.pem" "$T/md"
	# The CA itself.
	sign "$T/s" device-ca
	refuses 1 'it is a CA' mcfg-verify --device-ca "$PKI/device-ca.pem" \
	    "$T/s"
	echo 'no plist' > "$T/answer"
	sign "$T/s" device
	refuses 3 'not a property list' mcfg-verify \
	    --device-ca "$PKI/device-ca.pem" "$T/s"
	head -c 70000 /dev/zero > "$T/answer"
	sign "$T/s" device
	refuses 3 'limit' mcfg-verify --device-ca "$PKI/device-ca.pem" "$T/s"
}

@test "verify --no-trust: must be asked for, and alone" {
	sign "$T/s" client
	accepts "$T/s" --no-trust
	refuses 2 'missing --ca or --device-ca' mcfg-verify "$T/s"
	refuses 2 'cannot be used with' mcfg-verify --no-trust \
	    --ca "$PKI/root.pem" "$T/s"
	refuses 2 'needs --ca' mcfg-verify --no-trust --allow-sha1 "$T/s"
	refuses 4 'No such file' mcfg-verify --ca "$T/none" "$T/s"
	refuses 4 'not a certificate' mcfg-verify --ca "$T/answer" "$T/s"
}

@test "verify --site: uses all anchors in a site's folder" {
	mkdir -p "$T/site/ca"
	cp "$PKI/device-ca.pem" "$T/site"
	cp "$PKI/device-ca.pem" "$T/site/ca/cert.pem"
	sign "$T/d" device
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	accepts "$T/d" --site "$T/site" --anchor-out "$T/anchor"
	[ "$(cat "$T/anchor")" = device ]
	refuses 1 'not issued' mcfg-verify --site "$T/site" "$T/s"
	for f in ca/cert.pem ca/previous-cert.pem scep-ca.pem \
	    scep-ca-previous.pem; do
		cp "$PKI/root.pem" "$T/site/$f"
		accepts "$T/s" --site "$T/site" --anchor-out "$T/anchor" \
		    --report "$T/report"
		[ "$(cat "$T/anchor")" = ca ]
		json_is "$T/report" "j['anchor_file'] == '$T/site/$f'"
		(cd "$T/site" && accepts "$T/s" --site . --report "$T/report")
		json_is "$T/report" "j['anchor_file'] == '$f'"
		# A dangling link is an error, not a missing file.
		rm "$T/site/$f"
		ln -s nowhere "$T/site/$f"
		refuses 4 "$f" mcfg-verify --site "$T/site" "$T/d"
		rm "$T/site/$f"
		[ "$f" != ca/cert.pem ] ||
			cp "$PKI/device-ca.pem" "$T/site/ca/cert.pem"
	done
	rm "$T/site/device-ca.pem"
	refuses 4 device-ca.pem mcfg-verify --site "$T/site" "$T/d"
	refuses 2 'cannot be used with' mcfg-verify --no-trust --site "$T/site" "$T/d"
}

# ---- content ----

@test "verify: compares the challenge" {
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	accepts "$T/s" --ca "$PKI/root.pem" --challenge "file:$T/challenge"
	PW='open sesame' accepts "$T/s" --no-trust --challenge env:PW
	PW='open sesamf' refuses 1 'CHALLENGE' mcfg-verify --no-trust \
	    --challenge env:PW "$T/s"
	PW='open' refuses 1 'CHALLENGE' mcfg-verify --no-trust \
	    --challenge env:PW "$T/s"
	sed -i 's/CHALLENGE/Challenge/' "$T/answer"
	sign "$T/s" signer
	refuses 1 'no CHALLENGE' mcfg-verify --no-trust \
	    --challenge "file:$T/challenge" "$T/s"
	sed -i "s|Challenge</key><string>open sesame</string>|CHALLENGE</key><data>b3BlbiBzZXNhbWU=</data>|" \
	    "$T/answer"
	sign "$T/s" signer
	accepts "$T/s" --no-trust --challenge "file:$T/challenge"
	echo 'no plist' > "$T/answer"
	sign "$T/s" signer
	refuses 1 'no CHALLENGE' mcfg-verify --no-trust \
	    --challenge "file:$T/challenge" "$T/s"
	# A refusal never shows it.
	run -1 grep -q sesame "$T/stderr"
}

@test "verify: compares required attributes" {
	sign "$T/s" signer
	accepts "$T/s" --no-trust --require UDID=hello --require N=7 \
	    --require B=true
	refuses 1 "UDID is 'hello', not 'hallo'" mcfg-verify --no-trust \
	    --require N=7 --require UDID=hallo "$T/s"
	refuses 1 'no SERIAL' mcfg-verify --no-trust --require SERIAL=x "$T/s"
	refuses 2 'NAME=VALUE' mcfg-verify --no-trust --require SERIAL "$T/s"
	refuses 1 'not the expected one' mcfg-verify --no-trust \
	    --require CHALLENGE=guess "$T/s"
	run -1 grep -q sesame "$T/stderr"
}

@test "verify: prints a device's hostile text in one line" {
	printf '<plist><dict><key>UDID</key><string>a\nmcfg-verify: b\xe2\x80\xae</string></dict></plist>' \
	    > "$T/answer"
	sign "$T/s" signer
	refuses 1 'a\nmcfg-verify: b\u202e' mcfg-verify --no-trust \
	    --require UDID=x "$T/s"
}

@test "verify --names-out: writes what a device says about itself" {
	# names CONTENT UDID SERIAL
	names() {
		printf '%s' "$1" > "$T/answer"
		sign "$T/s" signer
		yields - mcfg-verify --no-trust --names-out "$T/names" "$T/s"
		printf '%s\037%s\037' "$2" "$3" | cmp - "$T/names"
	}
	names '<plist><dict><key>UDID</key><string>a &amp; b</string>
		<key>SERIAL</key><string>S=1</string></dict></plist>' \
	    'a & b' S=1
	names '<plist><dict><key>UDID</key><string>a
b</string><key>SERIAL</key><string></string></dict></plist>' $'a\nb' ''
	names '<plist><dict><key>SERIAL</key><integer>1</integer></dict></plist>' \
	    '' ''
	names '<plist><array/></plist>' '' ''
	names 'no property list' '' ''
	# A shell would drop its NUL bytes, and read another property list.
	printf '%s' '<?xml version="1.0"?><plist><dict/></plist>' |
	    iconv -f ASCII -t UTF-16LE > "$T/answer"
	sign "$T/s" signer
	yields "$T/content" mcfg-verify --no-trust "$T/s"
	refuses 3 'NUL' mcfg-verify --no-trust --names-out "$T/none" "$T/s"
	[ ! -e "$T/none" ]
}

@test "verify --site: --length makes it a device's message" {
	mkdir -p "$T/site/ca"
	cp "$PKI/device-ca.pem" "$T/site"
	cp "$PKI/root.pem" "$T/site/ca/cert.pem"
	head -c 70000 /dev/zero > "$T/answer"
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	yields - mcfg-verify --site "$T/site" "$T/s"
	refuses 3 65536 mcfg-verify --site "$T/site" \
	    --length="$(wc -c < "$T/s")" < "$T/s"
	for n in 65537 99999999999999999999; do
		refuses 3 length mcfg-verify --site "$T/site" --length="$n" \
		    < "$T/s"
	done
	yields - mcfg-verify --ca "$PKI/root.pem" \
	    --length "$(wc -c < "$T/s")" < "$T/s"
}

@test "verify: writes additional outputs only with status 0" {
	sign "$T/s" device -md sha1
	yields "$T/out" mcfg-verify --device-ca "$PKI/device-ca.pem" \
	    --signer-out "$T/signer" --anchor-out "$T/anchor" \
	    --report "$T/report" "$T/s"
	cmp "$T/signer" <(openssl x509 -in "$PKI/device.pem")
	[ "$(cat "$T/anchor")" = device ]
	json_is "$T/report" "(j['anchor'] == 'device' and
	    j['signer']['subject'] == 'CN=DEVICE-0001' and
	    j['signer']['issuer'] == 'CN=Device CA,O=Factory,C=US' and
	    j['signer']['key'] == 'rsa:1024' and j['digest'] == 'sha1' and
	    j['content_type'] == 'plist' and j['challenge'] == 'unchecked' and
	    j['attributes'] == {'UDID': 'hello', 'N': 7, 'B': True})"
	[ "$(openssl x509 -in "$PKI/device.pem" -noout -fingerprint -sha256 |
	    sed 's/.*=//; s/://g' | tr A-F a-f)" = \
	    "$(python3 -c "import json, sys
print(json.load(open(sys.argv[1]))['signer']['sha256'])" "$T/report")" ]
	rm "$T/signer" "$T/anchor" "$T/report"
	refuses 1 '' mcfg-verify --device-ca "$PKI/other.pem" \
	    --signer-out "$T/signer" --anchor-out "$T/anchor" \
	    --report "$T/report" "$T/s"
	for f in signer anchor report; do
		[ ! -e "$T/$f" ]
	done
	sign "$T/s" signer
	mcfg-verify --no-trust --anchor-out fd:5 --report fd:6 "$T/s" \
	    5> "$T/anchor" 6> "$T/report" > "$T/out"
	[ "$(cat "$T/anchor")" = none ]
	json_is "$T/report" "j['anchor'] is None and j['anchor_file'] is None"
	refuses 4 'cannot write' mcfg-verify --no-trust --anchor-out fd:9 "$T/s"
	PW='open sesame' yields - mcfg-verify --no-trust --challenge env:PW \
	    --report "$T/report" "$T/s"
	json_is "$T/report" "j['challenge'] == 'match'"
	run -1 grep -q sesame "$T/report"
}

@test "verify: removes additional outputs if the output fails" {
	local all
	sign "$T/s" signer
	all=(mcfg-verify --no-trust --report "$T/report"
	    --signer-out "$T/signer" --anchor-out "$T/anchor")
	_run sh -c '"$@" > /dev/full' - "${all[@]}" "$T/s"
	[ "$status" -eq 4 ]
	refuses 4 'cannot' "${all[@]}" -o "$T/none/out" "$T/s"
	refuses 4 'cannot' mcfg-verify --no-trust --report "$T/report" \
	    --signer-out "$T/signer" --anchor-out "$T/none/anchor" "$T/s"
	for f in signer anchor report; do
		[ ! -e "$T/$f" ]
	done
	# A FIFO stays; of a link, the file that it points to is removed.
	mkfifo "$T/fifo"
	cat "$T/fifo" > "$T/read" &
	: > "$T/report"
	ln -s "$T/report" "$T/link"
	refuses 4 'cannot' mcfg-verify --no-trust --report "$T/link" \
	    --anchor-out "$T/fifo" -o "$T/none/out" "$T/s"
	wait "$!"
	[ "$(cat "$T/read")" = none ]
	[ -p "$T/fifo" ]
	[ -L "$T/link" ]
	[ ! -e "$T/report" ]
	# With --explain, the report is always written.
	_run sh -c '"$@" > /dev/full' - "${all[@]}" --explain "$T/s"
	[ "$status" -eq 4 ]
	[ -s "$T/report" ]
	[ ! -e "$T/signer" ]
	[ ! -e "$T/anchor" ]
}

@test "verify: an output follows a link to a file, and replaces one that leads nowhere" {
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	for option in --report --signer-out --output; do
		rm -rf "$T/l"
		mkdir "$T/l"
		: > "$T/l/file"
		ln -s file "$T/l/there"
		ln -s missing "$T/l/nowhere"
		for link in there nowhere; do
			mcfg-verify --ca "$PKI/root.pem" "$option" \
			    "$T/l/$link" "$T/s" > /dev/null
		done
		[ -L "$T/l/there" ]
		[ -s "$T/l/file" ]
		[ ! -L "$T/l/nowhere" ]
		[ -s "$T/l/nowhere" ]
		[ ! -e "$T/l/missing" ]
	done
}

@test "verify --explain: prints the whole list, in order" {
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	yields "$T/list" mcfg-verify --explain --ca "$PKI/root.pem" "$T/s"
	grep -v '^ ' "$T/list" | sed 's/^[a-z-]* *//; s/:.*//' > "$T/names"
	printf '%s\n' structure 'one signer' digest signature \
	    'signer certificate' chain chain dates anchor content challenge \
	    'required attributes' | diff - "$T/names"
	grep -v '^pass' "$T/list" | diff - <(printf -- '-     %s\n' \
	    'challenge: not checked (no --challenge)' \
	    'required attributes: not checked (no --require)')
	yields "$T/list" mcfg-verify --explain --no-trust "$T/s"
	[ "$(grep -c '^-     .*: not checked (--no-trust)$' "$T/list")" -eq 3 ]
	status=0
	mcfg-verify --explain --ca "$PKI/other.pem" --report "$T/report" \
	    "$T/s" > "$T/list" 2> "$T/stderr" || status=$?
	[ "$status" -eq 1 ]
	grep -q '^fail  chain: ' "$T/list"
	grep -q '^pass  dates: ' "$T/list"
	grep -q '^-     anchor: not reached' "$T/list"
	json_is "$T/report" "(j['trusted'] is False and j['anchor'] is None and
	    [c['outcome'] for c in j['checks'] if c['check'] == 'chain'][-1] == 'fail' and
	    j['checks'][-1]['outcome'] == 'not checked')"
	head -c 900 "$T/s" > "$T/x"
	refuses 3 'truncated' mcfg-verify --explain --ca "$PKI/root.pem" \
	    --report "$T/report" "$T/x"
	json_is "$T/report" "(j['checks'][0]['check'] == 'structure' and
	    j['checks'][0]['outcome'] == 'fail' and len(j['checks']) == 11)"
}

# explained STATUS ARGS...: puts the list, well-formed, in $T/list.
explained() {
	local want=$1
	shift
	_run mcfg-verify --explain "$@"
	[ "$status" -eq "$want" ] || { _show "$@"; return 1; }
	cp "$T/stdout" "$T/list"
	run -1 grep -vE '^(pass|fail|-) +[a-z ]+: ' "$T/list"
}

@test "verify --explain: makes every check that does not depend on a failed one" {
	# SHA-1, an expired chain, and another challenge.
	sign "$T/s" signer -md sha1 -certfile "$PKI/inter.pem"
	explained 1 --ca "$PKI/root.pem" --at "$(days_from_now 4000)" \
	    --challenge "file:$PKI/root.pem" --require A=b --require C=d "$T/s"
	grep -q '^fail  digest: digest sha1' "$T/list"
	grep -q '^pass  signature: ' "$T/list"
	grep -q '^pass  chain: ' "$T/list"
	grep -q '^fail  dates: ' "$T/list"
	grep -q '^fail  challenge: ' "$T/list"
	[ "$(grep -c '^fail  required attributes: ' "$T/list")" -eq 2 ]
	run -1 grep '^-' "$T/list"
	explained 1 --ca "$PKI/root.pem" "$T/s"
	[ "$(grep -c '^fail' "$T/list")" -eq 1 ]
	# The content was changed: its signer and content are still judged,
	sign "$T/s" signer -certfile "$PKI/inter.pem"
	flip_byte "$T/s" hello
	explained 1 --ca "$PKI/root.pem" --report "$T/report" \
	    --require A=b "$T/s"
	grep -q '^fail  signature: ' "$T/list"
	grep -q '^pass  chain: ' "$T/list"
	grep -q '^pass  anchor: ' "$T/list"
	grep -q '^fail  required attributes: ' "$T/list"
	# but not trusted.
	json_is "$T/report" "(j['trusted'] is False and j['anchor'] is None and
	    j['signer'] is None and 'attributes' not in j)"
	refuses 1 'signature does not match' mcfg-verify --ca "$PKI/root.pem" \
	    --report "$T/none" "$T/s"
	[ ! -e "$T/none" ]
}

@test "verify --explain: its advice depends on why the chain failed" {
	sign "$T/s" signer
	explained 1 --ca "$PKI/root.pem" "$T/s"
	grep -q '^fail  chain: .*issued by CN=Intermediate.*certificate of the issuer' "$T/list"
	openssl req -x509 -new -key "$PKI/signer.key" -subj /CN=self -days 9 \
	    -out "$T/self.pem"
	openssl cms -sign -binary -nodetach -outform DER -in "$T/answer" \
	    -signer "$T/self.pem" -inkey "$PKI/signer.key" -out "$T/s"
	explained 1 --ca "$PKI/root.pem" "$T/s"
	grep -q '^fail  chain: .*self-signed: a SCEP request' "$T/list"
	explained 1 --device-ca "$PKI/root.pem" "$T/s"
	grep -q '^fail  chain: .*self-signed: .*SCEP request' "$T/list"
	sign "$T/s" signer
	explained 1 --device-ca "$PKI/root.pem" "$T/s"
	grep -q '^fail  chain: .*phase 3: give it with --ca' "$T/list"
	# A factory identity, with its root, with another CA, and with --ca.
	openssl req -x509 -new -key "$PKI/client.key" -subj "/CN=Apple iPhone Device CA" \
	    -days 9 -out "$T/dca.pem"
	openssl req -new -key "$PKI/signer.key" -subj /CN=device |
	    openssl x509 -req -CA "$T/dca.pem" -CAkey "$PKI/client.key" \
	    -set_serial 5 -days 9 -out "$T/device.pem"
	openssl cms -sign -binary -nodetach -outform DER -in "$T/answer" \
	    -signer "$T/device.pem" -inkey "$PKI/signer.key" -out "$T/s"
	explained 1 --device-ca "$PKI/root.pem" "$T/s"
	grep -q '^fail  chain: .*issued by CN=Apple iPhone Device CA, and CN=Root.* was given: .*not its root' "$T/list"
	explained 1 --device-ca "$PKI/inter.pem" "$T/s"
	grep -q '^fail  chain: .*another CA was given' "$T/list"
	explained 1 --ca "$PKI/root.pem" "$T/s"
	grep -q '^fail  chain: .*--device-ca' "$T/list"
	openssl req -x509 -new -key "$PKI/signer.key" -subj '/CN=Apple iPhone Device CA' \
	    -days 9 -out "$T/dca.pem"
	explained 1 --device-ca "$T/dca.pem" "$T/s"
	grep -q '^fail  chain: .*right name and another key' "$T/list"
}

@test "verify: reports a certificate whose dates cannot be read" {
	sign "$T/s" signer -noattr -certfile "$PKI/inter.pem"
	# The signature does not cover the certificates.
	python3 - "$T/s" <<-'PY'
	import re, sys
	b = open(sys.argv[1], 'rb').read()
	b = re.sub(rb'(\x17\x0d\d{4})\d\d(\d{6}Z)', rb'\1zz\2', b)
	open(sys.argv[1], 'wb').write(b)
	PY
	accepts "$T/s" --no-trust --report "$T/report"
	json_is "$T/report" "j['signer']['not_before'] is None and j['signer']['not_after'] is None"
	refuses 1 'not issued by' mcfg-verify --ca "$PKI/inter.pem" "$T/s"
}

# ---- real messages ----

@test "verify: accepts a real iPhone's message, as sent and as PEM" {
	local real=$DATA/device-responses/iphone-ios6-2012
	local ca=$DATA/apple-ca/AppleiPhoneDeviceCA.cer

	needs_data device-responses/iphone-ios6-2012.p7
	openssl cms -verify -noverify -binary -inform DER -in "$real.p7" \
	    -out "$T/want" 2> /dev/null
	yields "$T/out" mcfg-verify --device-ca "$ca" "$real.p7"
	cmp "$T/out" "$T/want"
	openssl cms -verify -noverify -binary -inform PEM -in "$real.pem" \
	    -out "$T/want" 2> /dev/null
	yields "$T/out" mcfg-verify --device-ca "$ca" --report "$T/report" \
	    "$real.pem"
	cmp "$T/out" "$T/want"
	json_is "$T/report" "j['attributes']['PRODUCT'].startswith('iPhone')"
}

@test "verify: refuses a real iPhone's message that was changed" {
	local real=$DATA/device-responses/iphone-ios6-2012.p7
	local ca=$DATA/apple-ca/AppleiPhoneDeviceCA.cer

	needs_data device-responses/iphone-ios6-2012.p7
	cp "$real" "$T/x"
	chmod 600 "$T/x"
	flip_byte "$T/x" 'UDID'
	refuses 1 'signature' mcfg-verify --device-ca "$ca" "$T/x"
	{ cat "$real"; printf 'xx'; } > "$T/x"
	refuses 3 '2 bytes after' mcfg-verify --device-ca "$ca" "$T/x"
	head -c 3000 "$real" > "$T/x"
	refuses 3 'truncated' mcfg-verify --device-ca "$ca" "$T/x"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/k" -out "$T/c" \
	    -subj '/C=US/O=Apple Inc./OU=Apple iPhone/CN=Apple iPhone Device CA' \
	    2> /dev/null
	refuses 1 'not issued by' mcfg-verify --device-ca "$T/c" "$real"
	refuses 1 'not issued by' mcfg-verify \
	    --device-ca "$DATA/apple-ca/AppleRootCA.cer" "$real"
	refuses 1 'sha1' mcfg-verify --ca "$ca" "$real"
	refuses 1 'key is too small' mcfg-verify --ca "$ca" --allow-sha1 \
	    "$real"
}

@test "verify: agrees with openssl on real signed profiles" {
	local f n=0

	needs_data profiles
	for f in "$DATA"/profiles/*.mobileconfig; do
		openssl cms -verify -noverify -binary -inform DER -in "$f" \
		    -out "$T/want" 2> /dev/null || continue
		_run mcfg-verify --no-trust "$f"
		[ "$status" -eq 0 ] || { _show; return 1; }
		cmp "$T/stdout" "$T/want"
		n=$((n + 1))
	done
	[ "$n" -ge 5 ]
}
