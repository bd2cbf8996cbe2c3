"""Ordered compound rules: the strongest that is complete decides, unless a stronger key contradicts it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import is_

from cmdb.identity.boots import Boot, alternating
from cmdb.identity.hygiene import hygiene, uuid_variants
from cmdb.identity.trace import Candidate, Outcome, Refusal, Step, Verdict, fitted
from cmdb.words import CIClass, IdentityRule, Value
from cmdb.words.once import once

Keys = Mapping[str, Value]
Clean = tuple[dict[str, Value], tuple[Refusal, ...]]
_NO_KEYS = frozenset({"node", "parent", "key"})
"""What a rule may name that is not an attribute: who speaks, and where inside what."""


def identify(
    cls: CIClass,
    node: str | None,
    attributes: Mapping[str, Value],
    candidates: Sequence[Candidate],
    *,
    bound: str | None = None,
    boots: Sequence[Boot] = (),
    distinct_from: Collection[str] = (),
) -> Verdict:
    """Identify what agent `node` (None: a person or an import, who speaks about things) says as `attributes`.

    `bound` is the CI this agent already speaks for; `boots` its boot history with this report in it; `distinct_from`
    the CIs a person said this is not.
    """
    keys, refusals = keys_of(cls, attributes)
    if bound is not None:
        return _bound(str(node), bound, boots, keys, refusals)
    open_to = [c for c in candidates if c.id not in distinct_from]
    clean = [(c.id, keys_of(cls, c.attributes)[0]) for c in open_to]
    agents = {c.id: frozenset(node for one in open_to if one.id == c.id for node in one.nodes) for c in open_to}
    search = _Search(node, keys, refusals, clean, agents, [])
    if distinct_from:
        search.steps.append(Step("a person's decision", {}, tuple(sorted(distinct_from)), "said to be other machines"))
    return search.verdict(_rules(cls))


def signer_of(node: str) -> str:
    """The enrolled node that signs for a node: itself, or the collector below whose id its own lies."""
    return node.partition(":")[0]


def looks(node: str | None) -> bool:
    """Whether reports of this node are what a collector saw from outside."""
    return node is not None and signer_of(node) != node


@once
def identity_keys(cls: CIClass) -> tuple[str, ...]:
    """The attributes that the identity rules of a class use."""
    return tuple(sorted({key for rule in cls.identity for key in rule.keys} - _NO_KEYS))


def keys_of(cls: CIClass, attributes: Mapping[str, Value]) -> Clean:
    """What of these attributes tells members of a class apart, in its normal form, and what was refused.

    Not to be changed: one row is asked about several times, so the last answer of each class is kept.
    """
    wanted, last = _looked_at(cls), _last(cls)
    values = tuple(map(attributes.get, wanted))
    before = last.get("")
    if before is not None and all(map(is_, before[0], values)):  # the very same values, not others that are equal
        return before[1]
    found = hygiene(dict(zip(wanted, values, strict=True)), _exact_keys(cls))
    last[""] = (values, found)
    return found


@once
def _last(_: CIClass) -> dict[str, tuple[tuple[Value, ...], Clean]]:
    return {}


@once
def _looked_at(cls: CIClass) -> tuple[str, ...]:
    return (*identity_keys(cls), "virtualisation")


@once
def _exact_keys(cls: CIClass) -> frozenset[str]:
    return frozenset(key for rule in cls.identity if rule.exact for key in rule.keys)


@once
def _rules(cls: CIClass) -> tuple[IdentityRule, ...]:
    """Those that attributes alone can fit."""
    return tuple(rule for rule in cls.identity if not _NO_KEYS & set(rule.keys))


def _bound(node: str, bound: str, boots: Sequence[Boot], keys: Keys, refusals: tuple[Refusal, ...]) -> Verdict:
    if pair := alternating(boots):
        reason = (
            f"agent {node} reports boot {pair[1].boot_id} between two reports of boot {pair[0].boot_id}:"
            " two machines use one agent identity"
        )
        step = Step("agent", {"node": node}, (bound,), reason)
        return Verdict("conflict", None, reason, None, keys, (step,), refusals, (bound,))
    step = Step("agent", {"node": node}, (bound,), "the agent that has always spoken for this CI")
    return Verdict("match", bound, "recognised by its agent", "agent", keys, (step,), refusals, (bound,))


def _agrees(key: str, mine: Value, theirs: Value) -> bool:
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return bool(set(mine) & set(theirs))
    if key == "smbios_uuid" and isinstance(mine, str) and isinstance(theirs, str):
        return theirs in uuid_variants(mine)
    return mine == theirs


def _complete(rule: IdentityRule, keys: Keys) -> bool:
    return all(keys.get(key) is not None for key in rule.keys)


def _contradicts(rule: IdentityRule, mine: Keys, theirs: Keys) -> bool:
    if not (_complete(rule, mine) and _complete(rule, theirs)):
        return False
    return not all(_agrees(key, mine[key], theirs[key]) for key in rule.keys)


def _doubts(rule: IdentityRule, stronger: Sequence[IdentityRule], mine: Keys, theirs: Keys) -> list[str]:
    """Single keys of stronger rules that both have and that differ: no veto, since alone they do not decide."""
    singles = {key for one in stronger for key in one.keys} - set(rule.keys)
    both = [key for key in sorted(singles) if mine.get(key) is not None and theirs.get(key) is not None]
    return [key for key in both if not _agrees(key, mine[key], theirs[key])]


@dataclass(frozen=True, slots=True)
class _Search:
    """One identification under way: what is looked for, among whom, and the steps so far."""

    node: str | None
    keys: Keys
    refusals: tuple[Refusal, ...]
    candidates: Sequence[tuple[str, Keys]]
    agents: Mapping[str, frozenset[str]]
    steps: list[Step]

    def verdict(self, rules: Sequence[IdentityRule]) -> Verdict:
        """The first rule that fits somebody decides."""
        stronger: list[IdentityRule] = []
        for rule in rules:
            if fits := self._try(rule, stronger):
                found = self._judge(rule, fits, stronger)
                return replace(found, steps=(*found.steps, *self._too(rules, len(stronger) + 1, found.ci)))
            stronger.append(rule)
        return self._unmatched(rules)

    def _too(self, rules: Sequence[IdentityRule], first: int, ci: str | None) -> list[Step]:
        """Of a match, whom weaker rules fit beside it: nothing is made one by that, but a person may want to know."""
        steps = []
        for at in range(first, len(rules) if ci is not None else 0):
            others = [one for one in self._agreeing(rules[at]) if one[0] != ci]
            if more := _ids([o for o in others if not any(_contradicts(s, self.keys, o[1]) for s in rules[:at])]):
                used = {key: self.keys.get(key) for key in rules[at].keys}
                steps.append(
                    Step(rules[at].name, used, more, f"fits {', '.join(more)} too: perhaps the same thing twice")
                )
        return steps

    def _agreeing(self, rule: IdentityRule) -> list[tuple[str, Keys]]:
        """The candidates that have the same keys of a rule."""
        return [
            (ci, theirs)
            for ci, theirs in self.candidates
            if _complete(rule, self.keys)
            and _complete(rule, theirs)
            and all(_agrees(k, self.keys[k], theirs[k]) for k in rule.keys)
        ]

    def _try(self, rule: IdentityRule, stronger: Sequence[IdentityRule]) -> list[tuple[str, Keys]]:
        used = {key: self.keys.get(key) for key in rule.keys}
        if not _complete(rule, self.keys):
            missing = [key for key, value in used.items() if value is None]
            self.steps.append(Step(rule.name, used, (), f"not tried: no usable {', '.join(missing)}"))
            return []
        agree = self._agreeing(rule)
        fits = [one for one in agree if not any(_contradicts(s, self.keys, one[1]) for s in stronger)]
        result = fitted(len(_ids(fits)), len(agree) - len(fits))
        self.steps.append(Step(rule.name, used, _ids(agree), result))
        return fits

    def _judge(self, rule: IdentityRule, fits: Sequence[tuple[str, Keys]], stronger: Sequence[IdentityRule]) -> Verdict:
        hits = _ids(fits)
        if len(hits) > 1:
            return self._held("ambiguous", f"{len(hits)} CIs have the same {rule.name}", hits)
        (hit,) = hits
        doubts = min((_doubts(rule, stronger, self.keys, theirs) for _, theirs in fits), key=len)
        if doubts:
            return self._held("conflict", f"{hit} has the same {rule.name}, but another {', '.join(doubts)}", hits)
        others = self.agents[hit] - {self.node}
        if not looks(self.node):
            others = frozenset(node for node in others if not looks(node))
        if others and self.node is not None:
            who = ", ".join(sorted(others))
            if looks(self.node):
                reason = f"{hit} has the same {rule.name}, and {who} speaks for it already"
                return self._held("covered", reason, hits)
            return self._held("conflict", f"{hit} has the same {rule.name}, but agent {who} speaks for it", hits)
        reason = f"recognised by {rule.name}"
        return Verdict("match", hit, reason, rule.name, self.keys, tuple(self.steps), self.refusals, (hit,))

    def _held(self, outcome: Outcome, reason: str, hits: Sequence[str]) -> Verdict:
        return Verdict(outcome, None, reason, None, self.keys, tuple(self.steps), self.refusals, tuple(hits))

    def _unmatched(self, rules: Sequence[IdentityRule]) -> Verdict:
        """No rule fits; but one machine id twice is a clone or a second agent, unless stronger keys say which."""
        machine = self.keys.get("machine_id")
        twins = [one for one in self.candidates if machine and one[1].get("machine_id") == machine]
        hardware = [rule for rule in rules if "serial" in rule.keys]
        apart = _ids([one for one in twins if any(_contradicts(r, self.keys, one[1]) for r in hardware)])
        doubtful = sorted(set(_ids(twins)) - set(apart))
        refusals = self.refusals
        if apart:
            cloned = f"cloned: {', '.join(apart)} is other hardware"
            refusals = (*refusals, Refusal("machine_id", str(machine), cloned))
        if doubtful:
            self.steps.append(Step("machine id alone", {"machine_id": machine}, tuple(doubtful), "held for a person"))
            who = f"whether agent {self.node} is it" if self.node else "whether this is it"
            have = "has" if len(doubtful) == 1 else "have"
            reason = f"{', '.join(doubtful)} {have} the same machine id, and nothing stronger says {who}"
            return Verdict("conflict", None, reason, None, self.keys, tuple(self.steps), refusals, tuple(doubtful))
        return Verdict("new", None, "nothing known fits", None, self.keys, tuple(self.steps), refusals, apart)


def _ids(found: Sequence[tuple[str, Keys]]) -> tuple[str, ...]:
    """The CIs of some candidates, each once: a CI that others were merged into is known by their keys too."""
    return tuple(sorted({ci for ci, _ in found}))
