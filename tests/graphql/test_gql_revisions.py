"""Who decided on what is not so any more is told, for every command that changes what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.questions import answer, ask, parts

from cmdb.store import Store
from cmdb_graphql.schema import Built
from cmdb_graphql.services import Services
from cmdb_processes.cli.server.processes import processes

pytestmark = pytest.mark.neo4j

_NEW = "makes something new"
_ROWS = "each row has a revision of its own, or is its source's own word"
_SET = "adds to a set or takes from it: in any order the same comes of it"
_ONCE = "is done once: who comes second is told that it is done, or changes nothing"
_STATE = "says the whole state, and the same again changes nothing"

NO_REV: Mapping[str, str] = {
    **dict.fromkeys(
        ("callCab", "createCi", "createEnrolmentToken", "createToken", "createUser", "createWebhook", "declareCalendar",
         "declareDelegation", "declareFreeze", "declareMaintenanceWindow", "declareSupportGroup", "draftStrategy",
         "importRecord", "openIncident", "pingWebhook", "proposeChange", "proposeChangeTemplate", "reportEvent",
         "requestItem"), _NEW,
    ),
    **dict.fromkeys(("bulkUpsert", "withdraw"), _ROWS),
    **dict.fromkeys(("linkCis", "tagCis", "unlinkCis", "untagCis"), _SET),
    **dict.fromkeys(
        ("discoverNow", "releaseHeld", "removeWebhook", "replay", "resolveConflict", "revokeAgent", "revokeToken"),
        _ONCE,
    ),
    **dict.fromkeys(("pauseWebhook", "resumeWebhook", "setEmail"), _STATE),
}  # fmt: skip
"""Commands that take no revision, each with the reason."""
HOSTS, NONE = '{class: {eq: "Host"}}', '{class: {eq: "Site"}}'
FASTER = "somebody was faster"


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts on a clean store."""
    with parts(tmp_path / "home", store) as made:
        yield made


def refused(served: Services, document: str) -> str:
    """The sentence of the only error, which is a conflict."""
    (error,) = answer(served, document)["errors"]
    assert error["extensions"]["code"] == "conflict"
    return str(error["message"])


def test_every_command_takes_a_revision_or_says_why_not() -> None:
    """A new command takes the revision it was decided on or has its reason in the list, which holds nothing else."""
    mutation = Built(processes()).graphql.mutation_type
    assert mutation is not None
    without = {name for name, f in mutation.fields.items() if not any(a.lower().endswith("rev") for a in f.args)}
    assert without == set(NO_REV)


def policy(value: str, rev: int | str = "null") -> str:
    """A command that sets the policy `models`."""
    return (
        f'mutation {{ done: setPolicy(name: "models", class: "Host", rule: ALLOWED, attribute: "model", '
        f'values: ["{value}"], rev: {rev}) {{ rev }} }}'
    )


def test_of_two_admins_who_set_a_policy_the_second_is_told(served: Services) -> None:
    """Both have read the same; what the first set stays, and is removed only by who has seen it."""
    read = ask(served, policy("R640", 0))["done"]["rev"]
    mine = ask(served, policy("R740", read))["done"]["rev"]
    assert mine > read
    assert FASTER in refused(served, policy("R840", read)) and FASTER in refused(served, policy("R840", 0))
    assert FASTER in refused(served, f'mutation {{ removePolicy(name: "models", rev: {read}) }}')
    (kept,) = ask(served, "{ policies { values rev } }")["policies"]
    assert kept == {"values": ["R740"], "rev": mine}
    assert ask(served, f'mutation {{ done: removePolicy(name: "models", rev: {mine}) }}')["done"]
    assert "is not there" in refused(served, policy("R840", mine))
    assert ask(served, policy("R840", 0))["done"]["rev"] > mine  # one of that name again is another one


def view(filter_: str, rev: int | str = "null") -> str:
    """A command that defines the view `part`."""
    return f'mutation {{ done: defineView(name: "part", filter: {filter_}, rev: {rev}) {{ rev ready }} }}'


def test_of_two_admins_who_define_a_view_the_second_is_told(served: Services) -> None:
    """Nobody's restricted accounts see by a filter that replaced one its author never saw."""
    read = ask(served, view(HOSTS, 0))["done"]["rev"]
    mine = ask(served, view(NONE, read))["done"]
    assert mine["ready"] and mine["rev"] > read
    assert FASTER in refused(served, view(HOSTS, read)) and FASTER in refused(served, view(HOSTS, 0))
    assert FASTER in refused(served, f'mutation {{ dropView(name: "part", rev: {read}) }}')
    (kept,) = ask(served, "{ views { filter ready rev } }")["views"]
    assert kept["rev"] == mine["rev"] and "Site" in str(kept["filter"])
    assert ask(served, f'mutation {{ done: dropView(name: "part", rev: {mine["rev"]}) }}')["done"]
    assert "is not there" in refused(served, view(HOSTS, mine["rev"]))


def roles(role: str, rev: int | str = "null") -> str:
    """A command that gives mary one role."""
    return f'mutation {{ done: setRoles(name: "mary", roles: ["{role}"], rev: {rev}) {{ rev }} }}'


def test_of_two_admins_who_set_roles_the_second_is_told(served: Services) -> None:
    """An account does not get back what somebody else has just taken from it."""
    read = ask(served, 'mutation { done: createUser(name: "mary", roles: ["engineer"]) { rev } }')["done"]["rev"]
    mine = ask(served, roles("viewer", read))["done"]["rev"]
    assert FASTER in refused(served, roles("engineer", read))
    kept = {one["name"]: one for one in ask(served, "{ users { nodes { name roles rev } } }")["users"]["nodes"]}
    assert kept["mary"] == {"name": "mary", "roles": ["viewer"], "rev": mine}
    assert ask(served, roles("engineer"))["done"]["rev"] > mine  # without one: whatever it is now
