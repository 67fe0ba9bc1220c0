# Root and the folders of others, for scripts that root may start: sourced.
#
# What is in a folder is its owner's to arrange: a link where a file is written
# would have root write anywhere.  So root writes nothing there, but goes on as
# the owner.
# shellcheck shell=sh

# owner_of PATH: who owns it, a link's end, as numbers: user and group.
owner_of() {
	# shellcheck disable=SC2012 # numbers, not names
	ls -nd -- "$1/." | awk 'NR == 1 { print $3, $4 }'
}

# is_others PATH: root is asked to work in a folder that is not root's.
is_others() {
	[ "$(id -u)" -eq 0 ] || return 1
	owner=$(owner_of "$1")
	case $owner in
	'0 '*) return 1 ;;
	[0-9]*' '[0-9]*) return 0 ;;
	esac
	die 4 "$1: cannot see whose folder it is"
}

# as_owner PATH COMMAND...: becomes its owner, and then that command.  More
# options of setpriv, words, are in $as_owner.
as_owner=--clear-groups
as_owner() {
	owner=$(owner_of "$1") || exit 4
	shift
	command -v setpriv > /dev/null || die 4 'setpriv is not installed'
	# Where libpq, for one, looks for passwords.
	HOME=$(getent passwd "${owner% *}" | cut -d : -f 6)
	HOME=${HOME:-/}
	export HOME
	# shellcheck disable=SC2086 # words
	exec setpriv --reuid "${owner% *}" --regid "${owner#* }" $as_owner \
	    -- "$@"
}

# nearest PATH: it, or the folder above it that exists, in which it would be made.
nearest() {
	at=$1
	while [ ! -d "$at" ]; do
		case $at in
		*/*) at=${at%/*} ;;
		*) at=. ;;
		esac
		at=${at:-/}
	done
	printf '%s\n' "$at"
}
