#!/usr/bin/env bats
# The folder of a profile service.  The judge is the openssl command.

load helpers
load flow

setup_file() {
	make_site --host profiles.example.com
}

cert() {
	openssl x509 -in "$1" -noout -nameopt oneline "${@:2}"
}

@test "mcfg-site: makes the files that its manual page lists, for the owner only" {
	cd "$SITE"
	for f in site.yaml profile.yaml ca/cert.pem ca/key.pem ca/root.pem \
	    tls/cert.pem tls/key.pem signer/cert.pem signer/key.pem \
	    signer/chain.pem users.htpasswd ledger.db device-ca.pem \
	    simulated/ca.pem simulated/ca-key.pem simulated/device.pem \
	    simulated/device-key.pem; do
		[ -s "$f" ] || { echo "no $f"; false; }
	done
	[ -z "$(find . -perm /077)" ]
	[ -z "$(find tmp run www -mindepth 1)" ]
	grep -q 'trials only' "$SITE.said"
}

@test "mcfg-site: certificates are issued by its own CA, for their purpose" {
	cd "$SITE"
	openssl verify -CAfile ca/root.pem -purpose sslserver \
	    -verify_hostname profiles.example.com tls/cert.pem
	openssl verify -CAfile ca/root.pem signer/cert.pem
	cert signer/cert.pem -ext keyUsage | grep -q 'Digital Signature'
	cert signer/cert.pem -subject | grep -q 'O = "Example, Inc."'
	scep-ca list --dir ca --json > "$T/list"
	json_is "$T/list" 'len([c for c in j if c["state"] == "valid"]) >= 2'
}

@test "mcfg-site: keys fit their certificates" {
	cd "$SITE"
	for d in tls signer; do
		[ "$(openssl pkey -in $d/key.pem -pubout)" = \
		    "$(cert $d/cert.pem -pubkey)" ]
	done
}

@test "mcfg-site: the simulated factory is like a real one" {
	cd "$SITE/simulated"
	cmp ca.pem ../device-ca.pem
	openssl verify -partial_chain -CAfile ca.pem device.pem
	cert device.pem -text > "$T/text"
	grep -q 'sha1WithRSAEncryption' "$T/text"
	grep -q '1024 bit' "$T/text"
	grep -q 'TLS Web Server Authentication, TLS Web Client' "$T/text"
	grep -q 'CA:FALSE' "$T/text"
}

@test "mcfg-site: site.yaml configures the tools" {
	yields "$T/service" mcfg-service-payload --config "$SITE/site.yaml"
	plist_is "$T/service" "p['PayloadContent']['URL'] == \
	    'https://profiles.example.com:$PORT/profile' and \
	    p['PayloadOrganization'] == 'Example, Inc.' and \
	    p['PayloadIdentifier'] == 'com.example.profiles.profile-service' and \
	    p['PayloadContent']['DeviceAttributes'] == \
	    ['UDID', 'VERSION', 'PRODUCT', 'SERIAL']"
}

@test "mcfg-site: profile.yaml gives a web clip and a client certificate" {
	yields "$T/profile" mcfg-profile --set USER=jane --set CHALLENGE=secret \
	    "$SITE/profile.yaml"
	plist_is "$T/profile" "[c['PayloadType'] for c in p['PayloadContent']] \
	    == ['com.apple.webClip.managed', 'com.apple.security.scep']"
	plist_is "$T/profile" "p['PayloadContent'][1]['PayloadContent'] \
	    ['Subject'] == [[['O', 'Example, Inc.']], \
	    [['OU', 'Client Authentication']], [['CN', 'jane']]]"
	plist_is "$T/profile" "p['PayloadContent'][1]['PayloadContent'] \
	    ['CAFingerprint'].hex() == '$(cert "$SITE/ca/cert.pem" -sha256 \
	    -fingerprint | sed 's/.*=//; s/://g' | tr A-F a-f)'"
	plist_is "$T/profile" "340 < (p['PayloadExpirationDate'] - \
	    __import__('datetime').datetime.utcnow()).days < 367"
}

@test "mcfg-site: the commented examples in profile.yaml work" {
	sed 's/^\( *\)# \( *- \)/\1\2/
	    s/^  # \(  *[A-Z]\)/  \1/; s/^# \(PayloadRemoval\|RemovalDate\|Duration\)/\1/' \
	    "$SITE/profile.yaml" > "$T/profile.yaml"
	ln -s "$SITE/ca" "$T/ca"
	yields "$T/profile" mcfg-profile --set USER=jane --set CHALLENGE=secret \
	    --files "$SITE" "$T/profile.yaml"
	plist_is "$T/profile" "p['PayloadRemovalDisallowed'] is True and \
	    [c['PayloadType'] for c in p['PayloadContent']][2:] == \
	    ['com.apple.profileRemovalPassword', 'com.apple.vpn.managed']"
	plist_is "$T/profile" "88 < (p['RemovalDate'] - \
	    __import__('datetime').datetime.utcnow()).days < 91 and \
	    p['DurationUntilRemoval'] == 7776000.0 and \
	    type(p['DurationUntilRemoval']) is float"
	plist_is "$T/profile" \
	    "p['PayloadContent'][2]['RemovalPassword'] == 'change this'"
	plist_is "$T/profile" "p['PayloadContent'][3]['IKEv2'] \
	    ['PayloadCertificateUUID'] == p['PayloadContent'][1]['PayloadUUID']"
}

@test "mcfg-site: the password is kept as a hash that openssl makes again" {
	IFS=: read -r name hash < "$SITE/users.htpasswd"
	[ "$name" = jane ]
	salt=${hash#\$6\$}
	[ "$hash" = "$(printf '%s\n' "$PW" |
	    openssl passwd -6 -salt "${salt%%\$*}" -stdin)" ]
	run -1 grep -rF -e "$PW" "$SITE"
}

@test "mcfg-site: reads a password from a file or a descriptor" {
	printf 'one\ntwo\n' > "$T/pw"
	yields - mcfg-site "$T/a" --user joe --password "file:$T/pw"
	yields - mcfg-site "$T/b" --user joe --password fd:4 4< "$T/pw"
	for d in a b; do
		hash=$(sed 's/^joe://' "$T/$d/users.htpasswd")
		salt=${hash#\$6\$}
		[ "$hash" = "$(echo one |
		    openssl passwd -6 -salt "${salt%%\$*}" -stdin)" ]
	done
}

@test "mcfg-site: --device-ca replaces the simulated factory" {
	yields "$T/said" mcfg-site "$T/site" --device-ca "$PKI/device-ca.pem"
	cmp "$T/site/device-ca.pem" "$PKI/device-ca.pem"
	[ ! -e "$T/site/simulated" ]
	run -1 grep -q 'trials only' "$T/said"
	grep -q 'nobody can enroll' "$T/said"
}

@test "mcfg-site: leaves a folder alone that is not empty" {
	mkdir "$T/site"
	echo mine > "$T/site/file"
	refuses 1 'not empty' mcfg-site "$T/site"
	[ "$(ls -A "$T/site")" = file ]
	refuses 1 'not a folder' mcfg-site "$T/site/file"
}

@test "mcfg-site: a site that cannot be completed leaves nothing" {
	mkdir "$T/bin" "$T/site"
	printf '#!/bin/sh\nexit 4\n' > "$T/bin/scep-ca"
	chmod 755 "$T/bin/scep-ca"
	_run env MCFG_BIN="$T/bin" PATH="$T/bin:$PATH" mcfg-site "$T/site"
	[ "$status" -eq 4 ]
	[ -z "$(ls -A "$T/site")" ]
	# A signal midway.
	printf '#!/bin/sh\nkill -TERM "$PPID"\n' > "$T/bin/scep-ca"
	_run env MCFG_BIN="$T/bin" PATH="$T/bin:$PATH" mcfg-site "$T/site"
	[ "$status" -eq 4 ]
	[ -z "$(ls -A "$T/site")" ]
	yields - mcfg-site "$T/site"
}

@test "mcfg-site: adds and removes users" {
	yields - mcfg-site "$T/site"
	users=$T/site/users.htpasswd
	printf 'last:x' > "$users"
	ln "$users" "$T/same"
	yields - mcfg-site "$T/site" --add-user jane --password env:PW
	yields - mcfg-site --password env:PW --add-user 'j.*' "$T/site"
	hash=$(sed -n 's/^jane://p' "$users")
	salt=${hash#'$6$'}
	[ "$hash" = "$(openssl passwd -6 -salt "${salt%%'$'*}" "$PW")" ]
	[ "$(cut -d: -f1 "$users" | tr '\n' ' ')" = 'last jane j.* ' ]
	refuses 1 'a user already' mcfg-site "$T/site" --add-user jane \
	    --password env:PW
	run -0 mcfg-site "$T/site" --remove-user 'j.*'
	[ "$(cut -d: -f1 "$users" | tr '\n' ' ')" = 'last jane ' ]
	refuses 1 'not a user' mcfg-site "$T/site" --remove-user 'j.*'
	run -0 mcfg-site "$T/site" --remove-user last
	run -0 mcfg-site "$T/site" --remove-user jane
	[ ! -s "$users" ]
	# It is the same file, so a web server's group can still read it.
	[ "$users" -ef "$T/same" ]
	refuses 2 'missing --password' mcfg-site "$T/site" --add-user a
	refuses 2 'a colon' mcfg-site "$T/site" --add-user a:b --password env:PW
	refuses 2 'with other' mcfg-site "$T/site" --add-user a --remove-user b
	refuses 4 'no site.yaml' mcfg-site "$T" --remove-user a
}

@test "mcfg-site: special characters in a name keep their meaning" {
	name='O"Brien & Söhne \ Co. / A+B: #1'
	yields - mcfg-site "$T/site" --organization "$name"
	yields "$T/p" mcfg-service-payload --config "$T/site/site.yaml"
	NAME=$name python3 - "$T/p" <<-'PY'
	import os, plistlib, sys
	p = plistlib.load(open(sys.argv[1], 'rb'))
	assert p['PayloadOrganization'] == os.environ['NAME'], p
	PY
	openssl verify -CAfile "$T/site/ca/root.pem" "$T/site/tls/cert.pem"
	openssl x509 -in "$T/site/signer/cert.pem" -noout -subject \
	    -nameopt utf8,sep_multiline > "$T/subject"
	grep -qxF "    O=$name" "$T/subject"
}

@test "mcfg-site: text that looks like a variable stays text" {
	name='A ${Y} $${Z} $'
	yields - mcfg-site "$T/site" --organization "$name"
	yields "$T/p" mcfg-profile --set USER=jane --set CHALLENGE=c \
	    "$T/site/profile.yaml"
	NAME=$name python3 - "$T/p" <<-'PY'
	import os, plistlib, sys
	p, name = plistlib.load(open(sys.argv[1], 'rb')), os.environ['NAME']
	assert p['PayloadOrganization'] == name, p
	assert name in p['PayloadDescription'], p
	clip, scep = p['PayloadContent']
	assert clip['Label'] == name, clip
	assert scep['PayloadContent']['Subject'][0] == [['O', name]], scep
	PY
}

@test "mcfg-site: takes a host name that is too long for a common name" {
	host=internal-profiles-for-every-device.$(printf 'b%.0s' {1..40}).example
	yields - mcfg-site "$T/site" --host "$host."
	openssl verify -CAfile "$T/site/ca/root.pem" -verify_hostname "$host" \
	    "$T/site/tls/cert.pem"
	[ "$(mcfg-get --site url "$T/site/site.yaml")" = "https://$host:8443" ]
}

@test "mcfg-site: takes an IP address as the host" {
	yields - mcfg-site "$T/site" --host 127.0.0.1 --port 443
	openssl verify -CAfile "$T/site/ca/root.pem" -verify_ip 127.0.0.1 \
	    "$T/site/tls/cert.pem"
	yields "$T/p" mcfg-service-payload --config "$T/site/site.yaml"
	plist_is "$T/p" "p['PayloadContent']['URL'] == \
	    'https://127.0.0.1/profile'"
	yields - mcfg-site "$T/six" --host '[::1]'
	openssl verify -CAfile "$T/six/ca/root.pem" -verify_ip ::1 \
	    "$T/six/tls/cert.pem"
	[ "$(mcfg-get --site url "$T/six/site.yaml")" = 'https://[::1]:8443' ]
}

@test "mcfg-site: --renew makes a new key and certificate with the same name" {
	for what in tls signer; do
		before=$(cert "$SITE/$what/cert.pem" -serial -pubkey)
		subject=$(cert "$SITE/$what/cert.pem" -subject)
		mcfg-site "$SITE" --renew $what
		[ "$(cert "$SITE/$what/cert.pem" -serial -pubkey)" != "$before" ]
		[ "$(cert "$SITE/$what/cert.pem" -subject)" = "$subject" ]
		[ "$(openssl pkey -in "$SITE/$what/key.pem" -pubout)" = \
		    "$(cert "$SITE/$what/cert.pem" -pubkey)" ]
		openssl verify -CAfile "$SITE/ca/root.pem" \
		    "$SITE/$what/cert.pem"
	done
	openssl verify -CAfile "$SITE/ca/root.pem" \
	    -verify_hostname profiles.example.com "$SITE/tls/cert.pem"
	[ -z "$(find "$SITE/tmp" -mindepth 1)" ]
}

# configured SERVER [ARG...]: makes a configuration that the server accepts.
configured() {
	local server=$1

	shift
	mcfg-site "$SITE" --web "$server" --log-dir "$T" "$@" > "$T/said"
	[ -s "$SITE/web/$server.conf" ]
	"configured_$server" > "$T/read" 2>&1 || { cat "$T/read"; return 1; }
}

configured_nginx() {
	cat > "$T/nginx.conf" <<-CONF
	pid "$T/pid";
	events { }
	http {
		client_body_temp_path "$T/body";
		fastcgi_temp_path "$T/fastcgi";
		proxy_temp_path "$T/proxy";
		scgi_temp_path "$T/scgi";
		uwsgi_temp_path "$T/uwsgi";
		include "$SITE/web/nginx.conf";
	}
	CONF
	nginx -t -e "$T/error" -c "$T/nginx.conf"
}

configured_apache() {
	{
		apache_modules
		printf '%s\n' "ServerRoot \"$T\"" "DefaultRuntimeDir \"$T\"" \
		    "ErrorLog \"$T/error\"" "Include \"$SITE/web/apache.conf\""
	} > "$T/apache.conf"
	apache2 -t -f "$T/apache.conf"
}

@test "mcfg-site: --web writes configurations that nginx and Apache accept" {
	PATH=$PATH:/usr/sbin
	for server in nginx:nginx apache:apache2; do
		command -v "${server#*:}" > /dev/null || continue
		found=yes
		server=${server%:*}
		configured "$server"
		grep -q "made $SITE/web/$server.conf for" "$T/said"
		configured "$server" --port 443 --scep-http-port 80
		configured "$server" --address ::1 --port 4433
		grep -qF '[::1]:4433' "$SITE/web/$server.conf"
		configured "$server" --address 127.0.0.1 --scep-http-port 8081
		grep -q '127.0.0.1:8081' "$SITE/web/$server.conf"
		run -1 grep -E '@[A-Z]+@|^[a-z,-]+\|' "$SITE/web/$server.conf"
	done
	[ -n "${found:-}" ] || skip 'neither nginx nor apache2 is installed'
}

# asked ADDRESS...: prints how the server on $port answers each of them.
asked() {
	local from

	for from; do
		curl -sS -o /dev/null -w '%{http_code}\n' -u a:b \
		    -H "X-Real-IP: $from" "http://127.0.0.1:$port/enroll"
	done
}

# The lines of the configuration that limit requests, in a server that takes
# the client's address from a header.
@test "mcfg-site: nginx counts passwords by network for IPv6 addresses" {
	PATH=$PATH:/usr/sbin
	needs nginx
	port=$(free_port)
	configured nginx
	{
		cat <<-CONF
		daemon off;
		master_process off;
		pid "$T/pid";
		events { }
		http {
			access_log off;
			client_body_temp_path "$T/body";
			fastcgi_temp_path "$T/fastcgi";
			proxy_temp_path "$T/proxy";
			scgi_temp_path "$T/scgi";
			uwsgi_temp_path "$T/uwsgi";
			set_real_ip_from 127.0.0.1;
			real_ip_header X-Real-IP;
		CONF
		sed '/^server {/,$d; s|rate=5r/s|rate=1r/m|' \
		    "$SITE/web/nginx.conf"
		echo "server { listen 127.0.0.1:$port; location /enroll {"
		sed -n '/^\tlocation = .enroll/,/^\t}/{/limit_req/p;}' \
		    "$SITE/web/nginx.conf" | sed 's/burst=100/burst=1/'
		echo 'empty_gif; } } }'
	} > "$T/limit.conf"
	nginx -e "$T/error" -c "$T/limit.conf" 3>&- 7>&- &
	server=$!
	awaits -p "$server" nginx [ -s "$T/pid" ]
	# 0a is a newline to a regular expression.  IPv4 addresses, even mapped
	# ones, belong to no such network.
	asked 2001:db8:0:1::1 2001:db8:0:1::2 2001:db8:0:1::3 \
	    2001:db8:0:1:a0a:a0a:a0a:a0a 2001:db8:0:2::1 \
	    a0a:a0a:a0a:a0a::1 a0a:a0a:a0a:a0a::2 a0a:a0a:a0a:a0a::3 \
	    ::1 ::ffff:192.0.2.1 ::ffff:192.0.2.2 ::ffff:192.0.2.3 \
	    192.0.2.9 192.0.2.10 192.0.2.11 > "$T/codes" || :
	kill "$server"
	wait "$server" || :
	[ "$(tr '\n' ' ' < "$T/codes")" = "200 200 429 429 200 200 200 429 \
200 200 200 200 200 200 200 " ]
}

@test "mcfg-site: --web prints commands that name the folder as it is" {
	for server in nginx apache; do
		mcfg-site "$SITE" --web "$server" --log-dir "$T" > "$T/said"
		grep -qF "cp '$SITE/web/$server.conf' /etc/" "$T/said"
		grep -q "scripts/web/workers' --group [a-z-]* '$SITE'" "$T/said"
	done
}

@test "mcfg-site: --web refuses a folder whose name a configuration would misread" {
	for name in 'a"b' 'a$b' 'a;b' 'a%{b}' $'a\nb' 'a\b' 'a|b'; do
		mkdir "$T/$name"
		cp "$SITE/site.yaml" "$T/$name"
		run -1 mcfg-site "$T/$name" --web nginx
		[ ! -e "$T/$name/web" ]
	done
	long=$T/$(printf '%090d' 0)
	mkdir "$long"
	cp "$SITE/site.yaml" "$long"
	refuses 1 'too long' mcfg-site "$long" --web nginx
}

@test "mcfg-site: warns of a signer with another issuer" {
	cp -r "$SITE" "$T/site"
	rm -f "$T/site/published"
	yields - mcfg-site "$T/site" --renew signer
	# The issuer is the same.
	yields - mcfg-site "$T/site" --renew signer
	scep-ca rollover --dir "$T/site/ca" > /dev/null 2>&1
	scep-ca rollover --dir "$T/site/ca" --activate > /dev/null 2>&1
	warns 'signer/cert.pem: issuer: another than' - mcfg-site "$T/site" \
	    --renew signer
	rm "$T/site/published"
	yields - mcfg-site "$T/site" --renew signer
}

@test "mcfg-site: does not run the name of a template" {
	cp -r "$SITE" "$T/site"
	mkdir -p "$T/site/profile.d"
	cd "$T"
	for name in 'A||;e touch pwned #' 'B|p;w pwned' "C'\$(touch pwned)'" \
	    'D\1&' '-n' iPhone14,5 serial-A+B user-a.c user-abc \
	    user-jane@example.com; do
		echo 'PayloadIdentifier: one' > "site/profile.d/$name.yaml"
	done
	echo 'x: y' > site/published
	yields - mcfg-site "$T/site" --renew signer
	sed -i s/one/two/ site/profile.d/*.yaml
	mcfg-site "$T/site" --renew signer 2> "$T/said"
	# No device or user can have the other names.
	sed -n "s/.*profile.d.\\(.*\\).yaml: .*'two' is not 'one'.*/\\1/p" "$T/said" |
	    sort > "$T/named"
	printf '%s\n' iPhone14,5 serial-A+B user-a.c user-abc \
	    user-jane@example.com | sort | diff - "$T/named"
	[ "$(find . -name 'pwned*')" = '' ]
}

@test "mcfg-site: refuses a wrong command line" {
	refuses 2 'missing DIR' mcfg-site
	refuses 2 'unknown option' mcfg-site "$T/x" --hosts a
	refuses 2 'given twice' mcfg-site "$T/x" --host a --host b
	refuses 2 'not a port' mcfg-site "$T/x" --port 80x
	refuses 2 'not a port' mcfg-site "$T/x" --port 65536
	refuses 2 'not a host name' mcfg-site "$T/x" --host 'a b'
	refuses 2 'missing --password' mcfg-site "$T/x" --user jane
	refuses 2 'missing --user' mcfg-site "$T/x" --password env:PW
	refuses 2 'colon' mcfg-site "$T/x" --user a:b --password env:PW
	refuses 2 'control' mcfg-site "$T/x" --organization $'a\nb'
	refuses 2 'not the name of a variable' mcfg-site "$T/x" --user a --password 'env:A;B'
	refuses 2 'is not set' mcfg-site "$T/x" --user a --password env:NOBODY
	PW='' refuses 3 'empty' mcfg-site "$T/x" --user a --password env:PW
	refuses 2 'unknown option' mcfg-site -x
	refuses 4 './-x: cannot enter' mcfg-site --renew tls -- -x
	refuses 4 'no certificate' mcfg-site "$T/x" --device-ca "$PKI/root.key"
	refuses 2 'with other options' mcfg-site "$SITE" --renew tls --port 1
	refuses 2 'tls or signer' mcfg-site "$SITE" --renew all
	refuses 4 'no site.yaml' mcfg-site "$T" --renew tls
	refuses 2 'nginx or apache' mcfg-site "$SITE" --web lighttpd
	refuses 2 'options that make a site' mcfg-site "$SITE" --web nginx --host a
	refuses 2 'not a port' mcfg-site "$SITE" --web nginx --port 0
	refuses 2 'not a port' mcfg-site "$SITE" --web nginx --scep-http-port x
	refuses 2 'not an address' mcfg-site "$SITE" --web nginx --address 'a;b'
	refuses 4 'no site.yaml' mcfg-site "$T" --web nginx
	refuses 2 'need --web' mcfg-site "$T/x" --address ::1
	[ ! -e "$T/x" ]
	yields "$T/help" mcfg-site --help
	grep -q '^usage: mcfg-site' "$T/help"
	yields "$T/version" mcfg-site --version
	grep -qE '^mcfg-site \(mcfg\) [0-9.]+$' "$T/version"
}

teardown() {
	[ -z "${top:-}" ] || rm -rf "$top"
}

as_nobody() {
	setpriv --reuid nobody --regid nogroup --clear-groups "$@"
}

# theirs: puts a copy of the site in $theirs that the user nobody owns.
theirs() {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	needs setpriv
	# Others cannot enter the folder of bats.
	top=$(mktemp -d)
	chmod 711 "$top"
	theirs=$top/site
	cp -r "$SITE" "$theirs"
	chown -R nobody:nogroup "$theirs"
	as_nobody test -x "$MCFG_BIN/scep-ca" -a -x "$ROOT/scripts/mcfg-site" \
	    -a -r "$theirs" || {
		skip 'another user cannot reach this folder'
	}
	mkdir -m 700 "$top/root"
	echo precious > "$top/root/precious"
	chmod 600 "$top/root/precious"
}

# untouched: root wrote nothing, neither there nor where the links point.
untouched() {
	[ -z "$(find "$theirs" ! -type l ! -user nobody)" ] &&
	[ "$(ls "$top/root")" = precious ] &&
	[ "$(cat "$top/root/precious")" = precious ]
}

# trapped: fills every folder of the site with links to root's files.
trapped() {
	local name
	mkdir -p "$theirs/tmp/tls.new" "$theirs/tmp/signer.new" "$theirs/web"
	chown -R nobody:nogroup "$theirs/tmp" "$theirs/web"
	rm -f "$theirs/published" "$theirs/ca/crl.der"
	for name in tmp/tls.new/csr.pem tmp/signer.new/csr.pem published; do
		as_nobody ln -sf "$top/root/precious" "$theirs/$name"
	done
	for name in tmp/tls.new/cert.pem tmp/tls.new/key.pem \
	    tmp/signer.new/cert.pem ca/crl.der ca/crl.lock web/lock \
	    web/nginx.conf.new ledger.db-journal; do
		as_nobody ln -sf "$top/root/new" "$theirs/$name"
	done
}

@test "mcfg-site: root renews as the owner, and follows no links of the owner" {
	theirs
	before=$(cksum < "$theirs/tls/cert.pem")
	yields - mcfg-site "$theirs" --renew signer
	_run mcfg-site "$theirs" --renew tls
	[ "$status" -eq 0 ]
	[ "$(cksum < "$theirs/tls/cert.pem")" != "$before" ]
	yields - mcfg-site --web nginx "$theirs"
	untouched
	# The server can still start.
	as_nobody test -r "$theirs/tls/key.pem" -a -r "$theirs/signer/key.pem"
	trapped
	for what in "mcfg-site $theirs --renew tls" \
	    "mcfg-site $theirs --renew signer" "mcfg-site --web nginx $theirs" \
	    "mcfg-site --web apache $theirs" \
	    "scep-ca crl --dir $theirs/ca" "scep-ca challenge --dir $theirs/ca" \
	    "scep-ca rollover --dir $theirs/ca" \
	    "mcfg-enrollment start --config $theirs/site.yaml --user=x" \
	    "mcfg-enrollment purge --config $theirs/site.yaml --older 1d"; do
		# shellcheck disable=SC2086 # words
		_run $what
		untouched || { echo "$what"; false; }
	done
}

@test "mcfg-site: root makes a site in another user's folder as that user" {
	theirs
	rm -rf "$theirs"
	mkdir -m 755 "$theirs"
	chown nobody:nogroup "$theirs"
	mcfg-site "$theirs" --user jane --password env:PW > "$T/said"
	untouched
	[ -s "$theirs/ca/cert.pem" ]
	# In a folder below, and through a link, too.
	mcfg-site "$theirs/www/below" > "$T/said"
	untouched
	[ -s "$theirs/www/below/ca/cert.pem" ]
	rm -rf "$theirs/www/below"
	ln -s "$theirs/www" "$top/link"
	mcfg-site "$top/link" > "$T/said"
	untouched
	[ -s "$theirs/www/ca/cert.pem" ]
}
