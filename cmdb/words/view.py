"""A view: the part of the graph that a restricted account sees."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cmdb.errors import Invalid

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_LABEL = re.compile(r"View_[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class View:
    """Its name, the label that shown CIs carry in the graph, and the filter (as JSON) that decides who is shown.

    What is inside a CI that is not shown is not shown either. Until `ready`, the labels are being set. `rev` is the
    journal sequence at which it was defined; 0: not in force yet, or defined by a version that kept none.
    """

    name: str
    label: str
    filter: str
    ready: bool = False
    rev: int = 0

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Invalid("a view's name is 1 to 63 small letters, digits and hyphens, a letter first", where="name")
        if not _LABEL.fullmatch(self.label):
            raise Invalid(f"{self.label!r} is no label of ours", where="label")
