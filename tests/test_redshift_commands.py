"""The commands against Amazon Redshift, as its stand-in answers: processes of their own, as people run them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import pytest

from sparkify import queries
from sparkify.dashboard.reader import CONNECTIONS, Reader
from sparkify.sql_queries import STAR, TABLES
from sparkify.warehouse import redshift
from tests import command, redshift_house
from tests.command import Row, Table, read_parquet
from tests.redshift_house import BATCH, FILES, FIRST_TIME, PASSWORD, REJECTS, Address, Cluster, House

pytest_plugins = ("tests.engines",)

cluster = redshift_house.cluster
house = redshift_house.house


@pytest.fixture(scope="module")
def loaded(cluster: Cluster) -> Iterator[House]:
    """A house that was loaded, for those who only read."""
    with cluster.house() as house:
        house.load()
        yield house


@pytest.fixture
def reader(loaded: House, tmp_path: Path) -> Address:
    return loaded.process(tmp_path)


# -- making and dropping tables ---------------------------------------------------------------------


def test_tables_are_made_once_and_dropped_when_it_is_meant(house: House, tmp_path: Path) -> None:
    process = house.process(tmp_path)
    assert (
        process.inside("status").failed(2).endswith("has no tables yet; run `sparkify create-tables` or `sparkify etl`")
    )
    assert process.run("create-tables").ok().out == f"created {len(TABLES)} tables in {house.url}\n"
    assert {name for (name,) in house.ask("select tablename from pg_tables where schemaname = 'public'")[0]} == set(
        TABLES
    )
    assert process.inside("create-tables").ok().out == f"every table is there already in {house.url}\n"
    assert "pass --yes" in process.inside("create-tables", "--drop").failed(2)
    house.load()
    assert process.run("create-tables", "--drop", "--yes").ok().out == (
        f"dropped {len(TABLES)} tables\ncreated {len(TABLES)} tables in {house.url}\n"
    )
    assert house.state()["songplays"] == []
    assert house.staged() == []
    assert house.load().files == len(FILES)


def test_a_table_that_is_not_ours_is_not_touched(house: House, tmp_path: Path) -> None:
    house.ask(
        "create table songs (mine int)",
        "insert into songs values (1)",
        f"alter table songs owner to {house.standin.user}",
    )
    process = house.process(tmp_path)
    for arguments in (("create-tables",), ("create-tables", "--drop", "--yes"), ("etl",), ("status",)):
        assert "has a table songs that Sparkify did not make" in process.inside(*arguments).error
    assert house.ask("select * from songs") == [[["1"]]]


# -- loading ----------------------------------------------------------------------------------------


CONTRACT = {
    "run_id": str,
    "status": str,
    "engine": str,
    "files": {"discovered": int, "new": int, "changed": int, "skipped": int},
    "bytes": int,
    "rows": dict.fromkeys(("staging_events", "staging_songs", "songplays", "users", "songs", "artists", "time"), int),
    "rejected": int,
    "resolution": dict.fromkeys(("exact", "title", "artist", "none"), int),
    "seconds": dict.fromkeys(("discover", "stage", "transform", "audit", "total"), float),
}
"""Design 5: what `etl --json` prints."""


def shape(found: object) -> object:
    return {name: shape(value) for name, value in found.items()} if isinstance(found, dict) else type(found)


def test_a_load_prints_one_object_of_the_contract(house: House, tmp_path: Path) -> None:
    result = house.process(tmp_path).run("etl", "--json").ok()
    told = json.loads(result.out)
    assert result.out.count("\n") == 1
    assert shape(told) == CONTRACT
    assert list(told) == list(CONTRACT)
    assert told["engine"] == "redshift"
    assert told["status"] == "loaded"
    assert told["files"] == {"discovered": 5, "new": 5, "changed": 0, "skipped": 0}
    assert told["rejected"] == REJECTS
    state = house.state()
    assert {table: told["rows"][table] for table in STAR} == {table: len(state[table]) for table in STAR}
    assert sum(told["resolution"].values()) == told["rows"]["songplays"]
    again = json.loads(house.process(tmp_path).inside("etl", "--json").ok().out)
    assert shape(again) == CONTRACT
    assert again["status"] == "nothing-new"
    assert again["files"] == {"discovered": 5, "new": 0, "changed": 0, "skipped": 0}
    assert house.state() == state


def test_a_load_says_what_it_did(house: House, tmp_path: Path) -> None:
    out = house.process(tmp_path).inside("etl").ok().out
    assert out.startswith("loaded 5 files")
    assert "2 records set aside" in out
    assert house.process(tmp_path).inside("etl").ok().out == "nothing new: 5 files already loaded\n"


def test_too_many_bad_records_load_nothing_of_the_batch(house: House, tmp_path: Path) -> None:
    result = house.process(tmp_path, max_errors="0").inside("etl")
    assert result.exit_code == 3
    assert result.error.startswith("s3://data/log_data/02-small.json:4: malformed JSON")
    assert house.state()["songplays"] == house.state()["etl_files"] == house.state()["etl_rejects"] == []
    assert house.runs() == ["failed"]
    assert house.staged() == []
    house.process(tmp_path).inside("etl").ok()
    assert house.runs() == ["failed", "loaded"]


def test_an_audit_that_fails_loads_nothing_of_the_batch(house: House, tmp_path: Path) -> None:
    house.load(skip=["*two.json", "*03-more.json"])
    house.ask("insert into time select distinct start_time, 1, 1, 1, 1, 1, 1 from time")
    before = house.state()
    result = house.process(tmp_path).inside("etl")
    assert result.exit_code == 4
    assert "audit failed: r6" in result.error
    assert house.state() == before
    assert house.process(tmp_path).inside("check").exit_code == 4


@pytest.mark.parametrize("made", [False, True])
def test_a_dry_run_tells_what_would_be_sent_and_sends_nothing(house: House, tmp_path: Path, made: bool) -> None:
    if made:
        house.load(skip=["*two.json", "*03-more.json"])
    before = house.state()
    house.standin.clear()
    result = house.process(tmp_path).run("etl", "--dry-run").ok()
    files = [
        line.removeprefix("Would load ") for line in result.out.splitlines() if line.startswith("Would load s3://")
    ]
    names = list(FILES)[3:] if made else list(FILES)
    assert files == [f"s3://data/{name}" for name in names]
    assert "delete from staging_events;" in result.out
    assert "commit;" in result.out
    assert f"from '{house.staging}/" in result.out
    assert "format as json" in result.out
    assert "insert into songplays" in result.out
    assert f"Would load {len(names)} files" in result.out
    assert PASSWORD not in result.out + result.err
    assert house.staged() == []
    assert house.state() == before
    sent = [" ".join(statement.sql.split()) for statement in house.statements()]
    assert sent
    for sql in sent:
        assert re.match(r"begin|rollback|select|show statement_timeout|set (search_path|statement|timezone)", sql), sql
    told = json.loads(house.process(tmp_path).inside("etl", "--dry-run", "--json").ok().out)
    assert shape(told) == CONTRACT | {"run_id": type(None)}
    assert told["status"] == "dry-run"


def test_a_dry_run_tells_of_a_file_in_place(house: House, tmp_path: Path) -> None:
    out = house.process(tmp_path).inside("etl", "--dry-run").ok().out  # in this process small files count as big
    assert '--      "url": "s3://data/log_data/01-big.json",' in out
    assert out.count("copy load_raw_events") == 1
    assert "02-small.json" not in out.replace("Would load s3://data/log_data/02-small.json", "")


# -- looking ----------------------------------------------------------------------------------------


def test_status_tells_what_is_there(reader: Address) -> None:
    out = reader.run("status").ok().out
    assert "healthy" in out
    told = json.loads(reader.inside("status", "--json").ok().out)
    assert told["tables"]["songplays"] == 19
    assert told["warehouse"].startswith("redshift://sparkify@127.0.0.1:")
    assert PASSWORD not in out


def test_rejects_are_listed(reader: Address) -> None:
    rows = json.loads(reader.run("rejects", "--format", "json").ok().out)
    assert [(row["file"], row["line"]) for row in rows] == [
        ("s3://data/log_data/02-small.json", 4),
        ("s3://data/log_data/03-more.json", 8),
    ]


def test_check_finds_nothing_wrong(reader: Address) -> None:
    out = reader.run("check").ok().out
    assert out.count("ok      ") == len(out.splitlines()) >= 20


def test_queries_are_answered(reader: Address, loaded: House) -> None:
    loaded.standin.clear()
    shown = reader.run("query", "most-played-song", "--sql").ok().out
    assert loaded.statements() == [], "to print a statement asks nobody"
    assert shown.rstrip().endswith(";")
    rows = json.loads(reader.run("query", "most-played-song", "--format", "json").ok().out)
    assert rows[0]["title"] == "The Song"
    asked = reader.inside("sql", shown, "--format", "json").ok().out
    assert json.loads(asked) == rows


def test_sql_gives_values_of_their_types(reader: Address) -> None:
    sql = "select count(*) as n, sum(duration) as s, min(start_time) as t, cast(null as int) as z from songs, time"
    [row] = json.loads(reader.run("sql", sql, "--format", "json").ok().out)
    assert (row["n"], row["s"], row["z"]) == (57, 200.5 * 57 * 1000, None)
    assert row["t"].startswith("2018-11-02")


# -- only reading -----------------------------------------------------------------------------------


FORBIDDEN = [
    "delete from songplays",
    "insert into songs (song_id) values ('x')",
    "update users set level = 'x'",
    "merge into songs using songs as s on songs.song_id = s.song_id when matched then delete when not matched then insert values ('x')",
    "truncate songplays",
    "drop table songplays",
    "alter table songs add column x int",
    "create table x (y int)",
    "create table x as select 1 as y",
    "create temp table x (y int)",
    "create view x as select 1 as y",
    "select 1 as y into x",
    "select * into temp x from songs",
    "with x as (select 1 as y) select y into z from x",
    "select * from songs; delete from songs",
    "select 1; select 2",
    "; delete from songs",
    "select 1 /* ; */; commit; delete from songs",
    "begin",
    "commit",
    "rollback; delete from songs",
    "set statement_timeout to 1",
    "reset all",
    "show search_path",
    "copy songs from 's3://data/x' iam_role default format json 'auto'",
    "unload ('select 1') to 's3://out/x' iam_role default format parquet",
    "call something()",
    "grant all on songs to public",
    "lock songs",
    "vacuum",
    "analyze songs",
    "explain delete from songs",
    "explain analyze select 1",
    "explain select 1; delete from songs",
    "prepare x as delete from songs",
    "execute x",
    "declare c cursor for select 1",
    "fetch 1 from c",
    "comment on table songs is 'x'",
    "cancel 1",
    "select pg_terminate_backend(pg_backend_pid())",
    "select pg_cancel_backend(1)",
    "select PG_TERMINATE_BACKEND(1)",
    'select "pg_terminate_backend"(1)',
    "select pg_catalog.pg_terminate_backend(1)",
    'select pg_catalog."pg_terminate_backend"(1)',
    "select 1 where exists (select pg_terminate_backend(pid) from stv_sessions)",
    "with x as (select pg_cancel_backend(1) as y) select * from x",
    "select * from (select set_config('search_path', 'x', false)) as t",
    "select set_config('statement_timeout', '0', false)",
    "select nextval('x')",
    "select setval('x', 1)",
    "select query_to_xml('delete from songs', true, true, '')",
    "select pg_read_file('/etc/passwd')",
    "select pg_sleep(10)",
    "select pg_ls_dir('/')",
    "select lo_import('/etc/passwd')",
    "select * from songs for update",
    "with x as (delete from songs returning song_id) select * from x",
    "with x as (insert into songs (song_id) values ('x') returning 1) select * from x",
    "with x as (update songs set title = 'x' returning 1) select 1",
    "(delete from songs)",
    "select 1 union all delete from songs",
    "",
    ";",
    "-- nothing",
    "nonsense",
]


def test_sql_cannot_change_anything(loaded: House, reader: Address) -> None:
    before = loaded.state()
    loaded.standin.clear()
    for sql in FORBIDDEN:
        result = reader.inside("sql", sql)
        assert (sql, result.exit_code) == (sql, 2), result.err
        assert result.failed(2)
    sent = {" ".join(statement.sql.split()) for statement in loaded.statements()}
    own = {"begin"}
    assert not sent.intersection(" ".join(sql.split()) for sql in FORBIDDEN) - own, "it was left to the server"
    assert loaded.state() == before
    assert loaded.cluster.store.keys("out") == []


def test_what_got_past_that_would_be_refused_by_the_server(
    loaded: House, reader: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = loaded.state()
    monkeypatch.setattr(redshift, "check_reads_only", lambda sql: sql)
    for sql in FORBIDDEN[:10]:
        assert "read-only transaction" in reader.inside("sql", sql).failed(2), sql
    for sql in ("select 1; delete from songs", "rollback; delete from songs"):
        assert "multiple commands" in reader.inside("sql", sql).failed(2)
    assert loaded.state() == before


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as n;",
        "SELECT COUNT(*) AS n FROM songplays -- all of them",
        "with a as (select 1 as n) select n from a union all select 2",
        "(select 1 as n)",
        "select 'delete from songs; drop table x' as n",
        "select count(*) as n from songs where title like '%pg_sleep(%'",
        "select date_trunc('month', start_time) as n from time order by 1 limit 1",
        "select listagg(level, ',') within group (order by level) as n from users",
        "select row_number() over (order by song_id) as n from songs limit 1",
    ],
)
def test_sql_answers_what_only_reads(reader: Address, sql: str) -> None:
    assert reader.inside("sql", sql, "--format", "csv").ok().out.startswith("n\n")


def test_sql_that_the_server_does_not_understand_is_told(reader: Address) -> None:
    assert "nowhere" in reader.inside("sql", "select * from nowhere").failed(2)
    assert "nothing" in reader.inside("sql", "select nothing from songs").failed(2)


# -- export -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """What DuckDB exports of the same source."""
    folder = tmp_path_factory.mktemp("duckdb")
    for number, (name, data) in enumerate(FILES.items()):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        moment = (FIRST_TIME + number * 1_000_000) * 1000
        os.utime(path, ns=(moment, moment))
    flags = (
        "--song-data",
        "song_data",
        "--log-data",
        "log_data",
        "--max-errors",
        str(REJECTS),
        "--batch-bytes",
        str(BATCH),
    )
    command.inside(folder, "etl", *flags).ok()
    command.inside(folder, "export", "out").ok()
    return {table: read_parquet(folder / "out" / f"{table}.parquet") for table in STAR}


def plain(table: str, found: Table) -> list[Row]:
    """Its rows without songplay_id, in an order of ours."""
    return sorted((row[table == "songplays" :] for row in found.rows), key=repr)


def test_an_export_to_a_folder_is_that_of_duckdb(loaded: House, reader: Address, exported: dict[str, Table]) -> None:
    out = reader.run("export", "out").ok().out
    assert sorted(path.name for path in (reader.folder / "out").iterdir()) == sorted(
        f"{table}.parquet" for table in STAR
    )
    for table in STAR:
        found = read_parquet(reader.folder / "out" / f"{table}.parquet")
        assert (table, found.columns, found.types) == (table, exported[table].columns, exported[table].types)
        assert (table, plain(table, found)) == (table, plain(table, exported[table]))
        assert f"{table}: {len(found.rows)} rows in " in out
    assert loaded.staged() == []


def test_an_export_to_object_storage_is_that_of_duckdb(
    loaded: House, reader: Address, exported: dict[str, Table]
) -> None:
    store = loaded.cluster.store
    reader.run("export", "s3://out/day").ok()
    keys = store.keys("out")
    try:
        for table in STAR:
            paths = []
            for number, key in enumerate(key for key in keys if key.startswith(f"day/{table}/")):
                paths.append(str(reader.folder / f"{table}-{number}.parquet"))
                Path(paths[-1]).write_bytes(store.get("out", key))
            assert paths, keys
            with duckdb.connect() as connection:
                found = connection.execute("from read_parquet(?)", [paths])
                names = [str(name) for name, *_ in found.description or []]
                rows = found.fetchall()
            assert (table, names) == (table, exported[table].columns)
            assert (table, plain(table, Table(names, [], rows))) == (table, plain(table, exported[table]))
        assert "holds artists/" in reader.inside("export", "s3://out/day").failed(2)
        assert store.keys("out") == keys
    finally:
        for key in keys:
            store.delete("out", key)


def test_an_export_without_a_staging_prefix_is_told(loaded: House, tmp_path: Path) -> None:
    assert "--staging" in loaded.process(tmp_path, staging="").inside("export", "out").failed(2)


# -- pages ------------------------------------------------------------------------------------------


def test_pages_share_a_few_connections(loaded: House) -> None:
    questions = [("top-songs", str(limit)) for limit in range(1, 13)]
    loaded.standin.clear()
    pages = Reader(loaded.settings(timeout=60))
    try:
        with ThreadPoolExecutor(len(questions)) as threads:
            found = list(threads.map(lambda asked: pages.answer(asked[0], {"limit": asked[1]}), questions))
        assert pages.health().value.tables["songplays"] == 19
        assert pages.days().value == (date(2018, 11, 2), date(2018, 11, 5))
        again = pages.answer(*questions[0][:1], {"limit": questions[0][1]})
    finally:
        pages.close()
    assert again is found[0], "an answer is kept for a while"
    with loaded.open() as (warehouse, _):
        for (name, limit), shown in zip(questions, found, strict=True):
            assert shown.value == queries.answer(warehouse, name, {"limit": limit})
            assert shown.problem == ""
    sessions = {each.session for each in loaded.standin.statements if "statement_timeout to 60000" in each.sql}
    assert 1 <= len(sessions) <= CONNECTIONS


def test_a_question_of_a_page_that_is_gone_is_cancelled(loaded: House) -> None:
    class Gone(Exception):
        pass

    def leave() -> None:
        raise Gone

    names = [f"s{number}" for number in range(9)]
    endless = f"select count(*) from {', '.join(f'songplays as {name}' for name in names)}"
    loaded.standin.clear()
    pages = Reader(loaded.settings())
    try:
        with pytest.raises(Gone):
            pages._get(("endless",), lambda house: house.ask(endless), leave)
        assert pages.answer("overview", {}).value.rows
    finally:
        pages.close()
    [outcome] = [each.outcome for each in loaded.standin.statements if each.sql == endless]
    assert "cancel" in outcome
