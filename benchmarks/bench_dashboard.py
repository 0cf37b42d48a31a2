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
    with served(file) as url:
        time.sleep(8)  # what the server asks by itself, before the first visitor comes
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        found = {"bare queries of the page": bare(file, "all")}
        found["first charts of the first visit"] = timed(lambda: first(page, url))
        settle(page)
        for tier in TIERS:
            found[f"bare queries, tier {tier}"] = bare(file, tier)
            found[f"filter to tier {tier}, asked before"] = timed(
                lambda tier=tier: change(page, tier)  # type: ignore[misc]
            )
        page.goto(url)
        settle(page)
        found["filter to a place, not asked before"] = to_place(page)
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


def bare(file: Path, tier: str) -> float:
    """The queries that the first page shows, one after the other, without a page."""
    with opened(settings_for(warehouse=f"duckdb:///{file.absolute()}")) as house:
        [(first_play, last_play)] = house.ask(sql_queries.statement("status/plays", house.engine)).rows
        days = first_play.date(), last_play.date()  # type: ignore[attr-defined]
        statements = [
            queries.statement(house, name, {"level": tier} | views.period(queries.named_query(name), *days))
            for name in (views.OVERVIEW, *views.SECTIONS[0].queries)
        ]
        return timed(lambda: [house.ask(statement) for statement in statements])


def first(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("[role=graphics-document]").first.wait_for()


def change(page: Page, tier: str) -> None:
    page.get_by_test_id("stSidebarUserContent").get_by_text(tier, exact=True).click()
    page.get_by_text(f"{tier} tier.").wait_for()
    settle(page)


def to_place(page: Page) -> float:
    page.get_by_test_id("stSidebarUserContent").get_by_role("combobox", name="Place").click()
    option = page.get_by_role("option").nth(2)
    place = option.inner_text()

    def choose() -> None:
        option.click()
        page.get_by_test_id("stMainBlockContainer").get_by_text(f"(UTC), {place}.").wait_for()
        settle(page)

    return timed(choose)


def settle(page: Page) -> None:
    """Wait until the last chart of the first page is the new one."""
    page.locator(f".st-key-{views.SECTIONS[0].queries[-1]} [role=graphics-document]").wait_for()
    page.locator("[data-test-script-state=running]").wait_for(state="detached")


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
