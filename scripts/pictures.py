"""Make the pictures of the README from the simulator's data: the dashboard, the report, a load on the terminal.

make pictures      (or: python -m scripts.pictures; needs a Chromium on the PATH)
"""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PORT = 8765
WIDTH = 1280
TERMINAL = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
body {{ margin: 0; background: #fff; }}
pre {{ display: inline-block; margin: 0; padding: 24px 32px; background: #14171c; color: #e6e8eb; border-radius: 8px;
       font: 15px/1.4 "DejaVu Sans Mono", monospace; }}
b {{ color: #5ab4f0; font-weight: normal; }}
</style><pre id="all">{text}</pre>"""


def main() -> None:
    """Make every picture anew."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("there is no Chromium on the PATH")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        _sparkify(folder, "demo")
        flags = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        _terminal(browser, folder)
        _report(browser, folder)
        _dashboard(browser, folder)
        browser.close()


def _sparkify(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sparkify", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def _terminal(browser: Browser, folder: Path) -> None:
    """A first load, a second one, and an answer."""
    (folder / "demo" / "sparkify.duckdb").unlink()
    load = "etl --warehouse duckdb:///demo/sparkify.duckdb --song-data demo/song_data --log-data demo/log_data"
    ask = "query top-songs --warehouse duckdb:///demo/sparkify.duckdb -p limit=5 -p level=paid"
    lines = [
        f"<b>$ sparkify {html.escape(command)}</b>\n{html.escape(_sparkify(folder, *command.split()))}"
        for command in (load, load, ask)
    ]
    with _page(browser, WIDTH, 900) as page:
        page.set_content(TERMINAL.format(text="\n".join(lines).strip()))
        page.locator("#all").screenshot(path=PICTURES / "load.png")


def _report(browser: Browser, folder: Path) -> None:
    days = ("-p", "start=2018-11-12", "-p", "end=2018-11-18")
    _sparkify(folder, "report", "report.html", "--warehouse", "duckdb:///demo/sparkify.duckdb", *days)
    with _page(browser, WIDTH, 1000) as page:
        page.goto((folder / "report.html").as_uri())
        page.locator("[role=graphics-document]").nth(2).wait_for()
        page.screenshot(path=PICTURES / "report.png")


def _dashboard(browser: Browser, folder: Path) -> None:
    command = [sys.executable, "-m", "sparkify", "dashboard", "--no-open", "--port", str(PORT)]
    server = subprocess.Popen(
        [*command, "--warehouse", "duckdb:///demo/sparkify.duckdb"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        server.stdout.readline()
        with _page(browser, WIDTH, 1000) as page:
            page.goto(f"http://127.0.0.1:{PORT}/?start=2018-11-12&end=2018-11-25")
            page.locator(".st-key-plays-by-weekday [role=graphics-document]").wait_for()
            page.locator("[data-stale=true]").first.wait_for(state="detached")
            page.screenshot(path=PICTURES / "dashboard.png")
    finally:
        server.terminate()
        server.wait()


@contextmanager
def _page(browser: Browser, width: int, height: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": height})
    try:
        yield context.new_page()
    finally:
        context.close()


if __name__ == "__main__":
    main()
