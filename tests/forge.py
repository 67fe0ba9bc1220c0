#!/usr/bin/env python3
"""forge.py VARIANT CERT KEY CONTENT: prints a SignedData made by hand.  openssl
makes only the bare signature.  The code of a variant says what is wrong with
it."""

import hashlib
import subprocess
import sys


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(size)]) + size + body


def split(der):
    """The elements of DER, with their headers."""
    out, i = [], 0
    while i < len(der):
        j, n = i + 2, der[i + 1]
        if n & 128:
            k = n & 127
            n = int.from_bytes(der[j:j + k], "big")
            j += k
        out.append(der[i:j + n])
        i = j + n
    return out


def value(der):
    n = der[1]
    return der[2 + (n & 127 if n & 128 else 0):]


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *sorted(parts))


def oid(text):
    arcs = [int(a) for a in text.split(".")]
    out = bytes([arcs[0] * 40 + arcs[1]])
    for a in arcs[2:]:
        part = [a & 127]
        while a > 127:
            a >>= 7
            part.insert(0, 128 | a & 127)
        out += bytes(part)
    return tlv(0x06, out)


NULL = b"\x05\x00"
DATA = oid("1.2.840.113549.1.7.1")
SIGNED = oid("1.2.840.113549.1.7.2")
DIGESTS = {
    "md5": "1.2.840.113549.2.5", "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4", "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3",
    "none": "1.2.3.4.5",
}
RSA = "1.2.840.113549.1.1.1"
CONTENT_TYPE = oid("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
SIGNING_TIME = oid("1.2.840.113549.1.9.5")


def alg(name):
    return seq(oid(DIGESTS[name]), NULL)


def attribute(kind, *values):
    return seq(kind, tlv(0x31, *values))


def load(path):
    return subprocess.run(["openssl", "x509", "-in", path, "-outform", "DER"],
                          check=True, stdout=subprocess.PIPE).stdout


def raw_sign(key, digest, data):
    return subprocess.run(["openssl", "dgst", "-" + digest, "-sign", key],
                          check=True, input=data, stdout=subprocess.PIPE).stdout


def main():
    variant, cert_path, key, content_path = sys.argv[1:]
    cert = load(cert_path)
    content = open(content_path, "rb").read()
    tbs = split(value(split(value(cert))[0]))
    if tbs[0][0] == 0xA0:
        tbs = tbs[1:]
    sid = seq(tbs[2], tbs[0])
    version, digest, name, sig_alg = 1, "sha256", "sha256", RSA
    digests = signers = None
    econtent_type, sign_content = DATA, content
    bag, tail = cert, b""
    with_attributes = variant not in (
        "plain", "unknown-digest", "unknown-digest-everywhere", "md5-plain",
        "set", "set-indefinite", "attributes-as-content")

    if variant in ("md5", "md5-plain"):
        digest = name = "md5"
    elif variant in ("sha1", "sha224", "sha384", "sha512"):
        digest = name = variant
    elif variant in ("unknown-digest", "unknown-digest-everywhere"):
        # Without attributes, OpenSSL 3.0 accepts any signature.
        name = "none"
        digests = set_of(alg("sha256"), alg("none")) if \
            variant == "unknown-digest" else set_of(alg("none"))
    elif variant == "wrong-signature-algorithm":
        sig_alg = "1.2.840.113549.1.1.5"        # sha1WithRSAEncryption
    elif variant == "fitting-signature-algorithm":
        sig_alg = "1.2.840.113549.1.1.11"       # sha256WithRSAEncryption
    elif variant == "other-content-type":
        econtent_type = oid("1.2.840.113549.1.7.5")
    elif variant == "key-identifier":
        # [0] SubjectKeyIdentifier; SignerInfo and SignedData version 3
        ski = tlv(0x06, b"\x55\x1d\x0e")
        at = cert.index(ski)
        octets = split(cert[at + len(ski):at + len(ski) + 24])[0]
        sid = tlv(0x80, value(value(octets)))
        version = 3
    elif variant in ("set", "set-indefinite"):
        # Content that looks like attributes.
        content = sign_content = tlv(0x31, seq(CONTENT_TYPE, tlv(0x31, DATA))) \
            if variant == "set" else b"\x31\x80\x04\x01x\x00\x00"
    elif variant == "no-certificate":
        bag = b""

    made = [
        attribute(CONTENT_TYPE, DATA),
        attribute(SIGNING_TIME, tlv(0x17, b"270115080000Z")),
        attribute(MESSAGE_DIGEST,
                  tlv(0x04, hashlib.new(digest, sign_content).digest())),
    ]
    if variant == "two-message-digests":
        made.append(attribute(MESSAGE_DIGEST, tlv(0x04, bytes(32))))
    elif variant == "two-values":
        made[2] = attribute(MESSAGE_DIGEST, tlv(0x04, hashlib.sha256(
            sign_content).digest()), tlv(0x04, bytes(32)))
    elif variant == "no-content-type":
        del made[0]
    elif variant == "no-message-digest":
        del made[2]
    elif variant == "other-content-type-attribute":
        # OpenSSL does not compare it with the type of the content.
        made[0] = attribute(CONTENT_TYPE, SIGNED)
    elif variant == "two-content-types":
        made.append(attribute(CONTENT_TYPE, SIGNED))
    elif variant == "wrong-message-digest":
        made[2] = attribute(MESSAGE_DIGEST, tlv(0x04, bytes(32)))

    attributes = set_of(*made)
    if with_attributes:
        signature = raw_sign(key, digest, attributes)
    elif variant == "attributes-as-content":
        # The signature of the attributes fits content of the same bytes.
        signature = raw_sign(key, digest, attributes)
        content = attributes
    else:
        signature = raw_sign(key, digest, sign_content)
    if variant in ("unknown-digest", "unknown-digest-everywhere"):
        signature = bytes(len(signature))

    info = seq(tlv(0x02, bytes([version])), sid, alg(name),
               b"\xa0" + attributes[1:] if with_attributes else b"",
               seq(oid(sig_alg), NULL), tlv(0x04, signature))
    signers = set_of(info)
    if variant == "two-signers":
        signers = tlv(0x31, info, info)
    elif variant == "no-signers":
        signers = tlv(0x31)
    if digests is None:
        digests = set_of(alg(name))
    econtent = tlv(0xA0, tlv(0x04, content))
    if variant == "detached":
        econtent = b""
    data = seq(tlv(0x02, bytes([version])), digests,
               seq(econtent_type, econtent),
               tlv(0xA0, bag) if bag else b"", signers)
    if variant == "deep":
        # 40 nested empty SEQUENCEs, as an unsigned element.
        nest = b""
        for _ in range(40):
            nest = seq(nest)
        data = seq(value(data), nest)
    elif variant == "not-signed":
        SIGNED_ = oid("1.2.840.113549.1.7.3")
        sys.stdout.buffer.write(seq(SIGNED_, tlv(0xA0, data)))
        return
    sys.stdout.buffer.write(seq(SIGNED, tlv(0xA0, data)) + tail)


main()
