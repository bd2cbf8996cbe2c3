"""Row-level rights: what a restricted person is told is what an admin would be told without the forbidden CIs.

Each case is one generated graph, one view and one question: it is asked by the restricted person; then the forbidden
CIs are really removed and an admin asks the same. EPICENTRE_TEST_CASES asks for more of them (10,000 take minutes).
"""

import asyncio
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.questions import ADMIN, answer, parts
from support.reports import NOW

from cmdb.cypher import And, Compare, Filter, Not, Or
from cmdb.errors import Forbidden, Overloaded
from cmdb.store import By, Store
from cmdb.words import Principal, Role
from cmdb_graphql.endpoint import executor
from cmdb_graphql.services import Services

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "300"))
PER_GRAPH = 100
BY = By("ada", NOW, "because")
READER = Principal("ben", frozenset({Role.READER}), "v")
WORDS = ("alpha", "beta", "gamma", "delta")
CI = "id name class status rev parent { id name } stale: staleSince"


def _graph(store: Store, dice: random.Random) -> list[str]:
    """Some forty CIs with names that collide, things inside things, and edges of several kinds; some closed."""
    size = dice.randint(12, 40)
    classes = ["Host", "Service", "Application", "BusinessService", "IPAddress", "Filesystem"]
    nodes: list[dict[str, Any]] = []
    for n in range(size):
        cls = "Host" if n < 3 else dice.choice(classes)
        inside = cls in {"Service", "IPAddress", "Filesystem"}
        name = f"{dice.choice(WORDS)}-{dice.randint(1, 4)}"
        parent = dice.choice([x["id"] for x in nodes if x["class"] == "Host"]) if inside else None
        node = {
            "id": f"ci_{n:04d}", "class": cls, "key": f"{name}-{n}", "name": name, "parent": parent, "rev": 1,
            "status": dice.choice(["live"] * 9 + ["retired"]), "first_seen": NOW, "valid_from": 1, "source": "t/t",
            "search": " ".join({name, name[name.index("-") + 1 :], *name.split("-")}),
        }  # fmt: skip
        if cls == "Host":
            node |= {"os_id": dice.choice(["debian", "rocky"]), "cpu_cores": dice.randint(1, 8)}
        nodes.append(node)
    edges = []
    for n in range(size * 2):
        source, target = dice.sample(nodes, 2)
        kind = dice.choice(["DEPENDS_ON", "RUNS_ON", "USES"])
        closed = dice.random() < 0.2
        edges.append(
            {"source": source["id"], "target": target["id"], "type": kind,
             "e": {"id": f"ed_{n:04d}", "valid_from": 1, "valid_to": 2 if closed else None, "scope": "t/t",
                   "kind": "declared", "detail": "d", "confidence": 1.0}}
        )  # fmt: skip
    store._bolt.write(
        lambda run: run(
            "UNWIND $nodes AS row CREATE (n:CI) SET n = row, n:$(row.class) "
            "WITH count(*) AS made UNWIND $edges AS row MATCH (a:CI {id: row.source}) MATCH (b:CI {id: row.target}) "
            "CREATE (a)-[e:$(row.type)]->(b) SET e = row.e",
            {"nodes": nodes, "edges": edges},
        )
    )
    changed = [n for n in nodes if dice.random() < 0.3]
    before = [
        {**{k: v for k, v in n.items() if k != "id"}, "ci": n["id"], "name": dice.choice(WORDS), "from": 1, "to": 2}
        for n in changed
    ]
    store._bolt.write(
        lambda run: run(
            "UNWIND $rows AS row MATCH (n:CI {id: row.ci}) SET n.valid_from = 2, n.rev = 2 "
            "CREATE (v:Version)-[:OF]->(n) SET v = row",
            {"rows": before},
        )
    )
    closed_now = [e for e in edges if e["e"]["valid_to"]]
    ops = [{"op": "create", "id": n["id"]} for n in nodes] + [{"op": "open", "source": e["source"]} for e in edges]
    entries = [
        {"seq": 1, "ops": json.dumps(ops)},
        {
            "seq": 2,
            "ops": json.dumps(
                [{"op": "close", "source": e["source"]} for e in closed_now]
                + [{"op": "change", "id": n["id"]} for n in changed]
            ),
        },
    ]
    entry = {"at": NOW, "time": NOW, "actor": "t", "kind": "report", "summary": "made", "prev": "", "hash": ""}
    store._bolt.write(
        lambda run: run(
            "UNWIND $rows AS row CREATE (c:Change) SET c = row", {"rows": [{**entry, **e} for e in entries]}
        )
    )
    for _ in range(3):
        run = dice.choice(nodes)
        if run["status"] == "live" and run["class"] in {"Application", "BusinessService"}:
            store.create_ci("Organisation", f"{dice.choice(WORDS)}-org-{dice.random()}", {}, BY)
    return [node["id"] for node in nodes]


def _view(dice: random.Random, depth: int = 2) -> Filter:
    """A filter that hides something, mostly."""
    kinds: list[Filter] = [
        Not(Compare("name", "prefix", dice.choice(WORDS))),
        Not(Compare("class", "in", dice.sample(["Host", "Service", "Application", "BusinessService"], 2))),
        Compare("name", "in", [f"{w}-{n}" for w in WORDS for n in dice.sample(range(1, 5), 2)]),
        Not(Compare("os_id", "eq", "rocky")),
        Not(Compare("cpu_cores", "gt", dice.randint(1, 7))),
    ]
    if depth and dice.random() < 0.5:
        several = (_view(dice, depth - 1), _view(dice, depth - 1))
        return dice.choice([And(several), Or(several)])
    return dice.choice(kinds)


def _question(dice: random.Random, ids: list[str]) -> tuple[str, dict[str, Any]]:
    """A question that could give something away."""
    one, other = (dice.choice(ids) for _ in range(2))
    few = dice.sample(ids, dice.randint(1, 4))
    word, n = dice.choice(WORDS), dice.randint(1, 12)
    start, name = dice.choice([word, word[:2], "1"]), dice.choice([word, one, "ci_0"])
    edge = "id type since from { id name } to { id name } evidence { kind detail }"
    page, end = f"nodes {{ {edge} }} pageInfo {{ hasNextPage endCursor }}", "pageInfo { hasNextPage endCursor }"
    by, at = dice.choice(["name", "class", "cpuCores", "rev"]), dice.choice(["", ", asOf: 1", ", asOf: 2"])
    way, none = dice.choice(["OUT", "IN"]), dice.choice(["true", "false"])
    asked: list[tuple[str, dict[str, Any]]] = [
        (f"query Q($id: ID!) {{ ci(id: $id{at}) {{ {CI} children {{ nodes {{ id name }} }} }} }}", {"id": one}),
        (
            "query Q($n: Int!, $p: String!) { cis(first: $n, filter: {not: {name: {prefix: $p}}},"
            f" order: [{{attribute: \"{by}\", descending: true}}]{at})"
            f" {{ totalCount edges {{ cursor node {{ {CI} }} }} {end} }} }}",
            {"n": n, "p": word},
        ),
        (
            f"query Q($p: String!) {{ cis(first: {n}, filter: {{related: [{{direction: {way}, none: {none},"
            f" to: {{name: {{suffix: $p}}}}}}]}}) {{ totalCount nodes {{ {CI} }} {end} }} }}",
            {"p": f"-{n % 4 + 1}"},
        ),
        (f"{{ hosts(first: {n}, includeRetired: true{at}) {{ totalCount nodes {{ {CI} osId cpuCores"
         f" children(first: 5) {{ nodes {{ {CI} }} {end} }}"
         f" dependencies(first: 5) {{ {page} }} dependents(first: 5) {{ nodes {{ id to {{ name }} }} }} }} }} }}", {}),
        (f"query Q($t: String!) {{ search(text: $t, first: {n}) {{ nodes {{ {CI} }} {end} }} }}", {"t": start}),
        (f"query Q($t: String!) {{ resolve(name: $t, first: {n}) {{ nodes {{ {CI} }} truncated }} }}", {"t": name}),
        (f"query Q($of: [ID!]!) {{ dependencies(of: $of{at}) {{ {page} }} }}", {"of": few}),
        (f"query Q($of: [ID!]!) {{ dependents(of: $of{at}) {{ {page} }} }}", {"of": few}),
        (f"query Q($a: ID!, $b: ID!) {{ path(from: $a, to: $b{at}) {{ {edge} }} }}", {"a": one, "b": other}),
        (
            f"query Q($a: ID!, $b: ID!) {{ paths(from: $a, to: $b, first: 5{at})"
            f" {{ nodes {{ hops edges {{ {edge} }} }} truncated }} }}",
            {"a": one, "b": other},
        ),
        (
            f"query Q($of: [ID!]!) {{ impact(of: $of{at}) {{ verdict hash truncated of {{ id }} atRisk {{ id }}"
            f" counts {{ class degree count }} edges {{ id }}"
            f" items {{ ci {{ {CI} }} before degree hops reason path {{ {edge} }} }} }} }}",
            {"of": few},
        ),
        ("query Q($of: [ID!]!) { pastCis(of: $of) { id name parent attributes } }", {"of": few}),
        ("query Q($id: ID!) { history(id: $id) { nodes { seq what values { attribute } edgeCount } } }", {"id": one}),
        ("{ diff(from: 0, first: 5) { nodes { ci name what edgeCount edges { id } } pageInfo { endCursor } } }", {}),
    ]  # fmt: skip
    return dice.choice(asked)


@pytest.fixture
def made(tmp_path: Path, store: Store) -> Iterator[Services]:
    """A server's parts."""
    with parts(tmp_path, store) as opened:
        yield opened


def test_a_restricted_answer_is_an_admins_without_the_forbidden_cis(made: Services) -> None:
    """Lists, counts, orders, cursors, searches, ways, impact, past and errors: not one difference."""
    store, differ, hidden, empty = made.store, [], 0, 0
    executor(made)._budgets.default_factory = _Free  # type: ignore[assignment]
    for seed in range(max(1, CASES // PER_GRAPH)):
        dice = random.Random(seed)
        _wipe(store)
        ids = _graph(store, dice)
        store.define_view("v", _view(dice), BY)
        asked = [_question(dice, ids) for _ in range(PER_GRAPH)]
        told = [answer(made, text, READER, **variables) for text, variables in asked]
        hidden += _remove_hidden(store)
        for (text, variables), restricted in zip(asked, told, strict=True):
            whole = answer(made, text, ADMIN, **variables)
            empty += not any((restricted.get("data") or {}).values())
            if restricted != whole:
                differ.append((seed, text, variables, restricted, whole))
    assert not differ, differ[0]
    assert hidden > CASES // 50, "the views hid too little to prove anything"
    assert empty < CASES / 2


class _Free:
    """A budget without an end: only the answers are of interest here."""

    def charge(self, *_: Any, **__: Any) -> Any:
        """Nothing is charged."""
        from contextlib import nullcontext

        return nullcontext()


def _wipe(store: Store) -> None:
    store._bolt.write(lambda run: run("MATCH (n) WHERE NOT n:Migration AND NOT n:Journal DETACH DELETE n", {}))
    store._bolt.write(lambda run: run("MATCH (j:Journal) SET j.views = null, j.seq = 2, j.hash = ''", {}))


def _remove_hidden(store: Store) -> int:
    (view,) = store.views()
    text = f"MATCH (n:CI) WHERE NOT n:`{view.label}` DETACH DELETE n RETURN count(*) AS count"
    return int(store._bolt.write(lambda run: run(text, {}))[0]["count"])


@pytest.mark.parametrize(
    "question",
    ["{ journal { nodes { summary } } }", "{ status { queued } }", "{ agents { nodes { node } } }",
     "{ conflicts { nodes { trace } } }", "{ counts(by: CLASS) { nodes { key } } }",
     '{ ci(id: "x") { claims { scope } } }', '{ ci(id: "x") { identityTrace { __typename } } }',
     "{ users { nodes { name } } }"],
)  # fmt: skip
def test_what_tells_of_the_whole_is_not_for_readers(made: Services, question: str) -> None:
    """What no view can cut is refused as a whole."""
    made.store.define_view("v", Compare("class", "eq", "Host"), BY)
    with pytest.raises(Forbidden):
        asyncio.run(executor(made).execute(READER, question, {}))


def test_every_command_is_refused_to_readers(made: Services) -> None:
    """No command's policy names the reader."""
    policies = executor(made).built.policies
    assert not [name for (kind, name), roles in policies.items() if kind == "mutation" and Role.READER in roles]


def test_an_account_is_kept_to_a_view_from_the_next_request_on(made: Services) -> None:
    """Defined, given, asked by token, dropped: then the account sees nothing."""
    define = 'mutation { defineView(name: "hosts", filter: {class: {eq: "Host"}}) { name ready filter } }'
    made_view = answer(made, define)["data"]["defineView"]
    assert made_view["ready"]
    answer(made, 'mutation { createUser(name: "ben", roles: ["reader"], view: "hosts") { view } }')
    who = made.accounts.authenticate(made.accounts.create_token("ben"))
    assert (who.roles, who.view) == (frozenset({Role.READER}), "hosts")
    assert answer(made, "{ me { roles view } cis { totalCount } }", who)["data"]["me"]["view"] == "hosts"
    answer(made, 'mutation { dropView(name: "hosts") }')
    with pytest.raises(Forbidden, match="is gone"):
        answer(made, "{ cis { totalCount } }", who)


def test_a_reader_without_a_view_and_a_view_for_others_are_refused(made: Services) -> None:
    """A view restricts readers only, and a reader without one would see everything."""
    bare = answer(made, 'mutation { createUser(name: "b", roles: ["reader"]) { name } }')
    assert "name the view" in bare["errors"][0]["message"]
    answer(made, 'mutation { defineView(name: "hosts", filter: {class: {eq: "Host"}}) { name } }')
    both = answer(made, 'mutation { createUser(name: "b", roles: ["viewer"], view: "hosts") { name } }')
    assert "its one role is reader" in both["errors"][0]["message"]
    unknown = answer(made, 'mutation { createUser(name: "b", roles: ["reader"], view: "none") { name } }')
    assert "there is no view 'none'" in unknown["errors"][0]["message"]


def test_a_view_in_the_making_asks_for_patience(made: Services) -> None:
    """Until every CI was looked at, the view says nothing, not something wrong."""
    whole = type(made.store)._label
    seen: list[type[Exception]] = []

    def look(self: Store, view: Any) -> None:
        try:
            self.seen_by("v")
        except Overloaded as error:
            seen.append(type(error))
        whole(self, view)

    type(made.store)._label = look  # type: ignore[method-assign]
    try:
        made.store.define_view("v", Compare("class", "eq", "Host"), BY)
    finally:
        type(made.store)._label = whole  # type: ignore[method-assign]
    assert seen == [Overloaded]
