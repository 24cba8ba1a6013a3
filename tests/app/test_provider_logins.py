"""Logins through an OpenID provider: opened by issuer and subject alone, each answer taken once, each refusal recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app import accounts, audit, provider_logins, sessions
from app.accounts import Post
from app.db import transaction
from app.errors import Conflict, Unauthorised
from app.models import LoginFailure, OidcStart
from app.permissions import Role
from app.provider import ProviderFailed
from app.provider_logins import LIFE, Returned, StartEnded
from app.sessions import LoginRefused
from tests.app.callers import ADMINISTRATOR
from tests.app.identities import ISSUER, Identities
from tests.app.world import NOW

NAME = "lead@example.org"


@pytest.fixture
def held(empty):
    """A database with one account, which the subject s-1 opens."""
    with transaction(empty.sessions) as session:
        accounts.add(session, ADMINISTRATOR, NAME, Post(Role.DELEGATION_LEAD), NOW)
        accounts.link(session, ADMINISTRATOR, NAME, ISSUER, "s-1", NOW)
    return empty.sessions


@pytest.fixture
def there() -> Identities:
    return Identities(NOW.timestamp())


class Login:
    """One login begun; what comes back may be changed on the way."""

    def __init__(self, held, there: Identities, subject: str = "s-1", at=NOW) -> None:
        self.held, self.provider = held, there.provider()
        self.begun = provider_logins.begin(held, self.provider, at)
        self.brought = there.let_in(self.begun.address, subject)

    def finish(self, *, at=NOW, kept: str | None = None, replaces: str | None = None, **changed: str):
        brought = self.brought | changed
        returned = Returned(
            brought["state"], self.begun.state if kept is None else kept, brought["code"], brought["iss"], replaces
        )
        return provider_logins.finish(self.held, self.provider, returned, at)


def refusals(held) -> list[tuple[str, str]]:
    with held() as session:
        events = audit.events(session, action="login.refused")
        assert all(event.by == "nobody" and event.details["by"] == "oidc" for event in events)
        return [(event.subject, str(event.details["why"])) for event in events]


def test_a_subject_that_is_linked_opens_a_session_of_its_account(held, there) -> None:
    opened = Login(held, there).finish()
    with held() as session:
        assert sessions.caller_of_session(session, opened.token, NOW) == opened.caller
        (event,) = audit.events(session, action="session.opened")
        assert (event.by, event.details) == (NAME, {"by": "oidc"})
        assert session.scalars(select(OidcStart)).all() == []
    assert (opened.caller.name, opened.caller.role) == (NAME, Role.DELEGATION_LEAD)
    assert refusals(held) == []


def test_the_session_that_the_browser_had_ends(held, there) -> None:
    first = Login(held, there).finish()
    Login(held, there).finish(replaces=first.token)
    with held() as session, pytest.raises(Unauthorised):
        sessions.caller_of_session(session, first.token, NOW)


def test_neither_state_nor_secrets_of_a_login_are_readable_where_they_need_not_be(held, there) -> None:
    login = Login(held, there)
    with held() as session:
        (row,) = session.execute(text("SELECT * FROM oidc_start")).all()
    assert login.begun.state not in str(row)
    assert str(row.verifier) not in login.begun.address


def test_an_answer_with_another_state_is_refused_and_does_not_use_up_the_login(held, there) -> None:
    login, other = Login(held, there), Login(held, there)
    for changed in ({"state": "another"}, {"state": ""}, {"state": "", "kept": ""}, {"kept": ""}):
        with pytest.raises(StartEnded):
            login.finish(**changed)
    with pytest.raises(StartEnded):
        login.finish(state=other.begun.state)  # begun, though in another browser
    assert "/token" not in there.paths()
    assert login.finish()
    assert refusals(held) == [("login", "not-begun")] * 5


def test_an_answer_is_taken_once(held, there) -> None:
    login = Login(held, there)
    assert login.finish()
    with pytest.raises(StartEnded):
        login.finish()
    assert there.paths().count("/token") == 1


def test_a_login_begun_too_long_ago_is_refused_and_forgotten(held, there) -> None:
    login = Login(held, there)
    with pytest.raises(StartEnded):
        login.finish(at=NOW + LIFE)
    provider_logins.begin(held, there.provider(), NOW + LIFE)
    with held() as session:
        assert len(session.scalars(select(OidcStart)).all()) == 1
    late = Login(held, there)
    there.at = (NOW + LIFE).timestamp()
    assert late.finish(at=NOW + LIFE - timedelta(seconds=1))


def cases(held, there: Identities):
    with transaction(held) as session:
        for name, subject in (("gone", "s-gone"), ("elsewhere", "s-elsewhere")):
            accounts.add(session, ADMINISTRATOR, name, Post(Role.TRADE_OFFICER), NOW)
            accounts.link(session, ADMINISTRATOR, name, ISSUER, subject, NOW)
        accounts.link(session, ADMINISTRATOR, "elsewhere", "https://elsewhere.example", "s-elsewhere", NOW)
        accounts.disable(session, ADMINISTRATOR, "gone", NOW)
    # Its e-mail address is the name of an account, which opens nothing.
    yield "not-linked", lambda: Login(held, there, "s-unknown").finish()
    yield "not-linked", lambda: Login(held, there, "S-1").finish()
    yield "not-linked", lambda: Login(held, there, "s-elsewhere").finish()
    yield "disabled", lambda: Login(held, there, "s-gone").finish()
    yield "not-let-in", lambda: Login(held, there).finish(code="")
    yield "code-refused", lambda: Login(held, there).finish(code="made up")
    yield "other-provider", lambda: Login(held, there).finish(iss="https://elsewhere.example")
    there.claims = {"nonce": "another"}
    yield "token-refused", lambda: Login(held, there).finish()


def test_every_refusal_reads_as_any_failed_login_and_is_recorded_with_its_cause(held, there) -> None:
    told, causes = [], []
    for cause, attempt in cases(held, there):
        with pytest.raises(LoginRefused) as refused:
            attempt()
        told.append(refused.value.problem())
        causes.append(cause)
    assert told == [LoginRefused().problem()] * 8
    recorded = refusals(held)
    assert [why for _, why in recorded] == causes
    assert next(subject for subject, why in recorded if why == "disabled").startswith("account:")
    assert not any("s-unknown" in str(part) for part in recorded)


def test_a_provider_that_is_down_is_told_as_such_and_recorded_and_the_login_begins_anew(held, there) -> None:
    login = Login(held, there)
    there.answers["/token"] = lambda _: there.send({"error": "server_error"}, 500)
    with pytest.raises(ProviderFailed):
        login.finish()
    assert refusals(held) == [("login", "provider-failed")]
    del there.answers["/token"]
    with pytest.raises(StartEnded):
        login.finish()
    assert Login(held, there).finish()


def test_nobody_waits_for_the_provider_with_the_write_lock_held(held, there) -> None:
    """While the provider thinks, another writes."""
    login, answer = Login(held, there), there._token

    def think(request):
        with transaction(held) as session:
            session.add(LoginFailure(login_sha256="0", address="192.0.2.1", at=NOW))
        return answer(request)

    there.answers["/token"] = think
    assert login.finish()


def test_a_subject_opens_one_account(held) -> None:
    with transaction(held) as session:
        accounts.add(session, ADMINISTRATOR, "second", Post(Role.TRADE_OFFICER), NOW)
        with pytest.raises(Conflict):
            accounts.link(session, ADMINISTRATOR, "second", ISSUER, "s-1", NOW)
