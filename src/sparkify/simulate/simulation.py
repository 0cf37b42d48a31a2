"""From settings to files, from top to bottom."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from sparkify.simulate.catalogue import Catalogue
from sparkify.simulate.clock import DAY, Clock
from sparkify.simulate.company import Company, Simulated
from sparkify.simulate.crowd import Crowd
from sparkify.simulate.dirt import DirtyLogs, soil_songs
from sparkify.simulate.lines import Lines
from sparkify.simulate.logs import Logs
from sparkify.simulate.pages import stock_sessions
from sparkify.simulate.repertoire import Repertoire
from sparkify.simulate.traffic import Traffic

_CHUNK: Final = 8192
"""Events rendered and written at a time: some four megabytes."""


def simulate(out: Path, company: Company, progress: Callable[[int], None] | None = None) -> Simulated:
    """Write the raw files of a company to `out/song_data` and `out/log_data`.

    `progress` is called with the number of events written so far. Memory depends on the users and
    songs of the company, not on its events. Raises FileExistsError if either folder holds anything.
    """
    song_root, log_root = out / "song_data", out / "log_data"
    for root in (song_root, log_root):
        _claim(root)
    # Each part draws from a stream of its own: more songs do not change the users.
    streams = [np.random.default_rng(seed) for seed in np.random.SeedSequence(company.seed).spawn(6)]
    clock = Clock(company.start, company.days)
    stock = stock_sessions(streams[0])
    crowd = Crowd(company, clock, stock, streams[1])
    catalogue = Catalogue(company, streams[2])
    repertoire = Repertoire(company, catalogue, streams[3])
    lines = Lines(crowd, stock, repertoire)

    song_files, written = company.songs, catalogue.write(song_root)
    if company.dirty:
        files, more = soil_songs(song_root, catalogue)
        song_files, written = song_files + files, written + more

    done = 0
    with DirtyLogs(log_root, streams[5]) if company.dirty else Logs(log_root) as logs:
        traffic = Traffic(company=company, clock=clock, crowd=crowd, stock=stock, repertoire=repertoire, rng=streams[4])
        for events in traffic:
            day = events["ts"] // DAY
            cuts = np.flatnonzero(np.diff(day)) + 1
            for run in np.split(events, cuts):
                for begin in range(0, run.size, _CHUNK):
                    chunk = run[begin : begin + _CHUNK]
                    logs.append(int(chunk["ts"][0]) // DAY, lines.render(chunk))
                    done += chunk.size
                    if progress is not None:
                        progress(done)
    return Simulated(
        log_files=logs.files,
        song_files=song_files,
        events=done,
        songs=company.songs,
        bytes=written + logs.bytes,
        bad_records=logs.bad_records,
    )


def _claim(root: Path) -> None:
    """Make a folder that is to hold nothing else."""
    if root.is_dir():
        if any(root.iterdir()):
            raise FileExistsError(f"{root} is not empty: name another folder, or remove it first")
    elif root.exists():
        raise FileExistsError(f"{root} is in the way: name another folder, or remove it first")
    root.mkdir(parents=True, exist_ok=True)
