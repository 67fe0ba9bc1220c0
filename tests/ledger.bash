# A ledger for each test, on the engine $MCFG_TEST_ENGINE, sqlite (the default)
# or postgresql: load ledger
#
# ledger_setup       in setup: makes one, with its URI in $LEDGER
# sql STATEMENT      prints the result, by sqlite3 or psql
# dump               prints all of it, as text
# sound              the database reports that it is intact
# of_sqlite          skips a test that is only for SQLite

load postgresql

ledger_setup() {
	if [ "${MCFG_TEST_ENGINE:-sqlite}" = postgresql ]; then
		postgresql_schema "t${BASHPID}_$RANDOM"
		LEDGER=$URI
	else
		needs sqlite3
		LEDGER=sqlite:$T/ledger.db
	fi
}

sql() {
	case $LEDGER in
	sqlite:*) sqlite3 "$T/ledger.db" "$1" ;;
	*) psql -qAt -c "$1" "$LEDGER" ;;
	esac
}

dump() {
	case $LEDGER in
	sqlite:*) sql .dump ;;
	*)
		local schema=${LEDGER##*%3D}

		# Newer versions write a random word around the dump.
		pg_dump -d "postgresql:///postgres?host=$PG&user=postgres" \
		    -n "$schema" | grep -vE '^\\(un)?restrict ' ;;
	esac
}

sound() {
	case $LEDGER in
	sqlite:*) [ "$(sql 'PRAGMA integrity_check')" = ok ] ;;
	*) sql 'SELECT COUNT(*) FROM ledger' > /dev/null ;;
	esac
}

of_sqlite() {
	case $LEDGER in
	sqlite:*) ;;
	*) skip 'of SQLite alone' ;;
	esac
}
