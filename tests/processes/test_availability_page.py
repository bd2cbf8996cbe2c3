"""docs/availability.md: what it prints is printed by the real program."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.pages import Page
from support.signed_in import admins_door

from cmdb.applier import utc_now
from cmdb.moments import after
from cmdb.store import By, Store

ROOT = Path(__file__).parents[2]
BEGAN = after(utc_now(), -60 * 24)


def by(days: float, reason: str = "as the page needs it") -> By:
    """Ann, so many days after the page's story begins; all of it lies behind, whatever the clock says."""
    return By("ann", after(BEGAN, 24 * days), reason)


BY = by(0)


def a_shop(store: Store) -> None:
    """The shop that the page tells of."""
    made = {
        name: store.create_ci(cls, name, given, BY).ci
        for cls, name, given in (
            ("BusinessService", "selling", {}), ("Application", "shop", {}), ("Host", "web-1", {}),
            ("Host", "web-2", {}), ("Database", "orders", {}), ("Cluster", "pool", {"kind": "load pool"}),
        )
    }  # fmt: skip
    for source, kind, target in (
        ("selling", "DEPENDS_ON", "shop"), ("shop", "DEPENDS_ON", "orders"), ("shop", "DEPENDS_ON", "pool"),
        ("pool", "FORMED_BY", "web-1"), ("pool", "FORMED_BY", "web-2"),
    ):  # fmt: skip
        store.link_cis(kind, made[source], made[target], BY)


def _id(store: Store, name: str) -> str:
    return str(store.resolve(name)[0]["id"])


def two_services(store: Store) -> None:
    """The intranet needs the same database; selling is the more critical, and both have users."""
    store.update_ci(_id(store, "selling"), None, {"criticality": "critical", "users": 1200}, BY)
    intranet = store.create_ci("BusinessService", "intranet", {"criticality": "low", "users": 80}, BY).ci
    store.link_cis("DEPENDS_ON", intranet, _id(store, "orders"), BY)


def three_outages(store: Store) -> None:
    """Of two hours each, within a month; then somebody declares figures and what is required."""
    for day in (5, 12, 19):
        store.update_ci(_id(store, "orders"), None, {"condition": "down"}, by(day, "out"))
        store.update_ci(_id(store, "orders"), None, {"condition": None}, by(day + 2 / 24, "back"))
    store.update_ci(_id(store, "web-1"), None, {"mtbf_hours": 50_000.0, "mttr_hours": 2.0}, by(20, "data sheet"))
    store.update_ci(_id(store, "selling"), None, {"availability_target": 99.9}, by(20, "contract"))


def an_upgrade(store: Store) -> None:
    """Somebody works on the database, now."""
    store.update_ci(_id(store, "orders"), None, {"encoding": "UTF8"}, By("ann", utc_now(), "upgrade"))


@pytest.mark.neo4j
def test_every_command_of_the_page_prints_what_the_page_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command typed in the page's order, against a real server with the shop in it."""
    monkeypatch.chdir(ROOT)
    with admins_door(tmp_path, store, monkeypatch):
        steps = {
            "a shop with a database and two web servers": lambda: a_shop(store),
            "a second service and how much hangs on both": lambda: two_services(store),
            "a month in which the database was out three times": lambda: three_outages(store),
            "the database was changed this morning": lambda: an_upgrade(store),
        }
        Page(ROOT / "docs" / "availability.md", steps).check()
