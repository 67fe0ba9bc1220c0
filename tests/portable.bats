#!/usr/bin/env bats
# A small step to other systems: C by POSIX, another C library, and other shells
# as /bin/sh.

load helpers

setup() {
	[ "${FULL:-0}" != 0 ] || skip 'make check FULL=1 runs it'
	[ -z "${MCFG_TEST_SANITIZED:-}" ] || skip 'it would test the same programs'
}

# compiles COMPILER ARG...: it accepts every file without a warning.
compiles() {
	find "$ROOT/common" "$ROOT/cmd" -name '*.c' | sort |
	    xargs -P 2 -n 24 sh -c 'for f; do
		cd "$0" || exit
		tool=${f#"$0/cmd/"}
		'"$*"' -std=c11 -fsyntax-only -Wall -Wextra \
		    -DMCFG_VERSION="\"0\"" -DMCFG_PQ=1 -DMCFG_ENGINE=1 \
		    -iquote common -iquote "cmd/${tool%%/*}" \
		    $(pkg-config --cflags libplist-2.0 expat yaml-0.1 \
		    jansson sqlite3 libcrypto libpq) "$f" 2>&1
	done' "$ROOT" > "$T/said" || {
		tail "$T/said"
		return 1
	}
	grep -E 'error|warning' "$T/said" | grep -v 'not a directory' && return 1
	return 0
}

@test "portable: POSIX alone is enough" {
	needs gcc
	compiles gcc -D_XOPEN_SOURCE=700
}

@test "portable: musl's headers are enough" {
	needs musl-gcc
	# No C library has the kernel's headers.
	mkdir "$T/kernel"
	ln -s /usr/include/linux "$T/kernel/linux"
	ln -s /usr/include/asm-generic "$T/kernel/asm-generic"
	ln -s "/usr/include/$(gcc -print-multiarch)/asm" "$T/kernel/asm"
	compiles gcc -nostdinc -isystem "$(gcc -print-file-name=include)" \
	    -isystem "/usr/include/$(gcc -print-multiarch | sed 's/gnu/musl/')" \
	    -idirafter "$T/kernel" -idirafter /usr/include \
	    -idirafter "/usr/include/$(gcc -print-multiarch)" \
	    -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE
}

# machine: runs the script on standard input; see tests/machine.
machine() {
	mkdir -p "$T/shared"
	status=0
	timeout -k 5 1800 "$TESTS/machine" "$T/shared" > "$T/said" 2>&1 3>&- ||
	    status=$?
	cat "$T/said"
	[ "$status" -ne 125 ] || skip "not a machine: $(tail -n 1 "$T/said")"
	[ "$status" -eq 0 ]
}

# under SHELL [ARG...]: the demo runs on a machine with that as /bin/sh.
under() {
	local path

	needs "$1"
	needs lighttpd
	path=$(command -v "$1")
	machine <<-SH
	printf '#!%s\nexec %s %s "\$@"\n' /bin/bash "$path" "${*:2}" > /run/sh
	chmod 755 /run/sh
	if [ $# -eq 1 ]; then
		ln -sf "$path" /bin/sh
	else
		mv -f /run/sh /bin/sh
	fi
	export PATH="$MCFG_BIN:$ROOT/scripts:\$PATH" LC_ALL=C
	"$ROOT/scripts/mcfg-demo" > /run/demo 2>&1 || { cat /run/demo; exit 1; }
	grep -q com.apple.webClip.managed /run/demo
	SH
}

@test "portable: the demo runs under dash" { under dash; }
@test "portable: the demo runs under bash" { under bash; }
@test "portable: the demo runs under busybox's ash" { under busybox ash; }
@test "portable: the demo runs under ksh" { under ksh93; }
@test "portable: the demo runs under mksh" { under mksh; }
@test "portable: the demo runs under zsh" { under zsh; }

@test "portable: the demo runs with toybox and the one true awk" {
	needs toybox
	needs original-awk
	mkdir -p "$T/shared/tools"
	local tool

	for tool in $(toybox); do
		ln -s "$(command -v toybox)" "$T/shared/tools/$tool"
	done
	ln -sf "$(command -v original-awk)" "$T/shared/tools/awk"
	rm -f "$T/shared/tools/sh"
	machine <<-SH
	export PATH="/run/shared/tools:$MCFG_BIN:\$PATH" LC_ALL=C
	for tool in sed awk; do
		command -v \$tool | grep -qx "/run/shared/tools/\$tool" || exit 1
	done
	"$ROOT/scripts/mcfg-demo" > /run/demo 2>&1 || { cat /run/demo; exit 1; }
	grep -q com.apple.webClip.managed /run/demo
	SH
}

# A locale with other rules for I and i, a time zone a day ahead, a umask of 0,
# no O_TMPFILE, and only one folder that can be written.
@test "portable: the demo runs in an unusual environment" {
	needs lighttpd
	machine <<-SH
	mkdir /run/locales "/run/a b 'é" /run/home
	! command -v localedef > /dev/null || [ ! -e /usr/share/i18n ] ||
	    localedef -i tr_TR -f UTF-8 /run/locales/tr_TR.UTF-8
	mount -t tmpfs -o ro tmpfs /run/home
	rmdir /dev/shm
	export PATH="$MCFG_BIN:$ROOT/scripts:\$PATH" LOCPATH=/run/locales \
	    LC_ALL=tr_TR.UTF-8 LANGUAGE=tr TZ=Pacific/Apia HOME=/run/home \
	    TMPDIR="/run/a b 'é" LD_PRELOAD="$ROOT/build/preload/poor.so" \
	    MCFG_POOR=tmpfile
	umask 0
	kept="\$TMPDIR/k pt"
	"$ROOT/scripts/mcfg-demo" --keep "\$kept" > /run/demo 2>&1 ||
	    { cat /run/demo; exit 1; }
	grep -q com.apple.webClip.managed /run/demo
	# Only the owner can read the keys and the ledger nevertheless.
	unset LD_PRELOAD
	find "\$kept" -type f -perm /077 -exec grep -l 'PRIVATE KEY' {} + \
	    > /run/open || :
	find "\$kept" -name 'ledger.db*' -perm /077 >> /run/open
	[ ! -s /run/open ] || { cat /run/open; exit 1; }
	SH
}

@test "portable: a directory's password needs /dev/stdin" {
	needs ldapsearch
	mkdir "$T/shared"
	printf 'auth:\n  ldap:\n    base: dc=x\n    filter: (uid=?)\n' \
	    > "$T/shared/site.yaml"
	printf '    url: ldap://127.0.0.1:1\n' >> "$T/shared/site.yaml"
	printf 'secret\n' > "$T/shared/pw"
	chmod 600 "$T/shared/pw"
	cp "$T/shared/site.yaml" "$T/shared/bind.yaml"
	printf '    %s\n' 'bind_dn: cn=x' 'password: file:/run/shared/pw' \
	    >> "$T/shared/bind.yaml"
	machine <<-SH
	export PATH="$MCFG_BIN:$ROOT/scripts:\$PATH" LC_ALL=C
	rm /dev/stdin
	trap 'cat /run/site /run/bind' EXIT
	for f in site bind; do
		facts-ldap --config "/run/shared/\$f.yaml" -- jane 2> "/run/\$f"
		[ \$? -eq 4 ] || exit 1
	done
	grep /dev/stdin /run/bind && ! grep /dev/stdin /run/site
	SH
}
