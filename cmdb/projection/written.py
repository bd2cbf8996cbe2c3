"""A proposed state as JSON: read with a clear error, and written in one way only, so that it can be kept and hashed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cmdb.classes import catalogue
from cmdb.errors import Invalid
from cmdb.projection.overlay import Overlay, ProposedCI, ProposedEdge, ProposedValues
from cmdb.words.canonical import canonical as as_canonical

_EDGE = ("type", "from", "to")
_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "add": (_EDGE, ()),
    "close": (_EDGE, ()),
    "repoint": ((*_EDGE, "newTo"), ()),
    "create": (("id", "class", "name"), ("attributes", "parent", "key", "tags", "extra")),
    "set": (("ci",), ("attributes", "tags", "extra")),
}
"""Of each kind of step: the fields it must have, and those it may have."""
_TYPES: Mapping[str, tuple[type, str]] = {
    "attributes": (dict, "an object"), "extra": (dict, "an object"), "tags": (list, "a list of texts"),
}  # fmt: skip


def read(given: Any) -> Overlay:
    """The proposed state of a parsed JSON value (or its text); Invalid says what is wrong and where.

    An edge that is re-pointed becomes one that is closed and one that is added. Attributes may be in camelCase.
    """
    value = _parsed(given) if isinstance(given, str | bytes) else given
    if not isinstance(value, Mapping):
        raise Invalid("expected an object with add, close, repoint, retire, create, set", where="proposed")
    if unknown := sorted(set(value) - {*_FIELDS, "retire"}):
        known = ", ".join(sorted({*_FIELDS, "retire"}))
        raise Invalid(f"there is no step {str(unknown[0])[:80]!r}; known are {known}", where="proposed")
    steps = {kind: [_fields(kind, n, one) for n, one in enumerate(_list(value, kind))] for kind in _FIELDS}
    moved = [(_edge(one), ProposedEdge(_edge(one).type, one["from"], one["newTo"])) for one in steps["repoint"]]
    return Overlay(
        add=(*map(_edge, steps["add"]), *(new for _, new in moved)),
        close=(*map(_edge, steps["close"]), *(old for old, _ in moved)),
        retire=frozenset(_text(one, f"proposed.retire[{n}]") for n, one in enumerate(_list(value, "retire"))),
        create=tuple(map(_ci, steps["create"])),
        change=tuple(map(_values, steps["set"])),
    )


def plain(overlay: Overlay) -> dict[str, Any]:
    """The inverse of `read`, each list in its order of names, what is empty left out."""
    made = {
        "add": [_plain_edge(edge) for edge in sorted(overlay.add)],
        "close": [_plain_edge(edge) for edge in sorted(overlay.close)],
        "retire": sorted(overlay.retire),
        "create": [_plain_ci(one) for one in sorted(overlay.create, key=lambda one: one.id)],
        "set": [_plain_values(one) for one in sorted(overlay.change, key=lambda one: one.ci)],
    }
    return {kind: steps for kind, steps in made.items() if steps}


def canonical(overlay: Overlay) -> str:
    """The one text of a proposed state: equal states have equal texts, so its hash says what was agreed to."""
    return as_canonical(plain(overlay))


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Invalid(f"this is no JSON ({error})", where="proposed") from error


def _list(value: Mapping[str, Any], kind: str) -> list[Any]:
    given = value.get(kind)
    if given is not None and not isinstance(given, list):
        raise Invalid("expected a list", where=f"proposed.{kind}")
    return given or []


def _fields(kind: str, number: int, given: Any) -> dict[str, Any]:
    """A step's fields, with those that are null left out."""
    where, (needed, possible) = f"proposed.{kind}[{number}]", _FIELDS[kind]
    if not isinstance(given, Mapping):
        raise Invalid("expected an object", where=where)
    found = {name: value for name, value in given.items() if value is not None}
    if missing := [name for name in needed if name not in found]:
        raise Invalid(f"{missing[0]} is missing", where=where)
    if unknown := sorted(set(found) - {*needed, *possible}):
        known = ", ".join((*needed, *possible))
        raise Invalid(f"there is no field {str(unknown[0])[:80]!r}; known are {known}", where=where)
    for name, value in found.items():
        kind_, said = _TYPES.get(name, (str, "a text"))
        if not isinstance(value, kind_):
            raise Invalid(f"expected {said}", where=f"{where}.{name}")
    return found


def _text(given: Any, where: str) -> str:
    if not isinstance(given, str):
        raise Invalid("expected a text", where=where)
    return given


def _edge(one: Mapping[str, Any]) -> ProposedEdge:
    return ProposedEdge(catalogue().relation(one["type"]).name, one["from"], one["to"])


def _ci(one: Mapping[str, Any]) -> ProposedCI:
    return ProposedCI(
        one["id"], one["class"], one["name"], _snake(one.get("attributes", {})), one.get("parent"), one.get("key"),
        tuple(one.get("tags", ())), one.get("extra", {}),
    )  # fmt: skip


def _values(one: Mapping[str, Any]) -> ProposedValues:
    tags = one.get("tags")
    return ProposedValues(
        one["ci"], _snake(one.get("attributes", {})), one.get("extra", {}), None if tags is None else tuple(tags)
    )


def _snake(values: Mapping[str, Any]) -> dict[str, Any]:
    return {re.sub("[A-Z]", lambda c: f"_{c.group().lower()}", str(name)): value for name, value in values.items()}


def _plain_edge(edge: ProposedEdge) -> dict[str, str]:
    return {"type": edge.type, "from": edge.source, "to": edge.target}


def _plain_ci(one: ProposedCI) -> dict[str, Any]:
    optional = {
        "attributes": dict(one.attributes), "parent": one.parent, "key": one.key, "tags": sorted(one.tags),
        "extra": dict(one.extra),
    }  # fmt: skip
    return {"id": one.id, "class": one.cls, "name": one.name, **{k: v for k, v in optional.items() if v}}


def _plain_values(one: ProposedValues) -> dict[str, Any]:
    tags = {} if one.tags is None else {"tags": sorted(one.tags)}
    rest = {"attributes": dict(one.attributes), "extra": dict(one.extra)}
    return {"ci": one.ci, **{k: v for k, v in rest.items() if v}, **tags}
