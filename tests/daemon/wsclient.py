# SPDX-License-Identifier: LGPL-2.1-or-later
"""A WebSocket client that does what it is told, right or wrong: for tests of servers. Standard library only."""
import base64
import os
import socket
import ssl
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FIN = 0x80
TIMEOUT = 10


class Closed(Exception):
    """The connection ended: with a close frame (code, reason) or without (code None)."""

    def __init__(self, code, reason=""):
        super().__init__(f"{code} {reason}".strip())
        self.code, self.reason = code, reason


def frame(payload=b"", opcode=TEXT, fin=True, masked=True, reserved=0):
    if isinstance(payload, str):
        payload = payload.encode()
    size = len(payload)
    head = bytes([(FIN if fin else 0) | reserved | opcode])
    bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += struct.pack("!BH", bit | 126, size)
    else:
        head += struct.pack("!BQ", bit | 127, size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "little")
    return head + mask + (int.from_bytes(payload, "little") ^ key).to_bytes(size, "little")


def request(token="good", path="/ws/monitoring/", scheme="Token", **headers):
    lines = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    if token is not None:
        lines["Authorization"] = f"{scheme} {token}"
    lines.update({name.replace("_", "-"): value for name, value in headers.items()})
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"GET {path} HTTP/1.1\r\n{text}\r\n".encode()


class Connection:
    """Bytes and frames over one socket, TLS where context is given."""

    def __init__(self, port, context=None, host="127.0.0.1", name="localhost", session=None, source=None):
        self.sock = socket.create_connection((host, port), timeout=TIMEOUT, source_address=(source, 0) if source else None)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self.sock = context.wrap_socket(self.sock, server_hostname=name, session=session)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def more(self):
        """False at the end of the connection."""
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            data = b""
        self.buffer += data
        return bool(data)

    def take(self, size):
        while len(self.buffer) < size:
            if not self.more():
                raise Closed(None)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def response(self):
        """Status, headers and text of an HTTP answer."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                raise Closed(None)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return int(first.split()[1]), headers, self.take(int(headers.get("content-length", 0)))

    def upgrade(self, **how):
        self.send(request(**how))
        status, headers, text = self.response()
        if status != 101:
            raise Closed(status, text.decode())
        return headers

    def receive_frame(self):
        first, second = self.take(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self.take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.take(8))
        assert not second & 0x80, "a server does not mask"
        return first & 0x0F, self.take(size)

    def receive(self):
        """The next text message; Closed when there is none."""
        while True:
            opcode, payload = self.receive_frame()
            if opcode == TEXT:
                return payload.decode()
            if opcode == PING:
                self.send(frame(payload, PONG))
            if opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                raise Closed(code, payload[2:].decode())

    def ask(self, text):
        self.send(frame(text))
        return self.receive()

    def wait_end(self):
        """Reads on until the server ends the connection; what came meanwhile is returned."""
        while self.more():
            pass
        return self.buffer
