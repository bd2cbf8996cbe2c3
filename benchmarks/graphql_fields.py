"""What lists of hosts cost by GraphQL: ours compiled, against graphql-core, strawberry and graphql-js in one run.

    python benchmarks/graphql_fields.py
    python benchmarks/graphql_fields.py --rounds 20 --graphql-js FOLDER   # FOLDER holds node_modules/graphql

Each executes a document that is parsed and valid (strawberry by its own caches), on the same rows: 100 hosts
with 10 fields and 5,000 with 6. Prints the least CPU time in ms of many rounds, the ratio to ours, and whether the
bytes are the same. Ours and graphql-core on our schema begin at the store's rows, the others at values that are ready.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import strawberry
from common import sized
from common.figures import missing, told
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
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from cmdb.words import Principal, Role
from cmdb_graphql import types
from cmdb_graphql.compiled import plan
from cmdb_graphql.context import Context
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.long import DEFINITION, Long, checked
from cmdb_graphql.schema import Built

NAMES = ("id", "name", "status", "rev", "hostname", "osName", "kernel", "cpuCores", "memoryBytes", "architecture")
KEYS = {"osName": "os_name", "cpuCores": "cpu_cores", "memoryBytes": "memory_bytes"}
SHAPES = {(100, 10): 0.15, (5_000, 6): 6.0}
"""Hosts and fields, and the most CPU milliseconds of ours."""
BESIDE_OTHERS = True
TYPES = {
    "id": GraphQLNonNull(GraphQLID),
    "rev": GraphQLInt,
    "cpuCores": GraphQLInt,
    "memoryBytes": GraphQLScalarType("Long", serialize=checked),
}
NOW = "2026-11-23T21:00:00.000Z"
Work = Callable[[], Any]
Rows = list[dict[str, Any]]


def hosts(count: int) -> Rows:
    """Hosts as the store returns them."""
    facts = {"os_name": "Debian 12", "kernel": "6.1.0", "cpu_cores": 8, "memory_bytes": 2**35, "architecture": "x86_64"}
    base = {"class": "Host", "status": "live", "rev": 1, "key": "self", "parent": None, "source": "nd_a/host"}
    return [
        {"id": f"ci_{n:04}", "name": f"host-{n}", "hostname": f"host-{n}", "first_seen": NOW, **base, **facts}
        for n in range(count)
    ]


def best(work: Work, rounds: int) -> tuple[float, bytes]:
    """Least CPU time in ms, and the answer."""
    least, result = float("inf"), None
    for _ in range(rounds):
        started = time.process_time()
        result = work()
        least = min(least, time.process_time() - started)
    return least * 1000, orjson.dumps(result)


def bare(rows: Rows, names: tuple[str, ...]) -> Work:
    """graphql-core alone, on dicts that are ready."""
    host = GraphQLObjectType("Host", {name: GraphQLField(TYPES.get(name, GraphQLString)) for name in names})
    plain = [{name: row[KEYS.get(name, name)] for name in names} for row in rows]
    page = GraphQLObjectType("Page", {"nodes": GraphQLField(GraphQLList(host))})
    root = {"hosts": GraphQLField(page, resolve=lambda *_: {"nodes": plain})}
    schema = GraphQLSchema(GraphQLObjectType("Query", root))
    document = parse(f"{{hosts{{nodes{{{' '.join(names)}}}}}}}")
    return lambda: execute_sync(schema, document).data


@strawberry.type
class Host:
    """A host for stock strawberry."""

    id: strawberry.ID
    name: str
    status: str
    rev: int
    hostname: str | None
    os_name: str | None
    kernel: str | None
    cpu_cores: int | None
    memory_bytes: Long | None
    architecture: str | None


@strawberry.type
class Page:
    """A page for stock strawberry."""

    nodes: list[Host]


def stock(rows: Rows, names: tuple[str, ...]) -> Work:
    """strawberry as it comes, with its caches, on objects that are ready."""
    ready = Page(nodes=[Host(**{name: row[name] for name in Host.__annotations__}) for row in rows])

    @strawberry.type
    class Query:
        @strawberry.field
        def hosts(self) -> Page:
            return ready

    schema = strawberry.Schema(
        Query, extensions=[ParserCache, ValidationCache], config=StrawberryConfig(scalar_map={Long: DEFINITION})
    )
    text = f"{{hosts{{nodes{{{' '.join(names)}}}}}}}"
    return lambda: schema.execute_sync(text).data


@cache
def schema() -> Built:
    """Ours, built once: that is a second."""
    return Built({})


def ours(rows: Rows, names: tuple[str, ...], *, compiled: bool) -> Work:
    """Our schema from the store's rows on."""
    built = schema()
    document = parse(f"{{hosts(first:{len(rows)}){{nodes{{{' '.join(names)}}}}}}}")
    made = plan(built.strawberry, document)
    assert made is not None
    parts: Any = SimpleNamespace(store=SimpleNamespace(find=lambda *_: rows))  # all of a server this touches
    who = Principal("bench", frozenset({Role.VIEWER}))

    async def run() -> Any:
        context = Context(parts, who, Loaders(parts))
        done: Any = await made.execute(context, {}) if compiled else execute(built.graphql, document, None, context)
        if hasattr(done, "__await__"):
            done = await done
        assert done is not None and not done.errors, done
        return done.data

    loop = asyncio.new_event_loop()
    return lambda: loop.run_until_complete(run())


def graphql_js(folder: Path | None, rows: Rows, names: tuple[str, ...], rounds: int) -> tuple[str, float, bytes] | str:
    """graphql-js on objects that are ready: its name, least CPU in ms, the answer. Or why it is left out."""
    node = shutil.which("node")
    if node is None:
        return "node is not installed"
    if folder is None or not (folder / "node_modules" / "graphql").is_dir():
        return "npm install graphql, and name the folder by --graphql-js"
    plain = [{name: row[KEYS.get(name, name)] for name in names} for row in rows]
    script = Path(__file__).with_suffix(".cjs")
    done = subprocess.run(  # our own script
        [node, str(script), str(folder.resolve()), str(rounds)], capture_output=True, check=True, timeout=600,
        input=orjson.dumps({"names": names, "rows": plain}),
    )  # fmt: skip
    found = orjson.loads(done.stdout)
    return f"graphql-js {found['version']}", found["least"], found["answer"].encode()


def measure(count: int, wide: int, rounds: int, folder: Path | None) -> None:
    """One shape: a line each."""
    rows, names = hosts(count), NAMES[:wide]
    found = {
        "ours, compiled": best(ours(rows, names, compiled=True), rounds),
        "ours by graphql-core": best(ours(rows, names, compiled=False), rounds),
        "graphql-core on dicts": best(bare(rows, names), rounds),
        "strawberry": best(stock(rows, names), rounds),
    }
    js = graphql_js(folder, rows, names, rounds)
    if not isinstance(js, str):
        found[js[0]] = js[1:]
    own, expected = found["ours, compiled"]
    print(f"{count:,} hosts x {wide} fields: CPU ms, ratio to ours, same bytes")
    for name, (spent, answer) in found.items():
        print(f"  {name:<24}{spent:>9.3f}{spent / own:>8.1f}  {'yes' if answer == expected else 'no'}")
    told(f"{count:,} x {wide} fields", own, "ms CPU", at_most=SHAPES[count, wide])
    for name, (spent, answer) in found.items():
        if answer != expected:
            raise SystemExit(f"{name} does not answer byte for byte the same")
        if name != "ours, compiled":
            told(f"{count:,} x {wide} fields beside {name}", spent / own, "times quicker")
    if isinstance(js, str):
        missing("graphql-js", js)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=sized(100, 10), help="rounds of 100 hosts; of more, fewer")
    parser.add_argument("--graphql-js", type=Path, metavar="FOLDER", help="where node_modules/graphql is")
    given = parser.parse_args()
    types.PAGE = max(count for count, _ in SHAPES)  # a page of a server has 100
    for count, wide in SHAPES:
        measure(count, wide, max(3, given.rounds * 100 // count), given.graphql_js)


if __name__ == "__main__":
    main()
