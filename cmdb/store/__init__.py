"""The graph store: the only place that speaks Bolt. `Store` is its whole door."""

from cmdb.store.facade import Store
from cmdb.store.rows import EdgeRow, Page, Row, Slice

__all__ = ["EdgeRow", "Page", "Row", "Slice", "Store"]
