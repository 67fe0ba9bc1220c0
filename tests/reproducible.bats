#!/usr/bin/env bats
# The same input makes the same bytes on every system and with every version of
# the libraries.  If a tool is meant to write other bytes, record the digests
# again (a test that fails prints them), and say so in CHANGES.md.

load helpers

setup() {
	unset MCFG_SCHEMA
	now=(--at 2026-12-02T03:04:05Z)
	install -m 600 "$TESTS/data/same.key.pem" "$T/key"
	cd "$T" || return
	mcfg-profile "${now[@]}" --set SSID='Office "5"' --uuid-seed same \
	    "$TESTS/data/same.yaml" > profile
}

# digest FILE SHA256: the file has this digest.
digest() {
	local got

	got=$(openssl dgst -sha256 -r "$1")
	[ "${got%% *}" = "$2" ] || {
		echo "$1: ${got%% *}, not $2"
		cat -v "$1"
		return 1
	}
}

@test "reproducible: a profile with every kind of value" {
	digest profile 050a857733108b73f77f8009b33a8e7c4a066bd95ab7b11eb128607f9fcafd00
}

@test "reproducible: signatures with an RSA key" {
	local id=(--cert "$TESTS/data/same.cert.pem" --key key)

	yields signed mcfg-sign "${now[@]}" "${id[@]}" profile
	digest signed 9d3a5058db918d489d313a19e0ddabcad611d6a07a2cbee19a681c1a4bfef649
	yields bare mcfg-sign "${now[@]}" "${id[@]}" --digest sha512 \
	    --no-signing-time profile
	digest bare eef243b05cd0850a5ee9d4df140d6542b6103086c56d5c22451b7fc0aab47b97
}

@test "reproducible: YAML of a profile" {
	yields yaml mcfg-profile --to-yaml profile
	digest yaml 6b470bec924a517c412ab898315acacfa5eba87b2730dabf235c88e810bd04fe
}

@test "reproducible: differences, as text and as JSON" {
	sed 's/WPA2/WPA3/; s/0\.1</0.25</' profile > other
	mcfg-diff profile other > text || [ $? -eq 1 ]
	digest text 0ae8332a70bf4bd5f1dbdae21ab7241691ff88a9a062fd086372860f27bb78a9
	mcfg-diff --json profile other > json || [ $? -eq 1 ]
	digest json e78ffe95ab749ed1bf218fa8333340bcc00d7ea9c6fa3b7d41a9c1c21ba83949
}

# Not the texts, which may change.
@test "reproducible: the places and rules of findings" {
	sed 's/same\.values/same.wifi/; s/<integer>1</<integer>2</' profile > odd
	mcfg-lint "${now[@]}" --json odd > found || [ $? -eq 1 ]
	python3 -c 'import json, sys
for f in json.load(sys.stdin)["findings"]:
	print(f["line"], f["column"], f["pointer"], f["severity"], f["rule"])
' < found > places
	digest places 93d5374df6203f57efc65e8d5953b716564567293d31dfab05ede46bc8a6ca66
}
