# Runs once before all tests: puts the tools on PATH, and makes a PKI with the
# openssl command, without our own code.
#
# $PKI holds: root.pem root.key, inter.pem (issued by root), signer.pem
# signer.key (issued by inter), chain.pem (inter, root), ec.pem ec.key,
# other.pem other.key (another root with the same name), device-ca.pem
# device-ca.key (RSA-1024, SHA-1), device.pem device.key (issued by it),
# client.pem client.key (issued by root, clientAuth).
#
# Programs that tests call a thousand times start slowly on many machines:
# python3 searches its packages, Debian's psql is a wrapper, openssl reads the
# system's roots.  The run has faster ways to start them, and a pool of RSA keys
# (fast/openssl).

_pki_ext() {
	printf '%s\n' "$@"
}

# _pki_issue NAME SUBJECT CA DIGEST KEYARGS...: issues NAME.pem, with the
# extensions on standard input and key identifiers, which OpenSSL 4 does not
# add.
_pki_issue() {
	local name=$1 subject=$2 ca=$3 digest=$4
	shift 4
	openssl req -new -newkey "$@" -nodes -keyout "$name.key" \
	    -subj "$subject" -out "$name.csr" 2> /dev/null
	{
		cat
		_pki_ext subjectKeyIdentifier=hash authorityKeyIdentifier=keyid
	} | openssl x509 -req -in "$name.csr" -CA "$ca.pem" \
	    -CAkey "$ca.key" -CAcreateserial -days 730 "-$digest" \
	    -extfile /dev/stdin -out "$name.pem" 2> /dev/null
	chmod 600 "$name.key"
}

_pki_root() {
	openssl req -x509 -newkey "$4" -nodes -keyout "$1.key" -subj "$2" \
	    -days 3650 "-$3" -out "$1.pem" \
	    -addext keyUsage=critical,keyCertSign,cRLSign 2> /dev/null
	chmod 600 "$1.key"
}

make_pki() {
	local ca='basicConstraints=critical,CA:TRUE'
	local leaf='basicConstraints=CA:FALSE'

	_pki_root root '/O=Example/CN=Root' sha256 rsa:2048
	_pki_root other '/O=Example/CN=Root' sha256 rsa:2048
	_pki_root device-ca '/C=US/O=Factory/CN=Device CA' sha1 rsa:1024
	_pki_ext "$ca" keyUsage=critical,keyCertSign |
	    _pki_issue inter '/O=Example/CN=Intermediate' root sha256 rsa:2048
	_pki_ext "$leaf" keyUsage=critical,digitalSignature |
	    _pki_issue signer '/O=Example/CN=Signer' inter sha256 rsa:2048
	_pki_ext "$leaf" keyUsage=critical,digitalSignature |
	    _pki_issue ec '/O=Example/CN=EC Signer' root sha256 \
	    ec -pkeyopt ec_paramgen_curve:P-256
	_pki_ext "$leaf" extendedKeyUsage=clientAuth |
	    _pki_issue client '/O=Example/CN=Client' root sha256 rsa:2048
	_pki_ext "$leaf" extendedKeyUsage=serverAuth,clientAuth |
	    _pki_issue device '/CN=DEVICE-0001' device-ca sha1 rsa:1024
	cat inter.pem root.pem > chain.pem
}

# fast_python DIR: makes DIR/bin/python3, the machine's, in an environment with
# only the packages that tests import.
fast_python() {
	local packages path

	mkdir -p "$1/bin"
	ln -s "$(python3 -c 'import sys; print(sys.executable)')" \
	    "$1/bin/python3"
	printf 'home = %s\ninclude-system-site-packages = false\n' \
	    "$(dirname "$(readlink "$1/bin/python3")")" > "$1/pyvenv.cfg"
	packages=$("$1/bin/python3" -c \
	    'import site; print(site.getsitepackages()[0])')
	mkdir -p "$packages"
	python3 - <<-'PY' |
	import importlib.util
	for name in 'yaml', '_yaml', 'cryptography', '_cffi_backend':
	    found = importlib.util.find_spec(name)
	    if found: print((found.submodule_search_locations or
	                     [found.origin])[0])
	PY
	while IFS= read -r path; do
		ln -s "$path" "$packages"
	done
}

# fast_openssl DIR: makes DIR/openssl, whose RSA keys come from a pool, which
# the next run uses again.
fast_openssl() {
	local pool=${BATS_TEST_DIRNAME%/tests}/build/keys

	{ mkdir -p "$pool" && [ -w "$pool" ]; } 2> /dev/null || {
		pool=$BATS_SUITE_TMPDIR/keys
		mkdir "$pool"
	}
	{
		printf '#!/bin/sh\nreal=%q pool=%q\n' "$(command -v openssl)" \
		    "$pool"
		cat "$BATS_TEST_DIRNAME/fast/openssl"
	} > "$1/openssl"
	chmod 755 "$1/openssl"
}

# fast_postgresql DIR: links in DIR the clients that PATH has a wrapper for.
fast_postgresql() {
	local tool path

	for tool in psql pg_dump; do
		path=$(printf '%s\n' /usr/lib/postgresql/*/bin/"$tool" |
		    sort -V | tail -n 1)
		[ ! -x "$path" ] || ln -s "$path" "$1"
	done
}

setup_suite() {
	local root=${BATS_TEST_DIRNAME%/tests}

	# Without a locale, as on a new Debian, bash does not expand \u.
	export LC_ALL=C.UTF-8
	export MCFG_BIN=${MCFG_BIN:-$root/build/bin}
	export PATH=$MCFG_BIN:$root/scripts:$PATH
	export MCFG_TEST_PKI=$BATS_SUITE_TMPDIR/pki
	export MCFG_TEST_SHARED=$BATS_SUITE_TMPDIR/shared
	# Trust no roots except those that a test names.
	: > "$BATS_SUITE_TMPDIR/no-roots.pem"
	export SSL_CERT_FILE=$BATS_SUITE_TMPDIR/no-roots.pem
	export SSL_CERT_DIR=/nonexistent
	unset CURL_CA_BUNDLE
	fast_python "$BATS_SUITE_TMPDIR/fast"
	fast_openssl "$BATS_SUITE_TMPDIR/fast/bin"
	fast_postgresql "$BATS_SUITE_TMPDIR/fast/bin"
	PATH=$BATS_SUITE_TMPDIR/fast/bin:$PATH
	mkdir -p "$MCFG_TEST_PKI" "$MCFG_TEST_SHARED"
	(cd "$MCFG_TEST_PKI" && make_pki)
}
