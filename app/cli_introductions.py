"""``triveni introductions`` and ``triveni brokering``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from app.printing import print_json
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.introductions import Introduced
    from app.pairs import Room

introductions_app = typer.Typer(no_args_is_help=True, help="Introductions: proposed, answered, passed, followed up.")
brokering_app = typer.Typer(no_args_is_help=True, help="Reviews of matches that the service itself might broker.")

out = Console(highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly the API's JSON.")]
By = Annotated[str, typer.Option(help="The person in whose name it is recorded.")]
Number = Annotated[int, typer.Argument(help="The introduction's number.")]
Seen = Annotated[int | None, typer.Option(help="Number of the last step that was read; a later one refuses.")]
CONSOLE = "console"

T = TypeVar("T")


@contextmanager
def _room(by: str) -> Iterator[tuple[Session, Room, datetime]]:
    from app import access
    from app.candidates import CandidateCache
    from app.db import opened, transaction
    from app.knowledge import load_knowledge
    from app.pairs import Room

    settings, now = Settings(), datetime.now(UTC)
    with opened(settings.database_url) as sessions, transaction(sessions) as session:
        caller = replace(access.CONSOLE, name=by)
        yield session, Room(caller, load_knowledge(settings), CandidateCache(), now.date()), now


def _read(shape: type[T], given: dict[str, Any], what: str) -> T:
    from app.knowledge import invalid_from

    try:
        return TypeAdapter(shape).validate_python(given)
    except ValidationError as problem:
        raise invalid_from(problem, f"this {what} makes no sense") from problem


def _tell(done: Introduced, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    names = [done.innovator_name or done.innovator, done.manufacturer_name or done.manufacturer]
    out.print(f"{done.id}  {names[0]} × {names[1]} → {done.market}: {done.stage.replace('_', ' ')}", markup=False)
    for step in done.steps:
        told = " ".join(filter(None, (step.act.replace("_", " "), step.side, step.reason, step.note)))
        out.print(f"      {step.number}. {step.at:%Y-%m-%d} {step.by}: {told}", style="dim", markup=False)


@introductions_app.command("propose")
def propose(
    run_id: str,
    rank: Annotated[int, typer.Argument(help="The match's place in the run.")],
    message: Annotated[str, typer.Option(help="To both associations.")] = "",
    by: By = CONSOLE,
    as_json: AsJson = False,
) -> None:
    """Propose that the two firms of a match meet; refused, with every reason, while anything bars them."""
    from app import introductions

    proposal = _read(introductions.Proposal, {"rank": rank, "message": message}, "proposal")
    with _room(by) as (session, room, now):
        done = introductions.propose(session, run_id, proposal, room, now)
    _tell(done, as_json=as_json)


@introductions_app.command("list")
def list_introductions(
    stage: Annotated[str | None, typer.Option(help="Only those at this stage.")] = None, as_json: AsJson = False
) -> None:
    """Print all introductions with their steps, the latest first."""
    from app import introductions
    from app.courses import Stage

    wanted = _read(Stage, stage, "stage") if stage else None  # type: ignore[arg-type]
    with _room(CONSOLE) as (session, room, _):
        found = introductions.introductions(session, room.caller, wanted)
    if as_json:
        print_json(found)
        return
    for one in found:
        _tell(one, as_json=False)
    out.print("" if found else "No introduction.")


@introductions_app.command("answer")
def answer(
    number: Number,
    given: Annotated[str, typer.Argument(metavar="ANSWER", help="accept, decline or ask.")],
    side: Annotated[str | None, typer.Option(help="innovator or manufacturer.")] = None,
    reason: Annotated[str | None, typer.Option(help="With decline: one of the reasons of `triveni decide`.")] = None,
    note: str = "",
    seen: Seen = None,
    by: By = CONSOLE,
    as_json: AsJson = False,
) -> None:
    """Record what the association of one side says for its firm."""
    from app import introductions

    said = {"answer": given, "side": side, "reason": reason, "note": note, "seen": seen}
    read = _read(introductions.Answer, said, "answer")
    with _room(by) as (session, room, now):
        done = introductions.answer(session, room.caller, number, read, now)
    _tell(done, as_json=as_json)


@introductions_app.command("step")
def step(
    number: Number,
    act: Annotated[str, typer.Argument(help="reply, withdraw, meet, sign_nda, sign_mou, agree or lapse.")],
    note: str = "",
    seen: Seen = None,
    by: By = CONSOLE,
    as_json: AsJson = False,
) -> None:
    """Record what the proposer does, or what came of an introduction."""
    from app import introductions

    read = _read(introductions.Progress, {"act": act, "note": note, "seen": seen}, "step")
    with _room(by) as (session, room, now):
        done = introductions.progress(session, room.caller, number, read, now)
    _tell(done, as_json=as_json)


@introductions_app.command("pass")
def pass_contacts(number: Number, by: By = CONSOLE, as_json: AsJson = False) -> None:
    """Pass contact details, once both have accepted and if nothing bars the two at this moment."""
    from app import introductions

    with _room(by) as (session, room, now):
        done = introductions.pass_contacts(session, number, room, now)
        passed = introductions.contacts(session, number, room)
    _tell(done, as_json=as_json)
    if not as_json:
        for side in ("innovator", "manufacturer"):
            for contact in getattr(passed, side):
                told = ", ".join(filter(None, (contact.name, contact.role, contact.email, contact.phone)))
                out.print(f"      {side}: {told}", markup=False)


@introductions_app.command("rates")
def rates(as_json: AsJson = False) -> None:
    """Print counts and rates by association and sector."""
    from app import rates as counted

    with _room(CONSOLE) as (session, room, _):
        found = counted.rates(session, room.caller)
    if as_json:
        print_json(found)
        return
    for heading, counts in (("", [found.all]), ("association", found.associations), ("sector", found.sectors)):
        for count in counts:
            share = "" if count.rate is None else f", introduced {count.rate:.0%}"
            reached = ", ".join(f"{stage} {number}" for stage, number in count.reached.items() if number)
            out.print(f"{heading} {count.of}: proposed {count.proposed}{share}; {reached or '-'}".strip(), markup=False)
    out.print(f"{found.context} {found.context_source}", style="dim", markup=False)


@brokering_app.command("review")
def review(
    run_id: str,
    rank: Annotated[int, typer.Argument(help="The match's place in the run.")],
    decision: Annotated[str, typer.Option(help="proceed or stop.")],
    reason: Annotated[str, typer.Option(help="What was looked at, and why.")],
    by: Annotated[str, typer.Option(help="The reviewer: not who asked for the run.")],
    as_json: AsJson = False,
) -> None:
    """Record whether a match that a rule on brokering touches may move to an introduction."""
    from app import brokering

    given = _read(brokering.Review, {"rank": rank, "decision": decision, "reason": reason}, "review")
    with _room(by) as (session, room, now):
        done = brokering.review(session, run_id, given, room, now)
    _tell_review(done, as_json=as_json)


@brokering_app.command("list")
def list_reviews(as_json: AsJson = False) -> None:
    """Print all brokering reviews, the latest first."""
    from app import brokering

    with _room(CONSOLE) as (session, room, _):
        found = brokering.reviews(session, room.caller, room.knowledge)
    if as_json:
        print_json(found)
        return
    for one in found:
        _tell_review(one, as_json=False)
    out.print("" if found else "No review.")


def _tell_review(done: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    held = "" if done.holds else " (of another rulebook: to be looked at again)"
    out.print(
        f"{done.id}  {done.innovator} × {done.manufacturer} → {done.market}: {done.decision}{held}, {done.decided_by}, "
        f"{done.decided_at:%Y-%m-%d}; {', '.join(done.rules)}; {done.reason}",
        markup=False,
    )
