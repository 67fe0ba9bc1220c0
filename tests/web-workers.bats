#!/usr/bin/env bats
# The workers behind nginx or Apache, when a process other than the web server
# uses their socket: it may choose the request, but not what is run.

load helpers
export WEB=nginx
load flow

setup_file() {
	for p in multiwatch spawn-fcgi fcgiwrap; do
		needs "$p" || return 0
	done
	make_site
	start_workers
}

teardown_file() {
	unserve
}

# asks [NAME=VALUE...]: requests /enroll as jane, with these variables; the
# answer is in $T/answer.  $T/seen is emptied: the facts program writes to it.
asks() {
	: > "$T/seen"
	python3 "$ROOT/tests/fcgi.py" "$SITE/web/pages.sock" \
	    REQUEST_METHOD=GET PATH_INFO=/enroll REMOTE_USER=jane \
	    REMOTE_ADDR=192.0.2.7 SCRIPT_FILENAME="${PROGRAM:-$ROOT/scripts/mcfg.cgi}" \
	    "$@" < /dev/null > "$T/answer"
}

# theirs: makes a folder with the client's tools, which make $T/ran if they run.
theirs() {
	mkdir -p "$T/theirs"
	for tool in mcfg-get mcfg-sign mcfg-enrollment mcfg-service-payload \
	    openssl env base64 ldapsearch; do
		printf '#!/bin/sh\necho ran >> "%s"\nexit 1\n' "$T/ran" \
		    > "$T/theirs/$tool"
		chmod +x "$T/theirs/$tool"
	done
	rm -f "$T/ran"
}

# enrolls: the answer is the site's profile, and no tool of the client ran.
enrolls() {
	grep -qa '^Content-Type: application/x-apple-aspen-config' \
	    "$T/answer" || { cat "$T/answer" "$SITE/log/mcfg.log"; return 1; }
	[ ! -e "$T/ran" ]
}

@test "workers: a client of the socket does not choose the tools" {
	theirs
	asks
	enrolls
	asks MCFG_BIN="$T/theirs"
	enrolls
	asks PATH="$T/theirs:/usr/bin:/bin"
	enrolls
	asks MCFG_BIN="$T/theirs" PATH="$T/theirs" FCGI_ROLE=x PPID=1
	enrolls
}

@test "workers: a client of the socket does not choose the site" {
	mkdir "$T/site"
	asks MCFG_SITE="$T/site"
	enrolls
}

@test "workers: pass no other variables to programs" {
	cp "$SITE/site.yaml" "$T/kept"
	printf '#!/bin/sh\nenv >> "%s"\necho "{}"\n' "$T/seen" > "$SITE/facts"
	chmod +x "$SITE/facts"
	echo 'facts: ./facts' >> "$SITE/site.yaml"
	for v in ENV BASH_ENV CDPATH IFS TMPDIR OPENSSL_CONF PGHOST LDAPRC LDAPTLS_CACERT HOME2 http_proxy \
	    HTTP_X SSL_CERT_FILE user path line 'BASH_FUNC_x%%'; do
		asks "$v=mark-1"
		enrolls
		grep -q '^MCFG_SITE=' "$T/seen"
		run -1 grep mark-1 "$T/seen"
	done
	printf 'openssl_conf = a\n[a]\nproviders = none\n' > "$T/cnf"
	asks OPENSSL_CONF="$T/cnf" MCFG_LEDGER=x
	enrolls
	asks PYTHONPATH=$'x\nexport PATH=\nexport MCFG_SITE=' HOME=/mark-1
	enrolls
	run -1 grep mark-1 "$T/seen"
	cp "$T/kept" "$SITE/site.yaml"
}

@test "workers: run only their own programs" {
	[ "${FORM:-cgi}" = cgi ] || skip 'mcfg-service runs no program of a request'
	printf '#!/bin/sh\necho ran >> "%s"\n' "$T/ran" > "$T/program"
	chmod +x "$T/program"
	PROGRAM=$T/program asks
	run -1 enrolls
	[ ! -e "$T/ran" ]
}

@test "workers: login.cgi wants a password from everybody" {
	PROGRAM=$ROOT/scripts/web/login.cgi asks MCFG_USER_KNOWN=yes
	grep -qa '^Status: 401' "$T/answer"
}

@test "workers: a site has only one set of them, in every shell" {
	local shell

	for shell in dash 'bash --posix' mksh ksh93 'zsh --emulate sh'; do
		command -v "${shell%% *}" > /dev/null || continue
		# shellcheck disable=SC2086 # words
		run -1 timeout 600 $shell "$ROOT/scripts/web/workers" "$SITE"
		echo "$shell: $output"
		[[ $output == *already* ]]
		[[ $output != *'ad file descriptor'* ]]
	done
}

@test "workers: a multiwatch that does not stop is asked again" {
	local watcher

	cp -a "$SITE" "$T/site"
	rm -rf "$T/site/web"
	mkdir "$T/bin"
	# The real one waits for ever if a worker dies while it stops.
	cat > "$T/bin/multiwatch" <<-'SH'
	#!/bin/bash
	n=0
	trap '((++n < 2)) || exit 0' TERM
	while :; do read -rt 60 <> <(:) || :; done
	SH
	chmod +x "$T/bin/multiwatch"
	PATH=$T/bin:$PATH "$ROOT/scripts/web/workers" "$T/site" \
	    > "$T/said" 2>&1 3>&- &
	watcher=$!
	awaits -p "$watcher" 'the workers' grep -q listening "$T/said"
	kill -TERM "$watcher"
	awaits "the end of $watcher" gone "$watcher"
}

@test "workers: start and stop without /proc" {
	local status=0

	mkdir "$T/shared"
	cp -a "$SITE" "$T/shared/site"
	timeout -k 5 600 "$TESTS/machine" "$T/shared" > "$T/said" 2>&1 3>&- \
	    <<-SH || status=$?
	export PATH="$MCFG_BIN:$PATH" LC_ALL=C
	cp -a /run/shared/site /run/site
	rm -rf /run/site/web
	umount -l /proc
	mkfifo /run/said
	"$ROOT/scripts/web/workers" /run/site > /run/said &
	workers=\$!
	read -r line < /run/said
	echo "\$line"
	[ "\$line" = 'listening in /run/site/web' ] || exit 1
	[ -S /run/site/web/pages.sock ] && [ -S /run/site/web/scep.sock ] || exit 1
	kill -TERM "\$workers"
	wait "\$workers"
	SH
	cat "$T/said"
	[ "$status" -ne 125 ] || skip "not a machine: $(tail -n 1 "$T/said")"
	[ "$status" -eq 0 ]
}
