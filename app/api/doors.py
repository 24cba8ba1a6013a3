"""What every JSON door shares: the session of the request, the caller, the house, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session, sessionmaker

from app import access, idempotency, keys, sessions
from app.candidates import CandidateCache
from app.db import transaction
from app.knowledge import Knowledge
from app.outbound import Outbound
from app.provider import Provider
from app.releases import WatchlistCache
from app.tags import matches, tag_of

PROBLEM: dict[str, Any] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

BODY_LIMIT = 1_000_000
"""Bytes of a request body; the longest brief is well below it."""


@dataclass(frozen=True)
class House:
    """What the running service holds for all requests."""

    sessions: sessionmaker[Session]
    knowledge: Knowledge
    candidates: CandidateCache
    outbound: Outbound = field(default_factory=Outbound)
    lists: WatchlistCache = field(default_factory=WatchlistCache)
    provider: Provider | None = None
    """Through which people may sign in; None: by password only."""


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


# --- Conditional and repeated requests ---------------------------------------------------------------


@dataclass(frozen=True)
class Tagged:
    """Gives a record its ETag, and answers 304 to a reader who has it already; ``if_match`` is a writer's condition."""

    response: Response
    if_match: str | None
    if_none_match: str | None

    def __call__(self, record: Any) -> Any:
        """The record, or the answer that there is nothing new."""
        tag = tag_of(record)
        self.response.headers["ETag"] = tag
        if self.if_none_match is not None and matches(tag, self.if_none_match):
            return Response(status_code=304, headers={"ETag": tag})
        return record


def _read(
    response: Response,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", max_length=500, description="The ETag of what you have.")
    ] = None,
) -> Tagged:
    return Tagged(response, None, if_none_match)


def _replaced(
    response: Response,
    if_match: Annotated[
        str | None, Header(alias="If-Match", max_length=500, description="The ETag of the record that you have read.")
    ] = None,
) -> Tagged:
    return Tagged(response, if_match, None)


ReadDep = Annotated[Tagged, Depends(_read)]
ReplaceDep = Annotated[Tagged, Depends(_replaced)]

UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "You have it already"}}
CONDITIONAL: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": PROBLEM}
    for status, description in ((412, "It has changed since you read it"), (428, "Send If-Match"))
}


@dataclass(frozen=True)
class Once:
    """Does what a request asks once: sent again with its Idempotency-Key, it is answered as it was."""

    session: Session
    request: idempotency.Request | None
    at: datetime
    response: Response

    def __call__(self, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, or gave the first time."""
        answer, again = idempotency.once(self.session, self.request, make, self.at)
        if again:
            self.response.headers["Idempotent-Replayed"] = "true"
        return answer


async def _body(request: Request) -> bytes:
    return await request.body()  # read already, and kept


def _once(
    request: Request,
    response: Response,
    session: SessionDep,
    caller: CallerDep,
    at: NowDep,
    body: Annotated[bytes, Depends(_body)],
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=200,
            description="A UUID of your own making: the same request sent again within a day has no second effect.",
        ),
    ] = None,
) -> Once:
    target = request.url.path + "?" + request.url.query
    asked = None if key is None else idempotency.request_of(caller.name, key, request.method, target, body)
    return Once(session, asked, at, response)


OnceDep = Annotated[Once, Depends(_once)]
"""Call it with what the request does: ``return once(lambda: …)``."""
