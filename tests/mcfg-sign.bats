#!/usr/bin/env bats
# The judge is the openssl command.

load helpers

setup() {
	cat > "$T/profile" <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<plist version="1.0"><dict><key>PayloadType</key><string>Configuration</string></dict></plist>
	XML
	id=(--cert "$PKI/signer.pem" --key "$PKI/signer.key"
	    --chain "$PKI/chain.pem")
	ecid=(--cert "$PKI/ec.pem" --key "$PKI/ec.key" --chain "$PKI/root.pem")
}

# judged SIGNED ORIGINAL [OPTION]...: openssl verifies it, with this content.
judged() {
	local signed=$1 original=$2
	shift 2
	openssl cms -verify -binary -purpose any -inform DER \
	    -CAfile "$PKI/root.pem" -in "$signed" -out "$T/content" "$@" \
	    2> "$T/judge" || {
		cat "$T/judge"
		return 1
	}
	cmp "$T/content" "$original"
}

printed() {
	openssl cms -cmsout -print -noout -inform DER -in "$1"
}

@test "sign: every digest, RSA and EC, with and without attributes" {
	local d

	for d in sha256 sha384 sha512; do
		yields "$T/s" mcfg-sign "${id[@]}" --digest "$d" "$T/profile"
		judged "$T/s" "$T/profile"
		printed "$T/s" | grep -A1 'digestAlgorithm:' | grep -q "$d"
		yields "$T/s" mcfg-sign "${ecid[@]}" --digest "$d" "$T/profile"
		judged "$T/s" "$T/profile"
		yields "$T/s" mcfg-sign "${id[@]}" --digest "$d" \
		    --no-signing-time "$T/profile"
		judged "$T/s" "$T/profile"
		printed "$T/s" | grep -A1 'signedAttrs:' | grep -q '<ABSENT>'
		yields "$T/s" mcfg-sign "${ecid[@]}" --digest "$d" \
		    --no-signing-time "$T/profile"
		judged "$T/s" "$T/profile"
	done
	refuses 2 'sha256|sha384|sha512' mcfg-sign "${id[@]}" --digest sha1 \
	    "$T/profile"
}

@test "sign: signs the exact bytes: line ends, NUL, nothing, a megabyte" {
	printf 'a\r\nb\nc\rd\0\377' > "$T/in"
	yields "$T/s" mcfg-sign "${id[@]}" --any "$T/in"
	judged "$T/s" "$T/in"
	: > "$T/in"
	yields "$T/s" mcfg-sign "${id[@]}" --any "$T/in"
	judged "$T/s" "$T/in"
	noise 1000000 > "$T/in"
	yields "$T/s" mcfg-sign "${id[@]}" --any "$T/in"
	judged "$T/s" "$T/in"
}

@test "sign: the message includes exactly the chain, in any order" {
	yields "$T/s" mcfg-sign "${id[@]}" "$T/profile"
	openssl pkcs7 -print_certs -inform DER -in "$T/s" |
	    sed -n 's/ = /=/g; /^subject/p' | sort > "$T/a"
	printf '%s\n' 'subject=O=Example, CN=Intermediate' \
	    'subject=O=Example, CN=Root' \
	    'subject=O=Example, CN=Signer' > "$T/b"
	diff "$T/a" "$T/b"
	yields "$T/t" mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$PKI/signer.key" --chain "$PKI/ec.pem" \
	    --chain "$PKI/root.pem" --chain "$PKI/other.pem" \
	    --chain "$PKI/inter.pem" --no-signing-time "$T/profile"
	yields "$T/s" mcfg-sign "${id[@]}" --no-signing-time "$T/profile"
	cmp "$T/s" "$T/t"
	cat "$PKI/signer.pem" "$PKI/chain.pem" > "$T/full.pem"
	yields "$T/t" mcfg-sign --cert "$T/full.pem" \
	    --key "$PKI/signer.key" --no-signing-time "$T/profile"
	cmp "$T/s" "$T/t"
}

@test "sign: warns of a gap in the chain" {
	warns 'chain has a gap' "$T/s" mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$PKI/signer.key" --chain "$PKI/root.pem" "$T/profile"
	warns 'CN=Intermediate' "$T/s" mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$PKI/signer.key" --chain "$PKI/root.pem" "$T/profile"
	# Another CA with the same name is not the issuer.
	warns 'CN=Root' "$T/s" mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$PKI/signer.key" --chain "$PKI/inter.pem" \
	    --chain "$PKI/other.pem" "$T/profile"
	warns 'keyUsage' "$T/s" mcfg-sign --cert "$PKI/root.pem" \
	    --key "$PKI/root.key" "$T/profile"
}

@test "sign: a chain without its root has no gap" {
	local message='if it is not a root that devices trust'
	yields "$T/s" mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$PKI/signer.key" --chain "$PKI/inter.pem" "$T/profile"
	warns "$message" "$T/s" mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$PKI/signer.key" "$T/profile"
	run -1 grep 'gap' "$T/stderr"
	_run mcfg-sign -v --cert "$PKI/signer.pem" --key "$PKI/signer.key" \
	    --chain "$PKI/inter.pem" "$T/profile"
	[ "$status" -eq 0 ]
	grep -q 'chain ends below .*Root' "$T/stderr"
}

@test "sign: reads a PKCS #12 without a MAC, with and without a passphrase" {
	local how
	printf 'secret\n' > "$T/pw"
	printf 'wrong\n' > "$T/wrong"
	for how in '' '-legacy' '-certpbe NONE'; do
		# shellcheck disable=SC2086
		openssl pkcs12 -export -nomac $how -inkey "$PKI/signer.key" \
		    -in "$PKI/signer.pem" -certfile "$PKI/chain.pem" \
		    -passout pass:secret -out "$T/k.p12" 2> "$T/judge"
		chmod 600 "$T/k.p12"
		yields "$T/s" mcfg-sign --key "$T/k.p12" \
		    --passphrase "file:$T/pw" "$T/profile"
		judged "$T/s" "$T/profile"
		refuses 4 'wrong passphrase' mcfg-sign \
		    --key "$T/k.p12" --passphrase "file:$T/wrong" "$T/profile"
		refuses 4 'passphrase' mcfg-sign --key "$T/k.p12" "$T/profile"
	done
	# Old ciphers make one key of an empty passphrase, another of none.
	for how in '' -legacy '-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES'; do
		# shellcheck disable=SC2086
		openssl pkcs12 -export -nomac $how -inkey "$PKI/signer.key" \
		    -in "$PKI/signer.pem" -certfile "$PKI/chain.pem" \
		    -passout pass: -out "$T/k.p12" 2> "$T/judge"
		chmod 600 "$T/k.p12"
		yields "$T/s" mcfg-sign --key "$T/k.p12" "$T/profile"
		judged "$T/s" "$T/profile"
		yields "$T/s" mcfg-sign --key "$T/k.p12" \
		    --passphrase "file:$T/pw" "$T/profile"
	done
	openssl pkcs12 -export -nomac -certpbe NONE -keypbe NONE -inkey \
	    "$PKI/signer.key" -in "$PKI/signer.pem" -certfile \
	    "$PKI/chain.pem" -passout pass: -out "$T/k.p12"
	chmod 600 "$T/k.p12"
	yields "$T/s" mcfg-sign --key "$T/k.p12" "$T/profile"
}

@test "sign: judges when the certificate expires and when it begins" {
	warns 'expires soon' "$T/s" mcfg-sign "${id[@]}" \
	    --at "$(days_from_now 720)" "$T/profile"
	refuses 1 'certificate expired' mcfg-sign "${id[@]}" \
	    --at "$(days_from_now 740)" "$T/profile"
	warns 'certificate expired' "$T/s" mcfg-sign "${id[@]}" \
	    --at "$(days_from_now 740)" --force "$T/profile"
	warns 'not valid before' "$T/s" mcfg-sign "${id[@]}" \
	    --at 2020-01-01T00:00:00Z "$T/profile"
}

# issued NAME DAYS CA EXTENSION: makes a certificate and its key.
issued() {
	openssl req -new -newkey rsa:2048 -nodes -keyout "$T/$1.key" \
	    -subj "/CN=$1" -out "$T/csr" 2> /dev/null
	echo "$4" | openssl x509 -req -in "$T/csr" -CA "$3.pem" \
	    -CAkey "$3.key" -CAcreateserial -days "$2" \
	    -extfile /dev/stdin -out "$T/$1.pem" 2> /dev/null
}

@test "sign: warns of faults above the signer" {
	issued short 100 "$PKI/root" basicConstraints=CA:TRUE
	issued leaf 700 "$T/short" keyUsage=digitalSignature
	issued false 700 "$PKI/root" basicConstraints=CA:FALSE
	issued under 700 "$T/false" keyUsage=digitalSignature

	yields "$T/s" mcfg-sign --cert "$T/leaf.pem" --key "$T/leaf.key" \
	    --chain "$T/short.pem" --chain "$PKI/root.pem" "$T/profile"
	warns 'CN=short: certificate has expired: devices will show Not Verified' \
	    "$T/s" mcfg-sign --cert "$T/leaf.pem" --key "$T/leaf.key" \
	    --chain "$T/short.pem" --chain "$PKI/root.pem" \
	    --at "$(days_from_now 200)" "$T/profile"
	warns 'CN=false: it is not a CA, and issued a certificate: devices will show Not Verified' \
	    "$T/s" mcfg-sign --cert "$T/under.pem" --key "$T/under.key" \
	    --chain "$T/false.pem" --chain "$PKI/root.pem" "$T/profile"
}

# reissued NAME OTHER CA DAYS: makes another certificate, OTHER, for NAME's key.
reissued() {
	openssl req -new -key "$T/$1.key" -subj "/CN=$1" -out "$T/csr"
	echo basicConstraints=CA:TRUE | openssl x509 -req -in "$T/csr" \
	    -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -days "$4" \
	    -extfile /dev/stdin -out "$T/$2.pem" 2> /dev/null
}

@test "sign: picks the issuer that leads to a root, in any order" {
	local who order

	issued mid 100 "$PKI/root" basicConstraints=CA:TRUE
	reissued mid renewed "$PKI/root" 700
	issued cross 700 "$PKI/root" basicConstraints=CA:TRUE
	reissued mid crossed "$T/cross" 800
	issued leaf 700 "$T/mid" keyUsage=digitalSignature
	who=(--cert "$T/leaf.pem" --key "$T/leaf.key"
	    --at "$(days_from_now 200)")

	# A renewed CA, whose old certificate has expired.
	for order in 'mid renewed' 'renewed mid'; do
		for c in $order; do
			cat "$T/$c.pem"
		done > "$T/chain.pem"
		yields "$T/s" mcfg-sign "${who[@]}" --chain "$T/chain.pem" \
		    --chain "$PKI/root.pem" "$T/profile"
		openssl pkcs7 -print_certs -inform DER -in "$T/s" \
		    -out "$T/inside"
		grep -qF "$(sed -n 2p "$T/renewed.pem")" "$T/inside"
		[ "$(grep -c ^subject "$T/inside")" -eq 3 ]
		cp "$T/s" "$T/s.${order%% *}"
	done
	cmp "$T/s.mid" "$T/s.renewed"

	# Cross-signed by a CA that was not given; this one lasts longer.
	for order in 'crossed renewed' 'renewed crossed'; do
		for c in $order; do
			cat "$T/$c.pem"
		done > "$T/chain.pem"
		yields "$T/t" mcfg-sign "${who[@]}" --chain "$T/chain.pem" \
		    --chain "$PKI/root.pem" "$T/profile"
		cmp "$T/t" "$T/s"
		# Both lead to a root: the choice does not depend on the order.
		yields "$T/x.${order%% *}" mcfg-sign "${who[@]}" \
		    --chain "$T/chain.pem" --chain "$PKI/root.pem" \
		    --chain "$T/cross.pem" "$T/profile"
	done
	cmp "$T/x.crossed" "$T/x.renewed"
	openssl pkcs7 -print_certs -inform DER -in "$T/x.crossed" |
	    grep -c ^subject | grep -qx 4
	# Neither leads to a root: the valid one, with a warning.
	warns 'no certificate of CN=cross, which issued CN=mid' "$T/t" \
	    mcfg-sign "${who[@]}" --chain "$T/mid.pem" \
	    --chain "$T/crossed.pem" "$T/profile"
}

@test "sign: makes the same bytes at a fixed time" {
	export SOURCE_DATE_EPOCH=1800000000

	yields "$T/a" mcfg-sign "${id[@]}" "$T/profile"
	yields "$T/b" mcfg-sign "${id[@]}" "$T/profile"
	cmp "$T/a" "$T/b"
	printed "$T/a" | grep -q 'Jan 15 08:00:00 2027 GMT'
	yields "$T/b" mcfg-sign "${id[@]}" --at 2027-01-15T08:00:00Z \
	    "$T/profile"
	cmp "$T/a" "$T/b"
	# SOURCE_DATE_EPOCH does not decide whether a certificate is valid.
	SOURCE_DATE_EPOCH=1 yields "$T/a" mcfg-sign "${id[@]}" "$T/profile"
	unset SOURCE_DATE_EPOCH
	yields "$T/a" mcfg-sign "${id[@]}" --no-signing-time "$T/profile"
	yields "$T/b" mcfg-sign "${id[@]}" --no-signing-time "$T/profile"
	cmp "$T/a" "$T/b"
}

@test "sign: an invalid SOURCE_DATE_EPOCH is not ignored" {
	for t in -1 abc 1e9 0x10 ' 5' 1600000000.5 253402300800 \
	    99999999999999999999; do
		SOURCE_DATE_EPOCH=$t refuses 2 'SOURCE_DATE_EPOCH: ' \
		    mcfg-sign "${id[@]}" "$T/profile"
		SOURCE_DATE_EPOCH=$t refuses 2 'SOURCE_DATE_EPOCH: ' \
		    mcfg-sign "${id[@]}" --out-dir "$T/dir" "$T/profile"
		SOURCE_DATE_EPOCH=$t refuses 2 'SOURCE_DATE_EPOCH: ' \
		    mcfg-profile "$T/profile"
		SOURCE_DATE_EPOCH=$t yields "$T/a" mcfg-sign "${id[@]}" \
		    --at "$(days_from_now 10)" "$T/profile"
		SOURCE_DATE_EPOCH=$t yields "$T/a" mcfg-sign "${id[@]}" \
		    --no-signing-time "$T/profile"
	done
	[ ! -e "$T/dir" ]
	SOURCE_DATE_EPOCH='' yields "$T/a" mcfg-sign "${id[@]}" "$T/profile"
	SOURCE_DATE_EPOCH=253402300799 yields "$T/a" mcfg-sign "${id[@]}" \
	    "$T/profile"
	printed "$T/a" | grep -q 'Dec 31 23:59:59 9999 GMT'
}

@test "sign: what is not a plist needs --any, signed input --re-sign" {
	echo hello > "$T/in"
	refuses 3 'not a property list' mcfg-sign "${id[@]}" "$T/in"
	yields "$T/s" mcfg-sign "${id[@]}" --any "$T/in"
	echo '<plist><dict><key>a</key></dict></plist>' > "$T/in"
	refuses 3 "$T/in" mcfg-sign "${id[@]}" "$T/in"
	yields "$T/s" mcfg-sign "${id[@]}" "$T/profile"
	refuses 1 'already signed' mcfg-sign "${id[@]}" "$T/s"
	refuses 1 'already signed' mcfg-sign "${id[@]}" --any "$T/s"
	base64 "$T/s" > "$T/b64"
	refuses 1 'already signed' mcfg-sign "${id[@]}" "$T/b64"
	yields "$T/t" mcfg-sign "${ecid[@]}" --re-sign "$T/s"
	judged "$T/t" "$T/profile"
	printed "$T/t" | grep -c 'd.issuerAndSerialNumber' | grep -qx 1
	yields "$T/t" mcfg-sign "${ecid[@]}" --re-sign "$T/b64"
	judged "$T/t" "$T/profile"
}

@test "sign: --pem writes PEM" {
	yields "$T/s" mcfg-sign "${id[@]}" --pem "$T/profile"
	head -1 "$T/s" | grep -qx -- '-----BEGIN CMS-----'
	openssl cms -verify -binary -purpose any -inform PEM -in "$T/s" \
	    -CAfile "$PKI/root.pem" 2> /dev/null | cmp - "$T/profile"
}

@test "sign: reads every form of a key" {
	local k

	cd "$T"
	openssl pkcs8 -topk8 -nocrypt -in "$PKI/signer.key" -outform DER \
	    -out p8.der
	openssl rsa -traditional -in "$PKI/signer.key" -out old.pem 2> /dev/null
	openssl rsa -traditional -in "$PKI/signer.key" -outform DER \
	    -out old.der 2> /dev/null
	openssl pkcs8 -topk8 -in "$PKI/signer.key" -passout pass:secret \
	    -out enc.pem
	openssl pkcs8 -topk8 -in "$PKI/signer.key" -passout pass:secret \
	    -outform DER -out enc.der
	openssl rsa -traditional -aes128 -in "$PKI/signer.key" \
	    -passout pass:secret -out oldenc.pem 2> /dev/null
	openssl pkcs12 -export -in "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -certfile "$PKI/chain.pem" -passout pass:secret -out new.p12
	openssl pkcs12 -export -legacy -in "$PKI/signer.pem" \
	    -inkey "$PKI/signer.key" -certfile "$PKI/chain.pem" \
	    -passout pass:secret -out old.p12
	openssl pkcs12 -export -in "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -passout pass: -out bare.p12
	chmod 600 ./*.pem ./*.der ./*.p12
	yields want mcfg-sign "${id[@]}" --no-signing-time profile
	export PW=secret
	for k in p8.der old.pem old.der enc.pem enc.der oldenc.pem new.p12 \
	    old.p12 bare.p12; do
		yields got mcfg-sign --cert "$PKI/signer.pem" --key "$k" \
		    --passphrase env:PW --chain "$PKI/chain.pem" \
		    --no-signing-time profile
		cmp want got
	done
	for k in new.p12 old.p12; do
		yields got mcfg-sign --key "$k" --passphrase env:PW \
		    --no-signing-time profile
		cmp want got
		PW=wrong refuses 4 'wrong passphrase' mcfg-sign --key "$k" \
		    --passphrase env:PW profile
		refuses 4 'needs a passphrase' mcfg-sign --key "$k" profile
	done
	PW=wrong refuses 4 'wrong passphrase' mcfg-sign \
	    --cert "$PKI/signer.pem" --key enc.pem --passphrase env:PW profile
	refuses 2 'missing --cert' mcfg-sign --key old.pem profile
	refuses 2 'missing --key' mcfg-sign --cert "$PKI/signer.pem" profile
}

@test "sign: reads every form of a chain" {
	local c

	cd "$T"
	openssl crl2pkcs7 -nocrl -certfile "$PKI/chain.pem" -out list.pem
	openssl crl2pkcs7 -nocrl -certfile "$PKI/chain.pem" -outform DER \
	    -out list.p7
	openssl x509 -in "$PKI/inter.pem" -trustout -addtrust emailProtection \
	    -out trusted.pem
	cat "$PKI/root.pem" >> trusted.pem
	{ echo 'text before it'; cat "$PKI/chain.pem"; } > text.pem
	sed 's/$/\r/' "$PKI/chain.pem" > dos.pem
	yields want mcfg-sign "${id[@]}" --no-signing-time profile
	for c in list.pem list.p7 trusted.pem text.pem dos.pem; do
		yields got mcfg-sign --cert "$PKI/signer.pem" \
		    --key "$PKI/signer.key" --chain "$c" --no-signing-time \
		    profile
		cmp want got
	done
	{ cat list.p7; printf x; } > more.p7
	head -c 300 list.p7 > cut.p7
	openssl crl2pkcs7 -nocrl -outform DER -out none.p7 \
	    -certfile /dev/null 2> /dev/null
	sed '3d' list.pem > torn.pem
	sed '3s/^..../????/' "$PKI/root.pem" > odd.pem
	openssl cms -data_create -in profile -outform DER -out data.p7
	: > empty
	for c in more.p7 cut.p7 none.p7 torn.pem odd.pem data.p7 empty profile; do
		refuses 4 "$c: " mcfg-sign --cert "$PKI/signer.pem" \
		    --key "$PKI/signer.key" --chain "$c" profile
	done
}

@test "sign: reads every form of an EC key, and no other kind" {
	local k kind

	cd "$T"
	openssl ec -in "$PKI/ec.key" -out old.pem 2> /dev/null
	openssl ec -in "$PKI/ec.key" -outform DER -out old.der 2> /dev/null
	openssl ec -aes128 -in "$PKI/ec.key" -passout pass:secret \
	    -out oldenc.pem 2> /dev/null
	# ecparam -genkey writes the curve before the key.
	{ openssl ecparam -name prime256v1; cat old.pem; } > both.pem
	{ cat old.der; printf x; } > more.der
	head -c 60 old.der > cut.der
	openssl pkcs8 -topk8 -in "$PKI/ec.key" -passout pass:secret \
	    -out enc.pem
	chmod 600 ./*.pem ./*.der
	export PW=secret
	for k in old.pem old.der oldenc.pem both.pem enc.pem; do
		yields s mcfg-sign --chain "$PKI/root.pem" \
		    --cert "$PKI/ec.pem" --key "$k" \
		    --passphrase env:PW profile
		judged s profile
	done
	for k in more.der cut.der; do
		refuses 4 "$k: " mcfg-sign --chain "$PKI/root.pem" \
		    --cert "$PKI/ec.pem" --key "$k" \
		    profile
	done
	PW=wrong refuses 4 'wrong passphrase' mcfg-sign --cert "$PKI/ec.pem" \
	    --key oldenc.pem --passphrase env:PW profile
	for kind in ed25519 rsa-pss; do
		openssl genpkey -algorithm $kind -out $kind.key 2> /dev/null
		openssl req -x509 -key $kind.key -subj /CN=$kind -out $kind.crt
		chmod 600 $kind.key
		refuses 4 'rsa and ec can' mcfg-sign --cert $kind.crt \
		    --key $kind.key profile
	done
	# No room for the digest in the signature.
	openssl req -x509 -newkey rsa:512 -nodes -keyout small.key \
	    -subj /CN=small -out small.crt 2> /dev/null
	chmod 600 small.key
	refuses 4 'cannot sign as CN=small' mcfg-sign --cert small.crt \
	    --key small.key --digest sha512 profile
}

@test "sign: reads a key from the environment or a descriptor" {
	local -a rest

	rest=(--cert "$PKI/signer.pem" --chain "$PKI/chain.pem"
	    --no-signing-time "$T/profile")
	yields "$T/want" mcfg-sign "${id[@]}" --no-signing-time "$T/profile"
	KEY=$(cat "$PKI/signer.key") yields "$T/got" mcfg-sign --key env:KEY \
	    "${rest[@]}"
	cmp "$T/want" "$T/got"
	yields "$T/got" mcfg-sign --key fd:7 "${rest[@]}" 7< "$PKI/signer.key"
	cmp "$T/want" "$T/got"
	openssl pkcs8 -topk8 -nocrypt -in "$PKI/signer.key" -outform DER \
	    -out "$T/der"
	KEY=$(base64 "$T/der") yields "$T/got" mcfg-sign --key env:KEY \
	    "${rest[@]}"
	cmp "$T/want" "$T/got"
	openssl pkcs12 -export -in "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -certfile "$PKI/chain.pem" -passout pass:secret -out "$T/p12"
	KEY=$(base64 -w0 "$T/p12") PW=secret yields "$T/got" mcfg-sign \
	    --key env:KEY --passphrase env:PW --no-signing-time "$T/profile"
	cmp "$T/want" "$T/got"
	yields "$T/got" mcfg-sign --key fd:7 --passphrase fd:8 \
	    --no-signing-time "$T/profile" 7< <(base64 "$T/p12") 8<<< secret
	cmp "$T/want" "$T/got"
}

@test "sign: refuses a key that others can read, of another certificate, or invalid" {
	cp "$PKI/signer.key" "$T/key"
	chmod 644 "$T/key"
	refuses 4 'can be read by others' mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$T/key" --chain "$PKI/chain.pem" "$T/profile"
	warns 'can be read by others' "$T/s" mcfg-sign --loose-key \
	    --cert "$PKI/signer.pem" --key "$T/key" --chain "$PKI/chain.pem" \
	    "$T/profile"
	refuses 4 'not the key of' mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$PKI/root.key" "$T/profile"
	cp "$PKI/signer.pem" "$T/nokey"
	chmod 600 "$T/nokey"
	refuses 4 'no private key in it' mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$T/nokey" "$T/profile"
	echo junk > "$T/junk"
	chmod 600 "$T/junk"
	refuses 4 "$T/junk" mcfg-sign --cert "$PKI/signer.pem" \
	    --key "$T/junk" "$T/profile"
	refuses 2 'JUNK' mcfg-sign --cert "$PKI/signer.pem" --key env:JUNK \
	    "$T/profile"
	refuses 4 'not a certificate' mcfg-sign --cert "$T/profile" \
	    --key "$PKI/signer.key" "$T/profile"
}

@test "sign: names Ed25519 when it refuses it" {
	openssl genpkey -algorithm ed25519 -out "$T/ed.key"
	chmod 600 "$T/ed.key"
	openssl req -x509 -key "$T/ed.key" -subj /CN=ed -out "$T/ed.pem" \
	    -addext keyUsage=digitalSignature
	refuses 4 'ed25519' mcfg-sign --cert "$T/ed.pem" --key "$T/ed.key" \
	    "$T/profile"
}

# token KEY LABEL ID: puts a key into the test's own SoftHSM token.
token() {
	needs softhsm2-util
	MODULE=$(find /usr/lib /usr/local/lib -name libsofthsm2.so 2> /dev/null |
	    head -1)
	export SOFTHSM2_CONF=$T/softhsm.conf
	if [ ! -d "$T/tokens" ]; then
		mkdir "$T/tokens"
		echo "directories.tokendir = $T/tokens" > "$SOFTHSM2_CONF"
		softhsm2-util --init-token --free --label t --pin 1234 \
		    --so-pin 4321
	fi
	openssl pkcs8 -topk8 -nocrypt -in "$1" -out "$T/p8"
	softhsm2-util --import "$T/p8" --token t --label "$2" --id "$3" \
	    --pin 1234
	# ASan ends a program that loads a library with RTLD_DEEPBIND.
	PIN=1234 run mcfg-sign --cert "$PKI/signer.pem" --passphrase env:PIN \
	    --key "pkcs11:object=none?module-path=$MODULE" "$T/profile"
	[[ $output != *RTLD_DEEPBIND* ]] ||
	    skip 'SoftHSM cannot be loaded under ASan'
}

# without_provider: hides pkcs11-provider.  OpenSSL 3.5 loses its default
# provider when it cannot load another one.
without_provider() {
	export OPENSSL_MODULES=$T/none
	export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
}

@test "every tool refuses a PIN on the command line, and does not show it" {
	local uri

	for uri in 'pkcs11:object=k?pin-value=7391' 'pkcs11:pin-value=7391' \
	    'pkcs11:object=k;pin-value=7391' \
	    'pkcs11:object=k?module-path=/none&pin-value=7391' \
	    'pkcs11:object=k?pin-source=file:/none&pin-value=7391'; do
		refuses 2 pin-source mcfg-sign --cert "$PKI/signer.pem" \
		    --key "$uri" "$T/profile"
		refuses 2 pin-source mcfg-sign --cert "$PKI/signer.pem" \
		    --key "$uri" --out-dir "$T/out" "$T/profile"
		refuses 2 pin-source mcfg-decrypt --key "$uri" "$T/profile"
		refuses 2 pin-source scep-request --ca "$PKI/root.pem" \
		    --key "$uri" --subject /CN=x --state "$T/state"
		refuses 2 pin-source scep-ca init --dir "$T/ca" \
		    --import-cert "$PKI/root.pem" --import-key "$uri"
		[ ! -e "$T/ca" ]
		! grep -q 7391 "$T/stderr" || false
	done
	# Nor is one accepted from scep-ca.yaml, which is not kept as a secret.
	yields - scep-ca init --dir "$T/ca" --subject /CN=ca
	[ "$(stat -c %a "$T/ca/scep-ca.yaml")" = 600 ]
	echo "key: 'pkcs11:object=k?pin-value=7391'" > "$T/ca/scep-ca.yaml"
	for verb in list check crl; do
		refuses 3 'scep-ca.yaml:1:' scep-ca "$verb" --dir "$T/ca"
		! grep -q 7391 "$T/stderr" || false
	done
	# This only looks like a PIN: it is part of a name.
	refuses 4 'pkcs11' mcfg-sign --cert "$PKI/signer.pem" \
	    --key 'pkcs11:object=xpin-value=1?module-path=/none' "$T/profile"
}

signs_with_token() {
	local -a rest=(--cert "$PKI/signer.pem" --chain "$PKI/chain.pem"
	    --no-signing-time)
	local uri="pkcs11:token=t;object=k?module-path=$MODULE"

	yields "$T/want" mcfg-sign "${id[@]}" --no-signing-time "$T/profile"
	PIN=1234 yields "$T/got" mcfg-sign "${rest[@]}" --key "$uri" \
	    --passphrase env:PIN "$T/profile"
	cmp "$T/want" "$T/got"
	PIN=1234 PKCS11_MODULE_PATH=$MODULE yields "$T/got" mcfg-sign \
	    "${rest[@]}" --key 'pkcs11:token=t;object=k' \
	    --passphrase env:PIN "$T/profile"
	cmp "$T/want" "$T/got"
	echo 1234 > "$T/pin"
	yields "$T/got" mcfg-sign "${rest[@]}" \
	    --key "$uri&pin-source=file:$T/pin" "$T/profile"
	cmp "$T/want" "$T/got"
	printf 'x12%%334\n' > "$T/wrong"
	refuses 4 'wrong PIN' mcfg-sign "${rest[@]}" \
	    --key "$uri&pin-source=$T/wrong" "$T/profile"
	yields "$T/got" mcfg-sign --cert "$PKI/ec.pem" \
	    --chain "$PKI/root.pem" \
	    --key "pkcs11:object=e?module-path=$MODULE&pin-source=$T/pin" \
	    "$T/profile"
	judged "$T/got" "$T/profile"
	PIN=1 refuses 4 'wrong PIN' mcfg-sign "${rest[@]}" --key "$uri" \
	    --passphrase env:PIN "$T/profile"
	PIN=1234 refuses 4 'no such key' mcfg-sign "${rest[@]}" \
	    --key "pkcs11:object=none?module-path=$MODULE" \
	    --passphrase env:PIN "$T/profile"
	refuses 4 'needs a passphrase' mcfg-sign "${rest[@]}" --key "$uri" \
	    "$T/profile" < /dev/null
	[ -d "$T/in" ] || many 6
	rm -rf "$T/out"
	PIN=1234 yields - mcfg-sign "${rest[@]}" --key "$uri" \
	    --passphrase env:PIN --out-dir "$T/out" -j 3 "$T"/in/*
	[ "$(find "$T/out" -type f | wc -l)" -eq 6 ]
	judged "$T/out/6.mobileconfig" "$T/in/6.mobileconfig"
	# A descriptor can be read only once, and there are three processes.
	rm -r "$T/out"
	yields - mcfg-sign "${rest[@]}" --key "$uri" --passphrase fd:9 \
	    --out-dir "$T/out" -j 3 "$T"/in/* 9<<< 1234
	[ "$(find "$T/out" -type f | wc -l)" -eq 6 ]
	# A token counts wrong PINs, so only one process tries it.
	PIN=1 refuses 4 'wrong PIN' mcfg-sign "${rest[@]}" --key "$uri" \
	    --passphrase env:PIN --out-dir "$T/none" -j 3 "$T"/in/*
	refuses 4 'needs a passphrase' mcfg-sign "${rest[@]}" --key "$uri" \
	    --out-dir "$T/none" -j 3 "$T"/in/*
}

@test "sign: signs with a PKCS #11 token through OpenSSL's provider" {
	openssl list -providers -provider pkcs11 > /dev/null 2>&1 ||
	    skip 'pkcs11-provider is not installed'
	token "$PKI/signer.key" k 01
	token "$PKI/ec.key" e 02
	OPENSSL_ENGINES=$T/none signs_with_token
}

@test "sign: signs with a PKCS #11 token through OpenSSL's engine" {
	openssl engine pkcs11 2> /dev/null | grep -q pkcs11 ||
	    skip 'libengine-pkcs11-openssl is not installed'
	without_provider
	run mcfg-sign --key pkcs11:object=none --cert "$PKI/signer.pem" \
	    --passphrase env:HOME "$T/profile"
	[[ $output != *'without ENGINE'* ]] || skip 'built without ENGINE'
	token "$PKI/signer.key" k 01
	token "$PKI/ec.key" e 02
	signs_with_token
}

@test "sign: refuses a token if there is neither a provider nor an engine" {
	without_provider
	OPENSSL_ENGINES=$T PIN=1 refuses 4 'no provider' \
	    mcfg-sign --key pkcs11:object=k --passphrase env:PIN \
	    --cert "$PKI/signer.pem" "$T/profile"
}

# ---- many inputs ----

many() {
	local i text

	text=$(cat "$T/profile")
	mkdir "$T/in"
	for i in $(seq "$1"); do
		printf '%s\n' "${text/Configuration/C$i}" \
		    > "$T/in/$i.mobileconfig"
	done
}

# named IDENTIFIER FILE: makes a profile with that identifier.
named() {
	sed "s/<dict>/&<key>PayloadIdentifier<\\/key><string>$1<\\/string>/" \
	    "$T/profile" > "$2"
}

@test "sign: --replaces warns if devices would not replace the profile" {
	local sign=(mcfg-sign "${id[@]}")

	named com.example.a "$T/a"
	named com.example.b "$T/b"
	# A profile that is unsigned, or has the same issuer, is replaced.
	yields "$T/old" "${sign[@]}" "$T/a"
	yields "$T/s" "${sign[@]}" --replaces "$T/a" "$T/a"
	yields "$T/s" "${sign[@]}" --replaces "$T/old" "$T/a"
	judged "$T/s" "$T/a"
	warns "is com.example.b, in $T/old it is com.example.a: devices will add a profile" \
	    "$T/s" "${sign[@]}" --replaces "$T/old" "$T/b"
	judged "$T/s" "$T/b"
	warns "PayloadIdentifier is missing, in $T/old it is com.example.a" \
	    "$T/s" "${sign[@]}" --replaces "$T/old" "$T/profile"

	# Another issuer: openssl signed the old one.
	openssl cms -sign -binary -nodetach -outform DER -in "$T/a" \
	    -signer "$PKI/ec.pem" -inkey "$PKI/ec.key" -out "$T/old"
	warns "the signer's issuer is CN=Intermediate,O=Example, that of $T/old is CN=Root,O=Example: devices will refuse" \
	    "$T/s" "${sign[@]}" --replaces "$T/old" "$T/a"
	judged "$T/s" "$T/a"
	warns "that of $T/old is CN=Root,O=Example" "$T/s" "${sign[@]}" --any \
	    --replaces "$T/old" "$T/b"
	yields "$T/s" mcfg-sign "${ecid[@]}" --replaces "$T/old" "$T/a"

	# A signature that does not match, and input that is not a profile.
	flip_byte "$T/old" Configuration
	warns 'may not replace it' "$T/s" "${sign[@]}" --replaces "$T/old" \
	    "$T/a"
	echo junk > "$T/old"
	refuses 3 "$T/old:1:1: " "${sign[@]}" --replaces "$T/old" "$T/a"
	refuses 4 "$T/none: " "${sign[@]}" --replaces "$T/none" "$T/a"
}

@test "sign: --replaces with --out-dir names a folder of old profiles" {
	mkdir "$T/old" "$T/in"
	named com.example.a "$T/old/1"
	named com.example.b "$T/in/1"
	named com.example.b "$T/in/2"
	warns "$T/in/1: PayloadIdentifier is com.example.b, in $T/old/1 it is com.example.a" \
	    - mcfg-sign "${id[@]}" --replaces "$T/old" --out-dir "$T/out" \
	    "$T"/in/*
	judged "$T/out/1" "$T/in/1"
	judged "$T/out/2" "$T/in/2"
	refuses 2 'the folder that holds the old profiles' mcfg-sign \
	    "${id[@]}" --replaces "$T/old/1" --out-dir "$T/out" "$T"/in/*
}

@test "sign: signs many into a folder, with one process or several" {
	local j f

	many 20
	for j in 1 3; do
		rm -rf "$T/out"
		yields - mcfg-sign "${id[@]}" --out-dir "$T/out" -j "$j" \
		    "$T"/in/*
		[ "$(find "$T/out" -type f | wc -l)" -eq 20 ]
		for f in "$T"/in/*; do
			judged "$T/out/${f##*/}" "$f"
		done
	done
	rm -rf "$T/out"
	find "$T/in" -type f -print0 > "$T/list"
	yields - mcfg-sign "${id[@]}" --out-dir "$T/out" -0 --jobs=2 \
	    < "$T/list"
	[ "$(find "$T/out" -type f | wc -l)" -eq 20 ]
	yields - mcfg-sign "${id[@]}" --out-dir "$T/out" -0 < /dev/null
}

@test "sign: one bad input does not stop the others" {
	local j

	many 9
	echo junk > "$T/in/5.mobileconfig"
	rm "$T/in/7.mobileconfig"
	ln -s nowhere "$T/in/7.mobileconfig"
	for j in 1 2; do
		rm -rf "$T/out"
		status=0
		mcfg-sign "${id[@]}" --out-dir "$T/out" -j "$j" "$T"/in/* \
		    > "$T/stdout" 2> "$T/stderr" || status=$?
		[ "$status" -eq 1 ]
		[ ! -s "$T/stdout" ]
		[ "$(wc -l < "$T/stderr")" -eq 2 ]
		grep -q '5.mobileconfig: not a property list' "$T/stderr"
		grep -q '7.mobileconfig: cannot open' "$T/stderr"
		[ "$(find "$T/out" -type f | wc -l)" -eq 7 ]
	done
}

# has_some DIR: at least one file is in it.
has_some() {
	[ -n "$(ls "$1")" ]
}

@test "sign: killed midway leaves only whole files, and a second run finishes" {
	python3 -c "
import os, sys
os.close(os.open(sys.argv[1], os.O_TMPFILE | os.O_WRONLY))" "$T" ||
	    skip 'this file system has no files without a name'
	local f j pid reader n

	many 40
	mkfifo "$T/alive"
	for j in 1 2; do
		rm -rf "$T/out" "$T/in/20.mobileconfig"
		mkdir "$T/out"
		# Nobody writes to this one, so they cannot finish.
		mkfifo "$T/in/20.mobileconfig"
		mcfg-sign "${id[@]}" --out-dir "$T/out" -j $j "$T"/in/* \
		    3>&- 4> "$T/alive" &
		pid=$!
		cat "$T/alive" 3>&- &
		reader=$!
		awaits -p "$pid" 'a file' has_some "$T/out"
		kill -KILL "$pid"
		wait "$pid" || true
		# Its processes end with it.
		awaits 'the end of its processes' gone "$reader"
		rm "$T/in/20.mobileconfig"
		cp "$T/profile" "$T/in/20.mobileconfig"
		n=0
		for f in "$T"/out/*; do
			judged "$f" "$T/in/${f##*/}"
			n=$((n + 1))
		done
		[ "$n" -ge 1 ]
		[ "$n" -lt 40 ]
		yields - mcfg-sign "${id[@]}" --out-dir "$T/out" -j 2 "$T"/in/*
		[ "$(find "$T/out" -type f | wc -l)" -eq 40 ]
		for f in "$T"/out/*7.mobileconfig; do
			judged "$f" "$T/in/${f##*/}"
		done
	done
}

@test "sign: equal or missing base names are usage errors" {
	many 1
	mkdir "$T/in/b"
	cp "$T/profile" "$T/in/b/1.mobileconfig"
	refuses 2 'same name' mcfg-sign "${id[@]}" --out-dir "$T/out" \
	    "$T/in/1.mobileconfig" "$T/in/b/1.mobileconfig"
	[ ! -e "$T/out" ]
	refuses 2 'not the name of a file' mcfg-sign "${id[@]}" \
	    --out-dir "$T/out" "$T/in/.."
	refuses 2 'no FILE' mcfg-sign "${id[@]}" --out-dir "$T/out"
	refuses 2 'more than one FILE' mcfg-sign "${id[@]}" "$T/profile" \
	    "$T/in/1.mobileconfig"
	refuses 2 'need --out-dir' mcfg-sign "${id[@]}" -j 2 "$T/profile"
	refuses 2 'cannot be used with' mcfg-sign "${id[@]}" --out-dir "$T/out" \
	    -o "$T/x" "$T/profile"
	printf '%s\n' "$T/profile" > "$T/list"
	refuses 3 'NUL' mcfg-sign "${id[@]}" --out-dir "$T/out" -0 < "$T/list"
}

@test "sign: a list of paths may end in a NUL byte, or not" {
	mkdir "$T/in"
	cp "$T/profile" "$T/in/a b"
	cp "$T/profile" "$T/in/c"
	printf '%s\0%s' "$T/in/a b" "$T/in/c" > "$T/list"
	yields - mcfg-sign "${id[@]}" --out-dir "$T/out" -0 < "$T/list"
	judged "$T/out/a b" "$T/profile"
	judged "$T/out/c" "$T/profile"
	printf '%s\0' "$T/in/a b" "$T/in/c" > "$T/list"
	yields - mcfg-sign "${id[@]}" --out-dir "$T/out2" -0 < "$T/list"
	[ "$(find "$T/out2" -type f | wc -l)" -eq 2 ]
}

@test "sign: works under CGI: --http writes a header, --length reads so many bytes" {
	yields "$T/s" mcfg-sign "${id[@]}" --no-signing-time "$T/profile"
	yields "$T/h" mcfg-sign "${id[@]}" --no-signing-time \
	    --http application/x-apple-aspen-config "$T/profile"
	{
		printf 'Content-Type: application/x-apple-aspen-config\r\n'
		printf 'Content-Length: %s\r\n\r\n' "$(wc -c < "$T/s")"
		cat "$T/s"
	} | cmp - "$T/h"
	{ cat "$T/profile"; echo more; } > "$T/long"
	yields "$T/l" mcfg-sign "${id[@]}" --no-signing-time \
	    --length "$(wc -c < "$T/profile")" < "$T/long"
	cmp "$T/s" "$T/l"
	refuses 3 'ends after' mcfg-sign "${id[@]}" --length 5000 < "$T/long"
}

@test "sign: uses the digest of site.yaml" {
	cat > "$T/site.yaml" <<-'YAML'
	url: https://localhost:8443
	organization: Example
	identifier: com.example
	digest: sha512
	YAML
	yields "$T/s" mcfg-sign "${id[@]}" --config "$T/site.yaml" "$T/profile"
	printed "$T/s" | grep -A1 'digestAlgorithm:' | grep -q sha512
	yields "$T/s" mcfg-sign "${id[@]}" --config "$T/site.yaml" \
	    --digest sha384 "$T/profile"
	printed "$T/s" | grep -A1 'digestAlgorithm:' | grep -q sha384
}

@test "sign: signs real profiles byte for byte" {
	local f n=0

	needs_data profiles
	for f in "$DATA"/profiles/*.mobileconfig; do
		_run mcfg-sign "${id[@]}" "$f"
		[ "$status" -ne 0 ] || {
			judged "$T/stdout" "$f" || return 1
			n=$((n + 1))
		}
		[ "$status" -ne 1 ] || {
			yields "$T/again" mcfg-sign "${id[@]}" --re-sign "$f"
			openssl cms -verify -noverify -nosigs -binary \
			    -inform DER -in "$f" -out "$T/inside" 2> /dev/null
			judged "$T/again" "$T/inside" || return 1
		}
	done
	[ "$n" -gt 30 ]
}

@test "sign: does not write a message with any bit of it wrong" {
	local unit=${MCFG_BIN%/bin}/unit/unit_readback how

	[ -x "$unit" ] || skip 'unit_readback is not built (make units)'
	for how in '' none; do
		# shellcheck disable=SC2086 # a word or none
		"$unit" "$PKI/ec.pem" "$PKI/ec.key" "$PKI/root.pem" \
		    "$T/profile" $how > "$T/taken" 2> "$T/err"
		cat "$T/taken"
		grep -qx 'changes [0-9]\{4,\}, signed 4' "$T/taken"
		[ "$(wc -l < "$T/taken")" -eq 1 ]
		[ "$(wc -l < "$T/err")" -eq 1 ]
	done
	# rsaEncryption has NULL parameters, just before the signature.  Nobody
	# reads them, so only changes there are accepted.
	"$unit" "$PKI/signer.pem" "$PKI/signer.key" "$PKI/chain.pem" \
	    "$T/profile" > "$T/taken" 2> "$T/err"
	cat "$T/taken"
	grep -qx 'changes [0-9]\{4,\}, signed 4' "$T/taken"
	awk '/^changes/ { next }
	    { split($2, at, "."); if ($1 != "bit" || at[1] != $4 - 262) bad = 1 }
	    END { exit bad }' "$T/taken"
}

@test "sign: writes a response that a browser saves, and its log line" {
	mcfg-sign "${id[@]}" --http application/x-a \
	    --attachment a-1.mobileconfig --log user=jane --log reason='a b' \
	    "$T/profile" > "$T/r" 2> "$T/log"
	[ "$(cat "$T/log")" = 'level=info status=200 reason="a b" user=jane' ]
	python3 - "$T/r" "$T/s" <<-'PY'
	import sys
	head, body = open(sys.argv[1], 'rb').read().split(b'\r\n\r\n', 1)
	assert dict(l.split(b': ', 1) for l in head.split(b'\r\n')) == {
	    b'Cache-Control': b'no-store',
	    b'Content-Disposition': b'attachment; filename="a-1.mobileconfig"',
	    b'Content-Type': b'application/x-a',
	    b'Content-Length': b'%d' % len(body)}, head
	open(sys.argv[2], 'wb').write(body)
	PY
	judged "$T/s" "$T/profile"
	# Without a signature, nothing is logged.
	run -2 --separate-stderr mcfg-sign "${id[@]}" --http a/b --log user=x \
	    --log status=404 "$T/profile"
	echo text > "$T/text"
	run -3 --separate-stderr mcfg-sign "${id[@]}" --http a/b --log user=x \
	    "$T/text"
	[[ ${stderr-} != *level=* ]]
	for n in 'a"b' 'a b' ../a .a '' $'a\nb'; do
		refuses 2 --attachment mcfg-sign "${id[@]}" --http a/b \
		    --attachment "$n" "$T/profile"
	done
	refuses 2 --http mcfg-sign "${id[@]}" --attachment a "$T/profile"
	refuses 2 --http mcfg-sign "${id[@]}" --log user=a "$T/profile"
}
