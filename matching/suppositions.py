"""What a transfer would meet, were it classified as its text and its sector suggest.

Most firms have declared no classification, so most pathways are undetermined. A trade officer still needs to know
what probably lies ahead; this traces the pathway under each plausible suggestion of the control lists, plainly as a
supposition, with everything that is known left as it is. It never becomes the verdict: the firm classifies, the
service does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from matching.control_lists import PLAUSIBLE, Candidate, ControlLists
from matching.facts import Facts, Item
from matching.pathway import Leg, Verdict, trace_pathway
from matching.phrases import joined, say
from matching.profile import Regime
from matching.rulebook import Rulebook
from matching.taxonomy import Taxonomy

MOST = 3
"""More than this many suppositions beside a match are noise."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """The pathway under one suggested classification, and the words of the text that suggest it."""

    supposing: str
    words_that_met: tuple[str, ...]
    verdict: Verdict
    legs: tuple[Leg, ...]


class Suppositions:
    """Suppositions by facts and heading; few are distinct, so each is traced once over all asks."""

    def __init__(self, lists: ControlLists, taxonomy: Taxonomy, rulebook: Rulebook) -> None:
        self._lists, self._taxonomy, self._rulebook = lists, taxonomy, rulebook

    def of(self, facts: Facts, text: str, sectors: Sequence[str]) -> tuple[Supposition, ...]:
        """What the transfer would meet under each plausible heading of a text of these sectors.

        A heading that does not fit an entry already declared, or what is known of the goods as arms, is left out.
        """
        maps = frozenset(self._taxonomy.sector(code).sector_map for code in sectors)
        fitting = [c for c in _suggested(self._lists, text, maps, facts.item.arms) if _fits(facts.item, c)]
        best = max(map(_evidence, fitting), default=0.0)
        plausible = [candidate for candidate in fitting if _evidence(candidate) >= PLAUSIBLE * best]
        return tuple(_supposition(facts, candidate, self._rulebook) for candidate in plausible[:MOST])


@lru_cache(maxsize=4_096)
def _suggested(lists: ControlLists, text: str, sector_maps: frozenset[str], arms: bool | None) -> tuple[Candidate, ...]:
    return lists.suggest(text, sector_maps, arms=arms)


@lru_cache(maxsize=16_384)
def _supposition(facts: Facts, candidate: Candidate, rulebook: Rulebook) -> Supposition:
    supposed, said = _supposed(facts, candidate)
    pathway = trace_pathway(supposed, rulebook)
    return Supposition(said, candidate.words_that_met, pathway.verdict, pathway.legs)


def _evidence(candidate: Candidate) -> float:
    return candidate.score / (1 - candidate.score)


def _fits(item: Item, candidate: Candidate) -> bool:
    for declared, regime in ((item.ecl, Regime.ECL), (item.scomet, Regime.SCOMET)):
        if declared and not any(_under(one, other) for one in declared for other in candidate.of(regime)):
            return False
    return True


def _under(one: str, other: str) -> bool:
    """Whether one entry stands under the other, as 2-10.c under 2-10."""
    short, long = sorted((one.upper(), other.upper()), key=len)
    return long.startswith(short) and not long[len(short) : len(short) + 1].isdigit()


def _supposed(facts: Facts, candidate: Candidate) -> tuple[Facts, str]:
    """The facts with what is unknown filled in as the heading has it, and what was supposed in words."""
    item = facts.item
    known = {name for name, value in item if value is not None}
    american = bool(item.itar_content or item.us_content_pct or item.components)
    firearm = any(_under(entry, "2-1") for entry in candidate.of(Regime.ECL))
    guess: dict[str, Any] = {
        "ecl": candidate.of(Regime.ECL),
        "scomet": candidate.of(Regime.SCOMET),
        "arms": candidate.arms,
        "classified_information": False,
        "wmd_suspicion": False,
    }
    if not firearm:  # whether small arms are automatic decides, and no word tells it
        guess["prohibited_firearm"] = False
    if american:
        guess |= {"eccn": candidate.of(Regime.ECCN)}
    else:
        guess |= {"usml": (), "eccn": (), "ear99": False, "itar_content": False, "us_content_pct": 0}
        guess |= {"us_600_series_content": False, "us_direct_product": False, "reasons_for_control": ()}
    filled = item.model_dump() | {name: value for name, value in guess.items() if name not in known}
    parties = tuple(
        party.model_copy(update={"lists": party.lists or (), "owners": party.owners or ()})
        for party in facts.parties or ()
    )
    deal = facts.model_dump() | {"item": filled, "parties": [party.model_dump() for party in parties]}
    deal["consignee_in_india"] = {"government": False} | {
        name: value for name, value in facts.consignee_in_india if value is not None
    }
    entries = [
        f"{regime.value} {entry}" for regime in (Regime.ECL, Regime.SCOMET) for entry in candidate.of(regime)
    ] or [say("on no list")]
    said = [say("the item is {heading} ({entries})", heading=candidate.heading, entries=joined(", ", entries))]
    if not american:
        said.append(say("has no US content"))
    said.append(say("needs no classified information"))
    if facts.parties is None:
        said.append(say("no party stands on a denied-party list"))
    elif parties != facts.parties:
        said.append(say("no party or owner stands on a denied-party list beyond those told"))
    return Facts.model_validate(deal), joined(", ", said)
