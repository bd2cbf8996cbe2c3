"""Hosts without an agent, by SSH: one connection, one script that only reads, the agent's own reader and collectors."""

from __future__ import annotations

from dataclasses import replace

from cmdb_agents.discover.kind import Kind, Sight, Task
from cmdb_agents.run import look as look_at
from cmdb_agents.run import unseen
from cmdb_agents.transports.local import Linux
from cmdb_agents.transports.readings import Given, Trouble
from cmdb_agents.transports.ssh_script import PARTS

MAX_NEIGHBOURS = 4_096


def look(task: Task) -> Sight:
    """Run the script there and map its answer as the agent maps its own host."""
    from cmdb_agents.transports.ssh import ask
    from cmdb_agents.transports.ssh_hosts import HostKeys

    sudo = task.options.get("sudo") == "yes"
    answered = ask(task, HostKeys(task.folder), task.via, sudo)
    hand = answered.hand
    machine = Linux(hand).read()
    said = [*machine.troubles, *hand.lacking]
    if sudo and not hand.superuser:
        said.append(Trouble("host", "what root would add", "sudo -n was refused", root_helps=True))
    ordered = tuple(sorted(set(said), key=lambda t: (t.area, t.what, t.why)))
    view, sections = look_at(Given(replace(machine, troubles=ordered)), task.known, task.now)
    platform = view.machine.platform
    return Sight(
        boot_id=platform.boot_id or "unknown",
        name=hand.system()[0],
        sections=sections,
        unseen=unseen(view),
        known=view.known,
        neighbours=tuple(sorted({n.address for n in machine.neighbours if n.address}))[:MAX_NEIGHBOURS],
        received=answered.received,
        host_keys=answered.host_keys,
    )


def plan(task: Task) -> tuple[str, ...]:
    """What would be done at a place, in order."""
    from cmdb_agents.transports.ssh_hosts import HostKeys

    hops = " → ".join(str(place) for place, _ in task.via)
    pinned = HostKeys(task.folder).pinned(task.place)
    key = "its host key is not pinned: nothing would be sent"
    if pinned is not None:
        key = f"its pinned {pinned.type} host key must fit"
    order = sorted(task.secrets, key=lambda one: one.kind != "key")[:3]
    tries = ", ".join(f"{one.kind} {one.ref} as {one.user}" for one in order) or "no credential is bound to it"
    areas = sorted({area for part in PARTS for area in part.areas})
    sudo = " through `sudo -n`, where it is allowed," if task.options.get("sudo") == "yes" else ""
    return (
        f"connect to {task.place}" + (f" by way of {hops}" if hops else ""),
        key,
        f"log in with: {tries}",
        f"run one script of {len(PARTS)} parts{sudo} that only reads: {', '.join(areas)}",
        f"stop after {task.seconds:.0f} s or {task.max_bytes // 2**20} MiB",
    )


SSH = Kind(
    name="ssh",
    sentence="Linux hosts without an agent: what the agent would see, by one script over SSH.",
    port=22,
    takes=("key", "password"),
    plan=plan,
    look=look,
)
