"""What moved inside a blast radius between two answers, in words; losses of redundancy come first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from cmdb_processes.change.nouns import CI, Impact, Link, Severity

ROLES = {"FORMED_BY": "member", "BALANCES_OVER": "pool member"}
"""Relations by which a CI has several that stand in for each other, and what people call one of them."""


def differences(before: Impact, after: Impact) -> tuple[str, ...]:
    """What is other: "db-22 lost its replica db-23 (1 left)", "web-1 is now reached (down)"; empty: nothing.

    What counts is who is hit how hard, by which dependencies and groups; times and sequences do not.
    """
    said: set[tuple[str, str]] = set()
    found = [*_groups(before, after, said), *_links(before, after, said), *_severities(before, after)]
    if before.truncated != after.truncated:
        found.append(f"the answer is cut short: {after.truncated}" if after.truncated else "the answer is whole now")
    return tuple(found)


def _groups(before: Impact, after: Impact, said: set[tuple[str, str]]) -> Iterator[str]:
    """Members that stand in for each other under one CI, and how many it needs; `said` gathers (CI, member)."""
    was, now = _members(before), _members(after)
    in_both = before.reach.keys() & after.reach.keys()  # of a CI outside the radius nothing is told
    for ci in sorted(ci for ci in was.keys() | now.keys() if ci.id in in_both):
        had, has = was.get(ci, frozenset()), now.get(ci, frozenset())
        if had and has:
            for member in sorted(had ^ has):
                said.add((ci.id, member.id))
                yield _lost(ci, member, "member", len(has)) if member in had else f"{ci.name} gained {member.name}"
        elif had:
            yield f"{ci.name} lost its redundancy: {', '.join(m.name for m in sorted(had))} stood in for each other"
        else:
            yield f"{ci.name} is now redundant over {', '.join(m.name for m in sorted(has))}"
    needs, needed = _needs(before), _needs(after)
    for key in sorted(needs.keys() & needed.keys()):
        if needs[key] != needed[key]:
            yield f"{key[0].name} needs {needed[key]} of {len(key[1])} now, {needs[key]} before"


def _members(impact: Impact) -> Mapping[CI, frozenset[CI]]:
    found: dict[CI, frozenset[CI]] = defaultdict(frozenset)
    for group in impact.groups:
        if len(group.members) > 1 or group.ci in found:
            found[group.ci] |= frozenset(group.members)
    return found


def _needs(impact: Impact) -> Mapping[tuple[CI, tuple[CI, ...]], int]:
    return {(g.ci, tuple(sorted(g.members))): g.needed for g in impact.groups if g.told}


def _links(before: Impact, after: Impact, said: set[tuple[str, str]]) -> Iterator[str]:
    was, now = {_key(one): one for one in before.links}, {_key(one): one for one in after.links}
    for key in sorted(was.keys() - now.keys()):
        link = was[key]
        if (link.source.id, link.target.id) in said or not _tells(link, after):
            continue
        left = sum(1 for kind, source, _ in now if (kind, source) == key[:2])
        if link.type in ROLES:
            yield _lost(link.source, link.target, ROLES[link.type], left)
        else:
            yield f"{link.source.name} no longer {_verb(link)} {link.target.name}"
    for key in sorted(now.keys() - was.keys()):
        link = now[key]
        if (link.source.id, link.target.id) not in said and _tells(link, before):
            yield f"{link.source.name} now {_verb(link)} {link.target.name}"


def _tells(link: Link, other: Impact) -> bool:
    """Whether the other answer would hold this link if it were there: it holds all of what its radius touches."""
    return link.source.id in other.reach or link.target.id in other.reach


def _lost(ci: CI, member: CI, role: str, left: int) -> str:
    role = "replica" if member.class_ == "DatabaseInstance" else role
    return f"{ci.name} lost its {role} {member.name} ({left} left)"


def _severities(before: Impact, after: Impact) -> Iterator[str]:
    was, now = before.severity, after.severity
    names = {**before.reach, **after.reach}
    hops = {hit.ci.id: hit.hops for hit in (*before.hits, *after.hits)}
    for ci in sorted(was.keys() | now.keys(), key=lambda one: (hops.get(one, 0), names[one])):  # nearest first
        had, has = was.get(ci, Severity.NONE), now.get(ci, Severity.NONE)
        if had is has:
            continue
        if had is Severity.NONE:
            yield f"{names[ci].name} is now reached ({has.word})"
        elif has is Severity.NONE:
            yield f"{names[ci].name} is no longer reached"
        else:
            yield f"{names[ci].name}: {had.word} → {has.word}"


def _key(link: Link) -> tuple[str, str, str]:
    return link.type, link.source.id, link.target.id


def _verb(link: Link) -> str:
    """Relations are named so that this reads well: "api no longer depends on db"."""
    return link.type.lower().replace("_", " ")
