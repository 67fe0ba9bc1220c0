"""RSA and AES in Python, which needs no process for each signature.

A key is made from its number, so it is the same in every run.  It has 16
primes, which makes signing fast and does not show in the public key.
"""
import hashlib
import math
import random
import struct
import subprocess
import tempfile

from der import RSA, SHA256, inside, integer, seq, tlv

E = 65537
SMALL = math.prod(p for p in range(3, 2000, 2)
                  if all(p % q for q in range(3, int(p ** .5) + 1, 2)))


def next_prime(n):
    n |= 1
    while math.gcd(n, SMALL) > 1 or (n - 1) % E == 0 or \
            pow(2, n - 1, n) != 1 or pow(3, n - 1, n) != 1:
        n += 2
    return n


class Key:
    def __init__(self, number, bits=2048):
        part = bits // 16
        self.primes = []
        for i in range(16):
            seed = hashlib.shake_256(b'key %d, prime %d' % (number, i))
            start = int.from_bytes(seed.digest(part // 8), 'big')
            self.primes.append(next_prime(start | 31 << part - 5))
        self.n = math.prod(self.primes)
        self.size = bits // 8
        # For each prime: d, and the inverse of the product of those before it.
        self.crt, before = [], 1
        for p in self.primes:
            self.crt.append((p, pow(E, -1, p - 1), before,
                             pow(before, -1, p)))
            before *= p
        self.spki = seq(RSA, tlv(3, b'\0', seq(integer(self.n), integer(E))))
        self.hash = hashlib.sha256(self.spki).hexdigest()

    def private(self, m):
        x = 0
        for p, d, before, inverse in self.crt:
            r = pow(m % p, d, p)
            x += before * ((r - x) * inverse % p)
        return x

    def sign(self, data):
        info = seq(SHA256, tlv(4, hashlib.sha256(data).digest()))
        block = b'\0\1' + b'\xff' * (self.size - 3 - len(info)) + b'\0' + info
        return self.private(int.from_bytes(block, 'big')).to_bytes(
            self.size, 'big')

    def open(self, sealed):
        block = self.private(int.from_bytes(sealed, 'big')).to_bytes(
            self.size, 'big')
        return block[block.index(0, 2) + 1:] if block[:2] == b'\0\2' else None


def public(spki):
    """(n, e) of a SubjectPublicKeyInfo."""
    bits = inside(spki)[1][1]
    n, e = (int.from_bytes(b, 'big') for _, b, _ in inside(bits[1:]))
    return n, e


def verify(spki, data, signature):
    n, e = public(spki)
    size = (n.bit_length() + 7) // 8
    info = seq(SHA256, tlv(4, hashlib.sha256(data).digest()))
    block = b'\0\1' + b'\xff' * (size - 3 - len(info)) + b'\0' + info
    return pow(int.from_bytes(signature, 'big'), e, n) == \
        int.from_bytes(block, 'big')


def nonzero(rng):
    """rng.randrange(1, 256), with the same result in a third of the time."""
    n = rng.getrandbits(8)
    while n == 255:
        n = rng.getrandbits(8)
    return n + 1


def seal(spki, secret, rng):
    """Encrypts a secret to a key, by PKCS #1 v1.5."""
    n, e = public(spki)
    size = (n.bit_length() + 7) // 8
    pad = bytes(nonzero(rng) for _ in range(size - 3 - len(secret)))
    block = b'\0\2' + pad + b'\0' + secret
    return pow(int.from_bytes(block, 'big'), e, n).to_bytes(size, 'big')


# ---- AES-128 in CBC, by tables ----

def _tables():
    exp, log, x = [0] * 256, [0] * 256, 1
    for i in range(255):
        exp[i], log[x] = x, i
        x ^= x << 1 ^ (0x11b if x & 128 else 0)

    def times(a, b):
        return exp[(log[a] + log[b]) % 255] if a and b else 0

    sbox = []
    for a in range(256):
        b = exp[(255 - log[a]) % 255] if a else 0
        s = b
        for _ in range(4):
            b = (b << 1 | b >> 7) & 255
            s ^= b
        sbox.append(s ^ 0x63)
    back = [sbox.index(i) for i in range(256)]
    enc = [[0] * 256 for _ in range(4)]
    dec = [[0] * 256 for _ in range(4)]
    for a in range(256):
        s = sbox[a]
        w = times(s, 2) << 24 | s << 16 | s << 8 | times(s, 3)
        s = back[a]
        v = times(s, 14) << 24 | times(s, 9) << 16 | times(s, 13) << 8 | \
            times(s, 11)
        for i in range(4):
            enc[i][a], dec[i][a] = w, v
            w = w >> 8 | (w & 255) << 24
            v = v >> 8 | (v & 255) << 24
    return sbox, back, enc, dec


SBOX, BACK, ENC, DEC = _tables()
COLUMNS = struct.Struct('>4I')


def _schedule(key):
    w = list(COLUMNS.unpack(key))
    a, b, c, d = w
    rcon = 1 << 24
    for _ in range(10):
        a ^= (SBOX[d >> 16 & 255] << 24 | SBOX[d >> 8 & 255] << 16 |
              SBOX[d & 255] << 8 | SBOX[d >> 24]) ^ rcon
        b ^= a
        c ^= b
        d ^= c
        w += a, b, c, d
        rcon = rcon << 1 ^ (0x11b << 24 if rcon >> 31 else 0)
    return w


def _inverse(w):
    """The key schedule of decryption, with the last round first.  Decryption
    goes through the columns of a block from right to left, so the second and
    the fourth change places: then _block() does both."""
    out = []
    for r in range(10, -1, -1):
        part = w[4 * r:4 * r + 4]
        if 0 < r < 10:
            part = [DEC[0][SBOX[x >> 24]] ^ DEC[1][SBOX[x >> 16 & 255]] ^
                    DEC[2][SBOX[x >> 8 & 255]] ^ DEC[3][SBOX[x & 255]]
                    for x in part]
        out += part[0], part[3], part[2], part[1]
    return out


def _block(a, b, c, d, w, box, t):
    """The four columns of a block, as numbers."""
    t0, t1, t2, t3 = t
    a, b, c, d = a ^ w[0], b ^ w[1], c ^ w[2], d ^ w[3]
    for r in range(4, 40, 4):
        a, b, c, d = (
            t0[a >> 24] ^ t1[b >> 16 & 255] ^ t2[c >> 8 & 255] ^
            t3[d & 255] ^ w[r],
            t0[b >> 24] ^ t1[c >> 16 & 255] ^ t2[d >> 8 & 255] ^
            t3[a & 255] ^ w[r + 1],
            t0[c >> 24] ^ t1[d >> 16 & 255] ^ t2[a >> 8 & 255] ^
            t3[b & 255] ^ w[r + 2],
            t0[d >> 24] ^ t1[a >> 16 & 255] ^ t2[b >> 8 & 255] ^
            t3[c & 255] ^ w[r + 3])
    return (
        (box[a >> 24] << 24 | box[b >> 16 & 255] << 16 |
         box[c >> 8 & 255] << 8 | box[d & 255]) ^ w[40],
        (box[b >> 24] << 24 | box[c >> 16 & 255] << 16 |
         box[d >> 8 & 255] << 8 | box[a & 255]) ^ w[41],
        (box[c >> 24] << 24 | box[d >> 16 & 255] << 16 |
         box[a >> 8 & 255] << 8 | box[b & 255]) ^ w[42],
        (box[d >> 24] << 24 | box[a >> 16 & 255] << 16 |
         box[b >> 8 & 255] << 8 | box[c & 255]) ^ w[43])


def encrypt(key, iv, plain, pad=True):
    if pad:
        n = 16 - len(plain) % 16
        plain += bytes([n]) * n
    w, out = _schedule(key), []
    a, b, c, d = COLUMNS.unpack(iv)
    for e, f, g, h in COLUMNS.iter_unpack(plain):
        a, b, c, d = _block(a ^ e, b ^ f, c ^ g, d ^ h, w, SBOX, ENC)
        out.append(COLUMNS.pack(a, b, c, d))
    return b''.join(out)


def decrypt(key, iv, sealed):
    w, out = _inverse(_schedule(key)), []
    e, f, g, h = COLUMNS.unpack(iv)
    for a, b, c, d in COLUMNS.iter_unpack(sealed):
        p, s, r, q = _block(a, d, c, b, w, BACK, DEC)
        out.append(COLUMNS.pack(p ^ e, q ^ f, r ^ g, s ^ h))
        e, f, g, h = a, b, c, d
    plain = b''.join(out)
    return plain[:-plain[-1]]


def random_bytes(rng, n):
    return rng.getrandbits(8 * n).to_bytes(n, 'big')


def _judged_by_openssl():
    def openssl(*argv, data):
        return subprocess.run(('openssl',) + argv, input=data, check=True,
                              stdout=subprocess.PIPE).stdout

    rng, key = random.Random(1), Key(0)
    for size in (0, 1, 15, 16, 300):
        plain, k, iv = (random_bytes(rng, n) if n else b''
                        for n in (size, 16, 16))
        sealed = openssl('enc', '-aes-128-cbc', '-K', k.hex(), '-iv',
                         iv.hex(), data=plain)
        assert encrypt(k, iv, plain) == sealed
        assert decrypt(k, iv, sealed) == plain
    with tempfile.TemporaryDirectory() as d:
        for name, data in (('pub', key.spki), ('sig', key.sign(b'x'))):
            with open(d + '/' + name, 'wb') as f:
                f.write(data)
        openssl('dgst', '-sha256', '-verify', d + '/pub', '-keyform', 'DER',
                '-signature', d + '/sig', data=b'x')
        sealed = openssl('pkeyutl', '-encrypt', '-pubin', '-inkey',
                         d + '/pub', '-keyform', 'DER', data=b'secret')
    assert key.n.bit_length() == 2048
    assert key.open(sealed) == b'secret'
    assert key.open(seal(key.spki, b'secret', rng)) == b'secret'
    assert verify(key.spki, b'x', key.sign(b'x'))
    assert not verify(key.spki, b'y', key.sign(b'x'))


if __name__ == '__main__':
    _judged_by_openssl()
