"""Asking the graph for its network: of all, of what stands at a site, or of one device; in pages, and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cmdb_graphql.client import Client
from cmdb_graphql.pictures.network import CABLE, RELATIONS, UPLINK, Network
from cmdb_processes.cli import asking

Edge = dict[str, Any]
PAGE = 100
DEEPEST = 6
"""Levels of places below a site: rooms, racks, and sites in sites."""
PLACES = ("Room", "Rack", "Site")
_END = "id name class parent { id name class }"
_EDGE = f"id type from {{ {_END} }} to {{ {_END} }} evidence {{ kind detail confidence }} lastSeen ageSeconds"
_MORE = "pageInfo { hasNextPage endCursor }"
_STATE = "$asOf: Moment, $proposed: ProposedInput"
_AT = "asOf: $asOf, proposed: $proposed"
_ASKED = f"$of: [ID!]!, $types: [String!]!, $after: String, {_STATE}"
_GIVEN = f"of: $of, types: $types, first: 100, after: $after, {_AT}"
OUT = f"query Out({_ASKED}) {{ dependencies({_GIVEN}) {{ nodes {{ {_EDGE} }} {_MORE} }} }}"
IN = f"query In({_ASKED}) {{ dependents({_GIVEN}) {{ nodes {{ {_EDGE} }} {_MORE} }} }}"
BELOW = f"query Below({_ASKED}) {{ dependents({_GIVEN}) {{ nodes {{ from {{ id class }} }} {_MORE} }} }}"
CIS = f"""
query Joined($filter: CIFilter!, $after: String, {_STATE}) {{
  cis(filter: $filter, first: 100, after: $after, {_AT}) {{ nodes {{ id }} {_MORE} }}
}}
"""


@dataclass(frozen=True, slots=True)
class Posed:
    """A client whose every question is put to the graph as of a moment, or to a proposed state."""

    client: Client
    as_of: str | None = None
    proposed: dict[str, Any] | None = None

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """As the client's; the document takes `$asOf` and `$proposed`."""
        return self.client.ask(document, **variables, asOf=self.as_of, proposed=self.proposed)


def everywhere(client: Client, most: int) -> tuple[Network, bool]:
    """All that is joined; and whether it stopped, at `most` edges or behind, with more to ask for.

    It stops between CIs, never within the edges of one: how many uplinks somebody has is always the whole number.
    """
    joined = {"or": [{"related": [{"type": one}]} for one in RELATIONS]}
    found = dict[str, Edge]()
    for page in asking.pages(client, CIS, "cis", filter=joined):
        if len(found) >= most:
            return Network.of(found.values()), True
        found |= _edges(client, OUT, [row["id"] for row in page], RELATIONS)
    return Network.of(found.values()), False


def around(client: Client, ids: Iterable[str], most: int) -> tuple[Network, bool]:
    """What these CIs are joined to, from either side, and where else those hang that hang on them; else as above."""
    inside = sorted(set(ids))
    found, cut = dict[str, Edge](), False
    for part in _parts(inside):
        cut = len(found) >= most
        if cut:
            break
        for some in _parts([*part, *_ports(client, part)]):
            found |= _edges(client, OUT, some, RELATIONS) | _edges(client, IN, some, RELATIONS)
    hanging = {edge["from"]["id"] for edge in found.values() if edge["type"] == UPLINK}
    for part in _parts(sorted(hanging - set(inside))):
        found |= _edges(client, OUT, part, (UPLINK,))
    return Network.of(found.values(), inside), cut


def at_site(client: Client, site: str) -> list[str]:
    """The ids of what stands at a site, in its rooms and in their racks."""
    places, level = {site}, [site]
    for _ in range(DEEPEST):
        below = {row["from"]["id"] for row in _below(client, level, "PART_OF") if row["from"]["class"] in PLACES}
        # A rack or a room may also say itself where it stands.
        below |= {row["from"]["id"] for row in _below(client, level, "LOCATED_IN") if row["from"]["class"] in PLACES}
        level = sorted(below - places)
        places |= below
        if not level:
            break
    stand = _below(client, sorted(places), "LOCATED_IN")
    return sorted({row["from"]["id"] for row in stand if row["from"]["class"] not in PLACES})


def _below(client: Client, ids: list[str], relation: str) -> list[dict[str, Any]]:
    return [
        row
        for part in _parts(ids)
        for page in asking.pages(client, BELOW, "dependents", of=part, types=[relation])
        for row in page
    ]


def _ports(client: Client, parents: list[str]) -> list[str]:
    """Their interfaces that a cable begins or ends at."""
    ways = [{"related": [{"type": CABLE, "direction": way}]} for way in ("OUT", "IN")]
    asked = {"class": {"eq": "NetworkInterface"}, "parent": {"in": parents}, "or": ways}
    return [row["id"] for page in asking.pages(client, CIS, "cis", filter=asked) for row in page]


def _edges(client: Client, document: str, ids: list[str], relations: Sequence[str]) -> dict[str, Edge]:
    """By their ids; of nobody there are none."""
    field = "dependencies" if document is OUT else "dependents"
    return {
        edge["id"]: edge
        for page in (asking.pages(client, document, field, of=ids, types=list(relations)) if ids else ())
        for edge in page
    }


def _parts(ids: list[str]) -> Iterator[list[str]]:
    yield from (ids[at : at + PAGE] for at in range(0, len(ids), PAGE))
