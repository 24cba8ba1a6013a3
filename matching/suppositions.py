"""What a transfer would meet, were it classified as its sector suggests.

Most firms have declared no classification, so most pathways are undetermined. A trade officer still needs to know
what probably lies ahead; this traces the pathway under each plausible classification of the sector, plainly as a
supposition. It never becomes the verdict: the firm classifies, the service does not.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from matching.facts import Facts
from matching.pathway import Leg, Verdict, trace_pathway
from matching.phrases import say
from matching.rulebook import Rulebook
from matching.taxonomy import Taxonomy, TaxonomyError

COLUMNS = ("sector_map", "standing", "ecl", "scomet", "eccn", "arms")


@dataclass(frozen=True, slots=True)
class Hint:
    """Entries that goods of a sector would often fall under; a first guess of the project, not a classification."""

    standing: str
    ecl: tuple[str, ...]
    scomet: tuple[str, ...]
    arms: bool


Hints = Mapping[str, tuple[Hint, ...]]
"""By the sector's row in the sector map."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """The pathway under one supposed classification."""

    supposing: str
    verdict: Verdict
    legs: tuple[Leg, ...]


def load_hints(path: Path, taxonomy: Taxonomy) -> Hints:
    """Read seeds/sectors/control_lists.csv; raises TaxonomyError with file, line and column."""
    known = {taxonomy.sector(code).sector_map for code in taxonomy.codes}
    hints: dict[str, tuple[Hint, ...]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise TaxonomyError(f"expected the columns {', '.join(COLUMNS)}", path.name, 1)
        for line, row in enumerate(reader, start=2):
            if row["sector_map"] not in known:
                raise TaxonomyError(
                    f"no sector has the sector_map {row['sector_map']!r}", path.name, line, "sector_map"
                )
            if row["arms"] not in ("yes", "no"):
                raise TaxonomyError(f"{row['arms']!r}; expected yes or no", path.name, line, "arms")
            hint = Hint(row["standing"], _entries(row["ecl"]), _entries(row["scomet"]), row["arms"] == "yes")
            hints[row["sector_map"]] = (*hints.get(row["sector_map"], ()), hint)
    return hints


def _entries(cell: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in cell.split(";") if entry.strip())


class Suppositions:
    """Suppositions by sector, arms and market; few are distinct, so each is traced once."""

    def __init__(self, hints: Hints, taxonomy: Taxonomy, rulebook: Rulebook, on: date) -> None:
        self._hints, self._taxonomy, self._rulebook, self._on = hints, taxonomy, rulebook, on
        self._traced: dict[tuple[Hint, str], Supposition] = {}

    def of(self, sectors: Sequence[str], *, arms: bool | None, market: str) -> tuple[Supposition, ...]:
        """What the transfer would meet under each hint of the first sector that has any and agrees with ``arms``."""
        for code in sectors:
            hints = self._hints.get(self._taxonomy.sector(code).sector_map, ())
            if hints:
                return tuple(self._trace(hint, market) for hint in hints if arms is None or hint.arms == arms)
        return ()

    def _trace(self, hint: Hint, market: str) -> Supposition:
        key = (hint, market)
        if key not in self._traced:
            pathway = trace_pathway(_supposed_facts(hint, market, self._on), self._rulebook)
            entries = ", ".join([*(f"ECL {e}" for e in hint.ecl), *(f"SCOMET {e}" for e in hint.scomet)])
            self._traced[key] = Supposition(
                say(
                    "the item is {standing} ({entries}), has no US content, needs no classified information, and "
                    "no party stands on a denied-party list",
                    standing=say(hint.standing),
                    entries=entries,
                ),
                pathway.verdict,
                pathway.legs,
            )
        return self._traced[key]


def _supposed_facts(hint: Hint, market: str, on: date) -> Facts:
    return Facts.model_validate(
        {
            "on": on,
            "item": {
                "name": "the goods or technology of the triad, as supposed",
                "ecl": hint.ecl,
                "scomet": hint.scomet,
                "usml": (),
                "eccn": (),
                "ear99": False,
                "arms": hint.arms,
                "prohibited_firearm": False,
                "itar_content": False,
                "us_content_pct": 0,
                "us_600_series_content": False,
                "us_direct_product": False,
                "reasons_for_control": (),
                "classified_information": False,
                "wmd_suspicion": False,
            },
            "route": ("CAN", "IND", market),
            "consignee_in_india": {"government": False},
            "service_in": "CAN",
            "parties": (),
        }
    )
