"""The processes' and the command line's only door: ask a question, get its data, or one of our errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from cmdb import errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPConnection

    from cmdb.words import Principal
    from cmdb_graphql.services import Services


class Client(Protocol):
    """Asks GraphQL as one principal."""

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The answer's data; the first error, if any, is raised as its class of `cmdb.errors`."""
        ...


_BY_CODE: dict[str, type[errors.EpicentreError]] = {
    "too_large": errors.TooLarge,
    "unknown_name": errors.UnknownName,
    "ambiguous_name": errors.AmbiguousName,
    "invalid": errors.Invalid,
    "not_authenticated": errors.NotAuthenticated,
    "forbidden": errors.Forbidden,
    "full_needed": errors.FullNeeded,
    "refused": errors.Refused,
    "conflict": errors.Conflict,
    "store_unavailable": errors.StoreUnavailable,
    "overloaded": errors.Overloaded,
    "disk_full": errors.DiskFull,
    "unavailable": errors.Unavailable,
}


def error_from(facts: dict[str, Any]) -> errors.EpicentreError:
    """The error of that code, as the server raised it."""
    message = str(facts.get("message", "the server refused without a reason"))
    code = str(facts.get("code", ""))
    if code in {"revoked", "unknown", "unsigned"}:
        return errors.NotAuthenticated(message, code=code)
    kind = _BY_CODE.get(code, errors.EpicentreError)
    if kind is errors.Refused:
        return errors.Refused(message, reasons=facts.get("reasons", ()))
    if kind is errors.AmbiguousName:
        return errors.AmbiguousName(message, candidates=[tuple(c) for c in facts.get("candidates", ())])
    return kind(message)


def data_of(answer: dict[str, Any]) -> dict[str, Any]:
    """The data of a GraphQL answer, or its first error."""
    if answer.get("errors"):
        first = answer["errors"][0]
        raise error_from({**first.get("extensions", {}), "message": first.get("message")})
    if "error" in answer:
        raise error_from(answer["error"])
    data: dict[str, Any] = answer.get("data") or {}
    return data


class LocalClient:
    """Asks the server it is part of. For threads other than the server's event loop."""

    def __init__(self, services: Services, principal: Principal) -> None:
        self._services, self._principal = services, principal

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """As Client.ask."""
        import asyncio

        from cmdb_graphql.endpoint import executor

        run = executor(self._services).execute(self._principal, document, variables, inner=True)
        return data_of(asyncio.run(run).body)


class HttpClient:
    """Asks a server by HTTP with an API token."""

    def __init__(self, url: str, token: str, *, timeout: float = 30.0) -> None:
        self.url, self.token, self._timeout = url.rstrip("/"), token, timeout

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """As Client.ask."""
        import http.client
        import json

        body = json.dumps({"query": document, "variables": variables}).encode()
        try:
            status, raw = self._post(body)
        except (OSError, http.client.HTTPException) as error:
            raise errors.Unavailable(f"no server answers at {self.url} ({error})") from error
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not answer.keys() & {"data", "errors", "error"}:
            raise errors.Unavailable(f"{self.url} answered {status} and not as Epicentre does: is it another server?")
        return data_of(answer)

    def lines(self, path: str) -> Iterator[bytes]:
        """The lines of a streamed answer to a GET; a refusal is raised as its class of `cmdb.errors`."""
        import http.client
        import json

        connection, prefix = self._connect()
        try:
            connection.request("GET", prefix + path, headers={"Authorization": f"Bearer {self.token}"})
            response = connection.getresponse()
            if response.status != 200:
                answer = json.loads(response.read())
                raise error_from(answer["error"])
            yield from response
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            raise errors.Unavailable(f"no server answers at {self.url} ({error})") from error
        finally:
            connection.close()

    def _post(self, body: bytes) -> tuple[int, bytes]:
        """One POST with the standard library: importing a client library takes longer than most questions."""
        connection, path = self._connect()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        try:
            connection.request("POST", f"{path}/graphql", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _connect(self) -> tuple[HTTPConnection, str]:
        """A connection, and what stands before every path."""
        import http.client
        from urllib.parse import urlsplit

        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise errors.Invalid(f"{self.url!r} is no address like https://cmdb.example:8480", where="--url")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname, port, timeout=self._timeout), parts.path
