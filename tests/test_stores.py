"""Object stores that nobody here wrote: from each, the tables are those of the local load."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sparkify.simulate import Company
from tests.bucket import Simulation, comparable, differences, simulated
from tests.command import Row, ask, event, inside, leftovers, read_parquet, sparkify
from tests.stores import Store, moto, seaweedfs

COMPANY = Company(events=600, songs=1001, users=8, days=6, seed=5)
LAKE = "lake"


@pytest.fixture(scope="module", params=[seaweedfs, moto], ids=["seaweedfs", "moto"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with request.param(tmp_path_factory.mktemp("store")) as running, running.pointed():
        yield running


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    """More than a page of songs; logs in folders, beside them a log whose name sorts otherwise, and a large one."""
    return simulated(tmp_path_factory.mktemp("company"), COMPANY, add=more_logs)


def more_logs(folder: Path) -> None:
    beside = folder / "log_data" / "2018-12-01-events.json"  # '-' sorts before '/', folders often come first
    beside.write_text(json.dumps(event(ts=1543700000000)) + "\n")
    line = json.dumps(event(sessionId=9, userAgent="x" * 4000))
    many = (9 << 20) // len(line)
    plays = (line.replace("1541106106796", str(1541106106796 + each)) for each in range(many))
    (folder / "log_data" / "large.json").write_text("\n".join(plays))


def without_times(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """What a warehouse holds, but when the files changed, which a store tells by itself."""
    place = {"etl_files": 2, "etl_songs": 3}
    return {
        name: [tuple(cell for index, cell in enumerate(row) if index != place.get(name)) for row in rows]
        for name, rows in tables.items()
    }


def test_a_store_gives_the_tables_of_a_folder(store: Store, company: Simulation, tmp_path: Path) -> None:
    client = store.client()
    client.create_bucket(Bucket=LAKE)
    keys = [path.relative_to(company.folder).as_posix() for path in company.folder.rglob("*") if path.is_file()]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda key: client.put_object(Bucket=LAKE, Key=key, Body=(company.folder / key).read_bytes()), keys
            )
        )
    logs = [each["Key"] for each in client.list_objects_v2(Bucket=LAKE, Prefix="log_data/")["Contents"]]
    assert (logs == sorted(logs)) == (store.name == "moto")  # otherwise the test shows nothing
    client.close()

    root = f"s3://{LAKE}"
    locations = ("--song-data", f"{root}/song_data", "--log-data", f"{root}/log_data")
    loaded = json.loads(sparkify(tmp_path, "etl", *locations, "--json").ok().out)
    assert loaded["files"] == {"discovered": company.files, "new": company.files, "changed": 0, "skipped": 0}
    assert differences(without_times(comparable(tmp_path, root)), without_times(company.expected)) == {}
    assert inside(tmp_path, "etl", *locations).ok().out.startswith("nothing new")
    inside(tmp_path, "check").ok()

    # One object, a folder below, and what is no pattern.
    other = tmp_path / "other"
    other.mkdir()
    inside(other, "etl", "--log-data", f"{root}/log_data/2018-12-01-events.json").ok()
    assert ask(other, "select url from etl_files") == [(f"{root}/log_data/2018-12-01-events.json",)]
    assert inside(other, "etl", "--log-data", f"{root}/log_data").ok().out.startswith(f"loaded {len(logs) - 1} file")
    assert "is not a pattern" in inside(other, "etl", "--log-data", f"{root}/log_data/*").failed(2)

    # Compacted there, loaded from there.
    parts = f"{root}/parts/songs"
    some = list((company.folder / "song_data" / "A").rglob("*.json"))
    inside(tmp_path, "compact", f"{root}/song_data/A", parts).ok()
    assert inside(tmp_path, "compact", f"{root}/song_data/A", parts).ok().out.startswith("nothing new")
    assert "songs 0, artists 0" in inside(tmp_path, "etl", "--song-data", parts).ok().out  # known one by one
    again = tmp_path / "again"
    again.mkdir()
    inside(again, "etl", "--song-data", parts).ok()
    files = ask(again, "select url from etl_files where url like '%/song_data/%'")  # the part is one, too
    assert sorted(files) == [
        (f"{root}/{path}",) for path in sorted(each.relative_to(company.folder).as_posix() for each in some)
    ]
    assert set(comparable(again, root)["songs"]) <= set(company.expected["songs"])

    # What is written there.
    inside(tmp_path, "export", f"{root}/star").ok()
    inside(tmp_path, "query", "most-played-song", "--format", "csv", "--output", f"{root}/out/song.csv").ok()
    client = store.client()
    client.download_file(LAKE, "star/songs.parquet", str(tmp_path / "songs.parquet"))
    assert len(read_parquet(tmp_path / "songs.parquet").rows) == ask(tmp_path, "select count(*) from songs")[0][0]
    told = inside(tmp_path, "query", "most-played-song", "--format", "csv").ok().out
    assert client.get_object(Bucket=LAKE, Key="out/song.csv")["Body"].read().decode() == told
    client.close()
    assert leftovers(tmp_path) == []
