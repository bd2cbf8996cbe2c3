"""What a running server is made of; the composition root builds it, every route gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cmdb.accounts import Accounts
from cmdb.applier import Applier
from cmdb.config import Settings
from cmdb.discoveries import Discoveries
from cmdb.enrolment import Enrolment
from cmdb.inbox import Inbox
from cmdb.inventories import Inventories
from cmdb.mail import Box
from cmdb.projection import Feed
from cmdb.store import Store
from cmdb.webhooks import Courier
from cmdb.words import Process
from cmdb_graphql.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Services:
    """The open parts of one server."""

    settings: Settings
    store: Store
    inbox: Inbox
    enrolment: Enrolment
    accounts: Accounts
    applier: Applier
    courier: Courier
    processes: Mapping[str, Process] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics)
    projection: Feed | None = None
    mail: Box | None = None
    discoveries: Discoveries | None = None
    inventories: Inventories | None = None

    @property
    def commands(self) -> Store:
        """The store to give commands to: agents whose claims one takes are to report everything anew."""
        return self.store.asking(self.inbox.forget)
