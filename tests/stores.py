"""Object stores that nobody here wrote, started on this machine for a test: SeaweedFS and moto."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

_SECONDS_TO_START = 60
_CREDENTIALS = {"accessKey": "test", "secretKey": "secret"}


@dataclass(frozen=True)
class Store:
    """A server that speaks S3, and how it is reached."""

    name: str
    endpoint: str

    @contextmanager
    def pointed(self) -> Iterator[None]:
        """This process and those it starts find the server, and nothing else that is configured."""
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("AWS_")}
        here = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": _CREDENTIALS["accessKey"],
            "AWS_SECRET_ACCESS_KEY": _CREDENTIALS["secretKey"],
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent/config",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
        }
        with patch.dict(os.environ, kept | here, clear=True):
            yield

    def client(self) -> Any:
        """The client of AWS itself, which lists and writes past the loader; close it."""
        import boto3  # type: ignore[import-untyped]

        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="test",
            aws_secret_access_key="secret",
        )  # fmt: skip


@contextmanager
def seaweedfs(folder: Path) -> Iterator[Store]:
    """SeaweedFS: it lists folders before the objects beside them, whatever their names."""
    program = Path(sys.executable).with_name("weed")
    (folder / "data").mkdir()
    config = folder / "s3.json"
    who = {"name": "test", "credentials": [_CREDENTIALS], "actions": ["Admin", "Read", "Write", "List"]}
    config.write_text(json.dumps({"identities": [who]}))
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
             "s3.port", "s3.port.grpc")  # fmt: skip
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    command = [
        str(program), "-logtostderr=true", "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-filer", "-s3", f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64", "-volume.max=16", *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    with _running(command, folder / "weed.log", f"http://127.0.0.1:{ports['s3.port']}") as endpoint:
        yield Store("seaweedfs", endpoint)


@contextmanager
def moto(folder: Path) -> Iterator[Store]:
    """Moto's server: AWS as its authors understand it."""
    [port] = _free_ports(1)
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, folder / "moto.log", f"http://127.0.0.1:{port}") as endpoint:
        yield Store("moto", endpoint)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


@contextmanager
def _running(command: list[str], log: Path, endpoint: str) -> Iterator[str]:
    """A server while the context lasts, however it ends; ready when it answers, be it that nobody may ask."""
    with log.open("wb") as stream:
        # A group of its own: what interrupts the tests must not end the server before they have cleaned up.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, process_group=0, cwd=log.parent
        )
        try:
            deadline = time.monotonic() + _SECONDS_TO_START
            while not _answers(endpoint):
                assert process.poll() is None, f"{command[0]} ended:\n{log.read_text(errors='replace')[-2000:]}"
                assert time.monotonic() < deadline, f"no answer:\n{log.read_text(errors='replace')[-2000:]}"
                time.sleep(0.1)
            yield endpoint
        finally:
            process.kill()
            process.wait()


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(endpoint, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
    return True
