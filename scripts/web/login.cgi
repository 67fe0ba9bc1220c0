#!/bin/sh
# login.cgi is the way to /enroll of a site with users in a directory, behind a
# server that cannot ask one: nginx and Apache pass that page to it.  It asks
# for a name and a password, tries them on the directory of the site in
# $MCFG_SITE, and goes on as mcfg.cgi with that user.
#
# The password is in no file, on no command line, and in no log, nor is a name
# that was typed.

set -uf
umask 077
LC_ALL=C
export LC_ALL
unset REMOTE_USER MCFG_USER_KNOWN

MAX=1024		# bytes of what came for name and password

here=${0%/*}

# log CODE REASON: the one line about a request that ends here.
log() {
	case ${REMOTE_ADDR:-} in
	''|*[!0-9A-Fa-f.:]*) address=- ;;
	*) address=$REMOTE_ADDR ;;
	esac
	case ${REQUEST_METHOD:-} in
	*[!A-Z]*|''|????????*) method=- ;;
	*) method=$REQUEST_METHOD ;;
	esac
	printf 'login.cgi: %s: %s /enroll: %s: %s\n' "$address" "$method" \
	    "$1" "$2" >&2
}

# answer CODE TEXT REASON [HEADER]
answer() {
	log "$1" "$3"
	printf 'Status: %s %s\r\nCache-Control: no-store\r\n' "$1" "$2"
	[ -z "${4:-}" ] || printf '%s\r\n' "$4"
	printf 'Content-Type: text/plain; charset=utf-8\r\n\r\n%s\n' "$2"
	exit 0
}

unauthorized() {
	answer 401 Unauthorized "$1" \
	    'WWW-Authenticate: Basic realm="Enrollment", charset="UTF-8"'
}

fault() {
	answer 500 'Internal Server Error' "$1"
}

# die STATUS TEXT: what ldap.sh calls where it cannot go on.
die() {
	fault "$2"
}

# ---- name and password ----

header=${HTTP_AUTHORIZATION:-}
unset HTTP_AUTHORIZATION
case $header in
'') unauthorized 'no name and password' ;;
[Bb][Aa][Ss][Ii][Cc]' '*) header=${header#* } ;;
*) unauthorized 'neither name nor password, but something else' ;;
esac
[ "${#header}" -le "$MAX" ] || unauthorized 'too long a name or password'

# A NUL is no character of a variable: it becomes one that is refused, as does
# what is no base64.
pair=$(printf '%s\n' "$header" |
    { base64 -d 2> /dev/null || printf '\001'; } | tr '\000' '\001'; echo .)
pair=${pair%.}
case $pair in
*[[:cntrl:]]*) unauthorized 'a control character in name or password' ;;
?*:?*) ;;
*) unauthorized 'an empty name or password' ;;
esac
user=${pair%%:*} secret=${pair#*:}
unset header pair

# ---- the directory ----

[ -n "${MCFG_SITE:-}" ] || fault 'MCFG_SITE is not set'
cd -- "$MCFG_SITE" 2> /dev/null || fault 'MCFG_SITE is not a folder'
for tool in ldapsearch ldapwhoami mcfg-get; do
	command -v "$tool" > /dev/null || fault "$tool is not installed"
done

# shellcheck source=scripts/ldap.sh
. "$here/../ldap.sh"
directory site.yaml || fault 'site.yaml does not say how a directory is asked'

answer=$(search "$user" "${user_attribute:-1.1}")
status=$?
case $status in
0|4) ;;
*) fault "$url: $(reason "$answer")" ;;
esac
case $(printf '%s\n' "$answer" | grep -c '^dn:') in
0) unauthorized 'no such user' ;;
1) ;;
*) unauthorized 'more than one entry of the directory' ;;
esac
dn=$(printf '%s\n' "$answer" | sed -n 's/^dn: //p')
[ -n "$dn" ] || dn=$(printf '%s\n' "$answer" | sed -n 's/^dn:: //p' |
    base64 -d)

said=$(log_in "$dn" "$secret")
status=$?
unset secret
case $status in
0) ;;
49) unauthorized 'a wrong password' ;;
*) fault "$url: $(reason "$said")" ;;
esac

# Who that is, the same answer says; a refusal is mcfg.cgi's, which asks again.
REMOTE_USER=$user
if [ -n "$user_attribute" ] && is=$(user_of "$answer"); then
	REMOTE_USER=$is MCFG_USER_KNOWN=yes
	export MCFG_USER_KNOWN
fi
export REMOTE_USER
exec "$here/../mcfg.cgi"
