"""``triveni firms``: the life of profiles at the command line: what is due, moved, agreed to, withdrawn, erased."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from app.life import Act
from app.printing import print_json
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

firms_app = typer.Typer(help="The life of firms' profiles: terms, consents, withdrawal, erasure.", no_args_is_help=True)

out = Console(highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
Firm = Annotated[str, typer.Argument(help="The firm's id.")]


@contextmanager
def _writing() -> Iterator[Session]:
    from app.db import opened, transaction

    with opened(Settings().database_url) as sessions, transaction(sessions) as session:
        yield session


@firms_app.command("expire")
def expire(as_json: AsJson = False) -> None:
    """Expire profiles that were not confirmed within a year, and list those due within 60 days. Run it daily."""
    from app import access, profiles

    with _writing() as session:
        done = profiles.expire(session, access.CONSOLE, datetime.now(UTC))
    if as_json:
        print_json(asdict(done))
        return
    for what, firms in (("expired", done.expired), ("to be confirmed", done.due)):
        for firm in firms:
            out.print(f"{firm.id} ({firm.association}): {what} on {firm.expires_at:%Y-%m-%d}", markup=False)
    out.print(f"{len(done.expired)} expired and are matched no more; {len(done.due)} are due within 60 days.")


@firms_app.command("move")
def move(
    firm: Firm,
    act: Annotated[str, typer.Argument(help="submit, return, publish, confirm, archive, reopen or withdraw.")],
) -> None:
    """Move a profile by an act of those who answer for it; README draws the table."""
    from app import access, profiles
    from app.errors import Invalid

    if act not in set(Act):
        raise Invalid(f"there is no act {act!r}", hint=f"acts: {', '.join(Act)}")
    with _writing() as session:
        state = profiles.move(session, access.CONSOLE, firm, Act(act), datetime.now(UTC)).state
    out.print(f"{firm} is {state}.", markup=False)


@firms_app.command("consent")
def consent(
    firm: Firm,
    field_class: Annotated[str, typer.Argument(help="public, matchable, restricted or personal.")],
    purpose: Annotated[str, typer.Argument(help="publication, matching, disclosure or introduction.")],
    given_by: Annotated[str, typer.Option("--by", help="Who agreed for the firm: an office, not a name.")],
    on: Annotated[datetime, typer.Option(help="The day it was given.", formats=["%Y-%m-%d"])],
    evidence: Annotated[str, typer.Option(help="Where it can be read.")] = "",
) -> None:
    """Record a firm's consent to one use of one class of its fields."""
    from pydantic import ValidationError

    from app import access, profiles
    from app.consents import Agreement
    from app.knowledge import invalid_from

    given: dict[str, Any] = {
        "field_class": field_class,
        "purpose": purpose,
        "given_by": given_by,
        "given_at": on.replace(tzinfo=UTC),
        "evidence": evidence,
    }
    try:
        agreement = Agreement.model_validate(given)
    except ValidationError as problem:
        raise invalid_from(problem, "this consent makes no sense") from problem
    with _writing() as session:
        profiles.agree(session, access.CONSOLE, firm, agreement, datetime.now(UTC))
    out.print(f"Recorded: {firm} agrees to {purpose} of its {field_class} fields.", markup=False)


@firms_app.command("consents")
def consents(firm: Firm, as_json: AsJson = False) -> None:
    """List a firm's consents, those withdrawn included."""
    from app import access, profiles

    with _writing() as session:
        held = profiles.consents_of(session, access.CONSOLE, firm)
    if as_json:
        print_json([asdict(one) for one in held])
        return
    for one in held:
        until = f", withdrawn on {one.withdrawn_at:%Y-%m-%d}" if one.withdrawn_at else ""
        told = f"{one.field_class}: {one.purpose}, by {one.given_by} on {one.given_at:%Y-%m-%d}{until}"
        out.print(told, markup=False)
    if not held:
        out.print("No consent is on record.")


@firms_app.command("withdraw")
def withdraw(
    firm: Firm,
    field_class: Annotated[
        str, typer.Option("--fields", help="Only matchable, restricted or personal fields; without it, the firm.")
    ] = "public",
) -> None:
    """Take a firm's consent back: it is matched no more, at once; of some fields only, they are blanked."""
    from app import access, profiles
    from app.disclosure import FieldClass
    from app.errors import Invalid

    if field_class not in set(FieldClass):
        raise Invalid(f"there is no class of fields {field_class!r}", hint=f"classes: {', '.join(FieldClass)}")
    with _writing() as session:
        state = profiles.withdraw(session, access.CONSOLE, firm, FieldClass(field_class), datetime.now(UTC)).state
    out.print(f"Withdrawn; {firm} is {state}. `triveni firms erase {firm}` removes what is held of it.", markup=False)


@firms_app.command("erase")
def erase(
    firm: Firm,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a firm for good: rows, revisions, vectors, hits, consents, and what runs quote of it."""
    from app import access, erasure
    from app.knowledge import load_knowledge

    if not yes:
        typer.confirm(f"Erase {firm} for good?", abort=True)
    knowledge = load_knowledge(Settings())
    with _writing() as session:
        done = erasure.erase(session, access.CONSOLE, firm, knowledge, datetime.now(UTC))
    if as_json:
        print_json(asdict(done))
        return
    out.print(
        f"Erased: {done.revisions} revisions, {done.vectors} vectors, {done.hits} hits, {done.consents} consents; "
        f"{done.runs} runs bear a mark. The audit log names the firm by {done.reference}."
    )


@firms_app.command("overwrite")
def overwrite() -> None:
    """Write the database's files anew without what was deleted; an erasure does so by itself."""
    from app import db

    engine = db.open_engine(Settings().database_url)
    try:
        db.overwrite(engine)
    finally:
        engine.dispose()
    out.print("The database holds nothing that was deleted.")
