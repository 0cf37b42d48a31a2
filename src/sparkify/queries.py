"""The named queries: what each asks, which values it takes, and its statement with these filled in.

Each is one file of `sql/analytics/`. Its header says title, question, grain, the invariant that its answer keeps,
how it is best drawn, and its parameters. All take a range of days, a tier and a place besides: `:plays` stands for the
plays within them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Literal, Protocol

from sparkify import sql_queries
from sparkify.agents import browser_and_system
from sparkify.encoding import decode
from sparkify.errors import UsageError
from sparkify.warehouse import Answer

AGENTS = 2000
"""User agents that are told apart; those beyond are used least."""

Kind = Literal["integer", "choice", "first day", "last day", "text"]
Form = Literal["bar", "column", "line", "area", "stack", "heat", "map", "number"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a named query lets one set."""

    name: str
    kind: Kind
    default: str
    about: str
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()

    @property
    def valid(self) -> str:
        """What may be given, in words."""
        if self.kind == "integer":
            return f"a whole number from {self.low} to {self.high}"
        if self.kind == "choice":
            return ", ".join(self.choices[:-1]) + f" or {self.choices[-1]}"
        return "a place as top-places lists it" if self.kind == "text" else "a day like 2018-11-01"

    def check(self, text: str) -> str:
        """The value in a text, in its usual form; raises UsageError naming what is valid."""
        found: str | None = None
        if self.kind == "integer":
            if re.fullmatch(r"[0-9]{1,9}", text) and self.low <= int(text) <= self.high:
                found = str(int(text))
        elif self.kind == "choice":
            found = text if text in self.choices else None
        elif self.kind == "text":
            found = text if "\0" not in text else None
        else:
            found = text if _day(text) is not None and re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
        if found is None:
            raise UsageError(f"-p {self.name}={text}: give {self.valid}")
        return found

    def literal(self, value: str, engine: sql_queries.Engine, lookback: int = 0) -> str:
        """A checked value as SQL; a range begins so many days earlier."""
        if self.kind == "integer":
            return value
        if self.kind not in ("first day", "last day"):
            return _literal(value, engine)
        day = date.fromisoformat(value)
        if self.kind == "first day":
            earlier = day - min(timedelta(days=lookback), day - date.min)
            return f"timestamp '{earlier.isoformat()} 00:00:00'"
        if day == date.max:
            return "timestamp '9999-12-31 23:59:59.999999'"
        return f"timestamp '{(day + timedelta(days=1)).isoformat()} 00:00:00'"


@dataclass(frozen=True, slots=True)
class Drawing:
    """How an answer is best drawn: a form, and the columns that it takes."""

    form: Form
    x: str = ""
    y: tuple[str, ...] = ()
    color: str = ""

    @property
    def measure(self) -> str:
        """The column whose values are drawn; empty when the form has none."""
        if self.form in ("heat", "map"):
            return self.color
        return self.x if self.form == "bar" else self.y[0] if self.y else ""


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A question that the warehouse answers by name."""

    name: str
    title: str
    question: str
    grain: str
    invariant: str
    drawing: Drawing
    parameters: tuple[Parameter, ...]
    """Its own first, then those that all queries take."""
    lookback: int
    """Days before the range that are looked at besides."""
    decoded: tuple[str, ...]
    """Columns of raw text, which may be encoded twice."""


FILTERS = (
    Parameter("start", "first day", date.min.isoformat(), "first day (UTC)"),
    Parameter("end", "last day", date.max.isoformat(), "last day (UTC), included"),
    Parameter("level", "choice", "all", "tier at the time of the play", choices=("all", "free", "paid")),
    Parameter("place", "text", "", "where people were; empty is everywhere"),
)
"""What every named query takes."""


@cache
def queries() -> tuple[NamedQuery, ...]:
    """Every named query, by name."""
    return tuple(_parsed(name) for name in sql_queries.names("analytics"))


def named_query(name: str) -> NamedQuery:
    """One named query; raises UsageError that lists the names there are."""
    found = {query.name: query for query in queries()}
    if name not in found:
        raise UsageError(f"no query '{name}'; there are {', '.join(found)}")
    return found[name]


def catalogue() -> list[str]:
    """A line for each query: its name and its question, then its parameters; at the end those that all take."""
    found = queries()
    width = max(len(query.name) for query in found)
    lines: list[str] = []
    for query in found:
        lines.append(f"{query.name:{width}}  {query.question}")
        lines += [f"{'':{width}}    {_offered(each)}" for each in query.parameters if each not in FILTERS]
    return [*lines, "", "all take:", *(f"    {_offered(each)}" for each in FILTERS)]


def _offered(parameter: Parameter) -> str:
    return f"-p {parameter.name}={parameter.default}  {parameter.about}: {parameter.valid}"


def settings(query: NamedQuery, given: Iterable[str]) -> dict[str, str]:
    """The values of all parameters, some as texts such as `limit=3` tell; raises UsageError naming what is valid."""
    values: dict[str, str] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or name not in {parameter.name for parameter in query.parameters}:
            known = ", ".join(f"{parameter.name}=…" for parameter in query.parameters)
            raise UsageError(f"-p {text}: {query.name} takes {known}")
        values[name] = value
    return checked(query, values)


def asks_first(name: str) -> bool:
    """Whether the statement of a query depends on what is in the warehouse."""
    return ":agents" in sql_queries.source(f"analytics/{name}")


class Asked(Protocol):
    """Whoever answers a SELECT: a warehouse."""

    @property
    def engine(self) -> sql_queries.Engine:
        """Which SQL it takes."""

    def ask(self, sql: str) -> Answer:
        """What a SELECT gives."""

    def kept(self) -> list[Hashable]:
        """What `keep` has tables of, the last used first."""

    def keep(self, key: Hashable, sql: str) -> str | None:
        """The name of a table that holds what a SELECT gives, while questions are asked together; None otherwise."""


@dataclass(frozen=True, slots=True)
class _Listening:
    """The filters of a listening (sql/filter/listening.sql) that is kept for the questions within them."""

    start: str
    end: str
    level: str
    place: str

    def covers(self, other: _Listening) -> bool:
        """Whether it holds all that another one would."""
        return (
            self.start <= other.start
            and other.end <= self.end
            and self.level in ("all", other.level)
            and self.place == other.place
        )


def answer(warehouse: Asked, name: str, given: Mapping[str, str] | None = None) -> Answer:
    """What a named query answers. Raises UsageError for a value that does not fit."""
    query = named_query(name)
    found = warehouse.ask(_statement(warehouse, name, given, keep=True))
    if not query.decoded:
        return found
    raw = [found.columns.index(column) for column in query.decoded]
    rows = [
        tuple(decode(value) if index in raw and isinstance(value, str) else value for index, value in enumerate(row))
        for row in found.rows
    ]
    return replace(found, rows=rows)


def statement(warehouse: Asked, name: str, given: Mapping[str, str] | None = None) -> str:
    """The statement of a named query as its engine takes it, its values filled in.

    A query by device has the names of browsers and systems in it: no engine reads them out of a user agent.
    """
    return _statement(warehouse, name, given, keep=False)


def _statement(warehouse: Asked, name: str, given: Mapping[str, str] | None, *, keep: bool) -> str:
    query, engine = named_query(name), warehouse.engine
    values = checked(query, given or {})
    agents = ""
    if asks_first(name):
        used = _filled(sql_queries.statement("filter/agents", engine), query, engine, values | {"limit": str(AGENTS)})
        agents = _table([str(agent) for agent, *_ in warehouse.ask(used).rows], engine)
    text = sql_queries.statement(f"analytics/{name}", engine)
    if ":listening" in text:
        text = _nested(text, "listening", _listening(warehouse, query, values, keep=keep))
    return _filled(text, query, engine, values, agents)


def _listening(warehouse: Asked, query: NamedQuery, values: Mapping[str, str], *, keep: bool) -> str:
    """The listening of a question: counted from the plays, or taken from one that is kept, which then is made first."""
    text = sql_queries.statement("filter/listening", warehouse.engine)
    if not keep or query.lookback:
        return text
    wanted = _Listening(*(values[parameter.name] for parameter in FILTERS))
    wider = (each for each in warehouse.kept() if isinstance(each, _Listening) and each.covers(wanted))
    table = warehouse.keep(next(wider, wanted), _filled(text, query, warehouse.engine, values))
    if table is None:
        return text
    return _nested(sql_queries.statement("filter/kept", warehouse.engine), "kept", f"select * from {table}")


def checked(query: NamedQuery, given: Mapping[str, str]) -> dict[str, str]:
    """The values of all parameters, those given in their usual form; raises UsageError naming what is valid."""
    values = {parameter.name: parameter.default for parameter in query.parameters}
    for name, value in given.items():
        parameter = next((each for each in query.parameters if each.name == name), None)
        if parameter is None:
            raise UsageError(f"{query.name} takes no {name}; it takes {', '.join(values)}")
        values[name] = parameter.check(value)
    first, last = values["start"], values["end"]
    if first > last:
        raise UsageError(f"-p start={first}: is after -p end={last}; give an earlier day")
    return values


_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z]+)\b")


def _nested(text: str, name: str, inner: str) -> str:
    """A statement with another one in the place of a placeholder in parentheses."""

    def fill(match: re.Match[str]) -> str:
        before = match.group(1)
        indent = before[: len(before) - len(before.lstrip())]
        return f"{before}(\n{textwrap.indent(inner, indent + '    ')}\n{indent})"

    return re.sub(rf"(?m)^(.*)\(\s*:{name}\s*\)", fill, text)


def _filled(
    text: str, query: NamedQuery, engine: sql_queries.Engine, values: Mapping[str, str], agents: str = ""
) -> str:
    """A statement with its values filled in, `:plays` being the plays within the filters.

    What was filled in is not looked at again: a place or an agent may read like a placeholder.
    """
    kinds = {parameter.name: parameter for parameter in (*FILTERS, *query.parameters)}
    limit = Parameter("limit", "integer", "1", "", 1, AGENTS)
    # Only the plays reach back further than the range that was asked for.
    plays = sql_queries.statement("filter/plays", engine).replace(":start", ":since")

    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        if name == "agents":
            return agents
        if name == "since":
            return kinds["start"].literal(values["start"], engine, query.lookback)
        return kinds.get(name, limit).literal(values[name], engine)

    return _PLACEHOLDER.sub(one, _nested(text, "plays", plays))


def _literal(text: str, engine: sql_queries.Engine) -> str:
    """A text as a literal; a backslash is an escape in those of Redshift."""
    return sql_queries.literal(text.replace("\\", "\\\\") if engine == "redshift" else text)


def _table(agents: list[str], engine: sql_queries.Engine) -> str:
    """User agents with browser and system of each, as a query; Redshift has no VALUES there."""
    rows = [
        f"select {_literal(agent, engine)} as user_agent, {_named(browser, engine)} as browser, "
        f"{_named(system, engine)} as operating_system"
        for agent in agents
        for browser, system in [browser_and_system(agent)]
    ]
    nobody = (
        "select cast(null as varchar) as user_agent, cast(null as varchar) as browser, "
        "cast(null as varchar) as operating_system"
    )
    return "\n    union all\n    ".join([*rows, nobody])


def _named(name: str | None, engine: sql_queries.Engine) -> str:
    return "cast(null as varchar)" if name is None else _literal(name, engine)


# -- headers ----------------------------------------------------------------------------------------


def _parsed(name: str) -> NamedQuery:
    head: dict[str, str] = {}
    own: list[Parameter] = []
    for line in sql_queries.source(name).splitlines():
        match = re.match(r"-- (\w+): (.*)", line)
        if match is None:
            break
        if match.group(1) == "param":
            own.append(_parameter(match.group(2)))
        else:
            head[match.group(1)] = match.group(2)
    return NamedQuery(
        name=name.removeprefix("analytics/"),
        title=head["title"],
        question=head["question"],
        grain=head["grain"],
        invariant=head["invariant"],
        drawing=_drawing(head["draw"]),
        parameters=(*own, *FILTERS),
        lookback=int(head.get("lookback", "0")),
        decoded=tuple(head.get("decoded", "").split()),
    )


def _parameter(text: str) -> Parameter:
    name, kind, default, bounds, about = text.split(maxsplit=4)
    if kind == "integer":
        low, high = bounds.split("..")
        return Parameter(name, "integer", default, about, int(low), int(high))
    return Parameter(name, "choice", default, about, choices=tuple(bounds.split("|")))


def _drawing(text: str) -> Drawing:
    form, *columns = text.split()
    found = dict(column.split("=") for column in columns)
    y = tuple(found.get("y", "").split(",")) if "y" in found else ()
    return Drawing(form, found.get("x", ""), y, found.get("color", ""))  # type: ignore[arg-type]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
