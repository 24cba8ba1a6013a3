"""Commands on decisions and weights: ``triveni decide`` and ``triveni weights``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.decisions import LearnedVersion

weights_app = typer.Typer(help="Weights of the signals: standing, and learned from decisions.", no_args_is_help=True)

out = Console(highlight=False, soft_wrap=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly the API's JSON.")]


@contextmanager
def _transaction() -> Iterator[Session]:
    from app.db import opened, transaction

    with opened(Settings().database_url) as sessions, transaction(sessions) as session:
        yield session


def _print_json(value: Any) -> None:
    from pydantic import TypeAdapter

    typer.echo(TypeAdapter(type(value)).dump_json(value, indent=2).decode())


def decide(
    run_id: str,
    rank: int,
    outcome: Annotated[str, typer.Option(help="introduced, met, agreement or declined.")],
    reason: Annotated[
        str | None,
        typer.Option(
            help="With declined: too_early, no_capacity, wrong_product, competitor, export_control, ownership, "
            "already_partners, commercial_terms, not_interested or other."
        ),
    ] = None,
    note: Annotated[str, typer.Option(help="In your words; needed with the reason “other”.")] = "",
) -> None:
    """Record what came of a listed match; a later decision on the same match supersedes the earlier one."""
    from pydantic import ValidationError

    from app import access, decisions
    from app.knowledge import invalid_from

    try:
        judgement = decisions.Judgement.model_validate(
            {"rank": rank, "outcome": outcome, "reason": reason, "note": note}
        )
    except ValidationError as problem:
        raise invalid_from(problem, "this decision makes no sense") from problem
    with _transaction() as session:
        before = [
            one
            for one in decisions.decisions_on(session, access.CONSOLE, run_id)
            if one.rank == rank and not one.superseded
        ]
        done = decisions.record(session, access.CONSOLE, run_id, judgement, datetime.now(UTC))
    why = f" ({done.reason})" if done.reason else ""
    out.print(
        f"Recorded: {done.innovator} × {done.manufacturer} → {done.market}: {done.outcome}{why}.",
        markup=False,
        soft_wrap=True,
    )
    for one in before:
        out.print(
            f"It supersedes “{one.outcome}” of {one.decided_at:%Y-%m-%d} by {one.decided_by}, which is kept.",
            markup=False,
            soft_wrap=True,
        )


@weights_app.command("list")
def list_weights(as_json: AsJson = False) -> None:
    """List the standing weights and every learned table, with figures, the one in use, and each switch."""
    from app import access, decisions

    with _transaction() as session:
        held = decisions.weights_held(session, access.CONSOLE)
    if as_json:
        _print_json(held)
        return
    if not held.learned:
        _print_table("standing, as the code has them", held.standing, held.standing)
        out.print("Nothing has been learned yet: `triveni weights learn`.")
    for version in held.learned:
        _print_version(version)
    for switch in held.switches:
        out.print(f"{switch.at:%Y-%m-%d %H:%M} {switch.by} switched on {switch.version}", markup=False)
    out.print(f"In use: [bold]{escape(held.in_use)}[/bold].")


@weights_app.command("learn")
def learn_weights(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Learn and print, and store nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Learn weights from the decisions recorded; they are stored and not switched on."""
    from app import access, decisions

    with _transaction() as session:
        version = decisions.learn_weights(session, access.CONSOLE, datetime.now(UTC), keep=not dry_run)
    if as_json:
        _print_json(version)
        return
    _print_version(version)
    if dry_run:
        out.print("A dry run: nothing was stored, and nothing was switched on.")
    elif version.in_use:
        out.print("These weights are in use already.")
    else:
        out.print(f"Stored and not switched on: `triveni weights use {version.version}` does that.", soft_wrap=True)


@weights_app.command("use")
def use_weights(
    version: Annotated[str, typer.Argument(help="A version that `triveni weights list` shows, or “standing”.")],
    anyway: Annotated[bool, typer.Option("--anyway", help="Also weights that did no better, or are outdated.")] = False,
) -> None:
    """Switch weights on for every ask from now, or the standing ones back on."""
    from app import access, decisions

    with _transaction() as session:
        before = decisions.weights_in_use(session)[0]
        switched = decisions.use_weights(session, access.CONSOLE, version, datetime.now(UTC), anyway=anyway)
    if not switched:
        out.print(f"{version} is in use already.", markup=False)
        return
    out.print(f"Switched from {before} to {version}; `triveni weights use {before}` goes back.", soft_wrap=True)


def _print_version(version: LearnedVersion) -> None:
    learned = version.learned
    state = ", in use" if version.in_use else ""
    _print_table(f"{version.version}{state}", learned.standing, learned.weights)
    amounts = [
        f"{amount.runs} runs with {amount.decisions} decisions ({amount.preferences:,} preferences)"
        for amount in (learned.trained_on, learned.tested_on)
    ]
    gain = learned.gain
    noise = "" if gain.low > 0 or gain.high < 0 else "; that is within noise"
    before, now = learned.standing_score, learned.learned_score
    for line in (
        f"Learned from {amounts[0]}, until {learned.learned_until:%Y-%m-%d}; measured on the later {amounts[1]}.",
        f"Preferences kept there: standing {before.preferences_kept:.1%}, learned {now.preferences_kept:.1%}.",
        f"Gain {gain.mean:+.1%} (95 % interval {gain.low:+.1%} to {gain.high:+.1%}{noise}).",
        f"nDCG: standing {before.ndcg:.3f}, learned {now.ndcg:.3f}.",
        f"By {version.learned_by} on {version.learned_at:%Y-%m-%d}; sha256 {version.sha256}.",
    ):
        out.print(line, markup=False, soft_wrap=True)
    if version.outdated:
        out.print("The code's standing weights have changed since: learn again.", style="yellow")


def _print_table(title: str, standing: dict[str, float], learned: dict[str, float]) -> None:
    """A row for each signal: what it stands at, what was learned, and the difference."""
    table = Table(title=title)
    table.add_column("signal")
    for column in ("standing", "learned", "difference"):
        table.add_column(column, justify="right")
    for name, before in standing.items():
        after = learned[name]
        table.add_row(name, f"{before:g}", f"{after:.2f}", f"{after - before:+.2f}")
    out.print(table)
