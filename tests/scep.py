#!/usr/bin/env python3
"""Makes and reads SCEP messages without our own code: DER by hand, cryptography
by openssl.

  scep.py make --signer CERT --key KEY [--envelope DER] [--type 19]
      [--transaction TEXT] [--nonce HEX] [--digest sha256] [--time RFC3339|none]
      [--twice NAME] [--without NAME] [--digest-oid OID] [--signers N]
      [--add-certs FILE]... [--depth N] [--recipient-nonce HEX]
      [--status N] [--fail N] [--fail-text TEXT] > message
  scep.py read FILE        prints name=value lines of the attributes
  scep.py envelope FILE    the signed content of a message
  scep.py issuer-subject ISSUER.pem NAME.der   content of a CertPoll
  scep.py issuer-serial CERT.pem               content of GetCert, GetCRL
  scep.py csr-subject CSR.der                  its subject
  scep.py resign CSR.der KEY TEXT HEX          replaces TEXT, signs again
  scep.py extend CSR.der KEY EXTENSION...      adds attributes, signs again

Functions import what they need: imports would take most of a call's time.
"""
import sys

NAMES = {
    '2.16.840.1.113733.1.9.2': 'messageType',
    '2.16.840.1.113733.1.9.3': 'pkiStatus',
    '2.16.840.1.113733.1.9.4': 'failInfo',
    '2.16.840.1.113733.1.9.5': 'senderNonce',
    '2.16.840.1.113733.1.9.6': 'recipientNonce',
    '2.16.840.1.113733.1.9.7': 'transactionID',
    '1.3.6.1.5.5.7.24.1': 'failInfoText',
    '1.3.6.1.4.1.311.21.33': 'enrollScepError',
    '1.2.840.113549.1.9.3': 'contentType',
    '1.2.840.113549.1.9.4': 'messageDigest',
    '1.2.840.113549.1.9.5': 'signingTime',
}
OIDS = {v: k for k, v in NAMES.items()}
DIGESTS = {
    'md5': '1.2.840.113549.2.5', 'sha1': '1.3.14.3.2.26',
    'sha256': '2.16.840.1.101.3.4.2.1', 'sha384': '2.16.840.1.101.3.4.2.2',
    'sha512': '2.16.840.1.101.3.4.2.3',
}


def length(n):
    if n < 128:
        return bytes([n])
    body = n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return bytes([0x80 | len(body)]) + body


def tlv(tag, *parts):
    body = b''.join(parts)
    return bytes([tag]) + length(len(body)) + body


def seq(*parts):
    return tlv(0x30, *parts)


def oid(text):
    arcs = [int(a) for a in text.split('.')]
    out = bytes([arcs[0] * 40 + arcs[1]])
    for a in arcs[2:]:
        part = [a & 0x7f]
        while a > 0x7f:
            a >>= 7
            part.append(0x80 | a & 0x7f)
        out += bytes(reversed(part))
    return tlv(6, out)


def elements(data):
    at = 0
    while at < len(data):
        start, tag = at, data[at]
        n = data[at + 1]
        at += 2
        if n & 0x80:
            k = n & 0x7f
            n = int.from_bytes(data[at:at + k], 'big')
            at += k
        yield tag, data[at:at + n], data[start:at + n]
        at += n


def oid_text(body):
    arcs = [body[0] // 40, body[0] % 40] if body[0] < 80 else [2, body[0] - 80]
    n = 0
    for b in body[1:]:
        n = n << 7 | b & 0x7f
        if not b & 0x80:
            arcs.append(n)
            n = 0
    return '.'.join(map(str, arcs))


def contents(path):
    with open(path, 'rb') as f:
        return f.read()


def sign(digest, key, data):
    # The module subprocess takes as long to load as Python to start.
    import os
    child_in, to_child = os.pipe()
    from_child, child_out = os.pipe()
    pid = os.posix_spawnp(
        'openssl', ('openssl', 'dgst', '-' + digest, '-sign', key), os.environ,
        file_actions=((os.POSIX_SPAWN_DUP2, child_in, 0),
                      (os.POSIX_SPAWN_DUP2, child_out, 1)))
    os.close(child_in)
    os.close(child_out)
    with open(to_child, 'wb') as f:
        f.write(data)
    with open(from_child, 'rb') as f:
        signature = f.read()
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit('openssl did not sign')
    return signature


def cert_der(path):
    """The first certificate of a PEM file, or a file that is DER."""
    import binascii
    data = contents(path)
    if b'-----BEGIN CERTIFICATE-----' not in data:
        return data
    text = data.split(b'-----BEGIN CERTIFICATE-----')[1]
    return binascii.a2b_base64(text.split(b'-----END')[0])


def cert_issuer_serial(der):
    tbs = list(elements(next(elements(der))[1]))[0]
    parts = list(elements(tbs[1]))
    if parts[0][0] == 0xa0:
        parts = parts[1:]
    return parts[2][2], parts[0][2], parts[4][2]   # issuer, serial, subject


def attribute(name, value):
    return seq(oid(OIDS[name]), tlv(0x31, value))


def printable(text):
    return tlv(0x13, text.encode())


def make(a):
    import datetime
    import hashlib
    content = contents(a.envelope) if a.envelope else b''
    der = cert_der(a.signer)
    issuer, serial, _ = cert_issuer_serial(der)
    algo = seq(oid(a.digest_oid or DIGESTS[a.digest]), tlv(5))
    attrs = {
        'contentType': oid('1.2.840.113549.1.7.1'),
        'messageDigest': tlv(4, hashlib.new(a.digest, content).digest()),
        'messageType': printable(a.type),
        'transactionID': printable(a.transaction),
        'senderNonce': tlv(4, bytes.fromhex(a.nonce)),
    }
    if a.recipient_nonce:
        attrs['recipientNonce'] = tlv(4, bytes.fromhex(a.recipient_nonce))
    if a.status:
        attrs['pkiStatus'] = printable(a.status)
    if a.fail:
        attrs['failInfo'] = printable(a.fail)
    if a.fail_text:
        attrs['failInfoText'] = tlv(0x0c, a.fail_text.encode())
    if a.hresult:
        attrs['enrollScepError'] = printable(a.hresult)
    if a.time != 'none':
        t = datetime.datetime.now(datetime.timezone.utc)
        if a.time:
            t = datetime.datetime.fromisoformat(a.time.replace('Z', '+00:00'))
        attrs['signingTime'] = tlv(0x17, t.strftime('%y%m%d%H%M%SZ').encode())
    for name in a.without or ():
        del attrs[name]
    items = [attribute(n, v) for n, v in attrs.items()]
    for name in a.twice or ():
        items.append(attribute(name, attrs[name]))
    signed = b''.join(sorted(items))
    signature = sign(a.digest, a.key, tlv(0x31, signed))
    info = seq(tlv(2, b'\1'), seq(issuer, serial), algo, tlv(0xa0, signed),
               seq(oid('1.2.840.113549.1.1.1'), tlv(5)), tlv(4, signature))
    if a.no_certs:
        der = b''
    certs = der + b''.join(cert_der(p) for p in a.add_certs or ())
    data = seq(tlv(2, b'\1'), tlv(0x31, algo),
               seq(oid('1.2.840.113549.1.7.1'),
                   tlv(0xa0, tlv(4, content))),
               tlv(0xa0, certs) if certs else b'',
               tlv(0x31, *([info] * int(a.signers))))
    out = seq(oid('1.2.840.113549.1.7.2'), tlv(0xa0, data))
    for _ in range(int(a.depth)):
        out = seq(out)
    sys.stdout.buffer.write(out)


class Options:
    """The options; argparse would take longer to start than all the rest."""
    signer = key = envelope = recipient_nonce = status = fail = None
    fail_text = hresult = digest_oid = time = None
    no_certs = False
    type = '19'
    digest = 'sha256'
    signers = '1'
    depth = '0'
    twice = without = add_certs = ()


def options(words):
    import os
    a = Options()
    a.transaction = 'T' + os.urandom(8).hex()
    a.nonce = os.urandom(16).hex()
    words = iter(words)
    for option in words:
        name, equals, value = option.removeprefix('--').partition('=')
        name = name.replace('-', '_')
        old = getattr(a, name)
        if not equals:
            value = True if old is False else next(words)
        setattr(a, name, (*old, value) if isinstance(old, tuple) else value)
    return a


def signed_data(path):
    top = list(elements(next(elements(contents(path)))[1]))
    assert oid_text(top[0][1]) == '1.2.840.113549.1.7.2'
    return list(elements(next(elements(top[1][1]))[1]))


def read(path):
    parts = signed_data(path)
    infos = list(elements(parts[-1][1]))
    assert len(infos) == 1, 'one signer'
    info = list(elements(infos[0][1]))
    digest = oid_text(next(elements(info[2][1]))[1])
    print('digest=' + {v: k for k, v in DIGESTS.items()}[digest])
    print('signature=' + oid_text(next(elements(info[4][1]))[1]))
    assert info[3][0] == 0xa0, 'signed attributes'
    for _, body, _ in elements(info[3][1]):
        kind, values = list(elements(body))
        name = NAMES.get(oid_text(kind[1]), oid_text(kind[1]))
        values = list(elements(values[1]))
        assert len(values) == 1, name + ' has one value'
        tag, value, _ = values[0]
        want = {'messageType': 0x13, 'pkiStatus': 0x13, 'failInfo': 0x13,
                'transactionID': 0x13, 'senderNonce': 4, 'recipientNonce': 4,
                'failInfoText': 0x0c}.get(name, tag)
        assert tag == want, '%s has type %d' % (name, tag)
        shown = value.decode() if tag in (0x0c, 0x13, 0x17) else value.hex()
        print(name + '=' + shown)


def envelope(path):
    inside = list(elements(signed_data(path)[2][1]))
    if len(inside) > 1:
        sys.stdout.buffer.write(next(elements(inside[1][1]))[1])


def resign(path, key, text, hexed):
    parts = list(elements(next(elements(contents(path)))[1]))
    new = bytes.fromhex(hexed)
    assert len(new) == len(text)
    info = parts[0][2].replace(text.encode(), new)
    signature = sign('sha256', key, info)
    sys.stdout.buffer.write(seq(info, parts[1][2],
                                tlv(3, b'\0' + signature)))


def extension(text):
    """dns=NAME, upn=NAME, ca or sign, as an Extension."""
    kind, _, value = text.partition('=')
    if kind == 'dns':
        return seq(oid('2.5.29.17'), tlv(4, seq(tlv(0x82, value.encode()))))
    if kind == 'upn':
        other = tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'),
                    tlv(0xa0, tlv(0x0c, value.encode())))
        return seq(oid('2.5.29.17'), tlv(4, seq(other)))
    if kind == 'ca':
        return seq(oid('2.5.29.19'), tlv(4, seq(tlv(1, b'\xff'))))
    assert kind == 'sign'
    return seq(oid('2.5.29.15'), tlv(4, tlv(3, b'\7\x80')))


def extend(path, key, *wanted):
    """Adds an attribute for each pkcs:EXTENSION or ms:EXTENSION."""
    ids = {'pkcs': '1.2.840.113549.1.9.14', 'ms': '1.3.6.1.4.1.311.2.1.14'}
    parts = list(elements(next(elements(open(path, 'rb').read()))[1]))
    info = list(elements(parts[0][1]))
    more = b''
    for one in wanted:
        whose, _, text = one.partition(':')
        more += seq(oid(ids[whose]), tlv(0x31, seq(extension(text))))
    body = seq(*(i[2] for i in info[:3]), tlv(0xa0, info[3][1] + more))
    signature = sign('sha256', key, body)
    sys.stdout.buffer.write(seq(body, parts[1][2],
                                tlv(3, b'\0' + signature)))


def main():
    if sys.argv[1] == 'read':
        return read(sys.argv[2])
    if sys.argv[1] == 'envelope':
        return envelope(sys.argv[2])
    if sys.argv[1] == 'issuer-subject':
        subject = cert_issuer_serial(cert_der(sys.argv[2]))[2]
        name = contents(sys.argv[3])
        return sys.stdout.buffer.write(seq(subject, name))
    if sys.argv[1] == 'resign':
        return resign(*sys.argv[2:6])
    if sys.argv[1] == 'extend':
        return extend(*sys.argv[2:])
    if sys.argv[1] == 'csr-subject':
        info = list(elements(next(elements(contents(sys.argv[2])))[1]))[0]
        return sys.stdout.buffer.write(list(elements(info[1]))[1][2])
    if sys.argv[1] == 'issuer-serial':
        issuer, serial, _ = cert_issuer_serial(cert_der(sys.argv[2]))
        return sys.stdout.buffer.write(seq(issuer, serial))
    make(options(sys.argv[2:]))


main()
