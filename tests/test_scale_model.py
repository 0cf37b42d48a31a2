"""docs/scale.md says what the model says, and the model says what can be so."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks import scale_model as model
from sparkify import sql_queries

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
P = model.Parameters()

NUMBER = re.compile(r"(?<![\w.,^/-])\$?(\d[\d,]*(?:\.\d+)?)(?![\w^])")
OWN = {
    "1",
    "64",
    "8,056",
    "2,000,000",
    "100,000",
    "20,000",
    "10",
    "100",
    "11",
    "12",
    "2026",
    "24",
    "86,400",
    "1.2",
    "20",
}
"""Numbers that the page says in words of its own: list numbers, dates, sizes of what was measured, limits."""


def statement(name: str) -> str:
    """A statement as it is written; its name with or without a folder of its own."""
    return (ROOT / "src" / "sparkify" / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def test_the_tables_of_the_page_are_what_the_model_prints() -> None:
    assert set(re.findall(r"<!-- model: ([a-z ]+) -->", PAGE)) == set(model.blocks(P))
    assert model.updated(PAGE, model.blocks(P)) == PAGE, "python -m benchmarks.scale_model --update docs/scale.md"


def test_a_changed_parameter_changes_the_page() -> None:
    for name in ("raw_bytes_per_event", "copy_mb_per_slice_s", "usd_per_node_hour", "audit_statements"):
        changed = model.with_value(P, name, getattr(P, name) * 1.5)
        assert model.updated(PAGE, model.blocks(changed)) != PAGE, name


def test_numbers_in_the_text_are_the_models() -> None:
    text = re.sub(r"<!-- model.*?<!-- end -->", "", PAGE, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|^\d\. ", "", text, flags=re.MULTILINE)
    known = OWN | {f"{value:,.10g}" for value in asdict(P).values()} | {f"{model.MS_OF_A_DAY:,}"}
    known |= {f"{model.CORES_PER_SLICE}", f"{model.POST_CORES}", "100,000,000", "96", "16", "1,000", "10,000"}
    assert set(NUMBER.findall(text)) - known == set()


def test_the_command_line_prints_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model.main([])
    printed = capsys.readouterr().out
    assert all(text in printed for text in model.blocks(P).values())
    model.main(["--json", "--plays-per-day", "1e9"])
    [told] = json.loads(capsys.readouterr().out)["sizes"]
    assert told == model.figures(P, 1e9)
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- model: time -->\nold\n<!-- end -->\nafter\n")
    model.main(["--update", str(page)])
    assert (
        page.read_text() == f"before\n<!-- model: time -->\n{model.time_table(P, model.SCALES)}\n<!-- end -->\nafter\n"
    )
    with pytest.raises(SystemExit):
        model.main(["--plays-per-day", "0"])


def test_statements_are_counted_as_the_program_has_them() -> None:
    groups = (
        sql_queries.INCOMING,
        sql_queries.KEYS,
        sql_queries.SONGS,
        sql_queries.TRACKS,
        sql_queries.ARTISTS,
        sql_queries.PLAYS,
        sql_queries.USERS,
    )
    assert sum(map(len, groups)) == P.transform_statements
    audits = list(sql_queries.names("audit"))
    assert len(audits) == P.audit_statements
    sources = [statement(name) for name in (*audits, "transform/load_plays", "transform/count_events")]
    keep_to_range = [text for text in sources if "load_range" in text and re.search(r"(from|join) songplays\b", text)]
    assert len(keep_to_range) == P.range_statements


def test_what_reads_history_is_there_and_has_no_range() -> None:
    for what, table, _ in model.HISTORY:
        text = statement(what.partition(":")[0])
        read = re.search(rf"(from|join|update) {table}\b(.*)", text, re.DOTALL)
        assert read, what
        if table == "etl_plays":
            assert "etl_plays.songplay_id >=" not in text
        elif "max(" in what:
            assert "max(songplays.songplay_id) from songplays)" in text


@pytest.mark.parametrize("name", ["raw_bytes_per_day", "stored_bytes_per_day", "moved_bytes", "stored_table_bytes",
                                  "nodes", "default_batches_per_day", "small_files_per_day", "usd_S3, raw files"])  # fmt: skip
def test_more_plays_never_take_less(name: str) -> None:
    told = [model.figures(P, 10 ** (power / 4))[name] for power in range(24, 49)]
    assert told == sorted(told)


def test_twice_the_input_is_twice_the_bytes() -> None:
    for plays in model.SCALES:
        assert model.stored_bytes(P, 2 * plays) == pytest.approx(2 * model.stored_bytes(P, plays))
        assert model.monthly(P, 2 * plays)["S3, raw files"] == pytest.approx(
            2 * model.monthly(P, plays)["S3, raw files"]
        )
        larger = model.with_value(P, "raw_bytes_per_event", 2 * P.raw_bytes_per_event)
        assert model.copy_slice_seconds(larger, plays) == pytest.approx(2 * model.copy_slice_seconds(P, plays))


def test_files_suit_copy() -> None:
    for power in range(24, 45):
        plays = 10 ** (power / 4)
        files, size = model.files_per_hour(P, plays), model.file_bytes(P, plays)
        assert 1e6 <= size <= 1e9
        assert files % model.slices(P, plays) == 0 or size * files < model.slices(P, plays) * 1e6
        assert model.stored_bytes(P, plays) == pytest.approx(files * size * model.HOURS)


def test_more_nodes_do_not_help_one_slice() -> None:
    faster = model.with_value(P, "window_s", P.window_s / 4)
    assert model.nodes(faster, 1e10) > 3 * model.nodes(P, 1e10)
    assert model.load(faster, 1e10).copy < model.load(P, 1e10).copy / 3
    assert model.load(faster, 1e10).numbering == model.load(P, 1e10).numbering


def test_only_history_grows_with_days_and_mending_ends_that() -> None:
    new, old = model.load(P, 1e9), model.load(P, 1e9, 1, 365)
    assert old.total - new.total == pytest.approx(old.history)
    assert model.load(P, 1e9, 1, 365, mended=True) == model.load(P, 1e9, 1, 0, mended=True)
    assert model.load(P, 1e9, 24, 365).history == pytest.approx(24 * old.history)
    last = model.days_until_full(P, 1e9, 24)
    assert model.load(P, 1e9, 24, last).total == pytest.approx(86_400)


def test_a_day_has_no_more_instants_than_milliseconds() -> None:
    assert model.instants(1e6) == pytest.approx(1e6, rel=0.01)
    assert model.instants(1e11) == model.MS_OF_A_DAY


def test_public_figures_bracket_what_is_used() -> None:
    one, several, update, count = model.public_figures().values()
    assert several < P.copy_mb_per_slice_s < one
    assert P.sql_rows_per_slice_s <= update
    assert P.scan_rows_per_slice_s <= count


def test_worse_values_make_it_worse() -> None:
    for name, _, worse, better in model.DOUBTS:
        lower, used, upper = (
            model.figures(model.with_value(P, name, value), 1e9) for value in (worse, float(getattr(P, name)), better)
        )
        key = "stored_table_bytes" if name == "redshift_to_parquet" else "usd_Serverless, nightly loads only"
        if name in ("one_slice_rows_per_s", "scan_rows_per_slice_s"):
            key = "seconds_night_after_history"
        assert lower[key] > upper[key], name
        assert used[key] > 0


@pytest.mark.parametrize(("told", "value"), [("0.36 s", 0.36), ("90.0 s", 89.99), ("1.67 min", 100.0), ("2.78 h", 10_000.0),
                                             ("2.00 days", 172_800.0)])  # fmt: skip
def test_spans_are_told_in_a_unit_that_suits(told: str, value: float) -> None:
    assert model.span(value) == told
