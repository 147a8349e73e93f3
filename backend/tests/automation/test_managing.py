"""Rules over the JSON door: who may, what does not fit, how many; and conditions as they are written."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from app.automation.matching import Facts, contains, holds
from app.automation.shapes import Condition
from tests.automation.conftest import RULES, MakeRule
from tests.chat.talking import API, refusal
from tests.people import Person

ACTIONS = [{"kind": "priority", "value": "high"}]
RULE: dict[str, Any] = {"event": "message_from_buyer", "actions": ACTIONS}


async def test_a_rule_is_made_changed_switched_and_removed(
    client: AsyncClient, make_rule: MakeRule, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    made = await make_rule("message_from_buyer", [], ACTIONS, name=" 退款 ")
    assert (made["name"], made["runs"], made["last_run_at"], made["is_enabled"]) == ("退款", 0, None, True)
    address = RULES + made["id"]
    body = RULE | {"conditions": [{"kind": "assignee", "values": [an_the_agent.id]}], "name": "x"}
    chinese = chen_the_merchant.headers | {"Accept-Language": "zh-CN"}
    changed = (await client.put(address, json=body, headers=chinese)).json()
    assert (changed["name"], changed["position"]) == ("x", made["position"])
    off = await client.put(f"{address}/enabled", json={"is_enabled": False}, headers=chen_the_merchant.headers)
    assert off.json()["is_enabled"] is False
    listed = (await client.get(RULES, headers=an_the_agent.headers)).json()
    assert [one["id"] for one in listed["results"]] == [made["id"]]
    assert (await client.delete(address, headers=chen_the_merchant.headers)).status_code == 204
    assert refusal(await client.get(address, headers=chen_the_merchant.headers)) == (404, "rule_not_found")


async def test_only_the_owner_changes_and_nobody_sees_another_shops(
    client: AsyncClient, make_rule: MakeRule, chen_the_merchant: Person, an_the_agent: Person,
    honey_the_merchant: Person, lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    made = await make_rule("message_from_buyer", [], ACTIONS)
    address = RULES + made["id"]
    tries: list[tuple[str, str, Any]] = [
        ("PUT", address, RULE),
        ("PUT", f"{address}/enabled", {"is_enabled": False}),
        ("DELETE", address, None),
    ]
    for who, expected in (
        (an_the_agent, (403, "owner_only")),
        (an_admin, (403, "read_only")),
        (honey_the_merchant, (404, "rule_not_found")),
        (lin_the_buyer, (403, "wrong_role")),
    ):
        for method, path, body in tries:
            assert refusal(await client.request(method, path, json=body, headers=who.headers)) == expected
    assert refusal(await client.post(RULES, json=RULE, headers=an_the_agent.headers)) == (403, "owner_only")
    for path in (address, f"{API}/automation/runs/?rule_id={made['id']}"):
        assert (await client.get(path, headers=an_admin.headers)).status_code == 200
        assert refusal(await client.get(path, headers=honey_the_merchant.headers))[0] == 404
        assert refusal(await client.get(path, headers=lin_the_buyer.headers))[0] == 403
        assert (await client.get(path)).status_code == 401
    order = {"ids": [made["id"]]}
    answer = await client.put(f"{RULES}order", json=order, headers=honey_the_merchant.headers)
    assert refusal(answer) == (409, "rules_changed")


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "earthquake"},
        {"actions": []},
        {"actions": [{"kind": "priority", "value": "highest"}]},
        {"actions": [{"kind": "snooze", "value": "721"}]},
        {"actions": [{"kind": "snooze", "value": "-1"}]},
        {"actions": [{"kind": "reply", "value": "  "}]},
        {"actions": [{"kind": "add_label", "value": "x" * 41}]},
        {"actions": [{"kind": "note", "value": "a\x00"}]},
        {"actions": ACTIONS * 11},
        {"conditions": [{"kind": "status", "values": ["open"]}] * 11},
        {"conditions": [{"kind": "contains", "values": [" "]}]},
        {"conditions": [{"kind": "status", "values": ["open", "pending"]}]},
        {"conditions": [{"kind": "waited", "values": ["soon"]}]},
        {"event": "waiting", "waiting_minutes": 0},
        {"event": "waiting", "conditions": [{"kind": "contains", "values": ["x"]}]},
        {"name": "x" * 81},
    ],
)
async def test_what_does_not_fit_is_refused(
    client: AsyncClient, chen_the_merchant: Person, wrong: dict[str, Any]
) -> None:
    assert refusal(await client.post(RULES, json=RULE | wrong, headers=chen_the_merchant.headers))[0] == 422


async def test_strangers_are_put_in_charge_of_nothing_and_fifty_are_enough(
    client: AsyncClient, make_rule: MakeRule, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    body = RULE | {"actions": [{"kind": "assign", "value": honey_the_merchant.id}]}
    answer = await client.post(RULES, json=body, headers=chen_the_merchant.headers)
    assert refusal(answer) == (400, "assignee_not_in_team")
    for _ in range(50):
        await make_rule("message_from_buyer", [], ACTIONS)
    answer = await client.post(RULES, json=RULE, headers=chen_the_merchant.headers)
    assert refusal(answer) == (409, "too_many_rules")


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("我要退款！", ["退款"], True),
        ("ＲＥＦＵＮＤ", ["refund"], True),
        ("refundable", ["refund"], False),
        ("我要refund吗", ["refund"], True),
        ("I want my money  back", ["money back"], False),
        ("c++ 100%", ["100%"], True),
        ("STRASSE", ["straße"], True),
        ("", ["x"], False),
    ],
)
def test_words_are_found_as_people_write_them(text: str, words: list[str], expected: bool) -> None:
    assert contains(text, words) is expected


@pytest.mark.parametrize(
    ("kind", "value", "facts", "expected"),
    [
        ("language", "zh", {"language": "zh-CN"}, True),
        ("language", "zh", {"language": "en"}, False),
        ("hours", "closed", {"is_open": False}, True),
        ("visit", "returning", {"is_first": False}, True),
        ("channel", "widget", {"channel": "page"}, False),
        ("waited", "5", {"at": 1000, "waiting_since": 700}, True),
        ("waited", "5", {"at": 1000, "waiting_since": 701}, False),
        ("assignee", "", {"assignee_id": None}, True),
    ],
)
def test_every_condition_and_its_opposite(kind: str, value: str, facts: dict[str, Any], expected: bool) -> None:
    known = Facts(**({"at": 0} | facts))
    asked: dict[str, Any] = {"kind": kind, "values": [value]}
    assert holds(Condition.model_validate(asked), known) is expected
    assert holds(Condition.model_validate(asked | {"is_not": True}), known) is not expected


def test_of_what_nobody_knows_neither_is_true() -> None:
    for is_not in (False, True):
        asked = Condition.model_validate({"kind": "language", "values": ["zh"], "is_not": is_not})
        assert holds(asked, Facts(at=0)) is False
