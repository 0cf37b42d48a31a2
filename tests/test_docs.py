"""What the pages promise is what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import typer
from typer.testing import CliRunner

from sparkify.cli import app
from sparkify.config import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def without_seconds(text: str) -> str:
    return re.sub(r"\d+\.\d s", "N s", text)


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    [shown] = re.findall(r"```\n(1\. Simulating.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-m", "sparkify", "demo"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert without_seconds(done.stdout) == without_seconds(shown)


def test_the_demo_starts_anew_but_deletes_nothing_of_others(tmp_path: Path) -> None:
    runner = CliRunner()
    for _ in range(2):
        assert runner.invoke(app, ["demo", str(tmp_path / "mine"), "--events", "500"]).exit_code == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    result = runner.invoke(app, ["demo", str(other)])
    assert result.exit_code != 0
    assert (other / "thesis.txt").read_text() == "years of work"


def test_every_command_stands_in_the_readme_and_has_an_example() -> None:
    command = typer.main.get_command(app)
    names = set(command.commands)  # type: ignore[attr-defined]
    documented = set(re.findall(r"`(?:sparkify )?([a-z-]+)`", README.split("## Commands")[1]))
    assert names <= documented
    for name in names:
        assert f"Example: sparkify {name}" in CliRunner().invoke(app, [name, "--help"]).stdout


def test_links_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_setting_is_explained() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"`{name}`" in page, name


def test_every_test_that_shows_reliability_is_there() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) > 70
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
