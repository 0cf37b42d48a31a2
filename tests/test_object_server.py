"""The object server of the tests: clients that know nothing of it find S3 there, and each fault is what it says."""

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3  # type: ignore[import-untyped]
import obstore
import pytest
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from obstore.exceptions import AlreadyExistsError, GenericError, PreconditionError
from obstore.store import S3Store

from tests.object_store import Bucket, VirtualBucket, after, page, stored
from tests.objects import ROOT, ObjectServer

KEYS = sorted(
    ["a.json", "b/1.json", "b/2.json", "b/c/3.json", "b/c/4.json", "c d+e&f<g>.json", "ä/ö.json", "z%2F.json"]
    + [f"many/{number:04d}" for number in range(30)],
    key=str.encode,
)
WHEN = datetime(2018, 11, 12, 1, 2, 3, 456789, tzinfo=UTC)
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def shared() -> Iterator[ObjectServer]:
    with ObjectServer(virtual={"songs": 1_000_000}) as server:
        yield server


@pytest.fixture
def server(shared: ObjectServer) -> ObjectServer:
    """The server of the module with nothing in the bucket but KEYS, without faults, delays and refusals."""
    shared.set(latency=0, require=None, expired=[], region=None, redirect_unsigned=False, faults=[])
    shared.make("bucket")
    for key in set(shared.keys("bucket")) - set(KEYS):
        shared.delete("bucket", key)
    for key in KEYS:
        shared.put("bucket", key, f"<{key}>", WHEN)
    shared.idle()
    shared.reset()
    return shared


@pytest.fixture(scope="module")
def boto(shared: ObjectServer) -> Iterator[Any]:
    client = boto3.client(
        "s3",
        endpoint_url=shared.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="secret",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )
    yield client
    client.close()


def rust(server: ObjectServer, bucket: str = "bucket", timeout: str = "10s", **more: Any) -> S3Store:
    """A client of the kind the program uses, without its retries."""
    return S3Store(
        bucket,
        endpoint=server.endpoint,
        access_key_id="test",
        secret_access_key="secret",
        region="us-east-1",
        client_options={"allow_http": True, "timeout": timeout},
        retry_config={"max_retries": 0},
        **more,
    )


def raw(
    server: ObjectServer, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One request of a connection of its own."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request(method, path, body, named)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


def code(text: bytes) -> str:
    """The code of an error."""
    return text.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()


# What clients find


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(("prefix", "delimiter", "start"), [
    ("", "", ""), ("b/", "", ""), ("", "/", ""), ("b/", "/", ""), ("many/00", "", "many/0007"), ("", "/", "b/c/3.json"),
    ("ä", "", ""), ("none", "/", ""), ("", "", "zzz"), ("", "c/", ""),
])  # fmt: skip
def test_boto_lists_what_is_there(
    server: ObjectServer, boto: Any, prefix: str, delimiter: str, start: str, size: int
) -> None:
    keys = [key for key in KEYS if key.startswith(prefix) and key > start]
    cuts = {key: key.find(delimiter, len(prefix)) if delimiter else -1 for key in keys}
    paging = {"PageSize": size}
    pages = list(
        boto.get_paginator("list_objects_v2").paginate(
            Bucket="bucket", Prefix=prefix, Delimiter=delimiter, StartAfter=start, PaginationConfig=paging
        )
    )
    contents = [each for one in pages for each in one.get("Contents", [])]
    assert [each["Key"] for each in contents] == [key for key in keys if cuts[key] < 0]
    found = [each["Prefix"] for one in pages for each in one.get("CommonPrefixes", [])]
    assert found == list(dict.fromkeys(key[: cut + len(delimiter)] for key, cut in cuts.items() if cut >= 0))
    assert all(one["KeyCount"] <= size for one in pages)
    assert len(pages) == max(1, -(-(len(contents) + len(found)) // size))
    for each in contents:
        assert each["Size"] == len(f"<{each['Key']}>".encode())
        assert each["LastModified"] == WHEN.replace(microsecond=456000)
        assert each["ETag"] == stored(f"<{each['Key']}>".encode()).etag


def test_obstore_lists_what_is_there(server: ObjectServer) -> None:
    store = rust(server)
    listed = [each for part in obstore.list(store, chunk_size=5) for each in part]
    assert [each["path"] for each in listed] == KEYS
    assert [each["path"] for part in obstore.list(store, "b", offset="b/1.json") for each in part] == KEYS[2:5]
    there = obstore.list_with_delimiter(store, "b")
    assert there["common_prefixes"] == ["b/c"]
    assert [each["path"] for each in there["objects"]] == ["b/1.json", "b/2.json"]
    assert there["objects"][0]["last_modified"] == WHEN.replace(microsecond=456000)
    assert server.stats()["ops"]["LIST"] == 3


def test_get(server: ObjectServer, boto: Any) -> None:
    store = rust(server)
    for key in KEYS:
        answer = boto.get_object(Bucket="bucket", Key=key)
        assert answer["Body"].read() == f"<{key}>".encode() == server.get("bucket", key)
        assert answer["LastModified"] == WHEN.replace(microsecond=0)
        if "%" not in key:
            got = obstore.get(store, key)
            assert got.meta["e_tag"] == answer["ETag"]
            assert bytes(got.bytes()) == f"<{key}>".encode()
    with pytest.raises(FileNotFoundError):
        obstore.get(store, "none")
    with pytest.raises(FileNotFoundError):
        obstore.head(store, "none")
    with pytest.raises(ClientError, match="NoSuchKey"):
        boto.get_object(Bucket="bucket", Key="none")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        boto.list_objects_v2(Bucket="none")
    with pytest.raises(KeyError):
        server.get("bucket", "none")


@pytest.mark.parametrize(("header", "shown", "part"), [
    ("bytes=0-3", "bytes 0-3/10", b"0123"), ("bytes=4-", "bytes 4-9/10", b"456789"),
    ("bytes=-2", "bytes 8-9/10", b"89"), ("bytes=-99", "bytes 0-9/10", b"0123456789"),
    ("bytes=8-99", "bytes 8-9/10", b"89"), ("bytes=9-9", "bytes 9-9/10", b"9"),
    ("bytes=5-4", None, b"0123456789"), ("lines=1-2", None, b"0123456789"), ("bytes=0-1,4-5", None, b"0123456789"),
])  # fmt: skip
def test_ranges(server: ObjectServer, boto: Any, header: str, shown: str | None, part: bytes) -> None:
    server.put("bucket", "digits", b"0123456789")
    status, headers, body = raw(server, "/bucket/digits", range=header)
    assert (status, headers.get("content-range"), body) == (206 if shown else 200, shown, part)
    answer = boto.get_object(Bucket="bucket", Key="digits", Range=header)
    assert (answer.get("ContentRange"), answer["Body"].read()) == (shown, part)
    assert server.log()[-1] == ["GET", "/bucket/digits", "", header, None, 206 if shown else 200]


def test_ranges_that_are_not_there(server: ObjectServer) -> None:
    server.put("bucket", "digits", b"0123456789")
    server.put("bucket", "empty", b"")
    for path, header in [
        ("digits", "bytes=10-"),
        ("digits", "bytes=-0"),
        ("empty", "bytes=0-"),
        ("empty", "bytes=0-5"),
    ]:
        status, headers, body = raw(server, f"/bucket/{path}", range=header)
        assert (status, code(body)) == (416, "InvalidRange")
        assert headers["content-range"] == f"bytes */{len(server.get('bucket', path))}"
    assert bytes(obstore.get_ranges(rust(server), "digits", starts=[1, 7], ends=[3, 9])[1]) == b"78"
    with pytest.raises(GenericError):
        obstore.get_range(rust(server), "digits", start=20, end=30)


def test_conditions_of_reading(server: ObjectServer, boto: Any) -> None:
    etag = server.put("bucket", "key", b"one")
    store = rust(server)
    assert bytes(obstore.get(store, "key", options={"if_match": etag}).bytes()) == b"one"
    assert raw(server, "/bucket/key", if_match="*")[0] == 200
    assert raw(server, "/bucket/key", if_none_match=f'"x", {etag}')[0] == 304
    assert raw(server, "/bucket/key", "HEAD", if_match='"x"')[0] == 412
    assert boto.get_object(Bucket="bucket", Key="key", IfMatch=etag)["Body"].read() == b"one"
    server.put("bucket", "key", b"two")
    with pytest.raises(PreconditionError):
        obstore.get(store, "key", options={"if_match": etag})
    with pytest.raises(ClientError, match="PreconditionFailed"):
        boto.get_object(Bucket="bucket", Key="key", IfMatch=etag)
    assert server.log()[-1][4:] == [etag, 412]


def test_conditions_of_writing(server: ObjectServer, boto: Any) -> None:
    store = rust(server)
    first = obstore.put(store, "key", b"one", mode="create", use_multipart=False)
    with pytest.raises(AlreadyExistsError):
        obstore.put(store, "key", b"two", mode="create", use_multipart=False)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        boto.put_object(Bucket="bucket", Key="key", Body=b"two", IfNoneMatch="*")
    assert server.get("bucket", "key") == b"one"
    etag = boto.put_object(Bucket="bucket", Key="key", Body=b"two", IfMatch=first["e_tag"])["ETag"]
    with pytest.raises(PreconditionError):
        obstore.put(store, "key", b"three", mode={"e_tag": first["e_tag"]}, use_multipart=False)
    obstore.put(store, "key", b"three", mode={"e_tag": etag}, use_multipart=False)
    assert server.get("bucket", "key") == b"three"
    with pytest.raises(ClientError, match="NoSuchKey"):
        boto.put_object(Bucket="bucket", Key="none", Body=b"two", IfMatch=etag)


def test_put_keeps_what_came_with_it(server: ObjectServer, boto: Any) -> None:
    boto.put_object(
        Bucket="bucket", Key="key", Body=b"one", ContentType="text/x", Metadata={"sparkify-mtime": "1541984523456789"}
    )
    head = boto.head_object(Bucket="bucket", Key="key")
    assert (head["LastModified"], head["ContentType"]) == (WHEN.replace(microsecond=0), "text/x")
    assert head["Metadata"] == {"sparkify-mtime": "1541984523456789"}
    boto.put_object(Bucket="bucket", Key="key", Body=b"two")
    assert abs((boto.head_object(Bucket="bucket", Key="key")["LastModified"] - datetime.now(UTC)).total_seconds()) < 60


def test_delete(server: ObjectServer, boto: Any) -> None:
    boto.delete_object(Bucket="bucket", Key="a.json")
    boto.delete_object(Bucket="bucket", Key="a.json")
    deleted = boto.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "b/1.json"}, {"Key": "ä/ö.json"}]})
    assert [each["Key"] for each in deleted["Deleted"]] == ["b/1.json", "ä/ö.json"]
    obstore.delete(rust(server), ["b/2.json", "c d+e&f<g>.json"])
    gone = {"a.json", "b/1.json", "ä/ö.json", "b/2.json", "c d+e&f<g>.json"}
    assert server.keys("bucket") == [key for key in KEYS if key not in gone]


def test_buckets(server: ObjectServer, boto: Any) -> None:
    boto.create_bucket(Bucket="new")
    assert boto.head_bucket(Bucket="new")["BucketRegion"] == "us-east-1"
    assert boto.get_bucket_location(Bucket="new")["LocationConstraint"] is None
    with pytest.raises(ClientError, match="404"):
        boto.head_bucket(Bucket="none")
    with pytest.raises(ClientError, match="NotImplemented"):
        boto.copy_object(Bucket="new", Key="x", CopySource="bucket/a.json")


def test_multipart(server: ObjectServer, boto: Any) -> None:
    body = os.urandom(11 * MEBIBYTE)
    boto.upload_fileobj(io.BytesIO(body), "bucket", "big")
    assert server.get("bucket", "big") == body
    assert boto.head_object(Bucket="bucket", Key="big")["ETag"].endswith('-2"')
    store = rust(server)
    obstore.put(store, "big", body[::-1], use_multipart=True, chunk_size=5 * MEBIBYTE)
    assert bytes(obstore.get(store, "big").bytes()) == body[::-1]
    with obstore.open_writer(store, "written", buffer_size=5 * MEBIBYTE) as writer:
        writer.write(body)
    assert server.get("bucket", "written") == body
    assert not boto.list_multipart_uploads(Bucket="bucket").get("Uploads")


def test_multipart_refuses(server: ObjectServer, boto: Any) -> None:
    name = {"Bucket": "bucket", "Key": "big"}
    upload = name | {"UploadId": boto.create_multipart_upload(**name)["UploadId"]}
    tags = [boto.upload_part(**upload, PartNumber=number, Body=b"x" * 10)["ETag"] for number in (1, 2)]
    parts = [{"PartNumber": 1, "ETag": tags[0]}, {"PartNumber": 2, "ETag": tags[1]}]
    for named, error in [
        (parts, "EntityTooSmall"),
        (parts[::-1], "InvalidPartOrder"),
        ([{"PartNumber": 7, "ETag": tags[0]}], "InvalidPart"),
        ([{"PartNumber": 1, "ETag": '"x"'}], "InvalidPart"),
    ]:
        with pytest.raises(ClientError, match=error):
            boto.complete_multipart_upload(**upload, MultipartUpload={"Parts": named})
    server.put("bucket", "big", b"there")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        boto.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts[:1]}, IfNoneMatch="*")
    boto.abort_multipart_upload(**upload)
    with pytest.raises(ClientError, match="NoSuchUpload"):
        boto.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts[:1]})
    assert server.get("bucket", "big") == b"there"


def test_bodies_in_chunks(server: ObjectServer) -> None:
    """Both kinds of chunks, one within the other, and an answer that tells the client to go on."""
    inner = b"5;chunk-signature=0\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"PUT /bucket/key HTTP/1.1\r\nExpect: 100-continue\r\n"
            b"x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
            b"Content-Encoding: aws-chunked\r\nx-amz-decoded-content-length: 11\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        for piece in (inner[:30], inner[30:]):
            connection.sendall(b"%x\r\n" % len(piece))
            connection.sendall(piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert server.get("bucket", "key") == b"hello world"


def test_requests_in_pieces_and_in_a_row(server: ObjectServer) -> None:
    one = b"GET /bucket/a.json HTTP/1.1\r\nHost: x\r\n\r\n"
    put = b"PUT /bucket/key HTTP/1.1\r\nContent-Length: 3\r\n\r\nnew"
    last = b"GET /bucket/key HTTP/1.1\r\nConnection: close\r\n\r\n"
    for latency in (0, 0.02):
        server.set(latency=latency)
        for pieces in ([one + put + last], [bytes([byte]) for byte in one + put + last]):
            server.delete("bucket", "key")
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for piece in pieces:
                    connection.sendall(piece)
                with connection.makefile("rb") as file:
                    text = file.read()
            assert text.count(b"HTTP/1.1 200 OK") == 3
            assert text.index(b"<a.json>") < text.index(b"new")


@pytest.mark.parametrize("text", [b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"x" * 70_000])
def test_what_is_not_http(server: ObjectServer, text: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(text)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")


# Virtual and folders


def test_virtual_bucket(server: ObjectServer, boto: Any) -> None:
    store = rust(server, "songs")
    keys: list[str] = []
    for part in obstore.list(store, chunk_size=1000):
        keys += [each["path"] for each in part]
        if len(keys) >= 5000:
            break
    assert all(first < second for first, second in pairwise(keys))
    middle = boto.list_objects_v2(Bucket="songs", StartAfter=keys[-1], MaxKeys=2)["Contents"]
    assert middle[0]["Key"] > keys[-1]
    bodies = [obstore.get(store, key) for key in keys[:100:10]]
    songs = [json.loads(bytes(each.bytes())) for each in bodies]
    assert len({song["song_id"] for song in songs}) == 10
    assert all(len(song["song_id"]) == 18 == len(song["artist_id"]) for song in songs)
    letters = [f"song_data/{letter}/" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    answer = boto.list_objects_v2(Bucket="songs", Prefix="song_data/", Delimiter="/")
    assert [each["Prefix"] for each in answer["CommonPrefixes"]] == letters
    leaf = boto.list_objects_v2(Bucket="songs", Prefix="song_data/Q/Z/A/", Delimiter="/")
    assert 50 < leaf["KeyCount"] < 60
    assert "CommonPrefixes" not in leaf
    assert boto.head_object(Bucket="songs", Key=leaf["Contents"][0]["Key"])["ETag"] == leaf["Contents"][0]["ETag"]
    with pytest.raises(FileNotFoundError):
        obstore.get(store, "song_data/A/A/A/TRAAA0000000999999.json")


@pytest.mark.parametrize("count", [0, 1, 30, 5000])
def test_virtual_bucket_is_as_one_that_stores(count: int) -> None:
    virtual = VirtualBucket(count)
    plain = Bucket()
    names = list(virtual.keys())
    for key in names:
        made = virtual.get(key)
        assert made is not None
        plain.put(key, made)
    assert plain.names == names
    assert len(names) == count
    for bucket in (virtual, plain):
        for key in [*plain.names[3:6], "none"]:
            bucket.remove(key)
        for key in ["song_data/A/new.json", "a", "z", *plain.names[1:2]]:
            bucket.put(key, stored(b"new", 1))
    assert list(virtual.keys()) == plain.names
    for start in ["", "song_data/M", *plain.names[::97]]:
        assert page(virtual, "song_data/", "/", start, 10) == page(plain, "song_data/", "/", start, 10)
        assert page(virtual, "", "", start, 10) == page(plain, "", "", start, 10)
    assert all(virtual.get(key) == plain.get(key) for key in plain.names)


def test_above_a_prefix() -> None:
    assert [after(text) for text in ("a", "a/", "\ud7ff", "a\U0010ffff", "\U0010ffff", "")] == [
        "b", "a0", "\ue000", "b", None, None,
    ]  # fmt: skip


def test_folders(server: ObjectServer, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "ü.json").write_text("one")
    (tmp_path / "c.json").write_text("two")
    os.utime(tmp_path / "c.json", (1_541_984_523, 1_541_984_523))
    assert server.put_folder("loaded", tmp_path, "log_data/") == 2
    assert server.keys("loaded") == ["log_data/a/b/ü.json", "log_data/c.json"]
    with ObjectServer(folders={"bucket": tmp_path}, buckets=["empty"]) as other:
        assert other.keys("bucket") == ["a/b/ü.json", "c.json"]
        assert other.keys("empty") == []
        assert obstore.head(rust(other), "c.json")["last_modified"] == WHEN.replace(microsecond=0)


# Refusals


def test_access(server: ObjectServer) -> None:
    signed = "AWS4-HMAC-SHA256 Credential={}/20250101/{}/s3/aws4_request, SignedHeaders=host, Signature=0"
    server.set(require="AKID", expired={"OLD"}, region="eu-west-1")
    status, headers, body = raw(server, "/bucket/a.json")
    assert (status, code(body)) == (403, "AccessDenied")
    for key, region, expected in [
        ("AKID", "eu-west-1", (200, "")),
        ("AKID", "us-east-1", (400, "AuthorizationHeaderMalformed")),
        ("AKI", "eu-west-1", (403, "InvalidAccessKeyId")),
        ("OLD", "eu-west-1", (400, "ExpiredToken")),
    ]:
        status, headers, body = raw(server, "/bucket/a.json", authorization=signed.format(key, region))
        assert (status, code(body)) == expected
        assert (b"<Region>eu-west-1</Region>" in body) == (code(body) == "AuthorizationHeaderMalformed")
    server.set(require=None)
    assert raw(server, "/bucket/a.json")[0] == 200
    server.set(redirect_unsigned=True)
    status, headers, body = raw(server, "/bucket/a.json")
    assert (status, headers["x-amz-bucket-region"], code(body)) == (301, "eu-west-1", "PermanentRedirect")
    status, headers, _ = raw(server, "/bucket", "HEAD", authorization=signed.format("x", "eu-west-1"))
    assert (status, headers["x-amz-bucket-region"]) == (200, "eu-west-1")
    assert server.stats()["unsigned"] == 3
    server.set(require="test", region=None)
    assert bytes(obstore.get(rust(server), "a.json").bytes()) == b"<a.json>"


# Latency and faults


def test_latency_and_requests_in_flight(server: ObjectServer) -> None:
    server.set(latency=0.1)
    begin = time.monotonic()
    threads = [threading.Thread(target=raw, args=(server, f"/bucket/many/{number:04d}")) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.monotonic() - begin
    assert 0.1 <= taken < 0.6
    stats = server.stats()
    assert (stats["most_in_flight"], stats["in_flight"]) == (8, 0)
    assert stats["ops"] == {"GET": 8}
    assert stats["gets"] == {f"bucket/many/{number:04d}": 1 for number in range(8)}
    server.reset()
    server.set(latency=0)
    raw(server, "/bucket/a.json")
    assert server.stats()["most_in_flight"] == 1


def test_an_answer_is_in_flight_until_it_has_left(server: ObjectServer) -> None:
    server.put("bucket", "big", b"x" * 20 * MEBIBYTE)
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", "/bucket/big")
        response = connection.getresponse()
        assert server.stats()["in_flight"] == 1
        assert len(response.read()) == 20 * MEBIBYTE
        server.idle()
        connection.request("GET", "/bucket/a.json")
        assert connection.getresponse().read() == b"<a.json>"


@pytest.mark.parametrize(("kind", "status", "name"), [
    ("slowdown", 503, "SlowDown"), ("internal", 500, "InternalError"), ("denied", 403, "AccessDenied"),
    ("expired", 400, "ExpiredToken"), ("skewed", 403, "RequestTimeTooSkewed"), ("missing", 404, "NoSuchKey"),
    ("conflict", 409, "ConditionalRequestConflict"), ("unavailable", 502, ""),
])  # fmt: skip
def test_faults_that_are_answers(server: ObjectServer, kind: str, status: int, name: str) -> None:
    server.faults({"kind": kind, "op": "GET", "key": "a.*"})
    assert raw(server, "/bucket/b/1.json")[0] == 200
    found, headers, body = raw(server, "/bucket/a.json")
    assert (found, code(body)) == (status, name)
    assert ("<html>" in body.decode()) == (kind == "unavailable") == (headers["content-type"] == "text/html")
    assert raw(server, "/bucket/a.json")[0] == (404 if kind == "missing" else 200)
    assert server.stats()["faults"] == {kind: 1}
    assert [request[5] for request in server.log()][:2] == [200, status]


def test_faults_that_cut_the_answer(server: ObjectServer) -> None:
    body = b"0123456789" * 10
    server.put("bucket", "key", body)
    server.faults({"kind": "reset"})
    with pytest.raises(ConnectionResetError):
        raw(server, "/bucket/key")
    assert server.log()[-1][5] == 0
    for kind, error in [("reset_body", ConnectionResetError), ("short", None), ("stall", TimeoutError)]:
        server.faults({"kind": kind})
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.3)) as connection:
            connection.request("GET", "/bucket/key")
            with connection.getresponse() as response:
                assert (response.status, response.getheader("Content-Length")) == (200, "100")
                assert response.read(50) == body[:50]
                if error is None:
                    with pytest.raises(http.client.IncompleteRead):
                        response.read()
                else:
                    with pytest.raises(error):
                        response.read()
                if kind == "stall":
                    assert server.stats()["in_flight"] == 1
        server.idle()
        assert raw(server, "/bucket/key")[2] == body
    server.faults({"kind": "stall_head"})
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.2) as connection:
        connection.sendall(b"GET /bucket/key HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)
    server.idle()


@pytest.mark.parametrize("kind", ["slowdown", "unavailable", "reset", "reset_body", "short", "stall", "stall_head"])
def test_faults_as_a_client_without_retries_meets_them(server: ObjectServer, kind: str) -> None:
    server.faults({"kind": kind})
    store = rust(server, timeout="300ms")
    with pytest.raises((GenericError, OSError)):
        obstore.get(store, "a.json").bytes()
    server.idle()
    assert bytes(obstore.get(store, "a.json").bytes()) == b"<a.json>"
    assert server.stats()["faults"] == {kind: 1}


def test_slow(server: ObjectServer) -> None:
    server.put("bucket", "key", b"0123456789")
    server.faults({"kind": "slow", "seconds": 0.5})
    begin = time.monotonic()
    assert raw(server, "/bucket/key")[2] == b"0123456789"
    assert 0.35 < time.monotonic() - begin < 1.5


def test_wrong(server: ObjectServer) -> None:
    etag = server.put("bucket", "key", b'{"year": 1982, "nothing": null}')
    server.put("bucket", "text", b"text")
    server.faults({"kind": "wrong"})
    _, headers, body = raw(server, "/bucket/key")
    assert (headers["etag"], json.loads(body)) == (etag, {"year": 2971, "nothing": None})
    assert raw(server, "/bucket/text")[2] not in (b"text", b"")
    assert raw(server, "/bucket/text")[2] == b"text"


def test_replaced(server: ObjectServer) -> None:
    etag = server.put("bucket", "key", b"one", WHEN)
    server.faults({"kind": "replaced", "body": "two"})
    status, _, body = raw(server, "/bucket/key", if_match=etag)
    assert (status, code(body)) == (412, "PreconditionFailed")
    assert server.get("bucket", "key") == b"two"
    assert obstore.head(rust(server), "key")["last_modified"] > WHEN


def test_garbage(server: ObjectServer) -> None:
    server.faults({"kind": "garbage", "op": "LIST"})
    store = rust(server)
    with pytest.raises(GenericError):
        obstore.list(store).collect()
    assert len(obstore.list(store).collect()) == len(KEYS)


def test_a_fault_may_come_after_the_effect(server: ObjectServer) -> None:
    server.faults({"kind": "reset", "op": "PUT"}, {"kind": "reset", "op": "DELETE", "applied": True})
    with pytest.raises(ConnectionResetError):
        raw(server, "/bucket/key", "PUT", b"new")
    with pytest.raises(ConnectionResetError):
        raw(server, "/bucket/a.json", "DELETE")
    assert server.keys("bucket") == KEYS[1:]


def hit(server: ObjectServer, keys: list[str]) -> list[str]:
    """Those of these requests that failed."""
    return [key for key in keys if raw(server, f"/bucket/{quote(key)}")[0] == 503]


def test_schedules(server: ObjectServer) -> None:
    keys = KEYS[5:15]
    server.faults({"kind": "slowdown", "skip": 1, "times": 2})
    assert [hit(server, keys) for _ in range(4)] == [[], keys, keys, []]
    server.faults({"kind": "slowdown", "skip": 3, "times": 4, "per_key": False})
    assert [hit(server, keys) for _ in range(2)] == [keys[3:7], []]
    server.faults({"kind": "slowdown", "times": None, "op": "HEAD|GET", "key": "many/*5"})
    assert [hit(server, keys) for _ in range(3)] == [[key for key in keys if key[-1] == "5" and "many" in key]] * 3


def test_shares_do_not_depend_on_the_order(server: ObjectServer) -> None:
    keys = KEYS[5:35]
    rule = {"kind": "slowdown", "share": 0.4, "seed": 1, "times": None}
    server.faults(rule)
    first = [hit(server, keys) for _ in range(2)]
    server.reset()
    assert [sorted(hit(server, keys[::-1])) for _ in range(2)] == [sorted(each) for each in first]
    assert first[0] != first[1]
    assert 0 < len(first[0]) < len(keys)
    server.faults(rule | {"seed": 2})
    assert hit(server, keys) != first[0]


def test_every_page_is_a_key_of_its_own(server: ObjectServer, boto: Any) -> None:
    server.faults({"kind": "slowdown", "op": "LIST"})
    statuses = [raw(server, "/bucket?list-type=2&start-after=" + start)[0] for start in ("a", "a", "b", "b")]
    assert statuses == [503, 200, 503, 200]


def test_options_that_are_none(server: ObjectServer) -> None:
    with pytest.raises(ValueError, match="no such kind of fault: nothing"):
        server.faults({"kind": "nothing"})
    with pytest.raises(ValueError, match="chance"):
        server.faults({"kind": "reset", "chance": 1})
    with pytest.raises(ValueError, match="no such option: delay"):
        server.set(delay=1)


# The process


def test_environment_points_a_client_here(server: ObjectServer) -> None:
    program = (
        "import obstore; from obstore.store import S3Store\n"
        "store = S3Store('bucket', client_options={'allow_http': True})\n"
        "print(bytes(obstore.get(store, 'a.json').bytes()))"
    )
    environment = {"PATH": os.environ["PATH"]} | server.environment()
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "b'<a.json>'\n"


def test_no_process_is_left_when_the_tests_are_killed() -> None:
    program = (
        "import time; from tests.objects import ObjectServer\n"
        "with ObjectServer() as server: print(server.port, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        port = int(holder.stdout.readline())
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    pytest.fail("the server is still there")


def test_close_ends_it() -> None:
    with ObjectServer(latency=0.5, require="AKID") as server:
        pid = server.pid
        assert raw(server, "/bucket")[0] == 403
    server.close()
    assert not Path(f"/proc/{pid}").exists()
