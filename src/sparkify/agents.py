"""Browser and system of a user agent, as the public patterns of ua-parser tell them."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=10_000)
def browser_and_system(agent: str) -> tuple[str | None, str | None]:
    """The families, such as Chrome and Windows; None for what the patterns do not know."""
    from ua_parser import parse  # its patterns are compiled at the first use

    # Logs in which the text stands in quotes keep them in staging; no pattern expects them.
    found = parse(agent.strip('"'))
    browser, system = found.user_agent, found.os
    return browser.family if browser else None, system.family if system else None
