#!/usr/bin/env bats
# The lower floors of common/: branches that no tool reaches.  The judges are
# Python's calendar, base64 and UTF-8.

load helpers

unit() {
	local unit=${MCFG_BIN%/bin}/unit/$1

	[ -x "$unit" ] || skip "$unit is not built (make units)"
	"$unit"
}

@test "clock: dates match those of another calendar" {
	echo "MCFG_TEST_SEED=$MCFG_TEST_SEED"
	python3 - > "$T/in" <<-'PY'
	import os, random
	random.seed(int(os.environ["MCFG_TEST_SEED"]))
	edge = [0, -1, 951782400, 951868800, 4107542400, 253402300799, -62135596800]
	for t in edge + [random.randrange(-62135596800, 253402300799) for _ in range(5000)]:
	    print("split", t)
	PY
	unit unit_clock < "$T/in" > "$T/out"
	python3 - "$T/in" "$T/out" <<-'PY'
	import datetime, sys
	epoch = datetime.datetime(1970, 1, 1)
	for a, b in zip(open(sys.argv[1]), open(sys.argv[2])):
	    t = epoch + datetime.timedelta(seconds=int(a.split()[1]))
	    want = t.isoformat() + "Z"
	    assert b.strip() == want, (a, b, want)
	PY
	[ "$(wc -l < "$T/in")" -eq "$(wc -l < "$T/out")" ]
}

@test "clock: only valid RFC 3339 is accepted" {
	printf 'parse %s\n' 2026-11-24T09:00:00Z 2026-11-24T09:00:00.123Z \
	    2026-11-24t09:00:00z 2026-11-24T10:00:00+01:00 \
	    2026-11-24T08:30:00-00:30 2000-02-29T00:00:00Z > "$T/in"
	unit unit_clock < "$T/in" > "$T/out"
	diff "$T/out" - <<-'E'
	1795510800
	1795510800
	1795510800
	1795510800
	1795510800
	951782400
	E
	printf 'parse %s\n' 2026-11-24 2026-11-24T09:00:00 2026-13-01T00:00:00Z \
	    2025-02-29T00:00:00Z 2026-11-24T24:00:00Z 2026-11-24T09:00:00Zx \
	    2026-1-24T09:00:00Z 2026-11-24T09:00:00.Z '2026-11-24 09:00:00Z' \
	    2026-11-24T09:00:00+0100 +026-11-24T09:00:00Z \
	    9999-12-31T23:59:59-01:00 0000-01-01T00:00:00+00:01 > "$T/in"
	unit unit_clock < "$T/in" > "$T/out"
	[ "$(grep -cx no "$T/out")" -eq 13 ]
}

@test "clock: durations have one unit" {
	printf 'duration %s\n' 15s 15m 2h 365d > "$T/in"
	unit unit_clock < "$T/in" > "$T/out"
	diff "$T/out" <(printf '%s\n' 15 900 7200 31536000)
	printf 'duration %s\n' 15 m 1h30m -1d 1w 99999999999d '1 d' > "$T/in"
	unit unit_clock < "$T/in" > "$T/out"
	[ "$(grep -cx no "$T/out")" -eq 7 ]
}

@test "buf: base64 is strict, including unused bits" {
	printf 'base64 %s\n' Zg== 'Zm8=' Zm9v 'Zm 9v	YmFy' > "$T/in"
	unit unit_buf < "$T/in" > "$T/out"
	diff "$T/out" <(printf '%s\n' 66 666f 666f6f 666f6f626172)
	printf 'base64 %s\n' Zg Zg= Zh== Zm9 Zm8== Zm9v= Z 'Zg==Zg==' 'Zm-v' \
	    > "$T/in"
	unit unit_buf < "$T/in" > "$T/out"
	[ "$(grep -cx no "$T/out")" -eq 9 ]
}

@test "buf: hexadecimal may have colons and capitals" {
	printf 'hex %s\n' 0aFF 0A:ff > "$T/in"
	unit unit_buf < "$T/in" > "$T/out"
	diff "$T/out" <(printf '%s\n' 0aff 0aff)
	printf 'hex %s\n' 0 0g 0a:f > "$T/in"
	unit unit_buf < "$T/in" > "$T/out"
	[ "$(grep -cx no "$T/out")" -eq 3 ]
}

@test "words: percent escapes, as Python undoes them" {
	python3 - "$T" <<-'PY'
	import re, sys
	from urllib.parse import unquote_to_bytes
	asked = open(sys.argv[1] + "/in", "w")
	wanted = open(sys.argv[1] + "/wanted", "w")
	for s in [b"", b"a+b", b"%41%2f%2F", b"%", b"%4", b"a%4", b"%4g1", b"%%41",
	          b"%zz%41", b"\xff%ff%80", b"x%0a%0D", b"%25" b"41"]:
	    broken = re.search(rb"%(?![0-9a-fA-F]{2})", s)
	    print("percent", s.hex(), file=asked)
	    print("broken" if broken else "whole", unquote_to_bytes(s).hex(), file=wanted)
	print("percent", b"a%00b".hex(), file=asked)
	print("broken", b"a%00b".hex(), file=wanted)
	PY
	unit unit_buf < "$T/in" > "$T/out"
	diff "$T/wanted" "$T/out"
}

@test "diag: hostile text becomes one printable line" {
	python3 - > "$T/in" <<-'PY'
	for s in [b"plain", "caf\u00e9".encode(), b"a\nb", b"a\x1b[31mb", b"\xff\xfe",
	          "\u202egnp".encode(), b"\xc0\xaf", b"\xed\xa0\x80", "\u200b".encode(),
	          b"\x00", "\u0085".encode(), b"x" * 100]:
	    print("escape", s.hex())
	PY
	unit unit_buf < "$T/in" > "$T/out"
	diff "$T/out" - <<-'E'
	plain
	café
	a\nb
	a\x1b[31mb
	\xff\xfe
	\u202egnp
	\xc0\xaf
	\xed\xa0\x80
	\u200b
	\x00
	\u0085
	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
	E
}

@test "common: DER is not written to a terminal" {
	scep-ca init --dir "$T/ca" --subject /CN=x
	printf '<plist version="1.0"><dict/></plist>' > "$T/plist"
	# on_terminal WANT COMMAND...: has status WANT on a terminal.
	on_terminal() {
		python3 - "$@" <<-'PY'
		import os, pty, subprocess, sys
		master, tty = pty.openpty()
		p = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL,
		    stdout=tty, stderr=subprocess.PIPE)
		os.close(tty)
		try: got = os.read(master, 65536)
		except OSError: got = b''
		if p.returncode != int(sys.argv[1]): sys.exit(p.stderr)
		if p.returncode and (got or b'-o FILE' not in p.stderr): sys.exit(repr(got))
		if not p.returncode and not got: sys.exit('nothing')
		PY
	}
	sign=(mcfg-sign --cert "$PKI/signer.pem" --key "$PKI/signer.key" --any)
	on_terminal 2 "${sign[@]}" "$T/plist"
	on_terminal 2 scep-ca crl --dir "$T/ca"
	on_terminal 0 "${sign[@]}" --pem "$T/plist"
	on_terminal 0 mcfg-inspect "$T/plist"
	warns 'Not Verified' "$T/der" "${sign[@]}" "$T/plist"
}
