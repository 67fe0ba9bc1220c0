#!/usr/bin/env bats
# The same bad inputs for every tool that reads one: the right status, one
# clear line, nothing on standard output, within a second and 100 MB.

load helpers

# bounded cmd...: runs it; status, seconds and peak memory (MB) are checked by
# the kernel's own accounts, its streams are in $T/stdout and $T/stderr.
bounded() {
	python3 - "$T/stdout" "$T/stderr" "${MCFG_TEST_SANITIZED:-}" "$@" <<-'PY'
	import os, sys, time
	out, err, sanitized, argv = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
	start = time.monotonic()
	pid = os.fork()
	if pid == 0:
	    for path, fd in ((out, 1), (err, 2)):
	        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), fd)
	    os.execvp(argv[0], argv)
	_, status, usage = os.wait4(pid, 0)
	cpu = usage.ru_utime + usage.ru_stime
	code = os.waitstatus_to_exitcode(status)
	rss = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
	problems = []
	if not sanitized and cpu > 1:
	    problems.append("took %.1f s of processor time" % cpu)
	if not sanitized and rss > 100:
	    problems.append("took %.0f MB" % rss)
	if code not in (1, 3):
	    problems.append("status %d" % code)
	stderr = open(err, "rb").read()
	if code in (1, 3) and argv[0] == "mcfg-lint":
	    pass    # its verdict is the product
	elif os.path.getsize(out):
	    problems.append("something on standard output")
	elif stderr.count(b"\n") != 1 or not stderr.startswith(os.path.basename(argv[0]).encode() + b": "):
	    problems.append("not one line of its own: %r" % stderr[:300])
	if problems:
	    print(" ".join(argv), ":", "; ".join(problems))
	    sys.exit(1)
	PY
}

# every_reader FILE: each tool that has an INPUT reads it.
every_reader() {
	local failed=0 t

	for t in $READERS; do
		read_by "$t" "$1" || failed=1
	done
	return $failed
}

READERS='mcfg-profile mcfg-sign mcfg-verify mcfg-encrypt mcfg-decrypt mcfg-get
    mcfg-lint mcfg-enrollment mcfg-complete scep-ca scep-response'

read_by() {
	local -a call

	case $1 in
	mcfg-profile) call=(mcfg-profile) ;;
	mcfg-sign) call=(mcfg-sign --cert "$PKI/signer.pem"
	    --key "$PKI/signer.key" --chain "$PKI/chain.pem") ;;
	mcfg-verify) call=(mcfg-verify --ca "$PKI/root.pem") ;;
	mcfg-encrypt) call=(mcfg-encrypt --recipient "$PKI/client.pem") ;;
	mcfg-decrypt) call=(mcfg-decrypt --key "$PKI/client.key") ;;
	mcfg-get) call=(mcfg-get PayloadType) ;;
	mcfg-lint) call=(mcfg-lint) ;;
	mcfg-enrollment) call=(mcfg-enrollment identify
	    --ledger "sqlite:$T/ledger.db" --subject /CN=x) ;;
	mcfg-complete) call=(mcfg-enrollment complete
	    --ledger "sqlite:$T/ledger.db" --signer "$PKI/client.pem") ;;
	scep-ca) call=(scep-ca answer --dir "$T/ca"
	    --operation PKIOperation) ;;
	scep-response) call=(scep-response --state "$T/state"
	    --key "$T/key" --ca "$T/ca/cert.pem") ;;
	esac
	bounded "${call[@]}" "$2"
}

setup() {
	scep-ca init --dir "$T/ca" --subject /O=Example/CN=CA
	openssl genrsa -out "$T/key" 2048 2> /dev/null
	scep-request --ca "$T/ca/cert.pem" --key "$T/key" \
	    --subject /O=Example/CN=Device --state "$T/state" -o "$T/message"
	mcfg-enrollment start --ledger "sqlite:$T/ledger.db" --user=jane \
	    > "$T/challenge"
}

@test "hostile: an empty file" {
	: > "$T/in"
	every_reader "$T/in"
}

@test "hostile: the wrong kind: a picture, a certificate, a shell script" {
	printf '\211PNG\r\n\032\n\0\0\0\rIHDR' > "$T/in"
	every_reader "$T/in"
	openssl x509 -in "$PKI/root.pem" -outform DER -out "$T/in"
	every_reader "$T/in"
	printf '#!/bin/sh\nexit 0\n' > "$T/in"
	every_reader "$T/in"
}

@test "hostile: a megabyte of <array>" {
	python3 -c "print('<plist>' + '<array>' * 150000)" > "$T/in"
	every_reader "$T/in"
	head -c 1000000 /dev/zero | sed 's/\x00/\x30\x80/g' > "$T/in"
	every_reader "$T/in"
}

@test "hostile: ten megabytes of &amp; outside a plist" {
	python3 -c "print('&amp;' * 2000000)" > "$T/in"
	every_reader "$T/in"
}

@test "hostile: broken UTF-8" {
	printf '<plist version="1.0"><dict><key>PayloadType</key><string>\377\376</string></dict></plist>' \
	    > "$T/in"
	every_reader "$T/in"
}

@test "hostile: a doubled key" {
	printf '<plist version="1.0"><dict><key>PayloadType</key><string>a</string><key>PayloadType</key><string>b</string></dict></plist>' \
	    > "$T/in"
	every_reader "$T/in"
}

@test "hostile: truncated and trailing bytes" {
	openssl cms -sign -binary -nodetach -outform DER -in "$PKI/root.pem" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -certfile "$PKI/inter.pem" -out "$T/signed"
	head -c 900 "$T/signed" > "$T/in"
	every_reader "$T/in"
	{ cat "$T/signed"; printf 'xx'; } > "$T/in"
	every_reader "$T/in"
}

@test "hostile: over the limit" {
	head -c 20000000 /dev/zero > "$T/in"
	every_reader "$T/in"
}

@test "hostile: ten megabytes of &amp; inside a plist are read in linear time" {
	[ -z "${MCFG_TEST_SANITIZED:-}" ] || skip "not a timing build"
	python3 - > "$T/in" <<-'PY'
	print('<plist version="1.0"><dict><key>PayloadType</key><string>%s</string></dict></plist>' % ('&amp;' * 2000000))
	PY
	python3 - "$T/in" "$T/out" <<-'PY'
	import resource, subprocess, sys
	with open(sys.argv[2], "wb") as out:
	    subprocess.run(["mcfg-get", "PayloadType", sys.argv[1]], stdout=out, check=True)
	usage = resource.getrusage(resource.RUSAGE_CHILDREN)
	assert usage.ru_utime + usage.ru_stime < 1, usage
	assert usage.ru_maxrss < 100 << 10, usage
	PY
	[ "$(wc -c < "$T/out")" -eq 2000001 ]
}
