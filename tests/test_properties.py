"""The real loader against the plain-Python reference, on histories of folders that hypothesis makes up.

What holds after each run of a history (R1 to R8, the report, the ledger, the rejects, the audits) stands in
`tests.house.Follower`.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.errors import TooManyRejects
from tests import strategies
from tests.conftest import examples
from tests.house import Content, Follower, fresh_house, staged_by_reference, tables, tracks_of
from tests.reference import Version, is_read, star
from tests.strategies import Run, histories, versions

MATCHES = st.sampled_from([None, "exact", "resolve"])
BATCH_BYTES = st.sampled_from([None, 1])
"""Everything is one batch, or each file is one."""


# --- Run by run ----------------------------------------------------------------------------------------


@examples(25)
@given(histories(bad=True), st.data())
def test_a_history_loaded_run_by_run(folder: Path, history: list[Run], data: st.DataObject) -> None:
    with fresh_house(folder) as house:
        follower = Follower(house)
        for run in history:
            follower.load(run, batch_bytes=data.draw(BATCH_BYTES))


@examples(8)
@given(histories(bad=True, max_runs=2), st.data())
def test_a_run_repeated_finds_nothing_new(folder: Path, history: list[Run], data: st.DataObject) -> None:
    with fresh_house(folder) as house:
        follower = Follower(house)
        for run in history:
            follower.load(run, batch_bytes=data.draw(BATCH_BYTES))
            assert follower.load(run, batch_bytes=data.draw(BATCH_BYTES)).status == "nothing-new"


@examples(12)
@given(histories(conflicts=True, max_runs=3), st.data())
def test_r1_of_plays_in_conflict_the_lowest_of_the_first_batch_stays(
    folder: Path, history: list[Run], data: st.DataObject
) -> None:
    with fresh_house(folder) as house:
        follower = Follower(house)
        for run in history:
            follower.load(run, batch_bytes=data.draw(BATCH_BYTES))


@examples(12)
@given(histories(max_runs=3), st.data())
def test_r2_match_may_change_from_run_to_run(folder: Path, history: list[Run], data: st.DataObject) -> None:
    with fresh_house(folder) as house:
        follower = Follower(house)
        for run in history:
            follower.load(run, match=data.draw(MATCHES), batch_bytes=data.draw(BATCH_BYTES))


@examples(12)
@given(histories(bad=True, max_runs=3), st.data())
def test_r7_a_full_refresh_rebuilds_from_the_files_present(
    folder: Path, history: list[Run], data: st.DataObject
) -> None:
    """With ids never given before; the rejects of earlier runs stay."""
    with fresh_house(folder) as house:
        follower = Follower(house)
        for run in history:
            follower.load(run, match=data.draw(MATCHES), full_refresh=data.draw(st.booleans()))
        follower.load(history[-1], full_refresh=True, batch_bytes=data.draw(BATCH_BYTES))
        assert follower.load(history[-1]).status == "nothing-new"


# --- Order (R7) ----------------------------------------------------------------------------------------


def spread(found: list[Version], random: Random) -> list[Run]:
    """The versions in any order over any number of runs, none twice in a run, some of them twice at all."""
    shuffled = found + random.sample(found, len(found) // 2)
    random.shuffle(shuffled)
    runs: list[Run] = [{}]
    for version in shuffled:
        if version.name in runs[-1] or random.random() < 0.3:
            runs.append({})
        runs[-1][version.name] = version
    return runs


@examples(15)
@given(histories(max_runs=3), st.randoms(use_true_random=False))
def test_r7_neither_order_nor_batches_nor_repeats_matter(folder: Path, history: list[Run], random: Random) -> None:
    found = [version for version in versions(history) if is_read(version.name) and version.data]
    expected = star(found)
    with fresh_house(folder) as house:
        for run in spread(found, random):
            house.lay(run)
            house.load(batch_bytes=random.choice([None, 1, 700]))
        content = house.content()
    assert content.star == tables(expected)
    assert content.tracks == tracks_of(found, "resolve")
    assert content.violations == []


@examples(8)
@given(histories(max_runs=1), st.randoms(use_true_random=False))
def test_r7_one_by_one_equals_all_at_once(folder: Path, history: list[Run], random: Random) -> None:
    with fresh_house(folder) as at_once, fresh_house(folder) as one_by_one:
        at_once.lay(history[0])
        at_once.load()
        one_by_one.load()
        present = list(history[0].values())
        random.shuffle(present)
        for version in present:
            one_by_one.put(version)
            one_by_one.load()
        first, second = at_once.content(), one_by_one.content()
    assert (first.star, first.tracks, first.files) == (second.star, second.tracks, second.files)


# --- Strict by default -----------------------------------------------------------------------------------


def lasting(content: Content) -> dict[str, object]:
    """All but the list of runs."""
    return {name: value for name, value in vars(content).items() if name != "runs"}


@examples(10)
@given(histories(max_runs=1), st.data())
def test_a_bad_record_fails_a_strict_batch_and_changes_nothing(
    folder: Path, history: list[Run], data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(["log", "song"]))
    bad = data.draw(strategies.bad_lines(kind))
    name = f"{kind}_data/bad.json"
    with fresh_house(folder) as house:
        house.lay(history[0])
        house.load()
        before = house.content()
        house.put(Version(name, b"\n\n" + bad.source, strategies.BASE_TIME))
        with pytest.raises(TooManyRejects) as caught:
            house.load()
        after = house.content()
        assert lasting(after) == lasting(before)
        assert f"{house.url(name)}:3: " in str(caught.value)
        assert [run[1] for run in after.runs] == [before.runs[0][1], "failed"]
        house.load(max_errors=1)
        assert house.content().rejects == [(name, 3, bad.reason_class)]


# --- Staging (4.1, 4.2) ----------------------------------------------------------------------------------


@st.composite
def source_files(draw: st.DrawFn) -> list[Version]:
    """A few files of any shape, compressed or not, with bad records or without."""
    found: list[Version] = []
    for number in range(draw(st.integers(1, 3))):
        ending = draw(st.sampled_from(["json", "json", "jsonl", "json.gz", "json.zst"]))
        bad = draw(st.booleans())
        if draw(st.booleans()):
            name = f"log_data/{number}.{ending}"
            data = draw(strategies.log_bytes(draw(strategies.events(far=True)), bad=bad))
        else:
            name = f"song_data/{number}.{ending}"
            data = draw(strategies.song_bytes(draw(strategies.catalogues()), bad=bad))
        found.append(Version(name, strategies.packed(name, data), strategies.BASE_TIME + number))
    return found


@examples(30)
@given(source_files())
def test_staging_equals_the_reference_on_the_fast_path_and_off_it(folder: Path, files: list[Version]) -> None:
    with fresh_house(folder) as fast, fresh_house(folder) as exact:
        expected = staged_by_reference(files)
        assert vars(fast.stage(files)) == vars(expected)
        assert vars(exact.stage(files, exact=True)) == vars(expected)
