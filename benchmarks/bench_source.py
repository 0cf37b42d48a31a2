"""Loading many small objects from object storage, beside other ways to read them, in turn, in one run.

    python -m benchmarks.bench_source                    14,897 songs and 30 logs, 20 ms latency (about 5 minutes)
    python -m benchmarks.bench_source --rounds 1 --songs 2000

The store is the tests' own server on the loopback interface, which answers every request after the latency. The
floor only lists and fetches, with the same library and as many requests at a time as the load. A loop that reads
one object after the other is timed on the first thousand and scaled, because it takes minutes. Wall and CPU
seconds are those of the whole process; read ratios, not seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sparkify.simulate import Company, simulate
from tests.objects import ObjectServer

CONCURRENCY = 64
SAMPLE = 1000
FAULTS = ("slowdown", "internal", "reset", "reset_body", "short")

TABLES = dict.fromkeys(("users", "songs", "artists", "time"), "*") | {"songplays": "* exclude (songplay_id)"}

FLOOR = f"""
import os
from concurrent.futures import ThreadPoolExecutor
import obstore
from obstore.store import S3Store
store = S3Store("bucket", client_options={{"allow_http": True, "pool_max_idle_per_host": "256"}})
keys = [each["path"] for page in obstore.list(store, chunk_size=1000) for each in page]
with ThreadPoolExecutor({CONCURRENCY}) as pool:
    print(sum(pool.map(lambda key: len(bytes(obstore.get(store, key).bytes())), keys)))
"""
BOTO3 = """
import sys
from concurrent.futures import ThreadPoolExecutor
import boto3
from botocore.config import Config
threads, most = int(sys.argv[1]), int(sys.argv[2])
client = boto3.client("s3", config=Config(max_pool_connections=threads, s3={"addressing_style": "path"}))
pages = client.get_paginator("list_objects_v2").paginate(Bucket="bucket")
keys = [each["Key"] for page in pages for each in page["Contents"]][:most]
read = lambda key: len(client.get_object(Bucket="bucket", Key=key)["Body"].read())
with ThreadPoolExecutor(threads) as pool:
    print(sum(pool.map(read, keys)))
"""
HTTPFS = """
import os, duckdb
connection = duckdb.connect()
connection.execute("install httpfs; load httpfs")
endpoint = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
connection.execute(
    f"create secret (type s3, key_id 'test', secret 'test', region 'us-east-1', endpoint '{endpoint}', "
    "url_style 'path', use_ssl false)"
)
for folder in ("song_data", "log_data"):
    print(connection.sql(f"select count(*) from read_json('s3://bucket/{folder}/**/*.json')").fetchall())
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one process took."""

    wall: float
    cpu: float
    peak: float
    """MB."""


def measure(command: list[str], server: ObjectServer, *, may_fail: bool = False) -> Figures | None:
    """Run a command against the server; None when it fails and may."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **server.environment()}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        if may_fail:
            return None
        raise RuntimeError(f"{command} left with {process.returncode}")
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=14_897)
    parser.add_argument("--latency", type=float, default=0.02, help="seconds")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sparkify-bench-") as name:
        folder = Path(name)
        simulate(folder / "files", Company(events=8_000, songs=arguments.songs, users=100))
        with ObjectServer(latency=arguments.latency, folders={"bucket": folder / "files"}) as server:
            run(server, folder, arguments.rounds)


def run(server: ObjectServer, folder: Path, rounds: int) -> None:
    """Measure the contenders in turn, and print medians and ratios to the floor."""
    count = len(server.keys("bucket"))
    print(f"{count:,} objects, {os.cpu_count()} cores, {rounds} rounds")
    found: dict[str, list[Figures]] = {}
    tables: dict[str, object] = {}

    def note(name: str, figures: Figures | None) -> None:
        if figures is not None:
            found.setdefault(name, []).append(figures)

    for number in range(rounds):
        note(f"floor: list and fetch, {CONCURRENCY} at a time", measure([sys.executable, "-c", FLOOR], server))
        note("load", load(server, folder, "load", tables))
        asked = server.stats()
        note("load again: nothing new", measure(command(folder, "load"), server))
        print(
            f"round {number + 1}: load sent {asked['ops']}, at most {max(asked['gets'].values())} GET an object, "
            f"{asked['most_in_flight']} at a time; again: {again(server, asked)}"
        )
        server.faults(*({"kind": kind, "op": "GET", "share": 0.01, "seed": number, "times": 2} for kind in FAULTS))
        note("load, 5 % of GETs fail", load(server, folder, "faults", tables))
        print(f"         faults met: {server.stats()['faults']}; equal tables: {tables['load'] == tables['faults']}")
        server.faults()
        note("boto3, 32 threads", measure([sys.executable, "-c", BOTO3, "32", str(count)], server))
        if not number:
            part = measure([sys.executable, "-c", BOTO3, "1", str(min(SAMPLE, count))], server)
            assert part is not None
            scale = count / min(SAMPLE, count)
            note("boto3, one by one (scaled)", Figures(part.wall * scale, part.cpu * scale, part.peak))
            note("DuckDB's own S3 reading", measure([sys.executable, "-c", HTTPFS], server, may_fail=True))
    floor = statistics.median(each.wall for each in next(iter(found.values())))
    print(f"\n{'':38} {'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'to floor':>9}")
    for name, figures in found.items():
        wall, cpu, peak = (statistics.median(getattr(each, of) for each in figures) for of in ("wall", "cpu", "peak"))
        print(f"{name:38} {wall:8.2f} {cpu:8.2f} {peak:8,.0f} {wall / floor:9.2f}")
    if "DuckDB's own S3 reading" not in found:
        print("DuckDB's own S3 reading: its extension cannot be had here")


def command(folder: Path, name: str) -> list[str]:
    """The load, into a warehouse of its own."""
    return [sys.executable, "-m", "sparkify", "etl", "--warehouse", f"duckdb:///{folder / name}.duckdb",
            "--song-data", "s3://bucket/song_data", "--log-data", "s3://bucket/log_data"]  # fmt: skip


def load(server: ObjectServer, folder: Path, name: str, tables: dict[str, object]) -> Figures | None:
    """A load from nothing; what the tables hold afterwards goes to `tables`."""
    path = folder / f"{name}.duckdb"
    path.unlink(missing_ok=True)
    server.reset()
    figures = measure(command(folder, name), server)
    with duckdb.connect(str(path), read_only=True) as connection:
        tables[name] = [
            connection.execute(f"select {columns} from {table} order by all").fetchall()
            for table, columns in TABLES.items()
        ]
    return figures


def again(server: ObjectServer, before: dict[str, dict[str, int]]) -> dict[str, int]:
    """What was sent since."""
    now = server.stats()["ops"]
    return {op: sent - before["ops"].get(op, 0) for op, sent in now.items() if sent > before["ops"].get(op, 0)}


if __name__ == "__main__":
    main()
