"""Read what the service knows: markets with their demands, sectors, signals with their weights."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from app.api.doors import CallerDep, HouseDep
from matching.literacy import Certificate, Term
from matching.profile import Market
from matching.ranking import SIGNALS, WEIGHTS, WEIGHTS_OF_DEMAND

router = APIRouter(prefix="/api/v1", tags=["reference"])


class SectorLine(BaseModel):
    """A sector of the taxonomy."""

    code: str
    name_en: str
    name_fr: str
    stage: str
    naics: list[str]


class SignalLine(BaseModel):
    """A reason to pair and its weights."""

    name: str
    says: str
    weight: float
    weight_of_demand: float


@router.get("/markets")
def list_markets(caller: CallerDep, house: HouseDep) -> list[Market]:
    """All markets held, with their dated and sourced demands."""
    return list(house.knowledge.markets.values())


@router.get("/markets/{market}")
def read_market(market: str, caller: CallerDep, house: HouseDep) -> Market:
    """One market by ISO 3166-1 alpha-3 code or name."""
    return house.knowledge.market(market)


@router.get("/sectors")
def list_sectors(caller: CallerDep, house: HouseDep) -> list[SectorLine]:
    """The sector taxonomy."""
    sectors = map(house.knowledge.taxonomy.sector, house.knowledge.taxonomy.codes)
    return [
        SectorLine(code=s.code, name_en=s.name_en, name_fr=s.name_fr, stage=s.stage, naics=list(s.naics))
        for s in sectors
    ]


@router.get("/glossary")
def read_glossary(caller: CallerDep, house: HouseDep) -> list[Term]:
    """Words of procurement and export control in both countries, explained in English and French with their sources."""
    return list(house.knowledge.literacy.terms)


@router.get("/certificates")
def list_certificates(caller: CallerDep, house: HouseDep) -> list[Certificate]:
    """Certificates, approvals and codes that buyers ask for, and when they are shown beside a match."""
    return list(house.knowledge.literacy.certificates)


@router.get("/signals")
def list_signals(caller: CallerDep) -> list[SignalLine]:
    """The reasons to pair, in the words of their own definitions, with their standing weights."""
    return [
        SignalLine(
            name=name,
            says=(signal.__doc__ or "").splitlines()[0],
            weight=WEIGHTS[name],
            weight_of_demand=WEIGHTS_OF_DEMAND[name],
        )
        for name, signal in SIGNALS.items()
    ]
