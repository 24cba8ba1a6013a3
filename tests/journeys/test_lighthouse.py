"""A lighthouse project over the real firms: the patrol vessel, the embargoed market, and every template checked."""

from __future__ import annotations

import time
from datetime import date

import pytest

from app import access, projects, screenings
from app.db import transaction
from app.library import library
from app.projects import CompositionAsk
from matching.consortium_check import Ground, complaints
from matching.profile import slug
from tests.app.world import NOW, World

TEMPLATES = (
    "arctic-port", "asw-corvette-sensors", "au-peacekeeping-centre", "cbrn-kit", "counter-uas-stack", "eo-ir-gimbal",
    "germanium-to-optic", "icebreaker", "patrol-vessel", "rare-earth-to-magnet", "secure-communications", "shell-155",
    "ship-repair-hub",
)  # fmt: skip


def composed(service: World, template: str, market: str, **over) -> dict:
    with transaction(service.sessions) as session:
        ask = CompositionAsk.model_validate({"template": template, "market": market} | over)
        return projects.compose(session, access.CONSOLE, ask, service.knowledge, service.cache, NOW)


def holders(answer: dict) -> dict[str, str | None]:
    return {seat["role"]: seat["firm"] and slug(seat["firm"]["name"]) for seat in answer["seats"]}


@pytest.fixture
def ground(service: World) -> Ground:
    """What the answers are held against: profiles from the database, and the lists."""
    with transaction(service.sessions, readonly=True) as session:
        candidates = service.cache.current(session, access.CONSOLE, service.knowledge)
        known = screenings.held(session, [firm.id for firm in candidates.firms], service.knowledge, NOW.date())
    return Ground(
        profiles={firm.id: firm.profile for firm in candidates.firms},
        rulebook=service.knowledge.rulebook,
        on=date(2026, 11, 24),
        screened=known.screened(),
        handled=library(service.knowledge).handled,
    )


def test_a_naval_architect_would_not_laugh_at_the_patrol_vessel(service: World) -> None:
    started = time.perf_counter()
    answer = composed(service, "patrol-vessel", "PHL")
    assert time.perf_counter() - started < 10
    held = holders(answer)
    assert held["builder"] in {
        "goa-shipyard-limited",
        "garden-reach-shipbuilders-engineers-limited",
        "larsen-toubro-kattupalli-defence-shipyard",
    }
    assert held["production-design"] == "genoa-design-international-ltd"
    assert held["shaftline"] == "thordon-bearings-inc"
    assert held["bridge"] == "osi-maritime-systems-ltd"
    assert held["camera"] in {"current-scientific-corporation", "l3harris-wescam"}
    assert held["main-machinery"] in {"garden-reach-shipbuilders-engineers-limited", "walchandnagar-industries-limited"}
    assert held["hull-steel"] in {"krishna-defence-and-allied-industries-limited", "mishra-dhatu-nigam-limited"}
    assert held["boats-and-davits"] is None  # nobody on file makes davits, and the seat says who would
    davits = next(seat for seat in answer["seats"] if seat["role"] == "boats-and-davits")
    assert "davits" in davits["would_fill"]
    assert davits["empty_because"]


def test_every_seat_has_its_reason_and_every_way_its_pathway(service: World) -> None:
    answer = composed(service, "patrol-vessel", "PHL")
    for seat in answer["seats"]:
        if seat["firm"]:
            assert seat["reason"].startswith(seat["firm"]["name"])
            assert seat["signals"]
    assert {leg["role"] for leg in answer["legs"]} == {seat["role"] for seat in answer["seats"] if seat["firm"]}
    assert all(leg["pathway"]["legs"] for leg in answer["legs"])
    assert [leg["route"] for leg in answer["legs"] if leg["role"] == "bridge"] == [["CAN", "IND", "PHL"]]
    assert answer["weakest"]["mend"]
    assert answer["objective"] == answer["bound"]
    assert answer["alternatives"]
    assert any(seat["alternatives"] for seat in answer["seats"])


@pytest.mark.parametrize(
    ("market", "rules"),
    [("MMR", {"CA-SANC-COUNTRY"}), ("IRN", {"CA-SANC-IRAN", "UN-EMB"}), ("SDN", {"UN-EMB", "CA-SANC-EXCEPTIONS"})],
)
def test_the_patrol_vessel_for_an_embargoed_market_is_refused_with_the_rules(service: World, market, rules) -> None:
    answer = composed(service, "patrol-vessel", market)
    assert not answer["found"]
    assert answer["because"]
    assert {seat["firm"] for seat in answer["seats"]} == {None}
    assert answer["legs"] == []
    assert rules <= {rule["rule"] for rule in answer["forbidden_by"]}
    assert all(rule["citation"] and rule["as_of"] for rule in answer["forbidden_by"])


def test_all_thirteen_templates_are_held(service: World) -> None:
    assert tuple(library(service.knowledge).projects) == TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_independent_check_confirms_every_template_for_several_markets(
    service: World, ground: Ground, template: str
) -> None:
    project = library(service.knowledge).project(template)
    for market in dict.fromkeys((*project.markets[:2], "VNM", "MMR", "IND")):
        answer = composed(service, template, market, swaps=1, alternatives=1)
        assert complaints(project, answer, ground) == [], market
        if market in project.markets:
            assert answer["found"], market
            countries = {seat["firm"]["country"] for seat in answer["seats"] if seat["firm"]}
            assert countries == {"CAN", "IND"}


def test_a_composition_is_recorded_and_made_again_byte_for_byte(service: World) -> None:
    answer = composed(service, "cbrn-kit", "KEN")
    with transaction(service.sessions) as session:
        assert projects.read(session, access.CONSOLE, answer["run"]["id"]) == answer
        assert projects.replay(session, access.CONSOLE, answer["run"]["id"], service.knowledge)


def test_the_command_composes_and_prints_for_people(service: World, triveni) -> None:
    said = triveni("compose", "patrol-vessel", "--market", "PHL")
    assert said.code == 0, said.err
    for part in ("Lead yard", "Thordon Bearings", "Boats and davits (", "empty", "Weakest link", "CAN → IND → PHL"):
        assert part.removesuffix(" (") in said.out
    refused = triveni("compose", "patrol-vessel", "--market", "MMR")
    assert "No consortium." in refused.out
    assert "Forbidden by CA-SANC-COUNTRY" in refused.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("patrol-vessels", "--market", "PHL"), "near: patrol-vessel"),
        (("patrol-vessel", "--market", "Atlantis"), "no market 'Atlantis' is held"),
        (("patrol-vessel", "--market", "any"), "composed for one market"),
        (("patrol-vessel", "--market", "PHL", "--at-worst", "fine"), "at_worst"),
        (("nowhere.yaml", "--market", "PHL"), "no file nowhere.yaml"),
    ],
)
def test_a_bad_ask_is_told_in_plain_words(service: World, triveni, arguments, said) -> None:
    told = triveni("compose", *arguments)
    assert told.code == 2
    assert said in told.err
