"""Keys for the API: only their hash is kept, each is its account's, and each ends."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app import accounts, keys
from app.access import Caller
from app.accounts import Post
from app.errors import Forbidden, Invalid, NotFound, Unauthorised
from app.models import ApiKey
from app.permissions import PERMISSIONS, Permission, Role
from tests.app.callers import ADMINISTRATOR, TRADE_OFFICER
from tests.app.world import NOW


def test_a_live_key_names_its_holder(session) -> None:
    key = keys.create_key(session, "Trade officer", NOW)
    assert keys.caller_of(session, key, NOW) == Caller("Trade officer", Role.TRADE_OFFICER)


def test_only_the_hash_of_a_key_is_stored(session) -> None:
    key = keys.create_key(session, "me", NOW)
    session.flush()
    row = session.execute(text("SELECT * FROM api_key")).mappings().one()
    assert row["sha256"] == hashlib.sha256(key.encode()).hexdigest()
    secret = key.split("_", 2)[2]
    assert len(secret) >= 40
    assert [name for name, value in row.items() if secret in str(value)] == []


def test_keys_are_never_the_same(session) -> None:
    assert len({keys.create_key(session, "me", NOW) for _ in range(20)}) == 20


def _expired(session) -> tuple[str, object]:
    return keys.create_key(session, "me", NOW), NOW + keys.KEY_LIFE


def _revoked(session) -> tuple[str, object]:
    key = keys.create_key(session, "me", NOW)
    session.flush()
    keys.revoke_key(session, key.split("_")[1], NOW)
    return key, NOW


@pytest.mark.parametrize(
    "given",
    [
        lambda session: (None, NOW),
        lambda session: ("", NOW),
        lambda session: ("triveni_00000000_unknown", NOW),
        lambda session: (keys.create_key(session, "me", NOW)[:-1], NOW),
        _expired,
        _revoked,
    ],
    ids=["none", "empty", "unknown", "cut short", "expired", "revoked"],
)
def test_a_key_that_is_not_live_is_refused_in_the_same_words(session, given) -> None:
    key, at = given(session)
    with pytest.raises(Unauthorised) as told:
        keys.caller_of(session, key, at)
    assert told.value.message == "this needs an API key that is live"
    assert "triveni key create" in (told.value.hint or "")


def test_a_key_lives_to_the_last_moment_of_its_year(session) -> None:
    key = keys.create_key(session, "me", NOW)
    assert keys.caller_of(session, key, NOW + keys.KEY_LIFE - timedelta(seconds=1)).name == "me"


def test_revoking_twice_keeps_the_first_day(session) -> None:
    keys.create_key(session, "me", NOW)
    session.flush()
    prefix = session.scalar(select(ApiKey.prefix))
    keys.revoke_key(session, prefix, NOW)
    keys.revoke_key(session, prefix, NOW + timedelta(days=3))
    assert session.scalar(select(ApiKey.revoked_at)) == NOW


def test_revoking_an_unknown_prefix_says_where_the_keys_are_listed(session) -> None:
    with pytest.raises(NotFound, match="'nope'") as told:
        keys.revoke_key(session, "nope", NOW)
    assert "triveni key list" in (told.value.hint or "")


def test_keys_are_listed_in_order_of_making(session) -> None:
    for holder in ("b", "a", "c"):
        keys.create_key(session, holder, NOW)
    session.flush()
    assert [(key.holder, account.name) for key, account in keys.keys(session)] == [(n, n) for n in "bac"]


def test_a_key_of_an_account_does_what_the_account_may_and_is_recorded_under_its_name(session) -> None:
    accounts.add(session, ADMINISTRATOR, "lead@example.org", Post(Role.DELEGATION_LEAD), NOW)
    key = keys.create_key(session, "mission to Kochi", NOW, account="Lead@Example.org")
    caller = keys.caller_of(session, key, NOW)
    assert (caller.name, caller.permissions) == ("lead@example.org", PERMISSIONS[Role.DELEGATION_LEAD])


def test_scopes_narrow_a_key_and_never_widen_it(session) -> None:
    key = keys.create_key(session, "reader", NOW, scopes=[Permission.READ_FIRMS])
    assert keys.caller_of(session, key, NOW).permissions == {Permission.READ_FIRMS}
    with pytest.raises(Invalid, match="does not have manage_accounts"):
        keys.create_key(session, "reader", NOW, scopes=[Permission.MANAGE_ACCOUNTS])


def test_a_key_loses_what_its_account_loses(session) -> None:
    key = keys.create_key(session, "reader", NOW, scopes=[Permission.REQUEST_MATCHES, Permission.READ_FIRMS])
    accounts.change_post(session, ADMINISTRATOR, "reader", Post(Role.COMPLIANCE_REVIEWER), NOW)
    assert keys.caller_of(session, key, NOW).permissions == {Permission.READ_FIRMS}


def test_a_disabled_account_has_no_live_key_and_gets_none(session) -> None:
    key = keys.create_key(session, "me", NOW)
    accounts.disable(session, ADMINISTRATOR, "me", NOW)
    with pytest.raises(Unauthorised):
        keys.caller_of(session, key, NOW)
    with pytest.raises(Forbidden, match="disabled"):
        keys.create_key(session, "me", NOW)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_key_lives_up_to_a_year(session, days: int) -> None:
    with pytest.raises(Invalid, match="up to 365 days"):
        keys.create_key(session, "me", NOW, life=timedelta(days=days))


def test_a_key_from_before_there_were_accounts_opens_nothing(session) -> None:
    key = keys.create_key(session, "me", NOW)
    session.flush()
    session.scalars(select(ApiKey)).one().account_id = None
    with pytest.raises(Unauthorised):
        keys.caller_of(session, key, NOW)


def test_only_who_manages_accounts_makes_ends_and_lists_keys(session) -> None:
    for job in (
        lambda: keys.create_key(session, "me", NOW, by=TRADE_OFFICER),
        lambda: keys.revoke_key(session, "0000", NOW, by=TRADE_OFFICER),
        lambda: keys.keys(session, by=TRADE_OFFICER),
    ):
        with pytest.raises(Forbidden, match="manage_accounts"):
            job()
