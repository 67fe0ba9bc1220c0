"""The examples of README.md and the manual pages.

examples.py ROOT names          prints a line for each: PAGE: FIRST LINE
examples.py ROOT script NAME    prints what a reader would type
"""
import glob
import os
import re
import sys


def blocks(path):
    """Yields the literal blocks of a page, or README.md's indented ones."""
    with open(path, encoding='utf-8') as f:
        lines = f.read().split('\n')
    block = None
    for line in lines + ['end']:
        if path.endswith('.md'):
            begins, ends = False, line != '' and not line.startswith('    ')
            if block is None and line.startswith('    '):
                block = []
            line = line[4:]
        else:
            begins, ends = line.startswith('.Bd -literal'), line == '.Ed'
            line = line.replace('\\e', '\\').replace('\\&', '')
        if begins:
            block = []
        elif ends and block is not None:
            yield '\n'.join(block).strip('\n')
            block = None
        elif block is not None:
            block.append(line)


def script(text):
    """The text without prompts and, if it has any, without output."""
    lines = text.split('\n')
    if not any(line.startswith('$ ') for line in lines):
        return text
    typed, goes_on = [], False
    for line in lines:
        if line.startswith('$ '):
            line = line[2:]
        elif not goes_on:
            continue
        typed.append(line)
        goes_on = bool(re.search(r'(\\|\||&&)$', line.split('   #')[0]))
    return '\n'.join(typed)


def examples(root):
    pages = ['README.md'] + sorted(
        os.path.relpath(p, root) for p in glob.glob(root + '/man/man*/*.[157]'))
    for page in pages:
        count = {}
        for text in blocks(os.path.join(root, page)):
            name = ' '.join(text.split('\n')[0].split())[:60].rstrip()
            name = '%s: %s' % (os.path.basename(page), name)
            count[name] = count.get(name, 0) + 1
            if count[name] > 1:
                name += ' (%d)' % count[name]
            yield name, text


if __name__ == '__main__':
    found = dict(examples(sys.argv[1]))
    if sys.argv[2] == 'names':
        print('\n'.join(found))
    else:
        print(script(found[sys.argv[3]]))
