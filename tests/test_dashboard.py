"""The dashboard: a real server, a real browser, real loads beside it."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sparkify import output, queries, views
from sparkify.cli_support import opened, settings_for
from sparkify.dashboard import page as dashboard
from sparkify.dashboard.waiting import plain
from tests import dashboard_house
from tests.browser import PHONE, Visit, axe_violations, overflow, visit
from tests.command import DATABASE, etl
from tests.dashboard_house import (
    ALL,
    PLACES,
    Server,
    held,
    reading,
    serving,
)

pytest_plugins = ("tests.browser",)

busy = dashboard_house.busy
server = dashboard_house.server

SHOTS = os.environ.get("TEST_SCREENSHOTS")
"""A folder for pictures of every page, for a person to look at."""


def metrics(page: Page) -> Locator:
    return page.get_by_test_id("stMetricValue")


def sidebar(page: Page) -> Locator:
    return page.get_by_test_id("stSidebarUserContent")


def chart(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-{name} [role=graphics-document]")


def settled(page: Page, section: str) -> None:
    """Wait until a section is drawn whole."""
    expect(page.get_by_role("heading", name=section, exact=True)).to_be_visible()
    for name in next((each.queries for each in views.SECTIONS if each.name == section), ()):
        expect(chart(page, name)).to_be_visible()
    expect(page.locator("[data-stale=true]")).to_have_count(0)


def address(server: Server, **given: str) -> str:
    return server.url + "?" + "&".join(f"{name}={value.replace(' ', '+')}" for name, value in given.items())


def harmless(seen: Visit) -> None:
    """Nothing of the data ran, nothing was asked of another machine, and the page did not complain."""
    assert seen.page.evaluate("window.pwned") is None
    assert {url.split("/")[2].partition(":")[0] for url in seen.requests} == {"127.0.0.1"}
    assert [text for text in seen.complaints if "Infinite extent" not in text] == []


def test_every_page_shows_its_charts_to_everybody(server: Server, browser: Browser) -> None:
    with visit(browser, "about:blank", bypass_csp=True) as seen:
        for section in dashboard.PAGES:
            seen.page.goto(address(server, page=section))
            settled(seen.page, section)
            assert axe_violations(seen.page) == [], section
            picture(seen.page, section, "light")


def test_every_page_fits_a_phone_at_night(server: Server, browser: Browser) -> None:
    with visit(browser, "about:blank", viewport={"width": PHONE, "height": 800}, color_scheme="dark") as seen:
        for section in dashboard.PAGES:
            seen.page.goto(address(server, page=section))
            settled(seen.page, section)
            assert overflow(seen.page) == 0, section
            background = seen.page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
            assert max(map(int, re.findall(r"\d+", background)[:3])) < 60, section
            harmless(seen)
            picture(seen.page, section, "dark-phone")


def picture(page: Page, section: str, kind: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{section.lower().replace(' ', '-')}-{kind}.png")


def test_filters_change_the_numbers_and_the_address_keeps_them(server: Server, browser: Browser) -> None:
    with visit(browser, server.url) as seen:
        page = seen.page
        settled(page, "Overview")
        [[plays, listeners, sessions, *_]] = server.values("overview")
        expect(metrics(page)).to_have_text([f"{plays:,}", f"{listeners:,}", f"{sessions:,}", re.compile("%$")])
        sidebar(page).get_by_text("paid", exact=True).click()
        [[plays, *_]] = server.values("overview", level="paid")
        expect(metrics(page).first).to_have_text(f"{plays:,}")
        sidebar(page).get_by_role("combobox", name="Place").click()
        page.get_by_role("option", name=PLACES[1]).click()
        [[plays, *_]] = server.values("overview", level="paid", place=PLACES[1])
        expect(metrics(page).first).to_have_text(f"{plays:,}")
        day = sidebar(page).get_by_role("spinbutton", name="day, First day")
        day.click()
        page.keyboard.type("11")
        page.keyboard.press("Escape")
        narrowed = {"level": "paid", "place": PLACES[1], "start": "2018-11-11"}
        [[plays, *_]] = server.values("overview", **narrowed)
        expect(metrics(page).first).to_have_text(f"{plays:,}")
        # Ten days, and the ten before.
        [[before, *_]] = server.values("overview", **narrowed | {"start": "2018-11-01", "end": "2018-11-10"})
        expect(page.get_by_test_id("stMetricDelta").first).to_contain_text(f"{plays / before - 1:+.1%}"[1:])
        shared = page.url
        with visit(browser, shared) as other:
            expect(metrics(other.page).first).to_have_text(f"{plays:,}")
            settled(other.page, "Overview")
        sidebar(page).get_by_text("Music", exact=True).click()
        settled(page, "Music")
        with visit(browser, page.url) as other:
            settled(other.page, "Music")
            expect(other.page.get_by_text("2018-11-11 to 2018-11-20 (UTC), paid tier")).to_be_visible()
        harmless(seen)


def test_an_address_that_means_nothing_shows_everything(server: Server, browser: Browser) -> None:
    [[plays, *_]] = server.values("overview")
    with visit(browser, server.url) as seen:
        for wrong in (
            "level=evil",
            "start=2018-99-99",
            "page=Nope&place=nowhere",
            "start=1999-01-01",
            "level=a&level=b",
        ):
            seen.page.goto(f"{server.url}?{wrong}")
            expect(metrics(seen.page).first).to_have_text(f"{plays:,}")
            expect(seen.page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
            expect(seen.page.get_by_text("that there is not; all is shown instead").first).to_be_visible()
        harmless(seen)


def test_a_change_is_told_only_against_days_that_are_loaded(server: Server, browser: Browser) -> None:
    with visit(browser, address(server, start="2018-11-03", end="2018-11-12")) as seen:
        settled(seen.page, "Overview")
        expect(seen.page.get_by_test_id("stMetricDelta")).to_have_count(0)


def test_the_length_of_periods_can_be_chosen_and_shared(server: Server, browser: Browser) -> None:
    with visit(browser, server.url) as seen:
        settled(seen.page, "Overview")
        drawn = chart(seen.page, "plays-over-time")
        expect(drawn).to_have_attribute("aria-label", re.compile("20 rows"))
        seen.page.locator(".st-key-plays-over-time").get_by_text("week", exact=True).click()
        expect(drawn).to_have_attribute("aria-label", re.compile(" 4 rows"))
        expect(seen.page).to_have_url(re.compile("plays-over-time.by=week"))
        with visit(browser, seen.page.url) as other:
            shown = chart(other.page, "plays-over-time")
            expect(shown).to_have_attribute("aria-label", re.compile(" 4 rows"))


def test_filters_stay_where_none_are_needed(server: Server, browser: Browser) -> None:
    with visit(browser, address(server, level="paid")) as seen:
        settled(seen.page, "Overview")
        sidebar(seen.page).get_by_text("Load health", exact=True).click()
        expect(seen.page.get_by_role("heading", name="Last runs")).to_be_visible()
        expect(seen.page).to_have_url(re.compile("level=paid"))


def test_the_keyboard_is_enough(server: Server, browser: Browser) -> None:
    with visit(browser, server.url) as seen:
        page = seen.page
        settled(page, "Overview")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.getAttribute('type') === 'radio'") and page.evaluate(
                "document.activeElement.closest('[role=radiogroup]').innerText.includes('free')"
            ):
                break
        page.keyboard.press("ArrowDown")
        [[plays, *_]] = server.values("overview", level="free")
        expect(metrics(page).first).to_have_text(f"{plays:,}")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName === 'SUMMARY'"):
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="CSV", exact=True).first).to_be_visible()


def test_days_are_those_of_utc_wherever_one_looks(server: Server, browser: Browser) -> None:
    found = []
    for zone in ("America/Los_Angeles", "Asia/Tokyo"):
        with visit(browser, server.url, timezone_id=zone) as seen:
            settled(seen.page, "Overview")
            expect(seen.page.get_by_text("2018-11-01 to 2018-11-20 (UTC)")).to_be_visible()
            found.append(chart(seen.page, "plays-over-time").locator("text").all_text_contents())
    assert found[0] == found[1]
    assert "2018-11-01" in found[0]


def test_beneath_a_chart_are_its_numbers_files_and_sql(server: Server, browser: Browser) -> None:
    with visit(browser, address(server, page="Music", level="paid")) as seen:
        page = seen.page
        settled(page, "Music")
        box = page.locator(".st-key-top-songs")
        box.get_by_text("Numbers, downloads and SQL").click()
        expect(box.get_by_test_id("stDataFrame")).to_be_visible()
        with page.expect_download() as csv:
            box.get_by_role("button", name="CSV", exact=True).click()
        assert csv.value.suggested_filename == "top-songs-2018-11-01-2018-11-20-paid.csv"
        with opened(settings_for(warehouse=f"duckdb:///{server.folder / DATABASE}")) as house:
            values = ALL | {"level": "paid"}
            assert csv.value.path().read_text() == output.as_csv(queries.answer(house, "top-songs", values))
            sql = queries.statement(house, "top-songs", values)
        with page.expect_download() as png:
            box.get_by_role("button", name="PNG", exact=True).click()
        assert png.value.path().read_bytes().startswith(b"\x89PNG")
        box.get_by_text("Show the SQL").click()
        expect(box.get_by_test_id("stCode")).to_have_text(re.compile(r"limit 10\b"))
        shown = box.get_by_test_id("stCode").inner_text()
        assert "".join(shown.split()) == "".join(f"{sql};".split())
        harmless(seen)


def test_nothing_in_the_filters_is_an_empty_state_and_no_error(server: Server, browser: Browser) -> None:
    with visit(browser, address(server, page="Listeners", start="2018-11-01", end="2018-11-01")) as seen:
        expect(seen.page.get_by_text("No play fits these filters").first).to_be_visible()
        harmless(seen)


# -- beside loads -----------------------------------------------------------------------------------


def test_a_load_and_twenty_pages_do_not_disturb_each_other(busy: Path, browser: Browser) -> None:
    with serving(busy) as server, visit(browser, server.url) as seen, reading(busy) as reader:
        settled(seen.page, "Overview")
        stop, errors, asked = threading.Event(), [], []

        def look(number: int) -> None:
            """One page that somebody clicks about in; each asks something else, so that nothing is shared."""
            while not stop.is_set():
                try:
                    found = reader.answer("top-places", {"limit": str(number + 1), "start": f"2018-11-{number + 1:02}"})
                    asked.append(found.problem)
                except Exception as error:
                    errors.append(error)
                    return

        pages = [threading.Thread(target=look, args=[number]) for number in range(20)]
        for page in pages:
            page.start()
        load = etl(busy, "--batch-bytes", "40KB")
        stop.set()
        for page in pages:
            page.join()
        assert load.ok().out.startswith("loaded 30 files")
        assert errors == []
        assert len(asked) > 100
        # While the load commits, the last numbers are shown with their time; they are those of now most of the time.
        assert asked.count("") > len(asked) / 2
        [[plays, *_]] = server.values("overview", end="2018-12-20")
        assert plays > 1200
        seen.page.reload()
        expect(metrics(seen.page).first).to_have_text(f"{plays:,}")
        harmless(seen)


def test_an_open_page_shows_new_numbers_by_itself(busy: Path, browser: Browser) -> None:
    with serving(busy) as server, visit(browser, f"{server.url}?page=Load+health") as seen:
        settled(seen.page, "Load health")
        expect(seen.page.get_by_text("2018-11-20 01:00 UTC")).to_be_visible()
        sidebar(seen.page).get_by_text("Overview", exact=True).click()
        settled(seen.page, "Overview")
        etl(busy).ok()
        # All days are those that are loaded now.
        expect(seen.page.get_by_text("2018-11-01 to 2018-12-20 (UTC)")).to_be_visible(timeout=30_000)
        [[plays, *_]] = server.values("overview", end="2018-12-20")
        expect(metrics(seen.page).first).to_have_text(f"{plays:,}")
        expect(sidebar(seen.page).get_by_role("spinbutton", name="month, Last day (UTC)")).to_have_text("12")


def test_a_page_of_a_warehouse_in_use_says_so_and_shows_what_it_has(busy: Path, browser: Browser) -> None:
    with serving(busy, wait="0.3") as server, visit(browser, server.url) as seen:
        settled(seen.page, "Overview")
        plays = metrics(seen.page).first.inner_text()
        (busy / DATABASE).touch()
        with held(busy):
            seen.page.reload()
            expect(seen.page.get_by_text("These are the numbers of").first).to_be_visible()
            expect(metrics(seen.page).first).to_have_text(plays)
            sidebar(seen.page).get_by_text("Music", exact=True).click()
            expect(seen.page.get_by_text("The warehouse cannot be read. ").first).to_be_visible(timeout=15_000)
        harmless(seen)


@pytest.mark.parametrize("text", ["plain", "*a* _b_ `c`", "# d", "$e$", ":red[f]", "[g](http://h)", "<i>", "\\j"])
def test_text_stays_text_in_markdown(text: str) -> None:
    escaped = plain(text)
    assert re.sub(r"\\(.)", r"\1", escaped) == text
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_`#$\[<]", escaped)
