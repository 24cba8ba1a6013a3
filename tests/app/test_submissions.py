"""Submissions: a check touches no firm, an acceptance is whole, happens once, and refuses what is stale."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from sqlalchemy import func, select

from app import access, associations, audit, erasure, firms, submissions
from app.db import transaction
from app.errors import Conflict, Invalid, NotFound
from app.mapping import MappingFile
from app.models import Association, ChangeCounter, Firm, FirmRevision, Submission, SubmissionRow
from app.submissions import Acceptance, Means, Upload
from tests.app import messy
from tests.app.messy import xlsx
from tests.app.world import NOW, World
from tests.factories import taxonomy

HEADER = ["Company", "Country", "City", "Website", "Capabilities", "TRL", "BN"]
ROWS = [
    ["Aurora Photonics Inc.", "Canada", "Ottawa", "aurora.example", "Camera cores; Lenses", "6-7", "123026635"],
    ["Deccan Castings Pvt Ltd", "India", "Pune", None, "Castings", 9, None],
    ["Broken Row Ltd.", "Canada", None, None, "Radios", "twelve", None],
]
MEANS = Means(taxonomy())


@pytest.fixture
def association(world: World) -> str:
    with transaction(world.sessions) as session:
        session.add(Association(id="nda", name="Northern Defence Association"))
        session.add(Association(id="other", name="Other Association"))
    return "nda"


SAVED: dict[str, bytes] = {}


def saved(said: str) -> bytes:
    """A workbook saved once: saved again it would bear another time, and be another file."""
    if said not in SAVED:
        header, rows = ast.literal_eval(said)
        SAVED[said] = xlsx(header, *rows)
    return SAVED[said]


def check(
    world: World, *rows: list[Any], header: list[str] = HEADER, association: str = "nda", **over: Any
) -> dict[str, Any]:
    content = over.pop("content", None) or saved(repr((header, rows)))
    with transaction(world.sessions) as session:
        upload = Upload(content, over.pop("file_name", "members.xlsx"), association, over.pop("mapping", None))
        found = submissions.check(session, access.CONSOLE, upload, MEANS, NOW)
        return submissions.document(session, found)


def accept(world: World, checked: dict[str, Any], **how: Any) -> dict[str, Any]:
    with transaction(world.sessions) as session:
        done = submissions.accept(session, access.CONSOLE, checked["submission"]["id"], Acceptance(**how), MEANS, NOW)
        return submissions.document(session, done)


def on_file(world: World, association: str = "nda") -> dict[str, Firm]:
    with transaction(world.sessions) as session:
        return {firm.name: firm for firm in firms.of_association(session, association)}


def count(world: World, table: Any) -> int:
    with transaction(world.sessions, readonly=True) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def change_number(world: World) -> int | None:
    with transaction(world.sessions, readonly=True) as session:
        return session.scalar(select(ChangeCounter.number))


# Check


def test_a_check_stores_what_would_happen_and_touches_no_firm(world: World, association: str) -> None:
    before = (count(world, Firm), count(world, FirmRevision), change_number(world))
    found = check(world, *ROWS)
    assert (found["rows"], found["ready"], found["new"]) == (3, 2, 2)
    assert [(p["sheet"], p["row"], p["column"], p["value"]) for p in found["problems"]] == [
        ("Members", 4, "TRL", "twelve")
    ]
    assert found["problems"][0]["mend"]
    assert (count(world, Firm), count(world, FirmRevision), change_number(world)) == before
    assert count(world, SubmissionRow) == 3


def test_the_same_file_checked_again_is_the_same_submission(world: World, association: str) -> None:
    assert check(world, *ROWS)["submission"]["id"] == check(world, *ROWS)["submission"]["id"]
    assert count(world, Submission) == 1


def test_each_row_ends_somewhere(world: World, association: str) -> None:
    found = check(world, content=messy.title_notes_totals_blank_rows())
    ended = {p["row"] for p in found["problems"]} | {
        int(i["where"].split("!")[1]) for i in found["left_out"] if "row" in i["what"]
    }
    assert found["ready"] == 2
    assert ended == {1, 2, 9, 10, 11, 12}


# Accept


def test_accepted_rows_are_on_file_published_with_consent_and_the_others_are_not(
    world: World, association: str
) -> None:
    accept(world, check(world, *ROWS))
    held = on_file(world)
    assert set(held) == {"Aurora Photonics Inc.", "Deccan Castings Pvt Ltd"}
    aurora = held["Aurora Photonics Inc."]
    assert (aurora.id, aurora.state, aurora.association_id) == ("aurora-photonics-inc-nda", "published", "nda")
    assert [s.text for s in aurora.profile.offers] == ["Camera cores", "Lenses"]
    with transaction(world.sessions) as session:
        from app import consents

        given = consents.of_firm(session, aurora.id)
        assert {(c.field_class, c.purpose) for c in given} >= {("public", "publication"), ("public", "matching")}
        assert "submission" in given[0].evidence


def test_accepted_firms_are_matched_with(world: World, association: str) -> None:
    accept(
        world,
        check(
            world, ["Aurora Photonics Inc.", "Canada", "Ottawa", None, "Infrared gimbal designs for drones", 4, None]
        ),
    )
    world.embed()
    answer = world.ask(firm="aurora-photonics-inc-nda", market="PHL", limit=5)
    assert answer["matches"]


def test_held_back_firms_wait_as_submitted(world: World, association: str) -> None:
    accept(world, check(world, *ROWS), publish=False)
    assert {firm.state for firm in on_file(world).values()} == {"submitted"}


def test_accepting_twice_or_sending_the_same_file_again_changes_nothing(world: World, association: str) -> None:
    checked = check(world, *ROWS)
    accept(world, checked)
    before = (count(world, FirmRevision), change_number(world))
    accept(world, checked)
    again = check(world, *ROWS)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 2)
    accept(world, again)
    assert (count(world, FirmRevision), change_number(world)) == before
    assert check(world, *ROWS)["submission"]["id"] == again["submission"]["id"]


def test_one_acceptance_is_one_change(world: World, association: str) -> None:
    before = change_number(world) or 0
    accept(world, check(world, *ROWS))
    assert change_number(world) == before + 1


def test_what_would_change_is_told_field_by_field_and_the_rest_stays(world: World, association: str) -> None:
    accept(world, check(world, *ROWS))
    found = check(world, ["Aurora Photonics Inc.", "Canada", "Kanata", "", "", "8", ""])
    assert found["missing"] == ["deccan-castings-pvt-ltd-nda"]
    assert [(c["field"]) for c in found["changes"][0]["fields"]] == ["city", "statements"]
    assert found["changes"][0]["fields"][0] == {"field": "city", "before": "Ottawa", "after": "Kanata"}
    accept(world, found)
    aurora = on_file(world)["Aurora Photonics Inc."]
    assert (aurora.revision, aurora.profile.city, aurora.profile.website) == (3, "Kanata", "aurora.example")
    assert {(s.text, s.readiness.trl_low) for s in aurora.profile.offers} == {("Camera cores", 8), ("Lenses", 8)}
    assert "Deccan Castings Pvt Ltd" in on_file(world)


def test_a_field_is_emptied_by_saying_so(world: World, association: str) -> None:
    accept(world, check(world, *ROWS))
    accept(world, check(world, ["Aurora Photonics Inc.", "Canada", "(remove)", "(retirer)", None, None, None]))
    assert on_file(world)["Aurora Photonics Inc."].profile.city is None


def test_a_renamed_firm_is_known_by_its_number(world: World, association: str) -> None:
    accept(world, check(world, *ROWS))
    found = check(world, ["Aurora Imaging Inc.", "Canada", None, None, None, None, "123026635"])
    assert (found["new"], found["changed"]) == (0, 1)
    accept(world, found)
    assert on_file(world)["Aurora Imaging Inc."].id == "aurora-photonics-inc-nda"


def test_firms_that_the_file_does_not_name_are_withdrawn_only_when_asked(world: World, association: str) -> None:
    accept(world, check(world, *ROWS))
    accept(world, check(world, ROWS[0]), withdraw_missing=True)
    assert on_file(world)["Deccan Castings Pvt Ltd"].state == "archived"
    found = check(world, ROWS[1])
    assert "archived" in found["problems"][0]["message"]


def test_a_stale_check_is_refused_and_nothing_is_stored(world: World, association: str) -> None:
    first = check(world, *ROWS)
    second = check(world, ["Aurora Photonics Inc.", "Canada", "Halifax", None, "Sonar", 5, None])
    accept(world, second)
    before = count(world, FirmRevision)
    with pytest.raises(Conflict, match="stale"):
        accept(world, first)
    assert count(world, FirmRevision) == before
    accept(world, check(world, *ROWS))
    assert on_file(world)["Aurora Photonics Inc."].profile.city == "Ottawa"


def test_an_acceptance_that_fails_halfway_leaves_nothing(
    world: World, association: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = check(world, *ROWS)

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(submissions, "_publish", fails)
    with pytest.raises(RuntimeError):
        accept(world, checked)
    assert on_file(world) == {}
    monkeypatch.undo()
    accept(world, checked)
    assert len(on_file(world)) == 2


def test_checks_and_acceptances_are_in_the_audit_log_without_free_text(world: World, association: str) -> None:
    accept(world, check(world, *ROWS))
    with transaction(world.sessions, readonly=True) as session:
        events, _ = audit.chain(session)
        assert audit.verify(session)[1] is None
    told = [event for event in events if event.action.startswith("submission.")]
    assert [event.action for event in told] == ["submission.checked", "submission.accepted"]
    assert "Aurora" not in repr(told)


def test_an_erased_firm_leaves_no_trace_in_submissions(world: World, association: str) -> None:
    row = ["Canary Photonics Inc.", "Canada", "Canaryville", "canary.example", "Canary cores", "6", None]
    accept(world, check(world, row, ROWS[1]))
    check(
        world, [*row[:5], "twelve", None], ROWS[1], ["Canary Photonic Inc", "Canada", "Laval", None, "Sheds", 5, None]
    )
    with transaction(world.sessions) as session:
        erasure.erase(session, access.CONSOLE, "canary-photonics-inc-nda", world.knowledge, NOW)
    with transaction(world.sessions, readonly=True) as session:
        rows = session.scalars(select(SubmissionRow)).all()
        kept = [(r.name, r.cells, r.profile, r.problems, r.duplicates) for r in rows]
        told = [(s.left_out, s.missing) for s in session.scalars(select(Submission))]
    assert len(rows) == 3
    assert "canary-photonics-inc" not in repr((kept, told)).lower()
    assert "Canary Photonics" not in repr((kept, told))


# Duplicates


def test_rows_that_say_one_thing_twice_and_rows_that_disagree(world: World, association: str) -> None:
    found = check(world, ROWS[0], ROWS[0], ["Aurora Photonics Inc.", "Canada", "Ottawa", None, "Sonar", 3, None])
    assert found["ready"] == 1
    assert [item["where"] for item in found["left_out"]] == ["Members!3"]
    assert "stands in row 2" in found["problems"][0]["message"]


def test_likely_duplicates_are_told_with_reasons_and_without_others_records(world: World, association: str) -> None:
    accept(
        world,
        check(
            world,
            ["Borealis Sonar Systems Ltd.", "Canada", "Halifax", "borealis.example", "Sonar", 5, None],
            association="other",
        ),
    )
    found = check(
        world,
        ["Borealis Sonar Systems Inc", "Canada", "Dartmouth", None, "Sonar", 5, None],
        ["Kraken Robotic Inc.", "Canada", None, None, "Synthetic aperture sonar", 7, None],
        ["Cedar Forge Ltd.", "Canada", "Laval", "www.cedar.example", "Forgings", 9, None],
        ["Ceder Forge Limited", "Canada", "Laval", "https://cedar.example/en", "Forged shafts", 9, None],
    )
    told = {(d["scope"], d["row"]): d for d in found["duplicates"]}
    assert set(told) == {("elsewhere", 2), ("public", 3), ("sheet", 5)}
    hidden = told["elsewhere", 2]
    assert (hidden["other"], hidden["score"], hidden["because"]) == (None, None, [])
    assert "kraken-robotics-inc" in told["public", 3]["other"]
    assert any("the same website" in reason for reason in told["sheet", 5]["because"])
    assert found["ready"] == 4


def test_a_draft_of_another_association_is_told_to_nobody(world: World, association: str) -> None:
    row = ["Secret Borealis Ltd.", "Canada", None, None, "Sonar", 5, None]
    accept(world, check(world, row, association="other"), publish=False)
    assert check(world, row)["duplicates"] == []


# Mappings


def test_a_mapping_names_columns_and_defaults_and_is_kept_when_it_was_accepted(world: World, association: str) -> None:
    header = ["Zorp", "Blarg"]
    rows = (["Aurora Photonics Inc.", "Camera cores"],)
    assert check(world, *rows, header=header)["ready"] == 0
    mapping = MappingFile(columns={"Zorp": "name", "blarg": "offers"}, defaults={"country": "CAN"})
    accept(world, check(world, *rows, header=header, mapping=mapping))
    assert on_file(world)["Aurora Photonics Inc."].country == "CAN"
    assert check(world, ["Polar Works Ltd.", "Sleds"], header=header)["ready"] == 1


def test_a_mapping_to_unknown_columns_is_refused(world: World, association: str) -> None:
    with pytest.raises(Invalid, match="shoe_size"):
        check(world, *ROWS, mapping=MappingFile(columns={"Company": "shoe_size"}))


# Who


def test_an_unknown_association_and_an_unknown_submission_are_not_found(world: World, association: str) -> None:
    with pytest.raises(NotFound):
        check(world, *ROWS, association="nobody")
    with pytest.raises(NotFound):
        check(world, *ROWS, association=firms.PUBLIC_SOURCES)
    with pytest.raises(NotFound), transaction(world.sessions) as session:
        submissions.read(session, access.CONSOLE, "none")


def test_the_console_names_an_association_or_the_only_one_is_meant(empty: World) -> None:
    with transaction(empty.sessions) as session:
        assert associations.association_at_console(session, None, NOW).name == associations.UNNAMED
        made = associations.association_at_console(session, "Société du Nord", NOW)
        assert (made.id, associations.association_at_console(session, "societe-du-nord", NOW)) == (
            "societe-du-nord",
            made,
        )
        with pytest.raises(Invalid, match="several associations"):
            associations.association_at_console(session, None, NOW)


def test_the_rows_that_need_work_come_back_as_a_workbook(world: World, association: str) -> None:
    checked = check(world, *ROWS)
    with transaction(world.sessions) as session:
        content = submissions.returned(session, access.CONSOLE, checked["submission"]["id"])
    again = check(world, content=content, file_name="returned.xlsx")
    assert (again["rows"], again["ready"]) == (1, 0)
    assert again["problems"][0]["value"] == "twelve"
