"""Who may do what: keys of which only the hash is kept, and the two selects that firms are read through."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app import access
from app.errors import NotFound, Unauthorised
from app.models import ApiKey, Firm
from tests.app.world import NOW


def test_a_live_key_names_its_holder(session) -> None:
    key = access.create_key(session, "Trade officer", NOW)
    assert access.caller_of(session, key, NOW) == access.Caller("Trade officer")


def test_only_the_hash_of_a_key_is_stored(session) -> None:
    key = access.create_key(session, "me", NOW)
    session.flush()
    row = session.execute(text("SELECT * FROM api_key")).mappings().one()
    assert row["sha256"] == hashlib.sha256(key.encode()).hexdigest()
    secret = key.split("_", 2)[2]
    assert len(secret) >= 40
    assert [name for name, value in row.items() if secret in str(value)] == []


def test_keys_are_never_the_same(session) -> None:
    assert len({access.create_key(session, "me", NOW) for _ in range(20)}) == 20


def _expired(session) -> tuple[str, object]:
    return access.create_key(session, "me", NOW), NOW + access.KEY_LIFE


def _revoked(session) -> tuple[str, object]:
    key = access.create_key(session, "me", NOW)
    session.flush()
    access.revoke_key(session, key.split("_")[1], NOW)
    return key, NOW


@pytest.mark.parametrize(
    "given",
    [
        lambda session: (None, NOW),
        lambda session: ("", NOW),
        lambda session: ("triveni_00000000_unknown", NOW),
        lambda session: (access.create_key(session, "me", NOW)[:-1], NOW),
        _expired,
        _revoked,
    ],
    ids=["none", "empty", "unknown", "cut short", "expired", "revoked"],
)
def test_a_key_that_is_not_live_is_refused_in_the_same_words(session, given) -> None:
    key, at = given(session)
    with pytest.raises(Unauthorised) as told:
        access.caller_of(session, key, at)
    assert told.value.message == "this needs an API key that is live"
    assert "triveni key create" in (told.value.hint or "")


def test_a_key_lives_to_the_last_moment_of_its_year(session) -> None:
    key = access.create_key(session, "me", NOW)
    assert access.caller_of(session, key, NOW + access.KEY_LIFE - timedelta(seconds=1)).name == "me"


def test_revoking_twice_keeps_the_first_day(session) -> None:
    access.create_key(session, "me", NOW)
    session.flush()
    prefix = session.scalar(select(ApiKey.prefix))
    access.revoke_key(session, prefix, NOW)
    access.revoke_key(session, prefix, NOW + timedelta(days=3))
    assert session.scalar(select(ApiKey.revoked_at)) == NOW


def test_revoking_an_unknown_prefix_says_where_the_keys_are_listed(session) -> None:
    with pytest.raises(NotFound, match="'nope'") as told:
        access.revoke_key(session, "nope", NOW)
    assert "triveni key list" in (told.value.hint or "")


def test_keys_are_listed_in_order_of_making(session) -> None:
    for holder in ("b", "a", "c"):
        access.create_key(session, holder, NOW)
    session.flush()
    assert [key.holder for key in access.keys(session)] == ["b", "a", "c"]


@pytest.mark.parametrize("chosen", [access.visible_firms, access.matchable_firms])
def test_firms_that_are_not_published_are_neither_shown_nor_matched(world, chosen) -> None:
    with world.sessions() as session:
        session.get_one(Firm, "arctic-radio-ltd").state = "withdrawn"
        session.flush()
        ids = {firm.id for firm in session.scalars(chosen(access.CONSOLE))}
    assert "arctic-radio-ltd" not in ids
    assert "arctic-optics-ltd" in ids
