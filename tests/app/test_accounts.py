"""Accounts: names are never given twice, each has one role, and only who manages accounts changes them."""

from __future__ import annotations

import pyotp
import pytest

from app import accounts, audit
from app.access import CONSOLE
from app.accounts import Post
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.permissions import Role
from tests.app.callers import ADMINISTRATOR, TRADE_OFFICER
from tests.app.world import NOW

OFFICER = Post(Role.TRADE_OFFICER)


def test_a_new_account_is_opened_by_what_is_shown_once(session) -> None:
    made = accounts.create(session, ADMINISTRATOR, "asha@example.org", OFFICER, NOW)
    assert made.password
    assert accounts.hasher().verify(made.password, made.account.password_hash or "")
    assert (made.account.password_hash or "").startswith("$argon2id$")
    parsed = pyotp.parse_uri(made.totp or "")
    assert (parsed.name, parsed.issuer) == ("asha@example.org", "Triveni")
    assert isinstance(parsed, pyotp.TOTP)
    assert parsed.secret == made.account.totp_secret


@pytest.mark.parametrize("name", ["ASHA@example.org", " asha@Example.org ", "ａsha@example.org"])
def test_names_that_read_the_same_are_one(session, name: str) -> None:
    accounts.add(session, ADMINISTRATOR, "asha@example.org", OFFICER, NOW)
    with pytest.raises(Conflict, match="never given twice"):
        accounts.add(session, ADMINISTRATOR, name, OFFICER, NOW)
    assert accounts.find(session, name).name == "asha@example.org"


@pytest.mark.parametrize("name", ["", "  ", "a" * 201, "a\x00b", "Console", " console "])
def test_a_name_that_is_none_or_is_the_consoles_is_refused(session, name: str) -> None:
    with pytest.raises(Invalid):
        accounts.add(session, ADMINISTRATOR, name, OFFICER, NOW)


@pytest.mark.parametrize(
    ("post", "said"),
    [
        (Post(Role.ASSOCIATION_OFFICER), "answers for an association: name it"),
        (Post(Role.TRADE_OFFICER, "alpha"), "is of no association"),
    ],
)
def test_an_association_officer_and_nobody_else_is_of_an_association(session, post: Post, said: str) -> None:
    accounts.add_association(session, CONSOLE, "Alpha", NOW)
    with pytest.raises(Invalid, match=said):
        accounts.add(session, ADMINISTRATOR, "x", post, NOW)
    accounts.add(session, ADMINISTRATOR, "y", OFFICER, NOW)
    with pytest.raises(Invalid, match=said):
        accounts.change_post(session, ADMINISTRATOR, "y", post, NOW)


def test_an_association_is_found_by_id_and_name_and_held_once(session) -> None:
    made = accounts.add_association(session, CONSOLE, "Association  des Industries Aéro", NOW)
    assert (made.id, made.name) == ("association-des-industries-aero", "Association des Industries Aéro")
    assert accounts.find_association(session, "Association des industries aero") is made
    with pytest.raises(Conflict):
        accounts.add_association(session, CONSOLE, "association des industries AÉRO", NOW)
    with pytest.raises(NotFound, match="'Beta'"):
        accounts.add(session, ADMINISTRATOR, "x", Post(Role.ASSOCIATION_OFFICER, "Beta"), NOW)
    with pytest.raises(Invalid):
        accounts.add_association(session, CONSOLE, " – ", NOW)


@pytest.mark.parametrize("password", ["short", "x" * 201, "abababababab", "my name is Asha and"])
def test_a_password_that_is_easily_guessed_is_refused(session, password: str) -> None:
    with pytest.raises(Invalid, match="password"):
        accounts.create(session, ADMINISTRATOR, "asha", OFFICER, NOW, password=password)


def test_nobody_disables_the_account_that_they_are_using(session) -> None:
    accounts.add(session, CONSOLE, ADMINISTRATOR.name, Post(Role.ADMINISTRATOR), NOW)
    with pytest.raises(Conflict):
        accounts.disable(session, ADMINISTRATOR, ADMINISTRATOR.name, NOW)
    assert accounts.disable(session, CONSOLE, ADMINISTRATOR.name, NOW).disabled_at == NOW
    accounts.disable(session, CONSOLE, ADMINISTRATOR.name, NOW)
    assert len(audit.events(session, action="account.disabled")) == 1


def test_a_subject_of_a_provider_opens_one_account(session) -> None:
    for name in ("one", "two"):
        accounts.add(session, CONSOLE, name, OFFICER, NOW)
    one = accounts.link(session, CONSOLE, "one", "https://id.example", "s-1", NOW)
    assert accounts.link(session, CONSOLE, "one", "https://id.example", "s-1", NOW) is one
    assert accounts.by_subject(session, "https://id.example", "s-1") is one
    assert accounts.by_subject(session, "https://other.example", "s-1") is None
    with pytest.raises(Conflict, match="'one'"):
        accounts.link(session, CONSOLE, "two", "https://id.example", "s-1", NOW)


def test_a_password_made_up_may_hold_a_short_name_and_a_chosen_one_may_not(session, monkeypatch) -> None:
    accounts.add(session, CONSOLE, "x", OFFICER, NOW)
    monkeypatch.setattr("app.accounts.secrets.token_urlsafe", lambda _bytes: "UAJlrvXZUmwF5qSrNa3B")
    assert accounts.set_password(session, CONSOLE, "x", NOW) == "UAJlrvXZUmwF5qSrNa3B"
    with pytest.raises(Invalid, match="holds the account's name"):
        accounts.set_password(session, CONSOLE, "x", NOW, password="UAJlrvXZUmwF5qSrNa3B")


def test_every_change_of_an_account_is_an_event_and_needs_the_permission(session) -> None:
    accounts.add(session, CONSOLE, "x", OFFICER, NOW)
    changes = {
        "account.created": lambda by: accounts.add(session, by, f"y{by.name}", OFFICER, NOW),
        "account.password_set": lambda by: accounts.set_password(session, by, "x", NOW),
        "account.code_enrolled": lambda by: accounts.enrol_totp(session, by, "x", NOW),
        "account.linked": lambda by: accounts.link(session, by, "x", "https://id.example", "s", NOW),
        "account.role_changed": lambda by: accounts.change_post(session, by, "x", Post(Role.ADMINISTRATOR), NOW),
        "account.disabled": lambda by: accounts.disable(session, by, "x", NOW),
        "association.created": lambda by: accounts.add_association(session, by, "Alpha", NOW),
    }
    for action, change in changes.items():
        with pytest.raises(Forbidden, match="manage_accounts"):
            change(TRADE_OFFICER)
        change(ADMINISTRATOR)
        assert audit.events(session, action=action)[-1].by == ADMINISTRATOR.name
    for reading in (accounts.accounts, accounts.associations):
        assert reading(session, ADMINISTRATOR)
        with pytest.raises(Forbidden):
            reading(session, TRADE_OFFICER)
