# Shared by the scripts: sourced, with $me set to the script's own file.
#
# A script finds this file in its own folder or in libexec, even if it was
# started through a symbolic link:
#
#	me=$(readlink -f -- "$0") || exit 4
#	here=${me%/*} lib=${me%/*}
#	[ -r "$lib/lib.sh" ] || lib=$here/../libexec/mcfg
#	. "$lib/lib.sh" || exit 4
# shellcheck shell=sh
# shellcheck disable=SC2154 # lib and me are set by the script

NL='
'

# line TEXT: prints one line on standard error, in which nothing can move the
# cursor.
line() {
	{
		printf '%s: %s' "${me##*/}" "$1" |
		    LC_ALL=C tr -c '[:print:]' '?'
		echo
	} >&2
}

# die STATUS TEXT: prints TEXT and ends the script.
die() {
	line "$2"
	exit "$1"
}

# find_tools: puts the tools on PATH: those in $MCFG_BIN, of the build, or of
# the installation that this file belongs to.  Sets $MCFG_BIN to their folder,
# absolute, or empties it if they are on PATH anyway.
find_tools() {
	if [ -n "${MCFG_BIN:-}" ]; then
		MCFG_BIN=$(CDPATH='' cd -- "$MCFG_BIN" 2> /dev/null && pwd) ||
		    die 4 'MCFG_BIN is not a folder'
	else
		MCFG_BIN=
		for d in "$lib/../build/bin" "$lib/../../bin"; do
			[ -x "$d/mcfg-sign" ] || continue
			MCFG_BIN=$(CDPATH='' cd -- "$d" && pwd) || exit 4
			break
		done
	fi
	[ -z "$MCFG_BIN" ] || PATH=$MCFG_BIN:$PATH
	export PATH
}

# exists PATH: true if there is anything of that name, including a dangling
# link.  If it cannot be examined, that does not count as missing: the script
# ends.
exists() {
	why=$(LC_ALL=C ls -d -- "$1" 2>&1 > /dev/null) && return
	case $why in
	*': No such file or directory'|*': Not a directory') return 1 ;;
	esac
	die 4 "$1: cannot look at it: ${why##*: }"
}

# need_empty DIR: ends the script unless the folder is empty.
need_empty() {
	found=$(LC_ALL=C ls -A -- "$1" 2>&1) ||
	    die 4 "$1: cannot read this folder: ${found##*: }"
	[ -z "$found" ] || die 1 "$1: not empty"
}

# need TOOL...: ends the script unless each of them is installed.
need() {
	for tool; do
		command -v "$tool" > /dev/null ||
		    die 4 "$tool is not installed"
	done
}

# ---- the command line ----

# once NAME OLD NEW: ends the script if an option was given before, or is
# empty.
once() {
	[ -z "$2" ] || die 2 "$1 is given twice"
	[ -n "$3" ] || die 2 "$1 is empty"
}

# version TOOL: prints the version, which the tools have.
version() {
	version=$("$1" --version) || exit
	echo "${me##*/} (mcfg) ${version##* }"
}

# parse SWITCHES OPTIONS OPERAND ARG...: calls the script's "take NAME VALUE"
# for each option, with "yes" as the value of a switch, and with OPERAND as the
# name for everything else.  The script also defines usage().
parse() {
	switches=$1 options=$2 operand=$3 only_operands=
	shift 3
	while [ $# -gt 0 ]; do
		name=${1%%=*}
		case $only_operands$1 in
		-h|--help)
			usage
			exit 0 ;;
		-V|--version)
			version mcfg-sign
			exit 0 ;;
		--)
			only_operands='after -- '
			shift
			continue ;;
		-?*) ;;
		*)
			take "$operand" "$1"
			shift
			continue ;;
		esac
		case $name in
		*[!A-Za-z-]*) die 2 "unknown option '$1'" ;;
		esac
		case " $options " in
		*" $name "*)
			case $1 in
			-[!-]=*) die 2 "unknown option '$1'" ;;
			esac ;;
		*)
			case " $switches --help --version " in
			*" $1 "*)
				take "$1" yes
				shift
				continue ;;
			*" $name "*) die 2 "$name takes no value" ;;
			esac
			die 2 "unknown option '$1'" ;;
		esac
		case $1 in
		*=*)
			take "$name" "${1#*=}"
			shift ;;
		*)
			[ $# -gt 1 ] || die 2 "$1 needs a value"
			take "$name" "$2"
			shift 2 ;;
		esac
	done
}

# is_port TEXT: true if it is a valid port.
is_port() {
	case $1 in
	''|*[!0-9]*|??????*|0*) return 1 ;;
	esac
	[ "$1" -le 65535 ]
}

# source_form WHAT SRC: SRC has the form of one.  Its text is not shown, since
# it may be the secret itself.
source_form() {
	case $2 in
	env:*|file:*|fd:[0-9]) ;;
	*) die 2 "$1: not of the form env:NAME, file:PATH or fd:N" ;;
	esac
}

# variable_set WHAT SRC: ends the script unless SRC, if it is env:NAME, is an
# environment variable.
variable_set() {
	case $2 in
	env:*) ;;
	*) return 0 ;;
	esac
	case ${2#env:} in
	''|[0-9]*|*[!A-Za-z0-9_]*)
		die 2 "$1: '${2#env:}' is not the name of a variable" ;;
	esac
	# A shell variable that is not in the environment does not count.
	eval "[ -n \"\${${2#env:}+set}\" ]" || die 2 "$1: environment variable \
${2#env:} is not set (export ${2#env:})"
}

# hex_of TEXT OPTION: prints the digits of a fingerprint.
hex_of() {
	hex=$(printf '%s' "$1" | tr -d ': ' | tr A-F a-f)
	case $hex in
	*[!0-9a-f]*) die 2 "$2: not a hexadecimal number" ;;
	esac
	case ${#hex} in
	40|64|96|128) printf '%s' "$hex" ;;
	*) die 2 "$2: ${#hex} digits: SHA-256 has 64, SHA-1 40, SHA-512 128" ;;
	esac
}

# secret WHAT SRC: sets $secret to the first line of env:NAME, file:PATH or
# fd:N; WHAT is the name of the option.
secret() {
	secret=
	source_form "$1" "$2"
	variable_set "$1" "$2"
	case $2 in
	env:*) eval "secret=\$${2#env:}" ;;
	file:*)
		[ -r "${2#file:}" ] || die 4 "$1: ${2#file:}: cannot be read"
		IFS= read -r secret < "${2#file:}" || : ;;
	fd:[0-9])
		{ IFS= read -r secret <&"${2#fd:}" || :; } 2> /dev/null ;;
	esac
	secret=${secret%%"$NL"*}
	[ -n "$secret" ] || die 3 "$1: empty"
}

# ---- text ----

# escape SET TEXT: a backslash before each character of SET.
escape() {
	rest=$2 made=
	while [ -n "$rest" ]; do
		tail=${rest#?}
		char=${rest%"$tail"}
		case $1 in
		*"$char"*) made="$made\\$char" ;;
		*) made=$made$char ;;
		esac
		rest=$tail
	done
	printf '%s' "$made"
}

# ---- folders ----

# enter DIR: changes to it and prints its absolute path.  If that fails, ends
# the script with the system's message, since some shells give no reason.
enter() {
	if ! (CDPATH='' cd -- "$1" && pwd) 2> /dev/null; then
		why=$(LC_ALL=C ls -d -- "$1/." 2>&1) || :
		die 4 "$1: cannot enter this folder: ${why##*: }"
	fi
}
