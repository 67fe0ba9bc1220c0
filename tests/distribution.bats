#!/usr/bin/env bats
# The hook for pre-commit, the GitHub action, the container and Homebrew's
# formula.

load helpers

# repository: makes $T/repo, with two commits of a profile on two branches.
repository() {
	mkdir -p "$T/repo/profiles"
	cd "$T/repo" || return
	git init -q -b main .
	git config user.email ci@example.org
	git config user.name CI
	cat > profiles/clip.yaml <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: com.example.clip
	PayloadDisplayName: Clip
	PayloadContent:
	- PayloadType: com.apple.webClip.managed
	  PayloadIdentifier: com.example.clip.one
	  Label: One
	  URL: https://example.com/
	YAML
	git add -A
	git commit -qm one
	git checkout -qb change
	sed -i 's/Label: One/Label: Two/' profiles/clip.yaml
	git commit -qam two
}

# A gh that records its arguments, and has no comment to edit.
fake_gh() {
	mkdir -p "$T/bin"
	cat > "$T/bin/gh" <<-SH
	#!/bin/sh
	case " \$* " in *' --edit-last '*) exit 1 ;; esac
	printf '%s\n' "\$@" > '$T/asked'
	cat "\${5}" > '$T/comment'
	SH
	chmod +x "$T/bin/gh"
	PATH=$T/bin:$PATH
}

@test "action: findings become SARIF, and an error is a failure" {
	repository
	"$ROOT/scripts/action/run" lint
	python3 - <<-'PY'
	import json
	assert json.load(open('.mcfg/lint.sarif'))['version'] == '2.1.0'
	PY
	sed -i '/PayloadIdentifier: com.example.clip$/d' profiles/clip.yaml
	run -2 "$ROOT/scripts/action/run" lint
	grep -q '"level": *"error"' .mcfg/lint.sarif
	[ ! -e lint.sarif ]
}

@test "action: a pull request gets the changes on devices" {
	repository
	fake_gh
	BASE=main PULL=7 GITHUB_STEP_SUMMARY=$T/summary \
	    "$ROOT/scripts/action/run" diff
	grep -q '^    .*One.*Two' "$T/comment"
	cmp "$T/comment" "$T/summary"
	sed -n 1,3p "$T/asked" | tr '\n' ' ' | grep -q '^pr comment 7 $'
	rm "$T/asked"
	COMMENT=false BASE=main PULL=7 "$ROOT/scripts/action/run" diff
	[ ! -e "$T/asked" ]
	BASE=HEAD PULL=7 "$ROOT/scripts/action/run" diff
	grep -qx 'nothing.' "$T/comment"
	BASE=nowhere PULL=7 run "$ROOT/scripts/action/run" diff
	[ "$status" -ne 0 ]
	run -2 "$ROOT/scripts/action/run" deploy
}

# A name that a stranger can choose (a branch, a title) reaches a script only
# through its environment, and every input is documented.
@test "action: untrusted text is not pasted into a script" {
	python3 -c 'import yaml' || skip 'python3-yaml is not installed'
	python3 - "$ROOT/scripts/action/action.yml" <<-'PY'
	import re, sys, yaml
	text = open(sys.argv[1]).read()
	a = yaml.safe_load(text)
	assert set(a) == {'name', 'description', 'inputs', 'runs'}
	assert a['runs']['using'] == 'composite'
	used = set(re.findall(r'inputs\.(\w+)', text))
	assert used == set(a['inputs']), used
	for i in a['inputs'].values():
	    assert i['description']
	for step in a['runs']['steps']:
	    assert step['name']
	    assert ('run' in step) != ('uses' in step)
	    if 'run' in step:
	        assert step['shell'] == 'sh'
	        assert '${{' not in step['run']
	    else:
	        assert re.fullmatch(r'[\w-]+/[\w/-]+@v\d+', step['uses'])
	PY
}

@test "pre-commit: the hook takes the tool of its version, or builds it" {
	repository
	mkdir "$T/bin"
	printf '#!/bin/sh\necho "mcfg-lint (mcfg) 0.0.1"\n' > "$T/bin/mcfg-lint"
	chmod +x "$T/bin/mcfg-lint"
	"$ROOT/scripts/packaging/hook" mcfg-lint --files . -- profiles/clip.yaml
	git clone -q "$ROOT" "$T/hook"
	cp "$ROOT/scripts/packaging/hook" "$T/hook/scripts/packaging/hook"
	# It does not use an older one, and says if the tool cannot be built.
	printf 'authoring:\n\t@echo no libplist; exit 1\n' > "$T/hook/Makefile"
	PATH=$T/bin:$PATH run "$T/hook/scripts/packaging/hook" mcfg-lint -- \
	    profiles/clip.yaml
	[ "$status" -eq 4 ]
	[[ $output = *'no libplist'*'cannot build mcfg-lint'* ]]
	printf 'authoring:\n\t@mkdir -p build/authoring/bin && %s\n' \
	    'ln -s /bin/echo build/authoring/bin/mcfg-lint' > "$T/hook/Makefile"
	PATH=$T/bin:$PATH run -0 "$T/hook/scripts/packaging/hook" mcfg-lint -- x
	[ "$output" = '-- x' ]
}

@test "pre-commit: the program itself accepts the hook" {
	needs pre-commit
	repository
	git clone -q "$ROOT" "$T/hook"
	cp "$ROOT/.pre-commit-hooks.yaml" "$T/hook"
	cp "$ROOT/scripts/packaging/hook" "$T/hook/scripts/packaging"
	cp "$ROOT/Makefile" "$T/hook"
	git -C "$T/hook" add -A
	git -C "$T/hook" -c user.name=CI -c user.email=ci@example.org commit \
	    -qm 'as it is here' || :
	export PRE_COMMIT_HOME=$T/cache
	pre-commit try-repo "$T/hook" mcfg-lint --all-files
	sed -i '/PayloadIdentifier: com.example.clip$/d' profiles/clip.yaml
	git commit -qam broken
	run -1 pre-commit try-repo "$T/hook" mcfg-lint --all-files
	[[ $output = *clip.yaml* ]]
}

@test "container: not root, the site in a volume, no package lists left" {
	python3 - "$ROOT/scripts/packaging/Containerfile" <<-'PY'
	import re, sys
	text = re.sub(r'\\\n', ' ', open(sys.argv[1]).read())
	stages = re.split(r'(?m)^(?=FROM )', text)[1:]
	names = [re.match(r'FROM (\S+) AS (\w+)', s).groups() for s in stages]
	assert [n for _, n in names] == ['build', 'authoring', 'service']
	for image, _ in names:
	    assert re.fullmatch(r'debian:\w+-slim', image)
	for s in stages:
	    for line in s.splitlines():
	        if 'apt-get install' in line:
	            assert '--no-install-recommends' in line
	            assert 'apt-get update &&' in re.sub(' +', ' ', line)
	            assert 'rm -rf /var/lib/apt/lists/*' in line
	for s in stages[1:]:
	    assert re.search(r'(?m)^USER (?!root)', s)
	assert re.search(r'(?m)^VOLUME /var/lib/mcfg$', stages[2])
	assert re.search(r'(?m)^ENTRYPOINT \["mcfg-serve"', stages[2])
	PY
}

# An image has one entry point: another program needs --entrypoint.
@test "container: its instructions make the site that it serves" {
	python3 - "$ROOT/scripts/packaging/Containerfile" > "$T/words" <<-'PY'
	import json, re, shlex, sys
	text = open(sys.argv[1]).read()
	said = re.sub(r'\\\n#', ' ', text)
	runs = [shlex.split(line) for line in
	        re.findall(r'(?m)^#\s+(podman run .*)$', said)]
	service = [r for r in runs if 'mcfg' in r]
	assert len(service) == 2
	made, served = service
	assert made[made.index('--entrypoint') + 1] == 'mcfg-site'
	# The arguments after the image are for mcfg-serve.
	assert '--entrypoint' not in served and served[-1] == 'mcfg'
	end = text[text.rindex('FROM '):]
	folder, = re.findall(r'(?m)^WORKDIR (.*)$', end)
	site, = json.loads(re.search(r'(?m)^CMD (.*)$', end)[1])
	words = made[made.index('mcfg') + 1:]
	assert folder + '/' + words[0] == site
	print(*words, sep='\n')
	PY
	mapfile -t words < "$T/words"
	cd "$T" || return
	PW=secret yields - mcfg-site "${words[@]}"
	[ -s site/site.yaml ]
}

@test "dist: the same bytes from the same commit, and a formula that fits" {
	needs git
	git clone -q "$ROOT" "$T/a"
	git clone -q "$ROOT" "$T/b"
	local d

	for d in a b; do
		cp "$ROOT/Makefile" "$T/$d"
		mkdir -p "$T/$d/scripts/packaging/homebrew"
		cp "$ROOT/scripts/packaging/homebrew/mcfg.rb" \
		    "$T/$d/scripts/packaging/homebrew"
	done
	make -s -C "$T/a" dist > /dev/null
	(umask 077; TZ=Asia/Tokyo make -s -C "$T/b" dist > /dev/null)
	(cd "$T/a/build" && sha256sum -c -- *.sha256)
	cmp "$T"/a/build/mcfg-*.tar.gz "$T"/b/build/mcfg-*.tar.gz
	sum=$(cut -d ' ' -f 1 "$T"/a/build/mcfg-*.sha256)
	grep -q "sha256 \"$sum\"" "$T/a/build/homebrew/mcfg.rb"
	run -1 grep '@[A-Z]' "$T/a/build/homebrew/mcfg.rb"
	[ -z "$(command -v ruby)" ] ||
	    ruby -c "$T/a/build/homebrew/mcfg.rb"
}

@test "release: the version is written in one place" {
	version=$(sed -n 's/^VERSION[[:space:]]*= //p' "$ROOT/Makefile")
	[ "$(mcfg-sign --version)" = "mcfg-sign (mcfg) $version" ]
	sed -n '3p' "$ROOT/CHANGES.md" | grep -q "^## $version"
	# Other files mention versions only as "since".
	run -1 grep -vE '(before|since|after) [0-9.]+\b' <(grep -rhF "$version" \
	    "$ROOT/cmd" "$ROOT/common" "$ROOT/man" "$ROOT/scripts" \
	    "$ROOT/README.md")
}

@test "contributors: the hook refuses what make lint would refuse" {
	needs shellcheck
	git clone -q "$ROOT" "$T/c"
	mkdir -p "$T/c/.githooks"
	cp "$ROOT/.githooks/pre-commit" "$T/c/.githooks"
	cd "$T/c" || return
	git config core.hooksPath .githooks
	git config user.email ci@example.org
	git config user.name CI
	echo '# A plain line.' >> scripts/fetch.sh
	git commit -qam 'A line'
	for bad in 'trailing ' "# who"'ever' "echo \$unquoted"; do
		cp scripts/deps scripts/deps.was
		printf '%s\n' "$bad" >> scripts/deps
		git add scripts/deps
		run -1 git commit -qm 'A fault'
		git reset -q --hard
	done
}
