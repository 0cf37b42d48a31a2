"""The dashboard's first charts and a change of a filter beside the bare queries of the same numbers, in one run.

    python -m benchmarks.bench_dashboard                          5 million plays, 5 rounds (about 5 minutes)
    python -m benchmarks.bench_dashboard --warehouse FILE.duckdb  of a warehouse that there is

A round starts a server, and each figure is of a browser that has nothing in its cache. The same page of a warehouse of
a few plays is measured beside it: the difference is what the numbers cost, the rest is the page. Needs a Chromium on
the PATH. Read ratios: machines are noisy.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from sparkify import queries, sql_queries, views
from sparkify.cli_support import opened, settings_for
from sparkify.simulate import Company, simulate

TIERS = ("paid", "free")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--warehouse", type=Path, help="a DuckDB file")
    parser.add_argument("--events", type=int, default=6_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("there is no Chromium on the PATH")
    folder = Path(tempfile.mkdtemp(prefix="sparkify-bench-"))
    try:
        large = arguments.warehouse or loaded(folder / "large", arguments.events)
        small = loaded(folder / "small", 2_000)
        figures: dict[str, list[float]] = defaultdict(list)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS, "--no-first-run"])
            for number in range(arguments.rounds + 1):
                found = {f"{name}, {kind}": seconds for kind, file in (("large", large), ("small", small))
                         for name, seconds in measured(browser, file).items()}  # fmt: skip
                if number:  # the first warms the page cache
                    for name, seconds in found.items():
                        figures[name].append(seconds)
            browser.close()
        for name, values in figures.items():
            print(f"{name:42} {statistics.median(values):6.2f} s   [{min(values):.2f} to {max(values):.2f}]")
    finally:
        shutil.rmtree(folder)


def loaded(folder: Path, events: int) -> Path:
    """The warehouse of a simulated company."""
    folder.mkdir()
    company = Company(events, songs=1 + events // 300, users=10 + events // 120, start=date(2017, 1, 1), days=730)
    simulate(folder / "data", company)
    options = ["--song-data", "data/song_data", "--log-data", "data/log_data"]
    subprocess.run([sys.executable, "-m", "sparkify", "etl", *options], cwd=folder, check=True, capture_output=True)
    shutil.rmtree(folder / "data")
    return folder / "sparkify.duckdb"


def measured(browser: Browser, file: Path) -> dict[str, float]:
    """Seconds of each step, of a server that was just started."""
    found: dict[str, float] = {}
    first_play, _ = days(file)
    bare(file)  # the first in this process reads modules, too
    with served(file) as url:
        time.sleep(8)  # what the server asks by itself, before the first visitor comes
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        found["bare queries, all days"] = bare(file, start=first_play.isoformat())
        found["first visit, first chart"] = timed(
            lambda: page.goto(url), lambda: drawn(page, chart=views.SECTIONS[0].queries[0])
        )
        drawn(page)
        for tier in TIERS:
            found[f"bare queries, tier {tier}"] = bare(file, level=tier)
            choice = page.get_by_test_id("stSidebarUserContent").get_by_text(tier, exact=True)
            changed(found, f"tier {tier} (asked before)", page, choice.click, f"{tier} tier.")

        anew(page, url)
        page.get_by_test_id("stSidebarUserContent").get_by_role("combobox", name="Place").click()
        option = page.get_by_role("option").nth(2)
        place = option.inner_text()
        found["bare queries, a place"] = bare(file, place=place)
        changed(found, "a place", page, option.click, f"(UTC), {place}.")

        for name, part, value, start in (
            ("nearly all days", "day", "05", first_play.replace(day=5)),
            ("half of the days", "year", str(first_play.year + 1), first_play.replace(year=first_play.year + 1)),
        ):
            anew(page, url)
            found[f"bare queries, {name}"] = bare(file, start=start.isoformat())
            begin(page, part, value)
            changed(found, name, page, lambda: page.keyboard.press("Escape"), f"{start} to")
        for section in views.SECTIONS:
            page.goto(f"{url}?page={section.name}")
            drawn(page)
            time.sleep(0.5)
            begin(page, "day", "06")
            page.evaluate(REMEMBER, section.queries[0])
            started = time.perf_counter()
            page.keyboard.press("Escape")
            text = f"{first_play.replace(day=6)} to"
            for part, chart in (("first chart", section.queries[0]), ("all of it", "")):
                drawn(page, text, chart=chart)
                found[f"{section.name}, filter to days, {part}"] = time.perf_counter() - started
        context.close()
    return found


@contextmanager
def served(file: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "sparkify", "dashboard", "--no-open", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--warehouse", f"duckdb:///{file.absolute()}"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        server.stdout.readline()
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait()


def days(file: Path) -> tuple[date, date]:
    with opened(settings_for(warehouse=f"duckdb:///{file.absolute()}")) as house:
        [(first_play, last_play)] = house.ask(sql_queries.statement("status/plays", house.engine)).rows
    return first_play.date(), last_play.date()  # type: ignore[attr-defined]


def bare(file: Path, **filters: str) -> float:
    """The queries that the first page shows, one after the other, without a page."""
    first_play, last_play = days(file)
    start = date.fromisoformat(filters.get("start", first_play.isoformat()))
    with opened(settings_for(warehouse=f"duckdb:///{file.absolute()}")) as house:
        statements = [
            queries.statement(house, name, filters | views.period(queries.named_query(name), start, last_play))
            for name in (views.OVERVIEW, *views.SECTIONS[0].queries)
        ]
        with house.asking():
            return timed(lambda: [house.ask(statement) for statement in statements])


def anew(page: Page, url: str) -> None:
    """The page without filters, from what the server knows by now."""
    page.goto(url)
    drawn(page)
    time.sleep(0.5)


def changed(found: dict[str, float], name: str, page: Page, change: Callable[[], object], text: str) -> None:
    """Seconds from a change of a filter until all of the page is that of the new one."""
    found[f"filter to {name}"] = timed(change, lambda: drawn(page, text))
    time.sleep(0.5)


def begin(page: Page, part: str, value: str) -> None:
    """Type the year, month or day of the first day; Escape takes it over."""
    page.get_by_test_id("stSidebarUserContent").get_by_role("spinbutton", name=f"{part}, First day").click()
    page.keyboard.type(value)


def drawn(page: Page, text: str = "(UTC)", *, chart: str = "") -> None:
    """Wait, frame by frame, until the page says this and one chart is there, another than before; or all is new."""
    page.wait_for_function(DRAWN, arg=[text, chart], polling="raf")


REMEMBER = "(name) => { window.before = document.querySelector(`.st-key-${name} svg.marks`)?.outerHTML }"
DRAWN = """([text, name]) => {
    const page = document.querySelector('[data-testid=stMainBlockContainer]');
    if (!page || !page.textContent.includes(text)) return false;
    if (name) {
        const chart = page.querySelector(`.st-key-${name} svg.marks`);
        return chart && chart.outerHTML !== window.before;
    }
    return page.querySelector('svg.marks') && !page.querySelector('[data-stale=true]')
        && !page.closest('[data-stale=true]') && !document.querySelector('[data-test-script-state=running]');
}"""


def timed(*work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for each in work:
        each()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
