"""Steps in the graph, planned and observed, in one shape so that they can be compared: made, retired, set, linked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cmdb.errors import Invalid
from cmdb_processes.change.evidence import canonical

NEW = "new:"
"""How the id of a CI begins that is only planned."""


class Act(StrEnum):
    """What a step does."""

    CREATE = "create"
    RETIRE = "retire"
    SET = "set"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One step at a CI (the dependent, of an edge).

    `what` is the attribute of a set, the relation of an edge, the class of a CI that is made; `other` the id at the
    edge's end, the name of the CI that is made, the value of a set as JSON text ("null": none).
    """

    act: Act
    ci: str
    what: str = ""
    other: str = ""

    def sentence(self, names: Mapping[str, str]) -> str:
        """In words; `names` gives CIs by id."""
        name = names.get(self.ci, self.ci)
        relation, end = self.what.lower().replace("_", " "), names.get(self.other, self.other)
        match self.act:
            case Act.CREATE:
                return f"{self.what} {self.other} is made"
            case Act.RETIRE:
                return f"{name} is retired"
            case Act.SET:
                return f"{name} has {self.what} {self.other}"
            case Act.OPEN:
                return f"{name} now {relation} {end}"
            case Act.CLOSE:
                return f"{name} no longer {relation} {end}"


@dataclass(frozen=True, slots=True)
class Steps:
    """A set of steps, with the names of CIs by id and what was made inside of what."""

    steps: frozenset[Step]
    names: Mapping[str, str]
    classes: Mapping[str, str]
    parents: Mapping[str, str]

    def of(self, act: Act) -> frozenset[Step]:
        """Those of one kind."""
        return frozenset(step for step in self.steps if step.act is act)


def planned(proposal: Mapping[str, Any]) -> Steps:
    """The steps of a proposed state, as `proposed:` takes it: add, close, repoint, retire, create, set."""
    if unknown := sorted(set(proposal) - {"add", "close", "repoint", "retire", "create", "set"}):
        raise Invalid(f"there is no step {unknown[0]!r}", where="proposed")
    created = proposal.get("create") or ()
    found = {_edge(Act.OPEN, one) for one in proposal.get("add") or ()}
    found |= {_edge(Act.CLOSE, one) for one in proposal.get("close") or ()}
    for one in proposal.get("repoint") or ():
        found |= {_edge(Act.CLOSE, one), _edge(Act.OPEN, {**one, "to": one["newTo"]})}
    found |= {Step(Act.RETIRE, ci) for ci in proposal.get("retire") or ()}
    for one in created:
        found.add(Step(Act.CREATE, one["id"], one["class"], one["name"]))
        found |= _sets(one["id"], one.get("attributes") or {})
    for one in proposal.get("set") or ():
        found |= _sets(one["ci"], {**(one.get("attributes") or {}), **(one.get("extra") or {})})
        if one.get("tags") is not None:
            found.add(Step(Act.SET, one["ci"], "tags", canonical(sorted(one["tags"]))))
    return Steps(
        frozenset(found),
        {one["id"]: one["name"] for one in created},
        {one["id"]: one["class"] for one in created},
        {one["id"]: one["parent"] for one in created if one.get("parent")},
    )


def observed(nodes: Iterable[Mapping[str, Any]]) -> Steps:
    """The steps in the nodes of a `diff` answer: {ci class name what values {…} edges {…} edgeCount}.

    A node whose edges are not all there is refused: a comparison with half of what happened would acquit wrongly.
    """
    found: set[Step] = set()
    names, classes, parents = {}, {}, {}
    for node in nodes:
        ci, edges = node["ci"], node.get("edges") or ()
        if node.get("edgeCount", len(edges)) > len(edges):
            raise Invalid(
                f"{node['name']} has {node['edgeCount']} new or closed edges: ask for fewer days", where="diff"
            )
        names[ci], classes[ci] = node["name"], node["class"]
        if node["what"] in {"created", "revived"}:
            found.add(Step(Act.CREATE, ci, node["class"], node["name"]))
        elif node["what"] == "retired":
            found.add(Step(Act.RETIRE, ci))
        for value in node.get("values") or ():
            found.add(Step(Act.SET, ci, value["attribute"], canonical(value["after"])))
            if value["attribute"] == "parent":
                parents[ci] = value["after"] or value["before"]
        found |= {_edge(Act.OPEN if one["opened"] else Act.CLOSE, one) for one in edges}
    return Steps(frozenset(found), names, classes, parents)


def _edge(act: Act, one: Mapping[str, Any]) -> Step:
    return Step(act, one["from"], one["type"], one["to"])


def _sets(ci: str, values: Mapping[str, Any]) -> set[Step]:
    return {Step(Act.SET, ci, _camel(name), canonical(value)) for name, value in values.items()}


def _camel(name: str) -> str:
    """Attributes are planned in either spelling and observed in camelCase."""
    return re.sub(r"_([a-z0-9])", lambda found: found.group(1).upper(), name)
