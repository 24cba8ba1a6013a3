"""After an erasure nothing of the firm is left: not in a table, not in a run, and not in a byte of the database's files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select

from app import audit, decisions, erasure, profiles, revisions, watchlists
from app.access import CONSOLE
from app.accounts import Post
from app.db import Base, transaction
from app.disclosure import FieldClass
from app.errors import NotFound
from app.models import Clearance, Decision, Erasure, Firm, FirmHit, MatchRun, Screening, StatementVector
from app.permissions import Role
from app.releases import WatchlistCache
from matching.encoder import text_key
from matching.pool import embedded_text
from tests.app.test_profiles import agreed
from tests.app.test_watchlists import hold
from tests.app.world import NOW, SMALL_FIRMS
from tests.factories import profile, statement

PLANTED = ("QuagmireOptics", "xylophonic gimbal", "Zanzibarville", "periwinkle winding", "Quohog", "vermilionised")
"""Words that stand nowhere else, in every part of a profile; each is looked for in any case."""

SHARED = "Uncooled infrared gimbal for drones"

FIRM = "quagmireoptics-inc"


def planted(**over):
    given = {
        "aliases": ("Quohog Optical",),
        "city": "Zanzibarville",
        "statements": (
            statement("Makes the xylophonic gimbal for drones and sonar"),
            statement(SHARED),
            statement("Seeks periwinkle winding in volume", "seeks"),
        ),
    }
    return profile("QuagmireOptics Inc.", **given | over)


def files_of(world) -> bytes:
    path = Path(world.sessions.kw["bind"].url.database)
    files = (path, path.with_name(path.name + "-wal"))
    return b"".join(file.read_bytes() for file in files if file.exists())


def left(world) -> list[str]:
    held = files_of(world).lower()
    return [word for word in PLANTED if word.lower().encode() in held]


def erase(world, firm_id: str = FIRM):
    with transaction(world.sessions) as session:
        return erasure.erase(session, CONSOLE, firm_id, world.knowledge, NOW)


@pytest.fixture
def told(world):
    """A firm that is seeded, embedded, matched, decided on, screened with a hit, revised, and has consented."""
    world.seed(*SMALL_FIRMS, planted())
    world.embed()
    run = world.ask(firm="QuagmireOptics Inc.", market="PHL")["run"]["id"]
    other = world.ask(firm="Bharat Electronics", market="PHL", limit=50)["run"]["id"]
    world.ask(brief={"text": "We work with Quohog Optical on sonar housings", "country": "CAN"}, market="PHL")
    with transaction(world.sessions) as session:
        judgement = decisions.Judgement(
            rank=1, outcome="declined", reason="other", note="The xylophonic gimbal is late"
        )
        decisions.record(session, CONSOLE, run, judgement, NOW)
        hold(session, "Quohog Optical")
        watchlists.screen_firms(session, WatchlistCache(), CONSOLE, NOW)
    world.ask(firm="Kraken", market="PHL")  # keeps what screening holds of everyone
    with transaction(world.sessions) as session:
        for hit in watchlists.queue(session):
            if hit.firm_id == FIRM:
                watchlists.decide(session, hit.id, False, "QuagmireOptics is of Zanzibarville", "Asha Rao", NOW)
        profiles.agree(session, CONSOLE, FIRM, agreed(given_by="Desk of QuagmireOptics"), NOW)
        firm = profiles.answered_for(session, CONSOLE, FIRM)
        profiles.edit(session, CONSOLE, firm, planted(statements=(statement("Grinds vermilionised lenses"),)), NOW)
    world.embed()
    return run, other


def test_not_a_byte_is_left_in_the_files(world, told) -> None:
    assert left(world) == list(PLANTED)
    done = erase(world)
    assert done.revisions == 2
    assert done.vectors == 3  # the statement that it shares with another firm keeps its vector
    assert done.hits >= 1
    assert done.consents == 1
    assert done.runs >= 2
    assert left(world) == []


def test_not_a_row_is_left(world, told) -> None:
    erase(world)
    with transaction(world.sessions) as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                assert not any(word.lower() in str(dict(row)).lower() for word in PLANTED), (table.name, dict(row))
        assert session.get(Firm, FIRM) is None
        assert session.scalars(select(FirmHit).where(FirmHit.firm_id == FIRM)).all() == []
        assert session.scalars(select(Clearance)).all() == []
        assert session.scalar(select(Decision)).note == erasure.MARK
        marked = session.scalars(select(Screening).where(Screening.names == [erasure.MARK])).all()
        assert {(row.firm_id, str(row.found)) for row in marked} == {(None, "[]")}
        assert audit.verify(session)[1] is None


def test_every_table_that_refers_to_a_firm_is_seen_to() -> None:
    """A new table with a column for a firm must be added to the erasure, and then here."""
    referring = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(key.column.table.name == "firm" for key in table.foreign_keys) or "firm_id" in table.columns
    }
    assert referring == {
        *("firm_revision", "consent", "declaration", "field_grant", "screening", "firm_hit"),
        *("firm_merge", "submission_row"),
        *("introduction", "brokering_review", "shortlist_entry"),
    }


def test_a_vector_that_others_need_is_kept(world, told) -> None:
    erase(world)
    with transaction(world.sessions) as session:
        held = set(session.scalars(select(StatementVector.text_sha256)))
    kept = {text_key(embedded_text(s)) for firm in SMALL_FIRMS for s in firm.statements}
    assert kept <= held
    assert text_key(embedded_text(planted().statements[0])) not in held
    assert world.embed() == 0


def test_runs_keep_their_shape_and_bear_a_mark(world, told) -> None:
    run, other = told
    client = world.client(key=world.key("An administrator", post=Post(Role.ADMINISTRATOR)))
    before = {name: client.get(f"/api/v1/matches/{name}").json() for name in told}
    erase(world)
    for name in told:
        answer = client.get(f"/api/v1/matches/{name}")
        assert answer.status_code == 200, answer.text
        now = answer.json()
        assert [m["fit"] for m in now["matches"]] == [m["fit"] for m in before[name]["matches"]]
        assert any("was erased" in note for note in now["run"]["notes"])
    assert client.get(f"/api/v1/matches/{run}").json()["run"]["ask"]["firm"].startswith("erased-")
    untouched = [m for m in before[other]["matches"] if m["innovator"]["id"] != FIRM]
    assert untouched == [m for m in client.get(f"/api/v1/matches/{other}").json()["matches"] if m in untouched]


def test_an_erased_firm_is_matched_no_more_and_no_seeding_brings_it_back(world, told) -> None:
    erase(world)
    with pytest.raises(NotFound):
        world.ask(firm="QuagmireOptics Inc.")
    done = world.seed(*SMALL_FIRMS, planted())
    assert (done.new, done.left_out) == (0, 1)
    with transaction(world.sessions) as session:
        assert session.get(Firm, FIRM) is None
        assert session.scalars(select(Erasure.reference)).all() == [audit.reference("firm", FIRM)]


def test_a_firm_that_is_not_there_cannot_be_erased(world) -> None:
    with pytest.raises(NotFound):
        erase(world, "nobody")


def test_an_erasure_that_fails_leaves_everything(world, told, monkeypatch) -> None:
    monkeypatch.setattr(erasure, "_forget_screening", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        erase(world)
    assert left(world) == list(PLANTED)
    with transaction(world.sessions) as session:
        assert session.get(Firm, FIRM) is not None
        assert session.scalars(select(MatchRun)).first() is not None


def test_a_draft_that_was_never_matched_is_erased_too(world) -> None:
    with transaction(world.sessions) as session:
        change = revisions.begin(session, CONSOLE, NOW)
        revisions.register(session, change, FIRM, "public-sources", planted(), "draft")
    assert erase(world).runs == 0
    assert left(world) == []
    database = sqlite3.connect(world.sessions.kw["bind"].url.database)
    assert database.execute("PRAGMA freelist_count").fetchone() == (0,)
    database.close()


def test_a_composition_that_names_the_firm_goes_with_it(world) -> None:
    from app import projects
    from app.models import Composition

    asked = projects.CompositionAsk(template="shell-155", market="PHL", swaps=0, alternatives=0)
    with transaction(world.sessions) as session:
        answer = projects.compose(session, CONSOLE, asked, world.knowledge, world.cache, NOW)
    with transaction(world.sessions) as session:
        assert "munitions-india-limited" in str(session.get_one(Composition, answer["run"]["id"]).answer)
        erasure.erase(session, CONSOLE, "munitions-india-limited", world.knowledge, NOW)
    with transaction(world.sessions) as session:
        assert session.get(Composition, answer["run"]["id"]) is None


def test_a_replay_says_that_firms_are_gone(world, told) -> None:
    run, other = told
    reader = world.client(key=world.key("Administrator", post=Post(Role.ADMINISTRATOR)))
    with transaction(world.sessions) as session:
        profiles.withdraw(session, CONSOLE, "arctic-optics-ltd", FieldClass.PUBLIC, NOW)
    again = reader.post(f"/api/v1/matches/{other}/replay").json()
    assert again["same"] is False
    assert again["because"] == [
        "1 of the firms that could be matched then cannot be matched now: withdrawn, expired or dropped"
    ]
    erase(world)
    again = reader.post(f"/api/v1/matches/{other}/replay").json()
    assert len(again["because"]) == 2
    assert "erased since" in again["because"][1]
    refused = reader.post(f"/api/v1/matches/{run}/replay")
    assert (refused.status_code, "has been erased" in refused.json()["detail"]) == (409, True)


def test_shortlists_programmes_and_visits_tell_of_it_no_more(world, told) -> None:
    from app.delegation_models import Delegation, Programme, Shortlist, ShortlistEntry, VisitOutcome

    named = {"owner": "A. Officer", "made_at": NOW}
    record = {"asked_at": NOW, "asked_by": "A. Officer", "versions": {}, "delegation_id": "d"}
    visit = {"delegation_id": "d", "outcome": "met", "recorded_at": NOW, "recorded_by": "A. Officer"}
    with transaction(world.sessions) as session:
        asked = {"visits": [FIRM, "bharat-forge-limited"]}
        session.add(Delegation(**named, id="d", title="To QuagmireOptics Inc.", ask=asked))
        session.add(Shortlist(**named, id="s", title="Optics", shared_with=[], spread={}))
        session.flush()
        session.add(Programme(**record, id="p1", number=1, answer={"days": [f"Visit {FIRM}"]}))
        session.add(Programme(**record, id="p2", number=2, answer={"days": ["Visit bharat-forge-limited"]}))
        session.add(VisitOutcome(**visit, site=f"{FIRM}/plant", note="Periwinkle winding works", follow_up="Write"))
        session.add(VisitOutcome(**visit, site="bharat-forge-limited/plant", note="Large", follow_up=""))
        entry = {"shortlist_id": "s", "place": 1, "firm_id": FIRM, "basis": {}}
        session.add(ShortlistEntry(**entry, added_at=NOW, added_by="A. Officer"))
    erase(world)
    assert left(world) == []
    with transaction(world.sessions) as session:
        assert session.scalars(select(ShortlistEntry)).all() == []
        assert session.scalars(select(Programme.id)).all() == ["p2"]
        assert session.scalars(select(VisitOutcome.note)).all() == [erasure.MARK, "Large"]
        assert session.get_one(Delegation, "d").ask == {"visits": [erasure.MARK, "bharat-forge-limited"]}
