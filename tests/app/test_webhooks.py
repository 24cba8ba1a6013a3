"""Webhooks: told in the transaction of what they tell of, signed, sent when due, and sent again later when it fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select
from standardwebhooks import Webhook as Signature

from app import profiles, webhooks
from app.access import CONSOLE
from app.db import transaction
from app.disclosure import FieldClass
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models import Association
from app.outbound import Outbound
from app.system_models import Webhook, WebhookDelivery
from app.webhooks import BACKOFF, Courier, Subscription
from tests.app.callers import ADMINISTRATOR, OF_ALPHA, OF_BETA, REVIEWER, TRADE_OFFICER
from tests.app.test_profiles import on_file
from tests.app.world import NOW
from tests.factories import profile, statement

PUBLIC = Outbound(resolve=lambda host, port: ["93.184.216.34"])


def subscribe(session, caller=TRADE_OFFICER, *events: str, url="https://hooks.example.org/in"):
    wanted = Subscription.model_validate({"url": url, "events": events or ("firm.changed",)})
    return webhooks.subscribe(session, caller, wanted, PUBLIC, NOW)


@pytest.fixture
def associations(session):
    session.add_all([Association(id="alpha", name="Alpha"), Association(id="beta", name="Beta")])
    session.flush()


def told(session) -> list[dict]:
    return [row.payload for row in session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id))]


def test_a_webhook_is_made_listed_and_ended_by_its_owner_alone(session) -> None:
    hook = subscribe(session)
    assert hook.secret is not None
    assert hook.secret.startswith("whsec_")
    (listed,) = webhooks.subscriptions(session, TRADE_OFFICER)
    assert (listed.id, listed.secret) == (hook.id, None)
    assert webhooks.subscriptions(session, ADMINISTRATOR) == []
    with pytest.raises(NotFound):
        webhooks.unsubscribe(session, ADMINISTRATOR, hook.id, NOW)
    webhooks.unsubscribe(session, TRADE_OFFICER, hook.id, NOW)
    webhooks.unsubscribe(session, TRADE_OFFICER, hook.id, NOW)
    assert webhooks.subscriptions(session, TRADE_OFFICER) == []


def test_who_may_not_and_what_goes_nowhere_is_refused(session) -> None:
    with pytest.raises(Forbidden):
        subscribe(session, REVIEWER)
    for url in ("http://hooks.example.org/", "https://127.0.0.1/", "https://[::1]/"):
        with pytest.raises(Invalid):
            subscribe(session, url=url)
    for _ in range(webhooks.MOST_HOOKS):
        subscribe(session)
    with pytest.raises(Conflict, match="at most"):
        subscribe(session)


def test_what_everyone_may_read_is_told_to_everyone_and_nothing_else(session, associations) -> None:
    subscribe(session)
    subscribe(session, OF_BETA)
    firm = on_file(session)  # a draft: nobody is told
    profiles.edit(session, CONSOLE, firm, profile(city="Halifax"), NOW)
    assert told(session) == []
    firm.state = "published"
    restricted = (*firm.profile.statements, statement("A secret seeker head", release="restricted"))
    profiles.edit(session, CONSOLE, firm, firm.profile.model_copy(update={"city": "Sydney"}), NOW)
    assert [one["data"] for one in told(session)] == [{"firm": firm.id}] * 2
    profiles.edit(session, CONSOLE, firm, firm.profile.model_copy(update={"statements": restricted}), NOW)
    assert len(told(session)) == 2
    profiles.withdraw(session, CONSOLE, firm.id, FieldClass.PUBLIC, NOW)
    assert len(told(session)) == 4


def test_what_is_due_is_told_to_the_firms_own_association(session, associations) -> None:
    subscribe(session, OF_ALPHA, "firm.due", "firm.expired")
    subscribe(session, OF_BETA, "firm.due", "firm.expired")
    subscribe(session, TRADE_OFFICER, "firm.due", "firm.expired")
    firm = on_file(session, state="published")
    firm.association_id = "alpha"
    firm.expires_at = NOW + timedelta(days=30, hours=2)
    profiles.expire(session, CONSOLE, NOW)
    profiles.expire(session, CONSOLE, NOW + timedelta(days=1))  # 29 days before: told already
    profiles.expire(session, CONSOLE, NOW + timedelta(days=31))
    assert [one["type"] for one in told(session)] == ["firm.due", "firm.expired"]


# --- Sending ----------------------------------------------------------------------------------------


class Server:
    """Somebody's system: answers as it is told, and remembers what it was sent."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            raise httpx.ConnectTimeout("no answer in time")
        return httpx.Response(status)


def courier(sessions, server: Server, **over) -> Courier:
    return Courier(sessions, Outbound(**{"resolve": PUBLIC.resolve, "transport": httpx.MockTransport(server)} | over))


@pytest.fixture
def hook(sessions):
    with transaction(sessions) as session:
        made = subscribe(session)
        webhooks.tell(session, "firm.changed", {"firm": "kraken"}, NOW)
    return made


def row(sessions) -> WebhookDelivery:
    with transaction(sessions, readonly=True) as session:
        return session.scalars(select(WebhookDelivery)).one()


def test_a_delivery_is_signed_and_sent_once(sessions, hook) -> None:
    server, now = Server(), datetime.now(UTC)
    sent = courier(sessions, server).deliver(now)
    assert (sent.delivered, sent.failed) == (1, 0)
    (request,) = server.asked
    body = Signature(hook.secret).verify(request.content, dict(request.headers))
    assert body == {"type": "firm.changed", "timestamp": "2026-11-24T09:30:00+00:00", "data": {"firm": "kraken"}}
    assert request.headers["webhook-id"] == f"msg_{row(sessions).id}"
    assert courier(sessions, server).deliver(now + timedelta(days=9)).delivered == 0
    assert json.loads(request.content)["type"] == "firm.changed"


@pytest.mark.parametrize("status", [0, 302, 404, 500, 503])
def test_what_fails_is_due_again_later_and_later_and_then_given_up(sessions, hook, status: int) -> None:
    server, now = Server(*[status] * 20), NOW
    for wait in BACKOFF:
        assert courier(sessions, server).deliver(now).failed == 1
        assert courier(sessions, server).deliver(now + wait - timedelta(seconds=1)).failed == 0
        now += wait
    assert courier(sessions, server).deliver(now).gave_up == 1
    held = row(sessions)
    assert (held.attempts, held.due_at, held.last_status) == (len(BACKOFF) + 1, None, status or None)
    assert held.last_error
    assert courier(sessions, server).deliver(now + timedelta(days=99)).failed == 0


def test_a_second_try_that_works_ends_it(sessions, hook) -> None:
    server = Server(500, 200)
    courier(sessions, server).deliver(NOW)
    assert courier(sessions, server).deliver(NOW + BACKOFF[0]).delivered == 1
    assert {request.headers["webhook-id"] for request in server.asked} == {f"msg_{row(sessions).id}"}


def test_a_system_that_says_it_is_gone_is_asked_no_more(sessions, hook) -> None:
    assert courier(sessions, Server(410)).deliver(NOW).gave_up == 1
    with transaction(sessions) as session:
        assert session.scalars(select(Webhook)).one().disabled_at == NOW
        assert webhooks.tell(session, "firm.changed", {"firm": "x"}, NOW) == 0


def test_a_name_that_turns_inwards_is_not_followed(sessions, hook) -> None:
    server = Server()
    sent = courier(sessions, server, resolve=lambda host, port: ["169.254.169.254"]).deliver(NOW)
    assert (sent.failed, server.asked) == (1, [])
    assert "not of the public internet" in (row(sessions).last_error or "")


def test_what_waits_for_an_ended_webhook_is_not_sent(sessions, hook) -> None:
    with transaction(sessions) as session:
        webhooks.unsubscribe(session, TRADE_OFFICER, hook.id, NOW)
    server = Server()
    courier(sessions, server).deliver(NOW)
    assert server.asked == []


def test_a_courier_that_was_killed_leaves_the_delivery_due_again(sessions, hook) -> None:
    class Killed(BaseException):
        pass

    def killed(request):
        raise Killed

    with pytest.raises(Killed):
        courier(sessions, killed).deliver(NOW)  # type: ignore[arg-type]
    assert courier(sessions, Server()).deliver(NOW).delivered == 0, "it may still be on its way"
    assert courier(sessions, Server()).deliver(NOW + webhooks.LEASE).delivered == 1


def test_deliveries_are_read_page_by_page(sessions, hook) -> None:
    with transaction(sessions) as session:
        for number in range(4):
            webhooks.tell(session, "firm.changed", {"firm": str(number)}, NOW)
        seen, before = [], None
        while True:
            page, before = webhooks.deliveries(session, TRADE_OFFICER, hook.id, before, 2)
            seen += [one.id for one in page]
            if before is None:
                break
        assert seen == sorted(seen, reverse=True)
        assert len(seen) == 5
        with pytest.raises(NotFound):
            webhooks.deliveries(session, ADMINISTRATOR, hook.id, None, 2)
