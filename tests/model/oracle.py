#!/usr/bin/env python3
"""What a stranger or a client can learn from the replies to messages with
somebody else's envelope.

oracle.py FOLDER sweep [EVERY [BITS]]
    Sends recorded envelopes, changed in every way, with each messageType, by
    a stranger, a client with a certificate, and one with a pending request:
    all must get the same reply.  Of each kind of change, it tries every
    EVERYth.  The CA's key has BITS, or is EC if BITS is ec: then envelopes
    are for an RA.
oracle.py FOLDER count N
    Sends N of each kind of failure under callgrind: the medians of their
    instructions must lie within half a percent.

FOLDER must be new.  scep-ca is on PATH.
"""
import collections
import glob
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time

import crypto
import message as scep
from der import AES128, DATA, integer, oid, seq, tlv
from process import Worker

TYPES = (17, 19, 20, 21, 22)
OTHERS = (0, 1, 3, 18, 23, 99, '19 ', '+19', '')
AES192 = oid('2.16.840.1.101.3.4.1.22')
AES256 = oid('2.16.840.1.101.3.4.1.42')
SPREAD = 1.005


def run(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout


class Site:
    """A CA, its clients, and a stranger."""

    def __init__(self, folder, prefix=(), bits='2048'):
        ra = bits == 'ec'
        os.mkdir(folder, 0o700)
        self.dir, self.rng = folder + '/ca', random.Random(1)
        self.log = folder + '/log'
        run('scep-ca', 'init', '--dir', self.dir, '--subject',
            '/O=Example/CN=CA', *(
                ('--key-type', 'ec:P-256', '--ra') if ra else
                ('--key-type', 'rsa:' + bits)))
        with open(self.dir + '/scep-ca.yaml', 'w') as f:
            f.write('approval: manual\nsan:\n  dns: ["*.example.com"]\n')
        self.ca = scep.certificate(run('openssl', 'x509', '-outform', 'DER',
                                       '-in', self.dir + (
                                           '/ra.pem' if ra else '/cert.pem')))
        # The names of the CA are in polls, those of the RA in envelopes.
        self.issuer = scep.certificate(run(
            'openssl', 'x509', '-outform', 'DER', '-in',
            self.dir + '/cert.pem')).subject
        self.worker = Worker(
            [*prefix, shutil.which('scep-ca'), 'cgi', '--dir', self.dir],
            folder + '/socket', open(self.log, 'w'))
        keys = [crypto.Key(i) for i in range(5)]
        self.victim, self.stranger, self.client, self.waiter, self.other = (
            (k, scep.self_signed(k, (('CN', 'someone'),))) for k in keys)
        self.names = ((('O', 'Example'), ('CN', 'victim')), frozenset())
        self.record()
        self.client = self.client[0], self.enroll(*self.client)
        self.wait_for(self.waiter, 'waiter', 'WAITER')

    def ask(self, who, kind, content, txid):
        """(status, failInfo, text, length) of the reply."""
        nonce = crypto.random_bytes(self.rng, 16)
        code, body = self.worker.ask(scep.message(
            content, who[1], who[0], kind, txid, nonce))
        if code != 200:
            return code, None, None, len(body)
        self.reply = scep.read_reply(body, self.ca, who[0], txid, nonce)
        return self.reply[:3] + (self.reply.length,)

    def wait_for(self, who, cn, txid, challenge=None):
        names = ((('O', 'Example'), ('CN', cn)), frozenset())
        plain = scep.csr(who[0], names, challenge)
        envelope = scep.seal(self.ca, plain, self.rng)
        reply = self.ask(who, 19, envelope, txid)
        assert reply[0] == 3, reply
        return plain, envelope

    def enroll(self, key, signer):
        self.wait_for((key, signer), 'client', 'CLIENT')
        run('scep-ca', 'approve', '--dir', self.dir, 'CLIENT')
        poll = seq(self.issuer, scep.name((('O', 'Example'),
                                               ('CN', 'client'))))
        self.ask((key, signer), 20, scep.seal(self.ca, poll, self.rng),
                 'CLIENT')
        return self.reply.certs[0]

    def record(self):
        """The envelopes recorded from the victim, by kind."""
        self.secret = run('scep-ca', 'challenge', '--dir',
                          self.dir).decode().strip()
        plain, _ = self.wait_for(self.victim, 'victim', 'VICTIM',
                                 self.secret)
        mine = scep.name(self.names[0])
        self.plain = {
            'request': plain,
            'poll': seq(self.issuer, mine),
            'serial': seq(self.issuer, integer(5)),
        }
        self.sealed = {k: self.parts(p) for k, p in self.plain.items()}

    def parts(self, plain):
        key, iv = (crypto.random_bytes(self.rng, 16) for _ in range(2))
        return (crypto.seal(self.ca.spki, key, self.rng), iv,
                crypto.encrypt(key, iv, plain), key)

    def envelope(self, *parts):
        return scep.envelope(self.ca, *parts[:3])

    # ---- every way to change an envelope ----

    def changes(self):
        """Yields (kind of change, envelope), grouped by kind."""
        for what, (ek, iv, ct, key) in self.sealed.items():
            put, size = self.envelope, len(ek)

            def flip(data, at, bit):
                data = bytearray(data)
                data[at] ^= bit
                return bytes(data)

            for at in range(len(ct)):
                yield what + ' block', put(ek, iv, flip(
                    ct, at, 1 << at % 8))
            for at in range(16):
                for bit in (1, 128):
                    yield what + ' iv', put(ek, flip(iv, at, bit), ct)
            for bits in range(1, 256):
                yield what + ' padding', put(ek, iv, flip(ct, -17, bits))
            for cut in range(1, len(ct) // 16):
                yield what + ' shorter', put(ek, iv, ct[:-16 * cut])
                yield what + ' later', put(ek, ct[16 * cut - 16:16 * cut],
                                           ct[16 * cut:])
            for n in (0, 1, 15, len(ct) - 1):
                yield what + ' no blocks', put(ek, iv, ct[:n])
            yield what + ' twice', put(ek, iv, ct + ct)
            for at in range(0, size, 8):
                yield what + ' key', put(flip(ek, at, 1), iv, ct)
            for bad in (b'', ek[1:], ek + b'\0', b'\xff' * size,
                        bytes(size), bytes(size - 1) + b'\1'):
                yield what + ' key of a wrong size', put(bad, iv, ct)
            for n in (0, 1, 5, 8, 15, 17, 24, 32, 200):
                yield what + ' key length', put(crypto.seal(
                    self.ca.spki, crypto.random_bytes(self.rng, n) if n else
                    b'', self.rng), iv, ct)
            for block in (b'\0\1' + b'\xff' * (size - 19) + b'\0' + key,
                          b'\0\2' + b'\xff' * (size - 2),
                          b'\0\2' + b'\xff' * 7 + b'\0' + b'\1' * (
                              size - 26) + key,
                          b'\1\2' + b'\xff' * (size - 19) + b'\0' + key):
                n, e = crypto.public(self.ca.spki)
                yield what + ' key padding', put(pow(
                    int.from_bytes(block, 'big') % n, e, n).to_bytes(
                    size, 'big'), iv, ct)
            for cipher in (AES192, AES256):
                yield what + ' cipher', put(ek, iv, ct).replace(
                    AES128 + b'\4', cipher + b'\4')
            yield from self.behind_a_head(what, ek, iv, ct)
        yield from self.own_content()

    def behind_a_head(self, what, ek, iv, ct):
        """A recorded block behind the attacker's own start, readable if the
        padding is right: the message of a padding oracle attack."""
        first, block = self.plain[what][:16], ct[:16]
        clear = bytes(a ^ b for a, b in zip(first, iv))
        for pad in range(1, 17):
            q, n = 33 - pad, 46 - pad
            for head in (bytes((0x30, 13 + q, 0x30, 0, 0x30, 9 + q, 0x31,
                                7 + q, 0x30, 5 + q, 6, 1, 0x2a, 0x14, q,
                                0x41)),
                         bytes((0x30, n, 0x30, 0, 2, n - 4)) + b'\1' * 10):
                made = bytes(a ^ b for a, b in zip(head, clear))
                for wrong in (0, 1, 0x80):
                    tail = bytes(16 - pad) + bytes([pad]) * pad
                    tail = bytes(a ^ b for a, b in zip(clear, tail))
                    yield what + ' head', self.envelope(
                        ek, made, block + tail[:-1] + bytes(
                            [tail[-1] ^ wrong]) + block)

    def own_content(self):
        """Content that can be decrypted, but is not what it should be."""
        def put(plain):
            return self.envelope(*self.parts(plain))

        other, empty = self.other[0], seq()
        names = ((('O', 'Example'), ('CN', 'x')), frozenset())
        good = scep.csr(other, names)
        for at in (len(good) - 1, len(good) - 200, 40):
            bad = bytearray(good)
            bad[at] ^= 1
            yield 'broken request', put(bytes(bad))
        for at in range(1, 250, 50):
            bad = bytearray(self.plain['request'])
            bad[-at] ^= 1
            yield 'broken request', put(bytes(bad))
        # The key inside is not the signer's.
        yield 'broken request', put(scep.csr(other, names, spki=crypto.Key(
            5).spki))
        for plain in (b'', b'\0', b'x' * 700, empty, seq(seq(), seq()),
                      seq(scep.name((('CN', 'a'),)), integer(1)),
                      seq(scep.name((('CN', 'a'),)),
                          scep.name((('CN', 'b'),))),
                      seq(self.issuer, scep.name((('CN', 'nobody'),))),
                      seq(seq(), scep.name(self.names[0])),
                      seq(seq(), integer(5)), seq(self.issuer, seq()),
                      tlv(4, b'y' * 300), seq(*[integer(1)] * 200),
                      seq(tlv(2, b'\xff' * 290)), self.ca.der,
                      good + b'\0', good[:-1]):
            yield 'other content', put(plain)
        yield 'serial of nobody', put(seq(self.issuer,
                                          integer(0x7fffffff)))

    def requests_of_others(self):
        """Yields whole requests, which only their authors may send."""
        yield self.envelope(*self.sealed['request'])
        for names in (self.names, ((('CN', 'x'),), frozenset()),
                      ((('CN', 'client'),), frozenset(['dns:a.b']))):
            for challenge in (None, 'no such challenge'):
                yield self.envelope(*self.parts(scep.csr(
                    self.other[0], names, challenge)))


def shown(replies):
    for reply, where in replies.items():
        print('  %s\n    %s' % (reply, '; '.join(sorted(where)[:12])))


def is_tried(what, n, every):
    """True if the nth change of a kind is tried."""
    few = what in ('broken request', 'other content',
                    'serial of nobody')
    return few or n <= (2 if what.endswith('head') else 1) or \
        n % every == 0


def sweep(site, every):
    """True if each messageType gets the same reply for everybody."""
    roles = {'stranger': (site.stranger, 'NOBODY', TYPES),
             'client': (site.client, 'NOBODY', TYPES),
             'waiter': (site.waiter, 'WAITER', TYPES),
             'of the victim': (site.stranger, 'VICTIM', (19, 20))}
    seen = collections.defaultdict(lambda: collections.defaultdict(set))
    counts, total = collections.Counter(), 0
    others = list(site.requests_of_others())
    for what, envelope in site.changes():
        counts[what] += 1
        if not is_tried(what, counts[what], every):
            continue
        for role, (who, txid, kinds) in roles.items():
            if role == 'stranger' and counts[what] == 1 and \
                    what.endswith(('block', 'content')):
                kinds += OTHERS
            for kind in kinds:
                # A client gets the CRL, whatever the serial number.
                if kind == 22 and role == 'client' and what in (
                        'serial block', 'serial of nobody'):
                    continue
                seen[kind][
                    site.ask(who, kind, envelope, txid)].add(
                    role + ', ' + what)
                total += 1
    for role, (who, txid, kinds) in roles.items():
        for kind in kinds:
            if role == 'client' and kind in (17, 19):
                continue
            for envelope in others:
                seen[kind][
                    site.ask(who, kind, envelope, txid)].add(
                    role + ', a request of somebody else')
                total += 1
    good = True
    for kind, replies in seen.items():
        if len(replies) != 1 or kind in TYPES and \
                next(iter(replies))[0] != 2:
            good = False
            print('messageType %r: %d replies' % (kind, len(replies)))
            shown(replies)
    with open(site.log) as f:
        if site.secret in f.read():
            good = False
            print('the log holds the challenge')
    good &= renewals(site, others)
    good &= own_answers(site)
    print('%d messages, %d changes' % (total, sum(counts.values())))
    return good


def renewals(site, others):
    """A client's renewal with another client's key: always the same refusal,
    whatever the names and the challenge are."""
    good = True
    for kind in (17, 19):
        replies = collections.defaultdict(set)
        # The first has a valid challenge, so it may get another answer.
        for i, envelope in enumerate(others[1:]):
            replies[site.ask(site.client, kind, envelope, 'RENEW')].add(
                'request %d' % i)
        if len(replies) != 1:
            good = False
            print('renewal by messageType %d: %d replies' % (
                kind, len(replies)))
            shown(replies)
    return good


def own_answers(site):
    """True if messages that are right get answers: else the sweep proves
    nothing."""
    mine = seq(site.issuer, scep.name((('O', 'Example'),
                                           ('CN', 'waiter'))))
    serial = int(site.client[1].serial, 16)
    good = True
    for what, who, kind, plain, txid, want in (
            ('poll', site.waiter, 20, mine, 'WAITER', 3),
            ('GetCert', site.client, 21, seq(site.issuer,
                                             integer(serial)), 'CERT', 0),
            ('GetCRL', site.client, 22, seq(site.issuer,
                                            integer(serial)), 'CRL', 0)):
        got = site.ask(who, kind, scep.seal(site.ca, plain, site.rng), txid)
        if got[0] != want:
            good = False
            print('%s of somebody who may: %s' % (what, got))
    return good


# ---- instructions ----

def chosen(site):
    """One change for each place at which decryption can fail."""
    wanted = ('request block', 'request iv', 'request padding',
              'request shorter', 'request key', 'request key length',
              'request key padding', 'request head', 'broken request',
              'other content')
    out, n = {}, collections.Counter()
    for what, envelope in site.changes():
        n[what] += 1
        if what in wanted and n[what] == 3:
            out[what] = envelope
    out['somebody else'] = list(site.requests_of_others())[2]
    return out


def count(folder, times):
    prefix = ('valgrind', '--tool=callgrind', '--toggle-collect='
              'request_answer', '--dump-after=request_answer',
              '--callgrind-out-file=%s/counts' % os.path.abspath(folder))
    site = Site(folder, prefix)
    good = True
    for role, who, kind, txid in (
            ('stranger', site.stranger, 19, 'NOBODY'),
            ('client', site.client, 21, 'NOBODY'),
            ('waiter', site.waiter, 20, 'WAITER')):
        changes = chosen(site)
        before = dumps(folder)
        order = []
        for _ in range(times):
            for what, envelope in changes.items():
                site.ask(who, kind, envelope, txid)
                order.append(what)
        while len(dumps(folder)) < len(before) + len(order):
            time.sleep(0.05)
        new = sorted(set(dumps(folder)) - set(before))
        found = collections.defaultdict(list)
        for number, what in zip(new, order):
            found[what].append(instructions(folder, number))
        medians = {w: statistics.median(v) for w, v in found.items()}
        spread = max(medians.values()) / min(medians.values())
        print('%-10s %d: %.5f  (at most %s)' % (role, kind, spread, SPREAD))
        if spread > SPREAD:
            good = False
            for what, m in sorted(medians.items(), key=lambda i: i[1]):
                print('    %12d  %s' % (m, what))
    site.worker.stop()
    return good


def dumps(folder):
    return [int(f.rpartition('.')[2]) for f in glob.glob(
        folder + '/counts.[0-9]*')]


def instructions(folder, number):
    with open('%s/counts.%d' % (folder, number)) as f:
        return int(re.search(r'^(?:totals|summary): (\d+)', f.read(),
                             re.M)[1])


def main():
    folder, verb, *rest = sys.argv[1:]
    n, bits = rest + ['1', '2048'][len(rest):]
    if verb == 'count':
        return count(folder, int(n))
    site = Site(folder, bits=bits)
    try:
        return sweep(site, int(n))
    finally:
        site.worker.stop()


if __name__ == '__main__':
    sys.exit(0 if main() else 1)
