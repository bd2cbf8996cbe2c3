"""epicentre discover credential, keys: what the collector holds, and whom it trusts."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cmdb.errors import Invalid, Misconfigured
from cmdb_processes.cli import show
from cmdb_processes.cli.discovering.folder import Home, Master, opened, secrets
from cmdb_processes.cli.options import Json

MAX_WINDOW = 24 * 60


def offer(group: typer.Typer) -> None:
    """Secrets and host keys."""
    group.add_typer(credentials(), name="credential")
    group.add_typer(keys(), name="keys")


def credentials() -> typer.Typer:
    """The commands below `discover credential`."""
    group = typer.Typer(help="Secrets of the devices a collector looks at.", no_args_is_help=True,
                        rich_markup_mode=None)  # fmt: skip
    example = "Example: epicentre discover credential add rack --kind key --user probe --for 10.0.7.0/24 --file key"
    group.command("add", epilog=example)(add)
    group.command("list", epilog="Example: epicentre discover credential list")(list_)
    group.command("remove", epilog="Example: epicentre discover credential remove rack")(remove)
    return group


def add(
    ref: Annotated[str, typer.Argument(help="Its name; targets refer to it by this.")],
    kind: Annotated[str, typer.Option(help="What it is: key, password, or what another kind takes.")],
    bound: Annotated[list[str], typer.Option("--for", help="A network, address or name it may be sent to.")],
    user: Annotated[str, typer.Option(help="Who logs in with it.")] = "",
    file: Annotated[str, typer.Option(help="File with the secret, - for stdin.")] = "-",
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, for what is not secret.")] = None,
    home: Home = None,
    master: Master = None,
    json: Json = False,
) -> None:
    """Keep a secret, in place of the one of that name; it is never shown again."""
    from cmdb_agents.discover.folder import all_kinds

    taken = sorted({one for found in all_kinds().values() for one in found.takes})
    if kind not in taken:
        raise Invalid(f"a credential's kind is one of {', '.join(taken)}", where="--kind")
    pairs = [one.partition("=") for one in option or ()]
    if wrong := [left for left, equals, _ in pairs if not equals]:
        raise Invalid("an option is NAME=VALUE", where=wrong[0])
    try:
        text = sys.stdin.read(65_536) if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"the secret cannot be read from {file}: {error}") from error
    secret = text if kind == "key" else text.rstrip("\r\n")
    if kind == "key":
        _check_key(ref, secret)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with opened(home) as folder, secrets(folder, master) as store:
        store.put(ref, kind, user, secret, bound, {k: v for k, _, v in pairs}, now)
    show.done({"kept": ref, "for": bound}, f"credential {ref} is kept, bound to {', '.join(bound)}", json)


def _check_key(ref: str, secret: str) -> None:
    from cmdb_agents.discover.kind import Secret
    from cmdb_agents.transports.ssh import private_key

    private_key(Secret(ref, "key", "", secret))


def list_(home: Home = None, master: Master = None, json: Json = False) -> None:
    """List the credentials, without their secrets."""
    with opened(home) as folder, secrets(folder, master) as store:
        found = store.listed()
    if json:
        show.emit([{"ref": c.ref, "kind": c.kind, "user": c.user, "for": list(c.bound), "changed": c.changed}
                   for c in found])  # fmt: skip
    else:
        rows = [(c.ref, c.kind, c.user, ", ".join(c.bound), c.changed) for c in found]
        show.table(("NAME", "KIND", "USER", "FOR", "CHANGED"), rows, "no credentials")


def remove(
    ref: Annotated[str, typer.Argument(help="Its name.")],
    home: Home = None,
    master: Master = None,
    json: Json = False,
) -> None:
    """Forget a secret."""
    with opened(home) as folder, secrets(folder, master) as store:
        store.remove(ref)
    show.done({"forgotten": ref}, f"credential {ref} is forgotten", json)


def keys() -> typer.Typer:
    """The commands below `discover keys`."""
    group = typer.Typer(help="Host keys: which SSH servers are trusted.", no_args_is_help=True, rich_markup_mode=None)
    group.command("window", epilog="Example: epicentre discover keys window --minutes 10")(window)
    group.command("offered", epilog="Example: epicentre discover keys offered")(offered)
    group.command("pin", epilog="Example: epicentre discover keys pin 10.0.7.3:22 SHA256:9oYw…")(pin)
    group.command("forget", epilog="Example: epicentre discover keys forget 10.0.7.3:22")(forget)
    return group


def window(
    minutes: Annotated[int, typer.Option(help="How long unknown host keys are offered for pinning.")] = 10,
    home: Home = None,
    json: Json = False,
) -> None:
    """Let unknown host keys be offered for a while; nothing is sent to a host before its key is pinned."""
    from cmdb_agents.transports.ssh_hosts import HostKeys

    if not 1 <= minutes <= MAX_WINDOW:
        raise Invalid(f"a window is open for 1 to {MAX_WINDOW} minutes", where="--minutes")
    with opened(home) as folder:
        HostKeys(folder.state("ssh")).open_window(int(time.time()) + 60 * minutes)
    text = f"unknown host keys are offered for {minutes} minutes: look at the target, then `discover keys offered`"
    show.done({"minutes": minutes}, text, json)


def offered(home: Home = None, json: Json = False) -> None:
    """List the host keys that wait to be pinned."""
    from cmdb_agents.transports.ssh_hosts import HostKeys

    with opened(home) as folder:
        found = HostKeys(folder.state("ssh")).offers()
    if json:
        show.emit([{"place": o.place, "type": o.type, "fingerprint": o.fingerprint} for o in found])
    else:
        rows = [(o.place, o.type, o.fingerprint) for o in found]
        show.table(("PLACE", "TYPE", "FINGERPRINT"), rows, "no keys are offered")


def pin(
    place: Annotated[str, typer.Argument(help="Address and port, as `offered` shows it.")],
    fingerprint: Annotated[str, typer.Argument(help="Its fingerprint, compared with the host's own console.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Trust an offered host key."""
    from cmdb_agents.transports.ssh_hosts import HostKeys

    with opened(home) as folder:
        HostKeys(folder.state("ssh")).pin(place, fingerprint)
    show.done({"pinned": place, "fingerprint": fingerprint}, f"{place} is pinned to {fingerprint}", json)


def forget(
    place: Annotated[str, typer.Argument(help="Address and port.")], home: Home = None, json: Json = False
) -> None:
    """No longer trust a host's key: it was installed anew."""
    from cmdb_agents.transports.ssh_hosts import HostKeys

    with opened(home) as folder:
        HostKeys(folder.state("ssh")).forget(place)
    show.done({"forgotten": place}, f"the key of {place} is forgotten", json)
