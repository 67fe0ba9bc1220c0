"""Processes of scep-ca: commands and persistent FastCGI workers.  With a gate
(tests/preload/gate.c) each stops where another may come between.
"""
import io
import mmap
import os
import select
import signal
import socket
import subprocess
import sys

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import fcgi     # noqa: E402

PATIENCE = 60           # seconds without a word are a failure


class Gate:
    """The two fifos of one process."""

    def __init__(self, folder):
        os.mkdir(folder, 0o700)
        self.folder = folder
        self.fds = []
        for name in ('at', 'go'):
            path = os.path.join(folder, name)
            os.mkfifo(path, 0o600)
            self.fds.append(os.open(path, os.O_RDWR | os.O_CLOEXEC))
        self.rest = b''

    def line(self):
        """The next line, if there is one, or None."""
        if b'\n' not in self.rest:
            if not select.select([self.fds[0]], [], [], 0)[0]:
                return None
            self.rest += os.read(self.fds[0], 65536)
        line, _, self.rest = self.rest.partition(b'\n')
        what, _, detail = line.decode().partition(' ')
        return what, detail.partition(' ')[2]

    def go(self):
        os.write(self.fds[1], b'g')

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = []


class Preload:
    """The libraries that control where a process stops and what time it
    sees."""

    def __init__(self, folder, clock):
        self.libraries = ' '.join(
            os.path.join(folder, name) for name in ('gate.so', 'clock.so'))
        self.path = clock
        with open(clock, 'wb') as f:
            f.write(bytes(8))
        with open(clock, 'r+b') as f:
            self.page = mmap.mmap(f.fileno(), 8)

    def set(self, now):
        self.page[:] = now.to_bytes(8, sys.byteorder)

    def environment(self, gate):
        env = dict(os.environ, LD_PRELOAD=self.libraries,
                   MCFG_CLOCK=self.path)
        if gate:
            env['MCFG_GATE'] = gate.folder
        return env


class Process:
    """A process that runs until it stops or ends.

    wait() returns ("stop", what, detail), with what begin, commit, rename or
    lock; ("end", how) at the end of a transaction; or ("done", result).
    """

    def __init__(self, gate):
        self.gate = gate

    def fds(self):
        raise NotImplementedError

    def take(self):
        """Reads, and returns the result once it is complete."""
        raise NotImplementedError

    def wait(self):
        while True:
            line = self.gate.line() if self.gate else None
            if line and line[0] == 'end':
                return line
            if line:
                return ('stop',) + line
            ready = self.fds() + ([self.gate.fds[0]] if self.gate else [])
            ready = select.select(ready, [], [], PATIENCE)[0]
            if not ready:
                raise RuntimeError('nothing heard for %d s' % PATIENCE)
            if self.gate and self.gate.fds[0] in ready:
                continue
            result = self.take()
            if result is not None:
                return 'done', result


class Command(Process):
    """A command; its result is (status, output, diagnostics)."""

    def __init__(self, argv, preload=None, gate=None, data=b''):
        super().__init__(gate)
        self.p = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=preload and preload.environment(gate))
        self.p.stdin.write(data)
        self.p.stdin.close()
        self.out = {self.p.stdout: b'', self.p.stderr: b''}
        self.open = set(self.out)

    def fds(self):
        return list(self.open)

    def take(self):
        for f in select.select(list(self.open), [], [], 0)[0]:
            part = os.read(f.fileno(), 65536)
            self.out[f] += part
            if not part:
                self.open.discard(f)
                f.close()
        if self.open:
            return None
        out, err = self.out.values()
        return self.p.wait(), out, err.decode()

    def kill(self):
        self.p.kill()
        self.p.wait()
        for f in self.open:
            f.close()
        if self.gate:
            self.gate.close()

    def finish(self):
        if self.gate:
            self.gate.close()


class Worker(Process):
    """scep-ca cgi behind a socket; the result of ask() is (status, body)."""

    def __init__(self, argv, path, log, preload=None, gate=None):
        super().__init__(gate)
        self.argv, self.path, self.preload = argv, path, preload
        self.log = log
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.connection = None
        self.start()

    def start(self):
        self.p = subprocess.Popen(
            self.argv, stdin=self.listener, stdout=subprocess.DEVNULL,
            stderr=self.log,
            env=self.preload and self.preload.environment(self.gate))

    def send(self, body, address, query='operation=PKIOperation'):
        variables = {
            'REQUEST_METHOD': 'POST' if body else 'GET',
            'QUERY_STRING': query, 'REMOTE_ADDR': address,
            'CONTENT_LENGTH': str(len(body)),
        }
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(self.path)
        self.reply = b''
        self.connection.sendall(fcgi.request(
            [(k.encode(), v.encode()) for k, v in variables.items()], body))

    def fds(self):
        return [self.connection]

    def take(self):
        part = self.connection.recv(65536)
        self.reply += part
        if part:
            return None
        self.connection.close()
        out = fcgi.answer(io.BytesIO(self.reply))
        head, _, body = out.partition(b'\r\n\r\n')
        status = head.decode().partition('Status: ')[2][:3]
        return int(status or 0), body

    def ask(self, body, address='192.0.2.1', **more):
        """Runs a complete request, without a gate."""
        self.send(body, address, **more)
        return self.wait()[1]

    def kill(self):
        """Kills it where it is, and starts another."""
        self.p.send_signal(signal.SIGKILL)
        self.p.wait()
        self.connection.close()
        if self.gate:
            folder = self.gate.folder + "'"
            self.gate.close()
            self.gate = Gate(folder)
        self.start()

    def stop(self):
        self.p.kill()
        self.p.wait()
        self.listener.close()
        os.unlink(self.path)
        if self.gate:
            self.gate.close()
