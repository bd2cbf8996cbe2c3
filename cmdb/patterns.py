"""Patterns that people set for values, matched in time that grows with the value's length and no faster.

A pattern is a small regular expression that must fit the whole value: characters, `.`, classes such as `[a-z0-9-]`,
`\\d`, `\\w` and `\\s`, groups, `|`, and the repeats `* + ? {2} {2,} {2,5}`. There are no look-arounds and no back
references, and nothing is ever tried twice: the places where the pattern may go on are kept as a set (Glushkov's
construction, a bit for each place), so no pattern and no value together can hold the server. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from cmdb.errors import Invalid

MAX_PATTERN = 200
"""Characters of a pattern."""
MAX_PLACES = 256
"""Characters that a pattern can stand for once its repeats are written out."""
MAX_VALUE = 1_024
"""Characters of a value; a longer one fits no pattern."""
_DEPTH = 20
_SPECIAL = "*+?{}[]()|.^$"


@dataclass(frozen=True, slots=True)
class _Chars:
    """One character out of these ranges (or, negated, out of all others)."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def has(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) is not self.negated


@dataclass(frozen=True, slots=True)
class _All:
    """One after the other; none: the empty text."""

    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Any:
    """Any one of these."""

    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    """The part again and again; `most` None: without end."""

    part: _Node
    least: int
    most: int | None


_Node = _Chars | _All | _Any | _Repeat
_SETS = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    "s": ((" ", " "), ("\t", "\r")),
}
_REPEATS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class _Reader:
    """Recursive descent; every refusal names its place."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0

    def whole(self) -> _Node:
        node = self._alternatives()
        if self._at < len(self._text):
            raise self._wrong(f"unexpected {self._text[self._at]!r}")
        return node

    def _wrong(self, what: str) -> Invalid:
        return Invalid(f"{what} at character {self._at + 1} of {self._text!r}", where="pattern")

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, char: str) -> bool:
        found = self._peek() == char
        self._at += found
        return found

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise self._wrong("the pattern ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _alternatives(self) -> _Node:
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else _Any(tuple(parts))

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom()))
        return _All(tuple(parts))

    def _atom(self) -> _Node:
        char = self._next()
        match char:
            case "(":
                return self._group()
            case "[":
                return self._class()
            case ".":
                return _Chars((), negated=True)
            case "\\":
                return self._escape()
        if char in _SPECIAL:
            self._at -= 1
            raise self._wrong(f"{char!r} stands for itself only as '\\{char}', and the whole value must fit anyway")
        return _Chars(((char, char),))

    def _group(self) -> _Node:
        self._depth += 1
        if self._depth > _DEPTH:
            raise self._wrong(f"groups lie at most {_DEPTH} deep")
        if self._take("?") and not self._take(":"):
            raise self._wrong("only (…) and (?:…) are known")
        node = self._alternatives()
        if not self._take(")"):
            raise self._wrong("a group is not closed")
        self._depth -= 1
        return node

    def _escape(self) -> _Chars:
        char = self._next()
        if char in _SETS:
            return _Chars(_SETS[char])
        if char.isalnum():
            raise self._wrong(f"'\\{char}' is not known")
        return _Chars(((char, char),))

    def _class(self) -> _Chars:
        negated, ranges = self._take("^"), list[tuple[str, str]]()
        while not self._take("]"):
            low = self._member()
            if len(low) == 1 and self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in {"", "]"}:
                self._at += 1
                high = self._member()
                if len(high) > 1 or low[0][0] > high[0][0]:
                    raise self._wrong("a range goes from a character to a later one")
                low = ((low[0][0], high[0][0]),)
            ranges += low
        if not ranges:
            raise self._wrong("a class of characters is empty")
        return _Chars(tuple(ranges), negated)

    def _member(self) -> tuple[tuple[str, str], ...]:
        char = self._next()
        return self._escape().ranges if char == "\\" else ((char, char),)

    def _repeated(self, part: _Node) -> _Node:
        if self._peek() in _REPEATS and self._peek():
            least, most = _REPEATS[self._next()]
        elif self._take("{"):
            least, most = self._count()
        else:
            return part
        if self._peek() and self._peek() in "*+?{":
            raise self._wrong("a repeat of a repeat needs a group")
        return _Repeat(part, least, most)

    def _count(self) -> tuple[int, int | None]:
        least = self._number()
        most: int | None = least
        if self._take(","):
            most = None if self._peek() == "}" else self._number()
        if not self._take("}") or (most is not None and not max(least, 1) <= most):
            raise self._wrong("a repeat is like {2}, {2,} or {2,5}")
        return least, most

    def _number(self) -> int:
        start = self._at
        while self._peek().isascii() and self._peek().isdigit():
            self._at += 1
        if not 1 <= self._at - start <= 3:
            raise self._wrong("a repeat is like {2}, {2,} or {2,5}")
        return int(self._text[start : self._at])


def _size(node: _Node) -> int:
    """How many places a part takes when its repeats are written out."""
    match node:
        case _Chars():
            return 1
        case _Repeat(part, least, most):
            return _size(part) * (max(least, 1) if most is None else most)
        case _All(parts) | _Any(parts):
            return sum(map(_size, parts))


@dataclass(frozen=True, slots=True)
class _Span:
    """Part of the automaton: whether it may be empty, and the places where it begins and ends, as bits."""

    empty: bool
    first: int
    last: int


@dataclass(slots=True)
class _Builder:
    places: list[_Chars] = field(default_factory=list)
    follow: list[int] = field(default_factory=list)

    def build(self, node: _Node) -> _Span:
        match node:
            case _Chars():
                self.places.append(node)
                self.follow.append(0)
                bit = 1 << (len(self.places) - 1)
                return _Span(False, bit, bit)
            case _All(parts):
                return self._chain(self.build(part) for part in parts)
            case _Any(parts):
                spans = [self.build(part) for part in parts]
                return _Span(any(s.empty for s in spans), _bits(s.first for s in spans), _bits(s.last for s in spans))
            case _Repeat(part, least, None):
                return self._chain(self._loop(part, n, least) for n in range(max(least, 1)))
            case _Repeat(part, least, most):
                return self._chain(self._maybe(part, optional=n >= least) for n in range(most or 0))

    def _maybe(self, part: _Node, *, optional: bool) -> _Span:
        span = self.build(part)
        return _Span(span.empty or optional, span.first, span.last)

    def _loop(self, part: _Node, n: int, least: int) -> _Span:
        """Copy number `n` of a part that repeats without end: the last one leads back to itself."""
        span = self._maybe(part, optional=least == 0)
        if n == max(least, 1) - 1:
            self._join(span.last, span.first)
        return span

    def _chain(self, spans: Iterable[_Span]) -> _Span:
        whole = _Span(True, 0, 0)
        for span in spans:
            self._join(whole.last, span.first)
            whole = _Span(
                whole.empty and span.empty,
                whole.first | (span.first if whole.empty else 0),
                span.last | (whole.last if span.empty else 0),
            )
        return whole

    def _join(self, ends: int, begins: int) -> None:
        for place in _set(ends):
            self.follow[place] |= begins


def _bits(masks: Iterable[int]) -> int:
    whole = 0
    for mask in masks:
        whole |= mask
    return whole


def _set(mask: int) -> Iterable[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Callable[[str], bool]:
    """Whether a value fits the pattern, as a function; Invalid says what is wrong with the pattern, and where."""
    if not 0 < len(pattern) <= MAX_PATTERN:
        raise Invalid(f"a pattern has 1 to {MAX_PATTERN} characters, not {len(pattern)}", where="pattern")
    node = _Reader(pattern).whole()
    if (size := _size(node)) > MAX_PLACES:
        raise Invalid(
            f"with its repeats written out the pattern has {size:,} characters, at most {MAX_PLACES}", where="pattern"
        )
    return _Matcher(node).fits


class _Matcher:
    """The automaton of one pattern: for a value of n characters, n steps of at most 256 places each."""

    def __init__(self, node: _Node) -> None:
        builder = _Builder()
        self._span, self._follow = builder.build(node), builder.follow
        self._kinds: dict[_Chars, int] = {}
        for place, chars in enumerate(builder.places):
            self._kinds[chars] = self._kinds.get(chars, 0) | 1 << place
        self._accepting: dict[str, int] = {}

    def fits(self, value: str) -> bool:
        """Whether the whole value fits."""
        if len(value) > MAX_VALUE:
            return False
        may, at_end = self._span.first, self._span.empty
        for char in value:
            hit = may & self._accept(char)
            if not hit:
                return False
            may = _bits(self._follow[place] for place in _set(hit))
            at_end = bool(hit & self._span.last)
        return at_end

    def _accept(self, char: str) -> int:
        """The places that take a character, kept for the next time; each kind of place is asked once."""
        if char not in self._accepting:
            if len(self._accepting) >= MAX_VALUE:
                self._accepting.clear()
            self._accepting[char] = _bits(mask for chars, mask in self._kinds.items() if chars.has(char))
        return self._accepting[char]
