# shellcheck shell=sh
# device.sh: the simulated device.  mcfg-device reads this file after its
# command line.  The steps use these variables:
#
#	url enroll cacert	the service
#	user secret		the user who enrolls
#	udid serial product	what the device says about itself
#	identity identity_key	its factory identity, PEM
#	out			folder for the messages of this walk
#	bad			how it misbehaves: " NAME 3:NAME "
#	tmp			a folder that is removed at the end
#
# A step leaves the response in $out, and sets $code and $tmp/head.

# The ways to misbehave, for --misbehave list and to check a name.
misbehaviours() {
	cat <<-'TEXT'
	wrong-challenge       phase 2 with another challenge than it was given
	no-challenge          phase 2 without one
	foreign-factory       phase 2 signed by an identity of no factory
	named-factory         phase 2 signed by an identity whose factory has
	                      the right name, and nothing else
	other-udid            phase 3 with another UDID than in phase 2
	foreign-signer        phase 3 signed by the factory identity
	named-signer          phase 3 signed by an identity with the names and
	                      the number of the new one, and another key
	override              attributes with the names of server variables
	no-intermediates      only the signer's own certificate inside
	no-certificates       not even that
	appended              a stranger's certificate inside
	two-signers           a stranger's signature beside its own
	no-attributes         no signed attributes, as macOS does
	der                   DER; a device writes BER
	sha256                SHA-256; a device signs with SHA-1
	md5                   MD5
	unsigned              the attributes as they are, not signed
	changed               a byte changed after signing
	trailing              bytes behind the message
	truncated             only a part of the message
	empty                 no message at all
	large                 a megabyte of attributes
	wrong-scep-challenge  another challenge in the request to the CA
	no-scep-challenge     none in it
	other-subject         another subject in it
	repeat-phase2         the same message twice
	repeat-scep           the same request to the CA twice
	repeat-phase3         the same message twice
	lost-phase2           the answer is lost: again, then all over again
	lost-scep             the same, of the answer of the CA
	lost-phase3           the same, of the configuration
	TEXT
}

# is NAME: true if the device misbehaves in this way in this phase.
is() {
	case $bad in
	*" $1 "*|*" ${phase:-0}:$1 "*) return 0 ;;
	esac
	return 1
}

# random N: N random bytes, in hexadecimal.
random() {
	openssl rand -hex "$1" || die 4 'openssl gives no random numbers'
}

# xml TEXT
xml() {
	rest=$1 made=
	while [ -n "$rest" ]; do
		tail=${rest#?}
		case $rest in
		'&'*) made="$made&amp;" ;;
		'<'*) made="$made&lt;" ;;
		'>'*) made="$made&gt;" ;;
		*) made=$made${rest%"$tail"} ;;
		esac
		rest=$tail
	done
	printf '%s' "$made"
}

# ---- identities ----

# said WHAT: fails with OpenSSL's message.
said() {
	die 4 "$1: $(sed -n '/./{p;q;}' "$tmp/openssl")"
}

# ca_named CERT TO: makes a CA that shares only its name with CERT's issuer:
# TO.pem, TO.key.
ca_named() {
	openssl x509 -in "$1" -noout -issuer -nameopt \
	    RFC2253,-dn_rev,-esc_msb,utf8,sep_multiline > "$2.name" \
	    2> "$tmp/openssl" || said "$1: cannot read its issuer"
	issuer=$(sed -n '1d; s/^ *//; s|/|\\/|g; s|^|/|p' "$2.name" |
	    tr -d '\n')
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -utf8 \
	    -subj "$issuer" -keyout "$2.key" -out "$2.pem" \
	    2> "$tmp/openssl" || said 'cannot make a CA'
}

# certified CA CA-KEY SUBJECT SERIAL BITS DIGEST TO: makes a key and its
# certificate: TO.key, TO.pem.
certified() {
	cat > "$7.conf" <<-'CONF'
	basicConstraints = critical, CA:FALSE
	keyUsage = critical, digitalSignature, keyEncipherment
	extendedKeyUsage = serverAuth, clientAuth
	CONF
	openssl req -new -newkey "rsa:$5" "-$6" -nodes -utf8 -subj "$3" \
	    -keyout "$7.key" -out "$7.csr" 2> "$tmp/openssl" &&
	    openssl x509 -req -in "$7.csr" "-$6" -CA "$1" -CAkey "$2" \
	    -set_serial "0x$4" -days 30 -extfile "$7.conf" -out "$7.pem" \
	    2> "$tmp/openssl"
}

# manufactured TO: makes an identity of --factory, as weak as that of real
# devices if the library still supports that.
manufactured() {
	certified "$factory" "$factory_key" "/CN=$udid" "$(random 8)" \
	    1024 sha1 "$1" ||
	    certified "$factory" "$factory_key" "/CN=$udid" "$(random 8)" \
	    2048 sha256 "$1" || said "$factory: cannot make an identity of it"
}

# An unknown signer: $tmp/stranger.{pem,key}.
stranger() {
	[ -e "$tmp/stranger.pem" ] ||
	    openssl req -x509 -newkey rsa:2048 -nodes -days 30 \
	    -subj "/O=Stranger/CN=$udid" -keyout "$tmp/stranger.key" \
	    -out "$tmp/stranger.pem" 2> "$tmp/openssl" ||
	    said 'a certificate of a stranger'
}

# A device of a CA that has only the factory's name: $tmp/named.{pem,key}.
named_factory() {
	[ ! -e "$tmp/named.pem" ] || return 0
	ca_named "$identity" "$tmp/factory"
	certified "$tmp/factory.pem" "$tmp/factory.key" "/CN=$udid" \
	    "$(random 8)" 2048 sha256 "$tmp/named" ||
	    said 'cannot make an identity of another factory'
}

# A copy of the new identity by a CA that has only the real CA's name:
# $tmp/copy.*.
named_signer() {
	[ ! -e "$tmp/copy.pem" ] || return 0
	ca_named "$out/identity.pem" "$tmp/authority"
	number=$(openssl x509 -in "$out/identity.pem" -noout -serial) ||
	    die 4 "$out/identity.pem: its serial number cannot be read"
	certified "$tmp/authority.pem" "$tmp/authority.key" \
	    "${subject:-/CN=$udid}" "${number#*=}" 2048 sha256 "$tmp/copy" ||
	    said 'cannot make a copy of the identity'
}

# ---- messages ----

# attribute NAME: prints what the device says; nothing if it lacks the
# attribute.
attribute() {
	case $1 in
	UDID) printf '%s' "$udid" ;;
	SERIAL) printf '%s' "$serial" ;;
	PRODUCT) printf '%s' "$product" ;;
	VERSION) printf 21A329 ;;
	IMEI) printf '01 335200 242816 7' ;;
	MEID) printf 01335200242816 ;;
	ICCID) printf '8949 0200 0012 3456 789' ;;
	MAC_ADDRESS_EN0) printf '02:00:00:00:00:01' ;;
	DEVICE_NAME) printf 'Simulated device' ;;
	esac
}

# pair NAME VALUE: prints nothing if VALUE is empty.
pair() {
	[ -z "$2" ] || printf '\t<key>%s</key>\n\t<string>%s</string>\n' \
	    "$(xml "$1")" "$(xml "$2")"
}

# No device says this, and no profile may repeat it.
MARK='said by the device'

# overrides: names of variables that a server may use.
overrides() {
	for name in USER ENROLLMENT USER_NAME USER_mail PATH PROFILE; do
		pair $name "$MARK"
	done
	[ "$phase" = 2 ] || pair CHALLENGE "$MARK"
}

# attributes CHALLENGE: prints the dictionary, with the attributes that were
# asked for.
attributes() {
	cat <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
	<plist version="1.0">
	<dict>
	XML
	pair CHALLENGE "$1"
	i=0
	while [ $i -lt 64 ] &&
	    name=$(mcfg-get "PayloadContent.DeviceAttributes.$i" \
	    "$out/service.plist" 2> /dev/null) && [ "${#name}" -le 256 ]; do
		pair "$name" "$(attribute "$name")"
		i=$((i + 1))
	done
	! is override || overrides
	if is large; then
		printf '\t<key>PAD</key>\n\t<string>'
		head -c 1048576 /dev/zero | tr '\0' A
		printf '</string>\n'
	fi
	printf '</dict>\n</plist>\n'
}

# bag: writes the additional certificates to $tmp/bag.
bag() {
	: > "$tmp/bag"
	if [ "$phase" = 2 ] && ! is no-intermediates; then
		awk '/^-----BEGIN CERT/ { n++ } n > 1' "$identity" \
		    > "$tmp/bag" || die 4 "$identity: missing or unreadable"
	fi
	if is appended; then
		stranger
		cat "$tmp/stranger.pem" >> "$tmp/bag"
	fi
}

# sign CERT KEY IN OUT: signs like a device: in BER, and with SHA-1 if the
# library still supports that.
sign() {
	cert=$1 key=$2 in=$3 to=$4
	bag
	set -- -signer "$cert" -inkey "$key"
	if is two-signers; then
		stranger
		set -- "$@" -signer "$tmp/stranger.pem" \
		    -inkey "$tmp/stranger.key"
	fi
	[ ! -s "$tmp/bag" ] || set -- "$@" -certfile "$tmp/bag"
	! is no-certificates || set -- "$@" -nocerts
	if is no-attributes; then
		set -- "$@" -noattr
	else
		set -- "$@" -nosmimecap
	fi
	is der || set -- "$@" -stream
	digests='sha1 sha256'
	! is sha256 || digests=sha256
	! is md5 || digests=md5
	rm -f "$to"
	for md in $digests; do
		openssl cms -sign -binary -nodetach "$@" -md "$md" \
		    -in "$in" -outform DER -out "$to" \
		    2> "$tmp/openssl" && break
	done
	[ -s "$to" ] || said "$where: cannot sign"
}

# end_of_plist MESSAGE: prints the position of the line end after </plist>.
end_of_plist() {
	od -An -v -tx1 "$1" | tr -d ' \n' | awk '
	{
		at = index($0, "3c2f706c6973743e")
		if (at % 2 == 0)
			exit 1
		print (at - 1) / 2 + 8
	}'
}

# spoil PLIST MESSAGE: damages a message as in transit.
spoil() {
	! is unsigned || cp "$1" "$2"
	if is changed; then
		at=$(end_of_plist "$2") ||
		    die 4 "$where: nothing to change in the message"
		printf ' ' | dd of="$2" bs=1 seek="$at" conv=notrunc \
		    2> /dev/null
	fi
	! is trailing || printf 'trailing' >> "$2"
	if is truncated; then
		head -c 700 "$2" > "$tmp/part" && cp "$tmp/part" "$2"
	fi
	! is empty || : > "$2"
}

# ---- HTTP ----

# fetch FILE CURL-ARG...: writes the body to FILE and the header to $tmp/head,
# and sets $code.  Status 1, with the reason in $why, if no complete response
# of at most 16 MiB arrives within 60 seconds.
agent=Profile/1.0
fetch() {
	to=$1 expect=
	shift
	# A server refuses a large body before all of it is sent, and closes.
	for arg; do
		case $arg in
		@*) [ "$(wc -c < "${arg#@}")" -le 65536 ] ||
		    expect=100-continue ;;
		esac
	done
	fetch_url "$to" 16777216 60 "$@"
}

# header NAME: prints its value in the last response; NAME is in lower case.
header() {
	awk -v name="$1" '{ sub(/\r$/, "") }
	    /^HTTP\// { value = "" }
	    tolower(substr($0, 1, length(name) + 1)) == name ":" {
		value = substr($0, length(name) + 2)
		sub(/^[ \t]+/, "", value)
	    }
	    END { print value }' "$tmp/head"
}

# ---- the steps ----

# phase1 FILE: fetches the profile that asks for the device's attributes.
phase1() {
	where='phase 1' phase=1
	fetch "$1" -K - --url "$enroll" <<-CONF
	user = "$(escape '\"' "$user:$secret")"
	CONF
}

# short TEXT: fails if it is longer than such a text can be.
short() {
	[ "${#1}" -le 1024 ]
}

# read_service: reads the profile of phase 1, $out/service.plist.
read_service() {
	profile_url=$(mcfg-get PayloadContent.URL "$out/service.plist") ||
	    return
	challenge=$(mcfg-get PayloadContent.Challenge "$out/service.plist" \
	    2> /dev/null) || challenge=
	if ! http_url "$profile_url"; then
		line "$where: PayloadContent.URL: not an http or https address"
		return 1
	fi
	if ! short "$challenge"; then
		line "$where: PayloadContent.Challenge: longer than 1024"
		return 1
	fi
}

# message2: writes the device's attributes to $out/02-profile.request.
message2() {
	where='phase 2' phase=2
	tells=$challenge signer=$identity signer_key=$identity_key
	! is no-challenge || tells=
	if is wrong-challenge; then
		tells=$(random 16) || exit
	fi
	if is foreign-factory; then
		stranger
		signer=$tmp/stranger.pem signer_key=$tmp/stranger.key
	elif is named-factory; then
		named_factory
		signer=$tmp/named.pem signer_key=$tmp/named.key
	fi
	attributes "$tells" > "$out/attributes.plist" || exit 4
	sign "$signer" "$signer_key" "$out/attributes.plist" \
	    "$out/02-profile.request"
	spoil "$out/attributes.plist" "$out/02-profile.request"
}

# message3: the same, signed by the new identity, in $out/08-profile.request.
message3() {
	where='phase 3' phase=3
	signer=$out/identity.pem signer_key=$out/identity-key.pem
	if is foreign-signer; then
		signer=$identity signer_key=$identity_key
	elif is named-signer; then
		named_signer
		signer=$tmp/copy.pem signer_key=$tmp/copy.key
	fi
	own_udid=$udid
	if is other-udid; then
		udid=$(random 20) || exit
	fi
	attributes '' > "$tmp/plist" || exit 4
	udid=$own_udid
	sign "$signer" "$signer_key" "$tmp/plist" "$out/08-profile.request"
	spoil "$tmp/plist" "$out/08-profile.request"
}

# post MESSAGE FILE: posts it to the profile service, like a device.
post() {
	fetch "$2" --data-binary "@$1" \
	    -H 'Content-Type: application/pkcs7-signature' \
	    --url "$profile_url"
}

send2() {
	post "$out/02-profile.request" "$1"
}

send3() {
	post "$out/08-profile.request" "$1"
}

# scep KEY: prints a value of the SCEP payload's inner dictionary.
scep() {
	mcfg-get "PayloadContent.0.PayloadContent.$1" "$out/scep.plist" \
	    2> "$tmp/get"
}

# read_scep: reads the profile of phase 2, $out/scep.plist; status 1, with the
# reason in $tmp/get, if that fails.
read_scep() {
	where=SCEP phase=scep
	scep_url=$(scep URL) || return
	ca_name=$(scep Name) || ca_name=
	bits=$(scep Keysize) || bits=2048
	SCEP_CHALLENGE=$(scep Challenge) || SCEP_CHALLENGE=
	subject='' i=0
	while type=$(scep "Subject.$i.0.0"); do
		value=$(scep "Subject.$i.0.1") || return
		if [ $i -ge 64 ] || ! short "$type" || ! short "$value"; then
			echo 'Subject: too long' > "$tmp/get"
			return 1
		fi
		subject="$subject/$(escape '\/=' "$type")=$(escape '\/' "$value")"
		i=$((i + 1))
	done
	why=
	http_url "$scep_url" || why='URL: not an http or https address'
	short "$ca_name" || why='Name: longer than 1024'
	short "$SCEP_CHALLENGE" || why='Challenge: longer than 1024'
	printf '%s\n' "$why" > "$tmp/get"
	[ -z "$why" ]
}

# key_size_fits: true if a device would make a key of $bits.  A server must not
# keep this machine busy with a huge number.
key_size_fits() {
	case $bits in
	[1-9][0-9][0-9][0-9]) [ "$bits" -ge 1024 ] && [ "$bits" -le 4096 ] ;;
	*) return 1 ;;
	esac
}

# scep_get OPERATION FILE
scep_get() {
	fetch "$2" -G --url "$scep_url" --data-urlencode "operation=$1" \
	    --data-urlencode "message=$ca_name"
}

# read_fingerprint: sets $ca_print to the CAFingerprint of the payload, in
# hexadecimal, or empties it.
read_fingerprint() {
	ca_print=
	if scep CAFingerprint > "$tmp/print"; then
		ca_print=$(head -c 100 "$tmp/print" | od -An -v -tx1 |
		    tr -d ' \n')
		ca_print=${ca_print:-none}
	fi
}

# fingerprint_fits: true if $ca_print is empty or has the length of a digest.
fingerprint_fits() {
	case ${#ca_print} in
	0|32|40|64|128) return 0 ;;
	esac
	return 1
}

# trusting TOOL ARG...: runs scep-request or scep-response.  They identify the
# CA by its own response, and by $ca_print if the payload has a fingerprint.
ca_print=
trusting() {
	tool=$1
	shift
	[ -n "$ca_print" ] || set -- --no-trust "$@"
	"$tool" --ca "$out/04-getcacert.response" \
	    ${ca_print:+--fingerprint "$ca_print"} \
	    ${ra_print:+--ra-fingerprint "$ra_print"} "$@"
}

# read_caps FILE: sets $cipher and $digest, and $by_post if the CA supports it.
read_caps() {
	cipher=des-ede3-cbc digest=sha1 by_post=
	head -c 4096 "$1" > "$tmp/caps"
	while IFS= read -r cap || [ -n "$cap" ]; do
		case $cap in
		AES*|SCEPStandard*) cipher=aes-128-cbc ;;
		POSTPKIOperation*) by_post=yes ;;
		esac
		case $cap in
		SHA-512*) digest=sha512 ;;
		SHA-256*|SCEPStandard*)
			[ "$digest" = sha512 ] || digest=sha256 ;;
		esac
	done < "$tmp/caps"
}

# floor_caps: GetCACaps is not signed, so it cannot lower these values.
floor_caps() {
	[ "$cipher" != des-ede3-cbc ] || cipher=aes-128-cbc
	[ "$digest" != sha1 ] || digest=sha256
}

new_key() {
	openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$bits" \
	    -out "$out/identity-key.pem" 2> "$tmp/openssl" ||
	    said "$where: cannot make a key of $bits bits"
}

# message_scep: writes a request to $out/06-pkioperation.request.
message_scep() {
	(
		! is no-scep-challenge || SCEP_CHALLENGE=
		if is wrong-scep-challenge; then
			SCEP_CHALLENGE=$(random 16) || exit
		fi
		! is other-subject || subject=$subject/OU=Other
		export SCEP_CHALLENGE
		trusting scep-request \
		    --key "$out/identity-key.pem" --subject "$subject" \
		    ${SCEP_CHALLENGE:+--challenge env:SCEP_CHALLENGE} \
		    --digest "$digest" --cipher "$cipher" \
		    --state "$out/state" -o "$out/06-pkioperation.request"
	)
}

send_scep() {
	if [ -n "$by_post" ]; then
		fetch "$1" -H 'Content-Type: application/x-pki-message' \
		    --data-binary "@$out/06-pkioperation.request" \
		    --url "$(with_query "$scep_url" operation=PKIOperation)"
	else
		openssl base64 -A -in "$out/06-pkioperation.request" \
		    -out "$tmp/message" || exit 4
		fetch "$1" -G --url "$scep_url" \
		    --data-urlencode operation=PKIOperation \
		    --data-urlencode message@- < "$tmp/message"
	fi
}

# read_reply FILE TO: writes the certificate in a reply; returns the status of
# scep-response.
read_reply() {
	trusting scep-response --state "$out/state" \
	    --key "$out/identity-key.pem" ${allow_des:+--allow-des} \
	    -o "$2" "$1"
}
