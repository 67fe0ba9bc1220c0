#!/usr/bin/env bats
# The tools of the test suite itself.

load helpers

@test "coverage: reports lines, branches and functions that were not reached" {
	needs gcov
	cd "$T"
	mkdir -p cmd build
	cat > cmd/tool.c <<-'C'
	static int
	never(int n)
	{
		n++;
		return n;
	}

	int
	main(int argc, char **argv)
	{
		(void)argv;
		return argc > 5 ? never(argc) : 0;
	}
	C
	gcc --coverage -O0 -c -o build/tool.o cmd/tool.c
	gcc --coverage -o tool build/tool.o
	./tool
	yields "$T/said" "$TESTS/coverage" build
	grep -qE '^total +40\.0 % +5 lines +50\.0 % +2 branches$' said
	grep -qE '^cmd/tool\.c:2 +never +3 of 3 lines' said
	grep -qx 'cmd/tool.c: lines not reached: 2 4-5' build/coverage.txt
	grep -qx 'cmd/tool.c: branches not taken: 12' build/coverage.txt
}

# checkout: makes a repository with tests/wording and one commit.
checkout() {
	needs git
	export GIT_CONFIG_NOSYSTEM=1 GIT_CEILING_DIRECTORIES=$T HOME=$T \
	    GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b \
	    GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	git init -q -b main "$T/repository"
	cd "$T/repository" || return
	mkdir tests cmd man
	cp "$TESTS/wording" tests
	echo 'A file that is no profile is refused.' > README.md
	git add .
	git commit -q -m first
}

@test "wording: refuses sentences of the old dialect, and no others" {
	checkout
	while IFS= read -r line; do
		printf '%s\n' "$line" > new.md
		_run tests/wording
		[ "$status" -eq 1 ] || { echo "taken: $line"; false; }
		[ "$(grep -c '^new.md:1: ' "$T/stdout")" -ge 1 ]
	done <<-'TEXT'
	A list that is no list.
	The bytes are no text.
	A name that is none.
	True, where there is one.
	The default, where it is known.
	Whoever asks is told.
	It tells what is wrong.
	Each has a folder of its own.
	Of its own accord, be it a file or a pipe.
	CHALLENGE: not there
	The file is there already.
	The site knows of no user.
	An element that is of no list.
	TEXT
	while IFS= read -r line; do
		printf '%s\n' "$line" > new.md
		yields - tests/wording
		[ ! -s "$T/stdout" ]
	done <<-'TEXT'
	If there is no list, nothing happens.
	The list is no longer than a page, and there are none of them left.
	The place where it lives.
	A client that tells them apart.
	Its own folder.
	    if the_code(is) { is no prose; }
	TEXT
}

@test "wording: reads comments and sentences in code" {
	checkout
	cat > cmd/a.c <<-'C'
	/* This is no comment
	 * whoever reads it. */
	int whoever = 1;	/* of its own */
	x = fail("is no ") + fail("%s: is no name", is_no);
	C
	# Bats would take an @test at the start of a line for a test here.
	printf '%s\n' '@test "a file that is no file" {' \
	    'is no code		# be it what it may' \
	    'run -1 whoever "is no" "$(whoever)"' > tests/a.bats
	printf '.\\" is no text\n.It Fl x\nis no text\n' > man/a.1
	_run tests/wording
	[ "$status" -eq 1 ]
	cut -d : -f 1,2 "$T/stdout" > "$T/places"
	printf '%s\n' cmd/a.c:1 cmd/a.c:2 cmd/a.c:3 cmd/a.c:4 man/a.1:3 \
	    tests/a.bats:1 tests/a.bats:2 | diff - "$T/places"
}

@test "wording: checks only added lines, whatever the base" {
	checkout
	yields - tests/wording
	[ ! -s "$T/stdout" ]
	echo 'It is no list.' > new.md
	git add new.md
	_run tests/wording
	[ "$status" -eq 1 ]
	# Once committed, it is in the last commit, or in the branch.
	git commit -q -m second
	_run tests/wording
	[ "$status" -eq 1 ]
	[ "$(wc -l < "$T/stdout")" -eq 1 ]
	git update-ref refs/remotes/origin/main HEAD~
	echo 'Nothing else.' > other.md
	git add other.md
	git commit -q -m third
	_run tests/wording
	[ "$status" -eq 1 ]
	git update-ref refs/remotes/origin/main HEAD
	yields - tests/wording
	BASE=HEAD~2 _run tests/wording
	[ "$status" -eq 1 ]
	BASE=nothing _run tests/wording
	[ "$status" -eq 1 ]
	# Without git, there is nothing to compare with.
	rm -rf .git
	yields - tests/wording
	[ ! -s "$T/stdout" ]
}

@test "chance: a test must not use random numbers, sleep, or wait without a limit" {
	mkdir "$T/tests"
	cp "$TESTS/chance" "$TESTS"/*.bash "$T/tests"
	yields - "$T/tests/chance"
	while IFS= read -r line; do
		printf 'x() {\n\t%s\n}\n' "$line" > "$T/tests/new.bats"
		_run "$T/tests/chance"
		[ "$status" -eq 1 ] || { echo "taken: $line"; false; }
		grep -qF "tests/new.bats:2:	$line (take " "$T/stdout"
	done <<-'TEXT'
	head -c 3 /dev/urandom > x
	slow & sleep 1
	sleep 0.5
	until [ -e x ]; do :; done
	a=1; until grep -q x log; do
	while ! grep -q x log; do
	while kill -0 "$pid"; do
	tail --pid=3 -f /dev/null
	TEXT
	while IFS= read -r line; do
		printf 'x() {\n\t%s\n}\n' "$line" > "$T/tests/new.bats"
		yields - "$T/tests/chance"
	done <<-'TEXT'
	# It waits until it is told.
	program 'exec sleep 1000'
	while read -r line; do
	TEXT
}

@test "awaits: names what it waited for" {
	run -1 awaits -p 2147483646 'the moon' false
	[[ $output = *'2147483646 ended before: the moon' ]]
	awaits 'the sun' true
	noise 1000 > "$T/a" 2> "$T/seed"
	MCFG_TEST_SEED=8 noise 1000 > "$T/b"
	noise 1000 2> /dev/null | cmp - "$T/a"
	[ "$(wc -c < "$T/a")" -eq 1000 ]
	run -1 cmp -s "$T/a" "$T/b"
	grep -qx MCFG_TEST_SEED=7 "$T/seed"
}

@test "keys: a test gets each key once, and no shared key" {
	cd "$T"
	rsa_key a
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=b -keyout b \
	    -out b.pem
	openssl req -x509 -newkey rsa:2048 -noenc -subj '/CN=c d' -keyout c \
	    -out c.pem
	certifies b.pem b
	certifies c.pem c
	openssl x509 -in c.pem -noout -subject -nameopt oneline |
	    grep -qx 'subject=CN = c d'
	[ "$(stat -c %a a b c | sort -u)" = 600 ]
	shared keys-a openssl genpkey -quiet -algorithm RSA \
	    -pkeyopt rsa_keygen_bits:2048 -out
	for f in a b c "$SHARED"; do
		openssl pkey -in "$f" -pubout | sha256sum
	done | sort | uniq -d | wc -l | grep -qx 0
	# Other calls go to the real openssl.
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -aes128 \
	    -pass pass:x -out e 2> said
	grep -q ENCRYPTED e
	run -1 openssl genpkey -quiet -algorithm none -out none.pem
}

@test "fresh: unstable releases may be missing, stable ones must not" {
	needs debootstrap
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	export MIRROR=http://127.0.0.1:1/debian
	for suite in sid experimental; do
		SUITE=$suite yields "$T/said" "$TESTS/fresh" demo deb
		head -n 1 "$T/said" | grep -q "skipped: $suite: "
		tail -n 1 "$T/said" | grep -qx '0 passed, 0 failed, 2 skipped'
	done
	for suite in bookworm trixie; do
		SUITE=$suite refuses 1 "$suite: " "$TESTS/fresh" demo deb
	done
}

@test "fresh: the environment of this machine does not reach the new one" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	needs git
	mkdir "$T/bin"
	cat > "$T/bin/debootstrap" <<-'SH'
	#!/bin/sh
	for d in sources.list.d preferences.d apt.conf.d; do
		mkdir -p "$3/etc/apt/$d" "$3/root"
	done
	SH
	# As apt, which needs the folder that TMPDIR names.
	cat > "$T/bin/chroot" <<-'SH'
	#!/bin/sh
	cd "$1" || exit
	[ -z "${TMPDIR:-}" ] || [ -d "./$TMPDIR" ] || exit 100
	ls etc/apt/apt.conf.d >&2
	[ "$2" != apt-cache ] ||
	    echo 'libssl-dev | 4.0.3-1 | http://x experimental/main Packages'
	SH
	chmod +x "$T"/bin/*
	PATH=$T/bin:$PATH TMPDIR=$T SUITE=experimental \
	    run -2 "$TESTS/fresh" nothing
	[[ $output != *skipped* ]]
}
