"""The independent check confirms what the composer gives, and sees what was tampered with."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import TypeAdapter

from matching.consortium import Consortium
from matching.consortium_check import Ground, complaints
from tests.factories import rulebook
from tests.matching.teams import ON, composed, project, quota
from tests.matching.test_composer import FIRMS, TERMS

PROJECT = project(*TERMS, quotas=[quota("IND", 1, 50), quota("CAN", 1, 40)])


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    return as_given(composed(PROJECT, FIRMS))


def as_given(found: Consortium) -> dict[str, Any]:
    document = TypeAdapter(Consortium).dump_python(found, mode="json", by_alias=True)
    return document | {"market": {"iso3": "PHL", "name": "Philippines"}}


def ground(**over) -> Ground:
    return Ground(**({"profiles": {f.id: f.profile for f in FIRMS}, "rulebook": rulebook(), "on": ON} | over))


def party(name: str) -> dict[str, str]:
    held = next(f for f in FIRMS if f.profile.name == name)
    return {"id": held.id, "name": name, "country": held.profile.country}


def test_what_the_composer_gives_is_confirmed(answer) -> None:
    assert answer["found"]
    assert complaints(PROJECT, answer, ground()) == []


def test_no_consortium_is_confirmed_only_if_it_is_empty_and_says_why() -> None:
    none = as_given(composed(project(*TERMS, arms=True), FIRMS, "MMR"))
    assert complaints(PROJECT, none, ground()) == []
    assert complaints(PROJECT, none | {"because": ""}, ground())


def _other_holder(answer):
    answer["seats"][1]["firm"] = party("Beta Airframes")  # makes no cameras, and leaves Canada without a firm


def _same_firm_twice(answer):
    for seat in answer["seats"]:
        seat["firm"] = party("Epsilon Both")


def _better_fit(answer):
    answer["seats"][0]["fit"] += 0.01


def _better_objective(answer):
    answer["objective"] += 0.5


def _lower_bound(answer):
    answer["bound"] = answer["objective"] - 0.1


def _better_verdict(answer):
    answer["legs"][0]["verdict"] = "open"


def _another_way(answer):
    answer["legs"][1]["route"] = ["CAN", "PHL"]


def _a_way_less(answer):
    answer["legs"].pop()


def _a_stranger(answer):
    answer["seats"][0]["firm"]["id"] = "nobody-on-file"


def _a_seat_less(answer):
    answer["seats"].pop()


def _no_reason(answer):
    answer["seats"][0]["reason"] = ""


def _itself_as_swap(answer):
    answer["seats"][0]["alternatives"][0]["firm"] = answer["seats"][0]["firm"]


def _unfit_swap(answer):
    answer["seats"][1]["alternatives"][0]["firm"] = party("Beta Airframes")


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (_other_holder, "too few firms of CAN"),
        (_same_firm_twice, "holds 2 seats"),
        (_better_fit, "the signals make"),
        (_better_objective, "the fits add up"),
        (_lower_bound, "bound is below"),
        (_better_verdict, "told is open"),
        (_another_way, "the way is"),
        (_a_way_less, "ways are given for"),
        (_a_stranger, "not on file"),
        (_a_seat_less, "not those of the template"),
        (_no_reason, "does not say why"),
        (_itself_as_swap, "its own alternative"),
        (_unfit_swap, "offers nothing that answers"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)  # fmt: skip
def test_what_was_tampered_with_is_seen(answer, tamper, words) -> None:
    tampered = copy.deepcopy(answer)
    tamper(tampered)
    assert any(words in complaint for complaint in complaints(PROJECT, tampered, ground())), complaints(
        PROJECT, tampered, ground()
    )


def test_a_way_worse_than_allowed_is_seen(answer) -> None:
    from matching.pathway import Verdict

    told = complaints(PROJECT, answer, ground(at_worst=Verdict.PERMIT))
    assert any("worse than permit" in complaint for complaint in told)
