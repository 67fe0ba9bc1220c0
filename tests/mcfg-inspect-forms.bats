#!/usr/bin/env bats
# mcfg-inspect: forms that are seldom met.  The openssl command and python make
# them and say what is in them; all that one test asks is asked by one python.

load helpers

setup() {
	cd "$T" || return
	cp "$PKI/ec.key" key
	printf 'hello\n' > plain
}

# certificate NAME [options of openssl req]
certificate() {
	local name=$1
	shift
	openssl req -x509 -key key -out "$name.pem" -subj "/CN=$name" \
	    -days 30 "$@" 2> err || { cat err; return 1; }
}

# facts NAME...: what mcfg-inspect says about each file, in NAME.json.
facts() {
	local name

	for name; do
		yields "$name.json" mcfg-inspect --json "$name" || return 1
		yields - mcfg-inspect "$name" || return 1
	done
}

# judged: python on standard input; j("NAME") is what was said, n("NAME") the
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
	# An address of 5 bytes, and a DNS name that is not even UTF-8.
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
	# One U+FFFD for each byte that is not of a letter.
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
	# The month 13, of either date.
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

@test "inspect forms: what CMS holds beside signatures and envelopes" {
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
	# SCEP's messages are of EnvelopedData, however it is encrypted.
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
	# Not a list: its first element is a BOOLEAN.
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
