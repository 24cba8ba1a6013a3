"""The small world of tests/app/world.py: made once, its database file copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import open_engine, session_maker, upgrade
from app.knowledge import Knowledge
from app.settings import Settings
from tests.app.world import SMALL_FIRMS, World, few_markets


@pytest.fixture(scope="session")
def little(knowledge: Knowledge) -> Knowledge:
    """The real rules and taxonomy with three markets: one barred, two with demands held."""
    return few_markets(knowledge, "IRN", "KEN", "PHL")


@pytest.fixture(scope="session")
def small_database(settings: Settings, little: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world") / "small.sqlite3"
    url = f"sqlite:///{path}"
    upgrade(url)
    engine = open_engine(url)
    made = World(settings, session_maker(engine), little)
    made.seed(*SMALL_FIRMS)
    made.embed()
    engine.dispose()
    return path


@pytest.fixture
def world(settings: Settings, little: Knowledge, small_database: Path, tmp_path: Path) -> Iterator[World]:
    """Eight firms on file, everything embedded."""
    path = shutil.copy(small_database, tmp_path / "world.sqlite3")
    engine = open_engine(f"sqlite:///{path}")
    yield World(settings, session_maker(engine), little)
    engine.dispose()


@pytest.fixture
def empty(settings: Settings, little: Knowledge, sessions) -> World:
    """Tables, and nothing in them."""
    return World(settings, sessions, little)
