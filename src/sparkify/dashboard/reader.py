"""Asks the warehouse for the page: shortly, once for all who ask the same, and never at the cost of a load.

A DuckDB file admits either one process that writes or others that read. So it is open while questions wait behind each
other, anew after a second, and never between; while a load runs it is opened for each question, and there is a pause
after each in which the load gets it. What many questions begin with is kept in memory for as long as the file is as it
was. When the warehouse cannot be asked, the last good answer is shown, with its time. On Redshift a few connections are
shared by all pages.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Generic, TypeVar

from sparkify import queries, sql_queries
from sparkify.config import Settings
from sparkify.create_tables import check_tables
from sparkify.errors import SparkifyError, UsageError, WarehouseInUse
from sparkify.status import Status, status
from sparkify.warehouse import Answer, Warehouse, open_warehouse

T = TypeVar("T")

FRESH = 300.0
"""Seconds for which an answer is shown again where no change can be seen from outside (Redshift)."""
KEPT = 500
"""Answers that are kept."""
CONNECTIONS = 4
"""Connections to Redshift that all pages share."""
WAIT = 10.0
"""Seconds that a question waits for the file while a load commits, when there is nothing to show until then."""
SOON = 1.0
"""Seconds that it waits when there is an older answer."""
BUSY = 2.0
"""Seconds for which questions do not wait again, once one has waited in vain."""
GAP = 0.15
"""Seconds left to a load after each question: it looks for the file twenty times a second."""
HELD = 1.0
"""Seconds after which the file is opened anew, though other questions wait behind."""
LOOK = 0.25
"""Seconds after which whoever waits for an answer looks whether the page is still there."""


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """What there is to show."""

    value: T
    at: datetime
    """When the warehouse was asked, in UTC."""
    problem: str = ""
    """Why it could not be asked again since; empty when the value is that of now."""


@dataclass(slots=True)
class _Flight(Generic[T]):
    """A question under way, and how many wait for its answer."""

    future: Future[Shown[T]]
    waiting: int = 0
    given_up: bool = False
    """Nobody waits any more; whoever asks the same begins anew."""
    guard: threading.Lock = field(default_factory=threading.Lock)
    """Held while `cancel` is called: what it ends must not be the next question of the same connection."""
    cancel: Callable[[], None] | None = None


class Reader:
    """Answers for all pages; used by many threads."""

    def __init__(self, settings: Settings) -> None:
        # What a page asks besides questions, such as how the loads went, may take no longer than these.
        limit = min(settings.timeout, settings.statement_timeout or settings.timeout)
        self._settings = settings.model_copy(update={"wait": min(settings.wait, WAIT), "statement_timeout": limit})
        self._on_file = not settings.warehouse.startswith("redshift://")
        # DuckDB takes every core for one question; two at once would only hold the file longer.
        self._workers = ThreadPoolExecutor(1 if self._on_file else CONNECTIONS, thread_name_prefix="question")
        self._idle: queue.LifoQueue[Warehouse] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[object]] = {}
        self._closed = False
        self._busy_until = 0.0
        self._queued = 0
        """Questions that no worker has begun with."""
        self._held = ExitStack()
        """Closes the file of DuckDB, which the one worker has open."""
        self._held_until = 0.0
        """When it is to be closed at the latest; 0 while it is closed."""
        self._held_version: object = None
        """What `version` was when it was opened."""
        self._held_renewed = 0
        self._renewed = 0
        self._kept: OrderedDict[Hashable, tuple[object, Shown[object]]] = OrderedDict()
        """By question: the version of the warehouse that answered, and what it answered."""
        self._house = open_warehouse(self._settings)
        """On DuckDB the one that is asked; on Redshift it is never asked, and tells the address."""
        self.url = self._house.url

    def close(self) -> None:
        """End what is under way and let go of connections."""
        with self._lock:
            self._closed = True
            flights = list(self._flights.values())
        for flight in flights:
            _cancel(flight)
        self._workers.shutdown(cancel_futures=True)
        self._let_go()
        while not self._idle.empty():
            self._idle.get_nowait().close()
        self._house.close()

    # -- questions --------------------------------------------------------------------------------------

    def answer(self, name: str, given: Mapping[str, str], heed: Callable[[], None] = lambda: None) -> Shown[Answer]:
        """What a named query answers; see `_get`. UsageError for a value that does not fit comes at once."""
        return self._get(*self._asked(name, given), heed)

    @contextmanager
    def expecting(self, asked: Iterable[tuple[str, Mapping[str, str]]]) -> Iterator[None]:
        """Begin with questions that will be asked in this order, so that one is answered while another is drawn."""
        begun: list[tuple[Hashable, object, _Flight[object]]] = []
        try:
            for name, given in asked:
                (key, ask), version = self._asked(name, given), self.version()
                flight = self._board(key, ask, version)[1]
                if flight is not None:
                    begun.append((key, version, flight))
            yield
        finally:
            for each in begun:
                self._leave(*each)

    def _asked(self, name: str, given: Mapping[str, str]) -> tuple[Hashable, Callable[[Warehouse], Answer]]:
        values = dict(sorted(queries.checked(queries.named_query(name), given).items()))

        def ask(house: Warehouse) -> Answer:
            try:
                return queries.answer(house, name, values)
            except UsageError:
                with house.session(read_only=True):
                    check_tables(house)  # tables of another version refuse the statement; this says so
                raise

        return ("answer", name, *values.items()), ask

    def statement(self, name: str, given: Mapping[str, str], heed: Callable[[], None] = lambda: None) -> str:
        """The SQL of a named query."""
        if not queries.asks_first(name):
            return queries.statement(self._house, name, given)
        values = dict(sorted(queries.checked(queries.named_query(name), given).items()))
        key = ("statement", name, *values.items())
        return self._get(key, lambda house: queries.statement(house, name, values), heed).value

    def days(self, heed: Callable[[], None] = lambda: None) -> Shown[tuple[date, date] | None]:
        """The first and the last day with a play; None when there is none."""

        def look(house: Warehouse) -> tuple[date, date] | None:
            [(first, last)] = house.ask(sql_queries.statement("status/plays", house.engine)).rows
            return (first.date(), last.date()) if isinstance(first, datetime) and isinstance(last, datetime) else None

        return self._get(("days",), look, heed)

    def health(self, heed: Callable[[], None] = lambda: None) -> Shown[Status]:
        """How the loads went."""
        here = self._settings.model_copy(update={"song_data": None, "log_data": None})
        return self._get(("health",), lambda house: status(house, here), heed)

    def version(self) -> object:
        """Another value when numbers may have changed; where that cannot be seen, after a while."""
        return self._renewed, self._house.version() if self._on_file else int(time.monotonic() / FRESH)

    def renew(self) -> None:
        """Ask for everything anew from now on, also where no change can be seen from outside."""
        self._renewed += 1

    @property
    def tells_changes(self) -> bool:
        """Whether an open page may follow `version`.

        On Redshift that would mean asking again and again, and a forgotten page would keep a workgroup awake.
        """
        return self._on_file

    # -- how they are asked -----------------------------------------------------------------------------

    def _get(self, key: Hashable, ask: Callable[[Warehouse], T], heed: Callable[[], None]) -> Shown[T]:
        """The answer to a question, from the warehouse as it is; the last good one when it cannot be asked.

        `heed` is called while waiting, and may raise when nobody wants the answer any more: a question that nobody
        waits for is cancelled. Raises SparkifyError when there is no answer, old or new.
        """
        version = self.version()
        found, flight = self._board(key, ask, version)
        if flight is None:
            assert found is not None
            return found
        try:
            while True:
                try:
                    return flight.future.result(LOOK)  # type: ignore[return-value]
                except TimeoutError:
                    if flight.future.done():
                        return flight.future.result()  # type: ignore[return-value]
                    heed()
        except SparkifyError as error:
            if found is None:
                raise
            return Shown(found.value, found.at, str(error))
        finally:
            self._leave(key, version, flight)

    def _board(
        self, key: Hashable, ask: Callable[[Warehouse], T], version: object
    ) -> tuple[Shown[T] | None, _Flight[object] | None]:
        """The last answer, and the flight that brings the one of now, which must be left; None if that is the last."""
        with self._lock:
            kept = self._kept.get(key)
            found: Shown[T] | None = kept[1] if kept is not None else None  # type: ignore[assignment]
            if kept is not None and kept[0] == version:
                self._kept.move_to_end(key)
                return found, None
            if self._closed:
                raise SparkifyError("the dashboard is about to end")
            flight = self._flights.get((key, version))
            if flight is None:
                flight = self._flights[key, version] = _Flight(Future())
                patience = WAIT if kept is None else SOON
                self._queued += 1
                self._workers.submit(self._fly, key, version, ask, flight, patience)
            flight.waiting += 1
            return found, flight

    def _leave(self, key: Hashable, version: object, flight: _Flight[object]) -> None:
        """Wait no more. A question that nobody waits for is cancelled, and nobody can join it from then on."""
        with self._lock:
            flight.waiting -= 1
            if flight.waiting or flight.future.done():
                return
            flight.given_up = True
            self._forget(key, version, flight)
        _cancel(flight)

    def _fly(
        self,
        key: Hashable,
        version: object,
        ask: Callable[[Warehouse], object],
        flight: _Flight[object],
        patience: float,
    ) -> None:
        """Ask, in a thread of the pool."""
        with self._lock:
            self._queued -= 1
        try:
            if not flight.given_up:
                self._ask(key, version, ask, flight, patience)
        finally:
            if self._on_file:
                loading = self._house.is_loading()
                if loading or not self._queued or time.monotonic() > self._held_until:
                    self._let_go()
                if loading:
                    time.sleep(GAP)

    def _ask(
        self,
        key: Hashable,
        version: object,
        ask: Callable[[Warehouse], object],
        flight: _Flight[object],
        patience: float,
    ) -> None:
        try:
            # The questions behind one that waited in vain need not find out for themselves.
            with self._asking(patience if time.monotonic() > self._busy_until else 0.0) as house:
                flight.cancel = house.cancel
                try:
                    shown = Shown(ask(house), datetime.now(UTC))
                finally:
                    with flight.guard:
                        flight.cancel = None
        except BaseException as error:  # whoever waits is to hear of it, whatever it is
            if isinstance(error, WarehouseInUse):
                self._busy_until = time.monotonic() + BUSY
            self._land(key, version, flight, None)
            flight.future.set_exception(error)
        else:
            self._land(key, version, flight, shown)
            flight.future.set_result(shown)

    def _land(self, key: Hashable, version: object, flight: _Flight[object], shown: Shown[object] | None) -> None:
        with self._lock:
            self._forget(key, version, flight)
            if shown is not None:
                self._kept[key] = (version, shown)
                self._kept.move_to_end(key)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)

    def _forget(self, key: Hashable, version: object, flight: _Flight[object]) -> None:
        if self._flights.get((key, version)) is flight:
            del self._flights[key, version]

    @contextmanager
    def _asking(self, patience: float) -> Iterator[Warehouse]:
        """The warehouse for one question: on DuckDB the file, opened unless it is, on Redshift a connection."""
        if self._on_file:
            try:
                if self._held_until and self.version() != self._held_version:
                    self._let_go()  # another file may have taken its place
                if not self._held_until:
                    self._hold(min(self._settings.wait, patience))
                yield self._house
            except BaseException:
                self._let_go()
                raise
            return
        house = self._connected()
        try:
            yield house
        except BaseException:
            house.close()  # in what state it is, nobody knows
            raise
        self._idle.put(house)

    def _hold(self, wait: float) -> None:
        """Open the file at the next question."""
        self._held_version = self.version()
        if self._held_renewed != self._renewed:
            self._held_renewed = self._renewed
            self._house.close()  # and with it what is kept
        if not self._house.exists():
            raise UsageError(f"{self._house.url}: there is no warehouse; run `sparkify etl`")
        self._held.enter_context(self._house.asking(wait=wait))
        self._held_until = time.monotonic() + HELD

    def _let_go(self) -> None:
        """Close the file, if it is open."""
        self._held.close()
        self._held_until = 0.0

    def _connected(self) -> Warehouse:
        """One that was idle and is connected still, or else a new one."""
        while True:
            try:
                house = self._idle.get_nowait()
            except queue.Empty:
                house = open_warehouse(self._settings)
                with house.session(read_only=True):
                    check_tables(house)
                return house
            try:
                house.exists()
            except SparkifyError:
                house.close()  # servers and balancers end what is silent for long
            else:
                return house


def _cancel(flight: _Flight[object]) -> None:
    """End a question, unless it has been answered."""
    with flight.guard:
        if flight.cancel is not None:
            flight.cancel()


_serving: list[Reader] = []


def serve_by(reader: Reader) -> None:
    """Let the page ask this reader."""
    _serving[:] = [reader]


def serving() -> Reader:
    """The reader that the page asks; Streamlit runs the page as a script, which takes no arguments."""
    return _serving[0]
