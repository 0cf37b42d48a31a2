"""`sparkify demo`: a small simulated company, from raw files to answers."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sparkify import etl, output, progress, queries
from sparkify.config import load_settings
from sparkify.errors import UsageError
from sparkify.run_report import summary
from sparkify.warehouse import open_warehouse

MARK = ".sparkify-demo"
"""File that marks a folder as the demo's own, so that making it anew deletes nothing else."""


def run_demo(folder: Path, events: int) -> None:
    """Simulate into `folder`, load into `folder/sparkify.duckdb`, and print the answers.

    Raises UsageError when the folder holds something that the demo did not make.
    """
    from sparkify.simulate import Company, simulate

    try:
        company = Company(events=events, songs=1_000, users=400, seed=1)
    except ValueError as error:
        raise UsageError(f"--events: {error}") from error
    url = f"duckdb:///{folder / 'sparkify.duckdb'}"
    settings = load_settings(warehouse=url, song_data=str(folder / "song_data"), log_data=str(folder / "log_data"))
    if folder.exists():
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / MARK).exists()):
            raise UsageError(f"{folder}: is not the demo's own folder; name another one")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    say(f"1. Simulating a small company in {folder}/")
    written = simulate(folder, company)
    say(f"   {written.events:,} events in {written.log_files} log files, {written.songs:,} songs in as many files")
    say(f"2. Loading them into {url}")
    house = open_warehouse(settings)
    try:
        report = etl.run(house, settings, progress=progress.choose())
        for line in summary(report):
            say(f"   {line}")
        for number, (name, arguments) in enumerate(
            (("most-played-song", ["limit=5"]), ("peak-hour", ["limit=5"]), ("match-quality", [])), start=3
        ):
            extra = "".join(f" -p {argument}" for argument in arguments)
            say(f"{number}. sparkify query {name}{extra}")
            query = queries.named_query(name)
            answer = queries.answer(house, name, queries.settings(query, arguments))
            text = output.as_table(answer, bar=query.drawing.measure)
            say("".join(f"   {line}\n" for line in text.splitlines()).rstrip())
    finally:
        house.close()
    say(f"Look on: sparkify status --warehouse {url}")
    say(f'         sparkify sql --warehouse {url} "SELECT * FROM songplays LIMIT 3"')
    say(f"         sparkify dashboard --warehouse {url}   (in a checkout: make dashboard)")


def say(line: str) -> None:
    """Print a line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
