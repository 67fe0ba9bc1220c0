#!/usr/bin/env bats
# The profile service as a CGI program, called without a web server, so that
# every odd request reaches it.
# shellcheck disable=SC2016 # text that looks like a command

load helpers
load flow

setup_file() {
	make_site
}

# program: the program under test; FORM=service tests mcfg-service instead.
program() {
	if [ "$FORM" = cgi ]; then
		echo "$ROOT/scripts/mcfg.cgi"
	else
		echo "$MCFG_BIN/mcfg-service"
	fi
}

# of_cgi REASON: skips a test that is only for the script.
of_cgi() {
	[ "$FORM" = cgi ] || skip "$1"
}

# cgi METHOD PATH [NAME=VALUE...]: sends a request, with standard input as its
# body; status in $code, header in $T/head, body in $T/body, log in $T/log.
cgi() {
	local method=$1 path=$2
	shift 2
	env -i PATH="$PATH" MCFG_BIN="$MCFG_BIN" ASAN_OPTIONS="$ASAN_OPTIONS" \
	    UBSAN_OPTIONS="$UBSAN_OPTIONS" MCFG_SITE="$SITE" \
	    GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD="$method" \
	    PATH_INFO="$path" REMOTE_ADDR=192.0.2.7 "$@" \
	    "$(program)" > "$T/answer" 2> "$T/log"
	split_answer
}

# split_answer: in python3, since the body may be any bytes.
split_answer() {
	python3 - "$T" <<-'PY'
	import sys
	t = sys.argv[1]
	head, _, body = open(t + '/answer', 'rb').read().partition(b'\r\n\r\n')
	open(t + '/head', 'wb').write(head + b'\r\n')
	open(t + '/body', 'wb').write(body)
	PY
	code=$(header Status)
	code=${code%% *}
	code=${code:-200}
}

# logged TEXT: the log is one line, with the address and TEXT.
logged() {
	cat "$T/log"
	[ "$(wc -l < "$T/log")" -eq 1 ]
	grep -q 192.0.2.7 "$T/log"
	grep -qF -e "$1" "$T/log"
}

@test "mcfg.cgi: / is a page that loads nothing else" {
	cgi GET / < /dev/null
	[ "$code" = 200 ]
	[ "$(header Content-Type)" = 'text/html; charset=utf-8' ]
	logged welcome
	grep -q 'href="/CA"' "$T/body"
	grep -q 'href="/enroll"' "$T/body"
	grep -q 'Example, Inc.' "$T/body"
	grep -q 'Certificate Trust Settings' "$T/body"
	grep -q 'rel="icon" href="data:,"' "$T/body"
	[ "$(grep -c '<link' "$T/body")" = 1 ]
	run -1 grep -qiE '<script|<img|@import|url\(|https?:' "$T/body"
	print=$(openssl x509 -in "$ROOT_CA" -noout -sha256 -fingerprint)
	print=${print#*=}
	[ "$(sed -n 's/<[^>]*>/ /g; s/[^0-9A-F ]//g; /[0-9A-F ]\{90\}/p' \
	    "$T/body" | tr -d ' \n')" = "$(printf '%s' "$print" | tr -d :)" ]
	xmllint --html --noout "$T/body" 2> "$T/xml" || :
	run -1 grep 'error :' <(grep -vE \
	    'Tag (header|main|section|figure|figcaption|bdi|svg|rect|path) invalid' \
	    "$T/xml")
}

@test "mcfg.cgi: a request without a standard input has no body" {
	cgi GET / <&-
	[ "$code" = 200 ]
	cgi POST / CONTENT_LENGTH=10 <&-
	[ "$code" = 405 ]
	logged 'method not allowed'
}

@test "mcfg.cgi: / escapes the values of site.yaml" {
	cp -r "$SITE" "$T/site"
	sed -i 's/^organization:.*/organization: "<b>A \& B<\/b> \\"$(id)`id`"/' \
	    "$T/site/site.yaml"
	SITE=$T/site cgi GET / < /dev/null
	[ "$code" = 200 ]
	grep -qF '&lt;b&gt;A &amp; B&lt;/b&gt; &quot;$(id)`id`' "$T/body"
	run -1 grep -q '<b>A' "$T/body"
}

@test "mcfg.cgi: the script is short enough to read" {
	of_cgi 'it is C'
	[ "$(wc -l < "$ROOT/scripts/mcfg.cgi")" -le 280 ]
}

@test "mcfg.cgi: variables of the request reach no tool" {
	of_cgi 'it runs no tools'
	mkdir "$T/bin"
	ln -s "$MCFG_BIN"/* "$T/bin"
	for tool in mcfg-enrollment mcfg-page mcfg-sign mcfg-verify; do
		rm "$T/bin/$tool"
		cat > "$T/bin/$tool" <<-SH
		#!/bin/sh
		env >> "$T/seen"
		exec "$MCFG_BIN/$tool" "\$@"
		SH
		chmod +x "$T/bin/$tool"
	done
	mark=("HTTP_X=mark" "HTTP_AUTHORIZATION=mark" "HTTP_COOKIE=mark"
	    "QUERY_STRING=mark" "SCRIPT_NAME=mark" "SERVER_NAME=mark"
	    "REDIRECT_X=mark" "http_proxy=mark" "path=mark" "line=mark"
	    "said=mark" "above=mark" "name=mark" "SSL_CLIENT_S_DN=mark"
	    "HTTP_ACCEPT_LANGUAGE=mark" "HTTP_Y=x"$'\n'"export MCFG_SITE=mark"
	    "HTTP_Z='; touch $T/ran; '"$'\n'"export 'x")
	for page in /enroll / /profile /i/x /none; do
		method=GET
		[ "$page" != /profile ] || method=POST
		cgi "$method" "$page" REMOTE_USER=mark CONTENT_LENGTH=3 \
		    MCFG_BIN="$T/bin" MCFG_OTHER=kept "${mark[@]}" <<< abc
		[ "$code" != 500 ] || { cat "$T/log"; false; }
	done
	[ "$(grep -c '^MCFG_SITE=' "$T/seen")" -ge 8 ]
	grep -q '^MCFG_OTHER=kept' "$T/seen"
	run -1 grep mark "$T/seen"
	[ ! -e "$T/ran" ]
}

@test "mcfg.cgi: /CA is the root certificate in DER" {
	cgi GET /CA < /dev/null
	[ "$code" = 200 ]
	[ "$(header Content-Type)" = application/x-x509-ca-cert ]
	openssl x509 -in "$ROOT_CA" -outform DER -out "$T/der"
	cmp "$T/body" "$T/der"
	logged 'root certificate'
}

@test "mcfg.cgi: /crl is a current CRL" {
	cgi GET /crl < /dev/null
	[ "$code" = 200 ]
	[ "$(header Content-Type)" = application/pkix-crl ]
	[ "$(header Content-Length)" = "$(wc -c < "$T/body")" ]
	[ "$(header Cache-Control)" = no-store ]
	cmp "$T/body" "$SITE/ca/crl.der"
	openssl crl -inform DER -in "$T/body" -CAfile "$ROOT_CA" -noout 2>&1 |
	    grep -qx 'verify OK'
	logged 'revocation list'
	scep-ca crl --dir "$SITE/ca" --at 2026-01-02T00:00:00Z > /dev/null
	cgi GET /crl < /dev/null
	[ "$code" = 200 ]
	openssl crl -inform DER -in "$T/body" -out "$T/crl.pem"
	openssl verify -crl_check -CAfile "$ROOT_CA" -CRLfile "$T/crl.pem" \
	    "$SITE/tls/cert.pem"
	mv "$SITE/ca/cert.pem" "$T/kept"
	cgi GET /crl < /dev/null
	mv "$T/kept" "$SITE/ca/cert.pem"
	[ "$code" = 404 ]
	cp "$SITE/ca/crl.der" "$T/kept"
	scep-ca crl --dir "$SITE/ca" --at 2026-01-02T00:00:00Z > /dev/null
	mv "$SITE/ca/key.pem" "$T/key"
	cgi GET /crl < /dev/null
	mv "$T/key" "$SITE/ca/key.pem"
	[ "$code" = 500 ]
	logged key.pem
	[ ! -s "$T/body" ] || grep -q 'Internal Server Error' "$T/body"
}

@test "mcfg.cgi: a failed answer is not logged as sent" {
	of_cgi 'it has the whole response before it writes any of it'
	mkdir "$T/bin"
	ln -s "$MCFG_BIN"/* "$T/bin"
	rm "$T/bin/scep-ca" "$T/bin/mcfg-page"
	for tool in mcfg-page scep-ca; do
		cat > "$T/bin/$tool" <<-SH
		#!/bin/sh
		case " \$* " in
		*' --cert '*|*' --http '*) echo 'tool: no disk' >&2; exit 4 ;;
		esac
		PATH=\${PATH#*:}
		exec $tool "\$@"
		SH
		chmod +x "$T/bin/$tool"
	done
	for page in /CA /crl; do
		cgi GET "$page" PATH="$MCFG_BIN:$PATH" MCFG_BIN="$T/bin" \
		    < /dev/null
		logged 'status=500 reason="tool: no disk"'
	done
}

@test "mcfg.cgi: /enroll needs a user, and refuses other sites" {
	cgi GET /enroll < /dev/null
	[ "$code" = 403 ]
	logged 'nobody is logged in'
	cgi GET /enroll REMOTE_USER= < /dev/null
	[ "$code" = 403 ]
	cgi GET /enroll REMOTE_USER=jane HTTP_SEC_FETCH_SITE=cross-site \
	    < /dev/null
	[ "$code" = 403 ]
	logged 'another site'
	for from in none same-origin same-site; do
		cgi GET /enroll REMOTE_USER=jane HTTP_SEC_FETCH_SITE=$from \
		    < /dev/null
		[ "$code" = 200 ]
	done
}

@test "mcfg.cgi: /enroll sends a signed Profile Service profile" {
	cgi GET /enroll REMOTE_USER=jane HTTP_HOST=evil.example \
	    SERVER_NAME=evil.example < /dev/null
	[ "$code" = 200 ]
	[ "$(header Content-Type)" = application/x-apple-aspen-config ]
	[ "$(header Content-Length)" = "$(wc -c < "$T/body")" ]
	[ "$(header Cache-Control)" = no-store ]
	[[ $(header Content-Disposition) == attachment* ]]
	unsign "$T/body" "$T/service"
	plist_is "$T/service" "p['PayloadType'] == 'Profile Service' and \
	    p['PayloadContent']['URL'] == '$URL/profile' and \
	    len(p['PayloadContent']['Challenge']) == 32"
	run -1 grep -q evil "$T/service"
	logged 'profile service for jane'
	run -1 grep -qF "$(plist_key "$T/service" \
	    "p['PayloadContent']['Challenge']")" "$T/log"
	openssl cms -cmsout -print -inform DER -in "$T/body" > "$T/cms"
	grep -q 'CN=Profile Signer' "$T/cms"
	grep -q 'CN=Example, Inc. CA' "$T/cms"
}

@test "mcfg.cgi: a user's name is only a name" {
	for name in '$(touch x)' '; id' '--help' '-' '../..' "a'b\"c" 'Müller'
	do
		cgi GET /enroll REMOTE_USER="$name" < /dev/null
		[ "$code" = 200 ] || { cat "$T/log"; false; }
		USER_NAME=$name enrollments \
		    "__import__('os').environ['USER_NAME'] in \
		    [e['user'] for e in j]"
	done
	cgi GET /enroll REMOTE_USER=$'a\nb' < /dev/null
	[ "$code" = 403 ]
	[ "$(wc -l < "$T/log")" -eq 1 ]
}

# knows LINE...: makes the site's facts program a script of these lines, which
# also writes its arguments, each with a NUL, to $T/args.
knows() {
	rm -rf "$T/site"
	cp -r "$SITE" "$T/site"
	{
		printf '#!/bin/sh\nprintf "%%s\\0" "$#" "$@" > "%s"\n' \
		    "$T/args"
		printf '%s\n' "$@"
	} > "$T/site/my facts"
	chmod +x "$T/site/my facts"
	echo "facts: ${FACTS:-./my facts}" >> "$T/site/site.yaml"
}

asks() {
	rm -f "$T/args"
	SITE=$T/site cgi GET /enroll REMOTE_USER="$1" < /dev/null
}

@test "mcfg.cgi: a program provides the facts about a user" {
	knows 'echo "{\"mail\": \"jane@example.com\", \"n\": [1, \"two\"]}"'
	# No enrollments of other tests.
	rm "$T/site"/ledger.db*
	asks jane
	[ "$code" = 200 ] || { cat "$T/log"; false; }
	logged 'profile service for jane'
	printf '1\0jane\0' | cmp - "$T/args"
	SITE=$T/site
	mcfg-enrollment list --json --config "$SITE/site.yaml" > "$T/list"
	json_is "$T/list" "[e['user'] for e in j] == ['jane']"
	id=$(mcfg-get 0.id "$T/list")
	mcfg-enrollment show --json --config "$SITE/site.yaml" "$id" > "$T/show"
	json_is "$T/show" "j['facts'] == {'mail': 'jane@example.com',
	    'n': [1, 'two']}"
}

@test "mcfg.cgi: the facts program gets the user as one argument, whatever it is" {
	knows 'echo "{}"'
	for name in '$(touch x)' '; id' "a'b\"c" 'a b  c' '*' 'Müller' \
	    '`id`' '\n' '%s' '!'; do
		asks "$name"
		[ "$code" = 200 ] || { cat "$T/log"; false; }
		printf '1\0%s\0' "$name" | cmp - "$T/args"
	done
	for name in -x --help - -- '-e id'; do
		asks "$name"
		[ "$code" = 403 ]
		logged 'begins as an option does'
		[ ! -e "$T/args" ]
	done
	asks $'a\nb'
	[ "$code" = 403 ]
	[ ! -e "$T/args" ]
}

@test "mcfg.cgi: the program's refusal is 403, any other failure 500" {
	ends() {
		knows "${@:3}"
		before=$(mcfg-enrollment list --config "$T/site/site.yaml")
		asks jane
		[ "$code" = "$1" ] || { echo "$*: $code"; cat "$T/log"; false; }
		logged "$2"
		[ "$(mcfg-enrollment list --config "$T/site/site.yaml")" = \
		    "$before" ]
	}
	ends 403 'jane left last year' 'echo "jane left last year" >&2; exit 1'
	is_refused_page "$T/body"
	ends 403 'ended with status 1' 'exit 1'
	ends 403 'one; two' 'printf "one\ntwo\n" >&2; exit 1'
	for n in 2 3 4 5 42; do
		ends 500 'down' "echo down >&2; exit $n"
	done
	ends 500 mcfg-enrollment 'echo "{\"a\""'
	ends 500 mcfg-enrollment 'echo "[1, 2]"'
	ends 500 mcfg-enrollment ':'
	ends 500 mcfg-enrollment 'echo "{\"a\": \"\303\"}"'
	FACTS=./nothing ends 500 nothing :
	FACTS=no-such-program ends 500 'no such program' :
	# Not a command of the shell, nor a function of mcfg.cgi.
	FACTS=root ends 500 'no such program' :
	FACTS='eval' ends 500 'no such program' :
	FACTS=. ends 500 'no such program' :
}

@test "mcfg.cgi: a facts program that was killed is 503, to try again" {
	of_cgi 'child-programs.bats asks the function that mcfg-service calls'
	# A stand-in fails at once; the real limit is 30 seconds.
	mkdir "$T/bin"
	ln -s "$MCFG_BIN"/* "$T/bin"
	rm "$T/bin/mcfg-enrollment"
	cat > "$T/bin/mcfg-enrollment" <<-SH
	#!/bin/sh
	[ "\$1" != start ] || { echo 'facts: killed' >&2; exit 5; }
	exec "$MCFG_BIN/mcfg-enrollment" "\$@"
	SH
	chmod +x "$T/bin/mcfg-enrollment"
	MCFG_BIN=$T/bin cgi GET /enroll REMOTE_USER=jane < /dev/null
	[ "$code" = 503 ]
	[ "$(header Retry-After)" = 5 ]
	logged 'facts: killed'
}

@test "mcfg.cgi: the facts program's output is limited, and its children delay nobody" {
	# A child outside its process group that holds a descriptor open.
	for how in '' '2> /dev/null' '> /dev/null'; do
		knows "setsid sleep 1000 $how & echo \$! > '$T/left'" \
		    'echo "{\"a\": \"b\"}"; echo a remark >&2'
		asks jane
		kill -KILL "$(cat "$T/left")"
		[ "$code" = 200 ] || { echo "$how: $code"; cat "$T/log"; false; }
		grep -q 'a remark' "$T/log"
	done
	for how in 'yes x' 'head -c 65600 /dev/zero | tr "\0" x' \
	    'yes " 0"' 'head -c 65537 /dev/zero | tr "\0" " "; exit 0'; do
		knows "$how"
		asks jane
		[ "$code" = 503 ] || { echo "$how: $code"; cat "$T/log"; false; }
		logged 'more than 65536 bytes'
	done
	knows 'printf "{\"a\": \"%065000d\"}" 0'
	asks jane
	[ "$code" = 200 ]
}

@test "mcfg.cgi: every other path is 404" {
	for p in //enroll /ENROLL /enroll/ /enroll/x '/enroll;x' /enroll.x \
	    /enroll%20 /Enroll '/enroll ' /mcfg.cgi /mcfg.cgi/enroll /ca \
	    /CA/ /profile/ /index.html /../site.yaml /site.yaml /favicon.ico \
	    $'/enroll\n' '*' enroll; do
		cgi GET "$p" REMOTE_USER=jane < /dev/null
		[ "$code" = 404 ] || { echo "$p: $code"; false; }
		logged 404
		[ "$(header Cache-Control)" = no-store ]
	done
}

@test "mcfg.cgi: another method is 405, with the methods that are allowed" {
	method() {
		cgi "$1" "$2" REMOTE_USER=jane CONTENT_LENGTH=3 <<< abc
		echo "$1 $2: $code"
		[ "$code" = 405 ]
		[ "$(header Allow)" = "$3" ]
	}
	for m in POST PUT DELETE OPTIONS TRACE get 'GET ' ''; do
		method "$m" / 'GET, HEAD'
		method "$m" /CA 'GET, HEAD'
		method "$m" /enroll GET
	done
	method HEAD /enroll GET
	for m in GET HEAD PUT post ''; do
		method "$m" /profile POST
	done
}

@test "mcfg.cgi: judges the length of a message" {
	printf 'no message' > "$T/ten"
	length() {
		cgi POST /profile "${@:2}" < "$T/ten"
		[ "$code" = "$1" ] || { echo "$*: $code"; cat "$T/log"; false; }
		[ "$(wc -l < "$T/log")" -eq 1 ]
	}
	length 411
	length 411 CONTENT_LENGTH=
	for n in -1 -0 +10 abc 10x 0x10 '10 ' ' 10' 1.5 1e3 '$(id)' 'a[$(id)]' \
	    $'10\n'; do
		length 400 CONTENT_LENGTH="$n"
	done
	length 400 CONTENT_LENGTH=0
	length 400 CONTENT_LENGTH=000
	length 413 CONTENT_LENGTH=65537
	length 413 CONTENT_LENGTH=99999999
	length 413 CONTENT_LENGTH=18446744073709551626
	# Fewer bytes than announced; then bytes that are not a message.
	length 400 CONTENT_LENGTH=11
	length 400 CONTENT_LENGTH=65536
	length 400 CONTENT_LENGTH=10
	length 400 CONTENT_LENGTH=00010
}

@test "mcfg.cgi: bytes after the length are not read" {
	cgi GET /enroll REMOTE_USER=jane < /dev/null
	unsign "$T/body" "$T/service"
	attributes "$T/plist" UDID=1 VERSION=1 PRODUCT=iPhone1,1 SERIAL=1 \
	    CHALLENGE="$(plist_key "$T/service" \
	    "p['PayloadContent']['Challenge']")"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/message"
	n=$(wc -c < "$T/message")
	cp "$T/message" "$T/long"
	printf 'more' >> "$T/long"
	cgi POST /profile CONTENT_LENGTH=$((n + 4)) < "$T/long"
	[ "$code" = 400 ]
	cgi POST /profile CONTENT_LENGTH="$n" < "$T/long"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/scep"
	logged 'phase 2'
}

@test "mcfg.cgi: anything but a message is 400" {
	printf '' > "$T/empty"
	noise 65536 > "$T/noise"
	head -c 65536 /dev/zero > "$T/zero"
	printf '%s' '<plist><dict/></plist>' > "$T/plain"
	openssl x509 -in "$FACTORY" -outform DER -out "$T/cert"
	attributes "$T/plist" UDID=1
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/whole"
	head -c 500 "$T/whole" > "$T/cut"
	for f in noise zero plain cert cut; do
		cgi POST /profile CONTENT_LENGTH="$(wc -c < "$T/$f")" \
		    < "$T/$f"
		[ "$code" = 400 ] || { echo "$f: $code"; cat "$T/log"; false; }
		logged mcfg-verify
	done
	# Signed by the factory, but not a property list.
	for f in noise zero cert; do
		head -c 9000 "$T/$f" > "$T/content"
		sign_as "$FACTORY" "$FACTORY_KEY" "$T/content" "$T/message"
		cgi POST /profile CONTENT_LENGTH="$(wc -c < "$T/message")" \
		    < "$T/message"
		[ "$code" = 400 ] || { echo "$f: $code"; cat "$T/log"; false; }
	done
}

@test "mcfg.cgi: a mistyped invitation leaves no token in the log" {
	for path in //i/SECRET /x/i/SECRET /I/SECRET /i/SECRET/i/SECRET; do
		cgi GET "$path" < /dev/null
		logged '/i/-'
		run -1 grep SECRET "$T/log"
	done
	token=$(noise 24 | base64 | tr '+/' -_)
	for path in /invite/ '/i;' /i '/i ' / /x/ /enroll/; do
		cgi GET "$path$token" < /dev/null
		logged 'status=404'
		run -1 grep -F -e "$token" -e "${token#????????}" "$T/log"
	done
}

@test "mcfg.cgi: records of a device what was verified" {
	cgi GET /enroll REMOTE_USER=jane < /dev/null
	unsign "$T/body" "$T/service"
	# A shell drops NUL bytes, which makes another list of this UTF-16.
	python3 - "$T/plist" "$(plist_key "$T/service" \
	    "p['PayloadContent']['Challenge']")" <<-'PY'
	import sys
	def member(key, text):
	    return '<key>%s</key><string>%s</string>' % (key, text)
	def members(udid):
	    return member('UDID', udid) + member('CHALLENGE', sys.argv[2])
	begin = '<?xml version="1.0"?><plist version="1.0"><dict>'
	end = '</dict></plist>'
	hidden = '</string>' + members('OTHER') + end + '<?x '
	hidden += ' ' * (len(hidden) % 2)
	open(sys.argv[1], 'wb').write((begin + '<key>X</key><string>' +
	    hidden.encode().decode('utf-16-le') + '</string>' +
	    members('FACE') + end + '<?x ?>').encode('utf-16-le'))
	PY
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/message"
	cgi POST /profile CONTENT_LENGTH="$(wc -c < "$T/message")" \
	    < "$T/message"
	_enrollments "'OTHER' not in [e['udid'] for e in j]"
	[ "$code" = 400 ]
	logged NUL
}

@test "mcfg.cgi: a broken site is 500, and the log says where" {
	broken() {
		rm -rf "$T/site"
		cp -r "$SITE" "$T/site"
		(cd "$T/site" && "$@")
		SITE=$T/site cgi GET /enroll REMOTE_USER=jane < /dev/null
		[ "$code" = 500 ] || { echo "$*: $code"; false; }
		grep -q 'Internal Server Error' "$T/body"
		[ "$(wc -l < "$T/log")" -eq 1 ]
	}
	broken sed -i 's/^url:/urk:/' site.yaml
	grep -q 'site.yaml:[0-9]*:[0-9]*' "$T/log"
	broken rm site.yaml
	broken rm signer/key.pem
	broken cp ca/key.pem signer/key.pem
	broken chmod 644 signer/key.pem
	noise 20000 > "$T/noise"
	broken cp "$T/noise" ledger.db
	cgi GET / MCFG_SITE="$T/none" < /dev/null
	[ "$code" = 500 ]
	cgi GET / MCFG_SITE= < /dev/null
	[ "$code" = 500 ]
	[ "$FORM" = service ] || {
		cgi GET / MCFG_BIN="$T" PATH=/usr/bin:/bin < /dev/null
		[ "$code" = 500 ]
	}
}

@test "mcfg.cgi: a broken site.yaml is 500 on every page that reads it" {
	printf '%s' '<plist><dict><key>UDID</key><string>U</string>' \
	    '</dict></plist>' > "$T/content"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/content" "$T/message"
	cp -r "$SITE" "$T/site"
	cp "$SITE/site.yaml" "$T/kept"
	echo 'urk: x' >> "$T/site/site.yaml"
	SITE=$T/site
	for page in / /enroll /i/x /profile; do
		method=GET
		[ "$page" != /profile ] || method=POST
		cgi "$method" "$page" REMOTE_USER=jane \
		    CONTENT_LENGTH="$(wc -c < "$T/message")" < "$T/message"
		[ "$code" = 500 ] || { echo "$page: $code"; cat "$T/log"; false; }
		logged 'site.yaml:'
	done
	# Only site.yaml says which pages are of this site.
	cgi POST /i/x HTTP_SEC_FETCH_SITE=cross-site < /dev/null
	[ "$code" = 500 ]
	# The 5 is a line number, not the status of a tool.
	sed '5s/^/urk: x\n/' "$T/kept" > "$T/site/site.yaml"
	cgi GET /enroll REMOTE_USER=jane < /dev/null
	logged 'site.yaml:5:'
	[ "$code" = 500 ]
}

@test "mcfg.cgi: phase 2 that cannot be answered spends no challenge" {
	cgi GET /enroll REMOTE_USER=jane < /dev/null
	[ "$code" = 200 ]
	openssl cms -verify -noverify -inform DER -in "$T/body" \
	    -out "$T/service" 2> /dev/null
	attributes "$T/content" UDID=UNSPENT SERIAL=S1 PRODUCT=iPhone14,5 \
	    VERSION=21A1 CHALLENGE="$(plist_key "$T/service" \
	    "p['PayloadContent']['Challenge']")"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/content" "$T/message"
	cp -r "$SITE" "$T/site"
	SITE=$T/site
	sends() {
		cgi POST /profile CONTENT_LENGTH="$(wc -c < "$T/message")" \
		    < "$T/message"
		[ "$code" = "$1" ] || { cat "$T/log"; false; }
	}
	# The payload cannot be made.
	cp "$SITE/site.yaml" "$T/kept"
	sed '/^identifier:/d' "$T/kept" > "$SITE/site.yaml"
	sends 500
	logged identifier
	# It cannot be signed.
	cp "$T/kept" "$SITE/site.yaml"
	mv "$SITE/signer" "$T/signer"
	sends 500
	mv "$T/signer" "$SITE/signer"
	sends 200
	sends 403
}

@test "mcfg.cgi: a ledger that stays busy is 503, to try again" {
	needs sqlite3
	coproc HOLD { sqlite3 "$SITE/ledger.db" 3>&-; }
	echo 'BEGIN EXCLUSIVE; SELECT 1;' >&"${HOLD[1]}"
	read -r -u "${HOLD[0]}"
	cgi GET /enroll REMOTE_USER=jane < /dev/null
	kill "$HOLD_PID"
	[ "$code" = 503 ] || { cat "$T/log"; false; }
	[ -n "$(header Retry-After)" ]
}

@test "mcfg.cgi: /scep runs scep-ca if the server has no route for it" {
	cgi GET /scep QUERY_STRING=operation=GetCACert < /dev/null
	[ "$code" = 200 ]
	[ "$(header Content-Type)" = application/x-x509-ca-cert ]
	openssl x509 -inform DER -in "$T/body" -noout
	cgi GET /scep/pkiclient.exe QUERY_STRING=operation=GetCACert \
	    < /dev/null
	[ "$code" = 200 ]
}

@test "mcfg.cgi: the log escapes a path" {
	cgi GET $'/a\nmcfg.cgi: /forged \e[31m' < /dev/null
	[ "$code" = 404 ]
	logged 'path="/a\nmcfg.cgi: /forged \x1b[31m"'
	cgi GET "/$(head -c 60000 /dev/zero | tr '\0' x)" < /dev/null
	[ "$code" = 404 ]
	[ "$(wc -c < "$T/log")" -lt 200 ]
}

@test "mcfg.cgi: no request leaves a file behind" {
	before=$(find "$SITE" | sort)
	cgi GET / < /dev/null
	cgi GET /enroll REMOTE_USER=jane < /dev/null
	cgi GET /nothing < /dev/null
	noise 60000 > "$T/noise"
	cgi POST /profile CONTENT_LENGTH=60000 < "$T/noise"
	[ "$(find "$SITE" | grep -v 'ledger.db-' | sort)" = \
	    "$(printf '%s\n' "$before" | grep -v 'ledger.db-')" ]
}
