"""The audit log, for those who may read it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from app import audit_reading
from app.api.doors import CallerDep, SessionDep
from app.audit_reading import Verified
from app.chain import Event

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


class EventPage(BaseModel):
    """Events in order, and the number to continue after; none at the end."""

    events: list[Event]
    next_after: int | None


@router.get("/events")
def list_events(
    session: SessionDep,
    caller: CallerDep,
    after: Annotated[int, Query(ge=0, le=2**53 - 1, description="Continue after this event.")] = 0,
    action: Annotated[str, Query(max_length=60, description="For example `hit.decided`.")] = "",
    subject: Annotated[str, Query(max_length=300, description="Kind and id: `firm:kraken-robotics-inc`.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> EventPage:
    """Events in order. Firms and persons are named by a hash of their id, and found by the id itself."""
    page, next_after = audit_reading.read(session, caller, after, action or None, subject or None, limit)
    return EventPage(events=page, next_after=next_after)


@router.get("/verification")
def verify_log(
    session: SessionDep,
    caller: CallerDep,
    anchor: Annotated[
        str, Query(max_length=90, description="A head kept elsewhere, as `SEQ:HASH`, to find a log that was cut.")
    ] = "",
) -> Verified:
    """Whether the log is as it was written; if not, the first bad event and what is wrong with it."""
    return audit_reading.verify(session, caller, anchor or None)
