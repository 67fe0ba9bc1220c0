#!/usr/bin/env bats
# Completions are made from --help; the shells themselves are the judges.

load helpers

# complete_bash TOOL WORD...: prints what bash offers for the last word.
complete_bash() {
	"$ROOT/scripts/completions" bash "$(command -v "$1")" > "$T/$1.bash"
	bash -c '
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		fn=_${1//-/_}
		"$fn"
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$T/$1.bash" "$@"
}

@test "completions: bash offers options, choices and verbs" {
	complete_bash mcfg-sign --no > "$T/out"
	diff "$T/out" <(echo --no-signing-time)
	complete_bash mcfg-sign --digest sha5 > "$T/out"
	diff "$T/out" <(echo sha512)
	complete_bash mcfg-enrollment id > "$T/out"
	diff "$T/out" <(echo identify)
	complete_bash mcfg-enrollment complete --repeat re > "$T/out"
	diff "$T/out" <(printf '%s\n' reissue reenroll)
	complete_bash mcfg-enrollment complete --sig > "$T/out"
	diff "$T/out" <(echo --signer)
}

@test "completions: mcfg offers the tools, and the options of each" {
	complete_bash mcfg li > "$T/out"
	diff "$T/out" <(echo lint)
	complete_bash mcfg lint --base > "$T/out"
	diff "$T/out" <(echo --baseline)
	complete_bash mcfg lint --level warn > "$T/out"
	diff "$T/out" <(echo warning)
	complete_bash mcfg site --rene > "$T/out"
	diff "$T/out" <(echo --renew)
}

@test "completions: bash offers files for an option that takes one" {
	cd "$T"
	: > some.pem
	complete_bash mcfg-sign --cert som > "$T/out"
	diff "$T/out" <(echo some.pem)
}

# parses SHELL NAME-OF-FILE: the shell can parse every tool's completion.
parses() {
	local t

	for t in "$MCFG_BIN"/* "$ROOT"/scripts/mcfg-* "$ROOT"/scripts/scep-* \
	    "$ROOT"/scripts/facts-*; do
		"$ROOT/scripts/completions" "$1" "$t" > "$T/c.$1"
		"$1" -n "$T/c.$1"
		[ -s "$T/c.$1" ]
	done
}

@test "completions: scripts have completions too" {
	complete_bash scep-enroll --new > "$T/out"
	diff "$T/out" <(echo --new-key)
	cd "$T"
	: > some.pem
	complete_bash scep-enroll --ca som > "$T/out"
	diff "$T/out" <(echo some.pem)
}

@test "completions: bash reads them all" {
	parses bash
}

@test "completions: zsh reads them all" {
	needs zsh
	parses zsh
}

@test "completions: fish reads them all" {
	needs fish
	parses fish
}

@test "completions: every option in --help is completed by each shell" {
	local s t

	for t in "$MCFG_BIN"/* "$ROOT"/scripts/mcfg-* "$ROOT"/scripts/scep-*
	do
		"$t" --help |
		    sed -n '/^Options:/,/^Example:/p; /^usage:/,$p' |
		    grep -oE '^  (-., |    )--[a-z0-9-]+' |
		    sed 's/.*--//' | sort -u > "$T/options"
		[ -s "$T/options" ]
		for s in bash zsh fish; do
			"$ROOT/scripts/completions" "$s" "$t" |
			    grep -oE -e '(--|-l )[a-z0-9-]+' |
			    sed "s/^--//; s/^-l //" | sort -u > "$T/$s"
			comm -23 "$T/options" "$T/$s" > "$T/lacking"
			if [ -s "$T/lacking" ]; then
				echo "$t for $s: $(cat "$T/lacking")"
				return 1
			fi
		done
	done
}
