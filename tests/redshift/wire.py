"""Messages of the frontend/backend protocol, version 3, and the proxy's own connection to PostgreSQL.

Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol".
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Fields = dict[str, str]
Row = list[str | None]

PROTOCOL = 196608
SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102


class Gone(Exception):
    """The other side has closed its connection."""


class SqlError(Exception):
    """An error as the protocol tells it: C is the SQLSTATE, M the message, D the detail."""

    def __init__(self, state: str, message: str, detail: str = "", fields: Fields | None = None) -> None:
        super().__init__(f"{state}: {message}")
        self.fields = fields or {"S": "ERROR", "C": state, "M": message} | ({"D": detail} if detail else {})

    @property
    def state(self) -> str:
        return self.fields.get("C", "")

    @property
    def message(self) -> str:
        return self.fields.get("M", "")


def message(code: bytes, body: bytes = b"") -> bytes:
    """One message with its length."""
    return code + struct.pack("!i", len(body) + 4) + body


def text(value: str) -> bytes:
    """A string as it stands in messages."""
    return value.encode() + b"\0"


def error(fields: Fields, severity: str = "ERROR") -> bytes:
    """An ErrorResponse; a NoticeResponse has the same body."""
    fields = {"S": severity} | fields
    return message(b"E", b"".join(key.encode() + text(value) for key, value in fields.items()) + b"\0")


def notice(words: str) -> bytes:
    """What the client gets beside the answer."""
    return message(b"N", b"SINFO\0C00000\0M" + text(words) + b"\0")


def ready(status: str) -> bytes:
    """ReadyForQuery: I is idle, T in a transaction, E in a failed one."""
    return message(b"Z", status.encode())


def fields_of(body: bytes) -> Fields:
    """The fields of an ErrorResponse."""
    return {part[:1].decode(): part[1:].decode(errors="replace") for part in body.split(b"\0") if part}


def split_text(body: bytes, at: int = 0) -> tuple[str, int]:
    """A string of a message, and where the next thing begins."""
    end = body.index(b"\0", at)
    return body[at:end].decode(errors="replace"), end + 1


def startup(parameters: dict[str, str]) -> bytes:
    """A StartupMessage."""
    body = struct.pack("!i", PROTOCOL) + b"".join(text(part) for pair in parameters.items() for part in pair) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


class Stream:
    """Messages from a socket, as they come."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = bytearray()
        self._at = 0

    def take(self, count: int) -> bytes:
        """So many bytes; raises Gone when the other side has closed."""
        while len(self._buffer) - self._at < count:
            self.wait()
            try:
                data = self.socket.recv(262144)
            except OSError as failure:
                raise Gone from failure
            if not data:
                raise Gone
            if self._at:
                del self._buffer[: self._at]
                self._at = 0
            self._buffer += data
        part = bytes(self._buffer[self._at : self._at + count])
        self._at += count
        return part

    def wait(self) -> None:
        """Called before each blocking read."""

    def message(self) -> tuple[bytes, bytes]:
        """The code and the body of the next message."""
        head = self.take(5)
        return head[:1], self.take(int.from_bytes(head[1:]) - 4)

    def send(self, data: bytes) -> None:
        """All of it; raises Gone when the other side has closed."""
        try:
            self.socket.sendall(data)
        except OSError as failure:
            raise Gone from failure

    def close(self) -> None:
        """Close the socket; whoever reads from it notices."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@dataclass(frozen=True)
class Column:
    """A column of a result."""

    name: str
    oid: int
    modifier: int


class Backend(Stream):
    """A session of PostgreSQL. It remembers the state of its transaction, and gives up when its client has gone."""

    def __init__(self, path: str, parameters: dict[str, str], client: socket.socket | None = None) -> None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            raise
        super().__init__(connection)
        self._client = client
        self.status = "I"
        self.pid = 0
        self.greeting = b""
        """What PostgreSQL told after it had let us in, for the client to read."""
        self.columns: list[Column] = []
        """Of the last query."""
        try:
            self.send(startup(parameters))
            self._greet()
        except BaseException:
            self.close()
            raise

    def wait(self) -> None:
        """Watch the client as well: inside a block a lost session rolls back, outside the statement goes on."""
        while self._client is not None:
            readable, _, _ = select.select([self.socket, self._client], [], [])
            if self.socket in readable:
                return
            try:
                lost = not socket.socket.recv(self._client, 1, socket.MSG_PEEK)
            except OSError:
                lost = True
            if not lost:
                return  # it has sent more before it read our answer
            self._client = None
            if self.status == "T":
                self.close()
                raise Gone

    def _greet(self) -> None:
        kept = bytearray()
        while True:
            code, body = self.message()
            if code == b"E":
                raise SqlError("", "", fields=fields_of(body))
            if code == b"K":
                self.pid = int.from_bytes(body[:4])
            if code == b"S" and body.startswith(b"server_version\0"):
                # What Redshift says it is. The driver counts rows by it.
                body = b"server_version\x008.0.2\0"
            if code in (b"S", b"K"):
                kept += message(code, body)
            if code == b"Z":
                self.greeting = bytes(kept)
                return

    def answer(self) -> Iterator[tuple[bytes, bytes]]:
        """Messages up to and with ReadyForQuery."""
        while True:
            code, body = self.message()
            if code == b"Z":
                self.status = body.decode()
                yield code, body
                return
            yield code, body

    def query(self, sql: str) -> list[Row]:
        """The rows of a statement of ours; raises SqlError."""
        self.send(message(b"Q", text(sql)))
        return self._rows()

    def _rows(self) -> list[Row]:
        failure: Fields | None = None
        rows: list[Row] = []
        for code, body in self.answer():
            if code == b"D":
                rows.append(values(body))
            elif code == b"T":
                self.columns = columns(body)
            elif code == b"E":
                failure = fields_of(body)
        if failure is not None:
            raise SqlError("", "", fields=failure)
        return rows

    def copy_in(self, sql: str, chunks: Iterable[bytes]) -> None:
        """COPY ... FROM STDIN of PostgreSQL; raises SqlError."""
        self.send(message(b"Q", text(sql)))
        while True:
            code, body = self.message()
            if code == b"G":
                break
            if code == b"E":
                failure = fields_of(body)
                for _ in self.answer():
                    pass
                raise SqlError("", "", fields=failure)
        try:
            for chunk in chunks:
                self.send(message(b"d", chunk))
        except BaseException:
            self.send(message(b"f", text("given up")))
            for _ in self.answer():
                pass
            raise
        self.send(message(b"c"))
        self._rows()

    def copy_out(self, sql: str) -> bytes:
        """COPY ... TO STDOUT of PostgreSQL; raises SqlError."""
        self.send(message(b"Q", text(sql)))
        data = bytearray()
        failure: Fields | None = None
        for code, body in self.answer():
            if code == b"d":
                data += body
            elif code == b"E":
                failure = fields_of(body)
        if failure is not None:
            raise SqlError("", "", fields=failure)
        return bytes(data)

    def end(self) -> None:
        """End the session and wait until PostgreSQL has: its transaction is rolled back, its locks are free."""
        self._client = None
        with contextlib.suppress(Gone):
            self.send(message(b"X"))
            while True:
                self.take(1)
        self.close()


def values(body: bytes) -> Row:
    """The values of a DataRow in text form."""
    count = int.from_bytes(body[:2])
    row: Row = []
    at = 2
    for _ in range(count):
        size = int.from_bytes(body[at : at + 4], signed=True)
        at += 4
        if size < 0:
            row.append(None)
        else:
            row.append(body[at : at + size].decode())
            at += size
    return row


def columns(body: bytes) -> list[Column]:
    """The columns of a RowDescription."""
    found: list[Column] = []
    at = 2
    for _ in range(int.from_bytes(body[:2])):
        name, at = split_text(body, at)
        _, _, oid, _, modifier, _ = struct.unpack_from("!ihihih", body, at)
        at += 18
        found.append(Column(name, oid, modifier))
    return found
