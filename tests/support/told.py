"""Questions of every kind about the graph, with arguments drawn from what there is: to ask again of another state.

What is of now by declaration is not asked: `asOf` itself, `staleSince`, `lastSeen` and ages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from cmdb.store import Store

_ENDS = "from { id name status } to { id name status }"
_EDGE = f"id type since evidence {{ kind detail confidence firstSeen lastSeen }} {_ENDS}"
_PAGE = "pageInfo { hasNextPage endCursor }"
_EDGES = f"nodes {{ {_EDGE} }} {_PAGE}"
_CI = f"""
  id class name status rev key firstSeen tags expiresAt condition redundancy mtbfHours mttrHours lifecycle extra
  parent {{ id name status rev }} mergedInto {{ id name status }}
  children(first: 3) {{ nodes {{ id name class status parent {{ name }} }} {_PAGE} }}
  dependencies(first: 3) {{ {_EDGES} }} dependents(first: 3) {{ {_EDGES} }}
  identityTrace {{ outcome reason rule keys source since candidates merged {{ id at by reason }} }}
  claims {{ scope kind since trace values {{ attribute value wins since until }} }}
  ... on Host {{ hostname model kernel macs cpuCores }} ... on Service {{ listens kind }}
  ... on Application {{ criticality }} ... on IPAddress {{ address }}
"""
_IMPACT = f"""
  sequence hash verdict of {{ id name rev }} atRisk {{ id name }} services {{ id name }} users truncated svg
  items {{ ci {{ id name class rev }} before degree hops path {{ {_EDGE} }} reason risk line redundancy {{ rule }} }}
  risks {{ ci {{ id name }} reason line }} context {{ ci {{ id name }} degree }}
  problems {{ ci {{ id name }} rule why }}
  counts {{ class degree count }} edges {{ {_EDGE} }}
  budgets {{ ci {{ id name }} percent begin usedMinutes usedAtLeast leftMinutes sentence }}
"""
_AVAILABLE = """
  sequence lo hi method minutesLo minutesHi assumptions of { id name } requirement { percent allowedMinutes sentence }
  sources { source count } components { ci { id name } source basis mtbfHours mttrHours q } cutSets { names } truncated
"""
_EFFECT = """
  sequence assumptions truncated
  items { of { id name } direction sentence before { lo hi } after { lo hi } during { lo hi } spofsAdded { id name } }
"""
_EXPLAINED = """
  sequence truncated
  items { cis { id name } extraCount score changeCount changes { ci { id name } sequence at actor summary } }
"""
_STEP = "seq at actor kind summary what"
_VALUES = "values { attribute before after } edges { id type from to opened } edgeCount"
_FIELDS: Mapping[str, str] = {
    "ci": _CI,
    "cis": f"totalCount nodes {{ {_CI} }} {_PAGE}",
    "counts": f"nodes {{ key count }} {_PAGE}",
    "search": f"nodes {{ id name class rev parent {{ name }} }} {_PAGE}",
    "resolve": "nodes { id name status rev } truncated",
    "dependencies": _EDGES,
    "dependents": _EDGES,
    "path": _EDGE,
    "paths": f"nodes {{ hops edges {{ {_EDGE} }} }} truncated",
    "impact": _IMPACT,
    "spofs": "sequence down verdict of { id name } items { id name class rev } truncated",
    "estateSpofs": f"sequence services down count nodes {{ ci {{ id name }} users services {{ id name }} }} {_PAGE}",
    "recoveryOrder": f"sequence count waves stuck truncated nodes {{ wave ci {{ id name rev }} }} {_PAGE}",
    "availability": _AVAILABLE,
    "availabilityEffect": _EFFECT,
    "explain": _EXPLAINED,
    "tags": f"nodes {{ tag count }} {_PAGE}",
    "freshness": "nodes { class source count }",
    "pastCis": "id class name status rev key parent since attributes",
    "history": f"nodes {{ {_STEP} {_VALUES} }} before",
    "edgeHistory": f"type from to open nodes {{ {_STEP} because evidence {{ kind detail confidence lastSeen }} }}",
}
QUESTIONS = tuple(_FIELDS)
"""Every question that takes `asOf`; the lists of the classes are `cis` with another filter."""
FILTERS: tuple[Any, ...] = (
    None,
    {"name": {"suffix": "1"}, "class": {"ne": "Endpoint"}},
    {"tags": {"ne": "bulk"}, "firstSeen": {"gte": "2026-11-01T13:00:00.000Z"}},
    {"lifecycle": {"ne": "live"}},
    {"expiresAt": {"null": False}},
    {"not": {"condition": {"eq": "up"}}},
    {"or": [{"redundancy": {"null": False}}, {"mtbfHours": {"gte": 100}}, {"rev": {"gt": 1}}]},
    {"parent": {"null": False}, "key": {"contains": "s"}},
    {"extra": [{"name": "floor", "gte": 1}]},
    {"attributes": [{"name": "listens", "contains": "1000"}]},
    {"related": [{"direction": "IN", "to": {"class": {"eq": "Application"}}}]},
    {"related": [{"type": "RUNS_ON", "to": {"related": [{"direction": "IN", "none": True, "type": "DEPENDS_ON"}]}}]},
    {"not": {"related": [{"to": {"condition": {"eq": "down"}}}]}},
)
ORDERS: tuple[Any, ...] = (
    None,
    [{"attribute": "status"}, {"attribute": "rev", "descending": True}],
    [{"attribute": "condition", "descending": True}, {"attribute": "name"}],
    [{"attribute": "lifecycle"}, {"attribute": "expiresAt", "descending": True}],
    [{"attribute": "parent"}, {"attribute": "class", "descending": True}],
)
BY = ("CLASS", "STATUS", "SITE", "OWNER", "ATTRIBUTE")
COUNTED = ("tags", "condition", "lifecycle", "rev", "parent")
USERS = ("Application", "BusinessService", "Service")
_TYPES = {
    "id": "ID!", "of": "[ID!]!", "from": "ID!", "to": "ID!", "symptoms": "[ID!]!", "healthy": "[ID!]", "by": "CountBy!",
    "attribute": "String", "class": "String", "filter": "CIFilter", "order": "[Order!]", "first": "Int!",
    "after": "String", "includeRetired": "Boolean!", "text": "String!", "name": "String!", "types": "[String!]",
    "alsoDown": "[ID!]", "degraded": "[ID!]", "context": "Boolean!", "prefix": "String!", "days": "Float!",
    "windowHours": "Float!",
}  # fmt: skip
"""The type of each argument; of the single questions `of` is one CI."""
_OF_ONE = frozenset({"spofs", "availability"})


@dataclass(frozen=True, slots=True)
class Put:
    """A question as it was put: its name and arguments."""

    name: str
    given: Mapping[str, Any]

    @property
    def document(self) -> str:
        """The question, which may also be of a moment `$at`."""
        types = {**_TYPES, **({"of": "ID!"} if self.name in _OF_ONE else {})}
        heads = ", ".join(["$at: Moment", *(f"${one}: {types[one]}" for one in self.given)])
        calls = ", ".join(["asOf: $at", *(f"{one}: ${one}" for one in self.given)])
        return f"query Told({heads}) {{ told: {self.name}({calls}) {{ {_FIELDS[self.name]} }} }}"

    def page(self, told: Any) -> Put | None:
        """The question for the page behind an answer, if one follows."""
        end = told.get("pageInfo") if isinstance(told, dict) else None
        return Put(self.name, {**self.given, "after": end["endCursor"]}) if end and end["hasNextPage"] else None


class Draw:
    """Draws questions about what a store has now."""

    def __init__(self, store: Store, dice: Random) -> None:
        self.dice, self.rows = dice, store.find(None, first=400)
        self.edges = store.edges([str(row["id"]) for row in self.rows], "out")

    def one(self, *classes: str) -> str:
        """The id of a CI, of these classes if there is one."""
        among = [row for row in self.rows if row["class"] in classes] or self.rows
        return str(self.dice.choice(among)["id"])

    def some(self, most: int = 3) -> list[str]:
        """Ids of a few."""
        return [self.one() for _ in range(self.dice.randint(1, most))]

    def maybe(self) -> list[str] | None:
        """The same, or none."""
        return self.dice.choice([None, self.some(2)])

    def put(self, name: str) -> Put:
        """One question by its name."""
        return Put(name, self._given(name))

    def _given(self, name: str) -> dict[str, Any]:
        dice, row = self.dice, self.dice.choice(self.rows)
        few, called = dice.choice([2, 5, 50]), str(row["name"])
        match name:
            case "ci":
                return {"id": row["id"]}
            case "history":
                return {"id": row["id"], "first": few}
            case "edgeHistory":
                return {"id": dice.choice(self.edges).id}
            case "cis":
                return {**self._listed(), "order": dice.choice(ORDERS), "first": dice.choice([2, 4])}
            case "counts":
                by = dice.choice(BY)
                named = {"attribute": dice.choice(COUNTED)} if by == "ATTRIBUTE" else {}
                return {**self._listed(), "by": by, **named, "first": few}
            case "search":
                return {"text": dice.choice([called, called[:2], f"*{called[-2:]}", "10.0.0.1", "R640"]), "first": few}
            case "resolve":
                ways = [row["id"], called, row["key"], called[:2], called.upper()]
                return {"name": dice.choice(ways), "includeRetired": dice.random() < 0.4, "first": few}
            case "dependencies" | "dependents":
                types = dice.choice([None, ["DEPENDS_ON", "USES"], ["PART_OF", "LOCATED_IN"]])
                return {"of": self.some(20), "types": types, "first": few}
            case "path" | "paths":
                return {"from": self.one(*USERS), "to": self.one("Service", "Host", "Application")}
            case "tags":
                return {"prefix": dice.choice(["", "e", "p"]), "first": few}
            case "freshness":
                return {"first": 100}
            case "pastCis":
                return {"of": self.some(5)}
            case _:
                return self._of_failure(name)

    def _listed(self) -> dict[str, Any]:
        return {"filter": self.dice.choice(FILTERS), "includeRetired": self.dice.random() < 0.5}

    def _of_failure(self, name: str) -> dict[str, Any]:
        match name:
            case "impact":
                weak, context = self.maybe(), self.dice.random() < 0.7
                return {"of": self.some(), "alsoDown": self.maybe(), "degraded": weak, "context": context}
            case "recoveryOrder":
                return {"of": self.some(), "alsoDown": self.maybe(), "first": 50}
            case "spofs" | "availability":
                return {"of": self.one(*USERS), "alsoDown": self.maybe()}
            case "availabilityEffect":
                return {"of": [self.one(*USERS)], "alsoDown": self.maybe(), "windowHours": 2.0}
            case "estateSpofs":
                return {"first": self.dice.choice([2, 50]), "alsoDown": self.maybe()}
            case _:
                return {
                    "symptoms": [self.one(*USERS)],
                    "healthy": self.dice.choice([None, [self.one("Host")]]),
                    "days": 3.0,
                }
