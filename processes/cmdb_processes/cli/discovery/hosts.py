"""Which hosts of the graph have a hardware address: asked once for all, in pages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from cmdb.classes import catalogue
from cmdb_graphql.client import Client
from cmdb_processes.cli import asking

CHUNK = 100
OWNERS = """
query Owners($macs: [String!]!, $after: String) {
  networkInterfaces(filter: {mac: {in: $macs}}, first: 100, after: $after) {
    nodes { mac parent { id class } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def owners(client: Client, macs: Iterable[str]) -> dict[str, str]:
    """The id of the one host that has each address; an address of several hosts names none."""
    wanted, found = sorted(set(macs)), dict[str, set[str]]()
    for at in range(0, len(wanted), CHUNK):
        for row in chain(*asking.pages(client, OWNERS, "networkInterfaces", macs=wanted[at : at + CHUNK])):
            if row["parent"] and "Host" in catalogue().lineage(row["parent"]["class"]):
                found.setdefault(row["mac"], set()).add(row["parent"]["id"])
    return {mac: next(iter(ids)) for mac, ids in found.items() if len(ids) == 1}
