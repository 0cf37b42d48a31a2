"""Settings: flags > environment > sparkify.toml > defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparkify.config import load_settings, parse_bytes
from sparkify.errors import UsageError


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPARKIFY_WAREHOUSE", raising=False)


def test_each_source_wins_over_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().warehouse == "duckdb:///sparkify.duckdb"
    Path("sparkify.toml").write_text('warehouse = "duckdb:///file.duckdb"\nmax_errors = 7\nskip = ["a", "b"]\n')
    assert load_settings().warehouse == "duckdb:///file.duckdb"
    monkeypatch.setenv("SPARKIFY_WAREHOUSE", "duckdb:///environment.duckdb")
    assert load_settings().warehouse == "duckdb:///environment.duckdb"
    settings = load_settings(warehouse="duckdb:///flag.duckdb", song_data=None)
    assert (settings.warehouse, settings.max_errors, settings.skip) == ("duckdb:///flag.duckdb", 7, ["a", "b"])


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("268435456", 268435456), ("1K", 1024), ("256MB", 256 << 20), ("256 MiB", 256 << 20), ("1g", 1 << 30)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_bytes(text) == size
    assert load_settings(batch_bytes=text).batch_bytes == size


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5MB", "MB", "12 parsecs", "1MBB", "²"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"max_errors": -1}, "--max-errors: "),
        ({"batch_bytes": "0"}, "--batch-bytes: '0' is no size"),
        ({"match": "fuzzy"}, "--match: .*'exact' or 'resolve'"),
    ],
)
def test_wrong_flags_are_named(flags: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_settings(**flags)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("warehous = 'x'", "setting 'warehous'.*"),
        ("max_errors = 'many'", "setting 'max_errors'"),
        ("not toml", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_named(toml: str, message: str) -> None:
    Path("sparkify.toml").write_text(toml)
    with pytest.raises(UsageError, match=message):
        load_settings()


def test_a_wrong_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKIFY_SKIP", "no list")
    with pytest.raises(UsageError, match="skip"):
        load_settings()
