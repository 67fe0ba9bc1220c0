#!/usr/bin/env bats
# The operator's work as in mcfg-site(7): backup and restore, a lost device, a
# leaked key.

load helpers
load flow
code=''	# of web()

setup() {
	command -v lighttpd > /dev/null || [ -x /usr/sbin/lighttpd ] ||
	    skip 'lighttpd is not installed'
	SITE="$T/a site"
	make_site
	serve
}

teardown() {
	unserve
}

# id_of UDID: prints the ID of its enrollment.
id_of() {
	mcfg-enrollment list --json --config "$SITE/site.yaml" > "$T/list"
	python3 -c 'import json, sys
print(*[e["id"] for e in json.load(open(sys.argv[1]))
    if e["udid"] == sys.argv[2]])' "$T/list" "$1"
}

@test "operation: a backup of a running site is restored in another folder" {
	yields - enroll "$T/before" --udid BEFORE
	enrollments "[e['state'] for e in j] == ['configured']"
	mkdir "$T/backup"
	scep-ca ledger-copy "sqlite:$SITE/ledger.db" \
	    "sqlite:$T/backup/ledger.db" > "$T/backup/counts"
	tar -C "$SITE" -cf "$T/backup/files.tar" --exclude='./ledger.db*' \
	    --exclude=./run --exclude=./tmp --exclude=./log .
	yields - enroll "$T/after" --udid AFTER
	unserve

	mv "$SITE" "$T/the old one"
	SITE="$T/another place"
	mkdir -m 700 "$SITE"
	tar -C "$SITE" -xpf "$T/backup/files.tar"
	yields "$T/counts" scep-ca ledger-copy \
	    "sqlite:$T/backup/ledger.db" "sqlite:$SITE/ledger.db"
	cmp "$T/backup/counts" "$T/counts"
	scep-ca check --dir "$SITE/ca" > "$T/check"
	serve

	ROOT_CA=$SITE/ca/root.pem
	again "$T/before"
	[ "$code" = 200 ]
	enrollments "[(e['udid'], e['state'], e['repeats']) for e in j] ==
	    [('BEFORE', 'configured', 1)]"
	# A device that enrolled after the backup has to start over.
	again "$T/after"
	[ "$code" = 403 ]
	export FACTORY=$SITE/simulated/device.pem
	export FACTORY_KEY=$SITE/simulated/device-key.pem
	yields - enroll "$T/anew" --udid AFTER
	enrollments "sorted(e['state'] for e in j) == ['configured'] * 2"
}

@test "operation: a lost device gets nothing more, and its certificate is revoked" {
	yields - enroll "$T/lost" --udid LOST
	yields - enroll "$T/other" --udid OTHER
	enrollments "[e['state'] for e in j] == ['configured'] * 2"
	mcfg-enrollment abort --config "$SITE/site.yaml" "$(id_of LOST)"
	again "$T/lost"
	[ "$code" = 403 ]
	again "$T/other"
	[ "$code" = 200 ]
	scep-ca crl --dir "$SITE/ca" > /dev/null
	web /crl
	[ "$code" = 200 ]
	openssl crl -inform DER -in "$T/body" -out "$T/crl.pem"
	refused=0
	openssl verify -crl_check -CAfile "$ROOT_CA" -CRLfile "$T/crl.pem" \
	    "$T/lost/identity.pem" > "$T/out" 2>&1 || refused=$?
	[ "$refused" -ne 0 ]
	grep -q 'certificate revoked' "$T/out"
	openssl verify -crl_check -CAfile "$ROOT_CA" -CRLfile "$T/crl.pem" \
	    "$T/other/identity.pem"
}

@test "operation: a leaked signer key is renewed while the site runs" {
	yields - enroll "$T/d" --udid STAYS
	old=$(openssl x509 -in "$SITE/signer/cert.pem" -noout -serial)
	mcfg-site "$SITE" --renew signer
	scep-ca revoke --dir "$SITE/ca" --reason keyCompromise "${old#serial=}"
	again "$T/d"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/profile"
	openssl cms -verify -binary -purpose any -inform DER \
	    -CAfile "$ROOT_CA" -in "$T/body" -signer "$T/signer.pem" \
	    -out /dev/null 2> "$T/cms"
	[ "$(openssl x509 -in "$T/signer.pem" -noout -serial)" != "$old" ]
	# The issuer is the same, so devices accept the update.
	[ "$(openssl x509 -in "$T/signer.pem" -noout -issuer -nameopt oneline)" = \
	    "$(openssl x509 -in "$SITE/ca/cert.pem" -noout -subject -nameopt oneline |
	    sed 's/^subject=/issuer=/')" ]
}

@test "operation: a rollover of the CA, with devices of both CAs" {
	report() {
		yields "$T/json" mcfg-report --config "$SITE/site.yaml" \
		    --ca "$SITE/ca" --json
	}
	yields - enroll "$T/old" --udid OLD
	report
	json_is "$T/json" 'j["attention"] == []'
	scep-ca rollover --dir "$SITE/ca" 2> "$T/said"
	grep -q "next-cert.pem.*--activate" "$T/said"
	report
	json_is "$T/json" '[x["what"] for x in j["attention"]] ==
	    ["rollover_prepared"]'
	scep-ca rollover --dir "$SITE/ca" --activate 2> "$T/said"
	grep -q -e "--renew tls.*--renew signer" "$T/said"
	# An urgent finding names the command that fixes it.
	report
	json_is "$T/json" '[(x["what"], x["urgent"]) for x in j["attention"]] ==
	    [("previous_issuer", True), ("previous_issuer", True),
	    ("rollover_devices", False)]
	    and "--renew tls" in j["attention"][0]["text"]
	    and "--renew signer" in j["attention"][1]["text"]
	    and [x["role"] for x in j["ca"]["certificates"]] ==
	    ["issuing_ca", "previous_ca"]'
	# A device with an older certificate continues.
	again "$T/old"
	[ "$code" = 200 ]
	mcfg-site "$SITE" --renew tls 2> "$T/said"
	mcfg-site "$SITE" --renew signer
	unserve
	serve
	again "$T/old"
	[ "$code" = 200 ]
	# Nothing is left to do except by the devices.
	report
	json_is "$T/json" '[x["what"] for x in j["attention"]] ==
	    ["rollover_devices"]'
	# A new device gets only the new CA.
	web /CA
	openssl x509 -inform DER -in "$T/body" -out "$T/root.pem"
	cmp <(openssl x509 -in "$SITE/ca/cert.pem") "$T/root.pem"
	ROOT_CA=$T/root.pem
	yields - enroll "$T/new" --udid NEW
	openssl verify -CAfile "$T/root.pem" "$T/new/identity.pem"
	print=$(openssl x509 -in "$T/root.pem" -noout -fingerprint -sha256 |
	    sed 's/.*=//; s/://g')
	plist_is "$T/new/profile.mobileconfig" "p['PayloadContent'][1] \
	    ['PayloadContent']['CAFingerprint'].hex().upper() == '$print'"
	enrollments "sorted((e['udid'], e['state']) for e in j) ==
	    [('NEW', 'configured'), ('OLD', 'configured')]"
}
