"""Logins and the sessions that they open: kept on the server, ended there, and told apart by nothing but a token.

A site's door does three things. ``login`` checks name, password and code and gives a token, which the door sets as a
cookie (``__Host-…``, HttpOnly, Secure, SameSite=Lax). ``caller_of_session`` gives, for that token, the `Caller` to hand
to every job, and `touch` puts off its idle end. ``logout`` ends it. A refused login is recorded although it raises
(``LoginRefused.kept``), so let the exception pass through the request's transaction.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hmac import compare_digest

import pyotp
from pydantic import Field, SecretStr
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import access, accounts, audit
from app.access import Caller
from app.errors import Unauthorised
from app.keys import refusal
from app.models import Account, AccountSession, LoginFailure
from app.permissions import Permission
from matching.phrases import say
from matching.profile import Frozen

PREFIX = "triveni-session_"
"""Of every token, so that it is told from a key."""

IDLE_LIFE = timedelta(minutes=30)
"""A session that is not used ends after this."""

LONGEST_LIFE = timedelta(hours=12)
"""A session ends after this, however busy."""

SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept: to write at each request would make every reader a writer."""

WINDOW = timedelta(minutes=15)
FAILURES_OF_NAME, FAILURES_OF_ADDRESS = 5, 50
"""Refused logins within the window after which a name, or an address, is not listened to."""

_STEP = 30
"""Seconds for which a code stands (RFC 6238)."""


class Credentials(Frozen):
    """What a person gives to be let in."""

    name: str = Field(max_length=200)
    password: SecretStr = Field(max_length=accounts.LONGEST_PASSWORD)
    code: str | None = Field(default=None, max_length=20, description="Of the authenticator, where one is enrolled.")


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened; its token is told here and never again."""

    token: str
    caller: Caller
    expires_at: datetime


class LoginRefused(Unauthorised):
    """The login failed. One answer for every cause, and what it left in the database is kept."""

    code = "login-refused"
    kept = True

    def __init__(self) -> None:
        super().__init__(
            say("that name, password and code do not open an account"),
            hint=say(
                "check all three. After several failures nothing is tried for a quarter of an hour; "
                "if you have lost one of them, ask your administrator"
            ),
        )


def login(session: Session, given: Credentials, address: str, now: datetime, *, replaces: str | None = None) -> Opened:
    """Open a session for who gives the right name, password and, where one is enrolled, code.

    ``address`` is where the request came from; ``replaces`` the token that the browser still has, which ends, so that
    no session is carried through a login. Raises LoginRefused, in the same words and after the same work for an
    unknown name, a wrong password or code, a disabled account and too many failures.
    """
    attempt = _attempt(session, given.name, address, now)
    account = attempt.account
    right = _password_is_right(account, given.password.get_secret_value())
    if account is None or account.disabled_at is not None or attempt.throttled or not right:
        raise _refused(session, attempt)
    if account.totp_secret is not None and not _take_code(account, given.code or "", now):
        raise _refused(session, attempt)
    session.execute(delete(LoginFailure).where(LoginFailure.login_sha256 == attempt.tried))
    return open_session(session, account, "password" if account.totp_secret is None else "code", now, replaces=replaces)


@dataclass(frozen=True, slots=True)
class _Attempt:
    tried: str
    """Hash of the name."""
    address: str
    at: datetime
    account: Account | None
    throttled: bool


def _attempt(session: Session, name: str, address: str, now: datetime) -> _Attempt:
    login_name = accounts.login_of(name)
    tried, address = hashlib.sha256(login_name.encode()).hexdigest(), address[:100]
    recent = session.execute(
        select(
            func.count().filter(LoginFailure.login_sha256 == tried),
            func.count().filter(LoginFailure.address == address),
        ).where(LoginFailure.at > now - WINDOW)
    ).one()
    throttled = recent[0] >= FAILURES_OF_NAME or recent[1] >= FAILURES_OF_ADDRESS
    account = session.scalar(select(Account).where(Account.login == login_name))
    return _Attempt(tried, address, now, account, throttled)


def _refused(session: Session, attempt: _Attempt) -> LoginRefused:
    session.execute(delete(LoginFailure).where(LoginFailure.at <= attempt.at - WINDOW))
    session.add(LoginFailure(login_sha256=attempt.tried, address=attempt.address, at=attempt.at))
    session.flush()
    # Whether the name is known stays out of the answer, and belongs into the log.
    subject = "login" if attempt.account is None else f"account:{attempt.account.id}"
    details = {"throttled": attempt.throttled}
    audit.record(session, by="nobody", action="login.refused", subject=subject, details=details, at=attempt.at)
    return LoginRefused()


def _password_is_right(account: Account | None, password: str) -> bool:
    """Check the password; where there is none to check against, take as long over another."""
    held = account.password_hash if account is not None else None
    right = accounts.hasher().verify(password, held or _nobodys_hash())
    return right and held is not None


@cache
def _nobodys_hash() -> str:
    return accounts.hasher().hash(secrets.token_urlsafe(32))


def _take_code(account: Account, code: str, now: datetime) -> bool:
    """Whether it is the code of this half minute or of one beside it, and not one that has been used."""
    assert account.totp_secret is not None
    totp = pyotp.TOTP(account.totp_secret)
    step = int(now.timestamp()) // _STEP
    given = "".join(code.split())
    for at in (step - 1, step, step + 1):
        if compare_digest(totp.at(at * _STEP).encode(), given.encode()) and at > (account.totp_step or 0):
            account.totp_step = at
            return True
    return False


def open_session(session: Session, account: Account, by: str, now: datetime, *, replaces: str | None = None) -> Opened:
    """Open a session for an account whose holder has been recognised; ``by`` says how."""
    if replaces:
        logout(session, replaces, now)
    token = PREFIX + secrets.token_urlsafe(32)
    held = AccountSession(
        account_id=account.id,
        token_sha256=_digest(token),
        by=by,
        created_at=now,
        seen_at=now,
        expires_at=now + LONGEST_LIFE,
    )
    session.add(held)
    session.flush()
    audit.record(
        session, by=account.name, action="session.opened", subject=f"session:{held.id}", details={"by": by}, at=now
    )
    return Opened(token, accounts.caller_for(session, account, now), held.expires_at)


def caller_of_session(session: Session, token: str | None, now: datetime) -> Caller:
    """The caller whose session the token is; raises Unauthorised, in the same words whatever is wrong with it."""
    return accounts.caller_for(session, _live(session, token, now)[1], now)


def _live(session: Session, token: str | None, now: datetime) -> tuple[AccountSession, Account]:
    held = _held(session, token)
    if held is None or held.ended_at is not None or now >= min(held.expires_at, held.seen_at + IDLE_LIFE):
        raise refusal()
    account = session.get_one(Account, held.account_id)
    if account.disabled_at is not None:
        raise refusal()
    return held, account


def _held(session: Session, token: str | None) -> AccountSession | None:
    if not token:
        return None
    return session.scalar(select(AccountSession).where(AccountSession.token_sha256 == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def is_due(session: Session, token: str, now: datetime) -> bool:
    """Whether it is time to record that the live session of this token was used."""
    return now - _live(session, token, now)[0].seen_at >= SEEN_EVERY


def touch(session: Session, token: str, now: datetime) -> None:
    """Record that the session was used, which puts off its idle end; an ended one stays ended."""
    if is_due(session, token, now):
        _live(session, token, now)[0].seen_at = now


def logout(session: Session, token: str, now: datetime) -> bool:
    """End the session of a token; false for one that has ended, or never was."""
    held = _held(session, token)
    if held is None or held.ended_at is not None:
        return False
    held.ended_at = now
    account = session.get_one(Account, held.account_id)
    audit.record(session, by=account.name, action="session.ended", subject=f"session:{held.id}", at=now)
    return True


def revoke_sessions(session: Session, caller: Caller, now: datetime, *, of: str | None = None) -> int:
    """End every session of the caller, on all devices, or with ``of`` of another account; returns how many.

    Raises Forbidden for another's account without the permission to manage accounts.
    """
    if of is not None and accounts.login_of(of) != accounts.login_of(caller.name):
        access.require(caller, Permission.MANAGE_ACCOUNTS)
    account = accounts.find(session, of or caller.name)
    ended = accounts.end_sessions(session, account, now)
    details = {"ended": ended}
    audit.record(
        session, by=caller.name, action="sessions.revoked", subject=f"account:{account.id}", details=details, at=now
    )
    return ended
