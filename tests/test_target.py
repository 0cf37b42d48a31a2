"""What writes files writes them to folders and to object storage alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sparkify.errors import SourceError, UsageError
from sparkify.source.access import Access
from sparkify.source.target import Target, open_target, upload
from tests.command import sparkify
from tests.objects import ObjectServer


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with ObjectServer() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment().items():
            patch.setenv(name, value)
        yield running


@pytest.fixture(params=["folder", "bucket"])
def target(request: pytest.FixtureRequest, server: ObjectServer, tmp_path: Path) -> Iterator[Target]:
    bucket = f"b{abs(hash(str(tmp_path)))}"
    server.make(bucket)
    server.faults()
    opened = open_target(
        str(tmp_path / "out") if request.param == "folder" else f"s3://{bucket}/out", Access(retry=5.0)
    )
    yield opened
    opened.close()


def test_a_file_is_written_read_listed_and_deleted(target: Target) -> None:
    target.check("OUT")
    assert (target.read("a"), list(target.names())) == (None, [])
    target.write("a", b"1")
    target.write("deep/er/b.json", b"2")
    target.write("a", b"11")
    assert (target.read("a"), sorted(target.names())) == (b"11", ["a", "deep/er/b.json"])
    target.delete(["a", "never/there"])
    assert list(target.names()) == ["deep/er/b.json"]


def test_a_file_that_must_be_new_leaves_the_one_that_is_there(target: Target) -> None:
    target.write("a", b"1", only_new=True)
    with pytest.raises(FileExistsError):
        target.write("a", b"2", only_new=True)
    assert target.read("a") == b"1"


def test_one_of_many_that_must_be_new_wins(target: Target) -> None:
    won: list[int] = []

    def claim(number: int) -> None:
        try:
            target.write("a", str(number).encode() * 1000, only_new=True)
            won.append(number)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(number).encode() * 1000 for number in won] == [target.read("a")]


def test_what_is_made_aside_appears_whole_and_leaves_nothing_behind(target: Target) -> None:
    with target.scratch() as scratch:
        (scratch / "x").write_bytes(b"x" * 20_000_000)
        target.take("x", scratch / "x")
    assert not scratch.exists()
    assert (list(target.names()), len(target.read("x") or b"")) == (["x"], 20_000_000)


def test_a_folder_is_uploaded_whole(target: Target, tmp_path: Path) -> None:
    expected = {f"{number % 7}/{number}.json": b"%d" % number for number in range(300)}
    for name, data in expected.items():
        path = tmp_path / "from" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    told: list[int] = []
    upload(tmp_path / "from", target, 8, told.append)
    assert {name: target.read(name) for name in target.names()} == expected
    assert sorted(told) == sorted(len(data) for data in expected.values())


def test_an_upload_survives_faults_and_stops_at_what_does_not_pass(server: ObjectServer, tmp_path: Path) -> None:
    server.make("faulty")
    for number in range(100):
        (tmp_path / str(number)).write_text(str(number))
    target = open_target("s3://faulty/x", Access(retry=5.0))
    kinds = ("slowdown", "reset", "internal")
    server.faults(*({"kind": kind, "op": "PUT", "share": 0.1, "seed": 3, "times": 1} for kind in kinds))
    upload(tmp_path, target, 8)
    assert len(list(target.names())) == 100
    server.faults({"kind": "denied", "op": "PUT", "key": "x/7"})
    with pytest.raises(SourceError, match=r"s3://faulty/x/7: cannot be written, access denied .*s3:PutObject"):
        upload(tmp_path, target, 8)
    server.faults()
    target.close()


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file: is a file; name a folder"):
        open_target(str(tmp_path / "file"), Access()).check("OUT")
    with pytest.raises(SourceError, match="cannot be written"):
        open_target(str(tmp_path / "file"), Access()).write("a", b"")


def test_a_company_is_simulated_into_a_bucket_loaded_and_exported_there(server: ObjectServer, tmp_path: Path) -> None:
    server.make("company")
    size = ["--events", "2000", "--songs", "60", "--seed", "5"]
    made = sparkify(tmp_path, "simulate", "s3://company/raw", *size).ok()
    assert "wrote 2,000 events in 29 log files and 60 songs in 60 song files to s3://company/raw, " in made.out
    assert made.out.endswith(
        "load them: sparkify etl --song-data s3://company/raw/song_data --log-data s3://company/raw/log_data\n"
    )
    sparkify(tmp_path, "simulate", "local", *size).ok()
    local = {path.relative_to(tmp_path / "local").as_posix() for path in (tmp_path / "local").rglob("*.json")}
    assert {key.removeprefix("raw/") for key in server.keys("company")} == local

    again = sparkify(tmp_path, "simulate", "s3://company/raw", *size)
    assert again.failed(2) == "s3://company/raw/log_data is not empty: name another place, or remove it first"

    raw = ["--song-data", "s3://company/raw/song_data", "--log-data", "s3://company/raw/log_data"]
    sparkify(tmp_path, "etl", *raw).ok()
    told = sparkify(tmp_path, "export", "s3://company/star").ok().out
    assert "rows in s3://company/star/songplays.parquet" in told
    with duckdb.connect(str(tmp_path / "sparkify.duckdb"), read_only=True) as warehouse:
        for table in ("songplays", "users", "songs", "artists", "time"):
            (tmp_path / "table.parquet").write_bytes(server.get("company", f"star/{table}.parquet"))
            exported = duckdb.read_parquet(str(tmp_path / "table.parquet")).fetchall()
            assert sorted(exported, key=str) == sorted(warehouse.table(table).fetchall(), key=str)
    assert not [key for key in server.keys("company") if "part" in key]


def test_what_cannot_be_written_is_said_in_one_line(server: ObjectServer, tmp_path: Path) -> None:
    assert "no such bucket" in sparkify(tmp_path, "simulate", "s3://no-such-bucket/x").failed(2)
    assert "ftp:// is not known" in sparkify(tmp_path, "simulate", "ftp://host/x").failed(2)
    assert not list(tmp_path.iterdir())
