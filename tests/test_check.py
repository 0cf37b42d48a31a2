"""`sparkify check`: every audit finds what it is for, in a warehouse in which it was planted."""

import re
import shutil
from pathlib import Path

import pytest

from sparkify import sql_queries
from sparkify.simulate import Company, simulate
from tests.command import DATABASE, Result, etl, inside, sparkify, tamper, unchanged

PLAY = "(select min(songplay_id) from songplays where song_id is not null)"
"""A play whose user, song and artist are known."""

COPY = "insert into {table} select * from {table} where {key} = (select min({key}) from {table})"

# Each: the rule, what breaks it, the example that the message has to give.
PLANTS: list[tuple[str, tuple[str, ...], str]] = [
    (
        "empty_text_is_null",
        ("update users set last_name = '' where user_id = (select min(user_id) from users)",),
        r"user_id \d+",
    ),
    (
        "empty_text_is_null",
        ("update songs set title = '' where song_id = (select min(song_id) from songs)",),
        r"song_id SO\w+",
    ),
    (
        "empty_text_is_null",
        ("update artists set location = '' where artist_id = (select min(artist_id) from artists)",),
        r"artist_id AR\w+",
    ),
    ("empty_text_is_null", (f"update songplays set user_agent = '' where songplay_id = {PLAY}",), r"songplay_id \d+"),
    (
        "r1_one_row_per_play",
        (f"insert into songplays select songplays.* replace (-1 as songplay_id) from songplays where songplay_id = {PLAY}",),
        r"start_time [-\d]+ [:.\d]+, user_id \d+, session_id \d+",
    ),
    (
        "r1_one_row_per_play",
        (
            f"update songplays set user_id = null, session_id = null where songplay_id = {PLAY}",
            f"insert into songplays select songplays.* replace (-1 as songplay_id) from songplays where songplay_id = {PLAY}",
        ),
        r"start_time [-\d]+ [:.\d]+, user_id NULL, session_id NULL",
    ),
    (
        "r2_one_row_per_track",
        ("insert into etl_tracks select etl_tracks.* replace (-1 as track_id) from etl_tracks limit 1",),
        r"track_id -1",
    ),
    (
        "r2_one_row_per_track",
        ("update etl_tracks set track_id = 1 where track_id = 2",),
        r"track_id 1",
    ),
    (
        "r2_play_follows_its_track",
        (f"update songplays set song_id = null where songplay_id = {PLAY}",),
        r"songplay_id \d+",
    ),
    (
        "r2_play_follows_its_track",
        (f"update songplays set artist_id = 'AR0' where songplay_id = {PLAY}",),
        r"songplay_id \d+",
    ),
    ("r2_play_follows_its_track", (f"delete from etl_plays where songplay_id = {PLAY}",), r"songplay_id \d+"),
    (
        "r2_track_resolves_to_catalogue",
        ("update etl_tracks set song_id = 'SO0' where track_id = (select min(track_id) from etl_tracks where match = 'exact')",),
        r"track_id \d+",
    ),
    (
        "r2_track_resolves_to_catalogue",
        ("update etl_tracks set artist_id = 'AR0' where track_id = (select min(track_id) from etl_tracks where match = 'artist')",),
        r"track_id \d+",
    ),
    *(
        (
            "r2_track_resolves_to_catalogue",
            (
                f"update etl_tracks set match = '{wrong}' "
                f"where track_id = (select min(track_id) from etl_tracks where match = '{right}')",
            ),
            r"track_id \d+",
        )
        for right, wrong in (("exact", "artist"), ("title", "none"), ("artist", "exact"), ("artist", "none"), ("none", "artist"))
    ),
    ("r3_one_row_per_user", (COPY.format(table="users", key="user_id"),), r"user_id \d+"),
    (
        "r3_user_of_play_exists",
        (f"delete from users where user_id = (select user_id from songplays where songplay_id = {PLAY})",),
        r"user_id \d+",
    ),
    ("r4_one_row_per_song", (COPY.format(table="songs", key="song_id"),), r"song_id SO\w+"),
    (
        "r4_song_of_play_exists",
        (f"delete from songs where song_id = (select song_id from songplays where songplay_id = {PLAY})",),
        r"song_id SO\w+",
    ),
    ("r4_songs_are_the_catalogue", ("insert into songs (song_id) values ('SO0')",), r"song_id SO0"),
    ("r4_songs_are_the_catalogue", ("update songs set duration = duration / 1000",), r"song_id SO\w+"),
    ("r4_songs_are_the_catalogue", ("update songs set year = 0 where year is null",), r"song_id SO\w+"),
    ("r4_songs_are_the_catalogue", ("update songs set title = 'x'",), r"song_id SO\w+"),
    ("r7_what_is_remembered", ("delete from etl_users where user_id = (select min(user_id) from users)",), r"user_id \d+"),
    ("r7_what_is_remembered", ("delete from etl_songs where song_id = (select min(song_id) from songs)",), r"song_id SO\w+"),
    ("r7_what_is_remembered", ("delete from etl_track_keys where track_id = 1",), r"track_id 1"),
    (
        "r7_what_is_remembered",
        ("insert into etl_users select * from etl_users where user_id = (select min(user_id) from users)",),
        r"user_id \d+",
    ),
    (
        "r7_what_is_remembered",
        ("insert into etl_songs select * from etl_songs where song_id = (select min(song_id) from songs)",),
        r"song_id SO\w+",
    ),
    ("r4_songs_are_the_catalogue", ("insert into staging_songs (song_id) values ('SO0')",), r"song_id SO0"),
    (
        "r5_artist_of_play_exists",
        (f"delete from artists where artist_id = (select artist_id from songplays where songplay_id = {PLAY})",),
        r"artist_id AR\w+",
    ),
    ("r5_artists_are_of_the_catalogue", ("insert into artists (artist_id) values ('AR0')",), r"artist_id AR0"),
    (
        "r5_artists_are_of_the_catalogue",
        ("insert into staging_songs (song_id, artist_id) values ('SO0', 'AR0')",),
        r"artist_id AR0",
    ),
    ("r5_one_row_per_artist", (COPY.format(table="artists", key="artist_id"),), r"artist_id AR\w+"),
    (
        "r6_instant_of_play_exists",
        ("delete from time where start_time = (select max(start_time) from time)",),
        r"start_time 2018-11-[-\d]+ [:.\d]+",
    ),
    ("r6_one_row_per_instant", (COPY.format(table="time", key="start_time"),), r"start_time 2018-11-01 [:.\d]+"),
    *(
        (
            "r6_parts_of_instant",
            (f"update time set {part} = {value} where start_time = (select min(start_time) from time)",),
            r"start_time 2018-11-01 [:.\d]+",
        )
        for part, value in (
            ("hour", "hour + 1"), ("day", "2"), ("week", "45"), ("month", "10"), ("year", "2017"), ("weekday", "7"),
            ("weekday", "null"),
        )
    ),
    (
        "r6_play_of_instant_exists",
        ("insert into time select * replace (start_time + interval 1 year as start_time) from time limit 1",),
        r"start_time 2019-11-[-\d]+ [:.\d]+",
    ),
    (
        "r7_no_play_is_lost",
        ("insert into staging_events (ts, page) values (timestamp '2018-11-02 12:00:00.001', 'NextSong')",),
        r"start_time 2018-11-02 12:00:00.001",
    ),
    ("r8_batches_balance", ("update etl_batches set records_read = records_read + 1",), r"run \S+, batch 1"),
    ("r8_batches_balance", ("update etl_batches set other_pages = other_pages - 1",), r"run \S+, batch 1"),
    ("r8_files_are_counted", (COPY.format(table="etl_files", key="url"),), r"file /\S+\.json"),
    ("r8_files_are_counted", ("update etl_files set rows = rows + 1",), r"run \S+"),
    ("r8_files_are_counted", ("update etl_files set rejected = rejected + 1",), r"run \S+"),
    (
        "r8_files_are_counted",
        ("update etl_files set run_id = 'nobody' where url = (select min(url) from etl_files)",),
        r"run nobody",
    ),
    ("r8_plays_are_counted", (f"delete from songplays where songplay_id = {PLAY}",), r"\d+ plays added, \d+ in songplays, \d+ in etl_plays"),
    (
        "r8_plays_are_counted",
        ("insert into etl_plays select -1, track_id, null, null from etl_plays limit 1",),
        r"\d+ plays added, \d+ in songplays, \d+ in etl_plays",
    ),
    ("r8_rejects_are_kept", ("delete from etl_rejects where line = 2",), r"run \S+"),
    ("r8_rejects_are_kept", ("insert into etl_rejects values ('nobody', 'file', 1, 'why', null)",), r"run nobody"),
    *(
        ("r8_runs_are_their_batches", (f"update etl_runs set {column} = {column} + 1",), r"run \S+")
        for column in ("files", "bytes", "rows", "rejected", "plays_new", "plays_known", "other_pages")
    ),
    ("r8_runs_are_their_batches", ("delete from etl_runs",), r"run \S+"),
    (
        "songplay_id_is_unique",
        ("update songplays set songplay_id = 1 where songplay_id = 2",),
        r"songplay_id 1",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse in which every table has rows, of one run with one batch."""
    folder = tmp_path_factory.mktemp("loaded")
    simulate(folder, Company(events=400, songs=30, users=5, days=4, seed=2))
    (folder / "log_data" / "bad.json").write_text('{"page": "Home"}\n{"page": "About"}\n')
    etl(folder, "--max-errors", "2").ok()
    return folder


@pytest.fixture
def warehouse(loaded: Path, tmp_path: Path) -> Path:
    """A copy of its own for a test, in the folder."""
    shutil.copy(loaded / DATABASE, tmp_path)
    return tmp_path


def broken_rules(result: Result) -> set[str]:
    """The rules that a check marks as broken, one line each; the others must be marked as held."""
    marked = [line.split() for line in result.out.splitlines()]
    assert [rule for _, rule in marked] == [name.removeprefix("audit/") for name in sql_queries.audits()]
    assert {mark for mark, _ in marked} <= {"ok", "FAILED"}
    return {rule for mark, rule in marked if mark == "FAILED"}


def test_every_audit_has_a_plant() -> None:
    assert {f"audit/{rule}" for rule, _, _ in PLANTS} == set(sql_queries.audits())


def test_a_sound_warehouse_passes_and_is_not_touched(warehouse: Path) -> None:
    same = unchanged(warehouse / DATABASE)
    result = sparkify(warehouse, "check").ok()
    assert broken_rules(result) == set()
    assert result.err == ""
    assert same()


def test_an_empty_warehouse_passes(tmp_path: Path) -> None:
    sparkify(tmp_path, "create-tables").ok()
    assert broken_rules(sparkify(tmp_path, "check").ok()) == set()


@pytest.mark.parametrize(
    ("rule", "plant", "example"), PLANTS, ids=[f"{rule}-{number}" for number, (rule, _, _) in enumerate(PLANTS)]
)
def test_a_violation_is_named_with_an_example(warehouse: Path, rule: str, plant: tuple[str, ...], example: str) -> None:
    tamper(warehouse, *plant)
    same = unchanged(warehouse / DATABASE)
    result = inside(warehouse, "check")
    message = result.failed(4)
    assert rule in broken_rules(result), message
    found = re.search(rf"(?:^audit failed: |; ){rule}: (\d+) rows, such as ({example})(?=; |\. )", message)
    assert found is not None, message
    assert int(found.group(1)) >= 1
    assert "`sparkify etl --full-refresh`" in message
    assert same()


def test_every_broken_rule_is_named(warehouse: Path) -> None:
    tamper(warehouse, COPY.format(table="users", key="user_id"), "update etl_batches set records_read = 0")
    result = sparkify(warehouse, "check")
    message = result.failed(4)
    assert broken_rules(result) == {"r3_one_row_per_user", "r8_batches_balance"}
    assert "r3_one_row_per_user: 1 rows" in message
    assert "r8_batches_balance: 1 rows" in message


def test_a_full_refresh_mends_what_a_check_found(loaded: Path, tmp_path: Path) -> None:
    shutil.copytree(loaded, tmp_path / "copy")
    folder = tmp_path / "copy"
    tamper(folder, COPY.format(table="users", key="user_id"), f"delete from songplays where songplay_id = {PLAY}")
    sparkify(folder, "check").failed(4)
    etl(folder, "--full-refresh", "--max-errors", "2").ok()
    sparkify(folder, "check").ok()
