#!/usr/bin/env bats
# One allocation or one system call of a tool fails: see sweep.bash.  The sweeps
# of mcfg-service are in faults-service.bats.

load helpers
load scep_helpers
load sweep

# a_profile FILE: makes a profile with every kind of value.
a_profile() {
	cat > "$1" <<-'PLIST'
	<?xml version="1.0" encoding="UTF-8"?>
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>org.example.all</string>
	<key>PayloadUUID</key>
	<string>0E8C2C5F-6B2A-4C32-9D6B-0F8A1C1E2D3F</string>
	<key>PayloadContent</key><array><dict>
	<key>PayloadType</key><string>com.apple.security.scep</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>org.example.all.scep</string>
	<key>PayloadUUID</key>
	<string>7D3B0C64-97C4-4E44-8D5A-3C5B9A8E7F60</string>
	<key>PayloadContent</key><dict>
	<key>URL</key><string>https://ca.example.com/scep</string>
	<key>Keysize</key><integer>2048</integer>
	<key>Subject</key><array><array><array><string>O</string>
	<string>Example</string></array></array><array><array>
	<string>CN</string><string>x</string></array></array></array>
	<key>CAFingerprint</key><data>AAECAwQFBgcICQoLDA0ODw==</data>
	<key>AllowAllAppsAccess</key><false/>
	</dict></dict></array></dict></plist>
	PLIST
}

@test "faults: mcfg-profile" {
	cat > p.yaml <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: org.example.all
	PayloadUUID: 0E8C2C5F-6B2A-4C32-9D6B-0F8A1C1E2D3F
	PayloadContent:
	  - PayloadType: com.apple.wifi.managed
	    PayloadIdentifier: org.example.all.wifi
	    PayloadUUID: 7D3B0C64-97C4-4E44-8D5A-3C5B9A8E7F60
	    SSID_STR: ${NET}
	    HIDDEN_NETWORK: false
	YAML
	sweep 16 10 -- mcfg-profile --set NET=Office p.yaml
}

@test "faults: mcfg-sign, replacing an existing file" {
	a_profile p
	cp "$PKI"/{signer.pem,signer.key,chain.pem,root.pem} .
	echo old > out
	sweep 12 8 --judge 'openssl cms -verify -binary -purpose any \
	    -inform DER -CAfile root.pem -in out -out said && cmp said p' -- \
	    mcfg-sign --cert signer.pem --key signer.key --chain chain.pem \
	    -o out p
}

@test "faults: mcfg-verify, with side outputs" {
	a_profile p
	cp "$PKI"/root.pem .
	mcfg-sign --cert "$PKI/signer.pem" --key "$PKI/signer.key" \
	    --chain "$PKI/chain.pem" p > signed
	sweep 12 8 -- mcfg-verify --ca root.pem --report r.json \
	    --signer-out s.pem signed
}

@test "faults: mcfg-encrypt" {
	a_profile p
	cp "$PKI"/client.{pem,key} .
	sweep 12 8 --judge 'mcfg-decrypt --key client.key "$PRODUCT" > said &&
	    mcfg-diff p said' -- \
	    mcfg-encrypt --recipient client.pem p
}

@test "faults: mcfg-decrypt" {
	a_profile p
	cp "$PKI"/client.{pem,key} .
	mcfg-encrypt --recipient client.pem p > sealed
	sweep 12 8 -- mcfg-decrypt --key client.key sealed
}

@test "faults: mcfg-scep-payload" {
	echo secret > ch
	chmod 600 ch
	sweep 12 8 -- mcfg-scep-payload --url https://ca.example.com/scep \
	    --subject /O=Example/CN=x --san dns:x.example.com \
	    --challenge file:ch --identifier org.example.scep \
	    --uuid-seed x
}

@test "faults: mcfg-get and mcfg-diff" {
	a_profile p
	sweep 8 6 -- mcfg-get --json PayloadContent p
	sweep 8 6 -- mcfg-diff p p
}

# authority: makes a CA in the folder ca, a key, and a request with a challenge.
authority() {
	ca ca
	rm -f ca/ledger.db-*
	rsa_key key
	challenge ca --subject /O=E/CN=dev > ch
	chmod 600 ch
	scep-request --ca ca/cert.pem --key key \
	    --subject /O=E/CN=dev --challenge file:ch --state st -o rq
}

@test "faults: scep-ca answer, and a device that asks again" {
	needs sqlite3
	authority
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	sweep 12 12 --ledger ca/ledger.db --commits \
	    --judge 'scep-response --state st --key key --ca ca/cert.pem \
	    "$PRODUCT" > cert && openssl verify -CAfile \
	    ca/root.pem -untrusted ca/cert.pem -partial_chain cert &&
	    [ "$(scep-ca list --dir ca | grep -c CN=dev)" = 1 ]' -- \
	    scep-ca answer --dir ca --operation PKIOperation rq
}

@test "faults: scep-ca issue" {
	needs sqlite3
	ca ca
	openssl req -new -key "$PKI/client.key" -subj /CN=x -out csr
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	sweep 12 12 --ledger ca/ledger.db --judge 'openssl verify -CAfile \
	    ca/root.pem -untrusted ca/cert.pem -partial_chain out' \
	    --rows 'SELECT COUNT(*) FROM certificate WHERE revoked = 0' \
	    --but ca/crl.der -- \
	    scep-ca issue --dir ca --csr csr --profile client -o out
}

@test "faults: scep-ca challenge" {
	needs sqlite3
	ca ca
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	sweep 6 6 --ledger ca/ledger.db --judge '[ "$(wc -l < out)" = 1 ]' \
	    --rows 'SELECT COUNT(*) FROM challenge WHERE voided = 0' -- \
	    scep-ca challenge --dir ca --subject /O=E/CN=dev -o out
}

@test "faults: scep-request and scep-response" {
	authority
	rm -f st rq
	sweep 8 8 --judge 'scep-ca answer --dir ca --operation PKIOperation \
	    "$PRODUCT" > reply && scep-response --state st --key key \
	    --ca ca/cert.pem reply' -- \
	    scep-request --ca ca/cert.pem --key key \
	    --subject /O=E/CN=dev --challenge file:ch --state st
	cd in || return
	scep-request --ca ca/cert.pem --key key \
	    --subject /O=E/CN=dev --challenge file:ch --state st -o rq
	scep-ca answer --dir ca --operation PKIOperation rq > reply
	sweep 8 8 -- scep-response --state st --key key --ca ca/cert.pem \
	    reply
}

@test "faults: mcfg-enrollment" {
	local l=sqlite:ledger.db

	needs sqlite3
	mcfg-enrollment start --ledger $l --user=jane > enroll
	attributes in UDID=U1 SERIAL=S1 PRODUCT=iPhone12,1 CHALLENGE=@enroll
	sqlite3 ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	sweep 8 8 --ledger ledger.db --judge '[ "$(wc -l < out)" = 1 ] &&
	    python3 -m json.tool r.json > /dev/null && [ -s subject ]' \
	    --rows 'SELECT state, udid, device, (SELECT COUNT(*) FROM challenge
	    WHERE spent = 0 AND voided = 0) FROM enrollment' -- \
	    mcfg-enrollment identify --ledger $l --report r.json \
	    --subject-out subject -o out in
	cd in || return
	sweep 8 8 --ledger ledger.db --judge '[ "$(wc -l < out)" = 1 ] &&
	    python3 -m json.tool r.json > /dev/null' --rows "SELECT COUNT(*) \
	    FROM enrollment WHERE state = 'started'" -- \
	    mcfg-enrollment start --ledger $l --user=joe --report r.json -o out
	cd in || return
	printf 'url: https://e.example.com\norganization: E\n' > site.yaml
	sweep 8 8 --ledger ledger.db --judge 'grep -q ^https: out' \
	    --rows 'SELECT COUNT(*) FROM invitation WHERE voided = 0' -- \
	    mcfg-enrollment invite --config site.yaml --ledger $l --user=joe \
	    -o out
}

@test "faults: a refusal stays a refusal" {
	a_profile p
	cp "$PKI"/other.pem "$PKI"/signer.{pem,key} .
	mcfg-sign --cert signer.pem --key signer.key \
	    --chain "$PKI/chain.pem" p > signed
	sed 's/example.com/exAmple.com/' signed > forged
	sweep 8 6 --status 1 -- mcfg-verify --ca other.pem signed
	cd in || return
	sweep 8 6 --status 1 -- mcfg-verify --no-trust forged
}

@test "faults: mcfg-inspect and mcfg-service-payload" {
	a_profile p
	cp "$PKI"/signer.pem .
	echo secret > ch
	chmod 600 ch
	sweep 6 5 -- mcfg-inspect signer.pem
	cd in || return
	sweep 6 5 -- mcfg-inspect p
	cd in || return
	sweep 6 5 -- mcfg-service-payload --url https://example.com/profile \
	    --challenge file:ch --identifier org.example.service --uuid-seed x
}

@test "faults: scep-ca list and crl" {
	needs sqlite3
	authority
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	sweep 6 8 --ledger ca/ledger.db -- scep-ca list --dir ca
	cd in || return
	sweep 6 8 --ledger ca/ledger.db --commits --but ca/crl.der --judge \
	    'openssl crl -inform DER -in ca/crl.der -CAfile ca/cert.pem \
	    -noout' -- scep-ca crl --dir ca -o crl.der
}

@test "faults: mcfg-lint and mcfg-report" {
	local report

	needs sqlite3
	a_profile p
	grep -v 'all.scep' p > bad
	# A file that cannot be read is a finding.
	sweep 4 0 --status 1 -- mcfg-lint bad
	cd in || return
	sweep 4 0 -- mcfg-lint p
	cd in || return
	ca ca
	mcfg-enrollment start --ledger sqlite:ca/ledger.db --user=joe > enroll
	report=(mcfg-report --ca ca --ledger sqlite:ca/ledger.db
	    --at "$(days_from_now 1)")
	"${report[@]}" > good
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	# So is a CRL that cannot be read.
	sweep 4 4 --ledger ca/ledger.db --judge 'cmp -s "$PRODUCT" good ||
	    grep -q "crl.der: cannot" "$PRODUCT"' -- "${report[@]}"
}

@test "faults: mcfg-enrollment complete" {
	local unit=${MCFG_BIN%/bin}/unit/unit_ledger l=sqlite:ledger.db

	needs sqlite3
	[ -x "$unit" ] || skip 'unit_ledger is not built (make units)'
	mcfg-enrollment start --ledger $l --user=jane > enroll
	attributes in UDID=U1 SERIAL=S1 PRODUCT=iPhone12,1 CHALLENGE=@enroll
	mcfg-enrollment identify --ledger $l in > scep
	openssl req -x509 -key "$PKI/client.key" -subj /CN=x -days 300 \
	    -out id.pem
	"$unit" $l <<< "record $PWD/id.pem $(cat scep) $(date +%s)"
	attributes in UDID=U1 SERIAL=S1 PRODUCT=iPhone12,1
	sqlite3 ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	sweep 4 4 --ledger ledger.db --commits --judge 'mcfg-get USER "$PRODUCT" |
	    grep -qx jane' -- \
	    mcfg-enrollment complete --ledger $l --signer id.pem in
}

@test "faults: mcfg, with an unknown tool" {
	sweep 4 4 --status 2 -- mcfg nothing
}

@test "faults: scep-ca check" {
	needs sqlite3
	ca ca
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	sweep 4 4 --ledger ca/ledger.db -- scep-ca check --dir ca
}

@test "faults: scep-ca revoke" {
	local serial

	needs sqlite3
	ca ca
	openssl req -new -key "$PKI/client.key" -subj /CN=x -out csr
	scep-ca issue --dir ca --csr csr --profile client -o cert
	serial=$(openssl x509 -in cert -noout -serial)
	serial=${serial#serial=}
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	# After any fault, a repeated call puts it in the CRL.
	sweep 4 4 --ledger ca/ledger.db --commits --but ca/crl.der --judge \
	    "openssl crl -inform DER -in ca/crl.der -noout -text |
	    grep -q 'Serial Number: 0*$serial'" -- \
	    scep-ca revoke --dir ca "$serial"
}

@test "faults: scep-ca rollover" {
	needs sqlite3
	ca ca
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	sweep 3 3 --ledger ca/ledger.db --commits --but ca/ --judge \
	    'openssl x509 -in ca/next-cert.pem -noout' -- \
	    scep-ca rollover --dir ca
}

@test "faults: mcfg-page" {
	sweep 4 4 -- mcfg-page --set organization=E \
	    --set url=https://e.example.com/ --lang de welcome
}

@test "faults: scep-ca init" {
	rsa_key own.key
	openssl req -x509 -key own.key -subj /CN=Own -days 900 -out own.pem \
	    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature,keyEncipherment
	sweep 4 4 --but ca/ --judge 'scep-ca check --dir ca &&
	    openssl crl -inform DER -in ca/crl.der -CAfile ca/cert.pem \
	    -noout' -- \
	    scep-ca init --dir ca --import-cert own.pem --import-key own.key
}

@test "faults: scep-ca cgi" {
	needs sqlite3
	authority
	sqlite3 ca/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	export REQUEST_METHOD=POST QUERY_STRING=operation=PKIOperation
	CONTENT_LENGTH=$(wc -c < rq)
	export CONTENT_LENGTH
	sweep 6 6 --ledger ca/ledger.db --commits --cgi --input rq --judge '
	    sed "1,/^\r$/d" "$PRODUCT" > reply &&
	    scep-response --state st --key key --ca ca/cert.pem reply > cert &&
	    openssl verify -CAfile ca/root.pem -untrusted ca/cert.pem \
	    -partial_chain cert &&
	    [ "$(scep-ca list --dir ca | grep -c CN=dev)" = 1 ]' -- \
	    scep-ca cgi --dir ca
}
