"""What people can find a CI by. Pure: texts in, index terms out; a question in, a full-text query out.

Every text is indexed from each of its word starts, so db-17.example.org is found by db-17, 17.exa, example or org,
and an address by any of its leading or inner groups. The index itself only splits at spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cmdb.words import CIClass, Value
from cmdb.words.ci_class import searched

_LONGEST = 256
"""Characters of a term; of a longer text, also in a question, the start decides, as the index takes no longer ones."""
_WORD = re.compile(r"[^\W_]+")
_SYNTAX = re.compile(r'([+\-!(){}\[\]^"~*?:\\/&|])')
_EDGES = "_-./:@"
_MOST = 8
"""More words than this in one question do not make it more precise."""


def terms(texts: Iterable[str]) -> str:
    """The index terms of some texts: each space-separated piece from each of its word starts, once, in order."""
    found: dict[str, None] = {}
    for text in texts:
        for piece in text.lower().split():
            for word in _WORD.finditer(piece):
                found[piece[word.start() : word.start() + _LONGEST]] = None
    return " ".join(found)


def ci_terms(cls: CIClass, name: str, key: str, attributes: Mapping[str, Value]) -> str:
    """The terms of a CI: its name, its local key and every attribute declared as searched."""
    values = map(attributes.get, searched(cls))
    return terms([name, key, *(v for v in values if isinstance(v, str))])


def query(text: str) -> str | None:
    """A Lucene query: every piece must be the start of some term, or its end behind a `*`. None when there is none.

    A term goes from a word's start to the end of its text, so `*.example.org` is a whole term and needs no scan;
    `*ample.org`, which begins inside a word, looks at every term of the index.
    """
    wanted = _pieces(text)
    return " AND ".join(_ending(piece) if end else f"{_quoted(piece)}*" for piece, end in wanted) or None


def same(one: str, other: str) -> bool:
    """Whether two names are one to people: case, blanks and the dot at the end of a domain name aside."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return " ".join(name.casefold().split()).rstrip(".")


def _pieces(text: str) -> list[tuple[str, bool]]:
    """What is looked for, piece by piece, and whether it is an end."""
    asked = [(piece[:_LONGEST].lstrip("*"), piece.startswith("*")) for piece in text.lower().split()]
    return [(start, end) for start, end in asked if _WORD.search(start)][:_MOST]


def parts(text: str) -> list[tuple[str, str]] | None:
    """The pieces of a question as (`start`, `end` or `whole`, text of an index term), for terms that no index has.

    None when there is none.
    """
    found = []
    for piece, end in _pieces(text):
        first = _WORD.search(piece)
        assert first is not None
        if not end:
            found.append(("start", piece.strip(_EDGES)))
        else:
            found.append(("whole" if first.start() else "end", piece[first.start() :]))
    return found or None


def matches(text: str, indexed: str) -> bool:
    """Whether `query` of a text would find a CI of these index terms: for CIs that no index has."""
    wanted, known = parts(text), indexed.split()
    return wanted is not None and all(any(_fits(way, piece, term) for term in known) for way, piece in wanted)


def _fits(way: str, piece: str, term: str) -> bool:
    match way:
        case "start":
            return term.startswith(piece)
        case "end":
            return term.endswith(piece)
        case _:
            return term == piece


def _ending(piece: str) -> str:
    first = _WORD.search(piece)
    assert first is not None
    return _SYNTAX.sub(r"\\\1", piece[first.start() :]) if first.start() else "*" + _SYNTAX.sub(r"\\\1", piece)


def _quoted(piece: str) -> str:
    return _SYNTAX.sub(r"\\\1", piece.strip(_EDGES)[:_LONGEST])
