#!/usr/bin/env python3
"""forms.py SITE SCRIPT SERVICE WORK KEY...

Sends the same requests to all forms of the profile service (the script, and
mcfg-service as CGI program and as FastCGI worker), each with its own copy of
the site, and prints what differs: status, header, body, log line and
ledger.  Random parts (challenges, identifiers, times, signatures) are replaced
by their kind first.  Each KEY is a private key of a device.  Of the
requests that do not depend on each other, every seventeenth is sent, or all with
FULL=1.  LEDGER is the URI of a PostgreSQL ledger, in which SCHEMA becomes the
form's own schema; without it, each site has its SQLite database."""
import base64
import datetime
import itertools
import json
import os
import plistlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading

import fcgi

TABLES = 'enrollment', 'challenge', 'certificate', 'invitation', 'event'
TIME = 10 ** 9
LOGIN = os.path.join(os.path.dirname(sys.argv[2]), 'web/login.cgi')


def run(*command, **options):
    """The output of a command that must not fail."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          **options).stdout


class Form:
    """One form of the service, with its copy of the site."""

    def __init__(self, name, program, site, work):
        self.name, self.program = name, program
        self.work = os.path.join(work, name)
        self.site = os.path.join(self.work, 'site')
        self.tools = self.path('tools')
        os.makedirs(self.tools)
        shutil.copytree(site, self.site, symlinks=True)
        self.order = {}         # random texts of each kind, oldest first
        self.known = []         # those, and what replaces them
        self.kept = {}          # what steps leave for later steps
        self.rows = []          # of the ledger, after the last step
        self.is_cgi = True
        self.uri = os.environ.get('LEDGER', '').replace('SCHEMA', name)
        if self.uri:
            for name in ('site.yaml', 'ca/scep-ca.yaml'):
                replace(self, name, lambda t: re.sub(
                    r'(?m)^ledger:.*', lambda m: 'ledger: ' + self.uri, t))
            self.tool('scep-ca', 'ledger-copy', 'sqlite:ledger.db', self.uri)
            os.remove(os.path.join(self.site, 'ledger.db'))

    def path(self, name):
        return os.path.join(self.work, name)

    def file(self, name, data):
        with open(self.path(name), 'wb') as f:
            f.write(data)
        return self.path(name)

    def script(self, name, text):
        """Writes it by another process.  A file written here would be open in
        a process that another thread forks meanwhile, so that no form could run
        it (ETXTBSY)."""
        run('sh', '-c', 'cat > "$1" && chmod 755 "$1"', 'sh', self.path(name),
            input=('#!/bin/sh\n' + text).encode())

    def tool(self, *command, data=None, env=None, stderr=None):
        return run(*command, input=data, cwd=self.site, stderr=stderr,
                   env=dict(os.environ, **(env or {})))

    # ---- a request ----

    def own_variables(self):
        env = {n: os.environ[n] for n in
               ('PATH', 'MCFG_BIN', 'ASAN_OPTIONS', 'UBSAN_OPTIONS')
               if n in os.environ}
        return dict(env, MCFG_SITE=self.site, PATH='%s:%s' % (
            self.tools, env['PATH']))

    def ask(self, method, path, body=b'', stdin=None, lost=None,
            **variables):
        env = dict(self.own_variables(), GATEWAY_INTERFACE='CGI/1.1',
                   REQUEST_METHOD=method, PATH_INFO=path,
                   REMOTE_ADDR='192.0.2.7')
        env.update(variables)
        env = {n: v for n, v in env.items() if v is not None}
        command = [self.program]
        if stdin == 'closed':
            command = ['/bin/sh', '-c', 'exec "$0" <&-', self.program]
        out = subprocess.PIPE
        if lost == 'gone':      # the server that would read the response
            reader, out = os.pipe()
            os.close(reader)
        elif lost == 'full':
            out = os.open('/dev/full', os.O_WRONLY)
        done = subprocess.run(command, input=body, env=env, cwd='/',
                              stdout=out, stderr=subprocess.PIPE, check=False)
        if out != subprocess.PIPE:
            os.close(out)
        head, _, content = (done.stdout or b'').partition(b'\r\n\r\n')
        return {'exit': done.returncode, 'header': head, 'body': content,
                'log': done.stderr}

    def post(self, message, **variables):
        variables.setdefault('CONTENT_LENGTH', str(len(message)))
        return self.ask('POST', '/profile', message, **variables)

    def log_in(self, header):
        """Requests /enroll with a name and password, for the directory."""
        program, self.program = self.program, (
            LOGIN if self.name == 'script' else self.program)
        answer = self.ask('GET', '/enroll', HTTP_AUTHORIZATION=header,
                          SCRIPT_FILENAME=LOGIN)
        self.program = program
        return answer

    # ---- messages of a device ----

    def sign(self, cert, key, content, *more):
        return self.tool('openssl', 'cms', '-sign', '-binary', '-nodetach',
                         '-nosmimecap', '-md', 'sha256', '-signer', cert,
                         '-inkey', key, '-outform', 'DER', *more,
                         data=content)

    def phase2(self, challenge, **attributes):
        values = dict(UDID='U-1', SERIAL='S-1', PRODUCT='iPhone14,5',
                      VERSION='21A1', CHALLENGE=challenge)
        values.update(attributes)
        return self.sign('simulated/device.pem', 'simulated/device-key.pem',
                         plistlib.dumps({n: v for n, v in values.items()
                                         if v is not None}))

    def phase3(self, who='device', **attributes):
        values = dict(UDID='U-1', SERIAL='S-1', PRODUCT='iPhone14,5',
                      VERSION='21B1')
        values.update(attributes)
        return self.sign(self.path(who + '.pem'), self.kept[who + ' key'],
                         plistlib.dumps({n: v for n, v in values.items()
                                         if v is not None}))

    def dated(self, folder, key, first, last):
        """A certificate by the CA in a folder of the site, for the key, that
        is valid from the year first to the year last."""
        config = self.file('ca.cnf', b'[ca]\ndefault_ca = d\n[d]\n'
                           b'database = %s\nserial = %s\n'
                           b'unique_subject = no\ndefault_md = sha256\n'
                           b'new_certs_dir = %s\npolicy = p\n[p]\n'
                           b'commonName = supplied\n' %
                           (self.file('issued', b'').encode(),
                            self.file('serial', b'77\n').encode(),
                            self.work.encode()))
        ca = os.path.join(self.site, folder)
        key_of_ca = {'simulated': ('ca.pem', 'ca-key.pem')}.get(
            folder, ('cert.pem', 'key.pem'))
        request = self.file('request', self.tool(
            'openssl', 'req', '-new', '-key', key, '-subj', '/CN=dated'))
        self.tool('openssl', 'ca', '-batch', '-notext', '-config', config,
                  '-cert', os.path.join(ca, key_of_ca[0]), '-keyfile',
                  os.path.join(ca, key_of_ca[1]), '-in', request, '-out',
                  self.path('dated.pem'), '-startdate',
                  '%d0101000000Z' % first, '-enddate',
                  '%d0101000000Z' % last, stderr=subprocess.DEVNULL)
        return self.path('dated.pem')

    def unsign(self, data):
        return self.tool('openssl', 'cms', '-verify', '-noverify', '-binary',
                         '-inform', 'DER', data=data,
                         stderr=subprocess.DEVNULL)

    def start(self, *options):
        """A challenge of phase 1."""
        return self.tool('mcfg-enrollment', 'start', '--config', 'site.yaml',
                         *(options or ('--user=jane',))).decode().strip()

    def certify(self, who, key, answer):
        """The identity of a device, for the answer of phase 2."""
        scep = plistlib.loads(self.unsign(answer['body']))
        scep = scep['PayloadContent'][0]['PayloadContent']
        subject = '/' + '/'.join('%s=%s' % tuple(pair) for rdn in
                                 scep['Subject'] for pair in rdn)
        self.kept[who + ' key'] = key
        request = self.tool('scep-request', '--ca', 'ca/cert.pem', '--key',
                            key, '--subject', subject, '--challenge',
                            'env:CH', '--state', self.path('state'),
                            env={'CH': scep['Challenge']})
        reply = self.ask('POST', '/scep', request,
                         QUERY_STRING='operation=PKIOperation',
                         CONTENT_LENGTH=str(len(request)))
        self.tool('scep-response', '--state', self.path('state'), '--key',
                  key, '--ca', 'ca/cert.pem', '-o', self.path(who + '.pem'),
                  data=reply['body'])
        return reply

    # ---- what can be compared ----

    def learn(self):
        """Finds the random texts that the ledger has."""
        known = [(self.site, 'SITE')]
        path = os.path.join(self.site, 'ledger.db')
        if self.uri:
            path = self.path('copy.db')
            if os.path.exists(path):
                os.remove(path)
            self.tool('scep-ca', 'ledger-copy', self.uri, 'sqlite:' + path)
        db = sqlite3.connect('file:%s' % path, uri=True)
        for kind, query in (
                ('E', 'SELECT id FROM enrollment ORDER BY rowid'),
                ('H', 'SELECT hash FROM challenge ORDER BY purpose, rowid'),
                ('I', 'SELECT hash FROM invitation ORDER BY rowid'),
                ('C', 'SELECT serial FROM certificate ORDER BY rowid')):
            order = self.order.setdefault(kind, [])
            order += [row[0] for row in db.execute(query)
                      if row[0] not in order]
            known += [(random, kind + str(i))
                      for i, random in enumerate(order)]
        self.known = known
        return db

    def mask(self, text):
        for random, kind in self.known:
            text = text.replace(random, kind)
        return text

    def value(self, value):
        if isinstance(value, int):
            return 'time' if value > TIME else value
        if isinstance(value, bytes):
            return self.mask(value.decode('latin-1'))
        return self.mask(value) if isinstance(value, str) else value

    def ledger(self):
        db = self.learn()
        rows = []
        for table in TABLES:
            names = [c[1] for c in
                     db.execute('PRAGMA table_info(%s)' % table)]
            omitted = {'der', 'txid', 'hash', 'key_hash'}
            if table == 'challenge':    # only one form undoes completions
                omitted.add('ordinal')
            for row in db.execute('SELECT * FROM %s ORDER BY rowid' % table):
                rows.append((table,) + tuple(
                    (n, self.value(v)) for n, v in zip(names, row)
                    if n not in omitted))
        db.close()
        return sorted(rows, key=repr) if self.uri else rows

    def plain(self, value):
        """A property list without what is random in it."""
        if isinstance(value, dict):
            return {k: 'random' if k in ('PayloadUUID', 'Challenge') else
                    self.plain(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.plain(v) for v in value]
        if isinstance(value, datetime.datetime):
            return 'time'
        return self.mask(value) if isinstance(value, str) else value

    def body(self, answer):
        header, data = answer['header'], answer['body']
        if isinstance(data, list):
            return data
        if b"form-action 'self'" in header:     # its QR code is of a token
            return re.sub(b'(?s)<svg.*?</svg>', b'', data)
        if b'pkix-crl' in header:       # without its times and signature
            return re.sub(rb'(?m)^.*( Update: | Date: |:..:..:).*\n', b'',
                          self.tool('openssl', 'crl', '-inform', 'DER',
                                    '-noout', '-text', data=data))
        if b'x-apple-aspen-config' not in header:
            return b'' if b'pki-message' in header else data
        profile = plistlib.loads(self.unsign(data))
        sealed = profile.pop('EncryptedPayloadContent', None)
        if sealed is not None:
            profile['PayloadContent'] = plistlib.loads(self.tool(
                'openssl', 'cms', '-decrypt', '-binary', '-inform', 'DER',
                '-recip', self.path('device.pem'), '-inkey',
                self.kept['device key'], data=sealed))
        return self.plain(profile)

    def seen(self, answer):
        """Everything that is compared, by name."""
        before, self.rows = self.rows, self.ledger()
        ledger = ([r for r in before if r not in self.rows],
                  [r for r in self.rows if r not in before])
        header = self.mask(answer['header'].decode('latin-1'))
        # The length of a signature varies, and that of a QR code.
        if re.search("x-apple-aspen-config|pki-message|form-action", header):
            header = re.sub(r'(?m)^(Content-Length: )\d+', r'\1N', header)
        log = self.mask(answer['log'].decode('utf-8', 'replace'))
        log = re.sub(r'transaction=\S+|ms=[\d.]+', 'random', log)
        if isinstance(answer['body'], list):
            # Which of several is refused, and at which step, is chance.
            log = sorted(re.findall(' status=.*? ', log))
        return {'exit': answer['exit'], 'header': header, 'log': log,
                'body': self.body(answer), 'ledger': ledger}


class Worker(Form):
    """A FastCGI worker, which keeps files and the ledger open.  Requests that
    a worker cannot get, and those for which it uses what it has open, are sent
    to the same program as CGI."""

    def __init__(self, name, program, site, work):
        super().__init__(name, program, site, work)
        self.is_cgi = False
        self.lock = threading.Lock()
        # The path of a socket may only be short.
        with socket.socket(socket.AF_UNIX) as s:
            os.chdir(self.work)
            s.bind('socket')
            s.listen()
            with open(self.path('log'), 'wb') as log:
                self.process = subprocess.Popen(
                    [program], stdin=s, stderr=log, cwd='/',
                    env=self.own_variables())
        self.log = open(self.path('log'), 'rb')
        self.socket = os.open(self.work, os.O_RDONLY)

    def send(self, variables, body=b''):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect('/proc/self/fd/%d/socket' % self.socket)
            s.sendall(fcgi.request(
                [(os.fsencode(n), os.fsencode(v))
                 for n, v in variables.items() if v is not None], body))
            return fcgi.answer(s.makefile('rb'))

    def ask(self, method, path, body=b'', stdin=None, lost=None, **variables):
        if self.is_cgi or stdin or lost or {
                'MCFG_SITE', 'GATEWAY_INTERFACE'} & set(variables):
            return super().ask(method, path, body, stdin, lost, **variables)
        with self.lock:
            answer = self.send(dict(
                {'REQUEST_METHOD': method, 'PATH_INFO': path,
                 'REMOTE_ADDR': '192.0.2.7'}, **variables), body)
            # It answers this when it has finished that, and its log line.
            self.send({'REQUEST_METHOD': 'GET', 'PATH_INFO': '/next',
                       'REMOTE_ADDR': 'next'})
            log = [line for line in self.log.readlines()
                   if b' client=next ' not in line]
        head, _, content = answer.partition(b'\r\n\r\n')
        return {'exit': 0, 'header': head, 'body': content,
                'log': b''.join(log)}

    def end(self):
        self.process.terminate()
        if self.process.wait() != 0:
            sys.exit('the worker ended with %d' % self.process.returncode)


def as_cgi(step):
    """A step while a worker would use what it has open."""
    def steps(form):
        was, form.is_cgi = form.is_cgi, True
        answer = step(form)
        form.is_cgi = was
        return answer
    return steps


def at_once(forms, step):
    """Does a step with each form at once; what it returns for each."""
    results, failures = [None] * len(forms), []

    def one(i, form):
        try:
            results[i] = step(form)
        except Exception as e:  # pylint: disable=broad-except
            failures.append((form.name, e))
    threads = [threading.Thread(target=one, args=pair)
               for pair in enumerate(forms)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for name, e in failures:
        sys.exit('%s: %s' % (name, e))
    return results


def compare(forms, title, step):
    """True if all forms do the same."""
    a, *others = at_once(forms, lambda form: form.seen(step(form)))
    same = True
    for form, b in zip(forms[1:], others):
        for part, value in a.items():
            if value == b[part]:
                continue
            same = False
            print('%s: %s:\n  %s: %.3000r\n  %s: %.3000r' % (
                title, part, forms[0].name, value, form.name, b[part]))
    if os.environ.get('SHOW'):
        print(title, a['header'].partition('\r\n')[0],
              str(a['log']).strip(), sep=' | ')
    return same


# ---- the requests ----

def get(path, **variables):
    return lambda form: form.ask('GET', path, **variables)


def ask(method, path, body=b'', **variables):
    return lambda form: form.ask(method, path, body, **variables)


def posted(make, **variables):
    return lambda form: form.post(make(form), **variables)


def pages():
    """Requests that nobody signed."""
    for method in ('GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'get', '', None):
        for path in ('/', '/CA', '/crl', '/enroll', '/profile', '/i/x',
                     '/none', '/scep'):
            yield '%s %s' % (method, path), ask(method, path)
    for path in ('//', '/enroll/', '/i/', '/i', '/I/SECRET', '/i/a/b',
                 '/i/a/i/b', '//i/SECRET', '/scep/', '/scepter', '/scep/x',
                 '/%2e', '/a b', '/a\nb', '/\u00fc', '*', '', None,
                 '/' + 'x' * 5000):
        yield 'path %.20r' % path, get(path)
    for language in ('de', 'de-AT, en;q=0.5', 'xx', '*', 'fr;q=0, ja', ';;',
                     'q=1', 'e' * 5000, 'de\nfr', '-', 'es_ES', 'JA',
                     'en;q=2', ' ', '\u00fc'):
        yield 'language %.20r' % language, get('/', HTTP_ACCEPT_LANGUAGE=language)
        yield '404 language %.20r' % language, get(
            '/none', HTTP_ACCEPT_LANGUAGE=language)
    for name, value in (('HTTP_IF_NONE_MATCH', '*'), ('HTTP_RANGE', 'bytes=0-1'),
                        ('HTTP_HOST', 'other.example'), ('QUERY_STRING', 'a=b'),
                        ('REMOTE_ADDR', None), ('REMOTE_ADDR', 'a b"c'),
                        ('HTTP_COOKIE', 'x' * 60000), ('HTTPS', 'on'),
                        ('SCRIPT_NAME', '/enroll'), ('MCFG_SITE', None),
                        ('MCFG_SITE', ''), ('MCFG_SITE', '/nonexistent'),
                        ('GATEWAY_INTERFACE', None)):
        yield '%s=%.20r' % (name, value), get('/', **{name: value})
    for user in ('', None, 'jane', ' jane', 'a\nb', '-x', '--help', '../..',
                 'J\u00e4ne', 'x' * 256, 'x' * 257, 'a\u202eb', '"', '$(id)',
                 'a\x1fb', 'jane@example.com', "o'neil", '%'):
        yield 'user %.20r' % user, get('/enroll', REMOTE_USER=user)
    for origin in ('cross-site', 'same-site', 'none', 'odd', ''):
        yield 'from %r' % origin, get('/enroll', REMOTE_USER='jane',
                                      HTTP_SEC_FETCH_SITE=origin)
    for query in ('', 'operation=GetCACaps', 'operation=GetCACert',
                  'operation=GetNextCACert', 'operation=x', 'operation',
                  'operation=GetCACaps&operation=x', 'operation=%zz',
                  'operation=PKIOperation', 'operation=PKIOperation&message=x',
                  'x' * 200000):
        yield 'scep %.40r' % query, get('/scep', QUERY_STRING=query[:120000])


def bodies():
    """Messages to /profile that nobody can accept."""
    for length in (None, '', '0', '000', '-1', '+1', 'x', '1.5', '10', '011',
                   '11', '65536', '65537', '99999999', '18446744073709551626',
                   ' 10', '10 ', '10\n'):
        for body in (b'', b'no message'):
            yield 'length %r of %d' % (length, len(body)), ask(
                'POST', '/profile', body, CONTENT_LENGTH=length)
        yield 'length %r to /' % length, ask('POST', '/', b'no message',
                                             CONTENT_LENGTH=length)
    yield 'chunked', ask('POST', '/profile', b'no message',
                         HTTP_TRANSFER_ENCODING='chunked')
    yield 'no input', ask('POST', '/profile', stdin='closed',
                          CONTENT_LENGTH='10')
    yield 'no input /', ask('GET', '/', stdin='closed')
    for kind in ('application/x-www-form-urlencoded', '', 'x' * 5000, None):
        yield 'type %.20r' % kind, ask('POST', '/profile', b'no message',
                                       CONTENT_LENGTH='10', CONTENT_TYPE=kind)
    for size in (1, 100, 65536):
        for byte in (b'\0', b'0', b'\xff', b'x'):
            yield '%d of %r' % (size, byte), ask(
                'POST', '/profile', byte * size, CONTENT_LENGTH=str(size))
    for title, content in (('empty', b''), ('no plist', b'x'),
                           ('array', plistlib.dumps([])),
                           ('binary', plistlib.dumps(
                               {'UDID': 'x'}, fmt=plistlib.FMT_BINARY)),
                           ('NUL', b'\0' * 9), ('dict', plistlib.dumps({})),
                           ('numbers', plistlib.dumps(
                               {'UDID': 1, 'CHALLENGE': 2})),
                           ('odd', plistlib.dumps(
                               {'UDID': 'a\u00fc\u2028b', 'SERIAL': '',
                                'CHALLENGE': 'x'})),
                           ('long', plistlib.dumps(
                               {'UDID': 'u' * 3000, 'SERIAL': 's' * 3000,
                                'CHALLENGE': 'x' * 3000}))):
        for cert in ('simulated/device', 'signer/cert', 'tls/cert'):
            key = {'simulated/device': 'simulated/device-key'}.get(
                cert, cert.replace('cert', 'key'))
            yield '%s by %s' % (title, cert), posted(
                lambda f, c=cert, k=key, x=content: f.sign(
                    c + '.pem', k + '.pem', x))
    message = plistlib.dumps({'UDID': 'U', 'CHALLENGE': 'x'})
    for title, change in (('cut', lambda m: m[:-9]), ('half', lambda m: m[:500]),
                          ('longer', lambda m: m + b'more'),
                          ('changed', lambda m: m.replace(b'UDID', b'UDIX'))):
        yield title, posted(lambda f, c=change: c(f.sign(
            'simulated/device.pem', 'simulated/device-key.pem', message)))
    yield 'one byte less', posted(lambda f: f.sign(
        'simulated/device.pem', 'simulated/device-key.pem', message)[:-1])
    yield 'detached', posted(lambda f: f.tool(
        'openssl', 'cms', '-sign', '-binary', '-signer', 'simulated/device.pem',
        '-inkey', 'simulated/device-key.pem', '-outform', 'DER', data=message))
    yield 'two signers', posted(lambda f: f.sign(
        'simulated/device.pem', 'simulated/device-key.pem', message, '-signer',
        'signer/cert.pem', '-inkey', 'signer/key.pem'))
    yield 'no certificate', posted(lambda f: f.sign(
        'simulated/device.pem', 'simulated/device-key.pem', message, '-nocerts'))


def keep(form, name, value):
    form.kept[name] = value
    return value


def replace(form, name, change):
    """Changes a file of the site; restore() undoes that."""
    path = os.path.join(form.site, name)
    shutil.copy2(path, form.path('saved'))
    with open(path) as f:
        text = f.read()
    with open(path, 'w') as f:
        f.write(change(text))


def restore(form, name):
    shutil.copy2(form.path('saved'), os.path.join(form.site, name))


def changed(name, change, step, before=None):
    """A step while a file of the site is another one."""
    def both_steps(form):
        if before is not None:
            before(form)
        replace(form, name, change)
        answer = step(form)
        restore(form, name)
        return answer
    return both_steps


def prepare(form):
    """Makes a device's message of phase 2."""
    form.kept['challenge'] = form.start()
    form.kept['message'] = form.phase2(form.kept['challenge'])


def again(form):
    return form.post(form.kept['message'])


def eight(step):
    """A step eight times at once: how often each result came."""
    def steps(form):
        answers = at_once([form] * 8, step)
        return {'exit': sorted(a['exit'] for a in answers),
                'header': b'', 'body': sorted(
                    re.sub(br'(?m)^Content-Length:.*', b'', a['header'])
                    for a in answers),
                'log': b''.join(a['log'] for a in answers)}
    return steps


def first(form):
    prepare(form)
    return again(form)


def three(form):
    return form.post(form.phase3())


def without_identifier(text):
    return re.sub(r'(?m)^identifier:.*\n', '', text)


def without_url(text):
    return re.sub(r'(?m)^url:.*\n', '', text)


def reenroll(text):
    return text + '\nrepeat: reenroll\n'


def no_ledger_at(text):
    return re.sub(r'(?m)^ledger:.*', 'ledger: x', text)


def broken(text):
    return text + '\nurk: x\n'


def flow(keys, every):
    """Enrollments, in right and wrong order."""
    for title, change in (('no identifier', without_identifier),
                          ('broken site', broken)):
        yield 'phase 1: ' + title, changed('site.yaml', change, get(
            '/enroll', REMOTE_USER='jane'))
        yield 'phase 2: ' + title, changed('site.yaml', change, again, prepare)
        yield 'phase 2 after ' + title, again
    for title, step in (('phase 1', get('/enroll', REMOTE_USER='jane')),
                        ('phase 2', again), ('invitation', get('/i/x')),
                        ('invitation, POST', ask('POST', '/i/x'))):
        yield title + ': ledger x', changed('site.yaml', no_ledger_at, step,
                                            prepare)
    yield 'eight phases 1', eight(get('/enroll', REMOTE_USER='jane'))
    yield 'eight phases 2', lambda f: (prepare(f), eight(again)(f))[1]
    yield 'phase 2 not in the list', lambda f: not_listed(f, first)
    yield 'phase 2', again
    yield 'phase 2 twice', again
    yield 'phase 2 with another challenge', posted(lambda f: f.phase2('x' * 32))
    yield 'phase 2 without a challenge', posted(lambda f: f.phase2(None))
    yield 'phase 2 expired', posted(lambda f: f.phase2(f.start(
        '--user=jane', '--ttl', '1s', '--at', '2020-01-01T00:00:00Z')))
    yield 'phase 2 of jane', lambda f: keep(f, 'scep', first(f))
    yield 'SCEP', lambda f: f.certify('device', keys[0], f.kept['scep'])
    yield 'phase 2 with the identity', posted(lambda f: f.phase3(
        CHALLENGE=f.kept['challenge'], UDID='U-2'))
    for folder in 'simulated', 'ca':
        for since, until in ((2020, 2021), (2048, 2049), (2020, 2049)):
            yield 'by %s, from %d to %d' % (folder, since, until), posted(
                lambda f, d=folder, a=since, b=until: f.sign(
                    f.dated(d, keys[0], a, b), keys[0], plistlib.dumps(
                        {'UDID': 'D', 'SERIAL': 'D',
                         'CHALLENGE': f.start()})))
    yield 'phase 3 not in the list', lambda f: not_listed(
        f, posted(lambda g: g.phase3()))
    for lost in 'gone', 'full':
        for path in ('/', '/CA', '/crl', '/enroll', '/none', '/i/x'):
            yield path + ', ' + lost, get(path, lost=lost, REMOTE_USER='jane')
        yield '/scep, ' + lost, get('/scep', lost=lost,
                                    QUERY_STRING='operation=GetCACaps')
        yield 'phase 2, ' + lost, lambda f, x=lost: (prepare(f), f.post(
            f.kept['message'], lost=x))[1]
        yield 'phase 2 after that', again
        yield 'phase 3, ' + lost, lambda f, x=lost: f.post(f.phase3(), lost=x)
    for udid, serial in (('U-2', 'S-1'), ('U-1', 'S-2'), (None, None)):
        yield 'phase 3 %s %s' % (udid, serial), posted(
            lambda f, u=udid, s=serial: f.phase3(UDID=u, SERIAL=s))
    for when in ('first', 'repeated'):
        for name, change in (('site.yaml', without_identifier),
                             ('site.yaml', broken),
                             ('site.yaml', lambda t: t + '\nrepeat: x\n'),
                             ('profile.yaml', lambda t: '${NOT_SET}'),
                             ('profile.yaml', lambda t: 'a: [\n'),
                             ('signer/cert.pem', lambda t: ''),
                             ('signer/key.pem', lambda t: '')):
            step = changed(name, change, three)
            # A worker goes on with the signer that it has read.
            yield 'phase 3 %s, %s changed' % (when, name), (
                as_cgi(step) if name.startswith('signer') else step)
        yield 'phase 3 ' + when, three
    yield 'phase 3 reenroll', changed(
        'site.yaml', reenroll, three)
    yield 'root', changed('ca/root.pem', lambda t: '', get('/CA'))
    yield 'root page', changed('ca/root.pem', lambda t: '', get('/'))
    yield 'the CA is unreadable', changed('ca/cert.pem', lambda t: 'x', three)
    yield 'phase 3 of an unread ledger', as_cgi(
        lambda f: no_ledger(f, three))
    yield 'phase 1 of an unread ledger', as_cgi(
        lambda f: no_ledger(f, get('/enroll', REMOTE_USER='jane')))

    def invited(form, *options):
        said = form.tool('mcfg-enrollment', 'invite', '--config', 'site.yaml',
                         *options).decode()
        token = keep(form, 'token', said.strip().rpartition('/')[2])
        return token

    def link(method, **variables):
        return lambda f: f.ask(method, '/i/' + f.kept['token'], **variables)

    yield 'invitation', lambda f: (invited(f, '--user=joe'), link('GET')(f))[1]
    for origin in ('null', 'https://other.example', '', None):
        for site in ('same-origin', 'cross-site', 'none', None):
            yield 'POST from %s %s' % (origin, site), link(
                'POST', HTTP_ORIGIN=origin, HTTP_SEC_FETCH_SITE=site)
    yield 'HEAD of an invitation', link('HEAD')
    yield 'no url, unknown token', changed('site.yaml', without_url, get('/i/unknown'))
    for method in ('GET', 'POST'):
        yield 'broken site, ' + method, changed('site.yaml', broken,
                                                link(method))
    yield 'no url', changed('site.yaml', without_url, link('GET'))
    yield 'no url, POST', changed('site.yaml', without_url, link('POST'))
    yield 'phase 2 of joe', lambda f: f.post(f.phase2(
        plistlib.loads(f.unsign(link('POST')(f)['body']))
        ['PayloadContent']['Challenge'], UDID='J'))
    yield 'used invitation', link('GET')
    yield 'used invitation, POST', link('POST')
    yield 'expired invitation', lambda f: (invited(
        f, '--user=joe', '--ttl', '1s', '--at', '2020-01-01T00:00:00Z'),
        link('POST')(f))[1]
    for token in ('x' * 32, 'x', '..', 'a b', '\u00fc'):
        yield 'token %r' % token, ask('POST', '/i/' + token)

    def facts(line):
        def step(form):
            form.script('site/facts', line + '\n')
            replace(form, 'site.yaml', lambda t: t + '\nfacts: ./facts\n')
            answer = form.ask('GET', '/enroll', REMOTE_USER='jane')
            restore(form, 'site.yaml')
            return answer
        return step
    for line in ("echo '{}'", 'exit 1', 'echo no >&2; exit 1', 'exit 2',
                 'exit 5', 'kill $$', 'echo x', ':', 'yes 0', 'echo a >&2; echo "{}"',
                 'printf "a\\nb\\n" >&2; exit 3'):
        yield 'facts %s' % line, facts(line)
    for item in itertools.chain(logins(every), odd_sites(every)):
        yield item
    yield 'configured long ago', lambda f: (old(f), changed(
        'site.yaml', reenroll, three)(f))[1]
    yield 'configured long ago, no url', changed(
        'site.yaml', lambda t: reenroll(without_url(t)), three)
    yield 'aborted', lambda f: (f.tool(
        'mcfg-enrollment', 'abort', '--config', 'site.yaml', json.loads(f.tool(
            'mcfg-enrollment', 'list', '--json', '--serial', 'S-1',
            '--state', 'configured', '--config', 'site.yaml'))[0]['id']),
        three(f))[1]


def not_listed(form, step):
    with open(os.path.join(form.site, 'devices.allow'), 'w') as f:
        f.write('OTHER\n')
    answer = step(form)
    os.remove(os.path.join(form.site, 'devices.allow'))
    return answer


def without(name, what, step):
    """A step while a file of the site is missing, or is a folder."""
    def steps(form):
        path = os.path.join(form.site, name)
        os.rename(path, form.path('moved'))
        if what == 'folder':
            os.mkdir(path)
        answer = step(form)
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.remove(path)
        os.rename(form.path('moved'), path)
        return answer
    return steps


def extra(name, text, step):
    """A step while the site has another file, or, without text, folder."""
    def steps(form):
        path = os.path.join(form.site, name)
        top = os.path.join(form.site, name.partition('/')[0])
        os.makedirs(path if text is None else os.path.dirname(path),
                    exist_ok=True)
        if text is not None:
            with open(path, 'w') as f:
                f.write(text)
        answer = step(form)
        if os.path.isdir(top):
            shutil.rmtree(top)
        else:
            os.remove(top)
        return answer
    return steps


def old(form):
    db = sqlite3.connect(form.site + '/ledger.db')
    db.execute("UPDATE enrollment SET first_sent = 9 WHERE state = 'configured'")
    db.commit()
    db.close()


def outside():
    """Phase 2 with the challenge of an outside CA."""
    def step(lines, fixed=None):
        def steps(form):
            shutil.copy2(form.site + '/ca/cert.pem', form.site + '/scep-ca.pem')
            form.script('site/ask', lines + '\n')
            message = form.phase2(form.start())
            replace(form, 'site.yaml', lambda t: re.sub(
                r'(?m)^scep:.*\n', 'scep:\n  %s\n' % (
                    fixed or 'challenge_program: ./ask'), t))
            answer = form.post(message)
            restore(form, 'site.yaml')
            os.remove(form.site + '/scep-ca.pem')
            os.remove(form.site + '/ask')
            return answer
        return steps
    for lines in ('echo x', 'echo x; echo y', ':', 'exit 1', 'echo no >&2; exit 1',
                  'echo a >&2; echo x', 'exit 5', 'kill $$', 'yes', 'printf x',
                  'echo', 'printf "x\\0y"', 'printf "\\303"'):
        yield 'outside: ' + lines, step(lines)
    for fixed in ('challenge_program: ./none', 'challenge_program: none',
                  'challenge: file:none', 'challenge: env:NONE', 'challenge: x',
                  'challenge: file:profile.yaml', 'challenge: fd:9'):
        yield 'outside, ' + fixed, step(':', fixed)


def no_ledger(form, step):
    path = os.path.join(form.site, 'ledger.db')
    os.rename(path, path + '-')
    with open(path, 'w') as f:
        f.write('no database' * 99)
    answer = step(form)
    os.remove(path)
    os.rename(path + '-', path)
    return answer


def odd_requests():
    """Requests to sites in which something is missing or wrong."""
    for name in ('site.yaml', 'device-ca.pem', 'profile.yaml',
                 'signer', 'ca', 'ca/cert.pem', 'ca/root.pem', 'ca/crl.der'):
        for title, step in (
                ('/', get('/')), ('/CA', get('/CA')), ('/crl', get('/crl')),
                ('phase 1', get('/enroll', REMOTE_USER='jane')),
                ('phase 2', again), ('phase 3', three),
                ('invitation', get('/i/x')), ('POST', ask('POST', '/i/x')),
                ('/scep', get('/scep', QUERY_STRING='operation=GetCACert'))):
            for what in (None, 'folder'):
                odd = without(name, what, step)
                yield '%s, %s is a %s' % (title, name, what), (
                    as_cgi(odd) if name == 'signer' else odd)
    for name, text in (('devices.allow', None), ('scep-ca.pem', 'x'),
                       ('scep-ca-previous.pem', 'x'),
                       ('pages/welcome.en.html', '${none}'),
                       ('pages/invited.en.html', '${none}'),
                       ('pages/refused.en.html', '${none}'),
                       ('pages/error.en.html', '${lang}'),
                       ('pages/error.html', 'x'), ('pages', 'x'),
                       ('profile.d/profile.yaml', '${NOT_SET}'),
                       ('profile.d/iPhone14,5.yaml', 'x: !file none'),
                       ('profile.d', 'x')):
        for title, step in (('/', get('/')), ('404', get('/none')),
                            ('403', get('/enroll')), ('GET', get('/i/x')),
                            ('phase 2', again), ('phase 3', three)):
            yield '%s with %s' % (title, name), extra(name, text, step)
    for line in ('logo: none.png', 'logo: site.yaml', 'url: ftp://x', 'url: ""',
                 'ledger: sqlite:none/x.db', 'ledger: x', 'ledger: ""',
                 'attributes: [UDID, none]', 'enroll_ttl: 0s', 'help: "<b>"',
                 'organization: ""', 'organization: "a/b\\\\c"', 'trust: public',
                 'auth: ldap', 'facts: ""', 'scep: {key_size: 1024}',
                 'scep: {fingerprint: x}', 'digest: md5', 'x', '\t'):
        def add(text, line=line):
            return re.sub(r'(?m)^%s:.*\n(?=\S)' % line.split(':')[0], '',
                          text) + '\n%s\n' % line
        for title, step in (('/', get('/')), ('404', get('/none')),
                            ('phase 1', get('/enroll', REMOTE_USER='Jane')),
                            ('phase 2', again), ('phase 3', three)):
            yield '%s with %s' % (title, line), changed('site.yaml', add, step,
                                                        prepare)


# In place of a directory: one that knows the users jane and o'neil.
LDAPSEARCH = r"""case " $* " in
*'(uid=jane)'*|*"(uid=o\\27neil)"*) ;;
*'(uid=down)'*) echo "ldap_sasl_bind(SIMPLE): Can't contact" >&2; exit 255 ;;
*'(uid=two)'*) printf 'dn: uid=a\n\n' ;;
*) exit 0 ;;
esac
printf 'dn: uid=jane,dc=x\nmail: Jane@Example.com\n'
"""
LDAPWHOAMI = """[ "$(cat)" = right ] || exit 49
"""


def logins(every):
    """Phase 1 with a name and password."""
    def step(header, text):
        def steps(form):
            for name, program in (('ldapsearch', LDAPSEARCH),
                                  ('ldapwhoami', LDAPWHOAMI)):
                form.script('tools/' + name, program)
            replace(form, 'site.yaml', lambda t: re.sub(
                r'(?m)^auth:.*\n', '', t) + text)
            answer = form.log_in(header)
            restore(form, 'site.yaml')
            return answer
        return steps
    ldap = ('auth:\n  ldap:\n    url: ldaps://x\n    base: dc=x\n'
            '    filter: "(uid=$)"\n')
    headers = [None, '', 'Basic', 'Basic ', 'Digest x', 'Basic %', 'basic x',
               'Basic ' + 'x' * 2000] + [
        'Basic ' + base64.b64encode(pair.encode()).decode()
        for pair in ('jane:right', 'jane:wrong', 'jane:', ':right', 'jane',
                     'joe:right', 'down:right', 'two:right', "o'neil:right",
                     'ja\nne:right', 'ja\0ne:right', 'jane:a:b')]
    for header in itertools.islice(headers, 0, None, min(every, 4)):
        for text in (ldap, ldap + '    user: mail\n', ''):
            yield 'login %.30r, %s' % (header, text[-9:]), step(header, text)


def odd_sites(every):
    return itertools.islice(itertools.chain(outside(), odd_requests()), 0, None,
                            every)


def main():
    site, script, service, work, *keys = sys.argv[1:]
    only = os.environ.get('ONLY', '')
    forms = [Form('script', script, site, work),
             Form('service', service, site, work),
             Worker('worker', service, site, work)]
    every = 1 if os.environ.get('FULL') else 17
    n = bad = 0
    for title, step in itertools.chain(
            itertools.islice(pages(), 0, None, every),
            itertools.islice(bodies(), 0, None, every), flow(keys, every)):
        if only and not re.search(only, title):
            continue
        n += 1
        bad += not compare(forms, title, step)
    forms[-1].end()
    print('%d requests, %d differ' % (n, bad))
    sys.exit(bad > 0)


if __name__ == '__main__':
    main()
