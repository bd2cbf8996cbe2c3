"""The planned diff of a change against what discovery saw."""

from typing import Any

import pytest

from cmdb.errors import Invalid
from cmdb_processes.change.flapping import Flapping
from cmdb_processes.change.observed import Comparison, compare
from cmdb_processes.change.steps import Act, Step, observed, planned


def node(
    ci: str, what: str, cls: str = "Host", edges: tuple[tuple[str, str, bool], ...] = (), **values: Any
) -> dict[str, Any]:
    """A node of a diff answer: edges as (relation, other end, opened), values as after or (before, after)."""
    pairs = {k: v if isinstance(v, tuple) else (None, v) for k, v in values.items()}
    return {
        "ci": ci, "name": ci.removeprefix("ci_"), "class": cls, "what": what, "edgeCount": len(edges),
        "values": [{"attribute": k, "before": before, "after": after} for k, (before, after) in pairs.items()],
        "edges": [{"type": t, "from": ci, "to": to, "opened": opened} for t, to, opened in edges],
    }  # fmt: skip


def judged(proposal: dict[str, Any], *nodes: dict[str, Any], flapping: Flapping | None = None) -> Comparison:
    """The comparison."""
    return compare(planned(proposal), observed(nodes), flapping or Flapping())


MEMORY = {"set": [{"ci": "ci_db", "attributes": {"memory_mb": 64}}]}


def test_as_planned() -> None:
    """A value set, an edge re-pointed, a CI retired: all seen, nothing else."""
    found = judged(
        {
            **MEMORY,
            "repoint": [{"type": "USES", "from": "ci_app", "to": "ci_db", "newTo": "ci_db2"}],
            "retire": ["ci_old"],
        },
        node("ci_db", "changed", memoryMb=(32, 64)),
        node("ci_app", "linked", edges=(("USES", "ci_db", False), ("USES", "ci_db2", True))),
        node("ci_old", "retired", status=("live", "retired")),
    )
    assert found.complete
    assert (len(found.matched), found.unauthorised) == (4, ())
    assert found.implied == (Step(Act.SET, "ci_old", "status", '"retired"'),)
    assert found.sentences == ()


def test_what_was_planned_and_not_seen_is_missing() -> None:
    """By the window's end: incomplete."""
    found = judged({**MEMORY, "retire": ["ci_db9"]}, node("ci_db", "changed", memoryMb=(32, 64)))
    assert not found.complete
    assert found.sentences == ("planned, not seen: ci_db9 is retired",)


def test_what_was_seen_and_not_planned_is_unauthorised() -> None:
    """Another value than planned is both."""
    found = judged(MEMORY, node("ci_db", "changed", memoryMb=(32, 48), version=("15", "16")))
    assert found.sentences == (
        "planned, not seen: db has memoryMb 64",
        "seen, not planned: db has memoryMb 48",
        'seen, not planned: db has version "16"',
    )


NEW = {
    "create": [{"id": "new:web-3", "class": "Host", "name": "WEB-3", "attributes": {"memory_mb": 8}}],
    "add": [{"type": "FORMED_BY", "from": "ci_pool", "to": "new:web-3"}],
}


def test_a_new_ci_is_recognised_whatever_id_it_got() -> None:
    """By class and name; its parts and its dependencies follow from the plan, its planned values count."""
    found = judged(
        NEW,
        node("ci_web-3", "created", memoryMb=8, kernel="6.1", edges=(("DEPENDS_ON", "ci_dns", True),)),
        node("ci_eth0", "created", "NetworkInterface", parent="ci_web-3", mtu=1500),
        node("ci_10.0.0.3", "created", "IPAddress", edges=(("ASSIGNED_TO", "ci_eth0", True),)),
        node("ci_pool", "linked", "Cluster", edges=(("FORMED_BY", "ci_web-3", True),)),
    )
    assert found.complete
    assert found.unauthorised == ()
    assert Step(Act.OPEN, "ci_pool", "FORMED_BY", "ci_web-3") in found.matched


def test_a_new_ci_with_another_value_or_an_unplanned_user() -> None:
    """What was said of a new CI must be so; that others use it must have been planned."""
    found = judged(
        NEW,
        node("ci_web-3", "created", memoryMb=4),
        node("ci_pool", "linked", "Cluster", edges=(("FORMED_BY", "ci_web-3", True),)),
        node("ci_cron", "linked", edges=(("DEPENDS_ON", "ci_web-3", True),)),
    )
    assert found.sentences == (
        "planned, not seen: web-3 has memoryMb 8",
        "seen, not planned: cron now depends on web-3",
        "seen, not planned: web-3 has memoryMb 4",
    )


def test_a_ci_of_another_class_or_a_second_one_is_not_what_was_planned() -> None:
    """One is planned, so one is recognised, the one written alike first."""
    found = judged(NEW, node("ci_web-3", "created", "Database"))
    assert [s.act for s in found.missing] == [Act.CREATE, Act.OPEN, Act.SET]
    twice = {"create": [{"id": "new:1", "class": "Host", "name": "a"}, {"id": "new:2", "class": "Host", "name": "A"}]}
    both = judged(twice, {**node("ci_1", "created"), "name": "A"}, {**node("ci_2", "created"), "name": "a"})
    assert {(s.ci, s.other) for s in both.matched} == {("ci_1", "A"), ("ci_2", "a")}


def test_what_was_inside_goes_with_it() -> None:
    """A retired host takes its parts and every edge at them along; its neighbour's own retirement was not planned."""
    found = judged(
        {"retire": ["ci_old"]},
        node("ci_old", "retired"),
        node("ci_eth0", "retired", "NetworkInterface", parent=("ci_old", None)),
        node("ci_10.0.0.9", "retired", "IPAddress", edges=(("ASSIGNED_TO", "ci_eth0", False),)),
        node("ci_app", "linked", edges=(("USES", "ci_old", False),)),
        node("ci_near", "retired", edges=(("USES", "ci_old", False),)),
    )
    assert found.sentences == ("seen, not planned: near is retired",)


def test_what_flaps_is_not_judged_but_counted() -> None:
    """Unless it was planned."""
    flapping = Flapping(frozenset({("ci_db", ("memoryMb", ""))}))
    other = judged({}, node("ci_db", "changed", memoryMb=48), flapping=flapping)
    assert (other.unauthorised, len(other.filtered)) == ((), 1)
    assert judged(MEMORY, node("ci_db", "changed", memoryMb=64), flapping=flapping).complete


def test_half_a_diff_acquits_nobody() -> None:
    """More edges than were told: refused."""
    with pytest.raises(Invalid, match="db has 101 new or closed edges"):
        observed([{**node("ci_db", "linked"), "edgeCount": 101}])
    with pytest.raises(Invalid, match="no step 'delete'"):
        planned({"delete": []})
