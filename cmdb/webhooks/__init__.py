"""Webhooks: what the journal says, sent to whoever asked for it, signed and in order."""

from cmdb.webhooks.courier import Courier
from cmdb.webhooks.registry import Attempt, Hook, Hooks

__all__ = ["Attempt", "Courier", "Hook", "Hooks"]
