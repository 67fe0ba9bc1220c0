#!/usr/bin/env bats
# scep-ca over HTTP, with other projects' clients.

load helpers
load scep_helpers
load scep_server
load certmonger
# shellcheck disable=SC2154 # code is set by fetch
code=

setup() {
	cd "$T" || return
	needs lighttpd
	needs curl
}

teardown() {
	unserve_ca
}

# logged TEXT: waits for it in the log, which is written after the response.
logged() {
	awaits "in the log: $1" grep -qF -e "$1" web/scep.log || {
		cat web/scep.log
		return 1
	}
}

# over_http: checks every form of a request, under FastCGI or plain CGI.
over_http() {
	fetch caps "$URL?operation=GetCACaps"
	[ "$code" = 200 ]
	[ "$(header Content-Type)" = text/plain ]
	grep -qx POSTPKIOperation caps
	fetch cert "$URL?operation=GetCACert&message=x"
	[ "$code" = 200 ]
	[ "$(header Content-Type)" = application/x-x509-ca-cert ]
	openssl x509 -in ca/cert.pem -outform DER | cmp - cert
	fetch cert "$URL/pkiclient.exe?message=0&operation=GetCACert" --http1.0
	[ "$code" = 200 ]
	openssl x509 -in ca/cert.pem -outform DER | cmp - cert
}

# replied NAME: NAME.http is the CertRep for NAME.msg.
replied() {
	[ "$code" = 200 ] || { echo "code $code"; cat "$1.http"; return 1; }
	[ "$(header Content-Type)" = application/x-pki-message ]
	openssl cms -verify -binary -inform DER -in "$1.http" -purpose any \
	    -CAfile ca/root.pem -out "$1.inner" 2> /dev/null
	python3 "$TESTS/scep.py" read "$1.http" > "$1.attrs"
	[ "$(attribute "$1" pkiStatus)" = 0 ]
}

all_forms() {
	local b64

	device d
	csr d /CN=d "$(challenge ca)"
	message ca d
	fetch d.http --data-binary @d.msg -H 'Content-Type:' \
	    "$URL?operation=PKIOperation"
	replied d
	fetch d.http --data-binary @d.msg -H 'Content-Type: text/html' \
	    -H 'Transfer-Encoding: chunked' "$URL?operation=PKIOperation"
	replied d
	# GET: a raw plus, escaped slashes, line ends, half-escaped padding.
	b64=$(base64 -w0 d.msg)
	fetch d.http "$URL?operation=PKIOperation&message=$b64"
	replied d
	fetch d.http "$URL?message=${b64//\//%2f}&operation=PKIOperation"
	replied d
	b64=$(base64 -w64 d.msg | sed 's/+/%2B/g; s/==$/%3D=/' |
	    awk '{ printf "%s%%0D%%0A", $0 }')
	fetch d.http "$URL?operation=PKIOperation&message=$b64"
	replied d
	# base64url, with and without padding.
	b64=$(base64 -w0 d.msg | tr +/ -_)
	fetch d.http "$URL?operation=PKIOperation&message=$b64"
	replied d
	fetch d.http "$URL?operation=PKIOperation&message=${b64//=/}"
	replied d
	[ "$(listed ca)" -eq 1 ]
}

bad_forms() {
	device e
	csr e /CN=e x
	message ca e
	fetch out "$URL"
	[ "$code" = 400 ]
	fetch out "$URL?operation=Nonsense"
	[ "$code" = 400 ]
	fetch out "$URL?operation=PKIOperation"
	[ "$code" = 400 ]
	fetch out -X POST -H 'Content-Length: 0' "$URL?operation=PKIOperation"
	[ "$code" = 400 ]
	fetch out "$URL?operation=PKIOperation&message=%00"
	[ "$code" = 400 ]
	fetch out "$URL?operation=PKIOperation&message=%4"
	[ "$code" = 400 ]
	fetch out "$URL?operation=PKIOperation&message=AAAA"
	[ "$code" = 400 ]
	fetch out "$URL?operation=GetCACaps&operation=GetCACert"
	[ "$code" = 400 ]
	fetch out -X PUT --data-binary @e.msg "$URL?operation=PKIOperation"
	[ "$code" = 405 ]
	[ "$(header Allow)" = 'GET, HEAD, POST' ]
	head -c 65537 /dev/zero > large
	fetch out --data-binary @large "$URL?operation=PKIOperation"
	[ "$code" = 413 ]
	head -c 200 e.msg > short
	fetch out --data-binary @short "$URL?operation=PKIOperation"
	[ "$code" = 400 ]
	# A refusal is a CertRep, too.
	fetch e.http --data-binary @e.msg "$URL?operation=PKIOperation"
	[ "$code" = 200 ]
	python3 "$TESTS/scep.py" read e.http > attrs
	grep -qx pkiStatus=2 attrs
}

@test "flow-scep: every form of a request, under FastCGI" {
	ca ca
	serve_ca fastcgi ca
	over_http
	all_forms
	bad_forms
}

@test "flow-scep: every form of a request, as plain CGI" {
	ca ca
	serve_ca cgi ca
	over_http
	all_forms
	bad_forms
}

@test "flow-scep: what a client sends neither fills nor forges a log line" {
	ca ca
	for text in "$(printf '%01000d' 0)" "$(printf '%%1b%.0s' {1..900})" \
	    '%c3%a4%20status=200%0a' 'x"\'; do
		env SCEP_CA_DIR=ca REQUEST_METHOD=GET \
		    QUERY_STRING="operation=$text" REMOTE_ADDR=192.0.2.7 \
		    scep-ca cgi < /dev/null > out 2> log
		cat log
		[ "$(wc -l < log)" -eq 1 ]
		[ "$(wc -c < log)" -lt 2500 ]
		run -1 env LC_ALL=C grep -q '[^ -~]' log
		grep -q '^scep-ca: request level=warning client=192.0.2.7 method=GET operation=' log
		grep -q ' outcome=error reason="[^=]*operation .* status=400 ms=[0-9.]*$' log
	done
}

@test "flow-scep: a ledger that stays busy is 503, to try again" {
	needs sqlite3
	ca ca
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d --transaction T1
	coproc HOLD { sqlite3 ca/ledger.db 3>&-; }
	echo 'BEGIN EXCLUSIVE; SELECT 1;' >&"${HOLD[1]}"
	read -r -u "${HOLD[0]}"
	env SCEP_CA_DIR=ca REQUEST_METHOD=POST \
	    QUERY_STRING=operation=PKIOperation \
	    CONTENT_LENGTH="$(wc -c < d.msg)" scep-ca cgi < d.msg > out
	kill "$HOLD_PID"
	grep -q '^Status: 503 ' out
	grep -q '^Retry-After: ' out
}

@test "flow-scep: one log line a request, without the challenge" {
	ca ca
	serve_ca fastcgi ca
	device d
	pw=$(challenge ca)
	csr d /CN=d "$pw"
	message ca d --transaction 'a b"c'
	fetch d.http --data-binary @d.msg "$URL?operation=PKIOperation"
	replied d
	logged outcome=issued
	csr d /CN=d "wrong$pw"
	message ca d --transaction T2
	fetch d.http --data-binary @d.msg "$URL?operation=PKIOperation"
	logged outcome=refused
	fetch out "$URL?operation=GetCACaps%0Ascep-ca:%20request%20forged=1"
	logged status=400
	unserve_ca
	grep 'scep-ca: ' web/scep.log > log
	[ "$(wc -l < log)" -eq 3 ]
	sed -n 1p log | grep -q 'level=info client=127.0.0.1 method=POST path=/scep operation=PKIOperation type=PKCSReq transaction="a b\\"c" outcome=issued serial=[0-9a-f]* status=200 ms=[0-9.]*$'
	sed -n 2p log | grep -q 'outcome=refused fail=badRequest reason="the challengePassword is not in the ledger"'
	sed -n 3p log | grep -q 'status=400'
	run -1 grep -qF -e "$pw" log
}

@test "flow-scep: all workers end with their server" {
	ca ca
	serve_ca fastcgi ca
	fetch caps "$URL?operation=GetCACaps"
	pgrep -P "$lighttpd" > workers
	[ -s workers ]
	kill -KILL "$lighttpd"
	wait "$lighttpd" 2> /dev/null || :
	lighttpd=
	for pid in $(cat workers); do
		awaits "the end of $pid" gone "$pid"
	done
}

# over_fastcgi SOCKET QUERY: sends a GET over FastCGI, and prints the body.
over_fastcgi() {
	python3 - "$@" <<-'PY'
	import socket, struct, sys
	env = {'REQUEST_METHOD': 'GET', 'QUERY_STRING': sys.argv[2]}
	def record(kind, body):
	    return struct.pack('>BBHHBB', 1, kind, 1, len(body), 0, 0) + body
	s = socket.socket(socket.AF_UNIX)
	s.settimeout(600)
	s.connect(sys.argv[1])
	s.sendall(record(1, struct.pack('>HB5x', 1, 0)) +
	    record(4, b''.join(bytes([len(k), len(v)]) + (k + v).encode()
	        for k, v in env.items())) + record(4, b'') + record(5, b''))
	raw, out = s.makefile('rb'), b''
	while True:
	    _, kind, _, n, pad, _ = struct.unpack('>BBHHBB', raw.read(8))
	    body = raw.read(n + pad)[:n]
	    if kind == 3:
	        break
	    if kind == 6:
	        out += body
	sys.stdout.write(out.decode().split('\r\n\r\n', 1)[1])
	PY
}

@test "flow-scep: a worker stays after spawn-fcgi, which started it, exits" {
	command -v spawn-fcgi > /dev/null || skip 'no spawn-fcgi'
	ca ca
	spawn-fcgi -s "$T/sock" -P "$T/pid" -- "$(command -v scep-ca)" cgi \
	    --dir "$T/ca" > /dev/null 3>&-
	lighttpd=$(cat "$T/pid")
	for _ in 1 2; do
		over_fastcgi "$T/sock" operation=GetCACaps > caps
		grep -qx SCEPStandard caps
	done
	kill -TERM "$lighttpd"
	# Its new parent may not have reaped it yet.
	awaits "the end of $lighttpd" gone "$lighttpd"
	lighttpd=
}

@test "flow-scep: plain CGI takes its folder from SCEP_CA_DIR" {
	ca ca
	env SCEP_CA_DIR=ca REQUEST_METHOD=GET QUERY_STRING=operation=GetCACaps \
	    scep-ca cgi < /dev/null > out 2> /dev/null
	head -1 out | tr -d '\r' | grep -qx 'Status: 200 OK'
	refuses 2 'SCEP_CA_DIR' env -u SCEP_CA_DIR scep-ca cgi < /dev/null ||
	    grep -q SCEP_CA_DIR stderr
}

# bare QUERY [WORD...]: prints the status line of scep-ca as a web server starts
# it, without a verb; some servers pass words of the query as arguments.
bare() {
	local query=$1
	shift
	env GATEWAY_INTERFACE=CGI/1.1 SCEP_CA_DIR=ca REQUEST_METHOD=GET \
	    QUERY_STRING="$query" scep-ca "$@" < /dev/null 2> stderr |
	    head -1 | tr -d '\r'
}

@test "flow-scep: plain CGI needs no verb, and ignores one in the query" {
	ca ca
	[ "$(bare operation=GetCACaps)" = 'Status: 200 OK' ]
	[ "$(bare 'init+--dir+evil' init --dir evil)" = \
	    'Status: 400 Bad Request' ]
	[ ! -e evil ]
	[ "$(bare 'cgi+--dir+evil' cgi --dir evil)" = \
	    'Status: 400 Bad Request' ]
	# The arguments of a wrapper still count.
	[ "$(bare operation=GetCACaps cgi --dir ca)" = 'Status: 200 OK' ]
	refuses 2 '' scep-ca
}

@test "flow-scep: CONTENT_LENGTH missing, wrong, huge, larger, smaller" {
	ca ca
	device d
	csr d /CN=d "$(challenge ca)"
	message ca d
	post() {
		env SCEP_CA_DIR=ca REQUEST_METHOD=POST "$1" \
		    QUERY_STRING=operation=PKIOperation scep-ca cgi < "$2" \
		    2> /dev/null | head -1 | tr -d '\r'
	}
	n=$(stat -c %s d.msg)
	[ "$(post CONTENT_LENGTH=-1 d.msg)" = 'Status: 400 Bad Request' ]
	[ "$(post CONTENT_LENGTH=1x d.msg)" = 'Status: 400 Bad Request' ]
	[ "$(post CONTENT_LENGTH=99999999999999999999 d.msg)" = \
	    'Status: 413 Content Too Large' ]
	[ "$(post CONTENT_LENGTH=$((n + 1)) d.msg)" = 'Status: 400 Bad Request' ]
	[ "$(post CONTENT_LENGTH=$((n - 1)) d.msg)" = 'Status: 400 Bad Request' ]
	[ "$(post CONTENT_LENGTH=0 d.msg)" = 'Status: 400 Bad Request' ]
	# Without a length, the body ends with the input, as with Apache's
	# mod_cgid.
	[ "$(post X=1 d.msg)" = 'Status: 200 OK' ]
	[ "$(post CONTENT_LENGTH= d.msg)" = 'Status: 200 OK' ]
	[ "$(post CONTENT_LENGTH="$n" d.msg)" = 'Status: 200 OK' ]
}

@test "flow-scep: a changed policy and a rollover need no restart" {
	ca ca
	serve_ca fastcgi ca
	device d
	for _ in 1 2 3 4; do
		fetch caps "$URL?operation=GetCACaps"
		run -1 grep -q GetNextCACert caps
	done
	scep-ca rollover --dir ca
	for _ in 1 2 3 4; do
		fetch caps "$URL?operation=GetCACaps"
		grep -qx GetNextCACert caps
	done
	fetch next "$URL?operation=GetNextCACert"
	[ "$(header Content-Type)" = application/x-x509-next-ca-cert ]
	scep-ca rollover --dir ca --activate
	fetch cert "$URL?operation=GetCACert"
	openssl x509 -in ca/cert.pem -outform DER | cmp - cert
	echo 'key_min: 4096' > ca/scep-ca.yaml
	csr d /CN=d "$(challenge ca)"
	message ca d
	fetch d.http --data-binary @d.msg "$URL?operation=PKIOperation"
	python3 "$TESTS/scep.py" read d.http > attrs
	grep -qx failInfo=0 attrs
	echo 'key_min: 2048' > ca/scep-ca.yaml
	fetch d.http --data-binary @d.msg "$URL?operation=PKIOperation"
	replied d
	echo 'nonsense: 1' > ca/scep-ca.yaml
	fetch out "$URL?operation=GetCACaps"
	[ "$code" = 500 ]
	logged 'unknown key'
}

@test "flow-scep: a worker distinguishes other kinds of keys from broken ones" {
	ca ca
	serve_ca fastcgi ca
	device d
	csr d /CN=d "$(challenge ca)"
	cp d.csr rsa.csr
	# An EC key in the request, as the signer, or only among the
	# certificates.
	openssl ecparam -name prime256v1 -genkey -noout -out ec.key
	openssl req -x509 -key ec.key -subj /CN=ec -out ec.pem
	cp ec.key x.key
	csr x /CN=x "$(challenge ca)"
	cp x.csr d.csr
	message ca d
	fetch d.http --data-binary @d.msg "$URL?operation=PKIOperation"
	python3 "$TESTS/scep.py" read d.http > attrs
	grep -qx failInfo=1 attrs
	grep -q 'failInfoText=.*RSA' attrs
	logged 'reason="the key of the certification request is not RSA"'
	cp rsa.csr ec.csr
	message ca ec
	fetch d.http --data-binary @ec.msg "$URL?operation=PKIOperation"
	python3 "$TESTS/scep.py" read d.http > attrs
	grep -qx failInfo=0 attrs
	grep -q "failInfoText=the signer's key is not RSA" attrs
	cp rsa.csr d.csr
	message ca d --add-certs ec.pem
	fetch d.http --data-binary @d.msg "$URL?operation=PKIOperation"
	replied d
}

# ---- other clients ----

# strongswan NAME SUBJECT [pki options]: gets NAME.cert for NAME.key.
strongswan() {
	local name=$1 subject=$2
	shift 2
	pki --scep --url "$URL" --in "$name.key" --dn "$subject" \
	    --cacert-enc "${SCEP_ENC:-ca/cert.pem}" \
	    --cacert-sig "${SCEP_ENC:-ca/cert.pem}" --cacert ca/cert.pem \
	    --outform pem "$@" > "$name.cert" 2> "$name.pki" || {
		cat "$name.pki" web/scep.log
		return 1
	}
	openssl verify -CAfile ca/root.pem "$name.cert"
	certifies "$name.cert" "$name.key"
}

@test "flow-scep: strongSwan's pki gets a certificate" {
	needs pki
	for kind in fastcgi cgi; do
		rm -rf ca web got.pem
		ca ca
		serve_ca $kind ca
		pki --scepca --url "$URL" --caout got.pem --outform pem \
		    2> scepca.err
		same_certificate got.pem ca/cert.pem
		rsa_key d.key
		strongswan d 'O=acme, CN=dev' --password "$(challenge ca)"
		# A RenewalReq (17) with a new key.
		rsa_key e.key
		strongswan e 'O=acme, CN=dev' --cert d.cert --key d.key
		[ "$(listed ca)" -eq 2 ]
		unserve_ca
	done
}

@test "flow-scep: certmonger gets a certificate" {
	needs_certmonger
	ca ca
	serve_ca fastcgi ca
	cp ca/cert.pem cm.pem
	certmonger_runs <<-EOF
	getcert add-scep-ca -s -c peer -u $URL -N $T/cm.pem
	getcert request -s -I t1 -c peer -k $T/k.pem -f $T/c.pem \
	    -N O=acme,CN=dev -L $(challenge ca) -g 2048 -w -v
	cp $T/c.pem $T/first.pem
	getcert rekey -s -i t1 -w -v
	EOF
	[ -s c.pem ] || { cat cm.out web/scep.log; return 1; }
	openssl verify -CAfile ca/root.pem c.pem
	openssl x509 -in c.pem -noout -subject -nameopt oneline | grep -q 'CN = dev'
	# The rekey is a PKCSReq (19) with the spent challenge.
	openssl verify -CAfile ca/root.pem first.pem
	run -1 cmp -s c.pem first.pem
	logged 'outcome=renewed'
}

@test "flow-scep: strongSwan and certmonger accept our RA" {
	needs pki
	needs_certmonger
	ca ca --ra
	serve_ca fastcgi ca
	pki --scepca --url "$URL" --caout got.pem --raout got-ra.pem \
	    --outform pem 2> scepca.err
	same_certificate got.pem ca/cert.pem
	rsa_key d.key
	SCEP_ENC=ca/ra.pem strongswan d 'O=acme, CN=dev' \
	    --password "$(challenge ca)"
	certmonger_runs <<-EOF
	getcert add-scep-ca -s -c peer -u $URL -R $T/ca/root.pem \
	    -r $T/ca/ra.pem
	getcert request -s -I t1 -c peer -k $T/k.pem -f $T/c.pem \
	    -N O=acme,CN=cm -L $(challenge ca) -g 2048 -w -v
	EOF
	[ -s c.pem ] || { cat cm.out web/scep.log; return 1; }
	openssl verify -CAfile ca/root.pem c.pem
}

@test "flow-scep: micromdm's scepclient gets badAlg" {
	needs scepclient
	ca ca
	serve_ca fastcgi ca
	run -1 scepclient -server-url "$URL" -challenge "$(challenge ca)" \
	    -private-key k.pem -certificate c.pem -cn dev -keySize 2048
	logged 'fail=badAlg'
}

@test "flow-scep: micromdm's scepclient, with --allow-des" {
	needs scepclient
	ca ca
	serve_ca fastcgi ca --allow-des
	scepclient -server-url "$URL" -challenge "$(challenge ca)" \
	    -private-key k.pem -certificate c.pem -cn dev -keySize 2048 \
	    > out 2>&1 || { cat out web/scep.log; return 1; }
	openssl verify -CAfile ca/root.pem c.pem
	# It renews, with the same key, if it finds its certificate.
	scepclient -server-url "$URL" -private-key k.pem -certificate c.pem \
	    -cn dev -keySize 2048 > out 2>&1 || {
		cat out web/scep.log
		return 1
	}
	logged 'outcome=renewed'
}

@test "flow-scep: scep-request and curl, by POST" {
	ca ca
	serve_ca fastcgi ca
	challenge ca > pw
	rsa_key key
	chmod 600 key
	curl -s "$URL?operation=GetCACert" -o ca.der
	scep-request --ca ca.der --key key --subject /O=acme/CN=dev \
	    --challenge file:pw --state state |
	    curl -s --data-binary @- "$URL?operation=PKIOperation" -o reply
	yields cert scep-response --state state --key key --ca ca.der reply
	openssl verify -CAfile ca/root.pem cert
}
