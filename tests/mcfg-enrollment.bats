#!/usr/bin/env bats
# The record of enrollments.  The judges are Python's plistlib and json, and
# sqlite3 or psql.

load helpers
load ledger
load gate

setup() {
	ledger_setup
	UNIT=${MCFG_BIN%/bin}/unit/unit_ledger
	set_now
}

teardown() {
	gate_close
}

# The test's time is now, so that openssl's certificates are valid.
set_now() {
	EPOCH=$(date +%s)
	NOW=$(after 0)
}

# after SECONDS: prints the time so long after the test's.
after() {
	date -u -d "@$((EPOCH + $1))" +%Y-%m-%dT%H:%M:%SZ
}

# e VERB args...: runs mcfg-enrollment on the test's ledger, at a fixed time.
e() {
	local verb=$1

	shift
	set -- mcfg-enrollment "$verb" --ledger "$LEDGER" "$@"
	case " $* " in *' --at '*) ;; *) set -- "$@" --at "$NOW" ;; esac
	"$@"
}

# refused STATUS TEXT VERB args...: e is refused with this status and text.
refused() {
	local want=$1 text=$2 verb=$3

	shift 3
	set -- mcfg-enrollment "$verb" --ledger "$LEDGER" "$@"
	case " $* " in *' --at '*) ;; *) set -- "$@" --at "$NOW" ;; esac
	refuses "$want" "$text" "$@"
}

# certificate NAME [SERIAL]: makes a certificate from the PKI's root, for 10
# days.
certificate() {
	openssl req -new -key "$PKI/client.key" -subj "/CN=$1" \
	    -out "$T/$1.csr" 2> /dev/null
	openssl x509 -req -in "$T/$1.csr" -CA "$PKI/root.pem" \
	    -CAkey "$PKI/root.key" -days 10 ${2:+-set_serial "$2"} \
	    -out "$T/$1.pem" 2> /dev/null
}

# identified NAME UDID [USER]: does phases 1 and 2; the SCEP challenge is in
# NAME.scep.
identified() {
	e start --user="${3:-jane}" --set mail=jane@example.com > "$T/$1.enroll"
	attributes "$T/$1.plist" UDID="$2" SERIAL="S-$2" PRODUCT=iPhone12,1 \
	    VERSION=20A362 MEID=77 CHALLENGE="@$T/$1.enroll"
	e identify --report "$T/$1.json" "$T/$1.plist" > "$T/$1.scep"
}

# certified NAME UDID [USER]: the same, and NAME.pem is recorded.
certified() {
	[ -x "$UNIT" ] || skip "unit_ledger is not built (make units)"
	identified "$@"
	[ -e "$T/$1.pem" ] || certificate "$1"
	"$UNIT" "$LEDGER" <<< "record $T/$1.pem $(cat "$T/$1.scep") \
	    $EPOCH" | grep -qx recorded
	set_now
}

id_of() {
	sed -n 's/.*"id": "\(.*\)".*/\1/p' "$T/$1.json"
}

state_of() {
	sql "SELECT state FROM enrollment WHERE id = '$(id_of "$1")'"
}

@test "start: only the hash of the challenge is stored" {
	yields "$T/challenge" e start --user=jane --report "$T/report"
	grep -qxE '[A-Za-z0-9_-]{32}' "$T/challenge"
	[ "$(wc -l < "$T/challenge")" -eq 1 ]
	dump > "$T/dump"
	grep -q jane "$T/dump"
	run -1 grep -qF -e "$(cat "$T/challenge")" "$T/dump"
	[ "$(sql 'SELECT hash FROM challenge')" = \
	    "$(tr -d '\n' < "$T/challenge" | sha256sum | cut -d' ' -f1)" ]
	json_is "$T/report" 'sorted(j) == ["expires", "id"]'
	json_is "$T/report" 'j["expires"] == "'"$(after 900)"'"'
	json_is "$T/report" 'len(j["id"]) == 22'
	case $LEDGER in
	sqlite:*) [ "$(stat -c %a "$T/ledger.db")" = 600 ] ;;
	esac
}

@test "start: user names" {
	local bad

	for bad in '' "$(printf 'a\nb')" "$(printf 'a\033b')" \
	    "$(printf 'a\xff')" "$(printf '%257s' '' | tr ' ' a)"; do
		refused 2 --user start --user="$bad"
	done
	refused 2 'missing --user' start
	yields - e start --user="$(printf '%256s' '' | tr ' ' a)"
	yields - e start --user="Jörg O'Neil; -- \"x\" \$(id)"
	e list --json > "$T/list"
	json_is "$T/list" \
	    'any(x["user"] == "Jörg O\x27Neil; -- \"x\" \x24(id)" for x in j)'
}

@test "start: facts from options, plist, JSON and YAML" {
	echo '{"mail": "j@example.com", "floor": 3, "team": "a"}' > "$T/f.json"
	printf 'team: b\nremote: true\n' > "$T/f.yaml"
	yields - e start --user=jane --vars "$T/f.json" --vars "$T/f.yaml" \
	    --set mail=set@example.com
	sql 'SELECT facts FROM enrollment' > "$T/facts"
	plist_is "$T/facts" 'p == {"mail": "set@example.com", "floor": 3,
	    "team": "b", "remote": True}'
	refused 2 'given twice' start --user=jane --set a=1 --set a=2
	refused 2 'not of the form NAME=VALUE' start --user=jane --set a
	refused 2 'not of the form NAME=VALUE' start --user=jane --set '=a'
	refused 2 'not UTF-8' start --user=jane \
	    --set "a=$(printf 'x\xff')"
	refused 4 'cannot open' start --user=jane --vars "$T/none"
	[ "$(sql 'SELECT COUNT(*) FROM enrollment')" -eq 1 ]
	refuses 2 'a control character' mcfg-enrollment start \
	    --ledger "$LEDGER" --user=jane --set A=$'a\001'
	refuses 2 'both --vars and --vars' mcfg-enrollment start \
	    --ledger "$LEDGER" --user=jane --vars - --vars -
}

# site LINE...: makes $T/site, with site.yaml and a program of these lines.
site() {
	mkdir -p "$T/site"
	printf '%s\n' 'url: https://example.com' "ledger: $LEDGER" \
	    'identifier: com.example.mcfg' 'facts: ./facts' \
	    > "$T/site/site.yaml"
	printf '%s\n' '#!/bin/sh' "$@" > "$T/site/facts"
	chmod +x "$T/site/facts"
}

@test "start: the site's program is asked for facts, in the site's folder" {
	site 'env > env' 'printf "{\"where\": \"%s\", \"site\": \"%s\",' \
	    '\"user\": \"%s\", \"a\": \"1\"}" "$PWD" "$MCFG_SITE" "$*"'
	TOKEN=none yields - mcfg-enrollment start --config "$T/site/site.yaml" \
	    --site "$T/site" --user=jane --set a=2
	sql 'SELECT facts FROM enrollment' > "$T/facts"
	WHERE=$(cd "$T/site" && pwd -P) plist_is "$T/facts" 'p == {
	    "where": __import__("os").environ["WHERE"],
	    "site": __import__("os").environ["WHERE"],
	    "user": "jane", "a": "2"}'
	run -1 grep -q TOKEN "$T/site/env"
	# Without the option, no program is called.
	rm "$T/site/env"
	yields - mcfg-enrollment start --config "$T/site/site.yaml" --user=joe
	[ ! -e "$T/site/env" ]
	asks() {
		refuses "$1" "$2" mcfg-enrollment start --config \
		    "$T/site/site.yaml" --site "$T/site" --user="${3:-jane}"
	}
	asks 1 'begins as an option does' -x
	site 'echo "jane left" >&2; exit 1'
	run -1 mcfg-enrollment start --config "$T/site/site.yaml" \
	    --site "$T/site" --user=jane
	[ "$output" = 'jane left' ]
	site 'exit 1'
	asks 1 'ended with status 1'
	site 'exit 5'
	asks 4 'unexpected status 5'
	# A script that was edited on Windows: "sh\r" does not exist.
	printf '#!/bin/sh\r\necho {}\r\n' > "$T/site/facts"
	asks 4 'the interpreter in its #! line'
	printf '#!/no/such/sh\necho {}\n' > "$T/site/facts"
	asks 4 'the interpreter in its #! line'
	site 'exit 127'
	asks 4 'cannot be run (status 127)'
	site 'no-such-command'
	run -4 mcfg-enrollment start --config "$T/site/site.yaml" \
	    --site "$T/site" --user=jane
	[[ $output == *no-such-command* && $output != *status* ]]
	site 'head -c 65537 /dev/zero'
	asks 5 'more than 65536 bytes'
	site 'echo []'
	asks 3 ''
	[ "$(sql 'SELECT COUNT(*) FROM enrollment')" -eq 2 ]
}

@test "identify: devices.allow of a site, and the names for a log" {
	e start --user=jane > "$T/enroll"
	attributes "$T/plist" UDID=ONE SERIAL=S CHALLENGE="@$T/enroll"
	mkdir "$T/site"
	echo OTHER > "$T/site/devices.allow"
	refused 1 devices.allow identify --site "$T/site" \
	    --names-out "$T/names" "$T/plist"
	[ ! -e "$T/names" ]
	e list --json > "$T/list"
	run -1 e identify --site "$T/site" --names-out fd:4 "$T/plist" \
	    4> "$T/names"
	[ "$(cat "$T/names")" = "jane
$(mcfg-get 0.id "$T/list")" ]
	attributes "$T/other" UDID=ONE SERIAL=S CHALLENGE=x
	run -1 e identify --names-out fd:4 "$T/other" 4> "$T/names"
	[ ! -s "$T/names" ]
	echo ONE > "$T/site/devices.allow"
	yields "$T/challenge" e identify --site "$T/site" \
	    --names-out "$T/names" "$T/plist"
	e list --json > "$T/list"
	[ "$(cat "$T/names")" = "jane
$(mcfg-get 0.id "$T/list")" ]
	# A list that cannot be examined does not count as missing.
	e start --user=jane > "$T/enroll"
	attributes "$T/plist" UDID=ONE SERIAL=S CHALLENGE="@$T/enroll"
	ln -sf devices.allow "$T/site/devices.allow"
	refused 4 devices.allow identify --site "$T/site" "$T/plist"
}

@test "start: five open challenges a user, the oldest is voided" {
	local i

	for i in 1 2 3 4 5 6 7; do
		e start --user=jane > "$T/c$i"
	done
	e start --user=bob > /dev/null
	[ "$(sql 'SELECT COUNT(*) FROM challenge WHERE voided = 0 AND username = '"'jane'")" -eq 5 ]
	for i in 1 2; do
		attributes "$T/in" UDID=A CHALLENGE="@$T/c$i"
		refused 1 'CHALLENGE: no longer valid' identify "$T/in"
	done
	attributes "$T/in" UDID=A CHALLENGE="@$T/c3"
	yields - e identify "$T/in"
}

@test "identify: a challenge bound to the enrollment and its subject" {
	printf 'organization: "Example/Sub\\\\Co"\nledger: "%s"\n' \
	    "${LEDGER/$T\//}" > "$T/site.yaml"
	e start --user=jane > "$T/c"
	attributes "$T/in" UDID=A SERIAL=B CHALLENGE="@$T/c"
	cd /
	yields "$T/scep" mcfg-enrollment identify --config "$T/site.yaml" \
	    --at "$NOW" --report "$T/report" "$T/in"
	grep -qxE '[A-Za-z0-9_-]{32}' "$T/scep"
	json_is "$T/report" 'j["subject"] == "CN=%s,O=Example/Sub\\\\Co" % j["id"]'
	json_is "$T/report" 'j["user"] == "jane" and j["expires"] == "'"$(after 3600)"'"'
	case $LEDGER in
	sqlite:*) sql "SELECT hex(bound_subject) FROM challenge WHERE purpose = 'identity'" ;;
	*) sql "SELECT encode(bound_subject, 'hex') FROM challenge WHERE purpose = 'identity'" ;;
	esac | python3 -c 'if True:
	    import sys
	    sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))
	' > "$T/name.der"
	openssl asn1parse -inform DER -in "$T/name.der" > "$T/parsed"
	grep -qF 'Example/Sub\Co' "$T/parsed"
	[ "$(sql 'SELECT udid, serial, device FROM enrollment')" = 'A|B|a' ]
	# The device's challenge is not stored.
	sql 'SELECT attributes FROM enrollment' > "$T/kept"
	plist_is "$T/kept" 'p == {"UDID": "A", "SERIAL": "B"}'
}

@test "identify: a challenge as data, attributes as a binary plist" {
	e start --user=jane > "$T/c"
	python3 - "$T/c" > "$T/in" <<-'PY'
	import plistlib, sys
	c = open(sys.argv[1], "rb").readline().strip()
	sys.stdout.buffer.write(plistlib.dumps({"UDID": "A", "CHALLENGE": c},
	    fmt=plistlib.FMT_BINARY))
	PY
	yields - e identify "$T/in"
}

@test "identify: wrong, expired, spent, foreign challenges change nothing" {
	local before

	e start --user=jane > "$T/c"
	identified other B
	before=$(dump)
	attributes "$T/in" UDID=A CHALLENGE=wrong
	refused 1 'CHALLENGE: unknown' identify "$T/in"
	attributes "$T/in" UDID=A
	refused 1 'CHALLENGE: missing' identify "$T/in"
	attributes "$T/in" UDID=A CHALLENGE=
	refused 1 'CHALLENGE: unknown' identify "$T/in"
	attributes "$T/in" UDID=A CHALLENGE="@$T/c"
	refused 1 'CHALLENGE: expired' identify --at "$(after 900)" "$T/in"
	run -1 grep -qF -e "$(cat "$T/c")" "$T/stderr"
	refused 1 'CHALLENGE: used before' identify "$T/other.plist"
	attributes "$T/in" UDID=B CHALLENGE="@$T/other.scep"
	refused 1 'CHALLENGE: of another purpose' identify "$T/in"
	[ "$(dump)" = "$before" ]
	attributes "$T/in" UDID=A CHALLENGE="@$T/c"
	yields - e identify --at "$(after 899)" "$T/in"
}

@test "identify: input that is not a dict of attributes" {
	e start --user=jane > "$T/c"
	refused 4 'No such file' identify "$T/none"
	: > "$T/in"
	refused 3 '' identify "$T/in"
	echo '<plist version="1.0"><array/></plist>' > "$T/in"
	refused 3 'not a dict' identify "$T/in"
	echo '<plist version="1.0"><dict><key>UDID</key><array/></dict></plist>' \
	    > "$T/in"
	refused 3 'UDID: not a string' identify "$T/in"
	echo '<plist version="1.0"><dict><key>CHALLENGE</key><true/></dict></plist>' \
	    > "$T/in"
	refused 3 'CHALLENGE: neither' identify "$T/in"
	python3 -c 'print("<plist version=\"1.0\"><dict><key>A</key><string>" + "x" * 70000 + "</string></dict></plist>")' > "$T/in"
	refused 3 'larger than the limit' identify "$T/in"
	attributes "$T/in" UDID=A CHALLENGE="@$T/c"
	refused 2 --subject identify --subject 'nonsense' "$T/in"
	yields - e identify --subject '/CN=x' "$T/in"
}

@test "identify: the list of devices" {
	local i

	# allowed LIST: identifies device Ab-1, serial Cd2, with that list.
	allowed() {
		printf '%b' "$1" > "$T/allow"
		e start --user=jane > "$T/c"
		attributes "$T/in" UDID=Ab-1 SERIAL=Cd2 CHALLENGE="@$T/c"
		e identify --allow "$T/allow" "$T/in" > /dev/null 2> "$T/stderr"
	}
	for i in 'aB-1\n' 'cd2' 'x\r\nAB-1\r\n' '# c\n  ab-1  # why\n' \
	    'ab-1 jane\n' 'AB-1\tJANE # owner' '\xef\xbb\xbfab-1\n' \
	    'ab-1 bob\nab-1 jane\n'; do
		allowed "$i" || { echo "not allowed: $i"; return 1; }
	done
	for i in '' '\n' '#ab-1\n' 'ab-1 bob\n' 'ab-12\n' 'ab-\n' '# ab-1' \
	    'x ab-1\n' 'ab-1 jane x' '\n \n' 'cd2\0'; do
		run -1 allowed "$i"
		grep -q 'not in\|not for' "$T/stderr" || { echo "$i"; return 1; }
	done
	# The message has the reason and the device.
	run -1 allowed 'cd2 bob\n'
	grep -q "serial Cd2, UDID Ab-1: .*allow allows it only for user 'bob'" \
	    "$T/stderr"
	run -1 allowed 'x\n'
	grep -q "serial Cd2, UDID Ab-1, of user 'jane': not in" "$T/stderr"
	# A refusal spends nothing.
	yields - e identify "$T/in"
	e start --user=jane > "$T/c"
	attributes "$T/in" UDID=Ab-1 CHALLENGE="@$T/c"
	refused 4 'cannot open' identify --allow "$T/none" "$T/in"
	attributes "$T/in" CHALLENGE="@$T/c"
	printf '\n \n' > "$T/allow"
	refused 1 'without UDID' identify --allow "$T/allow" "$T/in"
}

@test "start: the names for a log" {
	e start --user=jane --names-out "$T/names" > "$T/enroll"
	[ "$(cat "$T/names")" = "jane
$(sql 'SELECT id FROM enrollment')" ]
	[ "$(wc -c < "$T/enroll")" -eq 33 ]
}

@test "complete: the names of a device that is refused" {
	certified a A1
	attributes "$T/in" UDID=A1 SERIAL=S-A1
	echo OTHER > "$T/allow"
	run -1 e complete --signer "$T/a.pem" --allow "$T/allow" \
	    --names-out fd:4 "$T/in" 4> "$T/names"
	[ "$(cat "$T/names")" = "jane
$(id_of a)" ]
}

# challenges: prints the state of all challenges, without their times.
challenges() {
	sql "SELECT hash, spent, voided, bound FROM challenge ORDER BY hash"
}

@test "sent: --failed --vars undoes the completion" {
	certified a A1
	challenges > "$T/before"
	for _ in 1 2; do
		e complete --signer "$T/a.pem" "$T/a.plist" > "$T/vars"
		e sent --failed broken --vars "$T/vars" "$(id_of a)"
		challenges | diff "$T/before" -
	done
	# A repeat, with one bound challenge and one new one.
	e complete --signer "$T/a.pem" "$T/a.plist" > "$T/vars"
	to_bind '[[["CN", "one"]]]' '[[["CN", "two"]]]'
	e bind --id "$(id_of a)" "$T/profile" > "$T/out"
	e sent "$(id_of a)"
	challenges > "$T/before"
	for _ in 1 2; do
		e complete --signer "$T/a.pem" --at "$(after 9)" \
		    "$T/a.plist" > "$T/next"
		run -1 diff <(challenges) "$T/before"
		e sent --failed broken --vars - --at "$(after 10)" \
		    "$(id_of a)" < "$T/next"
		challenges | diff "$T/before" -
	done
	# Variables that a later answer has replaced change nothing.
	e complete --signer "$T/a.pem" "$T/a.plist" > "$T/last"
	challenges > "$T/before"
	e sent --failed broken --vars "$T/vars" "$(id_of a)"
	challenges | diff "$T/before" -
	attributes "$T/in" UDID=A1
	refused 3 CHALLENGE sent --failed x --vars "$T/in" "$(id_of a)"
	refused 2 --failed sent --vars "$T/vars" "$(id_of a)"
}

@test "sent: --failed undoes one of several completions in a second" {
	local at

	certified a A1
	at=$(after 9)
	complete_a() {
		e complete --signer "$T/a.pem" --at "$at" "$T/a.plist" > "$T/vars"
	}
	undone_twice() {
		challenges > "$T/before"
		for _ in 1 2; do
			complete_a
			e sent --failed broken --vars "$T/vars" --at "$at" \
			    "$(id_of a)"
			challenges | diff "$T/before" -
		done
	}
	for _ in 1 2 3; do
		complete_a
		undone_twice
	done
	# What the operator voided stays void.
	sql "UPDATE challenge SET voided = $EPOCH WHERE purpose = 'client' AND
	    voided = 0"
	undone_twice
}

@test "sent: --failed undoes several completions, the last one first" {
	local i

	certified a A1
	for i in 1 2 3 4; do
		e complete --signer "$T/a.pem" --at "$(after "$i")" \
		    "$T/a.plist" > "$T/vars$i"
		challenges > "$T/challenges$i"
	done
	for i in 4 3 2; do
		e sent --failed broken --vars "$T/vars$i" --at "$(after 9)" \
		    "$(id_of a)"
		challenges | diff "$T/challenges$((i - 1))" -
	done
}

@test "complete: variables that cannot be written change nothing" {
	certified a A1
	challenges > "$T/before"
	_run sh -c 'exec "$@" > /dev/full' sh mcfg-enrollment complete \
	    --ledger "$LEDGER" --signer "$T/a.pem" "$T/a.plist"
	[ "$status" -eq 4 ]
	challenges | diff "$T/before" -
}

@test "complete: the variables of the profile" {
	certified a A1
	yields "$T/vars" e complete --signer "$T/a.pem" \
	    --names-out "$T/names" "$T/a.plist"
	[ "$(cat "$T/names")" = "$(mcfg-get USER "$T/vars")
$(mcfg-get ENROLLMENT "$T/vars")" ]
	plist_is "$T/vars" 'list(p) == ["USER", "ENROLLMENT", "CHALLENGE",
	    "UDID", "VERSION", "PRODUCT", "SERIAL", "USER_mail"]'
	plist_is "$T/vars" '(p["USER"] == "jane" and p["UDID"] == "A1" and
	    p["USER_mail"] == "jane@example.com" and len(p["CHALLENGE"]) == 32)'
	plist_is "$T/vars" 'p["ENROLLMENT"] == "'"$(id_of a)"'"'
	# The caller records when the profile was sent.
	[ "$(state_of a)" = certified ]
	[ "$(sql "SELECT purpose FROM challenge WHERE spent = 0")" = client ]
}

@test "complete: a device cannot take the server's names" {
	printf 'attributes: [UDID, USER, USER_mail, USER_x, CHALLENGE, ENROLLMENT, MEID, BAG]\n' \
	    > "$T/site.yaml"
	certified a A1
	python3 - "$T/in" <<-'PY'
	import plistlib, sys
	plistlib.dump({"UDID": "A1", "SERIAL": "S-A1", "USER": "root",
	    "USER_mail": "x", "USER_x": "y", "CHALLENGE": "z", "MEID": 7,
	    "ENROLLMENT": "e", "BAG": [1], "VERSION": "v"},
	    open(sys.argv[1], "wb"))
	PY
	yields "$T/vars" e complete --config "$T/site.yaml" \
	    --signer "$T/a.pem" "$T/in"
	plist_is "$T/vars" 'sorted(p) == ["CHALLENGE", "ENROLLMENT", "MEID",
	    "UDID", "USER", "USER_mail"]'
	plist_is "$T/vars" '(p["USER"] == "jane" and p["CHALLENGE"] != "z" and
	    p["USER_mail"] == "jane@example.com" and p["MEID"] == 7)'
}

@test "complete: another certificate is refused" {
	certified a A1
	local serial
	serial=$(openssl x509 -in "$T/a.pem" -noout -serial)

	certificate stranger
	refused 1 'not in the ledger' complete --signer "$T/stranger.pem" \
	    "$T/a.plist"
	certificate forged "0x${serial#serial=}"
	refused 1 'not the one that was issued' complete \
	    --signer "$T/forged.pem" "$T/a.plist"
	# One for a challenge with another purpose.
	"$UNIT" "$LEDGER" <<-E
	challenge secret manual - $((EPOCH + 60)) $EPOCH
	record $T/stranger.pem secret $EPOCH
	E
	refused 1 'not the identity of an enrollment' complete \
	    --signer "$T/stranger.pem" "$T/a.plist"
	# One for the challenge that complete printed.
	e complete --signer "$T/a.pem" "$T/a.plist" > "$T/vars"
	certificate client
	challenge=$(python3 -c '
import plistlib, sys
print(plistlib.load(open(sys.argv[1], "rb"))["CHALLENGE"])' "$T/vars")
	"$UNIT" "$LEDGER" <<-E > "$T/out"
	bind $challenge $(id_of a) /CN=client $EPOCH
	record $T/client.pem $challenge $EPOCH
	E
	cat "$T/out"
	[ "$(tail -n 1 "$T/out")" = recorded ]
	refused 1 'not the identity of an enrollment' complete \
	    --signer "$T/client.pem" "$T/a.plist"
	refused 2 'missing --signer' complete "$T/a.plist"
	refused 4 'cannot open' complete --signer "$T/none" "$T/a.plist"
}

@test "complete: another device, and a device that left the list" {
	certified a A1
	attributes "$T/in" UDID=A2 SERIAL=S-A1
	refused 1 'UDID' complete --signer "$T/a.pem" "$T/in"
	attributes "$T/in" SERIAL=S-A1
	refused 1 'UDID' complete --signer "$T/a.pem" "$T/in"
	attributes "$T/in" UDID=A1 SERIAL=other
	refused 1 'SERIAL' complete --signer "$T/a.pem" "$T/in"
	echo other > "$T/allow"
	attributes "$T/in" UDID=a1 SERIAL=S-A1
	refused 1 'not in' complete --signer "$T/a.pem" --allow "$T/allow" \
	    "$T/in"
	[ "$(state_of a)" = certified ]
	yields - e complete --signer "$T/a.pem" "$T/in"
}

@test "complete: before the certificate, after its end, revoked, aborted" {
	certified a A1
	refused 5 'expired' complete --signer "$T/a.pem" \
	    --at 2040-01-01T00:00:00Z "$T/a.plist"
	refused 1 'not yet valid' complete --signer "$T/a.pem" \
	    --at 2020-01-01T00:00:00Z "$T/a.plist"
	yields - e abort "$(id_of a)"
	refused 1 'revoked' complete --signer "$T/a.pem" "$T/a.plist"
	refused 1 'aborted before' abort "$(id_of a)"
	refused 1 'no such enrollment' abort nobody
}

@test "complete: repeats are reissued, or told to enroll again" {
	local now later

	certified a A1
	now=$(after 3600)
	later=$(after 4200)
	yields "$T/1" e complete --at "$now" --signer "$T/a.pem" "$T/a.plist"
	# A profile that was not sent does not count.
	yields "$T/1" e complete --at "$(after 36000)" --repeat reenroll \
	    --signer "$T/a.pem" "$T/a.plist"
	yields - e sent --at "$now" "$(id_of a)"
	yields "$T/2" e complete --at "$later" --repeat reenroll \
	    --signer "$T/a.pem" "$T/a.plist"
	yields - e sent --at "$later" "$(id_of a)"
	later=$(after 4201)
	refused 5 'enroll again' complete --at "$later" --repeat reenroll \
	    --signer "$T/a.pem" "$T/a.plist"
	printf 'repeat: reenroll\n' > "$T/site.yaml"
	refused 5 'enroll again' complete --at "$later" \
	    --config "$T/site.yaml" --signer "$T/a.pem" "$T/a.plist"
	yields "$T/3" e complete --at "$later" --signer "$T/a.pem" "$T/a.plist"
	yields - e sent --at "$later" "$(id_of a)"
	[ "$(grep -A1 CHALLENGE "$T/1")" != "$(grep -A1 CHALLENGE "$T/3")" ]
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE purpose = 'client' AND
	    spent = 0 AND voided = 0")" -eq 1 ]
	e list --json > "$T/list"
	json_is "$T/list" 'j[0]["repeats"] == 2'
	refused 2 reissue complete --repeat never --signer "$T/a.pem" \
	    "$T/a.plist"
}

@test "complete: a new enrollment of a user and UDID supersedes the older one" {
	certified a A1
	e complete --signer "$T/a.pem" "$T/a.plist" > /dev/null
	e sent "$(id_of a)"
	certified b a1
	[ "$(state_of a)" = configured ]
	e complete --signer "$T/b.pem" "$T/b.plist" > /dev/null
	# One that cannot be sent supersedes no other.
	e sent --failed 'no such template' "$(id_of b)"
	[ "$(state_of a)" = configured ]
	[ "$(state_of b)" = certified ]
	e sent "$(id_of b)"
	[ "$(state_of a)" = superseded ]
	[ "$(state_of b)" = configured ]
	refused 1 superseded complete --signer "$T/a.pem" "$T/a.plist"
	certified c A1 bob
	e complete --signer "$T/c.pem" "$T/c.plist" > /dev/null
	e sent "$(id_of c)"
	[ "$(state_of b)" = configured ]
	[ "$(sql 'SELECT COUNT(*) FROM challenge c JOIN enrollment e ON e.id =
	    c.enrollment WHERE e.state = '"'superseded'"' AND c.spent = 0 AND
	    c.voided = 0')" -eq 0 ]
}

@test "sent: records the delivery, or why it failed" {
	certified a A1
	id=$(id_of a)
	identified b B1
	e complete --signer "$T/a.pem" "$T/a.plist" > /dev/null
	yields - e sent --failed $'profile.yaml:3:1: "x"\n\e[31m' "$id"
	[ "$(state_of a)" = certified ]
	yields - e sent "$id"
	[ "$(state_of a)" = configured ]
	yields - e sent "$id"
	yields - e sent --failed again "$id"
	[ "$(state_of a)" = configured ]
	e show --json "$id" > "$T/show"
	json_is "$T/show" "[(i['what'], i['detail']) for i in j['events']][3:]
	    == [('failed', 'profile.yaml:3:1: \"x\"; \\\\x1b[31m'),
	    ('configured', None), ('repeated', None), ('failed', 'again')]"
	json_is "$T/show" "j['repeats'] == 1"
	refused 1 'identified' sent "$(id_of b)"
	refused 1 'identified' sent --failed x "$(id_of b)"
	refused 1 'no such enrollment' sent nobody
	refused 2 'missing ID' sent
	yields - e abort "$id"
	refused 1 aborted sent "$id"
	refused 1 aborted sent --failed x "$id"
}

# to_bind SUBJECT [ALT-NAMES [CHALLENGE]]...: makes a profile with a SCEP
# payload for each, by plistlib; the challenge is that of $T/vars.
to_bind() {
	python3 - "$T/vars" "$@" > "$T/profile" <<-'PY'
	import plistlib, sys
	own = plistlib.load(open(sys.argv[1], 'rb'))['CHALLENGE']
	p = []
	for line in sys.argv[2:]:
	    subject, alt, challenge = (line + '||').split('|')[:3]
	    c = {'URL': 'https://a', 'Challenge': challenge or own}
	    if subject:
	        c['Subject'] = eval(subject)
	    if alt:
	        c['SubjectAltName'] = eval(alt)
	    p.append({'PayloadType': 'com.apple.security.scep',
	        'PayloadIdentifier': 'x', 'PayloadContent': c})
	p.append({'PayloadType': 'com.apple.wifi.managed'})
	plistlib.dump({'PayloadType': 'Configuration', 'PayloadContent': p},
	    sys.stdout.buffer)
	PY
}

# completed NAME: certified and completed, with the variables in $T/vars.
completed() {
	certified "$1" "$2"
	e complete --signer "$T/$1.pem" "$T/$1.plist" > "$T/vars"
}

# bound_names: openssl prints the names that open challenges are bound to.
bound_names() {
	local hex

	for hex in $(sql "SELECT hex(bound_subject) FROM challenge WHERE
	    purpose = 'client' AND bound = 1 AND voided = 0 ORDER BY ordinal,
	    hash"); do
		python3 -c 'import sys; sys.stdout.buffer.write(
		    bytes.fromhex(sys.argv[1]))' "$hex" |
		    openssl asn1parse -inform DER | sed -n 's/.*STRING *://p' |
		    tr '\n' ,
		echo
	done
}

@test "bind: a challenge is bound to the arrays of its payload" {
	of_sqlite
	completed a A1
	to_bind '[[["O", "Käse, Inc."]], [["CN", "a/b=c,d"], ["2.5.4.5", "7"]]]'
	yields "$T/out" e bind --signer "$T/a.pem" "$T/profile"
	cmp "$T/out" "$T/profile"
	bound_names
	# An RDN is in the order of DER.
	[ "$(bound_names)" = 'Käse, Inc.,7,a/b=c,d,' ]
	# The same names change nothing; other names are too late.
	yields "$T/out" e bind --id "$(id_of a)" < "$T/profile"
	cmp "$T/out" "$T/profile"
	to_bind '[[["CN", "other"]]]'
	refused 1 'PayloadContent[0].PayloadContent.Challenge: ' bind \
	    --signer "$T/a.pem" "$T/profile"
	# A list of payloads will do, too.
	completed b B1
	to_bind '[[["CN", "b"]]]'
	python3 -c 'import plistlib, sys
plistlib.dump(plistlib.load(open(sys.argv[1], "rb"))["PayloadContent"],
    open(sys.argv[2], "wb"))' "$T/profile" "$T/bare"
	yields "$T/out" e bind --signer "$T/b.pem" "$T/bare"
	cmp "$T/out" "$T/bare"
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE bound = 1 AND
	    purpose = 'client'")" -eq 2 ]
}

@test "bind: refuses names that the CA's policy does not allow" {
	completed a A1
	printf 'subject: [CN, O]\nsan:\n  dns: ["*.example.com"]\n' \
	    > "$T/policy"
	to_bind '[[["OU", "x"]], [["CN", "a"]]]'
	refused 1 'PayloadContent[0].PayloadContent: ' bind \
	    --signer "$T/a.pem" --policy "$T/policy" "$T/profile"
	to_bind '[[["CN", "a"]]]|{"dNSName": "a.example.org"}'
	refused 1 'dns:a.example.org' bind \
	    --signer "$T/a.pem" --policy "$T/policy" "$T/profile"
	refused 4 missing bind --signer "$T/a.pem" --policy "$T/missing" \
	    "$T/profile"
	# Nothing is bound unless all names are allowed.
	to_bind '[[["CN", "a"]]]' '[[["OU", "b"]]]'
	refused 1 'PayloadContent[1].PayloadContent: ' bind \
	    --signer "$T/a.pem" --policy "$T/policy" "$T/profile"
	[ -z "$(bound_names)" ]
	# The site's CA is used by default, with its default policy, too.
	mkdir "$T/site" "$T/site/ca"
	echo 'url: https://mcfg.example.com' > "$T/site/site.yaml"
	: > "$T/site/ca/cert.pem"
	to_bind '[[["CN", "a"]]]|{"dNSName": "a.example.com"}'
	refused 1 'dns:a.example.com' bind --config "$T/site/site.yaml" \
	    --signer "$T/a.pem" "$T/profile"
	cp "$T/policy" "$T/site/ca/scep-ca.yaml"
	yields "$T/out" e bind --config "$T/site/site.yaml" \
	    --signer "$T/a.pem" "$T/profile"
	cmp "$T/out" "$T/profile"
}

@test "bind: a second payload gets its own challenge" {
	completed a A1
	to_bind '[[["CN", "one"]]]' \
	    '[[["CN", "two"]]]|{"dNSName": ["a.example", "b.example"]}' \
	    '[[["CN", "three"]]]||theirs'
	e bind --signer "$T/a.pem" -v "$T/profile" > "$T/out" 2> "$T/said"
	grep -q 'PayloadContent\[1\].*replaced' "$T/said"
	python3 - "$T/profile" "$T/out" <<-'PY'
	import plistlib, sys
	a, b = (plistlib.load(open(f, 'rb')) for f in sys.argv[1:])
	c = [p['PayloadContent']['Challenge'] for p in b['PayloadContent'][:3]]
	was = a['PayloadContent'][0]['PayloadContent']['Challenge']
	assert c[0] == was and c[2] == 'theirs' and c[1] != was, c
	assert len(c[1]) == 32
	b['PayloadContent'][1]['PayloadContent']['Challenge'] = was
	assert a == b
	PY
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE bound = 1 AND
	    purpose = 'client' AND voided = 0")" -eq 2 ]
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE bound = 1 AND
	    bound_names IS NOT NULL")" -eq 1 ]
}

@test "bind: malformed names and names with device variables are refused" {
	completed a A1
	refuse() {
		to_bind "$@"
		refused 1 "$TEXT" bind --signer "$T/a.pem" "$T/profile"
	}
	TEXT='profile: PayloadContent[0].PayloadContent.Subject'
	for subject in '' '[]' '[[]]' '[[[]]]' '[[["CN"]]]' '"CN=x"' \
	    '[["CN", "x"]]' '[[["CN", 7]]]' '[[["CN", ""]]]' \
	    '[[["nonsense", "x"]]]' '[[["C", "long"]]]' '{"CN": "x"}' \
	    '[[["CN", "%SerialNumber%"]]]' '[[["CN", "a %HardwareUUID% b"]]]' \
	    '[[["%ComputerName%", "x"]]]' '[[["CN", "x", "y"]]]'; do
		refuse "$subject"
	done
	TEXT='profile: PayloadContent[1].PayloadContent.SubjectAltName'
	for alt in '"x"' '{"dNSName": "%HostName%"}' '{"dNSName": [7]}' \
	    '{"iPAddress": "192.0.2.1"}' '{"rfc822Name": ["a@b", "%Email%"]}' \
	    '{"dNSName": ""}'; do
		refuse '[[["CN", "x"]]]' '[[["CN", "x"]]]|'"$alt"
	done
	# None of these bound the challenge.
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE bound = 1 AND
	    purpose = 'client'")" -eq 0 ]
	# Percent signs that a device does not expand; payloads of others.
	to_bind '[[["CN", "50% of 100%"]]]|{"uniformResourceIdentifier":
	    "https://a/x%20y%20z"}' '||theirs' '[[["CN", "%UDID%"]]]||theirs'
	yields "$T/out" e bind --signer "$T/a.pem" "$T/profile"
	cmp "$T/out" "$T/profile"
}

@test "bind: input that is not a profile, and closed enrollments" {
	completed a A1
	to_bind '[[["CN", "x"]]]'
	mcfg-encrypt --recipient "$T/a.pem" "$T/profile" > "$T/encrypted"
	refused 3 encrypted bind --signer "$T/a.pem" "$T/encrypted"
	mcfg-sign --cert "$PKI/signer.pem" --key "$PKI/signer.key" \
	    "$T/profile" > "$T/signed" 2> /dev/null
	refused 3 signed bind --signer "$T/a.pem" "$T/signed"
	refused 3 stdin:1:1 bind --signer "$T/a.pem" <<< 'profile'
	refused 1 'not a profile' bind --signer "$T/a.pem" "$T/a.plist"
	refused 2 'missing --signer' bind "$T/profile"
	refused 2 'one says which' bind --signer "$T/a.pem" --id x "$T/profile"
	refused 1 'no such enrollment' bind --id x "$T/profile"
	refused 1 'not in the ledger' bind --signer "$PKI/client.pem" \
	    "$T/profile"
	# Another enrollment does not change the challenge.
	certified b B1
	yields "$T/out" e bind --signer "$T/b.pem" "$T/profile"
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE bound = 1 AND
	    purpose = 'client'")" -eq 0 ]
	# A repeat voids it.
	e complete --signer "$T/a.pem" "$T/a.plist" > /dev/null
	refused 1 'Challenge: ' bind --signer "$T/a.pem" "$T/profile"
	yields - e abort "$(id_of a)"
	refused 1 aborted bind --id "$(id_of a)" "$T/profile"
	refused 1 revoked bind --signer "$T/a.pem" "$T/profile"
	identified c C1
	refused 1 identified bind --id "$(id_of c)" "$T/profile"
}

@test "list and show: keys are in order, hostile text is escaped" {
	certified a "$(printf 'A\n1\xe2\x80\xae')"
	e start --user=bob > /dev/null
	yields "$T/list" e list
	[ "$(wc -l < "$T/list")" -eq 3 ]
	grep -qF 'A\n1\u202e' "$T/list"
	yields "$T/json" e list --json
	json_is "$T/json" '[list(x) for x in j] == 2 * [["id", "user", "state",
	    "udid", "serial", "product", "started", "identified", "certified",
	    "configured", "repeats", "certificate"]]'
	json_is "$T/json" 'sorted(x["state"] for x in j) == ["certified", "started"]'
	json_is "$T/json" 'any(x["certificate"] is None for x in j)'
	json_is "$T/json" 'any(x["udid"] == "A\n1\u202e" for x in j)'
	yields "$T/show" e show "$(id_of a)"
	grep -q '^state  *certified$' "$T/show"
	grep -q '  mail: jane@example.com' "$T/show"
	grep -qF '  UDID: A\n1\u202e' "$T/show"
	yields "$T/json" e show --json "$(id_of a)"
	json_is "$T/json" '[x["what"] for x in j["events"]] == ["started",
	    "identified", "certified"]'
	json_is "$T/json" '(j["attributes"]["MEID"] == "77" and
	    j["facts"] == {"mail": "jane@example.com"})'
	refused 1 'no such enrollment' show nobody
	refused 2 'missing ID' show
	refused 2 'only one ID' show a b
}

@test "list: by user, serial number and state" {
	certified a A1
	identified b B1
	e start --user=bob > /dev/null
	lists() {
		yields "$T/list" e list --json "${@:2}"
		json_is "$T/list" "len(j) == $1"
		yields "$T/list" e list "${@:2}"
		[ "$(wc -l < "$T/list")" -eq $(($1 + 1)) ]
	}
	lists 3
	lists 1 --user bob
	lists 2 --user=jane
	lists 0 --user JANE
	lists 1 --serial s-a1
	lists 1 --state identified
	lists 1 --user jane --state certified --serial S-A1
	lists 0 --user bob --state certified
	refused 2 'configured' list --state 'done'
}

@test "list: a missing ledger is not created" {
	of_sqlite
	refused 4 'cannot open the ledger' list
	[ ! -e "$T/ledger.db" ]
}

@test "list: more rows than a page, newest first" {
	e start --user=jane > /dev/null
	sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)
	    INSERT INTO enrollment (id, username, state, facts, started, changed)
	    SELECT 'id' || i, 'user', 'started', '', 1 + i / 3, 0 FROM n"
	e list --json > "$T/json"
	json_is "$T/json" 'len(j) == 701'
	json_is "$T/json" '(lambda s: s == sorted(s, reverse=True))(
	    [x["started"] for x in j])'
	json_is "$T/json" 'len({x["id"] for x in j}) == 701'
}

@test "purge: deletes unfinished enrollments, keeps those in use" {
	certified a A1
	e complete --signer "$T/a.pem" "$T/a.plist" > /dev/null
	e sent "$(id_of a)"
	identified b B1
	e start --user=bob > /dev/null
	yields "$T/n" e purge --older 90d --at "$(after $((89 * 86400)))"
	[ "$(cat "$T/n")" = 0 ]
	yields "$T/n" e purge --older 90d --at "$(after $((91 * 86400)))"
	[ "$(cat "$T/n")" = 2 ]
	[ "$(sql 'SELECT state FROM enrollment')" = configured ]
	[ "$(sql 'SELECT COUNT(*) FROM certificate')" -eq 1 ]
	[ "$(sql "SELECT COUNT(*) FROM event WHERE enrollment <> '$(id_of a)' AND enrollment <> ''")" -eq 0 ]
	sound
	yields - e complete --signer "$T/a.pem" "$T/a.plist"
	refused 2 'missing --older' purge
}

@test "enrollment: of eight processes with one challenge, one succeeds" {
	local i pids='' won=0

	e start --user=jane > "$T/c"
	attributes "$T/in" UDID=A CHALLENGE="@$T/c"
	for i in 1 2 3 4 5 6 7 8; do
		e identify "$T/in" > "$T/out.$i" 2> "$T/err.$i" 3>&- &
		pids="$pids $!"
	done
	for i in $pids; do
		status=0
		wait "$i" || status=$?
		case $status in 0) won=$((won + 1)) ;; 1) ;; *) return 1 ;; esac
	done
	[ "$won" -eq 1 ]
	[ "$(cat "$T"/out.* | wc -l)" -eq 1 ]
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE purpose = 'identity'")" -eq 1 ]
	sound
}

@test "enrollment: eight processes start at once on a ledger that does not exist yet" {
	local i pids=

	for i in 1 2 3 4 5 6 7 8; do
		e start --user="user$i" > "$T/out.$i" 3>&- &
		pids="$pids $!"
	done
	for i in $pids; do
		wait "$i"
	done
	[ "$(sort -u "$T"/out.* | wc -l)" -eq 8 ]
	[ "$(sql 'SELECT COUNT(*) FROM enrollment')" -eq 8 ]
}

@test "enrollment: refuses a missing or malformed ledger and verb" {
	refuses 2 'missing --ledger' mcfg-enrollment list
	refuses 2 'missing VERB' mcfg-enrollment
	refuses 2 'unknown verb' mcfg-enrollment nothing
	refuses 2 'not of the form' mcfg-enrollment list --ledger "$T/ledger.db"
}

# ---- user ----

@test "enrollment: a user's name is kept unchanged, except with a directory" {
	for name in JANE 'Jürgen  M' ' x' '--help' '$(id)'; do
		yields "$T/out" mcfg-enrollment user --user="$name"
		printf '%s\n' "$name" | cmp - "$T/out"
	done
	cat > "$T/site.yaml" <<-'YAML'
	auth: {ldap: {url: ldap://localhost, base: dc=a, filter: (uid=?)}}
	YAML
	yields "$T/out" mcfg-enrollment user --config "$T/site.yaml" \
	    --user='JANE Q. [Z]@{|}~'
	echo 'jane q. [z]@{|}~' | cmp - "$T/out"
	# The directory's spelling.
	for name in 'Jürgen' 山田 'MÜLLER'; do
		yields "$T/out" mcfg-enrollment user \
		    --config "$T/site.yaml" --user="$name"
		printf '%s\n' "$name" | cmp - "$T/out"
	done
	for name in ' jane' 'jane ' 'jane  q'; do
		refuses 1 'more spaces' mcfg-enrollment start \
		    --config "$T/site.yaml" --ledger "$LEDGER" --user="$name"
	done
	refuses 2 'an empty user name' mcfg-enrollment user --user=
	refuses 2 'missing --user' mcfg-enrollment user
}

@test "enrollment: under a directory two spellings are one user" {
	cat > "$T/site.yaml" <<-'YAML'
	auth: {ldap: {url: ldap://localhost, base: dc=a, filter: (uid=?)}}
	YAML
	for name in jane JANE Jane; do
		e start --config "$T/site.yaml" --user=$name > "$T/c"
	done
	e list --json > "$T/list"
	json_is "$T/list" "[i['user'] for i in j] == ['jane'] * 3"
}

@test "enrollment: the directory is asked from every place of a build" {
	local place tool

	tool=$(command -v mcfg-enrollment)
	printf '#!/bin/sh\nprintf "%%s\\n" "the $2"\n' > "$T/directory"
	chmod +x "$T/directory"
	cat > "$T/site.yaml" <<-YAML
	auth: {ldap: {url: ldap://localhost, base: dc=a, filter: (uid=?),
	    user: uid}}
	YAML
	for place in bin:libexec/mcfg build/bin:scripts \
	    build/any/bin:scripts; do
		mkdir -p "$T/$place/${place%:*}" "$T/$place/${place#*:}/web"
		cp "$tool" "$T/$place/${place%:*}"
		cp "$T/directory" "$T/$place/${place#*:}/web"
		yields "$T/name" "$T/$place/${place%:*}/mcfg-enrollment" user \
		    --site "$T" --config "$T/site.yaml" --user=jane
		[ "$(cat "$T/name")" = 'the jane' ]
	done
}

@test "enrollment: identify prints the subject on a separate line" {
	e start --user=jane > "$T/c"
	attributes "$T/plist" UDID=U SERIAL=S CHALLENGE="@$T/c"
	e identify --subject '/O=A, B/CN=x "y"' --report "$T/json" \
	    --subject-out fd:4 "$T/plist" 4> "$T/subject" > "$T/scep"
	json_is "$T/json" "j['subject'] == open('$T/subject').read()[:-1]"
	[ "$(wc -l < "$T/subject")" -eq 1 ]
	[ "$(cat "$T/subject")" = 'CN=x \"y\",O=A\, B' ]
}

@test "complete: a certificate that is revoked meanwhile" {
	of_sqlite
	certified a U1
	attributes "$T/again" UDID=U1 SERIAL=S-U1
	gate_start it mcfg-enrollment complete --ledger "$LEDGER" --at "$NOW" \
	    --signer "$T/a.pem" "$T/again"
	gate_to it begin
	sqlite3 "${LEDGER#sqlite:}" 'UPDATE certificate SET revoked = 1'
	gate_end it
	[ "$status" -eq 1 ]
	grep -q 'has been revoked' "$T/it.err"
}

# ---- identities of an outside CA ----

@test "enrollment: an outside CA's identity is adopted once" {
	identified a U1
	id=$(mcfg-get id "$T/a.json")
	certificate "$id"
	cp "$T/$id.pem" "$T/first.pem"
	certificate "$id"
	set_now
	attributes "$T/again" UDID=U1 SERIAL=S-U1 PRODUCT=p VERSION=v
	with() {
		local signer=$1
		shift
		yields "$T/vars" e complete --signer "$signer" "$@" "$T/again"
	}
	refused 1 'not in the ledger' complete --signer "$T/first.pem" \
	    "$T/again"
	refused 1 'not in the ledger' complete --signer "$T/first.pem" \
	    --outside-ca "$PKI/client.pem" "$T/again"
	refused 4 'none.pem' complete --signer "$T/first.pem" \
	    --outside-ca "$T/none.pem" "$T/again"
	e list --json > "$T/list"
	json_is "$T/list" "j[0]['state'] == 'identified' and
	    j[0]['certificate'] is None"
	with "$T/first.pem" --outside-ca "$PKI/client.pem" \
	    --outside-ca "$PKI/root.pem"
	plist_is "$T/vars" "p['USER'] == 'jane' and p['ENROLLMENT'] == '$id'"
	print=$(openssl x509 -in "$T/first.pem" -outform DER |
	    openssl dgst -sha256 -r | cut -d ' ' -f 1)
	e list --json > "$T/list"
	json_is "$T/list" "j[0]['state'] == 'certified' and
	    j[0]['certificate'] == '$print'"
	yields "$T/bound" e bind --signer "$T/first.pem" \
	    <<< '<plist><array/></plist>'
	yields - e sent "$id"
	e show --json "$id" > "$T/show"
	json_is "$T/show" "[(i['what'], i['certificate'], i['detail'])
	    for i in j['events']][2:] ==
	    [('certified', '$print', 'outside authority'),
	    ('configured', '$print', None)]"
	# From now on it is known, with and without the CA's certificate.
	with "$T/first.pem"
	refused 1 'has another identity' complete --signer "$T/$id.pem" \
	    --outside-ca "$PKI/root.pem" "$T/again"
	refused 1 'not in the ledger' complete --signer "$T/$id.pem" "$T/again"
	refused 5 expired complete --signer "$T/first.pem" \
	    --at "$(after 950400)" "$T/again"
	e abort "$id"
	refused 1 aborted complete --signer "$T/first.pem" "$T/again"
}

@test "enrollment: an outside identity after an answer that was undone" {
	e start --user=jane > "$T/enroll"
	attributes "$T/in" UDID=U1 CHALLENGE="@$T/enroll"
	e identify "$T/in" > "$T/first"
	e identify --undo "file:$T/first" "$T/in"
	e identify --report "$T/a.json" "$T/in" > "$T/second"
	id=$(id_of a)
	certificate "$id"
	set_now
	attributes "$T/again" UDID=U1
	yields "$T/vars" e complete --signer "$T/$id.pem" \
	    --outside-ca "$PKI/root.pem" "$T/again"
}

@test "enrollment: what a certificate of an outside CA must contain" {
	identified a U1
	id=$(mcfg-get id "$T/a.json")
	attributes "$T/again" UDID=U1 SERIAL=S-U1
	for name in nobody "$id/O=x" "x/CN=$id"; do
		openssl req -new -key "$PKI/client.key" -subj "/CN=$name" \
		    -out "$T/csr" 2> /dev/null
		openssl x509 -req -in "$T/csr" -CA "$PKI/root.pem" \
		    -CAkey "$PKI/root.key" -days 10 -out "$T/c.pem" \
		    2> /dev/null
		set_now
		refused 1 '' complete --signer "$T/c.pem" \
		    --outside-ca "$PKI/root.pem" "$T/again"
	done
	openssl req -new -key "$PKI/client.key" -subj /O=x -out "$T/csr" \
	    2> /dev/null
	openssl x509 -req -in "$T/csr" -CA "$PKI/root.pem" \
	    -CAkey "$PKI/root.key" -days 10 -out "$T/c.pem" 2> /dev/null
	refused 1 'not in the ledger' complete --signer "$T/c.pem" \
	    --outside-ca "$PKI/root.pem" "$T/again"
	# An enrollment that is not at this step, or has expired.
	certificate "$id"
	set_now
	refused 5 'took too long' complete --signer "$T/$id.pem" \
	    --outside-ca "$PKI/root.pem" --at "$(after 3601)" "$T/again"
	e start --user=jane --report "$T/b.json" > /dev/null
	id=$(mcfg-get id "$T/b.json")
	certificate "$id"
	set_now
	refused 1 started complete --signer "$T/$id.pem" \
	    --outside-ca "$PKI/root.pem" "$T/again"
}

@test "identify: if output cannot be written, nothing is spent or left behind" {
	e start --user=jane > "$T/enroll"
	attributes "$T/in" UDID=U1 CHALLENGE="@$T/enroll"
	refused 4 '/dev/full' identify --report /dev/full "$T/in"
	refused 4 '/dev/full' identify --report "$T/r" \
	    --subject-out /dev/full "$T/in"
	[ ! -e "$T/r" ]
	yields - e identify --report "$T/r" "$T/in"
	[ -s "$T/r" ]
	refused 1 'used before' identify --report "$T/s" "$T/in"
	[ ! -e "$T/s" ]
}

@test "identify: --undo, if the challenge was not delivered" {
	e start --user=jane > "$T/enroll"
	attributes "$T/in" UDID=U1 CHALLENGE="@$T/enroll"
	e identify "$T/in" > "$T/first"
	# It needs the challenge that was printed, and the attributes that were
	# read.
	refused 1 'not given for an identity' identify --undo "file:$T/enroll" "$T/in"
	attributes "$T/other" UDID=U1
	refused 1 'CHALLENGE: missing' identify --undo "file:$T/first" "$T/other"
	refused 1 'used before' identify "$T/in"
	e identify --undo "file:$T/first" "$T/in" > "$T/nothing"
	[ ! -s "$T/nothing" ]
	# The ledger keeps no trace of it.
	[ "$(sql 'SELECT COUNT(*) FROM challenge')" -eq 1 ]
	[ "$(sql 'SELECT what FROM event')" = started ]
	e identify "$T/in" > "$T/second"
	run -1 cmp -s "$T/first" "$T/second"
	# The first challenge is void, and cannot undo anything.
	refused 1 'not given for an identity' identify --undo "file:$T/first" "$T/in"
	refused 1 'used before' identify "$T/in"
}

@test "enrollment: a step whose output was not delivered is undone" {
	of_sqlite
	e start --user=jane > "$T/enroll"
	attributes "$T/in" UDID=U1 CHALLENGE="@$T/enroll"
	for _ in 1 2; do
		_run sh -c 'exec "$@" > /dev/full' sh mcfg-enrollment identify \
		    --ledger "$LEDGER" "$T/in"
		[ "$status" -eq 4 ]
		[ "$(sql 'SELECT state FROM enrollment')" = started ]
		[ "$(sql 'SELECT COUNT(*) FROM challenge WHERE
		    purpose = "identity" AND spent = 0 AND voided = 0')" = 0 ]
	done
	yields - e identify "$T/in"
	refused 1 'used before' identify "$T/in"
	_run sh -c 'exec "$@" > /dev/full' sh mcfg-enrollment start \
	    --ledger "$LEDGER" --user=joe
	[ "$status" -eq 4 ]
	[ "$(sql 'SELECT state FROM enrollment WHERE username = "joe"')" = \
	    aborted ]
	[ "$(sql 'SELECT COUNT(*) FROM challenge WHERE spent = 0 AND
	    voided = 0 AND purpose = "enroll"')" = 0 ]
	printf 'url: https://e.example.com\n' > "$T/site.yaml"
	_run sh -c 'exec "$@" > /dev/full' sh mcfg-enrollment invite \
	    --config "$T/site.yaml" --ledger "$LEDGER" --user=joe
	[ "$status" -eq 4 ]
	[ "$(sql 'SELECT COUNT(*) FROM invitation WHERE voided = 0')" = 0 ]
}
