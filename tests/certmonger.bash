# certmonger, the SCEP client; loaded after helpers.

CERTMONGER=/usr/lib/certmonger/certmonger-session

# needs_certmonger: skips the test if it is not installed.
needs_certmonger() {
	needs dbus-run-session
	needs getcert
	[ -x "$CERTMONGER" ] || skip 'certmonger is not installed'
}

# certmonger_runs: runs the commands on standard input in a session with its own
# certmonger.  They can call awaits; what they print is in cm.out.  The session
# does not pass on their status.
certmonger_runs() {
	declare -f awaits > x.sh
	cat >> x.sh
	HOME=$T dbus-run-session -- timeout 600 "$CERTMONGER" -s -n \
	    -c "bash $T/x.sh" > cm.out 2>&1 3>&- || :
}
