"""What a process works out when it is asked: computed questions in GraphQL, and files over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmdb.errors import DeclarationError
from cmdb.words.attribute import Attribute
from cmdb.words.check import CAMEL, SNAKE, described
from cmdb.words.people import Role
from cmdb.words.record import PartType

_PATH = re.compile(r"/[a-z][a-z0-9-]*(?:\.[a-z]{2,5})?")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a computed question answers, an object type in GraphQL: values, and lists of rows, each list whole."""

    name: str  # CamelCase
    sentence: str
    attributes: tuple[Attribute, ...] = ()
    parts: tuple[PartType, ...] = ()

    def __post_init__(self) -> None:
        described(self.sentence, f"shape {self.name}")
        names = [*(a.name for a in self.attributes), *(p.name for p in self.parts)]
        if not CAMEL.fullmatch(self.name) or not names or len(set(names)) != len(names):
            raise DeclarationError(f"shape {self.name!r} needs a CamelCase name and fields, each declared once")


@dataclass(frozen=True, slots=True)
class Question:
    """A computed question, offered as a field of Query.

    `decide(ask, arguments, actor, now)` puts questions of its own as the actor and answers a mapping: a value for each
    attribute of the shape (what is absent is null), a list of rows for each part. It changes nothing.
    """

    name: str  # snake_case; the field is its camelCase
    sentence: str
    arguments: tuple[Attribute, ...]
    answer: Shape
    decide: Callable[..., Mapping[str, Any]] = field(repr=False)
    roles: frozenset[Role] = frozenset({Role.VIEWER})  # any one of these is enough

    def __post_init__(self) -> None:
        _checked("question", self.name, self.sentence, self.roles)


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is made when it is fetched: GET `path`, the arguments in its query string.

    `decide(ask, arguments, actor, now)` answers its text or bytes; lists (`strings`) are named several times.
    """

    name: str  # snake_case
    sentence: str
    path: str  # such as /calendar.ics
    media_type: str
    arguments: tuple[Attribute, ...]
    decide: Callable[..., str | bytes] = field(repr=False)
    roles: frozenset[Role] = frozenset({Role.VIEWER})

    def __post_init__(self) -> None:
        _checked("download", self.name, self.sentence, self.roles)
        if not _PATH.fullmatch(self.path):
            raise DeclarationError(f"download {self.name} has no path like /calendar.ics")


def _checked(what: str, name: str, sentence: str, roles: frozenset[Role]) -> None:
    described(sentence, f"{what} {name}")
    if not SNAKE.fullmatch(name):
        raise DeclarationError(f"{what} name {name!r} is not snake_case")
    if not roles:
        raise DeclarationError(f"{what} {name} has no policy: name the roles that may ask it")
