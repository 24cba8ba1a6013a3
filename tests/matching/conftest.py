"""What several rooms of the engine are tested over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.factories import SEEDS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SEEDS / "controls", tmp_path / "controls"))
