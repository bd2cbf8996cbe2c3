"""What the two processes ask the graph."""

from __future__ import annotations

IMPACT = """
query IncidentImpact($of: [ID!]!, $proposed: ProposedInput) {
  impact(of: $of, proposed: $proposed) {
    verdict users context { ci { id condition } }
    of { id name class ... on BusinessService { criticality recoveryTimeMin serviceHours users } }
    items { ci { id } degree hops reason path { from { id } } }
    services { id name ... on BusinessService { criticality recoveryTimeMin serviceHours users } }
  }
}
"""
"""What a set of CIs takes along, as if they failed now and had been well before; `context` has other outages."""

OTHERS = """
query Others($cis: [ID!]!) {
  incidents(filter: { cis: $cis, categories: [TO_DO, IN_PROGRESS, WAITING] }, first: 100) {
    nodes { number waiting condition outageSince cis { id } }
    pageInfo { hasNextPage }
  }
}
"""
"""Who else says something of these CIs."""

SAME = """
query SameEvents($key: String!) {
  incidents(filter: { eventKey: $key }, first: 10) { nodes { number category waiting eventKey lastEventAt } }
}
"""
SAME_REQUESTS = """
query SameRequests($key: String!) {
  serviceRequests(filter: { eventKey: $key }, first: 10) { nodes { number category waiting eventKey lastEventAt } }
}
"""
"""The newest records that events of this key opened."""

LINKS = """
query Links($number: String!) {
  incident(number: $number) {
    links(first: 100) { nodes { type record { number type category } ci { id } } pageInfo { hasNextPage } }
  }
}
"""
CHILDREN = """
query Children($number: String!) {
  incident(number: $number) {
    linkedFrom(types: ["CHILD_OF"], first: 100) { nodes { record { number type } } pageInfo { hasNextPage } }
  }
}
"""
CIS = "query Live($ids: [String!]!) { cis(filter: { id: { in: $ids } }, first: 100) { nodes { id condition } } }"
RESOLVE = "query Named($name: String!) { resolve(name: $name, first: 2) { nodes { id name } } }"


def several(kind: str, numbers: list[str], selection: str) -> str:
    """One document for up to ten records of a type by number."""
    fields = " ".join(f'r{n}: {kind}(number: "{number}") {{ {selection} }}' for n, number in enumerate(numbers))
    return f"query Several {{ {fields} }}"


def by_attribute(plural: str, attribute: str) -> str:
    """The live CIs of a class whose attribute has a value; two are enough to know that it is not one."""
    return (
        f"query Bound($value: String!) {{ {plural}(filter: {{ {attribute}: {{ eq: $value }} }}, first: 2) "
        "{ nodes { id } } }"
    )


def open_page(plural: str, selection: str) -> str:
    """A page of the records that are not done, oldest first."""
    return (
        f"query Open($after: String) {{ {plural}(filter: {{ categories: [TO_DO, IN_PROGRESS, WAITING] }}, "
        f"order: OLDEST, first: 50, after: $after) {{ nodes {{ number {selection} }} "
        "pageInfo { hasNextPage endCursor } } }"
    )
