"""What every page shares: the language in the address, who is reading, templates, assets, and problems as pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, select_autoescape
from sqlalchemy.orm import Session
from starlette.convertors import StringConvertor, register_url_convertor

from app import access, pictures
from app.api.doors import House, HouseDep, NowDep, SessionDep, caller_of_session
from app.asks import Choice
from app.errors import AppError, Unauthorised
from app.knowledge import Knowledge
from app.languages import CODES, Code, Language, language
from app.web import words
from matching.phrases import say
from matching.profile import slug

HERE = Path(__file__).parent
STATIC = HERE / "static"
PAGE = re.compile(r"^/(en|fr)(/|$)")
"""Addresses that are answered with pages."""

FORM_LIMIT = 1_000_000
"""Bytes of a form; a pasted sheet of a few thousand rows is below it."""

COOKIE = "__Host-triveni"
"""The session's cookie: this host only, over TLS (browsers count 127.0.0.1 as safe), out of reach of scripts."""


@cache
def asset(name: str) -> str:
    """The address of an asset, with the beginning of its hash, so that it may be kept for ever."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"


def terms_of(knowledge: Knowledge) -> dict[str, str]:
    """English to French, for everything that the seeds name in both."""
    terms = {sector.name_en: sector.name_fr for sector in map(knowledge.taxonomy.sector, knowledge.taxonomy.codes)}
    for market in knowledge.markets.values():
        terms[market.name] = market.name_fr
        terms |= {demand.text: demand.text_fr for demand in market.demands if demand.text_fr}
    return terms | {term.term: term.term_fr for term in knowledge.literacy.terms}


def speaking(code: Code, knowledge: Knowledge) -> Language:
    """A language with all that it has a word for."""
    plain = language(code, terms_of(knowledge) if code == "fr" else {})
    named = {name: plain.text(title).lower() for name, title in words.SIGNALS.items()}
    return language(code, {**plain.terms, **named})


class _LanguageInAddress(StringConvertor):
    """``{locale:lang}``: so that no other address is taken for a page."""

    regex = "|".join(CODES)


register_url_convertor("lang", _LanguageInAddress())


def language_of(locale: Code, house: HouseDep) -> Language:
    """The language of the address."""
    return speaking(locale, house.knowledge)


LanguageDep = Annotated[Language, Depends(language_of)]


def _reader(request: Request, session: SessionDep, house: HouseDep, at: NowDep) -> access.Caller | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    try:
        return caller_of_session(request, session, house, at, token)
    except Unauthorised:
        return None


ReaderDep = Annotated[access.Caller | None, Depends(_reader)]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page: who reads, in which language, and what the house holds for it."""

    request: Request
    session: Session
    house: House
    speaks: Language
    at: datetime
    reader: access.Caller | None

    @property
    def caller(self) -> access.Caller:
        """Whoever has signed in; raises Unauthorised where nobody has."""
        if self.reader is None:
            raise Unauthorised(
                say("this page is for people who have signed in"), hint=say("sign in, and you come back here")
            )
        return self.reader

    @property
    def base(self) -> str:
        """The beginning of every address in this language."""
        return f"/{self.speaks.code}"

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page from its template."""
        return page(self.request, template, self.speaks, self.reader, status=status, **context)


def _guest(
    request: Request, session: SessionDep, house: HouseDep, speaks: LanguageDep, at: NowDep, reader: ReaderDep
) -> Visit:
    return Visit(request, session, house, speaks, at, reader)


GuestDep = Annotated[Visit, Depends(_guest)]
"""A visit to a page for everyone."""


def _visit(visit: GuestDep) -> Visit:
    assert visit.caller
    return visit


VisitDep = Annotated[Visit, Depends(_visit)]
"""A visit to a page for people who have signed in; nobody else gets further."""


async def _fields(request: Request) -> dict[str, str]:
    """The text fields of a form; of one given twice, the last."""
    form = await request.form(max_fields=2000, max_part_size=FORM_LIMIT)
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


FieldsDep = Annotated[dict[str, str], Depends(_fields)]


def _choice(
    verdict: str = "", mode: str = "", chosen: Annotated[str, Query(alias="in")] = "", order: str = ""
) -> Choice:
    verdicts, modes, markets = (tuple(filter(None, [value])) for value in (verdict, mode, chosen))
    return Choice(verdicts, modes, markets, by_verdict=order == "verdict")


ChoiceDep = Annotated[Choice, Depends(_choice)]
"""What of a list the address asks for."""


@lru_cache(maxsize=2)
def environment(code: Code) -> Environment:
    """The templates, translated into one language."""
    env = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(HERE / "templates"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=select_autoescape(["html", "svg"]),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_translations(language(code).messages, newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(asset=asset, bar=pictures.bar, words=words, urlencode=urlencode, nav=_nav)
    env.filters["slug"] = slug
    env.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    return env


def page(
    request: Request,
    template: str,
    speaks: Language,
    caller: access.Caller | None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page from its template. ``l`` is the language; ``t`` puts a text into it, ``told`` a sentence of the engine."""
    here = request.url.path
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    phrases = context.pop("phrases", {})
    body = (
        environment(speaks.code)
        .get_template(template)
        .render(
            request=request,
            l=speaks,
            t=speaks.text,
            told=lambda sentence: speaks.told(sentence, phrases),
            base=f"/{speaks.code}",
            here=here,
            switch=f"/{speaks.other}{here[3:]}{query}",
            caller=caller,
            sector=lambda code: _sector_name(request, speaks, code),
            **context,
        )
    )
    return HTMLResponse(body, status_code=status, headers=dict(headers or {}))


def _sector_name(request: Request, speaks: Language, code: str) -> str:
    house: House = request.app.state.house
    return speaks.text(house.knowledge.taxonomy.sector(code).name_en)


def _nav(caller: access.Caller | None) -> list[tuple[str, str]]:
    """Address and name of the pages in the bar that are open to whoever reads."""
    held = caller.permissions if caller else frozenset()
    return [(address, name) for address, name, needs in words.NAVIGATION if needs is None or needs in held]


def see(address: str) -> RedirectResponse:
    """Answer a form: what it did is seen at an address, so that going back or reloading does nothing twice."""
    return RedirectResponse(address, status_code=303)


def wants_page(request: Request) -> bool:
    """Whether the request is for one of the pages."""
    return PAGE.match(request.url.path) is not None


async def problem_page(request: Request, error: AppError) -> Response:
    """A problem in the site's own design; a form that met an ended session keeps what was typed."""
    found = PAGE.match(request.url.path)
    code: Code = "fr" if found and found[1] == "fr" else "en"
    house: House = request.app.state.house
    speaks = speaking(code, house.knowledge)
    status = error.problem()["status"]
    typed: list[tuple[str, str]] = []
    if status == 401 and request.method == "POST":
        form = await request.form()
        typed = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    template = "sign_in.html" if status == 401 else "problem.html"
    return page(
        request,
        template,
        speaks,
        None,
        status=status,
        problem=error,
        kind=words.PROBLEMS.get(status, words.PROBLEMS[500]),
        back=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        typed=typed,
        method=request.method,
        refused=None,
        name="",
    )


def inside(address: str, base: str) -> str:
    """The address if it is one of our pages, else the first page: nobody is sent elsewhere after signing in."""
    return address if PAGE.match(address) and "\\" not in address else f"{base}/"


def preferred(request: Request) -> Literal["en", "fr"]:
    """The language that the browser asks for first among ours."""
    for part in request.headers.get("accept-language", "").split(","):
        wanted = part.split(";")[0].strip()[:2].lower()
        if wanted in CODES:
            return "fr" if wanted == "fr" else "en"
    return "en"
