"""The report: one file that a browser shows from disk, without a network, whatever titles the warehouse holds."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from sparkify import queries, report, views
from sparkify.cli_support import reading, settings_for
from sparkify.errors import UsageError
from sparkify.report import Range, change, write_report
from tests.browser import PHONE, TIMEOUT, axe_violations, overflow, visit
from tests.command import DATABASE, event, finish, inside, song, start_python, write_json

pytest_plugins = ("tests.browser",)

SCRIPT = "</script><script>window.pwned=1</script>"
IMAGE = "<img src=x onerror=window.pwned=1>"
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
HOUR = 3_600_000
FIRST = 1541034000000
"""2018-11-01T01:00:00Z, in milliseconds: the day before in America."""
CHARTS = sum(len(section.queries) for section in views.SECTIONS)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse in which every query has rows, and texts want to be more than text."""
    folder = tmp_path_factory.mktemp("report")
    place: dict[str, object] = {"artist_latitude": 41.9, "artist_longitude": -87.6, "artist_location": IMAGE}
    songs = [
        song(),
        song(song_id="SO2", title=SCRIPT, artist_id="AR2", artist_name=IMAGE, **place),
        song(song_id="SO3", title="Two words " * 40, artist_id="AR3", artist_name="\u2028 </style>", **place),
    ]
    write_json(folder / "song_data" / "songs.json", songs)
    plays = [
        event(ts=FIRST),
        event(ts=FIRST + HOUR, song=SCRIPT, artist=IMAGE, location=IMAGE, firstName=SCRIPT, userAgent=SCRIPT),
        event(ts=FIRST + 2 * HOUR, song="Two words " * 40, artist="\u2028 </style>", userId="8", sessionId=2),
        event(ts=FIRST + 60 * HOUR, level="paid", location="x" * 1000, gender=None),
        event(ts=FIRST + 61 * HOUR, song=IMAGE, artist=SCRIPT, level="paid"),
        event(ts=FIRST + 62 * HOUR, song="Nobody's", artist="Nobody", level="paid", userId="9", sessionId=3),
    ]
    write_json(folder / "log_data" / "one.json", plays)
    inside(folder, "etl", "--song-data", "song_data", "--log-data", "log_data").ok()
    return folder


def written(folder: Path, name: str, **given: str) -> Path:
    """The file of a report on the folder's warehouse."""
    path = folder / name
    with reading(settings_for(warehouse=f"duckdb:///{folder / DATABASE}"), attach=False) as house:
        write_report(house, path, given, now=NOW)
    return path


@pytest.fixture(scope="module")
def whole(loaded: Path) -> Path:
    """The report on all days."""
    return written(loaded, "whole.html")


@contextmanager
def shown(browser: Browser, path: Path, charts: int = CHARTS, **options: Any) -> Iterator[Page]:
    """A report in a browser, all charts drawn; afterwards nothing was asked for, complained of or run."""
    with visit(browser, path.as_uri(), **options) as seen:
        drawn = seen.page.locator(".chart.screen[role=graphics-document]:has(svg)")
        expect(drawn).to_have_count(charts, timeout=TIMEOUT)
        expect(seen.page.locator(".chart.paper svg")).to_have_count(charts, timeout=TIMEOUT)
        yield seen.page
        assert seen.requests == [path.as_uri()]
        assert seen.complaints == []
        assert seen.page.evaluate("window.pwned") is None


# -- in a browser -----------------------------------------------------------------------------------


def test_every_chart_is_drawn_without_a_network(browser: Browser, whole: Path) -> None:
    with shown(browser, whole) as page:
        for section in views.SECTIONS:
            expect(page.get_by_role("heading", name=section.name, exact=True, level=2)).to_be_visible()
            for name in section.queries:
                query = queries.named_query(name)
                card = page.get_by_role("article", name=query.title, exact=True)
                expect(card).to_contain_text(query.question)
                drawn = card.locator(".chart.screen")
                expect(drawn).to_have_attribute("aria-label", re.compile(re.escape(query.title)))
                box = drawn.bounding_box()
                assert box is not None
                assert box["width"] > 300
        assert overflow(page) == 0


def test_texts_stay_texts_under_the_pointer_and_in_tables(browser: Browser, whole: Path) -> None:
    with shown(browser, whole) as page:
        card = page.locator("#top-songs")
        card.locator(".chart.screen .mark-rect path").first.hover()
        expect(page.locator("#vg-tooltip-element")).to_contain_text("plays")
        for bar in card.locator(".chart.screen .mark-rect path").all():
            bar.hover()
        card.locator("summary", has_text="Table").click()
        expect(card.get_by_role("cell", name=SCRIPT, exact=True)).to_be_visible()
        expect(card.get_by_role("cell", name=IMAGE, exact=True)).to_be_visible()
        expect(page.locator("img")).to_have_count(0)


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": PHONE, "height": 800}}],
    ids=["light", "dark", "phone"],
)
def test_people_with_disabilities_can_use_it(browser: Browser, whole: Path, options: Mapping[str, Any]) -> None:
    with shown(browser, whole, bypass_csp=True, **options) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert axe_violations(page) == []
        assert overflow(page) == 0


def test_a_phone_shows_all_of_it(browser: Browser, whole: Path) -> None:
    with shown(browser, whole, viewport={"width": PHONE, "height": 800}) as page:
        assert overflow(page) == 0
        for chart in page.locator(".chart.screen svg").all():
            box = chart.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= PHONE


def test_days_are_the_same_west_of_utc(browser: Browser, whole: Path) -> None:
    with shown(browser, whole, timezone_id="America/Los_Angeles") as page:
        for name in ("plays-over-time", "tiers-over-time", "active-users"):
            axis = page.locator(f"#{name} .chart.screen .role-axis-label")
            expect(axis.first).to_contain_text("2018-11-01")
            expect(axis.first).not_to_contain_text("2018-10-31")
        page.locator("#plays-over-time .chart.screen .mark-symbol path").first.hover()
        expect(page.locator("#vg-tooltip-element")).to_contain_text("2018-11-01")


def test_colours_follow_the_system(browser: Browser, whole: Path) -> None:
    with shown(browser, whole, color_scheme="dark") as page:
        bar = page.locator("#top-songs .chart.screen .mark-rect path").first
        dark = bar.get_attribute("fill")
        paper = page.locator("#top-songs .chart.paper .mark-rect path").first.get_attribute("fill")
        page.emulate_media(color_scheme="light")
        expect(bar).to_have_attribute("fill", str(paper))
        assert dark != paper
        expect(page.locator(".chart.screen svg")).to_have_count(CHARTS)


def test_it_prints(browser: Browser, whole: Path) -> None:
    with shown(browser, whole, color_scheme="dark") as page:
        assert page.pdf(format="A4").startswith(b"%PDF")
        page.emulate_media(media="print")
        expect(page.locator("#top-songs .chart.paper svg")).to_be_visible()
        expect(page.locator("#top-songs .chart.screen svg")).to_be_hidden()
        expect(page.locator("#top-songs details.sql")).to_be_hidden()


def test_an_empty_range_says_so(browser: Browser, loaded: Path) -> None:
    path = written(loaded, "empty.html", start="2017-01-01", end="2017-01-31", place=IMAGE)
    with shown(browser, path, charts=1, bypass_csp=True) as page:  # the catalogue is there, whatever is played
        expect(page.get_by_text("No plays in this report.")).to_be_visible()
        expect(page.get_by_text("Nothing to show.")).to_have_count(CHARTS - 1)
        expect(page.locator("header")).to_contain_text(IMAGE)
        expect(page.locator(".numbers")).to_contain_text("–")
        assert axe_violations(page) == []


# -- numbers ----------------------------------------------------------------------------------------


def test_the_head_tells_what_the_report_is_of(loaded: Path, whole: Path) -> None:
    text = whole.read_text(encoding="utf-8")
    assert "<dt>Days</dt><dd>all days, with plays on 2018-11-01 to 2018-11-03</dd>" in text
    assert f"<dt>Warehouse</dt><dd>duckdb:///{loaded / DATABASE}</dd>" in text
    assert "<dt>Made</dt><dd>2026-01-02 03:04 UTC</dd>" in text
    assert "<dt>Tier</dt>" not in text
    assert 'class="change"' not in text, "an open range has no period before it"
    paid = written(loaded, "paid.html", start="2018-11-03", level="paid", place="Lyon").read_text(encoding="utf-8")
    assert "<dt>Days</dt><dd>from 2018-11-03, with plays on 2018-11-03 to 2018-11-03</dd>" in paid
    assert "<dt>Tier</dt><dd>paid</dd>" in paid
    assert "<dt>Place</dt><dd>Lyon</dd>" in paid


def test_numbers_are_told_with_those_before(loaded: Path) -> None:
    text = written(loaded, "bounded.html", start="2018-11-03", end="2018-11-04").read_text(encoding="utf-8")
    assert "Changes are against the 2 days before, 2018-11-01 to 2018-11-02." in text
    cards = dict(re.findall(r"<dt>([\w ]+)</dt><dd class=\"number\">(.*?)</div>", text))
    assert cards["plays"] == '3</dd><dd class="change">unchanged, was 3</dd>'
    assert cards["paid plays"] == '3</dd><dd class="change">+3, was 0</dd>'
    assert cards["paid share"] == '100.0%</dd><dd class="change">+100.0 points, was 0.0%</dd>'


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2018-11-01", "2018-11-30", "2018-10-02 to 2018-10-31"),
        ("2018-11-01", "2018-11-01", "2018-10-31"),
        ("0001-01-08", "0001-01-14", "0001-01-01 to 0001-01-07"),
        ("0001-01-08", "0001-01-15", "None"),
    ],
)
def test_the_period_before_has_as_many_days(first: str, last: str, before: str) -> None:
    assert str(Range(date.fromisoformat(first), date.fromisoformat(last)).before) == before


def test_an_open_range_has_nothing_before() -> None:
    assert Range(None, date(2018, 1, 1)).before is None
    assert Range(date(2018, 1, 1), None).before is None
    assert [str(Range(None, None)), str(Range(date.max, None)), str(Range(None, date.max))] == [
        "all days", "from 9999-12-31", "until 9999-12-31",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "plays", "retention"),
    [(0, "day", "week"), (1, "day", "week"), (120, "day", "week"), (121, "week", "week"), (731, "month", "month")],
)
def test_long_ranges_are_told_by_longer_periods(days: int, plays: str, retention: str) -> None:
    played = [date(2018, 1, 1), date(2018, 1, 1) + timedelta(days - 1)] if days else []
    assert report.periods(queries.named_query("plays-over-time"), played) == {"by": plays}
    assert report.periods(queries.named_query("retention"), played) == {"by": retention}
    assert report.periods(queries.named_query("top-songs"), played) == {}


@pytest.mark.parametrize(
    ("column", "now", "before", "told"),
    [
        ("plays", 150, 100, "+50.0%, was 100"),
        ("plays", 1, 2000, "−100.0%, was 2,000"),
        ("plays", 7, 7, "unchanged, was 7"),
        ("plays", 7, 0, "+7, was 0"),
        ("paid_share", 0.5, 0.75, "−25.0 points, was 75.0%"),
        ("paid_share", 0.5, 0.50001, "unchanged, was 50.0%"),
        ("paid_share", 0.5, None, "not comparable"),
        ("paid_share", None, None, ""),
    ],
)
def test_a_change_in_words(column: str, now: object, before: object, told: str) -> None:
    assert change(column, now, before) == told


def test_tables_are_cut_and_statements_stand_below(loaded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "ROWS", 2)
    monkeypatch.setattr(report, "SQL", 100)
    text = written(loaded, "cut.html").read_text(encoding="utf-8")
    assert re.search(r"<caption>Hour by weekday: the first 2 of \d+ rows</caption>", text)
    assert "-- … all of it: sparkify query by-device --sql" in text
    assert text.count("<summary>SQL</summary>") == CHARTS


# -- the file ---------------------------------------------------------------------------------------


def test_nothing_ends_an_element_that_it_stands_in(whole: Path) -> None:
    text = whole.read_text(encoding="utf-8")
    assert text.count("<script") == text.count("</script>") == CHARTS + 3, "charts, configurations, two scripts"
    assert text.count("</style>") == 1
    before, _, _ = text.partition("</main>")
    assert "<img" not in before
    for specification in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text):
        json.loads(specification)


def test_the_command_writes_it_anew_in_one_go(loaded: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")
    done = inside(loaded, "report", path, "-p", "start=2018-11-01").ok()
    assert done.out == f"wrote {path}\n"
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    assert path.stat().st_mode & 0o777 == write_json(tmp_path / "other", []).stat().st_mode & 0o777


@pytest.mark.parametrize("name", [".", "nowhere/report.html", "x" * 300], ids=["folder", "no folder", "too long"])
def test_it_needs_a_file_in_a_folder(loaded: Path, name: str) -> None:
    assert inside(loaded, "report", name).failed(2) == f"{name}: name a file in a folder that exists"


def test_values_are_checked_before_anything_is_written(loaded: Path) -> None:
    with pytest.raises(UsageError, match="is after -p end=2018-11-01"):
        written(loaded, "never.html", start="2018-11-02", end="2018-11-01")
    assert not (loaded / "never.html").exists()


@pytest.mark.parametrize("package", ["altair", "vl_convert"])
def test_a_missing_package_is_named(loaded: Path, package: str) -> None:
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from sparkify import cli; sys.exit(cli.main(['report', 'missing.html']))"
    )
    message = finish(start_python(loaded, "-c", program)).failed(2)
    assert message == f"a report needs the package {package}, which is not installed: pip install 'sparkify[dashboard]'"
    assert not (loaded / "missing.html").exists()
