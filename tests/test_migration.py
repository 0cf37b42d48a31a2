"""A warehouse that an older program made is brought up to date; one that a newer made is left alone."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from sparkify.create_tables import SCHEMA_VERSION
from tests.command import (
    DATABASE,
    Row,
    ask,
    contents,
    etl,
    inside,
    leftovers,
    more_plays,
    runs,
    small_company,
    sparkify,
    tamper,
    unchanged,
)

VERSION_1 = Path(__file__).parent / "fixtures" / "warehouse_v1.sql"
VERSION_2 = VERSION_1.with_name("warehouse_v2.sql")
LOADED_AT = datetime(2018, 11, 30, 12, tzinfo=UTC)
"""Time of change of the files in the ledger of the fixture."""

LOAD = ("etl", "--song-data", "song_data", "--log-data", "log_data")
READERS = (("status",), ("check",), ("rejects",), ("query", "peak-hour"), ("sql", "SELECT 1"), ("export", "out"))
WRITERS = (LOAD, (*LOAD, "--full-refresh"), ("create-tables",))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with a warehouse of version 1, and files of the same content as it was loaded from."""
    connection = duckdb.connect(str(tmp_path / DATABASE))
    connection.execute(VERSION_1.read_text())
    connection.close()
    return small_company(tmp_path)


@pytest.fixture
def old_2(tmp_path: Path) -> Path:
    """The same of version 2."""
    connection = duckdb.connect(str(tmp_path / DATABASE))
    connection.execute(VERSION_2.read_text())
    connection.close()
    return small_company(tmp_path)


def columns(folder: Path) -> list[Row]:
    """Every column of every table."""
    return ask(
        folder,
        "select schema_name, table_name, column_index, column_name, data_type, is_nullable, column_default "
        "from duckdb_columns() where not internal order by all",
    )


def migrate_by_create_tables(folder: Path) -> None:
    result = sparkify(folder, "create-tables").ok()
    assert f"duckdb:///{DATABASE}" in result.out


def migrate_by_etl(folder: Path) -> None:
    empty = folder / "nothing"
    empty.mkdir()
    sparkify(folder, "etl", "--song-data", "nothing").ok()


MIGRATIONS = pytest.mark.parametrize(
    "migrate", [migrate_by_create_tables, migrate_by_etl], ids=["create-tables", "etl"]
)


def test_the_fixture_is_of_version_1(old: Path) -> None:
    assert ask(old, "select value from etl_settings where name = 'schema_version'") == [("1",)]
    names = {(table, column) for _, table, _, column, *_ in columns(old)}
    assert ("etl_plays", "item_in_session") not in names
    assert ("etl_batches", "conflicts") not in names


@MIGRATIONS
def test_the_tables_become_those_of_a_new_warehouse(old: Path, tmp_path: Path, migrate: Callable[[Path], None]) -> None:
    migrate(old)
    new = tmp_path / "new"
    new.mkdir()
    inside(new, "create-tables").ok()
    assert columns(old) == columns(new)
    settings = "select name, value from etl_settings order by all"
    assert ask(old, settings) == ask(new, settings)
    assert ("schema_version", str(SCHEMA_VERSION)) in ask(old, settings)
    assert leftovers(old) == []


@MIGRATIONS
def test_the_data_stays_and_is_sound(old: Path, migrate: Callable[[Path], None]) -> None:
    tables = [
        table for (table,) in ask(old, "select table_name from duckdb_tables() where table_name <> 'etl_settings'")
    ]
    kept = {
        table: ask(
            old,
            f"select {', '.join(column for _, owner, _, column, *_ in columns(old) if owner == table)} from {table}",
        )
        for table in tables
    }
    names = {table: [column for _, owner, _, column, *_ in columns(old) if owner == table] for table in tables}
    migrate(old)
    for table in tables:
        rows = ask(old, f"select {', '.join(names[table])} from {table}")
        if table == "etl_runs":
            rows = [row for row in rows if row[0] == "20181201T000000-000000-0001"]
        assert rows == kept[table], table
    assert ask(old, "select item_in_session from etl_plays") == [(None,), (None,)]
    assert ask(old, "select conflicts from etl_batches") == [(None,)]
    sparkify(old, "check").ok()


def test_a_second_time_nothing_is_left_to_do(old: Path) -> None:
    sparkify(old, "create-tables").ok()
    before = columns(old), contents(old)
    assert "already" in sparkify(old, "create-tables").ok().out
    assert (columns(old), contents(old)) == before


def test_one_load_migrates_and_loads(old: Path) -> None:
    """The files lie elsewhere than the ledger says, so they are read again: all of them is known but one play."""
    more_plays(old)
    result = etl(old).ok()
    assert "warning" not in result.err  # what version 1 did not keep cannot be in conflict
    assert ask(old, "select songplay_id, start_time::date::text from songplays order by all") == [
        (1, "2018-11-01"),
        (2, "2018-11-01"),
        (3, "2018-11-02"),
    ]
    assert ask(old, "select plays_new, plays_known, other_pages from etl_runs order by run_id") == [
        (2, 0, 1),
        (1, 2, 1),
    ]
    assert ask(old, "select item_in_session from etl_plays order by songplay_id") == [(None,), (None,), (0,)]
    sparkify(old, "check").ok()


def test_files_that_version_1_loaded_are_not_read_again(old: Path) -> None:
    for kind, name in (("song", "A/one.json"), ("log", "2018-11-01-events.json")):
        path = old / f"{kind}_data" / name
        os.utime(path, times=(LOADED_AT.timestamp(), LOADED_AT.timestamp()))
        tamper(old, f"update etl_files set url = '{path}', size = {path.stat().st_size} where kind = '{kind}'")
    assert etl(old).ok().out == "nothing new: 2 files already loaded\n"
    assert runs(old) == ["loaded", "nothing-new"]


def test_a_migrated_warehouse_is_rebuilt_like_a_new_one(old: Path, tmp_path: Path) -> None:
    etl(old, "--full-refresh").ok()
    rebuilt = contents(old)
    (old / DATABASE).unlink()
    etl(old).ok()
    assert rebuilt == contents(old)


@pytest.mark.parametrize("arguments", READERS, ids=lambda arguments: str(arguments[0]))
def test_who_reads_an_old_warehouse_is_told_what_to_run(old: Path, arguments: tuple[str, ...]) -> None:
    same = unchanged(old / DATABASE)
    assert inside(old, *arguments).failed(2) == (
        f"duckdb:///{DATABASE}: has schema version 1; run `sparkify create-tables` to bring it "
        f"to version {SCHEMA_VERSION}"
    )
    assert same()


def test_a_dry_run_does_not_migrate(old: Path) -> None:
    same = unchanged(old / DATABASE)
    inside(old, *LOAD, "--dry-run")
    assert same()


@pytest.mark.parametrize("arguments", WRITERS, ids=" ".join)
def test_a_migration_that_fails_in_the_middle_changes_nothing(old: Path, arguments: tuple[str, ...]) -> None:
    tamper(old, "alter table etl_plays add column item_in_session int")  # so adding it again fails, after conflicts
    before = columns(old), contents(old)
    assert "item_in_session" in sparkify(old, *arguments).failed(1)
    assert (columns(old), contents(old)) == before
    assert ("etl_batches", "conflicts") not in {(table, column) for _, table, _, column, *_ in columns(old)}
    assert ask(old, "select value from etl_settings where name = 'schema_version'") == [("1",)]
    tamper(old, "alter table etl_plays drop column item_in_session")
    sparkify(old, *arguments).ok()
    sparkify(old, "check").ok()


@pytest.mark.parametrize(
    "arguments", [*WRITERS, *READERS, (*LOAD, "--dry-run"), ("create-tables", "--drop", "--yes")], ids=" ".join
)
def test_a_warehouse_of_a_newer_program_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    small_company(tmp_path)
    inside(tmp_path, "create-tables").ok()
    tamper(tmp_path, "update etl_settings set value = '99' where name = 'schema_version'")
    same = unchanged(tmp_path / DATABASE)
    assert inside(tmp_path, *arguments).failed(2) == (
        f"duckdb:///{DATABASE}: has schema version 99, this program knows up to {SCHEMA_VERSION}; upgrade sparkify"
    )
    assert same()
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [("create-tables",), LOAD, ("status",)], ids=" ".join)
def test_a_version_that_is_no_number_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    small_company(tmp_path)
    inside(tmp_path, "create-tables").ok()
    tamper(tmp_path, "update etl_settings set value = 'new' where name = 'schema_version'")
    same = unchanged(tmp_path / DATABASE)
    assert "schema version" in inside(tmp_path, *arguments).failed(2)
    assert same()


def test_an_old_warehouse_can_be_dropped(old: Path) -> None:
    sparkify(old, "create-tables", "--drop", "--yes").ok()
    assert ask(old, "select count(*) from songplays") == [(0,)]
    sparkify(old, "check").ok()


def test_version_2_becomes_as_a_new_warehouse(old_2: Path, tmp_path: Path) -> None:
    assert "start_time" not in {column for _, table, _, column, *_ in columns(old_2) if table == "etl_plays"}
    sparkify(old_2, "create-tables").ok()
    new = tmp_path / "new"
    new.mkdir()
    sparkify(new, "create-tables").ok()
    assert columns(old_2) == columns(new)
    assert ask(
        old_2,
        "select songplay_id from etl_plays inner join songplays using (songplay_id, start_time) order by songplay_id",
    ) == [(1,), (2,)]
    sparkify(old_2, "check").ok()


def test_version_2_loads_what_is_new_beside_what_is_there(old_2: Path) -> None:
    more_plays(old_2)
    etl(old_2).ok()
    assert ask(old_2, "select songplay_id, start_time = (select start_time from etl_plays p where p.songplay_id = s.songplay_id) from songplays s order by all") == [
        (1, True), (2, True), (3, True),
    ]  # fmt: skip
    sparkify(old_2, "check").ok()
