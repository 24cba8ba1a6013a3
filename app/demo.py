"""Three accounts to try the service with on one's own machine: one for each kind of user, renewed at every start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app import accounts
from app.access import CONSOLE
from app.accounts import Post
from app.errors import NotFound
from app.permissions import Role

ASSOCIATION = "Demonstration association"
PEOPLE: tuple[tuple[str, Role], ...] = (
    ("trade@demo.example", Role.TRADE_OFFICER),
    ("association@demo.example", Role.ASSOCIATION_OFFICER),
    ("reviewer@demo.example", Role.COMPLIANCE_REVIEWER),
)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A name, what it is for, and the password made up for it just now."""

    name: str
    role: Role
    password: str


def demo_accounts(session: Session, now: datetime) -> list[DemoAccount]:
    """The demonstration accounts with new passwords, made if they are not there; they ask for no code."""
    return [DemoAccount(name, role, _password(session, name, role, now)) for name, role in PEOPLE]


def _password(session: Session, name: str, role: Role, now: datetime) -> str:
    try:
        accounts.find(session, name)
    except NotFound:
        association = _association(session, now) if role is Role.ASSOCIATION_OFFICER else None
        made = accounts.create(session, CONSOLE, name, Post(role, association), now, with_code=False)
        assert made.password is not None  # none was given
        return made.password
    renewed = accounts.set_password(session, CONSOLE, name, now)
    assert renewed is not None  # none was given
    return renewed


def _association(session: Session, now: datetime) -> str:
    try:
        return accounts.find_association(session, ASSOCIATION).id
    except NotFound:
        return accounts.add_association(session, CONSOLE, ASSOCIATION, now).id
