"""The dashboard: a real server, a real browser, real loads beside it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sparkify import output, queries, views
from sparkify.cli_support import opened, settings_for
from sparkify.dashboard import page as dashboard
from sparkify.dashboard.reader import Reader
from sparkify.dashboard.waiting import plain
from sparkify.errors import SparkifyError, UsageError
from sparkify.warehouse import Answer
from tests.browser import PHONE, Visit, axe_violations, overflow, visit
from tests.command import DATABASE, etl, event, finish, inside, song, start, start_python, tamper, write_json

pytest_plugins = ("tests.browser",)

SCRIPT = "</script><script>window.pwned=1</script>"
IMAGE = "<img src=x onerror=window.pwned=1>"
LONG = "endless " * 125
DAY = 86_400_000
FIRST = 1541034000000
"""2018-11-01T01:00:00Z, in milliseconds: the day before in America."""
PLACES = ("Lyon", "Paris *bold* $x$ :red[y]", IMAGE)
SHOTS = os.environ.get("SPARKIFY_SCREENSHOTS")
"""A folder for pictures of every page, for a person to look at."""
ALL = {"start": "2018-11-01", "end": "2018-11-20", "level": "all", "place": ""}


def company(folder: Path) -> None:
    """Twenty days of plays, of songs whose titles want to be more than text."""
    place: dict[str, object] = {"artist_latitude": 41.9, "artist_longitude": -87.6, "artist_location": IMAGE}
    songs = [
        song(),
        song(song_id="SO2", title=SCRIPT, artist_id="AR2", artist_name=IMAGE, **place),
        song(song_id="SO3", title=LONG, artist_id="AR3", artist_name="# heading", **place),
    ]
    write_json(folder / "song_data" / "songs.json", songs)
    titles = [("The Song", "The Artist"), (SCRIPT, IMAGE), (LONG, "# heading"), (f"{IMAGE} lacks", SCRIPT)]
    plays = [
        event(
            ts=FIRST + day * DAY + number * 1000, userId=str(number % 7), sessionId=day * 10 + number % 7,
            itemInSession=number, level="paid" if (day + number) % 3 else "free", location=PLACES[number % 3],
            gender="FM"[number % 2], firstName=IMAGE, song=titles[number % 4][0], artist=titles[number % 4][1],
            userAgent="Mozilla/5.0 (X11; Linux x86_64; rv:31.0) Gecko/20100101 Firefox/31.0",
        )
        for day in range(20)
        for number in range(5 + day)
    ]  # fmt: skip
    write_json(folder / "log_data" / "plays.json", plays)
    etl(folder).ok()


@dataclass(frozen=True)
class Server:
    """A dashboard that is served."""

    folder: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def values(self, name: str, **given: str) -> list[tuple[Any, ...]]:
        """What the command line answers."""
        arguments = [argument for each in (ALL | given).items() for argument in ("-p", "=".join(each))]
        out = inside(self.folder, "query", name, *arguments, "--format", "json").ok().out
        return [tuple(row.values()) for row in json.loads(out)]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as listening:
            listening.bind(("::1", 0))
    except OSError:
        return False
    return True


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Server]:
    port = free_port()
    process = start(folder, "dashboard", "--no-open", "--port", str(port), **settings)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == f"http://127.0.0.1:{port} shows duckdb:///{DATABASE}; Ctrl-C ends it\n", finish(process)
    try:
        yield Server(folder, port, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        result = finish(process)
        assert (result.exit_code, result.err) == (0, "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("dashboard")
    company(folder)
    with serving(folder) as found:
        yield found


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
        expect(box.get_by_test_id("stCode")).to_have_text(re.compile(r"LIMIT 10;\s*$"))
        shown = box.get_by_test_id("stCode").inner_text()
        assert "".join(shown.split()) == "".join(f"{sql};".split())
        harmless(seen)


def test_nothing_in_the_filters_is_an_empty_state_and_no_error(server: Server, browser: Browser) -> None:
    with visit(browser, address(server, page="Listeners", start="2018-11-01", end="2018-11-01")) as seen:
        expect(seen.page.get_by_text("No play fits these filters").first).to_be_visible()
        harmless(seen)


# -- who may look -----------------------------------------------------------------------------------


def test_a_foreign_host_is_refused(server: Server) -> None:
    asked = urllib.request.Request(server.url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=10)
    assert refused.value.code == 400
    refused.value.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None, "http://127.0.0.1:1"])
def test_a_socket_of_a_foreign_page_is_refused(server: Server, origin: str | None) -> None:
    stream = f"ws://127.0.0.1:{server.port}/_stcore/stream"
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(stream, additional_headers={"Origin": origin} if origin else {}, proxy=None),
    ):
        pass
    with connect(stream, additional_headers={"Origin": f"http://127.0.0.1:{server.port}"}, proxy=None):
        pass


@pytest.mark.parametrize(
    ("host", "welcome", "refused"),
    [("0.0.0.0", ["127.0.0.1", "10.1.2.3"], ["evil.example", "127.0.0.1.evil.example", ""]), ("::1", ["[::1]"], ["x"])],
)
def test_where_others_may_enter_a_foreign_name_may_not(
    server: Server, host: str, welcome: list[str], refused: list[str]
) -> None:
    """A foreign name that leads here is how a page in a browser reads what it may not; an address cannot do that."""
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    port = free_port()
    process = start(server.folder, "dashboard", "--no-open", "--port", str(port), "--host", host)
    assert process.stdout is not None
    process.stdout.readline()
    for name in (*welcome, *refused):
        connection = http.client.HTTPConnection("::1" if ":" in host else "127.0.0.1", port, timeout=10)
        connection.putrequest("GET", "/", skip_host=True)
        connection.putheader("Host", f"{name}:{port}")
        connection.endheaders()
        assert connection.getresponse().status == (200 if name in welcome else 400), name
        connection.close()
    process.send_signal(signal.SIGTERM)
    assert ("no login" in finish(process).err) is (host == "0.0.0.0")


def test_a_proxy_may_show_it_under_its_own_address_and_no_other(server: Server) -> None:
    port, public = free_port(), "https://plays.example.com"
    process = start(server.folder, "dashboard", "--no-open", "--port", str(port), "--public-url", f"{public}/")
    assert process.stdout is not None
    assert f"http://127.0.0.1:{port} ({public} to others) shows" in process.stdout.readline()

    def comes_in(host: str, origin: str) -> bool:
        with (
            socket.create_connection(("127.0.0.1", port)) as proxy,
            suppress(InvalidStatus),
            connect(f"ws://{host}/_stcore/stream", sock=proxy, additional_headers={"Origin": origin}, proxy=None),
        ):
            return True
        return False

    ours = f"127.0.0.1:{port}"
    for host in ("plays.example.com", ours):  # as the proxy passes it on
        assert comes_in(host, public)
        for origin in ("http://plays.example.com", "https://evil.example", "https://plays.example.com:8443"):
            assert not comes_in(host, origin), (host, origin)
    assert comes_in(ours, f"http://{ours}")
    assert not comes_in("evil.example", public)
    process.send_signal(signal.SIGTERM)
    finish(process).ok()


@pytest.mark.parametrize("address", ["plays.example.com", "https://a b", "https://x/plays", "ftp://x", "https://"])
def test_a_public_address_that_cannot_be_is_told(server: Server, address: str) -> None:
    message = inside(server.folder, "dashboard", "--no-open", "--public-url", address).failed(2)
    assert f"--public-url {address}: give scheme and host" in message


def test_only_this_machine_is_listened_to(server: Server) -> None:
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    ]
    assert f"0100007F:{server.port:04X}" in listening
    assert f"00000000:{server.port:04X}" not in listening


def test_a_port_that_is_taken_is_told(server: Server) -> None:
    message = finish(start(server.folder, "dashboard", "--no-open", "--port", str(server.port))).failed(2)
    assert f"--port {server.port}" in message


def test_without_a_warehouse_there_is_no_page(tmp_path: Path) -> None:
    assert "there is no warehouse" in finish(start(tmp_path, "dashboard", "--no-open")).failed(2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(server: Server, number: signal.Signals) -> None:
    port = free_port()
    process = start(server.folder, "dashboard", "--no-open", "--port", str(port))
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).close()
            break
        except OSError:
            assert time.monotonic() < deadline
    process.send_signal(number)
    result = finish(process)
    assert (result.exit_code, result.err) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly_while_it_starts(server: Server, number: signal.Signals) -> None:
    code = (
        "import os, sys, sparkify.dashboard.launcher as it; from sparkify.cli_support import settings_for\n"
        f"it._listen = lambda *_: os.kill(os.getpid(), {int(number)})\n"
        "it.serve(settings_for(), port=1, open_browser=False)"
    )
    result = finish(start_python(server.folder, "-c", code))
    assert (result.exit_code, result.err) == (0, "")


# -- beside loads -----------------------------------------------------------------------------------


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A folder of its own, with a warehouse and a month more to load."""
    company(tmp_path)
    for day in range(20, 50):
        plays = [event(ts=FIRST + day * DAY + n * 1000, itemInSession=n, userId=str(n % 7)) for n in range(40)]
        write_json(tmp_path / "log_data" / f"{day}.json", plays)
    return tmp_path


@contextmanager
def reading(folder: Path, *, wait: float = 30.0) -> Iterator[Reader]:
    reader = Reader(settings_for(warehouse=f"duckdb:///{folder / DATABASE}").model_copy(update={"wait": wait}))
    try:
        yield reader
    finally:
        reader.close()


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


def test_an_open_page_shows_new_numbers_by_itself(
    busy: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
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


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Another process writes the file, and does not let go."""
    code = f"import duckdb, time; c = duckdb.connect({DATABASE!r}); print('open', flush=True); time.sleep(600)"
    process = start_python(folder, "-c", code)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    try:
        yield
    finally:
        process.kill()
        finish(process)


def test_while_the_file_cannot_be_read_the_last_numbers_are_shown_with_their_time(busy: Path, browser: Browser) -> None:
    with reading(busy, wait=0.3) as reader:
        before = reader.answer("overview", {})
        (busy / DATABASE).touch()
        with held(busy):
            old = reader.answer("overview", {})
            assert (old.value, old.at) == (before.value, before.at)
            assert "in use" in old.problem
            with pytest.raises(SparkifyError, match="in use"):
                reader.answer("peak-hour", {})
        new = reader.answer("overview", {})
        assert new.problem == ""
        assert new.at > before.at


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


def test_old_numbers_are_shown_soon(busy: Path) -> None:
    names = (views.OVERVIEW, *views.SECTIONS[0].queries)
    with reading(busy) as reader:
        for name in names:
            reader.answer(name, {})
        (busy / DATABASE).touch()
        with held(busy):
            started = time.monotonic()
            assert all("in use" in reader.answer(name, {}).problem for name in names)
            assert time.monotonic() - started < 5


def test_a_warehouse_of_another_version_is_told(busy: Path) -> None:
    with reading(busy) as reader:
        tamper(busy, "update etl_settings set value = '2' where name = 'schema_version'", "drop table etl_plays")
        with pytest.raises(UsageError, match="sparkify"):
            reader.answer("match-quality", {})


def test_who_joins_a_question_that_another_gives_up_gets_an_answer(busy: Path) -> None:
    class Gone(Exception):
        pass

    slow = "select count(*) from range(20000) a, range(10000) b where a.range * b.range % 7 = 1"
    with reading(busy) as reader:
        for number in range(3):
            begun, joined = threading.Event(), threading.Event()

            def leave(begun: threading.Event = begun, joined: threading.Event = joined) -> None:
                begun.set()
                joined.wait(5)
                raise Gone

            def first(key: tuple[str, int], heed: Callable[[], None]) -> None:
                with pytest.raises(Gone):
                    reader._get(key, lambda house: house.ask(slow), heed)

            key = ("slow", number)
            thread = threading.Thread(target=first, args=[key, leave])
            thread.start()
            begun.wait(5)
            answers: list[object] = []
            second = threading.Thread(
                target=lambda key=key, found=answers: found.append(
                    reader._get(key, lambda house: house.ask(slow), lambda: None)
                )
            )
            joined.set()
            second.start()
            thread.join()
            second.join()
            assert len(answers) == 1


def test_who_asks_the_same_is_answered_by_one_question(busy: Path) -> None:
    with reading(busy) as reader:
        answers: list[object] = []
        with held(busy):
            threads = [
                threading.Thread(target=lambda: answers.append(reader.answer("top-songs", {}))) for _ in range(20)
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.3)
        for thread in threads:
            thread.join()
        assert len(answers) == 20
        assert len(set(map(id, answers))) == 1


def test_a_question_that_nobody_waits_for_is_cancelled(busy: Path) -> None:
    class Gone(Exception):
        pass

    def leave() -> None:
        raise Gone

    endless = "select count(*) from range(1000000000) a, range(1000000000) b where a.range * b.range % 7 = 1"
    with reading(busy) as reader:
        started = time.monotonic()

        def ask(house: object) -> Answer:
            return house.ask(endless)  # type: ignore[attr-defined, no-any-return]

        with pytest.raises(Gone):
            reader._get(("endless",), ask, leave)
        assert reader.answer("overview", {}).value.rows
        assert time.monotonic() - started < 10


def test_values_that_do_not_fit_are_told_at_once(busy: Path) -> None:
    with reading(busy) as reader, pytest.raises(UsageError, match="free or paid"):
        reader.answer("overview", {"level": "gold"})


@pytest.mark.parametrize("text", ["plain", "*a* _b_ `c`", "# d", "$e$", ":red[f]", "[g](http://h)", "<i>", "\\j"])
def test_text_stays_text_in_markdown(text: str) -> None:
    escaped = plain(text)
    assert re.sub(r"\\(.)", r"\1", escaped) == text
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_`#$\[<]", escaped)
