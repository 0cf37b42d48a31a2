"""Say which direct dependencies are locked behind the newest patch of their line, DuckDB first.

    python -m scripts.lock_behind

Asks the index by pip and changes nothing. Always leaves with 0: a release of somebody else breaks no build, and
neither does an index that does not answer.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements"
TIMEOUT = 180
"""Seconds that the index may take."""


def locked() -> dict[str, str]:
    """The version that is locked of each direct dependency."""
    direct = {
        match.group()
        for path in REQUIREMENTS.glob("*.in")
        for line in path.read_text(encoding="utf-8").splitlines()
        if (match := re.match(r"[a-z0-9][a-z0-9._-]*", line))
    }
    found: dict[str, str] = {}
    for path in REQUIREMENTS.glob("*.txt"):
        found |= dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    return {name: found[name] for name in sorted(direct, key=lambda name: (name != "duckdb", name))}


def newest(versions: dict[str, str]) -> dict[str, str]:
    """The newest version in the line of each, `2.0.*` of 2.0.1; raises OSError or ValueError without an answer."""
    lines = [f"{name}~={version}" for name, version in versions.items() if "." in version]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--ignore-installed", "--quiet"]
    try:
        told = subprocess.run(
            [*command, "--retries", "1", "--report", "-", *lines],
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"no answer in {TIMEOUT} seconds") from error
    if told.returncode:
        raise OSError(told.stderr.strip().rpartition("\n")[2] or "pip failed")
    return {
        re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower(): item["metadata"]["version"]
        for item in json.loads(told.stdout)["install"]
    }


def compared() -> list[str]:
    """A line for each that is behind, or one that none is."""
    versions = locked()
    try:
        found = newest(versions)
    except (OSError, ValueError, KeyError) as error:
        return [f"lock: not held against the index: {error}"]
    behind = [(name, version) for name, version in versions.items() if found.get(name, version) != version]
    return [
        f"lock: {name} {version} is behind {found[name]}; `make lock` takes the newest of everything"
        for name, version in behind
    ] or [f"lock: of {len(versions)} direct dependencies none is behind the newest patch of its line"]


if __name__ == "__main__":
    sys.stdout.write("\n".join([*compared(), ""]))
