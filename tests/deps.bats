#!/usr/bin/env bats
# scripts/deps, with an apt that only prints its arguments.

load helpers

setup() {
	mkdir "$T/bin" "$T/etc"
	# have: lists the packages that are installed.
	cat > "$T/bin/dpkg-query" <<-SH
	#!/bin/sh
	for p; do
		case \$p in -*|*'\${'*) continue ;; esac
		grep -qx "\$p" '$T/have' && echo "installed \$p"
	done
	exit 0
	SH
	cat > "$T/bin/apt-get" <<-SH
	#!/bin/sh
	echo "\$*" >> '$T/asked'
	case \$1 in
	update) touch '$T/updated' ;;
	install) [ ! -e '$T/stale' ] || [ -e '$T/updated' ] ;;
	esac
	SH
	cat > "$T/bin/id" <<-SH
	#!/bin/sh
	cat '$T/uid'
	SH
	printf '#!/bin/sh\nexit 100\n' > "$T/bin/apt-cache"
	chmod +x "$T/bin"/*
	: > "$T/have"
	echo 0 > "$T/uid"
	# The policy file of this machine must not change.
	sed "s|^POLICY=.*|POLICY=$T/etc/policy-rc.d|" "$ROOT/scripts/deps" \
	    > "$T/deps"
	chmod +x "$T/deps"
}

deps() {
	PATH=$T/bin:$PATH run "$T/deps" "$@"
}

everything() {
	deps "$@"
	sed -n 's/^install .*--no-install-recommends //p' "$T/asked" |
	    tr ' ' '\n' > "$T/have"
	rm "$T/asked"
}

@test "deps: installs what is missing, once" {
	everything
	[ "$status" -eq 0 ]
	for p in gcc libplist-dev lighttpd bats strongswan-pki; do
		grep -qx "$p" "$T/have"
	done
	deps
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ ! -e "$T/asked" ]
	sed -i '/^libyaml-dev$/d' "$T/have"
	deps
	[ "$status" -eq 0 ]
	[ "$(cat "$T/asked")" = \
	    'install -y -q --no-install-recommends libyaml-dev' ]
}

@test "deps: build is part of demo, demo of check" {
	everything build
	grep -qx libplist-dev "$T/have"
	run -1 grep -qx lighttpd "$T/have"
	rm "$T/have"
	: > "$T/have"
	everything demo
	grep -qx libplist-dev "$T/have"
	grep -qx lighttpd "$T/have"
	run -1 grep -qx bats "$T/have"
}

@test "deps: building a package does not need the packages for tests" {
	everything deb
	grep -qx libplist-dev "$T/have"
	grep -qx dpkg-dev "$T/have"
	run -1 grep -qxE 'lighttpd|bats' "$T/have"
}

@test "deps: refreshes old package lists" {
	touch "$T/stale"
	deps build
	[ "$status" -eq 0 ]
	grep -q '^update' "$T/asked"
	[ "$(grep -c '^install' "$T/asked")" -eq 2 ]
}

@test "deps: fails if a package cannot be installed, unless only tests need it" {
	touch "$T/stale"
	sed -i "s/update) .*/update) false ;;/" "$T/bin/apt-get"
	deps build
	[ "$status" -eq 1 ]
	[[ $output == *'cannot install'* ]]
	rm "$T/stale"
	everything
	touch "$T/stale"
	sed -i '/^strongswan-pki$/d' "$T/have"
	deps check
	[ "$status" -eq 0 ]
	[[ $output == *'some tests are skipped'* ]]
}

@test "deps: no service starts, and an existing policy is kept" {
	cat >> "$T/bin/apt-get" <<-SH
	[ "\$1" != install ] || { '$T/etc/policy-rc.d'; echo \$? > '$T/said'; }
	SH
	printf '#!/bin/sh\nexit 0\n' > "$T/etc/policy-rc.d"
	chmod +x "$T/etc/policy-rc.d"
	cp -p "$T/etc/policy-rc.d" "$T/before"
	deps build
	[ "$(cat "$T/said")" = 101 ]
	cmp "$T/etc/policy-rc.d" "$T/before"
	[ "$(ls "$T/etc")" = policy-rc.d ]
	rm "$T/etc/policy-rc.d" "$T/said"
	deps build
	[ "$(cat "$T/said")" = 101 ]
	[ -z "$(ls "$T/etc")" ]
}

@test "deps: without root, one line names the command to run" {
	echo 1000 > "$T/uid"
	deps build
	[ "$status" -eq 1 ]
	[[ ${lines[1]} == 'apt-get install --no-install-recommends gcc '* ]]
	[ "${#lines[@]}" -eq 2 ]
	[ ! -e "$T/asked" ]
}

@test "deps: refuses a wrong command line" {
	deps everything
	[ "$status" -eq 2 ]
	deps build demo
	[ "$status" -eq 2 ]
	deps --help
	[ "$status" -eq 0 ]
}

@test "deps: a package of newer systems is installed if it exists" {
	everything
	! grep -qx pkcs11-provider "$T/have" || false
	cat > "$T/bin/apt-cache" <<-'SH'
	#!/bin/sh
	[ "$*" = 'show pkcs11-provider' ]
	SH
	chmod +x "$T/bin/apt-cache"
	deps check
	[ "$status" -eq 0 ]
	grep -q '^install .* pkcs11-provider$' "$T/asked"
}

@test "deps: without apt it names the packages of other systems" {
	mkdir "$T/none"
	for c in cat grep sed; do
		ln -s "$(command -v "$c")" "$T/none"
	done
	PATH=$T/none run /bin/sh "$T/deps" build
	[ "$status" -eq 0 ]
	[[ $output = *libplist-dev* ]]
	for system in 'dnf install' 'apk add' 'brew install' 'pkg install'; do
		grep "^$system" <<< "$output" > "$T/names"
		for name in openssl libplist expat yaml jansson sqlite fcgi \
		    qrencode curl lighttpd; do
			grep -q "$name" "$T/names"
		done
	done
	# Packages with other names than on Debian.
	grep -q '^dnf .* lighttpd-mod_openssl' <<< "$output"
	grep -q '^pkg .* www/fcgi ' <<< "$output"
	# This one has to be shown to pkg-config.
	grep -qF '$(brew --prefix libpq)/lib/pkgconfig' <<< "$output"
}
