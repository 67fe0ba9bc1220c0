#!/usr/bin/env bats
# Users from a directory, over a real web server and a real slapd: who can log
# in, the facts about them, and names that are only names.  This file has three
# names, which select lighttpd, nginx or Apache.
# shellcheck disable=SC2016 # what looks like a command has to stay text

load helpers
WEB=${BATS_TEST_FILENAME##*/directory-}
WEB=${WEB%.bats}
load flow
load ldap
code=''	# of web()

setup_file() {
	needs_web || return 0
	[ "$WEB" != lighttpd ] || [ -e /usr/lib/lighttpd/mod_authn_ldap.so ] ||
	    unable 'lighttpd-modules-ldap is not installed' || return 0
	ldap_needed || return 0
	ldap_start
	{
		ldap_person 'two  words' 'mail: two@example.com'
		ldap_person 'a*b' 'mail: star@example.com'
		ldap_person nomail
		ldap_person -x 'mail: x@example.com'
		ldap_person '"q" \ $(id); `id`' 'mail: q@example.com' |
		    sed '/^dn/s/\\/\\5c/; /^dn/s/"/\\22/g; /^dn/s/;/\\3b/'
		ldap_person 'Müller' 'mail: m@example.com'
		ldap_person 'jürgen' 'uid: jmueller' 'uid: J. Öhm' \
		    'mail: j@example.com'
		ldap_person 山田 'mail: yamada@example.com'
		ldap_person '😀' 'mail: smile@example.com'
		ldap_person 'ａｎｎ' 'mail: ann@example.com'
		ldap_person '"ü" \ *(x); `id`' 'mail: u@example.com' |
		    sed '/^dn/s/\\/\\5c/; /^dn/s/"/\\22/g; /^dn/s/;/\\3b/'
	} | ldap_add
	make_site
	directory "url: $LDAP_URL"
	export KEPT=$SITE.yaml
	cp "$SITE/site.yaml" "$KEPT"
	serve
}

teardown_file() {
	unserve
	ldap_stop
}

teardown() {
	[ ! -e "$KEPT" ] || cp "$KEPT" "${KEPT%.yaml}/site.yaml"
	[ -z "${OTHER:-}" ] || SERVER=$OTHER WORKERS=$OTHER_WORKERS unserve
}

# directory LINE...: makes the site use a directory, with these lines about it.
directory() {
	sed -i '/^auth:/,$d' "$SITE/site.yaml"
	printf 'auth:\n  ldap:\n    base: %s\n    filter: (uid=?)\n' \
	    "$LDAP_BASE" >> "$SITE/site.yaml"
	printf '    %s\n' "$@" >> "$SITE/site.yaml"
}

# another LINE...: serves a copy of the site by another server, with these lines
# about its directory.
another() {
	cp -r "$SITE" "$T/site"
	rm -f "$T/site/run"/*
	SITE=$T/site PORT=$(free_port) URL=https://localhost:$PORT
	sed -i "s|localhost:[0-9]*|localhost:$PORT|" "$SITE"/*.yaml
	directory "$@"
	serve
	OTHER=$SERVER OTHER_WORKERS=${WORKERS:-}
}

# The status if the directory cannot be asked.  lighttpd shows the difference to
# a wrong password only in its log.
unavailable=500
[ "$WEB" != lighttpd ] || unavailable=401

# logs_in STATUS USER [PASSWORD]: a login gets this status.
logs_in() {
	web /enroll -u "$2:${3-$PW}"
	[ "$code" = "$1" ] || { echo "$2: $code"; cat "$SITE"/log/*; false; }
}

# one_jane: every spelling of jane is the same user in the ledger.
one_jane() {
	enrollments "{e['user'] for e in j if 'jane' in
	    __import__('unicodedata').normalize('NFKC', e['user']).lower()} ==
	    {'jane'}"
}

# bats test_tags=short
@test "directory: a user of the directory enrolls, and nobody else" {
	yields - enroll "$T/d" --udid DIRECTORY
	enrollments "[(e['user'], e['state']) for e in j
	    if e['udid'] == 'DIRECTORY'] == [('jane', 'configured')]"
	logs_in 401 jane wrong
	logs_in 401 nobody
	logs_in 401 manager manager-password
	web /enroll
	[ "$code" = 401 ]
	[[ $(header WWW-Authenticate) == Basic* ]]
}

@test "directory: an empty password is refused" {
	logs_in 401 jane ''
	logs_in 401 nobody ''
	web /enroll -H "Authorization: Basic $(printf 'jane' | base64)"
	case $code in 400|401) ;; *) echo "$code"; false ;; esac
	web /enroll -H "Authorization: Basic $(printf 'jane:\0%s' "$PW" |
	    base64 -w0)"
	case $code in 400|401) ;; *) echo "$code"; false ;; esac
}

# bats test_tags=short
@test "directory: a name is not a filter" {
	for name in '*' 'jan*' 'j*' '*)(uid=*' 'jane)(cn=jane' \
	    'x)(|(uid=jane)' '*)(|(uid=*)' 'jane))(&(uid=jane' \
	    '\6aane' 'jane\' '\2a' '(uid=jane)' '?' '$' '' ' ' \
	    "uid=jane,ou=people,$LDAP_BASE" '&' '|'; do
		logs_in 401 "$name"
	done
	logs_in 200 'a*b'
	enrollments "'a*b' in {e['user'] for e in j}"
}

@test "directory: JANE is jane, in the ledger as well" {
	for name in JANE Jane jAnE; do
		logs_in 200 "$name"
	done
	enroll "$T/first" --udid SAME
	yields - mcfg-device "$URL" --cacert "$ROOT_CA" --user JANE \
	    --password env:PW --identity "$FACTORY" \
	    --identity-key "$FACTORY_KEY" -o "$T/d" --udid SAME
	one_jane
	# It is one device of one user, so the older enrollment ends.
	enrollments "sorted(e['state'] for e in j if e['udid'] == 'SAME')
	    == ['configured', 'superseded']"
	plist_is "$T/d/profile.mobileconfig" \
	    "(p['PayloadContent'][1]['PayloadContent']['Subject'][2] ==
	    [['CN', 'jane']])"
	mcfg-enrollment start --config "$SITE/site.yaml" --user=JaNe > /dev/null
	one_jane
}

@test "directory: a name with extra spaces is refused" {
	logs_in 403 'two  words'
	logged 'more spaces than a directory counts'
	# For the directory, these are jane.
	for name in ' jane' 'jane '; do
		web /enroll -u "$name:$PW"
		case $code in 401|403) ;; *) echo "$name: $code"; false ;; esac
	done
	one_jane
}

# users: prints the ledger's users with a name that is not ASCII.
users() {
	enrollments "{e['user'] for e in j if not e['user'].isascii()} == {$1}"
}

@test "directory: a name in any script is spelled as in the directory" {
	for name in 'Müller' 'MÜLLER' 'müller' $'Mu\u0308ller'; do
		logs_in 200 "$name"
	done
	logged_line 200 'profile service for Müller'
	users "'Müller'"
	# If there are several names, the typed one counts.
	for name in 'JÜRGEN' 'J. öhm' 山田 '😀' '"Ü" \ *(X); `ID`'; do
		logs_in 200 "$name"
	done
	users "'Müller', 'jürgen', 'J. Öhm', '山田', '😀',
	    '\"ü\" \\\\ *(x); \x60id\x60'"
	logs_in 401 'Müller' wrong
	logs_in 401 'Möller'
	logs_in 401 'Mü*'
	# Whatever the directory accepts as jane is jane.
	logs_in 200 'ｊａｎｅ'
	one_jane
	logs_in 200 'ａｎｎ'
}

@test "directory: a name that is not text is refused" {
	logs_in 401 $'M\xfcller'
	logs_in 401 $'\xc3'
	logs_in 401 $'\xed\xa0\x80'
	# A directory may ignore these characters; we do not.
	for name in $'jane\u202e' $'M\u00fcl\u200bler' $'\u2066jane' \
	    $'jane\u0085' $'M\u00fcl\u00adler'; do
		web /enroll -u "$name:$PW"
		case $code in 401|403) ;; *) echo "$name: $code"; false ;; esac
	done
	settled
	run -1 grep -q $'\u202e' "$SITE/log/mcfg.log"
	one_jane
}

# bats test_tags=short
@test "directory: a user with such a name enrolls, with facts" {
	directory "url: $LDAP_URL" 'attributes: [mail]'
	printf 'facts: %s\n' "$ROOT/scripts/facts-ldap" >> "$SITE/site.yaml"
	cp "$SITE/profile.yaml" "$T/kept"
	sed -i 's/^PayloadDisplayName:.*/PayloadDisplayName: "${USER} <${USER_mail}>"/' \
	    "$SITE/profile.yaml"
	yields - enroll_as 山田 "$T/d" --udid YAMADA
	cp "$T/kept" "$SITE/profile.yaml"
	plist_is "$T/d/profile.mobileconfig" \
	    "p['PayloadDisplayName'] == '山田 <yamada@example.com>'"
	enrollments "[(e['user'], e['state']) for e in j
	    if e['udid'] == 'YAMADA'] == [('山田', 'configured')]"
}

@test "directory: a filter without an attribute for the name is refused" {
	sed -i 's/(uid=?)/(uid=?*)/' "$SITE/site.yaml"
	logs_in 403 '山田'
	logged_line 403 "user '山田': no (ATTRIBUTE=?) in the filter, which \
would tell"
}

@test "directory: with two attributes in the filter, one must be named as the user's name" {
	sed -i 's/(uid=?)/(|(uid=?)(mail=?))/' "$SITE/site.yaml"
	run -3 mcfg-serve "$SITE" 3>&- 7>&-
	[[ $output == *'site.yaml:'*': auth.ldap.filter: '* ]]
	# Until then, nobody can log in.
	logs_in 500 jane
}

# The entry of mallory has the address "admin", and that of eve "jane".
@test "directory: a user is a value of auth.ldap.user, whatever was typed" {
	{
		ldap_person mallory 'mail: admin' 'employeeNumber: E-1'
		ldap_person Bob 'mail: bob@example.com' 'employeeNumber: E-2'
		ldap_person 'björn' 'mail: bjorn@example.com'
		ldap_person hidden 'mail: hidden@example.com' \
		    'employeeNumber:: RS0y4oCu'	# with U+202E
		ldap_person breaks 'mail: breaks@example.com' \
		    'employeeNumber:: RS0yCg=='	# with a newline behind E-2
	} | ldap_add
	another "url: $LDAP_URL" 'user: uid' 'attributes: [mail]'
	unserve
	sed -i 's/filter: (uid=?)/filter: (|(uid=?)(mail=?))/' "$SITE/site.yaml"
	printf 'facts: %s\n' "$ROOT/scripts/facts-ldap" >> "$SITE/site.yaml"
	rm -f "$SITE"/ledger.db*
	serve
	OTHER=$SERVER OTHER_WORKERS=${WORKERS:-}
	for name in admin ADMIN mallory Mallory; do
		logs_in 200 "$name"
	done
	for name in jane JANE jane@example.com J.Doe@Example.com 'ｊａｎｅ'; do
		logs_in 200 "$name"
	done
	for name in bob BOB bob@EXAMPLE.com; do
		logs_in 200 "$name"
	done
	logs_in 200 'BJÖRN'
	logs_in 200 bjorn@example.com
	enrollments "{e['user'] for e in j} == {'mallory', 'jane', 'Bob',
	    'björn'}"
	logged_line 200 'profile service for mallory'
	settled
	run -1 in_log 200 'profile service for admin'
	logs_in 401 jane wrong
	logs_in 401 jane@example.com wrong
	logs_in 401 'j*'
	# The facts are from the entry that logged in.
	yields - enroll_as J.DOE@example.com "$T/d" --udid TWO
	enrollments "[(e['user'], e['state']) for e in j
	    if e['udid'] == 'TWO'] == [('jane', 'configured')]"

	sed -i 's/user: uid/user: employeeNumber/; /^facts/d' "$SITE/site.yaml"
	logs_in 200 mallory
	enrollments "'E-1' in {e['user'] for e in j}"
	logs_in 403 jane
	logged 'no attribute employeeNumber'
	is_refused_page "$T/body"
	logs_in 403 hidden
	logs_in 403 breaks
	enrollments "not {e['user'] for e in j} & {'E-2', 'E-2\\n'} and
	    not [e for e in j if '-\u202e' in e['user']]"
	logs_in 200 bob
	enrollments "'E-2' in {e['user'] for e in j}"
	sed -i 's/user: employeeNumber/user: mail/' "$SITE/site.yaml"
	logs_in 403 jane
	logged 'more than one value of mail'
}

@test "directory: the page says that names are UTF-8" {
	web /enroll
	[ "$code" = 401 ]
	[ "$(header WWW-Authenticate)" = \
	    'Basic realm="Enrollment", charset="UTF-8"' ]
}

@test "directory: facts of a user arrive in the profile" {
	directory "url: $LDAP_URL" 'attributes: [mail, "title?"]'
	printf 'facts: %s\n' "$ROOT/scripts/facts-ldap" >> "$SITE/site.yaml"
	cp "$SITE/profile.yaml" "$T/kept"
	sed -i 's/^PayloadDisplayName:.*/PayloadDisplayName: "${USER} <${USER_mail}>${USER_title}"/' \
	    "$SITE/profile.yaml"
	yields - enroll "$T/d"
	cp "$T/kept" "$SITE/profile.yaml"
	plist_is "$T/d/profile.mobileconfig" \
	    "p['PayloadDisplayName'] == 'jane <jane@example.com>'"
	logs_in 403 nomail
	is_refused_page "$T/body"
	logged_line 403 'facts-ldap: nomail: no attribute mail'
	logs_in 403 -x
	logged_line 403 'user -x: begins as an option does'
	logs_in 200 '"q" \ $(id); `id`'
	NAME='"q" \ $(id); `id`' enrollments \
	    "__import__('os').environ['NAME'] in [e['user'] for e in j]"
}

@test "directory: ldaps" {
	another "url: $LDAPS_URL" "ca: $LDAP_CA"
	logs_in 200 jane
	logs_in 401 jane wrong
}

@test "directory: StartTLS" {
	another "url: $LDAP_URL" 'starttls: true' "ca: $LDAP_CA"
	logs_in 200 jane
	logs_in 401 jane wrong
}

@test "directory: StartTLS with an untrusted server" {
	# The machine's roots do not count beside that of the site.
	mkdir "$T/roots"
	cp "$LDAP_CA" "$T/roots/ca.pem"
	openssl rehash "$T/roots"
	echo "TLS_CACERTDIR $T/roots" > "$T/ldap.conf"
	export LDAPCONF=$T/ldap.conf
	another "url: $LDAP_URL" 'starttls: true' "ca: $PKI/root.pem"
	logs_in $unavailable jane
	awaits 'the log' grep -rq 'ldap_start_tls' "$SITE/log"
}

@test "directory: ldaps with an untrusted server" {
	another "url: $LDAPS_URL"
	logs_in $unavailable jane
}

@test "directory: a search may need a password" {
	LDAP_OU=ou=hidden ldap_person secret | ldap_add
	echo manager-password > "$T/pw"
	logs_in 401 secret
	another "url: $LDAP_URL" "bind_dn: cn=manager,$LDAP_BASE" \
	    "password: file:$T/pw"
	logs_in 200 secret
	logs_in 200 jane
	logs_in 401 jane wrong
	logs_in 401 jane ''
	settled
	run -1 grep -rq manager-password "$SITE/run" "$SITE/log"
}

@test "directory: nobody can log in while it is down; it can come back" {
	ldap_down
	logs_in $unavailable jane
	logs_in 401 jane ''
	awaits 'the log' grep -rqi ldap "$SITE/log"
	ldap_serve
	logs_in 200 jane
}

@test "directory: passwords do not cross the network in clear" {
	cp -r "$SITE" "$T/site"
	rm -f "$T/site/run"/*
	SITE=$T/site
	wants() {
		directory "${@:2}"
		yields "$T/is" mcfg-get --site auth.ldap.starttls \
		    "$SITE/site.yaml"
		[ "$(cat "$T/is")" = "$1" ]
	}
	wants true 'url: ldap://ldap.example.com'
	wants true 'url: ldap://10.0.0.1:389'
	wants true 'url: ldap://localhost.example.com'
	wants true 'url: ldap://127.0.0.1.example.com'
	wants false 'url: ldaps://ldap.example.com'
	for host in localhost 127.0.0.1 127.1.2.3:389 '[::1]' '[::1]:389'; do
		wants false "url: ldap://$host"
	done
	directory 'url: ldap://ldap.example.com' 'starttls: false'
	run -3 mcfg-serve "$SITE" 3>&- 7>&-
	[[ $output == *'passwords would cross the network in clear' ]]
	directory 'url: ldap://ldap.example.com' 'ca: nowhere.pem'
	refuses 4 'auth.ldap.ca: cannot read nowhere.pem' mcfg-serve "$SITE"
	directory "url: $LDAP_URL" 'bind_dn: cn=x' 'password: file:nowhere'
	refuses 4 'auth.ldap.password' mcfg-serve "$SITE"
}

# asks_with_marks: requests every page, with marks in the headers.
asks_with_marks() {
	local marked=(-H 'X-Secret: mark-1' -H 'Cookie: mark-2' \
	    -H 'User-Agent: mark-3' -H 'X.Odd: mark-5' -H 'path: mark-6')

	for page in / /CA /crl /nothing '/scep?operation=GetCACaps&mark-7'; do
		web "$page" "${marked[@]}" -H "Expect:" || { echo "$page"; return 1; }
	done
	web /enroll -u "jane:$PW" "${marked[@]}"
	[ "$code" = 200 ] || { echo "$code"; cat "$T/head" "$SITE"/log/*; return 1; }
	unsign "$T/body" "$T/service"
	phase2 "$(plist_key "$T/service" "p['PayloadContent']['Challenge']")"
	post "$T/message" "${marked[@]}"
	[ "$code" = 200 ]
	post "$T/message" "${marked[@]}"
	[ "$code" = 403 ]
}

# unseen: no program saw a mark, a password or a word of a request.
unseen() {
	! grep -a -e mark- -e '^HTTP_' -e '^REMOTE_USER' "$T/seen" || return 1
	printf 'jane:%s' "$PW" | base64 -w0 > "$T/pair"
	! grep -aF -e "$PW" -f "$T/pair" "$T/seen" || return 1
}

# bats test_tags=short
@test "directory: no program gets a header, or the password that was typed" {
	export -n PW
	spies "$T/bin" "$T/seen"
	: > "$T/seen"
	MCFG_BIN=$T/bin another "url: $LDAP_URL" 'user: uid'
	unserve
	unset OTHER
	for p in facts challenge; do
		{ spy "./$p" "$T/seen"; echo 'echo "{}"'; } > "$SITE/$p"
		chmod +x "$SITE/$p"
	done
	cp "$SITE/ca/cert.pem" "$SITE/scep-ca.pem"
	sed -i 's|^  url: .*|  url: http://localhost:1/\n  challenge_program: ./challenge|' \
	    "$SITE/site.yaml"
	echo 'facts: ./facts' >> "$SITE/site.yaml"
	MCFG_BIN=$T/bin serve 2> /dev/null
	OTHER=$SERVER OTHER_WORKERS=${WORKERS:-}
	asks_with_marks
	# mcfg-service does not start programs for the steps.
	steps='mcfg-enrollment mcfg-sign mcfg-verify openssl'
	[ "$FORM" = cgi ] || steps=
	# shellcheck disable=SC2086 # words
	for tool in $steps mcfg-get ldapsearch ./facts ./challenge; do
		grep -qx "= $tool" "$T/seen"
	done
	[ "$WEB" = lighttpd ] || grep -qx '= ldapwhoami' "$T/seen"
	unseen
	# The site's programs get a fixed list of variables.
	for p in ./facts ./challenge; do
		sed -n "\\|^= $p|,/^= [^.]/p" "$T/seen" | sed -n 's/=.*//p' |
		    sort -u > "$T/names"
		cat "$T/names"
		grep -qx MCFG_SITE "$T/names"
		grep -qx PATH "$T/names"
		run -1 grep -vxE '|PATH|MCFG_SITE|MCFG_BIN|LC_ALL|HOME|TMPDIR|TZ|PWD|OLDPWD|_|SHLVL| ' \
		    "$T/names"
	done

	# With a file of users.
	unserve
	unset OTHER
	sed -i '/^auth:/,/^facts/{/^facts/!d}' "$SITE/site.yaml"
	: > "$T/seen"
	MCFG_BIN=$T/bin serve 2> /dev/null
	OTHER=$SERVER OTHER_WORKERS=${WORKERS:-}
	asks_with_marks
	grep -qx '= ./facts' "$T/seen"
	run -1 grep -qx '= ldapsearch' "$T/seen"
	unseen
}

# bats test_tags=short
@test "directory: no password is in a log" {
	logs_in 401 jane wrong-password
	logs_in 200 jane
	settled
	run -1 grep -rqF -e "$PW" -e wrong-password "$SITE/log" "$SITE/run" \
	    "$SITE/ledger.db"
}
