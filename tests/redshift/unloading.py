"""UNLOAD: from a query to objects of S3. They stay when the transaction is rolled back."""

from __future__ import annotations

import bz2
import gzip
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import zstandard

from tests.redshift import expressions, wire
from tests.redshift.objects import Objects, split
from tests.redshift.options import UnloadOrder, parse_unload
from tests.redshift.tokens import Sql
from tests.redshift.wire import Column, SqlError

if TYPE_CHECKING:
    from tests.redshift.proxy import Session
    from tests.redshift.standin import StandIn

TYPES = {
    16: "boolean", 20: "bigint", 21: "smallint", 23: "integer", 700: "real", 701: "double", 1082: "date",
    1114: "timestamp", 1184: "timestamp",
}  # fmt: skip
"""Types of PostgreSQL by number, in words of DuckDB; what is not here is text."""

SUFFIXES = {"parquet": ".parquet", "json": ".json", "csv": ""}
PACKED = {"gzip": ".gz", "bzip2": ".bz2", "zstd": ".zst", "": ""}


def unload(standin: StandIn, session: Session, sql: str) -> bytes:
    """Do it; the notice for the client. Raises SqlError."""
    order = parse_unload(Sql(sql))
    query = expressions.rewritten(Sql(order.query))
    backend = session.backend
    with Objects(standin.objects) as objects:
        bucket, prefix = split(order.target)
        present = objects.keys(bucket, prefix)
        if present and "cleanpath" in order.flags:
            for key in present:
                objects.delete(f"s3://{bucket}/{key}")
        elif present and "allowoverwrite" not in order.flags:
            words = "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, "
            words += "manually removing the target files in S3, or using the ALLOWOVERWRITE option."
            raise SqlError("XX000", words)
        backend.query(f"select * from ({query}\n) unloaded limit 0")
        columns = list(backend.columns)
        rows = backend.copy_out(f"copy ({query}\n) to stdout (format csv, force_quote *)")
        try:
            parts = _parts(order, columns, rows)
        except duckdb.Error as failure:
            raise SqlError("XX000", f"UNLOAD failed: {failure}") from failure
        entries: list[dict[str, Any]] = []
        for url, data, count in parts:
            objects.put(url, data)
            entries.append({"url": url, "meta": {"content_length": len(data), "record_count": count}})
        if "manifest" in order.flags:
            objects.put(order.target + "manifest", json.dumps({"entries": entries}).encode())
    total = sum(count for _, _, count in parts)
    return wire.notice(f"UNLOAD completed, {total} record(s) unloaded successfully.")


def _type(column: Column) -> str:
    if column.oid == 1700:
        digits = column.modifier - 4
        return f"decimal({digits >> 16}, {digits & 0x7FF})" if column.modifier > 4 else "decimal(38, 10)"
    return TYPES.get(column.oid, "varchar")


def _parts(order: UnloadOrder, columns: list[Column], rows: bytes) -> list[tuple[str, bytes, int]]:
    """Address, bytes and rows of each file. Slices write files of their own, and without rows none."""
    kind = "parquet" if order.format == "parquet" else order.format
    packing = next(iter(order.flags & {"gzip", "bzip2", "zstd"}), "")
    alone = order.values.get("parallel") in ("off", "false")
    types = ", ".join(f"'{column.name.replace(chr(39), chr(39) * 2)}': '{_type(column)}'" for column in columns)
    made: list[tuple[str, bytes, int]] = []
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        source, target = Path(folder, "rows.csv"), Path(folder, "part")
        source.write_bytes(rows)
        if rows:
            connection.execute(
                f"create table rows as select * from read_csv('{source}', columns = {{{types}}}, header = false, "
                "delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
                "auto_detect = false, strict_mode = true, parallel = false)"
            )
        counted = connection.execute("select count(*) from rows").fetchone() if rows else (0,)
        assert counted is not None
        total = int(counted[0])
        slices = 1 if alone or total < 2 else 2
        for part in range(slices if total else 0):
            options = {"csv": "format csv, header false", "json": "format json", "parquet": "format parquet"}[kind]
            picked = f"select * from rows where rowid % {slices} = {part} order by rowid"
            connection.execute(f"copy ({picked}) to '{target}' ({options})")
            name = "000" if alone else f"{part:04d}_part_00"
            data = _packed(packing, target.read_bytes())
            count = total // slices + (part < total % slices)
            made.append((order.target + name + SUFFIXES[kind] + PACKED[packing], data, count))
    return made


def _packed(packing: str, data: bytes) -> bytes:
    match packing:
        case "gzip":
            return gzip.compress(data)
        case "bzip2":
            return bz2.compress(data)
        case "zstd":
            return zstandard.compress(data)
    return data
