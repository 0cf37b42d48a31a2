"""Where a load on Redshift could go wrong unseen: others beside it, odd files in place, times far off, names taken."""

from __future__ import annotations

import gzip
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard

from sparkify import etl
from sparkify.errors import UsageError, WarehouseInUse
from sparkify.run_report import Report
from sparkify.warehouse import redshift_loading, redshift_staging
from sparkify.warehouse.staging_area import own_spool
from tests.house import ALL_REJECTS
from tests.reference import Version
from tests.strategies import BASE_TIME

if TYPE_CHECKING:
    from tests.engines import Cluster, Local

pytest_plugins = ("tests.engines",)

FAR = (1541105830796000, -62135596800001, 253402300800000, 253402300799999, -210866803200000, 9223372036854775, 0, -1)
"""Years 50805, 0, 10000, 9999, -4713 and 294247, and the seconds around 1970."""


def line(number: int, **fields: object) -> bytes:
    given: dict[str, object] = {"ts": 1_541_000_000_000 + 1000 * number, "page": "NextSong", "userId": "1"}
    given |= {"sessionId": 1, "song": "S", "artist": "A", "length": 1.5, "level": "free", "itemInSession": 1}
    return json.dumps(given | fields).encode() + b"\n"


def log(name: str, data: bytes) -> dict[str, Version]:
    return {f"log_data/{name}": Version(f"log_data/{name}", data, BASE_TIME)}


@contextmanager
def in_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(redshift_staging, "DIRECT_BYTES", 1)
        yield


def test_times_of_any_year_are_the_same(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"".join(line(number, ts=ts, sessionId=number) for number, ts in enumerate(FAR))
    text = "select session_id, cast(start_time as varchar(64)) from songplays order by session_id"
    for direct in (False, True):
        with cluster.twins(tmp_path) as twins, monkeypatch.context() as patch:
            patch.setattr(redshift_staging, "DIRECT_BYTES", 1 if direct else 1 << 30)
            twins.lay(log("d.json", data))
            assert twins.load().rows["time"] == len(FAR)
            one, other = (
                [(row[0], str(row[1]).replace(" (BC)", " BC")) for row in house.query(text)] for house in twins.houses
            )
            assert [(number, "BC" in told) for number, told in one] == [
                (number, number in (1, 4)) for number in range(8)
            ]
            assert [told.replace(" BC", "") for _, told in one] == [told.replace(" BC", "") for _, told in other]
            assert one[0][1] == "50805-09-13 00:59:56"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("frames.json.zst", b"".join(zstandard.compress(line(number)) for number in range(3))),
        ("members.json.gz", b"".join(gzip.compress(line(number)) for number in range(3))),
        ("plain.json", b"".join(line(number) for number in range(3))),
    ],
)
def test_of_a_file_of_several_pieces_all_is_loaded(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes
) -> None:
    with cluster.twins(tmp_path) as twins, in_place(monkeypatch):
        twins.lay(log(name, data))
        assert twins.load().rows["songplays"] == 3
        twins.whole()


def test_a_damaged_file_in_place_is_a_reject_as_elsewhere(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gzip.compress(b"".join(line(number, userAgent=os.urandom(40).hex()) for number in range(300)))
    monkeypatch.setattr(redshift_loading, "VIEWS_WAIT", 0.2)
    with cluster.twins(tmp_path) as twins, in_place(monkeypatch):
        twins.lay(log("cut.json.gz", whole[: len(whole) // 2]) | log("good.json", line(1000)))
        assert twins.load(max_errors=ALL_REJECTS).rejected == 1
        twins.whole()


def test_titles_that_look_like_json_stay_in_place(
    local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = ("[Intro]", "{x}", "007", "T", "True", "", "12", "[The End", "null")
    with local.twins(tmp_path) as twins, in_place(monkeypatch):
        twins.lay(log("d.json", b"".join(line(number, song=title) for number, title in enumerate(titles))))
        local.standin.clear()
        assert twins.load().notes == []
        copies = [each.sql for each in local.standin.statements if each.sql.startswith("copy staging_events")]
        assert copies == []
        twins.whole()


def test_what_made_a_load_slow_is_told(local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with local.house(tmp_path) as house, in_place(monkeypatch):
        house.lay(log("a.json", line(1, song=1.5)) | log("b.json", line(2)) | log("c.json", line(3)))
        assert house.load().notes == ["1 log file read on this machine after all: values that COPY may have bent"]
        house.lay(log("d.json", line(4) + b"nonsense\n") | log("e.json", line(5)))
        report = house.load(max_errors=1)
        assert report.notes == ["1 log file read on this machine after all: records that COPY refused"]
        assert (report.rejected, report.rows["songplays"]) == (1, 2)


def staged(local: Local) -> list[str]:
    return local.objects.keys("stage")


def test_who_does_not_get_the_lock_touches_nothing_of_who_has_it(local: Local, tmp_path: Path) -> None:
    with local.house(tmp_path) as house:
        house.lay(log("d.json", line(1)))
        local.standin.clear()
        local.standin.fail("^delete from staging_events", "stall:2")
        done: list[Report] = []
        first = threading.Thread(target=lambda: done.append(house.load(wait=5)))
        first.start()
        deadline = time.monotonic() + 10
        while not any("log.manifest" in key for key in staged(local)) and time.monotonic() < deadline:
            time.sleep(0.02)
        before = staged(local)
        assert len(before) == 3
        with house.open(wait=0, spool_dir=None) as (warehouse, settings), pytest.raises(WarehouseInUse):
            etl.run(warehouse, settings)
        with house.open(spool_dir=None) as (warehouse, _):
            warehouse.export("users", tmp_path / "users.parquet")
        (tmp_path / "users.parquet").unlink()
        assert staged(local) == before
        first.join()
        assert done[0].status == "loaded"


def test_what_a_killed_load_left_goes_but_nothing_else(local: Local, tmp_path: Path) -> None:
    with local.house(tmp_path) as house:
        house.lay(log("d.json", line(1)))
        house.load()
        [(identity,)] = house.query("select id from sparkify_work.warehouse")
        prefix = str(house.settings().staging).removeprefix("s3://stage/")
        left, foreign = f"{prefix}/sparkify-{identity}/0123456789abcdef/0000/log.manifest", f"{prefix}/sparkify-other/x"
        for key in (left, foreign):
            local.objects.put("stage", key, b"{}")
        house.load()
        assert staged(local) == [foreign]
        local.objects.delete("stage", foreign)


def test_the_clock_of_retries_starts_at_the_first_failure(local: Local, tmp_path: Path) -> None:
    with local.house(tmp_path) as house:
        house.lay(log("d.json", line(1)))
        local.standin.clear()
        local.standin.fail("^delete from staging_events", "stall:1.5")
        local.standin.fail("^analyze|^insert into etl_batches", "1023")
        assert house.load(retry=1.0).rows["songplays"] == 1


def test_a_last_transaction_that_is_tried_again_adds_up_once(local: Local, tmp_path: Path) -> None:
    with local.twins(tmp_path) as twins:
        twins.lay(log("d.json", line(1) + line(1, itemInSession=2) + line(2)))
        local.standin.clear()
        local.standin.fail("^update etl_runs set finished_at|^update etl_runs\\s+set\\s+finished_at", "1023", times=2)
        report = twins.load()
        assert (report.rows["songplays"], len([each for each in report.warnings if "(R1)" in each])) == (2, 1)
        twins.whole()


def test_tables_of_ours_do_not_meet_those_of_others(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.house(tmp_path) as house:
        with house.open() as (warehouse, _):
            warehouse.execute("create table run_users (user_id int, name varchar(10))")
            warehouse.execute("insert into run_users (user_id, name) values (7, 'theirs')")
        house.lay(log("d.json", line(1)))
        assert house.load().rows["users"] == 1
        assert house.query("select user_id, name from run_users") == [(7, "theirs")]


def test_a_spool_that_is_a_link_is_not_followed(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.house(tmp_path) as house:
        house.lay(log("d.json", line(1)))
        with house.open() as (warehouse, settings):
            path = own_spool(warehouse.url, settings.spool_dir).folder
            path.rmdir()
            elsewhere = tmp_path / "elsewhere"
            elsewhere.mkdir()
            path.symlink_to(elsewhere)
            with pytest.raises(UsageError, match="is not ours"):
                etl.run(warehouse, settings)
            assert list(elsewhere.iterdir()) == []
            path.unlink()
            elsewhere.rmdir()
            assert etl.run(warehouse, settings).status == "loaded"
            assert not path.exists()
