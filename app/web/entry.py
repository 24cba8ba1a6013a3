"""The way in: the language a browser asks for, signing in and out, one's own account."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from app import sessions
from app.api.doors import HouseDep
from app.sessions import Credentials, LoginRefused
from app.web.pages import COOKIE, FORM_LIMIT, FieldsDep, GuestDep, VisitDep, inside, page, preferred, see, speaking

root = APIRouter(include_in_schema=False)
router = APIRouter(prefix="/{locale:lang}", include_in_schema=False, max_body_size=FORM_LIMIT)

KEPT = "kept."
"""Before the name of a field that was typed into another form, while its sender signs in again."""


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
def sign_in_form(visit: GuestDep, back: str = "") -> Response:
    """The form to sign in."""
    return visit.page("sign_in.html", back=inside(back, visit), typed=[], refused=None, name="")


@router.post("/sign-in")
def sign_in(visit: GuestDep, form: FieldsDep) -> Response:
    """Open a session; then back to the page that was wanted, with what had been typed into it."""
    back = inside(form.get("back", ""), visit)
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
    response.set_cookie(COOKIE, opened.token, secure=True, httponly=True, samesite="lax", path="/")
    return response


def _credentials(form: dict[str, str]) -> Credentials:
    try:
        return Credentials.model_validate(
            {"name": form.get("name", ""), "password": form.get("password", ""), "code": form.get("code") or None}
        )
    except ValidationError:
        raise LoginRefused from None  # too long a name or password opens nothing, and says no more


@router.post("/sign-out")
def sign_out(visit: GuestDep) -> Response:
    """End the session, here and on the server."""
    sessions.logout(visit.session, visit.request.cookies.get(COOKIE, ""), visit.at)
    response = see(f"{visit.base}/")
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax", path="/")
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
