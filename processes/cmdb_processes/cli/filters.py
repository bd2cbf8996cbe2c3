"""Filters and values typed on the command line, read as the schema says: a new class needs no change here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cmdb.errors import Invalid, UnknownName
from cmdb_graphql.client import HttpClient

FILTERS = """
query Filters($name: String!) {
  __type(name: $name) { inputFields { name type { name } } }
  __schema { queryType { fields { name args { name } type { ofType { name } } } } }
}
"""

_READ: dict[str, Callable[[str], Any]] = {
    "StringFilter": str,
    "StringsFilter": str,
    "NumberFilter": float,
    "BooleanFilter": {"true": True, "false": False}.__getitem__,
}
"""How a value is read for each kind of filter."""
OPEN = "attributes"
"""What a filter over all classes asks by an attribute that some class declares; the server knows its type."""


def known(client: HttpClient, cls: str | None) -> tuple[str, dict[str, str]]:
    """The question for all of a class, and what it can be asked by with which kind of filter: as the schema says."""
    answer = client.ask(FILTERS, name=f"{cls or 'CI'}Filter")
    roots = {(f["type"].get("ofType") or {}).get("name"): f["name"] for f in answer["__schema"]["queryType"]["fields"]}
    if answer["__type"] is None or f"{cls or 'CI'}Connection" not in roots:
        raise UnknownName(f"there is no class {cls!r}; known are {', '.join(sorted(_classes(answer)))}")
    return roots[f"{cls or 'CI'}Connection"], {f["name"]: f["type"]["name"] for f in answer["__type"]["inputFields"]}


def _classes(answer: dict[str, Any]) -> set[str]:
    """Whatever has a list that can be filtered."""
    lists = [
        f for f in answer["__schema"]["queryType"]["fields"] if {"filter", "order"} <= {a["name"] for a in f["args"]}
    ]
    return {f["type"]["ofType"]["name"].removesuffix("Connection") for f in lists} - {"CI"}


def condition(kinds: dict[str, str], text: str) -> dict[str, Any]:
    """A filter on one attribute; it may be written as in the schema or as in the reference (os_id)."""
    name, equals, value = text.partition("=")
    first, *rest = name.split("_")
    name = first + "".join(part.capitalize() for part in rest)
    kind = kinds.get(name)
    if equals and name not in kinds and OPEN in kinds:
        return {OPEN: [{"name": name, "eq": value}]}
    if not equals or kind is None or kind not in _READ:
        able = ", ".join(sorted(n for n, k in kinds.items() if k in _READ))
        raise Invalid(f"{text!r} is not attribute=value; attributes are {able}", where="--filter")
    try:
        return {name: {"eq": _READ[kind](value)}}
    except (ValueError, KeyError) as error:
        raise Invalid(f"{value!r} is no value of {name}", where="--filter") from error


def value(kinds: dict[str, str], text: str) -> tuple[str, Any]:
    """An attribute and the value to write, as attribute=value; nothing behind the sign: none; lists with commas."""
    name, kind, written = _parts(kinds, text, "SET")
    if not written:
        return name, None
    try:
        if kind == "StringsFilter":
            return name, [part.strip() for part in written.split(",")]
        read = _READ[kind](written)
    except (ValueError, KeyError) as error:
        raise Invalid(f"{written!r} is no value of {name}", where="SET") from error
    return name, int(read) if isinstance(read, float) and read.is_integer() and "." not in written else read


FREE = "extra:"
"""What a free attribute is written with in front."""


def free(text: str) -> tuple[str, Any]:
    """A free attribute and its value, as extra:name=value: a number, true or false where it reads as one, else text."""
    name, equals, written = text.removeprefix(FREE).partition("=")
    if not equals or not name:
        raise Invalid(f"{text!r} is not extra:name=value", where="SET")
    if not written:
        return name, None
    try:
        read = json.loads(written)
    except ValueError:
        return name, written
    return name, read if isinstance(read, str | int | float | bool) else written


def _parts(kinds: dict[str, str], text: str, where: str) -> tuple[str, str, str]:
    """Attribute as the schema writes it, its kind of filter, and what stands behind the sign."""
    name, equals, value_ = text.partition("=")
    first, *rest = name.split("_")
    name = first + "".join(part.capitalize() for part in rest)
    kind = kinds.get(name)
    if not equals or kind is None or kind not in _READ:
        able = ", ".join(sorted(n for n, k in kinds.items() if k in _READ))
        raise Invalid(f"{text!r} is not attribute=value; attributes are {able}", where=where)
    return name, kind, value_
