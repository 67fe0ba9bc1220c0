#!/usr/bin/env bats

# shellcheck disable=SC2016,SC2258 # "${NAME}" and "a," are for our tools
load helpers

# template: writes $T/p.yaml, two lines that every profile has and then
# standard input.
template() {
	{
		echo 'PayloadType: Configuration'
		echo 'PayloadIdentifier: com.example.p'
		cat
	} > "$T/p.yaml"
}

# values: each line of standard input is YAML => PYTHON; mcfg-profile reads the
# YAML as the Python value.
values() {
	cat > "$T/values"
	sed 's/ => .*//' "$T/values" | awk '{ print "V" NR ": " $0 }' | template
	yields "$T/out" mcfg-profile "$T/p.yaml" || return 1
	python3 - "$T/out" "$T/values" <<-'PY'
	import plistlib, sys, datetime
	p = plistlib.load(open(sys.argv[1], 'rb'))
	for i, line in enumerate(open(sys.argv[2], encoding='utf-8'), 1):
	    want = eval(line.rstrip('\n').split(' => ')[1])
	    got = p['V%d' % i]
	    assert (type(got), got) == (type(want), want), line
	PY
}

# bad LINE:COLUMN TEXT < YAML: mcfg-profile refuses it with TEXT at that
# position; the first line of the YAML is line 3.
bad() {
	template
	refuses 3 "p.yaml:$1: " mcfg-profile "$T/p.yaml" || return 1
	grep -qF -e "$2" "$T/stderr" || { cat "$T/stderr"; return 1; }
}

# soon COMMAND...: takes at most one second of CPU time.
soon() {
	in_seconds 1 "$@"
}

# ambiguous YAML...: each value is an error, with its position and how to fix
# it.
ambiguous() {
	for v in "$@"; do
		bad 3:4 'V: ' <<< "V: $v" || return 1
		grep -qE 'quote it|write ""' "$T/stderr" || return 1
	done
}

# ---- types ----

@test "profile: plain scalars have the type they look like" {
	values <<-'EOF'
	true => True
	false => False
	0 => 0
	42 => 42
	-7 => -7
	9223372036854775807 => 9223372036854775807
	-9223372036854775808 => -9223372036854775808
	1.5 => 1.5
	-0.25 => -0.25
	10.0 => 10.0
	hello => 'hello'
	a b  c => 'a b  c'
	1.2.3 => '1.2.3'
	10.15.7-beta => '10.15.7-beta'
	12px => '12px'
	2026-11 => '2026-11'
	com.apple.x => 'com.apple.x'
	https://example.com/ => 'https://example.com/'
	yesterday => 'yesterday'
	0.0.0.0 => '0.0.0.0'
	AA:BB:CC => 'AA:BB:CC'
	-x => '-x'
	.local => '.local'
	[1, a, true] => [1, 'a', True]
	{a: {b: [c]}} => {'a': {'b': ['c']}}
	[] => []
	{} => {}
	grün 🙂 => 'grün 🙂'
	EOF
}

@test "profile: quoted and block scalars are always text" {
	for v in no 0755 12:30:45 2026-01-31 1e3 '~' true 5 1.5 ''; do
		echo "\"$v\" => '$v'"
		echo "'$v' => '$v'"
	done | values
	template <<-'YAML'
	V: |
	  no
	W: >-
	  12
	  13
	YAML
	yields "$T/out" mcfg-profile "$T/p.yaml"
	plist_is "$T/out" "p['V'] == 'no\n' and p['W'] == '12 13'"
}

@test "profile: words like no and yes are refused" {
	ambiguous no NO No yes Yes YES on On off OFF y Y n N
	bad 3:4 "'no': some readers take it for a boolean: write true or false, or quote it" \
	    <<< 'V: no'
}

@test "profile: True and null are refused" {
	ambiguous True TRUE False FALSE '~' null Null NULL
	bad 3:3 'there is no value: write ""' <<< 'V:'
	bad 3:6 'did not find expected node content' <<< 'V: [ , a]'
}

@test "profile: invalid YAML is reported with its path and how to fix it" {
	local at path how yaml

	while IFS='|' read -r at path how yaml; do
		bad "$at" "$at: $path" <<< "$(printf '%b' "$yaml")"
		grep -qF -e "): $how" -e "context: $how" "$T/stderr"
	done <<-'TABLE'
	3:5||quote text that has ': ' in it|V: a: b
	5:11|PayloadContent[0]: map|quote text that has ': ' in it|PayloadContent:\n- PayloadType: a\n  Label: b: c
	3:4|V: block|begin the list in the next line|V: - a
	3:4|V: found|quote text that begins with it|V: @home
	3:8|V.w: found|quote text that begins with it|V: {w: %a}
	3:5|V: did|quote text that begins with '*'|V: *.example.com
	3:9|V: did|close the bracket, or quote text that has '{'|V: {a: ${X}}
	4:1|V[1]: did|close the bracket|V: [a
	4:1|V: found|close the quote|V: "a
	3:6|V: found|write \\ for a backslash, or use single quotes|V: "a\\d"
	5:2||give the keys of one mapping the same indentation|V:\n  a: 1\n b: 2
	4:1||write ': ' behind the key|V
	TABLE
}

@test "profile: leading zeros, other bases, underscores and plus signs are refused" {
	ambiguous 0755 00 007 -012 08 0.5_0 01.5 0x1F 0o17 0b11 1_000 1_0.5 +1 +1.5
}

@test "profile: sexagesimal numbers are refused" {
	ambiguous 12:30:45 12:30 1:00 190:20:30.15
}

@test "profile: dates without a tag are refused" {
	ambiguous 2026-01-31 2026-1-3 2026-01-31T12:00:00Z '2026-01-31 12:00:00'
}

@test "profile: incomplete, special and huge numbers are refused" {
	ambiguous .5 -.5 5. 1e3 1.5e3 1E-3 .5e1 .inf -.inf +.inf .nan .NaN
	ambiguous 18446744073709551616 -9223372036854775809 99999999999999999999
}

@test "profile: tags assert types" {
	values <<-'EOF'
	!!str no => 'no'
	!!str 5 => '5'
	!!int 5 => 5
	!!float 5 => 5.0
	!!float 5.5 => 5.5
	!!bool true => True
	!!binary aGVsbG8= => b'hello'
	!!binary "aGVs bG8=" => b'hello'
	!!timestamp 2026-01-31T12:00:00Z => datetime.datetime(2026, 1, 31, 12)
	!<tag:yaml.org,2002:str> 5 => '5'
	EOF
	bad 3:4 "!!int 'x': not a decimal integer" <<< 'V: !!int x'
	bad 3:4 '!!int' <<< 'V: !!int 0755'
	bad 3:4 '!!int' <<< 'V: !!int 1.5'
	bad 3:4 '!!bool' <<< 'V: !!bool yes'
	bad 3:4 '!!float' <<< 'V: !!float 1e3'
	bad 3:4 'base64' <<< 'V: !!binary "%%%"'
	bad 3:4 'must end in Z' <<< 'V: !!timestamp 2026-01-31T12:00:00+02:00'
	bad 3:4 '!!timestamp' <<< 'V: !!timestamp 2026-01-31'
	bad 3:4 'does not exist' <<< 'V: !!timestamp 2071-02-29T12:00:00Z'
	bad 3:4 "unknown tag '!!null'" <<< 'V: !!null x'
	bad 3:4 "unknown tag '!foo'" <<< 'V: !foo x'
	bad 3:4 "unknown tag '!!map'" <<< 'V: !!map {a: b}'
	bad 3:4 "unknown tag '!!seq'" <<< 'V: !!seq [a]'
	bad 3:4 'unknown tag' <<< 'V: !!set {a: b}'
	bad 3:4 'unknown tag' <<< 'V: ! x'
	bad 3:4 "unknown tag '!uuid'" <<< 'V: !uuid [a]'
}

# ---- structure ----

@test "profile: duplicate keys are refused" {
	bad 4:1 "duplicate key 'V'" <<< $'V: 1\nV: 2'
	bad 3:11 "V: duplicate key 'a'" <<< 'V: {a: 1, "a": 2}'
}

@test "profile: merge keys are refused" {
	bad 4:5 'merge keys are not supported' <<< $'A: &a {x: 1}\nB: {<<: *a}'
	values <<< "{\"<<\": 1} => {'<<': 1}"
}

@test "profile: keys must be strings" {
	bad 3:5 "key 'no' is not clearly text: quote it" <<< 'V: {no: 1}'
	bad 3:5 "key '5'" <<< 'V: {5: 1}'
	bad 3:5 "key 'true'" <<< 'V: {true: 1}'
	bad 3:5 'a key must be a string' <<< 'V: {[a]: 1}'
	bad 3:5 'a key must be a string' <<< 'V: {!!int 5: 1}'
	values <<< "{\"no\": 1, !!str 5: 2} => {'no': 1, '5': 2}"
}

@test "profile: aliases are copies" {
	template <<-'YAML'
	A: &a {x: [1, two]}
	B: *a
	C: [*a, &b three, *b]
	YAML
	yields "$T/out" mcfg-profile "$T/p.yaml"
	plist_is "$T/out" "p['B'] == {'x': [1, 'two']} and p['C'] == [p['A'], 'three', 'three']"
	bad 3:4 "alias '*x' has no anchor" <<< 'V: *x'
}

@test "profile: an alias bomb ends early, by the number of values and of bytes" {
	{
		echo 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
		for i in 1 2 3 4 5 6 7 8 9; do
			j=$((i - 1))
			echo "a$i: &a$i [*a$j, *a$j, *a$j, *a$j, *a$j, *a$j, *a$j, *a$j, *a$j]"
		done
	} | template
	_run soon mcfg-profile "$T/p.yaml"
	[ "$status" -eq 3 ]
	grep -q 'more than 100000 values, aliases included' "$T/stderr"
	{
		printf 'A: &a "%1000000s"\nB: [' ''
		for i in {1..100}; do printf '*a, '; done
		echo ']'
	} | template
	_run soon mcfg-profile "$T/p.yaml"
	[ "$status" -eq 3 ]
	grep -q 'bytes of text, aliases included' "$T/stderr"
}

@test "profile: an alias inside its own anchor is refused" {
	bad 3:14 "B[0]: alias '*b' is inside its own anchor" <<< 'B: &b [      *b]'
	bad 4:6 "V.X: alias '*v' is inside" <<< $'V: &v\n  X: *v'
}

@test "profile: 100,000 open brackets are refused quickly" {
	for c in '[' '{' '- ' '? ' '{a: ' '[[],'; do
		{ printf 'V: '; printf "%.0s$c" {1..100000}; } | template
		_run soon mcfg-profile "$T/p.yaml"
		[ "$status" -eq 3 ]
	done
	{ echo 'V:'; for ((i = 1; i < 70; i++)); do printf '%*sk:\n' "$i" ''; done; } | template
	refuses 3 'nested deeper than 64' mcfg-profile "$T/p.yaml"
}

@test "profile: 64 levels are accepted, 65 are not" {
	open=$(printf '[%.0s' {1..63}) close=$(printf ']%.0s' {1..63})
	printf 'V: %s%s\n' "$open" "$close" | template
	yields "$T/out" mcfg-profile "$T/p.yaml"
	xmllint --noout "$T/out"
	printf 'V: [%s%s]\n' "$open" "$close" | template
	refuses 3 'nested deeper than 64' mcfg-profile "$T/p.yaml"
}

@test "profile: a file is exactly one document" {
	bad 4:1 'a second document begins here' <<< $'V: 1\n---\nW: 2'
	refuses 3 'no document' mcfg-profile /dev/null
	printf '# nothing\n' > "$T/p.yaml"
	refuses 3 'no document' mcfg-profile "$T/p.yaml"
	printf -- '- a\n' > "$T/p.yaml"
	refuses 3 'the top must be a mapping' mcfg-profile "$T/p.yaml"
	printf 'hello\n' > "$T/p.yaml"
	refuses 3 'the top must be a mapping' mcfg-profile "$T/p.yaml"
	printf -- '%%YAML 1.2\n---\nPayloadType: Configuration\nPayloadIdentifier: a\n...\n' > "$T/p.yaml"
	yields "$T/out" mcfg-profile "$T/p.yaml"
}

@test "profile: tabs, control characters and text that is not UTF-8 are refused" {
	bad 4:1 'a tab where YAML wants spaces' <<< $'V:\n\tx: 1'
	bad 3:7 'not UTF-8' <<< $'V: abc\xff'
	bad 3:4 'not UTF-8 text' <<< $'V: \xed\xa0\x80'
	bad 3:4 'not UTF-8 text: control characters are not allowed' <<< $'V: \x01'
	bad 3:4 'V: a NUL character' <<< 'V: "a\0b"'
	bad 3:4 'V: a control character in text, which a property list cannot contain: remove it' \
	    <<< 'V: "a\x01b"'
	bad 4:17 "V[0][2]: alias '*c' has no anchor before it: quote it" \
	    <<< $'V:\n- [1, {"a": b}, *c]'
	bad 4:23 'V[0].W.x.y[0]: a control character' \
	    <<< $'V:\n- {W: {a: [{}], x.y: ["\\x01"]}}'
	bad 3:7 'invalid Unicode' <<< 'V: "\ud800"'
	printf 'V: 1' | template
	iconv -t UTF-16 "$T/p.yaml" > "$T/q.yaml"
	refuses 3 'not UTF-8' mcfg-profile "$T/q.yaml"
	printf 'V: "unterminated' | template
	refuses 3 'that began in line 3' mcfg-profile "$T/p.yaml"
}

@test "profile: CRLF and a byte order mark change nothing" {
	template <<-'YAML'
	V: a
	W: |
	  x
	  y
	YAML
	yields "$T/a" mcfg-profile --uuid-seed s "$T/p.yaml"
	{ printf '\xef\xbb\xbf'; sed 's/$/\r/' "$T/p.yaml"; } > "$T/q.yaml"
	yields "$T/b" mcfg-profile --uuid-seed s "$T/q.yaml"
	cmp "$T/a" "$T/b"
}

@test "profile: tag directives, which are slow to parse, are refused" {
	{ seq -f '%%TAG !a%.0f! b' 100000; echo '--- {}'; } > "$T/p.yaml"
	_run soon mcfg-profile "$T/p.yaml"
	[ "$status" -eq 3 ]
	grep -q 'p.yaml:1:1: directives for tags are not taken' "$T/stderr"
	bad 5:1 'directives for tags' <<< $'V: 1\n...\n%TAG ! b\n---\nW: 1'
	values <<< '"x %TAG" => "x %TAG"'
}

@test "profile: limits size, keys, anchors and values" {
	{ printf 'V: "'; head -c 4200000 /dev/zero | tr '\0' x; echo '"'; } | template
	refuses 3 'larger than the limit' mcfg-profile "$T/p.yaml"
	{ echo 'V:'; for ((i = 0; i <= 1000; i++)); do echo "  k$i: 1"; done; } | template
	refuses 3 'more than 1000 keys' mcfg-profile "$T/p.yaml"
	{ echo 'V:'; for ((i = 0; i <= 1000; i++)); do echo "- &k$i a"; done; } | template
	refuses 3 'more than 1000 anchors' mcfg-profile "$T/p.yaml"
	{ printf 'V: ['; yes 'a,' | head -n 100001 | tr -d '\n'; echo ']'; } | template
	refuses 3 'more than 100000 values' mcfg-profile "$T/p.yaml"
}

# ---- variables ----

@test "profile: variables are inserted as text, never as YAML" {
	template <<-'YAML'
	A: "Hello ${USER}!"
	B: x${USER}y${N}
	C: $${USER} and $$${USER}
	D: $NAME $(NAME) %Name% {{NAME}} $ $$ }{
	E: |
	  block ${USER}
	YAML
	yields "$T/out" mcfg-profile --set 'USER=ja: ne" &<' --set N=5 "$T/p.yaml"
	plist_is "$T/out" "p['A'] == 'Hello ja: ne\" &<!' and p['B'] == 'xja: ne\" &<y5'
	    and p['C'] == '\${USER} and \$\${USER}'
	    and p['D'] == '\$NAME \$(NAME) %Name% {{NAME}} \$ \$\$ }{'
	    and p['E'] == 'block ja: ne\" &<\n'"
	# The value of a variable is not expanded again.
	yields "$T/out" mcfg-profile --set 'USER=${N}' --set N=5 "$T/p.yaml"
	plist_is "$T/out" "p['A'] == 'Hello \${N}!'"
}

@test "profile: a variable alone keeps its type, in quotes it is text" {
	template <<-'YAML'
	A: ${N}
	B: "${N}"
	C: ${L}
	D: ${B}
	E: ${R}
	F: ["${B}", x]
	G: !!str ${N}
	H: !!int ${T}
	I: !!bool ${Y}
	J: !!float ${N}
	K: !!binary ${X}
	YAML
	echo '{"N": 5, "L": [1, {"a": "b"}], "B": true, "R": 1.5, "T": "17", "Y": "true", "X": "aGk="}' > "$T/v.json"
	yields "$T/out" mcfg-profile --vars "$T/v.json" "$T/p.yaml"
	plist_is "$T/out" "p['A'] == 5 and p['B'] == '5' and p['C'] == [1, {'a': 'b'}]
	    and p['D'] is True and p['E'] == 1.5 and p['F'] == ['true', 'x']
	    and p['G'] == '5' and p['H'] == 17 and p['I'] is True
	    and type(p['J']) is float and p['J'] == 5.0 and p['K'] == b'hi'"
	template <<< 'V: !!int ${T}'
	refuses 3 "p.yaml:3:4: V: !!int '017': a leading zero" mcfg-profile --set T=017 "$T/p.yaml"
	template <<< 'V: !!int ${L}'
	refuses 3 "variable 'L' is of type array" mcfg-profile --vars "$T/v.json" "$T/p.yaml"
	template <<< 'V: "x ${L}"'
	refuses 3 "p.yaml:3:4: V: variable 'L' is" mcfg-profile --vars "$T/v.json" "$T/p.yaml"
}

@test "profile: a variable that is not set is an error" {
	bad 3:4 "V: variable 'NONE' is not set (--set NONE=VALUE sets it" <<< 'V: ${NONE}'
	bad 3:4 "V: variable 'NONE' is not set" <<< 'V: "a ${NONE}"'
	bad 4:5 "V[0]: variable 'NONE' is not set" <<< $'V:\n  - a${NONE}'
	bad 3:4 "'\${' without its '}'" <<< 'V: "a ${NONE"'
	bad 3:4 'does not name a variable' <<< 'V: "a ${A B}"'
	bad 3:4 'does not name a variable' <<< 'V: "${}"'
}

@test "profile: --vars reads plists, JSON and YAML; later files win, and --set over all" {
	python3 - "$T" <<-'PY'
	import plistlib, sys, datetime
	v = {'A': 'xml', 'D': b'\0\1', 'W': datetime.datetime(2026, 1, 1), 'B': True}
	plistlib.dump(v, open(sys.argv[1] + '/v.plist', 'wb'))
	plistlib.dump({'A': 'bin'}, open(sys.argv[1] + '/v.bin', 'wb'), fmt=plistlib.FMT_BINARY)
	PY
	echo '{"A": "json", "J": null}' > "$T/v.json"
	echo 'A: yaml' > "$T/v.yaml"
	template <<< $'V: ${A}\nD: ${D}\nW: ${W}\nB: ${B}'
	for pair in v.plist:xml v.bin:bin v.json:json v.yaml:yaml; do
		yields "$T/out" mcfg-profile --vars "$T/v.plist" \
		    --vars "$T/${pair%:*}" "$T/p.yaml"
		plist_is "$T/out" "p['V'] == '${pair#*:}' and p['D'] == b'\0\1'
		    and p['W'].year == 2026 and p['B'] is True"
	done
	yields "$T/out" mcfg-profile --vars "$T/v.plist" --set A=set "$T/p.yaml"
	plist_is "$T/out" "p['V'] == 'set'"
	yields "$T/out" mcfg-profile --vars - "$T/p.yaml" < "$T/v.plist"
	yields "$T/out" mcfg-profile --vars fd:7 "$T/p.yaml" 7< "$T/v.plist"
	refuses 2 'claimed by both' mcfg-profile --vars - < "$T/v.plist"
	template <<< 'V: ${J}'
	refuses 3 "'J' is not set" mcfg-profile --vars "$T/v.json" "$T/p.yaml"
	echo '[1]' > "$T/v.json"
	refuses 3 'not a set of named values' mcfg-profile --vars "$T/v.json" "$T/p.yaml"
	echo '{"a": 1, "a": 2}' > "$T/v.json"
	refuses 3 'v.json:1:' mcfg-profile --vars "$T/v.json" "$T/p.yaml"
	echo '{"a": "\u0001"}' > "$T/v.json"
	refuses 3 'a: a control character' mcfg-profile --vars "$T/v.json" "$T/p.yaml"
	echo '{"a": 1} x' > "$T/v.json"
	refuses 3 'not JSON' mcfg-profile --vars "$T/v.json" "$T/p.yaml"
	{ echo '{"a":'; printf '[%.0s' {1..100000}; } > "$T/v.json"
	refuses 3 'v.json' mcfg-profile --vars "$T/v.json" "$T/p.yaml"
	{ echo '{"a": ["]\"", '; yes '[],' | head -n 300000 | tr -d '\n'; echo '1]}'; } > "$T/v.json"
	refuses 3 'too many values' mcfg-profile --vars "$T/v.json" "$T/p.yaml"
	refuses 4 'none' mcfg-profile --vars "$T/none" "$T/p.yaml"
}

@test "profile: --env sets variables with and without their prefix" {
	template <<< 'V: ${WIFI_KEY}/${KEY}'
	export WIFI_KEY=pw OTHER=x
	yields "$T/out" mcfg-profile --env WIFI_ "$T/p.yaml"
	plist_is "$T/out" "p['V'] == 'pw/pw'"
	yields "$T/out" mcfg-profile --env WIFI_ --set KEY=s "$T/p.yaml"
	plist_is "$T/out" "p['V'] == 'pw/s'"
	template <<< 'V: ${OTHER}'
	refuses 3 "'OTHER' is not set" mcfg-profile --env WIFI_ "$T/p.yaml"
	refuses 2 'empty prefix' mcfg-profile --env '' "$T/p.yaml"
	export WIFI_KEY=$'\xff'
	refuses 3 'not UTF-8' mcfg-profile --env WIFI_ "$T/p.yaml"
}

@test "profile: --set checks names and values" {
	template < /dev/null
	refuses 2 'NAME=VALUE' mcfg-profile --set x "$T/p.yaml"
	refuses 2 'a name has letters' mcfg-profile --set 'a b=x' "$T/p.yaml"
	refuses 2 'NAME=VALUE' mcfg-profile --set '=x' "$T/p.yaml"
	refuses 2 'not UTF-8' mcfg-profile --set $'a=\xff' "$T/p.yaml"
}

# ---- our own tags ----

@test "profile: !file reads a file beside the YAML, and turns a PEM certificate into DER" {
	mkdir "$T/d"
	printf 'a\0b' > "$T/d/raw"
	cp "$PKI/root.pem" "$T/d/root.pem"
	{ openssl x509 -in "$PKI/root.pem" -text -nameopt oneline; } > "$T/d/text.pem"
	openssl x509 -in "$PKI/root.pem" -outform DER -out "$T/root.der"
	cp "$T/root.der" "$T/d"
	printf 'A: !file raw\nB: !file root.pem\nC: !file text.pem\nD: !file root.der\n' | template
	mv "$T/p.yaml" "$T/d/p.yaml"
	yields "$T/out" mcfg-profile "$T/d/p.yaml"
	plist_is "$T/out" "(lambda der: p['A'] == b'a\0b' and p['B'] == der
	    and p['C'] == der and p['D'] == der)(open('$T/root.der', 'rb').read())"
	(cd "$T/d" && yields "$T/out" mcfg-profile < p.yaml)
	cat "$PKI/root.pem" "$PKI/inter.pem" > "$T/two.pem"
	bad 3:4 'several certificates' <<< 'V: !file two.pem'
	head -n 5 "$PKI/root.pem" > "$T/cut.pem"
	bad 3:4 'does not end' <<< 'V: !file cut.pem'
	template <<< 'V: !file none.der'
	refuses 4 'p.yaml:3:4: V: !file: ' mcfg-profile "$T/p.yaml"
	bad 3:4 'not expanded in the name' <<< 'V: !file ${X}'
}

@test "profile: !sha256 is the fingerprint of a certificate beside the YAML" {
	printf 'a\0b' > "$T/raw"
	cp "$PKI/root.pem" "$T"
	printf 'A: !sha256 raw\nB: !sha256 root.pem\n' | template
	yields "$T/out" mcfg-profile "$T/p.yaml"
	openssl x509 -in "$PKI/root.pem" -noout -fingerprint -sha256 |
	    sed 's/.*=//; s/://g' > "$T/print"
	plist_is "$T/out" "p['B'].hex().upper() ==
	    open('$T/print').read().strip()"
	plist_is "$T/out" "p['A'] == __import__('hashlib').sha256(
	    b'a\\0b').digest()"
	template <<< 'V: !sha256 none.pem'
	refuses 4 'p.yaml:3:4: V: !sha256: ' mcfg-profile "$T/p.yaml"
	cat "$PKI/root.pem" "$PKI/inter.pem" > "$T/two.pem"
	bad 3:4 'several certificates' <<< 'V: !sha256 two.pem'
	bad 3:4 'not expanded in the name' <<< 'V: !sha256 ${X}'
}

# in_and_out: makes $inside and $outside, names for $T/d/p.yaml that stay in its
# folder or leave it.
in_and_out() {
	mkdir -p "$T/d/sub" "$T/o"
	echo in > "$T/d/x"
	echo in > "$T/d/sub/x"
	echo out > "$T/o/x"
	ln -s x "$T/d/link"
	ln -s "$T/d/sub" "$T/d/behind"
	ln -s ../o/x "$T/d/out"
	ln -s ../o "$T/d/away"
	ln -s /no-such-file "$T/d/dangling"
	ln -s /dev/zero "$T/d/zero"
	mkfifo "$T/d/fifo"
	inside=(x ./x sub/x sub/../x ../d/x link behind/x)
	outside=(out away/x away/none dangling zero fifo sub . .. ../o/x
	    ../o/none ../../../../../../../../etc/passwd /etc/passwd
	    /no-such-file /proc/self/environ "$T/d/x" ../d/../o/x)
}

# names TAG NAME: writes a template in $T/d that uses TAG with the file NAME.
names() {
	template <<< "V: $1 \"$2\""
	mv "$T/p.yaml" "$T/d/p.yaml"
}

@test "profile: !file and !sha256 cannot leave their folder" {
	in_and_out
	for tag in '!file' '!sha256'; do
		for name in "${inside[@]}"; do
			names "$tag" "$name"
			yields "$T/out" timeout 600 mcfg-profile "$T/d/p.yaml"
			yields - mcfg-diff --text "$T/d/p.yaml"
		done
		for name in "${outside[@]}"; do
			names "$tag" "$name"
			echo "$tag $name"
			refuses 1 "p.yaml:3:4: V: $tag: " \
			    mcfg-profile "$T/d/p.yaml"
			refuses 1 "p.yaml:3:4: V: $tag: " \
			    mcfg-diff --text "$T/d/p.yaml"
			_run mcfg-lint "$T/d/p.yaml"
			[ "$status" -eq 1 ]
			grep -q "p.yaml:3:4: .*error: .*$tag: " "$T/stdout"
			[ "$(wc -l < "$T/stderr")" -eq 1 ]
		done
		names "$tag" none
		refuses 4 'd/none: ' mcfg-profile "$T/d/p.yaml"
	done
	# A template on standard input uses the current folder.
	cd "$T/d"
	names '!file' ../o/x
	refuses 1 'outside' mcfg-profile < p.yaml
}

@test "profile: --files and --pick allow more folders for !file" {
	in_and_out
	names '!file' ../o/x
	yields "$T/out" mcfg-profile --files "$T/o" "$T/d/p.yaml"
	plist_is "$T/out" 'p["V"] == b"out\n"'
	yields - mcfg-profile --files "$T/d/sub" --files "$T" "$T/d/p.yaml"
	yields - mcfg-diff --files "$T" --text "$T/d/p.yaml"
	_run mcfg-lint --files "$T" "$T/d/p.yaml"
	[ "$status" -le 1 ]
	run -1 grep -q '!file' "$T/stdout"
	refuses 1 outside mcfg-profile --files "$T/d/sub" "$T/d/p.yaml"
	refuses 4 "$T/none: " mcfg-profile --files "$T/none" "$T/d/p.yaml"
	for name in fifo zero /etc/passwd "$T/o/x"; do
		names '!file' "$name"
		refuses 1 '!file: ' mcfg-profile --files "$T" "$T/d/p.yaml"
	done
	# No spelling and no link leads into git's own folder.
	mkdir -p "$T/.git" "$T/sub/.GIT" "$T/x.git"
	echo token | tee "$T/.git/config" "$T/sub/.GIT/config" \
	    "$T/sub/.git" > "$T/x.git/config"
	ln -s ../.git/config "$T/d/innocent"
	ln -s ../.git "$T/d/store"
	for name in ../.git/config ../.git/none ../sub/.GIT/config ../sub/.git \
	    innocent store/config ../x.git/../.git/config; do
		for tag in '!file' '!sha256'; do
			names "$tag" "$name"
			refuses 1 .git mcfg-profile --files "$T" "$T/d/p.yaml"
		done
	done
	names '!file' ../x.git/config
	yields - mcfg-profile --files "$T" "$T/d/p.yaml"
	# With --pick, the template of a model can use the files of its site.
	mkdir -p "$T/site/profile.d" "$T/site/ca"
	echo cert > "$T/site/ca/cert.pem"
	names '!file' ../ca/cert.pem
	mv "$T/d/p.yaml" "$T/site/profile.d/iPad.yaml"
	yields - mcfg-profile --pick "$T/site" --set PRODUCT=iPad1,1
	names '!file' ../../o/x
	mv "$T/d/p.yaml" "$T/site/profile.d/iPad.yaml"
	refuses 1 outside mcfg-profile --pick "$T/site" --set PRODUCT=iPad1,1
}

@test "profile: !after counts from --at, else SOURCE_DATE_EPOCH, else now" {
	template <<< 'V: !after 365d'
	yields "$T/out" mcfg-profile --at 2026-03-01T10:00:00Z "$T/p.yaml"
	plist_is "$T/out" "str(p['V']) == '2027-03-01 10:00:00'"
	export SOURCE_DATE_EPOCH=1767225600
	yields "$T/out" mcfg-profile "$T/p.yaml"
	plist_is "$T/out" "str(p['V']) == '2027-01-01 00:00:00'"
	unset SOURCE_DATE_EPOCH
	yields "$T/out" mcfg-profile "$T/p.yaml"
	plist_is "$T/out" "abs((p['V'] - __import__('datetime').datetime.utcnow()).days - 364) <= 1"
	bad 3:4 '!after' <<< 'V: !after tomorrow'
	bad 3:4 'after the year 9999' <<< 'V: !after 2999999d'
}

@test "profile: warns if two payloads get the same UUID from a seed" {
	template <<-'YAML'
	PayloadContent:
	- PayloadType: com.apple.dock
	  PayloadIdentifier: a.b.c
	- PayloadType: com.apple.finder
	  PayloadIdentifier: a.b.c
	YAML
	warns 'PayloadContent[1]: the PayloadIdentifier a.b.c is that of another' \
	    "$T/out" mcfg-profile --uuid-seed s "$T/p.yaml"
	yields "$T/out" mcfg-profile "$T/p.yaml"
	echo '  PayloadUUID: 00000000-0000-4000-8000-000000000000' \
	    >> "$T/p.yaml"
	yields "$T/out" mcfg-profile --uuid-seed s "$T/p.yaml"
}

@test "profile: !uuid depends on seed, path and name; an alias keeps it" {
	template <<-'YAML'
	T: !uuid top
	PayloadContent:
	- PayloadType: com.apple.wifi.managed
	  PayloadIdentifier: com.example.p.wifi
	  PayloadCertificateUUID: &c !uuid cert
	  L: [!uuid cert, !uuid other]
	- PayloadType: com.apple.security.pkcs1
	  PayloadIdentifier: com.example.p.cert
	  PayloadUUID: *c
	YAML
	yields "$T/out" mcfg-profile --uuid-seed s "$T/p.yaml"
	python3 - "$T/out" <<-'PY'
	import plistlib, sys, uuid
	p = plistlib.load(open(sys.argv[1], 'rb'))
	ns = uuid.uuid5(uuid.NAMESPACE_OID, 's')
	at = lambda path: str(uuid.uuid5(ns, path)).upper()
	w, c = p['PayloadContent']
	assert p['PayloadUUID'] == at('com.example.p')
	assert p['T'] == at('com.example.p#top')
	assert w['PayloadUUID'] == at('com.example.p/com.example.p.wifi')
	assert w['PayloadCertificateUUID'] == at('com.example.p/com.example.p.wifi#cert')
	assert w['L'] == [w['PayloadCertificateUUID'], at('com.example.p/com.example.p.wifi#other')]
	assert c['PayloadUUID'] == w['PayloadCertificateUUID']
	PY
	yields "$T/out" mcfg-profile "$T/p.yaml"
	plist_is "$T/out" "p['PayloadContent'][0]['PayloadCertificateUUID']
	    == p['PayloadContent'][1]['PayloadUUID'] == p['PayloadContent'][0]['L'][0]
	    != p['PayloadContent'][0]['L'][1]"
	bad 3:4 '!uuid needs a name' <<< 'V: !uuid'
}

# ---- defaults ----

@test "profile: fills in missing versions, UUIDs and identifiers of payloads" {
	template <<-'YAML'
	PayloadContent:
	- PayloadType: com.apple.wifi.managed
	- PayloadType: com.apple.webClip.managed
	  PayloadVersion: 3
	- PayloadType: Single
	YAML
	yields "$T/out" mcfg-profile --uuid-seed s "$T/p.yaml"
	python3 - "$T/out" <<-'PY'
	import plistlib, sys, uuid
	p = plistlib.load(open(sys.argv[1], 'rb'))
	ns = uuid.uuid5(uuid.NAMESPACE_OID, 's')
	ids = ['com.example.p.managed.0', 'com.example.p.managed.1', 'com.example.p.Single.2']
	assert [q['PayloadIdentifier'] for q in p['PayloadContent']] == ids
	assert [q['PayloadUUID'] for q in p['PayloadContent']] == [
	    str(uuid.uuid5(ns, 'com.example.p/' + i)).upper() for i in ids]
	assert [q['PayloadVersion'] for q in p['PayloadContent']] == [1, 3, 1]
	assert p['PayloadVersion'] == 1
	PY
}

@test "profile: refuses input that is not a profile" {
	printf 'PayloadType: Configuration\n' > "$T/p.yaml"
	refuses 1 'p.yaml:1:1: no PayloadIdentifier at the top' \
	    mcfg-profile "$T/p.yaml"
	printf 'PayloadType: com.apple.security.scep\nPayloadIdentifier: a\n' > "$T/p.yaml"
	refuses 1 'not a profile' mcfg-profile "$T/p.yaml"
	printf 'UDID: x\n' > "$T/p.yaml"
	refuses 1 'not a profile' mcfg-profile "$T/p.yaml"
	printf '<plist>\n<dict/></plist>' > "$T/p.plist"
	refuses 1 'p.plist:2:1: not a profile' mcfg-profile "$T/p.plist"
	for x in '<array/>' '<string>x</string>' '<dict/>'; do
		echo "<plist version=\"1.0\">$x</plist>" > "$T/p.plist"
		refuses 1 'not a profile' mcfg-profile "$T/p.plist"
	done
	template <<< $'PayloadContent:\n- X: 1'
	refuses 1 'p.yaml:4:3: PayloadContent[0]: neither' mcfg-profile "$T/p.yaml"
	printf 'PayloadType: Configuration\nPayloadIdentifier: !uuid x\n' > "$T/p.yaml"
	refuses 1 'p.yaml:2:1: PayloadIdentifier cannot be a !uuid' \
	    mcfg-profile "$T/p.yaml"
}

@test "profile: options for identity win over the template, a site does not" {
	template <<< 'PayloadOrganization: Mine'
	yields "$T/out" mcfg-profile --identifier x.y --display-name D \
	    --uuid 0D6B6B0C-6C35-4E0B-8F5A-0B7C9F2D1E3A "$T/p.yaml"
	plist_is "$T/out" "p['PayloadIdentifier'] == 'x.y' and p['PayloadDisplayName'] == 'D'
	    and p['PayloadOrganization'] == 'Mine'
	    and p['PayloadUUID'] == '0D6B6B0C-6C35-4E0B-8F5A-0B7C9F2D1E3A'"
	printf 'identifier: com.site\norganization: Theirs\ndescription: S\n' > "$T/site.yaml"
	yields "$T/out" mcfg-profile --config "$T/site.yaml" "$T/p.yaml"
	plist_is "$T/out" "p['PayloadIdentifier'] == 'com.example.p'
	    and p['PayloadOrganization'] == 'Mine' and p['PayloadDescription'] == 'S'"
	printf 'PayloadType: Configuration\n' > "$T/p.yaml"
	yields "$T/out" mcfg-profile --config "$T/site.yaml" "$T/p.yaml"
	plist_is "$T/out" "p['PayloadIdentifier'] == 'com.site.profile'"
}

@test "profile: --payloads-only writes the bare array" {
	template <<< $'PayloadContent:\n- PayloadType: a.b'
	yields "$T/out" mcfg-profile --payloads-only "$T/p.yaml"
	plist_is "$T/out" "isinstance(p, list) and p[0]['PayloadType'] == 'a.b'
	    and p[0]['PayloadVersion'] == 1"
	template < /dev/null
	refuses 1 'not an array of payloads' mcfg-profile --payloads-only "$T/p.yaml"
}

@test "profile: a file with a secret is readable only by its owner" {
	umask 022
	template <<< $'PayloadContent:\n- PayloadType: a.scep\n  PayloadContent: {Challenge: x}'
	yields - mcfg-profile -o "$T/private" "$T/p.yaml"
	[ "$(stat -c %a "$T/private")" = 600 ]
	template <<< $'PayloadContent:\n- PayloadType: com.apple.wifi.managed\n  Password: x'
	yields - mcfg-profile -o "$T/private2" "$T/p.yaml"
	[ "$(stat -c %a "$T/private2")" = 600 ]
	template <<< 'V: 1'
	yields - mcfg-profile -o "$T/public" "$T/p.yaml"
	[ "$(stat -c %a "$T/public")" = 644 ]
}

@test "profile: the same input gives the same bytes on every system" {
	template <<-'YAML'
	A: [1, 2.5, true, "x & y", grün]
	B: !!binary aGVsbG8gd29ybGQhIGhlbGxvIHdvcmxkISBoZWxsbyB3b3JsZCEgaGVsbG8gd29ybGQh
	C: !after 30d
	D: !uuid name
	PayloadContent:
	- PayloadType: com.apple.webClip.managed
	  URL: https://example.com/?u=${USER}
	YAML
	yields "$T/out" mcfg-profile --uuid-seed seed --at 2026-01-01T00:00:00Z \
	    --set USER=jane "$T/p.yaml"
	sha256sum < "$T/out"
	[ "$(sha256sum < "$T/out")" = "1d7470314a64b1944cdf78d8182f1e7b8a55e5c1f9c883f10a889ba3bb42606d  -" ]
}

# ---- templates that are plists ----

plist_template() {
	python3 - "$T" <<-'PY'
	import plistlib, sys, datetime
	p = {'PayloadType': 'Configuration', 'PayloadIdentifier': 'a.b',
	     'PayloadVersion': 1, 'PayloadUUID': 'x', 'L': ['${USER}', 'a${USER}', '${N}'],
	     'D': {'x': '${N}', 'y': 'no'}, 'W': datetime.datetime(2020, 1, 1),
	     'B': b'${USER}', 'E': '$${USER} $USER'}
	plistlib.dump(p, open(sys.argv[1] + '/p.plist', 'wb'), sort_keys=False)
	plistlib.dump(p, open(sys.argv[1] + '/p.bin', 'wb'), fmt=plistlib.FMT_BINARY)
	PY
	openssl cms -sign -binary -nodetach -outform DER -in "$T/p.plist" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/p.signed"
}

@test "profile: XML, binary and signed plists are templates too" {
	plist_template
	echo '{"N": 5}' > "$T/v.json"
	for f in p.plist p.bin p.signed; do
		yields "$T/out" mcfg-profile --set USER=jane --vars "$T/v.json" "$T/$f"
		plist_is "$T/out" "p['L'] == ['jane', 'ajane', 5]
		    and p['D'] == {'x': 5, 'y': 'no'} and p['B'] == b'\${USER}'
		    and p['E'] == '\${USER} \$USER' and p['W'].year == 2020"
		refuses 3 "L[0]: variable 'USER' is not set" mcfg-profile \
		    --vars "$T/v.json" "$T/$f"
	done
	# Without variables, a plist is a finished profile, not a template.
	warns "'\${USER}' stays as it is" "$T/out" mcfg-profile "$T/p.plist"
	same_plist "$T/p.plist" "$T/out"
	head -c 100 "$T/p.signed" > "$T/cut"
	_run mcfg-profile "$T/cut"
	[ "$status" -eq 3 ]
}

@test "profile: real profiles keep their meaning" {
	needs_data profiles
	python3 - "$DATA"/profiles/*.mobileconfig <<-'PY'
	import plistlib, subprocess, sys
	n = 0
	for f in sys.argv[1:]:
	    run = subprocess.run(['mcfg-profile', '--uuid-seed', 's', f], capture_output=True)
	    try:
	        p = plistlib.load(open(f, 'rb'))
	    except Exception:
	        signed = open(f, 'rb').read(1) == b'0'
	        assert run.returncode == (0 if signed else 3), (f, run)
	        assert signed or b'.mobileconfig:' in run.stderr, (f, run)
	        continue
	    assert run.returncode == 0 and run.stderr == b'', (f, run)
	    for q in [p] + p.get('PayloadContent', []):
	        q.setdefault('PayloadVersion', 1)
	    assert plistlib.loads(run.stdout) == p, f
	    n += 1
	assert n >= 30
	PY
}

# ---- --to-yaml ----

@test "profile: --to-yaml and back gives the same profile, whatever is in it" {
	echo "MCFG_TEST_SEED=$MCFG_TEST_SEED"
	python3 - "$T" <<-'PY'
	import datetime, os, plistlib, random, struct, subprocess, sys
	r = random.Random(int(os.environ["MCFG_TEST_SEED"]))
	bits = ['a', 'no', ' ', '\n', '\t', ':', '#', '"', "'", '\\', '-', '?', '|', '>',
	    '${', '}', '$', '${X}', '$${', '0', '12', '.', 'e3', '{', '[', ',', '&', '*',
	    '!', '%', '@', '`', '~', '<<', 'ü', '\u0085', '\u2028', '\ufeff', '🙂', '\xa0',
	    '---', '...', 'true', '=', '\x7f', '\n  ', ' \n', 'x' * 200]
	text = lambda: ''.join(r.choice(bits) for _ in range(r.randrange(7)))
	def value(depth):
	    k = r.randrange(12 if depth < 5 else 9)
	    if k < 4: return text()
	    if k == 4: return r.choice([0, -1, 5, 2**63 - 1, -2**63])
	    if k == 5: return r.choice([0.5, 1e300, 5e-324, -1e-7, 100.0, 3.14])
	    if k == 6: return r.choice([True, False])
	    if k == 7: return bytes(r.randrange(256) for _ in range(r.randrange(99)))
	    if k == 8: return datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=r.randrange(10**8))
	    if k == 9: return [value(depth + 1) for _ in range(r.randrange(5))]
	    return {text() + str(i): value(depth + 1) for i in range(r.randrange(5))}
	def run(*args, data=None):
	    p = subprocess.run(['mcfg-profile', '--uuid-seed', 's', *args], input=data, capture_output=True)
	    assert p.returncode == 0 and p.stderr == b'', (args, p)
	    return p.stdout
	for n in range(25):
	    p = {'PayloadType': 'Configuration', 'PayloadIdentifier': 'a.b',
	         'PayloadVersion': 1, 'PayloadUUID': 'u'}
	    p.update({'k%d%s' % (i, text()): value(0) for i in range(40)})
	    xml = plistlib.dumps(p, sort_keys=False)
	    yaml = run('--to-yaml', data=xml)
	    back = run(data=yaml)
	    assert plistlib.loads(back) == p, n
	    assert run('--to-yaml', data=back) == yaml, n
	PY
}

@test "profile: --to-yaml writes YAML as people would" {
	template <<-'YAML'
	PayloadVersion: 1
	PayloadUUID: U
	Text: Hello, world
	Norway: "no"
	Port: "0755"
	Version: 10.15.7
	Lines: |
	  one
	  two
	List:
	  - 1
	  - 1.5
	  - true
	  - A: b
	    C: !!binary "aGk="
	  - - x
	Empty: {}
	Date: !!timestamp 2026-01-31T12:00:00Z
	YAML
	yields "$T/out" mcfg-profile "$T/p.yaml"
	yields "$T/back.yaml" mcfg-profile --to-yaml "$T/out"
	diff "$T/p.yaml" "$T/back.yaml"
	# YAML input is first made into a profile.
	template <<< $'PayloadUUID: !uuid x\nV: ${A}'
	yields "$T/out" mcfg-profile --to-yaml --uuid-seed s --set 'A=${B}' "$T/p.yaml"
	grep -qxF 'V: "$${B}"' "$T/out"
	printf '<plist version="1.0"><dict><key>UDID</key><string>x</string></dict></plist>' > "$T/p.plist"
	refuses 1 'not a profile' mcfg-profile --to-yaml "$T/p.plist"
	refuses 2 'with --payloads-only' mcfg-profile --to-yaml --payloads-only "$T/out"
	refuses 2 'missing --to-yaml' mcfg-profile --extract "$T/d" "$T/out"
}

@test "profile: --extract puts certificates into files" {
	openssl x509 -in "$PKI/root.pem" -outform DER -out "$T/root.der"
	cp "$PKI/root.pem" "$T/root.pem.txt"
	template <<-'YAML'
	PayloadContent:
	- PayloadType: com.apple.security.root
	  PayloadContent: !file root.der
	- PayloadType: com.apple.security.pkcs1
	  PayloadContent: !!binary aGVsbG8=
	YAML
	yields "$T/profile" mcfg-profile "$T/p.yaml"
	mkdir "$T/repo"
	(cd "$T" && yields - mcfg-profile --to-yaml --extract certs -o here.yaml profile)
	(cd "$T" && yields - mcfg-profile --to-yaml --extract certs -o repo/there.yaml profile)
	cmp "$T/root.der" "$T"/certs/*.cer
	grep -q '!file "certs/' "$T/here.yaml"
	for f in here.yaml repo/there.yaml; do
		yields "$T/back" mcfg-profile --files "$T" "$T/$f"
		same_plist "$T/profile" "$T/back"
	done
	# The names are relative, so that a repository can be moved.
	mkdir -p "$T/a/profiles/deep" "$T/a/profiled"
	(
		cd "$T" || exit 1
		set -- mcfg-profile --to-yaml profile --extract
		yields - "$@" a/profiles/certs -o a/profiles/1.yaml
		yields - "$@" a/profiles/certs -o ./a/profiles//deep/2.yaml
		yields - "$@" a/profiles -o a/profiled/3.yaml
		yields - "$@" . -o a/profiles/4.yaml
	)
	mv "$T/a/" "$T/moved/"
	grep -q '!file "certs/' "$T/moved/profiles/1.yaml"
	grep -q '!file "../certs/' "$T/moved/profiles/deep/2.yaml"
	grep -q '!file "../profiles/' "$T/moved/profiled/3.yaml"
	grep -q '!file "../../' "$T/moved/profiles/4.yaml"
	# The certificates of 4.yaml did not move; they are still in $T.
	for f in profiles/1 profiles/deep/2 profiled/3 profiles/4; do
		yields "$T/back" mcfg-profile --files "$T" "$T/moved/$f.yaml"
		same_plist "$T/profile" "$T/back"
	done
	refuses 1 outside mcfg-profile "$T/moved/profiles/deep/2.yaml"
	# The names are relative even if the folder is given from the root.
	for d in "$T/certs" "$T/moved/certs"; do
		(cd "$T" && yields "$T/back.yaml" mcfg-profile --to-yaml \
		    --extract "$d" profile)
		(cd "$T" && yields "$T/back" mcfg-profile "$T/back.yaml")
		same_plist "$T/profile" "$T/back"
	done
	# PEM stays in the YAML, because !file would turn it into DER.
	template <<-YAML
	PayloadContent:
	- PayloadType: com.apple.security.pem
	  PayloadContent: !!binary "$(base64 -w0 "$PKI/root.pem")"
	YAML
	yields "$T/profile" mcfg-profile "$T/p.yaml"
	yields "$T/back.yaml" mcfg-profile --to-yaml --extract "$T/none" "$T/profile"
	yields "$T/back" mcfg-profile "$T/back.yaml"
	same_plist "$T/profile" "$T/back"
}

@test "profile: real profiles survive --to-yaml and back" {
	needs_data profiles
	python3 - "$T" "$DATA"/profiles/*.mobileconfig <<-'PY'
	import plistlib, subprocess, sys
	run = lambda *a, **k: subprocess.run(['mcfg-profile', '--uuid-seed', 's', *a],
	    capture_output=True, **k)
	n = 0
	for f in sys.argv[2:]:
	    one = run(f)
	    if one.returncode == 3:
	        continue
	    for extract in ([], ['--extract', sys.argv[1] + '/certs']):
	        yaml = run('--to-yaml', *extract, f)
	        assert yaml.returncode == 0, (f, yaml)
	        two = run('--files', sys.argv[1], input=yaml.stdout)
	        assert two.returncode == 0 and two.stdout == one.stdout, (f, two)
	    n += 1
	assert n >= 40, n
	PY
}

# ---- --each ----

# each_template: a template that uses the columns OWNER and SERIAL.
each_template() {
	template <<-'YAML'
	Owner: ${OWNER}
	Serial: ${SERIAL}
	YAML
}

@test "profile: --each makes a profile for each row of CSV" {
	each_template
	printf '\xef\xbb\xbfSERIAL,OWNER,UDID\r\nC01,"Doe, ""J""\r\nJane",u1\r\n\r\n,Max,u2\r\nC03,,u3' > "$T/d.csv"
	yields - mcfg-profile --each "$T/d.csv" --out-dir "$T/out" "$T/p.yaml"
	[ "$(cd "$T/out" && echo *)" = 'C01.mobileconfig C03.mobileconfig u2.mobileconfig' ]
	plist_is "$T/out/C01.mobileconfig" "p['Owner'] == 'Doe, \"J\"\r\nJane' and p['Serial'] == 'C01'"
	plist_is "$T/out/u2.mobileconfig" "p['Owner'] == 'Max' and p['Serial'] == ''"
	yields - mcfg-profile --each - --out-dir "$T/out2" --name OWNER "$T/p.yaml" <<< $'OWNER,SERIAL\nx-1.y_z,S'
	[ -e "$T/out2/x-1.y_z.mobileconfig" ]
}

@test "profile: --each makes a profile for each line of JSON" {
	each_template
	printf '{"SERIAL": "A1", "OWNER": ["x", 5]}\n\n{"UDID": "u", "SERIAL": "B2", "OWNER": true}\n' > "$T/d.json"
	yields - mcfg-profile --each "$T/d.json" --out-dir "$T/out" --set SERIAL=set "$T/p.yaml"
	plist_is "$T/out/A1.mobileconfig" "p['Owner'] == ['x', 5] and p['Serial'] == 'set'"
	plist_is "$T/out/B2.mobileconfig" "p['Owner'] is True"
	# Blanks around the objects, and blank lines.
	printf '\xef\xbb\xbf \n  {"SERIAL": "A1", "OWNER": 1}\n \t\r\n\t{"SERIAL": "B2", "OWNER": 2} \n  ' > "$T/d.json"
	yields - mcfg-profile --each "$T/d.json" --out-dir "$T/out2" "$T/p.yaml"
	plist_is "$T/out2/A1.mobileconfig" "p['Owner'] == 1"
	plist_is "$T/out2/B2.mobileconfig" "p['Owner'] == 2"
	printf ' [{"SERIAL": "A1", "OWNER": 1}]\n' > "$T/d.json"
	refuses 3 'write one object a line' mcfg-profile --each "$T/d.json" \
	    --out-dir "$T/out3" "$T/p.yaml"
	[ ! -e "$T/out3" ]
}

@test "profile: --each with --pick chooses a template for each row" {
	mkdir -p "$T/site/profile.d"
	printf 'PayloadType: Configuration\nPayloadIdentifier: common\n' > "$T/site/profile.yaml"
	printf 'PayloadType: Configuration\nPayloadIdentifier: pad\n' > "$T/site/profile.d/iPad.yaml"
	printf 'SERIAL,PRODUCT\na,"iPad4,1"\nb,"iPhone1,1"\n' > "$T/d.csv"
	yields - mcfg-profile --each "$T/d.csv" --out-dir "$T/out" --pick "$T/site"
	plist_is "$T/out/a.mobileconfig" "p['PayloadIdentifier'] == 'pad'"
	plist_is "$T/out/b.mobileconfig" "p['PayloadIdentifier'] == 'common'"
}

@test "profile: --each refuses duplicates and bad names before it writes anything" {
	each_template
	no_work() {
		cat > "$T/d.csv"
		refuses "$1" "$2" mcfg-profile --each "$T/d.csv" --out-dir "$T/out" "$T/p.yaml"
		[ ! -e "$T/out" ]
	}
	no_work 1 "d.csv:3: 'a' already names the file of line 2" <<< $'SERIAL,OWNER\na,x\na,y'
	no_work 1 "d.csv:2: '../a' cannot name a file" <<< $'SERIAL,OWNER\n../a,x'
	no_work 1 'd.csv:2: neither SERIAL nor UDID' <<< $'OWNER\nx'
	no_work 3 'd.csv:3: 1 fields, but 2 columns' <<< $'SERIAL,OWNER\na,x\nb'
	no_work 3 "d.csv:1: duplicate column 'A'" <<< $'A,A\na,x'
	no_work 3 'd.csv:1: a column without a name' <<< $'SERIAL,\na,x'
	no_work 3 'd.csv:2: a quoted field that does not end' <<< $'SERIAL,OWNER\na,"x'
	no_work 3 'd.csv:2: a quote inside' <<< $'SERIAL,OWNER\na,x"y"'
	no_work 3 'd.csv:2: neither a comma' <<< $'SERIAL,OWNER\na,"x"y'
	no_work 3 'd.csv:2: text that is not UTF-8' <<< $'SERIAL,OWNER\na,\xff'
	no_work 3 'there are no rows' <<< ''
	no_work 3 'd.csv:2:' <<< $'{"SERIAL": "a", "OWNER": 1}\n{"SERIAL": '
	no_work 3 'd.csv:2: not an object' <<< $'{"SERIAL": "a", "OWNER": 1}\n[1]'
	refuses 2 'missing --out-dir' mcfg-profile --each "$T/d.csv" "$T/p.yaml"
	refuses 2 'missing --each' mcfg-profile --out-dir "$T/out" "$T/p.yaml"
	refuses 2 'cannot be used with' mcfg-profile --each "$T/d.csv" --out-dir "$T/out" -o x "$T/p.yaml"
}

@test "profile: a bad row of --each does not stop the others" {
	each_template
	printf '{"SERIAL": "a", "OWNER": "x"}\n{"SERIAL": "b"}\n{"SERIAL": "c", "OWNER": "z"}\n' > "$T/d.json"
	refuses 1 "d.json:2: " mcfg-profile --each "$T/d.json" --out-dir "$T/out" "$T/p.yaml"
	grep -q "p.yaml:3:8: Owner: variable 'OWNER' is not set" "$T/stderr"
	[ "$(cd "$T/out" && echo *)" = 'a.mobileconfig c.mobileconfig' ]
}

# ---- --pick ----

@test "profile: --pick chooses by model, else by family, else the common one" {
	mkdir -p "$T/site/profile.d"
	one() {
		printf 'PayloadType: Configuration\nPayloadIdentifier: %s\n' "$1" > "$T/site/$2"
	}
	one common profile.yaml
	one family profile.d/iPhone.yaml
	one model profile.d/iPhone12,1.yaml
	one evil evil.yaml
	picks() {
		yields "$T/out" mcfg-profile --pick "$T/site" ${1+--set "PRODUCT=$1"}
		plist_is "$T/out" "p['PayloadIdentifier'] == '$2'"
	}
	picks iPhone12,1 model
	picks iPhone12,2 family
	picks iPad4,5 common
	picks iPhone common
	picks ../../evil common
	picks 'iPhone12,1/../../evil' common
	picks iPhone1234,1 common
	picks 'iPhone12,1x' common
	picks '' common
	yields "$T/out" mcfg-profile --pick "$T/site"
	plist_is "$T/out" "p['PayloadIdentifier'] == 'common'"
	echo 'V: [' >> "$T/site/profile.yaml"
	refuses 3 'site/profile.yaml:' mcfg-profile --pick "$T/site"
	refuses 4 'profile.yaml' mcfg-profile --pick "$T/none"
	refuses 2 'operand' mcfg-profile --pick "$T/site" "$T/site/profile.yaml"
}

@test "profile: --pick chooses by serial number and by user" {
	mkdir -p "$T/site/profile.d"
	one() {
		printf 'PayloadType: Configuration\nPayloadIdentifier: %s\n' \
		    "$1" > "$T/site/$2"
	}
	one common profile.yaml
	one model profile.d/iPhone12,1.yaml
	one boss profile.d/user-boss.yaml
	one mail profile.d/user-a.b@c+d_e-f.yaml
	one his profile.d/serial-C39AAAAAAAA2.yaml
	one evil evil.yaml
	one evil profile.d/user-.yaml
	one evil profile.d/user-..yaml
	one evil profile.d/serial-.yaml
	mkdir -p "$T/site/profile.d/user-x"
	one evil profile.d/user-x/y.yaml
	# picks WANT USER SERIAL [PRODUCT]: --pick chooses the template WANT;
	# $how is yields, or warns and its text.
	picks() {
		"${how[@]}" "$T/out" mcfg-profile --pick "$T/site" \
		    --set "USER=$2" --set "SERIAL=$3" \
		    --set "PRODUCT=${4:-iPhone12,1}"
		plist_is "$T/out" "p['PayloadIdentifier'] == '$1'"
	}
	how=(yields)
	picks boss boss S-1
	picks mail a.b@c+d_e-f ''
	picks model Boss S-1
	for name in '' . .. ../../evil x/y './boss' 'boss ' $'boss\n' 'bo*' \
	    -boss "$(printf '%0300d' 0)" 'b%s'; do
		picks model "$name" S-1
		picks model jane "$name"
	done
	# A serial number counts only if devices.allow lists it for that user.
	how=(warns 'devices.allow does not list')
	picks boss boss C39AAAAAAAA2
	echo 'S-9' > "$T/site/devices.allow"
	picks model jane C39AAAAAAAA2
	echo 'C39AAAAAAAA2 boss # his' >> "$T/site/devices.allow"
	how=(warns "only for 'boss'")
	picks model jane C39AAAAAAAA2
	how=(yields)
	picks his boss C39AAAAAAAA2
	echo 'c39aaaaaaaa2' >> "$T/site/devices.allow"
	picks his jane C39AAAAAAAA2
	picks model jane C39AAAAAAAA20
	# A listed UDID does not make the serial number trusted.
	echo 'U-1' > "$T/site/devices.allow"
	warns 'does not list' "$T/out" mcfg-profile --pick "$T/site" \
	    --set USER=jane --set UDID=U-1 --set SERIAL=C39AAAAAAAA2
	plist_is "$T/out" "p['PayloadIdentifier'] == 'common'"
	# An unreadable devices.allow is an error, not a missing file.
	rm "$T/site/devices.allow"
	mkdir "$T/site/devices.allow"
	refuses 4 devices.allow mcfg-profile --pick "$T/site" --set USER=jane \
	    --set SERIAL=C39AAAAAAAA2
}

@test "profile: the example in mcfg-profile(5) works" {
	awk '/^\.Bd -literal/ { on = 1; next } /^\.Ed/ { on = 0 } on' \
	    "$ROOT/man/man5/mcfg-profile.5" > "$T/example.yaml"
	yields "$T/out" mcfg-profile --set USER=jane --set DAYS=90 "$T/example.yaml"
	plist_is "$T/out" "p['PayloadDisplayName'] == 'Intranet for jane'
	    and p['PayloadContent'][2]['maxPINAgeInDays'] == 90
	    and p['PayloadContent'][1]['PayloadContent']['Subject'] ==
	        [[['O', 'Example, Inc.']], [['CN', 'jane']]]"
}

# The way back and PyYAML are the judges that no comment became content.
@test "profile: --to-yaml keeps comments as comments" {
	python3 - "$T/p" <<-'PY'
	import sys
	say = lambda text: '<!--%s-->' % text
	evil = 'a\u2028Evil: 1\u2029Evil: 2\u0085Evil: 3\rEvil: 4\n\tEvil: 5'
	open(sys.argv[1], 'w', newline='').write('\n'.join([
	    '<?xml version="1.0"?>', say(' at the top '),
	    '<plist version="1.0">', '<dict>',
	    say('\n      what this is:\n        - deep\n      - less  \n\n  '),
	    '<key>PayloadType</key>', say('between'),
	    '<string>Configuration</string>',
	    '<key>PayloadIdentifier</key>',
	    '<string>a.b' + say('in the text') + '</string>', say(evil),
	    '<key>PayloadVersion</key><integer>1</integer>',
	    '<key>PayloadUUID</key><string>%s</string>' % ('A' * 8 +
	        '-0000-4000-8000-000000000000'),
	    '<key>Text</key><string>x\n  y\n</string>', say('# x: "quoted" \\'),
	    '<key>PayloadContent</key><array>', say(' the first payload '),
	    '<dict>', say(' mcfg-lint: ignore weak-key '),
	    '<key>PayloadType</key><string>com.example</string>',
	    '<key>Empty</key><array>', say('nothing yet'), '</array>',
	    '<key>List</key><array><array>', say('deep'),
	    '<integer>1</integer></array></array>',
	    say('at the end of it'), '</dict>', say(''), say('   \n  '),
	    '</array>', say('the last'), '</dict>', say('behind'), '</plist>',
	    say('at the very end')]))
	PY
	yields "$T/p.yaml" mcfg-profile --to-yaml "$T/p"
	cat "$T/p.yaml"
	sed 's/^ *//' "$T/p.yaml" > "$T/lines"
	while IFS= read -r line; do
		grep -qxF -- "$line" "$T/lines" || { echo "lost: $line"; false; }
	done <<-'LINES'
	# at the top
	# what this is:
	#   - deep
	# - less
	# between
	# in the text
	# # x: "quoted" \
	# the first payload
	# mcfg-lint: ignore weak-key
	# nothing yet
	# deep
	# at the end of it
	# the last
	# behind
	# at the very end
	# Evil: 1
	LINES
	yields "$T/back" mcfg-profile "$T/p.yaml"
	python3 - "$T" <<-'PY'
	import plistlib, sys
	t = sys.argv[1]
	was, back = (plistlib.load(open(t + n, 'rb')) for n in ('/p', '/back'))
	for q in back['PayloadContent']:
	    for key in ('PayloadIdentifier', 'PayloadUUID', 'PayloadVersion'):
	        q.pop(key)
	assert back == was, back
	PY
	if python3 -c 'import yaml' 2> /dev/null; then
		python3 - "$T/p.yaml" <<-'PY'
		import sys, yaml
		y = yaml.safe_load(open(sys.argv[1]))
		assert 'Evil' not in y and y['Text'] == 'x\n  y\n', y
		PY
	fi
}

@test "profile: --each explains what a spreadsheet did to the list" {
	local text words
	template <<< 'V: ${NAME}'
	mkdir "$T/out.d"
	while IFS='|' read -r text words; do
		printf '%b' "$text" > "$T/list"
		refuses 3 "$words" mcfg-profile --each "$T/list" \
		    --out-dir "$T/out.d" "$T/p.yaml"
	done <<-'EOS'
	SERIAL;NAME\nA;jane\n|semicolon
	"SERIAL";"NAME"\nA;jane\n|semicolon
	SERIAL\tNAME\r\nA\tjane\r\n|tab
	sep=;\r\nSERIAL;NAME\r\n|sep=
	sep=,\r\nSERIAL,NAME\r\n|sep=
	SERIAL\0174NAME\nA\0174jane\n|not by a comma
	SERIAL,NAME\rA,jane\r|CR alone
	PK\x03\x04\x14\x00|workbook
	\xd0\xcf\x11\xe0\xa1\xb1|workbook
	SERIAL,NAME,,\nA,jane,,x\n|without a name
	SERIAL,,NAME\nA,,jane\n|without a name
	EOS
	# Empty columns and rows, as spreadsheets leave them, are ignored.
	printf 'SERIAL,NAME,,\r\nB,joe,,\r\n,,,\r\nC,,,\r\n,,,\r\n' > "$T/list"
	yields - mcfg-profile --each "$T/list" --out-dir "$T/out.e" "$T/p.yaml"
	[ "$(cd "$T/out.e" && echo *)" = 'B.mobileconfig C.mobileconfig' ]
	plist_is "$T/out.e/B.mobileconfig" "p['V'] == 'joe'"
	plist_is "$T/out.e/C.mobileconfig" "p['V'] == ''"
	printf 'SERIAL,NAME\nA,jane\n' | iconv -t UTF-16 > "$T/list"
	refuses 3 'UTF-16' mcfg-profile --each "$T/list" --out-dir "$T/out.d" \
	    "$T/p.yaml"
	printf 'SERIAL,NAME\nA,jane\n' | iconv -t UTF-16BE > "$T/list"
	refuses 3 'UTF-16' mcfg-profile --each "$T/list" --out-dir "$T/out.d" \
	    "$T/p.yaml"
	printf 'SERIAL,NAME\nA,a;b\n' > "$T/list"
	yields - mcfg-profile --each "$T/list" --out-dir "$T/out.d" "$T/p.yaml"
	plist_is "$T/out.d/A.mobileconfig" "p['V'] == 'a;b'"
}
