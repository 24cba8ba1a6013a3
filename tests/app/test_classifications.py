"""Suggestions stay suggestions until a person declares one: who, when, why, and the revision that it made."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from app import access, classifications, erasure
from app.accounts import Post
from app.classifications import Asked, Declared
from app.db import transaction
from app.errors import Conflict, Invalid
from app.models import AuditEvent, Firm
from app.permissions import Role
from matching.profile import Classification, Regime
from tests.app.world import NOW, SMALL_FIRMS, World

OFFICER = access.Caller("Ada Officer", Role.COMPLIANCE_REVIEWER)
SONAR = {"statement": 1, "revision": 1, "regime": "ECL", "entry": "1-6.A.1", "reason": "Read against the Guide."}


def declare(world: World, **over) -> classifications.Recorded:
    with transaction(world.sessions) as session:
        given = Declared.model_validate(SONAR | over)
        return classifications.declare(session, OFFICER, "Kraken", given, world.knowledge, NOW)


def held(world: World, firm: str = "kraken-robotics-inc") -> Firm:
    with transaction(world.sessions, readonly=True) as session:
        return session.scalars(select(Firm).where(Firm.id == firm)).one()


@pytest.fixture
def on_world(world: World, monkeypatch) -> World:
    monkeypatch.setenv("TRIVENI_DATABASE_URL", world.url)
    return world


def test_a_text_gets_suggestions_by_its_words_and_the_sectors_they_name(knowledge) -> None:
    (first, *_) = classifications.suggest(Asked(text="Synthetic aperture sonar"), knowledge)
    assert first.of(Regime.ECL) == ("1-6.A.1",)
    with pytest.raises(Invalid, match="the text is empty"):
        classifications.suggest(Asked(text="  "), knowledge)
    with pytest.raises(Invalid, match="steam"):
        classifications.suggest(Asked(text="sonar", sectors=("steam_engines",)), knowledge)


def test_a_suggestion_is_never_used_as_declared(world: World) -> None:
    """The small world's sonar is suggested as 1-6.A.1, and the rules go on asking."""
    matches = world.ask(firm="Kraken", market="PHL")["matches"]
    assert {match["pathway"]["verdict"] for match in matches} == {"undetermined"}
    assert all(any("(item.ecl)" in question for question in match["pathway"]["questions"]) for match in matches)
    supposed = [supposition for match in matches for supposition in match["suppositions"]]
    assert any("ECL 1-6.A.1" in supposition["supposing"] for supposition in supposed)


def test_a_declaration_makes_the_next_revision_and_the_rules_rely_on_it(world: World) -> None:
    done = declare(world)
    assert (done.revision, done.suggested, done.declared_by, done.declared_at) == (2, True, "Ada Officer", NOW)
    assert held(world).revision == 2
    assert Classification(regime=Regime.ECL, entry="1-6.A.1") in held(world).profile.statements[0].classifications
    match = next(
        match
        for match in world.ask(firm="Kraken", market="PHL", limit=50)["matches"]
        if any("sonar" in str(signal["evidence"]).casefold() for signal in match["signals"])
    )
    found = {r["rule"] for leg in match["pathway"]["legs"] for r in leg["requirements"]}
    assert "CA-G1-EXPORT" in found


def test_a_declaration_is_kept_with_who_when_why_and_in_the_audit_log(world: World) -> None:
    declare(world)
    with transaction(world.sessions, readonly=True) as session:
        (row,) = classifications.declarations(session, "kraken-robotics-inc")
        assert (row.declared_by, row.declared_at, row.reason, row.revision) == (
            "Ada Officer", NOW, "Read against the Guide.", 2,
        )  # fmt: skip
        assert row.statement == SMALL_FIRMS[0].statements[0].text
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "classification.declared")).all()
    assert [event.by for event in events] == ["Ada Officer"]


def test_seeding_again_takes_no_declaration_back(world: World) -> None:
    declare(world)
    again = world.seed(*SMALL_FIRMS)
    assert (again.changed, again.unchanged) == (0, len(SMALL_FIRMS))
    assert held(world).profile.statements[0].classifications != ()
    moved = SMALL_FIRMS[0].model_copy(update={"city": "St. John's"})
    assert world.seed(moved, *SMALL_FIRMS[1:]).changed == 1
    assert held(world).profile.city == "St. John's"
    assert held(world).profile.statements[0].classifications != ()


@pytest.mark.parametrize(
    ("over", "kind", "said"),
    [
        ({"revision": 7}, Conflict, "stands at revision 1, and 7 was read"),
        ({"statement": 3}, Invalid, "has no statement 3"),
        ({"entry": "6A010"}, Invalid, "it looks like one of ECCN or SCOMET"),
        ({"regime": "ECCN", "entry": "6A615"}, Invalid, "is not on the list held; near: "),
        ({"entry": "2-99"}, Invalid, "'2-99' is not an entry"),
    ],
)
def test_what_does_not_fit_is_told_and_changes_nothing(world: World, over, kind, said: str) -> None:
    with pytest.raises(kind, match=r".") as told:
        declare(world, **over)
    assert said in told.value.message
    assert held(world).revision == 1


def test_the_same_entry_is_declared_once(world: World) -> None:
    declare(world)
    with pytest.raises(Conflict, match=r"declares ECL 1-6\.A\.1 already"):
        declare(world, revision=2)


def test_the_api_suggests_lists_and_records(world: World) -> None:
    client = world.client(key=world.key("A reviewer", post=Post(Role.COMPLIANCE_REVIEWER)))
    suggested = client.post("/api/v1/classifications/suggestions", json={"text": "Shells of 155 mm"}).json()
    assert suggested[0]["entries"][0] == {
        "regime": "ECL", "entry": "2-3", "title": "Ammunition and fuze-setting devices and components",
        "source": suggested[0]["entries"][0]["source"], "as_of": "2026-07-23", "standing": "suggested",
    }  # fmt: skip
    assert "Shells" in suggested[0]["words_that_met"]
    listed = client.get("/api/v1/firms/Kraken/classifications").json()
    assert listed["statements"][0]["declared"] == []
    assert listed["statements"][0]["suggested"][0]["heading"] == "sonar"
    recorded = client.post("/api/v1/firms/Kraken/classifications", json=SONAR)
    assert (recorded.status_code, recorded.json()["declared_by"]) == (201, "A reviewer")
    after = client.get("/api/v1/firms/Kraken/classifications").json()
    assert (after["revision"], after["statements"][0]["declared"][0]["entry"]) == (2, "1-6.A.1")
    refused = client.post("/api/v1/firms/Kraken/classifications", json=SONAR | {"entry": "6A010", "revision": 2})
    assert refused.status_code == 422
    assert "SCOMET" in refused.json()["detail"]


def test_the_command_line_suggests_and_declares(triveni, on_world) -> None:
    page = triveni("classify", "towed sonar").out
    assert "sonar (sonar)" in page
    assert "ECL 1-6.A.1: Acoustic systems (sonar) [as of 2026-07-23]" in page
    assert json.loads(triveni("classify", "towed sonar", "--json").out)[0]["entries"][0]["standing"] == "suggested"
    firm = triveni("classify", "--firm", "Kraken").out
    assert "profile revision 1" in firm
    words = ("--revision", "1", "--reason", "Read against the Guide.", "--by", "Ada")
    done = triveni("declare", "Kraken", "1", "ECL:1-6.A.1", *words)
    assert "Declared by Ada: statement 1 of kraken-robotics-inc falls under ECL 1-6.A.1" in done.out
    assert "declared: ECL 1-6.A.1" in triveni("classify", "--firm", "Kraken").out
    refused = triveni("declare", "Kraken", "1", "ECL 1-6.A.1", *words)
    assert (refused.code, "regime" in refused.err) == (2, True)
    neither = triveni("classify")
    assert (neither.code, "give a text, or a firm" in neither.err) == (2, True)


def test_an_erasure_takes_the_declarations_of_a_firm_with_it(world: World) -> None:
    declare(world)
    with transaction(world.sessions) as session:
        done = erasure.erase(session, access.CONSOLE, "kraken-robotics-inc", world.knowledge, NOW)
        assert done.declarations == 1
        assert classifications.declarations(session, "kraken-robotics-inc") == []
