"""How the command line reaches its server, and how a person's word becomes a CI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cmdb.errors import AmbiguousName, Misconfigured, NotAuthenticated, Unavailable, UnknownName
from cmdb_graphql.client import Client, HttpClient
from cmdb_processes.cli.company.folder import is_example

OPTIONS: dict[str, Any] = {"url": None, "token_file": None, "plain": False}
"""The options given before the command."""

RESOLVE = """
query Resolve(
  $name: String!, $class: String, $retired: Boolean! = false, $asOf: Moment, $proposed: ProposedInput
) {
  resolve(name: $name, class: $class, includeRetired: $retired, asOf: $asOf, proposed: $proposed) {
    nodes { id name key class parent { name } }
    truncated
  }
}
"""
NEAR = "query Near($text: String!) { search(text: $text, first: 5) { nodes { name class } } }"
PAGE = 100
"""Rows of a page, which is as many as the server gives."""


def client() -> HttpClient:
    """A client of the server that was named, or of the one on this machine, whose token file needs no login."""
    from cmdb.config import load

    settings = load()
    url = OPTIONS["url"] or settings.url
    token_file = OPTIONS["token_file"] or settings.token_file
    if url is None:
        running = settings.home / "server.json"
        if not running.exists():
            start = "epicentre demo" if is_example(settings.home) else "epicentre up"
            raise Unavailable(f"no server runs on {settings.home}: start one with `{start}`, or name one with --url")
        try:
            url = str(json.loads(running.read_text())["url"])
        except (OSError, ValueError, KeyError) as error:
            raise Misconfigured(f"{running} cannot be read: start the server again with `epicentre up`") from error
        token_file = token_file or settings.home / "token"
    if token_file is None:
        raise NotAuthenticated("with --url, name a file with an API token: --token-file FILE")
    return HttpClient(url, _token(Path(token_file)))


def _token(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise Misconfigured(f"{path} can be read by others: chmod 600 {path}")
        token = path.read_text().strip()
    except FileNotFoundError as error:
        raise NotAuthenticated(f"there is no token file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"the token file {path} cannot be read ({error})") from error
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise Misconfigured(f"{path} holds no API token: it is one line, made by `epicentre token create`")
    return token


def ask(document: str, **variables: Any) -> dict[str, Any]:
    """Ask the server."""
    return client().ask(document, **variables)


def every(field: str, selection: str) -> list[dict[str, Any]]:
    """All rows of a list without arguments of its own, page by page."""
    document = (
        f"query Every($after: String) {{ {field}(first: 100, after: $after) "
        f"{{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
    return [row for page in pages(client(), document, field) for row in page]


def pages(asking: Client, document: str, field: str, **asked: Any) -> Iterator[list[dict[str, Any]]]:
    """The rows of a list, a page at a time; the document takes `$after`."""
    after = None
    while True:
        page = asking.ask(document, **asked, after=after)[field]
        yield page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def whole(asking: Client, document: str, field: str, first: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    """So many rows of a list, with what its first page says beside them; it takes `$first` and `$after`."""
    answer = asking.ask(document, first=min(first, PAGE), **asked)[field]
    nodes, end = answer["nodes"], answer["pageInfo"]
    while len(nodes) < first and end["hasNextPage"]:
        more = asking.ask(document, first=min(first - len(nodes), PAGE), after=end["endCursor"], **asked)[field]
        nodes, end = [*nodes, *more["nodes"]], more["pageInfo"]
    return {**answer, "nodes": nodes, "pageInfo": end}


def resolve(
    asking: HttpClient, name: str, cls: str | None = None, *, retired: bool = False,
    proposed: dict[str, Any] | None = None, as_of: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The one CI meant by an id, a name or the start of either; else who it might be. Retired ones count last.

    As of a moment by what it was called then; by what it is called now, where that alone is its whole name.
    """
    asked = {"name": name, "retired": retired, **({"class": cls} if cls else {})}
    state = ({"proposed": proposed} if proposed is not None else {}) | ({"asOf": as_of} if as_of is not None else {})
    answer = asking.ask(RESOLVE, **asked, **state)["resolve"]
    if as_of is not None and not _whole(answer, name):
        now = asking.ask(RESOLVE, **asked)["resolve"]
        answer = now if _whole(now, name) or not answer["nodes"] else answer
    found: list[dict[str, Any]] = answer["nodes"]
    if len(found) == 1:
        return found[0]
    if found:
        # Inside a host the key says more than the name ("eth0 10.0.0.5"); a host's own is always "self".
        candidates = [(c["id"], c["class"], c["name"] if c["key"] == "self" else c["key"], _where(c)) for c in found]
        more = f" ({answer['truncated']})" if answer["truncated"] else ""
        raise AmbiguousName(f"{name!r} may mean any of these{more}; name its id or key:", candidates=candidates)
    near = [f"{c['name']} ({c['class']})" for c in asking.ask(NEAR, text=name)["search"]["nodes"]]
    hint = f"; similar: {', '.join(near)}" if near else "; `epicentre search TEXT` looks further"
    raise UnknownName(f"nothing here is called {name!r}{hint}")


def _whole(answer: Mapping[str, Any], name: str) -> bool:
    """Whether it is the whole name, key or id of what was found, not only its start."""
    return any(name in (one["id"], one["name"], one["key"]) for one in answer["nodes"])


def _where(ci: dict[str, Any]) -> str:
    return f"on {ci['parent']['name']}" if ci.get("parent") else ""
