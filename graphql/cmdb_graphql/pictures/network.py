"""The nouns of a network: what is joined to what, and who hangs on whom, read from edges as GraphQL answers them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

CABLE, UPLINK = "CONNECTED_TO", "ATTACHED_TO"
RELATIONS = (CABLE, UPLINK)
DEVICES = frozenset({"NetworkDevice", "Firewall", "LoadBalancer"})
BOTH, ONE, HEARD, DECLARED = "both", "one", "heard", "declared"
"""Who says that two are joined: both ends, one end, a forwarding table between them, or a person or an import."""
_PORT = "NetworkInterface"


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts Gi1/0/2 before Gi1/0/10."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", text) if part)


@dataclass(frozen=True, slots=True)
class Node:
    """A device, host or other CI that is joined to others."""

    id: str
    name: str
    cls: str

    @property
    def forwards(self) -> bool:
        """Whether others may hang on it."""
        return self.cls in DEVICES

    @property
    def order(self) -> tuple[object, ...]:
        """Where it stands in a list: by name, numbers as numbers."""
        return natural(self.name), self.cls, self.id


@dataclass(frozen=True, slots=True)
class Joint:
    """One edge between two nodes, with the ports where they are known, and why it is believed.

    Of a cable `a` and `b` are alike; of an uplink `a` hangs on `b`.
    """

    id: str
    relation: str
    a: Node
    a_port: str
    b: Node
    b_port: str
    ends: str
    kind: str
    detail: str
    confidence: float
    last_seen: str | None
    age_s: float | None

    @classmethod
    def of(cls, edge: Mapping[str, Any]) -> Joint:
        """From an edge with both ends and their parents; a cable begins at the end whose name comes first."""
        a, b = _end(edge["from"]), _end(edge["to"])
        if edge["type"] == CABLE and (b[0].order, natural(b[1])) < (a[0].order, natural(a[1])):
            a, b = b, a
        said = edge["evidence"]
        return cls(
            edge["id"], edge["type"], *a, *b, _ends(said["kind"], said["detail"]), said["kind"], said["detail"],
            said["confidence"], edge["lastSeen"], edge["ageSeconds"],
        )  # fmt: skip

    @property
    def order(self) -> tuple[object, ...]:
        """Where it stands in a list."""
        return self.a.order, natural(self.a_port), self.b.order, natural(self.b_port), self.id


def _end(ci: Mapping[str, Any]) -> tuple[Node, str]:
    """The node and its port: an interface stands for what it is a part of."""
    whole = ci["parent"] if ci["class"] == _PORT and ci["parent"] else None
    return (Node(whole["id"], whole["name"], whole["class"]), ci["name"]) if whole else (_node(ci), "")


def _node(ci: Mapping[str, Any]) -> Node:
    return Node(ci["id"], ci["name"], ci["class"])


def _ends(kind: str, detail: str) -> str:
    """Discovery says how many ends agree as the first word of its evidence."""
    if detail.startswith("agreed: "):
        return BOTH
    if detail.startswith("one-way: "):
        return ONE
    return HEARD if kind == "fdb" else DECLARED


@dataclass(frozen=True, slots=True)
class Network:
    """Cables and uplinks, each once and in the order of names. `inside` are the ids that were asked for; none: all."""

    cables: tuple[Joint, ...]
    uplinks: tuple[Joint, ...]
    inside: frozenset[str] = frozenset()
    above: Mapping[str, tuple[Node, ...]] = field(init=False)
    """On whom each node hangs, by its id."""

    def __post_init__(self) -> None:
        above: dict[str, list[Node]] = {}
        for one in self.uplinks:
            above.setdefault(one.a.id, []).append(one.b)
        object.__setattr__(self, "above", {k: tuple(sorted(v, key=lambda n: n.order)) for k, v in above.items()})

    @classmethod
    def of(cls, edges: Iterable[Mapping[str, Any]], inside: Iterable[str] = ()) -> Network:
        """From edges as GraphQL answers them, in any order and told more than once."""
        joints = sorted({e["id"]: Joint.of(e) for e in edges}.values(), key=lambda j: j.order)
        return cls(
            tuple(j for j in joints if j.relation == CABLE), tuple(j for j in joints if j.relation == UPLINK),
            frozenset(inside),
        )  # fmt: skip

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Everybody who is joined to somebody."""
        found = {end.id: end for joint in (*self.cables, *self.uplinks) for end in (joint.a, joint.b)}
        return tuple(sorted(found.values(), key=lambda node: node.order))
