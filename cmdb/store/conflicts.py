"""A person's word on an identity conflict: the same machine, or two."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from cmdb.cypher import facts
from cmdb.errors import Conflict, Invalid, UnknownName
from cmdb.store.facts import journal
from cmdb.store.session import Bolt, Run

Word = Literal["same", "distinct"]

_GET = "MATCH (c:IdentityConflict {id: $id}) RETURN properties(c) AS c"
_CLOSE = "MATCH (c:IdentityConflict {id: $id}) SET c.state = 'resolved', c.word = $word, c.by = $by, c.at = $now"
_BOUND = "MATCH (r:Scope {id: $node})-[:ASSERTS]->(h:CI) RETURN h.id AS host, r.boots AS boots"
_OTHERS = "MATCH (r:Scope)-[:ASSERTS]->(:CI {id: $ci}) WHERE r.node IS NULL RETURN r.id AS node"
_APART = """
MERGE (r:Scope {id: $node})
SET r.distinct_from = coalesce(r.distinct_from, []) + [x IN $cis WHERE NOT x IN coalesce(r.distinct_from, [])]
"""
_BOOTS = "MATCH (r:Scope {id: $node}) SET r.boots = $boots"
# The new agent takes over what the old one said: its scopes are renamed, so its next report is compared with them.
_TAKE_OVER = (
    """
MATCH (old)-[a:ASSERTS]->(h:CI {id: $ci}) WHERE old.id = $old """
    + facts.PAST_CLAIM.format(a="a", when="true", scope="$old", ci="$ci", seq="$seq")
    + """DELETE a
MERGE (new:Scope {id: $new}) MERGE (new)-[b:ASSERTS]->(h) SET b.since = $seq, b.trace = $trace, new.boots = '[]'
WITH h
CALL (h) { MATCH (s:Scope {node: $old})-[b:ASSERTS]->(c:CI) """
    + facts.PAST_CLAIM.format(a="b", when="true", scope="s.id", ci="c.id", seq="$seq")
    + """SET b.seq = null, b.from = $seq }
CALL (h) { MATCH (s:Scope {node: $old}) SET s.id = $new + '/' + s.section, s.node = $new, s.complete = 0 }
CALL (h) { MATCH (c:CI) WHERE c.id = h.id OR c.parent = h.id
           SET c.source = replace(c.source, $old + '/', $new + '/') }
CALL (h) { MATCH (c:CI)-[e]->(:CI) WHERE (c.id = h.id OR c.parent = h.id) AND e.valid_to IS NULL
           SET e.scope = replace(e.scope, $old + '/', $new + '/'),
               e.also = replace(e.also, '"' + $old + '/', '"' + $new + '/') }
"""
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What follows outside the graph: whose held reports go on, and which agents are revoked."""

    release: str | None
    revoke: tuple[str, ...]


def resolve(bolt: Bolt, conflict: str, word: Word, actor: str, now: str) -> Resolution:
    """Carry out a person's word on an open conflict, with its journal entry."""
    if word not in {"same", "distinct"}:
        raise Invalid(f"a conflict is resolved as same or distinct, not {word!r}", where="decision")

    def work(run: Run) -> Resolution:
        lock = run(facts.LOCK, {})[0]
        rows = run(_GET, {"id": conflict})
        if not rows:
            raise UnknownName(f"there is no identity conflict {conflict!r}")
        one = rows[0]["c"]
        if one["state"] != "open":
            raise Conflict(f"conflict {conflict} was resolved as {one.get('word')} by {one.get('by')} already")
        bound = run(_BOUND, {"node": one["node"]})
        done, steps = _bound(run, one, bound[0], word) if bound else _unbound(run, one, lock, word)
        run(_CLOSE, {"id": conflict, "word": word, "by": actor, "now": now})
        ops = [{"op": "resolve", "conflict": conflict, "word": word, "revoke": list(done.revoke)}, *steps]
        summary = f"agent {one['node']} and {', '.join(one['candidates'])} are {word}"
        journal(run, lock, now, actor=actor, kind="conflict", summary=summary, ops=ops)
        return done

    return bolt.write(work)


Steps = list[dict[str, Any]]
"""What the journal says was done."""


def _bound(run: Run, one: dict[str, Any], bound: dict[str, Any], word: Word) -> tuple[Resolution, Steps]:
    """One agent identity was seen from two boots in turn."""
    if word == "distinct":
        return Resolution(None, (one["node"],)), []  # both machines must enrol anew, each with an identity of its own
    latest = json.loads(bound["boots"] or "[]")[-1:]
    run(_BOOTS, {"node": one["node"], "boots": json.dumps(latest)})
    return Resolution(one["node"], ()), [{"op": "boots", "node": one["node"], "boots": latest}]


def _unbound(run: Run, one: dict[str, Any], lock: dict[str, Any], word: Word) -> tuple[Resolution, Steps]:
    """A new agent looks like a CI another agent speaks for."""
    if word == "distinct":
        apart = {"node": one["node"], "cis": one["candidates"]}
        run(_APART, apart)
        return Resolution(one["node"], ()), [{"op": "apart", **apart}]
    if len(one["candidates"]) != 1:
        raise Conflict("several CIs fit, so `same` does not say which: retire the wrong ones first")
    ci = one["candidates"][0]
    others = [row["node"] for row in run(_OTHERS, {"ci": ci})]
    taken = [{"old": old, "new": one["node"], "ci": ci} for old in others]
    for step in taken:
        run(_TAKE_OVER, {**step, "seq": lock["seq"], "trace": one["trace"]})
    steps = [{"op": "take over", **step, "trace": json.loads(one["trace"])} for step in taken]
    return Resolution(one["node"], tuple(others)), steps
