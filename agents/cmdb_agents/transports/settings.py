"""Reads the configuration files of every declared format, and asks names for addresses without waiting long."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cmdb_agents.addresses import shortest
from cmdb_agents.configuration import Configuration, Parsed, all_configurations
from cmdb_agents.configurations import environment
from cmdb_agents.transports.hand import Hand

MAX_FILES, MAX_FILE = 200, 2**20
UNITS = (
    "/etc/systemd/system/*.service", "/etc/systemd/system/*.service.d/*.conf", "/run/systemd/system/*.service",
    "/usr/lib/systemd/system/*.service", "/lib/systemd/system/*.service",
)  # fmt: skip
MAX_NAMES = 64


@dataclass(frozen=True, slots=True)
class Setting:
    """One configuration file: its format, whose it is (a unit, else the format's programs) and what is kept of it."""

    path: str
    programs: tuple[str, ...]
    unit: str
    parsed: Parsed


def settings(hand: Hand, area: str) -> Iterator[Setting]:
    """Every file of every format that can be read; the others are said to be closed."""
    for form in all_configurations().values():
        for path in places(hand, form.places):
            text = opened(hand, path, area)
            if text is not None:
                yield Setting(
                    path, form.programs, form.unit(path) if form.unit else "", _parsed(hand, form, path, text)
                )
    yield from _units(hand, area)


def _parsed(hand: Hand, form: Configuration, path: str, text: str) -> Parsed:
    try:
        found = form.parse(text)
        idle = form.idle is not None and form.idle(path, text, hand.exists)
        return Parsed(certificates=found.certificates) if idle else found
    except (ValueError, IndexError, RecursionError):
        hand.trouble("configuration", f"{form.name} in {path[:200]}", "not understood")
        return Parsed()


def places(hand: Hand, patterns: Iterable[str]) -> list[str]:
    """The files these patterns mean, each once, by their place below the root."""
    found: dict[str, None] = {}
    for pattern in patterns:
        found |= dict.fromkeys(hand.matching(pattern)[:MAX_FILES])
    return list(found)


def opened(hand: Hand, path: str, area: str) -> str | None:
    """The text of a file, or None; a file that only others may read is said."""
    try:
        return hand.text(path, MAX_FILE)
    except PermissionError:
        hand.trouble(area, path[:200], "permission denied", root_helps=True)
    except OSError:
        pass  # it went meanwhile, or is a link to nowhere
    return None


def _units(hand: Hand, area: str) -> Iterator[Setting]:
    """What systemd units say in Environment= and in the files of EnvironmentFile=."""
    for path in places(hand, UNITS):
        text = opened(hand, path, area)
        if text is None or "Environment" not in text:
            continue
        name = path.split("/")[-2].removesuffix(".d") if path.endswith(".conf") else path.rpartition("/")[2]
        inline, files = environment_of(text)
        if inline:
            yield Setting(path, (), name, environment.parse(inline))
        for file in places(hand, files):
            if (said := opened(hand, file, area)) is not None:
                yield Setting(file, (), name, environment.parse(said))


def environment_of(text: str) -> tuple[str, list[str]]:
    """(assignments, one a line; environment files) of a unit's text."""
    assignments, files = [], []
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "EnvironmentFile":
            files.append(value.strip().removeprefix("-"))
        elif name.strip() == "Environment":
            assignments += _quoted(value)
    return "\n".join(assignments), [f for f in files if f.startswith("/") and "%" not in f]


def _quoted(text: str) -> list[str]:
    import shlex

    try:
        return shlex.split(text)
    except ValueError:
        return []


def addresses(hand: Hand, names: Iterable[str]) -> dict[str, str]:
    """The address of each name that has one: addresses are their own, then /etc/hosts, then a name server's answer.

    All questions together wait some seconds at most: a resolver that is gone must not hold up a report.
    """
    known = _hosts(hand.line("/etc/hosts", MAX_FILE))
    found: dict[str, str] = {}
    asked: list[str] = []
    for name in dict.fromkeys(names):
        if literal := _literal(name):
            found[name] = literal
        elif name in known:
            found[name] = known[name]
        else:
            asked.append(name)
    return found | (hand.resolve(asked[:MAX_NAMES]) if asked else {})


def _literal(name: str) -> str:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, name)
        except (OSError, ValueError):
            continue
        return shortest(name)
    return "127.0.0.1" if name == "localhost" else ""


def _hosts(text: str) -> dict[str, str]:
    known: dict[str, str] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            known.setdefault(name, shortest(address))
    return known
