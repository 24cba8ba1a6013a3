"""Grants: who may read, of which firm, until when, under which agreement, granted by whom; and what ends with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import access, accounts, audit, firms, grants, matches, profiles
from app.access import Caller
from app.accounts import Post
from app.db import transaction
from app.disclosure import FieldClass
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.grants import LONGEST, Granted, Granting
from app.models import Firm
from app.permissions import Role
from tests.app.callers import ADMINISTRATOR, OF_ALPHA, OF_BETA, REVIEWER, TRADE_OFFICER
from tests.app.world import NOW, World
from tests.factories import profile, statement

FIRM = "alpha-optics-ltd"
SECRET = "Germanium lenses for pressure housings in volume"
LATER = NOW + timedelta(days=30)


@pytest.fixture
def held(world: World) -> World:
    """A firm of Alpha with a restricted statement, and the trade officer's account."""
    world.revise(
        profile(
            "Alpha Optics Ltd.",
            provenance="firm",
            statements=(statement("Optics for drones"), statement(SECRET, release="restricted")),
            exposure={"itar_content": True, "notes": "Under a US licence"},
        )
    )
    world.embed()
    with transaction(world.sessions) as session:
        for name in ("Alpha", "Beta"):
            accounts.add_association(session, access.CONSOLE, name, NOW)
        session.get_one(Firm, FIRM).association_id = "alpha"
        accounts.add(session, access.CONSOLE, TRADE_OFFICER.name, Post(Role.TRADE_OFFICER), NOW)
    return world


def give(world: World, caller: Caller = OF_ALPHA, **over) -> Granted:
    given = {"account": TRADE_OFFICER.name, "firm": FIRM, "agreement": "Arrangement 7", "until": LATER} | over
    with transaction(world.sessions) as session:
        return grants.grant(session, caller, Granting.model_validate(given), NOW)


def officer(world: World, at=NOW) -> Caller:
    """The trade officer as a request at a time would make them."""
    with transaction(world.sessions, readonly=True) as session:
        return accounts.caller_for(session, accounts.find(session, TRADE_OFFICER.name), at)


def texts(world: World, caller: Caller) -> list[str]:
    with world.sessions() as session:
        return [s.text for s in firms.read_firm(session, caller, FIRM).profile.statements]


def ask(world: World, caller: Caller) -> dict:
    with transaction(world.sessions) as session:
        asked = matches.Ask(firm=FIRM, market="PHL")
        return matches.request_matches(session, caller, asked, world.knowledge, world.cache, NOW)


def test_a_grant_opens_restricted_fields_until_its_day_and_no_longer(held: World) -> None:
    assert texts(held, officer(held)) == ["Optics for drones"]
    granted = give(held)
    assert (granted.agreement, granted.granted_by, granted.until, granted.live) == (
        "Arrangement 7", OF_ALPHA.name, LATER, True,
    )  # fmt: skip
    assert texts(held, officer(held)) == ["Optics for drones", SECRET]
    assert texts(held, officer(held, LATER - timedelta(seconds=1))) == ["Optics for drones", SECRET]
    assert texts(held, officer(held, LATER)) == ["Optics for drones"]


def test_a_grant_that_is_revoked_is_closed_at_once_and_kept(held: World) -> None:
    granted = give(held)
    for _ in range(2):
        with transaction(held.sessions) as session:
            ended = grants.revoke(session, OF_ALPHA, granted.id, NOW)
        assert (ended.revoked_by, ended.revoked_at, ended.live) == (OF_ALPHA.name, NOW, False)
    assert texts(held, officer(held)) == ["Optics for drones"]
    with held.sessions() as session:
        assert len(audit.events(session, action="grant.revoked")) == 1
        assert [one.id for one in grants.grants(session, OF_ALPHA, NOW)] == [granted.id]


def test_what_is_restricted_moves_ranks_for_its_readers_alone(held: World) -> None:
    before = ask(held, officer(held))
    assert SECRET not in str(before)
    give(held)
    after = ask(held, officer(held))
    assert SECRET in str(after["matches"])
    assert [m["fit"] for m in after["matches"]] != [m["fit"] for m in before["matches"]]
    assert ask(held, Caller("Another", Role.TRADE_OFFICER))["matches"] == before["matches"]


def test_a_run_under_a_grant_is_ranked_anew_for_whoever_does_not_hold_it(held: World) -> None:
    stranger = ask(held, TRADE_OFFICER)
    granted = give(held)
    run = ask(held, officer(held))
    run_id = run["run"]["id"]
    with transaction(held.sessions, readonly=True) as session:
        assert matches.read_run(session, officer(held), run_id, held.knowledge) == run
        for reader in (REVIEWER, ADMINISTRATOR, officer(held, LATER)):
            read = matches.read_run(session, reader, run_id, held.knowledge)
            assert read["matches"] == stranger["matches"]
            assert read["run"]["versions"] == stranger["run"]["versions"]
            with pytest.raises(Forbidden, match="restricted fields"):
                matches.what_if(session, reader, run_id, 1, held.knowledge)
    with transaction(held.sessions) as session:
        grants.revoke(session, OF_ALPHA, granted.id, NOW)
    with transaction(held.sessions, readonly=True) as session:
        assert SECRET not in str(matches.read_run(session, officer(held), run_id, held.knowledge))


@pytest.mark.parametrize(
    ("caller", "over", "error", "said"),
    [
        (OF_BETA, {}, Forbidden, "another association answers"),
        (ADMINISTRATOR, {}, Forbidden, "another association answers"),
        (TRADE_OFFICER, {}, Forbidden, "grant_restricted"),
        (OF_ALPHA, {"firm": "kraken-robotics-inc"}, Forbidden, "another association answers"),
        (OF_ALPHA, {"firm": "nobody"}, NotFound, "no firm 'nobody'"),
        (OF_ALPHA, {"account": "nobody"}, NotFound, "no account 'nobody'"),
        (OF_ALPHA, {"until": NOW}, Invalid, "within 730 days"),
        (OF_ALPHA, {"until": NOW + LONGEST + timedelta(seconds=1)}, Invalid, "within 730 days"),
    ],
)
def test_a_grant_is_refused_with_its_reason(held: World, caller, over, error, said: str) -> None:
    with pytest.raises(error, match=said):
        give(held, caller, **over)


def test_a_disabled_account_is_granted_nothing(held: World) -> None:
    with transaction(held.sessions) as session:
        accounts.disable(session, ADMINISTRATOR, TRADE_OFFICER.name, NOW)
    with pytest.raises(Conflict, match="disabled"):
        give(held)


def test_a_grant_is_known_to_its_two_sides_and_to_an_auditor(held: World) -> None:
    granted = give(held)
    with held.sessions() as session:
        for caller in (OF_ALPHA, TRADE_OFFICER, REVIEWER, ADMINISTRATOR):
            assert grants.grants(session, caller, NOW) == [granted]
        for caller in (OF_BETA, Caller("Another", Role.TRADE_OFFICER)):
            assert grants.grants(session, caller, NOW) == []
        with pytest.raises(NotFound):
            grants.revoke(session, OF_BETA, granted.id, NOW)


@pytest.mark.parametrize(("taken_back", "live"), [("restricted", False), ("public", False), ("matchable", True)])
def test_a_firm_that_takes_its_consent_back_ends_its_grants(held: World, taken_back: str, live) -> None:
    granted = give(held)
    with transaction(held.sessions) as session:
        profiles.withdraw(session, OF_ALPHA, FIRM, FieldClass(taken_back), NOW)
        assert [one.live for one in grants.grants(session, OF_ALPHA, NOW) if one.id == granted.id] == [live]
        assert grants.end_of_firm(session, FIRM, OF_ALPHA.name, NOW) == int(live)
