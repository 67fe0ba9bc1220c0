"""How a payload may reach a device, by Apple's schema as PyYAML reads it.

    schema-via.py cells DIR             prints TYPE PLATFORM VIA RULE,RULE
    schema-via.py profiles DIR FOLDER   makes FOLDER/TYPE for each type
    schema-via.py found PREFIX          prints the same lines, for the output
                                        of mcfg-lint in PREFIXplatform.via

It follows docs/schema.md of Apple's repository device-management and shares
nothing with mcfg-lint.
"""
import glob
import json
import os
import plistlib
import sys

import yaml

PLATFORMS = ('iOS', 'macOS', 'tvOS', 'visionOS', 'watchOS')
WAYS = ('manual', 'mdm', 'supervised', 'user-enrollment')
RULES = ('not-by-hand', 'needs-supervision', 'needs-approved-mdm',
         'not-in-user-enrollment')


def plain(node):
    """A node as dict, list or text."""
    if isinstance(node, yaml.MappingNode):
        return {k.value: plain(v) for k, v in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(v) for v in node.value]
    return node.value


def payloads(folder):
    """Maps a type to the payload objects of all files that describe it."""
    found = {}
    for path in sorted(glob.glob(folder + '/mdm/profiles/*.yaml')):
        with open(path, encoding='utf-8') as f:
            root = yaml.compose(f, Loader=getattr(yaml, 'CBaseLoader',
                                                  yaml.BaseLoader))
        payload = [plain(v) for k, v in root.value if k.value == 'payload']
        if payload and 'payloadtype' in payload[0]:
            found.setdefault(payload[0]['payloadtype'], []).append(payload[0])
    return found


def rules(support, via):
    if support is None or support.get('introduced') == 'n/a':
        return ()
    mode = support.get('userenrollment', {}).get('mode')
    said = set()
    if via == 'manual':
        if support.get('allowmanualinstall') == 'false' or mode == 'required':
            said.add('not-by-hand')
        elif support.get('userapprovedmdm') == 'true':
            said.add('needs-approved-mdm')
    if via == 'mdm' and support.get('userapprovedmdm') == 'true':
        said.add('needs-approved-mdm')
    if via in ('mdm', 'user-enrollment') and 'true' in (
            support.get('supervised'), support.get('requiresdep')):
        said.add('needs-supervision')
    if via == 'user-enrollment' and mode in ('forbidden', 'ignored'):
        said.add('not-in-user-enrollment')
    return sorted(said)


def cells(folder):
    for kind, files in sorted(payloads(folder).items()):
        for platform in PLATFORMS:
            for via in WAYS:
                said = {tuple(rules(f.get('supportedOS', {}).get(platform),
                                    via)) for f in files}
                if len(said) > 1:
                    sys.exit('%s: its files disagree' % kind)
                print(kind, platform, via, ','.join(said.pop()))


def profiles(folder, out):
    for kind in payloads(folder):
        with open(os.path.join(out, kind), 'wb') as f:
            plistlib.dump({
                'PayloadType': 'Configuration', 'PayloadVersion': 1,
                'PayloadIdentifier': 'com.example.p',
                'PayloadContent': [{'PayloadType': kind}]}, f)


def found(prefix):
    for platform in PLATFORMS:
        for via in WAYS:
            with open('%s%s.%s' % (prefix, platform, via)) as file:
                findings = json.load(file)['findings']
            said = {}
            for f in findings:
                if f['rule'] in RULES and f['pointer'] == '/PayloadContent/0':
                    said.setdefault(os.path.basename(f['file']), set()).add(
                        f['rule'])
            for kind, names in said.items():
                print(kind, platform, via, ','.join(sorted(names)))


if __name__ == '__main__':
    {'cells': cells, 'profiles': profiles, 'found': found}[sys.argv[1]](
        *sys.argv[2:])
