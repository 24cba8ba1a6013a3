"""The place that the work needs: which work needs one, who has it, and whether the hull fits."""

from __future__ import annotations

import numpy as np
import pytest

from matching.ranking import SIGNALS
from tests.factories import demand, firm, market, play, statement

HULL = ("shipbuilding.patrol_vessels",)
DESIGNER = firm(
    "Tide Designs", sectors=("shipbuilding",), statements=(statement("Patrol vessel design", sectors=HULL),)
)
SENSORS = firm("Northern Sensors", statements=(statement("Sonar", sectors=("subsea.sonar",)),))
REFINER = firm("Ore", sectors=(), statements=(statement("Rare earths", sectors=("critical_minerals.rare_earths",)),))


def maker(*sites: dict):
    return firm(
        "Bharat Yard", "IND", sectors=HULL[:1], statements=(statement("Builds hulls", sectors=HULL),), sites=sites
    )


def yard(**size: float) -> dict:
    return {"name": "Main yard", "kind": "shipyard"} | size


def asking_for(text: str, sectors=HULL):
    return market(demands=(demand(text, sectors=sectors),))


def measured(innovator, manufacturer, *markets):
    return SIGNALS["site_suits"](play([innovator], [manufacturer], markets))


def value(innovator, manufacturer, *markets) -> float:
    return float(measured(innovator, manufacturer, *markets).values.flat[0])


def test_a_hull_needs_a_yard_and_what_any_plant_can_make_needs_nothing():
    plant = maker({"name": "Pune", "kind": "plant"})
    assert value(DESIGNER, maker(yard())) == 1
    assert value(DESIGNER, plant) == 0
    assert np.isnan(value(SENSORS, maker(yard())))


def test_an_ore_needs_a_refinery_or_a_plant():
    assert value(REFINER, maker({"name": "Aluva", "kind": "refinery"})) == 1
    assert value(REFINER, maker(yard())) == 0


def test_no_site_on_record_is_unknown_and_not_none():
    assert np.isnan(value(DESIGNER, maker()))


def test_what_the_market_seeks_decides_before_what_the_innovator_needs():
    assert value(SENSORS, maker(yard()), asking_for("Two patrol vessels")) == 1
    elsewhere = asking_for("Cyber training", ("cyber",))
    assert value(DESIGNER, maker(yard()), elsewhere) == 1, "and otherwise the need does"


@pytest.mark.parametrize(
    ("size", "asked", "fits"),
    [
        ({"longest_hull_m": 158}, "A patrol vessel of 105 m", 1),
        ({"longest_hull_m": 60}, "A patrol vessel of 105 m", 0),
        ({"largest_hull_dwt": 7000}, "A 6,000-tonne patrol vessel", 1),
        ({"largest_hull_dwt": 4000}, "A 6,000-tonne patrol vessel", 1),
        ({"largest_hull_dwt": 1500}, "A 6,000-tonne patrol vessel", 0),
        ({}, "A 6,000-tonne patrol vessel", 1),
        ({"largest_hull_dwt": 1500}, "Patrol vessels", 1),
    ],
)
def test_a_hull_that_is_too_large_for_the_yard_does_not_fit(size, asked, fits):
    assert value(SENSORS, maker(yard(**size)), asking_for(asked)) == fits


def test_the_best_of_several_yards_serves_and_is_named_with_its_size():
    yards = yard(longest_hull_m=40), yard(longest_hull_m=158) | {"name": "Second yard"}
    said = measured(SENSORS, maker(*yards), asking_for("A patrol vessel of 105 m")).tell((0, 0, 0))
    assert said.sentence == "The work needs a shipyard; Bharat Yard has Second yard (hulls up to 158 m)."
    assert [fact.fact for fact in said.evidence] == ["Second yard"]
    none = measured(SENSORS, maker(yards[0]), asking_for("A patrol vessel of 105 m")).tell((0, 0, 0))
    assert "has none on record that would do" in none.sentence
