# What devices have received so far, for mcfg-serve and mcfg-site: sourced.
#
# A device accepts a profile as an update of another if both have the same
# PayloadIdentifier and their signers have the same issuer.  DIR/published has
# one line for each template and one for the signer, as they were when the site
# was first served with them.
# shellcheck shell=sh

# identifier_of FILE: prints the top-level PayloadIdentifier as it is written.
identifier_of() {
	sed -n 's/^PayloadIdentifier:[[:space:]]*//p' "$1" | head -n 1 |
	    sed 's/[[:space:]]#.*//; s/[[:space:]]*$//; s/^"\(.*\)"$/\1/'
}

# issuer_of CERT: prints the issuer's name and key.
issuer_of() {
	openssl x509 -in "$1" -noout -issuer -nameopt RFC2253 \
	    -ext authorityKeyIdentifier 2> /dev/null |
	    sed -n 's/^issuer=//p; s/^ *keyid://p; s/^ *\([0-9A-F:]\{20,\}\)$/\1/p' |
	    tr '\n' ' ' | sed 's/ *$//'
}

# printable TEXT: prints it for a terminal or a log; unusual characters become
# question marks.
printable() {
	printf '%s' "$1" | LC_ALL=C tr -c '[:print:]' '?'
}

# published_now DIR: prints the lines for the present files.  A template whose
# name no device and no user can have is left out.
published_now() {
	for file in "$1"/profile.yaml "$1"/profile.d/*.yaml; do
		[ -f "$file" ] || continue
		case ${file##*/} in
		[!A-Za-z0-9]*|*[!A-Za-z0-9._@+,-]*) continue ;;
		esac
		printf '%s: %s\n' "${file#"$1"/}" "$(identifier_of "$file")"
	done
	printf 'signer: %s\n' "$(issuer_of "$1/signer/cert.pem")"
}

# published_was DIR WHAT: prints the first line about WHAT, a file's name,
# which is compared as text.
published_was() {
	exists "$1/published" || return 0
	while IFS= read -r line; do
		case $line in
		"$2: "*)
			printf '%s\n' "${line#"$2: "}"
			return ;;
		esac
	done < "$1/published"
}

# published_differ DIR: prints a sentence for each change that devices would
# not accept as an update; new templates are added to DIR/published.
published_differ() {
	published_now "$1" | while IFS= read -r line; do
		what=${line%%: *} is=${line#*: }
		was=$(published_was "$1" "$what")
		if [ -z "$was" ]; then
			[ -z "$is" ] || printf '%s\n' "$line" >> "$1/published"
		elif [ "$is" != "$was" ] && [ "$what" = signer ]; then
			echo "signer/cert.pem: issuer: another than that of" \
			    "profiles on devices, which will refuse an update:" \
			    "let them enroll again, then remove the line" \
			    "'signer:' from published"
		elif [ "$is" != "$was" ]; then
			echo "$what: PayloadIdentifier: '$(printable "$is")'" \
			    "is not '$(printable "$was")':" \
			    "devices will add a profile and keep the old one"
		fi
	done
}

# old_signer DIR: true if the signer's certificate was issued by the site's own
# CA and cannot be told apart from a device's.
old_signer() {
	case $(openssl x509 -in "$1/signer/cert.pem" -noout \
	    -ext extendedKeyUsage 2> /dev/null) in
	*'E-mail Protection'*) return 1 ;;
	esac
	openssl verify -no-CApath -no-CAstore -partial_chain \
	    -CAfile "$1/ca/cert.pem" "$1/signer/cert.pem" > /dev/null 2>&1
}

# OLD_SIGNER: the message about it.
# shellcheck disable=SC2034 # for scripts that source this file
OLD_SIGNER="signer/cert.pem lacks emailProtection, so that it cannot be told \
from a device's: make a new one (mcfg-site DIR --renew signer)"
