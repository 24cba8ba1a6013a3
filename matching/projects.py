"""A lighthouse project as a template: the seats a team must fill, and under which quotas.

A template is data (``seeds/projects``): its seats with what each holder must offer, quotas by country, the market, the
deadline and the volume.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from matching.profile import Frozen, Iso3, Label, Role, Share, Source, Text
from matching.taxonomy import Taxonomy, TaxonomyError

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Count = Annotated[int, Field(ge=0, le=20)]


class CertificateAsked(Frozen):
    """A certificate that a seat asks for. Without one on record the answer is open, unless it ``must`` be on record."""

    code: Label
    known_as: tuple[Label, ...] = ()
    """Other spellings under which a profile may state it."""
    must: bool = False


class Output(Frozen):
    """What the holder must turn out; compared with a stated capacity of the same unit and period."""

    quantity: float = Field(gt=0)
    unit: Label
    per: Literal["day", "month", "year", "at a time"] = "year"


class Ground(Frozen):
    """The site that the work needs: its kind, and the largest hull it must take."""

    kinds: tuple[Literal["lab", "mine", "office", "plant", "refinery", "shipyard", "test_range"], ...] = Field(
        min_length=1
    )
    hull_dwt: float | None = Field(default=None, gt=0)
    hull_m: float | None = Field(default=None, gt=0)

    def asks(self) -> Iterator[str]:
        """What is asked of the site, in plain words."""
        yield "with a " + " or ".join(kind.replace("_", " ") for kind in self.kinds)
        for size, unit in ((self.hull_dwt, "DWT"), (self.hull_m, "m")):
            if size is not None:
                yield f"for hulls of {size:,.0f} {unit}"


class Seat(Frozen):
    """One role in a project and what its holder must offer."""

    role: Slug
    title: Label
    offers: Text
    """The capability sought, in one or two sentences: the text that is compared with the firms' offers."""
    sectors: tuple[str, ...] = Field(min_length=1, max_length=3)
    """An offer counts when it stands in one of these sectors or below one of them."""
    terms: tuple[Label, ...] = ()
    """At least one of these must stand in the offer, word stem by word stem; empty: the sector is enough."""
    countries: tuple[Iso3, ...] = ()
    """Where the holder must be; empty: anywhere."""
    kinds: tuple[Role, ...] = ()
    """What kind of firm the holder must be (one of these); empty: any."""
    trl_at_least: int | None = Field(default=None, ge=1, le=9)
    mrl_at_least: int | None = Field(default=None, ge=1, le=10)
    proven: bool = False
    """Whether that readiness must be on record; else an unknown one is a question."""
    ground: Ground | None = None
    certificates: tuple[CertificateAsked, ...] = ()
    output: Output | None = None
    mineral: Slug | None = None
    """A mineral that the holder must handle, by the facts of ``seeds/minerals``."""
    forms: tuple[Label, ...] = ()
    """With ``mineral``: the forms of it that the holder must give (one of these); empty: any."""
    no_us_owner: bool = False
    """No holder with a US parent or US venture capital on record (a design-out of US control)."""
    share_pct: Share
    """Estimated share of the contract's value, for content thresholds."""
    optional: bool = False
    delivers_to: Slug | None = None
    """The role that receives this seat's work; None: the market."""
    apart_from: tuple[Slug, ...] = ()
    """Roles that the same corporate group must not hold beside this one."""

    def asks(self) -> tuple[str, ...]:
        """What is asked of the holder besides the capability, in plain words."""
        return tuple(self._asks())

    def _asks(self) -> Iterator[str]:
        if self.countries:
            yield f"in {' or '.join(self.countries)}"
        if self.kinds:
            yield " or ".join(self.kinds)
        for scale, figure in (("TRL", self.trl_at_least), ("MRL", self.mrl_at_least)):
            if figure is not None:
                yield f"{scale} {figure} or more" + (" on record" if self.proven else "")
        if self.ground is not None:
            yield from self.ground.asks()
        if self.output is not None:
            yield f"turning out {self.output.quantity:g} {self.output.unit} ({self.output.per})"
        if self.mineral is not None:
            yield "giving " + (" or ".join(self.forms) or self.mineral)
        if self.no_us_owner:
            yield "without a US owner"
        yield from (
            f"with {wanted.code} on record" if wanted.must else f"with {wanted.code}" for wanted in self.certificates
        )


class Quota(Frozen):
    """How much of the team, and of the contract's value, a country must have."""

    country: Iso3
    firms_at_least: Count = 1
    share_at_least_pct: Share | None = None
    because: Text
    """The procurement route or wish behind it."""


class Project(Frozen):
    """A template: what would be built, for whom, by when, and the seats of the team."""

    id: Slug
    title: Label
    title_fr: Label
    summary: Text
    markets: tuple[Iso3, ...] = Field(min_length=1)
    """Markets the report or a public demand names; the project may be composed for others."""
    deadline: date
    volume: Label
    arms: bool | None = None
    """Whether what is delivered is arms and related material; None: not known."""
    arms_because: Text
    route: Text
    """The procurement route and its content threshold, with source."""
    quotas: tuple[Quota, ...] = Field(min_length=1)
    seats_per_firm: int = Field(default=1, ge=1, le=5)
    seats_per_group: int = Field(default=2, ge=1, le=10)
    seats: tuple[Seat, ...] = Field(min_length=2, max_length=20)
    as_of: date
    estimates: Text
    """Which figures of the template are estimates, and from what."""
    sources: tuple[Source, ...] = Field(min_length=1)

    def downstream(self, seat: int) -> tuple[int, ...]:
        """Positions of the seats that a seat's work goes through, nearest first, before it reaches the market."""
        place = {held.role: i for i, held in enumerate(self.seats)}
        found: list[int] = []
        following = self.seats[seat].delivers_to
        while following is not None:
            found.append(place[following])
            following = self.seats[found[-1]].delivers_to
        return tuple(found)


Place = tuple[int | str, ...]
"""Path of a value inside a template, as pydantic's ``loc``."""

DEEPEST = 4
"""Seats one behind the other before the market; deeper trees belong in several projects."""


def faults(project: Project, taxonomy: Taxonomy, minerals: Mapping[str, Sequence[str]]) -> Iterator[tuple[Place, str]]:
    """What in a template cannot be, each with its path: unknown sectors, roles, minerals; circles; impossible quotas.

    ``minerals`` gives the forms of each mineral held.
    """
    yield from _faults_of_roles(project)
    for i, seat in enumerate(project.seats):
        for j, code in enumerate(seat.sectors):
            try:
                taxonomy.sector(code)
            except TaxonomyError as problem:
                yield ("seats", i, "sectors", j), str(problem)
        if seat.mineral is not None and seat.mineral not in minerals:
            yield ("seats", i, "mineral"), f"no mineral {seat.mineral!r} is held; held are {', '.join(minerals)}"
        for j, form in enumerate(seat.forms):
            if seat.mineral is None or form not in minerals.get(seat.mineral, ()):
                known = ", ".join(minerals.get(seat.mineral or "", ())) or "none, for lack of a mineral"
                yield ("seats", i, "forms", j), f"{form!r} is no form of {seat.mineral}; its forms are {known}"
    yield from _faults_of_quotas(project)


def _faults_of_roles(project: Project) -> Iterator[tuple[Place, str]]:
    roles = [seat.role for seat in project.seats]
    for i, seat in enumerate(project.seats):
        if roles.index(seat.role) < i:
            yield ("seats", i, "role"), f"the role {seat.role!r} stands twice; expected each once"
        if seat.delivers_to is not None and seat.delivers_to not in roles:
            yield ("seats", i, "delivers_to"), f"unknown role {seat.delivers_to!r}; the roles are {', '.join(roles)}"
        for j, other in enumerate(seat.apart_from):
            if other not in roles:
                yield ("seats", i, "apart_from", j), f"unknown role {other!r}; the roles are {', '.join(roles)}"
    following = {seat.role: seat.delivers_to for seat in project.seats}
    for i, seat in enumerate(project.seats):
        chain = [seat.role]
        while (then := following.get(chain[-1])) is not None and then not in chain:
            chain.append(then)
        if then is not None:
            yield ("seats", i, "delivers_to"), f"the work goes in a circle: {' → '.join([*chain, then])}"
        elif len(chain) > DEEPEST:
            yield ("seats", i, "delivers_to"), f"{' → '.join(chain)}: at most {DEEPEST} seats one behind the other"


def _faults_of_quotas(project: Project) -> Iterator[tuple[Place, str]]:
    named = Counter(quota.country for quota in project.quotas)
    most = len(project.seats) * project.seats_per_firm
    whole = sum(seat.share_pct for seat in project.seats)
    if abs(whole - 100) > 0.5:
        yield ("seats",), f"the shares of the seats add up to {whole:g} %; expected 100 %"
    for i, quota in enumerate(project.quotas):
        if named[quota.country] > 1:
            yield ("quotas", i, "country"), f"{quota.country} has more than one quota; expected one"
        open_to = [s for s in project.seats if not s.countries or quota.country in s.countries]
        if quota.firms_at_least > len(open_to):
            yield (
                ("quotas", i, "firms_at_least"),
                f"an impossible quota: {quota.firms_at_least} firms of {quota.country} for {len(open_to)} open seats",
            )
        reachable = sum(seat.share_pct for seat in open_to)
        if quota.share_at_least_pct is not None and quota.share_at_least_pct > reachable + 1e-9:
            yield (
                ("quotas", i, "share_at_least_pct"),
                f"an impossible quota: {quota.share_at_least_pct:g} %, and its seats have {reachable:g} %",
            )
    if sum(quota.firms_at_least for quota in project.quotas) > most:
        yield ("quotas",), f"an impossible quota: more firms are asked for than the {most} that the seats can hold"
    shares = [quota.share_at_least_pct or 0 for quota in project.quotas]
    if sum(shares) > 100:
        yield ("quotas",), f"an impossible quota: the countries' shares add up to {sum(shares):g} %"
