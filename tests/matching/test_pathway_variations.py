"""Variations on the golden cases, each worked by hand from the research before it was run.

Sections are those of ``reference/export-control.md``. The pattern follows the golden cases: one fact is changed, and the
reasoning says what that fact should move.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from matching.facts import Facts
from matching.pathway import trace_pathway
from matching.rules import Outcome
from tests.factories import rulebook
from tests.matching.test_pathway import CAMERA, EL_OWNER, MUNITIONS, RADIO, WORKED, facts, rules_of

ITAR_UAV: dict[str, Any] = {
    **MUNITIONS, "usml": ["VIII", "XII"], "itar_content": True, "us_content_pct": 30, "technical_data": True,
}  # fmt: skip
VESSEL: dict[str, Any] = {"ecl": ["2-9.a.1"], "scomet": ["6A009"], "arms": True, "controlled_good": True}
SHELL: dict[str, Any] = {"ecl": ["2-3"], "scomet": ["6A003"], "arms": True, "controlled_good": False}
RIFLE: dict[str, Any] = {"ecl": ["2-1"], "scomet": ["6A001"], "arms": True, "prohibited_firearm": True}
CRYPTO: dict[str, Any] = {"kind": "software", "ecl": ["1-5.D.2"], "eccn": ["5D002"], "scomet": ["8A5 Pt 2"]}
CANADIAN_CONSIGNEE = {"government": False, "controlled_by": "CAN"}

# (reasoning, facts, verdict, rules that bite, rules that do not)
VARIATIONS: list[tuple[str, Facts, str, str, str]] = [
    # G01 and G03: unmanned aircraft (s.2.1, s.1.5)
    ("G01 without US content: no US rule is left, the Canadian and Indian permits stay",
     facts("CAN", "IND", "PHL", **MUNITIONS), "permit", "CA-G2-EXPORT CA-CGP CA-BROKER IN-MUN CA-ATT-INFO",
     "CA-US-AUTH US-ITAR-RETRANSFER US-ITAR-SEETHRU US-ITAR-TAA"),
    ("G01 without technical data: no agreement for assistance, but the retransfer of goods",
     facts("CAN", "IND", "PHL", **{**ITAR_UAV, "technical_data": False}),
     "permit", "US-ITAR-RETRANSFER US-ITAR-SEETHRU", "US-ITAR-TAA"),
    ("G01 as software under the ITAR: technical data by its kind",
     facts("CAN", "IND", "PHL", **{**ITAR_UAV, "technical_data": None, "kind": "software"}), "permit", "US-ITAR-TAA", ""),
    ("G01 to Myanmar: embargo of Canada and 126.1(d)(1)",
     facts("CAN", "IND", "MMR", **ITAR_UAV), "prohibited", "CA-SANC-COUNTRY CA-FACILITATE US-ITAR-1261", ""),
    ("G01 to Zimbabwe: embargo of Canada blocks; 126.1(d)(2) alone would not",
     facts("CAN", "IND", "ZWE", **ITAR_UAV), "prohibited", "CA-SANC-COUNTRY US-ITAR-1261D2", "US-ITAR-1261"),
    ("G01 to Lebanon with its end user untold: 126.1(d)(2) is exceptional, and the Canadian bar may be worse",
     facts("CAN", "IND", "LBN", **ITAR_UAV), "exceptional", "US-ITAR-1261D2", "CA-SANC-NONGOV"),
    ("A drone of 400 km without its missile-technology entry: that permit is to be expected",
     facts("CAN", "IND", "PHL", **MUNITIONS, uav=True, range_km=400), "permit", "CA-G6-RANGE", ""),
    ("With 6-19.A the permit of Group 6 stands beside that of Group 2",
     facts("CAN", "IND", "PHL", **{**MUNITIONS, "ecl": ["2-10.c", "6-19.A"]}, uav=True, range_km=400),
     "permit", "CA-G6 CA-G2-EXPORT", "CA-G6-RANGE"),
    ("A civil drone just above 25 kg of payload leaves the Indian general authorisation",
     facts("CAN", "IND", "KEN", scomet=["5B"], uav={"range_km": 25, "payload_kg": 26, "civil": True}),
     "permit", "IN-DUAL", "IN-GAED"),
    ("at the limits it stays in it",
     facts("CAN", "IND", "KEN", scomet=["5B"], uav={"range_km": 25, "payload_kg": 25, "civil": True}),
     "general", "IN-GAED", "IN-DUAL"),
    ("A small drone that is military does not go under it",
     facts("CAN", "IND", "KEN", scomet=["5B"], uav={"range_km": 20, "payload_kg": 5, "civil": False}),
     "permit", "IN-DUAL", "IN-GAED"),
    ("nor one whose end use is mixed",
     facts("CAN", "IND", "KEN", scomet=["5B"], uav=True, range_km=20, payload_kg=5, end_use="mixed"), "permit", "IN-DUAL", "IN-GAED"),
    ("A drone of unknown range is asked for it, no permit is guessed away",
     facts("CAN", "IND", "KEN", scomet=["5B"], uav={"payload_kg": 5, "civil": True}), "permit", "IN-DUAL", "IN-GAED"),
    # G05: automatic firearms (finding 2)
    ("G05 to Botswana, which is on the AFCCL: India as consignee still blocks",
     facts("CAN", "IND", "BWA", **RIFLE), "prohibited", "CA-AFCCL-IN", "CA-AFCCL-3RD"),
    ("Rifles made in India for Saudi Arabia, which is listed: no bar of s.15(2), the brokering permit stays",
     facts("IND", "SAU", **RIFLE), "permit", "CA-BROKER IN-MUN", "CA-DIVERT-AF CA-AFCCL-3RD CA-AFCCL-IN"),
    ("The same arranged from India on its own: Canadian law is not in reach of the service",
     facts("IND", "KEN", **RIFLE, service_in="IND"), "prohibited", "CA-AFCCL-3RD IN-MUN", "CA-DIVERT-AF CA-BROKER"),
    ("Straight to the Government of Kuwait: a permit may issue",
     facts("CAN", "KWT", **RIFLE, end_user={"government": True}), "permit", "CA-G2-EXPORT", "CA-AFCCL-3RD CA-AFCCL-GOV"),
    ("Straight to a dealer in Kuwait: only one that the government authorises",
     facts("CAN", "KWT", **RIFLE, end_user={"government": False}), "exceptional", "CA-AFCCL-GOV", ""),
    ("Whether an ECL 2-1 item is prohibited is not told: cannot be stated",
     facts("CAN", "IND", "PHL", **{**RIFLE, "prohibited_firearm": None}), "undetermined", "CA-G2-EXPORT", "CA-AFCCL-IN"),
    # G07: embargoes with exceptions, US 600 series (s.1.5, s.2.3)
    ("G07 without US parts: the embargoes alone",
     facts("CAN", "IND", "LBY", **VESSEL), "exceptional", "CA-SANC-EXCEPTIONS UN-EMB", "US-EAR-DEMIN0-600"),
    ("G07 to Kenya: no embargo, and 10 per cent of 600-series parts is within the share",
     facts("CAN", "IND", "KEN", **VESSEL, eccn=["8A609.x"], us_content_pct=10, us_600_series_content=True),
     "permit", "CA-G2-EXPORT US-EAR-DEMIN", "US-EAR-DEMIN0-600 UN-EMB"),
    ("G07 of 300 t and Group 9 as well",
     facts("CAN", "IND", "PHL", **{**VESSEL, "ecl": ["2-9.a.1", "9-6"]}), "permit", "CA-G2-EXPORT CA-G9-EXPORT CA-BROKER", ""),
    ("G07 to the DRC for its government: the notice must be documented, the UN measure is of armed groups",
     facts("CAN", "IND", "COD", **VESSEL, end_user={"government": True}), "exceptional", "CA-SANC-EXCEPTIONS", "UN-EMB"),
    ("Deck machinery on no list to Libya: no arms, no embargo in the rules held",
     facts("CAN", "IND", "LBY", ear99=True), "open", "CA-UNCONTROLLED", "CA-SANC-EXCEPTIONS UN-EMB"),
    ("A US thermal camera in a sight for Iraq's government: 0A919 to D:5",
     facts("CAN", "IND", "IRQ", ecl=["2-15"], scomet=["6A015"], arms=True, eccn=["0A919"], us_content_pct=5,
           us_thermal_camera=True, reasons_for_control=["RS1"], end_user={"government": True}),
     "exceptional", "US-EAR-0A919 CA-SANC-NONGOV-PROOF", "CA-SANC-NONGOV"),
    # G09: US cameras (finding 3)
    ("G09 to Indonesia: not in D:1, but marked for NS2",
     facts("CAN", "IND", "IDN", **{**CAMERA, "eccn": ["6A003.a"], "reasons_for_control": ["NS2"]}),
     "permit", "CA-G1-EXPORT US-EAR-CONSIGN-3RD IN-DUAL", "US-EAR-D1-NS US-EAR-INDIA-LIC"),
    ("G09 to Türkiye, which is not marked for NS2",
     facts("CAN", "IND", "TUR", **{**CAMERA, "eccn": ["6A003.a"], "reasons_for_control": ["NS2"]}),
     "permit", "CA-G1-EXPORT IN-DUAL", "US-EAR-CONSIGN-3RD US-EAR-STA-3RD US-EAR-INDIA-LIC"),
    ("G09 to South Africa, also not marked for NS2",
     facts("CAN", "IND", "ZAF", **{**CAMERA, "eccn": ["6A003.a"], "reasons_for_control": ["NS2"]}),
     "permit", "IN-DUAL", "US-EAR-CONSIGN-3RD US-EAR-STA-3RD"),
    ("G09 with 25 per cent of US content exactly: at the share, not above it",
     facts("CAN", "IND", "VNM", **{**CAMERA, "us_content_pct": 25}),
     "permit", "CA-G1-EXPORT US-EAR-DEMIN IN-DUAL", "US-EAR-INDIA-LIC US-EAR-D1-NS"),
    ("RS1 keeps India itself under a US licence", facts("CAN", "IND", "PHL", **CAMERA), "permit", "US-EAR-INDIA-LIC", ""),
    ("Encryption technology has no de minimis share (734.4(a)(2))",
     facts("CAN", "IND", "VNM", kind="technology", ecl=["1-5.E.2"], scomet=["8A5"], eccn=["5E002"], us_content_pct=5,
           reasons_for_control=["NS1"]), "permit", "US-EAR-INDIA-LIC US-EAR-D1-NS", "US-EAR-DEMIN"),
    # G11: cryptography (s.1.3)
    ("G11 to Kenya", facts("CAN", "IND", "KEN", **CRYPTO, consignee_in_india=CANADIAN_CONSIGNEE),
     "general", "CA-G1-CRYPTO IN-GAET-GAEIS", "CA-G1-EXPORT IN-DUAL"),
    ("G11 with an Indian consignee of its own: the individual permit, GAEIS from India",
     facts("CAN", "IND", "PHL", **CRYPTO, consignee_in_india={"government": False, "controlled_by": "IND"}),
     "permit", "CA-G1-EXPORT IN-GAET-GAEIS", "CA-G1-CRYPTO"),
    ("G11 with a government consignee", facts("CAN", "IND", "PHL", **CRYPTO, consignee_in_india={"government": True, "controlled_by": "CAN"}),
     "permit", "CA-G1-EXPORT", "CA-G1-CRYPTO"),
    ("G11 on its way to Lebanon, an ineligible destination of GEP-45",
     facts("CAN", "IND", "LBN", **CRYPTO, consignee_in_india=CANADIAN_CONSIGNEE), "permit", "CA-G1-EXPORT", "CA-G1-CRYPTO"),
    ("G11 with control not told: the permit stands until it is",
     facts("CAN", "IND", "PHL", **CRYPTO, consignee_in_india={"government": False}), "permit", "CA-G1-EXPORT", "CA-G1-CRYPTO"),
    ("G11 on the day before the version of GEP-45 that was read",
     facts("CAN", "IND", "PHL", on="2026-05-26", **CRYPTO, consignee_in_india=CANADIAN_CONSIGNEE),
     "permit", "CA-G1-EXPORT", "CA-G1-CRYPTO"),
    # G13: GEP-41
    ("G13 as its goods", facts("CAN", "TUR", ecl=["1-2"], gep41_excluded=False), "general", "CA-GEP41-TUR", "CA-G1-EXPORT"),
    ("G13 on the exclusion schedule", facts("CAN", "TUR", ecl=["1-1"], gep41_excluded=True), "permit", "CA-G1-EXPORT", "CA-GEP41-TUR"),
    ("G13 to Israel, which is not eligible", facts("CAN", "ISR", ecl=["1-1"], gep41_excluded=False), "permit", "CA-G1-EXPORT", "CA-GEP41-TUR"),
    ("G13 with a munitions part in the crate: Group 2 is outside GEP-41",
     facts("CAN", "TUR", ecl=["1-1", "2-6.a"], arms=True, controlled_good=True, gep41_excluded=False),
     "permit", "CA-G2-EXPORT CA-G1-EXPORT", "CA-GEP41-TUR"),
    # G15: ITAR 126.1
    ("G15 to Eritrea, also (d)(2)", facts("CAN", "IND", "ERI", **ITAR_UAV), "exceptional", "US-ITAR-1261D2", "US-ITAR-1261"),
    ("G15 to Syria, (d)(1)", facts("CAN", "IND", "SYR", **ITAR_UAV), "prohibited", "US-ITAR-1261 US-E1E2", ""),
    ("G15 without ITAR content to Ethiopia: Canada holds no measure", facts("CAN", "IND", "ETH", **MUNITIONS),
     "permit", "CA-G2-EXPORT IN-MUN", "US-ITAR-1261D2"),
    ("ITAR content not told, to Ethiopia: it may be exceptional",
     facts("CAN", "IND", "ETH", **{**MUNITIONS, "itar_content": None, "usml": None, "us_content_pct": 0}), "undetermined", "", "US-ITAR-1261D2"),
    # G17: Somalia
    ("G17 with an item on the annex: still the exception, and to be documented",
     facts("CAN", "IND", "SOM", ecl=["2-6.a"], scomet=["6A006"], arms=True, controlled_good=True,
           end_user={"government": True}, unscr_2111_annex=True), "exceptional", "CA-SANC-EXCEPTIONS", "UN-EMB"),
    ("G17 for a private buyer: the UN measure bites as well",
     facts("CAN", "IND", "SOM", **MUNITIONS, end_user={"government": False}), "exceptional", "CA-SANC-EXCEPTIONS UN-EMB", ""),
    # G19: parties and owners (s.2.6)
    ("G19 with a 49 per cent owner: below the half, a red flag that a person reads",
     facts("CAN", "IND", "IDN", parties=[{"lists": [], "owners": [{"share_pct": 49, "lists": ["EL"]}]}]),
     "undetermined", "ALL-LIST-REVIEW", "US-EAR-AFFIL"),
    ("G19 on 9 November 2026, the last day of the suspension",
     facts("CAN", "IND", "IDN", on="2026-11-09", parties=EL_OWNER), "undetermined", "ALL-LIST-REVIEW", "US-EAR-AFFIL"),
    ("Owned through a holding: the Entity List firm owns 60 per cent of the owner, which owns all",
     facts("CAN", "IND", "IDN", parties=[{"name": "Consignee", "lists": [], "owners": [
         {"name": "Holding", "share_pct": 100, "lists": [], "owners": [{"name": "Listed", "share_pct": 60, "lists": ["EL"]}]}]}]),
     "prohibited", "US-EAR-AFFIL", ""),
    ("Owned through a holding of which the listed firm has a fifth: a red flag only",
     facts("CAN", "IND", "IDN", parties=[{"name": "Consignee", "lists": [], "owners": [
         {"name": "Holding", "share_pct": 100, "lists": [], "owners": [{"name": "Listed", "share_pct": 20, "lists": ["EL"]}]}]}]),
     "undetermined", "ALL-LIST-REVIEW", "US-EAR-AFFIL"),
    ("Half owned by an SDN: barred whatever BIS does",
     facts("CAN", "IND", "IDN", on="2026-06-01", parties=[{"lists": [], "owners": [{"share_pct": 50, "lists": ["SDN"]}]}]),
     "prohibited", "CA-SANC-LISTED", "US-EAR-AFFIL"),
    ("On the Entity List itself, item wholly American",
     facts("CAN", "IND", "PHL", **CAMERA, parties=[{"lists": ["EL"], "owners": []}]), "exceptional", "US-EAR-EL", "CA-SANC-LISTED"),
    ("On the Unverified List", facts("CAN", "IND", "PHL", parties=[{"lists": ["UVL"], "owners": []}]), "undetermined", "US-EAR-UVL", ""),
    ("A denied person bars whatever the item", facts("CAN", "IND", "PHL", parties=[{"lists": ["dpl"], "owners": []}]),
     "prohibited", "US-EAR-DPL", ""),
    ("A debarred party and no ITAR content: its list is read by a person",
     facts("CAN", "IND", "PHL", parties=[{"lists": ["DTC"], "owners": []}]), "undetermined", "ALL-LIST-REVIEW", "US-ITAR-DTC"),
    # G21: technology, and who brokers (finding 1)
    ("G21 arranged from the United States: Canada is still where the route starts",
     facts("CAN", "IND", "IDN", kind="technology", ecl=["2-22.a"], scomet=["6A022"], arms=True, controlled_good=None, service_in="USA"),
     "permit", "CA-G2-EXPORT CA-CGP CA-BROKER IN-MUN", ""),
    ("An Indian plant's own export with no Canadian in it: no Canadian brokering",
     facts("IND", "IDN", ecl=["2-22"], scomet=["6A022"], arms=True, service_in="IND"), "permit", "IN-MUN", "CA-BROKER IN-BROKER CA-G2-EXPORT"),
    ("Dual-use goods with a suspicion of missile end use: the catch-all and the Brokering Control List",
     facts("CAN", "IND", "PHL", ecl=["1-9"], scomet=["8A9"], wmd_suspicion=True), "permit", "CA-5505 CA-BROKER CA-G1-EXPORT", ""),
    ("Unlisted goods with that suspicion", facts("CAN", "IND", "MYS", wmd_suspicion=True), "permit", "CA-5505", "CA-BROKER CA-UNCONTROLLED"),
    # Nuclear, chemical, space, other strategic goods
    ("Nuclear goods: the hard permit in Canada and the DAE in India",
     facts("CAN", "IND", "ARE", ecl=["3-1"], scomet=["0A3"], controlled_good=None), "permit", "CA-G34 IN-NUCLEAR", "CA-G1-EXPORT"),
    ("Chemical equipment of Group 7", facts("CAN", "IND", "VNM", ecl=["7-12"], scomet=["1D"]), "permit", "CA-G7 IN-DUAL", ""),
    ("Quantum goods of item 5506", facts("CAN", "IND", "SGP", ecl=["5506"], scomet=["8A3"]), "permit", "CA-5506 IN-DUAL", ""),
    ("5506 before the list was amended on 25 April 2025: its wording of then is not held",
     facts("CAN", "IND", "SGP", on="2025-04-24", ecl=["5506"], scomet=["8A3"]), "permit", "IN-DUAL", "CA-5506"),
    ("A satellite part built on US 9E515 technology to Libya: policy of denial",
     facts("CAN", "IND", "LBY", ecl=["5504(2)(d)"], scomet=["8A9"], controlled_good=False, eccn=["9A515.x"], us_direct_product=["9E515"],
           reasons_for_control=["NS1"]), "exceptional", "US-EAR-FDP-9x515 CA-5504", ""),
    ("AI accelerators are read by a specialist", facts("CAN", "IND", "SGP", ecl=["1-3.A"], scomet=["8A3"], eccn=["3A090"], us_content_pct=0),
     "undetermined", "US-EAR-FDP-EL", ""),
    # US-origin goods sold on (GEP-12), 600-series technology (finding 4)
    ("US-made pumps to Iran", facts("CAN", "IND", "IRN", us_content_pct=100, ear99=True), "prohibited", "CA-SANC-IRAN US-E1E2", "CA-5400"),
    ("US-made pumps straight to Oman", facts("CAN", "OMN", us_content_pct=100, ear99=True), "general", "CA-5400", "CA-5400-EXPORT"),
    ("The radio to Vietnam (D:1)", facts("CAN", "IND", "VNM", **RADIO), "permit", "US-EAR-FDP-600", ""),
    ("The radio to Kenya, in no group of 734.9(d)", facts("CAN", "IND", "KEN", **RADIO), "open", "CA-UNCONTROLLED", "US-EAR-FDP-600"),
    ("To Syria with 15 per cent of US content: above the tenth",
     facts("CAN", "IND", "SYR", us_content_pct=15, ear99=True), "prohibited", "US-E1E2", ""),
    ("To Syria with a tenth exactly: within the share, and a person reads Schedule 2",
     facts("CAN", "IND", "SYR", us_content_pct=10, ear99=True), "undetermined", "CA-SANC-SCREEN US-EAR-DEMIN", "US-E1E2"),
    # Ammunition, policy, risk, return
    ("Shell forgings (2-16) for Saudi Arabia: no controlled good, brokering all the same",
     facts("CAN", "IND", "SAU", **{**SHELL, "ecl": ["2-16"], "scomet": ["6A016"]}), "permit", "CA-G2-EXPORT CA-BROKER IN-MUN", "CA-CGP"),
    ("Ammunition for Israel: a policy is told, not a bar", facts("CAN", "IND", "ISR", **SHELL), "permit", "CA-POLICY-ISR CA-G2-EXPORT", ""),
    ("A person has found a substantial risk: the Minister must refuse",
     facts("CAN", "IND", "PHL", **SHELL, end_user={"substantial_risk": True}), "prohibited", "CA-ATT-RISK", ""),
    ("Transit through North Korea", facts("CAN", "PRK", "VNM"), "prohibited", "CA-ACL", ""),
    ("Two markets, the embargoed one first", facts("CAN", "IND", "SDN", "KEN", **MUNITIONS), "exceptional", "CA-SANC-EXCEPTIONS", ""),
    ("Arms described as such, and on no list: what is told does not fit together",
     facts("CAN", "IND", "KEN", arms=True), "permit", "CA-ARMS-UNLISTED IN-ARMS-UNLISTED", "CA-UNCONTROLLED"),
    # US owners and components (issue 4, 4)
    ("US venture capital, the technology's origin untold", facts("CAN", "IND", "MYS", ear99=True, us_parent_or_us_vc=True),
     "undetermined", "US-OWNER-TECH", "CA-UNCONTROLLED"),
    ("US venture capital, and no US technology", facts("CAN", "IND", "MYS", ear99=True, us_parent_or_us_vc=True, us_direct_product=False),
     "open", "CA-UNCONTROLLED", "US-OWNER-TECH"),
    ("A component on the USML makes the whole a matter of the ITAR",
     facts("CAN", "IND", "PHL", **{**MUNITIONS, "usml": None, "itar_content": None}, components=[
         {"name": "Seeker", "classifications": [{"regime": "USML", "entry": "XII(c)"}], "us_origin": True, "share_pct": 12}]),
     "permit", "US-ITAR-RETRANSFER US-ITAR-SEETHRU CA-US-AUTH", ""),
    ("A 600-series pump in a vessel for Libya",
     facts("CAN", "IND", "LBY", **VESSEL, us_600_series_content=None, components=[
         {"name": "Pump", "classifications": [{"regime": "ECCN", "entry": "8A609.x"}], "us_origin": True, "share_pct": 2}]),
     "exceptional", "US-EAR-DEMIN0-600", ""),
    ("Named US components of 30 per cent are above the share even if the list is not complete",
     facts("CAN", "IND", "VNM", ecl=["1-6.A.3"], scomet=["8A6"], eccn=["6A003.a"], reasons_for_control=["NS2"], us_content_pct=None,
           components=[{"name": "Detector", "us_origin": True, "share_pct": 30}]),
     "permit", "US-EAR-CONSIGN-3RD US-EAR-D1-NS", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "verdict", "bite", "absent"), [v[1:] for v in VARIATIONS], ids=[v[0] for v in VARIATIONS]
)
def test_variation(told: Facts, verdict: str, bite: str, absent: str) -> None:
    pathway = trace_pathway(told, rulebook())
    found = rules_of(pathway)
    assert (pathway.verdict, set(bite.split()) - found, found & set(absent.split())) == (verdict, set(), set())


def test_every_rule_bites_somewhere_in_the_hand_worked_cases() -> None:
    """A rule that no worked case reaches is a rule nobody has thought through."""
    found = {rule for case in [*WORKED, *VARIATIONS] for rule in rules_of(trace_pathway(case[1], rulebook()))}
    assert {rule.id for rule in rulebook().rules} - found == {
        # Each has its own examples in its file, and no market to vary it by.
        "CA-G5-OTHER", "IN-CAT7", "US-EAR-MEU", "US-ITAR-SME",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"ecl": ["6A010"]}, "'6A010' is not an entry of the Export Control List"),
        ({"ecl": ["2-23"]}, "'2-23' is not an entry"),
        ({"ecl": ["1-0"]}, "'1-0' is not an entry"),
        ({"ecl": ["8-1"]}, "Group 8 is repealed"),
        ({"scomet": ["2-10.c"]}, "it looks like one of ECL"),
        ({"scomet": ["6A023"]}, "'6A023' is not an entry of SCOMET"),
        ({"usml": ["XXII"]}, "'XXII' is not an entry of the USML"),
        ({"eccn": ["VIII"]}, "it looks like one of USML"),
        (
            {"components": [{"name": "Seeker", "classifications": [{"regime": "USML", "entry": "8A609"}]}]},
            "one of ECCN",
        ),
    ],
)
def test_a_code_that_no_list_has_or_of_another_regime_is_told(item: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=r"components|item") as told:
        facts("CAN", "IND", "PHL", **item)
    assert said in str(told.value)


@pytest.mark.parametrize(
    "parties",
    [
        [{"name": "A", "owners": [{"name": "B"}]}, {"name": "B", "owners": [{"name": "a"}]}],
        [{"name": "A", "owners": [{"name": "B", "owners": [{"name": "C", "owners": [{"name": " A "}]}]}]}],
        [{"name": "A", "owners": [{"name": "A", "share_pct": 10}]}],
        [{"name": "X", "owners": [{"name": "A", "owners": [{"name": "B", "owners": [{"name": "A"}]}]}]}],
    ],
)
def test_circular_ownership_is_told(parties: Any) -> None:
    with pytest.raises(ValidationError, match=r"circular ownership: .* is owned by"):
        facts("CAN", "IND", "PHL", parties=parties)


def test_two_parties_may_share_an_owner() -> None:
    shared = {"name": "Fund", "lists": [], "share_pct": 30}
    told = facts("CAN", "IND", "PHL", parties=[{"name": n, "lists": [], "owners": [shared]} for n in ("A", "B")])
    assert told.parties is not None


def test_a_named_part_is_believed_over_what_is_told_of_the_whole() -> None:
    parts = [
        {
            "name": "Seeker",
            "classifications": [{"regime": "USML", "entry": "XII(c)"}],
            "us_origin": True,
            "share_pct": 40,
        }
    ]
    told = facts("CAN", "IND", "PHL", **MUNITIONS, itar_content=False, us_content_pct=0, components=parts)
    pathway = trace_pathway(told, rulebook())
    assert {"US-ITAR-SEETHRU", "US-ITAR-RETRANSFER"} <= rules_of(pathway)
    because = next(r.because for r in pathway.legs[1].requirements if r.rule == "US-ITAR-SEETHRU")
    assert "concluded: a component stands on the US Munitions List" in because


def test_a_600_series_part_counts_although_the_whole_was_said_to_have_none() -> None:
    parts = [{"name": "Pump", "classifications": [{"regime": "ECCN", "entry": "8A609.x"}], "us_origin": True}]
    told = facts("CAN", "IND", "ERI", **VESSEL, us_600_series_content=False, components=parts)
    assert "US-EAR-DEMIN0-600" in rules_of(trace_pathway(told, rulebook()))


def test_a_complete_list_of_components_tells_the_us_content() -> None:
    parts = [{"name": "Engine", "us_origin": True, "share_pct": 12}, {"name": "Hull", "us_origin": False}]
    item: dict[str, Any] = {"us_content_pct": None, "itar_content": None, "usml": None, "us_600_series_content": None}
    item |= {"components": parts, "components_complete": True, "ear99": True}
    pathway = trace_pathway(facts("CAN", "IND", "MYS", **item), rulebook())
    assert pathway.verdict == "open"
    incomplete = trace_pathway(facts("CAN", "IND", "MYS", **{**item, "components_complete": False}), rulebook())
    assert incomplete.verdict == "undetermined"


# Stale marks


def test_a_stale_rule_marks_the_verdict_that_it_touches_and_no_other() -> None:
    old = trace_pathway(facts("CAN", "IND", "PHL", **MUNITIONS), rulebook())
    assert [mark.split()[0] for mark in old.stale] == ["CA-CGP", "CA-ATT-INFO", "IN-MUN"]
    assert "IN-MUN was last read as of 2024-09-02, 811 days before 2026-11-22; the agreed age is 180 days" in old.stale
    assert {r.rule for leg in old.legs for r in leg.requirements if r.stale} == {"CA-CGP", "CA-ATT-INFO", "IN-MUN"}
    fresh = trace_pathway(facts("CAN", "IND", "MYS", ecl=["1-1"]), rulebook())
    assert fresh.stale == ()


def test_a_rule_that_could_not_be_asked_marks_the_verdict_too() -> None:
    """US-ITAR-1261D2 is of November 2025, and whether it bites is what makes this undetermined."""
    told = facts("CAN", "IND", "ETH", itar_content=None, usml=None, ear99=True)
    assert any(mark.startswith("US-ITAR-1261D2 ") for mark in trace_pathway(told, rulebook()).stale)


def test_the_law_of_an_earlier_day_is_not_stale_on_that_day() -> None:
    assert trace_pathway(facts("CAN", "IND", "PHL", on="2025-01-01", **MUNITIONS), rulebook()).stale == ()


def test_an_outcome_that_informs_never_moves_a_verdict() -> None:
    told = facts("CAN", "IND", "ISR", **SHELL)
    requirements = [r for leg in trace_pathway(told, rulebook()).legs for r in leg.requirements]
    assert {r.outcome for r in requirements if r.rule in ("CA-POLICY-ISR", "CA-ATT-INFO")} == {Outcome.INFO}
