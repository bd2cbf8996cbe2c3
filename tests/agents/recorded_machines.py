"""The recordings, looked at once each; shared by the collector tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cmdb.words import Section
from cmdb_agents.collector import View
from cmdb_agents.run import look
from cmdb_agents.transports.recorded import Recorded

FOLDER = Path(__file__).parents[2] / "agents" / "recordings"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
NOW = 1_795_000_000


@cache
def looked(name: str) -> tuple[View, dict[str, Section]]:
    """The view of a recording and its sections by name, nothing remembered from before."""
    view, sections = look(Recorded(FOLDER / f"{name}.json"), {}, NOW)
    return view, {s.name: s for s in sections}


def edges(section: Section) -> set[tuple[str, str, str]]:
    """(source key, relation, target key) of each link."""
    return {(k.source.key, k.type, k.target.key) for k in section.links}


def listens(section: Section) -> dict[str, tuple[str, ...]]:
    """Service key → where it listens."""
    return {i.key: i.attributes.get("listens", ()) for i in section.items}  # type: ignore[misc]  # strings by declaration
