"""epicentre discover ssh, snmp, …: look at a target now, or say what a look would do."""

from __future__ import annotations

import pkgutil
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_processes.cli import show
from cmdb_processes.cli.discovering.folder import Home, Master, opened, secrets
from cmdb_processes.cli.options import Json


def offer(group: typer.Typer) -> None:
    """Looking, and the collector process; each kind of discovery there is becomes a command."""
    from cmdb_agents.discover import kinds
    from cmdb_processes.cli import discovering

    own = {m.name for m in pkgutil.iter_modules(discovering.__path__)}  # a kind with a command of its own here
    # By their files' names: importing every kind would make each start of the command slower.
    for kind in sorted({m.name for m in pkgutil.iter_modules(kinds.__path__)} - own):
        group.command(kind, epilog=f"Examples: epicentre discover {kind} rack-7 --dry-run")(command(kind))
    group.command("enrol", epilog="Example: epicentre discover enrol --url https://cmdb.example --token-file token")(
        enrol
    )
    group.command("run", epilog="Example: epicentre discover run")(run)
    group.command("unlock", epilog="Example: epicentre discover unlock 10.0.7.3")(unlock)


BY_HAND = "by-hand"


def command(kind: str) -> Any:
    """The command of a kind."""

    def look(
        target: Annotated[str, typer.Argument(help="A target of targets.toml, or a network, address or name.")],
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; connect to nobody.")] = False,
        credential: Annotated[
            list[str] | None, typer.Option(help="For a target named here: a credential, as often as needed.")
        ] = None,
        port: Annotated[int | None, typer.Option(help="For a target named here: another port.")] = None,
        via: Annotated[str, typer.Option(help="For a target named here: the target that is the jump host.")] = "",
        allow: Annotated[
            list[str] | None, typer.Option(help="For a target named here: loopback or link-local.")
        ] = None,
        option: Annotated[
            list[str] | None, typer.Option(help="For a target named here: NAME=VALUE, such as sudo=yes.")
        ] = None,
        home: Home = None,
        master: Master = None,
        json: Json = False,
    ) -> None:
        with opened(home) as folder, secrets(folder, master) as store:
            found = _target(folder, kind, target, credential, port, via, allow, option)
            _dry(folder, found, store, json) if dry_run else _run(folder, found, store, json)

    look.__doc__ = f"Look at a target by {kind.upper()} now and report what is seen."
    return look


def named(kind: str, name: str, home: Path | None, master: Path | None, *, dry_run: bool, json: bool) -> bool:
    """Look at a target of the collector's file, if it has one of that name."""
    from cmdb_agents.discover.folder import default_folder

    if not ((home or default_folder()) / "targets.toml").exists():
        return False
    with opened(home) as folder:
        if name not in folder.targets():
            return False
        found = _target(folder, kind, name, None, None, "", None, None)
        with secrets(folder, master) as store:
            _dry(folder, found, store, json) if dry_run else _run(folder, found, store, json)
    return True


def _target(
    folder: Any,
    kind: str,
    name: str,
    credentials: list[str] | None,
    port: int | None,
    via: str,
    allow: list[str] | None,
    options: list[str] | None,
) -> Any:
    """A target of the file, or one made of the options; the file's own are not bent by options."""
    from cmdb_agents.discover.targets import parse

    given = credentials or port or via or allow or options
    known = folder.targets()
    if name in known:
        if known[name].kind != kind:
            raise Invalid(f"target {name} is looked at by {known[name].kind}, not by {kind}")
        if given:
            raise Invalid(f"target {name} is written in {folder.path / 'targets.toml'}: change it there")
        return known[name]
    pairs = [one.partition("=") for one in options or ()]
    if wrong := [left for left, equals, _ in pairs if not equals]:
        raise Invalid("an option is NAME=VALUE", where=wrong[0])
    lines = [
        f"[target.{BY_HAND}]", f"kind = {_quoted(kind)}", f"hosts = [{_quoted(name)}]",
        f"credentials = [{', '.join(map(_quoted, credentials or ()))}]",
        f"allow = [{', '.join(map(_quoted, allow or ()))}]",
        *([f"port = {port}"] if port else []),
        f"options = {{ {', '.join(f'{_quoted(k)} = {_quoted(v)}' for k, _, v in pairs)} }}",
    ]  # fmt: skip
    made = parse("\n".join(lines))[BY_HAND]
    if not via:
        return made
    from dataclasses import replace

    folder.target(via)
    return replace(made, via=via)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text)  # a JSON string is a TOML basic string


def _dry(folder: Any, target: Any, store: Any, json: bool) -> None:
    from cmdb_agents.discover.run import prepare

    prepared = prepare(folder, target, store, time.time())
    plans = [(str(task.place), prepared.kind.plan(task)) for task in prepared.tasks]
    if json:
        skipped = [{"what": s.what, "why": s.why} for s in prepared.skipped]
        show.emit({"places": [{"place": p, "plan": list(lines)} for p, lines in plans], "skipped": skipped})
        return
    for place, lines in plans:
        show.out(place)
        for line in lines:
            show.out(f"  {line}")
    for one in prepared.skipped:
        show.out(f"{one.what}: not looked at, {one.why}")
    show.note(f"dry run: {len(plans)} places would be looked at, {target.rate} a minute, {target.at_once} at once")


def _run(folder: Any, target: Any, store: Any, json: bool) -> None:
    from cmdb_agents.discover.keep import tell
    from cmdb_agents.discover.run import perform, prepare
    from cmdb_agents.discover.send import Collector
    from cmdb_processes.cli.discovery.report import gather

    collector = Collector.of(folder.home)
    prepared = prepare(folder, target, store, time.time())

    def told(one: Any) -> None:
        show.note(f"{one.address} {one.ended}")

    run, sights = perform(folder, prepared, collector, told=told, gather=gather)
    if collector is not None:
        tell(folder, collector, time.time())
    else:
        show.note("this collector is not enrolled, so nothing was sent; see `epicentre discover enrol --help`")
    if json:
        show.emit(run.to_wire())
    else:
        _show(run, sights)
    if not any(sights):
        raise typer.Exit(1)


def _show(run: Any, sights: Any) -> None:
    rows = [
        (p.address, p.name, p.ended, f"{p.seconds:.1f} s", _seen(sight) if sight else p.why)
        for p, sight in zip(run.places, sights, strict=True)
    ]
    show.table(("ADDRESS", "NAME", "ENDED", "TOOK", "SEEN"), rows, "no places")
    for place in run.places:
        for line in place.unseen:
            show.out(f"{place.address} not seen: {line}")
    for what, why in run.skipped:
        show.out(f"{what} not looked at: {why}")
    show.out(", ".join(f"{count} {name}" for name, count in run.counts.items()))


def _seen(sight: Any) -> str:
    """How many items of each class, and edges."""
    counts: dict[str, int] = {}
    for section in sight.sections:
        for item in section.items:
            counts[item.cls] = counts.get(item.cls, 0) + 1
        for link in section.links:
            if link.type != "ASSIGNED_TO":
                counts[link.type] = counts.get(link.type, 0) + 1
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def unlock(
    at: Annotated[str, typer.Argument(help="The address or name, as the run shows it.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Let secrets be tried again at a place that had refused three."""
    with opened(home) as folder:
        count = folder.unlock(at)
    if not count:
        raise Invalid(f"nothing is locked at {at}")
    show.done({"unlocked": at}, f"{at} is unlocked", json)


def enrol(
    url: Annotated[str, typer.Option(help="The server, e.g. https://cmdb.example:8480.")],
    token_file: Annotated[str, typer.Option(help="File with the token, - for stdin.")] = "-",  # noqa: S107  # a place
    allow_plain_http: Annotated[bool, typer.Option("--allow-plain-http", help="Allow http:// elsewhere.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make this collector known, with a token of `epicentre agents token --collector`."""
    from cmdb_agents.enrol import enrol as enrol_at
    from cmdb_agents.enrol import read_token
    from cmdb_agents.front_door import FrontDoor

    with opened(home) as folder, folder.home.lock():
        door = FrontDoor(url, allow_plain_http=allow_plain_http)
        token = read_token(token_file)
        folder.home.prove_room()  # a token is good once: what could not be kept is not asked for
        enrolled, seed = enrol_at(door, token, allow_plain_http=allow_plain_http)
        folder.home.keep(enrolled, seed)
    show.done({"node": enrolled.node}, f"this collector is {enrolled.node}; next: epicentre discover run", json)


def run(home: Home = None, master: Master = None) -> None:
    """Run what is due and what is asked for until SIGTERM: the collector process."""
    import signal

    from cmdb.errors import Misconfigured
    from cmdb.stop import Stop
    from cmdb_agents.discover.keep import keep_collecting
    from cmdb_agents.discover.send import Collector
    from cmdb_processes.cli.discovery.report import gather

    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with opened(home) as folder, folder.home.lock(), secrets(folder, master) as store:
        collector = Collector.of(folder.home)
        if collector is None:
            raise Misconfigured(f"no enrolment in {folder.path}; run: epicentre discover enrol --url URL")
        keep_collecting(folder, store, collector, stop, gather=gather)
