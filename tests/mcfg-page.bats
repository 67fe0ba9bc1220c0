#!/usr/bin/env bats
# mcfg-page: the web pages of the profile service.
# shellcheck disable=SC2016 # ${name} is the template's

load helpers
load flow

NAMES=(welcome invited login refused error)
LANGS=(en de fr es ja)

setup_file() {
	make_site
	printf 'help: https://help.example.com/\n' >> "$SITE/site.yaml"
}

# page [ARG...] NAME: makes the page in $T/page.
page() {
	yields "$T/page" mcfg-page --config "$SITE/site.yaml" "$@"
}

# speaks LANG TAGS [NAME]: a browser that prefers TAGS gets LANG.
speaks() {
	page --lang "$2" "${3:-welcome}"
	grep -q "^<html lang=\"$1\"" "$T/page" || {
		echo "$2: $(grep '^<html' "$T/page"), not $1"
		return 1
	}
}

# own FILE TEXT: makes a custom page for the site.
own() {
	mkdir -p "$T/pages"
	printf '%s' "$2" > "$T/pages/$1"
}

@test "page: all languages have the same variables, links, headings and ids" {
	for n in "${NAMES[@]}"; do
		for l in "${LANGS[@]}"; do
			yields "$T/$n.$l" mcfg-page --lang "$l" --template "$n"
			grep -q 'lang="${lang}" dir="${dir}"' "$T/$n.$l"
		done
		python3 "$ROOT/tests/pages.py" same "$T/$n".??
	done
}

@test "page: each is valid HTML that loads nothing, with and without values" {
	for n in "${NAMES[@]}"; do
		for l in "${LANGS[@]}"; do
			page --lang "$l" "$n"
			mv "$T/page" "$T/$n.$l"
			page --lang "$l" --set logo= --set help= --set own= \
			    --set description=Wi-Fi --set status=404 \
			    --set busy=yes "$n"
			mv "$T/page" "$T/$n.$l.other"
			page --lang "$l" --set logo=data:, --set missing=yes \
			    --set help_url= "$n"
			mv "$T/page" "$T/$n.$l.third"
		done
	done
	python3 "$ROOT/tests/pages.py" sound "$T"/*.??* "$T"/*.other "$T"/*.third
	for f in "$T"/*.??; do
		xmllint --html --noout "$f" 2> "$T/xml" || :
		run -1 grep -E 'error :' <(grep -vE \
		    'Tag (header|main|section|figure|figcaption|bdi|svg|rect|path) invalid' \
		    "$T/xml")
	done
}

@test "page: every language is complete and has its own text" {
	for n in "${NAMES[@]}"; do
		for l in "${LANGS[@]}"; do
			yields - mcfg-page --lang "$l" --template "$n"
			sed -n 's/.*<title>\(.*\) – .*/\1/p' "$T/stdout"
		done | sort | uniq -d > "$T/twice"
		[ ! -s "$T/twice" ] || { cat "$T/twice"; false; }
	done
}

@test "page: the order of the source is the order on the screen" {
	run -1 grep -nE '(^|[^-a-z])(order|float|flex-direction|grid-area|grid-row|grid-column)[ :]|reverse|absolute|fixed|column-count' \
	    "$ROOT/scripts/pages/style.css"
}

@test "page: the button comes first, then what to do with the file" {
	for n in welcome invited; do
		for l in "${LANGS[@]}"; do
			page --lang "$l" "$n"
			python3 - "$T/page" <<-'PY'
			import re, sys
			t = open(sys.argv[1]).read()
			for step in ('trust', 'enroll'):
			    part = t[t.index('<li id="%s">' % step):]
			    assert part.index('class="go') < part.index('class="then"')
			PY
		done
	done
}

@test "page: the browser chooses the language, RFC 4647 and RFC 9110" {
	speaks en ''
	speaks de de
	speaks de DE-ch
	speaks de 'de-CH-1996, en'
	speaks ja 'ja;q=0.9, de;q=0.8'
	speaks de 'ja;q=0.8,de;q=0.9'
	speaks fr 'it, fr, de'
	speaks es 'pt-BR, es-MX;q=0.1'
	speaks en 'it, pt'
	speaks en '*'
	speaks de 'en;q=0, de;q=0.001'
	speaks fr 'de;q=0,fr'
	speaks de $' de\t;\tq=1.000 , fr;q=1.001'
	speaks fr 'de;q=1.1, de;q=0.5.5, de;q=, de;level=1, fr;q=0.2'
	speaks en '../../../etc/passwd'
	speaks en 'de.html, /de, -de, de-, de--CH, abcdefghi'
	speaks en "$(printf 'x%.0s,' {1..32})de"
	speaks de "$(printf 'x%.0s,' {1..31})de"
	speaks en "$(head -c 60000 /dev/zero | tr '\0' d)"
	speaks de $'de,\e[31m'
	for n in "${NAMES[@]}"; do
		speaks ja ja-JP "$n"
	done
}

@test "page: the site's values are escaped" {
	page --set organization='<b>A & B</b> "C"' --set user="O'Brien" invited
	grep -qF '&lt;b&gt;A &amp; B&lt;/b&gt; &quot;C&quot;' "$T/page"
	grep -qF 'O&#39;Brien' "$T/page"
	run -1 grep -qF '<b>A' "$T/page"
	print=$(openssl x509 -in "$ROOT_CA" -noout -sha256 -fingerprint)
	page welcome
	grep -qF "<code class=\"print\">$(tr : ' ' <<< "${print#*=}")</code>" \
	    "$T/page"
	grep -q 'href="https://help.example.com/">https://help' "$T/page"
	page --set description=$'two\nlines' welcome
	grep -q '>two$' "$T/page"
}

@test "page: the contact is text or a link" {
	cp -r "$SITE" "$T/site"
	asks() {
		sed -i '/^help:/d' "$T/site/site.yaml"
		printf 'help: "%s"\n' "$1" >> "$T/site/site.yaml"
		yields "$T/page" mcfg-page --config "$T/site/site.yaml" welcome
		grep -qF "$2" "$T/page"
	}
	asks mailto:help@example.com \
	    '<a href="mailto:help@example.com">help@example.com</a>'
	asks tel:+4912345 '<a href="tel:+4912345">+4912345</a>'
	asks 'Mrs. Miller, room 12' '<bdi>Mrs. Miller, room 12</bdi>'
	asks 'javascript:alert(1)' '<bdi>javascript:alert(1)</bdi>'
	asks 'http://help.example.com' '<bdi>http://help.example.com</bdi>'
	sed -i '/^help:/d' "$T/site/site.yaml"
	printf 'help: "a\\u202eb"\n' >> "$T/site/site.yaml"
	refuses 3 'help: ' mcfg-page --config "$T/site/site.yaml" welcome
}

@test "page: does not offer a root that devices already trust" {
	cp -r "$SITE" "$T/site"
	echo 'trust: public' >> "$T/site/site.yaml"
	rm -r "$T/site/ca"
	for n in welcome invited; do
		yields "$T/page" mcfg-page --config "$T/site/site.yaml" "$n"
		run -1 grep -q '/CA\|id="trust"\|class="print"' "$T/page"
		grep -q 'id="enroll"' "$T/page"
	done
	sed -i 's/^trust:.*/trust: own/' "$T/site/site.yaml"
	refuses 4 root.pem mcfg-page --config "$T/site/site.yaml" welcome
	sed -i 's/^trust:.*/trust: maybe/' "$T/site/site.yaml"
	refuses 3 'trust: ' mcfg-page --config "$T/site/site.yaml" welcome
}

@test "page: a logo is part of the page" {
	cp -r "$SITE" "$T/site"
	echo 'logo: logo' >> "$T/site/site.yaml"
	printf '\x89PNG\r\n\x1a\n...' > "$T/site/logo"
	yields "$T/page" mcfg-page --config "$T/site/site.yaml" welcome
	grep -q "src=\"data:image/png;base64,$(base64 "$T/site/logo")\"" \
	    "$T/page"
	grep -q 'alt="Example, Inc."' "$T/page"
	printf '<svg xmlns="http://www.w3.org/2000/svg"/>' > "$T/site/logo"
	yields "$T/page" mcfg-page --config "$T/site/site.yaml" welcome
	grep -q 'src="data:image/svg+xml;base64,' "$T/page"
	printf 'GIF89a' > "$T/site/logo"
	refuses 3 logo mcfg-page --config "$T/site/site.yaml" welcome
	head -c 262145 /dev/zero > "$T/site/logo"
	refuses 3 logo mcfg-page --config "$T/site/site.yaml" welcome
	rm "$T/site/logo"
	refuses 4 logo mcfg-page --config "$T/site/site.yaml" welcome
}

@test "page: the QR code has the site's address, or the given text" {
	needs zbarimg
	reads() {
		python3 "$ROOT/tests/pages.py" pgm "$T/page" > "$T/qr.pgm"
		[ "$(zbarimg -q --raw "$T/qr.pgm")" = "$1" ]
	}
	page welcome
	grep -q '<svg class="qr"' "$T/page" || skip 'built without libqrencode'
	reads "$URL/"
	link="$URL/i/$(noise 24 | base64 | tr '+/' -_)"
	export link
	page --qr env:link invited
	reads "$link"
	token=${link##*/}
	export token
	page --invitation env:token invited
	reads "$link"
	refuses 2 --invitation mcfg-page --invitation env:token invited
	long=$(head -c 4000 /dev/zero | tr '\0' x)
	export long
	page --qr env:long welcome
	run -1 grep -q '<svg' "$T/page"
	refuses 2 --qr mcfg-page --qr text welcome
}

@test "page: a site can replace pages, style and languages" {
	own welcome.de.html 'Hallo ${organization}, ${lang} ${dir}!'
	own welcome.pt-BR.html 'Oi ${lang}'
	own welcome.ar.html '${dir}'
	own hello.html 'no language'
	own style.css 'p { color: red }'
	gets() {
		yields "$T/page" mcfg-page --pages "$T/pages" \
		    --set organization='A & B' --lang "$1" welcome
		[ "$(cat "$T/page")" = "$2" ]
	}
	gets de 'Hallo A &amp; B, de ltr!'
	gets de-AT 'Hallo A &amp; B, de ltr!'
	gets pt-br 'Oi pt-BR'
	gets 'pt-BR-x-one' 'Oi pt-BR'
	gets ar-EG rtl
	yields "$T/page" mcfg-page --pages "$T/pages" --lang en welcome
	grep -q '^p { color: red }' "$T/page"
	grep -q 'Set up your device' "$T/page"
	refuses 1 hello mcfg-page --pages "$T/pages" hello
	# By default they are beside the file of --config.
	cp -r "$SITE" "$T/site"
	cp -r "$T/pages" "$T/site/pages"
	yields "$T/page" mcfg-page --config "$T/site/site.yaml" --lang de welcome
	[ "$(cat "$T/page")" = 'Hallo Example, Inc., de ltr!' ]
	yields "$T/page" mcfg-page --pages "$T/none" --lang de welcome
	grep -q 'Gerät' "$T/page"
}

@test "page: a folder that cannot be read does not count as empty" {
	printf x > "$T/file"
	refuses 4 file mcfg-page --pages "$T/file" welcome
	own welcome.en.html x
	mkdir "$T/pages/welcome.de.html"
	refuses 4 welcome.de.html mcfg-page --pages "$T/pages" --lang de welcome
}

@test "page: if, else and end" {
	shows() {
		own t.en.html "$2"
		yields "$T/page" mcfg-page --pages "$T/pages" --set a=A \
		    --set none= t
		printf '%s' "$1" | cmp - "$T/page"
	}
	shows 'xAy' 'x<!-- if a -->${a}<!-- end -->y'
	shows 'xy' 'x<!-- if none -->${a}<!-- end -->y'
	shows 'xny' 'x<!--if none-->${a}<!--else-->n<!--end-->y'
	shows 'xAy' 'x<!-- if a -->${a}<!-- else -->n<!-- end -->y'
	shows '13' '<!-- if a -->1<!-- if none -->2<!-- else -->3<!-- end --><!-- end -->'
	shows '' '<!-- if none -->1<!-- if a -->2<!-- else -->3<!-- end --><!-- end -->'
	shows $'a\nb\n' $'a\n<!-- if a -->\nb\n<!-- end -->\n'
	shows '<!-- a comment --><!-- iffy -->' '<!-- a comment --><!-- iffy -->'
	shows '$A $$A<' '$${a} $$${a}<'
	shows '&#36;{a}' '&#36;{a}'
}

@test "page: an error in a template has its line" {
	wrong() {
		own t.en.html "$2"
		refuses 3 "$1" mcfg-page --pages "$T/pages" --set a=A t
	}
	wrong 't.en.html:2: ' $'\n${b}'
	wrong 't.en.html:1: ' '${a'
	wrong 't.en.html:1: ' '${}'
	wrong 't.en.html:1: ' '${a b}'
	wrong 't.en.html:2: ' $'<!-- if a -->\n'
	wrong 't.en.html:1: ' '<!-- end -->'
	wrong 't.en.html:1: ' '<!-- else -->'
	wrong 't.en.html:1: ' '<!-- if a --><!-- else --><!-- else --><!-- end -->'
	wrong 't.en.html:1: ' '<!-- if b --><!-- end -->'
	wrong 't.en.html:1: ' '<!-- if a b --><!-- end -->'
	wrong 't.en.html:1: ' '<!-- if a <!-- end -->'
	# Parts that are not shown are checked, too.
	wrong 't.en.html:1: ' '<!-- if user -->${b}<!-- end -->'
	wrong 't.en.html:1: ' "$(printf '<!-- if a -->%.0s' {1..17})"
	printf 'a\0b' > "$T/pages/t.en.html"
	refuses 3 NUL mcfg-page --pages "$T/pages" t
	head -c 1048577 /dev/zero > "$T/pages/t.en.html"
	refuses 3 t.en.html mcfg-page --pages "$T/pages" t
}

@test "page: a page name cannot be a path" {
	for n in ../welcome /welcome welcome.de Welcome 'a b' ''; do
		refuses 2 "" mcfg-page "$n"
	done
	refuses 1 nothing mcfg-page nothing
	refuses 2 NAME mcfg-page
	refuses 2 NAME mcfg-page welcome login
	refuses 2 --set mcfg-page --set style=x welcome
	refuses 2 --set mcfg-page --set a welcome
	refuses 2 --status mcfg-page --status 404 --http text/html error
}

@test "page: --status writes the header of a response" {
	page --status 404 --lang de error
	python3 - "$T/page" <<-'PY'
	import sys
	head, body = open(sys.argv[1], 'rb').read().split(b'\r\n\r\n', 1)
	h = dict(l.split(b': ', 1) for l in head.split(b'\r\n'))
	assert h[b'Status'] == b'404 Not Found'
	assert int(h[b'Content-Length']) == len(body)
	assert h[b'Content-Language'] == b'de'
	assert h[b'Vary'] == b'Accept-Language'
	assert h[b'Cache-Control'] == b'no-store'
	assert h[b'Referrer-Policy'] == b'no-referrer'
	csp = h[b'Content-Security-Policy']
	assert b"default-src 'none'" in csp and b'img-src data:' in csp
	assert b"form-action 'none'" in csp and b'script' not in csp
	assert b'404 Not Found' in body and 'keine Seite'.encode() in body
	PY
	page --status 200 invited
	grep -q "form-action 'self'" "$T/page"
	run -1 grep -q '^Status:' "$T/page"
	page --status 200 welcome
	run -1 grep -q '^Cache-Control' "$T/page"
	page --status 503 error
	grep -q 'The service is busy' "$T/page"
}

@test "page: --cert writes a response with a certificate" {
	yields "$T/der" openssl x509 -in "$PKI/root.pem" -outform DER
	cat "$PKI/root.pem" "$PKI/signer.pem" > "$T/both"
	for from in "$PKI/root.pem" "$T/der" "$T/both"; do
		page --status 200 --cert "$from"
		python3 - "$T/page" "$T/der" <<-'PY'
		import sys
		head, body = open(sys.argv[1], 'rb').read().split(
		    b'\r\n\r\n', 1)
		h = dict(l.split(b': ', 1) for l in head.split(b'\r\n'))
		assert body == open(sys.argv[2], 'rb').read()
		assert int(h[b'Content-Length']) == len(body)
		assert h[b'Content-Type'] == b'application/x-x509-ca-cert'
		assert h[b'Content-Disposition'] == \
		    b'attachment; filename="ca.cer"'
		assert b'Status' not in h
		PY
	done
	page --status 404 --cert "$T/der"
	[ "$(head -n 1 "$T/page")" = $'Status: 404 Not Found\r' ]
	mcfg-page --status 200 --cert "$T/der" --log reason=root > "$T/page" \
	    2> "$T/log"
	[ "$(cat "$T/log")" = 'level=info status=200 reason=root' ]
	refuses 4 "$T/none: " mcfg-page --status 200 --cert "$T/none" \
	    --log reason=root
	refuses 2 'needs --status' mcfg-page --cert "$T/der"
	refuses 2 'no page' mcfg-page --status 200 --cert "$T/der" welcome
	refuses 2 '--http' mcfg-page --status 200 --cert "$T/der" --http a/b
	refuses 2 '--answer' mcfg-page --answer 404 --cert "$T/der"
	refuses 2 'both read standard input' mcfg-page --status 200 --cert - \
	    --drain 9 < "$T/der"
}

@test "page: --answer writes the response of a failure, with pages or without" {
	answer() {
		yields "$T/page" mcfg-page --config "${2:-$SITE/site.yaml}" \
		    --lang de --answer "$1"
		tr -d '\r' < "$T/page" > "$T/lines"
	}
	answer 403
	grep -qx 'Status: 403 Forbidden' "$T/lines"
	mcfg-page --config "$SITE/site.yaml" --lang de --status 403 refused |
	    cmp - "$T/page"
	answer 401
	grep -q '^WWW-Authenticate: Basic realm=' "$T/lines"
	answer 503
	grep -qx 'Retry-After: 5' "$T/lines"
	grep -q '<html lang="de"' "$T/lines"
	# A site without pages does not give the reason.
	for f in "$T/none" /dev/null "$T/broken"; do
		echo 'urk: x' > "$T/broken"
		answer 503 "$f"
		[ "$(cat "$T/lines")" = 'Retry-After: 5
Cache-Control: no-store
Status: 503 Service Unavailable
Content-Type: text/plain; charset=utf-8

Service Unavailable' ] || { cat "$T/lines"; false; }
	done
	refuses 2 --answer mcfg-page --answer 403 refused
	refuses 2 --answer mcfg-page --answer 403 --status 200
}

@test "page: --failed answers by the status of a tool and what it judges" {
	# code BLAME STATUS REASON: the response and its log line have these.
	code() {
		mcfg-page --config "$SITE/site.yaml" --failed "$2" \
		    --blame "$1" --log reason="$3" > "$T/page" 2> "$T/line"
		[ "$(wc -l < "$T/line")" -eq 1 ]
		grep -q "^Status: $(sed -E 's/.* status=([0-9]+) .*/\1/' \
		    "$T/line") " "$T/page"
		sed -n 's/^Status: \([0-9]*\) .*/\1/p' "$T/page"
	}
	n=0
	for b in site device user name login; do
		case $b in
		site) want='500 500 500 500 503 500' ;;
		device) want='403 500 400 500 301 500' ;;
		user) want='403 500 500 500 503 500' ;;
		name) want='403 403 500 500 503 500' ;;
		login) want='401 500 500 500 503 500' ;;
		esac
		got=
		for status in 1 2 3 4 5 139; do
			got="$got $(code "$b" "$status" 'tool: why')"
			n=$((n + 1))
		done
		[ "$got" = " $want" ] || { echo "$b:$got"; false; }
	done
	[ "$n" -eq 30 ]
	[ "$(code site 4 'tool: ledger.db: busy')" = 503 ]
	[ "$(code device 1 'tool: ledger.db: locked')" = 403 ]
	# An error in site.yaml is not the device's fault; in another file it
	# is.
	[ "$(code device 3 "tool: $SITE/site.yaml:3:5: why")" = 500 ]
	[ "$(code device 3 "tool: $SITE/site.yamlx: why")" = 400 ]
	[ "$(code device 3 'tool: x')" = 400 ]
	[ "$(code device 5 'tool: x')" = 301 ]
	grep -q "^Location: $URL/enroll"$'\r$' "$T/page"
	# Lines are joined, and the response does not show them.
	code site 4 $'tool: one\n\ntool: two' > "$T/code"
	grep -q ' reason="tool: one; tool: two"$' "$T/line"
	run -1 grep -q 'tool: ' "$T/page"
	run -0 mcfg-page --failed 5 --blame device --log reason=x
	[[ $output == *'Status: 500 '* && $output == *status=301*status=500* ]]
	refuses 2 --blame mcfg-page --blame device welcome
	refuses 2 --blame mcfg-page --failed 1 --blame nobody
	refuses 2 --failed mcfg-page --failed 0
	refuses 2 --failed mcfg-page --failed 1 --answer 500
	refuses 2 welcome mcfg-page --failed 1 welcome
}

@test "page: a message is judged by its length, and read to its end" {
	# length LENGTH CODE LEFT [STATUS [BLAME]]: LEFT of 2000000 bytes are
	# not read.
	length() {
		head -c 2000000 /dev/zero | {
			mcfg-page --failed "${4:-3}" --blame "${5:-message}" \
			    --drain="$1" --log reason=why > "$T/page" \
			    2> "$T/line"
			wc -c > "$T/left"
		}
		grep -q "^Status: $2 " "$T/page" || { cat "$T/page"; return 1; }
		[ "$(cat "$T/left")" -eq "$3" ]
	}
	length '' 411 2000000
	length x 400 2000000
	length -1 400 2000000
	length 0 400 2000000
	length 000 400 2000000
	length 65537 413 1934463
	length 99999999999999999999 413 1000000
	# The bytes that the tool has read are not read again.
	length 65536 400 2000000
	grep -q reason=why "$T/line"
	length 00010 403 2000000 1
	length 10 403 1999990 1 device
	length 1500000 403 1000000 1 device
	length '' 403 2000000 1 device
	head -c 2000000 /dev/zero | {
		mcfg-page --drain= --chunked
		[ "$(wc -c)" -eq 1000000 ]
	}
	head -c 100 /dev/zero | {
		mcfg-page --drain=60 --chunked
		[ "$(wc -c)" -eq 40 ]
	}
	# The body ends too early.
	printf abc | mcfg-page --drain=10
}

@test "page: a form from another site is refused" {
	printf '%s\n' 'url: https://Example.com/base' 'organization: x' \
	    > "$T/site.yaml"
	form() {
		local what=("${@:1:$#-2}")

		"${what[@]}" mcfg-page --config "$T/site.yaml" \
		    --origin="${*: -2:1}" --fetch-site="${*: -1}"
	}
	for o in '' null https://Example.com https://Example.com:443; do
		for f in '' none same-origin; do
			form yields - "$o" "$f"
		done
	done
	for f in cross-site same-site x 'none '; do
		form refuses 1 'another site' https://Example.com "$f"
	done
	for o in https://example.org http://Example.com https://Example.co \
	    https://Example.com.evil.org https://Example.com:8443 https: x \
	    https://Example.com:443.evil.org https://Example.com/base NULL; do
		form refuses 1 'another site' "$o" same-origin
	done
	printf 'organization: x\n' > "$T/site.yaml"
	form refuses 3 url '' ''
	rm "$T/site.yaml"
	form refuses 4 site.yaml '' ''
	refuses 2 --config mcfg-page --origin=
}

@test "page: --log writes one line about a request, whatever it contains" {
	line() {
		run -0 --separate-stderr mcfg-page --config "$SITE/site.yaml" \
		    --status "$@"
	}
	line 404 --log path=/x --log reason='no "page"' --log user= \
	    --log client=::1 --log method=GET
	[ -z "$output" ]
	[ "${stderr-}" = 'level=warning client=::1 method=GET path=/x status=404 reason="no \"page\""' ]
	line 500 --log enrollment=e --log serial=$'a\nlevel=info' --log udid=U
	[ "${stderr-}" = 'level=error status=500 udid=U serial="a\nlevel=info" enrollment=e' ]
	line 200 --log path="$(printf '/%09d' 0 0 0 0 0 0 0 0 0)" --log reason=a=b
	[ "${stderr-}" = "level=info path=$(printf '/%09d' 0 0 0 0 0 0 0 0)... status=200 reason=\"a=b\"" ]
	# If there is a page, the line comes after it.
	line 200 --log user=ä welcome
	[ "${stderr-}" = 'level=info status=200 user="\xc3\xa4"' ]
	[[ $output == Content-Type:*'</html>' ]]
	run -1 --separate-stderr mcfg-page --status 200 --log user=x nothing
	[[ ${stderr-} != *level=* ]]
	for v in user level=x status=1 =x us=x ''; do
		refuses 2 --log mcfg-page --status 200 --log "$v"
	done
	refuses 2 --log mcfg-page --log user=x welcome
}
