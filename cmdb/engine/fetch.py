"""Bring the locked jars onto this machine: in parallel, each verified, each download resumable by jar."""

from __future__ import annotations

import hashlib
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cmdb.config import Settings
from cmdb.engine.lock import Jar, digest
from cmdb.errors import Misconfigured

Progress = Callable[[int, int], None]
"""Told (bytes there, bytes in all) as the download goes on, from any thread."""

THREADS = 16
TRIES = 3
ELSEWHERE = (
    "set EPICENTRE_NEO4J_URI to a Neo4j you have, EPICENTRE_MAVEN_MIRROR to a mirror,"
    " or EPICENTRE_JARS to a folder with the jars"
)


def ensure(settings: Settings, jars: tuple[Jar, ...], progress: Progress) -> Path:
    """The folder with all `jars`, verified. The second time it is only a look at a stamp file."""
    if settings.jars is not None:
        return _given(settings.jars, jars)
    folder = settings.cache / "neo4j" / digest(jars)
    stamp = folder / "complete"
    if stamp.exists():
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(f"the cache folder {folder} cannot be written ({error.strerror})") from error
    _download(repository(settings), folder, jars, progress)
    stamp.touch()
    return folder


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
        if path.stat().st_size != jar.size or _sha256(path) != jar.sha256:
            raise Misconfigured(f"{path} is not the locked jar: its content differs")
    return folder


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(base: str, folder: Path, jars: tuple[Jar, ...], progress: Progress) -> None:
    total, lock, there = sum(jar.size for jar in jars), threading.Lock(), 0

    def more(count: int) -> None:
        nonlocal there
        with lock:
            there += count
            progress(there, total)

    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(_one, base, folder, jar, more) for jar in jars]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _one(base: str, folder: Path, jar: Jar, more: Callable[[int], None]) -> None:
    path = folder / jar.name
    if path.exists() and path.stat().st_size == jar.size and _sha256(path) == jar.sha256:
        more(jar.size)
        return
    for attempt in range(1, TRIES + 1):
        try:
            data = _get(f"{base}/{jar.path}", jar.size)
        except (OSError, ValueError) as error:  # URLError is an OSError; ValueError: no address at all
            if attempt == TRIES or isinstance(error, urllib.error.HTTPError | ValueError):
                raise Misconfigured(f"{jar.name} cannot be fetched ({error}): {ELSEWHERE}") from error
            continue
        if hashlib.sha256(data).hexdigest() == jar.sha256:
            break
        if attempt == TRIES:
            raise Misconfigured(f"{jar.name} arrives with other content than locked: {ELSEWHERE}")
    partial = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    partial.write_bytes(data)
    partial.replace(path)
    more(jar.size)


def _get(url: str, size: int) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "epicentre"})  # noqa: S310  # base is a setting
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        data: bytes = response.read(size + 1)  # one more than locked: a longer answer must not look right
        return data
