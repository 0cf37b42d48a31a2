"""Clean data takes the engine's own reader, and none of it the exact one: that is where the speed is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest
import zstandard

from sparkify import etl
from sparkify.config import load_settings
from sparkify.simulate import Company, simulate
from sparkify.source.grammar import Value
from sparkify.source.records import Checker
from sparkify.warehouse import open_warehouse


@pytest.fixture
def exact_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lines that the exact reader looks at, as a load goes on; it goes on looking at them."""
    seen: list[int] = []
    check = Checker.check

    def counted(self: Checker, value: Value) -> dict[str, str | int | float]:
        seen.append(value.line)
        return check(self, value)

    monkeypatch.setattr(Checker, "check", counted)
    return seen


# Small files are joined into parts, piece by piece; large ones stay where they lie.
@pytest.mark.parametrize(("events", "days"), [(300, 3), (8_000, 30), (8_000, 2)])
def test_clean_data_never_takes_the_exact_reader(
    tmp_path: Path, exact_reads: list[int], events: int, days: int
) -> None:
    simulate(tmp_path, Company(events=events, songs=400, days=days))
    load(tmp_path)
    assert exact_reads == []


def test_a_file_that_needs_the_exact_reader_takes_only_its_part_along(tmp_path: Path, exact_reads: list[int]) -> None:
    simulate(tmp_path, Company(events=8_000, songs=20, days=2))
    first = min((tmp_path / "log_data").rglob("*.json"))
    lines = first.read_bytes().count(b"\n") + 1
    first.write_bytes(first.read_bytes().replace(b'"page":', b'"Page":', 1))
    load(tmp_path)
    assert len(exact_reads) == lines


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("shift", [-1, 0, 1])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_compressed_file_is_read_to_its_end_wherever_its_lines_end(
    tmp_path: Path, suffix: str, shift: int, bom: bytes
) -> None:
    """A block that ends with its line leaves nothing over, and yet is not the last."""
    width = 512  # lines that end where blocks of 128 KiB do, but for the shift
    lines = []
    for number in range(2_000):
        event = {"page": "NextSong", "ts": 1541000000000 + number, "userId": "1", "sessionId": number, "userAgent": ""}
        event["userAgent"] = "u" * (width - 1 - len(json.dumps(event)) + (shift - len(bom) if not number else 0))
        lines.append(json.dumps(event))
    data = bom + "\n".join(lines).encode()
    packed = gzip.compress(data) if suffix == ".gz" else zstandard.compress(data)
    for folder in ("log_data", "song_data"):
        (tmp_path / folder).mkdir()
    (tmp_path / f"log_data/a.json{suffix}").write_bytes(packed)
    load(tmp_path)
    with duckdb.connect(str(tmp_path / "fast.duckdb"), read_only=True) as warehouse:
        assert warehouse.execute("select count(*) from songplays").fetchall() == [(2_000,)]
        assert warehouse.execute("select rows, rejected from etl_files").fetchall() == [(2_000, 0)]


def load(folder: Path) -> None:
    settings = load_settings(
        warehouse=f"duckdb:///{folder / 'fast.duckdb'}",
        song_data=str(folder / "song_data"),
        log_data=str(folder / "log_data"),
    )
    warehouse = open_warehouse(settings)
    try:
        assert etl.run(warehouse, settings).status == "loaded"
    finally:
        warehouse.close()
