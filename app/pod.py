"""A profile as one of the Enterprise Europe Network's partnering database (POD), and why it would not be taken. Pure.

The field names, closed lists and limits are those of the network's guidelines 1.2 of September 2024 and its web service
of May 2026, as compiled in the project's reference; limits of 256, 2,000 and 4,000 characters are provisional there.
What the profile does not say is named, and never made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pycountry
from pydantic import Field

from matching.profile import Frozen, Iso3, Profile, Regime, Statement
from matching.taxonomy import Taxonomy

ProfileType = Literal["BO", "BR", "TO", "TR"]

PARTNERSHIPS: Mapping[str, tuple[str, ...]] = {
    "B": ("Commercial agreement", "Investment agreement", "Outsourcing agreement", "Supplier agreement"),
    "T": (
        "Investment agreement",
        "Commercial agreement with technical assistance",
        "Research & development cooperation agreement",
    ),
}
"""Types of partnership by the first letter of the profile's type: business or technology."""

Rights = Literal["No IPR applied", "Secret know-how", "IPR applied but not yet granted", "IPR granted"]

STAGES = (
    (range(1, 3), "Concept stage"),
    (range(3, 4), "Under development"),
    (range(4, 6), "Lab tested"),
    (range(6, 9), "Available for demonstration"),
    (range(9, 10), "Already on the market"),
)
"""Stage of development by TRL: a proposal, since no official crosswalk was found."""

TITLE, SUMMARY, DESCRIPTION, KEYWORDS = 256, 500, 4_000, 5

SMALL = frozenset({"1-10", "11-50", "51-200"})
LARGE = frozenset({"501-1000", "1001-5000", "5000+", "10000+"})
"""Bands wholly below and wholly above 250 employees; the band between decides nothing."""


class Wanted(Frozen):
    """What the network asks and no profile of ours holds; what is not given is named as missing."""

    type: Annotated[ProfileType, Field(description="Business or technology, offer or request.")]
    partnerships: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    targets: Annotated[tuple[Iso3, ...], Field(max_length=60, description="Countries aimed at; empty: all.")] = ()
    rights: Annotated[Rights | None, Field(description="Intellectual property; needed with TO.")] = None
    technology_keywords: Annotated[tuple[str, ...] | None, Field(max_length=50)] = None
    market_keywords: Annotated[tuple[str, ...] | None, Field(max_length=50)] = None
    anonymous: bool = True


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason why the network would refuse the profile, or may (``certain`` false: a fact is missing)."""

    rule: str
    says: str
    certain: bool


@dataclass(frozen=True, slots=True)
class PodExport:
    """The profile in the network's own shape, what stands against it, and what a person must still confirm."""

    eligible: bool
    """No obstacle stands, certain or not. It is the network that decides."""
    obstacles: tuple[Obstacle, ...]
    to_confirm: tuple[str, ...]
    profile: dict[str, Any]


TO_CONFIRM = (
    "The submitter is no export consultant.",
    "The profile seeks a partnership and not only a sale.",
    "Sustainable Development Goals, the partner's role, and its type and size are chosen by the adviser.",
    "Keywords come from a crosswalk of sectors that the network has not reviewed.",
)


def pod_export(profile: Profile, wanted: Wanted, taxonomy: Taxonomy) -> PodExport:
    """The profile as a partnering profile of the wanted type, with every reason against it."""
    told = _Told(profile, wanted, taxonomy)
    obstacles = tuple(_obstacles(told))
    return PodExport(not obstacles, obstacles, TO_CONFIRM, told.document())


class _Told:
    """The parts of one partnering profile."""

    def __init__(self, profile: Profile, wanted: Wanted, taxonomy: Taxonomy) -> None:
        self.profile, self.wanted = profile, wanted
        self.offer = wanted.type.endswith("O")
        self.statements = profile.offers if self.offer else profile.seeks
        codes = dict.fromkeys((*(c for s in self.statements for c in s.sectors), *profile.sectors))
        sectors = [taxonomy.sector(code) for code in codes]
        self.technology = wanted.technology_keywords or _some(k for s in sectors for k in s.een_technology)
        self.market = wanted.market_keywords or _some(k for s in sectors for k in s.een_market)
        first = self.statements[0] if self.statements else None
        self.title = (first.title or first.text) if first else ""
        self.summary = first.text if first else ""
        self.description = "\n\n".join(statement.text for statement in self.statements)
        self.stage = _stage(first) if first else None

    def document(self) -> dict[str, Any]:
        """The profile under the network's names; what is not held is null."""
        country = pycountry.countries.get(alpha_3=self.profile.country)
        return {
            "profileType": {"code": self.wanted.type},
            "partnerOrganisationCountry": country.alpha_2 if country else None,
            "title": self.title[:TITLE],
            "shortSummary": self.summary,
            "description": self.description,
            "advantagesAndInnovation": None,
            "technicalSpecificationOrExpertiseSought": None if self.offer else self.description,
            "stageOfDevelopment": self.stage,
            "stageDerivedFromTrl": self.stage is not None,
            "iprStatus": self.wanted.rights,
            "sdgKeywords": None,
            "expectedRoleOfThePartner": None,
            "typesOfPartnership": list(self.wanted.partnerships),
            "typesAndSizes": None,
            "technologyKeywords": list(self.technology),
            "marketKeywords": list(self.market),
            "targetedCountries": list(self.wanted.targets),
        }


def _some(keywords: Iterator[str]) -> tuple[str, ...]:
    """As many keywords as the network takes, the firm's most specific sectors first."""
    return tuple(dict.fromkeys(keywords))[:KEYWORDS]


def _stage(statement: Statement) -> str | None:
    """The stage of a TRL range; None where it is not known or the range spans two stages."""
    low, high = statement.readiness.trl_low, statement.readiness.trl_high
    found = {stage for levels, stage in STAGES for trl in (low, high) if trl in levels}
    return found.pop() if len(found) == 1 else None


# --- Why not ----------------------------------------------------------------------------------------


def _obstacles(told: _Told) -> Iterator[Obstacle]:
    yield from _of_arms(told.profile)
    yield from _of_size(told)
    yield from _of_form(told)
    yield from _of_choices(told)
    if told.wanted.anonymous:
        yield from _of_anonymity(told)


def _of_arms(profile: Profile) -> Iterator[Obstacle]:
    listed = [
        f"{c.regime} {c.entry}" for s in profile.statements for c in s.classifications if _munition(c.regime, c.entry)
    ]
    if listed or "munitions" in {code.partition(".")[0] for code in profile.sectors}:
        yield Obstacle("weapons", f"the network takes no weapons: {', '.join(listed) or 'sector munitions'}", True)
    elif any(statement.arms for statement in profile.statements):
        yield Obstacle("weapons", "the network takes no weapons, and a statement is of arms", True)
    elif any(statement.arms is None for statement in profile.statements):
        yield Obstacle("weapons", "whether every statement is of civil goods is not known", False)


def _munition(regime: Regime, entry: str) -> bool:
    """Whether the entry is of a munitions list: ECL group 2, the USML, SCOMET category 6."""
    return (
        regime is Regime.USML
        or (regime is Regime.ECL and entry.startswith("2-"))
        or (regime is Regime.SCOMET and entry.startswith("6"))
    )


def _of_size(told: _Told) -> Iterator[Obstacle]:
    if not told.offer:
        return
    band = told.profile.employees_band
    if band in LARGE:
        yield Obstacle(
            "size", f"only SMEs publish offers, and the firm has {band} employees: a request may be published", True
        )
    elif band not in SMALL:
        yield Obstacle(
            "size", "only SMEs publish offers, and whether the firm has under 250 employees is not known", False
        )
    elif told.profile.parent:
        yield Obstacle("size", "only SMEs publish offers, and the firm is part of a group whose size counts", False)


def _of_form(told: _Told) -> Iterator[Obstacle]:
    if not told.statements:
        side = "offers" if told.offer else "seeks"
        yield Obstacle("content", f"the profile has no statement of what the firm {side}", True)
    for name, text, limit in (
        ("summary", told.summary, SUMMARY),
        ("title", told.title, TITLE),
        ("description", told.description, DESCRIPTION),
    ):
        if len(text) > limit:
            yield Obstacle(name, f"the {name} has {len(text):,} characters, and {limit:,} are taken", True)
    for name, keywords in (("technology", told.technology), ("market", told.market)):
        if len(keywords) > KEYWORDS:
            yield Obstacle("keywords", f"{len(keywords)} {name} keywords, and {KEYWORDS} are taken", True)
        bad = [keyword for keyword in keywords if not re.fullmatch(r"[0-9]{5,9}", keyword)]
        if bad:
            yield Obstacle("keywords", f"no {name} keyword of the network: {', '.join(bad)[:200]}", True)
    if not told.market:
        yield Obstacle("keywords", "no market keyword is known for the firm's sectors", True)
    if told.wanted.type[0] == "T" and not told.technology:
        yield Obstacle("keywords", "no technology keyword is known for the firm's sectors", True)


def _of_choices(told: _Told) -> Iterator[Obstacle]:
    wanted = told.wanted
    if told.profile.country in wanted.targets:
        yield Obstacle("own country", f"the firm's own country, {told.profile.country}, is among the targets", True)
    fitting = PARTNERSHIPS[wanted.type[0]]
    strange = [one for one in wanted.partnerships if one not in fitting]
    if strange or not wanted.partnerships:
        found = f"“{strange[0][:60]}” is none of them" if strange else "none is chosen"
        yield Obstacle("partnership", f"{wanted.type} asks for {'; '.join(fitting)}: {found}", True)
    if wanted.type == "TO":
        if told.stage is None:
            yield Obstacle(
                "stage", "a technology offer needs one stage of development, and the TRL does not tell it", True
            )
        if wanted.rights is None:
            yield Obstacle("rights", "a technology offer needs the state of its intellectual property rights", True)


_LINK = re.compile(r"https?://|www\.|\b[\w-]+\.(com|org|net|ca|in|co|eu|io)\b", re.IGNORECASE)
_PATENT = re.compile(
    r"\b(US|EP|WO|CA|IN|GB|DE|FR|JP)[ -]?\d[\d ,/.]{4,}\d\s?[A-Z]?\d?\b|\bpatent (no|number|nr)\b", re.IGNORECASE
)


def _of_anonymity(told: _Told) -> Iterator[Obstacle]:
    text = f"{told.title}\n{told.summary}\n{told.description}"
    said = (told.profile.name, *told.profile.aliases)
    names = [name for name in said if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)]
    if names:
        yield Obstacle("anonymity", f"the text names the firm: {names[0]}", True)
    for what, pattern in (("a link", _LINK), ("a patent number", _PATENT)):
        found = pattern.search(text)
        if found:
            yield Obstacle("anonymity", f"the text holds {what}: {found.group()[:60]}", True)
