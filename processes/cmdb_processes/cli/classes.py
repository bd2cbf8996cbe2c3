"""epicentre classes: what is declared here, and whether a file that adds to it is right."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb_processes.cli import show
from cmdb_processes.cli.options import Json


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="The classes and relations of the catalogue.", no_args_is_help=True, rich_markup_mode=None)
    group.command("list", epilog="Example: epicentre classes list --json")(list_)
    group.command("show", epilog="Example: epicentre classes show Host")(show_)
    group.command(epilog="Example: epicentre classes check machines.yaml (exit 0 right, 5 not)")(check)
    app.add_typer(group, name="classes")


def list_(json: Json = False) -> None:
    """List every class, the user's own among them."""
    from cmdb.classes import catalogue  # late: it reads files that most commands have no need of

    classes = catalogue().classes.values()
    if json:
        show.emit([{"name": c.name, "kind_of": c.kind_of, "owner": c.owner, "sentence": c.sentence} for c in classes])
        return
    show.table(("CLASS", "KIND OF", "OWNER", "MEANING"), [(c.name, c.kind_of, c.owner, c.sentence) for c in classes])


def show_(name: Annotated[str, typer.Argument(help="The class.")], json: Json = False) -> None:
    """Show one class: identity, life, attributes and relations."""
    from cmdb.classes import catalogue

    cls = catalogue().cls(name)
    relations = [(r.name, "depends on" if out else "needed by", r.targets if out else r.sources, r.failure.value)
                 for r, out in catalogue().relations_of(name)]  # fmt: skip
    if json:
        ends: list[dict[str, Any]] = [
            {"relation": r, "direction": way, "classes": list(others), "failure": failure}
            for r, way, others, failure in relations
        ]
        show.emit({**asdict(cls), "relations": ends})
        return
    show.out(cls.sentence)
    show.facts([
        ("kind of", cls.kind_of), ("identity", "; ".join(rule.name for rule in cls.identity)),
        ("states", list(cls.lifecycle.states)), ("owner", cls.owner),
        ("lease", f"stale after {_days(cls.lease.stale_days)}, retired after {_days(cls.lease.retire_days)}"),
        ("history", f"{cls.retention_days} days after it is retired"),
    ])  # fmt: skip
    show.out()
    show.table(("ATTRIBUTE", "TYPE", "UNIT", "MEANING"), [(a.name, a.type, a.unit, a.sentence) for a in cls.attributes])
    show.out()
    rows = [(r, way, ", ".join(others), failure) for r, way, others, failure in relations]
    show.table(("RELATION", "DIRECTION", "OTHER END", "FAILURE"), rows)


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def check(file: Annotated[Path, typer.Argument(help="A YAML or Python file.")], json: Json = False) -> None:
    """Check a file that adds to the catalogue; every error is told with its file and line."""
    from cmdb.classes import extended
    from cmdb.extensions.folder import read_file

    found = read_file(file)
    extended(found)
    names = [_name(one) for one, _ in found.declared]
    text = f"{file} is right: {', '.join(names) or 'nothing declared'}"
    show.done({"file": str(file), "declares": names}, text, json)


def _name(one: object) -> str:
    """What a declaration is about: its own name, or the class or relation it adds to."""
    return str(next(getattr(one, field) for field in ("name", "cls", "relation") if hasattr(one, field)))
