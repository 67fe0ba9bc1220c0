#!/usr/bin/env bats
# Root on paths that others control in part: no program writes anything there.

load helpers
load flow

setup_file() {
	[ "$(id -u)" -eq 0 ] || unable 'needs root' || return 0
	needs setpriv || return 0
	export PW='correct horse'
	make_site
}

setup() {
	able
	# Others cannot enter the folder of bats.
	top=$(mktemp -d /tmp/mcfg-root.XXXXXX)
	chmod 711 "$top"
	# Root's folders, with everything that a program may look for.
	cp -r "$SITE" "$top/site"
	mkdir "$top/empty" "$top/theirs"
	echo precious > "$top/empty.txt"
	cp "$PKI/signer.key" "$top/key"
	chown nobody:nogroup "$top/theirs"
	as_nobody test -x "$MCFG_BIN/scep-ca" -a -x "$top/theirs" ||
	    skip 'another user cannot reach this folder'
	cd "$top" || return 1
}

teardown() {
	cd /
	[ -z "${top:-}" ] || rm -rf "$top"
}

as_nobody() {
	setpriv --reuid nobody --regid nogroup --clear-groups "$@"
}

# state: prints owner, mode, target and content of every file below $top.
state() {
	find "$top" -printf '%P %u %g %m %l %T@\n' | sort
	find "$top" -type f -exec cksum {} + | sort
}

# arranged NAME: prints paths to root's folder NAME, each of which others
# control in part.
arranged() {
	local name=$1 mode

	# Their link.
	as_nobody ln -sfn "$top/$name" theirs/link
	echo "$top/theirs/link"
	echo theirs/link
	echo "$top/theirs/../theirs/./link"
	# Their link behind root's, or further up.
	ln -sfn theirs/link own
	echo "$top/own"
	as_nobody ln -sfn "$top" theirs/up
	echo "$top/theirs/up/$name"
	echo "theirs/up/theirs/up/$name"
	as_nobody ln -sfn ../ theirs/dots
	echo "$top/theirs/dots/$name"
	# Root's folder in theirs, which they can move away.
	mkdir -p theirs/moved
	cp -r "$name" theirs/moved/
	echo "$top/theirs/moved/$name"
	# Folders in which everybody or a group may rename files.
	for mode in 777 775; do
		mkdir -p "$top/open$mode"
		cp -r "$name" "$top/open$mode/"
		chgrp nogroup "$top/open$mode"
		chmod "$mode" "$top/open$mode"
		echo "$top/open$mode/$name"
	done
}

# harmless STATUS COMMAND...: it is refused, and changes nothing.
harmless() {
	local want=$1 before
	shift

	before=$(state)
	_run timeout 600 "$@"
	if [ "$status" -ne "$want" ] || [ "$(state)" != "$before" ] ||
	    ! grep -qE 'root|belongs to nobody|others than root' "$T/stderr"
	then
		_show "$@"
		state | diff <(echo "$before") -
		return 1
	fi
}

@test "root: makes no site where others could put a link" {
	arranged empty > "$T/paths"
	[ -s "$T/paths" ]
	while read -r path; do
		harmless 1 mcfg-site "$path"
		harmless 1 mcfg-site "$path/new"
		harmless 1 scep-ca init --dir "$path" --subject /CN=x
		harmless 1 scep-ca init --dir "$path/new" --subject /CN=x
		harmless 1 mcfg-demo --keep "$path/new"
		harmless 1 mcfg-site "$top/none/../${path#"$top/"}/new"
		harmless 1 mcfg-demo --keep "none/../${path#"$top/"}/new"
	done < "$T/paths"
}

@test "root: changes no site that others could have chosen" {
	arranged site > "$T/paths"
	[ -s "$T/paths" ]
	while read -r path; do
		for what in "mcfg-site $path --renew tls" \
		    "mcfg-site $path --renew signer" \
		    "mcfg-site --web nginx $path" \
		    "mcfg-site --web apache $path" \
		    "mcfg-serve $path --port 1" \
		    "$ROOT/scripts/web/workers $path" \
		    "scep-ca crl --dir $path/ca" \
		    "scep-ca challenge --dir $path/ca" \
		    "scep-ca rollover --dir $path/ca" \
		    "mcfg-enrollment start --config $path/site.yaml --user=x" \
		    "mcfg-enrollment purge --config $path/site.yaml --older 1d"
		do
			# shellcheck disable=SC2086 # words
			harmless 1 $what
		done
	done < "$T/paths"
}

@test "root: a simulated device and a SCEP client write nothing there" {
	arranged empty > "$T/paths"
	[ -s "$T/paths" ]
	while read -r path; do
		harmless 1 mcfg-device https://localhost:1/ --user u \
		    --password env:PW --cacert "$PKI/root.pem" -o "$path"
		harmless 1 scep-enroll http://localhost:1/ --subject /CN=x \
		    --key "$top/key" --trace "$path/new"
	done < "$T/paths"
}

@test "root: output never follows another user's link" {
	cp "$PKI/root.pem" "$top/cert"
	cat > "$top/p" <<-'XML'
	<plist><dict><key>PayloadType</key><string>x</string></dict></plist>
	XML
	as_nobody ln -s "$top/empty.txt" theirs/file
	as_nobody ln -s "$top/empty" theirs/dir
	as_nobody ln -s "$top/none" theirs/dangling
	ln -s theirs/file own
	for out in theirs/file "$top/theirs/file" theirs/dir/x \
	    theirs/dangling own theirs/../theirs/dir/../theirs/file; do
		harmless 1 mcfg-get --json -o "$out" PayloadType "$top/p"
		harmless 1 mcfg-inspect -o "$out" "$top/cert"
		harmless 1 mcfg-sign --cert "$PKI/signer.pem" --chain \
		    "$PKI/chain.pem" --key "$PKI/signer.key" -o "$out" "$top/p"
		harmless 1 mcfg-encrypt --recipient "$PKI/client.pem" \
		    -o "$out" "$top/p"
		harmless 1 scep-request --ca "$top/site/ca/cert.pem" \
		    --key "$top/key" --subject /CN=x --state "$out"
	done
	harmless 1 mcfg-sign --cert "$PKI/signer.pem" \
	    --chain "$PKI/chain.pem" --key "$PKI/signer.key" --out-dir theirs/dir "$top/p"
	# A path without links is root's decision, as with any program.
	mcfg-inspect -o theirs/plain "$top/cert"
	[ -s theirs/plain ]
}

@test "root: root's own folders, and those of an owner, work" {
	mkdir real
	ln -s real way
	ln -s "$top/way/../way" again
	yields - mcfg-site "$top/again/s" --user jane --password env:PW
	[ -s real/s/ca/cert.pem ]
	[ -z "$(find real ! -user root)" ]
	# A folder for everybody with a sticky bit, like /tmp.
	mkdir -m 1777 sticky
	scep-ca init --dir sticky/ca --subject /CN=x
	[ -s sticky/ca/cert.pem ]
	# Their folder, through their link and root's.
	as_nobody mkdir theirs/home
	as_nobody ln -s home theirs/link
	ln -s theirs/link own
	yields - mcfg-site own/s --user jane --password env:PW
	[ -s theirs/home/s/ca/cert.pem ]
	[ -z "$(find theirs ! -user nobody)" ]
	# But not through their link to somebody else's folder.
	as_nobody ln -s "$top/third" theirs/third
	mkdir third
	chown daemon:daemon third
	harmless 1 mcfg-site theirs/third
}

# on_terminal COMMAND...: runs it on a terminal of its session, on which Ctrl-C
# is typed once it has written "ready".  Ends with its status.
on_terminal() {
	python3 - "$@" <<-'PY'
	import os, pty, sys
	pid, fd = pty.fork()
	if pid == 0:
	    os.execvp(sys.argv[1], sys.argv[1:])
	seen, typed = b'', False
	while True:
	    try: got = os.read(fd, 4096)
	    except OSError: break
	    if not got: break
	    seen += got
	    if b'ready' in seen and not typed:
	        os.write(fd, b'\x03')
	        typed = True
	sys.stdout.write(seen.decode())
	sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
	PY
}

# Programs of the owner could otherwise type commands there (TIOCSTI).
@test "root: programs that run as a folder's owner have no terminal" {
	local status=0

	mkdir bin
	ln -s "$MCFG_BIN"/* bin
	rm bin/mcfg-get
	cat > bin/mcfg-get <<-SH
	#!/bin/sh
	{ true < /dev/tty; } 2> /dev/null && : > '$top/theirs/terminal'
	: > '$top/theirs/asked'
	exec '$MCFG_BIN/mcfg-get' "\$@"
	SH
	chmod +x bin/mcfg-get
	on_terminal bin/mcfg-get --version
	rm theirs/terminal theirs/asked
	cp -r site theirs/site
	chown -R nobody:nogroup theirs/site
	MCFG_BIN=$top/bin on_terminal mcfg-site "$top/theirs/site" \
	    --renew signer
	[ -e theirs/asked ]
	[ ! -e theirs/terminal ]
	# The end, and the status, are those of the program.
	cat > run <<-SH
	me=run owner='$(id -u nobody) $(id -g nobody)'
	. '$ROOT/scripts/lib.sh'
	. '$ROOT/scripts/owner.sh'
	as_owner sh -c 'echo ready; exec cat'
	SH
	on_terminal sh run || status=$?
	[ "$status" -eq 143 ]
	sed -i "s/^as_owner.*/as_owner sh -c 'exit 5'/" run
	status=0
	on_terminal sh run || status=$?
	[ "$status" -eq 5 ]
}

@test "root: the owner's programs do not get root's environment" {
	local kept
	local -a secret=(PGPASSWORD=hush "AWS_SECRET_ACCESS_KEY=hush
PATH=hush" SSH_AUTH_SOCK=/hush PWX=hush XPW=hush)
	local -a known=(TZ=Europe/Berlin SSL_CERT_FILE=/cert LC_TIME=C
	    TERM=dumb)

	mkdir bin
	ln -s "$MCFG_BIN"/* bin
	rm bin/mcfg-get
	cat > bin/mcfg-get <<-SH
	#!/bin/sh
	[ "\$(id -u)" -eq 0 ] || env > '$top/theirs/seen'
	exec '$MCFG_BIN/mcfg-get' "\$@"
	SH
	chmod +x bin/mcfg-get
	cp -r site theirs/site
	chown -R nobody:nogroup theirs/site
	run -0 env "${secret[@]}" "${known[@]}" MCFG_BIN="$top/bin" \
	    mcfg-site "$top/theirs/site" --web nginx
	run -1 grep -i hush theirs/seen
	for kept in "${known[@]}" USER=nobody LOGNAME=nobody \
	    "HOME=$(getent passwd nobody | cut -d : -f 6)"; do
		grep -qxF "$kept" theirs/seen
	done
	# What the command line names is passed, and nothing similar.
	run -0 env "${secret[@]}" PW='the user' mcfg-site \
	    "$top/theirs/site" --add-user ann --password=env:PW
	grep -q '^ann:' theirs/site/users.htpasswd
	cat > run <<-SH
	me=run owner='$(id -u nobody) $(id -g nobody)'
	. '$ROOT/scripts/lib.sh'
	. '$ROOT/scripts/owner.sh'
	as_owner sh -c env x env:PW --a=env:PW2
	SH
	run -0 env "${secret[@]}" PW='* a' PW2='b;' sh run
	grep -qxF 'PW=* a' <<< "$output"
	grep -qxF 'PW2=b;' <<< "$output"
	run -1 grep -i hush <<< "$output"
}
