"""How many CIs of each kind: every dimension is one entry here, and each count is one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmdb.cypher.filters import NOW, Filter, Statement, attribute_types, choose, chosen, column, members
from cmdb.cypher.frames import Frame, Parameters, ends, state_of
from cmdb.errors import Invalid, UnknownName

ATTRIBUTE = "attribute"
# What lives inside another is where that one is, and is counted with it: far fewer places are looked up than CIs.
_BY_TOP = """
WITH coalesce(n.parent, n.id) AS top, $agents[split(n.source, '/')[0]] AS agent, {more} count(*) AS count
MATCH (t:CI {{id: top}}) OPTIONAL MATCH (g:CI {{id: t.parent}})
"""


MOST_HOPS = 4
"""From a host over cage, rack and room to its site."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """What CIs are counted by: from `n` to rows of key and count. `agents` asks for what each agent's token says.

    One that follows edges has in `elsewhere` the same for another state than now.
    """

    sentence: str
    text: str
    agents: str | None = None
    elsewhere: Callable[[Parameters], str] | None = None


def _tops(params: Parameters, more: str = "") -> str:
    """As `_BY_TOP`, but `t` and `g` are ids."""
    return (
        f"WITH coalesce(n.parent, n.id) AS t, $agents[split(n.source, '/')[0]] AS agent, {more} count(*) AS count "
        f"CALL (t) {{ OPTIONAL CALL (t) {{ {state_of('s', 't', params)} }} RETURN s.parent AS g }}"
    )


def _named(ids: str, classes: Sequence[str] | None, params: Parameters) -> str:
    """The first name of the CIs with these ids, of those classes, in the frame; null where there is none."""
    among = "" if classes is None else f" WITH s WHERE s.class IN {params.add(list(classes))}"
    return (
        f"COLLECT {{ UNWIND {ids} AS one CALL (one) {{ {state_of('s', 'one', params)} }}{among} "
        "RETURN s.name ORDER BY s.name LIMIT 1 }[0]"
    )


def _next(ids: str, types: Sequence[str], params: Parameters) -> str:
    """The ids of what these lead to in the frame."""
    return (
        f"COLLECT {{ UNWIND {ids} AS near CALL (near) {{ {ends('near', 'far', types, 'out', params)} }} "
        "RETURN DISTINCT far }"
    )


def _site_elsewhere(params: Parameters) -> str:
    types, sites = ("LOCATED_IN", "PART_OF"), members("Site")
    hops = " ".join(
        f"WITH t, agent, count, l{n}, seen + l{n} AS seen WITH *, {_next(f'l{n}', types, params)} AS l{n + 1}"
        for n in range(MOST_HOPS)
    )
    return (
        f"{_tops(params)} WITH t, agent, count, [x IN [t, g] WHERE x IS NOT NULL] AS l0, [] AS seen {hops} "
        f"WITH agent, count, seen + l{MOST_HOPS} AS seen "
        f"WITH count, coalesce({_named('seen', sites, params)}, agent) AS key"
    )


def _owner_elsewhere(params: Parameters) -> str:
    types = ("OWNED_BY",)
    own = _named(_next("[n.id]", types, params), None, params)
    return (
        f"WITH n, {own} AS own {_tops(params, 'own,')} WITH own, agent, count, [x IN [t, g] WHERE x IS NOT NULL] AS l0 "
        f"WITH count, coalesce(own, {_named(_next('l0', types, params), None, params)}, agent) AS key"
    )


DIMENSIONS: Mapping[str, Dimension] = {
    "class": Dimension("The class.", "WITH n.class AS key, count(*) AS count"),
    "status": Dimension("live or retired.", "WITH n.status AS key, count(*) AS count"),
    ATTRIBUTE: Dimension(
        "The value of one attribute, which `attribute` names; one of a list of strings counts with each.",
        "UNWIND CASE WHEN {column} IS NULL THEN [null] ELSE {column} END AS key WITH key, count(*) AS count",
    ),
    "site": Dimension(
        "The Site it, or what it is inside of, is LOCATED_IN or PART_OF, over racks and rooms; else the site its "
        "agent was enrolled for.",
        _BY_TOP.format(more="")
        + "CALL (t, g) { UNWIND [t, g] AS h MATCH (h)((:CI)-[e:`LOCATED_IN`|`PART_OF` WHERE e.valid_to IS NULL]->(:CI))"
        + "{0,4}(s:Site) RETURN s.name AS site ORDER BY site LIMIT 1 UNION ALL RETURN null AS site } "
        "WITH top, agent, count, max(site) AS site WITH coalesce(site, agent) AS key, count",
        agents="site",
        elsewhere=_site_elsewhere,
    ),
    "owner": Dimension(
        "The Person or Organisation it is OWNED_BY; else that of what it is inside of; else the owner its agent was "
        "enrolled for.",
        "WITH n, COLLECT { MATCH (n)-[e:`OWNED_BY`]->(o:CI) WHERE e.valid_to IS NULL "
        "RETURN o.name ORDER BY o.name LIMIT 1 }[0] AS own "
        + _BY_TOP.format(more="own,")
        + "WITH count, coalesce(own, COLLECT { UNWIND [t, g] AS h MATCH (h)-[e:`OWNED_BY`]->(o:CI) "
        "WHERE e.valid_to IS NULL RETURN o.name ORDER BY o.name LIMIT 1 }[0], agent) AS key",
        agents="owner",
        elsewhere=_owner_elsewhere,
    ),
}
"""Every dimension by its name; a new one needs nothing else."""


_PLACE = "CASE WHEN key IS NULL THEN '' ELSE '=' + key END"


def place(key: str | None) -> str:
    """Where a key stands among those of the same count: what is not known before all, also before an empty text."""
    return "" if key is None else f"={key}"


def counts(
    by: str,
    attribute: str | None,
    cls: str | None,
    where: Filter | None,
    limit: int,
    after: Sequence[Any] | None,
    agents: Mapping[str, str],
    frame: Frame = NOW,
) -> Statement:
    """Rows of (key, count), the greatest count first, then by key; `after` is the last one's count and `place`.

    The key is a text, null where it is not known. `agents` says by agent what its token was bound to.
    """
    dimension = DIMENSIONS.get(by)
    if dimension is None:
        raise UnknownName(f"there is nothing called {by!r} to count by; known are {', '.join(DIMENSIONS)}", where="by")
    if (attribute is not None) != (by == ATTRIBUTE):
        raise Invalid("name an attribute to count by an attribute, and only then", where="attribute")
    if attribute is not None and attribute not in (known := attribute_types(cls)):
        raise UnknownName(f"there is no attribute {attribute!r} here; known are {', '.join(sorted(known))}")
    params = Parameters(frame)
    text, each = choose(cls, where, params), dimension.text.replace("{column}", column(attribute or ""))
    if frame and dimension.elsewhere is not None:
        each = dimension.elsewhere(params)
    beyond = "WHERE count < $count OR count = $count AND place > $place " if after is not None else ""
    count, behind = after if after is not None else (0, "")
    return (
        f"{text} {each} WITH toString(key) AS key, sum(count) AS count WITH key, count, {_PLACE} AS place "
        f"{beyond}RETURN key, count ORDER BY count DESC, place LIMIT $limit",
        {**params, "limit": limit, "count": count, "place": behind, "agents": dict(agents)},
    )


def sources(cls: str | None, where: Filter | None, frame: Frame = NOW) -> Statement:
    """How many CIs of each class each source speaks for: rows of (class, source, count)."""
    text, params = chosen(cls, where, frame)
    return f"{text} RETURN n.class AS class, n.source AS source, count(*) AS count", params
