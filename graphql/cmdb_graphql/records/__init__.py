"""What processes declare as GraphQL: record types, questions about records, mutations, computed questions."""

from __future__ import annotations

from typing import Any

from cmdb.words import Process, RecordType
from cmdb_graphql.context import Root
from cmdb_graphql.records.asked import asked
from cmdb_graphql.records.built_in import commands_of
from cmdb_graphql.records.lists import questions
from cmdb_graphql.records.mutations import mutation
from cmdb_graphql.records.objects import object_type

__all__ = ["roots"]


def roots(process: Process) -> list[Root]:
    """All questions and mutations of a process; what is the system's alone is no mutation."""
    found: list[Root] = []
    types: dict[str, tuple[RecordType, Any]] = {}
    for kind in process.records:
        made = object_type(kind)
        types[kind.name] = (kind, made)
        found += questions(kind, made)
    for do in (*process.commands, *(do for kind in process.records for do in commands_of(kind))):
        if not do.system:
            found.append(mutation(do, *types[do.record]))
    return found + [asked(one) for one in process.questions]
