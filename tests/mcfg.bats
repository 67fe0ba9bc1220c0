#!/usr/bin/env bats
# The command that lists the tools and runs one.

load helpers

@test "mcfg: lists every tool with the description of its manual page" {
	yields "$T/list" mcfg
	for page in "$ROOT"/man/man1/*.1; do
		name=${page##*/} name=${name%.1}
		case $name in mcfg|mcfg.cgi|facts-ldap) continue ;; esac
		printf '%-20s  %s\n' "${name/#mcfg-/mcfg }" \
		    "$(sed -n 's/^\.Nd //p' "$page")"
	done | sort > "$T/want"
	sort "$T/list" | diff "$T/want" -
}

@test "mcfg: runs a tool with its arguments, input and environment, and returns its status" {
	printf '<plist version="1.0"><string>a b</string></plist>' > "$T/p"
	yields "$T/out" mcfg get . < "$T/p"
	[ "$(cat "$T/out")" = 'a b' ]
	yields "$T/out" mcfg get . -- "$T/p"
	_run mcfg lint --json - < "$T/p"
	[ "$status" -eq 1 ]
	json_is "$T/stdout" 'j["errors"] == 1'
	SOURCE_DATE_EPOCH=x _run mcfg lint "$T/p"
	[ "$status" -eq 2 ]
	yields "$T/out" mcfg lint --version
	grep -q '^mcfg-lint (mcfg) ' "$T/out"
	yields "$T/out" mcfg site --help
	refuses 2 'unknown option' mcfg --json lint
}

@test "mcfg: refuses an unknown tool" {
	for name in lnt mcfg-lint ../bin/mcfg-lint LINT '' 'a b' $'l\nint'; do
		refuses 2 'no tool' mcfg "$name"
	done
}

@test "mcfg: prefers the tools beside it to those in PATH, even through a link" {
	mkdir "$T/bin" "$T/other"
	cp "$(command -v mcfg)" "$T/bin/mcfg"
	for dir in bin other; do
		printf '#!/bin/sh\necho %s "$@"\n' "$dir" > "$T/$dir/mcfg-lint"
		chmod +x "$T/$dir/mcfg-lint"
	done
	ln -s "$T/bin/mcfg" "$T/other/mcfg"
	for self in "$T/bin/mcfg" "$T/other/mcfg"; do
		PATH=$T/other:$PATH yields "$T/out" "$self" lint x
		[ "$(cat "$T/out")" = 'bin x' ]
	done
	PATH=$T/other:$PATH yields "$T/out" mcfg lint 'x y'
	[ "$(cat "$T/out")" = 'bin x y' ]
	rm "$T/bin/mcfg-lint"
	PATH=$T/other:$PATH yields "$T/out" "$T/bin/mcfg" lint
	[ "$(cat "$T/out")" = other ]
	# A tool that is not installed is not listed.
	yields "$T/out" env PATH="$T/other" "$T/bin/mcfg"
	[ "$(cut -c1-9 "$T/out")" = 'mcfg lint' ]
}
