"""Row-level rights: what a restricted person is told is what an admin would be told without the forbidden CIs.

Each case is one generated graph, one view and one question: it is asked by the restricted person; then the forbidden
CIs are really removed and an admin asks the same. EPICENTRE_TEST_CASES asks for more of them (10,000 take minutes).
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.questions import ADMIN, NOTES, answer, parts
from support.restricted import BY, a_question, a_view, generate, remove_hidden, wipe

from cmdb.cypher import Compare
from cmdb.errors import Forbidden, Overloaded
from cmdb.store import Store
from cmdb.words import Principal, Role
from cmdb_graphql.endpoint import executor
from cmdb_graphql.fields.changes import Event
from cmdb_graphql.services import Services

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "300"))
FIRST = int(os.environ.get("EPICENTRE_TEST_SEED", "0"))
PER_GRAPH = 100
READER = Principal("ben", frozenset({Role.READER}), "v")


@pytest.fixture
def made(tmp_path: Path, store: Store) -> Iterator[Services]:
    """A server's parts."""
    with parts(tmp_path, store, [NOTES]) as opened:
        yield opened


@pytest.mark.timeout(120 + CASES)
@(pytest.mark.one_way if CASES > 300 else lambda test: test)  # that both ways agree is shown by the first few hundred
def test_a_restricted_answer_is_an_admins_without_the_forbidden_cis(
    made: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists, counts, orders, searches, ways, impact, past, provenance, events, errors: not one difference."""
    store, differ, hidden, empty = made.store, [], 0, 0
    begun = time.monotonic()
    executor(made)._budgets.default_factory = _Free  # type: ignore[assignment]
    # One label for all graphs, and plans kept from one to the next: planning would take most of the time.
    monkeypatch.setattr("cmdb.store.views.secrets", SimpleNamespace(token_hex=lambda _: "0" * 16))
    monkeypatch.setattr("cmdb.store.session._with_run", _planned_once)
    for seed in range(FIRST, FIRST + max(1, CASES // PER_GRAPH)):
        dice = random.Random(seed)
        wipe(store)
        graph = generate(store, dice)
        store.define_view("v", a_view(dice), BY)
        asked = [a_question(dice, graph) for _ in range(PER_GRAPH)]
        told = [_told(made, text, READER, variables) for text, variables in asked]
        exported = list(store.seen_by("v").export(2))
        gone = remove_hidden(store, graph)
        hidden += len(gone)
        assert exported == list(store.export(2)), f"the exports of {seed} differ"
        for (text, variables), restricted in zip(asked, told, strict=True):
            whole = _told(made, text, ADMIN, variables)
            empty += not any((restricted.get("data") or {}).values())
            named = [ci for ci in gone if ci in json.dumps(restricted) and ci not in json.dumps(variables)]
            if restricted != whole or named:
                differ.append((seed, text, variables, named, restricted, whole))
        print(f"graph {seed}: {len(differ)} differences so far, {time.monotonic() - begun:.0f} s")
        if differ and differ[-1][0] == seed:
            print(json.dumps(differ[-1]))
    assert not differ, (len(differ), json.dumps(differ, indent=1))
    assert hidden > CASES // 50, "the views hid too little to prove anything"
    assert empty < CASES / 2


def _planned_once(work: Any, *_count: Any) -> Any:
    def transaction(tx: Any) -> Any:
        return work(lambda text, given: [dict(row) for row in tx.run(f"CYPHER replan=skip {text}", dict(given))])

    return transaction


def _told(made: Services, text: str, who: Principal, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The answer; of a subscription to the journal entry `seq`, None being its beginning."""
    if not text.startswith("subscription"):
        return answer(made, text, who, **variables)
    given = {name: value for name, value in variables.items() if name != "seq"}
    entry = made.store.entries_after(variables["seq"] - 1, 1)[0] if variables["seq"] else None
    document, operation = executor(made).subscribable(who, text, given)
    event = Event(entry, {"hash": "another one"})
    return asyncio.run(executor(made).event(who, document, given, operation, event)).body


class _Free:
    """A budget without an end: only the answers are of interest here."""

    def charge(self, *_: Any, **__: Any) -> Any:
        """Nothing is charged."""
        from contextlib import nullcontext

        return nullcontext()


@pytest.mark.parametrize(
    "question",
    ["{ agents { nodes { node } } }",
     "{ conflicts { nodes { trace } } }", "{ held { pageInfo { endCursor } } }",
     "{ users { nodes { name } } }", "{ users { pageInfo { endCursor } } }"],
)  # fmt: skip
def test_what_tells_of_the_whole_is_not_for_readers(made: Services, question: str) -> None:
    """What no view can cut is refused as a whole."""
    made.store.define_view("v", Compare("class", "eq", "Host"), BY)
    with pytest.raises(Forbidden):
        asyncio.run(executor(made).execute(READER, question, {}))


def test_every_command_is_refused_to_readers(made: Services) -> None:
    """No command's policy names the reader."""
    policies = executor(made).built.policies
    assert not [name for (kind, name), roles in policies.items() if kind == "mutation" and Role.READER in roles]


def test_a_page_is_for_whom_its_rows_are_for(made: Services) -> None:
    """One generic type serves all pages: where it ends tells as much as a row."""
    policies = executor(made).built.type_policies
    assert policies["AgentConnection"] == policies["Agent"] == {Role.VIEWER}
    assert policies["CountConnection"] == policies["Count"] == {Role.READER}


def test_an_account_is_kept_to_a_view_from_the_next_request_on(made: Services) -> None:
    """Defined, given, asked by token, dropped: then the account sees nothing."""
    define = 'mutation { defineView(name: "hosts", filter: {class: {eq: "Host"}}) { name ready filter } }'
    made_view = answer(made, define)["data"]["defineView"]
    assert made_view["ready"]
    answer(made, 'mutation { createUser(name: "ben", roles: ["reader"], view: "hosts") { view } }')
    who = made.accounts.authenticate(made.accounts.create_token("ben"))
    assert (who.roles, who.view) == (frozenset({Role.READER}), "hosts")
    assert answer(made, "{ me { roles view } cis { totalCount } }", who)["data"]["me"]["view"] == "hosts"
    answer(made, 'mutation { dropView(name: "hosts") }')
    with pytest.raises(Forbidden, match="is gone"):
        answer(made, "{ cis { totalCount } }", who)


def test_a_reader_without_a_view_and_a_view_for_others_are_refused(made: Services) -> None:
    """A view restricts readers only, and a reader without one would see everything."""
    bare = answer(made, 'mutation { createUser(name: "b", roles: ["reader"]) { name } }')
    assert "name the view" in bare["errors"][0]["message"]
    answer(made, 'mutation { defineView(name: "hosts", filter: {class: {eq: "Host"}}) { name } }')
    both = answer(made, 'mutation { createUser(name: "b", roles: ["viewer"], view: "hosts") { name } }')
    assert "its one role is reader" in both["errors"][0]["message"]
    unknown = answer(made, 'mutation { createUser(name: "b", roles: ["reader"], view: "none") { name } }')
    assert "there is no view 'none'" in unknown["errors"][0]["message"]


def test_a_view_in_the_making_asks_for_patience(made: Services) -> None:
    """Until every CI was looked at, the view says nothing, not something wrong."""
    whole = type(made.store)._label
    seen: list[type[Exception]] = []

    def look(self: Store, view: Any) -> None:
        try:
            self.seen_by("v")
        except Overloaded as error:
            seen.append(type(error))
        whole(self, view)

    type(made.store)._label = look  # type: ignore[method-assign]
    try:
        made.store.define_view("v", Compare("class", "eq", "Host"), BY)
    finally:
        type(made.store)._label = whole  # type: ignore[method-assign]
    assert seen == [Overloaded]
