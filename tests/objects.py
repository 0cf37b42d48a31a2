"""The handle by which tests and benchmarks use the object server of `tests.object_server`."""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

ROOT = Path(__file__).parent.parent
TIMEOUT = 60
"""Seconds after which the server is stuck rather than slow."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ObjectServer:
    """A server of its own process while the context lasts.

    with ObjectServer(latency=0.02, folders={"bucket": path}) as server:
        server.faults({"kind": "slowdown", "op": "GET", "share": 0.05, "seed": 1})
    """

    def __init__(
        self,
        *,
        latency: float = 0.0,
        buckets: Iterable[str] = (),
        folders: Mapping[str, Path | str] | None = None,
        virtual: Mapping[str, int] | None = None,
        **options: Any,
    ) -> None:
        self.port = 0
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._command = [sys.executable, "-m", "tests.object_server", "--port", "0", "--latency", str(latency)]
        for bucket in buckets:
            self._command += ["--bucket", bucket]
        for bucket, folder in (folders or {}).items():
            self._command += ["--folder", f"{bucket}={Path(folder).absolute()}"]
        for bucket, count in (virtual or {}).items():
            self._command += ["--virtual", f"{bucket}={count}"]

    def __enter__(self) -> Self:
        # A group of its own: what interrupts the tests must not end the server before they have cleaned up.
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
        )
        assert self._process.stdout is not None
        try:
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError("the object server did not start")
            self.port = int(line)
            if self._options:
                self.set(**self._options)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server. It ends by itself if this process does, because its standard input ends then."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    @property
    def pid(self) -> int:
        """The process of the server, such as for how much time it took."""
        assert self._process is not None
        return self._process.pid

    @property
    def endpoint(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables that point a client here, and away from whatever else is configured."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent/config",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
        }

    def make(self, bucket: str) -> None:
        """Create a bucket, if it is not there."""
        self._ask("PUT", f"object/{bucket}/")

    def put(self, bucket: str, key: str, data: bytes | str, modified: datetime | int | None = None) -> str:
        """Store an object, modified now or then (a time or microseconds since the epoch); its ETag."""
        if isinstance(modified, datetime):
            modified = (modified - EPOCH) // timedelta(microseconds=1)
        query = "" if modified is None else f"?modified={modified}"
        body = data.encode() if isinstance(data, str) else data
        etag: str = json.loads(self._ask("PUT", f"object/{bucket}/{quote(key)}{query}", body))
        return etag

    def put_folder(self, bucket: str, folder: Path | str, prefix: str = "") -> int:
        """Store every file below a folder; how many."""
        order = {"bucket": bucket, "folder": str(Path(folder).absolute()), "prefix": prefix}
        count: int = json.loads(self._ask("POST", "folder", json.dumps(order).encode()))
        return count

    def get(self, bucket: str, key: str) -> bytes:
        """The bytes of an object, past all faults; KeyError if there is none."""
        return self._ask("GET", f"object/{bucket}/{quote(key)}")

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object, if it is there."""
        self._ask("DELETE", f"object/{bucket}/{quote(key)}")

    def keys(self, bucket: str) -> list[str]:
        """All keys of a bucket in order."""
        keys: list[str] = json.loads(self._ask("GET", f"keys/{bucket}"))
        return keys

    def set(self, **options: Any) -> None:
        """Change any of latency, require, expired, region, redirect_unsigned, faults, listing and ranges."""
        self._ask("POST", "set", json.dumps(options, default=list).encode())

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """Have these rules, and no others, from now on; see `tests.object_server.Rule`."""
        self.set(faults=rules)

    def stats(self) -> dict[str, Any]:
        """What was counted: ops, gets, faults, unsigned, in_flight, most_in_flight."""
        counted: dict[str, Any] = json.loads(self._ask("GET", "stats"))
        return counted

    def log(self) -> list[list[Any]]:
        """The last requests: op, path, query, Range, If-Match and status (0: none was sent)."""
        requests: list[list[Any]] = json.loads(self._ask("GET", "log"))
        return requests

    def reset(self) -> None:
        """Forget what was counted, and begin the faults anew."""
        self._ask("POST", "reset")

    def idle(self, seconds: float = 5.0) -> None:
        """Wait until no request is in flight."""
        end = time.monotonic() + seconds
        while self.stats()["in_flight"]:
            assert time.monotonic() < end, "requests are still in flight"
            time.sleep(0.005)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)) as connection:
            connection.request(method, f"/_control/{path}", body)
            response = connection.getresponse()
            data = response.read()
        if response.status == 404:
            raise KeyError(path)
        if response.status >= 300:
            raise ValueError(data.decode())
        return data
