#!/usr/bin/env bats
# Two programs at once, in every order: the first stops before each BEGIN,
# COMMIT and rename in turn, while the second goes as far as it can without it.
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

# owner NAME KEY: makes NAME.key from the key in $PKI, and NAME.pem,
# self-signed.
owner() {
	cp "$PKI/$2.key" "$1.key"
	openssl req -x509 -key "$1.key" -subj "/CN=$1" -days 30 -out "$1.pem"
}

# holder NAME: makes NAME the holder of a certificate, CN=NAME.
holder() {
	owner "$1" client
	csr "$1" "/CN=$1" "$(challenge ca --subject "/CN=$1")"
	message ca "$1"
	granted ca "$1"
}

# renewal NAME: makes NAME-again.msg, which renews NAME's certificate.
renewal() {
	cp "$1.key" "$1-again.key"
	cp "$1.cert" "$1-again.pem"
	csr "$1-again" "/CN=$1" ''
	message ca "$1-again" --type 17
}

serial_of() {
	openssl x509 -in "$1" -noout -serial | sed 's/.*=//' | tr A-F a-f
}

# certificates WHERE: counts them.
certificates() {
	sql "SELECT COUNT(*) FROM certificate WHERE $1"
}

# each_stop FUNCTION: calls FUNCTION N for N = 0, 1, ... until stand sets over.
each_stop() {
	local n=0

	until [ -n "${over:-}" ]; do
		"$1" $n
		gate_close
		n=$((n + 1))
	done
	[ $n -gt 2 ]
}

# stand NAME N cmd...: starts NAME and holds it at its stop N; sets over if it
# has fewer stops.
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

# ---- revocation during a renewal ----

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

# enrolled NAME: starts the enrollment $id, and makes NAME.msg for its identity.
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
	# In any order, no valid certificate is left.
	[ "$(certificates "enrollment = '$id' AND revoked = 0")" -eq 0 ]
}

@test "scep-ca race: an aborted enrollment gets no identity" {
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

@test "scep-ca race: an aborted enrollment renews nothing" {
	each_stop renewed_at
}

# ---- CRLs ----

# lists NAME...: openssl finds the certificates of all in crl.der.
lists() {
	local n

	openssl crl -inform DER -in ca/crl.der -CAfile ca/root.pem \
	    -noout -text > crl.text 2> crl.verify
	grep -q 'verify OK' crl.verify
	for n; do
		grep -qi "Serial Number: $(serial_of "$n.cert")" crl.text || {
			echo "no $n in the CRL"
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

@test "scep-ca race: two revocations at once are both in the CRL" {
	each_stop both_at
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

@test "scep-ca race: a late CRL does not replace a newer one" {
	holder late
	# Another process has the lock while both take their numbers.
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
	# Both calls print the newest CRL.
	cmp make.out newest.der
	lists late
	scep-ca check --dir ca > out
}

@test "scep-ca race: eight CRLs and revocations at once, none is lost" {
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

@test "scep-ca race: a challenge buys one certificate" {
	each_stop shared_at
}

# ---- pending requests ----

# late NAME N [options]: starts to answer NAME.msg, up to its stop N.
late() {
	local name=$1 n=$2
	shift 2

	stand "$name" "$n" scep-ca answer --dir ca --operation PKIOperation \
	    "$@" "$name.msg"
}

# said NAME N: lets NAME finish; its reply has this pkiStatus.
said() {
	gate_end "$1"
	[ "$status" -eq 0 ] || return 1
	[ "$(python3 "$TESTS/scep.py" read "$1.out" |
	    sed -n 's/^pkiStatus=//p')" = "$2" ]
}

# asks NAME TXID [challenge]: makes NAME.msg, a request for CN=NAME.
asks() {
	[ -e "$1.key" ] || owner "$1" client
	csr "$1" "/CN=$1" "${3:-}"
	message ca "$1" --transaction "$2"
}

# voided N: a challenge is voided while its request is recorded.
voided() {
	local tx=V$1 id pw

	pw=$(challenge ca --subject /CN=d)
	id=$(printf %s "$pw" | sha256sum)
	asks d "$tx" "$pw"
	late d "$1"
	gate_beside d void scep-ca challenge --dir ca --void "${id:0:64}"
	said d 3
	# Without its challenge, unless the request came first.
	[ "$gate_first" = d ] || [ "$(sql "SELECT COUNT(*) FROM request WHERE
	    txid = '$tx' AND challenge IS NULL")" -eq 1 ]
}

@test "scep-ca race: a challenge that was voided meanwhile is not recorded" {
	sed -i 's/^approval:.*/approval: manual/' ca/scep-ca.yaml
	each_stop voided
}

# attached N: the same with a request that was pending before.
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

@test "scep-ca race: nor is it attached to a pending request" {
	sed -i 's/^approval:.*/approval: manual/' ca/scep-ca.yaml
	each_stop attached
}

# collected N: the same request arrives again, and is issued meanwhile.
collected() {
	local tx=C$1 before

	before=$(certificates "1 = 1")
	asks d "$tx" "$(challenge ca --subject /CN=d)"
	cp d.key twin.key
	cp d.pem twin.pem
	cp d.msg twin.msg
	late d "$1"
	[ -z "${over:-}" ] || return 0
	# Not if the first holds the ledger: the twin would wait for it.
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

@test "scep-ca race: a request that was issued meanwhile is not pending again" {
	sed -i 's/^approval:.*/approval: manual/' ca/scep-ca.yaml
	each_stop collected
}

# withdrawn N: an approval is undone, and the request rejected, during a poll.
withdrawn() {
	local tx=W$1

	asks d "$tx"
	answer ca d
	scep-ca approve --dir ca "$tx"
	poll d "$tx"
	late d "$1"
	[ -z "${over:-}" ] || return 0
	if [[ $stood != commit* ]]; then
		scep-ca approve --dir ca --undo "$tx"
		scep-ca reject --dir ca "$tx"
		# The client is told once.
		said d 2
		[ "$(sql "SELECT COUNT(*) FROM request WHERE txid = '$tx'")" \
		    -eq 0 ]
	fi
}

@test "scep-ca race: a poll returns a rejection that overtook it" {
	sed -i 's/^approval:.*/approval: manual/' ca/scep-ca.yaml
	each_stop withdrawn
}

# ---- killed between two steps ----

dead_at() {
	holder "k$1"
	stand revoke "$1" scep-ca revoke --dir ca "$(serial_of "k$1.cert")"
	[[ $stood = ended* ]] || gate_kill revoke
	sound
	# It was not revoked, or the next CRL lists it.
	scep-ca crl --dir ca > out
	[ "$(certificates "subject = 'CN=k$1' AND revoked <> 0")" -eq 0 ] ||
	    lists "k$1"
	scep-ca revoke --dir ca "$(serial_of "k$1.cert")" || :
	lists "k$1"
}

@test "scep-ca race: a revocation that was killed can be repeated" {
	each_stop dead_at
}
