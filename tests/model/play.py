"""A sequence of actions of clients, operators and strangers, several at once,
against scep-ca, in an order that depends on a seed.
"""
import copy
import os
import random
import shutil
import time

import crypto
import message as scep
from der import integer, seq
from flood import Flood
from law import REFUSE, Challenge, Law, Message
from ledger import Ledger, Postgresql, Sqlite
from message import alike
from process import Command, Gate, Preload, Worker

KEYS = 6
YEAR = 365 * 86400
START = 1800000000     # 2027
DECISIONS = {'approve': 'approved', 'reject': 'rejected', 'undo': 'pending'}
POLICIES = ('challenge', 'manual', 'command')
CNS = ('guest-1', 'admin-2', 'guest-3', 'wrong-4')
HOSTS = ('h1.example.com', 'h2.example.com')
PROGRAM = '''#!/bin/sh
# Yes for guest, no for wrong, and later for the others.
facts=$(cat)
case ${facts%%\"signer\"*} in
*'CN=guest-'* | *'CN=GUEST-'*) exit 0 ;;
*'CN=wrong-'* | *'CN=WRONG-'*) exit 1 ;;
esac
exit 5
'''


class Violation(Exception):
    pass


def short(names):
    """Names in a readable form."""
    if names is None:
        return 'anything'
    return '+'.join(['/'.join('%s=%s' % p for p in names[0])] +
                    sorted(n[4:] for n in names[1]))


def shown(answers):
    return ' or '.join(sorted(
        '%s %s' % (a[0], ' | '.join(sorted(map(short, a[1]))) + (
            ' for ' + a[2][:4] if a[2] else '') if a[0] == 'issue' else
                   a[1][:8] if len(a) > 1 else '')
        for a in answers))


class Client:
    def __init__(self, number, key):
        self.number, self.key = number, key
        self.certs, self.sent = [], []
        self.address = '192.0.2.%d' % (number + 1)


class Task:
    """An action in progress."""

    def __init__(self, what, process, m=None, **facts):
        self.what, self.process, self.m = what, process, m
        self.facts, self.where, self.tables = facts, None, ''
        self.right, self.changed, self.cert = set(), False, None
        self.usable = False

    def __str__(self):
        return self.what


class Play:
    def __init__(self, site, seed, say):
        self.site, self.seed, self.say = site, seed, say
        self.rng = random.Random(seed)
        rng = self.rng
        self.policy = rng.choice(POLICIES)
        self.law = Law(self.policy, rng.random() < 0.85)
        self.clients = [Client(i, k) for i, k in enumerate(
            site.keys[:rng.randrange(2, 5)])]
        self.extra = site.keys[4:]
        self.tasks, self.idle, self.turn = [], [], None
        self.progress, self.number, self.unlisted = 0, 0, False
        self.repeat, self.revoked, self.published = [], set(), set()
        self.flood = Flood(self)
        site.set(START)
        site.reset(self)
        self.known = site.ledger.serials()
        self.spent = site.ledger.spent()
        self.workers = [site.worker(i) for i in range(2)]
        self.idle = list(self.workers)

    # ---- messages ----

    def nonce(self):
        return crypto.random_bytes(self.rng, 16)

    def names(self):
        rng = self.rng
        others = frozenset('dns:' + h for h in HOSTS if rng.random() < 0.25)
        return (('O', 'Example'), ('CN', rng.choice(
            CNS if self.policy == 'command' else CNS[:3]))), others

    def respelled(self, names):
        subject, others = names
        return (tuple((t, v.upper()) for t, v in subject),
                frozenset('dns:' + n[4:].upper() for n in others))

    def txid(self, client):
        return 'SHARED' if self.rng.random() < 0.25 else \
            'T' + client.key.hash[:16].upper()

    def signer(self, client):
        """A self-signed certificate: some clients make a new one each time."""
        return self.site.self_signed(client.key, self.rng.randrange(2))

    def put(self, client, m, plain, signer, key, sealed=None):
        """Encrypts, signs and sends a request, and records it."""
        sealed = sealed or scep.seal(self.site.ca, plain, self.rng)
        nonce = self.nonce()
        body = scep.message(sealed, signer, key, m.kind, m.txid, nonce)
        client.sent.append((m, body, sealed, key, nonce))
        return self.send(client, m, body, key, nonce)

    def send(self, client, m, body, key, nonce):
        what = '%s %d: type %d tx %s for %s%s' % (
            'client' if m.author else 'thief', client.number, m.kind, m.txid,
            short(m.names),
            ', signed by ' + m.cert.serial[:8] if m.cert else '')
        if m.challenge:
            what += ', challenge ' + m.challenge[:4]
        if m.past:
            process = self.site.command(
                'answer', '--dir', self.site.dir, '--operation',
                'PKIOperation', '--at', self.site.at(m.now), data=body)
            what += ', years ago'
        else:
            process = self.idle.pop(0)
            process.send(body, client.address)
        return Task(what, process, m, key=key, nonce=nonce, body=body,
                    client=client)

    def challenge_for(self, client, names):
        """A challenge: valid, stale, for another name, or none."""
        rng, law = self.rng, self.law
        if rng.random() < (0.1 if self.policy == 'challenge' else 0.5):
            return None
        fit = [c for c in law.challenges.values() if
               c.names is None or alike(c.names) == alike(names)]
        new = [c for c in fit if not c.spent_by and not c.voided]
        for some, chance in ((new, 0.8), (fit, 0.7),
                             (list(law.challenges.values()), 0.8)):
            if some and rng.random() < chance:
                return rng.choice(some).secret
        return 'never made'

    # ---- clients ----

    def enroll(self):
        client = self.rng.choice(self.clients)
        names = self.names()
        pool = [c for c in self.law.challenges.values() if c.names and
                not c.spent_by]
        if pool and self.rng.random() < 0.6:
            names = self.rng.choice(pool).names
            if self.rng.random() < 0.2:
                names = self.respelled(names)
        secret = self.challenge_for(client, names)
        kind = 19 if self.rng.random() < 0.8 else 17
        return self.request(client, kind, self.txid(client), names, secret)

    def request(self, client, kind, txid, names, secret, now=None):
        m = Message(kind, txid, client.key, None, client.key, names, secret,
                    now or self.site.now, past=now is not None)
        return self.put(client, m, scep.csr(client.key, names, secret),
                        self.signer(client), client.key)

    def again(self):
        """Repeats a request: the same bytes, made again, or changed."""
        rng = self.rng
        told = [(c, s) for c in self.clients for s in c.sent
                if s[0].author and not s[0].past]
        if not told:
            return self.enroll()
        client, (m, body, _, key, nonce) = rng.choice(told)
        way = rng.random()
        if way < 0.4 or m.kind not in (17, 19) or m.cert:
            return self.send(client, copy.copy(m), body, key, nonce)
        secret, names, txid = m.challenge, m.names, m.txid
        if way < 0.55:
            secret = None
        elif way < 0.65:
            secret = self.challenge_for(client, names)
        elif way < 0.75:
            names = self.names()
        elif way < 0.8:
            txid = self.txid(client)
        return self.request(client, m.kind, txid, names, secret)

    def renew(self):
        rng = self.rng
        held = [(c, x) for c in self.clients for x in c.certs]
        if not held:
            return self.enroll()
        client, cert = rng.choice(held)
        key = client.key if rng.random() < 0.6 else rng.choice(self.extra)
        names, way, secret = cert.names, rng.random(), None
        if way < 0.15:
            names = self.respelled(names)
        elif way < 0.3 and names[1]:
            names = names[0], frozenset(sorted(names[1])[1:])
        elif way < 0.45:
            names = self.names()
            secret = self.challenge_for(client, names)
            if alike(names) == alike(cert.names):
                secret = None
        m = Message(rng.choice((17, 19)), rng.choice(
            (cert.txid, self.txid(client), 'R%d' % rng.randrange(3))),
            cert.key, cert, key, names, secret, self.site.now)
        return self.put(client, m, scep.csr(key, names, secret), cert.facts,
                        cert.key)

    def poll(self):
        asked = [(c, s[0]) for c in self.clients for s in c.sent
                 if s[0].kind in (17, 19) and s[0].author]
        if not asked:
            return self.enroll()
        client, old = self.rng.choice(asked)
        names = old.names if self.rng.random() < 0.9 else self.names()
        m = Message(20, old.txid, old.key, None, None, names, None,
                    self.site.now)
        plain = seq(self.site.ca.subject, scep.name(names[0]))
        return self.put(client, m, plain, self.site.self_signed(old.key, 0),
                        old.key)

    def query(self):
        held = [(c, x) for c in self.clients for x in c.certs]
        if not held:
            return self.enroll()
        client, cert = self.rng.choice(held)
        m = Message(self.rng.choice((21, 22)), 'Q', cert.key, cert, None,
                    None, None, self.site.now)
        return self.put(client, m, seq(self.site.ca.subject,
                                       integer(int(cert.serial, 16))),
                        cert.facts, cert.key)

    def long_ago(self):
        """Uses a certificate that has expired since."""
        client, then = self.rng.choice(self.clients), self.site.now - 2 * YEAR
        names = self.names()
        if self.policy != 'challenge' or self.turn:
            return self.enroll()
        c = Challenge(self.site.challenge(names, then), names, then + 3600)
        self.law.challenges[c.secret] = c
        return self.request(client, 19, self.txid(client), names, c.secret,
                            then)

    # ---- strangers ----

    def stranger(self):
        """Sends a client's recorded envelope in the stranger's message."""
        heard = [s for c in self.clients for s in c.sent]
        if not heard:
            return self.enroll()
        m, _, sealed, key, _ = self.rng.choice(heard)
        thief = self.rng.choice(self.clients)
        while thief.key is key:
            thief = self.rng.choice(self.clients)
        mine = Message(self.rng.choice((17, 19, 20)), m.txid, thief.key, None,
                       m.key, m.names, m.challenge, self.site.now, False)
        return self.put(thief, mine, None, self.signer(thief), thief.key,
                        sealed)

    # ---- the operator ----

    def challenge(self):
        names = self.names() if self.rng.random() < 0.75 else None
        then = self.site.now - (86400 if self.rng.random() < 0.1 else 0)
        c = Challenge(self.site.challenge(names, then), names, then + 3600)
        self.law.challenges[c.secret] = c
        self.say('challenge %s for %s' % (c.secret[:4], short(names)))

    def revoke(self):
        live = [c for c in self.law.certs.values() if not c.revoked]
        if not live:
            return self.enroll()
        cert = self.rng.choice(live)
        return Task('revoke ' + cert.serial[:8], self.site.command(
            'revoke', '--dir', self.site.dir, cert.serial), cert=cert,
            verb='revoke')

    def list(self):
        return Task('crl', self.site.command('crl', '--dir', self.site.dir),
                    verb='crl')

    def void(self):
        some = list(self.law.challenges.values())
        c = self.rng.choice(some)
        return Task('void ' + c.secret[:4], self.site.command(
            'challenge', '--dir', self.site.dir, '--void', c.hash[:12]),
            verb='void', challenge=c)

    def decide(self):
        rng = self.rng
        verb, state = rng.choices((
            ('approve', 'pending'), ('reject', 'pending'),
            ('undo', 'approved')), (70, 25, 15))[0]
        rows = [w for w in self.law.waiting.values() if w.state == state]
        if not rows:
            return self.enroll()
        w = rng.choice(rows)
        argv = ['approve', '--undo'] if verb == 'undo' else [verb]
        argv += ['--dir', self.site.dir, w.txid]
        key = w.key if rng.random() < 0.5 else None
        if key:
            argv += ['--key', key.hash]
        return Task('%s %s%s' % (verb, w.txid, ' by key' if key else ''),
                    self.site.command(*argv), verb=verb, txid=w.txid,
                    state=state, key=key)

    # ---- one step ----

    def start(self):
        kinds = {
            'enroll': 30, 'again': 20, 'renew': 16, 'poll': 4, 'query': 3,
            'stranger': 6, 'revoke': 7, 'list': 3, 'long_ago': 2, 'void': 2,
        }
        if self.policy != 'challenge':
            kinds.update(poll=16, decide=22)
        kind = self.rng.choices(list(kinds), kinds.values())[0]
        commands = sum(1 for t in self.tasks
                       if t.process not in self.workers)
        if kind in ('revoke', 'list', 'decide', 'long_ago', 'void'):
            # Each of these may need a worker.
            if commands or not self.idle:
                return
        elif not self.idle:
            return
        task = getattr(self, kind)()
        self.number += 1
        self.tasks.append(task)
        self.say('%d  %s' % (self.number, task))
        task.published = set(self.published)
        self.ask_law(task)
        self.run(task)

    def ask_law(self, task):
        """Adds the answers that are right now to each action in progress."""
        if task.m:
            if not task.m.past:
                task.m.now = self.site.now
            task.right |= self.law.judge(task.m)
            # It was right on arrival, and the challenge was spent since.
            usable = self.law.usable(task.m) is not None
            if task.usable and not usable:
                task.right.add(REFUSE)
            task.usable = usable
        elif task.facts['verb'] in DECISIONS:
            task.right.add(self.chosen(task) is not None)
        elif task.facts['verb'] == 'void':
            c = task.facts['challenge']
            task.right.add(not c.spent_by and not c.voided)

    def chosen(self, task):
        """The request that an operator means."""
        rows = [w for w in self.law.waiting.values()
                if w.txid == task.facts['txid'] and
                w.state == task.facts['state'] and
                task.facts['key'] in (None, w.key)]
        return rows[0] if len(rows) == 1 else None

    def run(self, task):
        """Lets it run until it stops or is done."""
        while True:
            event = task.process.wait()
            if event[0] == 'end':
                if self.turn is task:
                    self.turn = None
                if event[1] == 'commit':
                    self.committed(task)
            elif event[0] == 'stop':
                task.where, detail = event[1:]
                if task.where == 'commit':
                    task.tables = detail
                task.seen = self.progress
                return
            else:
                self.done(task, event[1])
                return

    def can_go(self, task):
        if task.where == 'begin':
            return self.turn in (None, task)
        return task.where != 'lock' or task.seen != self.progress

    def step(self):
        """Chooses who goes next, and advances the clock by a second."""
        self.site.set(self.site.now + 1)
        wrong = self.flood.step() if self.turn is None else None
        if wrong:
            raise Violation(wrong)
        ready = [t for t in self.tasks if self.can_go(t)]
        if len(self.tasks) < 3 and self.number < self.site.length and \
                (not ready or self.rng.random() < 0.4):
            before = self.number
            self.start()
            if self.number != before or not ready:
                return
        if not ready:
            if self.tasks:
                raise Violation('each waits for another: %s' % ', '.join(
                    '%s before %s' % (t, t.where) for t in self.tasks))
            return
        task = self.rng.choice(ready)
        if task.where != 'lock' and self.rng.random() < self.site.deadly:
            self.kill(task)
            return
        if task.where == 'begin':
            self.turn = task
        self.progress += 1
        task.process.gate.go()
        self.run(task)

    def kill(self, task):
        self.say('    killed before %s: %s' % (task.where, task))
        task.process.kill()
        if self.turn is task:
            self.turn = None
        self.tasks.remove(task)
        if task.process in self.workers:
            self.idle.append(task.process)
        if task.m and task.m.author and task.m.kind in (17, 19):
            self.repeat.append(task)
        if task.facts.get('verb') in ('revoke', 'crl'):
            self.unlisted = True

    # ---- results ----

    def committed(self, task):
        self.say('    committed %s: %s' % (task.tables, task))
        tables = task.tables.split(',')
        task.changed = True
        if task.m and 'certificate' in tables:
            self.issued(task)
        elif task.m and 'request' in tables:
            key = task.m.signer if task.m.kind == 20 else task.m.key
            self.law.waits(task.m, self.site.ledger.requests().get(
                (key.hash, task.m.txid)))
        elif task.facts.get('verb') == 'revoke' and 'certificate' in tables:
            task.facts['cert'].revoked = True
            self.revoked.add(task.facts['cert'].serial)
        elif task.facts.get('verb') in DECISIONS and 'request' in tables:
            self.decided(task)
        elif task.facts.get('verb') == 'void' and 'challenge' in tables:
            if task.facts['challenge'].spent_by:
                raise Violation('%s, but it is spent' % task)
            task.facts['challenge'].voided = True
        for t in self.tasks:
            self.ask_law(t)

    def issued(self, task):
        ledger, m = self.site.ledger, task.m
        new = ledger.serials() - self.known
        self.known |= new
        if len(new) != 1:
            raise Violation('%d certificates at once' % len(new))
        facts = scep.certificate(ledger.der(*new))
        spent = ledger.spent()
        bought = {c.secret for c in self.law.challenges.values()
                  if c.hash in spent - self.spent}
        self.spent = spent
        right = self.law.judge(m)
        key = m.signer if m.kind == 20 else m.key
        if facts.spki != key.spki:
            raise Violation('a certificate for another key')
        cert = self.law.issued(m, facts, m.now + YEAR, bought)
        if cert is None:
            raise Violation('%s: issued %s for %s, right is %s' % (
                task, short(facts.names), bought or 'nothing', shown(right)))
        task.cert = cert
        cert.key = key
        for c in self.clients:
            if c.key is key or any(x.key is m.signer for x in c.certs if
                                   m.cert is x):
                c.certs.append(cert)
                break

    def decided(self, task):
        w = self.chosen(task)
        if w is None:
            raise Violation('a decision about nothing that was meant')
        w.state = DECISIONS[task.facts['verb']]
        there = self.site.ledger.requests().get((w.key.hash, w.txid))
        if there not in (w.state, None):
            raise Violation('%s, but the ledger says %s' % (w.state, there))

    def done(self, task, result):
        self.tasks.remove(task)
        if task.process in self.workers:
            self.idle.append(task.process)
        else:
            task.process.finish()
        if task.m:
            self.answered(task, result)
        else:
            self.say('    status %d: %s' % (result[0], task))
            self.operated(task, *result)

    def operated(self, task, status, out, err):
        verb = task.facts['verb']
        if status not in (0, 1):
            raise Violation('%s: status %d: %s' % (task, status, err))
        if verb in DECISIONS or verb == 'void':
            if (status == 0) != task.changed:
                raise Violation('%s: status %d' % (task, status))
            if status == 1 and False not in task.right:
                raise Violation('%s was refused: %s' % (task, err))
        elif status != 0:
            raise Violation('%s: %s' % (task, err))
        elif verb == 'revoke':
            self.published.add(task.facts['cert'].serial)
        elif not task.published <= scep.read_crl(out)[1]:
            raise Violation('%s: a list from before a revocation' % task)

    def answered(self, task, result):
        m = task.m
        if len(result) == 3:
            code, body = 200 if result[0] == 0 else result[0], result[1]
        else:
            code, body = result
        if code != 200:
            raise Violation('%s: HTTP %d: %s' % (task, code,
                                                 self.site.said()))
        reply = scep.read_reply(body, self.site.ca, task.facts['key'],
                                m.txid, task.facts['nonce'])
        got = self.outcome(task, reply)
        self.say('    %s %s: %s' % (got[0], reply.text, task))
        if got[0] == 'issue':
            return
        if got not in task.right:
            raise Violation('%s: %s (%s), right is %s' % (
                task, shown([got]), reply.text, shown(task.right)))

    def outcome(self, task, reply):
        if reply.status == 0 and reply.crl:
            if not task.published <= reply.crl[1]:
                raise Violation('%s: a list from before a revocation' % task)
            return ('crl',)
        if reply.status == 0:
            cert, = reply.certs
            if task.cert:
                if cert.serial != task.cert.serial:
                    raise Violation('another certificate than the one made')
                return ('issue',)
            known = self.law.certs.get(cert.serial)
            if known is None or known.facts.der != cert.der:
                raise Violation('a certificate that is not in the ledger')
            return ('again', cert.serial)
        if task.cert:
            raise Violation('issued, and refused: ' + reply.text)
        return ('pending',) if reply.status == 3 else REFUSE

    # ---- the end ----

    def play(self):
        for _ in range(self.rng.randrange(2, 5)):
            self.challenge()
        while self.number < self.site.length or self.tasks:
            self.step()
            if self.turn is None and self.number < self.site.length and \
                    self.rng.random() < 0.06:
                self.challenge()
        # A client without an answer asks again, and must get one.
        for dead in self.repeat:
            old = dead.facts
            task = self.send(old['client'], copy.copy(dead.m), old['body'],
                             old['key'], old['nonce'])
            self.say('once more  %s' % task)
            self.tasks.append(task)
            self.ask_law(task)
            self.run(task)
            while task in self.tasks:
                if task.where == 'begin':
                    self.turn = task
                task.process.gate.go()
                self.run(task)
        self.final()

    def final(self):
        site = self.site
        wrong = self.flood.pushed_out()
        if wrong:
            raise Violation(wrong)
        if self.unlisted:
            site.plain('crl', '--dir', site.dir)
        revoked = site.ledger.revoked()
        if revoked != self.revoked:
            raise Violation('revoked are %s, not %s' % (
                revoked, self.revoked))
        with open(site.dir + '/crl.der', 'rb') as f:
            _, listed = scep.read_crl(f.read())
        if listed != revoked:
            raise Violation('the list has %s, revoked are %s' % (
                sorted(listed), sorted(revoked)))
        status, out, err = site.plain('check', '--dir', site.dir)
        if status != 0:
            raise Violation('check: %s%s' % (out.decode(), err))

    def close(self):
        for t in self.tasks:
            if t.process not in self.workers:
                t.process.kill()
        for w in self.workers:
            w.stop()


class Site:
    """A CA that is reset for each play."""
    length, deadly = 14, 0.03

    def __init__(self, folder, preload, postgresql=None):
        self.folder, self.preload = folder, Preload(
            preload, folder + '/clock')
        self.dir, self.uri = folder + '/ca', postgresql
        self.program = shutil.which('scep-ca')
        self.log = open(folder + '/log', 'w+')
        self.set(START)
        self.keys = [crypto.Key(i) for i in range(KEYS)]
        self.flooder = crypto.Key(KEYS)
        self.signers, self.count, self.ledger = {}, 0, None
        argv = ['init', '--dir', folder + '/new', '--subject',
                '/O=Example/CN=CA', '--at', self.at(self.now - 3 * YEAR)]
        self.must(*argv, *(['--ledger', postgresql] if postgresql else ()))
        self.must('crl', '--dir', folder + '/new')
        with open(folder + '/new/decide', 'w') as f:
            f.write(PROGRAM)
        os.chmod(folder + '/new/decide', 0o755)
        self.ca = scep.certificate(Command(
            ['openssl', 'x509', '-outform', 'DER', '-in',
             folder + '/new/cert.pem']).wait()[1][1])

    def set(self, now):
        self.now = now
        self.preload.set(now)

    def said(self):
        """The last line of the workers' log."""
        self.log.seek(0)
        return (self.log.read().splitlines() or [''])[-1]

    def at(self, when):
        return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(when))

    def plain(self, *argv, data=b''):
        return Command([self.program, *argv], self.preload,
                       data=data).wait()[1]

    def must(self, *argv):
        status, out, err = self.plain(*argv)
        if status != 0:
            raise RuntimeError('scep-ca %s: %s' % (' '.join(argv), err))
        return out

    def reset(self, play):
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.copytree(self.folder + '/new', self.dir)
        if self.ledger:
            self.ledger.close()
        policy = ['approval: ' + play.policy, 'renew_same_key: ' +
                  ('true' if play.law.same_key else 'false'),
                  'san:\n  dns: ["*.example.com"]']
        if play.policy == 'command':
            policy.append('command: decide')
        if self.uri:
            policy.append('ledger: ' + self.uri)
            engine = Postgresql(self.uri)
            engine.rows('TRUNCATE certificate, challenge, enrollment, '
                        'request, event')
        else:
            engine = Sqlite(self.dir + '/ledger.db')
        self.ledger = Ledger(engine)
        with open(self.dir + '/scep-ca.yaml', 'w') as f:
            f.write('\n'.join(policy) + '\n')

    def gate(self):
        self.count += 1
        return Gate('%s/gate%d' % (self.folder, self.count))

    def command(self, *argv, data=b''):
        return Command([self.program, *argv], self.preload, self.gate(),
                       data)

    def worker(self, number):
        return Worker([self.program, 'cgi', '--dir', self.dir],
                      '%s/socket%d' % (self.folder, number), self.log,
                      self.preload, self.gate())

    def challenge(self, names, then):
        argv = ['challenge', '--dir', self.dir, '--at', self.at(then)]
        if names:
            argv += ['--subject', ''.join('/%s=%s' % p for p in names[0])]
            for n in sorted(names[1]):
                argv += ['--san', n]
        return self.must(*argv).decode().strip()

    def self_signed(self, key, serial):
        if (key, serial) not in self.signers:
            self.signers[key, serial] = scep.self_signed(
                key, (('CN', 'someone'),), serial + 1)
        return self.signers[key, serial]
