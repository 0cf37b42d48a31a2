"""Transactions on Redshift, and the locks that keep loads apart.

Two tables of ours beside the warehouse's, in a schema of their own: one is locked for a whole load, by a
connection that does nothing else, so that it is free again as soon as the process is gone; one by each transaction,
before anything else in it, so that its snapshot is taken after the lock.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html, .../c_serial_isolation.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import TYPE_CHECKING, TypeVar

from sparkify.errors import SparkifyError, WarehouseError, WarehouseInUse
from sparkify.warehouse.redshift_address import RedshiftAddress
from sparkify.warehouse.redshift_session import ConnectionLost, RedshiftSession, Refused, StatementTimeout, retrying

if TYPE_CHECKING:
    from sparkify.config import Settings

T = TypeVar("T")

WORK = "sparkify_work"
"""Schema of what belongs to the loader: its locks, and the tables that last for one run."""

_RUN_LOCK = f"{WORK}.run_lock"
_BATCH_LOCK = f"{WORK}.batch_lock"
_IDENTITY = f"{WORK}.warehouse"
_LOCK_WAIT = 60.0
"""Seconds to wait for a transaction of ours whose connection was lost, until the server has noticed."""
_STOPPED_WAIT = 1.0
_LEAST_WAIT = 500
"""Milliseconds that a statement needs to come through at all."""


class Transactions:
    """A warehouse's connection, and what is true of it."""

    def __init__(self, address: RedshiftAddress, settings: Settings) -> None:
        self.address = address
        self.url = address.url
        self._settings = settings
        self._main = self._session("sparkify")
        self._holder = self._session("sparkify lock")
        self._locking = False
        """During a load: every transaction takes the lock."""
        self._schema = ""
        """Of the second set of tables while it is in use; else empty."""
        self._connected = 0
        """The number of the connection that the following is true of."""
        self._path = ""
        self._temporary: set[str] = set()
        self._before: tuple[set[str], str] = (set(), "")
        """Both as they were when the transaction began."""
        self._depth = 0
        self._stopped = False
        """By a signal: whoever is to leave must not wait."""

    def _session(self, name: str) -> RedshiftSession:
        settings = self._settings
        password = settings.redshift_password
        return RedshiftSession(
            self.address,
            password=password.get_secret_value() if password else None,
            connect_timeout=settings.connect_timeout,
            statement_timeout=settings.statement_timeout,
            name=name,
        )

    # -- locks ------------------------------------------------------------------------------------------

    def _make_locks(self) -> None:
        # Committed before anything is locked: a table made after a snapshot is not there for it. What is there is
        # not made again, which takes a privilege that whoever loads may not have.
        for others in reversed(range(5)):
            try:
                self._make_missing()
            except Refused as error:
                # First loads at once: `if not exists` does not keep two transactions from making the same thing.
                # Whoever is refused finds one more of the four things there, so that it ends.
                if error.denied or not others:
                    raise
            else:
                return

    def _make_missing(self) -> None:
        missing = {_RUN_LOCK, _BATCH_LOCK, _IDENTITY} - {f"{WORK}.{name}" for name in self._main.tables(WORK)}
        if missing:
            self._main.execute(f"create schema if not exists {WORK}")
        for table in sorted(missing):
            column = "id varchar(64)" if table == _IDENTITY else "held int"
            self._main.execute(f"create table if not exists {table} ({column})")

    def _identity(self) -> str:
        """What tells this warehouse from every other, given once, under the lock of a load."""
        [(found,)] = self._main.query(f"select min(id) from {_IDENTITY}")
        if found is None:
            found = token_hex(8)
            self._main.execute(f"insert into {_IDENTITY} (id) values (?)", [found])
        return str(found)

    def _hold(self, seconds: float) -> None:
        """Hold the lock of a load, by a connection of its own: it is free again as soon as this process is gone."""
        session = self._holder
        session.close()
        session.execute("begin")
        try:
            _lock(session, _RUN_LOCK, seconds)
        except StatementTimeout as error:
            session.close()
            raise WarehouseInUse(f"{self.url}: another load is running; try again when it has ended") from error

    def _still_held(self) -> None:
        try:
            if self._holder.is_open:
                self._holder.query("select 1")
                return
        except WarehouseError:
            pass
        # The server may take its time to notice that the connection is gone; until then the lock is our own.
        self._hold(max(self._settings.retry, self._settings.wait))

    # -- transactions -----------------------------------------------------------------------------------

    @contextmanager
    def session(self, *, read_only: bool = False) -> Iterator[None]:
        # One transaction, so that what is read is of one moment; it leaves nothing behind.
        if self._depth or not read_only:
            yield
            return
        # Only here may a connection have been idle for long, such as while files were listed.
        self._retrying(self._begin)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            self._roll_back()

    def _begin(self, mode: str = "") -> None:
        self._main.execute(f"begin{mode}")
        if self._connected != self._main.number:
            # Another connection than before: its temporary tables are none.
            self._connected, self._temporary, self._path = self._main.number, set(), ""
        self._before = (set(self._temporary), self._path)
        self._set_path()

    def _set_path(self) -> None:
        """What unqualified names mean: the second set of tables in its time, else the user's default schema."""
        schema = self._schema or self._main.schema
        if self._path != schema:
            self._main.execute(f"set search_path to {quoted(schema)}")
            self._path = schema

    def transact(self, work: Callable[[], T], *, committed: Callable[[], bool] | None = None) -> T:
        reached: list[T] = []
        """What work gave when a commit was sent after it, of which no answer came."""

        def attempt() -> T:
            with self._transaction():
                if reached and committed is not None and committed():
                    self._roll_back()
                    return reached[0]
                reached.clear()
                reached.append(work())
                self._main.execute("commit")
                return reached[0]

        try:
            return self._retrying(attempt)
        except ConnectionLost:
            if not reached or committed is None:
                raise
            # The time for trying is over, but not without having asked whether the last commit came through.
            with self._transaction():
                if committed():
                    self._roll_back()
                    return reached[0]
            raise

    def _lock_batch(self, seconds: float) -> None:
        try:
            _lock(self._main, _BATCH_LOCK, seconds)
        except StatementTimeout as error:
            self._main.close()  # whether the time set for it outlives the transaction is not documented
            raise WarehouseInUse(f"{self.url}: a transaction of another load has not ended; try again later") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Begin, lock, and roll back whatever was not committed."""
        if self._locking:
            self._still_held()
        self._begin()
        self._depth += 1
        try:
            if self._locking:
                # Also waits for the end of a transaction whose connection was lost, so that its outcome is known.
                wait = _STOPPED_WAIT if self._stopped else _LOCK_WAIT
                self._lock_batch(wait)
            yield
        except BaseException as error:
            self._stopped = self._stopped or not isinstance(error, Exception)
            self._roll_back()
            raise
        finally:
            self._depth -= 1

    def _roll_back(self) -> None:
        # Temporary tables made in the transaction are gone with it, those dropped are back; so is the search path.
        self._temporary, self._path = set(self._before[0]), self._before[1]
        if self._main.is_open:
            with suppress(SparkifyError):
                self._main.execute("rollback")

    def _retrying(self, work: Callable[[], T]) -> T:
        result: T = retrying(work, seconds=self._settings.retry)
        return result


def _lock(session: RedshiftSession, table: str, seconds: float) -> None:
    """Lock a table, or raise StatementTimeout. There is no NOWAIT, but a statement can be given a time."""
    session.execute(f"set statement_timeout to {max(_LEAST_WAIT, round(seconds * 1000))}")
    session.execute(f"lock {table}")
    session.execute(f"set statement_timeout to '{session.usual_timeout}'")


def quoted(name: str) -> str:
    """A name as an identifier."""
    return '"' + name.replace('"', '""') + '"'
