"""A newcomer sets the service up: every step that is missing is named by the one before; told once for each door."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.db import open_engine, session_maker, upgrade
from app.firms import read_seed_firms
from tests.app.world import World
from tests.factories import ROOT, SEEDS


def test_through_the_api(settings, knowledge, tmp_path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    service = World(settings, session_maker(engine), knowledge)
    api = service.client(key=None)

    assert api.get("/livez").status_code == 200
    assert "triveni init" in api.get("/readyz").json()["hint"]
    upgrade(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert "triveni seed" in api.get("/readyz").json()["hint"]
    service.seed(*read_seed_firms(SEEDS / "firms", knowledge.taxonomy).values())
    assert "triveni embed" in api.get("/readyz").json()["hint"]
    service.embed()
    ready = api.get("/readyz").json()
    assert (ready["status"], ready["firms"]) == ("ready", 210)

    refused = api.post("/api/v1/matches", json={"firm": "Kraken Robotics"})
    assert refused.status_code == 401
    assert "triveni key create" in refused.json()["hint"]
    key = service.key("Newcomer")
    answer = api.post("/api/v1/matches", json={"firm": "Kraken Robotics"}, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 201
    assert len(answer.json()["matches"]) == 10
    engine.dispose()


def few_seeds(folder: Path) -> Path:
    """The real seeds with some of the firms and one file of markets, so that the model has little to embed."""
    folder.mkdir()
    for name in ("controls", "sectors", "glossary", "watchlists"):
        if (SEEDS / name).exists():
            (folder / name).symlink_to(SEEDS / name)
    (folder / "markets").mkdir()
    (folder / "markets" / "southeast_asia.yaml").symlink_to(SEEDS / "markets" / "southeast_asia.yaml")
    (folder / "firms").mkdir()
    for name, wanted in (("canada", ("Kraken Robotics", "Draganfly")), ("india", ("Mazagon", "Bharat Electronics"))):
        lines = (SEEDS / "firms" / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
        kept = [line for line in lines if line and json.loads(line)["name"].startswith(wanted)]
        assert len(kept) == 2, f"{name}.jsonl no longer holds {wanted}"
        (folder / "firms" / f"{name}.jsonl").write_text("\n".join(kept), encoding="utf-8")
    return folder


@pytest.mark.model
def test_through_the_command_line_with_the_real_model(tmp_path) -> None:
    environment = os.environ | {
        "TRIVENI_DATABASE_URL": f"sqlite:///{tmp_path / 'var' / 'new.sqlite3'}",
        "TRIVENI_SEEDS": str(few_seeds(tmp_path / "seeds")),
    }

    def triveni(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [Path(sys.executable).with_name("triveni"), *arguments],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    triveni("init")
    assert json.loads(triveni("seed", "--json").stdout) == {
        "new": 4,
        "changed": 0,
        "unchanged": 0,
        "dropped": 0,
        "left_out": 0,
    }
    assert "triveni embed" in triveni("match", "--firm", "Kraken Robotics", code=2).stderr
    assert "texts embedded with all-MiniLM-L6-v2@" in " ".join(triveni("embed").stdout.split())
    assert "✗" not in triveni("doctor").stdout
    first = json.loads(
        triveni("match", "--firm", "Kraken Robotics", "--market", "any", "--limit", "10", "--json").stdout
    )
    assert {match["manufacturer"]["country"] for match in first["matches"]} == {"IND"}

    # All over again: nothing changes.
    triveni("init")
    assert json.loads(triveni("seed", "--json").stdout) == {
        "new": 0,
        "changed": 0,
        "unchanged": 4,
        "dropped": 0,
        "left_out": 0,
    }
    assert triveni("embed").stdout == "Nothing waits to be embedded.\n"
    second = json.loads(
        triveni("match", "--firm", "Kraken Robotics", "--market", "any", "--limit", "10", "--json").stdout
    )
    assert (second["matches"], second["excluded"]) == (first["matches"], first["excluded"])
    assert second["run"]["versions"] == first["run"]["versions"]

    missed = triveni("match", "--firm", "Kraken Robotix", code=2)
    assert missed.stdout == ""
    assert "near names: Kraken Robotics" in missed.stderr
