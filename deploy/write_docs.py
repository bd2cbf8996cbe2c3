"""Write docs/reference.md and docs/settings.md from what is declared; a house test fails when they are stale.

python deploy/write_docs.py
"""

from __future__ import annotations

from pathlib import Path

from cmdb.classes import catalogue
from cmdb.config import Settings

DOCS = Path(__file__).parents[1] / "docs"


def reference() -> str:
    """Every class with its attributes, and every relation."""
    lines = [
        "# Classes and relations", "",
        "Made by `deploy/write_docs.py` from `cmdb/classes/`. An edge goes from the dependent to its dependency;"
        " a failure travels the other way.", "",
    ]  # fmt: skip
    for cls in catalogue().classes.values():
        rules = "; then ".join(rule.name for rule in cls.identity)
        lines += [f"## {cls.name}", "", cls.sentence, "", f"Recognised by {rules}.", ""]
        lines += ["| attribute | type | unit | meaning |", "| --- | --- | --- | --- |"]
        lines += [f"| `{a.name}` | {a.type} | {a.unit or ''} | {a.sentence} |" for a in cls.attributes]
        lines.append("")
    lines += ["## Relations", "", "| relation | from | to | failure | meaning |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| `{r.name}` | {', '.join(r.sources)} | {', '.join(r.targets)} | {r.failure.value} | {r.sentence} |"
        for r in catalogue().relations.values()
    ]
    return "\n".join(lines) + "\n"


def settings() -> str:
    """Every environment variable."""
    lines = [
        "# Settings", "",
        "Made by `deploy/write_docs.py` from `cmdb/config.py`. Each is an environment variable, read once at start.",
        "", "| variable | default | meaning |", "| --- | --- | --- |",
    ]  # fmt: skip
    folders = {"home": "`~/.local/share/epicentre`", "cache": "`~/.cache/epicentre`"}
    for name, field in Settings.model_fields.items():
        default = folders.get(name) or ("" if field.default is None else f"`{field.default}`")
        lines.append(f"| `EPICENTRE_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCS.mkdir(exist_ok=True)
    (DOCS / "reference.md").write_text(reference())
    (DOCS / "settings.md").write_text(settings())
