"""The rules R1 to R8 at work on inputs small enough to read: files in, tables out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from sparkify.errors import TooManyRejects
from sparkify.run_report import Report
from tests.house import Content, House, fresh_house
from tests.reference import Cell, Row, Version
from tests.strategies import twice

START = 1541990258796
MONDAY = datetime(2018, 11, 12, 2, 37, 38, 796_000)
MONDAY_PARTS = (2, 12, 46, 11, 2018, 1)
"""Hour, day, ISO week, month, year, and weekday from Sunday = 0."""
PLACE, AGENT = "Lansing, MI", '"Agent"'

Runs = list[dict[str, str]]
"""File name to text: what is new in the source at each run."""


def event(**fields: object) -> str:
    """A line of a log: an event of Ada's, a play of a song `a` by `b` if nothing else is said."""
    return json.dumps(
        {
            "artist": "b",
            "auth": "Logged In",
            "firstName": "Ada",
            "gender": "F",
            "itemInSession": 0,
            "lastName": "Byron",
            "length": 1.0,
            "level": "free",
            "location": PLACE,
            "method": "PUT",
            "page": "NextSong",
            "registration": 1540000000000.0,
            "sessionId": 7,
            "song": "a",
            "status": 200,
            "ts": START,
            "userAgent": AGENT,
            "userId": "5",
            **fields,
        },
        ensure_ascii=False,
    )


def visit(**fields: object) -> str:
    """An event of another page."""
    return event(**({"artist": None, "length": None, "method": "GET", "page": "Home", "song": None} | fields))


def song(song_id: str, artist_id: str, name: object, title: object, duration: float, **fields: object) -> str:
    return json.dumps(
        {
            "num_songs": 1,
            "artist_id": artist_id,
            "artist_latitude": None,
            "artist_longitude": None,
            "artist_location": "",
            "artist_name": name,
            "song_id": song_id,
            "title": title,
            "duration": duration,
            "year": 0,
            **fields,
        },
        ensure_ascii=False,
    )


def play(song_id: str | None = None, artist_id: str | None = None, *, at: datetime = MONDAY) -> Row:
    """The row of Ada's play in `songplays`, without its id."""
    return at, 5, "free", song_id, artist_id, 7, PLACE, AGENT


ADA: Row = (5, "Ada", "Byron", "F", "free")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with fresh_house(tmp_path) as house:
        yield house


def load(
    house: House, runs: Runs, *, match: str | None = None, max_errors: int | None = None
) -> tuple[Report, Content]:
    """Put and load run after run; the report is the last one's."""
    report: Report | None = None
    for number, files in enumerate(runs):
        house.put(*(Version(name, text.encode(), 10**15 + number) for name, text in files.items()))
        report = house.load(match=match, max_errors=max_errors)
    assert report is not None
    content = house.content()
    assert content.violations == []
    return report, content


def found(content: Content) -> list[str]:
    """How the plays found their songs, in the order of their ids."""
    return [content.matches[songplay_id] for songplay_id in sorted(content.ids)]


def test_an_exact_match_fills_all_five_tables(house: House) -> None:
    """R1 to R6: year 0 is NULL, durations are milliseconds, Monday is 1, another page is no play."""
    place = {"artist_location": "Stockton, CA", "artist_latitude": 37.95, "artist_longitude": -121.29}
    report, content = load(
        house,
        [
            {
                "song_data/a.json": song("S1", "AR1", "Pavement", "Mercy", 99.16036, **place),
                "log_data/d.json": visit() + "\n" + event(artist="Pavement", song="Mercy", length=99.16036),
            }
        ],
    )
    assert content.star == {
        "songplays": [play("S1", "AR1")],
        "users": [ADA],
        "songs": [("S1", "Mercy", "AR1", None, 99160.36)],
        "artists": [("AR1", "Pavement", "Stockton, CA", 37.95, -121.29)],
        "time": [(MONDAY, *MONDAY_PARTS)],
    }
    assert report.resolution == {"exact": 1, "title": 0, "artist": 0, "none": 0}
    assert report.rows == {
        "staging_events": 2,
        "staging_songs": 1,
        "songplays": 1,
        "users": 1,
        "songs": 1,
        "artists": 1,
        "time": 1,
    }


def test_r2_title_ignores_case_and_white_space_and_takes_the_nearest_duration(house: House) -> None:
    catalogue = (
        song("S2", "AR1", "Band", "The  Song", 200.0)
        + song("S3", "AR2", "BAND", "the song", 210.0)
        + song("S4", "AR1", "Band", "The Song", 206.0)
    )
    plays = event(artist="band", song=" THE song ", length=205.0)
    _, content = load(house, [{"song_data/a.json": catalogue, "log_data/d.json": plays}])
    assert content.star["songplays"] == [play("S4", "AR1")]
    assert content.star["artists"] == [("AR1", "Band", None, None, None), ("AR2", "BAND", None, None, None)]
    assert found(content) == ["title"]


def test_r2_title_at_equal_distance_takes_the_lowest_song_id(house: House) -> None:
    catalogue = song("S9", "AR1", "Band", "Song", 99.0) + song("S10", "AR2", "Band", "Song", 101.0)
    plays = event(artist="Band", song="song", length=100.0)
    _, content = load(house, [{"song_data/a.json": catalogue, "log_data/d.json": plays}])
    assert content.star["songplays"] == [play("S10", "AR2")]


def test_r2_artist_is_the_one_with_most_songs_under_the_name(house: House) -> None:
    catalogue = (
        song("S1", "AR9", "Twin", "x", 1.0) + song("S2", "AR9", "Twin", "y", 2.0) + song("S3", "AR1", "Twin", "z", 3.0)
    )
    plays = event(artist="TWIN", song="unknown", length=4.0)
    _, content = load(house, [{"song_data/a.json": catalogue, "log_data/d.json": plays}])
    assert content.star["songplays"] == [play(None, "AR9")]
    assert found(content) == ["artist"]


def test_r2_double_encoding_is_undone_for_matching_only(house: House) -> None:
    plays = event(artist=twice("Björk"), song=twice("JÓGA"), length=305.1)
    catalogue = song("S1", "AR1", "Björk", "Jóga", 305.1)
    _, content = load(house, [{"song_data/a.json": catalogue, "log_data/d.json": plays}])
    assert content.star["songplays"] == [play("S1", "AR1")]
    assert content.star["songs"] == [("S1", "Jóga", "AR1", None, 305100.0)]
    assert list(content.tracks) == [(twice("JÓGA"), twice("Björk"), 305.1)]
    assert found(content) == ["title"]


def test_r2_a_late_catalogue_finds_the_plays_and_a_later_one_wins_a_tie(house: House) -> None:
    plays = {"log_data/d.json": event(artist="Pavement", song="Mercy", length=99.2)}
    second = {"song_data/a.json": song("S9", "AR1", "Pavement", "Mercy", 99.2)}
    third = {"song_data/b.json": song("S1", "AR1", "Pavement", "Mercy", 99.2)}
    _, content = load(house, [plays])
    assert (content.star["songplays"], found(content)) == ([play()], ["none"])
    report, content = load(house, [second])
    assert (content.star["songplays"], found(content)) == ([play("S9", "AR1")], ["exact"])
    assert (report.rows["songplays"], sum(report.resolution.values())) == (1, 0)
    _, content = load(house, [third])
    assert content.star["songplays"] == [play("S1", "AR1")]


def test_r2_plays_follow_a_corrected_song(house: House) -> None:
    """The play loses its song and keeps its artist by R2(c)."""
    first = {
        "song_data/a.json": song("S1", "AR1", "Pavement", "Mercy", 99.2),
        "log_data/d.json": event(artist="Pavement", song="Mercy", length=99.2),
    }
    second = {"song_data/a.json": song("S1", "AR1", "Pavement", "Mercy:The Laundromat", 99.2)}
    _, content = load(house, [first, second])
    assert content.star["songplays"] == [play(None, "AR1")]
    assert content.star["songs"] == [("S1", "Mercy:The Laundromat", "AR1", None, 99200.0)]
    assert found(content) == ["artist"]


def test_r1_repeated_copied_and_grown_files_give_one_row_a_play(house: House) -> None:
    one = event(itemInSession=1)
    two = event(artist="d", song="c", itemInSession=2, ts=START + 1000)
    runs = [
        {"log_data/d.json": one},
        {"log_data/d.json": f"{one}\n{two}\n{one}", "log_data/copy.json": f"{one}\n{two}"},
    ]
    _, content = load(house, runs)
    assert content.star["songplays"] == [play(), play(at=datetime(2018, 11, 12, 2, 37, 39, 796_000))]
    assert [row[:1] for row in content.star["time"]] == [(row[0],) for row in content.star["songplays"]]
    assert [row[5:] for row in content.runs] == [(1, 0, 0), (1, 4, 0)]


def test_r3_the_latest_event_decides_though_it_arrives_first(house: House) -> None:
    late = visit(page="Submit Upgrade", level="paid", ts=START + 5000)
    _, content = load(house, [{"log_data/2.json": late}, {"log_data/1.json": event()}])
    assert content.star["users"] == [(5, "Ada", "Byron", "F", "paid")]
    assert content.star["songplays"] == [play()]


def test_r1_a_play_of_nobody_is_kept_and_makes_no_user(house: House) -> None:
    nobody = visit(auth="Logged Out", firstName=None, gender=None, lastName=None, userId="")
    _, content = load(house, [{"log_data/d.json": nobody + "\n" + event(userId="")}])
    assert content.star["songplays"] == [(MONDAY, None, *play()[2:])]
    assert content.star["users"] == []


def test_r5_most_frequent_name_and_place_then_the_shortest(house: House) -> None:
    """No pair of coordinates is whole, so both are NULL; so is an empty place."""
    catalogue = (
        song("S1", "AR1", "Santana feat. Rob", "x", 1.0)
        + song("S2", "AR1", "Santana", "y", 2.0, artist_location="SF")
        + song("S3", "AR1", "Santana feat. Rob", "z", 3.0, artist_location="San Francisco")
        + song("S4", "AR1", "Santana", "w", 4.0, artist_latitude=1.5)
    )
    _, content = load(house, [{"song_data/a.json": catalogue}])
    assert content.star["artists"] == [("AR1", "Santana", "SF", None, None)]
    assert [row[4] for row in content.star["songs"]] == [1000.0, 2000.0, 3000.0, 4000.0]


def test_numbers_in_text_fields_load_as_their_text(house: House) -> None:
    catalogue = song("S1", "AR1", 702, 66, 10.5)
    plays = event(artist=702, song=66, length=10.5)
    _, content = load(house, [{"song_data/a.json": catalogue, "log_data/d.json": plays}])
    assert content.star["songplays"] == [play("S1", "AR1")]
    assert content.star["songs"] == [("S1", "66", "AR1", None, 10500.0)]
    assert content.star["artists"] == [("AR1", "702", None, None, None)]
    assert found(content) == ["exact"]


def test_records_may_be_separated_by_anything_and_hidden_files_are_not_read(house: House) -> None:
    """A byte order mark, CRLF, blank lines, pretty-printed, no newline between or at the end."""
    plays = [event(ts=START + number) for number in range(4)]
    pretty = json.dumps(json.loads(plays[1]), indent=2)
    text = f"\ufeff{plays[0]}\r\n\r\n  \r\n{pretty}{plays[2]}{plays[3]}"
    hidden = {"log_data/.hidden.json": '{"broken', "log_data/_tmp.json": '{"broken'}
    report, content = load(house, [{"log_data/d.json": text, **hidden}])
    starts: list[Cell] = [datetime(2018, 11, 12, 2, 37, 38, 796_000 + 1000 * number) for number in range(4)]
    assert [row[0] for row in content.star["songplays"]] == starts
    assert report.discovered == 1


def test_one_bad_record_fails_the_batch_and_the_message_names_it(house: House) -> None:
    text = f'{event()}\n\n{{"artist": oops}}\n{event(ts=START + 1)}'
    with pytest.raises(TooManyRejects) as caught:
        load(house, [{"log_data/d.json": text}])
    assert caught.value.exit_code == 3
    assert f"{house.url('log_data/d.json')}:3: " in str(caught.value)
    content = house.content()
    assert not any(content.star.values())
    assert (content.files, content.rejects) == ({}, [])
    [(_, status, *_)] = content.runs
    assert status == "failed"


def test_what_one_reject_is(house: House) -> None:
    """Text that is no value is skipped to the next line that begins with a brace; nothing after it is lost."""
    text = "\n".join(
        [
            *(event(), "", "[1, 2]", "null", '{"artist": oops}', "<html>", "nonsense"),
            *(event(ts=START + 1), visit(ts="yesterday"), visit(sessionId=1.5), event(ts=None)),
        ]
    )
    report, content = load(house, [{"log_data/d.json": text}], max_errors=100)
    assert [(line, reason) for _, line, reason in content.rejects] == [
        (3, "not-an-object"),
        (4, "not-an-object"),
        (5, "malformed"),
        (9, "value"),
        (10, "value"),
        (11, "missing"),
    ]
    assert len(content.ids) == 2
    assert (report.rejected, content.files) == (6, {"log_data/d.json": (2, 6)})


def test_r2_match_exact_switches_title_and_artist_off(house: House) -> None:
    files = {
        "song_data/a.json": song("S2", "AR1", "Band", "The Song", 200.0),
        "log_data/d.json": event(artist="Band", song="the song", length=200.0),
    }
    _, content = load(house, [files], match="exact")
    assert (content.star["songplays"], found(content)) == ([play()], ["none"])
    assert content.star["artists"] == [("AR1", "Band", None, None, None)]


def test_r2_match_is_kept_and_another_value_resolves_everything_again(house: House) -> None:
    files = {
        "song_data/a.json": song("S2", "AR1", "Band", "The Song", 200.0),
        "log_data/d.json": event(artist="Band", song="the song", length=200.0),
    }
    load(house, [files], match="exact")
    assert house.load().status == "nothing-new"
    report = house.load(match="resolve")
    content = house.content()
    assert (report.status, report.rows["songplays"]) == ("loaded", 1)
    assert content.star["songplays"] == [play("S2", "AR1")]
    assert house.load(match="resolve").status == "nothing-new"


def test_r2_a_full_refresh_keeps_the_match_that_it_is_given(house: House) -> None:
    load(house, [{"log_data/d.json": event(artist="Band")}])
    house.load(full_refresh=True, match="exact")
    _, content = load(house, [{"song_data/a.json": song("S2", "AR1", "band", "The Song", 200.0)}])
    assert content.star["songplays"] == [play()]


def test_songplay_ids_are_never_given_again_not_even_after_a_refresh_of_nothing(house: House) -> None:
    _, content = load(house, [{"log_data/d.json": event()}])
    (old,) = content.ids
    house.lay({})
    house.load(full_refresh=True)
    assert house.content().ids == {}
    _, content = load(house, [{"log_data/d.json": event()}])
    (new,) = content.ids
    assert new > old


def test_r1_events_in_conflict_are_counted_and_warned_of(house: House) -> None:
    lines = [event(level="paid"), event(level="free"), event(level="free"), event(ts=START + 1)]
    report, content = load(house, [{"log_data/d.json": "\n".join(lines)}])
    assert [row[2] for row in content.star["songplays"]] == ["free", "free"]
    assert [each for each in report.warnings if each.startswith("1 event")]
    assert house.query("select conflicts from etl_batches") == [(1,)]
