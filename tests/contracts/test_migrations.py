"""Migrations go up, agree with the tables, and come down again."""

from __future__ import annotations

from alembic import command
from sqlalchemy import inspect

from app.db import Base, _alembic, open_engine, pending_migrations, upgrade


def test_up_check_down_up(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'triveni.sqlite3'}"
    assert pending_migrations(url)
    upgrade(url)
    assert not pending_migrations(url)
    command.check(_alembic(url))  # raises when the tables and the models differ
    command.downgrade(_alembic(url), "base")
    engine = open_engine(url)
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    upgrade(url)
    assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_migrations_hold_schema_only() -> None:
    from tests.factories import ROOT

    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "bulk_insert" not in text
        assert "INSERT" not in text.upper().replace("OP.F", "")
