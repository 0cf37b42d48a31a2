"""`sparkify sql` reads the warehouse and nothing else: attacks leave with exit 2, one line, and change no byte."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from sparkify import queries, views
from sparkify.config import load_settings
from sparkify.dashboard.reader import Reader
from sparkify.errors import UsageError, WarehouseError
from sparkify.report import report
from sparkify.warehouse import duckdb_answer, duckdb_sandbox
from sparkify.warehouse.confined import confine, confined
from sparkify.warehouse.duckdb import DuckDBWarehouse
from sparkify.warehouse.duckdb_reading import checked
from tests.command import DATABASE, environment, etl, finish, inside, leftovers, small_company, sparkify, start, tamper

ROW = "(99, 'a', 'b', 'c', 'd')"
READ_HOST = "SELECT * FROM read_text(''/etc/hostname'')"

ATTACKS = {
    "change rows": (
        f"INSERT INTO users VALUES {ROW}",
        f"INSERT OR REPLACE INTO users VALUES {ROW}",
        "UPDATE users SET level = 'x'",
        "DELETE FROM users",
        "TRUNCATE users",
        "MERGE INTO users USING (SELECT 7 AS user_id) AS s ON users.user_id = s.user_id WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM users RETURNING *) SELECT * FROM gone",
        f"WITH new AS (INSERT INTO users VALUES {ROW} RETURNING *) SELECT * FROM new",
        "WITH old AS (SELECT 7 AS id) DELETE FROM users USING old WHERE user_id = id",
        "SELECT * FROM (DELETE FROM users RETURNING *)",
        "FROM query('DELETE FROM users')",
        "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('DELETE FROM users'))",
    ),
    "make and drop": (
        "CREATE TABLE t (a INT)",
        "CREATE TEMP TABLE t (a INT)",
        "CREATE TABLE t AS SELECT 1",
        "CREATE OR REPLACE TABLE users AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TEMP VIEW v AS SELECT 1",
        "CREATE MACRO m(a) AS a",
        "CREATE TEMP MACRO m(a) AS a",
        "CREATE SEQUENCE s",
        "CREATE SCHEMA s",
        "CREATE TYPE t AS ENUM ('a')",
        "CREATE INDEX i ON users (user_id)",
        "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
        "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
        "ALTER TABLE users ADD COLUMN x INT",
        "COMMENT ON TABLE users IS 'x'",
        "DROP TABLE users",
        "DROP SCHEMA main CASCADE",
        "SELECT * INTO t FROM users",
    ),
    "other databases": (
        "ATTACH 'other.duckdb' AS other",
        "ATTACH ':memory:' AS other",
        "DETACH sparkify",
        "USE main",
        "SELECT * FROM 'other.duckdb'",
        "FROM read_duckdb('other.duckdb')",
        "FROM read_duckdb('other.duckdb', table_name = 'secret')",
        "SELECT * FROM 'new.duckdb'",
        "SELECT * FROM sqlite_scan('other.db', 't')",
        "SELECT * FROM postgres_query('host=localhost', 'SELECT 1')",
    ),
    "write files": (
        "COPY users TO 'out.csv'",
        "COPY (SELECT 1) TO 'out.parquet' (FORMAT parquet)",
        "COPY (SELECT 1) TO '/dev/stderr'",
        "COPY users FROM 'secret.csv'",
        "COPY FROM DATABASE sparkify TO memory",
        "EXPORT DATABASE 'out'",
        "IMPORT DATABASE 'out'",
        "CHECKPOINT",
        "FORCE CHECKPOINT",
        "VACUUM",
        "ANALYZE",
        "FROM force_checkpoint('sparkify')",
        "CALL enable_logging('QueryLog', storage_path = 'logs')",
        "FROM enable_logging('QueryLog', storage_path = 'logs')",
        "PRAGMA enable_profiling = 'json'",
        "FROM enable_profiling(save_location = 'out.json')",
        "SET profiling_output = 'out.json'",
    ),
    "read files": (
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_blob('/etc/hostname')",
        "SELECT * FROM read_csv('secret.csv')",
        "SELECT * FROM read_csv_auto('secret.csv')",
        "SELECT * FROM sniff_csv('secret.csv')",
        "SELECT * FROM read_json('secret.json')",
        "SELECT * FROM read_json_auto('secret.json')",
        "SELECT * FROM read_ndjson('secret.json')",
        "SELECT * FROM read_ndjson_objects('secret.json')",
        "SELECT * FROM read_parquet('secret.parquet')",
        "SELECT * FROM parquet_scan(['secret.parquet'])",
        "SELECT * FROM parquet_metadata('secret.parquet')",
        "SELECT * FROM parquet_schema('secret.parquet')",
        "SELECT * FROM parquet_file_metadata('secret.parquet')",
        "SELECT * FROM glob('*')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM 'secret.csv'",
        'SELECT * FROM "secret.csv"',
        "FROM 'secret.json'",
        "FROM 'secret.parquet'",
        "FROM './secret.csv'",
        "FROM 'file:secret.csv'",
        "FROM '/etc/hostname'",
        "DESCRIBE FROM 'secret.csv'",
        "DESCRIBE 'secret.csv'",
        "SUMMARIZE 'secret.csv'",
        "EXPLAIN ANALYZE FROM 'secret.csv'",
        f"FROM query('{READ_HOST}')",
        "FROM query_table('secret.csv')",
        "FROM query_table(['secret.csv'])",
        f"FROM json_execute_serialized_sql(json_serialize_sql('{READ_HOST}'))",
        "SELECT (SELECT content FROM read_text('/etc/hostname'))",
        "WITH host AS (FROM read_text('/etc/hostname')) FROM host",
        "VALUES ((SELECT content FROM read_text('/etc/hostname')))",
        "SELECT getenv('HOME')",
        "SELECT * FROM duckdb_secrets()",
        "FROM which_secret('s3://bucket/x', 's3')",
        "FROM duckdb_extensions()",
    ),
    "the network": (
        "SELECT * FROM 'https://127.0.0.1:9/x.csv'",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
        "FROM 'hf://datasets/x/y.csv'",
        "INSTALL httpfs",
        "FORCE INSTALL httpfs FROM community",
        "LOAD httpfs",
        "LOAD './x.duckdb_extension'",
        "UPDATE EXTENSIONS",
        "EXPLAIN ANALYZE LOAD httpfs",
        "FROM iceberg_scan('x')",
    ),
    "settings": (
        "SET enable_external_access = true",
        "SET GLOBAL enable_external_access = true",
        "SET lock_configuration = false",
        "SET memory_limit = '1TB'",
        "SET VARIABLE x = 1",
        "RESET enable_external_access",
        "PRAGMA enable_external_access = true",
        "PRAGMA version",
        "PRAGMA import_database('out')",
        "CALL pragma_version()",
        "EXPLAIN ANALYZE SET enable_external_access = true",
        "EXPLAIN ANALYZE SET memory_limit = '1TB'",
    ),
    "by way of EXPLAIN": (
        f"EXPLAIN ANALYZE INSERT INTO users VALUES {ROW}",
        "EXPLAIN ANALYZE DELETE FROM users",
        "EXPLAIN ANALYZE UPDATE users SET level = 'x'",
        "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
        "EXPLAIN ANALYZE DROP TABLE users",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'out.csv'",
        "EXPLAIN ANALYZE COPY users FROM 'secret.csv'",
        "EXPLAIN (ANALYZE) DELETE FROM users",
        "EXPLAIN ANALYZE CALL enable_logging()",
        "EXPLAIN ANALYZE CREATE SECRET s (TYPE s3)",
        "EXPLAIN ANALYZE SELECT 1",
        "EXPLAIN (ANALYZE) SELECT 1",
        "EXPLAIN (FORMAT json, ANALYZE) SELECT 1",
        "EXPLAIN (ANALYZE, FORMAT json) SELECT 1",
        "EXPLAIN (ANALYZE true) SELECT 1",
        "EXPLAIN (ANALYZE) (SELECT 1)",
        "EXPLAIN/**/ANALYZE/**/SELECT 1",
        "EXPLAIN -- c\n ANALYZE SELECT 1",
        "EXPLAIN COPY (SELECT 1) TO 'out.csv'",
        "EXPLAIN DELETE FROM users",
        "EXPLAIN CHECKPOINT",
        "EXPLAIN PRAGMA version",
        "EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 1",
        "EXPLAIN ANALYZE CHECKPOINT",
        "EXPLAIN ANALYZE VACUUM",
        "EXPLAIN WITH x AS (COPY (SELECT 1) TO 'out.csv') FROM x",
        "EXPLAIN SELECT 1; COPY (SELECT 1) TO 'out.csv'",
        "EXPLAIN",
        "EXPLAIN EXPLAIN SELECT 1",
    ),
    "within a SELECT": (
        "WITH x AS (COPY (SELECT 1) TO 'out.csv') FROM x",
        "WITH x AS (COPY (SELECT 1) TO 'out.csv' (USE_TMP_FILE false)) SELECT 1",
        "SELECT * FROM (WITH x AS (COPY (SELECT 1) TO 'out.csv') FROM x)",
        "SELECT (WITH x AS (COPY (SELECT 1) TO 'out.csv') SELECT count(*) FROM x)",
        "DESCRIBE WITH x AS (COPY (SELECT 1) TO 'out.csv') FROM x",
        "SUMMARIZE WITH x AS (COPY (SELECT 1) TO 'out.csv') FROM x",
        "PIVOT (WITH x AS (COPY (SELECT 1) TO 'out.csv') FROM x) ON Count IN (1)",
        "SELECT 1 UNION ALL (WITH x AS (DELETE FROM users RETURNING 1) FROM x)",
        "WITH x AS (CREATE TABLE t AS SELECT 1) FROM x",
        "WITH x AS (CALL enable_logging()) FROM x",
        "WITH x AS (SET memory_limit = '1TB') FROM x",
        "FROM query('SELECT 1')",
        "FROM query('WITH x AS (COPY (SELECT 1) TO ''out.csv'') FROM x')",
        "PIVOT users ON level",
        "EXPLAIN PIVOT users ON level",
        "FROM (PIVOT users ON level)",
        "FROM enable_logging()",
        "FROM enable_logging(storage_path := 'logs', storage := 'file')",
        "FROM disable_logging()",
        "FROM truncate_duckdb_logs()",
        "FROM enable_profiling()",
        "FROM add_grammar_extension('x')",
        "FROM \"ADD_GRAMMAR_EXTENSION\"('x')",
        "FROM system.main.add_parquet_key('k', '0123456789112345')",
        "FROM create_external_resource('x', MAP {'a': 'b'})",
        "FROM copy_database('sparkify', 'memory')",
        "FROM arrow_scan(1, 2, 3)",
        "FROM pandas_scan(1)",
        "FROM python_map_function(1)",
        "SELECT * FROM users, LATERAL (FROM read_text(first_name))",
        "SELECT * FROM users WHERE EXISTS (FROM checkpoint())",
        "SELECT * FROM users ORDER BY (SELECT max(size) FROM read_blob('secret.csv'))",
        "SELECT * FROM users LIMIT (SELECT count(*) FROM glob('*'))",
    ),
    "more than one": (
        "SELECT 1; SELECT 2",
        "SELECT 1; DELETE FROM users",
        "SELECT 1;; DELETE FROM users;",
        "SELECT 1 /* ; */; DROP TABLE users --",
        "BEGIN; DELETE FROM users; COMMIT",
        "BEGIN",
        "COMMIT",
        "PREPARE p AS DELETE FROM users",
        "PREPARE p AS SELECT 1; EXECUTE p",
        "EXECUTE p",
        "DEALLOCATE p",
        "SET VARIABLE x = 1; SELECT getvariable('x')",
        "",
        ";",
        "-- nothing",
    ),
    "no SQL": (
        "SELEC 1",
        "SELECT 'open",
        "SELECT $1",
        "SELECT * FROM nowhere",
        "SELECT nothing FROM users",
        "SELECT CAST('x' AS INT)",
        "SELECT error('boom')",
        "FROM statements",
        "FROM connection",
        "CREATE",
        "DELETE FROM nowhere",
            "\N{SNOWMAN}",
    ),
}  # fmt: skip

READS = (
    "SELECT COUNT(*) FROM songplays",
    "select 1;",
    "SELECT 1 -- that is all",
    "(SELECT 1)",
    "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT * FROM n",
    "VALUES (1, 'x')",
    "FROM users",
    "TABLE users",
    "FROM users SELECT level",
    "DESCRIBE users",
    "DESCRIBE SELECT 1 AS x",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "SUMMARIZE users",
    "EXPLAIN SELECT * FROM users",
    "EXPLAIN (FORMAT json) SELECT * FROM users",
    "/* a */ explain -- b\n FROM users; -- c",
    "EXPLAIN (SELECT 1)",
    "PIVOT users ON level IN ('free', 'paid')",
    "FROM (DESCRIBE users)",
    "UNPIVOT users ON first_name, last_name",
    "FROM query_table('users')",
    "FROM duckdb_tables()",
    "FROM pragma_table_info('users')",
    "SELECT * FROM json_each('[1, 2]')",
    "SELECT unnest([1, 2])",
    "WITH RECURSIVE t AS (SELECT 1 AS a) FROM t, LATERAL (SELECT t.a)",
    "SELECT * FROM users UNION ALL FROM users",
    "SELECT * FROM range(3)",
    "SELECT DISTINCT ON (user_id) * FROM songplays",
    "SELECT level, COUNT(*) OVER () FROM songplays QUALIFY ROW_NUMBER() OVER (PARTITION BY level) = 1",
    "SELECT * FROM information_schema.columns",
    "SELECT now() > TIMESTAMP '2018-01-01' AS later",
    "SELECT now() AS clock",
    "SELECT TIMESTAMPTZ '2018-11-01 12:00:00+00' AS instant",
    "SELECT 'it''s; DELETE FROM users' AS text",
)


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    """No byte of any file in the folder changes, and nothing new lies there."""
    before = contents(folder)
    yield
    assert contents(folder) == before


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a loaded warehouse, and files that nobody may read."""
    folder = tmp_path_factory.mktemp("readonly")
    etl(small_company(folder)).ok()
    (folder / "secret.csv").write_text("secret\nhush\n")
    (folder / "secret.json").write_text('{"secret": "hush"}\n')
    duckdb.execute(f"copy (select 'hush' as secret) to '{folder / 'secret.parquet'}'")
    other = duckdb.connect(str(folder / "other.duckdb"))
    other.execute("create table secret as select 'hush' as secret")
    other.close()
    return folder


@pytest.mark.parametrize("aim", ATTACKS)
def test_a_process_does_nothing_but_read_the_warehouse(folder: Path, aim: str) -> None:
    with untouched(folder):
        result = sparkify(folder, "sql", ATTACKS[aim][0], wait="0")
    assert result.failed(2)
    assert result.out == ""


@pytest.mark.parametrize("aim", ATTACKS)
def test_it_does_nothing_but_read_the_warehouse(folder: Path, aim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a question by itself, and as one of those that come together, whose engine opens the file again and again."""
    monkeypatch.chdir(folder)
    with closing(DuckDBWarehouse(folder / DATABASE)) as warehouse, untouched(folder):
        for number, attack in enumerate(ATTACKS[aim]):
            if number % 3 == 0:  # an engine of its own each time
                refuse(warehouse, attack)
            with warehouse.asking():
                assert warehouse.keep(number % 3, "select 1 as one") is not None
                refuse(warehouse, attack)
                assert warehouse.ask("select count(*) from users").rows == [(1,)]
                assert number % 3 in warehouse.kept()


def refuse(warehouse: DuckDBWarehouse, attack: str) -> None:
    with pytest.raises(UsageError) as refused:
        warehouse.ask(attack)
    assert "hush" not in str(refused.value)


ENDINGS = ("", ".wal", ".wal.checkpoint", ".wal.recovery", ".tmp/x", ".tmp", ".lock", ".spool", ".new")
"""What the engine or a load knows beside a file, and what nobody knows."""
WRITES = (
    "COPY (SELECT 1) TO '{}'",
    "COPY (SELECT 1) TO '{}' (USE_TMP_FILE false)",
    "COPY (SELECT 'DUCK'::BLOB) TO '{}' (FORMAT blob)",
    "COPY (SELECT 1) TO '{}' (FORMAT parquet, USE_TMP_FILE false)",
    "COPY users TO '{}' (FORMAT json, OVERWRITE_OR_IGNORE)",
    "COPY (SELECT 1 AS a) TO '{}' (PARTITION_BY (a), OVERWRITE)",
    "WITH x AS (COPY (SELECT 1) TO '{}' (USE_TMP_FILE false)) FROM x",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{}' (USE_TMP_FILE false)",
    "EXPLAIN (ANALYZE, FORMAT json) COPY (SELECT 1) TO '{}' (USE_TMP_FILE false)",
    "PREPARE p AS COPY (SELECT 1) TO '{}'",
    "EXPORT DATABASE '{}'",
    "ATTACH '{}' AS other",
    "ATTACH '{}' AS other (READ_WRITE)",
    "EXPLAIN ANALYZE ATTACH '{}' AS other",
    "SET temp_directory = '{}'",
    "SET log_query_path = '{}'",
    "SET profiling_output = '{}'",
    "SET secret_directory = '{}'",
    "SET extension_directory = '{}'",
    "SET allowed_paths = ['{}']",
    "FROM enable_logging(storage_path := '{}', storage := 'file')",
    "FROM enable_profiling(save_location := '{}')",
    "FROM read_csv('{}', store_rejects := true)",
    "FROM query('WITH x AS (COPY (SELECT 1) TO ''{}'') FROM x')",
    "COPY FROM DATABASE warehouse TO '{}'",
    "FROM '{}'",
)
"""Ways to write a file, or to have the engine look at one as its own."""


def test_no_statement_writes_what_belongs_to_the_warehouse(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    link = folder / "link.duckdb"
    link.symlink_to(DATABASE)
    names = [f"{start}{ending}" for start in (DATABASE, folder / DATABASE, link) for ending in ENDINGS]
    with closing(DuckDBWarehouse(link)) as warehouse, untouched(folder):
        for name in names:
            with warehouse.asking():
                for write in WRITES:
                    with pytest.raises(UsageError):
                        warehouse.ask(write.format(name))
                    with suppress(UsageError):
                        assert warehouse.keep(write, write.format(name)) is None
        for write in WRITES:
            with pytest.raises(UsageError):
                warehouse.ask(write.format(names[1]))
    link.unlink()


needs_landlock = pytest.mark.skipif(
    not confined(None).submit(confine, None).result(), reason="this system lets no thread give up rights"
)


@needs_landlock
def test_nothing_can_be_written_even_if_everything_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own lock alone: any statement is let through, and no setting is locked."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(duckdb_sandbox, "_LOCKED", {})
    monkeypatch.setattr(duckdb_answer, "checked", lambda connection, sql: connection.extract_statements(sql)[-1])
    refused = 0
    (folder / "empty").mkdir()
    with closing(DuckDBWarehouse(folder / DATABASE)) as warehouse, untouched(folder):
        # An engine that was told to keep a log and may not ends the process.
        for write in (write for write in WRITES if not write.startswith(("SET ", "FROM enable_"))):
            with warehouse.asking():
                for name in (f"{DATABASE}{ending}" for ending in (*ENDINGS, "/../empty/new")):
                    try:
                        warehouse.ask(write.format(name))
                    except UsageError as error:
                        refused += "Permission denied" in str(error)
            warehouse.close()
    assert refused > 40, "the system was never asked"
    (folder / "empty").rmdir()


@needs_landlock
def test_the_rest_of_the_process_writes_as_before(folder: Path, tmp_path: Path) -> None:
    """A thread gives its rights up for itself and for those that it starts."""
    room = tmp_path / "room"
    room.mkdir()

    def spill_and_write() -> str:
        with duckdb.connect(config={"temp_directory": str(room), "memory_limit": "40MiB"}) as engine:
            engine.execute("create table t as select range as a, hash(range) as b from range(3000000) order by b")
            assert list(room.iterdir())
            with pytest.raises(duckdb.IOException, match="denied"):
                engine.execute(f"copy t to '{tmp_path / 't.csv'}'")
        try:
            (tmp_path / "new").touch()
        except PermissionError:
            return "refused"
        return "written"

    with confined(room) as thread:
        assert thread.submit(spill_and_write).result() == "refused"
        (tmp_path / "from outside").touch()
    inside(folder, "sql", "SELECT 1 AS a", "-f", "parquet", "-o", str(tmp_path / "a.parquet")).ok()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "from outside", "room"]


def test_no_parameter_writes_anything(folder: Path) -> None:
    """Of named queries, of the page's filters and of the report; what fits is a value, and what does not is refused."""
    nasty = [text for name in (DATABASE, f"{DATABASE}.wal") for text in (
        f"'; COPY (SELECT 1) TO '{name}' (USE_TMP_FILE false); --",
        f"' UNION ALL (WITH x AS (COPY (SELECT 1) TO '{name}') FROM x) --",
        f"\\'; COPY (SELECT 1) TO '{name}' --",
        f"$$; COPY (SELECT 1) TO '{name}'; --",
        name,
    )]  # fmt: skip
    tried = 0
    with closing(DuckDBWarehouse(folder / DATABASE)) as warehouse, untouched(folder):
        for query in (queries.named_query(name) for name in ("top-songs", "by-device", views.OVERVIEW)):
            for parameter in query.parameters:
                for value in nasty:
                    tried += 1
                    with warehouse.asking():
                        if parameter.name == "place":
                            queries.answer(warehouse, query.name, {parameter.name: value})
                            continue
                        with pytest.raises(UsageError, match=f"^-p {parameter.name}="):
                            queries.answer(warehouse, query.name, {parameter.name: value})
        with warehouse.asking():
            page = report(warehouse, {"place": nasty[0]})
    assert tried > 50
    assert "No plays in this report." in page


def test_an_export_leaves_the_warehouse_as_it_is(folder: Path, tmp_path: Path) -> None:
    with untouched(folder):
        inside(folder, "export", str(tmp_path / "out")).ok()


@pytest.mark.parametrize("ending", ["", ".wal", ".wal.checkpoint", ".wal.recovery", ".lock", " by another name"])
def test_no_answer_takes_the_place_of_the_warehouse(folder: Path, ending: str) -> None:
    name = DATABASE + ending
    if "name" in ending:
        (folder / name).hardlink_to(folder / DATABASE)
    with untouched(folder):
        for command in (
            ("sql", "SELECT 1", "--output", name),
            ("query", "top-songs", "-f", "parquet", "-o", f"./{name}"),
            ("rejects", "--output", name),
            ("report", folder / name),
        ):
            assert "belongs to the warehouse" in inside(folder, *command).failed(2)
    if "name" in ending:
        (folder / name).unlink()


def test_no_export_takes_the_place_of_the_warehouse(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "users.parquet").write_bytes((folder / DATABASE).read_bytes())
    with untouched(tmp_path):
        message = inside(tmp_path, "export", ".", "--warehouse", "duckdb:///users.parquet").failed(2)
    assert "belongs to the warehouse" in message


def test_every_function_that_the_engine_has_is_known(folder: Path) -> None:
    """Those that may stand in FROM: a new engine brings new ones, and they are refused until somebody has looked."""
    allowed, refused = set[str](), set[str]()
    with duckdb.connect() as engine:
        names = engine.execute(
            "select distinct function_name from duckdb_functions() where internal and function_type in ('table', 'pragma')"
        ).fetchall()
        for (name,) in names:
            try:
                checked(engine, f'SELECT * FROM "{name}"(1)')
                allowed.add(name)
            except UsageError as error:
                assert f"{name}() is not for questions" in str(error)  # noqa: PT017 - either may come
                refused.add(name)
    looking = {name for name in allowed if not name.startswith(("duckdb_", "pragma_"))}
    assert looking == {
        "generate_series", "icu_calendar_names", "json_each", "json_tree", "pg_timezone_names", "query_table", "range",
        "repeat", "repeat_row", "summary", "test_all_types", "test_vector_types", "unnest",
    }  # fmt: skip
    assert {"read_csv", "glob", "query", "copy_database", "enable_logging", "arrow_scan"} <= refused
    with closing(DuckDBWarehouse(folder / DATABASE)) as warehouse, untouched(folder), warehouse.asking():
        for name in allowed - looking:  # what tells of the engine tells, and does nothing
            with suppress(UsageError):  # some want to know of what, and secrets are none of its business
                warehouse.ask(f"FROM {name}()")
            warehouse.ask("SELECT count(*) FROM users")


def test_it_answers_whatever_only_reads(folder: Path) -> None:
    with closing(DuckDBWarehouse(folder / DATABASE)) as warehouse, untouched(folder):
        for number, statement in enumerate(READS):
            if number % 6 == 0:
                assert inside(folder, "sql", "--", statement).ok().out.strip(), statement
            with warehouse.asking():
                assert warehouse.ask(statement).rows, statement
    assert leftovers(folder) == []


def test_a_macro_of_the_warehouse_may_be_asked(tmp_path: Path, folder: Path) -> None:
    (tmp_path / DATABASE).write_bytes((folder / DATABASE).read_bytes())
    with duckdb.connect(str(tmp_path / DATABASE)) as owner:
        owner.execute("create macro of_level(wanted) as table select user_id from users where level = wanted")
    with closing(DuckDBWarehouse(tmp_path / DATABASE)) as warehouse:
        assert warehouse.ask("FROM of_level('free')").rows == [(7,)]


# The engine counts these as reading; they can do nothing that lasts longer than the question.
@pytest.mark.parametrize("statement", ["SELECT write_log('x')", "FROM duckdb_settings()", "SELECT setseed(0.5)"])
def test_whatever_else_it_answers_leaves_the_folder_as_it_is(folder: Path, statement: str) -> None:
    with untouched(folder):
        inside(folder, "sql", "--", statement).ok()


def test_settings_that_would_let_it_out_are_locked(folder: Path) -> None:
    locked = (
        "'enable_external_access', 'autoload_known_extensions', 'autoinstall_known_extensions', 'lock_configuration'"
    )
    result = sparkify(
        folder, "sql", f"SELECT name, value FROM duckdb_settings() WHERE name IN ({locked})", "--format", "json"
    )
    assert {row["name"]: row["value"] for row in json.loads(result.ok().out)} == {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_access": "false",
        "lock_configuration": "true",
    }
    databases = "SELECT readonly FROM duckdb_databases() WHERE database_name = current_database()"
    assert json.loads(inside(folder, "sql", databases, "-f", "json").ok().out) == [{"readonly": True}]


@pytest.mark.parametrize(
    "attack", ["DROP TABLE users", "1; DROP TABLE users", "1 UNION SELECT 1", "", "1e1", "0x1", "١"]
)
def test_a_parameter_of_a_query_is_a_number_and_nothing_else(folder: Path, attack: str) -> None:
    with untouched(folder):
        result = inside(folder, "query", "top-songs", "-p", f"limit={attack}")
    if result.exit_code == 0:  # another script's digits are a whole number too
        assert attack == "١"
    else:
        assert re.match(r"-p limit=.*: give a whole number from 1 to 1000", result.failed(2))


def test_a_secret_in_the_environment_is_not_to_be_had(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    assert environment()["AWS_SECRET_ACCESS_KEY"] == "hush-hush"
    for statement in ("FROM duckdb_settings()", "SHOW VARIABLES", "FROM duckdb_variables()"):
        result = inside(folder, "sql", statement, "--format", "csv")
        assert "hush-hush" not in result.out + result.err


# -- limits -----------------------------------------------------------------------------------------

RUNAWAYS = (
    "select count(*) from range(1000000) a, range(1000000) b",
    "select max(levenshtein(repeat('a', 300000 + range::int), repeat('b', 300000))) from range(99)",
    "with recursive n as (select 1 as i union all select i from n) select count(*) from n",
    "select sleep_ms(60000)",
)


@pytest.fixture
def spill(tmp_path: Path) -> Path:
    (tmp_path / "spill").mkdir()
    return tmp_path / "spill"


def test_a_question_ends_in_time(folder: Path, spill: Path) -> None:
    def ended(ask: Callable[[], object]) -> None:
        began = time.monotonic()
        with pytest.raises(WarehouseError, match=r"longer than 0\.2 s and was ended; .*SPARKIFY_TIMEOUT"):
            ask()
        assert time.monotonic() - began < 0.2 + duckdb_sandbox.GRACE

    with closing(DuckDBWarehouse(folder / DATABASE, timeout=0.2, spool=spill)) as warehouse, untouched(folder):
        for runaway in RUNAWAYS:
            ended(lambda runaway=runaway: warehouse.ask(runaway))  # type: ignore[misc]
        with warehouse.asking():
            ended(lambda: warehouse.ask(RUNAWAYS[0]))
            ended(lambda: warehouse.keep("much", RUNAWAYS[0]))
            ended(lambda: warehouse.ask("from range(1000000000)"))  # the answer, not the question, has no end
            assert warehouse.ask("select 1").rows == [(1,)]
    assert list(spill.iterdir()) == []


def test_what_cannot_be_interrupted_is_left_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_sandbox, "GRACE", 0.2)
    with closing(DuckDBWarehouse(folder / DATABASE, timeout=0.2)) as warehouse:
        with monkeypatch.context() as deaf:
            deaf.setattr(duckdb_sandbox, "answer", lambda *_: time.sleep(2))
            with pytest.raises(WarehouseError, match="SPARKIFY_TIMEOUT"):
                warehouse.ask("select 1")
        assert warehouse.ask("select 1").rows == [(1,)]


def test_a_question_has_the_memory_of_the_setting(folder: Path, spill: Path) -> None:
    hogs = (
        "select length(string_agg(range::varchar, ',')) from range(100000000)",
        "select list(range) from range(100000000)",
        "select range, 'many' as rows from range(100000000)",
        "select count(*) from (select distinct range, repeat('x', 100) || range from range(100000000))",
    )
    with closing(DuckDBWarehouse(folder / DATABASE, memory="50MiB", spool=spill)) as warehouse, untouched(folder):
        for hog in hogs:
            with pytest.raises(WarehouseError, match=r"needs more than 50 MiB of memory.*SPARKIFY_MEMORY"):
                warehouse.ask(hog)
            assert list(spill.iterdir()) == []
        with warehouse.asking():
            with pytest.raises(WarehouseError, match="SPARKIFY_MEMORY"):
                warehouse.ask(hogs[0])
            assert warehouse.ask("select 1").rows == [(1,)]
    assert list(spill.iterdir()) == []


def test_limits_are_settings_of_every_command_that_asks(folder: Path, tmp_path: Path) -> None:
    message = sparkify(folder, "sql", RUNAWAYS[0], timeout="0.3").failed(1)
    assert message == (
        "the question took longer than 0.3 s and was ended; ask for less, or set timeout (SPARKIFY_TIMEOUT) higher"
    )
    assert "SPARKIFY_MEMORY" in sparkify(folder, "sql", "from range(100000000)", memory="64MB").failed(1)
    for value in ("0", "-1", "soon", "1e9"):
        assert "SPARKIFY_TIMEOUT" in inside(folder, "sql", "select 1", timeout=value).failed(2)
    (tmp_path / DATABASE).write_bytes((folder / DATABASE).read_bytes())
    tamper(tmp_path, "insert into songplays select p.* from songplays p, range(100000)")
    for command in (("query", "top-songs"), ("report", "x.html")):
        assert "SPARKIFY_TIMEOUT" in inside(tmp_path, *command, timeout="0.001").failed(1)
    pages = Reader(load_settings(warehouse=f"duckdb:///{tmp_path / DATABASE}", timeout=0.001))
    with closing(pages), pytest.raises(WarehouseError, match="SPARKIFY_TIMEOUT"):
        pages.answer("top-songs", {})


def test_ctrl_c_ends_a_question(folder: Path) -> None:
    process = start(folder, "sql", RUNAWAYS[0])
    time.sleep(2)
    assert process.poll() is None
    process.send_signal(2)
    assert finish(process).failed(1).startswith("stopped")
