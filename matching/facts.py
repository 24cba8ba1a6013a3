"""The facts a pathway is traced from: item, route, consignee, end user, service, parties, day.

The layout is that of the golden cases (``facts``): null or absent is unknown, an empty list is none.
Everything is frozen and hashable, so that a pathway can be kept per facts and rulebook.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from matching.profile import Frozen, Iso3, Label, Share


def _entry_of(regime: str, shape: str, looks_like: str) -> AfterValidator:
    """An entry must have its regime's shape: one that no rule could match would pass in silence."""
    pattern = re.compile(shape, re.IGNORECASE)

    def check(entry: str) -> str:
        if not pattern.fullmatch(entry):
            raise ValueError(f"{entry!r} is not an entry of {regime}, which look like {looks_like}")
        return entry

    return AfterValidator(check)


def _one_as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _origin_of_direct_product(entry: str) -> str:
    if not re.search(r"600|9x?515|NS|[0-9][DE][0-9]{3}", entry, re.IGNORECASE):
        raise ValueError(f"{entry!r} names no US technology: say 600-series, 9x515, NS or an ECCN like 3E611")
    return entry


Ecl = Annotated[
    Label,
    _entry_of(
        "the Export Control List (Group 8 is repealed)",
        r"(group-)?[1-79]|[1-79]-.*|5-?(400|401|50[1-6])\b.*",
        "2-10.c, 1-6.A.3 or 5504(2)(i)",
    ),
]
Usml = Annotated[Label, _entry_of("the USML", r"(cat(egory)?\.? )?[IVX]+\b.*", "VIII or XII(c)")]
Eccn = Annotated[Label, _entry_of("the Commerce Control List", r"[0-9][A-E][0-9x]{3}\b.*", "8A609.x")]
Scomet = Annotated[Label, _entry_of("SCOMET", r"(cat(egory)?\.? )?[0-8]([A-E(. ].*)?", "6A010, 5B or 8A5 Part 2")]
ListCode = Annotated[Label, AfterValidator(str.upper)]
UsTechnology = Annotated[Label, AfterValidator(_origin_of_direct_product)]
DirectProduct = Annotated[bool | tuple[UsTechnology, ...], BeforeValidator(_one_as_tuple)]


class Owner(Frozen):
    """Who owns a share of a party, and the denied-party lists that owner stands on."""

    name: str | None = None
    share_pct: Share | None = None
    lists: tuple[ListCode, ...] | None = None


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

    def known(self) -> dict[str, object]:
        """Every fact by its path, so that tests and conclusions read one flat table."""
        table: dict[str, object] = {f"item.{k}": v for k, v in self.item}
        table |= {f"consignee_in_india.{k}": v for k, v in self.consignee_in_india}
        table |= {f"end_user.{k}": v for k, v in self.end_user}
        table["service_in"] = self.service_in
        if isinstance(self.item.uav, Uav):
            table |= {f"item.{k}": v for k, v in self.item.uav if k != "civil" and v is not None}
            table["item.uav"] = True
            if self.item.uav.civil is not None and self.item.end_use is None:
                table["item.end_use"] = "civil" if self.item.uav.civil else "military"
        return table
