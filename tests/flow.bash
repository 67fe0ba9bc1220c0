# What the tests of the flow share: a site, its server, a device made of curl
# and the openssl command.
#
# One site serves a whole file: its folder is $SITE, its root $ROOT_CA, its
# address $URL; jane's password is in $PW.

load web

# The tests of a file share a site, which knows a key again.
export SHARED_IN=$BATS_FILE_TMPDIR
export PW='correct horse: "battery" \ staple'

# make_site [ARG...]: in $SITE, for a free port.  Without arguments it is a copy
# of one that other files have, too.
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

# new_site ARG... DIR
new_site() {
	mcfg-site "${*: -1}" --organization 'Example, Inc.' \
	    --user jane --password env:PW "${@:1:$#-1}"
}

# add_user NAME: with the same password.
add_user() {
	printf '%s:%s\n' "$1" \
	    "$(printf '%s\n' "$PW" | openssl passwd -6 -stdin)" \
	    >> "$SITE/users.htpasswd"
}

# web PATH [CURL-ARG...]: status in $code, body in $T/body, header in $T/head.
web() {
	local path=$1
	shift
	code=$(curl -sS --path-as-is --cacert "$ROOT_CA" --max-time 600 \
	    -o "$T/body" -D "$T/head" -w '%{http_code}' "$@" "$URL$path")
}

# settled: what was said of the requests up to now stands in log/mcfg.log, which
# a filter writes.
settled() {
	local n

	n=$(grep -c ' path=/settled ' "$SITE/log/mcfg.log") || :
	curl -sS --cacert "$ROOT_CA" --max-time 60 -o /dev/null "$URL/settled"
	awaits 'the log' settled_more "$n"
}

settled_more() {
	[ "$(grep -c ' path=/settled ' "$SITE/log/mcfg.log")" -gt "$1" ]
}

# is_refused_page FILE: the one page of 403, which does not show why.
is_refused_page() {
	grep -q '<title>Not allowed ' "$1"
	mcfg-page --config "$SITE/site.yaml" --set status='403 Forbidden' \
	    refused | cmp - "$1"
}

# web_large PATH FILE [CURL-ARG...]: a body that is refused before it is sent;
# otherwise curl may write into a connection that the server has closed.
web_large() {
	web "$1" --data-binary "@$2" -H 'Expect: 100-continue' \
	    --expect100-timeout 600 "${@:3}"
}

# get_profile TO [CURL-ARG...]: phase 1 of jane; the profile, verified by the
# openssl command.
get_profile() {
	local to=$1
	shift
	web /enroll -u "jane:$PW" "$@"
	[ "$code" = 200 ] || return 1
	unsign "$T/body" "$to"
}

# unsign FILE TO: what is in a signed profile, by the openssl command.
unsign() {
	openssl cms -verify -binary -purpose any -inform DER \
	    -CAfile "$ROOT_CA" -in "$1" -out "$2" 2> "$T/cms"
}

# plist_key FILE EXPRESSION: a value of the plist p, as text.
plist_key() {
	python3 - "$1" "$2" <<-'PY'
	import plistlib, sys
	p = plistlib.load(open(sys.argv[1], 'rb'))
	print(eval(sys.argv[2]))
	PY
}

# sign_as CERT KEY IN OUT [ARG...]: as old devices do it.
sign_as() {
	local cert=$1 key=$2 in=$3 out=$4
	shift 4
	openssl cms -sign -binary -nodetach -nosmimecap -md sha1 "$@" \
	    -signer "$cert" -inkey "$key" -in "$in" -outform DER -out "$out"
}

# post FILE [CURL-ARG...]: to /profile.
post() {
	local file=$1
	shift
	web /profile --data-binary "@$file" \
	    -H 'Content-Type: application/pkcs7-signature' "$@"
}

# get_challenge: a new one of jane's, of phase 1.
get_challenge() {
	get_profile "$T/service"
	plist_key "$T/service" "p['PayloadContent']['Challenge']"
}

# phase2 CHALLENGE [NAME=VALUE...]: a device's answer in $T/message.
phase2() {
	attributes "$T/plist" UDID=U-1 SERIAL=S-1 PRODUCT=iPhone14,5 \
	    VERSION=21A1 CHALLENGE="$1" "${@:2}"
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" "$T/message"
}

# enroll DIR [ARG...]: a whole enrollment of jane by mcfg-device.
enroll() {
	enroll_as jane "$@"
}

# enroll_as USER DIR [ARG...]: of another one.
enroll_as() {
	local user=$1 dir=$2
	shift 2
	mcfg-device "$URL" --cacert "$ROOT_CA" --user "$user" \
	    --password env:PW --identity "$FACTORY" \
	    --identity-key "$FACTORY_KEY" -o "$dir" "$@"
}

# again DIR: phase 3 once more, with the identity that is in DIR.
again() {
	attributes "$T/plist" UDID="$(mcfg-get UDID "$1/attributes.plist")" \
	    SERIAL="$(mcfg-get SERIAL "$1/attributes.plist")" \
	    PRODUCT="$(mcfg-get PRODUCT "$1/attributes.plist")" VERSION=21B1
	sign_as "$1/identity.pem" "$1/identity-key.pem" "$T/plist" \
	    "$T/again"
	post "$T/again"
}

# opens DIR FILE TO: the device's key opens the profile in a signed answer; the
# openssl command and plistlib do it.
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

# enroll_refused STATUS TEXT DIR [ARG...]: jane's enrollment fails like this.
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

# enrollments EXPRESSION: over the ledger's list, as j.  A device has its profile
# a moment before the ledger is told that it was sent: it is asked again.
enrollments() {
	local T=${T:-$BATS_FILE_TMPDIR}	# in setup_file there is none

	awaits "enrollments: $1" _enrollments "$1" || {
		cat "$T/is"
		return 1
	}
}

_enrollments() {
	mcfg-enrollment list --json --config "$SITE/site.yaml" > "$T/list"
	json_is "$T/list" "($1)" > "$T/is" 2>&1
}

# nothing_left: no file of a request is left in the site.  A server may answer
# a moment before it removes them.
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
