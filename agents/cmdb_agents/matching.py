"""Which services of a host a configuration belongs to: by the unit it is given to, else by who reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cmdb_agents.configuration import all_configurations
from cmdb_agents.ownership import Found


def services_of(services: Mapping[str, Found], program: str, unit: str) -> list[str]:
    """The keys of the services meant; those in containers read their own files, not the host's."""
    if unit:
        return [key] if (key := f"unit:{unit}") in services else []
    forms = [form for name, form in all_configurations().items() if program in (name, *form.programs)]
    programs = {program, *(one for form in forms for one in form.programs)} - {""}
    return sorted(key for key, found in services.items() if found.kind != "container" and programs & set(_names(found)))


def _names(found: Found) -> Iterable[str]:
    return found.name.partition("@")[0], found.program.rpartition("/")[2]
