"""Which CI is this? Pure: hygiene of the keys, then ordered compound rules, each answer with its trace.

Outcomes: `match` one CI, `new`, `ambiguous` (several fit: a person decides) or `conflict` (one fits, but another live
agent speaks for it, or one agent identity speaks for two machines: a person decides).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from cmdb.words import CIClass, IdentityRule, Value

Outcome = Literal["match", "new", "ambiguous", "conflict"]

# Texts that firmware carries where nobody filled the field in. Compared in lower case without punctuation.
_PLACEHOLDERS = frozenset(
    {
        "", "na", "none", "null", "unknown", "empty", "private", "default", "defaultstring", "notspecified",
        "notapplicable", "notavailable", "notprovided", "notsettable", "tobefilledbyoem", "tobefilledbyoemo",
        "oem", "oemstring", "systemserialnumber", "systemproductname", "systemmanufacturer", "systemversion",
        "chassisserialnumber", "baseboardserialnumber", "serialnumber", "serial", "invalid", "asset", "noassettag",
        "xxxxxxxx", "1234567", "12345678", "123456789", "1234567890", "0123456789",
        "03000200040005000006000700080009",
    }
)  # fmt: skip
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_SHARED_MACS = ("00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f")  # VRRP v4/v6, HSRP v1/v2


@dataclass(frozen=True, slots=True)
class Refusal:
    """A key that was not used for identity, and why."""

    key: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Boot:
    """The reports (first and last sequence) of a node that carried this boot id."""

    boot_id: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A CI that might be the one: its identity attributes and the live agents that speak for it."""

    id: str
    attributes: Mapping[str, Value]
    nodes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """One rule as it was tried: what it looked for and what came of it."""

    rule: str
    keys: Mapping[str, Value]
    hits: tuple[str, ...]
    result: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome and trace of one identification."""

    outcome: Outcome
    ci: str | None
    reason: str
    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    candidates: tuple[str, ...] = ()

    def trace(self) -> dict[str, Any]:
        """The trace as plain JSON values, for storage and for the question "why is this one CI?"."""
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "steps": [
                {
                    "rule": s.rule,
                    "keys": {k: list(v) if isinstance(v, tuple) else v for k, v in s.keys.items()},
                    "hits": list(s.hits),
                    "result": s.result,
                }
                for s in self.steps
            ],
            "refused": [{"key": r.key, "value": r.value, "reason": r.reason} for r in self.refusals],
            "candidates": list(self.candidates),
        }


# --- hygiene -----------------------------------------------------------------------------------------------


def uuid_variants(uuid: str) -> tuple[str, ...]:
    """A UUID and its twin with the first three fields byte-swapped (SMBIOS 2.6 changed their byte order), sorted."""
    if not _UUID.fullmatch(uuid):
        return (uuid,)
    a, b, c, d, e = uuid.split("-")
    swapped = "-".join([_swap(a), _swap(b), _swap(c), d, e])
    return tuple(sorted({uuid, swapped}))


def _swap(text: str) -> str:
    return "".join(reversed([text[i : i + 2] for i in range(0, len(text), 2)]))


def _refuse_text(value: str) -> str | None:
    bare = re.sub(r"[^0-9a-z]", "", value.lower())
    if bare in _PLACEHOLDERS:
        return "a placeholder nobody filled in"
    if len(set(bare)) == 1:
        return "one character repeated"
    return "too short to be unique" if len(bare) < 4 else None


def _refuse_uuid(value: str) -> str | None:
    bare = value.replace("-", "")
    if set(bare) <= {"0"} or set(bare) <= {"f"}:
        return "all zeros or all Fs"
    if bare in _PLACEHOLDERS or re.sub("[^0-9a-f]", "", bare) != bare or len(bare) != 32:
        return "a placeholder nobody filled in"
    return None


def _refuse_mac(value: str) -> str | None:
    if not _MAC.fullmatch(value):
        return "not a MAC address"
    first = int(value[:2], 16)
    if value in {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"} or first & 1:
        return "not the address of one interface"
    if first & 2:
        return "locally administered, so not unique"
    return "shared by a redundancy protocol" if value.startswith(_SHARED_MACS) else None


def hygiene(attributes: Mapping[str, Value]) -> tuple[dict[str, Value], tuple[Refusal, ...]]:
    """The attributes fit for identity, normalised, and every key refused with its reason."""
    clean: dict[str, Value] = {}
    refused: list[Refusal] = []
    for key, value in attributes.items():
        if isinstance(value, tuple):
            macs = [(m.lower(), _refuse_mac(m.lower())) for m in value]
            refused += [Refusal(key, mac, reason) for mac, reason in macs if reason]
            if kept := tuple(sorted(mac for mac, reason in macs if reason is None)):
                clean[key] = kept
        elif isinstance(value, str):
            normal = value.strip().lower()
            check = _refuse_uuid if key == "smbios_uuid" else _refuse_text if key != "fqdn" else _refuse_fqdn
            if reason := check(normal):
                refused.append(Refusal(key, value, reason))
            else:
                clean[key] = normal
        elif value is not None:
            clean[key] = value
    return clean, tuple(refused)


def _refuse_fqdn(value: str) -> str | None:
    host, _, domain = value.rstrip(".").partition(".")
    if not domain or host == "localhost" or domain in {"localdomain", "local", "lan", "home", "internal"}:
        return "no domain of its own"
    return None


# --- boots -------------------------------------------------------------------------------------------------


def note_boot(boots: Sequence[Boot], boot_id: str, seq: int) -> tuple[Boot, ...]:
    """The boot history with this report in it, ordered by sequence. Any order of arrival gives the same history."""
    rest = [b for b in boots if b.boot_id != boot_id]
    mine = next((b for b in boots if b.boot_id == boot_id), Boot(boot_id, seq, seq))
    grown = Boot(boot_id, min(mine.first, seq), max(mine.last, seq))
    return tuple(sorted([*rest, grown], key=lambda b: (b.first, b.last)))


def alternating(boots: Sequence[Boot]) -> tuple[Boot, Boot] | None:
    """Two boots whose reports interleave: a machine never goes back to an earlier boot, so these are two machines."""
    for earlier, later in pairwise(boots):
        if earlier.last > later.first:
            return earlier, later
    return None


# --- matching ----------------------------------------------------------------------------------------------


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
