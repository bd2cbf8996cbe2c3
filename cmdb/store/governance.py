"""Commands and questions about tags, lifecycles, expiry and policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cmdb import commands, free, governance, ingest
from cmdb.claims import EXPIRES, TAGS
from cmdb.classes import catalogue
from cmdb.commands import Around, Decided
from cmdb.cypher import facts
from cmdb.cypher import governance as cypher
from cmdb.errors import Conflict, Invalid, TooLarge, UnknownName
from cmdb.governance import Policies, Policy, Rule, Violation
from cmdb.reconcile import KnownCI
from cmdb.store import loading, policies, precedence
from cmdb.store.commands import By, Commands, Decide, Done, Under, writable
from cmdb.store.facts import journal, new_id
from cmdb.store.session import Run

MOST_CIS = 100
"""CIs of one command."""
MOST_EXPIRED = 200
"""CIs retired in one pass because their day has come, each with what is inside it in a transaction of its own."""
CHUNK = 2_000
"""CIs looked at in one round trip."""
MOST_LOOKED_AT = 50_000
"""CIs that one page of violations looks at."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one CI breaks."""

    ci: str
    violation: Violation


@dataclass(frozen=True, slots=True)
class Check:
    """A part of a check: what was found, how many CIs were looked at, and where the next part begins; None: the end."""

    found: tuple[Found, ...]
    looked_at: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """Violations by policy among the CIs looked at; `whole` says whether these were all."""

    counts: Mapping[str, int]
    looked_at: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Crowd:
    """More open edges at one CI than a relation allows: from it to others (`goes`), or from others to it."""

    ci: str
    relation: str
    goes: bool
    count: int
    edges: tuple[tuple[str, str], ...]  # edge id, other end; of the first 100
    place: str  # where it stands in the order


class Governance(Commands):
    """What the estate's own rules say, and what people attach to CIs."""

    def tag_cis(self, ids: Sequence[str], tags: Sequence[str], by: By) -> Done:
        """Put tags on up to 100 CIs in one journal entry."""
        named, given = _named(ids), free.tags(tags)

        def decide(run: Run, under: Under) -> Decided:
            cis = _all(run, named)
            return _judged(run, cis, commands.tag(under.known, cis, given, under.seq))

        return self._do(decide, by)

    def untag_cis(self, ids: Sequence[str], tags: Sequence[str], by: By) -> Done:
        """Take tags back that people put on up to 100 CIs, in one journal entry."""
        named, given = _named(ids), free.tags(tags)

        def decide(run: Run, under: Under) -> Decided:
            cis = _all(run, named)
            return _judged(run, cis, commands.untag(under.known, cis, given, under.seq))

        return self._do(decide, by)

    def set_expiry(self, ci: str, rev: int | None, at: str | None, by: By) -> Done:
        """Let a CI end at a moment (ISO 8601); null takes the moment back."""
        moment = None if at is None else ingest.moment(at, "at")
        if moment is not None and moment <= by.now:
            raise Invalid(f"{at} is over already: retire it instead", where="at")

        def decide(run: Run, under: Under) -> Decided:
            was = writable(run, ci)
            commands.check_rev(was, rev)
            return commands.expire_at(under.known.cls(was.cls), was, moment, under.seq)

        return self._do(decide, by)

    def expire_cis(self, by: By) -> list[Done]:
        """Retire the CIs whose day has come: at most 200, one journal entry each."""
        rows = self._bolt.read(lambda run: run(cypher.EXPIRED, {"now": by.now, "most": MOST_EXPIRED}))
        done: list[Done] = []
        for row in rows:
            why = replace(by, reason=f"expired at {row['at']}")
            try:
                done.append(self._do(_ending(row["id"], by.now), why, kind="sweep"))
            except (UnknownName, Conflict):
                continue  # retired, or given more time, since it was looked at: that is what was wanted
        return done

    def set_lifecycle(self, ci: str, rev: int | None, state: str, by: By) -> Done:
        """Move a CI to a state of its class's lifecycle."""

        def decide(run: Run, under: Under) -> Decided:
            around = _around(run, ci)
            was = around.cis[ci]
            commands.check_rev(was, rev)
            return commands.move(under.known.cls(was.cls), around, ci, state, under.seq, new_id)

        return self._do(decide, by)

    def policies(self) -> tuple[Policy, ...]:
        """All policies, by name."""
        return self._bolt.read(policies.read).all

    def put_policy(self, policy: Policy, by: By, *, rev: int | None = None) -> int:
        """Set a policy, or set the one of that name anew, decided at revision `rev` (0: that there is none).

        Returns the journal sequence, which is its new revision.
        """
        governance.check_names(policy, catalogue())

        def work(run: Run) -> int:
            lock = run(facts.LOCK, {})[0]
            there = policies.read(run).all
            now = next((one.rev for one in there if one.name == policy.name), 0)
            commands.check_same(f"the policy {policy.name}", now, rev)
            governance.check_alone(policy, there)
            if len(there) >= governance.MAX_POLICIES and policy.name not in {one.name for one in there}:
                raise TooLarge(f"there are {len(there)} policies, at most {governance.MAX_POLICIES}")
            stored = policies.properties(replace(policy, rev=int(lock["seq"])))
            run(cypher.PUT, {"name": policy.name, "properties": stored})
            _note(run, lock, by, f"set policy {policy.name}", {"op": "policy", **stored})
            precedence.put_off(run, [policy, *(one for one in there if one.name == policy.name)])
            return int(lock["seq"])

        seq = self._bolt.write(work)
        self.decide_anew(by)
        return seq

    def lift_policy(self, name: str, by: By, *, rev: int | None = None) -> int:
        """Remove a policy, decided at revision `rev`: nothing is refused by it any more; returns the sequence."""

        def work(run: Run) -> int:
            lock = run(facts.LOCK, {})[0]
            rows = run(cypher.LIFT, {"name": name})
            if not rows:
                raise UnknownName(f"there is no policy {name!r}", where="name")
            commands.check_same(f"the policy {name}", rows[0]["was"].get("rev", 0), rev)
            _note(run, lock, by, f"lifted policy {name}", {"op": "lift", "name": name, "was": rows[0]["was"]})
            precedence.put_off(run, [policies.policy(rows[0]["was"])])
            return int(lock["seq"])

        seq = self._bolt.write(work)
        self.decide_anew(by)
        return seq

    def decide_anew(self, by: By) -> bool:
        """Decide values anew where a policy says otherwise whose word counts; whether that is done with."""
        return precedence.go_on(self._bolt, by)

    def violations(self, cls: str | None, name: str | None, first: int, after: str = "") -> Check:
        """What live CIs break, by id: of a class, of one policy. Looks at 50,000 CIs at most, 2,000 a round trip."""

        def work(run: Run) -> Check:
            found: list[Found] = []
            last, seen = after, 0
            for ci, broken in _looked_at(run, _chosen(policies.read(run), name), cls, after):
                if (found and len(found) + len(broken) > first) or seen == MOST_LOOKED_AT:
                    return Check(tuple(found), seen, last)
                found += [Found(ci, one) for one in broken]
                last, seen = ci, seen + 1
            return Check(tuple(found), seen, None)

        return self._bolt.read(work, timeout=20.0)

    def violation_counts(self, cls: str | None, name: str | None) -> Counted:
        """How often each policy is broken, among the first 50,000 CIs that follow one."""

        def work(run: Run) -> Counted:
            chosen = _chosen(policies.read(run), name)
            counts = Counter({one.name: 0 for one in chosen.all})
            seen = 0
            for _, broken in _looked_at(run, chosen, cls, ""):
                if seen == MOST_LOOKED_AT:
                    return Counted(counts, seen, whole=False)
                counts.update(one.policy for one in broken)
                seen += 1
            return Counted(counts, seen, whole=True)

        return self._bolt.read(work, timeout=20.0)

    def crowds(self, first: int, after: str = "") -> list[Crowd]:
        """CIs at which reports opened more edges than a relation allows, in order, behind a place. One round trip."""
        statement = cypher.crowded(after, first)
        rows = self._bolt.read(lambda run: run(*statement), timeout=20.0)
        return [
            Crowd(r["id"], r["type"], r["goes"], r["count"], tuple((e, o) for e, o in r["edges"]), r["place"])
            for r in rows
        ]


def _named(ids: Sequence[str]) -> list[str]:
    named = list(dict.fromkeys(ids))
    if not 1 <= len(named) <= MOST_CIS:
        raise TooLarge(f"name 1 to {MOST_CIS} CIs, not {len(named)}", where="ids")
    return named


def _all(run: Run, ids: Sequence[str]) -> list[KnownCI]:
    """Live CIs by id, in one round trip."""
    known = loading.around(run, ids, edges=False).cis
    for ci in ids:
        if ci not in known:
            raise UnknownName(f"there is no CI {ci!r}", where="ids")
        if known[ci].status != "live":
            raise Conflict(f"{known[ci].name} is retired already")
        if known[ci].cls == "Endpoint":
            raise Invalid(f"{known[ci].name} is only an address seen in use: tag what answers there", where="ids")
    return [known[ci] for ci in ids]


def _judged(run: Run, cis: Sequence[KnownCI], decided: Decided) -> Decided:
    there = policies.read(run)
    for was in cis:
        values = commands.outcome(was, was.id, decided.plan)
        free.check_counts(values, was.name)
        governance.enforce(there, was.cls, was.values, values, was.name)
    return decided


def _around(run: Run, ci: str) -> Around:
    known = loading.around(run, [ci], edges=True)
    if ci not in known.cis:
        raise UnknownName(f"there is no CI {ci!r}")
    return loading.with_places(run, known, known.cis[ci].parent or ci)


def _ending(ci: str, now: str) -> Decide:
    def decide(run: Run, _under: Under) -> Decided:
        around = _around(run, ci)
        was = around.cis[ci]
        if was.status != "live" or str(was.attributes.get(EXPIRES) or "9") > now:
            raise Conflict(f"{was.name} does not end now")
        return commands.end(around, ci, new_id)

    return decide


def _note(run: Run, lock: Any, by: By, summary: str, op: dict[str, Any]) -> None:
    text = f"{summary}: {by.reason}" if by.reason else summary
    journal(run, lock, by.now, actor=by.actor, kind="command", summary=text, ops=[op])


def _chosen(there: Policies, name: str | None) -> Policies:
    """The policies asked about that values can break: all, or one by its name."""
    if name is not None and name not in {one.name for one in there.all}:
        raise UnknownName(f"there is no policy {name!r}", where="policy")
    if any(one.name == name and not one.judges for one in there.all):
        raise Invalid(f"no value breaks {name}: it says whose word counts", where="policy")
    return Policies(one for one in there.all if one.judges and (name is None or one.name == name))


def _looked_at(run: Run, chosen: Policies, cls: str | None, after: str) -> Iterator[tuple[str, list[Violation]]]:
    """Every live CI that follows a policy, by id, and what it breaks. Round trips: one for every 2,000 CIs."""
    attributes = {TAGS, *(one.attribute for one in chosen.all if one.attribute is not None)}
    statement = cypher.looked_at({one.cls for one in chosen.all}, cls, attributes)
    extra = any(one.rule is Rule.EXTRA for one in chosen.all)
    while chosen.all:
        rows = run(statement, {"after": after, "limit": CHUNK, "extra": extra})
        for row in rows:
            values = {**row["n"], **dict.fromkeys(row["extra"] or (), True)}
            yield values["id"], governance.broken(chosen, values["class"], values)
        if len(rows) < CHUNK:
            return
        after = rows[-1]["n"]["id"]
