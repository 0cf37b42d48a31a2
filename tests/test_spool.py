"""Folders for what is made and soon gone: each goes with its process, or with the next one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sparkify.errors import SourceError
from sparkify.source.spool import scratch

HOLD = """
import sys, time
from pathlib import Path
from sparkify.source.spool import scratch
with scratch(Path(sys.argv[1])) as folder:
    (folder / "part").write_text("x")
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_scratch_folder_goes_when_it_is_left(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder:
        (folder / "deep").mkdir()
        assert list(folder.iterdir()) == [folder / "deep"]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_and_what_another_one_holds_stays(tmp_path: Path) -> None:
    (tmp_path / "sparkify-notes").mkdir()  # not ours, whatever its name
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with scratch(tmp_path):
            assert len(list(tmp_path.glob("*.scratch/files/part"))) == 1
        assert len(list(tmp_path.glob("*.scratch/files/part"))) == 1
        holder.send_signal(signal.SIGKILL)
    assert len(list(tmp_path.glob("*.scratch"))) == 1
    with scratch(tmp_path) as folder:
        assert list(tmp_path.glob("*.scratch")) == [folder.parent]
    assert [path.name for path in tmp_path.iterdir()] == ["sparkify-notes"]


def test_what_an_earlier_version_left_goes_as_well(tmp_path: Path) -> None:
    left = tmp_path / "sparkify-a1b2.scratch"
    left.mkdir()
    (left / ".held").touch()
    with scratch(tmp_path) as folder:
        assert [path.name for path in tmp_path.iterdir()] == [folder.parent.name]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="cannot be written"), scratch(tmp_path / "file"):
        pass
