"""EPICENTRE_PRIORITY_MATRIX on a real server: the same incident has the priority that the chosen matrix says."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.server_process import Up, up

from cmdb.engine import Bolt
from cmdb.store import Store
from cmdb_graphql.client import HttpClient
from cmdb_processes.priority import GLPI, ITOP, SERVICENOW, Matrix

pytestmark = [pytest.mark.neo4j, pytest.mark.slow, pytest.mark.timeout(300)]
CREATE = """
mutation C($high: JSON!, $low: JSON!) {
  sold: createCi(class: "BusinessService", name: "selling", attributes: $high, reason: "it is sold by") { ci { id } }
  kept: createCi(class: "BusinessService", name: "archive", attributes: $low, reason: "it is kept in") { ci { id } }
}
"""
OPEN = """
mutation O($ci: ID!, $urgency: String!) {
  openIncident(cis: [$ci], title: "It is down", condition: "down", urgency: $urgency) {
    number impact urgency priority rank computedPriority
  }
}
"""
EXPECTED = {
    "servicenow": {("high", "high"): 2, ("high", "low"): 4, ("low", "high"): 3, ("low", "low"): 5},
    "itop": {("high", "critical"): 1, ("high", "low"): 4, ("low", "critical"): 2, ("low", "low"): 4},
    "glpi": {
        ("high", "very high"): 5, ("high", "very low"): 2, ("low", "very high"): 3, ("low", "very low"): 1,
    },
}  # fmt: skip
"""By criticality of the service and urgency, written out from the tables of the three tools."""


def asked(server: Up) -> HttpClient:
    """The first admin's client."""
    return HttpClient(f"http://127.0.0.1:{server.port}", (server.home / "token").read_text().strip())


@pytest.mark.parametrize("matrix", [GLPI, ITOP, SERVICENOW], ids=lambda one: one.name)
def test_a_server_ranks_by_the_matrix_it_was_started_with(
    tmp_path: Path, store: Store, neo4j_server: Bolt, matrix: Matrix
) -> None:
    """A service of high and one of low criticality, each at two urgencies: the cells of that matrix, and no other's."""
    (tmp_path / "handed_over").write_text(neo4j_server.password + "\n")
    neo4j = {"neo4j_uri": neo4j_server.uri, "neo4j_password_file": tmp_path / "handed_over"}
    with up(tmp_path, {**neo4j, "priority_matrix": matrix.name}) as server:
        client = asked(server)
        made = client.ask(CREATE, high={"criticality": "high"}, low={"criticality": "low"})
        for service, level in (("sold", "high"), ("kept", "low")):
            for urgency in (matrix.urgencies[0], matrix.urgencies[-1]):
                found = client.ask(OPEN, ci=made[service]["ci"]["id"], urgency=urgency)["openIncident"]
                row = matrix.impacts[min(("critical", "high", "medium", "low").index(level), len(matrix.impacts) - 1)]
                assert (found["impact"], found["urgency"]) == (row, urgency), found
                assert found["priority"] == found["computedPriority"] == EXPECTED[matrix.name][level, urgency], found
                assert found["rank"] == matrix.priorities.index(found["priority"]) + 1
