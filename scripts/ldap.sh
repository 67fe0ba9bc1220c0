# shellcheck shell=sh
# The directory of a site (auth: ldap in site.yaml), by the tools of OpenLDAP.
# A script that reads this file defines die STATUS TEXT.

NL='
'

# site KEY [DEFAULT]
site() {
	mcfg-get --site ${2+--default "$2"} "auth.ldap.$1" "$config"
}

# beside PATH: prints a path that is relative to the site's file.
beside() {
	case $1 in
	/*) printf '%s' "$1" ;;
	*) printf '%s/%s' "$folder" "$1" ;;
	esac
}

# password SRC: sets $password to the first line of env:NAME or file:PATH.
password() {
	password=
	case $1 in
	env:[!0-9]*)
		case ${1#env:} in
		*[!A-Za-z0-9_]*)
			die 2 "auth.ldap.password: no variable '${1#env:}'" ;;
		esac
		eval "password=\${${1#env:}-}" ;;
	file:*)
		path=$(beside "${1#file:}")
		[ -r "$path" ] ||
		    die 4 "auth.ldap.password: cannot read $path"
		IFS= read -r password < "$path" || : ;;
	esac
	[ -n "$password" ] || die 3 'auth.ldap.password: empty'
}

# can_bind: the tools of OpenLDAP can read a password from a file; here that is
# their standard input.
can_bind() {
	: | [ -r /dev/stdin ] ||
	    die 4 '/dev/stdin: cannot be read; passwords are given by it'
}

# directory FILE: reads from FILE how to ask the directory, into url base
# filter user_attribute starttls attributes ca bind_dn password.  Status 1,
# after a message of mcfg-get, if FILE does not have it.
# shellcheck disable=SC2034 # some are used by other scripts
directory() {
	config=$1
	case $config in
	*/*) folder=${config%/*} ;;
	*) folder=. ;;
	esac
	url=$(site url) && base=$(site base) && filter=$(site filter) &&
	    user_attribute=$(site user '') &&
	    starttls=$(site starttls) && attributes=$(site attributes '') &&
	    ca=$(site ca '') && bind_dn=$(site bind_dn '') &&
	    source=$(site password '') || return
	password=
	[ -z "$source" ] || password "$source"
	[ -z "$bind_dn" ] || can_bind

	# The variables of libldap override the machine's ldap.conf.
	LDAPTLS_REQCERT=demand
	export LDAPTLS_REQCERT
	if [ -n "$ca" ]; then
		LDAPTLS_CACERT=$(beside "$ca")
		# The machine's ldap.conf adds no anchors to those of the site.
		LDAPTLS_CACERTDIR=
		export LDAPTLS_CACERT LDAPTLS_CACERTDIR
	fi
}

# assertion TEXT: prints it as a value in a filter, RFC 4515 3: all characters
# but letters and digits as a backslash and a code.
assertion() {
	rest=$1 made=
	while [ -n "$rest" ]; do
		tail=${rest#?}
		char=${rest%"$tail"}
		case $char in
		[A-Za-z0-9]) made=$made$char ;;
		*)
			code=$(($(printf '%d' "'$char") & 255))
			made=$made$(printf '\\%02x' "$code") ;;
		esac
		rest=$tail
	done
	printf '%s' "$made"
}

# filter_of USER: prints the site's filter with that name in it.
filter_of() {
	name=$(assertion "$1")
	rest=$filter made=
	while [ -n "$rest" ]; do
		tail=${rest#?}
		case $rest in
		[?$]*) made=$made$name ;;
		*) made=$made${rest%"$tail"} ;;
		esac
		rest=$tail
	done
	printf '%s' "$made"
}

# search USER NAME...: searches for at most two entries, with these attributes.
# If $matched is a filter, it returns only the values that match it (RFC
# 3876).
matched=
search() {
	wanted=$(filter_of "$1")
	shift
	set -- -LLL -x -H "$url" -b "$base" -s sub -z 2 -l 10 \
	    -o nettimeout=10 -o ldif-wrap=no -- "$wanted" "$@"
	[ "$starttls" = false ] || set -- -ZZ "$@"
	[ -z "$matched" ] || set -- -E "mv=$matched" "$@"
	if [ -n "$bind_dn" ]; then
		printf '%s' "$password" |
		    ldapsearch -D "$bind_dn" -y /dev/stdin "$@" 2>&1
	else
		ldapsearch "$@" 2>&1 < /dev/null
	fi
}

# compared: prints the conditions in the site's filter that compare an
# attribute with the name, one on each line.
compared() {
	printf '%s\n' "$filter" | tr '()' '[\n*]' |
	    grep '^[A-Za-z][A-Za-z0-9-]*=[?$]$'
}

# values NAME...: prints the values of these attributes in LDIF, one on each
# line: plain text after a dot, base64 after a colon.
values() {
	awk -v names=" $* " '{
		colon = index($0, ":")
		name = tolower(substr($0, 1, colon - 1))
		sub(/;.*/, "", name)
		if (name == "" || !index(tolower(names), " " name " "))
			next
		value = substr($0, colon + 1)
		print sub(/^: */, ":", value) ? value : "." substr(value, 2)
	}'
}

# one_entry OUTPUT: true if the search found exactly one; otherwise prints the
# reason.
one_entry() {
	case $(printf '%s\n' "$1" | grep -c '^dn:') in
	0) echo 'no such user'; return 1 ;;
	1) ;;
	*) echo 'more than one entry of the directory'; return 1 ;;
	esac
}

# decoded BASE64: prints its bytes; status 3 and nothing if it is not base64.
decoded() {
	case $1 in
	*[!A-Za-z0-9+/=]*) return 3 ;;
	esac
	printf '<plist version="1.0"><data>%s</data></plist>' "$1" |
	    mcfg-get . 2> /dev/null
}

# texts OUTPUT NAME...: prints the values of these attributes as text, one on
# each line.  A newline or NUL in a value becomes a character that no name has.
texts() {
	output=$1
	shift
	printf '%s\n' "$output" | values "$@" |
	    while IFS= read -r value; do
		case $value in
		:*)
			decoded "${value#:}" |
			    tr '\000\n' '\001\001'
			echo ;;
		*) printf '%s\n' "${value#.}" ;;
		esac
	done
}

# user_of OUTPUT: prints the user's name: the value of $user_attribute in the
# entry of a search.  Status 1, with the reason on standard output, unless
# there is one entry with one value.
user_of() {
	found=$1
	one_entry "$found" || return
	is=$(texts "$found" "$user_attribute")
	case $is in
	'') echo "no attribute $user_attribute"; return 1 ;;
	*"$NL"*)
		echo "more than one value of $user_attribute"
		return 1 ;;
	esac
	printf '%s\n' "$is"
}

# spelling USER: prints the user's name as the directory spells it: the value
# of $user_attribute or, if that is not set, the value that matched, which only
# the directory knows.  Status 1, with the reason on standard output, if the
# directory does not return it.
spelling() {
	names=$user_attribute
	if [ -z "$names" ]; then
		rules=$(compared) || {
			echo 'no (ATTRIBUTE=?) in the filter, which would tell'
			return 1
		}
		matched="($(filter=$(printf '%s\n' "$rules" |
		    sed 's/.*/(&)/' | tr -d '\n') && filter_of "$1"))"
		names=$(printf '%s\n' "$rules" | sed 's/=.*//' | sort -fu)
	fi
	# shellcheck disable=SC2086 # words
	found=$(search "$1" $names)
	status=$?
	matched=
	case $status in
	0|4) ;;
	*) die 4 "$url: $(reason "$found")" ;;
	esac
	if [ -n "$user_attribute" ]; then
		user_of "$found"
		return
	fi
	one_entry "$found" || return
	# shellcheck disable=SC2086 # words
	found=$(texts "$found" $names | sort -u)
	case $found in
	'') echo 'the directory does not tell how it writes that'; return 1 ;;
	*"$NL"*) echo 'the directory writes that in several ways'; return 1 ;;
	esac
	printf '%s\n' "$found"
}

# log_in DN PASSWORD: status 49 if the password is wrong.
log_in() {
	dn=$1 secret=$2
	set -- -x -H "$url" -o nettimeout=10 -D "$dn" -y /dev/stdin
	[ "$starttls" = false ] || set -- -ZZ "$@"
	printf '%s' "$secret" | ldapwhoami "$@" 2>&1
}

# reason OUTPUT: prints the reason from the output of a tool of OpenLDAP.
reason() {
	why=$(printf '%s\n' "$1" | sed -n '/([-0-9]*)$/p' |
	    tr -d '[:cntrl:]' | cut -c 1-200)
	printf '%s' "${why:-no answer}"
}
