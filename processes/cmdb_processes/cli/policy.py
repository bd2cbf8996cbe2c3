"""epicentre policy: what a class's values must be like, and whose word on them counts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json, KeptRev, Rev

Policy = Annotated[str, typer.Argument(help="The policy's name, as `policy list` shows it.")]
Reason = Annotated[str | None, typer.Option(help="Why, in one line; it is kept in the journal.")]
FIELDS = "name class rule attribute values pattern why allowed rev"
LIST = f"{{ policies {{ {FIELDS} }} }}"
SET = f"""
mutation Set($name: String!, $class: String!, $rule: PolicyRule!, $attribute: String, $values: [String!],
             $pattern: String, $why: String!, $rev: Int, $reason: String) {{
  done: setPolicy(name: $name, class: $class, rule: $rule, attribute: $attribute, values: $values, pattern: $pattern,
                  why: $why, rev: $rev, reason: $reason) {{ {FIELDS} }}
}}
"""
REMOVE = """
mutation Remove($name: String!, $rev: Int, $reason: String) { removePolicy(name: $name, rev: $rev, reason: $reason) }
"""
CHECK = """
query Check($class: String, $policy: String, $first: Int!, $after: String) {
  policyViolations(class: $class, policy: $policy, first: $first, after: $after) {
    lookedAt nodes { policy attribute value allowed sentence ci { id name class } }
    counts { lookedAt truncated byPolicy { policy count } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
BROKEN = 2
"""Exit code of a check that found something."""


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(
        help="Policies: what values must be like, and whose word counts.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command(
        epilog="Examples: epicentre policy add host-names Host pattern name --pattern '[a-z]+[0-9]{1,3}'; "
        "epicentre policy add env Host allowed extra:env --value prod --value test; "
        "epicentre policy add tags CI tags --value 'env:*' --why 'so that bills are right'; "
        "epicentre policy add model-by-assets Host precedence model --value import:assets --value agent"
    )(add)
    group.command("list", epilog="Example: epicentre policy list")(list_)
    group.command(epilog="Example: epicentre policy remove host-names --reason 'new naming scheme'")(remove)
    group.command(epilog="Examples: epicentre policy check; epicentre policy check --class Host --policy env")(check)
    app.add_typer(group, name="policy")


def add(
    name: Annotated[str, typer.Argument(help="Its name: lower-case words with - between them.")],
    cls: Annotated[str, typer.Argument(metavar="CLASS", help="The class it is for, with its kinds.")],
    rule: Annotated[str, typer.Argument(help="required, allowed, pattern, tags, extra or precedence.")],
    attribute: Annotated[
        str | None,
        typer.Argument(help="For required, allowed, pattern, precedence: the attribute, name, tags or extra:NAME."),
    ] = None,
    value: Annotated[
        list[str] | None, typer.Option(help="An allowed value, tag or name, or the next best source; may be repeated.")
    ] = None,
    pattern: Annotated[str | None, typer.Option(help="What the whole value must fit.")] = None,
    why: Annotated[str, typer.Option(help="Why it is there; told to those it refuses.")] = "",
    rev: KeptRev = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Set a policy, or the one of that name anew; what breaks it already is reported by `check`, not changed.

    One of precedence decides values anew; no claim is lost by it.
    """
    given = {"attribute": attribute, "values": value, "pattern": pattern, "why": why, "rev": rev, "reason": reason}
    done = asking.ask(SET, name=name, **{"class": cls}, rule=rule.upper(), **given)["done"]
    show.done(done, f"policy {name} of {cls} is set: {_asks(done)}", json)


def _asks(policy: dict[str, Any]) -> str:
    about = policy["attribute"] or {"TAGS": "tags", "EXTRA": "names of free attributes"}[policy["rule"]]
    return f"{policy['rule'].lower()} {about}: {policy['allowed']}"


def list_(json: Json = False) -> None:
    """List policies."""
    found = asking.ask(LIST)["policies"]
    if json:
        show.emit(found)
    else:
        rows = [(p["name"], p["class"], _asks(p), p["why"], p["rev"]) for p in found]
        show.table(("POLICY", "CLASS", "ASKS", "WHY", "REV"), rows, "no policies")


def remove(policy: Policy, rev: Rev = None, reason: Reason = None, json: Json = False) -> None:
    """Remove a policy: nothing is refused or reported by it any more."""
    asking.ask(REMOVE, name=policy, rev=rev, reason=reason)
    show.done({"removed": policy}, f"policy {policy} is removed", json)


def check(
    cls: Annotated[str | None, typer.Option("--class", help="Only CIs of this class.")] = None,
    policy: Annotated[str | None, typer.Option(help="Only what breaks this policy.")] = None,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 50,
    after: Annotated[str | None, typer.Option(help="The cursor the page before ended with.")] = None,
    json: Json = False,
) -> None:
    """Report what live CIs break, also what discovery found; exit code 2 when there is something."""
    asked = {"class": cls, "policy": policy, "first": first, "after": after}
    found = asking.ask(CHECK, **asked)["policyViolations"]
    counts = {one["policy"]: one["count"] for one in found["counts"]["byPolicy"]}
    if json:
        show.emit(found)
    else:
        rows = [(v["ci"]["name"], v["ci"]["class"], v["sentence"]) for v in found["nodes"]]
        show.table(("CI", "CLASS", "BREAKS"), rows, "nothing breaks a policy here")
        show.out("\n" + (", ".join(f"{name}: {count}" for name, count in counts.items()) or "no policies"))
        if found["counts"]["truncated"]:
            show.out(found["counts"]["truncated"])
    show.more(found, "--after")
    if found["nodes"]:
        raise typer.Exit(BROKEN)
