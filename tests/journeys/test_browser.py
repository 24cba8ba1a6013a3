"""The trade officer's and the reviewer's journeys in a real browser: two languages, with and without script, by keyboard.

Needs chromium (`apt-get install chromium`, or its path in TRIVENI_CHROMIUM) and the packages playwright and
axe-playwright-python; without them these tests are skipped, and say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app import access, accounts, watchlists
from app.accounts import Post
from app.db import open_engine, session_maker, transaction
from app.main import create_app
from app.permissions import Role
from tests.app.world import World
from tests.journeys.browser import CHROMIUM, PICTURES, Visit, served

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python")

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium, or set TRIVENI_CHROMIUM"),
]

PASSWORD = "correct horse battery staple"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def address(settings, knowledge, real_database: Path, tmp_path_factory) -> Iterator[str]:
    """The service over the real firms, with an officer and a reviewer, and some hits for the reviewer."""
    path = tmp_path_factory.mktemp("pages") / "pages.sqlite3"
    path.write_bytes(real_database.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    world = World(settings, session_maker(engine), knowledge)
    now = datetime.now(UTC)
    with transaction(world.sessions) as session:
        for name, role in (("officer", Role.TRADE_OFFICER), ("reviewer", Role.COMPLIANCE_REVIEWER)):
            accounts.create(session, access.CONSOLE, name, Post(role), now, password=PASSWORD, with_code=False)
        association = accounts.add_association(session, access.CONSOLE, "Pages", now).id
        post = Post(Role.ASSOCIATION_OFFICER, association)
        accounts.create(session, access.CONSOLE, "association", post, now, password=PASSWORD, with_code=False)
    with transaction(world.sessions) as session:
        watchlists.screen_if_due(session, settings.seeds / "watchlists", access.CONSOLE, now)
    with served(create_app(settings, knowledge, world.sessions)) as base:
        yield base
    engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Open]:
    """Opens a page of its own for a person; whatever they do, no request leaves the machine."""
    opened: list[tuple[Any, Visit]] = []

    def open_page(*, script: bool = True, width: int = 1280, height: int = 900) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=script)
        page = context.new_page()
        page.set_default_timeout(20_000)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: pytest.fail(f"script: {error}"))
        opened.append((context, Visit(address, page, asked)))
        return opened[-1][1]

    yield open_page
    for context, one in opened:
        assert one.strangers == []
        context.close()


def violations(page: Any) -> list[str]:
    found = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in found.response["violations"]]


def ask_for(one: Visit, firm: str, language: str = "en") -> str:
    one.open(f"/{language}/ask")
    one.page.fill("#firm", firm)
    one.page.press("#firm", "Enter")
    one.page.wait_for_selector("article")
    return str(one.page.url).removeprefix(one.base)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_an_officer_asks_reads_compares_weighs_and_decides(visit: Open, language: str, script: bool) -> None:
    one = visit(script=script)
    one.sign_in("officer", PASSWORD, language)
    run = ask_for(one, "Kraken Robotics", language)
    page = one.page
    assert page.locator("article").count() == 10

    for box in page.locator("article input[type=checkbox]").all()[:3]:
        box.check()
    page.locator("#compare button[type=submit]").click()
    page.wait_for_selector(".t-compare")
    assert page.locator(".t-compare thead th").count() == 3

    one.open(run)
    page.locator("#w-terms_shared").fill("0")
    page.locator("button[name=with][value=weights]").click()
    page.wait_for_selector("#moved")
    assert "since=" in page.url

    one.open(f"{run}/matches/1")
    page.locator("button[name=what-if]").click()
    page.wait_for_selector("#changes li, #changes p:not(.t-read)")
    page.locator("#outcome-declined").check()
    page.locator("#reason").select_option("no_capacity")
    page.locator("#note").fill("Booked until 2028")
    page.locator("form[action$='/decisions'] button").click()
    page.wait_for_selector("#decision ~ .govuk-inset-text")
    assert "Booked until 2028" in page.content()


def test_by_keyboard_alone(visit: Open) -> None:
    one = visit()
    one.open("/en/sign-in")
    page = one.page
    press(page, "#name")
    page.keyboard.type("officer")
    press(page, "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("form[action$='/sign-out']")
    one.open("/en/ask")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "govuk-skip-link"
    page.keyboard.press("Enter")
    press(page, "#firm")
    page.keyboard.type("Draganfly")
    page.keyboard.press("Enter")
    page.wait_for_selector("article")
    press(page, "article h3 a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#pathway")
    press(page, "#outcome-met", "#outcome-introduced")
    page.keyboard.press("Space")
    press(page, "form[action$='/decisions'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#decision ~ .govuk-inset-text")


def press(page: Any, *selectors: str) -> None:
    """Press Tab until one of the elements has the focus, and see that the focus is shown."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("s => s.some(one => document.activeElement.matches(one))", list(selectors)):
            shown = page.evaluate(
                "() => { const e = document.activeElement; const at = [e, e.nextElementSibling].filter(Boolean);"
                " return at.some(x => { const c = getComputedStyle(x), b = getComputedStyle(x, '::before');"
                " return c.outlineStyle !== 'none' || c.boxShadow !== 'none' || b.boxShadow !== 'none'; }); }"
            )
            assert shown, f"{selectors} has the focus and does not show it"
            return
    pytest.fail(f"{selectors} cannot be reached by Tab")


READ = ("/", "/sign-in", "/ask", "/asks", "/firms", "/firms?q=zzzzzz", "/firms/kraken-robotics-inc", "/markets", "/markets/PHL",
        "/markets/COM", "/landscape", "/account", "/learn/reading", "/learn/method", "/learn/glossary", "/nothing-here",
        "/asks/none")  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr"])
def test_axe_finds_nothing_and_no_page_scrolls_sideways(visit: Open, language: str) -> None:
    one = visit()
    one.sign_in("officer", PASSWORD, language)
    run = ask_for(one, "Kraken Robotics", language).removeprefix(f"/{language}")
    one.open(f"/{language}/ask")
    one.page.fill("#firm", "Krakenn Robotix")
    one.page.press("#firm", "Enter")
    one.page.wait_for_selector(".govuk-error-summary")
    found = {"an error": violations(one.page)}
    states = (*READ, run, f"{run}?verdict=open", f"{run}/matches/1", f"{run}/compare?place=1&place=2&place=3&place=4")
    for address in states:
        one.page.set_viewport_size({"width": 1280, "height": 900})
        one.open(f"/{language}{address}")
        found[address] = violations(one.page)
        one.page.set_viewport_size({"width": 320, "height": 640})  # 1280 pixels at 400 %
        if one.wider_than_screen() > 0:
            found[address].append(f"{one.wider_than_screen()} pixels wider than a screen of 320")
    assert {address: faults for address, faults in found.items() if faults} == {}


def test_a_reviewer_reads_a_hit_and_two_persons_would_release_it(visit: Open) -> None:
    one = visit()
    one.sign_in("reviewer", PASSWORD)
    one.open("/en/review/hits")
    assert violations(one.page) == []
    assert one.page.locator("tbody a").count() > 0, "the seed firms' hits are read in tests/app/hits_read.csv"
    one.page.locator("tbody a").first.click()
    one.page.locator("#d-false").check()
    one.page.locator("#reason").fill("Another country, another trade; read both registers.")
    one.page.locator("form[action*='/review/hits/'] button").click()
    one.page.wait_for_selector("h2:has-text('Decisions so far') + ul")
    assert violations(one.page) == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_association_pastes_a_sheet_and_accepts_it(visit: Open, language: str) -> None:
    one = visit()
    one.sign_in("association", PASSWORD, language)
    one.open(f"/{language}/submissions")
    assert violations(one.page) == []
    sheet = f"Name\tCountry\tOffers\tTRL\nNorth Sonar {language} Ltd.\tCanada\tTowed sonar\t7\nBad Ltd.\tCanada\tRadar\t99\n"
    one.page.fill("#pasted", sheet)
    one.page.locator("form[action$='/submissions'] button").click()
    one.page.wait_for_selector("#problems")
    assert violations(one.page) == []
    one.page.locator("#publish").check()
    one.page.locator("form[action$='/acceptance'] button").click()
    one.page.wait_for_selector(".govuk-inset-text")
    assert violations(one.page) == []
    one.page.set_viewport_size({"width": 320, "height": 640})
    assert one.wider_than_screen() <= 0


def test_pictures_for_the_readme(visit: Open) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    one = visit(width=1100, height=800)

    def picture(name: str) -> None:
        one.page.screenshot(path=PICTURES / f"{name}.jpg", type="jpeg", quality=72)

    one.open("/en/")
    picture("first-page")
    one.sign_in("officer", PASSWORD)
    run = ask_for(one, "Kraken Robotics")
    picture("answer")
    one.open(f"{run}/matches/1")
    picture("match")
    assert all((PICTURES / f"{name}.jpg").stat().st_size > 20_000 for name in ("first-page", "answer", "match"))
