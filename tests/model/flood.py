"""Strangers who send as many requests as they can: a thousand from many
addresses are in the ledger, and more arrive while clients continue.  They must
displace only each other.
"""
import random

import crypto
import message as scep

ALL, OF_KEY = 1000, 5       # limits of pending requests: strangers', a key's
ADDRESS = '203.0.113.200'
ROWS = '''
INSERT INTO request (txid, key_hash, csr, asked_subject, asked_names, subject,
    ground, presented, client, stranger, state, received)
SELECT 'X' || n.i, substr(r.key_hash, 1, 58) || (100000 + n.i), r.csr,
    r.asked_subject, r.asked_names, r.subject, r.ground, r.presented,
    '203.0.113.' || (n.i / 20), 1, 'pending', r.received
FROM request r, (WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM
    n WHERE i < %d) SELECT i FROM n) n
WHERE r.txid = 'F0' '''
COUNT = "SELECT COUNT(*) FROM request WHERE state = 'pending' AND %s"


class Flood:
    """What strangers do in one play.  It has its own random numbers, so that
    the rest of the play is the same without it."""

    def __init__(self, play):
        self.play, self.rng = play, random.Random('flood %d' % play.seed)
        self.sent = 0
        self.begins = self.rng.randrange(2, 8) if play.policy != \
            'challenge' and self.rng.random() < 0.4 else None

    def step(self):
        """Sends the next request, or none, while no transaction is open.
        Returns what is wrong, or None."""
        if self.begins is None or self.play.number < self.begins:
            return None
        if self.sent == 0:
            return self.ask() or self.fill()
        return self.ask() if self.rng.random() < 0.3 else None

    def ask(self):
        """Sends one more, with the same key and a new transaction."""
        site, key = self.play.site, self.play.site.flooder
        txid, nonce = 'F%d' % self.sent, crypto.random_bytes(self.rng, 16)
        names = (('O', 'Example'), ('CN', 'flood')), frozenset()
        body = scep.message(
            scep.seal(site.ca, scep.csr(key, names), self.rng),
            site.self_signed(key, 0), key, 19, txid, nonce)
        self.sent += 1
        self.play.say('    flood, transaction ' + txid)
        reply = scep.read_reply(site.plain(
            'answer', '--dir', site.dir, '--operation', 'PKIOperation',
            '--client', ADDRESS, data=body)[1], site.ca, key, txid, nonce)
        if reply.status != 3:
            return 'a stranger is told %s: %s' % (reply.status, reply.text)
        return self.bounds()

    def fill(self):
        self.play.say('    a flood of %d' % ALL)
        self.play.site.ledger.engine.rows(ROWS % (ALL - 1))
        # One more must make room for itself.
        return self.ask()

    def bounds(self):
        rows = self.play.site.ledger.engine.rows
        (waiting,), = rows(COUNT % 'stranger = 1')
        (mine,), = rows(COUNT % ("key_hash = '%s'" %
                                 self.play.site.flooder.hash))
        if int(waiting) > ALL or int(mine) > OF_KEY:
            return '%s strangers wait, %s of one key' % (waiting, mine)
        return self.pushed_out()

    def pushed_out(self):
        """What is wrong if a client's request was displaced.  A key at its
        limit displaces its own requests."""
        law = self.play.law.waiting.values()
        there = self.play.site.ledger.requests()
        for w in law:
            if (w.key.hash, w.txid) not in there and sum(
                    1 for x in law if x.key is w.key) <= OF_KEY:
                return 'pushed out: transaction %s of %s' % (
                    w.txid, w.key.hash[:8])
        return None
