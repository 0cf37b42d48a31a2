"""Settings: flags > environment > sparkify.toml > defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkify.config import Settings, load_settings, parse_bytes
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
    with pytest.raises(ValueError, match="is not a valid size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"max_errors": -1}, "--max-errors -1: "),
        ({"batch_bytes": "0"}, "--batch-bytes 0: is not a valid size"),
        ({"match": "fuzzy"}, "--match fuzzy: choose exact or resolve"),
    ],
)
def test_wrong_flags_are_named(flags: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_settings(**flags)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("warehous = 'x'", "sparkify.toml: warehous: there is no such setting; did you mean warehouse"),
        ("max_errors = 'many'", "sparkify.toml: max_errors many: "),
        ("not toml", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_named(toml: str, message: str) -> None:
    Path("sparkify.toml").write_text(toml)
    with pytest.raises(UsageError, match=message):
        load_settings()


def test_a_wrong_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKIFY_SKIP", "no list")
    with pytest.raises(UsageError, match="SPARKIFY_SKIP: is not a JSON list"):
        load_settings()


BOUNDS: dict[str, tuple[list[object], list[object]]] = {
    "max_errors": ([0, 1_000_000_000], [-1, 1_000_000_001, 0.5, 10**400]),
    "batch_bytes": ([1, "1B", "1TB"], [0, -1, "1025GB", "999999T", "9" * 5_000, "1e400", "nan"]),
    "memory": (["64MB", "64TB", 1 << 30], ["63MB", 1, "999999T", "-1GB", "", "inf", "1e400"]),
    "threads": ([1, 256], [0, -1, 257, 100_000, 1.5, 10**400]),
    "concurrency": ([1, 1_024], [0, -1, 1_025, 10**400]),
    "wait": ([0, 0.5, 86_400], [-1, -0.1, 86_401, "nan", "inf", "-inf", "1e400", float("nan"), float("inf")]),
    "retry": ([0, 86_400], [-1, 86_401, "nan", "inf", float("inf")]),
    "connect_timeout": ([0.1, 3_600], [0, -1, 3_601, "nan", "inf", float("nan")]),
    "timeout": ([0.1, 86_400], [0, -1, 86_401, "nan", "inf", float("inf")]),
    "stall": ([1, 3_600], [0, 0.5, 3_601, "nan", "inf", float("inf")]),
    "statement_timeout": ([0, 86_400], [-1, 86_401, "nan", "inf", float("inf")]),
}
"""For each setting with bounds, values that it takes and values that it does not."""


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_hold_wherever_a_value_comes_from(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    taken, refused = BOUNDS[name]
    variable = f"SPARKIFY_{name.upper()}"

    def sources(value: object) -> Iterator[tuple[str, dict[str, object]]]:
        """Each place that the value can come from: what an error calls it, and the flags."""
        yield f"--{name.replace('_', '-')}", {name: value}
        if value != "":  # which counts as not set in the environment
            monkeypatch.setenv(variable, str(value))
            yield variable, {}
            monkeypatch.delenv(variable)
        if len(str(value)) < 4_000:  # TOML's own bound
            text = f"'{value}'" if isinstance(value, str) else str(value)
            Path("sparkify.toml").write_text(f"{name} = {text}\n")
            yield f"sparkify.toml: {name}", {}
            Path("sparkify.toml").unlink()

    for value in taken:
        for _, flags in sources(value):
            assert getattr(load_settings(**flags), name) is not None
    for value in refused:
        for origin, flags in sources(value):
            with pytest.raises(UsageError) as caught:
                load_settings(**flags)
            said = str(caught.value)
            assert said.startswith(f"{origin} " if value != "" else f"{origin}: "), said
            assert re.search(
                r": (give a (whole )?number from [\d.]+ to [\d,]+|give a size from \w+ to \w+|is not a valid size; .*)$",
                said,
            ), said


def test_every_number_has_bounds() -> None:
    numbers = {name for name, field in Settings.model_fields.items() if field.annotation in (int, float, int | None)}
    assert numbers | {"memory"} == BOUNDS.keys()


def test_a_setting_knows_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sparkify.toml").write_text("wait = 1\nmemory = '1GB'\nretry = 1\n")
    monkeypatch.setenv("sparkify_memory", "2GB")
    monkeypatch.setenv("SPARKIFY_RETRY", "")  # counts as not set
    settings = load_settings(song_data="songs")
    names = ("song_data", "memory", "wait", "retry", "warehouse")
    assert [settings.origin(name) for name in names] == [
        "--song-data", "sparkify_memory", "sparkify.toml: wait", "sparkify.toml: retry", "the default warehouse",
    ]  # fmt: skip
