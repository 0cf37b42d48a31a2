"""Charts of named queries: an answer in, an Altair chart out.

No database, no network, no dashboard: the dashboard and the report draw with the same functions. What a chart needs
is in its specification. Colours stand in its configuration alone, so one specification serves light and dark.
"""

from __future__ import annotations

from typing import Any

from sparkify.charts.forms import BARS, FORMS, SERIES, Drawn
from sparkify.charts.picture import Picture
from sparkify.charts.style import BACKGROUND, PALETTE, Theme, config
from sparkify.charts.text import LABEL, UNKNOWN, WEEKDAYS, is_share, safe, text, words
from sparkify.queries import NamedQuery
from sparkify.warehouse import Answer

__all__ = (
    "BACKGROUND", "BARS", "LABEL", "PALETTE", "SERIES", "UNKNOWN", "WEEKDAYS", "Drawn", "Theme", "chart", "config",
    "is_share", "png", "safe", "spec", "text", "words",
)  # fmt: skip


def chart(query: NamedQuery, answer: Answer, *, theme: Theme = "light") -> Drawn | None:
    """An answer as its query is best drawn, as wide as what it is put into.

    None when there is nothing to draw: no rows, no value in any, or a query whose answer is numbers to read.
    """
    picture = Picture(query, answer)
    if query.drawing.form == "number" or not picture.has_values:
        return None
    drawn = FORMS[query.drawing.form](picture)
    done: Drawn = drawn.properties(description=picture.description, width="container").configure(**config(theme))
    return done


def spec(query: NamedQuery, answer: Answer, theme: Theme = "light") -> dict[str, Any] | None:
    """The chart as a Vega-Lite specification, fit for JSON; None when there is nothing to draw."""
    drawn = chart(query, answer, theme=theme)
    return None if drawn is None else drawn.to_dict()


def png(query: NamedQuery, answer: Answer, *, width: int = 720) -> bytes | None:
    """The chart as a picture on white, so many points wide, two pixels a point; None when there is nothing to draw.

    Nothing is fetched.
    """
    import vl_convert

    found = spec(query, answer)
    if found is None:
        return None
    found |= {"width": width, "background": BACKGROUND["light"], "padding": 16}
    # A list of addresses that may be asked; this one cannot be.
    return vl_convert.vegalite_to_png(found, scale=2, allowed_base_urls=["https://invalid.invalid/"])
