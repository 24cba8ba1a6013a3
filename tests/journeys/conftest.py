"""The real firms on file, embedded by the stand-in encoder: made once, the database file copied for each story."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import open_engine, session_maker, upgrade
from app.firms import read_seed_firms
from app.knowledge import Knowledge
from app.settings import Settings
from tests.app.world import World
from tests.factories import SEEDS


@pytest.fixture(scope="session")
def real_database(settings: Settings, knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("real") / "real.sqlite3"
    upgrade(f"sqlite:///{path}")
    engine = open_engine(f"sqlite:///{path}")
    made = World(settings, session_maker(engine), knowledge)
    made.seed(*read_seed_firms(SEEDS / "firms", knowledge.taxonomy).values())
    made.embed()
    engine.dispose()
    return path


@pytest.fixture
def service(
    settings: Settings, knowledge: Knowledge, real_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """The service as it stands after `make data`; the command line works on the same database."""
    url = f"sqlite:///{shutil.copy(real_database, tmp_path / 'real.sqlite3')}"
    monkeypatch.setenv("TRIVENI_DATABASE_URL", url)
    engine = open_engine(url)
    yield World(settings, session_maker(engine), knowledge)
    engine.dispose()
