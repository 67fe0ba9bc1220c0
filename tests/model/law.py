"""A model of how the CA must answer, without any of its code.

judge() returns the set of right answers to a message in the current state; the
rules may allow several:

    ("issue", names, challenge)   a new certificate with one of these names,
                                  spelled so, that spends this challenge (or
                                  None)
    ("again", serial)             the certificate that was issued before
    ("pending",)
    ("refuse",)
    ("crl",)
"""
import hashlib

from message import alike


class Challenge:
    def __init__(self, secret, names, expires):
        self.secret, self.names, self.expires = secret, names, expires
        self.hash = hashlib.sha256(secret.encode()).hexdigest()
        self.voided = False
        self.spent_by = None    # a Cert


class Cert:
    def __init__(self, facts, asked, key, txid, ground, challenge, until):
        self.facts, self.asked = facts, asked
        self.key, self.txid = key, txid
        self.ground, self.challenge, self.until = ground, challenge, until
        self.serial, self.names = facts.serial, facts.names
        self.revoked = self.waited = False


class Waiting:
    """A pending or decided request: one for each key and transaction."""

    def __init__(self, m, challenge):
        self.key, self.txid, self.names = m.key, m.txid, m.names
        self.challenge, self.ground = challenge, m.challenge
        self.state = 'pending'


class Message:
    """A message to the CA.

    signer is the key that signs; cert its Cert, or None if it is self-signed.
    key and names are those of the request or poll inside; author is true if
    the signer made what is inside, past if it is from long ago.
    """

    def __init__(self, kind, txid, signer, cert, key, names, challenge, now,
                 author=True, past=False):
        self.kind, self.txid, self.signer, self.cert = \
            kind, txid, signer, cert
        self.key, self.names, self.challenge = key, names, challenge
        self.now, self.author, self.past = now, author, past


REFUSE, PENDING = ('refuse',), ('pending',)


def verdict(names):
    """The status of the operator's program for a subject."""
    cn = dict(names[0])['CN'].strip().lower()
    return {'guest': 0, 'wrong': 1}.get(cn.partition('-')[0], 5)


class Law:
    def __init__(self, approval, same_key):
        self.approval, self.same_key = approval, same_key
        self.challenges, self.certs, self.waiting = {}, {}, {}

    # ---- parts ----

    def good(self, cert, now):
        return not cert.revoked and now <= cert.until

    def usable(self, m):
        """The message's challenge, if it is valid for the message."""
        c = self.challenges.get(m.challenge)
        if c is None or c.voided or c.spent_by or c.expires <= m.now or \
                (c.names is not None and alike(c.names) != alike(m.names)):
            return None
        return c

    def fits(self, m):
        """True if the signer's certificate may be renewed by the message."""
        if not m.cert or not self.good(m.cert, m.now) or \
                m.key == m.cert.key and not self.same_key:
            return False
        old, new = alike(m.cert.names), alike(m.names)
        return old[0] == new[0] and new[1] <= old[1]

    def ground(self, m):
        return m.cert.serial if m.cert else m.challenge

    def spelled(self, m, c):
        return frozenset([c.names if c and c.names is not None else m.names])

    def repeats(self, m):
        """The answers with a certificate that the message may request again."""
        c = self.challenges.get(m.challenge)
        if self.usable(m) and not self.fits(m):
            return set()
        ground = self.ground(m)
        same = [x for x in self.certs.values() if x.key == m.key and
                alike(x.asked) == alike(m.names) and self.good(x, m.now)]
        if c and c.spent_by in same and not m.cert:
            return {('again', c.spent_by.serial)}
        return {('again', x.serial) for x in same if x.txid == m.txid and
                (ground is None or ground in (x.ground, x.challenge))}

    def collected(self, w, m):
        """The answers to a message that asks for the recorded request."""
        if w.state == 'rejected':
            return {REFUSE}
        c = self.challenges.get(w.challenge)
        dead = {REFUSE} if c and (c.voided or c.spent_by) else set()
        if w.state == 'pending':
            if self.approval == 'command':
                return self.by_program(m, w.names, w.challenge) | dead
            return {PENDING} | dead
        if dead:
            return {REFUSE, PENDING}
        names = {w.names} | ({c.names} if c and c.names is not None else
                             set())
        return {('issue', frozenset(names), w.challenge)}

    def by_program(self, m, names, challenge):
        c = self.challenges.get(challenge)
        dead = c and (c.voided or c.spent_by)
        what = verdict(names)
        if what == 1:
            return {REFUSE}
        if what == 5:
            return {PENDING}
        if dead:
            return {REFUSE, PENDING}
        spelled = {names} | ({c.names} if c and c.names is not None else
                             set())
        return {('issue', frozenset(spelled), challenge)}

    # ---- a first request, a renewal ----

    def first(self, m):
        c = self.usable(m)
        if self.approval == 'challenge':
            return {('issue', self.spelled(m, c), c.secret)} if c else \
                {REFUSE}
        if self.approval == 'command':
            return self.by_program(m, m.names, c.secret if c else None)
        return {PENDING} if c or m.challenge is None else {PENDING, REFUSE}

    def renewal(self, m):
        if not self.fits(m):
            return self.first(m) if self.usable(m) else {REFUSE}
        new, kept = alike(m.names), m.cert.names[1]
        some = frozenset(n for n in kept if n.lower() in new[1])
        names = frozenset((m.cert.names[0], o) for o in
                          ({some} if some else {some, kept}))
        answer = {('issue', names, None)}
        if self.approval == 'command':
            return {0: answer, 1: {REFUSE}, 5: {PENDING}}[verdict(m.names)]
        return answer

    def request(self, m):
        if m.cert is None and m.key != m.signer:
            return {REFUSE}
        fits = m.cert and self.good(m.cert, m.now)
        w = self.waiting.get((m.key, m.txid))
        again = self.repeats(m)
        if again and (not m.cert or fits):
            return again
        if m.challenge and not m.cert and not self.usable(m):
            # The rules leave it open whether it gets a certificate again that
            # was issued after waiting.
            again = {('again', x.serial) for x in self.certs.values()
                     if x.waited and x.key == m.key and
                     self.good(x, m.now) and
                     alike(x.asked) == alike(m.names) and
                     (x.txid == m.txid or x.ground == m.challenge)}
        # So with a certificate that is not valid any more.
        return again | self.anew(m, w, fits)

    def anew(self, m, w, fits):
        if w and not fits:
            if w.state == 'rejected':
                same = alike(w.names) == alike(m.names)
                return {REFUSE} if same else {REFUSE} | self.first(m)
            if alike(w.names) != alike(m.names):
                return {REFUSE}
            c = self.usable(m)
            known = m.challenge in (None, w.challenge)
            if c and w.state == 'approved':
                return {('issue', self.spelled(w, c) | {w.names}, c.secret)}
            if c and self.approval == 'command':
                return self.by_program(m, w.names, c.secret)
            got = self.collected(w, m)
            return got if known or c else got | {REFUSE}
        if fits:
            answers = self.renewal(m)
            if w:
                answers = answers | {REFUSE}
                if alike(w.names) == alike(m.names):
                    answers |= self.collected(w, m)
            return answers
        if m.cert:
            # An expired one may still sign for another, with a challenge.
            if self.usable(m) and m.key == m.signer:
                return self.first(m) | ({REFUSE} if m.cert.revoked else
                                        set())
            return {REFUSE} if self.approval == 'challenge' else \
                {REFUSE, PENDING} | {a for a in self.first(m)
                                     if self.approval == 'command'}
        return self.first(m)

    # ---- others ----

    def poll(self, m):
        w = self.waiting.get((m.signer, m.txid))
        if w:
            if alike(w.names)[0] != alike(m.names)[0]:
                return {REFUSE}
            return self.collected(w, m)
        return {('again', x.serial) for x in self.certs.values()
                if x.key == m.signer and x.txid == m.txid and
                alike(x.asked)[0] == alike(m.names)[0] and
                self.good(x, m.now)} or {REFUSE}

    def query(self, m):
        if not m.cert or not self.good(m.cert, m.now):
            return {REFUSE}
        return {('crl',)} if m.kind == 22 else {('again', m.cert.serial)}

    def judge(self, m):
        if m.kind in (17, 19):
            return self.request(m)
        if not m.author:
            return {REFUSE}
        return self.poll(m) if m.kind == 20 else self.query(m)

    # ---- changes of state ----

    def issued(self, m, facts, until, spent):
        """Records a certificate that was issued and the challenges that it
        spent.  Returns None if that was not a right answer."""
        for answer in self.judge(m):
            if answer[0] == 'issue' and facts.names in answer[1] and \
                    spent == ({answer[2]} if answer[2] else set()):
                break
        else:
            return None
        key, ground, asked = m.key, self.ground(m), m.names
        if m.kind == 20:
            key, ground = m.signer, answer[2]
            asked = self.waiting[key, m.txid].names
            ground = ground or self.waiting[key, m.txid].ground
        cert = Cert(facts, asked, key, m.txid, ground, answer[2], until)
        cert.waited = (key, m.txid) in self.waiting
        self.certs[facts.serial] = cert
        if answer[2]:
            self.challenges[answer[2]].spent_by = cert
        w = self.waiting.get((key, m.txid))
        if w and alike(w.names) == alike(facts.names):
            del self.waiting[key, m.txid]
        return cert

    def waits(self, m, state):
        """Records the new state of a request, or that a rejection was told."""
        key = m.signer if m.kind == 20 else m.key
        w = self.waiting.get((key, m.txid))
        if state not in ('pending', 'approved'):
            if state is None and w:
                del self.waiting[key, m.txid]
            return
        if m.kind == 20:
            return
        c = None if self.fits(m) else self.usable(m)
        if w is None or w.state == 'rejected':
            self.waiting[key, m.txid] = Waiting(m, c.secret if c else None)
        elif c and alike(w.names) == alike(m.names):
            w.challenge = c.secret
