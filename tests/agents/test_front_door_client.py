"""The agent's HTTP client: TLS, addresses, and answers nobody should give."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cmdb.errors import Misconfigured, Unavailable
from cmdb_agents.front_door import MAX_ANSWER, FrontDoor


@contextmanager
def raw_server(
    answer: bytes, tls: ssl.SSLContext | None = None, pause: float = 0.0
) -> Iterator[tuple[int, list[bytes]]]:
    """Accepts one connection, notes what it gets, and answers these bytes (one at a time with a pause between)."""
    got: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)

    def serve() -> None:
        try:
            plain, _ = server.accept()
            plain.settimeout(10)
            with tls.wrap_socket(plain, server_side=True) if tls else plain as connection:
                got.append(_request(connection))
                for piece in [answer[i : i + 1] for i in range(len(answer))] if pause else [answer]:
                    connection.sendall(piece)
                    time.sleep(pause)
        except OSError:
            return  # the client hung up; what it sent before is in `got`

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], got
    finally:
        server.close()
        thread.join(10)


def _request(connection: socket.socket) -> bytes:
    """Head and body; hanging up with a part unread would reset the connection under the answer."""
    raw = b""
    while not raw.partition(b"\r\n\r\n")[2] and (part := connection.recv(65536)):
        raw += part
    return raw


OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context with a self-signed certificate for 127.0.0.1, and the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "server.pem", folder / "server.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return context, pem


def test_untrusted_server_gets_nothing(tmp_path: Path) -> None:
    """A certificate nobody vouches for ends the connection before a byte of the report is sent."""
    context, _ = certificate(tmp_path)
    with raw_server(OK, context) as (port, got), pytest.raises(Unavailable, match="certificate"):
        FrontDoor(f"https://127.0.0.1:{port}").post("/snapshots", b"secret", {})
    assert got == []


def test_trusted_server_is_spoken_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the certificate among the trusted ones, as an administrator would install it, the report goes through."""
    context, pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with raw_server(OK, context) as (port, got):
        assert FrontDoor(f"https://127.0.0.1:{port}").post("/snapshots", b"body", {}).status == 202
    assert got[0].startswith(b"POST /snapshots HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [("https://CMDB.example", "cmdb.example", "/snapshots"), ("https://x:443/", "x", "/snapshots"),
     ("https://x:8480", "x:8480", "/snapshots"), ("http://127.0.0.1:80", "127.0.0.1", "/snapshots"),
     ("http://[::1]:8480", "[::1]:8480", "/snapshots"), ("https://x/epicentre/", "x", "/epicentre/snapshots")],
)  # fmt: skip
def test_authority_and_path(url: str, authority: str, path: str) -> None:
    """What is signed is what the server sees: no default port, brackets around IPv6, the base path kept."""
    door = FrontDoor(url)
    assert (authority, path) == (door.authority, door.path("/snapshots"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "[::1]"])
def test_plain_http_to_this_machine(host: str) -> None:
    """Plain HTTP stays on this machine unless it was allowed by hand."""
    FrontDoor(f"http://{host}:8480")
    with pytest.raises(Misconfigured, match="allow-plain-http"):
        FrontDoor("http://10.0.0.1:8480")
    FrontDoor("http://10.0.0.1:8480", allow_plain_http=True)


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 202 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
     b"HTTP/1.1 202 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"],
    ids=["nothing", "garbage", "status", "headers", "header"],
)  # fmt: skip
def test_no_http_is_unavailable(answer: bytes) -> None:
    """Whatever is no HTTP answer counts as none."""
    with raw_server(answer) as (port, _), pytest.raises(Unavailable):
        FrontDoor(f"http://127.0.0.1:{port}").post("/snapshots", b"{}", {})


def test_strange_bodies() -> None:
    """An endless or nonsensical body is cut and ignored; the status still counts. A date in Retry-After is ignored."""
    for body in (b"x" * (MAX_ANSWER * 4), b"[" * 50_000, b"\xff\xfe", b"[1]"):
        head = b"HTTP/1.1 503 No\r\nRetry-After: Mon, 23 Nov 2026 21:00:00 GMT\r\n\r\n"
        with raw_server(head + body) as (port, _):
            answer = FrontDoor(f"http://127.0.0.1:{port}").post("/snapshots", b"{}", {})
        assert (answer.status, answer.body, answer.retry_after, answer.code) == (503, {}, None, "")


@pytest.mark.parametrize("said", ["\xb2", "1\xb3", "-1", "2.5"])
def test_a_retry_after_that_is_no_number_is_none(said: str) -> None:
    """One bit makes a 2 a superscript two, a digit that is no number: the agent must not die of it."""
    with raw_server(f"HTTP/1.1 503 No\r\nRetry-After: {said}\r\n\r\n".encode("latin-1")) as (port, _):
        answer = FrontDoor(f"http://127.0.0.1:{port}").post("/snapshots", b"{}", {})
    assert (answer.status, answer.retry_after) == (503, None)


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 409 No\r\nContent-Length: 30\r\n\r\n"
      b'{"error":{"code":"full_needed"}and more', 409, ""),
     (b"HTTP/1.1 409 No\r\nTransfer-Encoding: chunked\r\n\r\n"
      b'A;x=y\r\n{"error":{\r\n16\r\n"code":"full_needed"}}\r\n0\r\n\r\n', 409, "full_needed"),
     (b'HTTP/1.0 409 No\r\n\r\n{"error":{"code":"full_needed"}}', 409, "full_needed"),
     (b'HTTP/1.1 409 No\r\nContent-Length: 999999999999\r\n\r\n{"error":{"code":"full_needed"}}', 409, "full_needed"),
     (b'HTTP/1.1 409 No\r\nContent-Length: -1\r\n\r\n{"error":{"code":"full_needed"}}', 409, "full_needed")],
    ids=["after an interim answer", "in pieces", "until the end", "cut", "no length"],
)  # fmt: skip
def test_every_way_to_frame_a_body(answer: bytes, status: int, code: str) -> None:
    """A body by its length, in pieces, or until the server hangs up; what is behind its length is not read."""
    with raw_server(answer) as (port, _):
        found = FrontDoor(f"http://127.0.0.1:{port}").post("/snapshots", b"{}", {})
    assert (found.status, found.code) == (status, code)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 100 Go on\r\n\r\n" * 9, b"HTTP/2 202 OK\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}and more\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"],
)  # fmt: skip
def test_broken_frames_are_no_answer(answer: bytes) -> None:
    """What is framed wrongly may be anything, so it acknowledges nothing."""
    with raw_server(answer) as (port, _), pytest.raises(Unavailable):
        FrontDoor(f"http://127.0.0.1:{port}").post("/snapshots", b"{}", {})


def test_no_line_breaks_go_out() -> None:
    """A value with a line break in it would be a header of its own."""
    with raw_server(OK) as (port, got), pytest.raises(Unavailable, match="line break"):
        FrontDoor(f"http://127.0.0.1:{port}").post("/snapshots", b"{}", {"X": "a\r\nY: b"})
    assert got in ([], [b""])


def test_whom_this_machine_trusts_is_read_again_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator who adds the certificate need not start the agent again."""
    context, pem = certificate(tmp_path)
    with raw_server(OK, context) as (port, _):
        door = FrontDoor(f"https://127.0.0.1:{port}")
        with pytest.raises(Unavailable, match="certificate"):
            door.post("/snapshots", b"secret", {})
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with raw_server(OK, context) as (again, _):
        door._port = again  # the same server, started again
        assert [door.post("/snapshots", b"body", {}).status] == [202]


def test_redirects_are_not_followed() -> None:
    """A redirect is an answer, not an instruction."""
    head = b"HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    with raw_server(head) as (port, _):
        assert FrontDoor(f"http://127.0.0.1:{port}").post("/snapshots", b"{}", {}).status == 307


def test_dripping_server_is_left() -> None:
    """One byte at a time never times out a read; the deadline over all ends it."""
    with raw_server(OK * 50, pause=0.1) as (port, _):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            FrontDoor(f"http://127.0.0.1:{port}", deadline=1.0).post("/snapshots", b"{}", {})
        assert time.monotonic() - started < 4
