#!/usr/bin/env bats
# A site of 0.1.0, upgraded by the steps of mcfg-site(7), "Upgrade from 0.1.0".

load helpers
load flow
code=''	# of web()

setup_file() {
	needs_web || return 0
	make_site
	make_old
}

teardown() {
	unserve
}

# make_old: gives the site the site.yaml, ledger and signer of 0.1.0.
make_old() {
	cat > "$SITE/site.yaml" <<-Y
	# What every step of this site agrees on: mcfg-site(5).

	url: $URL
	organization: "Example, Inc."
	identifier: local.mcfg
	display_name: "Example, Inc. Profile Service"
	description: "Enters this device into the profile service of Example, Inc."
	attributes: [UDID, VERSION, PRODUCT, SERIAL]
	enroll_ttl: 15m
	scep:
	  url: $URL/scep
	  name: "Example, Inc."
	  key_size: 2048
	  key_usage: sign,encrypt
	  challenge_ttl: 60m
	  fingerprint: sha256
	repeat: reissue
	ledger: sqlite:ledger.db
	digest: sha256
	auth: htpasswd
	Y
	rm -f "$SITE"/ledger.db*
	sqlite3 "$SITE/ledger.db" < "$TESTS/data/ledger_1.sql"
	chmod 600 "$SITE/ledger.db"
	# Signers had no extended key usage.
	openssl req -new -key "$SITE/signer/key.pem" \
	    -subj '/O=Example, Inc./CN=Profile Signer' |
	    openssl x509 -req -CA "$SITE/ca/cert.pem" -CAkey "$SITE/ca/key.pem" \
	    -days 365 -extfile <(printf '%s\n' keyUsage=digitalSignature \
	    authorityKeyIdentifier=keyid) -out "$SITE/signer/cert.pem" \
	    2> "$SITE.openssl"
}

schema() {
	sqlite3 "$SITE/ledger.db" "SELECT value FROM ledger WHERE name = 'schema'"
}

@test "upgrade: a site of 0.1.0 works after the steps of the manual page" {
	local before
	[ "$(schema)" -eq 1 ]
	# Commands that only read ask for the upgrade, and change nothing.
	refuses 4 upgrade mcfg-enrollment list --config "$SITE/site.yaml"
	refuses 4 upgrade mcfg-report --config "$SITE/site.yaml" --ca "$SITE/ca"
	refuses 4 upgrade scep-ca check --dir "$SITE/ca"
	before=$(sqlite3 "$SITE/ledger.db" 'SELECT COUNT(*) FROM enrollment')
	# The backup is from before the upgrade.
	cp "$SITE/ledger.db" "$T/backup.db"
	refuses 4 upgrade mcfg-service --check --site "$SITE"
	[ "$(schema)" -eq 1 ]
	# The server starts, and says which certificate to renew.
	serve
	grep -q 'warning: signer/cert.pem .*mcfg-site DIR --renew signer' \
	    "$SITE.stderr"
	web /
	[ "$code" = 200 ]
	yields - mcfg-site "$SITE" --renew signer
	# A device enrolls; the first command that writes upgrades the ledger.
	yields - enroll "$T/d" --udid NEW
	[ "$(schema)" -gt 1 ]
	enrollments "[e['state'] for e in j if e['udid'] == 'NEW'] ==
	    ['configured'] and len(j) == $before + 1"
	# Old and new enrollments are in one list.
	report=$(mcfg-report --config "$SITE/site.yaml" --ca "$SITE/ca" --json)
	json_is <(printf '%s' "$report") "j['enrollments']['total'] == $before + 1"
	unserve
	# After the renewal there is no warning, and devices get updates.
	serve
	[ ! -s "$SITE.stderr" ]
	again "$T/d"
	[ "$code" = 200 ]
	# 0.1.0 refuses the new ledger, but reads the backup.
	[ "$(sqlite3 "$T/backup.db" \
	    "SELECT value FROM ledger WHERE name = 'schema'")" -eq 1 ]
}

@test "upgrade: writes the configuration of a web server again" {
	yields "$T/said" mcfg-site "$SITE" --web nginx
	grep -q 'pages.sock' "$SITE/web/nginx.conf"
	yields "$T/said" mcfg-site "$SITE" --web nginx --persistent
	grep -q "$SITE" "$SITE/web/nginx.conf"
}

@test "upgrade: templates named after users and devices are used" {
	mkdir -p "$SITE/profile.d"
	sed -e 's,!sha256 ca/,!sha256 ../ca/,' -e '/^PayloadDisplayName/s/:.*/: Own/' \
	    "$SITE/profile.yaml" > "$SITE/profile.d/user-jane.yaml"
	serve
	yields - enroll "$T/d" --udid OWN
	[ "$(mcfg-get PayloadDisplayName "$T/d/profile.mobileconfig")" = Own ]
	# A path out of the site's folder is reported at the start.
	unserve
	echo secret > "$BATS_FILE_TMPDIR/outside.pem"
	sed -i 's,!sha256 .*,!sha256 ../../outside.pem,' \
	    "$SITE/profile.d/user-jane.yaml"
	serve
	grep -qE 'warning: profile.d/user-jane.yaml:[0-9]+:[0-9]+: .*outside' \
	    "$SITE.stderr"
}
