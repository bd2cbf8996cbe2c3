"""epicentre topology: what is joined to what, who hangs on whom, and who says so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_graphql.pictures import words
from cmdb_graphql.pictures.network import Joint, Network, Node
from cmdb_processes.cli import asking, show
from cmdb_processes.cli import proposed as proposals
from cmdb_processes.cli.options import AsOf, Json

FIRST = 1_000


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre topology; epicentre topology core1 --json;"
        " epicentre topology --site north --svg north.svg; epicentre topology core1 --as-of 2026-11-01T00:00:00Z"
    )(topology)


def topology(
    device: Annotated[
        str | None, typer.Argument(help="A device or host: its name, id, or the start of either. Without: all.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="What stands at this site, in its rooms and racks.")] = None,
    drawing: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Draw it into this new file too.")
    ] = None,
    first: Annotated[int, typer.Option(min=1, max=10_000, help="Stop behind so many links and attachments.")] = FIRST,
    as_of: AsOf = None,
    proposed: proposals.Proposed = None,
    json: Json = False,
) -> None:
    """List the links between devices and who hangs on which switch, each with its evidence and age."""
    from cmdb_processes.cli import wired

    if device is not None and site is not None:
        raise Invalid("name a device or a site, not both", where="--site")
    client = asking.client()
    posed = wired.Posed(client, as_of, proposals.read(client, proposed, as_of))
    if device is None and site is None:
        found, more = wired.everywhere(posed, first)
        of = ""
    else:
        of, inside = _scope(client, posed, device, site)
        found, more = wired.around(posed, inside, first)
    if drawing is not None:
        _draw(found, of, drawing)
    show.emit(facts(found, truncated=more)) if json else render(found)
    if more:
        show.note(f"CUT SHORT: there is more behind {first:,}; --first has more, or name a --site")


def _scope(client: Any, posed: Any, device: str | None, site: str | None) -> tuple[str, list[str]]:
    """What it is called, and the ids that are meant."""
    from cmdb_processes.cli import wired

    past = posed.as_of is not None
    if site is None:
        one = asking.resolve(client, device or "", retired=past, as_of=posed.as_of, proposed=posed.proposed)
        return one["name"], [one["id"]]
    place = asking.resolve(client, site, "Site", retired=past, as_of=posed.as_of, proposed=posed.proposed)
    inside = wired.at_site(posed, place["id"])
    if not inside:
        raise Invalid(f"nothing is known to stand at {place['name']}: link devices to it by LOCATED_IN", where="--site")
    return place["name"], inside


def _draw(found: Network, of: str, file: Path) -> None:
    """The picture as a new file; nothing that is there is written over."""
    from cmdb_graphql.pictures.wiring import layout
    from cmdb_graphql.pictures.wiring_svg import svg

    text = svg(layout(found, of))
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise Invalid(f"{file} is there already: name another", where="--svg") from error
    show.note(f"the picture is in {file}")


def facts(found: Network, *, truncated: bool) -> dict[str, Any]:
    """All of it as JSON."""
    return {
        "links": [
            {"a": _ci(j.a), "aPort": j.a_port or None, "b": _ci(j.b), "bPort": j.b_port or None, **_why(j)}
            for j in found.cables
        ],
        "attachments": [
            {"ci": _ci(j.a), "to": _ci(j.b), "uplinks": len(found.above[j.a.id]), **_why(j)} for j in found.uplinks
        ],
        "truncated": truncated,
    }  # fmt: skip


def _ci(node: Node) -> dict[str, str]:
    return {"id": node.id, "name": node.name, "class": node.cls}


def _why(joint: Joint) -> dict[str, Any]:
    return {
        "id": joint.id, "ends": joint.ends, "lastSeen": joint.last_seen, "ageSeconds": joint.age_s,
        "evidence": {"kind": joint.kind, "detail": joint.detail, "confidence": joint.confidence},
    }  # fmt: skip


def render(found: Network) -> None:
    """Both lists as tables; what is known of a link is in its last columns."""
    counts = (len(found.cables), "link"), (len(found.uplinks), "attachment")
    show.out(", ".join(f"{n:,} {word}{'' if n == 1 else 's'}" for n, word in counts))
    if found.cables:
        rows = [(j.a.name, j.a_port, j.b.name, j.b_port, *_told(j)) for j in found.cables]
        show.out("\nLinks")
        show.table(("FROM", "PORT", "TO", "PORT", *_TOLD), rows)
    if found.uplinks:
        up = found.above
        hanging = [(j.a.name, j.a.cls, j.b.name, len(up[j.a.id]), *_told(j)) for j in found.uplinks]
        show.out("\nWho hangs on whom")
        show.table(("CI", "CLASS", "ON", "UPLINKS", *_TOLD), hanging)


_TOLD = ("ENDS", "SURE", "AGE", "EVIDENCE")


def _told(joint: Joint) -> tuple[str, str, str, str]:
    return joint.ends, f"{joint.confidence:.2f}", words.ago(joint.age_s), f"{joint.kind} {joint.detail}".strip()
