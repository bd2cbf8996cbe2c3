"""What an account that is kept to a view is told of decisions and journal entries: nothing of CIs it is not shown.

Decides purely: which of the mentioned CIs are shown was asked before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cmdb.identity import fitted

Step = Mapping[str, Any]
Trace = Mapping[str, Any]

_ID = re.compile(r"\bci_\w+")
_PLAIN = {"match": "recognised by {rule}", "new": "nothing known fits"}
"""What a decision says of itself when nobody else came into question."""
_FITTED = re.compile(r"\d+ fit\b")
_DID = {
    "create": "created", "change": "changed", "open": "linked", "close": "unlinked", "policy": "policies set",
    "lift": "policies lifted", "stale": "found stale", "fresh": "found fresh again",
}  # fmt: skip
_CLAIMED = frozenset({"claim", "drop", "bind", "trace", "take over"})
"""Steps that change what sources say of one CI, and perhaps nothing else."""
_MARKED = frozenset({"stale", "fresh"})


# --- journal entries ---------------------------------------------------------------------------------------------


def mentioned(steps: Iterable[Step]) -> set[str]:
    """The CIs that an entry's steps are about: made, changed, claimed or marked, and both ends of edges."""
    return set().union(*(_about(step) | set(_claimed(step)) for step in steps))


def reworded(steps: Iterable[Step]) -> set[str]:
    """The edges that got other evidence: such a step does not say where they lead."""
    return {step["id"] for step in steps if step["op"] == "reword"}


def steps_of(steps: Iterable[Step], shown: Collection[str]) -> list[Step]:
    """The steps that are about shown CIs only: an edge is shown when both its ends are."""
    return [step for step in steps if (about := _about(step)) and all(ci in shown for ci in about)]


def journalled(steps: Iterable[Step], shown: Collection[str], edges: Collection[str]) -> list[Step]:
    """All steps that a reader of the journal is told of: those of shown CIs and edges, and of what all are told of.

    What waits for a person, agents, views and the records of processes are of the whole, and left out.
    """
    kept: list[Step] = []
    for step in steps:
        if step["op"] in _MARKED:
            kept += [{**step, "cis": there}] if (there := [ci for ci in step["cis"] if ci in shown]) else []
        elif step["op"] == "reword":
            kept += [step] if step["id"] in edges else []
        elif step["op"] in {"policy", "lift"} or ((about := _about(step) | _claimed(step)) and about <= set(shown)):
            kept.append(step)
    return kept


def said(steps: Iterable[Step]) -> str:
    """A line for an entry whose own summary tells of other CIs too: `changed 2, linked 1`."""
    counts: Counter[str] = Counter()
    for step in steps:
        if did := _DID.get(step["op"]):
            counts[did] += len(step["cis"]) if step["op"] in _MARKED else 1
    return ", ".join(f"{did} {counts[did]}" for did in _DID.values() if counts[did]) or "changed who says what"


def _about(step: Step) -> set[str]:
    match step["op"]:
        case "create" | "change":
            return {step["id"]}
        case "open" | "close":
            return {step["source"], step.get("target", step["source"])}
    return set()


def _claimed(step: Step) -> set[str]:
    """The CIs of which an entry changes only who says what, or whether anybody still says it."""
    if step["op"] in _MARKED:
        return set(step["cis"])
    return {step["ci"]} if step["op"] in _CLAIMED else set()


# --- identity ----------------------------------------------------------------------------------------------------


def compared(traces: Iterable[Trace | None]) -> set[str]:
    """The CIs that identity decisions name, in lists or in sentences."""
    return set().union(*(_named(trace) for trace in traces if trace))


def _named(trace: Trace) -> set[str]:
    steps, refused = trace.get("steps", ()), trace.get("refused", ())
    said = (trace["reason"], *(step["result"] for step in steps), *(key["reason"] for key in refused))
    listed = (trace.get("candidates", ()), *(step["hits"] for step in steps))
    return set().union(*listed, *map(_ID.findall, said))


def trace_of(trace: Trace, shown: Collection[str]) -> dict[str, Any]:
    """The decision as it would have been without the CIs that are not shown."""
    tried, outcome = trace.get("steps", ()), trace["outcome"]
    decided = trace.get("rule") or (tried[-1]["rule"] if tried and outcome != "new" else None)
    steps = [_step(step, shown, fits=step["rule"] == decided) for step in tried]
    plain = _PLAIN.get(outcome, "held for a person").format(rule=decided)
    refused = [{**key, "reason": said} for key in trace.get("refused", ()) if (said := _cut(key["reason"], shown))]
    return {
        **trace, "reason": _cut(trace["reason"], shown) or plain, "steps": [one for one in steps if one],
        "candidates": [ci for ci in trace.get("candidates", ()) if ci in shown], "refused": refused,
    }  # fmt: skip


def _step(step: Step, shown: Collection[str], *, fits: bool) -> dict[str, Any] | None:
    """The step with the hits that are shown; one that is only about others was none."""
    hits = [ci for ci in step["hits"] if ci in shown]
    if len(hits) == len(step["hits"]):
        return {**step}
    if _FITTED.match(step["result"]):  # whatever else agreed was vetoed, or it would have been held
        return {**step, "hits": hits, "result": fitted(int(fits), len(hits) - fits)}
    return {**step, "hits": hits} if hits else None


def _cut(sentence: str, shown: Collection[str]) -> str | None:
    """A sentence with those of the CIs it lists that are shown; None when it is about none of them."""
    listed = _ID.findall(sentence)
    kept = [ci for ci in listed if ci in shown]
    return sentence.replace(", ".join(listed), ", ".join(kept)) if kept or not listed else None
