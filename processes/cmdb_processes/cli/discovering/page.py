"""epicentre discover runs, show, now, targets, coverage: the server's page of what collectors do."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb.errors import AmbiguousName, UnknownName
from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

COUNTS = "found changed gone errors unreconciled"
RUNS = f"id collector target kind startedAt endedAt {COUNTS}"
PLACE = "address name node ended why seconds received new gone changed unseen unreconciled"
RUN = f"""
query Run($id: ID!, $after: String) {{ discoveryRun(id: $id) {{ {RUNS} phases {{ name seconds }}
  places(first: 100, after: $after) {{ nodes {{ {PLACE} }} pageInfo {{ hasNextPage endCursor }} }}
  skipped(first: 100) {{ nodes {{ what why }} pageInfo {{ hasNextPage endCursor }} }} }} }}
"""
NOW = "mutation N($c: ID!, $t: String!) { discoverNow(collector: $c, target: $t) }"
Target = Annotated[str | None, typer.Argument(help="Only runs of this target.")]


def offer(group: typer.Typer) -> None:
    """The page of runs."""
    group.command("runs", epilog="Example: epicentre discover runs rack-7")(runs)
    group.command("show", epilog="Example: epicentre discover show 3f0c…")(show_)
    group.command("now", epilog="Example: epicentre discover now rack-7")(now)
    group.command("targets", epilog="Example: epicentre discover targets")(targets)
    group.command("coverage", epilog="Example: epicentre discover coverage --json")(coverage)


def runs(target: Target = None, json: Json = False) -> None:
    """List the runs of collectors, newest first."""
    found = [one for one in asking.every("discoveryRuns", RUNS) if target in (None, one["target"])]
    if json:
        show.emit(found)
        return
    rows = [
        (r["id"], r["target"], r["kind"], r["startedAt"], r["found"], r["changed"], r["gone"], r["errors"],
         r["unreconciled"]) for r in found
    ]  # fmt: skip
    show.table(
        ("RUN", "TARGET", "KIND", "STARTED", "FOUND", "CHANGED", "GONE", "ERRORS", "UNRECONCILED"), rows, "no runs"
    )


def show_(run: Annotated[str, typer.Argument(help="The run, as `runs` shows it.")], json: Json = False) -> None:
    """Show a run: its phases, and what became of every place."""
    found: dict[str, Any] = {}
    after, places = None, []
    while True:
        found = asking.ask(RUN, id=run, after=after)["discoveryRun"]
        places += found["places"]["nodes"]
        if not found["places"]["pageInfo"]["hasNextPage"]:
            break
        after = found["places"]["pageInfo"]["endCursor"]
    if json:
        show.emit({**found, "places": places, "skipped": found["skipped"]["nodes"]})
        return
    show.facts(
        [("run", found["id"]), ("target", f"{found['target']} ({found['kind']})"), ("collector", found["collector"]),
         ("started", found["startedAt"]), ("ended", found["endedAt"]),
         ("phases", ", ".join(f"{p['name']} {p['seconds']:.1f} s" for p in found["phases"])),
         ("counts", ", ".join(f"{found[name]} {name}" for name in COUNTS.split()))]
    )  # fmt: skip
    rows = [(p["address"], p["name"], _ended(p), f"{p['seconds']:.1f} s", p["why"]) for p in places]
    show.table(("ADDRESS", "NAME", "ENDED", "TOOK", "WHY"), rows, "no places")
    for place in places:
        for line in place["unseen"]:
            show.out(f"{place['address']} not seen: {line}")
    for one in found["skipped"]["nodes"]:
        show.out(f"{one['what']} not looked at: {one['why']}")


def _ended(place: dict[str, Any]) -> str:
    words = [place["ended"], *(word for word in ("new", "gone", "unreconciled") if place[word])]
    return ", ".join(words)


def now(
    target: Annotated[str, typer.Argument(help="The target, as `targets` shows it.")],
    collector: Annotated[str | None, typer.Option(help="Which collector's, if several have one so named.")] = None,
    json: Json = False,
) -> None:
    """Ask a collector to run a target of its own as soon as it reports."""
    found = asking.every("discoveryTargets", "collector name")
    having = [t["collector"] for t in found if t["name"] == target and collector in (None, t["collector"])]
    if not having:
        raise UnknownName(f"no collector has told of a target {target!r}; see `epicentre discover targets`")
    if len(having) > 1:
        raise AmbiguousName(f"{len(having)} collectors have a target {target}: name one with --collector")
    asking.ask(NOW, c=having[0], t=target)
    show.done({"asked": target, "collector": having[0]}, f"{having[0]} is asked to run {target} now", json)


def targets(json: Json = False) -> None:
    """List what collectors look at."""
    found = asking.every("discoveryTargets", "collector name kind every hosts")
    if json:
        show.emit(found)
        return
    rows = [
        (t["name"], t["kind"], f"{t['every']} s" if t["every"] else "by hand", t["collector"], ", ".join(t["hosts"]))
        for t in found
    ]
    show.table(("TARGET", "KIND", "EVERY", "COLLECTOR", "HOSTS"), rows, "no targets")


def coverage(json: Json = False) -> None:
    """List addresses noticed on the network; those without an agent come first."""
    found = asking.every("discoveryCoverage", "address noticed cover host { name }")
    if json:
        show.emit(found)
        return
    rows = [(a["address"], a["cover"], (a["host"] or {}).get("name"), a["noticed"]) for a in found]
    show.table(("ADDRESS", "COVER", "HOST", "NOTICED"), rows, "nothing was noticed yet")
