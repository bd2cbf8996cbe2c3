"""A business service that needs one of two applications: each alone may go, both together take it down."""

from __future__ import annotations

from support.questions import ask

from cmdb.words import Principal
from cmdb_graphql.services import Services

MAKE = """
mutation M {
  shop: createCi(class: "BusinessService", name: "webshop", attributes: {
    criticality: "critical", redundancy: ["DEPENDS_ON: 1 of app-1, app-2"] }) { ci { id } }
  a: createCi(class: "Application", name: "app-1") { ci { id } }
  b: createCi(class: "Application", name: "app-2") { ci { id } }
}
"""
LINK = 'mutation L($s: ID!, $t: ID!) { linkCis(type: "DEPENDS_ON", from: $s, to: $t, reason: "pair") { sequence } }'


def on_a_pair(of: Services, who: Principal) -> dict[str, str]:
    """The ids of `shop`, `a` and `b`, made by somebody."""
    made: dict[str, str] = {name: one["ci"]["id"] for name, one in ask(of, MAKE, who).items()}
    for member in ("a", "b"):
        ask(of, LINK, who, s=made["shop"], t=made[member])
    return made
