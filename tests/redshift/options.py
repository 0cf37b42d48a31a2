"""The grammar of COPY and UNLOAD: options in any order, each at most once, unknown ones a syntax error."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.redshift.tokens import Sql, syntax_error
from tests.redshift.wire import SqlError

COMPRESSIONS = {"gzip", "bzip2", "zstd"}
NOT_WITH_JSON = {
    "csv", "delimiter", "escape", "fillrecord", "fixedwidth", "ignoreblanklines", "null", "readratio", "removequotes",
}  # fmt: skip
FLAGS = {
    "manifest", "truncatecolumns", "emptyasnull", "blanksasnull", "trimblanks", "noload", "explicit_ids", "roundec",
    "ignoreallerrors",
} | COMPRESSIONS  # fmt: skip


@dataclass
class CopyOrder:
    """A COPY as it was parsed."""

    table: str
    name: str
    """The table without schema, for messages."""
    columns: list[str] | None
    source: str
    flags: set[str] = field(default_factory=set)
    json: str = ""
    """auto, auto ignorecase, or the address of a JSONPaths file."""
    values: dict[str, str] = field(default_factory=dict)

    @property
    def compression(self) -> str:
        return next(iter(self.flags & COMPRESSIONS), "")

    @property
    def most_errors(self) -> int:
        """So many load errors fail the load; 0 and 1 both mean the first."""
        return max(int(self.values.get("maxerror", "0")), 1)


@dataclass
class UnloadOrder:
    """An UNLOAD as it was parsed."""

    query: str
    target: str
    flags: set[str] = field(default_factory=set)
    format: str = ""
    values: dict[str, str] = field(default_factory=dict)


class Reader:
    """Walks through the tokens of the options."""

    def __init__(self, sql: Sql, at: int) -> None:
        self.sql = sql
        self.at = at

    @property
    def word(self) -> str:
        return self.sql[self.at].low

    def more(self) -> bool:
        return self.at < len(self.sql)

    def take(self, *words: str) -> bool:
        """Whether these words stood here; then they are behind us."""
        if self.sql.matches(self.at, *words):
            self.at += len(words)
            return True
        return False

    def string(self) -> str:
        """A literal; raises SqlError if none stands here."""
        token = self.sql[self.at]
        if token.kind != "string":
            raise self.error()
        self.at += 1
        return token.value

    def choice(self, *words: str) -> str:
        """One of these words; raises SqlError for others."""
        word = self.word
        if word not in words:
            raise self.error()
        self.at += 1
        return word

    def error(self) -> SqlError:
        return syntax_error(self.sql[self.at].text or "end of input")

    def role(self) -> str:
        """What follows IAM_ROLE."""
        if self.take("default"):
            return "default"
        role = self.string()
        for arn in role.split(","):
            if not arn.startswith("arn:aws") or ":role/" not in arn:
                raise SqlError("XX000", f"Invalid IAM role ARN: {arn}")
        return role


def parse_copy(sql: Sql) -> CopyOrder:
    """A COPY statement; raises SqlError for what is no such."""
    reader = Reader(sql, 1)
    start = reader.at
    reader.at += 3 if sql[2].text == "." else 1
    if sql[reader.at - 1].kind not in ("word", "quoted"):
        raise syntax_error(sql[reader.at - 1].text)
    table, name = sql.between(start, reader.at - 1), sql[reader.at - 1].name
    columns: list[str] | None = None
    if reader.word == "(":
        columns = [sql[first].name for first, _ in sql.arguments(reader.at)]
        reader.at = sql.closing(reader.at) + 1
    if not reader.take("from"):
        raise reader.error()
    order = CopyOrder(table, name, columns, reader.string())
    if not order.source.startswith("s3://"):
        raise SqlError("0A000", "the stand-in copies from s3:// only")
    seen: set[str] = set()
    while reader.more():
        option = _copy_option(reader, order)
        if option in seen:
            raise SqlError("42601", f"conflicting or redundant option {option.upper()}")
        seen.add(option)
    if "iam_role" not in seen:
        raise SqlError("42601", "COPY requires credentials: IAM_ROLE is missing")
    if not order.json:
        raise SqlError("0A000", "the stand-in copies JSON only")
    if len(order.flags & COMPRESSIONS) > 1:
        raise SqlError("42601", "only one compression can be named")
    if {"maxerror", "ignoreallerrors"} <= seen:
        raise SqlError("42601", "MAXERROR and IGNOREALLERRORS exclude each other")
    return order


def _copy_option(reader: Reader, order: CopyOrder) -> str:
    """Take one option; its name."""
    word = reader.word
    if word in FLAGS:
        reader.at += 1
        order.flags.add(word)
    elif reader.take("iam_role"):
        order.values["iam_role"] = reader.role()
    elif word in ("format", "json"):
        reader.at += 1
        if word == "format":
            reader.take("as")
            if not reader.take("json"):
                raise SqlError("0A000", "the stand-in copies JSON only")
        reader.take("as")
        order.json = reader.string() if reader.sql[reader.at].kind == "string" else "auto"
        if order.json not in ("auto", "auto ignorecase") and not order.json.startswith("s3://"):
            raise SqlError("XX000", f"Invalid JSONPath format: {order.json}")
        word = "format"
    elif reader.take("region"):
        reader.take("as")
        order.values["region"] = reader.string()
    elif reader.take("timeformat"):
        reader.take("as")
        order.values["timeformat"] = reader.string()
    elif reader.take("maxerror"):
        reader.take("as")
        number = reader.sql[reader.at].text
        if not number.isdigit() or int(number) > 100_000:
            raise reader.error()
        order.values["maxerror"] = number
        reader.at += 1
    elif word in ("compupdate", "statupdate"):
        reader.at += 1
        choices = ("on", "off", "true", "false") + (("preset",) if word == "compupdate" else ())
        if reader.word in choices:
            reader.at += 1
    elif reader.take("acceptinvchars"):
        reader.take("as")
        replacement = reader.string() if reader.sql[reader.at].kind == "string" else "?"
        if len(replacement) != 1 or not replacement.isascii():
            raise SqlError("22023", "the replacement must be one ASCII character")
        order.values["acceptinvchars"] = replacement
    elif word in NOT_WITH_JSON:
        raise SqlError("0A000", f"{word.upper()} is not supported with JSON")
    else:
        raise reader.error()
    return word


def parse_unload(sql: Sql) -> UnloadOrder:
    """An UNLOAD statement; raises SqlError for what is no such."""
    reader = Reader(sql, 1)
    if not reader.take("("):
        raise reader.error()
    query = reader.string()
    if not (reader.take(")") and reader.take("to")):
        raise reader.error()
    order = UnloadOrder(query, reader.string())
    if not order.target.startswith("s3://"):
        raise SqlError("XX000", "UNLOAD destination is not supported. (Hint: only S3 based unload is allowed)")
    seen: set[str] = set()
    while reader.more():
        option = _unload_option(reader, order)
        if option in seen:
            raise SqlError("42601", f"conflicting or redundant option {option.upper()}")
        seen.add(option)
    if "iam_role" not in seen:
        raise SqlError("42601", "UNLOAD requires credentials: IAM_ROLE is missing")
    if {"allowoverwrite", "cleanpath"} <= seen:
        raise SqlError("42601", "ALLOWOVERWRITE and CLEANPATH exclude each other")
    if not order.format:
        raise SqlError("0A000", "the stand-in unloads PARQUET, JSON and CSV only")
    if order.format == "parquet" and order.flags & (COMPRESSIONS | {"header"}):
        raise SqlError("0A000", "this option is not supported for UNLOAD to PARQUET")
    inner = Sql(query)
    if inner[0].low not in ("select", "with", "("):
        raise syntax_error(inner[0].text)
    if any(inner[at].low == "limit" for at in inner.top_level()):
        raise SqlError("0A000", "LIMIT clause is not supported in the outermost SELECT of UNLOAD")
    return order


def _unload_option(reader: Reader, order: UnloadOrder) -> str:
    """Take one option; its name."""
    word = reader.word
    if word in ("allowoverwrite", "cleanpath", "gzip", "zstd", "bzip2", "header"):
        reader.at += 1
        order.flags.add(word)
    elif reader.take("iam_role"):
        order.values["iam_role"] = reader.role()
    elif word in ("format", "csv", "json", "parquet"):
        if reader.take("format"):
            reader.take("as")
        order.format = reader.choice("csv", "json", "parquet")
        word = "format"
    elif reader.take("manifest"):
        order.flags.add("manifest")
        if reader.take("verbose"):
            order.flags.add("verbose")
    elif reader.take("parallel"):
        order.values["parallel"] = reader.choice("on", "off", "true", "false") if reader.more() else "on"
    elif reader.take("region"):
        reader.take("as")
        order.values["region"] = reader.string()
    elif reader.take("maxfilesize"):
        reader.take("as")
        if reader.sql[reader.at].kind != "number":
            raise reader.error()
        reader.at += 1
        if reader.word in ("mb", "gb"):
            reader.at += 1
    else:
        raise reader.error()
    return word
