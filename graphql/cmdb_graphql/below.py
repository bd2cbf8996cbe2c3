"""What a question about availability rests on: all that some CIs need, and how often each of it fails."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cmdb.applier import utc_now
from cmdb.availability import Figure, figure
from cmdb.classes import catalogue
from cmdb.errors import Invalid, UnknownName
from cmdb.store import OutageRecord, Slice
from cmdb.store.rows import Row
from cmdb.words import MTBF, MTTR
from cmdb_graphql.context import Info, blocking
from cmdb_graphql.proposed import Asked


async def below(info: Info, ids: Collection[str], state: Asked, where: str = "of") -> Slice:
    """What these CIs need in a state. UnknownName for one that is not there, Invalid for one that would be gone."""
    if state.posed and (gone := sorted(state.posed.overlay.retire & set(ids))):
        raise Invalid(f"{gone[0]!r} is retired in the proposed state", where=where)
    if state.posed:
        part = await blocking(state.posed.needed, ids)
    else:
        part = await blocking(info.context.services.store.needed, ids, state.at)
    if missing := [ci for ci in ids if ci not in part.nodes]:
        raise UnknownName(f"there is no CI {missing[0]!r}", where=where)
    info.context.loaders.prime([*part.nodes.values(), *part.beside.values()])
    return part


async def known_figures(info: Info, state: Asked, *parts: Slice) -> list[dict[str, Figure]]:
    """The figures of all CIs of each slice, by what history says of them too. Two round trips at most."""
    ids = sorted({ci for part in parts for ci in (*part.nodes, *part.beside)})
    records = await blocking(info.context.services.store.outages, ids, utc_now(), state.at)
    return [figures({**part.beside, **part.nodes}, records) for part in parts]


def figures(rows: Mapping[str, Row], records: Mapping[str, OutageRecord] | None = None) -> dict[str, Figure]:
    """How often each CI fails: by its own outages, what is declared for it, and its class."""
    classes = catalogue().classes
    parents = {name: known.kind_of for name, known in classes.items()}
    usual = {name: figure(name, parents=parents) for name in {str(row["class"]) for row in rows.values()}}
    found = {}
    for ci, row in rows.items():
        cls, record = str(row["class"]), (records or {}).get(ci)
        declared = row.get(MTBF), row.get(MTTR)
        if record is None and declared == (None, None):
            found[ci] = usual[cls]
        else:
            outages, watched = (record.outages, record.watched) if record else ((), 0.0)
            found[ci] = figure(cls, outages, watched, declared, parents=parents)
    return found


def out(part: Slice) -> list[str]:
    """The CIs of a slice that are down at present."""
    return [ci for ci, state in part.outages.items() if state == "down"]
