#!/usr/bin/env bats
# The same bad inputs for every tool that reads one: it must have the right
# status, one clear line and no output, within a second and 100 MB.

load helpers

# bounded cmd...: runs it, and checks its time and peak memory by the kernel's
# accounts; its output is in $T/stdout and $T/stderr.
bounded() {
	python3 - "$T/stdout" "$T/stderr" "${MCFG_TEST_SANITIZED:-}" "$@" <<-'PY'
	import os, sys
	out, err, sanitized, argv = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
	pid = os.fork()
	if pid == 0:
	    for path, fd in ((out, 1), (err, 2)):
	        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), fd)
	    os.execvp(argv[0], argv)
	_, status, usage = os.wait4(pid, 0)
	cpu = usage.ru_utime + usage.ru_stime
	code = os.waitstatus_to_exitcode(status)
	rss = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
	problems = []
	if not sanitized and cpu > 1:
	    problems.append("took %.1f s of processor time" % cpu)
	if not sanitized and rss > 100:
	    problems.append("took %.0f MB" % rss)
	if code not in (1, 3):
	    problems.append("status %d" % code)
	stderr = open(err, "rb").read()
	if code in (1, 3) and argv[0] == "mcfg-lint":
	    pass    # its verdict is the product
	elif os.path.getsize(out):
	    problems.append("something on standard output")
	elif stderr.count(b"\n") != 1 or not stderr.startswith(os.path.basename(argv[0]).encode() + b": "):
	    problems.append("not one line by the tool: %r" % stderr[:300])
	if problems:
	    print(" ".join(argv), ":", "; ".join(problems))
	    sys.exit(1)
	PY
}

# every_reader FILE: runs each tool that has an INPUT on FILE.
every_reader() {
	local failed=0 t

	for t in $READERS; do
		read_by "$t" "$1" || failed=1
	done
	return $failed
}

READERS='mcfg-profile mcfg-sign mcfg-verify mcfg-encrypt mcfg-decrypt mcfg-get
    mcfg-lint mcfg-enrollment mcfg-complete scep-ca scep-response'

read_by() {
	local -a call

	case $1 in
	mcfg-profile) call=(mcfg-profile) ;;
	mcfg-sign) call=(mcfg-sign --cert "$PKI/signer.pem"
	    --key "$PKI/signer.key" --chain "$PKI/chain.pem") ;;
	mcfg-verify) call=(mcfg-verify --ca "$PKI/root.pem") ;;
	mcfg-encrypt) call=(mcfg-encrypt --recipient "$PKI/client.pem") ;;
	mcfg-decrypt) call=(mcfg-decrypt --key "$PKI/client.key") ;;
	mcfg-get) call=(mcfg-get PayloadType) ;;
	mcfg-lint) call=(mcfg-lint) ;;
	mcfg-enrollment) call=(mcfg-enrollment identify
	    --ledger "sqlite:$T/ledger.db" --subject /CN=x) ;;
	mcfg-complete) call=(mcfg-enrollment complete
	    --ledger "sqlite:$T/ledger.db" --signer "$PKI/client.pem") ;;
	scep-ca) call=(scep-ca answer --dir "$T/ca"
	    --operation PKIOperation) ;;
	scep-response) call=(scep-response --state "$T/state"
	    --key "$T/key" --ca "$T/ca/cert.pem") ;;
	esac
	bounded "${call[@]}" "$2"
}

setup() {
	scep-ca init --dir "$T/ca" --subject /O=Example/CN=CA
	rsa_key "$T/key"
	scep-request --ca "$T/ca/cert.pem" --key "$T/key" \
	    --subject /O=Example/CN=Device --state "$T/state" -o "$T/message"
	mcfg-enrollment start --ledger "sqlite:$T/ledger.db" --user=jane \
	    > "$T/challenge"
}

@test "hostile: an empty file" {
	: > "$T/in"
	every_reader "$T/in"
}

@test "hostile: the wrong kind: a picture, a certificate, a shell script" {
	printf '\211PNG\r\n\032\n\0\0\0\rIHDR' > "$T/in"
	every_reader "$T/in"
	openssl x509 -in "$PKI/root.pem" -outform DER -out "$T/in"
	every_reader "$T/in"
	printf '#!/bin/sh\nexit 0\n' > "$T/in"
	every_reader "$T/in"
}

@test "hostile: a megabyte of <array>" {
	python3 -c "print('<plist>' + '<array>' * 150000)" > "$T/in"
	every_reader "$T/in"
	head -c 1000000 /dev/zero | sed 's/\x00/\x30\x80/g' > "$T/in"
	every_reader "$T/in"
}

@test "hostile: ten megabytes of &amp; outside a plist" {
	python3 -c "print('&amp;' * 2000000)" > "$T/in"
	every_reader "$T/in"
}

@test "hostile: broken UTF-8" {
	printf '<plist version="1.0"><dict><key>PayloadType</key><string>\377\376</string></dict></plist>' \
	    > "$T/in"
	every_reader "$T/in"
}

@test "hostile: a duplicate key" {
	printf '<plist version="1.0"><dict><key>PayloadType</key><string>a</string><key>PayloadType</key><string>b</string></dict></plist>' \
	    > "$T/in"
	every_reader "$T/in"
}

@test "hostile: truncated and trailing bytes" {
	openssl cms -sign -binary -nodetach -outform DER -in "$PKI/root.pem" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -certfile "$PKI/inter.pem" -out "$T/signed"
	head -c 900 "$T/signed" > "$T/in"
	every_reader "$T/in"
	{ cat "$T/signed"; printf 'xx'; } > "$T/in"
	every_reader "$T/in"
}

@test "hostile: over the limit" {
	head -c 20000000 /dev/zero > "$T/in"
	every_reader "$T/in"
}

@test "hostile: ten megabytes of &amp; inside a plist are read in linear time" {
	[ -z "${MCFG_TEST_SANITIZED:-}" ] || skip "not a timing build"
	python3 - > "$T/in" <<-'PY'
	print('<plist version="1.0"><dict><key>PayloadType</key><string>%s</string></dict></plist>' % ('&amp;' * 2000000))
	PY
	python3 - "$T/in" "$T/out" <<-'PY'
	import resource, subprocess, sys
	with open(sys.argv[2], "wb") as out:
	    subprocess.run(["mcfg-get", "PayloadType", sys.argv[1]], stdout=out, check=True)
	usage = resource.getrusage(resource.RUSAGE_CHILDREN)
	assert usage.ru_utime + usage.ru_stime < 1, usage
	assert usage.ru_maxrss < 100 << 10, usage
	PY
	[ "$(wc -c < "$T/out")" -eq 2000001 ]
}

# ---- hostile text: it moves the cursor, reverses a line, or starts one ----

# Hostile text: escape sequences of 7 and 8 bits, a line that looks like ours,
# bidirectional and invisible characters.  XML cannot hold the first.
NASTY=$'a\u009b31mb\u202egpj.\u2066c\u200b\ufeffd\u2028e\nmcfg-verify: all is well\u0085'
NASTIER=$'\e[2J\e]0;x\a\x7f'$NASTY

# harmless STATUS cmd...: it has this status, and prints no hostile text.
harmless() {
	local want=$1

	shift
	_run "$@"
	[ "$status" -eq "$want" ] || {
		_show "$@"
		return 1
	}
	python3 - "$T/stdout" "$T/stderr" "$@" <<-'PY'
	import sys, unicodedata
	def bad(c):
	    return c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")
	for path in sys.argv[1:3]:
	    text = open(path, "rb").read().decode()
	    found = sorted({hex(ord(c)) for c in text if bad(c)})
	    if any(l.startswith("mcfg-verify: all is well") for l in text.split("\n")):
	        found.append("a line that is not ours")
	    if found:
	        print(sys.argv[3:], path, found, repr(text))
	        sys.exit(1)
	PY
}

# nasty_certificate NAME SUBJECT [ARG...]: makes it, self-signed, and its key.
nasty_certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -utf8 -subj "$2" \
	    -keyout "$T/$1.key" -out "$T/$1.pem" "${@:3}" 2> /dev/null
	chmod 600 "$T/$1.key"
}

# nasty_plist FILE NAME=VALUE...: makes a dict; \N stands for the hostile text.
nasty_plist() {
	NASTY=$NASTY python3 - "$@" <<-'PY'
	import os, plistlib, sys
	d = dict(a.replace("\\N", os.environ["NASTY"]).split("=", 1)
	    for a in sys.argv[2:])
	plistlib.dump(d, open(sys.argv[1], "wb"))
	PY
}

sign_by() {
	openssl cms -sign -binary -nodetach -outform DER -in "$2" -out "$3" \
	    -signer "$T/$1.pem" -inkey "$T/$1.key"
}

@test "hostile: names in a certificate are shown escaped" {
	nasty_certificate nasty "/O=Example/CN=${NASTIER//\//}" \
	    -addext "subjectAltName=email:a@example.com"
	openssl x509 -in "$T/nasty.pem" -noout -subject -nameopt utf8 |
	    grep -q $'\e'
	nasty_plist "$T/plist" UDID=1
	sign_by nasty "$T/plist" "$T/signed"
	harmless 1 mcfg-verify -v --ca "$PKI/root.pem" "$T/signed"
	harmless 1 mcfg-verify --explain --ca "$PKI/root.pem" "$T/signed"
	harmless 1 mcfg-verify --device-ca "$PKI/root.pem" "$T/signed"
	harmless 0 mcfg-verify -v --no-trust --report "$T/report" \
	    -o "$T/out" "$T/signed"
	harmless 0 cat "$T/report"
	harmless 0 mcfg-inspect "$T/signed"
	harmless 0 mcfg-inspect --json "$T/signed"
	harmless 0 mcfg-inspect "$T/nasty.pem"
	harmless 0 mcfg-sign -v --cert "$T/nasty.pem" --key "$T/nasty.key" \
	    -o "$T/out" "$T/plist"
	harmless 1 mcfg-sign --cert "$T/nasty.pem" --key "$T/nasty.key" \
	    --at 2000-01-01T00:00:00Z -o "$T/out" "$T/signed"
	openssl genpkey -algorithm ed25519 -out "$T/ed.key" 2> /dev/null
	openssl req -x509 -key "$T/ed.key" -utf8 -subj "/CN=${NASTIER//\//}" \
	    -out "$T/ed.pem"
	profile > "$T/profile"
	harmless 4 mcfg-encrypt --recipient "$T/ed.pem" "$T/profile"
	harmless 4 mcfg-decrypt --key "$T/nasty.key" --cert "$PKI/root.pem" \
	    "$T/profile"
	harmless 1 mcfg-enrollment complete --ledger "sqlite:$T/ledger.db" \
	    --signer "$T/nasty.pem" "$T/plist"
}

profile() {
	cat <<-XML
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>com.example.${1:-a}</string>
	<key>PayloadUUID</key><string>5A9A2D62-6E0D-4D5A-9B0E-3B2C1D0E9F8A</string>
	<key>${1:-PayloadDisplayName}</key><string>${1:-a}</string>
	<key>PayloadContent</key><array><dict>
	<key>PayloadType</key><string>${1:-com.apple.wifi.managed}</string>
	<key>PayloadIdentifier</key><string>b</string>
	<key>SSID_STR</key><string>${1:-a}</string>
	</dict></array></dict></plist>
	XML
}

@test "hostile: keys and values of a profile are shown escaped" {
	profile "$NASTY" > "$T/nasty"
	profile > "$T/plain"
	plutil_reads "$T/nasty"
	harmless 1 mcfg-lint --strict "$T/nasty"
	harmless 1 mcfg-lint --json "$T/nasty"
	harmless 1 mcfg-lint --sarif "$T/nasty"
	harmless 1 mcfg-diff "$T/plain" "$T/nasty"
	harmless 0 mcfg-inspect "$T/nasty"
	harmless 1 mcfg-get "PayloadContent.0.$NASTY.x" "$T/nasty"
	harmless 1 mcfg-get "$NASTIER" "$T/nasty"
	harmless 4 mcfg-get PayloadType "$T/$NASTIER"
	harmless 3 mcfg-profile <<< "$(printf 'a: "${%s}"\n' 'X\e[2J')"
	harmless 2 mcfg-profile --set "$NASTIER" "$T/plain"
	harmless 2 mcfg-sign "--$NASTIER"
	harmless 2 mcfg-sign --digest "$NASTIER" "$T/plain"
}

plutil_reads() {
	plist_is "$1" "'\u202e' in p['PayloadIdentifier']"
}

@test "hostile: a device's attributes are shown escaped" {
	local ledger=(--ledger "sqlite:$T/ledger.db")

	nasty_plist "$T/plist" "UDID=\\N" "SERIAL=\\N" "PRODUCT=\\N" \
	    "\\N=\\N" "CHALLENGE=$(cat "$T/challenge")"
	echo nobody > "$T/allow"
	harmless 1 mcfg-enrollment identify "${ledger[@]}" \
	    --allow "$T/allow" --subject /CN=x "$T/plist"
	sed 's/<string>[A-Za-z0-9_-]*<\/string>/<string>no<\/string>/' \
	    "$T/plist" > "$T/wrong"
	harmless 1 mcfg-enrollment identify "${ledger[@]}" \
	    --subject /CN=x "$T/wrong"
	harmless 0 mcfg-enrollment identify "${ledger[@]}" \
	    --subject /CN=x "$T/plist"
	harmless 0 mcfg-enrollment list "${ledger[@]}"
	harmless 0 mcfg-enrollment list --json "${ledger[@]}"
	id=$(mcfg-enrollment list --json "${ledger[@]}" |
	    python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
	harmless 0 mcfg-enrollment show "${ledger[@]}" "$id"
	harmless 1 mcfg-enrollment show "${ledger[@]}" "$NASTIER"
	mcfg-sign --cert "$PKI/device.pem" --key "$PKI/device.key" \
	    -o "$T/signed" "$T/plist" 2> /dev/null
	harmless 0 mcfg-inspect "$T/signed"
	harmless 1 mcfg-verify --no-trust --require "UDID=x" "$T/signed"
	harmless 0 mcfg-verify --no-trust --explain "$T/signed"
	harmless 0 mcfg-verify --no-trust --report "$T/report" \
	    -o "$T/out" "$T/signed"
	harmless 0 cat "$T/report"
}

@test "hostile: names requested by a SCEP client are shown escaped" {
	openssl req -new -key "$T/key" -utf8 -subj "/CN=${NASTIER//\//}" \
	    -out "$T/csr"
	harmless 0 mcfg-inspect "$T/csr"
	printf '%s' "$NASTIER" | head -1 > "$T/pw"
	scep-request --ca "$T/ca/cert.pem" --key "$T/key" \
	    --subject "/CN=x" --challenge "file:$T/pw" --state "$T/state" \
	    -o "$T/message"
	harmless 0 mcfg-inspect "$T/message"
	harmless 0 mcfg-inspect --key "$T/ca/key.pem" --show-secrets \
	    "$T/message"
	harmless 1 scep-ca answer -e --dir "$T/ca" \
	    --operation PKIOperation -o "$T/reply" "$T/message"
	harmless 3 scep-ca answer --dir "$T/ca" --operation "$NASTIER"
	harmless 3 scep-ca answer --dir "$T/ca" --operation PKIOperation \
	    --message "$NASTIER"
	scep-ca challenge --dir "$T/ca" > "$T/pw"
	scep-request --ca "$T/ca/cert.pem" --key "$T/key" --csr "$T/csr" \
	    --state "$T/state" -o "$T/message"
	harmless 1 scep-ca answer -e --dir "$T/ca" --operation PKIOperation \
	    -o "$T/reply" "$T/message"
	harmless 1 scep-ca issue --dir "$T/ca" --csr "$T/csr" \
	    --profile client
	grep -q 'commonName in the subject' "$T/stderr"
	# Invisible characters are refused, too, and escaped in the refusal.
	openssl req -new -key "$T/key" -utf8 \
	    -subj "/CN=a$(printf '\342\200\256')gpj" -out "$T/csr"
	harmless 1 scep-ca issue --dir "$T/ca" --csr "$T/csr" \
	    --profile client
	harmless 2 scep-ca challenge --dir "$T/ca" --subject CN=x \
	    --san "dns:$NASTIER"
	grep -qF '\x1b[2J' "$T/stderr"
	harmless 3 scep-ca answer --dir "$T/ca" --operation "$NASTIER"
	grep -qF '\x1b[2J' "$T/stderr"
	# Visible characters are certified, and stay text.
	openssl req -new -key "$T/key" -utf8 -out "$T/csr" \
	    -subj '/CN=a"}],"ok":1,<script>%s%n\\x1b[2J;$(id)`id`|&\/é'
	harmless 0 scep-ca issue --dir "$T/ca" --csr "$T/csr" \
	    --profile client
	cp "$T/stdout" "$T/cert"
	harmless 0 scep-ca list --dir "$T/ca"
	[ "$(wc -l < "$T/stdout")" -eq 2 ]
	harmless 0 scep-ca list --json --dir "$T/ca"
	openssl x509 -in "$T/cert" -noout -subject \
	    -nameopt RFC2253,utf8,-esc_msb > "$T/subject"
	json_is "$T/stdout" "(len(j) == 1 and
	    j[0]['subject'] == open('$T/subject').read()[8:-1])"
	serial=$(scep-ca list --json --dir "$T/ca" | python3 -c \
	    'import json, sys; print(json.load(sys.stdin)[0]["serial"])')
	harmless 0 scep-ca show --dir "$T/ca" "$serial"
	harmless 1 scep-ca show --dir "$T/ca" abcd
	# The reason is a server's text.
	python3 "$TESTS/scep.py" make --signer "$T/ca/cert.pem" \
	    --key "$T/ca/key.pem" --type 3 --status 2 --fail 2 \
	    --fail-text "$NASTY" > "$T/reply"
	harmless 0 mcfg-inspect "$T/reply"
	harmless 1 scep-response --state "$T/state" --key "$T/key" \
	    --ca "$T/ca/cert.pem" "$T/reply"
}
