"""epicentre calendar call, agenda, minutes: the change advisory board."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_processes.arrangements import papers
from cmdb_processes.arrangements.records import MEETING
from cmdb_processes.cli import asking, records, show
from cmdb_processes.cli.options import Json

FIELDS = """
name start end place members present minutes agenda { number title verdict risk evidence requester windowStart }
rulings { number decision reason evidence }
"""
Rulings = list[str] | None


def register(group: typer.Typer) -> None:
    """Offer the commands."""
    group.command(
        epilog="Example: epicentre calendar call weekly --start 2026-12-01T10:00+01:00 --end PT1H --member tina"
        " --member fred --ci webshop"
    )(call)
    group.command(epilog="Examples: epicentre calendar agenda CAB-1 --freeze; epicentre calendar agenda CAB-1")(agenda)
    group.command(
        epilog="Examples: epicentre calendar minutes CAB-1; epicentre calendar minutes CAB-1 --present tina"
        " --approve CHG-1 --defer 'CHG-2: the vendor is away'"
    )(minutes)


def call(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    start: Annotated[str, typer.Option(help="When it begins, with an offset: 2026-12-01T10:00+01:00.")],
    end: Annotated[str, typer.Option(help="When it is over, or how long it takes: PT1H.")],
    member: Annotated[list[str], typer.Option(help="An account that is invited; may be repeated.")],
    ci: Annotated[list[str] | None, typer.Option("--ci", help="Only about changes of this, or that it feels.")] = None,
    place: Annotated[str | None, typer.Option(help="Where it is.")] = None,
    json: Json = False,
) -> None:
    """Call the change advisory board to a meeting, about all changes or about those of some services and CIs."""
    client = asking.client()
    cis = [asking.resolve(client, one)["id"] for one in ci or ()]
    given = {
        "name": ("String!", name), "start": ("String!", start), "end": ("String!", end), "place": ("String", place),
        "members": ("[String!]!", member), "cis": ("[ID!]", cis),
    }  # fmt: skip
    made = records.give("callCab", "number name start members cis { name }", given)
    about = f" about {', '.join(one['name'] for one in made['cis'])}" if made["cis"] else ""
    invited = ", ".join(made["members"])
    show.done(made, f"{made['number']} {made['name']} is called for {made['start']}{about}; invited: {invited}", json)


def agenda(
    number: records.Number,
    freeze: Annotated[bool, typer.Option("--freeze", help="Freeze it now: what waits for approval.")] = False,
    change: Annotated[list[str] | None, typer.Option(help="With --freeze, only this change; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Show a meeting's agenda; with --freeze it is drawn up now, and stays as it is."""
    if change and not freeze:
        raise Invalid("goes with --freeze: a frozen agenda does not change", where="--change")
    if freeze:
        records.give("freezeCab", "number", {"number": ("String!", number), "changes": ("[String!]", change)})
    _print(number, papers.agenda, json)


def minutes(
    number: records.Number,
    present: Annotated[list[str] | None, typer.Option(help="An account that was there; may be repeated.")] = None,
    approve: Annotated[Rulings, typer.Option(help="A change that was approved; may be repeated.")] = None,
    reject: Annotated[Rulings, typer.Option(help="A change that was rejected: 'CHG-3: why'.")] = None,
    defer: Annotated[Rulings, typer.Option(help="A change that was deferred: 'CHG-2: why'.")] = None,
    text: Annotated[str | None, typer.Option(help="What was said.")] = None,
    json: Json = False,
) -> None:
    """Show a meeting's minutes; with --present and a ruling on every change of its agenda, write them."""
    rulings = [
        _ruling(decision, said)
        for decision, all_ in (("approve", approve), ("reject", reject), ("defer", defer))
        for said in all_ or ()
    ]
    if present or rulings or text:
        given = {
            "number": ("String!", number), "present": ("[String!]!", present or []), "minutes": ("String", text),
            "rulings": ("[BoardRulingInput!]!", rulings),
        }  # fmt: skip
        records.give("holdCab", "number", given)
    _print(number, papers.minutes, json)


def _ruling(decision: str, said: str) -> dict[str, Any]:
    number, _, why = said.partition(":")
    return {"number": number.strip(), "decision": decision, "reason": why.strip() or None}


def _print(number: str, paper: Any, json: bool) -> None:
    meeting = records.one(MEETING, number, FIELDS)
    if json:
        show.emit(meeting)
    else:
        for line in paper(meeting):
            show.out(line)
