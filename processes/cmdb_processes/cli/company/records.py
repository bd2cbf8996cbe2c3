"""The example's changes and incidents: past ones with their history, and open ones by those whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdb_graphql.services import Services


def write(services: Services, ids: Mapping[str, str], today: date) -> None:
    """All of them."""
