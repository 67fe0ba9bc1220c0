#!/usr/bin/env bats
# A site as 0.1.0 made it, and what mcfg-site(7), "Upgrade from 0.1.0", tells
# its owner to do.

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

# make_old: the site's file, ledger and signer of 0.1.0.
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

@test "upgrade: a site of 0.1.0 continues by the steps of the page" {
	local before
	[ "$(schema)" -eq 1 ]
	# What only reads says what is due, and changes nothing.
	refuses 4 upgrade mcfg-enrollment list --config "$SITE/site.yaml"
	refuses 4 upgrade mcfg-report --config "$SITE/site.yaml" --ca "$SITE/ca"
	refuses 4 upgrade scep-ca check --dir "$SITE/ca"
	before=$(sqlite3 "$SITE/ledger.db" 'SELECT COUNT(*) FROM enrollment')
	# The backup is of before, and stays so.
	cp "$SITE/ledger.db" "$T/backup.db"
	refuses 4 upgrade mcfg-service --check --site "$SITE"
	[ "$(schema)" -eq 1 ]
	# The server starts, and says which certificate is to be renewed.
	serve
	grep -q 'warning: signer/cert.pem .*mcfg-site DIR --renew signer' \
	    "$SITE.stderr"
	web /
	[ "$code" = 200 ]
	yields - mcfg-site "$SITE" --renew signer
	# A device enrolls; the first that writes has upgraded the ledger.
	yields - enroll "$T/d" --udid NEW
	[ "$(schema)" -gt 1 ]
	enrollments "[e['state'] for e in j if e['udid'] == 'NEW'] ==
	    ['configured'] and len(j) == $before + 1"
	# Everything was kept, and old and new are in one list.
	report=$(mcfg-report --config "$SITE/site.yaml" --ca "$SITE/ca" --json)
	json_is <(printf '%s' "$report") "j['enrollments']['total'] == $before + 1"
	unserve
	# Once renewed, nothing is said any more; devices take updates.
	serve
	[ ! -s "$SITE.stderr" ]
	again "$T/d"
	[ "$code" = 200 ]
	# An older program would refuse this ledger; the backup is the way back.
	[ "$(sqlite3 "$T/backup.db" \
	    "SELECT value FROM ledger WHERE name = 'schema'")" -eq 1 ]
}

@test "upgrade: the configuration of a web server is written again" {
	yields "$T/said" mcfg-site "$SITE" --web nginx
	grep -q 'pages.sock' "$SITE/web/nginx.conf"
	yields "$T/said" mcfg-site "$SITE" --web nginx --persistent
	grep -q "$SITE" "$SITE/web/nginx.conf"
}

@test "upgrade: templates with names of users and devices have a meaning" {
	mkdir -p "$SITE/profile.d"
	sed -e 's,!sha256 ca/,!sha256 ../ca/,' -e '/^PayloadDisplayName/s/:.*/: Own/' \
	    "$SITE/profile.yaml" > "$SITE/profile.d/user-jane.yaml"
	serve
	yields - enroll "$T/d" --udid OWN
	[ "$(mcfg-get PayloadDisplayName "$T/d/profile.mobileconfig")" = Own ]
	# What leads out of the site's folder is refused, and said at the start.
	unserve
	echo secret > "$BATS_FILE_TMPDIR/outside.pem"
	sed -i 's,!sha256 .*,!sha256 ../../outside.pem,' \
	    "$SITE/profile.d/user-jane.yaml"
	serve
	grep -qE 'warning: profile.d/user-jane.yaml:[0-9]+:[0-9]+: .*outside' \
	    "$SITE.stderr"
}
