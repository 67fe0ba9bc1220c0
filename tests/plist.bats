#!/usr/bin/env bats
# Reading and writing property lists, through mcfg-get.  The judges are Python's
# plistlib and xmllint.

load helpers

# xml BODY: puts an array of it in $T/in.
xml() {
	printf '<?xml version="1.0"?>\n<plist version="1.0"><array>%s</array></plist>\n' \
	    "$1" > "$T/in"
}

# reads BODY EXPRESSION: its value in Python, and plistlib agrees.
reads() {
	xml "$1"
	yields "$T/out" mcfg-get . "$T/in" && plist_is "$T/out" "p == [$2]" &&
	    same_plist "$T/in" "$T/out"
}

# If BOUNDED is set, a call may use a second of processor time and 100 MB,
# except under the sanitizers, which need more.
mcfg-get() {
	if [ -z "${BOUNDED:-}" ]; then
		command mcfg-get "$@"
		return
	fi
	python3 - "${MCFG_TEST_SANITIZED:-}" mcfg-get "$@" <<-'PY'
	import os, sys
	pid = os.fork()
	if pid == 0:
	    os.execvp(sys.argv[2], sys.argv[2:])
	_, status, usage = os.wait4(pid, 0)
	cpu, mb = usage.ru_utime + usage.ru_stime, usage.ru_maxrss >> 10
	if not sys.argv[1] and (cpu > 1 or mb > 100):
	    print('%.2f s, %d MB' % (cpu, mb), file=sys.stderr)
	    sys.exit(9)
	sys.exit(os.waitstatus_to_exitcode(status) & 0xff)
	PY
}

# kinds FORMAT: plistlib writes every kind of value to $T/in.
kinds() {
	python3 - "$1" "$T/in" <<-'PY'
	import datetime, plistlib, sys
	p = {'zeta': 'first', 'alpha': 'second', 'int': [0, -1, 127, 128, 255, 256,
	     65535, 65536, 2**31, 2**32, 2**63 - 1, -2**63],
	     'real': [0.0, 1.0, -0.5, 0.1, 1e300, 1e-300, 5e-324, 123456789.125],
	     'yes': True, 'no': False, 'text': '', 'latin': 'caf\u00e9',
	     'wide': '\u20ac \U0001F600 <&>"\'', 'lines': 'a\n\tb ',
	     'date': [datetime.datetime(1970, 1, 1), datetime.datetime(2038, 1, 19, 3, 14, 8),
	              datetime.datetime(1999, 12, 31, 23, 59, 59)],
	     'data': [b'', b'a', b'ab', b'abc', bytes(range(256))],
	     'empty': [{}, []], 'nest': {'a': {'b': {'c': [b'x' * 100, {'d': b'y' * 100}]}}},
	     'caf\u00e9': 1, '': 2, 'long ' * 10: 3}
	form = {'xml': plistlib.FMT_XML, 'binary': plistlib.FMT_BINARY}[sys.argv[1]]
	plistlib.dump(p, open(sys.argv[2], 'wb'), fmt=form, sort_keys=False)
	PY
}

@test "plist: reads or refuses real profiles as plistlib does" {
	needs_data profiles/ORIGIN.tsv
	python3 - "$DATA"/profiles/*.mobileconfig <<-'PY'
	import plistlib, re, subprocess, sys
	xml = [p for p in sys.argv[1:] if open(p, 'rb').read(1) != b'0']
	assert len(xml) == 42, len(xml)
	for path in xml:
	    run = subprocess.run(['mcfg-get', '.', path], capture_output=True)
	    try:
	        want = plistlib.load(open(path, 'rb'))
	    except Exception:
	        line = run.stderr.decode()
	        assert (run.returncode, run.stdout, line.count('\n')) == (3, b'', 1), run
	        assert re.match('mcfg-get: ' + re.escape(path) + r':\d+:\d+: ', line), line
	    else:
	        assert (run.returncode, run.stderr) == (0, b''), run
	        assert plistlib.loads(run.stdout) == want, path
	PY
}

@test "plist: keeps every kind of value, from XML and from binary" {
	kinds xml
	yields "$T/from-xml" mcfg-get . "$T/in"
	same_plist "$T/in" "$T/from-xml"
	kinds binary
	yields "$T/from-binary" mcfg-get . "$T/in"
	same_plist "$T/in" "$T/from-binary"
	cmp "$T/from-xml" "$T/from-binary"
}

@test "plist: its output reads and writes the same" {
	kinds xml
	yields "$T/once" mcfg-get . "$T/in"
	yields "$T/twice" mcfg-get . "$T/once"
	cmp "$T/once" "$T/twice"
}

@test "plist: writes the same bytes as plistlib, except for reals" {
	kinds xml
	yields "$T/out" mcfg-get . "$T/in"
	sed 's,<real>.*</real>,<real/>,' "$T/out" > "$T/a"
	sed 's,<real>.*</real>,<real/>,' "$T/in" > "$T/b"
	cmp "$T/a" "$T/b"
	head -n 3 "$T/out" > "$T/head"
	cat > "$T/want" <<-'END'
	<?xml version="1.0" encoding="UTF-8"?>
	<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
	<plist version="1.0">
	END
	cmp "$T/head" "$T/want"
}

@test "plist: writes valid XML, by Apple's DTD" {
	needs xmllint
	kinds xml
	yields "$T/out" mcfg-get . "$T/in"
	xmllint --nonet --noout --dtdvalid "$TESTS/data/plist.dtd" "$T/out"
}

@test "plist: writes a CR so that readers keep it" {
	xml '<string>a&#13;&#10;b</string>'
	yields "$T/out" mcfg-get . "$T/in"
	plist_is "$T/out" 'p == ["a\r\nb"]'
}

@test "plist: 2,000 reals read back as the same, in the fewest digits" {
	echo "MCFG_TEST_SEED=$MCFG_TEST_SEED"
	python3 - "$T/in" <<-'PY'
	import os, plistlib, random, struct, sys
	random.seed(int(os.environ["MCFG_TEST_SEED"]))
	p = []
	while len(p) < 2000:
	    f, = struct.unpack('>d', random.randbytes(8))
	    if f - f == 0:
	        p += [f, round(random.uniform(-1e6, 1e6), 3)]
	plistlib.dump(p, open(sys.argv[1], 'wb'), fmt=plistlib.FMT_BINARY)
	PY
	yields "$T/out" mcfg-get . "$T/in"
	python3 - "$T/in" "$T/out" <<-'PY'
	import plistlib, re, sys
	a = plistlib.load(open(sys.argv[1], 'rb'))
	b = re.findall('<real>(.*)</real>', open(sys.argv[2]).read())
	digits = lambda s: re.sub('e.*|[-.]', '', s).strip('0')
	assert len(a) == len(b)
	for x, y in zip(a, b):
	    assert float(y) == x, (x, y)
	    assert len(digits(y)) <= len(digits(repr(x))), (x, y)
	PY
}

@test "plist: reads numbers in every form that plistlib reads" {
	reads '<integer>0x1F</integer>' 31
	reads '<integer>0Xff</integer>' 255
	reads '<integer>+5</integer>' 5
	reads '<integer> -7
	</integer>' -7
	reads '<integer>007</integer>' 7
	reads '<integer>-9223372036854775808</integer>' '-2**63'
	reads '<real>1</real>' 1.0
	reads '<real> -.5e-3 </real>' -0.0005
	reads '<real>-0.0</real>' 0.0
}

@test "plist: reads text in pieces, comments and instructions" {
	reads '<string>a<![CDATA[<b>&amp;]]>&#65;&#x42;&lt;<!-- no -->c<?x y?>d</string>' \
	    '"a<b>&amp;AB<cd"'
	reads '<!-- a --><dict><!-- b --><key>k<!-- c -->y</key><!-- d --><true/></dict>' \
	    '{"ky": True}'
	reads '<true></true><false> </false>' 'True, False'
}

@test "plist: reads base64 with any white space in it" {
	reads '<data> YW
		Jj </data>' 'b"abc"'
	reads '<data/>' 'b""'
}

@test "plist: reads XML without its declaration, DOCTYPE or plist element" {
	printf '<plist><array/></plist>' > "$T/in"
	yields "$T/out" mcfg-get . "$T/in"
	plist_is "$T/out" 'p == []'
	printf '<?xml version="1.0"?><dict><key>a</key><true/></dict>' > "$T/in"
	yields "$T/out" mcfg-get . "$T/in"
	plist_is "$T/out" 'p == {"a": True}'
	printf '\357\273\277<!DOCTYPE plist><plist version="0.9"><dict/></plist>\n\n' \
	    > "$T/in"
	yields "$T/out" mcfg-get . "$T/in"
	plist_is "$T/out" 'p == {}'
}

@test "plist: reads UTF-16 and ISO-8859-1, and writes UTF-8" {
	local code
	for code in utf-16 utf-16-le utf-16-be iso-8859-1; do
		python3 - $code "$T/in" <<-'PY'
		import sys
		code, path = sys.argv[1:]
		named = code[:6] if code.startswith('utf') else code
		text = '<?xml version="1.0" encoding="%s"?><plist><array><string>caf\u00e9</string></array></plist>' % named
		open(path, 'wb').write(text.encode(code))
		PY
		yields "$T/out" mcfg-get . "$T/in"
		plist_is "$T/out" 'p == ["caf\u00e9"]'
	done
	printf '<?xml version="1.0" encoding="EBCDIC-X"?><plist><true/></plist>' \
	    > "$T/in"
	refuses 3 'in:1:31: unknown encoding' mcfg-get . "$T/in"
}

@test "plist: refuses each hostile property list for its own reason" {
	local file text n=0
	while IFS='	' read -r file text; do
		refuses 3 "$text" mcfg-get . "$TESTS/data/$file"
		n=$((n + 1))
	done < "$TESTS/data/refused-plists.tsv"
	[ $n -eq "$(find "$TESTS/data" -name '*.plist' -o -name '*.bplist' |
	    wc -l)" ]
}

@test "plist: survives a cut at every byte, and every flipped bit" {
	local unit=${MCFG_BIN%/bin}/unit/unit_tree f
	[ -x "$unit" ] || skip "$unit is not built (make units)"
	for f in "$TESTS"/fuzz/seeds/xml/* "$TESTS"/fuzz/seeds/binary/*; do
		yields "$T/out" "$unit" mutate "$f"
		grep -q 'taken' "$T/out"
	done
}

@test "plist: the reader marks the place of each node" {
	local unit=${MCFG_BIN%/bin}/unit/unit_tree
	[ -x "$unit" ] || skip "$unit is not built (make units)"
	printf '<plist>\n<dict>\n\t<key>é</key> <string>a</string>\n<key>b</key>\n<array><true/></array></dict></plist>' \
	    > "$T/in"
	yields "$T/out" "$unit" marks "$T/in"
	printf '%s\n' '2:1 dict -' '3:15 string é' '5:1 array b' \
	    '5:8 boolean -' > "$T/want"
	cmp "$T/out" "$T/want"
}

@test "plist: refuses 1 MB of arrays" {
	local BOUNDED=yes
	python3 -c 'print("<plist>" + "<array>" * 150000)' > "$T/in"
	refuses 3 'in:1:456: nested deeper than 64' mcfg-get . "$T/in"
}

@test "plist: reads 10 MB of references as text, refuses them bare" {
	local BOUNDED=yes
	python3 -c 'print("&amp;" * 2000000, end="")' > "$T/in"
	refuses 3 'in:1:1: not well-formed' mcfg-get . "$T/in"
	{
		printf '<plist><string>'
		cat "$T/in"
		printf '</string></plist>'
	} > "$T/whole"
	yields "$T/out" mcfg-get . "$T/whole"
	[ "$(tr -dc '&' < "$T/out" | wc -c)" -eq 2000000 ]
}

@test "plist: reads 100,000 values, not one more" {
	local BOUNDED=yes
	python3 -c 'print("<plist><array>" + "<string>0123456789</string>" * 99999 + "</array></plist>")' \
	    > "$T/in"
	yields "$T/out" mcfg-get . "$T/in"
	python3 -c 'print("<plist><array>" + "<true/>" * 100000 + "</array></plist>")' \
	    > "$T/in"
	refuses 3 'more than 100000 values' mcfg-get . "$T/in"
}

@test "plist: reads 1,000 keys in a dict, not 100,000" {
	local BOUNDED=yes
	python3 -c 'print("<plist><dict>" + "".join("<key>k%d</key><true/>" % i for i in range(1000)) + "</dict></plist>")' \
	    > "$T/in"
	yields "$T/out" mcfg-get . "$T/in"
	same_plist "$T/in" "$T/out"
	python3 -c 'print("<plist><dict>" + "".join("<key>k%d</key><true/>" % i for i in range(100000)) + "</dict></plist>")' \
	    > "$T/in"
	refuses 3 'more than 1000 keys in a dict' mcfg-get . "$T/in"
}

@test "plist: copes with keys that collide in libplist's table" {
	local BOUNDED=yes
	python3 - "$T/in" "$T/long" <<-'PY'
	import sys
	keys = [''.join(('Ab', 'BA')[i >> j & 1] for j in range(10)) for i in range(1000)]
	one = lambda pre: '<dict>' + ''.join('<key>%s</key><true/>' % (pre + k) for k in keys) + '</dict>'
	open(sys.argv[1], 'w').write('<plist><array>' + one('') * 99 + '</array></plist>')
	open(sys.argv[2], 'w').write('<plist><array>' + one('x' * 4000) + '</array></plist>')
	PY
	yields "$T/out" mcfg-get . "$T/in"
	yields "$T/out" mcfg-get . "$T/long"
	python3 - "$T/long" <<-'PY'
	import sys
	text = open(sys.argv[1]).read()
	open(sys.argv[1], 'w').write(text.replace('x' * 4000, 'x' * 5000))
	PY
	refuses 3 'more than 4 MiB of keys' mcfg-get . "$T/long"
}

@test "plist: refuses a token as large as the input, except text" {
	local BOUNDED=yes
	python3 - "$T" <<-'PY'
	import sys
	for name, a, c, b in (('attributes', '<plist', ' a="b"', '/>'),
	                      ('one-attribute', '<plist version="', 'aaaaaa', '"/>'),
	                      ('comment', '<plist><!--', 'xxxxxx', '--></plist>'),
	                      ('doctype', '<!DOCTYPE plist SYSTEM "', 'xxxxxx', '"><plist/>'),
	                      ('name', '<', 'xxxxxx', '/>')):
	    open(sys.argv[1] + '/' + name, 'w').write(a + c * 2500000 + b)
	PY
	local f
	for f in attributes one-attribute comment doctype name; do
		refuses 3 'a tag or comment larger than 1 MiB' \
		    mcfg-get . "$T/$f"
	done
	python3 -c 'print("<plist><string>" + "x" * 16000000 + "</string></plist>", end="")' \
	    > "$T/in"
	yields "$T/out" mcfg-get . "$T/in"
	[ "$(tr -dc x < "$T/out" | wc -c)" -eq 16000000 ]
}

@test "plist: refuses a few binary bytes that expand to a gigabyte" {
	local BOUNDED=yes
	python3 - "$T" <<-'PY'
	import struct, sys
	def write(name, objects):
	    out, offsets = b'bplist00', b''
	    for o in objects:
	        offsets += struct.pack('>I', len(out))
	        out += o
	    open(sys.argv[1] + '/' + name, 'wb').write(out + offsets +
	        struct.pack('>6xBBQQQ', 4, 2, len(objects), 0, len(out)))
	refs = lambda *r: b'\xAF\x11' + struct.pack('>H', len(r)) + struct.pack('>%dH' % len(r), *r)
	mega = b'\x5F\x12' + struct.pack('>I', 1 << 20) + b'x' * (1 << 20)
	write('text', [refs(*[1] * 1000), mega])
	write('wide', [refs(*[0] * 20)])
	write('deep', [refs(i + 1) for i in range(60000)] + [b'\x09'])
	write('keys', [b'\xDF\x12' + struct.pack('>I', 100000) + b'\0\1' * 200000, b'\x51a'])
	PY
	refuses 3 'more than 16 MiB when it is expanded' \
	    mcfg-get . "$T/text"
	refuses 3 'within itself' mcfg-get . "$T/wide"
	refuses 3 'nested deeper than 64' mcfg-get . "$T/deep"
	refuses 3 'more than 1000 keys in a dict' mcfg-get . "$T/keys"
	[ "$(wc -c < "$TESTS/data/bomb_arrays.bplist")" -lt 150 ]
	refuses 3 'more than 100000 values' \
	    mcfg-get . "$TESTS/data/bomb_arrays.bplist"
}
