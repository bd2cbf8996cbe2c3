"""The class archive: made once, then really used."""

from pathlib import Path

import pytest
from support.servers import small
from support.waiting import eventually

from cmdb.engine import Engine, archive, fetch, java
from cmdb.engine.archive import Archive
from cmdb.engine.lock import locked


def classes_of(tmp_path: Path) -> str:
    """The class path of the server."""
    return java.class_path(fetch.ensure(small(tmp_path), locked(), lambda _there, _total: None), locked())


def test_lines_the_dumper_cannot_read_are_left_out() -> None:
    """Classes made at run time, lines over its limit, and the one the server is just writing."""
    text = "java/lang/Object id: 0\nmade/Here id: 1 super: 0 source: jrt:/x\n@lambda-proxy " + "x" * 4096 + "\njava/la"
    assert archive._usable(text) == ["java/lang/Object id: 0"]


def test_another_class_path_has_another_archive(tmp_path: Path) -> None:
    """An archive made for other jars is never offered."""
    assert Archive(tmp_path, tmp_path, "a.jar").path != Archive(tmp_path, tmp_path, "b.jar").path


def test_giving_up_leaves_nothing_half_made(tmp_path: Path) -> None:
    """A stop in the middle ends Java and removes what it wrote."""
    made = Archive(tmp_path / "cache", tmp_path, classes_of(tmp_path))
    (tmp_path / "classes.list").write_text("java/lang/Object id: 0\n")
    made.make()
    made.stop()
    assert eventually(lambda: not list((tmp_path / "cache").iterdir()) or made.path.exists())
    assert not list((tmp_path / "cache").glob("*.part"))


@pytest.mark.slow
@pytest.mark.neo4j
@pytest.mark.timeout(300)
def test_the_server_maps_the_archive_made_from_its_first_start(tmp_path: Path) -> None:
    """The first start lists its classes, the background makes the archive, and Java accepts it at the second."""
    settings = small(tmp_path / "home", cache=tmp_path / "cache", jars=Path(classes_of(tmp_path).split(":")[0]).parent)
    engine = Engine(settings)
    try:
        engine.start()
        listing = settings.home / "neo4j" / "classes.list"
        lines = listing.read_text().splitlines(keepends=True)
        assert len(lines) > 10_000
        listing.write_text("".join(lines[:2000]))  # the same kind of archive in a tenth of the time
        engine.prepare_fast_start()
        assert eventually(lambda: bool(list((tmp_path / "cache").rglob("*.jsa"))), 200)
        assert eventually(lambda: not list((tmp_path / "cache").rglob("*.part")))
        engine.stop()
        engine.start()
        assert ".jsa" in Path(f"/proc/{engine.pid}/maps").read_text()
    finally:
        engine.stop()
