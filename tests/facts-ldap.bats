#!/usr/bin/env bats
# Facts about a user from a directory, as JSON, with a real slapd.
# shellcheck disable=SC2016 # what looks like a command has to stay text

load helpers
load flow
load ldap

setup_file() {
	ldap_needed || return 0
	ldap_start
	# Hostile names and values.
	{
		ldap_person 'a*b' 'mail: star@example.com'
		ldap_person 'axb' 'mail: letter@example.com'
		ldap_person '(paren)' 'mail: paren@example.com'
		ldap_person 'back\5cslash' 'mail: back@example.com' |
		    sed '/^[ucs].*:/s/\\5c/\\/'
		ldap_person odd 'mail: "quoted" \ {"a": 1}, $(id) <b>&amp;' \
		    "description:: $(printf 'two\nlines\ttab' | base64)" \
		    "cn:: $(printf 'Jürgen Müßig 😀' | base64 -w0)" \
		    "givenName:: $(printf ' leading' | base64)" \
		    "title: :colon" "description: second"
		ldap_person binary "title:: $(printf 'a\0b' | base64)" \
		    "description:: $(printf 'a\001b' | base64)" \
		    "jpegPhoto:: $(printf '\377\330\377' | base64)"
		ldap_person twin 'mail: one@example.com'
		LDAP_OU=ou=hidden ldap_person twin 'mail: two@example.com'
		LDAP_OU=ou=hidden ldap_person hidden 'mail: h@example.com'
	} | ldap_add
}

teardown_file() {
	ldap_stop
}

setup() {
	able
	site "attributes: [mail]"
}

# site LINE...: makes a site with these lines about its directory.
site() {
	{
		printf 'auth:\n  ldap:\n    base: %s\n    filter: (uid=?)\n' \
		    "$LDAP_BASE"
		[[ $* == *url:* ]] || printf '    url: %s\n' "$LDAP_URL"
		printf '    %s\n' "$@"
	} > "$T/site.yaml"
}

# facts USER: writes $T/facts; Python's json is the judge.
facts() {
	yields "$T/facts" facts-ldap --config "$T/site.yaml" -- "$1"
}

refused() {
	refuses "$1" "$2" facts-ldap --config "$T/site.yaml" -- "$3"
}

@test "facts-ldap: prints one value, a list, a missing value" {
	site 'attributes: [mail, givenName, "title?"]'
	facts jane
	json_is "$T/facts" "j == {'mail': 'jane@example.com',
	    'givenName': 'Jane', 'title': ''}"
	site 'attributes: ["mail*", "title*"]'
	facts jane
	json_is "$T/facts" "j == {'mail': ['jane@example.com',
	    'j.doe@example.com'], 'title': []}"
	site 'attributes: mail,givenName'
	facts jane
	json_is "$T/facts" "sorted(j) == ['givenName', 'mail']"
	site 'attributes: [mail, title]'
	refused 1 'jane: no attribute title' jane
}

@test "facts-ldap: without attributes it checks that the user exists" {
	site 'starttls: false'
	facts jane
	json_is "$T/facts" 'j == {}'
	refused 1 'nobody: no such user' nobody
}

@test "facts-ldap: a name is only a name, whatever it contains" {
	facts 'a*b'
	json_is "$T/facts" "j['mail'] == 'star@example.com'"
	facts axb
	json_is "$T/facts" "j['mail'] == 'letter@example.com'"
	facts '(paren)'
	json_is "$T/facts" "j['mail'] == 'paren@example.com'"
	facts 'back\slash'
	json_is "$T/facts" "j['mail'] == 'back@example.com'"
	for name in '*' 'jan*' '*)(uid=*' 'jane)(cn=*' 'x)(|(uid=jane)' \
	    'jane\' '\6aane' 'jane\00' '?' '$' 'Jäne' '-x' '--help' \
	    '$(id)' 'jane mail' "$(printf '\303')"; do
		refused 1 'no such user' "$name"
	done
	refused 1 'control character' $'jane\nx'
	refused 1 'empty' ''
}

@test "facts-ldap: values that are not plain text arrive unchanged" {
	site 'attributes: [mail, cn, givenName, title, "description*"]'
	facts odd
	json_is "$T/facts" "j['mail'] ==
	    '\"quoted\" \\\\ {\"a\": 1}, \$(id) <b>&amp;'"
	json_is "$T/facts" "j['cn'] == 'odd' or 'Jürgen Müßig 😀' in j['cn']"
	json_is "$T/facts" "j['givenName'] == ' leading' and
	    j['title'] == ':colon'"
	json_is "$T/facts" "j['description'] == ['two\nlines\ttab',
	    'second']"
	site 'attributes: ["cn*"]'
	facts odd
	json_is "$T/facts" "j['cn'] == ['odd', 'Jürgen Müßig 😀']"
	site 'attributes: [title]'
	refused 1 'attribute title is not text' binary
	for name in jpegPhoto description; do
		site "attributes: [$name]"
		run -3 facts-ldap --config "$T/site.yaml" binary
		[[ $output == "mcfg-get: stdin:"* ]] || { echo "$output"; false; }
	done
}

@test "facts-ldap: refuses two entries" {
	facts twin
	json_is "$T/facts" "j['mail'] == 'one@example.com'"
	echo manager-password > "$T/pw"
	site "bind_dn: cn=manager,$LDAP_BASE" 'password: file:pw' \
	    'attributes: [mail]'
	refused 1 'twin: more than one entry' twin
}

@test "facts-ldap: with a password it sees protected entries" {
	refused 1 'no such user' hidden
	echo manager-password > "$T/pw"
	site "bind_dn: cn=manager,$LDAP_BASE" 'password: file:pw' \
	    'attributes: [mail]'
	facts hidden
	json_is "$T/facts" "j['mail'] == 'h@example.com'"
	site "bind_dn: cn=manager,$LDAP_BASE" 'password: env:SECRET' \
	    'attributes: [mail]'
	SECRET=manager-password facts hidden
	SECRET=wrong refused 4 'Invalid credentials' hidden
	refused 3 'auth.ldap.password: empty' hidden
	rm "$T/pw"
	site "bind_dn: cn=manager,$LDAP_BASE" 'password: file:pw'
	refused 4 'cannot read' hidden
}

@test "facts-ldap: ldaps and StartTLS, only with a trusted server" {
	for how in "url: $LDAPS_URL" 'starttls: true'; do
		site "$how" "ca: $LDAP_CA" 'attributes: [mail]'
		facts jane
		json_is "$T/facts" "j['mail'] == 'jane@example.com'"
		site "$how" 'attributes: [mail]'
		refused 4 ldap_ jane
		site "$how" "ca: $PKI/root.pem"
		refused 4 ldap_ jane
	done
	# The machine's settings do not add CAs.
	mkdir "$T/anchors"
	cp "$LDAP_CA" "$T/anchors/ca.pem"
	openssl rehash "$T/anchors"
	printf 'TLS_CACERTDIR %s\n' "$T/anchors" > "$T/ldap.conf"
	export LDAPCONF=$T/ldap.conf
	for how in "url: $LDAPS_URL" 'starttls: true'; do
		site "$how" 'attributes: [mail]'
		facts jane
		site "$how" "ca: $PKI/root.pem"
		refused 4 ldap_ jane
	done
	unset LDAPCONF
	# The certificate is for another name.
	for how in "url: ${LDAPS_URL/127.0.0.1/localhost}" \
	    "url: ${LDAP_URL/127.0.0.1/localhost}"; do
		site "$how" "ca: $LDAP_CA"
		[[ $how == *ldaps* ]] || echo '    starttls: true' \
		    >> "$T/site.yaml"
		refused 4 ldap_ jane
	done
}

@test "facts-ldap: reports a directory that is down and a base that does not exist" {
	site "url: ldap://localhost:$(free_port)"
	refused 4 "Can't contact LDAP server" jane
	site 'attributes: [mail]'
	sed -i 's/dc=example,dc=com/dc=nowhere/' "$T/site.yaml"
	refused 4 'No such object' jane
}

@test "facts-ldap: refuses a wrong command line, and finds the site" {
	refuses 2 'missing USER' facts-ldap
	refuses 2 'only one USER' facts-ldap jane joe
	refuses 2 'unknown option' facts-ldap --conf x jane
	refuses 2 'given twice' facts-ldap --config a --config b jane
	run -4 facts-ldap --config "$T/nowhere" jane
	[[ $output == *"$T/nowhere: cannot open"* ]]
	yields "$T/facts" env MCFG_SITE="$T" facts-ldap jane
	(cd "$T" && facts-ldap jane) | cmp - "$T/facts"
	yields "$T/help" facts-ldap --help
	grep -q '^usage: facts-ldap' "$T/help"
	yields "$T/version" facts-ldap --version
	grep -qE '^facts-ldap \(mcfg\) [0-9.]+$' "$T/version"
}

# big BYTES: prints a text of that size that is not ASCII.
big() {
	python3 -c 'import sys; n = int(sys.argv[1])
print("ü" + "x" * (n - 2), end="")' "$1"
}

# plain_directory: replaces ldapsearch by a script that prints $T/ldif.
plain_directory() {
	mkdir -p "$T/bin"
	printf '#!/bin/sh\ncat "%s/ldif"\n' "$T" > "$T/bin/ldapsearch"
	chmod +x "$T/bin/ldapsearch"
	PATH=$T/bin:$PATH
}

@test "facts-ldap: names a value that is too large" {
	plain_directory
	site 'attributes: ["description*"]'
	for n in 65536 65537 100000 1200000; do
		{
			echo 'dn: uid=jane'
			printf 'description:: '
			big "$n" | base64 -w0
			echo
		} > "$T/ldif"
		if [ "$n" -eq 65536 ]; then
			facts jane
			json_is "$T/facts" "len(j['description'][0].encode()) == $n"
		else
			refused 1 'attribute description is larger than 64 KiB' jane
		fi
		{
			echo 'dn: uid=jane'
			printf 'description: '
			big "$n" | tr -c x x
			echo
		} > "$T/ldif"
		if [ "$n" -eq 65536 ]; then
			facts jane
		else
			refused 1 'attribute description is larger than 64 KiB' jane
		fi
	done
	{
		echo 'dn: uid=jane'
		yes 'description: x'
	} 2> /dev/null | head -c 3000000 > "$T/ldif"
	refused 1 'larger than 2 MiB' jane
	# Many small values, and a few large ones, arrive in order.
	{
		echo 'dn: uid=jane'
		seq -f 'description: %.0f' 50000
	} > "$T/ldif"
	facts jane
	json_is "$T/facts" "j['description'] == [str(n + 1) for n in range(50000)]"
	{
		echo 'dn: uid=jane'
		for n in 1 2 3 4 5 6 7 8; do
			printf 'description:: '
			big 65000 | base64 -w0
			echo
		done
	} > "$T/ldif"
	facts jane
	json_is "$T/facts" "[len(v.encode()) for v in j['description']] == [65000] * 8"
}
