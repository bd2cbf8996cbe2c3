"""The collector's folder on the command line: opened for one command, with its master key and its secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb.errors import Misconfigured

Home = Annotated[Path | None, typer.Option("--home", help="The collector's folder.", metavar="DIR")]
Master = Annotated[
    Path | None, typer.Option(help="File with the master key; default: master.key in the folder.", metavar="FILE")
]


@contextmanager
def opened(home: Path | None) -> Iterator[Any]:
    """The folder."""
    from cmdb_agents.discover.folder import Folder, default_folder

    folder = Folder(home or default_folder())
    try:
        yield folder
    finally:
        folder.close()


@contextmanager
def secrets(folder: Any, master: Path | None) -> Iterator[Any]:
    """The credential store of a folder."""
    try:
        from cmdb_agents.discover.credentials import Credentials, master_key
    except ImportError as error:
        raise Misconfigured("looking at other machines needs more: pip install 'epicentre[ssh]'") from error
    store = Credentials(folder.path / "credentials.db", master_key(master or folder.path / "master.key"))
    try:
        yield store
    finally:
        store.close()
