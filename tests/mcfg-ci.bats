#!/usr/bin/env bats
# The recipes of mcfg-ci(7), as far as they run without the systems that they
# are for.

load helpers

RECIPES=$ROOT/scripts/recipes

# A repository of profiles, as the page describes it.
setup() {
	needs git
	needs make
	export HOME=$T GIT_CONFIG_NOSYSTEM=1
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com
	export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
	unset MCFG_SCHEMA MAKEFLAGS MAKELEVEL MFLAGS
	git init -q -b main "$T/repo"
	cd "$T/repo" || return 1
	mkdir profiles
	cp "$RECIPES/Makefile" .
	cp "$PKI/signer.pem" cert.pem
	cp "$PKI/chain.pem" .
	write_wifi Office
	python3 "$TESTS/profiles.py" make "$PKI/root.pem" \
	    profiles/other.mobileconfig 'p["PayloadIdentifier"] = "a.b"'
	git add -A
	GIT_COMMITTER_DATE='2026-01-02T03:04:05Z' git commit -q -m first
	SIGN_KEY=$(cat "$PKI/signer.key")
	export SIGN_KEY
}

write_wifi() {
	cat > profiles/wifi.yaml <<-YAML
	PayloadType: Configuration
	PayloadIdentifier: com.example.wifi
	PayloadContent:
	- PayloadType: com.apple.wifi.managed
	  SSID_STR: $1
	  EncryptionType: WPA2
	YAML
}

# needs_yaml: skips without PyYAML, which parses the recipes.
needs_yaml() {
	python3 -c 'import yaml' 2> /dev/null ||
	    skip "python3 has no yaml module"
}

@test "ci: make lints, makes and signs; openssl verifies" {
	make > "$T/log" 2>&1 || { cat "$T/log"; false; }
	plist_is build/wifi.mobileconfig \
	    'p["PayloadContent"][0]["SSID_STR"] == "Office"'
	cmp profiles/other.mobileconfig build/other.mobileconfig
	make signed > "$T/log" 2>&1 || { cat "$T/log"; false; }
	for f in wifi other; do
		openssl cms -verify -binary -inform DER -purpose any \
		    -CAfile "$PKI/root.pem" -in "signed/$f.mobileconfig" \
		    -out "$T/content" 2> /dev/null
		cmp "$T/content" "build/$f.mobileconfig"
	done
	run -1 grep -F 'PRIVATE KEY' "$T/log"
}

@test "ci: the same commit gives the same bytes, in another folder too" {
	make signed > /dev/null 2>&1
	git clone -q . "$T/clone"
	cd "$T/clone"
	make signed > /dev/null 2>&1
	cmp signed/wifi.mobileconfig "$T/repo/signed/wifi.mobileconfig"
	cmp signed/other.mobileconfig "$T/repo/signed/other.mobileconfig"
	openssl cms -cmsout -print -inform DER -in signed/wifi.mobileconfig |
	    grep -q 'Jan  2 03:04:05 2026 GMT'
}

@test "ci: a key on a descriptor" {
	unset SIGN_KEY
	eval "$(sed -n 's/^\.Dl \$ \(make signed KEY=fd.*\)/\1/p' \
	    "$ROOT/man/man7/mcfg-ci.7" | sed "s|/run/secrets/sign_key|$PKI/signer.key|")" \
	    > "$T/log" 2>&1 || { cat "$T/log"; false; }
	[ -s signed/wifi.mobileconfig ]
	[ -s signed/other.mobileconfig ]
}

@test "ci: a faulty profile stops make, and SARIF has the place" {
	sed -i 's/EncryptionType: WPA2/PayloadVersion: 2/' profiles/wifi.yaml
	status=0
	make > "$T/log" 2>&1 || status=$?
	[ "$status" -eq 2 ]
	grep -q '^profiles/wifi.yaml:6:3: PayloadContent\[0\].PayloadVersion: error' \
	    "$T/log"
	[ ! -e build/wifi.mobileconfig ]
	run -2 make sarif
	json_is lint.sarif '[r["locations"][0]["physicalLocation"]
	    ["region"]["startLine"] for r in j["runs"][0]["results"]
	    if r["level"] == "error"] == [6]'
}

@test "ci: make diff shows what a change means" {
	write_wifi Home
	make -s diff > "$T/out"
	cat "$T/out"
	printf '%s\n' 'profiles/wifi.yaml:' \
	    'PayloadContent[0].SSID_STR (com.apple.wifi.managed): "Office" -> "Home"' |
	    diff - "$T/out"
	git rm -q --cached profiles/other.mobileconfig
	git commit -q -m less
	make -s diff > "$T/out"
	grep -q '^profiles/other.mobileconfig:$' "$T/out"
	grep -q '^PayloadContent\[[0-9]\] (com.apple.mdm): added ' "$T/out"
}

@test "ci: make diff of a profile with a file, in a folder, and of a removed one" {
	mkdir sub
	mv Makefile profiles sub
	cd sub
	write_wifi Office
	cat >> profiles/wifi.yaml <<-'YAML'
	- PayloadType: com.apple.security.root
	  PayloadContent: !file ca.pem
	YAML
	cp "$PKI/root.pem" profiles/ca.pem
	touch ../index ../out
	git add -A ..
	git commit -q -m second
	make -s diff > "$T/out"
	[ ! -s "$T/out" ]
	cp "$PKI/other.pem" profiles/ca.pem
	git rm -q profiles/other.mobileconfig
	make -s diff > "$T/out"
	cat "$T/out"
	[ "$(grep -c : "$T/out")" -ge 4 ]
	grep -qx 'profiles/wifi.yaml:' "$T/out"
	grep -q '^PayloadContent\[1\].PayloadContent (com.apple.security.root): <.*> -> <' \
	    "$T/out"
	grep -qx 'profiles/other.mobileconfig:' "$T/out"
	grep -q '^PayloadContent\[[0-9]\] (com.apple.mdm): removed ' "$T/out"
	git diff --cached --quiet -- profiles/wifi.yaml

}

@test "ci: make diff of a base that does not exist is an error" {
	for base in HEAD~7 nosuch origin/main $'a\nb' ''; do
		! BASE=$base make -s diff > "$T/out" 2> "$T/err" || false
		[ ! -s "$T/out" ]
		grep -q 'no such commit' "$T/err"
	done
	# The empty tree exists, even in a repository without a commit.
	make -s diff BASE="$(git hash-object -t tree /dev/null)" > "$T/out"
	[ "$(grep -c '^profile: added ' "$T/out")" -eq 2 ]
	rm -rf .git
	git init -q -b main .
	make -s diff > "$T/out" 2> "$T/err"
	[ "$(grep -c '^profile: added ' "$T/out")" -eq 2 ]
	grep -q 'no commit yet' "$T/err"
}

@test "ci: make diff follows a renamed profile by its PayloadIdentifier" {
	git mv profiles/other.mobileconfig 'profiles/an other.mobileconfig'
	git mv profiles/wifi.yaml 'profiles/-wifi.yaml'
	make -s diff > "$T/out"
	cat "$T/out"
	[ ! -s "$T/out" ]
	sed -i 's/Office/Home/' profiles/-wifi.yaml
	make -s diff > "$T/out"
	cat "$T/out"
	printf '%s\n' 'profiles/wifi.yaml -> profiles/-wifi.yaml:' \
	    'PayloadContent[0].SSID_STR (com.apple.wifi.managed): "Office" -> "Home"' |
	    diff - "$T/out"
	# YAML instead of a profile.
	yields "$T/yaml" mcfg-profile --to-yaml 'profiles/an other.mobileconfig'
	git rm -qf 'profiles/an other.mobileconfig'
	cp "$T/yaml" profiles/made.yaml
	make -s diff > "$T/out"
	cat "$T/out"
	[ "$(grep -c ' -> profiles/.*:$' "$T/out")" -eq 1 ]
	# Another identifier makes another profile; of two with the same
	# identifier, only one is the old profile.
	sed -i 's/com.example.wifi/com.example.new/' profiles/-wifi.yaml
	make -s diff > "$T/out"
	grep -qx 'profiles/-wifi.yaml:' "$T/out"
	grep -qx 'profiles/wifi.yaml:' "$T/out"
	cp profiles/made.yaml profiles/twin.yaml
	make -s diff > "$T/out"
	cat "$T/out"
	[ "$(grep -c '^profile: added' "$T/out")" -eq 2 ]
	[ "$(grep -c '^profile: removed' "$T/out")" -eq 1 ]
}

@test "ci: --out-dir never overwrites its own input" {
	cp "$PKI/signer.key" ../key.pem
	ln -s profiles link
	for dir in profiles ./profiles/ link "$PWD/profiles"; do
		refuses 2 'the input itself' mcfg-sign --cert cert.pem \
		    --key ../key.pem --chain chain.pem --out-dir "$dir" \
		    profiles/other.mobileconfig
		printf '%s\0' profiles/other.mobileconfig "$PKI/client.pem" \
		    > "$T/pairs"
		refuses 2 'the input itself' mcfg-encrypt --out-dir "$dir" -0 \
		    < "$T/pairs"
		printf 'SERIAL\nother\n' > "$T/rows"
		refuses 1 'the input itself' mcfg-profile --each "$T/rows" \
		    --set A=b --out-dir "$dir" profiles/other.mobileconfig
	done
	git diff --quiet HEAD -- profiles
	# One row is refused, the others are made.
	printf 'SERIAL\nother\nA1\n' > "$T/rows"
	_run mcfg-profile --each "$T/rows" --set A=b --out-dir profiles \
	    profiles/other.mobileconfig
	[ "$status" -eq 1 ]
	[ -s profiles/A1.mobileconfig ]
	git diff --quiet HEAD -- profiles/other.mobileconfig
}

@test "ci: build products are neither kept in git nor checked by the hook" {
	cp "$RECIPES/gitignore" .gitignore
	cp "$RECIPES/pre-commit" .git/hooks/pre-commit
	make signed sarif > "$T/log" 2>&1
	cp "$PKI/signer.key" profiles/mine.key
	mkdir device-management
	touch device-management/x
	git add -A
	git commit -q -m 'all of it' > "$T/out" 2>&1 || { cat "$T/out"; false; }
	[ ! -s "$T/out" ]
	git ls-tree -r --name-only HEAD > "$T/files"
	diff "$T/files" - <<-'FILES'
	.gitignore
	Makefile
	cert.pem
	chain.pem
	profiles/other.mobileconfig
	profiles/wifi.yaml
	FILES
	# Even without it, the hook ignores what is built.
	git rm -q .gitignore
	echo broken > build/other.mobileconfig
	git add build signed
	git commit -q -m built > "$T/out" 2>&1 || { cat "$T/out"; false; }
	echo broken > profiles/other.mobileconfig
	! git commit -q -a -m broken > "$T/out" 2>&1 || false
	grep -q 'not-a-plist' "$T/out"
}

@test "ci: make rebuilds a profile if a file in it has changed" {
	cat >> profiles/wifi.yaml <<-'YAML'
	- PayloadType: com.apple.security.root
	  PayloadContent: !file ca.pem
	YAML
	cp "$PKI/root.pem" profiles/ca.pem
	make > /dev/null 2>&1
	cp build/wifi.mobileconfig "$T/first"
	cp "$PKI/other.pem" profiles/ca.pem
	touch -d '+2 seconds' profiles/ca.pem
	make > /dev/null 2>&1
	run -1 cmp -s build/wifi.mobileconfig "$T/first"
	cp profiles/other.mobileconfig profiles/wifi.mobileconfig
	status=0
	make > "$T/log" 2>&1 || status=$?
	[ "$status" -eq 2 ]
	grep -q 'both .yaml and .mobileconfig in profiles, remove one: wifi' \
	    "$T/log"
}

@test "ci: the hook of git refuses a faulty profile that is staged" {
	cp "$RECIPES/pre-commit" .git/hooks/pre-commit
	write_wifi Home
	git commit -q -a -m good
	sed -i 's/EncryptionType: WPA2/PayloadVersion: 2/' profiles/wifi.yaml
	git add profiles
	# The file in the folder is correct again, the staged one is not.
	write_wifi Other
	! git commit -q -m bad > "$T/out" 2>&1 || false
	cat "$T/out"
	grep -q '^profiles/wifi.yaml:6:3: .*\[payload-version\]$' "$T/out"
	grep -q 'commit refused' "$T/out"
	[ "$(git log --format=%s -1)" = good ]
	git add profiles
	git commit -q -m better
	echo text > README
	git add README
	git commit -q -m 'no profile at all'
	[ "$(git log --format=%s -1)" = 'no profile at all' ]
}

@test "ci: the entry for the pre-commit program" {
	needs_yaml
	python3 - "$RECIPES/pre-commit-config.yaml" <<-'PY'
	import re, subprocess, sys, yaml
	hook, = yaml.safe_load(open(sys.argv[1]))['repos'][0]['hooks']
	names = subprocess.run(['git', 'ls-files'], capture_output=True,
	    text=True).stdout.split()
	files = [n for n in names if re.search(hook['files'], n)]
	assert files == ['profiles/other.mobileconfig', 'profiles/wifi.yaml']
	subprocess.run(hook['entry'].split() + files, check=True,
	    stdout=subprocess.DEVNULL)
	PY
}

# steps FILE EXPRESSION: prints the commands that an expression finds in the
# workflow w, each followed by a NUL.
steps() {
	python3 - "$1" "$2" <<-'PY'
	import sys, yaml
	w = yaml.safe_load(open(sys.argv[1]))
	for step in eval(sys.argv[2]):
	    sys.stdout.write(step + '\0')
	PY
}

@test "ci: every command of the GitHub workflow runs" {
	needs_yaml
	write_wifi Home
	git checkout -q -b change
	git commit -q -a -m change
	git update-ref refs/remotes/origin/main main
	export BASE=origin/main GITHUB_STEP_SUMMARY=$T/summary RUNNER_TEMP=$T
	n=0
	while IFS= read -r -d '' step; do
		bash -e -o pipefail -c "$step" > "$T/log" 2>&1 || {
			echo "$step"
			cat "$T/log"
			return 1
		}
		n=$((n + 1))
	done < <(steps "$RECIPES/github-actions.yml" \
	    '[s["run"] for s in w["jobs"]["profiles"]["steps"]
	    if "run" in s and s.get("name") != "Build mcfg"]')
	[ "$n" -eq 4 ]
	[ -s lint.sarif ]
	grep -qF '"Office" -> "Home"' "$T/summary"
	[ -s signed/wifi.mobileconfig ]
	# The key is in a step that only signs.
	steps "$RECIPES/github-actions.yml" '[s["run"] for s in
	    w["jobs"]["profiles"]["steps"] if "SIGN_KEY" in s.get("env", {})]' |
	    tr '\0' '\n' > "$T/keyed"
	[ "$(cat "$T/keyed")" = 'make sign' ]
	# Every action has a version, and secrets are in the environment only.
	steps "$RECIPES/github-actions.yml" '[s["uses"] for s in
	    w["jobs"]["profiles"]["steps"] if "uses" in s]' |
	    tr '\0' '\n' > "$T/uses"
	grep -q '@v[0-9]' "$T/uses"
	run -1 grep -v '@v[0-9]' "$T/uses"
	steps "$RECIPES/github-actions.yml" '[s["run"] for s in
	    w["jobs"]["profiles"]["steps"] if "run" in s]' |
	    tr '\0' '\n' > "$T/run"
	grep -q 'make' "$T/run"
	run -1 grep -F 'secrets.' "$T/run"
}

@test "ci: every command of the GitLab jobs runs" {
	needs_yaml
	write_wifi Home
	git commit -q -a -m change
	n=0
	while IFS= read -r -d '' step; do
		case $step in 'git clone'*) continue ;; esac
		sh -e -c "$step" > "$T/log" 2>&1 || {
			echo "$step"
			cat "$T/log"
			return 1
		}
		! grep -qF '"Office" -> "Home"' "$T/log" || seen=1
		n=$((n + 1))
	done < <(steps "$RECIPES/gitlab-ci.yml" \
	    'w["check"]["script"] + w["sign"]["script"]')
	[ "$n" -eq 4 ]
	[ "$seen" = 1 ]
	[ "$(steps "$RECIPES/gitlab-ci.yml" 'w["sign"]["script"]' |
	    tr '\0' ' ')" = 'make sign ' ]
	steps "$RECIPES/gitlab-ci.yml" '[w["sign"]["environment"]]' |
	    grep -q signing
	[ -s signed/wifi.mobileconfig ]
}

@test "ci: the attributes of git name the driver of the page" {
	cp "$RECIPES/gitattributes" .gitattributes
	run -0 git check-attr diff profiles/other.mobileconfig
	[ "$output" = 'profiles/other.mobileconfig: diff: mobileconfig' ]
	grep -qF "'f() { mcfg-diff --text -- \"\$1\" || cat -- \"\$1\"; }; f'" \
	    "$ROOT/man/man1/mcfg-diff.1"
}

@test "ci: the page names every recipe" {
	for f in "$RECIPES"/*; do
		grep -q "^\.It Pa ${f##*/}$" "$ROOT/man/man7/mcfg-ci.7"
	done
}

# Writes the indented blocks of a section of the README to $T/block.1, ..., in
# order, with their comments.
blocks() {
	awk -v section="## $1" -v out="$T/block." '
	/^## / { inside = $0 == section; next }
	!inside { next }
	/^    / { if (!open) n++; open = 1; print substr($0, 5) > (out n); next }
	/^$/ { open = 0 }
	' "$ROOT/README.md"
}

# does N: runs the commands of block N without a network.
does() {
	sed -e "s|/usr/local/share/doc/mcfg/recipes|$RECIPES|" \
	    -e "s|git clone .*|ln -s '$DATA/apple-device-management' device-management|" \
	    "$T/block.$1" > "$T/script"
	sh -ex "$T/script" > "$T/log" 2>&1 || { cat "$T/log"; return 1; }
}

@test "ci: the README leads from a folder of profiles to signed ones" {
	needs_data apple-device-management
	rm -f Makefile ./*.pem profiles/wifi.yaml
	python3 "$TESTS/profiles.py" make "$PKI/root.pem" \
	    profiles/wifi.mobileconfig 'p["PayloadIdentifier"] = "a.wifi"'
	git add -A
	git commit -q -m 'a folder of profiles'
	unset SIGN_KEY
	blocks 'Signed profiles in CI'
	does 1
	does 2
	does 3
	mkdir published
	cp signed/* published/
	# The folder now has YAML, and profiles that were signed.
	cp build/wifi.mobileconfig "$T/plain"
	sed -i 's/a\.wifi/a.vendor/; s/DA7A0000/DA7A0001/' "$T/plain"
	openssl cms -sign -binary -nodetach -outform DER -in "$T/plain" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -out 'profiles/a vendor.mobileconfig'
	write_wifi Office
	mv profiles/wifi.yaml profiles/office.yaml
	does 4
	run -1 grep 'mcfg-sign: warning' "$T/log"
	[ "$(find signed -type f | wc -l)" -eq 4 ]
	rm 'profiles/a vendor.mobileconfig' profiles/office.yaml
	cp "$T/block.5" profiles/wifi.yaml
	export SIGN_KEY WIFI_PASSWORD=secret
	SIGN_KEY=$(cat ../key.pem)
	does 6
	openssl cms -verify -binary -inform DER -purpose any \
	    -CAfile chain.pem -in wifi.mobileconfig -out "$T/p" 2> /dev/null
	plist_is "$T/p" 'p["PayloadContent"][0]["Password"] == "secret"'
	printf 'SERIAL,SSID\nA1,Office\nA2,Home\n' > devices.csv
	mkdir certs
	cp "$PKI/client.pem" certs/A1.pem
	cp "$PKI/ec.pem" certs/A2.pem
	does 7
	yields "$T/p" mcfg-decrypt --key "$PKI/client.key" \
	    sealed/A1.mobileconfig
	plist_is "$T/p" 'p["PayloadContent"][0]["SSID_STR"] == "Office"'
	[ ! -e "$T/block.8" ]
}

# Names that a stranger could give a profile.  Some program took each of these
# for a command, an option or two names.
names() {
	printf '%s\n' 'Wi-Fi office' 'a$(touch${IFS}PWNED)' 'b;touch${IFS}PWNED;' \
	    'c`touch${IFS}PWNED`' 'd|touch PWNED' 'e & touch PWNED' '-o' \
	    '--output=PWNED' '@file' '--' "f'touch PWNED'" 'g"' 'h\n' 'i%' \
	    '$(shell touch PWNED)' '${shell touch PWNED}' '$$' '#' 'A||;e touch PWNED #' \
	    'j*' 'k:l' 'm=n' '~' '!x' '[ab]' 'é' '{a,b}'
}

plant() {
	n=0
	while IFS= read -r name; do
		n=$((n + 1))
		sed "s/com.example.wifi/com.example.wifi$n/" \
		    profiles/wifi.yaml > "profiles/$name.yaml"
		sed "s|<string>a.b<|<string>a.b$n<|" \
		    profiles/other.mobileconfig > "profiles/$name 2.mobileconfig"
	done < <(names)
}

nothing_ran() {
	[ -z "$(find "$T" -name '*PWNED*' ! -name '*.mobileconfig' ! -name '*.yaml')" ]
}

@test "ci: the name of a profile is never code, an option or two names" {
	plant
	make sarif > "$T/log" 2>&1 || { cat "$T/log"; false; }
	make signed > "$T/log" 2>&1 || { cat "$T/log"; false; }
	nothing_ran
	while IFS= read -r name; do
		for f in "signed/$name.mobileconfig" "signed/$name 2.mobileconfig"; do
			openssl cms -verify -binary -inform DER -purpose any \
			    -CAfile "$PKI/root.pem" -in "./$f" -out "$T/content" \
			    2> /dev/null || { echo "$f"; false; }
		done
	done < <(names)
	git add -A
	cp "$RECIPES/pre-commit" .git/hooks/pre-commit
	cp "$RECIPES/gitattributes" .gitattributes
	cp profiles/other.mobileconfig ./--output=PWNED.mobileconfig
	git add -A
	git commit -q -m names > "$T/log" 2>&1 || { cat "$T/log"; false; }
	BASE=HEAD~1 make -s diff > "$T/out"
	[ "$(grep -c '^profiles/.*:$' "$T/out")" -eq $((2 * n)) ]
	BASE=HEAD make -s diff > "$T/out"
	[ ! -s "$T/out" ]
	nothing_ran
}

@test "ci: invalid names and links are refused clearly" {
	cp profiles/wifi.yaml profiles/$'a\nb.yaml'
	for goal in lint sarif all signed; do
		! make "$goal" > "$T/out" 2>&1 || false
		grep -q 'a control character in the name of a profile' "$T/out"
	done
	rm profiles/$'a\nb.yaml'
	ln -s /etc/passwd profiles/link.mobileconfig
	for goal in lint sarif all signed; do
		! make "$goal" > "$T/out" 2>&1 || false
		grep -q '^profiles/link.mobileconfig: a link' "$T/out"
	done
	rm profiles/*
	! make > "$T/out" 2>&1 || false
	grep -q 'no profiles' "$T/out"
}

@test "ci: a branch's name is never a command" {
	for base in '$(shell touch PWNED)' "a'\$(touch PWNED)'" '--output=PWNED' \
	    '-x' ';touch PWNED'; do
		! BASE=$base make -s diff > "$T/out" 2> "$T/err" || false
		grep -q 'no such commit' "$T/err"
		nothing_ran
	done
}

# spies: makes the tools and git record if they see the key.
spies() {
	mkdir "$T/spy"
	for tool in mcfg-lint mcfg-profile mcfg-sign mcfg-diff git cp; do
		real=$(command -v "$tool")
		cat > "$T/spy/$tool" <<-SH
		#!/bin/sh
		! grep -qz '^SIGN_KEY=' /proc/self/environ ||
		    echo $tool >> "$T/seen"
		exec "$real" "\$@"
		SH
		chmod +x "$T/spy/$tool"
	done
	PATH=$T/spy:$PATH
}

@test "ci: no tool that reads sources has the key" {
	cat >> profiles/wifi.yaml <<-'YAML'
	- PayloadType: com.apple.font
	  Font: !file /proc/self/environ
	YAML
	! make signed > "$T/log" 2>&1 || false
	[ ! -e build ] || run -1 grep -rl 'PRIVATE KEY' build
	write_wifi Home
	spies
	make sarif > /dev/null 2>&1
	make -s diff > /dev/null
	make signed > /dev/null 2>&1
	cat "$T/seen"
	[ "$(sort -u "$T/seen")" = mcfg-sign ]
	rm "$T/seen"
	# The variable may be called something else.
	sed -i 's/SIGN_KEY=/OTHER=/' "$T"/spy/*
	OTHER=$SIGN_KEY make signed KEY=env:OTHER > /dev/null 2>&1
	[ "$(cat "$T/seen")" = mcfg-sign ]
	# The signing step does not build, whatever has changed.
	write_wifi Elsewhere
	rm -r signed
	make sign > "$T/log" 2>&1 || { cat "$T/log"; false; }
	openssl cms -verify -binary -inform DER -noverify \
	    -in signed/wifi.mobileconfig -out "$T/p" 2> /dev/null
	plist_is "$T/p" 'p["PayloadContent"][0]["SSID_STR"] == "Home"'
}

@test "ci: the hook of git takes options of mcfg-lint" {
	cp "$RECIPES/pre-commit" .git/hooks/pre-commit
	sed -i 's/EncryptionType: WPA2/PayloadVersion: 2/' profiles/wifi.yaml
	! git commit -q -a -m bad > "$T/out" 2>&1 || false
	git config mcfg.lint '--ignore payload-version'
	git commit -q -a -m 'known to be so'
}
