#!/usr/bin/env bats
# A system without O_TMPFILE, /proc, memory, or a disk that keeps what was
# written (tests/preload/poor.c).

load helpers

setup() {
	POOR=${MCFG_BIN%/bin}/preload/poor.so
	[ -z "${MCFG_TEST_SANITIZED:-}" ] || ! nm -D "$MCFG_BIN/mcfg-get" 2>&1 |
	    grep -q __asan_ || skip 'a sanitizer wants to be first'
	[ -e "$POOR" ] || skip 'poor.so is not built (make units)'
	cd "$T" || return
	printf '<plist version="1.0"><dict><key>a</key><string>new</string>%s' \
	    '</dict></plist>' > in
	mkdir out
}

# poor WHAT cmd...: runs it without these.
poor() {
	local what=$1
	shift
	LD_PRELOAD=$POOR MCFG_POOR=$what "$@"
}

# left TEXT: the output is TEXT, and there is no other file.
left() {
	[ "$(ls out)" = file ]
	[ "$(cat out/file)" = "$1" ]
}

@test "limited system: -o works without O_TMPFILE and without /proc" {
	local what

	umask 022
	for what in tmpfile proc 'tmpfile proc'; do
		rm -f out/file
		yields - poor "$what" mcfg-get -o out/file a in
		left new
		[ "$(stat -c %a out/file)" = 644 ]
		echo old > out/file
		yields - poor "$what" mcfg-get -o out/file a in
		left new
		# A key stays private.
		rm -rf ca
		yields - poor "$what" scep-ca init --dir ca --subject /CN=ca
		[ "$(stat -c %a ca/key.pem)" = 600 ]
		[ "$(find ca -name '*.??????' | wc -l)" -eq 0 ]
	done
	umask 027
	yields - poor tmpfile mcfg-get -o out/file a in
	[ "$(stat -c %a out/file)" = 640 ]
}

@test "limited system: a failed write leaves only the old file" {
	local what

	echo old > out/file
	for what in close 'tmpfile close' 'tmpfile rename' 'proc rename'; do
		status=0
		poor "$what" mcfg-get -o out/file a in 2> err || status=$?
		[ "$status" -eq 4 ]
		[ "$(wc -l < err)" -eq 1 ]
		grep -q '^mcfg-get: out/file: cannot ' err
		left old
	done
	# If there was no file, there is none afterwards.
	rm out/file
	for what in close 'tmpfile close' 'tmpfile rename'; do
		status=0
		poor "$what" mcfg-get -o out/file a in 2> err || status=$?
		[ "$status" -eq 4 ]
		[ -z "$(ls out)" ]
	done
}

@test "limited system: no memory is a fault, said in one line" {
	poor memory=1 ls > out.ls 2>&1 &&
	    skip 'not the malloc of glibc'
	python3 - <<-'PY'
	open("big", "w").write('<plist version="1.0"><dict><key>a</key>'
	    '<string>%s</string></dict></plist>' % ("x" * 600000))
	PY
	echo old > out/file
	for tool in 'mcfg-get a' mcfg-inspect mcfg-lint 'mcfg-get -o out/file a' \
	    "mcfg-sign --cert $PKI/ec.pem --key $PKI/ec.key$(
	    ) --chain $PKI/root.pem"; do
		status=0
		# shellcheck disable=SC2086 # its words
		poor memory=500000 $tool big > got 2> err || status=$?
		[ "$status" -eq 4 ]
		[ ! -s got ]
		[ "$(cat err)" = "${tool%% *}: out of memory" ]
		left old
	done
}
