#!/usr/bin/env bats
# Who can read a file that -o makes: every tool uses the same test for a secret.

load helpers
load scep_helpers

setup() {
	able
	cd "$T" || return
	umask 022
	cp "$PKI"/{signer,client}.{pem,key} "$PKI"/{chain,root}.pem .
}

# profile_with KEY VALUE: makes the profile p with this setting; VALUE is XML.
profile_with() {
	cat > p <<-PLIST
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>org.example.all</string>
	<key>PayloadUUID</key>
	<string>0E8C2C5F-6B2A-4C32-9D6B-0F8A1C1E2D3F</string>
	<key>PayloadContent</key><array><dict>
	<key>PayloadType</key><string>com.example.settings</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>org.example.all.it</string>
	<key>PayloadUUID</key>
	<string>7D3B0C64-97C4-4E44-8D5A-3C5B9A8E7F60</string>
	<key>Inner</key><array><dict><key>$1</key>$2</dict></array>
	</dict></array></dict></plist>
	PLIST
}

# modes: runs each tool on p, and prints mode and name of what it makes.
modes() {
	rm -rf out y.yaml
	mkdir -p out/signed out/each
	mcfg-profile --to-yaml -o out/yaml p
	cp out/yaml y.yaml
	mcfg-profile -o out/profile y.yaml
	printf 'SERIAL\nS1\n' > list.csv
	mcfg-profile --each list.csv --out-dir out/each y.yaml
	set -- --cert signer.pem --key signer.key --chain chain.pem
	mcfg-sign "$@" -o out/sign p
	mcfg-sign "$@" --out-dir out/signed p
	mcfg-verify --ca root.pem -o out/verify out/sign
	mcfg-get -o out/get PayloadContent p
	mcfg-get --json -o out/get.json PayloadContent.0.Inner p
	(cd out && find . -type f -printf '%m %p\n' | sort -k 2)
}

# all_are MODE: all files of modes have this mode, for each "KEY VALUE" on
# standard input.
all_are() {
	local key value

	while read -r key value; do
		profile_with "$key" "$value"
		modes > is
		if [ ! -s is ] || grep -v "^$1" is; then
			echo "$key $value"
			return 1
		fi
	done
}

@test "secret files: a secret by its key or in a URL makes a file private" {
	all_are 600 <<-'END'
	ClientSecret <string>x</string>
	device_token <string>x</string>
	MAPSAPIKEY <string>x</string>
	License-Key <string>x</string>
	Passcode2 <string>x</string>
	wgPrivateKey <data>AAAA</data>
	UserPassPhrase <integer>4711</integer>
	CHALLENGE <string>x</string>
	Challenge <data>AAAA</data>
	Server <string>socks5://jane:pw@proxy.example.com:1080</string>
	Tokens <array><string>x</string></array>
	Text <string>-----BEGIN EC PRIVATE KEY-----</string>
	END
}

@test "secret files: a key that only sounds secret does not make a file private" {
	all_are 644 <<-'END'
	RequirePassword <true/>
	allowClientSecret <false/>
	TokenIssuer <string>x</string>
	PasswordMaxAge <integer>90</integer>
	Server <string>https://jane@proxy.example.com/a:b@c</string>
	SecretariatName <string>x</string>
	END
}

@test "secret files: a password in a payload's address makes a file private" {
	local url=https://jane:pw@example.com/ to

	mcfg-scep-payload --url "$url" --subject /CN=x --identifier a.b -o scep
	mcfg-service-payload --url "$url" --identifier a.b -o service
	# Only payloads are encrypted: this secret is outside.
	profile_with Key '<string>x</string>'
	sed 's|<key>PayloadVersion|<key>ApiToken</key><string>x</string>&|;
	    4,$s|<key>ApiToken</key><string>x</string>||' p > outer
	plist_is outer "'ApiToken' in p"
	mcfg-encrypt --recipient client.pem -o encrypted outer
	for to in scep service encrypted; do
		[ "$(stat -c %a $to)" = 600 ] || { echo $to; return 1; }
	done
	mcfg-scep-payload --url https://example.com/ --subject /CN=x \
	    --identifier a.b -o scep2
	mcfg-encrypt --recipient client.pem -o encrypted2 p
	mcfg-encrypt --raw --recipient client.pem -o raw outer
	for to in scep2 encrypted2 raw; do
		[ "$(stat -c %a $to)" = 644 ] || { echo $to; return 1; }
	done
}

@test "secret files: a secret fact of an enrollment makes a file private" {
	local fact id mode form

	for fact in vpn_password=x:600 team=x:644; do
		mode=${fact#*:}
		rm -f l.db
		mcfg-enrollment start --ledger sqlite:l.db --user=jane \
		    --set "${fact%:*}" > challenge
		id=$(mcfg-enrollment list --ledger sqlite:l.db --json |
		    python3 -c 'import json, sys
print(json.load(sys.stdin)[0]["id"])')
		for form in '' --json; do
			# shellcheck disable=SC2086 # or no word at all
			mcfg-enrollment show $form --ledger sqlite:l.db \
			    -o shown -- "$id"
			[ "$(stat -c %a shown)" = "$mode" ]
			rm shown
		done
	done
}

@test "secret files: decrypted or explicitly shown values make a file private" {
	profile_with Key '<string>x</string>'
	mcfg-encrypt --recipient client.pem -o encrypted p
	mcfg-decrypt --key client.key -o decrypted encrypted
	mcfg-inspect --key client.key -o inspected encrypted
	mcfg-inspect --show-secrets -o shown p
	run -1 mcfg-diff --show-secrets -o differs p encrypted
	ca ca
	scep-ca challenge --dir ca --subject /CN=x -o challenge
	for to in decrypted inspected shown differs challenge; do
		[ "$(stat -c %a $to)" = 600 ] || { echo $to; return 1; }
	done
}
