#!/usr/bin/env bats
# The operator's work: challenges and pending requests.

load helpers
load scep_helpers

setup() {
	cd "$T" || return
	ca ca
}

# asks NAME TXID [SUBJECT]: makes NAME.msg, a request without a challenge.
asks() {
	csr "$1" "${3:-/CN=$1}" ''
	message ca "$1" --transaction "$2"
}

# key_of NAME: prints the SHA-256 of its public key.
key_of() {
	openssl pkey -in "$1.key" -pubout -outform DER | openssl dgst -sha256 |
	    sed 's/.*= //'
}

# ---- challenges ----

@test "scep-ca challenge: is bound to exactly one subject and its names" {
	printf 'san:\n  dns: ["*.example.com"]\n' > ca/scep-ca.yaml
	device d
	asked=0
	ask() {
		local pw=$1
		shift
		csr d /O=Example/CN=d "$pw" "$@"
		message ca d --transaction "T$((++asked))"
	}
	bound() {
		challenge ca --subject /O=Example/CN=d "$@"
	}
	ask "$(bound --san dns:a.example.com --san dns:b.example.com)" \
	    'subjectAltName=DNS:b.example.com,DNS:a.example.com'
	granted ca d
	openssl x509 -in d.cert -noout -ext subjectAltName | grep -q b.example
	for names in DNS:b.example.com \
	    DNS:a.example.com,DNS:b.example.com,DNS:c.example.com ''; do
		ask "$(bound --san dns:a.example.com --san dns:b.example.com)" \
		    ${names:+"subjectAltName=$names"}
		denied ca d 2 ''
	done
	# Without --san, a request must not have names.
	ask "$(bound)" subjectAltName=DNS:a.example.com
	denied ca d 2 ''
	ask "$(bound)"
	granted ca d
	yields out scep-ca check --dir ca --json
	json_is out 'j["unbound"] == 0'
}

@test "scep-ca challenge: refuses a name that the policy does not allow" {
	no() {
		refuses 1 "$1" scep-ca challenge --dir ca "${@:2}"
	}
	no 'subjectAltName' --subject /CN=d --san dns:d.example.com
	no "CA's own name" --subject /O=Example/CN=CA
	printf 'subject: [CN]\nsan:\n  dns: ["*.example.com"]\n' \
	    > ca/scep-ca.yaml
	no 'policy does not allow' --subject /O=Example/CN=d
	no 'subjectAltName dns:d.example.org' --subject /CN=d \
	    --san dns:d.example.org
	no 'subjectAltName email' --subject /CN=d --san dns:d.example.com \
	    --san email:d@example.com
	yields - scep-ca challenge --dir ca --subject /CN=d \
	    --san dns:d.example.com
	refuses 2 'missing --subject' scep-ca challenge --dir ca \
	    --san dns:d.example.com
	refuses 2 '--san' scep-ca challenge --dir ca --subject /CN=d \
	    --san nothing
	yields list scep-ca challenge --dir ca --list
	cat list
	[ "$(wc -l < list)" -eq 2 ]
}

@test "scep-ca challenge: is listed and voided, and never shown" {
	first=$(challenge ca --subject /CN=d --note $'for\nd')
	second=$(challenge ca)
	yields list scep-ca challenge --dir ca --list
	head -n 1 list | grep -q '^ID '
	[ "$(wc -l < list)" -eq 3 ]
	grep -q 'open .* CN=d  (for' list
	grep -q 'open .* any name$' list
	run -1 grep -F -e "$first" -e "$second" list
	yields list.json scep-ca challenge --dir ca --list --json
	json_is list.json '[(c["state"], c["bound"], c["subject"], c["names"])
	    for c in j if c["note"]] == [("open", True, "CN=d", [])]'
	id=$(awk '/CN=d/ { print $1 }' list)
	[ "${#id}" -eq 12 ]
	[[ $(printf %s "$first" | openssl dgst -sha256) == *" $id"* ]]
	refuses 2 'at least 6' scep-ca challenge --dir ca --void "${id:0:5}"
	refuses 2 'not an ID' scep-ca challenge --dir ca --void "${id}x"
	refuses 1 'no such' scep-ca challenge --dir ca --void 000000000000
	yields - scep-ca challenge --dir ca --void "${id^^}"
	refuses 1 'before' scep-ca challenge --dir ca --void "$id"
	scep-ca challenge --dir ca --list | grep -q "^$id  voided "
	device d
	csr d /CN=d "$first"
	message ca d
	denied ca d 2 ''
	scep-ca challenge --dir ca --list --at 2099-01-01T00:00:00Z |
	    grep -q 'expired .* any name$'
	csr d /CN=d "$second"
	message ca d --transaction other
	granted ca d
	scep-ca challenge --dir ca --list | grep -q 'spent .* any name$'
	# check counts the certificate.
	yields out scep-ca check --dir ca
	grep -q ', 1 by challenges that any name could use, 0 pending: good$' \
	    out
	serial=$(openssl x509 -in d.cert -noout -serial)
	scep-ca show --dir ca --json "${serial#serial=}" > show.json
	json_is show.json 'j["unbound"]'
	for wrong in '--list --void 012345' '--list --ttl 1m' \
	    '--void 012345 --note x' --json; do
		# shellcheck disable=SC2086 # words
		refuses 2 '--' scep-ca challenge --dir ca $wrong
	done
}

# ---- decisions ----

@test "scep-ca list --pending: has all facts for a decision" {
	printf 'approval: manual\nsan:\n  dns: ["*"]\n' > ca/scep-ca.yaml
	device d
	csr d /O=Example/CN=d "$(challenge ca)" subjectAltName=DNS:d.example.com
	message ca d --transaction T1
	REQUEST_METHOD=POST QUERY_STRING=operation=PKIOperation \
	    CONTENT_LENGTH=$(wc -c < d.msg) REMOTE_ADDR=192.0.2.7 \
	    GATEWAY_INTERFACE=CGI/1.1 SCEP_CA_DIR=ca scep-ca < d.msg \
	    > reply 2> err
	yields list scep-ca list --dir ca --pending
	head -n 1 list | grep -q '^TRANSACTION  *AGE  *ADDRESS  *KEY'
	grep -q "^T1 .* 192.0.2.7 .*$(key_of d | cut -c1-16)  [0-9a-f]\{32\}  CN=d,O=Exa" list
	grep -q 'CN=d,O=Example \["dns:d.example.com"\]$' list
	yields list.json scep-ca list --dir ca --pending --json
	KEY=$(key_of d) json_is list.json '[(r["transaction"], r["subject"],
	    r["names"], r["client"], r["challenge"], r["state"]) for r in j] ==
	    [("T1", "CN=d,O=Example", ["dns:d.example.com"], "192.0.2.7", True,
	    "pending")] and
	    j[0]["key_sha256"] == __import__("os").environ["KEY"]'
	scep-ca list --dir ca --pending --at "$(date -u -d '+3 days' \
	    +%Y-%m-%dT%H:%M:%SZ)" | grep -q '^T1  * [23]d '
}

# A stranger chooses the name and the transaction, which must not hide facts.
@test "scep-ca list --pending: shows a whole name" {
	local long serial

	echo 'approval: manual' > ca/scep-ca.yaml
	device d
	long=/CN=administrator
	for _ in $(seq 12); do
		long+=/OU=$(printf 'x%.0s' $(seq 60))
	done
	asks d T1 "$long/CN=printer-17"
	waits d
	yields list scep-ca list --dir ca --pending
	grep -q '^T1 .*CN=printer-17,OU=.*,CN=administrator$' list
	yields approved scep-ca approve --dir ca T1
	grep -q '^T1 .*,CN=administrator$' approved
	asks d T1 "$long/CN=printer-17"
	granted ca d
	yields list scep-ca list --dir ca
	grep -q ',CN=administrator$' list
	serial=$(openssl x509 -in d.cert -noout -serial)
	yields shown scep-ca show --dir ca "${serial#serial=}"
	grep -q '^subject .*,CN=administrator$' shown
}

@test "scep-ca list --pending: shows a transaction as one word" {
	echo 'approval: manual' > ca/scep-ca.yaml
	device d
	asks d 'T1  1s  192.0.2.7  CN=printer-17' /CN=administrator
	waits d
	yields list scep-ca list --dir ca --pending
	[ "$(awk 'NR == 2 { print $1, NF, $NF }' list)" = \
	    'T1\x20\x201s\x20\x20192.0.2.7\x20\x20CN=printer-17 6 CN=administrator' ]
	yields out scep-ca approve --dir ca 'T1  1s  192.0.2.7  CN=printer-17'
	[ "$(awk '{ print NF, $NF }' out)" = '4 CN=administrator' ]
}

@test "scep-ca approve: --key chooses between two keys of one transaction" {
	echo 'approval: manual' > ca/scep-ca.yaml
	device d
	device e
	asks d T1
	waits d
	asks e T1
	waits e
	refuses 1 '2 requests' scep-ca approve --dir ca T1
	grep -q "$(key_of d)" stderr
	grep -q "$(key_of e)" stderr
	refuses 1 'pending' scep-ca approve --dir ca T1 --key 00000000
	refuses 2 '--key' scep-ca approve --dir ca T1 --key xyz
	yields out scep-ca approve --dir ca T1 --key "$(key_of e)"
	grep -q "^T1  approved  $(key_of e)  CN=e$" out
	asks e T1
	granted ca e
	asks d T1
	waits d
	# The only one left needs no --key.
	yields - scep-ca approve --dir ca T1
	asks d T1
	granted ca d
}

@test "scep-ca approve: can be undone until the certificate is collected" {
	echo 'approval: manual' > ca/scep-ca.yaml
	device d
	asks d T1
	waits d
	refuses 1 'approved' scep-ca approve --dir ca --undo T1
	yields - scep-ca approve --dir ca T1
	[ "$(listed ca --pending)" -eq 0 ]
	yields out scep-ca approve --dir ca --undo T1
	grep -q '^T1  pending ' out
	[ "$(listed ca --pending)" -eq 1 ]
	asks d T1
	waits d
	yields - scep-ca approve --dir ca T1
	asks d T1
	granted ca d
	refuses 1 'collected' scep-ca approve --dir ca --undo T1
	serial=$(openssl x509 -in d.cert -noout -serial)
	yields show scep-ca show --dir ca "${serial#serial=}"
	grep -q "^approved by  *operator $(id -un)$" show
	grep -q '^approved  *20..-' show
	yields show.json scep-ca show --dir ca --json "${serial#serial=}"
	json_is show.json 'j["decider"].startswith("operator ") and
	    j["decided"].endswith("Z")'
}

# A client can get its request dropped and put another into its place.
@test "scep-ca approve: --csr approves only the request that was shown" {
	local shown n

	printf 'approval: manual\n' > ca/scep-ca.yaml
	device d
	asks d T1 /O=Example/CN=printer-17
	waits d
	shown=$(scep-ca list --dir ca --pending | awk '$1 == "T1" { print $5 }')
	[ "${#shown}" -eq 32 ]
	yields json scep-ca list --dir ca --pending --json
	[[ $(python3 -c 'import json; print(json.load(
	    open("json"))[0]["csr_sha256"])') == "$shown"* ]]
	for n in 2 3 4 5 6; do
		asks d "T$n"
		waits d
	done
	asks d T1 /O=Example/CN=administrator
	waits d
	refuses 1 'another request' scep-ca approve --dir ca T1 --csr "$shown"
	[ "$(listed ca --pending)" -eq 5 ]
	asks d T1 /O=Example/CN=administrator
	waits d
	refuses 1 'pending' scep-ca approve --dir ca T9 --csr "$shown"
	for n in '' "${shown:0:31}" "${shown}x" "$shown$shown$shown"; do
		refuses 2 --csr scep-ca approve --dir ca T1 --csr "$n"
	done
	refuses 2 --csr scep-ca approve --dir ca --undo T1 --csr "$shown"
	shown=$(scep-ca list --dir ca --pending | awk '$1 == "T1" { print $5 }')
	yields - scep-ca approve --dir ca T1 --csr "${shown^^}"
	asks d T1 /O=Example/CN=administrator
	granted ca d
	n=$(openssl x509 -in d.cert -noout -serial)
	scep-ca show --dir ca "${n#serial=}" | grep -q "^csr  *$shown"
	scep-ca show --dir ca --json "${n#serial=}" > json
	json_is json "j['csr_sha256'].startswith('$shown')"
}

@test "scep-ca approve: issues only the approved request" {
	echo 'approval: manual' > ca/scep-ca.yaml
	device d
	asks d T1 /O=Example/CN=printer-17
	waits d
	scep-ca approve --dir ca T1
	asks d T1 /O=Example/CN=administrator
	denied ca d 2 ''
	asks d T1 /O=Example/CN=printer-17
	granted ca d
	openssl x509 -in d.cert -noout -subject -nameopt oneline | grep -q printer-17
}

@test "scep-ca reject: rejects several, all, or all that are old" {
	echo 'approval: manual' > ca/scep-ca.yaml
	for n in 1 2 3 4; do
		device "d$n"
		asks "d$n" "T$n"
		waits "d$n"
	done
	yields out scep-ca reject --dir ca T1 T2
	[ "$(grep -c '  rejected  ' out)" -eq 2 ]
	[ "$(listed ca --pending)" -eq 2 ]
	# An unknown one does not stop the others.
	refuses 1 'T9: nothing' scep-ca reject --dir ca T9 T3
	[ "$(listed ca --pending)" -eq 1 ]
	yields out scep-ca reject --dir ca --all --older 1h
	[ "$(cat out)" = '0 rejected' ]
	yields out scep-ca reject --dir ca --all
	[ "$(cat out)" = '1 rejected' ]
	[ "$(listed ca --pending)" -eq 0 ]
	for wrong in '' '--all T1' '--older 1h' '--older 1h T1' \
	    '--key 00 T1 T2'; do
		# shellcheck disable=SC2086 # words
		refuses 2 '' scep-ca reject --dir ca $wrong
	done
}

@test "scep-ca purge: forgets requests that were not decided or collected" {
	printf 'approval: manual\npending_ttl: 2d\n' > ca/scep-ca.yaml
	device d
	asks d T1
	waits d
	challenge ca > pw
	later() {
		date -u -d "+$1" +%Y-%m-%dT%H:%M:%SZ
	}
	yields out scep-ca purge --dir ca
	[ "$(cat out)" = '0 requests and 0 challenges forgotten' ]
	yields out scep-ca purge --dir ca --at "$(later '1 day')"
	[ "$(cat out)" = '0 requests and 0 challenges forgotten' ]
	yields out scep-ca purge --dir ca --at "$(later '3 days')"
	[ "$(cat out)" = '1 requests and 1 challenges forgotten' ]
	[ "$(listed ca --pending)" -eq 0 ]
	asks d T2
	waits d
	yields out scep-ca purge --dir ca --older 1h --at "$(later '2 hours')"
	[ "$(cat out)" = '1 requests and 0 challenges forgotten' ]
}
