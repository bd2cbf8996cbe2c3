"""epicentre change: propose, assess, approve or reject, with the blast radius before your eyes."""

from __future__ import annotations

import json as json_module
from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show

Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Number = Annotated[str, typer.Argument(help="The change, such as CHG-1.")]
_FIELDS = """
    number state rev title plan backout test windowStart windowEnd verdict
    evidenceHash evidenceSequence approvals rejection openedBy openedAt cis { id name class }
"""
SHOW = f"""
query Change($number: String!) {{
  changeRequest(number: $number) {{ {_FIELDS} evidence history {{ at by command fromState toState reason }} }}
}}
"""
LIST = f"query Changes($state: String) {{ changeRequests(state: $state, first: 50) {{ {_FIELDS} }} }}"
PROPOSE = f"""
mutation Propose($cis: [ID!]!, $title: String!, $window: String!, $plan: String!, $backout: String!, $test: String!) {{
  proposeChange(cis: $cis, title: $title, window: $window, plan: $plan, backout: $backout, test: $test) {{ {_FIELDS} }}
}}
"""
ROLES = ("financial", "technical", "business")


def _mutation(name: str, arguments: str = "", given: str = "") -> str:
    return f"mutation Do($number: String!{arguments}) {{ {name}(number: $number{given}) {{ {_FIELDS} }} }}"


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Changes: propose, assess, approve.", no_args_is_help=True, rich_markup_mode=None)
    group.command(
        epilog="Example: epicentre change propose --title 'Upgrade neo4j' --ci neo4j"
        " --window 2027-01-10T22:00+01:00/PT2H --plan 'stop, upgrade, start'"
        " --backout 'old jars' --test 'impact answers'"
    )(propose)
    group.command(epilog="Example: epicentre change assess CHG-1")(assess)
    group.command("show", epilog="Example: epicentre change show CHG-1 (exit 0 approved, 2 not)")(show_)
    group.command("list", epilog="Example: epicentre change list --state assessed")(list_)
    group.command(epilog="Example: epicentre change approve CHG-1 --as-role technical")(approve)
    group.command(epilog="Example: epicentre change reject CHG-1 --reason 'quarter end'")(reject)
    group.command(epilog="Example: epicentre change withdraw CHG-1")(withdraw)
    app.add_typer(group, name="change")


def propose(
    title: Annotated[str, typer.Option(help="What is to be changed, in one line.")],
    ci: Annotated[list[str], typer.Option(help="A CI that will be worked on; may be repeated.")],
    window: Annotated[str, typer.Option(help="start/end or start/duration, ISO 8601 with a time zone.")],
    plan: Annotated[str, typer.Option(help="How it will be done.")],
    backout: Annotated[str, typer.Option(help="How it will be undone if it fails.")],
    test: Annotated[str, typer.Option(help="How one will know that it worked.")],
    json: Json = False,
) -> None:
    """Propose a change."""
    client = asking.client()
    cis = [asking.resolve(client, name)["id"] for name in ci]
    made = client.ask(PROPOSE, cis=cis, title=title, window=window, plan=plan, backout=backout, test=test)
    _print(made["proposeChange"], json, "next: epicentre change assess {number}")


def assess(number: Number, json: Json = False) -> None:
    """Take the blast radius of its CIs together and freeze it as evidence."""
    _print(asking.ask(_mutation("assessChange"), number=number)["assessChange"], json)


def approve(
    number: Number,
    as_role: Annotated[str, typer.Option(help="financial, technical or business; each by another person.")],
    json: Json = False,
) -> None:
    """Approve in one role, on the evidence as assessed."""
    text = _mutation("approveChange", ", $role: String!", ", asRole: $role")
    _print(asking.ask(text, number=number, role=as_role)["approveChange"], json)


def reject(
    number: Number, reason: Annotated[str, typer.Option(help="Why; the requester reads it.")], json: Json = False
) -> None:
    """Reject a change, with the reason."""
    text = _mutation("rejectChange", ", $reason: String!", ", reason: $reason")
    _print(asking.ask(text, number=number, reason=reason)["rejectChange"], json)


def withdraw(number: Number, json: Json = False) -> None:
    """Take a change back."""
    _print(asking.ask(_mutation("withdrawChange"), number=number)["withdrawChange"], json)


def show_(number: Number, json: Json = False) -> None:
    """Show a change: verdict, who would be hit, approvals, history. Exit code 0 when approved, else 2."""
    change = asking.ask(SHOW, number=number)["changeRequest"]
    evidence = json_module.loads(change["evidence"]) if change["evidence"] else None
    if json:
        show.emit({**change, "evidence": evidence})
    else:
        _describe(change)
        for item in evidence["items"] if evidence else ():
            show.out(f"  {show.sign(item['degree'])} {item['ci']['name']} ({item['ci']['class']}): {item['reason']}")
        for step in change["history"]:
            show.out(f"  {step['at']}  {step['toState']}: {step['reason']}")
    if change["state"] != "approved":
        raise typer.Exit(2)


def list_(
    state: Annotated[str | None, typer.Option(help="Only this state: proposed, assessed, approved, …")] = None,
    json: Json = False,
) -> None:
    """List changes, newest first."""
    found = asking.ask(LIST, state=state)["changeRequests"]
    if json:
        show.emit(found)
    else:
        rows = [(c["number"], c["state"], c["windowStart"], c["openedBy"], c["title"]) for c in found]
        show.table(("CHANGE", "STATE", "WINDOW", "BY", "TITLE"), rows, "no changes")


def _print(change: dict[str, Any], json: bool, hint: str = "") -> None:
    if json:
        show.emit(change)
        return
    _describe(change)
    if hint:
        show.out(hint.format(number=change["number"]))


def _describe(change: dict[str, Any]) -> None:
    given = {text.split(" ")[0]: text.split(" ")[1] for text in change["approvals"] or ()}
    missing = [role for role in ROLES if role not in given] if change["state"] == "assessed" else []
    evidence = None
    if change["evidenceHash"]:
        evidence = f"{change['evidenceHash'][:16]} at sequence {change['evidenceSequence']}"
    show.out(f"{change['number']} {change['state'].upper()}: {change['title']}")
    show.facts(
        [
            ("  verdict", change["verdict"]),
            ("  works on", [ci["name"] for ci in change["cis"]]),
            ("  window", f"{change['windowStart']} to {change['windowEnd']}"),
            ("  by", change["openedBy"]),
            ("  evidence", evidence),
            ("  approved", [f"{role} by {who}" for role, who in given.items()]),
            ("  missing", missing),
            ("  rejected", change["rejection"]),
        ]
    )
