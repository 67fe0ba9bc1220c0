"""walk.py PID[,PID] URL CACERT USER PASSWORD FACTORY KEY CA COUNT: enrolls so
many devices, each with a new key and six requests on one connection, and
prints the processor time of the processes below each PID, in milliseconds per
device."""
import base64
import glob
import http.client
import os
import plistlib
import re
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

(pid, url, cacert, user, password, factory, factory_key, ca,
 count) = sys.argv[1:]
WARM = int(os.environ.get('WARM', 20))
CPUCLOCK_SCHED = 2
tick = os.sysconf('SC_CLK_TCK')
place = urllib.parse.urlparse(url)
context = ssl.create_default_context(cafile=cacert)


def own(number):
    """Seconds used by a process, by its clock.  /proc rounds them to
    hundredths; for all the processes that is a twentieth of the result."""
    return time.clock_gettime(~number << 3 | CPUCLOCK_SCHED)


def used(root):
    """Seconds used by root and the processes below it, even if they ended."""
    parent, spent = {}, {}
    for f in glob.glob('/proc/[0-9]*/stat'):
        try:
            text = open(f).read()
            name, rest = text.rsplit(')', 1)
            number, rest = int(name.split(' ')[0]), rest.split()
            spent[number] = own(number) + sum(
                int(n) for n in rest[13:15]) / tick
        except OSError:
            continue
        parent[number] = int(rest[1])
    total = 0
    for p in spent:
        q = p
        while q in parent and q != root:
            q = parent[q]
        if q == root:
            total += spent[p]
    return total


def used_by_all():
    return sum(used(int(p)) for p in pid.split(','))


def run(*argv, data=None):
    return subprocess.run(argv, input=data, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def content(signed):
    return plistlib.loads(re.search(rb'<\?xml.*</plist>\n?', signed,
                                    re.S)[0])


def sign(cert, key, attributes):
    with tempfile.NamedTemporaryFile() as f:
        f.write(plistlib.dumps(attributes))
        f.flush()
        return run('openssl', 'cms', '-sign', '-binary', '-nodetach',
                   '-nosmimecap', '-md', 'sha1', '-signer', cert, '-inkey',
                   key, '-in', f.name, '-outform', 'DER')


def ask(connection, method, path, body=None, headers={}):
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (method, path, answer.status)
    return body


def enroll(i, folder):
    key = folder + '/key'
    run('openssl', 'genrsa', '-out', key, '2048')
    c = http.client.HTTPSConnection(place.hostname, place.port,
                                    context=context)
    basic = base64.b64encode(('%s:%s' % (user, password)).encode()).decode()
    asked = content(ask(c, 'GET', '/enroll', None,
                        {'Authorization': 'Basic ' + basic}))
    device = {'UDID': 'U-%d-%d' % (os.getpid(), i), 'SERIAL': 'S%d' % i,
              'PRODUCT': 'iPhone14,5', 'VERSION': '21A1'}
    challenge = asked['PayloadContent']['Challenge']
    message = sign(factory, factory_key, dict(device, CHALLENGE=challenge))
    scep = content(ask(c, 'POST', '/profile', message))
    scep = scep['PayloadContent'][0]['PayloadContent']
    ask(c, 'GET', '/scep?operation=GetCACert')
    ask(c, 'GET', '/scep?operation=GetCACaps')
    subject = ''.join('/%s=%s' % (k, v) for [[k, v]] in scep['Subject'])
    run('scep-request', '--ca', ca, '--key', key, '--subject', subject,
        '--challenge', 'fd:0', '--state', folder + '/state', '-o',
        folder + '/request', data=scep['Challenge'].encode() + b'\n')
    reply = ask(c, 'POST', '/scep?operation=PKIOperation',
                open(folder + '/request', 'rb').read())
    inner = run('openssl', 'cms', '-verify', '-noverify', '-binary',
                '-inform', 'DER', data=reply)
    certs = run('openssl', 'cms', '-decrypt', '-binary', '-inform', 'DER',
                '-inkey', key, data=inner)
    with open(folder + '/identity', 'wb') as f:
        f.write(run('openssl', 'pkcs7', '-inform', 'DER', '-print_certs',
                    data=certs))
    final = content(ask(c, 'POST', '/profile',
                        sign(folder + '/identity', key, device)))
    assert 'EncryptedPayloadContent' in final
    c.close()


with tempfile.TemporaryDirectory() as folder:
    # The first requests of each worker open files, and do not count.
    for i in range(WARM):
        enroll(i, folder)
    before = used_by_all()
    for i in range(int(count)):
        enroll(WARM + i, folder)
    print('%.2f' % ((used_by_all() - before) * 1000 / int(count)))
