"""A network's picture: every box and cable once, nothing wider than its box, the same bytes for the same network."""

from __future__ import annotations

import os
import random
import xml.etree.ElementTree as Xml
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.answers import HOSTILE, LONG

from cmdb.errors import Invalid
from cmdb_graphql.pictures.ladder import BOX_W, LARGE, PAD, SMALL
from cmdb_graphql.pictures.measure import width
from cmdb_graphql.pictures.network import BOTH, DECLARED, HEARD, ONE, Network
from cmdb_graphql.pictures.wiring import MOST, Place, Wiring, layout
from cmdb_graphql.pictures.wiring_svg import svg

SHOWN = Path(__file__).parents[2] / "docs" / "network.svg"
SVG = "{http://www.w3.org/2000/svg}"
CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "20"))
Edge = dict[str, Any]


def ci(name: str, cls: str = "NetworkDevice", inside: Edge | None = None) -> Edge:
    """An end of an edge."""
    return {"id": f"ci_{cls}_{name}_{inside['name'] if inside else ''}", "name": name, "class": cls, "parent": inside}


def cable(a: str, a_port: str, b: str, b_port: str, said: str = "agreed: LLDP of both ends") -> Edge:
    """A cable between two ports of devices."""
    ends = [ci(port, "NetworkInterface", ci(name)) for name, port in ((a, a_port), (b, b_port))]
    return edge("CONNECTED_TO", *ends, said=said, kind="lldp")


def hangs(one: Edge, *on: str, said: str = "", kind: str = "declared") -> list[Edge]:
    """Who hangs on devices."""
    return [edge("ATTACHED_TO", one, ci(name), said=said, kind=kind) for name in on]


def edge(relation: str, a: Edge, b: Edge, *, said: str, kind: str) -> Edge:
    """As GraphQL answers it."""
    return {
        "id": f"ed_{relation}_{a['id']}_{b['id']}", "type": relation, "from": a, "to": b,
        "evidence": {"kind": kind, "detail": said, "confidence": 0.9}, "lastSeen": None, "ageSeconds": 90.0,
    }  # fmt: skip


def site() -> list[Edge]:
    """Two cores joined twice, three access switches, servers in plenty, a phone and a printer."""
    edges = [
        cable("core1", "Te1/1/1", "core2", "Te1/1/1"), cable("core1", "Te1/1/2", "core2", "Te1/1/2"),
        cable("access1", "Gi1/0/1", "core1", "Gi1/0/2"), cable("access1", "Gi1/0/2", "core2", "Gi1/0/2"),
        cable("access2", "Gi1/0/1", "core1", "Gi1/0/10", "one-way: LLDP of access2"),
        cable("access3", "Gi1/0/1", "core2", "Gi1/0/10"), cable("phone-9", "P1", "access1", "Gi1/0/4", "one-way: CDP"),
        *hangs(ci("access1"), "core1", "core2"), *hangs(ci("access2"), "core1"), *hangs(ci("access3"), "core2"),
        *hangs(ci("phone-9"), "access1"),
        *hangs(ci("printer", "Host"), "access3", said="forwarding table: 00:50:56:00:00:01", kind="fdb"),
    ]  # fmt: skip
    for n in range(1, 13):
        edges += hangs(ci(f"web{n}", "Server"), "access1", "access2")
    return edges


def fits(wiring: Wiring) -> None:
    """No text is wider than its box, and no box touches another or the border."""
    for place in wiring.places:
        assert all(width(line, LARGE, bold=True) <= BOX_W - 2 * PAD for line in place.name)
        assert width(place.below, SMALL) <= BOX_W - 2 * PAD
        assert all(width(port.name, SMALL) <= BOX_W / 2 - PAD and port.y < place.h for port in place.ports)
        assert place.x >= 0 and place.x + place.w <= wiring.width and place.y + place.h <= wiring.height
    by_column = sorted(wiring.places, key=lambda place: (place.x, place.y))
    assert all(a.x < b.x or a.y + a.h <= b.y for a, b in pairwise(by_column))


def called(wiring: Wiring, name: str) -> Place:
    """The box of this name."""
    return next(place for place in wiring.places if place.name == (name,))


def test_the_same_network_is_the_same_picture_to_the_byte() -> None:
    """In whatever order it comes, and told twice; as it was looked at: EPICENTRE_GOLDEN=write draws it again."""
    edges = site()
    text = svg(layout(Network.of(edges), "north"))
    shuffled = random.Random(7).sample([*edges, *edges], 2 * len(edges))
    assert text == svg(layout(Network.of(shuffled), "north"))
    if os.environ.get("EPICENTRE_GOLDEN") == "write":
        SHOWN.write_text(text)
    assert text == SHOWN.read_text()


def test_ports_stand_at_the_ends_of_their_cables() -> None:
    """Parallel cables have a row each, and a port's name stands where its line ends."""
    wiring = layout(Network.of(site()))
    core = called(wiring, "core1")
    ends = {(line.x1, line.y1) for line in wiring.lines} | {(line.x2, line.y2) for line in wiring.lines}
    assert [port.name for port in core.ports] == ["Te1/1/1", "Te1/1/2", "Gi1/0/10", "Gi1/0/2"]  # as access2, access1
    for place in wiring.places:
        for port in place.ports:
            assert (place.x + (place.w if port.right else 0), place.y + port.y) in ends


def test_who_hangs_on_whom_stands_to_its_right() -> None:
    """Columns follow the uplinks; who has one only is marked, and so is what stands elsewhere."""
    network = Network.of(site(), inside=[ci("core1")["id"], ci("access1")["id"], ci("access2")["id"]])
    wiring = layout(network, "north")
    x = {name: called(wiring, name).x for name in ("core1", "core2", "access1", "access2", "phone-9")}
    assert x["core1"] == x["core2"] < x["access1"] == x["access2"] < x["phone-9"]
    assert {p.name[0]: p.single for p in wiring.places}.items() >= {"access1": False, "access2": True}.items()
    assert (called(wiring, "core1").outside, called(wiring, "core2").outside) == (False, True)
    assert wiring.words == (BOTH, ONE, HEARD, DECLARED)
    assert wiring.summary.startswith("Network of north: 6 network devices, 1 Host, 12 Server, 7 links; 13 of 17 have")


def test_many_that_hang_alike_share_a_box() -> None:
    """Twelve servers on the same two switches are one box that counts them; its lines are drawn once each."""
    wiring = layout(Network.of(site()))
    shared = called(wiring, "12 Servers")
    assert shared.stacked and "web1, web2" in shared.whole
    assert sum((line.x2, line.y2) == (shared.x, shared.y + 24) for line in wiring.lines) == 2


@pytest.mark.parametrize("edges", [[], hangs(ci("a"), "b") + hangs(ci("b"), "a"), [cable("a", "1", "a", "2")]])
def test_odd_networks_are_drawn(edges: Sequence[Edge]) -> None:
    """None at all, two that hang on each other, and a cable from a device to itself."""
    wiring = layout(Network.of(edges))
    fits(wiring)
    Xml.fromstring(svg(wiring))


def test_too_many_boxes_are_refused() -> None:
    """A picture that nobody can read is not drawn, and the refusal says what to do."""
    with pytest.raises(Invalid, match="smaller site"):
        layout(Network.of([cable("core", f"{n}", f"sw{n}", "1") for n in range(MOST)]))


@st.composite
def networks(draw: st.DrawFn) -> list[Edge]:
    """Any devices, hosts, cables and uplinks, with odd names."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    nodes = [
        ci(f"{chance.choice(['n', HOSTILE, LONG, 'é', ''])}{n}", chance.choice(["NetworkDevice", "Firewall", "Host"]))
        for n in range(chance.randint(1, 60))
    ]
    edges = []
    for n in range(chance.randint(0, 120)):
        a, b = chance.choice(nodes), chance.choice(nodes)
        if chance.random() < 0.5:
            port = ci(chance.choice([f"Gi1/0/{n}", HOSTILE, LONG, ""]), "NetworkInterface", a)
            said = chance.choice(["agreed: x", "one-way: y", HOSTILE])
            edges.append(edge("CONNECTED_TO", port, b, said=said, kind="lldp"))
        else:
            edges.append(edge("ATTACHED_TO", a, b, said="", kind=chance.choice(["fdb", "declared"])))
    return edges


@given(networks())
@settings(max_examples=CASES, deadline=None)
def test_every_node_is_in_a_box_and_every_box_fits(edges: list[Edge]) -> None:
    """Also with hostile names and circles of uplinks; the text is well-formed and has no more than it was given."""
    network = Network.of(edges)
    wiring = layout(network)
    fits(wiring)
    drawn = Xml.fromstring(svg(wiring))
    assert len(drawn.findall(f"{SVG}svg")) == len(wiring.places) <= len(network.nodes)
    assert sum(1 for line in wiring.lines) >= len(network.cables)
    assert not drawn.findall(f".//{SVG}script")
