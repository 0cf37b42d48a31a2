"""A small S3-compatible object server of the tests' own, with latency and faults by a schedule.

python -m tests.object_server --port 0 --folder BUCKET=DIR     prints its port; leaves when its standard input ends

It is one process with one thread and an asyncio.Protocol of its own, because it runs beside the program it is to test
and must not be what is measured. `tests.objects.ObjectServer` starts and steers it.
"""

import argparse
import asyncio
import contextlib
import gc
import hashlib
import json
import os
import re
import socket
import struct
import threading
import time
import traceback
from collections import Counter, deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.object_store import XML, Answer, Bucket, Request, S3Error, Store, VirtualBucket, escape, http_date, stored

MOST_HEAD = 65536
"""Bytes of request line and headers above which a connection is closed."""

PHRASES = {status.value: status.phrase for status in HTTPStatus}
CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,]*)/[^/,]*/([^/,]*)/")
LIES = bytes.maketrans(b"12345678", b"21436587")
"""Other digits, so that JSON stays JSON and says something else."""

ERRORS = {
    "slowdown": (503, "SlowDown", "Please reduce your request rate."),
    "internal": (500, "InternalError", "We encountered an internal error. Please try again."),
    "denied": (403, "AccessDenied", "Access Denied"),
    "archived": (403, "InvalidObjectState", "The operation is not valid for the object's storage class"),
    "expired": (400, "ExpiredToken", "The provided token has expired."),
    "skewed": (403, "RequestTimeTooSkewed", "The difference between the request time and ours is too large."),
    "conflict": (409, "ConditionalRequestConflict", "A conflicting operation occurred during this request."),
}
ANSWERS = {
    "unavailable": Answer(502, "Content-Type: text/html\r\n", b"<html><body><h1>502 Bad Gateway</h1></body></html>"),
    "garbage": Answer(200, XML, b"<ListBucketResult><Contents><Key>song_data/A</Contents> & so on"),
}
CUT = ("reset_body", "short", "stall")
"""Kinds that break off within the body."""

KINDS = {*ERRORS, *ANSWERS, *CUT, "reset", "stall_head", "slow", "wrong", "missing", "replaced"}


@dataclass
class Rule:
    """One line of the schedule of faults, and how often it was met.

    `skip` and `times` count the matching requests of each key (per_key) or all of them. Every page of a listing and
    every part of an upload counts as a key of its own. The first rule that fires is the one that counts. `seconds` is
    how long a slow body takes, `body` what an object is replaced by. With `applied` the request takes effect before
    its answer is lost or is an error instead.
    """

    kind: str
    op: str = "*"
    key: str = "*"
    share: float = 1.0
    seed: int = 0
    skip: int = 0
    times: int | None = 1
    per_key: bool = True
    seconds: float = 1.0
    body: str = ""
    applied: bool = False
    seen: Counter[str] = field(default_factory=Counter, init=False)
    fired: Counter[str] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such kind of fault: {self.kind}")

    def fires(self, request: Request, name: str) -> bool:
        """Whether this request gets the fault; it is counted."""
        if (self.op != "*" and request.op not in self.op.split("|")) or not fnmatchcase(listed(request), self.key):
            return False
        scope = name if self.per_key else ""  # "" is the name of no request
        self.seen.update({name, ""})
        if self.seen[scope] <= self.skip or (self.times is not None and self.fired[scope] >= self.times):
            return False
        if self.share < 1:
            text = f"{self.seed} {self.kind} {self.seen[name]} {name}".encode()
            if int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >= self.share * 2**64:
                return False
        self.fired[scope] += 1
        return True


def listed(request: Request) -> str:
    """What the glob of a rule is held against: the key, or the prefix of a listing."""
    return request.key or request.query.get("prefix", "")


def identity(request: Request) -> str:
    """What "per key" means for a request."""
    query = request.query
    part = "".join(f" {query[name]}" for name in ("start-after", "continuation-token", "partNumber") if name in query)
    return f"{request.bucket}/{listed(request)}{part}"


class Server:
    """The options, the statistics, and what a request gets: an answer of the store, a refusal or a fault."""

    def __init__(self, store: Store, latency: float = 0.0) -> None:
        self.store = store
        self.latency = latency
        self.require: str | None = None
        self.expired: list[str] = []
        self.region: str | None = None
        self.redirect_unsigned = False
        self.faults: list[Rule] = []
        self.in_flight = 0
        self.reset()

    def reset(self) -> None:
        """Forget what was counted; rules begin anew."""
        self.ops: Counter[str] = Counter()
        self.gets: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()
        self.unsigned = 0
        self.most_in_flight = self.in_flight
        self.log: deque[list[Any]] = deque(maxlen=10_000)
        for rule in self.faults:
            rule.seen.clear()
            rule.fired.clear()

    def began(self) -> None:
        """An S3 request has come."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def serve(self, request: Request) -> tuple[Answer, Rule | None]:
        """The answer to an S3 request, and the fault to deliver it with."""
        op = request.op
        self.ops[op] += 1
        if op == "GET":
            self.gets[f"{request.bucket}/{request.key}"] += 1
        rule = None
        try:
            self._admit(request)
            rule = self._fault(request) if self.faults else None
            answer = self.store.answer(request) if rule is None else self._faulty(request, rule)
        except S3Error as error:
            answer = failed(error, request)
        except Exception:  # a mistake of this server must be seen, and not end it
            traceback.print_exc()
            answer = failed(S3Error(*ERRORS["internal"]), request)
        status = 0 if rule is not None and rule.kind in ("reset", "stall_head") else answer.status
        headers = request.headers
        self.log.append([op, request.path, request.query_string, headers.get("range"), headers.get("if-match"), status])
        return answer, rule

    def _admit(self, request: Request) -> None:
        """Refuse who may not ask; raises S3Error."""
        signature = request.headers.get("authorization")
        region = f"x-amz-bucket-region: {self.region or 'us-east-1'}\r\n"
        if signature is None:
            self.unsigned += 1
            if self.redirect_unsigned and self.region:
                message = "The bucket you are attempting to access must be addressed using the specified endpoint."
                raise S3Error(301, "PermanentRedirect", message, headers=region)
            if self.require:
                raise S3Error(403, "AccessDenied", "Access Denied", headers=region)
        elif self.require or self.expired or self.region:
            found = CREDENTIAL.match(signature)
            identifier, scope = (found[1], found[2]) if found else ("", "")
            if identifier in self.expired:
                raise S3Error(*ERRORS["expired"])
            if self.require and identifier != self.require:
                message = "The AWS Access Key Id you provided does not exist in our records."
                raise S3Error(403, "InvalidAccessKeyId", message, headers=region)
            if self.region and scope != self.region:
                message = (
                    f"The authorization header is malformed; the region '{scope}' is wrong; expecting '{self.region}'"
                )
                more = f"<Region>{self.region}</Region>"
                raise S3Error(400, "AuthorizationHeaderMalformed", message, more, region)

    def _fault(self, request: Request) -> Rule | None:
        name = identity(request)
        for rule in self.faults:
            if rule.fires(request, name):
                self.happened[rule.kind] += 1
                return rule
        return None

    def _faulty(self, request: Request, rule: Rule) -> Answer:
        """The answer of a rule; for kinds that spoil the delivery, the true one."""
        kind = rule.kind
        bucket = self.store.buckets.get(request.bucket, Bucket())
        if kind == "missing":
            bucket.remove(request.key)
        elif kind == "replaced" and request.key:
            bucket.put(request.key, stored(rule.body.encode()))
        elif kind in ERRORS or kind in ANSWERS or kind in ("reset", "stall_head"):
            if rule.applied:
                with contextlib.suppress(S3Error):
                    self.store.answer(request)
            return ANSWERS[kind] if kind in ANSWERS else failed(S3Error(*ERRORS.get(kind, ERRORS["internal"])), request)
        answer = self.store.answer(request)
        if kind == "wrong" and answer.status < 300:
            lie = answer.body.translate(LIES)
            return answer._replace(body=lie if lie != answer.body else bytes(byte ^ 1 for byte in lie))
        return answer

    def control(self, request: Request) -> Answer:
        """Steer the server: nothing here is delayed, counted or logged."""
        try:
            return self._control(request)
        except Exception as error:  # the test that asked is to hear of it
            return Answer(400, "", f"{type(error).__name__}: {error}".encode())

    def _control(self, request: Request) -> Answer:
        command, _, rest = request.key.partition("/")
        bucket_name, _, key = rest.partition("/")
        if command == "stats":
            counted = {"ops": self.ops, "most_in_flight": self.most_in_flight, "in_flight": self.in_flight}
            return as_json(counted | {"gets": self.gets, "faults": self.happened, "unsigned": self.unsigned})
        if command == "log":
            return as_json(list(self.log))
        if command == "set":
            self.set(json.loads(request.body))
            return Answer(204)
        if command == "reset":
            self.reset()
            return Answer(204)
        if command == "folder":
            order = json.loads(request.body)
            bucket = self.store.buckets.setdefault(order["bucket"], Bucket())
            return as_json(bucket.load(Path(order["folder"]), order["prefix"]))
        if command == "keys":
            return as_json(list(self.store.buckets[bucket_name].keys()))
        if command != "object":
            raise ValueError(f"no such command: {command}")
        bucket = self.store.buckets.setdefault(bucket_name, Bucket())
        if request.method == "DELETE":
            bucket.remove(key)
        elif request.method == "PUT" and key:
            modified = request.query.get("modified")
            bucket.put(key, made := stored(request.body, int(modified) if modified else None))
            return as_json(made.etag)
        elif request.method == "GET":
            there = bucket.get(key)
            return Answer(404) if there is None else Answer(200, "", there.body)
        return Answer(204)

    def set(self, options: dict[str, Any]) -> None:
        """Change options while running."""
        of_store = {"listing", "ranges"}
        unknown = options.keys() - {"latency", "require", "expired", "region", "redirect_unsigned", "faults"} - of_store
        if unknown:
            raise ValueError(f"no such option: {', '.join(sorted(unknown))}")
        for name, value in options.items():
            owner = self.store if name in of_store else self
            setattr(owner, name, [Rule(**rule) for rule in value] if name == "faults" else value)
        self.store.region = self.region or "us-east-1"


def failed(error: S3Error, request: Request) -> Answer:
    """An error as S3 words it."""
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{error.code}</Code><Message>{error.message}</Message>'
        f"{error.more}<Resource>{escape(request.path)}</Resource><RequestId>4442587FB7D0A2F9</RequestId></Error>"
    )
    return Answer(error.status, error.headers + XML, text.encode())


def as_json(content: object) -> Answer:
    """An answer of the control interface."""
    return Answer(200, "Content-Type: application/json\r\n", json.dumps(content).encode())


class BadRequest(Exception):
    """What came is not HTTP as this server knows it."""


class Connection(asyncio.Protocol):
    """One connection: requests one after the other, however their bytes arrive."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop = asyncio.get_running_loop()
        self.buffer = bytearray()
        self.request: Request | None = None
        self.chunks: bytearray | None = None
        self.length = 0
        self.came = 0.0
        self.busy = self.advancing = self.counted = self.paused = self.sent = self.last = False
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(0)  # so that pause and resume tell when an answer has left

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self.timer is not None:
            self.timer.cancel()
        self._uncount()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._advance()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        if self.sent:
            self._done()

    def _uncount(self) -> None:
        if self.counted:
            self.counted = False
            self.server.in_flight -= 1

    def _advance(self) -> None:
        """Take requests from the buffer; the next one waits until the one before it is answered."""
        if self.advancing:
            return
        self.advancing = True
        try:
            while not self.busy and self.buffer and self._step():
                pass
        except (BadRequest, ValueError, IndexError):
            self.busy = True
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.transport.close()
        finally:
            self.advancing = False

    def _step(self) -> bool:
        """One step of reading; False if it needs more bytes."""
        if self.request is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self.buffer) > MOST_HEAD:
                    raise BadRequest
                return False
            head = self.buffer[:end].decode("latin-1")
            del self.buffer[: end + 4]
            self.request = self._head(head)
        request = self.request
        if self.chunks is not None:
            if not dechunked(self.buffer, self.chunks):
                return False
            request.body = bytes(self.chunks)
        elif self.length:
            if len(self.buffer) < self.length:
                return False
            request.body = bytes(memoryview(self.buffer)[: self.length])
            del self.buffer[: self.length]
        self.request = None
        self.busy = True
        headers = request.headers
        if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
            body = bytearray()
            whole = dechunked(bytearray(request.body), body)
            if not whole or len(body) != int(headers.get("x-amz-decoded-content-length", len(body))):
                raise BadRequest
            request.body = bytes(body)
        self._serve(request)
        return True

    def _head(self, head: str) -> Request:
        lines = head.lstrip("\r\n").split("\r\n")
        method, target, version = lines[0].split(" ")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        path, _, query_string = target.partition("?")
        bucket, _, key = path[1:].partition("/")
        query = dict(parse_qsl(query_string, keep_blank_values=True)) if query_string else {}
        request = Request(method, path, query_string, bucket, unquote(key) if "%" in key else key, query, headers)
        self.last = version == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
        self.chunks = bytearray() if "chunked" in headers.get("transfer-encoding", "").lower() else None
        self.length = int(headers.get("content-length", 0))
        self.came = self.loop.time()
        if bucket != "_control":
            self.counted = True
            self.server.began()
        if headers.get("expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return request

    def _serve(self, request: Request) -> None:
        if request.bucket == "_control":
            self._deliver(request, self.server.control(request), None)
            return
        answer, rule = self.server.serve(request)
        if self.server.latency:
            at = self.came + self.server.latency
            self.timer = self.loop.call_at(at, self._deliver, request, answer, rule)
        else:
            self._deliver(request, answer, rule)

    def _deliver(self, request: Request, answer: Answer, rule: Rule | None) -> None:
        status, headers, body = answer
        kind = rule.kind if rule is not None else None
        if kind == "stall_head":
            return
        if kind == "reset":
            self._reset()
            return
        head = (
            f"HTTP/1.1 {status} {PHRASES[status]}\r\nx-amz-request-id: 4442587FB7D0A2F9\r\n"
            f"Date: {http_date(int(time.time()))}\r\n{headers}"
            + ("" if status in (204, 304) else f"Content-Length: {len(body)}\r\n")
            + ("Connection: close\r\n\r\n" if self.last else "\r\n")
        ).encode("latin-1")
        if request.method == "HEAD" or status in (204, 304):
            body = b""
        if rule is not None and kind in CUT:
            self.transport.write(head + body[: len(body) // 2])
            if kind == "reset_body":
                self.timer = self.loop.call_later(0.02, self._reset)  # so that the half is read before
            elif kind == "short":
                self.transport.close()
        elif rule is not None and kind == "slow":
            self.transport.write(head)
            self._dribble(body, max(1, -(-len(body) // max(1, round(rule.seconds * 10)))))
        elif len(body) > 65536:
            self.transport.write(head)
            self._finish(body)
        else:
            self._finish(head + body)

    def _finish(self, data: bytes) -> None:
        """Write the end of an answer; it is done when it has left."""
        self.transport.write(data)
        if self.paused:
            self.sent = True
        else:
            self._done()

    def _done(self) -> None:
        self._uncount()
        self.sent = self.busy = False
        if self.last:
            self.busy = True
            self.transport.close()
        else:
            self._advance()

    def _dribble(self, body: bytes, size: int) -> None:
        if len(body) <= size:
            self._finish(body)
            return
        self.transport.write(body[:size])
        self.timer = self.loop.call_later(0.1, self._dribble, body[size:], size)

    def _reset(self) -> None:
        """Close so that the client gets RST instead of FIN."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def dechunked(source: bytearray, into: bytearray) -> bool:
    """Move whole chunks from one buffer to the other; True when the last one and the trailers were among them."""
    while (end := source.find(b"\r\n")) >= 0:
        size = int(source[:end].split(b";")[0], 16)
        if size == 0:
            closing = source.find(b"\r\n\r\n", end)
            if closing < 0:
                return False
            del source[: closing + 4]
            return True
        if len(source) < end + size + 4:
            return False
        into += memoryview(source)[end + 2 : end + 2 + size]
        del source[: end + size + 4]
    return False


async def run(server: Server, port: int) -> None:
    """Listen until the process is ended."""
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Connection(server), "127.0.0.1", port, backlog=1024)
    gc.collect()
    gc.freeze()
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


def leave_with_starter() -> None:
    """End when standard input does: whoever holds its other end is gone, even if it was killed."""
    while os.read(0, 4096):
        pass
    os._exit(0)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--bucket", action="append", default=[], metavar="BUCKET")
    parser.add_argument("--folder", action="append", default=[], metavar="BUCKET=DIR")
    parser.add_argument("--virtual", action="append", default=[], metavar="BUCKET=N")
    options = parser.parse_args()
    store = Store({name: Bucket() for name in options.bucket})
    for name, _, count in (text.partition("=") for text in options.virtual):
        store.buckets[name] = VirtualBucket(int(count))
    for name, _, folder in (text.partition("=") for text in options.folder):
        store.buckets.setdefault(name, Bucket()).load(Path(folder))
    threading.Thread(target=leave_with_starter, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(Server(store, options.latency), options.port))


if __name__ == "__main__":
    main()
