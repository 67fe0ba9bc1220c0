"""SCEP messages, certificates and CRLs, made and read without our own code.

Names are (subject, others): subject a tuple of (type, value), others a
frozenset of "dns:...".
"""
import hashlib
from collections import namedtuple

import crypto
from der import (AES128, DATA, ENVELOPED, RSA, SHA256, SHA256_RSA,
                 SIGNED, elements, inside, integer, oid, seq, set_of, tlv)

SCEP = '2.16.840.1.113733.1.9.'
TYPE, STATUS, FAIL, SENDER, RECIPIENT, TXID = (
    oid(SCEP + n) for n in '234567')
FAIL_TEXT = oid('1.3.6.1.5.5.7.24.1')
CONTENT_TYPE = oid('1.2.840.113549.1.9.3')
DIGEST = oid('1.2.840.113549.1.9.4')
CHALLENGE = oid('1.2.840.113549.1.9.7')
EXTENSIONS = oid('1.2.840.113549.1.9.14')
SAN = oid('2.5.29.17')
CRL_NUMBER = oid('2.5.29.20')
TYPES = {'CN': oid('2.5.4.3'), 'O': oid('2.5.4.10'), 'OU': oid('2.5.4.11')}
TYPE_NAMES = {v: k for k, v in TYPES.items()}

Certificate = namedtuple(
    'Certificate', 'der serial issuer issuer_serial subject names spki')
Reply = namedtuple('Reply', 'status fail text certs crl length')


# ---- names ----

def name(subject):
    return seq(*(set_of(seq(TYPES[t], tlv(0x0c, v.encode())))
                 for t, v in subject))


def read_name(der):
    out = []
    for _, rdn, _ in inside(der):
        for _, pair, _ in elements(rdn):
            (_, _, kind), (_, value, _) = elements(pair)
            out.append((TYPE_NAMES.get(kind, kind.hex()), value.decode()))
    return tuple(out)


def alike(names):
    """A form in which names are equal if they are by RFC 5280 7.1 and 7.2."""
    subject, others = names
    return (tuple((t, ' '.join(v.lower().split())) for t, v in subject),
            frozenset(n.lower() for n in others))


def general_names(others):
    return seq(*(tlv(0x82, n.partition(':')[2].encode())
                 for n in sorted(others)))


# ---- certificates ----

def certificate(der):
    parts = inside(inside(der)[0][2])
    serial, issuer, subject, spki = (parts[i][2] for i in (1, 3, 5, 6))
    others = frozenset()
    for tag, body, _ in parts[7:]:
        if tag == 0xa3:
            for _, ext, _ in inside(body):
                kind, value = elements(ext)[0][2], elements(ext)[-1][1]
                if kind == SAN:
                    others = frozenset('dns:' + v.decode() for _, v, _ in
                                       inside(value))
    number = int.from_bytes(parts[1][1], 'big')
    text = '%x' % number
    return Certificate(der, '0' * (len(text) % 2) + text, issuer,
                       seq(issuer, serial), subject,
                       (read_name(subject), others), spki)


def self_signed(key, subject, serial=1):
    n = name(subject)
    tbs = seq(tlv(0xa0, integer(2)), integer(serial), SHA256_RSA, n,
              seq(tlv(0x17, b'200101000000Z'), tlv(0x17, b'490101000000Z')),
              n, key.spki)
    return certificate(seq(tbs, SHA256_RSA, tlv(3, b'\0', key.sign(tbs))))


def read_crl(der):
    """(number, serials in hex)."""
    parts = inside(inside(der)[0][2])
    serials, number = set(), None
    for tag, body, _ in parts[4:]:
        if tag == 0x30:
            for _, entry, _ in elements(body):
                text = '%x' % int.from_bytes(elements(entry)[0][1], 'big')
                serials.add('0' * (len(text) % 2) + text)
        elif tag == 0xa0:
            for _, ext, _ in inside(body):
                if elements(ext)[0][2] == CRL_NUMBER:
                    value = elements(elements(ext)[-1][1])[0][1]
                    number = int.from_bytes(value, 'big')
    return number, serials


# ---- requests ----

def csr(key, names, challenge=None, spki=None):
    """A certification request; for another key if spki is given."""
    subject, others = names
    attributes = []
    if challenge is not None:
        attributes.append(seq(CHALLENGE, set_of(
            tlv(0x0c, challenge.encode()))))
    if others:
        attributes.append(seq(EXTENSIONS, set_of(seq(seq(
            SAN, tlv(4, general_names(others)))))))
    tbs = seq(integer(0), name(subject), spki or key.spki,
              tlv(0xa0, *sorted(attributes)))
    return seq(tbs, SHA256_RSA, tlv(3, b'\0', key.sign(tbs)))


def envelope(ca, sealed_key, iv, sealed):
    to = seq(integer(0), ca.issuer_serial, RSA, tlv(4, sealed_key))
    what = seq(DATA, seq(AES128, tlv(4, iv)), tlv(0x80, sealed))
    return seq(ENVELOPED, tlv(0xa0, seq(integer(0), tlv(0x31, to), what)))


def seal(ca, plain, rng):
    key, iv = crypto.random_bytes(rng, 16), crypto.random_bytes(rng, 16)
    return envelope(ca, crypto.seal(ca.spki, key, rng), iv,
                    crypto.encrypt(key, iv, plain))


def message(content, signer, key, kind, txid, nonce):
    attributes = tlv(0x31, *sorted((
        seq(CONTENT_TYPE, set_of(DATA)),
        seq(DIGEST, set_of(tlv(4, hashlib.sha256(content).digest()))),
        seq(TYPE, set_of(tlv(0x13, str(kind).encode()))),
        seq(TXID, set_of(tlv(0x13, txid.encode()))),
        seq(SENDER, set_of(tlv(4, nonce))))))
    info = seq(integer(1), signer.issuer_serial, SHA256,
               b'\xa0' + attributes[1:], RSA, tlv(4, key.sign(attributes)))
    return seq(SIGNED, tlv(0xa0, seq(
        integer(1), tlv(0x31, SHA256), seq(DATA, tlv(0xa0, tlv(4, content))),
        tlv(0xa0, signer.der), tlv(0x31, info))))


# ---- replies ----

def signed_parts(der):
    """The content, the certificates, the CRLs and the signers."""
    parts = inside(inside(der)[1][1])
    content, certs, crls, infos = b'', [], [], []
    inner = elements(parts[2][1])
    if len(inner) > 1:
        content = inside(inner[1][2])[0][1]
    for tag, body, _ in parts[3:]:
        if tag == 0xa0:
            certs = [whole for _, _, whole in elements(body)]
        elif tag == 0xa1:
            crls = [whole for _, _, whole in elements(body)]
        else:
            infos = elements(body)
    return content, certs, crls, infos


def check(condition, what):
    if not condition:
        raise ValueError('the reply: ' + what)


def opened(content, key):
    """The certificates and CRLs of a SUCCESS, decrypted with a key."""
    _, to, what = inside(inside(content)[1][1])[:3]
    recipient = elements(elements(to[1])[0][1])
    secret = key.open(recipient[3][1])
    check(secret is not None, 'not for the key that asked')
    _, algorithm, sealed = elements(what[1])
    iv = elements(algorithm[1])[1][1]
    plain = crypto.decrypt(secret, iv, sealed[1])
    _, certs, crls, _ = signed_parts(plain)
    return certs, crls


def read_reply(der, ca, key, txid, nonce):
    content, _, _, infos = signed_parts(der)
    check(len(infos) == 1, 'one signer')
    info = elements(infos[0][1])
    attributes = {}
    for _, body, _ in elements(info[3][1]):
        (_, _, kind), (_, values, _) = elements(body)
        (_, value, _), = elements(values)
        check(kind not in attributes, 'an attribute twice')
        attributes[kind] = value
    check(crypto.verify(ca.spki, tlv(0x31, info[3][1]), info[5][1]),
          'its signature')
    check(attributes[DIGEST] == hashlib.sha256(content).digest(),
          'its digest')
    check(attributes[TXID] == txid.encode(), 'its transactionID')
    check(attributes[RECIPIENT] == nonce, 'its recipientNonce')
    check(attributes[TYPE] == b'3', 'its messageType')
    status = int(attributes[STATUS])
    certs, crls = [], []
    if status == 0:
        certs, crls = opened(content, key)
    else:
        check(content == b'', 'content without success')
    return Reply(status, int(attributes[FAIL]) if status == 2 else None,
                 attributes.get(FAIL_TEXT, b'').decode(),
                 [certificate(c) for c in certs],
                 read_crl(crls[0]) if crls else None, len(der))
