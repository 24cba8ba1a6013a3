"""Read what the service knows through the door."""

from __future__ import annotations

import pytest

from matching.profile import Market
from matching.ranking import SIGNALS, WEIGHTS, WEIGHTS_OF_DEMAND
from tests.app.world import World


@pytest.fixture
def client(world: World):
    return world.client()


def test_markets_come_with_their_dated_and_sourced_demands(client, world: World) -> None:
    markets = client.get("/api/v1/markets").json()
    assert [Market.model_validate(market) for market in markets] == list(world.knowledge.markets.values())
    demands = [demand for market in markets for demand in market["demands"]]
    assert demands
    assert all(demand["dated"] and demand["sources"] for demand in demands)


@pytest.mark.parametrize("name", ["PHL", "phl", "Philippines"])
def test_a_market_is_read_by_code_or_name(client, name: str) -> None:
    assert client.get(f"/api/v1/markets/{name}").json()["iso3"] == "PHL"


def test_an_unknown_market_is_404_with_near_names(client) -> None:
    answer = client.get("/api/v1/markets/Filipines")
    assert (answer.status_code, "PHL (Philippines)" in answer.json()["hint"]) == (404, True)


def test_sectors_are_the_taxonomy_in_both_languages(client, world: World) -> None:
    sectors = client.get("/api/v1/sectors").json()
    assert [sector["code"] for sector in sectors] == list(world.knowledge.taxonomy.codes)
    assert all(sector["name_en"] and sector["name_fr"] for sector in sectors)


def test_signals_say_what_they_measure_and_how_much_they_count(client) -> None:
    signals = client.get("/api/v1/signals").json()
    assert [signal["name"] for signal in signals] == list(SIGNALS)
    assert {signal["name"]: signal["weight"] for signal in signals} == WEIGHTS
    assert {signal["name"]: signal["weight_of_demand"] for signal in signals} == WEIGHTS_OF_DEMAND
    assert all(len(signal["says"]) > 20 for signal in signals)
