# For the servers of tests that run as another user; needs nothing of bats.

# outside NAME: makes a folder for the files of another user, who cannot enter
# those of bats, and prints its path.  It is in memory if those of bats are.
outside() {
	local in=/tmp

	[ "${TMPDIR:-}" != /dev/shm ] || in=/dev/shm
	mktemp -d "$in/mcfg-$1.XXXXXX"
}
