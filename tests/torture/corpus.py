"""What was ever found, with what has to become of it: every file below `corpus/`, and files too large to keep.

The folder's name gives the kind, the outcome stands in `corpus/outcomes.json`: the records that are loaded, the
line and class of each reject, or that the file is unreadable. A new finding is added by the fuzzer; look at its
outcome before you commit it, for it is the reference's.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from tests.command import event, song
from tests.reference import Staged, Version, stage
from tests.strategies import BASE_TIME

CORPUS = Path(__file__).parent / "corpus"
OUTCOMES = CORPUS / "outcomes.json"
A = json.dumps(event()).encode()
"""One good event line."""
S = json.dumps(song()).encode()
"""One good song line."""


@dataclass(frozen=True)
class Outcome:
    rows: int
    rejects: tuple[tuple[int, str], ...] = ()
    unreadable: bool = False


def of(staged: Staged) -> Outcome:
    if staged.unreadable:
        return Outcome(0, unreadable=True)
    return Outcome(len(staged.rows), tuple((reject.line, reject.reason_class) for reject in staged.rejects))


def kept() -> dict[Version, Outcome]:
    """Every file of the corpus."""
    outcomes = json.loads(OUTCOMES.read_text())
    found = {}
    for number, (name, told) in enumerate(sorted(outcomes.items())):
        rejects = tuple((line, reason) for line, reason in told.get("rejects", []))
        outcome = Outcome(told.get("rows", 0), rejects, told.get("unreadable", False))
        found[Version(name, (CORPUS / name).read_bytes(), BASE_TIME + number * 1_000_000)] = outcome
    return found


def keep(version: Version, about: str) -> Path:
    """Add a file under a name that tells its content, with the outcome of the reference."""
    kind, base = version.name.split("/", 1)
    suffix = "." + base.split(".", 1)[1]
    name = f"{kind}/found-{hashlib.sha256(version.data).hexdigest()[:12]}{suffix}"
    path = CORPUS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(version.data)
    told: dict[str, object] = {"about": about}
    outcome = of(stage(Version(name, version.data, version.modified)))
    told |= {"unreadable": True} if outcome.unreadable else {"rows": outcome.rows, "rejects": outcome.rejects}
    write(json.loads(OUTCOMES.read_text()) | {name: told})
    return path


def write(outcomes: dict[str, object]) -> None:
    """One line a file, so that a new one is one line of a diff."""
    lines = (f"{json.dumps(name)}: {json.dumps(told, ensure_ascii=False)}" for name, told in sorted(outcomes.items()))
    OUTCOMES.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def large() -> dict[Version, Outcome]:
    """Files too large to keep, made anew: values across the bound of a block of 1 MiB, and one line of many records."""
    found: dict[Version, Outcome] = {}

    def add(about: str, data: bytes, outcome: Outcome, suffix: str = "json") -> None:
        found[Version(f"log_data/large-{about}.{suffix}", data, BASE_TIME)] = outcome

    block = 1 << 20
    head = b'{"ts":1,"page":"Home","pad":"%b"}\n'
    for number, (before, behind, rejects) in enumerate(
        (
            (b"-1.", b"5e3 ", ((2, "not-an-object"),)),
            (b"-1.5e", b"3 ", ((2, "not-an-object"),)),
            (b"-", b"1 ", ((2, "not-an-object"),)),
            (b"tr", b"ue ", ((2, "not-an-object"),)),
            (b'"a', b'b" ', ((2, "not-an-object"),)),
            (b"[1", b"2] ", ((2, "not-an-object"),)),
            (b'["\xc3', b'\xa9"]', ((2, "not-an-object"),)),
            (b'["\\u00', b'e9"]', ((2, "not-an-object"),)),
            (b"-1.5e", b" ", ((2, "not-an-object"), (2, "malformed"))),
            (b"oops }", b"", ((2, "malformed"),)),
        )
    ):
        pad = b"x" * (block - len(before) - len(head) + 2)
        data = head % pad + before
        assert len(data) == block
        rows = 2 if rejects[-1] != (2, "malformed") or before.endswith(b"}") else 1
        add(f"bound-{number}", data + behind + A, Outcome(rows, rejects))
    small = b'{"ts":%d,"page":"Home"}'
    line = [small % number for number in range(5_002)]
    line[1] = b'{"ts":1,"pa'
    # The record behind the broken one stands behind no closing brace, so it goes with it.
    add("one-line", b"".join(line), Outcome(5_000, ((1, "malformed"),)))
    add("one-line", gzip.compress(b"".join(line), 1), Outcome(5_000, ((1, "malformed"),)), "json.gz")
    return found
