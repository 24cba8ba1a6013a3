"""A challenge over the real firms: respondents of both sides, pairs that complete one another, and bad texts."""

from __future__ import annotations

import pytest

from app import access, challenges
from app.db import transaction
from app.errors import Invalid
from tests.app.world import World

TEXT = (
    "Autonomous underwater vehicle with synthetic aperture sonar for the inspection of undersea cables. "
    "Remotely operated vehicles made in volume for inspection under water."
)


def asked(service: World, text: str) -> dict:
    with transaction(service.sessions, readonly=True) as session:
        return challenges.answer(session, access.CONSOLE, text, service.knowledge, service.cache)


def test_a_subsea_challenge_has_subsea_respondents_of_both_sides(service: World) -> None:
    found = asked(service, TEXT)
    canadian = {one["firm"]["id"] for one in found["canadian"]}
    indian = {one["firm"]["id"] for one in found["indian"]}
    assert canadian & {"kraken-robotics-inc", "cellula-robotics-ltd", "international-submarine-engineering-ltd"}
    assert indian & {"irov-technologies-private-limited-eyerov", "planys-technologies-private-limited",
                     "coratia-technologies-private-limited"}  # fmt: skip


def test_fits_are_the_means_of_what_is_told(service: World) -> None:
    found = asked(service, TEXT)
    for one in found["canadian"]:
        weight = sum(signal["weight"] for signal in one["signals"])
        mean = sum(signal["weight"] * signal["value"] for signal in one["signals"]) / weight
        assert one["fit"] == pytest.approx(mean, abs=1e-5)
    for pair in found["pairs"]:
        values = [answered["value"] for answered in pair["sentences"]]
        assert pair["fit"] == pytest.approx(sum(values) / len(values), abs=1e-5)
        assert pair["gain"] >= 0
        assert {pair["canadian"]["country"], pair["indian"]["country"]} == {"CAN", "IND"}


@pytest.mark.parametrize("text", ["", "   ", "x" * 30_000])
def test_an_unusable_challenge_is_refused(service: World, text) -> None:
    with pytest.raises(Invalid):
        asked(service, text)


def test_the_command_prints_for_people(service: World, triveni) -> None:
    said = triveni("challenge", TEXT)
    assert said.code == 0, said.err
    assert "Pairs" in said.out
    assert triveni("challenge", "@nowhere.txt").code == 2
