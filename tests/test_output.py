"""What an answer looks like: tables that fit the terminal, files in which every type keeps its values."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sparkify.errors import SparkifyError
from sparkify.output import as_csv, as_json, as_table, write_answer
from sparkify.parquet import write_parquet
from sparkify.spelling import unique
from sparkify.warehouse import Answer
from sparkify.warehouse.duckdb import DuckDBWarehouse
from tests.command import read_parquet
from tests.conftest import examples

SONGS = Answer(
    ("song", "artist", "plays", "paid_share"),
    ("VARCHAR", "VARCHAR", "BIGINT", "DOUBLE"),
    [("Undo", "Björk", 12345, 0.5), ("x" * 1000, None, 7, 0.25), ("界" * 40, "A\x1b[2J", 3, None)],
)


def lines(text: str) -> list[str]:
    """The lines as a terminal shows them, without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()


def cells(line: str) -> int:
    """Characters of a terminal that a line takes."""
    return sum(2 if character == "界" else 1 for character in line)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("bar", ["", "plays"])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(width: int, bar: str) -> None:
    found = lines(as_table(SONGS, bar=bar, width=width))
    assert len(found) == 2 + len(SONGS.rows)
    assert max(map(cells, found)) <= width
    assert [number for line in found[2:] for number in re.findall(r"(?<![\w.])(12,345|7|3)(?![\w.])", line)] == (
        ["12,345", "7", "3"]
    )
    assert "\x1b[2J" not in as_table(SONGS, bar=bar, width=width)


def test_without_a_terminal_nothing_is_cut() -> None:
    text = as_table(SONGS)
    assert text.count("x") == 1000
    assert "\x1b" not in text


def test_bars_go_where_there_is_room_for_them() -> None:
    few = Answer(("name", "plays"), ("VARCHAR", "BIGINT"), [("a", 20), ("b", 10), ("c", 0)])
    found = [line.count("█") for line in lines(as_table(few, bar="plays", width=60))[2:]]
    assert found == [20, 10, 0]
    assert "█" not in as_table(few, bar="plays", width=30)
    assert "█" not in as_table(few, width=60)
    assert "█" not in as_table(few, bar="nothing", width=60)


def test_shares_are_percent_in_named_queries_only() -> None:
    assert "50.0%" in as_table(SONGS, bar="plays")
    assert "0.5" in as_table(SONGS)


def test_no_rows() -> None:
    empty = Answer(("a", "plays"), ("VARCHAR", "BIGINT"), [])
    assert as_table(empty, bar="plays", width=20).endswith("(no rows)\n")


def test_wide_characters_take_their_room() -> None:
    wide = Answer(("a", "b"), ("VARCHAR", "VARCHAR"), [("界" * 30, "x"), ("👩‍👩‍👧 né", "y"), ("e\u0301" * 30, "z")])
    for width in (20, 21, 40):
        found = lines(as_table(wide, width=width))
        assert len(found) == 2 + len(wide.rows)
        assert max(map(cell_len, found)) <= width
    assert as_table(wide).count("界") == 30


@given(st.lists(st.sampled_from(["a", "A", "a_2", "a_3", "A_2", "ß", "SS", ""]), max_size=8))
@examples(100)
def test_names_are_made_unique(names: list[str]) -> None:
    found = unique(names)
    assert len({name.casefold() for name in found}) == len(names)
    first = {name.casefold(): index for index, name in reversed(list(enumerate(names)))}
    assert all(found[index] == names[index] for index in first.values())


# -- every type that the engine has -----------------------------------------------------------------


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBWarehouse]:
    path = tmp_path_factory.mktemp("output") / "w.duckdb"
    duckdb.connect(str(path)).close()
    with closing(DuckDBWarehouse(path)) as warehouse, warehouse.asking():
        yield warehouse


@pytest.fixture(scope="module")
def spelled() -> list[dict[str, str | None]]:
    """Every type with its ends and NULL, as the engine itself spells them."""
    with duckdb.connect() as engine:
        engine.execute("set TimeZone = 'UTC'")
        result = engine.execute("select columns(*)::varchar from test_all_types()")
        names = [str(column[0]) for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


NESTED = re.compile(r"\]$|^STRUCT|^MAP|^TUPLE")


def test_csv_spells_every_type_as_the_engine_does(
    warehouse: DuckDBWarehouse, spelled: list[dict[str, str | None]]
) -> None:
    answer = warehouse.ask("from test_all_types()")
    found = list(csv.DictReader(io.StringIO(as_csv(answer))))
    assert len(found) == len(spelled)
    for name, kind in zip(answer.columns, answer.types, strict=True):
        values = [row[name] or None for row in found]
        if NESTED.search(kind):  # JSON, which more can read than the engine's own spelling
            assert [None if value is None else json.loads(value) for value in values][2] is None
        elif kind == "FLOAT":
            assert [value and float(value) for value in values] == [
                row[name] and pytest.approx(float(row[name] or 0)) for row in spelled
            ]
        else:
            assert values == [row[name] for row in spelled], name
    nested = [json.loads(row["struct_of_arrays"] or "null") for row in found]
    assert nested == [
        {"a": None, "b": None},
        {"a": [42, 999, None, None, -42], "b": ["🦆" * 6, "goose", None, ""]},
        None,
    ]


def test_json_keeps_every_type(warehouse: DuckDBWarehouse, spelled: list[dict[str, str | None]]) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    answer = warehouse.ask("from test_all_types()")
    rows = json.loads(as_json(answer), parse_float=Decimal, parse_constant=refuse)
    for name, kind in zip(answer.columns, answer.types, strict=True):
        for row, expected in zip(rows, spelled, strict=True):
            value, text = row[name], expected[name]
            if re.match("U?(TINY|SMALL|BIG|HUGE)?INT|DECIMAL", kind) and not NESTED.search(kind):
                assert str(value) == str(text), name
            elif kind == "DOUBLE":
                assert value is None or float(value) == float(str(text))
            elif kind == "BOOLEAN":
                assert value == {"true": True, "false": False, None: None}[text]
            elif not NESTED.search(kind) and kind != "FLOAT" and not kind.startswith("UNION"):
                assert re.sub(r"(?<=\d)T(?=\d\d:)", " ", str(value)) == str(text), name
    assert rows[1]["double_array"] == [Decimal(42), "NaN", "Infinity", "-Infinity", None, Decimal(-42)]
    assert rows[1]["date_array"][1:3] == ["infinity", "-infinity"]
    assert rows[1]["map"] == {"key1": "🦆" * 6, "key2": "goose"}


def test_parquet_keeps_every_type(
    warehouse: DuckDBWarehouse, spelled: list[dict[str, str | None]], tmp_path: Path
) -> None:
    answer = warehouse.ask("from test_all_types()")
    write_parquet(answer, tmp_path / "x.parquet")
    with duckdb.connect() as engine:
        engine.execute("set TimeZone = 'UTC'")
        result = engine.execute(f"select columns(*)::varchar from '{tmp_path / 'x.parquet'}'")
        names = [column[0] for column in result.description or []]
        found = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    for name in spelled[0]:
        values = [row[name] for row in found]
        if name == "tuple":
            assert values == ["[null, null]", '[42, "🦆🦆🦆🦆🦆🦆"]', None]
        else:
            assert values == [row[name] for row in spelled], name


@pytest.mark.parametrize(
    ("value", "csv_text", "json_text"),
    [
        ("TIMESTAMP '2018-11-01 21:01:46.796001'", "2018-11-01 21:01:46.796001", '"2018-11-01T21:01:46.796001"'),
        ("TIMESTAMP '2018-11-01 21:01:46'", "2018-11-01 21:01:46", '"2018-11-01T21:01:46"'),
        ("TIMESTAMP_NS '2018-11-01 21:01:46.123456789'", "2018-11-01 21:01:46.123456789",
         '"2018-11-01T21:01:46.123456789"'),
        ("TIMESTAMPTZ '2018-11-01 21:01:46.5+05:30'", "2018-11-01 15:31:46.5+00", '"2018-11-01T15:31:46.500000+00:00"'),
        ("'infinity'::DATE", "infinity", '"infinity"'),
        ("'-infinity'::TIMESTAMP", "-infinity", '"-infinity"'),
        ("DATE '9999-12-31'", "9999-12-31", '"9999-12-31"'),
        ("INTERVAL '1 month 2 days'", "1 month 2 days", '"1 month 2 days"'),
        ("[INTERVAL 1 MONTH, NULL]", '["1 month", null]', '["1 month", null]'),
        ("{'i': TIME_NS '12:00:00.123456789', 'd': ['infinity'::DATE]}",
         '{"i": "12:00:00.123456789", "d": ["infinity"]}', '{"i": "12:00:00.123456789", "d": ["infinity"]}'),
        ("TIMETZ '12:00:00+05:30'", "12:00:00+05:30", '"12:00:00+05:30"'),
        ("170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727",
         "170141183460469231731687303715884105727"),
        ("12.50::DECIMAL(38, 10)", "12.5000000000", "12.5000000000"),
        ("'NaN'::DOUBLE", "nan", '"NaN"'),
        ("1 / 0", "inf", '"Infinity"'),
        ("'a\\x00\\xFF'::BLOB", "a\\x00\\xFF", '"a\\\\x00\\\\xFF"'),
        ("'101'::BIT", "101", '"101"'),
        ("true", "true", "true"),
        ("[true, NULL]", "[true, null]", "[true, null]"),
        ("''", "", '""'),
        ("'x,\"y\"'", 'x,"y"', '"x,\\"y\\""'),
        ("map([1], [NULL])", '{"1": null}', '{"1": null}'),
        ("map([[1]], ['x'])", '{"key": [[1]], "value": ["x"]}', '{"key": [[1]], "value": ["x"]}'),
        ("map([DATE '2018-11-01'], [true])", '{"2018-11-01": true}', '{"2018-11-01": true}'),
        ("'{\"a\": 1}'::JSON", '{"a": 1}', '"{\\"a\\": 1}"'),
        ("{'a': 1, 'b': [{'c': NULL}]}::VARIANT", '{"a": 1, "b": [{"c": null}]}', '{"a": 1, "b": [{"c": null}]}'),
        ("union_value(k := 3)", "3", "3"),
        ("NULL", None, "null"),
    ],
)  # fmt: skip
def test_values_are_spelled(
    warehouse: DuckDBWarehouse, tmp_path: Path, value: str, csv_text: str | None, json_text: str
) -> None:
    answer = warehouse.ask(f"SELECT {value} AS x, 7 AS n; -- that; is all")
    [line] = list(csv.reader(io.StringIO(as_csv(answer))))[1:]
    assert line == [csv_text or "", "7"]
    assert as_csv(answer).endswith('\n"",7\n') == (csv_text == "")
    assert as_json(answer) == f'[\n{{"x": {json_text}, "n": 7}}\n]\n'
    assert as_table(answer)
    write_parquet(answer, tmp_path / "x.parquet")
    assert read_parquet(tmp_path / "x.parquet").rows[0][1] == 7


def test_a_row_that_is_only_null_is_a_row() -> None:
    assert as_csv(Answer(("a",), ("INTEGER",), [(None,), (1,)])) == 'a\n""\n1\n'


def test_order_is_kept_where_values_are_spelled(warehouse: DuckDBWarehouse) -> None:
    rows = warehouse.ask("select to_days(range::int) as i, range as n from range(5000) order by n desc").rows
    assert [n for _, n in rows] == list(range(4999, -1, -1))
    assert rows[0][0] == "4999 days"


def test_what_the_driver_of_redshift_gives_is_kept_in_parquet(tmp_path: Path) -> None:
    """It tells of a number neither digits nor scale, and of times of day that they are text."""
    rows: list[tuple[object, ...]] = [
        (Decimal("123456789012345678901.0123456789"), timedelta(hours=1), b"\x00", None),
        (Decimal("-0.5"), None, None, datetime(2018, 11, 1, 12)),
    ]
    answer = Answer(("d", "t", "b", "when"), ("DECIMAL", "VARCHAR", "VARCHAR", "TIMESTAMP"), rows)
    write_parquet(answer, tmp_path / "x.parquet")
    found = read_parquet(tmp_path / "x.parquet")
    assert found.types == ["DECIMAL(31,10)", "VARCHAR", "VARCHAR", "TIMESTAMP"]
    assert found.rows == [
        (Decimal("123456789012345678901.0123456789"), "1:00:00", "\\x00", None),
        (Decimal("-0.5"), None, None, datetime(2018, 11, 1, 12)),
    ]


def test_sums_are_whole_numbers_in_parquet(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    for bound, kind in ((1 << 62, "BIGINT"), (1 << 63, "DECIMAL(38,0)")):
        answer = warehouse.ask(f"select sum({bound}::hugeint)::hugeint as s")
        write_parquet(answer, tmp_path / "x.parquet")
        found = read_parquet(tmp_path / "x.parquet")
        assert (found.types, found.rows) == ([kind], [(bound,)])


def test_what_is_wrong_with_a_parquet_file_is_told(tmp_path: Path) -> None:
    answer = Answer(("a",), ("INTEGER",), [(1,)])
    with pytest.raises(SparkifyError, match="check the path"):
        write_parquet(answer, tmp_path / "missing" / "x.parquet")
    with pytest.raises(SparkifyError, match=r"does not fit into Parquet .*; choose --format csv or json"):
        write_parquet(Answer(("a",), ("INTEGER",), [("x",)]), tmp_path / "x.parquet")


def test_a_plan_is_drawn_as_the_engine_draws_it(
    warehouse: DuckDBWarehouse, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    answer = warehouse.ask("explain select range, count(*) from range(10) where range > 3 group by all order by 2")
    write_answer(answer, "table", None)
    drawn = capsys.readouterr().out
    assert drawn.splitlines() == [line.rstrip() for line in str(answer.rows[0][1]).splitlines()]
    assert "�" not in drawn
    write_answer(Answer(("QUERY PLAN",), ("VARCHAR",), [("XN Aggregate",), ("  ->  XN Seq Scan",)]), "table", None)
    assert capsys.readouterr().out == "XN Aggregate\n  ->  XN Seq Scan\n"


def test_days_beyond_the_calendar_of_python_are_told(warehouse: DuckDBWarehouse) -> None:
    rows = warehouse.ask("select date '10000-01-01' as later, date '0001-01-01' as first").rows
    assert rows == [("10000-01-01", date(1, 1, 1))] or rows == [("10000-01-01", "0001-01-01")]
