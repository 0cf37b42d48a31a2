"""What happened last is what was written last, whatever the clock said."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import Result, ask, environment, inside, runs, small_company

LOAD = ("etl", "--song-data", "song_data", "--log-data", "log_data")

needs_faketime = pytest.mark.skipif(shutil.which("faketime") is None, reason="there is no faketime on this machine")


def at(days: str, folder: Path, *arguments: str) -> Result:
    """Run the command under a clock that is so many days ahead or behind, such as `+400d`."""
    process = subprocess.run(
        ["faketime", "-f", days, sys.executable, "-m", "sparkify", *arguments],
        cwd=folder, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Result(process.returncode, process.stdout, process.stderr)


@needs_faketime
def test_a_clock_that_was_ahead_once_hides_no_later_run(tmp_path: Path) -> None:
    at("+400d", small_company(tmp_path), *LOAD).ok()
    bad = tmp_path / "log_data" / "zz.json"
    bad.write_text("null\n")
    assert inside(tmp_path, *LOAD).exit_code == 3
    found = json.loads(inside(tmp_path, "status", "--json").ok().out)
    assert found["health"].startswith(f"failed: {bad}:1: ")
    assert [run["status"] for run in found["runs"]] == ["failed", "loaded"]
    started = [run["started_at"] for run in found["runs"]]
    assert started == sorted(started)  # the newest is first, though its clock says less
    bad.write_text('null\n{"also": "bad"}\n')
    inside(tmp_path, *LOAD, "--max-errors", "2").ok()
    bad.unlink()
    at("-9000d", tmp_path, *LOAD).ok()
    assert runs(tmp_path) == ["loaded", "failed", "loaded", "nothing-new"]
    assert json.loads(inside(tmp_path, "status", "--json").ok().out)["health"] == "healthy: the last run ended well"
    ids = [run for (run,) in ask(tmp_path, "select run_id from etl_runs order by rowid")]
    assert ids == sorted(set(ids))
    inside(tmp_path, "check").ok()
