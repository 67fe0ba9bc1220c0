# What the tests of the flow share: a site, its server, and a device made of
# curl and openssl.
#
# A file has one site: its folder is $SITE, its root certificate $ROOT_CA, its
# address $URL; jane's password is $PW.

load web

# A site recognizes a key, so tests that share one must not share keys.
export SHARED_IN=$BATS_FILE_TMPDIR
export PW='correct horse: "battery" \ staple'

# make_site [ARG...]: makes $SITE, for a free port.  Without arguments it is a
# copy of a site that all files share.
make_site() {
	SITE=${SITE:-$BATS_FILE_TMPDIR/a site}
	PORT=$(free_port)
	URL=https://localhost:$PORT
	ROOT_CA=$SITE/ca/root.pem
	FACTORY=$SITE/simulated/device.pem
	FACTORY_KEY=$SITE/simulated/device-key.pem
	export SITE PORT URL ROOT_CA FACTORY FACTORY_KEY
	if [ $# -gt 0 ]; then
		new_site --port "$PORT" "$@" "$SITE" > "$SITE.said"
		return
	fi
	SHARED_IN='' shared site new_site --port 65535 > "$SITE.said"
	cp -a "$SHARED" "$SITE"
	sed -i "s/localhost:65535\\>/localhost:$PORT/" "$SITE"/*.yaml
}

# new_site ARG... DIR: makes a site.
new_site() {
	mcfg-site "${*: -1}" --organization 'Example, Inc.' \
	    --user jane --password env:PW "${@:1:$#-1}"
}

# add_user NAME: adds a user with the password $PW.
add_user() {
	printf '%s:%s\n' "$1" \
	    "$(printf '%s\n' "$PW" | openssl passwd -6 -stdin)" \
	    >> "$SITE/users.htpasswd"
}

# web PATH [CURL-ARG...]: sends a request; status in $code, body in $T/body,
# header in $T/head.
web() {
	local path=$1
	shift
	code=$(curl -sS --path-as-is --cacert "$ROOT_CA" --max-time 600 \
	    -o "$T/body" -D "$T/head" -w '%{http_code}' "$@" "$URL$path")
}

# settled: waits until all requests so far are in log/mcfg.log, which a filter
# writes.
settled() {
	local n

	n=$(grep -c ' path=/settled ' "$SITE/log/mcfg.log") || :
	curl -sS --cacert "$ROOT_CA" --max-time 60 -o /dev/null "$URL/settled"
	awaits 'the log' settled_more "$n"
}

settled_more() {
	[ "$(grep -c ' path=/settled ' "$SITE/log/mcfg.log")" -gt "$1" ]
}

# is_refused_page FILE: it is the page of 403, which does not say why.
is_refused_page() {
	grep -q '<title>Not allowed ' "$1"
	mcfg-page --config "$SITE/site.yaml" --set status='403 Forbidden' \
	    refused | cmp - "$1"
}

# web_large PATH FILE [CURL-ARG...]: sends a large body, but only if the server
# asks for it: curl might write to a connection that the server has closed.
web_large() {
	web "$1" --data-binary "@$2" -H 'Expect: 100-continue' \
	    --expect100-timeout 600 "${@:3}"
}

# get_profile TO [CURL-ARG...]: does phase 1 as jane, and puts the profile,
# which openssl verifies, in TO.
get_profile() {
	local to=$1
	shift
	web /enroll -u "jane:$PW" "$@"
	[ "$code" = 200 ] || return 1
	unsign "$T/body" "$to"
}

# unsign FILE TO: verifies a signed profile with openssl, and writes its
# content.
unsign() {
	openssl cms -verify -binary -purpose any -inform DER \
	    -CAfile "$ROOT_CA" -in "$1" -out "$2" 2> "$T/cms"
}

# plist_key FILE EXPRESSION: prints a value of the plist p.
plist_key() {
	python3 - "$1" "$2" <<-'PY'
	import plistlib, sys
	p = plistlib.load(open(sys.argv[1], 'rb'))
	print(eval(sys.argv[2]))
	PY
}

# sign_as CERT KEY IN OUT [ARG...]: signs like an old device, with SHA-1.
sign_as() {
	local cert=$1 key=$2 in=$3 out=$4
	shift 4
	openssl cms -sign -binary -nodetach -nosmimecap -md sha1 "$@" \
	    -signer "$cert" -inkey "$key" -in "$in" -outform DER -out "$out"
}

# post FILE [CURL-ARG...]: sends it to /profile.
post() {
	local file=$1
	shift
	web /profile --data-binary "@$file" \
	    -H 'Content-Type: application/pkcs7-signature' "$@"
}

# get_challenge: does phase 1 as jane, and prints the challenge.
get_challenge() {
	get_profile "$T/service"
	plist_key "$T/service" "p['PayloadContent']['Challenge']"
}

# phase2 CHALLENGE [NAME=VALUE...]: puts a device's reply in $T/message.
phase2() {
	attributes "$T/plist" UDID=U-1 SERIAL=S-1 PRODUCT=iPhone14,5 \
	    VERSION=21A1 CHALLENGE="$1" "${@:2}"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/message"
}

# enroll DIR [ARG...]: enrolls a device as jane, with mcfg-device.
enroll() {
	enroll_as jane "$@"
}

# enroll_as USER DIR [ARG...]: enrolls one as another user.
enroll_as() {
	local user=$1 dir=$2
	shift 2
	mcfg-device "$URL" --cacert "$ROOT_CA" --user "$user" \
	    --password env:PW --identity "$FACTORY" \
	    --identity-key "$FACTORY_KEY" -o "$dir" "$@"
}

# again DIR: repeats phase 3, with the identity in DIR.
again() {
	attributes "$T/plist" UDID="$(mcfg-get UDID "$1/attributes.plist")" \
	    SERIAL="$(mcfg-get SERIAL "$1/attributes.plist")" \
	    PRODUCT="$(mcfg-get PRODUCT "$1/attributes.plist")" VERSION=21B1
	sign_as "$1/identity.pem" "$1/identity-key.pem" "$T/plist" \
	    "$T/again"
	post "$T/again"
}

# opens DIR FILE TO: decrypts the profile in a signed reply with the device's
# key, by openssl and plistlib.
opens() {
	unsign "$2" "$T/signed.content"
	python3 - "$T/signed.content" "$T/enveloped" <<-'PY'
	import plistlib, sys
	p = plistlib.load(open(sys.argv[1], 'rb'))
	assert 'PayloadContent' not in p, p.keys()
	open(sys.argv[2], 'wb').write(p['EncryptedPayloadContent'])
	PY
	openssl cms -decrypt -binary -inform DER -recip "$1/identity.pem" \
	    -inkey "$1/identity-key.pem" -in "$T/enveloped" -out "$3"
}

# enroll_refused STATUS TEXT DIR [ARG...]: an enrollment as jane fails with that
# status and text.
enroll_refused() {
	local want=$1 text=$2
	shift 2
	status=0
	enroll "$@" > "$T/stdout" 2> "$T/stderr" || status=$?
	cat "$T/stderr"
	[ "$status" -eq "$want" ]
	[ ! -s "$T/stdout" ]
	[ "$(wc -l < "$T/stderr")" -eq 1 ]
	grep -qF -e "mcfg-device: $text" "$T/stderr"
}

# enrollments EXPRESSION: it becomes true of j, the ledger's list.  That may
# take a moment: a device gets its profile before the ledger records it.
enrollments() {
	local T=${T:-$BATS_FILE_TMPDIR}	# setup_file has no $T

	awaits "enrollments: $1" _enrollments "$1" || {
		cat "$T/is"
		return 1
	}
}

_enrollments() {
	mcfg-enrollment list --json --config "$SITE/site.yaml" > "$T/list"
	json_is "$T/list" "($1)" > "$T/is" 2>&1
}

# nothing_left: waits until no file of a request is left in the site: a server
# may answer before it removes them.
nothing_left() {
	awaits 'the removal of the files of a request' _nothing_left || {
		left_over
		return 1
	}
}

_nothing_left() {
	[ -z "$(left_over)" ]
}

left_over() {
	find "$SITE/tmp" "$SITE/www" -mindepth 1
}
