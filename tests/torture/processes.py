"""Loads that are ill-treated, and what the next run makes of the warehouse: what an undisturbed load makes, row for row.

    python -m tests.torture.processes                   everything, some twenty minutes on two cores
    python -m tests.torture.processes --small           a few of each kind, as `make test` does
    python -m tests.torture.processes steps --seed 7    one kind, with the dice of that seed

steps        SIGKILL, and SIGTERM or SIGINT, at every step of a load and of a full refresh (`tests.torture.steps`)
moments      the command struck at random moments, up to three times in a row
together     two loads of one warehouse at once among readers in loops, loads struck meanwhile
disk         a file system of its own that fills up, at many sizes; then there is room
memory       address space of 200 MB to 1 GB
large        a load of many times what it may hold, within 512 MB
descriptors  64 files open at once, and fewer
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

from sparkify.simulate import Company, simulate
from tests.command import DATABASE, Result, Row, contents, environment, finish, leftovers, runs, start
from tests.torture.steps import Strike, apart, load

COMPANY = Company(events=120, songs=8, users=5, days=3, seed=5, dirty=True)
LARGE = Company(events=300_000, songs=50, users=500, days=10, seed=6)
BATCH = "25KB"
"""Cuts the company's files into some four batches."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)
LIMIT = 512 << 20
"""Bytes of memory within which a large load has to stay, if it is told of MEMORY."""
MEMORY = "200MB"
DESCRIPTORS = 64
"""Files that a load may have open at once, and still ends well."""
BAD_WORDS = ("Traceback", "should not happen", "terminate called", "Exception ignored", "Fatal Python")
"""What no process may say, whatever happens to it."""
CASES = {"steps": 0, "moments": 120, "together": 12, "disk": 40, "memory": 24, "large": 1, "descriptors": 24}
"""How many there are of each kind; of steps as many as a load has, twice."""
SMALL = {"steps": 8, "disk": 1, "memory": 1, "descriptors": 1}
"""Random moments, and loads at once among readers, are in `tests.test_crashes`."""


@dataclass(frozen=True)
class Ground:
    """Raw files that every case loads, and what a load that nobody disturbs makes of them."""

    folder: Path
    max_errors: int
    expected: dict[str, list[Row]] = field(default_factory=dict)
    steps: Counter[str] = field(default_factory=Counter)
    refreshing: Counter[str] = field(default_factory=Counter)
    """Steps of a full refresh."""
    seconds: float = 0
    """What the command takes."""

    @property
    def songs(self) -> list[str]:
        """The command that loads the catalogue only."""
        return ["etl", "--song-data", str(self.folder / "song_data"), "--max-errors", str(self.max_errors)]

    @property
    def etl(self) -> list[str]:
        """The command that loads everything."""
        return [*self.songs, "--log-data", str(self.folder / "log_data"), "--batch-bytes", BATCH]


@dataclass
class Outcome:
    """What cases came to."""

    cases: int = 0
    signals: int = 0
    lost: int = 0
    doubled: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.cases += other.cases
        self.signals += other.signals
        self.lost += other.lost
        self.doubled += other.doubled
        self.faults += other.faults

    def __str__(self) -> str:
        return f"{self.cases} cases, {self.signals} signals, rows lost {self.lost}, rows doubled {self.doubled}"

    def note(self, result: Result, *allowed: int) -> Result:
        """Note what a process should not have said, and an exit code that it should not have had."""
        words = [words for words in BAD_WORDS if words in result.err]
        lines = [line for line in result.err.splitlines() if line.startswith("sparkify: ")]
        if words or result.exit_code not in allowed or (result.exit_code > 0 and len(lines) != 1):
            self.faults.append(f"exit {result.exit_code}, not one of {allowed}: {result.err[-1500:]}")
        return result


def prepare(folder: Path) -> Ground:
    """Write the raw files and load them undisturbed, to know what has to come out."""
    written = simulate(folder, COMPANY)
    ground = Ground(folder, written.bad_records)
    undisturbed = folder / "undisturbed"
    undisturbed.mkdir()
    result, steps = load(undisturbed, ground.etl, watched=True)
    result.ok()
    expected = apart(contents, undisturbed)
    result, refreshing = load(undisturbed, [*ground.etl, "--full-refresh"], watched=True)
    result.ok()
    started = time.monotonic()
    (folder / "timed").mkdir()
    finish(start(folder / "timed", *ground.etl)).ok()
    return replace(ground, expected=expected, steps=steps, refreshing=refreshing, seconds=time.monotonic() - started)


def complete(outcome: Outcome, ground: Ground, folder: Path, *, refreshed: bool = False) -> Outcome:
    """Run the load once more; it has to make of the warehouse what an undisturbed one makes, and to clear up."""
    outcome.cases += 1
    outcome.note(load(folder, ground.etl)[0], 0)
    outcome.note(load(folder, ["check"])[0], 0)
    found = apart(contents, folder)
    for table, rows in ground.expected.items():
        if table == "etl_rejects" and refreshed:
            continue  # each full refresh keeps those of the runs before
        lost, doubled = (Counter(rows) - Counter(found[table])).total(), (Counter(found[table]) - Counter(rows)).total()
        outcome.lost, outcome.doubled = outcome.lost + lost, outcome.doubled + doubled
        if lost or doubled:
            outcome.faults.append(f"{table}: {lost} rows lost, {doubled} doubled")
    states = apart(runs, folder)
    if states[-1] not in ("loaded", "nothing-new") or not {*states} <= {
        "loaded", "nothing-new", "interrupted", "failed"
    }:  # fmt: skip
        outcome.faults.append(f"runs ended as {states}")
    if left := leftovers(folder):
        outcome.faults.append(f"left behind: {left}")
    return outcome


# -- one case of each kind: what it is told of, a folder of its own -------------------------------------------


def step(ground: Ground, folder: Path, strike: Strike, refresh: bool) -> Outcome:
    """Struck at a step."""
    outcome = Outcome()
    if refresh:
        load(folder, ground.etl)[0].ok()
    options = ["--full-refresh"] if refresh else []
    result, seen = load(folder, [*ground.etl, *options], strike)
    outcome.signals = int(result.exit_code != 0 or bool(seen))
    outcome.note(result, -strike.signal, *(() if strike.signal == signal.SIGKILL else (0, 1)))
    if strike.signal != signal.SIGKILL and strike.signal == -result.exit_code and leftovers(folder):
        outcome.faults.append(f"ended by {strike.signal.name} itself, leaving {leftovers(folder)}")
    return complete(outcome, ground, folder, refreshed=refresh)


def moment(ground: Ground, folder: Path, seed: int) -> Outcome:
    """Struck at random moments, up to three times in a row."""
    dice, outcome = random.Random(seed), Outcome()
    refresh = dice.random() < 0.3
    if refresh:
        load(folder, ground.etl)[0].ok()
    for _ in range(dice.randint(1, 3)):
        process = start(folder, *ground.etl, *(["--full-refresh"] if refresh else []))
        _strike(process, dice, outcome, ground.seconds)
    return complete(outcome, ground, folder, refreshed=refresh)


def _strike(process: subprocess.Popen[str], dice: random.Random, outcome: Outcome, seconds: float) -> Result:
    """Let a process go on for a while, then strike; it may have ended by then."""
    number = dice.choice((signal.SIGKILL, *SIGNALS))
    time.sleep(dice.uniform(0, seconds))
    outcome.signals += process.poll() is None
    process.send_signal(number)
    result = finish(process)
    if "KeyboardInterrupt" in result.err and not re.search("sparkify/(?!__)", result.err):
        return result  # Python itself, before the program began
    return outcome.note(result, 0, -signal.SIGKILL) if number == signal.SIGKILL else outcome.note(result, 0, 1, -number)


def together(ground: Ground, folder: Path, seed: int) -> Outcome:
    """Two loads of one warehouse among three readers; loads are struck, and started again."""
    dice, outcome = random.Random(seed), Outcome()
    load(folder, ground.songs)[0].ok()
    going, counts = threading.Event(), []

    def read(*arguments: str) -> None:
        while not going.is_set():
            result = finish(start(folder, *arguments, wait="120"))
            # A load that was struck is told of by `status`.
            outcome.note(result, *((0, 6) if arguments == ("status",) else (0,)))
            if arguments[0] == "sql" and not result.exit_code:
                counts.append(int(result.out.split()[-1]))

    asking = [("query", "match-quality"), ("sql", "select count(*) from songplays"), ("status",)]
    readers = [threading.Thread(target=read, args=arguments) for arguments in asking]
    for reader in readers:
        reader.start()
    loads = [start(folder, *ground.etl, wait="120") for _ in range(2)]
    for _ in range(dice.randint(1, 4)):
        number = dice.randrange(2)
        _strike(loads[number], dice, outcome, ground.seconds)
        loads[number] = start(folder, *ground.etl, wait="120")
    for process in loads:
        outcome.note(finish(process), 0)
    going.set()
    for reader in readers:
        reader.join()
    if counts != sorted(counts):
        outcome.faults.append(f"plays were seen and then not: {counts}")
    return complete(outcome, ground, folder)


FILLED = """
mount -t tmpfs -o size="$1" none disk || exit 77
shift; cd disk; test -e ../before && cp ../before "$DATABASE"
"$@"; echo $? >../code
"$PYTHON" -m sparkify status >/dev/null 2>../status
mount -t tmpfs -o remount,size=200m none "$PWD" || exit 77
"$@" 2>../again >/dev/null || exit 78
cp "$DATABASE" ..
"""
"""A load on a small disk, a look at what is there, room on the disk, the load again; 77 where one may not mount."""


def disk(ground: Ground, folder: Path, seed: int) -> Outcome:
    """A disk that is full at some point of the load."""
    dice, outcome = random.Random(seed), Outcome()
    (folder / "disk").mkdir()
    size = dice.choice((4096, dice.randrange(10_000, 400_000), dice.randrange(200_000, 9_000_000)))
    if dice.random() < 0.5:  # there are tables before
        load(folder, ground.songs)[0].ok()
        (folder / DATABASE).rename(folder / "before")
        size += (folder / "before").stat().st_size
    user = ["--map-root-user"] if os.geteuid() else []
    done = subprocess.run(
        [
            "unshare",
            *user,
            "--mount",
            "sh",
            "-c",
            FILLED,
            "sh",
            str(size),
            sys.executable,
            "-m",
            "sparkify",
            *ground.etl,
        ],
        cwd=folder,
        env=environment() | {"PYTHON": sys.executable, "DATABASE": DATABASE},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        raise Impossible("nobody may mount a file system here")
    code = int((folder / "code").read_text())
    outcome.note(Result(code, "", done.stderr), 0, 1)
    if code and not any(word in done.stderr for word in ("room", "space", "disk")):
        outcome.faults.append(f"{size} bytes, and what is told is not the full disk: {done.stderr}")
    told = (folder / "status").read_text()
    if any(words in told for words in BAD_WORDS):
        outcome.faults.append(f"status on the full disk: {told}")
    if done.returncode:
        outcome.cases += 1
        outcome.faults.append(f"{size} bytes, then room: {(folder / 'again').read_text()}")
        return outcome
    return complete(outcome, ground, folder)


def memory(ground: Ground, folder: Path, seed: int) -> Outcome:
    """Little memory: what does not fit is an error in one line, and the next run completes it."""
    dice, outcome = random.Random(seed), Outcome()
    kilobytes = dice.randrange(200_000, 1_000_000)
    result = _limited(folder, f"ulimit -v {kilobytes}", *ground.etl)
    # The interpreter may not get as far as the program, and what allocates below it may end the process.
    if result.exit_code in (0, 1) and ("Traceback" not in result.err or "sparkify/" in result.err):
        outcome.note(result, 0, 1)
    return complete(outcome, ground, folder)


def large(_ground: Ground, folder: Path, _seed: int) -> Outcome:
    """A load that is larger than the memory that it may have."""
    outcome = Outcome(cases=1)
    simulate(folder, LARGE)
    data = ["etl", "--song-data", "song_data", "--log-data", "log_data"]
    with (folder / "err").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "sparkify", *data],
            cwd=folder,
            env=environment(memory=MEMORY),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=err,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    outcome.note(Result(process.returncode, "", (folder / "err").read_text()), 0)
    if usage.ru_maxrss << 10 > LIMIT:
        outcome.faults.append(f"{usage.ru_maxrss >> 10} MiB of memory")
    outcome.note(load(folder, ["check"])[0], 0)
    return outcome


def descriptors(ground: Ground, folder: Path, seed: int) -> Outcome:
    """Few files may be open at once."""
    outcome = Outcome()
    count = DESCRIPTORS if seed % 2 else random.Random(seed).randrange(8, DESCRIPTORS)
    outcome.note(_limited(folder, f"ulimit -n {count}", *ground.etl), 0, *(() if count == DESCRIPTORS else (1, 2)))
    return complete(outcome, ground, folder)


def _limited(folder: Path, limit: str, *arguments: str) -> Result:
    command = ["sh", "-c", f'{limit}; exec "$@"', "sh", sys.executable, "-m", "sparkify", *arguments]
    return finish(
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
    )


class Impossible(Exception):
    """This machine does not let us do that to a process."""


# -- all of them ------------------------------------------------------------------------------------------


KINDS: dict[str, Callable[..., Outcome]] = {
    "moments": moment, "together": together, "disk": disk, "memory": memory, "large": large, "descriptors": descriptors
}  # fmt: skip


def cases(
    kind: str, ground: Ground, dice: random.Random, count: int
) -> list[tuple[Callable[..., Outcome], tuple[object, ...]]]:
    """What to do, and what that is told besides ground and folder."""
    if kind != "steps":
        first = dice.randrange(1 << 30)
        return [(KINDS[kind], (seed,)) for seed in range(first, first + count)]
    found: list[tuple[Callable[..., Outcome], tuple[object, ...]]] = []
    for refresh, steps in ((False, ground.steps), (True, ground.refreshing)):
        for name, times in sorted(steps.items()):
            if refresh and name in ground.steps and dice.random() < 0.7:
                continue  # most of a full refresh is a load
            found += [
                (step, (Strike(name, dice.randint(1, times), number), refresh))
                for number in (signal.SIGKILL, dice.choice(SIGNALS))
            ]
    return dice.sample(found, count) if 0 < count < len(found) else found


def one(work: Callable[..., Outcome], ground: Ground, folder: Path, told: tuple[object, ...]) -> Outcome | str:
    """One case, with what it was told in what is wrong; a text says why it is not possible here."""
    folder.mkdir()
    try:
        outcome = work(ground, folder, *told)
    except Impossible as reason:
        return str(reason)
    except Exception as error:  # the other cases are of interest, too
        outcome = Outcome(cases=1, faults=[f"{type(error).__name__}: {error}"])
    if outcome.faults:
        outcome.faults = [f"{work.__name__}{told} in {folder}: {fault}" for fault in outcome.faults]
    else:
        shutil.rmtree(folder)
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases; 1 when any of them came out wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.processes")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(CASES)}; all of them unless given")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--cases", type=int, help="how many of each kind")
    parser.add_argument("--small", action="store_true", help="a few of each kind")
    given = parser.parse_args(arguments)
    counts = SMALL if given.small else CASES
    root = Path(tempfile.mkdtemp(prefix="processes-"))
    print(f"processes: seed {given.seed}", flush=True)
    ground = prepare(root / "ground")
    total = Outcome()
    # Forked before any thread is started, and each case forks again: see `tests.torture.steps.load`.
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        for kind in given.kinds or counts:
            sum_of_kind = Outcome()
            found = cases(kind, ground, random.Random(f"{given.seed} {kind}"), given.cases or counts[kind])
            going = [
                pool.submit(one, work, ground, root / f"{kind}-{number}", told)
                for number, (work, told) in enumerate(found)
            ]
            reasons = set()
            for done in going:
                outcome = done.result()
                if isinstance(outcome, str):
                    reasons.add(outcome)
                else:
                    sum_of_kind.add(outcome)
                    for fault in outcome.faults:
                        print(fault, file=sys.stderr, flush=True)
            print(f"{kind}: {sum_of_kind}" + "".join(f"; skipped: {reason}" for reason in reasons), flush=True)
            total.add(sum_of_kind)
    if not total.faults:
        shutil.rmtree(root)
    print(f"processes: {total}, {len(total.faults)} faults, seed {given.seed}", flush=True)
    return bool(total.faults)


if __name__ == "__main__":
    sys.exit(main())
