"""The simulator: what its files hold, read with nothing but a JSON parser."""

import json
import re
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sparkify.simulate import Company, Simulated, simulate, traffic, words

Event = dict[str, Any]

LOG_FIELDS = re.findall(
    r"\w+",
    "artist auth firstName gender itemInSession lastName length level location method page registration "
    "sessionId song status ts userAgent userId",
)
SONG_FIELDS = re.findall(
    r"\w+",
    "num_songs artist_id artist_latitude artist_longitude artist_location artist_name song_id title duration year",
)
# page, method, status, auth: all that the public logs have, with their share of the 8,056 events there.
PUBLIC_PAGES = {
    ("NextSong", "PUT", 200, "Logged In"): 0.84657,
    ("Home", "GET", 200, "Logged In"): 0.07882,
    ("Home", "GET", 200, "Logged Out"): 0.02123,
    ("Login", "PUT", 307, "Logged Out"): 0.01142,
    ("Logout", "PUT", 307, "Logged In"): 0.01117,
    ("Downgrade", "GET", 200, "Logged In"): 0.00745,
    ("Settings", "GET", 200, "Logged In"): 0.00695,
    ("Help", "GET", 200, "Logged In"): 0.00472,
    ("About", "GET", 200, "Logged In"): 0.00273,
    ("Upgrade", "GET", 200, "Logged In"): 0.00261,
    ("About", "GET", 200, "Logged Out"): 0.00174,
    ("Save Settings", "PUT", 307, "Logged In"): 0.00124,
    ("Error", "GET", 404, "Logged In"): 0.00112,
    ("Help", "GET", 200, "Logged Out"): 0.00112,
    ("Submit Upgrade", "PUT", 307, "Logged In"): 0.00099,
    ("Submit Downgrade", "PUT", 307, "Logged In"): 0.00012,
}
CLEAN = Company(events=60_000, songs=300, users=300, seed=7)
DIRTY = Company(events=20_000, songs=120, users=80, seed=3, days=16, dirty=True)


class Output:
    """Files of one simulation, read once."""

    def __init__(self, root: Path, company: Company) -> None:
        self.root = root
        self.company = company
        self.result: Simulated = simulate(root, company)
        self.files = sorted(path for path in root.rglob("*") if path.is_file())
        # What a loader lists: nothing whose name, or whose folder's name, begins with a dot or underscore.
        visible = [p for p in self.files if not re.search(r"/[._]", "/" + str(p.relative_to(root)))]
        self.logs = [path for path in visible if path.is_relative_to(root / "log_data")]
        self.songs = [path for path in visible if path.is_relative_to(root / "song_data")]

    def lines(self) -> Iterator[bytes]:
        for path in self.logs:
            yield from path.read_bytes().split(b"\n")

    def events(self) -> list[Event]:
        return [json.loads(line) for line in self.lines()]

    def catalogue(self) -> list[Event]:
        return [json.loads(path.read_bytes()) for path in self.songs if path.stat().st_size]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return Output(tmp_path_factory.mktemp("clean"), CLEAN)


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return Output(tmp_path_factory.mktemp("dirty"), DIRTY)


@pytest.fixture(scope="module")
def events(clean: Output) -> list[Event]:
    return clean.events()


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def undo_double_encoding(text: str) -> str:
    for _ in range(3):
        try:
            undone = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return text
        text = undone
    return text


def normal(text: object) -> str:
    return " ".join(undo_double_encoding(str(text)).lower().split())


def match_shares(plays: list[Event], songs: list[Event]) -> dict[str, float]:
    exact = {(str(s["title"]), str(s["artist_name"]), s["duration"]) for s in songs}
    title = {(normal(s["title"]), normal(s["artist_name"])) for s in songs}
    artist = {normal(s["artist_name"]) for s in songs}
    found = Counter(
        "exact"
        if (str(p["song"]), str(p["artist"]), p["length"]) in exact
        else "title"
        if (normal(p["song"]), normal(p["artist"])) in title
        else "artist"
        if normal(p["artist"]) in artist
        else "none"
        for p in plays
    )
    return {kind: found[kind] / len(plays) for kind in ("exact", "title", "artist", "none")}


def assert_users_behave(events: list[Event]) -> None:
    """Sessions are chains, a user has one at a time, and tiers change only where they may."""
    sessions: dict[int, list[Event]] = defaultdict(list)
    users: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        sessions[event["sessionId"]].append(event)
        if event["userId"]:
            users[event["userId"]].append(event)
    for session in sessions.values():
        assert [e["itemInSession"] for e in session] == list(range(len(session)))
        assert all(a["ts"] < b["ts"] for a, b in pairwise(session))
        assert len({e["userId"] for e in session} - {""}) <= 1
    for mine in users.values():
        assert all(a["ts"] < b["ts"] for a, b in pairwise(mine))
        opened = [e["sessionId"] for e in mine]
        assert len(set(opened)) == 1 + sum(a != b for a, b in pairwise(opened)), "sessions overlap"
        for before, after in pairwise(mine):
            changes = {"Submit Upgrade": ("free", "paid"), "Submit Downgrade": ("paid", "free")}
            expect = changes.get(before["page"], (before["level"], before["level"]))
            assert (before["level"], after["level"]) == expect
        assert all(float(e["registration"]) <= e["ts"] for e in mine)
        assert len({(e["firstName"], e["lastName"], e["gender"], e["location"], e["userAgent"]) for e in mine}) == 1


class TestLayout:
    def test_one_log_file_a_day_named_by_it(self, clean: Output) -> None:
        names = [str(path.relative_to(clean.root)) for path in clean.logs]
        assert names == [f"log_data/2018/11/2018-11-{day:02}-events.json" for day in range(1, 31)]
        for path in clean.logs:
            days = {
                datetime.fromtimestamp(json.loads(line)["ts"] / 1000, UTC).date().isoformat()
                for line in path.read_bytes().split(b"\n")
            }
            assert days == {path.name[:10]}

    def test_no_file_ends_in_a_newline_or_has_blank_lines(self, clean: Output) -> None:
        for path in clean.files:
            data = path.read_bytes()
            assert data
            assert not data.endswith(b"\n")
            assert b"\n\n" not in data

    def test_songs_lie_by_letters_of_their_track(self, clean: Output) -> None:
        for path in clean.songs:
            track = path.stem
            assert re.fullmatch(r"TR[A-Z0-9]{16}", track)
            assert path.relative_to(clean.root).parts[:4] == ("song_data", *track[2:5])

    def test_counts_of_what_was_written(self, clean: Output) -> None:
        assert clean.result == Simulated(
            log_files=30,
            song_files=300,
            events=60_000,
            songs=300,
            bytes=sum(path.stat().st_size for path in clean.files),
            bad_records=0,
        )
        assert sum(1 for _ in clean.lines()) == 60_000

    def test_a_folder_in_use_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "log_data").mkdir()
        (tmp_path / "log_data" / "mine.json").touch()
        with pytest.raises(FileExistsError, match="log_data is not empty"):
            simulate(tmp_path, Company(events=1))
        assert [path.name for path in tmp_path.rglob("*.json")] == ["mine.json"]

    def test_empty_folders_will_do(self, tmp_path: Path) -> None:
        (tmp_path / "song_data").mkdir()
        assert simulate(tmp_path, Company(events=1, songs=1, users=1, days=1)).events == 1

    def test_progress_rises_to_the_number_of_events(self, tmp_path: Path) -> None:
        seen: list[int] = []
        simulate(tmp_path, Company(events=3_000, songs=3), seen.append)
        assert seen == sorted(seen)
        assert seen[-1] == 3_000


class TestFormat:
    def test_log_lines_are_compact_ascii_with_escaped_slashes(self, clean: Output) -> None:
        for line in list(clean.lines())[:5_000]:
            again = json.dumps(json.loads(line), separators=(",", ":")).replace("/", r"\/")
            assert line == again.encode("ascii")

    def test_fields_have_the_public_order_and_types(self, events: list[Event]) -> None:
        assert {tuple(event) for event in events} == {tuple(LOG_FIELDS)}
        for event in events:
            out = event["auth"] == "Logged Out"
            assert re.fullmatch(r"" if out else r"[1-9]\d*", event["userId"])
            for name in ("firstName", "lastName", "gender", "location", "registration", "userAgent"):
                assert (event[name] is None) == out
            for name in ("artist", "song", "length"):
                assert (event[name] is None) == (event["page"] != "NextSong")
            assert isinstance(event["registration"], float | None)
            assert isinstance(event["length"], float | None)
            assert isinstance(event["ts"], int)

    def test_user_agents_carry_quotes(self, events: list[Event]) -> None:
        agents = {event["userAgent"] for event in events if event["userAgent"]}
        assert {agent[0] + agent[-1] for agent in agents if "Firefox" not in agent} == {'""'}

    def test_songs_have_the_public_fields(self, clean: Output) -> None:
        for path in clean.songs:
            song = json.loads(path.read_bytes())
            assert list(song) == SONG_FIELDS
            assert path.read_bytes() == json.dumps(song).encode("ascii")
            assert re.fullmatch(r"SO[A-Z0-9]{16}", song["song_id"])
            assert re.fullmatch(r"AR[A-Z0-9]{16}", song["artist_id"])

    def test_catalogue_has_gaps_and_artists_with_several_songs(self, clean: Output) -> None:
        songs = clean.catalogue()
        assert len({song["song_id"] for song in songs}) == len(songs)
        names: dict[str, set[str]] = defaultdict(set)
        for song in songs:
            names[song["artist_name"]].add(song["artist_id"])
        assert all(len(ids) == 1 for ids in names.values())
        assert max(Counter(song["artist_id"] for song in songs).values()) > 3
        for test in (
            lambda song: song["year"] == 0,
            lambda song: song["artist_latitude"] is None,
            lambda song: song["artist_location"] == "",
            lambda song: not song["title"].isascii(),
        ):
            assert 0.05 < sum(map(test, songs)) / len(songs) < 0.8

    def test_clean_text_is_encoded_once(self, clean: Output, events: list[Event]) -> None:
        titles = {event["song"] for event in events if event["song"] and not event["song"].isascii()}
        assert titles
        assert all(undo_double_encoding(title) == title for title in titles)
        assert titles & {song["title"] for song in clean.catalogue()}


class TestBehaviour:
    def test_pages_have_the_public_proportions(self, events: list[Event]) -> None:
        seen = Counter((e["page"], e["method"], e["status"], e["auth"]) for e in events)
        assert set(seen) == set(PUBLIC_PAGES)
        for page, share in PUBLIC_PAGES.items():
            assert seen[page] / len(events) == pytest.approx(share, rel=0.12, abs=0.0025), page

    def test_most_events_are_paid_as_in_public(self, events: list[Event]) -> None:
        assert sum(event["level"] == "paid" for event in events) / len(events) == pytest.approx(0.78, abs=0.07)

    def test_users_behave(self, events: list[Event]) -> None:
        assert_users_behave(events)
        pages = Counter(event["page"] for event in events)
        assert pages["Submit Upgrade"]
        assert pages["Submit Downgrade"]

    def test_lines_are_in_order_of_time(self, events: list[Event]) -> None:
        assert all(a["ts"] <= b["ts"] for a, b in pairwise(events))

    def test_plays_have_a_key(self, events: list[Event]) -> None:
        plays = [(e["ts"], e["userId"], e["sessionId"]) for e in events if e["page"] == "NextSong"]
        assert len(set(plays)) == len(plays)

    def test_a_song_plays_to_its_end(self, tmp_path: Path) -> None:
        quiet = Output(tmp_path, Company(events=4_000, songs=50, users=500, seed=2)).events()
        last: dict[int, Event] = {}
        gaps = Counter[bool]()
        for event in quiet:
            before = last.get(event["sessionId"])
            if before and before["page"] == "NextSong":
                gaps[event["ts"] - before["ts"] == int(before["length"]) * 1000] += 1
            last[event["sessionId"]] = event
        # Only who would listen beyond the last midnight is hurried.
        assert gaps[True] > 0.95 * gaps.total()

    def test_evenings_and_weekdays_are_busy_and_the_company_grows(self, events: list[Event]) -> None:
        when = [datetime.fromtimestamp(event["ts"] / 1000, UTC) for event in events]
        hours = Counter(moment.hour for moment in when)
        assert sum(hours[h] for h in range(15, 19)) > 2 * sum(hours[h] for h in range(1, 5))
        days = Counter(moment.date() for moment in when)
        assert days[date(2018, 11, 14)] > 2 * days[date(2018, 11, 18)]
        assert days[date(2018, 11, 28)] > 1.3 * days[date(2018, 11, 7)]

    def test_songs_have_a_long_tail(self, events: list[Event]) -> None:
        plays = Counter(event["song"] for event in events if event["song"])
        ranked = [count for _, count in plays.most_common()]
        assert sum(ranked[: len(ranked) // 10]) > 0.3 * sum(ranked)
        assert sum(count <= 5 for count in ranked) > 0.3 * len(ranked)

    @pytest.mark.parametrize(
        ("exact", "title", "artist"), [(0.3, 0.1, 0.35), (0.1, 0.6, 0.3), (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)]
    )
    @pytest.mark.parametrize("dirty", [False, True])
    def test_plays_match_the_catalogue_as_set(
        self, tmp_path: Path, exact: float, title: float, artist: float, dirty: bool
    ) -> None:
        company = Company(events=6_000, songs=60, days=2, exact=exact, title=title, artist=artist)
        output = Output(tmp_path, replace(company, dirty=dirty))
        plays = [event for line in output.lines() if (event := parsed(line)) and event["page"] == "NextSong"]
        found = match_shares(plays, output.catalogue())
        assert found == pytest.approx(
            {"exact": exact, "title": title, "artist": artist, "none": 1 - exact - title - artist}, abs=0.03
        )

    @pytest.mark.parametrize(
        "company",
        [
            Company(events=50_000, songs=1, users=1, days=1),  # the most that fits
            Company(events=1, songs=1, users=1, days=1),
            Company(events=20_000, songs=30, users=3, days=2, seed=4),
            Company(events=15_000, songs=30, users=20_000, days=1, seed=5),
            Company(events=500, songs=30, users=50, start=date(2019, 12, 30), days=800),
        ],
        ids=str,
    )
    def test_companies_of_odd_shape_behave(
        self, tmp_path: Path, company: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(traffic, "BLOCK", 4_000)
        output = Output(tmp_path, company)
        events = output.events()
        assert len(events) == company.events
        assert all(a["ts"] <= b["ts"] for a, b in pairwise(events))
        days = {datetime.fromtimestamp(event["ts"] / 1000, UTC).date() for event in events}
        assert min(days) >= company.start
        assert (max(days) - company.start).days < company.days
        assert_users_behave(events)


class TestWords:
    @pytest.mark.parametrize("name", [words.title, words.artist])
    def test_no_two_numbers_share_a_name(self, name: Callable[[int], str]) -> None:
        numbers = [*range(20_000), *range(262_100, 264_200), *range(9_999_000, 10_000_000)]
        assert len({normal(name(number)) for number in numbers}) == len(numbers)

    def test_encoded_twice_is_undone_by_two_steps(self) -> None:
        assert words.encode_twice("é") == "\u00c3\u0083\u00c2\u00a9"
        assert undo_double_encoding(words.encode_twice("Hösk ř")) == "Hösk ř"


class TestRepeatable:
    @pytest.mark.parametrize("dirty", [False, True])
    def test_a_seed_gives_equal_bytes(self, tmp_path: Path, dirty: bool) -> None:
        company = Company(events=3_000, songs=20, seed=11, dirty=dirty)
        first, second = (simulate(tmp_path / name, company) for name in "ab")
        assert first == second
        assert contents(tmp_path / "a") == contents(tmp_path / "b")
        simulate(tmp_path / "c", replace(company, seed=12))
        assert contents(tmp_path / "a") != contents(tmp_path / "c")

    def test_memory_does_not_grow_with_the_events(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(traffic, "BLOCK", 3_000)
        company = Company(songs=10, users=50)

        def peak(events: int) -> int:
            tracemalloc.start()
            try:
                simulate(tmp_path / str(events), replace(company, events=events))
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        peak(100)  # caches and imports
        assert peak(32_000) < 1.15 * peak(8_000)


def parsed(line: bytes) -> Event | None:
    try:
        event: Event = json.loads(line)
    except ValueError:
        return None
    return event


class TestDirty:
    def test_bad_records_are_counted(self, dirty: Output) -> None:
        bad = 0
        for path in dirty.logs:
            lines = path.read_bytes().split(b"\n") if path.stat().st_size else []
            wrong = [parsed(line) is None for line in lines]
            bad += sum(wrong)
            # Each makes one reject: it begins like a record and a sound one, or the end, follows.
            assert all(line.startswith(b"{") for line in lines)
            assert not any(a and b for a, b in pairwise(wrong))
        assert bad == dirty.result.bad_records > 10

    def test_no_distinct_event_is_lost_or_added(self, dirty: Output) -> None:
        sound = {line for line in dirty.lines() if parsed(line)}
        assert len(sound) == dirty.result.events == DIRTY.events
        events = sorted((json.loads(line) for line in sound), key=lambda e: (e["ts"], e["sessionId"]))
        assert_users_behave(events)

    def test_lines_of_each_file_are_in_order_of_time(self, dirty: Output) -> None:
        for path in dirty.logs:
            stamps = [event["ts"] for line in path.read_bytes().split(b"\n") if (event := parsed(line))]
            assert stamps == sorted(stamps)

    def test_lines_are_broken_in_the_middle_and_cut_at_the_end(self, dirty: Output) -> None:
        first = (dirty.root / "log_data/2018/11/2018-11-01-events.json").read_bytes().split(b"\n")
        assert parsed(first[-1]) is None
        assert any(parsed(line) is None for line in first[:-1])

    def test_lines_are_repeated(self, dirty: Output) -> None:
        for path in dirty.logs:
            if path.name.endswith("-events.json"):
                lines = path.read_bytes().split(b"\n")
                assert len(set(lines)) < len(lines)

    def test_files_are_copied_with_their_dates(self, dirty: Output) -> None:
        copies = [path for path in dirty.logs + dirty.songs if path.stem.endswith(" (1)")]
        assert {path.relative_to(dirty.root).parts[0] for path in copies} == {"log_data", "song_data"}
        for copy in copies:
            original = copy.with_name(copy.name.replace(" (1)", ""))
            assert copy.read_bytes() == original.read_bytes()
            assert copy.stat().st_mtime_ns == original.stat().st_mtime_ns

    def test_some_events_come_late(self, dirty: Output) -> None:
        late = dirty.root / "log_data/2018/11/2018-11-02-events-late.json"
        stamps = [json.loads(line)["ts"] for line in late.read_bytes().split(b"\n")]
        assert {datetime.fromtimestamp(ts / 1000, UTC).day for ts in stamps} == {1}

    def test_there_are_hidden_and_empty_files(self, dirty: Output) -> None:
        hidden = set(dirty.files) - set(dirty.logs) - set(dirty.songs)
        assert {path.name[0] for path in hidden} >= {".", "_"}
        assert any(path.parent.name == "_temporary" for path in hidden)
        for listed in (dirty.logs, dirty.songs):
            assert sum(path.stat().st_size == 0 for path in listed) == 1

    def test_text_of_plays_is_encoded_twice(self, dirty: Output) -> None:
        songs = {e["song"] for line in dirty.lines() if (e := parsed(line)) and isinstance(e["song"], str)}
        mangled = {song for song in songs if undo_double_encoding(song) != song}
        assert mangled
        assert all("\u00c3\u0083" in song or "\u00c3\u0085" in song for song in mangled)
        # The catalogue is sound.
        assert all(undo_double_encoding(str(s["title"])) == str(s["title"]) for s in dirty.catalogue())

    def test_names_that_are_numbers(self, dirty: Output) -> None:
        songs = dirty.catalogue()
        assert any(isinstance(song["artist_name"], int) for song in songs)
        assert any(isinstance(song["title"], int) for song in songs)
        plays = [event for line in dirty.lines() if (event := parsed(line))]
        assert any(isinstance(play["artist"], int) for play in plays)
        assert any(isinstance(play["song"], int) for play in plays)

    def test_counts_of_what_was_written(self, dirty: Output) -> None:
        assert dirty.result.log_files == len(dirty.logs)
        assert dirty.result.song_files == len(dirty.songs)
        assert dirty.result.songs == DIRTY.songs
        assert dirty.result.bytes == sum(path.stat().st_size for path in dirty.files)

    @pytest.mark.parametrize(("events", "songs"), [(1, 1), (3, 2), (40, 5)])
    def test_small_companies_can_be_dirty(self, tmp_path: Path, events: int, songs: int) -> None:
        output = Output(tmp_path, Company(events=events, songs=songs, dirty=True, days=3))
        lines = [line for path in output.logs if path.stat().st_size for line in path.read_bytes().split(b"\n")]
        assert len({line for line in lines if parsed(line)}) == events
        assert sum(parsed(line) is None for line in lines) == output.result.bad_records


class TestArguments:
    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"events": 0}, "events must be at least 1"),
            ({"songs": 0}, "songs must be at least 1"),
            ({"songs": 10**8}, "songs must be at most"),
            ({"users": -3}, "users must be at least 1"),
            ({"days": 0}, "days must be at least 1"),
            ({"days": 10**7}, "run past the year 9999"),
            ({"seed": -1}, "seed must not be negative"),
            ({"exact": 1.2}, "exact is a share"),
            ({"title": float("nan")}, "title is a share"),
            ({"exact": 0.5, "title": 0.3, "artist": 0.3}, "together must be at most 1, not 1.1"),
            ({"start": date(1969, 12, 31)}, "start must not be before 1970"),
            ({"events": 10**6, "users": 1, "days": 2}, "too few for 1,000,000 events: at most 100,000"),
        ],
    )
    def test_what_cannot_be_is_refused(self, wrong: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message) as caught:
            Company(**wrong)
        assert "\n" not in str(caught.value)

    def test_shares_may_add_up_to_one(self) -> None:
        assert Company(exact=0.7, title=0.2, artist=0.1).exact == 0.7
