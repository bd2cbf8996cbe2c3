"""Installed packages as dpkg keeps them and rpm prints them; formats: deb-control(5), rpm(8)."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb_agents.transports.readings import Package

RPM = ["rpm", "-qa", "--qf", "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\n"]
"""The question whose answer `rpm` reads."""


def dpkg(text: str) -> Iterator[Package]:
    """The installed packages of /var/lib/dpkg/status (or of a fragment of it)."""
    at = 0
    while at < len(text):  # not split: the file and all its parts at once would be much of the agent's memory
        end = text.find("\n\n", at)
        block = text[at:] if end < 0 else text[at:end]
        at = len(text) if end < 0 else end + 2
        if "\nStatus: " not in block or " ok installed" not in block:
            continue
        fields = _fields(block)
        if fields.get("Status", "").endswith(" ok installed"):
            yield Package(
                fields["Package"], fields.get("Version", ""), fields.get("Architecture", ""), "deb",
                fields.get("Source", "").split(" ", 1)[0],
            )  # fmt: skip


_WANTED = ("Package", "Status", "Version", "Architecture", "Source")


def _fields(block: str) -> dict[str, str]:
    found = {}
    for line in block.split("\n"):
        name, colon, value = line.partition(": ")
        if colon and name in _WANTED:
            found[name] = value.strip()
    return found


def rpm(text: str) -> Iterator[Package]:
    """The packages in the answer to `RPM`; keys that rpm lists among them are no packages."""
    for line in text.splitlines():
        row = line.split("\t")
        if len(row) == 5 and row[0] != "gpg-pubkey":
            epoch = "" if row[1] in ("0", "(none)", "") else f"{row[1]}:"
            source = "" if row[4] == "(none)" else row[4].rsplit("-", 2)[0]
            yield Package(row[0], epoch + row[2], "" if row[3] == "(none)" else row[3], "rpm", source)
