# What the SCEP tests share; loaded after helpers.
#
# The clients here are openssl and tests/scep.py: our own client must not be the
# judge of our server.

# ca DIR [init options]: makes a CA, a copy of one that tests share unless an
# option names a file.
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

# listed DIR [options]: counts the certificates or requests that list shows.
listed() {
	local dir=$1
	shift
	scep-ca list --dir "$dir" "$@" | tail -n +2 | wc -l
}

# challenge DIR [options]: prints a new challenge.
challenge() {
	local dir=$1
	shift
	scep-ca challenge --dir "$dir" "$@"
}

# device NAME [CN] [bits]: makes NAME.key and the self-signed NAME.pem.
device() {
	rsa_key "$1.key" "${3:-2048}"
	openssl req -x509 -new -key "$1.key" -days 30 -out "$1.pem" \
	    -subj "/CN=${2:-$(basename "$1")}"
}

# csr NAME SUBJECT CHALLENGE [config lines of the extensions...]: makes NAME.csr
# in DER, for NAME.key, without an empty challenge.  The subject is in the
# configuration, since openssl drops the challenge if -subj is used.
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

# sealed CA_PEM FILE OUT [cipher]: encrypts FILE for the CA, as EnvelopedData.
sealed() {
	openssl cms -encrypt -binary -outform DER "-${4:-aes-128-cbc}" \
	    -in "$2" -out "$3" "$1"
}

# message DIR NAME [options of scep.py make]: makes NAME.msg, with NAME.csr
# encrypted and signed by NAME.pem.
message() {
	local dir=$1 name=$2
	shift 2
	sealed "${SCEP_TO:-$dir/cert.pem}" "$name.csr" "$name.env" \
	    "${SCEP_CIPHER:-aes-128-cbc}"
	python3 "$TESTS/scep.py" make --signer "$name.pem" \
	    --key "$name.key" --envelope "$name.env" "$@" > "$name.msg"
}

# answer DIR NAME: puts the CertRep for NAME.msg in NAME.reply, its attributes
# in NAME.attrs, and standard error in NAME.err.
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

# attribute NAME KEY: prints the value of the reply's attribute.
attribute() {
	sed -n "s/^$2=//p" "$1.attrs"
}

# number FILE: prints the CRL number, in decimal.
number() {
	printf '%d\n' "$(openssl crl -inform DER -in "$1" -noout -crlnumber |
	    sed 's/.*=//')"
}

# manual: requests wait for the operator.
manual() {
	echo 'approval: manual' > ca/scep-ca.yaml
}

# waits NAME: the answer to NAME.msg is PENDING.
waits() {
	answer ca "$1" || return 1
	if [ "$(attribute "$1" pkiStatus)" != 3 ] || [ -s "$1.inner" ] ||
	    ! grep -q 'pending: transaction' "$1.err"; then
		cat "$1.attrs" "$1.err"
		return 1
	fi
}

# poll NAME TXID [SIGNER]: makes NAME.msg, which asks for the outcome of
# NAME.csr.
poll() {
	python3 "$TESTS/scep.py" csr-subject "$1.csr" > "$1.name"
	python3 "$TESTS/scep.py" issuer-subject ca/cert.pem "$1.name" \
	    > "$1.is"
	sealed ca/cert.pem "$1.is" "$1.env"
	python3 "$TESTS/scep.py" make --signer "${3:-$1}.pem" \
	    --key "${3:-$1}.key" --envelope "$1.env" --type 20 \
	    --transaction "$2" > "$1.msg"
}

# granted DIR NAME: the answer is a certificate, put into NAME.cert.  openssl
# says that it is encrypted to the signer and that its chain is good.
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

# denied DIR NAME INFO TEXT: the answer is FAILURE with this failInfo, TEXT is
# in failInfoText and in the one line on standard error, and nothing was issued.
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

# whispers NAME TEXT: only -v shows TEXT, the cause of a refusal that is hidden
# from the client; the reply is the same.
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
