"""What the page says while it waits for an answer, when that is an old one, and when there is none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from sparkify.dashboard.reader import Shown
    from sparkify.errors import SparkifyError

PATIENCE = 3
"""Looks for an answer, a quarter of a second apart, before the page says that it waits."""


def waited(what: str, ask: Callable[[Callable[[], None]], Any]) -> Any:
    """An answer; when it takes a while the page says so, and a page that is gone stops asking."""
    slot = st.empty()
    with ExitStack() as telling:
        place, times = slot, 0

        def heed() -> None:
            nonlocal place, times
            times += 1
            if times == PATIENCE:  # not from the start: a spinner takes the browser longer than most answers do
                telling.enter_context(slot.container())
                telling.enter_context(st.spinner(f"{what} …", show_time=True))
                place = st.empty()
            # Whatever is written ends a run of the page that nobody looks at any more.
            place.write("")

        return ask(heed)


def note(found: Shown[Any]) -> None:
    """Say of which time numbers are that are not of now, and why."""
    if found.problem:
        st.warning(
            f"The warehouse cannot be read just now. These are the numbers of {found.at:%Y-%m-%d %H:%M:%S} UTC. "
            f"{plain(found.problem)}",
            icon=":material/schedule:",
        )


def failed(error: SparkifyError) -> None:
    """Say that there is nothing to show, and why."""
    st.error(f"The warehouse cannot be read. {plain(str(error))}", icon=":material/error:")
    st.write("The page tries again by itself; `sparkify status` tells more.")


def plain(text: str) -> str:
    """Text as it is, where Streamlit reads Markdown."""
    return "".join(f"\\{character}" if character in r"\`*_{}[]()<>#+-.!|~$:" else character for character in text)
