"""What comes in: briefs and records become Profiles, or are refused in words that say why."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.errors import Invalid, TooLarge
from app.intake import BRIEF_LIMIT, STATEMENT_LIMIT, _pieces, read_brief, read_record
from matching.profile import Profile
from tests.factories import SHARED, taxonomy

BRIEF = "We build uncooled infrared gimbals for drones. We look for a volume maker of germanium optics."


def brief(text: str = BRIEF, **over) -> Profile:
    return read_brief(text, taxonomy(), **over)


# Briefs


def test_a_sentence_of_seeking_is_no_offer_and_the_whole_text_is_the_need() -> None:
    made = brief()
    assert [s.text for s in made.offers] == ["We build uncooled infrared gimbals for drones."]
    assert [s.text for s in made.seeks] == [BRIEF]


@pytest.mark.parametrize(
    "sentence",
    [
        "We seek a shipyard.",
        "Looking for a plant in Pune.",
        "The firm needs forgings.",
        "Nous cherchons un fabricant.",
        "Elle recherche un partenaire.",
        "A partner is wanted; we want one.",
    ],
)
def test_seeking_is_read_in_english_and_french(sentence: str) -> None:
    assert brief(f"We make sonar. {sentence}").offers[0].text == "We make sonar."
    assert sentence not in [s.text for s in brief(f"We make sonar. {sentence}").offers]


def test_sectors_are_read_from_the_words_unless_they_are_given() -> None:
    assert any(code.startswith("electro_optics") for code in brief().sectors)
    assert brief(sectors=("subsea",)).sectors == ("subsea",)


def test_the_trl_given_stands_on_every_statement_as_asked() -> None:
    made = brief(trl=3)
    assert {(s.readiness.trl_low, s.readiness.trl_high, s.readiness.basis) for s in made.statements} == {
        (3, 3, "as asked")
    }


def test_without_a_trl_readiness_is_unknown_not_zero() -> None:
    assert {s.readiness.trl_low for s in brief().statements} == {None}


def test_a_brief_is_said_to_come_from_a_request_and_of_its_country() -> None:
    assert (brief(country="IND").country, brief().country, brief().provenance) == ("IND", "CAN", "request")


@pytest.mark.parametrize("text", ["", "   ", "\n\t\n", "\u00a0"])
def test_an_empty_brief_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="the brief is empty"):
        brief(text)


@pytest.mark.parametrize("trl", [0, 10, 12, -1])
def test_a_trl_off_the_scale_is_refused(trl: int) -> None:
    with pytest.raises(Invalid, match=f"TRL {trl} is off the scale") as told:
        brief(trl=trl)
    assert "1 to 9" in (told.value.hint or "")


@pytest.mark.parametrize("trl", [1, 9])
def test_the_ends_of_the_scale_are_taken(trl: int) -> None:
    assert brief(trl=trl).statements[0].readiness.trl_low == trl


def test_an_unknown_sector_is_refused_with_where_the_codes_are_listed() -> None:
    with pytest.raises(Invalid, match="'steam_engines'") as told:
        brief(sectors=("uas", "steam_engines"))
    assert "/api/v1/sectors" in (told.value.hint or "")


def test_a_brief_of_exactly_the_limit_is_taken_whole() -> None:
    words = ("sonar " * BRIEF_LIMIT)[: BRIEF_LIMIT - 1] + "x"
    made = brief(words)
    assert len(words) == BRIEF_LIMIT
    assert max(len(s.text) for s in made.statements) <= STATEMENT_LIMIT


def test_one_character_more_is_refused_not_cut() -> None:
    with pytest.raises(TooLarge, match="20,001 characters; at most 20,000"):
        brief("x" * (BRIEF_LIMIT + 1))


def test_blanks_around_a_brief_do_not_count() -> None:
    assert brief(" " * BRIEF_LIMIT + "sonar" + "\n" * BRIEF_LIMIT).statements[0].text == "sonar"


@given(st.text(min_size=1, max_size=400).filter(str.strip))
def test_any_text_makes_a_profile_or_is_refused_as_invalid(text: str) -> None:
    try:
        made = brief(text)
    except Invalid:
        return
    assert made.seeks


@given(st.lists(st.text("abcdefghij", min_size=1, max_size=12), min_size=1, max_size=60, unique=True))
def test_cutting_a_text_loses_no_word(words: list[str]) -> None:
    pieces = _pieces(" ".join(words), 12)
    assert all(0 < len(piece) <= 12 for piece in pieces)
    assert sorted(word for piece in pieces for word in piece.split()) == sorted(words)


# Records


CANADIAN = {
    "name": "Northern Sonar Inc.",
    "country": "CAN",
    "province": "NS",
    "technologies": [
        {"title": "Array", "statement": "A thin towed array.", "trl": 6, "trl_basis": "estimate: sea trial"},
        {"title": None, "statement": "Acoustic modem.", "trl": None},
    ],
    "seeks": ["A volume maker.", "A volume maker."],
    "us_parent_or_us_vc": True,
    "memory_fields": ["founded"],
    "sources": [{"url": "https://example.org", "what": "product page", "accessed_or_date": "2026-11"}],
    "confidence": "partly",
}
INDIAN = {
    "name": "Some Yard Limited",
    "country": "IND",
    "state": "Kerala",
    "capabilities": ["Builds patrol vessels.", "Repairs ships.", "Builds patrol vessels."],
    "trl_low": 8,
    "trl_high": 9,
}


def test_a_canadian_record_has_a_trl_for_each_technology() -> None:
    made = read_record(CANADIAN)
    assert [(s.text, s.readiness.trl_low) for s in made.offers] == [
        ("A thin towed array.", 6),
        ("Acoustic modem.", None),
    ]
    assert [s.text for s in made.seeks] == ["A volume maker."]
    assert (made.region, made.exposure.us_parent_or_us_vc, made.unchecked_fields) == ("NS", True, ("founded",))
    assert (made.provenance, made.confidence, made.sources[0].dated) == ("public_sources", "partly", "2026-11")


def test_an_indian_record_has_one_range_over_all_it_makes_said_to_be_an_estimate() -> None:
    made = read_record(INDIAN)
    assert [s.text for s in made.offers] == ["Builds patrol vessels.", "Repairs ships."]
    assert {(s.readiness.trl_low, s.readiness.trl_high) for s in made.offers} == {(8, 9)}
    assert (made.offers[0].readiness.basis or "").startswith("estimate")
    assert made.region == "Kerala"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country": "Canada"}, "country"),
        ({"confidence": "sure"}, "confidence"),
        ({"founded": 1500}, "founded"),
        ({"technologies": []}, "statements"),
    ],
)
def test_a_record_that_does_not_fit_names_the_field(change, field: str) -> None:
    with pytest.raises(ValidationError) as told:
        read_record(CANADIAN | {"seeks": []} | change)
    assert told.value.errors()[0]["loc"][0] == field


@pytest.mark.shared
def test_every_record_of_the_compilation_is_read() -> None:
    lines = [
        json.loads(line)
        for path in sorted((SHARED / "data" / "firms").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    assert len(lines) > 200
    assert {read_record(line).country for line in lines} == {"CAN", "IND"}
