"""Which state of the graph a statement is about: now or a sequence, and what would be otherwise in a proposed state.

A CI of another state is a map of properties in place of a node, so conditions on it read the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Hop = tuple[str, str, str]
"""An edge: its relation, the dependent and the dependency."""


@dataclass(frozen=True, slots=True)
class Posing:
    """What would be otherwise: the whole states of the CIs it touches, edges closed and added, and CIs retired."""

    states: tuple[Mapping[str, Any], ...] = ()
    closed: tuple[Hop, ...] = ()
    added: tuple[Hop, ...] = ()
    retired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """A sequence (now, if None), and a proposed state on top of it (things as they are, if None)."""

    at: int | None = None
    posing: Posing | None = None

    def __bool__(self) -> bool:
        return self.at is not None or self.posing is not None


class Parameters(dict[str, Any]):
    """The parameters of one statement, numbered, and the state it is about."""

    def __init__(self, frame: Frame = Frame()) -> None:  # frozen
        super().__init__()
        self.frame = frame
        self._of_frame: dict[str, str] = {}

    def add(self, value: Any) -> str:
        """A parameter's name in the text."""
        name = f"p{len(self)}"
        self[name] = value
        return f"${name}"

    def of_frame(self, what: Literal["at", "states", "touched", "closed", "added", "retired"]) -> str:
        """A part of the frame as a parameter, given once however often it is used."""
        if what not in self._of_frame:
            self._of_frame[what] = self.add(_part(self.frame, what))
        return self._of_frame[what]


def _part(frame: Frame, what: str) -> Any:
    if what == "at":
        return frame.at
    posing = frame.posing or Posing()
    match what:
        case "states":
            return [dict(one) for one in posing.states]
        case "touched":
            return [one["id"] for one in posing.states]
        case "retired":
            return list(posing.retired)
        case _:
            return [list(hop) for hop in getattr(posing, what)]


def states(
    label: str, members: Sequence[str] | None, conditions: Sequence[str], costly: Sequence[str], params: Parameters
) -> str:  # fmt: skip
    """Clauses that bind `n` to the state, a map, of each CI for which the conditions hold in the frame.

    A state of then is the node if it began before, else the version that overlaps. `members` are the classes of the
    label, None all. The `costly` conditions stand once behind all, since each costs the planner much; the others stand
    where an index helps them.
    """
    frame, more = params.frame, "".join(f" AND {one}" for one in conditions)
    untouched = f"NOT {{0}} IN {params.of_frame('touched')}" if frame.posing is not None else "true"
    begun = f"n.valid_from <= {params.of_frame('at')}" if frame.at is not None else "true"
    parts = [f"MATCH (n:{label}) WHERE {begun} AND {untouched.format('n.id')}{more} RETURN properties(n) AS n"]
    among = f" AND {{0}}.class IN {params.add(list(members))}" if members is not None else ""
    if frame.at is not None:
        parts.append(
            f"MATCH (v:Version)-[:OF]->(:CI) WHERE {_overlaps('v', params)} AND {untouched.format('v.ci')}"
            f"{among.format('v')} WITH v {{.*, id: v.ci}} AS n WHERE true{more} RETURN n"
        )
    if frame.posing is not None:
        parts.append(f"UNWIND {params.of_frame('states')} AS n WITH n WHERE true{among.format('n')}{more} RETURN n")
    behind = f" WITH n WHERE {' AND '.join(costly)}" if costly else ""
    return f"CALL () {{ {' UNION ALL '.join(parts)} }}{behind}"


def _overlaps(version: str, params: Parameters) -> str:
    pin = params.of_frame("at")
    return f"{version}.from <= {pin} AND {version}.to > {pin}"


def related(n: str, other: str, types: Sequence[str], way: Literal["out", "in"], inner: str, params: Parameters) -> str:
    """That an edge there is in the frame joins `n` with a live CI, called `other`, for which `inner` holds."""
    far = f"far_{other}"  # a step inside a step may not use a name of the outer one
    return (
        f"EXISTS {{ CALL ({n}) {{ {ends(f'{n}.id', far, types, way, params)} }} "
        f"CALL ({far}) {{ {state_of(other, far, params)} }} "
        f"WITH * WHERE {other}.status = 'live' AND ({inner}) RETURN {far} }}"
    )


def ends(near: str, far: str, types: Sequence[str], way: Literal["out", "in"], params: Parameters) -> str:
    """Clauses that return, as `far`, the id of each CI that an edge there is in the frame joins with the id `near`."""
    kind = "|".join(f"`{name}`" for name in types)
    arrow = f"-[e:{kind}]->" if way == "out" else f"<-[e:{kind}]-"
    parts = [f"MATCH (:CI {{id: {near}}}){arrow}(x:CI) WHERE {there(params)} RETURN x.id AS {far}"]
    if params.frame.posing is not None:
        one, other = (1, 2) if way == "out" else (2, 1)
        parts.append(
            f"UNWIND {params.of_frame('added')} AS a WITH a WHERE a[{one}] = {near} "
            f"AND a[0] IN {params.add(list(types))} RETURN a[{other}] AS {far}"
        )
    return " UNION ALL ".join(parts)


def there(params: Parameters) -> str:
    """That an edge `e` is there in the frame; what is only added in it is no edge yet."""
    if params.frame.at is None:
        return f"e.valid_to IS NULL{_kept(params)}"
    pin = params.of_frame("at")
    return f"e.valid_from <= {pin} AND coalesce(e.valid_to, {pin} + 1) > {pin}{_kept(params)}"


def _kept(params: Parameters) -> str:
    if params.frame.posing is None:
        return ""
    closed, gone = params.of_frame("closed"), params.of_frame("retired")
    return (
        f" AND NOT [type(e), startNode(e).id, endNode(e).id] IN {closed}"
        f" AND NOT startNode(e).id IN {gone} AND NOT endNode(e).id IN {gone}"
    )


def state_of(name: str, far: str, params: Parameters) -> str:
    """Clauses that return the state, a map of that name, of the CI whose id `far` names; of now in the plain frame."""
    frame = params.frame
    untouched = f" AND NOT {far} IN {params.of_frame('touched')}" if frame.posing is not None else ""
    begun = f" WHERE y.valid_from <= {params.of_frame('at')}" if frame.at is not None else " WHERE true"
    parts = [f"MATCH (y:CI {{id: {far}}}){begun}{untouched} RETURN properties(y) AS {name}"]
    if frame.at is not None:
        parts.append(
            f"MATCH (w:Version)-[:OF]->(:CI {{id: {far}}}) WHERE {_overlaps('w', params)}{untouched} "
            f"RETURN w {{.*, id: w.ci}} AS {name}"
        )
    if frame.posing is not None:
        parts.append(f"UNWIND {params.of_frame('states')} AS y WITH y WHERE y.id = {far} RETURN y AS {name}")
    return " UNION ALL ".join(parts)
