#!/usr/bin/env bats
# What "make install" installs, and that it works there.

load helpers

# In a folder with a space, and with a umask that excludes others.
setup_file() {
	[ -z "${MCFG_TEST_SANITIZED:-}" ] ||
	    unable 'what make builds by default is installed' || return 0
	export DEST="$BATS_FILE_TMPDIR/the root"
	mkdir "$DEST"
	(umask 077
	    make -s -C "$ROOT" install DESTDIR="$DEST" PREFIX=/usr > /dev/null)
}

# installed TOOL ARG...: runs it, with no other program of ours on PATH.
installed() {
	local tool=$1
	shift
	env -u MCFG_BIN PATH=/usr/bin:/bin "$DEST/usr/bin/$tool" "$@"
}

# names: prints the names of all tools and scripts that are commands.
names() {
	local f

	for f in "$MCFG_BIN"/* "$ROOT"/scripts/mcfg-* "$ROOT"/scripts/scep-* \
	    "$ROOT"/scripts/facts-*; do
		echo "${f##*/}"
	done
}

@test "install: every tool and script runs" {
	names | sort > "$T/names"
	ls "$DEST/usr/bin" > "$T/there"
	diff "$T/names" "$T/there"
	version=$(mcfg-sign --version)
	while read -r n; do
		yields "$T/version" installed "$n" --version
		[[ $(cat "$T/version") == "$n "*"${version##* }" ]]
		yields "$T/help" installed "$n" --help
	done < "$T/names"
}

@test "install: the demo runs" {
	command -v lighttpd > /dev/null || [ -x /usr/sbin/lighttpd ] ||
	    skip 'lighttpd is not installed'
	yields "$T/said" installed mcfg-demo 3>&-
	grep -qF com.apple.webClip.managed "$T/said"
}

@test "install: a missing file is named with its installed path" {
	mkdir "$T/bin"
	for p in sh awk cat grep readlink tr; do
		ln -s "$(command -v $p)" "$T/bin"
	done
	status=0
	env -u MCFG_BIN PATH="$T/bin" "$DEST/usr/bin/mcfg-demo" \
	    > "$T/out" 2> "$T/err" || status=$?
	[ "$status" -eq 4 ]
	grep -q '^mcfg-demo: curl is not installed$' "$T/err"
}

@test "install: the pages are found" {
	for n in $(names) mcfg.cgi; do
		[ -s "$DEST/usr/share/man/man1/$n.1" ]
	done
	for p in "$ROOT"/man/man[157]/*.[157]; do
		cmp "$p" "$DEST/usr/share/man/man${p##*.}/${p##*/}"
	done
	needs man
	for p in "$ROOT"/man/man[157]/*.[157]; do
		name=${p##*/}
		found=$(man -M "$DEST/usr/share/man" -w "${p##*.}" \
		    "${name%.*}")
		[ "$found" = "$DEST/usr/share/man/man${p##*.}/$name" ]
	done
}

@test "install: the shells can read the completions" {
	for n in $(names); do
		bash -n "$DEST/usr/share/bash-completion/completions/$n"
		[ -s "$DEST/usr/share/zsh/site-functions/_$n" ]
		[ -s "$DEST/usr/share/fish/vendor_completions.d/$n.fish" ]
	done
	if command -v zsh > /dev/null; then
		zsh -n "$DEST"/usr/share/zsh/site-functions/_*
	fi
	if command -v fish > /dev/null; then
		fish -n "$DEST"/usr/share/fish/vendor_completions.d/*.fish
	fi
}

@test "install: files are readable by all, whatever the umask" {
	[ -z "$(find "$DEST" -mindepth 1 -type d ! -perm 755)" ]
	[ -z "$(find "$DEST" -type f ! -perm 755 ! -perm 644)" ]
	[ -z "$(find "$DEST/usr/bin" -type f ! -perm 755)" ]
	[ -x "$DEST/usr/libexec/mcfg/mcfg.cgi" ]
}

@test "install: units and helpers follow PREFIX, and uninstall leaves data" {
	make -s -C "$ROOT" install DESTDIR="$T/a root" PREFIX=/opt/mcfg \
	    > /dev/null
	cd "$T/a root"
	[ "$(ls)" = opt ]
	grep -q '^ExecStart=/opt/mcfg/bin/mcfg-serve /var/lib/mcfg/%i' \
	    opt/mcfg/lib/systemd/system/mcfg-serve@.service
	grep -q 'fcgiwrap .* /opt/mcfg/libexec/mcfg/mcfg.cgi ' \
	    opt/mcfg/lib/systemd/system/mcfg-pages@.service
	run -1 grep -rE '/usr/(bin/(mcfg|scep)|libexec)' opt/mcfg/lib
	echo theirs > opt/mcfg/bin/theirs
	mkdir -p opt/mcfg/share/man/man1 var/lib/mcfg/site
	echo theirs > var/lib/mcfg/site/ledger.db
	make -s -C "$ROOT" uninstall DESTDIR="$T/a root" PREFIX=/opt/mcfg
	find . ! -type d | sort > "$T/left"
	diff "$T/left" - <<-'END'
	./opt/mcfg/bin/theirs
	./var/lib/mcfg/site/ledger.db
	END
	[ -z "$(find . -name 'mcfg*' ! -path './var/*' ! -path ./opt/mcfg)" ]
}
