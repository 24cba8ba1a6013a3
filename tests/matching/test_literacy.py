"""Certificates asked for and terms that apply: shown where they fit, with sources, and moving nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from matching.literacy import Context, Literacy
from matching.modes import Mode
from matching.ranking import WEIGHTS, rank
from tests.factories import demand, firm, market, play, profile, rulebook
from tests.matching.test_pathway import TODAY


@pytest.fixture(scope="module")
def literacy(knowledge) -> Literacy:
    return knowledge.literacy


def context(**over) -> Context:
    given = {
        "innovator": profile("Northern", sectors=("uas",)),
        "manufacturer": profile("Works", "IND", sectors=("aerospace",)),
        "market": market(),
        "demands": (),
        "sectors": ("critical_minerals",),
        "mode": Mode.EXPLORATION,
        "rules": (),
    }
    return Context(**(given | over))


def codes(literacy: Literacy, **over) -> set[str]:
    return {gap.code for gap in literacy.gaps(context(**over))}


def test_a_sector_a_market_a_rule_or_a_demand_asks_for_a_certificate(literacy) -> None:
    assert codes(literacy) == set()
    assert {"AS9100D", "DGAQA", "CEMILAC"} <= codes(literacy, sectors=("aerospace.avionics",))
    assert "IACS-IRS" in codes(literacy, sectors=("shipbuilding.hulls",))
    assert codes(literacy, market=market("TUR", "Türkiye", memberships=("NATO",))) == {
        "AQAP-2110",
        "AQAP-2310",
        "NCAGE",
    }
    assert codes(literacy, rules={"CA-CGP"}) == {"CGP"}
    (gap,) = literacy.gaps(context(demands=(demand("Patrol boats", certifications=("ISO9001",)),)))
    assert (gap.code, gap.asked_because) == ("ISO9001", "the market's demand patrol-boats names it")


def test_what_is_on_record_is_quoted_and_the_rest_is_a_gap(literacy) -> None:
    works = profile("Works", "IND", certifications=("AS9100 Rev D (2024)", "ISO 14001"))
    gaps = {g.code: g for g in literacy.gaps(context(manufacturer=works, sectors=("aerospace",)))}
    assert gaps["AS9100D"].on_record == ("Works: AS9100 Rev D (2024)",)
    assert gaps["CEMILAC"].on_record == ()
    registered = profile("Northern", exposure={"controlled_goods_registered": True})
    (held,) = literacy.gaps(context(innovator=registered, rules={"CA-CGP"}))
    assert held.on_record == ("Northern: Controlled Goods Program registration",)


def test_iso_14001_is_no_iso_9001(literacy) -> None:
    works = profile("Works", "IND", certifications=("ISO 14001 (since 1998)",))
    (gap, *_) = [g for g in literacy.gaps(context(manufacturer=works, mode=Mode.MRO)) if g.code == "ISO9001"]
    assert gap.on_record == ()


def test_terms_follow_the_mode_the_rules_and_the_certificates(literacy) -> None:
    def terms(**over) -> set[str]:
        here = context(**over)
        return {shown.term for shown in literacy.shown(here, literacy.gaps(here))}

    assert {"Buy and Make (Indian)", "FDI limit in defence (India)"} <= terms(mode=Mode.LICENSED_PRODUCTION)
    assert {"Buy (Indian-IDDM)", "iDEX (Innovations for Defence Excellence)"} <= terms(mode=Mode.CO_DEVELOPMENT)
    assert {"Brokering permit", "BCL (Brokering Control List)"} <= terms(rules={"CA-BROKER"})
    assert "Controlled Goods Program (CGP)" in terms(rules={"CA-CGP"})
    assert "Classification society" in terms(sectors=("shipbuilding",))
    assert terms() == set()


def test_every_entry_has_a_source_and_both_languages_and_says_when_it_is_not_verified(literacy) -> None:
    for entry in (*literacy.terms, *literacy.certificates):
        assert entry.source.url or entry.source.what
    assert {t.term for t in literacy.terms if not t.verified} >= {"Nadcap", "DGQA", "Classification society"}
    assert not next(c for c in literacy.certificates if c.code == "NADCAP").verified


def test_literacy_moves_no_fit_and_no_verdict(literacy) -> None:

    board = play([firm()], [firm("Works", "IND"), firm("Yard", "IND", sectors=("shipbuilding",))], [market()])
    on = date.fromisoformat(TODAY)
    plain, told = (rank(board, WEIGHTS, rulebook(), on, limit=9, literacy=held) for held in (None, literacy))
    assert any(match.certificates and match.terms for match in told.matches)
    assert [replace(match, certificates=(), terms=()) for match in told.matches] == list(plain.matches)
