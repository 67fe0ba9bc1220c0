#!/usr/bin/env bats
# mcfg-service answers as mcfg.cgi does and notices when a file changes; a
# worker that dies takes no other request with it.

load helpers
export FORM=service
load flow
code=''	# of web()

setup_file() {
	needs lighttpd || return 0
	make_site
	serve --workers 2
}

teardown_file() {
	unserve
}

setup() {
	able
}

# ---- the same answer as the script ----

# answers PROGRAM TO METHOD PATH [NAME=VALUE...]: runs a CGI program; its header
# and body are in TO, its log in TO.log.
answers() {
	local program=$1 to=$2 method=$3 path=$4

	shift 4
	env -i PATH="$PATH" MCFG_BIN="$MCFG_BIN" ASAN_OPTIONS="$ASAN_OPTIONS" \
	    UBSAN_OPTIONS="$UBSAN_OPTIONS" MCFG_SITE="$SITE" \
	    GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD="$method" \
	    PATH_INFO="$path" REMOTE_ADDR=192.0.2.7 "$@" \
	    "$program" > "$to" 2> "$to.log"
}

# same BODY ARG...: both answer with the same status, header and body, except
# for what is random or signed, and log the same address, method, path, status
# and reason.
same() {
	local body=$1

	shift
	[ "$body" = - ] && body=/dev/null
	answers "$ROOT/scripts/mcfg.cgi" "$T/one" "$@" < "$body"
	answers "$MCFG_BIN/mcfg-service" "$T/two" "$@" < "$body"
	python3 - "$T/one" "$T/two" <<-'PY' || { echo "$*"; return 1; }
	import re, sys
	def read(name):
	    head, _, body = open(name, 'rb').read().partition(b'\r\n\r\n')
	    lines = sorted(head.decode().split('\r\n'))
	    # A signature differs from run to run, and so may its length.
	    signed = any('aspen' in l for l in lines)
	    if signed:
	        lines = [l for l in lines if not l.startswith('Content-Length')]
	        body = re.search(rb'<\?xml.*</plist>', body, re.S)[0]
	        body = re.sub(rb'(?s)(<key>(Challenge|PayloadUUID)</key>\s*<string>)[^<]*',
	                      rb'\1', body)
	        body = re.sub(rb'(?s)<data>.*?</data>', b'', body)
	        # The profile expires a year after it was made.
	        body = re.sub(rb'<date>[^<]*</date>', b'<date/>', body)
	    return lines, body
	def unquote(value):
	    value = re.sub(r'\\(x..|.)', lambda m: m[1] if len(m[1]) == 1 else
	                   chr(int(m[1][1:], 16)), value.strip('"'))
	    return value.encode('latin-1').decode()
	def log(name):
	    text = open(name + '.log').read().splitlines()
	    assert len(text) == 1, text
	    text = text[0]
	    if text.startswith('level='):
	        f = {k: unquote(v) for k, v in re.findall(
	            r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)', text)}
	        return (f['client'], f['method'], f['path'], f['status'],
	                f['reason'])
	    m = re.fullmatch(r'mcfg\.cgi: (\S+): (\S+) (\S+): (\d+): (.*)', text)
	    return m.groups()
	one, two = read(sys.argv[1]), read(sys.argv[2])
	assert one[0] == two[0], (one[0], two[0])
	assert one[1] == two[1], (one[1][:300], two[1][:300])
	one, two = log(sys.argv[1]), log(sys.argv[2])
	assert one == two, (one, two)
	PY
}

# profile_of ANSWER TO: writes the profile in a signed answer.
profile_of() {
	python3 - "$1" "$2" <<-'PY'
	import re, sys
	open(sys.argv[2], 'wb').write(re.search(rb'<\?xml.*</plist>',
	    open(sys.argv[1], 'rb').read(), re.S)[0])
	PY
}

# ledger: prints the last enrollment, without what is random.
ledger() {
	mcfg-enrollment list --json --config "$SITE/site.yaml" |
	    python3 -c 'import json, sys
e = json.load(sys.stdin)[-1]
print({k: bool(v) if k in ("id", "started", "identified", "certified",
    "configured", "certificate") else v for k, v in e.items()})'
}

@test "mcfg-service: pages and errors are the same as the script's" {
	for lang in '' de fr,en 'ja;q=0.5, es' xx; do
		same - GET / HTTP_ACCEPT_LANGUAGE="$lang"
		same - GET /nothing HTTP_ACCEPT_LANGUAGE="$lang"
		same - GET /enroll HTTP_ACCEPT_LANGUAGE="$lang"
	done
	same - HEAD /
	same - GET ''
	same - GET /CA
	same - GET /crl
	for path in /CA/ //CA /enroll/ /profile/x /crl2 /scep2 /x:y; do
		same - GET "$path"
	done
	for method in POST PUT DELETE OPTIONS get TRACE; do
		same - "$method" /
		same - "$method" /CA
		same - "$method" /enroll
	done
	same - GET /profile
}

@test "mcfg-service: refuses users as the script does" {
	same - GET /enroll REMOTE_USER=
	same - GET /enroll REMOTE_USER=jane HTTP_SEC_FETCH_SITE=cross-site
	same - GET /enroll REMOTE_USER=jane HTTP_SEC_FETCH_SITE=none
	same - GET /enroll REMOTE_USER=$'j\xfcrgen'
	same - GET /enroll REMOTE_USER=$'jane\u202e'
	same - GET /enroll REMOTE_USER="$(printf '%0300d' 0)é"
	same - GET /enroll REMOTE_USER=jane
}

@test "mcfg-service: refuses forms of other sites as the script does" {
	mcfg-enrollment invite --config "$SITE/site.yaml" --user=jane > "$T/link"
	token=$(head -n 1 "$T/link")
	token=${token##*/}
	for origin in https://example.org "$URL.example.org" \
	    "http://${URL#https://}" "$URL/" x; do
		same - POST "/i/$token" HTTP_ORIGIN="$origin"
		grep -q 'status=403' "$T/one.log"
	done
	for from in cross-site same-site x; do
		same - POST "/i/$token" HTTP_SEC_FETCH_SITE="$from"
		grep -q 'status=403' "$T/one.log"
	done
	for origin in null "$URL" ''; do
		same - POST "/i/$token" HTTP_ORIGIN="$origin" \
		    HTTP_SEC_FETCH_SITE=same-origin
		grep -q 'status=200' "$T/one.log"
	done
	printf 'x=1' > "$T/form"
	same "$T/form" POST "/i/$token" CONTENT_LENGTH=3
	same "$T/form" POST /i/x CONTENT_LENGTH=3
	same - GET "/i/$token"
	same - HEAD "/i/$token"
	same - PUT "/i/$token"
	same - GET /i/x
	same - GET /i/
	same - GET /i/-
}

@test "mcfg-service: judges messages as the script does" {
	printf 'not a message' > "$T/text"
	head -c 70000 /dev/zero > "$T/long"
	for length in '' 0 00 x -1 '1 2' 65537 99999999999999999999; do
		same "$T/text" POST /profile CONTENT_LENGTH="$length"
	done
	same "$T/text" POST /profile CONTENT_LENGTH=13
	same "$T/text" POST /profile CONTENT_LENGTH=0013
	same "$T/long" POST /profile CONTENT_LENGTH=65536
	phase2 wrong
	same "$T/message" POST /profile \
	    CONTENT_LENGTH="$(stat -c %s "$T/message")"
	for way in "$FACTORY" "$SITE/signer/cert.pem" "$SITE/tls/cert.pem"; do
		key=${way%cert.pem}key.pem
		[ "$way" != "$FACTORY" ] || key=$FACTORY_KEY
		sign_as "$way" "$key" "$T/plist" "$T/other"
		same "$T/other" POST /profile \
		    CONTENT_LENGTH="$(stat -c %s "$T/other")"
	done
}

# long_names LENGTH: a device's message whose UDID and serial number have so
# many letters that a log escapes.
long_names() {
	local name

	name=$(printf '%*s' "$1" '' | sed 's/ /é/g')
	attributes "$T/plist" UDID="$name" SERIAL="$name" CHALLENGE=unknown
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/named"
}

@test "mcfg-service: a device's claims cannot split a log line" {
	local n

	for n in 25 200 500; do
		long_names "$n"
		same "$T/named" POST /profile \
		    CONTENT_LENGTH="$(stat -c %s "$T/named")"
		grep -q 'serial="[^"]*"$' "$T/two.log"
	done
	# A known device, for a user whose name is escaped, too.
	name=$(printf '%*s' 120 '' | sed 's/ /é/g')
	answers mcfg-service "$T/1" GET /enroll REMOTE_USER="$name" < /dev/null
	profile_of "$T/1" "$T/service"
	plist_key "$T/service" "p['PayloadContent']['Challenge']" \
	    > "$T/challenge"
	attributes "$T/plist" UDID="$name$name$name" SERIAL="$name$name$name" \
	    CHALLENGE="@$T/challenge"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/named"
	answers mcfg-service "$T/1" POST /profile \
	    CONTENT_LENGTH="$(stat -c %s "$T/named")" < "$T/named"
	cat "$T/1.log"
	[ "$(wc -l < "$T/1.log")" -eq 1 ]
	[ "$(wc -c < "$T/1.log")" -le 4096 ]
	grep -q ' udid="[^"]*" serial="[^"]*" enrollment=[^ "]*$' "$T/1.log"
}

@test "mcfg-service: each phase records the same as the script" {
	for form in "$ROOT/scripts/mcfg.cgi" "$MCFG_BIN/mcfg-service"; do
		answers "$form" "$T/1" GET /enroll REMOTE_USER=jane < /dev/null
		profile_of "$T/1" "$T/service"
		phase2 "$(plist_key "$T/service" \
		    "p['PayloadContent']['Challenge']")"
		answers "$form" "$T/2" POST /profile \
		    CONTENT_LENGTH="$(stat -c %s "$T/message")" < "$T/message"
		grep -qE ' user=jane udid=.* enrollment=[A-Za-z0-9_-]{22}$' \
		    "$T/2.log"
		ledger > "$T/${form##*/}"
		cp "$T/message" "$T/${form##*/}.message"
	done
	cmp "$T/mcfg.cgi" "$T/mcfg-service"
	# Both refuse a spent challenge in the same words.
	same "$T/mcfg.cgi.message" POST /profile \
	    CONTENT_LENGTH="$(stat -c %s "$T/mcfg.cgi.message")"
	yields - enroll "$T/d" --udid FORMS
	attributes "$T/plist" UDID=FORMS \
	    SERIAL="$(mcfg-get SERIAL "$T/d/attributes.plist")" \
	    PRODUCT=iPhone14,5
	sign_as "$T/d/identity.pem" "$T/d/identity-key.pem" "$T/plist" \
	    "$T/again"
	same "$T/again" POST /profile CONTENT_LENGTH="$(stat -c %s "$T/again")"
	attributes "$T/plist" UDID=OTHER
	sign_as "$T/d/identity.pem" "$T/d/identity-key.pem" "$T/plist" \
	    "$T/again"
	same "$T/again" POST /profile CONTENT_LENGTH="$(stat -c %s "$T/again")"
}

# ---- what stays open ----

@test "mcfg-service: a change on disk takes effect with the next request" {
	get_profile "$T/p"
	cp "$SITE/site.yaml" "$T/kept"
	sed -i 's/^organization:.*/organization: Another/' "$SITE/site.yaml"
	get_profile "$T/p"
	plist_is "$T/p" "p['PayloadOrganization'] == 'Another'"
	web /
	grep -q Another "$T/body"
	sed -i 's/^url:/urk:/' "$SITE/site.yaml"
	web /enroll -u "jane:$PW"
	[ "$code" = 500 ]
	cp "$T/kept" "$SITE/site.yaml"
	get_profile "$T/p"
	plist_is "$T/p" "p['PayloadOrganization'] == 'Example, Inc.'"

	yields - enroll "$T/d" --udid CHANGES
	cp "$SITE/profile.yaml" "$T/kept"
	sed -i 's/^PayloadDisplayName:.*/PayloadDisplayName: Changed/' \
	    "$SITE/profile.yaml"
	yields - enroll "$T/e" --udid CHANGES
	cp "$T/kept" "$SITE/profile.yaml"
	plist_is "$T/e/profile.mobileconfig" \
	    "p['PayloadDisplayName'] == 'Changed'"

	echo nobody > "$SITE/devices.allow"
	enroll_refused 1 'phase 2: the service answered 403' "$T/f"
	rm "$SITE/devices.allow"

	mkdir "$SITE/pages"
	echo '<html lang="${lang}">our own page</html>' \
	    > "$SITE/pages/welcome.en.html"
	web /
	grep -q 'our own page' "$T/body"
	rm -r "$SITE/pages"
}

@test "mcfg-service: uses a new signer and new anchors at once" {
	get_profile "$T/p"
	openssl pkcs7 -inform DER -in "$T/body" -print_certs -out "$T/old"
	cp -r "$SITE/signer" "$T/signer"
	mcfg-site "$SITE" --renew signer > "$T/said" 2>&1
	get_profile "$T/p"
	openssl pkcs7 -inform DER -in "$T/body" -print_certs -out "$T/new"
	run -1 cmp -s "$T/old" "$T/new"
	# A key that does not fit the certificate is ignored.
	cp "$SITE/signer/key.pem" "$T/key"
	cat "$T/signer/key.pem" > "$SITE/signer/key.pem"
	get_profile "$T/p"
	logged 'the signer that was read before'
	cat "$T/key" > "$SITE/signer/key.pem"
	get_profile "$T/p"

	cp "$SITE/device-ca.pem" "$T/device-ca.pem"
	cp "$SITE/tls/cert.pem" "$SITE/device-ca.pem"
	phase2 "$(get_challenge)"
	post "$T/message"
	[ "$code" = 403 ]
	cp "$T/device-ca.pem" "$SITE/device-ca.pem"
	post "$T/message"
	[ "$code" = 200 ]
}

@test "mcfg-service: uses a ledger that replaces the old one" {
	get_profile "$T/p"
	mkdir "$T/old"
	mv "$SITE"/ledger.db* "$T/old"
	get_profile "$T/p"
	enrollments 'len(j) == 1'
	rm "$SITE"/ledger.db*
	mv "$T/old"/* "$SITE"
	get_profile "$T/p"
	enrollments 'len(j) > 1'
}

# ---- processes ----

# workers_of: prints the process numbers of this site's workers.
workers_of() {
	local parent

	parent=$(pgrep -P "$(cat "$SITE/run/lighttpd.pid")" -x mcfg-service)
	pgrep -P "$parent"
}

two_workers() {
	[ "$(workers_of | wc -l)" -eq 2 ]
}

@test "mcfg-service: replaces workers that die" {
	mapfile -t old < <(workers_of)
	[ "${#old[@]}" -eq 2 ]
	kill -ABRT "${old[0]}"
	# Not SIGSEGV, which a sanitizer catches.  Until the worker is gone, it
	# may accept a request and not answer it.
	awaits "the end of ${old[0]}" gone "${old[0]}"
	get_profile "$T/p"
	awaits 'two workers' two_workers
	get_profile "$T/p"
	mapfile -t old < <(workers_of)
	kill -KILL "${old[@]}"
	for p in "${old[@]}"; do
		awaits "the end of $p" gone "$p"
	done
	awaits 'two workers' two_workers
	get_profile "$T/p"
	logged 'mcfg-service: warning: worker .* ended by signal 6'
}

@test "mcfg-service: a request that ends one worker ends no other" {
	for n in 1 2 3 4 5 6; do
		mkdir "$T/$n"
		(T=$T/$n && get_profile "$T/p") &
		pids+=("$!")
	done
	kill -ABRT "$(workers_of | head -n 1)"
	failed=0
	for p in "${pids[@]}"; do
		wait "$p" || failed=$((failed + 1))
	done
	[ "$failed" -le 1 ]
	get_profile "$T/p"
}

@test "mcfg-service: a parameter does not become a variable" {
	# The socket may have other clients than the web server.
	for n in MCFG_SITE=/nowhere PATH=/nowhere MCFG_BIN=/nowhere \
	    LD_PRELOAD=/nowhere SCEP_CA_DIR=/nowhere OPENSSL_CONF=/nowhere \
	    SCRIPT_FILENAME=/bin/sh FCGI_ROLE=AUTHORIZER; do
		python3 "$ROOT/tests/fcgi.py" "$SITE/run/pages.sock-0" \
		    REQUEST_METHOD=GET PATH_INFO=/enroll REMOTE_USER=jane \
		    "$n" < /dev/null > "$T/answer"
		grep -qa '^Content-Type: application/x-apple-aspen-config' \
		    "$T/answer" || { echo "$n"; cat "$T/answer"; false; }
	done
	python3 "$ROOT/tests/fcgi.py" "$SITE/run/pages.sock-0" \
	    REQUEST_METHOD=GET PATH_INFO=/enroll HTTP_REMOTE_USER=jane \
	    HTTP_AUTHORIZATION='Basic amFuZTp4' < /dev/null > "$T/answer"
	grep -qa '^Status: 403' "$T/answer"
}

# Apache passes the words of a query without "=" as arguments.
@test "mcfg-service: the words of a query are not options" {
	local query

	cp -a "$SITE" "$T/other"
	sed -i 's/^organization: .*/organization: Somebody else/' \
	    "$T/other/site.yaml"
	for query in "--site+$T/other" "--site%20$T/other" --check --help x; do
		env -i PATH="$PATH" MCFG_BIN="$MCFG_BIN" MCFG_SITE="$SITE" \
		    ASAN_OPTIONS="$ASAN_OPTIONS" \
		    UBSAN_OPTIONS="$UBSAN_OPTIONS" \
		    GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET PATH_INFO=/ \
		    REMOTE_ADDR=192.0.2.7 QUERY_STRING="$query" \
		    "$MCFG_BIN/mcfg-service" ${query//[+]/ } > "$T/said"
		grep -q '<bdi>Example, Inc[.]</bdi>' "$T/said" ||
		    { echo "$query"; head "$T/said"; return 1; }
	done
	# Without such a query, a server's own script may name the site.
	QUERY_STRING='' REQUEST_METHOD=GET PATH_INFO=/ \
	    "$MCFG_BIN/mcfg-service" --site "$T/other" > "$T/said"
	grep 'Somebody else' "$T/said"
}

@test "mcfg-service: answers the current request after SIGTERM" {
	cat > "$SITE/hold" <<-SH
	#!/bin/sh
	: > '$T/held'
	flock -s '$T/hold' true
	echo '{}'
	SH
	chmod +x "$SITE/hold"
	exec 6> "$T/hold"
	flock 6
	cp "$SITE/site.yaml" "$T/kept"
	echo 'facts: ./hold' >> "$SITE/site.yaml"
	get_profile "$T/p" 6>&- &
	pid=$!
	awaits 'the program' [ -e "$T/held" ]
	parent=$(pgrep -P "$(cat "$SITE/run/lighttpd.pid")" -x mcfg-service)
	kill -TERM "$parent"
	exec 6>&-
	wait "$pid"
	cp "$T/kept" "$SITE/site.yaml"
	awaits 'a profile' get_profile "$T/p"
}

# serves SOCKET: it answers a request.
serves() {
	python3 "$ROOT/tests/fcgi.py" "$1" REQUEST_METHOD=GET PATH_INFO=/CA \
	    QUERY_STRING=operation=GetCACaps < /dev/null 2> "$T/err" |
	    grep -qa Content-Type
}

@test "mcfg-service: a worker ends by each signal that asks for it" {
	for signal in TERM INT USR1; do
		for program in 'mcfg-service' 'mcfg-service --workers 2' \
		    "scep-ca cgi --dir '$SITE/ca'"; do
			spawn-fcgi -n -s "$T/socket" -- /bin/sh -c \
			    "MCFG_SITE='$SITE' exec $program" 3>&- &
			pid=$!
			awaits -p "$pid" "$program" serves "$T/socket"
			kill "-$signal" "$pid"
			wait "$pid" || { echo "$signal $program"; false; }
			rm -f "$T/socket"
		done
	done
}

# exclusive N: N processes have asked the kernel to wake only one of them.
exclusive() {
	# A call and its result are on two lines if another one came between.
	[ "$(grep -c EPOLLEXCLUSIVE "$T/trace")" -eq "$1" ] &&
	    [ "$(grep -c ' = 0$' "$T/trace")" -eq "$1" ]
}

@test "mcfg-service: a connection does not wake every worker" {
	needs strace
	[ "$(uname)" = Linux ] || skip 'only Linux has such a wait'
	spawn-fcgi -n -s "$T/socket" -- /bin/sh -c "MCFG_SITE='$SITE' \
	    exec strace -f -qq -o '$T/trace' -e trace=epoll_ctl \
	    mcfg-service --workers 3" 3>&- &
	pid=$!
	awaits -p "$pid" 'an answer' serves "$T/socket"
	awaits -p "$pid" 'three workers' exclusive 3
	kill "$(pgrep -P "$pid" -x mcfg-service)"
	wait "$pid"
}

@test "mcfg-service: --check reports whether a site is complete" {
	yields "$T/out" mcfg-service --check --site "$SITE"
	grep -qx "$SITE is ready" "$T/out"
	cp -r "$SITE" "$T/site"
	rm "$T/site/signer/key.pem"
	refuses 4 "mcfg-service: $T/site/signer/key.pem: " \
	    mcfg-service --check --site "$T/site"
	(cd "$T" && refuses 4 "mcfg-service: $T/site/signer/key.pem: " \
	    mcfg-service --check --site site)
	sed -i 's/^url:/urk:/' "$T/site/site.yaml"
	refuses 3 "mcfg-service: $T/site/site.yaml:" \
	    mcfg-service --check --site "$T/site"
	sed -i '/^urk:/d' "$T/site/site.yaml"
	refuses 2 "mcfg-service: $T/site: missing --url" \
	    mcfg-service --check --site "$T/site"
	refuses 4 none mcfg-service --check --site "$T/none"
	(unset MCFG_SITE; refuses 2 --site mcfg-service --check)
}

# ---- killed ----

# strikes TO METHOD PATH BODY [NAME=VALUE...] -- [COMMAND...]: as answers, by a
# service that the command runs.
calls=write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename
strikes() {
	local to=$1 method=$2 path=$3 body=$4 vars=()

	shift 4
	while [ "$1" != -- ]; do
		vars+=("$1")
		shift
	done
	shift
	env -i PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" \
	    UBSAN_OPTIONS="$UBSAN_OPTIONS" MCFG_SITE="$SITE" \
	    REQUEST_METHOD="$method" PATH_INFO="$path" \
	    CONTENT_LENGTH="$(stat -L -c %s "$body")" \
	    "${vars[@]}" "$@" mcfg-service < "$body" > "$to" 2> "$T/err"
}

# log_in TO [COMMAND...]: phase 1.
log_in() {
	local to=$1

	shift
	: > "$T/nothing"
	strikes "$to" GET /enroll "$T/nothing" REMOTE_USER=jane -- "$@"
}

# phase2_of ANSWER UDID: puts the device's reply to phase 1 in $T/message.
phase2_of() {
	profile_of "$1" "$T/service"
	attributes "$T/plist" UDID="$2" SERIAL="S-$2" PRODUCT=iPhone14,5 \
	    VERSION=21A1 CHALLENGE="$(plist_key "$T/service" \
	    "p['PayloadContent']['Challenge']")"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/message"
}

# calls_of FILE: counts the calls of a trace in $total, and sets $step so that
# about ten are tried.
calls_of() {
	total=$(grep -c '(' "$1")
	step=$((total / 10 + 1))
	[ "${MCFG_TEST_CRASH:-}" != all ] || step=1
	[ "$total" -gt 3 ]
}

@test "mcfg-service: a device may ask again if its answer was not written" {
	local program

	ln -s /dev/full "$T/full"
	for program in "$ROOT/scripts/mcfg.cgi" "$MCFG_BIN/mcfg-service"; do
		log_in "$T/answer"
		phase2_of "$T/answer" UNWRITTEN
		set -- POST /profile CONTENT_LENGTH="$(wc -c < "$T/message")"
		run -4 answers "$program" "$T/full" "$@" \
		    < "$T/message"
		answers "$program" "$T/two" "$@" < "$T/message"
		grep -qa aspen-config "$T/two"
		# Now it was used.
		answers "$program" "$T/two" "$@" < "$T/message"
		grep -qaE '^Status: (301|403)' "$T/two"
	done
}

# phase3_of UDID: enrolls a device, and makes its next message of phase 3,
# $T/message.
phase3_of() {
	yields - enroll "$T/d" --udid "$1"
	attributes "$T/plist" UDID="$1" SERIAL="$(mcfg-get SERIAL \
	    "$T/d/attributes.plist")" PRODUCT=iPhone14,5 VERSION=21A1
	sign_as "$T/d/identity.pem" "$T/d/identity-key.pem" "$T/plist" \
	    "$T/message"
}

@test "mcfg-service: an answer that was not written is not recorded as sent" {
	local program

	phase3_of UNSENT
	set -- POST /profile CONTENT_LENGTH="$(wc -c < "$T/message")"
	ln -s /dev/full "$T/full"
	for program in "$ROOT/scripts/mcfg.cgi" "$MCFG_BIN/mcfg-service"; do
		run -4 answers "$program" "$T/full" "$@" \
		    < "$T/message"
		last_event UNSENT | grep -q failed
		answers "$program" "$T/two" "$@" < "$T/message"
		grep -qa aspen-config "$T/two"
	done
}

# last_event UDID: prints the last event of its last enrollment.
last_event() {
	mcfg-enrollment list --json --config "$SITE/site.yaml" > "$T/list"
	mcfg-enrollment show --config "$SITE/site.yaml" -- \
	    "$(UDID=$1 python3 -c '
import json, os, sys
print([e["id"] for e in json.load(sys.stdin)
    if e["udid"] == os.environ["UDID"]][-1])' < "$T/list")" > "$T/show"
	tail -n 1 "$T/show"
}

@test "mcfg-service: a FastCGI client may leave before or during its answer" {
	local worker leave

	phase3_of LEAVES
	# More than a socket holds, so the client leaves during the answer.
	cp "$SITE/profile.yaml" "$T/kept"
	printf 'ConsentText:\n  default: x%0600000d\n' 0 >> "$SITE/profile.yaml"
	spawn-fcgi -n -s "$T/socket" -- /bin/sh -c "MCFG_SITE='$SITE' \
	    exec mcfg-service --workers 1" 2>> "$T/log" 3>&- &
	pid=$!
	awaits -p "$pid" 'an answer' serves "$T/socket"
	worker=$(pgrep -P "$pid" -x mcfg-service)
	set -- "$T/socket" REQUEST_METHOD=POST PATH_INFO=/profile \
	    REMOTE_ADDR=192.0.2.7 CONTENT_LENGTH="$(wc -c < "$T/message")"
	for leave in 0 8 9000; do
		: > "$T/log"
		# Stopped, it reads the request only after the client has left.
		[ "$leave" -ne 0 ] || kill -STOP "$worker"
		python3 "$ROOT/tests/fcgi.py" --leave $leave "$@" \
		    < "$T/message"
		[ "$leave" -ne 0 ] || kill -CONT "$worker"
		# The one worker answers the next request after this one.
		awaits -p "$pid" 'an answer' serves "$T/socket"
		# The second if something was left unread.
		grep -aqE "status=500 reason=\"mcfg-sign: stdout: cannot write: \
(Broken pipe|Connection reset by peer)\" .*udid=LEAVES " "$T/log"
		last_event LEAVES | tee "$T/event"
		grep -q 'failed.*stdout: cannot write' "$T/event"
		python3 "$ROOT/tests/fcgi.py" "$@" < "$T/message" > "$T/answer"
		grep -qa aspen-config "$T/answer"
		[ "$(wc -c < "$T/answer")" -gt 600000 ]
		last_event LEAVES | tee "$T/event"
		run -1 grep failed "$T/event"
		[ "$(pgrep -P "$pid" -x mcfg-service)" = "$worker" ]
	done
	cp "$T/kept" "$SITE/profile.yaml"
	kill "$pid"
	wait "$pid"
}

@test "mcfg-service: waits for the disk before an answer, and not after it" {
	needs strace
	phase3_of WAITS
	spawn-fcgi -n -s "$T/socket" -- /bin/sh -c "MCFG_SITE='$SITE' \
	    exec strace -f -qq -o '$T/trace' -e trace=accept,fdatasync \
	    mcfg-service --workers 1" 3>&- &
	pid=$!
	awaits -p "$pid" 'an answer' serves "$T/socket"
	for _ in 1 2 3; do
		python3 "$ROOT/tests/fcgi.py" "$T/socket" REQUEST_METHOD=POST \
		    PATH_INFO=/profile REMOTE_ADDR=192.0.2.7 \
		    CONTENT_LENGTH="$(wc -c < "$T/message")" \
		    < "$T/message" > "$T/answer"
		grep -qa aspen-config "$T/answer"
	done
	kill "$(pgrep -P "$pid" -x mcfg-service)"
	wait "$pid"
	# The first request also begins the write-ahead log.
	sed -n 's/^[0-9]* *\([a-z]*\)(.* = [0-9]*$/\1/p' "$T/trace" |
	    tail -n 4 > "$T/calls"
	printf '%s\n' accept fdatasync accept fdatasync | diff - "$T/calls"
}

@test "mcfg-service: killed at any call of a login, the next one works" {
	needs strace
	log_in "$T/answer" strace -qq -f -o "$T/all" -e "trace=$calls"
	calls_of "$T/all"
	for ((n = 1; n <= total; n += step)); do
		log_in "$T/answer" strace -qq -f -o "$T/trace" \
		    -e "trace=$calls" \
		    -e "inject=$calls:signal=KILL:when=$n" || :
		[ ! -s "$T/answer" ] || grep -qa '^Content-Length' "$T/answer"
		log_in "$T/answer"
		grep -qa aspen-config "$T/answer" || { echo "at $n"; false; }
		sqlite3 "$SITE/ledger.db" 'PRAGMA integrity_check' |
		    grep -qx ok
	done
	# A device can go on with the last one.
	phase2_of "$T/answer" LOGGED-IN
	strikes "$T/answer" POST /profile "$T/message" --
	grep -qa aspen-config "$T/answer"
}

@test "mcfg-service: killed at any call of phase 2, a device is known once" {
	needs strace
	log_in "$T/answer"
	phase2_of "$T/answer" STRUCK-0
	strikes "$T/answer" POST /profile "$T/message" -- \
	    strace -qq -f -o "$T/all" -e "trace=$calls"
	calls_of "$T/all"
	for ((n = 1; n <= total; n += step)); do
		log_in "$T/answer"
		phase2_of "$T/answer" "STRUCK-$n"
		strikes "$T/answer" POST /profile "$T/message" -- \
		    strace -qq -f -o "$T/trace" -e "trace=$calls" \
		    -e "inject=$calls:signal=KILL:when=$n" || :
		[ ! -s "$T/answer" ] || grep -qa '^Content-Length' "$T/answer"
		# Again: accepted if it was not before, refused if it was.
		strikes "$T/answer" POST /profile "$T/message" -- || :
		grep -qaE 'aspen-config|^Status: (301|403)' "$T/answer" ||
		    { echo "at $n"; false; }
		sqlite3 "$SITE/ledger.db" "PRAGMA integrity_check;
		    SELECT state FROM enrollment WHERE udid = 'STRUCK-$n'" \
		    > "$T/states"
		[ "$(cat "$T/states")" = $'ok\nidentified' ] || {
			echo "at $n"
			cat "$T/states"
			false
		}
		# The device can start over.
		log_in "$T/answer"
		phase2_of "$T/answer" "STRUCK-$n"
		strikes "$T/answer" POST /profile "$T/message" --
		grep -qa aspen-config "$T/answer"
	done
}

@test "mcfg-service: a request reads site.yaml once" {
	needs strace
	answers "$MCFG_BIN/mcfg-service" "$T/1" GET /enroll REMOTE_USER=jane \
	    < /dev/null
	yields - enroll "$T/d" --udid ONE-SITE
	attributes "$T/plist" UDID=ONE-SITE \
	    SERIAL="$(mcfg-get SERIAL "$T/d/attributes.plist")"
	sign_as "$T/d/identity.pem" "$T/d/identity-key.pem" "$T/plist" \
	    "$T/message"
	# If it were looked at again, it would seem changed, and the ledger in
	# use would be closed.
	for n in 2 3 4 5 6 7; do
		strikes "$T/answer" POST /profile "$T/message" -- \
		    strace -qq -o "$T/trace" -P site.yaml \
		    -e "inject=?stat,?newfstatat,?statx:error=EIO:when=$n"
		grep -qa aspen-config "$T/answer" ||
		    { echo "at $n"; cat "$T/err"; false; }
		grep -q site.yaml "$T/trace"
	done
}

@test "mcfg-service: killed at any call of phase 3, nothing is lost" {
	needs strace
	answers "$MCFG_BIN/mcfg-service" "$T/1" GET /enroll REMOTE_USER=jane \
	    < /dev/null
	yields - enroll "$T/d" --udid KILLED
	attributes "$T/plist" UDID=KILLED \
	    SERIAL="$(mcfg-get SERIAL "$T/d/attributes.plist")"
	sign_as "$T/d/identity.pem" "$T/d/identity-key.pem" "$T/plist" \
	    "$T/again"
	length=$(stat -c %s "$T/again")
	asks() {
		env -i PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" \
		    UBSAN_OPTIONS="$UBSAN_OPTIONS" MCFG_SITE="$SITE" \
		    REQUEST_METHOD=POST PATH_INFO=/profile \
		    CONTENT_LENGTH="$length" "$@" \
		    mcfg-service < "$T/again" > "$T/answer" 2> "$T/err"
	}
	asks strace -qq -f -o "$T/all" -e "trace=$calls"
	calls_of "$T/all"
	for ((n = 1; n <= total; n += step)); do
		asks strace -qq -f -o "$T/trace" -e "trace=$calls" \
		    -e "inject=$calls:signal=KILL:when=$n" || :
		# What was sent is whole, and the device may ask again.
		[ ! -s "$T/answer" ] || grep -qa '^Content-Length' "$T/answer"
		asks
		grep -qa aspen-config "$T/answer" || { echo "at $n"; false; }
		sqlite3 "$SITE/ledger.db" 'PRAGMA integrity_check' |
		    grep -qx ok
	done
	enrollments "[e['state'] for e in j if e['udid'] == 'KILLED'] ==
	    ['configured']"
}
