"""epicentre discover snmp: read devices that carry no agent, and say what they say.

The command is a process of its own: it holds the credential and the devices' bytes, and the server sees rows alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb.topology import Topology, topology
from cmdb.words.device import AGENT_MAKERS
from cmdb_processes.cli import asking, show
from cmdb_processes.cli.discovering.folder import Home, Master
from cmdb_processes.cli.options import Json

SHOWN = 20
"""Lines of one kind on the screen; JSON has all of them."""


def offer(group: typer.Typer) -> None:
    """Offer the command."""
    group.command(
        epilog="Examples: epicentre discover snmp 10.0.0.0/24 --community lab --dry-run;"
        " epicentre discover snmp core1.example.net core2.example.net --community ./community"
    )(snmp)


def snmp(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="TARGET...", help="Addresses, names, networks (CIDR), or one target of targets.toml."),
    ] = None,
    community: Annotated[
        str, typer.Option(metavar="REF", help="A file (mode 600) with the community, or with a user of version 3.")
    ] = "community",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is seen and would be reported; send nothing.")
    ] = False,
    version: Annotated[str, typer.Option(help="Of a community: 2c or 1.")] = "2c",
    port: Annotated[int, typer.Option(help="The UDP port.")] = 161,
    source: Annotated[
        str, typer.Option(help="Under which name it is reported; keep it the same for a network.")
    ] = "snmp",
    domain: Annotated[
        str | None,
        typer.Option(help="The switching domain in which VLAN numbers are unique; without it none are reported."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep what each device said, a file each.")
    ] = None,
    kept: Annotated[
        Path | None, typer.Option("--from", metavar="FOLDER", help="Ask nobody: understand kept files anew.")
    ] = None,
    allow_loopback: Annotated[bool, typer.Option("--allow-loopback", help="Ask this machine too.")] = False,
    home: Home = None,
    master: Master = None,
    json: Json = False,
) -> None:
    """Read devices by SNMP and report them with their ports, addresses and links.

    Exit code 2 when some rows were refused, 1 when no device answered.
    """
    from cmdb_processes.cli.discovering.look import named
    from cmdb_processes.cli.discovery.report import report

    if len(targets or []) == 1 and named("snmp", (targets or [""])[0], home, master, dry_run=dry_run, json=json):
        return
    client = None if dry_run else asking.client()  # before any device is asked
    devices, silent = _read(targets or [], kept, community, version, port, keep, allow_loopback=allow_loopback)
    found = topology(devices)
    facts = _facts(found, [(one.address, one.why) for one in silent])
    done = report(client, found, source, domain)
    outcomes = done.outcomes
    facts |= {"rows": done.rows, "outcomes": dict(outcomes), "dry_run": dry_run}
    show.emit(facts) if json else _say(found, facts)
    if not devices:
        raise typer.Exit(1)
    if outcomes["conflict"] or outcomes["invalid"]:
        raise typer.Exit(2)


def _read(
    targets: list[str],
    kept: Path | None,
    community: str,
    version: str,
    port: int,
    keep: Path | None,
    *,
    allow_loopback: bool,
) -> Any:
    """(devices, silent addresses), from the network or from a folder."""
    from cmdb.config import load
    from cmdb_processes.cli.discovery import credential
    from cmdb_processes.cli.discovery.reading import read_all, read_kept
    from cmdb_processes.cli.discovery.targets import addresses
    from cmdb_processes.cli.transfer.telling import progress

    if bool(targets) == (kept is not None):
        raise Invalid("name targets to be asked, or with --from a folder of kept files")
    if kept is not None:
        return read_kept(kept), ()
    if version not in ("1", "2c"):
        raise Invalid("is 1 or 2c; version 3 is used when the credential file names a user", where="version")
    where = addresses(targets, local=allow_loopback)
    folder = load().home / "credentials"
    asked = [credential.target(community, folder, one, port, "1" if version == "1" else "2c") for one in where]
    if asked and asked[0].version != "3":
        show.note(f"SNMP version {version} sends its community in the clear: version 3 does not")
    with progress("devices", len(asked)) as tell:
        return read_all(asked, tell, keep)


def _facts(found: Topology, silent: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "devices": [
            {
                "address": d.address, "name": d.name, "class": d.cls, "kind": d.kind, "vendor": d.vendor,
                "model": d.model, "serial": d.serial, "version": d.version,
                "blocked": sum(p.blocked for p in d.ports),
                "ports": sum(p.physical for p in d.ports), "interfaces": len(d.ports), "vlans": len(d.vlans),
                "addresses": len(d.addresses), "neighbours": len(d.neighbours), "learned": len(d.learned),
                "problems": [{"what": p.what, "why": p.why} for p in d.problems],
            }
            for d in found.devices
        ],
        "merged": [{"kept": m.kept, "others": list(m.others), "why": m.why} for m in found.merges],
        "links": [{"word": j.word, "detail": j.detail, "confidence": j.confidence} for j in found.joints],
        "attached": len(found.attachments),
        "only_seen": [{"name": p.name, "addresses": list(p.addresses)} for p in found.placeholders],
        "doubts": list(found.doubts),
        "silent": [{"address": address, "why": why} for address, why in silent],
    }  # fmt: skip


def _say(found: Topology, facts: dict[str, Any]) -> None:
    for one in facts["devices"]:
        maker = f"agent of {one['vendor']}," if one["vendor"] in AGENT_MAKERS else one["vendor"]
        what = " ".join(w for w in (maker, one["model"], one["version"]) if w) or "of an unknown maker"
        show.out(f"{one['address']}  {one['name']}: {one['kind'] or one['class']}, {what}")
        serial = f"serial {one['serial']}, " if one["serial"] else ""
        show.out(
            f"  {serial}{one['ports']} ports, {one['interfaces']} interfaces, {one['addresses']} addresses,"
            f" {one['vlans']} VLANs, {one['neighbours']} neighbours, {one['learned']} learned"
            f"{f', {held} held back by spanning tree' if (held := one['blocked']) else ''}"
        )
        for problem in one["problems"][:SHOWN]:
            show.out(f"  not seen: {problem['what']}: {problem['why']}")
    for merge in facts["merged"]:
        show.out(f"one device: {merge['kept']} and {', '.join(merge['others'])}: {merge['why']}")
    _some("link", [f"{link['word']}: {link['detail']}" for link in facts["links"]])
    _some("only seen", [f"{p['name']} {' '.join(p['addresses'])}".rstrip() for p in facts["only_seen"]])
    _some("in doubt", facts["doubts"])
    _some("not read", [f"{one['address']}: {one['why']}" for one in facts["silent"]])
    hosts = f"{facts['attached']} addresses placed on ports" if facts["attached"] else ""
    counted = f"{len(found.devices)} devices, {len(found.joints)} links{', ' if hosts else ''}{hosts}"
    if facts["dry_run"]:
        show.out(f"\n{counted}: {facts['rows']} rows would be reported, nothing was sent")
    else:
        told = ", ".join(f"{n} {word}" for word, n in sorted(facts["outcomes"].items()))
        show.out(f"\n{counted}: {facts['rows']} rows reported: {told}")


def _some(what: str, lines: list[str]) -> None:
    for line in lines[:SHOWN]:
        show.out(f"{what}: {line}")
    if len(lines) > SHOWN:
        show.out(f"{what}: and {len(lines) - SHOWN} more, with --json")
