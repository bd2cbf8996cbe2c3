"""The machines that are looked at: small ones that change, use each other, and cannot always be seen whole."""

from __future__ import annotations

from functools import cache, lru_cache
from random import Random

from support.reports import host, network, service, services, sockets, uses

from cmdb.words import Evidence, Item, Problem, Section
from cmdb_agents.report import Stated, state

HOSTS = 3
"""Machines there may be; each uses the addresses of all."""

UNSEEN = (Problem("/proc/net/tcp", "permission denied"),)
MANY = 14
"""Services of a machine that has many, so that losing them all is more than a report is believed at once."""

POISON = "poison"
"""A service of this name cannot be written into the simulated graph."""

Look = tuple[Section, ...]


def address(number: int) -> str:
    """The address of one of them."""
    return f"10.0.{number}.5"


@cache
def _services(number: int) -> tuple[Item, ...]:
    own = address(number)
    seen = tuple(address(other) for other in range(HOSTS) if other != number)
    return (
        service("web", 80),
        service("web", 80, state="running"),
        service("db", 5432, own, clients=seen),
        service("db", 5432, own, user="postgres"),
        service("cache", 6379, "127.0.0.1"),
        service("ssh", 22),
    )


class Machine:
    """One of them as it is now."""

    def __init__(self, number: int, dice: Random) -> None:
        self.number, self._dice = number, dice
        self.boot, self._boots = "", 0
        self.reboot()
        self._many = dice.random() < 0.1
        self._kernel, self._second, self._chosen = 0, False, (0, 2)
        self.change()

    @property
    def node(self) -> str:
        """The node its agent speaks for."""
        return f"nd_{self.number}"

    def reboot(self) -> None:
        """Another boot than all before."""
        self._boots += 1
        self.boot = f"boot-{self.number}-{self._boots}"

    def change(self) -> None:
        """Something on it is otherwise now."""
        dice = self._dice
        if dice.random() < 0.3:
            self._kernel = dice.randrange(3)
        if dice.random() < 0.3:
            self._second = not self._second
        names = ((0, 1), (2, 3), (4,), (5,))
        self._chosen = tuple(dice.choice(of) for of in names if dice.random() < 0.6)
        self._uses = tuple((one, dice.randrange(HOSTS + 2)) for one in self._chosen if dice.random() < 0.5)

    def look(
        self, *, blind: bool = False, poison: bool = False, refused: bool = False
    ) -> tuple[Look, tuple[Stated, ...]]:
        """What a look at it finds. `blind`: some of it could not be seen; `poison`: what no graph takes; `refused`:
        what no front door takes."""
        partial = self._dice.choice(("host", "services", "sockets", "services")) if blind else ""
        chosen = self._chosen
        if partial == "services":
            chosen = tuple(one for one in chosen if self._dice.random() < 0.6)
        many = self._many and self._dice.random() < 0.7
        without = "host" if poison and self._dice.random() < 0.5 else ""
        return seen(
            self.number, self._kernel, self._second, chosen, self._uses, partial, many, without,
            poison and not without, refused,
        )  # fmt: skip


@lru_cache(maxsize=100_000)
def seen(
    number: int, kernel: int, second: bool, chosen: tuple[int, ...], used: tuple[tuple[int, int], ...], partial: str,
    many: bool, without: str, poison: bool, refused: bool,
) -> tuple[Look, tuple[Stated, ...]]:  # fmt: skip
    """A look and its text; the same machines are looked at in very many seeds."""
    known = _services(number)
    facts = {
        "kernel": str(kernel),
        "machine_id": f"{number:032x}".replace("0", "c"),
        "macs": (f"52:54:00:00:0a:0{number}",),
    }
    self = host(f"h{number}", **facts)
    if refused:
        self = Section("host", True, (Item("Host", "self", "h", {**facts, "colour": "red"}),))
    here = [known[one] for one in chosen]
    more = [service(f"s{n:02}", 1000 + n) for n in range(MANY)] if many else []
    more += [service(POISON, 9)] if poison else []
    links = [uses(known[one], _place(number, to)) for one, to in used if one in chosen or partial == "services"]
    links += [uses(here[0], _place(number, 0), Evidence("declared", "config", 0.7))] if here and kernel == 2 else []
    addresses = (address(number), f"10.0.{number}.6") if second else (address(number),)
    sections = (self, network(*addresses), services(*here, *more), sockets(*links))
    sections = tuple(Section(s.name, False, s.items, s.links, UNSEEN) if s.name == partial else s for s in sections)
    sections = tuple(s for s in sections if s.name != without)
    return sections, state(sections)


def _place(number: int, to: int) -> str:
    if to < HOSTS:
        return f"{address(to)}:5432" if to != number else "127.0.0.1:6379"
    return "10.9.9.9:443" if to == HOSTS else f"10.0.{(number + 1) % HOSTS}.6:80"
