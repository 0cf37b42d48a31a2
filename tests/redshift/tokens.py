"""SQL as tokens that can be edited: what is not edited stays as the client wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.redshift.wire import SqlError

TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<string>[eE]?'(?:[^'\\]|''|\\.)*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<dollar>\$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$)
    | (?P<parameter>\$\d+)
    | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
    | (?P<word>[^\W\d]\w*\$?)
    | (?P<sign>::|<=|>=|<>|!=|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A piece of SQL; `at` is its place among all tokens."""

    kind: str
    text: str
    at: int

    @property
    def low(self) -> str:
        """A word in lower case, anything else as it is."""
        return self.text.lower() if self.kind == "word" else self.text

    @property
    def name(self) -> str:
        """What an identifier names: Redshift folds quoted ones as well."""
        return self.text[1:-1].replace('""', '"').lower() if self.kind == "quoted" else self.text.lower()

    @property
    def value(self) -> str:
        """What a string says."""
        return unquote(self.text)


def unquote(literal: str) -> str:
    """The text of a string literal; Redshift takes a backslash before a quote or a backslash as an escape."""
    return re.sub(r"''|\\(['\\])", lambda found: found[1] or "'", literal[literal.index("'") + 1 : -1])


def quote(value: str) -> str:
    """A string literal of PostgreSQL."""
    return "'" + value.replace("'", "''") + "'"


class Sql:
    """A statement. Indexing gives its tokens without space and comments; `text` is what came of the edits."""

    def __init__(self, source: str) -> None:
        self._parts: list[str] = []
        self.tokens: list[Token] = []
        for at, found in enumerate(TOKEN.finditer(source)):
            assert found.lastgroup is not None
            kind = "dollar" if found.lastgroup == "tag" else found.lastgroup
            self._parts.append(found[0])
            if kind not in ("space", "comment"):
                self.tokens.append(Token(kind, found[0], at))
        while self.tokens and self.tokens[-1].text == ";":
            self.replace(self.tokens.pop(), "")

    def __getitem__(self, index: int) -> Token:
        """A token; past either end an empty one."""
        return self.tokens[index] if 0 <= index < len(self.tokens) else Token("end", "", -1)

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def text(self) -> str:
        return "".join(self._parts)

    @property
    def low(self) -> str:
        """The words of the whole statement, one blank between them."""
        return " ".join(token.low for token in self.tokens)

    def replace(self, token: Token, text: str) -> None:
        """Have other text in the place of a token."""
        self._parts[token.at] = text

    def delete(self, first: int, last: int) -> None:
        """Take out the tokens from first to last, and what stands between them."""
        for at in range(self.tokens[first].at, self.tokens[last].at + 1):
            self._parts[at] = ""

    def between(self, first: int, last: int) -> str:
        """The text, with edits, from one token to another."""
        return "".join(self._parts[self.tokens[first].at : self.tokens[last].at + 1]) if first <= last else ""

    def matches(self, at: int, *words: str) -> bool:
        """Whether these words stand here."""
        return all(self[at + offset].low == word for offset, word in enumerate(words))

    def find(self, *words: str, start: int = 0) -> int:
        """Where these words stand first, or -1."""
        first = words[0]
        for at in range(start, len(self.tokens)):
            if self.tokens[at].low == first and self.matches(at + 1, *words[1:]):
                return at
        return -1

    def closing(self, opening: int) -> int:
        """The parenthesis that closes the one here."""
        depth = 0
        for at in range(opening, len(self)):
            if self[at].text == "(":
                depth += 1
            elif self[at].text == ")":
                depth -= 1
                if depth == 0:
                    return at
        raise syntax_error("end of input")

    def arguments(self, opening: int) -> list[tuple[int, int]]:
        """First and last token of each argument between this parenthesis and the one that closes it."""
        closing = self.closing(opening)
        found: list[tuple[int, int]] = []
        start, depth = opening + 1, 0
        for at in range(opening + 1, closing + 1):
            text = self[at].text
            if at == closing or (text == "," and depth == 0):
                if at > start or at < closing or found:
                    found.append((start, at - 1))
                start = at + 1
            depth += {"(": 1, ")": -1}.get(text, 0)
        return found

    def top_level(self, start: int = 0) -> Iterator[int]:
        """The tokens that stand in no parentheses."""
        depth = 0
        for at in range(start, len(self)):
            text = self[at].text
            if text == ")":
                depth -= 1
            if depth == 0:
                yield at
            if text == "(":
                depth += 1


def syntax_error(near: str) -> SqlError:
    """As the parser of Redshift says it."""
    return SqlError("42601", f'syntax error at or near "{near}"')


def unsupported(what: str) -> SqlError:
    """What PostgreSQL has and Redshift has not."""
    return SqlError("0A000", f"{what} is not supported")
