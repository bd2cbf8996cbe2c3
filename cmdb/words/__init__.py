"""The nouns every room speaks. Frozen, and each checks itself when made; one file per idea.

Only the standard library is imported here: these words also travel to hosts that carry the agent alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmdb.words.attribute import SOURCES, Attribute
    from cmdb.words.business import CRITICALITY, RECOVERY_TIME
    from cmdb.words.check import RESERVED, AttributeType, Scalar, Value
    from cmdb.words.ci_class import LOCAL_KEY, SEEN_ON_HOST, CIClass, IdentityRule
    from cmdb.words.common import COMMON, CONDITION, MTBF, MTTR, REDUNDANCY
    from cmdb.words.hardware import BY_SERIAL, FIRMWARE, MANAGEMENT_ADDRESS, MODEL, SERIAL, VENDOR
    from cmdb.words.lifecycle import AGREEMENT, DECLARED, DISCOVERED, LOGICAL, PHYSICAL, Lease, Lifecycle
    from cmdb.words.people import Principal, Role
    from cmdb.words.process import Command, Model, Notice, Process, RecordType, Timer
    from cmdb.words.question import Download, Question, Shape
    from cmdb.words.record import (
        Decision,
        Effect,
        GraphEffect,
        LinkType,
        PartType,
        Record,
        RecordLink,
        Wanted,
    )
    from cmdb.words.record_lifecycle import Category, Guard, RecordLifecycle, State, Step, WaitingReason
    from cmdb.words.redundancy import Redundancy, Share
    from cmdb.words.relation import ANY, Cardinality, Failure, Needs, RelationType
    from cmdb.words.report import (
        GLANCED,
        SERVED,
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
    "AGREEMENT", "ANY", "BY_SERIAL", "COMMON", "CONDITION", "CRITICALITY", "DECLARED", "DISCOVERED", "FIRMWARE",
    "GLANCED", "LOCAL_KEY", "LOGICAL", "MANAGEMENT_ADDRESS", "MODEL", "MTBF", "MTTR", "PHYSICAL", "RECOVERY_TIME",
    "REDUNDANCY", "RESERVED", "SEEN_ON_HOST", "SERIAL", "SERVED", "SOURCES", "VENDOR", "WIRE_SCHEMA", "Attribute",
    "AttributeType", "CIClass", "Cardinality", "Category", "Command", "Decision", "Download", "Effect", "Evidence",
    "Failure", "GraphEffect", "Guard", "IdentityRule", "Item", "Lease", "Lifecycle", "Link", "LinkType", "Model",
    "Needs", "Notice", "PartType",
    "Principal", "Problem", "Process", "Question", "Record", "RecordLifecycle", "RecordLink", "RecordType",
    "Redundancy", "Ref", "RelationType", "Role", "Scalar", "Section", "Shape", "Share", "Snapshot", "State", "Step",
    "Timer", "Value", "View", "WaitingReason", "Wanted", "section_hash",
]  # fmt: skip

_HOMES = (
    "report", "check", "attribute", "ci_class", "lifecycle", "relation", "redundancy", "common", "people", "question",
    "process", "record", "record_lifecycle", "view", "extension", "hardware", "business",
)  # fmt: skip
"""Where words are looked for, in this order: what agents speak comes first."""


def __getattr__(name: str) -> Any:
    """A word, from its file once it is asked for: an agent speaks few, and all of them would cost it two megabytes."""
    if name in __all__:
        for home in _HOMES:
            module = import_module(f"{__name__}.{home}")
            if name in vars(module):
                globals()[name] = found = vars(module)[name]
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
