"""Fetching the locked jars, from a repository on loopback that can misbehave."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cmdb.config import Settings, load
from cmdb.engine import fetch
from cmdb.engine.lock import Jar
from cmdb.errors import DiskFull, Misconfigured, Unavailable

CONTENT = {name: name.encode() * 50_000 for name in ("alpha", "beta", "gamma")}
JARS = tuple(
    Jar("org.example", name, "1.0", "", len(data), hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items()
)
ALPHA = JARS[0]
THREE_WAYS = "EPICENTRE_NEO4J_URI .* EPICENTRE_MAVEN_MIRROR .* EPICENTRE_JARS"


class Shelf(ThreadingHTTPServer):
    """A Maven repository: answers as told for a path, one word an answer, and rightly once the words are used up."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.told: dict[str, list[str]] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def settings(self, cache: Path) -> Settings:
        """Settings to fetch from here into `cache`."""
        return load(cache=cache, maven_mirror=self.url)


class Answer(BaseHTTPRequestHandler):
    """One answer of the shelf."""

    protocol_version = "HTTP/1.1"
    server: Shelf

    def do_GET(self) -> None:
        """Answer as told for the path."""
        path = self.path.removeprefix("http://repository.invalid").lstrip("/")
        self.server.asked.append(path)
        told = self.server.told.get(path, [])
        word = told.pop(0) if told else "right"
        data = CONTENT[path.split("/")[2]]
        if word == "dropped":
            self.close_connection = True
            return
        body = {"corrupt": data[::-1], "long": data + b"more", "cut": data[: len(data) // 2]}.get(word, data)
        status = int(word) if word.isdigit() else 200
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) if word == "cut" else len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = word == "cut"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """A repository, and no pauses between tries."""
    monkeypatch.setattr(fetch, "PAUSE", 0.0)
    with Shelf() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def quiet(_there: int, _total: int) -> None:
    """Progress nobody watches."""


def test_all_jars_arrive_and_progress_ends_at_the_total(shelf: Shelf, tmp_path: Path) -> None:
    """Each is asked for once at its Maven path, and progress only grows."""
    seen: list[tuple[int, int]] = []
    folder = fetch.ensure(shelf.settings(tmp_path), JARS, lambda there, total: seen.append((there, total)))
    assert {jar.name: (folder / jar.name).read_bytes() for jar in JARS} == {
        f"{name}-1.0.jar": data for name, data in CONTENT.items()
    }
    assert sorted(shelf.asked) == sorted(jar.path for jar in JARS)
    assert seen == sorted(seen)
    assert seen[-1] == (sum(jar.size for jar in JARS),) * 2


def test_the_second_time_nobody_is_asked(shelf: Shelf, tmp_path: Path) -> None:
    """What is there is used as it is, without a word of progress."""
    first = fetch.ensure(shelf.settings(tmp_path), JARS, quiet)
    shelf.asked.clear()
    seen: list[int] = []
    assert fetch.ensure(shelf.settings(tmp_path), JARS, lambda there, _: seen.append(there)) == first
    assert (shelf.asked, seen) == ([], [])


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"cut"), Path.unlink])
def test_a_jar_cut_or_lost_later_is_fetched_again_alone(
    shelf: Shelf, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """The stamp that says complete is not believed against the sizes."""
    folder = fetch.ensure(shelf.settings(tmp_path), JARS, quiet)
    harm(folder / ALPHA.name)
    shelf.asked.clear()
    fetch.ensure(shelf.settings(tmp_path), JARS, quiet)
    assert shelf.asked == [ALPHA.path]
    assert (folder / ALPHA.name).read_bytes() == CONTENT["alpha"]


@pytest.mark.parametrize("word", ["corrupt", "long", "cut", "dropped", "503", "429"])
def test_what_goes_wrong_once_is_tried_again(shelf: Shelf, tmp_path: Path, word: str) -> None:
    """One bad answer costs one more request, and is taken back from the progress."""
    shelf.told[ALPHA.path] = [word]
    seen: list[tuple[int, int]] = []
    folder = fetch.ensure(shelf.settings(tmp_path), JARS, lambda there, total: seen.append((there, total)))
    assert (folder / ALPHA.name).read_bytes() == CONTENT["alpha"]
    assert shelf.asked.count(ALPHA.path) == 2
    assert seen[-1] == (sum(jar.size for jar in JARS),) * 2


@pytest.mark.parametrize("word", ["corrupt", "long", "cut", "dropped", "503"])
def test_what_stays_wrong_is_refused_by_name(shelf: Shelf, tmp_path: Path, word: str) -> None:
    """After three tries the jar and the three ways out are named, and nothing lies under the jar's name."""
    shelf.told[ALPHA.path] = [word] * 9
    with pytest.raises(Unavailable, match=rf"alpha-1\.0\.jar .*{THREE_WAYS}"):
        fetch.ensure(shelf.settings(tmp_path), JARS, quiet)
    assert shelf.asked.count(ALPHA.path) == fetch.TRIES
    assert not (fetch.folder_of(shelf.settings(tmp_path), JARS) / ALPHA.name).exists()


def test_a_repository_without_the_jar_is_asked_once(shelf: Shelf, tmp_path: Path) -> None:
    """404 does not pass by itself."""
    shelf.told[ALPHA.path] = ["404"] * 9
    with pytest.raises(Unavailable, match=rf"alpha-1\.0\.jar cannot be fetched \(404\): .*{THREE_WAYS}"):
        fetch.ensure(shelf.settings(tmp_path), JARS, quiet)
    assert shelf.asked.count(ALPHA.path) == 1


def test_a_download_goes_on_where_it_ended(shelf: Shelf, tmp_path: Path) -> None:
    """What arrived before a failure is kept; the next start fetches the rest only."""
    shelf.told[ALPHA.path] = ["404"]
    with pytest.raises(Unavailable):
        fetch.ensure(shelf.settings(tmp_path), JARS, quiet)
    folder = fetch.folder_of(shelf.settings(tmp_path), JARS)
    missing = [jar.path for jar in JARS if not (folder / jar.name).exists()]
    shelf.asked.clear()
    fetch.ensure(shelf.settings(tmp_path), JARS, quiet)
    assert ALPHA.path in missing
    assert sorted(shelf.asked) == sorted(missing)


def test_two_at_once_fetch_once(shelf: Shelf, tmp_path: Path) -> None:
    """The second waits for the first and finds everything."""
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda _: fetch.ensure(shelf.settings(tmp_path), JARS, quiet), range(2)))
    assert folders[0] == folders[1]
    assert sorted(shelf.asked) == sorted(jar.path for jar in JARS)


def test_a_caller_can_end_the_download(shelf: Shelf, tmp_path: Path) -> None:
    """What progress raises ends it, so Ctrl-C need not wait for a slow line."""

    def enough(_there: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch.ensure(shelf.settings(tmp_path), JARS, enough)


def test_nobody_at_the_address_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a way out hears what else it can do."""
    monkeypatch.setattr(fetch, "PAUSE", 0.0)
    with pytest.raises(Unavailable, match=THREE_WAYS):
        fetch.ensure(load(cache=tmp_path, maven_mirror="http://127.0.0.1:9"), JARS, quiet)


@pytest.mark.parametrize("mirror", ["not an address", "ftp://127.0.0.1", "http://host:port"])
def test_a_mirror_that_is_no_address_is_refused(tmp_path: Path, mirror: str) -> None:
    """A setting to put right, not a repository to wait for."""
    with pytest.raises(Misconfigured, match="is no address to fetch Neo4j from"):
        fetch.ensure(load(cache=tmp_path, maven_mirror=mirror), JARS, quiet)


def test_the_proxy_of_the_environment_is_used(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a company's proxy the repository's own name need not resolve."""
    for name in ("no_proxy", "NO_PROXY", "ALL_PROXY", "all_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", shelf.url)
    fetch.ensure(load(cache=tmp_path, maven_mirror="http://repository.invalid/"), JARS, quiet)
    assert len(shelf.asked) == len(JARS)


def test_a_full_disk_is_said_as_such(shelf: Shelf, tmp_path: Path) -> None:
    """/dev/full stands for the disk: writing to it fails as a full one does."""
    folder = fetch.folder_of(shelf.settings(tmp_path), JARS)
    folder.mkdir(parents=True)
    (folder / ALPHA.name).with_suffix(".part").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="EPICENTRE_CACHE"):
        fetch.ensure(shelf.settings(tmp_path), JARS, quiet)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The sentence names the folder and the setting."""
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match=r"cache folder .*file.* cannot be written .*EPICENTRE_CACHE"):
        fetch.ensure(load(cache=tmp_path / "file"), JARS, quiet)


def test_a_folder_of_jars_is_used_where_it_is(tmp_path: Path) -> None:
    """Nothing is asked, nothing is copied; other files in the folder do not matter."""
    for jar in JARS:
        (tmp_path / jar.name).write_bytes(CONTENT[jar.artifact])
    (tmp_path / "other.jar").touch()
    settings = load(jars=tmp_path, cache=tmp_path / "cache", maven_mirror="http://127.0.0.1:9")
    assert fetch.ensure(settings, JARS, quiet) == tmp_path
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("content", "says"), [(None, "lacks"), (b"short", "differs"), (CONTENT["alpha"][::-1], "differs")]
)
def test_a_folder_with_other_jars_is_refused_by_name(tmp_path: Path, content: bytes | None, says: str) -> None:
    """A jar that is missing or not the locked one is never run."""
    for jar in JARS:
        (tmp_path / jar.name).write_bytes(CONTENT[jar.artifact])
    (tmp_path / ALPHA.name).unlink()
    if content is not None:
        (tmp_path / ALPHA.name).write_bytes(content)
    with pytest.raises(Misconfigured, match=rf"alpha-1\.0\.jar.*{says}|{says} alpha-1\.0\.jar"):
        fetch.ensure(load(jars=tmp_path), JARS, quiet)


def test_without_a_mirror_the_maven_library_says_where() -> None:
    """The address is not ours to know; it is at least an encrypted one."""
    assert fetch.repository(load(maven_mirror=None)).startswith("https://")
