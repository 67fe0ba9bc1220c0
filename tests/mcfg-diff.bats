#!/usr/bin/env bats

load helpers

# make FILE [STATEMENT...]: see profiles.py.
make() {
	python3 "$TESTS/profiles.py" make "$PKI/root.pem" "$@"
}

# differs FILE LINE...: mcfg-diff has status 1 and prints only these lines.
differs() {
	local line

	_run mcfg-diff "${options[@]}" "$T/old" "$1"
	if [ "$status" -ne 1 ] || [ -s "$T/stderr" ]; then
		_show mcfg-diff "$T/old" "$1"
		return 1
	fi
	shift
	for line in "$@"; do
		printf '%s\n' "$line"
	done > "$T/want"
	diff "$T/want" "$T/stdout"
}

setup() {
	options=()
}

@test "diff: each change is one line that names the payload" {
	make "$T/old"
	while IFS='|' read -r line change; do
		make "$T/new" "$change"
		differs "$T/new" "$line"
	done <<-'TABLE'
	PayloadDisplayName: "T" -> "U"|p['PayloadDisplayName'] = 'U'
	PayloadOrganization: added "O"|p['PayloadOrganization'] = 'O'
	ConsentText.de: removed "ja"|del p['ConsentText']['de']
	PayloadContent[0].SSID_STR (com.apple.wifi.managed): "Office" -> "B \"x\" \\ y"|wifi['SSID_STR'] = 'B "x" \\ y'
	PayloadContent[0].AutoJoin (com.apple.wifi.managed): true -> false|wifi['AutoJoin'] = False
	PayloadContent[0].ProxyServerPort (com.apple.wifi.managed): 8080 -> "8080"|wifi['ProxyServerPort'] = '8080'
	PayloadContent[0].ProxyServerPort (com.apple.wifi.managed): integer 8080 -> real 8080|wifi['ProxyServerPort'] = 8080.0
	PayloadContent[0].ProxyServerPort (com.apple.wifi.managed): 8080 -> {1 key}|wifi['ProxyServerPort'] = {'a': 1}
	PayloadContent[3].PayloadContent.Subject[1][0][1] (com.apple.security.scep): "Device" -> "Other"|scep['PayloadContent']['Subject'][1][0][1] = 'Other'
	PayloadContent[4] (com.apple.mdm): removed {8 keys}|p['PayloadContent'].remove(mdm)
	PayloadContent[6] (com.apple.dock): added {4 keys}|p['PayloadContent'].append(payload('com.apple.dock'))
	TABLE
}

@test "diff: data is shown by its length and hash" {
	make "$T/old" "scep['PayloadContent']['CAFingerprint'] = b'abc'"
	make "$T/new" "scep['PayloadContent']['CAFingerprint'] = b'abcd'"
	a=$(printf abc | openssl dgst -sha256 -r | cut -d' ' -f1)
	b=$(printf abcd | openssl dgst -sha256 -r | cut -d' ' -f1)
	differs "$T/new" "PayloadContent[3].PayloadContent.CAFingerprint (com.apple.security.scep): <3 bytes, sha256 $a> -> <4 bytes, sha256 $b>"
}

@test "diff: profiles with the same meaning are equal" {
	make "$T/old"
	make "$T/new" "p['PayloadContent'].reverse()" \
	    "p = dict(reversed(p.items()))" \
	    "p['PayloadUUID'] = 'x'" \
	    "scep['PayloadUUID'] = 'AAAAAAAA-0000-4000-8000-000000000001'" \
	    "mdm['IdentityCertificateUUID'] = scep['PayloadUUID'].lower()"
	yields "$T/out" mcfg-diff "$T/old" "$T/new"
	[ ! -s "$T/out" ]
	python3 - "$T/old" "$T/binary" <<-'PY'
	import plistlib, sys
	plistlib.dump(plistlib.load(open(sys.argv[1], 'rb')),
	    open(sys.argv[2], 'wb'), fmt=plistlib.FMT_BINARY)
	PY
	openssl cms -sign -binary -nodetach -outform DER -in "$T/old" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/signed"
	openssl cms -sign -binary -nodetach -outform PEM -in "$T/binary" \
	    -signer "$PKI/ec.pem" -inkey "$PKI/ec.key" -out "$T/pem"
	for new in binary signed pem; do
		yields "$T/out" mcfg-diff "$T/old" "$T/$new"
		[ ! -s "$T/out" ]
	done
	yields - mcfg-diff - "$T/new" < "$T/old"
	yields - mcfg-diff "$T/signed" "$T/pem"
}

@test "diff: UUIDs count with --uuids" {
	make "$T/old"
	make "$T/new" "scep['PayloadUUID'] = 'AAAAAAAA-0000-4000-8000-000000000001'" \
	    "mdm['IdentityCertificateUUID'] = scep['PayloadUUID']"
	options=(--uuids)
	differs "$T/new" \
	    'PayloadContent[3].PayloadUUID (com.apple.security.scep): "DA7A0000-0000-4000-8000-000000000004" -> "AAAAAAAA-0000-4000-8000-000000000001"' \
	    'PayloadContent[4].IdentityCertificateUUID (com.apple.mdm): "DA7A0000-0000-4000-8000-000000000004" -> "AAAAAAAA-0000-4000-8000-000000000001"'
}

@test "diff: a reference to another payload is a change" {
	make "$T/old"
	make "$T/new" "mdm['IdentityCertificateUUID'] = root['PayloadUUID']"
	differs "$T/new" 'PayloadContent[4].IdentityCertificateUUID (com.apple.mdm): "DA7A0000-0000-4000-8000-000000000004" -> "DA7A0000-0000-4000-8000-000000000003"'
}

@test "diff: payloads are matched by identifier, then by type" {
	two='hold(payload("com.apple.wifi.managed", SSID_STR="a"),
	    payload("com.apple.wifi.managed", SSID_STR="b"))
a, b = p["PayloadContent"]'
	make "$T/old" "$two"
	make "$T/new" "$two" 'hold(b, a); b["SSID_STR"] = "c"'
	differs "$T/new" 'PayloadContent[0].SSID_STR (com.apple.wifi.managed): "b" -> "c"'
	make "$T/new" "$two" 'a["PayloadIdentifier"] = "x"'
	differs "$T/new" 'PayloadContent[0].PayloadIdentifier (com.apple.wifi.managed): "com.example.test.7" -> "x"'
	make "$T/new" "$two" 'hold(b)'
	differs "$T/new" 'PayloadContent[0] (com.apple.wifi.managed): removed {5 keys}'
	make "$T/new" "$two" 'a["PayloadType"] = "com.apple.dock"'
	differs "$T/new" 'PayloadContent[0].PayloadType (com.apple.wifi.managed): "com.apple.wifi.managed" -> "com.apple.dock"'
}

@test "diff: payloads with the same identifier are matched by UUID" {
	same="p['PayloadContent'] = [{**wifi, 'PayloadUUID': u,
	    'SSID_STR': u} for u in"
	make "$T/old" "$same 'ABCDE']"
	make "$T/new" "$same 'ABDE']"
	differs "$T/new" \
	    'PayloadContent[2] (com.apple.wifi.managed): removed {9 keys}'
	make "$T/new" "$same 'EBCAD']"
	yields - mcfg-diff "$T/old" "$T/new"
}

@test "diff: payloads without a name are matched by position" {
	make "$T/old" "p['PayloadContent'] = ['\${ONE}', {'a': 1}, wifi]"
	yields - mcfg-diff "$T/old" "$T/old"
	make "$T/new" "p['PayloadContent'] = ['\${TWO}', {'a': 2}, wifi]"
	differs "$T/new" "PayloadContent[0]: \"\${ONE}\" -> \"\${TWO}\"" \
	    'PayloadContent[1].a: 1 -> 2'
}

@test "diff: a missing list of payloads differs from an empty one" {
	make "$T/old" "p['PayloadContent'] = []"
	make "$T/new" "del p['PayloadContent']"
	differs "$T/new" 'PayloadContent: removed [0 items]'
	mv "$T/old" "$T/empty"
	mv "$T/new" "$T/old"
	differs "$T/empty" 'PayloadContent: added [0 items]'
	# Only its payloads are reported, not the list itself.
	make "$T/new" "p['PayloadContent'] = [mdm]"
	differs "$T/new" 'PayloadContent[0] (com.apple.mdm): added {8 keys}'
}

@test "diff: array items that were added, removed and changed" {
	list="wifi['L'] = "
	make "$T/old" "${list}['a', 'b', 'c', 'd', 'e', 'f']"
	at='PayloadContent[0].L' is=' (com.apple.wifi.managed)'
	make "$T/new" "${list}['a', 'c', 'd', 'X', 'e', 'f']"
	differs "$T/new" "${at}[1]$is: \"b\" -> \"c\"" "${at}[2]$is: \"c\" -> \"d\"" \
	    "${at}[3]$is: \"d\" -> \"X\""
	make "$T/new" "${list}['a', 'c', 'd', 'e', 'f']"
	differs "$T/new" "${at}[1]$is: removed \"b\""
	make "$T/new" "${list}['0', 'a', 'b', 'c', 'x', 'y', 'f']"
	differs "$T/new" "${at}[0]$is: added \"0\"" "${at}[4]$is: \"d\" -> \"x\"" \
	    "${at}[5]$is: \"e\" -> \"y\""
	make "$T/new" "${list}[]"
	differs "$T/new" "${at}[0]$is: removed \"a\"" "${at}[1]$is: removed \"b\"" \
	    "${at}[2]$is: removed \"c\"" "${at}[3]$is: removed \"d\"" \
	    "${at}[4]$is: removed \"e\"" "${at}[5]$is: removed \"f\""
}

@test "diff: --full shows all values, and /dev/null is a missing profile" {
	make "$T/old" 'hold(payload("com.apple.dock", a=[1, {}], b={"c": "d"}))'
	make "$T/new" 'hold()'
	options=(--full)
	at='PayloadContent[0]' is=' (com.apple.dock)'
	differs "$T/new" "$at.PayloadType$is: removed \"com.apple.dock\"" \
	    "$at.PayloadVersion$is: removed 1" \
	    "$at.PayloadIdentifier$is: removed \"com.example.test.7\"" \
	    "$at.a[0]$is: removed 1" "$at.a[1]$is: removed {0 keys}" \
	    "$at.b.c$is: removed \"d\""
	options=()
	differs /dev/null 'profile: removed {7 keys}' "$at$is: removed {6 keys}"
	yields - mcfg-diff /dev/null /dev/null
}

@test "diff: secrets are shown only if asked for" {
	make "$T/old" "wifi['Password'] = 'hunter2'"
	make "$T/new" "wifi['Password'] = 'hunter3'"
	at='PayloadContent[0].Password (com.apple.wifi.managed)'
	differs "$T/new" "$at: (secret) -> (secret)"
	options=(--show-secrets)
	differs "$T/new" "$at: \"hunter2\" -> \"hunter3\""
	make "$T/none" 'hold(clip)'
	for form in --full --json; do
		_run mcfg-diff "$form" "$T/old" "$T/new"
		[ "$status" -eq 1 ]
		run -1 grep hunter "$T/stdout"
		_run mcfg-diff "$form" "$T/old" "$T/none"
		run -1 grep hunter "$T/stdout"
		grep -qi secret "$T/stdout"
	done
	yields "$T/out" mcfg-diff --text "$T/old"
	run -1 grep hunter "$T/out"
}

# All tools must agree with this list.
@test "diff, lint, inspect, profile: which values are secret" {
	local name form
	for name in ClientSecret ApiToken AuthToken licenseKey EnrollmentKey \
	    api_key CHALLENGE Challenge RegistrationToken sharedSecret \
	    Passcode WiFiPassphrase PrivateKey password PIN pin DevicePIN \
	    UnlockPin PINCode unlock_pin BootstrapToken Password2; do
		make "$T/old" "wifi['$name'] = 'hunter2'"
		make "$T/new" "wifi['$name'] = b'hunter3'"
		_run mcfg-diff "$T/old" "$T/new"
		grep -qF ".$name (" "$T/stdout" || { echo "$name"; return 1; }
		for form in --full --json --text; do
			[ "$form" = --text ] || set -- "$T/old"
			_run mcfg-diff "$form" "$@" "$T/new"
			[ "$status" -eq $# ]
			run -1 grep -E 'hunter|aHVudGVyMw' "$T/stdout"
			set --
		done
		yields - mcfg-inspect "$T/old"
		[ -s "$T/stdout" ]
		run -1 grep hunter "$T/stdout"
		_run mcfg-lint "$T/old"
		grep -q 'clear-text-secret' "$T/stdout" ||
		    { echo "$name"; return 1; }
		yields - mcfg-get -o "$T/private" . "$T/old"
		[ "$(stat -c %a "$T/private")" = 600 ]
		rm -f "$T/private"
	done
	umask 022
	for name in "askForPassword'] = True" "askForPassword'] = 1" \
	    "RegistrationToken'] = False" "maxPINAgeInDays'] = 30" \
	    "pinHistory'] = 5" "forcePIN'] = True" "Shipping'] = 'hunter2'" \
	    "TokenCard'] = 'hunter2'" "Key Type'] = 'hunter2'" \
	    "Spin'] = 'hunter2'" "PinnedURL'] = 'hunter2'" \
	    "URL'] = 'http://hunter2@x:80/a:b@c'"; do
		make "$T/old" "wifi['$name"
		_run mcfg-lint "$T/old"
		[ "$status" -le 1 ]
		! grep clear-text-secret "$T/stdout" || { echo "$name"; return 1; }
		yields - mcfg-diff --text "$T/old"
		! grep -F '(secret)' "$T/stdout" || { echo "$name"; return 1; }
		yields - mcfg-inspect "$T/old"
		! grep -F '(masked)' "$T/stdout" || { echo "$name"; return 1; }
		yields - mcfg-get -o "$T/public" . "$T/old"
		[ "$(stat -c %a "$T/public")" = 644 ]
		rm -f "$T/public"
	done
}

@test "diff, lint, inspect: a password in a URL is masked" {
	make "$T/old" "wifi['U'] = ['a', 'ftp://joe:hun@ter2@host/p']"
	make "$T/new" "wifi['U'] = ['a', 'ftp://joe:x@host/p']"
	differs "$T/new" 'PayloadContent[0].U[1] (com.apple.wifi.managed): "ftp://joe:(secret)@host/p" -> "ftp://joe:(secret)@host/p"'
	_run mcfg-diff --json "$T/old" "$T/new"
	json_is "$T/stdout" '[(c["secret"], c["old"]) for c in j["changes"]] ==
	    [(True, "ftp://joe:(secret)@host/p")]'
	yields - mcfg-inspect "$T/old"
	run -1 grep ter2 "$T/stdout"
	_run mcfg-lint "$T/old"
	grep -q 'clear-text-secret' "$T/stdout"
	yields - mcfg-get -o "$T/private" . "$T/old"
	[ "$(stat -c %a "$T/private")" = 600 ]
}

@test "diff: secrets in added arrays are masked" {
	make "$T/old"
	make "$T/new" "wifi['Tokens'] = [['hunter2', 5], {'a': True}]"
	_run mcfg-diff --json "$T/old" "$T/new"
	json_is "$T/stdout" '[(c["secret"], c["new"]) for c in j["changes"]] ==
	    [(True, [[None, None], {"a": True}])]'
}

@test "diff: payloads with new identifiers are matched by content" {
	make "$T/old" 'import uuid; hold(*[dict(wifi, SSID_STR=s, PayloadIdentifier=str(uuid.uuid4()), PayloadUUID=str(uuid.uuid4()).upper()) for s in ("one", "two", "three")])'
	make "$T/new" 'import uuid; hold(*[dict(wifi, SSID_STR=s, PayloadIdentifier=str(uuid.uuid4()), PayloadUUID=str(uuid.uuid4()).upper()) for s in ("three", "one", "two")])'
	_run mcfg-diff "$T/old" "$T/new"
	cat "$T/stdout"
	[ "$(grep -c PayloadIdentifier "$T/stdout")" -eq 3 ]
	[ "$(wc -l < "$T/stdout")" -eq 3 ]

	make "$T/old" 'import uuid; u = [str(uuid.uuid4()).upper() for i in range(3)]; hold(*[dict(wifi, Password=s, SSID_STR=s, PayloadIdentifier=v, PayloadUUID=v) for s, v in zip(("one", "two", "three"), u)])'
	make "$T/new" 'import uuid; u = [str(uuid.uuid4()).upper() for i in range(3)]; hold(*[dict(wifi, Password=s, SSID_STR=s, PayloadIdentifier=v, PayloadUUID=v) for s, v in zip(("three", "one", "two"), u)])'
	yields - mcfg-diff "$T/old" "$T/new"
}

# remade FILE ORDER [STATEMENT]: makes a profile with UUIDs in its identifiers,
# as Apple Configurator and others do.
remade() {
	make "$1" "import uuid; top = str(uuid.uuid4()).upper(); p['PayloadUUID'] = top; hold(*[dict(wifi, SSID_STR=s, PayloadIdentifier=i % {'top': top, 'own': u, 'low': u.lower()}, PayloadUUID=u) for s, i, u in [(s, i, str(uuid.uuid4()).upper()) for s, i in (('one', 'com.apple.wifi.managed.%(own)s'), ('two', 'org.example.%(top)s.wifi.%(low)s'), ('three', '%(own)s.wifi')) ]][$2])" "${@:3}"
}

@test "diff: an identifier that changes only in its UUID is the same" {
	remade "$T/old" ::1
	remade "$T/new" ::-1
	yields - mcfg-diff "$T/old" "$T/new"
	_run mcfg-diff --uuids "$T/old" "$T/new"
	[ "$status" -eq 1 ]
	[ "$(grep -c PayloadIdentifier "$T/stdout")" -eq 3 ]
	# Any other change of the identifier counts.
	remade "$T/new" ::-1 "p['PayloadContent'][0]['PayloadIdentifier'] += 'i'"
	_run mcfg-diff "$T/old" "$T/new"
	[ "$(wc -l < "$T/stdout")" -eq 1 ]
	grep -q 'PayloadIdentifier.*wifii"' "$T/stdout"
	# The profile's identifier decides whether it is an update.
	remade "$T/old" ::1 "p['PayloadIdentifier'] = 'a.' + top"
	remade "$T/new" ::1 "p['PayloadIdentifier'] = 'a.' + top"
	_run mcfg-diff "$T/old" "$T/new"
	[ "$(wc -l < "$T/stdout")" -eq 1 ]
	grep -q '^PayloadIdentifier' "$T/stdout"
}

@test "diff: changed payloads with new identifiers are matched to the most similar" {
	local fresh='import uuid; f = lambda **k: dict(wifi, PayloadIdentifier=str(uuid.uuid4()), PayloadUUID=str(uuid.uuid4()).upper(), **k)'
	make "$T/old" "$fresh; hold(f(SSID_STR='one', AutoJoin=True, A=1), f(SSID_STR='two', AutoJoin=False, A=2), f(SSID_STR='three', AutoJoin=True, A=3))"
	make "$T/new" "$fresh; hold(f(SSID_STR='three', AutoJoin=False, A=3), f(SSID_STR='one', AutoJoin=True, A=7), f(SSID_STR='two', AutoJoin=False, A=2))"
	_run mcfg-diff --json "$T/old" "$T/new"
	[ "$status" -eq 1 ]
	json_is "$T/stdout" 'sorted((c["path"].rsplit(".", 1)[1], c["old"], c["new"]) for c in j["changes"] if "PayloadIdentifier" not in c["path"]) == [("A", 1, 7), ("AutoJoin", True, False)]'
	# Otherwise they are matched by position, and an additional payload
	# counts as added.
	make "$T/old" "$fresh; hold(f(SSID_STR='a', A=1))"
	make "$T/new" "$fresh; hold(f(SSID_STR='x', A=2), f(SSID_STR='a', A=9))"
	_run mcfg-diff --json "$T/old" "$T/new"
	json_is "$T/stdout" 'any(c["old"] == 1 and c["new"] == 9 for c in j["changes"])'
}

@test "diff: --json" {
	make "$T/old" "wifi['Password'] = 'x'"
	make "$T/new" "wifi['Password'] = 'y'" "wifi['AutoJoin'] = 1" \
	    "scep['PayloadContent']['CAFingerprint'] = b'x'" \
	    "del wifi['SSID_STR']" "p['ConsentText'] = {'de': 'nein'}"
	_run mcfg-diff --json "$T/old" "$T/new"
	[ "$status" -eq 1 ]
	json_is "$T/stdout" 'j["equal"] is False'
	json_is "$T/stdout" '{c["path"].split(".")[-1]: (c["change"],
	    c.get("old", "-"), c.get("new", "-"), c["secret"])
	    for c in j["changes"]} == {
	    "Password": ("changed", None, None, True),
	    "AutoJoin": ("changed", True, 1, False),
	    "SSID_STR": ("removed", "Office", "-", False),
	    "CAFingerprint": ("changed", "A" * 43 + "=", "eA==", False),
	    "default": ("removed", "yes", "-", False),
	    "de": ("changed", "ja", "nein", False)}'
	yields "$T/out" mcfg-diff --json "$T/old" "$T/old"
	json_is "$T/out" 'j == {"equal": True, "changes": []}'
}

# The judge is Python, which follows the path.
@test "diff: indexes are those of the new profile, or the old if removed" {
	make "$T/old" "p['a[0]'] = 1" "p['b/c~d'] = [1, 2]" "wifi['L'] = [[0]]"
	make "$T/new" "p['a[0]'] = 2" "p['b/c~d'] = [1, 3]" "wifi['L'] = [[9]]" \
	    "p['PayloadContent'].remove(clip)" "p['PayloadContent'].reverse()" \
	    "hold(*p['PayloadContent'], payload('com.apple.dock', a=[]))"
	_run mcfg-diff "$T/old" "$T/new"
	[ "$status" -eq 1 ]
	cp "$T/stdout" "$T/text"
	_run mcfg-diff --json "$T/old" "$T/new"
	[ "$status" -eq 1 ]
	python3 - "$T/old" "$T/new" "$T/stdout" "$T/text" <<-'PY'
	import json, plistlib, sys
	old, new = (plistlib.load(open(f, 'rb')) for f in sys.argv[1:3])
	def at(t, pointer):
	    for s in pointer.split('/')[1:]:
	        s = s.replace('~1', '/').replace('~0', '~')
	        t = t[int(s) if isinstance(t, list) else s]
	    return t
	changes = json.load(open(sys.argv[3]))['changes']
	assert len(changes) == 5, changes
	for c in changes:
	    if 'new' in c:
	        assert at(new, c['pointer']) == c['new'], c
	    else:
	        assert at(old, c['pointer']) == c['old'], c
	dock = len(new['PayloadContent']) - 1
	wifi = dock - 1
	assert sorted(l.split(': ')[0] for l in open(sys.argv[4])) == sorted([
	    'a\\[0]', 'b/c~d[1]', 'PayloadContent[1] (com.apple.webClip.managed)',
	    f'PayloadContent[{wifi}].L[0][0] (com.apple.wifi.managed)',
	    f'PayloadContent[{dock}] (com.apple.dock)'])
	PY
	# Adding a first payload does not change the lines of the others.
	make "$T/new" "hold(payload('com.apple.dock'), *p['PayloadContent'])"
	make "$T/old"
	for f in old new; do
		mcfg-diff --text "$T/$f" | grep -v dock | grep -v test.7 > "$T/$f.text"
	done
	grep -q Office "$T/old.text"
	[ "$(diff "$T/old.text" "$T/new.text" | grep -c '^<')" -eq 0 ]
}

@test "diff: --text prints every value, and shows every difference" {
	make "$T/old"
	yields "$T/1" mcfg-diff --text "$T/old"
	# Python counts the values.
	python3 - "$T/old" "$T/1" <<-'PY'
	import plistlib, sys
	p = plistlib.load(open(sys.argv[1], 'rb'))
	def count(x, skip=False):
	    if isinstance(x, dict):
	        return sum(count(v) for k, v in x.items()
	            if not (skip and k in ('PayloadUUID', 'PayloadContent')))
	    return sum(map(count, x)) if isinstance(x, list) else 1
	def payload(x):
	    return sum(count(v) for k, v in x.items() if k != 'PayloadUUID')
	want = count(p, True) + sum(map(payload, p['PayloadContent']))
	have = len(open(sys.argv[2]).read().splitlines())
	assert want == have, (want, have)
	PY
	# Profiles with the same meaning have the same text.
	make "$T/new" "p['PayloadContent'].reverse()" "wifi['L'] = list(range(12))" \
	    "p = dict(reversed(p.items()))"
	make "$T/new2" "wifi['L'] = list(range(12))"
	yields "$T/1" mcfg-diff --text "$T/new"
	yields "$T/2" mcfg-diff --text "$T/new2"
	cmp "$T/1" "$T/2"
	grep -F '.L[' "$T/1" | sed 's/.*: //' | sort -nc
	make "$T/new" "wifi['SSID_STR'] = 'x' * 5000 + 'a'"
	make "$T/new2" "wifi['SSID_STR'] = 'x' * 5000 + 'b'"
	yields "$T/1" mcfg-diff --text "$T/new"
	yields "$T/2" mcfg-diff --text "$T/new2"
	[ "$(diff "$T/1" "$T/2" | grep -c '^[<>]')" -eq 2 ]
}

@test "diff: text is escaped for a terminal" {
	make "$T/old"
	make "$T/new" "wifi['SSID_STR'] = 'a\\nb\\u202ec'" \
	    "wifi['x\\ny'] = 'z\\u009b'"
	differs "$T/new" \
	    'PayloadContent[0].SSID_STR (com.apple.wifi.managed): "Office" -> "a\nb\u202ec"' \
	    'PayloadContent[0].x\ny (com.apple.wifi.managed): added "z\u009b"'
}

@test "diff: a YAML source is the profile that it makes" {
	cat > "$T/p.yaml" <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: com.example.test
	PayloadContent:
	- PayloadType: com.apple.dock
	  PayloadIdentifier: com.example.test.1
	  tilesize: 32
	YAML
	make "$T/old" 'p.clear()' 'p.update({"PayloadType": "Configuration",
	    "PayloadVersion": 1, "PayloadIdentifier": "com.example.test",
	    "PayloadUUID": "x", "PayloadContent": [{"tilesize": 16,
	    "PayloadType": "com.apple.dock", "PayloadVersion": 1,
	    "PayloadUUID": "y", "PayloadIdentifier": "com.example.test.1"}]})'
	differs "$T/p.yaml" 'PayloadContent[0].tilesize (com.apple.dock): 16 -> 32'
}

@test "diff: bad input has the right status and writes nothing" {
	make "$T/old"
	printf 'x' > "$T/text"
	head -c 300 "$T/old" > "$T/cut"
	refuses 3 'text' mcfg-diff "$T/old" "$T/text"
	refuses 3 'cut' mcfg-diff "$T/cut" "$T/old"
	refuses 4 'No such file' mcfg-diff "$T/old" "$T/none"
	refuses 2 'missing OLD NEW' mcfg-diff "$T/old"
	refuses 2 'missing OLD NEW' mcfg-diff "$T/old" "$T/old" "$T/old"
	refuses 2 '--text takes one FILE' mcfg-diff --text "$T/old" "$T/old"
	refuses 2 'exclude each other' mcfg-diff --text --json "$T/old"
	refuses 2 'standard input' mcfg-diff - -
}

@test "diff: many payloads and long arrays take little time" {
	make "$T/old" 'hold(*[{"PayloadType": "t"}] * 20000)' \
	    "p['L'] = list(range(900))"
	make "$T/new" 'hold(*[{"PayloadType": "t"}] * 19999)' \
	    "p['L'] = list(range(800, 1300))"
	_run in_seconds 10 mcfg-diff "$T/old" "$T/new"
	[ "$status" -eq 1 ]
	grep -q '^PayloadContent\[[0-9]*\] (t): removed {1 key}$' "$T/stdout"
}

# Makes a repository with two commits of a signed profile.
repository() {
	export HOME=$T GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat PAGER=cat
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com
	export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
	git init -q "$T/repo"
	cd "$T/repo" || return 1
	echo '*.mobileconfig diff=mobileconfig' > .gitattributes
	for ssid in Office Home; do
		make "$T/p" "wifi['SSID_STR'] = '$ssid'"
		openssl cms -sign -binary -nodetach -outform DER -in "$T/p" \
		    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" \
		    -out wifi.mobileconfig
		git add -A
		git commit -q -m "$ssid"
	done
}

@test "diff: as a textconv of git, as the page says" {
	needs git
	repository
	git diff HEAD~1 > "$T/before"
	grep -q 'Binary files' "$T/before"
	eval "$(sed -n '/^\$ git config diff\.mobile/,/^\.Ed/{
	    s/^\$ //; s/\\e$/\\/; /^\.Ed/d; p; }' "$ROOT/man/man1/mcfg-diff.1")"
	git diff HEAD~1 > "$T/out"
	cat "$T/out"
	[ "$(grep -c '^[-+]payload' "$T/out")" -eq 2 ]
	grep -qxF -- '-payload[com.apple.wifi.managed].SSID_STR: "Office"' "$T/out"
	grep -qxF -- '+payload[com.apple.wifi.managed].SSID_STR: "Home"' "$T/out"
	git log -p -1 | grep -qF '+payload[com.apple.wifi.managed].SSID_STR: "Home"'
	# Other files are shown unchanged, and the log continues.
	echo '<<<<<<< HEAD' > wifi.mobileconfig
	cp "$T/p" zebra.mobileconfig
	git add -A
	git diff --cached > "$T/out" 2> "$T/err"
	cat "$T/out" "$T/err"
	grep -qx '+<<<<<<< HEAD' "$T/out"
	grep -qxF '+payload[com.apple.wifi.managed].SSID_STR: "Home"' "$T/out"
	grep -q '^mcfg-diff: .*wifi.mobileconfig:1:2: ' "$T/err"
}

@test "diff: as a difftool of git, as the page says" {
	needs git
	repository
	eval "$(sed -n "s/^\\$ \(git config difftool.*\)/\1/p" \
	    "$ROOT/man/man1/mcfg-diff.1")"
	eval "$(sed -n "s/^\\$ \(git difftool .*\)/\1/p" \
	    "$ROOT/man/man1/mcfg-diff.1")" > "$T/out"
	cat "$T/out"
	grep -qxF 'PayloadContent[0].SSID_STR (com.apple.wifi.managed): "Office" -> "Home"' "$T/out"
	# A profile that a commit adds.
	git difftool --no-prompt --tool mcfg \
	    "$(git hash-object -t tree /dev/null)" HEAD -- '*.mobileconfig' \
	    > "$T/out"
	grep -q '^PayloadContent\[0\] (com.apple.wifi.managed): added ' "$T/out"
}

@test "diff: real profiles, signed and not" {
	needs_data profiles
	for f in "$DATA"/profiles/paulmillr--*.mobileconfig; do
		plain=$(dirname "$f")/2-$(basename "$f")
		_run mcfg-diff "$plain" "$f"
		case $status in 0|1) ;; *) _show "$f"; return 1 ;; esac
		openssl cms -verify -noverify -inform DER -binary -in "$f" \
		    -out "$T/content" 2> /dev/null
		yields "$T/out" mcfg-diff "$T/content" "$f"
		[ ! -s "$T/out" ]
		if same_plist "$plain" "$T/content" > /dev/null; then
			yields - mcfg-diff --uuids "$plain" "$f"
		fi
	done
}
