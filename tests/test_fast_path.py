"""Clean data takes the engine's own reader, and none of it the exact one: that is where the speed is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparkify import etl
from sparkify.config import load_settings
from sparkify.simulate import Company, simulate
from sparkify.source.records import Checker, Value
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
