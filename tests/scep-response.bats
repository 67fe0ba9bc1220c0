#!/usr/bin/env bats

load helpers
load scep_helpers

setup() {
	cd "$T" || return
	ca ca
	rsa_key key
	chmod 600 key
	challenge ca > pw
	scep-request --ca ca/cert.pem --key key --subject /O=Example/CN=d \
	    --challenge file:pw --state state -o msg
	scep-ca answer --dir ca --operation PKIOperation msg > reply
	response=(scep-response --state state --key key --ca ca/cert.pem)
}

# certrep OPTIONS: makes the file made, a CertRep, without our own code.
certrep() {
	local nonce transaction

	nonce=$(python3 -c 'import plistlib; print(plistlib.load(
	    open("state", "rb"))["nonce"].hex())')
	transaction=$(python3 -c 'import plistlib; print(plistlib.load(
	    open("state", "rb"))["transaction"])')
	python3 "$TESTS/scep.py" make --signer ca/cert.pem --key ca/key.pem \
	    --type 3 --transaction "$transaction" --recipient-nonce "$nonce" \
	    "$@" > made
}

@test "scep-response: prints the certificate, which openssl accepts" {
	yields cert "${response[@]}" reply
	openssl verify -CAfile ca/root.pem cert
	openssl x509 -in cert -noout -subject -nameopt oneline | grep -q 'O = Example, CN = d'
	certifies cert key
	"${response[@]}" < reply | cmp - cert
}

@test "scep-response: a refusal is status 1, with its failInfo and text" {
	scep-request --ca ca/cert.pem --key key --subject /CN=e \
	    --state state -o msg
	scep-ca answer --dir ca --operation PKIOperation msg > reply \
	    2> /dev/null
	refuses 1 'refused: badRequest: ' "${response[@]}" reply
}

@test "scep-response: pending is status 5" {
	certrep --status 3
	refuses 5 'pending' "${response[@]}" made
}

@test "scep-response: a server's own text cannot move the cursor" {
	certrep --status 2 --fail 1 --fail-text $'bad\x1b[2J\nscep-ca: forged'
	refuses 1 'badMessageCheck: bad\x1b[2J\nscep-ca: forged' \
	    "${response[@]}" made
}

@test "scep-response: a refusal by NDES keeps its reason" {
	printf '\0' > zero
	openssl crl2pkcs7 -nocrl -certfile ca/cert.pem -outform DER -out certs
	: > empty
	for content in zero certs empty; do
		for more in '' --no-certs; do
			# shellcheck disable=SC2086 # a word or none
			certrep --status 2 --fail 2 --hresult -2147024809 \
			    --digest sha1 --envelope "$content" $more
			refuses 1 'refused: badRequest (0x80070057, a param' \
			    "${response[@]}" made
		done
		certrep --status 3 --envelope "$content"
		refuses 5 'pending' "${response[@]}" made
	done
	# Unknown numbers, and text that is not a number.
	certrep --status 2 --fail 2 --hresult 305419896
	refuses 1 'badRequest (0x12345678)' "${response[@]}" made
	for odd in x 99999999999 -; do
		certrep --status 2 --fail 2 "--hresult=$odd"
		refuses 1 'refused: badRequest' "${response[@]}" made
		run -1 grep -q 0x stderr
	done
	# A SUCCESS must not have such a content.
	certrep --status 0 --envelope zero
	refuses 1 'EnvelopedData' "${response[@]}" made
	# The signature is checked.
	certrep --status 2 --fail 2 --hresult -2147024809
	sed 's/-2147024809/-2147024808/' made > changed
	refuses 1 'signature' "${response[@]}" changed
}

@test "scep-response: reports a refusal without a nonce" {
	certrep --status 2 --fail 1 --recipient-nonce ''
	refuses 1 'refused: badMessageCheck; without recipientNonce' \
	    "${response[@]}" made
	certrep --status 2 --fail 1 --recipient-nonce 00112233445566778899
	refuses 1 'not the nonce' "${response[@]}" made
	certrep --status 3 --recipient-nonce ''
	refuses 1 'no recipientNonce' "${response[@]}" made
}

@test "scep-response: names single DES when it refuses it; --allow-des accepts it" {
	openssl list -providers -provider legacy > /dev/null 2>&1 ||
	    skip "openssl has no legacy provider"
	python3 -c 'import plistlib, sys; sys.stdout.buffer.write(plistlib.load(
	    open("state", "rb"))["signer"])' |
	    openssl x509 -inform DER -out signer.pem
	openssl cms -verify -binary -inform DER -noverify -purpose any \
	    -in reply -out env 2> /dev/null
	openssl cms -decrypt -binary -inform DER -in env -recip signer.pem \
	    -inkey key -out certs
	for cipher in des-cbc rc2-cbc; do
		openssl cms -encrypt -binary -outform DER "-$cipher" \
		    -provider default -provider legacy -in certs \
		    -out env.$cipher signer.pem
	done
	certrep --status 0 --envelope env.des-cbc
	refuses 1 'encrypted with single DES, whatever cipher was asked with: --allow-des' \
	    "${response[@]}" made
	warns 'came encrypted with single DES' cert "${response[@]}" \
	    --allow-des made
	openssl verify -CAfile ca/root.pem cert
	rsa_key other
	chmod 600 other
	# The wrong key decrypts to garbage, which rarely has good padding.
	run scep-response --state state --key other --ca ca/cert.pem \
	    --allow-des made
	[ "$status" -eq 1 ] || [ "$status" -eq 3 ]
	certrep --status 0 --envelope env.rc2-cbc
	refuses 1 'encrypted with rc2-cbc, which is neither AES' \
	    "${response[@]}" --allow-des made
}

@test "scep-response: refuses another transaction, nonce, signer or key" {
	scep-request --ca ca/cert.pem --key key --subject /O=Example/CN=d \
	    --state state2 > /dev/null
	refuses 1 'recipientNonce' scep-response --state state2 --key key \
	    --ca ca/cert.pem reply
	rsa_key other
	chmod 600 other
	scep-request --ca ca/cert.pem --key other --subject /CN=o \
	    --state state3 > /dev/null
	refuses 1 'another transaction' scep-response --state state3 \
	    --key other --ca ca/cert.pem reply
	refuses 1 'does not decrypt' scep-response --state state --key other \
	    --ca ca/cert.pem reply
	refuses 1 'signer is not of' scep-response --state state --key key \
	    --ca "$PKI/root.pem" reply
	ca other-ca
	refuses 1 'signer is not of' scep-response --state state --key key \
	    --ca other-ca/cert.pem reply
}

@test "scep-response: refuses a certificate for another key" {
	openssl crl2pkcs7 -nocrl -certfile "$PKI/client.pem" -outform DER \
	    -out p7
	openssl pkcs7 -inform DER -in msg -print_certs -out signer.pem
	openssl cms -encrypt -binary -outform DER -aes128 -in p7 -out env \
	    signer.pem
	certrep --status 0 --envelope env
	refuses 1 'no certificate in it holds the key' "${response[@]}" made
}

@test "scep-response: refuses what is not a reply" {
	refuses 1 'signer is not of' "${response[@]}" msg
	certrep --type 19
	refuses 3 'not CertRep' "${response[@]}" made
	: > empty
	refuses 3 '' "${response[@]}" empty
	head -c 400 reply > short
	refuses 3 '' "${response[@]}" short
	{ cat reply; printf xx; } > long
	refuses 3 '' "${response[@]}" long
	certrep
	refuses 3 'no known pkiStatus' "${response[@]}" made
	certrep --status 0
	refuses 3 'without content' "${response[@]}" made
	echo '<plist/>' > bad
	refuses 3 '' scep-response --state bad --key key --ca ca/cert.pem reply
	refuses 2 'missing --state' scep-response --key key --ca ca/cert.pem \
	    reply
}

@test "scep-response: refuses a reply that was changed" {
	python3 - <<-'PY'
	d = bytearray(open('reply', 'rb').read())
	d[len(d) // 2] ^= 1
	open('changed', 'wb').write(d)
	d = bytearray(open('reply', 'rb').read())
	d[-10] ^= 1
	open('changed2', 'wb').write(d)
	PY
	refuses 1 'signature is not right' "${response[@]}" changed2
	_run "${response[@]}" changed
	[ "$status" -eq 1 ] || [ "$status" -eq 3 ]
}

@test "scep-response: refuses a real server's reply without SCEP attributes" {
	needs_data scep/ruby-server-certrep.der
	refuses 3 'no transactionID' "${response[@]}" \
	    "$DATA/scep/ruby-server-certrep.der"
}
