"""Undoing double encoding, and the SQL half of normalisation, against each other's ground."""

from __future__ import annotations

import sys

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.encoding import decode
from sparkify.models import model


def encoded_again(text: str, times: int) -> str:
    for _ in range(times):
        text = text.encode("utf-8").decode("latin-1")
    return text


@pytest.mark.parametrize("text", ["Björk", "Sigur Rós", "日本", "Beyoncé – Halo", "🎵"])
@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_up_to_three_layers_are_undone(text: str, times: int) -> None:
    assert decode(encoded_again(text, times)) == text


def test_a_fourth_layer_stays() -> None:
    assert decode(encoded_again("é", 4)) == encoded_again("é", 1)


@pytest.mark.parametrize("text", ["", "plain", "Café", "naïve Ã", "â", "Ω", "Ã©Ω"])
def test_text_that_was_encoded_once_stays(text: str) -> None:
    assert decode(text) == text


@given(st.text(st.characters(codec="ascii")))
def test_ascii_is_never_doubtful(text: str) -> None:
    assert decode(text) == text


@given(st.text())
def test_decoding_is_defined_for_every_text(text: str) -> None:
    assert len(decode(text)) <= len(text)


def simple_lower(character: str) -> str:
    """Unicode's simple mapping; Python's own lower() maps İ to two characters, and no other."""
    lowered = character.lower()
    return lowered if len(lowered) == 1 else "i"


def test_lower_is_unicodes_simple_mapping_for_every_character() -> None:
    # U+0000 and surrogates never reach the tables.
    characters = [chr(c) for c in range(1, sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]
    with duckdb.connect() as connection:
        lowered = connection.execute(
            "select text, lower(text) from (select unnest(?::varchar[]) as text)", [characters]
        ).fetchall()
    different = [(text, lower) for text, lower in lowered if lower != simple_lower(text)]
    # The engine's Unicode may be newer than Python's: it may lower what Python does not know yet, nothing else.
    assert [pair for pair in different if pair[0].lower() != pair[0] or pair[0].isprintable()] == []


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Song", "the song"),
        (" THE song ", "the song"),
        ("a\t\r\n\f\vb", "a b"),
        ("\t \n", None),
        ("", None),
        ("İΣß", "iσß"),
        ("a\u00a0b", "a\u00a0b"),
        ("x    y     z", "x y z"),
        (encoded_again("JÓGA", 2), "jóga"),
    ],
)
def test_normal_form(text: str, normal: str | None) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table load_new_texts as select ?::varchar as text", [text])
        connection.execute("create table load_decoded (text varchar, decoded varchar)")
        if decode(text) != text:
            connection.execute("insert into load_decoded values (?, ?)", [text, decode(text)])
        [statement] = model("load_texts").statements("duckdb")
        connection.execute(statement)
        assert connection.execute("select normal from load_texts").fetchall() == [(normal,)]
