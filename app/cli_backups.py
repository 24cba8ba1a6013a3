"""``triveni backup``, ``triveni restore`` and ``triveni verify``: keep the database, bring it back, check it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.printing import print_json
from app.settings import Settings

if TYPE_CHECKING:
    from app.backups import Point
    from app.integrity import Check

out = Console(highlight=False, soft_wrap=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
File = Annotated[Path, typer.Argument(help="The backup; its manifest stands beside it.")]

_MARKS = {"ok": "[green]✓[/green]", "waits": "[yellow]–[/yellow]", "wrong": "[red]✗[/red]"}


def backup(file: File, as_json: AsJson = False) -> None:
    """Write the whole database to a file, while the service runs; its manifest states the point of restore."""
    from app.backups import back_up

    made = back_up(Settings().database_url, file, datetime.now(UTC))
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    out.print(f"{made.bytes:,} bytes written to {file}, sha256 {made.sha256}.", markup=False)
    _print_point(made.point)
    out.print("It holds what the database holds, secrets of codes among them: keep it as you keep the database.")


def restore(
    file: File,
    replace: Annotated[bool, typer.Option("--replace", help="Give up the database that is in place.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the database's place, checked first; one that holds anything must be given up."""
    from app.backups import restore as bring_back

    done = bring_back(Settings().database_url, file, datetime.now(UTC), replace=replace)
    if as_json:
        aside = str(done.aside) if done.aside else None
        point = done.point.model_dump(mode="json")
        print_json({"point": point, "aside": aside, "erased_since": done.erased_since})
        return
    out.print(f"Restored from {file}.", markup=False)
    _print_point(done.point)
    if done.aside:
        out.print(f"The database that stood there is kept as {done.aside}.", markup=False)
    for firm in done.erased_since:
        out.print(f"{firm} had been erased since and stands again: run `triveni firms erase {firm}`.", markup=False)
    out.print("What came after that point is not here: `triveni init` and `triveni embed` bring tables and vectors up.")


def verify(
    file: Annotated[Path | None, typer.Argument(help="A backup, instead of the database.")] = None,
    anchor: Annotated[
        list[str] | None,
        typer.Option(help="A head of the audit log kept elsewhere: SEQ:HASH, or an earlier export's file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that the database, or a backup, is whole, and exit with 1 unless it is."""
    from app import integrity
    from app.backups import opened_backup
    from app.cli_audit import read_anchor
    from app.db import opened, reading
    from app.knowledge import load_knowledge

    settings = Settings()
    knowledge = load_knowledge(settings)
    anchors = [read_anchor(given) for given in anchor or ()]
    if file is None:
        with opened(settings.database_url) as sessions, reading(sessions) as session:
            checks = list(integrity.examine(session, knowledge, anchors))
    else:
        with opened_backup(file) as (session, manifest):
            checks = list(integrity.examine(session, knowledge, [*anchors, manifest.point.audit]))
    if as_json:
        print_json([{"what": c.what, "state": c.state, "says": c.says, "mend": c.mend} for c in checks])
    else:
        _print_checks(checks)
    if any(check.state == "wrong" for check in checks):
        raise typer.Exit(1)


def _print_checks(checks: list[Check]) -> None:
    for check in checks:
        out.print(f"{_MARKS[check.state]} {check.what}: ", end="")
        out.print(check.says, markup=False)
        if check.mend:
            out.print(f"    {check.mend}", markup=False)


def _print_point(point: Point) -> None:
    out.print(
        f"Point of restore: change {point.change}, {point.rows.get('firm', 0)} firms, "
        f"audit head {point.audit.seq}:{point.audit.hash}",
        markup=False,
    )
