#!/usr/bin/env bats
# Names of files and users, and values, come from others: no script must take
# them for a command, an option, a file's name or part of a program.  (Recipes
# are in mcfg-ci.bats, servers' answers in scep-enroll.bats and
# mcfg-device.bats.)

load helpers
load flow

setup_file() {
	make_site
}

setup() {
	able
	mkdir "$T/cwd"
	cd "$T/cwd" || return 1
	echo secret > file
	cp -r "$SITE" "$T/site"
}

# words: prints texts that a careless script would obey.
words() {
	printf '%s\n' '-x' '--' '--help' '-o PWNED' '@file' '$(touch PWNED)' \
	    '`touch PWNED`' '|touch PWNED' ';touch PWNED;' '&touch PWNED&' \
	    'A||;e touch PWNED #' 'A|w PWNED' 's/x/y/w PWNED' '"; touch PWNED; "' \
	    "'; touch PWNED; '" '}; touch PWNED; {' '\n' '\\' '\1' '&' '%s%n' \
	    '*' '~' '${PW}' '$PW' '$${USER}' '{{USER}}' '#' '!file file' ': ' \
	    '- a' '<b>&amp;' ']]>' '[[:alpha:]]' 'é' '<<EOF' '>PWNED' "a'b\"c\\d" \
	    'system("touch PWNED")' '"; system("touch PWNED"); "' '=1+1'
}

# nothing_ran: no command, redirection or option had an effect.
nothing_ran() {
	local found

	found=$(find "$T" "$SITE" -name '*PWNED*' -type f ! -name '*.yaml')
	[ -z "$found" ] || { echo "$found"; return 1; }
}

@test "names of templates: published templates, and renewing the signer" {
	mkdir "$T/site/profile.d"
	while IFS= read -r word; do
		case $word in
		*/*) continue ;;
		esac
		cp "$T/site/profile.yaml" "$T/site/profile.d/$word.yaml"
	done < <(words)
	cp "$T/site/profile.yaml" "$T/site/profile.d/"$'new\nline: x.yaml'
	cp "$T/site/profile.yaml" "$T/site/profile.d/"$'\e[31m.yaml'
	cp "$T/site/profile.yaml" "$T/site/profile.d/iPad13,1.yaml"
	for first in '' yes; do
		[ -z "$first" ] || printf '%s\n' 'profile.yaml: x' \
		    'signer: x' 'profile.d/|touch PWNED.yaml: x' \
		    'profile.d/A||;e touch PWNED #.yaml: x' > "$T/site/published"
		for n in 1 2; do
			_run mcfg-site "$T/site" --renew signer
			[ "$status" -eq 0 ] || { cat "$T/stderr"; false; }
			nothing_ran
		done
	done
	grep -q '^profile.d/iPad13,1.yaml: ' "$T/site/published"
	# No line was forged, and none is shown raw.
	run -1 grep -q '^line: x' "$T/site/published"
	run -1 grep -q $'\e' "$T/stderr"
	grep -q 'profile.yaml: PayloadIdentifier: ' "$T/stderr"
}

@test "identifiers in templates: published identifiers are text" {
	while IFS= read -r word; do
		printf 'PayloadIdentifier: %s\n' "$word"
	done < <(words) > "$T/all"
	while IFS= read -r line; do
		printf '%s\n' "$line" > "$T/site/profile.yaml"
		rm -f "$T/site/published"
		_run mcfg-site "$T/site" --renew signer
		printf 'profile.yaml: other\n' > "$T/site/published"
		printf '%s\n' "$line"$'\e' > "$T/site/profile.yaml"
		_run mcfg-site "$T/site" --renew signer
		[ "$status" -eq 0 ]
		nothing_ran
		run -1 grep -q $'\e' "$T/stderr"
	done < <(head -n 12 "$T/all")
}

@test "mcfg-site: a folder, an organization and a user of any name" {
	n=0
	while IFS= read -r word; do
		n=$((n + 1))
		dir=$T/sites/$n/${word//\//}
		user=${word//:/}
		mkdir -p "$T/sites/$n"
		mcfg-site "--organization=$word" "--user=$user" \
		    --password env:PW -- "$dir" > "$T/said" 2> "$T/err" || {
			echo "$word"
			cat "$T/err"
			false
		}
		nothing_ran
		[ "$(mcfg-get --site organization "$dir/site.yaml")" = "$word" ]
		grep -qF -- "$user:\$6\$" "$dir/users.htpasswd"
		mcfg-profile --set "USER=$word" --set CHALLENGE=c \
		    "$dir/profile.yaml" > "$T/profile"
		[ "$(mcfg-get PayloadOrganization "$T/profile")" = "$word" ]
		[ "$(mcfg-get PayloadContent.1.PayloadContent.Subject.2.0.1 \
		    "$T/profile")" = "$word" ]
		openssl x509 -in "$dir/signer/cert.pem" -noout -subject \
		    -nameopt utf8,sep_multiline,lname > "$T/subject"
		grep -qxF "    organizationName=$word" "$T/subject" || {
			cat "$T/subject"
			false
		}
		[ $((n % 8)) -ne 0 ] ||
		    yields - mcfg-site --renew signer -- "$dir"
		_run mcfg-site --web nginx -- "$dir"
		nothing_ran
	done < <(words)
	[ "$n" -gt 30 ]
}

@test "mcfg.cgi: users and facts of any name" {
	cat > "$T/site/facts" <<-'SH'
	#!/bin/sh
	cat facts.json
	SH
	chmod +x "$T/site/facts"
	echo 'facts: ./facts' >> "$T/site/site.yaml"
	words > "$T/words"
	python3 - "$T/words" > "$T/site/facts.json" <<-'PY'
	import json, sys
	words = open(sys.argv[1]).read().split("\n")[:-1]
	facts = {"f%d" % n: w for n, w in enumerate(words)}
	print(json.dumps(facts | {"list": words, "two": "a\nb"}))
	PY
	while IFS= read -r word; do
		env -i PATH="$PATH" MCFG_BIN="$MCFG_BIN" MCFG_SITE="$T/site" \
		    GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET \
		    PATH_INFO=/enroll "REMOTE_USER=$word" \
		    "$ROOT/scripts/mcfg.cgi" < /dev/null > "$T/answer" \
		    2> "$T/log"
		code=$(sed -n '1s/^Status: \([0-9]*\).*/\1/p' "$T/answer")
		code=${code:-200}
		case $word in
		-*) [ "$code" = 403 ] ;;
		*) [ "$code" = 200 ] || { echo "$word"; cat "$T/log"; false; } ;;
		esac
		[ "$(wc -l < "$T/log")" -eq 1 ]
		nothing_ran
	done < <(words)
	mcfg-enrollment list --json --config "$T/site/site.yaml" > "$T/list"
	words | grep -v '^-' | sort > "$T/want"
	python3 - "$T/list" <<-'PY' | sort | diff "$T/want" -
	import json, sys
	for e in json.load(open(sys.argv[1])): print(e["user"])
	PY
	# The program's output arrives unchanged.
	id=$(mcfg-get 0.id "$T/list")
	mcfg-enrollment show --json --config "$T/site/site.yaml" "$id" > "$T/show"
	python3 - "$T/show" "$T/site/facts.json" <<-'PY'
	import json, sys
	show, facts = (json.load(open(f)) for f in sys.argv[1:])
	assert show["facts"] == facts
	PY
}

@test "facts-ldap: users and values of any name" {
	mkdir "$T/bin"
	cat > "$T/bin/ldapsearch" <<-SH
	#!/bin/sh
	printf '%s\n' "\$@" > "$T/args"
	cat "$T/ldif"
	SH
	chmod +x "$T/bin/ldapsearch"
	PATH=$T/bin:$PATH
	printf '%s\n' 'auth:' '  ldap:' '    url: ldap://x' '    base: dc=x' \
	    '    filter: (uid=?)' '    attributes: ["cn*", "sn?"]' > "$T/site.yaml"
	while IFS= read -r word; do
		printf 'dn: x\ncn:: %s\nsn:: %s\n' \
		    "$(printf '%s' "$word" | base64)" \
		    "$(printf '%s\n%s' "$word" x | base64 -w0)" > "$T/ldif"
		yields "$T/out" facts-ldap --config "$T/site.yaml" -- "$word"
		nothing_ran
		python3 - "$T/out" "$word" <<-'PY'
		import json, sys
		out, word = json.load(open(sys.argv[1])), sys.argv[2]
		assert out == {"cn": [word], "sn": word + "\nx"}, out
		PY
		# It is one word, of letters, digits and escapes.
		[ "$(grep -c '^(uid=' "$T/args")" -eq 1 ]
		grep -q '^(uid=[A-Za-z0-9\]*)$' "$T/args"
	done < <(words)
}

@test "web servers: the site's address is not part of a program" {
	while IFS= read -r word; do
		printf "s|^url: .*|url: https://x%s|\n" \
		    "$(printf '%s' "$word" | sed 's/[&|\\]/\\&/g')" > "$T/sed"
		sed -f "$T/sed" "$SITE/site.yaml" > "$T/site/site.yaml"
		for server in nginx apache; do
			rm -rf "$T/site/web"
			_run mcfg-site "$T/site" --web "$server"
			nothing_ran
			case $word in
			-x|--|--help) [ "$status" -eq 0 ] ;;
			*) [ "$status" -ne 0 ] || { echo "$word"; false; } ;;
			esac
		done
	done < <(words)
}

@test "files with secrets are readable only by their owner, whichever tool writes them" {
	umask 022
	printf '%s\n' 'PayloadType: Configuration' 'PayloadIdentifier: a' \
	    'PayloadContent:' '- PayloadType: com.apple.wifi.managed' \
	    '  SSID_STR: x' '  Password: hunter2' > with.yaml
	grep -v Password with.yaml > without.yaml
	for of in with without; do
		mcfg-profile -o $of.plist $of.yaml
		mcfg-profile --to-yaml -o $of.back $of.plist
		mcfg-sign --cert "$PKI/signer.pem" --key "$PKI/signer.key" \
		    --chain "$PKI/chain.pem" -o $of.signed $of.plist
		mcfg-sign --cert "$PKI/signer.pem" --key "$PKI/signer.key" \
		    --chain "$PKI/chain.pem" --out-dir signed $of.plist
		mcfg-verify --ca "$PKI/root.pem" -o $of.verified $of.signed
		mcfg-get -o $of.got PayloadContent.0 $of.plist
		case $of in
		with) mode=600 ;;
		without) mode=644 ;;
		esac
		for f in $of.plist $of.back $of.signed signed/$of.plist \
		    $of.verified $of.got; do
			[ "$(stat -c %a "$f")" = $mode ] || { echo "$f"; false; }
		done
	done
	! mcfg-diff --show-secrets -o shown with.plist without.plist || false
	mcfg-encrypt --recipient "$PKI/client.pem" -o sealed with.plist
	mcfg-decrypt --key "$PKI/client.key" -o opened sealed
	for f in opened shown; do
		[ "$(stat -c %a "$f")" = 600 ] || { echo "$f"; false; }
	done
	[ "$(stat -c %a sealed)" = 644 ]
}
