"""A session: between the driver and PostgreSQL, one thread for each connection of a client.

The driver speaks the extended protocol with named statements. What it prepares is translated; what is executed is
recorded, may fail by a rule of the test, and is done here instead of by PostgreSQL when that knows no such statement.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.redshift import copying, dialect, unloading, wire
from tests.redshift.wire import Backend, Gone, SqlError, Stream, message

if TYPE_CHECKING:
    from tests.redshift.standin import StandIn

FORWARDED = ("user", "database", "application_name")
SINGLE_NODE = 1000
"""Rows that a FETCH may ask for where there is one node."""
ABORTED = SqlError("25P02", "current transaction is aborted, commands ignored until end of transaction block")


@dataclass
class Prepared:
    """A statement that PostgreSQL knows by this name, in its own words."""

    sql: str
    translation: dialect.Translation


class Dropped(Exception):
    """A rule says that the connection is lost now."""


class Session:
    """One connection of a client, from start-up to end."""

    def __init__(self, standin: StandIn, client: socket.socket, number: int) -> None:
        self._standin = standin
        self._client = Stream(client)
        self._backend: Backend | None = None
        self.number = number
        self.database = ""
        self._prepared: dict[str, Prepared] = {}
        self._portals: dict[str, tuple[Prepared, int]] = {}
        self.in_block = False
        """Whether the statement that runs is part of a block of the client."""
        self.after_rollback: list[str] = []
        """Settings that a failed statement leaves behind."""

    def run(self) -> None:
        """Serve until either side goes."""
        try:
            if self._start():
                while True:
                    self._serve()
        except (Gone, Dropped):
            pass
        finally:
            if self._backend is not None:
                self._backend.end()
            self._client.close()

    def close(self) -> None:
        """End it from another thread."""
        self._client.close()
        if self._backend is not None:
            self._backend.close()

    @property
    def backend(self) -> Backend:
        """The session of PostgreSQL, once there is one."""
        assert self._backend is not None
        return self._backend

    # Start-up

    def _start(self) -> bool:
        while True:
            size = int.from_bytes(self._client.take(4))
            body = self._client.take(size - 4)
            code = int.from_bytes(body[:4])
            if code == wire.SSL_REQUEST and self._standin.tls is not None:
                self._client.send(b"S")
                self._encrypt()
            elif code in (wire.SSL_REQUEST, wire.GSS_REQUEST):
                self._client.send(b"N")
            elif code == wire.PROTOCOL:
                break
            else:
                return False
        words = body[4:].split(b"\0")
        parameters = {key.decode(): value.decode() for key, value in zip(words[::2], words[1::2], strict=False) if key}
        self.database = parameters.get("database", "")
        try:
            self._authenticate(parameters.get("user", ""))
            self._backend = Backend(
                self._standin.server.socket,
                {name: parameters[name] for name in FORWARDED if name in parameters},
                self._client.socket,
            )
        except SqlError as failure:
            self._client.send(wire.error(failure.fields, "FATAL"))
            return False
        self._client.send(message(b"R", bytes(4)) + self.backend.greeting + wire.ready("I"))
        return True

    def _encrypt(self) -> None:
        assert self._standin.tls is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._standin.tls)
        try:
            self._client = Stream(context.wrap_socket(self._client.socket, server_side=True))
        except OSError as failure:  # the client does not like the certificate
            raise Gone from failure

    def _authenticate(self, user: str) -> None:
        """md5, as Redshift asked for before it had digests of its own; the driver knows both."""
        salt = os.urandom(4)
        self._client.send(message(b"R", (5).to_bytes(4) + salt))
        code, body = self._client.message()
        inner = hashlib.md5((self._standin.password + user).encode()).hexdigest()
        expected = b"md5" + hashlib.md5(inner.encode() + salt).hexdigest().encode()
        if code != b"p" or body.rstrip(b"\0") != expected or user != self._standin.user:
            raise SqlError("28000", f'password authentication failed for user "{user}"')

    # Batches of messages

    def _serve(self) -> None:
        """Answer what the client sends up to a Sync."""
        batch: list[tuple[bytes, bytes]] = []
        while not batch or batch[-1][0] not in (b"S", b"Q"):
            code, body = self._client.message()
            if code == b"X":
                raise Gone
            batch.append((code, body))
        forward = bytearray()
        executed: Prepared | None = None
        count = 0
        try:
            for code, body in batch:
                if code == b"Q":
                    raise SqlError("0A000", "the stand-in speaks the extended protocol only")
                changed = body
                if code == b"P":
                    changed = self._parse(body)
                elif code == b"B":
                    portal, at = wire.split_text(body)
                    name, _ = wire.split_text(body, at)
                    if name in self._prepared:
                        self._portals[portal] = (self._prepared[name], _parameters(body))
                elif code == b"C" and body[:1] == b"S":
                    self._prepared.pop(wire.split_text(body, 1)[0], None)
                elif code == b"E":
                    executed, count = self._portals.get(wire.split_text(body)[0], (None, 0))
                forward += message(code, changed)
        except SqlError as failure:
            self._refuse(failure)
            return
        if executed is None:
            self._relay(forward, next((body for code, body in batch if code == b"P"), None))
        else:
            self._execute(executed, count, forward)

    def _parse(self, body: bytes) -> bytes:
        """Translate a Parse message; raises SqlError when Redshift would refuse the statement."""
        name, at = wire.split_text(body)
        sql, at = wire.split_text(body, at)
        try:
            if self._backend is not None and self.backend.status == "E" and not dialect.ends_block(sql):
                raise ABORTED
            translation = dialect.translate(sql)
            if translation.unbindable and int.from_bytes(body[at : at + 2]):
                raise SqlError("42601", 'syntax error at or near "$1"')
        except SqlError as failure:
            self._standin.record(self, sql, int.from_bytes(body[at : at + 2]), failure.message)
            raise
        self._prepared[name] = Prepared(sql, translation)
        return wire.text(name) + wire.text(translation.sql) + body[at:]

    def _refuse(self, failure: SqlError, *, ending: bool = False) -> None:
        """Answer with an error of ours. Within a block nothing works after it; a COMMIT that fails ends the block."""
        if ending:
            self.backend.query("rollback")
        elif self.backend.status == "T":
            with contextlib.suppress(SqlError):
                self.backend.query("refused")
        self._client.send(wire.error(translated(failure.fields)) + wire.ready(self.backend.status))

    def _relay(self, forward: bytearray, parsed: bytes | None) -> None:
        """Have PostgreSQL answer what needs no execution."""
        self.backend.send(bytes(forward))
        answer, failure = self._collect()
        if failure is not None and parsed is not None:
            name, at = wire.split_text(parsed)
            sql, at = wire.split_text(parsed, at)
            self._prepared.pop(name, None)
            self._standin.record(self, sql, int.from_bytes(parsed[at : at + 2]), failure.get("M", ""))
        self._client.send(answer)

    def _collect(self) -> tuple[bytes, wire.Fields | None]:
        """The answer of PostgreSQL as the client gets it, and the error in it."""
        answer = bytearray()
        failure: wire.Fields | None = None
        for code, body in self.backend.answer():
            if code == b"E":
                failure = translated(wire.fields_of(body))
                answer += wire.error(failure)
            elif code != b"S":
                answer += message(code, body)
        return bytes(answer), failure

    # Execution

    def _execute(self, prepared: Prepared, count: int, forward: bytearray) -> None:
        how = self._standin.rule_for(prepared.sql)
        try:
            if how is not None:
                self._before(how, prepared)
            answer, failure = self._perform(prepared, forward)
        except SqlError as error:
            self._standin.record(self, prepared.sql, count, error.message)
            self._refuse(error, ending=dialect.ends_block(prepared.sql))
            return
        except (Gone, Dropped) as lost:
            self._standin.record(self, prepared.sql, count, "connection lost" if isinstance(lost, Dropped) else "gone")
            raise
        if how in ("drop-during", "drop-during-lost"):
            self._standin.record(self, prepared.sql, count, "connection lost")
            self.backend.end()
            raise Dropped
        self._standin.record(self, prepared.sql, count, "ok" if failure is None else failure.get("M", ""))
        self._client.send(answer)

    def _before(self, how: str, prepared: Prepared) -> None:
        """What a rule does before the statement: delay, failure or loss."""
        kind, _, rest = how.partition(":")
        if kind == "stall":
            time.sleep(float(rest))
        elif kind == "drop-before" or (
            kind == "drop-during-lost" and (self.backend.status != "T" or dialect.ends_block(prepared.sql))
        ):
            self.backend.end()
            raise Dropped
        elif kind == "1023":
            raise violation("1234")
        elif kind == "snapshot":
            raise SqlError("XX000", "could not complete because of conflict with concurrent transaction")
        elif kind == "deadlock":
            raise SqlError("40P01", "deadlock detected")
        elif kind == "error":
            state, _, words = rest.partition(":")
            raise SqlError(state, words)

    def _perform(self, prepared: Prepared, forward: bytearray) -> tuple[bytes, wire.Fields | None]:
        translation = prepared.translation
        status = self.backend.status
        if status == "E" and not dialect.ends_block(prepared.sql):
            raise ABORTED
        if translation.outside and status != "I":
            raise SqlError("25001", f"{translation.outside} cannot run inside a transaction block")
        if translation.fetches > SINGLE_NODE and self._standin.single_node:
            raise too_many_rows(translation.fetches)
        if translation.kind == "plain":
            self.backend.send(bytes(forward))
            answer, failure = self._collect()
            if self.backend.status == "I":
                self._settle()
            return answer, failure
        notices = b""
        tag = translation.kind.upper()
        if translation.kind == "copy":
            notices = self._in_block(lambda: copying.copy(self._standin, self, translation.source))
        elif translation.kind == "unload":
            notices = self._in_block(lambda: unloading.unload(self._standin, self, translation.source))
        elif translation.kind == "truncate":
            self.backend.query(translation.source)
            if status == "T":
                self.backend.query("commit")  # TRUNCATE commits the transaction it runs in
            tag = "TRUNCATE TABLE"
        done = message(b"2") + notices + message(b"C", wire.text(tag)) + wire.ready(self.backend.status)
        return done, None

    def _settle(self) -> None:
        """After a rollback: what of a failed statement stays."""
        statements, self.after_rollback = self.after_rollback, []
        for sql in statements:
            self.backend.query(sql)

    def _in_block(self, work: Callable[[], bytes]) -> bytes:
        """Run several statements of ours as the one they are for the client."""
        self.in_block = self.backend.status == "T"
        if self.in_block:
            return work()
        self.backend.query("begin")
        try:
            notices = work()
        except SqlError:
            self.backend.query("rollback")
            self._settle()
            raise
        self.backend.query("commit")
        return notices


def _parameters(body: bytes) -> int:
    """How many values a Bind message carries."""
    _, at = wire.split_text(body)
    _, at = wire.split_text(body, at)
    at += 2 + 2 * int.from_bytes(body[at : at + 2])
    return int.from_bytes(body[at : at + 2])


def violation(table: str) -> SqlError:
    """What Redshift says when two transactions cannot have run one after the other."""
    detail = f"Serializable isolation violation on table - {table}, transactions forming the cycle are: 1, 2 (pid:3)"
    return SqlError("XX000", "1023", detail)


def too_many_rows(count: int) -> SqlError:
    """What a cluster of one node says to a FETCH of more rows than it can hold."""
    asked = "ALL" if count == dialect.ALL_ROWS else str(count)
    return SqlError(
        "XX000",
        f"Fetch size {asked} exceeds the limit of {SINGLE_NODE} for a single node configuration. "
        "Reduce the client fetch/cache size or upgrade to a multi node installation.",
    )


def translated(fields: wire.Fields) -> wire.Fields:
    """An error of PostgreSQL in the words of Redshift."""
    state, words = fields.get("C", ""), fields.get("M", "")
    if state == "40001":
        return violation("1234").fields
    if state == "21000" and "MERGE" in words:
        return SqlError("XX000", "Found multiple matches to update the same tuple").fields
    if state == "22001" or (state == "23514" and "standin_bytes" in words):
        return SqlError("22001", "Value too long for character type").fields
    if state == "428C9":
        return SqlError("0A000", "cannot set an identity column to a value").fields
    return fields
