#!/usr/bin/env bats
# The page for operators.  The judges are Python's html.parser and json,
# xmllint, openssl, sqlite3 or psql, and Chromium if it is installed.

load helpers
load ledger

setup() {
	ledger_setup
	UNIT=${MCFG_BIN%/bin}/unit/unit_ledger
	[ -x "$UNIT" ] || skip "unit_ledger is not built (make units)"
	# A Wednesday.
	NOW=2026-11-25T12:00:00Z
	EPOCH=$(date -d "$NOW" +%s)
}

# ago SECONDS: prints the time so many seconds before $NOW.
ago() {
	date -u -d "@$((EPOCH - $1))" +%Y-%m-%dT%H:%M:%SZ
}

# report [ARG...]: puts the page, well-formed, in $T/page, its data in $T/json.
report() {
	yields "$T/page" mcfg-report --ledger "$LEDGER" --at "$NOW" "$@"
	xmllint --noout "$T/page"
	yields "$T/json" mcfg-report --ledger "$LEDGER" --at "$NOW" --json "$@"
}

# begun NAME USER AGO: starts an enrollment, so many seconds ago.
begun() {
	mcfg-enrollment start --ledger "$LEDGER" --user="$2" \
	    --at "$(ago "$3")" > "$T/$1.enroll"
}

# known NAME USER AGO [UDID [PRODUCT]]: the same, and its device answered a
# minute later.
known() {
	begun "$1" "$2" "$3"
	python3 - "$T/$1.enroll" "${4:-$1}" "${5:-iPhone12,1}" \
	    > "$T/$1.plist" <<-'PY'
	import plistlib, sys
	c = open(sys.argv[1]).read().strip()
	plistlib.dump({'UDID': sys.argv[2], 'SERIAL': 'S-' + sys.argv[2][:9],
	    'PRODUCT': sys.argv[3], 'CHALLENGE': c}, sys.stdout.buffer)
	PY
	mcfg-enrollment identify --ledger "$LEDGER" --at "$(ago $(($3 - 60)))" \
	    ${TTL:+--ttl "$TTL"} "$T/$1.plist" > "$T/$1.scep"
}

# held NAME ...: the same, and its certificate was recorded a minute after that.
held() {
	known "$@"
	openssl req -x509 -key "$PKI/client.key" -subj "/CN=$1" -days 300 \
	    -out "$T/$1.pem" 2> /dev/null
	"$UNIT" "$LEDGER" <<< "record $T/$1.pem $(cat "$T/$1.scep") \
	    $((EPOCH - $3 + 120))" | grep -qx recorded
	# The certificate is as old as the enrollment.
	sql "UPDATE certificate SET not_before = $((EPOCH - $3)),
	    not_after = $((EPOCH - $3 + 31536000)) WHERE serial =
	    '$(serial_of "$T/$1.pem")'"
}

serial_of() {
	openssl x509 -in "$1" -noout -serial | cut -d= -f2 | tr A-F a-f
}

# through NAME ...: the same, and it got its configuration.
through() {
	held "$@"
	completes "$1" $(($3 - 180))
}

completes() {
	mcfg-enrollment complete --ledger "$LEDGER" --signer "$T/$1.pem" \
	    --at "$(ago "$2")" "$T/$1.plist" > "$T/$1.configured"
	mcfg-enrollment sent --ledger "$LEDGER" --at "$(ago "$2")" \
	    "$(mcfg-get ENROLLMENT "$T/$1.configured")"
}

# page_is EXPRESSION: the expression is true of the page p, which has
#   p.text(id)   all text of the section with this heading
#   p.rows(TEXT) the rows of the table whose caption holds TEXT, as lists
#   p.tags       every element in document order, as (name, attributes)
page_is() {
	python3 - "$T/page" "$1" <<-'PY'
	import html.parser, sys
	VOID = {'meta'}
	class Page(html.parser.HTMLParser):
	    def __init__(self, text):
	        super().__init__()
	        self.tags, self.stack, self.tables = [], [], []
	        self.sections, self.caption, self.problems = {}, None, []
	        self.feed(text)
	        self.close()
	        if self.stack:
	            self.problems.append('left open: %s' % self.stack)
	    def handle_starttag(self, tag, attrs):
	        a = dict(attrs)
	        if len(a) != len(attrs):
	            self.problems.append('doubled attribute in ' + tag)
	        self.tags.append((tag, a))
	        if tag in VOID:
	            return
	        self.stack.append((tag, a))
	        if tag == 'table':
	            self.tables.append(['', []])
	        if tag == 'tr':
	            self.tables[-1][1].append([])
	        if tag in ('td', 'th'):
	            self.tables[-1][1][-1].append('')
	    def handle_startendtag(self, tag, attrs):
	        self.tags.append((tag, dict(attrs)))
	    def handle_endtag(self, tag):
	        if not self.stack or self.stack.pop()[0] != tag:
	            self.problems.append('end of ' + tag)
	    def handle_data(self, data):
	        inside = [t for t, a in self.stack]
	        for t, a in self.stack:
	            if t == 'section':
	                key = a['aria-labelledby']
	                self.sections[key] = self.sections.get(key, '') + data
	        if 'caption' in inside:
	            self.tables[-1][0] += data
	        elif 'td' in inside or 'th' in inside:
	            self.tables[-1][1][-1][-1] += data
	    def text(self, key):
	        return ' '.join(self.sections[key].split())
	    def rows(self, caption):
	        return [[' '.join(c.split()) for c in r]
	            for t in self.tables if caption in t[0] for r in t[1][1:]]
	text = open(sys.argv[1], encoding='utf-8').read()
	p = Page(text)
	if p.problems or not eval('(' + sys.argv[2] + ')'):
	    print(p.problems)
	    for t in p.tables: print(t)
	    for s in p.sections: print(s, p.text(s))
	    sys.exit(1)
	PY
}

# ---- the ledger ----

@test "report: an empty ledger makes an empty page" {
	"$UNIT" "$LEDGER" <<< check > /dev/null
	report
	json_is "$T/json" 'j["enrollments"]["total"] == 0 and j["attention"] == []
	    and j["ca"] is None and j["refusals"] is None
	    and j["organization"] is None and j["at"] == "'"$NOW"'"'
	json_is "$T/json" '[x["from"] for x in j["enrollments"]["over_time"]][::29]
	    == ["2026-10-27T00:00:00Z", "2026-11-25T00:00:00Z"]'
	page_is '"Nobody is stuck" in p.text("stuck")
	    and "Nothing found" in p.text("attention")
	    and "refusals" not in p.sections'
}

# filled: one enrollment of each kind; the third argument is its age in seconds.
filled() {
	begun a anna 600			# its challenge is still good
	begun b ben 7200			# expired
	begun c carla 10800			# carla got through later
	through d carla 5400
	for i in 1 2 3 4 5; do
		begun "e$i" emil 9000
	done
	begun e6 emil 8900			# voids the first of emil's
	known f farid 14400			# its SCEP challenge expired
	TTL=2h known g greta 6000		# got through with another device
	through h greta 5000
	held i ines 90000			# never came back
	held j jonas 90000			# its certificate was revoked
	sql "UPDATE certificate SET revoked = $((EPOCH - 80000)), reason = 1
	    WHERE serial = '$(serial_of "$T/j.pem")'"
	through k katja 900000
	completes k 1000
	completes k 800
	through l liam 400000 SAME
	through m liam 300000 same		# supersedes the one before
	through n nora 200000
	mcfg-enrollment abort --ledger "$LEDGER" --at "$(ago 100)" \
	    "$(sql "SELECT id FROM enrollment WHERE username = 'nora'")"
}

@test "report: counts states, stuck enrollments by reason, and repeats" {
	filled
	report
	# The database is the judge of the counts.
	sql 'SELECT state, COUNT(*) FROM enrollment GROUP BY state ORDER BY 1' \
	    > "$T/states"
	json_is "$T/json" '"".join("%s|%d\n" % (k, v) for k, v in
	    sorted(j["enrollments"]["states"].items()) if v) ==
	    open("'"$T/states"'").read()'
	json_is "$T/json" 'j["enrollments"]["total"] == 19
	    and j["enrollments"]["stuck"] == 11
	    and j["enrollments"]["left_behind"] == 1
	    and j["enrollments"]["under_way"] == 1
	    and j["enrollments"]["repeats"] == 2'
	json_is "$T/json" 'sorted((x["state"], x["why"], x["count"])
	    for x in j["enrollments"]["why_stuck"]) == [
	    ("certified", "certificate_revoked", 1),
	    ("certified", "certificate_unused", 1),
	    ("identified", "challenge_expired", 1),
	    ("identified", "challenge_open", 1),
	    ("started", "challenge_expired", 6),
	    ("started", "challenge_voided", 1)]'
	json_is "$T/json" '[(x["user"], x["why"], x["last_event"], x["until"])
	    for x in j["enrollments"]["stuck_list"]][:2] == [
	    ("greta", "challenge_open", "identified", "'"$(ago $((5940 - 7200)))"'"),
	    ("ben", "challenge_expired", "started", "'"$(ago $((7200 - 900)))"'")]'
	json_is "$T/json" '[(x["user"], x["repeats"], x["last_event"],
	    x["last_event_time"]) for x in j["enrollments"]["repeated_list"]] ==
	    [("katja", 2, "repeated", "'"$(ago 800)"'")]'
	json_is "$T/json" '[(x["user"], x["state"], x["last_event"]) for x in
	    j["enrollments"]["ended_list"]] == [("nora", "aborted", "revoked"),
	    ("liam", "superseded", "superseded")]'
	json_is "$T/json" '[x["what"] for x in j["attention"]] == ["stuck"]'
	# By the day it started and by its current state.
	json_is "$T/json" '{x["from"][:10]: (x["started"], x["identified"],
	    x["certified"], x["configured"], x["aborted"], x["superseded"])
	    for x in j["enrollments"]["over_time"] if sum(v for k, v in
	    x.items() if k != "from")} == {
	    "2026-11-15": (0, 0, 0, 1, 0, 0), "2026-11-20": (0, 0, 0, 0, 0, 1),
	    "2026-11-22": (0, 0, 0, 1, 0, 0), "2026-11-23": (0, 0, 0, 0, 1, 0),
	    "2026-11-24": (0, 0, 2, 0, 0, 0), "2026-11-25": (9, 2, 0, 2, 0, 0)}'
	page_is '[r[:2] for r in p.rows("by state")] == [
	    ["started the user is known, the device has not answered", "9"],
	    ["identified the device said which it is", "2"],
	    ["certified the device has its certificate", "2"],
	    ["configured the device has its configuration", "4"],
	    ["aborted ended by an operator", "1"],
	    ["superseded ended by a newer one of the same user and device", "1"]]'
	page_is '["started", "the device never answered; its challenge expired",
	    "6"] in p.rows("Why they go no further")
	    and len(p.rows("Stuck enrollments")) == 11'
	page_is '"11 enrollments are stuck" in p.text("attention")
	    and "and got through: 1." in p.text("stuck")'
	# A list is cut, but its total is still shown.
	report --rows 2 --stuck 2h
	json_is "$T/json" 'len(j["enrollments"]["stuck_list"]) == 2
	    and j["enrollments"]["stuck"] == 10 and j["stuck_after"] == 7200'
	page_is '"Stuck enrollments: the latest 2 of 10" in p.text("stuck")'
}

@test "report: lists users and their devices first" {
	filled
	report
	# A user who started again and finished has one row; ended enrollments
	# have none.
	json_is "$T/json" '[(x["user"], x["state"], x["serial"]) for x in
	    j["enrollments"]["device_list"]] == [("carla", "configured", "S-d"),
	    ("farid", "identified", "S-f"), ("greta", "configured", "S-h"),
	    ("greta", "identified", "S-g"), ("ines", "certified", "S-i"),
	    ("jonas", "certified", "S-j"), ("katja", "configured", "S-k"),
	    ("liam", "configured", "S-same")]
	    or print(j["enrollments"]["device_list"])'
	json_is "$T/json" '{bool(x["certificate_ends"]) for x in
	    j["enrollments"]["device_list"] if x["state"] == "identified"} ==
	    {False} and {x["certificate_ends"] for x in
	    j["enrollments"]["device_list"] if x["user"] == "katja"} ==
	    {"'"$(ago $((900000 - 31536000)))"'"}'
	page_is 'list(p.sections)[:2] == ["devices", "attention"]
	    and [(r[0], r[2]) for r in p.rows("Devices that are")][:2] ==
	    [("carla", "configured"), ("farid", "identified")]
	    and "S-d" in p.rows("Devices that are")[0][1] and [r[3] for r in
	    p.rows("Devices that are") if r[0] == "jonas"] == ["revoked"]'
	# Empty states are only named.
	sql "UPDATE enrollment SET state = 'superseded' WHERE state IN
	    ('aborted', 'started')"
	report
	page_is '[r[0].split()[0] for r in p.rows("by state")] ==
	    ["identified", "certified", "configured", "superseded"]
	    and "None: started, aborted." in p.text("enrollments")'
}

@test "report: what began with a finished enrollment is left behind" {
	# A second click, once with an answer of the device and once without,
	# whatever the order of their random IDs.
	local name

	for name in a b c; do
		begun "$name" anna 7200
	done
	known d anna 7200 UDID-1
	through e anna 7200 UDID-1
	known f anna 7200 UDID-2
	report
	json_is "$T/json" 'sorted((x["state"], x["udid"]) for x in
	    j["enrollments"]["device_list"]) == [("configured", "UDID-1"),
	    ("identified", "UDID-2")] or print(j["enrollments"])'
	json_is "$T/json" 'j["enrollments"]["left_behind"] == 4
	    and [x["udid"] for x in j["enrollments"]["stuck_list"]] ==
	    ["UDID-2"] or print(j["enrollments"])'
}

@test "report: the time axis begins with the first data" {
	"$UNIT" "$LEDGER" <<< check > /dev/null
	report
	page_is 'not [1 for t, a in p.tags if a.get("role") == "img"]'
	begun a anna 7200
	report
	json_is "$T/json" 'j["period"] == "day" and
	    len(j["enrollments"]["over_time"]) == 7'
	begun b ben $((100 * 86400))
	report
	json_is "$T/json" 'j["period"] == "week" and
	    j["enrollments"]["over_time"][0]["started"] == 1'
	# A refusal may be older than every enrollment.
	echo '2024-03-05T10:00:00Z mcfg.cgi: a: GET /x: 404: no' > "$T/log"
	report --log "$T/log"
	json_is "$T/json" 'j["period"] == "month" and
	    j["refusals"]["over_time"][0] ==
	    {"from": "2024-03-01T00:00:00Z", "refused": 1}'
	report --log "$T/log" --span 10d
	json_is "$T/json" 'len(j["refusals"]["over_time"]) == 10'
}

@test "report: weeks begin on Monday, months on the 1st" {
	begun a anna $((3 * 86400))			# Sunday
	begun b ben $((2 * 86400))			# Monday
	report --span 84d
	json_is "$T/json" 'j["period"] == "week" and
	    [(x["from"], x["started"]) for x in j["enrollments"]["over_time"]][-2:]
	    == [("2026-11-16T00:00:00Z", 1), ("2026-11-23T00:00:00Z", 1)]'
	report --span 730d
	json_is "$T/json" 'j["period"] == "month" and
	    [(x["from"], x["started"]) for x in j["enrollments"]["over_time"]][-1]
	    == ("2026-11-01T00:00:00Z", 2) and
	    j["enrollments"]["over_time"][0]["from"] == "2024-11-01T00:00:00Z"'
}

@test "report: lists certificates by expiry, revoked ones by reason, and requests" {
	local i=0 day

	for day in -400 -1 1 6 8 29 31 89 91 400; do
		i=$((i + 1))
		"$UNIT" "$LEDGER" <<< "certify 0$i t$i k /CN=s - $((EPOCH - 900))"
		sql "UPDATE certificate SET not_after =
		    $((EPOCH + day * 86400)) WHERE serial = '0$i'"
	done > /dev/null
	"$UNIT" "$LEDGER" > "$T/out" <<-E
	certify 20 t20 k /CN=s - $((EPOCH + 86400))
	certify 21 t21 k /CN=s - $((EPOCH - 900))
	certify 22 t22 k /CN=s - $((EPOCH - 900))
	revoke 21 4 $((EPOCH - 100))
	revoke 22 1 $((EPOCH - 50))
	request w1 k /CN=w1 - - $((EPOCH - 3600))
	request w2 k /CN=w2 - - $((EPOCH - 7200))
	request w3 k /CN=w3 - - $((EPOCH - 60))
	decide w3 - approve $((EPOCH - 30))
	E
	# Renewed: another has the same enrollment and purpose, and ends later.
	sql "UPDATE certificate SET enrollment = 'E', purpose = 'client'
	    WHERE serial IN ('03', '010')"
	sql "UPDATE certificate SET profile = 'tls' WHERE serial = '05'"
	report
	json_is "$T/json" 'j["certificates"]["by_expiry"] == {"revoked": 2,
	    "expired": 2, "not_yet_valid": 1, "within_7_days": 2,
	    "within_30_days": 2, "within_90_days": 2, "later": 2}
	    and j["certificates"]["total"] == 13'
	json_is "$T/json" 'j["certificates"]["renewed"] == {"within_7_days": 1,
	    "within_30_days": 0, "within_90_days": 0, "later": 0}'
	json_is "$T/json" '[x["serial"] for x in
	    j["certificates"]["expiring_list"]] == ["20", "04", "05", "06",
	    "07", "08", "09", "010"] or print([x["serial"] for x in
	    j["certificates"]["expiring_list"]])'
	json_is "$T/json" '[(x["reason"], x["serial"]) for x in
	    j["certificates"]["revoked_list"]] == [("keyCompromise", "22"),
	    ("superseded", "21")]'
	json_is "$T/json" '[(x["profile"], x["serial"]) for x in
	    j["certificates"]["own_list"]] == [("tls", "05")]'
	json_is "$T/json" 'j["requests"]["pending"] == 2 and
	    j["requests"]["approved"] == 1 and [x["transaction"] for x in
	    j["requests"]["pending_list"]] == ["w2", "w1"]'
	json_is "$T/json" 'sorted(x["what"] for x in j["attention"]) ==
	    ["certificates_expire", "expires_soon", "pending"]'
	page_is '[r[:3] for r in p.rows("by their end")] == [
	    ["within 7 days", "2", "1"], ["within 30 days", "2", "0"],
	    ["within 90 days", "2", "0"], ["later", "2", "0"],
	    ["not yet valid", "1", "-"], ["expired", "2", "-"],
	    ["revoked", "2", "-"]]'
	page_is 'p.rows("Pending requests")[0][1:3] == ["CN=w2", "w2"]
	    and p.rows("Revoked, by reason")[0][:2] == ["keyCompromise", "1"]'
}

# expiring SERIAL...: the list of expiring certificates has just these.
expiring() {
	report
	json_is "$T/json" '" ".join(x["serial"] for x in
	    j["certificates"]["expiring_list"]) == "'"$*"'"
	    or print(j["certificates"])'
}

@test "report: a certificate is renewed by a later one that ends with it" {
	local id i

	through a anna 7200
	id=$(mcfg-get ENROLLMENT "$T/a.configured")
	# As near the end of the CA: all end when it does.  The numbers are
	# not in the order of issue.
	for i in 5 3 4; do
		echo "challenge c$i client $id $((EPOCH + 900)) $((EPOCH - 60)) /CN=s"
		echo "certify 0$i t$i k$i /CN=s c$i $((EPOCH - 60))"
	done | "$UNIT" "$LEDGER" > "$T/out"
	[ "$(sort -u "$T/out" | xargs)" = 'ok recorded' ]
	sql "UPDATE certificate SET not_after = $((EPOCH + 86400)) WHERE
	    purpose = 'client'"
	sql "UPDATE certificate SET revoked = $EPOCH WHERE purpose <> 'client'"
	expiring 04
	json_is "$T/json" 'j["certificates"]["by_expiry"]["within_7_days"] == 3
	    and j["certificates"]["renewed"]["within_7_days"] == 2'
	# A revoked one renews nothing.
	"$UNIT" "$LEDGER" <<< "revoke 04 4 $((EPOCH - 10))"
	expiring 03
	# Another one that ends sooner does not renew it either.
	sql "UPDATE certificate SET not_after = not_after - 1 WHERE
	    serial = '03'"
	expiring 05
	# The events of an enrollment may have been deleted.
	sql "UPDATE certificate SET not_after = not_after + 1 WHERE
	    serial = '03'"
	sql "DELETE FROM event"
	expiring 05
	# The same for the site's own certificates.
	"$UNIT" "$LEDGER" > "$T/out" <<-E
	certify 09 t9 k /CN=s - $((EPOCH - 60))
	certify 07 t7 k /CN=s - $((EPOCH - 60))
	certify 08 t8 k /CN=s - $((EPOCH - 60))
	E
	sql "UPDATE certificate SET profile = 'tls', subject = 'CN=www',
	    not_after = $((EPOCH + 86400)) WHERE serial IN ('07', '08', '09')"
	report
	json_is "$T/json" '[x["serial"] for x in
	    j["certificates"]["own_list"]] == ["08"]
	    and [x["what"] for x in j["attention"]] ==
	    ["expires_soon", "certificates_expire"] or print(j)'
}

# ---- the folder of the CA ----

@test "report: the CA's dates match openssl" {
	scep-ca init --dir "$T/ca" --ra --subject /O=Example/CN=CA 2> "$T/said"
	NOW=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	EPOCH=$(date -d "$NOW" +%s)
	"$UNIT" "$LEDGER" <<< check > /dev/null
	scep-ca crl --dir "$T/ca" > /dev/null
	scep-ca crl --dir "$T/ca" > /dev/null
	scep-ca rollover --dir "$T/ca" 2> "$T/said"
	report --ca "$T/ca"
	json_is "$T/json" '[(x["role"], x["file"]) for x in
	    j["ca"]["certificates"]] == [("issuing_ca", "cert.pem"),
	    ("ra", "ra.pem"), ("next_ca", "next-cert.pem"),
	    ("next_ra", "next-ra.pem")]'
	local f end
	for f in cert ra next-cert; do
		end=$(openssl x509 -in "$T/ca/$f.pem" -noout -enddate | cut -d= -f2)
		end=$(date -u -d "$end" +%Y-%m-%dT%H:%M:%SZ)
		json_is "$T/json" '[x["not_after"] for x in
		    j["ca"]["certificates"] if x["file"] == "'"$f.pem"'"] ==
		    ["'"$end"'"]'
	done
	end=$(openssl crl -inform DER -in "$T/ca/crl.der" -noout -nextupdate |
	    cut -d= -f2)
	end=$(date -u -d "$end" +%Y-%m-%dT%H:%M:%SZ)
	json_is "$T/json" 'j["ca"]["crl"]["next_update"] == "'"$end"'"
	    and int(j["ca"]["crl"]["number"], 16) == 3
	    and j["ca"]["crl"]["revoked"] == 0 and j["ca"]["crl"]["usable"]'
	page_is '[r[0].split()[0] for r in p.rows("of the authority")] ==
	    ["Issuing", "Registration", "Next", "Its"]
	    and "Next update due" in p.text("authority")'
	# Ten years later.
	NOW=2040-01-01T00:00:00Z
	report --ca "$T/ca"
	json_is "$T/json" '{x["what"] for x in j["attention"] if x["urgent"]} ==
	    {"expired"}'
	# An overdue CRL is urgent only if it lists a certificate.
	scep-ca revoke --dir "$T/ca" "$(openssl x509 -in "$T/ca/ra.pem" -noout \
	    -serial | cut -d= -f2)"
	(
		LEDGER=sqlite:$T/ca/ledger.db
		report --ca "$T/ca"
	)
	json_is "$T/json" '{x["what"] for x in j["attention"] if x["urgent"]} ==
	    {"expired", "crl_overdue"}'
	# So is one that was made while the clock was ahead.
	NOW=2020-01-01T00:00:00Z
	report --ca "$T/ca"
	json_is "$T/json" '[x for x in j["attention"] if x["urgent"]] == []'
	(
		LEDGER=sqlite:$T/ca/ledger.db
		report --ca "$T/ca"
	)
	json_is "$T/json" '[x["what"] for x in j["attention"] if x["urgent"]] ==
	    ["crl_not_yet_valid"]'
	page_is '"list will not be valid for another" in p.text("attention")'
	NOW=2040-01-01T00:00:00Z
	echo broken > "$T/ca/crl.der"
	report --ca "$T/ca"
	json_is "$T/json" '"crl_unusable" in [x["what"] for x in j["attention"]]
	    and j["ca"]["crl"]["usable"] is False'
	rm "$T/ca/crl.der"
	report --ca "$T/ca"
	json_is "$T/json" 'j["ca"]["crl"] is None'
	refuses 4 'no CA here' mcfg-report --ledger "$LEDGER" --ca "$T"
}

# ---- logs ----

@test "report: counts refusals by reason and day, whatever a line begins with" {
	"$UNIT" "$LEDGER" <<< check > /dev/null
	cat > "$T/log" <<-'E'
	mcfg.cgi: 192.0.2.7: GET /: 200: welcome
	mcfg.cgi: 192.0.2.7: POST /profile: 403: mcfg-enrollment: stdin: device 00008030-001A of user 'jane': not in devices.allow
	mcfg.cgi: 2001:db8::1: POST /profile: 403: mcfg-enrollment: stdin: device 00008031-001B of user 'joe': not in devices.allow
	2026-11-24T10:00:00+0000 host mcfg[7]: mcfg.cgi: 192.0.2.7: GET /x:y: 404: no such page
	2026/11/25 10:00:00 [error] 1#1: *1 FastCGI sent in stderr: "mcfg.cgi: 192.0.2.7: GET /z: 404: no such page" while reading response header from upstream, client: 192.0.2.7
	[Wed Nov 25 09:00:00.123456 2026] [cgi:error] [pid 7] [client 192.0.2.7:1] AH01215: mcfg.cgi: 192.0.2.7: GET /z: 404: no such page: /usr/libexec/mcfg/mcfg.cgi
	mcfg.cgi: 192.0.2.7: POST /profile: 503: mcfg-enrollment: ledger.db: ledger is busy
	scep-ca: request level=info client=192.0.2.7 method=GET path=/scep operation=GetCACaps outcome=sent status=200 ms=0.100
	2026-11-25T11:00:00Z scep-ca: request client=192.0.2.7 operation=PKIOperation type=PKCSReq transaction=ab outcome=refused fail=badRequest reason="no \"good\" challenge: status=200" status=200 ms=1.000
	scep-ca: request level=warning client=192.0.2.7 method=GET path=/scep operation="a status=500" outcome=error reason="an empty body" status=400 ms=1.000
	mcfg.cgi: a: POST /profile: 403: mcfg-verify: stdin: not issued by ca.pem (CN=one,O=x): no; not by b.pem (a CA)
	mcfg.cgi: a: POST /profile: 403: mcfg-verify: stdin: not issued by ca.pem (CN=two): no; not by b.pem (a CA)
	mcfg-verify: warning: something else
	mcfg.cgi: not a line of ours
	2026-11-26T10:00:00+0000 host mcfg-service[7]: level=warning client=192.0.2.7 method=POST path=/profile status=403 reason="mcfg-enrollment: stdin: device 00008032-001C of user 'ann': not in devices.allow" serial=S1
	time=2026-11-26T10:00:00Z level=info client=192.0.2.7 method=GET path="/ status=500" status=200 reason=welcome
	E
	report --log "$T/log"
	json_is "$T/json" '[(x["program"], x["answer"], x["reason"], x["count"],
	    x["fault"], x["last_day"]) for x in j["refusals"]["reasons"]] == [
	    ("mcfg.cgi", "404", "no such page", 3, False, "2026-11-25T00:00:00Z"),
	    ("mcfg.cgi", "403", "mcfg-enrollment: device ... of user \x27...\x27: "
	    "not in devices.allow", 2, False, None),
	    ("mcfg.cgi", "403", "mcfg-verify: not issued by ca.pem (...): no; "
	    "not by b.pem (a CA)", 2, False, None),
	    ("scep-ca", "400", "an empty body", 1, False, None),
	    ("service", "403", "mcfg-enrollment: device ... of user "
	    "\x27...\x27: not in devices.allow", 1, False,
	    "2026-11-26T00:00:00Z"),
	    ("mcfg.cgi", "503", "mcfg-enrollment: ledger.db: ledger is busy", 1,
	    True, None),
	    ("scep-ca", "badRequest", "no \"good\" challenge: status=200", 1,
	    False, "2026-11-25T00:00:00Z")]'
	json_is "$T/json" 'j["refusals"]["requests"] == 14 and
	    j["refusals"]["refused"] == 10 and j["refusals"]["faults"] == 1 and
	    j["refusals"]["undated"] == 6 and not j["refusals"]["cut"] and
	    j["refusals"]["older"] == 9 and
	    [x["refused"] for x in j["refusals"]["over_time"]][-2:] == [1, 3]'
	page_is '["no such page", "404", "mcfg.cgi", "3", "", "25 Nov 2026"] in
	    p.rows("Reasons")
	    and "1 request failed by a fault on this side" in p.text("attention")'
	yields "$T/json" mcfg-report --ledger "$LEDGER" --json --at "$NOW" \
	    --log "$T/log" --log - < "$T/log"
	json_is "$T/json" 'j["refusals"]["requests"] == 28'
	refuses 4 'cannot open' mcfg-report --ledger "$LEDGER" --log "$T/none"
}

@test "report: reads the end of a long log, and lists 200 reasons" {
	"$UNIT" "$LEDGER" <<< check > /dev/null
	python3 - > "$T/log" <<-'PY'
	line = 'mcfg.cgi: 192.0.2.7: GET /%06d: 404: no such page\n'
	for i in range(400000):
	    print(line % i, end='')
	PY
	# The last 16 MiB of 52-byte lines; the first of them is cut off.
	yields "$T/json" mcfg-report --ledger "$LEDGER" --json --log "$T/log"
	json_is "$T/json" 'j["refusals"]["cut"] and j["refusals"]["refused"] ==
	    (16 << 20) // 52'
	cp "$T/json" "$T/file"
	yields "$T/json" mcfg-report --ledger "$LEDGER" --json --log - < \
	    <(cat "$T/log")
	json_is "$T/json" 'j["refusals"] == json.load(open("'"$T/file"'"))["refusals"]'
	seq -f 'mcfg.cgi: a: GET /: 404: word%g' 300 > "$T/log"
	seq -f 'mcfg.cgi: a: GET /: 404: word%g' 300 >> "$T/log"
	report --log "$T/log"
	json_is "$T/json" 'len(j["refusals"]["reasons"]) == 200 and
	    j["refusals"]["other_reasons"] + sum(x["count"] for x in
	    j["refusals"]["reasons"]) == j["refusals"]["refused"] == 600'
}

@test "report: a log may hold any bytes" {
	"$UNIT" "$LEDGER" <<< check > /dev/null
	{
		noise 200000
		printf '\nmcfg.cgi: a: GET /: 404: nul \0 here\n'
		printf 'mcfg.cgi: a: GET /: 403: %s\n' "$(head -c 9000 /dev/zero | tr '\0' x)"
		printf 'scep-ca: request outcome="\\\nscep-ca: request =\n'
		printf 'scep-ca: request outcome=refused status=200 fail="'
	} > "$T/log"
	report --log "$T/log"
	json_is "$T/json" 'j["refusals"]["requests"] >= 3'
}

# ---- untrusted text ----

# hostile: puts markup into every field that a stranger can fill.
hostile() {
	local evil='"><script>alert(1)</script><img src=http://evil.invalid/x>'

	known a "jo'$evil" 90000 "]]>--><!--$evil" "</td></table>&amp;$evil"
	known b $'\u05d0\u05d1 arabic \u0633' 90000
	"$UNIT" "$LEDGER" > /dev/null <<-E
	certify 01 t1 k /CN=s - $((EPOCH - 900))
	request ${evil// /_} k /CN=s - - $((EPOCH - 900))
	E
	sql "UPDATE certificate SET subject = 'CN=${evil}' WHERE serial = '01'"
	sql "UPDATE enrollment SET product = product || '$(printf '\342\200\256')x$(printf '\033')[2J' WHERE serial = 'S-]]>--><!-'"
	printf 'mcfg.cgi: a: GET /: 403: %s\n' "$evil" > "$T/log"
	report --log "$T/log" --organization "$evil"
}

@test "report: untrusted text stays text" {
	hostile
	page_is '{t for t, a in p.tags} <= {"html", "head", "meta", "title",
	    "style", "body", "svg", "defs", "pattern", "rect", "path", "main",
	    "header", "p", "h1", "h2", "h3", "time", "ul", "li", "a", "b",
	    "section", "span", "strong", "circle", "div", "desc", "line", "text",
	    "g", "details", "summary", "table", "caption", "thead", "tbody",
	    "tr", "th", "td", "bdi", "code", "footer"}'
	page_is '"\"><script>alert(1)</script><img src=http://evil.invalid/x>"
	    in p.text("stuck") and "script" in p.text("certificates")
	    and "script" in p.text("refusals") and "script" in p.text("requests")'
	page_is '"\u202e" not in text and "\x1b" not in text and "\\u202ex\\x1b"
	    in p.text("stuck") and "\u05d0\u05d1 arabic" in p.text("stuck")'
	json_is "$T/json" 'any(x["user"].startswith("jo\x27\"><script>") for x in
	    j["enrollments"]["stuck_list"])'
}

@test "report: the page loads nothing, and runs nothing" {
	known a anna 90000
	report --log /dev/null
	page_is 'not any(t in ("script", "link", "img", "iframe", "base", "form",
	    "object", "image", "use", "a") and (t != "a" or
	    not a["href"].startswith("#")) for t, a in p.tags)'
	page_is 'not any(k.startswith("on") or k in ("src", "style", "xlink:href",
	    "action") for t, a in p.tags for k in a)'
	page_is '[a["content"] for t, a in p.tags if t == "meta" and
	    a.get("http-equiv") == "Content-Security-Policy"] == ["default-src "
	    "\x27none\x27; style-src \x27unsafe-inline\x27; base-uri \x27none\x27; "
	    "form-action \x27none\x27"]'
	run -1 grep -nE 'https?:|@import|expression\(|url\([^#]' "$T/page"
}

@test "report: has what a screen reader needs" {
	filled
	printf '2026-11-25T11:00:00Z mcfg.cgi: a: GET /: 403: no\n' > "$T/log"
	report --log "$T/log"
	page_is 'p.tags[0] == ("html", {"lang": "en"})
	    and [a for t, a in p.tags if t == "h1"] == [{}]'
	# No heading skips a level.
	page_is 'all(int(b) <= int(a) + 1 for h in [[t[1] for t, a in p.tags if
	    t in ("h1", "h2", "h3")]] for a, b in zip(h, h[1:]))'
	page_is 'all(a.get("aria-hidden") == "true" or a.get("role") == "img" and
	    a["aria-labelledby"] for t, a in p.tags if t == "svg")
	    and sum(a.get("role") == "img" for t, a in p.tags) == 2'
	page_is 'all(a.get("scope") in ("col", "row") for t, a in p.tags if
	    t == "th") and sum(t == "table" for t, a in p.tags) ==
	    sum(t == "caption" for t, a in p.tags) and all(t[0].strip() for t in
	    p.tables)'
	# Every reference has exactly one target.
	page_is '(lambda ids: len(ids) == len(set(ids)) and all(
	    a["href"][1:] in ids for t, a in p.tags if t == "a") and all(
	    i in ids for t, a in p.tags for i in
	    a.get("aria-labelledby", "").split()) and all(f[5:-1] in ids for t, a
	    in p.tags for f in [a.get("fill", "")] if f.startswith("url")))(
	    [a["id"] for t, a in p.tags if "id" in a])'
	# Tables hold the numbers of the charts, too.
	page_is 'sum(int(c) for r in p.rows("and their state now") for c in r[1:])
	    == 19 and sum(int(r[1]) for r in p.rows("requests by time")) == 1'
}

@test "report: all text has a contrast of 4.5, in light and dark mode" {
	"$UNIT" "$LEDGER" <<< check > /dev/null
	report
	python3 - "$T/page" <<-'PY'
	import re, sys
	css = re.search('<style>(.*?)</style>', open(sys.argv[1]).read(), re.S)[1]
	light, dark = (dict(re.findall(r'--([a-z-]+): (#[0-9a-f]+)', b)) for b in
	    re.findall(r':root \{(.*?)\}', css, re.S))
	def lum(c):
	    c = c[1:] if len(c) == 7 else ''.join(x * 2 for x in c[1:])
	    v = [int(c[i:i + 2], 16) / 255 for i in (0, 2, 4)]
	    v = [x / 12.92 if x <= .03928 else ((x + .055) / 1.055) ** 2.4 for x in v]
	    return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]
	def ratio(a, b):
	    a, b = sorted((lum(a), lum(b)))
	    return (b + .05) / (a + .05)
	assert len(light) > 15 and set(light) == set(dark)
	for v in light, dark:
	    for text, ground in [(t, g) for t in ('ink', 'soft', 'accent') for g in
	        ('card', 'paper')] + [('ink', 'warn-tint'), ('ink', 'look-tint'),
	        ('warn', 'warn-tint'), ('look', 'look-tint')]:
	        assert ratio(v[text], v[ground]) >= 4.5, (text, ground)
	    for line in ('started', 'identified', 'certified', 'aborted',
	        'superseded', 'accent', 'warn', 'quiet'):
	        assert ratio(v[line], v['card']) >= 3, line
	PY
}

# ---- a running site ----

@test "report: writes nothing, and does not wait for a writer" {
	of_sqlite
	known a anna 90000
	sqlite3 "$T/ledger.db" 'PRAGMA wal_checkpoint(TRUNCATE)' > /dev/null
	sha256sum "$T/ledger.db" > "$T/before"
	python3 - "$T/ledger.db" mcfg-report --ledger "$LEDGER" -o "$T/page" \
	    <<-'PY'
	import sqlite3, subprocess, sys
	db = sqlite3.connect(sys.argv[1], isolation_level=None)
	db.execute('BEGIN EXCLUSIVE')
	db.execute("UPDATE enrollment SET username = 'half' ")
	subprocess.run(sys.argv[2:], check=True, timeout=600)
	db.execute('ROLLBACK')
	PY
	run -1 grep -q half "$T/page"
	sha256sum -c --quiet "$T/before"
	refuses 4 'cannot open the ledger' mcfg-report --ledger "sqlite:$T/none"
	[ ! -e "$T/none" ]
}

@test "report: copes with ten thousand enrollments" {
	"$UNIT" "$LEDGER" <<< check > /dev/null
	sql "INSERT INTO enrollment (id, username, state, facts, started, changed,
	    device) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n
	    WHERE i < 9999) SELECT 'e' || i, CASE WHEN i % 2 = 0 THEN 'kiosk' ELSE
	    'u' || i END, CASE i % 5 WHEN 0 THEN 'started' WHEN 1 THEN
	    'identified' ELSE 'configured' END, '', $EPOCH - i * 300,
	    $EPOCH - i * 300, 'd' || i FROM n"
	report
	json_is "$T/json" 'j["enrollments"]["total"] == 10000
	    and j["enrollments"]["states"]["configured"] == 6000
	    and len(j["enrollments"]["stuck_list"]) == 25'
	# All are listed under their user's initial; 2000 have no device yet.
	json_is "$T/json" 'len(j["enrollments"]["device_list"]) == 8000 and
	    j["enrollments"]["device_list"][0]["user"] == "kiosk"'
	[ "$(wc -c < "$T/page")" -lt 8000000 ]
	page_is '[a["id"] for t, a in p.tags if t == "details" and
	    a.get("id")] == ["users-k", "users-u"]
	    and [a["href"] for t, a in p.tags if t == "a"
	    and "#users" in a["href"]] == ["#users-k", "#users-u"]
	    and p.text("devices").count("kiosk") == 4000'
	page_is '["configured the device has its configuration", "6,000", ""]
	in p.rows("by state")'
}

# ---- the command line ----

@test "report: reads site.yaml, prints a CGI header, writes a file" {
	begun a jane 10
	printf 'organization: "Ex & Co"\nledger: "%s"\n' \
	    "${LEDGER/$T\//}" > "$T/site.yaml"
	cd /
	yields "$T/page" mcfg-report --config "$T/site.yaml" --http text/html
	grep -q 'Ex &amp; Co' "$T/page"
	[ "$(head -n 1 "$T/page")" = $'Content-Type: text/html\r' ]
	yields - mcfg-report --config "$T/site.yaml" -o "$T/out.html"
	xmllint --noout "$T/out.html"
	refuses 2 'missing --ledger' mcfg-report
	refuses 2 '--span' mcfg-report --ledger "$LEDGER" --span 4000d
	refuses 2 '--rows' mcfg-report --ledger "$LEDGER" --rows 0
	refuses 2 'claimed by both' mcfg-report --ledger "$LEDGER" --log - --log -
}

# ---- a real browser ----

# chromium_says PAGE ARG...: what Chromium prints, headless.
chromium_says() {
	local page=$1
	shift
	timeout 600 chromium --headless --no-sandbox --disable-gpu \
	    --disable-quic --no-first-run --disable-background-networking \
	    --disable-component-update --disable-sync --hide-scrollbars \
	    --user-data-dir="$T/browser" --window-size=1281,900 "$@" \
	    "file://$page" 2> "$T/browser.log" 3>&-
}

# framed: a page with the report in two frames, since a window of Chromium is at
# least 500 pixels wide.  A script measures; the copy is without the policy that
# forbids scripts.
framed() {
	python3 - "$T/page" "$T/inner.html" "$T/outer.html" <<-'PY'
	import re, sys
	t = open(sys.argv[1], encoding='utf-8').read()
	t, n = re.subn('<meta http-equiv="Content-Security-Policy"[^>]*/>', '', t)
	assert n == 1
	probe = """<script>
	var w = innerWidth, wide = 0;
	document.querySelectorAll('details').forEach(function (e) {
	    e.open = true;
	});
	document.querySelectorAll('body *').forEach(function (e) {
	    var r = e.getBoundingClientRect();
	    if (r.width > 0 && !e.closest('.scroll, thead, svg') &&
	        r.right > w + 1)
	        wide++;
	});
	parent.postMessage([w, document.documentElement.scrollWidth, wide,
	    document.querySelectorAll('section > h2').length,
	    document.images.length].join(' '), '*');
	</script>"""
	open(sys.argv[2], 'w', encoding='utf-8').write(
	    t.replace('</body>', probe + '</body>'))
	open(sys.argv[3], 'w').write("""<!DOCTYPE html><body><script>
	onmessage = function (e) {
	    document.body.appendChild(document.createElement('p')).textContent =
	        'seen ' + e.data;
	};
	</script>
	<iframe src="inner.html" style="width: 390px; height: 800px; border: 0">
	</iframe>
	<iframe src="inner.html" style="width: 1280px; height: 800px; border: 0">
	</iframe></body>""")
	PY
}

@test "report: fits a phone and a desktop in Chromium" {
	of_sqlite
	needs chromium
	hostile
	framed
	chromium_says "$T/outer.html" --dump-dom --virtual-time-budget=5000 \
	    > "$T/dom"
	grep -oE 'seen [0-9][0-9 ]*' "$T/dom" | sort > "$T/seen"
	# Nothing overflows to the right, every section is there, and no image.
	printf 'seen 1280 1280 0 8 0\nseen 390 390 0 8 0\n' | diff - "$T/seen"
	# The page itself loads nothing.
	cp "$T/page" "$T/page.html"
	chromium_says "$T/page.html" --log-net-log="$T/net.json" \
	    --screenshot="$T/page.png" > "$T/out"
	[ -s "$T/net.json" ]
	run -1 grep -q 'evil.invalid' "$T/net.json"
	[ "$(od -An -tx1 -j 16 -N 8 "$T/page.png")" = ' 00 00 05 01 00 00 03 84' ]
}

@test "mcfg-report: --add-time puts the time before each line as it arrives" {
	mkfifo "$T/in"
	mcfg-report --add-time --at "$NOW" < "$T/in" > "$T/out" 3>&- &
	filter=$!
	exec 7> "$T/in"
	at="time=$(printf a | mcfg-report --add-time --at "$NOW" |
	    sed -n 's/^time=\([^ ]*\) a$/\1/p')"
	[[ $at =~ ^time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$ ]]
	printf 'one\n\ntw' >&7
	awaits 'a line' grep -qx "$at one" "$T/out"
	awaits 'part of a line' grep -qx "$at tw" "$T/out"
	# A signal for the whole group must not cut the server's last lines.
	kill -INT "$filter"
	kill -TERM "$filter"
	kill -HUP "$filter"
	printf 'o\nthree' >&7
	exec 7>&-
	wait "$filter"
	printf '%s\n' "$at one" "$at " "$at two" "$at three" |
	    cmp - "$T/out"
	head -c 300000 /dev/zero | tr '\0' x > "$T/long"
	mcfg-report --add-time --at "$NOW" < "$T/long" |
	    cmp - <(echo "$at $(cat "$T/long")")
	run -4 bash -c 'echo x | mcfg-report --add-time > /dev/full'
	[ "$output" = 'mcfg-report: stdout: cannot write' ]
	for with in '--rows 3' '-o x' --json '--span 3d' '--log x' '--config y'
	do
		# shellcheck disable=SC2086 # words
		refuses 2 'not with --add-time' mcfg-report --add-time $with
	done
}

@test "mcfg-report: --hide-tokens leaves no token of an invitation in an access log" {
	mkfifo "$T/fifo"
	cat > "$T/in" <<-'LOG'
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /i/SECRET" 200 10750
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "POST /x/../i/SECRET/i/SECRET" 403 4
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /a /i/SECRET\"" 200 -
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /%69/SECRET" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /x%2Fi%2FSECRET" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /i/%69SECRET" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET //I/SECRET" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /i;SECRETsecretSECRETsecret" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /invite/SECRETsecretSECRET/x" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /scep/pkiclient.exe" 200 0
	192.0.2.1 a/i/%b\"] \"GET [29/Nov/2026:04:09:15 +0000] "GET /enroll" 200 1
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET -" 400 300
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /" 200 /i/
	nothing of /i/SECRET that is known
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /no-end
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET"

	LOG
	cat > "$T/expected" <<-'LOG'
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /i/-" 200 10750
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "POST /x/../i/-" 403 4
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /a /i/-" 200 -
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /%-" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /x%-" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /i/-" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET //i/-" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /-" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /invite/-" 404 0
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /scep/pkiclient.exe" 200 0
	192.0.2.1 a/i/%b\"] \"GET [29/Nov/2026:04:09:15 +0000] "GET /enroll" 200 1
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET -" 400 300
	192.0.2.1 - [29/Nov/2026:04:09:15 +0000] "GET /" 200 /i/
	LOG
	mcfg-report --hide-tokens < "$T/in" | diff "$T/expected" -
	# A line is printed whole, in however many pieces it arrives.
	mcfg-report --hide-tokens < "$T/fifo" > "$T/out" 3>&- &
	filter=$!
	exec 7> "$T/fifo"
	printf '0 - [t] "GET /" 200 1\na - [t] "GET /i' >&7
	awaits -p "$filter" 'the first line' grep -q GET "$T/out"
	kill -TERM "$filter"
	printf '/SECRET" 200 1\nb - [t] "GET /i/SEC' >&7
	awaits -p "$filter" 'a line' \
	    grep -qx 'a - \[t\] "GET /i/-" 200 1' "$T/out"
	[ "$(wc -l < "$T/out")" = 2 ]
	# A line without its end is not printed.
	exec 7>&-
	wait "$filter"
	[ "$(wc -l < "$T/out")" = 2 ]
	# Nor is one that is too long, but those after it are.
	{
		printf 'a - [t] "GET /%s" 200 1\n' "$(head -c 400000 /dev/zero |
		    tr '\0' x)"
		cat "$T/in"
	} | mcfg-report --hide-tokens | diff "$T/expected" -
	run -4 bash -c 'mcfg-report --hide-tokens < "$1" > /dev/full' - "$T/in"
	[ "$output" = 'mcfg-report: stdout: cannot write' ]
	refuses 2 'not with --hide-tokens' mcfg-report --hide-tokens --json
	refuses 2 'not with' mcfg-report --hide-tokens --add-time
}
