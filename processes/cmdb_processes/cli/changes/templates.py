"""epicentre change template: what is done the same way each time, approved once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cmdb_processes.change.earlier import uses
from cmdb_processes.change.templates import BAD
from cmdb_processes.change.templating import RECORD
from cmdb_processes.cli import asking, records, show
from cmdb_processes.cli.options import Json

Number = Annotated[str, typer.Argument(help="The template, such as TPL-1.")]
FIELDS = "number state title plan backout test classes approvedAt approvedBy openedBy"


def register(group: typer.Typer) -> None:
    """Offer the commands."""
    sub = typer.Typer(help="Templates of standard changes.", no_args_is_help=True, rich_markup_mode=None)
    sub.command(
        epilog="Example: epicentre change template propose --title 'Restart web' --class Service --plan 'restart'"
        " --backout 'start the old one' --test 'it answers'"
    )(propose)
    sub.command(epilog="Example: epicentre change template approve TPL-1")(approve)
    sub.command(epilog="Example: epicentre change template retire TPL-1")(retire)
    sub.command("show", epilog="Example: epicentre change template show TPL-1")(show_)
    sub.command("list", epilog="Example: epicentre change template list")(list_)
    group.add_typer(sub, name="template")


def propose(
    title: Annotated[str, typer.Option(help="What is changed, in one line.")],
    cls: Annotated[list[str], typer.Option("--class", help="A class of CI it is for; may be repeated.")],
    plan: Annotated[str, typer.Option(help="How it is done.")],
    backout: Annotated[str, typer.Option(help="How it is undone if it fails.")],
    test: Annotated[str, typer.Option(help="How one knows that it worked.")],
    json: Json = False,
) -> None:
    """Write a template; a change manager who did not write it approves it."""
    text = (
        "mutation P($title: String!, $plan: String!, $backout: String!, $test: String!, $classes: [String!]!) {"
        f" proposeChangeTemplate(cis: [], title: $title, plan: $plan, backout: $backout, test: $test,"
        f" classes: $classes) {{ {FIELDS} }} }}"
    )
    made = asking.ask(text, title=title, plan=plan, backout=backout, test=test, classes=cls)["proposeChangeTemplate"]
    show.done(made, f"{made['number']} is {made['state']}: {made['title']}", json)


def approve(number: Number, json: Json = False) -> None:
    """Approve a template, also anew after a failure."""
    _do("approveChangeTemplate", number, json)


def retire(number: Number, json: Json = False) -> None:
    """Make no more changes from a template."""
    _do("retireChangeTemplate", number, json)


def _do(name: str, number: str, json: bool) -> None:
    made = asking.ask(f"mutation T($n: String!) {{ {name}(number: $n) {{ {FIELDS} }} }}", n=number)[name]
    show.done(made, f"{made['number']} is {made['state']}: {made['title']}", json)


def show_(number: Number, json: Json = False) -> None:
    """Show a template with its track record."""
    found = records.one(RECORD, number, "title plan backout test classes approvedAt approvedBy")
    used = uses(asking.client().ask, found["number"])
    bad = sum(1 for use in used if use.outcome in BAD)
    if json:
        show.emit({**found, "uses": len(used), "failed": bad})
        return
    names = ("plan", "backout", "test", "classes", "approvedAt", "approvedBy")
    track = f"{len(used)} changes, {bad} failed or backed out"
    records.describe(found, found["title"], [*((f"  {n}", found[n]) for n in names), ("  record", track)])
    records.print_history(found)


def list_(
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 50,
    after: Annotated[str | None, typer.Option(help="The last template of the page before.")] = None,
    json: Json = False,
) -> None:
    """List templates, newest first."""
    found = records.listed(RECORD, "title classes approvedBy", {}, first, after)
    records.print_page(found, ("TEMPLATE", "STATE", "FOR", "APPROVED BY", "TITLE"), _line, json, "no templates")


def _line(t: Mapping[str, Any]) -> tuple[Any, ...]:
    return (t["number"], t["state"], ", ".join(t["classes"] or ()), t["approvedBy"], t["title"])
