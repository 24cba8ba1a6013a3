"""The ``triveni`` command. It calls the same functions as the web and prints for people, or ``--json``.

Heavy imports (FastAPI, the encoder) happen inside the commands that need them, so that ``--help`` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app import (
    cli_access,
    cli_audit,
    cli_backups,
    cli_classifications,
    cli_decisions,
    cli_delegations,
    cli_firms,
    cli_introductions,
    cli_projects,
    cli_screening,
    cli_site,
    cli_submissions,
    cli_webhooks,
)
from app.errors import AppError, Invalid, in_plain_words
from app.printing import print_json
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from app.matches import Ask

app = typer.Typer(
    name="triveni",
    help="Who should meet whom, for which market, why, and what stands in the way?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_access.key_app, name="key")
app.add_typer(cli_access.account_app, name="account")
app.add_typer(cli_access.association_app, name="association")
pathway_app = typer.Typer(help="Export-control pathways by themselves.", no_args_is_help=True)
app.add_typer(pathway_app, name="pathway")
app.command()(cli_site.demo_accounts)
app.command()(cli_backups.backup)
app.command()(cli_backups.restore)
app.command()(cli_backups.verify)
app.command()(cli_decisions.decide)
app.command()(cli_projects.compose)
app.command()(cli_projects.composition)
app.command("projects")(cli_projects.templates)
app.command()(cli_projects.chain)
app.command()(cli_projects.gaps)
app.command()(cli_projects.challenge)
app.command()(cli_classifications.classify)
app.command()(cli_classifications.declare)
app.command()(cli_submissions.submit)
app.command()(cli_submissions.template)
app.command()(cli_delegations.programme)
app.command()(cli_delegations.briefing)
app.add_typer(cli_delegations.delegation_app, name="delegation")
app.add_typer(cli_submissions.merges_app, name="merges")
app.add_typer(cli_decisions.weights_app, name="weights")
app.add_typer(cli_audit.audit_app, name="audit")
app.add_typer(cli_firms.firms_app, name="firms")
app.add_typer(cli_introductions.introductions_app, name="introductions")
app.add_typer(cli_introductions.brokering_app, name="brokering")
app.add_typer(cli_webhooks.webhooks_app, name="webhooks")
app.add_typer(cli_screening.screen_app, name="screen")
app.add_typer(cli_screening.watchlists_app, name="watchlists")

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly the API's JSON.")]


def main() -> None:
    """Run the command; what the caller can mend is said in plain words and ends with exit code 2."""
    try:
        app()
    except Exception as fault:
        problem = fault if isinstance(fault, AppError) else in_plain_words(fault)
        if problem is None:
            raise
        err.print(f"[bold]triveni:[/bold] {escape(problem.message)}", style="red", soft_wrap=True)
        if problem.hint:
            err.print(f"  {problem.hint}", markup=False, soft_wrap=True)
        sys.exit(2)


@contextmanager
def _house() -> Iterator[tuple[Settings, sessionmaker[Session]]]:
    from app.db import opened

    settings = Settings()
    with opened(settings.database_url) as sessions:
        yield settings, sessions


@app.command()
def init() -> None:
    """Make the database, or bring its tables up to date."""
    from sqlalchemy import make_url

    from app.db import upgrade

    settings = Settings()
    upgrade(settings.database_url)
    where = make_url(settings.database_url).render_as_string(hide_password=True)
    out.print(f"The database is up to date ({where}).", markup=False, soft_wrap=True)


@app.command()
def seed(as_json: AsJson = False) -> None:
    """Load the real firms of seeds/firms and screen them; a second run changes nothing."""
    from app import access, firms, watchlists
    from app.db import transaction
    from app.knowledge import load_knowledge

    with _house() as (settings, sessions):
        knowledge = load_knowledge(settings)
        profiles = firms.read_seed_firms(settings.seeds / "firms", knowledge.taxonomy)
        now = datetime.now(UTC)
        with transaction(sessions) as session:
            done = firms.seed(session, profiles, now)
        with transaction(sessions) as session:
            screened = watchlists.screen_if_due(session, settings.seeds / "watchlists", access.CONSOLE, now)
    if as_json:
        print_json(asdict(done))
    else:
        out.print(
            f"Firms compiled from public sources: {done.new} new, {done.changed} changed, {done.unchanged} unchanged. "
            f"Held besides: {len(knowledge.markets)} markets, {len(knowledge.demands)} demands."
        )
        if done.dropped or done.left_out:
            out.print(
                f"{done.dropped} left the seed files and are matched no more; "
                f"{done.left_out} were withdrawn or erased, and stay so."
            )
        if screened is not None:
            out.print(
                f"{screened.firms} firms compared with the denied-party lists held: {screened.new} near names are new, "
                f"{screened.waiting} wait for a reviewer (`triveni watchlists hits`)."
            )


@app.command()
def embed() -> None:
    """Embed every statement and demand that has no vector yet; goes on where it was interrupted."""
    from app.candidates import embed_waiting
    from app.knowledge import load_knowledge

    with _house() as (settings, sessions):
        knowledge = load_knowledge(settings)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, transient=True) as bar:

            def announce(total: int) -> Any:
                task = bar.add_task("Embedding", total=total)
                return lambda done: bar.advance(task, done)

            done = embed_waiting(sessions, knowledge, announce)
    out.print(f"{done} texts embedded with {knowledge.encoder.id}." if done else "Nothing waits to be embedded.")


@app.command()
def match(
    firm: Annotated[str | None, typer.Option(help="A firm on file: name, alias or id.")] = None,
    brief: Annotated[str | None, typer.Option(help="A firm not on file: text, or @FILE.")] = None,
    demand: Annotated[str | None, typer.Option(help="What a market seeks: a demand's id, or text.")] = None,
    market: Annotated[str, typer.Option(help="ISO 3166-1 alpha-3 code or name, or “any”.")] = "any",
    country: Annotated[str, typer.Option(help="With --brief: CAN or IND.")] = "CAN",
    trl: Annotated[int | None, typer.Option(help="With --brief: technology readiness level 1-9.")] = None,
    sector: Annotated[list[str] | None, typer.Option(help="With --brief: sector code, may be repeated.")] = None,
    limit: Annotated[int, typer.Option(help="How many matches (1-50).")] = 10,
    spread: Annotated[bool, typer.Option(help="List no corporate group twice.")] = False,
    stated_needs_only: Annotated[bool, typer.Option(help="Leave out needs inferred from profiles.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rank triads: innovator, manufacturer, third market."""
    from app import access, matches
    from app.candidates import CandidateCache
    from app.db import transaction
    from app.knowledge import load_knowledge

    asked = _ask(
        firm=firm,
        brief=_brief(brief, country, trl, sector),
        demand=demand,
        market=market,
        limit=limit,
        infer_needs=not stated_needs_only,
        spread=spread,
    )
    with _house() as (settings, sessions):
        knowledge = load_knowledge(settings)
        with transaction(sessions) as session:
            answer = matches.request_matches(
                session, access.CONSOLE, asked, knowledge, CandidateCache(), datetime.now(UTC)
            )
    if as_json:
        print_json(answer)
    else:
        from app.printing import print_answer

        print_answer(out, answer)


def _text(given: str, what: str) -> str:
    """The text itself, or with @FILE the file's."""
    if not given.startswith("@"):
        return given
    path = Path(given[1:])
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(f"cannot read the {what} from {path}: {problem}") from problem


def _brief(text: str | None, country: str, trl: int | None, sectors: list[str] | None) -> dict[str, Any] | None:
    if text is None:
        return None
    return {"text": _text(text, "brief"), "country": country, "trl": trl, "sectors": tuple(sectors or ())}


def _ask(**given: Any) -> Ask:
    from pydantic import ValidationError

    from app.knowledge import invalid_from
    from app.matches import Ask

    try:
        return Ask.model_validate(given)
    except ValidationError as problem:
        raise invalid_from(problem, "this ask makes no sense") from problem


@app.command()
def run(
    run_id: str,
    again: Annotated[bool, typer.Option("--replay", help="Rank it again.")] = False,
    what_if: Annotated[int | None, typer.Option(help="Which one change would lift the match of this rank?")] = None,
) -> None:
    """Print a recorded run as it was answered; or rank it again and compare; or ask what would lift one match."""
    from app import access, matches
    from app.db import transaction
    from app.knowledge import load_knowledge
    from app.printing import print_what_if

    with _house() as (settings, sessions), transaction(sessions) as session:
        if what_if is not None:
            found = matches.what_if(session, access.CONSOLE, run_id, what_if, load_knowledge(settings))
            print_what_if(out, found)
            return
        if not again:
            print_json(matches.read_run(session, access.CONSOLE, run_id, load_knowledge(settings)))
            return
        done = matches.replay(session, access.CONSOLE, run_id, load_knowledge(settings))
    for change in done.since:
        out.print(f"Since then, {change.firm}: {change.then} → {change.now}", markup=False, soft_wrap=True)
    for reason in done.because:
        out.print(reason, markup=False, soft_wrap=True)
    out.print("The replay gives the same answer, byte for byte." if done.same else "The replay gives another answer.")
    if not done.same:
        raise typer.Exit(1)


@app.command()
def markets() -> None:
    """List the markets held and their demands."""
    from app.knowledge import load_knowledge

    for market in load_knowledge(Settings()).markets.values():
        out.print(f"[bold]{market.iso3}[/bold] {market.name} ({market.region})")
        for demand in market.demands:
            out.print(f"    {demand.id}: {demand.text} ({demand.standing}, {demand.dated})", markup=False)


@app.command()
def glossary(word: Annotated[str, typer.Argument(help="Part of a term; all of them unless given.")] = "") -> None:
    """Explain words of procurement and export control, with their sources."""
    from app.knowledge import load_knowledge

    found = [
        t for t in load_knowledge(Settings()).literacy.terms if word.casefold() in f"{t.term} {t.term_fr}".casefold()
    ]
    if not found:
        raise Invalid(f"no term holds {word!r}", hint="`triveni glossary` lists all")
    for term in found:
        out.print(f"[bold]{escape(term.term)}[/bold] / {escape(term.term_fr)}")
        out.print(f"    {term.text_en}", markup=False)
        checked = "" if term.verified else "; not verified"
        out.print(
            f"    [{term.source.what}, {term.source.dated}{checked}] {term.source.url or ''}", markup=False, style="dim"
        )


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Serve the pages and the JSON API; /openapi.json describes the latter."""
    import uvicorn

    from app.main import configure_logs, create_app

    settings = Settings()
    configure_logs(settings)
    uvicorn.run(
        create_app(settings),
        host=host or settings.host,
        port=port or settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
    )


@app.command()
def doctor() -> None:
    """Say in plain words what is set up, what is missing and how to get it."""
    from app.doctor import examine

    missing = False
    for finding in examine(Settings()):
        mark = {"ok": "[green]✓[/green]", "optional": "[yellow]–[/yellow]", "missing": "[red]✗[/red]"}[finding.state]
        out.print(f"{mark} {finding.what}: {finding.says}")
        if finding.mend:
            out.print(f"    {finding.mend}", markup=False)
        missing = missing or finding.state == "missing"
    if missing:
        raise typer.Exit(1)


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder in BEIR layout: corpus.jsonl, queries.jsonl, qrels/.")],
    split: Annotated[str, typer.Option(help="Which qrels/SPLIT.tsv.")] = "dev",
    rankers: Annotated[str, typer.Option(help="Comma-separated: bm25, dense, full, challenge.")] = "bm25,dense,full",
    as_json: AsJson = False,
) -> None:
    """Measure rankings against judgements made by others."""
    from app.evaluations import evaluate_folder

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=err, transient=True
    ) as bar:
        report = evaluate_folder(Settings(), folder, split, rankers.split(","), bar)
    if as_json:
        print_json(report)
    else:
        from app.printing import print_evaluation

        print_evaluation(out, folder.name, report)


@pathway_app.command("check")
def check_pathways(cases: Annotated[Path, typer.Argument(help="JSON lines: id, facts, expected.")]) -> None:
    """Check hand-worked cases against the rulebook held."""
    from app.knowledge import load_knowledge
    from app.pathways import check_cases

    outcomes = list(check_cases(cases, load_knowledge(Settings()).rulebook))
    for case in outcomes:
        told = f"{case.id}: expected {case.expected}, got {case.got}"
        told += f"; missing {', '.join(case.missing)}" if case.missing else ""
        told += f"; unwelcome {', '.join(case.unwelcome)}" if case.unwelcome else ""
        out.print(("[green]ok[/green]   " if case.passed else "[red]FAIL[/red] ") + escape(told))
    failed = sum(not case.passed for case in outcomes)
    out.print(f"{len(outcomes) - failed} passed, {failed} failed")
    if failed:
        raise typer.Exit(1)


@pathway_app.command("explain")
def explain_pathway(
    item: Annotated[str, typer.Option(help="The item's facts as JSON, or @FILE.")],
    market: Annotated[str, typer.Option(help="ISO 3166-1 alpha-3 code or name.")],
    on: Annotated[datetime | None, typer.Option(help="Law of this day.", formats=["%Y-%m-%d"])] = None,
    as_json: AsJson = False,
) -> None:
    """Lay out the pathway of one item from Canada through India to a market."""
    from pydantic import TypeAdapter

    from app.knowledge import load_knowledge
    from app.pathways import Explained, explain
    from app.printing import print_design_out, print_pathway

    day = (on or datetime.now(UTC)).date()
    pathway = explain(_text(item, "item"), market, day, load_knowledge(Settings()))
    document = TypeAdapter(Explained).dump_python(pathway, mode="json", by_alias=True)
    if as_json:
        print_json(document)
    else:
        print_pathway(out, document)
        print_design_out(out, document["design_out"])


if __name__ == "__main__":
    main()
