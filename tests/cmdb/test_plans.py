"""Neo4j looks for things by their keys, whatever it knows of how many there are: no statement reads everything unasked.

Its plans hang on statistics that are behind what is there. So each statement that the product sends is planned for an
empty graph, which is what a new server knows, for one of a single host, and for a large one that has been counted.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any

import pytest
from conftest import wipe
from support.everything import everything
from support.statements import listening

import cmdb.cypher
import cmdb.store
from cmdb.store import Store
from cmdb.store.session import Run

pytestmark = [pytest.mark.neo4j, pytest.mark.slow, pytest.mark.timeout(600)]

WHOLE = {
    r"MATCH \((n:CI|v:Version|p:PastClaim|m:Merge)\) RETURN properties\(\w\) AS \w$": "An audit reads all there is.",
    r"MATCH \(a:CI\)-\[e\]->\(b:CI\)( WHERE e.valid_to IS NULL)? RETURN properties": "So does a digest.",
    r"MATCH \(s:Scope\)-\[a:ASSERTS\]->\(n:CI\) RETURN s.id AS scope": "Claims, for an audit.",
    r"MATCH \(s:Scope\) WHERE s.distinct_from IS NOT NULL": "What agents were told apart from, for an audit.",
    r"MATCH \(r:Record\) RETURN r.id AS id, properties": "Records, for an audit.",
    r"MATCH \(n:CI \{status: 'live'\}\) RETURN": "A digest, and the count of each class, are of all that live.",
    r"RETURN COUNT \{ \(:CI\) \}": "How much there is, for the progress of a first load.",
    r"MATCH \(n\) (RETURN count|WHERE NOT n:Migration)": "How much there is at all, and how a test begins anew.",
    r"(CALL \(\) \{ )?MATCH \(n:CI(&`\w+`)*\) (RETURN|WITH|UNWIND|WHERE (?!n\.(id|parent)\b))": "By free filters.",
    r"(RETURN COLLECT \{ )?MATCH \(r:Record \{type: \$type\}\) WHERE true": "Lists of records by free filters.",
    r"MATCH \(n:`View_\w+`\)": "A label that nobody asks by any more is taken from all that have it.",
    r"MATCH \(n:CI\)-\[e:[`\w|]+\]-\(o:CI\)": "Edges beyond their cardinality: among all of the few such relations.",
    r"MATCH \(s:Scope\) WHERE s.node IS NOT NULL AND s.at": "The sweep of leases asks when any source was heard.",
    r"MATCH \(s:Scope\)-\[:ASSERTS\]->\(h:CI\) WHERE s.node IS NULL RETURN": "The hosts of all agents.",
    r"MATCH \(c:CI\) USING INDEX c:CI\(stale_since\)": "All that is stale, from an index of nothing else.",
    r"MATCH \(n:Neighbour": "All neighbours that were met.",
}
"""What reads everything on purpose, by how it begins, and why."""
WHILE_EMPTY = {
    r"MATCH \(r:Record \{id: \$id\}\) WHERE r.rev = \$rev SET": "Each link is merged by a type that is data."
}
"""What an empty graph's plan reads everything for; such a plan is made anew ten seconds after there is something."""
FEW = {
    "Policy": "An estate has tens of them.",
    "Migration": "One for each version.",
    "Numbering": "One for each kind of record.",
    "Brake": "One for each report that is held.",
    "IdentityConflict": "One for each that waits for a person.",
    "Merge": "One for each time that somebody merged.",
}
"""Labels of which there are so few that a look at all of them costs nothing, and why."""
WIDE = re.compile(r":(CI\(status\)|Version\((from|to|status)\)|Record\((type|state|category|owner)\))")
"""Indexes in which most of what there is has one value: to seek there is to read it all."""
SAID = {
    r"MATCH \((r:Scope \{id: \$node\}|s:Scope)\)-\[:ASSERTS\]->\(h:(CI|Host \{status: 'live'\})\)": "An agent's host.",
    r"MATCH \(b:Brake\) OPTIONAL MATCH \(:Scope \{id: b.node\}\)": "The hosts of agents whose reports are held.",
    r"MATCH \(old\)-\[a:ASSERTS\]->\(h:CI \{id: \$ci\}\)": "All that one agent said is taken over by another.",
    r"MATCH \(:Scope \{id: 'override/people'\}\)": "Overrides that are over, of the few that people give.",
    r"UNWIND \$scopes AS scope MATCH \(s:Scope \{id: scope\}\)-\[:ASSERTS\]->": "Silent: all it says is stale.",
}
"""What reads all that a source says on purpose, by how it begins, and why."""
MOST = 1_000
"""Hosts of the large one, each with five things inside, an event, a claim and an earlier state."""
_CLAIMS = re.compile(r"\(\S+\)-\[\S*:ASSERTS\]->")
_CROWD = """
UNWIND range(1, $most) AS i
CREATE (h:CI:Host {id: 'ci_h' + i, class: 'Host', key: 'self', name: 'h' + i, hostname: 'h' + i, serial: 's' + i,
                   status: 'live', rev: 1, valid_from: 1, search: 'h' + i, source: 'nd_' + i + '/host'})
CREATE (:Version {ci: h.id, from: 0, to: 1, status: 'live', class: 'Host', name: 'h', parent: 'p' + i})-[:OF]->(h)
CREATE (s:Scope {id: 'nd_' + i + '/services', node: 'nd_' + i, section: 'services', at: '2026', complete: 1})
CREATE (:Scope {id: 'nd_' + i})-[:ASSERTS {since: 1}]->(h)
CREATE (:Change {seq: 1000 + i, time: '2026', at: '2026', actor: 'nd_' + i % 50, kind: 'report', ops: '[]'})
CREATE (:Applied {report_id: 'r' + i, seq: 1000 + i}) CREATE (:PastClaim {ci: h.id, scope: 'x', from: 0, to: 1})
CREATE (:PastTerms {ci: h.id, search: 'x'})
CREATE (r:Record:Event {id: 'rec_' + i, number: 'EVT-' + (i + 100), type: 'Event', serial: i, state: 'recorded',
                        category: 'done', owner: 'ada', event_key: 'k' + i, search: 'e', changed_at: '2026'})
CREATE (r)-[:HAS_EVENT]->(:StateEvent {n: 1}) CREATE (r)-[:AFFECTS]->(h)
WITH h, s, i UNWIND $inside AS class
CREATE (c:CI {id: 'ci_' + class + i, class: class, parent: h.id, key: class + i, name: 'n' + i % 40, status: 'live',
              rev: 1, valid_from: 1, search: class, source: s.id, address: '10.' + i, product: 'p' + i, purl: 'p' + i})
SET c:$(class) CREATE (s)-[:ASSERTS {since: 1, seq: 1, ref: c.id}]->(c)
CREATE (c)-[:RUNS_ON {id: 'ed_' + class + i, valid_from: 1, scope: s.id, kind: 'agent', detail: 'd'}]->(h)
"""


class _Called(Store):
    """A store that notes what is asked of it."""

    called: set[str]

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name != "called":
            self.called.add(name)
        return super().__getattribute__(name)


@pytest.fixture(scope="module")
def sent(
    tmp_path_factory: pytest.TempPathFactory, connected: Store
) -> Iterator[tuple[Mapping[str, Mapping[str, Any]], set[str]]]:
    """Every statement the product sends, with the methods of the store and functions of `cmdb.cypher` behind them."""
    asked = copy.copy(connected)
    asked.__class__ = _Called
    assert isinstance(asked, _Called)
    asked.called = set()
    with listening() as statements, _noted(asked.called):
        everything(tmp_path_factory.mktemp("plans"), connected, asked)
    yield statements, asked.called
    wipe(connected)


def _functions() -> dict[Callable[..., Any], str]:
    """What makes statements, by its name."""
    modules = [importlib.import_module(f"cmdb.cypher.{one.name}") for one in pkgutil.iter_modules(cmdb.cypher.__path__)]
    return {
        made: f"{module.__name__}.{name}"
        for module in modules
        for name, made in vars(module).items()
        if inspect.isfunction(made) and made.__module__ == module.__name__ and not name.startswith("_")
    }


class _noted:
    """Notes which functions of `cmdb.cypher` are called, wherever they were imported to."""

    def __init__(self, called: set[str]) -> None:
        self._called, self._real = called, list[tuple[Any, str, Any]]()

    def __enter__(self) -> None:
        wrapped = {made: self._noting(made, name) for made, name in _functions().items()}
        for module in [one for name, one in sys.modules.items() if name.startswith("cmdb")]:
            for name, value in list(vars(module).items()):
                if inspect.isfunction(value) and value in wrapped:
                    self._real.append((module, name, value))
                    setattr(module, name, wrapped[value])

    def __exit__(self, *_: object) -> None:
        for module, name, value in self._real:
            setattr(module, name, value)

    def _noting(self, made: Callable[..., Any], name: str) -> Callable[..., Any]:
        def noting(*given: Any, **more: Any) -> Any:
            self._called.add(name)
            return made(*given, **more)

        return noting


UNASKED = {"close", "history", "lines", "migrate", "pin", "ping", "restarted", "stricken"}
"""Methods of the store that send nothing, or only what another sends that is asked."""


def test_whatever_the_product_can_send_was_sent(sent: tuple[Mapping[str, Any], set[str]]) -> None:
    """Each method of the store, each function that makes a statement and each statement that is written down."""
    statements, called = sent
    assert {n for n in dir(Store) if not n.startswith("_")} - called - UNASKED == set(), "support.everything asks them"
    assert set(_functions().values()) - called == set(), "support.everything makes them"
    every, unsent = "\n".join(statements), []
    for package in (cmdb.cypher, cmdb.store):
        for one in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{one.name}")
            for name, text in vars(module).items():
                written = isinstance(text, str) and re.search(r"\b(MATCH|MERGE|CREATE|CALL db)\b", text)
                if written and not re.search(r"\{\w*\}", text) and not name.startswith("__") and text not in every:
                    unsent.append(f"{module.__name__}.{name}")
    assert set(unsent) <= {"cmdb.store.growth.COUNT"}, "support.everything sends them"


def test_every_statement_finds_what_it_names_by_its_key(
    sent: tuple[Mapping[str, Mapping[str, Any]], set[str]], connected: Store
) -> None:
    """Planned for an empty graph, a small and a large one, none reads everything but those that say so.

    Nor all that a source says, to find one thing of it: an import may say a million.
    """
    statements, _ = sent
    wipe(connected)
    _count(connected)
    wrong = _misled(connected, statements, "an empty graph", [*WHOLE, *WHILE_EMPTY])
    for most, what in ((1, "a graph of one host"), (MOST, "a large graph")):
        wipe(connected)
        connected._bolt.write(partial(_crowd, most))
        _count(connected)
        wrong |= _misled(connected, statements, what, WHOLE)
    idle = [
        one
        for one in [*WHOLE, *WHILE_EMPTY, *SAID]
        if not any(re.match(one, " ".join(text.split())) for text in statements)
    ]
    assert not idle, "nothing is sent that is declared so"
    assert not wrong, f"{len(wrong)} statements:\n" + "\n".join(f"{k}\n    {v}" for k, v in wrong.items())


def _crowd(most: int, run: Run) -> None:
    # Of a single host one thing is known, so that on average a source says no more than that.
    inside = ["Service", "IPAddress", "Endpoint", "Neighbour", "BusinessService"]
    run(_CROWD, {"most": most, "inside": inside[:most]})


def _count(store: Store) -> None:
    """Let Neo4j count what there is and forget its plans."""
    with store._bolt._driver.session() as session:
        session.run("CALL db.prepareForReplanning(120)").consume()


def _misled(
    store: Store, statements: Mapping[str, Mapping[str, Any]], what: str, unasked: Collection[str]
) -> dict[str, str]:
    wrong = {}
    with store._bolt._driver.session() as session:
        for text, given in statements.items():
            begins = " ".join(text.split())
            if any(re.match(one, begins) for one in unasked):
                continue
            plan = session.run(f"EXPLAIN {text}", dict(given)).consume().plan
            said = any(re.match(one, begins) for one in SAID)
            bad = (
                [one for one in _steps(plan) if _reads_all(one) or (not said and _follows_a_source(one))]
                if plan
                else ()
            )
            if bad:
                steps = "; ".join(f"{s['operatorType']} {s['args'].get('Details', '')[:100]}" for s in bad)
                wrong[f"{what}: {begins[:300]}"] = steps
    return wrong


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("children", ()):
        yield from _steps(child)


def _reads_all(step: dict[str, Any]) -> bool:
    kind, details = step["operatorType"].split("@")[0], step["args"].get("Details", "")
    if kind == "CartesianProduct":  # with what is one at most it is no product
        return sum("Unique" not in s["operatorType"] for s in _steps(step) if not s.get("children")) > 1
    if kind.endswith("Scan"):
        return not any(details.endswith(f":{label}") for label in FEW)
    return "Seek" in kind and WIDE.search(details) is not None


def _follows_a_source(step: dict[str, Any]) -> bool:
    """Whether a step goes from a source to all that it says."""
    return step["operatorType"].startswith("Expand(All)") and _CLAIMS.match(step["args"].get("Details", "")) is not None
