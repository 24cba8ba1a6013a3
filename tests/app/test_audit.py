"""The audit log: an event is kept with what it tells of, in one order, and holds no text that anyone wrote."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app import access, audit, decisions, keys
from app.chain import GENESIS, Head
from app.db import transaction
from app.models import AuditHead
from app.permissions import Role
from tests.app.world import NOW
from tests.factories import profile


def note(session, subject: str = "run:1", **over):
    given = {"by": "A. Officer", "action": "match.decided", "subject": subject, "at": NOW} | over
    return audit.record(session, **given)


def test_events_are_chained_and_the_head_is_the_last(session) -> None:
    first, second = note(session), note(session, details={"rank": 3, "reason": None, "anyway": True})
    assert (first.seq, first.previous, second.seq, second.previous) == (1, GENESIS, 2, first.hash)
    assert audit.events(session) == [first, second]
    assert audit.verify(session) == (Head(seq=2, hash=second.hash), None)


def test_an_empty_log_holds(session) -> None:
    assert audit.verify(session) == (Head(), None)
    _, fault = audit.verify(session, [Head(seq=1, hash="1" * 64)])
    assert fault
    assert fault.wrong == "truncated"


def test_an_event_goes_when_its_transaction_does(sessions) -> None:
    def break_off() -> None:
        with transaction(sessions) as session:
            note(session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    with transaction(sessions) as session:
        assert audit.verify(session) == (Head(), None)
        assert note(session).seq == 1


def test_writers_side_by_side_make_one_chain(sessions) -> None:
    def write(who: str) -> None:
        for number in range(10):
            with transaction(sessions) as session:
                note(session, by=who, details={"rank": number})

    writers = [threading.Thread(target=write, args=(f"writer-{n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with transaction(sessions) as session:
        head, fault = audit.verify(session)
        assert (head.seq, fault) == (40, None)
        for who in ("writer-0", "writer-3"):
            ranks = [event.details["rank"] for event in audit.events(session) if event.by == who]
            assert ranks == list(range(10))


def test_firms_and_persons_are_named_by_a_hash_and_found_by_their_id(session) -> None:
    event = note(session, "firm:kraken-robotics-inc", details={"firm": "kraken-robotics-inc", "person": "asha@x.org"})
    assert "kraken" not in event.model_dump_json()
    assert "asha" not in event.model_dump_json()
    note(session, "firm:another")
    assert audit.events(session, subject="firm:kraken-robotics-inc") == [event]


@pytest.mark.parametrize(
    "over",
    [
        {"details": {"note": "They met in Kochi."}},
        {"details": {"note": "x" * 201}},
        {"subject": "Kraken Robotics Inc."},
        {"subject": "run:"},
        {"action": "decided"},
    ],
)
def test_free_text_is_refused_and_leaves_no_trace(session, over) -> None:
    with pytest.raises(ValueError, match="free text"):
        note(session, **over)
    assert audit.events(session) == []


def test_a_time_is_kept_as_it_was_hashed(sessions) -> None:
    with transaction(sessions) as session:
        note(session, at=NOW + timedelta(microseconds=7))
    with transaction(sessions) as session:
        assert audit.events(session)[0].at == "2026-11-24T09:30:00.000007+00:00"
        assert audit.verify(session)[1] is None


def test_the_database_itself_refuses_to_change_or_delete_an_event(session) -> None:
    note(session)
    for statement in ("UPDATE audit_event SET by = 'x'", "DELETE FROM audit_event"):
        with pytest.raises(IntegrityError, match="never changed and never deleted"):
            session.execute(text(statement))
    assert audit.verify(session)[1] is None


@pytest.mark.parametrize(
    ("statement", "wrong", "seq"),
    [
        ("UPDATE audit_event SET by = 'x' WHERE seq = 2", "edited", 2),
        ("UPDATE audit_event SET details = '{\"rank\": 1e400}' WHERE seq = 2", "edited", 2),
        ("UPDATE audit_event SET details = '[[1.5]]' WHERE seq = 2", "edited", 2),
        ("DELETE FROM audit_event WHERE seq = 2", "missing", 2),
        ("UPDATE audit_event SET seq = -seq; UPDATE audit_event SET seq = seq + 4", "out of order", 1),
        ("DELETE FROM audit_event WHERE seq = 3", "truncated", 3),
        ("DELETE FROM audit_head", "added", 1),
    ],
)
def test_one_who_takes_the_triggers_away_is_found_out(session, statement, wrong, seq) -> None:
    for rank in range(3):
        note(session, details={"rank": rank})
    for verb in ("update", "delete"):
        session.execute(text(f"DROP TRIGGER audit_event_no_{verb}"))
    for one in statement.split(";"):
        session.execute(text(one))
    session.expire_all()
    fault = audit.verify(session)[1]
    assert fault
    assert (fault.wrong, fault.seq) == (wrong, seq)


# --- What is recorded -------------------------------------------------------------------------------


def told(session) -> list[tuple[str, str]]:
    return [(event.action, event.subject.split(":")[0]) for event in audit.events(session)]


def test_seeding_records_each_firm_that_is_new_or_changed(empty) -> None:
    empty.seed(profile("Northern Sensors Inc."), profile("Bharat Radar Ltd.", "IND"))
    empty.seed(profile("Northern Sensors Inc."), profile("Bharat Radar Ltd.", "IND", city="Pune"))
    with transaction(empty.sessions) as session:
        assert told(session) == [("firm.registered", "firm")] * 2 + [("firm.revised", "firm")]
        (revised,) = audit.events(session, action="firm.revised")
        assert revised.details["revision"] == 2
        assert revised.details["change"] == 2
        assert audit.verify(session)[1] is None


def test_keys_decisions_and_weights_are_recorded(world) -> None:
    run = world.ask(firm="Kraken")["run"]["id"]
    world.key("Asha Rao")
    officer = access.Caller("A. Officer", Role.ADMINISTRATOR)
    with transaction(world.sessions) as session:
        before = audit.head_of(session)
        judgement = decisions.Judgement(rank=1, outcome="declined", reason="other", note="Said so at the fair.")
        decisions.record(session, officer, run, judgement, NOW)
        assert before
        (decided,) = audit.events(session, after=before.seq)
        assert (decided.by, decided.subject) == ("A. Officer", f"run:{run}")
        assert decided.details == {"rank": 1, "outcome": "declined", "reason": "other"}
        created = audit.events(session, action="key.created")[-1]
        key, _ = keys.keys(session)[-1]
        assert created.subject == f"key:{key.prefix}"
        keys.revoke_key(session, key.prefix, NOW)
        keys.revoke_key(session, key.prefix, NOW)
        assert len(audit.events(session, action="key.revoked")) == 1


def test_the_head_is_one_row(session) -> None:
    note(session)
    session.add(AuditHead(id=2, seq=1, hash=GENESIS))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
