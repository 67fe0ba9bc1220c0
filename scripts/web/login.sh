# The login at /enroll for login.cgi: sourced by directory, with the header in
# $authorization.  It checks name and password with the site's directory, and
# sets $user to the name that was typed and $resolved to the user's name in the
# directory.
#
# The password is never in a file, on a command line, in an environment or in a
# log; neither is the name that was typed.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # of directory

HEADER_MAX=1024		# bytes of what came for name and password

unauthorized() {
	refuse 401 "$1" \
	    'WWW-Authenticate: Basic realm="Enrollment", charset="UTF-8"'
}

fault() {
	refuse 500 "$1"
}

# die STATUS TEXT: called by ldap.sh if it cannot go on.
die() {
	fault "$2"
}

# ---- name and password ----

for tool in ldapsearch ldapwhoami mcfg-get; do
	command -v "$tool" > /dev/null || fault "$tool is not installed"
done

# shellcheck source=scripts/ldap.sh
. "$here/ldap.sh" || fault 'ldap.sh cannot be read'

header=$authorization
unset authorization
case $header in
'') unauthorized 'no name and password' ;;
[Bb][Aa][Ss][Ii][Cc]' '*) header=${header#* } ;;
*) unauthorized 'neither name nor password, but something else' ;;
esac
[ "${#header}" -le "$HEADER_MAX" ] || unauthorized 'too long a name or password'

# A variable cannot hold a NUL, so it is replaced by a character that is
# refused; so is anything that is not base64.
pair=$({ decoded "$header" || printf '\001'; } | tr '\000' '\001'; echo .)
pair=${pair%.}
case $pair in
*[[:cntrl:]]*) unauthorized 'a control character in name or password' ;;
?*:?*) ;;
*) unauthorized 'an empty name or password' ;;
esac
user=${pair%%:*} typed=${pair#*:}
unset header pair

# ---- the directory ----

directory site.yaml || fault 'site.yaml does not say how a directory is asked'
can_bind

entry=$(search "$user" "${user_attribute:-1.1}")
status=$?
case $status in
0|4) ;;
*) fault "$url: $(reason "$entry")" ;;
esac
case $(printf '%s\n' "$entry" | grep -c '^dn:') in
0) unauthorized 'no such user' ;;
1) ;;
*) unauthorized 'more than one entry of the directory' ;;
esac
dn=$(printf '%s\n' "$entry" | sed -n 's/^dn: //p')
[ -n "$dn" ] || dn=$(decoded \
    "$(printf '%s\n' "$entry" | sed -n 's/^dn:: //p')")

said=$(log_in "$dn" "$typed")
status=$?
unset typed
case $status in
0) ;;
49) unauthorized 'a wrong password' ;;
*) fault "$url: $(reason "$said")" ;;
esac

# The same answer has the user's name; if it does not, spell finds out why.
[ -z "$user_attribute" ] || resolved=$(user_of "$entry") || resolved=
