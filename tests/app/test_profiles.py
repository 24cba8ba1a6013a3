"""The life of profiles: consent before publication, a year's term, withdrawal at once, and what the seed files drop."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import audit, consents, profiles, revisions, watchlists
from app.access import CONSOLE
from app.candidates import gather
from app.consents import PURPOSES, Agreement
from app.db import transaction
from app.errors import Conflict, Invalid, NotFound
from app.life import Act
from app.models import Association, Firm, FirmRevision
from app.releases import WatchlistCache, hold_seeds
from tests.app.world import NOW, SMALL_FIRMS
from tests.factories import SEEDS, profile, statement

YEAR = timedelta(days=365)
FIRM = "northern-sensors-inc"


def agreed(field_class="public", purpose="publication", **over) -> Agreement:
    given = {"field_class": field_class, "purpose": purpose, "given_by": "Export desk", "given_at": NOW}
    return Agreement.model_validate(given | over)


def on_file(session, name: str = "Northern Sensors Inc.", state: str = "draft", **over) -> Firm:
    if session.get(Association, "cadsi") is None:
        session.add(Association(id="cadsi", name="CADSI"))
        session.flush()
    made = profile(name, **over)
    return revisions.register(session, revisions.begin(session, CONSOLE, NOW), FIRM, "cadsi", made, state)


def consenting(session) -> None:
    for purpose in PURPOSES["public"]:
        profiles.agree(session, CONSOLE, FIRM, agreed(purpose=purpose), NOW)


def act(session, *acts: Act, now=NOW) -> Firm:
    for one in acts:
        firm = profiles.move(session, CONSOLE, FIRM, one, now)
    return firm


def test_a_draft_is_published_on_consent_and_each_step_is_a_revision_and_an_event(session) -> None:
    on_file(session)
    act(session, Act.SUBMIT)
    with pytest.raises(Conflict, match="not agreed to publication of its public fields, matching") as refusal:
        act(session, Act.PUBLISH)
    assert len(refusal.value.details["missing"]) == 2
    consenting(session)
    firm = act(session, Act.PUBLISH)
    assert (firm.state, firm.confirmed_at, firm.expires_at) == ("published", NOW, NOW + YEAR)
    told = session.execute(select(FirmRevision.state, FirmRevision.change).order_by(FirmRevision.revision)).all()
    assert [state for state, _ in told] == ["draft", "submitted", "published"]
    assert [event.action for event in audit.events(session, subject=f"firm:{FIRM}")] == [
        "firm.registered", "firm.submitted", "consent.given", "consent.given", "firm.published"
    ]  # fmt: skip


def test_what_is_not_a_persons_act_is_refused(session) -> None:
    on_file(session, state="published")
    with pytest.raises(Conflict, match="not a person's act"):
        act(session, Act.EXPIRE)
    with pytest.raises(NotFound, match="you answer for"):
        profiles.move(session, CONSOLE, "nobody", Act.SUBMIT, NOW)


def test_a_term_ends_after_a_year_unless_confirmed_and_is_told_before(session) -> None:
    on_file(session)
    consenting(session)
    act(session, Act.SUBMIT, Act.PUBLISH)
    assert profiles.due(session, CONSOLE, NOW + YEAR - profiles.NOTICE - timedelta(days=1)) == ()
    done = profiles.expire(session, CONSOLE, NOW + YEAR - timedelta(days=1))
    assert ([due.id for due in done.due], done.expired) == ([FIRM], ())
    act(session, Act.CONFIRM, now=NOW + YEAR - timedelta(days=1))
    assert profiles.expire(session, CONSOLE, NOW + YEAR).due == ()
    done = profiles.expire(session, CONSOLE, NOW + 2 * YEAR)
    assert [due.id for due in done.expired] == [FIRM]
    assert session.get(Firm, FIRM).state == "expired"
    assert profiles.expire(session, CONSOLE, NOW + 2 * YEAR).expired == ()
    assert act(session, Act.CONFIRM, now=NOW + 2 * YEAR).expires_at == NOW + 3 * YEAR


def test_nothing_is_confirmed_after_consent_was_taken_back(session) -> None:
    on_file(session)
    consenting(session)
    act(session, Act.SUBMIT, Act.PUBLISH)
    profiles.withdraw(session, CONSOLE, FIRM, "public", NOW)
    act(session, Act.REOPEN, Act.SUBMIT)
    with pytest.raises(Conflict, match="not agreed"):
        act(session, Act.PUBLISH)
    assert {one.withdrawn_by for one in profiles.consents_of(session, CONSOLE, FIRM)} == {"console"}


def test_consents_are_kept_and_given_once(session) -> None:
    firm = on_file(session)
    consenting(session)
    with pytest.raises(Conflict, match="already"):
        consenting(session)
    with pytest.raises(Invalid, match="future"):
        profiles.agree(session, CONSOLE, FIRM, agreed("personal", "introduction", given_at=NOW + YEAR), NOW)
    profiles.withdraw(session, CONSOLE, FIRM, "public", NOW)
    consenting(session)
    held = consents.of_firm(session, firm.id)
    assert [bool(one.withdrawn_at) for one in held] == [True, True, False, False]


@pytest.mark.parametrize(
    "bad", [{"purpose": "introduction"}, {"field_class": "secret"}, {"given_by": " "}, {"given_at": "2026-01-01"}]
)
def test_a_consent_to_what_its_class_is_not_used_for_is_refused(bad) -> None:
    with pytest.raises(ValueError, match="validation error"):
        agreed(**bad)


def test_an_edit_is_a_revision_confirms_and_is_of_the_same_firm(session) -> None:
    firm = on_file(session, state="published")
    firm.expires_at = NOW + timedelta(days=3)
    assert not profiles.edit(session, CONSOLE, firm, firm.profile, NOW)
    assert profiles.edit(session, CONSOLE, firm, firm.profile.model_copy(update={"city": "Halifax"}), NOW)
    assert (firm.revision, firm.expires_at) == (2, NOW + YEAR)
    with pytest.raises(Conflict, match="another firm"):
        profiles.edit(session, CONSOLE, firm, profile(country="IND"), NOW)
    act(session, Act.WITHDRAW)
    with pytest.raises(Conflict, match="reopen"):
        profiles.edit(session, CONSOLE, firm, profile(city="Halifax"), NOW)


# --- Matching ---------------------------------------------------------------------------------------


def named(answer) -> set[str]:
    return {match[side]["id"] for match in answer["matches"] for side in ("innovator", "manufacturer")}


def test_a_withdrawn_firm_is_matched_no_more_at_once_and_comes_back_when_it_says_so(world) -> None:
    asked = {"firm": "Kraken", "market": "PHL", "limit": 50}
    before = world.ask(**asked)
    out = "bharat-electronics-limited"
    assert out in named(before)
    with transaction(world.sessions) as session:
        profiles.withdraw(session, CONSOLE, out, "public", NOW)
    assert out not in named(world.ask(**asked))
    with pytest.raises(NotFound):
        world.ask(firm="Bharat Electronics")
    with transaction(world.sessions) as session:
        assert out not in {firm.id for firm in gather(session, CONSOLE, world.knowledge).firms}
    assert world.client().get(f"/api/v1/firms/{out}").status_code == 404
    with transaction(world.sessions) as session:
        for purpose in PURPOSES["public"]:
            profiles.agree(session, CONSOLE, out, agreed(purpose=purpose), NOW)
        for one in (Act.REOPEN, Act.SUBMIT, Act.PUBLISH):
            profiles.move(session, CONSOLE, out, one, NOW)
    assert named(world.ask(**asked)) == named(before)


def test_a_withdrawn_firm_is_screened_all_the_same(world) -> None:
    with transaction(world.sessions) as session:
        profiles.withdraw(session, CONSOLE, "bharat-forge-limited", "public", NOW)
        hold_seeds(session, SEEDS / "watchlists", NOW)
        done = watchlists.screen_firms(session, WatchlistCache(), CONSOLE, NOW)
        assert done.firms == len(SMALL_FIRMS)
        facts = watchlists.standing(session, ["bharat-forge-limited"])["bharat-forge-limited"]
        assert all(fact.screened_at for fact in facts)


# --- Seed files -------------------------------------------------------------------------------------


def seeded(world, *firms) -> tuple[int, ...]:
    done = world.seed_only(*firms)
    return done.new, done.changed, done.unchanged, done.dropped, done.left_out


def test_a_firm_that_leaves_the_seed_files_is_dropped_and_restored_when_it_comes_back(empty) -> None:
    here, there = profile("Northern Sensors Inc."), profile("Bharat Radar Ltd.", "IND")
    assert seeded(empty, here, there) == (2, 0, 0, 0, 0)
    assert seeded(empty, here) == (0, 0, 1, 1, 0)
    assert seeded(empty, here) == (0, 0, 1, 0, 0)
    with transaction(empty.sessions) as session:
        assert session.get(Firm, "bharat-radar-ltd").state == "archived"
        assert audit.events(session)[-1].action == "firm.dropped"
    assert seeded(empty, here, there) == (0, 1, 1, 0, 0)
    assert seeded(empty, here, there) == (0, 0, 2, 0, 0)


def test_a_seeding_does_not_bring_back_what_a_person_withdrew(empty) -> None:
    firm = profile("Northern Sensors Inc.")
    seeded(empty, firm)
    with transaction(empty.sessions) as session:
        profiles.withdraw(session, CONSOLE, FIRM, "public", NOW)
    changed = profile("Northern Sensors Inc.", statements=(statement("Makes radars"),))
    assert seeded(empty, changed) == (0, 0, 0, 0, 1)
    with transaction(empty.sessions) as session:
        assert (session.get(Firm, FIRM).state, session.get(Firm, FIRM).profile) == ("archived", firm)
