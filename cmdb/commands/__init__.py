"""What people do to the graph, as plans. Pure: a command and what is known in, a Plan out; the store carries it out.

A person is a source like any other: what they write is a claim (`claims.RECORDS`, `EDITS`, `OVERRIDES`), so it meets
reports by the same rules of precedence, and nothing that another source said is lost.
"""

from cmdb.commands.life import end, expire_at, move
from cmdb.commands.links import check_cardinality, link, unlink
from cmdb.commands.merge import Merged, merge
from cmdb.commands.nest import Nest, check_contained
from cmdb.commands.split import split
from cmdb.commands.tags import outcome, tag, together, untag
from cmdb.commands.things import (
    Around,
    Decided,
    believe_anew,
    check_rev,
    check_same,
    create,
    declared,
    expire,
    override,
    retire,
    update,
)
from cmdb.commands.withdraw import withdraw, withdraw_edge

__all__ = [
    "Around", "Decided", "Merged", "Nest", "believe_anew", "check_cardinality", "check_contained", "check_rev",
    "check_same", "create", "declared", "end", "expire", "expire_at", "link", "merge", "move", "outcome", "override",
    "retire", "split", "tag", "together", "unlink", "untag", "update", "withdraw", "withdraw_edge",
]  # fmt: skip
