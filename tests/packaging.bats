#!/usr/bin/env bats
# The Debian package and its units, on separate machines with dpkg and systemd.

load helpers

setup_file() {
	[ -z "${MCFG_TEST_SANITIZED:-}" ] ||
	    unable 'what make builds by default is packed' || return 0
	needs dpkg-shlibdeps || return 0
	make -s -C "$ROOT" deb > "$BATS_FILE_TMPDIR/deb"
	DEB=$(tail -n 1 "$BATS_FILE_TMPDIR/deb")
	export DEB
}

setup() {
	able
	mkdir "$T/shared"
	cp "$DEB" "$T/shared/mcfg.deb"
	cat > "$T/shared/common" <<-'SH'
	set -eux
	export PW=secret LC_ALL=C
	pkg() {
		dpkg --no-triggers --force-unsafe-io "$@" > /run/dpkg 2>&1 || { cat /run/dpkg; exit 1; }
	}
	fails() {
		if "$@"; then
			exit 1
		fi
	}
	# make_site NAME [ARG...]: makes a site as root, as mcfg-systemd(7) does.
	make_site() {
		name=$1
		shift
		mcfg-site "/var/lib/mcfg/$name" \
		    --user jane --password env:PW "$@" > /run/made
		[ "$(stat -c %U "/var/lib/mcfg/$name/ca/key.pem")" = mcfg ]
	}
	# enroll NAME URL: enrolls a device, as root.
	enroll() {
		site=/var/lib/mcfg/$1
		mcfg-device "$2" --cacert "$site/ca/root.pem" --user jane \
		    --password env:PW -o "/root/$1" \
		    --identity "$site/simulated/device.pem" \
		    --identity-key "$site/simulated/device-key.pem"
		grep -q com.apple.webClip.managed "/root/$1/profile.mobileconfig"
	}
	use_units() {
		cp -r /usr/lib/systemd/system/mcfg-* /run/units
		systemctl daemon-reload
	}
	SH
}

# machine [OPTION...]: runs the script on standard input; see tests/machine.
machine() {
	status=0
	{ echo '. /run/shared/common'; cat; } |
	    timeout -k 5 1800 "$TESTS/machine" "$@" "$T/shared" > "$T/said" \
	    2>&1 3>&- || status=$?
	cat "$T/said"
	[ "$status" -ne 125 ] || skip "no separate machine: $(tail -n 1 "$T/said")"
	[ "$status" -eq 0 ]
}

@test "deb: has the same bytes, whatever the umask, time zone and day" {
	cp "$DEB" "$T/before"
	(umask 077
	    TZ=Asia/Tokyo LC_ALL=C.UTF-8 make -s -C "$ROOT" deb > /dev/null)
	cmp "$T/before" "$DEB"
}

@test "deb: has a description and its dependencies" {
	version=$(mcfg-sign --version)
	[ "$(dpkg-deb -f "$DEB" Version)" = "${version##* }" ]
	dpkg-deb -f "$DEB" Depends > "$T/depends"
	for p in 'libssl3(t64)?' 'libplist(3|-2.0-4)' libsqlite3-0 \
	    'libfcgi0(ldbl|t64)' openssl adduser; do
		grep -qE "(^|, )$p( \(|,|$)" "$T/depends"
	done
	# Debian's lighttpd would start a server.
	run -1 grep -q lighttpd <(dpkg-deb -f "$DEB" Depends Recommends)
}

@test "deb: holds every tool, script and page, and belongs to root" {
	dpkg-deb -c "$DEB" > "$T/list"
	run -1 grep -v ' root/root ' "$T/list"
	for f in "$MCFG_BIN"/* "$ROOT"/scripts/mcfg-* "$ROOT"/scripts/scep-* \
	    "$ROOT"/scripts/facts-*; do
		grep -qE "^-rwxr-xr-x .* \./usr/bin/${f##*/}$" "$T/list"
	done
	for f in "$ROOT"/man/man[157]/*.[157]; do
		grep -qE "^-rw-r--r-- .* \./usr/share/man/man./${f##*/}.gz$" \
		    "$T/list"
	done
	grep -qF './usr/share/doc/mcfg/copyright' "$T/list"
	dpkg-deb -x "$DEB" "$T/x"
	dpkg-deb -e "$DEB" "$T/control"
	(cd "$T/x" && md5sum --quiet -c "$T/control/md5sums")
	zgrep -q '^mcfg (' "$T/x/usr/share/doc/mcfg/changelog.gz"
	# It has no debugging information.
	readelf -SW "$T/x/usr/bin/mcfg-sign" > "$T/sections"
	run -1 grep -q debug_ "$T/sections"
}

@test "deb: lintian finds no error" {
	needs lintian
	run -0 lintian --allow-root --fail-on error,warning "$DEB"
}

@test "deb: runs the demo when installed; leaves only data when removed" {
	machine <<-'SH'
	# left: writes what is new to /run/left, except dpkg's and users' lists.
	left() {
		find /run/changes ! -type d ! -type c | cut -d / -f 4- |
		    grep -vE '^(var/lib/dpkg|var/log|var/cache|root|tmp)/|^etc/((passwd|group|g?shadow|sub[ug]id)-?|\.pwd\.lock)$' |
		    sort > /run/left
	}
	processes() {
		ps -eo comm= > /run/ps
		sort /run/ps
	}
	processes > /run/processes
	pkg -i /run/shared/mcfg.deb
	# The user has no shell, and nothing runs.
	getent passwd mcfg | grep -q ':/var/lib/mcfg:/usr/sbin/nologin$'
	[ "$(stat -c '%U:%G %a' /var/lib/mcfg)" = 'mcfg:mcfg 755' ]
	[ -z "$(ls -A /var/lib/mcfg)" ]
	processes > /run/now
	diff /run/processes /run/now
	[ -z "$(find /etc/systemd -name 'mcfg*')" ]

	cd /
	for user in root mcfg; do
		runuser -u $user -- env PATH=/usr/bin:/bin mcfg-demo > /run/demo
		grep -q com.apple.webClip.managed /run/demo
	done
	man -w mcfg-site > /dev/null 2>&1 || ! command -v man > /dev/null ||
	    grep -rqs path-exclude=/usr/share/man /etc/dpkg
	make_site kept
	ln -s /lib/systemd/system/mcfg-serve@.service \
	    /etc/systemd/system/multi-user.target.wants/mcfg-serve@kept.service

	pkg -r mcfg
	left
	[ "$(grep -v ^var/lib/mcfg/kept/ /run/left)" = \
	    etc/systemd/system/multi-user.target.wants/mcfg-serve@kept.service ]
	pkg -P mcfg
	# The site and its user are still there.
	left
	[ -z "$(grep -v ^var/lib/mcfg/kept/ /run/left)" ]
	[ -s /var/lib/mcfg/kept/ca/key.pem ]
	[ "$(stat -c %U /var/lib/mcfg/kept)" = mcfg ]

	rm -r /var/lib/mcfg/kept
	pkg -i /run/shared/mcfg.deb
	pkg -P mcfg
	left
	[ ! -s /run/left ]
	[ ! -e /var/lib/mcfg ]
	[ -z "$(getent passwd mcfg)" ]
	SH
}

@test "units: systemd accepts them without a warning, and rates them as safe" {
	needs systemd-analyze
	machine --boot <<-'SH'
	pkg -i /run/shared/mcfg.deb
	use_units
	cd /run/units
	# verify UNIT: prints systemd's warnings about it.
	verify() {
		SYSTEMD_UNIT_PATH=/run/units: systemd-analyze verify \
		    --recursive-errors=no "$1" 2>&1
	}
	for u in mcfg-*@*; do
		case $u in
		mcfg-scep@.service) [ -x /usr/bin/multiwatch ] || continue ;;
		mcfg-pages@.service) [ -x /usr/sbin/fcgiwrap ] || continue ;;
		esac
		[ -z "$(verify "${u%@*}@site.${u##*@.}")" ]
	done
	sed 's|/usr/bin/mcfg-serve|/none|' mcfg-serve@.service > wrong@.service
	verify wrong@site.service | grep /none

	for u in mcfg-*@.service; do
		systemd-analyze security --no-pager --threshold=20 \
		    "${u%@*}@site.service" > /run/rating ||
		    { cat /run/rating; exit 1; }
	done
	SH
}

@test "units: a site is served on ports below 1024, and sees no other site" {
	machine --boot <<-'SH'
	pkg -i /run/shared/mcfg.deb
	use_units
	make_site first --port 443
	make_site second
	mkdir /run/units/mcfg-serve@first.service.d
	cat > /run/units/mcfg-serve@first.service.d/override.conf <<-'CONF'
	[Service]
	Environment="OPTIONS=--address 0.0.0.0 --scep-http-port 80"
	CONF
	systemctl daemon-reload

	# It answers as soon as start returns.
	systemctl start mcfg-serve@first
	enroll first https://localhost/
	curl -fsS 'http://localhost/scep?operation=GetCACaps' > /run/caps
	grep POSTPKIOperation /run/caps

	# No process is root's, can gain rights, or sees another site.
	main=$(systemctl show -P MainPID mcfg-serve@first)
	cat /sys/fs/cgroup/system.slice/*serve.slice/*first*/cgroup.procs \
	    > /run/pids
	grep "$main" /run/pids
	while read -r pid; do
		grep "^Uid:.$(id -u mcfg)" "/proc/$pid/status"
		grep '^NoNewPrivs:.1' "/proc/$pid/status"
		grep '^Seccomp:.2' "/proc/$pid/status"
	done < /run/pids
	[ "$(wc -l < /run/pids)" -ge 4 ]
	[ "$(nsenter -t "$main" -m ls /var/lib/mcfg)" = first ]
	for p in /etc/x /usr/x /var/x /var/lib/mcfg/x /home/x; do
		fails nsenter -t "$main" -m touch $p
	done

	# It stops cleanly, and start fails if it cannot run.
	systemctl stop mcfg-serve@first
	[ "$(systemctl show -P Result mcfg-serve@first)" = success ]
	[ -z "$(ls /var/lib/mcfg/first/run)" ]
	rm /var/lib/mcfg/first/tls/key.pem
	fails systemctl start mcfg-serve@first
	systemctl stop mcfg-serve@first

	# The timers' services, nightly and weekly.
	for u in nightly purge; do
		systemctl start mcfg-$u@first.timer mcfg-$u@first
		[ "$(systemctl show -P Result mcfg-$u@first)" = success ]
	done
	[ -s /var/lib/mcfg/first/ca/crl.der ]
	journalctl --sync
	journalctl -t mcfg-nightly-first | grep 'challenges forgotten'
	openssl crl -inform DER -in /var/lib/mcfg/first/ca/crl.der -noout \
	    -CAfile /var/lib/mcfg/first/ca/cert.pem
	# A finding of scep-ca check makes the unit fail.
	chmod 644 /var/lib/mcfg/first/ca/key.pem
	fails systemctl start mcfg-nightly@first
	[ "$(systemctl show -P Result mcfg-nightly@first)" = exit-code ]

	fails systemctl start mcfg-serve@none

	# No process outlives the package.
	systemctl start mcfg-serve@second
	enroll second https://localhost:8443/
	pkg -r mcfg
	[ -z "$(ps -u mcfg -o pid=)" ]
	SH
}

@test "units: a site behind nginx: sockets, workers, a killed worker" {
	needs multiwatch
	PATH=$PATH:/usr/sbin needs nginx
	PATH=$PATH:/usr/sbin needs fcgiwrap
	machine --boot <<-'SH'
	pkg -i /run/shared/mcfg.deb
	use_units
	make_site first
	site=/var/lib/mcfg/first
	mcfg-site $site --web nginx > /run/said
	cat > /run/nginx.conf <<-CONF
	user www-data;
	pid /run/nginx.pid;
	error_log /run/nginx.log;
	events {}
	http { include $site/web/nginx.conf; }
	CONF
	systemctl start mcfg-scep@first.socket mcfg-pages@first.socket
	# The web server can reach its sockets, and nothing else.
	[ "$(cd $site && stat -c '%U:%G %a' web/*.sock)" = "mcfg:www-data 660
	mcfg:www-data 660" ]
	for f in ca/key.pem ledger.db site.yaml tls/key.pem; do
		fails runuser -u www-data -- cat "$site/$f"
	done
	nginx -c /run/nginx.conf
	[ "$(systemctl is-active mcfg-scep@first || :)" = inactive ]
	enroll first https://localhost:8443/
	[ "$(systemctl is-active mcfg-scep@first mcfg-pages@first)" = "active
	active" ]

	# caps: /scep answers.
	caps() {
		curl -fsS --cacert $site/ca/root.pem --max-time 600 \
		    'https://localhost:8443/scep?operation=GetCACaps' |
		    grep POSTPKIOperation
	}
	workers() {
		pgrep -u mcfg -x scep-ca
	}
	[ "$(workers | wc -l)" -eq 2 ]
	old=$(workers | head -n 1)
	kill -KILL "$old"
	timeout 600 tail -s 0.05 --pid="$old" -f /dev/null
	caps
	caps
	# The whole service is killed: the socket remains.
	systemctl kill -s KILL mcfg-scep@first
	caps
	systemctl stop mcfg-scep@first.service
	[ -z "$(workers)" ]
	caps
	[ "$(workers | wc -l)" -eq 2 ]
	journalctl --sync
	journalctl -t mcfg-scep-first | grep 'outcome=issued'
	journalctl -t mcfg-pages-first | grep 'path=/enroll status=200'

	pkg -r mcfg
	[ -z "$(ps -u mcfg -o pid=)" ]
	[ ! -e /var/lib/mcfg/first/web/scep.sock ]
	SH
}

@test "units: units of 0.1.0 keep running after the upgrade that the manual describes" {
	needs multiwatch
	PATH=$PATH:/usr/sbin needs nginx
	PATH=$PATH:/usr/sbin needs fcgiwrap
	cp -r "$TESTS/data/units_1" "$TESTS/data/ledger_1.sql" "$T/shared"
	machine --boot <<-'SH'
	pkg -i /run/shared/mcfg.deb
	cp -r /run/shared/units_1/. /run/units
	systemctl daemon-reload
	# old_ledger NAME: gives the site a ledger of 0.1.0.
	old_ledger() {
		rm /var/lib/mcfg/$1/ledger.db*
		runuser -u mcfg -- sqlite3 "/var/lib/mcfg/$1/ledger.db" \
		    < /run/shared/ledger_1.sql
		chmod 600 "/var/lib/mcfg/$1/ledger.db"
	}
	schema() {
		sqlite3 "/var/lib/mcfg/$1/ledger.db" \
		    "SELECT value FROM ledger WHERE name = 'schema'"
	}
	# welcome NAME PORT: the site's first page is served.
	welcome() {
		curl -fsS --cacert "/var/lib/mcfg/$1/ca/root.pem" --max-time 60 \
		    "https://localhost:$2/" | grep '<h1>'
	}
	# workers: prints the main process of each service.
	workers() {
		for u in mcfg-serve@first mcfg-pages@second mcfg-scep@second; do
			systemctl show -P MainPID $u
		done
	}
	web() {
		mcfg-site /var/lib/mcfg/second --web nginx > /run/said
	}
	make_site first
	make_site second --port 8444
	old_ledger first
	old_ledger second
	web
	cat > /run/nginx.conf <<-CONF
	user www-data;
	pid /run/nginx.pid;
	error_log /run/nginx.log;
	events {}
	http { include /var/lib/mcfg/second/web/nginx.conf; }
	CONF
	timers='mcfg-nightly@first.timer mcfg-purge@first.timer'
	sockets='mcfg-pages@second.socket mcfg-scep@second.socket'
	systemctl start mcfg-serve@first $timers $sockets
	nginx -c /run/nginx.conf
	welcome first 8443
	welcome second 8444
	curl -fsS --cacert /var/lib/mcfg/second/ca/root.pem --max-time 60 \
	    'https://localhost:8444/scep?operation=GetCACaps' | grep POST
	workers > /run/before
	fails grep -x 0 /run/before
	[ "$(schema first) $(schema second)" = '1 1' ]

	# Units stay enabled: name, target and socket are the same.
	cd /run/shared/units_1
	for u in mcfg-*@*; do
		grep -E '^(WantedBy|ListenStream|OnCalendar)=' "$u" > /run/then || :
		grep -E '^(WantedBy|ListenStream|OnCalendar)=' \
		    "/usr/lib/systemd/system/$u" > /run/now || :
		diff /run/then /run/now
	done
	cd /

	# The package restarts what runs, and starts and stops nothing else.
	cp -r /usr/lib/systemd/system/mcfg-* /run/units
	pkg -i /run/shared/mcfg.deb
	[ "$(systemctl is-active mcfg-serve@first $timers $sockets |
	    sort -u)" = active ]
	workers > /run/after
	fails grep -x 0 /run/after
	fails grep -xFf /run/before /run/after
	[ "$(systemctl is-active mcfg-service@second.socket || :)" = inactive ]
	web
	nginx -c /run/nginx.conf -s reload
	enroll first https://localhost:8443/
	enroll second https://localhost:8444/
	[ "$(schema first)" -gt 1 ]
	[ "$(schema second)" -gt 1 ]
	# The nightly service does more than before.
	systemctl start mcfg-nightly@first || :
	[ -s /var/lib/mcfg/first/ca/crl.der ]
	journalctl --sync
	journalctl -t mcfg-nightly-first | grep 'challenges forgotten'
	# To the single process, by the steps of mcfg-systemd(7).
	systemctl stop mcfg-pages@second.socket mcfg-pages@second
	systemctl start mcfg-service@second.socket
	welcome second 8444
	[ "$(systemctl is-active mcfg-service@second)" = active ]
	SH
}

@test "packaging: ONLY=authoring builds only the authoring tools" {
	cp -r "$ROOT/cmd" "$ROOT/common" "$ROOT/Makefile" "$ROOT/man" \
	    "$ROOT/scripts" "$T"
	# Nothing includes or links the libraries of the other tools.
	mkdir "$T/absent"
	for header in sqlite3.h libpq-fe.h qrencode.h fcgiapp.h; do
		echo "#error $header" > "$T/absent/$header"
	done
	env -u MAKEFLAGS C_INCLUDE_PATH="$T/absent" \
	    make -C "$T" ONLY=authoring > "$T/said" 2>&1 ||
	    { tail -n 5 "$T/said"; false; }
	for tool in "$T"/build/authoring/bin/*; do
		objdump -p "$tool"
	done | sed -n 's/^ *NEEDED *\(.*\)\.so.*/\1/p' | sort -u > "$T/needed"
	grep -qx libcrypto "$T/needed"
	run -1 grep -vxE \
	    'lib(c|m|crypto|expat|jansson|plist-2\.0|yaml-0)|ld-.*' "$T/needed"
	"$T/build/authoring/bin/mcfg-sign" --version
	[ ! -e "$T/build/authoring/bin/scep-ca" ]
}

# Some systems do not install openssl/engine.h, or install one without content.
@test "packaging: without OpenSSL's engines it is built all the same" {
	mkdir -p "$T/include/openssl"
	# built FOLDER [CFLAGS]: the one file that uses them
	built() {
		env -u MAKEFLAGS make -s -C "$ROOT" O="$T/$1" CFLAGS="${2:-}" \
		    "$T/$1/common/x509/engine.o"
		nm -u "$T/$1/common/x509/engine.o" > "$T/$1.needs"
	}
	for header in '#error not installed' ''; do
		printf '%s\n' "$header" > "$T/include/openssl/engine.h"
		rm -rf "$T/without"
		built without "-I$T/include"
		run -1 grep -q ENGINE_ "$T/without.needs"
	done
	pkg-config --max-version=3.999 libcrypto ||
	    skip 'this OpenSSL has no engines'
	built with
	grep -q ENGINE_init "$T/with.needs"
}
