#!/usr/bin/env bats
# Every tool keeps every value that a property list can hold.  The judges are
# Python's plistlib and json.

load helpers

SCHEMA=$DATA/apple-device-management

# One profile, as XML in $T/x and binary in $T/b.
setup() {
	python3 - "$T" <<-'PY'
	import datetime, plistlib, sys
	d = datetime.datetime
	top = sys.argv[1]
	p = {
	    'PayloadType': 'Configuration', 'PayloadVersion': 1,
	    'PayloadIdentifier': 'com.example.values',
	    'PayloadUUID': '5A9A2D62-6E0D-4D5A-9B0E-3B2C1D0E9F8A',
	    'PayloadContent': [{
	        'PayloadType': 'com.example.values', 'PayloadVersion': 1,
	        'PayloadIdentifier': 'com.example.values.1',
	        'PayloadUUID': '5A9A2D62-6E0D-4D5A-9B0E-3B2C1D0E9F8B',
	        'Dates': [d(y, m, 1, 23, 59, 59) for m in (1, 3, 12) for y in
	            (1, 4, 400, 1582, 1583, 1900, 1901, 1932, 1933, 1969, 1970,
	            2000, 2001, 2026, 2038, 2068, 2069, 2106, 2107, 4001, 9999)],
	        'Integers': [s * 2**e + o for e in (0, 7, 8, 31, 32, 53, 62, 63)
	            for s in (1, -1) for o in (-1, 0, 1)
	            if s * 2**e + o >= -2**63] + [2**64 - 1, 2**64 - 2],
	        'Reals': [0.1, 1e-7, 1.0, 1e16, 1e300, -0.0, 2.5, 5e-324,
	            1 / 3, 100.0, 123456789.125],
	    }],
	}
	plistlib.dump(p, open(top + '/x', 'wb'))
	plistlib.dump(p, open(top + '/b', 'wb'), fmt=plistlib.FMT_BINARY)
	PY
}

@test "plist values: pass through mcfg-get, as XML and as JSON" {
	local f
	for f in x b; do
		yields "$T/out" mcfg-get . "$T/$f"
		same_plist "$T/x" "$T/out"
		yields "$T/json" mcfg-get --json . "$T/$f"
		python3 - "$T" <<-'PY'
		import json, plistlib, sys
		top = sys.argv[1]
		text = open(top + '/json').read()
		j = json.loads(text)['PayloadContent'][0]
		p = plistlib.load(open(top + '/x', 'rb'))['PayloadContent'][0]
		assert j['Integers'] == p['Integers']
		assert list(map(repr, j['Reals'])) == list(map(repr, p['Reals']))
		assert j['Dates'] == [d.isoformat() + 'Z' for d in p['Dates']]
		# Like Python's, the shortest form that reads back the same.
		assert all(repr(r) in text for r in p['Reals'])
		PY
	done
	yields "$T/out" mcfg-get PayloadContent.0.Dates.9 "$T/b"
	[ "$(cat "$T/out")" = 1969-01-01T23:59:59Z ]
}

@test "plist values: pass through YAML and back" {
	yields "$T/yaml" mcfg-profile --to-yaml "$T/b"
	yields "$T/out" mcfg-profile "$T/yaml"
	same_plist "$T/x" "$T/out"
	yields "$T/out" mcfg-diff "$T/b" "$T/yaml"
	[ ! -s "$T/out" ]
}

@test "plist values: pass through signing and encryption" {
	local f
	for f in x b; do
		yields "$T/signed" mcfg-sign --cert "$PKI/signer.pem" \
		    --key "$PKI/signer.key" --chain "$PKI/chain.pem" "$T/$f"
		yields "$T/out" mcfg-verify --ca "$PKI/root.pem" "$T/signed"
		cmp "$T/$f" "$T/out"
		yields "$T/e" mcfg-encrypt --recipient "$PKI/client.pem" \
		    "$T/$f"
		yields "$T/out" mcfg-decrypt --key "$PKI/client.key" "$T/e"
		same_plist "$T/x" "$T/out"
	done
}

@test "plist values: differ from one another in mcfg-diff" {
	local key n
	for key in Dates Integers Reals; do
		python3 - "$T" $key <<-'PY'
		import plistlib, sys
		top, key = sys.argv[1:]
		p = plistlib.load(open(top + '/x', 'rb'))
		c = p['PayloadContent'][0]
		c[key] = c[key][1:] + c[key][:1]
		plistlib.dump(p, open(top + '/y', 'wb'))
		open(top + '/n', 'w').write(str(len(c[key])))
		PY
		n=$(cat "$T/n")
		run -1 --separate-stderr mcfg-diff "$T/b" "$T/y"
		[ "$(grep -c "$key" <<< "$output")" -ge 1 ]
		[[ $output != *'(same)'* ]]
		[ "$n" -gt 1 ]
	done
}

@test "plist values: pass from variables into a profile" {
	cat > "$T/p.yaml" <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: com.example
	PayloadContent: []
	V: ${V}
	YAML
	echo '{"V": [18446744073709551615, 9223372036854775808, {"a": 1}], "W": "9999999999999999999"}' \
	    > "$T/vars.json"
	yields "$T/out" mcfg-profile --vars "$T/vars.json" "$T/p.yaml"
	plist_is "$T/out" "p['V'] == [2**64-1, 2**63, {'a': 1}]"
	yields "$T/out" mcfg-profile --set V=18446744073709551615 "$T/p.yaml"
	plist_is "$T/out" "str(p['V']) == str(2**64-1)"
	# Beyond 64 bits, and text like the mark that the reader uses for large
	# integers.
	echo '{"V": 18446744073709551616}' > "$T/vars.json"
	refuses 3 'vars.json:1:' mcfg-profile --vars "$T/vars.json" "$T/p.yaml"
	echo '{"V": "\u00010000000000", "W": 18446744073709551615}' \
	    > "$T/vars.json"
	refuses 3 'vars.json' mcfg-profile --vars "$T/vars.json" "$T/p.yaml"
	echo '{"V": "18446744073709551615 \" 9223372036854775808"}' \
	    > "$T/vars.json"
	yields "$T/out" mcfg-profile --vars "$T/vars.json" "$T/p.yaml"
	plist_is "$T/out" "p['V'] == '18446744073709551615 \" 9223372036854775808'"
}

@test "plist values: reads binary dates with fractions and before 2001" {
	local seconds want
	while read -r seconds want; do
		python3 - "$T/in" "$seconds" <<-'PY'
		import struct, sys
		body = b'\x33' + struct.pack('>d', float(sys.argv[2]))
		open(sys.argv[1], 'wb').write(b'bplist00' + body + b'\x08' +
		    struct.pack('>5xBBBQQQ', 0, 1, 1, 1, 0, 17))
		PY
		yields "$T/out" mcfg-get . "$T/in"
		[ "$(cat "$T/out")" = "$want" ]
	done <<-'EOF'
	0 2001-01-01T00:00:00Z
	0.999 2001-01-01T00:00:00Z
	-0.001 2000-12-31T23:59:59Z
	-1.5 2000-12-31T23:59:58Z
	-63113904000 0001-01-01T00:00:00Z
	-63114076800 0000-12-30T00:00:00Z
	-3155760000 1901-01-01T00:00:00Z
	63113904000 4001-01-01T00:00:00Z
	252423993599.9 9999-12-31T23:59:59Z
	EOF
	for seconds in 252423993600 -63145526401 1e300 -1e300; do
		python3 - "$T/in" "$seconds" <<-'PY'
		import struct, sys
		body = b'\x33' + struct.pack('>d', float(sys.argv[2]))
		open(sys.argv[1], 'wb').write(b'bplist00' + body + b'\x08' +
		    struct.pack('>5xBBBQQQ', 0, 1, 1, 1, 0, 17))
		PY
		refuses 3 'outside of the years 0000 to 9999' mcfg-get . "$T/in"
	done
}

@test "plist values: mcfg-lint judges large integers" {
	yields "$T/out" mcfg-lint --level warning "$T/b"
	[ ! -s "$T/out" ]
	needs_data apple-device-management
	python3 - "$T" <<-'PY'
	import plistlib, sys
	top = sys.argv[1]
	p = plistlib.load(open(top + '/x', 'rb'))
	c = p['PayloadContent'][0]
	c['PayloadType'] = 'com.apple.mobiledevice.passwordpolicy'
	c['minLength'] = 2**64 - 1
	c['allowSimple'] = 2**63
	plistlib.dump(p, open(top + '/y', 'wb'))
	PY
	run -1 --separate-stderr mcfg-lint --schema "$SCHEMA" "$T/y"
	[[ $output == *'minLength'*'bad-range'* ]]
	[[ $output == *'the integer 9223372036854775808'*'bool-as-integer'* ]]
}

@test "plist values: base64 may have more padding than it needs, as Apple reads it" {
	local text want
	while read -r text want; do
		sed "s|<key>PayloadContent</key>|<key>D</key><data>$text</data>&|" \
		    "$T/x" > "$T/in"
		yields "$T/out" mcfg-get . "$T/in"
		plist_is "$T/out" "p['D'].hex() == '$want'"
		run -0 --separate-stderr mcfg-lint "$T/in"
		[[ $output == *'in:5:'*'D: warning'*'[excess-padding]'* ]] ||
		    { echo "$output"; false; }
		run -1 mcfg-lint --error excess-padding "$T/in"
	done <<-'EOF'
	AAAA= 000000
	AAAA=== 000000
	AAA== 0000
	AA=== 00
	EOF
	for text in AAAA==== A=== AAB= AA= ==== AAAA=A; do
		sed "s|<key>PayloadContent</key>|<key>D</key><data>$text</data>&|" \
		    "$T/x" > "$T/in"
		refuses 3 'base64' mcfg-get . "$T/in"
	done
	yields "$T/out" mcfg-lint --level warning "$T/x"
	[ ! -s "$T/out" ]
}
