"""Accounts and the associations they answer for: made, listed, changed, disabled; never deleted and never renamed.

Every change is a person's act with the permission ``manage_accounts``; the console has it.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import pyotp
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import access, audit
from app.access import CONSOLE, Caller
from app.errors import Conflict, Invalid, NotFound
from app.models import Account, AccountSession, ApiKey, Association, FieldGrant
from app.permissions import Permission, Role
from matching.profile import slug

if TYPE_CHECKING:
    from pwdlib import PasswordHash

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
ISSUER = "Triveni"


@dataclass(frozen=True, slots=True)
class Post:
    """What an account is for: its role and, of an association officer, the id or name of the association."""

    role: Role
    association: str | None = None

    def of(self, session: Session) -> str | None:
        """The id of the association; raises Invalid where one is missing or does not belong, and NotFound."""
        officer = self.role is Role.ASSOCIATION_OFFICER
        if officer != (self.association is not None):
            said = "answers for an association: name it" if officer else "is of no association"
            raise Invalid(f"a {self.role.replace('_', ' ')} {said}")
        return find_association(session, self.association).id if self.association is not None else None


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a new account, shown once: a password made up for it, and the address that enrols its codes."""

    account: Account
    password: str | None
    totp: str | None


def create(
    session: Session,
    caller: Caller,
    name: str,
    post: Post,
    now: datetime,
    *,
    password: str | None = None,
    with_code: bool = True,
) -> Opening:
    """Make an account that a person may log in to; without a password given, one is made up.

    ``with_code`` enrols it for codes of an authenticator (TOTP, RFC 6238), which are then asked for at every login.
    Raises Invalid, Conflict for a name that is taken, and NotFound for an unknown association.
    """
    account = add(session, caller, name, post, now)
    made_up = _give_password(account, password)
    return Opening(account, made_up, _enrol(account) if with_code else None)


def add(session: Session, caller: Caller, name: str, post: Post, now: datetime) -> Account:
    """Make an account that nothing opens yet: no password, no key, no provider. Raises as `create` does."""
    access.require(caller, Permission.MANAGE_ACCOUNTS)
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    if not name or len(name) > 200 or not name.isprintable():
        raise Invalid(f"{name[:60]!r} is no name for an account", hint="an e-mail address, up to 200 characters")
    if login_of(name) == CONSOLE.name:
        raise Invalid(f"{CONSOLE.name!r} is the name under which the command line is recorded", hint="choose another")
    if _held(session, name) is not None:
        raise Conflict(f"there is an account {name!r} already; names are never given twice", hint="choose another")
    account = Account(name=name, login=login_of(name), role=post.role, association_id=post.of(session), created_at=now)
    session.add(account)
    session.flush()
    _note(session, caller, "account.created", account, now, role=account.role, association=account.association_id)
    return account


def _note(
    session: Session, by: Caller, action: str, account: Account, now: datetime, **details: str | int | None
) -> None:
    # By number, not by name: the log keeps no names of persons as subjects.
    audit.record(session, by=by.name, action=action, subject=f"account:{account.id}", details=details, at=now)


def login_of(name: str) -> str:
    """A name as it is compared: compatibility forms and case folded."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _held(session: Session, name: str) -> Account | None:
    return session.scalar(select(Account).where(Account.login == login_of(name)))


def find(session: Session, name: str) -> Account:
    """The account of that name; raises NotFound."""
    account = _held(session, name)
    if account is None:
        raise NotFound(f"there is no account {name!r}", hint="`triveni account list` shows the accounts")
    return account


def accounts(session: Session, caller: Caller) -> Sequence[Account]:
    """All accounts, in order of making."""
    access.require(caller, Permission.MANAGE_ACCOUNTS)
    return session.scalars(select(Account).order_by(Account.id)).all()


def disable(session: Session, caller: Caller, name: str, now: datetime) -> Account:
    """End an account with its sessions and keys at once; its records keep its name. Twice is as once."""
    access.require(caller, Permission.MANAGE_ACCOUNTS)
    account = find(session, name)
    if account.name == caller.name:
        raise Conflict("nobody disables the account that they are using", hint="another administrator may")
    if account.disabled_at is not None:
        return account
    account.disabled_at = now
    ended = end_sessions(session, account, now)
    of_account = (ApiKey.account_id == account.id) & ApiKey.revoked_at.is_(None)
    session.execute(update(ApiKey).where(of_account).values(revoked_at=now))
    _note(session, caller, "account.disabled", account, now, sessions_ended=ended)
    return account


def end_sessions(session: Session, account: Account, now: datetime) -> int:
    """End all live sessions of an account; returns how many."""
    live = (AccountSession.account_id == account.id) & AccountSession.ended_at.is_(None)
    ended = session.execute(update(AccountSession).where(live).values(ended_at=now).returning(AccountSession.id)).all()
    return len(ended)


def change_post(session: Session, caller: Caller, name: str, post: Post, now: datetime) -> Account:
    """Give an account another role, from its next request on; its sessions end. Raises as `create` does."""
    access.require(caller, Permission.MANAGE_ACCOUNTS)
    account = find(session, name)
    before = account.role
    account.role, account.association_id = post.role, post.of(session)
    end_sessions(session, account, now)
    _note(session, caller, "account.role_changed", account, now, before=before, role=post.role)
    return account


def set_password(session: Session, caller: Caller, name: str, now: datetime, password: str | None = None) -> str | None:
    """Set another password, or make one up and return it; every session of the account ends."""
    access.require(caller, Permission.MANAGE_ACCOUNTS)
    account = find(session, name)
    made_up = _give_password(account, password)
    end_sessions(session, account, now)
    _note(session, caller, "account.password_set", account, now)
    return made_up


def _give_password(account: Account, password: str | None) -> str | None:
    """Set the password, or where none is given one made up, which is returned; raises Invalid for one too weak."""
    if password is not None:
        _check_choice(account, password)
        account.password_hash = hasher().hash(password)
        return None
    made_up = secrets.token_urlsafe(15)  # 120 random bits: that they may happen to hold a short name helps no guess
    account.password_hash = hasher().hash(made_up)
    return made_up


def _check_choice(account: Account, password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; this one has {len(password)}",
            hint="several words that have nothing to do with one another are easy to remember",
        )
    if len(set(password)) < 5 or account.login in password.casefold():
        raise Invalid("this password is easily guessed: it repeats few characters, or holds the account's name")


@cache
def hasher() -> PasswordHash:
    """argon2id with the library's recommended cost; imported late, since few commands need it."""
    from pwdlib import PasswordHash

    return PasswordHash.recommended()


def enrol_totp(session: Session, caller: Caller, name: str, now: datetime) -> str:
    """Give an account a new secret for codes and return its ``otpauth:`` address; the old codes end."""
    access.require(caller, Permission.MANAGE_ACCOUNTS)
    account = find(session, name)
    _note(session, caller, "account.code_enrolled", account, now)
    return _enrol(account)


def _enrol(account: Account) -> str:
    account.totp_secret, account.totp_step = pyotp.random_base32(), None
    return pyotp.TOTP(account.totp_secret).provisioning_uri(name=account.name, issuer_name=ISSUER)


def link(session: Session, caller: Caller, name: str, issuer: str, subject: str, now: datetime) -> Account:
    """Let an account be opened by one subject of an OpenID provider; raises Conflict when another has it."""
    access.require(caller, Permission.MANAGE_ACCOUNTS)
    account = find(session, name)
    other = by_subject(session, issuer, subject)
    if other is not None and other is not account:
        raise Conflict(f"that subject opens the account {other.name!r}", hint="one subject opens one account")
    account.issuer, account.subject = issuer, subject
    _note(session, caller, "account.linked", account, now)
    return account


def by_subject(session: Session, issuer: str, subject: str) -> Account | None:
    """The account that a subject of an OpenID provider opens."""
    return session.scalar(select(Account).where(Account.issuer == issuer, Account.subject == subject))


def caller_for(session: Session, account: Account, now: datetime, scopes: Sequence[str] | None = None) -> Caller:
    """The caller that an account is, with the grants that are live now."""
    live = (FieldGrant.account_id == account.id) & (FieldGrant.until > now) & FieldGrant.revoked_at.is_(None)
    held = None if scopes is None else frozenset(map(Permission, scopes))
    grants = frozenset(session.scalars(select(FieldGrant.firm_id).where(live)))
    return Caller(account.name, account.role, account.association_id, held, grants)


# --- Associations -----------------------------------------------------------------------------------


def add_association(session: Session, caller: Caller, name: str, now: datetime) -> Association:
    """Take an industry body in as a tenant; raises Conflict when its name, or one that reads the same, is held."""
    access.require(caller, Permission.MANAGE_ACCOUNTS)
    name = " ".join(name.split())
    if not slug(name):
        raise Invalid(f"{name!r} is no name for an association", hint="write it with letters or figures")
    if session.get(Association, slug(name)) is not None:
        raise Conflict(f"there is an association {slug(name)!r} already")
    association = Association(id=slug(name), name=name)
    session.add(association)
    session.flush()
    audit.record(session, by=caller.name, action="association.created", subject=f"association:{association.id}", at=now)
    return association


def associations(session: Session, caller: Caller) -> Sequence[Association]:
    """All associations in order of id."""
    access.require(caller, Permission.MANAGE_ACCOUNTS)
    return session.scalars(select(Association).order_by(Association.id)).all()


def find_association(session: Session, name_or_id: str) -> Association:
    """The association of that id or name; raises NotFound."""
    association = session.get(Association, slug(name_or_id))
    if association is None:
        raise NotFound(f"there is no association {name_or_id!r}", hint="`triveni association list` shows them")
    return association
