"""The doctor says what is there, what is missing and how to get it, and changes nothing."""

from __future__ import annotations

import pytest

from app.db import upgrade
from app.doctor import Finding, examine
from app.settings import Settings
from tests.app.world import SMALL_FIRMS, altered_seeds
from tests.factories import HashEncoder


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch) -> None:
    monkeypatch.setattr("app.knowledge.packaged_encoder", lambda folder: HashEncoder())


def findings(**given) -> dict[str, Finding]:
    return {finding.what.split(" (")[0]: finding for finding in examine(Settings(**given))}


def url_of(path) -> str:
    return f"sqlite:///{path}"


def test_everything_that_can_be_missing_is_named(tmp_path) -> None:
    found = findings(database_url=url_of(tmp_path / "t.sqlite3"))
    assert set(found) >= {"Encoder", "Rules and markets", "Database", "PostgreSQL", "Pango", "Chromium"}
    assert all(finding.mend for finding in found.values() if finding.state != "ok")


def test_the_browser_the_printer_and_the_server_are_never_needed(tmp_path) -> None:
    found = findings(database_url=url_of(tmp_path / "t.sqlite3"))
    assert {found[name].state for name in ("PostgreSQL", "Pango", "Chromium")} <= {"ok", "optional"}


def test_a_program_that_is_not_there_is_told_with_the_package_that_brings_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = findings(database_url=url_of(tmp_path / "t.sqlite3"))["Chromium"]
    assert (found.state, found.says, found.mend) == ("optional", "not found", "apt-get install chromium")
    (tmp_path / "chromium").touch(mode=0o755)
    assert findings(database_url=url_of(tmp_path / "t.sqlite3"))["Chromium"].state == "ok"


def test_looking_at_a_database_that_is_not_there_does_not_make_it(tmp_path) -> None:
    found = findings(database_url=url_of(tmp_path / "new" / "t.sqlite3"))["Database"]
    assert (found.state, found.mend) == ("missing", "run `triveni init`")
    assert list(tmp_path.iterdir()) == []


def test_each_step_of_setting_up_is_named_in_turn(tmp_path, empty) -> None:
    url = url_of(tmp_path / "bare.sqlite3")
    (tmp_path / "bare.sqlite3").touch()
    assert findings(database_url=url)["Database"].mend == "run `triveni init`"
    upgrade(url)
    assert "triveni seed" in (findings(database_url=url)["Database"].mend or "")
    empty.seed(*SMALL_FIRMS)
    waiting = findings(database_url=url_of(tmp_path / "triveni.sqlite3"))["Database"]
    assert (waiting.state, waiting.mend) == ("missing", "run `triveni embed`")


def test_a_database_with_all_embedded_is_well(tmp_path, empty, knowledge) -> None:
    empty.seed(*SMALL_FIRMS)
    empty.knowledge = knowledge
    empty.embed()
    found = findings(database_url=url_of(tmp_path / "triveni.sqlite3"))["Database"]
    assert (found.state, found.says) == ("ok", "8 firms on file, every statement embedded")


@pytest.mark.parametrize("url", ["nonsense", "postgresql+psycopg://u:secret@/none?host=/nowhere"])
def test_a_database_that_does_not_answer_is_told_with_the_setting(url: str) -> None:
    found = findings(database_url=url)["Database"]
    assert found.state == "missing"
    assert "TRIVENI_DATABASE_URL" in (found.mend or "")
    assert "secret" not in found.says


@pytest.mark.parametrize("named", ["no-such/model", "an empty folder"])
def test_an_encoder_that_is_not_there_is_told_and_the_rest_is_still_examined(tmp_path, named: str) -> None:
    named = str(tmp_path) if named == "an empty folder" else named
    found = findings(encoder=named, database_url=url_of(tmp_path / "t.sqlite3"))
    assert found["Encoder"].state == "missing"
    assert named in found["Encoder"].says
    assert "Chromium" in found


def test_a_typo_in_a_seed_file_is_told_and_the_rest_is_still_examined(tmp_path) -> None:
    seeds, line = altered_seeds(tmp_path, "markets/africa.yaml", "region: Africa", "region: Afrika")
    found = findings(seeds=seeds, database_url=url_of(tmp_path / "t.sqlite3"))
    assert found["Rules and markets"].state == "missing"
    assert f"africa.yaml, line {line}" in found["Rules and markets"].says
    assert "Chromium" in found


def test_rules_read_too_long_ago_are_named(tmp_path) -> None:
    found = findings(rule_max_age_days=1, database_url=url_of(tmp_path / "t.sqlite3"))["Age of the rules"]
    assert found.state == "optional"
    assert "CA-G2-EXPORT" in found.says
