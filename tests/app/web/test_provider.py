"""Signing in through the provider: a link without script, back to the page that was wanted, and what is told when it fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from app import access, accounts
from app.accounts import Post
from app.db import transaction
from app.main import create_app
from app.permissions import Role
from app.web.entry import STARTED
from app.web.pages import COOKIE
from tests.app.identities import ISSUER, Identities

NAME = "officer@provider.example"


@pytest.fixture
def there() -> Identities:
    return Identities(datetime.now(UTC).timestamp())


@pytest.fixture
def browser(world, there) -> TestClient:
    """Of somebody who has not signed in, where a provider is configured and the subject s-1 opens an account."""
    with transaction(world.sessions) as session:
        accounts.add(session, access.CONSOLE, NAME, Post(Role.TRADE_OFFICER), datetime.now(UTC))
        accounts.link(session, access.CONSOLE, NAME, ISSUER, "s-1", datetime.now(UTC))
    app = create_app(world.settings, knowledge=world.knowledge, sessions=world.sessions)
    app.state.house = replace(app.state.house, provider=there.provider())
    return TestClient(app, base_url="https://testserver", follow_redirects=False)


def begin(browser: TestClient, language: str = "en", back: str = "") -> str:
    """The provider's address, to which the link of the form leads."""
    answer = browser.get(f"/{language}/sign-in/start", params={"back": back})
    assert answer.status_code == 303
    return answer.headers["location"]


def test_the_way_through_the_provider_and_back_to_the_page_that_was_wanted(browser, there) -> None:
    wanted = browser.get("/fr/firms?q=sonar")
    assert wanted.status_code == 401
    assert "Ouvrir une session avec Example ID" in wanted.text
    (link,) = [part.split('"')[0] for part in wanted.text.split('href="') if part.startswith("/fr/sign-in/start")]
    away = browser.get(link.replace("&amp;", "&"))
    assert away.status_code == 303
    cookie = away.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("__host-", "secure", "httponly", "samesite=lax", "path=/", "max-age=600"))
    back = browser.get("/sign-in/callback", params=there.let_in(away.headers["location"]))
    assert (back.status_code, back.headers["location"]) == (303, "/fr/firms?q=sonar")
    assert STARTED not in browser.cookies
    cookie = next(value for value in back.headers.get_list("set-cookie") if value.startswith(COOKIE)).lower()
    assert all(word in cookie for word in ("secure", "httponly", "samesite=lax"))
    read = browser.get(back.headers["location"])
    assert read.status_code == 200
    assert NAME in read.text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_button_is_a_link_on_the_form_and_only_where_a_provider_is_named(browser, visitor, language) -> None:
    without = visitor(None).get(f"/{language}/sign-in").text
    assert "sign-in/start" not in without
    form = browser.get(f"/{language}/sign-in").text
    words = {"en": "Sign in with Example ID", "fr": "Ouvrir une session avec Example ID"}
    assert words[language] in form
    assert f'href="/{language}/sign-in/start?back=%2F{language}%2F"' in form


def test_where_no_provider_is_named_there_is_no_such_address(visitor) -> None:
    for address in ("/en/sign-in/start", "/fr/sign-in/start", "/sign-in/callback?state=a&code=b"):
        assert visitor(None).get(address).status_code == 404


def test_what_was_typed_is_not_lost_unsaid(browser) -> None:
    answer = browser.post("/en/ask", data={"brief": "Towed sonar"})
    assert answer.status_code == 401
    assert "copy it first" in answer.text
    assert 'href="/en/sign-in/start"' in answer.text


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/en/\\x", "/api/v1/firms", "/en/" + "x" * 2001],
)
def test_nobody_is_sent_elsewhere_after_signing_in(browser, there, back) -> None:
    brought = there.let_in(begin(browser, "fr", back))
    assert browser.get("/sign-in/callback", params=brought).headers["location"] == "/fr/"


def test_a_changed_cookie_sends_nobody_elsewhere(browser, there) -> None:
    brought = there.let_in(begin(browser))
    browser.cookies.clear()
    changed = {"Cookie": f"{STARTED}={brought['state']}.https%3A%2F%2Fevil.example", "Accept-Language": "fr"}
    assert browser.get("/sign-in/callback", params=brought, headers=changed).headers["location"] == "/fr/"


def failed(browser: TestClient, brought: dict[str, str]) -> tuple[int, str, str]:
    """Status and text of the form to which a failure leads, and the failure's code."""
    answer = browser.get("/sign-in/callback", params=brought)
    assert answer.status_code == 303
    assert COOKIE not in answer.headers.get("set-cookie", "").replace(STARTED, "")
    assert brought.get("code", "code=") not in answer.headers["location"]
    form = browser.get(answer.headers["location"])
    assert browser.get("/en/account").status_code == 401
    return form.status_code, form.text, parse_qs(urlsplit(answer.headers["location"]).query)["failed"][0]


def test_an_unknown_subject_reads_what_any_failed_login_reads(browser, there) -> None:
    status, text, _ = failed(browser, there.let_in(begin(browser), "s-unknown"))
    by_password = browser.post("/en/sign-in", data={"name": "nobody", "password": "nothing that opens"})
    assert (status, by_password.status_code) == (401, 401)
    said = [part.split("</div>")[0] for page in (text, by_password.text) for part in [page.split('role="alert"')[1]]]
    assert said[0] == said[1]
    assert "do not open an account" in said[0]


def test_each_failure_is_told_in_the_language_of_the_reader(browser, there) -> None:
    there.claims = {"nonce": "another"}
    status, text, code = failed(browser, there.let_in(begin(browser, "fr")))
    assert (status, code) == (401, "login-refused")
    assert "n’ouvrent aucun compte" in text

    status, text, code = failed(browser, there.let_in(begin(browser, "fr")) | {"state": "another"})
    assert (status, code) == (401, "sign-in-ended")
    assert "cette ouverture de session" in text

    there.answers["/token"] = lambda _: there.send(b" " * 1_000_000)
    status, text, code = failed(browser, there.let_in(begin(browser, "fr")))
    assert (status, code) == (503, "provider-failed")
    assert "ne répond pas comme il le devrait" in text

    refused = there.let_in(begin(browser, "fr")) | {"error": "access_denied", "code": ""}
    assert failed(browser, {name: value for name, value in refused.items() if value})[2] == "login-refused"


def test_an_answer_that_another_browser_began_opens_nothing_here(browser, there) -> None:
    brought = there.let_in(begin(browser))
    browser.cookies.clear()
    assert failed(browser, brought)[2] == "sign-in-ended"


def test_an_answer_is_taken_once(browser, there) -> None:
    brought = there.let_in(begin(browser))
    kept = browser.cookies[STARTED]
    assert browser.get("/sign-in/callback", params=brought).headers["location"] == "/en/"
    browser.cookies.clear()
    browser.cookies.set(STARTED, kept)
    assert failed(browser, brought)[2] == "sign-in-ended"


def test_a_provider_that_is_down_leads_back_to_the_form_and_the_password(browser, there) -> None:
    there.answers["/.well-known/openid-configuration"] = lambda _: there.send({}, 502)
    form = browser.get(begin(browser, "en", "/en/firms"))
    assert form.status_code == 503
    assert "does not answer as it should" in form.text
    assert 'value="/en/firms"' in form.text


def test_codes_and_states_are_in_no_log(browser, there, capfd) -> None:
    brought = there.let_in(begin(browser))
    browser.get("/sign-in/callback", params=brought)
    logged = "".join(capfd.readouterr())
    assert "/sign-in/callback" in logged
    assert not any(brought[name] in logged for name in ("state", "code"))
