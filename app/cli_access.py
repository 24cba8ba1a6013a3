"""``triveni account``, ``triveni association`` and ``triveni key``: who may ask, for whom, and with what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.permissions import Permission, Role
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.models import Account

account_app = typer.Typer(help="Accounts: who may log in, and as what.", no_args_is_help=True)
association_app = typer.Typer(help="Associations that submit and answer for firms.", no_args_is_help=True)
key_app = typer.Typer(help="API keys.", no_args_is_help=True)

out = Console(highlight=False, soft_wrap=True)

Association = Annotated[str | None, typer.Option(help="With association_officer: id or name of the association.")]
Ask = Annotated[bool, typer.Option("--ask-password", help="Type the password instead of having one made up.")]


@contextmanager
def _transaction() -> Iterator[Session]:
    from app.db import opened, transaction

    with opened(Settings().database_url) as sessions, transaction(sessions) as session:
        yield session


def _typed(ask: bool) -> str | None:
    typed: str | None = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if ask else None
    return typed


def _say(text: str) -> None:
    out.print(text, markup=False)


# --- Accounts ---------------------------------------------------------------------------------------


@account_app.command("create")
def create_account(
    name: Annotated[str, typer.Argument(help="An e-mail address; it is never given twice.")],
    role: Annotated[Role, typer.Option(help="What the account is for.")],
    association: Association = None,
    ask_password: Ask = False,
    without_code: Annotated[bool, typer.Option(help="Ask for no authenticator's code at login.")] = False,
) -> None:
    """Make an account; its password and the address that enrols its authenticator are shown once."""
    from app import access, accounts

    password = _typed(ask_password)
    with _transaction() as session:
        made = accounts.create(
            session,
            access.CONSOLE,
            name,
            accounts.Post(role, association),
            datetime.now(UTC),
            password=password,
            with_code=not without_code,
        )
        _say(f"{made.account.name} is a {made.account.role.replace('_', ' ')}.")
    if made.password:
        _say(f"Password: {made.password}")
    if made.totp:
        _say(f"Authenticator: {made.totp}")


@account_app.command("list")
def list_accounts() -> None:
    """List the accounts: name, role, association, how they are opened, since when disabled."""
    from app import access, accounts

    with _transaction() as session:
        for account in accounts.accounts(session, access.CONSOLE):
            ended = f"  disabled {account.disabled_at:%Y-%m-%d}" if account.disabled_at else ""
            _say(f"{account.name}  {account.role}  {account.association_id or '–'}  {_opened_by(account)}{ended}")


def _opened_by(account: Account) -> str:
    ways = [
        ("password and code" if account.totp_secret else "password") if account.password_hash else None,
        f"provider {account.issuer}" if account.issuer else None,
    ]
    return ", ".join(way for way in ways if way) or "keys only"


@account_app.command("disable")
def disable_account(name: str) -> None:
    """End an account with its sessions and keys at once."""
    from app import access, accounts

    with _transaction() as session:
        accounts.disable(session, access.CONSOLE, name, datetime.now(UTC))
    _say("Disabled; its sessions and keys have ended.")


@account_app.command("role")
def change_role(
    name: str, role: Annotated[Role, typer.Option(help="Its role from now on.")], association: Association = None
) -> None:
    """Give an account another role; its sessions end."""
    from app import access, accounts

    with _transaction() as session:
        accounts.change_post(session, access.CONSOLE, name, accounts.Post(role, association), datetime.now(UTC))
    _say(f"{name} is a {role.replace('_', ' ')} from its next login on.")


@account_app.command("password")
def set_password(name: str, ask_password: Ask = False) -> None:
    """Set another password; the account's sessions end."""
    from app import access, accounts

    password = _typed(ask_password)
    with _transaction() as session:
        made_up = accounts.set_password(session, access.CONSOLE, name, datetime.now(UTC), password)
    _say(f"Password: {made_up}" if made_up else "The password is set.")


@account_app.command("totp")
def enrol_totp(name: str) -> None:
    """Enrol an authenticator anew: its address is shown once, and the old codes end."""
    from app import access, accounts

    with _transaction() as session:
        address = accounts.enrol_totp(session, access.CONSOLE, name, datetime.now(UTC))
    _say(address)


@account_app.command("link")
def link_account(
    name: str,
    subject: Annotated[str, typer.Option(help="Who the account is at the provider (the claim `sub`).")],
    issuer: Annotated[str | None, typer.Option(help="The provider; that of the settings unless given.")] = None,
) -> None:
    """Let an account be opened by one subject of an OpenID provider."""
    from app import access, accounts
    from app.errors import Invalid

    issuer = issuer or Settings().oidc_issuer
    if issuer is None:
        raise Invalid("no provider is named", hint="add --issuer, or set TRIVENI_OIDC_ISSUER")
    with _transaction() as session:
        accounts.link(session, access.CONSOLE, name, issuer, subject, datetime.now(UTC))
    _say(f"{name} is opened by {subject} of {issuer}.")


# --- Associations -----------------------------------------------------------------------------------


@association_app.command("create")
def create_association(name: str) -> None:
    """Take in an industry body that submits and answers for firms."""
    from app import access, accounts

    with _transaction() as session:
        made = accounts.add_association(session, access.CONSOLE, name, datetime.now(UTC))
    _say(f"{made.id}  {made.name}")


@association_app.command("list")
def list_associations() -> None:
    """List the associations by id and name."""
    from app import access, accounts

    with _transaction() as session:
        for association in accounts.associations(session, access.CONSOLE):
            _say(f"{association.id}  {association.name}")


# --- Keys -------------------------------------------------------------------------------------------


@key_app.command("create")
def create_key(
    holder: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for, or whose it is.")],
    account: Annotated[
        str | None, typer.Option(help="Whose it is; else the account NAME, made as a trade officer where missing.")
    ] = None,
    scope: Annotated[list[Permission] | None, typer.Option(help="Narrow it; may be repeated.")] = None,
    days: Annotated[int, typer.Option(help="How long it lives, up to 365.")] = 365,
) -> None:
    """Make an API key; it is shown once."""
    from app import keys

    with _transaction() as session:
        key = keys.create_key(
            session, holder, datetime.now(UTC), account=account, scopes=scope or None, life=timedelta(days=days)
        )
    _say(key)


@key_app.command("revoke")
def revoke_key(prefix: str) -> None:
    """End the life of the key that begins triveni_PREFIX."""
    from app import keys

    with _transaction() as session:
        keys.revoke_key(session, prefix.removeprefix("triveni_").split("_")[0], datetime.now(UTC))
    _say("Revoked.")


@key_app.command("list")
def list_keys() -> None:
    """List the keys by prefix, holder, account and end of life."""
    from app import keys

    with _transaction() as session:
        for key, account in keys.keys(session):
            ended = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}"
            scopes = f"  only {', '.join(key.scopes)}" if key.scopes else ""
            of = f" of {account.name}" if account and account.name != key.holder else ""
            _say(f"triveni_{key.prefix}…  {key.holder}{of}  {ended}{scopes}")
