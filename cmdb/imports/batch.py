"""The making of one batch's plan: each row's step, and what becomes of the row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cmdb import free
from cmdb.claims import NAME, Asserted, Entry, conclude, explicit, kept, kind_of, renew, settle, source_of
from cmdb.classes import Catalogue
from cmdb.commands import Nest
from cmdb.errors import Conflict, Invalid
from cmdb.governance import Policies, newly_broken
from cmdb.imports.edges import Edges
from cmdb.imports.rows import EdgeRow, NodeRow, Outcome, Word
from cmdb.imports.who import Who, key_of
from cmdb.plan import ChangeCI, Claim, NewCI, Plan, ScopeState
from cmdb.reconcile.items import differences
from cmdb.reconcile.known import KnownCI, KnownEdge, NewId
from cmdb.search import ci_terms
from cmdb.words import CIClass, Value
from cmdb.words.ci_class import required

Changes = Mapping[str, tuple[Value, Value]]
UNGOVERNED = Policies(())
"""No policy."""


@dataclass(frozen=True, slots=True)
class End:
    """What a ref or id stands for."""

    id: str
    cls: str
    name: str


class Batch:
    """Collects the steps of some rows; `scope` speaks, `at` is the journal sequence the plan will have.

    `nest` knows what is inside of what already.
    """

    def __init__(
        self,
        scope: str,
        at: int,
        catalogue: Catalogue,
        new_id: NewId,
        policies: Policies = UNGOVERNED,
        nest: Nest | None = None,
    ) -> None:
        self.scope, self.at, self.catalogue, self._new_id, self._policies = scope, at, catalogue, new_id, policies
        self._create: list[NewCI] = []
        self._change: list[ChangeCI] = []
        self._claims: list[Claim] = []
        self.traces: list[dict[str, Any]] = []
        self.outcomes: dict[int, Outcome] = {}
        self.edges = Edges(scope, catalogue, new_id, nest or Nest(catalogue))

    def create(self, row: NodeRow, parent: End | None, found: Who) -> End:
        """A CI nobody knows; Invalid or Conflict when the row is not enough for one."""
        cls = self.catalogue.cls(row.cls)
        if row.rev is not None:
            raise Conflict(f"revision {row.rev} was named, but nothing known is meant by this row")
        name = row.name
        if name is None:
            raise Invalid("is missing: it has 1 to 512 characters", where="name")
        own = {k: v for k, v in row.attributes.items() if k != NAME and v is not None}
        if missing := [one for one in required(cls) if one not in own]:
            raise Invalid(f"{cls.name} needs {missing[0]}", where="attributes")
        values = kept(own)
        free.check_counts(values, name)
        self._allowed(cls, None, {**values, NAME: name})
        self._inside(cls, parent)
        ci, key = self._new_id("ci"), key_of(cls, row)
        above = None if parent is None else parent.id
        terms = ci_terms(cls, name, key, own)
        self._create.append(NewCI(ci, cls.name, key, name, above, self.scope, values, terms))
        said = {attribute: Entry(value, self.at) for attribute, value in own.items()}
        said[NAME] = Entry(name, self.at)
        self._claims.append(Claim(self.scope, ci, None, said))
        changes = {attribute: (None, value) for attribute, value in {NAME: name, **values}.items()}
        self._settled(row, found, ci, "created", found.reason, changes)
        self._contain(row, cls, ci, parent)
        return End(ci, cls.name, name)

    def update(self, row: NodeRow, parent: End | None, found: Who, was: KnownCI) -> None:
        """A CI that is known: what the source says beside what others say."""
        cls = self._class(row, was)
        if row.rev is not None and row.rev != was.rev:
            raise Conflict(f"somebody was faster: {was.name} is at revision {was.rev}, not {row.rev}")
        if parent is not None and was.parent not in {None, parent.id}:
            raise Conflict(f"{was.name} is known inside another CI ({was.parent}), and an import moves nothing")
        self._inside(cls, parent)
        full = explicit(was.claims, was.values, was.since)
        said = dict(full[self.scope].said or {}) if self.scope in full else {}
        for name, value in row.attributes.items():
            said.pop(name, None) if value is None else said.update({name: renew(said.get(name), value, self.at)})
        full[self.scope] = Asserted(None, said)
        claims, values = conclude(cls, full)
        name = str(values.get(NAME) or was.name)
        free.check_counts(values, name)
        self._allowed(cls, was.values, {**values, NAME: name})
        now = {k: v for k, v in values.items() if k != NAME}
        fresh = [Claim(s, was.id, c.seq, c.said) for s, c in claims.items() if was.claims.get(s) != c]
        self._claims += fresh
        changed = self._changed(cls, was, name, now, claims)
        word: Word = "changed" if changed or fresh else "unchanged"
        why = found.reason
        if was.status != "live":
            why = f"{why}; it was retired and is live again"
        why = "; ".join([why, *self._kept(cls, row, full)])
        self._settled(row, found, was.id, word, why, changed, fresh=self.scope not in was.claims)
        self._contain(row, cls, was.id, parent)

    def yields(self, row: NodeRow, found: Who, was: KnownCI, called: str) -> None:
        """A CI that was merged into another of the same source: the winner's row speaks, and a split finds both."""
        why = f"{found.reason}; it was merged into {was.name}, so what this source says of {called!r} counts"
        self._settled(row, found, was.id, "unchanged", why, {}, fresh=False)

    def edge(self, row: EdgeRow, source: End, target: End) -> None:
        """An edge between two CIs; decided when it is known what is open between them."""
        self.edges.want(row, source, target)

    def refuse(self, row: NodeRow | EdgeRow, error: Invalid | Conflict, found: Who | None = None) -> None:
        """A row that cannot be carried out."""
        word = "conflict" if isinstance(error, Conflict) else "invalid"
        one = Outcome(row.n, "edge" if isinstance(row, EdgeRow) else "node", word, None, error.message)  # type: ignore[arg-type]  # one of two words
        if found is not None:
            one = replace(one, rule=found.rule, candidates=found.candidates, refused=found.refused)
        self.outcomes[row.n] = one

    def plan(self, known: Sequence[KnownEdge]) -> Plan:
        """All steps; `known` are the open edges between the ends of `edges.wanted`."""
        for refused, error in self.edges.rings({edge.key for edge in known}):
            self.refuse(refused, error)
        for row, outcome in self.edges.settle(known):
            before = self.outcomes.get(row)
            if before is None:
                self.outcomes[row] = outcome
            elif before.word == "unchanged" and outcome.word != "unchanged":
                self.outcomes[row] = replace(before, word="changed", reason=f"{before.reason}; {outcome.reason}")
        ledger = self.edges.ledger
        some = bool(self._create or self._change or self._claims or ledger.open or ledger.reword)
        return Plan(
            host=self.scope,
            create=tuple(self._create),
            change=tuple(self._change),
            open=tuple(ledger.open),
            reword=tuple(ledger.reword),
            claims=tuple(self._claims),
            scopes={self.scope.partition("/")[2]: ScopeState(0)} if some else None,
        )

    def stored_traces(self) -> list[dict[str, Any]]:
        """How rows were identified, and what the source calls them, as the claims keep it."""
        return [{**one, "trace": json.dumps(one["trace"]) if one["trace"] else None} for one in self.traces]

    # --- parts ---------------------------------------------------------------------------------------------

    def _changed(
        self, cls: CIClass, was: KnownCI, name: str, now: Mapping[str, Value], claims: Mapping[str, Asserted]
    ) -> dict[str, tuple[Value, Value]]:
        """Plan what differs, and say it."""
        changed = differences(was.attributes, now)
        shown: dict[str, tuple[Value, Value]] = {k: (was.attributes.get(k), v) for k, v in changed.items()}
        if name != was.name:
            shown[NAME] = (was.name, name)
        if was.status != "live":
            changed["stale_since"] = None
        if shown or was.status != "live":
            source = was.source if was.source in claims else self.scope
            terms = ci_terms(cls, name, was.key, now)
            self._change.append(ChangeCI(was.id, was.rev, name, "live", source, changed, terms))
        return shown

    def _class(self, row: NodeRow, was: KnownCI) -> CIClass:
        if row.cls not in self.catalogue.lineage(was.cls):
            raise Conflict(f"{was.name} ({was.id}) is known as a {was.cls}, not a {row.cls}")
        return self.catalogue.cls(was.cls)

    def _allowed(self, cls: CIClass, before: Mapping[str, Value] | None, after: Mapping[str, Value]) -> None:
        """The one place where governance meets imports: what was broken before is no reason to refuse a row."""
        if against := newly_broken(self._policies, cls.name, before, after):
            raise Invalid("; ".join(one.sentence for one in against), where="policy")

    def _inside(self, cls: CIClass, parent: End | None) -> None:
        relation = self.catalogue.relation(cls.contained_by) if cls.contained_by else None
        if parent is None or relation is None or self.catalogue.joins(relation, cls.name, parent.cls):
            return
        allowed = " or ".join(relation.targets)
        raise Invalid(f"a {cls.name} is {relation.name} {allowed}, not {parent.cls} ({parent.name})", where="parent")

    def _contain(self, row: NodeRow, cls: CIClass, ci: str, parent: End | None) -> None:
        if parent is not None and cls.contained_by is not None and row.inside:
            inner = EdgeRow(row.n, cls.contained_by, ci, parent.id, row.evidence)
            self.edges.want(inner, End(ci, cls.name, row.name or row.cls), parent, part=True)

    def _settled(
        self, row: NodeRow, found: Who, ci: str, word: Word, why: str, changes: Changes, *, fresh: bool = True
    ) -> None:
        among = found.candidates if found.ci is None else ()
        self.outcomes[row.n] = Outcome(row.n, "node", word, ci, why, changes, found.rule, among, found.refused)
        if fresh and (found.trace is not None or row.ref is not None):
            self.traces.append({"ci": ci, "ref": row.ref, "trace": found.trace})

    def _kept(self, cls: CIClass, row: NodeRow, full: Mapping[str, Asserted]) -> list[str]:
        """What is said and not in effect."""
        won = settle(cls, {s: c.said for s, c in full.items() if c.said is not None})
        lost = [
            (name, won[name])
            for name, value in row.attributes.items()
            if value is not None and name in won and won[name][1] != self.scope and won[name][0] != value
        ]
        return [f"{n} is kept, not in effect: {kind_of(by)} {source_of(by)} says otherwise" for n, (_, by) in lost]
