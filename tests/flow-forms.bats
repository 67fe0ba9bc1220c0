#!/usr/bin/env bats
# Runs the tests of mcfg.cgi against mcfg-service: those tagged short, or all of
# them with FULL=1.

load helpers
load flow
load postgresql

# in_form FILE [FILTER...]: the file's tests pass with mcfg-service.
in_form() {
	local file=$1

	shift
	needs lighttpd
	[ -z "${FULL:-}" ] || set --
	printf 'setup_suite() { :; }\n' > "$T/setup_suite.bash"
	FORM=service bats --setup-suite-file "$T/setup_suite.bash" -F tap "$@" \
	    "$TESTS/$file" > "$T/tap" 3>&- || {
		grep -a -A 20 '^not ok' "$T/tap"
		return 1
	}
	grep -a '^ok ' "$T/tap" | grep -qav '# skip'
}

teardown() {
	postgresql_stop
}

@test "forms: the same requests have the same responses, log and ledger" {
	make_site
	rsa_key "$T/key"
	python3 "$TESTS/forms.py" "$SITE" "$ROOT/scripts/mcfg.cgi" \
	    "$MCFG_BIN/mcfg-service" "$T/forms" "$T/key"
}

@test "forms: the same requests have the same results with PostgreSQL" {
	postgresql_needed
	postgresql_start
	make_site
	rsa_key "$T/key"
	for form in script service worker; do
		postgresql_schema "$form"
	done
	LEDGER=$(postgresql_uri SCHEMA) \
	    ONLY='^(phase (1: ledger|2|3)(?!.*(unread|changed|full))|SCEP|.*invitation|aborted)' \
	    python3 "$TESTS/forms.py" "$SITE" "$ROOT/scripts/mcfg.cgi" \
	    "$MCFG_BIN/mcfg-service" "$T/forms" "$T/key"
}

@test "mcfg-service: the tests of mcfg.cgi" {
	in_form mcfg.cgi.bats -f 'other methods|length of a message|broken|program knows|no request leaves'
}

@test "mcfg-service: the tests of a whole enrollment" {
	in_form flow-enroll.bats -f 'variables|late repeat|devices.allow|broken profile'
}

@test "mcfg-service: the tests of refusals" {
	in_form flow-refusals.bats
}

@test "mcfg-service: the tests of a site under lighttpd" {
	in_form web-lighttpd.bats --filter-tags short
}

@test "mcfg-service: the tests of a site under nginx" {
	[ -n "${FULL:-}" ] || skip 'FULL=1 runs it'
	in_form web-nginx.bats
}

@test "mcfg-service: the tests of a site under Apache" {
	[ -n "${FULL:-}" ] || skip 'FULL=1 runs it'
	in_form web-apache.bats
}

@test "mcfg-service: the tests of a directory behind nginx" {
	in_form directory-nginx.bats --filter-tags short
}

@test "mcfg-service: the tests of the workers behind nginx" {
	in_form web-workers.bats -f 'does not choose'
}
