"""Backups: the drill, what is refused, and that nothing in place is lost without being said."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import access, audit, erasure
from app.backups import DamagedBackup, back_up, manifest_of, opened_backup, read_backup, restore
from app.db import open_engine, session_maker, transaction
from app.errors import Conflict, Invalid, NotFound, NotReady
from app.models import Firm
from tests.app.world import NOW, SMALL_FIRMS, World, as_bytes
from tests.factories import profile, statement

ASKS = [
    {"firm": name, "market": market, "limit": 5}
    for name in ("kraken-robotics-inc", "laflamme-aero-inc", "arctic-optics-ltd", "arctic-radio-ltd")
    for market in ("PHL", "KEN", "any", "IRN")
] + [{"brief": {"text": text}, "limit": 5} for text in ("sonar", "drone airframes", "artillery shells", "gimbal")]
"""Twenty of them."""


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def place(world: World) -> Path:
    return Path(str(world.sessions.kw["bind"].url.database))


def firms_on_file(world: World) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(Firm)) or 0


def closed(world: World) -> None:
    world.sessions.kw["bind"].dispose()


@pytest.fixture
def kept(world: World, tmp_path: Path) -> Path:
    """A backup of the small world."""
    path = tmp_path / "kept.sqlite3"
    back_up(url_of(place(world)), path, NOW)
    return path


def reopened(world: World, path: Path) -> World:
    return World(world.settings, session_maker(open_engine(url_of(path))), world.knowledge)


def answers(world: World) -> list[list[bytes]]:
    return [as_bytes(world.ask(**ask), "matches", "excluded") for ask in ASKS]


def test_the_drill_twenty_asks_are_the_same_bytes_after_everything_was_lost(world, tmp_path) -> None:
    assert len(ASKS) == 20
    before = answers(world)
    path = tmp_path / "kept.sqlite3"
    made = back_up(url_of(place(world)), path, NOW)
    closed(world)
    for ending in ("", "-wal", "-shm"):
        place(world).with_name(place(world).name + ending).unlink(missing_ok=True)
    done = restore(url_of(place(world)), path, NOW)
    assert (done.point, done.aside, done.erased_since) == (made.point, None, ())
    again = reopened(world, place(world))
    assert answers(again) == before
    with again.sessions() as session:
        head, fault = audit.verify(session, [made.point.audit])
    assert fault is None
    assert head == made.point.audit


def test_a_backup_states_the_point_it_returns_to(world, kept) -> None:
    point = read_backup(kept).point
    with world.sessions() as session:
        assert point.audit == audit.head_of(session)
    assert point.rows["firm"] == len(SMALL_FIRMS)
    assert point.change == 1


def test_what_is_written_after_a_backup_is_not_in_it_and_what_was_replaced_is_kept(world, kept, tmp_path) -> None:
    world.revise(profile("Latecomer Ltd.", statements=(statement("Came after the backup"),)))
    assert firms_on_file(world) == 9
    closed(world)
    done = restore(url_of(place(world)), kept, NOW, replace=True)
    assert firms_on_file(reopened(world, place(world))) == 8
    assert done.aside is not None
    assert firms_on_file(reopened(world, done.aside)) == 9


def test_a_database_that_holds_anything_is_not_replaced_unless_said_so(world, kept) -> None:
    before = place(world).read_bytes()
    with pytest.raises(Conflict, match="8 firms, change 1"):
        restore(url_of(place(world)), kept, NOW)
    assert place(world).read_bytes() == before


def test_a_database_that_somebody_has_open_is_not_replaced(world, kept) -> None:
    with world.sessions() as session:
        session.scalar(select(func.count()).select_from(Firm))
        with pytest.raises(Conflict, match="has the database open"):
            restore(url_of(place(world)), kept, NOW, replace=True)
    assert firms_on_file(world) == 8


def test_a_backup_can_be_taken_while_somebody_writes(world, tmp_path) -> None:
    with world.sessions() as writer:
        writer.connection().exec_driver_sql("DELETE FROM statement_vector")
        back_up(url_of(place(world)), tmp_path / "meanwhile.sqlite3", NOW)
        writer.rollback()
    assert read_backup(tmp_path / "meanwhile.sqlite3").point.rows["statement_vector"] > 0


def test_every_damage_to_a_backup_is_refused_and_touches_nothing(world, kept, tmp_path) -> None:
    draw, whole = random.Random(8), kept.read_bytes()
    target = tmp_path / "elsewhere.sqlite3"
    for turn in range(60):
        damaged = bytearray(whole)
        at = draw.randrange(len(damaged))
        kind = turn % 4
        if kind == 0:
            damaged[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            del damaged[at:]
        elif kind == 2:
            damaged[at : at + 512] = bytes(len(damaged[at : at + 512]))
        else:
            damaged += b"\0"
        if damaged == whole:
            damaged[at] ^= 1
        kept.write_bytes(damaged)
        with pytest.raises(DamagedBackup):
            restore(url_of(target), kept, NOW)
        assert not target.exists()


def test_a_backup_without_its_manifest_or_with_a_forged_one_is_refused(kept, tmp_path) -> None:
    beside, target = manifest_of(kept), url_of(tmp_path / "elsewhere.sqlite3")
    told = json.loads(beside.read_text(encoding="utf-8"))
    for forged in ("{}", "not JSON", json.dumps(told | {"format": "another/9"})):
        beside.write_text(forged, encoding="utf-8")
        with pytest.raises(DamagedBackup):
            restore(target, kept, NOW)
    beside.unlink()
    with pytest.raises(DamagedBackup, match="has no manifest"):
        restore(target, kept, NOW)
    assert not (tmp_path / "elsewhere.sqlite3").exists()


def test_a_backup_whose_log_was_rewritten_is_refused_even_with_a_fitting_checksum(world, kept, tmp_path) -> None:
    raw = sqlite3.connect(kept)
    raw.execute("DROP TRIGGER audit_event_no_update")
    raw.execute("UPDATE audit_event SET by = 'somebody else' WHERE seq = 2")
    raw.commit()
    raw.close()
    told = read_manifest_anew(kept)
    manifest_of(kept).write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(DamagedBackup, match="Audit log: edited"):
        restore(url_of(tmp_path / "elsewhere.sqlite3"), kept, NOW)


def read_manifest_anew(path: Path) -> dict[str, object]:
    """The manifest of a file as a forger would write it."""
    import hashlib

    content = path.read_bytes()
    told = json.loads(manifest_of(path).read_text(encoding="utf-8"))
    return told | {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_a_damaged_database_is_not_backed_up_as_if_it_were_whole(world, tmp_path) -> None:
    closed(world)
    path = place(world)
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = raw.execute("PRAGMA page_size").fetchone()[0]
    (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_firm_country'").fetchone()
    raw.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * page + 8)
        file.write(os.urandom(page - 8))
    with pytest.raises(NotReady, match="damaged"):
        back_up(url_of(path), tmp_path / "kept.sqlite3", NOW)
    assert list(tmp_path.glob("kept*")) == []


def test_an_existing_file_is_never_overwritten_and_no_half_of_one_stays(world, kept, tmp_path) -> None:
    with pytest.raises(Conflict, match="there already"):
        back_up(url_of(place(world)), kept, NOW)
    with pytest.raises(NotFound, match="no folder"):
        back_up(url_of(place(world)), tmp_path / "nowhere" / "x", NOW)
    with pytest.raises(NotFound, match="no database"):
        back_up(url_of(tmp_path / "nothing.sqlite3"), tmp_path / "y", NOW)
    assert not list(tmp_path.glob("*.partial"))
    assert not (tmp_path / "nothing.sqlite3").exists()


def test_a_backup_is_its_owners_alone(kept) -> None:
    assert kept.stat().st_mode & 0o077 == 0
    assert manifest_of(kept).stat().st_mode & 0o077 == 0


def test_a_backup_of_a_later_release_or_of_another_kind_is_refused(kept, tmp_path) -> None:
    beside = manifest_of(kept)
    told = json.loads(beside.read_text(encoding="utf-8"))
    beside.write_text(json.dumps(told | {"point": told["point"] | {"migration": "9999"}}), encoding="utf-8")
    with pytest.raises(Conflict, match="later release"):
        restore(url_of(tmp_path / "elsewhere.sqlite3"), kept, NOW)
    beside.write_text(json.dumps(told | {"kind": "postgresql"}), encoding="utf-8")
    with pytest.raises(Invalid, match="backup of postgresql"):
        restore(url_of(tmp_path / "elsewhere.sqlite3"), kept, NOW)


def test_a_firm_erased_since_is_told_when_it_stands_again(world, kept) -> None:
    with transaction(world.sessions) as session:
        erasure.erase(session, access.CONSOLE, "arctic-radio-ltd", world.knowledge, NOW)
    closed(world)
    done = restore(url_of(place(world)), kept, NOW, replace=True)
    assert done.erased_since == ("arctic-radio-ltd",)


def test_a_dump_needs_the_programs_of_postgresql_and_says_so(monkeypatch, tmp_path) -> None:
    from app import backups

    monkeypatch.setattr(shutil, "which", lambda program: None)
    with pytest.raises(NotReady, match="pg_dump is not on the PATH"):
        backups._run("pg_dump", "postgresql+psycopg://somebody:secret@nowhere/triveni")


def test_a_password_is_not_among_the_arguments_of_a_program(monkeypatch, tmp_path) -> None:
    from app import backups

    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$@" > "$(dirname "$0")/told"\necho "$PGPASSWORD" > "$(dirname "$0")/kept"\n')
    program.chmod(0o700)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    backups._run("pg_dump", "postgresql+psycopg://somebody:secret@nowhere/triveni")
    assert "secret" not in (tmp_path / "told").read_text()
    assert (tmp_path / "kept").read_text() == "secret\n"


def test_the_commands(world, tmp_path, monkeypatch, triveni) -> None:
    monkeypatch.setenv("TRIVENI_DATABASE_URL", url_of(place(world)))
    closed(world)
    file = str(tmp_path / "by-command.sqlite3")
    assert "Point of restore: change 1, 8 firms" in triveni("backup", file).out
    assert triveni("backup", file).code == 2
    said = triveni("verify", file)
    assert said.code == 0
    assert "8 firms, each as its last revision" in said.out
    assert triveni("restore", file).code == 2
    said = triveni("restore", file, "--replace")
    assert said.code == 0
    assert "is kept as" in said.out
    Path(file).write_bytes(b"nothing")
    assert "damaged" in triveni("verify", file).err


def test_a_backup_opened_to_be_checked_is_left_as_it_was(kept) -> None:
    before = kept.read_bytes()
    with opened_backup(kept) as (session, manifest):
        assert session.scalar(select(func.count()).select_from(Firm)) == manifest.point.rows["firm"]
    assert kept.read_bytes() == before
    assert not list(kept.parent.glob("kept.sqlite3-*"))
