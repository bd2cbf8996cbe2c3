"""Lists are what a plain walk over all CIs makes of them: random filters, orders and pages against a naive reading.

EPICENTRE_TEST_CASES asks for more of them, EPICENTRE_TEST_SEED for others.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Callable, Iterator
from functools import cmp_to_key
from typing import Any

import pytest
from support.questions import ADMIN, parts

from cmdb.classes import catalogue
from cmdb.cypher import Compare, filters
from cmdb.cypher.filters import attribute_types
from cmdb.store import Store
from cmdb_graphql.endpoint import Executor, executor

pytestmark = pytest.mark.neo4j

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "20"))
FIRST = int(os.environ.get("EPICENTRE_TEST_SEED", "0"))
TEXTS = (
    "",
    "a",
    "A",
    "ab",
    "Straße",
    "STRASSE",
    "é",
    "e\u0301",
    "Ω",
    "ω",
    "𝕏",
    "\uff5e",
    "İ",
    "10",
    "9",
    "%",
    ".*",
    "\n",
)
TIMES = ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z", "2027-06-30T12:00:00.000Z")
NUMBERS = (0, 1, -1, 2, 2**31, 2**53, 7)
DECIMALS = (0.0, -0.5, 0.1, 1e-9, 1e18, 3.0)
TAGS = ("env:prod", "Env:Prod", "a:b", "ß:x")
STATES = ("planned", "in_repair", "disposed", None)
CLASSES = {
    "Host": "hosts",
    "Server": "servers",
    "Certificate": "certificates",
    "WebEndpoint": "webEndpoints",
    "Site": "sites",
}
ASKED = {
    "Host": ("cpu_cores", "memory_bytes", "dns_servers", "boot_time", "hostname"),
    "Server": ("cpu_cores", "power_w", "macs", "warranty_until", "hostname"),
    "Certificate": ("names", "not_after", "self_signed", "serial"),
    "WebEndpoint": ("response_ms", "url"),
    "Site": ("latitude", "city"),
}
COMMON = (
    "id",
    "class",
    "name",
    "status",
    "rev",
    "stale_since",
    "parent",
    "tags",
    "lifecycle",
    "expires_at",
    "condition",
)
KINDS = ("DEPENDS_ON", "USES", "LOCATED_IN")
Row = dict[str, Any]
Edge = tuple[str, str, str, bool]


class Estate:
    """Some CIs with values that collide, are absent or are odd, and edges between them, open and closed."""

    def __init__(self, dice: random.Random) -> None:
        self.rows = [self._row(dice, n) for n in range(45)]
        ids = [row["id"] for row in self.rows]
        self.edges: list[Edge] = [(dice.choice(KINDS), *dice.sample(ids, 2), dice.random() < 0.7) for _ in range(70)]

    def _row(self, dice: random.Random, n: int) -> Row:
        cls = dice.choice(sorted(CLASSES))
        row: Row = {
            "id": f"ci_{n:03}", "class": cls, "name": dice.choice(TEXTS) or "a",
            "status": dice.choice(["live", "live", "retired"]),
            "rev": dice.randint(1, 3), "first_seen": TIMES[0], "valid_from": 1, "key": f"k{n}",
            "stale_since": dice.choice([None, *TIMES]), "expires_at": dice.choice([None, *TIMES]),
            "lifecycle": dice.choice(STATES), "ended_as": dice.choice(STATES),
            "tags": dice.choice([None, [], *[dice.sample(TAGS, k) for k in (1, 2)]]),
            "parent": dice.choice([None, f"ci_{dice.randint(0, 9):03}"]),
            "condition": dice.choice([None, "up", "down"]),
        }  # fmt: skip
        types = attribute_types(cls)
        row |= {name: dice.choice([None, value(dice, types[name])]) for name in ASKED[cls]}
        return {name: one for name, one in row.items() if one is not None}

    def write(self, store: Store) -> None:
        """As the store keeps them: labels of the whole lineage, edges with the sequences they were open in."""

        def work(run: Any) -> None:
            rows = [{"labels": ["CI", *catalogue().lineage(row["class"])], "row": row} for row in self.rows]
            run("UNWIND $rows AS one CREATE (n:CI) SET n = one.row, n:$(one.labels)", {"rows": rows})
            edges = [
                {
                    "type": kind,
                    "source": a,
                    "target": b,
                    "e": {"id": f"e{n}", "valid_from": 1, "scope": "x"} | ({} if is_open else {"valid_to": 1}),
                }
                for n, (kind, a, b, is_open) in enumerate(self.edges)
            ]
            run(
                "UNWIND $rows AS row MATCH (a:CI {id: row.source}) MATCH (b:CI {id: row.target}) "
                "CREATE (a)-[e:$(row.type)]->(b) SET e = row.e",
                {"rows": edges},
            )

        store._bolt.write(work)


def value(dice: random.Random, kind: str) -> Any:
    """One of the type."""
    match kind:
        case "string":
            return dice.choice(TEXTS)
        case "datetime":
            return dice.choice(TIMES)
        case "int":
            return dice.choice(NUMBERS)
        case "float":
            return dice.choice(DECIMALS)
        case "boolean":
            return dice.random() < 0.5
    return dice.choice([[], ["a"], ["A", "ab"], ["é"]])


def camel(name: str) -> str:
    """As GraphQL calls it."""
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


Test = Callable[[Row], bool | None]
"""Whether a filter holds of a CI; None where it compares with what is absent."""


class Asked:
    """Random filters, each as GraphQL has it and as a plain function of one CI."""

    def __init__(self, estate: Estate, dice: random.Random) -> None:
        self.estate, self.dice = estate, dice
        self.by_id = {row["id"]: row for row in estate.rows}

    def filter(self, cls: str | None, depth: int = 3) -> tuple[dict[str, Any], Test]:
        """All given parts must hold."""
        given: dict[str, Any] = {}
        tests: list[Test] = []
        for _ in range(self.dice.randint(1, 2)):
            what = self.dice.choice(["plain", "plain", "plain", "and", "or", "not", "related"] if depth else ["plain"])
            match what:
                case "plain":
                    name = self.dice.choice([*(ASKED[cls] if cls else ()), *COMMON])
                    said, test = self.compare(cls, name)
                    if camel(name) in given:
                        continue
                    given[camel(name)] = said
                case "and" | "or":
                    parts = [self.filter(cls, depth - 1) for _ in range(self.dice.randint(0, 3))]
                    if what in given:
                        continue
                    given[what] = [said for said, _ in parts]
                    test = both(what, [one for _, one in parts])
                case "not":
                    if what in given:
                        continue
                    given[what], inner = self.filter(cls, depth - 1)
                    test = no(inner)
                case _:
                    if what in given:
                        continue
                    made = [self.related(depth - 1) for _ in range(self.dice.randint(0, 2))]
                    given[what] = [said for said, _ in made]
                    test = both("and", [one for _, one in made])
            tests.append(test)
        return given, both("and", tests)

    def related(self, depth: int) -> tuple[dict[str, Any], Test]:
        """An open edge to a live CI like that, or none."""
        dice = self.dice
        said: dict[str, Any] = {"direction": dice.choice(["OUT", "IN"]), "none": dice.random() < 0.3}
        kind = dice.choice([None, *KINDS])
        if kind:
            said["type"] = kind
        inner: Test = lambda _: True  # noqa: E731  # whatever it leads to
        if dice.random() < 0.7:
            said["to"], inner = self.filter(None, min(depth, 1))
        near, far = (1, 2) if said["direction"] == "OUT" else (2, 1)

        def test(row: Row) -> bool:
            ends = [e[far] for e in self.estate.edges if e[3] and e[near] == row["id"] and kind in (None, e[0])]
            found = any(self.by_id[end]["status"] == "live" and inner(self.by_id[end]) is True for end in ends)
            return found is not said["none"]

        return said, test

    def compare(self, cls: str | None, name: str) -> tuple[dict[str, Any], Test]:
        """One or two comparisons of one attribute."""
        kind, dice = attribute_types(cls)[name], self.dice
        ops = {
            "strings": ("eq", "ne", "in", "null", "contains", "prefix", "suffix", "startsWith"),
            "boolean": ("eq", "null"),
        }.get(kind, ("eq", "ne", "in", "null", "gt", "gte", "lt", "lte"))
        ops += ("contains", "prefix", "suffix", "startsWith") if kind in {"string", "datetime"} else ()
        said: dict[str, Any] = {}
        tests: list[Test] = []
        for op in dice.sample(ops, dice.choice([1, 1, 2])):
            with_: Any = self.value(kind, name)
            if op == "in":
                with_ = [self.value(kind, name) for _ in range(dice.choice([0, 1, 3]))]
            elif op == "null":
                with_ = dice.random() < 0.5
            said[op] = with_
            tests.append(compared(name, kind, op, with_))
        return said, both("and", tests)

    def value(self, kind: str, name: str) -> Any:
        """One that somebody has, or any; of a state one that there is."""
        if name in {"status", "lifecycle"}:
            return self.dice.choice(["live", "retired"] if name == "status" else ["live", "retired", *STATES[:3]])
        held = [v for row in self.estate.rows if (v := row.get(name)) is not None]
        there = self.dice.choice(held) if held and self.dice.random() < 0.7 else None
        if kind == "strings":
            return self.dice.choice(there) if there else self.dice.choice(TEXTS)
        return there if there is not None else value(self.dice, kind)


def of(row: Row, name: str) -> Any:
    """An attribute; the state of life is the one people gave, else whether it lives."""
    if name == "lifecycle":
        return row.get("lifecycle" if row["status"] == "live" else "ended_as") or row["status"]
    return row.get(name)


def compared(name: str, kind: str, op: str, with_: Any) -> Test:
    """Whether one comparison holds of a CI."""

    def one(held: Any) -> bool:
        match op:
            case "eq":
                return bool(held == with_)
            case "ne":
                return bool(held != with_)
            case "in":
                return held in with_
            case "contains":
                return with_.lower() in held.lower()
            case "prefix":
                return bool(held.lower().startswith(with_.lower()))
            case "suffix":
                return bool(held.lower().endswith(with_.lower()))
            case "startsWith":
                return bool(held.startswith(with_))
        return bool({"gt": held > with_, "gte": held >= with_, "lt": held < with_, "lte": held <= with_}[op])

    def test(row: Row) -> bool | None:
        held = of(row, name)
        if op == "null":
            return (held is None) is with_
        if kind == "strings" and op == "ne":
            return with_ not in (held or [])
        if held is None:
            return None
        return any(one(item) for item in held) if kind == "strings" else one(held)

    return test


def both(how: str, tests: list[Test]) -> Test:
    """All of them, or one of them; what is unknown stays so unless the others decide."""
    decides = how == "or"

    def test(row: Row) -> bool | None:
        found = [one(row) for one in tests]
        return decides if decides in found else None if None in found else not decides

    return test


def no(inner: Test) -> Test:
    """What is unknown does not hold."""
    return lambda row: inner(row) is not True


def sorter(order: list[tuple[str, bool]]) -> Any:
    """The order: texts by code point, absent values greatest, the id last."""

    def before(a: Row, b: Row) -> int:
        for name, descending in [*order, ("id", False)]:
            one, other = of(a, name), of(b, name)
            if one == other:
                continue
            less = other is None or (one is not None and one < other)
            return (1 if less else -1) if descending else (-1 if less else 1)
        return 0

    return cmp_to_key(before)


@pytest.fixture
def estate(store: Store) -> Estate:
    """Written once."""
    made = Estate(random.Random(FIRST))
    made.write(store)
    return made


@pytest.fixture
def run(store: Store, estate: Estate, tmp_path: Any) -> Iterator[Executor]:
    """Who answers."""
    with parts(tmp_path / "home", store) as made:
        yield executor(made)


def pages(run: Executor, cls: str | None, variables: dict[str, Any], size: int) -> tuple[list[str], int]:
    """The ids on all pages, each checked for what it says of the next, and the total."""
    name = CLASSES[cls] if cls else "cis"
    text = (
        f"query L($filter: {cls or 'CI'}Filter, $order: [Order!], $first: Int!, $after: String, $retired: Boolean!) "
        f"{{ {name}(filter: $filter, order: $order, first: $first, after: $after, includeRetired: $retired) "
        "{ totalCount nodes { id } edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"
    )
    ids: list[str] = []
    after: str | None = None
    for _ in range(100):
        run._budgets.clear()
        body = asyncio.run(run.execute(ADMIN, text, {**variables, "first": size, "after": after})).body
        assert "errors" not in body, (body["errors"], variables)
        page = body["data"][name]
        ids += [row["id"] for row in page["nodes"]]
        assert [edge["node"]["id"] for edge in page["edges"]] == [row["id"] for row in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return ids, page["totalCount"]
        assert len(page["nodes"]) == size
        after = page["pageInfo"]["endCursor"]
        assert after == page["edges"][-1]["cursor"]
    raise AssertionError("it never ends")


ORDERS = ("lifecycle", "rev", "id", "expiresAt", "cpuCores", "name")


def test_a_cursor_of_another_order_is_refused(run: Executor) -> None:
    """Where a row stands in one order is no place in another of other types: nothing would follow, unsaid."""
    text = (
        "query L($by: String!, $after: String) { hosts(order: [{attribute: $by}], first: 1, after: $after) "
        "{ nodes { id } pageInfo { endCursor } } }"
    )

    def page(by: str, after: str | None = None) -> dict[str, Any]:
        run._budgets.clear()
        return asyncio.run(run.execute(ADMIN, text, {"by": by, "after": after})).body

    ends = {by: page(by)["data"]["hosts"]["pageInfo"]["endCursor"] for by in ORDERS}
    for by, after in [("rev", ends["name"]), ("name", ends["rev"]), ("name", ends["id"]), ("id", ends["name"])]:
        assert "another order" in page(by, after)["errors"][0]["message"], (by, after)
    assert all(page(by, ends[by])["data"]["hosts"]["nodes"] for by in ORDERS)


@pytest.mark.timeout(120 + CASES)
def test_lists_are_those_of_a_plain_walk(run: Executor, estate: Estate) -> None:
    """Filters, orders with absent and equal values, pages and totals, of one class and of all."""
    wrong = []
    for seed in range(FIRST, FIRST + CASES):
        dice = random.Random(seed)
        cls = dice.choice([None, *CLASSES])
        filter_, test = Asked(estate, dice).filter(cls)
        types = attribute_types(cls)
        possible = [n for n in [*(ASKED[cls] if cls else ()), *COMMON] if types[n] != "strings"]
        order = [(name, dice.random() < 0.5) for name in dice.sample(possible, dice.randint(1, 3))]
        retired = dice.random() < 0.5
        variables = {
            "filter": filter_, "retired": retired,
            "order": [{"attribute": camel(name), "descending": down} for name, down in order],
        }  # fmt: skip
        members = None if cls is None else {c for c in catalogue().classes if cls in catalogue().lineage(c)}
        expected = [
            row["id"] for row in sorted(estate.rows, key=sorter(order))
            if (retired or row["status"] == "live") and (members is None or row["class"] in members) and test(row)
        ]  # fmt: skip
        found, total = pages(
            run, cls, variables, dice.choice([100, max(1, len(expected) // 2), max(1, len(expected) // 3)])
        )
        if found != expected or total != len(expected):
            wrong.append((seed, cls, variables, found, expected, total))
    assert not wrong, f"{len(wrong)}: " + json.dumps(wrong[:3])


def test_small_letters_are_the_databases_own(store: Store) -> None:
    """What is looked for is made small here, once, and what is there by the database: of no letter do they differ."""
    letters = [one for one in map(chr, range(0x110000)) if one != one.lower() or one != one.upper()] + ["ΑΣ", "ΑΣ Β"]
    small = store._bolt.read(lambda run: run("UNWIND $all AS one RETURN toLower(one) AS small", {"all": letters}))
    assert [row["small"] for row in small] == [one.lower() for one in letters] and len(letters) > 2_500
    for attribute in ("name", "tags"):
        for op in ("contains", "prefix", "suffix"):
            text, given = filters.condition(None, Compare(attribute, op, "İ" * 4_000))
            assert "toLower($" not in text and set(given.values()) == {"i\u0307" * 4_000}
