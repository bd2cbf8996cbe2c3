"""docs/impact.md: what it prints is printed by the real program."""

from pathlib import Path

import pytest
from support.pages import Page
from support.reports import NOW
from support.signed_in import admins_door

from cmdb.store import By, Store

pytestmark = pytest.mark.neo4j

PAGE = Path(__file__).parents[2] / "docs" / "impact.md"
BY = By("ann", NOW, "architecture 7")


def test_every_command_of_the_page_prints_what_the_page_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shop on a pair of databases: a loss, both, an outage, and a rule that no longer fits."""
    ids = {
        name: store.create_ci(cls, name, {"users": 1200} if cls == "BusinessService" else {}, BY).ci
        for cls, name in (
            ("Database", "db-1"), ("Database", "db-2"), ("Application", "shop"), ("BusinessService", "selling"),
        )
    }  # fmt: skip
    for source, target in (("shop", "db-1"), ("shop", "db-2"), ("selling", "shop")):
        store.link_cis("DEPENDS_ON", ids[source], ids[target], BY)
    store.update_ci(ids["shop"], None, {"redundancy": ["DEPENDS_ON: 1 of db-1, db-2"]}, BY)

    def promised() -> None:
        """In a fixed year, for a leap year allows more; it is to come, for time in the journal never goes back."""
        for at, given in (
            ("10T08:00", {"availability_target": 99.95}), ("11T02:00", {"condition": "down"}),
            ("11T05:00", {"condition": None}),
        ):  # fmt: skip
            store.update_ci(ids["selling"], None, given, By("ann", f"2030-01-{at}:00.000Z", "contract and log"))

    with admins_door(tmp_path, store, monkeypatch):
        Page(PAGE, {"selling is promised for 99.95 % of the time, and was down for three hours": promised}).check()
