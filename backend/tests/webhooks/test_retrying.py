"""Retries over a day, order within a conversation, pauses, the end of patience. Time is turned, never waited for."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from httpx2 import AsyncClient

from app.kernel import clock
from app.kernel.config import Settings
from app.webhooks import lanes
from app.webhooks.lanes import RETRY_SECONDS
from tests.chat.talking import sent, start
from tests.people import Person
from tests.webhooks.conftest import WEBHOOKS, Listen, Postman
from tests.webhooks.receivers import Receiver, Request, answer, in_turn, status

LogOf = Callable[..., Any]
DAY = 86_400


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nobody has to sign in again during these weeks."""
    settings.jwt_access_token_expire_days = 60
    return settings


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "JITTER", 0.0)


@pytest.fixture
def traveller() -> Iterator[Any]:
    """`traveller.shift(seconds)`."""
    with time_machine.travel(clock.now() + 1, tick=False) as here:
        yield here


@pytest.mark.usefixtures("no_jitter")
async def test_the_schedule_of_a_day_and_its_end(
    client: AsyncClient,
    listen: Listen,
    log_of: LogOf,
    receiver: Receiver,
    postman: Postman,
    traveller: Any,
    talk: str,
    lin_the_buyer: Person,
) -> None:
    webhook = await listen(receiver)
    receiver.behave = status(500)
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    for number, seconds in enumerate(RETRY_SECONDS, 1):
        assert len(receiver.requests) == number
        traveller.shift(seconds - 1)
        await postman.walk()
        assert len(receiver.requests) == number, f"too early after {seconds - 1} s"
        traveller.shift(1)
        await postman.walk()
    assert len(receiver.requests) == 8
    assert DAY < sum(RETRY_SECONDS) < 30 * 3600
    delivery = (await log_of(webhook))[0]
    assert (delivery["status"], delivery["attempts"], delivery["next_at"]) == ("dead", 8, None)
    traveller.shift(DAY)
    await postman.walk()
    assert len(receiver.requests) == 8


async def test_delays_are_spread(traveller: Any) -> None:
    """What failed together does not come back together."""
    assert 0 < lanes.JITTER <= 0.5


@pytest.mark.usefixtures("no_jitter")
async def test_a_conversation_waits_for_its_first_event_and_others_do_not(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    traveller: Any,
    talk: str,
    lin_the_buyer: Person,
    maria_the_buyer: Person,
) -> None:
    await listen(receiver, "message.created.v1")
    other = await start(client, maria_the_buyer)
    failures = ["stuck"] * 2

    async def behave(request: Request, writer: Any) -> None:
        said = request.event["data"]["message"]["content"]
        is_failing = said in failures
        if is_failing:
            failures.remove(said)
        writer.write(answer(500 if is_failing else 204))

    receiver.behave = behave
    for content in ("stuck", "second", "third"):
        await sent(client, lin_the_buyer, talk, content)
    await sent(client, maria_the_buyer, other, "elsewhere")
    await postman.walk()
    assert sorted(receiver.contents()) == ["elsewhere", "stuck"]
    await sent(client, lin_the_buyer, talk, "fourth")
    await sent(client, maria_the_buyer, other, "elsewhere again")
    traveller.shift(5)
    await postman.walk()
    assert receiver.contents()[2:].count("stuck") == 1
    assert receiver.contents()[2:].count("elsewhere again") == 1
    traveller.shift(300)
    await postman.walk()
    lane = [one for one in receiver.contents() if not one.startswith("elsewhere")]
    assert lane == ["stuck", "stuck", "stuck", "second", "third", "fourth"]


@pytest.mark.usefixtures("no_jitter")
async def test_after_a_dead_event_its_conversation_goes_on(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    traveller: Any,
    talk: str,
    lin_the_buyer: Person,
) -> None:
    await listen(receiver, "message.created.v1")
    receiver.behave = in_turn(*[500] * 8, 204)
    await sent(client, lin_the_buyer, talk, "poison")
    await sent(client, lin_the_buyer, talk, "after")
    await postman.walk()
    for seconds in RETRY_SECONDS:
        traveller.shift(seconds)
        await postman.walk()
    assert receiver.contents() == ["poison"] * 8 + ["after"]


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(("said", "rest"), [("120", 120), ("99999999", lanes.MAX_REST_SECONDS)], ids=["120", "capped"])
async def test_retry_after_gives_the_whole_endpoint_a_rest(
    said: str,
    rest: int,
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    traveller: Any,
    talk: str,
    lin_the_buyer: Person,
    maria_the_buyer: Person,
) -> None:
    await listen(receiver, "message.created.v1")
    other = await start(client, maria_the_buyer)
    receiver.behave = status(429, Retry_After=said)
    await sent(client, lin_the_buyer, talk, "one")
    await postman.walk()
    receiver.behave = status(204)
    await sent(client, maria_the_buyer, other, "two")
    traveller.shift(rest - 1)
    await postman.walk()
    assert receiver.contents() == ["one"]
    traveller.shift(1)
    await postman.walk()
    assert sorted(receiver.contents()[1:]) == ["one", "two"]


async def test_gone_switches_off(
    client: AsyncClient,
    listen: Listen,
    log_of: LogOf,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver, "message.created.v1")
    receiver.behave = status(410)
    for content in ("one", "two"):
        await sent(client, lin_the_buyer, talk, content)
    await postman.walk()
    await sent(client, lin_the_buyer, talk, "three")
    await postman.walk()
    assert receiver.contents() == ["one"]
    shown = (await client.get(WEBHOOKS + webhook["id"], headers=chen_the_merchant.headers)).json()
    assert (shown["is_enabled"], shown["disabled_reason"]) == (False, "gone")
    assert [delivery["status"] for delivery in await log_of(webhook)] == ["skipped"] * 3


@pytest.mark.usefixtures("no_jitter")
async def test_five_days_of_failures_switch_off_and_one_success_between_does_not(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    traveller: Any,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver)

    async def day(code: int) -> dict[str, Any]:
        receiver.behave = status(code)
        await sent(client, lin_the_buyer, talk)
        await postman.walk()
        traveller.shift(DAY)
        shown: dict[str, Any] = (await client.get(WEBHOOKS + webhook["id"], headers=chen_the_merchant.headers)).json()
        return shown

    for _ in range(4):
        assert (await day(500))["is_enabled"]
    assert (await day(204))["failing_since"] is None
    shown = [await day(500) for _ in range(6)]
    assert [one["is_enabled"] for one in shown] == [True] * 5 + [False]
    assert shown[-1]["disabled_reason"] == "failing"
    assert shown[-1]["failing_since"] is not None
