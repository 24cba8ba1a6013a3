"""The one table of a profile's life: every way leads somewhere, and nothing else does."""

from __future__ import annotations

import pytest

from app.errors import Conflict
from app.life import TRANSITIONS, Act, State, acts, diagram, transition


def test_from_each_state_each_act_goes_one_way_at_most() -> None:
    keys = [(way.before, way.act) for way in TRANSITIONS]
    assert len(keys) == len(set(keys))


def test_every_state_is_reached_and_left_and_every_act_is_used() -> None:
    assert {way.before for way in TRANSITIONS} == {way.after for way in TRANSITIONS} == set(State)
    assert {way.act for way in TRANSITIONS} == set(Act)


def test_nothing_is_published_without_consent_but_what_was_compiled_from_public_sources() -> None:
    published = [way for way in TRANSITIONS if way.after is State.PUBLISHED]
    assert {way.act for way in published if not way.on_consent} == {Act.RESTORE}


def test_a_profile_can_be_withdrawn_from_every_state_but_the_archive() -> None:
    assert {way.before for way in TRANSITIONS if way.act is Act.WITHDRAW} == set(State) - {State.ARCHIVED}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", Act)
def test_what_the_table_does_not_have_is_refused_with_what_is_open(state: State, act: Act) -> None:
    ways = [way for way in TRANSITIONS if (way.before, way.act) == (state, act)]
    if ways:
        assert transition(state, act) == ways[0]
        return
    with pytest.raises(Conflict, match=f"{state} cannot be moved by “{act}”") as refusal:
        transition(state, act)
    assert refusal.value.hint == f"open to it: {', '.join(acts(state)) or 'nothing'}"


def test_the_diagram_draws_every_way_once() -> None:
    lines = diagram().splitlines()
    for way in TRANSITIONS:
        drawn = [line for line in lines if line.startswith(f"    {way.before} --> {way.after}: {way.act}")]
        assert len(drawn) == 1, way
    assert len(lines) == len(TRANSITIONS) + 4
