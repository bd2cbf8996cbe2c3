"""What any CI may carry beside its declared attributes: tags, and free attributes. Checked here. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cmdb.claims import EXTRA, TAG, TAGS
from cmdb.errors import Invalid, TooLarge
from cmdb.words import CIClass, Scalar, Value
from cmdb.words.check import SNAKE

MAX_TAGS = 50
"""Tags of one CI."""
MAX_TAG = 64
"""Characters of a tag."""
MAX_EXTRA = 50
"""Free attributes of one CI."""
MAX_EXTRA_BYTES = 1_024
"""Bytes (UTF-8) of a free attribute's text."""
_TAG = re.compile(r"[a-z0-9]+(?:[:.-][a-z0-9]+)*")


def tags(given: Sequence[Any], where: str = "tags") -> tuple[str, ...]:
    """Tags as people write them, each once; Invalid or TooLarge names the wrong one."""
    if not 1 <= len(given) <= MAX_TAGS:
        raise TooLarge(f"name 1 to {MAX_TAGS} tags, not {len(given)}", where=where)
    for tag in given:
        if not isinstance(tag, str) or len(tag) > MAX_TAG or not _TAG.fullmatch(tag):
            raise Invalid(
                f"{str(tag)[:80]!r} is no tag: lower-case words and digits joined by : - or ., at most {MAX_TAG}"
                " characters, such as env:prod",
                where=where,
            )
    return tuple(dict.fromkeys(given))


def claimed(cls: CIClass, labels: Sequence[Any], free: Mapping[str, Any]) -> dict[str, Value]:
    """Tags and free attributes of a new CI, as a source claims them beside its declared attributes."""
    given = tags(labels) if labels else ()
    return attributes(cls, free) | {TAG + tag: True for tag in given}


def attributes(cls: CIClass, given: Mapping[str, Any], where: str = "extra") -> dict[str, Value]:
    """Free attributes of a CI of a class, by property name (`extra:<name>`); None stays: it takes the value back."""
    return {key(cls, name, where): _scalar(value, f"{where}.{str(name)[:80]}") for name, value in given.items()}


def key(cls: CIClass | None, name: Any, where: str = "extra") -> str:
    """The property that keeps a free attribute; a name that a class declares is refused."""
    if not isinstance(name, str) or not SNAKE.fullmatch(name):
        raise Invalid(f"the name of a free attribute is snake_case, not {str(name)[:80]!r}", where=where)
    if cls is not None and cls.attribute(name) is not None:
        raise Invalid(f"{name} is a declared attribute of {cls.name}: write it as that", where=where)
    return EXTRA + name


def _scalar(value: Any, where: str) -> Scalar | None:
    if isinstance(value, str):
        if len(value.encode()) > MAX_EXTRA_BYTES:
            raise TooLarge(f"at most {MAX_EXTRA_BYTES} bytes, not {len(value.encode())}", where=where)
        return "".join(char for char in value if char.isprintable())
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise Invalid("a free attribute is text, a number of 64 bits, true or false", where=where)


def check_counts(values: Mapping[str, Value], name: str) -> None:
    """Refuse a CI that would carry too much (TooLarge)."""
    carried = values.get(TAGS)
    if isinstance(carried, tuple) and len(carried) > MAX_TAGS:
        raise TooLarge(f"{name} would have {len(carried)} tags, at most {MAX_TAGS}", where="tags")
    if (count := sum(one.startswith(EXTRA) for one in values)) > MAX_EXTRA:
        raise TooLarge(f"{name} would have {count} free attributes, at most {MAX_EXTRA}", where="extra")


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """The free attributes of a stored CI, by their own names."""
    return {name.removeprefix(EXTRA): value for name, value in sorted(row.items()) if name.startswith(EXTRA)}
