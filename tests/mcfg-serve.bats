#!/usr/bin/env bats
# A real web server for a site.

load helpers
load flow
code=''	# of web()

setup_file() {
	needs_web || return 0
	make_site
}

teardown() {
	unserve
}

# processes: prints the commands that run in the site's folder.
processes() {
	local p
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/cwd" 2> /dev/null)" != "$SITE" ] ||
		    tr '\0' ' ' < "$p/cmdline"
	done
}

# enough_workers: one SCEP worker runs for each core.
enough_workers() {
	[ "$(pgrep -cf 'scep-ca cgi --dir' -P \
	    "$(cat "$SITE/run/lighttpd.pid")")" -eq \
	    "$(getconf _NPROCESSORS_ONLN)" ]
}

@test "mcfg-serve: serves once it is ready, and leaves no process behind" {
	serve
	[ "$READY" = "listening on $URL/" ]
	web /
	[ "$code" = 200 ]
	web '/scep?operation=GetCACaps'
	[ "$code" = 200 ]
	[ -n "$(processes)" ]
	awaits 'a worker for each core' enough_workers
	kill -TERM "$SERVER"
	status=0
	wait "$SERVER" || status=$?
	[ "$status" -eq 0 ]
	[ -z "$(processes)" ]
	[ -z "$(find "$SITE/run" -mindepth 1)" ]
	[ ! -s "$SITE.stderr" ]
	SERVER=
}

@test "mcfg-serve: a request in flight is answered before it ends" {
	# This step waits until the test lets it go on.
	mkdir "$T/bin"
	ln -s "$MCFG_BIN"/* "$T/bin"
	mkfifo "$T/begun" "$T/go"
	rm "$T/bin/mcfg-service-payload"
	cat > "$T/bin/mcfg-service-payload" <<-SH
	#!/bin/sh
	if [ -e '$T/armed' ]; then
		echo > '$T/begun'
		read -r x < '$T/go'
	fi
	exec '$MCFG_BIN/mcfg-service-payload' "\$@"
	SH
	chmod +x "$T/bin/mcfg-service-payload"
	MCFG_BIN=$T/bin serve
	: > "$T/armed"
	{
		web /enroll -u "jane:$PW"
		echo "$code" > "$T/code"
	} 3>&- 7>&- &
	client=$!
	read -r < "$T/begun"
	kill -TERM "$SERVER"
	echo > "$T/go"
	wait "$client"
	[ "$(cat "$T/code")" = 200 ]
	unsign "$T/body" "$T/service"
	unserve
	[ -z "$(processes)" ]
}

@test "mcfg-serve: another port changes only the port it listens on" {
	other=$(free_port)
	serve --port "$other"
	[ "$READY" = "listening on https://localhost:$other/" ]
	URL=https://localhost:$other web /enroll -u "jane:$PW"
	[ "$code" = 200 ]
	unsign "$T/body" "$T/service"
	plist_is "$T/service" \
	    "p['PayloadContent']['URL'] == '$URL/profile'"
}

@test "mcfg-serve: prints the address of the plain port, too" {
	plain=$(free_port)
	serve --scep-http-port "$plain"
	read -r -t 600 -u 7 second
	[ "$second" = "listening on http://localhost:$plain/scep" ]
	curl -sS -o "$T/body" "http://localhost:$plain/scep?operation=GetCACert"
	openssl x509 -inform DER -in "$T/body" -noout
}

@test "mcfg-serve: works behind a proxy with another certificate" {
	needs nginx
	# The manual page's example, with this test's names.
	behind=$(free_port)
	openssl req -new -newkey rsa:2048 -nodes -keyout "$T/proxy.key" \
	    -subj /CN=localhost -out "$T/proxy.csr" 2> /dev/null
	openssl x509 -req -in "$T/proxy.csr" -CA "$PKI/root.pem" \
	    -CAkey "$PKI/root.key" -set_serial 77 -days 30 \
	    -extfile <(echo subjectAltName=DNS:localhost) \
	    -out "$T/proxy.pem" 2> /dev/null
	{
		[ "$(id -u)" -ne 0 ] || echo 'user root;'
		cat <<-CONF
		daemon off;
		pid "$T/pid";
		events { }
		http {
			access_log "$T/access.log";
			client_body_temp_path "$T/1";
			fastcgi_temp_path "$T/2";
			proxy_temp_path "$T/3";
			scgi_temp_path "$T/4";
			uwsgi_temp_path "$T/5";
		CONF
		sed -n '/^server {/,/^}/p' "$ROOT/man/man1/mcfg-serve.1" | sed "
		    s|listen 443|listen 127.0.0.1:$PORT|
		    s|profiles.example.com|localhost|
		    s|127.0.0.1:8443|127.0.0.1:$behind|
		    s|/etc/ssl/profiles.pem|$T/proxy.pem|
		    s|/etc/ssl/private/profiles.pem|$T/proxy.key|
		    s|/etc/ssl/mcfg-root.pem|\"$ROOT_CA\"|"
		echo '}'
	} > "$T/nginx.conf"
	serve --port "$behind"
	nginx -e "$T/error.log" -c "$T/nginx.conf" > "$T/nginx.said" 2>&1 \
	    3>&- 7>&- &
	proxy=$!
	awaits -p "$proxy" nginx [ -s "$T/pid" ] || {
		cat "$T/nginx.said"
		false
	}
	cat "$PKI/root.pem" "$ROOT_CA" > "$T/roots.pem"
	site_root=$ROOT_CA ROOT_CA=$T/roots.pem
	enrolled=
	! enroll "$T/d" || enrolled=yes
	# The proxy has its own certificate.
	run -60 curl -sS --cacert "$site_root" "$URL/"
	web '/scep?operation=GetCACaps&message='"$(head -c 6000 /dev/zero |
	    tr '\0' A)"
	[ "$code" = 200 ]
	head -c 65000 /dev/zero > "$T/big"
	post "$T/big"
	[ "$code" = 400 ]
	web /enroll -u jane:wrong -H 'X-Forwarded-User: jane'
	[ "$code" = 401 ]
	kill "$proxy"
	wait "$proxy" || :
	[ -n "$enrolled" ]
	enrollments "[e['state'] for e in j if e['udid'] ==
	    '$(mcfg-get UDID "$T/d/attributes.plist")'] == ['configured']"
}

@test "mcfg-serve: reports a port that is in use" {
	serve
	cp -r "$SITE" "$T/second"
	rm -f "$T/second"/run/*
	run -4 mcfg-serve "$T/second" 3>&- 7>&-
	[[ $output == *"lighttpd ended with status"*"error.log"* ]]
	[[ $output != *listening* ]]
}

@test "mcfg-serve: warns of a profile that would not replace the old one" {
	cp -r "$SITE" "$T/site"
	SITE=$T/site
	rm -f "$SITE/run"/*
	cp "$SITE/profile.yaml" "$T/kept"
	serve
	unserve
	[ ! -s "$SITE.stderr" ]
	sed -i 's/^PayloadIdentifier: .*/PayloadIdentifier: "com.other"  # x/' \
	    "$SITE/profile.yaml"
	# A new template has nothing to replace.
	mkdir -p "$SITE/profile.d"
	sed 's,!sha256 ca/,!sha256 ../ca/,' "$T/kept" > "$SITE/profile.d/iPad.yaml"
	for _ in 1 2; do
		serve
		unserve
		[ "$(wc -l < "$SITE.stderr")" -eq 1 ]
		grep -q "warning: profile.yaml: PayloadIdentifier: 'com.other' is not 'local.mcfg.profile'" \
		    "$SITE.stderr"
	done
	cp "$T/kept" "$SITE/profile.yaml"
	serve
	unserve
	[ ! -s "$SITE.stderr" ]
}

@test "mcfg-serve: workers behind another server warn of it, too" {
	for p in multiwatch spawn-fcgi fcgiwrap; do
		needs "$p"
	done
	cp -r "$SITE" "$T/s"
	sed -i 's/^PayloadIdentifier: .*/PayloadIdentifier: com.other/' \
	    "$T/s/profile.yaml"
	echo 'profile.yaml: local.mcfg.profile' > "$T/s/published"
	mkfifo "$T/ready"
	"$ROOT/scripts/web/workers" "$T/s" > "$T/ready" 2> "$T/said" 3>&- &
	workers=$!
	read -r -t 600 line < "$T/ready"
	kill "$workers"
	wait "$workers" || :
	[ "$line" = "listening in $T/s/web" ]
	grep -qE "^time=[^ ]+Z workers: warning: profile.yaml: PayloadIdentifier: 'com.other' is not 'local.mcfg.profile'" "$T/said"
	grep -q '^signer: ' "$T/s/published"
}

@test "mcfg-serve: warns of templates that are faulty or never used" {
	cp -r "$SITE" "$T/site"
	SITE=$T/site
	rm -f "$SITE/run"/*
	mkdir "$SITE/profile.d"
	cd "$SITE"
	# Variables are filled in, whatever type they have.
	sed -e 's,!sha256 ca/,!sha256 ../ca/,' -e 's,!after 365d,!!timestamp ${END},' \
	    -e 's,^PayloadDescription: .*,PayloadDescription: "${GROUP} $${X}",' \
	    -e '1iPayloadVersion: !!int ${GENERATION}' \
	    profile.yaml > profile.d/user-jane.yaml
	sed 's,!sha256 ca/,!sha256 ../ca/,' profile.yaml |
	    tee profile.d/serial-C1.yaml > profile.d/iPhone12,1.yaml
	echo 'C1 jane' > devices.allow
	serve
	unserve
	diff /dev/null "$SITE.stderr"
	for name in user-joe.yml 'user-j*e.yaml' serial-C2.yaml the-boss.yaml; do
		cp profile.d/serial-C1.yaml "profile.d/$name"
	done
	echo pem > profile.d/ca.pem
	printf 'PayloadContent:\n\t- 1\n' > profile.d/iPad.yaml
	sed -i '1s/^/Extra: [\n/' profile.yaml
	serve
	unserve
	LC_ALL=C sed -n 's/^mcfg-serve: warning: \([^ ]*:\) .*/\1/p' \
	    "$SITE.stderr" | LC_ALL=C sort > "$T/said"
	cat > "$T/wanted" <<-'E'
	profile.d/iPad.yaml:2:1:
	profile.d/serial-C2.yaml:
	profile.d/the-boss.yaml:
	profile.d/user-j*e.yaml:
	profile.d/user-joe.yml:
	E
	sed -i '/^profile.yaml:[0-9]*:[0-9]*:$/d' "$T/said"
	diff "$T/wanted" "$T/said"
	grep -qE 'warning: profile.yaml:[0-9]+:[0-9]+: ' "$SITE.stderr"
}

@test "mcfg-serve: a site has only one server" {
	serve
	refuses 1 'served already' mcfg-serve "$SITE" --port "$(free_port)"
	web /
	[ "$code" = 200 ]
}

@test "mcfg-serve: a killed server does not stop the next one" {
	serve
	kill -KILL "$(cat "$SITE/run/lighttpd.pid")"
	awaits "the end of $SERVER" gone "$SERVER"
	[ -z "$(processes)" ]
	grep -q 'ended with status' "$SITE.stderr"
	SERVER=
	serve
	web '/scep?operation=GetCACaps'
	[ "$code" = 200 ]
}

@test "mcfg-serve: as root the server runs as the folder's owner" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	needs setpriv
	cp -r "$SITE" "$BATS_FILE_TMPDIR/owned"
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" \
	    "${BATS_FILE_TMPDIR%/*}" 2> /dev/null || :
	chown -R nobody "$BATS_FILE_TMPDIR/owned"
	setpriv --reuid nobody --clear-groups test -x "$MCFG_BIN/scep-ca" \
	    -a -x "$ROOT/scripts/mcfg.cgi" -a -r "$BATS_FILE_TMPDIR/owned" ||
	    skip 'another user cannot reach this folder'
	SITE=$BATS_FILE_TMPDIR/owned serve
	web /enroll -u "jane:$PW"
	[ "$code" = 200 ]
	owners=$(for p in /proc/[0-9]*; do
		[ "$(readlink "$p/cwd")" != "$BATS_FILE_TMPDIR/owned" ] ||
		    stat -c %U "$p" || :
	done 2> /dev/null | sort -u)
	[ "$owners" = nobody ]
	[ -z "$(find "$BATS_FILE_TMPDIR/owned" ! -user nobody)" ]
}

@test "mcfg-serve: root's own folder is served on a loopback address only" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	refuses 1 'belongs to root' mcfg-serve "$SITE" --address 0.0.0.0
	refuses 1 'belongs to root' mcfg-serve "$SITE" --address ::
}

@test "mcfg-serve: refuses a wrong command line" {
	refuses 2 'missing DIR' mcfg-serve
	refuses 2 'unknown option' mcfg-serve "$SITE" --ports 1
	refuses 2 'not a port' mcfg-serve "$SITE" --port 0
	refuses 2 'not a port' mcfg-serve "$SITE" --scep-http-port 70000
	refuses 2 'not an address' mcfg-serve "$SITE" --address 'a b'
	refuses 2 'given twice' mcfg-serve "$SITE" "$SITE"
	refuses 4 'none: cannot enter' mcfg-serve "$T/none"
	refuses 4 'port: cannot enter' mcfg-serve -- --port
	refuses 4 'no site.yaml' mcfg-serve "$T"
	yields "$T/help" mcfg-serve --help
	grep -q '^usage: mcfg-serve' "$T/help"
	yields - mcfg-serve --version
}

@test "mcfg-serve: warns of a signer that could be a device" {
	cp "$SITE/signer/cert.pem" "$T/kept.pem"
	openssl req -new -key "$SITE/signer/key.pem" -subj /CN=old -out "$T/csr"
	mcfg_client() {
		scep-ca issue --dir "$SITE/ca" --csr "$T/csr" --profile client
	}
	mcfg_client > "$SITE/signer/cert.pem"
	serve
	grep -q 'warning: signer/cert.pem .*mcfg-site DIR --renew signer' \
	    "$SITE.stderr"
	unserve
	# The key usage of a certificate from elsewhere is not ours to choose.
	cp "$PKI/signer.pem" "$SITE/signer/cert.pem"
	serve
	! grep -q 'emailProtection' "$SITE.stderr" || false
	unserve
	cp "$T/kept.pem" "$SITE/signer/cert.pem"
	serve
	! grep -q 'emailProtection' "$SITE.stderr" || false
}

@test "mcfg-serve: profiles of the site are signed by a signer, not a device" {
	printf '<plist version="1.0"><dict><key>a</key><string>b</string></dict></plist>' > "$T/p"
	yields "$T/s" mcfg-sign --cert "$SITE/signer/cert.pem" \
	    --key "$SITE/signer/key.pem" --chain "$SITE/signer/chain.pem" "$T/p"
	yields - mcfg-verify --ca "$SITE/ca/root.pem" --purpose signer "$T/s"
	openssl cms -verify -binary -purpose smimesign -inform DER \
	    -CAfile "$SITE/ca/root.pem" -in "$T/s" -out "$T/o" 2> /dev/null
	openssl req -new -newkey rsa:2048 -nodes -keyout "$T/k" \
	    -subj '/CN=Profile Signer' -out "$T/csr" 2> /dev/null
	yields "$T/c" scep-ca issue --dir "$SITE/ca" --csr "$T/csr" --profile client
	yields "$T/s" mcfg-sign --cert "$T/c" --key "$T/k" \
	    --chain "$SITE/ca/root.pem" "$T/p"
	yields - mcfg-verify --ca "$SITE/ca/root.pem" "$T/s"
	refuses 1 'emailProtection' mcfg-verify --ca "$SITE/ca/root.pem" \
	    --purpose signer "$T/s"
	! openssl cms -verify -binary -purpose smimesign -inform DER \
	    -CAfile "$SITE/ca/root.pem" -in "$T/s" -out "$T/o" 2> /dev/null ||
	    false
}
