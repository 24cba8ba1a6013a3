"""Webhooks: be told when a firm has changed, or must confirm its profile."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from app import webhooks
from app.api.doors import BODY_LIMIT, CallerDep, HouseDep, NowDep, OnceDep, SessionDep
from app.webhooks import Delivery, Subscribed, Subscription

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"], max_body_size=BODY_LIMIT)

HookId = Annotated[int, Path(ge=1, le=2**31 - 1)]


class DeliveryPage(BaseModel):
    """Deliveries, the latest first, and the id to continue before; none at the end."""

    deliveries: list[Delivery]
    next_before: int | None


@router.post("", status_code=201)
def subscribe(
    wanted: Subscription, session: SessionDep, caller: CallerDep, house: HouseDep, at: NowDep, once: OnceDep
) -> Subscribed:
    """Make a webhook. Its secret is shown here only: every message is signed with it (Standard Webhooks)."""
    return once(lambda: webhooks.subscribe(session, caller, wanted, house.outbound, at))  # type: ignore[no-any-return]


@router.get("")
def list_webhooks(session: SessionDep, caller: CallerDep) -> list[Subscribed]:
    """Your webhooks that have not ended, in order of making, without their secrets."""
    return webhooks.subscriptions(session, caller)


@router.delete("/{hook_id}", status_code=204)
def unsubscribe(hook_id: HookId, session: SessionDep, caller: CallerDep, at: NowDep) -> None:
    """End a webhook of yours; what still waits is not sent."""
    webhooks.unsubscribe(session, caller, hook_id, at)


@router.get("/{hook_id}/deliveries")
def list_deliveries(
    hook_id: HookId,
    session: SessionDep,
    caller: CallerDep,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Continue before this delivery.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveryPage:
    """What was sent to a webhook of yours, the latest first: attempts, answers, and what is due when."""
    page, before_next = webhooks.deliveries(session, caller, hook_id, before, limit)
    return DeliveryPage(deliveries=page, next_before=before_next)
