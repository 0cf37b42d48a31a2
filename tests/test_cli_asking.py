"""The commands that only ask, as people and scripts meet them: answers, formats, files."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sparkify import queries, sql_queries
from sparkify.warehouse.duckdb import DuckDBWarehouse
from tests.command import (
    DATABASE,
    Row,
    ask,
    environment,
    etl,
    event,
    inside,
    leftovers,
    more_plays,
    read_parquet,
    small_company,
    song,
    sparkify,
    tamper,
    write_json,
)

# The two questions of the mission, letter by letter.
MOST_PLAYED = (
    "SELECT songs.title, COUNT(*) AS play_count FROM songplays JOIN songs ON songplays.song_id = songs.song_id "
    "GROUP BY songs.title ORDER BY play_count DESC LIMIT 1;"
)
PEAK_HOUR = (
    "SELECT time.hour, COUNT(*) AS total_plays FROM songplays JOIN time ON songplays.start_time = time.start_time "
    "GROUP BY time.hour ORDER BY total_plays DESC LIMIT 1;"
)


def test_the_questions_of_the_mission_are_answered_letter_by_letter(loaded: Path) -> None:
    assert sparkify(loaded, "sql", MOST_PLAYED, "--format", "csv").ok().out == "title,play_count\nThe Song,2\n"
    assert sparkify(loaded, "sql", PEAK_HOUR, "--format", "csv").ok().out == "hour,total_plays\n21,2\n"
    assert sparkify(loaded, "query", "most-played-song", "--format", "csv").ok().out == "title,play_count\nThe Song,2\n"
    assert sparkify(loaded, "query", "peak-hour", "--format", "csv").ok().out == "hour,total_plays\n21,2\n"


def test_query_without_a_name_lists_the_questions(tmp_path: Path) -> None:
    out = inside(tmp_path, "query").ok().out
    for query in queries.queries():
        assert re.search(rf"^{query.name} +{re.escape(query.question)}$", out, re.MULTILINE)
        for parameter in query.parameters:
            assert f"-p {parameter.name}={parameter.default}" in out


def test_query_shows_its_statement(tmp_path: Path, loaded: Path) -> None:
    statement = inside(tmp_path, "query", "top-songs", "-p", "limit=7", "--sql").ok().out
    assert re.search(r"(?i)limit\s+7", statement)
    assert inside(loaded, "sql", statement, "--format", "csv").ok().out == (
        inside(loaded, "query", "top-songs", "-p", "limit=7", "--format", "csv").ok().out
    )


ALL_TYPES = (
    "SELECT 1::INT AS i, 2.5::DOUBLE AS d, 'a''b,\"c' AS t, NULL::VARCHAR AS n, "
    "TIMESTAMP '2018-11-01 21:01:46.796' AS ts, true AS b, 12.50::DECIMAL(6, 2) AS p"
)


def test_answers_in_every_format(loaded: Path) -> None:
    when = datetime(2018, 11, 1, 21, 1, 46, 796000)
    table = inside(loaded, "sql", ALL_TYPES).ok().out
    assert re.search(r"1 +2\.5 +a'b,\"c +NULL +2018-11-01 21:01:46\.796 +true +12\.50", table)
    [names, values] = csv.reader(io.StringIO(inside(loaded, "sql", ALL_TYPES, "-f", "csv").ok().out))
    assert names == ["i", "d", "t", "n", "ts", "b", "p"]
    assert values == ["1", "2.5", "a'b,\"c", "", "2018-11-01 21:01:46.796", "true", "12.50"]
    assert json.loads(inside(loaded, "sql", ALL_TYPES, "-f", "json").ok().out) == [
        {"i": 1, "d": 2.5, "t": "a'b,\"c", "n": None, "ts": "2018-11-01T21:01:46.796000", "b": True, "p": 12.5}
    ]
    result = inside(loaded, "sql", ALL_TYPES, "-f", "parquet", "-o", "answer.parquet").ok()
    assert result.out == ""
    answer = read_parquet(loaded / "answer.parquet")
    assert answer.types == [
        "INTEGER",
        "DOUBLE",
        "VARCHAR",
        "VARCHAR",
        "TIMESTAMP",
        "BOOLEAN",
        "DECIMAL(6,2)",
    ]
    [(i, d, t, n, ts, b, p)] = answer.rows
    assert (i, d, t, n, ts, b, str(p)) == (1, 2.5, "a'b,\"c", None, when, True, "12.50")


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_output_goes_to_a_file(loaded: Path, tmp_path: Path, form: str) -> None:
    question = ("query", "plays-by-hour", "--format", form)
    printed = inside(loaded, *question).ok().out
    result = inside(loaded, *question, "--output", str(tmp_path / "answer")).ok()
    assert result.out == ""
    assert (tmp_path / "answer").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize("name", [query.name for query in queries.queries()])
def test_every_named_query_answers_in_parquet_what_it_answers_in_json(loaded: Path, tmp_path: Path, name: str) -> None:
    rows = json.loads(inside(loaded, "query", name, "--format", "json").ok().out)
    [columns, *_] = csv.reader(io.StringIO(inside(loaded, "query", name, "--format", "csv").ok().out))
    # The one song that is played has neither coordinates nor is it missing.
    assert rows or name in ("artist-places", "missing-songs")
    inside(loaded, "query", name, "--format", "parquet", "--output", str(tmp_path / "x.parquet")).ok()
    read = read_parquet(tmp_path / "x.parquet")
    assert read.columns == columns
    assert all(list(row) == columns for row in rows)
    assert [tuple(map(shown, row)) for row in read.rows] == [tuple(row.values()) for row in rows]


def shown(value: object) -> object:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize(
    "value", ["'nan'::DOUBLE", "1 / 0", "-1 / 0", "map([DATE '2018-11-01'], [1])", "'x'::BLOB", "uuid()"]
)
def test_json_is_json_whatever_the_answer(loaded: Path, value: str) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    assert json.loads(inside(loaded, "sql", f"SELECT {value} AS x", "-f", "json").ok().out, parse_constant=refuse)


SAME_NAMES = "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS A, 5 AS b"


def test_no_value_is_lost_where_names_are_the_same(loaded: Path, tmp_path: Path) -> None:
    names, values = ["a", "a_3", "a_2", "A_4", "b"], [1, 2, 3, 4, 5]
    assert json.loads(inside(loaded, "sql", SAME_NAMES, "-f", "json").ok().out) == [
        dict(zip(names, values, strict=True))
    ]
    assert inside(loaded, "sql", SAME_NAMES, "-f", "csv").ok().out == "a,a_3,a_2,A_4,b\n1,2,3,4,5\n"
    assert inside(loaded, "sql", SAME_NAMES).ok().out.split()[:5] == names
    inside(loaded, "sql", SAME_NAMES, "-f", "parquet", "-o", str(tmp_path / "x.parquet")).ok()
    read = read_parquet(tmp_path / "x.parquet")
    assert (read.columns, read.rows) == (names, [tuple(values)])


def test_parquet_is_written_under_any_name(loaded: Path, tmp_path: Path) -> None:
    strange = tmp_path / os.fsdecode(b"lat\xe9 'x'.parquet")
    inside(loaded, "sql", "SELECT 1 AS a", "-f", "parquet", "-o", str(strange)).ok()
    assert strange.read_bytes()[:4] == b"PAR1"


# -- time zones -------------------------------------------------------------------------------------

ZONE = (
    "SELECT current_setting('TimeZone') AS zone, CAST(TIMESTAMPTZ '2018-11-01 12:00:00+00' AS VARCHAR) AS instant, "
    "TIMESTAMPTZ '2018-11-01 12:00:00+00' AS noon, hour(TIMESTAMPTZ '2018-11-01 12:00:00+00') AS hour, "
    "(SELECT count(*) FROM songplays WHERE start_time <= now() AND start_time > now() - INTERVAL 2 HOURS) AS plays"
)
UTC_ANSWER = "zone,instant,noon,hour,plays\nUTC,2018-11-01 12:00:00+00,2018-11-01 12:00:00+00,12,1\n"


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_every_session_runs_in_utc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    """A play of an hour ago is one, wherever the machine stands; and what is written says the same."""
    monkeypatch.setenv("TZ", zone)
    played = time.time() - 3600
    write_json(tmp_path / "log_data" / "today.json", [event(ts=int(played * 1000))])
    (tmp_path / "song_data").mkdir()
    etl(tmp_path).ok()
    assert sparkify(tmp_path, "sql", ZONE, "--format", "csv").ok().out == UTC_ANSWER
    result = sparkify(tmp_path, "sql", ZONE, "--format", "parquet", "--output", "zone.parquet").ok()
    assert result.out == ""
    noon = datetime(2018, 11, 1, 12, tzinfo=UTC)
    assert read_parquet(tmp_path / "zone.parquet").rows[0][2].timestamp() == noon.timestamp()
    sparkify(tmp_path, "export", "out").ok()
    [(start_time, *_)] = read_parquet(tmp_path / "out" / "time.parquet").rows
    assert abs(start_time.replace(tzinfo=UTC).timestamp() - played) < 1
    [(started, loaded_at)] = ask(tmp_path, "select started_at, loaded_at from etl_runs join etl_files using (run_id)")
    for moment in (started, loaded_at):
        assert abs(moment.replace(tzinfo=UTC).timestamp() - time.time()) < 600
    time.tzset()  # the zone of this process too, for the page and the load, which keep their sessions
    try:
        with closing(DuckDBWarehouse(tmp_path / DATABASE)) as warehouse:
            for _ in range(2):
                with warehouse.asking():
                    assert warehouse.ask("select current_setting('TimeZone')").rows == [("UTC",)]
            with warehouse.session():
                assert warehouse.query("select current_setting('TimeZone')") == [("UTC",)]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_instants_are_told_without_a_time_zone_database(loaded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONTZPATH", "/nowhere")
    statement = "SELECT TIMESTAMPTZ '2018-11-01 12:00:00.5+00' AS t, 7 AS n"
    out = sparkify(loaded, "sql", statement, "--format", "csv").ok().out
    assert out == "t,n\n2018-11-01 12:00:00.5+00,7\n"


def test_no_rows(tmp_path: Path) -> None:
    inside(tmp_path, "create-tables").ok()
    assert "(no rows)" in inside(tmp_path, "query", "top-songs").ok().out
    assert json.loads(inside(tmp_path, "query", "top-songs", "-f", "json").ok().out) == []
    assert inside(tmp_path, "query", "peak-hour", "-f", "csv").ok().out == "hour,total_plays\n"
    inside(tmp_path, "query", "peak-hour", "-f", "parquet", "-o", "x.parquet").ok()
    assert read_parquet(tmp_path / "x.parquet").columns == ["hour", "total_plays"]
    assert "empty" in inside(tmp_path, "status").ok().out
    inside(tmp_path, "export", "out").ok()
    assert read_parquet(tmp_path / "out" / "users.parquet").rows == []


CONTROL = "\x1b[31mRed\x07\x1b]0;owned\x07 \x9b2J\u202eevil"


def test_control_characters_of_the_data_do_not_reach_the_terminal(tmp_path: Path) -> None:
    write_json(tmp_path / "song_data" / "one.json", [song(title=CONTROL, artist_name=CONTROL, song_id=f"SO{CONTROL}")])
    plays = [event(song=CONTROL, artist=CONTROL, location=CONTROL, userAgent=CONTROL)]
    write_json(tmp_path / "log_data" / "one.json", plays)
    (tmp_path / "log_data" / f"{CONTROL.replace('/', '')}.json").write_text(f'{{"page": "{chr(27)}[31m"}}\n')
    outputs = [etl(tmp_path, "--dry-run"), etl(tmp_path), etl(tmp_path, "--max-errors", "1")]
    assert [result.exit_code for result in outputs] == [0, 3, 0]
    tamper(tmp_path, "insert into songs from songs")
    outputs += [
        sparkify(tmp_path, *arguments)
        for arguments in (
            ("sql", "FROM songplays"), ("sql", f"SELECT 1 AS \"{CONTROL}\""), ("sql", f"SELECT {CONTROL}"),
            ("query", "top-songs"), ("rejects",), ("check",), ("status", "--log-data", "log_data"),
            ("query", CONTROL), ("query", "top-songs", "-p", CONTROL),
        )
    ]  # fmt: skip
    printed = [result.out + result.err for result in outputs]
    assert "[31mRed" in "".join(printed)
    control = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")
    assert [text for text in printed if control.search(text)] == []


def test_a_reader_that_has_seen_enough_is_no_error(loaded: Path) -> None:
    command = f'"{sys.executable}" -m sparkify sql "SELECT range FROM range(200000)" -f csv | head -1'
    done = subprocess.run(
        command,
        shell=True,
        cwd=loaded,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.stdout == "range\n"
    assert done.stderr == ""


def test_export_writes_the_star_schema_and_does_so_again(tmp_path: Path) -> None:
    folder = small_company(tmp_path)
    etl(folder).ok()
    for _ in range(2):
        out = inside(folder, "export", "deep/er/out").ok().out
        assert len(out.splitlines()) == len(sql_queries.STAR)
        files = folder / "deep" / "er" / "out"
        assert sorted(path.name for path in files.iterdir()) == sorted(f"{table}.parquet" for table in sql_queries.STAR)
        for table in sql_queries.STAR:
            exported = read_parquet(files / f"{table}.parquet")
            stored: list[Row] = ask(folder, f"from {table} order by all")
            assert exported.rows == stored
            types = ask(
                folder,
                f"select column_name, data_type from duckdb_columns() where table_name = '{table}' order by column_index",
            )
            assert list(zip(exported.columns, exported.types, strict=True)) == types
            assert re.search(rf"^{table}: {len(stored)} rows", out, re.MULTILINE)
        more_plays(folder)
        etl(folder).ok()
    assert leftovers(folder) == []
