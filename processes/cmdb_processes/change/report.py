"""The decision report: what was assessed, drawn, and who approved exactly that, on one page to print and to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cmdb.errors import Refused
from cmdb.words import Attribute, Principal, Question, Role, Shape
from cmdb_graphql.pictures import Decision, page
from cmdb_processes.change.evidence import thawed
from cmdb_processes.change.panel import ROLES
from cmdb_processes.change.questions import DRAWN, REPORTED

Ask = Callable[..., dict[str, Any]]


def report(ask: Ask, given: Mapping[str, Any], _who: Principal, _now: str) -> dict[str, Any]:
    """The answer of `changeReport`: the page of the frozen evidence, refused where that is not what was frozen.

    Questions: two. The picture is of the graph at the evidence's own sequence, however it has moved on.
    """
    change = ask(REPORTED, number=str(given["number"]))["changeRequest"]
    if not change["evidence"]:
        raise Refused(f"{change['number']} is not assessed: there is no decision to report")
    evidence = thawed(change["evidence"], change["evidenceHash"]).content
    inputs = evidence["inputs"]
    impact = ask(DRAWN, of=inputs["cis"], asOf=inputs["sequence"])["impact"]
    html = page(Decision.of(decision(change, evidence, impact)))
    return {
        "number": change["number"], "evidence_hash": change["evidenceHash"], "sequence": inputs["sequence"],
        "verdict": evidence["conclusion"]["verdict"], "html": html,
    }  # fmt: skip


def decision(change: Mapping[str, Any], evidence: Mapping[str, Any], impact: Mapping[str, Any]) -> dict[str, Any]:
    """A change as the report takes it: the frozen conclusion with the picture of that moment."""
    told = evidence["conclusion"]
    facts = [
        ("Model", change["model"]), ("Window", f"{change['windowStart']} to {change['windowEnd']}"),
        ("Requested by", change["openedBy"]), ("Done by", ", ".join(change["implementers"] or ())),
        ("Why", change["reason"]), ("Plan", change["plan"]), ("Way back", change["backout"]), ("Test", change["test"]),
        ("Confidence", f"{100 * told['confidence']['share']:.0f} %: {told['confidence']['sentence']}"),
        ("Accepted", "; ".join(_accepted(one) for one in change["acceptedConflicts"])),
        ("Rejected", change["rejection"]), ("Execution", change["execution"]), ("Outcome", change["outcome"]),
        ("Learnt", change["lessons"]),
    ]  # fmt: skip
    return {
        "number": change["number"], "title": change["title"], "state": change["state"], "verdict": told["verdict"],
        "approvable": told["approvable"], "impact": impact, "evidence": change["evidenceHash"],
        "sequence": evidence["inputs"]["sequence"], "assessed_at": change["assessedAt"] or "",
        "facts": [(name, value) for name, value in facts if value],
        "risk": [(f"{t['name']}: {t['level']}", t["sentence"]) for t in told["terms"]],
        "conflicts": [
            {"kind": c["kind"], "what": c["sentence"], "blocks": c["blocks"] and not told["approvable"]}
            for c in told["conflicts"]
        ],
        "availability": [_service(one) for one in change["services"]],
        "approvals": _approvals(change),
    }  # fmt: skip


def _service(one: Mapping[str, Any]) -> dict[str, str]:
    return {
        "service": one["name"], "target": "" if one["required"] is None else _percent(one["required"]),
        "method": one["method"] or "",
        **{when: _between(one[f"{when}Lo"], one[f"{when}Hi"]) for when in ("before", "during", "after")},
    }  # fmt: skip


def _between(lo: float | None, hi: float | None) -> str:
    if lo is None or hi is None:
        return ""
    low, high = _percent(lo), _percent(hi)
    return low if low == high else f"{low} to {high}"


def _percent(share: float) -> str:
    return f"{100 * share:.4f}".rstrip("0").rstrip(".")


def _accepted(one: Mapping[str, Any]) -> str:
    return f"{one['sentence']} ({one['by']}: {one['reason']})"


def _approvals(change: Mapping[str, Any]) -> list[dict[str, str]]:
    rows = [
        {
            "role": vote["role"], "at": vote["at"], "reason": vote["fell"] or vote["reason"] or "",
            "who": vote["by"] + (f" for {vote['insteadOf']}" if vote["insteadOf"] else ""),
            "state": "fell" if vote["fell"] else "approved" if vote["yes"] else "rejected",
        }
        for vote in change["approvals"]
    ]  # fmt: skip
    given = {v["role"] for v in change["approvals"] if not v["fell"] and v["evidence"] == change["evidenceHash"]}
    late = change["model"] == "emergency" and change["state"] in {"implementing", "backed out", "review"}
    asked = late or change["state"] == "awaiting approval"
    return rows + [{"role": role, "state": "waiting"} for role in ROLES if asked and role not in given]


QUESTION = Question(
    name="change_report",
    sentence="The decision about a change on one page: verdict, radius, conflicts, availability, approvals, evidence.",
    arguments=(
        Attribute("number", "string", "The number of a change that is assessed, such as CHG-1.", required=True),
    ),
    answer=Shape(
        "ChangeReport",
        "A decision report; the same evidence and votes give the same page, to the byte.",
        (
            Attribute("number", "string", "The change.", required=True),
            Attribute("evidence_hash", "string", "The SHA-256 that approvals bind to.", required=True),
            Attribute("sequence", "int", "The journal sequence it was assessed at.", required=True),
            Attribute("verdict", "string", "Whether it is approvable, or what blocks it.", required=True),
            Attribute("html", "string", "The page, whole: it fetches nothing and runs nothing.", required=True),
        ),
    ),
    decide=report,
    roles=frozenset({Role.READER}),
)
