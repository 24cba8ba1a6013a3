"""Whether a firm may take a seat of a project, read from its profile, offer by offer.

What no profile says is *open*, a question to ask the firm, and keeps nobody out unless the template demands it on
record: unknown is neither zero nor "no".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matching.index import words
from matching.pool import PooledFirm, embedded_text
from matching.profile import Profile, Statement
from matching.projects import CertificateAsked, Seat


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a firm may take a seat: by which offers, what it lacks, and what is open."""

    in_sector: bool
    """Whether it offers anything in the seat's sectors."""
    offers: tuple[Statement, ...]
    """The offers that answer the seat; none when the firm may not take it."""
    lacks: tuple[str, ...]
    questions: tuple[str, ...]
    facts: tuple[str, ...]
    """What on record speaks for it, apart from its offers."""

    @property
    def admitted(self) -> bool:
        """Whether the firm may take the seat."""
        return not self.lacks


def admission(firm: PooledFirm, seat: Seat, handled: Mapping[str, Sequence[str]] | None = None) -> Admission:
    """Whether the firm may take the seat; ``handled`` gives the forms of each mineral that it gives, on record."""
    profile = firm.profile
    near = [s for s in profile.offers if any(within(code, seat.sectors) for code in s.sectors or profile.sectors)]
    offers, doubts, short = _fitting(near, seat)
    lacks = [] if offers else [short]
    questions = list(doubts)
    facts: list[str] = []
    for judged in (
        _who(profile, seat),
        _ground(profile, seat),
        _output(offers, seat),
        _mineral(seat, handled or {}),
        _certificates(profile, seat),
    ):
        lacks += judged[0]
        questions += judged[1]
        facts += judged[2]
    return Admission(bool(near), () if lacks else offers, tuple(lacks), tuple(questions), tuple(facts))


def within(code: str, sectors: Sequence[str]) -> bool:
    """Whether a sector is one of some sectors or stands below one of them."""
    return any(code == sector or code.startswith(f"{sector}.") for sector in sectors)


def _fitting(near: Sequence[Statement], seat: Seat) -> tuple[tuple[Statement, ...], list[str], str]:
    """Of the offers in the seat's sectors those that answer it, what about all is open, and why there is none."""
    if not near:
        return (), [], f"offers nothing in {', '.join(seat.sectors)}"
    named = [s for s in near if not seat.terms or _says(s, seat.terms)]
    if not named:
        return (), [], f"what it offers there does not speak of {' or '.join(seat.terms)}"
    ready = [s for s in named if not _too_early(s, seat)]
    if not ready:
        asked = ", ".join(
            f"{scale} {figure}"
            for scale, figure in (("TRL", seat.trl_at_least), ("MRL", seat.mrl_at_least))
            if figure is not None
        )
        return (), [], f"what it offers there has not reached {asked}"
    doubts = []
    for scale, asked_for in (("trl", seat.trl_at_least), ("mrl", seat.mrl_at_least)):
        if asked_for is not None and all(getattr(s.readiness, f"{scale}_high") is None for s in ready):
            doubts.append(f"Has what it offers reached {scale.upper()} {asked_for}? None is on record.")
    return tuple(ready), doubts, ""


def _says(statement: Statement, terms: Sequence[str]) -> bool:
    """Whether every word of one of the terms stands in the statement, whatever its ending."""
    said = set(words(embedded_text(statement)))
    return any(set(words(term)) <= said for term in terms)


def _too_early(statement: Statement, seat: Seat) -> bool:
    pairs = (
        (statement.readiness.trl_high, seat.trl_at_least),
        (statement.readiness.mrl_high, seat.mrl_at_least),
    )
    return any(want is not None and (seat.proven if have is None else have < want) for have, want in pairs)


Judged = tuple[list[str], list[str], list[str]]
"""What is lacking, what is open and what speaks for the firm."""


def _who(profile: Profile, seat: Seat) -> Judged:
    lacks, questions = [], []
    if seat.countries and profile.country not in seat.countries:
        lacks.append(f"is of {profile.country}; the seat is for {' or '.join(seat.countries)}")
    if seat.kinds and profile.roles and not set(seat.kinds) & set(profile.roles):
        lacks.append(f"is {' and '.join(profile.roles)}; the seat is for {' or '.join(seat.kinds)}")
    if seat.kinds and not profile.roles:
        questions.append(f"Is it {' or '.join(seat.kinds)}? No role is on record.")
    if seat.no_us_owner:
        if profile.exposure.us_parent_or_us_vc:
            lacks.append("has a US parent or US venture capital on record, which the design is to do without")
        elif profile.exposure.us_parent_or_us_vc is None:
            questions.append("Has it a US parent or US venture capital? Nothing is on record.")
    return lacks, questions, []


def _ground(profile: Profile, seat: Seat) -> Judged:
    ground = seat.ground
    if ground is None:
        return [], [], []
    named = " or ".join(kind.replace("_", " ") for kind in ground.kinds)
    if not profile.sites:
        return [], [f"Has it a {named}? No site is on record."], []
    fitting = [site for site in profile.sites if site.kind in ground.kinds]
    if not fitting:
        return [f"has no {named} on record among its {len(profile.sites)} sites"], [], []
    questions, facts = [], [f"has a {fitting[0].kind.replace('_', ' ')}: {fitting[0].name}"]
    for column, wanted, unit in (
        ("largest_hull_dwt", ground.hull_dwt, "DWT"),
        ("longest_hull_m", ground.hull_m, "m"),
    ):
        known = [size for site in fitting if (size := getattr(site, column)) is not None]
        if wanted is None:
            continue
        if known and max(known) < wanted:
            return [f"takes hulls up to {max(known):,.0f} {unit}; {wanted:,.0f} {unit} are asked for"], [], []
        if known:
            facts.append(f"takes hulls up to {max(known):,.0f} {unit}")
        else:
            questions.append(f"Does its yard take a hull of {wanted:,.0f} {unit}? No figure is on record.")
    return [], questions, facts


def _output(offers: Sequence[Statement], seat: Seat) -> Judged:
    wanted = seat.output
    if wanted is None:
        return [], [], []
    stated = [
        capacity
        for offer in offers
        for capacity in offer.capacities
        if capacity.unit == wanted.unit and capacity.per == wanted.per
    ]
    asked = f"{wanted.quantity:g} {wanted.unit} {_period(wanted.per)}"
    if not stated:
        return [], [f"Can it turn out {asked}? No such figure is on record."], []
    most = max(stated, key=lambda capacity: capacity.quantity)
    told = f"{most.quantity:g} {most.unit} {_period(most.per)} ({most.what})"
    if most.quantity < wanted.quantity:
        return [f"turns out {told}; {asked} are asked for"], [], []
    return [], [], [f"turns out {told}"]


def _period(per: str) -> str:
    return per if per == "at a time" else f"a {per}"


def _mineral(seat: Seat, handled: Mapping[str, Sequence[str]]) -> Judged:
    if seat.mineral is None:
        return [], [], []
    gives = [form for form in handled.get(seat.mineral, ()) if not seat.forms or form in seat.forms]
    wanted = " or ".join(seat.forms) or seat.mineral
    if not gives:
        return [f"is not on record as a source of {wanted}"], [], []
    return [], [], [f"gives {', '.join(gives)}, by the facts held on {seat.mineral}"]


def _certificates(profile: Profile, seat: Seat) -> Judged:
    lacks, questions, facts = [], [], []
    for wanted in seat.certificates:
        held = [label for label in profile.certifications if _names(label, wanted)]
        if held:
            facts.append(f"has on record: {held[0]}")
        elif wanted.must:
            lacks.append(f"has no {wanted.code} on record, which the seat demands")
        else:
            questions.append(f"Does it hold {wanted.code}? None is on record.")
    return lacks, questions, facts


def _names(label: str, wanted: CertificateAsked) -> bool:
    """Whether a certificate as a profile words it is the one wanted; spaces, dashes and case aside."""
    plain = "".join(filter(str.isalnum, label.casefold()))
    return any("".join(filter(str.isalnum, name.casefold())) in plain for name in (wanted.code, *wanted.known_as))
