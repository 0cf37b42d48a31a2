"""The normal form of titles and artist names (R2) is the same on DuckDB, on Redshift and in the reference.

What is under test is how a load makes it: the loader undoes double encoding, the engine does the rest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify import etl
from sparkify.models import model
from sparkify.simulate import Company, simulate
from sparkify.warehouse import Warehouse
from tests.conftest import examples
from tests.public_data import DATA, needs_public_data
from tests.reference import normalise
from tests.strategies import ARTISTS, TITLES, twice, variants

if TYPE_CHECKING:
    from tests.engines import Cluster

pytest_plugins = ("tests.engines",)

NAMES = ("artist", "song", "artist_name", "title")
"""The fields whose text is normalised."""
ROWS = 1000
"""Texts that go into a table by one INSERT."""
WHITE = " \t\n\r\f\v"
LIKE_WHITE = "\u00a0\u0085\u1680\u2003\u2028\u202f\u3000\u200b\ufeff\x1c\x1f"

Engines = list[Warehouse]


@pytest.fixture(scope="module")
def engines(cluster: Cluster, folder: Path) -> Iterator[Engines]:
    """Warehouses of both engines in the middle of a load."""
    with ExitStack() as stack:
        twins = stack.enter_context(cluster.twins(folder))
        opened: Engines = []
        for house in twins.houses:
            warehouse, _ = stack.enter_context(house.open())
            stack.enter_context(warehouse.loading())
            opened.append(warehouse)
        yield opened


def normal_forms(warehouse: Warehouse, texts: list[str]) -> dict[str, str | None]:
    """The normal form of each text, as a load of such texts makes it."""

    def work() -> dict[str, str | None]:
        warehouse.execute("create temp table given (text varchar(4096))")
        for start in range(0, len(texts), ROWS):
            some = texts[start : start + ROWS]
            warehouse.execute(f"insert into given values {', '.join(['(?)'] * len(some))}", some)
        warehouse.execute("create temp table load_new_texts as select distinct text from given")
        warehouse.execute(*model("load_decoded").statements(warehouse.engine))
        etl._decode_texts(warehouse)
        warehouse.execute(*model("load_texts").statements(warehouse.engine))
        # A join, as it follows in a load: Redshift passes over blanks at the end when it compares.
        rows = warehouse.query(
            "select given.text, load_texts.normal from given inner join load_texts on given.text = load_texts.text"
        )
        assert len(rows) == len(texts), "one normal form for each"
        warehouse.drop_temporary(["load_decoded", "load_texts"])
        warehouse.execute("drop table load_new_texts")
        warehouse.execute("drop table given")
        return {str(text): None if normal is None else str(normal) for text, normal in rows}

    return warehouse.transact(work)


def hold(engines: Engines, texts: Iterable[str]) -> None:
    """Every engine gives the normal form of the reference."""
    wanted = {text: normalise(text) or None for text in texts}
    for warehouse in engines:
        found = normal_forms(warehouse, list(wanted))
        assert {text: found[text] for text in wanted if found[text] != wanted[text]} == {}, warehouse.engine


def names_in(folder: Path) -> set[str]:
    """The texts of a data set that are normalised, also those of lines that are broken elsewhere."""
    found: set[str] = set()
    for path in folder.glob("*_data/**/*.json"):
        for line in path.read_text().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            found |= {str(record[name]) for name in NAMES if record.get(name) is not None}
    return found


@needs_public_data
def test_every_name_of_the_public_data(engines: Engines) -> None:
    found = names_in(DATA)
    assert sum(not text.isascii() for text in found) > 100
    hold(engines, found)


def test_every_name_of_a_simulated_company(engines: Engines, tmp_path: Path) -> None:
    simulate(tmp_path, Company(events=3000, songs=400, users=30, days=8, seed=3, dirty=True))
    found = names_in(tmp_path)
    assert any(normalise(text) != text.lower() for text in found)
    hold(engines, found)


def test_every_text_of_the_properties(engines: Engines) -> None:
    hold(engines, {other for text in (*TITLES, *ARTISTS) if text is not None for other in variants(text)})


def test_every_character_that_has_a_lower_case(engines: Engines) -> None:
    """Alone, and encoded twice."""
    characters = [chr(c) for c in range(1, sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]
    cased = [c for c in characters if c.lower() != c or category(c) in ("Lu", "Lt", "Ll")]
    assert len(cased) > 3000
    hold(engines, {*cased, *map(twice, cased)})


def test_white_space_is_six_characters_and_no_others(engines: Engines) -> None:
    spaces = (*WHITE, *LIKE_WHITE)
    texts = {f"{a}{b}x{a}{b}{b}Y{b}{a}" for a in spaces for b in spaces} | {a + b for a in spaces for b in spaces}
    hold(engines, texts)


def layers(text: str, times: int) -> str:
    for _ in range(times):
        text = twice(text)
    return text


ASSIGNED = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\0")
"""The whole range but for what PostgreSQL, DuckDB and Python may not all know."""
TEXTS = st.one_of(
    st.text(ASSIGNED, max_size=40),
    st.text(st.characters(max_codepoint=0xFF, exclude_characters="\0"), max_size=40),
    st.text(
        st.sampled_from([*WHITE, *LIKE_WHITE, "a", "B", "é", "Ã", "©", "\u0130", "Σ", "\\", "'", "%"]), max_size=20
    ),
)


@examples(40)
@given(st.lists(st.builds(layers, TEXTS, st.integers(0, 4)), min_size=1, max_size=60, unique=True))
def test_any_text(engines: Engines, texts: list[str]) -> None:
    hold(engines, (text for text in texts if len(text.encode()) <= 1024))
