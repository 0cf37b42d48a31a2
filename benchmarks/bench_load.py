"""The load beside the bare scan of the same files by the same engine, interleaved, in one run.

    python -m benchmarks.bench_load                        2,000,000 events, 5 rounds (about 5 minutes)
    python -m benchmarks.bench_load --events 200000 --rounds 3
    python -m benchmarks.bench_load --small-files          15,000 songs in files of their own

Wall and CPU (user + system) seconds are those of the whole process: interpreter, imports, closing. The first
round is not counted. Read ratios: machines are noisy, absolute seconds of two runs do not compare.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sparkify.simulate import Company, simulate

SCAN = """
import sys, glob, duckdb
from sparkify.source.fields import EVENT_FIELDS, Type
types = {Type.TEXT: "VARCHAR", Type.INT: "INTEGER", Type.DOUBLE: "DOUBLE", Type.EPOCH: "BIGINT"}
# userId is text in the source, and empty for logged-out events.
columns = ", ".join(f"'{f.name}': '{'VARCHAR' if f.name == 'userId' else types[f.type]}'" for f in EVENT_FIELDS)
counts = ", ".join(f'count("{f.name}")' for f in EVENT_FIELDS)
files = sorted(glob.glob(sys.argv[1] + "/log_data/**/*.json", recursive=True))
duckdb.sql(f"select {counts} from read_json({files}, format='newline_delimited', columns={{{columns}}})").fetchall()
"""
READ = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb") as stream:
            stream.read()
"""


def measure(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MB of a command; raises when it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} left with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--songs", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--small-files", action="store_true", help="8,000 events and 14,896 songs in files of their own"
    )
    arguments = parser.parse_args()
    if arguments.small_files:
        arguments.events, arguments.songs = 8_000, 14_896
    folder = Path(tempfile.mkdtemp(prefix="sparkify-bench-"))
    try:
        company = Company(events=arguments.events, songs=arguments.songs, users=max(100, arguments.events // 1000))
        start = time.perf_counter()
        written = simulate(folder, company)
        seconds = time.perf_counter() - start
        print(
            f"{written.events:,} events, {written.songs:,} songs, {written.bytes / 1e6:,.0f} MB, "
            f"{os.cpu_count()} cores; simulated in {seconds:.1f} s ({written.events / seconds:,.0f} events/s)"
        )
        run(folder, arguments.rounds, small=arguments.small_files)
    finally:
        shutil.rmtree(folder)


def run(folder: Path, rounds: int, *, small: bool) -> None:
    """Measure the contenders in turn, and print medians and paired ratios."""
    warehouse = folder / "bench.duckdb"
    load = [sys.executable, "-m", "sparkify", "etl", "--warehouse", f"duckdb:///{warehouse}",
            "--song-data", str(folder / "song_data"), "--log-data", str(folder / "log_data")]  # fmt: skip
    floor = "read every file" if small else "bare scan"
    contenders = {
        floor: [sys.executable, "-c", READ if small else SCAN, str(folder)],
        "load": load,
        "load again": load,
    }
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        warehouse.unlink(missing_ok=True)
        for name, command in contenders.items():
            figures = measure(command)
            if number:
                found[name].append(figures)
    print(f"{'':18} {'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'wall ratio':>11} {'CPU ratio':>10}")
    for name, rounds_of in found.items():
        wall, cpu, peak = (statistics.median(each[i] for each in rounds_of) for i in range(3))
        pairs = list(zip(rounds_of, found[floor], strict=True))
        ratios = [statistics.median(mine[i] / theirs[i] for mine, theirs in pairs) for i in range(2)]
        print(f"{name:18} {wall:8.2f} {cpu:8.2f} {peak:8,.0f} {ratios[0]:11.2f} {ratios[1]:10.2f}")


if __name__ == "__main__":
    main()
