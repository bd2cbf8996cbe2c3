"""States compared: what a pure comparison says of lives, checked against the lives themselves."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cmdb.history import AttributeChange, EdgeState, Life, between, compare, steps, touched


def state(since: int, status: str = "live", **values: Any) -> dict[str, Any]:
    """A state with the bookkeeping a node carries."""
    return {
        "id": "ci_1",
        "class": "Host",
        "name": "web1",
        "status": status,
        "rev": since,
        "valid_from": since,
        **values,
    }


def test_values_are_compared_and_bookkeeping_is_not() -> None:
    """A new revision alone is no difference, nor is what a sweep marks; a value that came, went or changed is."""
    assert compare(state(1, kernel="5"), state(2, kernel="5")) == ()
    assert compare(state(1), state(2, stale_since="2026-11-01T12:00:00.000Z")) == ()
    assert compare(state(1, kernel="5", fqdn="a.b"), state(2, kernel="6", model="x")) == (
        AttributeChange("fqdn", "a.b", None), AttributeChange("kernel", "5", "6"), AttributeChange("model", None, "x"),
    )  # fmt: skip


def test_what_became_of_it_is_one_word() -> None:
    """Made, changed, retired, come back, or only linked."""
    life = Life(
        "ci_1",
        {2: state(2), 4: state(4, kernel="6"), 6: state(6, "retired", kernel="6"), 8: state(8, kernel="6")},
        [EdgeState("ed_1", "DEPENDS_ON", "ci_1", "ci_2", 3, 5)],
    )
    assert [(seq, change.what) for seq, change in steps(life, range(1, 10))] == [
        (2, "created"), (3, "linked"), (4, "changed"), (5, "linked"), (6, "retired"), (8, "revived"),
    ]  # fmt: skip
    assert between(life, 0, 1) is None, "not known yet"
    assert between(life, 1, 6) is None, "it came and went: nothing that lasted"
    purged = between(Life("ci_1", {6: state(6, "retired")}), 1, 6)
    assert purged is not None and purged.what == "retired", "what it was before is kept no longer"
    whole = between(life, 1, 9)
    assert whole is not None
    assert (whole.what, whole.opened, whole.closed) == ("created", (), ())
    back_and_forth = between(life, 4, 8)
    assert back_and_forth is not None
    assert (back_and_forth.what, [e.id for e in back_and_forth.closed]) == ("linked", ["ed_1"])


lives = st.builds(
    lambda starts, values, edges: Life(
        "ci_1",
        {s: state(s, kernel=v) for s, v in zip(sorted(starts), values, strict=False)},
        [EdgeState(f"ed_{n}", "T", "ci_1", "x", a, a + b if b else None) for n, (a, b) in enumerate(edges)],
    ),
    st.sets(st.integers(1, 20), min_size=1, max_size=6),
    st.lists(st.sampled_from("abc"), min_size=6, max_size=6),
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 9)), max_size=5),
)  # fmt: skip


@given(lives, st.integers(0, 21), st.integers(0, 21))
def test_a_difference_is_the_sum_of_its_steps(life: Life, one: int, other: int) -> None:
    """Played on top of the earlier state and edges, the steps in between give the later ones, and so does the sum."""
    before, after = sorted((one, other))
    kernel = (life.at(before) or {}).get("kernel")
    edges = {e.id for e in life.edges if e.open_at(before)}
    for _, change in steps(life, range(before + 1, after + 1)):
        kernel = next((a.after for a in change.attributes if a.attribute == "kernel"), kernel)
        edges = (edges | {e.id for e in change.opened}) - {e.id for e in change.closed}
    now = life.at(after)
    if now is None:
        return
    assert kernel == now["kernel"]
    if life.at(before) is not None:
        assert edges == {e.id for e in life.edges if e.open_at(after)}
    total = between(life, before, after)
    same = life.at(before) is not None and (life.at(before) or {})["kernel"] == now["kernel"]
    moved = {e.id for e in life.edges if e.open_at(before) != e.open_at(after)}
    assert (total is None) == (same and not moved)


def test_the_journal_names_who_was_touched() -> None:
    """Made, changed, or with an edge of its own opened or closed; claims touch nobody."""
    ops = [
        {"op": "create", "id": "ci_1"}, {"op": "change", "id": "ci_2"}, {"op": "open", "id": "ed", "source": "ci_3"},
        {"op": "close", "id": "ed", "source": "ci_4"}, {"op": "claim", "ci": "ci_5"}, {"op": "approve", "record": "r"},
    ]  # fmt: skip
    assert touched([{"ops": ops[:3]}, {"ops": ops[3:]}]) == {"ci_1", "ci_2", "ci_3", "ci_4"}
