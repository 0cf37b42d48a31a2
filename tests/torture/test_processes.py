"""A few loads of each kind that `make torture` ill-treats, other ones each time; the seed stands in what is printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_nothing_is_lost_or_doubled_whatever_happens_to_a_process() -> None:
    command = [sys.executable, "-m", "tests.torture.processes", "--small"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    closing = re.search(
        r"^processes: (\d+) cases, (\d+) signals, rows lost 0, rows doubled 0, 0 faults, seed \d+$",
        done.stdout,
        re.MULTILINE,
    )
    assert closing is not None, done.stdout
    cases, signals = map(int, closing.groups())
    assert cases >= 10
    assert signals >= 6
