# Root and the folders of other users, for scripts that root may start:
# sourced.
#
# The owner of a folder can put a link in the place of a file, or on the way to
# the folder, and so make root write anywhere.  Therefore every part of a path
# is checked.  If all parts belong to the owner or to root, root goes on as the
# owner; it stops if a third user could redirect the path.
# shellcheck shell=sh

# owners_name UID: prints the name of that user.
owners_name() {
	name=$(getent passwd "$1" 2> /dev/null | cut -d : -f 1)
	printf '%s' "${name:-user $1}"
}

# shown TEXT: prints an untrusted name in a form that is safe for a terminal.
shown() {
	printf '%s' "$1" | LC_ALL=C tr -c '[:print:]' '?'
}

# note PART UID KIND: remembers a part of a path that belongs to another user.
note() {
	[ "$2" -ne 0 ] || return 0
	case " $uids " in
	*" $2 "*) ;;
	*)
		uids="$uids $2"
		parts="$parts$2 $3 $(shown "$1")
" ;;
	esac
}

# walk PATH: follows all of it that exists, and resolves links.  Sets $owner to
# "UID GID" of the last folder; $uids to the users other than root who own a
# part; $parts to the first part of each, a line "UID KIND PART"; and $open to
# the first folder in which anybody can replace something.
walk() {
	case $1 in
	/*) rest=$1 ;;
	*) rest=$(pwd -P)/$1 || exit 4 ;;
	esac
	at='' uids='' parts='' open='' owner='0 0' hops=0
	while [ -n "$rest" ]; do
		part=${rest%%/*}
		case $rest in
		*/*) rest=${rest#*/} ;;
		*) rest= ;;
		esac
		case $part in
		''|.) continue ;;
		..) at=${at%/*}
			continue ;;
		esac
		part=$at/$part
		if ! exists "$part"; then
			# mkdir -p would create this folder, and continue from
			# there.
			case /$rest/ in
			*/../*) die 1 "$1: '..' behind $(shown "$part"), \
which does not exist: as root, give the path itself" ;;
			esac
			return 0
		fi
		# shellcheck disable=SC2012 # numbers, not names
		line=$(ls -nd -- "$part" | awk 'NR == 1 { print $1, $3, $4 }')
		mode=${line%% *} id=${line#* }
		case $id in
		[0-9]*' '[0-9]*) ;;
		*) die 4 "$part: cannot find out its owner" ;;
		esac
		case $mode in
		l*)
			hops=$((hops + 1))
			[ "$hops" -le 40 ] || die 4 "$1: too many links"
			note "$part" "${id% *}" link
			to=$(readlink -- "$part") ||
			    die 4 "$part: cannot read the link"
			case $to in
			/*) at= ;;
			esac
			rest=$to/$rest
			continue ;;
		d????????[tT]*) ;;
		d???????w*) open=${open:-$part} ;;
		d????w*)
			[ "${id#* }" -eq 0 ] || open=${open:-$part} ;;
		esac
		case $mode in
		d*) note "$part" "${id% *}" folder ;;
		*) return 0 ;;
		esac
		at=$part owner=$id
	done
}

# is_others PATH: true if root is asked to work in a folder of another user,
# $owner.  Ends the script if a third user could have chosen that folder.
is_others() {
	[ "$(id -u)" -eq 0 ] || return 1
	walk "$1"
	if [ -z "$uids" ]; then
		[ -z "$open" ] || die 1 "$1: others than root can write into \
$(shown "$open"), and put another folder there"
		return 1
	fi
	[ "$uids" != " ${owner% *}" ] || return 0
	while read -r id kind part; do
		[ "$id" != "${owner% *}" ] || continue
		die 1 "$1: the $kind $part belongs to $(owners_name "$id"), \
who can choose where that leads: as root, give the path itself"
	done <<-PARTS
	$parts
	PARTS
}

# only_roots PATH: ends the script if root would work in a folder of another
# user; for files that root does not write as that user.
only_roots() {
	! is_others "$1" || die 1 "$1: root writes nothing into a folder of \
$(owners_name "${owner% *}"): run this as that user"
}

# passes NAME: true if a variable of root's environment is for the owner, too.
# Others may be secrets: PGPASSWORD, AWS_SECRET_ACCESS_KEY, SSH_AUTH_SOCK.
# $named has the variables that the command line names, separated by blanks.
passes() {
	case $1 in
	PATH|PWD|TERM|TZ|LANG|LANGUAGE|LC_*|HOME|USER|LOGNAME) ;;
	MCFG_BIN|MCFG_SCHEMA|SOURCE_DATE_EPOCH|LD_LIBRARY_PATH) ;;
	OPENSSL_CONF|SSL_CERT_FILE|SSL_CERT_DIR|PKCS11_MODULE_PATH) ;;
	JOURNAL_STREAM|NOTIFY_SOCKET) ;;
	*)
		case "$named " in
		*" $1 "*) ;;
		*) return 1 ;;
		esac ;;
	esac
}

# as_owner COMMAND...: becomes the $owner that is_others() found, and runs the
# command.  $as_owner has further options for setpriv, separated by blanks.
as_owner=--clear-groups
as_owner() {
	command -v setpriv > /dev/null || die 4 'setpriv is not installed'
	# libpq, for example, looks for passwords in HOME.
	entry=$(getent passwd "${owner% *}")
	HOME=$(printf '%s' "$entry" | cut -d : -f 6)
	HOME=${HOME:-/}
	USER=${entry%%:*} LOGNAME=${entry%%:*}
	export HOME USER LOGNAME
	named=
	for arg; do
		case $arg in
		env:*) named="$named ${arg#env:}" ;;
		--*=env:*) named="$named ${arg#*=env:}" ;;
		esac
	done
	# shellcheck disable=SC2086 # words
	set -- setpriv --reuid "${owner% *}" --regid "${owner#* }" $as_owner \
	    -- "$@"
	# The values are on no command line, where others could read them.
	while IFS= read -r name; do
		passes "$name" || set -- -u "$name" "$@"
	done <<-NAMES
	$(awk 'BEGIN { for (n in ENVIRON) print n }')
	NAMES
	! { true < /dev/tty; } 2> /dev/null || off_terminal env "$@"
	exec env "$@"
}

# off_terminal COMMAND...: as_owner() for root at a terminal.  The command gets
# a session without it: programs of the owner could type commands on a terminal
# that controls their session (TIOCSTI).  This process stays, and passes on the
# signals that end it.
off_terminal() {
	command -v setsid > /dev/null || die 4 'setsid is not installed'
	# A signal may come before $child is known.
	child='' stopped=''
	trap 'stopped=yes; [ -z "$child" ] || kill -TERM "$child"' \
	    HUP INT QUIT TERM
	# In the background, a shell replaces standard input.
	{ setsid "$@" <&8 8<&- & } 8<&0
	child=$!
	[ -z "$stopped" ] || kill -TERM "$child"
	# A signal ends wait, which then knows the child's status when it is
	# called again.  If the signal came before, it has returned the status,
	# and may not know the child any more (127).
	ended=
	while :; do
		stopped=''
		wait "$child"
		status=$?
		[ "$status" -eq 127 ] && [ -n "$ended" ] || ended=$status
		[ -n "$stopped" ] || break
	done
	exit "$ended"
}
