#!/usr/bin/env bats
# Which certificate scep-request encrypts to and which signer scep-response
# trusts: the answer to GetCACert is untrusted until it is verified.

load helpers
load scep_helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	scep-ca init --dir ca --subject /O=Example/CN=CA
	scep-ca init --dir with-ra --subject /O=Example/CN=CA --ra
	scep-ca init --dir other --subject /O=Example/CN=CA
	rsa_key key
	chmod 600 key
	for name in device server both any sibling evil sign enc plain; do
		rsa_key "$name.key"
	done
	chmod 600 ./*.key
	local agent=1.3.6.1.4.1.311.20.2.1
	both='critical,digitalSignature,keyEncipherment'
	made device ca $both clientAuth
	made server ca $both serverAuth
	made both ca $both "clientAuth,$agent"
	made any ca $both "anyExtendedKeyUsage,$agent"
	made sibling ca $both emailProtection
	# The two of NDES, and one that is not marked as an RA.
	made sign with-ra critical,digitalSignature $agent
	made enc with-ra critical,keyEncipherment $agent
	made plain with-ra $both
	openssl req -x509 -key evil.key -subj /O=Example/CN=CA -days 30 \
	    -out evil.pem -addext "keyUsage=$both,keyCertSign"
}

# made NAME CA KEY-USAGE [EKU]: makes NAME.pem, issued by the CA in that folder.
made() {
	{
		echo "basicConstraints = critical,CA:FALSE"
		echo "keyUsage = $3"
		[ -z "${4:-}" ] || echo "extendedKeyUsage = $4"
	} > "$1.ext"
	openssl req -new -key "$1.key" -subj "/O=Example/CN=$1" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA "$2/cert.pem" -CAkey "$2/key.pem" \
	    -set_serial "0x$(openssl rand -hex 8)" -days "${5:-30}" \
	    -extfile "$1.ext" -out "$1.pem" 2> /dev/null
}

setup() {
	cd "$T" || return
	local f
	for f in "$BATS_FILE_TMPDIR"/*; do
		ln -s "$f" .
	done
	asks=(scep-request --ca bag --key key --subject /CN=d --state state
	    -o msg)
}

# bag CERT...: makes $T/bag, a certs-only PKCS #7 with them in this order.
bag() {
	cat "$@" > bag.pem
	openssl crl2pkcs7 -nocrl -certfile bag.pem -outform DER -out bag
}

# for_whom CERT KEY: openssl decrypts the message with this key.
for_whom() {
	openssl cms -verify -binary -inform DER -in msg -noverify \
	    -purpose any -out env 2> /dev/null
	openssl cms -decrypt -binary -inform DER -in env -recip "$1" \
	    -inkey "$2" -out csr.der
	openssl req -inform DER -in csr.der -noout
}

sha256() {
	openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//'
}

# orders A B C: prints the six orders.
orders() {
	printf '%s %s %s\n' "$1" "$2" "$3" "$1" "$3" "$2" "$2" "$1" "$3" \
	    "$2" "$3" "$1" "$3" "$1" "$2" "$3" "$2" "$1"
}

# ---- the recipient ----

@test "scep-trust: a certificate issued by the CA is not the CA" {
	for who in device server both any sibling; do
		for order in "$who.pem ca/cert.pem" "ca/cert.pem $who.pem"; do
			read -ra files <<< "$order"
			bag "${files[@]}"
			for trust in "--anchor=ca/root.pem" "--no-trust" \
			    "--fingerprint=$(sha256 ca/cert.pem)"; do
				yields - "${asks[@]}" "$trust"
				for_whom ca/cert.pem ca/key.pem
			done
			yields - "${asks[@]}"
			for_whom ca/cert.pem ca/key.pem
		done
		bag "$who.pem"
		refuses 1 'is not marked as an RA' "${asks[@]}" --anchor ca/cert.pem
		refuses 1 'not a CA' "${asks[@]}" \
		    --fingerprint "$(sha256 "$who.pem")"
	done
}

@test "scep-trust: ignores a stranger with the CA's name" {
	for order in 'evil.pem ca/cert.pem' 'ca/cert.pem evil.pem' \
	    'evil.pem other/cert.pem ca/cert.pem'; do
		read -ra files <<< "$order"
		bag "${files[@]}"
		yields - "${asks[@]}" --anchor ca/root.pem
		for_whom ca/cert.pem ca/key.pem
		yields - "${asks[@]}" --fingerprint "$(sha256 ca/cert.pem)"
		for_whom ca/cert.pem ca/key.pem
	done
	bag evil.pem
	rm msg
	refuses 1 'the server is not of ca/root.pem' "${asks[@]}" --anchor ca/root.pem
	refuses 1 'no certificate there has the fingerprint' "${asks[@]}" \
	    --fingerprint "$(sha256 ca/cert.pem)"
	[ ! -e msg ]
}

@test "scep-trust: the system's certificates are not anchors" {
	mkdir roots
	cp evil.pem "roots/$(openssl x509 -in evil.pem -noout -hash).0"
	export SSL_CERT_DIR=$T/roots SSL_CERT_FILE=$T/evil.pem
	openssl verify evil.pem
	openssl req -new -key server.key -subj /CN=web.example.com -out csr
	openssl x509 -req -in csr -CA evil.pem -CAkey evil.key -set_serial 9 \
	    -days 9 -extfile server.ext -out web.pem 2> /dev/null
	bag web.pem evil.pem ca/cert.pem
	yields - "${asks[@]}" --anchor ca/root.pem
	for_whom ca/cert.pem ca/key.pem
	yields - "${asks[@]}" --fingerprint "$(sha256 ca/cert.pem)"
	for_whom ca/cert.pem ca/key.pem
	bag web.pem evil.pem
	refuses 1 'the server is not of' "${asks[@]}" --anchor ca/root.pem
}

@test "scep-trust: a response must be DER, and is parsed once" {
	# Two parsers could see two certificates in one PEM text.
	python3 - <<-'PY'
	def b64(f):
	    return b''.join(open(f, 'rb').read().split(b'-----')[2].split())
	good, evil = b64('ca/cert.pem'), b64('evil.pem')
	B, E = b'-----BEGIN CERTIFICATE-----', b'-----END CERTIFICATE-----'
	fold = lambda b, nl=b'\n': nl.join(b[i:i + 64]
	    for i in range(0, len(b), 64)) + nl
	one = B + b'\r' + fold(evil, b'\r') + E + b'\r'
	one += b'\r' * (-len(one) % 254)
	open('bag', 'wb').write(one + B + b'\n' + fold(good) + E + b'\n' +
	    B + b'\n' + fold(good) + E + b'\n')
	PY
	print=$(sha256 ca/cert.pem)
	for trust in --anchor=ca/root.pem "--fingerprint=$print" --no-trust
	do
		refuses 3 'PEM, and not DER' "${asks[@]}" "$trust"
	done
	openssl x509 -in ca/cert.pem -outform DER -out der
	base64 der > bag
	refuses 3 'not a certificate in DER' "${asks[@]}" --no-trust
	{ cat der; echo; } > bag
	refuses 3 'bytes after' "${asks[@]}" --anchor ca/root.pem
	head -c 500 der > bag
	refuses 3 'not a certificate' "${asks[@]}" --anchor ca/root.pem
	: > bag
	refuses 3 'not a certificate' "${asks[@]}" --no-trust
	openssl crl2pkcs7 -nocrl -outform DER -out bag
	refuses 3 'no certificate in it' "${asks[@]}" --no-trust
	# The user's file may be PEM.
	cp ca/cert.pem bag
	yields - "${asks[@]}"
	for_whom ca/cert.pem ca/key.pem
	cp der bag
	yields - "${asks[@]}" --anchor der
}

@test "scep-trust: refuses thousands of certificates" {
	for _ in $(seq 65); do cat device.pem; done > many.pem
	openssl crl2pkcs7 -nocrl -certfile many.pem -outform DER -out bag
	refuses 3 'more than the 64' "${asks[@]}" --anchor ca/root.pem
	for _ in $(seq 1500); do cat device.pem; done > many.pem
	openssl crl2pkcs7 -nocrl -certfile many.pem -outform DER -out bag
	refuses 3 '' "${asks[@]}" --anchor ca/root.pem
}

@test "scep-trust: encrypts to NDES's RA, in any order" {
	orders sign.pem enc.pem with-ra/cert.pem | while read -ra files; do
		bag "${files[@]}"
		for trust in "--anchor=with-ra/root.pem" --no-trust \
		    "--fingerprint=$(sha256 with-ra/cert.pem)"; do
			yields - "${asks[@]}" "$trust"
			for_whom enc.pem enc.key
		done
	done
	# Our own RA is marked.
	scep-ca answer --dir with-ra --operation GetCACert > bag
	yields - "${asks[@]}" --anchor with-ra/root.pem
	for_whom with-ra/ra.pem with-ra/ra-key.pem
	openssl x509 -in with-ra/ra.pem -noout -ext extendedKeyUsage > text
	grep -q 'Registration Authority' text
	grep -q 1.3.6.1.4.1.311.20.2.1 text
}

@test "scep-trust: an RA that is not marked must be named" {
	bag plain.pem with-ra/cert.pem
	for trust in --anchor=with-ra/root.pem --no-trust; do
		refuses 1 "$(sha256 plain.pem | tr -d : | tr A-F a-f)" \
		    "${asks[@]}" "$trust"
		yields - "${asks[@]}" "$trust" \
		    --ra-fingerprint "$(sha256 plain.pem)"
		for_whom plain.pem plain.key
	done
	refuses 1 'is not marked as an RA' "${asks[@]}"
	bag plain.pem enc.pem with-ra/cert.pem
	yields - "${asks[@]}" --anchor with-ra/root.pem
	for_whom enc.pem enc.key
	yields - "${asks[@]}" --anchor with-ra/root.pem \
	    --ra-fingerprint "$(sha256 plain.pem)"
	for_whom plain.pem plain.key
	# The named one is of another CA, or missing: no other is used.
	bag device.pem enc.pem with-ra/cert.pem
	for who in device plain; do
		refuses 1 'no certificate of --ra-fingerprint there' "${asks[@]}" \
		    --anchor with-ra/root.pem \
		    --ra-fingerprint "$(sha256 $who.pem)"
	done
}

@test "scep-trust: ignores an RA of another CA, and an expired one" {
	bag enc.pem with-ra/cert.pem ca/cert.pem
	yields - "${asks[@]}" --anchor ca/root.pem
	for_whom ca/cert.pem ca/key.pem
	bag enc.pem with-ra/cert.pem
	refuses 1 'keyEncipherment' "${asks[@]}" --anchor with-ra/root.pem \
	    --at "$(date -u -d '+40 days' +%Y-%m-%dT%H:%M:%SZ)"
	refuses 1 'certificate has expired' "${asks[@]}" --anchor with-ra/root.pem \
	    --at "$(date -u -d '+20 years' +%Y-%m-%dT%H:%M:%SZ)"
}

@test "scep-trust: tells CAs with one name apart by their signatures" {
	local name first second

	# OpenSSL would add key identifiers.
	cat > same.conf <<-CONF
		[req]
		distinguished_name = dn
		[dn]
		[ca]
		basicConstraints = critical,CA:TRUE
		keyUsage = critical,keyCertSign
		subjectKeyIdentifier = none
		authorityKeyIdentifier = none
		[ra]
		keyUsage = critical,digitalSignature,keyEncipherment
		extendedKeyUsage = 1.3.6.1.5.5.7.3.28
		subjectKeyIdentifier = none
		authorityKeyIdentifier = none
	CONF
	for name in old new; do
		mkdir "$name"
		rsa_key "$name/key.pem"
		rsa_key "ra-$name.key"
		openssl req -x509 -key "$name/key.pem" -subj /CN=Same -days 30 \
		    -config same.conf -extensions ca -out "$name/cert.pem"
		openssl req -new -key "ra-$name.key" -config same.conf \
		    -subj "/CN=RA $name" -out ra.csr
		openssl x509 -req -in ra.csr -CA "$name/cert.pem" \
		    -CAkey "$name/key.pem" -set_serial 7 -days 30 \
		    -extfile same.conf -extensions ra -out "ra-$name.pem"
		openssl x509 -in "ra-$name.pem" -noout -text -nameopt oneline > text
		! grep -q 'Key Identifier' text || return
	done
	for first in old new; do
		second=new
		[ $first = old ] || second=old
		cat $first/cert.pem $second/cert.pem > roots.pem
		for name in old new; do
			bag "ra-$name.pem" $first/cert.pem $second/cert.pem
			"${asks[@]}" --no-trust
			"${asks[@]}" --anchor roots.pem
			"${asks[@]}" --anchor $name/cert.pem
		done
		bag ra-old.pem $first/cert.pem $second/cert.pem
		refuses 1 '' "${asks[@]}" --anchor new/cert.pem
	done
}

@test "scep-trust: the length of a fingerprint decides its digest" {
	openssl x509 -in ca/cert.pem -outform DER -out bag
	for md in sha1 sha256 sha384 sha512; do
		yields - "${asks[@]}" --fingerprint \
		    "$(openssl dgst -$md -r bag | cut -d ' ' -f 1)"
	done
	refuses 1 'has the fingerprint' "${asks[@]}" --fingerprint "$(printf %064d 1)"
	refuses 2 'hexadecimal' "${asks[@]}" --fingerprint xy
	refuses 2 'wrong length' "${asks[@]}" --fingerprint abcd
	refuses 2 'wrong length' "${asks[@]}" --ra-fingerprint abcd
	refuses 2 'only one of them' "${asks[@]}" --no-trust --anchor ca/cert.pem
	yields - "${asks[@]}" --anchor ca/cert.pem --report facts
	json_is facts "j['ca']['sha256'] == j['recipient']['sha256'] == \
'$(openssl dgst -sha256 -r bag | cut -d ' ' -f 1)'"
}

# ---- the reply ----

# asked [CA]: makes a request to the CA in that folder, and $reads, the command
# for its reply.
asked() {
	authority=${1:-ca}
	scep-ca answer --dir "$authority" --operation GetCACert > bag
	"${asks[@]}" --anchor "$authority/root.pem"
	openssl pkcs7 -inform DER -in msg -print_certs -out own.pem
	reads=(scep-response --state state --key key --ca bag
	    --anchor "$authority/root.pem" reply)
}

# replied SIGNER KEY CERT...: makes reply, a SUCCESS with these certificates.
replied() {
	local signer=$1 signer_key=$2 nonce transaction
	shift 2
	cat "$@" > inside.pem
	openssl crl2pkcs7 -nocrl -certfile inside.pem -outform DER -out p7
	openssl cms -encrypt -binary -outform DER -aes128 -in p7 -out env \
	    own.pem
	nonce=$(python3 -c 'import plistlib; print(plistlib.load(
	    open("state", "rb"))["nonce"].hex())')
	transaction=$(python3 -c 'import plistlib; print(plistlib.load(
	    open("state", "rb"))["transaction"])')
	python3 "$TESTS/scep.py" make --signer "$signer" --key "$signer_key" \
	    --type 3 --status 0 --transaction "$transaction" \
	    --recipient-nonce "$nonce" --envelope env > reply
}

# issued NAME SUBJECT [DAYS [SAN]]: makes NAME.pem for key, issued by the CA.
issued() {
	printf 'basicConstraints = CA:FALSE\n' > "$1.ext"
	[ -z "${4:-}" ] || printf 'subjectAltName = %s\n' "$4" >> "$1.ext"
	openssl req -new -key key -subj "$2" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA "$authority/cert.pem" \
	    -CAkey "$authority/key.pem" -days "${3:-30}" \
	    -set_serial "0x$(openssl rand -hex 8)" -extfile "$1.ext" \
	    -out "$1.pem" 2> /dev/null
}

@test "scep-trust: a reply is signed by the CA or its RA, not by a sibling" {
	asked
	issued good /CN=d
	replied ca/cert.pem ca/key.pem good.pem
	yields cert "${reads[@]}"
	cmp cert good.pem
	for who in device server both sibling evil; do
		replied $who.pem $who.key good.pem
		refuses 1 'signer is not of' "${reads[@]}"
	done
	# Not even if GetCACert returned it.
	bag ca/cert.pem device.pem
	replied device.pem device.key good.pem
	refuses 1 'signer is not of' "${reads[@]}"
	asked with-ra
	bag sign.pem enc.pem with-ra/cert.pem
	issued good /CN=d
	for who in sign enc; do
		replied $who.pem $who.key good.pem
		yields cert "${reads[@]}"
	done
	replied with-ra/cert.pem with-ra/key.pem good.pem
	yields cert "${reads[@]}"
	replied plain.pem plain.key good.pem
	refuses 1 'signer is not of' "${reads[@]}"
	bag plain.pem with-ra/cert.pem
	refuses 1 'signer is not of' "${reads[@]}"
	yields cert "${reads[@]}" --ra-fingerprint "$(sha256 plain.pem)"
}

@test "scep-trust: the certificate must be of this CA, current, and for this key" {
	asked
	# It is issued first, so it is never newer than the good one.
	issued brief /CN=d 1
	issued good /CN=d
	authority=other issued strange /CN=d
	replied ca/cert.pem ca/key.pem strange.pem
	refuses 1 'not issued by this CA' "${reads[@]}"
	replied ca/cert.pem ca/key.pem evil.pem strange.pem
	refuses 1 'not issued by this CA' "${reads[@]}"
	replied ca/cert.pem ca/key.pem own.pem
	refuses 1 'gave back the certificate that signed the request' "${reads[@]}"
	replied ca/cert.pem ca/key.pem device.pem
	refuses 1 'holds the key of the request' "${reads[@]}"
	replied ca/cert.pem ca/key.pem brief.pem
	yields cert "${reads[@]}"
	refuses 1 'it has expired' "${reads[@]}" \
	    --at "$(date -u -d '+2 days' +%Y-%m-%dT%H:%M:%SZ)"
	for order in 'own strange good' 'good own strange' \
	    'strange good device' 'brief good own'; do
		files=()
		for f in $order; do files+=("$f.pem"); done
		replied ca/cert.pem ca/key.pem ca/cert.pem "${files[@]}"
		yields cert "${reads[@]}"
		cmp cert good.pem
	done
}

@test "scep-trust: warns of a certificate that is not valid yet" {
	scep-ca init --dir early --subject /O=Example/CN=CA \
	    --at "$(date -u -d '-2 days' +%Y-%m-%dT%H:%M:%SZ)"
	asked early
	issued good /CN=d
	replied early/cert.pem early/key.pem good.pem
	warns 'not valid yet' cert "${reads[@]}" \
	    --at "$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%SZ)"
}

@test "scep-trust: a chain to the CA may come with the certificate" {
	asked
	openssl req -new -key evil.key -subj /CN=Sub -out sub.csr
	printf 'basicConstraints = critical,CA:TRUE\n' > sub.ext
	openssl x509 -req -in sub.csr -CA ca/cert.pem -CAkey ca/key.pem \
	    -set_serial 77 -days 30 -extfile sub.ext -out sub.pem 2> /dev/null
	mkdir sub
	cp sub.pem sub/cert.pem
	cp evil.key sub/key.pem
	authority=sub issued good /CN=d
	replied ca/cert.pem ca/key.pem good.pem
	refuses 1 'not issued by this CA' "${reads[@]}"
	replied ca/cert.pem ca/key.pem good.pem sub.pem
	yields cert "${reads[@]}"
	cmp cert good.pem
	# A device's certificate cannot issue others.
	openssl x509 -req -in good.csr -CA device.pem -CAkey device.key \
	    -set_serial 78 -days 30 -out good.pem 2> /dev/null
	replied ca/cert.pem ca/key.pem good.pem device.pem
	refuses 1 'not issued by this CA' "${reads[@]}"
}

@test "scep-trust: a renewal does not return the old certificate" {
	asked
	issued old /CN=d
	cp old.pem own.pem
	scep-request --ca bag --anchor ca/root.pem --key key --signer old.pem \
	    --signer-key key --state state -o msg
	issued new /CN=d 60
	replied ca/cert.pem ca/key.pem old.pem
	refuses 1 'the certificate that was to be renewed' "${reads[@]}"
	for order in 'old.pem new.pem' 'new.pem old.pem' \
	    'ca/cert.pem old.pem new.pem'; do
		read -ra files <<< "$order"
		replied ca/cert.pem ca/key.pem "${files[@]}"
		yields cert "${reads[@]}"
		cmp cert new.pem
	done
}

@test "scep-trust: warns of names that were not requested, or refuses them" {
	asked
	issued other /CN=somebody-else
	replied ca/cert.pem ca/key.pem other.pem
	warns 'asked for CN=d; the certificate is for CN=somebody-else' cert \
	    "${reads[@]}"
	cmp cert other.pem
	refuses 1 'asked for CN=d' "${reads[@]}" --require-names
	# Names are compared as in RFC 5280 7.1.
	issued same '/CN=  D '
	replied ca/cert.pem ca/key.pem same.pem
	yields cert "${reads[@]}" --require-names
	issued san /CN=d 30 DNS:a.example.com
	replied ca/cert.pem ca/key.pem san.pem
	warns 'CN=d; the certificate is for CN=d, dns:a.example.com' cert "${reads[@]}"
	refuses 1 'dns:a.example.com' "${reads[@]}" --require-names
	"${asks[@]}" --anchor ca/root.pem --san dns:a.example.com
	openssl pkcs7 -inform DER -in msg -print_certs -out own.pem
	replied ca/cert.pem ca/key.pem san.pem
	yields cert "${reads[@]}" --require-names
	replied ca/cert.pem ca/key.pem same.pem
	refuses 1 'asked for CN=d, dns:a.example.com' "${reads[@]}" --require-names
	# A poll keeps the names.
	scep-request --ca bag --anchor ca/root.pem --key key --poll \
	    --state state -o msg
	replied ca/cert.pem ca/key.pem san.pem
	yields cert "${reads[@]}" --require-names
	# The state of 0.1.0 lacks the alternative names.
	python3 -c 'import plistlib
p = plistlib.load(open("state", "rb")); del p["names"]
plistlib.dump(p, open("state", "wb"))'
	replied ca/cert.pem ca/key.pem same.pem
	yields cert "${reads[@]}" --require-names
}

# ---- chains ----

@test "scep-trust: ignores a sub-CA that its issuer may not have" {
	local length

	rsa_key root.key
	rsa_key sub.key
	printf '%s\n' 'basicConstraints = critical,CA:TRUE' 'keyUsage = critical,'\
'digitalSignature,keyEncipherment,keyCertSign' > sub.ext
	openssl req -new -key sub.key -subj /CN=Sub -out sub.csr
	for length in 0 1; do
		openssl req -x509 -key root.key -subj "/CN=Root $length" \
		    -days 30 -addext 'keyUsage = critical,keyCertSign' \
		    -addext "basicConstraints = critical,CA:TRUE,pathlen:$length" \
		    -out root.pem
		openssl x509 -req -in sub.csr -CA root.pem -CAkey root.key \
		    -set_serial 9 -days 9 -extfile sub.ext -out sub.pem \
		    2> /dev/null
		for order in 'sub.pem root.pem' 'root.pem sub.pem'; do
			read -ra files <<< "$order"
			bag "${files[@]}"
			for trust in --anchor=root.pem --no-trust \
			    "--fingerprint=$(sha256 root.pem)"; do
				rm -f msg
				[ $length = 0 ] || {
					yields - "${asks[@]}" "$trust"
					for_whom sub.pem sub.key
					continue
				}
				refuses 1 '' "${asks[@]}" "$trust"
				[ ! -e msg ]
			done
		done
	done
}

@test "scep-trust: judges every kind of chain as openssl verify does" {
	unit=${MCFG_BIN%/bin}/unit/unit_trust
	[ -x "$unit" ] || skip "$unit is not built (make units)"
	mkdir chains
	python3 "$TESTS/chains.py" chains "$unit" > differ
	[ ! -s differ ] || { cat differ; false; }
}
