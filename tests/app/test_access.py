"""Who may do what, and the selects that firms are read through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app import access
from app.access import Caller
from app.db import transaction
from app.errors import Forbidden
from app.models import Association, Firm
from app.permissions import PERMISSIONS, Permission, Role
from matching.profile import Exposure
from tests.app.callers import ADMINISTRATOR, OF_ALPHA, OF_BETA, TRADE_OFFICER
from tests.app.world import World

RADIO = "arctic-radio-ltd"


@pytest.mark.parametrize("permission", Permission)
def test_every_permission_is_held_by_a_role_and_refused_to_whoever_has_none(permission: Permission) -> None:
    assert any(permission in may for may in PERMISSIONS.values())
    access.require(ADMINISTRATOR, permission)
    with pytest.raises(Forbidden, match=permission):
        access.require(Caller("nobody"), permission)


def test_a_refusal_names_who_may() -> None:
    with pytest.raises(Forbidden) as told:
        access.require(OF_ALPHA, Permission.REVIEW_HITS)
    assert told.value.hint == "roles that have it: compliance_reviewer, administrator"
    assert told.value.details == {"permission": "review_hits"}


def test_a_key_narrowed_too_far_is_told_that_it_is_the_key() -> None:
    narrowed = replace(TRADE_OFFICER, scopes=frozenset({Permission.READ_FIRMS}))
    with pytest.raises(Forbidden, match="which this key does not have"):
        access.require(narrowed, Permission.REQUEST_MATCHES)


def test_scopes_add_nothing() -> None:
    assert Caller("x", Role.TRADE_OFFICER, scopes=frozenset(Permission)).permissions == PERMISSIONS[Role.TRADE_OFFICER]


def ids(world: World, chosen) -> set[str]:
    with world.sessions() as session:
        return {firm.id for firm in session.scalars(chosen)}


@pytest.fixture
def drafted(world: World) -> World:
    """A draft and a published firm of the association alpha."""
    with transaction(world.sessions) as session:
        session.add_all([Association(id="alpha", name="Alpha"), Association(id="beta", name="Beta")])
        session.flush()
        session.get_one(Firm, RADIO).state = "draft"
        for firm_id in (RADIO, "arctic-optics-ltd"):
            session.get_one(Firm, firm_id).association_id = "alpha"
    return world


def test_a_draft_is_seen_by_its_own_association_alone_and_matched_with_nobody(drafted: World) -> None:
    for caller in (OF_ALPHA, OF_BETA, TRADE_OFFICER, ADMINISTRATOR, access.CONSOLE, Caller("nobody")):
        assert (RADIO in ids(drafted, access.visible_firms(caller))) is (caller is OF_ALPHA)
        assert RADIO not in ids(drafted, access.matchable_firms(caller))
        assert "arctic-optics-ltd" in ids(drafted, access.matchable_firms(caller))


def test_an_association_changes_its_own_firms_and_an_administrator_any(drafted: World) -> None:
    assert ids(drafted, access.answerable_firms(OF_ALPHA)) == {RADIO, "arctic-optics-ltd"}
    assert ids(drafted, access.answerable_firms(OF_BETA)) == set()
    assert ids(drafted, access.answerable_firms(TRADE_OFFICER)) == set()
    assert len(ids(drafted, access.answerable_firms(ADMINISTRATOR))) == 8


def test_a_key_without_the_scope_to_submit_changes_no_firm(drafted: World) -> None:
    narrowed = replace(OF_ALPHA, scopes=frozenset({Permission.READ_FIRMS}))
    assert ids(drafted, access.answerable_firms(narrowed)) == set()


def test_restricted_fields_are_open_to_the_own_association_and_to_who_holds_a_grant(drafted: World) -> None:
    exposure = Exposure(itar_content=True, controlled_goods_registered=True)
    granted = replace(TRADE_OFFICER, grants=frozenset({"arctic-optics-ltd"}))
    with drafted.sessions() as session:
        firm = session.get_one(Firm, "arctic-optics-ltd")
        firm.profile = firm.profile.model_copy(update={"exposure": exposure, "provenance": "firm"})
        for caller in (OF_ALPHA, granted):
            assert access.released(firm, caller).exposure == exposure
            assert access.opened(session, caller, {firm.id, "kraken-robotics-inc"}) == {firm.id}
        for caller in (OF_BETA, TRADE_OFFICER, ADMINISTRATOR, access.CONSOLE):
            assert access.released(firm, caller).exposure == Exposure(controlled_goods_registered=True)
            assert access.opened(session, caller, {firm.id}) == frozenset()
