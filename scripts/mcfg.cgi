#!/bin/sh
# mcfg.cgi is the profile service: the pages and steps of over-the-air
# enrollment for the site in $MCFG_SITE, as a CGI program.  Each step is a
# tool.  This script routes, and passes on what one tool says to the next.  A
# tool that fails has written nothing: mcfg-page answers then.
#
# Nothing is kept in files.  No word of a request ever becomes a command, an
# option or a path.

# A server may end what it has got all of before the last line is logged.
trap '' TERM
set -uf
umask 077
exec 6>&1 7<&0		# the response, and the body of the request

# ---- the environment ----

# fcgiwrap lets what a client of its socket sends take the place of variables
# that it was started with: PATH, or MCFG_SITE.  These come back.
above='' started=''
{ read -r above < "/proc/$PPID/comm" || :; } 2> /dev/null
case $above in
fcgiwrap) started=$(command -p tr '\000\n' '\n\001' \
    < "/proc/$PPID/environ") ;;
*) above= ;;
esac

# What a request says is kept in variables that no program gets.
set -- "$above" "$started" "${PATH_INFO:-/}" "${REQUEST_METHOD:-}" \
    "${QUERY_STRING:-}" "${CONTENT_LENGTH:-}" "${REMOTE_ADDR:-}" \
    "${REMOTE_USER:-}" "${HTTP_SEC_FETCH_SITE:-}" "${HTTP_ORIGIN:-}" \
    "${HTTP_ACCEPT_LANGUAGE:-}" "${HTTP_TRANSFER_ENCODING:-}" \
    "${HTTP_AUTHORIZATION:-}" "${1:-}"
LC_ALL=C IFS='
'
for line in $(export -p); do
	case $line in
	'export '*) line=${line#export } ;;
	'declare -x '*) line=${line#declare -x } ;;
	*) continue ;;
	esac
	line=${line%%=*}
	case $1:$line in
	*:|*:[0-9]*|*:*[!A-Za-z0-9_]*) ;;
	?*:*|:*[a-z]*|:AUTH_*|:CONTENT_*|:CONTEXT_*|:DOCUMENT_*|:FCGI_*|\
	:GATEWAY_*|:HTTP_*|:HTTPS|:PATH_INFO|:PATH_TRANSLATED|:QUERY_*|\
	:REDIRECT_*|:REMOTE_*|:REQUEST_*|:SCRIPT_*|:SERVER_*|:SSL_CLIENT_*|\
	:SSL_SERVER_*|:SSL_SESSION_*) unset "$line" ;;
	esac
done
LC_ALL=C IFS='
' NL='
'
for line in $2; do
	case ${line%%=*} in
	''|[0-9]*|*[!A-Z0-9_]*) ;;
	*) export "${line?}" ;;
	esac
done
shift 2
path=$1 method=$2 query=$3 size=$4 address=$5 user=$6 from=$7 origin=$8
shift 8
language=$1 coding=$2 authorization=$3 login=$4 unread=$size
# What the log says about the request, and what is undone if it fails.
who='' udid='' serial='' of='' enrollment='' given=''

here=${0%/*}
[ "$here" != "$0" ] || here=.
if [ -n "${MCFG_BIN:-}" ] || [ -x "$here/../build/bin/mcfg-sign" ]; then
	PATH=${MCFG_BIN:-$here/../build/bin}:${PATH:-/usr/local/bin:/usr/bin:/bin}
fi
LC_ALL=C
export PATH LC_ALL

# ---- answers ----

# about REASON TOOL ARG...: runs a tool that writes the line about this request.
about() {
	why=$1
	shift
	"$@" --log client="$address" --log method="$method" \
	    --log path="$path" --log reason="$why" --log user="$who" \
	    --log udid="$udid" --log serial="$serial" --log enrollment="$of"
}

# answer REASON OPTION...: a response that is not 200.
answer() {
	why=$1
	shift
	about "$why" mcfg-page --config site.yaml --lang="$language" \
	    --drain="$unread" ${coding:+--chunked} "$@" >&6 <&7 ||
	    printf 'Status: 500 Internal Server Error\r\n%s\r\n\r\n' \
	    'Cache-Control: no-store' >&6
}

# refuse CODE REASON [HEADER]: what no tool has judged.
refuse() {
	[ -z "${3:-}" ] || printf '%s\r\n' "$3" >&6
	answer "$2" --answer "$1"
	exit 0
}

# step WHAT TOOL ARG...: runs a tool; its standard output is ours, what it says
# goes into the log line.  If it fails, the request is answered, by its status
# and by WHAT it has judged: see mcfg-page(1), --blame.
step() {
	blame=$1 tool=$2 status=0
	shift
	[ "$tool" != about ] || tool=$3
	# The shell would say itself that a program was killed.
	{ said=$("$@" 2>&1 >&3 3>&- 6>&- 7<&-) || status=$?; } 3>&1 2> /dev/null
	if [ "$status" -eq 0 ]; then
		[ -z "$said" ] || printf '%s\n' "$said" >&2
		return 0
	fi
	said=${said:-$tool ended with status $status}
	# A device that was to be configured and was not.
	[ -z "$enrollment" ] || mcfg-enrollment sent --config site.yaml \
	    --failed="$said" -- "$enrollment" >&2
	# Nobody got the challenge: the device may send its answer again.
	[ -z "$given" ] || printf '%s\n' "$attributes" |
	    MCFG_CHALLENGE=$given mcfg-enrollment identify \
	    --config site.yaml --undo env:MCFG_CHALLENGE >&2
	answer "$said" --failed "$status" --blame "$blame"
	return 1
}

# send PROFILE NAME REASON: signs the profile and sends it.
send() {
	printf '%s\n' "$1" | step site about "$3" mcfg-sign \
	    --config site.yaml --cert signer/cert.pem --key signer/key.pem \
	    --chain signer/chain.pem --attachment "$2" \
	    --http application/x-apple-aspen-config || exit 0
}

# ---- /CA, /crl ----

root() {
	step site openssl x509 -in ca/root.pem -noout || exit 0
	printf 'Content-Type: application/x-x509-ca-cert\r\n%s\r\n\r\n' \
	    'Content-Disposition: attachment; filename="ca.cer"'
	step site openssl x509 -in ca/root.pem -outform DER &&
	    about 'root certificate' mcfg-page --status 200
}

# A site without that file has no authority.  What cannot be looked at scep-ca
# reports.
crl() {
	why=$(ls -d ca/cert.pem 2>&1 > /dev/null) || case $why in
	*': No such file or directory')
		refuse 404 'this site has no authority' ;;
	esac
	step site scep-ca crl --dir ca --current > /dev/null || exit 0
	printf 'Cache-Control: no-store\r\n'
	step site scep-ca crl --dir ca --current --http application/pkix-crl &&
	    about 'revocation list' mcfg-page --status 200
}

# ---- phase 1: /enroll, /i/TOKEN ----

# enroll USER-OPTION: starts an enrollment, of $who.
enroll() {
	MCFG_CHALLENGE=$(step user mcfg-enrollment start --config site.yaml \
	    --site . "$1") || exit 0
	unset MCFG_INVITATION
	export MCFG_CHALLENGE
	payload=$(step site mcfg-service-payload --config site.yaml \
	    --challenge env:MCFG_CHALLENGE) || exit 0
	unset MCFG_CHALLENGE
	send "$payload" enroll.mobileconfig "profile service for $who"
}

logged_in() {
	resolved=
	if [ -n "$login" ]; then
		said=$(printf '%s\n' "${authorization%%"$NL"*}" |
		    step login "$here/web/directory" login) || exit 0
		user=${said%%"$NL"*}
		[ "$said" = "$user" ] || resolved=${said#*"$NL"}
	fi
	[ -n "$user" ] || refuse 403 'nobody is logged in'
	[ "$from" != cross-site ] ||
	    refuse 403 'sent from a page of another site'
	who=$(step name mcfg-enrollment user --config site.yaml --site . \
	    ${resolved:+--resolved} --user="${resolved:-$user}") || exit 0
	enroll --user="$who"
}

# invited: GET shows the page of an invitation, POST enrolls.
invited() {
	MCFG_INVITATION=$token
	export MCFG_INVITATION
	if [ "$method" = POST ]; then
		step device mcfg-page --config site.yaml --drain="$unread" \
		    ${coding:+--chunked} --origin="$origin" \
		    --fetch-site="$from" || exit 0
		unread='' coding=''
	fi
	user=$(step device mcfg-enrollment user --config site.yaml \
	    --invitation env:MCFG_INVITATION) || exit 0
	if [ "$method" = POST ]; then
		who=$user
		enroll --invitation=env:MCFG_INVITATION
		return
	fi
	step site about invitation mcfg-page --config site.yaml \
	    --lang="$language" --status 200 --set user="$user" \
	    --invitation env:MCFG_INVITATION invited
}

# ---- phases 2 and 3: /profile ----

# The verifier writes the signer's certificate, the anchor's name, the device's
# two names and the content one behind the other: all of it is text.  (A content
# with NUL bytes cannot be XML; without them it is not a property list, and is
# refused.)
profile() {
	message=$(step message mcfg-verify --length="$size" --allow-sha1 \
	    --site . --signer-out fd:4 --anchor-out fd:4 --names-out fd:4 \
	    4>&1) || exit 0
	unread='' coding=''
	signer=${message%%-----END CERTIFICATE-----*}-----END\ CERTIFICATE-----
	rest=${message#*-----END CERTIFICATE-----"$NL"}
	anchor=${rest%%"$NL"*} rest=${rest#*"$NL"}
	udid=${rest%%"$NL"*} rest=${rest#*"$NL"}
	serial=${rest%%"$NL"*} attributes=${rest#*"$NL"}
	case $anchor in
	device) identify ;;
	ca) configure ;;
	*) refuse 500 'mcfg-verify named no anchor' ;;
	esac
}

# Phase 2: a device that shows its factory identity gets a SCEP payload.
identify() {
	rest=$(printf '%s\n' "$attributes" |
	    step device mcfg-enrollment identify --config site.yaml --site . \
	    --names-out fd:4 --subject-out fd:4 4>&1) || exit 0
	who=${rest%%"$NL"*} rest=${rest#*"$NL"}
	of=${rest%%"$NL"*} rest=${rest#*"$NL"}
	subject=${rest%"$NL"*} given=${rest##*"$NL"}
	MCFG_CHALLENGE=$given
	export MCFG_CHALLENGE
	payload=$(step site mcfg-scep-payload --config site.yaml --site . \
	    --subject="$subject" --challenge env:MCFG_CHALLENGE) || exit 0
	unset MCFG_CHALLENGE
	send "$payload" identity.mobileconfig 'identity payload (phase 2)'
}

# signed WHAT TOOL ARG...: a step with the device's certificate on fd:5.
signed() {
	step "$@" 5<<-PEM
		$signer
	PEM
}

# Phase 3: a device that shows the identity it got here gets its configuration.
# A challenge in it is good for the names beside it only, and the enrollment is
# configured once mcfg-sign has handed all of it to the server.
configure() {
	rest=$(printf '%s\n' "$attributes" |
	    signed device mcfg-enrollment complete --config site.yaml \
	    --site . --signer fd:5 --names-out fd:4 4>&1) || exit 0
	who=${rest%%"$NL"*} rest=${rest#*"$NL"}
	of=${rest%%"$NL"*} variables=${rest#*"$NL"}
	enrollment=$of
	payload=$(printf '%s\n' "$variables" |
	    step site mcfg-profile --pick . --vars -) || exit 0
	payload=$(printf '%s\n' "$payload" |
	    signed site mcfg-enrollment bind --config site.yaml \
	    --signer fd:5) || exit 0
	payload=$(printf '%s\n' "$payload" |
	    signed site mcfg-encrypt --recipient fd:5) || exit 0
	send "$payload" configuration.mobileconfig 'configuration (phase 3)'
	enrollment=
	# It is answered already: this only goes into the log.
	step site mcfg-enrollment sent --config site.yaml -- "$of" 6> /dev/null
}

# ---- the routes ----

# A token is in no log.
token=
case $path in
/i/?*) token=${path#/i/} path=/i/- ;;
esac

[ -n "${MCFG_SITE:-}" ] || refuse 500 'MCFG_SITE is not set'
cd -- "$MCFG_SITE" 2> /dev/null || refuse 500 'MCFG_SITE is not a folder'

case "$path $method" in
'/ GET'|'/ HEAD')
	step site about welcome mcfg-page --config site.yaml \
	    --lang="$language" --status 200 welcome ;;
'/CA GET'|'/CA HEAD') root ;;
'/crl GET'|'/crl HEAD') crl ;;
'/enroll GET') logged_in ;;
'/profile POST') profile ;;
'/i/- GET'|'/i/- HEAD'|'/i/- POST') invited ;;
*)
	case $path in
	/scep|/scep/*)
		SCEP_CA_DIR=ca REQUEST_METHOD=$method QUERY_STRING=$query
		CONTENT_LENGTH=$size REMOTE_ADDR=$address
		export SCEP_CA_DIR REQUEST_METHOD QUERY_STRING \
		    CONTENT_LENGTH REMOTE_ADDR
		exec scep-ca cgi 6>&- 7<&- ;;
	/|/CA|/crl) refuse 405 'method not allowed' 'Allow: GET, HEAD' ;;
	/enroll) refuse 405 'method not allowed' 'Allow: GET' ;;
	/profile) refuse 405 'method not allowed' 'Allow: POST' ;;
	/i/-) refuse 405 'method not allowed' 'Allow: GET, HEAD, POST' ;;
	*) refuse 404 'no such page' ;;
	esac ;;
esac
exit 0
