"""Chains of a mineral from the ground or from scrap to the part: who could hand what to whom, and where nobody can.

A chain follows the forms of a mineral backwards from the one wanted. Each link is a handling on record or a gap: a step
that no firm on file does. Chains are ordered by what is missing and then by what is only planned, only inferred or
only demonstrated; those figures are counted, not estimated, and are told.

Both models of the dialogue report are looked for: *concentrate out* (Canadian feed, worked up in India) and *investment
in* (worked up in Canada, where Indian capital would build the plant, for use in India), and the other way round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import nsmallest
from itertools import groupby

from matching.minerals import Form, Handling, Mineral
from matching.profile import Iso3
from matching.ranking import Party

KEPT = 40
"""Partial chains kept for each form and situation; more than any list shows."""

UPSTREAM = ("exploration", "concentrate")
MIDSTREAM = ("refining", "material")


class Model(StrEnum):
    """How the two countries would share a chain."""

    CONCENTRATE_OUT = "concentrate out"
    INVESTMENT_IN = "investment in"
    INDIAN_FEED = "Indian feed, Canadian processing"
    ONE_COUNTRY = "one country"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain: who makes the form, where, in what state, by which sources; ``firm`` is None for a gap."""

    form: str
    stage: str
    firm: Party | None
    site: str | None
    country: Iso3 | None
    state: str
    basis: str
    note: str | None
    handling: Handling | None
    missing: str | None
    """For a gap: what kind of firm would fill it."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Links from the first form to the last, the model they follow, and what stands against them."""

    links: tuple[Link, ...]
    model: Model
    because: str
    gaps: int
    planned: int
    inferred: int
    demonstrated: int
    crossings: int

    @property
    def route(self) -> tuple[Iso3, ...]:
        """The countries of the sites in order, each crossing once."""
        return tuple(country for country, _ in groupby(link.country for link in self.links if link.country))


Partial = tuple[Link, ...]


def chains(
    mineral: Mineral, firms: Mapping[str, Party], *, ends: Sequence[str] = (), limit: int = 5
) -> tuple[Chain, ...]:
    """The best chains of each model to one of ``ends`` (by default the last forms), those with the least missing first.

    ``firms`` are those on file by id; a handling of a firm that is not among them is passed over.
    """
    best: dict[Model, list[Chain]] = defaultdict(list)
    search = _Search(mineral, firms)
    for end in ends or mineral.ends:
        for links in search.to(end):
            chain = _chain(links)
            best[chain.model].append(chain)
    found = [chain for held in best.values() for chain in nsmallest(limit, held, key=_order)]
    return tuple(sorted(found, key=_order))


class _Search:
    """Chains by dynamic programming over the forms: of all that end in a form alike, the best are kept."""

    def __init__(self, mineral: Mineral, firms: Mapping[str, Party]) -> None:
        self._mineral, self._firms = mineral, firms
        self._known: dict[str, list[Partial]] = {}

    def to(self, form: str) -> list[Partial]:
        """Partial chains that end with the form."""
        if form not in self._known:
            self._known[form] = self._kept(self._extended(self._mineral.form(form)))
        return self._known[form]

    def _extended(self, form: Form) -> Iterator[Partial]:
        for handling in self._mineral.handlings:
            party = self._firms.get(handling.firm)
            if party is not None and form.form in handling.gives:
                link = _link(form, handling, party)
                inputs = [name for name in form.made_from if not handling.takes or name in handling.takes]
                for before in self._before(form, inputs):
                    yield (*before, link)
        for before in self._before(form, form.made_from):
            # Of two gaps in a row nothing is known, so the second says nothing.
            if not before or before[-1].firm is not None:
                yield (*before, _gap(form))

    def _before(self, form: Form, inputs: Sequence[str]) -> Iterator[Partial]:
        if not form.made_from:
            yield ()
        for name in inputs:
            yield from self.to(name)

    @staticmethod
    def _kept(partials: Iterator[Partial]) -> list[Partial]:
        alike: dict[object, list[Partial]] = defaultdict(list)
        for partial in partials:
            midstream = frozenset(link.country for link in partial if link.stage in MIDSTREAM)
            alike[partial[0].country, midstream, partial[-1].country].append(partial)
        return [kept for held in alike.values() for kept in nsmallest(KEPT, held, key=_weighed)]


def _link(form: Form, handling: Handling, party: Party) -> Link:
    return Link(
        form=form.form,
        stage=form.stage,
        firm=party,
        site=handling.site,
        country=handling.country,
        state=handling.state,
        basis=handling.basis,
        note=handling.note,
        handling=handling,
        missing=None,
    )


def _gap(form: Form) -> Link:
    return Link(form.form, form.stage, None, None, None, "missing", "unknown", None, None, form.maker)


def _counts(links: Partial) -> tuple[int, int, int, int, int]:
    countries = [country for country, _ in groupby(link.country for link in links if link.country)]
    return (
        sum(link.firm is None for link in links),
        sum(link.state in ("planned", "idle") for link in links),
        sum(link.basis == "inferred" for link in links),
        sum(link.state == "demonstrated" for link in links),
        max(0, len(countries) - 1),
    )


def _weighed(links: Partial) -> tuple[object, ...]:
    return _counts(links), len(links), tuple("" if link.firm is None else link.firm.id for link in links)


def _order(chain: Chain) -> tuple[object, ...]:
    joint = {"CAN", "IND"} <= set(chain.route) or {"CAN", "IND"} <= {k.firm.country for k in chain.links if k.firm}
    return (*_counts(chain.links)[:1], not joint, *_weighed(chain.links))


def _chain(links: Partial) -> Chain:
    model, because = _model(links)
    return Chain(links, model, because, *_counts(links))


def _model(links: Partial) -> tuple[Model, str]:
    """Which model a chain follows, read from where it is fed, worked up and used."""
    first = next((link for link in links if link.country), None)
    worked = [link.country for link in links if link.stage in MIDSTREAM and link.country]
    used = next((link.country for link in reversed(links) if link.country), None)
    everywhere = {link.country for link in links if link.country}
    if first is None:
        return Model.OTHER, "No firm on file takes any step."
    if len(everywhere) == 1:
        return Model.ONE_COUNTRY, f"Every step on record is in {first.country}."
    if "CAN" in worked and used == "IND":
        return (
            Model.INVESTMENT_IN,
            "Worked up in Canada and used in India: the report's model of Indian investment in Canadian refining.",
        )
    if first.country == "CAN" and "IND" in worked:
        return (
            Model.CONCENTRATE_OUT,
            "Canadian feed is worked up in India: the report's model of concentrate supplied for processing.",
        )
    if first.country == "IND" and "CAN" in worked:
        return Model.INDIAN_FEED, "Indian feed is worked up in Canada: the report's first model the other way round."
    return Model.OTHER, f"Fed from {first.country}, used in {used}; neither of the report's two models."
