#!/usr/bin/env bats
# The demonstration, as a new user runs it.

load helpers

setup() {
	command -v lighttpd > /dev/null || [ -x /usr/sbin/lighttpd ] ||
	    skip 'lighttpd is not installed'
}

@test "mcfg-demo: shows everything and leaves nothing behind" {
	mkdir "$T/tmp"
	# Proxies and curl's settings must not matter.
	echo 'proxy = "http://127.0.0.1:9"' > "$T/.curlrc"
	http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
	    CURL_HOME=$T TMPDIR=$T/tmp yields "$T/said" mcfg-demo 3>&-
	for text in 'listening on https://localhost:' 'phase 1' 'phase 2' \
	    'phase 3' 'configured' 'EncryptedPayloadContent' \
	    'com.apple.webClip.managed'; do
		grep -qF "$text" "$T/said" || { echo "no $text"; false; }
	done
	# The decrypted payloads come last.
	[ "$(grep -n EncryptedPayloadContent "$T/said" | cut -d: -f1)" -lt \
	    "$(grep -n com.apple.webClip.managed "$T/said" | cut -d: -f1)" ]
	[ -z "$(ls -A "$T/tmp")" ]
}

@test "mcfg-demo: leaves nothing behind if its output is not read" {
	mkdir "$T/tmp"
	for n in 3 12 30; do
		for trap in DFL IGN; do
			TMPDIR=$T/tmp timeout 600 python3 - "$n" "$trap" <<-'PY'
			import signal, subprocess, sys
			how = getattr(signal, 'SIG_' + sys.argv[2])
			p = subprocess.Popen(['mcfg-demo'], stdout=subprocess.PIPE,
			    stderr=subprocess.PIPE, restore_signals=False,
			    preexec_fn=lambda: signal.signal(signal.SIGPIPE, how))
			for _ in range(int(sys.argv[1])): p.stdout.readline()
			p.stdout.close()
			said = p.stderr.read()
			if p.wait() == 0 or said: sys.exit('%d %r' % (p.returncode, said))
			PY
			[ -z "$(ls -A "$T/tmp")" ]
			run grep -lsa "$T/tmp" /proc/[0-9]*/cmdline
			[ -z "$output" ]
		done
	done
}

@test "mcfg-demo: --keep leaves a site that can be served" {
	yields "$T/said" mcfg-demo --keep "$T/kept here" 3>&-
	[ -s "$T/kept here/site/site.yaml" ]
	[ -s "$T/kept here/device/profile.mobileconfig" ]
	[ ! -e "$T/kept here/ready" ]
	refuses 1 'not empty' mcfg-demo --keep "$T/kept here"
}

# This curl reports every port as free, as if another program took it just
# afterwards.
@test "mcfg-demo: another program takes the port first" {
	mkdir "$T/bin"
	cat > "$T/bin/curl" <<-SH
	#!/bin/sh
	for url; do :; done
	case \$url in
	http://*) echo "\$url" >> '$T/asked'; exit 7 ;;
	esac
	exec $(command -v curl) "\$@"
	SH
	chmod 755 "$T/bin/curl"
	# The first port belongs to this program, or to one that was faster.
	cat > "$T/holder" <<-'PY'
	import socket, subprocess, sys
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	try: s.bind(('127.0.0.1', 8443))
	except OSError: pass
	else:
	    s.listen()
	    open(sys.argv[2], 'w').close()
	sys.exit(subprocess.run(['mcfg-demo', '--keep', sys.argv[1]]).returncode)
	PY
	PATH=$T/bin:$PATH yields "$T/said" python3 "$T/holder" "$T/kept" \
	    "$T/held" 3>&-
	[ ! -e "$T/held" ] || [ "$(wc -l < "$T/asked")" -ge 2 ]
	port=$(sed -n 's/.*listening on https:.*:\([0-9]*\).*/\1/p' "$T/said")
	[ "$(tail -n 1 "$T/asked")" = "http://localhost:$port/" ]
	[ "$(mcfg-get --site url "$T/kept/site/site.yaml")" = \
	    "https://localhost:$port" ]
	[ ! -e "$T/kept/faults" ]
}

@test "mcfg-demo: refuses a wrong command line" {
	refuses 2 'unknown option' mcfg-demo --keeps
	refuses 2 'needs a value' mcfg-demo --keep
	refuses 2 'too many' mcfg-demo here
	yields "$T/help" mcfg-demo --help
	grep -q '^usage: mcfg-demo' "$T/help"
	yields - mcfg-demo --version
}
