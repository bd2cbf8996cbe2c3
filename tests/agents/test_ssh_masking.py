"""Secrets in command lines are taken out on the host, by the rules of the collector, before they cross the wire."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from agents.test_masking import HARMLESS, SECRETS, S

from cmdb_agents import masking
from cmdb_agents.transports.ssh_masking import program

AWKS = [[path] for name in ("mawk", "gawk", "original-awk") if (path := shutil.which(name))]
AWKS += [[path, "awk"] for path in [shutil.which("busybox")] if path]
CASES = [argv for argv, _ in SECRETS] + HARMLESS


def masked(awk: list[str], commands: list[list[str]]) -> list[list[str]]:
    """What the host's awk makes of the arguments of processes, in one run as in the script."""
    lines = [f"/proc/{pid}/cmdline:{a.replace(chr(10), ' ')}" for pid, argv in enumerate(commands) for a in argv]
    done = subprocess.run(
        [*awk, program()], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True, timeout=20
    )
    assert done.stderr == ""
    out: list[list[str]] = [[] for _ in commands]
    for line in done.stdout.splitlines():
        place, _, argument = line.partition(":")
        out[int(place.split("/")[2])].append(argument)
    return out


@pytest.mark.parametrize("awk", AWKS, ids=lambda awk: Path(awk[0]).name)
def test_host_and_collector_mask_alike(awk: list[str]) -> None:
    """For every command line of the corpus the host's answer is the collector's own, and no secret is in it."""
    found = masked(awk, CASES)
    for argv, left in zip(CASES, found, strict=True):
        whole = masking.command(tuple(a.replace("\n", " ") for a in argv))
        assert " ".join(left) == whole
        assert masking.command(tuple(left)) == whole  # the collector masks again, and changes nothing
        assert not any(S in a or "s3cr3t" in a for a in left)


@pytest.mark.parametrize("awk", AWKS, ids=lambda awk: Path(awk[0]).name)
def test_units_are_masked_too(awk: list[str]) -> None:
    """The command of a unit loses its secrets inside systemd's own notation; other properties stay as they are."""
    said = (
        f"Type=simple\nExecStart={{ path=/usr/bin/mysql ; argv[]=/usr/bin/mysql -p{S} --token {S} -h db ;"
        " ignore_errors=no ; start_time=[n/a] }\nUser=password=kept\n"
    )
    done = subprocess.run([*awk, "-v", "line=1", program()], input=said, capture_output=True, text=True, check=True)
    assert S not in done.stdout
    assert "argv[]=/usr/bin/mysql -p*** --token *** -h db ; ignore_errors=no ;" in done.stdout
    assert done.stdout.startswith("Type=simple\n")
    assert done.stdout.endswith("User=password=kept\n")


@pytest.mark.parametrize("awk", AWKS, ids=lambda awk: Path(awk[0]).name)
def test_names_are_judged_alike(awk: list[str]) -> None:
    """A name that speaks of a secret does so on the host, too: each word, pair and ending of the rules, and others."""
    words = [*sorted(masking.SECRET_WORDS), *sorted(masking.SECRET_PAIRS), *sorted(masking.HARMLESS_ENDS), "shop", "x1"]
    names = [f"{a}{sign}{b}" for a in ("db", "no", "HTTP", "my") for sign in ("-", "_", ".") for b in words]
    names += [f"db{word.capitalize()}" for word in words] + [f"DB{word.upper()}" for word in words]
    names += ["APIKey", "SSLKeyPassword", "bypass", "Compass", "userpass", "tokenizer", "passwordfile2", "a1Token"]
    commands = [["app", f"--{name}=kept9"] for name in names]
    found = masked(awk, commands)
    wrong = [n for n, left in zip(names, found, strict=True) if (left[1][-3:] == "***") != masking.is_secret_name(n)]
    assert wrong == []


def test_hostile_arguments_cost_little() -> None:
    """Long and nested nonsense ends, whatever is in it."""
    nasty = ["=" * 4000, "a=" * 2000, "://" * 1300, '"' * 3999, "'\"" * 2000, "{" * 4000, "a:b@" * 1000, "- " * 2000]
    for awk in AWKS:
        assert len(masked(awk, [["sh", "-c", one] for one in nasty])) == len(nasty)


def test_the_program_fits_between_quotes() -> None:
    """It stands between two single quotes in the script, and every table has been put into it."""
    assert "'" not in program()
    assert re.findall("@[A-Z]+@", program()) == []
