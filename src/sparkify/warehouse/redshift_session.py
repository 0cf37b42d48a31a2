"""A session on Amazon Redshift: the driver, with its errors in our words.

Statements are sent one at a time, as they are; transactions are begun and ended by statements of ours, so that
what is sent can be read here from top to bottom. A session is used by one thread.
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sparkify.errors import SparkifyError, UsageError, WarehouseError
from sparkify.warehouse import Answer, Row
from sparkify.warehouse.redshift_address import RedshiftAddress, credentials

if TYPE_CHECKING:
    from redshift_connector.core import Connection

KEEPALIVE = {"tcp_keepalive": True, "tcp_keepalive_idle": 60, "tcp_keepalive_interval": 15, "tcp_keepalive_count": 4}
"""Load balancers forget a connection that is silent for 350 s; a COPY may take longer."""

_TIMEOUT = "57014"
_DENIED = "42501"
_CONFLICTS = ("40001", "40P01")
_ENDED = ("57P01", "57P02", "57P03", "08006", "08003")
_CONFLICT = re.compile(
    r"serializable isolation violation|conflict with concurrent transaction|deadlock detected", re.IGNORECASE
)


class Conflict(WarehouseError):
    """Another transaction came in between: this one was rolled back, and may be tried again."""

    passing = True


class ConnectionLost(WarehouseError):
    """The server does not answer any more: whatever was not committed is rolled back."""

    passing = True


class StatementTimeout(WarehouseError):
    """A statement took longer than it may."""

    passing = True


class Refused(WarehouseError):
    """The engine refused a statement."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code
        """SQLSTATE."""
        self.denied = code == _DENIED


class RedshiftSession:
    """One connection, made when it is first needed."""

    def __init__(
        self,
        address: RedshiftAddress,
        *,
        password: str | None,
        connect_timeout: float,
        statement_timeout: float,
        name: str = "sparkify",
    ) -> None:
        self.address = address
        self._password = password
        self._connect_timeout = connect_timeout
        self._statement_timeout = statement_timeout
        self._name = name
        self._connection: Connection | None = None
        self.schema = ""
        """Where unqualified tables are made: the default schema of whoever is connected."""
        self.usual_timeout = "0"
        """What statements may take, as the server tells it: a setting of ours, of the user or of the cluster."""
        self.process: int | None = None
        """What the server knows the connection by, once it is open."""
        self.number = 0
        """Counts connections: what belonged to an earlier one, such as temporary tables, is gone."""

    # -- opening and closing --------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as is known here."""
        return self._connection is not None

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
            self.number += 1
            try:
                self.execute("set timezone to 'UTC'")  # not that of the user or of the cluster
                if self._statement_timeout:
                    self.execute(f"set statement_timeout to {round(self._statement_timeout * 1000)}")
                self.usual_timeout = str(self.query("show statement_timeout")[0][0])
                self.schema = str(self.query("select current_schema()")[0][0])
                self.process = int(str(self.query("select pg_backend_pid()")[0][0]))
            except BaseException:
                self.close()
                raise
        return self._connection

    def _connect(self) -> Connection:
        import redshift_connector

        given = credentials(self.address, self._password)
        tls = self.address.tls
        try:
            connection = redshift_connector.connect(
                host=self.address.host,
                port=self.address.port,
                database=self.address.database,
                user=given.user,
                password=given.password,
                ssl=tls != "disable",
                sslmode=None if tls == "disable" else tls,
                timeout=max(1, round(self._connect_timeout)),
                application_name=self._name,
                max_prepared_statements=0,
                **KEEPALIVE,  # type: ignore[arg-type]
            )
        except Exception as error:
            raise _connecting_error(self.address, given.user, error, self._connect_timeout) from error
        # The driver's timeout would end every read, a COPY of ten minutes too; the server keeps the time instead.
        connection._usock.settimeout(None)
        connection.autocommit = True
        return connection

    def close(self) -> None:
        """Let go of the connection; the server rolls back what was not committed."""
        connection, self._connection = self._connection, None
        self.process = None
        if connection is not None:
            with suppress(Exception):
                connection._usock.shutdown(2)
            with suppress(Exception):
                connection._usock.close()

    # -- statements -----------------------------------------------------------------------------------

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Execute a statement. Raises Conflict, ConnectionLost, StatementTimeout or Refused."""
        self._send(sql, parameters)

    def tables(self, schema: str) -> set[str]:
        """The tables and views of a schema, also those that the user may not read."""
        # Not of information_schema, which hides these: they would seem to be missing.
        rows = self.query(
            "select cast(c.relname as varchar(128)) from pg_class as c inner join pg_namespace as n "
            "on c.relnamespace = n.oid where n.nspname = ? and c.relkind in ('r', 'v')",
            [schema],
        )
        return {str(name) for (name,) in rows}

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """What a statement selects."""
        cursor = self._send(sql, parameters)
        with self._told(sql):
            return [tuple(row) for row in cursor.fetchall()]

    def answer(self, sql: str) -> Answer:
        """What somebody's query selects, with the names and types of its columns."""
        cursor = self._send(sql, ())
        described = cursor.description or []
        with self._told(sql):
            rows = [tuple(row) for row in cursor.fetchall()]
        return Answer(
            tuple(_text(column[0]) for column in described), tuple(_type(column[1]) for column in described), rows
        )

    def _send(self, sql: str, parameters: Sequence[object]) -> Any:
        connection = self._open()
        with self._told(sql):
            cursor = connection.cursor()
            cursor.paramstyle = "qmark"
            if parameters:
                cursor.execute(sql, list(parameters))
            else:
                cursor.execute(sql)
            return cursor

    @contextmanager
    def _told(self, sql: str) -> Iterator[None]:
        """Turn what the driver says into our errors. Whatever leaves the connection in doubt closes it."""
        try:
            yield
        except SparkifyError:
            raise
        except Exception as error:
            told = _statement_error(self.address, sql, error)
            if isinstance(told, ConnectionLost):
                self.close()
            raise told from error
        except BaseException:
            # Interrupted in the middle of an answer: the rest of it would be taken for the answer to what comes next.
            self.close()
            raise

    # -- transactions ---------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit on leaving, roll back on any exception. A connection lost at COMMIT raises ConnectionLost."""
        self.execute("begin")
        try:
            yield
        except BaseException:
            if self.is_open:
                with suppress(SparkifyError):
                    self.execute("rollback")
            raise
        self.execute("commit")


def retrying(work: Callable[[], Any], *, seconds: float, wait: Callable[[float], None] = time.sleep) -> Any:
    """Do work again, after a growing while, for as long as it meets conflicts or loses its connection.

    The last error is raised so many seconds after the first, or after ten tries. Work must be safe to repeat.
    """
    import random

    deadline: float | None = None
    for attempt in range(10):
        try:
            return work()
        except (Conflict, ConnectionLost):
            now = time.monotonic()
            # From the first failure on: what a transaction takes by itself is no time spent trying.
            deadline = now + seconds if deadline is None else deadline
            pause = random.uniform(0.1, 0.5) * 2**attempt  # noqa: S311 - only spreads tries in time
            if attempt == 9 or now + pause > deadline:
                raise
            wait(min(pause, 10.0))
    raise AssertionError


# -- errors ---------------------------------------------------------------------------------------------


def _fields(error: Exception) -> dict[str, str]:
    """The fields of the server's message: C is SQLSTATE, M the message, D its detail; empty for other errors."""
    first = error.args[0] if error.args else None
    return {str(name): str(value) for name, value in first.items()} if isinstance(first, dict) else {}


def _statement_error(address: RedshiftAddress, sql: str, error: Exception) -> WarehouseError:
    fields = _fields(error)
    if not fields:
        # The driver has no class for a broken connection: what comes is of the socket, or of half a message.
        of_socket = isinstance(error, (OSError, struct.error, AttributeError, ValueError, IndexError, KeyError))
        if of_socket or re.search("BrokenPipe|communication error|closed", str(error)):
            return ConnectionLost(
                f"{address.url}: the connection was lost ({_short(error)}); what was committed stays, run again"
            )
        return WarehouseError(f"{address.url}: {_short(error)}")
    return _server_error(address, sql, fields)


def _server_error(address: RedshiftAddress, sql: str, fields: dict[str, str]) -> WarehouseError:
    code = fields.get("C", "")
    text = ". ".join(fields[name].strip().rstrip(".") for name in ("M", "D") if fields.get(name))
    if code in _CONFLICTS or _CONFLICT.search(text) or fields.get("M", "").strip() == "1023":
        return Conflict(f"{address.url}: another transaction came in between ({text[:300]}); run again")
    if code in _ENDED:
        return ConnectionLost(f"{address.url}: the server ended the connection ({text[:300]}); run again")
    if code == _TIMEOUT:
        return StatementTimeout(
            f"{address.url}: a statement took too long and was cancelled ({_shown(sql)}); "
            "set SPARKIFY_STATEMENT_TIMEOUT higher, or look at what the cluster is busy with"
        )
    if code == _DENIED:
        return Refused(f"{address.url}: not allowed ({text[:300]}); grant it to the user of the address", code)
    return Refused(f"Redshift refused: {text[:500]} ({_shown(sql)})", code)


def _connecting_error(address: RedshiftAddress, user: str, error: Exception, seconds: float) -> SparkifyError:
    fields = _fields(error)
    code, text = fields.get("C", ""), fields.get("M", "") or _short(error)
    if code in ("28000", "28P01"):
        return UsageError(f"{address.url}: user {user} may not enter ({text[:200]}); check user and password")
    if code == "3D000":
        return UsageError(f"{address.url}: there is no such database; check the address")
    if "timed out" in text or "time out" in text:
        return ConnectionLost(
            f"{address.url}: no connection within {seconds:g} s; check host, port, and that its security group lets "
            "this machine in"
        )
    if "certificate" in text.lower() or "SSL" in text:
        return UsageError(f"{address.url}: cannot be trusted ({text[:200]}); check the host name")
    return ConnectionLost(f"{address.url}: cannot be reached ({text[:200]}); check host, port and network")


def _short(error: Exception) -> str:
    return " ".join(" ".join(str(each) for each in error.args).split())[:300] or type(error).__name__


def _shown(sql: str) -> str:
    """The beginning of a statement, enough to know which it is."""
    return " ".join(sql.split())[:80]


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _type(oid: int) -> str:
    """The name of a type in the terms that the output knows; source: pg_type of PostgreSQL, which Redshift keeps."""
    return {16: "BOOLEAN", 20: "BIGINT", 21: "SMALLINT", 23: "INTEGER", 700: "FLOAT", 701: "DOUBLE", 1082: "DATE",
            1114: "TIMESTAMP", 1184: "TIMESTAMP WITH TIME ZONE", 1700: "DECIMAL"}.get(oid, "VARCHAR")  # fmt: skip
