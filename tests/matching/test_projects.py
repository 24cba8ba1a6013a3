"""What a template may not be, each fault with the path of the value it is about."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from matching.projects import DEEPEST, faults
from tests.factories import taxonomy
from tests.matching.teams import project, quota, seat

FORMS = {"germanium": ("metal", "blanks")}


def found(asked) -> dict:
    return dict(faults(asked, taxonomy(), FORMS))


def test_a_sound_template_has_no_fault_and_knows_what_is_downstream() -> None:
    asked = project(
        seat(share_pct=40),
        seat("camera", delivers_to="lens-mount", share_pct=30),
        seat("lens-mount", delivers_to="airframe", share_pct=30),
    )
    assert found(asked) == {}
    assert asked.downstream(0) == ()
    assert asked.downstream(1) == (2, 0)


@pytest.mark.parametrize(
    ("seats", "place", "words"),
    [
        ([seat(), seat("camera", sectors=["uas.kites"])], ("seats", 1, "sectors", 0), "uas.kites"),
        ([seat(), seat("camera", delivers_to="airframes")], ("seats", 1, "delivers_to"), "unknown role 'airframes'"),
        ([seat(), seat("camera", apart_from=["nobody"])], ("seats", 1, "apart_from", 0), "unknown role 'nobody'"),
        ([seat(), seat()], ("seats", 1, "role"), "stands twice"),
        ([seat(), seat("camera", mineral="unobtainium")], ("seats", 1, "mineral"), "no mineral 'unobtainium'"),
        ([seat(), seat("camera", mineral="germanium", forms=["dust"])], ("seats", 1, "forms", 0), "metal, blanks"),
        ([seat(), seat("camera", forms=["metal"])], ("seats", 1, "forms", 0), "for lack of a mineral"),
        ([seat(share_pct=20), seat("camera", share_pct=20)], ("seats",), "add up to 40 %"),
    ],
)  # fmt: skip
def test_a_faulty_seat_is_named_by_its_path(seats, place, words) -> None:
    assert words in found(project(*seats))[place]


def test_work_that_goes_in_a_circle_is_told_with_the_circle() -> None:
    asked = project(seat(delivers_to="camera"), seat("camera", delivers_to="airframe"))
    assert "airframe → camera → airframe" in found(asked)["seats", 0, "delivers_to"]


def test_a_tree_of_seats_may_not_be_deeper_than_the_ways_that_are_traced() -> None:
    roles = [f"role-{i}" for i in range(DEEPEST + 1)]
    seats = [seat(role, share_pct=20, delivers_to=roles[i - 1] if i else None) for i, role in enumerate(roles)]
    assert f"at most {DEEPEST}" in found(project(*seats))["seats", DEEPEST, "delivers_to"]


@pytest.mark.parametrize(
    ("quotas", "place"),
    [
        ([quota("CAN", 3)], ("quotas", 0, "firms_at_least")),
        ([quota("CAN", 2), quota("IND", 2)], ("quotas",)),
        ([quota("CAN", 1, 60), quota("IND", 1, 60)], ("quotas",)),
        ([quota("CAN"), quota("CAN")], ("quotas", 1, "country")),
    ],
)
def test_an_impossible_quota_is_refused(quotas, place) -> None:
    assert place in found(project(quotas=quotas))


def test_a_share_beyond_the_seats_open_to_a_country_is_refused() -> None:
    asked = project(seat(countries=["IND"]), seat("camera"), quotas=[quota("CAN", 1, 70)])
    assert "its seats have 50 %" in found(asked)["quotas", 0, "share_at_least_pct"]


def test_an_unknown_key_and_a_bad_id_are_refused() -> None:
    with pytest.raises(ValidationError, match="colour"):
        project(seat(colour="red"), seat("camera"))
    with pytest.raises(ValidationError, match="pattern"):
        project(id="Drone Project")


def test_what_a_seat_asks_is_told_in_plain_words() -> None:
    asked = project(
        seat(
            countries=["IND"],
            kinds=["shipyard"],
            trl_at_least=9,
            proven=True,
            ground={"kinds": ["shipyard"], "hull_dwt": 7000},
            output={"quantity": 3, "unit": "hulls", "per": "at a time"},
            certificates=[{"code": "ISO 9001"}, {"code": "AS9100", "must": True}],
            no_us_owner=True,
        ),
        seat("camera"),
    )
    told = "; ".join(asked.seats[0].asks())
    for part in (
        "in IND",
        "shipyard",
        "TRL 9 or more on record",
        "7,000 DWT",
        "3 hulls",
        "with ISO 9001",
        "AS9100 on record",
        "without a US owner",
    ):
        assert part in told
