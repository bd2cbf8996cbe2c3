"""What the README types: its commands, section by section, as a shell would split them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def commands(section: str) -> Iterator[list[str]]:
    """The arguments of each `epicentre` command under a heading; comments are left out."""
    _, found, after = README.read_text(encoding="utf-8").partition(f"\n## {section}\n")
    assert found, f"the README has no section {section!r}"
    for block in _BLOCK.findall(after.partition("\n## ")[0]):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("$ epicentre ") and " | " not in line:
                yield shlex.split(line.removeprefix("$ epicentre "), comments=True)
