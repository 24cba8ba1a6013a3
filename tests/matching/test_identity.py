"""Whether two records are of one firm: numbers decide, names and websites suggest, other countries speak against."""

from __future__ import annotations

import pytest

from matching.identity import THRESHOLD, Register, compare, host
from matching.profile import Identifier, Profile
from tests.factories import profile


def firm(name: str, country: str = "CAN", bn: str | None = None, **over: object) -> Profile:
    numbers = (Identifier(scheme="BN", value=bn),) if bn else ()
    return profile(name, country, identifiers=numbers, **over)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (firm("Arctic Optics Ltd."), firm("Arctic Optics Inc.")),
        (firm("Laflamme Aéro inc."), firm("LAFLAMME AERO")),
        (firm("Old Name Ltd.", bn="123026635"), firm("Another Thing Inc.", bn="123026635")),
        (firm("Cedar Forge", website="cedar.example"), firm("Ceder Forge", website="https://www.cedar.example/en")),
        (firm("Kochi Marine", aliases=("Northern Ropes",)), firm("Northern Ropes Limited")),
    ],
)
def test_records_that_are_told_as_perhaps_one_firm(one: Profile, other: Profile) -> None:
    score, because = compare(one, other)
    assert score >= THRESHOLD
    assert because


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (firm("Arctic Optics"), firm("Arctic Radio")),
        (firm("Arctic Optics", bn="123026635"), firm("Arctic Optics", bn="100000009")),
        (firm("Northern Ropes"), firm("Northern Ropes", "IND")),
        (firm("Bharat Trading"), firm("Star Trading")),
        (firm("One Thing", website="linkedin.com/a"), firm("Other Works", website="linkedin.com/b")),
    ],
)
def test_records_that_are_not(one: Profile, other: Profile) -> None:
    assert compare(one, other)[0] < THRESHOLD


def test_the_same_number_is_certain_and_its_reason_is_told() -> None:
    assert compare(firm("A B", bn="123026635"), firm("C D", bn="123026635")) == (1.0, ("the same BN",))


def test_pairs_are_found_by_name_number_and_website_and_each_once() -> None:
    held = {
        "a": firm("Arctic Optics Ltd."),
        "b": firm("Artic Optics"),
        "c": firm("Quite Other", bn="123026635"),
        "d": firm("Wholly Different", bn="123026635"),
        "e": firm("Unrelated Sheds"),
    }
    found = Register(held).near(held)
    assert {(likely.one, likely.other) for likely in found} == {("a", "b"), ("c", "d")}
    assert [likely.score for likely in found] == sorted((likely.score for likely in found), reverse=True)


def test_nothing_held_is_nothing_near() -> None:
    assert Register({}).near({"a": firm("Arctic Optics")}) == []


def test_the_host_of_a_website() -> None:
    assert host("HTTPS://www.Example.com:8080/x") == "example.com"
    assert host("facebook.com/firm") == host(None) == ""
