"""Chains over the forms of a mineral: complete ones first, gaps named, plans counted, both models of the report."""

from __future__ import annotations

from typing import Any

from matching.chains import Model, chains
from matching.minerals import Mineral, faults, handled_by_firm
from matching.ranking import Party

STAGES = ("exploration", "concentrate", "refining", "material", "component", "subsystem")
SECTORS = ("critical_minerals",)


def form(name: str, stage: str, *made_from: str) -> dict[str, Any]:
    return {"form": name, "stage": stage, "made_from": made_from, "maker": f"a maker of {name}", "sectors": SECTORS}


def handling(firm: str, gives: str, country: str, takes: str | None = None, **over: Any) -> dict[str, Any]:
    given = {"firm": firm, "takes": [takes] if takes else [], "gives": [gives], "site": "Works", "country": country}
    return given | {"state": "operating", "sources": [{"what": "a test"}]} | over


def mineral(*handlings: dict[str, Any], **over: Any) -> Mineral:
    given = {
        "id": "ore",
        "name": "Ore",
        "name_fr": "Minerai",
        "why": "For parts.",
        "forms": [
            form("concentrate", "concentrate"),
            form("scrap", "concentrate"),
            form("metal", "refining", "concentrate", "scrap"),
            form("lens", "component", "metal"),
        ],
        "handlings": handlings,
        "as_of": "2026-11-24",
        "sources": [{"what": "a test"}],
    }
    return Mineral.model_validate(given | over)


FIRMS = {name: Party(name, name.title(), country) for name, country in
         (("mine", "CAN"), ("smelter", "IND"), ("plant", "CAN"), ("grinder", "IND"))}  # fmt: skip


def test_canadian_feed_worked_up_in_india_is_the_first_model() -> None:
    held = mineral(
        handling("mine", "concentrate", "CAN"),
        handling("smelter", "metal", "IND", "concentrate"),
        handling("grinder", "lens", "IND", "metal"),
    )
    best = chains(held, FIRMS)[0]
    assert best.model is Model.CONCENTRATE_OUT
    assert best.route == ("CAN", "IND")
    assert [link.firm.id for link in best.links] == ["mine", "smelter", "grinder"]
    assert (best.gaps, best.planned, best.crossings) == (0, 0, 1)


def test_worked_up_in_canada_for_india_is_the_second_and_a_plan_is_counted() -> None:
    held = mineral(
        handling("mine", "concentrate", "CAN"),
        handling("plant", "metal", "CAN", "concentrate", state="planned"),
        handling("grinder", "lens", "IND", "metal", basis="inferred"),
    )
    best = chains(held, FIRMS)[0]
    assert best.model is Model.INVESTMENT_IN
    assert (best.gaps, best.planned, best.inferred) == (0, 1, 1)


def test_a_step_that_nobody_does_is_a_gap_that_says_who_would_fill_it() -> None:
    held = mineral(handling("mine", "concentrate", "CAN"), handling("grinder", "lens", "IND", "metal"))
    best = chains(held, FIRMS)[0]
    assert best.gaps == 1
    assert best.links[1].firm is None
    assert best.links[1].missing == "a maker of metal"


def test_a_firm_that_is_not_on_file_is_passed_over_and_a_form_of_choice_may_be_the_end() -> None:
    held = mineral(handling("mine", "concentrate", "CAN"), handling("stranger", "metal", "IND", "concentrate"))
    to_metal = chains(held, FIRMS, ends=("metal",))
    assert all(link.firm is None or link.firm.id != "stranger" for chain in to_metal for link in chain.links)
    assert {chain.links[-1].form for chain in to_metal} == {"metal"}


def test_many_handlings_of_each_form_are_answered_and_the_best_is_first() -> None:
    many = [handling(f"mine-{i}", "concentrate", "CAN", state="planned" if i else "operating") for i in range(200)]
    many += [
        handling(f"smelter-{i}", "metal", "IND", "concentrate", state="planned" if i else "operating")
        for i in range(200)
    ]
    many += [
        handling(f"grinder-{i}", "lens", "IND", "metal", state="planned" if i else "operating") for i in range(200)
    ]
    firms = {h["firm"]: Party(h["firm"], h["firm"], h["country"]) for h in many}
    best = chains(mineral(*many), firms)[0]
    assert [link.firm.id for link in best.links if link.firm] == ["mine-0", "smelter-0", "grinder-0"]


def test_a_circle_and_work_that_goes_upstream_are_faults_with_their_path() -> None:
    circle = mineral(
        handling("mine", "metal", "CAN"), forms=[form("metal", "refining", "scrap"), form("scrap", "refining", "metal")]
    )
    told = dict(faults(circle, STAGES, SECTORS))
    assert told["forms", 0, "made_from"] == "a circle: metal is made from scrap is made from metal"
    upstream = mineral(
        handling("mine", "ore", "CAN"), forms=[form("lens", "component"), form("ore", "concentrate", "lens")]
    )
    assert "cannot be made from 'lens'" in dict(faults(upstream, STAGES, SECTORS))["forms", 1, "made_from", 0]
    unknown = mineral(handling("mine", "dust", "CAN"))
    assert ("handlings", 0, "gives", 0) in dict(faults(unknown, STAGES, SECTORS))


def test_what_is_only_planned_gives_nothing_yet() -> None:
    held = mineral(handling("mine", "concentrate", "CAN"), handling("plant", "metal", "CAN", state="planned"))
    assert handled_by_firm({"ore": held}) == {"mine": {"ore": ("concentrate",)}}
