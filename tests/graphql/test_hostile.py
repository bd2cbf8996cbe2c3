"""The hostile corpus (`hostile/`): refused within 0.2 s of CPU, or bounded; nothing 5xx, nothing leaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from support.front_door import Door, front_door
from support.hostile import Case, cases
from support.questions import ADMIN, estate, parts

from cmdb.errors import EpicentreError
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.endpoint import Executor
from cmdb_graphql.services import Services

CPU = 0.2
"""Seconds of CPU a refusal may take, all threads together."""
SECRETS = (
    b"did you mean",
    b"traceback",
    b'file "',
    b".py",
    b"bolt://",
    b"neo4j",
    b"cypher",
    b"strawberry",
    b"graphql-core",
)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server whose Neo4j is down: what is refused here is refused before the store is asked."""
    with front_door(tmp_path_factory.mktemp("hostile")) as opened:
        opened.services.accounts.create_user("eve", [Role.VIEWER])
        yield opened


@pytest.fixture(scope="module")
def token(door: Door) -> str:
    """An API token of eve's."""
    return door.services.accounts.create_token("eve")


@pytest.mark.parametrize("case", cases("refused.toml"), ids=lambda case: case.name)
def test_it_is_refused_quickly_and_says_why(door: Door, token: str, case: Case) -> None:
    """The status and the word that are declared, little CPU, and nothing of the inside."""
    headers = {"Content-Type": case.type, **({"Authorization": f"Bearer {token}"} if case.token else {})}
    taken = []
    for _ in range(3):  # refusals are not remembered: each try does the whole work, and others run beside it
        started = time.process_time()
        reply = door.call(case.method, case.path, case.body, headers)
        taken.append(time.process_time() - started)
        if taken[-1] <= CPU:
            break
    assert (reply.status, case.word in reply.raw.decode()) == (case.status, True), reply.raw[:500]
    assert min(taken) <= CPU, taken
    assert not [secret for secret in SECRETS if secret in reply.raw.lower()]
    assert len(reply.raw) < 2_000


def test_the_corpus_is_big_enough() -> None:
    """At least 40 hostile questions and bodies, each named once."""
    found = [case.name for case in (*cases("refused.toml"), *cases("bounded.toml"))]
    assert len(found) == len(set(found)) >= 40


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts on a small estate."""
    with parts(tmp_path / "home", store) as made:
        estate(store)
        yield made


@pytest.mark.neo4j
def test_what_may_be_asked_is_bounded_and_breaks_nothing(served: Services) -> None:
    """Each is answered or refused by a code that is declared, within the CPU of a refusal; the graph is as it was."""
    run, before = Executor(served), served.store.count(None)
    wrong = []
    for case in cases("bounded.toml"):
        asked = orjson.loads(case.body or b"")
        started = time.process_time()
        try:
            found = asyncio.run(run.execute(ADMIN, asked["query"], asked.get("variables") or {})).body
        except EpicentreError as error:
            found = {"errors": [{"extensions": {"code": f"raised: {error.message}"}}]}
        taken = time.process_time() - started
        codes = {error["extensions"]["code"] for error in found.get("errors", ())}
        if not codes <= set(case.codes) or bool(codes) != bool(case.codes) or taken > CPU:
            wrong.append(f"{case.name}: {taken:.3f} s, {str(found.get('errors'))[:400]}")
    assert not wrong, "\n".join(wrong)
    assert served.store.count(None) == before
