"""What questions need to be asked: a value for every argument of the schema, taken from the small estate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import wipe
from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNonNull,
    NonNullTypeNode,
    OperationDefinitionNode,
    Undefined,
    parse,
)
from support.questions import ADMIN, EPICENTRE, NEO4J, SHOP, ask, estate, parts
from support.reports import NOW, host, network, report, services, sockets, uses, wire
from support.runs import place, run, shown, target

from cmdb.applier import utc_now
from cmdb.moments import after
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.endpoint import executor
from cmdb_graphql.records.carry import Carrying, system
from cmdb_graphql.services import Services
from cmdb_processes.cli.server.processes import processes

PROPOSE = """
mutation C($cis: [ID!]!) {
  proposeChange(cis: $cis, title: "Make it faster", reason: "It is slow.", window: "2030-01-01T00:00:00Z/PT1H",
                plan: "Do it.", backout: "Undo it.", test: "Look.") { number }
}
"""
ASSESS = """
mutation A($n: String!) {
  submitChange(number: $n) { state }
  assessChange(number: $n) { state }
  proposeChangeTemplate(cis: [], title: "Restart", plan: "Do it.", backout: "Undo it.", test: "Look.",
                        classes: ["Host"]) { number }
}
"""
ONE_OF_EACH = """
mutation O($cis: [ID!]!) {
  openIncident(cis: $cis, title: "It is slow") { number }
  requestItem(item: "information", answers: [{ question: "question", answer: "Why?" }]) { number }
  reportEvent(source: "monitor", text: "It is busy.") { number }
}
"""

ARRANGED = """
mutation A($cis: [ID!]!) {
  declareCalendar(name: "office", zone: "UTC", workdays: "08:00-17:00") { number }
  declareMaintenanceWindow(
    cis: $cis, name: "nights", zone: "UTC", start: "2030-01-01T22:00", end: "PT8H", rule: "FREQ=DAILY"
  ) { number }
  declareFreeze(
    everything: true, name: "end", zone: "UTC", start: "2030-01-02T00:00", end: "PT8H", why: "It is the end."
  ) { number }
  declareSupportGroup(name: "web", members: ["bea"], cis: $cis) { number }
  declareDelegation(by: "tom", to: "bea", role: "technical", until: "%s") { number }
  draftStrategy(
    process: "incident", name: "Restore first", purpose: "Back soon.", reviewDue: "%s", everything: true
  ) { number }
  callCab(name: "board", start: "2030-01-01T10:00Z", end: "PT1H", members: ["bea"]) { number }
}
"""

ARRANGEMENTS = {
    "Query.calendar.number": "CAL-1", "Query.maintenanceWindow.number": "MW-1", "Query.freeze.number": "FRZ-1",
    "Query.supportGroup.number": "SUP-1", "Query.delegation.number": "DLG-1", "Query.cabMeeting.number": "CAB-1",
    "calendar": "CAL-1", "window": "MW-1", "freeze": "FRZ-1", "group": "SUP-1", "delegation": "DLG-1",
    "meeting": "CAB-1", "Query.strategy.number": "STR-1", "strategy": "STR-1",
}  # fmt: skip
"""The number of each, by argument and by variable."""


@contextmanager
def seeded(home: Path, real: Store, asked: Store) -> Iterator[tuple[Services, dict[str, Any]]]:
    """Parts with all processes on `asked`, which is `real`: the small estate, twenty more hosts, a change, a webhook.

    With them a value for every argument and variable.
    """
    wipe(real)
    ids = estate(real)
    for i in range(20):
        inside = [host(f"h{i}"), network(f"10.1.0.{i}"), services(NEO4J, EPICENTRE, SHOP)]
        links = sockets(uses(EPICENTRE, "127.0.0.1:17687"), uses(SHOP, "10.0.0.5:8480"))
        real.apply(report(1, *inside, links, node=f"nd_h{i}", boot=f"b{i}"), NOW)
    with parts(home, asked, processes().values()) as made:
        change = ask(made, PROPOSE, ADMIN, cis=[ids["web1"], ids["web2"]])["proposeChange"]["number"]
        ask(made, ASSESS, ADMIN, n=change)
        ask(made, ONE_OF_EACH, ADMIN, cis=[ids["web1"]])
        Carrying(made, system(made.processes["change"])).give("begin_change_detection", None, {})
        made.accounts.create_user("tom", [Role.APPROVER_TECHNICAL])
        made.accounts.create_user("bea", [Role.ENGINEER])
        ask(made, ARRANGED % (after(utc_now(), 24), after(utc_now(), 24 * 365)[:10]), ADMIN, cis=[ids["web1"]])
        hook = made.courier.hooks.create("https://192.0.2.1/", ["*"], by="ada", now=NOW, cursor=0).id
        edges = ask(made, "query E($of: [ID!]!) { dependencies(of: $of) { nodes { id } } }", of=[ids["shop"]])
        assert made.discoveries is not None
        made.discoveries.take("nd_c", 1, [run(1, place("10.0.0.5", "nd_c:a", host_keys=[shown()]))], [target()])
        more = {
            "Query.changeTemplate.number": "TPL-1",
            "Query.discoveryRun.id": "run-1", "collector": "nd_c", "target": "rack-7",
            "Query.changeDetection.number": "DET-1",
            "Query.incident.number": "INC-1", "Query.serviceRequest.number": "REQ-1", "Query.event.number": "EVT-1",
            "Query.serviceLevels.number": "INC-1", **ARRANGEMENTS, "Query.freeSlots.duration": "PT2H", "names": ["bea"],
            "Query.webhookDeliveries.id": hook, "Query.diff.from": 1, "Query.hosts.at": 1, "start": "neo",
            "Query.edgeHistory.id": edges["dependencies"]["nodes"][0]["id"],
            "payload": json.dumps(wire(report(2, host("web1", cpu_cores=8)))),
        }  # fmt: skip
        yield made, values(ids, number=change, **more)


def values(ids: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """Values by the name of an argument or variable."""
    return {
        "Query.spofs.of": ids["epicentre"], "Query.availability.of": ids["epicentre"], "symptoms": [ids["epicentre"]],
        "id": ids["web1"], "of": [ids["neo4j"], ids["epicentre"]], "cis": [ids["web1"]], "from": ids["shop"],
        "to": ids["neo4j"], "name": "web", "text": "web", "by": "CLASS", "class": "Host", "olderThan": 0.0, **more,
    }  # fmt: skip


def operation(text: str) -> OperationDefinitionNode:
    """The one operation of a document."""
    (found,) = [d for d in parse(text).definitions if isinstance(d, OperationDefinitionNode)]
    return found


def roots(text: str) -> list[str]:
    """What it asks."""
    return [part.name.value for part in operation(text).selection_set.selections if isinstance(part, FieldNode)]


OPERATIONS = sorted((Path(__file__).parents[2] / "graphql" / "operations").glob("*.graphql"))
"""The examples that lie in the repository."""
EXAMPLES = [p for p in OPERATIONS if operation(p.read_text()).operation.value == "query"]
"""Those that are questions."""


def example(of: Services, known: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The answer to an example, asked with values of the small estate."""
    given = {}
    for one in operation(text).variable_definitions or ():
        name = one.variable.name.value
        if isinstance(one.type, NonNullTypeNode) and one.default_value is None:
            given[name] = known.get(f"Query.{roots(text)[0]}.{name}", known.get(name))
            assert given[name] is not None, f"the estate has no value for ${name}"
    executor(of)._budgets.clear()
    return ask(of, text, ADMIN, **given)


def needed(argument: GraphQLArgument) -> bool:
    """Whether a question cannot leave it out."""
    return isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined


def arguments(field: GraphQLField, known: Mapping[str, Any], parent: str = "", name: str = "") -> dict[str, Any]:
    """Values for the arguments that a field needs; `Query.field.argument` is more exact than `argument`."""
    exact = {a: f"{parent}.{name}.{a}" for a in field.args}
    given = {a: known.get(exact[a], known.get(a)) for a, one in field.args.items() if needed(one)}
    return given | {a: known[key] for a, key in exact.items() if key in known}
