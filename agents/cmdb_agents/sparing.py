"""Imported first by the command: what others name at import and seldom use is loaded when it is used.

`dataclasses` names `inspect`, which brings the parser and the disassembler of Python along (1.2 MiB), and asks it only
about a class without a docstring; `urllib.parse` names `ipaddress` for addresses in brackets, `pathlib` the other
system's `ntpath`. (The lazy loader of importlib does not serve: a second `import` makes it load.)
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

SELDOM = ("inspect", "ipaddress", "ntpath")


class Later(ModuleType):
    """Stands for a module and becomes it as soon as something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        """Only what is not there yet comes here."""
        if name.startswith("__"):  # asked about any module, and nothing of it
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        real = import_module(self.__name__)
        vars(self).update(vars(real))
        return getattr(real, name)


for _name in SELDOM:
    sys.modules.setdefault(_name, Later(_name))
