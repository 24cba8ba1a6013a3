"""Design-out advice is recomputed: each component is taken out and the rules are asked again."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.design_out import design_out, requirements_of, without
from matching.pathway import Verdict, trace_pathway
from tests.factories import rulebook
from tests.matching.test_pathway import MUNITIONS, facts

SEEKER = {
    "name": "Seeker", "classifications": [{"regime": "USML", "entry": "XII(c)"}], "us_origin": True, "share_pct": 12,
}  # fmt: skip
PUMP = {
    "name": "Pump", "classifications": [{"regime": "ECCN", "entry": "8A609.x"}], "us_origin": True, "share_pct": 3,
}  # fmt: skip
MOTOR = {"name": "Motor", "us_origin": False, "share_pct": 20}
UNTOLD: dict[str, Any] = {"usml": None, "itar_content": None, "us_content_pct": None, "us_600_series_content": None}


def item(*components: dict[str, Any], market: str = "PHL", complete: bool = True, **over: Any):
    told = {**MUNITIONS, **UNTOLD, "components": components, "components_complete": complete, **over}
    return facts("CAN", "IND", market, **told)


def test_the_itar_component_is_the_one_to_replace() -> None:
    (best, *others) = design_out(item(SEEKER, PUMP, MOTOR), rulebook())
    assert (best.component, best.verdict_before, best.verdict_after) == ("Seeker", Verdict.PERMIT, Verdict.PERMIT)
    assert best.requirements_after < best.requirements_before
    assert set(best.falls_away) == {
        "CA-US-AUTH (CAN to IND)", "US-ITAR-RETRANSFER (CAN to IND)", "US-ITAR-SEETHRU (IND to PHL)",
    }  # fmt: skip
    assert "Motor" not in {other.component for other in others}  # a part of no regime shortens nothing


def test_where_600_series_parts_bar_the_market_that_part_comes_first() -> None:
    (best, *_) = design_out(item(PUMP, MOTOR, market="ERI"), rulebook())
    assert (best.component, best.verdict_before, best.verdict_after) == ("Pump", Verdict.EXCEPTIONAL, Verdict.PERMIT)
    assert best.falls_away == ("US-EAR-DEMIN0-600 (IND to ERI)",)


def test_two_itar_parts_are_not_designed_out_by_one() -> None:
    other = {**SEEKER, "name": "Radio"}
    assert design_out(item(SEEKER, other), rulebook()) == ()


def test_an_incomplete_list_does_not_promise_a_pathway_without_itar() -> None:
    """Whether another ITAR part is in it is unknown once the one that was named is gone."""
    told = item(SEEKER, complete=False, itar_content=True, us_content_pct=12, us_600_series_content=False)
    after = trace_pathway(without(told, 0), rulebook())
    assert not any("ITAR" in line for line in requirements_of(after))
    assert without(told, 0).item.itar_content is None
    assert without(told, 0).item.us_content_pct == 0
    complete = item(SEEKER, itar_content=True, us_content_pct=12, us_600_series_content=False)
    assert without(complete, 0).item.itar_content is False


def test_a_category_told_of_the_whole_because_of_the_part_goes_with_it() -> None:
    told = item(SEEKER, usml=["XII(c)", "VIII"], itar_content=True)
    assert without(told, 0).item.usml == ("VIII",)
    assert without(item(SEEKER, usml=["XII(c)"], itar_content=True), 0).item.usml is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([SEEKER, PUMP, MOTOR]), max_size=3), st.sampled_from(["PHL", "ERI", "VNM", "LBY"]))
def test_advice_always_shortens_and_is_what_the_rules_say(parts: list[dict[str, Any]], market: str) -> None:
    parts = [{**part, "name": f"{part['name']} {n}"} for n, part in enumerate(parts)]
    told = item(*parts, market=market)
    for advice in design_out(told, rulebook()):
        place = [part["name"] for part in parts].index(advice.component)
        after = trace_pathway(without(told, place), rulebook())
        assert (after.verdict, len(requirements_of(after))) == (advice.verdict_after, advice.requirements_after)
        assert (advice.verdict_after.rank, advice.requirements_after) < (
            advice.verdict_before.rank, advice.requirements_before,
        )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([SEEKER, PUMP, MOTOR]), max_size=2), st.sampled_from([SEEKER, PUMP, MOTOR]),
       st.sampled_from(["PHL", "ERI", "VNM", "LBY", "SYR", "TUR"]), st.booleans())  # fmt: skip
def test_an_added_component_never_improves_a_verdict(parts: list[Any], more: Any, market: str, complete: bool) -> None:
    before = trace_pathway(item(*parts, market=market, complete=complete), rulebook())
    after = trace_pathway(item(*parts, more, market=market, complete=complete), rulebook())
    assert after.verdict >= before.verdict or before.verdict is Verdict.UNDETERMINED  # a named part may settle a doubt
