"""Once is once: under repetition, under two at the same time, after a death halfway, and where nobody wants rules."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import event, update
from sqlmodel import col

from app.automation import acting, engine, triggers
from app.automation.models import AutomationRule, AutomationRun
from app.chat.reactions import Reactions
from app.kernel.clock import now
from app.kernel.db import Database
from tests.automation.conftest import CatchUp, MakeRule, runs_of
from tests.chat.talking import get, sent, start, thread
from tests.people import Person
from tests.working import run_job

REPLY = [{"kind": "reply", "value": "您好"}, {"kind": "add_label", "value": "x"}]


async def rules_of(db: Database) -> list[AutomationRule]:
    async with db.reading() as session:
        return list(await engine.enabled(session, "m1", list(engine.EventName)))


async def test_ten_at_once_act_once(
    client: AsyncClient, app: FastAPI, make_rule: MakeRule, talk: str, lin_the_buyer: Person, db: Database
) -> None:
    await make_rule("message_from_buyer", [], REPLY)
    message = await sent(client, lin_the_buyer, talk, "在吗")
    (rule,) = await rules_of(app.state.db)
    trigger = triggers.of_message(message["seq"], True, message["created_at"], message["content"])
    await asyncio.gather(*(acting.ask(app.state.desk, rule, int(talk), trigger) for _ in range(10)))
    assert len(await runs_of(db)) == 1
    assert [one["content"] for one in await thread(client, lin_the_buyer, talk)] == ["在吗", "您好"]
    (rule,) = await rules_of(app.state.db)
    assert (rule.runs, rule.last_run_at is not None) == (1, True)


async def test_two_instances_look_at_the_same_messages(
    client: AsyncClient, app: FastAPI, make_rule: MakeRule, talk: str, lin_the_buyer: Person, db: Database
) -> None:
    await make_rule("message_from_buyer", [], REPLY)
    for number in range(3):
        await sent(client, lin_the_buyer, talk, str(number))
    two = [Reactions(app.state.db) for _ in range(2)]
    for one in two:
        one.add(engine.reaction(app.state.desk))
    await asyncio.gather(*(one.catch_up() for one in two))
    assert [run.trigger for run in await runs_of(db)] == ["message:1", "message:2", "message:3"]
    said = [one["content"] for one in await thread(client, lin_the_buyer, talk)]
    assert said.count("您好") == 3


async def test_who_died_before_the_reply_is_finished_by_the_next_minute(
    client: AsyncClient, app: FastAPI, make_rule: MakeRule, talk: str, lin_the_buyer: Person,
    monkeypatch: pytest.MonkeyPatch, db: Database,
) -> None:  # fmt: skip
    await make_rule("conversation_created", [], REPLY)  # of which nobody but us hears here
    (rule,) = await rules_of(app.state.db)
    trigger = triggers.of_start(now())

    async def die(*_: Any) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(acting, "finish", die)
        with pytest.raises(OSError, match="killed"):
            await acting.ask(app.state.desk, rule, int(talk), trigger)
    assert await thread(client, lin_the_buyer, talk) == []
    long_ago = update(AutomationRun).values(created_at=now() - 60)
    await app.state.db.write(lambda session: session.exec(long_ago))
    assert (await run_job(app, "automation.wait"))["finished"] == 1
    assert (await run_job(app, "automation.wait"))["finished"] == 0
    await acting.ask(app.state.desk, rule, int(talk), trigger)
    assert [one["content"] for one in await thread(client, lin_the_buyer, talk)] == ["您好"]
    (run,) = await runs_of(db)
    assert [deed["ok"] for deed in run.done] == [True, True]


async def test_what_was_before_the_rule_is_none_of_its_business(
    client: AsyncClient, app: FastAPI, make_rule: MakeRule, catch_up: CatchUp, talk: str, lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:  # fmt: skip
    await sent(client, lin_the_buyer, talk, "before")
    await make_rule("message_from_buyer", [], REPLY)
    later = update(AutomationRule).values(enabled_at=now() + 5)
    await app.state.db.write(lambda session: session.exec(later))
    await catch_up()
    assert (await get(client, chen_the_merchant, talk))["labels"] == []


async def test_a_shop_without_rules_costs_no_statement_per_message(
    client: AsyncClient, app: FastAPI, talk: str, lin_the_buyer: Person, honey_the_merchant: Person,
    make_rule: MakeRule, catch_up: CatchUp,
) -> None:  # fmt: skip
    await make_rule("message_from_buyer", [], REPLY, who=honey_the_merchant)
    await catch_up()
    said: list[str] = []
    listen = lambda *arguments: said.append(arguments[2])  # noqa: E731
    event.listen(app.state.db.engine.sync_engine, "before_cursor_execute", listen)
    await sent(client, lin_the_buyer, talk, "在吗")
    await catch_up()
    event.remove(app.state.db.engine.sync_engine, "before_cursor_execute", listen)
    assert not [one for one in said if "automation_r" in one and "SELECT DISTINCT" not in one]


async def test_old_runs_are_forgotten_and_a_conversation_takes_its_own_along(
    client: AsyncClient, app: FastAPI, make_rule: MakeRule, catch_up: CatchUp, talk: str, maria_the_buyer: Person,
    lin_the_buyer: Person, db: Database,
) -> None:  # fmt: skip
    await make_rule("message_from_buyer", [], REPLY)
    other = await start(client, maria_the_buyer)
    await sent(client, lin_the_buyer, talk, "1")
    await sent(client, maria_the_buyer, other, "2")
    await catch_up()
    old = update(AutomationRun).where(col(AutomationRun.conversation_id) == int(talk)).values(created_at=0)
    await app.state.db.write(lambda session: session.exec(old))
    assert await run_job(app, "automation.forget") == {"forgotten": 1}
    assert [str(run.conversation_id) for run in await runs_of(db)] == [other]
