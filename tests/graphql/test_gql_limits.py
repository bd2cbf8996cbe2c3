"""What is refused before anything runs: the hostile corpus, the memoised pass, and what must still pass."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import reduce

import pytest
from graphql import get_introspection_query, parse
from support.front_door import Door, Reply, front_door

from cmdb.errors import EpicentreError, Overloaded
from cmdb.words import Principal, Role
from cmdb.words.people import OWN
from cmdb_graphql import limits
from cmdb_graphql.client import LocalClient
from cmdb_graphql.endpoint import Budget
from cmdb_graphql.schema import Built

QUICK = 0.2
"""Seconds a refusal may take."""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server whose Neo4j is down: what is refused here is refused before the store is asked."""
    with front_door(tmp_path_factory.mktemp("limits")) as opened:
        opened.services.accounts.create_user("eve", [Role.VIEWER])
        yield opened


@pytest.fixture(scope="module")
def token(door: Door) -> str:
    """An API token of eve's."""
    return door.services.accounts.create_token("eve")


@pytest.fixture(scope="module")
def built() -> Built:
    """The schema without processes."""
    return Built({})


def put(door: Door, token: str, body: object) -> Reply:
    """One question over HTTP."""
    return door.ask("/graphql", body, {"Authorization": f"Bearer {token}"})


def spread(n: int, body: str) -> str:
    """Fragments F0 … Fn-1, each with `body` around two spreads of the next."""
    parts = [f"fragment F{i} on CI{{{body.format(next=f'...F{i + 1} ...F{i + 1}')}}}" for i in range(n - 1)]
    return " ".join([*parts, f"fragment F{n - 1} on CI{{id a:name}}"])


def nested(n: int, inner: str = "id") -> str:
    """parent{parent{…}}, n deep."""
    return "parent{" * n + inner + "}" * n


CI = '{ci(id:"x"){%s}}'


def block(inner: str) -> str:
    """A selection, or the document of one question."""
    return "{" + inner + "}"


CORPUS: dict[str, tuple[str, str]] = {
    "twenty fragments, each spreading the next twice": (CI % "...F0" + spread(20, "{next}"), "aliases"),
    "the same through a field": (CI % "...F0" + spread(20, "parent{{{next}}}"), "depth"),
    "ninety fragments doubling": (CI % "...F0" + spread(90, "{next}"), "aliases"),
    "a doubling of cost": (
        CI % "...F0" + spread(15, "{next}").replace("a:name", "children(first:100){id}"), "cost",
    ),
    "a fragment that spreads itself": (CI % "...A" + "fragment A on CI{parent{...A}}", "spreads itself"),
    "two fragments in a ring": (CI % "...A" + "fragment A on CI{...B} fragment B on CI{...A}", "spreads itself"),
    "depth 11": (CI % nested(9), "depth is 11, at most 10"),
    "depth 90": (CI % nested(90), "depth is 92, at most 10"),
    "depth 400": (CI % nested(400), "too deeply"),
    "depth smuggled beside __typename": (block('__typename ci(id:"x")' + block(nested(9))), "depth is 11"),
    "16 aliases": (CI % " ".join(f"a{i}:id" for i in range(16)), "aliases is 16, at most 15"),
    "aliases on root fields": (block(" ".join(f'a{i}:ci(id:"x"){{id}}' for i in range(16))), "aliases"),
    "21 directives": (CI % " ".join("id @include(if:true)" for _ in range(21)), "directives is 21, at most 20"),
    "directives on one field": (CI % ("id " + "@skip(if:false) " * 120), "directives"),
    "unknown directives": (CI % ("id " + "@x " * 400), "directives"),
    "11 root fields": (block(" ".join(f"a{i}:status{{sequence}}" for i in range(11))), "root fields is 11"),
    "root fields in fragments": (
        "{...A ...B} fragment A on Query"
        + block(" ".join(f"a{i}:me{{name}}" for i in range(6)))
        + "fragment B on Query"
        + block(" ".join(f"b{i}:me{{name}}" for i in range(6))),
        "root fields is 12",
    ),
    "two operations": ("query A{status{sequence}} query B{status{sequence}}", "one operation per request, not 2"),
    "no operation": ("fragment A on CI{id}", "one operation per request, not 0"),
    "15,001 characters": ("{status{sequence}}" + " " * 15_000, "characters, at most 15,000"),
    "a comment of a megabyte": ("#" + "x" * 900_000, "characters, at most 15,000"),
    "1,001 tokens": (CI % ("id " * 1_001), "more than 1,000 tokens"),
    "pages in pages": (
        "{hosts(first:100){nodes{children(first:100){name}}}}", "cost is",
    ),
    "pages in pages by variables": (
        "query Q($n:Int!=100){hosts(first:$n){nodes{children(first:$n){name}}}}", "cost is",
    ),
    "pages four deep": (
        "{hosts(first:100){nodes{children(first:100){dependents(first:100){from{children(first:100){id}}}}}}}",
        "cost is",
    ),
    "a page of 10^4000": (block("hosts(first:1" + "0" * 4_000 + "){nodes{id}}"), "cost is"),
    "a thousand of one field": (CI % ("id " * 980), "beside themselves"),
    "hundreds of one object": (CI % ("parent{id} " * 240), "beside themselves"),
    "hundreds of inline fragments": (CI % ("...on CI{parent{id}} " * 110), "beside themselves"),
    "introspection that multiplies": (
        "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}", "lists inside lists",
    ),
    "introspection through possible types": (
        "{__schema{types{possibleTypes{interfaces{name}}}}}", "lists inside lists",
    ),
    "introspection ten times": (block(" ".join(f"a{i}:__schema{{types{{name}}}}" for i in range(10))), "cost is"),
    "introspection 16 deep": (block("__schema{types" + "{ofType" * 13 + "{name}" + "}" * 13 + "}"), "schema is 16"),
    "a filter deeper than the parser goes": (
        block("hosts(filter:" + "{not:" * 240 + "{}" + "}" * 240 + "){nodes{id}}"), "too deeply",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_question_is_refused_quickly_and_says_which_limit(door: Door, token: str, name: str) -> None:
    """Every one within 0.2 s, as 400 with one sentence that names the limit and the value."""
    text, word = CORPUS[name]
    taken = []
    for _ in range(3):  # refusals are not remembered, so each try does the whole work; the machine may be busy
        started = time.perf_counter()
        reply = put(door, token, {"query": text})
        taken.append(time.perf_counter() - started)
    assert reply.status == 400, reply.body
    (error,) = reply.body["errors"]
    assert word in error["message"], error["message"]
    assert error["extensions"]["code"] in {"too_large", "invalid"}
    assert min(taken) <= QUICK, taken


def test_the_corpus_is_big_enough() -> None:
    """At least 25 hostile questions."""
    assert len(CORPUS) >= 25


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"f": {"in": ["x"] * 2_001}}, "values in the variables"),
        ({"f": reduce(lambda inner, _: {"not": inner}, range(25), {})}, "depth of the variables"),
    ],
)
def test_variables_are_bounded_too(door: Door, token: str, variables: dict[str, object], word: str) -> None:
    """What the text may not hold cannot come by variables."""
    reply = put(door, token, {"query": "query Q($f:HostFilter){hosts(filter:$f){nodes{id}}}", "variables": variables})
    assert reply.status == 400
    assert word in reply.body["errors"][0]["message"]


@pytest.mark.parametrize(
    "text",
    [
        get_introspection_query(input_value_deprecation=True, specified_by_url=True, directive_is_repeatable=True),
        get_introspection_query(descriptions=False),
    ],
)
def test_the_standard_introspection_question_passes(door: Door, token: str, text: str) -> None:
    """GraphQL tools of a person who is logged in work; nobody else learns anything."""
    reply = put(door, token, {"query": text})
    assert reply.status == 200
    assert "errors" not in reply.body
    assert {"CI", "Host", "Service"} <= {t["name"] for t in reply.body["data"]["__schema"]["types"]}
    assert door.ask("/graphql", {"query": text}).status == 401


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{status{sequence}}", 2),
        ("{hosts(first:100){nodes{name}}}", 1 + 100 * 2),
        ("{hosts{nodes{name}}}", 1 + 25 * 2),
        ("{hosts(first:10){nodes{children(first:5){nodes{name}}}}}", 1 + 10 * (1 + (1 + 5 * 2))),
        ("{hosts(first:10){totalCount pageInfo{endCursor} nodes{name}}}", 1 + 10 * 2 + 3),
        ("query Q($n:Int!=50){hosts(first:$n){nodes{name}}}", 1 + 50 * 2),
        ("{agents{nodes{node}}}", 1 + 50 * 2),
        ("{hosts(first:10){nodes{...F ...F}}} fragment F on CI{name id}", 1 + 10 * (1 + 4)),
        ("{__typename}", 1),
    ],
)
def test_cost_is_fields_times_page_sizes(built: Built, text: str, cost: int) -> None:
    """As executed: fragments where they are spread, pages as asked, by default, or by the document's own default."""
    assert limits.measure(built.graphql, parse(text), {}).measure.cost == cost


def test_a_variable_given_counts_instead_of_its_default(built: Built) -> None:
    """What will be executed decides."""
    text = "query Q($n:Int!=1){hosts(first:$n){nodes{name}}}"
    assert limits.measure(built.graphql, parse(text), {"n": 100}).measure.cost == 201


def test_measuring_grows_with_the_text_and_not_with_what_it_spreads(built: Built) -> None:
    """A hundred doublings are measured about as fast as ten."""

    def seconds(n: int) -> float:
        document = parse(CI % "...F0" + spread(n, "{next}"))
        best = 1.0
        for _ in range(5):
            started = time.perf_counter()
            with pytest.raises(EpicentreError):
                limits.measure(built.graphql, document, {})
            best = min(best, time.perf_counter() - started)
        return best

    assert seconds(100) < 40 * seconds(10) + 0.005


def test_cost_of_a_minute_is_bounded_and_comes_back_evenly() -> None:
    """20 full questions empty the bucket; three seconds later one more is paid for; it never holds more than full."""
    now = [0.0]
    budget = Budget(lambda: now[0])
    for _ in range(20):
        with budget.charge(5_000, inner=False):
            pass
    with pytest.raises(Overloaded, match="wait 3 s"), budget.charge(5_000, inner=False):
        pass
    now[0] = 3.0
    with budget.charge(5_000, inner=False):
        pass
    now[0] = 10_000.0
    with pytest.raises(Overloaded), budget.charge(100_001, inner=False):
        pass


def test_four_at_once_and_a_decisions_own_questions_need_no_place() -> None:
    """The fifth is told to come back; places are given back, also after a failure."""
    budget = Budget()
    places = [budget.charge(1, inner=False) for _ in range(4)]
    for place in places:
        place.__enter__()
    with pytest.raises(Overloaded, match="more than 4"), budget.charge(1, inner=False):
        pass
    with budget.charge(1, inner=True):
        pass
    for place in places:
        place.__exit__(None, None, None)
    with pytest.raises(ZeroDivisionError), budget.charge(1, inner=False):
        raise ZeroDivisionError
    with budget.charge(1, inner=False):
        pass


def test_what_the_house_does_by_itself_is_cut_by_no_budget(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep over many records would begin anew each time; a person is charged, also for what a decision asks."""
    monkeypatch.setattr(limits, "COST_PER_MINUTE", 1)
    roles = frozenset(Role)
    house, ada = (LocalClient(door.services, Principal(name, roles)) for name in (f"{OWN}change", "ada"))
    assert [house.ask("{ me { name } }")["me"]["name"] for _ in range(3)] == [f"{OWN}change"] * 3
    with pytest.raises(Overloaded, match="of cost in a minute"):
        ada.ask("{ me { name } }")
