"""What every JSON door shares: the session of the request, the caller, the house, and the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session, sessionmaker

from app import access
from app.candidates import CandidateCache
from app.db import transaction
from app.knowledge import Knowledge

BODY_LIMIT = 1_000_000
"""Bytes of a request body; the longest brief is well below it."""


@dataclass(frozen=True)
class House:
    """What the running service holds for all requests."""

    sessions: sessionmaker[Session]
    knowledge: Knowledge
    candidates: CandidateCache


def house_of(request: Request) -> House:
    """The house that the application was made with."""
    house: House = request.app.state.house
    return house


HouseDep = Annotated[House, Depends(house_of)]


def _session(request: Request, house: HouseDep) -> Iterator[Session]:
    with transaction(house.sessions, readonly=request.method == "GET") as session:
        yield session


# scope="function": the transaction is committed before the answer is sent. With the default scope the caller is
# told "200" first, and the commit may still fail.
SessionDep = Annotated[Session, Depends(_session, scope="function")]


def now() -> datetime:
    """The time of the request, in UTC."""
    return datetime.now(UTC)


NowDep = Annotated[datetime, Depends(now)]

_bearer = HTTPBearer(auto_error=False, description="An API key: `triveni key create NAME` makes one.")


def _caller(
    session: SessionDep,
    at: NowDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> access.Caller:
    return access.caller_of(session, credentials.credentials if credentials else None, at)


CallerDep = Annotated[access.Caller, Depends(_caller)]
