"""What every kind of arrangement is checked for: names, CIs, scopes, and windows that come. Pure but asking."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from cmdb.classes import catalogue
from cmdb.errors import Conflict, Invalid, UnknownName
from cmdb.words.process import Ask
from cmdb_processes.arrangements.life import Draft
from cmdb_processes.arrangements.places import PLACES
from cmdb_processes.arrangements.scope import Scope
from cmdb_processes.timing.spans import Span, moment, text
from cmdb_processes.timing.windows import Kind, Window, window
from cmdb_processes.timing.zones import first

MOST = 100
"""CIs, sites and names in one arrangement; what is for more names classes, tags or sites."""
_CIS = """
query ArrangedCIs($ids: [String!]!) { cis(filter: { id: { in: $ids } }, first: 100) { nodes { id class } } }
"""


def line(draft: Draft, name: str, *, needed: bool = False) -> str:
    """A text of one line, at most 200 characters."""
    value = draft.text(name)
    if needed and not value:
        raise Invalid("is missing", where=name)
    if "\n" in value or len(value) > 200:
        raise Invalid("is one line of at most 200 characters", where=name)
    return value


def names(draft: Draft, name: str) -> tuple[str, ...]:
    """Names, each once."""
    found = draft.names(name)
    if len(found) > MOST:
        raise Invalid(f"has {len(found)} names, at most {MOST}", where=name)
    return found


def unique(ask: Ask, plural: str, draft: Draft) -> None:
    """Conflict if another in force goes by its name: others refer to it by that."""
    name = draft.text("name")
    if others := [number for number in _named(ask, plural, name) if number != draft.number]:
        raise Conflict(f"{others[0]} is called {name} already: change that one, or choose another name")


def named(ask: Ask, plural: str, name: str, where: str) -> None:
    """UnknownName if none in force goes by that name."""
    if not _named(ask, plural, name):
        raise UnknownName(f"nothing in force is called {name!r}", where=where)


def _named(ask: Ask, plural: str, name: str) -> list[str]:
    document = (
        f"query Named($text: String!) {{ {plural}(filter: {{ categories: [IN_PROGRESS], text: $text }}, first: 100) "
        "{ nodes { number name } } }"
    )
    return [row["number"] for row in ask(document, text=name)[plural]["nodes"] if row["name"] == name]


def live(ask: Ask, ids: tuple[str, ...], where: str) -> dict[str, str]:
    """The classes of CIs by id; UnknownName if one is not there."""
    if len(ids) > MOST:
        raise Invalid(f"are {len(ids)}, at most {MOST}: name a class, a tag or a site", where=where)
    found = {ci["id"]: ci["class"] for ci in ask(_CIS, ids=list(ids))["cis"]["nodes"]} if ids else {}
    if gone := [ci for ci in ids if ci not in found]:
        raise UnknownName(f"there is no live CI {gone[0]!r}", where=where)
    return found


def scoped(ask: Ask, draft: Draft) -> Draft:
    """With a scope that is one, of classes and CIs that are there."""
    fields = {name: names(draft, name) for name in ("classes", "tags", "sites")}
    for name in fields["classes"]:
        catalogue().cls(name)
    Scope(bool(draft.fields.get("everything")), *map(frozenset, (draft.cis, *fields.values())))
    live(ask, draft.cis, "cis")
    for site, kind in live(ask, fields["sites"], "sites").items():
        if not PLACES & set(catalogue().lineage(kind) if kind in catalogue().classes else ()):
            raise Invalid(f"{site} is a {kind}, no {', '.join(sorted(PLACES))}", where="sites")
    return replace(draft, fields={**draft.fields, **fields, "everything": bool(draft.fields.get("everything")) or None})


def timed(draft: Draft, kind: Kind, now: str) -> Draft:
    """With a window that is one and still to come, and `until` when the last is over."""
    fields: dict[str, Any] = {name: line(draft, name) for name in ("rule", "why")}
    fields |= {name: line(draft, name, needed=True) for name in ("name", "zone", "start", "end")}
    made = window(fields["name"], kind, *(fields[name] for name in ("zone", "start", "end", "rule", "why")))
    until, at = ends(made), moment(now)
    if until is not None and until <= at:
        raise Invalid(f"is over already, since {text(until)}", where="end")
    since = max(at, first(made.start, made.zone))
    if made.rule is not None and not made.within(Span(since, since + HORIZON)):
        raise Invalid("names no day in four years", where="rule")
    return replace(draft, fields={**draft.fields, **fields, "until": None if until is None else text(until)})


HORIZON = 4 * 366 * 86_400
"""Within which a rule must come true: even one of 29 February does."""


def ends(made: Window) -> int | None:
    """When the last of it is over at the latest; None if it recurs without an end."""
    if made.rule is None:
        return first(made.start, made.zone) + made.seconds
    if made.rule.until is None:
        return None
    return first(datetime.combine(made.rule.until, made.start.time()), made.zone) + made.seconds
