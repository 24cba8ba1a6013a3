"""Germanium from a Canadian source to an infrared-optic maker, and the gap report, over the real firms."""

from __future__ import annotations

import pytest

from app import access, chains, gaps
from app.db import transaction
from app.errors import Invalid, NotFound
from tests.app.world import NOW, World


def composed(service: World, mineral: str, **over) -> dict:
    with transaction(service.sessions, readonly=True) as session:
        return chains.compose_chains(session, access.CONSOLE, mineral, service.knowledge, NOW.date(), **over)


def test_germanium_goes_from_a_canadian_smelter_to_an_optic_maker_each_hop_sourced(service: World) -> None:
    answer = composed(service, "germanium", to="infrared lenses and windows")
    whole = [chain for chain in answer["chains"] if chain["gaps"] == 0]
    assert whole
    best = whole[0]
    assert [link["firm"]["id"] for link in best["links"]][1:3] == ["teck-resources-limited", "5n-plus-inc"]
    assert best["links"][-1]["firm"]["country"] in {"CAN", "IND"}
    assert all(link["handling"]["sources"] for link in best["links"])
    assert best["model"] == "investment in"
    assert best["pathway"]["legs"]
    assert (
        best["links"][-1]["basis"] == "inferred"
    )  # nothing read names germanium at an Indian optic maker, and it says so


def test_both_models_of_the_report_are_looked_for(service: World) -> None:
    models = {chain["model"] for chain in composed(service, "rare-earths")["chains"]}
    assert {"concentrate out", "investment in"} <= models


def test_an_unknown_mineral_or_form_is_told(service: World) -> None:
    with pytest.raises(NotFound, match="no mineral"):
        composed(service, "kryptonite")
    with pytest.raises(Invalid, match="no form"):
        composed(service, "germanium", to="dust")


def test_the_commands_print_for_people(service: World, triveni) -> None:
    said = triveni("chain", "germanium")
    assert said.code == 0, said.err
    assert "Trail Operations" in said.out
    assert "republicofmining.com" in said.out
    assert "germanium:" in triveni("chain").out
    assert triveni("chain", "kryptonite").code == 2


def test_the_gap_report_names_seats_that_nobody_can_take_and_what_to_recruit(service: World) -> None:
    with transaction(service.sessions, readonly=True) as session:
        found = gaps.report(
            session, access.CONSOLE, service.knowledge, service.cache, NOW.date(), markets=("PHL", "MMR")
        )
    nobody = {(seat["project"], seat["role"]) for seat in found["nobody"]}
    assert ("patrol-vessel", "boats-and-davits") in nobody
    assert ("cbrn-kit", "medical") in nobody
    assert all(seat["would_fill"] for seat in found["nobody"])
    rows = {(row["country"], row["sector"]) for row in found["by_sector"]}
    assert ("CAN", "shipbuilding.deck_equipment") in rows
    assert ("IND", "shipbuilding.deck_equipment") in rows
    closed = {(seat["project"], seat["role"]): seat["closed_markets"] for seat in found["closed"]}
    assert closed["patrol-vessel", "builder"] == ["MMR"]
