"""CREATE TABLE, ALTER TABLE and MERGE: what of them is Redshift's own, and what it refuses."""

from __future__ import annotations

from tests.redshift import expressions, reserved
from tests.redshift.tokens import Sql, syntax_error, unsupported
from tests.redshift.wire import SqlError

TYPES = {
    "smallint", "int2", "integer", "int", "int4", "bigint", "int8", "real", "float4", "double", "float8", "float",
    "boolean", "bool", "date", "timestamp", "timestamptz", "time", "timetz",
}  # fmt: skip
TEXTS = {"varchar", "nvarchar", "text"}
CHARS = {"char", "character", "nchar", "bpchar"}
MOST_VARCHAR, MOST_CHAR = 65535, 4096
PLAIN_ATTRIBUTES = {("backup", "yes"), ("backup", "no"), ("encode", "auto"), ("sortkey", "auto")}
STYLES = {"auto", "even", "key", "all"}
ENCODINGS = {
    "auto", "raw", "az64", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "mostly32", "runlength",
    "text255", "text32k", "zstd",
}  # fmt: skip


def create(sql: Sql, at: int) -> str:
    """CREATE TABLE for PostgreSQL. `at` is what follows the word TABLE."""
    if sql.matches(at, "if", "not", "exists"):
        at += 3
    at += 3 if sql[at + 1].text == "." else 1
    _check_name(sql, at - 1)
    names: list[str] = []
    marks: list[str] = []
    if sql[at].text == "(":
        closing = sql.closing(at)
        pieces = [_element(sql, first, last, names, marks) for first, last in sql.arguments(at)]
        inner = ", ".join(piece for piece in pieces if piece)
        sql.delete(at + 1, closing - 1)
        sql.replace(sql[at], f"({inner}")
        at = closing + 1
    end = _attributes(sql, at, names, marks)
    if end < len(sql):
        query = Sql(sql.between(end + 1, len(sql) - 1))
        replaced = expressions.rewritten(query)
        sql.delete(end + 1, len(sql) - 1)
        sql.replace(sql[end], f" as {replaced}")
    return sql.text


def _element(sql: Sql, first: int, last: int, names: list[str], marks: list[str]) -> str:
    """A column or a constraint; of keys PostgreSQL only sees those it can drop again."""
    start = first + 2 if sql.matches(first, "constraint") else first
    word = sql[start].low if sql[start].kind == "word" else ""
    if word == "foreign":
        return ""
    if word in ("primary", "unique", "like"):
        return sql.between(first, last)
    if word == "check":
        raise unsupported("CHECK")
    _check_name(sql, first)
    names.append(sql[first].name)
    return _column(sql, first, last, marks)


def _check_name(sql: Sql, at: int) -> None:
    if sql[at].kind == "word" and sql[at].low in reserved.NAMES:
        raise syntax_error(sql[at].text)


def _column(sql: Sql, first: int, last: int, marks: list[str]) -> str:
    """A column: its type as PostgreSQL calls it, without what says where and how it is stored."""
    at = _type(sql, first + 1)
    while at <= last:
        word = sql[at].low
        if word in ("distkey", "sortkey"):
            marks.append(word)
            sql.delete(at, at)
            at += 1
        elif word == "encode":
            if sql[at + 1].low not in ENCODINGS:
                raise syntax_error(sql[at + 1].text)
            sql.delete(at, at + 1)
            at += 2
        elif word == "identity" or sql.matches(at, "generated", "by", "default", "as", "identity"):
            at = _identity(sql, at)
        elif word == "references":
            end = at + 1 + (2 if sql[at + 2].text == "." else 0)
            if sql[end + 1].text == "(":
                end = sql.closing(end + 1)
            sql.delete(at, end)
            at = end + 1
        elif word in ("check", "generated", "collate"):
            raise unsupported(word.upper())
        elif word in ("not", "null", "primary", "key", "unique"):
            at += 1
        elif word == "default":
            at = _default(sql, at + 1, last)
        else:
            raise syntax_error(sql[at].text)
    return sql.between(first, last)


def _default(sql: Sql, at: int, last: int) -> int:
    """The end of the expression of a default."""
    depth = 0
    while at <= last:
        text = sql[at].low
        if depth == 0 and text in ("not", "encode", "distkey", "sortkey", "primary", "unique", "references"):
            break
        depth += {"(": 1, ")": -1}.get(text, 0)
        if text == "sysdate":
            sql.replace(sql[at], "standin.sysdate()")
        at += 1
    return at


def _identity(sql: Sql, at: int) -> int:
    """IDENTITY(seed, step). Each session takes numbers by the hundred, so that there are gaps as with slices."""
    by_default = sql[at].low == "generated"
    opening = at + (4 if by_default else 0) + 1
    if sql[opening].text != "(":
        raise syntax_error(sql[opening].text)
    closing = sql.closing(opening)
    seed, step = (sql.between(*argument) for argument in sql.arguments(opening))
    sql.delete(at, closing)
    how = "by default" if by_default else "always"
    sql.replace(
        sql[at], f" generated {how} as identity (start with {seed} increment by {step} minvalue -2147483648 cache 100)"
    )
    return closing + 1


def _type(sql: Sql, at: int) -> int:
    """The type that stands here in PostgreSQL's words; where it ends."""
    name = sql[at].low
    width = sql[at + 1].text == "("
    if name == "character" and sql.matches(at + 1, "varying"):
        sql.delete(at + 1, at + 1)
        return _text(sql, at, at + 2, 256, MOST_VARCHAR)
    if name in TEXTS:
        return _text(sql, at, at + 1, 256, MOST_VARCHAR)
    if name in CHARS:
        return _text(sql, at, at + 1, 256 if name == "bpchar" else 1, MOST_CHAR)
    if name in ("decimal", "numeric"):
        if width:
            return sql.closing(at + 1) + 1
        sql.replace(sql[at], "numeric(18,0)")
        return at + 1
    if name not in TYPES:
        raise SqlError("42704", f'type "{name}" does not exist')
    if sql[at + 1].text == "[":
        raise unsupported("an array")
    if name in ("timestamp", "time") and sql[at + 1].low in ("with", "without"):
        return at + 4
    return at + (2 if name == "double" else 1)


def _text(sql: Sql, at: int, end: int, bare: int, most: int) -> int:
    """A type of text with its width in bytes."""
    bytes_ = bare
    if sql[end].text == "(":
        inner = sql[end + 1].low
        bytes_ = most if inner == "max" else int(inner)
        sql.delete(end, end + 2)
        end += 3
    if not 0 < bytes_ <= most:
        raise SqlError("22023", f"length for type {sql[at].low} cannot exceed {most}")
    sql.replace(sql[at], f"{'varchar' if most == MOST_VARCHAR else 'char'}({bytes_})")
    return end


def _attributes(sql: Sql, at: int, names: list[str], marks: list[str]) -> int:
    """Check and take out what stands between the columns and AS; where AS is, or the end."""
    start = at
    style = ""
    while at < len(sql) and sql[at].low != "as":
        word = sql[at].low
        if word == "diststyle" and sql[at + 1].low in STYLES:
            style = sql[at + 1].low
            at += 2
        elif (word, sql[at + 1].low) in PLAIN_ATTRIBUTES:
            at += 2
        elif word in ("compound", "interleaved") and sql[at + 1].low == "sortkey":
            at += 1
        elif word in ("distkey", "sortkey") and sql[at + 1].text == "(":
            marks.append(word)
            for first, _ in sql.arguments(at + 1):
                if names and sql[first].name not in names:
                    raise SqlError("42703", f'column "{sql[first].name}" does not exist')
            at = sql.closing(at + 1) + 1
        else:
            raise syntax_error(sql[at].text)
    if marks.count("distkey") > 1:
        raise SqlError("42601", "multiple DISTKEY columns are not allowed")
    if (style == "key") != ("distkey" in marks) and style:
        raise SqlError("42601", "DISTSTYLE KEY and DISTKEY go together")
    if at > start:
        sql.delete(start, at - 1)
    return at


def alter(sql: Sql) -> tuple[str | None, str]:
    """ALTER TABLE for PostgreSQL, or None if there is nothing to do; and its name if it cannot run inside a block."""
    at = 2 + (2 if sql.matches(2, "if", "exists") else 0)
    at += 3 if sql[at + 1].text == "." else 1
    word = sql[at].low
    if word == "append":
        return None, "ALTER TABLE APPEND"
    if word == "alter":
        if sql.find("type", start=at) > 0:
            return sql.text, "ALTER TABLE ALTER COLUMN"
        return None, ""
    if word == "add":
        if sql[at + 1].low in ("constraint", "primary", "unique", "foreign"):
            return None, ""
        at += 2 if sql[at + 1].low == "column" else 1
        if sql.matches(at, "if"):
            raise syntax_error("if")
        if sql.find("identity", start=at) > 0:
            raise unsupported("ADD COLUMN with IDENTITY")
        if any(sql[place].text == "," for place in sql.top_level(at)):
            raise syntax_error(",")
        _check_name(sql, at)
        _column(sql, at, len(sql) - 1, [])
        return sql.text, ""
    if word in ("drop", "rename", "owner", "set"):
        return sql.text, ""
    raise syntax_error(sql[at].text)


def check_merge(sql: Sql) -> None:
    """Raise SqlError unless this is MERGE as Redshift knows it."""
    if not sql.matches(1, "into"):
        raise syntax_error(sql[1].text)
    at = 5 if sql[3].text == "." else 3
    if not sql.matches(at, "using"):
        raise syntax_error(sql[at].text)  # the target takes no alias
    if sql.find("remove", "duplicates") > 0:
        raise unsupported("MERGE REMOVE DUPLICATES (by the stand-in)")
    top = list(sql.top_level())
    words = [sql[place].low for place in top]
    whens = [place for place in top if sql[place].low == "when"]
    heads = []
    for place in whens:
        then = sql.find("then", start=place)
        heads.append(" ".join(sql[at].low for at in range(place, then + 1)))
    if sorted(heads) != ["when matched then", "when not matched then"]:
        raise syntax_error("when")
    if "nothing" in words:
        raise syntax_error("nothing")
    on = next(place for place in top if sql[place].low == "on")
    for place in range(on + 1, whens[0]):
        if sql[place].low in ("<", ">", "<=", ">=", "<>", "!=", "or", "is", "like", "between", "not", "in"):
            raise SqlError("0A000", "MERGE ON condition must be made of equality comparisons")
