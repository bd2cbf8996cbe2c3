"""The decision report of a change, made by the process of its frozen evidence."""

from pathlib import Path

import pytest
from support.change_walk import APPROVERS, CACHE, RITA, TO_CACHE, TO_NEO4J, move, walking
from support.questions import ADMIN, EPICENTRE, NEO4J, answer, ask

from cmdb.store import Store
from cmdb_processes.change.evidence import thawed

pytestmark = pytest.mark.neo4j

REPORT = "query R($n: String!) { changeReport(number: $n) { number evidenceHash sequence verdict html } }"


def test_everything_that_is_decided_on_is_on_one_page(store: Store, tmp_path: Path) -> None:
    """Verdict, picture, availability before, during and after, votes with those that are missing, and the hash.

    However the graph moves on, the page of the same evidence and votes is the same to the byte.
    """
    with walking(tmp_path, store) as walk:
        number = walk.waiting("epicentre", "neo4j", proposed=move(walk))
        walk.give(APPROVERS["technical"], "approve_change", number, as_role="technical", reason="tried on a copy")
        made = ask(walk.of, REPORT, ADMIN, n=number)["changeReport"]
        change = walk.whole(number)
        walk.see(NEO4J, EPICENTRE, CACHE, links=(TO_NEO4J, TO_CACHE))
        again = ask(walk.of, REPORT, ADMIN, n=number)["changeReport"]
        walk.give(RITA, "edit_change", number, plan="another way")
        edited = answer(walk.of, REPORT, ADMIN, n=number)
    html = made["html"].replace("<td class=short>", "<td>")
    assert made["evidenceHash"] == change["evidenceHash"]
    frozen = thawed(change["evidence"], made["evidenceHash"]).content
    assert frozen["inputs"]["sequence"] == made["sequence"]
    (budget,) = frozen["answers"]["impact"]["budgets"]
    assert (budget["ci"]["name"], budget["usedMinutes"], budget["windowMinutes"]) == ("webshop", None, 120)
    assert f"✓ Approvable: {made['verdict']}" in html and made["evidenceHash"] in html
    assert "<svg" in html and "@media print" in html and "<script" not in html
    for row in (
        "<td>webshop</td><td>99</td><td>99.9372</td><td>0</td><td>99.9372</td><td>exact</td>",
        "<td>technical</td><td>approved</td><td>technical-person</td>",
        "<td>financial</td><td>waiting</td>", "<td>business</td><td>waiting</td>",
        '<th scope="row">Plan</th><td>stop, move, start</td>',
        '<th scope="row">blast radius: very high</th>',
        '<th scope="row">budget: moderate</th><td>webshop: 5,',
        " nothing known of what is used; down for the whole window of 120 min: at most 5,",
        "<td>webshop</td><td>BusinessService</td><td>needs shop, which is down</td>",
    ):  # fmt: skip
        assert row in html, row
    assert again == made
    (error,) = edited["errors"]
    assert (error["message"], error["extensions"]["code"]) == (
        "CHG-1 is not assessed: there is no decision to report", "refused",
    )  # fmt: skip
