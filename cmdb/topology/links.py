"""Links: two ends that name each other agree; one that is named alone is one-way; parallel ones stay apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cmdb.topology.port_names import canonical, find
from cmdb.topology.who import Directory, Doubt
from cmdb.words.device import Device

AGREED, ONE_WAY = 0.95, 0.75
"""The rungs of the evidence ladder for both ends and for one."""


@dataclass(frozen=True, slots=True, order=True)
class End:
    """A port of a device, or of a placeholder; `port` is empty when nobody could tell it."""

    device: str
    port: str = ""


@dataclass(frozen=True, slots=True)
class Joint:
    """Two ends of one cable (or of one bundle), and who says so."""

    a: End
    b: End
    word: Literal["agreed", "one-way"]
    protocols: tuple[str, ...]

    @property
    def confidence(self) -> float:
        """How sure it is."""
        return AGREED if self.word == "agreed" else ONE_WAY

    @property
    def detail(self) -> str:
        """One line for people."""
        by = " and ".join(p.upper() for p in self.protocols)
        who = "both ends" if self.word == "agreed" else self.a.device
        return f"{by} of {who}: {self.a.device} {self.a.port or '?'} to {self.b.device} {self.b.port or '?'}"


@dataclass(frozen=True, slots=True)
class _Claim:
    here: End
    there: End
    protocol: str
    read: bool  # whether the other end is a device that was read


def links(directory: Directory) -> tuple[tuple[Joint, ...], tuple[str, ...]]:
    """Every link once, and what was doubtful."""
    claims, doubts = _claims(directory)
    joints: list[Joint] = []
    open_ = dict.fromkeys(claims)  # a set that keeps the order
    for claim in claims:
        if claim not in open_ or not claim.read:
            continue
        backs = [c for c in open_ if c.read and _answers(claim, c, directory)]
        exact = [c for c in backs if _surely(claim, c)] or backs
        if len({(c.here, c.there) for c in exact}) == 1 and not _rivals(claim, exact[0], open_, directory):
            back = exact[0]
            ends = (claim.here, End(back.here.device, back.here.port or claim.there.port))
            mine = [c for c in open_ if (c.here, c.there) in ((claim.here, claim.there), (back.here, back.there))]
            joints.append(_joint(*ends, "agreed", mine))
            for one in mine:
                del open_[one]
    joints += _one_way(open_, joints, directory, doubts)
    return tuple(sorted(joints, key=lambda j: (j.a, j.b))), tuple(sorted(set(doubts)))


def _claims(directory: Directory) -> tuple[list[_Claim], list[str]]:
    claims, doubts = dict[_Claim, None](), list[str]()
    for key, device in directory.devices.items():
        for neighbour in device.neighbours:
            found = directory.who(neighbour, key)
            if isinstance(found, Doubt):
                doubts.append(
                    f"{device.name} {neighbour.port or '?'}: {neighbour.name or neighbour.chassis}: {found.why}"
                )
                continue
            if isinstance(found, Device):
                port = find(found, neighbour.ports)
                there = End(found.address, port.name if port else "")
            else:
                there = End(found.key, neighbour.ports[0] if neighbour.ports else "")
            claims[_Claim(End(key, neighbour.port), there, neighbour.protocol, isinstance(found, Device))] = None
    return list(claims), doubts


def _fits(device: Device, one: str, other: str) -> bool:
    """The same port, or one the bundle of the other, or one of them unknown."""
    if not one or not other or one == other:
        return True
    masters = {port.name: port.master for port in device.ports}
    return masters.get(one) == other or masters.get(other) == one


def _answers(claim: _Claim, back: _Claim, directory: Directory) -> bool:
    return (
        back.here.device == claim.there.device
        and back.there.device == claim.here.device
        and _fits(directory.devices[claim.here.device], claim.here.port, back.there.port)
        and _fits(directory.devices[back.here.device], back.here.port, claim.there.port)
    )


def _surely(claim: _Claim, back: _Claim) -> bool:
    return claim.here.port == back.there.port != "" and back.here.port == claim.there.port != ""


def _rivals(claim: _Claim, back: _Claim, open_: Iterable[_Claim], directory: Directory) -> bool:
    """Whether another claim could as well be the one that is answered: then ports alone do not tell."""
    if _surely(claim, back):
        return False
    return any(c.read and c.here != claim.here and _answers(c, back, directory) for c in open_)


def _joint(a: End, b: End, word: Literal["agreed", "one-way"], claims: Iterable[_Claim]) -> Joint:
    protocols = tuple(sorted({c.protocol for c in claims}))
    if word == "agreed" and b < a:
        a, b = b, a
    return Joint(a, b, word, protocols)


def _one_way(
    open_: Mapping[_Claim, None], agreed: Iterable[Joint], directory: Directory, doubts: list[str]
) -> list[Joint]:
    """What only one end says, unless the other end has agreed with somebody else on that port."""
    taken = {(end, p) for joint in agreed for end in (joint.a, joint.b) if end.port for p in joint.protocols}
    groups: dict[tuple[End, End], list[_Claim]] = {}
    for claim in open_:
        # The same cable told by two protocols, of which one did not know the port.
        same = next((k for k in groups if k[0] == claim.here and _one_end(k[1], claim.there)), None)
        if same is None:
            groups[(claim.here, claim.there)] = [claim]
            continue
        told = groups.pop(same)
        groups[(claim.here, same[1] if same[1].port else claim.there)] = [*told, claim]
    found = []
    for (here, there), claims in groups.items():
        if all((there, c.protocol) in taken or (here, c.protocol) in taken for c in claims):
            name = directory.devices[here.device].name
            doubts.append(f"{name} {here.port}: names {there.device} {there.port}, whose end has agreed with another")
        else:
            found.append(_joint(here, there, "one-way", claims))
    return found


def _one_end(a: End, b: End) -> bool:
    if a.device != b.device or not a.port or not b.port or a.port == b.port:
        return a.device == b.device
    shaped = canonical(a.port)
    return shaped is not None and shaped == canonical(b.port)
