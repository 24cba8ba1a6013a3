"""``triveni submit``, ``template`` and ``merges``: a sheet in, rows back, the blank form, two records of one firm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.errors import Invalid
from app.printing import print_json
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from app.mapping import MappingFile
    from app.submissions import Means

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

MOST_TOLD = 20
"""Problems that are printed; all of them stand in the returned workbook and in ``--json``."""


@contextmanager
def _sessions() -> Iterator[tuple[Settings, sessionmaker[Session]]]:
    from app.db import opened

    settings = Settings()
    with opened(settings.database_url) as sessions:
        yield settings, sessions


@contextmanager
def _means(settings: Settings) -> Iterator[Means]:
    """What a check needs, with a bar that shows how far it is."""
    from app.knowledge import load_sectors
    from app.submissions import Means

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=err, transient=True
    ) as bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage.capitalize(), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield Means(load_sectors(settings), progress=show)


def _mapping(path: Path | None) -> MappingFile | None:
    if path is None:
        return None
    from pydantic import ValidationError

    from app.knowledge import invalid_from
    from app.mapping import MappingFile

    try:
        return MappingFile.model_validate_json(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(f"cannot read the mapping from {path}: {problem}") from problem
    except ValidationError as problem:
        raise invalid_from(problem, f"{path} is no mapping") from problem


def submit(
    file: Annotated[Path, typer.Argument(help="XLSX, XLS, ODS, CSV or JSON lines, a row for each firm.")],
    association: Annotated[str | None, typer.Option(help="Whose firms these are: name or id.")] = None,
    mapping: Annotated[
        Path | None, typer.Option(help='JSON: {"columns": {"Header": "field"}, "defaults": {}}.')
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Take the rows that are ready onto file.")] = False,
    publish: Annotated[
        bool, typer.Option("--publish/--hold", help="With --accept: the firms agree to be shown and matched.")
    ] = True,
    withdraw_missing: Annotated[
        bool, typer.Option("--withdraw-missing", help="With --accept: withdraw firms that the file does not name.")
    ] = False,
    returned: Annotated[
        Path | None, typer.Option("--returned", help="Write the rows that need work to this workbook.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print exactly the API's JSON.")] = False,
) -> None:
    """Check an association's file: what would change, and what is wrong, cell by cell. Only --accept touches firms."""
    from app import access, associations, submissions
    from app.db import transaction

    try:
        content = file.read_bytes()
    except OSError as problem:
        raise Invalid(f"cannot read {file}: {problem.strerror}") from problem
    now = datetime.now(UTC)
    with _sessions() as (settings, sessions), _means(settings) as means:
        with transaction(sessions) as session:
            whose = associations.association_at_console(session, association, now)
            upload = submissions.Upload(content, file.name, whose.id, _mapping(mapping))
            submission = submissions.check(session, access.CONSOLE, upload, means, now)
            document = submissions.document(session, submission)
        if accept:
            how = submissions.Acceptance(publish=publish, withdraw_missing=withdraw_missing)
            with transaction(sessions) as session:
                submission = submissions.accept(session, access.CONSOLE, submission.id, how, means, now)
                document = submissions.document(session, submission)
        if returned is not None:
            with transaction(sessions, readonly=True) as session:
                returned.write_bytes(submissions.returned(session, access.CONSOLE, submission.id))
    if as_json:
        print_json(document)
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    about = document["submission"]
    rows = f"{document['ready']} of {document['rows']} rows are ready"
    out.print(
        f"[bold]{rows}[/bold]: {document['new']} new, {document['changed']} changed, {document['unchanged']} unchanged."
    )
    for problem in document["problems"][:MOST_TOLD]:
        at = problem["cell"] or f"{problem['sheet']}!{problem['row']}"
        value = f" “{problem['value'][:60]}”" if problem["value"] else ""
        column = f" ({problem['column']})" if problem["column"] else ""
        out.print(f"  [red]{escape(at)}[/red]{escape(column + value)}: {escape(problem['message'])}")
        out.print(f"      {problem['mend']}", markup=False)
    if len(document["problems"]) > MOST_TOLD:
        out.print(f"  … and {len(document['problems']) - MOST_TOLD} more: `--returned FILE.xlsx` writes them all.")
    for title, items in (
        ("Left out", [f"{item['what']}, {item['where']}: {item['why']}" for item in document["left_out"]]),
        ("Read otherwise than written", [f"{item['cell']}: {item['note']}" for item in document["row_notes"]]),
        ("Perhaps the same firm", [_duplicate(item) for item in document["duplicates"]]),
        ("Near names on denied-party lists, for a reviewer", [_hit(item) for item in document["hits"]]),
        ("On file and not in this file", document["missing"]),
        ("Notes", document["notes"]),
    ):
        if items:
            out.print(f"[bold]{title}[/bold]")
            for item in items[:MOST_TOLD]:
                out.print(f"  {item}", markup=False)
            if len(items) > MOST_TOLD:
                out.print(f"  … and {len(items) - MOST_TOLD} more (`--json` has all)")
    if about["state"] == "accepted":
        out.print(f"Accepted: submission {about['id']}. `triveni embed` makes the new firms matchable.")
    else:
        out.print(
            f"Nothing is on file yet: submission {about['id']}; with --accept the rows that are ready are taken in."
        )


def _duplicate(item: dict[str, Any]) -> str:
    if item["scope"] == "elsewhere":
        return f"{item['sheet']}!{item['row']} {item['name']}: another association may answer for this firm"
    because = "; ".join(item["because"])
    return f"{item['sheet']}!{item['row']} {item['name']} and {item['other']}: {item['score']} ({because})"


def _hit(item: dict[str, Any]) -> str:
    where = f"{item['listed']} on {item['list']} of {item['list_date']}"
    return f"{item['sheet']}!{item['row']} {item['given']} is near {where} ({item['score']})"


def template(
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the workbook is written.")],
) -> None:
    """Write the blank form for members: bilingual, with drop-downs. It is read back by `triveni submit`."""
    from app.knowledge import load_sectors
    from app.template import blank

    output.write_bytes(blank(load_sectors(Settings())))
    out.print(f"The form is in {output}.", markup=False)


# --- Merges -----------------------------------------------------------------------------------------

merges_app = typer.Typer(no_args_is_help=True, help="Two records of one firm: told as likely, merged, parted again.")


@merges_app.command("near")
def near(firm: Annotated[str, typer.Argument(help="The firm's id.")]) -> None:
    """List records that may be of the same firm, with the reasons."""
    from app import access, merges
    from app.db import transaction

    with _sessions() as (_, sessions), transaction(sessions, readonly=True) as session:
        found = merges.near_records(session, access.CONSOLE, firm)
    for record in found:
        out.print(f"{record.score}  {record.firm}: {'; '.join(record.because)}", markup=False)
    if not found:
        out.print("No record is near.")


@merges_app.command("make")
def make(
    kept: Annotated[str, typer.Argument(help="The id of the record that stays.")],
    merged: Annotated[str, typer.Argument(help="The id of the record that is archived.")],
    reason: Annotated[str, typer.Option(help="How it is known that both are of one firm.")],
) -> None:
    """Take two records for one firm's."""
    from app import access, merges
    from app.db import transaction

    with _sessions() as (_, sessions), transaction(sessions) as session:
        done = merges.merge(session, access.CONSOLE, kept, merged, reason, datetime.now(UTC))
    out.print(
        f"{merged} is merged into {kept}: merge {done.id}; `triveni merges undo {done.id}` parts them.", markup=False
    )


@merges_app.command("undo")
def undo(merge: Annotated[int, typer.Argument(help="The number of the merge.")]) -> None:
    """Part two records again."""
    from app import access, merges
    from app.db import transaction

    with _sessions() as (_, sessions), transaction(sessions) as session:
        done = merges.undo(session, access.CONSOLE, merge, datetime.now(UTC))
    out.print(f"{done.merged} stands by itself again.", markup=False)


@merges_app.command("list")
def list_merges(firm: Annotated[str, typer.Argument(help="The firm's id.")]) -> None:
    """List the merges of a firm, those undone included."""
    from app import access, merges
    from app.db import transaction

    with _sessions() as (_, sessions), transaction(sessions, readonly=True) as session:
        for made in merges.of_firm(session, access.CONSOLE, firm):
            ended = f", undone {made.undone_at:%Y-%m-%d}" if made.undone_at else ""
            out.print(f"{made.id}  {made.merged} into {made.kept}, {made.merged_at:%Y-%m-%d}{ended}: {made.reason}")
