"""Log in and out; read who one is."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app import sessions
from app.api.doors import BODY_LIMIT, CallerDep, NowDep, SessionDep, TokenDep
from app.permissions import Permission, Role
from app.sessions import Credentials

router = APIRouter(prefix="/api/v1", tags=["sessions"], max_body_size=BODY_LIMIT)


class Me(BaseModel):
    """Who the caller is, and what they may do."""

    name: str
    role: Role | None
    association: str | None
    permissions: list[Permission]
    grants: list[str]
    """Ids of firms whose restricted fields are open to the caller."""


class OpenedSession(BaseModel):
    """A session, and the token to send as `Authorization: Bearer …`; it is told once."""

    token: str
    expires_at: datetime


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int


@router.post("/sessions", status_code=201)
def log_in(given: Credentials, request: Request, session: SessionDep, at: NowDep) -> OpenedSession:
    """Open a session by name, password and, where an authenticator is enrolled, its code.

    A session ends half an hour after its last use, and after twelve hours. Every refusal reads the same.
    """
    address = request.client.host if request.client else ""
    opened = sessions.login(session, given, address, at)
    return OpenedSession(token=opened.token, expires_at=opened.expires_at)


@router.delete("/sessions")
def end_sessions(session: SessionDep, caller: CallerDep, at: NowDep) -> Ended:
    """End all of one's sessions, on every device."""
    return Ended(ended=sessions.revoke_sessions(session, caller, at))


@router.delete("/session")
def log_out(session: SessionDep, caller: CallerDep, token: TokenDep, at: NowDep) -> Ended:
    """End this session; a key is not ended by this."""
    return Ended(ended=int(sessions.logout(session, token or "", at)))


@router.get("/session")
def read_me(caller: CallerDep) -> Me:
    """The caller's name, role and permissions."""
    return Me(
        name=caller.name,
        role=caller.role,
        association=caller.association,
        permissions=sorted(caller.permissions),
        grants=sorted(caller.grants),
    )
