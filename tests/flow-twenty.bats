#!/usr/bin/env bats
# Many devices at once, and what an enrollment costs.

load helpers
load flow

setup_file() {
	command -v lighttpd > /dev/null || [ -x /usr/sbin/lighttpd ] ||
	    skip 'lighttpd is not installed'
	make_site
	for u in $(seq 20); do
		add_user "user$u"
	done
	serve
}

teardown_file() {
	unserve
}

@test "twenty: twenty devices at once, each with its own certificate" {
	pids=()
	for n in $(seq 20); do
		mcfg-device "$URL" --cacert "$ROOT_CA" --user "user$n" \
		    --password env:PW --identity "$FACTORY" \
		    --identity-key "$FACTORY_KEY" --udid "UDID-$n" \
		    --serial "SERIAL-$n" -o "$T/$n" 3>&- &
		pids+=("$!")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	for n in $(seq 20); do
		openssl x509 -in "$T/$n/identity.pem" -noout -serial
	done | sort -u > "$T/serials"
	[ "$(wc -l < "$T/serials")" -eq 20 ]
	enrollments "len(j) == 20 and
	    {e['state'] for e in j} == {'configured'} and
	    len({e['certificate'] for e in j}) == 20"
	for n in $(seq 20); do
		enrollments "[e['user'] for e in j if e['udid'] == 'UDID-$n'] ==
		    ['user$n']"
		plist_is "$T/$n/profile.mobileconfig" \
		    "(p['PayloadContent'][1]['PayloadContent']['Subject'][2] ==
		    [['CN', 'user$n']])"
	done
}

@test "twenty: no device reads the profile of another" {
	for n in 1 2; do
		mcfg-device "$URL" --cacert "$ROOT_CA" --user "user$n" \
		    --password env:PW --identity "$FACTORY" \
		    --identity-key "$FACTORY_KEY" -o "$T/$n"
	done
	mcfg-verify --ca "$ROOT_CA" -o "$T/p" "$T/1/09-profile.response"
	refuses 1 '' mcfg-decrypt --key "$T/2/identity-key.pem" \
	    --cert "$T/2/identity.pem" "$T/p"
	yields - mcfg-decrypt --key "$T/1/identity-key.pem" \
	    --cert "$T/1/identity.pem" "$T/p"
}

@test "twenty: one challenge, many answers at once: one goes on" {
	get_profile "$T/service"
	c=$(plist_key "$T/service" "p['PayloadContent']['Challenge']")
	pids=()
	for n in $(seq 8); do
		attributes "$T/plist$n" UDID="RACE-$n" SERIAL="R-$n" \
		    PRODUCT=iPhone14,5 VERSION=1 CHALLENGE="$c"
		sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist$n" "$T/answer$n"
	done
	for n in $(seq 8); do
		curl -sS --cacert "$ROOT_CA" -o "$T/body$n" \
		    -w '%{http_code}\n' --data-binary "@$T/answer$n" \
		    "$URL/profile" > "$T/code$n" 3>&- &
		pids+=("$!")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	cat "$T"/code? > "$T/codes"
	[ "$(grep -cx 200 "$T/codes")" -eq 1 ]
	[ "$(grep -cx 403 "$T/codes")" -eq 7 ]
	enrollments "len([e for e in j
	    if (e['udid'] or '').startswith('RACE')]) == 1"
}

@test "twenty: an enrollment takes at most 19 execve on the server" {
	needs strace
	[ -z "${MCFG_TEST_SANITIZED:-}" ] ||
	    skip 'a CGI is not told that a traced process cannot look for leaks'
	strace -f -o /dev/null true 2> /dev/null || skip 'strace may not trace'
	unserve
	# scep-ca as plain CGI: the server runs it for each request.
	cp -r "$SITE" "$T/site"
	PORT=$(free_port)
	sed -i "s|localhost:[0-9]*|localhost:$PORT|" "$T/site"/*.yaml
	mkdir "$T/scripts"
	cp "$ROOT/scripts/mcfg-serve" "$ROOT/scripts/mcfg.cgi" "$T/scripts"
	python3 - "$ROOT/scripts/lighttpd.conf" "$T/scripts/lighttpd.conf" \
	    <<-'PY'
	import re, sys
	s = open(sys.argv[1]).read()
	a = s.index('\tfastcgi.server')
	b = s.index('\t)\n}\n', a) + 3
	s = s[:a] + ('\talias.url = ("/scep" => env.MCFG_BIN + "/scep-ca")\n'
	    '\tcgi.assign = ("" => "")\n'
	    '\tsetenv.add-environment = ("SCEP_CA_DIR" => var.site + "/ca")\n'
	    ) + s[b:]
	open(sys.argv[2], 'w').write(s)
	PY
	SITE=$T/site URL=https://localhost:$PORT
	real_path=$PATH PATH=$T/scripts:$PATH
	serve
	PATH=$real_path
	strace -f -qq -e trace=execve -e signal=none -o "$T/trace" \
	    -p "$(cat "$SITE/run/lighttpd.pid")" 3>&- 7>&- &
	tracer=$!
	# Attached when the server's own task says who traces it.
	until grep -q "^TracerPid:	$tracer\$" \
	    "/proc/$(cat "$SITE/run/lighttpd.pid")/status"; do :; done
	device "$T/d"
	unserve
	wait "$tracer"
	n=$(grep -c ' = 0$' "$T/trace")
	cat "$T/trace"
	[ "$n" -ge 15 ]
	[ "$n" -le 19 ]
}
