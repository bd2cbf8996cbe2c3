"""epicentre request: ask for an item of the catalogue, approve, fulfil."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb_processes.cli import records, show, tickets
from cmdb_processes.cli.options import Json
from cmdb_processes.cli.records import Number
from cmdb_processes.incident.items import catalogue
from cmdb_processes.incident.records import REQUEST

FIELDS = """
title item askedFor group priority fulfilment rejectedBecause closedHow
answers { question answer } tasks { name group state by } approvals { role by yes reason }
"""
Reason = Annotated[str, typer.Option(help="Why, in one line.")]


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Requests: ask, approve, fulfil.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog="Example: epicentre request items")(items)
    group.command("open", epilog="Example: epicentre request open password --answer person=vic --answer service=shop")(
        open_
    )
    group.command("list", epilog="Example: epicentre request list --category WAITING")(list_)
    group.command("show", epilog="Example: epicentre request show REQ-1 (exit 2 when a promise is broken)")(show_)
    group.command(epilog="Example: epicentre request approve REQ-1")(approve)
    group.command(epilog="Example: epicentre request reject REQ-1 --reason 'not needed'")(reject)
    group.command(epilog="Example: epicentre request start REQ-1")(start)
    group.command(epilog="Example: epicentre request assign REQ-1 --owner dora")(assign)
    group.command(epilog="Example: epicentre request wait REQ-1 customer")(wait)
    group.command(epilog="Example: epicentre request task REQ-1 grant")(task)
    group.command(epilog="Example: epicentre request fulfil REQ-1 --did 'may read'")(fulfil)
    group.command(epilog="Example: epicentre request close REQ-1")(close)
    group.command(epilog="Example: epicentre request reopen REQ-1 --reason 'may not read'")(reopen)
    group.command(epilog="Example: epicentre request cancel REQ-1 --reason 'not needed'")(cancel)
    records.register_notes(group, REQUEST, "request")
    app.add_typer(group, name="request")


def items(json: Json = False) -> None:
    """What can be asked for, and what its form asks."""
    known = catalogue().values()
    if json:
        show.emit([{"name": i.name, "sentence": i.sentence, "form": [q.name for q in i.form]} for i in known])
        return
    rows = [(i.name, ", ".join(q.name for q in i.form), "yes" if i.approval else "no", i.sentence) for i in known]
    show.table(("ITEM", "FORM", "APPROVAL", "WHAT"), rows)


def open_(
    item: Annotated[str, typer.Argument(help="The catalogue item: see `request items`.")],
    answer: Annotated[list[str] | None, typer.Option(help="An answer as QUESTION=TEXT; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Ask for an item; where it needs approval, that is asked for at once."""
    rows = [{"question": name, "answer": text} for name, text in tickets.pairs(answer, "--answer", "person=vic")]
    types = {"answers": "[RequestAnswerInput!]"}
    made = tickets.give("requestItem", {"item": item, "answers": rows}, FIELDS, types)
    if catalogue()[item].approval is not None:
        made = tickets.give("submitRequest", {"number": made["number"]}, FIELDS, {})
    _done(made, json)


def list_(
    category: Annotated[list[str] | None, typer.Option(help="TO_DO, IN_PROGRESS, WAITING or DONE.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only of this owner.")] = None,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 50,
    after: Annotated[str | None, typer.Option(help="The last one of the page before.")] = None,
    json: Json = False,
) -> None:
    """List requests, newest first."""
    page = records.listed(
        REQUEST, "item askedFor", {"categories": tickets.categories(category), "owner": owner}, first, after
    )
    columns = ("REQUEST", "ITEM", "STATE", "OWNER", "FOR")
    records.print_page(
        page, columns, lambda r: (r["number"], r["item"], r["state"], r["owner"], r["askedFor"]), json, "no requests"
    )


def show_(number: Number, json: Json = False) -> None:
    """Show one: answers, tasks, votes, clocks, history. Exit code 2 when a promise is broken."""
    tickets.print_one(records.one(REQUEST, number, FIELDS), _describe, json)


def approve(
    number: Number, as_role: Annotated[str | None, typer.Option(help="The seat.")] = None, json: Json = False
) -> None:
    """Approve it."""
    _on("approveRequest", number, json, asRole=as_role)


def reject(number: Number, reason: Reason, json: Json = False) -> None:
    """Say no."""
    _on("rejectRequest", number, json, reason=reason)


def start(number: Number, json: Json = False) -> None:
    """Begin, or go on after waiting."""
    _on("beginRequest", number, json)


def assign(
    number: Number,
    owner: Annotated[str | None, typer.Option(help="The account that answers for it.")] = None,
    group: Annotated[str | None, typer.Option(help="The support group.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    json: Json = False,
) -> None:
    """Hand it to a person or a group."""
    _on("assignRequest", number, json, owner=owner, group=group, reason=reason)


def wait(
    number: Number,
    waiting: Annotated[str, typer.Argument(help="For what: customer, supplier, appointment, colleague, change.")],
    reason: Annotated[str | None, typer.Option(help="More about it.")] = None,
    json: Json = False,
) -> None:
    """Wait for something."""
    _on("holdRequest", number, json, waiting=waiting, reason=reason)


def task(
    number: Number,
    name: Annotated[str, typer.Argument(help="The task.")],
    state: Annotated[str, typer.Option(help="Done, skipped or open.")] = "done",
    json: Json = False,
) -> None:
    """Say that a task is done."""
    _on("doRequestTask", number, json, task=name, state=state)


def fulfil(number: Number, did: Annotated[str, typer.Option(help="What was done.")], json: Json = False) -> None:
    """Say that it is fulfilled."""
    _on("fulfilRequest", number, json, fulfilment=did)


def close(number: Number, json: Json = False) -> None:
    """Agree that it is as wanted."""
    _on("confirmRequest", number, json)


def reopen(number: Number, reason: Reason, json: Json = False) -> None:
    """It is not as wanted."""
    _on("reopenRequest", number, json, reason=reason)


def cancel(number: Number, reason: Reason, json: Json = False) -> None:
    """It is not wanted any more."""
    _on("cancelRequest", number, json, reason=reason)


def _on(name: str, number: str, json: bool, **given: Any) -> None:
    _done(tickets.give(name, {"number": number, **given}, FIELDS, {}), json)


def _done(record: Any, json: bool) -> None:
    if json:
        show.emit(record)
        return
    _describe(record)
    show.out(record["history"][-1]["reason"])


def _describe(record: Any) -> None:
    records.describe(
        record,
        record["title"],
        [
            ("  item", f"{record['item']} for {record['askedFor']}"),
            ("  group", record["group"]),
            ("  fulfilled", record["fulfilment"]),
            ("  rejected", record["rejectedBecause"]),
        ],
    )
    for one in record["answers"]:
        show.out(f"  {one['question']}: {one['answer']}")
    for one in record["approvals"]:
        show.out(f"  {'approved' if one['yes'] else 'rejected'} as {one['role']} by {one['by']}")
    for one in record["tasks"]:
        show.out(f"  task {one['name']} ({one['group']}): {one['state']}")
