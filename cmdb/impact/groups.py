"""Where groups come from: relations that back each other up by their nature, and the rules people or discovery give.

Nothing is guessed: a rule that cannot be kept as it is written is a problem, told beside the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from operator import itemgetter

from cmdb.errors import Invalid
from cmdb.impact.model import Edge, Group, Model, Problem, model
from cmdb.words import Failure, Needs, Redundancy, RelationType

Relations = Mapping[str, RelationType]
Places = Mapping[str, Collection[str]]


def model_of(
    edges: Iterable[tuple[str, str, str, str]],
    relations: Relations,
    rules: Mapping[str, Sequence[str]] | None = None,
    names: Mapping[str, str] | None = None,
    places: Places | None = None,
) -> Model:
    """The model of edges (id, type, source, target) that carry failure, with redundancy rules by dependent.

    `names` are those of CIs by id: rules may name members by them, and problems say them. `places` are the addresses
    that edges were made for, by the edge's id: configuration files know members by nothing else.
    """
    soft = {name: r.failure is Failure.SOFT for name, r in relations.items() if r.failure is not Failure.NEVER}
    lone = {name for name in soft if relations[name].needs is Needs.ALL}
    said, problems = {ci: texts for ci, texts in (rules or {}).items() if texts}, []
    own: dict[str, list[Edge]] = defaultdict(list)
    redundant = set(said)
    edge = partial(tuple.__new__, Edge)  # as `Edge._make`, without its own look at the length
    for row in sorted(edges, key=itemgetter(0)):
        _, kind, source, _ = row
        if kind in soft:
            own[source].append(edge(row))
            if kind not in lone:
                redundant.add(source)
    groups: dict[str, list[Group]] = {
        ci: [Group.lone(one, soft[one[1]], one[1]) for one in mine]
        for ci, mine in own.items() if ci not in redundant
    }  # fmt: skip
    for ci in redundant:
        made = _Dependent(ci, own.get(ci, ()), relations, names or {}, places or {})
        groups[ci] = [*made.ruled(said.get(ci, ())), *made.others()]
        problems += made.problems
    return model(groups, problems)


def readable(rules: Iterable[str]) -> Iterator[Redundancy]:
    """The rules that can be read."""
    for text in rules:
        with suppress(Invalid):
            yield Redundancy.parse(text)


_read = lru_cache(maxsize=4096)(Redundancy.parse)
"""The same few rules stand at thousands of CIs."""


class _Dependent:
    """One CI's edges by relation, on the way to its groups."""

    def __init__(
        self, ci: str, edges: Iterable[Edge], relations: Relations, names: Mapping[str, str], places: Places
    ) -> None:
        self._ci, self._relations, self._names, self._places = ci, relations, names, places
        self._edges: dict[str, list[Edge]] = defaultdict(list)
        for edge in edges:
            self._edges[edge.type].append(edge)
        self._taken: set[str] = set()  # by id
        self.problems: list[Problem] = []

    def ruled(self, rules: Iterable[str]) -> Iterator[Group]:
        """A group for every rule that can be read."""
        for text in rules:
            try:
                rule = _read(text)
            except Invalid as error:
                self._problem(text, error.message.partition(": ")[2])
                continue
            known = self._relations.get(rule.relation)
            if known is None:
                self._problem(text, f"there is no relation {rule.relation}")
            elif known.failure is Failure.NEVER:
                self._problem(text, f"{rule.relation} carries no failure")
            else:
                yield self._group(rule, text, soft=rule.soft or known.failure is Failure.SOFT)

    def others(self) -> Iterator[Group]:
        """What no rule speaks of: grouped where the relation says so, each needed alone elsewhere."""
        for name, edges in self._edges.items():
            relation = self._relations[name]
            left = [edge for edge in edges if edge.id not in self._taken] if self._taken else edges
            soft = relation.failure is Failure.SOFT
            if relation.needs is Needs.ALL:
                yield from [Group.lone(edge, soft, name) for edge in left]
            elif left:
                members = tuple({edge.target: edge for edge in reversed(left)}.values())[::-1]
                full = len(members) if relation.needs is Needs.SHARE else 1
                yield Group(members, 1, full, soft, name=name)

    def _group(self, rule: Redundancy, text: str, *, soft: bool) -> Group:
        """The group of a rule: a percentage is of all that the rule names, there or not."""
        there = self._edges.get(rule.relation, [])
        if rule.members:
            found = self._members(rule, there, text)
            taken = {member.target for member, _ in found}
            self._taken |= {edge.id for edge in there if edge.target in taken}
        else:
            found = [(edge, 1) for edge in there]
            self._taken |= {edge.id for edge in there}
        total = sum(weight for _, weight in rule.members) or len(found)
        least = rule.needs.of(total)
        full = max(least, rule.full.of(total)) if rule.full else least
        return Group(
            tuple(edge for edge, _ in found), least, full, soft, tuple(weight for _, weight in found), text.strip()
        )

    def _members(self, rule: Redundancy, there: Sequence[Edge], text: str) -> list[tuple[Edge, int]]:
        found: dict[Edge, int] = {}
        for name, weight in rule.members:
            meant = self._meant(name, there)
            if len({edge.target for edge in meant}) == 1:
                # Two addresses may be one service: it counts for both, and both are lost with it.
                found[meant[0]] = found.get(meant[0], 0) + weight
            elif meant:
                self._problem(text, f"{len(meant)} of its dependencies are called {name}: name them by id")
            else:
                shown = self._names.get(name, name)
                self._problem(text, f"{shown} is no dependency of it by {rule.relation}")
        return list(found.items())

    def _meant(self, name: str, there: Sequence[Edge]) -> list[Edge]:
        """The dependencies that are called so: by id, else by name, else by the address they were found at."""
        return (
            [edge for edge in there if name == edge.target]
            or [edge for edge in there if name == self._names.get(edge.target)]
            or [edge for edge in there if name in self._places.get(edge.id, ())]
        )

    def _problem(self, rule: str, why: str) -> None:
        self.problems.append(Problem(self._ci, rule, why))
