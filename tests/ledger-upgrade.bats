#!/usr/bin/env bats
# How a newer program upgrades a ledger of 0.1.0, on the engine
# $MCFG_TEST_ENGINE.
# shellcheck disable=SC2154 # gate.bash sets gate_where

load helpers
load scep_helpers
load ledger
load gate

setup() {
	able
	cd "$T" || return
	ledger_setup
	load_old
	# The CA has another ledger, so that this one is not opened.
	ca ca
	rm ca/ledger.db*
	printf 'ledger: "%s"\n' "$LEDGER" > ca/scep-ca.yaml
}

teardown() {
	gate_close
}

# load_old: loads the tables and rows of 0.1.0 into the ledger.
load_old() {
	case $LEDGER in
	sqlite:*)
		sqlite3 "$T/ledger.db" < "$TESTS/data/ledger_1.sql"
		chmod 600 "$T/ledger.db" ;;
	*)
		sed "s/X'\([0-9a-f]*\)'/'\\\\x\1'/g" "$TESTS/data/ledger_1.sql" |
		    psql -qAt -v ON_ERROR_STOP=1 "$LEDGER" ;;
	esac
}

version() {
	sql "SELECT value FROM ledger WHERE name = 'schema'"
}

# rows: prints how many each table has.
rows() {
	local t

	for t in enrollment challenge certificate request event; do
		sql "SELECT '$t', COUNT(*) FROM $t"
	done
}

upgrade() {
	scep-ca purge --dir ca --older 36500d > out
}

@test "upgrade: a reader reports that an upgrade is due, and changes nothing" {
	dump > before
	for verb in list 'list --pending' 'show 00' check 'challenge --list'; do
		# shellcheck disable=SC2086 # words
		refuses 4 'upgrade' scep-ca $verb --dir ca
	done
	refuses 4 'upgrade' mcfg-report --ledger "$LEDGER"
	refuses 4 'upgrade' mcfg-enrollment list --ledger "$LEDGER"
	dump | cmp - before
	[ "$(version)" -eq 1 ]
}

@test "upgrade: the first writer upgrades, and every row is kept" {
	rows > before
	sql "SELECT serial, subject, revoked, reason FROM certificate ORDER BY
	    serial" > certificates
	sql "SELECT id, username, state, udid, certificate, repeats FROM
	    enrollment ORDER BY id" > enrollments
	upgrade
	[ "$(version)" -eq 3 ]
	rows | cmp - before
	sql "SELECT serial, subject, revoked, reason FROM certificate ORDER BY
	    serial" | cmp - certificates
	sql "SELECT id, username, state, udid, certificate, repeats FROM
	    enrollment ORDER BY id" | cmp - enrollments
	yields list scep-ca list --dir ca
	[ "$(tail -n +2 list | wc -l)" -eq "$(wc -l < certificates)" ]
	yields list scep-ca list --dir ca --pending
	grep -q '^TX-rpending .*CN=pending,O=Example$' list
	sound
}

@test "upgrade: challenges are bound, or void, or the operator's" {
	now="SELECT COUNT(*) FROM challenge WHERE spent = 0 AND voided = 0 AND"
	[ "$(sql "$now purpose = 'client'")" -gt 0 ]
	open=$(sql "$now purpose = 'identity'")
	[ "$open" -gt 0 ]
	upgrade
	# Unbound, they would be valid for any name.
	[ "$(sql "$now purpose = 'client'")" -eq 0 ]
	[ "$(sql "$now purpose = 'identity' AND bound = 1")" -eq "$open" ]
	yields list.json scep-ca challenge --dir ca --list --json
	json_is list.json '[(c["bound"], c["subject"], c["names"]) for c in j
	    if c["note"]] == [(True, "CN=bound,O=Example", [])]'
	json_is list.json 'len([c for c in j if not c["bound"] and
	    c["state"] == "open"]) == 1'
}

# old_request NAME TXID STATE: adds a request of NAME, as 0.1.0 stored it.
old_request() {
	local key signer hex

	device "$1"
	csr "$1" "/O=Example/CN=$1" ''
	key=$(openssl pkey -in "$1.key" -pubout -outform DER |
	    openssl dgst -sha256 | sed 's/.*= //')
	signer=$(openssl x509 -in "$1.pem" -outform DER |
	    openssl dgst -sha256 | sed 's/.*= //')
	hex=$(od -An -tx1 -v "$1.csr" | tr -d ' \n')
	case $LEDGER in
	sqlite:*) hex="X'$hex'" ;;
	*) hex="'\\x$hex'" ;;
	esac
	sql "INSERT INTO request (txid, key_hash, signer_hash, csr, subject,
	    state, received, decided) VALUES ('$2', '$key', '$signer', $hex,
	    'CN=$1,O=Example', '$3', $(date +%s), 0)"
}

@test "upgrade: waiting requests keep waiting, approved ones are issued" {
	old_request waiting T1 pending
	old_request approved T2 approved
	old_request swapped T3 approved
	printf 'approval: manual\nledger: "%s"\n' "$LEDGER" > ca/scep-ca.yaml
	upgrade
	message ca waiting --transaction T1
	answer ca waiting
	[ "$(attribute waiting pkiStatus)" = 3 ]
	message ca approved --transaction T2
	granted ca approved
	openssl x509 -in approved.cert -noout -subject -nameopt oneline | grep -q approved
	# Only this request was approved, no other with its key and transaction.
	csr swapped /O=Example/CN=administrator ''
	message ca swapped --transaction T3
	denied ca swapped 2 ''
	csr swapped /O=Example/CN=swapped ''
	message ca swapped --transaction T3
	granted ca swapped
	scep-ca approve --dir ca T1 > out
	csr waiting /O=Example/CN=waiting ''
	message ca waiting --transaction T1
	granted ca waiting
}

@test "upgrade: several writers at once, and one that dies" {
	gate_start first scep-ca challenge --dir ca
	gate_to first commit
	gate_kill first
	[ "$(version)" -eq 1 ]
	sound
	pids=()
	for n in 1 2 3 4; do
		scep-ca challenge --dir ca -o "c$n" 3>&- &
		pids+=("$!")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	[ "$(version)" -eq 3 ]
	sort -u c1 c2 c3 c4 > all
	[ "$(wc -l < all)" -eq 4 ]
	sound
}

@test "upgrade: a ledger without invitations gets them" {
	upgrade
	dump > before
	sql 'DROP TABLE invitation'
	sql "UPDATE ledger SET value = 2 WHERE name = 'schema'"
	refuses 4 'upgrade' mcfg-enrollment list --ledger "$LEDGER"
	upgrade
	[ "$(version)" -eq 3 ]
	sql 'SELECT COUNT(*) FROM invitation'
	sound
	dump | sort > after
	sort before | cmp - after
}

@test "upgrade: a ledger of a newer program is refused, by all" {
	upgrade
	sql "UPDATE ledger SET value = 4 WHERE name = 'schema'"
	dump > before
	for verb in list check challenge crl; do
		refuses 4 'schema version 4' scep-ca $verb --dir ca
	done
	refuses 4 'schema version 4' mcfg-enrollment start --ledger "$LEDGER" \
	    --user jane
	dump | cmp - before
}
