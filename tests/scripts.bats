#!/usr/bin/env bats
# What the scripts share: scripts/lib.sh.

load helpers
load flow

@test "scripts: work through symbolic links" {
	mkdir "$T/bin" "$T/more"
	for f in "$ROOT"/scripts/mcfg-* "$ROOT"/scripts/scep-enroll \
	    "$ROOT"/scripts/facts-ldap "$ROOT"/scripts/web/workers; do
		ln -s "$f" "$T/bin/"
		ln -s "../bin/${f##*/}" "$T/more/"
		for way in "$T/bin/${f##*/}" "$T/more/${f##*/}"; do
			(unset MCFG_BIN; "$way" --help) > "$T/help"
			grep -q "^usage: ${f##*/}" "$T/help"
		done
	done
	PW=secret "$T/more/mcfg-site" "$T/site" --user jane --password env:PW
	PATH=$T/more:$PATH mcfg-site "$T/other" > /dev/null
	PATH=$T/more:$PATH mcfg-demo 3>&- > "$T/said"
	grep -q configured "$T/said"
}

@test "scripts: work when they are installed" {
	make -s -C "$ROOT" O=build install PREFIX="$T/opt/mcfg" > /dev/null
	mkdir "$T/bin"
	(cd "$T/bin" && ln -s ../opt/mcfg/bin/* .)
	(unset MCFG_BIN; PATH=$T/bin:/usr/bin:/bin; mcfg-demo 3>&-) > "$T/said"
	grep -q configured "$T/said"
}

@test "scripts: name a secret that is missing" {
	unset NOPW
	NOPW=secret
	refuses 2 'NOPW is not set (export NOPW)' mcfg-site "$T/a" \
	    --user jane --password env:NOPW
	refuses 2 'NOPW is not set (export NOPW)' mcfg-device \
	    https://localhost:1/ --cacert "$PKI/root.pem" --user jane \
	    --password env:NOPW -o "$T/b"
	export NOPW=
	refuses 3 'empty' mcfg-device https://localhost:1/ \
	    --cacert "$PKI/root.pem" --user jane --password env:NOPW -o "$T/b"
	refuses 4 'cannot be read' mcfg-site "$T/a" --user jane \
	    --password "file:$T/none"
	refuses 3 'empty' mcfg-site "$T/a" --user jane --password fd:8
	[ ! -e "$T/a" ]
	[ ! -e "$T/b" ]
}

@test "scripts: report a folder that they may not enter" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root to be somebody else'
	mkdir -m 700 "$T/site" "$T/up"
	mkdir -m 755 "$T/up/site"
	chmod 711 "$T" "${T%/*}" "${T%/*/*}"
	# The other user may not be able to reach the checkout.
	cp -R "$ROOT/scripts" "$T/scripts"
	cp -RL "$MCFG_BIN" "$T/bin"
	chmod -R a+rX "$T/scripts" "$T/bin"
	export MCFG_BIN=$T/bin PATH=$T/scripts:$T/bin:$PATH
	for dir in "$T/site" "$T/up/site"; do
		for c in "mcfg-serve $dir" "mcfg-site $dir --renew tls" \
		    "mcfg-site $dir --web nginx" "$T/scripts/web/workers $dir"
		do
			# shellcheck disable=SC2086 # words
			run -4 --separate-stderr setpriv --reuid 65534 \
			    --regid 65534 --clear-groups -- $c
			# shellcheck disable=SC2154 # of run
			[[ $stderr == *"$dir: cannot enter"*"Permission denied" ]]
		done
	done
}

@test "scripts: judge options, switches and operands" {
	d=(mcfg-device --cacert x --user a --password env:PW)
	refuses 2 "unknown option '--cacert --user'" mcfg-device '--cacert --user'
	refuses 2 "unknown option '-o=x'" mcfg-device -o=x
	refuses 2 'takes no value' mcfg-device --allow-des=yes
	refuses 2 'is given twice' mcfg-device --allow-des --allow-des
	refuses 2 'needs a value' mcfg-device --user
	refuses 2 'is empty' mcfg-device --user=
	refuses 2 "unknown option '--use'" mcfg-device --use a
	refuses 2 "'--user'" "${d[@]}" -- --user
	refuses 2 'URL is given twice' "${d[@]}" https://a/ https://b/
}

@test "scripts: give sed nothing that only GNU sed understands" {
	# Others take \r and \t as letters, and lack \|, -i, -r and -u.
	run -1 grep -rnE 'sed [^|]*\\[rtx]|sed .*\\\||sed -[a-zE]*[iru]' \
	    "$ROOT/scripts" --exclude-dir=packaging
}

@test "scripts: call nothing that only some systems have" {
	# packaging is for Debian and systemd only.
	run -1 grep -rnE --exclude-dir=packaging --exclude=deps \
	    -e '\bbase64 (-d|-D|--decode)' -e '\b(mapfile|readarray)\b [^,]' \
	    -e '\bdate (-d|-I|--date)' -e '\bgrep -[a-zA-Z]*P' -e '\b(seq|tac|shuf|nproc) ' \
	    "$ROOT/scripts"
}

# shells: prints the commands of the shells that are installed.
shells() {
	while read -r shell; do
		! command -v "${shell%% *}" > /dev/null || echo "$shell"
	done <<-'SH'
	dash
	bash --posix
	busybox ash
	ksh93
	mksh
	zsh --emulate sh
	SH
}

# logged SCRIPT LOG: under every shell, the script writes the same log for the
# lines of lighttpd in $T/lines; it is put into $T/logged.
logged() {
	shells > "$T/shells"
	[ -s "$T/shells" ]
	mkdir -p "$T/site/log"
	rm -f "$T/logged"
	while read -r sh; do
		# shellcheck disable=SC2086 # words
		MCFG_SITE=$T/site $sh "$ROOT/scripts/web/$1" < "$T/lines"
		[ -e "$T/logged" ] || cp "$T/site/log/$2" "$T/logged"
		cmp "$T/logged" "$T/site/log/$2"
		rm "$T/site/log/$2"
	done < "$T/shells"
}

@test "scripts: keep what was typed out of lighttpd's error log" {
	cat > "$T/lines" <<-'LOG'
	(mod_auth.c.863) password doesn't match for /enroll username: SECRET IP: x IP: 192.0.2.1
	(mod_auth.c.863) password doesn't match for /enroll username:  username: SECRET IP: 192.0.2.1
	(mod_auth.c.811) decoding base64-string failed SECRET SECRET
	(mod_auth.c.817) missing ':' in password doesn't match for username: SECRET IP: SECRET
	(mod_authn_ldap.c.629) ldap: Timed out; filter: (uid=SECRET)
	(mod_authn_ldap.c.540) ldap: ldap_start_tls_s(): Connect error
	(mod_authn_ldap.c.658) ldap: two; you might have to refine the filter: SECRET
	(request.c.1) invalid /i/SECRET?x=1 and /x/i/SECRET/%69/SECRET here
	(request.c.1) invalid /i;SECRETsecretSECRET and /iSECRETsecretSECRET here
	(request.c.1) invalid /i SECRETsecretSECRET here
	(server.c.1) server started (lighttpd/1.4.79) \n \\ %s
	LOG
	logged error-log error.log
	cat > "$T/expected" <<-'LOG'
	(mod_auth.c.863) password doesn't match for /enroll username: - IP: 192.0.2.1
	(mod_auth.c.863) password doesn't match for /enroll username: - IP: 192.0.2.1
	(mod_auth.c.811) decoding base64-string failed -
	(mod_auth.c.817) missing ':' in -
	(mod_authn_ldap.c.629) ldap: Timed out; filter: -
	(mod_authn_ldap.c.540) ldap: ldap_start_tls_s(): Connect error
	(mod_authn_ldap.c.658) ldap: two; you might have to refine the filter: -
	(request.c.1) invalid /i/-?x=1 and /x/i/- here
	(request.c.1) invalid /i;- and /- here
	(request.c.1) invalid /i - here
	(server.c.1) server started (lighttpd/1.4.79) \n \\ %s
	LOG
	diff "$T/expected" "$T/logged"
}
