"""A profile service with the mistakes that services make.

wrong_service.py PKI DIR [PLANTS]: prints its address and serves until it is
killed.  PKI holds the tests' certificates; DIR has tls.pem and tls.key, and is
for its files.  Cryptography is by openssl.  PLANTS is a JSON file, read at each
request, of texts to use instead of the usual ones, by name.  A request for
exfil, or with the secret of a file, is written to DIR/exfil.

It recognizes its own certificates by their issuer's name and encrypts to every
certificate in the message, like the listings of 2010.  Its challenge is always
the same, its content types are those of plain files, its profiles lack the
intermediates, and its CA issues everything.
"""
import hashlib
import http.server
import json
import plistlib
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import uuid

pki, folder = sys.argv[1:3]
plants = sys.argv[3] if len(sys.argv) > 3 else None
here = re.sub('[^/]*$', '', sys.argv[0])
ROOT, KEY = pki + '/root.pem', pki + '/root.key'
served = set()


class Refused(Exception):
    pass


def plant(name, value):
    """The text of that name in PLANTS, or value."""
    if plants is None:
        return value
    with open(plants) as f:
        return json.load(f).get(name, value)


def openssl(*args, data=None):
    done = subprocess.run(['openssl', *args], input=data, capture_output=True)
    if done.returncode:
        raise Refused(done.stderr.decode().split('\n')[-2])
    return done.stdout


def temporary(data=b''):
    f = tempfile.NamedTemporaryFile(dir=folder, delete=False)
    f.write(data)
    f.close()
    return f.name


def sign(profile):
    return openssl('cms', '-sign', '-binary', '-nodetach', '-outform', 'DER',
                   '-signer', pki + '/signer.pem',
                   '-inkey', pki + '/signer.key',
                   *(['-certfile', pki + '/chain.pem'] if plants else []),
                   data=plistlib.dumps(profile))


def payload(kind, content, **more):
    return dict(PayloadType=kind, PayloadVersion=1, PayloadContent=content,
                PayloadUUID=str(uuid.uuid4()),
                PayloadIdentifier='com.example.%s' % uuid.uuid4(), **more)


def service(host):
    return payload('Profile Service', {
        'URL': plant('service-url', 'https://%s/profile' % host),
        'Challenge': plant('service-challenge', 'secret'),
        'DeviceAttributes': ['UDID', plant('attribute', 'SERIAL')]})


def fingerprint():
    if plants is None:
        return hashlib.sha1(b'another').digest()
    return hashlib.sha256(openssl('x509', '-in', ROOT,
                                  '-outform', 'DER')).digest()


def scep_payload(address):
    return payload('Configuration', [payload('com.apple.security.scep', {
        'URL': plant('scep-url', address + '/scep'),
        'Name': plant('name', ''), 'Challenge': plant('challenge', 'secret'),
        'Keysize': plant('key-size', 1024),
        'Subject': [[[plant('type', 'O'), 'Example']],
                    [['CN', plant('value', 'Device')]]],
        'CAFingerprint': plant('fingerprint', fingerprint())})])


def configuration(attributes, readers):
    bag = [temporary(c) for c in readers]
    inner = [payload('com.apple.webClip.managed', [],
                     Label=' '.join(map(str, attributes.values())))]
    return payload('Configuration', [], EncryptedPayloadContent=openssl(
        'cms', '-encrypt', '-binary', '-aes128', '-outform', 'DER', *bag,
        data=plistlib.dumps(inner)))


def opened(message):
    """Returns attributes and certificates, without checking the chain."""
    certs = temporary()
    content = openssl('cms', '-verify', '-binary', '-noverify', '-inform',
                      'DER', '-certsout', certs, data=message)
    try:
        attributes = plistlib.loads(content)
    except Exception as e:
        raise Refused(str(e))
    bag = re.findall(b'-----BEGIN.*?-----END CERTIFICATE-----\n',
                     open(certs, 'rb').read(), re.S)
    return attributes, bag


def profile(message, address):
    attributes, bag = opened(message)
    issuer = openssl('x509', '-noout', '-issuer', data=bag[0])
    if issuer != openssl('x509', '-noout', '-subject',
                         '-in', ROOT).replace(b'subject', b'issuer'):
        return scep_payload(address)
    if message in served:
        return None
    served.add(message)
    return configuration(attributes, bag)


def scep(message):
    """A certificate for anybody; a repeated request gets another one."""
    file, csr, cert = temporary(message), temporary(), temporary()
    asked = dict(line.split('=', 1) for line in subprocess.check_output(
        [sys.executable, here + 'scep.py', 'read', file],
        stderr=subprocess.DEVNULL).decode().splitlines())
    signer = temporary()
    envelope = openssl('cms', '-verify', '-binary', '-noverify', '-inform',
                       'DER', '-signer', signer, data=message)
    openssl('cms', '-decrypt', '-binary', '-inform', 'DER', '-recip', ROOT,
            '-inkey', KEY, '-out', csr, data=envelope)
    openssl('x509', '-req', '-inform', 'DER', '-in', csr, '-CA', ROOT,
            '-CAkey', KEY, '-set_serial', str(uuid.uuid4().int >> 2),
            '-days', '30', '-out', cert)
    bag = openssl('crl2pkcs7', '-nocrl', '-certfile', cert, '-outform', 'DER')
    sealed = temporary(openssl('cms', '-encrypt', '-binary', '-des3',
                               '-outform', 'DER', signer, data=bag))
    return subprocess.check_output([
        sys.executable, here + 'scep.py', 'make', '--signer', ROOT,
        '--key', KEY, '--envelope', sealed, '--type', '3', '--status', '0',
        '--transaction', asked['transactionID'], '--nonce', '00' * 16,
        '--recipient-nonce', asked['senderNonce']])


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def reply(self, body, code=200, kind='application/octet-stream'):
        self.send_response(code)
        self.send_header('Content-Type', plant('content-type', kind))
        self.send_header('Content-Length', str(len(body)))
        if code == 302 or plants is not None:
            self.send_header('Location', plant('location', '/enroll'))
        self.end_headers()
        self.wfile.write(body)

    def page(self, path, query, body):
        operation = query.get('operation', [''])[0]
        if 'exfil' in self.path or b'the secret of a file' in body:
            with open(folder + '/exfil', 'ab') as f:
                f.write(self.path.encode() + body)
        if path == '/CA':
            return self.reply(open(ROOT, 'rb').read())
        if path == '/enroll' and 'Authorization' not in self.headers:
            return self.reply(b'Who are you?', 401)
        if path == '/enroll':
            return self.reply(sign(service(self.headers['Host'])))
        if path == '/profile':
            answer = profile(body, address)
            if answer is None:
                return self.reply(b'', 302)
            return self.reply(sign(answer))
        if operation == 'PKIOperation':
            return self.reply(scep(body))
        if operation == 'GetCACaps':
            return self.reply(plant(
                'caps', 'Renewal\nPOSTPKIOperation\n').encode(), 200,
                'text/html')
        if path == '/scep':
            return self.reply(openssl('x509', '-in', ROOT, '-outform', 'DER'))
        return self.reply(b'', 404)

    def do_GET(self):
        length = int(self.headers.get('Content-Length', 0))
        body = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        try:
            self.page(url.path, urllib.parse.parse_qs(url.query), body)
        except Refused as e:
            self.reply(str(e).encode(), 403)
        except Exception:
            self.reply(b'', 500)

    do_POST = do_GET


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1
context.set_ciphers('ALL:@SECLEVEL=0')
context.load_cert_chain(folder + '/tls.pem', folder + '/tls.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
address = 'https://localhost:%d' % server.server_port
print(address, flush=True)
server.serve_forever()
