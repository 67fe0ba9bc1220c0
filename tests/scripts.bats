#!/usr/bin/env bats
# What the scripts share, scripts/lib.sh.

load helpers
load flow

@test "scripts: a symbolic link to one is that script" {
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

@test "scripts: the same when they are installed" {
	make -s -C "$ROOT" O=build install PREFIX="$T/opt/mcfg" > /dev/null
	mkdir "$T/bin"
	(cd "$T/bin" && ln -s ../opt/mcfg/bin/* .)
	(unset MCFG_BIN; PATH=$T/bin:/usr/bin:/bin; mcfg-demo 3>&-) > "$T/said"
	grep -q configured "$T/said"
}

@test "scripts: a secret that is missing is named" {
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

@test "scripts: a folder that may not be entered is a folder" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root to be somebody else'
	mkdir -m 700 "$T/site" "$T/up"
	mkdir -m 755 "$T/up/site"
	chmod 711 "$T" "${T%/*}" "${T%/*/*}"
	for dir in "$T/site" "$T/up/site"; do
		for c in "mcfg-serve $dir" "mcfg-site $dir --renew tls" \
		    "mcfg-site $dir --web nginx" "$ROOT/scripts/web/workers $dir"
		do
			# shellcheck disable=SC2086 # words
			run -4 --separate-stderr setpriv --reuid 65534 \
			    --regid 65534 --clear-groups -- $c
			# shellcheck disable=SC2154 # of run
			[[ $stderr == *"$dir: cannot enter"*"Permission denied" ]]
		done
	done
}

@test "scripts: options, switches and operands" {
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

@test "scripts: sed is given nothing that only GNU's knows" {
	# \r and \t are letters to others; others lack -i and -r, too.
	run -1 grep -rnE 'sed [^|]*\\[rtx]|sed -[a-zE]*[ir]' \
	    "$ROOT/scripts" --exclude-dir=packaging
}
