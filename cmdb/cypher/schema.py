"""Constraints and indexes, generated from the declared classes."""

from __future__ import annotations

from cmdb.classes import Catalogue
from cmdb.words import CONDITION

SEARCH_INDEX = "ci_search"
PAST_SEARCH_INDEX = "past_search"
"""Over the terms by which a CI was found before: a few texts for each CI, not one for each of its states."""
UNIQUE = {
    "CI": "id",
    "Scope": "id",
    "Applied": "report_id",
    "Journal": "id",
    "Record": "id",
    "IdentityConflict": "id",
    "Merge": "id",
    "Brake": "id",
    "Policy": "name",
    "Migration": "number",
}
"""Every MERGE key and every public id, by label: each gets a uniqueness constraint."""


def constraints(catalogue: Catalogue) -> list[str]:
    """Uniqueness of ids on nodes, and on every declared edge type."""
    nodes = [
        f"CREATE CONSTRAINT {label.lower()}_{key} IF NOT EXISTS FOR (n:`{label}`) REQUIRE n.`{key}` IS UNIQUE"
        for label, key in UNIQUE.items()
    ]
    edges = [
        f"CREATE CONSTRAINT edge_{name.lower()}_id IF NOT EXISTS FOR ()-[r:`{name}`]-() REQUIRE r.id IS UNIQUE"
        for name in catalogue.relations
    ]
    return [
        *nodes,
        *edges,
        "CREATE CONSTRAINT record_number IF NOT EXISTS FOR (n:Record) REQUIRE n.number IS UNIQUE",
        "CREATE CONSTRAINT change_seq IF NOT EXISTS FOR (n:Change) REQUIRE n.seq IS UNIQUE",
    ]


def indexes(catalogue: Catalogue) -> list[str]:
    """Lookup indexes for parents, names and declared attributes, and one full-text index over search terms."""
    lookups = [("CI", name) for name in ("parent", "name", "key", "status", "stale_since", "tags", "expires_at")]
    lookups += [("CI", CONDITION), ("Version", CONDITION)]
    lookups += [("Endpoint", "key"), ("Scope", "node"), ("Brake", "node"), ("Change", "time")]
    lookups += [("Version", name) for name in ("ci", "from", "to", "parent")]
    lookups += [
        ("Merge", "winner"),
        ("Merge", "loser"),
        ("MergedRef", "ref"),
        ("MergedRef", "merge"),
        ("PastClaim", "ci"),
        ("PastTerms", "ci"),
    ]
    lookups += [
        ("Record", name) for name in ("type", "state", "category", "owner", "serial", "changed_at", "opened_at")
    ]
    lookups += [(c.name, a.name) for c in catalogue.classes.values() for a in c.attributes if a.index]
    return [
        *(
            f"CREATE INDEX {label.lower()}_{name} IF NOT EXISTS FOR (n:`{label}`) ON (n.`{name}`)"
            for label, name in lookups
        ),
        # Both together: a storm leaves a hundred thousand events of one key, and one incident.
        "CREATE INDEX record_event_key IF NOT EXISTS FOR (n:Record) ON (n.type, n.event_key)",
        "CREATE TEXT INDEX record_search IF NOT EXISTS FOR (n:Record) ON (n.search)",
        # One thing of the many that may be inside of one: an import looks for each of its rows so.
        "CREATE INDEX ci_place IF NOT EXISTS FOR (n:CI) ON (n.parent, n.key)",
        "CREATE INDEX ci_inside IF NOT EXISTS FOR (n:CI) ON (n.parent, n.class, n.name, n.id)",
        "CREATE INDEX change_actor IF NOT EXISTS FOR (n:Change) ON (n.actor, n.seq)",
        "CREATE INDEX asserts_ref IF NOT EXISTS FOR ()-[a:ASSERTS]-() ON (a.ref)",
        *(
            f"CREATE FULLTEXT INDEX {name} IF NOT EXISTS FOR (n:{label}) ON EACH [n.search] "
            "OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace'}}"
            for name, label in ((SEARCH_INDEX, "CI"), (PAST_SEARCH_INDEX, "PastTerms"))
        ),
    ]
