"""Counterfactuals are recomputed: what is told would really happen, and what would not help is not told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from matching.counterfactuals import Change, changes, counterfactuals
from matching.pathway import Verdict
from matching.play import Play
from matching.pool import PooledFirm
from matching.profile import Exposure
from matching.ranking import WEIGHTS, standing
from matching.transfer import Screened
from tests.factories import firm, market, no_rules, play, readiness, rulebook, statement

ON = date(2026, 11, 24)
SONAR = statement(
    "Towed sonar for small vessels", title="Towed sonar", readiness=readiness(4), sectors=("subsea.sonar",)
)
LAB = firm("Lab", sectors=("subsea",), statements=(SONAR,))
WORKS = firm(
    "Works",
    "IND",
    sectors=("subsea",),
    roles=("manufacturer",),
    statements=(statement("Towed sonar bodies", readiness=readiness(7, 5)),),
)
RIVAL = firm(
    "Rival",
    "IND",
    sectors=("subsea",),
    roles=("manufacturer",),
    statements=(statement("Towed sonar bodies", readiness=readiness(7, 6)),),
)
COMPLETE = firm(
    "Complete",
    "IND",
    certifications=("AS9100",),
    statements=(
        statement("Towed sonar for vessels, in series", readiness=readiness(9, 9)),
        statement("Towed sonar for small vessels", "seeks"),
    ),
)
IDS = ("lab", "works", "PHL")


def asked(innovator=LAB, manufacturers=(WORKS, RIVAL)):
    """A way to lay the same ask out with a change made, as the app does."""

    def play_with(change: Change | None) -> Play:
        ours, theirs = innovator, list(manufacturers)
        if change is not None and change.side == "innovator":
            ours = replace(ours, profile=change.profile)
        if change is not None and change.side == "manufacturer":
            theirs = [replace(f, profile=change.profile) if f.id == IDS[1] else f for f in theirs]
        return play([ours], theirs, (market(),))

    return play_with


def told(play_with=None, rules=None, weights=WEIGHTS):
    return counterfactuals(play_with or asked(), IDS, weights, rules or no_rules(), ON)


def test_a_change_that_is_told_lifts_the_triad_or_betters_its_verdict() -> None:
    found = told()
    assert found
    assert all(c.place_after < c.place_before or c.verdict_after < c.verdict_before for c in found)
    assert all(c.place_before == 2 for c in found)


def test_what_is_told_is_what_ranking_the_changed_profile_gives() -> None:
    play_with = asked()
    tried = changes(LAB.profile, WORKS.profile, SONAR, WORKS.profile.statements[0])
    after = {c.words: standing(play_with(c), IDS, WEIGHTS, no_rules(), ON) for c in tried}
    for one in told(play_with):
        assert (one.place_after, one.fit_after, one.verdict_after) == (
            after[one.change].place, after[one.change].fit, after[one.change].verdict,
        )  # fmt: skip


def test_a_maker_that_states_the_need_is_the_change_that_matters_here() -> None:
    weights = WEIGHTS | {"need_met_in_return": 2.0}
    assert any("states that it seeks what Lab offers" in c.change for c in told(weights=weights))


def test_the_leader_has_nowhere_to_rise_and_is_told_nothing_of_places() -> None:
    assert [c for c in told(asked(manufacturers=(WORKS,))) if c.place_after < c.place_before] == []


def test_replacing_the_itar_component_is_tried_only_where_there_is_one() -> None:
    with_itar = Exposure(itar_content=True, us_content_pct=20)
    words = [c.words for c in changes(
        LAB.profile.model_copy(update={"exposure": with_itar}), WORKS.profile, SONAR, WORKS.profile.statements[0]
    )]  # fmt: skip
    assert any("replaces its ITAR component" in w for w in words)
    without = [c.words for c in changes(LAB.profile, WORKS.profile, SONAR, WORKS.profile.statements[0])]
    assert not any("replaces its ITAR component" in w for w in without)
    assert any("declares that the technology has no US content" in w for w in without)


def test_designing_out_itar_opens_the_way_to_a_market_on_the_itar_list() -> None:
    maker = firm("Lab", sectors=("subsea",), exposure=Exposure(itar_content=True, us_content_pct=20), statements=(
        SONAR.model_copy(update={"arms": True, "classifications": ()}),))  # fmt: skip

    def play_with(change: Change | None) -> Play:
        ours = replace(maker, profile=change.profile) if change and change.side == "innovator" else maker
        theirs = replace(WORKS, profile=change.profile) if change and change.side == "manufacturer" else WORKS
        return play([ours], [theirs], (market("ETH", "Ethiopia", region="Africa"),))

    found = counterfactuals(play_with, ("lab", "works", "ETH"), WEIGHTS, rulebook(), ON)
    opened = next(c for c in found if "replaces its ITAR component" in c.change)
    assert opened.verdict_before is Verdict.EXCEPTIONAL
    assert opened.verdict_after < Verdict.EXCEPTIONAL
    assert found[0] == opened, "what betters the verdict comes first"


def test_a_maker_on_a_denied_party_list_stays_barred_whatever_its_profile_would_say() -> None:
    listed = {"lab": Screened(()), "works": Screened(("SDN",))}
    barred = standing(asked()(None), IDS, WEIGHTS, rulebook(), ON, listed)
    assert barred.verdict is Verdict.PROHIBITED
    assert standing(asked()(None), IDS, WEIGHTS, rulebook(), ON).verdict is not Verdict.PROHIBITED
    found = counterfactuals(asked(), IDS, WEIGHTS, rulebook(), ON, listed)
    assert found
    assert {(c.verdict_before, c.verdict_after) for c in found} == {(Verdict.PROHIBITED, Verdict.PROHIBITED)}


def test_a_certificate_held_is_not_proposed_again() -> None:
    words = [c.words for c in changes(LAB.profile, COMPLETE.profile, SONAR, COMPLETE.profile.statements[0])]
    assert not any("certificate" in w for w in words)
    assert not any("seeks what" in w for w in words)
    assert not any("in series" in w for w in words)


def test_a_triad_that_is_not_in_play_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        standing(play([LAB], [WORKS], (market(),)), ("lab", "nobody", "PHL"), WEIGHTS, no_rules(), ON)


def test_replacing_the_component_that_brings_the_itar_is_told_with_what_it_saves():
    parts = (
        {
            "name": "Seeker",
            "classifications": [{"regime": "USML", "entry": "XII(c)"}],
            "us_origin": True,
            "share_pct": 9,
        },
        {"name": "Frame", "us_origin": False, "share_pct": 30},
    )
    told = {
        "arms": True,
        "classifications": [{"regime": "ECL", "entry": "2-10.c"}, {"regime": "SCOMET", "entry": "6A010"}],
        "components": parts,
        "components_complete": True,
    }
    maker = firm(statements=(statement("Military drone with a guided camera", **told),))
    works = firm("Works", "IND", statements=(statement("Makes military drones with cameras in volume"),))

    def play_with(change):
        ours = maker if change is None or change.side == "manufacturer" else PooledFirm(maker.id, change.profile)
        theirs = PooledFirm(works.id, change.profile) if change and change.side == "manufacturer" else works
        return play([ours], [theirs], [market("ETH", "Ethiopia", region="Africa")])

    found = counterfactuals(play_with, (maker.id, works.id, "ETH"), WEIGHTS, rulebook(), ON)
    first = found[0]
    assert first.change == "Northern Sensors Inc. replaces the component “Seeker” by one of other origin"
    assert (first.verdict_before, first.verdict_after) == ("exceptional", "undetermined")
    assert first.requirements_after < first.requirements_before
    assert not any("Frame" in each.change for each in found)
