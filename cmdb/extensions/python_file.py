"""Declarations in a Python file: every noun at its top level."""

from __future__ import annotations

import importlib.util
import traceback
from pathlib import Path

from cmdb.errors import EpicentreError
from cmdb.extensions.found import Found
from cmdb.extensions.module import take


def read(path: Path, found: Found) -> None:
    """Run the file and take what it declares; what it raises is an error at the file's own line."""
    spec = importlib.util.spec_from_file_location(f"epicentre_extension_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a user's file may raise anything; all of it is to be told with its line
        found.errors.append(f"{path}:{_line(error, path)}: {_words(error)}")
        return
    take(vars(module), path, found)


def _line(error: BaseException, path: Path) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return (frames[-1].lineno if frames else None) or 1


def _words(error: BaseException) -> str:
    return error.message if isinstance(error, EpicentreError) else f"{type(error).__name__}: {error}"
