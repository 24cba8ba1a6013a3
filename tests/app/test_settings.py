"""Settings are read once from the environment, are frozen, and have defaults that need nothing set."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import ROOT, Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TRIVENI_{name.upper()}", raising=False)


def test_nothing_need_be_set() -> None:
    settings = Settings()
    assert settings.database_url == f"sqlite:///{ROOT}/var/triveni.sqlite3"
    assert (settings.seeds / "firms").is_dir()


def test_the_service_listens_to_its_own_machine_only_unless_told() -> None:
    assert Settings().host == "127.0.0.1"


@pytest.mark.parametrize(
    ("variable", "value", "name", "read"),
    [
        ("TRIVENI_DATABASE_URL", "sqlite:////srv/t.sqlite3", "database_url", "sqlite:////srv/t.sqlite3"),
        ("TRIVENI_SEEDS", "/srv/seeds", "seeds", Path("/srv/seeds")),
        ("TRIVENI_MODEL_FOLDER", "/srv/model", "model_folder", Path("/srv/model")),
        ("TRIVENI_ENCODER", "/srv/model", "encoder", "/srv/model"),
        ("TRIVENI_HOST", "0.0.0.0", "host", "0.0.0.0"),
        ("TRIVENI_PORT", "9001", "port", 9001),
        ("TRIVENI_LOG_JSON", "false", "log_json", False),
        ("TRIVENI_RULE_MAX_AGE_DAYS", "30", "rule_max_age_days", 30),
    ],
)
def test_each_setting_is_read_from_its_variable(monkeypatch, variable, value, name, read) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(Settings(), name) == read


def test_a_value_that_does_not_fit_names_its_field(monkeypatch) -> None:
    monkeypatch.setenv("TRIVENI_PORT", "eight thousand")
    with pytest.raises(ValidationError, match="port"):
        Settings()


def test_settings_cannot_be_changed_after_they_are_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1
