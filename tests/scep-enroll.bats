#!/usr/bin/env bats
# One command gets a certificate: from our server, from another, and from
# servers that do something wrong.

load helpers
load scep_helpers
load scep_server

setup() {
	cd "$T" || return
	ca ca
}

teardown() {
	unserve_ca
	[ -z "${stranger:-}" ] || kill "$stranger" 2> /dev/null || :
}

# strange HABIT [FILE]: starts tests/scep_stranger.py, at $URL.
strange() {
	rm -f said
	mkfifo said
	exec 5<> said
	python3 "$TESTS/scep_stranger.py" ca "$@" > said 3>&- 5>&- &
	stranger=$!
	read -r -t 600 -u 5 URL
	exec 5>&-
}

# scep_enroll ARG...: runs scep-enroll with a new challenge.
scep_enroll() {
	challenge ca > pw
	scep-enroll "$URL" --subject /O=Example/CN=printer \
	    --challenge file:pw "$@"
}

# certified CERT KEY: openssl verifies CERT, which holds KEY.
certified() {
	openssl verify -CAfile ca/root.pem "$1"
	certifies "$1" "$2"
}

# allow_names: the policy allows hosts of example.com and every address.
allow_names() {
	printf 'san:\n  dns: ["*.example.com"]\n  email: ["*"]\n' \
	    > ca/scep-ca.yaml
}

@test "scep-enroll: one command makes a key and gets a certificate" {
	allow_names
	serve_ca fastcgi ca
	challenge ca > pw
	yields cert scep-enroll "$URL" --subject '/O=Example/CN=printer' \
	    --san dns:printer.example.com --challenge file:pw \
	    --new-key key --ca ca/root.pem
	certified cert key
	[ "$(stat -c %a key)" = 600 ]
	openssl x509 -in cert -noout -subject -nameopt oneline -ext subjectAltName > text
	grep -q 'subject=O = Example, CN = printer' text
	grep -q 'DNS:printer.example.com' text
	openssl pkey -in key -noout -text | grep -q '2048 bit'
}

@test "scep-enroll: --trace keeps every message, and mcfg-inspect reads each" {
	serve_ca fastcgi ca
	scep_enroll --new-key key --ca ca/root.pem --trace trace -o cert
	(cd trace && echo *) > names
	diff names - <<-'TEXT'
	01-getcacert.response 02-getcacaps.response 03-pkioperation.request 04-pkioperation.response
	TEXT
	for f in trace/*; do
		mcfg-inspect --json "$f" |
		    python3 -c 'import json, sys; print(json.load(sys.stdin)["kind"])'
	done > kinds
	diff kinds - <<-'TEXT'
	certificate
	getcacaps
	scep_request
	scep_reply
	TEXT
	# openssl finds the CSR in the message.
	openssl cms -verify -binary -inform DER -noverify -purpose any \
	    -in trace/03-pkioperation.request -out env 2> /dev/null
	openssl cms -decrypt -binary -inform DER -in env \
	    -recip ca/cert.pem -inkey ca/key.pem |
	    openssl req -inform DER -noout -subject -nameopt oneline | grep -q 'CN = printer'
	[ "$(stat -c %a trace/03-pkioperation.request)" = 600 ]
	# A second run in the same folder continues the numbers.
	run -1 scep_enroll --key key --fingerprint "$(printf %040d 7)" --trace trace
	[ -e trace/05-getcacert.response ]
}

@test "scep-enroll: --poll asks for a pending request again" {
	echo 'approval: manual' > ca/scep-ca.yaml
	serve_ca fastcgi ca
	run -5 scep-enroll "$URL" --subject /CN=a --new-key key \
	    --ca ca/root.pem --state state --trace trace -o cert
	[[ $output == 'scep-enroll: the request is pending: ask again with --poll --state state'* ]]
	[ ! -e cert ]
	[ "$(stat -c %a state)" = 600 ]
	run -5 scep-enroll "$URL" --poll --key key --ca ca/root.pem \
	    --state state --trace trace -o cert
	txid=$(scep-ca list --dir ca --pending --json | python3 -c \
	    'import json, sys; print(json.load(sys.stdin)[0]["transaction"])')
	scep-ca approve --dir ca "$txid"
	yields - scep-enroll "$URL" --poll --key key --ca ca/root.pem \
	    --state state --trace trace -o cert
	certified cert key
	[ ! -e state ]
	[ "$(mcfg-inspect trace/07-certpoll.request | head -1)" != '' ]
	mcfg-inspect trace/07-certpoll.request | grep -q 'CertPoll (20)'
}

# pends: a request is pending, and is in the file pending.
pends() {
	scep-ca list --dir ca --pending --json > pending &&
	    grep -q transaction pending
}

@test "scep-enroll: waits until the request is approved" {
	echo 'approval: manual' > ca/scep-ca.yaml
	serve_ca fastcgi ca
	scep-enroll "$URL" --subject /CN=a --new-key key --ca ca/root.pem \
	    --wait 10m --every 1s -o cert 2> err 3>&- &
	awaits -p $! 'a pending request' pends
	txid=$(python3 -c 'import json
print(json.load(open("pending"))[0]["transaction"])')
	scep-ca approve --dir ca "$txid"
	wait $!
	[ ! -s err ]
	certified cert key
	# If the time runs out, the status is 5.
	run -5 scep-enroll "$URL" --subject /CN=b --new-key other \
	    --ca ca/root.pem --wait 1s --every 1s
	[[ $output == *'pending, and cannot be asked for again'* ]]
}

@test "scep-enroll: a renewal has the same names, and needs no challenge" {
	allow_names
	serve_ca fastcgi ca
	scep_enroll --san dns:a.example.com --san email:a@example.com \
	    --new-key key --ca ca/root.pem -o cert
	yields new scep-enroll "$URL" --signer cert --signer-key key \
	    --new-key new.key --ca ca/root.pem --trace trace
	certified new new.key
	openssl x509 -in cert -noout -subject -nameopt oneline \
	    -ext subjectAltName > names
	openssl x509 -in new -noout -subject -nameopt oneline \
	    -ext subjectAltName | cmp - names
	openssl x509 -in new -noout -ext subjectAltName |
	    grep -q 'DNS:a.example.com, email:a@example.com'
	run -1 cmp key new.key
	mcfg-inspect trace/03-pkioperation.request | head -1 |
	    grep -q 'RenewalReq (17)'
	# With the same key and a complete request, too.
	openssl req -new -key key -subj /O=Example/CN=printer \
	    -addext subjectAltName=DNS:a.example.com,email:a@example.com \
	    -out csr
	yields again scep-enroll "$URL" --signer cert --signer-key key \
	    --key key --csr csr --ca ca/root.pem
	certified again key
}

@test "scep-enroll: a renewal is a PKCSReq if the server does not announce Renewal" {
	strange old
	run -0 scep_enroll --new-key key --ca ca/root.pem -o cert
	yields new scep-enroll "$URL" --signer cert --signer-key key \
	    --new-key new.key --ca ca/root.pem --trace trace
	certified new new.key
	mcfg-inspect trace/03-pkioperation.request | head -1 |
	    grep -q 'PKCSReq (19)'
	openssl cms -verify -noverify -inform DER -binary -out /dev/null \
	    -in trace/03-pkioperation.request -signer by
	same_certificate by cert
}

@test "scep-enroll: uses GET if the server does not accept POST" {
	strange nopost
	run -0 --separate-stderr scep_enroll --new-key key --ca ca/root.pem \
	    --name 'an RA & co' --cipher aes-256-cbc --digest sha256 -o cert
	# shellcheck disable=SC2154 # of run
	[ -z "$stderr" ]
	certified cert key
	grep -qx "GET GetCACert an RA & co" ca/asked
	grep -q '^GET PKIOperation' ca/asked
	# It tries POST first, since GetCACaps does not say that it fails.
	grep -q '^POST PKIOperation' ca/asked
	# Some answer 200, and say that they found no message.
	kill "$stranger"
	strange nopost 200
	rm key
	run -0 scep_enroll --new-key key --ca ca/root.pem -o cert
	certified cert key
	# curl gives a meaning to "=" and "@" in a file's name.
	rm key
	mkdir 'tmp=@x'
	TMPDIR=$PWD/tmp=@x run -0 scep_enroll --new-key key --ca ca/root.pem \
	    -o cert
	certified cert key
	[ -z "$(ls -A 'tmp=@x')" ]
}

@test "scep-enroll: a lost reply is requested again, and nothing is issued twice" {
	strange lose
	yields cert scep_enroll --new-key key --ca ca/root.pem
	certified cert key
	[ "$(grep -c '^POST PKIOperation' ca/asked)" -eq 2 ]
	scep-ca list --dir ca --json > list
	json_is list 'len(j) == 1'
}

@test "scep-enroll: the server must belong to the CA that was named" {
	local sha256 sha1

	serve_ca fastcgi ca
	sha256=$(openssl x509 -in ca/root.pem -noout -fingerprint -sha256)
	sha1=$(openssl x509 -in ca/root.pem -noout -fingerprint -sha1)
	for print in "${sha256#*=}" "${sha1#*=}"; do
		yields cert scep_enroll --new-key "key$((++n))" \
		    --fingerprint "$print"
	done
	run -1 scep_enroll --key key1 --fingerprint "$(printf %064d 1)"
	[[ $output == *'no certificate there has the fingerprint'* ]]
	run -1 scep_enroll --key key1 --ca "$PKI/root.pem"
	[[ $output == "scep-enroll: GetCACert: the server is not of $PKI/root.pem: "* ]]
	run -0 --separate-stderr scep_enroll --new-key "key$((++n))"
	[[ $stderr == *'warning: this CA is trusted unseen'* ]]
	text=$(tr -d : <<< "${sha256#*=}" | tr A-F a-f)
	[[ $stderr == *"$text" ]]
}

@test "scep-enroll: encrypts to the RA, in any order, and never to a stranger's" {
	scep-ca init --dir with-ra --subject /O=Example/CN=CA2 --ra
	rm -r ca
	mv with-ra ca
	serve_ca fastcgi ca
	yields cert scep_enroll --new-key key --ca ca/root.pem
	certified cert key
	unserve_ca

	openssl req -x509 -newkey rsa:2048 -nodes -keyout evil.key \
	    -subj /O=Example/CN=RA -days 30 -out evil.pem \
	    -addext keyUsage=digitalSignature,keyEncipherment 2> /dev/null
	for order in 'ca/cert.pem ca/ra.pem' 'evil.pem ca/ra.pem ca/cert.pem'
	do
		read -ra files <<< "$order"
		openssl crl2pkcs7 -nocrl -outform DER -out list \
		    "${files[@]/#/-certfile=}" 2> /dev/null ||
		    cat "${files[@]}" > bag.pem
		[ -s list ] || openssl crl2pkcs7 -nocrl -outform DER \
		    -certfile bag.pem -out list
		strange list list
		rm -rf key cert trace
		yields cert scep_enroll --new-key key --ca ca/root.pem \
		    --trace trace
		certified cert key
		# openssl finds that it was encrypted to the RA.
		openssl cms -verify -binary -inform DER -noverify \
		    -purpose any -in trace/03-pkioperation.request \
		    -out env 2> /dev/null
		openssl cms -decrypt -binary -inform DER -in env \
		    -recip ca/ra.pem -inkey ca/ra-key.pem -out csr
		kill "$stranger"
		rm -f list
	done
}

@test "scep-enroll: refuses GetCACert in PEM and in base64" {
	openssl x509 -in ca/root.pem -outform DER | base64 > list
	for file in ca/root.pem list; do
		strange list "$file"
		for trust in --ca=ca/root.pem \
		    --fingerprint="$(openssl x509 -in ca/root.pem -noout \
		    -fingerprint -sha256 | sed 's/.*=//')" -v; do
			run -3 scep_enroll --new-key key "$trust"
			[[ $output == *DER* ]]
			[ ! -e key ]
		done
		kill "$stranger"
	done
}

@test "scep-enroll: a server's errors are reported on one escaped line" {
	strange html
	refuses 3 "GetCACert: the answer is not a certificate in DER (Content-Type 'text/html'): <h1>Log in</h1>" \
	    scep-enroll "$URL" --subject /CN=a --new-key k --ca ca/root.pem
	kill "$stranger"
	strange moved
	refuses 1 'GetCACert: the server answered 302: it is at https://else.where/' \
	    scep-enroll "$URL" --subject /CN=a --new-key k --ca ca/root.pem
	run -1 grep -q $'\e' "$T/stderr"
	kill "$stranger"
	strange hostile
	refuses 1 'GetCACert: the server answered 500: oh?[2J scep-enroll: all' \
	    scep-enroll "$URL" --subject /CN=a --new-key k --ca ca/root.pem
	run -1 grep -qP '[^ -~]' "$T/stderr"
	kill "$stranger"
	wait "$stranger" || :
	refuses 4 "GetCACert: no answer from $URL: " \
	    scep-enroll "$URL" --subject /CN=a --new-key k --ca ca/root.pem
}

@test "scep-enroll: says why it was refused, and writes no certificate" {
	serve_ca fastcgi ca
	echo wrong > pw
	run -1 scep-enroll "$URL" --subject /CN=a --challenge file:pw \
	    --new-key key --ca ca/root.pem -o cert --trace trace
	[[ $output == 'scep-enroll: PKIOperation: refused: badRequest: '*'(kept as ./trace/04-pkioperation.response)' ]]
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e cert ]
}

@test "scep-enroll: reads secrets from env, file and descriptor, and shows them to no program" {
	needs strace
	serve_ca fastcgi ca
	openssl genrsa -aes128 -passout pass:open -out locked 2048 2> /dev/null
	challenge ca > pw
	strace -f -qq -e trace=execve -s 4096 -o calls scep-enroll "$URL" \
	    --subject /CN=a --ca ca/root.pem --key fd:8 --passphrase fd:7 \
	    --challenge fd:9 -o cert 8< locked 7<<< open 9< pw
	openssl rsa -in locked -passin pass:open -out key 2> /dev/null
	certified cert key
	run -1 grep -qF -e "$(cat pw)" calls
	run -1 grep -qF -e '"open"' calls
	run -1 grep -q 'PRIVATE KEY' calls
	PW=$(challenge ca) KEY=$(cat key) scep-enroll "$URL" --subject /CN=a \
	    --ca ca/root.pem --key env:KEY --challenge env:PW -o cert2
	certified cert2 key
	# Only our two tools have them in their environment.
	mkdir between
	for tool in curl openssl sed mcfg-get tr date cat; do
		real=$(command -v "$tool")
		printf '#!/bin/sh\nenv >> %s\nexec %s "$@"\n' "$PWD/environment" \
		    "$real" > "between/$tool"
		chmod +x "between/$tool"
	done
	challenge ca > pw
	PW=$(challenge ca) KEY=$(cat key) PATH=$PWD/between:$PATH scep-enroll \
	    "$URL" --subject /CN=b --ca ca/root.pem --key env:KEY \
	    --challenge env:PW -o cert3
	certified cert3 key
	PATH=$PWD/between:$PATH scep-enroll "$URL" --subject /CN=c \
	    --ca ca/root.pem --key fd:8 --passphrase fd:7 --challenge fd:9 \
	    -o cert4 8< locked 7<<< open 9< pw
	certified cert4 key
	KEY=$(cat key) scep-enroll "$URL" --signer cert4 --signer-key env:KEY \
	    --key env:KEY --ca ca/root.pem -o cert5
	certified cert5 key
	grep -q '^PATH=' environment
	run -1 grep -E 'PRIVATE KEY|=open$|^PW=|CHALLENGE=' environment
}

@test "scep-enroll: never replaces a key" {
	serve_ca fastcgi ca
	echo mine > key
	run -4 scep_enroll --new-key key --ca ca/root.pem
	[[ $output == 'scep-enroll: key: already exists'* ]]
	[ "$(cat key)" = mine ]
	run -4 scep_enroll --new-key nowhere/key --ca ca/root.pem
	[[ $output == 'scep-enroll: nowhere/key: '*irectory* ]]
	chmod 644 key
	run -4 scep_enroll --key key --ca ca/root.pem
	[[ ${lines[0]} == 'scep-enroll: key: '* ]]
}

@test "scep-enroll: reports a full disk" {
	[ -c /dev/full ] || skip "no /dev/full here"
	serve_ca fastcgi ca
	challenge ca > pw
	status=0
	scep-enroll "$URL" --subject /CN=a --challenge file:pw --new-key key \
	    --ca ca/root.pem > /dev/full 2> err || status=$?
	[ "$status" -eq 4 ]
	cat err
	grep -q '^scep-enroll: stdout: cannot write: No space' err
}

# micromdm's scepserver listens on every address, so it runs in its own network.
@test "scep-enroll: refuses single DES, unless --allow-des is given" {
	needs scepserver
	unshare -rn true 2> /dev/null || skip "no network namespaces here"
	scepserver ca -init -depot depot -keySize 2048 -key-password X \
	    > /dev/null 2>&1
	cat > inner <<-'SH'
	python3 -c '
	import fcntl, socket, struct
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x49))'
	scepserver -depot depot -capass X -challenge PW -port 18080 \
	    -allowrenew 0 > log 2>&1 3>&- &
	server=$!
	URL=http://127.0.0.1:18080/scep
	curl -s --retry 120 --retry-delay 1 --retry-connrefused -o caps \
	    "$URL?operation=GetCACaps"
	echo PW > pw
	scep-enroll "$URL" --subject /CN=dev --challenge file:pw \
	    --new-key k1 --ca depot/ca.pem --trace trace > out1 2> err1
	echo $? > status1
	scep-enroll "$URL" --subject /CN=dev --challenge file:pw --key k1 \
	    --ca depot/ca.pem --allow-des -o cert 2> err2
	echo $? > status2
	scep-enroll "$URL" --signer cert --signer-key k1 --new-key k2 \
	    --challenge file:pw --ca depot/ca.pem --allow-des -o cert2 \
	    2> err3
	echo $? > status3
	kill "$server"
	wait "$server"
	exit 0
	SH
	unshare -rn sh inner
	cat err1 err2 err3
	[ "$(cat status1)" = 1 ]
	[ ! -s out1 ]
	[ "$(wc -l < err1)" -eq 1 ]
	grep -q 'encrypted with single DES, .*: --allow-des opens it' err1
	mcfg-inspect trace/04-pkioperation.response |
	    grep -q 'note: the content is encrypted with single DES'
	openssl list -providers -provider legacy > /dev/null 2>&1 ||
	    skip "openssl has no legacy provider"
	[ "$(cat status2) $(cat status3)" = '0 0' ]
	grep -q 'warning: .* came encrypted with single DES' err2
	openssl verify -CAfile depot/ca.pem cert cert2
	certifies cert2 k2
}

@test "scep-enroll: limits endless answers and slow ones" {
	# Newer versions of curl limit the headers themselves.
	for habit in endless endless-head; do
		strange $habit
		refuses 4 'GetCACert: no answer from' scep-enroll "$URL" \
		    --subject /CN=a --new-key k --ca ca/root.pem
		grep -qiE 'larger than 1048576 bytes|large response headers' \
		    "$T/stderr"
		kill "$stranger"
	done
	[ ! -e k ]
	# --wait limits the time of each call of curl.
	mkdir bin
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >> %s/args\nexec %s "$@"\n' \
	    "$T" "$(command -v curl)" > bin/curl
	chmod +x bin/curl
	echo 'approval: manual' > ca/scep-ca.yaml
	strange slow 2
	run -5 env PATH="$T/bin:$PATH" scep-enroll "$URL" --subject /CN=a \
	    --new-key k --ca ca/root.pem --wait 3s --every 1s
	[[ $output == *pending* ]]
	# Two GETs and the request may take 60 s; the rest, what is left of 3 s.
	awk '/^--max-time$/ { getline; print }' args > seconds
	awk 'NR > 3 && $1 > 1 || NR > 4 || $1 > 60 { bad = 1 }
	    END { exit bad }' seconds
}

@test "scep-enroll: GetCACaps cannot make it weaker than AES and SHA-256" {
	printf 'allow_sha1: true\n' > ca/scep-ca.yaml
	for caps in '' 'POSTPKIOperation\n' 'DES3\nSHA-1\nRenewal\n' 'MD5' \
	    '\000\033[2J'; do
		# shellcheck disable=SC2059 # it has escapes
		printf "$caps" > caps
		strange caps caps
		rm -rf trace key
		run -0 --separate-stderr scep_enroll --new-key key \
		    --ca ca/root.pem --trace trace -o cert
		[[ $stderr == *'warning: '*'--allow-weak'* ]]
		certified cert key
		mcfg-inspect --json trace/03-pkioperation.request > facts
		json_is facts "(j['content']['cms']['cipher'],
		    j['cms']['digests']) == ('aes-128-cbc', ['sha256'])"
		grep -q '^POST PKIOperation' ca/asked
		kill "$stranger"
	done
	strange caps caps
	rm -rf trace key
	run -0 --separate-stderr scep_enroll --new-key key --allow-weak \
	    --ca ca/root.pem --trace trace -o cert
	[[ $stderr == *'warning: GetCACaps: '* ]]
	mcfg-inspect trace/03-pkioperation.request > text
	grep -q 'des-ede3-cbc' text
	# Weak algorithms that are named need it, too.
	refuses 2 '--allow-weak' scep-enroll "$URL" --subject /CN=a --key k \
	    --digest sha1
	refuses 2 '--allow-weak' scep-enroll "$URL" --subject /CN=a --key k \
	    --cipher des-ede3-cbc
}

@test "scep-enroll: if strong algorithms are refused, --allow-weak is mentioned" {
	printf 'POSTPKIOperation\n' > caps
	strange caps caps
	echo wrong > pw
	run -1 scep-enroll "$URL" --subject /CN=a --challenge file:pw \
	    --new-key key --ca ca/root.pem
	[[ ${lines[-1]} == *'--allow-weak uses triple DES and SHA-1' ]]
}

@test "scep-enroll: warns of a certificate for other names, or refuses it" {
	serve_ca fastcgi ca
	challenge ca > pw
	run -0 --separate-stderr scep-enroll "$URL" --challenge file:pw \
	    --subject /CN=a --san dns:a.example.com --new-key key \
	    --ca ca/root.pem -o cert
	[[ $stderr == *'asked for CN=a, dns:a.example.com; the certificate is for CN=a' ]]
	challenge ca > pw
	refuses 1 'the certificate is for CN=a' scep-enroll "$URL" \
	    --challenge file:pw --subject /CN=a --san dns:a.example.com \
	    --new-key key2 --ca ca/root.pem --require-names
}

@test "scep-enroll: needs a fingerprint for an unmarked RA" {
	rm -r ca
	scep-ca init --dir ca --subject /O=Example/CN=CA --ra
	# As made by 0.1.0.
	printf 'keyUsage = critical,digitalSignature,keyEncipherment\n' > ext
	openssl req -new -key ca/ra-key.pem -subj '/CN=SCEP RA' -out csr
	openssl x509 -req -in csr -CA ca/cert.pem -CAkey ca/key.pem \
	    -set_serial 7 -days 30 -extfile ext -out ca/ra.pem 2> /dev/null
	serve_ca fastcgi ca
	refuses 1 'is not marked as an RA' scep-enroll "$URL" --subject /CN=a \
	    --new-key key --ca ca/root.pem
	[ ! -e key ]
	yields cert scep_enroll --new-key key --ca ca/root.pem \
	    --ra-fingerprint "$(openssl x509 -in ca/ra.pem -noout \
	    -fingerprint -sha256 | sed 's/.*=//')"
	certified cert key
}

@test "scep-enroll: refuses a wrong command line" {
	local good=(http://localhost/scep --subject /CN=a --key k)

	refuses 2 'missing URL' scep-enroll
	refuses 2 'not an http or https address' scep-enroll ftp://a --key k
	refuses 2 'without operation=' scep-enroll 'http://a/?operation=x'
	refuses 2 'two addresses' scep-enroll http://a http://b
	refuses 2 'missing --subject or --csr' scep-enroll http://a --key k
	refuses 2 'missing --key or --new-key' scep-enroll http://a \
	    --subject /CN=a
	refuses 2 'missing --signer or --signer-key' scep-enroll "${good[@]}" \
	    --signer c
	refuses 2 '--csr: subject, names' scep-enroll "${good[@]}" --csr c
	refuses 2 '--new-key: not with' scep-enroll "${good[@]}" --new-key c
	refuses 2 '--key-size is only for' scep-enroll "${good[@]}" \
	    --key-size 2048
	refuses 2 'is not 1024' scep-enroll http://a --subject /CN=a \
	    --new-key k --key-size 12abc
	refuses 2 '--ca or --fingerprint' scep-enroll "${good[@]}" --ca c \
	    --fingerprint aa
	refuses 2 'not a hexadecimal' scep-enroll "${good[@]}" --fingerprint xy
	refuses 2 '2 digits' scep-enroll "${good[@]}" --fingerprint a:b
	refuses 2 'has no unit' scep-enroll "${good[@]}" --wait 10
	refuses 2 'time such as' scep-enroll "${good[@]}" --wait 1.5h
	refuses 2 'no time at all' scep-enroll "${good[@]}" --every 0s
	refuses 2 'is not sha1' scep-enroll "${good[@]}" --digest md5
	refuses 2 'is not aes-128-cbc' scep-enroll "${good[@]}" --cipher des
	refuses 2 'given twice' scep-enroll "${good[@]}" --key k
	refuses 2 'needs a value' scep-enroll --key
	refuses 2 'is empty' scep-enroll --key=
	refuses 2 'takes no value' scep-enroll --poll=yes
	refuses 2 'missing --state' scep-enroll http://a --poll --key k
	refuses 2 'unknown option' scep-enroll --subj /CN=a
	mkfifo fifo
	for option in --ca --cacert --state; do
		refuses 4 'fifo: not a regular file' scep-enroll "${good[@]}" \
		    $option fifo
	done
	refuses 4 'fifo: not a regular file' scep-enroll http://localhost/scep \
	    --subject /CN=a --key fifo
	refuses 2 'not a hexadecimal' scep-enroll "${good[@]}" \
	    --ra-fingerprint xy
	refuses 4 'none: missing' scep-enroll "${good[@]}" --ca "$T/none"
	yields - scep-enroll --version
	yields "$T/help" scep-enroll -h
	grep -q '^usage: scep-enroll' "$T/help"
}
