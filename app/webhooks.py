"""Webhooks: systems that are told when something of theirs has happened, signed after Standard Webhooks.

What is sent says what happened and to which record, and no more: whoever is told asks for the rest with their own key.
A delivery is a row written in the transaction of what it tells of; the `Courier` sends those that are due. There is no
queue: what is due is a WHERE clause, and what fails is due again later.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, get_args

import httpx
import orjson
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from standardwebhooks import Webhook as Signature

from app import access, audit
from app.db import transaction
from app.errors import AppError, Conflict, NotFound
from app.outbound import Outbound
from app.permissions import Permission
from app.system_models import Webhook, WebhookDelivery
from matching.profile import Frozen

Event = Literal["firm.changed", "firm.due", "firm.expired"]
"""``firm.changed``: what everyone may read of a firm is another; ``firm.due`` and ``firm.expired``: told to the firm's
association that its profile must be confirmed, or was not."""

BACKOFF = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""How long after each failed attempt the next is due; after the last it is given up."""

LEASE = timedelta(minutes=5)
"""How long a delivery that is being sent is left alone by others."""

MOST_HOOKS = 20
"""Of one account."""


class Subscription(Frozen):
    """What a system wants to be told, and where."""

    url: Annotated[str, Field(min_length=9, max_length=1000, description="https, of the public internet.")]
    events: Annotated[tuple[Event, ...], Field(min_length=1, max_length=20)]


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A webhook as its owner sees it; the secret only when it is made."""

    id: int
    url: str
    events: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook and what came of it."""

    id: int
    event: str
    created_at: datetime
    attempts: int
    due_at: datetime | None
    delivered_at: datetime | None
    gave_up_at: datetime | None
    last_status: int | None
    last_error: str | None


def subscribe(
    session: Session, caller: access.Caller, wanted: Subscription, outbound: Outbound, now: datetime
) -> Subscribed:
    """Make a webhook of the caller's; its secret is shown once. Raises Invalid, Refused, and Conflict for too many."""
    access.require(caller, Permission.MANAGE_WEBHOOKS)
    outbound.check_form(wanted.url)
    if len(_live(session, caller)) >= MOST_HOOKS:
        raise Conflict(f"an account has at most {MOST_HOOKS} webhooks", hint="end one that is no longer needed")
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    hook = Webhook(
        owner=caller.name,
        association_id=caller.association,
        url=wanted.url,
        events=list(dict.fromkeys(wanted.events)),
        secret=secret,
        created_at=now,
    )
    session.add(hook)
    session.flush()
    audit.record(session, by=caller.name, action="webhook.made", subject=f"webhook:{hook.id}", at=now)
    return _told(hook, secret)


def unsubscribe(session: Session, caller: access.Caller, hook_id: int, now: datetime) -> None:
    """End a webhook of the caller's; what still waits is not sent. Raises NotFound."""
    hook = _own(session, caller, hook_id)
    if hook.disabled_at is None:
        hook.disabled_at = now
        audit.record(session, by=caller.name, action="webhook.ended", subject=f"webhook:{hook.id}", at=now)


def subscriptions(session: Session, caller: access.Caller) -> list[Subscribed]:
    """The caller's webhooks that have not ended, in order of making."""
    access.require(caller, Permission.MANAGE_WEBHOOKS)
    return [_told(hook) for hook in _live(session, caller)]


def deliveries(
    session: Session, caller: access.Caller, hook_id: int, before: int | None, limit: int
) -> tuple[list[Delivery], int | None]:
    """A page of a webhook's deliveries, the latest first, and the id to continue before; raises NotFound."""
    hook = _own(session, caller, hook_id)
    wanted = select(WebhookDelivery).where(WebhookDelivery.webhook_id == hook.id)
    if before is not None:
        wanted = wanted.where(WebhookDelivery.id < before)
    rows = session.scalars(wanted.order_by(WebhookDelivery.id.desc()).limit(limit + 1)).all()
    page = [Delivery(**{name: getattr(row, name) for name in Delivery.__dataclass_fields__}) for row in rows[:limit]]
    return page, page[-1].id if len(rows) > limit else None


def _live(session: Session, caller: access.Caller) -> Sequence[Webhook]:
    own = (Webhook.owner == caller.name) & Webhook.disabled_at.is_(None)
    return session.scalars(select(Webhook).where(own).order_by(Webhook.id)).all()


def _own(session: Session, caller: access.Caller, hook_id: int) -> Webhook:
    access.require(caller, Permission.MANAGE_WEBHOOKS)
    hook = session.get(Webhook, hook_id) if hook_id < 2**31 else None
    if hook is None or hook.owner != caller.name:
        raise NotFound(f"you have no webhook {hook_id}", hint="GET /api/v1/webhooks lists yours")
    return hook


def _told(hook: Webhook, secret: str | None = None) -> Subscribed:
    return Subscribed(hook.id, hook.url, tuple(hook.events), hook.created_at, hook.disabled_at, secret)


# --- Telling ----------------------------------------------------------------------------------------


def tell(session: Session, event: Event, data: Mapping[str, Any], now: datetime, association: str | None = None) -> int:
    """Put a message to every webhook that wants it, in the caller's transaction; returns to how many.

    With ``association`` only that association's webhooks are told, whatever others have asked for.
    """
    assert event in get_args(Event)
    hooks = select(Webhook).where(Webhook.disabled_at.is_(None))
    if association is not None:
        hooks = hooks.where(Webhook.association_id == association)
    told = [hook for hook in session.scalars(hooks.order_by(Webhook.id)) if event in hook.events]
    payload = {"type": event, "timestamp": now.isoformat(timespec="seconds"), "data": dict(data)}
    session.add_all(
        WebhookDelivery(webhook_id=hook.id, event=event, payload=payload, created_at=now, due_at=now) for hook in told
    )
    return len(told)


# --- Sending ----------------------------------------------------------------------------------------


@dataclass
class Sent:
    """What a delivery run did."""

    delivered: int = 0
    failed: int = 0
    gave_up: int = 0


@dataclass(frozen=True, slots=True)
class _Message:
    id: int
    url: str
    secret: str
    body: bytes


@dataclass
class Courier:
    """Sends what is due. No transaction is open while another's server is waited for."""

    sessions: sessionmaker[Session]
    outbound: Outbound
    sent: Sent = field(default_factory=Sent)

    def deliver(self, now: datetime, limit: int = 500) -> Sent:
        """Send every delivery that is due, each once; returns what came of them."""
        for _ in range(limit):
            message = self._claim(now)
            if message is None:
                break
            status, error = self._post(message, now)
            self._record(message, status, error, now)
        return self.sent

    def _claim(self, now: datetime) -> _Message | None:
        """The next one that is due, leased to us."""
        due = (
            select(WebhookDelivery, Webhook)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(WebhookDelivery.due_at <= now, Webhook.disabled_at.is_(None))
            .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
            .limit(1)
            .with_for_update(of=WebhookDelivery, skip_locked=True)
        )
        with transaction(self.sessions) as session:
            found = session.execute(due).first()
            if found is None:
                return None
            row, hook = found
            row.attempts += 1
            row.due_at = now + LEASE
            return _Message(row.id, hook.url, hook.secret, orjson.dumps(row.payload))

    def _post(self, message: _Message, now: datetime) -> tuple[int | None, str | None]:
        identity = f"msg_{message.id}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "triveni",
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signature(message.secret).sign(identity, now, message.body.decode()),
        }
        try:
            status = self.outbound.post(message.url, message.body, headers).status_code
        except AppError as problem:
            return None, problem.message[:300]
        except httpx.HTTPError as problem:
            return None, f"{type(problem).__name__}: {problem}"[:300]
        return status, None if 200 <= status < 300 else f"it answered {status}"

    def _record(self, message: _Message, status: int | None, error: str | None, now: datetime) -> None:
        with transaction(self.sessions) as session:
            row = session.get_one(WebhookDelivery, message.id)
            row.last_status, row.last_error = status, error
            if error is None:
                row.delivered_at, row.due_at = now, None
                self.sent.delivered += 1
            elif row.attempts > len(BACKOFF) or status == httpx.codes.GONE:
                row.gave_up_at, row.due_at = now, None
                self.sent.gave_up += 1
                if status == httpx.codes.GONE:  # its owner says that nobody listens there any more
                    session.get_one(Webhook, row.webhook_id).disabled_at = now
            else:
                row.due_at = now + BACKOFF[row.attempts - 1]
                self.sent.failed += 1
