"""People: passwords, roles, sessions and API tokens."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cmdb.accounts import FREE_TRIES, MOST_NAMES, MOST_PAUSE, Accounts, Tries
from cmdb.errors import Conflict, Invalid, NotAuthenticated, Overloaded, UnknownName
from cmdb.words import Role

PASSWORD = "correct horse battery"


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """Fresh accounts with one engineer, ann."""
    opened = Accounts(tmp_path / "accounts.db", b"pepper")
    opened.create_user("root", [Role.ADMIN])
    opened.create_user("ann", [Role.ENGINEER], PASSWORD)
    yield opened
    opened.close()


def test_the_first_start_makes_one_admin_and_shows_its_password_once(tmp_path: Path) -> None:
    """The random password works; a second start makes none."""
    accounts = Accounts(tmp_path / "new.db", b"pepper")
    password = accounts.first_admin("admin")
    assert password is not None
    assert accounts.check_password("admin", password).roles == frozenset(Role)
    assert accounts.first_admin("admin") is None
    accounts.close()


def test_wrong_name_and_wrong_password_are_one_answer(accounts: Accounts) -> None:
    """Who tries names learns nothing, not even of accounts without a password."""
    words = set()
    for name, password in (("ann", "wrong password"), ("nobody", PASSWORD), ("root", PASSWORD)):
        with pytest.raises(NotAuthenticated) as caught:
            accounts.check_password(name, password)
        words.add(caught.value.message)
    assert words == {"wrong name or password"}


def test_guessing_is_slowed_down_for_that_name_only(accounts: Accounts) -> None:
    """After some wrong passwords further tries must wait, the right one too; others are not disturbed."""
    for _ in range(FREE_TRIES):
        with pytest.raises(NotAuthenticated):
            accounts.check_password("nobody", "wrong password")
    with pytest.raises(Overloaded, match="try again in"):
        accounts.check_password("nobody", PASSWORD)
    assert accounts.check_password("ann", PASSWORD).name == "ann"


def test_many_tries_at_once_gain_nothing(accounts: Accounts) -> None:
    """A try counts from its beginning: thirty at once check no more passwords than one after the other."""
    outcomes: list[type] = []

    def one() -> None:
        try:
            accounts.check_password("ann", "wrong password")
        except (NotAuthenticated, Overloaded) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=one) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert outcomes.count(NotAuthenticated) == FREE_TRIES
    assert outcomes.count(Overloaded) == 30 - FREE_TRIES


def test_the_wait_doubles_to_a_bound_and_a_right_password_ends_it() -> None:
    """One, two, four … 300 seconds; a flood of invented names forgets the longest untried, not the guessed one."""
    now = 0.0
    tries = Tries(lambda: now)
    waits = []
    for n in range(20):
        tries.begin("ann")
        if n >= FREE_TRIES - 1:
            with pytest.raises(Overloaded) as caught:
                tries.begin("ann")
            waits.append(caught.value.retry_after)
            now += caught.value.retry_after
    assert waits == [min(MOST_PAUSE, 2.0**n) for n in range(len(waits))]
    tries.begin("ann")
    for n in range(MOST_NAMES - 1):
        tries.begin(f"invented {n}")
    with pytest.raises(Overloaded):
        tries.begin("ann")
    assert len(tries._wrong) == MOST_NAMES
    tries.forget("ann")
    tries.begin("ann")


def test_a_wrong_name_costs_what_a_wrong_password_costs(accounts: Accounts) -> None:
    """Both pay for one password hash; the fastest of several tries each, within a factor of two."""

    def cost(prefix: str) -> float:
        spent = []
        for n in range(4):
            begun = time.perf_counter()
            with pytest.raises(NotAuthenticated):
                accounts.check_password(prefix if prefix == "ann" else f"{prefix}{n}", "wrong password")
            spent.append(time.perf_counter() - begun)
        return min(spent)

    known, unknown = cost("ann"), cost("nobody")
    assert 0.5 < known / unknown < 2


def test_of_two_admins_who_demote_each_other_one_remains(accounts: Accounts) -> None:
    """Looking and changing are one step."""
    for _ in range(10):
        accounts.set_roles("ann", [Role.ADMIN])
        accounts.set_roles("root", [Role.ADMIN])
        threads = [threading.Thread(target=_demote, args=(accounts, name)) for name in ("ann", "root")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert [u.name for u in accounts.users() if Role.ADMIN in u.roles]


def _demote(accounts: Accounts, name: str) -> None:
    with suppress(Conflict):
        accounts.set_roles(name, [Role.VIEWER])


def test_that_nobody_is_called_so_is_said_before_anything_else(accounts: Accounts) -> None:
    """Also where the roles would not do for anybody: a reader without a view."""
    with pytest.raises(UnknownName, match="no user 'nobody'"):
        accounts.set_roles("nobody", [Role.READER])
    with pytest.raises(Invalid, match="name the view"):
        accounts.set_roles("ann", [Role.READER])


def test_a_session_lasts_until_logout(accounts: Accounts) -> None:
    """The session stands for the person, with the roles of now."""
    text = accounts.login("ann", PASSWORD)
    assert accounts.session(text).may(Role.ENGINEER)
    accounts.set_roles("ann", [Role.VIEWER])
    assert not accounts.session(text).may(Role.ENGINEER)
    accounts.logout(text)
    with pytest.raises(NotAuthenticated):
        accounts.session(text)


@pytest.mark.parametrize("years", [-10, 10])
def test_a_session_that_another_clock_has_opened_is_over(tmp_path: Path, accounts: Accounts, years: int) -> None:
    """Opened while the clock was years behind or ahead, it must not last for years once the clock is right."""
    text = accounts.login("ann", PASSWORD)
    with sqlite3.connect(tmp_path / "accounts.db") as db:
        (expires,) = db.execute("SELECT expires FROM session").fetchone()
        db.execute("UPDATE session SET expires = ?", (f"{int(expires[:4]) + years}{expires[4:]}",))
    db.close()
    with pytest.raises(NotAuthenticated, match="log in again"):
        accounts.session(text)


def test_a_token_has_at_most_its_users_roles_and_ends_when_revoked(accounts: Accounts) -> None:
    """A narrowed token stays narrow, a revoked one is refused at once, a demoted user's token falls with him."""
    narrow = accounts.create_token("ann", "ci", [Role.VIEWER])
    wide = accounts.create_token("ann")
    assert accounts.authenticate(narrow).roles == set(Role.VIEWER.implies)
    assert accounts.authenticate(wide).roles == set(Role.ENGINEER.implies)
    accounts.set_roles("ann", [Role.VIEWER])
    assert accounts.authenticate(wide).roles == set(Role.VIEWER.implies)
    accounts.revoke_token(narrow.split("_")[1])
    with pytest.raises(NotAuthenticated):
        accounts.authenticate(narrow)
    assert {(t.label, t.revoked_at is None, t.last_used is None) for t in accounts.tokens()} == {
        ("ci", False, False),
        ("", True, False),
    }


@pytest.mark.parametrize("text", ["", "epi_", "epi_x_y", "epe_a_b", "Bearer x", "epi_" + "a" * 5000])
def test_an_invented_token_is_refused(accounts: Accounts, text: str) -> None:
    """Nothing but a token we made lets anybody in."""
    with pytest.raises(NotAuthenticated):
        accounts.authenticate(text)


def test_a_changed_secret_or_an_expired_token_is_refused(accounts: Accounts) -> None:
    """The key id alone is worth nothing, and expiry holds."""
    token = accounts.create_token("ann")
    with pytest.raises(NotAuthenticated):
        accounts.authenticate(token[:-1] + ("a" if token[-1] != "a" else "b"))
    accounts._db.execute("UPDATE token SET expires = '2020-01-01T00:00:00+00:00'")
    with pytest.raises(NotAuthenticated):
        accounts.authenticate(token)


def test_impossible_accounts_and_tokens_are_refused(accounts: Accounts) -> None:
    """Each refusal names what was wrong."""
    with pytest.raises(Conflict, match="already"):
        accounts.create_user("ann", [Role.VIEWER])
    with pytest.raises(Invalid, match="name"):
        accounts.create_user("a b", [Role.VIEWER])
    with pytest.raises(Invalid, match="password"):
        accounts.create_user("bob", [Role.VIEWER], "short")
    with pytest.raises(Invalid, match="role"):
        accounts.create_user("bob", [])
    with pytest.raises(Invalid, match="does not hold admin"):
        accounts.create_token("ann", roles=[Role.ADMIN])
    with pytest.raises(UnknownName):
        accounts.create_token("bob")
    with pytest.raises(Conflict, match="only admin"):
        accounts.set_roles("root", [Role.VIEWER])


def test_neither_password_nor_token_is_on_the_disk(tmp_path: Path) -> None:
    """The files hold hashes only."""
    accounts = Accounts(tmp_path / "accounts.db", b"pepper")
    accounts.create_user("ann", [Role.VIEWER], PASSWORD)
    token, session = accounts.create_token("ann"), accounts.login("ann", PASSWORD)
    accounts.close()
    for secret in (PASSWORD, token.split("_", 2)[2], session):
        assert all(secret.encode() not in file.read_bytes() for file in tmp_path.iterdir())
