"""How often CIs of a class fail and how long that lasts, before anything is known of the one at hand.

Orders of magnitude to start from, in hours of the clock; each says what it was taken from. Whatever is measured or
declared for a CI outweighs them. A class without a line of its own takes its parent's. What exists on paper only (a
service, a cluster, a virtual address) fails through what it stands on, and has no failures of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from cmdb.errors import Invalid


@dataclass(frozen=True, slots=True)
class Prior:
    """Mean time between failures and to repair, in hours; `mtbf` infinite for what does not fail by itself."""

    mtbf: float
    mttr: float
    basis: str

    def __post_init__(self) -> None:
        if not (self.mtbf > 0 and 0 <= self.mttr < float("inf")):
            raise Invalid(f"a prior needs mtbf > 0 and mttr ≥ 0 hours, not {self.mtbf} and {self.mttr}", where="prior")


YEAR = 8_760.0
NEVER = Prior(float("inf"), 0.0, "exists on paper only and fails through what it needs")
HARDWARE = "one stop of the whole machine in five years, replaced by the next working day"
SOFTWARE = "one unplanned stop a year, restarted within half an hour"

PRIORS: dict[str, Prior] = {
    "Host": Prior(2 * YEAR, 4.0, "one stop in two years, hardware and operating system together"),
    "Server": Prior(5 * YEAR, 12.0, HARDWARE),
    "Hypervisor": Prior(2 * YEAR, 4.0, "one stop in two years, hardware and hypervisor together"),
    "VirtualMachine": Prior(2 * YEAR, 0.5, "one stop in two years of the guest alone, started again"),
    "ContainerHost": Prior(2 * YEAR, 1.0, "one stop in two years of the container runtime"),
    "Container": Prior(YEAR / 2, 0.1, "two stops a year, started again by its host"),
    "OperatingSystem": Prior(2 * YEAR, 0.5, "one crash in two years, restarted"),
    "Service": Prior(YEAR, 0.5, SOFTWARE),
    "Application": Prior(YEAR, 0.5, SOFTWARE),
    "DatabaseInstance": Prior(2 * YEAR, 1.0, "one stop in two years, with recovery of its log"),
    "Database": Prior(4 * YEAR, 2.0, "one corruption or lock-out in four years"),
    "MessageQueue": Prior(YEAR, 0.5, SOFTWARE),
    "LoadBalancer": Prior(3 * YEAR, 2.0, "one stop in three years"),
    "Firewall": Prior(4 * YEAR, 4.0, "one stop in four years"),
    "NetworkDevice": Prior(8 * YEAR, 6.0, "one stop in eight years, replaced from stock"),
    "NetworkInterface": Prior(20 * YEAR, 4.0, "one dead port or cable in twenty years"),
    "Link": Prior(10 * YEAR, 6.0, "one cut in ten years"),
    "StorageArray": Prior(10 * YEAR, 8.0, "one loss of both controllers in ten years"),
    "Lun": Prior(20 * YEAR, 4.0, "one lost mapping in twenty years"),
    "Disk": Prior(30 * YEAR, 24.0, "annualised failure rates of some 1 to 3 % in published fleets"),
    "Filesystem": Prior(5 * YEAR, 1.0, "full or unmounted once in five years"),
    "PowerFeed": Prior(3 * YEAR, 2.0, "one interruption longer than its battery in three years"),
    "Rack": Prior(50 * YEAR, 8.0, "one loss of a whole rack in fifty years"),
    "Room": Prior(50 * YEAR, 12.0, "one loss of cooling or of the room in fifty years"),
    "Site": Prior(100 * YEAR, 48.0, "one loss of a site in a hundred years"),
    "Certificate": Prior(10 * YEAR, 2.0, "one missed renewal in ten years"),
}  # fmt: skip
"""By class name."""
