"""A network as nouns of a picture: where every box stands, its ports, and which lines join them. Pure.

Columns run from who hangs on nobody to who hangs on all the others. A cable has a row of its own at both of its boxes,
with its port's name; who hangs on a device without a known port is joined to the device's head. The same network gives
the same picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb.errors import Invalid
from cmdb_graphql.pictures import words
from cmdb_graphql.pictures.ladder import BOX_W, LARGE, LINE, MARGIN, PAD, ROW_GAP, SMALL
from cmdb_graphql.pictures.measure import clip, wrap
from cmdb_graphql.pictures.network import BOTH, DECLARED, HEARD, ONE, Joint, Network, Node

GAP = 120.0
"""Between columns: cables between boxes of one column bend through it."""
MOST = 150
"""Boxes; a picture of more is read by nobody."""
ALIKE = 3
"""So many that hang on the same devices have boxes of their own; more share one."""
TOLD = 12
"""Names told in the tooltip of a shared box."""
_WHOLE = 600
_INNER = BOX_W - 2 * PAD
_HALF = _INNER / 2 - 4
SAID = {BOTH: "both ends say so", ONE: "one end says so", HEARD: "a forwarding table has it", DECLARED: "declared"}


@dataclass(frozen=True, slots=True)
class Port:
    """A cable's row at one side of a box; `y` is counted from the box's upper edge."""

    name: str
    right: bool
    y: float


@dataclass(frozen=True, slots=True)
class Place:
    """A box: one node, or several that hang on the same devices. x, y: its upper left corner."""

    name: tuple[str, ...]
    corner: str
    below: str
    whole: str
    ports: tuple[Port, ...]
    x: float
    y: float
    h: float
    w: float = BOX_W
    device: bool = False
    stacked: bool = False
    outside: bool = False
    single: bool = False  # it has one uplink: its device is its single point of failure


@dataclass(frozen=True, slots=True)
class Line:
    """From the right side of one box to the left side of another, or to the right side of one in the same column."""

    x1: float
    y1: float
    x2: float
    y2: float
    ends: str
    whole: str


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything on the picture, in px."""

    width: float
    height: float
    title: tuple[str, ...]
    places: tuple[Place, ...]
    lines: tuple[Line, ...]
    words: tuple[str, ...]  # who says so, as far as it is drawn
    note: str
    summary: str


@dataclass(frozen=True, slots=True)
class _Box:
    nodes: tuple[Node, ...]
    column: int

    @property
    def first(self) -> Node:
        return self.nodes[0]


def layout(network: Network, of: str = "") -> Wiring:
    """The picture of a network; `of` is what it is called. Invalid when it has too many boxes to be read."""
    boxes = _ordered(network, _boxes(network))
    if len(boxes) > MOST:
        raise Invalid(
            f"{len(boxes)} boxes are more than a picture can show ({MOST}): name a device or a smaller site",
            where="--svg",
        )
    at = {node.id: n for n, box in enumerate(boxes) for node in box.nodes}
    rows = _rows(network, boxes, at)
    columns = max((box.column for box in boxes), default=0) + 1
    wide = max(2 * MARGIN + columns * BOX_W + (columns - 1) * GAP, 2 * MARGIN + 3 * BOX_W)
    if any(boxes[at[j.a.id]].column == boxes[at[j.b.id]].column == columns - 1 for j in network.cables):
        wide += GAP / 2
    summary = _summary(network, of)
    title = wrap(words.clean(summary), wide - 2 * MARGIN, LARGE * 1.13, 2)
    places = _stand(network, boxes, at, rows, MARGIN + len(title) * (LARGE + 6) + 14)
    lines = (*_cables(network, places, at, rows), *_hanging(network, places, at))
    said = {line.ends for line in lines}
    ones = sum(place.single for place in places)
    note = f"{ones} {'box hangs' if ones == 1 else 'boxes hang'} on one device only" if ones else ""
    bottom = max((place.y + place.h for place in places), default=MARGIN)
    return Wiring(
        wide, bottom + 48 + LINE + MARGIN, title, places, lines, tuple(w for w in SAID if w in said), note, summary
    )


def _summary(network: Network, of: str) -> str:
    nodes = network.nodes
    others = Counter(node.cls for node in nodes if not node.forwards)
    parts = [
        _many(len(nodes) - others.total(), "network device"),
        *(f"{n:,} {cls}" for cls, n in sorted(others.items())),
    ]
    parts.append(_many(len(network.cables), "link"))
    spare = sum(len(above) > 1 for above in network.above.values())
    hanging = f"; {spare} of {len(network.above)} have more than one uplink" if network.above else ""
    return f"Network{f' of {of}' if of else ''}: {', '.join(parts)}{hanging}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _boxes(network: Network) -> list[_Box]:
    """One for each node; those that hang on the same devices and have no port known share one when they are many."""
    cabled = {end.id for joint in network.cables for end in (joint.a, joint.b)}
    carrying = {joint.b.id for joint in network.uplinks}
    columns = _columns(network)
    made, alike = list[_Box](), dict[tuple[tuple[str, ...], str], list[Node]]()
    for node in network.nodes:
        if node.forwards or node.id in cabled or node.id in carrying:
            made.append(_Box((node,), columns[node.id]))
        else:
            above = tuple(one.id for one in network.above.get(node.id, ()))
            alike.setdefault((above, node.cls), []).append(node)
    for nodes in alike.values():
        groups = [tuple(nodes)] if len(nodes) > ALIKE else [(node,) for node in nodes]
        made += [_Box(group, columns[group[0].id]) for group in groups]
    return made


def _columns(network: Network) -> dict[str, int]:
    """How far each is from who hangs on nobody; a circle ends where it is met again."""
    found: dict[str, int] = {}
    for start in network.nodes:
        stack, open_ = [start.id], {start.id}
        while stack:
            here = stack[-1]
            todo = [n.id for n in network.above.get(here, ()) if n.id not in found and n.id not in open_]
            if todo:
                stack.append(todo[0])
                open_.add(todo[0])
                continue
            found[here] = 1 + max((found.get(n.id, -1) for n in network.above.get(here, ())), default=-1)
            stack.pop()
    joined: dict[str, list[str]] = {}
    for one in network.cables:
        joined.setdefault(one.a.id, []).append(one.b.id)
        joined.setdefault(one.b.id, []).append(one.a.id)
    for node in network.nodes:  # a host that nobody says hangs on anything stands behind what it is cabled to
        if not node.forwards and node.id not in network.above and node.id in joined:
            found[node.id] = 1 + max(found[other] for other in joined[node.id])
    return found


def _ordered(network: Network, boxes: Iterable[_Box]) -> list[_Box]:
    """Column by column, each box near those it hangs on, so that few lines cross."""
    left = sorted(boxes, key=lambda box: (box.column, box.first.order))
    done: list[_Box] = []
    at: dict[str, int] = {}
    for column in range(max((box.column for box in left), default=-1) + 1):

        def near(box: _Box) -> tuple[object, ...]:
            above = [at[n.id] for n in network.above.get(box.first.id, ()) if n.id in at]
            return sum(above) / len(above) if above else -1.0, not box.first.forwards, box.first.order

        here = sorted((box for box in left if box.column == column), key=near)
        for n, box in enumerate(here):
            at.update(dict.fromkeys((node.id for node in box.nodes), n))
        done += here
    return done


_Rows = Mapping[tuple[int, bool], Sequence[tuple[Joint, str]]]
"""Of each box (by number) and side: the cables there with their port's name, from the top down."""


def _rows(network: Network, boxes: Sequence[_Box], at: Mapping[str, int]) -> _Rows:
    found: dict[tuple[int, bool], list[tuple[tuple[object, ...], Joint, str]]] = {}
    for joint in network.cables:
        for here, port, there in ((joint.a, joint.a_port, joint.b), (joint.b, joint.b_port, joint.a)):
            mine, other = at[here.id], at[there.id]
            right = boxes[mine].column <= boxes[other].column
            found.setdefault((mine, right), []).append(((other, joint.order), joint, port))
    return {
        side: [(joint, port) for _, joint, port in sorted(rows, key=lambda row: row[0])] for side, rows in found.items()
    }


def _stand(
    network: Network, boxes: Sequence[_Box], at: Mapping[str, int], rows: _Rows, top: float
) -> tuple[Place, ...]:
    """Every column from the top down, each box as near to its first device's height as the ones above it allow."""
    found: list[Place] = []
    free: dict[int, float] = {}
    for n, box in enumerate(boxes):
        above = [at[node.id] for node in network.above.get(box.first.id, ()) if at[node.id] < n]
        wanted = min((found[one].y for one in above), default=top)
        y = max(free.get(box.column, top), wanted)
        found.append(_place(network, box, MARGIN + box.column * (BOX_W + GAP), y, rows, n))
        free[box.column] = y + found[-1].h + ROW_GAP
    return tuple(found)


def _place(network: Network, box: _Box, x: float, y: float, rows: _Rows, n: int) -> Place:
    node, several = box.first, len(box.nodes) > 1
    uplinks = len(network.above.get(node.id, ()))
    called = f"{len(box.nodes):,} {node.cls}s" if several else node.name
    name = wrap(words.clean(called), _INNER, LARGE, 2, bold=True)
    told = _names(box.nodes, 3) if several else ""
    hangs = "one uplink" if uplinks == 1 else f"{uplinks} uplinks" if uplinks else ""
    below = clip(words.clean(", ".join(part for part in (hangs, told) if part)), _INNER, SMALL)
    head = PAD + LINE * (1 + len(name)) + (LINE if below else 0) + 2
    ports = tuple(
        Port(clip(words.clean(port or "?"), _HALF, SMALL), right, head + k * LINE + 8)
        for right in (False, True)
        for k, (_, port) in enumerate(rows.get((n, right), ()))
    )
    deep = max((len(rows.get((n, right), ())) for right in (False, True)), default=0)
    whole = f"{called} ({node.cls})" if not several else f"{called}: {_names(box.nodes, TOLD)}"
    return Place(
        name=name,
        corner=clip("" if several else node.cls, _INNER, SMALL),
        below=below,
        whole=words.clean(f"{whole}{f', {hangs}' if hangs else ''}")[:_WHOLE],
        ports=ports, x=x, y=y, h=head + deep * LINE + PAD,
        device=node.forwards, stacked=several, single=uplinks == 1,
        outside=bool(network.inside) and not any(one.id in network.inside for one in box.nodes),
    )  # fmt: skip


def _names(nodes: Sequence[Node], most: int) -> str:
    more = len(nodes) - most
    return ", ".join(node.name for node in nodes[:most]) + (f" and {more:,} more" if more > 0 else "")


def _cables(network: Network, places: Sequence[Place], at: Mapping[str, int], rows: _Rows) -> Iterable[Line]:
    row = {
        (n, joint.id): (right, k) for (n, right), here in rows.items() for k, (joint, _) in enumerate(here)
    }  # a cable from a box to itself has one of its two rows
    for joint in network.cables:
        ends = []
        for node in (joint.a, joint.b):
            place = places[at[node.id]]
            right, k = row[at[node.id], joint.id]
            ports = [port for port in place.ports if port.right == right]
            ends.append((place.x + (place.w if right else 0), place.y + ports[k].y, right))
        (x1, y1, _), (x2, y2, _) = sorted(ends, key=lambda end: not end[2])
        yield Line(x1, y1, x2, y2, joint.ends, _why(joint))


def _hanging(network: Network, places: Sequence[Place], at: Mapping[str, int]) -> Iterable[Line]:
    """Lines of uplinks whose cable is not drawn; those of a shared box are drawn once."""
    cabled = {frozenset((joint.a.id, joint.b.id)) for joint in network.cables}
    drawn = set[tuple[int, int]]()
    for joint in network.uplinks:
        pair = at[joint.b.id], at[joint.a.id]
        if pair in drawn or frozenset((joint.a.id, joint.b.id)) in cabled or pair[0] == pair[1]:
            continue
        drawn.add(pair)
        over, under = (places[n] for n in pair)
        same = over.x >= under.x
        yield Line(
            over.x + over.w, over.y + 24, under.x + (under.w if same else 0), under.y + 24, joint.ends, _why(joint)
        )


def _why(joint: Joint) -> str:
    said = f"{joint.kind} {joint.detail}".strip()
    return words.clean(f"{joint.a.name} to {joint.b.name}: {said}; {words.ago(joint.age_s)}")[:_WHOLE]
