"""Every page in both languages: who may read it, what guards it, how big it is, and what a form does."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser

import pytest
from sqlalchemy import event

from app.permissions import Role
from app.web.pages import STATIC
from tests.app.world import World

FOR_ALL = ("/", "/sign-in", "/learn/reading", "/learn/method", "/learn/glossary")
OF_OFFICERS = (
    "/ask",
    "/asks",
    "/firms",
    "/firms/kraken-robotics-inc",
    "/markets",
    "/markets/PHL",
    "/landscape",
    "/account",
)
FIRST_LOAD = 300_000
FIXED = ("triveni.css", "triveni.js", "start.js", "govuk-frontend-6.6.0.min.js", "htmx-2.0.11.min.js",
         "noto-sans-latin-400.woff2", "noto-sans-latin-700.woff2", "mark.svg")  # fmt: skip


class Page(HTMLParser):
    """What a page holds that rules are about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.inline = 0
        self.headings: list[int] = []
        self.lang = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag == "html":
            self.lang = held.get("lang") or ""
        if held.get("id"):
            self.ids.append(str(held["id"]))
        self.inline += "style" in held or tag == "style" or (tag == "script" and "src" not in held)
        self.inline += any(name.startswith("on") for name in held)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("script", "link", "img") and held.get("rel") != "alternate":
            self.addresses.append(str(held.get("src") or held.get("href")))


def examine(text: str, language: str) -> Page:
    page = Page(text)
    assert page.lang == language
    assert page.inline == 0
    assert len(page.ids) == len(set(page.ids)), sorted(i for i in page.ids if page.ids.count(i) > 1)
    assert page.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(page.headings, page.headings[1:], strict=False))
    assert all(address.startswith("/static/") for address in page.addresses)
    size = len(text.encode()) + sum((STATIC / name).stat().st_size for name in FIXED)
    assert size <= FIRST_LOAD, f"{size:,} bytes"
    return page


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("address", FOR_ALL)
def test_what_explains_is_for_everyone(visitor, address, language) -> None:
    answer = visitor(None).get(f"/{language}{address}")
    assert answer.status_code == 200
    examine(answer.text, language)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pages_of_an_officer(visitor, language) -> None:
    officer, nobody = visitor(), visitor(None)
    for address in OF_OFFICERS:
        answer = officer.get(f"/{language}{address}")
        assert answer.status_code == 200, address
        examine(answer.text, language)
        refused = nobody.get(f"/{language}{address}")
        assert refused.status_code == 401
        assert 'name="password"' in refused.text


def run_of(officer, **form: str) -> str:
    answer = officer.post("/en/ask", data={"start": "firm", "firm": "Kraken", "market": "PHL", **form})
    assert answer.status_code == 200, answer.text
    return str(answer.url.path)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_from_an_ask_to_a_decision(visitor, language) -> None:
    officer = visitor()
    run = run_of(officer).replace("/en/", f"/{language}/")
    listed = officer.get(run)
    examine(listed.text, language)
    assert "Kraken Robotics Inc. + Bharat Electronics Limited" in listed.text

    match = officer.get(f"{run}/matches/1")
    page = examine(match.text, language)
    assert {"met", "why", "pathway", "screening", "whatif", "decision"} <= set(page.ids)
    tried = officer.get(f"{run}/matches/1?what-if=yes")
    assert tried.status_code == 200
    assert tried.text != match.text

    declined = {"outcome": "declined", "reason": "no_capacity", "note": "Booked until 2028."}
    assert "Booked until 2028." in officer.post(f"{run}/matches/1/decisions", data=declined).text
    unfit = officer.post(f"{run}/matches/1/decisions", data={"outcome": "", "note": "What I typed"})
    assert unfit.status_code == 422
    assert "What I typed" in unfit.text

    assert officer.get(f"{run}/compare?place=1&place=2").status_code == 200
    assert officer.get(f"{run}/compare?place=1").status_code == 422


def test_weights_move_the_list_and_what_moved_is_said(visitor) -> None:
    officer = visitor()
    run = run_of(officer)
    again = officer.post(f"{run}/again", data={"with": "weights", "terms_shared": "0", "makes_in_quantity": "10"})
    assert again.status_code == 200
    assert "What changed since the earlier answer" in again.text
    assert "terms shared 3 → 0" in again.text
    assert "▲" in again.text or "triads stand" in again.text
    assert officer.post(f"{run}/again", data={"with": "weights", "terms_shared": "much"}).status_code == 422


def test_filters_keep_what_they_say(visitor) -> None:
    officer = visitor()
    run = run_of(officer)
    assert "No match of this answer is left" in officer.get(f"{run}?verdict=open").text
    assert officer.get(f"{run}?verdict=undetermined&order=verdict").text.count("<article") == 4


def test_exports_hold_the_list_and_no_formula(visitor) -> None:
    officer = visitor()
    run = run_of(officer)
    table = officer.get(f"{run}/export.csv")
    assert table.headers["content-disposition"].startswith("attachment")
    lines = table.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("place,innovator,manufacturer")
    assert len(lines) == 5
    assert officer.get(f"{run}/export.json").json()["run"]["id"] == run.rsplit("/", 1)[1]
    assert officer.get(f"{run}/export.exe").status_code == 404


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"firm": ""}, "name is empty"),
        ({"firm": "Krakn"}, "Kraken Robotics Inc."),
        ({"start": "demand", "demand": "patrol vessels", "market": "any"}, "needs its market"),
        ({"start": "brief", "brief": "", "firm": ""}, "brief is empty"),
        ({"market": "XXX"}, "no market"),
    ],
)
def test_a_form_that_does_not_fit_comes_back_with_what_was_typed(visitor, form, said) -> None:
    given = {"start": "firm", "firm": "Kraken", "market": "PHL", "limit": "10", **form}
    answer = visitor().post("/en/ask", data=given)
    assert answer.status_code == 422
    assert said in answer.text
    assert "There is a problem" in answer.text
    typed = given[given["start"]]
    assert typed in answer.text
    examine(answer.text, "en")


def test_what_was_typed_survives_an_ended_session(visitor, world: World) -> None:
    officer = visitor()
    officer.cookies.clear()
    ended = officer.post(
        "/fr/ask", data={"start": "brief", "brief": "Sonar “léger” <b>", "market": "PHL", "limit": "5"}
    )
    assert ended.status_code == 401
    assert "Sonar “léger” &lt;b&gt;" in ended.text
    kept = dict(re.findall(r'name="(kept\.\w+)" value="([^"]*)"', ended.text))
    assert set(kept) == {"kept.start", "kept.brief", "kept.market", "kept.limit"}
    fields = {**kept, "kept.brief": "Sonar “léger” <b>", "back": "/fr/ask"}
    back = officer.post("/fr/sign-in", data={"name": "trade_officer@pages.example",
                                            "password": "correct horse battery staple", **fields})  # fmt: skip
    assert back.status_code == 200
    assert 'action="/fr/ask"' in back.text
    assert "Sonar “léger” &lt;b&gt;" in back.text


def test_signing_in_leads_nowhere_else(visitor) -> None:
    nobody = visitor(None)
    for back in ("https://elsewhere.example/en/", "//elsewhere.example/en/", "/api/v1/firms", "/en/\\elsewhere"):
        assert f'value="{back}"' not in nobody.get("/en/sign-in", params={"back": back}).text


def test_a_wrong_password_is_refused_and_says_no_more(visitor) -> None:
    refused = visitor(None).post("/en/sign-in", data={"name": "nobody@pages.example", "password": "wrong wrong wrong"})
    assert refused.status_code == 401
    assert "nobody@pages.example" in refused.text


def test_signing_out_ends_the_session_on_the_server(visitor) -> None:
    officer = visitor()
    token = officer.cookies["__Host-triveni"]
    assert officer.post("/en/sign-out").status_code == 200
    officer.cookies.set("__Host-triveni", token, domain="testserver.local")
    assert officer.get("/en/ask", headers={"Cookie": f"__Host-triveni={token}"}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Origin": "https://testserver"}, 422),
    ],
)
def test_forms_of_other_sites_are_not_taken(visitor, headers, status) -> None:
    assert visitor().post("/en/ask", data={"firm": ""}, headers=headers).status_code == status


def test_every_answer_says_what_a_browser_may_do(visitor) -> None:
    nobody = visitor(None)
    for address in ("/en/", "/en/nothing", "/static/triveni.css", "/livez", "/api/v1/firms"):
        headers = nobody.get(address).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert "immutable" in nobody.get("/static/triveni.css?v=1").headers["cache-control"]
    assert nobody.get("/en/").headers["cache-control"] == "no-store"


def test_what_may_not_be_seen_is_answered_like_what_is_not_there(visitor, world: World) -> None:
    run = run_of(visitor())
    other = visitor(Role.DELEGATION_LEAD)
    hidden = other.get(run)
    absent = other.get(f"{run[:-4]}0000")
    assert hidden.status_code == absent.status_code == 404
    plain = re.compile(r"[0-9a-f-]{36}")
    assert plain.sub("", hidden.text) == plain.sub("", absent.text)


def test_a_role_without_the_permission_is_told_so(visitor) -> None:
    assert visitor(Role.ASSOCIATION_OFFICER).get("/en/ask").status_code == 403
    assert visitor().get("/en/review/hits").status_code == 403


def test_too_long_a_form_is_refused_as_a_page(visitor) -> None:
    answer = visitor().post("/en/ask", data={"start": "brief", "brief": "x" * 5_000_000, "market": "PHL"})
    assert answer.status_code == 413
    examine(answer.text, "en")


def test_the_language_follows_the_browser_and_the_switch_keeps_the_page(visitor) -> None:
    nobody = visitor(None)
    assert nobody.get("/", headers={"Accept-Language": "fr-CA,en;q=0.5"}).url.path == "/fr/"
    assert nobody.get("/", headers={"Accept-Language": "hi"}).url.path == "/en/"
    assert 'href="/fr/asks?x=1"' in visitor().get("/en/asks?x=1").text
    assert nobody.get("/de/ask").status_code == 404


def test_assets_are_those_that_were_vendored() -> None:
    pinned = dict(line.split("  ")[::-1] for line in (STATIC / "SHA256SUMS").read_text().splitlines())
    held = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in STATIC.iterdir() if path.is_file()}
    held.pop("SHA256SUMS")
    assert held == pinned


def test_an_association_sends_a_sheet_and_accepts_it(visitor) -> None:
    officer = visitor(Role.ASSOCIATION_OFFICER)
    examine(officer.get("/fr/submissions").text, "fr")
    pasted = "Name\tCountry\tOffers\tTRL\nNorth Sonar Ltd.\tCanada\tTowed sonar for patrol vessels\t7\nBad Ltd.\tCanada\tRadar\t99\n"
    checked = officer.post("/en/submissions", data={"pasted": pasted})
    assert checked.status_code == 200, checked.text
    examine(checked.text, "en")
    assert "99" in checked.text
    returned = officer.get(f"{checked.url.path}/returned")
    assert returned.content.startswith(b"PK")
    accepted = officer.post(f"{checked.url.path}/acceptance", data={"publish": "yes"})
    assert accepted.status_code == 200
    assert "Accepted on" in accepted.text
    assert "North Sonar Ltd." in officer.get("/en/firms?q=North+Sonar").text
    assert officer.get("/en/submissions/form").content.startswith(b"PK")


def test_a_sheet_that_cannot_be_read_is_said_on_its_page(visitor) -> None:
    unread = visitor(Role.ASSOCIATION_OFFICER).post(
        "/en/submissions", files={"file": ("x.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(200))}
    )
    assert unread.status_code == 422
    assert "There is a problem" in unread.text
    examine(unread.text, "en")


@pytest.mark.parametrize(
    ("address", "most"),
    [("", 12), ("/matches/1", 12), ("/compare?place=1&place=2", 12)],
    ids=["answer", "match", "compare"],
)
def test_a_page_asks_the_database_a_fixed_number_of_times(visitor, world: World, address, most) -> None:
    officer = visitor()
    run = run_of(officer)
    asked: list[str] = []
    engine = world.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert officer.get(f"{run}{address}").status_code == 200
    assert 0 < len(asked) <= most, asked
