#!/usr/bin/env python3
"""faults.py memory|calls [OPTION...] -- COMMAND...

Runs the command many times, each in a fresh copy of a folder, and lets one
allocation (memory, by preload/count.so) or one system call (calls, by strace)
fail in each run.  The command must end

  - with status 0, the right product, and the same messages as without a
    fault, or
  - with status 4 and one line, without output, and with the folder unchanged;

and it must work if it is repeated.  Each run for which this does not hold is
shown, and the status is 1.  A crash inside a library that is known to crash is
only counted, but the folder must be unchanged, and repeating must work.

  --in DIR        the folder; the command runs in a copy of it
  --judge SHELL   succeeds if the product in $PRODUCT and the files in the
                  current folder are right; by default they must be the same as
                  without a fault
  --ledger FILE   a ledger in the folder: it must not change if the command
                  fails
  --commits       ... unless the command has committed, and repeating it works
  --rows SQL      ... or has undone what it committed: the rows that this
                  selects must not change; memory also fails every allocation
                  after the commit
  --status N      the command is refused with this status without a fault, and
                  must be refused with every fault
  --but FILE      a file that may change if the command fails; DIR/ stands for
                  all files in it
  --input FILE    the command's standard input, a file in the folder
  --cgi           the command answers a request: an error of the server counts
                  as status 4, and the log is its line; an error may follow an
                  answer that was sent
  --most N        at most N faults, spread over all kinds; the default is all:
                  allocations whose callers differ, and each call
"""

import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile

CALLS = {
    "openat": "EACCES EMFILE", "read": "EIO", "pread64": "EIO",
    "fsync": "EIO", "fdatasync": "EIO", "ftruncate": "EIO", "close": "EIO",
    "rename": "EIO", "newfstatat": "EIO", "fcntl": "EIO",
    "getdents64": "EIO", "lseek": "EIO", "write": "ENOSPC EIO",
    "pwrite64": "ENOSPC EIO", "linkat": "EIO EACCES", "mmap": "ENOMEM",
    "fchmod": "EACCES", "mkdir": "EACCES", "unlink": "EACCES",
    "access": "EIO", "readlink": "EIO",
}

# Libraries that crash if one of their allocations fails, and a pattern of the
# nearest caller.
CRASHES = [
    ("libplist", re.compile(r"/libplist")),
    ("OpenSSL", re.compile(r"CRYPTO_THREAD_lock_new|/libcrypto")),
    ("libyaml", re.compile(r"/libyaml")),
]


def files_of(top):
    found = {}
    for folder, names, files in os.walk(top):
        for name in names + files:
            path = os.path.join(folder, name)
            key = os.path.relpath(path, top)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    found[key] = f.read()
            else:
                found[key] = None
    return found


def dump(path, rows=None):
    """The rows that matter, or None if the ledger is damaged."""
    db = sqlite3.connect(path)
    try:
        if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return None
        if rows is not None:
            return db.execute(rows).fetchall()
        return "\n".join(db.iterdump())
    except sqlite3.Error:
        return None
    finally:
        db.close()


class Run:
    """One run in a copy of the folder."""

    def __init__(self, args, wrap=(), env=None):
        self.args = args
        self.top = tempfile.mkdtemp(prefix="faults.")
        self.work = os.path.join(self.top, "work")
        self.aside = os.path.join(self.top, "aside")
        shutil.copytree(args.folder, self.work, symlinks=True)
        self.status, self.out, self.err = self.run(wrap, env)
        self.where = self.told()

    def run(self, wrap=(), env=None):
        wrap = [w.replace("@", self.aside) for w in wrap]
        env = {k: v.replace("@", self.aside) for k, v in (env or {}).items()}
        given = self.args.input
        with open(os.path.join(self.work, given) if given else os.devnull,
                  "rb") as stdin:
            done = subprocess.run(
                [*wrap, *self.args.command], cwd=self.work,
                env={**os.environ, **env}, stdin=stdin,
                capture_output=True, timeout=300)
        status = done.returncode
        # strace ends by the same signal, or returns its number + 128.
        if status - 128 in set(signal.Signals):
            status = 128 - status
        err = b"".join(line for line in done.stderr.splitlines(True)
                       if not line.startswith(b"strace: "))
        if self.args.cgi:
            return self.as_tool(status, done.stdout, err)
        return status, done.stdout, err

    def as_tool(self, status, out, err):
        """The result of a request, as a tool would return it."""
        if status == 0 and re.search(br"(?m)^Status: 5", out):
            return 4, b"", err
        if status == 0:
            return 0, out, b""
        return status, out, err

    def told(self):
        """The report of strace or count.so, if there is one."""
        try:
            with open(self.aside, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def product(self):
        path = os.path.join(self.top, "product")
        with open(path, "wb") as f:
            f.write(self.out)
        return path

    def end(self):
        shutil.rmtree(self.top)


class Sweep:
    def __init__(self, args):
        self.args = args
        self.before = self.visible(args.folder)
        self.rows = self.ledger = None
        if args.ledger:
            path = os.path.join(args.folder, args.ledger)
            self.rows, self.ledger = dump(path, args.rows), dump(path)
        good = Run(args)
        if good.status != args.status or (args.status and not good.err):
            sys.exit("without a fault: status %d: %s" %
                     (good.status, good.err.decode(errors="replace")))
        self.good = good.out, self.visible(good.work)
        self.err = good.err
        if self.wrong(good):
            sys.exit("without a fault: " + self.wrong(good))
        good.end()

    def visible(self, work):
        """The files, without those of the ledger."""
        hidden = self.args.ledger
        return {k: v for k, v in files_of(work).items()
                if hidden is None or not k.startswith(hidden)}

    def wrong(self, run):
        """Why the product of status 0 is wrong, or None."""
        if self.args.judge is None:
            same = (run.out, self.visible(run.work)) == self.good
            return None if same else "another product"
        judged = subprocess.run(
            ["bash", "-c", self.args.judge], cwd=run.work,
            env={**os.environ, "PRODUCT": run.product()},
            capture_output=True)
        return None if judged.returncode == 0 else "the product is not right"

    def touched(self, run):
        """What a failed run has changed, or None."""
        hidden = self.args.ledger
        now, old = self.visible(run.work), self.before
        if now != old:
            names = sorted(k for k in {*now, *old}
                           if now.get(k, 0) != old.get(k, 0))
        but = self.args.but or "/"
        if now != old and not all(name == but.rstrip("/") or (
                but.endswith("/") and name.startswith(but))
                                  for name in names):
            return "changed at status %d: %s" % (run.status,
                                                 " ".join(names))
        if hidden is None:
            return None
        rows = dump(os.path.join(run.work, hidden), self.args.rows)
        if rows is None:
            return "the ledger is damaged"
        if rows != self.rows and not self.args.commits:
            return "committed at status %d" % run.status
        return None

    def untouched(self, run):
        """True if nothing changed, so that the next run is like a first one."""
        hidden = self.args.ledger
        return self.visible(run.work) == self.before and (
            hidden is None or
            dump(os.path.join(run.work, hidden)) == self.ledger)

    def repeated(self, run):
        if self.untouched(run):
            return None
        status, out, err = run.run()
        run.out = out
        if status != self.args.status:
            return "repeated: status %d: %s" % (
                status, err.decode(errors="replace").strip())
        why = self.wrong(run)
        return why and "repeated: " + why

    def judge(self, run):
        """Why the run did not end as it should, or None."""
        if run.status == self.args.status:
            # Writing the line itself may be what failed.
            if run.err not in (self.err, b""):
                return "status %d, but: %s" % (
                    run.status, run.err.decode(errors="replace"))
            return self.wrong(run)
        if run.out:
            # The answer was sent before the fault.
            if self.args.cgi and run.status == 4 and not self.wrong(run):
                return None
            return "output at status %d" % run.status
        tool = os.path.basename(self.args.command[0]).encode()
        lines = run.err.count(b"\n")
        # A request is logged before its answer is lost.
        if self.args.cgi:
            fine = lines in (1, 2)
        else:
            fine = lines == 1 and run.err.startswith(tool + b": ")
        # The call may fail in a program and in its child.
        if not run.err and re.search(r"write\(2,.*INJECTED", run.where):
            fine = True
        if run.status == 4 and not fine:
            return "not one line: %r" % run.err
        if run.status >= 0 and run.status != 4:
            return "status %d: %s" % (
                run.status, run.err.decode(errors="replace").strip())
        return self.touched(run) or self.repeated(run)

    # ---- memory ----

    def kinds(self):
        run = Run(self.args, env={"LD_PRELOAD": self.args.preload,
                                  "MCFG_COUNT": "@"})
        with open(run.aside, "rb") as f:
            data = f.read()
        run.end()
        hashes = struct.unpack("%dQ" % (len(data) // 8), data)
        first = {}
        for n, h in enumerate(hashes, 1):
            first.setdefault(h, n)
        return len(hashes), sorted(first.values())

    def committed(self, n):
        """True if the commit comes before allocation n."""
        run = Run(self.args, env={"LD_PRELOAD": self.args.preload,
                                  "MCFG_END": str(n)})
        try:
            return dump(os.path.join(run.work, self.args.ledger),
                        self.args.rows) != self.rows
        finally:
            run.end()

    def after_commit(self, total):
        """The numbers of the allocations after the commit."""
        before, after = 0, total + 1
        while after - before > 1:
            n = (before + after) // 2
            if self.committed(n):
                after = n
            else:
                before = n
        return range(after, total + 1)

    def crash_of(self, where):
        """The library that crashed, by who asked for memory, or None."""
        for line in where.splitlines():
            if "count.so" in line:
                continue
            for name, pattern in CRASHES:
                if pattern.search(line):
                    return name
            if "/libc.so" not in line and "/libc-" not in line:
                break
        return None

    def short(self, n):
        # The Nth allocation may be another one in each run, so this run must
        # record its callers.
        run = Run(self.args, env={"LD_PRELOAD": self.args.preload,
                                  "MCFG_FAIL": str(n), "MCFG_FAIL_AT": "@"})
        try:
            why, kind = self.judge(run), "status %d" % run.status
            if run.status >= 0 and why is None:
                return kind, None
            if run.status < 0 and why is None:
                of = self.crash_of(run.where)
                if of is not None:
                    return "crash in " + of, None
                why = "crash: " + signal.Signals(-run.status).name
            return kind, "allocation %d: %s\n%s" % (n, why, run.where)
        finally:
            run.end()

    # ---- system calls ----

    def calls(self):
        run = Run(self.args, [
            "strace", "-f", "-qq", "-o", "@", "-e",
            "trace=munmap," + ",".join(CALLS)])
        with open(run.aside, errors="replace") as f:
            lines = f.read().splitlines()
        run.end()
        # The loader is done when it unmaps its cache.
        seen, ready, found = collections.Counter(), False, []
        for line in lines:
            match = re.match(r"(?:\d+ +)?(\w+)\(", line)
            if match is None:
                continue
            call = match.group(1)
            ready = ready or call == "munmap"
            seen[call] += 1
            if ready and call in CALLS:
                found += [(call, error, seen[call])
                          for error in CALLS[call].split()]
        return len(found), found

    def refused(self, fault):
        call, error, n = fault
        run = Run(self.args, [
            "strace", "-f", "-qq", "-o", "@", "-e", "trace=" + call,
            "-e", "inject=%s:error=%s:when=%d" % (call, error, n)])
        try:
            why = self.judge(run)
            if why is None and run.status < 0:
                why = "crash"
            if why is None:
                return "status %d" % run.status, None
            with open(run.aside, errors="replace") as f:
                where = "".join(line for line in f if "INJECTED" in line)
            return "status %d" % run.status, "%s %s, call %d: %s\n%s" % (
                call, error, n, why, where)
        finally:
            run.end()

    def all(self):
        always = []
        if self.args.what == "memory":
            total, faults = self.kinds()
            if self.args.rows is not None:
                always = self.after_commit(total)
            one = self.short
        else:
            total, faults = self.calls()
            one = self.refused
        most = self.args.most or len(faults)
        if len(faults) > most:
            faults = [faults[i * len(faults) // most] for i in range(most)]
        faults += [n for n in always if n not in faults]
        ends, bad = collections.Counter(), []
        with concurrent.futures.ThreadPoolExecutor(
                int(os.environ.get("JOBS", "1"))) as pool:
            for kind, why in pool.map(one, faults):
                ends[kind] += 1
                if why is not None:
                    bad.append(why)
        print("%s, %s: %d of %d faults%s: %s; wrong: %d" % (
            " ".join(self.args.command[:2]), self.args.what, len(faults),
            total, ", %d after the commit" % len(always) if always else "",
            ", ".join("%d %s" % (v, k)
                             for k, v in sorted(ends.items())), len(bad)))
        for why in bad:
            print("  " + why.strip().replace("\n", "\n    "))
        return 1 if bad or not faults else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["memory", "calls"])
    parser.add_argument("--in", dest="folder", required=True)
    parser.add_argument("--judge")
    parser.add_argument("--ledger")
    parser.add_argument("--commits", action="store_true")
    parser.add_argument("--rows")
    parser.add_argument("--but")
    parser.add_argument("--input")
    parser.add_argument("--cgi", action="store_true")
    parser.add_argument("--status", type=int, default=0)
    parser.add_argument("--most", type=int)
    parser.add_argument("--preload")
    parser.add_argument("command", nargs="+")
    sys.exit(Sweep(parser.parse_args()).all())


main()
