"""The handle by which tests use the stand-in for Amazon Redshift.

with StandIn(objects.endpoint) as standin:
    connection = redshift_connector.connect(
        host=standin.host, port=standin.port, user=standin.user, password=standin.password,
        database=standin.database(), ssl=False,
    )

Where the documentation of Redshift does not say what happens, this happens:

- A fraction in VARCHAR is written anew, as the shortest text of its double: 1.10 is 1.1 and 1e3 is 1000.0.
- 200.0 and 1e3 are no integers, not even for TIMEFORMAT 'epochmillisecs'; "+1" and " 1" are none either.
- A timestamp by a pattern has no fraction unless the pattern has; 'auto' takes no numbers.
- \\u0000 in text is dropped without a word; of a key that stands twice in an object the first counts.
- JSONPaths and JSON 'auto' tell upper from lower case. After junk the next line that begins an object goes on.
- Number and JSON errors have codes 1207, 1208 and 1216; a number out of range has 1207.
- Within a block a failed COPY leaves pg_last_copy_id() as it was before, and pg_last_copy_count() 0.
- Files of a COPY come in no order, but each time in the same.
- Sessions take identity numbers by the hundred, so there are gaps.
- MERGE has exactly one clause of each kind, and only equalities in ON.
- A backslash in a literal is an escape, and is dropped before what is no escape: '\\d' is d.
- IS DISTINCT FROM, VALUES as a table, WINDOW, FILTER and functions that came after PostgreSQL 8 are refused.
- DATEADD takes INTEGER only, CONCAT two texts.
- UNLOAD of no rows writes no file.
- On a single node FETCH ALL is refused as a count above 1000 is.
- A database is SNAPSHOT: repeatable read of PostgreSQL. A conflict of writers is error 1023.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import threading
from collections import defaultdict
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.redshift import functions, grammar, views
from tests.redshift.proxy import Session
from tests.redshift.server import PostgresServer

HOWS = re.compile(
    r"drop-before|drop-during|drop-during-lost|1023|snapshot|deadlock|stall:[\d.]+|error:\w{5}:.*", re.DOTALL
)


@dataclass(frozen=True)
class Statement:
    """What a client had executed, in the order of the answers."""

    sql: str
    """As it came over the wire: the driver has turned `?` into `$1`."""
    parameters: int
    session: int
    """The number of the connection, from 1."""
    outcome: str
    """ok, connection lost, or the message of the error."""
    database: str


@dataclass
class Rule:
    """A failure that a test has ordered."""

    pattern: re.Pattern[str]
    how: str
    times: int
    after: int


class StandIn:
    """PostgreSQL and a proxy before it, while the context lasts."""

    user = "sparkify"
    password = "secret"
    host = "127.0.0.1"

    def __init__(
        self,
        objects_endpoint: str | None = None,
        *,
        serverless: bool = True,
        slices: int = 4,
        nodes: int = 2,
        tls: tuple[str, str] | None = None,
    ) -> None:
        self.objects = objects_endpoint
        """Where s3:// addresses are read and written: an endpoint of plain HTTP."""
        self.serverless = serverless
        self.slices = slices
        self.nodes = nodes
        """Of a cluster; Serverless has none that one sees."""
        self.tls = tls
        """Certificate and key in files; without them the answer to a client that wants TLS is no."""
        self.view_delay = 0.0
        """Seconds until what happened can be seen in system views."""
        self.port = 0
        self._lock = threading.Lock()
        self._statements: list[Statement] = []
        self._sent: defaultdict[str, set[str]] = defaultdict(set)
        self._rules: list[Rule] = []
        self._numbers = itertools.count(1)
        self._names = itertools.count(1)
        self._sessions: set[Session] = set()
        self._listener: socket.socket | None = None
        self._dropping: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.server = PostgresServer()
        try:
            self.log = views.ViewLog(self.server.views, self)
            self._prepare()
            self._listener = socket.create_server((self.host, 0), backlog=128)
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._listen, args=(self._listener,), daemon=True).start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all sessions and the server."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()
        self.settle()
        self.server.stop()

    def database(self) -> str:
        """The name of a new, empty database."""
        name = f"dev{next(self._names)}"
        self._administer(f"create database {name} owner {self.user} strategy = file_copy")
        return name

    def drop(self, name: str) -> None:
        """End the sessions of a database and delete it, while the caller goes on."""
        with self._lock:
            sessions = [session for session in self._sessions if session.database == name]
        for session in sessions:
            session.close()
        dropping = threading.Thread(target=self._drop, args=(name,))
        self._dropping = [thread for thread in self._dropping if thread.is_alive()] + [dropping]
        dropping.start()

    def _drop(self, name: str) -> None:
        self._administer(f"drop database if exists {name} with (force)")

    def settle(self) -> None:
        """Wait until what was dropped is gone."""
        for thread in self._dropping:
            thread.join()

    @property
    def statements(self) -> list[Statement]:
        """What was executed, in the order of the answers."""
        with self._lock:
            return list(self._statements)

    def sent(self, database: str) -> set[str]:
        """What was ever executed in a database, also before `clear`."""
        with self._lock:
            return set(self._sent[database])

    @property
    def single_node(self) -> bool:
        return not self.serverless and self.nodes == 1

    def clear(self) -> None:
        """Forget statements and rules of failure."""
        with self._lock:
            self._statements.clear()
            self._rules.clear()

    def fail(self, pattern: str, how: str, *, times: int = 1, after: int = 0) -> None:
        """Have statements in which the pattern is found fail, after so many that do not."""
        if not HOWS.fullmatch(how):
            raise ValueError(f"no such way to fail: {how}")
        with self._lock:
            self._rules.append(Rule(re.compile(pattern, re.IGNORECASE), how, times, after))

    def grammar_errors(self) -> list[tuple[str, str]]:
        """Recorded statements that do not parse as SQL of Redshift, and why."""
        return grammar.errors(statement.sql for statement in self.statements)

    # For the sessions

    def record(self, session: Session, sql: str, parameters: int, outcome: str) -> None:
        """Note what became of a statement."""
        with self._lock:
            self._statements.append(Statement(sql, parameters, session.number, outcome, session.database))
            self._sent[session.database].add(sql)

    def rule_for(self, sql: str) -> str | None:
        """How this statement is to fail, if it is to."""
        with self._lock:
            for rule in self._rules:
                if rule.times > 0 and rule.pattern.search(sql):
                    if rule.after > 0:
                        rule.after -= 1
                        continue
                    rule.times -= 1
                    return rule.how
        return None

    def _prepare(self) -> None:
        """Make of template1 what every database begins as."""
        template = self.server.connect("template1")
        try:
            for statement in functions.statements(self.user):
                template.query(statement)
            for statement in views.statements(self.server.views, serverless=self.serverless, slices=self.slices):
                template.query(statement)
        finally:
            template.end()

    def _administer(self, sql: str) -> None:
        administrator = self.server.connect("postgres")
        try:
            administrator.query(sql)
        finally:
            administrator.end()

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self, client, next(self._numbers))
            threading.Thread(target=self._serve, args=(session,), daemon=True).start()

    def _serve(self, session: Session) -> None:
        with self._lock:
            self._sessions.add(session)
        try:
            session.run()
        finally:
            with self._lock:
                self._sessions.discard(session)
