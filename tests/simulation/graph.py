"""Neo4j as far as reports and leases need it, in memory: each statement of the write path carried out honestly.

It keeps its graph in the form of `cmdb.replay`, so that the journal can be held against it; and `test_graph_edge.py`
holds it against the real Neo4j, statement by statement of whole histories.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, TypeVar

from simulation.beyond import beyond, places, row_of
from simulation.faults import Faults
from simulation.machines import POISON

from cmdb import replay
from cmdb.cypher import commands, facts, governance, identity, sweep
from cmdb.errors import StoreUnavailable
from cmdb.store import brake, digest, reports
from cmdb.store.session import Run

T = TypeVar("T")
Rows = list[dict[str, Any]]


@dataclass(slots=True)
class State:
    """Everything that is kept. Values are replaced, never changed, so a copy of the tables is a copy of all."""

    cis: dict[str, Any] = field(default_factory=dict)
    versions: dict[tuple[str, int], Any] = field(default_factory=dict)
    edges: dict[str, Any] = field(default_factory=dict)
    claims: dict[tuple[str, str], Any] = field(default_factory=dict)
    past_claims: dict[tuple[str, str, int], Any] = field(default_factory=dict)
    scopes: dict[str, Any] = field(default_factory=dict)
    brakes: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, Any] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    journal: dict[int, Any] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=lambda: {"seq": 0, "hash": "", "time": None})

    def copy(self) -> State:
        """The same again, to be changed."""
        return State(*(dict(getattr(self, one.name)) for one in fields(self)))

    def graph(self) -> replay.Graph:
        """What a replay of the journal must give."""
        edges = {name: {k: v for k, v in edge.items() if k != "id"} for name, edge in self.edges.items()}
        return replay.Graph(self.cis, self.versions, edges, self.claims, self.past_claims)


class Memory:
    """What the store takes for its connection to Neo4j."""

    whole = True
    stricken = False

    def __init__(self, faults: Faults | None = None, killed: Callable[[], None] = lambda: None) -> None:
        self.state, self._faults, self._killed = State(), faults, killed
        self.away = False

    def read(self, work: Callable[[Run], T], *, timeout: float = 10.0) -> T:
        """As `Bolt.read`."""
        self._there()
        return work(self._on(self.state))

    def write(self, work: Callable[[Run], T], *, timeout: float = 60.0) -> T:
        """As `Bolt.write`: all of it or nothing, perhaps more than once, and perhaps without a word how it ended."""
        self._there()
        if self._now("graph begins again"):
            work(self._on(self.state.copy()))  # the driver repeats what was undone as if it had never been
        draft = self.state.copy()
        made = work(self._on(draft))
        self._killed()
        lost = self._now("graph lost at commit")
        if lost and self._faults is not None and self._faults.dice.random() < 0.5:
            raise StoreUnavailable("Neo4j was lost while it was written to; nothing was kept, try again shortly")
        self.state = draft
        if lost:
            raise StoreUnavailable("Neo4j was lost while it was written to, and nobody knows how that ended")
        self._killed()
        return made

    def _now(self, kind: str) -> bool:
        return self._faults is not None and self._faults.now(kind)

    def _there(self) -> None:
        if self.away:
            raise StoreUnavailable("Neo4j does not answer; nothing was lost, try again shortly")

    def _on(self, state: State) -> Run:
        def run(text: str, parameters: Mapping[str, Any]) -> Rows:
            self._killed()
            if self._now("graph away"):
                raise StoreUnavailable("Neo4j went away in the middle; nothing was kept")
            if self._faults is not None and text == facts.APPLY and _poisoned(parameters):
                raise RuntimeError("no graph takes this")
            does = _STATEMENTS.get(text)
            if does is None and text.startswith("CALL () { MATCH (c:CI:`") and "merged_into" in text:
                return _candidates(state, text, parameters)
            assert does is not None, f"the simulated graph does not know this statement:\n{text}"
            return does(state, parameters)

        return run


def _poisoned(asked: Mapping[str, Any]) -> bool:
    return any(row["properties"]["name"] == POISON for row in asked["create"])


# --- what is asked ---------------------------------------------------------------------------------------


def _around(state: State, host: str) -> dict[str, Any]:
    claims: dict[str, list[list[Any]]] = {}
    for (scope, ci), one in state.claims.items():
        claims.setdefault(ci, []).append([scope, one.get("seq"), one.get("said")])
    inside = (c for c in state.cis.values() if c.get("parent") == host and c["class"] != "Endpoint")
    return {
        "host": state.cis[host],
        "claims": claims.get(host, []),
        "children": [[child, claims.get(child["id"], [])] for child in inside],
    }


def _nodes(state: State, asked: Mapping[str, Any]) -> Rows:
    found = []
    for row in asked["rows"]:
        node, fresh = row["node"], row["fresh"]
        host = next((ci for scope, ci in state.claims if scope == node), None)
        own = state.scopes.get(node, {})
        scopes = [
            [s["section"], s["complete"], None if s["shared"] and s["section"] not in fresh else s["links"]]
            for s in state.scopes.values()
            if s.get("node") == node
        ]
        around = {"host": None, "claims": [], "children": []} if host is None else _around(state, host)
        found.append(
            {
                "node": node, "applied": row["report"] in state.applied, "boots": own.get("boots"),
                "distinct_from": own.get("distinct_from"), "scopes": scopes,
                "brakes": [b for b in state.brakes.values() if b["node"] == node], **around,
            }
        )  # fmt: skip
    return found


def _candidates(state: State, text: str, asked: Mapping[str, Any]) -> Rows:
    looks = text.partition(" } ")[0].split(" UNION ALL ")
    rules = [re.findall(r"c\.`(\w+)` IN", one) for one in looks]
    cls = text.partition("`")[2].partition("`")[0]
    found = []
    for ci in state.cis.values():
        fits = next((n for n, keys in enumerate(rules) if all(ci.get(key) in asked[key] for key in keys)), None)
        if ci["class"] == cls and fits is not None:
            nodes = [s for s, about in state.claims if about == ci["id"] and "node" not in state.scopes.get(s, {})]
            row = {"id": ci["id"], "merged": ci.get("merged_into"), "attributes": ci, "nodes": nodes}
            found.append((fits, ci["id"], {"candidate": row}))
    return [row for _, _, row in sorted(found, key=lambda one: one[:2])][: identity.MOST]


def _silent(state: State, asked: Mapping[str, Any]) -> Rows:
    wanted = set(asked["scopes"])
    about = dict.fromkeys(ci for scope, ci in state.claims if scope in wanted)
    live = (state.cis[ci] for ci in about if state.cis[ci]["status"] == "live")
    return [_held(state, ci) for ci in live if ci.get("stale_since") is None]


def _stale(state: State, _asked: Mapping[str, Any]) -> Rows:
    known = [ci for ci in state.cis.values() if ci.get("stale_since") is not None and ci["status"] == "live"]
    return [_held(state, ci) for ci in sorted(known, key=lambda one: str(one["id"]))]


def _held(state: State, ci: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: ci.get(name) for name in ("id", "class", "parent", "stale_since")}
    return {**named, "scopes": [scope for scope, about in state.claims if about == ci["id"]]}


def _held_conflict(state: State, asked: Mapping[str, Any]) -> Rows:
    return [{"reason": state.conflicts.get(asked["id"], {}).get("reason")}]


# --- what is written -------------------------------------------------------------------------------------


def _present(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}


def _lock(state: State, _asked: Mapping[str, Any]) -> Rows:
    state.head["seq"] += 1
    head = state.head
    return [{"seq": head["seq"], "prev": head["hash"], "time": head["time"], "precedence": []}]


def _apply(state: State, asked: Mapping[str, Any]) -> Rows:
    for row in asked["create"]:
        state.cis[row["properties"]["id"]] = _present(row["properties"])
    changed = sum(_change(state, row) for row in asked["change"])
    for row in asked["close"]:
        state.edges[row["id"]] = {**state.edges[row["id"]], "valid_to": row["seq"]}
    for row in asked["reword"]:
        was = state.edges[row["id"]]
        times = [*was.get("reworded", []), row["seq"]][-replay.KEPT_REWORDINGS :]
        state.edges[row["id"]] = _present({**was, **row["properties"], "reworded": times})
    for row in asked["open"]:
        ends = {"type": row["type"], "from": row["source"], "to": row["target"]}
        if row["source"] in state.cis and row["target"] in state.cis:
            state.edges[row["properties"]["id"]] = _present({**ends, **row["properties"]})
    for row in asked["scopes"]:
        state.scopes[row["id"]] = {**state.scopes.get(row["id"], {}), **row["properties"]}
    for row in asked["drops"]:
        if (row["scope"], row["ci"]) in state.claims:
            _past(state, row["scope"], row["ci"], row["seq"])
            del state.claims[row["scope"], row["ci"]]
    for row in asked["claims"]:
        _claim(state, row)
    for row in asked["binds"]:
        _bind(state, row)
    return [{"changed": changed}]


def _change(state: State, row: Mapping[str, Any]) -> bool:
    was = state.cis.get(row["id"])
    if was is None or was["rev"] != row["rev"]:
        return False
    version = {**was, "ci": was["id"], "from": was["valid_from"], "to": row["seq"]}
    del version["id"]
    state.versions[row["id"], was["valid_from"]] = version
    named = {name: row[name] for name in ("name", "status", "source")}
    search = was.get("search") if row["search"] is None else row["search"]
    risen = {"rev": was["rev"] + 1, "valid_from": row["seq"], "search": search}
    state.cis[row["id"]] = _present({**was, **row["set"], **named, **risen})
    return True


def _past(state: State, scope: str, ci: str, seq: int) -> None:
    was = state.claims[scope, ci]
    begun = was.get("from", was["since"])
    if begun < seq:
        state.past_claims[scope, ci, begun] = {**was, "from": begun, "to": seq}


def _claim(state: State, row: Mapping[str, Any]) -> None:
    key, since = (row["scope"], row["ci"]), row["since"]
    state.scopes.setdefault(row["scope"], {})
    was = state.claims.get(key)
    if was is None:
        was = state.claims[key] = _present({"since": since, "said": row["said"]})
    if (was.get("said") or "") != (row["said"] or ""):
        _past(state, *key, since)
        was = {**was, "from": since}
    state.claims[key] = _present({**was, "seq": row["seq"], "said": row["said"], "until": row["until"]})


def _bind(state: State, row: Mapping[str, Any]) -> None:
    key = row["node"], row["host"]
    state.scopes[row["node"]] = {**state.scopes.get(row["node"], {}), "boots": row["boots"]}
    was = state.claims.get(key, {"since": row["seq"]})
    trace = was.get("trace") if row["trace"] is None else json.loads(row["trace"])
    state.claims[key] = _present({**was, "trace": trace})


def _journal(state: State, asked: Mapping[str, Any]) -> Rows:
    state.head = {name: asked[name] for name in ("seq", "hash", "time")}
    for row in asked["entries"]:
        assert row["seq"] not in state.journal, "two entries of one sequence"
        state.journal[row["seq"]] = _present(row)
        if row["report"] is not None:
            state.applied[row["report"]] = row["seq"]
    return [{"views": []}]


def _hold(state: State, asked: Mapping[str, Any]) -> Rows:
    for row in asked["rows"]:
        was = state.brakes.get(row["id"], {"since": asked["now"]})
        state.brakes[row["id"]] = {**was, **row, "released_by": None}
    return []


def _free(state: State, asked: Mapping[str, Any]) -> Rows:
    for name in [name for name, one in state.brakes.items() if one["node"] == asked["node"]]:
        del state.brakes[name]
    return []


def _hold_conflict(state: State, asked: Mapping[str, Any]) -> Rows:
    was = state.conflicts.get(asked["id"], {"opened_at": asked["now"]})
    state.conflicts[asked["id"]] = {**was, **asked, "state": "open"}
    return []


def _mark(state: State, asked: Mapping[str, Any]) -> Rows:
    for ci in asked["ids"]:
        if state.cis[ci]["status"] == "live":
            state.cis[ci] = _present({**state.cis[ci], "stale_since": asked["since"]})
    return []


def _scopes(state: State, _asked: Mapping[str, Any]) -> Rows:
    return [{"scopes": [[name, one["at"]] for name, one in state.scopes.items() if "at" in one and "node" in one]}]


def _live(state: State, _asked: Mapping[str, Any]) -> Rows:
    return [{"n": ci} for ci in state.cis.values() if ci["status"] == "live"]


def _open(state: State, _asked: Mapping[str, Any]) -> Rows:
    rows = (row_of(edge) for edge in state.edges.values() if "valid_to" not in edge)
    return [{"e": row[0], "type": row[1], "source": row[2], "target": row[3]} for row in rows]


def _host(state: State, asked: Mapping[str, Any]) -> Rows:
    return [_around(state, asked["host"])]


def _cis(state: State, asked: Mapping[str, Any]) -> Rows:
    found = [_around(state, ci) for ci in asked["ids"] if ci in state.cis]
    return [{"ci": one["host"], "claims": one["claims"], "inside": one["children"]} for one in found]


def _edges(state: State, asked: Mapping[str, Any]) -> Rows:
    open_now = [edge for edge in state.edges.values() if "valid_to" not in edge]
    at = (row_of(edge) for ci in asked["ids"] for edge in open_now if ci in (edge["from"], edge["to"]))
    return [{"e": row[0], "type": row[1], "source": row[2], "target": row[3]} for row in at]


def _places(state: State, asked: Mapping[str, Any]) -> Rows:
    return [{"placeholders": places(state.cis, state.edges, asked)}]


def _none(_state: State, _asked: Mapping[str, Any]) -> Rows:
    """Nobody overrides anything here, and nothing ends on a day of its own."""
    return []


def _no_policies(_state: State, _asked: Mapping[str, Any]) -> Rows:
    return [{"waiting": []}]


def _beyond(state: State, asked: Mapping[str, Any], *, every: bool = True) -> Rows:
    def speaks(ci: str) -> bool:
        agents = (scope for scope, about in state.claims if about == ci and "node" not in state.scopes.get(scope, {}))
        return any(state.scopes.get(f"{agent}/sockets", {}).get("complete", 0) > 0 for agent in agents)

    return [beyond(state.cis, state.edges, speaks, asked, every=every)]


_STATEMENTS: Mapping[str, Callable[[State, Mapping[str, Any]], Rows]] = {
    facts.LOCK: _lock, facts.NODES: _nodes, facts.HOST: _host, facts.BEYOND: _beyond,
    facts.beyond_of(): partial(_beyond, every=False), facts.APPLY: _apply,
    facts.JOURNAL: _journal, brake.HOLD: _hold, brake.FREE: _free, reports._HELD: _held_conflict,
    reports._HOLD: _hold_conflict, sweep.SCOPES: _scopes, sweep.SILENT: _silent, sweep.STALE: _stale,
    sweep.MARK: _mark, digest._NODES: _live, digest._EDGES: _open, commands.CIS: _cis, commands.EDGES: _edges,
    commands.PLACES: _places,
    commands.OVERRIDDEN: _none, governance.EXPIRED: _none, governance.WAITING: _no_policies,
}  # fmt: skip
