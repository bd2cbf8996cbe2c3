"""Ordered compound rules: the strongest that is complete decides, unless a stronger key contradicts it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cmdb.identity.boots import Boot, alternating
from cmdb.identity.hygiene import hygiene, uuid_variants
from cmdb.identity.trace import Candidate, Refusal, Step, Verdict
from cmdb.words import CIClass, IdentityRule, Value


def identify(
    cls: CIClass,
    node: str,
    attributes: Mapping[str, Value],
    candidates: Sequence[Candidate],
    *,
    bound: str | None = None,
    boots: Sequence[Boot] = (),
    distinct_from: Collection[str] = (),
) -> Verdict:
    """Identify what agent `node` reports as `attributes`.

    `bound` is the CI this agent already speaks for; `boots` its boot history with this report in it; `distinct_from`
    the CIs a person said this is not.
    """
    keys, refusals = hygiene({k: attributes.get(k) for k in _identity_keys(cls)})
    if bound is not None:
        return _bound(node, bound, boots, refusals)
    open_to = [c for c in candidates if c.id not in distinct_from]
    clean = {c.id: hygiene({k: c.attributes.get(k) for k in _identity_keys(cls)})[0] for c in open_to}
    steps: list[Step] = (
        [Step("a person's decision", {}, tuple(sorted(distinct_from)), "said to be other machines")]
        if distinct_from
        else []
    )
    stronger: list[IdentityRule] = []
    for rule in cls.identity[1:]:  # the first is the agent itself: it would have been bound
        step, hits = _try(rule, keys, clean, stronger)
        steps.append(step)
        if hits:
            return _judge(rule, node, hits, open_to, steps, refusals)
        stronger.append(rule)
    return _unmatched(node, keys, clean, stronger, steps, refusals)


def _identity_keys(cls: CIClass) -> tuple[str, ...]:
    return tuple(sorted({key for rule in cls.identity for key in rule.keys} - {"node", "parent", "key"}))


def _bound(node: str, bound: str, boots: Sequence[Boot], refusals: tuple[Refusal, ...]) -> Verdict:
    if pair := alternating(boots):
        reason = (
            f"agent {node} reports boot {pair[1].boot_id} between two reports of boot {pair[0].boot_id}:"
            " two machines use one agent identity"
        )
        step = Step("agent", {"node": node}, (bound,), reason)
        return Verdict("conflict", None, reason, (step,), refusals, (bound,))
    step = Step("agent", {"node": node}, (bound,), "the agent that has always spoken for this CI")
    return Verdict("match", bound, "recognised by its agent", (step,), refusals, (bound,))


def _agrees(key: str, mine: Value, theirs: Value) -> bool:
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return bool(set(mine) & set(theirs))
    if key == "smbios_uuid" and isinstance(mine, str) and isinstance(theirs, str):
        return theirs in uuid_variants(mine)
    return mine == theirs


def _complete(rule: IdentityRule, keys: Mapping[str, Value]) -> bool:
    return all(keys.get(key) is not None for key in rule.keys)


def _contradicts(rule: IdentityRule, mine: Mapping[str, Value], theirs: Mapping[str, Value]) -> bool:
    if not (_complete(rule, mine) and _complete(rule, theirs)):
        return False
    return not all(_agrees(key, mine[key], theirs[key]) for key in rule.keys)


def _try(
    rule: IdentityRule,
    keys: Mapping[str, Value],
    candidates: Mapping[str, Mapping[str, Value]],
    stronger: Sequence[IdentityRule],
) -> tuple[Step, list[str]]:
    used = {key: keys.get(key) for key in rule.keys}
    if not _complete(rule, keys):
        missing = [key for key, value in used.items() if value is None]
        return Step(rule.name, used, (), f"not tried: no usable {', '.join(missing)}"), []
    agree = [
        ci
        for ci, theirs in candidates.items()
        if _complete(rule, theirs) and all(_agrees(k, keys[k], theirs[k]) for k in rule.keys)
    ]
    vetoed = [ci for ci in agree if any(_contradicts(s, keys, candidates[ci]) for s in stronger)]
    hits = sorted(set(agree) - set(vetoed))
    result = f"{len(hits)} fit" + (f", {len(vetoed)} vetoed by a stronger key that contradicts" if vetoed else "")
    return Step(rule.name, used, tuple(sorted(agree)), result), hits


def _judge(
    rule: IdentityRule,
    node: str,
    hits: Sequence[str],
    candidates: Sequence[Candidate],
    steps: Sequence[Step],
    refusals: tuple[Refusal, ...],
) -> Verdict:
    trail = (tuple(steps), refusals, tuple(hits))
    if len(hits) > 1:
        return Verdict("ambiguous", None, f"{len(hits)} CIs have the same {rule.name}", *trail)
    others = next(c.nodes for c in candidates if c.id == hits[0]) - {node}
    if others:
        reason = f"{hits[0]} has the same {rule.name}, but agent {', '.join(sorted(others))} speaks for it"
        return Verdict("conflict", None, reason, *trail)
    return Verdict("match", hits[0], f"recognised by {rule.name}", *trail)


def _unmatched(
    node: str,
    keys: Mapping[str, Value],
    candidates: Mapping[str, Mapping[str, Value]],
    rules: Sequence[IdentityRule],
    steps: list[Step],
    refusals: tuple[Refusal, ...],
) -> Verdict:
    """No rule fits; but one machine-id twice means a clone or a second agent, unless stronger keys tell them apart."""
    machine = keys.get("machine_id")
    twins = sorted(ci for ci, theirs in candidates.items() if machine and theirs.get("machine_id") == machine)
    hardware = [r for r in rules if "serial" in r.keys]
    apart = [ci for ci in twins if any(_contradicts(r, keys, candidates[ci]) for r in hardware)]
    doubtful = sorted(set(twins) - set(apart))
    if apart:
        refusals = (*refusals, Refusal("machine_id", str(machine), f"cloned: {', '.join(apart)} is other hardware"))
    if doubtful:
        reason = f"{', '.join(doubtful)} has the same machine id, and nothing stronger says whether agent {node} is it"
        steps.append(Step("machine id alone", {"machine_id": machine}, tuple(doubtful), "held for a person"))
        return Verdict("conflict", None, reason, tuple(steps), refusals, tuple(doubtful))
    return Verdict("new", None, "nothing known fits", tuple(steps), refusals, tuple(apart))
