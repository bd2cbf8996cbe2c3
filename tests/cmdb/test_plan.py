"""A plan's record in the journal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cmdb.claims import Entry
from cmdb.plan import ChangeCI, Claim, CloseEdge, EdgeClaim, NewCI, OpenEdge, Plan, Reword
from cmdb.words import Evidence

SEEN = Evidence("socket", "tcp 10.0.0.1:80, 2 connections", 0.9, "2026-01-01T00:00:00Z", None)
ALSO = {"import:a/rows": EdgeClaim("tcp://10.0.0.1:80", SEEN)}
STEPS: dict[str, Any] = {
    "create": NewCI("ci_1", "Host", "self", "web", None, "nd_1", {"macs": ("a", "b"), "power_w": 3}, "web"),
    "change": ChangeCI("ci_1", 3, "web", "live", "nd_1", {"macs": ("a",), "model": None}, None),
    "open": OpenEdge("ed_1", "USES", "ci_1", "ci_2", "nd_1/net", "tcp://10.0.0.1:80", SEEN, ALSO, "moved"),
    "close": CloseEdge("ed_1", "USES", "ci_1", "ci_2"),
    "reword": Reword("ed_1", "ci_1", "nd_1/net", None, SEEN, ALSO),
    "claim": Claim("nd_1/host", "ci_1", 7, {"macs": Entry(("a",), 3, "2027-01-01T00:00:00.000Z")}),
}


def plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def test_the_journal_has_every_field_of_every_step() -> None:
    """What a step says is in the record whole, so a field that a step gets one day cannot be missed in the journal."""
    made = Plan(
        "ci_1", (STEPS["create"],), (STEPS["change"],), (STEPS["open"],), (STEPS["close"],), (STEPS["reword"],),
        (STEPS["claim"],), (("nd_1/host", "ci_9"),),
    )  # fmt: skip
    record = {one["op"]: one for one in made.operations()}
    assert record.pop("drop") == {"op": "drop", "scope": "nd_1/host", "ci": "ci_9"}
    assert {op: plain({"op": op, **asdict(step)}) for op, step in STEPS.items()} == plain(record)


def test_a_claim_without_values_has_none_in_the_journal() -> None:
    """An agent's only claim says null, not an empty object: its values are those of the CI."""
    (one,) = Plan("ci_1", claims=(Claim("nd_1/host", "ci_1", None),)).operations()
    assert one["said"] is None
