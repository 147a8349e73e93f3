"""What each rule does: every event, every condition that the database knows, every action; and what it must not do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import event, update
from sqlmodel import col, select

from app.automation.models import AutomationRun
from app.chat.models import Conversation
from app.kernel.clock import now
from app.kernel.db import Database
from tests.automation.conftest import CatchUp, MakeRule, runs_of
from tests.chat.talking import API, change, get, send, sent, start, thread
from tests.people import Person
from tests.working import run_job

WORDS = [{"kind": "contains", "values": ["退款", "Refund"]}]
LABEL = [{"kind": "add_label", "value": "退款"}]


async def test_a_buyers_words_make_a_label_once(
    client: AsyncClient, make_rule: MakeRule, catch_up: CatchUp, talk: str, lin_the_buyer: Person,
    chen_the_merchant: Person, db: Database,
) -> None:  # fmt: skip
    rule = await make_rule("message_from_buyer", WORDS, [*LABEL, {"kind": "priority", "value": "high"}])
    assert rule["sentence"].startswith("When a buyer writes and the message contains “退款” or “Refund”: add the label")
    await sent(client, lin_the_buyer, talk, "我要退款！")
    await sent(client, lin_the_buyer, talk, "你好")
    await sent(client, chen_the_merchant, talk, "REFUND? No.")
    await catch_up()
    await catch_up()
    seen = await get(client, chen_the_merchant, talk)
    assert (seen["labels"], seen["priority"]) == (["退款"], "high")
    assert [run.trigger for run in await runs_of(db)] == ["message:1"]
    listed = (await client.get(f"{API}/automation/runs/", headers=chen_the_merchant.headers)).json()
    assert [(one["buyer"], [deed["ok"] for deed in one["done"]]) for one in listed["results"]] == [
        ("lin", [True, True])
    ]
    activities = (await get(client, chen_the_merchant, f"{talk}/activities/"))["results"]
    assert {one["actor_id"] for one in activities} == {"p1"}
    labels = (await client.get(f"{API}/labels/", headers=chen_the_merchant.headers)).json()["results"]
    assert [(one["name"], one["color"], one["conversations"]) for one in labels] == [("退款", "grey", 1)]


async def test_a_reply_fills_in_names_and_a_note_is_no_buyers(
    client: AsyncClient, make_rule: MakeRule, catch_up: CatchUp, talk: str, lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:  # fmt: skip
    said = "您好 {{buyer.name}}，这里是{{ shop.name }}。{{unknown}}"
    await make_rule(
        "message_from_buyer", [], [{"kind": "reply", "value": said}, {"kind": "note", "value": "先道歉 {{buyer.name}}"}]
    )
    await sent(client, lin_the_buyer, talk, "在吗")
    await catch_up()
    seen = await thread(client, lin_the_buyer, talk)
    assert [(one["content"], one["sender_role"]) for one in seen] == [
        ("在吗", "buyer"),
        ("您好 lin，这里是陈记米铺。{{unknown}}", "platform"),
    ]
    notes = (await get(client, chen_the_merchant, f"{talk}/notes/"))["results"]
    assert [(one["content"], one["author_id"]) for one in notes] == [("先道歉 lin", "p1")]
    answer = await client.get(f"{API}/conversations/{talk}/notes/", headers=lin_the_buyer.headers)
    assert answer.status_code in (403, 404)
    assert (await get(client, chen_the_merchant, talk))["waiting_since"] is not None


async def test_changes_of_people_are_heard_and_those_of_rules_are_not(
    client: AsyncClient, make_rule: MakeRule, catch_up: CatchUp, talk: str, chen_the_merchant: Person, db: Database
) -> None:
    # Each would set the other off for ever.
    await make_rule("conversation_updated", [], [{"kind": "priority", "value": "high"}], changes=["labels"])
    await make_rule("conversation_updated", [], [{"kind": "add_label", "value": "b"}], changes=["priority"])
    await change(client, chen_the_merchant, talk, labels=["a"])
    await catch_up()
    seen = await get(client, chen_the_merchant, talk)
    assert (seen["labels"], seen["priority"]) == (["a"], "high")
    assert len(await runs_of(db)) == 1


@contextmanager
def a_second_for_each_statement(app: FastAPI) -> Iterator[None]:
    """A slow database: whatever is done in several statements is done in several seconds."""
    engine = app.state.db.engine.sync_engine
    with time_machine.travel(now(), tick=False) as clock:

        def pass_on(*_: object) -> None:
            clock.shift(1)

        event.listen(engine, "before_cursor_execute", pass_on)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", pass_on)


async def test_one_change_of_many_things_is_one_moment(
    app: FastAPI, client: AsyncClient, make_rule: MakeRule, catch_up: CatchUp, talk: str, chen_the_merchant: Person,
    lin_the_buyer: Person,
) -> None:  # fmt: skip
    await make_rule("conversation_updated", [], [{"kind": "reply", "value": "ok"}])
    with a_second_for_each_statement(app):
        await change(client, chen_the_merchant, talk, labels=["a", "b"], priority="low", assignee_id="m1")
    await catch_up()
    assert [one["content"] for one in await thread(client, lin_the_buyer, talk)] == ["ok"]


async def test_a_beginning_is_heard_with_first_and_returning(
    client: AsyncClient, make_rule: MakeRule, catch_up: CatchUp, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    for visit in ("first", "returning"):
        await make_rule(
            "conversation_created", [{"kind": "visit", "values": [visit]}], [{"kind": "add_label", "value": visit}]
        )
    first = await start(client, lin_the_buyer)
    await catch_up()
    await change(client, chen_the_merchant, first, status="resolved")
    second = await start(client, lin_the_buyer)
    await catch_up()
    assert first != second
    assert (await get(client, chen_the_merchant, first))["labels"] == ["first"]
    assert (await get(client, chen_the_merchant, second))["labels"] == ["returning"]


async def wait_for(app: FastAPI, talk: str, minutes: int) -> None:
    """The buyer has waited for so long."""
    then = update(Conversation).where(col(Conversation.id) == int(talk)).values(waiting_since=now() - minutes * 60)
    await app.state.db.write(lambda session: session.exec(then))


async def age_rules(app: FastAPI) -> None:
    """The rules were on long before."""
    from app.automation.models import AutomationRule

    await app.state.db.write(lambda session: session.exec(update(AutomationRule).values(enabled_at=0)))


async def test_who_waits_is_found_once_each_time_and_only_after_the_time(
    app: FastAPI, client: AsyncClient, make_rule: MakeRule, talk: str, lin_the_buyer: Person,
    chen_the_merchant: Person, db: Database,
) -> None:  # fmt: skip
    await make_rule("waiting", [], [{"kind": "priority", "value": "urgent"}], waiting_minutes=15, stops=True)
    await make_rule("waiting", [], [{"kind": "add_label", "value": "late"}], waiting_minutes=15)
    await age_rules(app)
    await sent(client, lin_the_buyer, talk, "在吗")
    await wait_for(app, talk, 14)
    await run_job(app, "automation.wait")
    assert (await get(client, chen_the_merchant, talk))["priority"] == "normal"
    await wait_for(app, talk, 16)
    for _ in range(2):
        await run_job(app, "automation.wait")
    seen = await get(client, chen_the_merchant, talk)
    assert (seen["priority"], seen["labels"]) == ("urgent", [])
    assert len(await runs_of(db)) == 1
    async with db.reading() as session:  # and the other one is not asked each minute
        assert [run.is_match for run in await session.exec(select(AutomationRun))] == [True, False]


async def test_a_rule_that_stops_one_moment_leaves_the_later_ones(
    app: FastAPI, client: AsyncClient, make_rule: MakeRule, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await make_rule("waiting", [], [{"kind": "priority", "value": "high"}], waiting_minutes=5, stops=True)
    await make_rule("waiting", [], [{"kind": "add_label", "value": "late"}], waiting_minutes=60)
    await age_rules(app)
    await sent(client, lin_the_buyer, talk, "在吗")
    for minutes, labels in ((6, []), (61, ["late"])):
        await wait_for(app, talk, minutes)
        await run_job(app, "automation.wait")
        seen = await get(client, chen_the_merchant, talk)
        assert (seen["priority"], seen["labels"]) == ("high", labels)


async def test_a_waiting_rule_looks_at_the_moment_and_not_each_minute_after(
    app: FastAPI, client: AsyncClient, make_rule: MakeRule, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    asks = [{"kind": "label", "values": ["vip"]}]
    await make_rule("waiting", asks, [{"kind": "priority", "value": "urgent"}], waiting_minutes=15)
    await age_rules(app)
    await sent(client, lin_the_buyer, talk, "在吗")
    await wait_for(app, talk, 16)
    await run_job(app, "automation.wait")
    await change(client, chen_the_merchant, talk, labels=["vip"])
    await run_job(app, "automation.wait")
    assert (await get(client, chen_the_merchant, talk))["priority"] == "normal"


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([{"kind": "assign", "value": "m1"}], {"assignee_id": "m1"}),
        ([{"kind": "assign", "value": ""}], {"assignee_id": None}),
        ([{"kind": "remove_label", "value": "old"}], {"labels": []}),
        ([{"kind": "status", "value": "pending"}], {"status": "pending"}),
        ([{"kind": "snooze", "value": "2"}], {"status": "snoozed"}),
        ([{"kind": "status", "value": "resolved"}], {"status": "resolved", "waiting_since": None}),
    ],
)
async def test_every_action_does_what_it_says(
    client: AsyncClient, make_rule: MakeRule, catch_up: CatchUp, talk: str, lin_the_buyer: Person,
    chen_the_merchant: Person, actions: list[Any], expected: dict[str, Any],
) -> None:  # fmt: skip
    await change(client, chen_the_merchant, talk, labels=["old"])
    await make_rule("message_from_buyer", [], actions)
    await sent(client, lin_the_buyer, talk, "在吗")
    await catch_up()
    seen = await get(client, chen_the_merchant, talk)
    assert {name: seen[name] for name in expected} == expected


async def test_the_first_that_stops_ends_it_and_the_order_can_be_changed(
    client: AsyncClient, make_rule: MakeRule, catch_up: CatchUp, talk: str, lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:  # fmt: skip
    first = await make_rule("message_from_buyer", [], [{"kind": "add_label", "value": "a"}], stops=True)
    second = await make_rule("message_from_buyer", [], [{"kind": "add_label", "value": "b"}], stops=True)
    await sent(client, lin_the_buyer, talk, "1")
    await catch_up()
    assert (await get(client, chen_the_merchant, talk))["labels"] == ["a"]
    order = {"ids": [second["id"], first["id"]]}
    answer = await client.put(f"{API}/automation/rules/order", json=order, headers=chen_the_merchant.headers)
    assert [one["id"] for one in answer.json()["results"]] == order["ids"]
    await sent(client, lin_the_buyer, talk, "2")
    await catch_up()
    assert (await get(client, chen_the_merchant, talk))["labels"] == ["a", "b"]


async def test_what_cannot_be_done_is_said_and_the_rest_is_done(
    client: AsyncClient, make_rule: MakeRule, catch_up: CatchUp, talk: str, lin_the_buyer: Person,
    an_the_agent: Person, chen_the_merchant: Person, db: Database,
) -> None:  # fmt: skip
    actions = [{"kind": "assign", "value": an_the_agent.id}, {"kind": "webhook"}, *LABEL]
    await make_rule("message_from_buyer", [], actions)
    gone = await client.delete(f"{API}/staff/{an_the_agent.id}", headers=chen_the_merchant.headers)
    assert gone.status_code == 204
    await sent(client, lin_the_buyer, talk, "1")
    await catch_up()
    (run,) = await runs_of(db)
    assert [(deed["kind"], deed["ok"]) for deed in run.done] == [
        ("assign", False),
        ("webhook", False),
        ("add_label", True),
    ]
    assert (await get(client, chen_the_merchant, talk))["labels"] == ["退款"]


async def test_off_rules_and_other_shops_do_nothing(
    client: AsyncClient, app: FastAPI, make_rule: MakeRule, catch_up: CatchUp, talk: str, lin_the_buyer: Person,
    chen_the_merchant: Person, honey_the_merchant: Person, db: Database,
) -> None:  # fmt: skip
    await make_rule("message_from_buyer", [], LABEL, is_enabled=False)
    await make_rule("message_from_buyer", [], LABEL, who=honey_the_merchant)
    await sent(client, lin_the_buyer, talk, "1")
    await catch_up()
    assert await runs_of(db) == []
    assert (await send(client, lin_the_buyer, talk, "2")).status_code == 201
