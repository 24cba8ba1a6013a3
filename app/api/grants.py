"""Grant an account the restricted fields of a firm, and end that."""

from __future__ import annotations

from fastapi import APIRouter

from app import grants
from app.api.doors import BODY_LIMIT, CallerDep, NowDep, SessionDep
from app.grants import Granted, Granting

router = APIRouter(prefix="/api/v1/grants", tags=["grants"], max_body_size=BODY_LIMIT)


@router.post("", status_code=201)
def give_grant(granting: Granting, session: SessionDep, caller: CallerDep, at: NowDep) -> Granted:
    """Let an account read the restricted fields of a firm of one's own association until a day, under an agreement."""
    return grants.grant(session, caller, granting, at)


@router.get("")
def list_grants(session: SessionDep, caller: CallerDep, at: NowDep) -> list[Granted]:
    """The grants on one's association's firms and those one holds, live and ended; all of them for an auditor."""
    return grants.grants(session, caller, at)


@router.delete("/{grant_id}")
def revoke_grant(grant_id: int, session: SessionDep, caller: CallerDep, at: NowDep) -> Granted:
    """End a grant at once; it stays on record."""
    return grants.revoke(session, caller, grant_id, at)
