"""Logins through an OpenID provider: begun here, proven there, opened here.

The provider is asked between transactions, never within one: nobody waits for it with the database's write lock held.
An account is found by issuer and subject (``triveni account link``) and by nothing else. A second factor is the
provider's to ask for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

import structlog
from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from app import accounts, audit, sessions
from app.db import transaction
from app.errors import Unauthorised
from app.models import OidcStart
from app.provider import IdentityRefused, Provider, ProviderFailed, Start
from app.sessions import LoginRefused, Opened
from matching.phrases import say

log = structlog.get_logger("triveni")

LIFE = timedelta(minutes=10)
"""A login that was begun is finished within this, or begun again."""


class StartEnded(Unauthorised):
    """No login that this browser has begun waits for this answer: it was finished, is too old, or is another's."""

    code = "sign-in-ended"
    kept = True

    def __init__(self) -> None:
        super().__init__(
            say("this sign-in was not begun in this browser, or it has ended"), hint=say("begin it again here")
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """A login begun: where to send the person, and the state that their browser keeps until they are back."""

    address: str
    state: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What a person brings back from the provider, with what their browser kept."""

    state: str
    kept: str
    """The state that the browser kept."""
    code: str
    issuer: str
    """Which provider says it has answered (RFC 9207), where it does."""
    replaces: str | None = None
    """Token of the session that the browser still has, which ends."""


def begin(held: sessionmaker[Session], provider: Provider, at: datetime) -> Begun:
    """Begin a login; raises ProviderFailed. What was begun too long ago is forgotten."""
    start = Start.new()
    try:
        address = provider.address(start, at)
    except ProviderFailed as problem:
        log.warning("login.not_begun", by="oidc", why=problem.why)
        raise
    with transaction(held) as session:
        session.execute(delete(OidcStart).where(OidcStart.started_at <= at - LIFE))
        session.add(
            OidcStart(state_sha256=_digest(start.state), nonce=start.nonce, verifier=start.verifier, started_at=at)
        )
    return Begun(address, start.state)


def finish(held: sessionmaker[Session], provider: Provider, returned: Returned, at: datetime) -> Opened:
    """Open a session for whom the provider has recognised.

    Raises StartEnded, ProviderFailed, and LoginRefused in the words of any failed login: for a token that proves
    nothing, a subject that opens no account, and an account that is disabled. Each is an event of the log.
    """
    with transaction(held) as session:
        start = _take(session, returned, at)
    try:
        subject = _recognised(provider, returned, start, at)
    except (IdentityRefused, ProviderFailed) as problem:
        log.warning("login.refused", by="oidc", why=problem.why)
        with transaction(held) as session:
            _note(session, "login", problem.code, at)
        if isinstance(problem, ProviderFailed):
            raise
        raise LoginRefused from problem
    with transaction(held) as session:
        return _open(session, provider.issuer, subject, returned.replaces, at)


def _take(session: Session, returned: Returned, at: datetime) -> Start:
    """What the login was begun with; it is used up by this, so that no answer is taken twice."""
    kept = compare_digest(returned.state.encode(), returned.kept.encode())
    of_state = (OidcStart.state_sha256 == _digest(returned.state)) & (OidcStart.started_at > at - LIFE)
    taken = delete(OidcStart).where(of_state).returning(OidcStart.nonce, OidcStart.verifier)
    begun = session.execute(taken).one_or_none() if kept else None
    if begun is None:
        _note(session, "login", "not-begun", at)
        raise StartEnded
    return Start(returned.state, begun.nonce, begun.verifier)


def _recognised(provider: Provider, returned: Returned, start: Start, at: datetime) -> str:
    if returned.issuer not in ("", provider.issuer):
        raise IdentityRefused("other-provider", "another provider answers")
    if not returned.code:
        raise IdentityRefused("not-let-in", "the provider let nobody in")
    return provider.subject(returned.code, start, at)


def _open(session: Session, issuer: str, subject: str, replaces: str | None, at: datetime) -> Opened:
    account = accounts.by_subject(session, issuer, subject)
    if account is None or account.disabled_at is not None:
        known = "login" if account is None else f"account:{account.id}"
        _note(session, known, "not-linked" if account is None else "disabled", at)
        raise LoginRefused
    return sessions.open_session(session, account, "oidc", at, replaces=replaces)


def _note(session: Session, subject: str, why: str, at: datetime) -> None:
    audit.record(
        session, by="nobody", action="login.refused", subject=subject, details={"by": "oidc", "why": why}, at=at
    )


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
