"""The same source gives the same tables on DuckDB and on Redshift, cell by cell.

Redshift is the stand-in of this machine; `tests/live` has most of this against a real cluster. What one engine is
held to, R1 to R8 and the reject of every bad record, stands in `tests.house.Follower` and `tests.reference`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify import queries, sql_queries
from sparkify.simulate import Company, simulate
from sparkify.source.fields import FIELDS
from sparkify.source.parts import Part
from sparkify.source.prepare import Preparer
from sparkify.warehouse import Warehouse, redshift_staging
from sparkify.warehouse.redshift_session import Refused
from sparkify.warehouse.redshift_transactions import WORK
from tests import strategies, test_rules
from tests.conftest import examples
from tests.house import (
    ALL_REJECTS,
    EVENT_COLUMNS,
    STAR,
    Follower,
    House,
    Place,
    Twins,
    staged_by_reference,
    tables,
    tracks_of,
)
from tests.public_data import DATA, SHARED, needs_public_data, public_files
from tests.redshift import grammar
from tests.reference import Row, Version, is_read, sort_rows, star
from tests.strategies import BAD_LINES, BASE_TIME, Run, histories
from tests.test_properties import spread

if TYPE_CHECKING:
    from tests.engines import Cluster, Local

pytest_plugins = ("tests.engines",)

EXAMPLES = SHARED / "examples.json"
SECOND = 1_000_000


# --- Facts that are small enough to read -----------------------------------------------------------------


BEYOND_EXAMPLES = (
    "test_r1_events_in_conflict_are_counted_and_warned_of",
    "test_r2_a_full_refresh_keeps_the_match_that_it_is_given",
    "test_r2_match_is_kept_and_another_value_resolves_everything_again",
    "test_r2_title_at_equal_distance_takes_the_lowest_song_id",
    "test_songplay_ids_are_never_given_again_not_even_after_a_refresh_of_nothing",
)
"""Facts that no example of the design shows."""


def facts() -> Iterator[Any]:
    """The facts of `tests.test_rules`; where the examples of the design are here, those are enough for the rest."""
    names = [name for name in vars(test_rules) if name.startswith("test_")]
    for name in BEYOND_EXAMPLES if EXAMPLES.is_file() else names:
        yield pytest.param(getattr(test_rules, name), id=name.removeprefix("test_"))


@pytest.mark.parametrize("fact", list(facts()))
def test_what_the_rules_say_holds_on_redshift(cluster: Cluster, tmp_path: Path, fact: Any) -> None:
    with cluster.house(tmp_path) as house:
        fact(house)


def cases() -> Iterator[Any]:
    if not EXAMPLES.is_file():
        reason = f"the examples of the design are not here: no file {SHARED.name}/{EXAMPLES.name}"
        yield pytest.param(None, marks=pytest.mark.skip(reason=reason))
        return
    for case in json.loads(EXAMPLES.read_bytes()):
        yield pytest.param(case, id=case["name"])


@pytest.mark.parametrize("case", list(cases()))
def test_the_examples_of_the_design(cluster: Cluster, tmp_path: Path, case: Mapping[str, Any]) -> None:
    flags: dict[str, Any] = {
        name.removeprefix("--").replace("-", "_"): int(value) if value.isdigit() else value
        for name, value in zip(case["flags"][::2], case["flags"][1::2], strict=True)
    }
    with cluster.twins(tmp_path) as twins:
        lying: Run = {}
        for number, files in enumerate(case["runs"]):
            lying |= {name: Version(name, text.encode(), BASE_TIME + number * SECOND) for name, text in files.items()}
            twins.lay(lying)
            if case["exit"]:
                assert twins.refused(**flags).exit_code == case["exit"]
            else:
                twins.load(**flags)
            twins.whole()
        content = twins.content()
    for name, expected in case.get("expect", {}).items():
        assert (name, content.star[name]) == (name, sort_rows(_row(name, row) for row in expected))
    assert content.violations == []
    if "resolution" in case:
        assert Counter(content.matches.values()) == case["resolution"]
    assert sorted({line for _, line, _ in content.rejects}) == case.get("rejects", [])


def _row(table: str, told: Mapping[str, Any]) -> Row:
    return tuple(
        datetime.fromisoformat(told[column]) if column == "start_time" else told[column] for column in STAR[table]
    )


# --- Histories -------------------------------------------------------------------------------------------

MATCHES = st.sampled_from([None, "exact", "resolve"])
BATCH_BYTES = st.sampled_from([None, 1])
DIRECT_BYTES = st.sampled_from([1, 1, 500, 1 << 20])
"""From which size log files are copied where they lie: all, the larger, none."""


@contextmanager
def direct(size: int = 1) -> Iterator[None]:
    """Have log files from this size on copied where they lie."""
    with patch.object(redshift_staging, "DIRECT_BYTES", size):
        yield


TOLD = [bad for bad in BAD_LINES["log"] if b"unknown" not in bad.source and b"\\u0000" not in bad.source]
"""Bad lines but for those that COPY takes without a sign: broken text in what it ignores, and U+0000."""


@contextmanager
def what_copy_tells() -> Iterator[None]:
    """Make no record that COPY takes without a sign. Of a field that is named twice it takes either."""
    once = [odd for odd in strategies.ODDITIES if odd != "duplicates"]
    with patch.object(strategies, "ODDITIES", once), patch.dict(strategies.BAD_LINES, log=tuple(TOLD)):
        yield


@st.composite
def some_history(draw: st.DrawFn, max_runs: int) -> list[Run]:
    """With conflicts (R1), or with bad records."""
    conflicts = draw(st.booleans())
    with what_copy_tells():
        return draw(histories(conflicts=conflicts, bad=not conflicts, max_runs=max_runs))


@st.composite
def sound_history(draw: st.DrawFn) -> list[Run]:
    with what_copy_tells():
        return draw(histories(max_runs=2))


@examples(6)
@given(some_history(max_runs=2), st.data())
def test_a_history_loaded_run_by_run(cluster: Cluster, folder: Path, history: list[Run], data: st.DataObject) -> None:
    """As the reference says on Redshift, and the same on DuckDB: tables, ledger, rejects, tracks, reports."""
    with cluster.twins(folder) as twins, direct(data.draw(DIRECT_BYTES)):
        follower = Follower(twins)
        for run in history:
            match, refresh = data.draw(MATCHES), data.draw(st.sampled_from([False, False, False, True]))
            follower.load(run, match=match, batch_bytes=data.draw(BATCH_BYTES), full_refresh=refresh)
        assert follower.load(history[-1]).status == "nothing-new"


@examples(3)
@given(sound_history(), st.data(), st.randoms(use_true_random=False))
def test_r7_neither_order_nor_batches_nor_repeats_matter(
    cluster: Cluster, folder: Path, history: list[Run], data: st.DataObject, random: Random
) -> None:
    # Object storage tells versions apart by what is in them: one that was only touched is not read again.
    found = [v for v in strategies.versions(history) if is_read(v.name) and v.data]
    found = list({(version.name, version.data): version for version in reversed(found)}.values())
    with cluster.twins(folder) as twins, direct(data.draw(DIRECT_BYTES)):
        for run in spread(found, random):
            lying = twins.lay(run)
            found = [lying.get(version.name, version) if version in run.values() else version for version in found]
            twins.load(batch_bytes=random.choice([None, 1, 700]))
        content = twins.content()
    assert content.star == tables(star(found))
    assert content.tracks == tracks_of(found, "resolve")
    assert content.violations == []


# --- Log files that are copied where they lie ------------------------------------------------------------

GOOD: dict[str, object] = {
    "artist": "Björk",
    "auth": "Logged In",
    "firstName": "Ada",
    "gender": "F",
    "itemInSession": 3,
    "lastName": "Byron",
    "length": 305.1,
    "level": "paid",
    "location": "Lansing, MI",
    "method": "PUT",
    "page": "NextSong",
    "registration": 1540000000000.0,
    "sessionId": 7,
    "song": "Jóga",
    "status": 200,
    "ts": 1541990258796,
    "userAgent": '"Agent \\ 1"',
    "userId": "5",
}


def line(**fields: str) -> bytes:
    """A record of a log in which some values are written as they are given here."""
    members = {name: json.dumps(value, ensure_ascii=False) for name, value in GOOD.items()} | fields
    return ("{" + ", ".join(f'"{name}": {text}' for name, text in members.items()) + "}").encode()


NUMBERS = (
    *("200", "200.0", '"200"', '"200.0"', "2e2", "2.0E+2", "-0", "-7", "0.0", "-0.0", "2147483647", '""', "null"),
    *("200.00", "2000000000.0", "1e0", "100e-2", "-2147483648", "12345678901e-2"),
    *("7.00000000000000000001", "1e-400", "1.84E2"),
)
TEXTS = (
    *("702", "1.10", "-1.5e3", "1E5", "00", "true", "false", '"true"', '"1.10"', '"007"', '" x "', '""', "null"),
    *('{"a": 1.10, "b" : [ ]}', "[1,  2]", '"{"', '"[x"', '"\\u00e9\\n\\t\\"\\\\ \\/"', '"\\ud83c\\udfb5"', '"NaN"'),
    *("12345678901234567890", '"12345678901234567890"', "-0", "1.0", '"null"', '"\\\\N"', '"\\\\x41"', '"a\u00a0b"'),
    f'"{"é" * 512}"',
)
ODD_RECORDS = (
    *(line(page='"Home"', song="null"), line(extra='{"ts": "no"}'), b"{ " + line()[1:] + b"\r", line() + line(ts="7")),
    *(json.dumps(GOOD, indent=2).encode(), line() + b"\n\n \t\n" + line(ts="8"), b"\xef\xbb\xbf" + line()),
    *(b'{"PAGE": "Home", "TS": 5, "FIRSTNAME": "Eve"}', b'{"page": "Home", "ts": 5, "Page": "About", "userid": 8}'),
    *(b'{"Ts": 1.5, "ts": 6, "page": "Home"}', b'{"ts":6,"page":"Home"}', b'{"ts":6,"page":"About","x":1}'),
    *(b'{"ts": "6", "page": "NextSong", "userId": "", "sessionId": ""}', b'{"p\\u0061ge": "Home", "ts": 9}'),
    *(line() + b" trailing", line() + b"\n]", line() + b"\n42\nnull\n[1]\n" + line(ts="9"), line() + b","),
    *(b"   " + line() + b"  ", b"\n\n" + line() + b"\n", line(song='"a\x7fb"'), line(first_name='"Eve"')),
)


def odd_values() -> Iterator[bytes]:
    """Records each of which has one value that COPY may bend, or that is a reject."""
    for field in FIELDS["log"]:
        whole = field.name in ("ts", "registration", "length")
        texts = (
            TEXTS
            if field.width
            else (*NUMBERS, "1541990258796", "1541990258796.0", "1541121934796.0001")
            if whole
            else NUMBERS
        )
        chosen = texts if field.name in ("song", "status", "ts", "length", "page") else texts[::4]
        yield from (line(**{field.name: text}) for text in chosen)
    for text in (
        "1.5",
        "0.1",
        "1e-7",
        "305.10",
        "1234567.891011121314",
        "123456789012345678",
        "1e22",
        "5e-324",
        "1e300",
    ):
        yield line(length=text)
        yield line(length=f'"{text}"', ts="-1")


def log(number: int, data: bytes, ending: str = "json") -> Version:
    name = f"log_data/{number:04}.{ending}"
    return Version(name, strategies.packed(name, data), BASE_TIME + number * SECOND)


def copied(warehouse: Warehouse, place: Place, file: Version, role: str, mapping: str) -> list[Row] | None:
    """What COPY makes of a log file; None when it fails, or when a value of it is to be read exactly."""
    place.put(file)
    entries = redshift_staging.manifest([f"{place.url}/{file.name}"])
    place.put(Version("one.manifest", entries, BASE_TIME))
    columns = tuple(redshift_staging.raw_column(field) for field in FIELDS["log"])
    copy = redshift_staging.Copy(redshift_staging.RAW, columns, f"{place.url}/one.manifest", mapping)
    warehouse.execute(f"delete from {redshift_staging.RAW}")
    warehouse.execute("delete from staging_events")
    try:
        warehouse.execute(copy.sql(role, None))
    except Refused:
        return None
    if warehouse.query(redshift_staging.count_doubtful()) != [(0,)]:
        return None
    warehouse.execute(redshift_staging.type_raw())
    return sort_rows(warehouse.query(f"select {', '.join(EVENT_COLUMNS)} from staging_events"))  # type: ignore[arg-type]


@pytest.mark.parametrize("by_paths", [False, True], ids=["by name", "by JSONPaths"])
def test_copy_bends_no_value(cluster: Cluster, tmp_path: Path, by_paths: bool) -> None:
    """Each value alone, so that no other sends it to the exact reader. What is not sent there is right."""
    texts = [line(), *odd_values()]
    bad = [bad.source for bad in TOLD[::4]]
    records = [*texts[::4], *bad[::3]] if by_paths else [*texts, *ODD_RECORDS, *bad]
    files = [log(number, data) for number, data in enumerate(records)]
    with cluster.house(tmp_path) as house:
        house.load()
        mapping = "auto ignorecase"
        if by_paths:
            mapping = f"{house.place.url}/paths.json"
            house.put(Version("paths.json", paths_file(tmp_path).read_bytes(), BASE_TIME))
        with house.open() as (warehouse, settings):
            warehouse.execute(redshift_staging.create_raw())
            found = [copied(warehouse, house.place, file, settings.copy_role, mapping) for file in files]
    bent = [
        file.data
        for file, rows in zip(files, found, strict=True)
        if rows is not None and rows != staged_by_reference([file]).events
    ]
    assert bent == []
    assert found[0] is not None
    ordinary = Counter(rows is not None for rows in found[: len(texts[:: 4 if by_paths else 1])])
    assert ordinary[True] > 20, "what is ordinary is to be copied"


def paths_file(folder: Path) -> Path:
    """A JSONPaths file of the public names."""
    path = folder / "paths.json"
    path.write_text(json.dumps({"jsonpaths": [f"$['{field.name}']" for field in FIELDS["log"]]}))
    return path


@pytest.mark.parametrize("by_paths", [False, True], ids=["by name", "by JSONPaths"])
def test_bad_records_copied_in_place_are_set_aside(cluster: Cluster, tmp_path: Path, by_paths: bool) -> None:
    """In files of their own, between good records; other files have odd values."""
    records = [line() + b"\n" + bad.source + b"\n" + line(ts=f"{n}") for n, bad in enumerate(TOLD)]
    records += [*odd_values(), *ODD_RECORDS]
    endings = ("json", "json.gz", "jsonl.zst")
    some = records[:: 6 if by_paths else 3]
    files = [log(number, data, endings[number % 3]) for number, data in enumerate(some)]
    paths = str(paths_file(tmp_path)) if by_paths else None
    with cluster.twins(tmp_path) as twins, direct():
        twins.lay({file.name: file for file in files})
        twins.load(max_errors=ALL_REJECTS, jsonpaths=paths)
        content = twins.content()
    if not by_paths:
        assert content.rejects == staged_by_reference(files).rejects
    assert len(content.rejects) >= len(TOLD) / 6


@examples(4)
@given(st.data())
def test_a_bad_record_copied_in_place_fails_a_strict_load(cluster: Cluster, folder: Path, data: st.DataObject) -> None:
    """In the same words on both engines, which name its file and line."""
    name = data.draw(st.sampled_from(["log_data/2.json", "log_data/2.json.gz", "log_data/2.jsonl.zst"]))
    with what_copy_tells():
        bad = data.draw(strategies.bad_lines("log"))
    broken = Version(name, strategies.packed(name, line() + b"\n\n" + bad.source + b"\n" + line(ts="9")), BASE_TIME)
    with cluster.twins(folder) as twins, direct():
        twins.lay({"log_data/1.json": log(1, line(ts="5")), name: broken})
        first = twins.refused().first
        assert (first.url, first.line) == (f"{twins.place.url}/{name}", 3)
        whole = twins.whole()
    assert not any(whole[table] for table in (*STAR, "etl_files", "etl_rejects", "etl_tracks"))


@st.composite
def logs(draw: st.DrawFn) -> list[Version]:
    """A few log files of any shape, with bad records or without."""
    endings = draw(st.lists(st.sampled_from(["json", "json.gz", "jsonl.zst"]), min_size=1, max_size=3))
    with what_copy_tells():
        return [
            log(number, draw(strategies.log_bytes(draw(strategies.events()), bad=draw(st.booleans()))), ending)
            for number, ending in enumerate(endings)
        ]


@examples(6)
@given(logs())
def test_staging_of_logs_copied_in_place_equals_the_reference(
    cluster: Cluster, folder: Path, files: list[Version]
) -> None:
    with cluster.house(folder) as house, direct():
        assert vars(house.stage(files)) == vars(staged_by_reference(files))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The files of a simulated company, dirt and all, some of them compressed."""
    root = tmp_path_factory.mktemp("company")
    simulate(root, Company(events=1_500, songs=60, users=30, days=12, seed=5, dirty=True))
    return _files(root)


def _files(root: Path) -> Run:
    found: Run = {}
    for number, path in enumerate(sorted(path for path in root.glob("*_data/**/*") if path.is_file())):
        name, data = path.relative_to(root).as_posix(), path.read_bytes()
        ending = ("", ".gz", ".zst")[number % 3] if name.startswith("log_data/") and name.endswith(".json") else ""
        name += ending
        found[name] = Version(name, strategies.packed(name, data), BASE_TIME + number * SECOND)
    return found


@pytest.mark.parametrize("by_paths", [False, True], ids=["by name", "by JSONPaths"])
def test_clean_logs_copied_in_place_are_never_fetched(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_paths: bool
) -> None:
    simulate(tmp_path, Company(events=400, songs=20, users=10, days=6, seed=1))
    files = _files(tmp_path)

    def doubt(self: Preparer, parts: list[Part]) -> None:
        raise AssertionError(f"fetches {parts}")

    monkeypatch.setattr(Preparer, "doubt", doubt)
    with cluster.twins(tmp_path) as twins, direct():
        twins.lay(files)
        twins.load(jsonpaths=str(paths_file(tmp_path)) if by_paths else None)
        assert len(twins.whole()["etl_files"]) == len(files)


# --- Questions -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded(cluster: Cluster, folder: Path, company: Run) -> Iterator[Twins]:
    """The simulated company, loaded into both engines."""
    with cluster.twins(folder) as twins:
        twins.lay(company)
        twins.load(max_errors=ALL_REJECTS)
        yield twins


def test_a_simulated_company_is_the_same(loaded: Twins, company: Run) -> None:
    content = loaded.content()
    assert content.violations == []
    assert content.rejects
    assert len(content.star["songplays"]) > 500
    assert set(content.matches.values()) == {"exact", "title", "artist", "none"}
    versions = [Version(v.name, v.data, v.modified) for v in company.values() if is_read(v.name) and v.data]
    assert content.star == tables(star(sorted(versions, key=lambda version: (version.modified, version.name))))


def ask(twins: Twins, name: str, values: Mapping[str, str]) -> list[tuple[object, ...]]:
    """What a named query answers on Redshift, which must be what it answers on DuckDB."""
    answers = []
    for house in twins.houses:
        with house.reading() as warehouse:
            answers.append(queries.answer(warehouse, name, values))
    redshift, duckdb = answers
    assert redshift.columns == duckdb.columns
    assert redshift.rows == duckdb.rows
    return redshift.rows


@pytest.fixture(scope="module")
def narrowed(loaded: Twins) -> dict[str, str]:
    """A range of days, a tier and a place that leave plays."""
    days = [row[0] for row in ask(loaded, "plays-over-time", {})]
    some = {"start": str(days[1]), "end": str(days[-2]), "level": "paid"}
    place = next(row[0] for row in ask(loaded, "top-places", some) if row[0] is not None)
    return some | {"place": str(place)}


@pytest.mark.parametrize("name", [query.name for query in queries.queries()])
def test_named_queries_answer_the_same(loaded: Twins, narrowed: dict[str, str], name: str) -> None:
    assert ask(loaded, name, {})
    plays = ask(loaded, "overview", narrowed)[0][0]
    assert isinstance(plays, int)
    assert plays > 5
    choices = [parameter for parameter in queries.named_query(name).parameters if parameter.name == "by"]
    for by in [{"by": value} for parameter in choices for value in parameter.choices] or [{}]:
        ask(loaded, name, narrowed | by)
        ask(loaded, name, {"start": narrowed["start"], "end": narrowed["end"]} | by)


# --- Statements ------------------------------------------------------------------------------------------


def shapes(local: Local, house: House) -> list[str]:
    """The statements of a load, without what they are about."""
    before = len(local.standin.statements)
    house.load()
    statements = local.standin.statements[before:]
    # Serverless has no such view, which is how a load sees that it is there.
    assert {statement.outcome for statement in statements if "stv_slices" not in statement.sql} == {"ok"}
    return [bare(statement.sql) for statement in statements]


def bare(sql: str) -> str:
    """A statement with its addresses and the number of its rows taken out."""
    sql = re.sub(r"'s3://[^']*'", "'s3://bucket/key'", sql)
    return re.sub(r"(\([$?\d, ]+\))(, \([$?\d, ]+\))+", r"\1", sql)


def copies(statements: Sequence[str]) -> Counter[str]:
    """The COPY statements by table and compression."""
    found = (re.match(r"copy (\w+) ", sql) for sql in statements)
    return Counter(
        f"{match[1]} {' '.join(word for word in ('gzip', 'zstd') if f'{chr(10)}{word}{chr(10)}' in match.string)}".strip()
        for match in found
        if match is not None
    )


def plays(count: int, ending: str = "json", first: int = 0) -> list[Version]:
    return [
        log(first + number, line(ts=str(10**12 + (first + number) * 1000), sessionId=str(number)), ending)
        for number in range(count)
    ]


def test_a_load_sends_as_many_statements_for_a_thousand_files_as_for_ten(local: Local, tmp_path: Path) -> None:
    sent = []
    for count in (10, 1000):
        with local.house(tmp_path) as house:
            house.put(Version("song_data/a.json", test_rules.song("S1", "AR1", "b", "a", 1.0).encode(), BASE_TIME))
            house.put(*plays(count))
            sent.append(shapes(local, house))
    few, many = sent
    assert copies(many) - Counter({"load_files": 1}) == copies(few) == {"staging_events gzip": 1, "batch_songs gzip": 1}
    assert len(many) - len(few) <= 1  # a long list of files comes by COPY, which is asked how many came


def test_zstd_is_fetched_however_large_the_file(local: Local, tmp_path: Path) -> None:
    """It may have many frames, and nothing says that COPY reads more than the first."""
    with local.house(tmp_path) as house, direct():
        house.put(*plays(2, "json.zst"), *plays(1, "json.gz", 100))
        assert copies(shapes(local, house)) == {redshift_staging.RAW + " gzip": 1, "staging_events gzip": 1}
        assert len(house.content().star["songplays"]) == 3


def test_a_load_sends_as_many_copies_in_place_as_there_are_compressions(local: Local, tmp_path: Path) -> None:
    sent = []
    for count in (2, 20):
        with local.house(tmp_path) as house, direct():
            house.put(*plays(count), *plays(count, "json.gz", 100))
            sent.append(shapes(local, house))
    few, many = sent
    raw = redshift_staging.RAW
    assert copies(many) - Counter({"load_files": 1}) == copies(few) == {raw: 1, f"{raw} gzip": 1}
    assert len(many) - len(few) <= 1


# --- The public data -------------------------------------------------------------------------------------


@needs_public_data
def test_the_public_data(cluster: Cluster, tmp_path: Path) -> None:
    files = {file.name: file for file in public_files()}
    with cluster.twins(tmp_path) as twins, direct(100_000):
        twins.lay(files)
        report = twins.load(jsonpaths=str(DATA / "log_json_path.json"))
        content = twins.content()
        assert twins.load().status == "nothing-new"
    assert report.rows == {
        "staging_events": 8056,
        "staging_songs": 71,
        "songplays": 6820,
        "users": 97,
        "songs": 71,
        "artists": 69,
        "time": 6813,
    }
    assert {name: len(rows) for name, rows in content.star.items()} == {name: report.rows[name] for name in STAR}
    assert report.resolution == {"exact": 1, "title": 0, "artist": 20, "none": 6799}
    assert (report.rejected, content.violations) == (0, [])


# --- At the end ------------------------------------------------------------------------------------------


def test_every_statement_that_was_sent_parses_as_sql_of_redshift(local: Local) -> None:
    """Whatever the tests above sent, in this process, but for the texts of files: `make lint` parses those.

    And for those of named queries, which `tests.test_queries` looks at.
    """
    sent = {bare(sql) for sql in local.sent() if unnumbered(sql) not in FROM_FILES and not sql.startswith(NAMED)}
    assert sent
    assert grammar.errors(sorted(sent)) == []


def unnumbered(sql: str) -> str:
    """A statement as it is written: without the numbers of parameters and the schema that some tables lie in."""
    return re.sub(r"\$\d+", "?", sql).replace(f"{WORK}.", "")


FROM_FILES = {unnumbered(sql_queries.statement(name, "redshift")) for name in sql_queries.names()}
NAMED = tuple(
    sql_queries.body(sql_queries.source(name)).partition(":")[0]
    for folder in ("analytics", "filter")
    for name in sql_queries.names(folder)
    if name != "filter/plays"
)
"""How the statements of named queries begin, up to what is filled in."""
