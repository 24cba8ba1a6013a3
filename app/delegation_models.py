"""Tables of shortlists, delegations, their programmes and the outcomes of visits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment


class Delegation(Base):
    """A mission: whose it is, what was asked for it, and where it stands. Delegates are personal data and live here."""

    __tablename__ = "delegation"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    owner: Mapped[str] = mapped_column(String(200), index=True)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    ask: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(Moment)


class Programme(Base):
    """One planning of a delegation, whole, with the versions it rests on; never changed but for its publication."""

    __tablename__ = "programme"
    __table_args__ = (UniqueConstraint("delegation_id", "number"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    delegation_id: Mapped[str] = mapped_column(ForeignKey("delegation.id"), index=True)
    number: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Moment)
    asked_by: Mapped[str] = mapped_column(String(200))
    versions: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    published_at: Mapped[datetime | None] = mapped_column(Moment)


class VisitOutcome(Base):
    """What came of a visit, and what is to follow; never changed, only followed by another."""

    __tablename__ = "visit_outcome"

    id: Mapped[int] = mapped_column(primary_key=True)
    delegation_id: Mapped[str] = mapped_column(ForeignKey("delegation.id"), index=True)
    site: Mapped[str] = mapped_column(String(300))
    outcome: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(2000), default="")
    follow_up: Mapped[str] = mapped_column(String(1000), default="")
    due: Mapped[str | None] = mapped_column(String(10))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[str] = mapped_column(String(200))


class Shortlist(Base):
    """Chosen firms, in order, with the rules of spread they are held to."""

    __tablename__ = "shortlist"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    owner: Mapped[str] = mapped_column(String(200), index=True)
    shared_with: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    spread: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(Moment)


class ShortlistEntry(Base):
    """One firm on a shortlist, from a match or by hand, with what was known of it when it was put there."""

    __tablename__ = "shortlist_entry"
    __table_args__ = (UniqueConstraint("shortlist_id", "firm_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    shortlist_id: Mapped[str] = mapped_column(ForeignKey("shortlist.id"), index=True)
    place: Mapped[int]
    firm_id: Mapped[str] = mapped_column(String(200))
    """No foreign key: a firm that is withdrawn or erased is told as such, and keeps nobody from erasing it."""
    run_id: Mapped[str | None] = mapped_column(ForeignKey("match_run.id"))
    rank: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(2000), default="")
    basis: Mapped[dict[str, Any]] = mapped_column(JSON)
    added_at: Mapped[datetime] = mapped_column(Moment)
    added_by: Mapped[str] = mapped_column(String(200))
