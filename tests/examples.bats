#!/usr/bin/env bats
# Every example of README.md and the manual pages runs in a prepared folder, or
# tests/examples.list says why it does not.

load helpers
load flow

setup_file() {
	needs_web || return 0
	make_site
	export DESK=$BATS_FILE_TMPDIR/desk
	T=$BATS_FILE_TMPDIR
	serve
	enroll "$T/d" > "$T/said" 2>&1
	unserve
	prepare
}

teardown() {
	[ -z "${SERVER:-}" ] || unserve
}

# prepare: makes the files that the examples assume, with a site in site/ and,
# for examples inside a site, in the folder itself.
prepare() {
	cp -a "$SITE" "$DESK"
	cp -a "$SITE" "$DESK/site"
	cd "$DESK" || return
	rm -f published
	mkdir -p profiles published certs backup/new
	printf '%s\n' "$PW" > pw
	chmod 600 pw
	cp signer/cert.pem cert.pem
	cp signer/cert.pem signer.pem
	cp signer/key.pem key.pem
	cp signer/key.pem signer-key.pem
	cp signer/chain.pem chain.pem
	cp ca/root.pem root.pem
	cp ca/root.pem ca.pem
	cp "$T/d/identity.pem" device.pem
	cp "$T/d/identity.pem" id.pem
	cp "$T/d/identity-key.pem" device-key.pem
	cp "$T/d/identity-key.pem" identity-key.pem
	cp "$T/d/09-profile.response" profile.mobileconfig
	cp profile.mobileconfig 09-profile.response
	cp device-ca.pem AppleiPhoneDeviceCA.pem
	cp device-ca.pem apple-device-ca.pem
	mcfg-site . --remove-user jane
	openssl x509 -in device-ca.pem -outform DER -out AppleiPhoneDeviceCA.cer
	openssl pkcs12 -export -inkey key.pem -in cert.pem -certfile chain.pem \
	    -passout pass:secret | openssl base64 -A > p12
	answers
	configurations
}

# answers: makes a device's messages of phase 2, not yet received, and phase 3.
answers() {
	mcfg-enrollment start --config site.yaml --user jane > "$T/challenge"
	attributes "$T/plist" UDID=U-9 SERIAL=S-9 PRODUCT=iPhone14,5 \
	    VERSION=21A1 CHALLENGE="$(cat "$T/challenge")"
	cp "$T/plist" attributes.plist
	sign_as "$FACTORY" "$FACTORY_KEY" "$T/plist" answer.p7
	cp answer.p7 answer
	cp answer.p7 answer.p7s
	attributes "$T/plist" UDID="$(mcfg-get UDID "$T/d/attributes.plist")" \
	    SERIAL="$(mcfg-get SERIAL "$T/d/attributes.plist")" \
	    PRODUCT=iPhone14,5 VERSION=21B1
	sign_as "$T/d/identity.pem" "$T/d/identity-key.pem" "$T/plist" \
	    again.p7s -md sha256
	cp again.p7s request.p7s
	cp "$T/d/06-pkioperation.request" request.der
	cp request.der request
}

configurations() {
	python3 - > facts.plist <<-'PY'
	import plistlib, sys
	plistlib.dump(dict(USER='jane', UDID='U-1', SERIAL='S-1',
	    PRODUCT='iPhone14,5', ENROLLMENT='E', CHALLENGE='c'),
	    sys.stdout.buffer)
	PY
	python3 - > a.mobileconfig <<-'PY'
	import plistlib, sys
	plistlib.dump({'PayloadType': 'Configuration', 'PayloadVersion': 1,
	    'PayloadIdentifier': 'com.example.a', 'PayloadUUID':
	    '6B1B9C5E-3C5B-4B8C-9B39-0A1B2C3D4E5F', 'PayloadDisplayName': 'A',
	    'PayloadContent': [{'PayloadType': 'com.apple.security.root',
	    'PayloadVersion': 1, 'PayloadIdentifier': 'com.example.a.root',
	    'PayloadUUID': '7B1B9C5E-3C5B-4B8C-9B39-0A1B2C3D4E5F',
	    'com.example.app': 'x', 'PayloadContent': b'der'}]},
	    sys.stdout.buffer)
	PY
	cp a.mobileconfig preferences.plist
	cat > wifi.yaml <<-'Y'
	PayloadType: Configuration
	PayloadIdentifier: com.example.wifi
	PayloadDisplayName: Office
	PayloadContent:
	  - PayloadType: com.apple.wifi.managed
	    SSID_STR: Office
	    EncryptionType: None
	Y
	mcfg-profile -o wifi.mobileconfig wifi.yaml
	cp wifi.mobileconfig vpn.mobileconfig
	cp wifi.mobileconfig profiles
	cp wifi.yaml profiles
	mcfg-sign --cert cert.pem --key key.pem --chain chain.pem \
	    -o signed.mobileconfig wifi.mobileconfig
	cp signed.mobileconfig published/wifi.mobileconfig
	printf 'SERIAL,SSID\nS1,Office\nS2,Guests\n' > devices.csv
	cp device.pem certs/S1.pem
	cp device.pem certs/S2.pem
	in_git
}

# in_git: makes a repository with a change of a profile.
in_git() {
	git init -q
	git add wifi.mobileconfig
	git -c user.name=CI -c user.email=ci@example.org commit -qm One
	sed -i 's/Office/Guests/' wifi.mobileconfig
	git -c user.name=CI -c user.email=ci@example.org commit -qam Two
}

# listed HOW: prints the names of the examples of that kind.
listed() {
	sed -n "s/^$1	//p" "$ROOT/tests/examples.list"
}

@test "examples: each is run, or has a reason why not" {
	python3 "$ROOT/tests/examples.py" "$ROOT" names | sort > "$T/are"
	grep -v '^#' "$ROOT/tests/examples.list" | cut -f 2 | sort > "$T/listed"
	diff "$T/listed" "$T/are"
	# The list must explain each reason.
	grep -v '^#' "$ROOT/tests/examples.list" | cut -f 1 | sort -u > "$T/how"
	while read -r how; do
		grep -q "^# $how: " "$ROOT/tests/examples.list" || {
			echo "no explanation of '$how'"
			return 1
		}
	done < "$T/how"
	# A test file that the list names must exist.
	sed -n 's/^\([a-z-]*\.bats\)	.*/\1/p' "$ROOT/tests/examples.list" |
	    sort -u | while read -r file; do
		[ -f "$ROOT/tests/$file" ]
	done
}

# runs NAME: runs it in a copy of the prepared folder, as a reader would type
# it, but replaces paths outside.  If it needs a program that is not installed,
# it only adds its name to $T/lacking.
runs() {
	rm -rf "$T/copy"
	cp -a "$DESK" "$T/copy"
	cp -a "$DESK/site" "$T/copy/acme"
	python3 "$ROOT/tests/examples.py" "$ROOT" script "$1" |
	    sed -E 's,/srv/(enroll|profiles),site,g; s,/backup/,backup/,g' \
	    > "$T/script"
	for tool in jq qrencode; do
		! grep -qw "$tool" "$T/script" || command -v "$tool" > /dev/null || {
			echo "$1 (no $tool)" >> "$T/lacking"
			return 0
		}
	done
	# The example's output must not exist yet.
	case $(< "$T/script") in
	*--add-user*) ;;
	*'mcfg-site site'*) rm -rf "$T/copy/site" ;;
	*'scep-ca init --dir ca'*) rm -rf "$T/copy/ca" ;;
	esac
	( cd "$T/copy" && PW=$PW SIGN_KEY=$(cat key.pem) \
	    SIGNER_KEY=$(cat key.pem) WIFI_PASSWORD='correct horse' \
	    SIGNING_P12=$(cat p12) SIGNING_PW=secret \
	    timeout 600 bash -eu -o pipefail "$T/script" > "$T/out" 2> "$T/err" \
	    < /dev/null 3>&- 7>&- )
}

@test "examples: those that can be run succeed as written" {
	local name bad=0
	listed run > "$T/names"
	[ -s "$T/names" ]
	while read -r -u 9 name; do
		runs "$name" || {
			echo "# $name"
			cat "$T/script" "$T/err"
			bad=1
		}
	done 9< "$T/names"
	[ "$bad" -eq 0 ]
	# The others have passed.
	[ ! -e "$T/lacking" ] || skip "not run: $(paste -sd ';' "$T/lacking")"
}

# served DIR NAME...: runs these in order, with the server that one of them
# starts, on a free port instead of 8443.
served() {
	local port dir=$1 name
	shift
	port=$(free_port)
	mkdir "$T/$dir"
	cat > "$T/$dir/script" <<-'S'
	SERVER=
	trap '[ -z "$SERVER" ] || { kill "$SERVER"; wait "$SERVER" || :; }' EXIT
	mcfg-serve() {
		mkfifo ready
		exec 8<> ready
		command mcfg-serve "$@" > ready 8>&- &
		SERVER=$!
		read -r -t 600 line <&8
		[[ $line == 'listening on https://localhost:'* ]]
	}
	# The ledger records the end after the response to the device.
	ended() {
		command mcfg-enrollment list --config "$1" |
		    grep configured > /dev/null
	}
	mcfg-enrollment() {
		awaits 'the end of phase 3' ended "${@: -1}"
		command mcfg-enrollment "$@"
	}
	S
	for name; do
		python3 "$ROOT/tests/examples.py" "$ROOT" script "$name" |
		    sed -E "s/^mcfg-site [a-z]+ /&--port $port /
			s/localhost:8443/localhost:$port/
			s/^(mcfg-serve [a-z]+) &.*/\\1/"
	done >> "$T/$dir/script"
	( export -f awaits && cd "$T/$dir" && timeout 600 bash -eu -o pipefail script > "$T/$dir.out" \
	    2> "$T/$dir.err" \
	    < /dev/null 3>&- 7>&- ) || {
		cat "$T/$dir/script" "$T/$dir.err"
		return 1
	}
}

# Prints the NAME of the example that begins like this.
the() {
	listed serve | grep -F -- "$1"
}

@test "examples: a site, its server and a device, typed as in the manual" {
	served readme "$(the 'README.md: printf')"
	grep -q configured "$T/readme.out"
	served once "$(the 'mcfg-site.1: $ export')" \
	    "$(the 'mcfg-device.1: $ export')"
	served lost "$(the 'mcfg-site.1: $ export')" \
	    "$(the 'mcfg-device.1: $ mcfg-device https://localhost')"
	[ "$(listed serve | wc -l)" -eq 5 ]
}

# A program of another user could type commands on root's terminal, and read
# root's environment.  mcfg-site and the like leave both themselves.
@test "examples: root gives no shell of another user its terminal" {
	local page

	for page in "$ROOT"/README.md "$ROOT"/man/man*/*.[157]; do
		run -1 grep -nE '\b(sudo|su|setpriv) -|runuser' \
		    <(sed 's/runuser --pty -l//' "$page")
	done
}
