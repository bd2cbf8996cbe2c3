"""The graph again from its journal alone: each entry's operations applied in order. Pure, and the oracle of the store.

What is rebuilt: CIs with their earlier states, edges with their validity and evidence, claims with their values, which
CI each agent speaks for, merges, what was said to be apart, policies, views, and process records with history, notes
and links. Not rebuilt: what the next report of an agent is compared with (it is asked for a whole one), and reports and
identities that wait for a person.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmdb.claims import Entry, ends, speaks, to_json
from cmdb.errors import Invalid

Properties = dict[str, Any]
KEPT_REWORDINGS = 100
"""Sequences of rewordings that an edge remembers, the newest."""
_EVIDENCE = ("kind", "detail", "confidence", "first_seen", "last_seen")
_UNVERSIONED = frozenset({"stale_since", "source", "search"})
"""Set in place when a CI becomes stale or another agent takes over: no state of then has them for certain."""


@dataclass(slots=True)
class Graph:
    """A whole graph as plain values. Edges have their type and ends beside their properties, claims their trace."""

    cis: dict[str, Properties] = field(default_factory=dict)
    versions: dict[tuple[str, int], Properties] = field(default_factory=dict)
    edges: dict[str, Properties] = field(default_factory=dict)
    claims: dict[tuple[str, str], Properties] = field(default_factory=dict)
    past_claims: dict[tuple[str, str, int], Properties] = field(default_factory=dict)
    """Claims as they were, by scope, CI and the sequence they began at."""
    merges: dict[str, Properties] = field(default_factory=dict)
    apart: dict[str, list[str]] = field(default_factory=dict)
    policies: dict[str, Properties] = field(default_factory=dict)
    views: dict[str, Properties] = field(default_factory=dict)
    """The views in force; which CIs they show follows from their filters."""
    records: dict[str, Properties] = field(default_factory=dict)
    """Each with `fields`, `cis`, `history`, `notes`, and `links` by "TYPE id"."""


def replay(entries: Iterable[Mapping[str, Any]], graph: Graph | None = None) -> Graph:
    """Apply entries (`ops` a list of steps) to a graph, an empty one at first; it is changed and returned."""
    graph = Graph() if graph is None else graph
    for entry in entries:
        for step in entry["ops"]:
            _step(graph, entry, step)
    return graph


def lines(graph: Graph) -> list[str]:
    """One canonical line for everything in the graph, ids, sequences and times included; sorted."""
    parts = [
        *(("ci", ci, known) for ci, known in graph.cis.items()),
        *(("version", *key, known) for key, known in graph.versions.items()),
        *(("edge", edge, known) for edge, known in graph.edges.items()),
        *(("claim", *key, known) for key, known in graph.claims.items()),
        *(("past claim", *key, known) for key, known in graph.past_claims.items()),
        *(("merge", merge, known) for merge, known in graph.merges.items()),
        *(("apart", node, cis) for node, cis in graph.apart.items()),
        *(("policy", name, known) for name, known in graph.policies.items()),
        *(("view", name, known) for name, known in graph.views.items()),
        *(("record", one, known) for one, known in graph.records.items()),
    ]
    return sorted(json.dumps(part, sort_keys=True, ensure_ascii=False) for part in parts)


def lines_at(graph: Graph, seq: int) -> list[str]:
    """One canonical line for every CI known and every edge open at a sequence; sorted.

    Only what has validity: evidence, sources and staleness are kept as they are now, not as they were.
    """
    states = {ci: known for ci, known in graph.cis.items() if known["valid_from"] <= seq}
    states |= {
        ci: {**known, "id": ci}
        for (ci, begun), known in graph.versions.items()
        if begun <= seq < known["to"]
    }  # fmt: skip
    hidden = _UNVERSIONED | {"ci", "from", "to"}
    found = [("ci", {k: v for k, v in known.items() if k not in hidden}) for known in states.values()]
    for edge, known in graph.edges.items():
        if known["valid_from"] <= seq < known.get("valid_to", seq + 1):
            found.append(("edge", {"id": edge, **{k: known[k] for k in ("type", "from", "to", "valid_from")}}))
    return sorted(json.dumps(part, sort_keys=True, ensure_ascii=False) for part in found)


def claims_at(graph: Graph, seq: int) -> list[str]:
    """One canonical line for every claim there was at a sequence: who, of what, since when, what it said; sorted."""
    found = [(scope, ci, known) for (scope, ci), known in graph.claims.items() if _begun(known) <= seq]
    found += [
        (scope, ci, known) for (scope, ci, begun), known in graph.past_claims.items() if begun <= seq < known["to"]
    ]
    names = ("since", "trace", "said")
    rows = [(scope, ci, *(known.get(name) for name in names)) for scope, ci, known in found]
    return sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows)


def digest(graph: Graph) -> str:
    """SHA-256 over `lines`: two graphs with it lived the same life, entry by entry."""
    return hashlib.sha256("\n".join(lines(graph)).encode()).hexdigest()


# --- steps -----------------------------------------------------------------------------------------------


def _step(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    if "record" in step and step.get("op") not in _STEPS:
        return  # the first version named the command here and said too little to rebuild the record
    apply = _STEPS.get(step.get("op", ""))
    if apply is None:
        raise Invalid(f"journal entry {entry['seq']} has a step {step.get('op')!r} that no replay knows")
    apply(graph, entry, step)


def _present(properties: Mapping[str, Any]) -> Properties:
    """Without what is null: a graph has no null properties."""
    return {name: value for name, value in properties.items() if value is not None}


def _create(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    graph.cis[step["id"]] = _present(
        {
            **step["attributes"],
            "id": step["id"], "class": step["cls"], "key": step["key"], "name": step["name"],
            "parent": step["parent"], "source": step["source"], "search": step["search"], "status": "live",
            "rev": 1, "first_seen": entry["at"], "valid_from": entry["seq"],
        }
    )  # fmt: skip


def _change(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    was = graph.cis[step["id"]]
    version = {**was, "ci": step["id"], "from": was["valid_from"], "to": entry["seq"]}
    del version["id"]
    graph.versions[step["id"], was["valid_from"]] = version
    graph.cis[step["id"]] = _present(
        {
            **was, **step["set"],
            "name": step["name"], "status": step["status"], "source": step["source"],
            "search": was.get("search") if step["search"] is None else step["search"],
            "rev": was["rev"] + 1, "valid_from": entry["seq"],
        }
    )  # fmt: skip


def _open(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    ends_ = {"type": step["type"], "from": step["source"], "to": step["target"]}
    because = {"because": step["because"], "valid_from": entry["seq"]}
    graph.edges[step["id"]] = _present({**ends_, **because, **_words(step)})


def _close(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    graph.edges[step["id"]]["valid_to"] = entry["seq"]


def _reword(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    was = graph.edges[step["id"]]
    times = [*was.get("reworded", []), entry["seq"]][-KEPT_REWORDINGS:]
    graph.edges[step["id"]] = _present({**was, **_words(step), "reworded": times})


def _words(step: Mapping[str, Any]) -> Properties:
    also = [
        [scope, claim["endpoint"], *(claim["evidence"][name] for name in _EVIDENCE)]
        for scope, claim in sorted(step["also"].items())
    ]
    text = json.dumps(also, ensure_ascii=False) if also else None
    return {"scope": step["scope"], "endpoint": step["endpoint"], **step["evidence"], "also": text}


def _begun(claim: Properties) -> int:
    """The sequence since which a claim says what it says."""
    return int(claim["from"] if "from" in claim else claim["since"])


def _keep(graph: Graph, key: tuple[str, str], seq: int) -> None:
    """A claim as it was until a sequence; one that began there never was."""
    was = graph.claims[key]
    if (begun := _begun(was)) < seq:
        graph.past_claims[*key, begun] = {**was, "from": begun, "to": seq}


def _drop(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    key = step["scope"], step["ci"]
    if key in graph.claims:
        _keep(graph, key, entry["seq"])
        del graph.claims[key]


def _claim(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    key, seq = (step["scope"], step["ci"]), entry["seq"]
    said = None if step["said"] is None else {name: Entry(**one) for name, one in step["said"].items()}
    words = {"seq": step["seq"], "said": to_json(said), "until": ends(said)}
    was = graph.claims.get(key, {"since": seq, "said": words["said"]})
    if was.get("said") != words["said"]:
        _keep(graph, key, seq)
        was = {**was, "from": seq}
    graph.claims[key] = _present({**was, **words})


def _bind(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    was = graph.claims.get((step["node"], step["ci"]), {"since": entry["seq"]})
    graph.claims[step["node"], step["ci"]] = _present({**was, "trace": step["trace"] or was.get("trace")})


def _trace(graph: Graph, _entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    graph.claims[step["scope"], step["ci"]]["trace"] = step["trace"]


def _rebind(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    moved = [s for s, ci in graph.claims if ci == step["from"] and not speaks(s)]
    for scope in moved:
        if step["nodes"] is None or scope in step["nodes"]:
            _keep(graph, (scope, step["from"]), entry["seq"])
            graph.claims[scope, step["to"]] = {**graph.claims.pop((scope, step["from"])), "from": entry["seq"]}


def _merge(graph: Graph, _entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    words = {k: v for k, v in step.items() if k not in {"op", "id", "kept"}}
    graph.merges[step["id"]] = {**words, "record": step["kept"], "state": "open"}


def _split(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    done = {"split_at": step["at"], "split_by": step["by"], "split_reason": step["reason"], "split_seq": entry["seq"]}
    graph.merges[step["id"]] |= {"state": "split", **done}


def _mark(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    for ci in step["cis"]:
        if graph.cis[ci]["status"] == "live":
            since = entry["at"] if step["op"] == "stale" else None
            graph.cis[ci] = _present({**graph.cis[ci], "stale_since": since})


def _apart(graph: Graph, _entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    known = graph.apart.setdefault(step["node"], [])
    known += [ci for ci in step["cis"] if ci not in known]


def _take_over(graph: Graph, entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    """One agent speaks on for another: its scopes, and what they are the source of, have a new name."""
    old, new, ci = f"{step['old']}/", f"{step['new']}/", step["ci"]
    _keep(graph, (step["old"], ci), entry["seq"])
    del graph.claims[step["old"], ci]
    was = graph.claims.get((step["new"], ci), {})
    graph.claims[step["new"], ci] = {**was, "since": entry["seq"], "trace": step["trace"]}
    for scope, about in [key for key in graph.claims if key[0].startswith(old)]:
        _keep(graph, (scope, about), entry["seq"])
        claim = {**graph.claims.pop((scope, about)), "from": entry["seq"]}
        graph.claims[new + scope.removeprefix(old), about] = {k: v for k, v in claim.items() if k != "seq"}
    inside = {one for one, known in graph.cis.items() if one == ci or known.get("parent") == ci}
    for one in inside:
        graph.cis[one]["source"] = graph.cis[one]["source"].replace(old, new)
    for edge in graph.edges.values():
        if edge["from"] in inside and "valid_to" not in edge:
            edge["scope"] = edge["scope"].replace(old, new)
            if "also" in edge:
                edge["also"] = edge["also"].replace(f'"{old}', f'"{new}')


def _purge(graph: Graph, _entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    for ci, begun in step["versions"]:
        del graph.versions[ci, begun]
    for edge in step["edges"]:
        del graph.edges[edge]
    for scope, ci, begun in step.get("claims", ()):
        del graph.past_claims[scope, ci, begun]


def _record(graph: Graph, _entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    blank: Properties = {"fields": {}, "cis": [], "history": [], "notes": [], "links": {}}
    was = graph.records.setdefault(step["record"], blank)
    event = step["event"]
    was["fields"] = _present({**was["fields"], **step["set"]})
    was["history"] = [*was["history"], *map(_present, step.get("past", ())), _present(event)]
    if step["note"] is not None:
        was["notes"] = [*was["notes"], {**{k: event[k] for k in ("n", "at", "by")}, "text": step["note"]}]
    if step["cis"] is not None:
        was["cis"] = sorted(step["cis"])
    kept = {name: link for name, link in was["links"].items() if name.split(" ")[0] not in step["clear"]}
    new = {
        f"{link['type']} {link['to']}": {"at": event["at"], "by": event["by"], "path": link["path"]}
        for link in step["links"]
    }
    was["links"] = {**kept, **new}


def _policy(graph: Graph, _entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    graph.policies[step["name"]] = _present({k: v for k, v in step.items() if k != "op"})


def _lift(graph: Graph, _entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    del graph.policies[step["name"]]


def _view(graph: Graph, _entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    graph.views[step["name"]] = {k: v for k, v in step.items() if k != "op"}


def _drop_view(graph: Graph, _entry: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    graph.views.pop(step["name"], None)  # one that was never finished has no entry of its own


def _nothing(_graph: Graph, _entry: Mapping[str, Any], _step: Mapping[str, Any]) -> None:
    """What only waits for a person changes no CI."""


_STEPS: Mapping[str, Callable[[Graph, Mapping[str, Any], Mapping[str, Any]], None]] = {
    "create": _create, "change": _change, "open": _open, "close": _close, "reword": _reword, "drop": _drop,
    "claim": _claim, "bind": _bind, "trace": _trace, "rebind": _rebind, "merge": _merge, "split": _split,
    "stale": _mark, "fresh": _mark, "apart": _apart, "take over": _take_over, "purge": _purge,
    "hold": _nothing, "release": _nothing, "conflict": _nothing, "resolve": _nothing, "boots": _nothing,
    "view": _view, "drop_view": _drop_view, "policy": _policy, "lift": _lift,
    "record": _record,
}  # fmt: skip
