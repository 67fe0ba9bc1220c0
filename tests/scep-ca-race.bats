#!/usr/bin/env bats
# Two programs at once, in every order: the first stands before each BEGIN,
# COMMIT and rename in turn, and the second goes as far as it can without it.
# shellcheck disable=SC2154 # gate.bash sets gate_where and gate_first

load helpers
load scep_helpers
load ledger
load gate

setup() {
	able
	cd "$T" || return
	ledger_setup
	ca ca --ledger "$LEDGER"
}

teardown() {
	[ -z "${BATS_TEST_COMPLETED:-}" ] && echo "the first one stood at: $stood"
	gate_close
}

# owner NAME KEY: NAME.key is that key of the PKI, NAME.pem self-signed.
owner() {
	cp "$PKI/$2.key" "$1.key"
	openssl req -x509 -key "$1.key" -subj "/CN=$1" -days 30 -out "$1.pem"
}

# holder NAME: NAME has a certificate, CN=NAME.
holder() {
	owner "$1" client
	csr "$1" "/CN=$1" "$(challenge ca --subject "/CN=$1")"
	message ca "$1"
	granted ca "$1"
}

# renewal NAME: NAME-again.msg renews the certificate of NAME, with its key.
renewal() {
	cp "$1.key" "$1-again.key"
	cp "$1.cert" "$1-again.pem"
	csr "$1-again" "/CN=$1" ''
	message ca "$1-again" --type 17
}

serial_of() {
	openssl x509 -in "$1" -noout -serial | sed 's/.*=//' | tr A-F a-f
}

# certificates WHERE: how many there are
certificates() {
	sql "SELECT COUNT(*) FROM certificate WHERE $1"
}

# each_stop FUNCTION: FUNCTION N for N = 0, 1, ... until stand says over.
each_stop() {
	local n=0

	until [ -n "${over:-}" ]; do
		"$1" $n
		gate_close
		n=$((n + 1))
	done
	[ $n -gt 2 ]
}

# stand NAME N cmd...: NAME at its stop N; over if it has fewer.
stand() {
	local name=$1 n=$2
	shift 2

	gate_start "$name" "$@"
	while [ "$n" -gt 0 ] && [[ ${gate_where[$name]} != ended* ]]; do
		gate_step "$name"
		n=$((n - 1))
	done
	stood=${gate_where[$name]}
	[[ $stood != ended* ]] || over=yes
}

# ---- a certificate that ends while it renews ----

revoked_at() {
	local renewed

	holder "r$1"
	renewal "r$1"
	stand renew "$1" scep-ca answer --dir ca --operation PKIOperation \
	    "r$1-again.msg"
	renewed=$(certificates "subject = 'CN=r$1' AND revoked = 0")
	gate_beside renew revoke scep-ca revoke --dir ca \
	    "$(serial_of "r$1.cert")"
	[ "${gate_where[revoke]}" = 'ended 0' ]
	[ "${gate_where[renew]}" = 'ended 0' ]
	python3 "$TESTS/scep.py" read renew.out > attrs
	if [ "$gate_first" = revoke ] && [ "$renewed" -eq 1 ]; then
		grep -qx pkiStatus=2 attrs
		[ "$(certificates "subject = 'CN=r$1'")" -eq 1 ]
	else
		grep -qx pkiStatus=0 attrs
	fi
}

@test "scep-ca race: a certificate that is revoked while it renews is not renewed" {
	each_stop revoked_at
}

# enrolled NAME: NAME has the identity of an enrollment, whose id is in $id.
enrolled() {
	local subject

	mcfg-enrollment start --ledger "$LEDGER" --user jane > "$1.start"
	printf '%s' '<plist version="1.0"><dict><key>UDID</key><string>' \
	    "$1" '</string><key>CHALLENGE</key><string>' \
	    "$(cat "$1.start")" '</string></dict></plist>' > "$1.in"
	mcfg-enrollment identify --ledger "$LEDGER" \
	    --subject-out "$1.subject" "$1.in" > "$1.pw"
	subject=$(cat "$1.subject")
	id=${subject##*CN=}
	owner "$1" client
	csr "$1" "$subject" "$(cat "$1.pw")"
	message ca "$1"
}

aborted_at() {
	enrolled "e$1"
	stand certify "$1" scep-ca answer --dir ca --operation PKIOperation \
	    "e$1.msg"
	gate_beside certify abort mcfg-enrollment abort --ledger "$LEDGER" "$id"
	[ "${gate_where[abort]}" = 'ended 0' ]
	[ "${gate_where[certify]}" = 'ended 0' ]
	# Before or after: nothing good is left of it.
	[ "$(certificates "enrollment = '$id' AND revoked = 0")" -eq 0 ]
}

@test "scep-ca race: an enrollment that is aborted gets no identity" {
	each_stop aborted_at
}

renewed_at() {
	enrolled "e$1"
	granted ca "e$1"
	cp "e$1.key" "e$1-again.key"
	cp "e$1.cert" "e$1-again.pem"
	csr "e$1-again" "$(cat "e$1.subject")" ''
	message ca "e$1-again" --type 17
	stand renew "$1" scep-ca answer --dir ca --operation PKIOperation \
	    "e$1-again.msg"
	gate_beside renew abort mcfg-enrollment abort --ledger "$LEDGER" "$id"
	[ "${gate_where[abort]}" = 'ended 0' ]
	[ "${gate_where[renew]}" = 'ended 0' ]
	[ "$(certificates "enrollment = '$id' AND revoked = 0")" -eq 0 ]
}

@test "scep-ca race: an enrollment that is aborted renews nothing" {
	each_stop renewed_at
}

# ---- lists of revoked certificates ----

# lists NAME...: the list on disk holds the certificates of all, says openssl.
lists() {
	local n

	openssl crl -inform DER -in ca/crl.der -CAfile ca/root.pem \
	    -noout -text > crl.text 2> crl.verify
	grep -q 'verify OK' crl.verify
	for n; do
		grep -qi "Serial Number: $(serial_of "$n.cert")" crl.text || {
			echo "no $n in the list"
			cat crl.text
			return 1
		}
	done
}

both_at() {
	holder "a$1"
	holder "b$1"
	stand first "$1" scep-ca revoke --dir ca "$(serial_of "a$1.cert")"
	gate_beside first second scep-ca revoke --dir ca \
	    "$(serial_of "b$1.cert")"
	[ "${gate_where[first]}" = 'ended 0' ]
	[ "${gate_where[second]}" = 'ended 0' ]
	lists "a$1" "b$1"
	yields out scep-ca check --dir ca
}

@test "scep-ca race: two revocations at once are both in the list" {
	each_stop both_at
}

# number FILE: the CRL number, in decimal.
number() {
	printf '%d\n' "$(openssl crl -inform DER -in "$1" -noout -crlnumber |
	    sed 's/.*=//')"
}

listed_at() {
	holder "l$1"
	stand make "$1" scep-ca crl --dir ca
	gate_beside make revoke scep-ca revoke --dir ca "$(serial_of "l$1.cert")"
	[ "${gate_where[make]}" = 'ended 0' ]
	[ "${gate_where[revoke]}" = 'ended 0' ]
	lists "l$1"
	scep-ca check --dir ca > out
}

@test "scep-ca race: a certificate revoked while a CRL is made is in the newest one" {
	each_stop listed_at
}

@test "scep-ca race: a list that is late does not replace a newer one" {
	holder late
	# The lock is somebody else's while both numbers are taken.
	mkfifo held release
	python3 -c 'if True:
	    import fcntl
	    f = open("ca/crl.lock", "a")
	    fcntl.lockf(f, fcntl.LOCK_EX)
	    open("held", "w").close()
	    open("release").read()' 3>&- &
	holder=$!
	: < held
	gate_start make scep-ca crl --dir ca
	gate_to make lock
	gate_start revoke scep-ca revoke --dir ca "$(serial_of late.cert)"
	gate_to revoke lock
	: > release
	wait "$holder"
	gate_end revoke
	[ "$status" -eq 0 ]
	cp ca/crl.der newest.der
	gate_end make
	[ "$status" -eq 0 ]
	cmp ca/crl.der newest.der
	# Who asked for a list gets the newest one.
	cmp make.out newest.der
	lists late
	scep-ca check --dir ca > out
}

@test "scep-ca race: eight lists and revocations at once, none is lost" {
	for n in 1 2 3 4; do
		holder "m$n"
	done
	stood='at once'
	first=$(number ca/crl.der)
	pids=()
	for n in 1 2 3 4; do
		scep-ca revoke --dir ca "$(serial_of "m$n.cert")" 3>&- &
		pids+=("$!")
		scep-ca crl --dir ca -o "crl$n" 3>&- &
		pids+=("$!")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	[ "$(number ca/crl.der)" -eq $((first + 8)) ]
	lists m1 m2 m3 m4
	scep-ca check --dir ca > out
}

# ---- one challenge, two keys ----

shared_at() {
	local pw

	pw=$(challenge ca --subject "/CN=c$1")
	owner "c$1" client
	owner "d$1" signer
	csr "c$1" "/CN=c$1" "$pw"
	csr "d$1" "/CN=c$1" "$pw"
	message ca "c$1"
	message ca "d$1"
	stand first "$1" scep-ca answer --dir ca --operation PKIOperation \
	    "c$1.msg"
	gate_beside first second scep-ca answer --dir ca \
	    --operation PKIOperation "d$1.msg"
	[ "$(certificates "subject = 'CN=c$1'")" -eq 1 ]
}

# ---- requests that wait ----

# late NAME N [options]: NAME.msg is answered as far as its stop N.
late() {
	local name=$1 n=$2
	shift 2

	stand "$name" "$n" scep-ca answer --dir ca --operation PKIOperation \
	    "$@" "$name.msg"
}

# said NAME N: NAME was answered in the end, with that pkiStatus
said() {
	gate_end "$1"
	[ "$status" -eq 0 ] || return 1
	[ "$(python3 "$TESTS/scep.py" read "$1.out" |
	    sed -n 's/^pkiStatus=//p')" = "$2" ]
}

# asks NAME TXID [secret]: NAME.msg, for CN=NAME
asks() {
	[ -e "$1.key" ] || owner "$1" client
	csr "$1" "/CN=$1" "${3:-}"
	message ca "$1" --transaction "$2"
}

# polls NAME TXID: NAME.msg asks for the outcome.
polls() {
	python3 "$TESTS/scep.py" csr-subject "$1.csr" > "$1.name"
	python3 "$TESTS/scep.py" issuer-subject ca/cert.pem "$1.name" > "$1.is"
	sealed ca/cert.pem "$1.is" "$1.env"
	python3 "$TESTS/scep.py" make --signer "$1.pem" --key "$1.key" \
	    --envelope "$1.env" --type 20 --transaction "$2" > "$1.msg"
}

# voided N: a challenge becomes void while its request is put down.
voided() {
	local tx=V$1 id pw

	pw=$(challenge ca --subject /CN=d)
	id=$(printf %s "$pw" | sha256sum)
	asks d "$tx" "$pw"
	late d "$1"
	gate_beside d void scep-ca challenge --dir ca --void "${id:0:64}"
	said d 3
	# It waits as if the challenge had never come, unless it came first.
	[ "$gate_first" = d ] || [ "$(sql "SELECT COUNT(*) FROM request WHERE
	    txid = '$tx' AND challenge IS NULL")" -eq 1 ]
}

@test "scep-ca race: a challenge that becomes void is not put down" {
	sed -i 's/^approval:.*/approval: manual/' ca/scep-ca.yaml
	each_stop voided
}

# attached N: so it is where the request waits already.
attached() {
	local tx=A$1 id pw

	asks d "$tx"
	answer ca d
	pw=$(challenge ca --subject /CN=d)
	id=$(printf %s "$pw" | sha256sum)
	asks d "$tx" "$pw"
	late d "$1"
	gate_beside d void scep-ca challenge --dir ca --void "${id:0:64}"
	said d 3
	[ "$gate_first" = d ] || [ "$(sql "SELECT COUNT(*) FROM request WHERE
	    txid = '$tx' AND challenge IS NULL")" -eq 1 ]
}

@test "scep-ca race: nor is it attached to a request that waits" {
	sed -i 's/^approval:.*/approval: manual/' ca/scep-ca.yaml
	each_stop attached
}

# collected N: the same request is issued while it comes once more.
collected() {
	local tx=C$1 before

	before=$(certificates "1 = 1")
	asks d "$tx" "$(challenge ca --subject /CN=d)"
	cp d.key twin.key
	cp d.pem twin.pem
	cp d.msg twin.msg
	late d "$1"
	[ -z "${over:-}" ] || return 0
	# Where the first holds the ledger, the twin waits for it.
	if [[ $stood != commit* ]]; then
		answer ca twin
		[ "$(attribute twin pkiStatus)" = 3 ]
		scep-ca approve --dir ca "$tx"
		answer ca twin
		[ "$(attribute twin pkiStatus)" = 0 ]
		said d 0
		[ "$(certificates "1 = 1")" -eq $((before + 1)) ]
		[ "$(sql "SELECT COUNT(*) FROM request WHERE state = 'pending'
		    AND txid = '$tx'")" -eq 0 ]
	fi
}

@test "scep-ca race: a request that was issued meanwhile does not wait" {
	sed -i 's/^approval:.*/approval: manual/' ca/scep-ca.yaml
	each_stop collected
}

# withdrawn N: an approval is undone, and then rejected, under a poll.
withdrawn() {
	local tx=W$1

	asks d "$tx"
	answer ca d
	scep-ca approve --dir ca "$tx"
	polls d "$tx"
	late d "$1"
	[ -z "${over:-}" ] || return 0
	if [[ $stood != commit* ]]; then
		scep-ca approve --dir ca --undo "$tx"
		scep-ca reject --dir ca "$tx"
		# Told once, and forgotten.
		said d 2
		[ "$(sql "SELECT COUNT(*) FROM request WHERE txid = '$tx'")" \
		    -eq 0 ]
	fi
}

@test "scep-ca race: a poll hears of a rejection that overtakes it" {
	sed -i 's/^approval:.*/approval: manual/' ca/scep-ca.yaml
	each_stop withdrawn
}

@test "scep-ca race: a challenge buys one certificate" {
	each_stop shared_at
}

# ---- a death between two steps ----

dead_at() {
	holder "k$1"
	stand revoke "$1" scep-ca revoke --dir ca "$(serial_of "k$1.cert")"
	[[ $stood = ended* ]] || gate_kill revoke
	sound
	# It was not revoked, or the next list says so.
	scep-ca crl --dir ca > out
	[ "$(certificates "subject = 'CN=k$1' AND revoked <> 0")" -eq 0 ] ||
	    lists "k$1"
	scep-ca revoke --dir ca "$(serial_of "k$1.cert")" || :
	lists "k$1"
}

@test "scep-ca race: a revocation that was killed can be made again" {
	each_stop dead_at
}
