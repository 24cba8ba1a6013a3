"""Suggestions of control entries: what is told, what is never claimed, and how often the right entry is near the top."""

from __future__ import annotations

import csv
import json

import pytest

from matching.profile import Regime
from tests.factories import ROOT, SEEDS, control_lists, taxonomy

LISTS = control_lists()


def ecl(text: str, **given) -> list[tuple[str, ...]]:
    return [candidate.of(Regime.ECL) for candidate in LISTS.suggest(text, **given)]


def test_a_suggestion_carries_its_list_s_own_title_source_and_date_and_stands_as_suggested() -> None:
    (first, *_) = LISTS.suggest("Synthetic aperture sonar towed behind an underwater vehicle")
    assert first.heading == "sonar"
    (entry,) = [entry for entry in first.entries if entry.regime is Regime.ECL]
    assert (entry.entry, entry.title) == ("1-6.A.1", "Acoustic systems (sonar)")
    assert entry.source.startswith("https://")
    assert str(entry.as_of) == "2026-07-23"
    assert {entry.standing for each in LISTS.suggest("sonar and drones") for entry in each.entries} == {"suggested"}


def test_the_words_that_met_are_told_as_the_text_has_them() -> None:
    (first, *_) = LISTS.suggest("Remotely piloted QUADCOPTERS, and delivery-drone services")
    assert first.heading == "civil unmanned aircraft"
    assert {"QUADCOPTERS", "delivery-drone"} <= set(first.words_that_met)


def test_french_is_read_too() -> None:
    assert ("2-3",) in ecl("Obus de 155 mm et fusées pour l'artillerie")
    assert ("1-6.A.1",) in ecl("Un sonar remorqué qui cartographie les fonds marins")


def test_what_is_known_of_arms_leaves_the_other_kind_out() -> None:
    for arms in (True, False):
        assert {candidate.arms for candidate in LISTS.suggest("thermal camera for drones", arms=arms)} == {arms}


def test_nothing_is_suggested_for_words_that_no_list_knows() -> None:
    assert LISTS.suggest("Annual subscription to a cookery magazine") == ()
    assert LISTS.suggest("") == ()


def test_a_sector_alone_suggests_what_its_goods_often_are() -> None:
    told = LISTS.suggest("", {"Armoured vehicles"})
    assert ("2-6", "9-2") in [candidate.of(Regime.ECL) for candidate in told]
    assert all(candidate.words_that_met == () for candidate in told)


def test_every_row_of_the_sector_map_has_headings_but_the_arctic() -> None:
    maps = {sector.sector_map for sector in taxonomy().sectors} - {""}
    served = {name for heading in LISTS.headings for name in heading.sector_maps}
    assert maps - served <= {"Arctic and cold-weather"}  # "classify by function": it has no entries of its own


def test_every_entry_of_a_heading_is_on_a_list_held() -> None:
    strays = [(h.name, *entry) for h in LISTS.headings for entry in h.entries if LISTS.nearest(*entry) is None]
    assert strays == []


@pytest.mark.parametrize(
    ("regime", "entry", "said"),
    [
        (Regime.ECCN, "6A615", "is not on the list held; near: "),
        (Regime.ECCN, "3C007", "is not on the list held"),
        (Regime.ECL, "6A010", "it looks like one of ECCN or SCOMET"),
        (Regime.SCOMET, "2-10.c", "it looks like one of ECL"),
        (Regime.USML, "XXV", "is not an entry of the USML"),
    ],
)
def test_a_code_that_is_not_held_or_of_another_regime_is_told(regime: Regime, entry: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"list|entry") as told:
        LISTS.check(regime, entry)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("regime", "entry", "title"),
    [
        (Regime.ECL, "2-10.c", "Aircraft, lighter-than-air"),
        (Regime.ECL, "5504(2)(i)", "Strategic goods"),
        (Regime.SCOMET, "6A010", "Aircraft, UAVs"),
        (Regime.SCOMET, "8A912", "Aerospace and propulsion"),
        (Regime.USML, "XII(c)", "Fire Control"),
        (Regime.ECCN, "8A609.x", "Surface vessels of war"),
    ],
)
def test_an_entry_is_known_by_the_one_it_stands_under(regime: Regime, entry: str, title: str) -> None:
    assert LISTS.check(regime, entry).title.startswith(title)


def test_the_right_entry_is_among_the_first_five() -> None:
    """39 statements of seed firms, labelled by reading before they were ranked: see README for the figures."""
    statements = {}
    for path in sorted((SEEDS / "firms").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            profile = json.loads(line)
            for said in profile["statements"]:
                statements[profile["name"], said.get("title")] = said, profile
    places = []
    with (ROOT / "tests/matching/classifications.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            said, profile = statements[row["firm"], row["title"]]
            maps = {taxonomy().sector(code).sector_map for code in said.get("sectors") or profile["sectors"]}
            found = ecl(f"{said['title']}. {said['text']}", sector_maps=maps)
            wanted = set(row["entries"].split())
            places.append(next((at for at, codes in enumerate(found, start=1) if wanted & set(codes)), 99))
    assert len(places) == 39
    assert sum(place <= 1 for place in places) >= 29
    assert sum(place <= 5 for place in places) >= 38
