"""A proposed state as a value: it checks itself, and goes to JSON and back in one way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.classes import catalogue
from cmdb.errors import EpicentreError, TooLarge
from cmdb.projection import Overlay, ProposedCI, ProposedEdge, ProposedValues
from cmdb.projection.schema import proposed_schema
from cmdb.projection.written import canonical, plain, read

DOCS = Path(__file__).parents[2] / "docs"
IDS = st.sampled_from([f"ci_{n}" for n in range(6)])
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=8)
EDGES = st.builds(
    ProposedEdge, st.sampled_from(["DEPENDS_ON", "USES"]), IDS.map(lambda ci: f"{ci}a"), IDS.map(lambda ci: f"{ci}b")
)
EXTRA = st.dictionaries(st.sampled_from(["floor", "cost_centre"]), TEXTS | st.integers(0, 9), max_size=2)
MADE = st.builds(
    ProposedCI, TEXTS.map(lambda text: f"new:{text}"), st.just("Application"), TEXTS,
    st.fixed_dictionaries({}, optional={"criticality": TEXTS, "recovery_time_min": st.integers(0, 99)}),
    st.none() | IDS, st.none() | TEXTS, st.sampled_from([(), ("a", "env:prod")]), EXTRA,
)  # fmt: skip
VALUES = st.builds(
    ProposedValues, IDS, st.just({"name": "x"}) | st.just({"criticality": None}), EXTRA,
    st.none() | st.just(()) | st.just(("a",)),
)  # fmt: skip


@st.composite
def overlays(draw: st.DrawFn) -> Overlay:
    """Any that fits itself."""
    edges = draw(st.lists(EDGES, unique=True, max_size=6))
    cut = draw(st.integers(0, len(edges)))
    made = draw(st.lists(MADE, unique_by=lambda one: one.id, max_size=3))
    changed = draw(st.lists(VALUES, unique_by=lambda one: one.ci, max_size=3))
    retired = draw(st.frozensets(st.sampled_from(["ci_8", "ci_9"])))
    return Overlay(tuple(edges[:cut]), tuple(edges[cut:]), retired, tuple(made), tuple(changed))


@settings(max_examples=60)
@given(overlays(), st.randoms())
def test_json_and_back_is_the_same_state_in_one_text(overlay: Overlay, random: Any) -> None:
    """Whatever the order its steps were named in; and the schema knows every field that is written."""
    text = canonical(overlay)
    again = read(text)
    assert canonical(again) == text
    assert again.retire == overlay.retire and set(again.add) == set(overlay.add) and bool(again) == bool(overlay)
    shuffled = plain(overlay)
    for steps in shuffled.values():
        random.shuffle(steps)
    assert canonical(read(shuffled)) == text
    known = proposed_schema(catalogue())
    for kind, steps in json.loads(text).items():
        items = known["properties"][kind]["items"]
        fields = known["$defs"]["Application"]["properties"] if kind == "create" else items.get("properties", {})
        assert {field for one in steps if isinstance(one, dict) for field in one} <= set(fields)


EDGE = {"type": "USES", "from": "ci_1", "to": "ci_2"}
APP = {"id": "new:a", "class": "Application", "name": "a"}
WRONG: list[tuple[Any, str]] = [
    ("{", "this is no JSON"),
    ([], "expected an object"),
    ({"addd": []}, "there is no step 'addd'; known are add, close"),
    ({"add": {}}, "proposed.add: expected a list"),
    ({"add": [EDGE, {"type": "USES", "from": "ci_1"}]}, "proposed.add[1]: to is missing"),
    ({"add": [{**EDGE, "weight": "2"}]}, "there is no field 'weight'"),
    ({"add": [{**EDGE, "to": 5}]}, "proposed.add[0].to: expected a text"),
    ({"add": [{**EDGE, "type": "LIKES"}]}, "there is no relation 'LIKES'"),
    ({"add": [{**EDGE, "to": "ci_1"}]}, "cannot depend on itself"),
    ({"add": [{**EDGE, "to": "new:z"}]}, "'new:z' is not made in this proposed state"),
    ({"repoint": [EDGE]}, "newTo is missing"),
    ({"repoint": [{**EDGE, "newTo": "ci_2"}]}, "both added and closed"),
    ({"retire": [7]}, "proposed.retire[0]: expected a text"),
    ({"retire": ["ci_1"], "add": [EDGE]}, "retired and cannot have a new dependency"),
    ({"retire": ["ci_1"], "set": [{"ci": "ci_1", "tags": []}]}, "retired and cannot be changed"),
    ({"retire": ["ci_1"], "create": [{**APP, "parent": "ci_1"}]}, "nothing can be put inside it"),
    ({"create": [APP], "close": [{**EDGE, "from": "new:a"}]}, "'new:a' is new"),
    ({"create": [APP, APP]}, "new:a is named twice"),
    ({"create": [{**APP, "id": "ci_1"}]}, "a new CI has an id such as new:web-3"),
    ({"create": [{**APP, "class": "Toaster"}]}, "there is no class 'Toaster'"),
    ({"create": [{**APP, "attributes": {"colour": "red"}}]}, "no such attribute"),
    ({"create": [{**APP, "attributes": {"recoveryTimeMin": "x"}}]}, "recovery_time_min"),
    ({"create": [{**APP, "tags": ["No Tag"]}]}, "is no tag"),
    ({"create": [{"id": "new:s", "class": "Service", "name": "s", "attributes": {"kind": "x"}}]}, "name its parent"),
    ({"create": [{"id": "new:s", "class": "Service", "name": "s", "parent": "ci_1"}]}, "Service needs kind"),
    ({"set": [{"ci": "ci_1"}]}, "name at least one attribute"),
    ({"set": [{"ci": "new:a", "attributes": {"name": "b"}}], "create": [APP]}, "give it its values where it is made"),
    ({"set": [{"ci": "ci_1", "attributes": []}]}, "proposed.set[0].attributes: expected an object"),
]


@pytest.mark.parametrize(("value", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_a_sentence_with_its_place(value: Any, said: str) -> None:
    """Of its form and of what no graph could fit."""
    with pytest.raises(EpicentreError) as error:
        read(value)
    assert said in str(error.value)


def test_a_proposed_state_has_a_thousand_steps_at_most() -> None:
    """Of all kinds together."""
    with pytest.raises(TooLarge):
        read({"retire": [f"ci_{n}" for n in range(600)], "set": [{"ci": f"ci_x{n}", "tags": []} for n in range(401)]})


def test_to_repoint_is_to_close_and_to_add() -> None:
    """By JSON and by the method alike."""
    moved = read({"repoint": [{**EDGE, "newTo": "ci_3"}]})
    assert moved == Overlay().repointed(ProposedEdge("USES", "ci_1", "ci_2"), "ci_3")
    assert moved == read({"close": [EDGE], "add": [{**EDGE, "to": "ci_3"}]})


def test_the_checked_in_schema_is_what_the_classes_make() -> None:
    """`python deploy/write_docs.py` writes it anew."""
    assert json.loads((DOCS / "proposed.schema.json").read_text()) == proposed_schema(catalogue())
