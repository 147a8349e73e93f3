"""A dry run says what really happens: two shops live through the same, one with the rule and one without."""

import random
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.automation.models import AutomationRule
from app.kernel.clock import now
from app.kernel.db import Database
from tests.automation.conftest import RULES, CatchUp, MakeRule, runs_of
from tests.chat.talking import change, get, refusal, sent, start, thread
from tests.people import Person
from tests.working import run_job

WORDS = ["退款", "你好", "refund please", "ok", "我要REFUND", "在吗"]
CONDITIONS: list[dict[str, Any]] = [
    {"kind": "contains", "values": ["退款", "refund"]},
    {"kind": "contains", "values": ["你好"], "is_not": True},
    {"kind": "status", "values": ["open"]},
    {"kind": "status", "values": ["resolved"], "is_not": True},
    {"kind": "label", "values": ["a"]},
    {"kind": "label", "values": ["b"], "is_not": True},
    {"kind": "priority", "values": ["high"], "is_not": True},
    {"kind": "assignee", "values": [""]},
    {"kind": "visit", "values": ["first"]},
    {"kind": "waited", "values": ["5"]},
]
ACTIONS: list[dict[str, Any]] = [
    {"kind": "add_label", "value": "a"},
    {"kind": "add_label", "value": "b"},
    {"kind": "remove_label", "value": "a"},
    {"kind": "priority", "value": "high"},
    {"kind": "status", "value": "pending"},
    {"kind": "status", "value": "resolved"},
    {"kind": "note", "value": "x"},
    {"kind": "reply", "value": "您好"},
]
EVENTS = ["message_from_buyer", "message_from_team", "conversation_created", "conversation_updated", "waiting"]
CHANGES: list[dict[str, Any]] = [
    {"labels": ["a"]},
    {"labels": ["b"]},
    {"labels": []},
    {"priority": "high"},
    {"priority": "normal"},
    {"status": "pending"},
    {"status": "open"},
    {"status": "resolved"},
    {"labels": ["a", "b"], "priority": "low"},
]
Step = tuple[str, Any]


def a_rule(chance: random.Random) -> dict[str, Any]:
    event = chance.choice(EVENTS)
    asked = [one for one in CONDITIONS if one["kind"] != "contains" or event.startswith("message")]
    return {
        "event": event,
        "conditions": chance.sample(asked, chance.randint(0, 2)),
        "actions": chance.sample(ACTIONS, chance.randint(1, 3)),
        "match": chance.choice(["all", "any"]),
        "changes": chance.choice([[], ["labels"], ["status", "priority"]]),
        "waiting_minutes": chance.choice([2, 5]),
    }


def a_story(chance: random.Random) -> list[Step]:
    kinds = ["buyer", "buyer", "team", "change", "time"]
    steps: list[Step] = [("buyer", chance.choice(WORDS))]
    for _ in range(chance.randint(4, 9)):
        kind = chance.choice(kinds)
        choice = {"change": CHANGES, "time": [1, 3, 6]}.get(kind, WORDS)
        steps.append((kind, chance.choice(choice)))
    return steps


@pytest.mark.parametrize("seed", range(8))
async def test_it_says_what_really_happens(
    client: AsyncClient, app: FastAPI, make_rule: MakeRule, catch_up: CatchUp, lin_the_buyer: Person,
    chen_the_merchant: Person, honey_the_merchant: Person, db: Database, seed: int,
) -> None:  # fmt: skip
    chance = random.Random(seed)
    rule, story = a_rule(chance), a_story(chance)
    with time_machine.travel(now() + 100, tick=False) as clock:
        made = await make_rule(rule["event"], rule["conditions"], rule["actions"], **{
            name: rule[name] for name in ("match", "changes", "waiting_minutes")
        })  # fmt: skip
        clock.shift(600)
        talks = {
            shop.id: await start(client, lin_the_buyer, shop.id) for shop in (chen_the_merchant, honey_the_merchant)
        }

        async def settle() -> None:
            await catch_up()
            await run_job(app, "automation.wait")

        await settle()
        for kind, what in story:
            clock.shift(1)
            for shop in (chen_the_merchant, honey_the_merchant):
                if kind == "buyer":
                    await sent(client, lin_the_buyer, talks[shop.id], what)
                elif kind == "team":
                    await sent(client, shop, talks[shop.id], what)
                elif kind == "change":
                    assert (await change(client, shop, talks[shop.id], **what)).status_code == 200
            if kind == "time":
                for _ in range(what * 4):  # every fifteen seconds, as a schedule would, only finer
                    clock.shift(15)
                    await run_job(app, "automation.wait")
            await settle()
        clock.shift(1)
        await settle()
        answer = await client.post(f"{RULES}dry-run", json=rule, headers=honey_the_merchant.headers)
        assert answer.status_code == 200, answer.text
        told = answer.json()
    really = [run.trigger.split(":", 1)[0] for run in await runs_of(db, talks["m1"])]
    said = [one["trigger"].split(":", 1)[0] for one in reversed(told["examples"])]
    assert (told["count"], said) == (len(really), really), (made["sentence"], story)


async def test_it_never_acts_and_counts_everything(
    client: AsyncClient, app: FastAPI, catch_up: CatchUp, lin_the_buyer: Person, chen_the_merchant: Person, db: Database
) -> None:
    talk = await start(client, lin_the_buyer)
    for number in range(25):
        await sent(client, lin_the_buyer, talk, f"退款 {number}")
    rule = {
        "event": "message_from_buyer",
        "conditions": [{"kind": "contains", "values": ["退款"]}],
        "actions": [{"kind": "add_label", "value": "x"}, {"kind": "reply", "value": "y"}],
    }
    told = (await client.post(f"{RULES}dry-run", json=rule, headers=chen_the_merchant.headers)).json()
    assert (told["count"], len(told["examples"]), told["is_cut"]) == (25, 20, False)
    assert told["examples"][0] | {"at": 0} == {
        "conversation_id": talk, "buyer": "lin", "at": 0, "trigger": "message:25", "text": "退款 24",
        "actions": rule["actions"],
    }  # fmt: skip
    await catch_up()
    assert (await get(client, chen_the_merchant, talk))["labels"] == []
    assert len(await thread(client, lin_the_buyer, talk)) == 25
    async with db.reading() as session:
        assert (await session.get(AutomationRule, 1)) is None
    assert await runs_of(db) == []


async def test_only_the_owner_tries_and_only_on_the_own_shop(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person,
    honey_the_merchant: Person, an_admin: Person,
) -> None:  # fmt: skip
    talk = await start(client, lin_the_buyer)
    await sent(client, lin_the_buyer, talk, "退款")
    rule = {"event": "message_from_buyer", "actions": [{"kind": "webhook"}]}
    for who, expected in (
        (an_the_agent, (403, "owner_only")),
        (an_admin, (403, "read_only")),
        (lin_the_buyer, (403, "wrong_role")),
    ):
        assert refusal(await client.post(f"{RULES}dry-run", json=rule, headers=who.headers)) == expected
    told = (await client.post(f"{RULES}dry-run", json=rule, headers=honey_the_merchant.headers)).json()
    assert (told["count"], told["conversations"]) == (0, 0)
