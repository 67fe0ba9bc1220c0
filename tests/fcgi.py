"""A FastCGI client: fcgi.py [--leave N] SOCKET NAME=VALUE... < BODY > ANSWER

With --leave it closes the connection after N bytes of what comes back.
"""
import socket
import struct
import sys


def record(kind, body):
    return struct.pack('>BBHHBB', 1, kind, 1, len(body), 0, 0) + body


def length(n):
    return bytes([n]) if n < 128 else struct.pack('>I', n | 0x80000000)


def request(variables, body):
    pairs = b''
    for name, value in variables:
        pairs += length(len(name)) + length(len(value)) + name + value
    out = record(1, struct.pack('>HB5x', 1, 0))
    for i in range(0, len(pairs), 32768):
        out += record(4, pairs[i:i + 32768])
    out += record(4, b'')
    for i in range(0, len(body), 32768):
        out += record(5, body[i:i + 32768])
    return out + record(5, b'')


def answer(stream):
    out = b''
    while len(head := stream.read(8)) == 8:
        _, kind, _, n, padding, _ = struct.unpack('>BBHHBB', head)
        body = stream.read(n + padding)[:n]
        if kind == 6:
            out += body
    return out


if __name__ == '__main__':
    body = sys.stdin.buffer.read()
    args = sys.argv[1:]
    leave = None
    if args[0] == '--leave':
        leave = int(args[1])
        args = args[2:]
    given = [a.encode('utf-8', 'surrogateescape').split(b'=', 1)
             for a in args[1:]]
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(args[0])
        s.sendall(request(given, body))
        if leave is None:
            sys.stdout.buffer.write(answer(s.makefile('rb')))
        elif len(s.recv(leave, socket.MSG_WAITALL)) != leave:
            sys.exit('the server left first')
