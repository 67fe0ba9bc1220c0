# What the SCEP tests share; loaded after helpers.
#
# Clients here are made of the openssl command and tests/scep.py, so that the
# server is not judged by its own other half.

# ca DIR [init options]: a CA; it is shared with other tests, unless an option
# names a file.
ca() {
	local dir=$1
	shift
	if [[ $* == */* || -e $dir ]]; then
		init_ca "$@" "$dir"
	else
		shared "ca$(printf %s "$@")" init_ca "$@"
		cp -a "$SHARED" "$dir"
	fi
}

# init_ca [options] DIR
init_ca() {
	scep-ca init --subject '/O=Example/CN=CA' "${@:1:$#-1}" \
	    --dir "${*: -1}"
}

# listed DIR [options]: how many certificates or requests "list" shows.
listed() {
	local dir=$1
	shift
	scep-ca list --dir "$dir" "$@" | tail -n +2 | wc -l
}

# challenge DIR [options]: a fresh challenge, printed.
challenge() {
	local dir=$1
	shift
	scep-ca challenge --dir "$dir" "$@"
}

# device NAME [CN] [bits]: NAME.key and the self-signed NAME.pem.
device() {
	rsa_key "$1.key" "${3:-2048}"
	openssl req -x509 -new -key "$1.key" -days 30 -out "$1.pem" \
	    -subj "/CN=${2:-$(basename "$1")}"
}

# csr NAME SUBJECT CHALLENGE [config lines of the extensions...]: NAME.csr in
# DER, for NAME.key; an empty challenge is left out.  With openssl's -subj no
# challenge would get in, so the subject goes into the configuration.
csr() {
	local name=$1 subject=$2 password=$3 part n=0
	shift 3
	{
		printf '[req]\nprompt=no\ndistinguished_name=dn\n'
		printf 'string_mask=utf8only\nutf8=yes\n'
		[ -z "$password" ] || printf 'attributes=attr\n'
		[ $# -eq 0 ] || printf 'req_extensions=ext\n'
		printf '[attr]\n'
		[ -z "$password" ] || printf 'challengePassword="%s"\n' \
		    "$password"
		printf '[dn]\n'
		while IFS= read -r part; do
			[ -z "$part" ] || printf '%d.%s="%s"\n' $((n++)) \
			    "${part%%=*}" "${part#*=}"
		done < <(printf '%s\n' "$subject" | tr / '\n')
		printf '[ext]\n'
		printf '%s\n' "$@"
	} > "$name.cnf"
	openssl req -new -config "$name.cnf" -key "$name.key" \
	    "-${CSR_DIGEST:-sha256}" -outform DER -out "$name.csr"
}

# sealed CA_PEM FILE OUT [cipher]: EnvelopedData of FILE.
sealed() {
	openssl cms -encrypt -binary -outform DER "-${4:-aes-128-cbc}" \
	    -in "$2" -out "$3" "$1"
}

# message DIR NAME [options of scep.py make]: NAME.csr sealed and signed by
# NAME.pem, into NAME.msg.
message() {
	local dir=$1 name=$2
	shift 2
	sealed "${SCEP_TO:-$dir/cert.pem}" "$name.csr" "$name.env" \
	    "${SCEP_CIPHER:-aes-128-cbc}"
	python3 "$TESTS/scep.py" make --signer "$name.pem" \
	    --key "$name.key" --envelope "$name.env" "$@" > "$name.msg"
}

# answer DIR NAME: the reply to NAME.msg in NAME.reply, its attributes in
# NAME.attrs; standard error in NAME.err.
answer() {
	scep-ca answer --dir "$1" --operation PKIOperation "$2.msg" \
	    > "$2.reply" 2> "$2.err" || {
		echo "status $?: $(cat "$2.err")"
		return 1
	}
	cat "$1/root.pem" "$1/chain.pem" > "$2.cas"
	openssl cms -verify -binary -inform DER -in "$2.reply" -purpose any \
	    -CAfile "$2.cas" -out "$2.inner" 2> "$2.verify" || {
		cat "$2.verify"
		return 1
	}
	python3 "$TESTS/scep.py" read "$2.reply" > "$2.attrs"
}

# attribute NAME KEY: its value in the reply.
attribute() {
	sed -n "s/^$2=//p" "$1.attrs"
}

# granted DIR NAME: the answer is a certificate, in NAME.cert, judged by
# openssl: it chains, holds the key, and was encrypted to the signer.
granted() {
	answer "$1" "$2" || return 1
	if [ "$(attribute "$2" pkiStatus)" != 0 ] || [ -s "$2.err" ]; then
		cat "$2.attrs" "$2.err"
		return 1
	fi
	openssl cms -decrypt -binary -inform DER -in "$2.inner" \
	    -recip "$2.pem" -inkey "$2.key" -out "$2.p7" || return 1
	openssl pkcs7 -inform DER -in "$2.p7" -print_certs -out "$2.cert" \
	    || return 1
	openssl verify -CAfile "$1/root.pem" -untrusted "$1/chain.pem" \
	    "$2.cert" > "$2.chain" 2>&1 || {
		cat "$2.chain"
		return 1
	}
}

# denied DIR NAME INFO TEXT: a FAILURE with this failInfo, the text in
# failInfoText and in the one line on standard error; nothing was issued.
denied() {
	local before after

	before=$(scep-ca list --dir "$1" | wc -l)
	answer "$1" "$2" || return 1
	after=$(scep-ca list --dir "$1" | wc -l)
	if [ "$(attribute "$2" pkiStatus)" != 2 ] ||
	    [ "$(attribute "$2" failInfo)" != "$3" ] ||
	    [[ "$(attribute "$2" failInfoText)" != *"$4"* ]] ||
	    [ "$(wc -l < "$2.err")" -ne 1 ] || ! grep -qF -e "$4" "$2.err" ||
	    [ -s "$2.inner" ] || [ "$before" != "$after" ]; then
		cat "$2.attrs" "$2.err"
		echo "certificates before $before, after $after"
		return 1
	fi
}

# whispers NAME TEXT: the real cause of a refusal that names several, which
# only the operator hears; the reply is the same, and nothing is changed.
whispers() {
	scep-ca answer --dir ca --operation PKIOperation --dry-run -v \
	    "$1.msg" > "$1.dry" 2> "$1.whispered" || return 1
	python3 "$TESTS/scep.py" read "$1.dry" |
	    grep -vE '^(senderNonce|signingTime)=' |
	    diff - <(grep -vE '^(senderNonce|signingTime)=' "$1.attrs") ||
	    return 1
	grep -qF -e "$2" "$1.whispered" || { cat "$1.whispered"; return 1; }
	run -1 grep -F -e "$2" "$1.err"
}
