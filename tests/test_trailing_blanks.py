"""Text that differs in trailing blanks: other text to the rules, equal to Redshift when it compares.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Examples_with_character_types.html, which the stand-in imitates.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.reference import Version
from tests.strategies import BASE_TIME

if TYPE_CHECKING:
    from tests.engines import Cluster

pytest_plugins = ("tests.engines",)

TITLES = ("Blank", "Blank ", "Blank  ", " ", "")


def event(number: int, **fields: object) -> str:
    given: dict[str, object] = {
        "ts": 1_541_000_000_000 + number,
        "page": "NextSong",
        "userId": str(number),
        "sessionId": 1,
    }
    return json.dumps(given | {"song": "Blank", "artist": "A", "length": 1.5, "level": "free"} | fields)


def song(number: int, **fields: object) -> bytes:
    given = {"song_id": f"S{number}", "title": "Blank", "artist_id": f"A{number % 2}", "artist_name": "A", "year": 0}
    return json.dumps(given | {"duration": 1.5, "num_songs": 1} | fields).encode()


def test_the_stand_in_takes_them_for_equal(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.house(tmp_path) as house, house.open() as (warehouse, _):
        assert warehouse.query(
            "select count(distinct case when n = 1 then 'a' else 'a ' end) from (select 1 as n union select 2 as n) as t"
        ) == [(1,)]
        assert warehouse.query("select nullif('  ', ''), octet_length('a '), 'a' = 'a '") == [(None, 2, True)]


def test_both_engines_keep_them_apart(cluster: Cluster, tmp_path: Path) -> None:
    logs = [event(n, song=title, location=title, level=level) for n, (title, level) in enumerate(
        (title, level) for title in TITLES for level in ("free", "free ", " ")
    )]  # fmt: skip
    logs += [event(100 + n, page=page) for n, page in enumerate(("NextSong ", "Home", "NextSong  "))]
    logs += [event(200, firstName="B ", ts=1), event(200, firstName="B", ts=1)]
    songs = {
        f"song_data/{n}.json": Version(
            f"song_data/{n}.json", song(n, title=title, artist_name=name, artist_location=name), BASE_TIME
        )
        for n, (title, name) in enumerate((t, a) for t in TITLES for a in ("A", "A ", "B"))
    }
    with cluster.twins(tmp_path) as twins:
        twins.lay({"log_data/d.json": Version("log_data/d.json", "\n".join(logs).encode(), BASE_TIME), **songs})
        twins.load()
        twins.whole()
        content = twins.content()
        assert content.violations == []
        assert {row[1] for row in content.star["songs"]} == {"Blank", "Blank ", "Blank  ", " ", None}
        assert len({track[0] for track in content.tracks}) == len(TITLES)


def test_a_title_that_loses_its_blank_changes(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.twins(tmp_path) as twins:
        for number, title in enumerate(("Blank ", "Blank", "Blank  ")):
            name = "song_data/1.json"
            twins.lay({name: Version(name, song(1, title=title), BASE_TIME + number * 2_000_000)})
            twins.load()
            twins.whole()
            assert [row[1] for row in twins.content().star["songs"]] == [title]
