"""The one door of processes and command line: over HTTP and in process, with our own errors on both."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.front_door import Door, closed_port, front_door
from support.questions import person

from cmdb import errors
from cmdb.words import Role
from cmdb_graphql.client import Client, HttpClient, LocalClient, error_from
from cmdb_graphql.errors import facts_of


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server whose Neo4j is down."""
    with front_door(tmp_path_factory.mktemp("client")) as opened:
        opened.services.accounts.create_user("vera", [Role.VIEWER])
        yield opened


def clients(door: Door) -> list[Client]:
    """Both kinds, as the same person."""
    token = door.services.accounts.create_token("vera")
    local = LocalClient(door.services, person(Role.VIEWER, name="vera"))
    return [HttpClient(f"http://127.0.0.1:{door.port}/", token), local]


def test_both_give_the_data(door: Door) -> None:
    """The same answer by either way."""
    for client in clients(door):
        assert client.ask("query Q($x: Boolean!){me{name roles @skip(if: $x)}}", x=True) == {"me": {"name": "vera"}}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("{nonsense}", errors.Invalid),
        ("{hosts(first: 100){nodes{children(first: 100){id}}}}", errors.TooLarge),
        ("{users{nodes{name}}}", errors.Forbidden),
        ('mutation{createToken(user: "ada")}', errors.Forbidden),
        ("{hosts{nodes{id}}}", errors.StoreUnavailable),
        ("{hosts(first: 0){nodes{id}}}", errors.TooLarge),
    ],
)
def test_both_raise_our_errors(door: Door, document: str, kind: type[errors.EpicentreError]) -> None:
    """By their class, with one sentence for the person."""
    for client in clients(door):
        with pytest.raises(kind) as caught:
            client.ask(document)
        assert type(caught.value) is kind and caught.value.message


@pytest.mark.parametrize(
    "error",
    [
        errors.AmbiguousName(
            "which?", candidates=[("ci_1", "Host", "web", "here"), ("ci_2", "Service", "web", "there")]
        ),
        errors.Refused("no", reasons=("it is closed", "it is late")),
        errors.UnknownName("there is no x", where="of"),
        errors.Conflict("somebody was faster"),
        errors.Overloaded("too much"),
        errors.NotAuthenticated("it was revoked", code="revoked"),
        errors.DiskFull("no room"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_an_error_survives_the_way(error: errors.EpicentreError) -> None:
    """Class, message and what helps to act come out as they went in."""
    back = error_from(facts_of(error))
    assert type(back) is type(error) and back.message == error.message
    for name in ("candidates", "reasons", "code"):
        assert getattr(back, name, None) == getattr(error, name, None)


def test_no_server_is_one_sentence() -> None:
    """Connection refused is not a stack trace."""
    with pytest.raises(errors.Unavailable, match=r"^no server answers at http://127\.0\.0\.1:\d+ "):
        HttpClient(f"http://127.0.0.1:{closed_port()}", "epi_x_y").ask("{me{name}}")


def test_a_wrong_token_is_one_sentence(door: Door) -> None:
    """401 is NotAuthenticated."""
    with pytest.raises(errors.NotAuthenticated):
        HttpClient(f"http://127.0.0.1:{door.port}", "epi_wrong_wrong").ask("{me{name}}")


@pytest.mark.parametrize("url", ["localhost:8480", "ftp://x", "http://", "", "http://127.0.0.1:port"])
def test_a_wrong_address_is_said(url: str) -> None:
    """Before anything is sent."""
    with pytest.raises(errors.EpicentreError):
        HttpClient(url, "epi_x_y").ask("{me{name}}")


@contextmanager
def stranger(status: int, body: bytes) -> Iterator[str]:
    """Some other web server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's word
            """Quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html>Bad Gateway</html>"),
        (200, b""),
        (200, b"[]"),
        (200, b'"x"'),
        (500, b'{"detail": "x"}'),
        (404, b"{}"),
    ],
)
def test_an_answer_that_is_not_ours_is_said(status: int, body: bytes) -> None:
    """A proxy's page, an empty answer or somebody else's JSON is no data."""
    with stranger(status, body) as url, pytest.raises(errors.EpicentreError):
        HttpClient(url, "epi_x_y").ask("{me{name}}")
