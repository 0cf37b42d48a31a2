"""Colours and fonts of charts, in light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Theme = Literal["light", "dark"]

BACKGROUND: Mapping[Theme, str] = {"light": "#ffffff", "dark": "#14171c"}
"""What the colours are made for."""

# Told apart by people who confuse red and green, and 3:1 or more against the background: tests measure it.
PALETTE: Mapping[Theme, tuple[str, ...]] = {
    "light": ("#0067a5", "#c65102", "#00795c", "#a8427f", "#7a6400", "#5a55b8", "#2f8ab8", "#6b6b6b"),
    "dark": ("#5ab4f0", "#f29a3a", "#3fc79a", "#e394c2", "#e5d54f", "#aba6f5", "#86d6ea", "#b4b4b4"),
}
_RAMP: Mapping[Theme, tuple[str, ...]] = {  # few to many: away from the background
    "light": ("#e3eff8", "#a9cfe8", "#62a6d0", "#2479b0", "#08457a"),
    "dark": ("#1d2c3a", "#1f4f76", "#2f7db1", "#67b1e0", "#cdeaff"),
}
_INK: Mapping[Theme, str] = {"light": "#24292f", "dark": "#e6e8eb"}
_QUIET: Mapping[Theme, str] = {"light": "#57606a", "dark": "#a9b1ba"}
_LINES: Mapping[Theme, str] = {"light": "#dfe3e8", "dark": "#343a42"}


def config(theme: Theme) -> dict[str, Any]:
    """The configuration that gives a specification its colours and fonts; backgrounds show through."""
    palette, ink, quiet, lines = PALETTE[theme], _INK[theme], _QUIET[theme], _LINES[theme]
    return {
        "background": "transparent",
        "font": "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif",
        "view": {"stroke": None},
        "range": {"category": list(palette), "heatmap": list(_RAMP[theme]), "ramp": list(_RAMP[theme])},
        "mark": {"color": palette[0]},
        "line": {"strokeWidth": 2},
        "axis": {
            "labelColor": ink,
            "titleColor": quiet,
            "gridColor": lines,
            "domainColor": lines,
            "tickColor": lines,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
        },
        "legend": {"labelColor": ink, "titleColor": quiet, "labelFontSize": 12, "titleFontWeight": "normal"},
        "title": {"color": quiet, "fontSize": 12, "fontWeight": "normal", "anchor": "start"},
        "style": {
            "value": {"color": ink, "fontSize": 12},
            "orientation": {"color": quiet, "fontSize": 11, "fontStyle": "italic"},
            "sphere": {"color": quiet},
            "graticule": {"color": lines},
        },
    }
