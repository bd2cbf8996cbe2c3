"""What breaks: pure functions over a slice of the graph."""

from cmdb.impact.blast import Blast, Impacted, State, blast_radius
from cmdb.impact.model import Group, Model, model_of

__all__ = ["Blast", "Group", "Impacted", "Model", "State", "blast_radius", "model_of"]
