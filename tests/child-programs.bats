#!/usr/bin/env bats
# Programs that a site's owner configures: what they get, and how they end.

load helpers

setup() {
	CHILD=${MCFG_BIN%/bin}/unit/unit_child
	[ -x "$CHILD" ] || skip "$CHILD is not built (make units)"
	cd "$T" || return
}

# program LINES...: makes ./program, a shell script.
program() {
	printf '%s\n' '#!/bin/sh' "$@" > program
	chmod 755 program
}

# runs SECONDS INPUT RESULT: ./program ends with this result.
runs() {
	"$CHILD" "$1" "$2" ./program > out
	[ "$(head -n 1 out)" = "$3" ] || {
		cat out
		return 1
	}
}

@test "child: input and output larger than a pipe are complete" {
	program 'wc -c'
	runs 30 3000000 'exited 0 8'
	[ "$(tail -n 1 out)" = 3000000 ]
	program 'head -c 65536 /dev/zero'
	runs 30 0 'exited 0 65536'
	program 'head -c 65537 /dev/zero; exec sleep 1000'
	runs 600 0 'too-much 0 65536'
}

@test "child: a program need not read its input" {
	program 'exit 5'
	runs 30 3000000 'exited 5 0'
	program 'exec < /dev/null; exit 1'
	runs 30 3000000 'exited 1 0'
	program 'kill -KILL $$'
	runs 30 3000000 'signaled 9 0'
}

@test "child: the time limit covers writing, and its process group is killed" {
	[ -d /proc/self ] || skip 'no /proc here'
	# Neither the program nor its child reads anything.
	program 'sleep 1000 & echo $$ $! > pids; exec sleep 1000'
	runs 1 3000000 'too-long 0 0'
	read -r first second < pids
	gone "$first"
	awaits "the end of $second" gone "$second"
	# Reads slowly.
	program 'while :; do head -c 1 > /dev/null; done'
	runs 1 3000000 'too-long 0 0'
	program 'exec > /dev/null; trap "" TERM; while :; do :; done'
	runs 1 - 'too-long 0 0'
}

@test "child: background processes are not waited for" {
	program 'sleep 1000 & echo $! > pid; echo done'
	runs 600 0 'exited 0 5'
	kill "$(cat pid)"
}

@test "child: gets listed variables, three descriptors and its own group" {
	[ -d /proc/self/fd ] || skip 'no /proc here'
	program 'env | sed "s/=.*//" | sort; ls /proc/self/fd' \
	    'sed "s/.*) //" /proc/self/stat | cut -d" " -f3 > group' \
	    'echo $$ > pid'
	exec 7< /dev/null
	HTTP_AUTHORIZATION=secret "$CHILD" 30 0 ./program > out
	exec 7<&-
	# Shells set PWD, and some _ and SHLVL.
	tail -n +2 out | grep -vxE '_|PWD|OLDPWD|SHLVL' | tr '\n' ' ' > got
	[ "$(cat got)" = 'LC_ALL MARK PATH 0 1 2 3 ' ]
	cmp group pid
}

@test "child: its end is seen even if SIGCHLD is ignored or blocked" {
	program 'exit 7'
	python3 - "$CHILD" > out <<-'PY'
	import signal, subprocess, sys
	def ignore(): signal.signal(signal.SIGCHLD, signal.SIG_IGN)
	def block(): signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
	for before in ignore, block:
	    subprocess.run([sys.argv[1], '30', '9', './program'],
	        preexec_fn=before, check=True)
	PY
	[ "$(sort -u out)" = 'exited 7 0' ]
	rm program
	runs 30 9 'exited 127 0'
}
