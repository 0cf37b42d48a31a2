"""A real browser for tests: the system's Chromium, which reaches nothing but files and this machine.

A test module that says `pytest_plugins = ("tests.browser",)` has the fixture `browser`; it imports the rest.

PYTEST_DONT_REWRITE: nothing is asserted here, and a module that was imported first cannot be rewritten.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""What distributions call the program."""

PHONE = 390
"""Pixels: the width of a phone."""

TIMEOUT = 15_000
"""Milliseconds after which what a page was to show does not come."""

expect.set_options(timeout=TIMEOUT)

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def chromium() -> Path | None:
    """The program of a Chromium on this machine; None when there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser that finds no host but this one; a test opens a page of its own in it, with `visit`."""
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium on the PATH; install the package chromium to run this test")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield started
        started.close()


@dataclass(slots=True)
class Visit:
    """A page, and what it did."""

    page: Page
    requests: list[str] = field(default_factory=list)
    """Addresses asked for, WebSockets besides; `data:` and `blob:` stay within the page."""
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings on the console, and exceptions nobody caught."""


@contextmanager
def visit(browser: Browser, url: str, **options: Any) -> Iterator[Visit]:
    """Open an address in a context of its own, with options of `Browser.new_context` such as `color_scheme`."""
    context = browser.new_context(**options)
    context.set_default_timeout(TIMEOUT)
    try:
        page = context.new_page()
        seen = Visit(page)
        page.on("request", lambda request: _note(seen.requests, request.url))
        page.on("websocket", lambda socket: _note(seen.requests, socket.url))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("console", lambda told: _complaint(seen.complaints, told))
        page.goto(url)
        yield seen
    finally:
        context.close()


def _note(seen: list[str], url: str) -> None:
    if not url.startswith(("data:", "blob:")):
        seen.append(url)


def _complaint(seen: list[str], told: ConsoleMessage) -> None:
    if told.type in ("error", "warning"):
        seen.append(told.text)


def overflow(page: Page) -> int:
    """Pixels that a page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def axe_violations(page: Page) -> list[str]:
    """What axe finds wrong with a page for people with disabilities, a line each: rule, and the first place.

    A page with a content security policy needs a context with `bypass_csp=True`.
    """
    page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']} ({len(one['nodes'])} times, first {one['nodes'][0]['html'][:200]})"
        for one in found["violations"]
    ]


@cache
def _axe() -> str:
    """The script of axe, from the package that ships it."""
    package = find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        pytest.skip("axe-playwright-python is not installed; `make test` installs it")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")
