"""The facts a pathway is traced from: item, route, consignee, end user, service, parties, day.

The layout is that of the golden cases (``facts``): null or absent is unknown, an empty list is none.
Everything is frozen and hashable, so that a pathway can be kept per facts and rulebook.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from matching.profile import Component, Frozen, Iso3, Label, Regime, Share, check_entry


def _entry_of(regime: Regime) -> AfterValidator:
    return AfterValidator(lambda entry: check_entry(regime, entry))


def _one_as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _origin_of_direct_product(entry: str) -> str:
    if not re.search(r"600|9x?515|NS|[0-9][DE][0-9]{3}", entry, re.IGNORECASE):
        raise ValueError(f"{entry!r} names no US technology: say 600-series, 9x515, NS or an ECCN like 3E611")
    return entry


Ecl = Annotated[Label, _entry_of(Regime.ECL)]
Usml = Annotated[Label, _entry_of(Regime.USML)]
Eccn = Annotated[Label, _entry_of(Regime.ECCN)]
Scomet = Annotated[Label, _entry_of(Regime.SCOMET)]
ListCode = Annotated[Label, AfterValidator(str.upper)]
UsTechnology = Annotated[Label, AfterValidator(_origin_of_direct_product)]
DirectProduct = Annotated[bool | tuple[UsTechnology, ...], BeforeValidator(_one_as_tuple)]


class Owner(Frozen):
    """Who owns a share of a party, the denied-party lists that owner stands on, and who owns it in turn."""

    name: str | None = None
    share_pct: Share | None = None
    lists: tuple[ListCode, ...] | None = None
    owners: tuple[Owner, ...] = ()
    """Owners of the owner, as far as they are told; whoever is told further up need not be told to be all."""


class Party(Frozen):
    """Someone in the deal: the lists it stands on and its owners (None: not looked, empty: none)."""

    name: str | None = None
    country: Iso3 | None = None
    role: str | None = None
    lists: tuple[ListCode, ...] | None = None
    owners: tuple[Owner, ...] | None = None


class Uav(Frozen):
    """What is told of an unmanned aircraft."""

    range_km: float | None = Field(default=None, ge=0)
    payload_kg: float | None = Field(default=None, ge=0)
    civil: bool | None = None


class Item(Frozen):
    """The goods, technology or software that would cross borders, as its maker describes it."""

    name: str | None = None
    kind: Literal["goods", "technology", "software"] | None = None
    ecl: tuple[Ecl, ...] | None = None
    usml: tuple[Usml, ...] | None = None
    eccn: tuple[Eccn, ...] | None = None
    ear99: bool | None = None
    scomet: tuple[Scomet, ...] | None = None
    controlled_good: bool | None = None
    arms: bool | None = None
    prohibited_firearm: bool | None = None
    itar_content: bool | None = None
    us_content_pct: Share | None = None
    us_600_series_content: bool | None = None
    us_direct_product: DirectProduct | None = None
    """Direct product of US technology or software: yes, no, or of which (``600-series``, ``3E611``)."""
    reasons_for_control: tuple[Label, ...] | None = None
    technical_data: bool | None = None
    gep41_excluded: bool | None = None
    unscr_2111_annex: bool | None = None
    components: tuple[Component, ...] = ()
    """Parts that bring a regime with them, each with what is known of it."""
    components_complete: bool = False
    """Whether every part of US origin or on a control list is named among the components."""
    us_parent_or_us_vc: bool | None = None
    """Whether the maker has a US parent or US venture capital."""
    uav: bool | Uav | None = None
    range_km: float | None = Field(default=None, ge=0)
    payload_kg: float | None = Field(default=None, ge=0)
    end_use: Literal["civil", "military", "mixed"] | None = None
    parts_and_components: bool | None = None
    significant_military_equipment: bool | None = None
    classified_information: bool | None = None
    wmd_suspicion: bool | None = None
    us_thermal_camera: bool | None = None
    advanced_computing: bool | None = None
    supercomputer: bool | None = None
    semiconductor_equipment: bool | None = None
    ai_model_weights: bool | None = None


class Consignee(Frozen):
    """The firm in India that receives the item."""

    government: bool | None = None
    controlled_by: Iso3 | None = None


class EndUser(Frozen):
    """Who would use the item in the market."""

    government: bool | None = None
    substantial_risk: bool | None = None
    """A person has found a substantial risk of the harms of EIPA s.7.3(1); the service never does."""


class Facts(Frozen):
    """All that a pathway is traced from. None or absent is unknown; an empty list is none."""

    on: date
    item: Item = Item()
    route: tuple[Iso3, ...] = Field(min_length=2, max_length=12)
    consignee_in_india: Consignee = Consignee()
    end_user: EndUser = EndUser()
    service_in: Iso3 | None = None
    parties: tuple[Party, ...] | None = None

    @field_validator("item", "consignee_in_india", "end_user", mode="before")
    @classmethod
    def _nothing_told(cls, value: object) -> object:
        return {} if value is None else value

    @field_validator("route")
    @classmethod
    def _crosses_borders(cls, route: tuple[str, ...]) -> tuple[str, ...]:
        for start, to in pairwise(route):
            if start == to:
                raise ValueError(f"the route stays in {start}: each step crosses a border")
        return route

    @model_validator(mode="after")
    def _ownership_runs_one_way(self) -> Self:
        if circle := _circle(self.parties or ()):
            raise ValueError(
                f"circular ownership: {' is owned by '.join(circle)}; give each owner once, from the party upwards"
            )
        return self

    def known(self) -> dict[str, object]:
        """Every fact by its path, so that tests and conclusions read one flat table."""
        table: dict[str, object] = {f"item.{k}": v for k, v in self.item}
        table |= _told_by(self.item)
        table |= {f"consignee_in_india.{k}": v for k, v in self.consignee_in_india}
        table |= {f"end_user.{k}": v for k, v in self.end_user}
        table["service_in"] = self.service_in
        if isinstance(self.item.uav, Uav):
            table |= {f"item.{k}": v for k, v in self.item.uav if k != "civil" and v is not None}
            table["item.uav"] = True
            if self.item.uav.civil is not None and self.item.end_use is None:
                table["item.end_use"] = "civil" if self.item.uav.civil else "military"
        return table


def _told_by(item: Item) -> dict[str, object]:
    """What the components tell of the item; a complete list of them tells its US content, if nobody has.

    Where what is told of the whole falls short of a named part, the part is believed: such a fact counts as not told,
    and is concluded from the parts.
    """
    if not (item.components or item.components_complete):
        return dict.fromkeys(COMPONENT_FACTS)
    american = [c for c in item.components if c.us_origin]
    share = sum(c.share_pct or 0 for c in american)
    told: dict[str, object] = {
        "item.component_usml": tuple(e for c in item.components for e in c.entries(Regime.USML)),
        "item.component_us_eccn": tuple(e for c in american for e in c.entries(Regime.ECCN)),
        "item.component_us_pct": min(share, 100.0),
    }
    summed = all(c.us_origin is False or (c.us_origin and c.share_pct is not None) for c in item.components)
    if (item.us_content_pct is None and item.components_complete and summed) or (
        item.us_content_pct is not None and item.us_content_pct < share
    ):
        told["item.us_content_pct"] = min(share, 100.0)
    if item.itar_content is False and told["item.component_usml"]:
        told["item.itar_content"] = None
    return told


COMPONENT_FACTS = ("item.component_usml", "item.component_us_eccn", "item.component_us_pct")
"""Facts that no one tells: they are read from the components."""


def _circle(parties: tuple[Party, ...]) -> tuple[str, ...]:
    """Names that own one another in a circle, the first again at the end; empty if none do."""
    owned_by: dict[str, dict[str, str]] = {}

    def gather(name: str | None, owners: tuple[Owner, ...]) -> None:
        for owner in owners:
            if name and owner.name:
                owned_by.setdefault(_plain(name), {})[_plain(owner.name)] = owner.name
            gather(owner.name, owner.owners)

    for party in parties:
        gather(party.name, party.owners or ())

    def climb(way: tuple[str, ...]) -> tuple[str, ...]:
        for key, name in owned_by.get(_plain(way[-1]), {}).items():
            if key in map(_plain, way):
                start = [_plain(step) for step in way].index(key)
                return (*way[start:], name)
            if found := climb((*way, name)):
                return found
        return ()

    names = {_plain(party.name): party.name for party in parties if party.name}
    return next((circle for name in names.values() if (circle := climb((name,)))), ())


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
