"""Who may do what; and the only selects that say whose firms may be seen and whom one may be matched with.

Default deny. Until accounts and roles arrive, a caller is a live API key or the person at the command
line, and all of them are trade officers; the two selects are nevertheless the only way to the firms.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app import audit
from app.errors import NotFound, Unauthorised
from app.models import ApiKey, Firm

KEY_LIFE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks: the name that runs are recorded under."""

    name: str


CONSOLE = Caller("console")
"""The person at the command line of the machine that holds the database."""


def visible_firms(caller: Caller) -> Select[Firm]:
    """The firms whose released record the caller may read."""
    return select(Firm).where(Firm.state == "published")


def matchable_firms(caller: Caller) -> Select[Firm]:
    """The firms that may be ranked for the caller."""
    return select(Firm).where(Firm.state == "published")


def answerable_firms(caller: Caller) -> Select[Firm]:
    """The firms, in any state, whose records the caller may change."""
    return select(Firm)


def create_key(session: Session, holder: str, now: datetime, by: Caller = CONSOLE) -> str:
    """Make a key for the API and return it: it is shown once and only its hash is kept."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    key = f"triveni_{prefix}_{secret}"
    session.add(
        ApiKey(
            holder=holder,
            prefix=prefix,
            sha256=hashlib.sha256(key.encode()).hexdigest(),
            created_at=now,
            expires_at=now + KEY_LIFE,
        )
    )
    audit.record(session, by=by.name, action="key.created", subject=f"key:{prefix}", at=now)
    return key


def revoke_key(session: Session, prefix: str, now: datetime, by: Caller = CONSOLE) -> None:
    """End a key's life; raises NotFound when no key has that prefix."""
    key = session.scalar(select(ApiKey).where(ApiKey.prefix == prefix))
    if key is None:
        raise NotFound(f"no API key begins with {prefix!r}", hint="`triveni key list` shows the keys")
    if key.revoked_at is None:
        key.revoked_at = now
        audit.record(session, by=by.name, action="key.revoked", subject=f"key:{prefix}", at=now)


def caller_of(session: Session, key: str | None, now: datetime) -> Caller:
    """The caller who holds a key; raises Unauthorised, in the same words whatever is wrong with it."""
    refusal = Unauthorised(
        "this needs an API key that is live",
        hint="send it as `Authorization: Bearer triveni_…`; make one with `triveni key create NAME`",
    )
    if not key:
        raise refusal
    digest = hashlib.sha256(key.encode()).hexdigest()
    held = session.scalar(select(ApiKey).where(ApiKey.sha256 == digest))
    if held is None or held.revoked_at is not None or held.expires_at <= now:
        raise refusal
    return Caller(held.holder)


def keys(session: Session) -> Sequence[ApiKey]:
    """All keys, live or ended, in order of making."""
    return session.scalars(select(ApiKey).order_by(ApiKey.id)).all()
