"""The dependency topology in memory: which CIs a failure reaches, answered from arrays that follow the journal."""

from cmdb.projection.feed import Feed, Topology
from cmdb.projection.overlay import Overlay, ProposedCI, ProposedEdge, ProposedValues
from cmdb.projection.projection import Projection
from cmdb.projection.rows import Edges, build
from cmdb.projection.state import NOTHING, Reached, Relations, State

__all__ = [
    "NOTHING", "Edges", "Feed", "Overlay", "Projection", "ProposedCI", "ProposedEdge", "ProposedValues", "Reached",
    "Relations", "State", "Topology", "build",
]  # fmt: skip
