#!/usr/bin/env python3
"""faults.py memory|calls [OPTION...] -- COMMAND...

Lets one allocation (memory, by preload/count.so) or one system call (calls,
by strace) of the command fail, run by run, each time in a fresh copy of a
folder.  Whatever fails, the command ends

  - with status 0, and the product is right and what is said is what is said
    without a fault, or
  - with status 4 and one line, no output, and the folder as it was;

and it can be repeated.  What is not so is shown, and the status is 1.  A crash
inside a library that is known for it is counted, and everything else that is
said above holds for it, too.

  --in DIR        the folder; the command runs in a copy of it
  --judge SHELL   ends with 0 if the product in $PRODUCT, and the files in the
                  current folder, are right; without it they are what they are
                  without a fault
  --ledger FILE   a ledger in the folder: it stays what it was if the command
                  fails
  --commits       ... or the command has committed, and repeating it works
  --rows SQL      ... or committed and taken back: what this selects stays, and
                  repeating works; of memory, each allocation after the commit
                  is among those that fail
  --status N      how the command ends without a fault, with what it says: it is
                  refused, and no fault lets it through
  --but FILE      a file that may be another one if the command fails; of DIR/
                  whatever is in it
  --input FILE    what the command reads, in the folder
  --cgi           the command answers a request: an error of the server is a
                  status 4, and what is logged is its line; an answer that was
                  sent may be followed by an error
  --most N        so many faults, spread over all kinds; without it, all kinds:
                  allocations whose callers differ, and each of the calls
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

# Libraries that end the process if an allocation of theirs fails: what the
# callers look like, the nearest first.
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
    """What counts of the rows, or None if the ledger is damaged."""
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
        # strace ends with the signal, too, or tells it as a shell does.
        if status - 128 in set(signal.Signals):
            status = 128 - status
        err = b"".join(line for line in done.stderr.splitlines(True)
                       if not line.startswith(b"strace: "))
        if self.args.cgi:
            return self.as_tool(status, done.stdout, err)
        return status, done.stdout, err

    def as_tool(self, status, out, err):
        """What the answer to a request would be of a tool."""
        if status == 0 and re.search(br"(?m)^Status: 5", out):
            return 4, b"", err
        if status == 0:
            return 0, out, b""
        return status, out, err

    def told(self):
        """What was written aside, if it was."""
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
        """The files, but those of the ledger."""
        hidden = self.args.ledger
        return {k: v for k, v in files_of(work).items()
                if hidden is None or not k.startswith(hidden)}

    def wrong(self, run):
        """Why what there is at status 0 is not right, or None."""
        if self.args.judge is None:
            same = (run.out, self.visible(run.work)) == self.good
            return None if same else "another product"
        judged = subprocess.run(
            ["bash", "-c", self.args.judge], cwd=run.work,
            env={**os.environ, "PRODUCT": run.product()},
            capture_output=True)
        return None if judged.returncode == 0 else "the product is not right"

    def touched(self, run):
        """What a run that failed has changed, or None."""
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
        """Whether all is as it was, so that it is as good as a first run."""
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
            # The line itself may be what cannot be written.
            if run.err not in (self.err, b""):
                return "status %d, but: %s" % (
                    run.status, run.err.decode(errors="replace"))
            return self.wrong(run)
        if run.out:
            # The answer was sent; what failed came after it.
            if self.args.cgi and run.status == 4 and not self.wrong(run):
                return None
            return "output at status %d" % run.status
        tool = os.path.basename(self.args.command[0]).encode()
        lines = run.err.count(b"\n")
        # Of a request there is a line, too, before an answer that is lost.
        if self.args.cgi:
            fine = lines in (1, 2)
        else:
            fine = lines == 1 and run.err.startswith(tool + b": ")
        # Of a program and its child, both may be refused the same call.
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
        """Whether that has been done when allocation n is asked for."""
        run = Run(self.args, env={"LD_PRELOAD": self.args.preload,
                                  "MCFG_END": str(n)})
        try:
            return dump(os.path.join(run.work, self.args.ledger),
                        self.args.rows) != self.rows
        finally:
            run.end()

    def after_commit(self, total):
        """The allocations that are asked for after the commit."""
        before, after = 0, total + 1
        while after - before > 1:
            n = (before + after) // 2
            if self.committed(n):
                after = n
            else:
                before = n
        return range(after, total + 1)

    def crash_of(self, where):
        """Whose a crash is, by who asked for memory."""
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
        # Which allocation is the Nth may differ from run to run: it is this
        # run that says where.
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
        # The loader's are over when it has done with its cache.
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
