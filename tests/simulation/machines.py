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


def seen(
    number: int, kernel: int, second: bool, chosen: tuple[int, ...], used: tuple[tuple[int, int], ...], partial: str,
    many: bool, without: str, poison: bool, refused: bool,
) -> tuple[Look, tuple[Stated, ...]]:  # fmt: skip
    """A look and its text."""
    links = tuple((one, to) for one, to in used if one in chosen or partial == "services")
    declared = chosen[0] if chosen and kernel == 2 else None
    looked = {
        "host": _host(number, kernel, refused, partial == "host"),
        "network": _network(number, second),
        "services": _running(number, chosen, many, poison, partial == "services"),
        "sockets": _sockets(number, links, declared, partial == "sockets"),
    }
    found = [one for name, one in looked.items() if name != without]
    return tuple(section for section, _ in found), tuple(stated for _, stated in found)


Part = tuple[Section, Stated]


def _part(section: Section, partial: bool = False) -> Part:
    if partial:
        section = Section(section.name, False, section.items, section.links, UNSEEN)
    return section, state([section])[0]


# The same sections are seen in very many seeds, so each is made once.


@cache
def _host(number: int, kernel: int, refused: bool, partial: bool) -> Part:
    name, machine, mac = f"h{number}", f"{number:032x}".replace("0", "c"), f"52:54:00:00:0a:0{number}"
    made = host(name, kernel=str(kernel), machine_id=machine, macs=(mac,))
    if refused:
        made = Section("host", True, (Item("Host", "self", name, {"machine_id": machine, "colour": "red"}),))
    return _part(made, partial)


@cache
def _network(number: int, second: bool) -> Part:
    return _part(network(*((address(number), f"10.0.{number}.6") if second else (address(number),))))


@lru_cache(maxsize=100_000)
def _running(number: int, chosen: tuple[int, ...], many: bool, poison: bool, partial: bool) -> Part:
    here = [_services(number)[one] for one in chosen]
    here += [service(f"s{n:02}", 1000 + n) for n in range(MANY)] if many else []
    here += [service(POISON, 9)] if poison else []
    return _part(services(*here), partial)


@lru_cache(maxsize=100_000)
def _sockets(number: int, used: tuple[tuple[int, int], ...], declared: int | None, partial: bool) -> Part:
    known = _services(number)
    links = [uses(known[one], _place(number, to)) for one, to in used]
    if declared is not None:
        links.append(uses(known[declared], _place(number, 0), Evidence("declared", "config", 0.7)))
    return _part(sockets(*links), partial)


def _place(number: int, to: int) -> str:
    if to < HOSTS:
        return f"{address(to)}:5432" if to != number else "127.0.0.1:6379"
    return "10.9.9.9:443" if to == HOSTS else f"10.0.{(number + 1) % HOSTS}.6:80"
