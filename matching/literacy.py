"""What helps two firms to understand one another's procurement: certificates that are asked for, and terms.

It informs. Nothing here reaches a signal, a fit, a rule or a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, Self

from pydantic import model_validator

from matching.modes import Mode
from matching.pathway import Pathway
from matching.phrases import joined, say
from matching.play import Play
from matching.profile import Demand, Frozen, Iso3, Label, Market, Profile, Source, Text
from matching.signals import Triad


class Occasion(Frozen):
    """When something is shown: any of these is enough. Sectors count with all below them, rules may end in ``*``."""

    sectors: tuple[Label, ...] = ()
    modes: tuple[Mode, ...] = ()
    rules: tuple[Label, ...] = ()
    markets: tuple[Iso3, ...] = ()
    memberships: tuple[Label, ...] = ()
    certificates: tuple[Label, ...] = ()


class Certificate(Frozen):
    """A certificate, an approval or a code that buyers ask for, and how it is written in profiles."""

    code: Label
    name: Label
    layer: Label
    asked_of: Literal["innovator", "manufacturer"] | None = None
    """Which side holds it; None: either."""
    written: tuple[Label, ...]
    """How profiles write it, as regular expressions."""
    shown_for: Occasion
    note: Text
    source: Source
    verified: bool

    @model_validator(mode="after")
    def _is_written_in_patterns(self) -> Self:
        for pattern in self.written:
            try:
                re.compile(pattern)
            except re.error as problem:
                raise ValueError(f"{pattern!r} is no regular expression: {problem}") from problem
        return self


class Term(Frozen):
    """A word of procurement or export control, explained in both languages with its source."""

    term: Label
    term_fr: Label
    text_en: Text
    text_fr: Text
    source: Source
    verified: bool
    shown_for: Occasion | None = None


class Glossary(Frozen):
    """seeds/glossary/glossary.yaml."""

    as_of: str
    entries: tuple[Term, ...]


class Certificates(Frozen):
    """seeds/glossary/certificates.yaml."""

    as_of: str
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class CertificateGap:
    """A certificate that the market, the programme or the trade asks for, and whether a profile has it on record.

    That none is on record is unknown, and not a failure.
    """

    code: str
    name: str
    asked_because: str
    on_record: tuple[str, ...]
    note: str
    source: Source
    verified: bool


@dataclass(frozen=True, slots=True)
class TermShown:
    """A glossary entry that applies to a match, and why; ``GET /api/v1/glossary`` has its text."""

    term: str
    because: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a match is about, as occasions ask for it."""

    innovator: Profile
    manufacturer: Profile
    market: Market
    demands: Sequence[Demand]
    """Those of the market that the pair's sectors meet."""
    sectors: Sequence[str]
    mode: Mode
    rules: Collection[str]


@dataclass(frozen=True, eq=False)
class Literacy:
    """All certificates and terms held."""

    certificates: tuple[Certificate, ...]
    terms: tuple[Term, ...]

    def gaps(self, context: Context) -> tuple[CertificateGap, ...]:
        """Certificates asked for in this context, with what is on record of them."""
        found = []
        for certificate in self.certificates:
            named = [d.id for d in context.demands if certificate.code in d.certifications]
            because = (
                say("the market's demand {demand} names it", demand=named[0])
                if named
                else _occasion(certificate.shown_for, context)
            )
            if because:
                found.append(
                    CertificateGap(
                        code=certificate.code,
                        name=certificate.name,
                        asked_because=because,
                        on_record=tuple(_on_record(certificate, context)),
                        note=certificate.note,
                        source=certificate.source,
                        verified=certificate.verified,
                    )
                )
        return tuple(found)

    def shown(self, context: Context, gaps: Iterable[CertificateGap]) -> tuple[TermShown, ...]:
        """Terms that apply in this context, and why each does."""
        asked = {gap.code for gap in gaps}
        found = []
        for term in self.terms:
            if term.shown_for is None:
                continue
            because = _occasion(term.shown_for, context)
            named = [code for code in term.shown_for.certificates if code in asked]
            if not because and named:
                because = say("{certificate} is asked for", certificate=named[0])
            if because:
                found.append(TermShown(term.term, because))
        return tuple(found)


def beside(
    triad: Triad, play: Play, mode: Mode, pathway: Pathway, literacy: Literacy | None
) -> tuple[tuple[CertificateGap, ...], tuple[TermShown, ...]]:
    """What stands beside one triad: certificates asked for, and terms that apply."""
    if literacy is None:
        return (), ()
    manufacturer = play.manufacturers.firms[triad[1]].profile
    row = int(play.capability_meaning.offering[triad[:2]])
    made = play.manufacturers.statements[row].sectors if row >= 0 else ()
    sectors = made or manufacturer.sectors
    market = play.markets[triad[2]]
    context = Context(
        innovator=play.innovators.firms[triad[0]].profile,
        manufacturer=manufacturer,
        market=market,
        demands=[demand for demand in market.demands if _trades(demand.sectors) & _trades(sectors)],
        sectors=sectors,
        mode=mode,
        rules={requirement.rule for leg in pathway.legs for requirement in leg.requirements},
    )
    gaps = literacy.gaps(context)
    return gaps, literacy.shown(context, gaps)


def _trades(sectors: Iterable[str]) -> set[str]:
    return {code.split(".")[0] for code in sectors}


def _occasion(shown_for: Occasion, context: Context) -> str | None:
    """Why something is shown, or None if nothing speaks for it."""
    rules = [rule for rule in sorted(context.rules) if any(fnmatchcase(rule, p) for p in shown_for.rules)]
    if rules:
        return say("{rule} stands on the pathway", rule=rules[0])
    if context.mode in shown_for.modes:
        return say("the pair suggests {mode}", mode=say(context.mode.value))
    if context.market.iso3 in shown_for.markets:
        return say("{market} asks for it or uses it", market=say(context.market.name))
    clubs = [club for club in context.market.memberships if club in shown_for.memberships]
    if clubs:
        return say("{market} is a member of {club}", market=say(context.market.name), club=clubs[0])
    sectors = [s for s in context.sectors if any(s == p or s.startswith(f"{p}.") for p in shown_for.sectors)]
    if sectors:
        return say("usual in the sector {sector}", sector=joined(", ", sectors[:1]))
    return None


def _on_record(certificate: Certificate, context: Context) -> Iterable[str]:
    sides = {"innovator": context.innovator, "manufacturer": context.manufacturer}
    for side, profile in sides.items():
        if certificate.asked_of in (None, side):
            held = profile.certifications
            if certificate.code == "CGP" and profile.exposure.controlled_goods_registered:
                held = (*held, "Controlled Goods Program registration")
            for text in held:
                if any(re.search(pattern, text, re.IGNORECASE) for pattern in certificate.written):
                    yield f"{profile.name}: {text}"
