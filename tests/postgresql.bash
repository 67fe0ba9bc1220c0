# A PostgreSQL for the tests: load postgresql
#
# postgresql_needed  in setup_file, first: skips like needs() if it is missing
# postgresql_start   then: starts a server on a socket in its own folder
# postgresql_stop    in teardown_file
# postgresql_schema NAME   makes a new schema, with its URI in $URI
#
# If the tests run as root, the server runs as the user postgres, since it
# refuses to run as root.

# shellcheck source=tests/outside.bash
. "${BASH_SOURCE[0]%/*}/outside.bash"

_postgresql_bin() {
	local dir

	for dir in /usr/lib/postgresql/*/bin; do
		[ ! -x "$dir/initdb" ] || echo "$dir"
	done | sort -V | tail -n 1
}

_postgresql_as() {
	if [ "$(id -u)" -eq 0 ]; then
		(cd / && runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

postgresql_needed() {
	if [ -z "$(_postgresql_bin)" ] || ! command -v psql > /dev/null; then
		unable 'postgresql is not installed'
	elif mcfg-enrollment list --ledger postgresql:/// 2>&1 |
	    grep -q 'without PostgreSQL'; then
		unable 'built without PostgreSQL'
	fi
}

postgresql_start() {
	local bin

	export PG
	bin=$(_postgresql_bin)
	PG=$(outside pg)
	[ "$(id -u)" -ne 0 ] || chown postgres "$PG"
	_postgresql_as "$bin/initdb" -D "$PG/data" -A trust -U postgres \
	    -E UTF8 --locale=C -N > "$PG.log" 2>&1
	_postgresql_as "$bin/pg_ctl" -D "$PG/data" -w -s -l "$PG/server.log" \
	    -o "-c listen_addresses='' -c unix_socket_directories=$PG -c fsync=off" \
	    start 3>&- >> "$PG.log" 2>&1
}

postgresql_stop() {
	[ -n "${PG:-}" ] || return 0
	[ ! -e "$PG/data/postmaster.pid" ] ||
	    _postgresql_as "$(_postgresql_bin)/pg_ctl" -D "$PG/data" -s \
	    -m immediate stop
	rm -rf "$PG" "$PG.log"
}

postgresql_uri() {
	echo "postgresql:///postgres?host=$PG&user=postgres&options=-csearch_path%3D$1"
}

postgresql_schema() {
	URI=$(postgresql_uri "$1")
	psql -qAt -c "CREATE SCHEMA $1" "$URI"
}
