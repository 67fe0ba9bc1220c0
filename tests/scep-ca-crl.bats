#!/usr/bin/env bats
# The CRL: its number, its file, and the ledger.

load helpers
load scep_helpers

setup() {
	cd "$T" || return
	ca ca
}

# issued NAME: issues a certificate, and prints its serial number.
issued() {
	openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" \
	    -subj "/CN=$1" -out "$1.csr" 2> /dev/null
	scep-ca issue --dir ca --csr "$1.csr" --profile client -o "$1.pem"
	openssl x509 -in "$1.pem" -noout -serial | sed 's/.*=//'
}

# lists FILE SERIAL: the CRL has a good signature and lists the certificate.
lists() {
	openssl crl -inform DER -in "$1" -CAfile ca/cert.pem -noout -text -nameopt oneline \
	    2> verify | grep -qiE "Serial Number: $2\$" &&
	    grep -q 'verify OK' verify
}

@test "scep-ca crl: a restored ledger does not stop new CRLs" {
	needs sqlite3
	serial=$(issued d)
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	cp ca/ledger.db backup.db
	scep-ca crl --dir ca -o /dev/null
	scep-ca crl --dir ca -o /dev/null
	before=$(number ca/crl.der)
	rm -f ca/ledger.db*
	cp backup.db ca/ledger.db
	_run scep-ca check --dir ca
	[ "$status" -eq 1 ]
	grep -q "^crl.der: has number $before, the ledger's last is" stdout
	scep-ca revoke --dir ca "$serial"
	[ "$(number ca/crl.der)" -gt "$before" ]
	lists ca/crl.der "$serial"
	yields - scep-ca check --dir ca
}

@test "scep-ca check: reports a revoked certificate that the CRL lacks" {
	ca other
	serial=$(issued d)
	serial=${serial,,}
	cp ca/crl.der old.der
	scep-ca revoke --dir ca "$serial"
	yields - scep-ca check --dir ca
	cp ca/crl.der new.der
	cp old.der ca/crl.der
	_run scep-ca check --dir ca
	[ "$status" -eq 1 ]
	grep -q "^crl.der: does not list $serial, which is revoked" stdout
	_run scep-ca check --dir ca --json
	json_is stdout "[f['what'] for f in j['findings']] == ['crl.der'] and
	    '$serial' in j['findings'][0]['text'] and not j['ok']"
	rm ca/crl.der
	_run scep-ca check --dir ca
	grep -q '^crl.der: missing, and certificates are revoked' stdout
	cp other/crl.der ca/crl.der
	_run scep-ca check --dir ca
	grep -q '^crl.der: not signed by the CA' stdout
	# The CRL lists more than the ledger: revocations were lost.
	cp new.der ca/crl.der
	sqlite3 ca/ledger.db 'UPDATE certificate SET revoked = 0'
	_run scep-ca check --dir ca
	[ "$status" -eq 1 ]
	grep -q '^crl.der: lists 1 certificate' stdout
}

@test "scep-ca check: reports an aborted enrollment that the CRL lacks" {
	cat > site.yaml <<-'YAML'
	url: https://localhost
	organization: Example
	identifier: com.example
	ledger: sqlite:ca/ledger.db
	YAML
	serial=$(issued d)
	serial=${serial,,}
	id=AAAAAAAAAAAAAAAAAAAAAA
	sqlite3 ca/ledger.db "INSERT INTO enrollment (id, username, state,
	    facts, started, changed) VALUES ('$id', 'jane', 'configured', '',
	    1, 1); UPDATE certificate SET enrollment = '$id'"
	yields - scep-ca check --dir ca
	mcfg-enrollment abort --config site.yaml "$id"
	_run scep-ca check --dir ca
	[ "$status" -eq 1 ]
	grep -q "^crl.der: does not list $serial, which is revoked" stdout
	scep-ca crl --dir ca -o /dev/null
	lists ca/crl.der "${serial^^}"
	yields - scep-ca check --dir ca
}

@test "scep-ca crl: both generations of a rollover list the same certificates" {
	serial=$(issued d)
	scep-ca rollover --dir ca
	scep-ca rollover --dir ca --activate
	yields - scep-ca check --dir ca
	cp ca/previous-crl.der old.der
	scep-ca revoke --dir ca "$serial"
	lists ca/crl.der "$serial"
	[ "$(number ca/crl.der)" -eq "$(number ca/previous-crl.der)" ]
	cp old.der ca/previous-crl.der
	_run scep-ca check --dir ca
	[ "$status" -eq 1 ]
	grep -q '^previous-crl.der: does not list' stdout
}

@test "scep-ca crl: a CRL that a clock ahead has made is not current" {
	serial=$(issued d)
	good() {
		openssl verify -CAfile ca/cert.pem -crl_check \
		    -CRLfile <(openssl crl -inform DER -in "$1") d.pem
	}
	cp ca/crl.der today.der
	yields - scep-ca crl --dir ca --current -o /dev/null
	cmp today.der ca/crl.der
	good ca/crl.der
	# Then the clock is corrected.
	tomorrow=$(date -u -d '+1 day' +%FT%TZ)
	scep-ca crl --dir ca -o /dev/null --at "$tomorrow"
	cp ca/crl.der ahead.der
	run -2 good ahead.der
	[[ $output == *'CRL is not yet valid'* ]]
	yields - scep-ca check --dir ca --at "$tomorrow"
	yields got.der scep-ca crl --dir ca --current
	[ "$(number got.der)" -gt "$(number ahead.der)" ]
	cmp got.der ca/crl.der
	good got.der
	# A revocation that it does not list can be repeated.
	scep-ca revoke --dir ca "$serial"
	cp ahead.der ca/crl.der
	_run scep-ca check --dir ca
	[ "$status" -eq 1 ]
	grep -q '^crl.der: is not valid before' stdout
	scep-ca revoke --dir ca "$serial"
	lists ca/crl.der "$serial"
	yields - scep-ca check --dir ca
}

@test "scep-ca revoke: at the beginning of 1970" {
	serial=$(issued d)
	scep-ca revoke --dir ca "$serial" --at 1970-01-01T00:00:00Z
	lists ca/crl.der "$serial"
	scep-ca list --dir ca --json --state revoked > list
	json_is list "[c['serial'] for c in j] == ['${serial,,}']"
}

@test "scep-ca: root writes nothing into another user's folder" {
	[ "$(id -u)" -eq 0 ] || skip 'needs to be root'
	chmod 755 "$T"
	serial=$(issued d)
	chown -R nobody ca
	for verb in "revoke $serial" crl challenge 'approve T' rollover; do
		# shellcheck disable=SC2086 # words
		refuses 1 'folder of nobody' scep-ca $verb --dir ca
	done
	mkdir empty
	chown nobody empty
	refuses 1 'folder of nobody' scep-ca init --dir empty
	[ -z "$(find ca empty ! -user nobody)" ]
	# Reading makes no file.
	yields list scep-ca list --dir ca
	[ -s list ]
	yields - scep-ca check --dir ca
	[ -z "$(find ca ! -user nobody)" ]
}
