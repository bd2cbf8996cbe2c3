"""All processes there are: every package beside the command line that has a PROCESS, and entry points."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.metadata import entry_points

import cmdb_processes
from cmdb.config import Settings
from cmdb.errors import DeclarationError
from cmdb.words import Process


def processes() -> dict[str, Process]:
    """The processes by name; a second one of the same name is refused."""
    packages = [f"cmdb_processes.{m.name}" for m in pkgutil.iter_modules(cmdb_processes.__path__) if m.ispkg]
    beside = [import_module(name) for name in packages if name != "cmdb_processes.cli"]
    modules = [module for module in beside if hasattr(module, "PROCESS")]  # others are what processes share
    modules += [point.load() for point in entry_points(group="epicentre.processes")]
    found: dict[str, Process] = {}
    for process in (module.PROCESS for module in modules):
        if found.setdefault(process.name, process) is not process:
            raise DeclarationError(f"process {process.name} is declared twice")
    return found


def configured(settings: Settings) -> dict[str, Process]:
    """All of them, each told the settings that it wants to know; Misconfigured if one is not usable."""
    found = processes()
    for process in found.values():
        for name, take in process.settings:
            take(getattr(settings, name))
    return found
