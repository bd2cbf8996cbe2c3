"""The store's one door: connect, migrate, apply, ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cmdb.store import brake, conflicts, digest, facts, migrations, sweep
from cmdb.store.audit import Audits
from cmdb.store.commands import By, Commands
from cmdb.store.conflicts import Resolution, Word
from cmdb.store.facts import Outcome
from cmdb.store.past import Past
from cmdb.store.reads import Reads
from cmdb.store.records import Records
from cmdb.store.retention import Retention
from cmdb.store.session import Bolt
from cmdb.words import Snapshot


class Store(Reads, Past, Audits, Retention, Records, Commands):
    """One Neo4j database, embedded or anywhere else. Safe to share between threads.

    Every method raises StoreUnavailable while Neo4j does not answer.
    """

    def __init__(self, uri: str, user: str, password: str, database: str | None = None) -> None:
        bolt = Bolt(uri, user, password, database)
        Reads.__init__(self, bolt)
        Past.__init__(self, bolt)
        Audits.__init__(self, bolt)
        Retention.__init__(self, bolt)
        Records.__init__(self, bolt)
        Commands.__init__(self, bolt)
        self._bolt = bolt

    def close(self) -> None:
        """Give back all connections."""
        self._bolt.close()

    def ping(self) -> bool:
        """Whether Neo4j answers now."""
        return self._bolt.ping()

    def migrate(self) -> int:
        """Bring the schema up to this version; a newer one is refused (Misconfigured)."""
        return migrations.migrate(self._bolt)

    def apply(self, snapshot: Snapshot, now: str, revoked: Collection[str] = ()) -> Outcome:
        """Apply one report, once; `now` is ISO 8601 UTC, `revoked` the agents that speak for nothing any more."""
        return facts.apply_report(self._bolt, snapshot, now, revoked)

    def resolve_conflict(self, conflict: str, word: Word, actor: str, now: str) -> Resolution:
        """Carry out a person's word on an identity conflict."""
        return conflicts.resolve(self._bolt, conflict, word, actor, now)

    def held(self) -> list[brake.Held]:
        """Reports that the mass-loss brake holds, oldest first."""
        return brake.held(self._bolt)

    def release_held(self, scope: str, by: By) -> str:
        """Believe the loss that holds a scope; returns the node whose report goes on."""
        return facts.release_held(self._bolt, scope, by.actor, by.now, by.reason)

    def sweep_leases(self, seen: Mapping[str, str], by: By) -> sweep.Swept:
        """One pass over leases; `seen` says when each scope last reported."""
        return sweep.sweep_leases(self._bolt, self, seen, by)

    def digest(self) -> str:
        """SHA-256 of what is true now, without ids and times."""
        return digest.digest(self._bolt)

    def lines(self) -> list[str]:
        """What the digest is made of, readable."""
        return digest.lines(self._bolt)
