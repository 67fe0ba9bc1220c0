#!/usr/bin/env bats
# How programs read site.yaml.  Its defaults for options are tested in
# mcfg-service-payload.bats.

load helpers

setup() {
	site=${MCFG_BIN%/bin}/unit/unit_site
	[ -x "$site" ] || skip "$site is not built (make units)"
}

@test "site: reads values, lists and durations, with their places" {
	cat > "$T/site.yaml" <<-'YAML'
	url: https://profiles.example.com
	identifier: com.example
	attributes:
	  - UDID
	  - SERIAL
	enroll_ttl: 15m
	scep:
	  key_size: 4096
	  challenge_ttl: 1h
	facts: ./facts
	auth:
	  ldap:
	    url: ldaps://ldap.example.com
	    base: dc=example,dc=com
	    filter: (uid=$)
	YAML
	yields "$T/out" "$site" "$T/site.yaml" url profile_url scep.url identifier \
	    identifier.profile-service identifier.scep identifier.profile \
	    attributes enroll_ttl scep.key_size scep.challenge_ttl facts auth \
	    auth.ldap.url auth.ldap.base auth.ldap.filter ledger
	diff "$T/out" - <<-'E'
	url=https://profiles.example.com -1 site.yaml:1:1
	profile_url=https://profiles.example.com/profile -1 site.yaml:1:1
	scep.url=https://profiles.example.com/scep -1 site.yaml:1:1
	identifier=com.example -1 site.yaml:2:1
	identifier.profile-service=com.example.profile-service -1 site.yaml:2:1
	identifier.scep=com.example.scep -1 site.yaml:2:1
	identifier.profile=com.example.profile -1 site.yaml:2:1
	attributes=UDID,SERIAL [UDID] [SERIAL] -1 site.yaml:3:1
	enroll_ttl=15m 900 site.yaml:6:1
	scep.key_size=4096 -1 site.yaml:8:3
	scep.challenge_ttl=1h 3600 site.yaml:9:3
	facts=./facts -1 site.yaml:10:1
	auth=ldap -1 site.yaml:13:5
	auth.ldap.url=ldaps://ldap.example.com -1 site.yaml:13:5
	auth.ldap.base=dc=example,dc=com -1 site.yaml:14:5
	auth.ldap.filter=(uid=$) -1 site.yaml:15:5
	ledger=(none) -1 -
	E
}

@test "site: missing keys have defaults" {
	echo 'scep: {url: "http://ca.example.com/scep"}' > "$T/site.yaml"
	yields "$T/out" "$site" "$T/site.yaml" auth url scep.url
	diff "$T/out" - <<-'E'
	auth=htpasswd -1 -
	url=(none) -1 -
	scep.url=http://ca.example.com/scep -1 site.yaml:1:8
	E
}

# filters STATUS FILTER [LINE...]: reads a site with this filter, and with these
# lines in its ldap section.
filters() {
	local want=$1 filter=$2

	shift 2
	{
		printf 'auth:\n  ldap:\n    url: ldaps://ldap.example.com\n'
		printf '    base: dc=example\n    filter: %s\n' "$filter"
		[ $# -eq 0 ] || printf '    %s\n' "$@"
	} > "$T/site.yaml"
	if [ "$want" = 0 ]; then
		yields "$T/out" "$site" "$T/site.yaml" auth.ldap.user
	else
		refuses "$want" "$TEXT" "$site" "$T/site.yaml" auth
	fi
}

@test "site: a filter that compares several attributes needs auth.ldap.user" {
	filters 0 '(uid=?)'
	filters 0 '(&(uid=$)(memberOf=cn=mobile,dc=example))'
	filters 0 '(|(uid=?)(UID=?@example.com)(uid=*?*))'
	TEXT='site.yaml:5:5: auth.ldap.filter: '
	for filter in '(|(uid=?)(mail=?))' '(|(mail=$)(uid=?))' \
	    '(|(&(uid=?)(a=b))(&(c=d)(!(mail=x?))))' '(|(uid=?)(uid2=?))' \
	    '(:dn:2.5.13.2:=?)' '(?=x)' '(|(uid=?)(mail~=?))' \
	    '(|(uid=?)(mail:caseExactMatch:=?))' '(&(uid=?)?)' \
	    '(|(uid=?)( mail=?))'; do
		filters 3 "'$filter'"
		filters 0 "'$filter'" 'user: uid'
		grep -qx 'auth.ldap.user=uid .*' "$T/out"
	done
}

@test "site: auth.ldap.user names one attribute" {
	for name in "''" uid? 'mail*' 'uid,mail' '"uid mail"' '-uid' 1.2 "'*'" \
	    '[uid]'; do
		TEXT='site.yaml:6:5: auth.ldap.user: '
		filters 3 '(uid=?)' "user: $name"
	done
}

@test "site: an outside CA over http needs a challenge for each device" {
	outside() {
		printf 'url: https://a.example\nscep:\n  url: %s\n' "$2" \
		    > "$T/site.yaml"
		[ -z "${3:-}" ] || echo "  $3" >> "$T/site.yaml"
		if [ "$1" = 0 ]; then
			yields "$T/out" "$site" "$T/site.yaml" scep.url
		else
			refuses "$1" 'site.yaml:3:3: scep.url: ' "$site" \
			    "$T/site.yaml" scep.url
		fi
	}
	outside 3 http://ca.example.com/scep
	outside 3 http://ca.example.com/scep 'challenge: file:pw'
	outside 3 http://localhost.example.com/scep
	outside 3 http://127.0.0.1.example.com/
	outside 3 http://localhost:80@example.com/
	outside 3 http://127.0.0.1:80@example.com/
	outside 3 'http://[::1]:80@example.com/'
	outside 3 'http://[::1].example.com/'
	outside 0 http://ca.example.com/scep 'challenge_program: ./ask'
	for url in https://ca.example.com/ http://localhost:1/ \
	    http://localhost/scep http://127.0.0.1/scep http://127.1.2.3:8/x \
	    'http://[::1]:80/scep'; do
		outside 0 "$url"
	done
}
