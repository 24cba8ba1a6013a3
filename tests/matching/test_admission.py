"""Whether a firm may take a seat: what it lacks keeps it out, what nobody knows is asked."""

from __future__ import annotations

import pytest

from matching.admission import admission, within
from matching.projects import Seat
from tests.factories import firm, readiness, statement
from tests.matching.teams import seat


def asked(**over) -> Seat:
    return Seat.model_validate(seat(**over))


MAKER = firm(
    roles=("manufacturer",),
    statements=(statement("Makes airframes of drones", sectors=("uas.airframes",), readiness=readiness(8, 8)),),
)


def test_an_offer_in_the_sector_or_below_it_admits_and_is_told() -> None:
    judged = admission(MAKER, asked())
    assert judged.admitted
    assert [offer.text for offer in judged.offers] == ["Makes airframes of drones"]
    assert within("uas.airframes", ("uas",))
    assert not within("uas", ("uas.airframes",))
    assert not within("uasx.airframes", ("uas",))


@pytest.mark.parametrize(
    ("over", "lack"),
    [
        ({"sectors": ["subsea"]}, "offers nothing in subsea"),
        ({"terms": ["rotor", "kite"]}, "does not speak of rotor or kite"),
        ({"trl_at_least": 9}, "has not reached TRL 9"),
        ({"mrl_at_least": 9}, "has not reached MRL 9"),
        ({"countries": ["IND"]}, "is of CAN"),
        ({"kinds": ["shipyard"]}, "is manufacturer"),
        ({"certificates": [{"code": "AS9100", "must": True}]}, "has no AS9100 on record"),
        ({"mineral": "germanium"}, "not on record as a source of germanium"),
    ],
)
def test_what_is_lacking_keeps_the_firm_out_and_is_named(over, lack) -> None:
    judged = admission(MAKER, asked(**over))
    assert not judged.admitted
    assert judged.offers == ()
    assert any(lack in told for told in judged.lacks)


@pytest.mark.parametrize(
    ("over", "question"),
    [
        ({"certificates": [{"code": "AS9100"}]}, "AS9100"),
        ({"ground": {"kinds": ["plant"]}}, "No site is on record"),
        ({"output": {"quantity": 5, "unit": "drones"}}, "5 drones a year"),
        ({"no_us_owner": True}, "US parent"),
    ],
)
def test_what_nobody_knows_is_asked_and_keeps_nobody_out(over, question) -> None:
    judged = admission(MAKER, asked(**over))
    assert judged.admitted
    assert any(question in asked_for for asked_for in judged.questions)


def test_readiness_nobody_knows_is_asked_unless_the_seat_wants_it_on_record() -> None:
    unknown = firm(statements=(statement("Makes airframes"),))
    assert any("TRL 8" in q for q in admission(unknown, asked(trl_at_least=8)).questions)
    assert not admission(unknown, asked(trl_at_least=8, proven=True)).admitted


def test_terms_are_met_whatever_the_ending_and_all_words_of_one_must_stand() -> None:
    assert admission(MAKER, asked(terms=["drone airframe"])).admitted
    assert not admission(MAKER, asked(terms=["drone engine"])).admitted


def test_a_certificate_is_known_by_its_other_spellings() -> None:
    held = firm(certifications=("AS 9100-D (2021)",))
    judged = admission(held, asked(certificates=[{"code": "AS9100", "must": True}]))
    assert judged.admitted
    assert judged.facts == ("has on record: AS 9100-D (2021)",)


def test_a_yard_too_small_is_out_and_one_without_a_figure_is_asked() -> None:
    wanted = asked(ground={"kinds": ["shipyard"], "hull_dwt": 7000, "hull_m": 100})

    def yard(**size) -> object:
        return firm(sites=({"name": "Yard", "kind": "shipyard", **size},))

    assert not admission(yard(largest_hull_dwt=5000), wanted).admitted
    large = admission(yard(largest_hull_dwt=9000), wanted)
    assert large.admitted
    assert "takes hulls up to 9,000 DWT" in large.facts
    assert any("100 m" in question for question in large.questions)
    assert not admission(firm(sites=({"name": "Office", "kind": "office"},)), wanted).admitted


def test_a_stated_output_below_the_ask_keeps_out_and_another_unit_says_nothing() -> None:
    def maker(quantity: float, unit: str) -> object:
        return firm(statements=(statement(capacities=({"what": "drones", "quantity": quantity, "unit": unit},)),))

    wanted = asked(output={"quantity": 100, "unit": "drones"})
    assert not admission(maker(50, "drones"), wanted).admitted
    assert admission(maker(150, "drones"), wanted).facts == ("turns out 150 drones a year (drones)",)
    assert admission(maker(50, "t"), wanted).questions == (
        "Can it turn out 100 drones a year? No such figure is on record.",
    )


def test_a_us_owner_on_record_keeps_out_of_a_design_out() -> None:
    owned = firm(exposure={"us_parent_or_us_vc": True})
    free = firm(exposure={"us_parent_or_us_vc": False})
    assert not admission(owned, asked(no_us_owner=True)).admitted
    assert admission(free, asked(no_us_owner=True)).questions == ()
    assert admission(owned, asked()).admitted


def test_a_mineral_must_be_given_in_one_of_the_forms() -> None:
    gives = {"germanium": ("metal",)}
    assert admission(MAKER, asked(mineral="germanium"), gives).admitted
    assert admission(MAKER, asked(mineral="germanium", forms=["metal"]), gives).admitted
    assert not admission(MAKER, asked(mineral="germanium", forms=["blanks"]), gives).admitted
