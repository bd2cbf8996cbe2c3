"""POST /graphql as HTTP: what it takes, how it refuses, and that nothing of the inside is said."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    OperationType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from support.front_door import Door, Reply, front_door
from support.questions import answer, parts, person
from support.reports import NOW

from cmdb.cypher import Compare
from cmdb.errors import Forbidden, Invalid, StoreUnavailable
from cmdb.store import By, Store
from cmdb.words import Principal, Role
from cmdb_graphql.endpoint import executor
from cmdb_graphql.schema import Built, built


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server whose Neo4j is down."""
    with front_door(tmp_path_factory.mktemp("endpoint")) as opened:
        opened.services.accounts.create_user("vera", [Role.VIEWER])
        opened.services.accounts.create_user("ada", [Role.ADMIN])
        yield opened


@pytest.fixture(scope="module")
def token(door: Door) -> str:
    """An API token of vera's."""
    return door.services.accounts.create_token("vera")


def post(door: Door, token: str, body: bytes, kind: str = "application/json") -> Reply:
    """A body as it is."""
    return door.call("POST", "/graphql", body, {"Authorization": f"Bearer {token}", "Content-Type": kind})


def code(reply: Reply) -> str:
    """The code of the one error, which is said in both shapes."""
    (error,) = reply.body["errors"]
    assert error["extensions"]["code"] == reply.code
    return reply.code


ME = b'{"query": "{me{name roles}}"}'


def test_a_question_is_answered(door: Door, token: str) -> None:
    """The plain case, also with operationName and extensions, which clients send."""
    reply = post(door, token, ME)
    assert (reply.status, reply.body) == (200, {"data": {"me": {"name": "vera", "roles": ["reader", "viewer"]}}})
    extra = {"query": "query Me{me{name}}", "operationName": "Me", "variables": None, "extensions": {}}
    assert post(door, token, orjson.dumps(extra)).status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" + ME + b"," + ME + b"]", 400),
        (b'"{me{name}}"', 400),
        (b'{"query": 7}', 400),
        (b'{"query": null}', 400),
        (b'{"query": "{me{name}}", "variables": []}', 400),
        (b'{"query": "{me{name}}", "variables": 0}', 400),
        (b'{"query": "\\ud800{me{name}}"}', 400),
        (b"[" * 100_000, 400),
        (b'{"query": "{me{name}}", "variables": ' + b'{"a":' * 900 + b"1" + b"}" * 901, 400),
        (b'{"query": "{me{name}}", "variables": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001, 400),
        (b'{"query": "' + b" " * (1024 * 1024) + b'"}', 413),
    ],
)
def test_what_is_no_question_is_refused_as_a_whole(door: Door, token: str, body: bytes, status: int) -> None:
    """Malformed, batched, deep or too long: 4xx with a code, never 5xx."""
    reply = post(door, token, body)
    assert reply.status == status, reply.raw[:200]
    assert reply.code in {"invalid", "too_large"}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/graphql", ""]
)
def test_only_json_is_taken(door: Door, token: str, kind: str) -> None:
    """A form or text could come from any page a person visits."""
    assert post(door, token, ME, kind).status == 415


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_is_taken(door: Door, token: str, method: str) -> None:
    """A question in an address would be logged and cached on its way."""
    headers = {"Authorization": f"Bearer {token}"}
    assert door.call(method, "/graphql?query={me{name}}", None, headers).status == 405


def test_nobody_asks_without_saying_who(door: Door) -> None:
    """No token, a wrong one, a revoked one."""
    assert door.ask("/graphql", {"query": "{__typename}"}).status == 401
    assert post(door, "epi_nonsense", ME).status == 401
    text = door.services.accounts.create_token("vera")
    door.services.accounts.revoke_token(text.split("_")[1])
    assert post(door, text, ME).status == 401


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("{me{nam}}", "nam"),
        ("{hots{nodes{id}}}", "hots"),
        ('{ci(id:"x"){... on Hots{id}}}', "Hots"),
        ("{hosts(frist: 1){nodes{id}}}", "frist"),
        ('{hosts(filter: {nmae: {eq: "x"}}){nodes{id}}}', "nmae"),
        ("{me{name}", "Expected"),
        ("{me{}}", "Expected"),
        ("subscription{me{name}}", "Subscription"),
    ],
)
def test_a_wrong_question_is_named_and_nothing_is_suggested(door: Door, token: str, query: str, word: str) -> None:
    """400, the wrong word, and no list of what would have been right: names are not for guessing."""
    reply = post(door, token, orjson.dumps({"query": query}))
    assert (reply.status, code(reply)) == (400, "invalid")
    assert word in reply.body["errors"][0]["message"]
    assert "did you mean" not in reply.raw.decode().lower()


@pytest.mark.parametrize(
    ("variables", "word"),
    [({}, "id"), ({"id": None}, "id"), ({"id": {"x": 1}}, "id"), ({"id": ["a", "b"]}, "id")],
)
def test_variables_that_do_not_fit_are_refused_as_a_whole(
    door: Door, token: str, variables: dict[str, Any], word: str
) -> None:
    """Nothing is executed, so it is 400."""
    body = {"query": "query Q($id: ID!){ci(id: $id){id}}", "variables": variables}
    reply = post(door, token, orjson.dumps(body))
    assert (reply.status, code(reply)) == (400, "invalid")
    assert word in reply.body["errors"][0]["message"]


def test_a_variable_of_a_wrong_name_is_not_guessed_either(door: Door, token: str) -> None:
    """Inputs are names too."""
    body = {"query": "query Q($f: HostFilter){hosts(filter: $f){nodes{id}}}", "variables": {"f": {"nmae": {"eq": "x"}}}}
    reply = post(door, token, orjson.dumps(body))
    assert (reply.status, code(reply)) == (400, "invalid")
    assert "did you mean" not in reply.raw.decode().lower()


def test_while_neo4j_is_down_questions_about_the_graph_wait_and_others_are_answered(door: Door, token: str) -> None:
    """503 with Retry-After and a code; who you are needs no graph."""
    reply = post(door, token, b'{"query": "{hosts{nodes{id}}}"}')
    assert (reply.status, code(reply)) == (503, "store_unavailable")
    assert int(reply.headers["retry-after"]) >= 1
    assert b"bolt://" not in reply.raw
    assert post(door, token, ME).status == 200


class _Broken:
    """A store with a defect."""

    def counts(self) -> dict[str, int]:
        raise RuntimeError("secret password is 12345")


def test_a_defect_of_ours_is_masked_and_logged_with_the_same_reference(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets a reference, the log the story and the document's hash, never its text."""
    broken = replace(door.services, store=cast(Store, _Broken()))
    with caplog.at_level(logging.ERROR, logger="epicentre"):
        found = answer(broken, "query Probe{status{sequence}}", person(Role.VIEWER))
    (error,) = found["errors"]
    assert error["extensions"]["code"] == "internal" and "12345" not in str(found)
    reference = error["message"].rsplit(" ", 1)[1]
    assert reference in caplog.text and "operation Probe" in caplog.text
    assert "{status" not in caplog.text


def test_a_document_is_parsed_and_validated_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time only its cost is taken, because variables may have changed it."""
    run = executor(door.services)
    who = person(Role.VIEWER)
    answer(door.services, "{me{name}} # once", who)
    monkeypatch.setattr(run, "_validate", lambda *_: pytest.fail("validated again"))
    assert answer(door.services, "{me{name}} # once", who)["data"]["me"]["name"] == "pat"


class _Down:
    """A store whose Neo4j is down, without the driver's patience."""

    def __getattr__(self, name: str) -> Any:
        raise StoreUnavailable("Neo4j does not answer")


def roots() -> list[tuple[str, str]]:
    """Every root field."""
    return sorted(built({}).policies)


@pytest.mark.parametrize(("kind", "name"), roots())
def test_every_root_field_is_refused_to_who_lacks_its_role(door: Door, kind: str, name: str) -> None:
    """Somebody without roles gets nothing; others only what their roles may; the refusal comes before any work."""
    built = executor(door.services).built
    document = f"{kind} {{ {name}{_minimal(built, kind, name)} }}"
    with pytest.raises(Forbidden):
        answer(door.services, document, Principal("nobody", frozenset()))
    needed = built.policies[kind, name]
    reader = Principal(f"reader-{name}", frozenset({Role.READER}), "v")
    roles = (Role.VIEWER, Role.ENGINEER, Role.APPROVER_FINANCIAL)
    for who in (reader, *(person(role, name=f"{role}-{name}") for role in roles)):
        if not needed & who.roles:
            with pytest.raises(Forbidden, match=name):
                answer(door.services, document, who)
    if kind == "query":
        down = replace(door.services, store=cast(Store, _Down()))
        enough = {
            Role.VIEWER if role is Role.READER else role for role in needed
        }  # a viewer is a reader without a view
        allowed = answer(down, document, person(*enough, name=f"ok-{name}"))
        codes = {e["extensions"]["code"] for e in allowed.get("errors", ())}
        # some ask for one of something that is not there, some check what is given first
        assert codes <= {"store_unavailable", "unknown_name", "invalid"}
    if kind == "subscription":
        with pytest.raises(Invalid, match="WebSocket"):
            answer(door.services, document, person(Role.ADMIN, name=f"ok-{name}"))


@pytest.mark.neo4j
def test_a_reader_with_a_view_may_ask_what_readers_may(store: Store, tmp_path: Path) -> None:
    """Every question of theirs is answered by the view, of which they need not know; without it, by nothing."""
    with parts(tmp_path / "home", store) as of:
        built = executor(of).built
        asked = [name for (kind, name), needed in built.policies.items() if kind == "query" and Role.READER in needed]
        readers = [Principal(f"reader-{name}", frozenset({Role.READER}), "v") for name in asked]
        documents = [f"{{ {name}{_minimal(built, 'query', name)} }}" for name in asked]
        with pytest.raises(Forbidden, match="is gone"):
            answer(of, documents[0], readers[0])
        store.define_view("v", Compare("class", "eq", "Host"), By("ada", NOW, "because"))
        found = [answer(of, document, who) for document, who in zip(documents, readers, strict=True)]
    codes = {error["extensions"]["code"] for one in found for error in one.get("errors", ())}
    assert len(found) > 40 and codes <= {"unknown_name", "invalid"}


def _minimal(built: Built, kind: str, name: str) -> str:
    """Arguments and a selection that make a root field valid."""
    root = built.graphql.get_root_type(OperationType(kind))
    assert root is not None
    field = root.fields[name]
    given = [f"{argument}: {_value(one.type)}" for argument, one in field.args.items() if is_required_argument(one)]
    return (f"({', '.join(given)})" if given else "") + ("" if is_leaf_type(get_named_type(field.type)) else _TYPENAME)


_TYPENAME = " { __typename }"


def _value(kind: GraphQLInputType) -> str:
    """Something of a kind of argument, as a document has it."""
    if isinstance(kind, GraphQLNonNull):
        return _value(kind.of_type)
    if isinstance(kind, GraphQLList):
        return f"[{_value(kind.of_type)}]"
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        given = (f"{name}: {_value(one.type)}" for name, one in kind.fields.items() if is_required_input_field(one))
        return f"{{{', '.join(given)}}}"
    return {"ID": '"x"', "String": '"x"'}.get(kind.name, "1")


def test_an_alias_or_a_fragment_hides_no_root_field(door: Door) -> None:
    """The policy looks at what is executed."""
    for text in (
        "{x: users{nodes{name}}}",
        "{...A} fragment A on Query{x: users{nodes{name}}}",
        "{... on Query{users{nodes{name}}}}",
    ):
        with pytest.raises(Forbidden, match="users needs the role admin"):
            answer(door.services, text, person(Role.ENGINEER))


def test_half_a_character_is_refused(door: Door) -> None:
    """A lone surrogate, which JSON readers may let through, is the caller's mistake and no defect of ours."""
    with pytest.raises(Invalid, match="half a character"):
        answer(door.services, "{me{name}}\ud800", person(Role.VIEWER))


def test_the_log_never_holds_what_was_asked(door: Door, token: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the text nor the variables of a refused or failing question."""
    with caplog.at_level(logging.DEBUG):
        post(door, token, orjson.dumps({"query": '{search(text: "canary-1"){nodes{id}}}'}))
        post(door, token, orjson.dumps({"query": "query Q($t: Int!){x}", "variables": {"t": "canary-2"}}))
    assert "canary" not in caplog.text


def test_paths_of_the_data_folder_stay_inside(door: Door, token: str, tmp_path: Path) -> None:
    """No answer names a file of the server."""
    for text in ("{hosts{nodes{id}}}", "{nonsense}"):
        assert str(door.services.settings.home) not in post(door, token, orjson.dumps({"query": text})).raw.decode()
