"""What the parts of the example company have in common: where rows go, what is made up, and when it is."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from cmdb_processes.cli.company.inventory import DOMAIN, KERNELS, Place
from cmdb_processes.cli.company.rows import Rows


@dataclass(frozen=True, slots=True)
class Making:
    """One company on its way. `today` places what ends in time; all that is made up comes from `chance`, seeded."""

    today: date
    chance: random.Random
    rows: Rows = field(default_factory=Rows)

    def machine(self, name: str, place: Place, cores: int) -> str:
        """A virtual machine in the pool of a site."""
        machine = self.rows.ci(
            "VirtualMachine", name, hostname=name, fqdn=f"{name}.{DOMAIN}", machine_id=self.hexadecimal(128),
            macs=[self.mac()], os_id="debian", os_name="Debian GNU/Linux", os_version="12", kernel=KERNELS[-1],
            cpu_cores=cores, memory_bytes=cores * 4 * 2**30, power_state="running",
        )  # fmt: skip
        self.rows.edge(machine, "HOSTED_ON", f"{place.code}-pool")
        self.rows.edge(machine, "RUNS_SYSTEM", "Debian 12")
        return machine

    def serial(self) -> str:
        """A maker's serial number."""
        return "".join(self.chance.choices("BCDFGHJKLMNPQRSTVWXZ23456789", k=9))

    def mac(self) -> str:
        """A hardware address as virtual machines have them."""
        return ":".join(["bc", "24", "11", *(f"{self.chance.randrange(256):02x}" for _ in range(3))])

    def hexadecimal(self, bits: int) -> str:
        """A number of so many bits."""
        return f"{self.chance.getrandbits(bits):0{bits // 4}x}"

    def later(self, least: int, most: int) -> str:
        """A moment some days from today."""
        return f"{self.today + timedelta(days=self.chance.randint(least, most))}T12:00:00Z"
