"""Estates of machines whose truth is known, told by noisy sources in any order: never are two of them one CI."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from cmdb.classes.host import HOST
from cmdb.identity import Candidate, identify
from cmdb.words import Value

ESTATES, MACHINES, WORDS = 100, 12, 60
SPELLINGS = {
    "dell": ("Dell Inc.", "Dell", "DELL", "Dell EMC", "Dell Computer Corporation"),
    "hp": ("HP", "HPE", "Hewlett-Packard", "Hewlett Packard Enterprise"),
}
BLANK = ("Default string", "To Be Filled By O.E.M.", "0123456789", "None", "Not Specified")
SHARED_MACS = ("00:00:5e:00:01:0a", "02:42:ac:11:00:02", "ac:de:48:00:11:22")
VIEWS = (
    ("smbios_uuid", "serial", "vendor", "machine_id", "macs", "fqdn"),  # an agent with root, or a look over SSH
    ("vendor", "machine_id", "macs", "fqdn"),  # an agent without root
    ("serial", "vendor"),  # an asset list
    ("smbios_uuid", "serial", "fqdn"),  # a list of guests from their hypervisor
    ("serial", "vendor", "fqdn"),  # an inventory
)
"""What sources see. Names alone are left out: two machines that had one name after the other cannot be told by it."""


@dataclass
class Graph:
    """What identity has been told so far: the CIs with their attributes, who speaks for them, and whose they are."""

    attributes: dict[str, dict[str, Value]] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    truth: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    outcomes: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def hear(self, machine: int, agent: str | None, said: Mapping[str, Value]) -> None:
        """One word of one source about one machine, as the applier takes it."""
        known = [
            Candidate(ci, values, frozenset(a for a, spoken in self.agents.items() if spoken == ci))
            for ci, values in self.attributes.items()
        ]
        verdict = identify(HOST, agent, said, known, bound=self.agents.get(agent or ""))
        self.outcomes[verdict.outcome] += 1
        if verdict.outcome not in {"match", "new"}:
            return
        ci = verdict.ci or f"ci_{len(self.attributes):03}"
        self.attributes.setdefault(ci, {}).update(said)
        self.truth[ci].add(machine)
        if agent is not None:
            self.agents[agent] = ci


def estate(rng: random.Random) -> list[dict[str, Value]]:
    """Machines with what real ones share: a template's machine id, a chassis' serial, a cluster's name, blanks."""
    template, chassis = f"{rng.getrandbits(128):032x}", f"CH{rng.getrandbits(32):08X}"
    found: list[dict[str, Value]] = []
    for n in range(MACHINES):
        uuid = f"{rng.getrandbits(128):032x}"
        macs = [f"00:25:90:{rng.getrandbits(24):06x}"[:9] + ":".join(f"{rng.getrandbits(8):02x}" for _ in range(3))]
        macs += rng.sample(SHARED_MACS, rng.randrange(3))
        found.append(
            {
                "smbios_uuid": f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}",
                "serial": rng.choice(BLANK) if rng.random() < 0.2 else f"S{rng.getrandbits(40):010X}",
                "vendor": rng.choice(sorted(SPELLINGS)),
                "machine_id": template if rng.random() < 0.3 else f"{rng.getrandbits(128):032x}",
                "macs": tuple(macs),
                "fqdn": "cluster.example.org" if rng.random() < 0.2 else f"m{n}.example.org",
            }
        )
        if rng.random() < 0.2:  # a node of a chassis: sources that see no UUID cannot tell it from its neighbours
            found[-1]["serial"] = chassis
    return found


def word(rng: random.Random, truth: Mapping[str, Value], view: tuple[str, ...]) -> dict[str, Value]:
    """What one source says: its view, in its spelling, of what it could read."""
    said = {key: truth[key] for key in view if rng.random() < 0.9}
    if "vendor" in said:
        said["vendor"] = rng.choice(SPELLINGS[str(said["vendor"])])
    if rng.random() < 0.3:
        said |= {key: str(said[key]).upper() for key in ("serial", "smbios_uuid", "fqdn") if key in said}
    return said


def sees_apart(truth: Mapping[str, Value], others: list[dict[str, Value]], said: Mapping[str, Value]) -> bool:
    """Whether a source could know which machine it speaks of: one that shares its serial number or its name is told
    from its neighbours by its UUID alone. Nothing else on earth could tell them either."""
    shared = [key for key in ("serial", "fqdn") if key in said and sum(one[key] == truth[key] for one in others) > 1]
    return not shared or ("smbios_uuid" in said and truth["serial"] not in BLANK and "serial" in said)


def test_two_machines_are_never_one_ci() -> None:
    """Over hundreds of estates no word of a machine goes to another's CI, whatever came before it, and most words
    find their machine."""
    wrong: list[str] = []
    outcomes: defaultdict[str, int] = defaultdict(int)
    missed = 0
    for seed in range(ESTATES):
        rng = random.Random(seed)
        machines, graph = estate(rng), Graph()
        for _ in range(WORDS):
            n = rng.randrange(MACHINES)
            view = rng.choice(VIEWS)
            said = word(rng, machines[n], view)
            if not said or not sees_apart(machines[n], machines, said):
                continue
            graph.hear(n, f"nd_{n}" if "machine_id" in view and rng.random() < 0.8 else None, said)
        wrong += [f"seed {seed}: {ci} is {sorted(who)}" for ci, who in graph.truth.items() if len(who) > 1]
        missed += len(graph.truth) - len(set().union(*graph.truth.values()))
        for outcome, count in graph.outcomes.items():
            outcomes[outcome] += count
    assert not wrong, wrong[:10]
    heard = sum(outcomes.values())
    assert heard > 4_000 and outcomes["match"] > 0.5 * heard, dict(outcomes)
    assert missed < 0.14 * heard, "more duplicates than sources without a key in common explain"
