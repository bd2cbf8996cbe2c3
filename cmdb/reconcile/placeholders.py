"""Placeholders: the far ends of connections whose owner nobody knows, made when needed and retired when unused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cmdb.endpoints import Endpoint
from cmdb.plan import ChangeCI, NewCI
from cmdb.reconcile.known import KnownCI, NewId
from cmdb.search import terms
from cmdb.words import Value

Place = tuple[str | None, str]  # parent id (of a loopback address) and endpoint key


class Placeholders:
    """The placeholders of one plan. `uses` counts the open edges at each, those it cannot close as one."""

    def __init__(self, known: Mapping[Place, KnownCI], uses: Mapping[str, int], new_id: NewId) -> None:
        self._known, self._new_id = known, new_id
        self.uses: Counter[str] = Counter(uses)
        self._placed: dict[Place, str] = {}
        self.create: list[NewCI] = []
        self.change: list[ChangeCI] = []

    def at(self, endpoint: Endpoint, host: str, scope: str) -> str:
        """The id of the placeholder for an endpoint that `host` reaches; made or revived if need be."""
        # A loopback address means another thing on every host, so its placeholder lives inside this one.
        where = (host if endpoint.loopback else None, endpoint.key)
        if where not in self._placed:
            self._placed[where] = self._place(where, endpoint, scope)
        return self._placed[where]

    def _place(self, where: Place, endpoint: Endpoint, scope: str) -> str:
        was = self._known.get(where)
        if was is None:
            ci, key = self._new_id("ci"), endpoint.key
            attributes: dict[str, Value] = {
                "protocol": endpoint.protocol,
                "address": endpoint.address,
                "port": endpoint.port,
            }
            self.create.append(NewCI(ci, "Endpoint", key, key, where[0], scope, attributes, terms([key])))
            return ci
        if was.status != "live":
            self.change.append(ChangeCI(was.id, was.rev, was.name, "live", scope, {}))
        return was.id

    def tidy(self) -> None:
        """Retire those that nothing points at any more."""
        for ci in self._known.values():
            if ci.status == "live" and self.uses[ci.id] <= 0:
                self.change.append(ChangeCI(ci.id, ci.rev, ci.name, "retired", ci.source, {}))
