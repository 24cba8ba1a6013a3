"""``triveni audit``: verify the log of what was decided, hand it to an auditor, read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.errors import Invalid, NotFound
from app.printing import print_json
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.chain import Head

audit_app = typer.Typer(help="The log of what was decided, by whom and when.", no_args_is_help=True)

out = Console(highlight=False, soft_wrap=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@contextmanager
def _reading() -> Iterator[Session]:
    from app.db import opened, transaction

    with opened(Settings().database_url) as sessions, transaction(sessions, readonly=True) as session:
        yield session


@audit_app.command("verify")
def verify(
    export: Annotated[Path | None, typer.Argument(help="An exported file, instead of the database's log.")] = None,
    anchor: Annotated[
        list[str] | None,
        typer.Option(help="A head kept elsewhere: SEQ:HASH as `audit head` prints it, or an earlier export's file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the log is as it was written; if not, name the first bad event and what is wrong, and exit with 1."""
    from app import audit, chain

    anchors = [read_anchor(given) for given in anchor or ()]
    if export is None:
        with _reading() as session:
            head, fault = audit.verify(session, anchors)
    else:
        held, written = chain.read(_text(export))
        head, fault = written or chain.Head(), chain.first_fault(held, written, anchors)
    if as_json:
        told = None if fault is None else {"seq": fault.seq, "wrong": fault.wrong, "says": fault.says}
        print_json({"head": head.model_dump(), "holds": fault is None, "fault": told})
    elif fault is None:
        out.print(f"{head.seq} events, each as it was written. Head {head.seq}:{head.hash}", markup=False)
        if not anchors:
            out.print("A cut tail shows against a head kept elsewhere: give one with --anchor.", style="dim")
    else:
        out.print(f"The log does not hold: {fault.wrong}. {fault.says[0].upper()}{fault.says[1:]}.", markup=False)
    if fault is not None:
        raise typer.Exit(1)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise NotFound(f"cannot read the export {path}: {problem}") from problem


def read_anchor(given: str) -> Head:
    """A head given as SEQ:HASH, or as an export whose last line it is."""
    from app import chain
    from app.audit_reading import head_from

    if given.partition(":")[0].isdecimal():
        return head_from(given)
    head = chain.read(_text(Path(given)))[1]
    if head is None:
        raise Invalid(f"{given} does not end with its head, so it anchors nothing")
    return head


@audit_app.command("export")
def export(
    to: Annotated[Path | None, typer.Argument(help="The file to write; without it, print.")] = None,
) -> None:
    """Write the whole log as JSON lines, the head last; `triveni audit verify FILE` checks it without the database."""
    from app import audit, chain

    with _reading() as session:
        events, head = audit.chain(session)
    lines = chain.written(events, head or chain.Head())
    if to is None:
        for line in lines:
            typer.echo(line, nl=False)
        return
    try:
        to.write_text("".join(lines), encoding="utf-8")
    except OSError as problem:
        raise Invalid(f"cannot write {to}: {problem.strerror}") from problem
    out.print(f"{len(events)} events written to {to}.", markup=False)


@audit_app.command("head")
def head() -> None:
    """Print the head, SEQ:HASH; keep it elsewhere, and `audit verify --anchor` will see a log cut or written anew."""
    from app import audit, chain

    with _reading() as session:
        held = audit.head_of(session) or chain.Head()
    typer.echo(f"{held.seq}:{held.hash}")


@audit_app.command("list")
def list_events(
    subject: Annotated[str | None, typer.Option(help="Kind and id, for example firm:kraken-robotics-inc.")] = None,
    action: Annotated[str | None, typer.Option(help="For example hit.decided.")] = None,
    after: Annotated[int, typer.Option(help="Only events after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List events in order; firms are named by a hash of their id, and found by the id itself."""
    from app import audit

    with _reading() as session:
        found = audit.events(session, after=after, limit=limit, action=action, subject=subject)
    if as_json:
        print_json([event.model_dump() for event in found])
        return
    for event in found:
        told = ", ".join(f"{name} {value}" for name, value in event.details.items())
        out.print(f"{event.seq}  {event.at[:19]}  {event.by}  {event.action}  {event.subject}  {told}", markup=False)
    if len(found) == limit:
        out.print(f"There may be more: --after {found[-1].seq}", style="dim")
