"""``triveni firms`` at the terminal, from a draft to an erasure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from app import revisions
from app.access import CONSOLE
from app.db import open_engine, session_maker, transaction, upgrade
from app.models import Association, Firm
from tests.factories import profile

FIRM = "northern-sensors-inc"


@pytest.fixture
def draft(tmp_path, monkeypatch):
    """A draft of one firm, in the database that the command opens."""
    url = f"sqlite:///{tmp_path / 'life.sqlite3'}"
    monkeypatch.setenv("TRIVENI_DATABASE_URL", url)
    upgrade(url)
    engine = open_engine(url)
    sessions = session_maker(engine)
    with transaction(sessions) as session:
        session.add(Association(id="cadsi", name="CADSI"))
        session.flush()
        change = revisions.begin(session, CONSOLE, datetime.now(UTC))
        revisions.register(session, change, FIRM, "cadsi", profile(), "draft")
    yield sessions
    engine.dispose()


def consent(triveni, *options: str):
    return [
        triveni("firms", "consent", FIRM, "public", purpose, "--by", "Export desk", "--on", "2026-01-05", *options)
        for purpose in ("publication", "matching")
    ]


def test_a_draft_is_published_on_consent_confirmed_and_expires(draft, triveni) -> None:
    assert "is submitted" in triveni("firms", "move", FIRM, "submit").out
    refused = triveni("firms", "move", FIRM, "publish")
    assert refused.code == 2
    assert "has not agreed to publication of its public fields" in refused.err
    assert [said.code for said in consent(triveni)] == [0, 0]
    assert "is published" in triveni("firms", "move", FIRM, "publish").out
    assert "0 expired and are matched no more; 0 are due" in triveni("firms", "expire").out
    with transaction(draft) as session:
        session.get(Firm, FIRM).expires_at = datetime.now(UTC) + timedelta(days=9)
    assert f"{FIRM} (cadsi): to be confirmed on" in triveni("firms", "expire").out
    with transaction(draft) as session:
        session.get(Firm, FIRM).expires_at = datetime.now(UTC) - timedelta(days=1)
    assert [firm["id"] for firm in json.loads(triveni("firms", "expire", "--json").out)["expired"]] == [FIRM]
    assert "is published" in triveni("firms", "move", FIRM, "confirm").out


def test_consents_are_listed_and_withdrawn(draft, triveni) -> None:
    assert "No consent" in triveni("firms", "consents", FIRM).out
    consent(triveni, "--evidence", "form 7")
    assert "public: matching, by Export desk on 2026-01-05" in triveni("firms", "consents", FIRM).out
    assert "is archived" in triveni("firms", "withdraw", FIRM).out
    held = json.loads(triveni("firms", "consents", FIRM, "--json").out)
    assert [(one["evidence"], one["withdrawn_by"]) for one in held] == [("form 7", "console")] * 2


def test_an_erasure_asks_first_and_is_for_good(draft, triveni) -> None:
    said = triveni("firms", "erase", FIRM, "--yes")
    assert said.out.startswith("Erased: 1 revisions, 0 vectors")
    assert triveni("firms", "erase", FIRM, "--yes", "--json").code == 2
    assert triveni("firms", "overwrite").code == 0
    assert triveni("audit", "verify").code == 0
    assert FIRM not in triveni("audit", "export").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("move", FIRM, "promote"),
        ("move", FIRM, "expire"),
        ("move", "nobody", "submit"),
        ("consent", FIRM, "personal", "matching", "--by", "Desk", "--on", "2026-01-05"),
        ("consent", FIRM, "public", "matching", "--by", "Desk", "--on", "2199-01-05"),
    ],
)
def test_what_cannot_be_is_said_in_plain_words(draft, triveni, arguments) -> None:
    said = triveni("firms", *arguments)
    assert (said.code, said.err.startswith("triveni: ")) == (2, True)
