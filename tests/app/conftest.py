"""The small world of tests/app/world.py: made once, its database copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import open_engine, session_maker
from app.knowledge import Knowledge
from app.settings import Settings
from tests.app.world import SMALL_FIRMS, World, few_markets
from tests.databases import Databases


@pytest.fixture(scope="session")
def little(knowledge: Knowledge) -> Knowledge:
    """The real rules and taxonomy with three markets: one barred, two with demands held."""
    return few_markets(knowledge, "IRN", "KEN", "PHL")


@pytest.fixture(scope="session")
def small_url(
    settings: Settings, little: Knowledge, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> str:
    url = databases.fresh(tmp_path_factory.mktemp("small"))
    engine = open_engine(url)
    made = World(settings, session_maker(engine), little)
    made.seed(*SMALL_FIRMS)
    made.embed()
    engine.dispose()
    return url


@pytest.fixture
def world(
    settings: Settings, little: Knowledge, databases: Databases, small_url: str, tmp_path: Path
) -> Iterator[World]:
    """Eight firms on file, everything embedded."""
    engine = open_engine(databases.copy(small_url, tmp_path))
    yield World(settings, session_maker(engine), little)
    engine.dispose()


@pytest.fixture
def empty(settings: Settings, little: Knowledge, sessions) -> World:
    """Tables, and nothing in them."""
    return World(settings, sessions, little)
