"""What may be said of a firm, and what is refused in words that name the field."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matching.profile import Capacity, Classification, Exposure, Profile, Readiness, Statement, slug
from tests.factories import demand, market, profile, readiness, statement

TRL_OR_BLANK = st.none() | st.integers(1, 9)


def refusal(shape, document) -> tuple[str, str]:
    """The place and the words of the one complaint that the document earns."""
    with pytest.raises(ValidationError) as caught:
        shape.model_validate(document)
    (error,) = caught.value.errors()
    return ".".join(map(str, error["loc"])), error["msg"]


@pytest.mark.parametrize(
    ("shape", "document", "place", "words"),
    [
        (Readiness, {"trl_low": 12}, "trl_low", "less than or equal to 9"),
        (Readiness, {"trl_low": 0, "trl_high": 4}, "trl_low", "greater than or equal to 1"),
        (Readiness, {"mrl_low": 4, "mrl_high": 11}, "mrl_high", "less than or equal to 10"),
        (Readiness, {"trl_low": 3}, "", "trl_low and trl_high are given together or not at all"),
        (Readiness, {"mrl_high": 3}, "", "mrl_low and mrl_high are given together or not at all"),
        (Readiness, {"trl_low": 7, "trl_high": 4}, "", "trl_low 7 is above trl_high 4"),
        (Readiness, {"mrl_low": 9, "mrl_high": 8}, "", "mrl_low 9 is above mrl_high 8"),
        (Statement, {"side": "wants", "text": "A hull"}, "side", "'offers' or 'seeks'"),
        (Statement, {"side": "offers", "text": "   "}, "text", "at least 1 character"),
        (Statement, {"side": "offers", "text": "x" * 4001}, "text", "at most 4000 characters"),
        (Capacity, {"what": "lenses", "quantity": 0, "unit": "pieces"}, "quantity", "greater than 0"),
        (Classification, {"regime": "CCL", "entry": "6A003"}, "regime", "'ECL', 'USML', 'ECCN' or 'SCOMET'"),
        (Exposure, {"us_content_pct": 130}, "us_content_pct", "less than or equal to 100"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place_and_what_was_expected(shape, document, place, words):
    at, message = refusal(shape, document)
    assert at == place
    assert words in message


def test_a_trl_of_twelve_deep_in_a_profile_is_refused_naming_the_field():
    said = {"side": "offers", "text": "A seeker head", "readiness": {"trl_low": 5, "trl_high": 12}}
    with pytest.raises(ValidationError) as caught:
        Profile.model_validate({"name": "Optics", "country": "CAN", "statements": [said]})
    first = caught.value.errors()[0]
    assert first["loc"] == ("statements", 0, "readiness", "trl_high")
    assert first["msg"] == "Input should be less than or equal to 9"


@pytest.mark.parametrize("shape", [Profile, Statement, Readiness, Exposure])
def test_an_unknown_key_is_refused_and_not_dropped(shape):
    said = {"side": "offers", "text": "A hull"}
    least = {Profile: {"name": "Yard", "country": "IND", "statements": [said]}, Statement: said}.get(shape, {})
    place, message = refusal(shape, least | {"colour": "blue"})
    assert place == "colour"
    assert message == "Extra inputs are not permitted"


def test_a_statement_may_not_stand_twice_on_one_side():
    said = statement("Builds patrol vessels")
    place, message = refusal(
        Profile, {"name": "Yard", "country": "IND", "statements": [said.model_dump(), said.model_dump()]}
    )
    assert place == "statements"
    assert "the same statement stands twice: 'Builds patrol vessels'" in message


def test_the_same_words_may_be_offered_and_sought():
    both = profile(statements=(statement("Sonar arrays", "offers"), statement("Sonar arrays", "seeks")))
    assert [s.side for s in (*both.offers, *both.seeks)] == ["offers", "seeks"]


def test_a_profile_without_a_statement_is_refused():
    place, _ = refusal(Profile, {"name": "Silent", "country": "CAN", "statements": []})
    assert place == "statements"


@pytest.mark.parametrize("country", ["Canada", "CA", "can", ""])
def test_a_country_is_a_three_letter_code(country):
    place, _ = refusal(Profile, {"name": "N", "country": country, "statements": [{"side": "offers", "text": "A"}]})
    assert place == "country"


def test_what_is_not_said_is_unknown_and_never_no():
    said = profile()
    assert said.exposure.itar_content is None
    assert said.exposure.us_content_pct is None
    assert said.statements[0].arms is None
    assert said.statements[0].readiness.trl_low is None


def test_a_profile_cannot_be_changed_and_is_the_same_after_storing():
    said = profile(certifications=("AS9100D",), statements=(statement(readiness=readiness(trl=6)),))
    with pytest.raises(ValidationError, match="frozen"):
        said.name = "Other"
    assert Profile.model_validate_json(said.model_dump_json()) == said


@given(TRL_OR_BLANK, TRL_OR_BLANK)
def test_a_range_is_whole_and_ordered_or_refused(low, high):
    fits = (low is None) == (high is None) and (low is None or low <= high)
    try:
        Readiness(trl_low=low, trl_high=high)
    except ValidationError:
        assert not fits
    else:
        assert fits


def test_a_demand_needs_a_sector_a_source_and_a_plain_id():
    assert demand("Patrol vessels").id == "patrol-vessels"
    for missing in ({"sectors": ()}, {"sources": ()}, {"id": "Patrol Vessels"}):
        with pytest.raises(ValidationError, match=next(iter(missing))):
            demand("Patrol vessels", **missing)


def test_a_market_is_of_a_region_that_the_service_covers():
    with pytest.raises(ValidationError, match="region"):
        market(region="Atlantis")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Laflamme Aéro Inc.", "laflamme-aero-inc"),
        ("  L&T  (Precision) ", "l-t-precision"),
        ("3vGeomatics", "3vgeomatics"),
        ("ÉTS — Montréal", "ets-montreal"),
    ],
)
def test_a_slug_is_readable_and_without_accents(name, expected):
    assert slug(name) == expected


@given(st.text(max_size=40))
def test_a_slug_is_words_joined_by_hyphens_and_is_its_own_slug(name):
    made = slug(name)
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", made)
    assert slug(made) == made
