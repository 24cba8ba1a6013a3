"""Tables of introductions: brokering reviews, introductions, and the steps of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment


class BrokeringReview(Base):
    """A reviewer's decision whether a pair may be introduced for a market; never changed, only followed by another."""

    __tablename__ = "brokering_review"

    id: Mapped[int] = mapped_column(primary_key=True)
    innovator_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    manufacturer_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    market: Mapped[str] = mapped_column(String(3))
    rules: Mapped[list[str]] = mapped_column(JSON)
    rulebook: Mapped[str] = mapped_column(String(64))
    decision: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(2000))
    decided_by: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime] = mapped_column(Moment)


class Introduction(Base):
    """A request that two firms meet, from a match of a run; its course is told by its steps."""

    __tablename__ = "introduction"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("match_run.id"), index=True)
    rank: Mapped[int]
    innovator_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    manufacturer_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    market: Mapped[str] = mapped_column(String(3))
    mode: Mapped[str] = mapped_column(String(60))
    message: Mapped[str] = mapped_column(String(2000))
    stage: Mapped[str] = mapped_column(String(20), index=True)
    proposed_by: Mapped[str] = mapped_column(String(200), index=True)
    proposed_at: Mapped[datetime] = mapped_column(Moment)


class IntroductionStep(Base):
    """One act in the course of an introduction: whose, when, and the stage after it; never changed."""

    __tablename__ = "introduction_step"
    __table_args__ = (UniqueConstraint("introduction_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    introduction_id: Mapped[int] = mapped_column(ForeignKey("introduction.id"), index=True)
    number: Mapped[int]
    act: Mapped[str] = mapped_column(String(20))
    side: Mapped[str | None] = mapped_column(String(20))
    """Of an association's act: for which firm, innovator or manufacturer."""
    after: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(30))
    note: Mapped[str] = mapped_column(String(2000), default="")
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Moment)
