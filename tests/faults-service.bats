#!/usr/bin/env bats
# One allocation or one system call of mcfg-service fails while it answers a
# request: see sweep.bash.

load helpers
load scep_helpers
load flow
load sweep

# A device's part, in the folder of the site.
BODY='sed "1,/^\r$/d" "$PRODUCT" > body &&
    openssl cms -verify -binary -inform DER -CAfile site/ca/root.pem \
    -purpose any -in body -out said'

# one METHOD PATH [NAME=VALUE...]: prints the body of the answer.
one() {
	local method=$1 path=$2

	shift 2
	env -i PATH="$PATH" MCFG_SITE="$PWD/site" REQUEST_METHOD="$method" \
	    PATH_INFO="$path" "$@" mcfg-service > answer 2> said ||
	    { cat said; return 1; }
	sed '1,/^\r$/d' answer
}

# one_signed METHOD PATH [NAME=VALUE...]: prints the content of a signed answer.
one_signed() {
	one "$@" > body
	openssl cms -verify -noverify -binary -inform DER -in body 2> said
}

# request METHOD PATH [NAME=VALUE...]: sets up the request that is swept.
request() {
	sqlite3 site/ledger.db 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	export MCFG_SITE=site REQUEST_METHOD=$1 PATH_INFO=$2 "${@:3}"
}

# a_device CHALLENGE: puts a reply to phase 1 in the file message.
a_device() {
	attributes plist UDID=U1 SERIAL=S1 PRODUCT=iPhone14,5 VERSION=21A1 \
	    CHALLENGE="$1"
	sign_as "$FACTORY" "$FACTORY_KEY" plist message
}

# identified: starts an enrollment, and puts the device's reply in message.
identified() {
	one_signed GET /enroll REMOTE_USER=jane > service
	a_device "$(mcfg-get PayloadContent.Challenge service)"
}

# posted FILE: posts it, and prints the content of the signed answer.
posted() {
	one_signed POST /profile CONTENT_LENGTH="$(wc -c < "$1")" < "$1"
}

@test "faults: mcfg-service, pages" {
	needs sqlite3
	SITE=$PWD/site make_site
	request GET / HTTP_ACCEPT_LANGUAGE=de
	sweep 4 4 --cgi -- mcfg-service
	cd in || return
	request GET /CA
	sweep 4 4 --cgi -- mcfg-service
}

@test "faults: mcfg-service, the revocation list" {
	needs sqlite3
	SITE=$PWD/site make_site
	request GET /crl
	sweep 4 4 --ledger site/ledger.db --cgi --commits \
	    --but site/ca/crl.der --judge '
	    sed "1,/^\r$/d" "$PRODUCT" > crl &&
	    openssl crl -inform DER -in crl -CAfile site/ca/cert.pem -noout' \
	    -- mcfg-service
}

@test "faults: mcfg-service, phase 1" {
	needs sqlite3
	SITE=$PWD/site make_site
	attributes plist UDID=U1 SERIAL=S1 PRODUCT=iPhone14,5 VERSION=21A1 \
	    CHALLENGE=THIS
	request GET /enroll REMOTE_USER=jane
	sweep 6 6 --ledger site/ledger.db --commits --cgi --judge "$BODY"' &&
	    sed "s/THIS/$(mcfg-get PayloadContent.Challenge said)/" plist |
	    mcfg-enrollment identify --config site/site.yaml' -- mcfg-service
}

@test "faults: mcfg-service, a login by the directory" {
	needs sqlite3
	SITE=$PWD/site make_site
	# A program beside which there is a directory of our own.
	mkdir -p "$T/bin" "$T/libexec/mcfg/web"
	cp "$MCFG_BIN"/mcfg-service "$T/bin"
	cat > "$T/libexec/mcfg/web/directory" <<-'SH'
	#!/bin/sh
	read -r given
	[ "$given" = 'Basic amFuZTpwdw==' ] || exit 1
	printf 'jane\njane\n'
	SH
	chmod +x "$T/libexec/mcfg/web/directory"
	sed -i '/^auth:/,$d' site/site.yaml
	printf 'auth:\n  ldap:\n    base: dc=x\n    filter: (uid=?)\n    %s\n' \
	    'url: ldap://x' >> site/site.yaml
	request GET /enroll SCRIPT_FILENAME=/x/login.cgi \
	    HTTP_AUTHORIZATION='Basic amFuZTpwdw=='
	sweep 4 4 --ledger site/ledger.db --commits --cgi \
	    --judge "$BODY"' && mcfg-enrollment list --config site/site.yaml \
	    --user jane | grep started' -- "$T/bin/mcfg-service"
}

@test "faults: mcfg-service, phase 2" {
	needs sqlite3
	SITE=$PWD/site make_site
	identified
	request POST /profile CONTENT_LENGTH="$(wc -c < message)"
	sweep 6 6 --ledger site/ledger.db --commits --cgi --input message \
	    --judge "$BODY"' &&
	    mcfg-get PayloadContent.0.PayloadContent.Challenge said' -- \
	    mcfg-service
}

@test "faults: mcfg-service, phase 3" {
	needs sqlite3
	SITE=$PWD/site make_site
	identified
	posted message > scep
	rsa_key key
	mcfg-get PayloadContent.0.PayloadContent.Challenge scep > ch
	chmod 600 ch
	scep-request --ca site/ca/cert.pem --key key --state st \
	    --subject "$(plist_key scep "''.join('/%s=%s' % (k, v)
	    for [[k, v]] in p['PayloadContent'][0]['PayloadContent']['Subject'])"
	    )" --challenge file:ch -o rq
	scep-ca answer --dir site/ca --operation PKIOperation rq > reply
	scep-response --state st --key key --ca site/ca/cert.pem reply > id
	attributes plist UDID=U1 SERIAL=S1 PRODUCT=iPhone14,5 VERSION=21A1
	sign_as id key plist message
	request POST /profile CONTENT_LENGTH="$(wc -c < message)"
	sweep 6 6 --ledger site/ledger.db --commits --cgi --input message \
	    --judge "$BODY"' &&
	    mcfg-decrypt --key key said > profile &&
	    mcfg-get PayloadContent.0.PayloadType profile' -- mcfg-service
}
