"""Amazon Redshift: the cluster does the work, one transaction a batch.

What needs no cluster (listing files, comparing them with the ledger, reading small and doubtful ones exactly)
is done here, in an in-memory DuckDB. What is staged goes to S3 and in by COPY.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sparkify import sql_queries
from sparkify.errors import SparkifyError, UsageError, WarehouseError, WarehouseInUse
from sparkify.source.access import bucket_region, parse
from sparkify.source.files import SourceFile
from sparkify.source.jsonpaths import JsonPaths
from sparkify.source.parts import Part
from sparkify.source.spool import Spool
from sparkify.warehouse import Answer, Inexact, Row, number
from sparkify.warehouse.local import LocalEngine
from sparkify.warehouse.redshift_address import RedshiftAddress
from sparkify.warehouse.redshift_loading import Doubtful, Loading
from sparkify.warehouse.redshift_reading import asked, check_reads_only, unload_statement
from sparkify.warehouse.redshift_session import Refused, StatementTimeout
from sparkify.warehouse.redshift_transactions import WORK, Transactions, quoted
from sparkify.warehouse.staging_area import StagingArea, own_spool, write_rows

if TYPE_CHECKING:
    from sparkify.config import Settings

T = TypeVar("T")

REBUILD = "sparkify_rebuild"
"""Schema of the second set of tables during a full refresh."""
LEDGER_ROWS = 20_000
"""Rows of the ledger from which it comes by UNLOAD: the driver holds every row that it fetches in memory."""

_LOCAL = {name.removeprefix("discover/") for name in sql_queries.names("discover")}
"""Temporary tables that are on this machine."""
_OF_RUN = re.compile(rf"\b({'|'.join(sql_queries.RUN_TABLES)})\b")
_TEMP_TABLE = re.compile(r"\s*create temp table (\w+)")
_FEW = 500
"""Values up to which rows go in with one INSERT; more go in with one COPY."""
_STATISTICS = ("songplays", "time", "users", "songs", "artists", "etl_plays", "etl_tracks")


class RedshiftWarehouse(Transactions):
    """A warehouse on a provisioned cluster or a Serverless workgroup."""

    engine: sql_queries.Engine = "redshift"

    def __init__(self, address: RedshiftAddress, settings: Settings) -> None:
        super().__init__(address, settings)
        self._local = LocalEngine(memory=settings.memory_limit, threads=settings.threads, spool=settings.spool_dir)
        self._area: StagingArea | None = None
        self._loading: Loading | None = None
        self._unsettled = 0
        self._ledger_is_old = True
        """Whether a batch was committed since the ledger was fetched."""

    @property
    def spool(self) -> Spool:
        """Where files go that are soon read again."""
        return self._local.spool

    # -- opening --------------------------------------------------------------------------------------

    def exists(self) -> bool:
        self._main.query("select 1")
        return True

    def check(self) -> None:
        if self._settings.staging is None:
            raise UsageError(
                f"{self.url}: loading needs a place in S3 for what COPY reads; give --staging s3://bucket/prefix/"
            )

    @contextmanager
    def loading(self) -> Iterator[None]:
        # Making tables needs no place in S3; a load has asked for it before.
        area = self._area = self._open_area() if self._settings.staging is not None else None
        try:
            if area is not None:
                area.check()
            self.exists()  # a wrong address shows here, at once; later on, a connection is tried for again
            self._retrying(self._make_locks)
            self._hold(self._settings.wait)
            self._locking = True
            self._local.spool = own_spool(self.url, self._settings.spool_dir)
            if area is not None:
                area.belong(self._identity())
                # What a load before this one left when it was killed goes, now that it cannot be another's.
                area.clear_left()
                self._loading = Loading(self._main, self._local, area, self._settings.copy_role, self._slices())
            yield
        finally:
            # First what is ours, then the lock: the next load may begin at once.
            if self._locking:
                self.spool.clear()
                if area is not None:
                    with suppress(SparkifyError):
                        area.clear()
            self._loading, self._locking = None, False
            self._holder.close()
            if area is not None:
                area.close()
            self._area = None

    def _open_area(self) -> StagingArea:
        self.check()
        assert self._settings.staging is not None
        return StagingArea(self._settings.staging, self._settings.access)

    def _slices(self) -> int:
        """Slices of the cluster; a workgroup does not tell, and has two for each RPU of the default by experience."""
        if self.address.workgroup is not None:
            return 8
        try:
            return max(1, number(self._main.query("select count(*) from stv_slices")[0][0]))
        except WarehouseError as error:
            if error.passing:
                raise
            return 8

    @contextmanager
    def sparing(self) -> Iterator[None]:
        with self._local.sparing():
            yield

    def close(self) -> None:
        self._main.close()
        self._holder.close()
        self._local.close()
        if self._area is not None:
            self._area.close()
            self._area = None

    # -- transactions -----------------------------------------------------------------------------------

    def publish(self, work: Callable[[], T], *, committed: Callable[[], bool]) -> T:
        loading = self._loaded()

        def copy_and_work() -> T:
            loading.copy(self._temporary)
            return work()

        try:
            result = self.transact(copy_and_work, committed=committed)
        except Doubtful as error:
            raise Inexact(self._retrying(loading.narrow) or error.parts, error.why) from error
        except Refused as error:
            if not loading.copying:
                raise
            # COPY failed: which files it could not load, the system's views tell now that the transaction is over.
            reason = error
            raise Inexact(self._retrying(lambda: loading.culprits(reason)), "records that COPY refused") from error
        self._ledger_is_old = True
        with suppress(SparkifyError):  # the batch is committed; what stays now goes at the end
            loading.clear()
        return result

    def _loaded(self) -> Loading:
        if self._loading is None:
            raise AssertionError("outside of loading()")
        return self._loading

    def reads(self, file: SourceFile, paths: JsonPaths | None) -> bool:
        return self._settings.in_place and self._loading is not None and self._loading.reads(file, paths)

    def settle(self, added: int, total: int) -> None:
        self._unsettled += added
        if self._unsettled * 10 < total or not self._unsettled:
            return
        self._unsettled = 0
        for table in _STATISTICS:
            with suppress(WarehouseError):  # plans are better with them, but right without
                self._main.execute(f"analyze {quoted(self._schema or self._main.schema)}.{table}")

    def plan(self, files: Sequence[SourceFile], paths: JsonPaths | None) -> list[str]:
        from sparkify.warehouse.redshift_plan import plan

        area = self._open_area()
        try:
            area.belong("ID")  # which one, only the warehouse knows
            loading = Loading(self._main, self._local, area, self._settings.copy_role, 1)
            return plan(loading, files, paths, in_place=self._settings.in_place)
        finally:
            area.close()

    def plan_of_transform(self) -> list[str]:
        from sparkify.warehouse.redshift_plan import statements

        return statements()

    # -- the second set of tables -------------------------------------------------------------------------

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        self._retrying(lambda: self._main.execute(f"create schema if not exists {REBUILD}"))
        self._schema = REBUILD
        try:
            yield
        finally:
            self._schema = ""
            with suppress(SparkifyError):
                self.drop_rebuilt()

    def drop_rebuilt(self) -> None:
        self._retrying(lambda: self._main.execute(f"drop schema if exists {REBUILD} cascade"))

    def replace_tables(self, tables: Sequence[str], keep: Sequence[str]) -> None:
        home = quoted(self._main.schema)
        for table in tables:
            self.execute(f"delete from {home}.{table}")
        for table in (*tables, *keep):
            columns = ", ".join(self._columns(table, REBUILD))
            self.execute(f"insert into {home}.{table} ({columns}) select {columns} from {REBUILD}.{table}")
        self._schema = ""
        self._set_path()

    def _columns(self, table: str, schema: str | None = None) -> list[str]:
        if not self._main.is_open:
            self.exists()
        rows = self.query(
            "select column_name from information_schema.columns where table_schema = ? and table_name = ? "
            "order by ordinal_position",
            [schema or self._main.schema, table],
        )
        return [str(name) for (name,) in rows]

    # -- statements -----------------------------------------------------------------------------------------

    def run(self, name: str, parameters: Sequence[object] = ()) -> None:
        folder, _, short = name.partition("/")
        if folder == "discover":
            if short == "add_known":
                self._fetch_ledger()
            self._local.run(name, parameters)
            return
        self.execute(self._statement(name), parameters)

    def rows(self, name: str, parameters: Sequence[object] = ()) -> list[Row]:
        folder, _, short = name.partition("/")
        if folder == "discover":
            if short == "loaded_origins" and self._ledger_is_old:
                self._fetch_ledger()
            return self._local.rows(name, parameters)
        return self.query(self._of_run(self._statement(name)), parameters)

    def _statement(self, name: str) -> str:
        """A statement of `sql/`. What lasts for a run, which may need more than one connection, is a table of ours."""
        sql = sql_queries.statement(name, self.engine)
        if name.removeprefix("run/") in sql_queries.RUN_TABLES:
            sql = sql.replace("create temp table ", "create table ", 1)
        return sql

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        if self._locking and sql.startswith(("drop table ", "alter table ")):
            self._alter(sql)
            return
        made = _TEMP_TABLE.match(sql)
        self._main.execute(self._of_run(sql), parameters)
        if made is not None:
            self._temporary.add(made.group(1))

    def _of_run(self, sql: str) -> str:
        """A statement of a load, with the tables of its run where they lie."""
        return _OF_RUN.sub(rf"{WORK}.\1", sql) if self._locking else sql

    def _alter(self, sql: str) -> None:
        """Such statements wait for everybody who reads the table, even if he is idle: so not for ever."""
        wait = max(1000, round(self._settings.wait * 1000))
        self._main.execute(f"set statement_timeout to {wait}")
        try:
            self._main.execute(sql)
        except StatementTimeout as error:
            self._main.close()
            raise WarehouseInUse(
                f"{self.url}: somebody reads what is to be changed ({sql}); svv_transactions shows who; try again later"
            ) from error
        self._main.execute(f"set statement_timeout to '{self._main.usual_timeout}'")

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        return self._main.query(sql, parameters)

    def tables(self) -> set[str]:
        if not self._main.is_open:
            self._main.query("select 1")
        return self._main.tables(self._schema or self._main.schema)

    def drop_temporary(self, names: Iterable[str]) -> None:
        for name in names:
            if name in _LOCAL:
                self._local.drop_temporary([name])
            elif name in sql_queries.RUN_TABLES:
                self._main.execute(f"drop table if exists {WORK}.{name}")
            elif name in self._temporary:
                # Only what this connection made: a permanent table of the name would be dropped as readily.
                self._main.execute(f"drop table {name}")
                self._temporary.discard(name)

    def _fetch_ledger(self) -> None:
        """Bring the ledger here, so that the listing can be compared with it; through S3 when it is long."""
        begun = True

        def fetch() -> None:
            nonlocal begun
            if not begun:
                self._begin()
            try:
                self._fetch_rows()
            except WarehouseError:
                self._roll_back()
                begun = False
                raise

        self._retrying(fetch)

    def _fetch_rows(self) -> None:
        local = self._local
        local.drop_temporary(["etl_files"])
        local.execute(
            "create temp table etl_files (url varchar, kind varchar, etag varchar, size bigint, modified timestamp)"
        )
        names = ("url", "kind", "etag", "size", "modified")
        select = f"select {', '.join(names)} from etl_files"
        if (
            number(self.query("select count(*) from etl_files")[0][0]) > LEDGER_ROWS
            and self._settings.staging is not None
        ):
            with self._unloaded(select) as paths:
                local.execute(f"insert into temp.main.etl_files by name select * from {_parquet(paths)}")
        else:
            local.append("etl_files", (dict(zip(names, row, strict=True)) for row in self.query(select)))
        self._ledger_is_old = False

    # -- many rows at once ----------------------------------------------------------------------------------

    def stage(self, parts: Sequence[Part]) -> list[Part]:
        return self._loaded().stage(parts)

    def append(self, table: str, rows: Iterable[Mapping[str, object]]) -> None:
        if table in _LOCAL:
            self._local.append(table, rows)
            return
        few, rest = _few(iter(rows))
        if not rest:
            if few:
                columns = list(few[0])
                places = ", ".join("(" + ", ".join("?" * len(columns)) + ")" for _ in few)
                values = [row[column] for row in few for column in columns]
                self.execute(f"insert into {table} ({', '.join(columns)}) values {places}", values)
            return
        loading = self._loaded()
        room = loading.area.room()
        try:
            written = write_rows(chain(few, rest), table, list(few[0]), room, self.spool)
            assert written is not None
            loading.send(written)
        finally:
            room.clear()

    # -- somebody's questions -------------------------------------------------------------------------------

    def asking(self, *, wait: float | None = None) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()  # the connection stays anyway

    def ask(self, sql: str) -> Answer:
        statement = check_reads_only(sql)
        self._begin(" read only")
        try:
            return asked(self._main, statement, self._settings.timeout, self._settings.statement_timeout)
        finally:
            self._roll_back()

    def kept(self) -> list[Hashable]:
        return []

    def keep(self, key: Hashable, sql: str) -> str | None:  # noqa: ARG002
        return None  # somebody who only reads may make no table

    def cancel(self) -> None:
        if (process := self._main.process) is None:
            return
        other = self._session("sparkify cancel")
        try:
            with suppress(SparkifyError):
                other.query("select pg_cancel_backend(?)", [process])
        finally:
            other.close()

    def version(self) -> object:
        return None

    def is_loading(self) -> bool:
        return False

    def export(self, table: str, path: Path) -> int:
        """Write a table as Parquet, by way of the staging prefix; the number of rows."""
        columns = self._columns(table)
        rows = number(self.query(f"select count(*) from {table}")[0][0])
        with suppress(FileNotFoundError):
            path.unlink()
        with self._unloaded(f"select {', '.join(columns)} from {table}") as paths:
            if not paths:  # no rows, no object
                self._local.run(f"schema/{table}")
            self._local.execute(
                f"copy (select * from {_parquet(paths) if paths else table} order by all) "
                f"to {sql_queries.literal(str(path))} (format parquet, compression zstd)"
            )
        [(written,)] = self._local.query(f"select count(*) from {_parquet([path])}")
        if number(written) != rows:
            raise WarehouseError(f"{table}: UNLOAD gave {written} of {rows} rows; try again, and please report this")
        return rows

    @contextmanager
    def _unloaded(self, select: str) -> Iterator[list[Path]]:
        """What a query selects, as Parquet files on this machine that go again."""
        area = self._area or self._open_area()
        room = area.room()
        paths: list[Path] = []
        try:
            self.execute(unload_statement(select, f"{room.url}/unloaded/", self._settings.copy_role, area.region))
            paths = room.fetch("unloaded", self.spool)
            yield paths
        finally:
            for path in paths:
                path.unlink(missing_ok=True)
            with suppress(SparkifyError):
                room.clear_all()
            if area is not self._area:
                area.close()

    def unload(self, table: str, url: str) -> int | None:
        columns = ", ".join(self._columns(table))
        rows = number(self.query(f"select count(*) from {table}")[0][0])
        region = bucket_region(parse(url).root, self._settings.access)
        self.execute(unload_statement(f"select {columns} from {table}", url, self._settings.copy_role, region))
        return rows


def _parquet(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(sql_queries.file_literal(path) for path in paths)}])"


def _few(
    rows: Iterator[Mapping[str, object]],
) -> tuple[list[Mapping[str, object]], Iterator[Mapping[str, object]] | None]:
    """The first rows, and the rest when there are more than go in with one INSERT."""
    few: list[Mapping[str, object]] = []
    for row in rows:
        few.append(row)
        if len(few) * len(row) > _FEW:
            return few, rows
    return few, None
