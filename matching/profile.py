"""What is known of a firm or a market: Profile, Statement, Readiness, Classification, Market, Demand.

These shapes are frozen and strict (an unknown key is an error), because they are parsed from sheets,
seed files and requests, and their errors must name the field. The same shapes are the stored document,
the engine's input and the API's body. A blank means unknown, never "no" and never zero.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Iso3 = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 3166-1 alpha-3 country code."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]

Share = Annotated[float, Field(ge=0, le=100)]
"""A percentage, 0 to 100."""


class Frozen(BaseModel):
    """Base of every parsed shape: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Frozen):
    """Where a fact was read: address (None where it was not kept), what it supports, when it was published or read."""

    url: Label | None = None
    what: str | None = None
    dated: str | None = None


class Readiness(Frozen):
    """TRL 1-9 (ISO 16290) and MRL 1-10 (US DoD MRL Deskbook), each a range; None is unknown."""

    trl_low: int | None = Field(default=None, ge=1, le=9)
    trl_high: int | None = Field(default=None, ge=1, le=9)
    mrl_low: int | None = Field(default=None, ge=1, le=10)
    mrl_high: int | None = Field(default=None, ge=1, le=10)
    basis: str | None = None
    """How the figures came about: the firm's word, or an estimate and from what."""

    @model_validator(mode="after")
    def _ranges_are_ordered(self) -> Self:
        for scale in ("trl", "mrl"):
            low, high = getattr(self, f"{scale}_low"), getattr(self, f"{scale}_high")
            if (low is None) != (high is None):
                raise ValueError(f"{scale}_low and {scale}_high are given together or not at all")
            if low is not None and low > high:
                raise ValueError(f"{scale}_low {low} is above {scale}_high {high}")
        return self


class Regime(StrEnum):
    """A control list under which goods or technology are classified."""

    ECL = "ECL"
    USML = "USML"
    ECCN = "ECCN"
    SCOMET = "SCOMET"


_USML = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI".split()

_SHAPES: Mapping[Regime, tuple[re.Pattern[str], str, str]] = {
    regime: (re.compile(shape, re.IGNORECASE), name, like)
    for regime, shape, name, like in (
        (
            Regime.ECL,
            r"(group-)?[1-79]|1-(x|[1-9])\b.*|2-(x|[1-9]|1[0-9]|2[0-2])\b.*|[3-79]-.*|5-?(400|401|50[1-6])\b.*",
            "the Export Control List (Group 8 is repealed)",
            "2-10.c, 1-6.A.3 or 5504(2)(i)",
        ),
        (Regime.USML, rf"(cat(egory)?\.? )?({'|'.join(reversed(_USML))})\b.*", "the USML", "VIII or XII(c)"),
        (Regime.ECCN, r"[0-9][A-E][0-9x]{3}\b.*", "the Commerce Control List", "8A609.x"),
        (
            Regime.SCOMET,
            r"(cat(egory)?\.? )?([0-57-8]([A-E(. ].*)?|6([B-E(. ].*|A(0(0[1-9]|1[0-9]|2[0-2]|xx).*)?)?)",
            "SCOMET",
            "6A010, 5B or 8A5 Part 2",
        ),
    )
}


def check_entry(regime: Regime, entry: str) -> str:
    """The entry, if it has its regime's shape: one that no rule could match would pass in silence.

    Raises ValueError; an entry that looks like another regime's is told as such.
    """
    shape, name, like = _SHAPES[regime]
    if shape.fullmatch(entry):
        return entry
    others = [other.value for other in Regime if other is not regime and _SHAPES[other][0].fullmatch(entry)]
    hint = f"; it looks like one of {' or '.join(others)}" if others else ""
    raise ValueError(f"{entry!r} is not an entry of {name}, which look like {like}{hint}")


class Classification(Frozen):
    """One entry of one control list, and who says so.

    ``declared`` by the firm; ``suggested`` by the service and never relied on without a person's word.
    """

    regime: Regime
    entry: Label
    standing: Literal["declared", "suggested"] = "declared"

    @model_validator(mode="after")
    def _is_of_its_regime(self) -> Self:
        check_entry(self.regime, self.entry)
        return self


class Component(Frozen):
    """A part of a product that brings an export-control regime with it, and where that was read."""

    name: Label
    classifications: tuple[Classification, ...] = ()
    """What is declared of the part itself; a suggestion is nobody's word and is not used."""
    us_origin: bool | None = None
    share_pct: Share | None = None
    """Share of the product's value, per cent."""
    source: Source | None = None

    def entries(self, regime: Regime) -> tuple[str, ...]:
        """Declared entries of one regime."""
        return tuple(c.entry for c in self.classifications if c.regime is regime and c.standing == "declared")


class Capacity(Frozen):
    """A public figure of what a firm turns out: quantity of unit per period."""

    what: Label
    quantity: float = Field(gt=0)
    unit: Label
    per: Literal["day", "month", "year", "at a time"] = "year"


Release = Literal["public", "matchable", "restricted"]
"""What the firm lets others do with a statement: read it; be matched by it, unread; or neither, without its grant."""


class Statement(Frozen):
    """One thing a firm offers or seeks, in one or two sentences; the unit that is embedded."""

    side: Literal["offers", "seeks"]
    text: Text
    title: Label | None = None
    basis: Literal["stated", "inferred"] = "stated"
    """``stated`` was said by or published of the firm; ``inferred`` was concluded by the service."""
    met_by: Literal["firm", "buyer", "other"] = "firm"
    """Who could meet a need: a partner firm; a buyer (orders, sales); or neither (capital, permits, a place)."""
    sectors: tuple[str, ...] = ()
    """Codes of our taxonomy, most specific first; empty: the firm's own sectors apply."""
    readiness: Readiness = Readiness()
    classifications: tuple[Classification, ...] = ()
    components: tuple[Component, ...] = ()
    """Parts that bring a regime with them."""
    components_complete: bool = False
    """Whether every part of US origin or on a control list is named among the components."""
    arms: bool | None = None
    """Is this arms and related material (by description, not by list)? None: not known."""
    capacities: tuple[Capacity, ...] = ()
    dated: str | None = None
    release: Release = "public"


class Contact(Frozen):
    """How a firm is reached; a role's mailbox rather than a person's, where there is one."""

    name: Label | None = None
    role: Label | None = None
    email: Label | None = None
    phone: Label | None = None


class Site(Frozen):
    """A place where a firm works, with the public facts that decide what fits there."""

    name: Label
    kind: Literal["lab", "mine", "office", "plant", "refinery", "shipyard", "test_range"]
    city: str | None = None
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    largest_hull_dwt: float | None = Field(default=None, gt=0)
    """Deadweight tonnes of the largest hull the site is reported to build or dock."""
    longest_hull_m: float | None = Field(default=None, gt=0)


class Exposure(Frozen):
    """What in a firm touches an export-control regime, beyond the classifications of its statements."""

    us_parent_or_us_vc: bool | None = None
    us_parent_or_us_vc_source: str | None = None
    us_content_pct: Share | None = None
    """US-origin content by value, per cent."""
    itar_content: bool | None = None
    us_600_series_content: bool | None = None
    us_direct_product: bool | tuple[Label, ...] | None = None
    """Direct product of US technology or software: yes, no, or of which (``600-series``, ``3E611``)."""
    controlled_goods_registered: bool | None = None
    """Registered in Canada's Controlled Goods Program (Defence Production Act, Part 2)."""
    sources: tuple[Source, ...] = ()
    """Where these facts were read; ``what`` says which of them."""
    notes: str | None = None


class Identifier(Frozen):
    """A number under which a register knows a firm; it is text, and leading zeros count."""

    scheme: Literal["BN", "CIN", "GSTIN", "LEI", "NCAGE"]
    """Canada's business number, India's corporate and tax numbers, the legal entity identifier, the NATO code."""
    value: Label


Role = Literal["innovator", "manufacturer", "integrator", "processor", "mro", "miner", "explorer", "shipyard"]
Ownership = Literal["private", "listed", "startup", "subsidiary", "crown", "dpsu"]
EmployeesBand = Literal["1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5000+", "10000+"]


class Profile(Frozen):
    """What a firm says of itself, or what is said of it in public, at a moment."""

    name: Label
    country: Iso3
    aliases: tuple[Label, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    city: str | None = None
    region: str | None = None
    """Province (Canada) or state (India)."""
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    website: str | None = None
    founded: int | None = Field(default=None, ge=1600, le=2100)
    employees_band: EmployeesBand | None = None
    ownership: Ownership | None = None
    parent: str | None = None
    roles: tuple[Role, ...] = ()
    sectors: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = Field(min_length=1)
    sites: tuple[Site, ...] = ()
    certifications: tuple[Label, ...] = ()
    export_markets: tuple[Iso3, ...] = ()
    """Countries with a publicly reported order or delivery; empty is unknown."""
    export_notes: str | None = None
    languages: tuple[str, ...] = ()
    summary_fr: str | None = None
    exposure: Exposure = Exposure()
    contacts: tuple[Contact, ...] = ()
    """They pass only with an introduction to which both sides agree; nothing is matched by them."""
    provenance: Literal["firm", "public_sources", "request"] = "firm"
    """Who speaks: the firm (through its association), public sources, or a request's free text."""
    confidence: Literal["sourced", "partly", "memory"] | None = None
    unchecked_fields: tuple[str, ...] = ()
    """Fields filled from general knowledge and not checked against a source."""
    inferred_fields: tuple[str, ...] = ()
    """Fields that the service concluded by itself, such as the sectors of a brief; they are shown as inferred."""
    reviewer_notes: tuple[str, ...] = ()
    """Open questions for the compliance reviewer, each with its source; no verdict rests on them."""
    sources: tuple[Source, ...] = ()

    @field_validator("statements")
    @classmethod
    def _says_each_thing_once(cls, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        seen = set()
        for statement in statements:
            key = (statement.side, statement.text)
            if key in seen:
                raise ValueError(f"the same statement stands twice: {statement.text[:60]!r}")
            seen.add(key)
        return statements

    @property
    def offers(self) -> tuple[Statement, ...]:
        """Capabilities: statements of what the firm offers."""
        return tuple(s for s in self.statements if s.side == "offers")

    @property
    def seeks(self) -> tuple[Statement, ...]:
        """Needs: statements of what the firm seeks."""
        return tuple(s for s in self.statements if s.side == "seeks")


class Demand(Frozen):
    """A dated, sourced statement of what a market seeks."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    text: Text
    text_fr: Text | None = None
    sectors: tuple[str, ...] = Field(min_length=1)
    quantity: str | None = None
    certifications: tuple[Label, ...] = ()
    """Codes of certifications the buyer is reported to ask for."""
    dated: str
    """ISO date (or year, or year and month) of the publication that states the demand."""
    until: str | None = None
    standing: Literal["reported", "inferred"] = "reported"
    """``reported`` by the source as sought; ``inferred`` from a policy or a gap the source describes."""
    sources: tuple[Source, ...] = Field(min_length=1)


class Market(Frozen):
    """A destination country: its names, region, memberships and Demands.

    Embargo and licensing facts are law and live in the rulebook's country tables, not here.
    """

    iso3: Iso3
    name: Label
    name_fr: Label
    region: Literal["Southeast Asia", "Africa", "Middle East"]
    memberships: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    demands: tuple[Demand, ...] = ()


def slug(name: str) -> str:
    """A readable id from a name: ``"Laflamme Aéro Inc."`` gives ``"laflamme-aero-inc"``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
