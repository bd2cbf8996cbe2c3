"""Combined conflicts: changes each safe alone that together spend one redundancy, over any number of hops.

What a set of changes does together is monotone: more changes never do less harm. So for each CI there are *minimal*
sets of changes that harm it so hard, and a set of two or more that holds the change in question is a combined
conflict. A minimal set lies in one moment (all its windows overlap there), and every change of it reaches the CI; both
keep the sets to ask about few. Minimal sets of two and three changes are found all. Of larger ones, one is found for a
CI that no smaller set harms: by leaving out, one after the other, what is not needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from cmdb_processes.change.conflicts import Conflict, Kind, listed
from cmdb_processes.change.nouns import Impact, Planned, Severity

Together = Callable[[frozenset[str]], Impact]
"""The joint impact of a set of changes, given by their numbers."""
ORDER = 3


@dataclass(slots=True)
class _Asked:
    """Each set is asked about once."""

    ask: Together
    known: dict[frozenset[str], Impact] = field(default_factory=dict)

    def __call__(self, numbers: frozenset[str]) -> Impact:
        if numbers not in self.known:
            self.known[numbers] = self.ask(numbers)
        return self.known[numbers]

    def severity(self, numbers: frozenset[str], ci: str) -> Severity:
        return self(numbers).severity.get(ci, Severity.NONE) if numbers else Severity.NONE


def moments(change: Planned, others: Sequence[Planned]) -> tuple[frozenset[str], ...]:
    """The largest sets of changes under way at one moment of this change's window, this change in each."""
    near = [o for o in others if o.number != change.number and o.window.overlaps(change.window)]
    starts = {change.window.start, *(o.window.start for o in near if o.window.start > change.window.start)}
    sets = {
        frozenset({change.number, *(o.number for o in near if o.window.start <= at < o.window.end)}) for at in starts
    }
    return tuple(sorted((s for s in sets if not any(s < other for other in sets)), key=sorted))


def combined(
    change: Planned, others: Sequence[Planned], together: Together, impacts: Mapping[str, Impact]
) -> tuple[Conflict, ...]:
    """Every combined conflict of a change with overlapping ones, the worst first; `impacts` are those of each alone."""
    asked = _Asked(together, {frozenset({number}): impact for number, impact in impacts.items()})
    found: dict[frozenset[str], dict[str, Severity]] = defaultdict(dict)
    for at_once in moments(change, others):
        for ci, level in _harmed(change.number, at_once, asked):
            for numbers in _minimal(change.number, at_once, ci, level, asked):
                found[numbers][ci] = max(level, found[numbers].get(ci, Severity.NONE))
    loose = {other.number for other in others if not other.committed}
    made = [
        replace(_conflict(change.number, numbers, harmed, asked(numbers)), firm=not numbers & loose)
        for numbers, harmed in found.items()
    ]
    return tuple(sorted(made, key=lambda c: (-c.severity, len(c.others), c.others)))


def _harmed(own: str, at_once: frozenset[str], asked: _Asked) -> Iterator[tuple[str, Severity]]:
    """Every CI at every level of harm that all together do and the change alone does not."""
    for ci, worst in asked(at_once).severity.items():
        alone = asked.severity(frozenset({own}), ci)
        yield from ((ci, level) for level in Severity if alone < level <= worst)


def _minimal(own: str, at_once: frozenset[str], ci: str, level: Severity, asked: _Asked) -> list[frozenset[str]]:
    """The minimal sets with `own` that harm a CI at least so hard; who does so alone is in none of them."""
    singles = {number: asked(frozenset({number})) for number in at_once}
    able = frozenset(n for n, i in singles.items() if ci in i.reach and i.severity.get(ci, Severity.NONE) < level)
    if own not in able or asked.severity(able, ci) < level:
        return []
    found: list[frozenset[str]] = []
    for size in range(2, min(ORDER, len(able)) + 1):
        for numbers in map(frozenset, combinations(sorted(able), size)):
            if not any(known <= numbers for known in found) and asked.severity(numbers, ci) >= level:
                found.append(numbers)
    if not found:
        found = [_shrunk(own, able, ci, level, asked)]
    return [numbers for numbers in found if own in numbers]


def _shrunk(own: str, numbers: frozenset[str], ci: str, level: Severity, asked: _Asked) -> frozenset[str]:
    """One minimal set: each change is left out if the rest harms as much, `own` last so that it stays if it may."""
    for number in (*sorted(numbers - {own}), own):
        if asked.severity(numbers - {number}, ci) >= level:
            numbers = numbers - {number}
    return numbers


def _conflict(own: str, numbers: frozenset[str], harmed: Mapping[str, Severity], joint: Impact) -> Conflict:
    """Named by what is harmed first: what depends on another harmed CI follows from that one and is counted."""
    follows = {link.source.id for link in joint.links if link.target.id in harmed and link.target.id != link.source.id}
    hits = {hit.ci.id: hit for hit in joint.hits if hit.ci.id in harmed and harmed[hit.ci.id] == hit.severity}
    worst = max(harmed.values())
    first = [hit for hit in hits.values() if hit.ci.id not in follows] or list(hits.values())
    first.sort(key=lambda hit: (-hit.severity, hit.hops, hit.ci))
    partners = tuple(sorted(numbers - {own}))
    head = first[0]
    cis = (*(hit.ci for hit in first), *sorted(h.ci for h in hits.values() if h not in first))
    who = f"with {' and '.join(partners)}" + (" together" if len(partners) > 1 else "")
    sentence = f"safe alone, but {who} {listed([hit.ci for hit in first])} {_verb(len(first))} {head.severity.word}"
    if head.reason:
        sentence += f" ({head.reason})"
    if services := sorted(ci for ci in cis if ci.criticality and ci.id != head.ci.id):
        sentence += f"; it reaches {listed(services)}"
    elif more := len(cis) - len(first):
        sentence += f"; {more} more {'follows' if more == 1 else 'follow'}"
    return Conflict(Kind.COMBINED, partners, cis, sentence, worst)


def _verb(count: int) -> str:
    return "is" if count == 1 else "are"
