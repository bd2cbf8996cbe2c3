"""A change as text: what is asked of it, and how it is told."""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cmdb.words import Category, Record
from cmdb_processes.change import panel
from cmdb_processes.change.minuted import said
from cmdb_processes.change.record import RECORD
from cmdb_processes.cli import asking, records, show

Number = Annotated[str, typer.Argument(help="The change, such as CHG-1.")]
FIELDS = """
    number state category model version rev title reason plan backout backoutTested test windowStart windowEnd template
    implementers proposed verdict radius risk blockedBy evidenceHash evidenceSequence assessedAt approvalExpires
    rejection startedAt startSequence backedOutAt finishedAt tested execution verifiedAt proposedOutcome outcome
    objectiveMet findings lessons openedBy openedAt owner changedAt legal cis { id name class }
"""
PARTS = """
    riskTerms { name figure unit level sentence }
    clashes { kind others blocks severity sentence }
    approvals { role by at yes evidence reason insteadOf fell }
    services {
      ci name criticality required beforeLo beforeHi duringLo duringHi afterLo afterHi method lostMinutes windowMinutes
      sentence spofsAdded spofsRemoved
    }
    observedSteps { judged sentence }
    acceptedConflicts { sentence reason by at }
    predictions { ci name className predicted broke }
    boardRulings { meeting decision reason evidence by at }
"""
WHOLE = f"{FIELDS} {PARTS} history {{ at by command fromState toState reason }}"
SHOW = f"query Change($number: String!) {{ changeRequest(number: $number) {{ {WHOLE} evidence }} }}"


def one(number: str) -> dict[str, Any]:
    """A change whole, with its evidence."""
    found: dict[str, Any] = asking.ask(SHOW, number=number)["changeRequest"]
    return found


def do(name: str, number: str, **given: tuple[str, Any]) -> dict[str, Any]:
    """Give a command: each argument as (GraphQL type, value); the change as it is then."""
    declared = "".join(f", ${argument}: {kind}" for argument, (kind, _) in given.items())
    passed = "".join(f", {argument}: ${argument}" for argument in given)
    text = f"mutation Do($number: String!{declared}) {{ {name}(number: $number{passed}) {{ {WHOLE} }} }}"
    values = {argument: value for argument, (_, value) in given.items()}
    found: dict[str, Any] = asking.ask(text, number=number, **values)[name]
    return found


def told(change: Mapping[str, Any], json: bool, hint: str = "") -> None:
    """A change after a step: whole, then what the step was, then what comes next."""
    if json:
        show.emit(change)
        return
    describe(change)
    show.out(change["history"][-1]["reason"])
    if hint:
        show.out(hint.format(number=change["number"]))


def record_of(change: Mapping[str, Any]) -> Record:
    """A change as the rules take it; the CIs are those that were assessed, be they gone since."""
    evidence = json_module.loads(change["evidence"]) if change.get("evidence") else None
    cis = tuple(evidence["inputs"]["cis"] if evidence else (ci["id"] for ci in change["cis"]))
    fields = {a.name: _value(change.get(camel(a.name))) for a in RECORD.attributes}
    parts = {p.name: tuple(_row(row) for row in change.get(camel(p.name)) or ()) for p in RECORD.parts}
    return Record(
        "", change["number"], RECORD.name, change["state"], change["rev"], change["openedBy"], change["openedAt"], cis,
        fields, model=change["model"], version=change["version"], category=category(change), parts=parts,
    )  # fmt: skip


def camel(name: str) -> str:
    """A field's name in GraphQL."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def category(change: Mapping[str, Any]) -> Category:
    """What its state means."""
    return Category(str(change["category"]).lower().replace("_", " "))


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    names = {camel(a.name): a.name for part in RECORD.parts for a in part.attributes}
    return {names.get(name, name): _value(value) for name, value in row.items() if value is not None}


def missing(change: Mapping[str, Any], now: str) -> list[str]:
    """The roles whose approval is asked for and not given."""
    if change["state"] != "awaiting approval":
        return []
    return list(panel.counted(record_of(change), now).missing)


def describe(change: Mapping[str, Any], blockers: Sequence[str] = (), lacking: Sequence[str] = ()) -> None:
    """A change: what, when, by whom, its verdict and all reasons for it."""
    counting = [vote for vote in change["approvals"] if not vote["fell"] and vote["yes"]]
    evidence = None
    if change["evidenceHash"]:
        evidence = f"{change['evidenceHash'][:16]} at sequence {change['evidenceSequence']}"
    window = f"{change['windowStart']} to {change['windowEnd']}" if change["windowStart"] else None
    show.out(f"{change['number']} {change['state'].upper()}: {change['title']}")
    show.facts(
        [
            ("  model", f"{change['model']} from {change['template']}" if change["template"] else change["model"]),
            ("  verdict", change["verdict"]),
            ("  radius", change["radius"]),
            ("  risk", change["risk"]),
            ("  works on", [ci["name"] for ci in change["cis"]]),
            ("  window", window),
            ("  by", change["openedBy"]),
            ("  done by", change["implementers"]),
            ("  evidence", evidence),
            ("  approved", [f"{vote['role']} by {vote['by']}" for vote in counting]),
            ("  missing", list(lacking)),
            ("  blocked by", "; ".join(blockers)),
            ("  rejected", change["rejection"]),
            ("  execution", change["execution"]),
            ("  outcome", change["outcome"]),
            ("  learnt", change["lessons"]),
        ]
    )
    _reasons(change)


def _reasons(change: Mapping[str, Any]) -> None:
    for term in change["riskTerms"]:
        if term["level"] != "low":  # the low ones are left to --json
            show.out(f"  {term['level']} risk, {term['name']}: {term['sentence']}")
    for clash in change["clashes"]:
        show.out(f"  {'blocked by' if clash['blocks'] else 'mind'} {clash['kind']}: {clash['sentence']}")
    for service in change["services"]:
        loss = f"{service['windowMinutes']:.1f} min expected to be lost in the window"
        show.out(f"  service {service['name']}: {service['sentence']}; {loss}")
        for verb, names in (("adds", service["spofsAdded"]), ("takes away", service["spofsRemoved"])):
            if names:
                show.out(f"    {verb} single points of failure: {', '.join(names)}")
    for row in change["boardRulings"]:
        show.out(f"  board: {said(row)}")
    for vote in change["approvals"]:
        if vote["fell"]:
            show.out(f"  fell: {vote['role']} by {vote['by']}, since {vote['fell']}")
    for step in change["observedSteps"]:
        if step["judged"] != "implied":
            show.out(f"  {step['judged']}: {step['sentence']}")
    for finding in change["findings"] or ():
        show.out(f"  found: {finding}")


def listed(wanted: Mapping[str, Any], first: int, after: str | None) -> Any:
    """A page of changes."""
    return records.listed(RECORD, "title windowStart windowEnd risk verdict outcome evidenceHash", wanted, first, after)
