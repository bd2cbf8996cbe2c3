"""What is asked about arrangements: those in force, of the kinds that are wanted, and the CIs, in one document."""

from __future__ import annotations

from collections.abc import Collection

_SCOPE = "everything classes tags sites ciIds"
_FIELDS = {
    "calendars": "name zone weekly holidays { day name } exceptions { day hours why }",
    "maintenanceWindows": "name zone start end rule why ciIds",
    "freezes": f"name zone start end rule why overrideBy {_SCOPE}",
    "supportGroups": f"name members calendar contact {_SCOPE}",
    "delegations": "by to role start until",
    "cabMeetings": (
        "name state start end members present place agenda { number title verdict risk evidence requester }"
        " rulings { number decision reason evidence }"
    ),
    "strategies": (
        "process name owner approvedBy approvedAt reviewDue priorityMatrix readers acknowledged"
        f" objectives {{ objective kpi atLeast atMost unit }} promises {{ rank response resolution update }} {_SCOPE}"
    ),
    "changeRequests": "title windowStart windowEnd",
}
LISTS = tuple(_FIELDS)
"""The kinds of arrangements, as GraphQL calls their lists, and the changes that are open."""
FEW, MANY = 10, 40
"""Rows of a first page, and of those behind it: what is asked for is paid for, be it there or not."""
_IN_FORCE = "categories: [TO_DO, IN_PROGRESS]"
MEETINGS = 20
"""The last that were called: those that are over are still of interest, but not for ever."""
_WHICH = {
    "cabMeetings": f"order: NEWEST, first: {MEETINGS}",
    "maintenanceWindows": f"filter: {{ {_IN_FORCE}, cis: $about }}, order: OLDEST, first: $first",
    "strategies": "filter: { categories: [IN_PROGRESS] }, order: OLDEST, first: $first",
    "changeRequests": "filter: { categories: [TO_DO, WAITING, IN_PROGRESS], cis: $near }, order: OLDEST, first: 100",
}
SIZED = frozenset({"cabMeetings", "changeRequests"})
"""Those whose pages are as long as is said there."""


def document(lists: Collection[str], *, cis: bool) -> str:
    """The question for a page of each of these lists, and for CIs by `$ids`; `$x` is where list x goes on."""
    variables = [*(["$first: Int!"] if set(lists) - SIZED else []), *(f"${name}: String" for name in lists)]
    variables += ["$about: [ID!]"] if "maintenanceWindows" in lists else []
    variables += ["$near: [ID!]"] if "changeRequests" in lists else []
    parts = [_page(name) for name in lists]
    if cis:
        variables += ["$ids: [String!]!", "$count: Int!"]
        found = "cis(filter: { id: { in: $ids } }, first: $count, includeRetired: true)"
        parts.append(f"{found} {{ nodes {{ id name class tags }} }}")
    return f"query Arrangements({', '.join(variables)}) {{ {' '.join(parts)} }}"


def _page(name: str) -> str:
    which = _WHICH.get(name, f"filter: {{ {_IN_FORCE} }}, order: OLDEST, first: $first")
    return (
        f"{name}({which}, after: ${name}) {{ nodes {{ number {_FIELDS[name]} }} pageInfo {{ hasNextPage endCursor }} }}"
    )


UP = """
query Places($of: [ID!]!, $after: String) {
  dependencies(of: $of, types: ["LOCATED_IN", "PART_OF", "RUNS_ON", "HOSTED_ON"], first: 100, after: $after) {
    nodes { from { id } to { id class } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""One step towards where things stand."""

INSIDE = """
query Inside($ids: [String!]!) {
  cis(filter: { id: { in: $ids } }, first: 100, includeRetired: true) { nodes { id parent { id class } } }
}
"""
"""What things are inside of."""
