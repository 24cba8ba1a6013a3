"""Every market by every exposure class: a change of law shows as a reviewed diff."""

from __future__ import annotations

from datetime import date
from typing import Any

from matching.pathway import trace_pathway
from tests.matching.test_pathway import CAMERA, DRONE, EL_OWNER, MUNITIONS, RADIO, RULEBOOK, TODAY, facts

CLASSES: list[dict[str, Any]] = [
    {},  # no list holds it
    {"ecl": ["1-6.A.3"], "scomet": ["8A6"]},  # dual use without US content
    MUNITIONS,
    {**MUNITIONS, "end_user": {"government": True}},
    {**MUNITIONS, "itar_content": True, "us_content_pct": 20},
    {**MUNITIONS, "us_600_series_content": True, "us_content_pct": 10},
    {**CAMERA, "eccn": ["6A003.a"], "reasons_for_control": ["NS2"]},  # wholly American
    RADIO,  # direct product of US 600-series technology, no US part
    {"ecl": ["2-1"], "scomet": ["6A001"], "arms": True, "prohibited_firearm": True},
    {"ecl": ["2-3"], "scomet": ["6A003"], "arms": True},  # ammunition
    {"ecl": ["1-5.D.2"], "scomet": ["8A5"], "consignee_in_india": {"government": False, "controlled_by": "CAN"}},
    DRONE,
    {"ear99": True, "us_content_pct": 100},  # American, on no list
    {"parties": EL_OWNER},
    {"arms": None, "ecl": None, "scomet": None, "itar_content": None, "us_content_pct": None},  # on file
    {"ecl": None, "scomet": None, "itar_content": None, "us_content_pct": None, "arms": True},  # on file, arms
]
LETTERS = {"open": "o", "general": "g", "permit": "p", "undetermined": "?", "exceptional": "e", "prohibited": "x"}
GRID = """
????xxxxx???xx?? SYR
op????ppx?gggx?? YEM
op?peeppx?pggx?? IRQ LBN
opeeeeppxegggx?e CAF COD SOM SSD
opeeeeppxepggx?e LBY SDN
oppp????xpgg?x?? PSE
opppeeppxppggx?? ERI
opppeppoxpgggx?? ETH
oppppppoxpgggx?? AGO ARE BDI BEN BFA BRN BWA CMR COG COM CPV DJI DZA GAB GHA GMB GNB GNQ IDN KEN LSO MAR MDG MLI MOZ MRT MUS MWI MYS NAM NER NGA PHL RWA SEN SGP STP SWZ SYC TCD TGO THA TLS TUN TUR TZA UGA ZAF ZMB
oppppppoxppggx?? CIV GIN LBR SLE
opppppppxpgggx?? BHR EGY ISR JOR KHM KWT LAO OMN QAT SAU VNM
opxxxxppxxpggx?x MMR ZWE
xxxxxxxxxxxxxxxx IRN
"""


def grid() -> str:
    markets = sorted(set(RULEBOOK.countries(date.fromisoformat(TODAY))) - {"CAN", "IND", "USA"})
    rows: dict[str, list[str]] = {}
    for market in markets:
        told = [trace_pathway(facts("CAN", "IND", market, **each), RULEBOOK).verdict for each in CLASSES]
        rows.setdefault("".join(LETTERS[verdict] for verdict in told), []).append(market)
    return "\n" + "".join(f"{row} {' '.join(markets)}\n" for row, markets in sorted(rows.items()))


def test_the_grid_of_all_markets_and_exposure_classes_is_as_reviewed() -> None:
    """80 markets by 16 classes (in the order of CLASSES); markets that fare alike share a line."""
    assert grid() == GRID
