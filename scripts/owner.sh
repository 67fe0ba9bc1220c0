# Root and the folders of others, for scripts that root may start: sourced.
#
# What is in a folder is its owner's to arrange: a link where a file is written
# would have root write anywhere, and so would one on the way to the folder.
# So every part of a path is looked at.  Root goes on as the owner where all of
# them are the owner's or root's, and stops where a third could lead astray.
# shellcheck shell=sh

# owners_name UID: as people call that user.
owners_name() {
	name=$(getent passwd "$1" 2> /dev/null | cut -d : -f 1)
	printf '%s' "${name:-user $1}"
}

# shown TEXT: a name that a stranger chose, for a terminal.
shown() {
	printf '%s' "$1" | LC_ALL=C tr -c '[:print:]' '?'
}

# note PART UID KIND: somebody else's part of a path.
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

# walk PATH: all that exists of it, links resolved here.  $owner is "UID GID"
# of the last folder; $uids the users other than root whose parts it has, and
# $parts the first of each, a line "UID KIND PART"; $open the first folder in
# which anybody can replace what is there.
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
			# mkdir -p would make this one, and go on from there.
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
		*) die 4 "$part: cannot see whose it is" ;;
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

# is_others PATH: root is asked to work in a folder that is somebody else's,
# $owner's.  It stops if a third user could have chosen which folder it is.
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

# only_roots PATH: for what root does not do as somebody else.
only_roots() {
	! is_others "$1" || die 1 "$1: root writes nothing into a folder of \
$(owners_name "${owner% *}"): run this as that user"
}

# as_owner COMMAND...: becomes the $owner that is_others() found, and then that
# command.  More options of setpriv, words, are in $as_owner.
as_owner=--clear-groups
as_owner() {
	command -v setpriv > /dev/null || die 4 'setpriv is not installed'
	# Where libpq, for one, looks for passwords.
	HOME=$(getent passwd "${owner% *}" | cut -d : -f 6)
	HOME=${HOME:-/}
	export HOME
	# shellcheck disable=SC2086 # words
	exec setpriv --reuid "${owner% *}" --regid "${owner#* }" $as_owner \
	    -- "$@"
}
