"""The graph store: the only place that speaks Bolt. `Store` is its whole door."""

from cmdb.store.commands import By, Done
from cmdb.store.facade import Store
from cmdb.store.imports import Imported
from cmdb.store.past import Difference, Entry
from cmdb.store.rows import EdgeRow, Page, Row, Slice
from cmdb.store.sweep import Swept

__all__ = ["By", "Difference", "Done", "EdgeRow", "Entry", "Imported", "Page", "Row", "Slice", "Store", "Swept"]
