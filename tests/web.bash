# The web servers for tests of a site: $WEB is lighttpd, which mcfg-serve runs,
# or nginx or apache, whose configuration mcfg-site --web makes.  flow.bash
# loads this.

WEB=${WEB:-lighttpd}

# $FORM is cgi (mcfg.cgi) or service (mcfg-service).
FORM=${FORM:-cgi}
[ "$FORM" = cgi ] && PERSISTENT=() || PERSISTENT=(--persistent)

# logged_line CODE TEXT: waits for a line in the site's log with this status,
# and a reason that ends with TEXT.  It may be written after the response.
logged_line() {
	awaits "$1 in the log: $2" in_log "$1" "$2"
}

# logged PATTERN: waits for a line in the site's log that matches.
logged() {
	awaits "in the log: $1" grep -q -e "$1" "$SITE/log/mcfg.log"
}

# in_log CODE TEXT: the log has such a line.
in_log() {
	python3 - "$SITE/log/mcfg.log" "$1" "$2" <<-'PY'
	import re, sys
	path, code, text = sys.argv[1:]
	for line in open(path, 'rb'):
	    line = line.rstrip(b'\n')
	    m = re.match(rb'time=\S+Z level=.* status=(\d+) reason=("(?:[^"\\]|\\.)*"|\S*)',
	                 line)
	    if not m:
	        continue
	    got = m[1], re.sub(rb'\\x(..)', lambda h: bytes.fromhex(
	        h[1].decode()), m[2].strip(b'"'))
	    if got[0] == code.encode() and got[1].endswith(text.encode()):
	        sys.exit(0)
	sys.exit(1)
	PY
}

# needs_web: in setup_file: skips like needs() if the server is not installed,
# or if its user could not reach a site here.
needs_web() {
	local tool

	PATH=$PATH:/usr/local/sbin:/usr/sbin
	case $WEB in
	lighttpd) needs lighttpd || return ;;
	nginx) needs nginx || return ;;
	apache) needs apache2 || return ;;
	esac
	[ "$WEB" != lighttpd ] || return 0
	for tool in spawn-fcgi multiwatch fcgiwrap; do
		needs "$tool" || return
	done
	[ "$(id -u)" -eq 0 ] || return 0
	chmod 711 "$BATS_RUN_TMPDIR" "${BATS_FILE_TMPDIR%/*}" \
	    "$BATS_FILE_TMPDIR"
	setpriv --reuid "$(web_user)" --clear-groups \
	    test -x "$BATS_FILE_TMPDIR" ||
	    unable 'another user cannot reach this folder'
}

# web_user: prints the user of a server that root starts.
web_user() {
	id -un www-data 2> /dev/null || echo nobody
}

# serve [ARG...]: starts the server, with arguments of mcfg-serve; its process
# is $SERVER.
serve() {
	"serve_$WEB" "$@"
}

serve_lighttpd() {
	rm -f "$SITE.ready"
	mkfifo "$SITE.ready"
	exec 7<> "$SITE.ready"
	mcfg-serve "$SITE" "${PERSISTENT[@]}" "$@" > "$SITE.ready" 2> "$SITE.stderr" 3>&- 7>&- &
	SERVER=$!
	export SERVER
	awaits -p "$SERVER" mcfg-serve read -r -t 1 -u 7 READY || {
		cat "$SITE.stderr" "$SITE/log/error.log"
		return 1
	}
	export READY
}

serve_nginx() {
	mcfg-site "$SITE" --web nginx --address 127.0.0.1 \
	    --log-dir "$SITE/log" "$@" > "$SITE.next"
	rm -rf "$SITE.nginx"
	mkdir "$SITE.nginx"
	{
		[ "$(id -u)" -ne 0 ] ||
		    echo "user $(web_user) $(id -gn "$(web_user)");"
		cat <<-CONF
		daemon off;
		pid "$SITE.nginx/pid";
		events { }
		http {
			client_body_temp_path "$SITE.nginx/body";
			fastcgi_temp_path "$SITE.nginx/fastcgi";
			proxy_temp_path "$SITE.nginx/proxy";
			scgi_temp_path "$SITE.nginx/scgi";
			uwsgi_temp_path "$SITE.nginx/uwsgi";
			include "$SITE/web/nginx.conf";
		}
		CONF
	} > "$SITE.nginx/nginx.conf"
	start_workers
	start_web "$SITE.nginx/pid" nginx -e "$SITE.nginx/error.log" \
	    -p "$SITE.nginx" -c "$SITE.nginx/nginx.conf"
}

# apache_modules: prints directives for the modules that a site needs.
apache_modules() {
	local m

	for m in mpm_event alias authn_core authn_file authz_core authz_user \
	    auth_basic buffer env proxy proxy_fcgi reqtimeout ssl; do
		echo "LoadModule ${m}_module /usr/lib/apache2/modules/mod_$m.so"
	done
}

serve_apache() {
	mcfg-site "$SITE" --web apache --address 127.0.0.1 \
	    --log-dir "$SITE/log" "$@" > "$SITE.next"
	rm -rf "$SITE.apache"
	mkdir "$SITE.apache"
	{
		apache_modules
		[ "$(id -u)" -ne 0 ] || printf '%s\n' "User $(web_user)" \
		    "Group $(id -gn "$(web_user)")"
		cat <<-CONF
		ServerRoot "$SITE.apache"
		DefaultRuntimeDir "$SITE.apache"
		Mutex pthread
		PidFile "$SITE.apache/pid"
		ErrorLog "$SITE.apache/error.log"
		Include "$SITE/web/apache.conf"
		CONF
	} > "$SITE.apache/apache.conf"
	start_workers
	start_web "$SITE.apache/pid" apache2 -DFOREGROUND \
	    -f "$SITE.apache/apache.conf"
}

# start_workers: starts the workers of $SITE; their process is $WORKERS.
start_workers() {
	local group=()

	[ "$(id -u)" -ne 0 ] || group=(--group "$(id -gn "$(web_user)")")
	rm -f "$SITE.ready"
	mkfifo "$SITE.ready"
	exec 7<> "$SITE.ready"
	"$ROOT/scripts/web/workers" "${group[@]}" "${PERSISTENT[@]}" "$SITE" > "$SITE.ready" \
	    2>> "$SITE/log/mcfg.log" 3>&- 7>&- &
	WORKERS=$!
	export WORKERS
	disown "$WORKERS"
	awaits -p "$WORKERS" workers read -r -t 1 -u 7 || {
		cat "$SITE/log/mcfg.log"
		return 1
	}
}

# start_web PIDFILE COMMAND...: starts a server that listens once it has written
# its process number.
start_web() {
	local file=$1

	shift
	"$@" > "$SITE.stderr" 2>&1 3>&- 7>&- &
	SERVER=$!
	export SERVER
	disown "$SERVER"
	awaits -p "$SERVER" "$1" [ -s "$file" ] || {
		cat "$SITE.stderr" "$SITE.$WEB/error.log"
		return 1
	}
}

# unserve: stops the server and the workers, and waits for their end.
unserve() {
	local p

	for p in ${SERVER:-} ${WORKERS:-}; do
		kill -TERM "$p" 2> /dev/null || :
		awaits "the end of $p" gone "$p"
	done
	SERVER='' WORKERS=''
}

# spy NAME FILE: prints the start of a script that appends NAME and its
# environment to FILE, in one write, since two of a pipeline run at once.
spy() {
	cat <<-SH
	#!/bin/sh
	{ echo "= $1"; PATH=/usr/bin:/bin env; } |
	    PATH=/usr/bin:/bin dd bs=1M iflag=fullblock oflag=append \\
	    conv=notrunc of="$2" 2> /dev/null
	SH
}

# spies DIR SEEN: puts into DIR each tool and each program that the scripts
# call, which first write their name and environment to SEEN.
spies() {
	local tool path

	mkdir "$1"
	for tool in "${MCFG_BIN%/}"/* openssl ldapsearch ldapwhoami tr \
	    sed sort head awk grep; do
		path=$(command -v "$tool") || continue
		tool=${tool##*/}
		spy "$tool" "$2" > "$1/$tool"
		printf 'exec "%s" "$@"\n' "$path" >> "$1/$tool"
		chmod +x "$1/$tool"
	done
}
