"""Questions and commands made up from the schema: each is answered or refused with a code, and none breaks anything.

Questions are answered by the compiled way and by graphql-core (`conftest`), and it must be the same.

EPICENTRE_TEST_CASES asks for more of them, EPICENTRE_TEST_SEED for others.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from support.asked import seeded
from support.fuzzed import Fuzz
from support.questions import ADMIN

from cmdb.errors import EpicentreError
from cmdb.store import Store
from cmdb_graphql.endpoint import executor
from cmdb_graphql.errors import code_of, status_of
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "150"))
FIRST = int(os.environ.get("EPICENTRE_TEST_SEED", "0"))
INSIDE = ("traceback", 'file "', "bolt://", "cypher", "strawberry", "graphql-core", "object at 0x", "keyerror")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, connected: Store) -> Iterator[tuple[Services, dict[str, Any]]]:
    """Parts with all processes, and values that name something in them."""
    with seeded(tmp_path_factory.mktemp("fuzz"), connected, connected) as (made, known):
        yield made, known


# A field that fails leaves those beside it unawaited.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(120 + CASES)
@pytest.mark.parametrize("kind", ["query", "mutation"])
def test_whatever_is_asked_no_error_is_unexpected(served: tuple[Services, dict[str, Any]], kind: str) -> None:
    """Not one answer of the server's own mistake, none that says try again later, and nothing of its inside."""
    of, known = served
    run, wrong, answered = executor(of), [], 0
    for seed in range(FIRST, FIRST + CASES // (1 if kind == "query" else 2)):
        fuzz = Fuzz(run.built.graphql, seed, known)
        text = fuzz.document(kind)
        run._budgets.clear()  # more than one person may ask in a minute
        try:
            found = asyncio.run(run.execute(ADMIN, text, fuzz.variables)).body
            bad = [e["extensions"]["code"] for e in found.get("errors", ()) if e["extensions"]["code"] in FAULTS]
            answered += any(value is not None for value in (found.get("data") or {}).values())
        except EpicentreError as error:
            found = {"errors": [{"message": error.message}]}
            bad = [code_of(error)] if status_of(error) >= 500 else []
        except Exception as error:  # whatever gets here would be a 500
            found, bad = {}, [repr(error)]
        said = json.dumps([e["message"] for e in found.get("errors", ())]).lower()
        bad += [word for word in INSIDE if word in said and word not in json.dumps(fuzz.variables).lower()]
        if bad:
            wrong.append((seed, bad, text, fuzz.variables, said[:500]))
    assert not wrong, (len(wrong), json.dumps(wrong, indent=1, default=repr))
    assert kind == "mutation" or answered > CASES // 10, "too little was answered to prove anything"


FAULTS = {"internal", "store_unavailable", "unavailable", "disk_full"}
