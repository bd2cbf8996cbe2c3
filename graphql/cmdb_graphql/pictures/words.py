"""The words of an impact answer: tree, table, SVG and report say the same because they all ask here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb_graphql.pictures.radius import AT_RISK, DEGREES, FAILED, SPENT, Hit, Radius

STALE_S = 7 * 86_400.0
"""An edge not seen for so long is drawn dashed and said so."""


@dataclass(frozen=True, slots=True)
class Sign:
    """How a degree is shown without colour: a drawn sign, one of ASCII, and what people call it."""

    drawn: str
    ascii: str
    said: str


SIGNS = {
    "DOWN": Sign("✕", "X", "down"), "DEGRADED": Sign("◐", "~", "degraded"), "UP": Sign("●", "o", "up"),
    FAILED: Sign("◆", "#", "stopped"), AT_RISK: Sign("▲", "!", "at risk"),
}  # fmt: skip

# What moves a terminal's cursor, turns text round or may not stand in XML: names come from other machines.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The text with `?` for every character that is obeyed instead of shown."""
    return _UNSEEN.sub("?", text)


def label(hit: Hit) -> str:
    """Who: "orders-api (Service)"."""
    return f"{hit.name} ({hit.cls})"


def why(hit: Hit) -> str:
    """Why, in one line; an old edge is said at the end."""
    parts = [hit.reason, hit.risk, unseen(hit.age_s)]
    return "; ".join(part for part in parts if part)


def told(hit: Hit) -> str:
    """The same with the dependency's evidence, and when the oldest of the way was last seen: for text."""
    parts = [hit.reason, hit.risk, hit.seen_as, ago(hit.oldest_s)]
    return "; ".join(part for part in parts if part)


def why_of(hits: Sequence[Hit], names: Mapping[str, str]) -> str:
    """Why several: their most frequent reason, with "one of these" where each names its own dependency.

    `names` gives every dependency's name by its id.
    """
    said = Counter(hit.reason for hit in hits)
    if len(said) > 1:
        said = Counter(like(hit, names.get(hit.parent or "", "")) for hit in hits)
    (first, _), *others = sorted(said.items(), key=lambda one: (-one[1], one[0]))
    old = [hit.age_s for hit in hits if hit.age_s is not None and unseen(hit.age_s)]
    count = "" if len(old) == len(hits) else f"{len(old):,} of them "
    more = f"{len(others):,} other {'reason' if len(others) == 1 else 'reasons'}" if others else ""
    return "; ".join(part for part in (first, more, f"{count}{unseen(max(old))}" if old else "") if part)


def like(hit: Hit, parent: str) -> str:
    """The reason without the one name that differs between siblings of a fold."""
    begin = hit.reason.find(parent) if parent else -1
    end = begin + len(parent)
    if begin < 0 or hit.reason[:begin][-1:].isalnum() or hit.reason[end:][:1].isalnum():
        return hit.reason
    return f"{hit.reason[:begin]}one of these{hit.reason[end:]}"


def several(hits: Sequence[Hit]) -> str:
    """Who, of many: "12 Service", most frequent class first."""
    counts = Counter(hit.cls for hit in hits)
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    shown = ", ".join(f"{count:,} {cls}" for cls, count in ranked[:3])
    rest = sum(count for _, count in ranked[3:])
    return f"{shown} and {rest:,} more" if rest else shown


def some_names(hits: Sequence[Hit], most: int) -> str:
    """The first names in order, and how many more."""
    names = [hit.name for hit in hits[:most]]
    more = len(hits) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def worst(hits: Iterable[Hit]) -> str:
    """The worst degree among them."""
    return min((hit.degree for hit in hits), key=DEGREES.index)


def unseen(age_s: float | None) -> str:
    """That an edge is old, or nothing."""
    return f"unseen for {age_s / 86_400:.0f} days" if age_s is not None and age_s >= STALE_S else ""


def ago(seconds: float | None) -> str:
    """An age in words."""
    if seconds is None:
        return "age unknown"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"seen {seconds / size:.0f} {unit} ago"
    return f"seen {seconds:.0f} s ago"


def totals(radius: Radius) -> str:
    """How many are hit how hard: "12 down, 3 degraded (1 with no redundancy left), 2 at risk"."""
    counts = Counter(hit.degree for hit in (*radius.hits, *radius.at_risk))
    spent = Counter(hit.degree for hit in radius.hits if hit.risk)
    parts = [
        f"{counts[d]:,} {SIGNS[d].said}" + (f" ({spent[d]:,} with {SPENT})" if spent[d] else "")
        for d in DEGREES
        if counts[d]
    ]
    return ", ".join(parts) or "nothing hit"


def summary(radius: Radius, path: Sequence[Hit]) -> str:
    """One sentence for who cannot see the picture."""
    hops = max((hit.hops for hit in radius.hits), default=0)
    far = f" over {hops} {'hop' if hops == 1 else 'hops'}" if hops else ""
    return f"{len(radius.failed)} stopped, {totals(radius)}{far}{f'; {way(path)}' if len(path) > 1 else ''}."


def way(path: Sequence[Hit]) -> str:
    """The bold path in words."""
    return f"bold: {' > '.join(hit.name for hit in path)}, a shortest way of the failure"
