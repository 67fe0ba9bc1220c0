#!/usr/bin/env bats
# What programs that read site.yaml themselves get of it; how it gives
# defaults to options is in mcfg-service-payload.bats.

load helpers

setup() {
	site=${MCFG_BIN%/bin}/unit/unit_site
	[ -x "$site" ] || skip "$site is not built (make units)"
}

@test "site: values, lists, durations and their places" {
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

@test "site: what is not said is the default" {
	echo 'scep: {url: "http://ca.example.com/scep"}' > "$T/site.yaml"
	yields "$T/out" "$site" "$T/site.yaml" auth url scep.url
	diff "$T/out" - <<-'E'
	auth=htpasswd -1 -
	url=(none) -1 -
	scep.url=http://ca.example.com/scep -1 site.yaml:1:8
	E
}
