"""Bring the locked jars onto this machine: in parallel, each verified, nothing fetched twice."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import httpx

from cmdb.config import Settings
from cmdb.engine.lock import Jar, digest
from cmdb.errors import DiskFull, EpicentreError, Misconfigured, Unavailable

Progress = Callable[[int, int], None]
"""Told (bytes there, bytes in all) as the download goes on, one call at a time; what it raises ends the download."""

THREADS = 16
TRIES = 3
PAUSE = 0.5
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
HEADERS = {"User-Agent": "epicentre", "Accept-Encoding": "identity"}  # jars are compressed already
_PASSING = {408, 429, 500, 502, 503, 504}
"""HTTP says of these that asking again may help (RFC 9110, section 15; RFC 6585, section 4)."""
ELSEWHERE = (
    "set EPICENTRE_NEO4J_URI to a Neo4j you have, EPICENTRE_MAVEN_MIRROR to a mirror,"
    " or EPICENTRE_JARS to a folder with the jars"
)


def ensure(settings: Settings, jars: tuple[Jar, ...], progress: Progress) -> Path:
    """The folder with all `jars`, verified. The second time only their sizes are looked at.

    Raises Misconfigured, Unavailable or DiskFull; what is already there stays for the next attempt.
    """
    if settings.jars is not None:
        return _given(settings.jars, jars)
    folder = folder_of(settings, jars)
    if not _complete(folder, jars):
        with _alone(folder):
            if not _complete(folder, jars):  # another process may have done it while we waited
                _fetch(repository(settings), folder, jars, progress)
                (folder / "complete").touch()
    return folder


def folder_of(settings: Settings, jars: tuple[Jar, ...]) -> Path:
    """Where the cache keeps exactly these jars, and what is made from them."""
    return settings.cache / "neo4j" / digest(jars)


def repository(settings: Settings) -> str:
    """The base address of the Maven repository: the mirror, or what the Maven client library knows as central."""
    if settings.maven_mirror:
        return settings.maven_mirror.rstrip("/")
    from jgo.constants import MAVEN_CENTRAL_URL  # late: it costs 0.3 s and is needed once

    return str(MAVEN_CENTRAL_URL)


def _given(folder: Path, jars: tuple[Jar, ...]) -> Path:
    for jar in jars:
        path = folder / jar.name
        if not path.is_file():
            raise Misconfigured(f"EPICENTRE_JARS={folder} lacks {jar.name}")
        if not _is(path, jar):
            raise Misconfigured(f"{path} is not the locked jar: its content differs")
    return folder.absolute()


def _complete(folder: Path, jars: tuple[Jar, ...]) -> bool:
    """Whether all were verified once and none was cut or lost since; hashing 128 MB at every start is not worth it."""
    return (folder / "complete").exists() and all(_size(folder / jar.name) == jar.size for jar in jars)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _is(path: Path, jar: Jar) -> bool:
    if _size(path) != jar.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time fills the folder; the others wait, then find it full."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("w")
    except OSError as error:
        raise Misconfigured(
            f"the cache folder {folder} cannot be written ({error.strerror}): choose another with EPICENTRE_CACHE"
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(base: str, folder: Path, jars: tuple[Jar, ...], progress: Progress) -> None:
    there, total, lock = 0, sum(jar.size for jar in jars), threading.Lock()

    def more(count: int) -> None:
        nonlocal there
        with lock:
            there += count
            progress(there, total)

    # The standard context, not httpx's own, trusts what this machine trusts (SSL_CERT_FILE and the like).
    # Kept connections: 1.1 s for all jars, against 8 s with one connection each.
    tls, limits = ssl.create_default_context(), httpx.Limits(max_connections=THREADS)
    with (
        httpx.Client(verify=tls, timeout=TIMEOUT, limits=limits, headers=HEADERS, follow_redirects=True) as client,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        futures = [pool.submit(_one, client, base, folder, jar, more) for jar in jars]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one(client: httpx.Client, base: str, folder: Path, jar: Jar, more: Callable[[int], None]) -> None:
    path = folder / jar.name
    if _is(path, jar):
        more(jar.size)
        return
    partial = path.with_suffix(".part")
    for attempt in range(1, TRIES + 1):
        try:
            if _get(client, f"{base}/{jar.path}", partial, jar, more):
                partial.replace(path)
                return
            problem: EpicentreError = Unavailable(f"{jar.name} arrives with other content than locked: {ELSEWHERE}")
        except httpx.HTTPStatusError as error:
            problem = Unavailable(f"{jar.name} cannot be fetched ({error.response.status_code}): {ELSEWHERE}")
            if error.response.status_code not in _PASSING:
                raise problem from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Misconfigured(f"{base!r} is no address to fetch Neo4j from: {ELSEWHERE}") from error
        except httpx.RequestError as error:
            problem = Unavailable(f"{jar.name} cannot be fetched ({str(error) or type(error).__name__}): {ELSEWHERE}")
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(f"no room in {folder} for Neo4j's jars: choose another with EPICENTRE_CACHE") from error
            raise Misconfigured(f"{partial} cannot be written ({error.strerror})") from error
        time.sleep(PAUSE * attempt if attempt < TRIES else 0.0)
    raise problem


def _get(client: httpx.Client, url: str, partial: Path, jar: Jar, more: Callable[[int], None]) -> bool:
    """Fetch into `partial`; True when it is what was locked. What did not count is taken back from the progress."""
    count, told, sha256, right = 0, 0, hashlib.sha256(), False
    try:
        with client.stream("GET", url) as response, partial.open("wb") as file:
            response.raise_for_status()
            for block in response.iter_bytes(1 << 17):
                count += len(block)
                if count > jar.size:  # longer than locked: wrong, and maybe endless
                    break
                file.write(block)
                sha256.update(block)
                more(len(block))
                told += len(block)
        right = count == jar.size and sha256.hexdigest() == jar.sha256
    finally:
        if told and not right:
            more(-told)
    return right
