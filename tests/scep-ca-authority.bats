#!/usr/bin/env bats
# The kinds of CA that scep-ca can be: subordinate, imported, with an RA, with
# an EC key, with its key in a token; and rollover.

load helpers
load scep_helpers

setup() {
	cd "$T" || return
}

# enrolls DIR NAME [subject]: NAME gets a certificate from DIR.
enrolls() {
	device "$2"
	csr "$2" "${3:-/O=Example/CN=$2}" "$(challenge "$1")"
	message "$1" "$2"
	granted "$1" "$2"
}

@test "scep-ca authority: an RA answers, the CA signs" {
	ca ca --ra
	SCEP_TO=ca/ra.pem enrolls ca d
	openssl pkcs7 -inform DER -in d.reply -print_certs > signer
	grep -q 'subject=.*CN *= *SCEP RA' signer
	run -1 grep -qE 'subject=O ?= ?Example, CN ?= ?CA$' signer
	# A message encrypted for the CA itself is refused.
	csr d /CN=d "$(challenge ca)"
	message ca d
	denied ca d 1 'encrypted for another certificate'
}

@test "scep-ca authority: an EC CA works with an RSA RA" {
	for kind in ec:P-256 ec:P-384; do
		rm -rf ca
		ca ca --ra --key-type $kind
		SCEP_TO=ca/ra.pem enrolls ca d
		openssl x509 -in d.cert -noout -text -nameopt oneline | grep -q ecdsa-with-SHA
		openssl x509 -in ca/ra.pem -noout -text -nameopt oneline |
		    grep -q 'rsaEncryption'
	done
}

@test "scep-ca authority: an RSA key may have 3072 bits" {
	ca ca --key-type rsa:3072
	openssl x509 -in ca/cert.pem -noout -text -nameopt oneline | grep -q '(3072 bit)'
	enrolls ca d
}

# parent: makes parent.pem, a root.
parent() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout parent.key \
	    -subj /CN=Parent -days 3650 -out parent.pem \
	    -addext keyUsage=critical,keyCertSign,cRLSign 2> /dev/null
}

# parent_signs CSR OUT [KEY-USAGE]: issues a CA certificate.
parent_signs() {
	openssl x509 -req -in "$1" -CA parent.pem -CAkey parent.key \
	    -set_serial "0x$(openssl rand -hex 8)" -days 1000 \
	    -extfile <(printf '%s\n' basicConstraints=critical,CA:TRUE \
	    "keyUsage=critical,${3:-digitalSignature,keyEncipherment,}keyCertSign,cRLSign" \
	    subjectKeyIdentifier=hash authorityKeyIdentifier=keyid) \
	    -out "$2" 2> /dev/null
}

@test "scep-ca authority: init --csr and install make a subordinate CA" {
	parent
	yields - scep-ca init --dir sub --subject /CN=Sub --csr sub.csr
	openssl req -in sub.csr -noout -verify -text -nameopt oneline > text 2>&1
	grep -q 'CA:TRUE' text
	refuses 4 'no CA here' scep-ca answer --dir sub --operation GetCACert
	parent_signs sub.csr sub.crt
	cat sub.crt parent.pem > bundle
	refuses 1 'is for the key' scep-ca install --dir sub parent.pem
	yields - scep-ca install --dir sub bundle
	refuses 1 'already exists' scep-ca install --dir sub bundle
	openssl crl -inform DER -in sub/crl.der -CAfile sub/cert.pem -noout \
	    2>&1 | grep -qx 'verify OK'
	cmp sub/root.pem parent.pem
	[ "$(grep -c BEGIN sub/chain.pem)" -eq 2 ]
	enrolls sub d
	openssl verify -CAfile parent.pem -untrusted sub/cert.pem d.cert
	refuses 1 'subordinate' scep-ca rollover --dir sub
}

@test "scep-ca authority: the first CRL is empty" {
	ca ca
	openssl crl -inform DER -in ca/crl.der -CAfile ca/cert.pem -noout -text -nameopt oneline \
	    > text 2> said
	grep -qx 'verify OK' said
	grep -qx 'No Revoked Certificates.' text
	# While it is empty, check ignores its age.
	yields out scep-ca check --dir ca --at 2028-01-01T00:00:00Z
	cp ca/crl.der first
	yields again.der scep-ca crl --dir ca --current
	cmp first again.der
	chmod 000 ca/key.pem
	yields again.der scep-ca crl --dir ca --current
	chmod 600 ca/key.pem
	yields late.der scep-ca crl --dir ca --current \
	    --at 2028-01-01T00:00:00Z
	run -1 cmp -s first late.der
	cmp late.der ca/crl.der
	openssl crl -inform DER -in late.der -noout -lastupdate |
	    grep -q ' 2028 '
}

@test "scep-ca authority: a subordinate CA may have an RA" {
	parent
	scep-ca init --dir sub --subject /CN=Sub --csr sub.csr --ra
	[ ! -e sub/ra.pem ]
	parent_signs sub.csr sub.crt ''
	cat sub.crt parent.pem | scep-ca install --dir sub
	SCEP_TO=sub/ra.pem enrolls sub d
}

@test "scep-ca authority: install refuses a certificate that cannot serve SCEP" {
	parent
	scep-ca init --dir sub --subject /CN=Sub --csr sub.csr
	openssl x509 -req -in sub.csr -CA parent.pem -CAkey parent.key \
	    -days 1000 -out leaf.crt 2> /dev/null
	refuses 1 'CA:TRUE is missing' scep-ca install --dir sub leaf.crt
	openssl x509 -req -in sub.csr -CA parent.pem -CAkey parent.key \
	    -days 1000 -extfile <(printf '%s\n' \
	    basicConstraints=critical,CA:TRUE \
	    keyUsage=critical,keyCertSign) -out ca.crt 2> /dev/null
	refuses 1 'needs an RA' scep-ca install --dir sub ca.crt
	[ ! -e sub/cert.pem ]
}

@test "scep-ca authority: install warns if the chain has no root" {
	parent
	scep-ca init --dir sub --subject /CN=Sub --csr sub.csr
	parent_signs sub.csr sub.crt
	warns 'root of the chain' - scep-ca install --dir sub sub.crt
}

@test "scep-ca authority: imports a CA from PEM and PKCS #12" {
	parent
	openssl req -new -newkey rsa:2048 -nodes -keyout own.key -subj /CN=Own \
	    -out own.csr 2> /dev/null
	chmod 600 own.key
	parent_signs own.csr own.crt
	cat own.crt parent.pem > own.pem
	yields - scep-ca init --dir imported --import-cert own.pem \
	    --import-key own.key
	enrolls imported d
	openssl verify -CAfile parent.pem -untrusted own.crt d.cert
	cmp imported/root.pem parent.pem
	openssl pkcs12 -export -inkey own.key -in own.pem -passout pass:secret \
	    -out own.p12
	chmod 600 own.p12
	export PASS=secret
	yields - scep-ca init --dir from-p12 --import-key own.p12 \
	    --passphrase env:PASS
	enrolls from-p12 d
	# Another key, not a CA, and a key usage that is missing.
	rsa_key other.key
	chmod 600 other.key
	refuses 4 'not the key' scep-ca init --dir x --import-cert own.pem \
	    --import-key other.key
	refuses 1 'CA:TRUE' scep-ca init --dir x --import-cert \
	    "$PKI/client.pem" --import-key "$PKI/client.key"
	refuses 1 'needs an RA' scep-ca init --dir x --import-cert \
	    "$PKI/root.pem" --import-key "$PKI/root.key"
	refuses 2 'missing --import-cert' scep-ca init --dir x \
	    --import-key own.key
	refuses 2 '--import-key: a PIN' scep-ca init --dir x --import-cert \
	    own.pem --import-key 'pkcs11:object=k?pin-value=7391'
	[ ! -e x ]
	yields - scep-ca init --dir x --ra --import-cert "$PKI/root.pem" \
	    --import-key "$PKI/root.key"
	SCEP_TO=x/ra.pem enrolls x e
}

# Names that the openssl command would not accept.
@test "scep-ca authority: an imported CA with any name may have an RA" {
	local subject=0

	python3 -c 'import cryptography' 2> /dev/null ||
	    skip 'python3-cryptography is not installed'
	rsa_key own.key
	python3 - own.key <<-'PY'
	import sys
	from cryptography import x509
	from cryptography.hazmat.primitives import hashes, serialization
	from cryptography.x509.name import _ASN1Type as T
	import datetime
	key = serialization.load_pem_private_key(open(sys.argv[1], 'rb').read(), None)
	O = x509.NameOID
	def attr(oid, value, kind=T.UTF8String):
	    return x509.NameAttribute(oid, value, kind, _validate=False)
	pair = x509.RelativeDistinguishedName([attr(O.ORGANIZATION_NAME, 'A'),
	    attr(O.ORGANIZATIONAL_UNIT_NAME, 'B')])
	names = [x509.Name([attr(O.COUNTRY_NAME, 'USA', T.PrintableString),
	        attr(O.COMMON_NAME, 'x' * 80)]),
	    x509.Name([pair, x509.RelativeDistinguishedName(
	        [attr(O.COMMON_NAME, 'C\u0001A, #é')])]),
	    x509.Name([attr(O.COMMON_NAME, 'A', T.BMPString)])]
	when = datetime.datetime(2020, 1, 1)
	usage = x509.KeyUsage(False, False, False, False, False, True, True,
	    False, False)
	for i, name in enumerate(names):
	    cert = (x509.CertificateBuilder().subject_name(name)
	        .issuer_name(name).public_key(key.public_key())
	        .serial_number(i + 1).not_valid_before(when)
	        .not_valid_after(when.replace(year=2049))
	        .add_extension(x509.BasicConstraints(True, None), True)
	        .add_extension(usage, True).sign(key, hashes.SHA256()))
	    open(f'own{i}.pem', 'wb').write(
	        cert.public_bytes(serialization.Encoding.PEM))
	PY
	for subject in 0 1 2; do
		yields - scep-ca init --dir "ra$subject" --ra --import-cert \
		    "own$subject.pem" --import-key own.key
		openssl verify -CAfile "own$subject.pem" "ra$subject/ra.pem"
		openssl x509 -in "ra$subject/ra.pem" -noout -subject \
		    -nameopt multiline | grep -q 'SCEP RA'
		SCEP_TO=ra$subject/ra.pem enrolls "ra$subject" "d$subject"
	done
}

@test "scep-ca authority: a key in a token signs, and never leaves the token" {
	needs softhsm2-util
	needs pkcs11-tool
	local module key

	for module in /usr/lib/softhsm/libsofthsm2.so \
	    /usr/lib/*/softhsm/libsofthsm2.so; do
		[ -e "$module" ] && break
	done
	[ -e "$module" ] || skip "no libsofthsm2.so"
	openssl list -providers -provider pkcs11 > /dev/null 2>&1 ||
	    openssl engine pkcs11 2> /dev/null | grep -q pkcs11 ||
	    skip "neither pkcs11-provider nor libengine-pkcs11-openssl"
	export SOFTHSM2_CONF=$T/softhsm.conf PKCS11_MODULE_PATH=$module
	mkdir tokens
	echo "directories.tokendir = $T/tokens" > softhsm.conf
	softhsm2-util --init-token --free --label ca --so-pin 1234 --pin 5678 \
	    > /dev/null
	openssl req -x509 -newkey rsa:2048 -nodes -keyout t.key -subj /CN=Token \
	    -days 1000 -out t.pem \
	    -addext keyUsage=critical,keyCertSign,cRLSign 2> /dev/null
	openssl pkcs8 -topk8 -nocrypt -in t.key -out t.p8
	softhsm2-util --import t.p8 --token ca --label ca --id 01 --pin 5678 \
	    > /dev/null
	rm t.key t.p8
	printf 5678 > pin
	chmod 600 pin
	key="pkcs11:token=ca;object=ca;type=private"
	run scep-ca init --dir probe --import-cert t.pem \
	    --import-key "$key" --passphrase "file:$T/pin"
	# ASan ends a program that loads a library with RTLD_DEEPBIND.
	[[ $output != *RTLD_DEEPBIND* ]] ||
	    skip 'SoftHSM cannot be loaded under ASan'
	yields - scep-ca init --dir ca --import-cert t.pem \
	    --import-key "$key" --passphrase "file:$T/pin"
	[ ! -e ca/key.pem ]
	[ -e ca/ra-key.pem ]
	SCEP_TO=ca/ra.pem enrolls ca d
	yields - scep-ca crl --dir ca
	! grep -r 5678 ca || false
	[ "$(stat -c %a ca/scep-ca.yaml)" = 600 ]
	# The URI may name the PIN's file.
	yields - scep-ca init --dir two --import-cert t.pem \
	    --import-key "$key?pin-source=file:$T/pin"
	yields - scep-ca crl --dir two
}

@test "scep-ca rollover: is prepared, offered and activated; both generations verify" {
	ca ca
	enrolls ca before
	cp before.cert before.pem
	refuses 3 'no next CA' scep-ca answer --dir ca --operation GetNextCACert
	refuses 1 'no next CA is prepared' scep-ca rollover --dir ca --activate
	[ -z "$(scep-ca rollover --dir ca 2> "$T/said")" ]
	grep -q -e --activate "$T/said"
	refuses 1 'already exists' scep-ca rollover --dir ca
	yields caps scep-ca answer --dir ca --operation GetCACaps
	grep -qx GetNextCACert caps
	yields next.p7 scep-ca answer --dir ca --operation GetNextCACert
	openssl cms -verify -binary -inform DER -in next.p7 -purpose any \
	    -CAfile ca/cert.pem -out next.certs
	openssl pkcs7 -inform DER -in next.certs -print_certs |
	    openssl x509 -outform DER |
	    cmp - <(openssl x509 -in ca/next-cert.pem -outform DER)
	cp ca/cert.pem old.pem
	[ -z "$(scep-ca rollover --dir ca --activate 2> "$T/said")" ]
	grep -q -e "--renew tls" "$T/said"
	run -1 cmp -s ca/cert.pem old.pem
	yields caps scep-ca answer --dir ca --operation GetCACaps
	run -1 grep -qx GetNextCACert caps
	enrolls ca after
	openssl verify -CAfile ca/root.pem before.pem after.cert
	openssl verify -CAfile ca/cert.pem after.cert
	# A client that knows only the old CA renews its certificate.
	csr before /O=Example/CN=before ''
	SCEP_TO=old.pem message ca before
	granted ca before
	openssl verify -CAfile ca/cert.pem before.cert
	openssl cms -verify -binary -inform DER -in before.reply -purpose any \
	    -CAfile old.pem -out out
	# Both CAs publish a CRL.
	serial=$(openssl x509 -in before.pem -noout -serial)
	yields - scep-ca revoke --dir ca "${serial#serial=}"
	openssl crl -inform DER -in ca/previous-crl.der -CAfile old.pem -noout
	openssl crl -inform DER -in ca/crl.der -CAfile ca/cert.pem -noout
	[ "$(stat -c %a ca/previous-key.pem)" = 600 ]
}

@test "scep-ca rollover: works with an RA" {
	ca ca --ra --key-type ec:P-256
	SCEP_TO=ca/ra.pem enrolls ca before
	cp ca/ra.pem old-ra.pem
	scep-ca rollover --dir ca
	scep-ca rollover --dir ca --activate
	SCEP_TO=ca/ra.pem enrolls ca after
	openssl verify -CAfile ca/cert.pem after.cert
	mv before.cert before.pem
	csr before /O=Example/CN=before ''
	SCEP_TO=old-ra.pem message ca before
	granted ca before
}

@test "scep-ca rollover: killed at every rename, the folder still answers" {
	needs strace
	ca ca
	scep-ca rollover --dir ca
	cp -r ca prepared
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		rm -rf ca
		cp -r prepared ca
		strace -qq -f -o trace -e trace=rename \
		    -e "inject=rename:signal=KILL:when=$n" \
		    scep-ca rollover --dir ca --activate || :
		enrolls ca "d$n" > log 2>&1 || {
			echo "killed at rename $n"
			cat log trace
			return 1
		}
		# It can be finished later.
		scep-ca rollover --dir ca --activate 2> err ||
		    grep -q 'no next CA is prepared' err
		certifies ca/cert.pem ca/key.pem
	done
}
