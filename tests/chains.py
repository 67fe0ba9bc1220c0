"""Chains of certificates of every kind, judged by openssl verify and by us.

chains.py DIR UNIT_TRUST: makes them below DIR, runs both, and prints each
difference that KNOWN does not explain.
"""
import datetime
import itertools
import os
import random
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime(2026, 6, 1)
DAY = datetime.timedelta(days=1)
PEM = serialization.Encoding.PEM

# What can be unusual about a CA.
KINDS = ["", "pathlen0", "pathlen1", "expired", "early", "no-bc", "not-ca",
         "no-certsign", "no-usage", "eku", "permits", "excludes", "critical",
         "wrong-aki", "no-ids", "stranger", "self-issued"]

# RFC 5280 6.1.4 (k) is stricter than OpenSSL without -x509_strict: a
# certificate of version 3 is a CA's only if basicConstraints says so.
KNOWN = {"no-bc"}


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Maker:
    """Certificates, with one key for each subject."""

    def __init__(self):
        self.keys = {}
        self.serial = 1000

    def key(self, who):
        if who not in self.keys:
            self.keys[who] = ec.generate_private_key(ec.SECP256R1())
        return self.keys[who]

    def make(self, who, issuer, kinds, is_ca=True, host="a.example.com"):
        """issuer is (name, key owner); kinds lists what is unusual."""
        self.serial += 1
        begin, end = NOW - 30 * DAY, NOW + 30 * DAY
        if "early" in kinds:
            begin = NOW + DAY
        elif "expired" in kinds:
            end = NOW - DAY
        subject = issuer[0] if "self-issued" in kinds else who
        signer = "stranger" if "stranger" in kinds else issuer[1]
        b = (x509.CertificateBuilder().subject_name(name(subject))
             .issuer_name(name(issuer[0]))
             .public_key(self.key(who).public_key())
             .serial_number(self.serial).not_valid_before(begin)
             .not_valid_after(end))
        if is_ca:
            b = self.ca_extensions(b, kinds)
        else:
            b = b.add_extension(x509.SubjectAlternativeName(
                [x509.DNSName(host)]), False)
        if "eku" in kinds:
            b = b.add_extension(x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH]), False)
        if "critical" in kinds:
            b = b.add_extension(x509.UnrecognizedExtension(
                x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)
        if "no-ids" not in kinds:
            b = b.add_extension(x509.SubjectKeyIdentifier.from_public_key(
                self.key(who).public_key()), False)
            other = "nobody" if "wrong-aki" in kinds else issuer[1]
            b = b.add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.key(other).public_key()), False)
        cert = b.sign(self.key(signer), hashes.SHA256())
        return cert, (subject, who)

    @staticmethod
    def ca_extensions(b, kinds):
        length = 0 if "pathlen0" in kinds else 1 if "pathlen1" in kinds \
            else None
        if "not-ca" in kinds:
            b = b.add_extension(x509.BasicConstraints(False, None), True)
        elif "no-bc" not in kinds:
            b = b.add_extension(x509.BasicConstraints(True, length), True)
        if "no-usage" not in kinds:
            sign = "no-certsign" not in kinds
            b = b.add_extension(x509.KeyUsage(
                True, False, True, False, False, sign, sign, False, False),
                True)
        host = [x509.DNSName("example.com")]
        permits, excludes = "permits" in kinds, "excludes" in kinds
        if permits or excludes:
            b = b.add_extension(x509.NameConstraints(
                host if permits else None, host if excludes else None), True)
        return b


def cases():
    """Yields lists of kinds, root first, and the leaf's host."""
    full = bool(os.environ.get("FULL"))
    for depth in range(1, 4 if full else 3):
        for at, kind in itertools.product(range(depth), KINDS):
            for host in "a.example.com", "b.example.org":
                kinds = [[] for _ in range(depth)]
                kinds[at] = [kind]
                if host == "a.example.com" or kind in ("permits", "excludes"):
                    yield kinds, host
    rest = random.Random(5280)
    for _ in range(400 if full else 60):
        depth = rest.choice([2, 3, 4])
        yield ([rest.sample(KINDS, rest.choice([0, 0, 1, 2]))
                for _ in range(depth)],
               rest.choice(["a.example.com", "b.example.org"]))


def verify(folder, cert, bag="bag.pem"):
    run = subprocess.run(
        ["openssl", "verify", "-no-CApath", "-no-CAstore", "-partial_chain",
         "-auth_level", "2", "-purpose", "any", "-attime",
         str(int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp())),
         "-CAfile", folder + "/anchor", "-untrusted", folder + "/" + bag,
         folder + "/" + cert], capture_output=True, text=True)
    return run.returncode == 0, run.stderr.replace("\n", " ")


def build(top):
    """Writes each case to a folder; returns (folder, is known, description)."""
    m = Maker()
    mix = random.Random(8894)
    out = []
    for n, (kinds, host) in enumerate(cases()):
        folder = f"{top}/{n}"
        os.mkdir(folder)
        chain = []
        owner = ("CA 0", "CA 0")
        for i, one in enumerate(kinds):
            cert, owner = m.make(f"CA {i}", owner, one)
            chain.append(cert)
        leaf = m.make("leaf", owner, [], False, host)[0]
        bag = list(chain)
        what = [repr(kinds), host]
        extra = mix.choice(["", "", "cross", "twin", "twice"])
        if extra == "cross" and len(chain) > 1:
            # Another root certifies the second CA, too.
            bag.append(m.make("CA 1", ("Other", "Other"), [])[0])
        elif extra == "twin":
            bag.append(m.make("twin", ("CA 0", "twin"),
                              ["self-issued"])[0])
        elif extra == "twice":
            bag.append(chain[-1])
        what.append(extra)
        with open(folder + "/sorted.pem", "wb") as to:
            to.write(b"".join(c.public_bytes(PEM) for c in bag))
        mix.shuffle(bag)
        top_most = 0
        if len(chain) > 1 and mix.random() < .2:
            top_most = 1
            what.append("anchored at the second")
        files = {"anchor": chain[top_most], "leaf": leaf, "ca": chain[-1]}
        for f, cert in files.items():
            with open(f"{folder}/{f}", "wb") as to:
                to.write(cert.public_bytes(PEM))
        with open(folder + "/bag.pem", "wb") as to:
            to.write(b"".join(c.public_bytes(PEM) for c in bag))
        with open(folder + "/bag", "wb") as to:
            to.write(pkcs7.serialize_certificates(
                bag, serialization.Encoding.DER))
        # Certificates above the anchor do not matter.
        known = any(k in KNOWN for one in kinds[top_most + 1:] for k in one)
        out.append((folder, known, " ".join(what)))
    return out


def main():
    top, unit = sys.argv[1:]
    made = build(top)
    lines = "".join(f"{f}/bag {f}/anchor {f}/leaf {f}/ca\n"
                    for f, _, _ in made)
    at = str(int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp()))
    ours = subprocess.run([unit, at], input=lines, capture_output=True,
                          text=True).stdout.splitlines()
    if len(ours) != len(made):
        sys.exit("unit_trust did not decide about every chain")
    counts = {True: 0, False: 0}
    for (folder, known, what), line in zip(made, ours):
        reason, is_ca = line.split("|")
        good, why = verify(folder, "leaf")
        if not good:
            # OpenSSL does not try another issuer with the same name.
            good, why = verify(folder, "leaf", "sorted.pem")
        counts[good] += 1
        if (reason == "") != (good and not known):
            print(f"{folder}: {what}: openssl {good} {why}, ours {line}")
        # A leaf of a CA must verify.
        if is_ca and not good and not is_leafs_fault(why):
            print(f"{folder}: {what}: a CA, but openssl says {why}")
        if good and not is_ca and not known:
            print(f"{folder}: {what}: not a CA, but openssl accepts its leaf")
    if min(counts.values()) < 30:
        sys.exit(f"one-sided: {counts}")


def is_leafs_fault(why):
    return "permitted subtree" in why or "excluded subtree" in why


main()
