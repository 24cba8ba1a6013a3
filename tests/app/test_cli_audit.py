"""``triveni audit`` at the terminal, on a database and on an exported file."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from app import audit
from app.db import open_engine, session_maker, transaction, upgrade
from tests.app.world import NOW


@pytest.fixture
def log(tmp_path, monkeypatch):
    """A log of three events, in the database that the command opens."""
    url = f"sqlite:///{tmp_path / 'log.sqlite3'}"
    monkeypatch.setenv("TRIVENI_DATABASE_URL", url)
    upgrade(url)
    engine = open_engine(url)
    sessions = session_maker(engine)
    with transaction(sessions) as session:
        for rank in (1, 2):
            audit.record(
                session, by="A. Officer", action="match.decided", subject="run:7", details={"rank": rank}, at=NOW
            )
        audit.record(session, by="console", action="firm.registered", subject="firm:kraken", at=NOW)
    yield sessions
    engine.dispose()


def test_a_log_that_holds_says_so_and_one_that_does_not_exits_with_1(log, triveni) -> None:
    said = triveni("audit", "verify")
    assert (said.code, said.out.startswith("3 events, each as it was written.")) == (0, True)
    with transaction(log) as session:
        session.execute(text("DROP TRIGGER audit_event_no_update"))
        session.execute(text("UPDATE audit_event SET by = 'Nobody' WHERE seq = 2"))
    said = triveni("audit", "verify")
    assert said.code == 1
    assert "edited. Event 2" in said.out
    told = triveni("audit", "verify", "--json")
    assert told.code == 1
    assert json.loads(told.out)["fault"]["seq"] == 2


def test_an_export_is_verified_without_the_database(log, triveni, tmp_path, monkeypatch) -> None:
    path = tmp_path / "audit.jsonl"
    assert triveni("audit", "export", str(path)).code == 0
    monkeypatch.setenv("TRIVENI_DATABASE_URL", "sqlite:////nowhere/at/all.sqlite3")
    assert triveni("audit", "verify", str(path)).code == 0
    path.write_text(path.read_text().replace('"rank":2', '"rank":3'))
    said = triveni("audit", "verify", str(path))
    assert (said.code, "edited" in said.out) == (1, True)


def test_a_cut_tail_is_seen_against_a_head_kept_elsewhere(log, triveni, tmp_path) -> None:
    anchor, export = triveni("audit", "head").out, tmp_path / "earlier.jsonl"
    export.write_text(triveni("audit", "export").out.replace("} {", "}\n{"))
    with transaction(log) as session:
        session.execute(text("DROP TRIGGER audit_event_no_delete"))
        session.execute(text("DELETE FROM audit_event WHERE seq = 3"))
        last = session.scalar(text("SELECT hash FROM audit_event WHERE seq = 2"))
        session.execute(text("UPDATE audit_head SET seq = 2, hash = :hash"), {"hash": last})
    assert triveni("audit", "verify").code == 0, "a head set back hides it"
    for kept in (anchor, str(export)):
        said = triveni("audit", "verify", "--anchor", kept)
        assert (said.code, "truncated" in said.out) == (1, True), kept


@pytest.mark.parametrize("bad", ["7:abc", "no-such-file"])
def test_an_anchor_that_is_none_is_refused(log, triveni, bad) -> None:
    assert triveni("audit", "verify", "--anchor", bad).code == 2


def test_an_export_without_its_head_anchors_nothing(log, triveni, tmp_path) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_text("")
    assert triveni("audit", "verify", "--anchor", str(path)).code == 2
    path.write_bytes(b"\xff")
    assert triveni("audit", "verify", str(path)).code == 2
    assert triveni("audit", "export", str(tmp_path / "no" / "folder")).code == 2


def test_events_are_listed_and_a_firm_is_found_by_its_id(log, triveni) -> None:
    said = triveni("audit", "list", "--subject", "firm:kraken")
    assert "firm.registered" in said.out
    assert "kraken" not in said.out
    assert len(json.loads(triveni("audit", "list", "--after", "1", "--limit", "1", "--json").out)) == 1
    assert "--after 2" in triveni("audit", "list", "--limit", "2").out
