"""The named queries once more, in plain Python over raw events and songs: what their SQL is tested against.

Written from the questions that the headers ask, the obvious slow way, after the rules of `tests.reference`. Nothing
here knows SQL or `sparkify.queries`; only browsers and systems come from `sparkify.agents`, which has tests of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sparkify.agents import browser_and_system
from tests.reference import (
    Bad,
    Event,
    Misfit,
    Resolution,
    Song,
    Track,
    Version,
    catalogue,
    is_control_file,
    is_read,
    kind,
    normalise,
    r1_plays,
    r2_resolution,
    r3_users,
    r4_songs,
    r5_artists,
    read,
    songplay_row,
    stage_event,
    stage_song,
    track,
)

Value = str | int | float | date | datetime | None
Answer = list[tuple[Value, ...]]
Key = TypeVar("Key", bound=Hashable)

KNOWN_AGENTS = 2000
"""So many agents, those used most, are told apart by device."""


@dataclass(frozen=True)
class Play:
    """A row of `songplays` with the track that it names."""

    at: datetime
    user: int | None
    level: str | None
    song_id: str | None
    artist_id: str | None
    session: int | None
    place: str | None
    agent: str | None
    track: Track
    match: str

    @property
    def day(self) -> date:
        return self.at.date()


@dataclass(frozen=True)
class User:
    first_name: str | None
    last_name: str | None
    gender: str | None
    level: str | None


@dataclass(frozen=True)
class Artist:
    name: str | None
    place: str | None
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True)
class Facts:
    """What a warehouse knows after reading some files."""

    plays: list[Play]
    users: dict[int, User]
    songs: dict[str, tuple[str | None, str | None]]
    """Title and artist id."""
    artists: dict[str, Artist]


@dataclass(frozen=True)
class Asked:
    """The values of the parameters."""

    start: date = date.min
    end: date = date.max
    level: str = "all"
    place: str = ""
    by: str = ""
    limit: int = 0


def facts(batches: Iterable[Sequence[Version]]) -> Facts:
    """What is known after these batches of files, bad records set aside."""
    events: list[list[Event]] = []
    songs: list[tuple[Version, Song]] = []
    seen: set[Version] = set()
    for batch in batches:
        new = [version for version in batch if version not in seen and is_read(version.name)]
        seen.update(new)
        rows = [(version, row) for version in new for row in _rows(version)]
        events.append([row for _, row in rows if isinstance(row, Event)])
        songs += [(version, row) for version, row in rows if isinstance(row, Song)]
    songs_now = catalogue(songs)
    plays = r1_plays(events)
    tracks = {each: r2_resolution(each, songs_now, "resolve") for each in {track(play) for play in plays}}
    users: Iterator[Any] = r3_users([event for batch in events for event in batch])
    titles: Iterator[Any] = r4_songs(songs_now)
    artists: Iterator[Any] = r5_artists(songs_now)
    return Facts(
        plays=[_play(play, tracks[track(play)]) for play in plays],
        users={user_id: User(*attributes) for user_id, *attributes in users},
        songs={song_id: (title, artist_id) for song_id, title, artist_id, *_ in titles},
        artists={artist_id: Artist(*attributes) for artist_id, *attributes in artists},
    )


def _rows(version: Version) -> Iterator[Event | Song]:
    items = read(version)
    for item in [] if is_control_file(items) else items:
        if not isinstance(item, Bad):
            try:
                yield stage_event(item) if kind(version.name) == "events" else stage_song(item)
            except Misfit:
                continue


def _play(event: Event, found: Resolution) -> Play:
    row: tuple[Any, ...] = (*songplay_row(event, found), track(event), found.match)
    return Play(*row)


# --- What all share ----------------------------------------------------------------------------------------

DEFAULTS: dict[str, dict[str, str]] = {
    "artist-places": {"limit": "200"},
    "heavy-users": {"limit": "10"},
    "missing-songs": {"limit": "20"},
    "most-played-song": {"limit": "1"},
    "new-and-returning": {"by": "week"},
    "peak-hour": {"limit": "1"},
    "plays-over-time": {"by": "day"},
    "retention": {"by": "week"},
    "tier-changes": {"by": "week"},
    "tiers-over-time": {"by": "day"},
    "top-artists": {"limit": "10"},
    "top-places": {"limit": "10"},
    "top-songs": {"limit": "10"},
}


def answer(known: Facts, name: str, given: Mapping[str, str]) -> Answer:
    """What a named query answers with these parameters, the others as they are usually."""
    values = DEFAULTS.get(name, {}) | dict(given)
    asked = Asked(
        start=date.fromisoformat(values.get("start", "0001-01-01")),
        end=date.fromisoformat(values.get("end", "9999-12-31")),
        level=values.get("level", "all"),
        place=values.get("place", ""),
        by=values.get("by", ""),
        limit=int(values.get("limit", "0")),
    )
    rows = ANSWERS[name](known, asked)
    return rows[: asked.limit] if asked.limit else rows


def within(known: Facts, asked: Asked) -> list[Play]:
    """The plays that the filters leave."""
    return [play for play in anyday(known, asked) if asked.start <= play.day <= asked.end]


def anyday(known: Facts, asked: Asked) -> list[Play]:
    """The plays of the tier and the place, of whatever day."""
    return [
        play
        for play in known.plays
        if asked.level in ("all", play.level) and (asked.place == "" or asked.place == play.place)
    ]


def period(play: Play, by: str) -> date:
    """The first day of the day, week or month."""
    if by == "week":
        return play.day - timedelta(days=play.day.weekday())
    return play.day.replace(day=1) if by == "month" else play.day


def groups(plays: Iterable[Play], key: Callable[[Play], Key]) -> dict[Key, list[Play]]:
    found: dict[Key, list[Play]] = defaultdict(list)
    for play in plays:
        found[key(play)].append(play)
    return found


def listeners(plays: Iterable[Play]) -> int:
    return len({play.user for play in plays} - {None})


def sessions(plays: Iterable[Play]) -> dict[tuple[int | None, int], list[Play]]:
    return groups((play for play in plays if play.session is not None), lambda play: (play.user, play.session or 0))


def last(*values: str | int | date | None) -> tuple[tuple[bool, Value], ...]:
    """A sort key in which None comes after everything."""
    return tuple((value is None, "" if value is None else value) for value in values)


def listened(plays: Iterable[Play]) -> list[Play]:
    """The plays of known users."""
    return [play for play in plays if play.user is not None]


def first_periods(known: Facts, by: str) -> dict[int | None, date]:
    """The period of each user's first play ever, whatever the filters."""
    return {user: period(min(own, key=lambda play: play.at), by) for user, own in _of_users(known.plays).items()}


def _of_users(plays: Iterable[Play]) -> dict[int | None, list[Play]]:
    return groups(listened(plays), lambda play: play.user)


# --- The questions -----------------------------------------------------------------------------------------


def overview(known: Facts, asked: Asked) -> Answer:
    plays = within(known, asked)
    paid = sum(play.level == "paid" for play in plays)
    return [(len(plays), listeners(plays), len(sessions(plays)), paid, paid / len(plays) if plays else None)]


def plays_over_time(known: Facts, asked: Asked) -> Answer:
    found = groups(within(known, asked), lambda play: period(play, asked.by))
    return [(each, len(plays), listeners(plays), len(sessions(plays))) for each, plays in sorted(found.items())]


def tiers_over_time(known: Facts, asked: Asked) -> Answer:
    found = groups(within(known, asked), lambda play: (period(play, asked.by), play.level))
    return [
        (each, level, len(plays), listeners(plays))
        for (each, level), plays in sorted(found.items(), key=lambda item: last(*item[0]))
    ]


def plays_by_hour(known: Facts, asked: Asked) -> Answer:
    found = groups(within(known, asked), lambda play: play.at.hour)
    return [(hour, len(plays), listeners(plays)) for hour, plays in sorted(found.items())]


def plays_by_weekday(known: Facts, asked: Asked) -> Answer:
    found = Counter((play.day.isoweekday() % 7, play.at.hour) for play in within(known, asked))
    return [(weekday, hour, count) for (weekday, hour), count in sorted(found.items())]


def peak_hour(known: Facts, asked: Asked) -> Answer:
    found = Counter(play.at.hour for play in within(known, asked))
    return [(hour, count) for hour, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def most_played_song(known: Facts, asked: Asked) -> Answer:
    found = Counter(known.songs[play.song_id][0] for play in within(known, asked) if play.song_id is not None)
    rows: Answer = list(found.items())
    return sorted(rows, key=lambda row: (_most(row[1]), last(_text(row[0]))))


def top_songs(known: Facts, asked: Asked) -> Answer:
    rows: Answer = []
    for song_id, plays in groups(within(known, asked), lambda play: play.song_id).items():
        if song_id is not None:
            title, artist_id = known.songs[song_id]
            name = known.artists[artist_id].name if artist_id else None
            rows.append((song_id, title, name, len(plays), listeners(plays)))
    return sorted(rows, key=lambda row: (_most(row[3]), last(_text(row[1]), _text(row[0]))))


def top_artists(known: Facts, asked: Asked) -> Answer:
    rows: Answer = []
    for artist_id, plays in groups(within(known, asked), lambda play: play.artist_id).items():
        if artist_id is not None:
            rows.append((artist_id, known.artists[artist_id].name, len(plays), listeners(plays)))
    return sorted(rows, key=lambda row: (_most(row[2]), last(_text(row[1]), _text(row[0]))))


def artist_places(known: Facts, asked: Asked) -> Answer:
    rows: Answer = []
    for artist_id, plays in groups(within(known, asked), lambda play: play.artist_id).items():
        artist = known.artists[artist_id] if artist_id else None
        if artist and artist.latitude is not None:
            rows.append((artist_id, artist.name, artist.place, artist.latitude, artist.longitude, len(plays)))
    return sorted(rows, key=lambda row: (_most(row[5]), last(_text(row[1]), _text(row[0]))))


def top_places(known: Facts, asked: Asked) -> Answer:
    found = groups(within(known, asked), lambda play: play.place)
    rows: Answer = [(place, len(plays), listeners(plays)) for place, plays in found.items()]
    return sorted(rows, key=lambda row: (_most(row[1]), last(_text(row[0]))))


def by_gender(known: Facts, asked: Asked) -> Answer:
    found = groups(within(known, asked), lambda play: known.users[play.user].gender if play.user is not None else None)
    rows: Answer = [(gender, len(plays), listeners(plays)) for gender, plays in found.items()]
    return sorted(rows, key=lambda row: (_most(row[1]), last(_text(row[0]))))


def by_device(known: Facts, asked: Asked) -> Answer:
    plays = within(known, asked)
    used = Counter(play.agent for play in plays if play.agent is not None)
    told = dict(sorted(used.items(), key=lambda item: (-item[1], item[0]))[:KNOWN_AGENTS])
    unknown: tuple[str | None, str | None] = (None, None)
    found = groups(plays, lambda play: browser_and_system(play.agent) if play.agent in told else unknown)
    rows: Answer = [(*device, len(own), listeners(own)) for device, own in found.items()]
    return sorted(rows, key=lambda row: (_most(row[2]), last(_text(row[0]), _text(row[1]))))


def heavy_users(known: Facts, asked: Asked) -> Answer:
    rows: Answer = []
    for number, plays in _of_users(within(known, asked)).items():
        user = known.users[number or 0]
        rows.append(
            (
                number,
                user.first_name,
                user.last_name,
                user.level,
                len(plays),
                len(sessions(plays)),
                max(play.at for play in plays),
            )
        )
    return sorted(rows, key=lambda row: (_most(row[4]), -_most(row[0])))


def active_users(known: Facts, asked: Asked) -> Answer:
    """For each day with a listener: who listened on it, within 7 days and within 30 up to it."""
    of_day = {day: {play.user for play in plays} for day, plays in groups(listened(anyday(known, asked)), _day).items()}

    def within_days(day: date, count: int) -> int:
        return len(set().union(*(users for other, users in of_day.items() if 0 <= (day - other).days < count)))

    return [
        (day, len(users), within_days(day, 7), within_days(day, 30), len(users) / within_days(day, 30))
        for day, users in sorted(of_day.items())
        if asked.start <= day <= asked.end
    ]


def new_and_returning(known: Facts, asked: Asked) -> Answer:
    first = first_periods(known, asked.by)
    rows: Answer = []
    for each, plays in sorted(groups(listened(within(known, asked)), lambda play: period(play, asked.by)).items()):
        users = {play.user for play in plays}
        new = {user for user in users if first[user] == each}
        rows.append((each, len(new), len(users - new)))
    return rows


def retention(known: Facts, asked: Asked) -> Answer:
    first = first_periods(known, asked.by)
    size = Counter(first.values())
    still: dict[tuple[date, int], set[int | None]] = defaultdict(set)
    for play in listened(within(known, asked)):
        cohort, now = first[play.user], period(play, asked.by)
        months = (now.year - cohort.year) * 12 + now.month - cohort.month
        since = (now - cohort).days // 7 if asked.by == "week" else months
        still[cohort, since].add(play.user)
    return [
        (cohort, since, len(users), size[cohort], len(users) / size[cohort])
        for (cohort, since), users in sorted(still.items())
    ]


def tier_changes(known: Facts, asked: Asked) -> Answer:
    changes: Counter[tuple[date, str]] = Counter()
    for plays in _of_users(within(known, asked)).values():
        before: str | None = None
        for play in sorted(plays, key=lambda play: (play.at, play.session is not None, play.session or 0)):
            if play.level in ("free", "paid"):
                if before not in (None, play.level):
                    changes[period(play, asked.by), play.level] += 1
                before = play.level
    return [(each, changes[each, "paid"], changes[each, "free"]) for each in sorted({each for each, _ in changes})]


def time_to_upgrade(known: Facts, asked: Asked) -> Answer:
    found: Counter[int] = Counter()
    for plays in _of_users(within(known, asked)).values():
        free = [play.at for play in plays if play.level == "free"]
        paid = [play.at for play in plays if play.level == "paid"]
        if free and paid and min(free) < min(paid):
            found[(min(paid).date() - min(free).date()).days] += 1
    return sorted(found.items())


def session_length(known: Facts, asked: Asked) -> Answer:
    spans = ("one play", "under 10", "10 to 30", "30 to 60", "60 to 120", "120 to 240", "240 and more")

    def span(plays: list[Play]) -> int:
        times = [play.at for play in plays]
        minutes = (max(times) - min(times)) / timedelta(minutes=1)
        return 0 if len(plays) == 1 else 1 + sum(minutes >= bound for bound in (10, 30, 60, 120, 240))

    return _spans(known, asked, spans, span)


def plays_per_session(known: Facts, asked: Asked) -> Answer:
    spans = ("1", "2 to 5", "6 to 10", "11 to 20", "21 to 50", "51 to 100", "101 and more")
    return _spans(known, asked, spans, lambda plays: sum(len(plays) > bound for bound in (1, 5, 10, 20, 50, 100)))


def _spans(known: Facts, asked: Asked, names: Sequence[str], span: Callable[[list[Play]], int]) -> Answer:
    found: dict[int, list[list[Play]]] = defaultdict(list)
    for plays in sessions(within(known, asked)).values():
        found[span(plays)].append(plays)
    return [(names[place], len(own), sum(map(len, own))) for place, own in sorted(found.items())]


def match_quality(known: Facts, asked: Asked) -> Answer:
    found = groups(within(known, asked), lambda play: play.match)
    rows: Answer = [(match, len(plays), len({play.track for play in plays})) for match, plays in found.items()]
    return sorted(rows, key=lambda row: (_most(row[1]), last(_text(row[0]))))


def missing_songs(known: Facts, asked: Asked) -> Answer:
    """By title and artist as R2 compares them; shown is the lowest spelling, before double encoding is undone."""
    found = groups(
        (play for play in within(known, asked) if play.song_id is None and normalise(play.track[0])),
        lambda play: (normalise(play.track[0]), normalise(play.track[1])),
    )
    rows: list[tuple[tuple[Hashable, ...], tuple[Value, ...]]] = []
    for plays in found.values():
        title = min((play.track[0] or "").strip(" ") for play in plays)
        names = {(play.track[1] or "").strip(" ") for play in plays} - {""}
        artist = min(names) if names else None
        known_artist = any(play.artist_id is not None for play in plays)
        rows.append(
            (
                (-len(plays), title, *last(artist)),
                (meant(title), meant(artist), len(plays), listeners(plays), "yes" if known_artist else "no"),
            )
        )
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def meant(text: str | None) -> str | None:
    """A text, at most three double encodings undone."""
    for _ in range(3):
        try:
            text = text.encode("latin-1").decode() if text is not None else None
        except UnicodeError:
            break
    return text


def catalogue_coverage(known: Facts, asked: Asked) -> Answer:
    plays = within(known, asked)
    songs, artists = ({play.song_id for play in plays} - {None}, {play.artist_id for play in plays} - {None})
    return [
        (name, len(all_of_them), len(played), len(played) / len(all_of_them) if all_of_them else None)
        for name, all_of_them, played in (("songs", known.songs, songs), ("artists", known.artists, artists))
    ]


def _day(play: Play) -> date:
    return play.day


def _most(count: Value) -> int:
    """A sort key: most first."""
    assert isinstance(count, int)
    return -count


def _text(value: Value) -> str | None:
    assert value is None or isinstance(value, str)
    return value


ANSWERS: dict[str, Callable[[Facts, Asked], Answer]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        *(active_users, artist_places, by_device, by_gender, catalogue_coverage, heavy_users, match_quality),
        *(missing_songs, most_played_song, new_and_returning, overview, peak_hour, plays_by_hour, plays_by_weekday),
        *(plays_over_time, plays_per_session, retention, session_length, tier_changes, tiers_over_time),
        *(time_to_upgrade, top_artists, top_places, top_songs),
    )
}
