# A web server for SCEP tests; loaded after scep_helpers.
# shellcheck disable=SC2034 # URL and code are for the tests
#
# serve_ca fastcgi|cgi DIR: starts lighttpd on a free port of the loopback, with
# scep-ca for DIR at /scep; $URL is its address, its logs are $T/web/*.log.
# unserve_ca stops it.

web_config() {
	cat <<-EOF
	server.modules = ( "mod_fastcgi", "mod_cgi", "mod_alias" )
	server.document-root = "$T/web/www"
	server.bind = "127.0.0.1"
	server.port = $2
	server.pid-file = "$T/web/pid"
	server.errorlog = "$T/web/error.log"
	server.breakagelog = "$T/web/scep.log"
	server.upload-dirs = ( "$T/web/tmp" )
	server.max-request-field-size = 16384
	server.http-parseopts = ( "url-ctrls-reject" => "disable" )
	server.feature-flags += ( "server.h2proto" => "disable" )
	server.compat-module-load = "disable"
	EOF
	if [ "$1" = fastcgi ]; then
		cat <<-EOF
		fastcgi.server = ( "/scep" => (( "socket" => "$T/web/sock",
		    "bin-path" => "./scep", "max-procs" => 2,
		    "check-local" => "disable" )) )
		EOF
	else
		cat <<-EOF
		alias.url = ( "/scep" => "$T/web/scep" )
		cgi.assign = ( "" => "" )
		EOF
	fi
}

serve_ca() {
	local kind=$1 dir=$2 port

	mkdir -p "$T/web/www" "$T/web/tmp"
	# A CGI program has no arguments, so a script names the CA.
	printf '#!/bin/sh\nexec "%s" cgi --dir "%s" %s\n' \
	    "$(command -v scep-ca)" "$(cd "$dir" && pwd)" "${3:-}" \
	    > "$T/web/scep"
	chmod 755 "$T/web/scep"
	for _ in 1 2 3 4 5; do
		port=$(free_port)
		web_config "$kind" "$port" > "$T/web/conf"
		rm -f "$T/web/pid"
		(cd "$T/web" && exec lighttpd -D -f conf) \
		    > "$T/web/out" 2>&1 3>&- &
		lighttpd=$!
		if awaits -p "$lighttpd" lighttpd [ -s "$T/web/pid" ] &&
		    kill -0 "$lighttpd" 2> /dev/null; then
			URL=http://127.0.0.1:$port/scep
			return 0
		fi
	done
	cat "$T/web/out" "$T/web/error.log"
	return 1
}

unserve_ca() {
	[ -n "${lighttpd:-}" ] || return 0
	kill -INT "$lighttpd" 2> /dev/null || :
	wait "$lighttpd" 2> /dev/null || :
	lighttpd=
}

# fetch FILE curl-arguments...: sends a request; status in $code, header in
# $T/head, body in FILE.
fetch() {
	local file=$1
	shift
	code=$(curl -s -o "$file" -D "$T/head" -w '%{http_code}' "$@")
}
