#!/usr/bin/env bats
# Someone who has heard a message learns nothing by asking about it.
#
# MCFG_TEST_ORACLE=all tries every change of an envelope (some minutes), else
# some of each kind.  What the replies cost is counted by tests/bench/oracle.

load helpers

@test "scep-ca oracle: one reply to whatever is not the asker's own" {
	every=400
	[ "${MCFG_TEST_ORACLE:-}" != all ] || every=1
	python3 -B "$TESTS/model/oracle.py" "$T/site" sweep $every
}

@test "scep-ca oracle: nor with a larger key, nor with an RA" {
	local key

	for key in rsa:3072 rsa:4096 ec; do
		python3 -B "$TESTS/model/oracle.py" "$T/${key#rsa:}" sweep \
		    1500 "${key#rsa:}"
	done
}

@test "scep-ca oracle: the judge's own cryptography agrees with openssl" {
	python3 -B "$TESTS/model/crypto.py"
}
