#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mclient-rpc against nodes, and against what is none.

    test_mclient_rpc.py MCLIENT_RPC     prints TAP
"""
import os
import socket
import subprocess
import sys
import threading
import traceback

LIMIT = 256 * 1024
REQUEST = '{"jsonrpc":"2.0","id":1,"method":"system_health","params":[]}'


class Node:
    """Takes one connection, reads a request and does what the test says with it."""

    def __init__(self, act):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.act, self.request = act, b''
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        peer, _ = self.listener.accept()
        with peer:
            while REQUEST.encode() not in self.request:
                self.request += peer.recv(65536)
            try:
                self.act(peer)
            except OSError:
                pass

    def close(self):
        self.thread.join(15)
        self.listener.close()


def sends(*pieces):
    def act(peer):
        for piece in pieces:
            peer.sendall(piece if isinstance(piece, bytes) else piece.encode())
    return act


def rpc(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=30, env={})


def asked(program, act, seconds=20):
    """What it said to the answer of act, and what the node saw."""
    node = Node(act)
    process = rpc(program, node.port, seconds, REQUEST)
    node.close()
    return process, node.request.decode()


def equal(seen, expected):
    assert seen == expected, f'{seen!r}, expected {expected!r}'


def is_static(program):
    with open(program, 'rb') as f:
        assert b'ld-linux' not in f.read(4096 * 4), 'it wants a loader'


def prints_the_answer(program):
    process, request = asked(program, sends('HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n', '{"result":', 'true}and more'))
    equal((process.returncode, process.stdout, process.stderr), (0, '{"result":true}', ''))
    head, body = request.split('\r\n\r\n')
    equal(body, REQUEST)
    assert head.startswith('POST / HTTP/1.0\r\n'), head
    assert f'Content-Length: {len(REQUEST)}' in head and 'Content-Type: application/json' in head, head
    assert '\r\nHost: 127.0.0.1:' in head, head


def takes_an_answer_that_ends_with_the_connection(program):
    process, _ = asked(program, sends('HTTP/1.0 200 OK\r\n\r\n', 'abc'))
    equal((process.returncode, process.stdout), (0, 'abc'))
    process, _ = asked(program, sends('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'))
    equal((process.returncode, process.stdout), (0, ''))


def large_answers(program):
    for size, good in ((LIMIT, True), (LIMIT + 1, False)):
        process, _ = asked(program, sends(f'HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n', b'x' * size))
        equal(process.returncode, 0 if good else 3)
        equal(len(process.stdout), size if good else 0)
        if not good:
            equal(process.stderr, 'the answer is larger than 256 KiB\n')


def says_when_nothing_was_sent(program):
    with socket.create_server(('127.0.0.1', 0)) as s:
        port = s.getsockname()[1]
    process = rpc(program, port, 5, REQUEST)
    equal((process.returncode, process.stdout), (2, ''))
    equal(process.stderr, f'not sent: cannot connect to 127.0.0.1:{port}: Connection refused\n')


def says_why_there_is_no_answer(program):
    for act, text in (
            (sends(), 'closed the connection without an answer'),
            (sends('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123456789'), 'closed the connection without an answer'),
            (sends('HTTP/1.1 200'), 'closed the connection without an answer'),
            (sends('SSH-2.0-OpenSSH\r\n\r\n'), 'the answer is no HTTP'),
            (sends(b'x' * 20000), 'the answer is no HTTP'),
            (sends(b'HTTP/1.1 \0 200\r\n\r\n'), 'without an answer'),
            (sends('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'), 'in chunks'),
            (sends('HTTP/1.1 405 No\r\nContent-Length: 4\r\n\r\nPOST'), 'HTTP status 405: POST')):
        process, _ = asked(program, act)
        equal((process.returncode, process.stdout), (3, ''))
        assert text in process.stderr and not process.stderr.startswith('not sent'), process.stderr


def does_not_wait_for_ever(program):
    process, _ = asked(program, lambda peer: peer.recv(1), seconds=1)
    equal((process.returncode, process.stdout, process.stderr), (3, '', 'the node did not answer in time\n'))


def refuses_wrong_arguments(program):
    for arguments in ((), (1, 2), ('0', 1, ''), ('65536', 1, ''), ('-1', 1, ''), ('80x', 1, ''), (80, 0, ''), (80, 'x', ''),
                      (80, 1, 'x' * (64 * 1024 + 1))):
        process = rpc(program, *arguments)
        equal((process.returncode, process.stdout), (2, ''))
        assert process.stderr.startswith('not sent: '), process.stderr


CASES = [is_static, prints_the_answer, takes_an_answer_that_ends_with_the_connection, large_answers,
         says_when_nothing_was_sent, says_why_there_is_no_answer, does_not_wait_for_ever, refuses_wrong_arguments]


def main():
    program = os.path.abspath(sys.argv[1])
    failures = 0
    print(f'1..{len(CASES)}', flush=True)
    for n, case in enumerate(CASES, 1):
        try:
            case(program)
            print(f'ok {n} {case.__name__}', flush=True)
        except Exception:  # pylint: disable=broad-except
            failures += 1
            print('\n'.join('# ' + line for line in traceback.format_exc().splitlines()))
            print(f'not ok {n} {case.__name__}', flush=True)
    sys.exit(failures > 0)


main()
