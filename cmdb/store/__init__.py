"""The graph store: the only place that speaks Bolt. `Store` is its whole door."""

from cmdb.cypher.records import RecordPage
from cmdb.store.brake import Held
from cmdb.store.commands import By, Done
from cmdb.store.facade import Store
from cmdb.store.governance import Crowd, Found
from cmdb.store.imports import Imported
from cmdb.store.past import Difference, Downtime, Entry, OutageRecord
from cmdb.store.posed import Posed
from cmdb.store.reports import Outcome
from cmdb.store.rows import EdgeRow, Page, Row, Slice
from cmdb.store.sweep import Swept

__all__ = [
    "By", "Crowd", "Difference", "Done", "Downtime", "EdgeRow", "Entry", "Found", "Held", "Imported",
    "OutageRecord", "Outcome", "Page", "Posed", "RecordPage", "Row", "Slice", "Store", "Swept",
]  # fmt: skip
