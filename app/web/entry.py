"""The way in: the language a browser asks for, signing in and out, one's own account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote, unquote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from app import provider_logins, sessions
from app.api.doors import HouseDep, NowDep
from app.errors import AppError, NotFound
from app.provider import CALLBACK, Provider, ProviderFailed
from app.provider_logins import Returned, StartEnded
from app.sessions import Credentials, LoginRefused
from app.web.pages import (
    COOKIE,
    FORM_LIMIT,
    FieldsDep,
    GuestDep,
    LanguageDep,
    VisitDep,
    inside,
    page,
    preferred,
    see,
    speaking,
)

root = APIRouter(include_in_schema=False)
router = APIRouter(prefix="/{locale:lang}", include_in_schema=False, max_body_size=FORM_LIMIT)

KEPT = "kept."
"""Before the name of a field that was typed into another form, while its sender signs in again."""

STARTED = "__Host-triveni-start"
"""The cookie of a sign-in that was begun at the provider: its state, and the page that is wanted afterwards."""

LONGEST_BACK = 2000
"""Characters of an address that a cookie keeps."""

FAILURES: Mapping[str, type[LoginRefused | StartEnded | ProviderFailed]] = {
    kind.code: kind for kind in (LoginRefused, StartEnded, ProviderFailed)
}
"""How a sign-in through the provider fails, by the code that the form's address then holds."""


@root.get("/")
def choose_language(request: Request) -> Response:
    """On to the first page in the language that the browser prefers."""
    return RedirectResponse(f"/{preferred(request)}/", status_code=307)


@root.get("/docs")
def describe_api(request: Request, house: HouseDep) -> Response:
    """The API on one plain page, from its own description."""
    routes = sorted(request.app.openapi()["paths"].items())
    return page(request, "docs.html", speaking("en", house.knowledge), None, routes=routes)


@router.get("/sign-in")
def sign_in_form(visit: GuestDep, back: str = "", failed: str = "") -> Response:
    """The form to sign in; after a sign-in through the provider that failed, with what is told of it."""
    refused = FAILURES[failed]() if failed in FAILURES else None
    status = refused.status if refused is not None else 200
    return visit.page("sign_in.html", status=status, back=inside(back, visit.base), typed=[], refused=refused, name="")


@router.post("/sign-in")
def sign_in(visit: GuestDep, form: FieldsDep) -> Response:
    """Open a session; then back to the page that was wanted, with what had been typed into it."""
    back = inside(form.get("back", ""), visit.base)
    typed = [(name.removeprefix(KEPT), value) for name, value in form.items() if name.startswith(KEPT)]
    address = visit.request.client.host if visit.request.client else "unknown"
    try:
        opened = sessions.login(
            visit.session, _credentials(form), address, visit.at, replaces=visit.request.cookies.get(COOKIE)
        )
    except LoginRefused as refused:
        return visit.page(
            "sign_in.html", status=401, back=back, typed=typed, refused=refused, name=form.get("name", "")
        )
    response = visit.page("resume.html", back=back, typed=typed) if typed else see(back)
    _keep(response, COOKIE, opened.token)
    return response


def _keep(response: Response, name: str, value: str, *, for_seconds: int | None = None) -> None:
    response.set_cookie(name, value, max_age=for_seconds, secure=True, httponly=True, samesite="lax", path="/")


def _drop(response: Response, name: str) -> None:
    response.delete_cookie(name, secure=True, httponly=True, samesite="lax", path="/")


def _credentials(form: dict[str, str]) -> Credentials:
    try:
        return Credentials.model_validate(
            {"name": form.get("name", ""), "password": form.get("password", ""), "code": form.get("code") or None}
        )
    except ValidationError:
        raise LoginRefused from None  # too long a name or password opens nothing, and says no more


@router.get("/sign-in/start")
def start_at_provider(speaks: LanguageDep, house: HouseDep, at: NowDep, back: str = "") -> Response:
    """On to the provider, which asks who one is; the browser keeps what its answer must fit."""
    base = f"/{speaks.code}"
    back = inside(back if len(back) <= LONGEST_BACK else "", base)
    try:
        begun = provider_logins.begin(house.sessions, _configured(house.provider), at)
    except ProviderFailed as problem:
        return _failed(problem, back)
    response = see(begun.address)
    lasting = int(provider_logins.LIFE.total_seconds())
    _keep(response, STARTED, f"{begun.state}.{quote(back, safe='')}", for_seconds=lasting)
    return response


@root.get(CALLBACK)
def return_from_provider(
    request: Request,
    house: HouseDep,
    at: NowDep,
    state: str = "",
    code: str = "",
    issuer: Annotated[str, Query(alias="iss")] = "",
) -> Response:
    """Back from the provider: on with a session to the page that was wanted, or to the form, which says what failed."""
    kept, _, wanted = request.cookies.get(STARTED, "").partition(".")
    back = inside(unquote(wanted), f"/{preferred(request)}")
    returned = Returned(state, kept, code, issuer, request.cookies.get(COOKIE))
    try:
        opened = provider_logins.finish(house.sessions, _configured(house.provider), returned, at)
    except tuple(FAILURES.values()) as problem:
        response = _failed(problem, back)
    else:
        response = see(back)
        _keep(response, COOKIE, opened.token)
    _drop(response, STARTED)
    return response


def _configured(provider: Provider | None) -> Provider:
    if provider is None:
        raise NotFound("there is nothing at this address")
    return provider


def _failed(problem: AppError, back: str) -> Response:
    """To the form in the reader's language: the code leaves the address bar, and a reload repeats nothing."""
    return see(f"{back[:3]}/sign-in?{urlencode({'failed': problem.code, 'back': back})}")


@router.post("/sign-out")
def sign_out(visit: GuestDep) -> Response:
    """End the session, here and on the server."""
    sessions.logout(visit.session, visit.request.cookies.get(COOKIE, ""), visit.at)
    response = see(f"{visit.base}/")
    _drop(response, COOKIE)
    return response


@router.get("/account")
def account(visit: VisitDep) -> Response:
    """Who one is here, and what one may do."""
    return visit.page("account.html")


@router.post("/account/sign-out-everywhere")
def sign_out_everywhere(visit: VisitDep) -> Response:
    """End every session of the account, on all devices."""
    sessions.revoke_sessions(visit.session, visit.caller, visit.at)
    return see(f"{visit.base}/sign-in")
