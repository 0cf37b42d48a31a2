"""Undo double encoding: text whose UTF-8 bytes were taken for Latin-1 and encoded once more.

No engine does this in SQL, so the loader does it for the few distinct texts that need it (R2). The rest of
the normalisation is SQL, in `sql/models/load_texts.sql`.
"""

from __future__ import annotations

MOST_LAYERS = 3


def decode(text: str) -> str:
    """The text that was meant: as long as the Latin-1 bytes decode as UTF-8 to something else, that, thrice at most."""
    for _ in range(MOST_LAYERS):
        try:
            decoded = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
        if decoded == text:
            break
        text = decoded
    return text
