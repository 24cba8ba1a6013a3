"""``triveni screen`` and ``triveni watchlists``: names against the lists, and the lists themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from typer.core import TyperGroup

from app.printing import print_json
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from app.releases import Refreshed
    from app.watchlists import Rescreened, Screened


class _NameOrCommand(TyperGroup):
    """``triveni screen NAME`` screens the name; ``triveni screen check`` is a command of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Anything but a command or ``--help`` is a name, or an option that goes with one."""
        named = args and args[0] not in self.commands and args[0] not in ("--help", "-h")
        return super().parse_args(ctx, ["name", *args] if named else args)


screen_app = typer.Typer(cls=_NameOrCommand, no_args_is_help=True, help="Screen a name: `triveni screen NAME`.")
watchlists_app = typer.Typer(no_args_is_help=True, help="Denied-party lists, hits on firms, and decisions on them.")

out = Console(highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
NOTE = (
    "A near name is a question for a person, not an answer. That no name is near says nothing of owners who are not "
    "named, nor of lists that are not held."
)


@contextmanager
def _house() -> Iterator[tuple[Path, sessionmaker[Session], datetime]]:
    """The database with the releases that come with the service in force, where nothing newer is."""
    from app.db import opened, transaction
    from app.releases import hold_seeds

    settings, now = Settings(), datetime.now(UTC)
    folder = settings.seeds / "watchlists"
    with opened(settings.database_url) as sessions:
        with transaction(sessions) as session:
            hold_seeds(session, folder, now)
        yield folder, sessions, now


@screen_app.command("name")
def screen_name(
    name: Annotated[str, typer.Argument(help="The name of a firm or a person, in any script.")],
    country: Annotated[str | None, typer.Option(help="ISO 3166-1 alpha-3 code; orders equal hits, hides none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the listed parties whose names are near, with why and on which list of which date; it is logged."""
    from app import access, watchlists
    from app.db import transaction
    from app.releases import WatchlistCache

    code = country.upper() if country else None
    with _house() as (_, sessions, now), transaction(sessions) as session:
        screened = watchlists.screen_name(session, WatchlistCache(), access.CONSOLE, name, now, code)
    if as_json:
        print_json(watchlists.document(screened) | {"note": NOTE})
    else:
        _print_screened(screened)


def _print_screened(screened: Screened) -> None:
    for hit in screened.hits:
        out.print(
            f"{hit.score:.2f}  {hit.listed}  ({hit.entry.code}, {hit.list_title} of {hit.list_date})", markup=False
        )
        told = [hit.because, f"listed as {hit.entry.name}" if hit.listed != hit.entry.name else ""]
        told += [hit.entry.kind, ", ".join(hit.entry.countries), hit.entry.reference]
        out.print("      " + "; ".join(filter(None, told)), style="dim", markup=False)
    lists = ", ".join(f"{name} of {dated}" for name, dated in screened.lists.items())
    count = len(screened.hits)
    said = f"{count} near name{'s' if count != 1 else ''}" if count else "No name is near"
    out.print(f"{said} among {screened.entries:,} entries ({lists}). Logged as screening {screened.id}.", markup=False)
    out.print(NOTE, style="dim", markup=False)


@screen_app.command("check")
def check(
    pairs: Annotated[Path, typer.Argument(help="CSV of labelled pairs: schema, name1, name2, is_match.")],
    threshold: Annotated[float | None, typer.Option(help="Instead of the product's own.", min=0, max=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the name matching on labelled pairs."""
    from app.watchlists import check_pairs
    from matching.screening import THRESHOLD

    found = check_pairs(pairs, THRESHOLD if threshold is None else threshold)
    if as_json:
        print_json(found)
        return
    out.print(f"{found['pairs']} pairs, threshold {found['threshold']:g}")
    out.print("  ".join(f"{name} {found[name]:g}" for name in ("tp", "fp", "fn", "tn", "precision", "recall", "f1")))
    out.print("\nthreshold  precision  recall")
    for point in found["curve"]:
        out.print(f"{point['threshold']:9.2f}  {point['precision']:9.3f}  {point['recall']:6.3f}")


@watchlists_app.command("refresh")
def refresh(
    place: Annotated[str | None, typer.Argument(help="A file or an address; without it, every list's own.")] = None,
    list_id: Annotated[
        str | None, typer.Option("--list", help="Which list it is, where its layout does not tell.")
    ] = None,
    dated: Annotated[datetime | None, typer.Option(help="The day the list stood so.", formats=["%Y-%m-%d"])] = None,
    expect: Annotated[int | None, typer.Option(help="Take exactly so many entries, whatever the bounds.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take new list releases, and screen every firm against them; a list that is refused leaves the one held."""
    from app import access, watchlists
    from app.db import transaction
    from app.releases import Wanted, WatchlistCache
    from app.releases import refresh as take

    wanted = Wanted(place, list_id, dated.date().isoformat() if dated else None, expect)
    with _house() as (folder, sessions, now):
        done = list(take(sessions, folder, wanted, now))
        with transaction(sessions) as session:
            everyone = watchlists.screen_firms(session, WatchlistCache(), access.CONSOLE, now)
    if as_json:
        problems = [one.problem.problem() if one.problem else None for one in done]
        lists = [{"list": one.list_id, "taken": one.taken and asdict(one.taken)} for one in done]
        told = [line | {"problem": fault} for line, fault in zip(lists, problems, strict=True)]
        print_json({"lists": told, "firms": asdict(everyone)})
    else:
        _print_refreshed(done, everyone)
    if any(one.problem for one in done):
        raise typer.Exit(2)


def _print_refreshed(done: list[Refreshed], everyone: Rescreened) -> None:
    for one in done:
        if one.problem:
            out.print(f"{one.list_id}: {one.problem.message}", style="red", markup=False)
            out.print(f"    {one.problem.hint}" if one.problem.hint else "", markup=False)
        elif one.taken:
            before = "" if one.taken.before is None else f" (held before: {one.taken.before:,})"
            what = f"{one.taken.entries:,} entries of {one.taken.dated}{before}" if one.taken.changed else "as held"
            out.print(f"{one.list_id}: {what}", markup=False)
    out.print(
        f"{everyone.firms} firms screened: {everyone.new} new hits, {everyone.gone} gone, "
        f"{everyone.waiting} wait for a person (`triveni watchlists hits`)."
    )
    for what, firms in (
        ("no name that can be compared", everyone.unreadable),
        ("owners in a circle", everyone.circular),
    ):
        if firms:
            out.print(f"Look at these, {what}: {', '.join(firms)}", style="yellow", markup=False)


@watchlists_app.command("list")
def list_releases(as_json: AsJson = False) -> None:
    """Print the list releases in force, and the lists known of which none is."""
    from app import releases
    from app.db import transaction

    with _house() as (folder, sessions, now):
        with transaction(sessions, readonly=True) as session:
            held = {row.list_id: row for row in releases.releases(session)}
            old = releases.stale(session, folder, now.date())
        sources = releases.read_sources(folder)
    shown = ("list_id", "title", "publisher", "url", "licence", "dated", "sha256", "entries", "taken_from", "taken_at")
    if as_json:
        rows = [{name: getattr(row, name) for name in shown} for row in held.values()]
        print_json({"held": rows, "stale": old, "not_held": [name for name in sources if name not in held]})
        return
    for row in held.values():
        out.print(f"{row.list_id}: {row.title}, {row.entries:,} entries of {row.dated}", markup=False)
        out.print(f"    {row.publisher}; {row.licence}; {row.url}", style="dim", markup=False)
        out.print(
            f"    sha256 {row.sha256}, from {row.taken_from} on {row.taken_at:%Y-%m-%d}", style="dim", markup=False
        )
    for title in old:
        out.print(f"stale: {title} is older than agreed; `triveni watchlists refresh`", style="yellow", markup=False)
    for name, source in sources.items():
        if name not in held:
            out.print(f"{name}: not held ({source.title}; {source.licence})", markup=False)


@watchlists_app.command("hits")
def hits(
    everything: Annotated[bool, typer.Option("--all", help="Also those decided and gone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the hits on firms that wait for a person, the nearest first."""
    from app import watchlists
    from app.db import transaction

    with _house() as (_, sessions, _now), transaction(sessions, readonly=True) as session:
        told = [watchlists.hit_document(session, hit) for hit in watchlists.queue(session, everything=everything)]
    if as_json:
        print_json(told)
        return
    for hit in told:
        near = hit["near"]
        out.print(
            f"{hit['id']}  {near['score']:.2f}  {hit['firm']} ({hit['role']}: {hit['given']})  ~  {hit['listed']}  "
            f"({hit['code']}, {near['list_title']} of {near['list_date']})  {hit['state']}",
            markup=False,
        )
        out.print(f"      {near['because']}", style="dim", markup=False)
        for decision in hit["decisions"]:
            who = f"{decision['decided_by']}, {decision['decided_at']:%Y-%m-%d}"
            out.print(f"      {who}: {decision['decision']}, {decision['reason']}", style="dim", markup=False)
    out.print(f"{len(told)} hits." if told else "No hit waits.")


@watchlists_app.command("decide")
def decide(
    hit: Annotated[int, typer.Argument(help="The hit's number.")],
    decision: Annotated[Literal["true", "false"], typer.Option(help="true: it is the listed party; false: it is not.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    by: Annotated[str, typer.Option(help="The person who decides.")],
) -> None:
    """Record a person's decision on a hit; to release one, two different persons decide false."""
    from app import watchlists
    from app.db import transaction

    with _house() as (_, sessions, now), transaction(sessions) as session:
        decided = watchlists.decide(session, hit, decision == "true", reason, by, now)
        state = decided.state
    words = {
        "confirmed": "confirmed: it stands on the list"
        if decision == "true"
        else "still confirmed: a second person must agree",
        "proposed": "proposed for release: a second person must agree",
        "released": "released by two persons",
    }
    out.print(f"Hit {hit} is {words[state]}.", markup=False)
