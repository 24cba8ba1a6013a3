"""create_app(settings): wiring, error answers, health and request logs."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from app import access
from app.api import (
    audit,
    classifications,
    decisions,
    firms,
    grants,
    introductions,
    logins,
    matches,
    pathways,
    profiles,
    projects,
    reference,
    submissions,
    webhooks,
)
from app.api.doors import BODY_LIMIT, PROBLEM, House
from app.api.submissions import FILE_LIMIT
from app.candidates import CandidateCache
from app.db import open_engine, session_maker, transaction
from app.errors import AppError, Invalid, NotAllowed, NotFound, NotReady, TooLarge, in_plain_words
from app.knowledge import Knowledge, load_knowledge
from app.outbound import Outbound
from app.provider import provider_of
from app.settings import Settings
from app.web import asking, entry, reading, review, submitting
from app.web.guard import guard
from app.web.pages import STATIC, problem_page, wants_page
from matching.phrases import say

log = structlog.get_logger("triveni")

DOORS = (
    matches,
    pathways,
    decisions,
    classifications,
    profiles,
    firms,
    grants,
    logins,
    projects,
    introductions,
    webhooks,
    audit,
    submissions,
    reference,
)

DESCRIPTION = """
Triveni ranks **triads**: a Canadian innovator, an Indian manufacturer and a third market that would buy what they make
together. Every match prints the signals its *fit* is computed from, and the *pathway* a transfer would take with the
requirements of the held rules that bite. Fit is a number and permission is a verdict; they are never added.

Profiles were compiled from public sources and not verified by the firms. Nothing here is legal advice.
"""

PAGES = (entry.root, entry.router, reading.router, asking.router, review.router, submitting.router)
"""The routers of the pages, which the API's description leaves out."""

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": PROBLEM}
    for status, description in (
        (400, "The body cannot be read"),
        (401, "No live API key or session"),
        (403, "The caller may not do this"),
        (404, "Nothing of that name"),
        (409, "The state does not allow it"),
        (413, "More was sent than is taken"),
        (422, "The request makes no sense as asked"),
        (503, "Not set up yet, or damaged"),
    )
}


def configure_logs(settings: Settings) -> None:
    """Log one event a line, as JSON or for a person's eyes; uvicorn's own messages follow the standard library."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if settings.log_json else structlog.dev.ConsoleRenderer(),
        ]
    )


def create_app(
    settings: Settings,
    knowledge: Knowledge | None = None,
    sessions: sessionmaker[Session] | None = None,
) -> FastAPI:
    """The application; raises SeedError when a seed file cannot be read, and Invalid for settings that do not fit."""
    house = House(
        sessions=sessions or session_maker(open_engine(settings.database_url)),
        knowledge=knowledge or load_knowledge(settings),
        candidates=CandidateCache(),
        outbound=Outbound(allow_private=settings.webhooks_allow_private),
        provider=provider_of(settings),
    )
    app = FastAPI(
        title="Triveni",
        version="0.1.0",
        description=DESCRIPTION,
        responses=PROBLEMS,
        docs_url=None,  # the framework's pages load their scripts from elsewhere; ours is app/web/entry.py
        redoc_url=None,
    )
    app.state.house = house
    app.middleware("http")(_refuse_large_body)
    app.middleware("http")(guard)
    app.middleware("http")(_log_request)  # the outer one: what is refused is logged, too
    for kind, answer in (
        (AppError, _app_error),
        (RequestValidationError, _malformed),
        (HTTPException, _http_error),
    ):
        app.add_exception_handler(kind, answer)  # type: ignore[arg-type]
    for room in DOORS:
        app.include_router(room.router)
    app.include_router(submissions.files)
    for router in PAGES:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _add_health(app, house)
    _describe_problems(app)
    return app


def _add_health(app: FastAPI, house: House) -> None:
    @app.get("/livez", tags=["health"])
    def livez() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["health"])
    def readyz() -> dict[str, Any]:
        """The database answers, firms are on file and all of them are embedded; otherwise 503 says what is missing."""
        try:
            with transaction(house.sessions, readonly=True) as session:
                session.execute(text("SELECT 1"))
                candidates = house.candidates.current(session, access.CONSOLE, house.knowledge)
        except SQLAlchemyError as problem:
            raise NotReady("the database does not answer as expected", hint="run `triveni init`") from problem
        return {"status": "ready", "firms": len(candidates.firms), "profiles": candidates.version}


def _describe_problems(app: FastAPI) -> None:
    """Put the problem document's schema into the OpenAPI file."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = {
            "title": "Problem",
            "description": "RFC 9457 problem details.",
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "hint": {"type": "string"},
                "instance": {"type": "string"},
            },
        }
        return document

    app.openapi = openapi  # type: ignore[method-assign]


async def _refuse_large_body(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse a body by its declared length; one that declares none is counted at its door.

    Sheets are sent to paths that end in ``/submissions``, which take more.
    """
    declared = request.headers.get("content-length", "")
    limit = FILE_LIMIT if request.url.path.endswith("/submissions") else BODY_LIMIT
    if declared.isdecimal() and int(declared) > limit:
        message = f"the request has {int(declared):,} bytes; at most {limit:,} are taken"
        return await _app_error(request, TooLarge(message))
    return await call_next(request)


async def _log_request(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    request_id = str(uuid.uuid4())
    started = time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    try:
        response = await call_next(request)
    except Exception as error:  # noqa: BLE001  (the top handler)
        response = await _unexpected(request, error)
    finally:
        structlog.contextvars.unbind_contextvars("request_id")
    response.headers["X-Request-Id"] = request_id
    response.headers.setdefault("Cache-Control", "no-store")
    log.info(
        "request",
        request_id=request_id,
        method=request.method,
        path=request.url.path,
        status=response.status_code,
        ms=round(1000 * (time.perf_counter() - started), 1),
    )
    return response


RETRY_AFTER = {status: {"Retry-After": "30"} for status in (503, 507)}
"""Seconds after which a client may ask again what could not be answered now."""


def _problem(error: AppError, request: Request, headers: dict[str, str] | None = None) -> JSONResponse:
    headers = (headers or {}) | RETRY_AFTER.get(error.problem()["status"], {})
    return JSONResponse(
        error.problem(request.url.path),
        status_code=error.problem()["status"],
        media_type="application/problem+json",
        headers=headers,
    )


async def _answered(error: AppError, request: Request) -> Response:
    """A problem as the page or the document that was asked for."""
    return await problem_page(request, error) if wants_page(request) else _problem(error, request)


def _as_told(error: HTTPException) -> AppError:
    """What the framework refused, as one of our own errors."""
    kinds: dict[int, type[AppError]] = {404: NotFound, 405: NotAllowed, 413: TooLarge}
    kind = kinds.get(error.status_code, Invalid)
    said = say("there is nothing at this address") if kind is NotFound else str(error.detail)
    return kind(said)


async def _app_error(request: Request, error: AppError) -> Response:
    if wants_page(request):
        return await problem_page(request, error)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return _problem(error, request, headers)


async def _malformed(request: Request, error: RequestValidationError) -> Response:
    faults = [{"where": ".".join(str(part) for part in fault["loc"]), "what": fault["msg"]} for fault in error.errors()]
    first = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults[:3])
    return await _answered(Invalid(f"the request does not fit: {first}", faults=faults), request)


async def _http_error(request: Request, error: HTTPException) -> Response:
    if wants_page(request):
        return await problem_page(request, _as_told(error))
    document = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "detail": str(error.detail),
        "instance": request.url.path,
    }
    return JSONResponse(
        document, status_code=error.status_code, media_type="application/problem+json", headers=error.headers
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected", path=request.url.path, exc_info=error)
    said = in_plain_words(error) or AppError("something went wrong on our side; it has been logged")
    return await _answered(said, request)
