"""The lock file: what is fetched, exactly."""

import re

import pytest

from cmdb.engine.lock import Jar, digest, locked, parse
from cmdb.errors import DeclarationError

HASH = "0" * 64


def test_a_line_names_a_jar_and_its_place_in_a_repository() -> None:
    """Group, artifact, version and classifier give the Maven 2 path."""
    plain, native = parse(f"# why\n\norg.neo4j:neo4j:5.26.30 12 {HASH}\nio.netty:epoll:4.1:linux-x86_64 7 {HASH}\n")
    assert plain == Jar("org.neo4j", "neo4j", "5.26.30", "", 12, HASH)
    assert plain.path == "org/neo4j/neo4j/5.26.30/neo4j-5.26.30.jar"
    assert native.path == "io/netty/epoll/4.1/epoll-4.1-linux-x86_64.jar"


@pytest.mark.parametrize("line", ["org.neo4j:neo4j 12 ab", "org.neo4j:neo4j:5 twelve ab", "org.neo4j:neo4j:5 12"])
def test_a_broken_line_is_named(line: str) -> None:
    """A lock that cannot be read is our mistake, and says where."""
    with pytest.raises(DeclarationError, match="line 2"):
        parse(f"# lock\n{line}")


def test_the_checked_in_lock_is_whole() -> None:
    """One Neo4j 5.26, every jar with a full hash and a size, no file name twice."""
    jars = locked()
    assert {jar.version.rpartition(".")[0] for jar in jars if jar.group == "org.neo4j"} == {"5.26"}
    assert len({jar.version for jar in jars if jar.group == "org.neo4j"}) == 1
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) and jar.size > 0 for jar in jars)
    assert len({jar.name for jar in jars}) == len(jars) > 200


def test_any_other_set_of_jars_has_another_name() -> None:
    """The cache folder's name stands for the content, not for the order of the lock."""
    jars = locked()
    assert digest(jars) == digest(jars[::-1])
    assert digest(jars) != digest(jars[1:])
