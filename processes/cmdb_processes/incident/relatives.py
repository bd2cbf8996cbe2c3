"""Parents, children and other links of an incident, as the graph has them. Asking only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cmdb.errors import Invalid, Refused
from cmdb.words import Category, RecordLink
from cmdb.words.process import Ask
from cmdb_processes.incident.family import Child
from cmdb_processes.incident.questions import CHILDREN, LINKS, several
from cmdb_processes.incident.records import INCIDENT

PAGE = 10
"""Records that one document asks for."""
DEEPEST = 10


def children(ask: Ask, number: str) -> tuple[Child, ...]:
    """The incidents directly under one; one question, and one more for each ten of them."""
    page = ask(CHILDREN, number=number)["incident"]["linkedFrom"]
    if page["pageInfo"]["hasNextPage"]:
        raise Refused(f"{number} has more than 100 children: put some of them under a parent of their own")
    numbers = [node["record"]["number"] for node in page["nodes"] if node["record"]["type"] == "Incident"]
    found: list[Child] = []
    for at in range(0, len(numbers), PAGE):
        rows = ask(several("incident", numbers[at : at + PAGE], "number category waiting byParent"))
        found += [_child(row) for row in rows.values()]
    return tuple(found)


def below(ask: Ask, number: str) -> tuple[str, ...]:
    """The numbers of all below it."""
    found: list[str] = []
    level = [number]
    for _ in range(DEEPEST):
        level = [child.number for one in level for child in children(ask, one)]
        if not level:
            break
        found += level
    return tuple(found)


def links(ask: Ask, number: str) -> tuple[RecordLink, ...]:
    """Its links to records and CIs, AFFECTS and IMPACTS aside."""
    page = ask(LINKS, number=number)["incident"]["links"]
    found = [RecordLink(node["type"], _end(node)) for node in page["nodes"]]
    return tuple(one for one in found if one.type not in ("AFFECTS", "IMPACTS"))


def ancestors(ask: Ask, number: str) -> tuple[str, ...]:
    """Its parents, all the way up."""
    found: list[str] = []
    level = [number]
    while level and len(found) < 100:
        level = [
            link.to for one in level for link in links(ask, one) if link.type == "CHILD_OF" and link.to not in found
        ]
        found += level
    return tuple(found)


def category(name: str) -> Category:
    """From its name in GraphQL."""
    return Category(name.replace("_", " ").lower())


def parse(texts: Iterable[str]) -> tuple[RecordLink, ...]:
    """Links from "CAUSED_BY CHG-7" each."""
    return tuple(_link(text) for text in texts)


def _link(text: str) -> RecordLink:
    words = text.split()
    if len(words) != 2:
        raise Invalid(f"{text!r} is no link such as CAUSED_BY CHG-7", where="links")
    kind, known = words[0].upper(), sorted(INCIDENT.link_types)
    if kind not in known:
        raise Invalid(f"is one of {', '.join(known)}, not {words[0]!r}", where="type")
    return RecordLink(kind, words[1])


def _child(row: Any) -> Child:
    return Child(row["number"], category(row["category"]), row["waiting"], row["byParent"])


def _end(node: Any) -> str:
    return str(node["record"]["number"] if node["record"] else (node["ci"] or {"id": ""})["id"])
