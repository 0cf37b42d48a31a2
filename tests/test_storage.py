"""Object storage over real HTTP: what can be done with a bucket, how it is reached, and every fault it can answer."""

from __future__ import annotations

import http.server
import os
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sparkify.errors import SourceError, SparkifyError, UsageError
from sparkify.source.access import Access, Link, is_remote, local_path, parse
from sparkify.source.storage import Object, Replaced, Stopped, Storage, show
from tests.objects import ObjectServer

QUICK = Access(retry=20.0, stall=0.15)
BRIEF = Access(retry=0.25, stall=0.15)
ODD_NAMES = [
    "odd/ü ñ 日本.json", "odd/100%.json", "odd/%20.json", "odd/p+q.json", "odd/#h.json", "odd/q?x=1.json",
    "odd/'q\".json", "odd/back\\slash.json", "odd/<&>;,=@$!*()[]{}^|~`.json", "odd folder/x.json",
]  # fmt: skip
UNSPEAKABLE = ["logs//2018/x.json", "logs/./y.json", "logs/../z.json", "logs/tab\there.json", "logs/a/plain.json"]
SECRET, TOKEN = "PlantedSecretKey/0123456789abcdefghijklm", "PlantedSessionToken0123456789"


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine is configured for does not count."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "AZURE_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")


@pytest.fixture(scope="module")
def process() -> Iterator[ObjectServer]:
    with ObjectServer(buckets=["bucket"]) as server:
        for number in range(2500):
            server.put("bucket", f"many/{number // 100:02}/{number:04}.json", b"{}")
        server.put("bucket", "many_more/x.json", b"{}")
        yield server


@pytest.fixture
def server(process: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """The object server without faults, and a client pointed at it."""
    process.set(latency=0.0, require=None, expired=[], region=None, redirect_unsigned=False, faults=[])
    process.put("bucket", "a.json", b"0123456789")
    process.reset()
    for name, value in process.environment().items():
        monkeypatch.setenv(name, value)
    return process


@pytest.fixture
def storage(server: ObjectServer) -> Iterator[Storage]:
    made = Storage("s3://bucket", QUICK)
    yield made
    made.close()


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The address of moto's S3, with a bucket that holds odd names."""
    from moto.backends import get_backend
    from moto.server import ThreadedMotoServer

    threaded = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    threaded.start()
    backend: Any = get_backend("s3")["123456789012"]["aws"]
    backend.create_bucket("moto-bucket", "us-east-1")
    for key in [*ODD_NAMES, *UNSPEAKABLE, *(f"many/{number:04}" for number in range(1100)), "many2/x", "marker/x.json"]:
        backend.put_object("moto-bucket", key, key.encode())
    backend.put_object("moto-bucket", "marker/", b"")
    host, port = threaded.get_host_and_port()
    yield f"http://{host}:{port}"
    threaded.stop()


@pytest.fixture
def on_moto(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    # A slow machine needs half a second to list what is there.
    made = Storage("s3://moto-bucket", Access(retry=20.0, stall=5.0))
    yield made
    made.close()


def keys(storage: Storage, prefix: str) -> list[str]:
    """What is listed, each key once, in order."""
    return sorted({each.key for page in storage.pages(prefix) for each in page})


# -- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "scheme", "root", "prefix"),
    [
        ("s3://bucket", "s3", "s3://bucket", ""),
        ("s3://bucket/a/b/", "s3", "s3://bucket", "a/b"),
        ("S3A://bucket/a b", "s3", "s3://bucket", "a b"),
        ("s3://bucket/what?", "s3", "s3://bucket", "what?"),
        ("gcs://bucket/a", "gs", "gs://bucket", "a"),
        ("azure://container/a", "az", "az://container", "a"),
        ("abfss://con@acc.dfs.core.windows.net/a", "az", "abfss://con@acc.dfs.core.windows.net", "a"),
        ("http://host:8080/a", "http", "http://host:8080", "a"),
        ("https://user:word@host/a?sig=hidden", "https", "https://host", "a"),
        ("https://host?sig=hidden", "https", "https://host", ""),
        ("s3://key:hidden@bucket/a?X-Amz-Signature=hidden", "s3", "s3://bucket", "a"),
        ("az://container/a?sv=2020&sig=hidden", "az", "az://container", "a"),
    ],
)
def test_an_address_is_taken_apart(location: str, scheme: str, root: str, prefix: str) -> None:
    address = parse(location)
    assert (address.scheme, address.root, address.prefix) == (scheme, root, prefix)
    assert address.url == (f"{root}/{prefix}" if prefix else root)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("ftp://host/a", "ftp:// is not known; give a local folder, or s3://, gs://, az://, http:// or https://"),
        ("s3:///a", "names no bucket"),
        ("s3://", "names no bucket"),
        ("s3://buc ket/a", "cannot be the name of a bucket"),
        ("s3://bucket//a", "empty segment"),
        ("s3://bucket/a//", "empty segment"),
        ("s3://bucket/a/../b", "'.' or '..' segment"),
        ("s3://bucket/./b", "'.' or '..' segment"),
        ("ftp://user:hidden@host/?sig=hidden", "ftp://host"),
        ("https://user:hidden@host//a?sig=hidden", "empty segment"),
    ],
)
def test_a_wrong_address_is_told_in_one_line(location: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(location)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_local_locations() -> None:
    assert not is_remote("/data")
    assert not is_remote("file:///data")
    assert is_remote("s3://bucket/data")
    assert local_path("file:///data/x") == "/data/x"
    assert local_path("data/x") == "data/x"
    assert show("s3://bucket", "a/b") == "s3://bucket/a/b"


# -- what can be done, on moto ----------------------------------------------------------------------


def test_a_listing_has_pages_in_order_and_takes_a_prefix_for_a_folder(on_moto: Storage) -> None:
    on_moto.check("many", "--log-data")
    pages = list(on_moto.pages("many"))
    assert [len(page) for page in pages] == [1000, 100]
    assert [each.key for page in pages for each in page] == [f"many/{number:04}" for number in range(1100)]
    assert keys(on_moto, "man") == []
    first = pages[0][0]
    assert (first.size, first.etag) == (9, on_moto.look(first.key).etag)  # type: ignore[union-attr]
    assert abs(first.modified / 1e6 - time.time()) < 600


def test_any_name_can_be_listed_and_read(on_moto: Storage) -> None:
    listed = [each for prefix in ("odd", "odd folder") for page in on_moto.pages(prefix) for each in page]
    assert [each.key for each in listed] == sorted(ODD_NAMES[:-1]) + ODD_NAMES[-1:]
    for each in listed:
        assert bytes(on_moto.read(each.key, etag=each.etag, size=each.size)) == each.key.encode()
        assert on_moto.look(each.key) == each


def test_names_that_obstore_cannot_address_are_listed_and_read_too(on_moto: Storage) -> None:
    listed = [each for page in on_moto.pages("logs") for each in page]
    assert [each.key for each in listed] == sorted(UNSPEAKABLE)
    for each in listed:
        assert bytes(on_moto.read(each.key, etag=each.etag, size=each.size)) == each.key.encode()
        assert on_moto.look(each.key) == each
    assert on_moto.find("logs//2018/x.json") == on_moto.look("logs//2018/x.json")
    assert on_moto.folders("logs")[0] == ["logs/..", "logs/.", "logs/", "logs/a"]
    assert keys(on_moto, "logs/") == ["logs//2018/x.json"]
    assert bytes(on_moto.read("logs//2018/x.json", start=2, end=6)) == b"gs//"
    with pytest.raises(FileNotFoundError):
        on_moto.read("logs//nothing")
    assert on_moto.look("logs//nothing") is None
    with pytest.raises(Replaced):
        on_moto.read("logs//2018/x.json", etag='"another"')


def test_folders_are_one_level(on_moto: Storage) -> None:
    folders, objects = on_moto.folders("")
    assert sorted(folders) == ["logs", "many", "many2", "marker", "odd", "odd folder"]
    assert objects == []
    folders, objects = on_moto.folders("marker")
    assert folders == []
    assert [each.key for each in objects if each.size] == ["marker/x.json"]
    assert [each.key for page in on_moto.pages("marker") for each in page if each.size] == ["marker/x.json"]


def test_objects_are_written_read_in_part_and_deleted(on_moto: Storage, tmp_path: Path) -> None:
    on_moto.write("w/a", b"0123456789", only_new=True)
    with pytest.raises(FileExistsError, match="s3://moto-bucket/w/a"):
        on_moto.write("w/a", b"other", only_new=True)
    assert bytes(on_moto.read("w/a", start=2, end=5)) == b"234"
    assert bytes(on_moto.read("w/a", start=7)) == b"789"
    assert bytes(on_moto.read("w/a", start=3, end=3)) == b""
    before = on_moto.look("w/a")
    assert before is not None
    on_moto.write("w/a", b"new")
    with pytest.raises(Replaced):
        on_moto.read("w/a", etag=before.etag)
    with pytest.raises(Replaced):
        on_moto.read("w/a", size=10)
    with pytest.raises(Replaced):
        on_moto.read("w/a", start=5, end=9)
    large = os.urandom(1 << 20) * 20
    (tmp_path / "large").write_bytes(large)
    on_moto.write("w/large", tmp_path / "large")
    assert bytes(on_moto.read("w/large")) == large
    on_moto.write("w/empty", b"")
    assert bytes(on_moto.read("w/empty", size=0)) == b""
    on_moto.delete(["w/a", "w/none", "w/large", "w/empty"])
    on_moto.delete([])
    assert keys(on_moto, "w") == []
    assert on_moto.look("w/a") is None
    with pytest.raises(FileNotFoundError, match="s3://moto-bucket/w/a"):
        on_moto.read("w/a")


def test_a_bucket_that_is_not_there(on_moto: Storage) -> None:
    missing = Storage("s3://no-such-bucket", QUICK)
    with pytest.raises(UsageError, match="--log-data s3://no-such-bucket/x: no such bucket; check the name"):
        missing.check("x", "--log-data")
    with pytest.raises(SourceError, match="s3://no-such-bucket/x: no such bucket"):
        keys(missing, "x")
    with pytest.raises(SourceError, match="no such bucket"):
        missing.read("x")


# -- the same against the object server --------------------------------------------------------------


def test_nothing_but_what_was_asked_is_requested(server: ObjectServer, storage: Storage) -> None:
    storage.check("many", "--log-data")
    assert len(keys(storage, "many")) == 2500
    assert server.stats()["ops"] == {"LIST": 4}
    storage.read("a.json")
    storage.look("a.json")
    assert server.stats()["ops"] == {"LIST": 4, "GET": 1, "HEAD": 1}


def test_keys_that_begin_with_a_slash(server: ObjectServer, storage: Storage) -> None:
    assert len(keys(storage, "")) == len(server.keys("bucket"))
    server.put("bucket", "/many/00/slash.json", b"slash")
    assert keys(storage, "") == sorted(server.keys("bucket"))
    assert bytes(storage.read("/many/00/slash.json")) == b"slash"
    folders, objects = storage.folders("")
    assert sorted(folders) == ["many", "many_more"]
    assert sorted(each.key for each in objects) == ["/many/00/slash.json", "a.json"]
    server.delete("bucket", "/many/00/slash.json")


def test_markers_that_disturb_the_order(server: ObjectServer, storage: Storage) -> None:
    """obstore shows `m/b/` as `m/b`, which belongs before `m/b.json`."""
    for key in ("m/b.json", "m/b/", "m/b/c.json", "m/d.json"):
        server.put("bucket", key, b"" if key.endswith("/") else b"{}")
    listed = [each for page in storage.pages("m") for each in page]
    assert [each.key for each in listed if each.size] == ["m/b.json", "m/b/c.json", "m/d.json"]


def test_many_threads_at_once(server: ObjectServer) -> None:
    storage = Storage("s3://bucket", Access(retry=20.0, stall=5.0))
    server.faults(
        {"kind": "slowdown", "op": "GET", "share": 0.1, "seed": 1},
        {"kind": "reset_body", "op": "GET", "share": 0.1, "seed": 2},
    )
    listed = [each for page in storage.pages("many") for each in page]

    def work(each: Object) -> bool:
        return bytes(storage.read(each.key, etag=each.etag, size=each.size)) == b"{}"

    with ThreadPoolExecutor(64) as pool:
        assert all(pool.map(work, listed))
    faults = server.stats()["faults"]
    assert min(faults.values()) > 100
    assert server.stats()["ops"]["GET"] == 2500 + sum(faults.values())


# -- faults ------------------------------------------------------------------------------------------

PASSING = ["slowdown", "internal", "unavailable", "reset", "reset_body", "short", "stall", "stall_head", "conflict"]


@pytest.mark.parametrize("kind", PASSING)
def test_a_fault_that_passes_is_tried_again(server: ObjectServer, storage: Storage, kind: str) -> None:
    etag = server.put("bucket", "a.json", b"0123456789")
    server.faults({"kind": kind, "times": 2})
    assert bytes(storage.read("a.json", etag=etag, size=10)) == b"0123456789"
    assert server.stats()["ops"] == {"GET": 3}
    server.faults({"kind": kind, "times": 1})
    assert bytes(storage.read("a.json", start=2, end=5)) == b"234"
    assert server.stats()["ops"] == {"GET": 5}


@pytest.mark.parametrize("kind", [*PASSING, "garbage"])
def test_a_listing_goes_on_where_it_broke_off(server: ObjectServer, storage: Storage, kind: str) -> None:
    server.faults({"kind": kind, "op": "LIST", "times": 1})
    assert keys(storage, "many") == [key for key in server.keys("bucket") if key.startswith("many/")]
    assert server.stats()["faults"][kind] >= 3


def test_folders_are_tried_again(server: ObjectServer, storage: Storage) -> None:
    server.faults({"kind": "slowdown", "op": "LIST", "times": 1})
    assert len(storage.folders("many")[0]) == 25
    assert server.stats()["faults"] == {"slowdown": 1}


def test_an_answer_of_another_etag_or_length_is_not_believed_at_once(server: ObjectServer, storage: Storage) -> None:
    etag = server.put("bucket", "a.json", b"0123456789")
    server.faults({"kind": "garbage", "op": "GET", "times": 1})
    assert bytes(storage.read("a.json", etag=etag, size=10)) == b"0123456789"
    assert server.stats()["ops"] == {"GET": 2}


def test_the_budget_is_kept(server: ObjectServer) -> None:
    server.faults({"kind": "slowdown", "times": None})
    storage = Storage("s3://bucket", BRIEF)
    begun = time.monotonic()
    with pytest.raises(SourceError) as caught:
        storage.read("a.json")
    assert time.monotonic() - begun < 5
    tries = server.stats()["ops"]["GET"]
    assert tries > 1
    said = str(caught.value)
    assert said.startswith(f"s3://bucket/a.json: cannot be read (503 SlowDown, tried {tries} times in ")
    assert said.endswith(" s); run again later")
    server.reset()
    with pytest.raises(SourceError, match=r"cannot be read \(503 SlowDown\); run again later"):
        Storage("s3://bucket", Access(retry=0)).read("a.json")
    assert server.stats()["ops"] == {"GET": 1}
    with pytest.raises(SourceError, match=r"--log-data s3://bucket/x: cannot be listed \(503 SlowDown, tried"):
        storage.check("x", "--log-data")
    server.faults({"kind": "stall_head", "times": None, "op": "GET"})
    with pytest.raises(SourceError, match=r"timed out, tried \d times .* check the network, then run again later"):
        storage.read("a.json")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "denied",
            "cannot be read, access denied (403 AccessDenied); grant s3:GetObject (and s3:ListBucket)",
        ),
        ("skewed", "the clock of this machine differs too much from the store's; set it"),
    ],
)
def test_a_fault_that_stays_is_told_at_once(server: ObjectServer, storage: Storage, kind: str, said: str) -> None:
    server.faults({"kind": kind, "times": None})
    with pytest.raises(SourceError) as caught:
        storage.read("a.json")
    assert str(caught.value).startswith(f"s3://bucket/a.json: {said}")
    assert server.stats()["ops"] == {"GET": 1}
    with pytest.raises(SourceError) as caught:
        storage.look("a.json")
    assert str(caught.value).startswith(f"s3://bucket/a.json: {said}")
    with pytest.raises(UsageError):
        storage.check("", "--log-data")
    with pytest.raises(SourceError):
        keys(storage, "many")
    if kind == "denied":
        with pytest.raises(SourceError, match="grant s3:PutObject"):
            storage.write("w", b"")


def test_an_object_that_goes_or_changes_is_asked_for_once(server: ObjectServer, storage: Storage) -> None:
    etag = server.put("bucket", "a.json", b"0123456789")
    server.faults({"kind": "replaced", "body": "new"})
    with pytest.raises(Replaced):
        storage.read("a.json", etag=etag)
    server.faults({"kind": "missing"})
    with pytest.raises(FileNotFoundError):
        storage.read("a.json")
    assert server.stats()["ops"] == {"GET": 2}


def test_stopping_is_prompt(server: ObjectServer) -> None:
    server.faults({"kind": "slowdown", "times": None})
    storage = Storage("s3://bucket", Access(retry=60))
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(storage.read, f"{number}.json") for number in range(8)]
        time.sleep(0.5)
        begun = time.monotonic()
        storage.stopping.set()
        for each in waiting:
            with pytest.raises(Stopped):
                each.result()
    assert time.monotonic() - begun < 2
    with pytest.raises(Stopped):
        storage.look("a.json")


def test_a_write_whose_answer_was_lost_is_not_taken_for_another(server: ObjectServer, storage: Storage) -> None:
    server.faults({"kind": "reset", "op": "PUT", "applied": True})
    storage.write("lock", b"mine", only_new=True)
    assert server.get("bucket", "lock") == b"mine"
    with pytest.raises(FileExistsError):
        storage.write("lock", b"mine", only_new=True)
    server.delete("bucket", "lock")
    server.faults({"kind": "slowdown", "op": "PUT"})
    server.put("bucket", "lock", b"theirs")
    with pytest.raises(FileExistsError):
        storage.write("lock", b"mine", only_new=True)
    server.delete("bucket", "lock")


def test_writes_and_deletes_are_tried_again(server: ObjectServer) -> None:
    storage = Storage("s3://bucket", Access(retry=20.0, stall=5.0))
    large = os.urandom(1 << 20) * 18
    server.faults({"kind": "internal", "op": "*", "times": 1, "key": "w/*"}, {"kind": "slowdown", "op": "POST"})
    storage.write("w/large", large)
    assert server.get("bucket", "w/large") == large
    storage.write("w/new", b"new", only_new=True)
    storage.delete(["w/large", "w/new", "w/none"])
    assert keys(storage, "w") == []


# -- region, endpoint ---------------------------------------------------------------------------------


def test_the_region_is_found_once(server: ObjectServer, storage: Storage) -> None:
    server.set(region="eu-west-1")
    storage.check("many", "--log-data")
    assert server.stats()["ops"] == {"LIST": 2}
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(storage.read, ["a.json"] * 16))
    assert server.stats()["ops"] == {"LIST": 2, "GET": 16}
    assert Storage("s3://bucket", QUICK).look("a.json") is not None  # HEAD tells no region: GET does


def test_the_region_is_found_by_many_threads_at_once(server: ObjectServer, storage: Storage) -> None:
    server.set(region="eu-west-1", latency=0.02)
    with ThreadPoolExecutor(16) as pool:
        assert {bytes(data) for data in pool.map(storage.read, ["a.json"] * 64)} == {b"0123456789"}
    assert server.stats()["ops"]["GET"] <= 64 + 16


class _Answers(http.server.BaseHTTPRequestHandler):
    """A store that says what a test has it say."""

    protocol_version = "HTTP/1.1"
    region = ""
    """Where the bucket is: HEAD tells, and requests signed for elsewhere are sent away without a hint."""
    answer = (200, b"")
    seen: list[str]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _send(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        if self.region and self.command == "HEAD":
            self.send_header("x-amz-bucket-region", self.region)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        if self.region and f"/{self.region}/s3/" not in self.seen[-1]:
            self._send(301, b"<Error><Code>PermanentRedirect</Code></Error>")
        else:
            self._send(*self.answer)

    def do_HEAD(self) -> None:
        self._send(403)

    def do_PROPFIND(self) -> None:
        self._send(*self.answer)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Answers]]:
    handler = type("Handler", (_Answers,), {"seen": []})
    store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{store.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    yield handler
    store.shutdown()
    thread.join()
    store.server_close()


def test_the_region_is_asked_for_when_the_store_does_not_tell(answers: type[_Answers]) -> None:
    answers.region, answers.answer = "eu-north-1", (200, b"hello")
    storage = Storage("s3://bucket", QUICK)
    assert bytes(storage.read("a")) == b"hello"
    assert bytes(storage.read("a")) == b"hello"
    assert len(answers.seen) == 3
    storage.close()


@pytest.mark.parametrize(
    ("root", "region", "host", "virtual_hosted"),
    [
        ("s3://bucket", "", "https://bucket.s3.us-east-1.amazonaws.com", True),
        ("s3://bucket", "eu-west-1", "https://bucket.s3.eu-west-1.amazonaws.com", True),
        ("s3://bucket", "cn-north-1", "https://bucket.s3.cn-north-1.amazonaws.com.cn", True),
        ("s3://www.bucket.com", "eu-west-1", "https://s3.eu-west-1.amazonaws.com", False),
    ],
)
def test_the_host_of_aws(
    monkeypatch: pytest.MonkeyPatch, root: str, region: str, host: str, virtual_hosted: bool
) -> None:
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere:9000")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    monkeypatch.setenv("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", str(not virtual_hosted))
    link = Link(root, Access(anonymous=True))
    config: Any = link.store()[1].config  # type: ignore[union-attr]
    assert config["endpoint"] == host
    assert config["region"] == region or not region
    assert str(config["virtual_hosted_style_request"]).lower() == str(virtual_hosted).lower()


def test_the_endpoint_of_the_environment_or_the_profile(
    server: ObjectServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(SourceError, match=r"cannot be listed \(connection refused"):
        Storage("s3://bucket", BRIEF).check("", "--log-data")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint + "/")
    Storage("s3://bucket", BRIEF).check("", "--log-data")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    (tmp_path / "config").write_text(f"[profile here]\nendpoint_url = {server.endpoint}\nregion = eu-west-3\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "here")
    monkeypatch.delenv("AWS_REGION")
    server.set(region="eu-west-3")
    server.reset()
    Storage("s3://bucket", BRIEF).check("", "--log-data")
    assert server.stats()["ops"] == {"LIST": 1}
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://user:{SECRET}@host")
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL: is not the address of a server") as caught:
        Storage("s3://bucket", BRIEF).check("", "--log-data")
    assert SECRET not in str(caught.value)


def test_other_variables_of_aws_do_no_harm(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    others = {
        "AWS_ENDPOINT_URL_S3": "", "AWS_ENDPOINT": "http://127.0.0.1:9", "AWS_BUCKET": "other", "AWS_MAX_ATTEMPTS": "x",
        "AWS_SKIP_SIGNATURE": "true", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true", "AWS_SOMETHING_NEW": "x",
        "AWS_DEFAULT_REGION": "eu-west-1", "AWS_DEFAULT_OUTPUT": "json", "AWS_TOKEN": "x", "AWS_PAGER": "",
    }  # fmt: skip
    for name, value in others.items():
        monkeypatch.setenv(name, value)
    server.set(require="test")
    Storage("s3://bucket", BRIEF).check("", "--log-data")
    assert server.stats()["unsigned"] == 0
    monkeypatch.setenv("AWS_REQUEST_PAYER", "nonsense")
    with pytest.raises(UsageError, match=r"s3://bucket: cannot be set up; the value of AWS_REQUEST_PAYER is not one"):
        Storage("s3://bucket", BRIEF).check("", "--log-data")


# -- credentials ----------------------------------------------------------------------------------------


def test_without_credentials_requests_are_not_signed(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    storage = Storage("s3://bucket", QUICK)
    assert storage.warnings == []
    storage.check("", "--log-data")
    assert storage.warnings == ["no AWS credentials found, reading s3://bucket anonymously"]
    assert server.stats()["unsigned"] == 1
    server.set(require="somebody")
    with pytest.raises(UsageError) as caught:
        storage.check("", "--log-data")
    assert str(caught.value) == (
        "--log-data s3://bucket: access denied (403 AccessDenied), and no AWS credentials were found; "
        "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


def test_anonymous_requests_are_not_signed(server: ObjectServer) -> None:
    storage = Storage("s3://bucket", Access(anonymous=True))
    storage.read("a.json")
    assert bytes(storage.read("a.json", start=1, end=3)) == b"12"
    assert keys(storage, "many/00")
    assert storage.warnings == []
    assert server.stats()["unsigned"] == 3
    server.set(require="test")
    with pytest.raises(SourceError, match="not signed; leave out --anonymous"):
        storage.read("a.json")


def profile(path: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    path.write_text("\n".join(["[lab]", *lines]))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)


def test_expired_credentials_are_read_anew(
    server: ObjectServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    profile(file, monkeypatch, "aws_access_key_id = old", f"aws_secret_access_key = {SECRET}")
    server.set(require="old")
    storage = Storage("s3://bucket", QUICK)
    storage.read("a.json")
    server.set(require=None, expired=["old"])
    with pytest.raises(SourceError) as caught:
        storage.read("a.json")
    assert str(caught.value) == ("s3://bucket/a.json: credentials have expired; sign in again (such as aws sso login)")
    assert server.stats()["ops"] == {"GET": 1 + 3}
    profile(file, monkeypatch, "aws_access_key_id = new", f"aws_secret_access_key = {SECRET}")
    server.reset()
    with ThreadPoolExecutor(16) as pool:
        assert {bytes(data) for data in pool.map(storage.read, ["a.json"] * 16)} == {b"0123456789"}
    assert server.stats()["ops"]["GET"] <= 32
    server.reset()
    assert storage.look("a.json") is not None
    assert server.stats()["ops"] == {"HEAD": 1}


def test_expired_credentials_and_head(server: ObjectServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    profile(tmp_path / "credentials", monkeypatch, "aws_access_key_id = old", "aws_secret_access_key = x")
    storage = Storage("s3://bucket", QUICK)
    storage.read("a.json")
    server.set(expired=["old"])
    with pytest.raises(SourceError, match="credentials have expired; sign in again"):
        storage.look("a.json")
    profile(tmp_path / "credentials", monkeypatch, "aws_access_key_id = new", "aws_secret_access_key = x")
    assert storage.look("a.json") is not None


def test_credentials_of_a_process_are_refreshed(
    server: ObjectServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They expire within seconds by their own account, so that every request may need new ones."""
    script = tmp_path / "credentials.sh"
    script.write_text(
        f"#!/bin/sh\necho x >> {tmp_path}/calls\n"
        'date -u -d \'+16 minutes\' +\'{"Version": 1, "AccessKeyId": "made", "SecretAccessKey": "x", '
        '"SessionToken": "t", "Expiration": "%Y-%m-%dT%H:%M:%SZ"}\'\n'
    )
    script.chmod(0o755)
    profile(tmp_path / "config", monkeypatch, f"credential_process = {script}")
    server.set(require="made")
    storage = Storage("s3://bucket", QUICK)
    storage.read("a.json")
    server.set(require=None, expired=["made"])
    script.write_text(script.read_text().replace('"made"', '"fresh"').replace('\\"made\\"', '\\"fresh\\"'))
    assert bytes(storage.read("a.json")) == b"0123456789"
    assert (tmp_path / "calls").read_text() == "x\nx\n"
    script.write_text(f"#!/bin/sh\necho {SECRET} >&2\nexit 1\n")
    with pytest.raises(UsageError, match=r"AWS credentials cannot be had \(CredentialRetrievalError\)") as caught:
        Storage("s3://bucket", QUICK).check("", "--log-data")
    assert SECRET not in whole(caught.value)


def test_a_wrong_configuration_is_told(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UsageError, match="AWS_PROFILE nobody: no such profile"):
        Storage("s3://bucket", QUICK).check("", "--log-data")
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageError, match="the AWS configuration is wrong: AWS_SECRET_ACCESS_KEY is missing"):
        Storage("s3://bucket", QUICK).check("", "--log-data")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    server.set(require="somebody")
    with pytest.raises(UsageError, match="does not know the access key; check AWS_ACCESS_KEY_ID and AWS_SECRET"):
        Storage("s3://bucket", QUICK).check("", "--log-data")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nonexistent/ca.pem")
    with pytest.raises(UsageError, match=r"AWS_CA_BUNDLE /nonexistent/ca\.pem: cannot be read"):
        Storage("s3://bucket", QUICK).check("", "--log-data")


# -- secrets --------------------------------------------------------------------------------------------


def whole(error: BaseException) -> str:
    """Everything of an error that could be shown: its traceback, and the errors before it."""
    parts = ["".join(traceback.format_exception(error)), repr(error)]
    if error.__context__ is not None:
        parts.append(whole(error.__context__))
    return "\n".join(parts)


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "SignatureDoesNotMatch"), (403, "AccessDenied"), (503, "SlowDown"), (400, "InvalidToken"), (418, "Strange"),
     (400, "ExpiredToken"), (403, "InvalidAccessKeyId"), (400, "AuthorizationHeaderMalformed")],
)  # fmt: skip
def test_what_a_store_echoes_is_not_shown(answers: type[_Answers], status: int, code: str) -> None:
    """A store that refuses a signature sends back what was signed, the token with it."""
    echo = f"<CanonicalRequest>x-amz-security-token:{TOKEN}</CanonicalRequest><Secret>{SECRET}</Secret>"
    answers.answer = (status, f"<Error><Code>{code}</Code>{echo}</Error>".encode())
    storage = Storage("s3://bucket", BRIEF)
    for act in (
        lambda: storage.read("a?X-Amz-Signature=x"),
        lambda: keys(storage, "p"),
        lambda: storage.read("a//b"),
        lambda: storage.check("", "--log-data"),
        lambda: storage.look("a"),
    ):
        with pytest.raises(SparkifyError) as caught:
            act()
        assert SECRET not in whole(caught.value)
        assert TOKEN not in whole(caught.value)
        assert "\n" not in str(caught.value)
    shown = repr(vars(storage)) + repr(vars(storage._link)) + "".join(storage.warnings)
    assert SECRET not in shown
    assert TOKEN not in shown
    storage.close()


# -- web servers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [(501, b""), (405, b""), (207, b"<html>"), (200, b"index")])
def test_a_web_server_without_webdav_cannot_be_listed(
    answers: type[_Answers], monkeypatch: pytest.MonkeyPatch, answer: tuple[int, bytes]
) -> None:
    answers.answer = answer
    storage = Storage(os.environ["AWS_ENDPOINT_URL"], BRIEF)
    with pytest.raises(SparkifyError, match=r"http://127.0.0.1:\d+/a: cannot be listed .*WebDAV"):
        storage.check("a", "--log-data")


def test_objects_of_a_web_server_are_read(server: ObjectServer) -> None:
    storage = Storage(server.endpoint, QUICK)
    assert bytes(storage.read("bucket/a.json", size=10)) == b"0123456789"
    with pytest.raises(FileNotFoundError):
        storage.read("bucket/none")
    with pytest.raises(SourceError, match=r"has an empty, '\.' or '\.\.' segment"):
        storage.read("bucket//a.json")


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    import subprocess
    import sys

    code = "import sys, sparkify.source.storage; print({'obstore', 'botocore', 'boto3'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"
