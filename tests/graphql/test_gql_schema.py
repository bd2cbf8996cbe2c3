"""The schema as a whole: derived from what is declared, complete, checked in, and light to import."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, build_schema, get_named_type, parse, validate
from support.questions import NOTES

import cmdb_graphql
from cmdb.classes import catalogue
from cmdb.errors import DeclarationError
from cmdb.words import Process, Role
from cmdb_graphql import limits
from cmdb_graphql.context import camel
from cmdb_graphql.schema import Built, built, check, text
from cmdb_processes.cli.server.processes import processes

ROOM = Path(cmdb_graphql.__file__).parents[1]
OPERATIONS = sorted((ROOM / "operations").glob("*.graphql"))


@pytest.fixture(scope="module")
def whole() -> Built:
    """The schema a server really has."""
    return Built(processes())


def test_the_checked_in_schema_is_the_generated_one() -> None:
    """What we promise outside is diffed like code: `make schema` writes it anew."""
    assert (ROOM / "schema.graphql").read_text() == text(processes())


def test_every_class_has_its_type_list_filter_and_attributes(whole: Built) -> None:
    """A class file alone is enough: nothing here knows a class by name."""
    schema = whole.graphql
    for cls in catalogue().classes.values():
        made, narrow = schema.get_type(cls.name), schema.get_type(f"{cls.name}Filter")
        assert isinstance(made, GraphQLObjectType) and isinstance(narrow, GraphQLInputObjectType)
        assert [i.name for i in made.interfaces] == ["CI"]
        assert schema.query_type is not None
        assert get_named_type(schema.query_type.fields[camel(cls.plural)].type).name == f"{cls.name}Connection"
        for attribute in cls.attributes:
            field = made.fields[camel(attribute.name)]
            assert attribute.sentence in (field.description or "")
            assert (attribute.unit or "") in (field.description or "")
            assert camel(attribute.name) in narrow.fields


def test_nothing_is_without_a_sentence_or_a_policy(whole: Built) -> None:
    """Every type, field, argument, input and value; every root field and object type."""
    assert check(whole.graphql, whole.policies, whole.type_policies) == []


def test_what_is_missing_is_named() -> None:
    """A schema with holes does not start, and each hole has its address."""
    holes = build_schema('type Query { "A." a(x: Int): T  b: Int } type T { c: Int } input I { d: Int } enum E { F }')
    found = check(holes, {("query", "a"): frozenset({Role.VIEWER})}, {})
    assert {
        "Query.b has no policy", "Query.b has no sentence", "Query.a(x:) has no sentence", "T has no policy",
        "T.c has no sentence", "T has no sentence", "I.d has no sentence", "E.F has no sentence",
    } <= set(found)  # fmt: skip
    assert "Query.a has no policy" not in found and "Query.a has no sentence" not in found


def test_a_process_becomes_types_questions_and_commands() -> None:
    """From its declaration: required arguments are non-null, an opening command names CIs, others a number."""
    schema = Built({"notes": NOTES}).graphql
    assert schema.query_type is not None and schema.mutation_type is not None
    assert {"note", "notes"} <= set(schema.query_type.fields)
    write, close = schema.mutation_type.fields["writeNote"], schema.mutation_type.fields["closeNote"]
    assert {n: str(a.type) for n, a in write.args.items()} == {"cis": "[ID!]!", "text": "String!"}
    assert {n: str(a.type) for n, a in close.args.items()} == {"number": "String!", "rev": "Int", "why": "String"}
    note = schema.get_type("Note")
    assert isinstance(note, GraphQLObjectType)
    always = {
        "id", "number", "state", "category", "rev", "model", "version", "owner", "openedBy", "openedAt", "closedAt",
        "stateSince", "changedAt", "waiting", "watchers", "flags", "legal", "cis", "ciIds", "history", "notes", "links",
        "linkedFrom",
    }  # fmt: skip
    assert set(note.fields) == always | {"text", "words"}
    built_in = {"noteNote", "watchNote", "unwatchNote"}
    assert built_in <= set(schema.mutation_type.fields)
    assert note.fields["words"].description == "How long it is. Unit: words."


def test_two_processes_cannot_declare_one_name() -> None:
    """The start stops instead of one of them winning."""
    again = Process("again", "The same once more.", NOTES.records, NOTES.commands)
    with pytest.raises(DeclarationError, match="declared twice"):
        Built({"notes": NOTES, "again": again})


def test_servers_of_the_same_processes_share_a_schema_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made once for the very same declarations; one declared alike, or one more, is another schema."""
    monkeypatch.setattr("cmdb_graphql.schema._KEPT", 2)
    once = built({"notes": NOTES})
    for _ in range(2):
        alike = built({"notes": replace(NOTES)})
        assert alike is not once and alike.policies == once.policies
        assert built({"notes": NOTES}) is once, "what is in use is kept"
    assert built({}) is not once


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda p: p.stem)
def test_our_own_operations_are_valid_and_within_the_limits(whole: Built, path: Path) -> None:
    """Named like their file, and affordable with the page size they default to."""
    document = parse(path.read_text(), max_tokens=limits.TOKENS)
    assert validate(whole.graphql, document) == []
    operation = limits.measure(whole.graphql, document, {})
    assert operation.name.lower() == path.stem.replace("_", "")


def test_there_are_operations() -> None:
    """So that the test above means something."""
    assert len(OPERATIONS) >= 8


def test_importing_the_client_is_light() -> None:
    """A command line that asks over HTTP loads neither the server nor its libraries."""
    code = "import sys, cmdb_graphql.client; print(sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(eval(done.stdout))
    assert not loaded & {"strawberry", "graphql", "fastapi", "starlette", "pydantic", "neo4j", "orjson", "httpx"}
