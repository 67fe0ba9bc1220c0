"""Checks of pages: pages.py same|sound|pgm FILE..."""
import re
import sys
from html.parser import HTMLParser

VOID = {'meta', 'link', 'img', 'br', 'rect', 'path'}


class Page(HTMLParser):
    """Collects tags, headings, links, ids and faults, in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.headings, self.links, self.ids = [], [], [], []
        self.tags, self.faults = [], []
        self.lang = self.title = None
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append('never closed: %s' % self.open)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        if tag == 'html':
            self.lang, self.dir = attrs.get('lang'), attrs.get('dir')
        if re.fullmatch('h[1-6]', tag):
            self.headings.append(int(tag[1]))
        for name in ('href', 'src', 'action'):
            if name in attrs:
                self.links.append((tag, name, attrs[name]))
        if tag in ('form', 'button'):
            self.links.append((tag, attrs.get('method')))
        if 'id' in attrs:
            self.ids.append(attrs['id'])
        if 'style' in attrs or any(a.startswith('on') for a in attrs):
            self.faults.append('%s: a style or script in an attribute' % tag)
        if tag == 'img' and 'alt' not in attrs:
            self.faults.append('an image without its text')
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append('</%s> closes %s' % (tag, self.open[-1:]))
        else:
            self.open.pop()


def structure(path):
    """What must be the same in every language of a template."""
    text = open(path, encoding='utf-8').read()
    p = Page(re.sub(r'<!--.*?-->', '', text, flags=re.S))
    return (sorted(re.findall(r'\$\{[^}]*\}|<!--.*?-->', text)), p.tags,
            p.links, p.headings, p.ids)


def same(paths):
    first = structure(paths[0])
    for path in paths[1:]:
        for a, b in zip(first, structure(path)):
            if a != b:
                sys.exit('%s differs from %s:\n%s\n%s' %
                         (path, paths[0], a, b))


def sound(paths):
    """Well-formed, one h1, no skipped level, unique ids, nothing loaded."""
    for path in paths:
        text = open(path, encoding='utf-8').read()
        p = Page(text)
        faults = list(p.faults)
        if p.headings.count(1) != 1 or p.headings[0] != 1:
            faults.append('headings: %s' % p.headings)
        if any(b > a + 1 for a, b in zip(p.headings, p.headings[1:])):
            faults.append('headings: %s' % p.headings)
        if len(set(p.ids)) != len(p.ids):
            faults.append('ids: %s' % p.ids)
        if 'script' in p.tags or 'iframe' in p.tags or 'object' in p.tags:
            faults.append('a script')
        if re.search(r'@import|url\(|\$\{|<!--', text):
            faults.append('an address, a variable or a comment is left')
        for link in p.links:
            if len(link) == 3 and link[0] in ('img', 'link') and \
                    not link[2].startswith('data:'):
                faults.append('loads %s' % link[2])
        if faults:
            sys.exit('%s: %s' % (path, '; '.join(faults)))


def pgm(paths):
    """Prints the QR code of a page as an image, eight pixels per module."""
    text = open(paths[0], encoding='utf-8').read()
    size = int(re.search(r'viewBox="0 0 (\d+) \1"', text).group(1))
    rows = [bytearray(b'\xff' * size) for _ in range(size)]
    for x, y, n, back in re.findall(r'M(\d+) (\d+)h(\d+)v1h-(\d+)z', text):
        assert n == back
        for i in range(int(n)):
            rows[int(y)][int(x) + i] = 0
    out = sys.stdout.buffer
    out.write(b'P5 %d %d 255\n' % (size * 8, size * 8))
    for row in rows:
        out.write(bytes(b for b in row for _ in range(8)) * 8)


{'same': same, 'sound': sound, 'pgm': pgm}[sys.argv[1]](sys.argv[2:])
