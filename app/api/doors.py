"""What every JSON door shares: the session of the request, the caller, the house, and the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session, sessionmaker

from app import access, keys, sessions
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

_bearer = HTTPBearer(
    auto_error=False, description="An API key (`triveni key create NAME`), or the token of POST /api/v1/sessions."
)


def _token(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str | None:
    return credentials.credentials if credentials else None


TokenDep = Annotated[str | None, Depends(_token)]
"""What the caller showed, as it was sent."""


def _caller(request: Request, session: SessionDep, house: HouseDep, at: NowDep, token: TokenDep) -> access.Caller:
    if token is None or not token.startswith(sessions.PREFIX):
        return keys.caller_of(session, token, at)
    return caller_of_session(request, session, house, at, token)


def caller_of_session(request: Request, session: Session, house: House, at: datetime, token: str) -> access.Caller:
    """The caller of a session's token, with its use recorded; raises Unauthorised."""
    caller = sessions.caller_of_session(session, token, at)
    if request.method != "GET":
        sessions.touch(session, token, at)
    elif sessions.is_due(session, token, at):  # a reader's transaction does not write
        with transaction(house.sessions) as writing:
            sessions.touch(writing, token, at)
    return caller


CallerDep = Annotated[access.Caller, Depends(_caller)]
"""Who asks: hand it to the function that does the job, which says whether they may."""
