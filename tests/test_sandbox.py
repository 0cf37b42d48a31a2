"""What is kept in memory between questions: true, limited, and gone when the warehouse changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify import queries, views
from sparkify.errors import WarehouseError, WarehouseInUse
from sparkify.warehouse import duckdb_sandbox
from sparkify.warehouse.duckdb import DuckDBWarehouse
from tests.command import DATABASE, tamper
from tests.conftest import examples
from tests.dashboard_house import PLACES, company

LISTENING = (views.OVERVIEW, "plays-over-time", "tiers-over-time")
"""The queries that begin with what is kept."""
MORE = "insert into songplays select 1000000 + songplay_id, * exclude (songplay_id) from songplays"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sandbox")
    company(folder)
    return folder


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    """A copy of the warehouse, in a folder of its own."""
    shutil.copy(folder / DATABASE, tmp_path)
    return tmp_path


def plays(warehouse: DuckDBWarehouse) -> int:
    """How many plays the overview counts, from what is kept."""
    with warehouse.asking():
        [(found, *_)] = queries.answer(warehouse, views.OVERVIEW).rows
        assert warehouse.kept()
    return int(str(found))


def commit(folder: Path) -> None:
    tamper(folder, MORE)


def commit_into_the_log(folder: Path) -> None:
    """As a load does that is killed before the file is brought up to date."""
    file = (folder / DATABASE).stat()
    tamper(folder, "pragma disable_checkpoint_on_shutdown", MORE)
    assert (folder / f"{DATABASE}.wal").exists()
    assert (folder / DATABASE).stat().st_mtime_ns == file.st_mtime_ns


def die_as_the_file_is_brought_up_to_date(folder: Path) -> None:
    tamper(folder, MORE)
    with pytest.raises(duckdb.FatalException, match="Checkpoint aborted"):
        tamper(
            folder,
            "set debug_checkpoint_abort = 'before_truncate'",
            "create table more as select 1 as one",
            "checkpoint",
        )
    assert (folder / f"{DATABASE}.wal").exists()


def replace(folder: Path) -> None:
    shutil.copy(folder / DATABASE, folder / "new.duckdb")
    tamper(folder, MORE, database="new.duckdb")
    (folder / "new.duckdb").replace(folder / DATABASE)


@pytest.mark.parametrize("change", [commit, commit_into_the_log, die_as_the_file_is_brought_up_to_date, replace])
def test_what_is_kept_goes_when_the_warehouse_changes(copied: Path, change: Callable[[Path], None]) -> None:
    with closing(DuckDBWarehouse(copied / DATABASE)) as warehouse:
        before = plays(warehouse)
        assert plays(warehouse) == before
        change(copied)
        assert plays(warehouse) == 2 * before


def test_a_link_may_lead_to_another_file(copied: Path) -> None:
    shutil.copy(copied / DATABASE, copied / "new.duckdb")
    tamper(copied, MORE, database="new.duckdb")
    link = copied / "current.duckdb"
    link.symlink_to(DATABASE)
    with closing(DuckDBWarehouse(link)) as warehouse:
        before = plays(warehouse)
        link.unlink()
        link.symlink_to("new.duckdb")
        assert plays(warehouse) == 2 * before


def test_the_file_is_free_while_tables_are_kept(copied: Path) -> None:
    with closing(DuckDBWarehouse(copied / DATABASE)) as warehouse:
        with warehouse.asking():
            queries.answer(warehouse, views.OVERVIEW)
        with duckdb.connect(str(copied / DATABASE)) as writer:
            writer.execute("create table held as select 1 as one")
            with warehouse.asking(wait=0), pytest.raises(WarehouseInUse):
                warehouse.ask("select 1")
        with warehouse.asking():
            assert warehouse.ask("select one from held").rows == [(1,)]


def test_only_so_many_rows_are_kept_while_the_file_is_closed(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_sandbox, "ROWS", 25)
    with closing(DuckDBWarehouse(copied / DATABASE)) as warehouse:
        with warehouse.asking():
            for number in range(3):
                warehouse.keep(number, "select * from range(10)")
            assert warehouse.kept() == [2, 1, 0]
        with warehouse.asking():
            assert warehouse.kept() == [2, 1]
            warehouse.keep("large", "select * from range(26)")
            assert warehouse.kept() == ["large", 2, 1]
        with warehouse.asking():
            assert warehouse.kept() == []


def test_the_one_used_last_stays(copied: Path) -> None:
    with closing(DuckDBWarehouse(copied / DATABASE)) as warehouse, warehouse.asking():
        names = {number: warehouse.keep(number, f"select {number} as one") for number in range(4)}
        assert warehouse.keep(0, "it is there") == names[0]
        warehouse.keep("more", "select 7 as one")
        assert warehouse.kept() == ["more", 0, 3, 2]
        assert warehouse.ask(f"select one from {names[0]}").rows == [(0,)]


def test_a_table_that_could_not_be_made_is_tried_again(copied: Path) -> None:
    with closing(DuckDBWarehouse(copied / DATABASE)) as warehouse:
        for sql, made in (("select no_such_column from songplays", False), ("select 1 as one", True)):
            with warehouse.asking():
                assert (warehouse.keep("a table", sql) is not None) == made


def test_a_schema_of_that_name_is_in_nobodys_way(copied: Path) -> None:
    with closing(DuckDBWarehouse(copied / DATABASE)) as warehouse:
        before = plays(warehouse)
        tamper(copied, "create schema temp")
        for _ in range(2):
            assert plays(warehouse) == before


def test_questions_go_on_after_one_that_needs_too_much_memory(copied: Path) -> None:
    much = "select length(string_agg(repeat('x', 1000), '')) from range(1000000)"
    with closing(DuckDBWarehouse(copied / DATABASE, memory="64MiB")) as warehouse, warehouse.asking():
        before = queries.answer(warehouse, views.OVERVIEW).rows
        with pytest.raises(WarehouseError, match="SPARKIFY_MEMORY"):
            warehouse.ask(much)
        assert warehouse.keep("much", f"{much} union all {much}") is None
        assert queries.answer(warehouse, views.OVERVIEW).rows == before


@pytest.fixture(scope="module")
def houses(folder: Path) -> Iterator[tuple[DuckDBWarehouse, DuckDBWarehouse]]:
    with closing(DuckDBWarehouse(folder / DATABASE)) as one, closing(DuckDBWarehouse(folder / DATABASE)) as other:
        yield one, other


days = st.integers(-1, 22).map(lambda day: date(2018, 10, 31) + timedelta(days=day))
filters = st.fixed_dictionaries(
    {},
    optional={
        "range": st.tuples(days, days).map(sorted),
        "level": st.sampled_from(["all", "free", "paid"]),
        "place": st.sampled_from(["", *PLACES, PLACES[0].lower()]),
    },
)


@given(st.lists(st.tuples(st.sampled_from(LISTENING), filters), min_size=1, max_size=8), st.booleans())
@examples(20)
def test_whatever_was_asked_before_answers_are_the_same(
    houses: tuple[DuckDBWarehouse, DuckDBWarehouse], asked: list[tuple[str, dict[str, object]]], begin_anew: bool
) -> None:
    keeping, plain = houses
    if begin_anew:
        keeping.close()
    with keeping.asking():
        for name, chosen in asked:
            values = {key: str(value) for key, value in chosen.items() if key != "range"}
            if "range" in chosen:
                values |= dict(zip(("start", "end"), map(str, chosen["range"]), strict=True))  # type: ignore[call-overload]
            assert queries.answer(keeping, name, values) == queries.answer(plain, name, values)
        assert keeping.kept()
