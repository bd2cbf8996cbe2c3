"""The planned diff of a change against what discovery saw at its CIs: matched, missing, unauthorised."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from cmdb_processes.change.flapping import NOTHING as NONE
from cmdb_processes.change.flapping import Flapping
from cmdb_processes.change.steps import Act, Step, Steps

_OF_A_LIFE = frozenset({"name", "status", "parent", "key", "class"})
"""What is told of every CI that is made or retired, beside its attributes."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`implied`: what follows from a planned step by itself; `filtered`: what flaps and was not judged."""

    matched: tuple[Step, ...]
    missing: tuple[Step, ...]
    unauthorised: tuple[Step, ...]
    implied: tuple[Step, ...]
    filtered: tuple[Step, ...]
    names: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether all that was planned was seen."""
        return not self.missing

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is not as planned, in words."""
        found = [f"planned, not seen: {step.sentence(self.names)}" for step in self.missing]
        return (*found, *(f"seen, not planned: {step.sentence(self.names)}" for step in self.unauthorised))


NOTHING = Comparison((), (), (), (), (), {})
"""Nothing planned, nothing seen."""


def compare(planned: Steps, seen: Steps, flapping: Flapping = NONE) -> Comparison:
    """Judge what was seen at the CIs in scope between two moments by what was planned.

    A CI that was planned anew is recognised by class and name, whatever id discovery gave it. Parts that came or went
    with a planned CI, and what a new one depends on, follow from the plan.
    """
    wanted = _translated(planned, _recognised(planned, seen), seen)
    matched = wanted & seen.steps
    rest = seen.steps - matched
    born = _with_parts({s.ci for s in matched if s.act is Act.CREATE}, seen, Act.CREATE)
    gone = _with_parts({s.ci for s in matched if s.act is Act.RETIRE}, seen, Act.RETIRE)
    implied = {step for step in rest if _follows(step, born, gone, wanted)}
    filtered = {step for step in rest - implied if flapping.hides(step, seen.classes.get(step.ci, ""))}
    return Comparison(
        matched=_sorted(matched),
        missing=_sorted(wanted - matched),
        unauthorised=_sorted(rest - implied - filtered),
        implied=_sorted(implied),
        filtered=_sorted(filtered),
        names={**planned.names, **seen.names},
    )


def _recognised(planned: Steps, seen: Steps) -> Mapping[str, str]:
    """By planned id, the id of the CI that was made for it; each is taken once, exact names first."""
    free = {step.ci: (step.what, step.other) for step in seen.of(Act.CREATE)}
    found: dict[str, str] = {}
    for name in (str, str.casefold):
        for step in sorted(planned.of(Act.CREATE)):
            wanted = (step.what, name(step.other))
            hits = [ci for ci, (cls, made) in sorted(free.items()) if (cls, name(made)) == wanted]
            if step.ci not in found and hits:
                found[step.ci] = hits[0]
                del free[hits[0]]
    return found


def _translated(planned: Steps, ids: Mapping[str, str], seen: Steps) -> frozenset[Step]:
    """The planned steps with the ids and names that discovery gave."""
    found = set()
    for step in planned.steps:
        ci = ids.get(step.ci, step.ci)
        other = step.other
        if step.act in {Act.OPEN, Act.CLOSE}:
            other = ids.get(other, other)
        elif step.act is Act.CREATE and ci != step.ci:
            other = seen.names[ci]
        found.add(replace(step, ci=ci, other=other))
    return frozenset(found)


def _with_parts(cis: set[str], seen: Steps, act: Act) -> frozenset[str]:
    """These CIs, and all that came or went inside of them: by parent, or by an edge to them of the same kind."""
    of_act = {step.ci for step in seen.of(act)}
    inside = {(ci, parent) for ci, parent in seen.parents.items() if ci in of_act}
    edge = Act.OPEN if act is Act.CREATE else Act.CLOSE
    inside |= {(step.ci, step.other) for step in seen.of(edge) if step.ci in of_act and step.what in _CONTAINS}
    found = set(cis)
    while more := {ci for ci, parent in inside if parent in found} - found:
        found |= more
    return frozenset(found)


_CONTAINS = frozenset({"PART_OF", "RUNS_ON", "ASSIGNED_TO"})
"""Relations by which a thing is inside another and comes and goes with it."""


def _follows(step: Step, born: Collection[str], gone: Collection[str], wanted: frozenset[Step]) -> bool:
    if step.ci in born:
        # A planned value of a new CI must be as planned; what was not said of it is left to discovery.
        return step.act is not Act.SET or step.what in _OF_A_LIFE or not _said(step, wanted)
    if step.ci in gone:
        return True
    return step.act is Act.CLOSE and step.other in gone


def _said(step: Step, wanted: frozenset[Step]) -> bool:
    return any(one.act is Act.SET and (one.ci, one.what) == (step.ci, step.what) for one in wanted)


def _sorted(steps: Collection[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps))
