"""Profiles for tests: a good one, changed by statements.

    profiles.py make ROOT.pem FILE [STATEMENT...]
    profiles.py whole ROOT.pem DIR < STATEMENTS
    profiles.py sow ROOT.pem DIR < TABLE
    profiles.py judge DIR < TABLE

Statements are Python: p is the profile; wifi, clip, root, scep, mdm and unlock
are its payloads; hold(x, y) makes these its only payloads; payload(type,
Key=value) makes a new one; add(type, Key=value) appends one of com.apple.type,
as q; tcc(Service=[...]) and acme(Key=value) do so for their types.  der and pem
are the root certificate.

whole writes line N's profile to DIR/N; a line is "statement|statement".

A row of a table is "severity|rule|path|statement".  sow writes row N's profile
to DIR/N.  judge reads DIR/N.json, the output of mcfg-lint --json, and
DIR/N.status: they must have exactly one finding of the rule, with that path and
severity, and status 1 for an error.
"""
import base64
import json
import plistlib
import re
import sys


def surroundings(path):
    pem = open(path).read()
    der = base64.b64decode(re.search('-----\n(.*?)-----', pem, re.S).group(1))
    count = 0

    def payload(kind, **more):
        nonlocal count
        count += 1
        d = {'PayloadType': kind, 'PayloadVersion': 1,
             'PayloadIdentifier': 'com.example.test.%d' % count,
             'PayloadUUID': 'DA7A0000-0000-4000-8000-%012d' % count}
        d.update(more)
        return d

    wifi = payload('com.apple.wifi.managed', SSID_STR='Office',
                   HIDDEN_NETWORK=False, AutoJoin=True,
                   EncryptionType='WPA2', ProxyServerPort=8080)
    clip = payload('com.apple.webClip.managed', Label='Clip',
                   URL='https://example.com/', IsRemovable=True)
    root = payload('com.apple.security.root', PayloadContent=der)
    scep = payload('com.apple.security.scep', PayloadContent={
        'URL': 'https://example.com/scep', 'Keysize': 2048, 'Key Usage': 5,
        'Subject': [[['O', 'Example']], [['CN', 'Device']]],
        'CAFingerprint': bytes(32),
        'SubjectAltName': {'dNSName': ['a.example.com', 'b.example.com'],
                           'rfc822Name': 'a@example.com'}})
    mdm = payload('com.apple.mdm', Topic='com.apple.mgmt.External.x',
                  ServerURL='https://example.com/mdm', AccessRights=8191,
                  IdentityCertificateUUID=scep['PayloadUUID'])
    unlock = payload('com.apple.mobiledevice.passwordpolicy', minLength=6,
                     maxFailedAttempts=5)
    p = {'PayloadType': 'Configuration', 'PayloadVersion': 1,
         'PayloadIdentifier': 'com.example.test', 'PayloadDisplayName': 'T',
         'PayloadUUID': 'DA7A0000-0000-4000-8000-000000000000',
         'PayloadScope': 'System',
         'ConsentText': {'default': 'yes', 'de': 'ja'},
         'PayloadContent': [wifi, clip, root, scep, mdm, unlock]}

    def hold(*payloads):
        p['PayloadContent'] = list(payloads)

    def add(kind, **more):
        q = payload('com.apple.' + kind, **more)
        p['PayloadContent'].append(q)
        names['q'] = q

    def tcc(**services):
        for items in services.values():
            for n, item in enumerate(items):
                items[n].update(dict({'Identifier': 'a'}, **item))
        add('TCC.configuration-profile-policy', Services=services)

    def acme(**more):
        add('security.acme', **dict({
            'DirectoryURL': 'https://example.com/acme', 'KeySize': 384,
            'ClientIdentifier': 'a', 'KeyType': 'ECSECPrimeRandom',
            'HardwareBound': False, 'Subject': [[['CN', 'a']]]}, **more))

    names = dict(p=p, wifi=wifi, clip=clip, root=root, scep=scep, mdm=mdm,
                 unlock=unlock, hold=hold, payload=payload, add=add, tcc=tcc,
                 acme=acme, der=der, pem=pem)
    return names


def make(pem, path, *statements):
    names = surroundings(pem)
    for statement in statements:
        exec(statement, names)
    with open(path, 'wb') as f:
        plistlib.dump(names['p'], f, sort_keys=False)


def whole(pem, folder):
    for n, line in enumerate(sys.stdin.read().splitlines()):
        make(pem, '%s/%d' % (folder, n), *line.split('|', 1))


def rows():
    for n, line in enumerate(sys.stdin.read().splitlines()):
        yield n, line.split('|', 3)


def sow(pem, folder):
    for n, row in rows():
        make(pem, '%s/%d' % (folder, n), row[3])


def judge(folder):
    bad = 0
    for n, (severity, rule, path, statement) in rows():
        j = json.load(open('%s/%d.json' % (folder, n)))
        status = int(open('%s/%d.status' % (folder, n)).read())
        hit = [(f['path'], f['severity']) for f in j['findings']
               if f['rule'] == rule]
        errors = sum(f['severity'] == 'error' for f in j['findings'])
        want = 1 if severity == 'error' else 0
        if hit != [(path, severity)] or errors != j['errors'] or \
                status != want:
            print('%s: %s: status %d, %s' % (rule, statement, status, j))
            bad = 1
    sys.exit(bad)


if __name__ == '__main__':
    {'make': make, 'whole': whole, 'sow': sow,
     'judge': judge}[sys.argv[1]](*sys.argv[2:])
