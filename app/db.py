"""The database: engine, SQLite manners, the base of the tables, and the session that commits at the edge.

Only this file commits. A request is one transaction, committed before its answer is sent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event, make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import NullPool

from app.errors import AppError, NotReady
from app.settings import ROOT

BUSY_TIMEOUT_MS = 30_000
"""An ask holds the write lock while it ranks and records; others wait their turn rather than fail."""


class Base(DeclarativeBase):
    """Base of every table; constraints are named, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


T = TypeVar("T")


class Stored(TypeDecorator[T]):
    """A JSON column that holds one of our shapes and gives it back whole."""

    impl = JSON
    cache_ok = True

    def __init__(self, shape: type[T]) -> None:
        super().__init__()
        self.shape = shape
        self._adapter = TypeAdapter(shape)

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """To plain JSON."""
        return None if value is None else self._adapter.dump_python(value, mode="json", by_alias=True)

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:  # noqa: ARG002
        """From plain JSON; a document that no longer fits the shape raises."""
        return None if value is None else self._adapter.validate_python(value)


class Moment(TypeDecorator[datetime]):
    """A time with its zone. SQLite keeps none and gives naive times back; they were written as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From UTC, with the zone said."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def open_engine(url: str) -> Engine:
    """An engine for the URL; an SQLite file's folder is made, and SQLite's manners are set."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        folder = Path(parsed.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            message = f"the folder of the database, {folder}, cannot be made: {problem.strerror}"
            raise NotReady(message, hint="check TRIVENI_DATABASE_URL") from problem
    engine = create_engine(url)
    event.listen(engine, "connect", _set_manners)
    event.listen(engine, "begin", _begin)
    return engine


def open_file(path: Path) -> Engine:
    """An engine that only reads an SQLite file which nobody writes: it makes no log and no lock beside it."""
    place = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(place, uri=True), poolclass=NullPool)


def _set_manners(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would otherwise open transactions late and by itself; `_begin` opens them.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


def _begin(connection: Any) -> None:
    # A reader that later writes would fail at once with "database is locked", whatever the busy timeout;
    # taking the write lock first makes it wait its turn.
    readonly = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def session_maker(engine: Engine) -> sessionmaker[Session]:
    """Sessions over the engine; objects stay readable after commit, since the answer is made from them."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def opened(url: str) -> Iterator[sessionmaker[Session]]:
    """Sessions over the database of a URL, whose connections are closed at the end: for one command."""
    engine = open_engine(url)
    try:
        yield session_maker(engine)
    finally:
        engine.dispose()


@contextmanager
def transaction(sessions: sessionmaker[Session], *, readonly: bool = False) -> Iterator[Session]:
    """One transaction: committed on a clean exit, rolled back on any exception but one whose traces are kept.

    On SQLite a reader neither waits for a writer nor keeps one waiting.
    """
    with sessions() as session:
        try:
            if readonly:
                session.connection(execution_options={"readonly": True})
            yield session
            session.commit()
            if session.info.pop(_FREED, False):
                overwrite(session.get_bind().engine)
        except BaseException as problem:
            if isinstance(problem, AppError) and problem.kept:
                session.commit()
            else:
                session.rollback()
            raise


@contextmanager
def reading(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One read that ends without a commit: a damaged database refuses even that."""
    with sessions() as session:
        session.connection(execution_options={"readonly": True})
        yield session


_FREED = "overwrite_freed"


def overwrite_freed(session: Session) -> None:
    """Have the space that this transaction frees overwritten once it is committed: what is deleted is then gone."""
    session.info[_FREED] = True


def overwrite(engine: Engine) -> None:
    """Write the database's files anew without what was deleted; raises NotReady while others keep old pages in use."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in Base.metadata.tables:
                connection.exec_driver_sql(f"VACUUM FULL {table}")
        return
    raw = engine.raw_connection()  # outside any transaction
    try:
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (busy, *_) = cursor.fetchone() or (True,)
    finally:
        raw.close()
    if busy:
        raise NotReady(
            "what was erased is gone from the tables, and still stands in the write-ahead log while others read",
            hint="run `triveni firms overwrite` when nobody does",
        )


def upgrade(url: str) -> None:
    """Bring the tables of the database up to date (schema only; law and facts are never migrated)."""
    from alembic import command

    command.upgrade(_alembic(url), "head")


def pending_migrations(url: str) -> bool:
    """Are there migrations that the database has not had? True also for a database without tables."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            held = MigrationContext.configure(connection).get_current_heads()
    finally:
        engine.dispose()
    return set(held) != set(ScriptDirectory.from_config(_alembic(url)).get_heads())


def known_migrations() -> list[str]:
    """The migrations that this release knows, the latest first."""
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory.from_config(_alembic("")).walk_revisions()]


def _alembic(url: str) -> Any:
    from alembic.config import Config

    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["url"] = url
    return config
