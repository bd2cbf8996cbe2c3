"""epicentre change propose, edit, submit, cancel: the draft."""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer

from cmdb.errors import EpicentreError, Invalid
from cmdb_graphql.client import HttpClient
from cmdb_processes.cli import asking, show
from cmdb_processes.cli import proposed as proposals
from cmdb_processes.cli.changes import text
from cmdb_processes.cli.changes.text import Number
from cmdb_processes.cli.options import Json

Names = list[str] | None
Text = str | None
Ci = Annotated[Names, typer.Option("--ci", help="A CI that will be worked on; may be repeated.")]
Window = Annotated[Text, typer.Option(help="start/end or start/duration, ISO 8601 with a time zone.")]
Zone = Annotated[Text, typer.Option(help="The time zone of a window without an offset, such as Europe/Berlin.")]
Reason = Annotated[Text, typer.Option(help="Why it is wanted.")]
Plan = Annotated[Text, typer.Option(help="How it will be done.")]
Backout = Annotated[Text, typer.Option(help="How it will be undone if it fails.")]
Tried = Annotated[bool | None, typer.Option("--backout-tested/--backout-untested", help="Was the way back tried out?")]
Test = Annotated[Text, typer.Option(help="How one will know that it worked.")]
By = Annotated[Names, typer.Option("--by", help="An account that does it; may be repeated.")]
Proposed = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="The graph diff it makes, as JSON (docs/proposed.schema.json); - is stdin."),
]
_TYPES = {
    "window": "String", "zone": "String", "reason": "String", "plan": "String", "backout": "String",
    "backoutTested": "Boolean", "test": "String", "implementers": "[String!]", "proposed": "String",
    "title": "String", "cis": "[ID!]", "model": "String", "template": "String",
}  # fmt: skip


def register(group: typer.Typer) -> None:
    """Offer the commands."""
    group.command(
        epilog="Example: epicentre change propose --title 'Upgrade neo4j' --ci neo4j"
        " --window 2027-01-10T22:00+01:00/PT2H --reason 'the old one ends' --plan 'stop, upgrade, start'"
        " --backout 'old jars' --test 'impact answers'"
    )(propose)
    group.command(epilog="Example: epicentre change edit CHG-1 --window 2027-01-17T22:00+01:00/PT2H")(edit)
    group.command(epilog="Example: epicentre change submit CHG-1")(submit)
    group.command(epilog="Example: epicentre change cancel CHG-1 --reason 'not needed any more'")(cancel)


def propose(
    title: Annotated[Text, typer.Option(help="What is to be changed, in one line.")] = None,
    ci: Ci = None,
    window: Window = None,
    zone: Zone = None,
    reason: Reason = None,
    plan: Plan = None,
    backout: Backout = None,
    backout_tested: Tried = None,
    test: Test = None,
    by: By = None,
    proposed: Proposed = None,
    model: Annotated[Text, typer.Option(help="normal, standard or emergency.")] = None,
    template: Annotated[Text, typer.Option(help="The template of a standard change, such as TPL-1.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Do not submit it yet: something is still missing.")] = False,
    json: Json = False,
) -> None:
    """Propose a change: write it and hand it in; what is missing is told, and the draft stays."""
    client = asking.client()
    if not ci:
        raise Invalid("name at least one CI that will be worked on", where="--ci")
    cis = [asking.resolve(client, name)["id"] for name in ci]
    given = {
        "title": title, "cis": cis, "window": window, "zone": zone, "reason": reason, "plan": plan,
        "backout": backout, "backoutTested": backout_tested, "test": test, "implementers": by, "model": model,
        "template": template, "proposed": _diff(client, proposed),
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    declared = ", ".join(f"${name}: {'[ID!]!' if name == 'cis' else _TYPES[name]}" for name in given)
    passed = ", ".join(f"{name}: ${name}" for name in given)
    text_ = f"mutation Propose({declared}) {{ proposeChange({passed}) {{ {text.WHOLE} }} }}"
    made = client.ask(text_, **given)["proposeChange"]
    if draft:
        text.told(made, json, "next: epicentre change submit {number}")
        return
    try:
        made = text.do("submitChange", made["number"])
    except EpicentreError:
        show.note(f"{made['number']} is kept as a draft; mend it with `epicentre change edit {made['number']}`")
        raise
    text.told(made, json, "next: epicentre change assess {number}")


def edit(
    number: Number,
    title: Annotated[Text, typer.Option(help="What is to be changed, in one line.")] = None,
    ci: Ci = None,
    window: Window = None,
    zone: Zone = None,
    reason: Reason = None,
    plan: Plan = None,
    backout: Backout = None,
    backout_tested: Tried = None,
    test: Test = None,
    by: By = None,
    proposed: Proposed = None,
    json: Json = False,
) -> None:
    """Change what is given; it is a draft again, and approvals fall with the difference as the reason."""
    client = asking.client()
    cis = [asking.resolve(client, name)["id"] for name in ci] if ci else None
    given = {
        "title": title, "cis": cis, "window": window, "zone": zone, "reason": reason, "plan": plan,
        "backout": backout, "backoutTested": backout_tested, "test": test, "implementers": by,
        "proposed": _diff(client, proposed),
    }  # fmt: skip
    types = {**_TYPES, "cis": "[String!]"}
    passed = {name: (types[name], value) for name, value in given.items() if value is not None}
    text.told(text.do("editChange", number, **passed), json, "next: epicentre change submit {number}")


def submit(number: Number, json: Json = False) -> None:
    """Hand a draft in; every reason for which it is not taken is told."""
    text.told(text.do("submitChange", number), json, "next: epicentre change assess {number}")


def cancel(
    number: Number,
    reason: Annotated[Text, typer.Option(help="Why, in one line.")] = None,
    json: Json = False,
) -> None:
    """Take a change back before the work."""
    text.told(text.do("cancelChange", number, reason=("String", reason)), json)


def _diff(client: HttpClient, file: str | None) -> str | None:
    """A graph diff from a file, its names turned into ids."""
    return None if file is None else json_module.dumps(proposals.read(client, file))
