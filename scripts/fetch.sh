# shellcheck shell=sh
# fetch.sh: how scep-enroll and mcfg-device fetch from servers that they do not
# trust.  Text from a server never becomes a word of a command line by itself:
# a URL has passed http_url and is given after --url.  The caller sets
#
#	tmp		a folder that is removed at the end
#	agent		the User-Agent
#	cacert		the only root for https, or empty for the system's

# http_url TEXT: true if curl may fetch it: http or https, with a host, in
# printable ASCII without blanks.
http_url() {
	case $1 in
	[Hh][Tt][Tt][Pp]://[!/?\#]*) ;;
	[Hh][Tt][Tt][Pp][Ss]://[!/?\#]*) ;;
	*) return 1 ;;
	esac
	case $1 in
	*[!!-~]*) return 1 ;;
	esac
	[ "${#1}" -le 4096 ]
}

# with_query URL QUERY: prints the URL, without a fragment, followed by the
# query.
with_query() {
	case ${1%%\#*} in
	*\?*) printf '%s&%s' "${1%%\#*}" "$2" ;;
	*) printf '%s?%s' "${1%%\#*}" "$2" ;;
	esac
}

# fetch_url FILE BYTES SECONDS CURL-ARG...: writes the body to FILE and the
# header to $tmp/head, and sets $code.  Status 1, with the reason in $why, if
# no complete response of at most BYTES arrives within SECONDS.  A file size
# limit counts the bytes as they are written: --max-filesize checks only
# announced lengths, and no headers.  $expect is the value of the Expect
# header, or empty.
fetch_url() {
	file=$1 most=$2 seconds=$3
	shift 3
	rm -f -- "$file" "$tmp/head" "$tmp/curl"
	# With --cacert alone curl also trusts the system's folder of roots.
	mkdir -p "$tmp/no-roots"
	# shellcheck disable=SC3045 # POSIX has ulimit -f
	code=$(
		trap '' XFSZ
		ulimit -f $((most / 512 + 1)) 2> /dev/null
		exec curl -q -sS --globoff --proto =http,https \
		    --max-time "$seconds" --max-filesize "$most" \
		    ${cacert:+--cacert "$cacert" --capath "$tmp/no-roots"} \
		    -A "$agent" -H "Expect: ${expect:-}" \
		    --expect100-timeout 3 -o "$file" -D "$tmp/head" \
		    -w '%{http_code}' "$@" 2> "$tmp/curl"
	)
	got=$?
	[ -e "$file" ] || : > "$file"
	[ -e "$tmp/head" ] || : > "$tmp/head"
	if [ "$got" -eq 63 ] || [ "$(wc -c < "$file")" -gt "$most" ] ||
	    [ "$(wc -c < "$tmp/head")" -gt "$most" ]; then
		why="the answer is larger than $most bytes"
	elif [ "$got" -eq 28 ]; then
		why="no whole answer within $seconds seconds"
	elif [ "$got" -ne 0 ]; then
		why=$(sed 's/^curl: ([0-9]*) //; 1q' "$tmp/curl")
		why=${why:-curl: status $got}
	else
		return 0
	fi
	code=000
	: > "$file"
	return 1
}
