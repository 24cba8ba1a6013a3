"""``triveni classify`` and ``triveni declare``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from app import access
from app.errors import Invalid
from app.printing import print_json
from app.settings import Settings

out = Console(highlight=False, soft_wrap=False)


def classify(
    text: Annotated[str | None, typer.Argument(help="What the goods or technology are, in a sentence.")] = None,
    firm: Annotated[str | None, typer.Option(help="Instead: the statements of a firm on file.")] = None,
    sector: Annotated[list[str] | None, typer.Option(help="Sector code of the text, may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print exactly the API's JSON.")] = False,
) -> None:
    """Suggest control entries for a text or for a firm's statements: suggestions, never a classification."""
    from app.classifications import Asked, OfFirm, of_firm, suggest
    from app.db import opened, transaction
    from app.knowledge import invalid_from, load_knowledge
    from matching.control_lists import Candidate

    if (text is None) == (firm is None):
        raise Invalid("give a text, or a firm with --firm", hint='for example `triveni classify "towed sonar"`')
    settings = Settings()
    knowledge = load_knowledge(settings)
    if firm is not None:
        with opened(settings.database_url) as sessions, transaction(sessions, readonly=True) as session:
            found = TypeAdapter(OfFirm).dump_python(of_firm(session, access.CONSOLE, firm, knowledge), mode="json")
        if as_json:
            print_json(found)
        else:
            _print_firm(found)
        return
    try:
        asked = Asked.model_validate({"text": text, "sectors": tuple(sector or ())})
    except ValidationError as problem:
        raise invalid_from(problem, "this text cannot be read") from problem
    candidates = TypeAdapter(tuple[Candidate, ...]).dump_python(suggest(asked, knowledge), mode="json")
    if as_json:
        print_json(candidates)
    else:
        _print_candidates(candidates)


def declare(
    firm: Annotated[str, typer.Argument(help="A firm on file: name, alias or id.")],
    statement: Annotated[int, typer.Argument(help="Number of the statement, as `triveni classify --firm` shows it.")],
    entry: Annotated[str, typer.Argument(help="Regime and entry, for example ECL:2-10.c")],
    revision: Annotated[int, typer.Option(help="Revision of the profile that was read.")],
    reason: Annotated[str, typer.Option(help="What was read, and why the entry fits.")],
    by: Annotated[str, typer.Option(help="The person who declares it.")],
) -> None:
    """Record a person's word that a statement's goods fall under an entry: it becomes declared, with who and when."""
    from app.classifications import Declared
    from app.classifications import declare as record
    from app.db import opened, transaction
    from app.knowledge import invalid_from, load_knowledge

    settings = Settings()
    regime, _, code = entry.partition(":")
    given = {"statement": statement, "revision": revision, "regime": regime.upper(), "entry": code, "reason": reason}
    try:
        declared = Declared.model_validate(given)
    except ValidationError as problem:
        raise invalid_from(problem, "this declaration does not fit") from problem
    knowledge = load_knowledge(settings)
    with opened(settings.database_url) as sessions, transaction(sessions) as session:
        done = record(session, replace(access.CONSOLE, name=by), firm, declared, knowledge, datetime.now(UTC))
    out.print(
        f"Declared by {done.declared_by}: statement {done.statement} of {done.firm} falls under {done.regime} "
        f"{done.entry} ({done.title}); the profile stands at revision {done.revision}.",
        markup=False,
    )


def _print_firm(found: dict[str, Any]) -> None:
    out.print(f"{found['name']}, profile revision {found['revision']}", markup=False)
    for statement in found["statements"]:
        out.print(f"\n{statement['number']}. {statement['side']}: {statement['text']}", markup=False)
        for entry in statement["declared"]:
            out.print(f"   declared: {entry['regime']} {entry['entry']}", markup=False)
        _print_candidates(statement["suggested"])


def _print_candidates(candidates: list[dict[str, Any]]) -> None:
    if not candidates:
        out.print("   no entry is suggested: no word of the lists met (which says nothing about the goods)")
    for candidate in candidates:
        words = ", ".join(candidate["words_that_met"]) or "its sector alone"
        out.print(f"   suggested {candidate['score']:.2f} {candidate['heading']} ({words})", markup=False)
        for entry in candidate["entries"]:
            out.print(
                f"      {entry['regime']} {entry['entry']}: {entry['title']} [as of {entry['as_of'] or 'unknown'}]",
                style="dim",
                markup=False,
            )
