"""What one hundred hosts with ten fields each cost, against graphql-core on plain dicts in the same run.

    python benchmarks/graphql_fields.py

Prints the CPU time in ms of executing a parsed and validated document (best of many), whether the bytes are the same,
and the ratio.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import orjson
from graphql import (
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    execute_sync,
    parse,
)
from graphql.execution import execute

from cmdb.words import Principal, Role
from cmdb_graphql.context import Context
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.long import checked
from cmdb_graphql.schema import Built
from cmdb_graphql.swift import SwiftExecutor

NAMES = ("id", "name", "status", "rev", "hostname", "osName", "kernel", "cpuCores", "memoryBytes", "architecture")
TYPES = {
    "id": GraphQLNonNull(GraphQLID),
    "rev": GraphQLInt,
    "cpuCores": GraphQLInt,
    "memoryBytes": GraphQLScalarType("Long", serialize=checked),
}
NOW = "2026-11-23T21:00:00.000Z"
ROUNDS = 100


def hosts(count: int) -> list[dict[str, Any]]:
    """Hosts as the store returns them."""
    facts = {"os_name": "Debian 12", "kernel": "6.1.0", "cpu_cores": 8, "memory_bytes": 2**35, "architecture": "x86_64"}
    base = {"class": "Host", "status": "live", "rev": 1, "key": "self", "parent": None, "source": "nd_a/host"}
    return [
        {"id": f"ci_{n:04}", "name": f"host-{n}", "hostname": f"host-{n}", "first_seen": NOW, **base, **facts}
        for n in range(count)
    ]


def best(work: Callable[[], Any]) -> tuple[float, bytes]:
    """Least CPU time in ms, and the answer."""
    least, result = float("inf"), None
    for _ in range(ROUNDS):
        started = time.process_time()
        result = work()
        least = min(least, time.process_time() - started)
    return least * 1000, orjson.dumps(result)


def bare(rows: list[dict[str, Any]]) -> Callable[[], Any]:
    """graphql-core alone, on dicts that are ready."""
    fields = {name: GraphQLField(TYPES.get(name, GraphQLString)) for name in NAMES}
    host = GraphQLObjectType("Host", fields)
    keys = {"osName": "os_name", "cpuCores": "cpu_cores", "memoryBytes": "memory_bytes"}
    plain = [{name: r[keys.get(name, name)] for name in NAMES} for r in rows]
    page = GraphQLObjectType("Page", {"nodes": GraphQLField(GraphQLList(host))})
    root = {"hosts": GraphQLField(page, resolve=lambda *_: {"nodes": plain})}
    schema = GraphQLSchema(GraphQLObjectType("Query", root))
    document = parse(f"{{hosts{{nodes{{{' '.join(NAMES)}}}}}}}")
    return lambda: execute_sync(schema, document).data


def ours(rows: list[dict[str, Any]], executor: Any) -> Callable[[], Any]:
    """Our schema from the store's rows on."""
    schema = Built({}).graphql
    document = parse(f"{{hosts(first:100){{nodes{{{' '.join(NAMES)}}}}}}}")
    parts: Any = SimpleNamespace(store=SimpleNamespace(find=lambda *_: rows))  # all of a server this touches
    who = Principal("bench", frozenset({Role.VIEWER}))

    async def run() -> Any:
        context = Context(parts, who, Loaders(parts))
        result = execute(schema, document, context_value=context, executor_class=executor)
        done = await result if hasattr(result, "__await__") else result
        assert not done.errors, done.errors
        return done.data

    loop = asyncio.new_event_loop()
    return lambda: loop.run_until_complete(run())


def main() -> None:
    """Measure and print."""
    rows = hosts(100)
    (plain, expected), (slow, middle), (swift, found) = (
        best(bare(rows)), best(ours(rows, None)), best(ours(rows, SwiftExecutor)),
    )  # fmt: skip
    print(
        f"100 x 10 fields, CPU ms: graphql-core on dicts {plain:.2f}, ours by graphql-core {slow:.2f}, ours {swift:.2f}"
    )
    print(f"ours / graphql-core on dicts: {swift / plain:.2f}; same bytes: {expected == middle == found}")


if __name__ == "__main__":
    main()
