"""Shared things that a report points at: found by what their key says, made when nobody knows them yet."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.classes import catalogue
from cmdb.plan import ChangeCI, Claim, NewCI
from cmdb.reconcile.known import KnownCI, NewId
from cmdb.search import ci_terms
from cmdb.shared import SCOPE, parse
from cmdb.words import Ref


class SharedThings:
    """The shared things of one plan. What is known of one is never changed by who points at it."""

    def __init__(self, known: Mapping[Ref, KnownCI], new_id: NewId) -> None:
        self._known, self._new_id = known, new_id
        self._placed: dict[Ref, str] = {}
        self.create: list[NewCI] = []
        self.change: list[ChangeCI] = []
        self.claims: list[Claim] = []

    def at(self, ref: Ref) -> str:
        """The id of the thing; made or revived if need be."""
        if ref not in self._placed:
            self._placed[ref] = self._place(ref)
        return self._placed[ref]

    def _place(self, ref: Ref) -> str:
        was = self._known.get(ref)
        if was is None:
            made, ci = parse(ref), self._new_id("ci")
            search = ci_terms(catalogue().cls(ref.cls), made.name, ref.key, made.attributes)
            self.create.append(NewCI(ci, ref.cls, ref.key, made.name, None, SCOPE, made.attributes, search))
            # Its key claims what it says, so that a person's word on it stands beside that instead of replacing it.
            self.claims.append(Claim(SCOPE, ci, None))
            return ci
        if was.status != "live":
            self.change.append(ChangeCI(was.id, was.rev, was.name, "live", SCOPE, {"stale_since": None}))
            self.claims.append(Claim(SCOPE, was.id, None))
        return was.id
