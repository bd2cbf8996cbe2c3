"""Who asks: tokens, sessions, the cookie's defences, and the price of guessing."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from support.front_door import PASSWORD, Door, Reply, front_door

from cmdb.words import Role

OURS = {"X-Epicentre": "1"}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server with the engineer ann."""
    with front_door(tmp_path_factory.mktemp("door")) as opened:
        opened.services.accounts.create_user("ann", [Role.ENGINEER], PASSWORD)
        yield opened


def metrics(door: Door, **headers: str) -> Reply:
    """A request that needs a person."""
    return door.call("GET", "/metrics", headers={k.replace("_", "-"): v for k, v in headers.items()})


def login(door: Door) -> Reply:
    """Ann logs in."""
    return door.ask("/login", {"name": "ann", "password": PASSWORD})


def test_a_login_gives_a_cookie_scripts_cannot_read(door: Door) -> None:
    """HttpOnly, SameSite, of this path; plain name on loopback HTTP, where no browser takes a __Host- one."""
    cookie = login(door).headers["set-cookie"]
    assert cookie.startswith("epicentre=eps_")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_the_cookie_works_only_from_our_own_page(door: Door) -> None:
    """Without our header, or from another origin, a session is not taken: so no foreign page acts for ann."""
    cookie = login(door).headers["set-cookie"].split(";")[0]
    here = f"http://127.0.0.1:{door.port}"
    assert metrics(door, Cookie=cookie, **OURS).status == 200
    assert metrics(door, Cookie=cookie, Origin=here, **OURS).status == 200
    assert metrics(door, Cookie=cookie).status == 403
    assert metrics(door, Cookie=cookie, Origin="http://evil.example", **OURS).status == 403
    assert metrics(door, Cookie=cookie, Origin="null", **OURS).status == 403


def test_every_login_is_a_new_session_and_logout_ends_that_one(door: Door) -> None:
    """A session cannot be fixed beforehand; the others of the same person go on."""
    first, second = (login(door).headers["set-cookie"].split(";")[0] for _ in range(2))
    assert first != second
    out = door.call("POST", "/logout", headers={"Cookie": first, **OURS})
    assert out.status == 200
    assert 'epicentre=""' in out.headers["set-cookie"]
    assert metrics(door, Cookie=first, **OURS).status == 401
    assert metrics(door, Cookie=second, **OURS).status == 200
    assert door.call("POST", "/logout", headers={"Cookie": second}).status == 403


def test_the_login_token_is_a_bearer_until_logout(door: Door) -> None:
    """What a program without cookies uses."""
    found = login(door).body
    assert (found["name"], found["expires_in"]) == ("ann", 12 * 3600)
    bearer = {"Authorization": f"Bearer {found['token']}"}
    assert metrics(door, **bearer).status == 200
    assert door.call("POST", "/logout", headers=bearer).status == 200
    assert metrics(door, **bearer).status == 401


def test_an_api_token_is_revoked_on_the_next_request(door: Door) -> None:
    """No cache stands between."""
    token = door.services.accounts.create_token("ann")
    bearer = {"Authorization": f"bearer {token}"}
    assert metrics(door, **bearer).status == 200
    door.services.accounts.revoke_token(token.split("_")[1])
    answer = metrics(door, **bearer)
    assert (answer.status, answer.code) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", "Bearer epi_a_b", "Bearer eps_a", "Basic YTpi", "Bearer " + "x" * 9000, "epi_a_b"],
)
def test_other_credentials_are_401(door: Door, value: str) -> None:
    """Anything but a token we gave."""
    assert metrics(door, Authorization=value).status == 401


def test_wrong_name_and_wrong_password_look_the_same(door: Door) -> None:
    """Nobody learns which names exist."""
    answers = [door.ask("/login", f) for f in ({"name": "ann", "password": "x"}, {"name": "bob", "password": "x"})]
    assert {a.status for a in answers} == {401}
    assert len({a.body["error"]["message"] for a in answers}) == 1


def test_a_session_over_plain_http_to_another_machine_is_refused(door: Door) -> None:
    """The cookie would travel readable; the password is not even looked at."""
    answer = door.ask("/login", {"name": "ann", "password": PASSWORD}, {"Host": "cmdb.example"})
    assert (answer.status, answer.code) == (403, "forbidden")


@pytest.mark.parametrize("fields", [[], "x", {}, {"name": "ann"}, {"name": "ann", "password": 5}])
def test_half_a_login_is_422(door: Door, fields: object) -> None:
    """What is missing is named; a form is not taken at all."""
    assert door.ask("/login", fields).status == 422
    assert door.call("POST", "/login", b"name=ann", {"Content-Type": "application/x-www-form-urlencoded"}).status == 415


def test_a_flood_of_logins_is_sent_away_and_holds_up_nobody(door: Door) -> None:
    """Passwords are slow to check on purpose: what waits is bounded, and other requests go on meanwhile."""
    statuses: list[int] = []

    def one(n: int) -> None:
        statuses.append(door.ask("/login", {"name": f"u{n}", "password": "x"}).status)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(60)]
    for thread in threads:
        thread.start()
    bearer = {"Authorization": f"Bearer {door.services.accounts.create_token('ann')}"}
    assert metrics(door, **bearer).status == 200
    for thread in threads:
        thread.join(30)
    assert set(statuses) == {401, 429}
    assert statuses.count(401) >= 16
