#!/usr/bin/env bats
# Damage in transport: every tool that reads a file says what happened to it.

load helpers

setup() {
	cat > "$T/profile" <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>com.example.test</string>
	<key>PayloadUUID</key><string>5A9A2D62-6E0D-4D5A-9B0E-3B2C1D0E9F8A</string>
	<key>PayloadContent</key><array/>
	</dict></plist>
	XML
	openssl cms -sign -binary -nodetach -outform DER -in "$T/profile" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -certfile "$PKI/chain.pem" -out "$T/signed"
	python3 - "$T" <<-'PY'
	import plistlib, sys
	top = sys.argv[1]
	p = plistlib.load(open(top + '/profile', 'rb'))
	p['PayloadDescription'] = 'x' * 200
	p['D'] = bytes(range(128, 256))
	plistlib.dump(p, open(top + '/binary', 'wb'), fmt=plistlib.FMT_BINARY)
	PY
}

# mangle HOW FROM TO: makes a damaged copy.
mangle() {
	python3 - "$@" <<-'PY'
	import base64, html, json, quopri, re, sys
	how, source, target = sys.argv[1:]
	d = open(source, 'rb').read()
	b64 = lambda b: base64.encodebytes(b)
	d = {
	    'utf8': lambda: d.decode('utf-8', 'replace').encode(),
	    'latin1': lambda: d.decode('latin-1').encode(),
	    'cp1252': lambda: d.decode('cp1252', 'replace').encode(),
	    'mac': lambda: d.decode('mac-roman').encode(),
	    'dos': lambda: d.decode('cp437').encode(),
	    'utf16': lambda: d.decode('cp850').encode('utf-16'),
	    'utf16be': lambda: b'\xfe\xff' + d.decode('latin-1').encode('utf-16-be'),
	    'qp': lambda: quopri.encodestring(d),
	    'literal': lambda: repr(d).encode(),
	    'json64': lambda: json.dumps(base64.b64encode(d).decode()).encode(),
	    'data': lambda: b'data:application/pkcs7-mime;base64,' + base64.b64encode(d),
	    'twice': lambda: d.decode('latin-1').encode().decode('latin-1').encode(),
	    'cleared': lambda: bytes(c & 0x7F for c in d),
	    'removed': lambda: bytes(c for c in d if c < 0x80),
	    'marks': lambda: bytes(c if c < 0x80 else 63 for c in d),
	    'crlf': lambda: re.sub(b'\r?\n', b'\r\n', d),
	    'bom': lambda: b'\xef\xbb\xbf' + d,
	    'before': lambda: b'\r\n' + d,
	    'base64': lambda: b64(b64(d)),
	    'html': lambda: html.escape(d.decode()).encode(),
	    'json': lambda: json.dumps(d.decode()).encode(),
	    'http': lambda: b'HTTP/1.1 200 OK\r\nContent-Type: application/x-apple-aspen-config\r\n\r\n' + d,
	    'cgi': lambda: b'Content-Type: application/x-apple-aspen-config\n\n' + d,
	}[how]()
	open(target, 'wb').write(d)
	PY
}

# named WORDS FILE: each tool refuses the file, with these words.
named() {
	local words=$1 file=$2
	refuses 3 "$words" mcfg-verify --ca "$PKI/root.pem" "$file"
	refuses 3 "$words" mcfg-get PayloadType "$file"
	refuses 3 "$words" mcfg-decrypt --key "$PKI/client.key" "$file"
	refuses 3 "$words" mcfg-sign --re-sign --cert "$PKI/signer.pem" \
	    --key "$PKI/signer.key" --chain "$PKI/chain.pem" "$file"
	run -1 --separate-stderr mcfg-lint "$file"
	[[ $output == *"$words"*'[not-a-plist]'* ]] || {
		echo "mcfg-lint: $output"
		false
	}
}

inspected() {
	refuses 3 "$1" mcfg-inspect "$2"
	yields "$T/line" mcfg-inspect --brief "$2"
	grep -qF "$1" "$T/line"
}

@test "corruption: signed profiles that went through text" {
	local how words
	while read -r how words; do
		mangle "$how" "$T/signed" "$T/in"
		inspected "$words" "$T/in"
		named "$words" "$T/in"
	done <<-'EOF'
	utf8 through text
	utf8 U+FFFD
	latin1 Latin-1
	cp1252 Latin-1
	twice Latin-1
	cleared eighth bit
	removed eighth bit
	marks through text
	crlf CR LF
	mac another 8-bit character set
	dos another 8-bit character set
	utf16 UTF-16
	utf16be UTF-16
	qp quoted-printable
	literal Python
	json64 JSON
	data data:
	base64 base64 twice
	EOF
}

@test "corruption: text before a signed profile" {
	mangle bom "$T/signed" "$T/in"
	named 'byte order mark' "$T/in"
	mangle before "$T/signed" "$T/in"
	named 'CR LF' "$T/in"
	mangle http "$T/signed" "$T/in"
	named 'HTTP header' "$T/in"
	yields - mcfg-inspect "$T/in"
	mangle cgi "$T/signed" "$T/in"
	named 'HTTP header' "$T/in"
	mangle http "$T/profile" "$T/in"
	named 'HTTP header' "$T/in"
}

@test "corruption: property lists" {
	local how words
	while read -r how words; do
		mangle "$how" "$T/profile" "$T/in"
		inspected "$words" "$T/in"
		named "$words" "$T/in"
	done <<-'EOF'
	html HTML
	json a string of JSON
	EOF
	mangle base64 "$T/profile" "$T/in"
	named 'base64 twice' "$T/in"
	inspected 'base64 twice' "$T/in"
	while read -r how words; do
		mangle "$how" "$T/binary" "$T/in"
		refuses 3 "$words" mcfg-get . "$T/in"
		refuses 3 "$words" mcfg-inspect "$T/in"
		run -1 --separate-stderr mcfg-lint "$T/in"
		[[ $output == *"$words"* ]]
	done <<-'EOF'
	utf8 U+FFFD
	latin1 Latin-1
	EOF
}

@test "corruption: other messages, and files without damage" {
	local how words f
	openssl cms -encrypt -binary -in "$T/profile" -outform DER \
	    -out "$T/e" "$PKI/client.pem"
	openssl x509 -in "$PKI/root.pem" -outform DER -out "$T/c"
	for f in "$T/e" "$T/c"; do
		mangle utf8 "$f" "$T/in"
		inspected 'through text' "$T/in"
		mangle latin1 "$f" "$T/in"
		inspected 'Latin-1' "$T/in"
		mangle cleared "$f" "$T/in"
		inspected 'eighth bit' "$T/in"
	done
	# A binary plist has arbitrary bytes, so an error is not a sign of
	# damage.
	python3 - "$T/in" <<-'PY'
	import struct, sys
	def bplist(first):
	    objects = [b'\xd1\x01\x02', b'\x51A', b'\xa3\3\4\5', first,
	        b'\x48\xc3\xa9\xef\xbf\xbd\xff\xc2\xc3', b'\x33' + struct.pack('>d', -63e9)]
	    out, offsets = b'bplist00', b''
	    for o in objects:
	        offsets += bytes([len(out)])
	        out += o
	    return out + offsets + struct.pack('>6xBBQQQ', 1, 1, 6, 0, len(out))
	open(sys.argv[1], 'wb').write(bplist(b'\x14' + (2**64).to_bytes(16, 'big')))
	open(sys.argv[1] + '2', 'wb').write(bplist(b'\x7f'))
	PY
	for f in "$T/in" "$T/in2"; do
		_run mcfg-get . "$f"
		[ "$status" -eq 3 ]
		run -1 grep -E 'through text' "$T/stderr"
	done
	# Without a sign of damage, no cause is given.
	head -c 900 "$T/signed" > "$T/in"
	_run mcfg-inspect "$T/in"
	[ "$status" -eq 3 ]
	run -1 grep -E 'text|HTTP|base64 twice' "$T/stderr"
	noise 3000 > "$T/in"
	_run mcfg-verify --ca "$PKI/root.pem" "$T/in"
	[ "$status" -eq 3 ]
	run -1 grep -E 'through text|HTTP' "$T/stderr"
}

@test "corruption: errors in XML are in our words, not the parser's" {
	local xml words
	while IFS='|' read -r xml words; do
		printf '%b' "$xml" > "$T/in"
		refuses 3 "$words" mcfg-get . "$T/in"
		run -1 grep -E 'invalid token|entity$|syntax error|XML_|junk after|no element found|mismatched' \
		    "$T/stderr"
	done <<-'EOF'
	<plist><string>caf\0351</string></plist>|Latin-1
	<plist><string>a & b</string></plist>|bare &
	<plist><string>a\0001b</string></plist>|control character
	<plist><dict></plist>|end tag
	<plist><string>a|ends
	<plist><string>a</string></plist><b/>|follows the end
	hello|neither XML
	\0060\0202\0001\0377\0377|neither XML
	a \0046 b <plist>|neither XML
	<plist><string a="1" a="2"/></plist>|twice
	<?xml version="1.0" encoding="UTF-16"?><plist><true/></plist>|encoded in another way
	<plist><string><![CDATA[a|CDATA
	<plist><string>&#0;</string></plist>|reference to a character
	<?xml version=“1.0”?><plist><true/></plist>|curly quotes
	<plist version=”1.0″><true/></plist>|curly quotes
	<!DOCTYPE plist PUBLIC ‘-//Apple//DTD PLIST 1.0//EN’ "a"><plist/>|curly quotes
	<plist><string>“a” & b</string></plist>|bare &
	EOF
}
