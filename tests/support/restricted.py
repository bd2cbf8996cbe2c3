"""A generated graph with all that hangs on CIs, what may be shown of it, what may be asked, and how to remove CIs."""

from __future__ import annotations

import json
import random
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from support.reports import NOW

from cmdb import claims
from cmdb.classes import catalogue
from cmdb.cypher import And, Compare, Filter, Not, Or
from cmdb.governance import Policy, Rule
from cmdb.identity import Candidate, identify
from cmdb.store import By, Store

BY = By("ada", NOW, "because")
WORDS = ("alpha", "beta", "gamma", "delta")
CLASSES = ("Host", "Service", "Application", "BusinessService", "IPAddress", "Filesystem", "Site", "Rack")
KINDS = ("DEPENDS_ON", "RUNS_ON", "USES", "LOCATED_IN", "PART_OF", "OWNED_BY")
SCOPES = ("nd_1/host", "nd_2/services", "import:assets/rows")
KEYS = ("serial", "vendor", "machine_id", "macs", "smbios_uuid")
CI = "id name class status rev parent { id name } stale: staleSince tags"


@dataclass(frozen=True, slots=True)
class Identified:
    """A decision that made a host one host: it can be taken again with fewer candidates."""

    scope: str
    ci: str
    attributes: dict[str, Any]
    candidates: tuple[Candidate, ...]
    apart: tuple[str, ...]

    def trace(self, gone: Collection[str] = ()) -> dict[str, Any]:
        """Its trace as if those that are gone had never been there."""
        there = [one for one in self.candidates if one.id not in gone]
        apart = [ci for ci in self.apart if ci not in gone]
        return identify(catalogue().cls("Host"), None, self.attributes, there, distinct_from=apart).trace()


@dataclass(slots=True)
class Generated:
    """What was made."""

    ids: list[str]
    edges: list[str]
    identified: list[Identified] = field(default_factory=list)


def generate(store: Store, dice: random.Random) -> Generated:
    """Some forty CIs with names that collide, things inside things, edges of several kinds; some closed.

    With claims and identity traces, merges, tags, policies, a past and a journal that tells it.
    """
    nodes = [_node(dice, n) for n in range(dice.randint(12, 40))]
    hosts = [node for node in nodes if node["class"] == "Host"]
    for node in nodes:
        inside = node["class"] in {"Service", "IPAddress", "Filesystem"}
        node["parent"] = dice.choice([h["id"] for h in hosts if h["id"] < node["id"]]) if inside else None
    edges = [_edge(dice, n, *dice.sample(nodes, 2)) for n in range(len(nodes) * 2)]
    _write(
        store,
        "UNWIND $nodes AS row CREATE (n:CI) SET n = row, n:$(row.class) "
        "WITH count(*) AS made UNWIND $edges AS row MATCH (a:CI {id: row.source}) MATCH (b:CI {id: row.target}) "
        "CREATE (a)-[e:$(row.type)]->(b) SET e = row.e",
        nodes=nodes, edges=edges,
    )  # fmt: skip
    changed = [n for n in nodes if dice.random() < 0.3]
    _past(store, dice, nodes, edges, changed)
    made = Generated([n["id"] for n in nodes], [e["e"]["id"] for e in edges])
    _claims(store, dice, nodes, made)
    _merges(store, dice, nodes)
    for _ in range(dice.randint(0, 3)):
        store.create_ci("Organisation", f"{dice.choice(WORDS)}-org-{dice.random()}", {}, BY)
    store.put_policy(Policy("says-its-os", "Host", Rule.REQUIRED, "os_id"), BY)
    store.put_policy(Policy("some-names", "CI", Rule.ALLOWED, "name", ("alpha-1", "beta-2", "gamma-3")), BY)
    return made


def _node(dice: random.Random, n: int) -> dict[str, Any]:
    cls = "Host" if n < 3 else dice.choice(CLASSES)
    name = f"{dice.choice(WORDS)}-{dice.randint(1, 4)}"
    node = {
        "id": f"ci_{n:04d}", "class": cls, "key": f"{name}-{n}", "name": name, "rev": 1,
        "status": dice.choice(["live"] * 9 + ["retired"]), "first_seen": NOW, "valid_from": 1,
        "source": dice.choice(SCOPES),
        "search": " ".join({name, name[name.index("-") + 1 :], *name.split("-")}),
    }  # fmt: skip
    if dice.random() < 0.4:
        node["tags"] = sorted(dice.sample(["prod", "test", "web", "team:a", "team:b"], dice.randint(1, 3)))
    if cls == "Host":
        node |= {"os_id": dice.choice(["debian", "rocky"]), "cpu_cores": dice.randint(1, 8), **_identity(dice)}
    return node


def _identity(dice: random.Random) -> dict[str, Any]:
    """Keys that collide: clones, replaced boards, machines with one serial number."""
    return {
        "serial": dice.choice(["CZC1234A", "CZC5678B", "CZC9012C"]), "vendor": dice.choice(["HP", "Dell"]),
        "machine_id": dice.choice(["1f" * 16, "2e" * 16]), "macs": [dice.choice(["00:16:3e:00:00:01"])],
        "smbios_uuid": dice.choice(["11111111-2222-4333-8444-555555555551", "61111111-2222-4333-8444-555555555552"]),
    }  # fmt: skip


def _edge(dice: random.Random, n: int, source: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    closed = dice.random() < 0.2
    return {
        "source": source["id"], "target": target["id"], "type": dice.choice(KINDS),
        "e": {"id": f"ed_{n:04d}", "valid_from": 1, "valid_to": 2 if closed else None, "scope": "t/t", **EVIDENCE},
    }  # fmt: skip


EVIDENCE = {"kind": "declared", "detail": "d", "confidence": 1.0, "first_seen": NOW, "last_seen": None}


def _past(
    store: Store, dice: random.Random, nodes: list[dict[str, Any]], edges: list[dict[str, Any]],
    changed: list[dict[str, Any]],
) -> None:  # fmt: skip
    """Versions of what changed, and the entries of the journal that did all of it, and some that did little."""
    before = [
        {**{k: v for k, v in n.items() if k != "id"}, "ci": n["id"], "name": dice.choice(WORDS), "from": 1, "to": 2}
        for n in changed
    ]
    _write(
        store,
        "UNWIND $rows AS row MATCH (n:CI {id: row.ci}) SET n.valid_from = 2, n.rev = 2 "
        "CREATE (v:Version)-[:OF]->(n) SET v = row",
        rows=before,
    )
    ends = [({"id": e["e"]["id"], "source": e["source"], "target": e["target"]}, e["e"]["valid_to"]) for e in edges]
    made = [{"op": "create", "id": n["id"]} for n in nodes]
    made += [{"op": "open", "because": None, "evidence": EVIDENCE, **e} for e, _ in ends]
    became = [{"op": "close", **e} for e, closed in ends if closed] + [{"op": "change", "id": n["id"]} for n in changed]
    few = [{"op": "reword", "id": e["id"], "source": e["source"]} for e, _ in dice.sample(ends, 2)]
    said = [{"op": "claim", "scope": "t/t", "ci": n["id"], "seq": None, "said": None} for n in dice.sample(nodes, 2)]
    stale = [{"op": "stale", "cis": [n["id"] for n in dice.sample(nodes, 3)]}]
    entry = {"at": NOW, "time": NOW, "actor": "t", "kind": "report", "summary": "made", "prev": "", "hash": ""}
    told = ((-2, stale), (-1, said), (0, few), (1, made), (2, became))
    entries = [{**entry, "seq": seq, "ops": json.dumps(ops)} for seq, ops in told]
    _write(store, "UNWIND $rows AS row CREATE (c:Change) SET c = row", rows=entries)


def _claims(store: Store, dice: random.Random, nodes: list[dict[str, Any]], made: Generated) -> None:
    """Scopes that assert CIs; of hosts, how they were identified among others."""
    hosts = [Candidate(n["id"], {k: n[k] for k in KEYS}) for n in nodes if n["class"] == "Host"]
    rows = []
    for node in nodes:
        for scope in dice.sample(SCOPES, dice.randint(0, 2)):
            said = {"name": claims.Entry(node["name"], 1)} if dice.random() < 0.7 else None
            rows.append({"ci": node["id"], "scope": scope, "said": claims.to_json(said), "trace": None})
            if node["class"] == "Host" and dice.random() < 0.8:
                rows[-1]["trace"] = _identified(dice, node, scope, hosts, made)
    _write(
        store,
        "UNWIND $rows AS row MATCH (n:CI {id: row.ci}) MERGE (s:Scope {id: row.scope}) "
        "CREATE (s)-[:ASSERTS {since: 1, said: row.said, trace: row.trace}]->(n)",
        rows=rows,
    )


def _identified(
    dice: random.Random, node: dict[str, Any], scope: str, hosts: list[Candidate], made: Generated
) -> str | None:
    others = [one for one in dice.sample(hosts, dice.randint(0, len(hosts))) if one.id != node["id"]]
    apart = tuple(one.id for one in others if dice.random() < 0.2)
    itself = [Candidate(node["id"], {k: node[k] for k in KEYS})] if dice.random() < 0.6 else []
    # What was reported may lack what others have: only then a weaker rule is tried.
    said = {k: node[k] for k in KEYS if dice.random() < 0.8}
    one = Identified(scope, node["id"], said, (*itself, *others), apart)
    trace = one.trace()
    if trace["outcome"] not in {"match", "new"} or (trace["outcome"] == "match" and trace["candidates"] != [one.ci]):
        return None  # held for a person: that makes no CI
    made.identified.append(one)
    return json.dumps(trace)


def _merges(store: Store, dice: random.Random, nodes: list[dict[str, Any]]) -> None:
    rows = [
        {"id": f"mg_{n}", "winner": w["id"], "loser": loser["id"], "at": NOW, "by": "ada", "reason": "one", "seq": n}
        for n, (w, loser) in enumerate(dice.sample(nodes, 2) for _ in range(6))
    ]
    _write(store, "UNWIND $rows AS row CREATE (m:Merge {state: 'open'}) SET m += row", rows=rows)


def _write(store: Store, text: str, **parameters: Any) -> list[dict[str, Any]]:
    return store._bolt.write(lambda run: run(text, parameters))


def wipe(store: Store) -> None:
    """Nothing is left but the journal's counter, as if two entries had been written."""
    _write(store, "MATCH (n) WHERE NOT n:Migration AND NOT n:Journal DETACH DELETE n")
    _write(store, "MATCH (j:Journal) SET j.views = null, j.seq = 2, j.hash = ''")


def remove_hidden(store: Store, made: Generated) -> set[str]:
    """Make it the graph in which what the view hides has never been: also of no decision or journal entry.

    An entry that did nothing else was never written, nor was that of the view.
    """
    (view,) = store.views()
    hidden = f"MATCH (n:CI) WHERE NOT n:`{view.label}` "
    rows = _write(store, hidden + "MATCH (n)-[e]-(:CI) WHERE e.id IS NOT NULL RETURN DISTINCT e.id AS id")
    edges = {row["id"] for row in rows}
    gone = {row["id"] for row in _write(store, hidden + "WITH n, n.id AS id DETACH DELETE n RETURN id")}
    _write(store, "MATCH (v:Version) WHERE NOT (v)-[:OF]->() DELETE v")
    _write(store, "MATCH (m:Merge) WHERE m.loser IN $gone DELETE m", gone=sorted(gone))
    traces = [{"s": o.scope, "ci": o.ci, "trace": json.dumps(o.trace(gone))} for o in made.identified]
    _write(
        store,
        "UNWIND $rows AS row MATCH (:Scope {id: row.s})-[a:ASSERTS]->(:CI {id: row.ci}) SET a.trace = row.trace",
        rows=traces,
    )
    entries = [(entry["seq"], _left(entry["ops"], gone, edges)) for entry in store.entries_after(-9, 1_000)]
    rows = [{"seq": seq, "ops": json.dumps(ops), "gone": not ops} for seq, ops in entries]
    _write(store, "UNWIND $rows AS row MATCH (c:Change {seq: row.seq}) SET c.ops = row.ops", rows=rows)
    _write(store, "UNWIND $rows AS row MATCH (c:Change {seq: row.seq}) WHERE row.gone DELETE c", rows=rows)
    return gone


def _left(ops: list[dict[str, Any]], gone: Collection[str], edges: Collection[str]) -> list[dict[str, Any]]:
    found = [op for op in ops if not _about(op) & {*gone, *edges} and op["op"] != "view"]
    marked = [{**op, "cis": [ci for ci in op["cis"] if ci not in gone]} if "cis" in op else op for op in found]
    return [op for op in marked if op.get("cis", True)]


def _about(op: dict[str, Any]) -> set[str]:
    return {op[name] for name in ("id", "source", "target", "ci") if isinstance(op.get(name), str)}


def a_view(dice: random.Random, depth: int = 2) -> Filter:
    """A filter that hides something, mostly."""
    kinds: list[Filter] = [
        Not(Compare("name", "prefix", dice.choice(WORDS))),
        Not(Compare("class", "in", dice.sample(["Host", "Service", "Application", "BusinessService"], 2))),
        Compare("name", "in", [f"{w}-{n}" for w in WORDS for n in dice.sample(range(1, 5), 2)]),
        Not(Compare("os_id", "eq", "rocky")),
        Not(Compare("cpu_cores", "gt", dice.randint(1, 7))),
    ]
    if depth and dice.random() < 0.5:
        several = (a_view(dice, depth - 1), a_view(dice, depth - 1))
        return dice.choice([And(several), Or(several)])
    return dice.choice(kinds)


def a_question(dice: random.Random, made: Generated) -> tuple[str, dict[str, Any]]:
    """A question that could give something away."""
    ids = made.ids
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
        *_more(dice, made, one, n),
        ("{ diff(from: 0, first: 5) { nodes { ci name what edgeCount edges { id } } pageInfo { endCursor } } }", {}),
    ]  # fmt: skip
    return dice.choice(asked)


TRACE = "outcome reason rule keys steps { rule keys hits result } candidates refused { key value reason } source since"
IMPACT = "verdict hash of { id } items { ci { id name } degree hops reason } atRisk { id } edges { id }"


def _more(dice: random.Random, made: Generated, one: str, n: int) -> list[tuple[str, dict[str, Any]]]:
    """Sums, provenance, checks and what subscriptions say to a journal entry (`seq`)."""
    few, end = dice.sample(made.ids, dice.randint(1, 4)), "pageInfo { hasNextPage endCursor }"
    by = dice.choice(["CLASS", "STATUS", "SITE", "OWNER", "ATTRIBUTE"])
    attribute = ', attribute: "osId"' if by == "ATTRIBUTE" else ""
    seq, gone = dice.choice([None, 1, 2]), dice.choice(["true", "false"])
    changed = f"seq at actor kind cis {{ {CI} }} truncated"
    return [
        (
            f"{{ counts(by: {by}{attribute}, first: {n}, includeRetired: {gone}) {{ nodes {{ key count }} {end} }} }}",
            {},
        ),
        (f'{{ tags(first: {n}, prefix: "{dice.choice(["", "t"])}") {{ nodes {{ tag count }} {end} }} }}', {}),
        (f"{{ freshness(first: {n}) {{ nodes {{ class source count }} ages {{ class within count }} {end} }} }}", {}),
        (
            "query Q($id: ID!) { edgeHistory(id: $id) { type from to open truncated before"
            " nodes { seq at actor kind what evidence { kind detail } } } }",
            {"id": dice.choice(made.edges)},
        ),
        (
            "query Q($id: ID!) { ci(id: $id) { claims { scope since trace kind"
            f" values {{ attribute value wins since until }} }} identityTrace {{ {TRACE}"
            " merged { id at by reason } } } }",
            {"id": one},
        ),
        (f"{{ hosts(first: 4) {{ nodes {{ id identityTrace {{ {TRACE} }} }} }} }}", {}),
        (
            f"{{ policyViolations(first: {n}) {{ nodes {{ policy attribute value sentence ci {{ id name }} }} lookedAt"
            f" {end} counts {{ byPolicy {{ policy count }} lookedAt truncated }} }} }}",
            {},
        ),
        (
            f"{{ cardinalityViolations(first: {n}) {{ nodes {{ relation outgoing count edges ci {{ id }}"
            f" ends {{ id name }} }} {end} }} }}",
            {},
        ),
        (f"{{ journal(first: {n}) {{ nodes {{ seq at actor kind }} {end} }} }}", {}),
        ("{ status { sequence counts { class count } } }", {}),
        (f"subscription S($of: [ID!]) {{ ciChanged(of: $of) {{ {changed} }} }}", {"of": few, "seq": seq}),
        (f'subscription {{ ciChanged(class: "Host") {{ {changed} }} }}', {"seq": seq}),
        (f"subscription S($of: [ID!]!) {{ impactChanged(of: $of) {{ {IMPACT} }} }}", {"of": few, "seq": seq}),
    ]
