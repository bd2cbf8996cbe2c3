"""epicentre change show, list, slots, report, unauthorised: what is in its way, when it could be, what to decide on."""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid, UnknownName
from cmdb.words import Category
from cmdb_graphql.client import HttpClient
from cmdb_processes.change import free, rules
from cmdb_processes.change.gather import Taken, take, thawed_impact
from cmdb_processes.change.record import RECORD
from cmdb_processes.cli import asking, records, show
from cmdb_processes.cli.changes import text
from cmdb_processes.cli.changes.text import Number
from cmdb_processes.cli.options import Json

GO = frozenset({"approved", "scheduled", "implementing"})
"""States in which a change may go ahead if nothing is in its way."""
HELD = frozenset({"assessed", "awaiting approval", "approved", "scheduled"})
"""States in which what was assessed is what would be done."""


def register(group: typer.Typer) -> None:
    """Offer the commands."""
    group.command(
        "show",
        epilog="Examples: epicentre change show CHG-1 (exit 0 approvable, 2 blocked); epicentre change show CHG-1"
        " --approved && deploy (exit 0 approved and nothing in the way, else 2)",
    )(show_)
    group.command("list", epilog="Example: epicentre change list --state 'awaiting approval'")(list_)
    group.command(epilog="Example: epicentre change slots CHG-1 --days 7 (exit 2 when none is free)")(slots)
    group.command(epilog="Example: epicentre change report CHG-1 --html CHG-1.html")(report)
    group.command(epilog="Example: epicentre change unauthorised (exit 2 when one of them is still open)")(unauthorised)


def show_(
    number: Number,
    approved: Annotated[
        bool, typer.Option("--approved", help="Exit code 0 only when it is approved as well: may the work begin?")
    ] = False,
    json: Json = False,
) -> None:
    """Show a change: verdict, what is in its way now, who would be hit, history. Exit code 0 approvable, 2 blocked."""
    client = asking.client()
    change = client.ask(text.SHOW, number=number)["changeRequest"]
    evidence = json_module.loads(change["evidence"]) if change["evidence"] else None
    now = datetime.now(UTC).isoformat()
    blockers, lacking = _blockers(client, change, evidence, now), text.missing(change, now)
    if approved and change["state"] not in GO and text.category(change) is not Category.DONE:
        blockers = [*blockers, f"it is {change['state']}, and not approved"]
    if json:
        show.emit({**change, "evidence": evidence, "blockers": blockers, "missing": lacking})
    else:
        text.describe(change, blockers, lacking)
        for item in evidence["answers"]["impact"]["items"] if evidence else ():
            show.item(item["degree"], f"{item['ci']['name']} ({item['ci']['class']}): {item['reason']}", 1)
        for step in change["history"]:
            show.out(f"  {step['at']}  {step['toState']}: {step['reason']}")
    if blockers:
        raise typer.Exit(2)


def _blockers(client: HttpClient, change: Mapping[str, Any], evidence: Mapping[str, Any] | None, now: str) -> list[str]:
    """What stands in its way now; it is assessed again, as an approval would."""
    current: Taken | None = None
    if change["state"] not in HELD and evidence is not None and text.category(change) is not Category.DONE:
        return []  # its own work has moved the graph
    if evidence is not None and change["state"] in HELD:
        with suppress(UnknownName):
            current = take(client.ask, text.record_of(change))
    was = thawed_impact(evidence) if evidence else None
    return rules.blockers(change["state"], text.category(change), change["windowEnd"], was, current, now)


def list_(
    state: Annotated[str | None, typer.Option(help="Only this state: draft, awaiting approval, scheduled, …")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model: normal, standard or emergency.")] = None,
    words: Annotated[str | None, typer.Option("--text", help="Every word of this occurs in it.")] = None,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 50,
    after: Annotated[str | None, typer.Option(help="The last change of the page before.")] = None,
    json: Json = False,
) -> None:
    """List changes, newest first."""
    if state not in {None, *RECORD.states}:
        raise Invalid(f"there is no state {state!r}; known are {', '.join(RECORD.states)}", where="--state")
    wanted = {"states": [state] if state else None, "model": model, "text": words}
    found = text.listed(wanted, first, after)
    columns = ("CHANGE", "STATE", "RISK", "WINDOW", "BY", "TITLE")
    records.print_page(found, columns, _line, json, "no changes")


def _line(c: Mapping[str, Any]) -> tuple[Any, ...]:
    return (c["number"], c["state"], c["risk"], c["windowStart"], c["openedBy"], c["title"])


def slots(
    number: Number,
    days: Annotated[int, typer.Option(min=1, max=90, help="How far ahead to look.")] = 14,
    most: Annotated[int, typer.Option(min=1, max=10, help="How many to propose.")] = 3,
    zone: Annotated[str, typer.Option(help="The time zone to tell them in.")] = "UTC",
    json: Json = False,
) -> None:
    """Propose when it could be done, each slot assessed; where none is free, what is in the way. Exit code 2 then."""
    client = asking.client()
    record = text.record_of(client.ask(text.SHOW, number=number)["changeRequest"])
    if not record.fields.get("window_start"):
        raise Invalid(f"{number} says no window: how long it takes is not known", where="window")
    found = free.slots(client.ask, record, datetime.now(UTC), days, most)
    if json:
        show.emit([
            {"start": one.window.start.isoformat(), "end": one.window.end.isoformat(),
             "blockedBy": list(one.blocked_by), "risk": one.risk}
            for one in found
        ])  # fmt: skip
    else:
        for one in found:
            slot = type(one.slot)(one.slot.span, one.slot.cost, one.blocked_by)
            window = f"{one.window.start.isoformat()}/{one.window.end.isoformat()}"
            show.out(f"{slot.sentence(zone)}, risk {one.risk}: --window {window}")
    if all(one.blocked_by for one in found):
        raise typer.Exit(2)


# --- the decision report ---------------------------------------------------------------------------------

REPORT = "query Report($number: String!) { changeReport(number: $number) { evidenceHash html } }"


def report(
    number: Number,
    out: Annotated[Path, typer.Option("--html", "--out", "-o", metavar="FILE", help="A new file; - is stdout.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the decision report: verdict, picture, conflicts, availability, approvals and evidence on one page."""
    if str(out) != "-" and out.exists() and not force:
        raise Invalid(f"{out} is there already: name another, or --force", where="--html")
    made = asking.ask(REPORT, number=number)["changeReport"]
    if str(out) == "-":
        show.out(made["html"])
        return
    out.write_text(made["html"], encoding="utf-8")
    show.out(f"written to {out}; its evidence has the hash {made['evidenceHash'][:16]}")


# --- what nobody had approved ----------------------------------------------------------------------------

UNAUTHORISED = """
query Unauthorised($first: Int) {
  unauthorisedChanges(first: $first) {
    on sequence lookedAt opened covered unopened cut followUps { number title state reason openedAt cis }
  }
}
"""
OFF = "the whole estate is not looked at: EPICENTRE_UNAUTHORISED_CHANGES=true looks"


def unauthorised(
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    json: Json = False,
) -> None:
    """What discovery saw and nobody had approved, newest first. Exit code 2 when one of them is still open."""
    found = asking.ask(UNAUTHORISED, first=first)["unauthorisedChanges"]
    if json:
        show.emit(found)
    else:
        show.out(_looked(found))
        rows = [(one["number"], one["state"], one["openedAt"], one["title"]) for one in found["followUps"]]
        if rows:
            show.table(("CHANGE", "STATE", "OPENED", "TITLE"), rows)
        for sentence in (*found["unopened"], *(f"not looked at: {one}" for one in found["cut"])):
            show.out(f"  {sentence}")
    if len(found["followUps"]) == first:
        show.note(f"the newest {first} are listed; --first has more")
    if any(one["state"] not in {"closed", "cancelled", "rejected"} for one in found["followUps"]):
        raise typer.Exit(2)


def _looked(found: Mapping[str, Any]) -> str:
    if not found["on"]:
        return OFF
    if found["sequence"] is None:
        return "the whole estate is looked at from now on"
    return (
        f"looked at up to sequence {found['sequence']}: {found['opened']} opened,"
        f" {found['covered']} steps of changes in their windows"
    )
