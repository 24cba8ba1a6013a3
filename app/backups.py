"""Backups: the whole database in one file with a manifest beside it, and its return.

A backup states its point of restore: the number of the last change to firms and the head of the audit log, as they were
when it was begun. It is taken while the service runs: by SQLite's online backup, or by ``pg_dump`` from one snapshot.
The manifest is written last, so a backup that was broken off has none and is refused. A restore reads the backup whole,
checks it before anything is touched, and sets the database that it replaces aside.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from sqlalchemy import URL, func, inspect, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import audit, integrity
from app.candidates import current_change
from app.chain import Head
from app.db import Base, known_migrations, open_engine, open_file
from app.errors import AppError, Conflict, Invalid, NotFound, NotReady
from app.models import Erasure, Firm
from matching.profile import Frozen

PAGES_AT_ONCE = 2_000
"""Pages copied before writers get their turn."""


class DamagedBackup(AppError):
    """A backup is not as it was made; nothing was restored from it."""

    status = 422
    code = "damaged-backup"


class Point(Frozen):
    """The point that a restore returns to."""

    change: int
    audit: Head
    migration: str
    rows: dict[str, int]


class Manifest(Frozen):
    """What stands beside a backup."""

    format: Literal["triveni-backup/1"] = "triveni-backup/1"
    kind: Literal["sqlite", "postgresql"]
    made_at: datetime
    bytes: int
    sha256: str
    point: Point


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the point it returned to, what it set aside, and firms erased since that stand again."""

    point: Point
    aside: Path | None
    erased_since: tuple[str, ...]


def manifest_of(path: Path) -> Path:
    """Where the manifest of a backup stands."""
    return path.with_name(f"{path.name}.manifest.json")


# --- Making one -------------------------------------------------------------------------------------


def back_up(url: str, to: Path, now: datetime) -> Manifest:
    """Write a backup and its manifest, readable by their owner alone; raises Conflict where the file is there already.

    What is broken off, or does not fit on the disk, leaves nothing behind that could be taken for a backup.
    """
    if to.exists() or manifest_of(to).exists():
        raise Conflict(f"{to} is there already", hint="give another name: a backup is never overwritten")
    if not to.parent.is_dir():
        raise NotFound(f"there is no folder {to.parent}")
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    partial = to.with_name(f"{to.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        point = _copy_sqlite(_file_of(parsed), partial) if sqlite else _dump(url, partial)
        manifest = Manifest(
            kind="sqlite" if sqlite else "postgresql",
            made_at=now,
            bytes=partial.stat().st_size,
            sha256=_sha256(partial),
            point=point,
        )
        _settle(partial, to)
        partial.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o600)
        _settle(partial, manifest_of(to))
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _file_of(url: URL) -> Path:
    path = Path(url.database or ":memory:")
    if not path.is_file():
        raise NotFound(f"there is no database at {path}", hint="check TRIVENI_DATABASE_URL")
    return path


def _copy_sqlite(source: Path, to: Path) -> Point:
    """Copy a database while others may write; what they commit meanwhile is in the copy or is not, never in part."""
    with _connected(source) as held, _connected(to) as copy:
        held.backup(copy, pages=PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    with _file_session(to) as session:
        whole = next(integrity.examine(session, None))
        if whole.state == "wrong":
            raise NotReady(f"the database is damaged: {whole.says}", hint=whole.mend)
        return _point(session)


@contextmanager
def _connected(path: Path, patience: float = 30) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _file_session(path: Path) -> Iterator[Session]:
    """A session over a file that nobody writes."""
    engine = open_file(path)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _point(session: Session) -> Point:
    there = set(inspect(session.connection()).get_table_names())
    counted = {
        name: session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in sorted(Base.metadata.tables.items())
        if name in there
    }
    migration = session.scalar(text("SELECT version_num FROM alembic_version"))
    return Point(
        change=current_change(session),
        audit=audit.head_of(session) or Head(),
        migration=str(migration),
        rows=counted,
    )


def _dump(url: str, to: Path) -> Point:
    """Dump one snapshot of a PostgreSQL database, and say what stands in it."""
    engine = open_engine(url)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            point = _point(Session(connection))
            _run("pg_dump", url, "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={to}")
            return point
    finally:
        engine.dispose()


def _run(program: str, url: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on the database; a password goes by the environment, where `ps` does not show it."""
    found = shutil.which(program)
    if found is None:
        raise NotReady(f"{program} is not on the PATH", hint="install PostgreSQL's client of the server's version")
    parsed = make_url(url).set(drivername="postgresql")
    place = parsed._replace(password=None).render_as_string(hide_password=False)  # `set` leaves it
    environment = os.environ | ({"PGPASSWORD": str(parsed.password)} if parsed.password else {})
    command = [found, *arguments, f"--dbname={place}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        told = done.stderr.strip().splitlines()
        hint = "the client may not be older than the server" if "version" in done.stderr else None
        raise NotReady(f"{program} failed: {told[0] if told else f'exit code {done.returncode}'}", hint=hint)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settle(partial: Path, to: Path) -> None:
    """Give a file its name once its bytes are on the disk."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(to)
    folder = os.open(to.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# --- Reading and restoring --------------------------------------------------------------------------


def read_backup(path: Path) -> Manifest:
    """The manifest of a backup whose bytes are as it says; raises NotFound and DamagedBackup."""
    if not path.is_file():
        raise NotFound(f"there is no backup {path}")
    beside = manifest_of(path)
    try:
        manifest = Manifest.model_validate_json(beside.read_bytes())
    except FileNotFoundError as problem:
        hint = "it was broken off, or its manifest was left behind"
        raise DamagedBackup(f"{path} has no manifest {beside.name}", hint=hint) from problem
    except ValidationError as problem:
        raise DamagedBackup(f"{beside} is no manifest: {problem.errors()[0]['msg']}") from problem
    size, sha256 = path.stat().st_size, _sha256(path)
    if (size, sha256) != (manifest.bytes, manifest.sha256):
        says = f"{path} is damaged: {size:,} bytes of sha256 {sha256[:12]}…, where its manifest says "
        raise DamagedBackup(f"{says}{manifest.bytes:,} of {manifest.sha256[:12]}…", hint="use another backup")
    return manifest


@contextmanager
def opened_backup(path: Path) -> Iterator[tuple[Session, Manifest]]:
    """A session over a checked backup of SQLite; raises Invalid for one of PostgreSQL, which is opened by a restore."""
    manifest = read_backup(path)
    if manifest.kind != "sqlite":
        raise Invalid(f"{path} is a dump of PostgreSQL, whole by its checksum", hint="restore it into a database apart")
    with _file_session(path) as session:
        yield session, manifest


def restore(url: str, path: Path, now: datetime, *, replace: bool = False) -> Restored:
    """Put a backup in the database's place; raises Conflict where one is there that ``replace`` does not give up.

    Nothing is touched before the backup has been read whole and checked. On SQLite the database that is replaced is set
    aside, not deleted, and nobody may have it open; on PostgreSQL it is replaced in one transaction.
    """
    manifest = read_backup(path)
    parsed = make_url(url)
    if manifest.kind != parsed.get_backend_name():
        raise Invalid(f"{path} is a backup of {manifest.kind}, and the database is of {parsed.get_backend_name()}")
    if manifest.point.migration not in known_migrations():
        hint = "restore it with the release that made it, or a later one"
        raise Conflict(f"{path} was made by a later release (tables {manifest.point.migration})", hint=hint)
    erased = _given_up(url, replace=replace)
    if manifest.kind == "sqlite":
        aside = _restore_sqlite(Path(parsed.database or ""), path, manifest, now)
    else:
        aside = None
        _run("pg_restore", url, "--clean", "--if-exists", "--no-owner", "--single-transaction", str(path))
    engine = open_engine(url)
    try:
        with Session(engine) as session:
            if _point(session) != manifest.point:
                raise DamagedBackup("what was restored is not at the point that the manifest states")
            again = [i for i in session.scalars(select(Firm.id)) if audit.reference("firm", i) in erased]
    finally:
        engine.dispose()
    return Restored(manifest.point, aside, tuple(again))


def _given_up(url: str, *, replace: bool) -> set[str]:
    """References of the firms erased from the database in place; raises Conflict unless it is empty or given up."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        return set()
    engine = open_engine(url)
    try:
        with Session(engine) as session:
            if not inspect(session.connection()).has_table(Firm.__tablename__):
                return set()
            point, erased = _point(session), set(session.scalars(select(Erasure.reference)))
    except SQLAlchemyError as problem:
        if not replace:
            says = f"a database is in place that does not answer: {problem.__cause__ or problem}"
            raise Conflict(says, hint="say --replace to give it up") from problem
        return set()
    finally:
        engine.dispose()
    if any(point.rows.values()) and not replace:
        raise Conflict(
            f"a database is in place: {point.rows['firm']} firms, change {point.change}, audit head {point.audit.seq}",
            hint="say --replace to give it up",
        )
    return erased


def _restore_sqlite(target: Path, path: Path, manifest: Manifest, now: datetime) -> Path | None:
    fresh = target.with_name(f"{target.name}.restoring")
    fresh.unlink(missing_ok=True)
    try:
        shutil.copyfile(path, fresh)
        fresh.chmod(0o600)
        if _sha256(fresh) != manifest.sha256:
            raise DamagedBackup(f"{path} changed while it was read")
        with _file_session(fresh) as session:
            for check in integrity.examine(session, None, [manifest.point.audit]):
                if check.state == "wrong":
                    raise DamagedBackup(f"{path} is not whole: {check.what}: {check.says}", hint="use another backup")
        aside = _set_aside(target, now) if target.exists() else None
        _settle(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return aside


def _set_aside(target: Path, now: datetime) -> Path:
    """Rename a database that nobody has open; raises Conflict while somebody has."""
    try:
        with _connected(target, patience=1) as alone:
            alone.execute("PRAGMA journal_mode=DELETE")  # takes the log in, and fails while others are connected
    except sqlite3.OperationalError as problem:
        if "locked" in str(problem):
            raise Conflict("another process has the database open", hint="stop the service first") from problem
    except sqlite3.DatabaseError:
        pass  # damaged: set aside as it is
    aside = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%SZ}")
    if aside.exists():
        raise Conflict(f"{aside} is there already", hint="move it elsewhere")
    target.rename(aside)
    for ending in ("-wal", "-shm"):
        beside = target.with_name(target.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    return aside
