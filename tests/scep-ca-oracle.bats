#!/usr/bin/env bats
# An attacker who has a message learns nothing from replies to changed copies.
#
# MCFG_TEST_ORACLE=all tries every change (some minutes), not only some of each
# kind.  tests/bench/oracle counts what the replies cost.

load helpers

@test "scep-ca oracle: every changed message gets the same reply" {
	every=400
	[ "${MCFG_TEST_ORACLE:-}" != all ] || every=1
	python3 -B "$TESTS/model/oracle.py" "$T/site" sweep $every
}

@test "scep-ca oracle: so it does with a larger key and with an RA" {
	local key

	for key in rsa:3072 rsa:4096 ec; do
		python3 -B "$TESTS/model/oracle.py" "$T/${key#rsa:}" sweep \
		    1500 "${key#rsa:}"
	done
}

@test "scep-ca oracle: the judge's cryptography agrees with openssl" {
	python3 -B "$TESTS/model/crypto.py"
}
