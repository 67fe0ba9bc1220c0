#!/bin/sh
# mcfg.cgi is the profile service: the pages and steps of over-the-air
# enrollment for the site in $MCFG_SITE, as a CGI program.  Each step is a
# tool; what is here only routes, passes on, and maps a status to an answer.
#
# Nothing is kept in files: attributes, certificates and profiles are text and
# travel in variables and pipes; what is binary goes straight to the client.
# No word of a request ever becomes a command, an option or a path.

# A server may end what it has got all of before the last line is logged.
trap '' TERM
set -uf
umask 077

MAX=65536		# bytes of a device's answer
CLAIMS=10000		# bytes of an answer that the log takes a name from
TYPE=application/x-apple-aspen-config
NL='
'

# ---- the environment ----

# What a request says is kept in variables that no program gets.  The password
# that a server has asked for, in HTTP_AUTHORIZATION, is only taken if login.cgi
# is to try it.
case ${1:-} in
--login) set -- "${HTTP_AUTHORIZATION:-}" login ;;
*) set -- '' '' ;;
esac
set -- "${PATH_INFO:-/}" "${REQUEST_METHOD:-}" "${QUERY_STRING:-}" \
    "${CONTENT_LENGTH:-}" "${HTTP_TRANSFER_ENCODING:-}" \
    "${HTTP_SEC_FETCH_SITE:-}" "${REMOTE_ADDR:-}" "${REMOTE_USER:-}" \
    "${HTTP_ACCEPT_LANGUAGE:-}" "${HTTP_ORIGIN:-}" "$@"

# leave WHICH: takes each variable out of the environment for which WHICH NAME
# is false.
leave() {
	while IFS= read -r line; do
		case $line in
		'export '*) line=${line#export } ;;
		'declare -x '*) line=${line#declare -x } ;;
		*) continue ;;
		esac
		line=${line%%=*}
		case $line in
		''|[0-9]*|*[!A-Za-z0-9_]*) ;;
		*) "$1" "$line" || unset "$line" ;;
		esac
	done <<-EXPORTED
		$(export -p)
	EXPORTED
}

# ours NAME: it is neither a request's nor a variable of this program.
ours() {
	case $1 in
	AUTH_*|CONTENT_*|CONTEXT_*|DOCUMENT_*|FCGI_*|GATEWAY_*|HTTP_*|HTTPS|\
	PATH_INFO|PATH_TRANSLATED|QUERY_*|REDIRECT_*|REMOTE_*|REQUEST_*|\
	SCRIPT_*|SERVER_*|SSL_CLIENT_*|SSL_SERVER_*|SSL_SESSION_*|*[a-z]*)
		return 1 ;;
	esac
}

# start_again: takes all variables out, and those in that fcgiwrap was started
# with.  It lets what a client of its socket sends take their place: PATH, or
# MCFG_SITE.  Numbers of processes are the kernel's.
start_again() {
	leave false
	while IFS= read -r line; do
		case ${line%%=*} in
		''|[0-9]*|*[!A-Z0-9_]*) ;;
		*) export "${line?}" ;;
		esac
	done <<-STARTED
		$(command -p tr '\000\n' '\n\001' \
		    < "/proc/$1/environ")
	STARTED
}

above=
{ read -r above < "/proc/$PPID/comm" || :; } 2> /dev/null
case $above in
fcgiwrap) start_again "$PPID" ;;
*) leave ours ;;
esac
path=$1 method=$2 query=$3 size=$4 coding=$5 from=$6 address=$7 user=$8
language=$9
shift 9
origin=$1 authorization=$2 login=$3
LC_ALL=C
export LC_ALL

case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
if [ -n "${MCFG_BIN:-}" ]; then
	PATH=$MCFG_BIN:${PATH:-/usr/local/bin:/usr/bin:/bin}
elif [ -x "$here/../build/bin/mcfg-sign" ]; then
	PATH=$here/../build/bin:${PATH:-/usr/local/bin:/usr/bin:/bin}
fi
export PATH

# ---- answers ----

# about REASON TOOL ARG...: runs a tool that writes the line about this request.
about() {
	why=$1
	shift
	"$@" --log client="$address" --log method="$method" \
	    --log path="$path" --log reason="$why" --log user="$who" \
	    --log udid="$udid" --log serial="$serial" --log enrollment="$of"
}

# log CODE REASON: the one line about this request.
log() {
	about "$2" mcfg-page --status "$1"
}

# drain: reads a body that nobody has read.  Some servers take it for a broken
# program when one ends before that.
drain() {
	[ -n "$unread" ] || return 0
	case $size:$coding in
	:|0:*|*[!0-9]*:*) ;;
	:*|????????*:*) head -c 1000000 > /dev/null ;;
	*) head -c "$size" > /dev/null ;;
	esac
}

# answer CODE [HEADER]: the page for a code that is not 200.  It does not show
# the reason; all pages of one code are the same.
answer() {
	drain
	[ -z "${2:-}" ] || printf '%s\r\n' "$2"
	mcfg-page --config site.yaml --lang="$language" --answer "$1" ||
	    printf 'Status: 500 Internal Server Error\r\n%s\r\n\r\n' \
	    'Cache-Control: no-store'
	exit 0
}

# refuse CODE REASON [HEADER]: logs and answers.
refuse() {
	log "$1" "$2"
	answer "$1" "${3:-}"
}

# attempt KIND TOOL ARG...: runs a tool; its standard output is ours, what it
# says goes into the log line.  Where it fails the status is that of the page
# to answer with, less 300.
attempt() {
	kind=$1 what=$2
	shift
	[ "$what" != about ] || what=$3
	status=0
	# The shell would say itself that a program was killed.
	{ said=$("$@" 2>&1 >&3 3>&-) || status=$?; } 3>&1 2> /dev/null
	if [ "$status" -eq 0 ]; then
		[ -z "$said" ] || printf '%s\n' "$said" >&2
		return 0
	fi
	case $status:$said in
	3:"$what: site.yaml:"*) kind=site ;;
	esac
	case $kind:$status in
	login:1) code=401 ;;
	judge:1|admit:1|name:[12]) code=403 ;;
	judge:3) code=400 ;;
	judge:5) code=301 ;;
	*:5) code=503 ;;
	*)
		case $said in
		*busy*|*locked*) code=503 ;;
		*) code=500 ;;
		esac ;;
	esac
	line=
	while [ -n "$said" ]; do
		line="${line:+$line; }${said%%"$NL"*}"
		case $said in
		*"$NL"*) said=${said#*"$NL"} ;;
		*) said= ;;
		esac
	done
	line=${line:-$what ended with status $status}
	log "$code" "$line"
	# A device that was to be configured and was not.
	[ -z "$enrollment" ] || mcfg-enrollment sent --config site.yaml \
	    --failed="$line" -- "$enrollment" >&2
	# Nobody got the challenge: the device may send its answer again.
	[ -z "$given" ] || printf '%s\n' "$attributes" |
	    MCFG_CHALLENGE=$given mcfg-enrollment identify \
	    --config site.yaml --undo env:MCFG_CHALLENGE >&2
	return $((code - 300))
}

# A step that judges the request, the user, or a name that was typed (also as
# the value of an option); any failure of another step is ours.
step() { attempt step "$@"; }
judge() { attempt judge "$@"; }
admit() { attempt admit "$@"; }
name() { attempt name "$@"; }

# failed STATUS: the page that attempt() chose.
failed() {
	[ "$1" -eq 1 ] || answer $(($1 + 300))
	base=$(base_url) || answer 500
	answer 301 "Location: $base/enroll"
}

# base_url: the site's own address.  A Host header has no say in it.
base_url() {
	step mcfg-get --site url site.yaml
}

# methods "METHOD, METHOD...": only these.
methods() {
	case $method:", $1," in
	*[!A-Z]*:*) ;;
	?*:*", $method,"*) return ;;
	esac
	refuse 405 'method not allowed' "Allow: $1"
}

# send PROFILE NAME WHAT: signs the profile and sends it.
send() {
	printf '%s\n' "$1" | step about "$3" mcfg-sign --config site.yaml \
	    --cert signer/cert.pem --key signer/key.pem \
	    --chain signer/chain.pem --http "$TYPE" --attachment "$2" ||
	    failed $?
}

# ---- / ----

welcome() {
	step about welcome mcfg-page --config site.yaml --lang="$language" \
	    --status 200 welcome || failed $?
}

# ---- /CA, /crl ----

root() {
	step openssl x509 -in ca/root.pem -noout || failed $?
	log 200 'root certificate'
	printf 'Content-Type: application/x-x509-ca-cert\r\n'
	printf 'Content-Disposition: attachment; filename="ca.cer"\r\n\r\n'
	exec openssl x509 -in ca/root.pem -outform DER
}

# A site without that file has no authority.  What cannot be looked at scep-ca
# reports.
crl() {
	why=$(ls -d ca/cert.pem 2>&1 > /dev/null) || case $why in
	*': No such file or directory')
		refuse 404 'this site has no authority' ;;
	esac
	step scep-ca crl --dir ca --current > /dev/null || failed $?
	log 200 'revocation list'
	printf 'Cache-Control: no-store\r\n'
	exec scep-ca crl --dir ca --current --http application/pkix-crl
}

# ---- phase 1: /enroll ----

enroll() {
	resolved=
	if [ -n "$login" ]; then
		said=$(printf '%s\n' "${authorization%%"$NL"*}" |
		    attempt login "$here/web/directory" login) || failed $?
		user=${said%%"$NL"*}
		[ "$said" = "$user" ] || resolved=${said#*"$NL"}
	fi
	[ -n "$user" ] || refuse 403 'nobody is logged in'
	[ "$from" != cross-site ] ||
	    refuse 403 'sent from a page of another site'
	if [ -n "$token" ]; then
		set -- --invitation env:MCFG_INVITATION
	else
		user=$(name mcfg-enrollment user --config site.yaml --site . \
		    ${resolved:+--resolved} --user="${resolved:-$user}") ||
		    failed $?
		set -- --user="$user"
	fi
	who=$user
	MCFG_CHALLENGE=$(admit mcfg-enrollment start --config site.yaml \
	    --site . "$@") || failed $?
	unset MCFG_INVITATION
	export MCFG_CHALLENGE
	payload=$(step mcfg-service-payload --config site.yaml \
	    --challenge env:MCFG_CHALLENGE) || failed $?
	unset MCFG_CHALLENGE
	send "$payload" enroll.mobileconfig \
	    "profile service for $user"
}

# ---- invitations: /i/TOKEN ----

# same_origin: the request comes from a page of this site, at $base, or from
# none.  A page with "Referrer-Policy: no-referrer" posts with "Origin: null".
same_origin() {
	case $from in
	''|same-origin|none) ;;
	*) return 1 ;;
	esac
	case $origin in
	''|null) ;;
	*)
		host=${base#https://}
		host=${host%%/*}
		[ "${origin%:443}" = "https://${host%:443}" ] ;;
	esac
}

# invited: GET shows the page of an invitation, POST enrolls.
invited() {
	drain
	unread=
	base=$(base_url) || failed $?
	[ "$method" != POST ] || same_origin ||
	    refuse 403 'sent from a page of another site'
	MCFG_INVITATION=$token
	export MCFG_INVITATION
	user=$(judge mcfg-enrollment user --config site.yaml \
	    --invitation env:MCFG_INVITATION) || failed $?
	if [ "$method" = POST ]; then
		enroll
		return
	fi
	MCFG_LINK=$base/i/$token
	export MCFG_LINK
	step about invitation mcfg-page --config site.yaml \
	    --lang="$language" --status 200 --qr env:MCFG_LINK \
	    --set user="$user" invited || failed $?
}

# ---- phases 2 and 3: /profile ----

# body_length: CONTENT_LENGTH as a number from 1 to MAX, in $length.
body_length() {
	length=${size#"${size%%[!0]*}"}
	case $size:$length in
	:) refuse 411 'no length' ;;
	*[!0-9]*:*) refuse 400 'length is not a number' ;;
	*:) refuse 400 'no message' ;;
	*:??????*) refuse 413 'too large' ;;
	esac
	[ "$length" -le "$MAX" ] || refuse 413 'too large'
}

# The verifier writes the anchor's name, the signer's certificate and the
# content one behind the other: all of it is text.  (A content with NUL bytes
# cannot be XML; without them it is not a property list, and is refused.)
profile() {
	body_length
	unread=
	message=$(judge mcfg-verify --length "$length" --allow-sha1 --site . \
	    --anchor-out fd:4 --signer-out fd:4 4>&1) || failed $?
	attributes=${message#*-----END CERTIFICATE-----"$NL"}
	anchor=${message%%-----BEGIN CERTIFICATE-----*}
	if [ -z "$anchor" ]; then
		anchor=${attributes%%"$NL"*}
		attributes=${attributes#*"$NL"}
	fi
	signer=${message#"$anchor"}
	signer=${signer%%-----END CERTIFICATE-----*}
	signer="$signer-----END CERTIFICATE-----"

	# To look for something in a long text takes a shell long.
	if [ "${#attributes}" -le "$CLAIMS" ]; then
		value UDID "$attributes"
		udid=$value
		value SERIAL "$attributes"
		serial=$value
	fi
	case ${anchor%"$NL"} in
	device) identify ;;
	ca) configure ;;
	*) refuse 500 'mcfg-verify named no anchor' ;;
	esac
}

# value NAME PLIST: the first string that PLIST has under NAME, in $value.
value() {
	value=
	case $2 in
	*"<key>$1</key>"*) ;;
	*) return 0 ;;
	esac
	set -- "${2#*"<key>$1</key>"}"
	case ${1%%'<string>'*} in
	"$1"|*'<'*) return 0 ;;
	esac
	value=${1#*'<string>'}
	value=${value%%'</string>'*}
}

# Phase 2: a device that shows its factory identity gets a SCEP payload.
identify() {
	message=$(printf '%s\n' "$attributes" |
	    judge mcfg-enrollment identify --config site.yaml --site . \
	    --names-out fd:4 --subject-out fd:4 4>&1) || failed $?
	who=${message%%"$NL"*} message=${message#*"$NL"}
	of=${message%%"$NL"*} message=${message#*"$NL"}
	subject=${message%"$NL"*} given=${message##*"$NL"}
	MCFG_CHALLENGE=$given
	export MCFG_CHALLENGE
	payload=$(step mcfg-scep-payload --config site.yaml --site . \
	    --subject="$subject" --challenge env:MCFG_CHALLENGE) || failed $?
	unset MCFG_CHALLENGE
	send "$payload" identity.mobileconfig 'identity payload (phase 2)'
}

# Phase 3: a device that shows the identity it got here gets its configuration.
# A challenge in it is good for the names beside it only, and the enrollment is
# configured once mcfg-sign has handed all of it to the server.
configure() {
	variables=$(printf '%s\n' "$attributes" |
	    judge mcfg-enrollment complete --config site.yaml \
	    --site . --signer /dev/fd/5 5<<-PEM
		$signer
		PEM
	) || failed $?
	# Of the two that begin the plist and are the server's own words; what
	# a user's name has of markup is escaped there.
	value ENROLLMENT "$variables"
	enrollment=$value of=$value
	value USER "$variables"
	who=$value
	payload=$(printf '%s\n' "$variables" |
	    step mcfg-profile --pick . --vars -) || failed $?
	payload=$(printf '%s\n' "$payload" |
	    step mcfg-enrollment bind --config site.yaml \
	    --signer /dev/fd/5 5<<-PEM
		$signer
		PEM
	) || failed $?
	payload=$(printf '%s\n' "$payload" |
	    step mcfg-encrypt --recipient /dev/fd/5 5<<-PEM
		$signer
		PEM
	) || failed $?
	send "$payload" configuration.mobileconfig 'configuration (phase 3)'
	enrollment=
	step mcfg-enrollment sent --config site.yaml -- "$of"
}

# ---- the routes ----

unread=yes enrollment='' given=''
# Whose request it is, in the log.
who='' udid='' serial='' of=''

# A token is in no log.
token=
case $path in
/i/?*) token=${path#/i/} path=/i/- ;;
esac

[ -n "${MCFG_SITE:-}" ] || refuse 500 'MCFG_SITE is not set'
cd -- "$MCFG_SITE" 2> /dev/null || refuse 500 'MCFG_SITE is not a folder'

case $path in
/)
	methods 'GET, HEAD'
	welcome ;;
/CA)
	methods 'GET, HEAD'
	root ;;
/crl)
	methods 'GET, HEAD'
	crl ;;
/enroll)
	methods GET
	enroll ;;
/i/-)
	[ -n "$token" ] || refuse 404 'no such page'
	methods 'GET, HEAD, POST'
	invited ;;
/profile)
	methods POST
	profile ;;
/scep|/scep/*)
	SCEP_CA_DIR=ca REQUEST_METHOD=$method QUERY_STRING=$query
	CONTENT_LENGTH=$size REMOTE_ADDR=$address
	export SCEP_CA_DIR REQUEST_METHOD QUERY_STRING CONTENT_LENGTH \
	    REMOTE_ADDR
	exec scep-ca cgi ;;
*)
	refuse 404 'no such page' ;;
esac
