"""Idempotency-Key: a request that is sent again has one effect, and gets the first one's answer.

The key is kept with the hash of the request and the answer, in the transaction of the effect itself: both are there, or
neither. Sent together, the requests wait for one another at the key's row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.system_models import IdempotentAnswer

LIFE = timedelta(hours=24)
"""How long a key is kept."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a key binds: whose request it is, and the hash of where it went and what it held."""

    caller: str
    key: str
    sha256: str


def request_of(caller: str, key: str, method: str, target: str, body: bytes) -> Request:
    """The request that a caller has given a key; raises Invalid for a key of no or more than 200 characters."""
    if not 1 <= len(key) <= 200 or not key.isprintable():
        raise Invalid("an Idempotency-Key has 1 to 200 printable characters", hint="a UUID of your own making")
    head = f"{method} {target}\n".encode()
    return Request(caller, key, hashlib.sha256(head + body).hexdigest())


def once(session: Session, request: Request | None, make: Callable[[], Any], now: datetime) -> tuple[Any, bool]:
    """What ``make`` gives, or for a request seen before what it gave then; and whether it is the latter.

    Raises Invalid when the key was used for another request.
    """
    if request is None:
        return make(), False
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.at < now - LIFE))
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"caller": request.caller, "key": request.key, "sha256": request.sha256, "at": now}
    taken = session.execute(
        insert(IdempotentAnswer).values(**row).on_conflict_do_nothing().returning(IdempotentAnswer.key)
    )
    mine = taken.scalar() is not None
    held = session.scalars(
        select(IdempotentAnswer).where(IdempotentAnswer.caller == request.caller, IdempotentAnswer.key == request.key)
    ).one()
    if mine:
        made = make()
        held.answer = TypeAdapter(Any).dump_python(made, mode="json", by_alias=True)
        return made, False
    if held.sha256 != request.sha256:
        raise Invalid("this Idempotency-Key was used for another request", hint="a new request takes a new key")
    return held.answer, True
