#!/usr/bin/env bats
# Two web hosts on one PostgreSQL: nothing is issued twice, and either may stop.
#
# There are 24 devices, or 200 if MCFG_TEST_STRESS is set (make stress).

load helpers
load flow
load postgresql
# shellcheck disable=SC2154 # code is set by web
code=

DEVICES=${MCFG_TEST_STRESS:+200}
DEVICES=${DEVICES:-24}

setup_file() {
	needs_web || return 0
	postgresql_needed || return 0
	postgresql_start
	make_hosts
}

teardown_file() {
	[ -z "${HOSTS:-}" ] || { stop a; stop b; }
	postgresql_stop
}

# make_hosts: makes a site for two hosts in $HOSTS/a and $HOSTS/b, which differ
# in their address, and moves the ledger to PostgreSQL.
make_hosts() {
	export HOSTS=$BATS_FILE_TMPDIR/hosts LEDGER OTHER_URL
	mkdir "$HOSTS"
	SITE=$HOSTS/a make_site
	for n in $(seq "$DEVICES"); do
		sed -n "s/^jane:/user$n:/p" "$HOSTS/a/users.htpasswd"
	done >> "$HOSTS/a/users.htpasswd"
	postgresql_schema hosts
	LEDGER=$URI
	sed -i "s|^ledger:.*|ledger: ${URI//&/\\&}|" "$HOSTS/a/site.yaml" \
	    "$HOSTS/a/ca/scep-ca.yaml"
	scep-ca ledger-copy "sqlite:$HOSTS/a/ledger.db" "$URI" \
	    > "$HOSTS/copied"
	rm "$HOSTS/a/ledger.db"
	cp -r "$HOSTS/a" "$HOSTS/b"
	OTHER_URL=https://localhost:$(free_port)
	sed -i "s|$URL|$OTHER_URL|" "$HOSTS/b"/*.yaml
}

# start a|b: starts a web host.  stop a|b: stops it as in a crash.
start() {
	SITE=$HOSTS/$1 serve
	echo "$SERVER" > "$HOSTS/$1.server"
}

stop() {
	local server

	[ -s "$HOSTS/$1.server" ] || return 0
	server=$(cat "$HOSTS/$1.server")
	pkill -KILL -P "$server" || :
	kill -KILL "$server" 2> /dev/null || :
	awaits "the end of $server" gone "$server"
	rm -f "$HOSTS/$1.server" "$HOSTS/$1/run"/*
}

# sql STATEMENT: prints the result from psql.
sql() {
	psql -qAt -c "$1" "$LEDGER"
}

# enroll_at N FIRST SECOND: device N enrolls, and tries both addresses in turn
# until one serves it.
enroll_at() {
	local n=$1 first=$2 second=$3 try

	for try in 1 2 3 4 5 6; do
		if mcfg-device "$first" --cacert "$ROOT_CA" --user "user$n" \
		    --password env:PW --identity "$FACTORY" \
		    --identity-key "$FACTORY_KEY" --udid "UDID-$n" \
		    --serial "SERIAL-$n" -o "$T/$n.$try" \
		    > "$T/$n.$try.log" 2>&1; then
			echo "$T/$n.$try" > "$T/$n.done"
			echo "$try" >> "$T/tries"
			return 0
		fi
		set -- "$n" "$second" "$first"
		first=$2 second=$3
	done
	cat "$T/$n".*.log
	return 1
}

# crowd FIRST LAST: enrolls these devices in the background, eight at a time.
# Odd ones try one host first, even ones the other.
crowd() {
	_crowd "$@" 3>&- >> "$T/crowd" 2>&1 &
	crowd=$!
}

_crowd() {
	export -f enroll_at
	export T
	seq "$1" "$2" | xargs -P 8 -I N bash -c '
		if [ $((N % 2)) -eq 1 ]; then
			enroll_at N "$URL" "$OTHER_URL"
		else
			enroll_at N "$OTHER_URL" "$URL"
		fi'
}

# done_by COUNT: waits until COUNT devices are done, or all of the crowd.
done_by() {
	awaits "$1 devices" done_or_through "$1"
}

done_or_through() {
	[ "$(find "$T" -name '*.done' | wc -l)" -ge "$1" ] ||
	    ! kill -0 "$crowd" 2> /dev/null
}

# crowd_enrolls: waits until the whole crowd has enrolled.
crowd_enrolls() {
	wait "$crowd" || {
		cat "$T/crowd"
		return 1
	}
}

all_configured() {
	[ "$(sql "SELECT COUNT(DISTINCT udid) FROM enrollment WHERE
	    state = 'configured'")" -eq "$DEVICES" ]
}

# nothing_twice: nothing was issued twice, by the devices and the database.
nothing_twice() {
	local n

	for n in $(seq "$DEVICES"); do
		openssl x509 -in "$(cat "$T/$n.done")/identity.pem" -noout \
		    -serial | sed 's/.*=//' | tr A-F a-f
	done > "$T/serials"
	[ "$(sort -u "$T/serials" | wc -l)" -eq "$DEVICES" ]
	sql "SELECT serial FROM certificate WHERE purpose = 'identity'" |
	    sort > "$T/recorded"
	[ -z "$(sort "$T/serials" | comm -23 - "$T/recorded")" ]
	# Each challenge has one certificate, each enrollment one challenge.
	[ "$(sql "SELECT COUNT(*) FROM challenge WHERE purpose = 'identity' AND
	    spent <> 0")" -eq "$(wc -l < "$T/recorded")" ]
	[ -z "$(sql "SELECT enrollment FROM certificate WHERE
	    purpose = 'identity' GROUP BY enrollment HAVING COUNT(*) > 1")" ]
	# The ledger records the end after the response to the device.
	awaits 'the last one recorded' all_configured
	yields "$T/check" scep-ca check --dir "$HOSTS/a/ca"
}

@test "hosts: the steps of one enrollment at two hosts" {
	start a
	start b
	get_profile "$T/service"
	c=$(plist_key "$T/service" "p['PayloadContent']['Challenge']")
	attributes "$T/plist" UDID=TWO SERIAL=S PRODUCT=iPhone14,5 VERSION=1 \
	    CHALLENGE="$c"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/answer"
	# It starts at one host, continues at the other, and is recorded once.
	here=$URL
	URL=$OTHER_URL post "$T/answer"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/scep"
	URL=$here post "$T/answer"
	[ "$code" = 403 ]
	plist_key "$T/scep" \
	    "p['PayloadContent'][0]['PayloadContent']['Challenge']" > "$T/pw"
	rsa_key "$T/key"
	chmod 600 "$T/key"
	subject=/O=Example,\ Inc./CN=$(sql "SELECT id FROM enrollment")
	scep-request --ca "$ROOT_CA" --key "$T/key" --subject "$subject" \
	    --challenge "file:$T/pw" --state "$T/state" > "$T/msg"
	# The first host's response is lost; the second one sends the same
	# certificate.
	for at in "$URL" "$OTHER_URL"; do
		curl -sS --cacert "$ROOT_CA" --data-binary "@$T/msg" \
		    "$at/scep?operation=PKIOperation" -o "$T/reply"
		scep-response --state "$T/state" --key "$T/key" \
		    --ca "$ROOT_CA" "$T/reply" |
		    openssl x509 -noout -serial
	done | sort -u > "$T/serials"
	[ "$(wc -l < "$T/serials")" -eq 1 ]
	[ "$(sql "SELECT COUNT(*) FROM certificate WHERE
	    purpose = 'identity'")" -eq 1 ]
	stop a
	stop b
}

@test "hosts: devices enroll at both while each stops in turn" {
	start a
	start b
	crowd 1 $((DEVICES / 3))
	done_by $((DEVICES / 6))
	stop a
	crowd_enrolls
	# A device whose first host is down uses the other.
	enroll_at $((DEVICES / 3 + 1)) "$URL" "$OTHER_URL"
	[ "$(tail -n 1 "$T/tries")" = 2 ]
	crowd $((DEVICES / 3 + 2)) $((DEVICES * 2 / 3))
	done_by $((DEVICES / 2))
	start a
	stop b
	crowd_enrolls
	crowd $((DEVICES * 2 / 3 + 1)) "$DEVICES"
	crowd_enrolls
	nothing_twice
}
