"""The pages of rules, labels and keys as forms without scripts: what is typed, what is wrong, who may."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.pages.conftest import SitDown
from tests.people import Person

PAGE = {"Accept": "text/html", "Accept-Language": "en"}
RULES, LABELS, KEYS = "/settings/automation", "/settings/labels", "/settings/api-keys"
RULE: dict[str, Any] = {
    "name": "Refunds",
    "is_enabled": "true",
    "event": "message_from_buyer",
    "match": "all",
    "condition_kind": ["contains", "status"],
    "condition_is": ["is", "not"],
    "condition_value": ["退款，refund", "resolved"],
    "action_kind": ["add_label", "webhook"],
    "action_value": ["退款", ""],
}


async def test_a_rule_by_forms_alone(client: AsyncClient, chen_the_merchant: Person, sit_down: SitDown) -> None:
    await sit_down(chen_the_merchant)
    assert "Your first rule" in (await client.get(RULES, headers=PAGE)).text
    grown = await client.post(f"{RULES}/new", data=RULE | {"do": "add-condition"}, headers=PAGE)
    assert (grown.status_code, grown.text.count('name="condition_kind"')) == (200, 3)
    shrunk = await client.post(f"{RULES}/new", data=RULE | {"do": "drop-action-0"}, headers=PAGE)
    assert shrunk.text.count('name="action_kind"') == 1
    tried = await client.post(f"{RULES}/new", data=RULE | {"do": "try"}, headers=PAGE)
    assert "Would not have run at all" in tried.text
    for _ in range(2):
        saved = await client.post(f"{RULES}/new", data=RULE | {"do": "save"}, headers=PAGE)
        assert (saved.status_code, saved.headers["location"]) == (303, RULES)
    page = (await client.get(RULES, headers=PAGE)).text
    assert (
        "contains “退款” or “refund” and the status is not resolved: add the label “退款”, send a webhook event."
        in page
    )
    first, second = re.findall(r'id="rule-(\d+)"', page)
    assert (await client.post(f"{RULES}/{first}/down", headers=PAGE)).status_code == 303
    assert (await client.post(f"{RULES}/{first}/off", headers=PAGE)).status_code == 303
    page = (await client.get(RULES, headers=PAGE)).text
    assert re.findall(r'id="rule-(\d+)"', page) == [second, first]
    assert page.count('aria-checked="false"') == 1
    assert "Refunds" in (await client.get(f"{RULES}/{first}/edit", headers=PAGE)).text
    changed = await client.post(f"{RULES}/{first}/edit", data=RULE | {"name": "Other", "do": "save"}, headers=PAGE)
    assert changed.status_code == 303
    assert (await client.post(f"{RULES}/{first}/delete", headers=PAGE)).status_code == 303
    assert "Other" not in (await client.get(RULES, headers=PAGE)).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"condition_value": ["，", "open"]}, "Write at least one word"),
        ({"action_kind": ["reply", "webhook"], "action_value": ["", ""]}, "Write the reply"),
        (
            {"event": "waiting", "waiting_minutes": "soon", "condition_kind": ["label", "status"]},
            "A whole number of minutes",
        ),
        ({"action_kind": [], "action_value": []}, "add an action"),
        ({"event": "conversation_created"}, "Only a rule about messages"),
        ({"action_kind": ["assign", "webhook"], "action_value": ["m7", ""]}, "Only a member of the shop"),
    ],
)
async def test_what_is_wrong_is_said_beside_what_was_typed(
    client: AsyncClient, chen_the_merchant: Person, honey_the_merchant: Person, sit_down: SitDown,
    wrong: dict[str, Any], said: str,
) -> None:  # fmt: skip
    await sit_down(chen_the_merchant)
    answer = await client.post(f"{RULES}/new", data=RULE | wrong | {"do": "save"}, headers=PAGE)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Refunds"' in answer.text
    assert "Your first rule" in (await client.get(RULES, headers=PAGE)).text


async def test_agents_look_and_others_do_not(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, sit_down: SitDown,
) -> None:  # fmt: skip
    await sit_down(chen_the_merchant)
    await client.post(f"{RULES}/new", data=RULE | {"do": "save"}, headers=PAGE)
    await client.post(LABELS, data={"name": "VIP", "color": "violet"}, headers=PAGE)
    rule = re.findall(r'id="rule-(\d+)"', (await client.get(RULES, headers=PAGE)).text)[0]
    label = re.findall(rf"{LABELS}/(\d+)/delete", (await client.get(LABELS, headers=PAGE)).text)[0]
    await sit_down(an_the_agent)
    for address in (RULES, LABELS, KEYS, f"{RULES}/log", f"{RULES}/{rule}/edit", "/inbox/quick-replies"):
        page = await client.get(address, headers=PAGE)
        assert page.status_code == 200
        if "quick" not in address and "log" not in address:
            assert 'role="note"' in page.text
    for address in (f"{RULES}/{rule}/off", f"{RULES}/{rule}/delete", f"{LABELS}/{label}/delete"):
        assert (await client.post(address, headers=PAGE)).status_code == 403
    assert (await client.post(KEYS, data={"name": "x"}, headers=PAGE)).status_code == 403
    await sit_down(honey_the_merchant)
    for address in (f"{RULES}/{rule}/off", f"{RULES}/{rule}/delete", f"{LABELS}/{label}/delete"):
        assert (await client.post(address, headers=PAGE)).status_code == 404
    await sit_down(lin_the_buyer)
    for address in (RULES, LABELS, KEYS):
        assert (await client.get(address, headers=PAGE)).status_code == 403


async def test_labels_by_forms_alone(client: AsyncClient, chen_the_merchant: Person, sit_down: SitDown) -> None:
    await sit_down(chen_the_merchant)
    for name in ("a", "b"):
        made = await client.post(LABELS, data={"name": name, "color": "rose", "description": "<b>"}, headers=PAGE)
        assert made.status_code == 303
    again = await client.post(LABELS, data={"name": "a", "color": "rose"}, headers=PAGE)
    assert again.status_code == 422
    assert "There is a label of this name" in again.text
    page = (await client.get(LABELS, headers=PAGE)).text
    assert "&lt;b&gt;" in page
    a, b = re.findall(rf"{LABELS}/(\d+)/delete", page)
    assert (await client.post(f"{LABELS}/{a}", data={"name": "c", "color": "blue"}, headers=PAGE)).status_code == 303
    assert (await client.post(f"{LABELS}/{a}/merge", data={"into": b}, headers=PAGE)).status_code == 303
    assert re.findall(rf"{LABELS}/(\d+)/delete", (await client.get(LABELS, headers=PAGE)).text) == [b]
    assert (await client.post(f"{LABELS}/{b}/delete", headers=PAGE)).status_code == 303
    assert "No labels yet" in (await client.get(LABELS, headers=PAGE)).text


async def test_a_key_is_on_one_page_only(client: AsyncClient, chen_the_merchant: Person, sit_down: SitDown) -> None:
    await sit_down(chen_the_merchant)
    wrong = await client.post(KEYS, data={"name": " "}, headers=PAGE)
    assert (wrong.status_code, "Give the key a name" in wrong.text) == (422, True)
    made = await client.post(KEYS, data={"name": "ERP", "days": "30"}, headers=PAGE)
    key = re.findall(r"pk_[\w-]{20,}", made.text)[0]
    page = (await client.get(KEYS, headers=PAGE)).text
    assert key not in page
    assert f"pk_…{key[-4:]}" in page
    number = re.findall(rf"{KEYS}/(\d+)/revoke", page)[0]
    assert (await client.post(f"{KEYS}/{number}/revoke", headers=PAGE)).status_code == 303
    assert "Revoked" in (await client.get(KEYS, headers=PAGE)).text
