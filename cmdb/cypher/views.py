"""Views as Cypher: who is shown, the labels that say so, and any question put to the shown part of the graph only."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from cmdb.classes import catalogue
from cmdb.cypher.filters import And, Compare, Filter, Not, Or, attribute_types, condition
from cmdb.errors import Invalid
from cmdb.words import View

Statement = tuple[str, dict[str, Any]]

ALL = "MATCH (j:Journal {id: 'journal'}) RETURN coalesce(j.views, []) AS views"
KEEP = "MATCH (j:Journal {id: 'journal'}) SET j.views = $views"
HOLD = "MATCH (j:Journal {id: 'journal'}) SET j.seq = j.seq RETURN coalesce(j.views, []) AS views"
"""The journal's lock without a step: nothing is applied meanwhile."""
BATCH = "MATCH (n:CI) WHERE n.id > $after RETURN n.id AS id ORDER BY n.id LIMIT $first"

_OWN = frozenset({"class", "name", "key", "tags"})
"""What a view may ask beside declared attributes: what each change of a CI journals."""
MOST_LEVELS = 16
"""How deep things are inside of others, at most."""


def checked(where: Filter) -> Filter:
    """The filter, if a view can be kept by it: by class, name, key and attributes that are not volatile."""
    able = _OWN | {a.name for c in catalogue().classes.values() for a in c.attributes if not a.volatile}
    if unable := sorted(_names(where) - able):
        raise Invalid(f"a view cannot be decided by {', '.join(unable)}", where="filter")
    condition(None, where)  # whatever else is wrong with it is said now
    return where


def _names(part: Filter) -> set[str]:
    match part:
        case Compare():
            return {part.attribute}
        case And(parts) | Or(parts):
            return set().union(*map(_names, parts))
        case Not(inner):
            return _names(inner)
    raise Invalid("a view is decided by each CI's own values, not by its relations", where="filter")


def to_json(part: Filter) -> str:
    """A filter as text."""
    return json.dumps(_plain(part), sort_keys=True)


def _plain(part: Filter) -> Any:
    match part:
        case Compare():
            return {"attribute": part.attribute, "op": part.op, "value": part.value}
        case And((only,)) | Or((only,)):
            return _plain(only)
        case And(parts):
            return {"and": [_plain(p) for p in parts]}
        case Or(parts):
            return {"or": [_plain(p) for p in parts]}
        case Not(inner):
            return {"not": _plain(inner)}


def from_json(text: str) -> Filter:
    """The inverse of `to_json`."""
    return _filter(json.loads(text))


def _filter(given: Any) -> Filter:
    match given:
        case {"and": parts}:
            return And(tuple(_filter(p) for p in parts))
        case {"or": parts}:
            return Or(tuple(_filter(p) for p in parts))
        case {"not": inner}:
            return Not(_filter(inner))
        case _:
            return Compare(given["attribute"], given["op"], given["value"])


def mark(view: View, ids: Collection[str], *, inside: bool) -> Statement:
    """Set or take the view's label on these CIs (`inside`: on what is directly inside them).

    Returns the `id` of each whose label moved: what is inside of it has to be looked at next.
    """
    known = attribute_types(None)
    where = from_json(view.filter)
    # When an extension was removed, nobody can say any more who is meant: so nobody is shown.
    text, parameters = condition(None, where if _names(where) <= set(known) else Or(()))
    found = "MATCH (n:CI) WHERE n.parent IN $ids" if inside else "UNWIND $ids AS id MATCH (n:CI {id: id})"
    label = f"`{view.label}`"
    return (
        f"{found} WITH n, n:{label} AS was, coalesce(({text}), false) "
        f"AND (n.parent IS NULL OR EXISTS {{ MATCH (p:CI {{id: n.parent}}) WHERE p:{label} }}) AS shown "
        "WHERE was <> shown "
        f"FOREACH (x IN CASE WHEN shown THEN [n] ELSE [] END | SET x:{label}) "
        f"FOREACH (x IN CASE WHEN shown THEN [] ELSE [n] END | REMOVE x:{label}) "
        "RETURN n.id AS id",
        {**parameters, "ids": sorted(ids)},
    )


def unmark(label: str, first: int) -> Statement:
    """Take a label that nobody asks by any more from `first` CIs; returns how many had it (`count`)."""
    return (
        f"MATCH (n:`{label}`) WITH n LIMIT $first REMOVE n:`{label}` RETURN count(n) AS count",
        {"first": first},
    )


@lru_cache(maxsize=2048)
def restricted(text: str, label: str) -> str:
    """A reading statement put to the shown part: every node that must be a CI must also carry the label.

    All our statements name the class of each CI they match, and their text never holds data: so this one rule keeps
    lists, counts, orders, paths and everything else to what is shown, as if the rest had been removed. A hint names an
    index, `:CI(id)`, and stays as it is.
    """
    names = "|".join(sorted(map(re.escape, {"CI", *catalogue().classes}), key=len, reverse=True))
    return re.sub(rf":(`?)({names})\1(?![\w`(])", rf":\1\2\1&`{label}`", text)
