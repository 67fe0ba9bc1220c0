#!/usr/bin/env bats
# Every tool says that a certificate's date is unreadable, if it is: it is
# neither long ago nor always valid.

load helpers
load scep_helpers

setup() {
	able
	cd "$T" || return
	umask 077
	rsa_key own.key
	openssl req -x509 -key own.key -subj /CN=Own -days 900 -out own.pem \
	    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature,keyEncipherment
}

# undated IN OUT FIELD WHAT: makes OUT from the certificate IN, with its date 1
# or 2 replaced by WHAT.
undated() {
	python3 - "$@" <<-'PY'
	import re, ssl, sys
	pem = open(sys.argv[1]).read()
	der = bytearray(ssl.PEM_cert_to_DER_cert(pem[pem.index('-----B'):]))
	at = [m.start() for m in re.finditer(rb'\x17\x0d\d{12}Z', der)]
	at = at[int(sys.argv[3]) - 1]
	der[at + 2:at + 15] = sys.argv[4].encode()
	open(sys.argv[2], 'w').write(ssl.DER_cert_to_PEM_cert(bytes(der)))
	PY
	openssl x509 -in "$2" -noout -dates | grep -q '=Bad time value'
}

@test "unreadable dates: reported for a signer" {
	local n

	printf '<plist version="1.0"><dict/></plist>' > p
	set -- mcfg-sign --any --cert odd.pem --key own.key
	for n in 1 2; do
		undated own.pem odd.pem $n 269931000000Z
		refuses 1 'unreadable date' "$@" p
		"$@" -v --force -o s p 2> stderr
		grep -q 'unreadable date' stderr
		openssl cms -verify -noverify -binary -inform DER -in s \
		    -out content
		cmp p content
		run -1 grep -w 0001 stderr
		refuses 1 'unreadable date' mcfg-verify --ca odd.pem s
	done
}

@test "unreadable dates: reported for a CA" {
	local n file

	for n in 1 2; do
		undated own.pem odd.pem $n 261129250000Z
		refuses 1 'unreadable date' scep-ca init --dir new \
		    --import-cert odd.pem --import-key own.key
		rm -rf ca new
		ca ca
		undated ca/cert.pem odd.pem $n 260230000000Z
		cp odd.pem ca/cert.pem
		run -1 scep-ca check --dir ca
		grep -q 'cert.pem: has an unreadable date' <<< "$output"
		run -1 scep-ca check --dir ca --json
		grep -q 'has an unreadable date' <<< "$output"
		openssl req -new -key own.key -subj /CN=x -out csr
		refuses 1 'unreadable date' scep-ca issue --dir ca --csr csr \
		    --profile client
		refuses 1 'unreadable date' scep-request --ca ca/cert.pem \
		    --key own.key --subject /CN=x --state st
		set -- mcfg-report --ca ca --ledger sqlite:ca/ledger.db
		"$@" > page
		"$@" --json > json
		grep -q 'unreadable date' page
		grep -q 'unreadable date' json
		for file in page json; do
			run -1 grep 0001- $file
		done
	done
}
