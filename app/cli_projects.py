"""Commands on lighthouse projects: ``triveni compose``, ``composition``, ``projects``, ``chain`` and ``gaps``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.printing import print_json
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.knowledge import Knowledge

out = Console(highlight=False, soft_wrap=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly the API's JSON.")]


@contextmanager
def _house() -> Iterator[tuple[Session, Knowledge]]:
    """A transaction, and what the service knows."""
    from app.db import opened, transaction
    from app.knowledge import load_knowledge

    settings = Settings()
    knowledge = load_knowledge(settings)
    with opened(settings.database_url) as sessions, transaction(sessions) as session:
        yield session, knowledge


def _asked(**given: Any) -> Any:
    from pydantic import ValidationError

    from app.knowledge import invalid_from
    from app.projects import CompositionAsk

    try:
        return CompositionAsk.model_validate(given)
    except ValidationError as problem:
        raise invalid_from(problem, "this ask makes no sense") from problem


def compose(
    template: Annotated[str, typer.Argument(help="Id of a template (`triveni projects`), or a YAML file.")],
    market: Annotated[str, typer.Option(help="ISO 3166-1 alpha-3 code or name; CAN and IND too.")],
    alternatives: Annotated[int, typer.Option(help="Other teams (0-5).")] = 2,
    swaps: Annotated[int, typer.Option(help="Next best holders of each seat (0-5).")] = 2,
    at_worst: Annotated[
        str, typer.Option(help="Worst verdict a way may have; `exceptional` is for who holds a cited exception.")
    ] = "undetermined",
    on: Annotated[datetime | None, typer.Option(help="Law of this day.", formats=["%Y-%m-%d"])] = None,
    as_json: AsJson = False,
) -> None:
    """Compose the best consortium for a lighthouse project and a market."""
    from app import access, projects
    from app.candidates import CandidateCache
    from app.library import read_project
    from app.printing_projects import print_consortium

    asked = _asked(
        template=template,
        market=market,
        alternatives=alternatives,
        swaps=swaps,
        at_worst=at_worst,
        on=on.date() if on else None,
    )
    with _house() as (session, knowledge):
        own = read_project(Path(template), knowledge) if template.endswith((".yaml", ".yml")) else None
        answer = projects.compose(
            session, access.CONSOLE, asked, knowledge, CandidateCache(), datetime.now(UTC), project=own
        )
    if as_json:
        print_json(answer)
    else:
        print_consortium(out, answer)


def composition(
    run_id: str,
    again: Annotated[bool, typer.Option("--replay", help="Compose it again and compare.")] = False,
) -> None:
    """Print a recorded composition as it was answered, or compose it again and compare."""
    from app import access, projects

    with _house() as (session, knowledge):
        if not again:
            print_json(projects.read(session, access.CONSOLE, run_id))
            return
        same = projects.replay(session, access.CONSOLE, run_id, knowledge)
    out.print("The replay gives the same answer, byte for byte." if same else "The replay gives another answer.")
    if not same:
        raise typer.Exit(1)


def templates(as_json: AsJson = False) -> None:
    """List the project templates held, with their markets and seats."""
    from app import access, projects
    from app.knowledge import load_knowledge

    held = projects.templates(access.CONSOLE, load_knowledge(Settings()))
    if as_json:
        print_json(held)
        return
    for one in held:
        out.print(f"[bold]{one['id']}[/bold] {escape(one['title'])} ({', '.join(one['markets'])}; {one['deadline']})")
        out.print(f"    {one['summary']}", markup=False)
        out.print(f"    seats: {', '.join(seat['role'] for seat in one['seats'])}", markup=False, style="dim")


def chain(
    mineral: Annotated[str | None, typer.Argument(help="Id or name; none: list them.")] = None,
    to: Annotated[str | None, typer.Option(help="The form to reach; the last ones unless given.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=20, help="Chains of each model.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Compose the chains of a mineral, from the ground or from scrap to the part, each step with its source."""
    from app import access, chains
    from app.printing_projects import print_chains

    with _house() as (session, knowledge):
        if mineral is None:
            for held in chains.minerals(access.CONSOLE, knowledge):
                out.print(f"{held['id']}: {', '.join(held['forms'])} ({held['handlings']} handlings)", markup=False)
            return
        answer = chains.compose_chains(
            session,
            access.CONSOLE,
            mineral,
            knowledge,
            datetime.now(UTC).date(),
            to=to,
            limit=limit,
        )
    if as_json:
        print_json(answer)
    else:
        print_chains(out, answer)


def gaps(
    market: Annotated[list[str] | None, typer.Option(help="Only these; without, each template's own markets.")] = None,
    as_json: AsJson = False,
) -> None:
    """Over all templates: which seats nobody on file can take, by country and sector."""
    from app import access, gaps
    from app.candidates import CandidateCache
    from app.printing_projects import print_gaps

    with _house() as (session, knowledge):
        found = gaps.report(
            session, access.CONSOLE, knowledge, CandidateCache(), datetime.now(UTC).date(), markets=market or ()
        )
    if as_json:
        print_json(found)
    else:
        print_gaps(out, found)


def challenge(
    text: Annotated[str, typer.Argument(help="What is asked for, or @FILE.")],
    limit: Annotated[int, typer.Option(min=1, max=25, help="Respondents of each side, and pairs.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Who could answer an innovation challenge, from both sides and as pairs."""
    from app import access, challenges
    from app.candidates import CandidateCache
    from app.errors import Invalid
    from app.printing_projects import print_challenge

    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise Invalid(f"cannot read the challenge: {problem}") from problem
    with _house() as (session, knowledge):
        found = challenges.answer(session, access.CONSOLE, text, knowledge, CandidateCache(), limit=limit)
    if as_json:
        print_json(found)
    else:
        print_challenge(out, found)
