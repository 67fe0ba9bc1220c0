#!/usr/bin/env bats

load helpers

setup() {
	export MCFG_SCHEMA=
	SCHEMA=$DATA/apple-device-management
}

# _run COMMAND...: as in helpers.bash, but moves the last line on standard
# error, the counts, to $T/counts; they have their own tests.  It starts no
# program, because it runs several hundred times.
eval "plain_$(declare -f _run)"
_run() {
	local lines n
	local counts='^mcfg-lint: [0-9]+ files?: [0-9]+ errors?, [0-9]+ warnings?, [0-9]+ notes?, [0-9]+ silenced$'

	plain__run "$@"
	[ "$status" -le 1 ] || return 0
	case "$*" in
	*mcfg-lint*)
		mapfile -t lines < "$T/stderr"
		n=$((${#lines[@]} - 1))
		[[ $n -ge 0 && ${lines[n]} =~ $counts ]] || {
			echo 'no counts' >> "$T/stderr"
			return 0
		}
		printf '%s\n' "${lines[n]}" > "$T/counts"
		: > "$T/stderr"
		[ "$n" -eq 0 ] ||
		    printf '%s\n' "${lines[@]:0:n}" > "$T/stderr"
		;;
	esac
}

# make FILE [STATEMENT...]: makes a profile; see profiles.py.
make() {
	python3 "$TESTS/profiles.py" make "$PKI/root.pem" "$@"
}

# lacks PATTERN FILE: FILE has no line that matches PATTERN.
lacks() {
	local found=0

	# Nor does a run that failed count, whose output is empty.
	if [ "$2" = "$T/stdout" ] && [ "$status" -gt 1 ]; then
		echo "status $status: $(cat "$T/stderr")"
		return 1
	fi
	grep -E -e "$1" "$2" || found=$?
	[ "$found" -eq 1 ]
}

# finds STATUS SEVERITY RULE PATH FILE OPTION...: mcfg-lint exits with STATUS,
# and reports RULE exactly once, with SEVERITY, at PATH.
finds() {
	local want=$1 severity=$2 rule=$3 path=$4 file=$5
	shift 5
	_run mcfg-lint --json "$@" "$file"
	if [ "$status" -ne "$want" ] || [ -s "$T/stderr" ]; then
		_show mcfg-lint "$@" "$file"
		cat "$T/stdout"
		return 1
	fi
	python3 - "$T/stdout" "$severity" "$rule" "$path" <<-'PY'
	import json, sys
	severity, rule, path = sys.argv[2:]
	j = json.load(open(sys.argv[1]))
	hit = [f for f in j['findings'] if f['rule'] == rule]
	if [(f['path'], f['severity']) for f in hit] != [(path, severity)]:
	    sys.exit('%s not found once at %s: %s' % (rule, path, j))
	if j['errors'] != sum(f['severity'] == 'error' for f in j['findings']):
	    sys.exit('the count of errors is wrong')
	PY
}

# sow OPTION...: breaks and judges a profile for each row of the table on
# standard input; see profiles.py.
sow() {
	local n=0

	mkdir "$T/sown"
	cat > "$T/table"
	python3 "$TESTS/profiles.py" sow "$PKI/root.pem" "$T/sown" < "$T/table"
	while [ -e "$T/sown/$n" ]; do
		_run mcfg-lint --json "$@" "$T/sown/$n"
		[ ! -s "$T/stderr" ] || { _show "row $n"; return 1; }
		cp "$T/stdout" "$T/sown/$n.json"
		echo "$status" > "$T/sown/$n.status"
		n=$((n + 1))
	done
	[ "$n" -eq "$(wc -l < "$T/table")" ]
	python3 "$TESTS/profiles.py" judge "$T/sown" < "$T/table"
}

@test "lint: a profile without faults gets only a note about its certificate" {
	make "$T/p"
	yields "$T/out" mcfg-lint "$T/p"
	[ "$(wc -l < "$T/out")" -eq 1 ]
	grep -qE '^.*/p:[0-9]+:[0-9]+: PayloadContent\[2\]\.PayloadContent: note: the certificate of CN=Root,O=Example expires at .*Z \[certificate\]$' "$T/out"
}

@test "lint: the built-in rules find each fault without a schema" {
	sow <<-'TABLE'
	error|not-a-profile|profile|p = ['x']
	error|not-a-profile|profile|del p['PayloadType']
	error|not-a-profile|profile|p['PayloadType'] = 'com.apple.wifi.managed'
	error|missing-key|profile|del p['PayloadIdentifier']
	error|missing-key|profile|del p['PayloadContent']
	error|missing-key|payload[1]|del clip['PayloadUUID']
	error|missing-key|payload[3].PayloadContent|del scep['PayloadContent']['URL']
	error|missing-key|payload[2]|del root['PayloadContent']
	error|wrong-type|profile.PayloadDisplayName|p['PayloadDisplayName'] = 3
	error|wrong-type|profile|p['PayloadContent'] = {'URL': 'x'}
	error|wrong-type|payload[0].Password|wifi['Password'] = 12345678
	error|wrong-type|payload[1]|p['PayloadContent'][1] = 'x'
	error|wrong-type|payload[3].PayloadContent.Retries|scep['PayloadContent']['Retries'] = '3'
	error|wrong-type|payload[3].PayloadContent.SubjectAltName.ntPrincipalName|scep['PayloadContent']['SubjectAltName']['ntPrincipalName'] = ['a']
	error|wrong-type|payload[3].PayloadContent.SubjectAltName.dNSName|scep['PayloadContent']['SubjectAltName']['dNSName'] = ['a', 1]
	error|wrong-type|profile.RemovalDate|p['RemovalDate'] = '2030-01-01T00:00:00Z'
	error|wrong-type|profile.ConsentText.de|p['ConsentText']['de'] = True
	error|bool-as-integer|profile.PayloadRemovalDisallowed|p['PayloadRemovalDisallowed'] = 1
	warning|real-as-integer|payload[3].PayloadContent.Keysize|scep['PayloadContent']['Keysize'] = 2048.0
	error|unknown-value|payload[3].PayloadContent.Keysize|scep['PayloadContent']['Keysize'] = 2000
	error|unknown-value|profile.PayloadScope|p['PayloadScope'] = 'Sytem'
	error|bad-range|payload[3].PayloadContent.Key Usage|scep['PayloadContent']['Key Usage'] = 7
	error|bad-format|payload[3].PayloadContent.CAFingerprint|scep['PayloadContent']['CAFingerprint'] = bytes(31)
	error|bad-format|payload[3].PayloadContent.Subject[0][0][0]|scep['PayloadContent']['Subject'][0][0][0] = '0'
	error|bad-format|profile.PayloadIdentifier|p['PayloadIdentifier'] = ''
	error|bad-count|payload[3].PayloadContent.Subject[1][0]|scep['PayloadContent']['Subject'][1][0] = ['CN', 'a', 'b']
	error|payload-version|profile|del p['PayloadVersion']
	error|payload-version|payload[0].PayloadVersion|wifi['PayloadVersion'] = 2
	error|payload-version|payload[0].PayloadVersion|wifi['PayloadVersion'] = '1'
	error|duplicate-uuid|payload[1].PayloadUUID|clip['PayloadUUID'] = wifi['PayloadUUID'].lower()
	error|duplicate-uuid|payload[1].PayloadUUID|clip['PayloadUUID'] = p['PayloadUUID']
	warning|duplicate-identifier|payload[1].PayloadIdentifier|clip['PayloadIdentifier'] = wifi['PayloadIdentifier']
	warning|bad-uuid|payload[1].PayloadUUID|clip['PayloadUUID'] = 'clip'
	note|lower-case-uuid|payload[1].PayloadUUID|clip['PayloadUUID'] = clip['PayloadUUID'].lower()
	warning|dangling-reference|payload[4].IdentityCertificateUUID|mdm['IdentityCertificateUUID'] = clip['PayloadUUID'][:-1] + '9'
	warning|pem-in-data|payload[2].PayloadContent|root['PayloadContent'] = pem.encode()
	warning|pem-in-data|payload[2].PayloadContent|root['PayloadType'] = 'com.apple.security.pkcs1'; root['PayloadContent'] = pem.encode()
	error|pem-in-data|payload[2].Extra|root['Extra'] = pem.encode()
	error|pem-in-data|payload[0].Extra|wifi['Extra'] = b'\n ' + pem.encode()
	error|bad-certificate|payload[2].PayloadContent|root['PayloadContent'] = der[:-1]
	error|bad-certificate|payload[2].PayloadContent|root['PayloadContent'] = der + b'x'
	error|bad-certificate|payload[2].PayloadContent|i = der.index(b'Z\x17\x0d') - 14; root['PayloadContent'] = der[:i + 4] + b'99' + der[i + 6:]
	error|bad-certificate|payload[2].PayloadContent|root['PayloadContent'] = b'-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
	error|bad-certificate|payload[2].PayloadContent|root['PayloadType'] = 'com.apple.security.pem'; root['PayloadContent'] = b'-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
	error|bad-certificate|payload[2].PayloadContent|root['PayloadType'] = 'com.apple.security.pkcs12'; root['PayloadContent'] = b'\x30\x82\x01\x00'
	warning|weak-key|payload[3].PayloadContent.Keysize|scep['PayloadContent']['Keysize'] = 1024
	warning|weak-key|payload[3].PayloadContent|del scep['PayloadContent']['Keysize']
	warning|clear-text-secret|payload[3].PayloadContent.Challenge|scep['PayloadContent']['Challenge'] = 'c'
	warning|clear-text-secret|payload[0].Password|wifi['Password'] = 'hunter2'
	warning|clear-text-secret|payload[0].EAPClientConfiguration.UserPassword|wifi['EAPClientConfiguration'] = {'UserPassword': 'x', 'AcceptEAPTypes': [25]}
	note|encrypted|profile|del p['PayloadContent']; p['EncryptedPayloadContent'] = b'0'
	TABLE
}

@test "lint: Apple's schema finds each fault" {
	needs_data apple-device-management
	make "$T/p"
	yields "$T/out" mcfg-lint --schema "$SCHEMA" "$T/p"
	[ "$(wc -l < "$T/out")" -eq 1 ]
	sow --schema "$SCHEMA" <<-'TABLE'
	error|wrong-type|payload[0].SSID_STR|wifi['SSID_STR'] = 7
	error|wrong-type|payload[0].AutoJoin|wifi['AutoJoin'] = 'true'
	error|wrong-type|payload[0].ProxyServerPort|wifi['ProxyServerPort'] = '80'
	error|bool-as-integer|payload[1].IsRemovable|clip['IsRemovable'] = 1
	error|bool-as-integer|payload[0].HIDDEN_NETWORK|wifi['HIDDEN_NETWORK'] = 0
	error|missing-key|payload[1]|del clip['URL']
	error|missing-key|payload[4]|del mdm['Topic']
	error|missing-key|payload[6]|p['PayloadContent'].append(payload('com.apple.ManagedClient.preferences'))
	error|missing-key|payload[0].EAPClientConfiguration|wifi['EAPClientConfiguration'] = {'UserName': 'x'}
	warning|integer-as-bool|payload[6].PPP.TokenCard|p['PayloadContent'].append(payload('com.apple.vpn.managed', VPNType='L2TP', UserDefinedName='V', PPP={'TokenCard': True}))
	warning|integer-as-bool|payload[6].checkCertificateTrust|add('security.smartcard', checkCertificateTrust=False)
	error|wrong-type|payload[0].ProxyServerPort|wifi['ProxyServerPort'] = True
	error|bad-range|payload[0].ProxyServerPort|wifi['ProxyServerPort'] = 70000
	error|bad-range|payload[5].minLength|unlock['minLength'] = 17
	error|bad-range|payload[5].maxFailedAttempts|unlock['maxFailedAttempts'] = 1
	error|bad-format|payload[4].ServerURL|mdm['ServerURL'] = 'http://example.com/mdm'
	error|bad-format|payload[0].PayloadCertificateUUID|wifi['PayloadCertificateUUID'] = 'my certificate'
	error|unknown-value|payload[0].EncryptionType|wifi['EncryptionType'] = 'WPA9'
	error|unknown-value|payload[0].EAPClientConfiguration.AcceptEAPTypes[1]|wifi['EAPClientConfiguration'] = {'AcceptEAPTypes': [25, 26]}
	error|unknown-value|profile.TargetDeviceType|p['TargetDeviceType'] = 9
	error|bad-count|payload[3].PayloadContent.Subject[0][0]|scep['PayloadContent']['Subject'][0][0] = ['O']
	error|duplicate-uuid|payload[5].PayloadUUID|unlock['PayloadUUID'] = mdm['PayloadUUID']
	error|payload-version|payload[5]|del unlock['PayloadVersion']
	warning|pem-in-data|payload[2].PayloadContent|root['PayloadContent'] = pem.encode()
	warning|multiple-payloads|payload[6]|p['PayloadContent'].append(payload('com.apple.mdm', Topic='com.apple.mgmt.a', ServerURL='https://a.example.com', AccessRights=1, IdentityCertificateUUID=scep['PayloadUUID']))
	warning|unknown-key|payload[1].FullScren|clip['FullScren'] = True
	note|unknown-key|profile.PayloadColor|p['PayloadColor'] = 'red'
	note|unknown-type|payload[1]|clip['PayloadType'] = 'com.example.clip'
	TABLE
}

@test "lint: --at sets the time at which certificates are judged" {
	make "$T/p"
	finds 0 warning expired-certificate 'payload[2].PayloadContent' \
	    "$T/p" --at 2050-01-01T00:00:00Z
	finds 0 warning certificate-not-yet-valid 'payload[2].PayloadContent' \
	    "$T/p" --at 2020-01-01T00:00:00Z
	end=$(date -u -d "$(openssl x509 -in "$PKI/root.pem" -noout -enddate |
	    cut -d= -f2) - 20 days" +%Y-%m-%dT%H:%M:%SZ)
	finds 0 warning certificate-expires-soon 'payload[2].PayloadContent' \
	    "$T/p" --at "$end"
	finds 1 error expired-certificate 'payload[2].PayloadContent' \
	    "$T/p" --at 2050-01-01T00:00:00Z --strict
	openssl x509 -in "$PKI/device-ca.pem" -outform DER -out "$T/weak.der"
	make "$T/weak" "root['PayloadContent'] = open('$T/weak.der', 'rb').read()"
	finds 0 warning weak-key 'payload[2].PayloadContent' "$T/weak"
}

@test "lint: quirks of Apple's schema do not cause findings" {
	needs_data apple-device-management
	make "$T/p" '
hold(
 payload("com.apple.MCX", DestroyFVKeyOnStandby=True, cachedaccounts=1),
 payload("com.apple.homescreenlayout", Dock=[], Pages=[[{"Type": "Folder",
  "DisplayName": "F", "Pages": [[{"Type": "Folder", "DisplayName": "G",
  "Pages": [[{"Type": "App", "BundleID": "com.a.b"},
  {"Type": "Application", "BundleID": "com.a.c"}]]}]]}]]),
 payload("com.apple.applicationaccess.new", familyControlsEnabled=True,
  whiteList=[{"bundleID": "a", "appID": b"x", "subApps": [{"bundleID": "b",
  "appID": b"y"}]}]),
 payload("com.apple.TCC.configuration-profile-policy", Services={
  "Accessibility": [{"Identifier": "a", "IdentifierType": "bundleID",
  "CodeRequirement": "x", "Authorization": "Allow"}]}),
 payload("com.apple.systemuiserver", **{"mount-controls": {
  "dvd": ["deny", "alert"], "cd": "deny"}}),
 payload("com.apple.ManagedClient.preferences", PayloadContent={
  "com.example.app": {"Forced": [{"mcx_preference_settings": {"a": 1}}]}}),
 payload("com.apple.preference.users", DisableUsingiCloudPassword=True),
 payload("com.apple.screensaver", askForPassword=True, askForPasswordDelay=5),
 payload("com.apple.systempreferences", DisabledPreferencePanes=["org.a.b"]),
 payload("com.apple.dock", **{"static-apps": [{"mcx_typehint": 1,
  "tile-type": "file-tile", "tile-data": {"file-type": 41, "file-label": "S",
  "file-data": {"_CFURLString": "/A.app", "_CFURLStringType": 0}}}]}),
 payload("com.apple.configurationprofile.identification",
  PayloadIdentification={"AuthMethod": "UserEnteredPassword",
  "FullName": "", "EmailAddress": "", "UserName": "", "Prompt": ""}),
 payload("com.apple.vpn.managed", VPNType="L2TP", UserDefinedName="V",
  DNS={"ServerAddresses": ["192.0.2.1"]}, IPv4={"OverridePrimary": 0}),
 payload("com.apple.mcxprinting", UserPrinterList={"Laser": {}}))
for q in p["PayloadContent"]:
 q["PayloadEnabled"] = True
 q["PayloadRebootSuggested"] = False'
	_run mcfg-lint --schema "$SCHEMA" "$T/p"
	lacks ': (error|warning): ' "$T/stdout"
}

@test "lint: the settings of an access point may be in an array" {
	needs_data apple-device-management
	point() {
		make "$T/p" "hold(payload('com.apple.apn.managed',
		    PayloadContent=[$1]))"
	}
	point "{'DefaultsDomainName': 'com.apple.managedCarrier',
	    'DefaultsData': {'apns': [{'apn': 'a', 'proxyPort': 80}]}}"
	_run mcfg-lint --schema "$SCHEMA" "$T/p"
	lacks ': (error|warning): ' "$T/stdout"
	point "{'DefaultsData': {'apns': [{'apn': 1}]}}"
	finds 1 error missing-key 'payload[0].PayloadContent[0]' "$T/p" \
	    --schema "$SCHEMA"
	finds 1 error wrong-type \
	    'payload[0].PayloadContent[0].DefaultsData.apns[0].apn' "$T/p" \
	    --schema "$SCHEMA"
	point "'text'"
	_run mcfg-lint --schema "$SCHEMA" "$T/p"
	[ "$status" -le 1 ]
}

@test "lint: a value must match the list or the range, not both" {
	needs_data apple-device-management
	sleeper() {
		make "$T/p" "hold(payload('com.apple.MCX', **{
		    'com.apple.EnergySaver.desktop.ACPower': {
		    'Display Sleep Timer': $1}}))"
	}
	for n in 0 1 180; do
		sleeper $n
		_run mcfg-lint --schema "$SCHEMA" "$T/p"
		lacks ': (error|warning): ' "$T/stdout"
	done
	for n in -1 181; do
		sleeper $n
		finds 1 error bad-range "payload[0].com.apple.EnergySaver.desktop.ACPower.Display Sleep Timer" \
		    "$T/p" --schema "$SCHEMA"
	done
}

@test "lint: a recursive schema finds faults deep inside" {
	needs_data apple-device-management
	make "$T/p" 'hold(payload("com.apple.homescreenlayout", Pages=[[{
"Type": "Folder", "DisplayName": "F", "Pages": [[{"Type": "Folder",
"DisplayName": "G", "Pages": [[{"Type": "Nonsense"}]]}]]}]]))'
	finds 1 error unknown-value \
	    'payload[0].Pages[0][0].Pages[0][0].Pages[0][0].Type' "$T/p" \
	    --schema "$SCHEMA"
}

@test "lint: every payload type of the schema is read" {
	needs_data apple-device-management
	sed -n 's/^  payloadtype: //p' "$SCHEMA"/mdm/profiles/*.yaml | sort -u |
	    grep -vxE 'TopLevel|CommonPayloadKeys' > "$T/types"
	[ "$(wc -l < "$T/types")" -gt 100 ]
	make "$T/p" "hold(*[payload(t.strip()) for t in open('$T/types')])"
	_run mcfg-lint --schema "$SCHEMA" "$T/p"
	[ "$status" -eq 1 ]
	[ ! -s "$T/stderr" ]
	lacks unknown-type "$T/stdout"
}

@test "lint: --platform and --os decide what is new, old and unknown" {
	needs_data apple-device-management
	make "$T/p" "hold(payload('com.apple.applicationaccess',
	    allowGameCenter=True, allowAppInstallation=True,
	    allowWritingTools=False))"
	finds 0 warning too-new 'payload[0].allowWritingTools' "$T/p" \
	    --schema "$SCHEMA" --platform iOS --os 17.6
	_run mcfg-lint --schema "$SCHEMA" --platform iOS --os 18 "$T/p"
	lacks too-new "$T/stdout"
	finds 0 warning unsupported 'payload[0].allowAppInstallation' "$T/p" \
	    --schema "$SCHEMA" --platform macOS
	make "$T/dash" "hold(payload('com.apple.dashboard', whiteListEnabled=True,
	    WhiteList=[]))"
	finds 0 warning unsupported 'payload[0]' "$T/dash" \
	    --schema "$SCHEMA" --platform iOS
	make "$T/old" "hold(payload('com.apple.syspolicy.kernel-extension-policy',
	    AllowedTeamIdentifiers=['A']))"
	yields "$T/out" mcfg-lint --schema "$SCHEMA" "$T/old"
	lacks deprecated "$T/out"
	# Without --platform, support by systems is not judged.
	yields "$T/out" mcfg-lint --schema "$SCHEMA" "$T/dash"
	[ ! -s "$T/out" ]
}

# own_schema: a small schema, with versions and types that Apple's lacks.
own_schema() {
	mkdir -p "$T/schema"
	cat > "$T/schema/TopLevel.yaml" <<-'YAML'
	payload:
	  payloadtype: TopLevel
	payloadkeys:
	- key: PayloadContent
	  type: <array>
	YAML
	cat > "$T/schema/CommonPayloadKeys.yaml" <<-'YAML'
	payload:
	  payloadtype: CommonPayloadKeys
	payloadkeys: []
	YAML
	cat > "$T/schema/a.yaml" <<-'YAML'
	payload:
	  payloadtype: com.example.a
	  supportedOS:
	    iOS: {introduced: '9.0', deprecated: '12.4', removed: '15.10'}
	    macOS: {introduced: '10.9', multiple: true}
	payloadkeys:
	- key: Late
	  type: <string>
	  presence: required
	  supportedOS:
	    macOS: {introduced: '13.0'}
	- key: Pattern
	  type: <string>
	  format: '^\d{3}(?:-\w+)?$'
	- key: Real
	  type: <real>
	  rangelist: [0.5, 1.0]
	- key: Later
	  type: <url-of-a-later-dialect>
	YAML
}

@test "lint: values that devices accept despite the schema get a warning" {
	needs_data apple-device-management
	sow --schema "$SCHEMA" --platform macOS <<-'TABLE'
	warning|payload-version|profile|del p['PayloadVersion']
	warning|payload-version|payload[5]|del unlock['PayloadVersion']
	warning|payload-version|payload[5].PayloadVersion|unlock['PayloadVersion'] = 2
	error|payload-version|payload[5].PayloadVersion|unlock['PayloadVersion'] = '1'
	TABLE
	rm -r "$T/sown"
	sow --schema "$SCHEMA" --platform iOS <<-'TABLE'
	error|payload-version|profile|del p['PayloadVersion']
	error|payload-version|payload[5]|del unlock['PayloadVersion']
	error|payload-version|payload[5].PayloadVersion|unlock['PayloadVersion'] = 2
	warning|missing-key|payload[6].IKEv2|add('vpn.managed', VPNType='IKEv2', UserDefinedName='V', IKEv2={'RemoteAddress': 'a', 'RemoteIdentifier': 'a', 'AuthenticationMethod': 'None', 'ExtendedAuthEnabled': 1})
	error|missing-key|payload[6].IKEv2|add('vpn.managed', VPNType='IKEv2', UserDefinedName='V', IKEv2={'RemoteAddress': 'a', 'LocalIdentifier': '', 'AuthenticationMethod': 'None', 'ExtendedAuthEnabled': 1})
	TABLE
	rm -r "$T/sown"
	# Without --platform, types that only macOS has are judged as on macOS.
	sow --schema "$SCHEMA" <<-'TABLE'
	warning|payload-version|payload[6]|add('servicemanagement', Rules=[]); del q['PayloadVersion']
	warning|payload-version|profile|p['PayloadContent'] = []; add('servicemanagement', Rules=[]); del p['PayloadVersion']
	error|payload-version|profile|add('servicemanagement', Rules=[]); del p['PayloadVersion']
	error|payload-version|profile|p['PayloadContent'] = []; del p['PayloadVersion']
	error|payload-version|payload[0]|hold(payload('com.example.app')); del p['PayloadContent'][0]['PayloadVersion']
	TABLE
}

# The schema marks these keys as required, but its text says that one of them is
# enough.
@test "lint: a key that the schema's text makes optional is not missing" {
	needs_data apple-device-management
	make "$T/p" "add('xsan', sanName='a', sanConfigURLs=['ldaps://a'])" \
	    "add('xsan', sanName='a', fsnameservers=['a'])" \
	    "add('education', OrganizationUUID=p['PayloadUUID'],
	    OrganizationName='a', Groups=[], Users=[])"
	_run mcfg-lint --schema "$SCHEMA" "$T/p"
	lacks missing-key "$T/stdout"
	sow --schema "$SCHEMA" <<-'TABLE'
	error|missing-key|payload[6]|add('education', OrganizationUUID=p['PayloadUUID'], OrganizationName='a', Groups=[], Users=[], DeviceGroups=[])
	TABLE
	make "$T/p" "add('xsan', sanName='a')"
	_run mcfg-lint --schema "$SCHEMA" "$T/p"
	[ "$(grep -c 'missing-key' "$T/stdout")" -eq 2 ]
}

@test "lint: versions are compared number by number" {
	own_schema
	make "$T/p" "p.clear(); p.update({'PayloadType': 'Configuration',
	    'PayloadVersion': 1, 'PayloadContent': [payload('com.example.a')]})"
	for row in '8.9 too-new' '9 -' '12.3 -' '12.4 deprecated' \
	    '15.9 deprecated' '15.10 removed' '16 removed'; do
		read -r os rule <<< "$row"
		_run mcfg-lint --schema "$T/schema" --platform iOS --os "$os" \
		    "$T/p"
		run grep -oE '\[(too-new|deprecated|removed)\]' "$T/stdout"
		[ "$output" = "[$rule]" ] || [ "$rule$output" = - ] || {
			echo "$row: $output"
			return 1
		}
	done
	# A key is required only if every chosen version has it.
	yields - mcfg-lint --schema "$T/schema" "$T/p"
	yields - mcfg-lint --schema "$T/schema" --platform macOS --os 12 "$T/p"
	finds 1 error missing-key 'payload[0]' "$T/p" \
	    --schema "$T/schema" --platform macOS --os 13
}

@test "lint: reads patterns, reals and types of later schemas" {
	own_schema
	for row in "Pattern='123'" "Pattern='123-a_b'" 'Real=0.5' 'Real=1' \
	    "Later=b'x'"; do
		make "$T/p" "hold(payload('com.example.a', Late='x', $row))"
		yields - mcfg-lint --schema "$T/schema" "$T/p"
	done
	make "$T/p" "hold(payload('com.example.a', Late='x', Pattern='12a'))"
	finds 1 error bad-format 'payload[0].Pattern' "$T/p" \
	    --schema "$T/schema"
	make "$T/p" "hold(payload('com.example.a', Late='x', Real=0.75))"
	finds 1 error unknown-value 'payload[0].Real' "$T/p" \
	    --schema "$T/schema"
}

# Python's re is the judge.  Patterns that POSIX cannot express give no
# findings.
@test "lint: patterns mean the same as in a JSON schema" {
	own_schema
	make "$T/p" "hold(payload('com.example.a', Late='x', Pattern='@'))"
	python3 - "$T" <<-'PY'
	import re, subprocess, sys
	t = sys.argv[1]
	schema, profile = open(t + "/schema/a.yaml").read(), open(t + "/p").read()
	old = r"'^\d{3}(?:-\w+)?$'"
	assert old in schema and profile.count(">@<") == 1
	values = ["a", "a-b", "a.b", "7", "x y", "[", "a]", "a-]", "_", "-", "^",
	    "\\", "d", "w", "/", "a/b", "", "a+b", "https://x", "A\tB", ":"]
	formats = [r"^[\w.-]+$", r"^[^\s]+$", r"^[\d]$", r"[\/]", r"^[a-z\d_]*$",
	    r"^\w+\.\w+$", r"^a\+b$", r"^(?:a|7)$", r"^[^\w\s]$", r"^[.*+]$",
	    r"^a/b$", r"\\", r"^[\\]$", r"\s"]
	silent = [r"^[\]]$", r"^[^\-]$", r"^\D$", r"(?=a)", r"^[\S]$", r"[\^]",
	    r"^[[:a]$", r"\bx", "a\\"]
	for f in formats + silent:
	    quoted = "'" + f.replace("'", "''") + "'"
	    open(t + "/schema/a.yaml", "w").write(schema.replace(old, quoted))
	    names = []
	    for i, v in enumerate(values):
	        names.append("%s/v%d" % (t, i))
	        open(names[-1], "w").write(profile.replace(">@<", ">%s<" % v))
	    said = subprocess.run(["mcfg-lint", "--schema", t + "/schema"] + names,
	        stdout=subprocess.PIPE).stdout.decode().splitlines()
	    for name, v in zip(names, values):
	        bad = any(l.startswith(name + ":") and "bad-format" in l
	            for l in said)
	        want = f in formats and not re.search(f, v)
	        assert bad == want, (f, v, bad)
	PY
}

@test "lint: --schema or MCFG_SCHEMA names a checkout or its folder" {
	own_schema
	mkdir -p "$T/checkout/mdm"
	cp -R "$T/schema" "$T/checkout/mdm/profiles"
	make "$T/p" "hold(payload('com.example.b'))"
	finds 0 note unknown-type 'payload[0]' "$T/p" --schema "$T/schema"
	finds 0 note unknown-type 'payload[0]' "$T/p" --schema "$T/checkout"
	MCFG_SCHEMA=$T/checkout finds 0 note unknown-type 'payload[0]' "$T/p"
}

@test "lint: a bad schema folder is an error" {
	own_schema
	make "$T/p" "hold(payload('com.example.a'))"
	mkdir "$T/empty"
	refuses 4 'cannot open the folder' mcfg-lint --schema "$T/none" "$T/p"
	refuses 4 'not a checkout' mcfg-lint --schema "$T/empty" "$T/p"
	refuses 4 'cannot open the folder' mcfg-lint --schema "$T/p" "$T/p"
	printf 'payload:\n  payloadtype: com.example.a\npayloadkeys: [\n' \
	    > "$T/schema/a.yaml"
	refuses 4 'a.yaml:4:1: ' mcfg-lint --schema "$T/schema" "$T/p"
	printf 'a: 1\na: 2\n' > "$T/schema/a.yaml"
	refuses 4 'a.yaml:2:1: doubled key' mcfg-lint --schema "$T/schema" \
	    "$T/p"
}

@test "lint: --allow-types is the complete list of allowed types" {
	make "$T/p" 'hold(wifi, clip)'
	yields - mcfg-lint --allow-types \
	    com.apple.webClip.managed,com.apple.wifi.managed "$T/p"
	yields - mcfg-lint --allow-types 'com.apple.*' "$T/p"
	finds 1 error type-not-allowed 'payload[1]' "$T/p" \
	    --allow-types com.apple.wifi.managed,com.apple.webClip
	refuses 2 'allowed only at the end' mcfg-lint \
	    --allow-types 'com.*.wifi' "$T/p"
	refuses 2 'no payload type' mcfg-lint --allow-types '' "$T/p"
}

@test "lint: --ignore turns rules off, and rejects unknown ones" {
	make "$T/p" 'hold(payload("com.apple.security.scep", PayloadVersion=True,
	    PayloadContent={"URL": "https://a", "Challenge": "x"}))'
	_run mcfg-lint "$T/p"
	[ "$status" -eq 1 ]
	grep -q 'clear-text-secret' "$T/stdout"
	_run mcfg-lint --ignore payload-version "$T/p"
	[ "$status" -eq 0 ]
	grep -q 'clear-text-secret' "$T/stdout"
	_run mcfg-lint --ignore clear-text-secret,payload-version "$T/p"
	[ "$status" -eq 0 ]
	lacks 'clear-text|payload-version' "$T/stdout"
	refuses 2 'not a rule' mcfg-lint --ignore weak "$T/p"
	refuses 2 'not a rule' mcfg-lint \
	    --ignore weak-key,x "$T/p"
	refuses 2 'a rule without a name' mcfg-lint --ignore weak-key,,x "$T/p"
	refuses 2 'no rule' mcfg-lint --ignore= "$T/p"
	refuses 2 'cannot be ignored' mcfg-lint --ignore not-a-plist "$T/p"
}

@test "lint: --strict turns warnings and unknown keys into errors, not notes" {
	make "$T/p" "wifi['Password'] = 'x'"
	finds 0 warning clear-text-secret 'payload[0].Password' "$T/p"
	finds 1 error clear-text-secret 'payload[0].Password' "$T/p" --strict
	make "$T/p"
	finds 0 note certificate 'payload[2].PayloadContent' "$T/p" --strict
	needs_data apple-device-management
	make "$T/p" "clip['Coler'] = 'x'"
	finds 1 error unknown-key 'payload[1].Coler' "$T/p" --strict \
	    --schema "$SCHEMA"
}

@test "lint: a finding has its line and column" {
	cat > "$T/p.mobileconfig" <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>com.example.test</string>
	<key>PayloadUUID</key><string>5A9A2D62-6E0D-4D5A-9B0E-3B2C1D0E9F8A</string>
	<key>PayloadRemovalDisallowed</key>
	  <integer>1</integer>
	<key>PayloadContent</key><array>
	  <dict/>
	</array></dict></plist>
	XML
	_run mcfg-lint "$T/p.mobileconfig"
	[ "$status" -eq 1 ]
	cat "$T/stdout"
	grep -q 'p.mobileconfig:8:3: PayloadRemovalDisallowed: error: .* \[bool-as-integer\]$' "$T/stdout"
	grep -q 'p.mobileconfig:10:3: PayloadContent\[0\]: error: .PayloadType. is missing \[missing-key\]$' "$T/stdout"
	# Findings are in the order of the file.
	cut -d: -f2 "$T/stdout" | sort -nc
}

@test "lint: a YAML source is judged as the profile made from it" {
	cat > "$T/p.yaml" <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: com.example.test
	PayloadScope: Everywhere
	PayloadContent:
	- PayloadType: com.apple.security.scep
	  PayloadContent:
	    URL: https://example.com/scep
	    Keysize: 2048
	    Challenge: ${CHALLENGE}
	    Retries: "3"
	- PayloadType: com.apple.security.root
	  PayloadContent: !file root.pem
	YAML
	cp "$PKI/root.pem" "$T/root.pem"
	finds 1 error unknown-value profile.PayloadScope "$T/p.yaml"
	finds 1 error wrong-type 'payload[0].PayloadContent.Retries' "$T/p.yaml"
	finds 1 note certificate 'payload[1].PayloadContent' "$T/p.yaml"
	_run mcfg-lint "$T/p.yaml"
	grep -q '/p.yaml:3:1: PayloadScope: ' "$T/stdout"
	grep -q '/p.yaml:10:5: PayloadContent\[0\].PayloadContent.Retries: ' "$T/stdout"
	lacks 'missing-key|payload-version|clear-text' "$T/stdout"
	# Standard input works too, but has no folder for !file.
	sed '/root/d; /!file/d' "$T/p.yaml" > "$T/in"
	_run mcfg-lint < "$T/in"
	grep -q '^stdin:3:1: PayloadScope: ' "$T/stdout"
	# The output is reproducible although the source has no UUIDs.
	run -1 mcfg-lint --json -o "$T/1" "$T/p.yaml"
	run -1 mcfg-lint --json -o "$T/2" "$T/p.yaml"
	cmp "$T/1" "$T/2"
}

@test "lint: broken YAML is a finding with its position" {
	printf 'PayloadType: Configuration\nPayloadScope: no\n' > "$T/p.yaml"
	_run mcfg-lint "$T/p.yaml"
	[ "$status" -eq 1 ]
	grep -q '/p.yaml:2:15: PayloadScope: error: .*\[bad-value\]$' "$T/stdout"
	grep -q "/p.yaml:1:1: profile: error: 'PayloadIdentifier' .*missing-key" \
	    "$T/stdout"
	printf 'PayloadType: Configuration\nPayloadContent:\n- Port: no\n' \
	    > "$T/p.yaml"
	finds 1 error bad-value 'payload[0].Port' "$T/p.yaml"
	_run mcfg-lint "$T/p.yaml"
	grep -q "\[0\]: error: 'PayloadType' is missing \[missing-key\]\$" "$T/stdout"
	printf 'PayloadType: Configuration\nPayloadScope: [no\n' > "$T/p.yaml"
	_run mcfg-lint "$T/p.yaml"
	[ "$status" -eq 1 ]
	grep -q '/p.yaml:3:1: profile: error: .*\[not-a-plist\]$' "$T/stdout"
	printf 'a: 1\n' > "$T/p.yaml"
	finds 1 error not-a-profile profile "$T/p.yaml"
}

@test "lint: a file that is not a profile does not stop the others" {
	make "$T/good"
	printf 'hello' > "$T/text"
	printf '\060\003\002\001' > "$T/der"
	: > "$T/empty"
	head -c 300 "$T/good" > "$T/cut"
	printf '<plist version="1.0"><array/></plist>' > "$T/array"
	_run mcfg-lint "$T/text" "$T/der" "$T/empty" "$T/cut" "$T/array" \
	    "$T/good"
	[ "$status" -eq 1 ]
	[ ! -s "$T/stderr" ]
	[ "$(grep -c 'error: .*\[not-a-plist\]$' "$T/stdout")" -eq 4 ]
	[ "$(grep -c 'error: .*\[not-a-profile\]$' "$T/stdout")" -eq 1 ]
	[ "$(grep -c '/good:' "$T/stdout")" -eq 1 ]
	finds 1 error unreadable profile "$T/missing" "$T/good"
	finds 1 error unreadable profile "$T" "$T/good"
}

@test "lint: the content of a signed file is judged" {
	make "$T/p" "wifi['PayloadVersion'] = 3"
	openssl cms -sign -binary -nodetach -outform DER -in "$T/p" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/signed"
	finds 1 error payload-version 'payload[0].PayloadVersion' "$T/signed"
	finds 1 note signed profile "$T/signed"
	line=$(grep -n '<integer>3<' "$T/p" | cut -d: -f1)
	_run mcfg-lint "$T/signed"
	grep -q "/signed:$line:[0-9]*: PayloadContent\[0\].PayloadVersion: " "$T/stdout"
}

@test "lint: a binary profile is judged, without line numbers" {
	make "$T/xml" "wifi['PayloadVersion'] = 3"
	python3 - "$T/xml" "$T/bin" <<-'PY'
	import plistlib, sys
	plistlib.dump(plistlib.load(open(sys.argv[1], 'rb')),
	    open(sys.argv[2], 'wb'), fmt=plistlib.FMT_BINARY)
	PY
	_run mcfg-lint "$T/bin"
	[ "$status" -eq 1 ]
	grep -q '/bin:1:1: PayloadContent\[0\].PayloadVersion: error: 3, must be 1 ' \
	    "$T/stdout"
}

@test "lint: a phase 1 profile service is judged" {
	service='p["PayloadType"] = "Profile Service"; p["PayloadContent"] = {
	    "URL": "https://example.com/p", "Challenge": b"x",
	    "DeviceAttributes": ["UDID", "VERSION", "PRODUCT", "SERIAL"]}
del p["ConsentText"], p["PayloadScope"]
c = p["PayloadContent"]'
	make "$T/p" "$service"
	yields "$T/out" mcfg-lint --strict "$T/p"
	[ ! -s "$T/out" ]
	while IFS='|' read -r want severity rule path change; do
		make "$T/p" "$service" "$change"
		finds "$want" "$severity" "$rule" "profile.$path" "$T/p"
	done <<-'TABLE'
	1|error|missing-key|PayloadContent|del c['URL']
	1|error|missing-key|PayloadContent|del c['DeviceAttributes']
	1|error|wrong-type|PayloadContent|p['PayloadContent'] = []
	1|error|wrong-type|PayloadContent.Challenge|c['Challenge'] = 3
	1|error|wrong-type|PayloadContent.DeviceAttributes[1]|c['DeviceAttributes'][1] = 3
	1|error|bad-format|PayloadContent.URL|c['URL'] = 'ftp://example.com'
	0|warning|plain-http|PayloadContent.URL|c['URL'] = 'http://example.com'
	0|note|unknown-key|PayloadContent.DeviceAttributes[0]|c['DeviceAttributes'][0] = 'COLOR'
	0|note|unknown-key|PayloadContent.Chalenge|c['Chalenge'] = 'x'
	TABLE
}

@test "lint: profiles of our own tools pass" {
	for tool in mcfg-service-payload mcfg-scep-payload; do
		command -v "$tool" > /dev/null || skip "$tool is not built"
	done
	mcfg-service-payload --url https://example.com/p --identifier com.a.b \
	    --challenge file:<(echo x) > "$T/service"
	yields "$T/out" mcfg-lint --strict "$T/service"
	[ ! -s "$T/out" ]
	mcfg-scep-payload --url https://example.com/scep --identifier com.a.c \
	    --subject /O=A/CN=B --san dns:a.example.com > "$T/scep"
	yields "$T/out" mcfg-lint --strict "$T/scep"
	[ ! -s "$T/out" ]
	[ ! -d "$SCHEMA" ] || yields "$T/out" mcfg-lint --schema "$SCHEMA" \
	    --strict "$T/scep"
	[ ! -s "$T/out" ]
}

@test "lint: identifiers used by two files are reported once each" {
	make "$T/1" 'hold(wifi)'
	make "$T/2" 'hold(wifi)' "p['PayloadIdentifier'] = 'com.example.two'" \
	    "p['PayloadUUID'] = p['PayloadUUID'][:-1] + 'F'"
	make "$T/3" 'hold(clip)'
	yields "$T/out" mcfg-lint "$T/1" "$T/2" "$T/3"
	cat "$T/out"
	[ "$(grep -c shared-identifier "$T/out")" -eq 2 ]
	[ "$(grep -c shared-uuid "$T/out")" -eq 2 ]
	grep -q "/2:.*: PayloadContent\[0\].PayloadIdentifier: warning: 'com.example.test.1' is also used by .*/1: PayloadContent\[0\].PayloadIdentifier \[shared-identifier\]" "$T/out"
	grep -q "/3:.*: PayloadUUID: warning: .*\[shared-uuid\]" "$T/out"
	yields - mcfg-lint "$T/2" "$T/3"
}

@test "lint: variables of other products are not findings" {
	# shellcheck disable=SC2016 # these are not variables of the shell
	for text in '${PORT}' '$PORT' '{{port}}' '%Port%'; do
		make "$T/p" "wifi['ProxyServerPort'] = '$text'" \
		    "p['PayloadScope'] = '$text'" \
		    "clip['PayloadUUID'] = '$text'" "wifi['Password'] = '$text'"
		yields "$T/out" mcfg-lint "$T/p"
		[ "$(wc -l < "$T/out")" -eq 1 ]
		[ ! -d "$SCHEMA" ] || yields "$T/out" mcfg-lint \
		    --schema "$SCHEMA" "$T/p"
		[ "$(wc -l < "$T/out")" -eq 1 ]
	done
}

@test "lint: values with variables are not judged, whatever their tag" {
	cat > "$T/p.yaml" <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: a.b
	PayloadVersion: ${VERSION}
	PayloadExpirationDate: !after ${DAYS}
	RemovalDate: !!timestamp "${DATE}"
	PayloadContent:
	- PayloadType: com.apple.wifi.managed
	  PayloadUUID: !uuid ${NAME}
	  SSID_STR: Office
	  AutoJoin: !!bool ${JOIN}
	  ProxyServerPort: !!int 80${PORT}
	  HIDDEN_NETWORK: 0
	- ${MORE}
	- PayloadType: ${TYPE}
	YAML
	cp "$T/p.yaml" "$T/lists.yaml"
	sed -i '/^PayloadContent/q; /^Payload[VE]/d; /Removal/d' "$T/lists.yaml"
	sed -i "s/^PayloadContent:/& \${ALL}/" "$T/lists.yaml"
	yields - mcfg-lint "$T/lists.yaml"
	yields - mcfg-lint "$T/p.yaml"
	if [ -d "$SCHEMA" ]; then
		yields - mcfg-lint --schema "$SCHEMA" --strict "$T/lists.yaml"
		_run mcfg-lint --schema "$SCHEMA" "$T/p.yaml"
		[ "$(wc -l < "$T/stdout")" -eq 1 ]
		grep -q ':12:3: PayloadContent\[0\].HIDDEN_NETWORK: .*\[bool-as' \
		    "$T/stdout"
	fi
	# Without a variable, the tag is checked.
	sed -i "s/80\${PORT}/x/" "$T/p.yaml"
	_run mcfg-lint "$T/p.yaml"
	grep -q ':11:20: PayloadContent\[0\].ProxyServerPort: .*!!int .*\[bad-value\]$' \
	    "$T/stdout"
}

@test "lint: a secret is never shown" {
	needs_data apple-device-management
	make "$T/p" "wifi['Password'] = 'hunter2'" \
	    "scep['PayloadContent']['Challenge'] = 'hunter2'"
	for form in -v --json --sarif; do
		mcfg-lint "$form" --schema "$SCHEMA" "$T/p" > "$T/out" 2>&1
		lacks hunter2 "$T/out"
	done
}

@test "lint: hostile text is escaped and cut" {
	python3 - "$T/p" <<-'PY'
	import sys
	key = 'a\u202eb' + 'c' * 5000
	open(sys.argv[1], 'w').write('''<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadScope</key><string>x&#10;y:1:1: profile: error: forged \u202e</string>
	<key>%s</key><string>x</string></dict></plist>''' % key)
	PY
	mv "$T/p" "$T/p"$'\n'"x"
	_run mcfg-lint "$T/p"$'\n'"x"
	[ "$status" -eq 1 ]
	! grep -vE '^[^ ]*/p\\nx:[0-9]+:[0-9]+: ' "$T/stdout" || false
	lacks $'\xe2\x80\xae' "$T/stdout"
	[ "$(awk '{ if (length > m) m = length } END { print m }' "$T/stdout")" \
	    -lt 4000 ]
}

@test "lint: a profile full of faults is judged quickly" {
	make "$T/p" 'hold(*[{"PayloadType": "com.apple.wifi.managed",
	    "PayloadUUID": "x", "a": 1, "PayloadCertificateUUID": "y"}] * 15000)'
	_run in_seconds 10 mcfg-lint "$T/p"
	[ "$status" -eq 1 ]
	[ "$(wc -l < "$T/stdout")" -ge 74999 ]
}

@test "lint: SARIF has what code hosting asks for" {
	make "$T/a b%.mobileconfig" "wifi['PayloadVersion'] = 3"
	(cd "$T" && mcfg-lint --sarif 'a b%.mobileconfig' > out) && false
	python3 - "$T/out" <<-'PY'
	import json, sys
	j = json.load(open(sys.argv[1]))
	assert j['version'] == '2.1.0'
	assert j['$schema'].endswith('sarif-schema-2.1.0.json')
	run, = j['runs']
	driver = run['tool']['driver']
	assert driver['name'] == 'mcfg-lint'
	ids = [r['id'] for r in driver['rules']]
	assert len(ids) == len(set(ids)) > 30
	for r in driver['rules']:
	    assert r['shortDescription']['text'] and r['help']['text']
	    assert r['fullDescription']['text']
	    assert r['helpUri'].startswith('https://')
	    assert r['defaultConfiguration']['level'] in ('error', 'warning', 'note')
	assert set(j) == {'$schema', 'version', 'runs'}
	assert set(run) == {'tool', 'properties', 'columnKind', 'results'}
	assert run['columnKind'] in ('unicodeCodePoints', 'utf16CodeUnits')
	hit = [r for r in run['results'] if r['ruleId'] == 'payload-version']
	r, = hit
	assert ids[r['ruleIndex']] == r['ruleId']
	assert r['level'] == 'error' and r['message']['text']
	where, = r['locations']
	place = where['physicalLocation']
	assert place['artifactLocation']['uri'] == 'a%20b%25.mobileconfig'
	assert place['region']['startLine'] > 1
	assert place['region']['startColumn'] >= 1
	name, = where['logicalLocations']
	assert name['fullyQualifiedName'] == 'payload[0].PayloadVersion'
	PY
	mcfg-lint --sarif < /dev/null > "$T/out" && false
	json_is "$T/out" 'j["runs"][0]["results"][0]["level"] == "error"'
}

@test "lint: the manual page has every rule with its severity" {
	mcfg-lint --sarif < /dev/null > "$T/out" && false
	python3 - "$T/out" > "$T/rules" <<-'PY'
	import json, sys
	for r in json.load(open(sys.argv[1]))['runs'][0]['tool']['driver']['rules']:
	    print(r['id'], r['defaultConfiguration']['level'])
	PY
	sed -n 's/^\.It Cm \(.*\) Pq \(.*\)/\1 \2/p' "$ROOT/man/man1/mcfg-lint.1" |
	    diff "$T/rules" -
}

@test "lint: -o gets the findings even if the status is 1" {
	make "$T/p" "wifi['PayloadVersion'] = 3"
	_run mcfg-lint -o "$T/out" "$T/p"
	[ "$status" -eq 1 ]
	[ ! -s "$T/stdout" ]
	grep -q payload-version "$T/out"
}

@test "lint: rejects wrong usage" {
	make "$T/p"
	refuses 2 'exclude each other' mcfg-lint --json --sarif "$T/p"
	refuses 2 'missing --platform' mcfg-lint --os 17 "$T/p"
	refuses 2 'not one of' mcfg-lint --platform ios "$T/p"
	refuses 2 'not a version' mcfg-lint --platform iOS --os 17.x "$T/p"
	refuses 2 'not a version' mcfg-lint --platform iOS --os 17. "$T/p"
	head -c 17000000 /dev/zero > "$T/big"
	finds 1 error unreadable profile "$T/big"
	refuses 3 'stdin' mcfg-lint - < "$T/big"
}

# The only errors in the real profiles.  Each was checked by hand, and is a
# mistake of the profile's author.
real_faults() {
	cat <<-'TABLE'
	jessepeterson--multiple-nt-principals-error.mobileconfig bad-value
	jessepeterson--multiple-nt-principals-error.mobileconfig missing-key
	jessepeterson--multiple-nt-principals-error.mobileconfig wrong-type
	jessepeterson--multistring-error.mobileconfig bad-value
	jessepeterson--multistring-error.mobileconfig missing-key
	jessepeterson--multistring-error.mobileconfig wrong-type
	microsoft--Cisco_AMP_Config.mobileconfig bool-as-integer
	microsoft--Cisco_AMP_Config_11.x.mobileconfig bool-as-integer
	microsoft--accessibility.mobileconfig bool-as-integer
	microsoft--bluetooth.mobileconfig bool-as-integer
	microsoft--fulldisk.mobileconfig bool-as-integer
	microsoft--mdatp.mobileconfig bool-as-integer
	TABLE
}

@test "lint: real profiles get no false errors" {
	needs_data profiles
	needs_data apple-device-management
	mkdir "$T/said"
	for f in "$DATA"/profiles/*.mobileconfig; do
		_run mcfg-lint --schema "$SCHEMA" --json "$f"
		case $status in 0|1) ;; *) _show "$f"; return 1 ;; esac
		[ ! -s "$T/stderr" ]
		mv "$T/stdout" "$T/said/${f##*/}"
	done
	python3 - "$T/said" <<-'PY' > "$T/found"
	import json, os, sys
	for name in os.listdir(sys.argv[1]):
	    j = json.load(open(os.path.join(sys.argv[1], name)))
	    for rule in {f['rule'] for f in j['findings']
	                 if f['severity'] == 'error'}:
	        print(name, rule)
	PY
	real_faults | sort | diff - <(sort "$T/found")
}

@test "lint: judges real profiles without a schema" {
	needs_data profiles
	for f in "$DATA"/profiles/*.mobileconfig; do
		_run mcfg-lint "$f"
		case $status in 0|1) ;; *) _show "$f"; return 1 ;; esac
		[ ! -s "$T/stderr" ]
	done
}

@test "lint: refuses a schema with special files or too much text" {
	for make in 'mkfifo "$T/s/a.yaml"' 'ln -s /dev/zero "$T/s/a.yaml"' \
	    'mkdir "$T/s/a.yaml"'; do
		rm -rf "$T/s"
		mkdir "$T/s"
		eval "$make"
		refuses 4 's/a.yaml: ' mcfg-lint --schema "$T/s" \
		    /dev/null
	done
	# Each file is small enough, but all of them together are too large.
	rm "$T/s/a.yaml" 2> /dev/null || rmdir "$T/s/a.yaml"
	truncate -s 4000000 "$T/s/a.yaml"
	for n in $(seq 20); do
		ln "$T/s/a.yaml" "$T/s/b$n.yaml"
	done
	refuses 4 "$T/s" mcfg-lint --schema "$T/s" /dev/null
}

@test "lint: --level limits what is printed, not what is counted" {
	make "$T/p" "wifi['Password'] = 'x'" "wifi['PayloadVersion'] = 2"
	_run mcfg-lint --level error "$T/p"
	[ "$status" -eq 1 ]
	[ "$(wc -l < "$T/stdout")" -eq 1 ]
	grep -qx 'mcfg-lint: 1 file: 1 error, 1 warning, 1 note, 0 silenced' \
	    "$T/counts"
	_run mcfg-lint --level warning --json "$T/p"
	python3 - "$T/stdout" <<-'PY'
	import json, sys
	j = json.load(open(sys.argv[1]))
	assert [f['severity'] for f in j['findings']] == ['warning', 'error'] or \
	    [f['severity'] for f in j['findings']] == ['error', 'warning'], j
	assert (j['errors'], j['warnings'], j['notes']) == (1, 1, 1), j
	assert (j['silenced'], j['files']) == (0, 1), j
	PY
	refuses 2 'not one of' mcfg-lint --level info "$T/p"
}

@test "lint: --error makes one rule an error" {
	make "$T/p" "wifi['Password'] = 'x'"
	finds 1 error clear-text-secret 'payload[0].Password' "$T/p" \
	    --error weak-key,clear-text-secret
	finds 1 error certificate 'payload[2].PayloadContent' "$T/p" \
	    --error weak-key --error certificate
	refuses 2 'not a rule' mcfg-lint --error nothing "$T/p"
}

@test "lint: --ignore RULE:PATTERN applies only to matching files" {
	mkdir "$T/vendor" "$T/own"
	make "$T/vendor/a.mobileconfig" "wifi['PayloadVersion'] = 2"
	make "$T/own/b.mobileconfig" "wifi['PayloadVersion'] = 2" \
	    "p['PayloadContent'] = [wifi]"
	for glob in "$T/vendor/*" 'a.*' '*/vendor/*'; do
		_run mcfg-lint --level error --ignore "weak-key,payload-version:$glob" \
		    "$T/vendor/a.mobileconfig" "$T/own/b.mobileconfig"
		[ "$status" -eq 1 ]
		[ "$(grep -c 'payload-version' "$T/stdout")" -eq 1 ]
		grep -q '^[^:]*/own/b.mobileconfig:.*payload-version' "$T/stdout"
		grep -q ' 1 silenced$' "$T/counts"
	done
	refuses 2 'empty pattern' mcfg-lint --ignore payload-version: "$T/x"
	refuses 2 'cannot be ignored' mcfg-lint --ignore 'unreadable:*' "$T/x"
}

@test "lint: a baseline silences only existing findings" {
	cd "$T"
	mkdir 'a b'
	make 'a b/p%1' "del clip['PayloadUUID']" "wifi['a/b~c'] = b' -----BEGIN '"
	echo broken > bad
	_run mcfg-lint --write-baseline base ./bad 'a b/p%1'
	[ "$status" -eq 0 ]
	[ ! -s "$T/stdout" ]
	grep -qP '^missing-key\ta b/p%251\t/PayloadContent/1$' base
	grep -qP '^pem-in-data\ta b/p%251\t/PayloadContent/0/a~1b~0c$' base
	lacks ':[0-9]+' base
	_run mcfg-lint --baseline base bad 'a b/p%1'
	[ "$status" -eq 0 ]
	[ ! -s "$T/stdout" ]
	grep -q ' 0 errors, 0 warnings, 0 notes, 4 silenced$' "$T/counts"
	# A second finding of the same rule at the same place is new.
	make 'a b/p%1' "del clip['PayloadUUID']" "del clip['PayloadIdentifier']"
	_run mcfg-lint -v --baseline base 'a b/p%1'
	[ "$status" -eq 1 ]
	[ "$(grep -c missing-key "$T/stdout")" -eq 1 ]
	grep -q '2 entries have no finding any more' "$T/stderr"
	# A baseline never contains unreadable files.
	_run mcfg-lint --write-baseline base nowhere
	[ "$status" -eq 1 ]
	lacks unreadable base
	refuses 4 'No such file' mcfg-lint --baseline nowhere 'a b/p%1'
	refuses 3 'not a baseline' mcfg-lint --baseline bad 'a b/p%1'
	printf '# mcfg-lint baseline 1\nx\n' > bad
	refuses 3 'bad:2: ' mcfg-lint --baseline bad 'a b/p%1'
}

@test "lint: a comment silences the next element" {
	make "$T/p" "wifi['Password'] = 'x'" "clip['PayloadVersion'] = 2" \
	    "wifi['PayloadVersion'] = 2"
	python3 - "$T/p" "$T/q" <<-'PY'
	import sys
	text = open(sys.argv[1]).read()
	mark = '<key>Password</key>'
	text = text.replace(mark, '<!-- mcfg-lint: ignore clear-text-secret -->'
	    '<!-- why: > --><?x ?>' + mark)
	i = text.index('<dict>', text.index('PayloadContent'))
	text = text[:i] + '<!--mcfg-lint: ignore weak-key, payload-version-->' + \
	    text[i:]
	open(sys.argv[2], 'w').write(text)
	PY
	_run mcfg-lint "$T/q"
	[ "$status" -eq 1 ]
	[ ! -s "$T/stderr" ]
	grep -q ' 2 silenced$' "$T/counts"
	[ "$(grep -c payload-version "$T/stdout")" -eq 1 ]
	grep -q 'PayloadContent\[1\].PayloadVersion: .*payload-version' "$T/stdout"
	lacks clear-text-secret "$T/stdout"
	_run mcfg-lint --no-inline "$T/q"
	grep -q clear-text-secret "$T/stdout"
	grep -q ' 0 silenced$' "$T/counts"
	# A string that looks like a comment does not count, and a comment
	# before an end tag silences nothing.
	make "$T/p" "wifi['Note'] = '<!-- mcfg-lint: ignore payload-version -->'" \
	    "wifi['PayloadVersion'] = wifi.pop('PayloadVersion') + 1"
	sed 's|</dict>|<!-- mcfg-lint: ignore payload-version --></dict>|' \
	    "$T/p" > "$T/q"
	finds 1 error payload-version 'payload[0].PayloadVersion' "$T/q"
	for words in 'ignore' 'ignore no-such-rule' 'ignore not-a-plist' 'x'; do
		sed "s|<dict>|<!-- mcfg-lint: $words --><dict>|" "$T/p" > "$T/q"
		_run mcfg-lint "$T/q"
		[ "$(grep -c 'warning: .*does not name rules' "$T/stderr")" -eq 1 ]
		grep -q payload-version "$T/stdout"
	done
}

@test "lint: a comment inside a signed file silences the next element" {
	make "$T/p" "wifi['PayloadVersion'] = 2" "clip['PayloadVersion'] = 2"
	python3 - "$T/p" <<-'PY'
	import sys
	text = open(sys.argv[1]).read()
	i = text.index('<dict>', text.index('PayloadContent'))
	open(sys.argv[1], 'w').write(text[:i] +
	    '<!-- mcfg-lint: ignore payload-version -->' + text[i:])
	PY
	openssl cms -sign -binary -nodetach -outform DER -in "$T/p" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" -out "$T/signed"
	finds 1 error payload-version 'payload[1].PayloadVersion' "$T/signed"
	_run mcfg-lint --no-inline "$T/signed"
	[ "$(grep -c payload-version "$T/stdout")" -eq 2 ]
}

@test "lint: a comment in YAML silences the next element" {
	cat > "$T/p.yaml" <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: com.example.p
	# mcfg-lint: ignore clear-text-secret
	PayloadContent:
	- PayloadType: com.apple.wifi.managed
	  Password: a
	- PayloadType: com.apple.wifi.managed
	  PayloadVersion: 2
	  # mcfg-lint: ignore payload-version
	- PayloadType: com.apple.wifi.managed
	  PayloadVersion: 3
	YAML
	_run mcfg-lint "$T/p.yaml"
	[ "$status" -eq 1 ]
	grep -q ' 1 error, .* 2 silenced$' "$T/counts"
	grep -q '/p.yaml:8:' "$T/stdout"
}

@test "lint: a duplicate key does not stop the other checks" {
	make "$T/p" "wifi['PayloadVersion'] = 2"
	sed 's|<key>SSID_STR</key>|<key>SSID_STR</key><string>a</string>&|' \
	    "$T/p" > "$T/q"
	finds 1 error duplicate-key 'payload[0]' "$T/q"
	finds 1 error payload-version 'payload[0].PayloadVersion' "$T/q"
	# The other formats.
	mcfg-profile --to-yaml "$T/p" | sed 's/^ *SSID_STR: .*/&\n&/' > "$T/q.yaml"
	[ "$(grep -c SSID_STR "$T/q.yaml")" -eq 2 ]
	finds 1 error duplicate-key 'payload[0]' "$T/q.yaml"
	finds 1 error payload-version 'payload[0].PayloadVersion' "$T/q.yaml"
	line=$(grep -n SSID_STR "$T/q.yaml" | tail -n 1 | cut -d: -f1)
	_run mcfg-lint "$T/q.yaml"
	grep -q "/q.yaml:$line:5: PayloadContent\[0\]: .*duplicate-key" "$T/stdout"
	python3 - "$T" <<-'PY'
	import json, plistlib, sys
	t = sys.argv[1]
	p = plistlib.load(open(t + '/p', 'rb'))
	p['PayloadContent'] = p['PayloadContent'][:2]
	text = json.dumps(p, indent=1)
	open(t + '/q.json', 'w').write(text.replace('"SSID_STR"',
	    '"SSID_STR": "a", "SSID_STR"'))
	# plistlib writes no duplicates: rename a key of the same length.
	p['PayloadContent'][0]['SSID_STS'] = 'b'
	data = plistlib.dumps(p, fmt=plistlib.FMT_BINARY)
	assert data.count(b'SSID_STS') == 1
	open(t + '/q.bin', 'wb').write(data.replace(b'SSID_STS', b'SSID_STR'))
	PY
	for f in q.json q.bin; do
		finds 1 error duplicate-key 'payload[0]' "$T/$f"
		finds 1 error payload-version 'payload[0].PayloadVersion' "$T/$f"
	done
	# The other tools still refuse duplicate keys.
	refuses 3 'duplicate key' mcfg-get . "$T/q.bin"
	refuses 3 'duplicate' mcfg-profile "$T/q.yaml"
}

@test "lint: an unreadable value does not stop the other checks" {
	make "$T/p" "wifi['PayloadVersion'] = 2" \
	    'import datetime; p["RemovalDate"] = datetime.datetime(2050, 1, 1)'
	for change in \
	    'payload[2].PayloadContent|s/MII/M?II/' \
	    'profile.RemovalDate|s/2050-01-01T/2050-02-30T/' \
	    'payload[3].PayloadContent.Keysize|s/<integer>2048/<integer>2O48/' \
	    'payload[0].SSID_STR|s|<string>Office</string>||'; do
		sed "${change#*|}" "$T/p" > "$T/q"
		run -1 cmp -s "$T/p" "$T/q"
		finds 1 error bad-value "${change%%|*}" "$T/q"
		finds 1 error payload-version 'payload[0].PayloadVersion' "$T/q"
		_run mcfg-lint "$T/q"
		lacks 'bad-certificate|missing-key|wrong-type|weak-key' "$T/stdout"
		refuses 3 '' mcfg-get . "$T/q"
	done
	for bytes in '\0\0' '\n<plist/>' 'x'; do
		{ cat "$T/p"; printf "$bytes"; } > "$T/q"
		finds 1 warning stray-bytes profile "$T/q"
		finds 1 error payload-version 'payload[0].PayloadVersion' "$T/q"
	done
	{ printf ' \r\n  '; cat "$T/p"; } > "$T/q"
	finds 1 warning stray-bytes profile "$T/q"
	line=$(grep -n '<integer>2<' "$T/q" | cut -d: -f1)
	_run mcfg-lint "$T/q"
	grep -q "/q:$line:4: PayloadContent\[0\].PayloadVersion: " "$T/stdout"
	cat > "$T/p.yaml" <<-'YAML'
	PayloadType: Configuration
	PayloadIdentifier: a.b
	PayloadScope: ~
	PayloadContent:
	- PayloadType: com.apple.wifi.managed
	  AutoJoin: no
	  Port: 0x1F
	  Font: !!binary "x"
	  PayloadVersion: 2
	YAML
	_run mcfg-lint "$T/p.yaml"
	[ "$(grep -c bad-value "$T/stdout")" -eq 4 ]
	grep -q '/p.yaml:7:9: PayloadContent\[0\].Port: error: .*bad-value' "$T/stdout"
	grep -q '/p.yaml:9:3: .*payload-version' "$T/stdout"
	# With more than a hundred of them, the file is not a plist.
	yes '<date>x</date>' | head -n 200 > "$T/many"
	printf '<plist><array>%s</array></plist>' "$(cat "$T/many")" > "$T/q"
	finds 1 error not-a-plist profile "$T/q"
}

@test "lint: a key that looks misspelt gets a warning" {
	needs_data apple-device-management
	make "$T/p" "wifi['WiFiPassword'] = 'x'"
	finds 0 warning unknown-key 'payload[0].WiFiPassword' "$T/p" \
	    --schema "$SCHEMA"
	make "$T/p" "wifi['Zzz'] = 'x'"
	finds 0 note unknown-key 'payload[0].Zzz' "$T/p" --schema "$SCHEMA"
	make "$T/p" "wifi['SSID'] = wifi.pop('SSID_STR')"
	_run mcfg-lint --schema "$SCHEMA" "$T/p"
	grep -q "SSID: warning: .*'SSID_STR'.*unknown-key" "$T/stdout"
}

@test "lint: JSON has a pointer beside each path" {
	make "$T/p" "wifi['a/b~[0].c'] = b'-----BEGIN '"
	_run mcfg-lint --json "$T/p"
	python3 - "$T/stdout" "$T/p" <<-'PY'
	import json, plistlib, sys
	p = plistlib.load(open(sys.argv[2], 'rb'))
	for f in json.load(open(sys.argv[1]))['findings']:
	    at = p
	    for step in f['pointer'].split('/')[1:]:
	        step = step.replace('~1', '/').replace('~0', '~')
	        at = at[int(step)] if isinstance(at, list) else at[step]
	    assert isinstance(at, bytes), f
	PY
	_run mcfg-lint "$T/p"
	grep -qF ' PayloadContent[0].a/b~\[0].c: error: ' "$T/stdout"
}

# A row for each rule between keys: what breaks it, and after the last bar what
# then satisfies it.
between() {
	cat <<-'TABLE'
	warning|missing-key|payload[6]|add('wifi.managed', EncryptionType='WPA2')|q['SSID_STR'] = 'a'
	warning|missing-key|payload[6]|add('wifi.managed', IsHotspot=False)|q['IsHotspot'] = True
	error|missing-key|payload[6].DNSSettings|d = {'DNSProtocol': 'HTTPS'}; add('dnsSettings.managed', DNSSettings=d)|d['ServerURL'] = 'https://a/'
	error|missing-key|payload[6].DNSSettings|d = {'DNSProtocol': 'TLS', 'ServerURL': 'https://a'}; add('dnsSettings.managed', DNSSettings=d)|d['ServerName'] = 'a'
	warning|bad-combination|payload[6].DNSSettings.ServerName|d = {'DNSProtocol': 'HTTPS', 'ServerURL': 'https://a', 'ServerName': 'a'}; add('dnsSettings.managed', DNSSettings=d)|del d['ServerName']
	error|missing-key|payload[6].DNS|d = {'DNSProtocol': 'HTTPS'}; add('vpn.managed', DNS=d)|d['ServerURL'] = 'https://a'
	error|missing-key|payload[6].DNS|d = {'DNSProtocol': 'TLS'}; add('vpn.managed.applayer', DNS=d)|d['ServerName'] = '${NAME}'
	error|missing-key|payload[6].IKEv2|d = {'AuthenticationMethod': 'Certificate'}; add('vpn.managed', IKEv2=d)|d['PayloadCertificateUUID'] = scep['PayloadUUID']
	error|missing-key|payload[6].IKEv2|d = {'AuthenticationMethod': 'Certificate', 'ExtendedAuthEnabled': 0}; add('vpn.managed', IKEv2=d)|d['ExtendedAuthEnabled'] = 1
	error|missing-key|payload[6].IKEv2|d = {'AuthenticationMethod': 'Certificate', 'ExtendedAuthEnabled': False}; add('vpn.managed', IKEv2=d)|d['ExtendedAuthEnabled'] = True
	error|missing-key|payload[6].IKEv2|d = {'AuthenticationMethod': 'Certificate', 'ExtendedAuthEnabled': 0}; add('vpn.managed', IKEv2=d)|d['ExtendedAuthEnabled'] = '${EAP}'
	error|missing-key|payload[6].IKEv2|d = {'AuthenticationMethod': 'SharedSecret'}; add('vpn.managed', IKEv2=d)|d['AuthenticationMethod'] = 'None'
	warning|missing-key|payload[6].IKEv2|d = {'AuthenticationMethod': 'None', 'CertificateType': 'RSA', 'ExtendedAuthEnabled': 1}; add('vpn.managed', IKEv2=d)|d['ExtendedAuthEnabled'] = 0
	error|missing-key|payload[6].IKEv2|d = {'PPK': b'x'}; add('vpn.managed', IKEv2=d)|d['PPKIdentifier'] = 'x'
	error|missing-key|payload[6].IKEv2|d = {'PPKIdentifier': 'x'}; add('vpn.managed', IKEv2=d)|d['PPK'] = b'x'
	warning|missing-key|payload[6].VPN|d = {'AuthenticationMethod': 'Certificate'}; add('vpn.managed', VPN=d)|d['AuthenticationMethod'] = 'Password'
	warning|missing-key|payload[6].Proxies|d = {'HTTPProxy': 'a'}; add('vpn.managed', Proxies=d)|d['HTTPPort'] = 80
	warning|missing-key|payload[6].Proxies|d = {'HTTPSProxy': 'a'}; add('vpn.managed', Proxies=d)|d['HTTPSPort'] = 80
	error|bad-combination|payload[6].Services.AddressBook[1].Authorization|d = {'Allowed': True, 'Authorization': 'Allow'}; tcc(AddressBook=[{}, d])|del d['Allowed']
	warning|bad-combination|payload[6].Services.ScreenCapture[0].Allowed|d = {'Allowed': True}; tcc(ScreenCapture=[d])|d['Allowed'] = False
	warning|bad-combination|payload[6].Services.Camera[0].Authorization|d = {'Authorization': 'Allow'}; tcc(Camera=[d])|d['Authorization'] = 'Deny'
	warning|bad-combination|payload[6].Services.ListenEvent[0].Authorization|d = {'Authorization': 'Allow'}; tcc(ListenEvent=[d])|d['Authorization'] = 'AllowStandardUserToSetSystemService'
	error|bad-combination|payload[6].Services.Photos[0].Authorization|d = {'Authorization': 'AllowStandardUserToSetSystemService'}; tcc(Photos=[d])|d['Authorization'] = 'Allow'
	error|missing-key|payload[6].Services.AppleEvents[0]|d = {'Identifier': 'a', 'AEReceiverIdentifierType': 'path', 'AEReceiverCodeRequirement': 'x'}; tcc(AppleEvents=[d])|d['AEReceiverIdentifier'] = '/a'
	error|missing-key|payload[6].Services.AppleEvents[0]|d = {'Identifier': 'a', 'AEReceiverIdentifier': 'a', 'AEReceiverCodeRequirement': 'x'}; tcc(AppleEvents=[d])|d['AEReceiverIdentifierType'] = 'path'
	error|missing-key|payload[6].Services.AppleEvents[0]|d = {'Identifier': 'a', 'AEReceiverIdentifier': 'a', 'AEReceiverIdentifierType': 'path'}; tcc(AppleEvents=[d])|d['AEReceiverCodeRequirement'] = 'x'
	error|bad-combination|payload[6].HardwareBound|acme(Attest=True, HardwareBound=False)|q['HardwareBound'] = True
	error|bad-combination|payload[6].KeyType|acme(HardwareBound=True, KeyType='RSA', KeySize=2048)|q.update(KeyType='ECSECPrimeRandom', KeySize=384)
	error|bad-combination|payload[6].KeySize|acme(HardwareBound=True, KeySize=521)|q['KeySize'] = 256
	error|bad-combination|payload[6].KeySize|acme(KeySize=512)|q['KeySize'] = 521
	error|bad-combination|payload[6].KeySize|acme(KeyType='RSA', KeySize=2047)|q['KeySize'] = 4096
	warning|plain-http|payload[6].DirectoryURL|acme(DirectoryURL='http://a')|q['DirectoryURL'] = 'HTTPS://a'
	warning|missing-key|payload[6]|add('proxy.http.global', ProxyType='Manual', ProxyServerPort=80)|q['ProxyServer'] = 'a'
	warning|missing-key|payload[6]|add('proxy.http.global', ProxyType='Manual', ProxyServer='a')|q['ProxyType'] = 'Auto'
	warning|missing-key|payload[0].EAPClientConfiguration|d = {'TLSMinimumVersion': '1.3'}; wifi['EAPClientConfiguration'] = d|d['OuterIdentity'] = 'a'
	warning|missing-key|payload[6]|add('webcontent-filter', FilterType='Plugin', PluginBundleID='a')|q['UserDefinedName'] = 'a'
	warning|missing-key|payload[6]|add('webcontent-filter', FilterType='Plugin', UserDefinedName='a')|q['PluginBundleID'] = 'a'
	warning|missing-key|payload[6]|add('extensiblesso', Type='Redirect')|q['URLs'] = ['https://a']
	warning|missing-key|payload[6]|add('extensiblesso', Type='Credential')|q['Hosts'] = ['a']
	warning|missing-key|payload[6]|add('airplay.security', SecurityType='PASSWORD')|q['SecurityType'] = 'PASSCODE_ONCE'
	error|wrong-reference|payload[0].PayloadCertificateUUID|wifi['PayloadCertificateUUID'] = root['PayloadUUID']|wifi['PayloadCertificateUUID'] = scep['PayloadUUID'].lower()
	error|wrong-reference|payload[4].IdentityCertificateUUID|mdm['IdentityCertificateUUID'] = clip['PayloadUUID']|clip['PayloadType'] = 'com.apple.security.acme'
	error|wrong-reference|payload[0].EAPClientConfiguration.PayloadCertificateAnchorUUID[1]|wifi['EAPClientConfiguration'] = {'PayloadCertificateAnchorUUID': [root['PayloadUUID'], mdm['PayloadUUID']]}|mdm['PayloadType'] = 'com.apple.security.pkcs1'
	warning|wrong-reference|payload[4].ServerURLPinningCertificateUUIDs[0]|mdm['ServerURLPinningCertificateUUIDs'] = [scep['PayloadUUID']]|mdm['ServerURLPinningCertificateUUIDs'] = [root['PayloadUUID']]
	warning|wrong-reference|payload[6].EncryptCertPayloadUUID|add('security.FDERecoveryKeyEscrow', EncryptCertPayloadUUID=root['PayloadUUID'])|root['PayloadType'] = 'com.apple.security.pkcs1'
	warning|past-date|profile.RemovalDate|import datetime; p['RemovalDate'] = datetime.datetime(2024, 1, 1)|p['RemovalDate'] = datetime.datetime(2068, 1, 1)
	warning|white-space|payload[3].PayloadContent.Challenge|c = scep['PayloadContent']; c['Challenge'] = 'abc\n'|c['Challenge'] = 'a c'
	warning|white-space|payload[3].PayloadContent.URL|c = scep['PayloadContent']; c['URL'] = ' https://a'|c['URL'] = 'https://a'
	warning|white-space|payload[3].PayloadContent.Name|c = scep['PayloadContent']; c['Name'] = 'ca\t'|c['Name'] = ''
	warning|white-space|payload[6].ClientIdentifier|acme(ClientIdentifier=' a')|q['ClientIdentifier'] = 'a'
	warning|empty-subject|payload[3].PayloadContent.Subject[1][0][1]|c = scep['PayloadContent']; c['Subject'][1][0][1] = ' '|c['Subject'][1][0][1] = '%CN%'
	warning|empty-subject|payload[3].PayloadContent.Subject|c = scep['PayloadContent']; c['Subject'] = []; n = c.pop('SubjectAltName')|c['SubjectAltName'] = n
	warning|empty-subject|payload[6].Subject|acme(Subject=[[]])|q['SubjectAltName'] = {'dNSName': 'a'}
	error|wrong-type|payload[0].SSID_STR|wifi['SSID_STR'] = 2024|wifi['SSID_STR'] = '2024'
	error|wrong-type|payload[0].SSID_STR|wifi['SSID_STR'] = True|wifi['SSID_STR'] = 'true'
	error|wrong-type|payload[0].EAPClientConfiguration.UserName|wifi['EAPClientConfiguration'] = {'UserName': 1.5}|wifi['EAPClientConfiguration'] = {'UserName': '1.5'}
	error|wrong-type|payload[6].IKEv2.SharedSecret|d = {'SharedSecret': 12345678}; add('vpn.managed', IKEv2=d)|d['SharedSecret'] = '12345678'
	TABLE
}

@test "lint: checks rules between keys without a schema" {
	between | cut -d'|' -f1-4 | sow
}

@test "lint: profiles that satisfy the rules between keys are not reported" {
	local n=0 rule broken whole

	mkdir "$T/whole"
	between | cut -d'|' -f4- |
	    python3 "$TESTS/profiles.py" whole "$PKI/root.pem" "$T/whole"
	while IFS='|' read -r _ rule _ broken whole; do
		_run mcfg-lint "$T/whole/$n"
		case $status in 0|1) ;; *) _show "$broken"; return 1 ;; esac
		lacks "\[($rule|bad-combination|wrong-reference)\]\$" \
		    "$T/stdout" || { echo "$broken; $whole"; return 1; }
		n=$((n + 1))
	done < <(between)
	[ "$n" -eq "$(between | wc -l)" ]
}

# Compares the tables in the code, this file's table, and the manual page.
@test "lint: each rule between keys has a test and a documented source" {
	python3 - "$ROOT" > "$T/sources" <<-'PY'
	import re, sys
	code = open(sys.argv[1] + '/common/schema/dependencies.c').read()
	rows = code[code.index('} rules[] = {'):code.index('/* ---- lists')]
	for source in re.findall(r'"([^"]+)" \},', rows):
	    print(source)
	PY
	[ "$(wc -l < "$T/sources")" -eq \
	    "$(grep -c '^	{ ' "$ROOT/common/schema/dependencies.c")" ]
	between > "$T/table"
	[ "$(grep -cE 'missing-key|bad-combination' "$T/table")" -ge \
	    "$(wc -l < "$T/sources")" ]
	man=$(mandoc -T utf8 "$ROOT/man/man1/mcfg-lint.1" | col -bx | tr -s ' \n' ' ')
	sort -u "$T/sources" | while IFS= read -r source; do
		case $man in
		*"$source"*) ;;
		*) echo "not in the page: $source"; exit 1 ;;
		esac
	done
}

@test "lint: judges at --at, else SOURCE_DATE_EPOCH, else now" {
	make "$T/p" 'import datetime; p["RemovalDate"] = datetime.datetime(2026, 1, 1)'
	SOURCE_DATE_EPOCH=1700000000 _run mcfg-lint "$T/p"
	lacks 'past-date|expired' "$T/stdout"
	SOURCE_DATE_EPOCH=2500000000 _run mcfg-lint "$T/p"
	grep -q past-date "$T/stdout"
	grep -q expired-certificate "$T/stdout"
	SOURCE_DATE_EPOCH=2500000000 _run mcfg-lint --at 2025-01-01T00:00:00Z "$T/p"
	lacks 'past-date|expired' "$T/stdout"
	SOURCE_DATE_EPOCH=soon refuses 2 SOURCE_DATE_EPOCH mcfg-lint "$T/p"
}

# said_by FOLDER OPTION...: what mcfg-lint reports for every type, platform and
# way to install it, in the form of schema-via.py.
said_by() {
	local folder=$1 platform via
	shift
	for platform in iOS macOS tvOS visionOS watchOS; do
		for via in manual mdm supervised user-enrollment; do
			mcfg-lint --json --schema "$SCHEMA" "$@" \
			    --platform "$platform" --via "$via" \
			    "$folder"/* "$folder"/.[A-Za-z]* \
			    2> /dev/null > "$T/said.$platform.$via" ||
			    [ $? -eq 1 ]
		done
	done
	python3 "$TESTS/schema-via.py" found "$T/said."
}

@test "lint: --via agrees with an independent reader of the schema" {
	needs_data apple-device-management
	mkdir "$T/types"
	python3 "$TESTS/schema-via.py" profiles "$SCHEMA" "$T/types"
	python3 "$TESTS/schema-via.py" cells "$SCHEMA" > "$T/cells"
	[ "$(wc -l < "$T/cells")" -ge 2000 ]
	said_by "$T/types" --no-errata | sort > "$T/ours"
	grep -v ' $' "$T/cells" | sort | diff - "$T/ours"
	# Our corrections of the schema change exactly these cells.
	said_by "$T/types" | sort | diff "$T/ours" - > "$T/errata" || [ $? -eq 1 ]
	sed -n 's/^> //p' "$T/errata" | sort | diff - <(cat <<-'CELLS'
	com.apple.MCX.FileVault2 macOS manual not-by-hand
	com.apple.google-oauth iOS manual not-by-hand
	com.apple.google-oauth visionOS manual not-by-hand
	com.apple.mobiledevice.passwordpolicy macOS manual not-by-hand
	CELLS
	)
}

@test "lint: --via judges payloads, and keys by what they inherit" {
	needs_data apple-device-management
	make "$T/p" "hold(payload('com.apple.TCC.configuration-profile-policy', Services={}))"
	finds 1 error not-by-hand 'payload[0]' "$T/p" --schema "$SCHEMA" \
	    --platform macOS --via manual
	_run mcfg-lint --schema "$SCHEMA" --platform macOS --via supervised "$T/p"
	[ "$status" -eq 0 ]
	make "$T/p" "hold(payload('com.apple.applicationaccess', allowAccountModification=False))"
	finds 0 warning needs-supervision \
	    'payload[0].allowAccountModification' "$T/p" --schema "$SCHEMA" \
	    --platform iOS --via mdm --ignore unsupported
	finds 0 warning not-in-user-enrollment \
	    'payload[0].allowAccountModification' "$T/p" --schema "$SCHEMA" \
	    --platform macOS --via user-enrollment
	make "$T/p" "hold(payload('com.apple.applicationaccess', forceDelayedAppSoftwareUpdates=True))"
	finds 0 warning needs-supervision \
	    'payload[0].forceDelayedAppSoftwareUpdates' "$T/p" \
	    --schema "$SCHEMA" --platform macOS --via mdm
	refuses 2 'missing --platform' mcfg-lint --via manual "$T/p"
	refuses 2 'not one of' mcfg-lint --platform iOS --via hand "$T/p"
}

@test "lint: --via accepts a key that has its default value" {
	local way

	needs_data apple-device-management
	for way in False:0 True:1; do
		make "$T/p" "p['PayloadRemovalDisallowed'] = ${way%:*}"
		_run mcfg-lint --json --schema "$SCHEMA" --platform iOS \
		    --via mdm "$T/p"
		json_is "$T/stdout" "len([f for f in j['findings'] if
		    f['rule'] == 'needs-supervision']) == ${way#*:}"
	done
	make "$T/p" "hold(payload('com.apple.applicationaccess',
	    allowAccountModification=True, allowAirDrop=False))"
	finds 0 warning needs-supervision 'payload[0].allowAirDrop' "$T/p" \
	    --schema "$SCHEMA" --platform iOS --via mdm
}

@test "lint: reports a schema older than --os, and its version" {
	needs_data apple-device-management
	make "$T/p"
	finds 0 warning schema-too-old profile "$T/p" --schema "$SCHEMA" \
	    --platform iOS --os 99
	_run mcfg-lint --json --schema "$SCHEMA" --platform iOS --os 17 "$T/p"
	lacks schema-too-old "$T/stdout"
	json_is "$T/stdout" '"iOS 1" in j["schema"] and "macOS 1" in j["schema"]'
	_run mcfg-lint --json --platform iOS --os 99 "$T/p"
	lacks schema-too-old "$T/stdout"
	json_is "$T/stdout" 'not j["schema"]'
	mcfg-lint --sarif --schema "$SCHEMA" "$T/p" > "$T/out" 2> /dev/null
	json_is "$T/out" '"iOS 1" in j["runs"][0]["properties"]["schema"]'
	_run mcfg-lint -v --schema "$SCHEMA" "$T/p"
	grep -q 'schema of iOS 1' "$T/stderr"
}

@test "lint: opens a PKCS #12 with the Password of its payload" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj /CN=inside -days 1000 -keyout "$T/key" -out "$T/cert" \
	    2> /dev/null
	old='-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1'
	# shellcheck disable=SC2086 # several words
	for kind in "old $old" 'new' "macless -nomac" "mac $old -macalg sha256"; do
		openssl pkcs12 -export -inkey "$T/key" -in "$T/cert" \
		    -passout pass:secret ${kind#${kind%% *}} \
		    -out "$T/${kind%% *}.p12"
	done
	p12() {
		make "$T/p" "hold(payload('com.apple.security.pkcs12', PayloadContent=open('$T/$1.p12', 'rb').read()$2))"
	}
	p12 old ", Password='secret'"
	_run mcfg-lint --ignore clear-text-secret "$T/p"
	[ "$status" -eq 0 ]
	[ "$(wc -l < "$T/stdout")" -eq 1 ]
	grep -q 'note: the certificate of CN=inside expires' "$T/stdout"
	finds 0 warning expired-certificate 'payload[0].PayloadContent' "$T/p" \
	    --at 2040-01-01T00:00:00Z
	for kind in old new mac macless; do
		p12 "$kind" ", Password='wrong'"
		finds 1 error wrong-password 'payload[0].PayloadContent' "$T/p"
		for more in '' ", Password='\${PASSWORD}'" ", Password='secret'"; do
			p12 "$kind" "$more"
			_run mcfg-lint "$T/p"
			[ "$status" -eq 0 ]
			lacks wrong-password "$T/stdout"
		done
	done
	p12 new ''
	finds 0 warning pkcs12-too-new 'payload[0].PayloadContent' "$T/p"
	p12 mac ''
	finds 0 warning pkcs12-too-new 'payload[0].PayloadContent' "$T/p"
	p12 macless ''
	finds 0 warning pkcs12-without-mac 'payload[0].PayloadContent' "$T/p"
}
