"""The store's one door: connect, migrate, apply, ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from cmdb.imports import Outcome as RowOutcome
from cmdb.store import brake, conflicts, digest, migrations, rehearsal, reports, sweep, warm
from cmdb.store.audit import Audits
from cmdb.store.commands import By
from cmdb.store.conflicts import Resolution, Word
from cmdb.store.export import Export
from cmdb.store.governance import Governance
from cmdb.store.imports import Imports
from cmdb.store.past import Past
from cmdb.store.posed import Proposals
from cmdb.store.reads import Reads
from cmdb.store.records import Inside, Records
from cmdb.store.reports import Outcome
from cmdb.store.retention import Retention
from cmdb.store.session import Bolt, Run
from cmdb.store.slices import Slices
from cmdb.store.topology import Topologies
from cmdb.store.views import Views
from cmdb.store.withdrawals import Withdrawals
from cmdb.words import RecordType, Snapshot

T = TypeVar("T")
_PARTS = (
    Reads, Slices, Topologies, Past, Proposals, Audits, Retention, Records, Governance, Imports, Withdrawals, Export,
    Views,
)  # fmt: skip


class Store(
    Reads, Slices, Topologies, Past, Proposals, Audits, Retention, Records, Governance, Imports, Withdrawals, Export,
    Views,
):  # fmt: skip
    """One Neo4j database, embedded or anywhere else. Safe to share between threads.

    Every method raises StoreUnavailable while Neo4j does not answer.
    """

    def __init__(
        self, uri: str, user: str, password: str, database: str | None = None, *, patience: float = 5.0
    ) -> None:
        self._speak_by(Bolt(uri, user, password, database, patience=patience))

    def _speak_by(self, bolt: Bolt) -> None:
        for part in _PARTS:
            part.__init__(self, bolt)
        self._bolt = bolt

    def seen_by(self, view: str) -> Store:
        """This store for questions of an account that is kept to a view; it writes nothing. One round trip."""
        seen = object.__new__(Store)
        seen._speak_by(self._bolt.restricted(self.view(view).label))
        return seen

    def together(self, work: Callable[[Store], T]) -> T:
        """Several commands in one transaction, each with its journal entry: all are kept, or none.

        `work` is given this store inside the transaction; it may be run again from the start.
        """

        def inside(run: Run) -> T:
            within = object.__new__(Store)
            within._speak_by(Inside(run))
            within._ask = self._ask
            return work(within)

        return self._bolt.write(inside)

    def close(self) -> None:
        """Give back all connections."""
        self._bolt.close()

    def ping(self) -> bool:
        """Whether Neo4j answers now."""
        return self._bolt.ping()

    @property
    def stricken(self) -> bool:
        """Whether Neo4j runs but answers nothing more before it is restarted."""
        return self._bolt.stricken

    def restarted(self) -> None:
        """Somebody restarts Neo4j: it is not stricken any more until it says so again."""
        self._bolt.stricken = False

    def migrate(self) -> int:
        """Bring the schema up to this version; a newer one is refused (Misconfigured)."""
        return migrations.migrate(self._bolt)

    def warm(self, kind: RecordType, now: str) -> None:
        """Let Neo4j work out what the first question and command would wait for; nothing is kept."""
        taken_back = object.__new__(Store)
        taken_back._speak_by(rehearsal.Rehearsal(self._bolt))
        warm.warm(taken_back, kind, now)

    def apply(self, snapshot: Snapshot, now: str, revoked: Collection[str] = ()) -> Outcome:
        """Apply one report, once; `now` is ISO 8601 UTC, `revoked` the agents that speak for nothing any more."""
        return self.apply_all([snapshot], now, revoked)[0]

    def apply_all(self, snapshots: Sequence[Snapshot], now: str, revoked: Collection[str] = ()) -> list[Outcome]:
        """Apply reports of different nodes in one transaction; what is wrong with one of them is raised for all."""
        return reports.apply_reports(self._bolt, snapshots, now, revoked)

    def rehearse(self, snapshot: Snapshot, revoked: Collection[str] = ()) -> list[RowOutcome]:
        """What `apply` would make of a report, row by row; nothing is written."""
        return rehearsal.rehearse(self._bolt, snapshot, revoked)

    def resolve_conflict(self, conflict: str, word: Word, actor: str, now: str) -> Resolution:
        """Carry out a person's word on an identity conflict."""
        return conflicts.resolve(self._bolt, conflict, word, actor, now)

    def held(self) -> list[brake.Held]:
        """Reports that the mass-loss brake holds, oldest first."""
        return brake.held(self._bolt)

    def release_held(self, scope: str, by: By) -> str:
        """Believe the loss that holds a scope; returns the node whose report goes on."""
        return reports.release_held(self._bolt, scope, by.actor, by.now, by.reason)

    def sweep_leases(self, seen: Mapping[str, str], by: By) -> sweep.Swept:
        """One pass over leases; `seen` says when each scope last reported."""
        return sweep.sweep_leases(self._bolt, self, seen, by)

    def digest(self) -> str:
        """SHA-256 of what is true now, without ids and times."""
        return digest.digest(self._bolt)

    def lines(self) -> list[str]:
        """What the digest is made of, readable."""
        return digest.lines(self._bolt)
