#!/usr/bin/env bats

load helpers
load scep_helpers

setup() {
	cd "$T" || return
}

# ---- init, challenge, issue, list, show ----

@test "scep-ca init: makes a root for SCEP, with keys that only the owner can read" {
	ca ca
	[ "$(stat -c %a ca)" = 700 ]
	[ "$(stat -c %a ca/key.pem)" = 600 ]
	[ "$(stat -c %a ca/ledger.db)" = 600 ]
	openssl x509 -in ca/cert.pem -noout -text -nameopt oneline > text
	grep -q 'CA:TRUE' text
	grep -A1 'Key Usage: critical' text |
	    grep -q 'Digital Signature, Key Encipherment, Certificate Sign, CRL Sign'
	openssl verify -CAfile ca/root.pem ca/cert.pem
	cmp ca/root.pem ca/cert.pem
}

@test "scep-ca init: never replaces a CA" {
	ca ca
	cp -r ca before
	refuses 1 'already' scep-ca init --dir ca
	diff -r ca before
}

@test "scep-ca init --ra: gives signing and encryption to the RA alone" {
	ca ca --ra
	openssl x509 -in ca/cert.pem -noout -ext keyUsage > usage
	run -1 grep -q 'Digital Signature' usage
	run -1 grep -q 'Key Encipherment' usage
	openssl x509 -in ca/ra.pem -noout -ext keyUsage |
	    grep -q 'Digital Signature, Key Encipherment'
	openssl verify -CAfile ca/root.pem ca/ra.pem
	[ "$(stat -c %a ca/ra-key.pem)" = 600 ]
}

@test "scep-ca init: an EC key needs an RA" {
	refuses 2 'add --ra' scep-ca init --dir ca --key-type ec:P-256
	[ ! -e ca ]
}

@test "scep-ca challenge: has 32 characters, which are not in the ledger" {
	ca ca
	challenge ca > pw
	grep -qxE '[A-Za-z0-9_-]{32}' pw
	run -1 grep -qF -e "$(cat pw)" ca/ledger.db*
}

@test "scep-ca challenge: never begins like an option" {
	ca ca
	for ((i = 0; i < 256; i++)); do
		challenge ca
	done > many
	run -1 grep -q '^-' many
	[ "$(sort -u many | wc -l)" -eq 256 ]
}

@test "scep-ca check: warns of the newest signer if it could be a device" {
	ca ca
	device one
	openssl req -new -key one.key -subj /CN=one -out one.csr
	yields - scep-ca check --dir ca
	# All certificates begin when the CA does.
	first=$(date -u -d '200 seconds ago' +%FT%TZ)
	second=$(date -u -d '100 seconds ago' +%FT%TZ)
	# As 0.1.0 issued it, without an extended key usage for signers.
	old() {
		yields - scep-ca issue --dir ca --csr one.csr --profile client \
		    --at "$1"
		python3 - ca/ledger.db <<-'PY'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute("UPDATE certificate SET profile = 'signer' "
		    "WHERE profile = 'client'")
		db.commit()
		PY
	}
	old "$first"
	warns 'mcfg-site DIR --renew signer' - scep-ca check --dir ca
	grep -q 'good$' "$T/stdout"
	warns 'mcfg-site DIR --renew signer' out.json scep-ca check --dir ca --json
	json_is out.json 'j["ok"]'
	# Once it is renewed, the older one does not matter.
	yields - scep-ca issue --dir ca --csr one.csr --profile signer \
	    --at "$second"
	yields - scep-ca check --dir ca
	# Which of those issued within one second is newer cannot be known.
	for _ in 1 2 3 4; do
		old "$second"
	done
	yields - scep-ca check --dir ca
	old "$(date -u +%FT%TZ)"
	warns 'mcfg-site DIR --renew signer' - scep-ca check --dir ca
}

@test "scep-ca: the policy's extended key usage is not for enrollments" {
	ca ca
	echo 'extended_key_usage: [clientAuth, emailProtection, 1.2.3.4]' \
	    > ca/scep-ca.yaml
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d
	granted ca d
	openssl x509 -in d.cert -noout -ext extendedKeyUsage |
	    grep -q 'Authentication, E-mail Protection, 1.2.3.4'
	warns 'extended_key_usage' - scep-ca check --dir ca
	# With a challenge of an enrollment, and after a renewal.
	pw=$(challenge ca --subject /CN=e)
	python3 - ca/ledger.db <<-'PY'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1])
	db.execute("UPDATE challenge SET purpose = 'client' WHERE spent = 0")
	db.commit()
	PY
	device e
	csr e /CN=e "$pw"
	message ca e
	granted ca e
	openssl x509 -in e.cert -noout -ext extendedKeyUsage |
	    grep -qx '    TLS Web Client Authentication'
	cp e.cert e.pem
	csr e /CN=e ''
	message ca e --transaction again
	granted ca e
	! cmp -s e.cert e.pem || false
	openssl x509 -in e.cert -noout -ext extendedKeyUsage |
	    grep -qx '    TLS Web Client Authentication'
}

@test "scep-ca issue: tls needs a host, and ends within 825 days" {
	ca ca
	device host
	openssl req -new -key host.key -subj /CN=host -out host.csr
	refuses 1 'needs a subjectAltName' \
	    scep-ca issue --dir ca --csr host.csr --profile tls
	refuses 2 'at most 825' scep-ca issue --dir ca --csr host.csr \
	    --profile tls --san dns:localhost --days 826
	yields host.cert scep-ca issue --dir ca --csr host.csr --profile tls \
	    --san dns:localhost --san ip:127.0.0.1
	openssl verify -CAfile ca/root.pem -purpose sslserver \
	    -verify_hostname localhost host.cert
	openssl x509 -in host.cert -noout -checkip 127.0.0.1 |
	    grep -q 'does match'
	python3 - "$(openssl x509 -in host.cert -noout -startdate)" \
	    "$(openssl x509 -in host.cert -noout -enddate)" <<-'PY'
	import sys, datetime
	a, b = (datetime.datetime.strptime(t.split('=')[1],
	    '%b %d %H:%M:%S %Y GMT') for t in sys.argv[1:3])
	assert b - a <= datetime.timedelta(days=825), b - a
	PY
}

@test "scep-ca issue: signer and client are recorded like any other" {
	ca ca
	device one
	openssl req -new -key one.key -subj /CN=one -out one.csr
	yields signer.pem scep-ca issue --dir ca --csr one.csr \
	    --profile signer
	yields client.pem scep-ca issue --dir ca --csr one.csr \
	    --profile client
	openssl x509 -in signer.pem -noout -ext keyUsage |
	    grep -qx '    Digital Signature'
	openssl x509 -in signer.pem -noout -ext extendedKeyUsage |
	    grep -qx '    E-mail Protection'
	openssl verify -CAfile ca/root.pem -purpose smimesign signer.pem
	openssl x509 -in client.pem -noout -ext extendedKeyUsage |
	    grep -qx '    TLS Web Client Authentication'
	! openssl verify -CAfile ca/root.pem -purpose smimesign client.pem \
	    2> /dev/null || false
	yields list.json scep-ca list --dir ca --json
	json_is list.json \
	    'sorted(c["profile"] for c in j) == ["client", "signer"]'
	yields list scep-ca list --dir ca
	[ "$(wc -l < list)" -eq 3 ]
	head -n 1 list | grep -qx \
	    'SERIAL  *STATE  *NOT AFTER  *FOR  *SUBJECT'
	tail -n 2 list | grep -q '  client  CN=one$'
	serial=$(openssl x509 -in client.pem -noout -serial)
	serial=${serial#serial=}
	yields shown.pem scep-ca show --dir ca --pem "$serial"
	cmp shown.pem client.pem
	yields shown scep-ca show --dir ca "$serial"
	grep -q '^subject  *CN=one$' shown
	yields shown.json scep-ca show --dir ca --json "${serial,,}"
	json_is shown.json 'j["state"] == "valid" and j["key"] == "rsa:2048"'
	refuses 1 'no such certificate' scep-ca show --dir ca 1234
	refuses 2 'not a serial' scep-ca show --dir ca xyz
}

@test "scep-ca issue: revokes a certificate that could not be written" {
	ca ca
	openssl req -new -key "$PKI/client.key" -subj /CN=x -out csr
	refuses 4 /dev/full scep-ca issue --dir ca --csr csr \
	    --profile client -o /dev/full
	[ "$(scep-ca list --dir ca | grep -c 'revoked .* CN=x$')" -eq 1 ]
	yields - scep-ca check --dir ca
	openssl crl -inform DER -in ca/crl.der -noout -text |
	    grep -q 'Cessation Of Operation'
}

@test "scep-ca issue: refuses the CA's name, its key and weak keys" {
	ca ca
	openssl req -new -newkey rsa:2048 -nodes -keyout k -out a.csr \
	    -subj '/O=example/CN=ca' 2> /dev/null
	openssl req -new -key ca/key.pem -subj /CN=other -out b.csr
	openssl req -new -newkey rsa:1024 -nodes -keyout k -out c.csr \
	    -subj /CN=weak 2> /dev/null
	refuses 1 "CA's own name" scep-ca issue --dir ca --csr a.csr \
	    --profile client
	refuses 1 "CA's own" scep-ca issue --dir ca --csr b.csr \
	    --profile client
	refuses 1 '1024 bits' scep-ca issue --dir ca --csr c.csr \
	    --profile client
}

# ---- GetCACaps, GetCACert ----

@test "scep-ca answer: GetCACaps lists what is supported, in lines that end in LF" {
	ca ca
	yields caps scep-ca answer --dir ca --operation GetCACaps
	run -1 grep -q $'\r' caps
	for cap in AES DES3 SHA-1 SHA-256 SHA-384 SHA-512 POSTPKIOperation \
	    SCEPStandard; do
		grep -qx "$cap" caps
	done
	run -1 grep -qx GetNextCACert caps
}

@test "scep-ca answer: GetCACert is the certificate, or a list if there is an RA" {
	ca ca
	yields cert.der scep-ca answer --dir ca --operation GetCACert
	openssl x509 -in ca/cert.pem -outform DER | cmp - cert.der
	yields cert.der scep-ca answer --dir ca --operation GetCACert \
	    --message anything
	ca with-ra --ra
	yields list.p7 scep-ca answer --dir with-ra --operation GetCACert
	openssl pkcs7 -inform DER -in list.p7 -print_certs |
	    grep -vE '^$|^(subject|issuer)=' > list.pem
	cat with-ra/ra.pem with-ra/cert.pem | cmp - list.pem
}

@test "scep-ca answer: an unknown operation is malformed" {
	ca ca
	refuses 3 'is not known' scep-ca answer --dir ca --operation GetCACrap
	refuses 2 'missing --operation' scep-ca answer --dir ca
	refuses 4 'nowhere' scep-ca answer --dir nowhere \
	    --operation GetCACert
	mkdir empty
	refuses 4 'no CA here' scep-ca answer --dir empty --operation GetCACert
}

# ---- PKCSReq ----

@test "scep-ca: a request made by openssl gets a certificate that openssl accepts" {
	ca ca
	device d
	csr d /O=Example/CN=d "$(challenge ca)"
	message ca d --transaction ABC --nonce 00112233445566778899aabbccddeeff
	granted ca d
	[ "$(attribute d messageType)" = 3 ]
	[ "$(attribute d transactionID)" = ABC ]
	[ "$(attribute d recipientNonce)" = 00112233445566778899aabbccddeeff ]
	[ "$(attribute d senderNonce | wc -c)" -eq 33 ]
	[ "$(attribute d digest)" = sha256 ]
	[ "$(attribute d signature)" = 1.2.840.113549.1.1.1 ]
	openssl x509 -in d.cert -noout -text -nameopt oneline > text
	grep -q 'Subject: O = Example, CN = d$' text
	grep -q 'CA:FALSE' text
	grep -A1 'Key Usage: critical' text |
	    grep -q 'Digital Signature, Key Encipherment$'
	grep -q 'TLS Web Client Authentication' text
	certifies d.cert d.key
}

@test "scep-ca: the reply has the digest and cipher of the request" {
	ca ca
	device d
	for digest in sha1 sha256 sha384 sha512; do
		csr d /CN=d "$(challenge ca)"
		message ca d --digest "$digest"
		granted ca d
		[ "$(attribute d digest)" = "$digest" ]
	done
	for cipher in aes-128-cbc aes-192-cbc aes-256-cbc des-ede3-cbc; do
		csr d /CN=d "$(challenge ca)"
		SCEP_CIPHER=$cipher message ca d
		granted ca d
		openssl asn1parse -inform DER -in d.inner |
		    grep -q ":$cipher"
	done
}

@test "scep-ca: a nonce of 8 bytes is copied" {
	ca ca
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d --nonce 0102030405060708
	granted ca d
	[ "$(attribute d recipientNonce)" = 0102030405060708 ]
}

@test "scep-ca: a challenge is spent once, by success only" {
	ca ca
	device d
	device e
	pw=$(challenge ca)
	csr d '/CN=d' "$pw" basicConstraints=CA:TRUE
	message ca d
	denied ca d 2 'asks to be a CA'
	csr d /CN=d "$pw"
	message ca d
	granted ca d
	csr e /CN=e "$pw"
	message ca e
	denied ca e 2 'challengePassword is not valid'
}

@test "scep-ca: refuses a missing, wrong or expired challenge, and one for another subject" {
	ca ca
	device d
	csr d /CN=d ''
	message ca d
	denied ca d 2 'a challengePassword is needed'
	csr d /CN=d wrong
	message ca d
	denied ca d 2 'challengePassword is not valid'
	pw=$(challenge ca --ttl 1m --at 2020-01-01T00:00:00Z)
	csr d /CN=d "$pw"
	message ca d
	denied ca d 2 'challengePassword is not valid'
	pw=$(challenge ca --subject /O=Example/CN=printer)
	csr d /O=Example/CN=other "$pw"
	message ca d
	denied ca d 2 'for another subject'
	run -1 grep -qF -e "$pw" d.err
	csr d /O=EXAMPLE/CN=Printer "$pw"
	message ca d
	granted ca d
}

@test "scep-ca: a retry gets the same certificate, another key another one" {
	ca ca
	device d
	device e
	csr d /CN=d "$(challenge ca)"
	message ca d --transaction T1
	granted ca d
	cp d.cert first
	granted ca d
	cmp d.cert first
	# Signed again, with another nonce, it is still the same request.
	message ca d --transaction T1
	granted ca d
	cmp d.cert first
	# Another key with the same transactionID is another request.
	csr e /CN=e "$(challenge ca)"
	message ca e --transaction T1
	granted ca e
	run -1 cmp -s e.cert first
	granted ca d
	cmp d.cert first
	[ "$(listed ca)" -eq 2 ]
}

@test "scep-ca: eight parallel uses of one challenge get one certificate" {
	ca ca
	pw=$(challenge ca)
	for i in 1 2 3 4 5 6 7 8; do
		device "d$i"
		csr "d$i" "/CN=d$i" "$pw"
		message ca "d$i"
	done
	for i in 1 2 3 4 5 6 7 8; do
		scep-ca answer --dir ca --operation PKIOperation "d$i.msg" \
		    > "d$i.reply" 2> "d$i.err" 3>&- &
	done
	wait
	cat d?.err > errors
	[ "$(grep -c 'challengePassword is not valid' errors)" -eq 7 ]
	[ "$(listed ca)" -eq 1 ]
}

@test "scep-ca: refuses every other messageType" {
	ca ca
	device d
	for type in 3 18 0 1 23 99 019 PKCSReq; do
		csr d /CN=d "$(challenge ca)"
		message ca d --type "$type"
		denied ca d 2 "messageType $type is not supported"
	done
}

@test "scep-ca: weak digests, ciphers and keys are badAlg" {
	ca ca
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d --digest md5
	denied ca d 0 'md5'
	message ca d --digest-oid 1.2.3.4
	denied ca d 0 '1.2.3.4'
	CSR_DIGEST=md5 csr d /CN=d "$(challenge ca)"
	message ca d
	denied ca d 0 'RSA-MD5'
	device w w 1024
	csr w /CN=w "$(challenge ca)"
	message ca w
	denied ca w 0 '1024 bits'
	csr d /CN=d "$(challenge ca)"
	openssl cms -encrypt -binary -outform DER -provider legacy \
	    -provider default -des-cbc -in d.csr -out d.env ca/cert.pem
	python3 "$TESTS/scep.py" make --signer d.pem --key d.key \
	    --envelope d.env > d.msg
	denied ca d 0 'des-cbc'
}

@test "scep-ca: a key with which anybody could sign is badAlg" {
	ca ca
	# With the exponent 1, a message is its own signature.
	rsa_key good.key
	openssl rsa -in good.key -noout -text > good.text
	python3 - good.text > one.cnf <<-'PY'
	import re, sys
	parts = re.findall(r'^(\w+):.*\n((?:    [0-9a-f:]+\n)+)',
	    open(sys.argv[1]).read(), re.M)
	v = {name: '0x' + re.sub(r'[\s:]', '', x) for name, x in parts}
	print('asn1=SEQUENCE:key\n[key]')
	for i, x in enumerate(('0', v['modulus'], '1', '1', v['prime1'],
	    v['prime2'], '1', '1', v['coefficient'])):
	    print('f%d=INTEGER:%s' % (i, x))
	PY
	openssl asn1parse -genconf one.cnf -noout -out one.der
	openssl rsa -inform DER -in one.der -out one.key 2> /dev/null
	openssl req -x509 -key one.key -subj /CN=one -out one.pem
	csr one /CN=one "$(challenge ca)"
	message ca one
	denied ca one 0 'exponent'
}

@test "scep-ca: accepts the RSA exponent 3, which RFC 8017 allows" {
	ca ca
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
	    -pkeyopt rsa_keygen_pubexp:3 -out three.key 2> /dev/null
	chmod 600 three.key
	scep-request --ca ca/cert.pem --key three.key --subject /CN=three \
	    --challenge "file:$(challenge ca > c && echo c)" --state s \
	    -o three.msg
	scep-ca answer --dir ca --operation PKIOperation three.msg > reply
	scep-response --state s --key three.key --ca ca/cert.pem reply > cert
	openssl x509 -in cert -noout -text > text
	grep -q 'Exponent: 3 ' text
}

@test "scep-ca: says why an EC key is refused" {
	ca ca
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout e.key -subj /CN=e -out e.pem 2> /dev/null
	csr e /CN=e "$(challenge ca)"
	message ca e
	denied ca e 0 'RSA'
}

@test "scep-ca: signingTime outside of the window is badTime" {
	ca ca
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d --time 2020-01-01T00:00:00Z
	denied ca d 3 'signingTime'
	message ca d --time none
	granted ca d
}

@test "scep-ca: the signer's key must be the request's key" {
	ca ca
	device d
	device e
	csr e /CN=e "$(challenge ca)"
	sealed ca/cert.pem e.csr d.env
	python3 "$TESTS/scep.py" make --signer d.pem --key d.key \
	    --envelope d.env > d.msg
	denied ca d 1 'not the signer'
	whispers d 'not signed by the key of the certification request'
}

@test "scep-ca: a broken signature, outside and inside, is badMessageCheck" {
	ca ca
	device d
	device e
	csr d /CN=d "$(challenge ca)"
	message ca d
	sealed ca/cert.pem d.csr d.env
	python3 "$TESTS/scep.py" make --signer d.pem --key e.key \
	    --envelope d.env > d.msg
	denied ca d 1 'signature is not right'
	csr d /CN=dddddd "$(challenge ca)"
	flip_byte d.csr dddddd
	message ca d
	denied ca d 1 'signature of the certification request'
	whispers d 'its signature does not fit'
}

@test "scep-ca: one failure stands for decryption and parsing" {
	ca ca
	device d
	# Another recipient, which anybody can see.
	ca other
	csr d /CN=d "$(challenge ca)"
	sealed other/cert.pem d.csr d.env
	python3 "$TESTS/scep.py" make --signer d.pem --key d.key \
	    --envelope d.env > d.msg
	denied ca d 1 'encrypted for another certificate'
	# Garbage inside, nothing inside.
	noise 700 > d.csr
	message ca d
	denied ca d 1 'cannot be decrypted and read'
	cp d.err first
	: > d.csr
	message ca d
	denied ca d 1 'cannot be decrypted and read'
	csr d /CN=d "$(challenge ca)"
	printf x >> d.csr
	message ca d
	denied ca d 1 'cannot be decrypted and read'
	# A change in the last block makes bad padding.
	csr d /CN=d "$(challenge ca)"
	sealed ca/cert.pem d.csr d.env
	python3 - <<-'PY'
	d = bytearray(open('d.env', 'rb').read())
	d[-20] ^= 1
	open('d.env', 'wb').write(d)
	PY
	python3 "$TESTS/scep.py" make --signer d.pem --key d.key \
	    --envelope d.env > d.msg
	denied ca d 1 'cannot be decrypted and read'
	cmp d.err first
}

# tests/bench/scep counts the instructions of these.
@test "scep-ca: bad padding, key length and blocks are answered like garbage" {
	local oracle=${MCFG_BIN%/bin}/unit/scep_oracle

	[ -x "$oracle" ] || skip "scep_oracle is not built (make units)"
	"$oracle" 3
}

@test "scep-ca: a message that cannot be answered is malformed" {
	ca ca
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d
	cp d.msg good
	run_bad() {
		refuses 3 "$1" scep-ca answer --dir ca \
		    --operation PKIOperation "$2"
	}
	: > bad; run_bad '' bad
	head -c 500 good > bad; run_bad '' bad
	{ cat good; printf x; } > bad; run_bad '' bad
	message ca d --signers 2; run_bad '2 signers' d.msg
	message ca d --signers 0; run_bad 'no signer' d.msg
	message ca d --without transactionID
	run_bad 'no transactionID' d.msg
	message ca d --twice transactionID; run_bad 'transactionID' d.msg
	message ca d --twice messageType; run_bad 'messageType' d.msg
	message ca d --depth 40; run_bad '' d.msg
	for head in 3080 30820003 a080 2480; do
		python3 - $head > bad <<-'PY'
		import sys
		sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]) * 16000)
		PY
		run_bad '' bad
	done
	# Lengths beyond the end.
	for head in 3084ffffffff 308800000000ffffffff 3088ffffffffffffffff \
	    3089010000000000000000 30ff 3080 30847fffffff; do
		for at in 0 20 60; do
			python3 - good $at $head > bad <<-'PY'
			import sys
			b, at = open(sys.argv[1], 'rb').read(), int(sys.argv[2])
			h = bytes.fromhex(sys.argv[3])
			sys.stdout.buffer.write(b[:at] + h + b[at + len(h):])
			PY
			run_bad '' bad
		done
	done
	head -c 65537 /dev/zero > bad; run_bad 'limit' bad
	message ca d --transaction "$(printf 'x%.0s' $(seq 300))"
	run_bad 'transactionID' d.msg
}

@test "scep-ca: refuses or drops extensions that a request must not get" {
	ca ca
	device d
	pw=$(challenge ca)
	csr d /O=Example/CN=CA "$pw"
	message ca d
	denied ca d 2 "CA's own name"
	csr d /CN=d "$pw" 1.2.3.4=critical,DER:0500
	message ca d
	denied ca d 2 'critical extension 1.2.3.4'
	csr d '/CN=d/1.2.3.4.5=x' "$pw"
	message ca d
	denied ca d 2 'does not allow 1.2.3.4.5'
	cp ca/key.pem k.key
	openssl req -x509 -key k.key -subj /CN=k -out k.pem
	csr k /CN=k "$pw"
	message ca k
	denied ca k 2 "CA's own"
	csr d /CN=d "$pw" extendedKeyUsage=codeSigning \
	    keyUsage=keyCertSign subjectAltName=DNS:evil.example
	message ca d
	granted ca d
	openssl x509 -in d.cert -noout -text -nameopt oneline > text
	run -1 grep -q 'Code Signing' text
	run -1 grep -q 'Certificate Sign' text
	run -1 grep -q 'evil' text
}

@test "scep-ca: the policy decides about alternative names" {
	ca ca
	cat > ca/scep-ca.yaml <<-'YAML'
	san:
	  dns: ["*.example.com"]
	  email: ["*@example.com"]
	YAML
	device d
	pw=$(challenge ca)
	csr d /CN=d "$pw" subjectAltName=DNS:a.example.org
	message ca d
	denied ca d 2 'does not allow subjectAltName dns:a.example.org'
	csr d /CN=d "$pw" subjectAltName=URI:http://example.com
	message ca d
	denied ca d 2 'does not allow subjectAltName uri'
	csr d /CN=d "$pw" subjectAltName=DNS:A.example.com,email:x@example.com
	message ca d
	granted ca d
	openssl x509 -in d.cert -noout -ext subjectAltName |
	    grep -q 'DNS:A.example.com, email:x@example.com'
}

@test "scep-ca: reports the place of an error in the policy" {
	ca ca
	echo 'validty: 1d' > ca/scep-ca.yaml
	refuses 3 'scep-ca.yaml:1:' scep-ca list --dir ca
	echo 'key_min: 1024' > ca/scep-ca.yaml
	refuses 3 'key_min' scep-ca list --dir ca
	echo 'approval: command' > ca/scep-ca.yaml
	refuses 3 'command: is missing' scep-ca list --dir ca
	echo 'san: {ftp: ["*"]}' > ca/scep-ca.yaml
	refuses 3 'san' scep-ca list --dir ca
	for word in nonsense dh-std-kdf anyExtendedKeyUsage 2.5.29.37.0 \
	    1.3.6.1.5.5.7.3.28 1.3.6.1.4.1.311.20.2.1; do
		echo "extended_key_usage: [$word]" > ca/scep-ca.yaml
		refuses 3 'not a known name or OID' scep-ca list --dir ca
	done
	for url in 'ftp://x/crl' 'http://' 'http://x/a b' 'https://x/ä' 7; do
		printf '\ncrl_url: "%s"\n' "$url" > ca/scep-ca.yaml
		refuses 3 'scep-ca.yaml:2:1: crl_url: ' \
		    scep-ca list --dir ca
	done
	echo 'issuer_url: https://ca.example.com:8443/CA?x=1' > ca/scep-ca.yaml
	yields - scep-ca list --dir ca
}

@test "scep-ca: hostile names reach neither a path nor a second line" {
	ca ca
	device d
	ls > before
	csr d "/CN=..\\..\\x';\`id\`|x" "$(challenge ca)"
	message ca d --transaction '../../../tmp/x;$(id) "quoted"'
	granted ca d
	[ "$(listed ca)" -eq 1 ]
	# A name must not have characters that reorder or hide text.
	csr d $'/CN=a\xe2\x80\xaeb' "$(challenge ca)"
	message ca d
	denied ca d 2 'an invisible one'
	csr d $'/CN=a\xe2\x80\x8bb' "$(challenge ca)"
	message ca d
	denied ca d 2 'an invisible one'
	csr d '/CN=aXb' "$(challenge ca)"
	python3 "$TESTS/scep.py" resign d.csr d.key aXb 610a62 > d.csr2
	mv d.csr2 d.csr
	message ca d
	denied ca d 2 'control character'
	# Broken UTF-8 cannot be parsed.
	csr d '/CN=aXb' "$(challenge ca)"
	python3 "$TESTS/scep.py" resign d.csr d.key aXb ff61fe > d.csr2
	mv d.csr2 d.csr
	message ca d
	denied ca d 1 'cannot be decrypted and read'
}

@test "scep-ca: no certificate outlives the CA" {
	ca ca --days 10
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d
	granted ca d
	[ "$(openssl x509 -in d.cert -noout -enddate)" = \
	    "$(openssl x509 -in ca/cert.pem -noout -enddate)" ]
}

@test "scep-ca: an expired CA issues nothing, and spends no challenge" {
	local late=2040-01-01T00:00:00Z early=2001-01-01T00:00:00Z
	ca ca
	device d
	csr d /CN=d "$(challenge ca --ttl 9000d)"
	message ca d --time none
	for t in "$late" "$early"; do
		yields d.reply scep-ca answer --dir ca --at "$t" \
		    --operation GetCACert
		_run scep-ca answer --dir ca --at "$t" \
		    --operation PKIOperation -e d.msg
		[ "$status" -eq 1 ]
		grep -q 'badRequest: the CA can issue nothing' stderr
		refuses 1 'ca/cert.pem: it ' scep-ca issue --dir ca --at "$t" \
		    --csr d.csr --profile client
	done
	yields list scep-ca list --dir ca --json
	json_is list 'j == []'
	granted ca d
}

@test "scep-ca: serial numbers are positive, random, 127 bits" {
	ca ca
	device d
	openssl req -new -key d.key -subj /CN=d -out d.csr
	for i in 1 2 3 4 5 6 7 8; do
		scep-ca issue --dir ca --csr d.csr --profile client |
		    openssl x509 -noout -serial >> serials
	done
	[ "$(sort -u serials | wc -l)" -eq 8 ]
	run -1 grep -qE '=([89A-F].{31}|.{33,})$' serials
}

# ---- real captures ----

@test "scep-ca: answers requests of a real iPhone and a real Mac" {
	needs_data scep/iphone-ios6-pkcsreq.der
	ca ca
	cp "$DATA/scep/iphone-ios6-pkcsreq.der" i.msg
	chmod u+w i.msg
	denied ca i 3 signingTime
	[ "$(attribute i transactionID)" = \
	    A97FF75E93EE1D5AAFB7ABA940DD70263A385695 ]
	[ "$(attribute i recipientNonce)" = ae57231afececee25a21a7e946e8d49e ]
	echo 'time_window: 0' > ca/scep-ca.yaml
	denied ca i 1 'encrypted for another certificate'
	cp "$DATA/scep/macos-2016-pkcsreq.der" m.msg
	denied ca m 1 'encrypted for another certificate'
	[ "$(attribute m digest)" = sha1 ]
}

# ---- renewal ----

# enrolled NAME [subject]: gets NAME.pem from the CA, for renewals.
enrolled() {
	device "$1"
	csr "$1" "${2:-/O=Example/CN=$1}" "$(challenge ca)"
	message ca "$1"
	granted ca "$1"
	mv "$1.cert" "$1.pem"
}

@test "scep-ca: a renewal of type 17 or 19 needs no challenge" {
	ca ca
	enrolled d
	yields caps scep-ca answer --dir ca --operation GetCACaps
	grep -qx Renewal caps
	cp d.pem first.pem
	for type in 17 19; do
		rsa_key new.key
		cp new.key keep
		csr new /O=Example/CN=d ''
		sealed ca/cert.pem new.csr d.env
		python3 "$TESTS/scep.py" make --signer d.pem --key d.key \
		    --envelope d.env --type $type > d.msg
		granted ca d
		certifies d.cert new.key
		openssl x509 -in d.cert -noout -subject -nameopt oneline |
		    grep -q 'O = Example, CN = d'
		mv d.cert d.pem
		mv keep d.key
	done
	[ "$(listed ca)" -eq 3 ]
}

@test "scep-ca: the same key may renew, unless the policy forbids it" {
	ca ca
	enrolled d
	csr d /O=Example/CN=d ''
	message ca d --transaction same
	granted ca d
	cp d.cert second
	# Sent again, it is a retry.
	granted ca d
	cmp d.cert second
	echo 'renew_same_key: false' > ca/scep-ca.yaml
	message ca d
	denied ca d 2 'needs a new key'
	echo 'renew_window: 30d' > ca/scep-ca.yaml
	message ca d
	denied ca d 2 'too early'
}

@test "scep-ca: a renewal changes neither subject nor names" {
	ca ca
	echo 'san: {dns: ["*.example.com"]}' > ca/scep-ca.yaml
	device d
	csr d /CN=d "$(challenge ca)" subjectAltName=DNS:a.example.com
	message ca d
	granted ca d
	mv d.cert d.pem
	csr d /CN=admin ''
	message ca d
	denied ca d 2 'cannot change the subject'
	csr d /CN=d '' subjectAltName=DNS:b.example.com
	message ca d
	denied ca d 2 'cannot change the subjectAltName'
	csr d /CN=d ''
	message ca d
	granted ca d
	openssl x509 -in d.cert -noout -ext subjectAltName |
	    grep -q DNS:a.example.com
}

@test "scep-ca: forged and unsuitable signers do not renew" {
	ca ca
	enrolled d
	# Another CA with the same name.
	ca fake
	device f
	csr f /O=Example/CN=d "$(challenge fake)"
	message fake f
	granted fake f
	mv f.cert f.pem
	rsa_key new.key
	csr new /O=Example/CN=d ''
	sealed ca/cert.pem new.csr f.env
	python3 "$TESTS/scep.py" make --signer f.pem --key f.key \
	    --envelope f.env --type 17 > f.msg
	denied ca f 1 'not the signer'
	csr f /O=Example/CN=d ''
	message ca f --type 17
	denied ca f 2 'a challengePassword is needed'
	# A self-signed certificate with type 17.
	device s
	csr s /O=Example/CN=d ''
	message ca s --type 17
	denied ca s 2 'a challengePassword is needed'
	# A server's certificate does not renew.
	device t
	openssl req -new -key t.key -subj /CN=t -out t.req
	scep-ca issue --dir ca --csr t.req --profile tls --san dns:t > t.pem
	csr t /CN=t ''
	message ca t --type 17
	denied ca t 2 "client's"
}

@test "scep-ca: revoked and expired certificates do not renew" {
	ca ca
	enrolled d
	serial=$(openssl x509 -in d.pem -noout -serial)
	csr d /O=Example/CN=d ''
	message ca d --time none
	scep-ca answer --dir ca --operation PKIOperation \
	    --at 2096-01-01T00:00:00Z d.msg > d.reply 2> d.err
	grep -q 'cannot renew: it has expired' d.err
	# With a challenge, an expired one may sign for a new one.
	csr d /O=Example/CN=d "$(challenge ca --ttl 1h --at \
	    2030-01-01T00:00:00Z)"
	message ca d --time none
	yields d.reply scep-ca answer --dir ca --operation PKIOperation \
	    --at 2030-01-01T00:00:00Z d.msg
	scep-ca revoke --dir ca "${serial#serial=}"
	csr d /O=Example/CN=d ''
	message ca d
	denied ca d 2 'cannot renew: it was revoked'
	csr d /O=Example/CN=d "$(challenge ca)"
	message ca d
	denied ca d 2 'it was revoked'
}

# ---- revocation and queries ----

@test "scep-ca revoke, crl: openssl refuses the revoked certificate" {
	ca ca
	enrolled d
	enrolled e
	serial=$(openssl x509 -in d.pem -noout -serial)
	serial=${serial#serial=}
	refuses 1 'no such certificate' scep-ca revoke --dir ca 00
	yields - scep-ca revoke --dir ca --reason keyCompromise "$serial"
	refuses 1 'revoked before' scep-ca revoke --dir ca "$serial"
	openssl crl -inform DER -in ca/crl.der -noout -text -nameopt oneline -CAfile \
	    ca/cert.pem > text 2>&1
	grep -q 'verify OK' text
	grep -q 'Key Compromise' text
	openssl crl -inform DER -in ca/crl.der -out crl.pem
	openssl verify -CAfile ca/root.pem -crl_check -CRLfile crl.pem e.pem
	run -2 openssl verify -CAfile ca/root.pem -crl_check -CRLfile crl.pem \
	    d.pem
	[ "$(listed ca --state revoked)" -eq 1 ]
	yields show scep-ca show --dir ca "$serial"
	grep -q 'reason  *keyCompromise' show
	before=$(openssl crl -inform DER -in ca/crl.der -noout -crlnumber)
	yields crl.der scep-ca crl --dir ca
	cmp crl.der ca/crl.der
	[ "$before" != "$(openssl crl -inform DER -in ca/crl.der -noout \
	    -crlnumber)" ]
	yields crl.pem scep-ca crl --dir ca --pem
	openssl crl -in crl.pem -noout
	# If the CRL lacks it, as after a failure, revoke makes a new one.
	serial=$(openssl x509 -in e.pem -noout -serial | sed 's/serial=//')
	cp ca/crl.der crl.der
	yields - scep-ca revoke --dir ca "$serial"
	cp crl.der ca/crl.der
	yields - scep-ca revoke --dir ca "$serial"
	openssl crl -inform DER -in ca/crl.der -noout -text > text
	[ "$(grep -c 'Serial Number' text)" -eq 2 ]
}

# query NAME TYPE FILE: makes NAME.msg, a query with FILE as its content.
query() {
	sealed ca/cert.pem "$3" "$1.env"
	python3 "$TESTS/scep.py" make --signer "$1.pem" --key "$1.key" \
	    --envelope "$1.env" --type "$2" --transaction 0 > "$1.msg"
}

@test "scep-ca: GetCert and GetCRL answer holders of a certificate" {
	ca ca
	enrolled d
	enrolled e
	python3 "$TESTS/scep.py" issuer-serial e.pem > e.is
	query d 21 e.is
	granted ca d
	same_certificate d.cert e.pem
	query d 22 e.is
	answer ca d
	[ "$(attribute d pkiStatus)" = 0 ]
	openssl cms -decrypt -binary -inform DER -in d.inner -recip d.pem \
	    -inkey d.key -out d.p7
	openssl pkcs7 -inform DER -in d.p7 -print_certs > d.text
	run -1 grep -q 'BEGIN CERTIFICATE' d.text
	grep -q 'BEGIN X509 CRL' d.text
	openssl crl -inform DER -in ca/crl.der -noout -CAfile ca/cert.pem
	# Another issuer, an unknown serial number, a stranger.
	device x
	openssl x509 -in x.pem -noout
	python3 "$TESTS/scep.py" issuer-serial x.pem > x.is
	query d 21 x.is
	denied ca d 4 'not known here'
	whispers d 'the issuer is not this CA'
	openssl x509 -req -in <(openssl req -new -key x.key -subj /CN=x) \
	    -CA ca/cert.pem -CAkey ca/key.pem -set_serial 77 -out y.pem \
	    2> /dev/null
	python3 "$TESTS/scep.py" issuer-serial y.pem > y.is
	query d 21 y.is
	denied ca d 4 'not known here'
	whispers d 'no certificate of this serial number'
	query x 21 e.is
	denied ca x 4 'not known here'
	whispers x 'another CA made it'
	query x 22 e.is
	denied ca x 4 'not known here'
	whispers x 'another CA made it'
	# Signed by the CA's key, but not in the ledger.
	cp y.pem x.pem
	query x 21 e.is
	denied ca x 4 'not known here'
	whispers x 'not in the ledger'
	printf garbage > g
	query d 21 g
	denied ca d 4 'not known here'
	whispers d 'is not a query of this kind'
}

# ---- check, ledger-copy ----

@test "scep-ca check: accepts a good CA, and reports every fault of a bad one" {
	ca ca
	enrolled d
	serial=$(openssl x509 -in d.pem -noout -serial)
	serial=${serial#serial=}
	scep-ca revoke --dir ca "$serial"
	enrolled e
	yields out scep-ca check --dir ca
	grep -q '^2 certificates (1 valid, 0 expired, 1 revoked), 2 by .*, 0 pending: good$' out
	yields out.json scep-ca check --dir ca --json
	json_is out.json '(j["ok"] and j["certificates"] == 2 and
	    j["unbound"] == 2 and j["findings"] == [])'
	bad() {
		_run "$@"
		[ "$status" -eq 1 ] && [ "$(wc -l < stderr)" -eq 1 ]
	}
	bad scep-ca check --dir ca --at 2036-11-10T00:00:00Z
	grep -q '^cert.pem: ends soon' stdout
	grep -q '^crl.der: expired at' stdout
	chmod 755 ca
	bad scep-ca check --dir ca
	grep -q '^folder: others have access to it: mode 0755' stdout
	chmod 700 ca
	chmod 644 ca/key.pem
	bad scep-ca check --dir ca --json
	json_is stdout '(not j["ok"] and
	    "key.pem" in [f["what"] for f in j["findings"]])'
	chmod 600 ca/key.pem
	python3 - "${serial,,}" <<-'PY'
	import sqlite3, sys
	db = sqlite3.connect('ca/ledger.db')
	db.execute("UPDATE certificate SET der = X'3003020101' WHERE serial = ?",
	    (sys.argv[1],))
	db.execute("UPDATE certificate SET key_hash = 'x' WHERE serial <> ?",
	    (sys.argv[1],))
	db.commit()
	PY
	bad scep-ca check --dir ca
	grep -q "^${serial,,}: " stdout
	grep -q 'another key than is recorded' stdout
	grep -q 'not good$' stdout
}

@test "scep-ca check: reports root.pem and chain.pem that do not fit" {
	ca ca
	ca other
	found() {
		_run scep-ca check --dir ca
		[ "$status" -eq 1 ] && grep -q "^$1: " stdout
	}
	cp ca/root.pem good
	rm ca/root.pem
	found root.pem
	cp other/root.pem ca/root.pem
	found root.pem
	cp good ca/root.pem
	echo nothing > ca/chain.pem
	found chain.pem
	cp good ca/chain.pem
	yields - scep-ca check --dir ca
	# The root expires before the CA below it.
	printf '%s\n' basicConstraints=critical,CA:TRUE subjectKeyIdentifier=hash \
	    keyUsage=critical,keyCertSign,cRLSign,digitalSignature,keyEncipherment \
	    > ext
	openssl req -x509 -newkey rsa:2048 -nodes -keyout up.key -subj /CN=Up \
	    -days 20 -out up.pem 2> /dev/null
	scep-ca init --dir sub --csr sub.csr --subject /CN=Sub
	openssl x509 -req -in sub.csr -CA up.pem -CAkey up.key -days 900 \
	    -CAcreateserial -extfile ext -out sub.pem 2> /dev/null
	scep-ca install --dir sub <(cat sub.pem up.pem)
	_run scep-ca check --dir sub
	[ "$status" -eq 1 ]
	grep -q '^chain.pem: ends soon' stdout
}

@test "scep-ca check: reports another CA's certificate" {
	ca ca
	enrolled d
	ca other
	cp other/cert.pem ca/cert.pem
	_run scep-ca check --dir ca
	[ "$status" -eq 1 ]
	grep -q '^keys: .*not the key of its certificate' stdout
	grep -q 'no CA of this folder made it' stdout
}

@test "scep-ca ledger-copy: the copy answers like the original" {
	ca ca
	enrolled d
	yields out scep-ca ledger-copy sqlite:ca/ledger.db sqlite:copy.db
	grep -qE '^[0-9a-f]{64}  certificate  1$' out
	[ "$(stat -c %a copy.db)" = 600 ]
	yields a scep-ca list --dir ca --json
	yields b scep-ca list --dir ca --json --ledger sqlite:copy.db
	cmp a b
	refuses 1 '' scep-ca ledger-copy sqlite:ca/ledger.db sqlite:copy.db
	refuses 4 '' scep-ca ledger-copy sqlite:none.db sqlite:new.db
	refuses 2 'FROM TO' scep-ca ledger-copy sqlite:ca/ledger.db
}
