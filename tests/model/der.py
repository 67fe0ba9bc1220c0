"""DER by hand."""


def tlv(tag, *parts):
    body = b''.join(parts)
    n = len(body)
    if n < 128:
        return bytes((tag, n)) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return bytes((tag, 128 | len(size))) + size + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *sorted(parts))


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, 'big'))


def oid(text):
    arcs = [int(a) for a in text.split('.')]
    out = bytes([arcs[0] * 40 + arcs[1]])
    for a in arcs[2:]:
        part = [a & 127]
        while a > 127:
            a >>= 7
            part.insert(0, 128 | a & 127)
        out += bytes(part)
    return tlv(6, out)


def elements(data):
    """Yields (tag, body, whole) for each element of data."""
    out, at, end = [], 0, len(data)
    while at < end:
        start, tag, n = at, data[at], data[at + 1]
        at += 2
        if n & 128:
            k = n & 127
            n = int.from_bytes(data[at:at + k], 'big')
            at += k
        if at + n > end:
            raise ValueError('an element is longer than what holds it')
        out.append((tag, data[at:at + n], data[start:at + n]))
        at += n
    return out


def inside(data):
    """The elements inside data, which is one element."""
    (_, body, _), = elements(data)
    return elements(body)


NULL = b'\x05\x00'
DATA = oid('1.2.840.113549.1.7.1')
SIGNED = oid('1.2.840.113549.1.7.2')
ENVELOPED = oid('1.2.840.113549.1.7.3')
RSA = seq(oid('1.2.840.113549.1.1.1'), NULL)
SHA256 = seq(oid('2.16.840.1.101.3.4.2.1'), NULL)
SHA256_RSA = seq(oid('1.2.840.113549.1.1.11'), NULL)
AES128 = oid('2.16.840.1.101.3.4.1.2')
