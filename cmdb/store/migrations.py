"""Numbered, idempotent schema migrations, and the constraints and indexes that follow from the declared classes."""

from __future__ import annotations

import hashlib

from cmdb.classes import catalogue
from cmdb.cypher import schema
from cmdb.errors import Misconfigured
from cmdb.store.session import Bolt

MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "the journal and its counter",
        (
            "CREATE CONSTRAINT migration_number IF NOT EXISTS FOR (n:Migration) REQUIRE n.number IS UNIQUE",
            "CREATE CONSTRAINT journal_id IF NOT EXISTS FOR (n:Journal) REQUIRE n.id IS UNIQUE",
            "MERGE (j:Journal {id: 'journal'}) ON CREATE SET j.seq = 0, j.hash = ''",
        ),
    ),
    (
        "records of the first version get an owner, a category and the lifecycle they had",
        (
            "MATCH (r:Record) WHERE r.category IS NULL SET r.owner = r.opened_by, r.model = 'normal', r.version = 1, "
            "r.state_since = r.opened_at, r.changed_at = r.opened_at, r.search = toLower(r.number), r.category = "
            "CASE r.state WHEN 'proposed' THEN 'to do' WHEN 'assessed' THEN 'waiting' WHEN 'approved' "
            "THEN 'in progress' ELSE 'done' END, r.waiting = CASE r.state WHEN 'assessed' THEN 'approval' END, "
            "r.closed_at = CASE WHEN r.state IN ['rejected', 'withdrawn'] THEN r.opened_at END",
        ),
    ),
    (
        "the terms by which CIs were found before are kept beside them, for searches as of a moment",
        (
            "MATCH (v:Version)-[:OF]->(n:CI) WHERE v.search <> n.search WITH DISTINCT n.id AS ci, v.search AS search "
            "CREATE (:PastTerms {ci: ci, search: search})",
        ),
    ),
)
"""In order, never edited once released: each is (what it does, its statements). Its number is its place, from 1."""

_DONE = """
CALL db.awaitIndexes(600)
MERGE (m:Migration {number: $number}) ON CREATE SET m.what = $what, m.at = toString(datetime())
SET m.digest = $digest
"""


def migrate(bolt: Bolt) -> int:
    """Bring the schema up to this version and return its number. A newer schema is refused, untouched."""
    done = _done(bolt)
    newest = max(done, default=0)
    if newest > len(MIGRATIONS):
        raise Misconfigured(
            f"this graph has schema {newest}, made by a newer Epicentre; this one knows {len(MIGRATIONS)}: upgrade it"
        )
    for number, (what, statements) in enumerate(MIGRATIONS, start=1):
        if number not in done:
            for statement in statements:
                bolt.schema(statement)
            _note(bolt, number, what, "")
    _declared(bolt, done.get(0, ""))
    bolt.begin()
    return len(MIGRATIONS)


def _done(bolt: Bolt) -> dict[int, str]:
    rows = bolt.read(lambda run: run("MATCH (m:Migration) RETURN m.number AS number, m.digest AS digest", {}))
    return {row["number"]: row["digest"] for row in rows}


def _declared(bolt: Bolt, digest: str) -> None:
    """Migration 0 stands for the declared classes: it runs again whenever they have changed."""
    statements = [*schema.constraints(catalogue()), *schema.indexes(catalogue())]
    now = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    if now == digest:
        return
    for statement in statements:
        bolt.schema(statement)
    _note(bolt, 0, "constraints and indexes of the declared classes", now)


def _note(bolt: Bolt, number: int, what: str, digest: str) -> None:
    # A first load has put a million CIs there before their indexes.
    bolt.write(lambda run: run(_DONE, {"number": number, "what": what, "digest": digest}), timeout=660)
