"""What the driver raises becomes our errors, each with what to do about it."""

from __future__ import annotations

import pytest
from neo4j import exceptions as bolt

from cmdb.errors import StoreUnavailable
from cmdb.store.session import Bolt


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("Neo.TransientError.General.MemoryPoolOutOfMemoryError", "more memory than Neo4j has"),
        ("Neo.TransientError.General.TransactionOutOfMemoryError", "more memory than Neo4j has"),
        ("Neo.TransientError.General.DatabaseUnavailable", "Neo4j does not answer"),
        ("Neo.ClientError.Transaction.TransactionTimedOut", "took too long and was stopped"),
    ],
)
def test_what_neo4j_says_is_told_by_what_to_do_about_it(code: str, said: str) -> None:
    """A question that is too much for its memory is no outage: who asked is told to ask for less."""
    asked = Bolt("bolt://127.0.0.1:1", "neo4j", "none")
    with pytest.raises(StoreUnavailable, match=said), asked._errors():
        raise bolt.Neo4jError._hydrate_neo4j(code=code, message="as Neo4j words it")
    asked.close()
