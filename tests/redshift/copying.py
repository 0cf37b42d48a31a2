"""COPY: from the objects of S3 to the rows of a table, in the session and the transaction of the client."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import zstandard

from tests.redshift import views, wire
from tests.redshift.convert import Convert, LoadError, converter, plain, written
from tests.redshift.json_rows import Junk, Record, records
from tests.redshift.objects import Found, Objects, split
from tests.redshift.options import CopyOrder, parse_copy
from tests.redshift.tokens import Sql, quote
from tests.redshift.wire import SqlError

if TYPE_CHECKING:
    from tests.redshift.proxy import Session
    from tests.redshift.standin import StandIn

CHUNK = 2000
"""Rows that go to PostgreSQL at once."""

PATH = re.compile(r"\$((?:\.[A-Za-z_][^.\[\]]*|\[(?:'[^']*'|\"[^\"]*\"|[0-9]+)\])*)")
STEP = re.compile(r"\.([^.\[\]]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[([0-9]+)\]")

COLUMNS = """
select a.attname, format_type(a.atttypid, null), a.atttypmod, a.attnotnull, a.attidentity <> '', a.attrelid::int
from pg_catalog.pg_attribute a
where a.attrelid = {table}::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
"""


@dataclass
class Target:
    """A column of the table."""

    name: str
    kind: str
    width: int
    scale: int
    required: bool
    identity: bool
    convert: Convert


@dataclass
class Load:
    """A COPY at work."""

    order: CopyOrder
    targets: list[Target]
    paths: list[list[str | int]] | None
    query: int
    table: int
    errors: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0
    started: str = field(default_factory=views.now)

    @property
    def failed(self) -> bool:
        return "ignoreallerrors" not in self.order.flags and len(self.errors) >= self.order.most_errors


class Aborted(Exception):
    """There were as many load errors as fail the load."""


def copy(standin: StandIn, session: Session, sql: str) -> bytes:
    """Do it; the notices for the client. Raises SqlError; then nothing remains but what the views tell."""
    order = parse_copy(Sql(sql))
    backend = session.backend
    with Objects(standin.objects) as objects:
        load = _load(standin, session, order, objects)
        found = _files(order, objects)
        backend.query(f"set standin.copy_id to '{load.query}'")
        backend.query("set standin.copy_count to '0'")
        names = ", ".join('"' + target.name.replace('"', '""') + '"' for target in load.targets)
        chunks = _chunks(load, found)
        try:
            if "noload" in order.flags:
                for _ in chunks:
                    pass
            else:
                backend.copy_in(f"copy {order.table} ({names}) from stdin", chunks)
        except Aborted:
            raise _abort(standin, session, load) from None
        except SqlError:
            _report(standin, session, load, "aborted")
            raise
    if "noload" in order.flags:
        load.rows = 0
    _report(standin, session, load, "completed")
    backend.query(f"set standin.copy_count to '{load.rows}'")
    words = f"Load into table '{order.name}' completed, {load.rows} record(s) loaded successfully."
    notices = wire.notice(words)
    if load.errors:
        words = f"Load into table '{order.name}' completed, {len(load.errors)} record(s) could not be loaded.  "
        notices += wire.notice(words + "Check 'stl_load_errors' system table for details.")
    return notices


def _abort(standin: StandIn, session: Session, load: Load) -> SqlError:
    """The load has failed: what the client is told, and what stays."""
    _report(standin, session, load, "aborted")
    in_block = session.in_block
    if not in_block:
        session.after_rollback = [f"set standin.copy_id to '{load.query}'", "set standin.copy_count to '0'"]
    else:
        session.after_rollback = ["set standin.copy_count to '0'"]
    view = "sys_load_error_detail" if standin.serverless else "stl_load_errors"
    words = f"Load into table '{load.order.name}' failed.  Check '{view}' system table for details."
    return SqlError("XX000", words)


def _load(standin: StandIn, session: Session, order: CopyOrder, objects: Objects) -> Load:
    """What is to go where."""
    rows = session.backend.query(COLUMNS.format(table=quote(order.table)))
    table: dict[str, Target] = {}
    for name, kind, modifier, required, identity, _ in rows:
        assert name is not None
        assert kind is not None
        bits = int(modifier or 0) - 4
        width, scale = (max(bits, 0), 0) if kind != "numeric" else (bits >> 16, bits & 0x7FF)
        convert = converter(kind, width, scale, order)
        table[name] = Target(name, kind, width, scale, required == "t", identity == "t", convert)
    explicit = "explicit_ids" in order.flags
    names = order.columns or [name for name, target in table.items() if explicit or not target.identity]
    for name in names:
        if name not in table:
            raise SqlError("42703", f'column "{name}" of relation "{order.name}" does not exist')
        if table[name].identity and not explicit:
            raise SqlError("0A000", f'cannot set an identity column "{name}" to a value')
    if explicit and not any(table[name].identity for name in names):
        raise SqlError("0A000", "EXPLICIT_IDS needs an identity column")
    paths = None
    if order.json.startswith("s3://"):
        paths = _json_paths(order.json, objects)
        if paths is not None and len(paths) != len(names):
            words = f"Number of jsonpaths and the number of columns should match. JSONPath size: {len(paths)}"
            raise SqlError("XX000", f"{words}, Number of columns in table or column list: {len(names)}")
    number = int(rows[0][5] or 0) if rows else 0
    return Load(order, [table[name] for name in names], paths, standin.log.next_query(), number)


def _json_paths(url: str, objects: Objects) -> list[list[str | int]] | None:
    """The paths of a JSONPaths file; None when its key is spelled otherwise, for then it means auto."""
    found = objects.get(url)
    if found is None:
        raise SqlError("XX000", f"Jsonpath file {url} does not exist")
    try:
        content = json.loads(found.data)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise SqlError("XX000", f"Invalid JSONPath format. Not an object: {url}")
    if "jsonpaths" not in content:
        return None
    paths: list[list[str | int]] = []
    notations: set[str] = set()
    for path in content["jsonpaths"] if isinstance(content["jsonpaths"], list) else [None]:
        whole = PATH.fullmatch(path) if isinstance(path, str) else None
        if whole is None or not whole[1]:
            raise SqlError("XX000", f"Invalid JSONPath format: {path} is not supported")
        steps: list[str | int] = []
        for step in STEP.finditer(whole[1]):
            if step[4] is not None:
                steps.append(int(step[4]))
            else:
                notations.add("dot" if step[1] is not None else "bracket")
                steps.append(next(part for part in step.groups() if part is not None))
        paths.append(steps)
    if len(notations) > 1:
        raise SqlError("XX000", "Invalid JSONPath format: dot and bracket notation cannot be mixed")
    return paths


def _files(order: CopyOrder, objects: Objects) -> list[Found]:
    """The objects of a prefix or of a manifest."""
    if "manifest" not in order.flags:
        bucket, prefix = split(order.source)
        urls = [f"s3://{bucket}/{key}" for key in objects.keys(bucket, prefix)]
        found = [file for file in map(objects.get, urls) if file is not None]
        if not found:
            raise SqlError("XX000", f"The specified S3 prefix '{prefix}' does not exist")
        return found
    manifest = objects.get(order.source)
    if manifest is None:
        raise SqlError("XX000", f"Manifest file is not found: {order.source}")
    try:
        entries = [(entry["url"], entry.get("mandatory", False)) for entry in json.loads(manifest.data)["entries"]]
        assert all(url.startswith("s3://") and isinstance(mandatory, bool) for url, mandatory in entries)
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError):
        raise SqlError("XX000", f"Manifest file is not in correct json format: {order.source}") from None
    found = []
    for url, mandatory in entries:
        file = objects.get(url)
        if file is not None:
            found.append(file)
        elif mandatory:
            raise SqlError("XX000", f"Problem reading manifest file - mandatory file is not found: {url}")
    if not found:
        raise SqlError("XX000", f"No files of the manifest were found: {order.source}")
    return found


def _unpacked(order: CopyOrder, file: Found) -> bytes:
    """The bytes within; a file that is not compressed as the statement says fails the load."""
    try:
        match order.compression:
            case "gzip":
                return gzip.decompress(file.data)
            case "bzip2":
                return bz2.decompress(file.data)
            case "zstd":
                return zstandard.ZstdDecompressor().decompressobj().decompress(file.data)
    except (OSError, EOFError, ValueError, zlib.error, zstandard.ZstdError) as failure:
        words = f"Failed to read {order.compression} file {file.url}: {failure}"
        raise SqlError("XX000", words) from failure
    return file.data


def _chunks(load: Load, files: list[Found]) -> Iterator[bytes]:
    """Rows for PostgreSQL. Slices work side by side, so files come in no order, but always in the same."""
    shuffled = sorted(enumerate(files), key=lambda pair: hashlib.md5(f"{pair[0]} {pair[1].url}".encode()).digest())
    lines: list[str] = []
    pick = _picker(load)
    converts = [(target.convert, target.required) for target in load.targets]
    for _, file in shuffled:
        data = _unpacked(load.order, file)
        for number, record in records(data):
            try:
                values = pick(record)
                row = []
                for (convert, required), value in zip(converts, values, strict=True):
                    text = convert(value)
                    if text is None:
                        if required:
                            raise LoadError(1213, "Missing data for not-null field")
                        text = "\\N"
                    row.append(text)
            except LoadError as failure:
                _note(load, file, number, record, failure, pick)
                continue
            lines.append("\t".join(row))
            if len(lines) >= CHUNK:
                load.rows += len(lines)
                yield ("\n".join(lines) + "\n").encode()
                lines.clear()
        load.bytes += len(file.data)
        load.files.append({"url": file.url, "etag": file.etag, "bytes": len(data), "lines": lines_of(data)})
    load.rows += len(lines)
    if lines:
        yield ("\n".join(lines) + "\n").encode()


def lines_of(data: bytes) -> int:
    """How many lines these bytes have; the last needs no end."""
    return data.count(b"\n") + (data[-1:] not in (b"", b"\n"))


def _picker(load: Load) -> Callable[[Record], list[Any]]:
    """What of a record goes into which column; the function raises LoadError."""
    if load.paths is not None:
        paths = load.paths
        keys = [path[0] for path in paths if len(path) == 1 and isinstance(path[0], str)]
        if len(keys) == len(paths):

            def pick(record: Record) -> list[Any]:
                if isinstance(record, dict):
                    return [record.get(key) for key in keys]
                return [_follow(record, path) for path in paths]

        else:

            def pick(record: Record) -> list[Any]:
                return [_follow(record, path) for path in paths]

        return pick
    names = [target.name for target in load.targets]
    fold = load.order.json == "auto ignorecase"

    def match(record: Record) -> list[Any]:
        if isinstance(record, Junk):
            raise LoadError(1216, record.reason)
        if not isinstance(record, dict):
            raise LoadError(1216, "Invalid JSON: an array needs a JSONPaths file")
        if fold:
            folded: dict[str, Any] = {}
            for key, value in record.items():
                folded.setdefault(key.lower(), value)
            record = folded
        return [record.get(name) for name in names]

    return match


def _follow(record: Record, path: list[str | int]) -> Any:
    """A missing key is NULL; a missing element of an array is an error."""
    if isinstance(record, Junk):
        raise LoadError(1216, record.reason)
    value: Any = record
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                raise LoadError(1216, "Not an array or index out of range")
            value = value[step]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _note(
    load: Load, file: Found, line: int, record: Record, failure: LoadError, pick: Callable[[Record], list[Any]]
) -> None:
    """Remember a load error; raises Aborted at the last that is allowed."""
    target, value = None, None
    if failure.code != 1216:
        for target, value in zip(load.targets, pick(record), strict=True):
            try:
                if target.convert(value) is None and target.required:
                    break
            except LoadError:
                break
    raw = record.text if isinstance(record, Junk) else json.dumps(plain(record), ensure_ascii=False)
    load.errors.append(
        {
            "file": file.url,
            "line": line,
            "column": target.name if target else "",
            "type": {"character varying": "varchar", "character": "char", "timestamp without time zone": "timestamp",
                     "double precision": "float8", "integer": "int4", "bigint": "int8", "smallint": "int2"}.get(
                target.kind, target.kind) if target else "",
            "length": str(target.width) if target and target.width else "0",
            "code": failure.code,
            "reason": failure.reason,
            "raw": raw.encode(errors="replace").decode(),
            "value": "" if target is None or value is None else written(value).encode(errors="replace").decode(),
        }
    )  # fmt: skip
    if load.failed:
        raise Aborted


def _report(standin: StandIn, session: Session, load: Load, status: str) -> None:
    """Write what the system views show."""
    from tests.redshift.reports import report

    report(standin, session, load, status)
