#!/usr/bin/env bats
# Rare forms.  openssl and Python make them, and are the judges.  Each test has
# only one python3 with all its checks.

load helpers

setup() {
	cd "$T" || return
	cp "$PKI/ec.key" key
	printf 'hello\n' > plain
}

# certificate NAME [options of openssl req]: makes NAME.pem, self-signed.
certificate() {
	local name=$1
	shift
	openssl req -x509 -key key -out "$name.pem" -subj "/CN=$name" \
	    -days 30 "$@" 2> err || { cat err; return 1; }
}

# facts NAME...: runs mcfg-inspect on each file, into NAME.json.
facts() {
	local name

	for name; do
		yields "$name.json" mcfg-inspect --json "$name" || return 1
		yields - mcfg-inspect "$name" || return 1
	done
}

# judged: runs Python on standard input; j("NAME") is the JSON, n("NAME") the
# ids of its notes, of("COMMAND") the output of a command.
judged() {
	{
		cat <<-'PY'
		import json, subprocess
		def j(name): return json.load(open(name + ".json"))
		def n(name): return [x["id"] for x in j(name)["notes"]]
		def of(command):
		    return subprocess.run(command, shell=True, check=True,
		        stdout=subprocess.PIPE).stdout.decode().strip()
		PY
		cat
	} > judge.py
	python3 judge.py
}

@test "inspect forms: alternative names of every kind" {
	printf '[req]\ndistinguished_name=d\n[d]\n[dn]\nCN=inner\n' > cnf
	certificate names -config cnf -addext "subjectAltName=dirName:dn,$(
	    )RID:1.2.3.4,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@b,$(
	    )otherName:1.2.3.5;UTF8:x,URI:https://x/?a,IP:2001:db8::1,$(
	    )IP:192.0.2.7,email:a@b.c,DNS:x.example"
	# An IP address of 5 bytes, and a DNS name that is not UTF-8.
	python3 - <<-'PY'
	import base64
	der = base64.b64decode("".join(
	    open("names.pem").read().split("-----")[2].split()))
	bad = der.replace(b"\x87\x04\xc0\x00\x02\x07\x81\x05a@b.c",
	    b"\x87\x05\xc0\x00\x02\x07\x01\x81\x04a@b.")
	bad = bad.replace(b"x.example", b"x\xff\xe2\x82x\xc3ll\xe9")
	assert bad != der and len(bad) == len(der)
	open("names", "wb").write(der)
	open("bad", "wb").write(bad)
	PY
	facts names bad
	judged <<-'PY'
	names = ["dir:CN=inner", "rid:1.2.3.4", "upn:user@b",
	    "other:1.2.3.5", "uri:https://x/?a", "ip:2001:db8:0:0:0:0:0:1",
	    "ip:192.0.2.7", "email:a@b.c", "dns:x.example"]
	assert j("names")["certificates"][0]["alt_names"] == names
	# One U+FFFD for each byte that is not part of a letter.
	wrong = "x\ufffd\ufffd\ufffdx\ufffdll\ufffd"
	found = j("bad")["certificates"][0]["alt_names"]
	assert found[6:] == ["ip:c000020701", "email:a@b.", "dns:" + wrong], found
	PY
}

@test "inspect forms: serial numbers below zero, zero, with the high bit" {
	local numbers='-5 0 -255 -256 127 128 0x80000000000000000000' i

	for i in $numbers; do
		certificate "c$i" -set_serial "$i"
		openssl cms -sign -binary -nodetach -outform DER -in plain \
		    -signer "c$i.pem" -inkey key -out "s$i"
		openssl x509 -in "c$i.pem" -noout -serial > "s$i.serial"
		yields "s$i.json" mcfg-inspect --json "s$i"
	done
	judged <<-PY
	for i in "$numbers".split():
	    m = j("s" + i)
	    serial = open("s" + i + ".serial").read().strip()[7:].lower()
	    assert m["certificates"][0]["serial"] == serial, serial
	    assert m["signers"][0]["serial"] == serial, serial
	    assert m["signers"][0]["certificate"] == 0
	    assert ("bad_serial" in n("s" + i)) == (int(i, 0) <= 0), i
	PY
}

@test "inspect forms: a certificate whose dates cannot be read" {
	certificate dates -days 3650
	# Month 13 in either date.
	python3 - <<-'PY'
	import base64, re
	der = base64.b64decode("".join(
	    open("dates.pem").read().split("-----")[2].split()))
	a, b = [m.start() for m in re.finditer(rb"\x17\x0d\d{12}Z", der)]
	for name, at in ("from", a), ("until", b):
	    open(name, "wb").write(der[:at + 4] + b"13" + der[at + 6:])
	PY
	facts from until
	judged <<-'PY'
	for name, bad, good in ("from", "not_before", "not_after"), \
	    ("until", "not_after", "not_before"):
	    c = j(name)["certificates"][0]
	    assert c[bad] is None and c[good] is not None, c
	    assert n(name) == ["bad_date"], n(name)
	PY
}

@test "inspect forms: other types of CMS messages" {
	local secret=00112233445566778899aabbccddeeff

	certificate me
	openssl cms -data_create -binary -in plain -outform DER -out data
	openssl cms -digest_create -binary -md sha256 -in plain -outform DER \
	    -out digested
	openssl cms -EncryptedData_encrypt -aes128 -secretkey $secret \
	    -in plain -outform DER -out encrypted
	openssl cms -EncryptedData_encrypt -aes128 -secretkey $secret \
	    -stream -in plain -outform DER -out streamed
	openssl cms -encrypt -binary -aes-256-gcm -in plain -outform DER \
	    -out gcm me.pem
	openssl cms -encrypt -binary -aes128 -secretkey $secret \
	    -secretkeyid 0102 -in plain -outform DER -out kek
	for name in plain data digested encrypted gcm; do
		openssl cms -sign -binary -nodetach -signer me.pem -inkey key \
		    -in "$name" -outform DER -out "signed-$name"
	done
	facts data digested encrypted streamed gcm kek signed-*[a-z]
	judged <<-'PY'
	assert j("data")["kind"] == "cms" and j("data")["cms"]["type"] == "data"
	assert j("data")["content"]["begins"] == "hello\n"
	assert j("digested")["cms"]["type"] == "digestedData"
	for name in "encrypted", "streamed":
	    c = j(name)["cms"]
	    assert c["type"] == "encryptedData" and c["cipher"] == "aes-128-cbc"
	    assert c["iv_bytes"] == 16 and c["encrypted_bytes"] == 16
	    assert "recipients" not in j(name)
	assert j("gcm")["cms"]["type"] == "authEnvelopedData"
	assert j("gcm")["cms"]["cipher"] == "aes-256-gcm"
	assert j("kek")["recipients"][0]["type"] == "key_encryption_key"
	for name in "plain", "data", "digested", "encrypted":
	    assert j("signed-" + name)["kind"] == "cms", name
	    assert "CN=me" in j("signed-" + name)["summary"]
	# A SCEP message has EnvelopedData, however it is encrypted.
	assert j("signed-gcm")["kind"] == "scep_request"
	PY
}

@test "inspect forms: revocation lists in CMS; a signer by its key" {
	certificate ca
	: > index
	printf '%s\n' '[ca]' default_ca=c '[c]' database=index \
	    default_md=sha256 default_crl_days=3 > cnf
	openssl ca -gencrl -config cnf -keyfile key -cert ca.pem -out crl.pem \
	    2> err
	openssl crl2pkcs7 -in crl.pem -certfile ca.pem -outform DER -out both
	openssl crl2pkcs7 -in crl.pem -outform DER -out alone
	openssl cms -sign -binary -nodetach -keyid -signer ca.pem \
	    -certfile "$PKI/root.pem" -inkey key -in plain -outform DER \
	    -out keyid
	facts both alone keyid
	# Not a CRL: its first element is a BOOLEAN.
	openssl crl -in crl.pem -outform DER -out crl.der
	python3 - <<-'PY'
	der, crl = (open(f, "rb").read() for f in ("alone", "crl.der"))
	at = 2 + (crl[1] & 127 if crl[1] > 127 else 0)
	open("broken", "wb").write(der.replace(crl,
	    crl[:at] + b"\x01" + crl[at + 1:]))
	PY
	facts broken
	judged <<-'PY'
	end = of("openssl crl -in crl.pem -noout -nextupdate -dateopt iso_8601")
	end = end.split("=")[1].replace(" ", "T")
	for name, certs in ("both", 1), ("alone", 0):
	    crl, = j(name)["crls"]
	    assert crl["issuer"] == "CN=ca" and crl["next_update"] == end
	    assert j(name)["cms"]["certificates"] == certs
	assert j("both")["kind"] == "getcacert" and j("alone")["kind"] == "crl"
	key = of("openssl x509 -in ca.pem -noout -ext subjectKeyIdentifier")
	key = key.split("\n")[1].strip().replace(":", "").lower()
	signer, = j("keyid")["signers"]
	assert signer["subject_key_id"] == key
	where = j("keyid")["certificates"][signer["certificate"]]
	assert where["subject"] == "CN=ca"
	assert "error" in j("broken")["crls"][0], j("broken")
	PY
}

@test "inspect forms: property lists that are not a whole profile" {
	openssl x509 -in "$PKI/ec.pem" -outform DER -out ec.der
	python3 - "$PKI/ec.pem" <<-'PY'
	import plistlib, sys
	pem, der = open(sys.argv[1], "rb").read(), open("ec.der", "rb").read()
	wifi = {"PayloadType": "com.apple.wifi.managed", "PayloadVersion": 1,
	    "PayloadIdentifier": "a.b", "PayloadUUID": "A"}
	def root(content, kind="root"):
	    return dict(wifi, PayloadType="com.apple.security." + kind,
	        PayloadContent=content)
	lists = {
	    "list": [wifi, dict(wifi, PayloadType="com.apple.dock")],
	    "alone": dict(wifi, SSID_STR="x"),
	    "numbers": [1, 2.5, True, plistlib.UID(3)],
	    "text": "only text",
	    "roots": {"PayloadType": "Configuration", "PayloadContent": [
	        root(der), root(pem), root(pem, "pem"), root(b"0\x03junk"),
	        dict(wifi, PayloadVersion=["1"])]},
	    "settings": {"Proxy": "http://user:hidden@proxy.example/",
	        "Plain": "http://proxy.example:80/user@host", "Long": "x" * 5000,
	        "Few": b"\1\2", "Many": bytes(5000), "Own": der, "Pem": pem,
	        "ApiKeys": ["hidden", "hidden"], "Smile": "\U0001f600\u202e\U000e0041", "PIN": "hidden",
	        "TokenUUID": "shown"},
	    "checkin": {"MessageType": "Authenticate", "UDID": "U"},
	    "status": {"Status": "Idle", "UDID": "U"},
	    "command": {"CommandUUID": "C", "Command": {"RequestType": "x"}},
	    "attributes": {"UDID": "U", "CHALLENGE": b"hidden"},
	}
	for name, value in lists.items():
	    open(name, "wb").write(plistlib.dumps(value, fmt=plistlib.FMT_BINARY
	        if name == "numbers" else plistlib.FMT_XML))
	open("lines", "wb").write(open("alone", "rb").read().replace(b"\n",
	    b"\r\n"))
	open("broken", "w").write("<plist><dict><key>a</key></dict></plist>")
	PY
	certificate me
	for name in list alone broken checkin; do
		openssl cms -sign -binary -nodetach -signer me.pem -inkey key \
		    -in "$name" -outform DER -out "signed-$name"
	done
	openssl cms -sign -binary -nodetach -nocerts -signer me.pem -inkey key \
	    -in list -outform DER -out nocerts
	openssl cms -resign -binary -signer "$PKI/signer.pem" -inkey \
	    "$PKI/signer.key" -inform DER -in signed-alone -outform DER -out two
	facts list alone numbers text roots settings checkin status command \
	    attributes lines signed-list signed-alone signed-broken \
	    signed-checkin nocerts two
	refuses 3 'line 1, column' mcfg-inspect broken
	run -1 grep -l hidden ./*.json
	judged <<-'PY'
	kinds = {"list": "payloads", "alone": "payloads", "numbers": "plist",
	    "text": "plist", "roots": "profile", "settings": "plist",
	    "checkin": "mdm", "status": "mdm", "command": "mdm",
	    "attributes": "device_response", "lines": "payloads",
	    "signed-list": "cms", "signed-alone": "cms",
	    "signed-broken": "cms", "signed-checkin": "cms", "nocerts": "cms",
	    "two": "cms"}
	for name, kind in kinds.items():
	    assert j(name)["kind"] == kind, (name, j(name)["kind"])
	assert [p["type"] for p in j("list")["payloads"]] == [
	    "com.apple.wifi.managed", "com.apple.dock"]
	assert j("numbers")["plist"][:3] == [1, 2.5, True]
	assert "crlf" in n("lines") and "bad_plist" in n("signed-broken")
	assert "CN=me" in j("signed-alone")["summary"]
	assert "not included" in j("nocerts")["summary"]
	assert "2 signers" in j("two")["summary"]
	p = j("roots")["payloads"]
	for i in 0, 1, 2:
	    assert p[i]["content"]["kind"] == "certificate", i
	assert p[4]["version"] is None
	where = {x["id"]: x.get("where") for x in j("roots")["notes"]}
	assert where["pem_in_data"] == "payloads[1]"
	assert where["bad_certificate"] == "payloads[3]"
	assert where["bad_type"] == "payloads[4]"
	s = j("settings")["plist"]
	import hashlib
	assert s["Proxy"] == "http://user:(masked)@proxy.example/"
	assert s["Plain"] == "http://proxy.example:80/user@host"
	assert s["Smile"] == "\U0001f600\u202e\U000e0041"
	assert "\u202e" not in open("settings.json").read()
	assert s["Few"] == {"bytes": 2, "hex": "0102"}
	assert s["Many"]["sha256"] == hashlib.sha256(bytes(5000)).hexdigest()
	assert s["Own"]["certificate"] == "CN=EC Signer,O=Example"
	assert s["Pem"]["pem"] and "pem_in_data" in n("settings")
	assert s["ApiKeys"] == ["(masked)"] * 2 and s["TokenUUID"] == "shown"
	assert s["Long"].startswith("xxx") and "5000 bytes" in s["Long"]
	PY
}

@test "inspect forms: PEM that is old, mixed or broken" {
	openssl ec -aes128 -in key -passout pass:x -out sealed 2> /dev/null
	sed 's/$/\r/' sealed > dos
	{ openssl ecparam -name prime256v1; cat key; } > two
	{ cat "$PKI/ec.pem"; openssl ecparam -name prime256v1; cat sealed; } \
	    > mixed
	{ cat "$PKI/ec.pem"; echo '-----BEGIN CERTIFICATE-----'; } > begun
	{ echo '-----BEGIN CERTIFICATE-----'; echo MAMCAQE=; \
	    echo '-----END CERTIFICATE-----'; } > wrong
	sed 's/END EC PRIVATE/END RSA PRIVATE/; s/END PRIVATE/END RSA PRIVATE/' \
	    two > other-end
	facts sealed dos two mixed begun wrong other-end
	printf -- '-----BEGIN CERTIFICATE\nAA==\n' > no-dashes
	printf -- '-----BEGIN CMS-----\n????\n-----END CMS-----\n' > no-base64
	printf -- '-----BEGIN CMS-----\nAAAA\n' > no-end
	refuses 3 'BEGIN line' mcfg-inspect no-dashes
	refuses 3 'no-base64: ' mcfg-inspect no-base64
	refuses 3 'no END line' mcfg-inspect no-end
	judged <<-'PY'
	for name in "sealed", "dos":
	    assert j(name)["kind"] == "private_key" and j(name)["encrypted"]
	    assert n(name) == ["legacy_encryption"], n(name)
	assert j("two")["kind"] == "private_key" and j("two")["key"] == "ec:P-256"
	assert "other_block" in n("two")
	assert j("mixed")["kind"] == "certificate"
	assert n("mixed") == ["other_block", "private_key_inside"], n("mixed")
	assert j("other-end")["kind"] == "private_key"
	assert "broken_pem" in n("other-end")
	assert "broken_pem" in n("begun") and "bad_certificate" in n("wrong")
	PY
}

@test "inspect forms: HTTP, queries and their errors" {
	certificate me
	openssl cms -sign -binary -nodetach -signer me.pem -inkey key \
	    -in plain -outform DER -out signed
	openssl cms -sign -in plain -signer me.pem -inkey key -out mail
	python3 - <<-'PY'
	import base64, urllib.parse
	der = open("signed", "rb").read()
	b64 = base64.b64encode(der).decode()
	quoted = urllib.parse.quote(b64, safe="")
	def w(name, head, body=b""):
	    open(name, "wb").write(head.replace("\n", "\r\n").encode() + body)
	ok = "HTTP/1.1 200 OK\nContent-Type: application/pkcs7-mime\n"
	w("get", "GET /scep?operation=PKIOperation&message=%s HTTP/1.1\n"
	    "Host: x\n\n" % quoted)
	w("bare", "operation=PKIOperation&message=%s\n" % quoted.replace("%3D", ""))
	w("asks", "?operation=GetCACert&message=name")
	w("none", "operation=GetCACaps")
	w("bad64", "operation=PKIOperation&message=!!!!")
	w("moved", "HTTP/1.1 302 Found\nLocation: /x\n\n")
	w("again", "HTTP/1.1 100 Continue\n\n" + ok + "Content-Length: %d\n\n"
	    % len(der), der)
	w("short", ok + "Content-Length: 99999\n\n", der)
	w("zipped", ok + "Content-Encoding: gzip\n\n", b"\x1f\x8bxxxx")
	w("chunks", ok + "Transfer-Encoding: chunked\n\n",
	    b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(der), der))
	w("cut", ok + "Transfer-Encoding: chunked\n\n",
	    b"%x\r\n%s\r\n9" % (len(der), der))
	w("header", ok + "Mdm-Signature: !!!\n\n", b"body")
	w("secret", "PUT /x HTTP/1.1\nAuthorization: Basic aGlkZGVu\n"
	    "Content-Length: 0\n\n")
	mail = open("mail", "rb").read()
	cut = mail.index(b"\n------", mail.index(b"\n------") + 1)
	open("half", "wb").write(mail[:cut + 1])
	PY
	facts get bare asks none moved again short zipped chunks cut header \
	    secret mail half
	yields - mcfg-inspect bad64 || refuses 3 'base64' mcfg-inspect bad64
	run -1 grep -l aGlkZGVu ./*.json
	judged <<-'PY'
	for name in "get", "bare", "again", "short", "chunks", "cut", "mail":
	    assert j(name)["signers"][0]["issuer"] == "CN=me", name
	    good = "matches the content"
	    assert j(name)["signers"][0]["content_digest"] == good, name
	assert j("asks")["ca_identifier"] == "name"
	assert j("none")["operation"] == "GetCACaps"
	assert "redirect_302" in n("moved") and "content_length" in n("short")
	assert "content_encoding" in n("zipped") and "broken_chunks" in n("cut")
	for name in "get", "again", "chunks":
	    assert not {"content_length", "broken_chunks"} & set(n(name)), name
	assert "smime" in n("mail") and j("half")["kind"] == "http"
	PY
}

@test "inspect forms: the content of SCEP queries" {
	local seal=(-binary -aes128 -outform DER)

	openssl req -new -key "$PKI/client.key" -subj /O=Example/CN=me \
	    -outform DER -out csr
	python3 "$TESTS/scep.py" csr-subject csr > subject
	python3 "$TESTS/scep.py" issuer-subject "$PKI/root.pem" subject > poll
	python3 "$TESTS/scep.py" issuer-serial "$PKI/client.pem" > one
	for name in poll one plain; do
		openssl cms -encrypt "${seal[@]}" -in $name -out env \
		    "$PKI/client.pem"
		type=20
		[ $name = poll ] || type=21
		python3 "$TESTS/scep.py" make --signer "$PKI/client.pem" \
		    --key "$PKI/client.key" --envelope env --type $type \
		    > "m-$name"
		yields "m-$name.json" mcfg-inspect --json \
		    --key "$PKI/client.key" "m-$name"
	done
	judged <<-PY
	text = open("m-poll.json").read()
	assert '"subject": "CN=me,O=Example"' in text, text
	assert '"issuer": "CN=Root,O=Example"' in text
	serial = of("openssl x509 -in $PKI/client.pem -noout -serial")[7:].lower()
	assert '"serial": "%s"' % serial in open("m-one.json").read()
	assert j("m-plain")["kind"].startswith("scep"), j("m-plain")
	PY
}

@test "inspect forms: tags of several bytes, and bytes that only resemble a certificate" {
	openssl x509 -in "$PKI/ec.pem" -outform DER -out ec.der
	python3 - "$TESTS" <<-'PY'
	import sys
	sys.path.insert(0, sys.argv[1])
	sys.argv[1:] = []
	def tlv(tag, *parts):
	    body = b"".join(parts)
	    n = len(body)
	    size = bytes([n]) if n < 128 else (lambda s: bytes([128 | len(s)]) + s)(
	        n.to_bytes((n.bit_length() + 7) // 8, "big"))
	    return tag + size + body
	def message(*certs):
	    data = bytes.fromhex("06092a864886f70d010701")
	    signed = bytes.fromhex("06092a864886f70d010702")
	    seq = b"\x30"
	    return tlv(seq, signed, tlv(b"\xa0", tlv(seq, b"\x02\x01\x01",
	        b"\x31\x00", tlv(seq, data), tlv(b"\xa0", *certs), b"\x31\x00")))
	ec = open("ec.der", "rb").read()
	tags = [b"\xbf\x1f", b"\xbf\x81\x00", b"\x7f\x8f\xff\xff\x7f"]
	open("tags", "wb").write(message(ec, *[tlv(t, b"\x05\x00") for t in tags]))
	open("junk", "wb").write(message(tlv(b"\x30", b"\x05\x00"), ec))
	open("huge", "wb").write(message(ec,
	    tlv(b"\xbf\x8f\xff\xff\xff\xff\x7f", b"\x05\x00")))
	open("cut", "wb").write(tlv(b"\x30", tlv(b"\x30", b"\xbf\x81")))
	PY
	openssl asn1parse -inform DER -in tags | grep -q 'cons: cont \[ 128 \]'
	facts tags junk
	refuses 3 'a tag is too large' mcfg-inspect huge
	refuses 3 'truncated' mcfg-inspect cut
	judged <<-'PY'
	certs = j("tags")["certificates"]
	assert len(certs) == 4 and certs[0]["subject"] == "CN=EC Signer,O=Example"
	assert all("error" in c for c in certs[1:])
	assert n("tags").count("bad_certificate") == 3, n("tags")
	certs = j("junk")["certificates"]
	assert "error" in certs[0] and "subject" in certs[1]
	PY
}

@test "inspect forms: name values that are not text are shown as in RFC 4514" {
	certificate XYZZY
	openssl x509 -in XYZZY.pem -outform DER -out der
	# UTF8String becomes SEQUENCE, BIT STRING, and text with an odd letter.
	python3 - <<-'PY'
	der = open("der", "rb").read()
	for name, new in ("sequence", b"\x30\x05\x0c\x03ZZY"), \
	    ("bits", b"\x03\x05\x00YZZY"), ("comma", b"\x0c\x05#,+\\\x01"), \
	    ("numeric", b"\x12\x0512 34"):
	    open(name, "wb").write(der.replace(b"\x0c\x05XYZZY", new))
	PY
	facts sequence bits comma numeric
	judged <<-'PY'
	for name in "sequence", "bits", "comma", "numeric":
	    want = of("openssl x509 -inform DER -in %s -noout -subject -nameopt "
	        "RFC2253" % name)[len("subject="):]
	    if "#3" in want or "#0" in want: want = "CN=" + want[3:].lower()
	    assert j(name)["certificates"][0]["subject"] == want, (name, want)
	PY
}

@test "inspect forms: rare signers, recipients and SCEP replies" {
	local rsa=(-signer "$PKI/client.pem" -inkey "$PKI/client.key")
	local sign=(openssl cms -sign -binary -nodetach -outform DER -in plain)
	local seal=(openssl cms -encrypt -binary -outform DER -in plain)

	"${sign[@]}" "${rsa[@]}" -out signed
	"${sign[@]}" "${rsa[@]}" -keyopt rsa_padding_mode:pss -out pss
	"${seal[@]}" -aes128 -out oaep -recip "$PKI/client.pem" \
	    -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256
	certificate me
	"${seal[@]}" -aes128 -keyid -recip me.pem -out keyid
	"${seal[@]}" -rc2-40 -provider legacy -provider default \
	    -recip "$PKI/client.pem" -out rc2
	for status in 3 7; do
		python3 "$TESTS/scep.py" make --signer "$PKI/client.pem" \
		    --key "$PKI/client.key" --envelope keyid --type 3 \
		    --status $status > "status-$status"
	done
	for name in messageType transactionID senderNonce; do
		python3 "$TESTS/scep.py" make --signer "$PKI/client.pem" \
		    --key "$PKI/client.key" --envelope keyid \
		    --without $name > "no-$name"
	done
	# messageDigest, contentType and sha256 become unknown.
	python3 - <<-'PY'
	der = open("signed", "rb").read()
	def w(name, old, new):
	    assert old in der
	    open(name, "wb").write(der.replace(old, new))
	attr = bytes.fromhex("06092a864886f70d0109")
	w("no-digest", attr + b"\4", attr + b"\x63")
	w("no-type", attr + b"\3", attr + b"\x63")
	sha = bytes.fromhex("0609608648016503040201")
	w("odd-digest", sha, sha[:-1] + b"\x63")
	PY
	facts pss oaep keyid rc2 status-3 status-7 no-messageType \
	    no-transactionID no-senderNonce no-digest no-type odd-digest
	judged <<-'PY'
	assert "PSS" in j("pss")["signers"][0]["signature"]
	assert j("oaep")["recipients"][0]["oaep_digest"] == "sha256"
	key = of("openssl x509 -in me.pem -noout -ext subjectKeyIdentifier")
	key = key.split("\n")[1].strip().replace(":", "").lower()
	assert j("keyid")["recipients"][0]["subject_key_id"] == key
	assert "weak_cipher" in n("rc2")
	assert "PENDING" in json.dumps(j("status-3"))
	assert "unknown" in json.dumps(j("status-7"))
	for name in "messageType", "transactionID", "senderNonce":
	    assert "missing_attribute" in n("no-" + name), n("no-" + name)
	assert "no_message_digest" in n("no-digest")
	assert "no_content_type" in n("no-type")
	signer = j("odd-digest")["signers"][0]
	assert signer["content_digest"] == "not checked: unknown digest", signer
	PY
}

# One element after the other becomes NULL, or the message ends there.  That is
# reported, or the input is not recognized; it never crashes or prints half a
# line.
@test "inspect forms: a message that is broken at any element" {
	certificate me
	openssl cms -sign -binary -nodetach -keyid -nocerts -outform DER \
	    -in plain -signer me.pem -inkey key -out m-signed
	openssl cms -encrypt -binary -outform DER -aes128 -in plain \
	    -out m-rsa "$PKI/client.pem"
	openssl cms -encrypt -binary -outform DER -aes128 -in plain \
	    -pwri_password x -out m-password
	openssl cms -encrypt -binary -outform DER -aes128 -in plain \
	    -keyid -recip me.pem -out m-ec
	openssl cms -EncryptedData_encrypt -aes128 -secretkey \
	    00112233445566778899aabbccddeeff -in plain -outform DER \
	    -out m-encrypted
	openssl pkcs12 -export -nokeys -in me.pem -keypbe NONE -certpbe NONE \
	    -macalg sha256 -passout pass:x -out m-p12
	openssl req -new -key key -subj /CN=me -addext \
	    subjectAltName=DNS:a -outform DER -out m-csr
	openssl pkcs8 -topk8 -in key -passout pass:x -outform DER -out m-key
	python3 - <<-'PY'
	import concurrent.futures, glob, json, subprocess
	def elements(der, at, end):
	    """Where each element of DER begins."""
	    while at + 1 < end:
	        n, body = der[at + 1], at + 2
	        if n & 128:
	            body += n & 127
	            n = int.from_bytes(der[at + 2:body], "big")
	        if body + n > end: return
	        yield at
	        if der[at] & 0x20: yield from elements(der, body, body + n)
	        elif der[at] == 4 and n > 40 and der[body] == 0x30:
	            yield from elements(der, body, body + n)
	        at = body + n
	def look(data):
	    p = subprocess.run(["mcfg-inspect", "--json"], input=data,
	        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
	    if p.returncode == 0:
	        json.loads(p.stdout)
	        assert p.stderr == b""
	    else:
	        assert p.returncode == 3, (p.returncode, data.hex())
	        assert p.stdout == b"" and p.stderr.count(b"\n") == 1, data.hex()
	    return p.returncode
	broken = []
	for name in sorted(glob.glob("m-*")):
	    der = open(name, "rb").read()
	    assert look(der) == 0, name
	    for at in elements(der, 0, len(der)):
	        broken.append(der[:at] + b"\x05" + der[at + 1:])
	    broken += [der[:n] for n in range(1, len(der), 29)]
	with concurrent.futures.ThreadPoolExecutor(2) as two:
	    found = list(two.map(look, broken))
	print(len(found), found.count(3))
	assert found.count(3) > 100 and found.count(0) > 50
	PY
}

@test "inspect: --brief prints one line for each file" {
	local f
	openssl cms -sign -binary -nodetach -outform DER -in /dev/null \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/c.der"
	echo nothing > "$T/bad"$'\e'
	mkdir "$T/d"
	yields "$T/out" mcfg-inspect --brief "$PKI/root.pem" "$T/c.der" \
	    "$T/bad"$'\e' "$T/d" "$T/missing" "$PKI/signer.key"
	[ "$(wc -l < "$T/out")" -eq 6 ]
	grep -q "^$PKI/root.pem: a root CA certificate: " "$T/out"
	grep -q "^$T/bad.x1b: not recognized: " "$T/out"
	grep -q "^$T/d: .*directory" "$T/out"
	grep -q "^$T/missing: .*No such file" "$T/out"
	grep -q "^$PKI/signer.key: a private key" "$T/out"
	for f in "$PKI/root.pem" "$T/c.der"; do
		yields "$T/one" mcfg-inspect "$f"
		grep -qxF "$f: $(head -n 1 "$T/one")" "$T/out"
	done
	yields "$T/out" mcfg-inspect "$PKI/root.pem" "$T/missing"
	grep -q "^$T/missing: .*No such file" "$T/out"
	grep -q '^  certificates' "$T/out"
	yields "$T/out" mcfg-inspect --json "$PKI/root.pem" "$T/missing"
	json_is "$T/out" "[x['file'] for x in j] == ['$PKI/root.pem', '$T/missing'] and [x['kind'] for x in j] == ['certificate', 'unknown']"
	yields "$T/out" mcfg-inspect --brief < "$PKI/root.pem"
	grep -q '^stdin: a root CA certificate' "$T/out"
	yields "$T/out" mcfg-inspect --brief - < "$PKI/root.pem"
	yields "$T/out" mcfg-inspect --brief "$T/missing"
	grep -q "^$T/missing: .*No such file" "$T/out"
	refuses 4 'No such file' mcfg-inspect "$T/missing"
	refuses 3 'not recognized' mcfg-inspect "$T/bad"$'\e'
	refuses 2 'standard input' mcfg-inspect --content - < "$T/c.der"
	refuses 2 'standard input' mcfg-inspect - - < "$T/c.der"
}

@test "inspect: a PKCS #12 is opened with its passphrase" {
	local how
	printf 'secret\n' > "$T/pw"
	printf 'wrong\n' > "$T/wrong"
	for how in '' -nomac -legacy '-legacy -nomac' '-iter 5'; do
		# shellcheck disable=SC2086
		openssl pkcs12 -export $how -inkey "$PKI/signer.key" \
		    -in "$PKI/signer.pem" -certfile "$PKI/chain.pem" \
		    -passout pass:secret -out "$T/k.p12" 2> "$T/judge"
		yields "$T/out" mcfg-inspect --json --passphrase \
		    "file:$T/pw" "$T/k.p12"
		json_is "$T/out" "j['opened'] is True and 'rsa' in j['key'] and [c['subject'].split(',')[0] for c in j['certificates']] == ['CN=Signer', 'CN=Intermediate', 'CN=Root']"
		yields "$T/out" mcfg-inspect --json --passphrase \
		    "file:$T/wrong" "$T/k.p12"
		json_is "$T/out" "j['opened'] is False and 'not_opened' in [n['id'] for n in j['notes']]"
	done
	yields "$T/out" mcfg-inspect "$T/k.p12"
	grep -q 'encrypted with a password' "$T/out"
	run -1 grep -q 'does not decrypt' "$T/out"
	# An empty passphrase cannot be given.
	for how in '' -nomac -legacy '-legacy -nomac'; do
		# shellcheck disable=SC2086
		openssl pkcs12 -export $how -inkey "$PKI/signer.key" \
		    -in "$PKI/signer.pem" -passout pass: -out "$T/k.p12" \
		    2> "$T/judge"
		yields "$T/out" mcfg-inspect --json "$T/k.p12"
		json_is "$T/out" "j['opened'] is True and 'rsa' in j['key']"
	done
	# The cost of an untrusted file is limited.
	openssl pkcs12 -export -iter 1500000 -inkey "$PKI/signer.key" \
	    -in "$PKI/signer.pem" -maciter -passout pass:secret -out "$T/k.p12"
	yields "$T/out" mcfg-inspect --passphrase "file:$T/pw" "$T/k.p12"
	grep -q 'iterations' "$T/out"
}

@test "inspect: a constructed key identifier finds its certificate" {
	local f=$DATA/profiles/apple-security/si-25-cms-skid___signedData.bin
	openssl cms -sign -binary -nodetach -keyid -outform DER \
	    -in /dev/null -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -out "$T/in"
	# [0] of 20 bytes becomes a constructed one with two pieces.
	python3 - "$T/in" <<-'PY'
	import sys
	def grow(b, at, n):
	    # Every length around it grows.
	    b = bytearray(b)
	    def walk(p, end):
	        while p < end:
	            start, tag, l = p, b[p], b[p + 1]
	            p += 2
	            w = 0
	            if l >= 0x80:
	                w = l & 0x7F
	                l = int.from_bytes(b[p:p + w], 'big')
	                p += w
	            if start < at < p + l:
	                if w:
	                    b[p - w:p] = (l + n).to_bytes(w, 'big')
	                else:
	                    assert l + n < 0x80
	                    b[p - 1] = l + n
	                if tag & 0x20:
	                    walk(p, p + l)
	                return
	            p += l
	    walk(0, len(b))
	    return b
	d = open(sys.argv[1], 'rb').read()
	# A signature may contain 80 14 too, but not the key identifier.
	at = max(i for i in range(len(d)) if d[i:i + 2] == b'\x80\x14'
	    and d.count(d[i + 2:i + 22]) > 1)
	key = d[at + 2:at + 22]
	new = b'\xa0\x18\x04\x0c' + key[:12] + b'\x04\x08' + key[12:]
	b = grow(d, at, len(new) - 22)
	b[at:at + 22] = new
	open(sys.argv[1], 'wb').write(b)
	PY
	openssl cms -cmsout -print -noout -inform DER -in "$T/in" > "$T/judge"
	yields "$T/out" mcfg-inspect --json "$T/in"
	json_is "$T/out" "j['signers'][0]['certificate'] is not None and len(j['signers'][0]['subject_key_id']) == 40"
	[ ! -f "$f" ] || {
		yields "$T/out" mcfg-inspect --json "$f"
		json_is "$T/out" "j['signers'][0]['certificate'] is not None and j['signers'][0]['subject_key_id'].startswith('f20328d3')"
	}
}
