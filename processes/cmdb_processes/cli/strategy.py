"""epicentre strategy: the approved policy of each process, its promises, and whether it is followed."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_processes.arrangements.strategy.nouns import objectives
from cmdb_processes.arrangements.strategy.record import STRATEGY
from cmdb_processes.cli import asking, records, show
from cmdb_processes.cli.options import Json
from cmdb_processes.cli.records import Number

FIELDS = """
process name purpose priorityMatrix everything classes tags sites authors approvedBy approvedAt reviewDue reviewedAt
readers acknowledged objectives { objective kpi atLeast atMost unit } promises { rank response resolution update }
"""
EVIDENCE = """
{ eventStrategy { strategy checks { name passed because } sources { source rules events matched unmatched } } }
"""
_OBJECTIVE = re.compile(r"(.+?): (.+) (>=|<=) (\d+(?:\.\d+)?) ?(\S*)")
_PROMISE = re.compile(r"(\d+): (\S+) (\S+) (\S+)")
Due = Annotated[str, typer.Option("--review", help="When it is looked at next: a day such as 2027-06-30.")]
Objective = Annotated[
    list[str] | None, typer.Option(help="'Restored in time: promises kept >= 95 %'; may be repeated.")
]
Promise = Annotated[
    list[str] | None, typer.Option(help="Rank: response, resolution, update, as '1: PT15M PT4H PT1H'; repeatable.")
]
Reason = Annotated[str | None, typer.Option(help="Why, in one line.")]


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(
        help="Strategies: what each process is for, what it promises, and who approved that.",
        no_args_is_help=True, rich_markup_mode=None,
    )  # fmt: skip
    group.command("list", epilog="Examples: epicentre strategy list; epicentre strategy list --all")(list_)
    group.command("show", epilog="Example: epicentre strategy show STR-1")(show_)
    group.command(
        epilog="Example: epicentre strategy draft incident 'Restore first' --purpose 'Service is back soon.' "
        "--review 2027-06-30 --everything --objective 'Restored in time: promises kept >= 95 %'"
    )(draft)
    group.command(epilog="Example: epicentre strategy change STR-2 --promise '1: PT10M PT2H PT30M'")(change)
    group.command(epilog="Example: epicentre strategy approve STR-1")(approve)
    group.command(epilog="Example: epicentre strategy acknowledge STR-1")(acknowledge)
    group.command(epilog="Example: epicentre strategy review STR-1 'It still fits' --review 2028-06-30")(review)
    group.command(epilog="Example: epicentre strategy retire STR-1 --reason 'the process ended'")(retire)
    group.command(epilog="Example: epicentre strategy check")(check)
    app.add_typer(group, name="strategy")


def list_(
    all_: Annotated[bool, typer.Option("--all", help="Drafts and those that ended too.")] = False,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 25,
    after: Annotated[str | None, typer.Option(help="The last of the page before.")] = None,
    json: Json = False,
) -> None:
    """List the strategies in force."""
    wanted = {"categories": None if all_ else ["IN_PROGRESS"]}
    page = records.listed(STRATEGY, FIELDS, wanted, first, after)
    records.print_page(page, ("NUMBER", "PROCESS", "STATE", "NAME", "OWNER", "REVIEW"), _row, json, "no strategies")


def _row(row: Any) -> tuple[Any, ...]:
    return row["number"], row["process"], row["state"], row["name"], row["owner"], row["reviewDue"]


def show_(number: Number, json: Json = False) -> None:
    """Show a strategy whole."""
    record = records.one(STRATEGY, number, FIELDS)
    if json:
        show.emit(record)
        return
    scope = [*(record["classes"] or ()), *(record["tags"] or ()), *(record["sites"] or ())]
    approved = record["approvedBy"] and f"{record['approvedAt']} by {record['approvedBy']}"
    facts = [
        ("  process", record["process"]), ("  purpose", record["purpose"]),
        ("  scope", "everything" if record["everything"] else scope or None), ("  matrix", record["priorityMatrix"]),
        ("  authors", record["authors"]), ("  approved", approved), ("  review due", record["reviewDue"]),
        ("  reviewed", record["reviewedAt"]), ("  for", record["readers"]), ("  known to", record["acknowledged"]),
    ]  # fmt: skip
    records.describe(record, record["name"], facts)
    for one in objectives(record["objectives"]):
        show.out(f"  objective  {one}")
    for row in record["promises"]:
        times = f"respond in {row['response']}, resolve in {row['resolution']}, update every {row['update']}"
        show.out(f"  promise    priority {row['rank']}: {times}")
    records.print_links(record)
    records.print_history(record)


def draft(
    process: Annotated[str, typer.Argument(help="The process, such as incident.")],
    name: Annotated[str, typer.Argument(help="What people call it.")],
    purpose: Annotated[str, typer.Option(help="What the process is for, in one line.")],
    review_due: Due,
    owner: Annotated[str | None, typer.Option(help="The account that answers for it; you, if left out.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="It holds for every CI.")] = False,
    ci: Annotated[list[str] | None, typer.Option(help="A CI it holds for; may be repeated.")] = None,
    cls: Annotated[list[str] | None, typer.Option("--class", help="A class it holds for; may be repeated.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag it holds for; may be repeated.")] = None,
    objective: Objective = None,
    promise: Promise = None,
    matrix: Annotated[str | None, typer.Option(help="The priority matrix it wants things ranked by.")] = None,
    reader: Annotated[list[str] | None, typer.Option(help="An account that has to know it; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Write down a strategy; somebody else approves it."""
    client = asking.client() if ci else None
    given = {
        "process": ("String!", process), "name": ("String!", name), "purpose": ("String!", purpose),
        "reviewDue": ("String!", review_due), "owner": ("String", owner), "everything": ("Boolean", everything or None),
        "cis": ("[ID!]", [asking.resolve(client, one)["id"] for one in ci or ()] if client else None),
        "classes": ("[String!]", cls), "tags": ("[String!]", tag), "priorityMatrix": ("String", matrix),
        "readers": ("[String!]", reader), **_parts(objective, promise),
    }  # fmt: skip
    _done(records.give("draftStrategy", "number state process name", given), json)


def change(
    number: Number,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What the process is for, in one line.")] = None,
    review_due: Annotated[str | None, typer.Option("--review", help="When it is looked at next.")] = None,
    objective: Objective = None,
    promise: Promise = None,
    reader: Annotated[list[str] | None, typer.Option(help="An account that has to know it; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Change a draft: what is left out stays; objectives and promises are given whole."""
    given = {
        "number": ("String!", number), "name": ("String", name), "purpose": ("String", purpose),
        "reviewDue": ("String", review_due), "readers": ("[String!]", reader), **_parts(objective, promise),
    }  # fmt: skip
    _done(records.give("changeStrategy", "number state process name", given), json)


def _parts(objective: list[str] | None, promise: list[str] | None) -> dict[str, tuple[str, Any]]:
    aims = None if objective is None else [_objective(one) for one in objective]
    times = None if promise is None else [_promise(one) for one in promise]
    return {"objectives": ("[StrategyObjectiveInput!]", aims), "promises": ("[StrategyPromiseInput!]", times)}


def _objective(text: str) -> dict[str, Any]:
    found = _OBJECTIVE.fullmatch(text)
    if found is None:
        raise Invalid(f"{text!r} is not like 'Restored in time: promises kept >= 95 %'", where="objective")
    wanted, kpi, sign, value, unit = found.groups()
    row = {"objective": wanted, "kpi": kpi, "atLeast" if sign == ">=" else "atMost": float(value)}
    return {**row, "unit": unit} if unit else row


def _promise(text: str) -> dict[str, Any]:
    found = _PROMISE.fullmatch(text)
    if found is None:
        raise Invalid(f"{text!r} is not like '1: PT15M PT4H PT1H'", where="promise")
    rank, response, resolution, update = found.groups()
    return {"rank": int(rank), "response": response, "resolution": resolution, "update": update}


def approve(number: Number, reason: Reason = None, json: Json = False) -> None:
    """Put a strategy in force; nobody who wrote it may."""
    given = {"number": ("String!", number), "reason": ("String", reason)}
    _done(records.give("approveStrategy", "number state process name", given), json)


def acknowledge(number: Number, json: Json = False) -> None:
    """Say that you know it."""
    made = records.give("acknowledgeStrategy", "number acknowledged", {"number": ("String!", number)})
    show.done(made, f"{made['number']} is known to {', '.join(made['acknowledged'])}", json)


def review(
    number: Number,
    found: Annotated[str, typer.Argument(help="What was found, in one line.")],
    review_due: Due,
    json: Json = False,
) -> None:
    """Say that it still fits, and when it is looked at next."""
    given = {"number": ("String!", number), "found": ("String!", found), "reviewDue": ("String!", review_due)}
    made = records.give("reviewStrategy", "number reviewDue", given)
    show.done(made, f"{made['number']} is reviewed next at {made['reviewDue']}", json)


def retire(number: Number, reason: Reason = None, json: Json = False) -> None:
    """End it; its process has none then."""
    given = {"number": ("String!", number), "reason": ("String", reason)}
    _done(records.give("retireStrategy", "number state process name", given), json)


def _done(made: Any, json: bool) -> None:
    show.done(made, f"{made['number']} {made['state'].upper()}: {made['name']} ({made['process']})", json)


def check(json: Json = False) -> None:
    """Say whether incidents and events have a strategy that is followed; exit code 2 if not."""
    found = asking.ask(EVIDENCE)["eventStrategy"]
    if json:
        show.emit(found)
    else:
        show.out(f"strategy of incident: {found['strategy'] or 'none is in force'}")
        show.table(("CHECK", "HOLDS", "BECAUSE"), [_check(row) for row in found["checks"]], "no checks")
        show.table(("SOURCE", "RULES", "EVENTS", "MATCHED"), [_source(row) for row in found["sources"]], "no sources")
    if not all(row["passed"] for row in found["checks"]):
        raise typer.Exit(2)


def _check(row: Any) -> tuple[Any, ...]:
    return row["name"], "yes" if row["passed"] else "no", row["because"]


def _source(row: Any) -> tuple[Any, ...]:
    return row["source"], row["rules"], row["events"], row["matched"]
