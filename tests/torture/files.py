"""A million bent files, loaded by the thousand and held against the reference.

    python -m tests.torture.files --files 1000000 --seed 42      what `make torture` runs
    python -m tests.torture.files --seed 42 --round 17           one round of it again

Round N of a seed is the same files and the same way to load them wherever it runs (but that half of the rounds
start from the public logs where those lie beside the checkout). What differs from the reference is made as small
as it gets and kept in the corpus. Exit 1 if anything differed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random

from tests.reference import Staged, Version, stage
from tests.torture import bending, corpus
from tests.torture.bending import Case, Stock
from tests.torture.holding import Difference, Way, hold
from tests.torture.shrinking import culprits, shrunk

FILES_A_ROUND = 2500
"""In one load: enough for what a load costs of itself to matter little, few enough for a round to be soon over."""
LARGE_A_ROUND = 2
"""Of these, files of one block or more; they take longest."""
SHRUNK_A_ROUND = 4
"""Files that are made small; the others that differ are named."""
MINUTE = 60.0
BLOCKS = (None, None, None, 1, 2, 3, 7, 16, 64, 4096)


@dataclass
class Found:
    """What a round came to."""

    round: int
    files: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    bends: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    rejects: int = 0
    unreadable: int = 0
    lost: int = 0
    doubled: int = 0
    told: list[str] = field(default_factory=list)
    """Each file that differs, with how."""
    bytes: int = 0


@lru_cache
def stocks() -> tuple[Stock, Stock | None]:
    return bending.simulated(), bending.public()


def cases_of(seed: int, round_number: int, files: int, large: int) -> tuple[list[Case], Way, bool]:
    """The files of a round, how they are loaded, and whether they are made of the public data."""
    random = Random(f"{seed}-{round_number}")
    simulated, public = stocks()
    is_public = public is not None and round_number % 2 == 1
    stock = public if public is not None and is_public else simulated
    way = Way(random.choice(BLOCKS), compacted=random.random() < 0.15, jsonpaths=random.random() < 0.15)
    if way.block is not None and way.block < 4096:
        large = 0  # a step a byte
    cases = [
        bending.case(Random(f"{seed}-{round_number}-{number}"), number, stock, large=number < large)
        for number in range(files)
    ]
    return cases, way, is_public


def run_round(
    seed: int, round_number: int, files: int = FILES_A_ROUND, large: int = LARGE_A_ROUND, *, keep: bool = False
) -> Found:
    """One load and what it shows; with `keep` what differs is made small and kept in the corpus."""
    cases, way, is_public = cases_of(seed, round_number, files, large)
    found = Found(round_number)
    staged: dict[Version, Staged] = {}
    for case in cases:
        found.bends.update(case.story or ("whole",))
        found.kinds[case.version.name.rsplit(".", 1)[1]] += 1
        found.bytes += len(case.version.data)
        staged[case.version] = stage(case.version, jsonpaths=way.jsonpaths)
    with tempfile.TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / "house"
        held = hold(folder, [case.version for case in cases], way, staged)
        found.files, found.rows, found.rejects, found.unreadable = held.files, held.rows, held.rejects, held.unreadable
        found.lost = sum(difference.lost for difference in held.differences)
        found.doubled = sum(difference.doubled for difference in held.differences)
        where = f"seed {seed}, round {round_number}, {way}"
        if keep:
            found.told += _tell(where, cases, way, held.differences, folder, is_public)
        else:
            found.told += [f"{where}: {difference}" for difference in held.differences]
    return found


def _tell(
    where: str, cases: list[Case], way: Way, differences: list[Difference], folder: Path, is_public: bool
) -> Iterator[str]:
    """Each file that differs, small and kept if it differs for itself."""
    by_name = {case.version.name: case for case in cases}
    suspects = list(dict.fromkeys(difference.name for difference in differences if difference.name))
    if differences and not any(hold(folder, [by_name[name].version], way).differences for name in suspects[:9]):
        # Rows do not tell their file, and another may hold the same.
        suspects = [version.name for version in culprits(folder, [case.version for case in cases], way)][:1]
    for number, name in enumerate(suspects):
        case = by_name[name]
        first = next((each for each in differences if each.name == name), differences[0])
        which = f"{where}: {name} ({', '.join(case.story)})"
        if number >= SHRUNK_A_ROUND:
            yield f"{which}: {first}"
            continue
        small = shrunk(folder, case.version, way)
        again = hold(folder, [small], way).differences
        if not again:
            yield f"{which}: {first} (only with its neighbours)"
        elif is_public:  # what comes of other people's data is told, not kept in the repository
            yield f"{which}: {len(small.data)} bytes: {small.data[:300]!r}: {again[0]}"
        else:
            kept = corpus.keep(small, f"{', '.join(case.story)}; {way}")
            yield f"{which}: kept as {kept.name}: {small.data[:300]!r}: {again[0]}"


# --- The command -------------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description="Load bent files and hold every load against the reference.")
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=None, help="default: another each time, printed first")
    parser.add_argument("--round", type=int, default=None, help="this round alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    seed = secrets.randbelow(2**32) if given.seed is None else given.seed
    rounds = [given.round] if given.round is not None else range(-(-given.files // FILES_A_ROUND))
    print(f"torture of files: seed {seed}, {len(rounds)} rounds of {FILES_A_ROUND} files", flush=True)
    if bending.public() is None:
        print("the public data is not here: lines of the simulator alone", flush=True)
    started = told = time.monotonic()
    total = Found(-1)
    for done, found in enumerate(_rounds(seed, rounds, given.jobs), start=1):
        for name in ("files", "rows", "rejects", "unreadable", "lost", "doubled", "bytes"):
            setattr(total, name, getattr(total, name) + getattr(found, name))
        total.kinds += found.kinds
        total.bends += found.bends
        total.told += found.told
        for line in found.told:
            print(line, flush=True)
        if time.monotonic() - told > MINUTE:
            told = time.monotonic()
            rate = total.files / (told - started)
            print(f"  {done:,} rounds, {total.files:,} files, {rate:.0f} a second", flush=True)
    _sum_up(seed, total, time.monotonic() - started)
    return 1 if total.told else 0


def _rounds(seed: int, rounds: range | list[int], jobs: int) -> Iterator[Found]:
    if jobs == 1:
        yield from (run_round(seed, number, keep=True) for number in rounds)
        return
    context = multiprocessing.get_context("spawn")  # a forked engine would share its threads' locks
    with ProcessPoolExecutor(jobs, mp_context=context, max_tasks_per_child=50) as pool:
        for future in as_completed([pool.submit(run_round, seed, number, keep=True) for number in rounds]):
            yield future.result()


def _sum_up(seed: int, total: Found, seconds: float) -> None:
    bends = ", ".join(f"{name} {count:,}" for name, count in total.bends.most_common())
    kinds = ", ".join(f"{name} {count:,}" for name, count in total.kinds.most_common())
    print(f"bends: {bends}")
    print(f"names: {kinds}")
    print(
        f"seed {seed}: {total.files:,} files ({total.bytes / 1e6:,.0f} MB) in {seconds / 60:.0f} min, "
        f"{total.files / seconds:.0f} a second: {total.rows:,} records loaded, {total.rejects:,} rejected, "
        f"{total.unreadable:,} files unreadable; {len(total.told):,} files differ from the reference, "
        f"records lost {total.lost:,}, doubled or bent {total.doubled:,}"
    )


if __name__ == "__main__":
    sys.exit(main())
