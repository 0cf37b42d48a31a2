"""The SQL: one text for every engine, its names as the design fixes them."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from typing import get_args

import duckdb
import pytest

from scripts import write_derived
from sparkify import sql_queries
from sparkify.errors import UsageError
from sparkify.models import MODELS, Strategy, When, columns, model, models
from sparkify.source.fields import FIELDS, Type


def test_duckdb_parses_every_statement() -> None:
    with duckdb.connect() as connection:
        for name in sql_queries.names():
            text = re.sub(r":(?:plays|listening|kept|agents)\b", "select 1", sql_queries.statement(name, "duckdb"))
            text = re.sub(r"(?<!:):[a-z]+\b", "1", text)
            assert len(connection.extract_statements(text)) == 1, name


def test_duckdb_runs_the_text_as_it_is_written_but_for_a_few_words() -> None:
    changed = {
        line.strip()
        for name in sql_queries.names()
        for line in sql_queries.statement(name, "duckdb").splitlines()
        if line not in sql_queries.source(name).splitlines()
    }
    own = [line for line in changed if not re.search(r"strlen\(|datediff\('", line)]
    assert all(re.fullmatch(r"\)|create temp table \w+ as|.*regexp_replace\([^()]*, 'g'\).*", line) for line in own), (
        own
    )


def test_data_dictionary_is_up_to_date() -> None:
    assert write_derived.DICTIONARY.read_text(encoding="utf-8") == write_derived.dictionary(), "run `make derived`"


@pytest.mark.parametrize("name", sql_queries.names())
def test_a_file_holds_one_statement_with_a_header(name: str) -> None:
    text = sql_queries.source(name)
    assert text.startswith("-- "), "the first line says what comes out"
    code = re.sub(r"--.*", "", text)
    code = re.sub(r"'[^']*'", "''", code)
    assert ";" not in code


DESIGN = {
    "songplays": "songplay_id BIGINT, start_time TIMESTAMP, user_id INTEGER, level VARCHAR, song_id VARCHAR, "
    "artist_id VARCHAR, session_id INTEGER, location VARCHAR, user_agent VARCHAR",
    "users": "user_id INTEGER, first_name VARCHAR, last_name VARCHAR, gender VARCHAR, level VARCHAR",
    "songs": "song_id VARCHAR, title VARCHAR, artist_id VARCHAR, year INTEGER, duration DOUBLE",
    "artists": "artist_id VARCHAR, name VARCHAR, location VARCHAR, latitude DOUBLE, longitude DOUBLE",
    "time": "start_time TIMESTAMP, hour INTEGER, day INTEGER, week INTEGER, month INTEGER, year INTEGER, "
    "weekday INTEGER",
    "etl_tracks": "track_id BIGINT, song VARCHAR, artist VARCHAR, length DOUBLE, match VARCHAR, song_id VARCHAR, "
    "artist_id VARCHAR",
    "etl_files": "url VARCHAR, etag VARCHAR, size BIGINT, modified TIMESTAMP, kind VARCHAR, run_id VARCHAR, "
    "loaded_at TIMESTAMP, rows BIGINT, rejected BIGINT",
    "etl_rejects": "run_id VARCHAR, url VARCHAR, line BIGINT, reason VARCHAR, record VARCHAR",
    "etl_runs": "run_id VARCHAR, started_at TIMESTAMP, finished_at TIMESTAMP, status VARCHAR, engine VARCHAR, "
    "version VARCHAR, files BIGINT, bytes BIGINT, rows BIGINT, rejected BIGINT, plays_new BIGINT, plays_known BIGINT, "
    "other_pages BIGINT, message VARCHAR",
}


@pytest.mark.parametrize("table", DESIGN)
def test_columns_are_those_of_the_design(table: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(sql_queries.statement(f"schema/{table}"))
        columns = connection.execute(f"describe {table}").fetchall()
    assert ", ".join(f"{column[0]} {column[1]}" for column in columns) == DESIGN[table]


@pytest.mark.parametrize(("kind", "table"), [("log", "staging_events"), ("song", "staging_songs")])
def test_fields_are_the_columns_of_staging(kind: str, table: str) -> None:
    columns = write_derived.parse_table(table).columns
    expected = [
        (f.column, f"varchar({f.width})" if f.type is Type.TEXT else f.type.value, f.name)
        for f in FIELDS["log" if kind == "log" else "song"]
    ]
    assert [(c.name, c.type, re.split("[ ;]", c.source)[0]) for c in columns] == expected


def test_redshift_form_is_the_text_as_written() -> None:
    written = sql_queries.source("models/time")
    assert written.endswith(sql_queries.statement("models/time", "redshift") + "\n")


def test_unknown_statement_is_refused() -> None:
    for name in ("models/nothing", "../errors", "nothing", "schema/../schema/users"):
        with pytest.raises(UsageError, match="no statement"):
            sql_queries.statement(name)


@pytest.mark.parametrize(
    ("redshift", "expected"),
    [
        ("regexp_replace('a  b  c', ' +', ' ')", "a b c"),
        ("octet_length('né') || ' ' || char_length('né')", "3 2"),
        ("datediff(week, date '2018-11-05', date '2018-11-19')", 2),
        ("datediff(millisecond, timestamp '2018-11-04 00:00:00', timestamp '2018-11-04 00:00:01.5')", 1500),
        ("date '2018-11-30' + 1", date(2018, 12, 1)),
        ("extract(dow from date '2018-11-04')", 0),
        ("trim(both ' ' from '  a\t ')", "a\t"),
    ],
)
def test_duckdb_means_by_it_what_redshift_does(redshift: str, expected: object) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(sql_queries.for_duckdb(f"select {redshift}")).fetchall() == [(expected,)]


@pytest.mark.parametrize("text", ["", "plain", "it's", "''", "a'; drop table users; --", "\\'", "né\n"])
def test_literal_comes_back_as_it_went_in(text: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"select {sql_queries.literal(text)}").fetchall() == [(text,)]


@pytest.mark.parametrize("name", [*sql_queries.names("analytics"), *sql_queries.names("filter")])
def test_named_queries_take_their_values_by_name(name: str) -> None:
    """What `sparkify.queries` fills in; it alone knows them, and nothing in them is bound."""
    body = sql_queries.body(sql_queries.source(name))
    assert "?" not in body
    assert ":" in body


def test_module_prints_statements() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sparkify.sql_queries", *arguments], capture_output=True, text=True, check=False
        )

    assert run().stdout.split() == list(sql_queries.names())
    assert run("schema/users").stdout == sql_queries.source("schema/users")
    assert run("schema/users", "duckdb").stdout.strip() == sql_queries.statement("schema/users")
    missing = run("schema/nothing")
    assert missing.returncode == 2
    assert missing.stderr.startswith("sparkify: no statement 'schema/nothing'")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_says_how_its_rows_get_into_the_table(name: str) -> None:
    found = model(name)
    assert found.strategy in get_args(Strategy)
    assert found.when in get_args(When)
    assert found.rule or name == "load_range"
    assert bool(found.key) == (found.strategy in ("upsert", "update", "delete"))
    assert bool(found.sets) == (found.strategy == "update")
    assert (found.table in sql_queries.TABLES) == (found.strategy != "replace")
    assert set(found.key + found.sets) <= set(columns(found.table) if found.strategy != "replace" else ())


def test_every_model_has_its_place_in_the_order() -> None:
    assert sorted(MODELS) == [name.removeprefix("models/") for name in sql_queries.names("models")]
    made = {table: place for place, each in enumerate(models()) if (table := each.batch_table)}
    for place, each in enumerate(models()):
        for table in re.findall(r"\b(?:from|join) (\w+)\b(?!\.)", each.select):
            assert made.get(table, -1) < place, f"{each.name} reads {table}, which is made later"


def test_columns_of_a_table_are_those_of_its_file() -> None:
    for table in sql_queries.TABLES:
        assert columns(table) == tuple(column.name for column in write_derived.parse_table(table).columns)
