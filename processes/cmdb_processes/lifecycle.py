"""The one state machine all processes share: a lifecycle is data, and the engine reads it.

Its nouns are words of the whole house, since the store and the schema know categories and versions too.
"""

from cmdb.words import Category, Guard, State, Step, WaitingReason
from cmdb.words import RecordLifecycle as Lifecycle

__all__ = ["Category", "Guard", "Lifecycle", "State", "Step", "WaitingReason"]
