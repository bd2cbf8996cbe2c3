"""The nouns every room speaks. Frozen, and each checks itself when made; one file per idea.

Only the standard library is imported here: these words also travel to hosts that carry the agent alone.
"""

from cmdb.words.attribute import SOURCES, Attribute
from cmdb.words.check import RESERVED, AttributeType, Scalar, Value
from cmdb.words.ci_class import LOCAL_KEY, CIClass, IdentityRule
from cmdb.words.common import COMMON, CONDITION, REDUNDANCY
from cmdb.words.lifecycle import AGREEMENT, DECLARED, DISCOVERED, LOGICAL, PHYSICAL, Lease, Lifecycle
from cmdb.words.people import Principal, Role
from cmdb.words.process import Command, Decision, Process, Record, RecordType
from cmdb.words.redundancy import Redundancy, Share
from cmdb.words.relation import ANY, Cardinality, Failure, Needs, RelationType
from cmdb.words.report import (
    WIRE_SCHEMA,
    Evidence,
    Item,
    Link,
    Problem,
    Ref,
    Section,
    Snapshot,
    section_hash,
)
from cmdb.words.view import View

__all__ = [
    "AGREEMENT", "ANY", "COMMON", "CONDITION", "DECLARED", "DISCOVERED", "LOCAL_KEY", "LOGICAL", "PHYSICAL",
    "REDUNDANCY", "RESERVED", "SOURCES", "WIRE_SCHEMA", "Attribute", "AttributeType", "CIClass", "Cardinality",
    "Command", "Decision", "Evidence", "Failure", "IdentityRule", "Item", "Lease", "Lifecycle", "Link", "Needs",
    "Principal", "Problem", "Process", "Record", "RecordType", "Redundancy", "Ref", "RelationType", "Role",
    "Scalar", "Section", "Share", "Snapshot", "Value", "View", "section_hash",
]  # fmt: skip
