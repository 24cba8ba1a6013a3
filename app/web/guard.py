"""What guards every page: where a form may come from, and what a browser may load and show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request, Response

from app.errors import Forbidden
from app.web.pages import PAGE, problem_page
from matching.phrases import say

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}
FOR_TLS = "max-age=31536000"
FOR_EVER = "public, max-age=31536000, immutable"


def is_foreign(request: Request) -> bool:
    """Does this unsafe request come from another site? Browsers say so by Sec-Fetch-Site, older ones by Origin.

    A request that says neither was not sent by a browser's form.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")


async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse forms of other sites, and send every answer with its security headers."""
    if request.method not in SAFE and PAGE.match(request.url.path) and is_foreign(request):
        response = await problem_page(
            request,
            Forbidden(
                say("this form was sent from another site, so it was not taken"),
                hint=say("open the page here and send it"),
            ),
        )
    else:
        response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", FOR_TLS)
    if request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = FOR_EVER if "v" in request.query_params else "public, max-age=3600"
    return response
