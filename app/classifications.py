"""Classification help: entries that the control lists suggest, and a person's word that makes one declared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access, audit, firms, revisions
from app.errors import Conflict, Forbidden, Invalid
from app.intake import BRIEF_LIMIT
from app.knowledge import Knowledge
from app.models import Declaration
from app.permissions import Permission
from matching.control_lists import Candidate, ListEntry
from matching.profile import Classification, Frozen, Label, Profile, Regime, Statement, Text
from matching.taxonomy import TaxonomyError


class Asked(Frozen):
    """A text to find control entries for."""

    text: Annotated[str, Field(min_length=1, max_length=BRIEF_LIMIT)]
    sectors: tuple[str, ...] = ()
    arms: Annotated[bool | None, Field(description="Is this arms and related material? Null: not known.")] = None


class Declared(Frozen):
    """A person's word that goods or technology fall under an entry, of one statement of a profile as it stands."""

    statement: Annotated[int, Field(ge=1, description="Number of the statement in the profile, from 1.")]
    revision: Annotated[int, Field(ge=1, description="Revision of the profile that was read.")]
    regime: Regime
    entry: Label
    reason: Annotated[Text, Field(description="What the person read, and why the entry fits.")]


@dataclass(frozen=True, slots=True)
class OfStatement:
    """One statement of a firm with what is declared of it and what the control lists suggest."""

    number: int
    side: str
    text: str
    declared: tuple[Classification, ...]
    suggested: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class OfFirm:
    """A firm's statements at a revision of its profile."""

    firm: str
    name: str
    revision: int
    statements: tuple[OfStatement, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A declaration as it was recorded: by whom, when, and the revision of the profile that it made."""

    firm: str
    statement: int
    regime: Regime
    entry: str
    title: str
    suggested: bool
    """Whether the lists had suggested the entry for this statement."""
    declared_by: str
    declared_at: datetime
    revision: int


def suggest(asked: Asked, knowledge: Knowledge) -> tuple[Candidate, ...]:
    """Entries for a text, strongest first; sectors not given are read from its words. Raises Invalid."""
    if not asked.text.strip():
        raise Invalid("the text is empty", hint="say in a sentence what the goods or technology are")
    sectors = asked.sectors or tuple(suggestion.code for suggestion in knowledge.taxonomy.suggest(asked.text))
    return knowledge.control_lists.suggest(asked.text, _maps(sectors, knowledge), arms=asked.arms)


def of_firm(session: Session, caller: access.Caller, name_or_id: str, knowledge: Knowledge) -> OfFirm:
    """A firm's statements, as far as it has released them, with what is declared and suggested; raises NotFound."""
    firm = firms.read_firm(session, caller, name_or_id)
    return OfFirm(
        firm=firm.id,
        name=firm.profile.name,
        revision=firm.revision,
        statements=tuple(
            OfStatement(
                number=number,
                side=statement.side,
                text=statement.text,
                declared=tuple(c for c in statement.classifications if c.standing == "declared"),
                suggested=_of_statement(statement, firm.profile, knowledge),
            )
            for number, statement in enumerate(firm.profile.statements, start=1)
        ),
    )


def declare(
    session: Session, caller: access.Caller, name_or_id: str, declared: Declared, knowledge: Knowledge, now: datetime
) -> Recorded:
    """Record a person's word on one statement, and make the profile's next revision of it.

    Raises Forbidden for another association's firm, NotFound, Invalid for a statement that is not there or an entry
    that no list held has, and
    Conflict when the profile has moved on since it was read, or declares the entry already.
    """
    access.require(caller, Permission.DECLARE_CLASSIFICATIONS)
    firm = firms.find_firm(session, caller, name_or_id)
    if caller.association is not None and not access.answers_for(caller, firm.association_id):
        raise Forbidden(f"{firm.name} is answered for by another association", hint="it declares what its firms make")
    read = firms.record_of(session, firm, caller)
    if declared.revision != read.revision:
        raise Conflict(
            f"the profile of {firm.name} stands at revision {read.revision}, and {declared.revision} was read",
            hint="read it again: what it says may have changed",
        )
    if declared.statement > len(read.profile.statements):
        raise Invalid(
            f"{firm.name} has no statement {declared.statement}", hint=f"it has {len(read.profile.statements)}"
        )
    statement = read.profile.statements[declared.statement - 1]
    held = _checked(declared, knowledge)
    entry = Classification(regime=declared.regime, entry=declared.entry)
    if entry in statement.classifications:
        raise Conflict(f"statement {declared.statement} declares {declared.regime} {declared.entry} already")
    suggested = any(
        declared.entry.upper() == each.entry.upper()
        for candidate in _of_statement(statement, firm.profile, knowledge)
        for each in candidate.entries
        if each.regime is declared.regime
    )
    change = revisions.begin(session, caller, now)
    revisions.revise(session, change, firm, firms.with_declared(firm.profile, [(statement.text, entry)]))
    session.add(
        Declaration(
            firm_id=firm.id,
            revision=firm.revision,
            statement=statement.text,
            regime=declared.regime.value,
            entry=declared.entry,
            suggested=suggested,
            reason=declared.reason,
            declared_by=caller.name,
            declared_at=now,
        )
    )
    audit.record(
        session,
        by=caller.name,
        action="classification.declared",
        subject=f"firm:{firm.id}",
        details={
            "revision": firm.revision,
            "statement": hashlib.sha256(statement.text.encode()).hexdigest(),
            "regime": declared.regime.value,
            "suggested": suggested,
        },
        at=now,
    )
    return Recorded(
        firm=firm.id,
        statement=declared.statement,
        regime=declared.regime,
        entry=declared.entry,
        title=held.title,
        suggested=suggested,
        declared_by=caller.name,
        declared_at=now,
        revision=firms.record_of(session, firm, caller).revision,
    )


def declarations(session: Session, firm_id: str) -> list[Declaration]:
    """Every declaration recorded of a firm, in the order they were made."""
    return list(session.scalars(select(Declaration).where(Declaration.firm_id == firm_id).order_by(Declaration.id)))


def _checked(declared: Declared, knowledge: Knowledge) -> ListEntry:
    try:
        return knowledge.control_lists.check(declared.regime, declared.entry)
    except ValueError as problem:
        raise Invalid(str(problem), hint="`triveni classify TEXT` shows entries that fit a text") from problem


def _of_statement(statement: Statement, profile: Profile, knowledge: Knowledge) -> tuple[Candidate, ...]:
    text = ". ".join(filter(None, (statement.title, statement.text)))
    maps = _maps(statement.sectors or profile.sectors, knowledge)
    return knowledge.control_lists.suggest(text, maps, arms=statement.arms, limit=3)


def _maps(sectors: Iterable[str], knowledge: Knowledge) -> set[str]:
    try:
        return {knowledge.taxonomy.sector(code).sector_map for code in sectors} - {""}
    except TaxonomyError as problem:
        raise Invalid(str(problem), hint="GET /api/v1/sectors lists the codes") from problem
