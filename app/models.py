"""Every table, in the order of the story: Association, Firm and its revisions, vectors, keys, runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, Stored
from matching.profile import Profile


class ChangeCounter(Base):
    """One row: the number of the last change to firms.

    It is raised as the last statement of a writing transaction, under its row lock, so that the order of the
    numbers is the order of the commits (a plain sequence loses rows for those who follow it).
    """

    __tablename__ = "change_counter"
    __table_args__ = (CheckConstraint("id = 1", name="only_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    number: Mapped[int] = mapped_column(default=0)


class Association(Base):
    """An industry body that submits and answers for firms' records."""

    __tablename__ = "association"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(300), unique=True)


class Firm(Base):
    """A legal entity on the service, with its present profile."""

    __tablename__ = "firm"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    association_id: Mapped[str] = mapped_column(ForeignKey("association.id"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    country: Mapped[str] = mapped_column(String(3), index=True)
    state: Mapped[str] = mapped_column(String(20), default="published", index=True)
    revision: Mapped[int] = mapped_column(default=1)
    profile: Mapped[Profile] = mapped_column(Stored(Profile))
    changed_at: Mapped[datetime] = mapped_column(Moment)


class FirmRevision(Base):
    """A profile as it stood at one change; with these a stored run can be replayed."""

    __tablename__ = "firm_revision"
    __table_args__ = (UniqueConstraint("firm_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    revision: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    profile: Mapped[Profile] = mapped_column(Stored(Profile))
    change: Mapped[int] = mapped_column(index=True)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class StatementVector(Base):
    """The vector of one text by one encoder; the text is known by its hash, so it is embedded once."""

    __tablename__ = "statement_vector"
    __table_args__ = (UniqueConstraint("text_sha256", "encoder"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    text_sha256: Mapped[str] = mapped_column(String(64))
    encoder: Mapped[str] = mapped_column(String(200), index=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    vector_sha256: Mapped[str] = mapped_column(String(64))


class ApiKey(Base):
    """A key for the API: only its hash is stored."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(20), index=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class MatchRun(Base):
    """One ask and its answer, with who asked and the versions of everything it rests on."""

    __tablename__ = "match_run"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Moment, index=True)
    asked_by: Mapped[str] = mapped_column(String(200))
    ask: Mapped[dict[str, Any]] = mapped_column(JSON)
    versions: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
