"""Commands on delegations: ``triveni programme`` and ``triveni delegation``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.errors import Invalid
from app.printing import print_json
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.missions import House

delegation_app = typer.Typer(help="Delegations, their programmes, and what came of them.", no_args_is_help=True)

out = Console(highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly the API's JSON.")]


@contextmanager
def _transaction(settings: Settings) -> Iterator[Session]:
    from app.db import opened, transaction

    with opened(settings.database_url) as sessions, transaction(sessions) as session:
        yield session


def house_of(settings: Settings) -> House:
    """What a programme is planned with."""
    import httpx

    from app.candidates import CandidateCache
    from app.knowledge import load_knowledge
    from app.missions import House
    from app.sites import Router, load_sites

    router = Router(settings.routing_url, httpx.Client()) if settings.routing_url else None
    return House(load_knowledge(settings), CandidateCache(), load_sites(settings.seeds / "sites"), router)


def programme(
    starts: Annotated[datetime, typer.Option("--from", help="The first day.", formats=["%Y-%m-%d"])],
    days: Annotated[int, typer.Option(help="How many days (1-21).")],
    firms: Annotated[str, typer.Option(help="The visiting firms, separated by commas: name, alias or id.")],
    sector: Annotated[list[str] | None, typer.Option(help="Only hosts of this sector; may be repeated.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only sites of this kind, such as shipyard.")] = None,
    country: Annotated[str, typer.Option(help="Where the sites are: IND or CAN.")] = "IND",
    must: Annotated[list[str] | None, typer.Option(help="A firm that must be visited; may be repeated.")] = None,
    never: Annotated[list[str] | None, typer.Option(help="A firm not to be visited; may be repeated.")] = None,
    title: Annotated[str, typer.Option(help="What the delegation is called.")] = "",
    as_json: AsJson = False,
) -> None:
    """Plan visits to the sites of firms that match, over some days; the programme is stored and printed."""
    from pydantic import ValidationError

    from app import access, delegations
    from app.knowledge import invalid_from
    from app.missions import ProgrammeAsk

    wishes = [{"kind": "must", "firm": firm} for firm in must or []]
    wishes += [{"kind": "never", "firm": firm} for firm in never or []]
    given = {
        "from": starts.date(),
        "days": days,
        "firms": [name.strip() for name in firms.split(",") if name.strip()],
        "sectors": sector or (),
        "kinds": kind or (),
        "country": country,
        "wishes": wishes,
        "title": title,
    }
    try:
        ask = ProgrammeAsk.model_validate(given)
    except ValidationError as problem:
        raise invalid_from(problem, "this programme makes no sense") from problem
    settings = Settings()
    house = house_of(settings)
    with _transaction(settings) as session:
        done = delegations.request_programme(session, access.CONSOLE, ask, house, datetime.now(UTC))
    _print(done, as_json=as_json)


def briefing(
    programme_id: Annotated[str, typer.Argument(metavar="PROGRAMME")],
    lang: Annotated[str, typer.Option(help="en or fr.")] = "en",
    form: Annotated[str, typer.Option("--format", help="pdf, docx, xlsx or ics.")] = "pdf",
    delegate: Annotated[str | None, typer.Option(help="One delegate's own: name or id.")] = None,
    into: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write.")] = None,
) -> None:
    """Write a programme's briefing book, day sheets or calendar."""
    from typing import cast, get_args

    from app import access, delegations
    from app.briefing import Format
    from app.languages import CODES, Code

    for given, among, what in ((lang, CODES, "--lang"), (form, get_args(Format), "--format")):
        if given not in among:
            raise Invalid(f"{what} {given!r} is not known", hint=f"give one of {', '.join(among)}")
    settings = Settings()
    with _transaction(settings) as session:
        spoken = delegations.Spoken(cast("Code", lang), delegate)
        made = delegations.briefing_of(
            session, access.CONSOLE, programme_id, cast("Format", form), spoken, settings.seeds
        )
    path = into or Path(f"briefing-{programme_id[:8]}-{lang}.{form}")
    try:
        path.write_bytes(made)
    except OSError as problem:
        raise Invalid(f"cannot write {path}: {problem.strerror}") from problem
    out.print(f"{path}: {len(made):,} bytes.", markup=False)


def _print(done: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    day = None
    for visit in done["visits"]:
        if visit["day"] != day:
            day = visit["day"]
            out.print(f"[bold]{day}[/bold]")
        out.print(f"  {visit['start']}-{visit['end']}  [bold]{escape(visit['site'])}[/bold], {escape(visit['city'])}")
        out.print(f"      {', '.join(visit['delegates'])}; ask by {visit['ask_by']}", markup=False, style="dim")
    for one in done["left_out"]:
        out.print(f"[yellow]left out:[/yellow] {escape(one['site'])}: {escape(one['why'])}")
        out.print(f"      would let it in: {one['lets_in']}", markup=False, style="dim")
    proven = "the best there is" if done["proven"] else f"no programme is worth more than {done['bound']:.3f}"
    out.print(f"Worth {done['objective']:.3f}; {proven}. Programme {done['programme']}.")
    for note in done["notes"]:
        out.print(f"  · {note}", style="dim", markup=False)


@delegation_app.command("list")
def list_delegations(as_json: AsJson = False) -> None:
    """List delegations and their programmes."""
    from app import access, delegations

    with _transaction(Settings()) as session:
        found = delegations.list_delegations(session, access.CONSOLE)
    if as_json:
        print_json(found)
        return
    for one in found:
        out.print(f"{one['delegation']}  {one['title']}  ({one['state']})", markup=False)
        for planned in one["programmes"]:
            published = f", published {planned['published']:%Y-%m-%d}" if planned["published"] else ""
            out.print(
                f"    {planned['number']}. {planned['programme']}  {planned['visits']} visits{published}", markup=False
            )


@delegation_app.command("show")
def show(programme_id: str, as_json: AsJson = False) -> None:
    """Print a stored programme again."""
    from app import access, delegations

    with _transaction(Settings()) as session:
        found = delegations.find_programme(session, access.CONSOLE, programme_id)
        _print(delegations.document(session, found), as_json=as_json)


@delegation_app.command("publish")
def publish(programme_id: str) -> None:
    """Make a programme's appointments stand: planned again, the delegation keeps them."""
    from app import access, delegations

    with _transaction(Settings()) as session:
        done = delegations.publish(session, access.CONSOLE, programme_id, datetime.now(UTC))
    out.print(f"Published: {len(done['visits'])} visits of programme {done['number']}.")


@delegation_app.command("replan")
def replan(delegation_id: str, as_json: AsJson = False) -> None:
    """Plan a delegation anew, by the firms, matches and lists as they are now; what is published stays."""
    from app import access, delegations

    settings = Settings()
    house = house_of(settings)
    with _transaction(settings) as session:
        done = delegations.plan_again(session, access.CONSOLE, delegation_id, None, house, datetime.now(UTC))
    _print(done, as_json=as_json)
