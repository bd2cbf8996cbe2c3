"""Pure: what a node says, against what is known of it, gives a Plan. No I/O, no clock, no randomness of its own.

The desired state of a section is its newest complete body with the later incomplete ones laid over it, item by item,
newest by sequence and never by arrival. So any order of arrival, with repeats, ends in the same graph.
"""

from cmdb.reconcile.callers import BRIEF, MANY, addresses_of
from cmdb.reconcile.items import Items
from cmdb.reconcile.known import SELF, Caller, Known, KnownCI, KnownEdge
from cmdb.reconcile.report import addresses, addresses_before, doubtful, plan, settle, still
from cmdb.reconcile.said import endpoints_named, shared_named

__all__ = [
    "BRIEF", "MANY", "SELF", "Caller", "Items", "Known", "KnownCI", "KnownEdge", "addresses", "addresses_before",
    "addresses_of", "doubtful", "endpoints_named", "plan", "settle", "shared_named", "still",
]  # fmt: skip
