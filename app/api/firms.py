"""Read the firms on file."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from app import firms
from app.api.doors import UNCHANGED, CallerDep, ReadDep, SessionDep
from app.firms import FirmRecord

router = APIRouter(prefix="/api/v1/firms", tags=["firms"])


class FirmLine(BaseModel):
    """A firm in a list."""

    id: str
    name: str
    country: str
    sectors: list[str]


class FirmPage(BaseModel):
    """Firms in order of id, and the id to continue after; none at the end."""

    firms: list[FirmLine]
    next_after: str | None


@router.get("")
def list_firms(
    session: SessionDep,
    caller: CallerDep,
    country: Annotated[Literal["CAN", "IND"] | None, Query()] = None,
    after: Annotated[str, Query(max_length=200, description="Continue after this firm id.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> FirmPage:
    """The visible firms, in order of id."""
    page, next_after = firms.list_firms(session, caller, country, after, limit)
    return FirmPage(
        firms=[
            FirmLine(id=f.id, name=f.profile.name, country=f.profile.country, sectors=list(f.profile.sectors))
            for f in page
        ],
        next_after=next_after,
    )


@router.get("/{name_or_id}", responses=UNCHANGED)
def read_firm(name_or_id: str, session: SessionDep, caller: CallerDep, tagged: ReadDep) -> FirmRecord:
    """One firm by id, name or alias, with what it has released; an unknown one is answered with near names."""
    return tagged(firms.read_firm(session, caller, name_or_id))  # type: ignore[no-any-return]
