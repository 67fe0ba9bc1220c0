# A ledger for each test, on the engine that MCFG_TEST_ENGINE names (sqlite or
# postgresql, by default sqlite): load ledger
#
# ledger_setup       in setup: a fresh one, its URI in $LEDGER
# sql STATEMENT      the judge's answer: the sqlite3 command, or psql
# dump               all that is in it, as text
# sound              the database says that it is whole
# of_sqlite          skips, by name, what other engines do not have

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

		# Newer ones write a random word around it.
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
