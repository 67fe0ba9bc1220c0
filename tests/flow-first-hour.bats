#!/usr/bin/env bats
# The first hour of a small company's admin: a site with a host name, users, a
# start page, a device at another address, the boss's own profile, a lost
# device.  The commands are those of README, run with what "make install"
# leaves.

load helpers
load flow

setup_file() {
	needs_web || return 0
	[ -z "${MCFG_TEST_SANITIZED:-}" ] ||
	    unable 'what make builds by default is installed' || return 0
	make -s -C "$ROOT" O=build install PREFIX="$BATS_FILE_TMPDIR/usr" \
	    > /dev/null
}

setup() {
	able
}

teardown() {
	unserve
}

# readme BEGIN: prints README's example that begins like this, as a reader would
# type it.
readme() {
	local name

	name=$(python3 "$ROOT/tests/examples.py" "$ROOT" names |
	    grep -F -- "README.md: $1")
	python3 "$ROOT/tests/examples.py" "$ROOT" script "$name"
}

# types SCRIPT: runs it in $T, in a shell with only the installed tools.
types() {
	(cd "$T" && env -u MCFG_BIN PATH="$BATS_FILE_TMPDIR/usr/bin:$REST" \
	    bash -eu -o pipefail -c "$1" < /dev/null 3>&- 7>&-)
}

# a_network: makes the device's curl find the site at one address of this
# machine, and use another one itself.
a_network() {
	python3 -c 'import socket
for a in "127.0.0.2", "127.0.0.3": socket.socket().bind((a, 0))' ||
	    skip 'this loopback has one address'
	mkdir "$T/device"
	cat > "$T/device/curl" <<-SH
	#!/bin/sh
	exec "$(command -v curl)" -q --interface 127.0.0.3 \\
	    --resolve profiles.example.com:$PORT:127.0.0.2 "\$@"
	SH
	chmod 755 "$T/device/curl"
}

# device USER PASSWORD DIR [ARG...]: enrolls a device as that user.
device() {
	types "PATH=$(printf %q "$T/device"):\$PATH
	mcfg-device $URL --cacert acme/ca/root.pem --user $1 \
	    --password file:$2 --identity factory/device.pem \
	    --identity-key factory/device-key.pem -o $3 ${*:4}"
}

# asks PATH [CURL-ARG...]: sends a request from the device's address.
asks() {
	"$T/device/curl" -sS --fail --cacert "$T/acme/ca/root.pem" "${@:2}" \
	    "$URL$1"
}

# listed EXPRESSION: it is true of j, the site's list of enrollments.
listed() {
	types 'mcfg-enrollment list --json --config acme/site.yaml' > "$T/list"
	json_is "$T/list" "$1"
}

@test "first hour: a small company follows README" {
	local dir id line
	# Without the tools of the checkout.
	REST=$(IFS=:; for dir in $PATH; do
		[[ $dir = "${MCFG_BIN%/}" || $dir = "$ROOT/scripts" ]] ||
		    printf '%s:' "$dir"
	done)
	REST=${REST%:}
	PORT=$(free_port)
	URL=https://profiles.example.com:$PORT
	a_network

	# ---- a site for real devices, with the name of this machine ----

	types 'mcfg-site other > said && mv other/simulated factory'
	types 'printf "correct horse\n" > pw && printf "battery\n" > pw2 &&
	    chmod 600 pw pw2'
	types "$(readme 'mcfg-site acme --host' | sed -n "1{
		s/\"\\\$(hostname -f)\"/profiles.example.com --port $PORT/
		s,AppleiPhoneDeviceCA.cer,factory/ca.pem,
		p
	}")" > "$T/said"
	[ ! -e "$T/acme/simulated" ]
	[ "$(types 'mcfg-get --site url acme/site.yaml')" = "$URL" ]
	# The example's second line serves it; here it uses one address.
	mkfifo "$T/ready"
	exec 7<> "$T/ready"
	(cd "$T" && exec env -u MCFG_BIN \
	    PATH="$BATS_FILE_TMPDIR/usr/bin:$REST" \
	    mcfg-serve acme --address 127.0.0.2 > ready 2> serve.err 3>&- 7>&-) &
	SERVER=$!
	awaits -p "$SERVER" mcfg-serve read -r -t 1 -u 7 line || {
		cat "$T/serve.err"
		return 1
	}
	[ "$line" = "listening on $URL/" ]
	[ ! -s "$T/serve.err" ]

	# ---- a device, from another address ----

	device jane pw jane --serial C39JANE > "$T/said"
	grep -q 'jane/profile.mobileconfig$' "$T/said"
	awaits 'jane has her profile' listed '[(e["user"], e["serial"],
	    e["state"]) for e in j] == [("jane", "C39JANE", "configured")]'
	awaits 'her line in the log' grep -q \
	    'client=127\.0\.0\.3 .*serial=C39JANE' "$T/acme/log/mcfg.log"

	# ---- what comes next ----

	types "$(readme 'mcfg-site acme --add-user boss' |
	    sed 's/--password file:pw /--password file:pw2 /')" > "$T/said"
	grep -q "^$URL/i/" "$T/said"
	grep -q '<html' "$T/report.html"
	grep -q C39JANE "$T/report.html"
	sed -i 's,<h1>.*</h1>,<h1>Acme telephones</h1>,' \
	    "$T/acme/pages/welcome.en.html"
	asks / > "$T/page"
	grep -q '<h1>Acme telephones</h1>' "$T/page"
	asks / -H 'Accept-Language: de' > "$T/page"
	grep -q '<html lang="de"' "$T/page"
	# Only the boss gets the boss's profile.
	sed -i 's/^PayloadDisplayName: .*/PayloadDisplayName: Board/' \
	    "$T/acme/profile.d/user-boss.yaml"
	device boss pw2 boss --serial C39BOSS > "$T/said"
	[ "$(types 'mcfg-get PayloadDisplayName boss/profile.mobileconfig')" = \
	    Board ]
	[ "$(types 'mcfg-get PayloadDisplayName jane/profile.mobileconfig')" = \
	    Acme ]
	types 'mcfg-enrollment list --config acme/site.yaml --user boss' \
	    > "$T/said"
	[ "$(wc -l < "$T/said")" -eq 2 ]
	grep -q C39BOSS "$T/said"

	# ---- a lost device ----

	id=$(types 'mcfg-enrollment list --config acme/site.yaml \
	    --serial C39JANE' | awk 'NR == 2 { print $1 }')
	types "$(readme 'mcfg-enrollment abort' | sed "s/\\<ID\\>/$id/")"
	listed '{(e["serial"], e["state"]) for e in j} >= {("C39JANE",
	    "aborted")}'
	asks /crl -o "$T/crl.der"
	openssl crl -inform DER -in "$T/crl.der" -out "$T/crl.pem"
	run -2 openssl verify -crl_check -CAfile "$T/acme/ca/root.pem" \
	    -CRLfile "$T/crl.pem" "$T/jane/identity.pem"
	[[ $output == *revoked* ]]
	openssl verify -crl_check -CAfile "$T/acme/ca/root.pem" \
	    -CRLfile "$T/crl.pem" "$T/boss/identity.pem"

	# ---- a refusal, and its reason ----

	run -1 device jane pw2 wrong
	[[ $output == *401* ]]
	echo C39NOBODY > "$T/acme/devices.allow"
	run -1 device jane pw third --serial C39THIRD
	[[ $output == *403* ]]
	awaits 'the reason in the log' grep -q \
	    'status=403 .*C39THIRD.*devices.allow' "$T/acme/log/mcfg.log"
}
