"""What GraphQL answers, read into the nouns of this process: the only place that knows the shape of an answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from cmdb.errors import Invalid
from cmdb.words import Redundancy
from cmdb_processes.change.models import COMMITTED
from cmdb_processes.change.moved import ROLES
from cmdb_processes.change.nouns import CI, Budgeted, Group, Hit, Impact, Link, Planned, Severity
from cmdb_processes.change.window import Window

Answer = Mapping[str, Any]
_DAY = 86_400


def ci(answer: Answer, known: Mapping[str, CI] | None = None) -> CI:
    """A CI: {id name class criticality}, all but the id optional; `known` ones tell more about it."""
    identity = str(answer["id"])
    if known is not None and identity in known:
        return known[identity]
    name = str(answer.get("name") or identity)
    return CI(identity, name, str(answer.get("class") or ""), str(answer.get("criticality") or ""))


def impact(answer: Answer) -> Impact:
    """The answer to `impact`, whole. Who is only at risk counts as a hit of that severity."""
    services = {one.id: one for one in map(ci, answer.get("services") or ())}
    links = tuple(
        Link(str(e["type"]), ci(e["from"], services), ci(e["to"], services)) for e in answer.get("edges") or ()
    )
    hits = [_hit(item, services) for item in answer["items"]]
    risks = answer.get("risks") or answer.get("atRisk") or ()
    hits += [
        Hit(ci(one.get("ci") or one, services), Severity.AT_RISK, reason=str(one.get("reason") or "")) for one in risks
    ]
    told = [one for one in (*answer["items"], *(answer.get("risks") or ())) if one.get("redundancy")]
    return Impact(
        of=tuple(ci(one, services) for one in answer.get("of") or ()),
        hits=tuple(hits),
        links=links,
        groups=tuple(sorted(groups(links, told), key=lambda g: (g.ci, g.members))),
        sequence=int(answer.get("sequence") or 0),
        fingerprint=str(answer.get("hash") or ""),
        truncated=answer.get("truncated"),
        problems=tuple(f"{p['ci']['name']}: {p['rule']}: {p['why']}" for p in answer.get("problems") or ()),
    )


def _hit(item: Answer, services: Mapping[str, CI]) -> Hit:
    age = item.get("freshnessSeconds")
    return Hit(
        ci(item["ci"], services),
        Severity[str(item["degree"])],
        int(item.get("hops") or 0),
        str(item.get("reason") or ""),
        None if age is None else float(age) / _DAY,
    )


def groups(links: Sequence[Link], told: Iterable[Answer] = ()) -> Iterator[Group]:
    """Who stands in for whom: by relations that say so of themselves, and by what the answer tells of a CI.

    `told`: rows {ci redundancy {rule needed of members}}; a rule is a relation's name, or "USES: 1 of db-1, db-2".
    Answers of the first versions do not have the members: there a rule's names must do.
    """
    by: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in links:
        by[link.source.id, link.type].append(link)
    said: set[tuple[str, str]] = set()
    for row in told:
        rule = str(row["redundancy"]["rule"])
        relation = rule.split(":", 1)[0].strip()
        of_it = by.get((str(row["ci"]["id"]), relation), [])
        meant = row["redundancy"].get("members")
        members = tuple(
            sorted({x.target for x in of_it if (_names(rule, x.target) if meant is None else x.target.id in meant)})
        )
        if len(members) > 1:
            said.add((of_it[0].source.id, relation))
            yield Group(of_it[0].source, members, int(row["redundancy"]["needed"]), int(row["redundancy"]["of"]))
    for (source, relation), of_it in by.items():
        members = tuple(sorted({link.target for link in of_it}))
        if relation in ROLES and len(members) > 1 and (source, relation) not in said:
            yield Group(of_it[0].source, members, 1, told=False)


def _names(rule: str, member: CI) -> bool:
    """Whether a rule is about this member: a bare relation, and one without names, is about all."""
    if ":" not in rule:
        return True
    with suppress(Invalid):
        named = [name for name, _ in Redundancy.parse(rule).members]
        return not named or member.id in named or member.name in named
    return False


def outages(answer: Answer) -> tuple[tuple[CI, Severity], ...]:
    """The CIs that are out at present, of the answer to `impact`."""
    return tuple((ci(one["ci"]), Severity[str(one["degree"])]) for one in answer.get("context") or ())


def budgets(answer: Answer) -> tuple[Budgeted, ...]:
    """The services that use of their allowed downtime in the window, of the answer to `impact`."""
    return tuple(
        Budgeted(str(one["ci"]["name"]), float(one["share"]), one["usedMinutes"] is not None, str(one["sentence"]))
        for one in answer.get("budgets") or ()
        if one["windowMinutes"]
    )


def planned(record: Answer) -> Planned:
    """A change as its neighbours see it: {number title state model windowStart windowEnd implementers cis}."""
    return Planned(
        str(record["number"]),
        str(record["title"]),
        tuple(map(ci, record["cis"])),
        Window(datetime.fromisoformat(record["windowStart"]), datetime.fromisoformat(record["windowEnd"])),
        frozenset(record.get("implementers") or ()),
        str(record.get("model") or "normal"),
        record["state"] in COMMITTED,
    )
