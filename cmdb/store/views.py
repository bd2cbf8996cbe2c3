"""Views: made, changed and taken away by an admin, each with its journal entry."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial

from cmdb.commands import check_same
from cmdb.cypher import Filter, facts, views
from cmdb.errors import Conflict, Forbidden, Overloaded, TooLarge, UnknownName
from cmdb.store.commands import By
from cmdb.store.facts import journal
from cmdb.store.session import Bolt, Run
from cmdb.store.shown import decoded, refresh
from cmdb.words import View

MOST_VIEWS = 50
"""Each costs every report a statement."""
BATCH = 2_000
"""CIs labelled in one transaction; reports are applied between two of them."""


class Views:
    """Each CI a view shows carries its label; a new filter gets a new label, and takes over when all are set."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def views(self) -> list[View]:
        """Every view, by name; of one that is being made anew, the one in force."""
        return sorted(self._kept(), key=lambda view: (view.name, not view.ready))

    def view(self, name: str) -> View:
        """The view in force by that name. One round trip."""
        found = [view for view in self._kept() if view.name == name]
        if not found:
            raise Forbidden(f"the view {name} this account is kept to is gone; an admin can give it another")
        if not any(view.ready for view in found):
            raise Overloaded(f"the view {name} is being made; try again shortly", retry_after=2.0)
        return next(view for view in found if view.ready)

    def define_view(self, name: str, where: Filter, by: By, *, rev: int | None = None) -> View:
        """Make a view, or give it a new filter: the old one stays in force until every CI is labelled by the new.

        `rev` is the revision of the one in force that this was decided on; 0: that there is none.
        """
        made = View(name, f"View_{secrets.token_hex(8)}", views.to_json(views.checked(where)))

        def begin(run: Run) -> tuple[View, ...]:
            before = decoded(run(views.HOLD, {})[0]["views"])
            _check_rev(before, name, rev)
            # One that was begun and never finished (the server was stopped meanwhile) is begun anew.
            over = tuple(v for v in before if v.name == name and not v.ready)
            if len({v.name for v in before} | {name}) > MOST_VIEWS:
                raise TooLarge(f"at most {MOST_VIEWS} views are kept: drop one first", where="name")
            _keep(run, [*(v for v in before if v not in over), made])
            return over

        self._clear(self._bolt.write(begin))
        self._label(made)

        def finish(run: Run) -> tuple[View, tuple[View, ...]]:
            lock = run(facts.LOCK, {})[0]
            before = decoded(run(views.ALL, {})[0]["views"])
            if made not in before:
                raise Conflict(f"somebody else defined the view {name} meanwhile")
            done = replace(made, ready=True, rev=int(lock["seq"]))
            _keep(run, [done if v == made else v for v in before if v.name != name or v == made])
            ops = [{"op": "view", **asdict(done)}]
            journal(run, lock, by.now, actor=by.actor, kind="command", summary=_said("defined", name, by), ops=ops)
            return done, tuple(v for v in before if v.name == name and v != made)

        done, over = self._bolt.write(finish)
        self._clear(over)
        return done

    def drop_view(self, name: str, by: By, *, rev: int | None = None) -> None:
        """Take a view away, decided at revision `rev`: accounts kept to it see nothing until they get another."""

        def work(run: Run) -> tuple[View, ...]:
            lock = run(facts.LOCK, {})[0]
            before = decoded(run(views.ALL, {})[0]["views"])
            gone = tuple(v for v in before if v.name == name)
            if not gone:
                raise UnknownName(f"there is no view {name!r}", where="name")
            _check_rev(before, name, rev)
            _keep(run, [v for v in before if v.name != name])
            ops = [{"op": "drop_view", "name": name}]
            journal(run, lock, by.now, actor=by.actor, kind="command", summary=_said("dropped", name, by), ops=ops)
            return gone

        self._clear(self._bolt.write(work))

    def _kept(self) -> tuple[View, ...]:
        rows = self._bolt.read(lambda run: run(views.ALL, {}))
        return decoded(rows[0]["views"] if rows else ())

    def _label(self, view: View) -> None:
        after: str | None = ""
        while after is not None:
            after = self._bolt.write(partial(_batch, view, after))

    def _clear(self, gone: Sequence[View]) -> None:
        for view in gone:
            while self._bolt.write(partial(_unmark, view)) == BATCH:
                pass


def _check_rev(kept: Sequence[View], name: str, rev: int | None) -> None:
    check_same(f"the view {name}", next((v.rev for v in kept if v.name == name and v.ready), 0), rev)


def _unmark(view: View, run: Run) -> int:
    return int(run(*views.unmark(view.label, BATCH))[0]["count"])


def _batch(view: View, after: str, run: Run) -> str | None:
    """Label the CIs behind an id; where to go on, or None. Nothing is applied meanwhile, so nothing is missed."""
    run(views.HOLD, {})
    ids = [row["id"] for row in run(views.BATCH, {"after": after, "first": BATCH})]
    refresh(run, view, ids)
    return ids[-1] if len(ids) == BATCH else None


def _keep(run: Run, kept: Sequence[View]) -> None:
    run(views.KEEP, {"views": [json.dumps(asdict(view), sort_keys=True) for view in kept]})


def _said(what: str, name: str, by: By) -> str:
    return f"{what} the view {name}" + (f": {by.reason}" if by.reason else "")
