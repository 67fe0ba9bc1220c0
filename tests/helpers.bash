# What every test file loads: load helpers
#
# yields FILE cmd...          status 0, silent standard error (except the counts
#                             of mcfg-lint), output in FILE
# warns TEXT FILE cmd...      the same, with one warning line holding TEXT
# refuses STATUS TEXT cmd...  that status, nothing on standard output, one line
#                             on standard error, from that tool, holding TEXT
#
# $T is the test's own folder, $PKI the run's certificates (setup_suite.bash),
# $DATA the folder of real captures, which may be missing.

bats_require_minimum_version 1.5.0

# A run that a test starts inherits the folder of that test.
case ${BATS_TEST_TMPDIR:-} in
"$BATS_RUN_TMPDIR"/*) T=$BATS_TEST_TMPDIR ;;
*) T= ;;
esac
# shellcheck disable=SC2034 # for the tests
PKI=${MCFG_TEST_PKI:-}
TESTS=$BATS_TEST_DIRNAME
ROOT=${TESTS%/tests}
DATA=${MCFG_TEST_DATA:-$ROOT/../shared/data}

# A sanitizer's report must not look like a status of ours.
export ASAN_OPTIONS="exitcode=99:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="halt_on_error=1:exitcode=99:print_stacktrace=1:${UBSAN_OPTIONS:-}"
export MCFG_TEST_SEED=${MCFG_TEST_SEED:-7}
unset SOURCE_DATE_EPOCH OPENSSL_CONF

_show() {
	echo "command: $*"
	echo "status: $status"
	echo "stderr: $(cat "$T/stderr")"
}

# _run cmd...: runs it, with its status in $status and its output in $T/stdout
# and $T/stderr.
_run() {
	status=0
	"$@" > "$T/stdout" 2> "$T/stderr" || status=$?
}

# Allowed on standard error: what mcfg-lint silences, and in "make coverage" that
# a program, which runs as another user, cannot count.
_allowed='^mcfg-lint: [0-9]+ files?: .* silenced$|^profiling:.*:Cannot open$'

yields() {
	local file=$1
	shift
	_run "$@"
	if [ "$status" -ne 0 ] || { [ -s "$T/stderr" ] &&
	    grep -qvE "$_allowed" "$T/stderr"; }; then
		_show "$@"
		return 1
	fi
	[ "$file" = - ] || mv "$T/stdout" "$file"
}

# _says BEGIN TEXT: standard error is one line that begins so and holds TEXT.
# It runs thousands of times, so it starts no program.
_says() {
	local lines

	mapfile lines < "$T/stderr"
	[[ ${#lines[@]} -eq 1 && ${lines[0]} = "$1"*$'\n' &&
	    ${lines[0]} = *"$2"* ]]
}

warns() {
	local text=$1 file=$2
	shift 2
	_run "$@"
	if [ "$status" -ne 0 ] || ! _says "${1##*/}: warning: " "$text"; then
		_show "$@"
		return 1
	fi
	[ "$file" = - ] || mv "$T/stdout" "$file"
}

refuses() {
	local want=$1 text=$2
	shift 2
	_run "$@"
	if [ "$status" -ne "$want" ]; then
		_show "$@"
		echo "status should be $want"
		return 1
	fi
	if [ -s "$T/stdout" ]; then
		_show "$@"
		echo "standard output should be empty"
		return 1
	fi
	_says "${1##*/}: " "$text" || {
		_show "$@"
		echo "standard error should be one line of ${1##*/} with: $text"
		return 1
	}
}

# flip_byte FILE TEXT: changes one bit of the first occurrence of TEXT.
flip_byte() {
	python3 - "$1" "$2" <<-'PY'
	import sys
	path, text = sys.argv[1], sys.argv[2].encode()
	data = bytearray(open(path, 'rb').read())
	at = data.index(text)
	data[at] ^= 1
	open(path, 'wb').write(data)
	PY
}

# same_plist A B: both have the same meaning, by Python's plistlib.
same_plist() {
	python3 - "$1" "$2" <<-'PY'
	import plistlib, sys
	a, b = (plistlib.load(open(p, 'rb')) for p in sys.argv[1:3])
	if a != b:
	    print(a); print(b); sys.exit(1)
	PY
}

# plist_is FILE EXPRESSION: the Python expression is true of p, the plist.
plist_is() {
	python3 - "$1" "$2" <<-'PY'
	import plistlib, sys
	p = plistlib.load(open(sys.argv[1], 'rb'))
	if not eval('(' + sys.argv[2] + ')'):
	    print(p); sys.exit(1)
	PY
}

# json_is FILE EXPRESSION: the Python expression is true of j, the JSON.
json_is() {
	python3 - "$1" "$2" <<-'PY'
	import json, sys
	j = json.load(open(sys.argv[1]))
	if not eval('(' + sys.argv[2] + ')'):
	    print(j); sys.exit(1)
	PY
}

# certifies CERT KEY: the certificate holds the key.  The first command of a
# comparison in two process substitutions could fail unseen.
certifies() {
	openssl x509 -in "$1" -noout -pubkey > "$T/certifies" &&
	    openssl pkey -in "$2" -pubout | cmp - "$T/certifies"
}

# same_certificate A B: both files begin with the same certificate.
same_certificate() {
	openssl x509 -in "$1" -out "$T/same_certificate" &&
	    openssl x509 -in "$2" | cmp - "$T/same_certificate"
}

# attributes TO NAME=VALUE...: makes a device's attributes.  A value @FILE is
# the first line of FILE.
attributes() {
	local to=$1 pair value

	shift
	{
		printf '<plist version="1.0"><dict>\n'
		for pair in "$@"; do
			value=${pair#*=}
			[[ $value != @* ]] ||
			    value=$(head -n 1 -- "${value#@}")
			value=${value//&/'&amp;'}
			value=${value//</'&lt;'}
			printf '<key>%s</key><string>%s</string>\n' \
			    "${pair%%=*}" "$value"
		done
		printf '</dict></plist>\n'
	} > "$to"
}

# days_from_now N: prints that time, for --at.
days_from_now() {
	date -u -d "$1 days" +%Y-%m-%dT%H:%M:%SZ
}

# in_seconds N COMMAND...: kills it after N seconds of CPU time, which does not
# depend on the machine's load.
in_seconds() (
	[ -n "${MCFG_TEST_SANITIZED:-}" ] || ulimit -t "$1"
	shift
	exec "$@"
)

# noise BYTES: prints pseudorandom bytes, the same in every run.  A different
# number in MCFG_TEST_SEED changes them; a test that fails shows it.
noise() {
	echo "MCFG_TEST_SEED=$MCFG_TEST_SEED" >&2
	head -c "$1" /dev/zero | openssl enc -aes-128-ctr \
	    -K "$(printf %032x "$MCFG_TEST_SEED")" -iv "$(printf %032x 0)"
}

# awaits [-p PID] WHAT COMMAND...: repeats the command until it succeeds.  It
# fails, and says what it waited for, if the process PID ends first, or after
# ten minutes, which is enough on any machine.
awaits() {
	local pid='' what end=$((SECONDS + 600))

	[ "$1" != -p ] || { pid=$2; shift 2; }
	what=$1
	shift
	until "$@"; do
		if [ -n "$pid" ] && ! kill -0 "$pid" 2> /dev/null; then
			# It may have succeeded just before the end.
			! "$@" || return 0
			echo "process $pid ended before: $what"
			return 1
		elif [ "$SECONDS" -ge "$end" ]; then
			echo "waited ten minutes for: $what"
			return 1
		fi
		sleep 0.02
	done
}

# gone PID: the process has ended, or is a zombie.
gone() {
	local state

	[ -d /proc/self ] || { ! kill -0 "$1" 2> /dev/null; return; }
	state=$(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" \
	    2> /dev/null) || return 0
	[[ -z $state || $state == [ZX]* ]]
}

# header NAME: prints its value in the last response, from $T/head.
header() {
	sed -n 's/\r$//; s/^'"$1"': //Ip' "$T/head"
}

# free_port: prints a free port of the loopback.  It is below the range for
# outgoing connections, and no other call gets it during this run.
free_port() {
	python3 - "/tmp/mcfg-ports.$(id -u)" "${BATS_ROOT_PID:-$$}" <<-'PY'
	import fcntl, os, socket, sys
	path, run = sys.argv[1], int(sys.argv[2])
	def alive(pid):
	    try: os.kill(pid, 0)
	    except ProcessLookupError: return False
	    except PermissionError: pass
	    return True
	top = 32768
	if os.path.exists('/proc/sys/net/ipv4/ip_local_port_range'):
	    with open('/proc/sys/net/ipv4/ip_local_port_range') as f:
	        top = int(f.read().split()[0])
	flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
	with open(os.open(path, flags, 0o600), 'r+') as f:
	    fcntl.flock(f, fcntl.LOCK_EX)
	    taken = [tuple(map(int, line.split())) for line in f]
	    last = taken[-1][0] if taken else 20000
	    taken = [(port, pid) for port, pid in taken if alive(pid)]
	    ports = {port for port, _ in taken}
	    low = min(20000, top - 2000)
	    for port in [*range(last + 1, top), *range(low, last + 1)]:
	        if port in ports: continue
	        with socket.socket() as s:
	            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	            try: s.bind(('127.0.0.1', port))
	            except OSError: continue
	        break
	    else: sys.exit('no free port')
	    f.seek(0)
	    f.truncate()
	    for port, pid in taken + [(port, run)]: print(port, pid, file=f)
	print(port)
	PY
}

# shared NAME COMMAND...: sets $SHARED to a file or folder that tests share.
# The command, with the path as its last argument, makes it once in a run.  Each
# call with this NAME gets a different one within setup_file and a test or, if
# $SHARED_IN is $BATS_FILE_TMPDIR, within the test file.
shared() {
	local -x MCFG_TEST_POOL=no
	local name=$1 n=1 made=$MCFG_TEST_SHARED/$1
	local used=${SHARED_IN:-${T:-$BATS_FILE_TMPDIR}}/.shared-$1

	shift
	mkdir -p "$used"
	while [ -e "$BATS_FILE_TMPDIR/.shared-$name/$n" ] ||
	    ! mkdir "$used/$n" 2> /dev/null; do
		n=$((n + 1))
	done
	SHARED=$made-$n
	[ ! -e "$SHARED" ] || return 0
	# If another test was faster, keep what it made.
	made=$(mktemp -d "$made.XXXXXX")
	"$@" "$made/it" || return
	mv -T "$made/it" "$SHARED" 2> /dev/null || [ -e "$SHARED" ]
	rm -rf "$made"
}

# rsa_key FILE [BITS]: makes a private key that no other call in the test gets.
# Other tests may get it: fast/openssl shares keys, to save time.
rsa_key() {
	openssl genpkey -quiet -algorithm RSA \
	    -pkeyopt "rsa_keygen_bits:${2:-2048}" -out "$1"
	chmod 600 "$1"
}

# unable REASON: skips the test.  In setup_file, where Bats 1.8 cannot skip, it
# fails, and able() then skips each test of the file:
#
#	setup_file() {
#		needs lighttpd || return 0
unable() {
	[ -z "${BATS_TEST_NAME:-}" ] || skip "$1"
	export UNABLE=$1
	return 1
}

# able: call it in setup, if a file defines one.
able() {
	[ -z "${UNABLE:-}" ] || skip "$UNABLE"
}

setup() {
	able
}

# needs_data PATH: skips, and names the capture, if it is missing.
needs_data() {
	[ -e "$DATA/$1" ] || skip "no real capture $1 beside the checkout"
}

# needs PROGRAM: skips, and names the program, if it is not installed.
needs() {
	command -v "$1" > /dev/null || unable "$1 is not installed" || return
	# LeakSanitizer does not work in a traced process.
	[ "$1" != strace ] || ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
}
