"""The first load: an embedded Neo4j that is down and empty is filled from a file, faster than transactions could."""

from __future__ import annotations

import gc
import getpass
import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cmdb import imports
from cmdb.applier import utc_now
from cmdb.config import Settings
from cmdb.engine import Engine
from cmdb.errors import Misconfigured, Refused
from cmdb.secret_file import sync_folder
from cmdb.store import By, Store
from cmdb.store.first_load import FirstLoad
from cmdb_processes.cli.server.folder import UNFINISHED, private_folder
from cmdb_processes.cli.server.lock import only_one
from cmdb_processes.cli.transfer.layout import Layout, in_order
from cmdb_processes.cli.transfer.outcomes import OutcomeFile

BATCH = 1_000
"""Rows of one journal entry."""


def first_load(
    settings: Settings, file: Path, kind: str, layout: Layout, given: Mapping[str, Any], kept: OutcomeFile,
    tell: Callable[[int], None], note: Callable[[str], None],
) -> None:  # fmt: skip
    """Fill the empty graph of the data folder. Refused while a server runs there, or when something is in it.

    One that was interrupted leaves nothing that anybody may use: it is begun again.
    """
    if settings.neo4j_uri is not None:
        raise Misconfigured("a first load writes into the files of the embedded Neo4j, and EPICENTRE_NEO4J_URI is set")
    private_folder(settings.home)
    work = settings.home / "first-load"
    with only_one(settings.home):
        engine, unfinished = Engine(settings), settings.home / UNFINISHED
        if not unfinished.exists():  # else what is there is half of a load
            _check_empty(engine)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            by = By(getpass.getuser(), utc_now(), given["reason"] or "first load")
            load = FirstLoad(work, given["source"], by)
            _plan(load, file, kind, layout, kept, tell)
            files = load.close()
            note("Neo4j reads the files …")
            unfinished.touch()
            sync_folder(settings.home)
            engine.import_files(files, work / "report")
            note("indexes are made …")
            _finish(engine, load)
            unfinished.unlink()
            kept.finish()
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _plan(
    load: FirstLoad, file: Path, kind: str, layout: Layout, kept: OutcomeFile, tell: Callable[[int], None]
) -> None:
    bad = [{"line": n, "outcome": "invalid", "reason": why} for n, why in layout.bad]
    if bad:
        kept.add(bad)
    rows = (imports.parse(number, row) for number, row in in_order(file, kind, layout))
    with _only_grown():
        while part := list(itertools.islice(rows, BATCH)):
            kept.add([_told(one) for one in load.take(part)])
            tell(len(kept.done))
            gc.collect(1)


@contextmanager
def _only_grown() -> Iterator[None]:
    """Leave what a load remembers out of the search for circles: there are none, and it is gone through ever again.

    That took a third of the time. What a batch leaves behind is looked through behind each (`gc.collect(1)`).
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _told(one: imports.Outcome) -> dict[str, Any]:
    found = {"line": one.row, "kind": one.kind, "outcome": one.word, "id": one.id, "reason": one.reason}
    more = {"candidates": list(one.candidates), "refused": list(one.refused)}
    return {**found, **{name: value for name, value in more.items() if value}}


@contextmanager
def _running(engine: Engine) -> Iterator[Store]:
    bolt = engine.start()
    store = Store(bolt.uri, bolt.user, bolt.password)
    try:
        yield store
    finally:
        store.close()
        engine.stop()


def _check_empty(engine: Engine) -> None:
    """Of a fresh folder nothing need be asked. Nor is a schema made: the importer would throw it away again."""
    if engine.fresh:
        return
    with _running(engine) as store:
        if seq := store.sequence():
            raise Refused(
                f"the graph is not empty (sequence {seq}): `epicentre import` without --first-load adds to it"
            )


def _finish(engine: Engine, load: FirstLoad) -> None:
    """Constraints and indexes, which also prove that ids are unique; then whether all is there."""
    with _running(engine) as store:
        store.migrate()
        store.set_odd(load.csvs.odd())
        found = store.totals()
        if found != load.made:
            raise Misconfigured(f"the importer left {found} of {load.made}: begin again on a fresh data folder")
