"""Which form of co-operation a triad suggests: every form can be reached, and the most particular one wins."""

from __future__ import annotations

import pytest

from matching.modes import Mode, Suggestion, suggest_mode
from tests.factories import profile, readiness, statement, taxonomy

PLATFORM, SUBSYSTEM, COMPONENT = "uas.fixed_wing", "uas.payloads", "uas.airframes"
EXPLORATION, REFINING = "critical_minerals.exploration", "critical_minerals.refining"


def suggested(
    offered: str, made: str, *, trl: int | None = None, innovator=(), manufacturer=("manufacturer",)
) -> Suggestion:
    """The suggestion for a technology of one sector that meets a product of another."""
    return suggest_mode(
        profile("Arctic Lab", roles=innovator),
        profile("Bharat Works", "IND", roles=manufacturer),
        statement(sectors=(offered,), readiness=readiness(trl=trl)),
        statement(sectors=(made,)),
        taxonomy(),
    )


EACH_MODE = {
    Mode.EXPLORATION: suggested(EXPLORATION, REFINING, innovator=("explorer",)),
    Mode.PROCESSING_OFFTAKE: suggested("critical_minerals.concentrate", REFINING),
    Mode.MRO: suggested(PLATFORM, "aerospace.mro", trl=9, manufacturer=("mro",)),
    Mode.RESEARCH_PARTNERSHIP: suggested(SUBSYSTEM, PLATFORM, trl=3),
    Mode.CO_DEVELOPMENT: suggested(SUBSYSTEM, PLATFORM, trl=5),
    Mode.SUBSYSTEM_SUPPLY: suggested(SUBSYSTEM, PLATFORM, trl=8),
    Mode.LICENSED_PRODUCTION: suggested(PLATFORM, COMPONENT, trl=9),
    Mode.CO_PRODUCTION: suggested(PLATFORM, COMPONENT, trl=8),
}


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_can_be_reached_and_says_why(mode):
    suggestion = EACH_MODE[mode]
    assert suggestion.mode is mode
    assert suggestion.because.endswith(".")
    assert "nan" not in suggestion.because


def test_no_two_modes_give_the_same_reason():
    assert len({suggestion.because for suggestion in EACH_MODE.values()}) == len(Mode)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (Mode.EXPLORATION, "Arctic Lab explores"),
        (Mode.PROCESSING_OFFTAKE, "the concentrate stage and the other at the refining stage"),
        (Mode.MRO, "Bharat Works overhauls and repairs"),
        (Mode.RESEARCH_PARTNERSHIP, "TRL 3 is research"),
        (Mode.CO_DEVELOPMENT, "TRL 5 needs engineering"),
        (Mode.SUBSYSTEM_SUPPLY, "A subsystem meets a maker of platforms"),
    ],
)
def test_the_reason_names_the_facts_it_is_read_from(mode, words):
    assert words in EACH_MODE[mode].because


@pytest.mark.parametrize(
    ("suggestion", "expected"),
    [
        (suggested(EXPLORATION, REFINING), Mode.PROCESSING_OFFTAKE),  # nobody explores
        (suggested(PLATFORM, "aerospace.mro", trl=9), Mode.LICENSED_PRODUCTION),  # the maker does not repair
        (suggested(PLATFORM, PLATFORM, trl=2, innovator=("explorer",)), Mode.RESEARCH_PARTNERSHIP),  # not for minerals
        (
            suggested("critical_minerals.concentrate", PLATFORM, trl=8),
            Mode.CO_PRODUCTION,
        ),  # one side has left the chain
    ],
)
def test_a_mode_is_not_suggested_when_one_of_its_facts_is_missing(suggestion, expected):
    assert suggestion.mode is expected


@pytest.mark.parametrize(
    ("trl", "expected"),
    [(1, Mode.RESEARCH_PARTNERSHIP), (4, Mode.CO_DEVELOPMENT), (6, Mode.CO_DEVELOPMENT), (7, Mode.CO_PRODUCTION)],
)
def test_readiness_moves_a_pair_from_research_to_production(trl, expected):
    assert suggested(PLATFORM, PLATFORM, trl=trl).mode is expected


def test_a_range_of_readiness_counts_by_its_middle():
    technology = statement(sectors=(PLATFORM,), readiness={"trl_low": 3, "trl_high": 8})
    found = suggest_mode(profile(), profile(), technology, statement(sectors=(PLATFORM,)), taxonomy())
    assert (found.mode, "TRL 5.5" in found.because) == (Mode.CO_DEVELOPMENT, True)


def test_unknown_readiness_is_said_and_not_read_as_low():
    suggestion = suggested(PLATFORM, PLATFORM)
    assert suggestion.mode is Mode.CO_DEVELOPMENT
    assert "No TRL is on record" in suggestion.because


def test_a_subsystem_that_meets_a_platform_needs_no_readiness_to_be_told():
    suggestion = suggested(SUBSYSTEM, PLATFORM)
    assert suggestion.mode is Mode.SUBSYSTEM_SUPPLY
    assert "nan" not in suggestion.because


def test_a_statement_without_sectors_is_read_by_those_of_its_firm():
    miner, refiner = (
        profile("Miner", sectors=("critical_minerals.concentrate",)),
        profile("Refiner", sectors=(REFINING,)),
    )
    assert suggest_mode(miner, refiner, statement(), statement(), taxonomy()).mode is Mode.PROCESSING_OFFTAKE


def test_firms_without_any_sector_still_get_a_suggestion():
    quiet = profile(sectors=())
    assert (
        suggest_mode(quiet, quiet, statement(readiness=readiness(trl=8)), statement(), taxonomy()).mode
        is Mode.CO_PRODUCTION
    )
