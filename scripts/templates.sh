# Checks if the templates of a site would make profiles, for mcfg-serve and the
# workers: sourced, with published.sh.
# shellcheck shell=sh

# placeholders FILE: prints NAME=VALUE for each variable of a template; the
# value is the variable's name, or something that fits the tag before it.
placeholders() {
	LC_ALL=C awk '
	BEGIN {
		fits["int"] = fits["float"] = 1
		fits["bool"] = "true"
		fits["binary"] = "AAAA"
		fits["timestamp"] = "2026-01-01T00:00:00Z"
		tag = "!!(int|float|bool|binary|timestamp)[ \t]+[\"\047]?"
		name = "[$][{][A-Za-z0-9_.-]+[}]"
	}
	{
		while (match($0, "(" tag ")?" name)) {
			found = substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH)
			begin = index(found, "${")
			n = substr(found, begin + 2, length(found) - begin - 2)
			type = substr(found, 3, begin - 3)
			gsub(/[^a-z]/, "", type)
			if (type in fits)
				value[n] = fits[type]
			else if (!(n in value))
				value[n] = n
		}
	}
	END {
		for (n in value)
			print n "=" value[n]
	}' "$1"
}

# template_fault FILE: prints what is wrong with a template, as lines
# FILE:LINE:COL: ...
template_fault() {
	(
		file=$1
		set --
		while IFS= read -r pair; do
			set -- "$@" --set "$pair"
		done <<-E
			$(placeholders "$file")
		E
		[ "$*" != '--set ' ] || set --
		if said=$(mcfg-profile --files . "$@" "$file" 2>&1 > /dev/null)
		then
			mcfg-lint --level error --files . "$file" 2> /dev/null | head -n 20
		else
			printf '%s\n' "${said#mcfg-profile: }" | head -n 1
		fi
	)
}

# is_listed SERIAL: true if devices.allow has it; status 1 if not, another
# status if the file cannot be read.
is_listed() {
	exists devices.allow &&
	    awk -v serial="$1" '$1 == serial { found = 1 }
		END { exit !found }' devices.allow
}

# unreachable NAME: prints why a file in profile.d is never used, or nothing.
unreachable() {
	name=${1%.yaml}
	case $1 in
	*.yaml) ;;
	*)
		echo 'its name does not end in .yaml'
		return ;;
	esac
	case $name in
	user-*|serial-*)
		part=${name#*-}
		case $part in
		''|[!A-Za-z0-9]*|*[!A-Za-z0-9._@+-]*)
			echo 'no name of a user or device is written so' ;;
		*)
			case $name in
			serial-*)
				is_listed "$part" || [ $? -ne 1 ] ||
				    echo "devices.allow does not list $part" ;;
			esac ;;
		esac ;;
	*)
		printf '%s\n' "$name" | LC_ALL=C grep -qxE \
		    '[A-Za-z]{1,32}([0-9]{1,3},[0-9]{1,3})?' ||
		    echo "no user (user-NAME.yaml), device" \
		    "(serial-SERIAL.yaml) or product has that name" ;;
	esac
}

# template_faults DIR: prints a line for each fault of a template.  A file that
# cannot be examined is left out here; a request that needs it will fail.
template_faults() {
	(
		cd -- "$1" || exit
		for file in profile.d/*; do
			case $file in
			*.yaml|*.yml|*.mobileconfig|*.plist) ;;
			*) continue ;;
			esac
			[ -f "$file" ] || continue
			why=$(unreachable "${file##*/}")
			[ -z "$why" ] ||
			    echo "$(printable "$file"): used for nobody: $why"
		done
		for file in profile.yaml profile.d/*.yaml; do
			[ ! -f "$file" ] || template_fault "$file"
		done
	)
}
