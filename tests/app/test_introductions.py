"""Introductions and brokering reviews: the whole story, and each thing that stands in its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app import access, audit, brokering, erasure, introductions, matches, profiles, rates, watchlists
from app.access import CONSOLE, Caller
from app.accounts import Post
from app.brokering import Review
from app.consents import Agreement
from app.db import transaction
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.introduction_models import BrokeringReview, Introduction, IntroductionStep
from app.introductions import Answer, Introduced, Progress, Proposal
from app.models import Association, AuditEvent, Firm
from app.pairs import OF_THE_SERVICE, Pair, Room, look_at
from app.permissions import Role
from app.releases import WatchlistCache
from matching.profile import Contact
from tests.app.callers import OF_ALPHA, OF_BETA, REVIEWER, TRADE_OFFICER
from tests.app.test_watchlists import hold
from tests.app.world import NOW, World
from tests.factories import rulebook

OURS, THEIRS = "kraken-robotics-inc", "bharat-electronics-limited"
PAIR = Pair(OURS, THEIRS, "PHL")
OTHER_OFFICER = Caller("B. Officer", Role.TRADE_OFFICER)


@dataclass
class Desk:
    """The small world with both firms answered for by associations, screened, and a run of the trade officer."""

    world: World
    run: str
    rank: int

    def room(self, caller: Caller) -> Room:
        return Room(caller, self.world.knowledge, self.world.cache, NOW.date())

    def reviewed(self, decision: str = "proceed", by: Caller = REVIEWER) -> brokering.Reviewed:
        with transaction(self.world.sessions) as session:
            given = Review(rank=self.rank, decision=decision, reason="Counsel looked at it")
            return brokering.review(session, self.run, given, self.room(by), NOW)

    def proposed(self, by: Caller = TRADE_OFFICER) -> Introduced:
        with transaction(self.world.sessions) as session:
            proposal = Proposal(rank=self.rank, message="Both exhibit in May")
            return introductions.propose(session, self.run, proposal, self.room(by), NOW)

    def answered(self, number: int, answer: str, by: Caller, **more) -> Introduced:
        with transaction(self.world.sessions) as session:
            return introductions.answer(session, by, number, Answer(answer=answer, **more), NOW)

    def moved(self, number: int, act: str, by: Caller = TRADE_OFFICER, **more) -> Introduced:
        with transaction(self.world.sessions) as session:
            return introductions.progress(session, by, number, Progress(act=act, **more), NOW)

    def passed(self, number: int, by: Caller = TRADE_OFFICER) -> Introduced:
        with transaction(self.world.sessions) as session:
            return introductions.pass_contacts(session, number, self.room(by), NOW)

    def contacts(self, number: int, by: Caller) -> introductions.Contacts:
        with transaction(self.world.sessions) as session:
            return introductions.contacts(session, number, self.room(by))

    def both_accepted(self) -> int:
        self.reviewed()
        number = self.proposed().id
        self.answered(number, "accept", OF_ALPHA)
        return self.answered(number, "accept", OF_BETA).id


def contact(of: str) -> Contact:
    return Contact(name=f"Export desk of {of}", email=f"desk@{of}.example")


@pytest.fixture
def desk(world) -> Desk:
    agreed = Agreement(field_class="personal", purpose="introduction", given_by="The desk", given_at=NOW)
    with transaction(world.sessions) as session:
        for association, firm_id in (("alpha", OURS), ("beta", THEIRS)):
            session.add(Association(id=association, name=f"Association {association}"))
            session.flush()
            firm = session.get_one(Firm, firm_id)
            firm.association_id = association
            firm.profile = firm.profile.model_copy(update={"contacts": (contact(association),)})
            profiles.agree(session, CONSOLE, firm_id, agreed, NOW)
        listed(session)
        ask = matches.Ask(firm="Kraken", market="PHL")
        answer = matches.request_matches(session, TRADE_OFFICER, ask, world.knowledge, world.cache, NOW)
    rank = next(match["rank"] for match in answer["matches"] if match["manufacturer"]["id"] == THEIRS)
    return Desk(world, answer["run"]["id"], rank)


def listed(session: Session, *names: str, dated: str = "2026-11-20") -> None:
    hold(session, "Vega Quasar", *names, dated=dated)
    watchlists.screen_firms(session, WatchlistCache(), CONSOLE, NOW)


# --- The whole story ----------------------------------------------------------------------------------


def test_from_a_proposal_to_an_agreement(desk) -> None:
    desk.reviewed()
    first = desk.proposed()
    assert (first.stage, first.innovator_name, first.market) == ("proposed", "Kraken Robotics Inc.", "PHL")
    number = first.id
    assert desk.answered(number, "ask", OF_BETA, note="In which volumes?").stage == "proposed"
    assert desk.moved(number, "reply", note="Four hundred a year").steps[-1].note == "Four hundred a year"
    assert desk.answered(number, "accept", OF_ALPHA).stage == "half_accepted"
    with pytest.raises(Conflict, match="cannot be moved by “exchange”"):
        desk.passed(number)
    assert desk.answered(number, "accept", OF_BETA).stage == "accepted"
    with pytest.raises(Conflict, match="no contact details have passed"):
        desk.contacts(number, OF_ALPHA)
    assert desk.passed(number).stage == "introduced"
    for reader in (OF_ALPHA, OF_BETA, TRADE_OFFICER):
        found = desk.contacts(number, reader)
        assert (found.innovator, found.manufacturer) == ((contact("alpha"),), (contact("beta"),))
    for act, stage in (("meet", "met"), ("sign_nda", "nda"), ("sign_mou", "mou"), ("agree", "agreement")):
        assert desk.moved(number, act).stage == stage
    with pytest.raises(Conflict, match="that is agreement cannot be moved"):
        desk.moved(number, "lapse")
    with transaction(desk.world.sessions) as session:
        events = [event.action for event in session.query(AuditEvent).order_by(AuditEvent.seq)]
        assert [action for action in events if action.startswith(("introduction", "brokering"))] == [
            "brokering.reviewed", "introduction.proposed", "introduction.ask", "introduction.reply",
            "introduction.accept", "introduction.accept", "introduction.exchange", "introduction.meet",
            "introduction.sign_nda", "introduction.sign_mou", "introduction.agree",
        ]  # fmt: skip
        assert audit.verify(session)[1] is None


# --- What bars the two ----------------------------------------------------------------------------------


def test_no_introduction_without_a_brokering_review(desk) -> None:
    with pytest.raises(Conflict, match="CA-BROKER may make the service a broker") as told:
        desk.proposed()
    assert [one["kind"] for one in told.value.details["barriers"]] == ["brokering"]
    assert desk.reviewed().rules == ("CA-BROKER",)
    assert desk.proposed().stage == "proposed"


def test_a_review_that_says_stop_bars_also_what_is_under_way(desk) -> None:
    number = desk.both_accepted()
    desk.reviewed("stop")
    with pytest.raises(Conflict, match="says stop"):
        desk.passed(number)
    desk.reviewed()
    assert desk.passed(number).stage == "introduced"


def test_a_review_is_of_one_rulebook(desk) -> None:
    number = desk.both_accepted()
    amended = replace(desk.world.knowledge.rulebook, version="amended")
    desk.world = desk.world.knowing(rulebook=amended)
    with pytest.raises(Conflict, match="of other rules; CA-BROKER must be looked at again"):
        desk.passed(number)
    with transaction(desk.world.sessions) as session:
        assert [one.holds for one in brokering.reviews(session, REVIEWER, desk.world.knowledge)] == [False]


def test_who_asked_does_not_review_and_who_does_not_review_may_not(desk) -> None:
    with pytest.raises(Forbidden, match="review_brokering"):
        desk.reviewed(by=TRADE_OFFICER)
    with pytest.raises(Conflict, match="who asked for a match does not review it"):
        desk.reviewed(by=Caller(TRADE_OFFICER.name, Role.COMPLIANCE_REVIEWER))
    with pytest.raises(ValidationError):
        Review(rank=1, decision="proceed", reason="")
    given = Review(rank=99, decision="proceed", reason="x")
    with transaction(desk.world.sessions) as session, pytest.raises(NotFound, match="lists no match 99"):
        brokering.review(session, desk.run, given, desk.room(REVIEWER), NOW)


def test_goods_that_are_no_arms_need_no_review(desk) -> None:
    with transaction(desk.world.sessions) as session:
        for firm_id in (OURS, THEIRS):
            firm = session.get_one(Firm, firm_id)
            civil = tuple(s.model_copy(update={"arms": False}) for s in firm.profile.statements)
            firm.profile = firm.profile.model_copy(update={"statements": civil})
    desk.world = desk.world.knowing()  # gathers the candidates anew, though no change was recorded
    with transaction(desk.world.sessions) as session:
        assert look_at(session, PAIR, desk.room(REVIEWER)).brokering == ()
    with pytest.raises(Conflict, match="nothing to review"):
        desk.reviewed()
    assert desk.proposed().stage == "proposed"


def test_the_rules_on_the_service_are_those_on_brokering() -> None:
    assert {rule.id for rule in rulebook().rules if rule.leg in OF_THE_SERVICE} == {"CA-BROKER", "IN-BROKER"}


def test_a_hit_that_came_between_bars_until_two_persons_release_it(desk) -> None:
    number = desk.both_accepted()
    with transaction(desk.world.sessions) as session:
        listed(session, "Bharat Electronics", dated="2026-11-23")
    with pytest.raises(Conflict, match="waiting for review"):
        desk.passed(number)
    with transaction(desk.world.sessions) as session:
        (hit,) = watchlists.queue(session)
        for person in ("Asha Rao", "Jean Roy"):
            watchlists.decide(session, hit.id, False, "another country", person, NOW)
    assert desk.passed(number).stage == "introduced"


def test_a_listed_firm_bars_and_hides_what_had_passed(desk) -> None:
    number = desk.both_accepted()
    desk.passed(number)
    with transaction(desk.world.sessions) as session:
        listed(session, "Bharat Electronics", dated="2026-11-23")
        (hit,) = watchlists.queue(session)
        watchlists.decide(session, hit.id, True, "same address", "Asha Rao", NOW)
    with pytest.raises(Conflict, match="no longer shown"):
        desk.contacts(number, OF_ALPHA)
    with transaction(desk.world.sessions) as session:
        kinds = {one.kind for one in introductions.barriers_to(session, number, desk.room(TRADE_OFFICER))}
    assert kinds >= {"listed"}


def test_a_newer_list_bars_until_the_firms_were_compared_with_it(desk) -> None:
    number = desk.both_accepted()
    with transaction(desk.world.sessions) as session:
        hold(session, "Vega Quasar", "Lynx", dated="2026-11-24")
    with pytest.raises(Conflict, match="not screened against"):
        desk.passed(number)
    with transaction(desk.world.sessions) as session:
        watchlists.screen_firms(session, WatchlistCache(), CONSOLE, NOW)
    assert desk.passed(number).stage == "introduced"


def test_without_a_list_nobody_is_introduced(world) -> None:
    with transaction(world.sessions) as session:
        found = look_at(session, PAIR, Room(TRADE_OFFICER, world.knowledge, world.cache, NOW.date()))
    assert [(one.kind, one.told) for one in found.barriers] == [("not_screened", "no denied-party list is held")] * 2


def test_a_market_that_is_barred_since(desk) -> None:
    with transaction(desk.world.sessions) as session:
        found = look_at(session, replace(PAIR, market="IRN"), desk.room(REVIEWER))
    assert [one.kind for one in found.barriers] == ["prohibited"]


def test_a_firm_that_withdrew_in_between(desk) -> None:
    number = desk.both_accepted()
    with transaction(desk.world.sessions) as session:
        profiles.withdraw(session, CONSOLE, THEIRS, "public", NOW)
    with pytest.raises(Conflict, match=f"{THEIRS} is no longer published"):
        desk.passed(number)
    with transaction(desk.world.sessions) as session:
        assert introductions.introduction(session, TRADE_OFFICER, number).manufacturer_name is None


def test_a_firm_that_withdrew_before_it_was_accepted_for(desk) -> None:
    desk.reviewed()
    number = desk.proposed().id
    with transaction(desk.world.sessions) as session:
        profiles.withdraw(session, CONSOLE, THEIRS, "public", NOW)
    with pytest.raises(Conflict, match="publish its profile"):
        desk.answered(number, "accept", OF_BETA)
    assert desk.answered(number, "decline", OF_BETA, reason="not_interested").stage == "declined"


@pytest.mark.parametrize("lacks", ["contact", "consent"])
def test_what_a_firm_has_not_given_does_not_pass(desk, lacks) -> None:
    number = desk.both_accepted()
    with transaction(desk.world.sessions) as session:
        firm = session.get_one(Firm, THEIRS)
        if lacks == "contact":
            firm.profile = firm.profile.model_copy(update={"contacts": ()})
        else:
            held = firm.profile.contacts
            profiles.withdraw(session, CONSOLE, THEIRS, "personal", NOW)
            # Taking the consent back blanks the contacts, too; without the consent even those on file do not pass.
            firm.profile = firm.profile.model_copy(update={"contacts": held})
            watchlists.screen_firms(session, WatchlistCache(), CONSOLE, NOW)
    says = "has no contact on file" if lacks == "contact" else "has not agreed"
    with pytest.raises(Conflict, match=f"{THEIRS} {says}"):
        desk.passed(number)


# --- Who, twice, and too late -----------------------------------------------------------------------------


def test_a_second_answer_of_one_side_is_refused(desk) -> None:
    desk.reviewed()
    number = desk.proposed().id
    desk.answered(number, "accept", OF_ALPHA)
    with pytest.raises(Conflict, match="the innovator has accepted already"):
        desk.answered(number, "accept", OF_ALPHA)
    assert desk.answered(number, "decline", OF_ALPHA, reason="competitor").stage == "declined"
    with pytest.raises(Conflict, match="that is declined"):
        desk.answered(number, "accept", OF_BETA)


def test_an_answer_to_what_has_moved_on_is_refused(desk) -> None:
    desk.reviewed()
    number = desk.proposed().id
    desk.answered(number, "ask", OF_BETA, note="Which volumes?")
    desk.moved(number, "reply", note="Four hundred", seen=1)
    with pytest.raises(Conflict, match="has moved on since step 1"):
        desk.answered(number, "accept", OF_BETA, seen=1)
    assert desk.answered(number, "accept", OF_BETA, seen=2).stage == "half_accepted"


def test_one_introduction_at_a_time_of_a_pair_and_market(desk) -> None:
    desk.reviewed()
    number = desk.proposed().id
    with pytest.raises(Conflict, match="under way already"):
        desk.proposed()
    desk.moved(number, "withdraw")
    assert desk.proposed().id != number


def test_whom_it_does_not_concern_finds_nothing(desk) -> None:
    desk.reviewed()
    number = desk.proposed().id
    outsider = Caller("officer@gamma.example", Role.ASSOCIATION_OFFICER, "gamma")
    for stranger in (OTHER_OFFICER, outsider, Caller("nobody")):
        with transaction(desk.world.sessions) as session:
            assert introductions.introductions(session, stranger) == ()
            with pytest.raises(NotFound):
                introductions.introduction(session, stranger, number)
    with transaction(desk.world.sessions) as session:
        assert [one.id for one in introductions.introductions(session, REVIEWER)] == [number]
        assert introductions.introductions(session, OF_ALPHA, introductions.Stage.MET) == ()
        with pytest.raises(Forbidden, match="its proposer and to reviewers"):
            introductions.barriers_to(session, number, desk.room(OF_ALPHA))
    with pytest.raises(Forbidden):
        desk.answered(number, "accept", TRADE_OFFICER)
    with pytest.raises(Forbidden, match="do not answer for the manufacturer"):
        desk.answered(number, "accept", OF_ALPHA, side="manufacturer")
    with pytest.raises(Forbidden, match=r"is A\. Officer's to move"):
        desk.moved(number, "withdraw", by=CONSOLE)
    with pytest.raises(Invalid, match="say for which"):
        desk.answered(number, "accept", CONSOLE)
    with pytest.raises(Forbidden):
        desk.proposed(by=OF_ALPHA)


def test_a_reviewer_reads_no_contact_details(desk) -> None:
    number = desk.both_accepted()
    desk.passed(number)
    with pytest.raises(Forbidden, match="the proposer and the two associations"):
        desk.contacts(number, REVIEWER)


@pytest.mark.parametrize(
    "given",
    [
        {"answer": "decline"},
        {"answer": "accept", "reason": "competitor"},
        {"answer": "decline", "reason": "whim"},
        {"answer": "decline", "reason": "other"},
        {"answer": "ask"},
        {"answer": "maybe"},
    ],
)
def test_answers_that_make_no_sense(given) -> None:
    with pytest.raises(ValidationError):
        Answer.model_validate(given)


def test_a_reply_has_words() -> None:
    with pytest.raises(ValidationError):
        Progress(act="reply")


def test_a_match_of_a_brief_has_nobody_who_answers(desk) -> None:
    with transaction(desk.world.sessions) as session:
        ask = matches.Ask.model_validate({"brief": {"text": "We make sonar housings"}, "market": "PHL"})
        answer = matches.request_matches(session, TRADE_OFFICER, ask, desk.world.knowledge, desk.world.cache, NOW)
        with pytest.raises(Invalid, match="not on file"):
            introductions.propose(
                session, answer["run"]["id"], Proposal(rank=1), desk.room(TRADE_OFFICER), NOW + timedelta(1)
            )


def test_an_erased_firm_leaves_no_introduction(desk) -> None:
    desk.both_accepted()
    with transaction(desk.world.sessions) as session:
        erasure.erase(session, CONSOLE, THEIRS, desk.world.knowledge, NOW)
    with transaction(desk.world.sessions) as session:
        assert [session.query(table).count() for table in (Introduction, IntroductionStep, BrokeringReview)] == [0] * 3


# --- Counts and rates ---------------------------------------------------------------------------------


def test_counts_and_rates_by_association_and_sector(desk) -> None:
    with transaction(desk.world.sessions) as session:
        assert rates.rates(session, TRADE_OFFICER).all.rate is None
    desk.reviewed()
    desk.moved(desk.proposed().id, "withdraw")
    number = desk.both_accepted()
    desk.passed(number)
    desk.moved(number, "meet")
    with transaction(desk.world.sessions) as session:
        found = rates.rates(session, TRADE_OFFICER)
        own = rates.rates(session, OF_ALPHA)
        with pytest.raises(Forbidden):
            rates.rates(session, Caller("nobody"))
    assert (found.all.proposed, found.all.rate) == (2, 0.5)
    assert {name: found.all.reached[name] for name in ("accepted", "met", "withdrawn", "nda")} == {
        "accepted": 1, "met": 1, "withdrawn": 1, "nda": 0,
    }  # fmt: skip
    assert [count.of for count in found.associations] == ["alpha", "beta"]
    assert [count.of for count in own.associations] == ["alpha"]
    assert {count.of: count.proposed for count in found.sectors} == {"subsea": 2, "uas": 2}
    assert "15 %" in found.context
    assert found.context_source.startswith("https://")


# --- Through the doors ----------------------------------------------------------------------------------


def test_the_story_through_the_api(desk) -> None:
    def client(holder: str, post: Post):
        return desk.world.client(key=desk.world.key(holder, post=post))

    officer = client("Trade officer", Post(Role.TRADE_OFFICER))
    alpha, beta = (client(f"Desk {one}", Post(Role.ASSOCIATION_OFFICER, one)) for one in ("alpha", "beta"))
    reviewer = client("Reviewer", Post(Role.COMPLIANCE_REVIEWER))
    run = officer.post("/api/v1/matches", json={"firm": "Kraken", "market": "PHL"}).json()
    rank = next(match["rank"] for match in run["matches"] if match["manufacturer"]["id"] == THEIRS)
    base = f"/api/v1/matches/{run['run']['id']}"

    refused = officer.post(f"{base}/introductions", json={"rank": rank})
    assert (refused.status_code, refused.json()["barriers"][0]["kind"]) == (409, "brokering")
    review = {"rank": rank, "decision": "proceed", "reason": "Looked at with counsel"}
    assert reviewer.post(f"{base}/brokering-reviews", json=review).status_code == 201
    assert reviewer.get("/api/v1/brokering-reviews").json()[0]["holds"] is True
    made = officer.post(f"{base}/introductions", json={"rank": rank, "message": "In May"})
    assert made.status_code == 201
    one = f"/api/v1/introductions/{made.json()['id']}"

    assert officer.get(f"{one}/barriers").json() == []
    assert alpha.post(f"{one}/answers", json={"answer": "accept"}).json()["stage"] == "half_accepted"
    assert alpha.post(f"{one}/answers", json={"answer": "accept"}).status_code == 409
    assert beta.get("/api/v1/introductions").json()[0]["message"] == "In May"
    assert beta.post(f"{one}/answers", json={"answer": "accept", "seen": 1}).json()["stage"] == "accepted"
    assert beta.post(f"{one}/contacts").status_code == 403
    assert beta.get(f"{one}/contacts").status_code == 409
    assert officer.post(f"{one}/contacts").json()["stage"] == "introduced"
    assert beta.get(f"{one}/contacts").json()["innovator"][0]["email"] == "desk@alpha.example"
    assert officer.post(f"{one}/steps", json={"act": "meet"}).json()["stage"] == "met"
    assert officer.get("/api/v1/introduction-rates").json()["all"]["rate"] == 1.0
    assert officer.get(one).json()["steps"][-1]["act"] == "meet"


def test_the_story_at_the_command_line(desk, triveni, monkeypatch) -> None:
    import json

    url = desk.world.sessions.kw["bind"].url.render_as_string(hide_password=False)
    monkeypatch.setenv("TRIVENI_DATABASE_URL", url)
    assert "may make the service a broker" in triveni("introductions", "propose", desk.run, str(desk.rank)).err
    review = ("brokering", "review", desk.run, str(desk.rank), "--decision", "proceed", "--reason", "Looked at")
    assert "proceed" in triveni(*review, "--by", "Asha Rao").out
    assert "CA-BROKER" in triveni("brokering", "list").out
    made = json.loads(triveni("introductions", "propose", desk.run, str(desk.rank), "--json").out)
    number = str(made["id"])
    for side in ("innovator", "manufacturer"):
        assert triveni("introductions", "answer", number, "accept", "--side", side).code == 0
    assert "desk@beta.example" in triveni("introductions", "pass", number).out
    assert "met" in triveni("introductions", "step", number, "meet").out
    assert "Kraken Robotics Inc." in triveni("introductions", "list", "--stage", "met").out
    assert "introduced 100%" in triveni("introductions", "rates").out
    wrong = triveni("introductions", "answer", number, "maybe")
    assert (wrong.code, "makes no sense" in wrong.err) == (2, True)


def test_errors_are_told_as_problems(desk) -> None:
    with transaction(desk.world.sessions) as session, pytest.raises(AppError):
        introductions.introduction(session, access.CONSOLE, 999)
