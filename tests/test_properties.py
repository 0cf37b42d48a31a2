"""The real loader against the plain-Python reference on histories that hypothesis makes up."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.errors import TooManyRejects
from tests import strategies
from tests.conftest import examples
from tests.house import ALL_REJECTS, Follower, House, fresh_house, rejects_of, staged_by_reference, tables
from tests.reference import Version, star, star_of_batches
from tests.strategies import Run, histories, versions

MATCHES = st.sampled_from([None, "exact", "resolve"])
BATCH_BYTES = st.sampled_from([None, 1])


# --- Run by run (R1 to R8) -------------------------------------------------------------------------------


@examples(40)
@given(histories(bad=True), st.data())
def test_r7_a_history_loaded_run_by_run(folder: Path, history: list[Run], data: st.DataObject) -> None:
    with fresh_house(folder) as house:
        follower = Follower(house)
        for run in history:
            follower.load(run, batch_bytes=data.draw(BATCH_BYTES))


@examples(25)
@given(histories(conflicts=True, bad=True), st.data())
def test_r1_plays_in_conflict(folder: Path, history: list[Run], data: st.DataObject) -> None:
    """The lowest of a batch is kept, and the one already loaded stays."""
    with fresh_house(folder) as house:
        follower = Follower(house)
        for run in history:
            follower.load(run, batch_bytes=data.draw(BATCH_BYTES))


@examples(25)
@given(histories(), st.data())
def test_r2_match_may_change_from_run_to_run(folder: Path, history: list[Run], data: st.DataObject) -> None:
    with fresh_house(folder) as house:
        follower = Follower(house)
        for run in history:
            follower.load(run, match=data.draw(MATCHES), batch_bytes=data.draw(BATCH_BYTES))


@examples(25)
@given(histories(bad=True), st.data())
def test_r7_a_full_refresh_rebuilds_from_the_files_present(
    folder: Path, history: list[Run], data: st.DataObject
) -> None:
    with fresh_house(folder) as house:
        follower = Follower(house)
        for run in history:
            full_refresh = data.draw(st.booleans())
            follower.load(run, match=data.draw(MATCHES), full_refresh=full_refresh)
            follower.load(run)
