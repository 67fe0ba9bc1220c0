#!/usr/bin/env bats

load helpers
load scep_helpers

setup() {
	cd "$T" || return
	ca ca
	rsa_key key
	chmod 600 key
}

# open_request: openssl decrypts the message with the CA's key.
open_request() {
	openssl cms -verify -binary -inform DER -in msg -noverify -purpose any \
	    -out env 2> /dev/null
	openssl cms -decrypt -binary -inform DER -in env -recip ca/cert.pem \
	    -inkey ca/key.pem -out csr.der
	openssl req -inform DER -in csr.der -noout -text -nameopt oneline -verify \
	    > csr.text 2>&1
	python3 "$TESTS/scep.py" read msg > msg.attrs
}

@test "scep-request: makes a message that openssl decrypts to the request" {
	challenge ca > pw
	yields msg scep-request --ca ca/cert.pem --key key \
	    --subject '/O=Example, Inc./CN=Device' --san dns:a.example.com \
	    --san email:a@example.com --challenge file:pw --state state
	open_request
	grep -q 'verify OK' csr.text
	grep -q 'Subject: O = "Example, Inc.", CN = Device' csr.text
	grep -q 'DNS:a.example.com, email:a@example.com' csr.text
	grep -qF -e "$(cat pw)" csr.text
	[ "$(attribute msg messageType)" = 19 ]
	[ "$(attribute msg digest)" = sha256 ]
	[ "$(attribute msg transactionID)" = "$(openssl pkey -in key -pubout \
	    -outform DER | sha256sum | cut -d' ' -f1)" ]
	openssl asn1parse -inform DER -in env | grep -q :aes-128-cbc
	# The signer has the subject of the request.
	openssl pkcs7 -inform DER -in msg -print_certs |
	    openssl x509 -noout -subject -nameopt oneline | grep -q 'CN = Device'
}

@test "scep-request: --san takes user names and addresses" {
	yields msg scep-request --ca ca/cert.pem --key key --subject /CN=d \
	    --san upn:grün@example.com --san ip:192.0.2.7 \
	    --san ip:2001:db8::7 --san 'uri:https://example.com/?a=1,b' \
	    --state state
	open_request
	# Some versions of openssl print two colons, some one.
	sed 's/othername: *UPN::*/othername: UPN:/' csr.text > csr.names
	grep -qF "othername: UPN:$(printf 'grün@example.com'), $(
	    )IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7, $(
	    )URI:https://example.com/?a=1,b" csr.names
	for name in upn: $'upn:\xff@b' $'upn:\xc3' 'upn:a b' $'upn:a\x7fb' \
	    ip: ip:192.0.2 ip:192.0.2.256 ip:2001:db8 dns: dns:grün 'dns:a b' \
	    email: uri: rid:1.2.3 none; do
		refuses 2 '--san' scep-request --ca ca/cert.pem --key key \
		    --subject /CN=d --san "$name" --state none
	done
}

@test "scep-request: the state is private and holds neither key nor challenge" {
	challenge ca > pw
	yields msg scep-request --ca ca/cert.pem --key key --subject /CN=d \
	    --challenge file:pw --state state
	[ "$(stat -c %a state)" = 600 ]
	run -1 grep -q PRIVATE state
	run -1 grep -qF -e "$(cat pw)" state
	plist_is state 'len(p["nonce"]) == 16 and len(p["key_sha256"]) == 64'
}

@test "scep-request: uses the digest and cipher that are named" {
	for digest in sha1 sha256 sha384 sha512; do
		for cipher in aes-128-cbc aes-192-cbc aes-256-cbc \
		    des-ede3-cbc; do
			yields msg scep-request --ca ca/cert.pem --key key \
			    --subject /CN=d --digest $digest \
			    --cipher $cipher --state state
			open_request
			[ "$(attribute msg digest)" = $digest ]
			openssl asn1parse -inform DER -in env |
			    grep -q ":$cipher"
		done
	done
	refuses 2 'not one of' scep-request --ca ca/cert.pem --key key \
	    --subject /CN=d --digest md5 --state state
}

@test "scep-request: takes a request made elsewhere if it is for this key" {
	openssl req -new -key key -subj /CN=made -out made.csr
	yields msg scep-request --ca ca/cert.pem --key key --csr made.csr \
	    --state state
	open_request
	grep -q 'Subject: CN = made' csr.text
	rsa_key other
	chmod 600 other
	refuses 1 'not a request for the key' scep-request --ca ca/cert.pem \
	    --key other --csr made.csr --state state
	refuses 2 'cannot be used with --san' scep-request --ca ca/cert.pem --key key \
	    --csr made.csr --san dns:x --state state
}

@test "scep-request: with an RA it is encrypted to the RA" {
	ca with-ra --ra
	scep-ca answer --dir with-ra --operation GetCACert > list.p7
	yields msg scep-request --ca list.p7 --key key --subject /CN=d \
	    --state state
	openssl cms -verify -binary -inform DER -in msg -noverify -purpose any \
	    -out env 2> /dev/null
	openssl cms -decrypt -binary -inform DER -in env \
	    -recip with-ra/ra.pem -inkey with-ra/ra-key.pem -out csr.der
	openssl req -inform DER -in csr.der -noout
	refuses 1 'keyEncipherment' scep-request --ca "$PKI/chain.pem" \
	    --key key --subject /CN=d --state state
}

@test "scep-request: a renewal is signed by the certificate that it renews" {
	challenge ca > pw
	scep-request --ca ca/cert.pem --key key --subject /CN=d \
	    --challenge file:pw --state state -o msg
	scep-ca answer --dir ca --operation PKIOperation msg > reply
	scep-response --state state --key key --ca ca/cert.pem reply -o cert
	rsa_key new
	chmod 600 new
	yields msg scep-request --ca ca/cert.pem --key new --subject /CN=d \
	    --signer cert --signer-key key --state state
	open_request
	[ "$(attribute msg messageType)" = 17 ]
	openssl pkcs7 -inform DER -in msg -print_certs |
	    openssl x509 -noout -serial | cmp - <(openssl x509 -in cert \
	    -noout -serial)
	refuses 2 'both, or none' scep-request --ca ca/cert.pem --key new \
	    --subject /CN=d --signer cert --state state
}

@test "scep-request: a renewal asks for the same names" {
	printf 'san:\n  dns: ["*"]\n' > ca/scep-ca.yaml
	challenge ca > pw
	scep-request --ca ca/cert.pem --key key --subject '/O=Ex\/ample/CN=d' \
	    --san dns:a.example.com --challenge file:pw --state state -o msg
	scep-ca answer --dir ca --operation PKIOperation msg > reply
	scep-response --state state --key key --ca ca/cert.pem reply -o cert
	yields msg scep-request --ca ca/cert.pem --key key --signer cert \
	    --signer-key key --state state
	open_request
	openssl x509 -in cert -noout -subject -nameopt oneline | sed 's/^subject=/Subject: /' \
	    > subject
	grep -qF -f subject csr.text
	grep -q 'DNS:a.example.com' csr.text
	yields msg scep-request --ca ca/cert.pem --key key --signer cert \
	    --signer-key key --state state --san dns:b.example.com
	open_request
	grep -q 'DNS:b.example.com' csr.text
	run -1 grep -q 'DNS:a.example.com' csr.text
	refuses 2 '--subject cannot' scep-request --ca ca/cert.pem --key key \
	    --subject /CN=a --csr x --state state
}

@test "scep-request: --pem writes PEM" {
	yields pem scep-request --ca ca/cert.pem --key key --subject /CN=d \
	    --state state --pem
	grep -qx -e '-----BEGIN CMS-----' pem
	openssl cms -cmsout -inform PEM -in pem -outform DER -out msg
	python3 "$TESTS/scep.py" read msg | grep -qx messageType=19
}

@test "scep-request: refuses missing and wrong options" {
	refuses 2 'missing --ca' scep-request --key key --subject /CN=d \
	    --state s
	refuses 2 'missing --key' scep-request --ca ca/cert.pem \
	    --subject /CN=d --state s
	refuses 2 'missing --state' scep-request --ca ca/cert.pem --key key \
	    --subject /CN=d
	refuses 2 'missing --subject or --csr' scep-request --ca ca/cert.pem \
	    --key key --state s
	refuses 2 '--subject' scep-request --ca ca/cert.pem --key key \
	    --subject nonsense --state s
	refuses 2 'is not set' scep-request --ca ca/cert.pem --key key \
	    --subject /CN=d --challenge env:NO_SUCH --state s
	refuses 4 'No such file' scep-request --ca nowhere --key key \
	    --subject /CN=d --state s
	chmod 644 key
	refuses 4 'read by others' scep-request --ca ca/cert.pem --key key \
	    --subject /CN=d --state s
	chmod 600 key
	refuses 1 'RSA' scep-request --ca ca/cert.pem --key "$PKI/ec.key" \
	    --subject /CN=d --state s
	[ ! -e s ]
}
