"""Progress of long work on stderr: a bar on a terminal, a line at every tenth elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cmdb_processes.cli import asking, show


@contextmanager
def progress(what: str, total: int | None, every: int = 1_000) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how far the work is, of `total` (None: nobody knows).

    A line is printed at every tenth, but not more often than `every` so many.
    """
    if asking.OPTIONS["plain"] or not sys.stderr.isatty():
        yield _lines(what, total, every)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda there: bar.update(task, completed=there)


def _lines(what: str, total: int | None, every: int) -> Callable[[int], None]:
    said = 0

    def tell(there: int) -> None:
        nonlocal said
        step = max(every, total // 10) if total is not None else 100_000
        if there // step > said:
            said = there // step
            show.note(f"{what}: {there:,}" + (f" of {total:,}" if total is not None else ""))

    return tell
