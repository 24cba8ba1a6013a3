"""Keys for the API: each belongs to an account, may be narrowed to some of its permissions, and ends."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access, accounts, audit
from app.access import CONSOLE, Caller
from app.accounts import Post
from app.errors import Forbidden, Invalid, NotFound, Unauthorised
from app.models import Account, ApiKey
from app.permissions import PERMISSIONS, Permission, Role

KEY_LIFE = timedelta(days=365)
"""The longest that a key lives, and how long it lives unless told otherwise."""


def create_key(
    session: Session,
    holder: str,
    now: datetime,
    *,
    account: str | None = None,
    scopes: Iterable[Permission] | None = None,
    life: timedelta = KEY_LIFE,
    by: Caller = CONSOLE,
) -> str:
    """Make a key for the API and return it: it is shown once and only its hash is kept.

    It belongs to ``account``, and ``holder`` says what it is for. Without an account it belongs to the one named
    ``holder``; where there is none, a trade officer's is made, which nothing but its keys opens. Raises NotFound for an
    unknown account, and Invalid for a scope that the account does not have and for a life beyond a year.
    """
    access.require(by, Permission.MANAGE_ACCOUNTS)
    if not timedelta(0) < life <= KEY_LIFE:
        raise Invalid(f"a key lives up to {KEY_LIFE.days} days, not {life.days}")
    of = accounts.find(session, account) if account is not None else _of_holder(session, holder, now, by)
    if of.disabled_at is not None:
        raise Forbidden(f"the account {of.name!r} is disabled", hint="a disabled account gets no key")
    narrowed = None if scopes is None else sorted(set(scopes))
    beyond = [scope for scope in narrowed or () if scope not in PERMISSIONS[of.role]]
    if beyond:
        raise Invalid(
            f"{of.name!r} is a {of.role.replace('_', ' ')} and does not have {', '.join(beyond)}",
            hint=f"it has {', '.join(sorted(PERMISSIONS[of.role]))}",
        )
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    key = f"triveni_{prefix}_{secret}"
    session.add(
        ApiKey(
            account_id=of.id,
            scopes=narrowed,
            holder=holder,
            prefix=prefix,
            sha256=hashlib.sha256(key.encode()).hexdigest(),
            created_at=now,
            expires_at=now + life,
        )
    )
    details = {"account": of.id, "scopes": len(narrowed) if narrowed is not None else None}
    audit.record(session, by=by.name, action="key.created", subject=f"key:{prefix}", details=details, at=now)
    return key


def _of_holder(session: Session, holder: str, now: datetime, by: Caller) -> Account:
    try:
        return accounts.find(session, holder)
    except NotFound:
        return accounts.add(session, by, holder, Post(Role.TRADE_OFFICER), now)


def revoke_key(session: Session, prefix: str, now: datetime, by: Caller = CONSOLE) -> None:
    """End a key's life; raises NotFound when no key has that prefix."""
    access.require(by, Permission.MANAGE_ACCOUNTS)
    key = session.scalar(select(ApiKey).where(ApiKey.prefix == prefix))
    if key is None:
        raise NotFound(f"no API key begins with {prefix!r}", hint="`triveni key list` shows the keys")
    if key.revoked_at is None:
        key.revoked_at = now
        audit.record(session, by=by.name, action="key.revoked", subject=f"key:{prefix}", at=now)


def keys(session: Session, by: Caller = CONSOLE) -> list[tuple[ApiKey, Account | None]]:
    """All keys, live or ended, in order of making, each with its account."""
    access.require(by, Permission.MANAGE_ACCOUNTS)
    of_account = select(ApiKey, Account).outerjoin(Account, Account.id == ApiKey.account_id).order_by(ApiKey.id)
    return [(key, account) for key, account in session.execute(of_account)]


def caller_of(session: Session, key: str | None, now: datetime) -> Caller:
    """The caller who holds a key; raises Unauthorised, in the same words whatever is wrong with it."""
    if key:
        digest = hashlib.sha256(key.encode()).hexdigest()
        held = session.scalar(select(ApiKey).where(ApiKey.sha256 == digest))
        if held is not None and held.revoked_at is None and held.expires_at > now and held.account_id is not None:
            account = session.get_one(Account, held.account_id)
            if account.disabled_at is None:
                return accounts.caller_for(session, account, now, held.scopes)
    raise refusal()


def refusal() -> Unauthorised:
    """What everybody without a live key or session is told."""
    return Unauthorised(
        "this needs an API key that is live",
        hint="send it as `Authorization: Bearer triveni_…`; make one with `triveni key create NAME`",
    )
