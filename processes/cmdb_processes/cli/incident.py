"""epicentre incident: report, rank, assign, restore and close, with whom it hits before your eyes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, records, show, tickets
from cmdb_processes.cli.options import Json
from cmdb_processes.cli.records import Number
from cmdb_processes.incident import rules as catalogue
from cmdb_processes.incident.records import EVENT, INCIDENT

FIELDS = """
title description priority rank computedPriority impact impactBecause urgency urgencyBecause overrideReason group
radius condition outageSince major majorBecause events cause resolutionCode resolution closedHow
services { name criticality degree hops reason users } tasks { name state }
"""
EVENT_FIELDS = """
outcome because rule boundBecause
linkedFrom(types: ["FOLLOWS"], first: 1) { nodes { record { number } } }
"""
Reason = Annotated[str, typer.Option(help="Why, in one line.")]
Cause = Annotated[str | None, typer.Option(help="What kind of cause: hardware, software, change, …")]


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Incidents: report, rank, restore, close.", no_args_is_help=True, rich_markup_mode=None)
    group.command("open", epilog="Example: epicentre incident open 'shop is down' --ci shop --condition down")(open_)
    group.command("list", epilog="Example: epicentre incident list --category TO_DO")(list_)
    group.command("show", epilog="Example: epicentre incident show INC-1 (exit 2 when a promise is broken)")(show_)
    group.command(epilog="Example: epicentre incident assign INC-1 --owner dora --group dba --reason 'disk'")(assign)
    group.command(epilog="Example: epicentre incident start INC-1")(start)
    group.command(epilog="Example: epicentre incident wait INC-1 supplier --reason 'part ordered'")(wait)
    group.command(epilog="Example: epicentre incident outage INC-1 --condition down")(outage)
    group.command(epilog="Example: epicentre incident priority INC-1 3 --reason 'it is night'")(priority)
    group.command(epilog="Example: epicentre incident resolve INC-1 --code fixed --did 'restarted it'")(resolve)
    group.command(epilog="Example: epicentre incident close INC-1 --cause software (exit 2 says what is missing)")(
        close
    )
    group.command(epilog="Example: epicentre incident reopen INC-1 --reason 'down again'")(reopen)
    group.command(epilog="Example: epicentre incident cancel INC-1 --reason 'a test'")(cancel)
    group.command(epilog="Example: epicentre incident major INC-1 accept --reason 'all shops'")(major)
    group.command(epilog="Example: epicentre incident tell INC-1 users 'we work on it'")(tell)
    group.command(epilog="Example: epicentre incident link INC-2 CHILD_OF INC-1")(link)
    group.command(epilog="Example: epicentre incident unlink INC-2 CHILD_OF INC-1")(unlink)
    group.command(epilog="Example: epicentre incident classify INC-1 --kind database --ci db-1")(classify)
    group.command(epilog="Example: epicentre incident review INC-1 'watch the disk of db-1'")(review)
    group.command(epilog="Example: epicentre incident plan INC-1 --task 'call the supplier' --task 'swap the disk'")(
        plan
    )
    group.command(epilog="Example: epicentre incident task INC-1 'swap the disk'")(task)
    group.command(epilog="Example: epicentre incident event monitor 'no answer' --fact status=down --fact host=db-1")(
        event
    )
    group.command(epilog="Example: epicentre incident events --text db-1")(events)
    group.command(epilog="Example: epicentre incident rules")(rules)
    records.register_notes(group, INCIDENT, "incident")
    app.add_typer(group, name="incident")


def open_(
    title: Annotated[str, typer.Argument(help="What does not work, in one line.")],
    ci: Annotated[list[str] | None, typer.Option(help="A CI it is about; may be repeated.")] = None,
    condition: Annotated[str | None, typer.Option(help="What is wrong with them: down or degraded.")] = None,
    urgency: Annotated[str | None, typer.Option(help="How soon: high, medium or low.")] = None,
    description: Annotated[str | None, typer.Option(help="What was reported, in full.")] = None,
    json: Json = False,
) -> None:
    """Say what does not work; it is ranked by whom it hits."""
    client = asking.client()
    cis = [asking.resolve(client, name)["id"] for name in ci or ()]
    given = {"cis": cis, "title": title, "condition": condition, "urgency": urgency, "description": description}
    _done(tickets.give("openIncident", given, FIELDS, {"cis": "[ID!]", "title": "String!"}), json)


def list_(
    category: Annotated[list[str] | None, typer.Option(help="TO_DO, IN_PROGRESS, WAITING or DONE.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only of this owner.")] = None,
    text: Annotated[str | None, typer.Option(help="Words that occur.")] = None,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 50,
    after: Annotated[str | None, typer.Option(help="The last one of the page before.")] = None,
    json: Json = False,
) -> None:
    """List incidents, newest first."""
    wanted = {"categories": tickets.categories(category), "owner": owner, "text": text}
    page = records.listed(INCIDENT, "title priority group", wanted, first, after)
    columns = ("INCIDENT", "PRIORITY", "STATE", "OWNER", "GROUP", "TITLE")
    records.print_page(
        page, columns, lambda r: (r["number"], r["priority"], r["state"], r["owner"], r["group"], r["title"]), json,
        "no incidents",
    )  # fmt: skip


def show_(number: Number, json: Json = False) -> None:
    """Show one: whom it hits, what the clocks say, history. Exit code 2 when a promise is broken."""
    tickets.print_one(records.one(INCIDENT, number, FIELDS), _describe, json)


def assign(
    number: Number,
    owner: Annotated[str | None, typer.Option(help="The account that answers for it.")] = None,
    group: Annotated[str | None, typer.Option(help="The support group.")] = None,
    reason: Annotated[str | None, typer.Option(help="What was found so far.")] = None,
    json: Json = False,
) -> None:
    """Hand it to a person or another group."""
    _on("assignIncident", number, json, owner=owner, group=group, reason=reason)


def start(number: Number, json: Json = False) -> None:
    """Begin, or go on after waiting."""
    _on("beginIncident", number, json)


def wait(
    number: Number,
    waiting: Annotated[str, typer.Argument(help="For what: customer, supplier, appointment, colleague, change.")],
    reason: Annotated[str | None, typer.Option(help="More about it.")] = None,
    json: Json = False,
) -> None:
    """Wait for something."""
    _on("holdIncident", number, json, waiting=waiting, reason=reason)


def outage(
    number: Number,
    condition: Annotated[str | None, typer.Option(help="Down or degraded.")] = None,
    json: Json = False,
) -> None:
    """Confirm that its CIs are down or degraded; impact counts that until it is resolved."""
    _on("confirmOutage", number, json, condition=condition)


def priority(
    number: Number,
    value: Annotated[int, typer.Argument(help="The priority that shall hold.")],
    reason: Annotated[str | None, typer.Option(help="Why it is not the computed one.")] = None,
    json: Json = False,
) -> None:
    """Set another priority than the computed one, or that one again."""
    _on("prioritiseIncident", number, json, {"priority": "Int!"}, priority=value, reason=reason)


def resolve(
    number: Number,
    code: Annotated[str, typer.Option(help="Fixed, workaround, known error, by change, duplicate, …")],
    did: Annotated[str, typer.Option(help="What was done.")],
    cause: Cause = None,
    link_: Annotated[list[str] | None, typer.Option("--link", help="A link, such as 'CAUSED_BY CHG-7'.")] = None,
    json: Json = False,
) -> None:
    """Say that it is restored."""
    given = {"resolutionCode": code, "resolution": did, "cause": cause, "links": link_}
    _on("resolveIncident", number, json, {"links": "[String!]"}, **given)


def close(number: Number, cause: Cause = None, json: Json = False) -> None:
    """Agree that it works; everything that stands in the way is named."""
    _on("confirmIncident", number, json, cause=cause)


def reopen(number: Number, reason: Reason, json: Json = False) -> None:
    """It is not over."""
    _on("reopenIncident", number, json, reason=reason)


def cancel(number: Number, reason: Reason, json: Json = False) -> None:
    """It was no incident."""
    _on("cancelIncident", number, json, reason=reason)


def major(
    number: Number,
    step: Annotated[str, typer.Argument(help="Propose, accept, reject or demote.")],
    reason: Reason,
    json: Json = False,
) -> None:
    """Propose, accept, reject or demote it as a major incident."""
    _on("majorIncident", number, json, step=step, reason=reason)


def tell(
    number: Number,
    audience: Annotated[str, typer.Argument(help="Users, management or technicians.")],
    text: Annotated[str, typer.Argument(help="The word.")],
    json: Json = False,
) -> None:
    """A word to an audience; children hear it too."""
    _on("tellIncident", number, json, audience=audience, text=text)


def link(
    number: Number,
    kind: Annotated[str, typer.Argument(help="CAUSED_BY, CHILD_OF, DUPLICATES, RELATES_TO, …")],
    to: Annotated[str, typer.Argument(help="The number of a record, or the id of a CI.")],
    json: Json = False,
) -> None:
    """Link it to a record or a CI."""
    _on("linkIncident", number, json, type=kind, to=to)


def unlink(
    number: Number,
    kind: Annotated[str, typer.Argument(help="CAUSED_BY, CHILD_OF, DUPLICATES, RELATES_TO, …")],
    to: Annotated[str, typer.Argument(help="The number of a record, or the id of a CI.")],
    json: Json = False,
) -> None:
    """Take a link away."""
    _on("unlinkIncident", number, json, type=kind, to=to)


def classify(
    number: Number,
    kind: Annotated[str | None, typer.Option(help="The branch of the category tree, such as database.")] = None,
    ci: Annotated[list[str] | None, typer.Option(help="A CI it is about: name all of them; may be repeated.")] = None,
    urgency: Annotated[str | None, typer.Option(help="How soon: high, medium or low.")] = None,
    title: Annotated[str | None, typer.Option(help="What it is about, in one line.")] = None,
    json: Json = False,
) -> None:
    """Say of which kind it is, about which CIs and how soon; it is ranked anew."""
    client = asking.client()
    cis = [asking.resolve(client, name)["id"] for name in ci] if ci else None
    given = {"cis": cis, "eventCategory": kind, "urgency": urgency, "title": title}
    _on("classifyIncident", number, json, {"cis": "[String!]"}, **given)


def review(number: Number, text: Annotated[str, typer.Argument(help="What was learnt.")], json: Json = False) -> None:
    """Say what was learnt of a major incident."""
    _on("reviewIncident", number, json, text=text)


def plan(
    number: Number,
    task_: Annotated[list[str], typer.Option("--task", help="What is to be done: name all of them; may be repeated.")],
    json: Json = False,
) -> None:
    """Set its tasks; it is not closed while one is open."""
    tasks = [{"name": one, "state": "open"} for one in task_]
    _on("planIncident", number, json, {"tasks": "[IncidentTaskInput!]"}, tasks=tasks)


def task(
    number: Number,
    name: Annotated[str, typer.Argument(help="The task.")],
    state: Annotated[str, typer.Option(help="Done, skipped or open.")] = "done",
    json: Json = False,
) -> None:
    """Say that a task is done."""
    _on("doIncidentTask", number, json, task=name, state=state)


def event(
    source: Annotated[str, typer.Argument(help="Who says it, such as monitor.")],
    text: Annotated[str, typer.Argument(help="What it says.")],
    fact: Annotated[list[str] | None, typer.Option(help="A field as NAME=VALUE; may be repeated.")] = None,
    severity: Annotated[str | None, typer.Option(help="Critical, major, minor, warning or information.")] = None,
    json: Json = False,
) -> None:
    """Report an event; the event catalogue decides what follows."""
    facts = [{"name": name, "value": value} for name, value in tickets.pairs(fact, "--fact", "status=down")]
    given = {"source": source, "text": text, "facts": facts, "severity": severity}
    made = tickets.give("reportEvent", given, EVENT_FIELDS, {"facts": "[EventFactInput!]"})
    opened = [node["record"]["number"] for node in made["linkedFrom"]["nodes"]]
    said = f"{made['number']}: {' '.join([made['outcome'], *opened])}, {made['because']}"
    show.done(made, f"{said} (its CI: {made['boundBecause']})", json)


def events(
    text: Annotated[str | None, typer.Option(help="Words that occur.")] = None,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 50,
    after: Annotated[str | None, typer.Option(help="The last one of the page before.")] = None,
    json: Json = False,
) -> None:
    """List events, newest first, with what was made of each and why."""
    page = records.listed(EVENT, "source severity rule outcome because text", {"text": text}, first, after)
    columns = ("EVENT", "SOURCE", "SEVERITY", "OUTCOME", "BECAUSE", "TEXT")
    records.print_page(
        page, columns,
        lambda r: (r["number"], r["source"], r["severity"] or "", r["outcome"], r["because"], r["text"]), json,
        "no events",
    )  # fmt: skip


def rules(json: Json = False) -> None:
    """The event catalogue: what is made of the events of each source, in the order in which rules are tried."""
    known = catalogue.rules()
    if json:
        names = ("name", "sentence", "source", "event_class", "severity", "category", "window", "condition", "item")
        show.emit([{**{name: getattr(r, name) for name in names}, "do": r.do.value, "key": r.key} for r in known])
        return
    rows = [(r.name, r.source, r.severity, r.do.value, ", ".join(r.key), f"{r.window} s", r.sentence) for r in known]
    show.table(("RULE", "SOURCE", "SEVERITY", "DOES", "SAME BY", "WITHIN", "WHEN"), rows)


def _on(name: str, number: str, json: bool, types: dict[str, str] | None = None, **given: Any) -> None:
    kinds = {"number": "String!", **(types or {})}
    _done(tickets.give(name, {"number": number, **given}, FIELDS, kinds), json)


def _done(record: Any, json: bool) -> None:
    if json:
        show.emit(record)
        return
    _describe(record)
    show.out(record["history"][-1]["reason"])


def _describe(record: Any) -> None:
    held = "" if record["priority"] == record["computedPriority"] else f" (computed {record['computedPriority']})"
    over = "" if record["category"] != "DONE" and record["waiting"] != "confirmation" else ", over"
    records.describe(
        record,
        record["title"],
        [
            ("  priority", f"{record['priority']}{held}"),
            ("  impact", f"{record['impact']}: {record['impactBecause']}"),
            ("  urgency", f"{record['urgency']}: {record['urgencyBecause']}"),
            ("  because", record["overrideReason"]),
            ("  group", record["group"]),
            ("  radius", record["radius"]),
            ("  outage", record["outageSince"] and f"{record['condition']} since {record['outageSince']}{over}"),
            ("  major", record["major"] and f"{record['major']}: {record['majorBecause']}"),
            ("  resolved", record["resolution"] and f"{record['resolutionCode']}: {record['resolution']}"),
            ("  cause", record["cause"]),
        ],
    )
    for hit in record["services"]:
        show.item(hit["degree"].upper(), f"{hit['name']}: {hit['reason']}", 1)
    for task in record["tasks"]:
        show.out(f"  task {task['name']}: {task['state']}")
