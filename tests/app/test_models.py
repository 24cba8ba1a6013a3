"""The tables refuse what must not be: two of one name, revision, vector or key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from app.db import Base, transaction
from app.models import ApiKey, Association, Firm, FirmRevision, StatementVector
from tests.factories import profile

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def vector(encoder: str = "hash@1") -> StatementVector:
    return StatementVector(text_sha256="a" * 64, encoder=encoder, vector=b"", vector_sha256="")


def key(sha256: str) -> ApiKey:
    return ApiKey(holder="me", prefix="p", sha256=sha256, created_at=NOW, expires_at=NOW)


def revision(number: int) -> FirmRevision:
    return FirmRevision(
        firm_id="x", revision=number, state="published", profile=profile(), change=number, recorded_at=NOW
    )


@pytest.fixture
def with_firm(sessions):
    with transaction(sessions) as session:
        session.add(Association(id="some", name="Some"))
        session.flush()
        session.add(Firm(id="x", association_id="some", name="X", country="CAN", profile=profile(), changed_at=NOW))
    return sessions


@pytest.mark.parametrize(
    "twice",
    [
        lambda: (Association(id="a", name="Same"), Association(id="b", name="Same")),
        lambda: (vector(), vector()),
        lambda: (key("h"), key("h")),
        lambda: (revision(1), revision(1)),
    ],
    ids=["association name", "vector of a text by an encoder", "key hash", "revision of a firm"],
)
def test_what_must_be_unique_is_refused_a_second_time(with_firm, twice) -> None:
    with pytest.raises(IntegrityError, match="UNIQUE"), transaction(with_firm) as session:
        session.add_all(twice())


def test_one_text_may_have_vectors_of_two_encoders(sessions) -> None:
    with transaction(sessions) as session:
        session.add_all([vector("hash@1"), vector("hash@2")])


def test_a_firm_is_published_at_its_first_revision_unless_told(with_firm) -> None:
    with transaction(with_firm) as session:
        firm = session.get_one(Firm, "x")
        assert (firm.state, firm.revision) == ("published", 1)


def test_every_constraint_has_a_name_that_migrations_can_use() -> None:
    unnamed = [c for table in Base.metadata.tables.values() for c in table.constraints if not c.name]
    assert unnamed == []
