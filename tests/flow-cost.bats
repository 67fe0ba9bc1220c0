#!/usr/bin/env bats
# The cost of an enrollment.

load helpers
load flow

setup_file() {
	needs_web || return 0
	make_site
	serve
}

teardown_file() {
	unserve
}

@test "cost: an enrollment takes at most 21 execve on the server" {
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
	cp -R "$ROOT/scripts/mcfg-serve" "$ROOT/scripts/mcfg.cgi" \
	    "$ROOT"/scripts/*.sh "$ROOT/scripts/web" "$T/scripts"
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
	SITE=$T/site
	export URL=https://localhost:$PORT
	real_path=$PATH PATH=$T/scripts:$PATH
	serve
	PATH=$real_path
	strace -f -qq -e trace=execve -e signal=none -o "$T/trace" \
	    -p "$(cat "$SITE/run/lighttpd.pid")" 3>&- 7>&- &
	tracer=$!
	# Wait until the tracer is attached.
	awaits -p "$tracer" 'the tracer' grep -q "^TracerPid:	$tracer\$" \
	    "/proc/$(cat "$SITE/run/lighttpd.pid")/status"
	enroll "$T/d"
	unserve
	wait "$tracer"
	# The server may start the filter of its access log after the first
	# connections; that program does not belong to a request.
	n=$(grep -v -e accesses -e --hide-tokens "$T/trace" | grep -c ' = 0$')
	cat "$T/trace"
	[ "$n" -ge 15 ]
	[ "$n" -le 21 ]
}
