"""Which CI a person means who asks of a moment: by what it was called then."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.questions import ask, parts

from cmdb.errors import UnknownName
from cmdb.store import By, Store
from cmdb_graphql.client import HttpClient
from cmdb_processes.cli import asking, proposed

pytestmark = pytest.mark.neo4j

BY = By("ann", "2026-11-01T12:00:00.000Z")


def test_a_name_is_that_of_the_moment(store: Store, tmp_path: Path) -> None:
    """Renamed, given to another and retired since: then's whole name first, else now's; a mere start comes last."""
    old = store.create_ci("Application", "shop", {}, BY).ci  # 1
    store.create_ci("Application", "till-2", {}, BY)  # 2
    store.update_ci(old, None, {"name": "till"}, BY)  # 3
    new = store.create_ci("Application", "shop", {}, BY).ci  # 4
    gone = store.create_ci("Application", "desk", {}, BY).ci  # 5
    store.retire_ci(gone, None, BY)  # 6
    with parts(tmp_path / "home", store) as of:
        client = cast(HttpClient, SimpleNamespace(ask=lambda document, **given: ask(of, document, **given)))

        def meant(name: str, at: str | None) -> str:
            return str(asking.resolve(client, name, retired=True, as_of=at)["id"])

        assert [meant("shop", at) for at in ("2", "4", None)] == [old, new, new]
        assert [meant("till", at) for at in ("2", "3", None)] == [old, old, old], "till-2 only begins so"
        assert [meant("desk", at) for at in ("1", "5", None)] == [gone, gone, gone]
        assert meant("sho", "2") == old
        with pytest.raises(UnknownName, match="nothing here is called 'attic'"):
            meant("attic", "2")
        file = tmp_path / "change.json"
        file.write_text('{"set": [{"ci": "shop", "attributes": {"criticality": "high"}}]}')
        steps: Any = proposed.read(client, str(file), "2")
        assert steps["set"][0]["ci"] == old
        assert cast(Any, proposed.read(client, str(file)))["set"][0]["ci"] == new
