"""What the owner decides, agents and admins read, and nobody else sees."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from tests.pages.conftest import SitDown
from tests.people import Person

SETTINGS = "/api/v1/shop/settings"
DEFAULTS = {
    "merchant_id": "m1",
    "auto_resolve_after_hours": None,
    "auto_resolve_warning": "",
    "warn_before_hours": 24,
    "retention_days": None,
    "routing": "off",
    "return_after_minutes": None,
    "welcome_text": "",
    "away_text": "",
    "typing_preview": False,
}


async def put(client: AsyncClient, who: Person, **fields: Any) -> Response:
    return await client.put(SETTINGS, json=fields, headers=who.headers)


async def test_a_shop_begins_with_nothing_by_itself(client: AsyncClient, chen_the_merchant: Person) -> None:
    assert (await client.get(SETTINGS, headers=chen_the_merchant.headers)).json() == DEFAULTS


async def test_what_is_sent_is_set_and_the_rest_stays(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, an_admin: Person
) -> None:
    first = await put(client, chen_the_merchant, auto_resolve_after_hours=72, auto_resolve_warning="再见\n明天")
    assert first.status_code == 200
    second = await put(client, chen_the_merchant, retention_days=365)
    wanted = DEFAULTS | {
        "auto_resolve_after_hours": 72, "auto_resolve_warning": "再见\n明天", "retention_days": 365,
    }  # fmt: skip
    assert second.json() == wanted
    assert (await client.get(SETTINGS, headers=an_the_agent.headers)).json() == wanted
    assert (await client.get(f"{SETTINGS}?merchant_id=m1", headers=an_admin.headers)).json() == wanted
    assert (await put(client, chen_the_merchant, retention_days=None)).json()["retention_days"] is None


async def test_others_neither_change_nor_see_it(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    assert (await put(client, an_the_agent, retention_days=90)).json()["code"] == "owner_only"
    assert (await put(client, lin_the_buyer, retention_days=90)).status_code == 403
    assert (await put(client, an_admin, retention_days=90)).status_code == 403
    assert (await client.put(SETTINGS, json={})).status_code == 401
    assert (await client.get(SETTINGS, headers=lin_the_buyer.headers)).status_code == 403
    foreign = await client.get(f"{SETTINGS}?merchant_id=m1", headers=honey_the_merchant.headers)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "shop_not_found")
    assert (await client.get(SETTINGS, headers=an_admin.headers)).json()["code"] == "shop_missing"
    for nobody in ("b1", "m2", "m99"):
        assert (await client.get(f"{SETTINGS}?merchant_id={nobody}", headers=an_admin.headers)).status_code == 404
    assert (await client.get(SETTINGS, headers=chen_the_merchant.headers)).json() == DEFAULTS


@pytest.mark.parametrize(
    "fields",
    [
        {"retention_days": 29}, {"retention_days": 3651}, {"auto_resolve_after_hours": 1}, {"warn_before_hours": 0},
        {"warn_before_hours": None}, {"auto_resolve_warning": "x" * 1001}, {"auto_resolve_warning": "a\x00b"},
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused(
    client: AsyncClient, chen_the_merchant: Person, fields: dict[str, Any]
) -> None:
    assert (await put(client, chen_the_merchant, **fields)).status_code == 422
    assert (await client.get(SETTINGS, headers=chen_the_merchant.headers)).json() == DEFAULTS


async def test_a_warning_before_the_silence_is_refused_however_it_comes_about(
    client: AsyncClient, chen_the_merchant: Person
) -> None:
    assert (await put(client, chen_the_merchant, auto_resolve_after_hours=24)).status_code == 200  # without a word
    late = await put(client, chen_the_merchant, auto_resolve_warning="Bye")
    assert (late.status_code, late.json()["code"]) == (422, "warning_too_early")
    assert (await put(client, chen_the_merchant, auto_resolve_warning="Bye", warn_before_hours=23)).status_code == 200
    assert (await put(client, chen_the_merchant, auto_resolve_after_hours=23)).status_code == 422


async def page(client: AsyncClient, form: dict[str, str] | None = None) -> Response:
    if form is None:
        return await client.get("/settings/shop")
    return await client.post("/settings/shop", data=form, headers={"Sec-Fetch-Site": "same-origin"})


async def test_the_owner_saves_the_form_and_sees_what_is_wrong(
    client: AsyncClient, sit_down: SitDown, chen_the_merchant: Person
) -> None:
    await sit_down(chen_the_merchant)
    form = {"auto_resolve_after_hours": "72", "warn_before_hours": "24", "auto_resolve_warning": "再见",
            "retention_days": ""}  # fmt: skip
    assert (await page(client, form)).headers["location"] == "/settings/shop?saved=true"
    shown = (await page(client)).text
    assert 'value="72"' in shown
    assert "再见" in shown
    wrong = await page(client, form | {"retention_days": "7", "auto_resolve_after_hours": "<b>"})
    assert wrong.status_code == 422
    assert 'id="retention_days-problem"' in wrong.text
    assert "<b>" not in wrong.text
    early = await page(client, form | {"warn_before_hours": "72"})
    assert (early.status_code, 'id="warn_before_hours-problem"' in early.text) == (422, True)


async def test_an_agent_looks_and_cannot_save(client: AsyncClient, sit_down: SitDown, an_the_agent: Person) -> None:
    await sit_down(an_the_agent)
    shown = await page(client)
    assert shown.status_code == 200
    assert '<button class="button primary large"' not in shown.text
    assert (await page(client, {"retention_days": "90"})).status_code == 403


async def test_looking_on_while_buyers_type_is_a_choice_that_the_chat_tells(
    client: AsyncClient, sit_down: SitDown, chen_the_merchant: Person
) -> None:
    note = "The shop sees what you type before you send it."
    assert note not in (await client.get("/chat/m1", headers={"Accept-Language": "en"})).text
    await sit_down(chen_the_merchant)
    assert (await page(client, {"warn_before_hours": "24", "typing_preview": "true"})).status_code == 303
    assert re.search(r'name="typing_preview"[^>]* checked', (await page(client)).text)
    assert note in (await client.get("/chat/m1", headers={"Accept-Language": "en"})).text
    assert (await page(client, {"warn_before_hours": "24"})).status_code == 303
    assert not re.search(r'name="typing_preview"[^>]* checked', (await page(client)).text)
