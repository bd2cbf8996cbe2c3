"""What of all that discovery sees counts as a change of the estate: declared here, everything else is everyday noise.

Not among it, on purpose: programs, containers, addresses and sockets that come and go, figures of use, kernels and
packages that are patched every week, and virtual machines that move between hypervisors by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.classes import catalogue
from cmdb_processes.change.steps import Act, Step

MADE = frozenset(
    {
        "Host", "NetworkDevice", "StorageArray", "Cluster", "DatabaseInstance", "Database", "MessageQueue",
        "Application", "VirtualAddress", "Disk", "Lun",
    }
)  # fmt: skip
"""CIs, with all that are a kind of them, that do not come and go without somebody's doing."""
HARDWARE: Mapping[str, frozenset[str]] = {
    "Host": frozenset({"serial", "vendor", "model", "cpuModel", "cpuSockets", "cpuCores", "cpuThreads", "memoryBytes"}),
    "NetworkDevice": frozenset({"serial", "vendor", "model", "ports"}),
    "StorageArray": frozenset({"serial", "vendor", "model", "capacityBytes"}),
    "Disk": frozenset({"serial", "model", "sizeBytes"}),
}
"""Values, by class, that are other only when the thing is."""
VERSIONS: Mapping[str, frozenset[str]] = {
    "Host": frozenset({"osId", "osVersion", "productVersion", "runtimeVersion"}),
    "NetworkDevice": frozenset({"osVersion", "firmware"}),
    "StorageArray": frozenset({"firmware"}),
    "Cluster": frozenset({"product", "version"}),
    "DatabaseInstance": frozenset({"product", "version"}),
    "Service": frozenset({"image"}),
}
"""Values, by class, that are versions of software; they count in production only."""
EVERYWHERE = frozenset({"redundancy"})
"""Values that count of every CI."""
EDGES = frozenset({"DEPENDS_ON", "USES", "FORMED_BY", "BALANCES_OVER", "SERVED_BY", "STORED_ON", "POWERED_BY"})
"""Relations by which one thing needs others; what talks to an address nobody knows is no dependency yet."""
CALLERS = frozenset({"Host", "NetworkDevice", "StorageArray"})
"""Of these only a server's end says whom they use, by an address: no proof that somebody changed something."""
SOFTWARE = frozenset({"HAS_SOFTWARE", "RUNS_SYSTEM"})
"""Relations to versions of software; what a host has installed is patched every week."""
UNKNOWN = "Endpoint"
TRIALS = frozenset({"test", "testing", "acceptance", "staging", "development", "dev"})
"""Tags, and environments of applications, of what is not production."""


def counts(step: Step, classes: Mapping[str, str], trial: bool) -> bool:
    """Whether a step is one that somebody should have asked for; `trial`: its CI is not production."""
    kinds = _kinds(classes.get(step.ci, ""))
    match step.act:
        case Act.CREATE | Act.RETIRE:
            return bool(kinds & MADE)
        case Act.SET:
            version = any(step.what in VERSIONS.get(kind, ()) for kind in kinds)
            hardware = any(step.what in HARDWARE.get(kind, ()) for kind in kinds)
            return step.what in EVERYWHERE or hardware or (version and not trial)
        case _:
            if step.what in SOFTWARE:
                return not trial and (step.what == "RUNS_SYSTEM" or "Host" not in kinds)
            if step.what == "USES" and kinds & CALLERS:
                return False
            return step.what in EDGES and classes.get(step.other) != UNKNOWN


def _kinds(name: str) -> frozenset[str]:
    known = catalogue()
    return frozenset(known.lineage(name)) if name in known.classes else frozenset({name})
