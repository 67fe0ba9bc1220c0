# A directory for the tests, OpenLDAP's slapd: load ldap
#
# ldap_needed   in setup_file, first: skips like needs() if it is not installed
# ldap_start    then: starts it on free ports of the loopback, at $LDAP_URL and
#               $LDAPS_URL.  $LDAP_CA is the CA of its certificate, which is for
#               127.0.0.1 (libldap replaces localhost by the host's name)
# ldap_stop     in teardown_file
# ldap_add      adds the LDIF on standard input
#
# The base is dc=example,dc=com, with jane and a few unusual entries.
# Everybody's password is $PW of flow.bash, and the manager's is
# "manager-password".  A search needs a password only below ou=hidden.  If the
# tests run as root, slapd runs as another user.

# shellcheck source=tests/outside.bash
. "${BASH_SOURCE[0]%/*}/outside.bash"

LDAP_BASE=dc=example,dc=com

# With exec, so that the process number is known.
_ldap_exec() {
	[ "$(id -u)" -ne 0 ] ||
	    set -- setpriv --reuid nobody --regid nogroup --clear-groups -- "$@"
	exec "$@"
}

_ldap_config() {
	cat <<-EOF
	include /etc/ldap/schema/core.schema
	include /etc/ldap/schema/cosine.schema
	include /etc/ldap/schema/inetorgperson.schema
	modulepath /usr/lib/ldap
	moduleload back_mdb
	pidfile $LDAP_DIR/pid
	TLSCertificateFile $LDAP_DIR/cert.pem
	TLSCertificateKeyFile $LDAP_DIR/key.pem
	database mdb
	suffix "$LDAP_BASE"
	rootdn "cn=manager,$LDAP_BASE"
	rootpw manager-password
	directory $LDAP_DIR/db
	dbnosync
	access to attrs=userPassword by anonymous auth
	access to dn.subtree="ou=hidden,$LDAP_BASE" by anonymous auth by users read
	access to * by * read
	EOF
}

_ldap_people() {
	cat <<-EOF
	dn: $LDAP_BASE
	objectClass: dcObject
	objectClass: organization
	dc: example
	o: Example, Inc.

	dn: ou=people,$LDAP_BASE
	objectClass: organizationalUnit
	ou: people

	dn: ou=hidden,$LDAP_BASE
	objectClass: organizationalUnit
	ou: hidden

	EOF
}

# ldap_person UID [LDIF-LINE...]: adds a person with the password $PW.
ldap_person() {
	local uid=$1
	shift
	cat <<-EOF
	dn: uid=$uid,${LDAP_OU:-ou=people},$LDAP_BASE
	objectClass: inetOrgPerson
	uid: $uid
	sn: $uid
	cn: $uid
	userPassword: $PW
	EOF
	[ $# -eq 0 ] || printf '%s\n' "$@"
	echo
}

ldap_add() {
	ldapadd -x -H "$LDAP_URL" -D "cn=manager,$LDAP_BASE" -w manager-password \
	    > "$LDAP_DIR.log" 2>&1 || { cat "$LDAP_DIR.log"; return 1; }
}

_ldap_certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 \
	    -subj '/CN=Directory CA' -keyout "$LDAP_DIR/ca-key.pem" \
	    -out "$LDAP_DIR/ca.pem"
	openssl req -new -newkey rsa:2048 -nodes -subj /CN=Directory \
	    -keyout "$LDAP_DIR/key.pem" -out "$LDAP_DIR/csr.pem"
	printf 'subjectAltName=IP:127.0.0.1\n' > "$LDAP_DIR/ext"
	openssl x509 -req -in "$LDAP_DIR/csr.pem" -days 2 -set_serial 2 \
	    -CA "$LDAP_DIR/ca.pem" -CAkey "$LDAP_DIR/ca-key.pem" \
	    -extfile "$LDAP_DIR/ext" -out "$LDAP_DIR/cert.pem"
}

_ldap_answers() {
	ldapsearch -x -H "$LDAP_URL" -b '' -s base > /dev/null 2>&1
}

# ldap_serve: starts the server, or restarts it on the same ports.
ldap_serve() {
	local _

	_ldap_exec "$(_ldap_slapd)" -h "$LDAP_URL $LDAPS_URL" -f "$LDAP_DIR/conf" -d 0 \
	    > "$LDAP_DIR.out" 2>&1 3>&- 7>&- &
	echo $! > "$LDAP_DIR.pid"
	awaits -p "$(cat "$LDAP_DIR.pid")" slapd _ldap_answers || {
		cat "$LDAP_DIR.out"
		return 1
	}
}

# The process number is in a file, since a test may have restarted it.
ldap_down() {
	local pid

	read -r pid < "$LDAP_DIR.pid"
	kill "$pid" 2> /dev/null || :
	awaits "the end of $pid" gone "$pid"
}

_ldap_slapd() {
	PATH=$PATH:/usr/sbin command -v slapd
}

ldap_needed() {
	_ldap_slapd > /dev/null || unable 'slapd is not installed' || return
	needs ldapsearch
}

ldap_start() {
	local port ports

	export LDAP_DIR LDAP_URL LDAPS_URL LDAP_CA
	LDAP_DIR=$(outside ldap)
	mkdir "$LDAP_DIR/db"
	LDAP_CA=$LDAP_DIR/ca.pem
	_ldap_certificate 2> /dev/null
	_ldap_config > "$LDAP_DIR/conf"
	[ "$(id -u)" -ne 0 ] || chown -R nobody "$LDAP_DIR"
	port=$(free_port) ports=$(free_port)
	LDAP_URL=ldap://127.0.0.1:$port LDAPS_URL=ldaps://127.0.0.1:$ports
	ldap_serve
	{
		_ldap_people
		ldap_person jane 'mail: jane@example.com' \
		    'mail: j.doe@example.com' 'givenName: Jane'
	} | ldap_add
}

ldap_stop() {
	[ -n "${LDAP_DIR:-}" ] || return 0
	ldap_down
	rm -rf "$LDAP_DIR" "$LDAP_DIR".*
}
