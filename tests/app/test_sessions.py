"""Logins and sessions: every refusal reads the same, failures are counted, and what is ended stays ended."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, text

from app import accounts, audit, sessions
from app.access import Caller
from app.accounts import Post
from app.db import transaction
from app.errors import Forbidden, Unauthorised
from app.models import Account, AccountSession, LoginFailure
from app.permissions import Role
from app.sessions import Credentials, LoginRefused
from tests.app.callers import ADMINISTRATOR
from tests.app.world import NOW

NAME, PASSWORD, ADDRESS = "lead@example.org", "four unlikely words in a row", "192.0.2.7"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return accounts.hasher().hash(PASSWORD)


@pytest.fixture
def account(session, password_hash: str) -> Account:
    made = accounts.add(session, ADMINISTRATOR, NAME, Post(Role.DELEGATION_LEAD), NOW)
    made.password_hash = password_hash
    return made


def login(session, name=NAME, password=PASSWORD, code=None, *, at=NOW, address=ADDRESS, replaces=None):
    given = Credentials(name=name, password=password, code=code)
    return sessions.login(session, given, address, at, replaces=replaces)


def test_the_right_password_opens_a_session_that_names_its_caller(session, account) -> None:
    opened = login(session, "  LEAD@example.org ")
    assert opened.caller == Caller(NAME, Role.DELEGATION_LEAD)
    assert sessions.caller_of_session(session, opened.token, NOW) == opened.caller


def test_only_the_hash_of_a_token_is_stored(session, account) -> None:
    secret = login(session).token.removeprefix(sessions.PREFIX)
    rows = [
        row for table in ("account_session", "audit_event") for row in session.execute(text(f"SELECT * FROM {table}"))
    ]
    assert len(secret) > 40
    assert rows
    assert not any(secret in str(row) for row in rows)


def refusals(session, account):
    disabled = accounts.add(session, ADMINISTRATOR, "gone", Post(Role.TRADE_OFFICER), NOW)
    disabled.password_hash, disabled.disabled_at = account.password_hash, NOW
    accounts.add(session, ADMINISTRATOR, "by key", Post(Role.TRADE_OFFICER), NOW)
    coded = accounts.add(session, ADMINISTRATOR, "coded", Post(Role.TRADE_OFFICER), NOW)
    coded.password_hash, coded.totp_secret = account.password_hash, pyotp.random_base32()
    yield {"name": "nobody"}
    yield {"password": PASSWORD + "."}
    yield {"password": ""}
    yield {"name": "gone"}
    yield {"name": "by key"}
    yield {"name": "coded"}
    yield {"name": "coded", "code": "not one"}


def test_every_refusal_reads_the_same_whatever_its_cause(session, account) -> None:
    said = []
    for given in refusals(session, account):
        with pytest.raises(LoginRefused) as told:
            login(session, **given)
        said.append(told.value.problem())
    assert len(said) == 7
    assert said == [said[0]] * 7
    assert "nobody" not in str(said[0])


def test_a_name_is_not_listened_to_after_five_failures_and_is_again_later(session, account) -> None:
    for _ in range(sessions.FAILURES_OF_NAME):
        with pytest.raises(LoginRefused):
            login(session, password="wrong")
    with pytest.raises(LoginRefused):
        login(session)
    assert login(session, at=NOW + sessions.WINDOW)


def test_an_address_that_tries_many_names_is_not_listened_to(session, account) -> None:
    session.add_all(
        LoginFailure(login_sha256=str(number), address=ADDRESS, at=NOW)
        for number in range(sessions.FAILURES_OF_ADDRESS)
    )
    with pytest.raises(LoginRefused):
        login(session)
    assert login(session, address="198.51.100.1")


def test_a_login_that_succeeds_forgives_the_failures_before_it(session, account) -> None:
    for _ in range(3):
        for _ in range(sessions.FAILURES_OF_NAME - 1):
            with pytest.raises(LoginRefused):
                login(session, password="wrong")
        assert login(session)


def test_a_refused_login_is_recorded_although_its_transaction_raised(sessions_of_world) -> None:
    with pytest.raises(LoginRefused), transaction(sessions_of_world) as session:
        login(session, "hunter2 typed in the wrong box")
    with sessions_of_world() as session:
        assert len(session.scalars(select(LoginFailure)).all()) == 1
        (event,) = audit.events(session, action="login.refused")
        assert (event.by, event.subject) == ("nobody", "login")
        assert "hunter2" not in str(session.execute(text("SELECT * FROM login_failure")).all())


@pytest.fixture
def sessions_of_world(world):
    return world.sessions


def test_a_code_opens_once_and_within_half_a_minute_either_way(session, account) -> None:
    account.totp_secret = pyotp.random_base32()
    totp = pyotp.TOTP(account.totp_secret)
    early, late = NOW - timedelta(seconds=90), NOW + timedelta(seconds=90)
    for wrong in (totp.at(early), totp.at(late)):
        with pytest.raises(LoginRefused):
            login(session, code=wrong)
    code = totp.at(NOW)
    assert login(session, code=f"{code[:3]} {code[3:]}").caller.name == NAME
    for used in (code, totp.at(NOW - timedelta(seconds=30))):
        with pytest.raises(LoginRefused):
            login(session, code=used)
    assert login(session, code=totp.at(NOW + timedelta(seconds=30)))


def ended(session, token: str | None, at=NOW) -> bool:
    try:
        sessions.caller_of_session(session, token, at)
    except Unauthorised:
        return True
    return False


def test_a_session_ends_when_it_is_not_used(session, account) -> None:
    token = login(session).token
    assert not ended(session, token, NOW + sessions.IDLE_LIFE - timedelta(seconds=1))
    assert ended(session, token, NOW + sessions.IDLE_LIFE)


def test_use_puts_off_the_idle_end_and_never_the_last(session, account) -> None:
    token, at = login(session).token, NOW
    while at < NOW + sessions.LONGEST_LIFE - timedelta(minutes=20):
        at += timedelta(minutes=20)
        if at < NOW + sessions.LONGEST_LIFE:
            sessions.touch(session, token, at)
            assert not ended(session, token, at)
    assert ended(session, token, NOW + sessions.LONGEST_LIFE)


def test_an_ended_session_is_not_woken_by_use(session, account) -> None:
    token = login(session).token
    with pytest.raises(Unauthorised):
        sessions.touch(session, token, NOW + sessions.IDLE_LIFE)
    sessions.logout(session, token, NOW)
    sessions.logout(session, token, NOW)
    sessions.logout(session, "never was", NOW)
    with pytest.raises(Unauthorised):
        sessions.touch(session, token, NOW + timedelta(minutes=2))
    assert len(audit.events(session, action="session.ended")) == 1


def test_a_login_ends_the_session_it_replaces(session, account) -> None:
    first = login(session).token
    second = login(session, replaces=first).token
    assert first != second
    assert (ended(session, first), ended(session, second)) == (True, False)


@pytest.mark.parametrize("wrong", [None, "", sessions.PREFIX, sessions.PREFIX + "unknown"])
def test_what_is_no_token_opens_nothing_in_the_words_for_keys(session, account, wrong) -> None:
    with pytest.raises(Unauthorised, match="this needs an API key that is live"):
        sessions.caller_of_session(session, wrong, NOW)


def test_all_sessions_end_together_and_others_need_an_administrator(session, account) -> None:
    tokens = [login(session).token for _ in range(3)]
    me = sessions.caller_of_session(session, tokens[0], NOW)
    other = Caller("other", Role.TRADE_OFFICER)
    with pytest.raises(Forbidden):
        sessions.revoke_sessions(session, other, NOW, of=NAME)
    assert sessions.revoke_sessions(session, me, NOW) == 3
    assert all(ended(session, token) for token in tokens)
    again = login(session).token
    assert sessions.revoke_sessions(session, ADMINISTRATOR, NOW, of=NAME) == 1
    assert ended(session, again)


@pytest.mark.parametrize("how", ["disabled", "another password", "another role"])
def test_what_changes_an_account_ends_its_sessions(session, account, how: str) -> None:
    token = login(session).token
    if how == "disabled":
        accounts.disable(session, ADMINISTRATOR, NAME, NOW)
    elif how == "another password":
        accounts.set_password(session, ADMINISTRATOR, NAME, NOW)
    else:
        accounts.change_post(session, ADMINISTRATOR, NAME, Post(Role.TRADE_OFFICER), NOW)
    assert ended(session, token)
    assert session.scalars(select(AccountSession.ended_at)).all() == [NOW]
