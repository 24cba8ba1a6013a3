"""What verify finds: each kind of damage is made, and told as what it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from app import integrity
from app.chain import Head
from app.db import reading
from tests.app.world import World


def found(world: World, *anchors: Head) -> dict[str, integrity.Check]:
    with reading(world.sessions) as session:
        return {check.what: check for check in integrity.examine(session, world.knowledge, anchors)}


def damaged(world: World, statement: str, **given: object) -> dict[str, integrity.Check]:
    raw = world.sessions.kw["bind"].raw_connection()
    raw.driver_connection.execute("PRAGMA foreign_keys=OFF")
    raw.driver_connection.execute("DROP TRIGGER IF EXISTS audit_event_no_update")
    changed = raw.driver_connection.execute(statement, given).rowcount
    raw.driver_connection.execute("PRAGMA foreign_keys=ON")
    raw.close()
    assert changed > 0, "nothing was damaged"
    return found(world)


def test_a_whole_database_holds_in_every_respect(world) -> None:
    checks = found(world)
    assert {check.state for check in checks.values()} == {"ok"}
    assert list(checks) == [
        "Pages of the database",
        "Tables",
        "References between tables",
        "Firms and their revisions",
        "Vectors",
        "Audit log",
        "Encoder",
        "Index",
    ]
    assert "each found itself" in checks["Index"].says


@pytest.mark.parametrize(
    ("statement", "what", "says"),
    [
        ("DELETE FROM association", "References between tables", "refer to nothing"),
        ("UPDATE firm SET revision = 2 WHERE id = 'arctic-radio-ltd'", "Firms and their revisions", "arctic-radio-ltd"),
        ("UPDATE firm SET state = 'draft' WHERE id = 'arctic-radio-ltd'", "Firms and their revisions", "arctic-radio"),
        (
            "DELETE FROM firm_revision WHERE firm_id = 'arctic-radio-ltd'",
            "Firms and their revisions",
            "arctic-radio-ltd",
        ),
        ("UPDATE change_counter SET number = 0", "Firms and their revisions", "beyond the change number 0"),
        ("UPDATE audit_event SET by = 'nobody' WHERE seq = 3", "Audit log", "edited: event 3"),
        ("UPDATE audit_head SET seq = seq - 1", "Audit log", "added"),
    ],
)
def test_what_was_changed_behind_its_back_is_found(world, statement: str, what: str, says: str) -> None:
    check = damaged(world, statement)[what]
    assert check.state == "wrong"
    assert says in check.says


def test_every_damaged_vector_is_found_whatever_its_bytes(world) -> None:
    with world.sessions() as session:
        rows = session.execute(text("SELECT id, vector FROM statement_vector")).all()
    for row_id, vector in rows[:10]:
        other = bytes([vector[0] ^ 1]) + vector[1:]
        check = damaged(world, "UPDATE statement_vector SET vector = :v WHERE id = :i", v=other, i=row_id)["Vectors"]
        assert check.state == "wrong"
        assert f"row {row_id}" in check.says
        damaged(world, "UPDATE statement_vector SET vector = :v WHERE id = :i", v=vector, i=row_id)
    assert found(world)["Vectors"].state == "ok"


def test_a_vector_of_nothing_does_not_find_itself_though_its_checksum_fits(world) -> None:
    from hashlib import sha256

    blank = bytes(4 * world.knowledge.encoder.dimensions)
    told = {"v": blank, "s": sha256(blank).hexdigest()}
    statement = "UPDATE statement_vector SET vector = :v, vector_sha256 = :s WHERE id = 2"
    check = damaged(world, statement, **told)["Index"]
    assert (check.state, "1 do not find themselves" in check.says) == ("wrong", True)


def test_vectors_of_another_encoder_wait_and_are_not_wrong(world) -> None:
    checks = damaged(world, "UPDATE statement_vector SET encoder = 'another@1'")
    assert checks["Encoder"].state == "waits"
    assert checks["Index"].state == "waits"
    assert checks["Vectors"].state == "ok"


def test_a_log_cut_with_its_head_shows_against_an_anchor(world) -> None:
    with world.sessions() as session:
        seq, digest = session.execute(text("SELECT seq, hash FROM audit_head")).one()
    check = found(world, Head(seq=seq + 1, hash=digest))["Audit log"]
    assert (check.state, "truncated" in check.says) == ("wrong", True)


def test_tables_of_an_earlier_release_are_told_and_nothing_after_them_is_read(world) -> None:
    checks = damaged(world, "UPDATE alembic_version SET version_num = '0001'")
    assert list(checks) == ["Pages of the database", "Tables"]
    assert checks["Tables"].state == "waits"


def test_pages_that_are_not_whole_are_found(world) -> None:
    engine = world.sessions.kw["bind"]
    with engine.connect() as connection:
        page = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        root = connection.exec_driver_sql(
            "SELECT rootpage FROM sqlite_master WHERE name='ix_firm_country'"
        ).scalar_one()
    raw = engine.raw_connection()
    raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    engine.dispose()
    with Path(engine.url.database).open("r+b") as file:
        file.seek((root - 1) * page + 8)
        file.write(os.urandom(page - 8))
    check = found(world)["Pages of the database"]
    assert check.state == "wrong"
