"""System views about loads, kept outside the transactions of whoever looks at them.

What happened is written to files, and a view reads the file each time: so rows are there at once, they survive a
rollback, and an old snapshot does not hide them. Columns and widths are those of the documentation: char is padded with
blanks, and a file name beyond 256 bytes is cut.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.redshift.standin import StandIn

COLUMNS = {
    "sys_load_error_detail": (
        "user_id int, query_id bigint, transaction_id bigint, session_id int, database_name char(64), table_id int, "
        "start_time timestamp, file_name char(256), line_number bigint, column_name char(127), column_type char(10), "
        "column_length char(10), position int, error_code int, error_message char(512)"
    ),
    "sys_load_history": (
        "user_id int, query_id bigint, transaction_id bigint, session_id int, database_name text, status text, "
        "table_name text, start_time timestamp, end_time timestamp, duration bigint, data_source text, "
        "file_format text, loaded_rows bigint, loaded_bytes bigint, source_file_count int, file_count_scanned int, "
        "error_count bigint, copy_job_id bigint"
    ),
    "sys_load_detail": (
        "user_id int, query_id bigint, file_name char(256), bytes_scanned int, lines_scanned int, "
        "record_time timestamp, start_time timestamp, end_time timestamp, file_etag char(256), "
        "file_last_modified timestamp"
    ),
    "stl_load_errors": (
        "userid int, slice int, tbl int, starttime timestamp, session int, query int, filename char(256), "
        "line_number bigint, colname char(127), type char(10), col_length char(10), position int, "
        "raw_line char(1024), raw_field_value char(1024), err_code int, err_reason char(100), is_partial int, "
        "start_offset bigint, copy_job_id bigint"
    ),
    "stl_load_commits": (
        "userid int, query int, slice int, name char(256), filename char(256), byte_offset int, lines_scanned int, "
        "errors int, curtime timestamp, status int, file_format char(16), is_partial int, start_offset bigint, "
        "copy_job_id bigint"
    ),
}

PROVISIONED = {"stl_load_errors", "stl_load_commits"}
"""Not there on Serverless."""


def widths(view: str) -> dict[str, int]:
    """The char columns of a view, and how many bytes they hold."""
    pairs = (column.split(" ", 1) for column in COLUMNS[view].split(", "))
    return {name: int(kind[5:-1]) for name, kind in pairs if kind.startswith("char(")}


WIDTHS = {view: widths(view) for view in COLUMNS}


def statements(folder: Path, *, serverless: bool, slices: int) -> list[str]:
    """What makes the views."""
    made = [
        f"""
        create function standin.rows_of(name text) returns setof json volatile security definer language sql as $$
            select line::json -> 'row'
            from string_to_table(pg_read_file('{folder}/' || name, true), E'\\n') as line
            where line <> '' and (line::json ->> 'seen_at')::double precision <= date_part('epoch', clock_timestamp())
                and line::json ->> 'database' = current_database()
        $$
        """,
        """
        create view standin.stv_db_isolation_level as
        select datname::char(128) as db_name, 'Snapshot Isolation'::char(20) as isolation_level from pg_database
        where datallowconn
        """,
        """
        create view standin.svv_transactions as
        select
            current_database()::text as txn_owner, datname::text as txn_db, coalesce(l.transactionid::text, '0')::bigint
            as xid, l.pid, mode as lock_mode, locktype as lockable_object_type, relation::int, granted
        from pg_locks l left join pg_database d on d.oid = l.database
        """,
    ]
    for view, columns in COLUMNS.items():
        if view in PROVISIONED and serverless:
            continue
        made.append(
            f"create view standin.{view} as select r.* from standin.rows_of('{view}') j, json_to_record(j) r({columns})"
        )
    if not serverless:
        made.append(
            "create view standin.stv_slices as select 0 as node, n as slice, n as localslice, 'D'::char(1) as type "
            f"from generate_series(0, {slices - 1}) n"
        )
    made.append("grant select on all tables in schema standin to public")
    return [";\n".join(made)]


class ViewLog:
    """Writes what the views show."""

    def __init__(self, folder: Path, standin: StandIn) -> None:
        self._folder = folder
        self._standin = standin
        self._lock = threading.Lock()
        self._queries = itertools.count(101)

    def next_query(self) -> int:
        """A number for a query."""
        return next(self._queries)

    def add(self, view: str, database: str, rows: list[dict[str, Any]]) -> None:
        """Add rows to a view of a database; they can be seen after the delay that the stand-in has."""
        seen_at = time.time() + self._standin.view_delay
        lines = bytearray()
        for row in rows:
            for name, width in WIDTHS[view].items():
                if name in row:
                    row[name] = str(row[name]).encode()[:width].decode(errors="ignore")
            line = {"seen_at": seen_at, "database": database, "row": row}
            lines += json.dumps(line, ensure_ascii=False, default=str).encode() + b"\n"
        path = self._folder / view
        with self._lock:
            with path.open("ab") as file:
                file.write(lines)
            path.chmod(0o644)


def now() -> str:
    """The time as the views tell it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ")
