"""Two records of one firm: told, merged by a person, parted again, and nothing lost."""

from __future__ import annotations

import pytest

from app import access, accounts, audit, firms, merges
from app.db import transaction
from app.errors import Conflict, Invalid, NotFound
from app.models import Firm
from tests.app.callers import OF_ALPHA, OF_BETA
from tests.app.test_submissions import accept, check, on_file
from tests.app.world import NOW, World

KEPT, MERGED = "aurora-photonics-inc-alpha", "aurora-fotonics-ltd-alpha"
HEADER = ["Company", "Country", "City", "Website", "Capabilities"]


@pytest.fixture
def two(world: World) -> World:
    """The association alpha with two records that are alike."""
    with transaction(world.sessions) as session:
        for name in ("Alpha", "Beta"):
            accounts.add_association(session, access.CONSOLE, name, NOW)
    rows = (
        ["Aurora Photonics Inc.", "Canada", "Ottawa", "aurora.example", "Camera cores"],
        ["Aurora Fotonics Ltd.", "Canada", "Ottawa", "www.aurora.example", "Lenses"],
        ["Kraken Robotics", "Canada", None, None, "Sonar"],
    )
    accept(world, check(world, *rows, header=HEADER, association="alpha"))
    return world


def merge(world: World, caller: access.Caller = OF_ALPHA, kept: str = KEPT, merged: str = MERGED) -> merges.Merged:
    with transaction(world.sessions) as session:
        return merges.merge(session, caller, kept, merged, "The same business number on the invoice.", NOW)


def held(world: World, firm_id: str) -> Firm:
    with transaction(world.sessions) as session:
        return session.get_one(Firm, firm_id)


def test_likely_records_are_told_with_reasons(two: World) -> None:
    with transaction(two.sessions) as session:
        found = merges.near_records(session, OF_ALPHA, KEPT)
        public = merges.near_records(session, OF_ALPHA, "kraken-robotics-alpha")
    assert [near.firm for near in found] == [MERGED]
    assert any("website" in reason for reason in found[0].because)
    assert [near.firm for near in public] == ["kraken-robotics-inc"]


def test_a_merged_record_is_matched_no_more_and_stays_whole(two: World) -> None:
    before = held(two, MERGED).profile
    merge(two)
    gone = held(two, MERGED)
    assert (gone.state, gone.profile) == ("archived", before)
    assert held(two, KEPT).state == "published"


def test_an_undoing_gives_back_what_was(two: World) -> None:
    before = held(two, MERGED)
    made = merge(two)
    with transaction(two.sessions) as session:
        undone = merges.undo(session, OF_ALPHA, made.id, NOW)
    after = held(two, MERGED)
    assert (after.state, after.profile) == (before.state, before.profile)
    assert undone.undone_by == OF_ALPHA.name
    with pytest.raises(Conflict, match="was undone"), transaction(two.sessions) as session:
        merges.undo(session, OF_ALPHA, made.id, NOW)
    with transaction(two.sessions) as session:
        assert [m.id for m in merges.of_firm(session, OF_ALPHA, KEPT)] == [made.id]
        assert audit.verify(session)[1] is None


def test_a_public_record_may_be_merged_into_ones_own_and_a_seeding_leaves_it_so(two: World) -> None:
    merge(two, kept="kraken-robotics-alpha", merged="kraken-robotics-inc")
    public = held(two, "kraken-robotics-inc")
    assert public.state == "archived"
    two.seed_only(public.profile)
    assert held(two, "kraken-robotics-inc").state == "archived"


def test_the_merged_name_in_a_sheet_is_the_kept_firm(two: World) -> None:
    merge(two)
    found = check(two, ["Aurora Fotonics Ltd.", "Canada", "Kanata", None, None], header=HEADER, association="alpha")
    assert [change["firm"] for change in found["changes"]] == [KEPT]


@pytest.mark.parametrize(
    ("caller", "kept", "merged", "error"),
    [
        (OF_BETA, KEPT, MERGED, NotFound),
        (OF_ALPHA, "kraken-robotics-inc", KEPT, NotFound),
        (OF_ALPHA, KEPT, KEPT, Invalid),
        (OF_ALPHA, KEPT, "nothing", NotFound),
    ],
)
def test_what_may_not_be_merged(two: World, caller, kept: str, merged: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        merge(two, caller, kept, merged)
    assert {firm.state for firm in on_file(two, "alpha").values()} == {"published"}


def test_a_merge_needs_a_reason_and_another_association_cannot_undo_it(two: World) -> None:
    with pytest.raises(Invalid, match="reason"), transaction(two.sessions) as session:
        merges.merge(session, OF_ALPHA, KEPT, MERGED, "  ", NOW)
    made = merge(two)
    with pytest.raises(NotFound), transaction(two.sessions) as session:
        merges.undo(session, OF_BETA, made.id, NOW)
    with transaction(two.sessions) as session:
        assert len(firms.of_association(session, "alpha")) == 3
