#!/bin/sh
# mcfg.cgi is the profile service for the site in $MCFG_SITE, as a CGI program.
# It passes the output of one tool to the next.  If a tool fails, it has written
# nothing: mcfg-page responds.  Text of a request never becomes a command.
# shellcheck disable=SC2317 # "$page" calls them

# The server may kill a program that has sent everything, or go: log it first.
trap '' TERM
trap : PIPE
set -uf
umask 077
exec 6>&1		# the response
{ command exec 7<&0; } 2> /dev/null || exec 7< /dev/null	# the body

# Under fcgiwrap, variables from a client of its socket replace those that it
# was started with, such as PATH or MCFG_SITE.  Restore them.
above=
{ read -r above < "/proc/$PPID/comm" || :; } 2> /dev/null
[ "$above" = fcgiwrap ] || above=

# No program gets a variable of the request.
set -- "$above" "$PPID" "${PATH_INFO:-/}" "${REQUEST_METHOD:-}" \
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
IFS='
' NL='
' US=$(printf '\037')
for line in ${1:+$(command -p tr '\000\n' '\n\001' < "/proc/$2/environ")}; do
	case ${line%%=*} in
	''|[0-9]*|*[!A-Z0-9_]*) ;;
	*) export "${line?}" ;;
	esac
done
path=$3 method=$4 query=$5 size=$6 address=$7 user=$8 from=$9
shift 9
origin=$1 language=$2 coding=$3 authorization=$4 login=$5 unread=$size
# Fields of the log line, and what to undo after a failure.
who='' udid='' serial='' of='' enrollment='' given='' resolved='' token=''
here=${0%/*}
[ "$here" != "$0" ] || here=.
if [ -n "${MCFG_BIN:-}" ] || [ -x "$here/../build/bin/mcfg-sign" ]; then
	PATH=${MCFG_BIN:-$here/../build/bin}:${PATH:-/usr/local/bin:/usr/bin:/bin}
fi
export PATH LC_ALL=C

# about REASON TOOL ARG...: runs a tool that writes the log line.
about() {
	why=$1
	shift
	"$@" --log client="$address" --log method="$method" \
	    --log path="$path" --log reason="$why" --log user="$who" \
	    --log udid="$udid" --log serial="$serial" --log enrollment="$of"
}

# finish: ends the request, after status 0, or that of answer.
finish() { exit $(($? > 1 ? 4 : 0)); }

# answer OPTION...: responds for the reason $said.  Returns 1, 4 if it cannot.
answer() {
	about "$said" mcfg-page --config site.yaml --lang="$language" \
	    --drain="$unread" ${coding:+--chunked} "$@" >&6 <&7 ||
	    printf 'Status: 500 Internal Server Error\r\n%s\r\n\r\n' \
	    'Cache-Control: no-store' >&6 2> /dev/null || return 4
	return 1
}

# refuse CODE REASON [HEADER]: a refusal that no tool decides.
refuse() {
	[ -z "${3:-}" ] || printf '%s\r\n' "$3" >&6
	said=$2
	answer --answer "$1"
	finish
}

# fail: ends a request whose step has failed.  mcfg-page logs the messages of the
# tool, and responds by its status and what it judges (--blame).
fail() {
	# Nothing was sent: the device may repeat its request.
	[ -z "$enrollment" ] || printf '%s\n' "$variables" | mcfg-enrollment \
	    sent --config site.yaml --failed="$said" --vars - -- "$of" >&2
	[ -z "$given" ] || printf '%s' "$attributes" |
	    MCFG_CHALLENGE=$given mcfg-enrollment identify \
	    --config site.yaml --undo env:MCFG_CHALLENGE >&2
	answer --failed "$status" --blame "$blame"
}

# step WHAT TOOL ARG...: runs a tool, and calls fail if that fails.
step() {
	blame=$1 tool=$2 status=0
	shift
	[ "$tool" != about ] || tool=$3
	# Without 2> the shell would report that a program was killed.
	{ said=$("$@" 2>&1 >&3 3>&- 6>&- 7<&-) || status=$?; } 3>&1 2> /dev/null
	[ "$status" -ne 0 ] || { printf '%s' "${said:+$said$NL}" >&2; return 0; }
	said=${said:-$tool ended with status $status}
	[ -z "${later:-}" ] || { printf '%s' "$US$said"; return "$status"; }
	fail
}

# named WHAT TOOL ARG...: a step with the attributes that first writes the user
# and the enrollment, for the log, even if it fails.  $rest is its output.
named() {
	blame=$1 status=0
	rest=$(later=yes; printf '%s' "${attributes:-}" |
	    step "$@" --config site.yaml --site . --names-out fd:4 4>&1) ||
	    status=$?
	[ "$status" -eq 0 ] || said=${rest#*"$US"} rest=${rest%%"$US"*}
	[ -z "$rest" ] || who=${rest%%"$NL"*} rest=${rest#*"$NL"}
	of=${rest%%"$NL"*} rest=${rest#*"$NL"}
	[ "$status" -eq 0 ] || { fail; finish; }
}

# send PROFILE NAME REASON: signs the profile and sends it.
send() {
	printf '%s\n' "$1" | step site about "$3" mcfg-sign \
	    --config site.yaml --cert signer/cert.pem --key signer/key.pem \
	    --chain signer/chain.pem --attachment "$2" \
	    --http application/x-apple-aspen-config || finish
}

welcome() {
	step site about welcome mcfg-page --config site.yaml \
	    --lang="$language" --status 200 welcome
}

root() {
	step site about 'root certificate' mcfg-page --status 200 \
	    --cert ca/root.pem
}

# Without that file the site has no CA.  scep-ca reports any other error.
crl() {
	why=$(ls -d ca/cert.pem 2>&1 > /dev/null)
	[ "${why%: No such file or directory}" = "$why" ] ||
	    refuse 404 'this site has no authority'
	step site scep-ca crl --dir ca --current > /dev/null || finish
	printf 'Cache-Control: no-store\r\n' 2> /dev/null
	step site scep-ca crl --dir ca --current --http application/pkix-crl &&
	    about 'revocation list' mcfg-page --status 200
}

# enroll OPTION: starts the enrollment of $who, the user in OPTION.
enroll() {
	named user mcfg-enrollment start "$1"
	unset MCFG_INVITATION
	payload=$(export MCFG_CHALLENGE="$rest"; step site mcfg-service-payload \
	    --config site.yaml --challenge env:MCFG_CHALLENGE) || finish
	send "$payload" enroll.mobileconfig "profile service for $who"
}

logged_in() {
	if [ -n "$login" ]; then
		said=$(printf '%s\n' "${authorization%%"$NL"*}" |
		    step login "$here/web/directory" login) || finish
		user=${said%%"$NL"*}
		[ "$said" = "$user" ] || resolved=${said#*"$NL"}
	fi
	[ -n "$user" ] || refuse 403 'nobody is logged in'
	[ "$from" != cross-site ] ||
	    refuse 403 'sent from a page of another site'
	who=$(step name mcfg-enrollment user --config site.yaml --site . \
	    ${resolved:+--resolved} --user="${resolved:-$user}") || finish
	enroll --user="$who"
}

# invited: GET shows the page of an invitation, POST enrolls.
invited() {
	export MCFG_INVITATION="$token"
	if [ "$method" = POST ]; then
		step device mcfg-page --config site.yaml --drain="$unread" \
		    ${coding:+--chunked} --origin="$origin" \
		    --fetch-site="$from" || finish
		unread='' coding=''
	fi
	user=$(step device mcfg-enrollment user --config site.yaml \
	    --invitation env:MCFG_INVITATION) || finish
	if [ "$method" = POST ]; then
		who=$user
		enroll --invitation=env:MCFG_INVITATION
	else
		step site about invitation mcfg-page --config site.yaml \
		    --lang="$language" --status 200 --set user="$user" \
		    --invitation env:MCFG_INVITATION invited
	fi
}

# mcfg-verify writes the signer's certificate, the anchor's name, the UDID, the
# serial number and the content, in this order.  XML content has no NUL bytes.
profile() {
	message=$(step message mcfg-verify --length="$size" --allow-sha1 \
	    --site . --signer-out fd:4 --anchor-out fd:4 --names-out fd:4 \
	    4>&1 && echo .) || finish
	unread='' coding='' message=${message%.}
	signer=${message%%-----END CERTIFICATE-----*}-----END\ CERTIFICATE-----
	rest=${message#*-----END CERTIFICATE-----"$NL"}
	anchor=${rest%%"$NL"*} rest=${rest#*"$NL"}
	udid=${rest%%"$US"*} rest=${rest#*"$US"}
	serial=${rest%%"$US"*} attributes=${rest#*"$US"}
	case $anchor in
	device) identify ;;
	ca) configure ;;
	*) refuse 500 'mcfg-verify wrote no anchor' ;;
	esac
}

# Phase 2: a device with its factory identity gets a SCEP payload.
identify() {
	named device mcfg-enrollment identify --subject-out fd:4
	subject=${rest%"$NL"*} given=${rest##*"$NL"}
	payload=$(export MCFG_CHALLENGE="$given"; step site mcfg-scep-payload \
	    --config site.yaml --site . --subject="$subject" \
	    --challenge env:MCFG_CHALLENGE) || finish
	send "$payload" identity.mobileconfig 'identity payload (phase 2)'
}

# signed STEP ARG...: a step with the device's certificate on fd:5.
signed() {
	"$@" 5<<-PEM
		$signer
	PEM
}

# Phase 3: a device with an identity from this site gets its configuration.
configure() {
	signed named device mcfg-enrollment complete --signer fd:5
	variables=$rest enrollment=$of
	payload=$(printf '%s\n' "$variables" |
	    step site mcfg-profile --pick . --vars -) || finish
	payload=$(printf '%s\n' "$payload" |
	    signed step site mcfg-enrollment bind --config site.yaml \
	    --signer fd:5) || finish
	payload=$(printf '%s\n' "$payload" |
	    signed step site mcfg-encrypt --recipient fd:5) || finish
	send "$payload" configuration.mobileconfig 'configuration (phase 3)'
	enrollment=
	# The response is sent: a failure is only logged.
	step site mcfg-enrollment sent --config site.yaml -- "$of" 6> /dev/null
}

# No log has a token.
[ "${path#/i/?}" = "$path" ] || token=${path#/i/} path=/i/-
[ -n "${MCFG_SITE:-}" ] || refuse 500 'MCFG_SITE is not set'
cd -- "$MCFG_SITE" 2> /dev/null || refuse 500 'MCFG_SITE is not a folder'
case $path in
/) allow='GET, HEAD' page=welcome ;;
/CA) allow='GET, HEAD' page=root ;;
/crl) allow='GET, HEAD' page=crl ;;
/enroll) allow=GET page=logged_in ;;
/i/-) allow='GET, HEAD, POST' page=invited ;;
/profile) allow=POST page=profile ;;
/scep|/scep/*)
	export SCEP_CA_DIR=ca REQUEST_METHOD="$method" QUERY_STRING="$query" \
	    CONTENT_LENGTH="$size" REMOTE_ADDR="$address"
	exec scep-ca cgi 6>&- 7<&- ;;
*) refuse 404 'no such page' ;;
esac
case $method:", $allow," in
*[!A-Z]*:*|:*) ;;
*", $method,"*) "$page"; finish ;;
esac
refuse 405 'method not allowed' "Allow: $allow"
