"""What installed packages declare: in the modules that their entry points name."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import ModuleType

from cmdb.errors import EpicentreError
from cmdb.extensions.found import Found
from cmdb.extensions.module import take

GROUPS = ("epicentre.classes", "epicentre.relations")
"""Either may name a module, and whatever it declares is taken."""


def read(found: Found) -> None:
    """Note all nouns; an entry point that cannot be loaded is an error with its line, and names its package."""
    # Late: the agent offers no entry points, and this import alone would be an eighth of its memory.
    from importlib.metadata import entry_points

    points = {point.value: point for group in GROUPS for point in entry_points(group=group)}
    for value, point in sorted(points.items()):
        package = point.dist.name if point.dist is not None else "unknown"
        where = f"entry point {point.name} = {value!r} of package {package}"
        try:
            loaded = point.load()
        except (Exception, SystemExit) as error:  # a package may raise anything; all of it is to be told
            words = error.message if isinstance(error, EpicentreError) else f"{type(error).__name__}: {error}"
            found.errors.append(f"{_line(error)}{where}: {words}")
            continue
        if isinstance(loaded, ModuleType):
            take(vars(loaded), Path(loaded.__file__ or value), found)
        else:
            found.errors.append(f"{where}: name the module, not what is in it")


def _line(error: BaseException) -> str:
    """The last line of the package itself that led to an error: what is ours or Python's is no place to look at."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno or 1}: "
    frames = traceback.extract_tb(error.__traceback__)
    ours = str(Path(__file__).parents[1])
    own = [f for f in frames if not f.filename.startswith((ours, "<")) and "importlib" not in Path(f.filename).parts]
    return f"{own[-1].filename}:{own[-1].lineno}: " if own else ""
