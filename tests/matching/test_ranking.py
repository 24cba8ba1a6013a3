"""Where the parts meet: fit is what is printed, the verdict moves no fit, and the list is the same however it is asked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.pathway import Verdict
from matching.pool import PooledFirm
from matching.ranking import (
    OF_MARKETS,
    SIGNALS,
    WEIGHTS,
    WEIGHTS_OF_DEMAND,
    Match,
    Ranking,
    WeightsError,
    check_weights,
    fit,
    gini,
    rank,
)
from tests.factories import control_lists, demand, firm, market, no_rules, play, readiness, rulebook, statement

ON = date(2026, 11, 24)
PHRASES = (
    "Seeker head in germanium", "Germanium lenses", "Drone airframes", "155 mm shells", "Towed sonar", "Patrol vessels of 60 m",
)  # fmt: skip
SECTORS = (
    "uas.airframes",
    "electro_optics.seeker_heads",
    "subsea.sonar",
    "shipbuilding.patrol_vessels",
    "munitions",
    "cyber",
)
MARKETS = (
    market("IDN", "Indonesia"),
    market("MMR", "Myanmar", demands=(demand("Drone airframes"),)),
    market(
        "PHL", "Philippines", demands=(demand("Patrol vessels", sectors=("shipbuilding",)), demand("155 mm shells"))
    ),
)
WITHOUT_LAW = no_rules()


def ranked(
    innovators, manufacturers, markets=MARKETS, *, weights=WEIGHTS, rules=WITHOUT_LAW, limit=500, **how
) -> Ranking:
    once = {"one_per_pair": how.pop("one_per_pair", False)}
    return rank(play(innovators, manufacturers, markets, **how), weights, rules, ON, limit=limit, **once)


def triad(match: Match) -> tuple[str, str, str]:
    return match.innovator.id, match.manufacturer.id, match.market.iso3


def fits(ranking: Ranking) -> dict[tuple[str, str, str], float]:
    return {triad(match): match.fit for match in ranking.matches}


def changed(one: PooledFirm, **over) -> PooledFirm:
    return replace(one, profile=one.profile.model_validate(one.profile.model_dump() | over))


STATEMENTS = st.builds(
    lambda text, side, sector, trl, mrl: statement(text, side, sectors=sector, readiness=readiness(trl=trl, mrl=mrl)),
    st.sampled_from(PHRASES),
    st.sampled_from(["offers", "offers", "seeks"]),
    st.sampled_from([(), *((code,) for code in SECTORS)]),
    st.none() | st.integers(1, 9),
    st.none() | st.integers(1, 10),
)


def firms(name: str, country: str, most: int = 3):
    """Firms of up to three statements, each fact of the signals known or not."""
    profiles = st.fixed_dictionaries(
        {
            "statements": st.lists(STATEMENTS, min_size=1, max_size=3, unique_by=lambda s: (s.side, s.text)).map(tuple),
            "sectors": st.lists(st.sampled_from(SECTORS), max_size=2, unique=True).map(tuple),
            "roles": st.sampled_from([(), ("innovator",), ("manufacturer",), ("explorer", "mro")]),
            "employees_band": st.sampled_from([None, "11-50", "5000+"]),
            "certifications": st.sampled_from([(), ("AS9100D",)]),
            "export_markets": st.sampled_from([(), ("PHL",), ("MMR", "IDN")]),
        }
    )
    return st.lists(profiles, min_size=1, max_size=most).map(
        lambda made: [firm(f"{name} {number}", country, **said) for number, said in enumerate(made)]
    )


INNOVATORS, MANUFACTURERS = firms("Lab", "CAN"), firms("Works", "IND")
TABLES = st.fixed_dictionaries({name: st.sampled_from([0.0, 0.25, 1.0, 3.0]) for name in SIGNALS}).filter(
    lambda w: any(w.values())
)
thorough = settings(max_examples=40, deadline=None)


# Fit


@given(INNOVATORS, MANUFACTURERS, TABLES)
@thorough
def test_fit_is_the_weighted_mean_of_the_signals_printed_under_it(ours, theirs, weights):
    for match in ranked(ours, theirs, weights=weights).matches:
        total = sum(signal.weight for signal in match.signals)
        mean = sum(signal.weight * signal.value for signal in match.signals) / total if total else 0.0
        assert match.fit == pytest.approx(mean, abs=1e-6)
        assert match.coverage == pytest.approx(total / sum(weights.values()), abs=1e-4)


@given(INNOVATORS, MANUFACTURERS, TABLES)
@thorough
def test_every_signal_that_counts_is_printed_or_named_as_unknown_and_no_other(ours, theirs, weights):
    counting = {name for name, weight in weights.items() if weight}
    for match in ranked(ours, theirs, weights=weights).matches:
        printed = [signal.name for signal in match.signals]
        assert sorted([*printed, *match.unknown]) == sorted(counting)
        assert all(signal.weight == weights[signal.name] for signal in match.signals)
        assert all(0 <= signal.value == round(signal.value, 4) <= 1 and signal.sentence for signal in match.signals)


@given(INNOVATORS, MANUFACTURERS)
@thorough
def test_adding_a_certificate_never_lowers_a_fit(ours, theirs):
    before = fits(ranked(ours, theirs))
    for side, other in ((ours, theirs), (theirs, ours)):
        certified = [changed(one, certifications=(*one.profile.certifications, "ISO 9001")) for one in side]
        after = fits(ranked(certified, other) if side is ours else ranked(other, certified))
        assert all(after[one] >= value - 1e-9 for one, value in before.items())


@given(
    INNOVATORS,
    MANUFACTURERS,
    st.sampled_from([True, False]),
    st.sampled_from([(), ({"regime": "USML", "entry": "XII(c)"},)]),
)
@thorough
def test_what_moves_the_verdict_moves_no_fit(ours, theirs, arms, classifications):
    exposed = {"arms": arms, "classifications": classifications}
    told = [
        changed(
            one,
            statements=tuple(s.model_dump() | exposed for s in one.profile.statements),
            exposure={"itar_content": arms, "us_content_pct": 80 if arms else 0},
        )
        for one in ours
    ]
    plain, judged = ranked(ours, theirs), ranked(told, theirs, rules=rulebook())
    assert fits(judged).items() <= fits(plain).items()
    # What the law leaves on the list stands in the order it had without the law.
    left = [triad(match) for match in judged.matches]
    assert left == [triad(match) for match in plain.matches if triad(match) in left]


FAILURES = {
    "an MRL of 1": (
        {"statements": (statement("Germanium lenses", readiness=readiness(trl=9)),)},
        {"statements": (statement("Germanium lenses", readiness=readiness(trl=9, mrl=1)),)},
    ),
    "no readiness against an MRL of 1": (
        {"statements": (statement("Germanium lenses"),)},
        {"statements": (statement("Germanium lenses", readiness=readiness(mrl=1)),)},
    ),
    "no role that produces": ({"roles": ()}, {"roles": ("innovator",)}),
    "sites that make nothing": ({"sites": ()}, {"sites": ({"name": "Delhi", "kind": "office"},)}),
    # Its only sector: beside another it would also be a sign of breadth.
    "its only sector far away": (
        {"sectors": (), "statements": (statement("Germanium lenses"),)},
        {"sectors": ("cyber",), "statements": (statement("Germanium lenses"),)},
    ),
    "a need the innovator cannot meet": (
        {"statements": (statement("Germanium lenses"),)},
        {"statements": (statement("Germanium lenses"), statement("Zirconium", "seeks"))},
    ),
    "a start-up": ({"ownership": None, "export_markets": ()}, {"ownership": "startup", "export_markets": ()}),
}


@pytest.mark.parametrize("failure", FAILURES)
@given(MANUFACTURERS, st.none() | st.integers(1, 9), st.sampled_from([(), ("electro_optics",)]))
@settings(max_examples=15, deadline=None)
def test_unknown_is_never_worse_than_a_stated_failure(failure, theirs, trl, sectors):
    unknown, failed = FAILURES[failure]
    said = statement("Seeker head in germanium", readiness=readiness(trl=trl), sectors=("electro_optics.seeker_heads",))
    seeker = firm("Lab", sectors=sectors, statements=(said,))
    quiet, frank = ([changed(one, **over) for one in theirs] for over in (unknown, failed))
    without, stated = fits(ranked([seeker], quiet)), fits(ranked([seeker], frank))
    assert all(without[one] >= stated[one] - 1e-6 for one in stated)


def test_the_better_partner_stands_first_for_reasons_a_reader_can_see():
    seeker = firm("Lab", statements=(statement("Seeker head in germanium", readiness=readiness(trl=5)),))
    lenses = {
        "statements": (statement("Germanium lenses for a seeker head", readiness=readiness(mrl=9)),),
        "roles": ("manufacturer",),
    }
    partners = [
        firm("Optics at scale", "IND", certifications=("AS9100D",), **lenses),
        firm("Optics in a lab", "IND", **lenses | {"roles": ("innovator",)}),
        firm(
            "Hulls", "IND", statements=(statement("Patrol vessels", readiness=readiness(mrl=9)),), roles=("shipyard",)
        ),
    ]
    listed = ranked([seeker], partners, one_per_pair=True).matches
    assert [match.manufacturer.name for match in listed] == ["Optics at scale", "Optics in a lab", "Hulls"]


# Weights


def test_a_weight_of_zero_leaves_its_signal_out_as_if_it_were_not_there():
    sides = [firm(statements=(statement("Towed sonar"),))], [firm("Works", "IND", certifications=("AS9100D",))]
    zero = ranked(*sides, weights=WEIGHTS | {"certificate_held": 0})
    absent = ranked(*sides, weights={name: weight for name, weight in WEIGHTS.items() if name != "certificate_held"})
    assert zero == absent
    assert fits(zero) != fits(ranked(*sides))
    assert "certificate_held" not in {signal.name for signal in zero.matches[0].signals}


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (
            {"charm": 1.0, "luck": 1.0},
            "no such signal: charm, luck; the signals are capability_meets_need, terms_shared",
        ),
        ({"terms_shared": -1.0, "market_known": 2.0}, "weights are zero or more, and at least one is above zero"),
        ({"terms_shared": 0.0}, "weights are zero or more, and at least one is above zero"),
        ({"terms_shared": float("nan")}, "weights are zero or more"),
        ({"terms_shared": float("inf")}, "weights are zero or more"),
        ({}, "weights are zero or more, and at least one is above zero"),
    ],
)
def test_weights_that_make_no_sense_are_refused_in_words(weights, words):
    with pytest.raises(WeightsError, match=words):
        check_weights(weights)
    with pytest.raises(WeightsError):
        ranked([firm()], [firm("Works", "IND")], weights=weights)


def test_the_standing_weights_cover_every_signal_and_a_demand_outweighs_the_rest_when_asked_for():
    assert set(WEIGHTS) == set(WEIGHTS_OF_DEMAND) == set(SIGNALS)
    check_weights(WEIGHTS)
    rest = [weight for name, weight in WEIGHTS_OF_DEMAND.items() if name != "market_seeks_it"]
    assert WEIGHTS_OF_DEMAND["market_seeks_it"] > max(rest)


# Order


@given(INNOVATORS, MANUFACTURERS, st.randoms(use_true_random=False))
@thorough
def test_the_order_of_firms_in_does_not_change_what_comes_out(ours, theirs, random):
    straight = ranked(ours, theirs, rules=rulebook())
    for side in (ours, theirs):
        random.shuffle(side)
    assert ranked(ours, theirs, rules=rulebook()) == straight


@given(INNOVATORS, MANUFACTURERS)
@thorough
def test_the_list_falls_by_fit_then_coverage_then_ids_and_is_numbered(ours, theirs):
    matches = ranked(ours, theirs).matches
    assert [match.rank for match in matches] == list(range(1, len(matches) + 1))
    for one, other in pairwise(matches):
        assert (-one.fit, -one.coverage, triad(one)) < (-other.fit, -other.coverage, triad(other))


def test_firms_alike_stand_by_id_and_markets_alike_by_code():
    twins = [firm(name, "IND") for name in ("Works C", "Works A", "Works B")]
    listed = ranked([firm()], twins, (market("IDN", "Indonesia"), market("VNM", "Vietnam"))).matches
    assert [triad(match)[1:] for match in listed] == [
        (f"works-{letter}", iso3) for letter in "abc" for iso3 in ("IDN", "VNM")
    ]


def test_of_equal_fits_the_one_of_which_more_is_known_stands_first():
    works = [
        firm("Works A", "IND", certifications=("AS9100D",)),
        firm("Works B", "IND", certifications=("AS9100D",), export_markets=("PHL",)),
    ]
    kenya = market("KEN", "Kenya", region="Africa", demands=(demand(),))
    weights = {"certificate_held": 1.0, "market_known": 1.0}
    listed = ranked([firm()], works, (kenya, MARKETS[2]), weights=weights, one_per_pair=True).matches
    assert [(triad(match)[1:], match.fit, match.coverage) for match in listed] == [
        (("works-b", "PHL"), 1, 1), (("works-a", "KEN"), 1, 0.5),
    ]  # fmt: skip


def test_a_shorter_list_is_the_head_of_the_longer_and_all_triads_are_weighed():
    sides = (
        [firm(statements=(statement(PHRASES[0]),))],
        [firm(f"W{n}", "IND", statements=(statement(PHRASES[n]),)) for n in range(5)],
    )
    short, long = ranked(*sides, limit=4), ranked(*sides)
    assert short.matches == long.matches[:4]
    assert short.triads == long.triads == len(long.matches) == 15


@given(INNOVATORS, MANUFACTURERS)
@thorough
def test_one_per_pair_lists_every_pair_once_with_its_best_market_that_said_what_it_seeks(ours, theirs):
    all_, once = (ranked(ours, theirs, rules=rulebook(), one_per_pair=one) for one in (False, True))
    best: dict[tuple[str, str], tuple[str, str, str]] = {}
    for one in map(triad, all_.matches):
        if one[2] in {market.iso3 for market in MARKETS if market.demands}:
            best.setdefault(one[:2], one)
    assert [triad(match) for match in once.matches] == list(best.values())
    assert once.excluded == all_.excluded


# Law


def test_what_is_prohibited_is_never_listed_but_told_with_the_rule_that_bit():
    armed = [firm(f"Lab {n}", statements=(statement("155 mm shells", arms=True),)) for n in range(2)]
    ranking = ranked(armed, [firm("Works", "IND", statements=(statement("Shell bodies of 155 mm"),))], rules=rulebook())
    assert {match.market.iso3 for match in ranking.matches} == {"IDN", "PHL"}
    (told,) = ranking.excluded
    assert (told.market.iso3, told.market.name, told.pairs, told.verdict) == ("MMR", "Myanmar", 2, "prohibited")
    assert "CA-SANC-COUNTRY" in told.rules
    assert next(rule.citation for rule in rulebook().rules if rule.id == told.rules[0]) in told.because
    assert ranking.triads == len(ranking.matches) + told.pairs


@given(INNOVATORS, MANUFACTURERS, st.booleans())
@thorough
def test_no_listed_match_is_prohibited_and_every_triad_is_listed_or_told(ours, theirs, once):
    armed = [
        changed(one, statements=[s.model_dump() | {"arms": True} for s in one.profile.statements]) for one in ours[:1]
    ]
    ranking = ranked([*armed, *ours[1:]], theirs, rules=rulebook(), one_per_pair=once)
    assert all(match.pathway.verdict is not Verdict.PROHIBITED for match in ranking.matches)
    assert all(told.rules and told.because for told in ranking.excluded)
    if not once:
        assert len(ranking.matches) + sum(told.pairs for told in ranking.excluded) == ranking.triads


def test_a_supposition_is_told_only_where_undetermined_and_moves_nothing():
    board = play([firm()], [firm("Works", "IND")], MARKETS)
    plain, supposed = (rank(board, WEIGHTS, rulebook(), ON, limit=9, lists=given) for given in (None, control_lists()))
    assert {match.pathway.verdict for match in plain.matches} == {Verdict.UNDETERMINED}
    for match in supposed.matches:  # carbon-fibre drone airframes: civil or military, nobody has said
        assert {"ECL 1-9.A.12", "ECL 2-10.c"} <= {
            part for s in match.suppositions for part in re.findall(r"ECL [\w.-]+", s.supposing)
        }
        assert "drone" in match.suppositions[0].words_that_met
        assert len(match.suppositions) <= 3
        assert Verdict.UNDETERMINED not in {supposition.verdict for supposition in match.suppositions}
    assert [replace(match, suppositions=()) for match in supposed.matches] == list(plain.matches)
    known = play(
        [firm()],
        [firm("Works", "IND", statements=(statement(arms=True),))],
        [market("SSD", "South Sudan", region="Africa")],
    )
    (match,) = rank(known, WEIGHTS, rulebook(), ON, limit=9, lists=control_lists()).matches
    assert (match.pathway.verdict, match.suppositions) == (Verdict.EXCEPTIONAL, ())


def test_a_match_carries_its_legs_its_parties_and_that_nobody_was_screened():
    (match,) = ranked([firm()], [firm("Works", "IND")], MARKETS[2:], rules=rulebook()).matches
    assert [(leg.from_, leg.to) for leg in match.pathway.legs] == [("CAN", "IND"), ("IND", "PHL")]
    assert (match.innovator.country, match.manufacturer.country, match.market.name) == ("CAN", "IND", "Philippines")
    assert [(one.party, one.result) for one in match.screening] == [
        ("Northern Sensors Inc.", "not screened"), ("Works", "not screened"),
    ]  # fmt: skip


# Edges


def test_without_a_market_fit_is_the_mean_over_the_signals_of_the_two_firms():
    board = play([firm()], [firm("Works", "IND", certifications=("AS9100D",)), firm("Yard", "IND")])
    about_firms = {name: weight for name, weight in WEIGHTS.items() if name not in OF_MARKETS}
    pairs = fit(board, WEIGHTS)
    assert pairs.shape == (1, 2)
    np.testing.assert_array_equal(pairs, fit(board, about_firms))
    assert pairs[0, 0] > pairs[0, 1]


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize(
    ("ours", "theirs", "markets"),
    [([], [firm("Works", "IND")], MARKETS), ([firm()], [], MARKETS), ([firm()], [firm("Works", "IND")], ())],
)
def test_a_corner_without_anyone_is_an_empty_list(ours, theirs, markets, once):
    ranking = ranked(ours, theirs, markets, rules=rulebook(), one_per_pair=once)
    assert (ranking.matches, ranking.excluded) == ((), ())


def test_the_mode_of_a_pair_that_met_nothing_is_read_from_its_own_statements():
    early, ready = (
        firm(n, statements=(statement(readiness=readiness(trl=t)),)) for n, t in (("Early", 2), ("Ready", 8))
    )
    listed = ranked([early, ready], [firm("Works", "IND")], MARKETS[:1], infer_needs=False).matches
    assert {match.innovator.name: match.mode for match in listed} == {
        "Early": "research partnership",
        "Ready": "co-production",
    }


# Spread and attention


def test_spread_lists_no_group_twice_and_keeps_the_order() -> None:
    maker = [
        firm(f"Works {n}", "IND", parent="Big Group" if n < 3 else None, statements=(statement(text),))
        for n, text in enumerate(["Towed sonar", "Towed sonar bodies", "Sonar", "Zinc"])
    ]
    board = play([firm("Lab", statements=(statement("Towed sonar"),))], maker, MARKETS[:1])
    plain, spread = (rank(board, WEIGHTS, WITHOUT_LAW, ON, limit=9, spread=s).matches for s in (False, True))
    assert len(plain) == 4
    assert [m.manufacturer.id for m in spread] == [plain[0].manufacturer.id, "works-3"]


def test_spread_does_not_part_the_asking_firm_from_itself() -> None:
    makers = [firm(f"Works {n}", "IND", statements=(statement(f"Sonar {n}"),)) for n in range(3)]
    board = play([firm("Lab")], makers, MARKETS[:1])
    assert len(rank(board, WEIGHTS, WITHOUT_LAW, ON, limit=9, spread=True).matches) == 3


def test_attention_is_even_where_each_firm_has_an_equal_place_and_uneven_where_one_has_most() -> None:
    assert gini([]) == gini(["a"]) == 0
    assert gini(["a", "a", "a", "b"]) > gini(["a", "b", "b", "a"]) > 0


# Why this market and not its neighbour


def test_for_any_market_the_next_best_is_told_with_what_decided() -> None:
    wants = market(demands=(demand("Towed sonar for patrol vessels", sectors=("subsea.sonar",)),))
    other = market("VNM", "Vietnam", demands=(demand("Zinc", sectors=("critical_minerals",)),))
    silent = market("MYS", "Malaysia")
    board = play(
        [firm("Lab", statements=(statement("Towed sonar", sectors=("subsea.sonar",)),))],
        [firm("Works", "IND", statements=(statement("Sonar bodies", sectors=("subsea.sonar",)),))],
        (silent, wants, other),
    )
    (match,) = rank(board, WEIGHTS, WITHOUT_LAW, ON, limit=9, one_per_pair=True).matches
    assert match.market.iso3 == "PHL"
    assert match.runner_up is not None
    assert match.runner_up.market.iso3 == "VNM", "a market that has said nothing is no rival"
    assert match.runner_up.fit < match.fit
    assert "Philippines stands before Vietnam: market_seeks_it" in match.runner_up.because


def test_where_a_market_is_named_there_is_no_runner_up() -> None:
    board = play([firm("Lab")], [firm("Works", "IND")], (market(demands=(demand(),)),))
    assert rank(board, WEIGHTS, WITHOUT_LAW, ON, limit=9).matches[0].runner_up is None
