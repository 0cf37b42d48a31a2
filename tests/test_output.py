"""Tables that fit the terminal."""

from __future__ import annotations

import re

import pytest

from sparkify.output import as_table
from sparkify.warehouse import Answer

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
