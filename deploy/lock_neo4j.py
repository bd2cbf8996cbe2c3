"""Write cmdb/engine/neo4j.lock: every jar the embedded Neo4j needs, with size and SHA-256, in class path order.

Needs Maven on the developer's machine; the product itself needs neither Maven nor this file. Maven decides, because
its choice of versions is the one Neo4j is published for (a resolver in Python chose others for 12 of 213 jars).

    python deploy/lock_neo4j.py 5.26.30
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>epicentre</groupId><artifactId>lock</artifactId><version>1</version><dependencies><dependency>
<groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{version}</version>
</dependency></dependencies></project>"""
LINE = re.compile(r"^\s+([\w.-]+):([\w.-]+):jar:(?:([\w.-]+):)?([\w.-]+):(?:compile|runtime)", re.MULTILINE)
LOCK = Path(__file__).parents[1] / "cmdb" / "engine" / "neo4j.lock"


def main(version: str) -> None:
    """Resolve with Maven, copy every jar, and write the lock file."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pom.xml").write_text(POM.format(version=version))
        # --strict-checksums: what we lock must be what the repository meant to send.
        maven = ["mvn", "-q", "-B", "--strict-checksums", "-f", folder, "-DincludeScope=runtime"]
        subprocess.run([*maven, "dependency:list", f"-DoutputFile={folder}/list"], check=True)  # developer's Maven
        subprocess.run([*maven, "dependency:copy-dependencies", f"-DoutputDirectory={folder}/jars"], check=True)
        lines = []
        for group, artifact, classifier, number in sorted(set(LINE.findall((Path(folder) / "list").read_text()))):
            suffix = f"-{classifier}" if classifier else ""
            path = Path(folder) / "jars" / f"{artifact}-{number}{suffix}.jar"
            jar = path.read_bytes()
            coordinates = ":".join(part for part in (group, artifact, number, classifier) if part)
            lines.append((names_others(path), f"{coordinates} {len(jar)} {hashlib.sha256(jar).hexdigest()}"))
    text = "\n".join(line for _, line in sorted(lines))
    LOCK.write_text(
        f"# Neo4j Community {version}: coordinates, bytes, SHA-256. Made by deploy/lock_neo4j.py.\n{text}\n"
    )
    sys.stdout.write(f"{len(lines)} jars, {sum(int(line.split()[1]) for _, line in lines) / 1e6:.0f} MB\n")


def names_others(jar: Path) -> bool:
    """Whether its manifest has a Class-Path. Such jars go last, after those they name.

    Java 21 refuses its own class archive otherwise (JDK-8338686).
    """
    with zipfile.ZipFile(jar) as archive:
        return "META-INF/MANIFEST.MF" in archive.namelist() and b"\nClass-Path:" in archive.read("META-INF/MANIFEST.MF")


if __name__ == "__main__":
    main(sys.argv[1])
