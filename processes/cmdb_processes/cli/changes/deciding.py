"""epicentre change assess, request, accept, approve, reject: may it go ahead?"""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb_processes.cli.changes import text
from cmdb_processes.cli.changes.text import Number
from cmdb_processes.cli.options import Json

Role = Annotated[str, typer.Option(help="financial, technical or business; each by another person.")]


def register(group: typer.Typer) -> None:
    """Offer the commands."""
    group.command(epilog="Example: epicentre change assess CHG-1 (exit 0 approvable, 2 blocked)")(assess)
    group.command(epilog="Example: epicentre change request CHG-1")(request)
    group.command(epilog="Example: epicentre change accept CHG-1 'web-1: Year end freezes it' --reason 'it is down'")(
        accept
    )
    group.command(epilog="Example: epicentre change approve CHG-1 --as-role technical")(approve)
    group.command(epilog="Example: epicentre change reject CHG-1 --reason 'quarter end'")(reject)


def assess(
    number: Number,
    only: Annotated[bool, typer.Option("--only", help="Do not ask for approval if it is approvable.")] = False,
    json: Json = False,
) -> None:
    """Judge it as things are now and freeze that; ask for approval when nothing blocks it. Exit code 2 when blocked."""
    change = text.do("assessChange", number)
    if not only and change["state"] == "assessed" and not change["blockedBy"]:
        change = text.do("requestChangeApproval", number)
    text.told(change, json)
    if change["blockedBy"]:
        raise typer.Exit(2)


def request(number: Number, json: Json = False) -> None:
    """Ask those who have to approve it, of what was assessed."""
    text.told(text.do("requestChangeApproval", number), json)


def accept(
    number: Number,
    sentence: Annotated[str, typer.Argument(help="The conflict, exactly as it is told.")],
    reason: Annotated[str, typer.Option(help="Why it may be.")],
    json: Json = False,
) -> None:
    """Take a conflict upon yourself; it blocks no more from the next assessment on."""
    change = text.do("acceptChangeConflict", number, sentence=("String!", sentence), reason=("String!", reason))
    text.told(change, json, "next: epicentre change assess {number}")


def approve(
    number: Number,
    as_role: Role,
    reason: Annotated[str | None, typer.Option(help="What is to be known about it.")] = None,
    json: Json = False,
) -> None:
    """Approve in one role, on the evidence as assessed."""
    text.told(text.do("approveChange", number, asRole=("String!", as_role), reason=("String", reason)), json)


def reject(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; the requester reads it.")],
    as_role: Annotated[str | None, typer.Option(help="In which of your roles; default: one that is missing.")] = None,
    json: Json = False,
) -> None:
    """Reject a change, with the reason."""
    text.told(text.do("rejectChange", number, reason=("String!", reason), asRole=("String", as_role)), json)
