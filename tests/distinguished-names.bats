#!/usr/bin/env bats
# Distinguished names as they are typed.  The judge is openssl, which reads them
# in a request.

load helpers

setup() {
	cd "$T" || return
}

# requested DN: makes req, a request with this subject, and sets $subject to
# what openssl finds in it, in RFC 2253's order and with types.
requested() {
	rm -rf ca
	yields - scep-ca init --dir ca --key-type ec:P-256 --ra --csr req \
	    --subject "$1"
	subject=$(openssl req -in req -noout -subject \
	    -nameopt RFC2253,utf8,-esc_msb,show_type)
	subject=${subject#subject=}
}

@test "names: a value is UTF-8 when its escapes are undone" {
	# RFC 4514 3: one byte of a letter may be escaped, and another not.
	requested $'CN=\\C3\xb1A'
	[ "$subject" = 'CN=UTF8STRING:ñA' ]
	requested $'CN=\xc3\\B1\\20,O=\\#x\\, y'
	[ "$subject" = 'CN=UTF8STRING:ñ\ ,O=UTF8STRING:\#x\, y' ]
	# Half a letter, a surrogate, an overlong form, and one beyond Unicode.
	for value in '\C3A' $'\xc3A' '\ED\A0\80' '\C0\80' '\F4\90\80\80'; do
		refuses 2 '--subject' scep-ca init --dir no --ra --csr req \
		    --subject "CN=$value"
	done
}

@test "names: a value in hexadecimal keeps its string type" {
	requested 'CN=#1E0400410042+OU=#140141,O=#0c0162,C=#13024445'
	[ "$subject" = 'CN=BMPSTRING:AB+OU=T61STRING:A,O=UTF8STRING:b,C=PRINTABLESTRING:DE' ]
	# Not DER, DER with more after it, not text, and a type without
	# comparison.
	for value in '#0C' '#0Czz' '#0C016100' '#0C0100' '#040161' '#12023132' \
	    '#1E02D800' '#0C0161 x'; do
		refuses 2 '--subject' scep-ca init --dir no --ra --csr req \
		    --subject "CN=$value"
	done
}

# Found by fuzzing: such a name could not be read back from its text.
@test "names: a value in hexadecimal has the limits of its attribute" {
	refuses 2 'too short' scep-ca init --dir no --ra --csr req \
	    --subject $'1.24.4=#0C0161,C=#0C0161,CN=\\C3\xb1A'
	refuses 2 'too long' scep-ca init --dir no --ra --csr req \
	    --subject 'C=#1303444555'
	refuses 2 'cannot hold' scep-ca init --dir no --ra --csr req \
	    --subject 'DC=#0C02C3B1'
}

@test "names: a type is shown by a name only if that name is read as it" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout key -out cert.pem -subj \
	    '/0.9.2342.19200300.100.1.44=x/UID=y' 2> /dev/null
	yields facts mcfg-inspect --json cert.pem
	json_is facts "j['certificates'][0]['subject'] ==
	    'UID=y,0.9.2342.19200300.100.1.44=x'"
}
