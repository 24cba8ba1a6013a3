"""A run belongs to its asker, and is released anew whenever it is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from app import access, matches, runs
from app.access import Caller
from app.db import transaction
from app.errors import Forbidden, NotFound
from app.models import Firm
from app.permissions import Permission, Role
from tests.app.callers import ADMINISTRATOR, OF_ALPHA, REVIEWER, TRADE_OFFICER
from tests.app.world import NOW, World
from tests.factories import profile, statement

FORGE = "bharat-forge-limited"


def ask(world: World, caller: Caller, **given: Any) -> dict[str, Any]:
    with transaction(world.sessions) as session:
        asked = matches.Ask.model_validate(given)
        return matches.request_matches(session, caller, asked, world.knowledge, world.cache, NOW)


def read(world: World, caller: Caller, run_id: str) -> dict[str, Any]:
    with transaction(world.sessions, readonly=True) as session:
        return matches.read_run(session, caller, run_id, world.knowledge)


def alter(world: World, firm_id: str, **over: Any) -> None:
    with transaction(world.sessions) as session:
        firm = session.get_one(Firm, firm_id)
        firm.profile = firm.profile.model_copy(update=over)


@pytest.fixture
def run(world: World) -> dict[str, Any]:
    return ask(world, TRADE_OFFICER, firm="Kraken", limit=20)


def test_a_run_is_its_askers_and_of_those_who_read_all(world: World, run) -> None:
    run_id = run["run"]["id"]
    for reader in (TRADE_OFFICER, REVIEWER, ADMINISTRATOR, access.CONSOLE):
        assert read(world, reader, run_id) == run
    with pytest.raises(NotFound) as told:
        read(world, Caller("Another", Role.TRADE_OFFICER), run_id)
    with pytest.raises(NotFound) as absent:
        read(world, TRADE_OFFICER, "none")
    assert told.value.problem() | {"detail": ""} == absent.value.problem() | {"detail": ""}
    with pytest.raises(Forbidden):
        read(world, OF_ALPHA, run_id)


def test_a_key_that_may_not_read_runs_does_not_read_its_own(world: World, run) -> None:
    narrowed = replace(TRADE_OFFICER, scopes=frozenset({Permission.READ_FIRMS}))
    with pytest.raises(Forbidden):
        read(world, narrowed, run["run"]["id"])


def test_a_match_of_a_firm_that_has_withdrawn_is_left_out_and_counted(world: World, run) -> None:
    with transaction(world.sessions) as session:
        session.get_one(Firm, FORGE).state = "withdrawn"
    again = read(world, TRADE_OFFICER, run["run"]["id"])
    kept = [match for match in run["matches"] if match["manufacturer"]["id"] != FORGE]
    assert again["matches"] == kept
    left_out = len(run["matches"]) - len(kept)
    assert left_out
    assert again["run"]["notes"][-1] == f"{left_out} matches are left out: a firm has withdrawn."
    assert "forge" not in orjson.dumps(again["matches"]).decode().lower()


def test_a_statement_that_is_no_longer_released_is_no_longer_quoted(world: World, run) -> None:
    text = "Builds offshore patrol vessels with sonar"
    assert text in orjson.dumps(run).decode()
    with world.sessions() as session:
        statements = session.get_one(Firm, "cochin-shipyard-limited").profile.statements
    closed = tuple(s.model_copy(update={"release": "restricted"}) for s in statements)
    alter(world, "cochin-shipyard-limited", statements=closed)
    again = read(world, TRADE_OFFICER, run["run"]["id"])
    assert text not in orjson.dumps(again).decode()
    assert str(runs.UNTOLD) in orjson.dumps(again).decode()
    assert [match["fit"] for match in again["matches"]] == [match["fit"] for match in run["matches"]]


def test_a_matchable_statement_moves_ranks_and_is_quoted_to_nobody(world: World) -> None:
    text = "Deep towed arrays and pressure housings for mine countermeasures"
    mark = {"release": "matchable", "readiness": {"trl_low": 4, "trl_high": 4, "basis": "our own word"}}
    for name, statements in (
        ("Before", (statement("Makes hulls"),)),
        ("After", (statement("Makes hulls"), statement(text, **mark))),
    ):
        firm = profile("Quiet Sonar Inc.", provenance="firm", statements=statements, export_markets=("PHL",))
        world.revise(firm)
        world.embed()
        answer = ask(world, TRADE_OFFICER, firm="quiet-sonar-inc", market="PHL", limit=20)
        told = orjson.dumps(answer).decode()
        fits = [match["fit"] for match in answer["matches"]]
        if name == "Before":
            before = fits
        assert text not in told
        assert "our own word" not in told
        assert "export markets on record: PHL" not in told
        stored = read(world, TRADE_OFFICER, answer["run"]["id"])
        assert stored == answer
        with transaction(world.sessions, readonly=True) as session:
            changes = matches.what_if(session, TRADE_OFFICER, answer["run"]["id"], 1, world.knowledge)
        assert not any(text[:60] in change.change for change in changes)
    assert fits != before
    assert str(runs.UNTOLD) in told
