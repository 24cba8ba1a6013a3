"""Consent: what a firm has agreed to for which class of its fields, who said so and when, and what it took back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.chain import Detail
from app.disclosure import FieldClass, without
from app.errors import Conflict, Invalid
from app.models import Consent, Firm
from matching.profile import Frozen, Label, Profile

Purpose = Literal["publication", "matching", "disclosure", "introduction"]

PURPOSES: Mapping[FieldClass, tuple[Purpose, ...]] = {
    FieldClass.PUBLIC: ("publication", "matching"),
    FieldClass.MATCHABLE: ("matching",),
    FieldClass.RESTRICTED: ("disclosure",),
    FieldClass.PERSONAL: ("introduction",),
}
"""What each class of fields is used for, and so must be agreed to: shown to those who may read firms, and moving ranks;
moving ranks unread; disclosed to those who hold a grant; passed with an introduction that both sides agree to."""


class Agreement(Frozen):
    """A consent as an officer records it."""

    field_class: FieldClass
    purpose: Purpose
    given_by: Annotated[Label, Field(description="Who agreed for the firm: an office rather than a person's name.")]
    given_at: AwareDatetime
    evidence: Annotated[str, Field(max_length=500, description="Where it can be read: a form, a letter.")] = ""

    @model_validator(mode="after")
    def _purpose_is_of_the_class(self) -> Self:
        fitting = PURPOSES[self.field_class]
        if self.purpose not in fitting:
            raise ValueError(f"{self.field_class} fields are used for {' and '.join(fitting)}, not for {self.purpose}")
        return self


@dataclass(frozen=True, slots=True)
class Consented:
    """One consent on record; withdrawn or not."""

    id: int
    field_class: str
    purpose: str
    given_by: str
    given_at: datetime
    evidence: str
    recorded_by: str
    recorded_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


def give(session: Session, firm: Firm, agreement: Agreement, by: str, now: datetime) -> Consented:
    """Record a firm's consent; raises Invalid for one of the future, Conflict where one stands already."""
    if agreement.given_at > now:
        raise Invalid(f"a consent of {agreement.given_at:%Y-%m-%d} lies in the future")
    wanted = (agreement.field_class, agreement.purpose)
    if wanted in {(row.field_class, row.purpose) for row in _standing(session, firm.id)}:
        raise Conflict(f"{firm.id} has agreed to {agreement.purpose} of its {agreement.field_class} fields already")
    row = Consent(firm_id=firm.id, **agreement.model_dump(), recorded_by=by, recorded_at=now)
    session.add(row)
    session.flush()
    _note(session, firm, row, "consent.given", by, now)
    return _told(row)


def take_back(session: Session, firm: Firm, classes: Sequence[str], by: str, now: datetime) -> tuple[Consented, ...]:
    """Record that a firm has taken back every consent to the use of these classes of its fields."""
    rows = [row for row in _standing(session, firm.id) if row.field_class in classes]
    for row in rows:
        row.withdrawn_by, row.withdrawn_at = by, now
        _note(session, firm, row, "consent.withdrawn", by, now)
    session.flush()
    return tuple(map(_told, rows))


def _note(session: Session, firm: Firm, row: Consent, action: str, by: str, now: datetime) -> None:
    details: dict[str, Detail] = {"consent": row.id, "field_class": row.field_class, "purpose": row.purpose}
    audit.record(session, by=by, action=action, subject=f"firm:{firm.id}", details=details, at=now)


def of_firm(session: Session, firm_id: str) -> tuple[Consented, ...]:
    """All consents on record of a firm, in order, those withdrawn included."""
    return tuple(map(_told, session.scalars(select(Consent).where(Consent.firm_id == firm_id).order_by(Consent.id))))


def _standing(session: Session, firm_id: str) -> Sequence[Consent]:
    return session.scalars(select(Consent).where(Consent.firm_id == firm_id, Consent.withdrawn_at.is_(None))).all()


def _told(row: Consent) -> Consented:
    return Consented(**{name: getattr(row, name) for name in Consented.__dataclass_fields__})


def missing(session: Session, firm: Firm) -> tuple[tuple[str, str], ...]:
    """The classes and purposes that a firm's profile needs consent for, and has none that stands.

    What was compiled from public sources rests on those, not on consent.
    """
    held = {(row.field_class, row.purpose) for row in _standing(session, firm.id)}
    return tuple(needed for needed in _needed(firm.profile) if needed not in held)


def _needed(profile: Profile) -> Iterator[tuple[str, str]]:
    if profile.provenance != "firm":
        return
    for field_class, purposes in PURPOSES.items():
        if field_class is FieldClass.PUBLIC or without(profile, field_class) != profile:
            yield from ((str(field_class), purpose) for purpose in purposes)


def require_publication(session: Session, firm: Firm) -> None:
    """Raise Conflict unless the firm has agreed to everything that its publication does with its profile."""
    lacking = missing(session, firm)
    if lacking:
        told = ", ".join(f"{purpose} of its {field_class} fields" for field_class, purpose in lacking)
        raise Conflict(
            f"{firm.id} has not agreed to {told}",
            hint="record the firm's consent first; without it nothing is published",
            missing=[{"field_class": field_class, "purpose": purpose} for field_class, purpose in lacking],
        )
