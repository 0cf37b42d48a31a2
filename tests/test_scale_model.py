"""docs/scale.md says what the model says, and the model says what can be so."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks import scale_model as model
from benchmarks.scale_model import Size
from sparkify import sql_queries
from sparkify.config import Settings
from sparkify.source.files import BATCH_FILES
from sparkify.warehouse import redshift_loading

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
P = model.Parameters()

NUMBER = re.compile(r"(?<![\w.,^/-])\$?(\d[\d,]*(?:\.\d+)?)(?![\w^])")
OWN = {
    *("1", "3", "4", "8", "16", "96", "10", "100", "11", "12", "24", "2026", "1,000", "10,000", "86,400", "1.2", "20"),
    *("8,056", "2,000,000", "100,000", "20,000", "100,000,000"),
    *("51.56", "23.3", "17.7", "8.47", "1.4", "1.05", "2,046,706,417", "5.3", "290"),
}
"""Numbers that the page says in words of its own: list numbers, dates, public figures, what was measured, limits."""


def test_the_tables_of_the_page_are_what_the_model_prints() -> None:
    assert set(re.findall(r"<!-- model: ([a-z ]+) -->", PAGE)) == set(model.blocks(P))
    assert model.updated(PAGE, model.blocks(P)) == PAGE, "python -m benchmarks.scale_model --update docs/scale.md"


def test_a_changed_parameter_changes_the_page() -> None:
    for name in ("raw_bytes_per_event", "copy_mb_per_slice_s", "usd_per_node_hour", "other_statements"):
        changed = model.with_value(P, name, getattr(P, name) * 1.5)
        assert model.updated(PAGE, model.blocks(changed)) != PAGE, name


def test_numbers_in_the_text_are_the_models() -> None:
    text = re.sub(r"<!-- model.*?<!-- end -->", "", PAGE, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|^\d\. ", "", text, flags=re.MULTILINE)
    known = OWN | {f"{value:,.10g}" for value in asdict(P).values()} | {f"{model.MS_OF_A_DAY:,}"}
    assert set(NUMBER.findall(text)) - known == set()


def test_the_command_line_prints_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model.main([])
    printed = capsys.readouterr().out
    assert all(text in printed for text in model.blocks(P).values())
    model.main(["--plays-per-day", "2.5e8"])
    assert "| plays a day | 250 million |" in capsys.readouterr().out
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- model: limits -->\nold\n<!-- end -->\nafter\n")
    model.main(["--update", str(page)])
    assert page.read_text() == f"before\n<!-- model: limits -->\n{model.limit_table(P)}\n<!-- end -->\nafter\n"
    with pytest.raises(SystemExit):
        model.main(["--plays-per-day", "0"])


def test_what_the_page_says_of_the_program_is_so() -> None:
    assert Settings(warehouse="redshift://host/db", batch_bytes=None).batch_limit == P.batch_bytes == 4 << 30
    assert P.batch_files == BATCH_FILES
    assert redshift_loading.NARROWING == 24
    schema = {table: model.sql(f"schema/{table}") for table in ("songplays", "etl_plays", "time")}
    assert all("distkey (start_time) sortkey (start_time)" in text for text in schema.values())
    keyed = "create temp table load_plays distkey (start_time) as"
    assert model.sql("models/load_plays:1").startswith(keyed)
    assert "row_number() over ()" in model.sql("models/load_plays:1")
    assert "session_id int," in model.sql("schema/songplays")


def test_reads_are_counted_as_they_are_written() -> None:
    assert model.reads(("audit/r2_play_follows_its_track",), ("songplays",)) == 1
    assert model.reads(("audit/r2_play_follows_its_track",), ("etl_plays", "etl_tracks")) == 2
    assert model.reads(("models/time:1",), ("time",)) == 0  # written, and `from time.` is no table
    assert model.reads(("audit/r6_parts_of_instant",), ("time",)) == 1
    assert model.reads(("models/moved_plays:2",), ("songplays",)) == 1


def test_whatever_reads_all_plays_is_told() -> None:
    """No statement of a load reads plays or instants without a range, but those of the list."""
    names = {*model.EVERY_BATCH, *model.WITH_SONGS, *model.AUDITS, "run/count_conflicts"}
    names |= {*sql_queries.names("run"), *sql_queries.names("ledger")} - {"run/whole_range"}
    whole = {
        (name, table)
        for name in names
        for table in ("songplays", "etl_plays", "time")
        if model.reads((name,), (table,)) and f"{table}.start_time >= (select load_range.since" not in model.sql(name)
    }
    assert whole == {(name, table) for name, table, *_ in model.HISTORY}


def test_more_plays_never_take_less() -> None:
    sizes = [Size(P, 10 ** (power / 4)) for power in range(24, 49)]
    for told in (
        [s.raw for s in sizes],
        [s.stored for s in sizes],
        [s.moved() for s in sizes],
        [s.table_bytes for s in sizes],
        [s.nodes for s in sizes],
        [s.default_batches for s in sizes],
        [s.small_files for s in sizes],
        [s.monthly()["S3, raw files"] for s in sizes],
    ):
        assert told == sorted(told)


def test_twice_the_input_is_twice_the_bytes() -> None:
    for plays in model.SCALES:
        one, two = Size(P, plays), Size(P, 2 * plays)
        assert two.stored == pytest.approx(2 * one.stored)
        assert two.monthly()["S3, raw files"] == pytest.approx(2 * one.monthly()["S3, raw files"])
        larger = Size(model.with_value(P, "raw_bytes_per_event", 2 * P.raw_bytes_per_event), plays)
        assert larger.copy_seconds == pytest.approx(2 * one.copy_seconds)


def test_files_suit_copy() -> None:
    for power in range(24, 45):
        s = Size(P, 10 ** (power / 4))
        assert 1e6 <= s.file <= 1e9
        assert s.files_per_hour % s.slices == 0 or s.file * s.files_per_hour < s.slices * 1e6
        assert s.stored == pytest.approx(s.files * s.file)


def test_more_nodes_do_not_help_one_slice() -> None:
    used, faster = Size(P, 1e10), Size(model.with_value(P, "window_s", P.window_s / 4), 1e10)
    assert faster.nodes > 3 * used.nodes
    assert faster.load().copy < used.load().copy / 3
    assert faster.load().numbering == used.load().numbering


def test_only_history_grows_with_days_and_mending_lessens_that() -> None:
    s = Size(P, 1e9)
    new, old, mended = s.load(), s.load(1, 365), s.load(1, 365, mended=True)
    assert old.total - new.total == pytest.approx(old.history)
    assert 0 < mended.history < old.history
    # What a batch with songs reads is read once a day, however many batches there are.
    assert s.load(24, 365, mended=True).history == pytest.approx(mended.history)
    assert s.load(24, 365).history < 24 * old.history
    assert s.load(24, 365, 1).history < s.load(24, 365).history


def test_narrowing_finds_what_is_few_and_gives_up_on_many() -> None:
    for files in (1, 24, 1000):
        assert model.narrowing(files, 1, 20)[1] == 1
    rounds, found = model.narrowing(1440, 1, 1)
    assert found == 1
    assert rounds < 3 * 1440  # the whole, its halves, a half's halves …
    assert 3 < model.narrowing(1440, 3, 20)[1] < 1440 / 4
    assert model.narrowing(1440, 20, 20)[1] > 1440 / 2


def test_a_day_has_no_more_instants_than_milliseconds() -> None:
    assert Size(P, 1e6).instants == pytest.approx(1e6, rel=0.01)
    assert Size(P, 1e11).instants == model.MS_OF_A_DAY


def test_worse_values_make_it_worse() -> None:
    for name, _, worse, better in model.DOUBTS:
        low, high = (Size(model.with_value(P, name, value), 1e9) for value in (worse, better))
        if name == "redshift_to_parquet":
            assert low.table_bytes > high.table_bytes
        else:
            assert low.night.total * low.slices > high.night.total * high.slices, name
        assert min(worse, better) < getattr(P, name) < max(worse, better)


@pytest.mark.parametrize(("told", "value"), [("0.36 s", 0.36), ("90.0 s", 89.99), ("1.67 min", 100.0), ("2.78 h", 10_000.0),
                                             ("2.00 days", 172_800.0)])  # fmt: skip
def test_spans_are_told_in_a_unit_that_suits(told: str, value: float) -> None:
    assert model.span(value) == told
