# shellcheck shell=sh
# device-checks.sh: the table of --server-only-checks.  The device enrolls,
# misbehaves in every way while it does, and compares the responses with what
# is expected.
#
# The only assumption about the service is Apple's document: a profile after a
# login, posted attributes, SCEP, attributes posted again.  A feature that the
# service lacks is "not offered"; a check that cannot be made because an
# earlier step failed is "not reached".

dir=$out
right=0 wrong=0 none=0
mkdir -p "$dir/walk" || exit 4
: > "$tmp/refusals"

# ---- the table ----

columns() {
	printf '%-11s  %-24s  %-37s  %-30s  %s\n' "$@"
}

# row VERDICT NAME SENT EXPECTED CAME: prints one line; CAME is untrusted.
row() {
	came=$(printf '%s' "$5" | tr -c '[:print:]' '?' | cut -c 1-60)
	columns "$1" "$2" "$3" "$4" "$came"
	case $1 in
	right) right=$((right + 1)) ;;
	wrong) wrong=$((wrong + 1)) ;;
	*) none=$((none + 1)) ;;
	esac
}

# judge NAME SENT EXPECTED CAME TEST...: "right" if TEST succeeds.
judge() {
	name=$1 sent=$2 expected=$3 got=$4
	shift 4
	verdict=wrong
	! "$@" || verdict=right
	row $verdict "$name" "$sent" "$expected" "$got"
}

absent() {
	row 'not offered' "$1" "$2" "$3" "${4:--}"
}

unreached() {
	row 'not reached' "$1" "$2" "$3" "${4:--}"
}

# answer: prints the result of the last fetch.
answer() {
	if [ "$code" = 000 ]; then
		printf 'no answer: %s' "$why"
	else
		printf '%s' "$code"
	fi
}

# is_code CODE...: true if the last response had one of these codes.
is_code() {
	for one; do
		[ "$code" != "$one" ] || return 0
	done
	return 1
}

# refused NAME SENT FILE: expects a refusal, which is any 4xx but 404.
refused() {
	judge "$1" "$2" 'refused' "$(answer)" is_refusal
	[ "$code" != 403 ] ||
	    openssl dgst -sha256 -r "$3" >> "$tmp/refusals"
}

is_refusal() {
	case $code in
	404) return 1 ;;
	4??) return 0 ;;
	esac
	return 1
}

# holds_not TEXT FILE
holds_not() {
	! grep -qF -e "$1" "$2"
}

accepted() {
	judge "$1" "$2" 'accepted' "$(answer)" is_code 200
}

# walker NAME BAD...: starts a separate walk in a new $out, which keeps its
# messages.
walker() {
	out=$dir/$1
	shift
	bad=" $* "
	mkdir -p "$out" || exit 4
}

# content FILE TO: writes the content of a signed profile without verifying it;
# a profile that is not signed is copied.
content() {
	mcfg-verify --no-trust -o "$2" "$1" 2> /dev/null ||
	    cp "$1" "$2"
}

# started NAME BAD...: a walk through phase 1; status 1 if that fails.
started() {
	walker "$@"
	phase1 "$out/01-enroll.response" && is_code 200 || return
	content "$out/01-enroll.response" "$out/service.plist"
	read_service 2> /dev/null
}

# identified NAME BAD...: a walk through phase 2; status 1 if that fails.
identified() {
	started "$@" || return
	message2
	send2 "$out/03-profile.response" && is_code 200 || return
	content "$out/03-profile.response" "$out/scep.plist"
	read_scep 2> /dev/null
}

# ---- checks of any profile ----

# reason: prints the first line of a tool's message, without the names of the
# tool and of the file.
reason() {
	sed -n '1{s/^[a-z]*-[a-z]*: //; s|^[^ ]*/[^:]*: ||; p;}' "$tmp/said"
}

# profile_rows NAME FILE: checks the profile of the last fetch.
profile_rows() {
	type=$(header content-type)
	cache=$(header cache-control)
	judge "$1-type" 'the profile: Content-Type' \
	    application/x-apple-aspen-config "${type:-none}" \
	    has_word "$type" application/x-apple-aspen-config
	judge "$1-cache" 'the profile: Cache-Control' no-store \
	    "${cache:-none}" has_word "$cache" no-store
	if mcfg-verify --no-trust -o "$tmp/content" "$2" \
	    2> "$tmp/said"; then
		row right "$1-signed" 'the profile: its signature' right right
		if mcfg-verify --ca "$cacert" -o "$tmp/content" "$2" \
		    2> "$tmp/said"; then
			row right "$1-chain" 'the profile: its certificates' \
			    'up to the root' 'up to the root'
		else
			row wrong "$1-chain" 'the profile: its certificates' \
			    'up to the root' "$(reason)"
		fi
	else
		row wrong "$1-signed" 'the profile: its signature' right \
		    "$(reason)"
		unreached "$1-chain" 'the profile: its certificates' \
		    'up to the root'
	fi
}

is_https() {
	case $1 in
	[Hh][Tt][Tt][Pp][Ss]:*) return 0 ;;
	esac
	return 1
}

# has_word VALUE WORD: true if a header's value has the word, in either case.
has_word() {
	printf '%s\n' "$1" | tr 'A-Z;,' 'a-z  ' | tr -s ' ' '\n' |
	    grep -qxF "$2"
}

# ---- the connection and the password ----

check_connection() {
	where=connection
	if fetch "$tmp/body" --tlsv1.0 --tls-max 1.1 \
	    --ciphers DEFAULT@SECLEVEL=0 --url "${url%/}/"; then
		row wrong tls-version 'a hello of TLS 1.1' 'no connection' \
		    "$code"
	else
		case $why in
		*'no protocols available'*|*'unsupported protocol version'*)
			row 'not reached' tls-version 'a hello of TLS 1.1' \
			    'no connection' 'curl here cannot' ;;
		*)
			row right tls-version 'a hello of TLS 1.1' \
			    'no connection' 'no connection' ;;
		esac
	fi
	fetch "$tmp/body" --url "${url%/}/"
	judge tls-trusted 'a hello, with the root' 'a trusted server' \
	    "$([ "$code" != 000 ] && echo trusted || answer)" [ "$code" != 000 ]
	fetch "$tmp/body" --url "${url%/}/CA"
	type=$(header content-type)
	if ! is_code 200; then
		absent root-type 'GET /CA' application/x-x509-ca-cert \
		    "$(answer)"
		absent root-same 'GET /CA' 'the root, DER' "$(answer)"
		return
	fi
	judge root-type 'GET /CA: Content-Type' application/x-x509-ca-cert \
	    "${type:-none}" has_word "$type" application/x-x509-ca-cert
	judge root-same 'GET /CA' 'the root, DER' \
	    "$(openssl x509 -inform DER -in "$tmp/body" -noout -subject \
	    2> /dev/null || echo 'no certificate in DER')" same_root
}

# True if the root is among the certificates of --cacert.
same_root() {
	openssl x509 -inform DER -in "$tmp/body" -outform PEM \
	    2> /dev/null | sed 1d | tr -d '\n' > "$tmp/one"
	[ -s "$tmp/one" ] && tr -d '\r\n' < "$cacert" |
	    grep -qF -f "$tmp/one"
}

no_profile() {
	! is_code 200 || ! grep -q PayloadContent "$tmp/body"
}

check_password() {
	fetch "$tmp/body" --url "$enroll"
	judge password-none 'phase 1 without a password' 'no profile' \
	    "$(answer)" no_profile
	if is_code 401; then
		judge password-asked 'the answer 401' WWW-Authenticate \
		    "$(header www-authenticate)" \
		    [ -n "$(header www-authenticate)" ]
	else
		absent password-asked 'the answer 401' WWW-Authenticate \
		    "$(answer)"
	fi
	fetch "$tmp/body" -K - --url "$enroll" <<-CONF
	user = "$(escape '\"' "$user:not-$secret")"
	CONF
	judge password-wrong 'phase 1 with a wrong password' 'no profile' \
	    "$(answer)" no_profile
}

# ---- phase 1 ----

check_phase1() {
	walker walk
	phase1 "$out/01-enroll.response"
	accepted enroll 'phase 1 with the password'
	is_code 200 || return
	profile_rows enroll "$out/01-enroll.response"
	content "$out/01-enroll.response" "$out/service.plist"
	if ! read_service 2> "$tmp/said"; then
		row wrong enroll-content 'the profile: its address' \
		    'PayloadContent.URL' "$(reason)"
		return 1
	fi
	row right enroll-content 'the profile: its address' \
	    'PayloadContent.URL' 'is there'
	judge enroll-https 'the profile: its address' 'https' \
	    "${profile_url%%:*}" is_https "$profile_url"
	check_challenge
}

# check_challenge: compares the challenges of two enrollments.
check_challenge() {
	first=$challenge
	id=$(mcfg-get PayloadIdentifier "$out/service.plist" 2> /dev/null)
	if [ -z "$first" ]; then
		row wrong challenge-there 'the profile: Challenge' 'one' none
		unreached challenge-long 'the profile: Challenge' \
		    '16 characters or more'
		unreached challenge-fresh 'phase 1 again: Challenge' another
	else
		row right challenge-there 'the profile: Challenge' one one
		judge challenge-long 'the profile: Challenge' \
		    '16 characters or more' "${#first} characters" \
		    [ "${#first}" -ge 16 ]
	fi
	started again || :
	again=$(mcfg-get PayloadIdentifier "$out/service.plist" 2> /dev/null)
	judge enroll-stable 'phase 1 again: PayloadIdentifier' 'the same' \
	    "$([ "$id" = "$again" ] && echo 'the same' || echo "$again")" \
	    [ "$id" = "$again" ]
	if [ -n "$first" ]; then
		alike=$(alike "$first" "$challenge")
		judge challenge-fresh 'phase 1 again: Challenge' another \
		    "$alike of ${#first} characters are alike" \
		    [ $((alike * 2)) -lt "${#first}" ]
	fi
	check_host
}

# alike A B: counts the positions with the same character, which reveals a
# counter or a date.
alike() {
	printf '%s\n' "$1" "$2" | awk 'NR == 1 { a = $0 } NR == 2 {
		for (i = 1; i <= length(a); i++)
			n += substr(a, i, 1) == substr($0, i, 1)
	}
	END { print n + 0 }'
}

# A service that trusts the Host header can be made to send devices elsewhere.
check_host() {
	fetch "$tmp/body" -H 'Host: elsewhere.invalid' -K - --url \
	    "$enroll" <<-CONF
	user = "$(escape '\"' "$user:$secret")"
	CONF
	content "$tmp/body" "$tmp/content"
	judge host-forged 'phase 1 with another Host' 'the address stays' \
	    "$(holds_not elsewhere.invalid "$tmp/content" && answer ||
	    echo 'the address of that host')" \
	    holds_not elsewhere.invalid "$tmp/content"
}

# ---- phase 2 ----

# wrong2 NAME SENT: sends a message that misbehaves as NAME says, with a
# challenge that is otherwise valid.
wrong2() {
	if started "phase2-$1" "$1"; then
		message2
		send2 "$out/03-profile.response"
		refused "phase2-$1" "$2" "$out/03-profile.response"
	else
		unreached "phase2-$1" "$2" refused
	fi
}

# form2 NAME SENT: sends a form that real devices use.
form2() {
	if started "phase2-$1" "$1"; then
		message2
		send2 "$out/03-profile.response"
		accepted "phase2-$1" "$2"
	else
		unreached "phase2-$1" "$2" accepted
	fi
}

check_phase2() {
	wrong2 wrong-challenge 'another challenge'
	wrong2 no-challenge 'no challenge'
	wrong2 foreign-factory 'signed by no factory'
	wrong2 named-factory 'signed by a factory of that name'
	wrong2 unsigned 'the attributes, not signed'
	wrong2 changed 'a byte changed after signing'
	wrong2 md5 'signed with MD5'
	wrong2 two-signers 'two signers'
	wrong2 trailing 'bytes behind the message'
	wrong2 truncated 'a part of the message'
	wrong2 empty 'no message'
	wrong2 large 'a megabyte of attributes'
	fetch "$tmp/body" --url "$profile_url"
	refused profile-get 'GET where messages are posted' "$tmp/body"

	form2 der 'DER where devices write BER'
	form2 no-attributes 'no signed attributes, as macOS'
	form2 no-intermediates 'only its own certificate'
}

# The walk that continues: BER, SHA-1, and a factory identity.
check_identify() {
	if ! started walk; then
		unreached phase2 'what a device sends' accepted
		return 1
	fi
	message2
	send2 "$out/03-profile.response"
	accepted phase2 'what a device sends'
	is_code 200 || return
	profile_rows phase2 "$out/03-profile.response"
	content "$out/03-profile.response" "$out/scep.plist"
	cp "$tmp/head" "$tmp/kept"
	send2 "$out/03-profile.again"
	refused challenge-repeated 'the same message again' \
	    "$out/03-profile.again"
	challenge_of_phase1=$challenge
	message2
	send2 "$out/03-profile.again"
	refused challenge-spent 'another message, the same challenge' \
	    "$out/03-profile.again"
}

# ---- SCEP ----

check_payload() {
	if ! read_scep 2> /dev/null; then
		row wrong scep-payload 'the profile: its SCEP payload' \
		    'an address' "$(sed 's/^mcfg-get: //' "$tmp/get")"
		return 1
	fi
	row right scep-payload 'the profile: its SCEP payload' 'an address' \
	    'is there'
	judge scep-key-size 'the payload: Keysize' '2048 to 4096' "$bits" \
	    key_size_is_right
	key_size_fits || bits=2048
	if [ -z "$SCEP_CHALLENGE" ]; then
		absent scep-challenge 'the payload: Challenge' 'its own' none
	else
		judge scep-challenge 'the payload: Challenge' 'its own' \
		    "${#SCEP_CHALLENGE} characters" own_challenge
	fi
}

key_size_is_right() {
	key_size_fits && [ "$bits" -ge 2048 ]
}

own_challenge() {
	[ "${#SCEP_CHALLENGE}" -ge 16 ] &&
	    [ "$SCEP_CHALLENGE" != "$challenge_of_phase1" ]
}

# certificates FILE: counts the certificates in a response to GetCACert, in $n;
# $single is set if it is a bare certificate.  Status 1, with the reason in
# $said, if no request can be made with them.
certificates() {
	n=0 single=
	mcfg-inspect --json "$1" > "$tmp/told" 2> /dev/null
	[ "$(of told kind)" != certificate ] || single=yes n=1
	while [ -z "$single" ] && [ $n -lt 64 ] &&
	    mcfg-get "certificates.$n.sha256" "$tmp/told" > /dev/null 2>&1
	do
		n=$((n + 1))
	done
	asks_it
}

# asks_it: makes a request for the CA in $ca_print, which is not sent.
asks_it() {
	stranger
	trusting scep-request --key "$tmp/stranger.key" --subject /CN=none \
	    --state "$tmp/none.state" -o "$tmp/none" 2> "$tmp/said"
	asked=$?
	said=$(reason)
	return $asked
}

has_fingerprint() {
	read_fingerprint
	asks_it
	asked=$?
	ca_print=
	return $asked
}

check_ca() {
	scep_get GetCACert "$out/04-getcacert.response"
	type=$(header content-type)
	if ! is_code 200; then
		row wrong getcacert 'GetCACert' 'certificates' "$(answer)"
		return 1
	fi
	if ! certificates "$out/04-getcacert.response"; then
		row wrong getcacert 'GetCACert' 'certificates' "$said"
		return 1
	fi
	row right getcacert GetCACert certificates "$n"
	want=application/x-x509-ca-ra-cert
	[ -z "$single" ] || want=application/x-x509-ca-cert
	judge getcacert-type 'GetCACert: Content-Type' "$want" \
	    "${type:-none}" has_word "$type" "$want"
	if scep CAFingerprint > "$tmp/print"; then
		judge ca-fingerprint 'the payload: CAFingerprint' \
		    'that of GetCACert' \
		    "$(has_fingerprint && echo right || echo another)" \
		    has_fingerprint
	elif is_https "$scep_url"; then
		absent ca-fingerprint 'the payload: CAFingerprint' \
		    'that of GetCACert' 'none; https'
	else
		row wrong ca-fingerprint 'the payload: CAFingerprint' \
		    'that of GetCACert' 'none, over http'
	fi
}

check_caps() {
	scep_get GetCACaps "$out/05-getcacaps.response"
	type=$(header content-type)
	if ! is_code 200; then
		: > "$out/05-getcacaps.response"
		absent getcacaps-type 'GetCACaps: Content-Type' text/plain \
		    "$(answer)"
		absent getcacaps 'GetCACaps' 'AES, SHA-256 or SHA-512' \
		    "$(answer)"
	else
		judge getcacaps-type 'GetCACaps: Content-Type' text/plain \
		    "${type:-none}" has_word "$type" text/plain
	fi
	read_caps "$out/05-getcacaps.response"
	! is_code 200 || judge getcacaps GetCACaps 'AES, SHA-256 or SHA-512' \
	    "$cipher $digest" is_strong
	floor_caps
	fetch "$tmp/body" -G --url "$scep_url" \
	    --data-urlencode operation=Nonsense
	refused scep-operation 'an operation that there is not' "$tmp/body"
	head -c 1048576 /dev/zero > "$tmp/big"
	fetch "$tmp/body" -H 'Content-Type: application/x-pki-message' \
	    --data-binary "@$tmp/big" \
	    --url "$(with_query "$scep_url" operation=PKIOperation)"
	refused scep-large 'a megabyte of zeros' "$tmp/body"
}

is_strong() {
	[ "$cipher" != des-ede3-cbc ] && [ "$digest" != sha1 ]
}

# issue TO: requests a certificate.  $issued is 0 if it was issued and 1 if it
# was refused; $said is the message.
issue() {
	if ! message_scep 2> "$tmp/said"; then
		issued=4 said=$(reason)
		return
	fi
	send_scep "$out/07-pkioperation.response" || :
	reply "$1"
}

# reply TO: reads the response.
reply() {
	issued=4 said=$(answer)
	if is_refusal; then
		issued=1
		return
	fi
	is_code 200 || return
	read_reply "$out/07-pkioperation.response" "$1" 2> "$tmp/said"
	issued=$? said=$(reason)
	[ "$issued" -ne 0 ] || said='a certificate'
}

# wrong_scep NAME SENT: with a challenge that is otherwise valid.
wrong_scep() {
	bad=" $1 "
	issue "$tmp/no.pem"
	bad=' '
	judge "$1" "$2" 'no certificate' "$said" [ "$issued" -eq 1 ]
}

# A challenge for one subject must not work for another: the request is
# refused, or certified with the subject of the challenge.
check_subject() {
	if ! identified other; then
		unreached other-subject 'another subject' 'not certified'
		return
	fi
	cp "$dir/walk/04-getcacert.response" "$dir/walk/identity-key.pem" \
	    "$out/" || exit 4
	bad=' other-subject '
	issue "$out/identity.pem"
	bad=' '
	[ "$issued" -ne 0 ] || said=$(openssl x509 -in "$out/identity.pem" \
	    -noout -subject -nameopt RFC2253)
	judge other-subject 'another subject' 'not certified' "$said" \
	    no_other
}

no_other() {
	case $issued:$said in
	0:*OU=Other*) return 1 ;;
	[01]:*) return 0 ;;
	esac
	return 1
}

check_scep() {
	new_key
	if [ -n "$SCEP_CHALLENGE" ]; then
		wrong_scep wrong-scep-challenge 'a request, another challenge'
		wrong_scep no-scep-challenge 'a request, no challenge'
	else
		absent wrong-scep-challenge \
		    'a request, another challenge' 'no certificate'
		absent no-scep-challenge 'a request, no challenge' \
		    'no certificate'
	fi
	issue "$out/identity.pem"
	type=$(header content-type)
	! is_code 200 || judge scep-type 'the reply: Content-Type' \
	    application/x-pki-message "${type:-none}" \
	    has_word "$type" application/x-pki-message
	judge scep 'what a device sends' 'a certificate' "$said" \
	    [ "$issued" -eq 0 ]
	! is_code 200 || check_reply
	[ "$issued" -eq 0 ] || return
	check_repeated
}

# check_reply: compares the reply's signed attributes with those of the
# request.
check_reply() {
	mcfg-inspect --json "$out/06-pkioperation.request" > "$tmp/asked" \
	    2> /dev/null
	mcfg-inspect --json "$out/07-pkioperation.response" > "$tmp/told" \
	    2> /dev/null
	made=$(of told content.cms.cipher)
	judge scep-transaction 'the reply: transactionID' \
	    'that of the request' "$(of told transaction_id)" \
	    [ "$(of told transaction_id)" = "$(of asked transaction_id)" ]
	judge scep-recipient-nonce 'the reply: recipientNonce' \
	    'what the request said' "$(of told recipient_nonce)" \
	    [ "$(of told recipient_nonce)" = "$(of asked sender_nonce)" ]
	judge scep-sender-nonce 'the reply: senderNonce' '16 bytes, its own' \
	    "$(of told sender_nonce)" own_nonce "$(of told sender_nonce)"
	if [ -n "$made" ]; then
		judge scep-cipher 'the reply: its cipher' \
		    'AES or triple DES' "$made" good_cipher "$made"
	else
		unreached scep-cipher 'the reply: its cipher' \
		    'AES or triple DES' 'nothing encrypted'
	fi
}

# of WHICH KEY: prints a value from the report of mcfg-inspect, or nothing.
of() {
	mcfg-get "$2" "$tmp/$1" 2> /dev/null
}

own_nonce() {
	[ "${#1}" -eq 32 ] && [ "$1" != "$(of asked sender_nonce)" ]
}

good_cipher() {
	case $1 in
	aes*|des-ede3-cbc) return 0 ;;
	esac
	return 1
}

check_repeated() {
	cp "$out/07-pkioperation.response" "$tmp/reply"
	send_scep "$out/07-pkioperation.response" || :
	reply "$tmp/second.pem"
	judge scep-repeated 'the same request again' 'no second certificate' \
	    "$([ "$issued" -eq 0 ] && same_certificate &&
	    echo 'the same certificate' || printf '%s' "$said")" no_second
	cp "$tmp/reply" "$out/07-pkioperation.response"
	if [ -z "$SCEP_CHALLENGE" ]; then
		absent scep-spent 'another key, the same challenge' \
		    'no certificate'
		return
	fi
	cp "$out/identity-key.pem" "$tmp/key" || exit 4
	new_key
	issue "$tmp/no.pem"
	judge scep-spent 'another key, the same challenge' 'no certificate' \
	    "$said" [ "$issued" -eq 1 ]
	cp "$tmp/key" "$out/identity-key.pem" &&
	    cp "$tmp/reply" "$out/07-pkioperation.response" || exit 4
}

same_certificate() {
	cmp -s "$tmp/second.pem" "$out/identity.pem"
}

no_second() {
	[ "$issued" -eq 1 ] || { [ "$issued" -eq 0 ] && same_certificate; }
}

# ---- phase 3 ----

# wrong3 NAME SENT
wrong3() {
	bad=" $1 "
	message3
	bad=' '
	send3 "$dir/phase3-$1.response"
	cp "$out/08-profile.request" "$dir/phase3-$1.request"
	refused "phase3-$1" "$2" "$dir/phase3-$1.response"
}

# enveloped PROFILE: writes its EncryptedPayloadContent to $tmp/enveloped.
enveloped() {
	content "$1" "$tmp/content"
	mcfg-get EncryptedPayloadContent "$tmp/content" > "$tmp/enveloped" \
	    2> /dev/null
}

# recipients: prints how many can decrypt $tmp/enveloped.
recipients() {
	openssl cms -cmsout -print -inform DER -in "$tmp/enveloped" \
	    2> /dev/null | grep -c '^ *d\.[a-z]*:'
}

# opens CERT KEY: true if they decrypt $tmp/enveloped.
opens() {
	openssl cms -decrypt -binary -inform DER -in "$tmp/enveloped" \
	    -recip "$1" -inkey "$2" -out "$tmp/plain" 2> /dev/null &&
	    grep -q . "$tmp/plain"
}

only_own() {
	[ "$(recipients)" -eq 1 ] &&
	    opens "$out/identity.pem" "$out/identity-key.pem"
}

readers() {
	number=$(recipients)
	if ! opens "$out/identity.pem" "$out/identity-key.pem"; then
		echo "$number, not the device"
	elif [ "$number" -eq 1 ]; then
		echo 'the device'
	else
		echo "the device and $((number - 1)) more"
	fi
}

check_phase3() {
	phase=3
	wrong3 other-udid 'another UDID than in phase 2'
	wrong3 foreign-signer 'signed by the factory identity'
	wrong3 named-signer 'signed by an identity of that name'
	wrong3 unsigned 'the attributes, not signed'
	wrong3 changed 'a byte changed after signing'
	wrong3 two-signers 'two signers'
	wrong3 trailing 'bytes behind the message'

	message3
	send3 "$out/09-profile.response"
	accepted phase3 'what a device sends'
	is_code 200 || return
	profile_rows phase3 "$out/09-profile.response"
	send3 "$out/09-profile.again"
	judge phase3-repeated 'the same message again' \
	    'accepted, or 301' "$(answer)" is_code 200 301
	if ! enveloped "$out/09-profile.response"; then
		row wrong profile-encrypted 'the profile: its content' \
		    encrypted 'for all to read'
		unreached profile-reader 'the profile: who can read it' \
		    'the device'
		unreached phase3-appended "a stranger's certificate inside" \
		    'the device reads'
	else
		row right profile-encrypted 'the profile: its content' \
		    encrypted encrypted
		judge profile-reader 'the profile: who can read it' \
		    'the device' "$(readers)" only_own
		check_appended
	fi
	check_override
}

check_appended() {
	bad=' appended '
	message3
	bad=' '
	send3 "$dir/phase3-appended.response"
	if is_code 200 && enveloped "$dir/phase3-appended.response"; then
		judge phase3-appended "a stranger's certificate inside" \
		    'the device reads' "$(readers)" only_own
	else
		refused phase3-appended "a stranger's certificate inside" \
		    "$dir/phase3-appended.response"
	fi
}

# The device's own values must not replace those of the server.
check_override() {
	bad=' override '
	message3
	bad=' '
	send3 "$dir/phase3-override.response"
	if ! is_code 200; then
		refused phase3-override 'names of server variables' \
		    "$dir/phase3-override.response"
		return
	fi
	content "$dir/phase3-override.response" "$tmp/all"
	! enveloped "$dir/phase3-override.response" ||
	    ! opens "$out/identity.pem" "$out/identity-key.pem" ||
	    cat "$tmp/plain" >> "$tmp/all"
	judge phase3-override 'names of server variables' \
	    'not in the profile' "$(holds_not "$MARK" "$tmp/all" &&
	    echo 'not there' || echo 'in the profile')" \
	    holds_not "$MARK" "$tmp/all"
}

# ---- checks of all responses ----

check_refusals() {
	if [ ! -s "$tmp/refusals" ]; then
		absent refusals-alike 'all answers 403' 'the same body' \
		    'none was 403'
		return
	fi
	bodies=$(cut -d ' ' -f 1 "$tmp/refusals" | sort -u | wc -l)
	judge refusals-alike "all $(wc -l < "$tmp/refusals") answers 403" \
	    'the same body' "$((bodies)) of them" [ "$bodies" -eq 1 ]
}

check_enrolled() {
	if ! check_scep; then
		unreached phase3 'what a device sends' accepted
	else
		check_phase3
	fi
	check_subject
}

check_service() {
	columns verdict check sent expected came
	check_connection
	check_password
	if ! check_phase1; then
		unreached phase2 'what a device sends' accepted
		unreached phase3 'what a device sends' accepted
		return
	fi
	check_phase2
	if check_identify && check_payload && check_ca; then
		check_caps
		check_enrolled
	else
		unreached scep 'what a device sends' 'a certificate'
		unreached phase3 'what a device sends' accepted
	fi
	check_refusals
}

# checks: makes the whole table; status 1 if anything is wrong.
checks() {
	check_service
	echo "$right right, $wrong wrong, $none not offered or not reached"
	[ "$wrong" -eq 0 ]
}
