#!/usr/bin/env bats
# A fault has status 4 and one line, and changes nothing.
#
# A file that cannot be examined does not count as missing: every system call
# for one file fails.

load helpers
load scep_helpers
load flow

setup() {
	able
	needs strace
	cd "$T" || return
}

# unseen FILE CALLS cmd...: if these calls fail for FILE, the command has status
# 4, one line on standard error, and no output.
unseen() {
	local file=$1 calls=$2
	shift 2
	status=0
	strace -f -qq -o log -P "$file" -e "inject=$calls:error=EIO" \
	    "$@" > got 2> said || status=$?
	grep -v '^strace: Requested path' said > err || :
	if ! grep -q INJECTED log; then
		echo "no $calls of $file: $*"
		return 1
	fi
	if [ "$status" -ne 4 ] || [ -s got ] || [ "$(wc -l < err)" -ne 1 ] ||
	    ! grep -qF "$file" err; then
		echo "$calls of $file: $*: status $status: $(cat got err)"
		return 1
	fi
}

# state DIR: prints the content of a folder, without the ledger's log.
state() {
	(cd "$1" && find . ! -name '*-shm' ! -name '*-wal' ! -name ledger.db \
	    -type f -exec sha256sum {} + | sort)
	sqlite3 "$1/ledger.db" .dump
}

@test "faults: a file of the CA that cannot be examined does not count as missing" {
	local before call

	needs sqlite3
	ca ca
	rsa_key key
	scep-ca challenge --dir ca --subject /O=E/CN=dev > ch
	chmod 600 ch
	echo 'approval: manual' > ca/scep-ca.yaml
	scep-request --ca ca/cert.pem --key key --subject /O=E/CN=dev \
	    --challenge file:ch --state st -o rq
	before=$(state ca)
	for call in %%stat openat; do
		unseen ca/scep-ca.yaml "$call" scep-ca answer --dir ca \
		    --operation PKIOperation rq
		unseen ca/scep-ca.yaml "$call" scep-ca list --dir ca
		unseen ca/scep-ca.yaml "$call" scep-ca check --dir ca
		unseen ca/scep-ca.yaml "$call" scep-ca crl --dir ca
	done
	for file in cert.pem ra.pem crl.der next-cert.pem previous-cert.pem; do
		unseen "ca/$file" %%stat scep-ca check --dir ca
	done
	for file in ra.pem next-cert.pem previous-cert.pem; do
		unseen "ca/$file" %%stat scep-ca answer --dir ca \
		    --operation PKIOperation rq
	done
	unseen ca/crl.der %%stat scep-ca crl --dir ca
	unseen ca/crl.der %%stat scep-ca crl --dir ca --current
	unseen ca/next-key.pem %%stat scep-ca rollover --dir ca --activate
	unseen ca/cert.pem %%stat scep-ca init --dir ca
	unseen ca/ledger.db %%stat scep-ca list --dir ca
	[ "$(state ca)" = "$before" ]
	# Without a fault, the request is pending.
	scep-ca answer -e --dir ca --operation PKIOperation rq > got 2> err ||
	    status=$?
	grep -q pending err
}

@test "faults: a lost ledger is not replaced by an empty one" {
	ca ca
	mv ca/ledger.db away
	rm -f ca/ledger.db-*
	for verb in 'challenge --subject /CN=x' crl list check; do
		# shellcheck disable=SC2086 # words
		refuses 4 ledger scep-ca $verb --dir ca
		[ ! -e ca/ledger.db ]
	done
}

@test "faults: nor is another template, list or profile used instead" {
	mkdir -p d/profile.d old out
	for name in profile profile.d/iPhone profile.d/iPhone12,1; do
		printf 'PayloadIdentifier: e.%s\nPayloadContent: []\n' \
		    "${name##*/}" > "d/$name.yaml"
	done
	unseen 'd/profile.d/iPhone12,1.yaml' %%stat mcfg-profile --pick d \
	    --set PRODUCT=iPhone12,1
	rm 'd/profile.d/iPhone12,1.yaml'
	unseen d/profile.d/iPhone.yaml %%stat mcfg-profile --pick d \
	    --set PRODUCT=iPhone12,1
	cp "$TESTS/data/"*.mobileconfig . 2> /dev/null || :
	printf '<plist version="1.0"><dict/></plist>' > p.mobileconfig
	# An output that cannot be examined may be a device, or a link.
	echo old > out/file
	unseen out/file %%stat mcfg-get -o out/file . p.mobileconfig
	[ "$(cat out/file)" = old ]
}

@test "faults: mcfg-report fails rather than leave out what it cannot read" {
	ca ca
	for file in cert.pem root.pem ra.pem next-cert.pem previous-cert.pem \
	    crl.der; do
		unseen "ca/$file" %%stat mcfg-report --ledger \
		    sqlite:ca/ledger.db --ca ca
	done
}

# begun N CALLS cmd...: the Nth of these calls fails; status 1 if there are
# fewer.
begun() {
	local n=$1 calls=$2
	shift 2
	status=0
	strace -f -qq -o log -e trace="$calls" \
	    -e "inject=$calls:error=EIO:when=$n" "$@" > got 2> said ||
	    status=$?
	grep -q INJECTED log
}

# own_ca: makes a CA that needs no RA, for an import.
own_ca() {
	rsa_key own.key
	openssl req -x509 -key own.key -subj /CN=Own -days 900 -out own.pem \
	    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature,keyEncipherment
}

@test "faults: an init that failed halfway can be repeated" {
	local call n made=(--import-cert own.pem --import-key own.key)

	own_ca
	for call in linkat fsync unlink mkdir fdatasync; do
		for ((n = 1; n < 60; n++)); do
			rm -rf ca
			begun $n $call scep-ca init --dir ca "${made[@]}" ||
			    break
			[ ! -s got ]
			# The program may recover from this error.
			[ "$status" -ne 0 ] || continue
			if [ "$status" -ne 4 ] ||
			    ! scep-ca init --dir ca "${made[@]}" 2> again ||
			    ! scep-ca check --dir ca > check 2>&1; then
				echo "$call $n: $status $(cat said again check)"
				return 1
			fi
			[ ! -e ca/init.unfinished ]
			run -1 scep-ca init --dir ca "${made[@]}"
		done
		[ $n -lt 60 ]
		case $call in linkat|fsync) [ $n -gt 5 ] ;; esac
	done
}

@test "faults: a failed init keeps a prepared policy" {
	mkdir ca
	echo 'approval: manual' > ca/scep-ca.yaml
	own_ca
	begun 4 fsync scep-ca init --dir ca --import-cert own.pem \
	    --import-key own.key
	[ "$status" -eq 4 ]
	scep-ca init --dir ca --import-cert own.pem --import-key own.key \
	    2> said
	[ "$(cat ca/scep-ca.yaml)" = 'approval: manual' ]
}

@test "faults: a folder that cannot be read completely does not count as empty" {
	mkdir pages
	echo '<p>ours</p>' > pages/welcome.en.html
	yields got mcfg-page --pages pages welcome
	grep -q ours got
	unseen pages getdents64 mcfg-page --pages pages welcome
}

@test "faults: a program that cannot be examined is not skipped" {
	local old=$PATH

	mkdir first second
	for dir in first second; do
		printf '#!/bin/sh\necho %s\n' $dir > $dir/mcfg-zzz
		chmod +x $dir/mcfg-zzz
	done
	PATH=$T/first:$T/second:$PATH
	yields got mcfg zzz
	[ "$(cat got)" = first ]
	unseen "$T/first/mcfg-zzz" %file mcfg zzz
	# A file that is not executable is skipped, as by a shell.
	chmod -x first/mcfg-zzz
	yields got mcfg zzz
	[ "$(cat got)" = second ]
	PATH=$old
	unseen "$MCFG_BIN/mcfg-get" %file mcfg get --version
	unseen "$MCFG_BIN/mcfg-get" %file mcfg
}

@test "faults: a link that cannot be read does not lead outside" {
	mkdir files
	echo text > files/text
	ln -s text files/link
	cat > p.yaml <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: e.x
	PayloadUUID: 0E8C2C5F-6B2A-4C32-9D6B-0F8A1C1E2D3F
	ConsentText: {default: !file files/link}
	PayloadContent: []
	YAML
	yields got mcfg-profile p.yaml
	status=0
	strace -f -qq -o log -P files/link -P "$T/files/link" \
	    -e 'inject=readlink,?readlinkat:error=EIO' mcfg-profile p.yaml \
	    > got 2> said || status=$?
	grep -q INJECTED log
	[ "$status" -eq 4 ]
	[ ! -s got ]
	grep 'files/link: cannot' said
}

@test "faults: a state that cannot be examined is neither replaced nor removed" {
	local call

	ca ca
	rsa_key key
	set -- scep-request --ca ca/cert.pem --key key --subject /O=E/CN=dev \
	    --state st
	yields rq "$@"
	cp st before
	for call in %%stat openat read; do
		unseen st "$call" "$@"
		cmp st before
	done
	# A later failure restores it, too.
	refuses 4 nowhere "$@" -o nowhere/rq
	cmp st before
	# A device file has no state to lose.
	yields rq "${@:1:$#-1}" /dev/null
}

@test "faults: scep-ca check does not judge what it could not examine" {
	local file

	ca ca
	for file in key.pem ra-key.pem chain.pem root.pem crl.der; do
		[ -e "ca/$file" ] || continue
		unseen "ca/$file" openat scep-ca check --dir ca
	done
	unseen ca/key.pem %%stat scep-ca check --dir ca
	# A missing file is a finding.
	rm ca/chain.pem
	run -1 scep-ca check --dir ca
}

# ---- scripts ----

@test "faults: a part of a path that cannot be examined still has an owner" {
	mkdir -p theirs/site
	# Only the library that decides where root may work.
	cat > whose <<-'SH'
	#!/bin/sh
	me=$0 lib=$1
	. "$lib/lib.sh" && . "$lib/owner.sh" || exit 4
	walk "$2"
	printf '%s' "$owner"
	SH
	chmod +x whose
	yields got ./whose "$ROOT/scripts" "$T/theirs/site"
	[ -s got ]
	unseen "$T/theirs" %%stat ./whose "$ROOT/scripts" "$T/theirs/site"
	unseen "$T/theirs/site" %%stat ./whose "$ROOT/scripts" "$T/theirs/site"
	# A part that does not exist ends the path.
	yields got ./whose "$ROOT/scripts" "$T/theirs/none/site"
}

@test "faults: for mcfg-site a folder that cannot be read does not count as empty" {
	mkdir full
	echo mine > full/site.yaml
	export PW=secret
	set -- mcfg-site full --organization E --host localhost --user jane \
	    --password env:PW
	refuses 1 'not empty' "$@"
	for call in getdents64 %%stat; do
		unseen full $call "$@"
	done
	[ "$(ls full)" = site.yaml ]
	[ "$(cat full/site.yaml)" = mine ]
	refuses 1 'not empty' mcfg-demo --keep full
	unseen "$T/full" getdents64 mcfg-demo --keep full
}

@test "faults: users that cannot be read are not added a second time" {
	SITE=$T/site make_site
	export PW=other
	cp site/users.htpasswd before
	refuses 1 jane mcfg-site site --add-user jane --password env:PW
	for call in %%stat openat read; do
		unseen ./site/users.htpasswd $call mcfg-site site \
		    --add-user jane --password env:PW
	done
	cmp before site/users.htpasswd
}

@test "faults: an identity that cannot be examined is not replaced" {
	mkdir out
	echo mine > out/identity.pem
	export PW=secret
	set -- mcfg-device https://localhost:9/ --user jane --password env:PW \
	    --factory "$PKI/client.pem" --factory-key "$PKI/client.key" \
	    --cacert "$PKI/root.pem" -o out
	refuses 1 identity "$@"
	unseen ./out/identity.pem %%stat "$@"
	[ "$(ls out)" = identity.pem ]
}

@test "faults: an outside CA that cannot be examined does not count as missing" {
	SITE=$T/site make_site
	export MCFG_SITE=$T/site REQUEST_METHOD=GET PATH_INFO=/crl
	strace -f -qq -o log -P ca/cert.pem -e inject=%%stat:error=EIO \
	    "$ROOT/scripts/mcfg.cgi" > got 2> err
	grep -q INJECTED log
	grep -q '^Status: 500' got
	grep -q 'ca/cert.pem' err
	rm site/ca/cert.pem
	"$ROOT/scripts/mcfg.cgi" > got 2> err
	grep -q '^Status: 404' got
}

@test "faults: a list of devices that cannot be examined does not count as empty" {
	mkdir -p site/profile.d
	echo 'S1' > site/devices.allow
	for serial in S1 S2; do
		printf '%s\n' 'PayloadType: Configuration' 'PayloadContent: []' \
		    'PayloadIdentifier: e.x' > site/profile.d/serial-$serial.yaml
	done
	cat > check <<-'SH'
	#!/bin/sh
	me=$0 lib=$1
	. "$lib/lib.sh" && . "$lib/published.sh" && . "$lib/templates.sh" ||
	    exit 4
	template_faults site
	SH
	chmod +x check
	yields got ./check "$ROOT/scripts"
	grep serial-S2 got
	run -1 grep serial-S1 got
	for call in %%stat openat; do
		strace -f -qq -o log -P devices.allow \
		    -e "inject=$call:error=EIO" ./check "$ROOT/scripts" \
		    > got 2> err
		grep -q INJECTED log
		grep devices.allow err
		run -1 grep serial- got
	done
}
