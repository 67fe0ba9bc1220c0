#!/usr/bin/env bats
# Invitations in the ledger, on the engine $MCFG_TEST_ENGINE.  The judges are
# sqlite3 or psql, Python's json and zbarimg.
# shellcheck disable=SC2154 # gate.bash sets gate_where

load helpers
load ledger
load gate

setup() {
	ledger_setup
	cd "$T" || return
	printf '%s\n' 'url: https://enroll.example.com/base' \
	    'organization: Example' "ledger: \"$LEDGER\"" > site.yaml
	NOW=2026-11-28T10:00:00Z
}

teardown() {
	gate_close
}

# e VERB ARG...: runs mcfg-enrollment on the test's site, at a fixed time.
e() {
	local verb=$1

	shift
	set -- mcfg-enrollment "$verb" --config site.yaml "$@"
	case " $* " in *' --at '*) ;; *) set -- "$@" --at "$NOW" ;; esac
	"$@"
}

refused() {
	local want=$1 text=$2 verb=$3

	shift 3
	set -- mcfg-enrollment "$verb" --config site.yaml "$@"
	case " $* " in *' --at '*) ;; *) set -- "$@" --at "$NOW" ;; esac
	refuses "$want" "$text" "$@"
}

# invite ARG...: makes an invitation, with its token in $TOKEN and its ID in
# $id.
invite() {
	e invite --report report.json "$@" > "$T/link"
	[[ $(head -n 1 "$T/link") =~ ^https://enroll\.example\.com/base/i/([A-Za-z0-9_-]{32})$ ]]
	export TOKEN=${BASH_REMATCH[1]}
	id=$(json_get report.json 'j["id"]')
}

json_get() {
	python3 -c 'import json, sys; j = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}

# device NAME CHALLENGE: makes the attributes that a device sends.
device() {
	attributes "$1.plist" UDID="u-$1" SERIAL="s-$1" PRODUCT=iPhone1,1 \
	    VERSION=1 CHALLENGE="$2"
}

accept() {
	e start --invitation env:TOKEN "$@"
}

@test "invitation: only the hash of a link's token is stored" {
	invite --user=jane --set mail=jane@example.com
	[ "$(wc -l < "$T/link")" -eq 1 ]
	[ "$(sql 'SELECT hash FROM invitation')" = \
	    "$(printf '%s' "$TOKEN" | sha256sum | cut -d' ' -f1)" ]
	dump > all
	run -1 grep -qF "$TOKEN" all
	[ "$(json_get report.json 'j["expires"]')" = 2026-12-01T10:00:00Z ]
	[ "$(e user --invitation env:TOKEN)" = jane ]
	first=$TOKEN
	invite --user=jane
	[ "$TOKEN" != "$first" ]
	refused 2 --user invite
	refused 2 --user invite --user=
	refuses 2 --config mcfg-enrollment invite --ledger "$LEDGER" --user=jane
	refused 2 '' user --user=jane --invitation env:TOKEN
	refused 2 '' start --user=jane --invitation env:TOKEN
	refused 2 'env:NAME' user --invitation "$TOKEN"
}

@test "invitation: its QR code is the link" {
	needs zbarimg
	invite --user=jane --qr
	[ "$(wc -l < "$T/link")" -gt 10 ] || skip 'built without libqrencode'
	python3 - "$T/link" > qr.pgm <<-'PY'
	import re, sys
	rows = []
	for line in open(sys.argv[1], encoding='utf-8').read().split('\n')[1:-1]:
	    line = re.sub('\x1b\\[[0-9;]*m', '', line)
	    rows.append([c in '\u2580\u2588' for c in line])
	    rows.append([c in '\u2584\u2588' for c in line])
	out = sys.stdout.buffer
	out.write(b'P5 %d %d 255\n' % (8 * len(rows[0]), 8 * len(rows)))
	for r in rows:
	    out.write(bytes(0 if d else 255 for d in r for _ in range(8)) * 8)
	PY
	[ "$(zbarimg -q --raw qr.pgm)" = "$(head -n 1 "$T/link")" ]
}

@test "invitation: starts one enrollment, however often it is used" {
	invite --user=jane --set mail=jane@example.com --set floor=3
	accept > one
	printf '{"floor": "4", "room": "12"}' > facts.json
	accept --vars facts.json --report again.json > two
	[ "$(cat one)" != "$(cat two)" ]
	e list --state started --json > list.json
	json_is list.json 'len(j) == 1 and j[0]["user"] == "jane"'
	[ "$(json_get again.json 'j["id"]')" = \
	    "$(json_get list.json 'j[0]["id"]')" ]
	e show --json "$(json_get list.json 'j[0]["id"]')" > show.json
	# The operator's facts override those of a program.
	json_is show.json 'j["facts"] == {"mail": "jane@example.com",
	    "floor": "3", "room": "12"}'
	# Either response is valid, but for one device only.
	device a "$(cat two)"
	device b "$(cat one)"
	e identify a.plist > a.challenge
	refused 1 '' identify b.plist
	e list --json > list.json
	json_is list.json '[(x["state"], x["udid"]) for x in j] ==
	    [("identified", "u-a")]'
	refused 1 'invitation: used before' user --invitation env:TOKEN
	refused 1 'invitation: used before' start --invitation env:TOKEN
}

@test "invitation: using a link again and again does not fill the ledger" {
	local i

	invite --user=jane
	for i in 1 2 3 4 5 6 7 8; do
		accept > "c$i"
	done
	[ "$(sql 'SELECT COUNT(*) FROM challenge')" -eq 5 ]
	[ "$(sql 'SELECT COUNT(*) FROM enrollment')" -eq 1 ]
	[ "$(sql 'SELECT COUNT(*) FROM event')" -eq 2 ]
	for i in 1 3; do
		device a "$(cat "c$i")"
		refused 1 'CHALLENGE: unknown' identify a.plist
	done
	device a "$(cat c4)"
	yields - e identify a.plist
}

@test "invitation: unknown, expired, revoked" {
	invite --user=jane --ttl 1h
	refused 1 'invitation: expired' user --invitation env:TOKEN \
	    --at 2026-11-28T11:00:00Z
	[ "$(e user --invitation env:TOKEN --at 2026-11-28T10:59:59Z)" = jane ]
	TOKEN=x refused 1 'invitation: unknown' user --invitation env:TOKEN
	TOKEN=$id refused 1 'invitation: unknown' user --invitation env:TOKEN
	TOKEN='' refused 3 '' user --invitation env:TOKEN
	accept > one
	device a "$(cat one)"
	e invite --revoke "$id" > out
	[ ! -s out ]
	refused 1 'invitation: revoked' start --invitation env:TOKEN
	# Not even a device with its challenge may continue.
	refused 1 CHALLENGE identify a.plist
	refused 1 'before' invite --revoke "$id"
	refused 1 unknown invite --revoke 0123456789ab
	for bad in '' 12345 xyzxyz "${id^^}g" "%%%%%%"; do
		refused 2 --revoke invite --revoke "$bad"
	done
	refused 2 --revoke invite --revoke "$id" --user=jane
	refused 2 --revoke invite --revoke "$id" --qr
}

@test "invitation: revoking a used one names the command to use instead" {
	invite --user=jane
	accept > one
	device a "$(cat one)"
	e identify a.plist > scep
	refused 1 abort invite --revoke "$id"
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE voided <> 0")" = 0 ]
}

@test "invitation: aborting its enrollment ends it" {
	invite --user=jane
	accept > one
	e list --state started --json > list.json
	e abort "$(json_get list.json 'j[0]["id"]')"
	refused 1 'invitation: revoked' start --invitation env:TOKEN
	# Also after that enrollment is purged.
	e purge --older 0s --at 2026-11-28T10:00:01Z
	refused 1 'invitation: ' start --invitation env:TOKEN
}

@test "invitation: list shows those that can be used" {
	invite --user=jane
	jane=$id
	invite --user=bob --ttl 1h
	e list > list
	grep -qE "^$jane +jane +invited +- +- +2026-11-28T10:00:00Z +-$" list
	grep -q '^[0-9a-f]* *bob *invited' list
	e list --state invited --user jane --json > list.json
	json_is list.json '[(x["id"], x["state"], x["expires"], x["invited"],
	    x["enrollment"], x["started"]) for x in j] ==
	    [("'"$jane"'", "invited", "2026-12-01T10:00:00Z",
	    "2026-11-28T10:00:00Z", None, None)]'
	e list --at 2026-11-28T12:00:00Z > list
	run -1 grep -q bob list
	e list --serial x > list
	[ "$(wc -l < list)" -eq 1 ]
	e list --state started > list
	[ "$(wc -l < list)" -eq 1 ]
	e invite --revoke "$jane"
	e list > list
	run -1 grep -q jane list
}

@test "invitation: the user's name is kept as for a login" {
	sed -i '/^ledger/i auth: {ldap: {url: "ldap://localhost", base: o=x, filter: "(uid=?)"}}' \
	    site.yaml
	invite --user=JANE
	[ "$(e user --invitation env:TOKEN)" = jane ]
	refused 1 spaces invite --user=' jane'
}

@test "invitation: eight browsers at once begin one enrollment" {
	invite --user=jane
	for n in 1 2 3 4 5 6 7 8; do
		gate_start "b$n" mcfg-enrollment start --config site.yaml \
		    --at "$NOW" --invitation env:TOKEN
		# Each has read that the link is valid.
		[[ ${gate_where[b$n]} = begin* ]]
	done
	for n in 3 1 8 2 7 6 4 5; do
		gate_end "b$n"
		[ "${gate_where[b$n]}" = 'ended 0' ]
	done
	e list --state started --json > list.json
	json_is list.json 'len(j) == 1'
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE voided = 0")" = 5 ]
}

@test "invitation: of eight devices at once, one continues" {
	invite --user=jane
	for n in 1 2 3 4 5; do
		device "d$n" "$(accept)"
	done
	for n in 1 2 3 4 5; do
		gate_start "d$n" mcfg-enrollment identify --config site.yaml \
		    --at "$NOW" "d$n.plist"
		[[ ${gate_where[d$n]} = begin* ]]
	done
	good=0
	for n in 4 2 5 1 3; do
		gate_end "d$n"
		[ "${gate_where[d$n]}" != 'ended 0' ] || good=$((good + 1))
	done
	[ "$good" -eq 1 ]
	e list --json > list.json
	json_is list.json '[(x["state"], x["udid"]) for x in j] ==
	    [("identified", "u-d4")]'
}

@test "invitation: a device and a revocation at once: one of them wins" {
	for first in device revoke; do
		invite --user=jane
		device "$first" "$(accept)"
		gate_start d mcfg-enrollment identify --config site.yaml \
		    --at "$NOW" "$first.plist"
		gate_start r mcfg-enrollment invite --config site.yaml \
		    --at "$NOW" --revoke "$id"
		[[ ${gate_where[d]} = begin* && ${gate_where[r]} = begin* ]]
		if [ "$first" = device ]; then
			gate_end d
			gate_end r
			[ "${gate_where[d]} ${gate_where[r]}" = \
			    'ended 0 ended 1' ]
		else
			gate_end r
			gate_end d
			[ "${gate_where[d]} ${gate_where[r]}" = \
			    'ended 1 ended 0' ]
		fi
		gate_close
	done
}

@test "invitation: a command killed before its commit changes nothing" {
	invite --user=jane
	gate_start s mcfg-enrollment start --config site.yaml --at "$NOW" \
	    --invitation env:TOKEN
	gate_to s commit
	gate_kill s
	[ "$(sql 'SELECT COUNT(*) FROM enrollment')" = 0 ]
	[ "$(sql 'SELECT COUNT(*) FROM challenge')" = 0 ]
	accept > one
	device a "$(cat one)"
	gate_start i mcfg-enrollment identify --config site.yaml --at "$NOW" \
	    a.plist
	gate_to i commit
	gate_kill i
	[ "$(e user --invitation env:TOKEN)" = jane ]
	e identify a.plist > scep
	refused 1 used user --invitation env:TOKEN
	sound
}

@test "invitation: purge deletes those that can no longer be used" {
	count() {
		sql 'SELECT COUNT(*) FROM invitation'
	}
	invite --user=used
	accept > one
	device a "$(cat one)"
	e identify a.plist > scep
	invite --user=revoked
	e invite --revoke "$id"
	invite --user=expired --ttl 1h
	invite --user=open --ttl 30d
	[ "$(count)" = 4 ]
	e purge --older 1d --at 2026-11-28T12:00:00Z > out
	[ "$(count)" = 4 ]
	e purge --older 1d --at 2026-11-29T12:00:00Z > out
	[ "$(count)" = 1 ]
	[ "$(e user --invitation env:TOKEN)" = open ]
}

@test "invitation: ledger-copy copies them" {
	invite --user=jane --set a=b
	yields out scep-ca ledger-copy "$LEDGER" "sqlite:$T/copy.db"
	grep -qE 'invitation +1\b|1 +invitation' out || { cat out; false; }
	[ "$(mcfg-enrollment user --ledger "sqlite:$T/copy.db" --at "$NOW" \
	    --invitation env:TOKEN)" = jane ]
}
