"""What is in the ledger, read without our own code."""
import sqlite3
import subprocess


class Sqlite:
    hexed = 'hex(%s)'

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)

    def rows(self, sql):
        return [tuple(map(str, r)) for r in self.db.execute(sql)]

    def close(self):
        self.db.close()


class Postgresql:
    """A psql process that stays open."""
    hexed = "encode(%s, 'hex')"

    def __init__(self, uri):
        self.p = subprocess.Popen(
            ['psql', '-qAtX', '-F', '\x1f', uri], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)

    def rows(self, sql):
        self.p.stdin.write(sql + ';\n\\echo --end--\n')
        self.p.stdin.flush()
        out = []
        while True:
            line = self.p.stdout.readline()
            if line == '':
                raise RuntimeError('psql has ended')
            if line == '--end--\n':
                return out
            out.append(tuple(line.rstrip('\n').split('\x1f')))

    def close(self):
        self.p.stdin.close()
        self.p.stdout.close()
        self.p.wait()


class Ledger:
    def __init__(self, engine):
        self.engine = engine

    def serials(self):
        return {r[0] for r in self.engine.rows(
            'SELECT serial FROM certificate')}

    def der(self, serial):
        (text,), = self.engine.rows(
            "SELECT %s FROM certificate WHERE serial = '%s'" % (
                self.engine.hexed % 'der', serial))
        return bytes.fromhex(text)

    def revoked(self):
        return {r[0] for r in self.engine.rows(
            'SELECT serial FROM certificate WHERE revoked <> 0')}

    def spent(self):
        return {r[0] for r in self.engine.rows(
            'SELECT hash FROM challenge WHERE spent <> 0')}

    def requests(self):
        """{(hash of the key, transaction): state}"""
        return {(r[0], r[1]): r[2] for r in self.engine.rows(
            'SELECT key_hash, txid, state FROM request')}

    def close(self):
        self.engine.close()
