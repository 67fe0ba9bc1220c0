# shellcheck shell=sh
# The directory of a site, auth: ldap: in site.yaml, asked by the tools of
# OpenLDAP.  Whoever reads this file has die STATUS TEXT.

# site KEY [DEFAULT]
site() {
	mcfg-get --site ${2+--default "$2"} "auth.ldap.$1" "$config"
}

# beside PATH: where a path of the site's file is.
beside() {
	case $1 in
	/*) printf '%s' "$1" ;;
	*) printf '%s/%s' "$folder" "$1" ;;
	esac
}

# password SRC: the first line of env:NAME or file:PATH, in $password.
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

# directory FILE: how the site in FILE asks, in url base filter starttls
# attributes ca bind_dn password.  Status 1 where FILE does not say, after a
# line of mcfg-get.
# shellcheck disable=SC2034 # attributes is for others
directory() {
	config=$1
	case $config in
	*/*) folder=${config%/*} ;;
	*) folder=. ;;
	esac
	url=$(site url) && base=$(site base) && filter=$(site filter) &&
	    starttls=$(site starttls) && attributes=$(site attributes '') &&
	    ca=$(site ca '') && bind_dn=$(site bind_dn '') &&
	    source=$(site password '') || return
	password=
	[ -z "$source" ] || password "$source"

	# The variables of libldap win over the machine's ldap.conf.
	LDAPTLS_REQCERT=demand
	export LDAPTLS_REQCERT
	if [ -n "$ca" ]; then
		LDAPTLS_CACERT=$(beside "$ca")
		export LDAPTLS_CACERT
	fi
}

# assertion TEXT: as a value in a filter, RFC 4515 3: whatever is neither a
# letter nor a digit as a backslash and its code.
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

# filter_of USER: the site's filter, with that name in it.
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

# search USER NAME...: these attributes of at most two entries.
search() {
	wanted=$(filter_of "$1")
	shift
	set -- -LLL -x -H "$url" -b "$base" -s sub -z 2 -l 10 \
	    -o nettimeout=10 -o ldif-wrap=no -- "$wanted" "$@"
	[ "$starttls" = false ] || set -- -ZZ "$@"
	if [ -n "$bind_dn" ]; then
		printf '%s' "$password" |
		    ldapsearch -D "$bind_dn" -y /dev/stdin "$@" 2>&1
	else
		ldapsearch "$@" 2>&1 < /dev/null
	fi
}

# log_in DN PASSWORD: status 49 for a password that is wrong.
log_in() {
	dn=$1 secret=$2
	set -- -x -H "$url" -o nettimeout=10 -D "$dn" -y /dev/stdin
	[ "$starttls" = false ] || set -- -ZZ "$@"
	printf '%s' "$secret" | ldapwhoami "$@" 2>&1
}

# reason OUTPUT: the line in which a tool of OpenLDAP said why.
reason() {
	why=$(printf '%s\n' "$1" | sed -n '/([-0-9]*)$/p' |
	    tr -d '[:cntrl:]' | cut -c 1-200)
	printf '%s' "${why:-no answer}"
}
