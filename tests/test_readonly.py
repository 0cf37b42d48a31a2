"""`sparkify sql` reads the warehouse and nothing else: attacks leave with exit 2, one line, and change no byte."""

import json
import re
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from sparkify.errors import UsageError
from sparkify.warehouse.duckdb import DuckDBWarehouse
from tests.command import DATABASE, environment, etl, inside, leftovers, small_company, sparkify, unchanged

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
    "EXPLAIN ANALYZE SELECT * FROM users",
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
    same = unchanged(folder / DATABASE)
    files = sorted(folder.rglob("*"))
    result = sparkify(folder, "sql", ATTACKS[aim][0], wait="0")
    assert result.failed(2)
    assert result.out == ""
    assert same()
    assert sorted(folder.rglob("*")) == files


@pytest.mark.parametrize(
    "statement", [pytest.param(text, id=f"{aim}: {text[:60]}") for aim, texts in ATTACKS.items() for text in texts]
)
def test_it_does_nothing_but_read_the_warehouse(folder: Path, statement: str) -> None:
    same = unchanged(folder / DATABASE)
    files = sorted(folder.rglob("*"))
    result = inside(folder, "sql", "--", statement)
    message = result.failed(2)
    assert message
    assert "should not happen" not in message
    assert result.out == ""
    assert "hush" not in result.err
    assert same()
    assert sorted(folder.rglob("*")) == files
    assert leftovers(folder) == []


def test_questions_that_come_together_do_nothing_but_read_either(folder: Path) -> None:
    """Those of the dashboard, whose engine opens the file again and again."""
    same = unchanged(folder / DATABASE)
    files = sorted(folder.rglob("*"))
    copies = [f"{how} COPY (SELECT 1) TO '{folder / DATABASE}{ending}'" for how in ("", "EXPLAIN ANALYZE")
              for ending in ("", ".wal", ".tmp", ".lock")]  # fmt: skip
    with closing(DuckDBWarehouse(folder / DATABASE)) as warehouse:
        for attempt in range(2):
            with warehouse.asking():
                assert warehouse.ask("select count(*) from users").rows
                assert warehouse.keep(attempt, "select 1 as one") is not None
                for attack in (*(each for attacks in ATTACKS.values() for each in attacks), *copies):
                    with pytest.raises(UsageError) as refused:
                        warehouse.ask(attack)
                    assert "hush" not in str(refused.value)
                assert len(warehouse.kept()) == attempt + 1
            assert same()
            assert sorted(folder.rglob("*")) == files


@pytest.mark.parametrize("statement", READS)
def test_it_answers_whatever_only_reads(folder: Path, statement: str) -> None:
    same = unchanged(folder / DATABASE)
    result = inside(folder, "sql", "--", statement).ok()
    assert result.out.strip()
    assert result.err == ""
    assert same()
    assert leftovers(folder) == []


# The engine counts these as reading; they can do nothing that lasts longer than the question.
@pytest.mark.parametrize(
    "statement",
    [
        "EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 1",
        "EXPLAIN ANALYZE CHECKPOINT",
        "EXPLAIN ANALYZE VACUUM",
        "FROM checkpoint('sparkify')",
        "SELECT write_log('x')",
        "FROM query('SELECT * FROM users')",
        "FROM query_table('users')",
        "FROM duckdb_settings()",
        f"FROM read_text('{DATABASE}.wal')",
        f"SELECT size FROM read_blob('{DATABASE}')",
    ],
)
def test_whatever_else_it_answers_leaves_the_folder_as_it_is(folder: Path, statement: str) -> None:
    same = unchanged(folder / DATABASE)
    files = sorted(folder.rglob("*"))
    result = inside(folder, "sql", "--", statement)
    assert result.exit_code in (0, 2)
    assert "Traceback" not in result.err
    assert same()
    assert sorted(folder.rglob("*")) == files


def test_settings_that_would_let_it_out_are_locked(folder: Path) -> None:
    locked = "'enable_external_access', 'autoload_known_extensions', 'autoinstall_known_extensions', 'lock_configuration', 'access_mode'"
    result = sparkify(
        folder, "sql", f"SELECT name, value FROM duckdb_settings() WHERE name IN ({locked})", "--format", "json"
    )
    assert {row["name"]: row["value"] for row in json.loads(result.ok().out)} == {
        "access_mode": "read_only",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_access": "false",
        "lock_configuration": "true",
    }


@pytest.mark.parametrize(
    "attack", ["DROP TABLE users", "1; DROP TABLE users", "1 UNION SELECT 1", "", "1e1", "0x1", "١"]
)
def test_a_parameter_of_a_query_is_a_number_and_nothing_else(folder: Path, attack: str) -> None:
    same = unchanged(folder / DATABASE)
    result = inside(folder, "query", "top-songs", "-p", f"limit={attack}")
    if result.exit_code == 0:  # another script's digits are a whole number too
        assert attack == "١"
    else:
        assert re.match(r"-p limit=.*: give a whole number from 1 to 1000", result.failed(2))
    assert same()


def test_a_secret_in_the_environment_is_not_to_be_had(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    assert environment()["AWS_SECRET_ACCESS_KEY"] == "hush-hush"
    for statement in ("FROM duckdb_settings()", "SHOW VARIABLES", "FROM duckdb_variables()"):
        result = inside(folder, "sql", statement, "--format", "csv")
        assert "hush-hush" not in result.out + result.err
