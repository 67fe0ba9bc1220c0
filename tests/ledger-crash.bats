#!/usr/bin/env bats
# After SIGKILL at any system call that changes state, the database is intact,
# no challenge is lost, and a request without a response can be repeated.  Tries
# every fourth call, or each with MCFG_TEST_CRASH=all.

# shellcheck disable=SC2016,SC2317 # sweep calls again()

load helpers
load ledger

# Only for SQLite: a PostgreSQL server would survive the kill.
setup() {
	needs strace
	needs sqlite3
	LEDGER=sqlite:$T/ledger.db
	UNIT=${MCFG_BIN%/bin}/unit/unit_ledger
	[ -x "$UNIT" ] || skip "unit_ledger is not built (make units)"
	strace -o /dev/null true 2> /dev/null || skip 'strace may not trace'
	STEP=4
	[ "${MCFG_TEST_CRASH:-}" != all ] || STEP=1
}

# count WHAT WHERE...: counts rows.
count() {
	local from=$1

	shift
	sql "SELECT COUNT(*) FROM $from${1:+ WHERE $*}"
}

# A step, what it issued and its event are recorded together or not at all.
# Each row is a violation.
RULES="
WITH n (enrollments, gone_on, configured, certificates, events, enroll,
    enroll_spent, identity, bought, client) AS (SELECT
    (SELECT COUNT(*) FROM enrollment),
    (SELECT COUNT(*) FROM enrollment WHERE state <> 'started'),
    (SELECT COUNT(*) FROM enrollment WHERE state = 'configured'),
    (SELECT COUNT(*) FROM certificate),
    (SELECT COUNT(*) FROM event),
    (SELECT COUNT(*) FROM challenge WHERE purpose = 'enroll'),
    (SELECT COUNT(*) FROM challenge WHERE purpose = 'enroll' AND spent <> 0),
    (SELECT COUNT(*) FROM challenge WHERE purpose = 'identity' AND voided = 0),
    (SELECT COUNT(*) FROM challenge WHERE purpose IN ('identity', 'manual')
	AND spent <> 0),
    (SELECT COUNT(*) FROM challenge WHERE purpose = 'client' AND voided = 0))
SELECT 'started' FROM n WHERE enrollments <> enroll
UNION ALL SELECT 'spent' FROM n WHERE gone_on <> enroll_spent
UNION ALL SELECT 'identified' FROM n WHERE gone_on <> identity
UNION ALL SELECT 'certified' FROM n WHERE bought <> certificates
UNION ALL SELECT 'configured' FROM n WHERE configured > client OR client > 1
UNION ALL SELECT 'events' FROM n WHERE events <>
    enrollments + gone_on + certificates + configured;"

whole() {
	local said

	said=$(sql "PRAGMA integrity_check; PRAGMA foreign_key_check; $RULES")
	[ "$said" = ok ] || {
		echo "$said"
		return 1
	}
}

restore() {
	rm -f "$T"/ledger.db*
	[ ! -e "$T/before" ] || cp "$T/before" "$T/ledger.db"
}

# sweep AFTERWARDS COMMAND...: kills COMMAND at one call after another of each
# kind until it succeeds, and runs AFTERWARDS after each kill.
sweep() {
	local afterwards=$1 call n killed=0

	shift
	restore
	for call in pwrite64 fdatasync fsync ftruncate unlink write; do
		for ((n = 1; ; n += STEP)); do
			restore
			status=0
			strace -f -qq -o "$T/trace" -e trace="$call" \
			    -e inject="$call:signal=KILL:when=$n" "$@" \
			    > "$T/out" 2> "$T/err" || status=$?
			[ "$status" -ne 0 ] || break
			[ "$status" -eq 137 ] || {
				echo "$call $n: status $status"
				cat "$T/err"
				return 1
			}
			killed=$((killed + 1))
			# A new ledger may be incomplete.
			if grep -qs ordinal "$T/ledger.db"; then
				whole || { echo "after $call $n"; return 1; }
			fi
			"$afterwards" || { echo "after $call $n"; return 1; }
			whole || { echo "again after $call $n"; return 1; }
		done
	done
	[ "$killed" -ge 4 ] || { echo "killed $killed times only"; return 1; }
	echo "# killed $killed times" >&3
}

keep() {
	cp "$T/ledger.db" "$T/before"
}

device_plist() {
	printf '%s' '<plist version="1.0"><dict><key>UDID</key><string>A' \
	    '</string><key>CHALLENGE</key><string>' "$(cat "$T/c")" \
	    '</string></dict></plist>' > "$T/in"
}

@test "crash: start, with a new ledger" {
	again() {
		mcfg-enrollment start --ledger "$LEDGER" --user=bob > /dev/null
	}
	sweep again mcfg-enrollment start --ledger "$LEDGER" --user=jane
}

@test "crash: identify" {
	mcfg-enrollment start --ledger "$LEDGER" --user=jane > "$T/c"
	device_plist
	keep
	again() {
		local spent got=0

		spent=$(count challenge "purpose = 'enroll' AND spent <> 0")
		mcfg-enrollment identify --ledger "$LEDGER" "$T/in" \
		    > /dev/null 2>&1 || got=$?
		[ "$got" -eq "$spent" ]
	}
	sweep again mcfg-enrollment identify --ledger "$LEDGER" "$T/in"
}

@test "crash: a certificate is recorded" {
	printf 'challenge secret manual - 2000 10\n' |
	    "$UNIT" "$LEDGER" > /dev/null
	keep
	echo 'certify 01 t1 k /CN=s secret 20' > "$T/first"
	again() {
		local said

		said=$("$UNIT" "$LEDGER" <<< 'certify 02 t1 k /CN=s secret 20')
		case $(count certificate),$said in
		'1,recorded'|'1,retry 01') ;;
		*) echo "$said"; return 1 ;;
		esac
	}
	export UNIT LEDGER T
	sweep again bash -c 'exec "$UNIT" "$LEDGER" < "$T/first"'
}

@test "crash: complete, then sent" {
	mcfg-enrollment start --ledger "$LEDGER" --user=jane > "$T/c"
	device_plist
	mcfg-enrollment identify --ledger "$LEDGER" "$T/in" > "$T/scep"
	"$UNIT" "$LEDGER" > /dev/null \
	    <<< "record $PKI/client.pem $(cat "$T/scep") $(date +%s)"
	keep
	again() {
		mcfg-enrollment complete --ledger "$LEDGER" \
		    --signer "$PKI/client.pem" "$T/in" > "$T/vars"
	}
	sweep again mcfg-enrollment complete --ledger "$LEDGER" \
	    --signer "$PKI/client.pem" "$T/in"
	again
	keep
	id=$(mcfg-get ENROLLMENT "$T/vars")
	told() {
		[ "$(count enrollment "state = 'configured'")" -eq 1 ] ||
		    mcfg-enrollment sent --ledger "$LEDGER" "$id"
	}
	sweep told mcfg-enrollment sent --ledger "$LEDGER" "$id"
}

@test "crash: a call that fails is a fault, and never wastes a challenge" {
	local call n error failed=0

	mcfg-enrollment start --ledger "$LEDGER" --user=jane > "$T/c"
	device_plist
	keep
	for call in pwrite64:ENOSPC pread64:EIO fdatasync:EIO ftruncate:EIO \
	    fcntl:EIO getrandom:ENOSYS write:ENOSPC; do
		error=${call#*:}
		call=${call%:*}
		for ((n = 1; ; n += STEP)); do
			restore
			status=0
			strace -f -qq -o "$T/trace" -e trace="$call" \
			    -e inject="$call:error=$error:when=$n" \
			    mcfg-enrollment identify --ledger "$LEDGER" \
			    "$T/in" > "$T/out" 2> "$T/err" || status=$?
			grep -q INJECTED "$T/trace" || break
			# Ignore calls of the dynamic loader.
			! grep -q 'shared libraries' "$T/err" || continue
			failed=$((failed + 1))
			whole || { echo "$call $n"; return 1; }
			case $status in
			0)
				[ "$(count challenge "purpose = 'identity' AND hash = '$(tr -d '\n' < "$T/out" | sha256sum | cut -d' ' -f1)'")" -eq 1 ] ;;
			4)
				[ ! -s "$T/out" ] &&
				    { [ "$(wc -l < "$T/err")" -eq 1 ] ||
				    [ "$call" = write ]; } ;;
			*)
				echo "$call $n: status $status"
				cat "$T/err"
				return 1
				;;
			esac || { echo "$call $n $status"; cat "$T/err"; return 1; }
		done
	done
	[ "$failed" -ge 6 ]
}
