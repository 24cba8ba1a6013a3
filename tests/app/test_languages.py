"""Phrases, numbers and days in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from app.languages import Language, language
from matching.phrases import joined, phrasebook, say


@pytest.fixture
def french() -> Language:
    return language("fr", {"Sonar and towed arrays": "Sonars et antennes remorquées"})


def test_a_sentence_is_told_in_french_with_names_kept_and_figures_written_the_french_way(french) -> None:
    sentence = say(
        "{one} and {other} both work in {sector}; over all of {one}'s sectors the closeness is {closeness:.2f}.",
        one="Kraken Robotics Inc.", other="Bharat Electronics Limited", sector=say("Sonar and towed arrays"), closeness=0.934,
    )  # fmt: skip
    told = french.told(str(sentence), phrasebook([sentence]))
    assert told.startswith("Kraken Robotics Inc. et Bharat Electronics Limited exercent toutes deux dans")
    assert "Sonars et antennes remorquées" in told
    assert "0,93" in told


def test_joined_phrases_are_told_one_by_one(french) -> None:
    phrase = say("{firm}: {facts}.", firm="Yard", facts=joined("; ", [say("{band} people", band="51-200"), "as is"]))
    assert french.told(str(phrase), phrasebook([phrase])) == "Yard\u00a0: 51-200 personnes; as is."


def test_what_has_no_french_stays_english(french) -> None:
    assert french.told("A sentence of nobody", {}) == "A sentence of nobody"
    assert french.said(say("Nobody says {this}", this="that").form) == "Nobody says that"


def test_english_goes_the_same_way() -> None:
    phrase = say("TRL {trl:g} of {one}", trl=4.5, one="Kraken")
    assert language("en").told(str(phrase), phrasebook([phrase])) == "TRL 4.5 of Kraken"


def test_numbers_and_days(french) -> None:
    english = language("en")
    assert (french.number(1234.5, ".1f"), english.number(1234.5, ".1f")) == ("1\u00a0234,5", "1,234.5")
    assert (french.number(3.0), english.number(0.1234567)) == ("3", "0.123457")
    assert (french.share(0.898), english.share(0.898)) == ("90\u00a0%", "90%")
    assert french.day(date(2026, 7, 23)) == french.day("2026-07-23") == "23 juillet 2026"
    assert french.day("2024") == "2024"
