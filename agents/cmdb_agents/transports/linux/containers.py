"""Containers: what runtimes answer at their sockets, and what containerd and podman write down of those they run."""

# one look per snapshot, beside six hundred others

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

from cmdb_agents import masking
from cmdb_agents.addresses import endpoint, shortest
from cmdb_agents.exchange import exchange
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader, why
from cmdb_agents.transports.readings import Container

SOCKETS = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock")
CONTAINERD = "/run/containerd/io.containerd.runtime.v2.task"
STORE = "/var/lib/containers"
PODMAN = "/var/lib/containers/storage/overlay-containers"
PIDS = "/run/containers/storage/overlay-containers"
MAX_CONTAINERS = 1_000
MAX_ANSWER = 16 * 2**20
SECONDS = 5
AREAS = ("services", "containers")


def read(hand: Hand) -> tuple[Container, ...]:
    """Every container of every runtime, each once; a runtime's answer says more than a file."""
    seen: dict[str, Container] = {}
    for one in (*_written(hand), *_answered(hand)):
        if len(seen) < MAX_CONTAINERS or one.id in seen:
            seen[one.id] = one
        else:
            _trouble(hand, f"containers after the first {MAX_CONTAINERS}", "truncated")
            break
    return tuple(seen[key] for key in sorted(seen))


def _trouble(hand: Hand, what: str, because: str, root_helps: bool = False) -> None:
    for area in AREAS:
        hand.trouble(area, what, because, root_helps)


def _answered(hand: Hand) -> Iterator[Container]:
    mine = f"{os.environ.get('XDG_RUNTIME_DIR', '/nowhere')}/podman/podman.sock"
    for path in hand.doors((*SOCKETS, mine)):
        try:
            rows = hand.call(path, ask)
        except PermissionError:
            _trouble(hand, f"containers at {path}", "permission denied", root_helps=True)
        except (OSError, ValueError) as error:
            _trouble(hand, f"containers at {path}", why(error))
        else:
            runtime = "podman" if "podman" in path else "docker"
            yield from (of_runtime(row, runtime) for row in rows[: MAX_CONTAINERS + 1])


def ask(path: str) -> list[Any]:
    """GET /containers/json over the runtime's unix socket (Docker Engine API; podman answers the same)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        connection.connect(path)
        until = time.monotonic() + SECONDS
        answer = exchange(connection, "GET /containers/json", {"Host": "localhost"},
                          until=until, patience=SECONDS, limit=MAX_ANSWER)  # fmt: skip
    try:
        rows = json.loads(answer.body)
    except RecursionError as error:
        raise ValueError(f"the runtime's answer is not understood: {type(error).__name__}") from error
    if answer.status != 200 or not isinstance(rows, list):
        raise ValueError(f"the runtime answered {answer.status}")
    return rows


def of_runtime(row: dict[str, Any], runtime: str) -> Container:
    """A container as the Docker Engine API describes it."""
    networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
    addresses = {a for n in networks.values() for a in (n.get("IPAddress"), n.get("GlobalIPv6Address")) if a}
    published = {
        endpoint(p.get("Type", "tcp"), shortest(p.get("IP") or "0.0.0.0"), p["PublicPort"])  # noqa: S104  # reported
        for p in row.get("Ports") or ()
        if p.get("PublicPort")
    }
    names = row.get("Names") or [row["Id"][:12]]
    return Container(
        id=row["Id"],
        name=names[0].lstrip("/"),
        image=row.get("Image") or "",
        state=row.get("State") or "",
        addresses=tuple(sorted(map(shortest, addresses))),
        published=tuple(sorted(published)),
        runtime=runtime,
        digest=str(row.get("ImageID") or "").removeprefix("sha256:"),
        labels=labels(row.get("Labels")),
        networks=tuple(sorted(networks)),
        mounts=tuple(
            sorted(f"{m.get('Source') or m.get('Name')}:{m.get('Destination')}" for m in row.get("Mounts") or ())
        ),
    )


def labels(given: Any) -> tuple[str, ...]:
    """Labels and annotations as name=value, what looks like a secret masked."""
    rows = given if isinstance(given, dict) else {}
    return tuple(sorted(masking.text(f"{name}={value}")[:500] for name, value in list(rows.items())[:64]))


def _written(hand: Hand) -> Iterator[Container]:
    """What is on disk, for root only: containerd's running bundles, and podman's list without its socket."""
    for space in hand.names(CONTAINERD):
        for name in hand.names(f"{CONTAINERD}/{space}")[:MAX_CONTAINERS]:
            if found := of_bundle(name, space, hand.line(f"{CONTAINERD}/{space}/{name}/config.json", 2**20)):
                yield found
    if hand.exists(CONTAINERD) and not hand.names(CONTAINERD) and not hand.superuser:
        _trouble(hand, "containers of containerd", "permission denied", root_helps=True)
    if hand.exists(STORE) and not hand.names(STORE) and not hand.superuser:
        hand.trouble("containers", "containers of podman", "permission denied", root_helps=True)
    for row in _json(hand.line(f"{PODMAN}/containers.json", MAX_ANSWER), []):
        details = _json(row.get("metadata") or "", {})
        if _runs(hand, f"{PIDS}/{row.get('id')}/userdata/pidfile"):
            name = details.get("name") or (row.get("names") or [row["id"][:12]])[0]
            yield Container(row["id"], name, details.get("image-name", ""), "running", runtime="podman",
                            digest=details.get("image-id", ""))  # fmt: skip


def _runs(hand: Hand, file: str) -> bool:
    """Whether the process named in the file is there: podman leaves the file behind a container that has ended."""
    pid = hand.line(file, 32)
    return pid.isdecimal() and hand.exists(f"/proc/{pid}/stat")


def of_bundle(name: str, space: str, text: str) -> Container | None:
    """A container as its OCI bundle describes it (config.json); the pause container of a pod is none."""
    body = _json(text, {})
    notes = body.get("annotations") or {}
    if not body or notes.get("io.kubernetes.cri.container-type") == "sandbox" or space == "moby":
        return None
    own = notes.get("io.kubernetes.cri.container-name") or notes.get("nerdctl/name") or name[:12]
    pod = notes.get("io.kubernetes.cri.sandbox-name", "")
    mounts = {f"{m.get('source')}:{m.get('destination')}" for m in body.get("mounts") or () if m.get("type") == "bind"}
    return Container(
        id=name,
        name=f"{pod}/{own}" if pod else own,
        image=notes.get("io.kubernetes.cri.image-name", "") or notes.get("nerdctl/image", ""),
        state="running",
        runtime="containerd",
        labels=labels(notes),
        mounts=tuple(sorted(mounts)),
    )


def _json(text: str, otherwise: Any) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return otherwise
    return found if isinstance(found, type(otherwise)) else otherwise


CONTAINERS = Reader("containers", "services", read)
