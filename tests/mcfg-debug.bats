#!/usr/bin/env bats
# Each command in mcfg-debug(7), on the input that the page describes, prints
# what the page shows.  Of times, serial numbers and fingerprints, which differ
# in each run, only the form is compared.

load helpers

profile() {
	cat <<-XML
	<?xml version="1.0" encoding="UTF-8"?>
	<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>$1</string>
	<key>PayloadUUID</key><string>7F0CF6ED-09FF-490E-AD53-89ACB920CD37</string>
	<key>PayloadDisplayName</key><string>Office</string>
	<key>PayloadContent</key><array><dict>
	<key>PayloadType</key><string>com.apple.wifi.managed</string>
	<key>PayloadVersion</key>$2
	<key>PayloadIdentifier</key><string>$1.wifi</string>
	<key>PayloadUUID</key><string>$3</string>
	<key>SSID_STR</key><string>Office</string>
	<key>EncryptionType</key><string>WPA2</string>
	<key>HIDDEN_NETWORK</key><false/>
	<key>AutoJoin</key><true/>
	</dict></array></dict></plist>
	XML
}

device_plist() {
	cat <<-XML
	<plist version="1.0"><dict>
	<key>CHALLENGE</key><string>$1</string>
	<key>PRODUCT</key><string>iPhone14,5</string>
	<key>UDID</key><string>00008110-000A11C22E98801E</string>
	<key>VERSION</key><string>20A362</string>
	</dict></plist>
	XML
}

# cms NAME ARGS: signs with openssl as NAME of the PKI, in DER.
cms() {
	local who=$1

	shift
	openssl cms -sign -binary -outform DER -signer "$PKI/$who.pem" \
	    -inkey "$PKI/$who.key" "$@"
}

profiles() {
	local inner=063D7953-1338-4BF0-8F99-913382996224

	cp "$PKI/root.pem" .
	cp "$PKI/client.key" device.key
	profile com.example.office '<integer>1</integer>' "$inner" > plain
	profile com.example.bureau '<integer>1</integer>' "$inner" \
	    > new.mobileconfig
	cp plain old.mobileconfig
	profile com.example.office '<string>1</string>' \
	    7F0CF6ED-09FF-490E-AD53-89ACB920CD37 > refused.mobileconfig
	cms signer -nodetach -certfile "$PKI/chain.pem" -in plain \
	    -out office.mobileconfig
	cms signer -nodetach -in plain -out alone.mobileconfig
	cp office.mobileconfig changed.mobileconfig
	flip_byte changed.mobileconfig WPA2
	mcfg-encrypt --recipient "$PKI/client.pem" -o sealed plain
	cms signer -nodetach -certfile "$PKI/chain.pem" -in sealed \
	    -out final.mobileconfig
}

devices() {
	cp "$PKI/device-ca.pem" .
	echo 'Qm9va2luZyBhIGZsaWdodCB0byBP' > challenge
	device_plist 'QSBzdGFsZSBjaGFsbGVuZ2Ugb2Yg' > told
	cms device -nodetach -md sha1 -certfile "$PKI/device-ca.pem" \
	    -in told -out answer.p7s
	printf '%s' '<plist version="1.0"><dict><key>MessageType</key><string>Authenticate</string><key>UDID</key><string>abc</string></dict></plist>' \
	    > body.plist
	cms client -in body.plist -out detached
	base64 -w0 detached > mdm-signature.txt
	sed 's/abc/abd/' body.plist > body2.plist
	mcfg-enrollment start --ledger sqlite:ledger.db --user=jane > /dev/null
}

authority() {
	scep-ca init --dir ca --subject /O=Example/CN=CA
	scep-ca challenge --dir ca > pw
	rsa_key key
	chmod 600 key
	scep-request --ca ca/cert.pem --key key --state state \
	    --subject /O=Example/CN=Device --challenge file:pw > request.der
	echo wrong > pw
	scep-request --ca ca/cert.pem --key key --state state \
	    --subject /O=Example/CN=Device --challenge file:pw > wrong.der
	scep-ca answer --dir ca --operation PKIOperation wrong.der \
	    > reply.der 2> /dev/null
	{
		printf 'HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n' \
		    'application/x-x509-ca-cert; charset=utf-8'
		openssl x509 -in ca/cert.pem -outform DER
	} > getcacert.http
	printf 'SHA-256\r\nAES\r\nPOSTPKIOperation\r\n' > caps.txt
	openssl crl2pkcs7 -nocrl -certfile ca/cert.pem -certfile "$PKI/root.pem" \
	    -outform DER -out ra.p7
	mcfg-scep-payload --url https://example.com/scep \
	    --identifier com.example.scep --ca-cert ca/cert.pem \
	    > scep.mobileconfig
	openssl pkcs12 -export -legacy -in "$PKI/client.pem" \
	    -inkey "$PKI/client.key" -passout pass:x -out identity.p12
}

setup() {
	openssl list -providers -provider legacy > /dev/null 2>&1 ||
	    skip "openssl has no legacy provider"
	mkdir "$T/desk"
	cd "$T/desk" || return
	profiles
	devices
	authority
}

@test "debug: every command of the page prints what the page shows" {
	python3 - "$ROOT/man/man7/mcfg-debug.7" <<-'PY'
	import re, subprocess, sys
	page = open(sys.argv[1]).read().split("\n")
	def plain(line):
	    return line.replace("\\e", "\\").replace("\\&", "").replace("\\-", "-")
	def form(text):
	    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
	    text = re.sub(r"\b[0-9a-f]{16,}\b", "HEX", text)
	    # Identifiers of enrollments, and challenges.
	    return re.sub(r"(?<![\w-])([\w-]{22}|[\w-]{32})(?![\w-])", "RANDOM", text)
	asked, bad, at = 0, 0, 0
	while at < len(page):
	    if page[at] != ".Bd -literal -offset indent":
	        at += 1
	        continue
	    at += 1
	    command = plain(page[at])
	    while re.search(r"[|\\]$", command):
	        at += 1
	        command += "\n" + plain(page[at])
	    assert command.startswith("$ "), command
	    command = command[2:]
	    end = page.index(".Ed", at)
	    want = "\n".join(map(plain, page[at + 1:end])) + "\n"
	    got = subprocess.run(command, shell=True, stdout=subprocess.PIPE,
	        stderr=subprocess.STDOUT, text=True).stdout
	    asked += 1
	    if form(got) != form(want):
	        bad += 1
	        print("$ %s\n--- page\n%s--- now\n%s" % (command, want, got))
	    at = end
	print(asked, "commands")
	sys.exit(bad > 0 or asked != 20)
	PY
}
