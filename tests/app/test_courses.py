"""The course of an introduction as a table."""

from __future__ import annotations

import pytest

from app.courses import ENDS, TRANSITIONS, Act, Stage, acts, diagram, transition
from app.errors import Conflict


def test_every_stage_can_be_reached_and_every_act_is_used_once_from_a_stage() -> None:
    reached = {Stage.PROPOSED} | {way.after for way in TRANSITIONS}
    assert reached == set(Stage)
    assert {way.act for way in TRANSITIONS} == set(Act)
    assert len({(way.before, way.act) for way in TRANSITIONS}) == len(TRANSITIONS)
    assert {Stage.AGREEMENT, Stage.DECLINED, Stage.WITHDRAWN, Stage.LAPSED} == ENDS


def test_contact_details_pass_from_both_acceptances_only() -> None:
    assert [way.before for way in TRANSITIONS if way.after is Stage.INTRODUCED] == [Stage.ACCEPTED]
    assert [way.before for way in TRANSITIONS if way.after is Stage.ACCEPTED and way.act is Act.ACCEPT] == [
        Stage.HALF_ACCEPTED
    ]


def test_a_way_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(Conflict, match="that is proposed cannot be moved by “meet”") as told:
        transition("proposed", Act.MEET)
    assert told.value.hint == "open to it: accept, decline, ask, reply, withdraw, lapse"
    assert acts("declined") == ()
    assert acts("accepted", "association") == (Act.DECLINE, Act.ASK)


def test_the_diagram_draws_every_way_once() -> None:
    lines = diagram().splitlines()
    assert len(lines) == 2 + len(TRANSITIONS) + len(ENDS)
    assert "    accepted --> introduced: exchange (proposer)" in lines
