"""Invented names: a number names a title or an artist, and no two numbers name the same.

Words are made of syllables, so nothing here is anybody's. An eighth of them have letters beyond
ASCII, most within Latin-1 and some not, as in real catalogues.
"""

import json
from collections.abc import Sequence
from itertools import product
from typing import Final


def _compose(heads: str, tails: str) -> tuple[str, ...]:
    return tuple(head + tail for head, tail in product(heads.split(), tails.split()))


TITLE_WORDS: Final = (
    _compose("Vel Bra Quo Lum Tis Ner Zan Oph", "mora nik sané dow lune rith ster wick"),
    _compose("Kal Fen Dru Pex Mio Hul Sye Gar", "vane tor lío quist bell mar den ush"),
    _compose("Tre Jos Wil Ebb Ran Cyr Nol Ulm", "ost ina hösk fall ment row gim ley"),
    _compose("Ash Bor Cai Dew Eld Fyr Gos Hin", "ter lan prú keth mond sey vik zar"),
)
ARTIST_WORDS: Final = (
    _compose("Mar Tol Ves Ori Bel Kur Pim Sol", "gand rek nøe tine dara bo lis wyn"),
    _compose("Brun Cass Dolm Erv Falk Grit Holl Imb", "er ow ünd ard ison etti ley ack"),
    _compose("Jar Kos Lod Mer Nim Ost Pra Quil", "vik ten rař dale man born gate rose"),
    _compose("Rud Sten Tor Ulv Vint Wer Yar Zel", "a en ège olm us ich ock and"),
)
_ENDINGS: Final = (
    "",
    "",
    "",
    "",
    "",
    " (Night Mix)",
    " / Part Two",
    ' ("Loft" Version)',
    " (feat. Osk & Mim)",
)
_BANDS: Final = ("{} {}", "{} {}", "The {} {}", "{} & {}", "{}/{}", "{} {} Trio")

FIRST_NAMES: Final = {
    "F": _compose("Ar Bri Cal Dun", "lia nelle ova yse"),
    "M": _compose("Fab Gor Hel Jar", "ro dan vik ens"),
}
LAST_NAMES: Final = _compose("Ald Ber Cor Dun Esk Far", "brook man well ström ly gren tham ek")
STATES: Final = (
    "AL",
    "AZ",
    "CA",
    "CO",
    "FL",
    "GA",
    "IL",
    "MA",
    "MI",
    "NC",
    "NY",
    "OH",
    "OR",
    "PA",
    "TX",
    "WA",
)
TOWNS: Final = _compose("Alder Birken Cold Dorn Ever Fox Glen Harrow", "port mere field ton bury ford haven wick")


def title(number: int) -> str:
    """The title with this number; titles differ even after lower-casing."""
    return " ".join(_words(TITLE_WORDS, number)) + _ENDINGS[number * 7919 % 65_537 % len(_ENDINGS)]


def artist(number: int) -> str:
    """The artist name with this number; names differ even after lower-casing."""
    first, second, *rest = _words(ARTIST_WORDS, number)
    # The form does not tell names apart, the words do; so any spread of forms will do.
    form = _BANDS[number * 104_729 % 65_537 % len(_BANDS)]
    return " ".join([form.format(first, second), *rest])


def _words(lists: Sequence[Sequence[str]], number: int) -> list[str]:
    """Write the number with words as digits: two words below 4,096, then three, then four."""
    digits: list[int] = []
    while number or len(digits) < 2:
        number, digit = divmod(number, 64)
        digits.append(digit)
    # Neighbours shall not look alike: shift each digit by the one before it, which keeps numbers apart.
    shifted = [(digit * 29 + 11 * before) % 64 for before, digit in zip([3, *digits], digits, strict=False)]
    return [words[digit] for words, digit in zip(lists, shifted, strict=False)]


def agents() -> list[str]:
    """User agents as the app logs them: Chrome and Safari in quotes of their own, Firefox without."""
    systems = {
        "Macintosh; Intel Mac OS X 10_8_5": "Macintosh; Intel Mac OS X 10.8",
        "Windows NT 6.1; WOW64": "Windows NT 6.1; WOW64",
        "Windows NT 6.3; WOW64": "Windows NT 6.3; WOW64",
        "X11; Linux x86_64": "X11; Linux x86_64",
    }
    kit = "AppleWebKit/537.36 (KHTML, like Gecko)"
    found = []
    for system, plain in systems.items():
        chrome = ("34.0.1847.116", "35.0.1916.114", "36.0.1985.97")
        found += [f'"Mozilla/5.0 ({system}) {kit} Chrome/{build} Safari/537.36"' for build in chrome]
        found += [f"Mozilla/5.0 ({plain}; rv:{v}.0) Gecko/20100101 Firefox/{v}.0" for v in (29, 30)]
    for device, cpu in (("iPhone", "iPhone OS"), ("iPad", "OS")):
        found.append(
            f'"Mozilla/5.0 ({device}; CPU {cpu} 7_1 like Mac OS X) AppleWebKit/537.51.2 '
            '(KHTML, like Gecko) Version/7.0 Mobile/11D167 Safari/9537.53"'
        )
    return found


def encode_twice(text: str) -> str:
    """Text as the public logs have it: its UTF-8 bytes taken for Latin-1, and that once more."""
    for _ in range(2):
        text = text.encode("utf-8").decode("latin-1")
    return text


def log_json(text: str) -> bytes:
    r"""Text as a JSON string of the logs: ASCII only, and `/` written `\/`."""
    return json.dumps(text).replace("/", r"\/").encode("ascii")
