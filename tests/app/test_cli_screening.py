"""``triveni screen`` and ``triveni watchlists`` as typed: what they print, log and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from app.cli_screening import screen_app, watchlists_app
from app.db import open_engine, session_maker, transaction, upgrade
from app.firms import seed
from app.models import Screening
from app.releases import ListSource
from matching.profile import Profile, slug
from tests.app.test_watchlists import NOW, csl, source
from tests.factories import profile


def make_house(folder: Path, monkeypatch: pytest.MonkeyPatch, sources: list[ListSource], *profiles: Profile) -> Path:
    """A database of its own for the command line, with list sources and firms."""
    url = f"sqlite:///{folder / 'house.sqlite3'}"
    monkeypatch.setenv("TRIVENI_DATABASE_URL", url)
    monkeypatch.setenv("TRIVENI_SEEDS", str(folder / "seeds"))
    lists = folder / "seeds" / "watchlists"
    lists.mkdir(parents=True)
    for one in sources:
        (lists / f"{one.id}.yaml").write_text(json.dumps(one.model_dump(exclude_none=True)), encoding="utf-8")
    upgrade(url)
    engine = open_engine(url)
    with transaction(session_maker(engine)) as session:
        seed(session, {slug(one.name): one for one in profiles}, NOW)
    engine.dispose()
    return folder


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One list source without a release, one firm on file."""
    (tmp_path / "list.json").write_bytes(csl("Kraken Robotika", "Zvezda", "Malmyzh", "Orion Quasar"))
    (tmp_path / "short.json").write_bytes(csl("Kraken Robotika"))
    return make_house(tmp_path, monkeypatch, [source()], profile("Kraken Robotika Inc."))


def said(app, *arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_story_of_a_hit(house: Path) -> None:
    assert "not held" in said(watchlists_app, "list")
    assert "1 new hits" in said(watchlists_app, "refresh", house / "list.json", "--dated", "2026-11-20")
    told = json.loads(said(watchlists_app, "hits", "--json"))
    assert [(hit["firm"], hit["listed"], hit["state"]) for hit in told] == [
        ("kraken-robotika-inc", "Kraken Robotika", "open")
    ]
    decide = ("decide", told[0]["id"], "--decision", "false", "--reason", "another country", "--by")
    assert "a second person must agree" in said(watchlists_app, *decide, "Asha Rao")
    assert "released by two persons" in said(watchlists_app, *decide, "Jean Roy")
    assert "No hit waits" in said(watchlists_app, "hits")
    assert "Jean Roy" in said(watchlists_app, "hits", "--all")


def test_a_short_list_is_refused_with_exit_code_2(house: Path) -> None:
    said(watchlists_app, "refresh", house / "list.json")
    out = said(watchlists_app, "refresh", house / "short.json", code=2)
    assert "1 entries were read where 4 are held" in out
    assert "--expect 1" in out
    told = json.loads(said(watchlists_app, "refresh", house / "short.json", "--json", code=2))
    assert told["lists"][0]["problem"]["title"] == "List refused"
    assert json.loads(said(watchlists_app, "list", "--json"))["held"][0]["entries"] == 4


def test_a_name_is_screened_and_logged(house: Path) -> None:
    said(watchlists_app, "refresh", house / "list.json", "--dated", "2026-11-20")
    out = said(screen_app, "Robotika Kraken GmbH", "--country", "deu")
    assert "Kraken Robotika" in out
    assert "test of 2026-11-20" in out
    told = json.loads(said(screen_app, "--json", "Nobody Atall"))
    assert told["hits"] == []
    assert "says nothing of owners" in told["note"]
    engine = open_engine(f"sqlite:///{house / 'house.sqlite3'}")
    with transaction(session_maker(engine), readonly=True) as session:
        assert session.get(Screening, told["id"]).names == ["Nobody Atall"]
    engine.dispose()


def test_pairs_are_measured(house: Path) -> None:
    path = house / "pairs.csv"
    path.write_text("schema,name1,name2,is_match\nCompany,Stripe LLC,Stripe Inc,true\nCompany,A AG,B AG,false\n")
    told = json.loads(said(screen_app, "check", path, "--json"))
    assert {key: told[key] for key in ("tp", "fp", "fn", "tn", "precision", "recall", "f1")} == {
        "tp": 1, "fp": 0, "fn": 0, "tn": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0,
    }  # fmt: skip
    assert told["threshold"] == 0.8
    assert len(told["curve"]) == 11
    assert "precision 1" in said(screen_app, "check", path, "--threshold", "0.9")


def test_a_database_that_is_not_made_is_a_fault_the_door_tells(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TRIVENI_DATABASE_URL", f"sqlite:///{tmp_path / 'none.sqlite3'}")
    with pytest.raises(OperationalError):
        said(screen_app, "Kraken")
