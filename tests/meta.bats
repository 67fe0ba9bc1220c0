#!/usr/bin/env bats
# What all tools share.  working() has a call that works for each tool; a tool
# that it lacks fails the first test.

load helpers
load flow

setup() {
	cat > "$T/profile" <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
	<plist version="1.0"><dict>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>com.example.test</string>
	<key>PayloadUUID</key><string>5A9A2D62-6E0D-4D5A-9B0E-3B2C1D0E9F8A</string>
	<key>PayloadContent</key><array><dict>
	<key>PayloadType</key><string>com.apple.webClip.managed</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>com.example.test.clip</string>
	<key>PayloadUUID</key><string>0D6B6B0C-6C35-4E0B-8F5A-0B7C9F2D1E3A</string>
	<key>Label</key><string>Test</string>
	<key>URL</key><string>https://example.com/</string>
	</dict></array>
	</dict></plist>
	XML
}

# The input of these calls, made only for those that need it.
signed() {
	openssl cms -sign -binary -nodetach -outform DER -in "$T/profile" \
	    -signer "$PKI/signer.pem" -inkey "$PKI/signer.key" \
	    -certfile "$PKI/inter.pem" -out "$T/signed"
}

authority() {
	[ -d "$T/ca" ] || scep-ca init --dir "$T/ca" \
	    --subject '/O=Example/CN=CA' 2> /dev/null
}

request() {
	authority
	[ -e "$T/state" ] || rsa_key "$T/key"
	scep-request --ca "$T/ca/cert.pem" --key "$T/key" \
	    --subject /O=Example/CN=Device --state "$T/state" -o "$T/message"
}

ledger() {
	mcfg-enrollment start --ledger "sqlite:$T/ledger.db" --user=jane \
	    > "$T/challenge"
}

site() {
	SITE="$BATS_FILE_TMPDIR/a site"
	[ -d "$SITE" ] || make_site
}

# working NAME: puts the arguments of a call that works into argv, with its
# INPUT, if it takes one, as the last.  NAME includes the verb, if any.
working() {
	argv=() input=
	case $1 in
	mcfg-service-payload)
		argv=(--url https://example.com/profile --identifier com.a.b) ;;
	mcfg-scep-payload)
		argv=(--url https://example.com/scep --identifier com.a.b
		    --subject /O=A/CN=B) ;;
	mcfg) ;;
	mcfg-lint)
		argv=(--json)
		input=$T/profile ;;
	mcfg-profile)
		input=$T/profile ;;
	mcfg-sign)
		argv=(--cert "$PKI/signer.pem" --key "$PKI/signer.key"
		    --chain "$PKI/chain.pem")
		input=$T/profile ;;
	mcfg-verify)
		signed
		argv=(--ca "$PKI/root.pem")
		input=$T/signed ;;
	mcfg-encrypt)
		argv=(--recipient "$PKI/client.pem")
		input=$T/profile ;;
	mcfg-decrypt)
		mcfg-encrypt --recipient "$PKI/client.pem" -o "$T/encrypted" \
		    "$T/profile"
		argv=(--key "$PKI/client.key" --cert "$PKI/client.pem")
		input=$T/encrypted ;;
	mcfg-get)
		argv=(PayloadType)
		input=$T/profile ;;
	mcfg-inspect)
		input=$T/profile ;;
	mcfg-diff)
		argv=("$T/profile")
		input=$T/profile ;;
	mcfg-page)
		argv=(welcome) ;;
	mcfg-service)
		site
		argv=(--check --site "$SITE") ;;
	mcfg-report)
		ledger
		argv=(--ledger "sqlite:$T/ledger.db") ;;
	scep-request)
		authority
		[ -e "$T/key" ] || rsa_key "$T/key"
		argv=(--ca "$T/ca/cert.pem" --key "$T/key"
		    --subject /O=Example/CN=Device --state "$T/state") ;;
	scep-response)
		authority
		scep-ca challenge --dir "$T/ca" > "$T/pw"
		rsa_key "$T/key"
		scep-request --ca "$T/ca/cert.pem" --key "$T/key" \
		    --subject /O=Example/CN=Device --state "$T/state" \
		    --challenge "file:$T/pw" -o "$T/message"
		scep-ca answer --dir "$T/ca" --operation PKIOperation \
		    "$T/message" > "$T/reply"
		argv=(--state "$T/state" --key "$T/key"
		    --ca "$T/ca/cert.pem")
		input=$T/reply ;;
	'mcfg-enrollment list')
		ledger
		argv=(--ledger "sqlite:$T/ledger.db" --json) ;;
	'scep-ca list')
		authority
		argv=(--dir "$T/ca" --json) ;;
	*)
		echo "$1: not in the table of meta.bats"
		return 1 ;;
	esac
	[ -z "$input" ] || argv+=("$input")
}

# tools: prints the tools that were built.
tools() {
	local f

	for f in "$MCFG_BIN"/*; do
		echo "${f##*/}"
	done
}

# call_of TOOL: prints it with one of its verbs, if it has any.
call_of() {
	case $1 in
	mcfg-enrollment|scep-ca) echo "$1 list" ;;
	*) echo "$1" ;;
	esac
}

# each FUNCTION: calls it for every tool.
each() {
	local tool

	for tool in $(tools); do
		"$1" "$tool" || {
			echo "for $tool"
			return 1
		}
	done
}

works() {
	working "$(call_of "$1")" || return 1
	read -ra call <<< "$(call_of "$1")"
	yields - "${call[@]}" "${argv[@]}"
}

@test "meta: every tool has a call that works" {
	each works
}

helps() {
	yields "$T/help" "$1" --help || return 1
	grep -q "^Usage: $1 " "$T/help" || return 1
	grep -q '^Example:$' "$T/help" || return 1
	yields "$T/help.h" "$1" -h || return 1
	cmp "$T/help" "$T/help.h"
}

@test "meta: --help goes to standard output and has an example" {
	each helps
}

versions() {
	yields "$T/version" "$1" --version || return 1
	grep -qE "^$1 \(mcfg\) [0-9]+\.[0-9]+\.[0-9]+$" "$T/version"
}

@test "meta: --version prints the version" {
	each versions
}

misuses() {
	local call

	read -ra call <<< "$(call_of "$1")"
	refuses 2 'unknown option' "${call[@]}" --no-such-option || return 1
	refuses 2 'unknown option' "${call[@]}" --verbos || return 1
	refuses 2 'unknown option' "${call[@]}" -Q || return 1
	refuses 2 'takes no value' "${call[@]}" --verbose=yes
}

@test "meta: unknown and abbreviated options are usage errors" {
	each misuses
}

# verbs_of TOOL: prints its verbs.
verbs_of() {
	"$1" --help | sed -n '/^Verbs/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

# valued CALL...: prints "--x X" for each option whose value must have a certain
# form.  The others accept any text, or name a file.  The values of mcfg-page
# --drain and scep-ca --operation are those of a client, whose mistakes are not
# usage errors.
valued() {
	"$@" --help |
	    sed -nE 's/^ +(-., )?--([a-z0-9-]+) ([A-Z][^ ]*) .*/--\2 \3/p' |
	    grep -vE ' (FILE|DIR|CERT|KEY|TEXT|ID|OLD|COLUMN|S)$' |
	    grep -vE ' (TAGS|LIST|PREFIX_|REASON|OP|LENGTH)$' |
	    grep -vE -- '--(user|name|organization|attribute|attachment) NAME$'
}

# values CALL...: a malformed value of any option is a usage error.
values() {
	local option form bad more

	case "$*" in
	'scep-ca approve'|'scep-ca reject') more=(4f) ;;
	'scep-ca answer') more=(--operation GetCACaps) ;;
	mcfg-page) more=(--status 403 refused) ;;
	mcfg-sign) more=(--key k --http a/b) ;;
	*) more=() ;;
	esac
	valued "$@" > "$T/valued" || return 0
	while read -r option form; do
		case $option in
		--status) more=() ;;
		esac
		for bad in 1x '' '@ :'; do
			refuses 2 "$option" "$@" "$option" "$bad" \
			    "${more[@]}" < /dev/null || return 1
			grep -q "^$1: ${option}[: ]" "$T/stderr" || {
				echo "$* $option '$bad': $(cat "$T/stderr")"
				return 1
			}
			echo "$*" "$option" "$form" >> "$T/tried"
		done
	done < "$T/valued"
}

# values_of TOOL: the same for its verbs.
values_of() {
	local verb

	values "$1" || return 1
	for verb in $(verbs_of "$1"); do
		values "$1" "$verb" || return 1
	done
}

@test "meta: a malformed value of an option is a usage error" {
	each values_of
	[ "$(wc -l < "$T/tried")" -gt 400 ]
	for call in 'mcfg-sign --passphrase' 'mcfg-page --qr' \
	    'scep-ca list --ledger' 'scep-ca init --passphrase' \
	    'scep-enroll http://a/ --ca c --new-key n --subject /CN=a --challenge'
	do
		# shellcheck disable=SC2086 # the words of a call
		refuses 2 'not of the form' $call hunter2
		run -1 grep hunter2 "$T/stderr"
	done
}

# the_rest SCRIPT OPTION: puts into argv what a command line of the script needs
# beside the option.  Nothing listens at the address, so a value that is judged
# only after a request has another status.
the_rest() {
	local -a all
	local i

	case ${1##*/}\ $2 in
	scep-enroll\ --new-key|scep-enroll\ --key-size)
		all=(--new-key k --subject /CN=a --ca "$PKI/root.pem") ;;
	scep-enroll\ --signer*)
		all=(--key "$PKI/client.key" --ca "$PKI/root.pem"
		    --signer "$PKI/client.pem"
		    --signer-key "$PKI/client.key") ;;
	scep-enroll\ --fingerprint)
		all=(--key "$PKI/client.key" --subject /CN=a) ;;
	scep-enroll\ *)
		all=(--key "$PKI/client.key" --subject /CN=a
		    --ca "$PKI/root.pem") ;;
	mcfg-device\ *)
		all=(--cacert "$PKI/root.pem" --user jane
		    --password env:HOME -o "$T/d") ;;
	mcfg-site\ --add-user) all=(--password env:HOME) ;;
	mcfg-site\ --password) all=(--user jane) ;;
	mcfg-site\ --user) all=(--password env:HOME) ;;
	mcfg-site\ --address|mcfg-site\ --scep-http-port)
		all=(--web nginx) ;;
	mcfg-serve\ --workers) all=(--persistent) ;;
	*) all=() ;;
	esac
	case ${1##*/} in
	scep-enroll|mcfg-device) argv=(http://127.0.0.1:1/) ;;
	*) argv=("$T/none") ;;
	esac
	for ((i = 0; i < ${#all[@]}; i++)); do
		case ${all[i]} in
		"$2") i=$((i + 1)) ;;
		*) argv+=("${all[i]}") ;;
		esac
	done
}

# judged SCRIPT OPTION VALUE...: each of them is a usage error.
judged() {
	local script=$1 option=$2 value

	the_rest "$script" "$option"
	shift 2
	for value in "$@"; do
		refuses 2 "$option" "$script" "${argv[@]}" "$option" "$value" \
		    < /dev/null || return
		grep -q "^${script##*/}: ${option}[: ]" "$T/stderr" || {
			echo "$script $option '$value': $(cat "$T/stderr")"
			return 1
		}
	done
	echo "$script $option" >> "$T/tried"
}

@test "meta: a malformed value of a script's option is a usage error" {
	local script option form scripts

	scripts=(scep-enroll mcfg-device mcfg-site mcfg-serve
	    "$ROOT/scripts/web/workers")
	for script in "${scripts[@]}"; do
		"$script" --help | sed -nE \
		    's/^ +(-., )?--([a-z0-9-]+) ([A-Z][^ ]*) .*/--\2 \3/p' \
		    > "$T/valued"
		while read -r option form; do
			case $option\ $form in
			--organization*|--name*|*\ FILE|*\ DIR|*\ CERT) ;;
			--key*KEY|--signer-key*)
				judged "$script" "$option" '' env: env:1x \
				    env:UNSET fd:x fd:12 || return ;;
			--host*|--group*|--address*|--*user\ NAME)
				judged "$script" "$option" '' '@ :' || return ;;
			--udid*|--serial*|--product*)
				judged "$script" "$option" '' $'a\nb' || return ;;
			--identity-key*|--factory-key*) ;;
			--ra-fingerprint*|--fingerprint*)
				judged "$script" "$option" '' 1x 11 ||
				    return ;;
			*\ SRC)
				judged "$script" "$option" '' 1x env:1x \
				    env:UNSET || return ;;
			*)
				judged "$script" "$option" '' 1x '@ :' ||
				    return ;;
			esac
		done < "$T/valued"
	done
	[ "$(wc -l < "$T/tried")" -ge 36 ]
	judged scep-enroll --san dns: /a
	judged mcfg-device --misbehave . other-udid,.
	[ ! -e "$T/none" ]
	[ ! -e "$T/d" ]
	refuses 2 --san scep-enroll http://127.0.0.1:1/ --ca "$PKI/root.pem" \
	    --key "$PKI/client.key" --subject /CN=a --san dns:a --san a
	refuses 4 'no/csr: missing' scep-enroll http://127.0.0.1:1/ \
	    --ca "$PKI/root.pem" --key "$PKI/client.key" --csr "$T/no/csr"
	refuses 4 'fd:9: the descriptor' scep-enroll http://127.0.0.1:1/ \
	    --ca "$PKI/root.pem" --key fd:9 --subject /CN=a
}

# claims NAME: standard input cannot be two files, whichever options name it.
claims() {
	local call option second

	read -ra call <<< "$(call_of "$1")"
	"${call[@]}" --help |
	    sed -nE 's/^ +(-., )?--([a-z-]+) (FILE|CERT) .*/\2/p' |
	    grep -vxE 'output|report|state|csr|.*-out|write-baseline' \
	    > "$T/reading" || return 0
	while read -r option; do
		second=(-)
		case $1 in
		scep-request) second=(--csr -) ;;
		mcfg-enrollment|mcfg-page|mcfg-report|mcfg-s*-payload)
			second=(--config -)
			[ "$option" != config ] || continue ;;
		esac
		refuses 2 'claimed by both' "${call[@]}" "--$option" - \
		    "${second[@]}" < /dev/null || return 1
	done < "$T/reading"
}

@test "meta: standard input is claimed only once" {
	each claims
	for call in 'mcfg-sign --key k' 'mcfg-sign --key k --out-dir . -0' \
	    mcfg-inspect mcfg-lint mcfg-verify 'mcfg-decrypt --key k'; do
		case $call in
		mcfg-lint) option=--baseline ;;
		mcfg-inspect) option=--content ;;
		mcfg-verify) option=--ca ;;
		*) option=--cert ;;
		esac
		# shellcheck disable=SC2086 # the words of a call
		refuses 2 'claimed by both' $call $option - < /dev/null
	done
	for verb in identify complete bind; do
		mcfg-enrollment "$verb" --help | grep -oE -- \
		    '--(signer|allow|policy|outside-ca|config) FILE' \
		    > "$T/reading"
		while read -r option _; do
			refuses 2 'claimed by both' mcfg-enrollment "$verb" \
			    "$option" - < /dev/null
		done < "$T/reading"
	done
	refuses 2 'claimed by both' mcfg-encrypt --recipient - --recipient - \
	    "$T/profile" < "$PKI/signer.pem"
}

starves() {
	local want=3 call

	working "$(call_of "$1")" || return 1
	[ -n "$input" ] || return 0
	read -ra call <<< "$(call_of "$1")"
	: > "$T/empty"
	if [ "$1" = mcfg-lint ]; then
		_run "${call[@]}" "$T/empty"
		[ "$status" -eq 1 ]
		return
	fi
	unset 'argv[-1]'
	refuses "$want" '' "${call[@]}" "${argv[@]}" "$T/empty" || return 1
	refuses 4 'No such file' "${call[@]}" "${argv[@]}" "$T/missing"
}

@test "meta: an empty INPUT is malformed, a missing one is a fault" {
	each starves
}

fills() {
	local call

	working "$(call_of "$1")" || return 1
	read -ra call <<< "$(call_of "$1")"
	[ "$1" != mcfg-diff ] || argv=("$T/profile" "$T/other")
	sed 's/>Test</>Other</' "$T/profile" > "$T/other"
	status=0
	"${call[@]}" "${argv[@]}" > /dev/full 2> "$T/stderr" || status=$?
	if [ "$status" -ne 4 ] || [ "$(wc -l < "$T/stderr")" -ne 1 ] ||
	    ! grep -q "^$1: stdout: cannot write: No space left" "$T/stderr"
	then
		echo "status $status: $(cat "$T/stderr")"
		return 1
	fi
}

@test "meta: a full disk is a fault" {
	[ -c /dev/full ] || skip "no /dev/full here"
	each fills
}

shuts() {
	local call

	working "$(call_of "$1")" || return 1
	read -ra call <<< "$(call_of "$1")"
	[ "$1" != mcfg-diff ] || argv=("$T/profile" "$T/other")
	sed 's/>Test</>Other</' "$T/profile" > "$T/other"
	status=0
	"${call[@]}" "${argv[@]}" >&- 2> "$T/stderr" || status=$?
	if [ "$status" -ne 4 ] || [ "$(wc -l < "$T/stderr")" -ne 1 ] ||
	    ! grep -q "^$1: stdout: cannot write: Bad file" "$T/stderr"
	then
		echo "status $status: $(cat "$T/stderr")"
		return 1
	fi
}

# An input must not get the number of the closed descriptor.
@test "meta: a closed standard output is a fault" {
	each shuts
}

@test "meta: a closed standard input is a fault, and so is a size limit" {
	status=0
	mcfg-profile <&- > "$T/stdout" 2> "$T/stderr" || status=$?
	[ "$status" -eq 4 ]
	[ "$(cat "$T/stderr")" = \
	    'mcfg-profile: stdin: cannot read: Bad file descriptor' ]
	[ ! -s "$T/stdout" ]
	(
		ulimit -f 1
		refuses 4 'cannot write: File too large' mcfg-profile \
		    --description "$(printf '%2000s' long)" -o "$T/limited" \
		    "$T/profile"
	)
	[ ! -e "$T/limited" ]
}

breaks() {
	local call

	working "$(call_of "$1")" || return 1
	read -ra call <<< "$(call_of "$1")"
	[ "$1" != mcfg-diff ] || argv=("$T/profile" "$T/other")
	sed 's/>Test</>Other</' "$T/profile" > "$T/other"
	mkfifo "$T/pipe"
	exec 5<> "$T/pipe"
	exec 6> "$T/pipe"
	exec 5<&-
	status=0
	"${call[@]}" "${argv[@]}" >&6 2> "$T/stderr" || status=$?
	exec 6>&-
	rm "$T/pipe"
	[ "$status" -eq 4 ] || {
		echo "status $status: $(cat "$T/stderr")"
		return 1
	}
}

@test "meta: a closed pipe is a fault" {
	each breaks
}

# options_of CALL...: prints the options that take a file, as "--x FILE".
options_of() {
	"$@" --help | sed -n 's/^ .*\(--[a-z0-9-]*\) \(FILE\|KEY\|CERT\|SRC\|DIR\|CSR\)\( .*\)*$/\1 \2/p'
}

# tries NAME ARG...: runs it, and puts its status in $T/ends/NAME.
tries() {
	local name=$1 status=0
	shift

	timeout 600 "$@" > /dev/null 2> "$T/ends/$name.said" < /dev/null ||
	    status=$?
	echo "$status $*" > "$T/ends/$name"
}

# meets TOOL: tries a call for each file it takes, which made NAME provides.
meets() {
	local call option kind value args i n=0

	working "$(call_of "$1")" || return 1
	read -ra call <<< "$(call_of "$1")"
	while read -r option kind; do
		n=$((n + 1))
		value=$(made "$1.$n") || return
		[ "$kind" != SRC ] || value=file:$value
		args=("${argv[@]}")
		for i in "${!args[@]}"; do
			[ "${args[i]}" != "$option" ] || break
		done
		if [ "${args[i]:-}" = "$option" ]; then
			args[i + 1]=$value
		else
			args=("$option" "$value" "${args[@]}")
		fi
		tries "$1.$n" "${call[@]}" "${args[@]}" 3>&- &
	done < <(options_of "${call[@]}")
	if [ -n "$input" ]; then
		args=("${argv[@]}")
		args[-1]=$(made "$1.in")
		tries "$1.in" "${call[@]}" "${args[@]}" 3>&- &
	fi
}

# ended STATUS...: every call has ended, with another status than these.
ended() {
	local end status rest

	wait
	for end in "$T"/ends/*[!d]; do
		read -r status rest < "$end"
		case " $* " in
		*" $status "*)
			echo "$status: $rest: $(cat "$end.said")"
			return 1 ;;
		esac
	done
}

@test "meta: a pipe that nobody writes to is a fault, not a hang" {
	made() {
		mkfifo "$T/$1.pipe" && echo "$T/$1.pipe"
	}
	mkdir "$T/ends"
	each meets
	ended 124 137
	[ "$(grep -l 'this pipe or device' "$T"/ends/*.said | wc -l)" -gt 50 ]
}

@test "meta: an endless file is refused, not read for ever" {
	[ -c /dev/zero ] || skip 'no /dev/zero here'
	made() {
		echo /dev/zero
	}
	mkdir "$T/ends"
	each meets
	ended 124 137
	[ "$(grep -l 'larger than' "$T"/ends/*.said | wc -l)" -gt 30 ]
}

narrates() {
	local call

	working "$(call_of "$1")" || return 1
	read -ra call <<< "$(call_of "$1")"
	_run "${call[@]}" -v "${argv[@]}"
	if [ ! -s "$T/stderr" ] || grep -qv "^$1: " "$T/stderr"; then
		echo "status $status, -v says: $(cat "$T/stderr")"
		return 1
	fi
}

@test "meta: -v describes what a tool does" {
	each narrates
}

closes() {
	local call

	working "$(call_of "$1")" || return 1
	read -ra call <<< "$(call_of "$1")"
	[ "$1" != mcfg-diff ] || argv=("$T/profile" "$T/other")
	sed 's/>Test</>Other</' "$T/profile" > "$T/other"
	status=0
	"${call[@]}" "${argv[@]}" >&- 2> "$T/stderr" || status=$?
	case $status in 0|1|4) ;; *) echo "status $status"; return 1 ;; esac
	head -c 6 "$T/profile" | grep -q '<?xml'
}

@test "meta: a closed standard output writes into no other file" {
	each closes
}

# page_options PAGE: prints the options of a manual page.
page_options() {
	awk '$1 == ".It" && $2 == "Fl" {
		flag = 0
		for (i = 2; i <= NF; i++) {
			if ($i ~ /^[A-Z][a-z]$/)
				flag = $i == "Fl"
			else if (flag && $i !~ /^[,|]$/) {
				sub(/^-*/, "", $i)
				print $i
			}
		}
	}' "$1" | sort -u
}

# help_options TOOL: prints the options of --help, and of that of its verbs.
help_options() {
	local verb

	{
		"$1" --help
		for verb in $("$1" --help |
		    sed -n '/^Verbs/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
			"$1" "$verb" --help
		done
	} | sed -n '/^Options:/,/^Example:/p' |
	    grep -oE '^  (-[a-zA-Z0-9], |    )--[a-z0-9-]+|^  -[a-zA-Z0-9](, | |$)' |
	    grep -oE -- '-[a-zA-Z0-9][a-z0-9-]*' | sed 's/^-*//' | sort -u
}

documents() {
	local page=$ROOT/man/man1/$1.1 section

	[ -e "$page" ] || {
		echo "no page $page"
		return 1
	}
	for section in 'EXIT STATUS' EXAMPLES; do
		grep -q "^\.Sh $section" "$page" || {
			echo "no $section in $page"
			return 1
		}
	done
	page_options "$page" > "$T/page"
	help_options "$1" > "$T/options"
	diff "$T/page" "$T/options"
}

@test "meta: a manual page has the same options as --help" {
	each documents
}

# traced cmd...: runs it under valgrind; status 99 means an error.
traced() {
	_run valgrind -q --error-exitcode=99 --leak-check=full \
	    --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	    "$(command -v "$1")" "${@:2}"
	[ "$status" -ne 99 ] || {
		_show "$@"
		return 1
	}
}

remembers() {
	local call

	working "$(call_of "$1")" || return 1
	read -ra call <<< "$(call_of "$1")"
	traced "${call[@]}" "${argv[@]}" || return 1
	[ "$status" -eq 0 ] || return 1
	if [ -n "$input" ]; then
		head -c 300 "$input" > "$T/part"
		argv[-1]=$T/part
	else
		argv+=(--verbose --no-such-option)
	fi
	traced "${call[@]}" "${argv[@]}" || return 1
	[ "$status" -ne 0 ]
}

@test "meta: valgrind finds no error in a call that works and one that fails" {
	[ -n "${MCFG_TEST_VALGRIND:-}" ] || skip "make valgrind runs it"
	needs valgrind
	each remembers
}

# ---- scripts for users ----

scripts() {
	local f

	for f in "$ROOT"/scripts/mcfg-* "$ROOT"/scripts/scep-* \
	    "$ROOT"/scripts/facts-*; do
		echo "${f##*/}"
	done
}

script_behaves() {
	local page=$ROOT/man/man1/$1.1 section

	yields "$T/help" "$1" --help || return 1
	grep -q "^usage: $1 " "$T/help" || return 1
	yields "$T/help.h" "$1" -h || return 1
	cmp "$T/help" "$T/help.h" || return 1
	yields "$T/version" "$1" --version || return 1
	grep -qE "^$1 \(mcfg\) [0-9]+\.[0-9]+\.[0-9]+$" "$T/version" || return 1
	refuses 2 'unknown option' "$1" --no-such-option || return 1
	refuses 2 'unknown option' "$1" -Q || return 1
	for section in 'EXIT STATUS' EXAMPLES; do
		grep -q "^\.Sh $section" "$page" || {
			echo "no $section in $page"
			return 1
		}
	done
	page_options "$page" > "$T/page"
	grep -oE '^ *(-[a-zA-Z], |    )--[a-z0-9-]+' "$T/help" |
	    grep -oE -- '-[a-zA-Z0-9][a-z0-9-]*' | sed 's/^-*//' |
	    sort -u > "$T/options"
	diff "$T/page" "$T/options"
}

@test "meta: scripts have --help, --version, and a manual page with their options" {
	local script

	for script in $(scripts); do
		script_behaves "$script" || {
			echo "for $script"
			return 1
		}
	done
}

# In the file below, % stands for @, or Bats would take its tests for ours.
@test "meta: a file's tests are skipped if its server is not installed" {
	ln -s "$TESTS/helpers.bash" "$T/helpers.bash"
	printf 'setup_suite() { :; }\n' > "$T/setup_suite.bash"
	sed 's/^ *%/@/' > "$T/lacking.bats" <<-'BATS'
	load helpers
	setup_file() {
	    needs no-such-server || return 0
	    false
	}
	%test "one" { false; }
	%test "two" { false; }
	BATS
	env -u BATS_TEST_NAME -u UNABLE bats -F tap "$T/lacking.bats" \
	    > "$T/tap" 3>&-
	[ "$(grep -c '^ok .* # skip no-such-server is not installed$' \
	    "$T/tap")" -eq 2 ]
}

@test "meta: fd:N works wherever a file is read" {
	local how

	signed
	for how in path fd; do
		at() { [ "$how" = fd ] && echo "fd:$1" || echo "$2"; }
		{
			mcfg-get . "$(at 5 "$T/profile")"
			mcfg-inspect "$(at 6 "$T/signed")" | grep -v "$T\|fd:"
			mcfg-verify --ca "$(at 7 "$PKI/root.pem")" \
			    "$(at 8 "$T/signed")"
		} 5< "$T/profile" 6< "$T/signed" 7< "$PKI/root.pem" \
		    8< "$T/signed" \
		    > "$T/read.$how"
		mcfg-sign --at 2026-11-24T09:00:00Z --key "$PKI/signer.key" \
		    --cert "$(at 5 "$PKI/signer.pem")" \
		    --chain "$(at 6 "$PKI/inter.pem")" \
		    "$(at 7 "$T/profile")" > "$T/made.$how" \
		    5< "$PKI/signer.pem" 6< "$PKI/inter.pem" 7< "$T/profile"
	done
	cmp "$T/read.path" "$T/read.fd"
	cmp "$T/made.path" "$T/made.fd"
	refuses 4 'not open for reading' mcfg-get . fd:9
}

@test "meta: reports a broken OpenSSL configuration and a missing provider" {
	local c

	printf 'openssl_conf = a\n[b' > "$T/broken.cnf"
	for c in missing fips; do
		cat > "$T/$c.cnf" <<-CNF
		openssl_conf = a
		[a]
		providers = p
		[p]
		default = on
		$c = on
		[on]
		activate = 1
		CNF
	done
	sed '/default/d; s/fips/legacy/' "$T/fips.cnf" > "$T/legacy.cnf"
	sed '/missing/d' "$T/missing.cnf" > "$T/good.cnf"
	signed
	for c in broken missing legacy absent; do
		OPENSSL_CONF=$T/$c.cnf refuses 4 'OPENSSL_CONF' mcfg-verify \
		    --ca "$PKI/root.pem" "$T/signed" || {
			echo "for $c"
			return 1
		}
	done
	for c in "$T/good.cnf" /dev/null ''; do
		OPENSSL_CONF=$c mcfg-verify --ca "$PKI/root.pem" "$T/signed" \
		    > "$T/out"
		cmp "$T/out" "$T/profile"
	done
	OPENSSL_CONF=$T/broken.cnf mcfg-verify --help > /dev/null
}

@test "meta: man -M man finds each page in a checkout" {
	local p name

	needs man
	for p in "$ROOT"/man/man[157]/*.[157]; do
		name=${p##*/}
		[ "$(man -M "$ROOT/man" -w "${p##*.}" "${name%.*}")" = "$p" ]
	done
}
