"""Rows that people bring from elsewhere, as plans. Pure: rows and what is known in, a Plan and an outcome per row out.

An import is a source like any other: what it says is a claim of the scope `import:NAME/rows`, so it meets agents and
people by the same rules of identity and precedence, and a bad row never costs the good ones anything.
"""

from cmdb.imports.batch import Batch, End
from cmdb.imports.rows import EdgeRow, NodeRow, Outcome, Unread, parse, scope_of
from cmdb.imports.seen import Seen
from cmdb.imports.who import Found, Who, who

__all__ = [
    "Batch", "EdgeRow", "End", "Found", "NodeRow", "Outcome", "Seen", "Unread", "Who", "parse", "scope_of",
    "who",
]  # fmt: skip
