"""From firms that met to the facts that rules ask for, and the verdict of every triad."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from matching.facts import Facts
from matching.pathway import Verdict, trace_pathway
from matching.profile import Exposure, Regime
from matching.transfer import Permission, Screened, technology_of, transfer_facts
from tests.factories import firm, market, no_rules, play, rulebook, statement

ON = date(2026, 11, 24)
MARKETS = (market("MMR", "Myanmar"), market())
SEEKER = {"regime": "USML", "entry": "XII(c)"}


def lab(name: str = "Lab", arms: bool | None = None, classifications=(), **exposure):
    said = statement("A seeker head", arms=arms, classifications=classifications)
    return firm(name, statements=(said,), exposure=exposure)


def works(arms: bool | None = None, text: str = "Seeker heads in series"):
    return firm("Works", "IND", statements=(statement(text, arms=arms),))


def permission(innovators, manufacturers, **how) -> Permission:
    return Permission(play(innovators, manufacturers, MARKETS, **how), rulebook(), ON)


# Facts


def test_only_what_was_declared_is_told_and_what_was_not_is_unknown():
    said = statement(
        classifications=(
            {"regime": "ECL", "entry": "2-10.c"},
            {"regime": "ECL", "entry": "1-6.A.3"},
            {"regime": "ECCN", "entry": "6A003", "standing": "suggested"},
        )
    )
    technology = technology_of([said, said], Exposure(us_content_pct=12))
    assert dict(technology.classifications) == {
        Regime.ECL: ("1-6.A.3", "2-10.c"), Regime.USML: None, Regime.ECCN: None, Regime.SCOMET: None,
    }  # fmt: skip
    assert (technology.us_content_pct, technology.itar_content) == (12, None)


def test_the_facts_run_from_canada_by_india_to_the_market_and_clear_no_party():
    technology = technology_of([statement(classifications=(SEEKER,))], Exposure(itar_content=True))
    facts = transfer_facts(technology, arms=None, market="PHL", on=ON)
    assert isinstance(facts, Facts)
    assert (facts.route, facts.on, facts.service_in) == (("CAN", "IND", "PHL"), ON, "CAN")
    assert (facts.item.usml, facts.item.ecl, facts.item.itar_content, facts.item.arms) == (
        ("XII(c)",),
        None,
        True,
        None,
    )
    assert facts.parties is None


# Verdicts


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (True, True, True),
        (True, False, True),
        (None, True, True),
        (False, False, False),
        (False, None, None),
        (None, False, None),
        (None, None, None),
    ],
)
def test_it_is_arms_if_either_says_so_and_not_only_if_both_deny_it(ours, theirs, expected):
    gate = permission([lab(arms=ours)], [works(theirs)])
    technology = technology_of([statement()], Exposure())
    facts = transfer_facts(technology, arms=expected, market="MMR", on=ON)
    assert gate.pathway((0, 0, 0)) == trace_pathway(facts, rulebook())


def test_the_table_of_verdicts_is_each_triad_traced_by_itself():
    innovators = [
        lab("A"), lab("B", arms=True), lab("C", classifications=(SEEKER,), itar_content=True), lab("D", arms=False),
    ]  # fmt: skip
    gate = permission(innovators, [works(), firm("Yard", "IND", statements=(statement("Hulls", arms=False),))])
    verdicts = gate.verdicts()
    assert verdicts.shape == (4, 2, 2)
    assert len(set(verdicts.flat)) > 1
    for triad in product(range(4), range(2), range(2)):
        assert verdicts[triad] == gate.pathway(triad).verdict.rank


def test_the_technology_is_that_of_the_statement_that_met():
    both = firm(
        "Lab",
        statements=(
            statement("Steel hull blocks", arms=False),
            statement("A seeker head", classifications=(SEEKER,), arms=True),
        ),
    )
    gate = permission([both], [works(), firm("Yard", "IND", statements=(statement("Steel hull blocks"),))])
    rules = [{r.rule for leg in gate.pathway((0, at, 1)).legs for r in leg.requirements} for at in range(2)]
    assert any(rule.startswith("US-ITAR") for rule in rules[0])
    assert not any(rule.startswith("US-ITAR") for rule in rules[1])


def test_same_facts_are_traced_once():
    gate = permission([lab("A"), lab("B")], [works()])
    assert gate.pathway((0, 0, 0)) is gate.pathway((1, 0, 0))
    assert gate.pathway((0, 0, 0)) is not gate.pathway((0, 0, 1))


def test_a_firm_whose_statements_met_nothing_answers_for_itself_and_for_no_other():
    """With needs not inferred nothing meets: a harmless firm does not inherit another's arms, nor lose its own."""
    gate = permission([lab("A", arms=True), lab("Z", arms=False)], [works(arms=False)], infer_needs=False)
    alike = permission([lab("A", arms=True), lab("Z", arms=False)], [works(arms=False)])
    assert (gate.verdicts() == alike.verdicts()).all()
    assert gate.verdicts()[0, 0, 0] > gate.verdicts()[1, 0, 0]


def test_a_firm_is_known_not_to_make_arms_only_if_all_its_statements_say_so():
    said = [(False, False), (False, None), (None, True)]
    firms = [
        firm(f"Lab {n}", statements=(statement("Lenses", arms=one), statement("Mounts", arms=other)))
        for n, (one, other) in enumerate(said)
    ]
    gate = permission(firms, [works(arms=False)], infer_needs=False)
    assert [gate.facts((n, 0, 0)).item.arms for n in range(3)] == [False, None, True]


def test_the_sectors_of_a_transfer_are_those_of_the_statement_that_met_or_else_of_its_firm():
    named = firm("A", sectors=("uas",), statements=(statement(sectors=("uas.payloads",)),))
    gate = permission([named, firm("B", sectors=("subsea",))], [works()])
    assert [gate.sectors((n, 0, 0)) for n in range(2)] == [("uas.payloads",), ("subsea",)]
    assert permission([named], [works()], infer_needs=False).sectors((0, 0, 0)) == ("uas",)


@pytest.mark.parametrize(("innovators", "manufacturers"), [([], [works()]), ([lab()], []), ([], [])])
def test_a_side_without_firms_has_a_table_without_rows(innovators, manufacturers):
    verdicts = permission(innovators, manufacturers).verdicts()
    assert verdicts.shape == (len(innovators), len(manufacturers), 2)


def test_where_no_rule_is_held_nothing_is_asked_for_and_nothing_barred():
    gate = Permission(play([lab(arms=True)], [works()], MARKETS), no_rules(), ON)
    assert (gate.verdicts() < Verdict.PROHIBITED.rank).all()
    assert [(leg.from_, leg.to, leg.requirements) for leg in gate.pathway((0, 0, 1)).legs] == [
        ("CAN", "IND", ()), ("IND", "PHL", ()),
    ]  # fmt: skip


# What screening tells the rules


def test_a_firm_found_on_a_list_bars_the_triad_and_one_that_nobody_screened_is_not_said_to_be_on_none() -> None:
    board = play([firm("Lab")], [firm("Works", "IND"), firm("Listed", "IND")], (market(),))
    found = {
        "lab": Screened(()), "works": Screened(()), "listed": Screened(("EL", "SDN")),
    }  # fmt: skip
    order = [f.id for f in board.manufacturers.firms]
    verdicts = Permission(board, rulebook(), ON, found).verdicts()[0, :, 0]
    assert verdicts[order.index("listed")] == Verdict.PROHIBITED.rank
    assert verdicts[order.index("works")] == Verdict.UNDETERMINED.rank
    asked = Permission(board, rulebook(), ON).pathway((0, 0, 0)).questions
    assert any("denied-party" in question for question in asked)
    settled = Permission(board, rulebook(), ON, found).pathway((0, order.index("works"), 0)).questions
    assert len(settled) <= len(asked)


def test_a_firm_on_a_list_bars_the_triad_also_where_nobody_screened_the_other() -> None:
    board = play([firm("Lab")], [firm("Works", "IND")], (market(),))
    for found in ({"works": Screened(("SDN",))}, {"lab": Screened(("SDN",))}):
        gate = Permission(board, rulebook(), ON, found)
        assert gate.verdicts()[0, 0, 0] == gate.pathway((0, 0, 0)).verdict.rank == Verdict.PROHIBITED.rank
    half = Permission(board, rulebook(), ON, {"works": Screened(())}).pathway((0, 0, 0))
    assert half.verdict is Verdict.UNDETERMINED
    assert any("denied-party" in question for question in half.questions)
