"""What moved between two answers, and why."""

from __future__ import annotations

from typing import Any

import pytest

from app import asks
from app.asks import Choice, moved
from app.db import transaction
from app.errors import Forbidden
from tests.app.callers import REVIEWER, TRADE_OFFICER


def test_what_pushed_a_fit_adds_up_to_its_change(world) -> None:
    before = world.ask(firm="Kraken", market="PHL")
    after = world.ask(firm="Kraken", market="PHL", weights={"terms_shared": 0.5, "makes_in_quantity": 4})
    found = asks.moved(before, after)
    assert found.weights["terms_shared"] == (before["run"]["versions"]["weights"]["terms_shared"], 0.5)
    assert found.moves
    for move in found.moves:
        assert move.fit_before is not None
        assert move.fit_after is not None
        assert sum(push.change for push in move.pushes) == pytest.approx(move.fit_after - move.fit_before, abs=2e-3)


def test_the_same_answer_moves_nothing(world) -> None:
    before = world.ask(firm="Kraken", market="PHL")
    found = moved(before, world.ask(firm="Kraken", market="PHL"))
    assert (found.versions, found.moves, found.still) == ((), (), len(before["matches"]))


def test_what_came_and_went_is_said() -> None:
    def document(*names: str) -> dict[str, Any]:
        return {
            "run": {"versions": {"weights": {}, "rulebook": names[0]}},
            "matches": [
                {"rank": place, "fit": 0.5, "innovator": {"id": "i", "name": "I"}, "signals": [],
                 "manufacturer": {"id": name, "name": name}, "market": {"iso3": "PHL", "name": "P"},
                 "pathway": {"verdict": "open"}}
                for place, name in enumerate(names, start=1)
            ],
        }  # fmt: skip

    found = moved(document("A", "B"), document("B", "C"))
    assert found.versions == ("rulebook",)
    places = {move.manufacturer: (move.place_before, move.place_after) for move in found.moves}
    assert places == {"B": (2, 1), "C": (None, 2), "A": (1, None)}


def test_a_list_by_verdict_keeps_the_order_of_fit_within_each() -> None:
    listed = [
        {"rank": rank, "pathway": {"verdict": verdict}, "mode": "MRO", "market": {"iso3": "PHL"}}
        for rank, verdict in enumerate(("undetermined", "permit", "undetermined", "open"), start=1)
    ]
    assert [match["rank"] for match in Choice(by_verdict=True).of(listed)] == [4, 2, 1, 3]
    assert [match["rank"] for match in Choice(verdicts=("permit",)).of(listed)] == [2]
    assert Choice(markets=("KEN",)).of(listed) == []


def test_asks_are_ones_own(world) -> None:
    world.ask(firm="Kraken", market="PHL")
    with transaction(world.sessions) as session:
        assert asks.asks_of(session, TRADE_OFFICER) == []
        with pytest.raises(Forbidden):
            asks.asks_of(session, REVIEWER)
