"""Labels of a shop: they come by themselves, and one change is on every conversation at once."""

from typing import Any

from httpx2 import AsyncClient

from tests.chat.talking import API, change, get, refusal, start
from tests.people import Person

LABELS = f"{API}/labels/"


async def listed(client: AsyncClient, who: Person, **query: Any) -> list[tuple[str, str, int]]:
    answer = await client.get(LABELS, params=query, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return [(one["name"], one["color"], one["conversations"]) for one in answer.json()["results"]]


async def id_of(client: AsyncClient, who: Person, name: str) -> str:
    rows = (await client.get(LABELS, headers=who.headers)).json()["results"]
    found: str = next(one["id"] for one in rows if one["name"] == name)
    return found


async def test_what_is_typed_becomes_a_grey_one(
    client: AsyncClient, talk: str, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    maria_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    made = {"name": "退款", "color": "rose", "description": "money"}
    assert (await client.post(LABELS, json=made, headers=chen_the_merchant.headers)).status_code == 201
    await change(client, an_the_agent, talk, labels=["退款", " VIP "])
    other = await start(client, maria_the_buyer)
    bulk = {"ids": [other, talk], "change": {"add_labels": ["团购"]}}
    answer = await client.post(f"{API}/conversations/bulk", json=bulk, headers=an_the_agent.headers)
    assert answer.status_code == 200, answer.text
    expected = [("VIP", "grey", 1), ("团购", "grey", 2), ("退款", "rose", 1)]
    assert sorted(await listed(client, an_the_agent)) == expected
    assert sorted(await listed(client, an_admin, merchant_id="m1")) == expected
    assert await listed(client, honey_the_merchant) == []


async def test_a_new_name_is_on_every_conversation_and_in_its_history(
    client: AsyncClient, talk: str, chen_the_merchant: Person, maria_the_buyer: Person, honey_the_merchant: Person,
    lin_the_buyer: Person,
) -> None:  # fmt: skip
    other = await start(client, maria_the_buyer)
    foreign = await start(client, lin_the_buyer, "m7")
    for number, who in ((talk, chen_the_merchant), (other, chen_the_merchant), (foreign, honey_the_merchant)):
        await change(client, who, number, labels=["old"])
    label = await id_of(client, chen_the_merchant, "old")
    body = {"name": "new", "color": "blue"}
    answer = await client.put(LABELS + label, json=body, headers=chen_the_merchant.headers)
    assert (answer.json()["name"], answer.json()["conversations"]) == ("new", 2)
    for number in (talk, other):
        assert (await get(client, chen_the_merchant, number))["labels"] == ["new"]
    assert (await get(client, honey_the_merchant, foreign))["labels"] == ["old"]
    told = (await get(client, chen_the_merchant, f"{talk}/activities/"))["results"]
    assert [(one["kind"], one["value"]) for one in told] == [("labelled", "new")]


async def test_two_become_one(
    client: AsyncClient, talk: str, chen_the_merchant: Person, maria_the_buyer: Person
) -> None:
    other = await start(client, maria_the_buyer)
    await change(client, chen_the_merchant, talk, labels=["a", "b"])
    await change(client, chen_the_merchant, other, labels=["a"])
    a, b = [await id_of(client, chen_the_merchant, name) for name in "ab"]
    taken = await client.put(LABELS + a, json={"name": "b"}, headers=chen_the_merchant.headers)
    assert refusal(taken) == (409, "label_exists")
    itself = await client.post(f"{LABELS}{a}/merge", json={"into": a}, headers=chen_the_merchant.headers)
    assert refusal(itself) == (400, "same_label")
    merged = await client.post(f"{LABELS}{a}/merge", json={"into": b}, headers=chen_the_merchant.headers)
    assert (merged.json()["name"], merged.json()["conversations"]) == ("b", 2)
    assert await listed(client, chen_the_merchant) == [("b", "grey", 2)]
    assert (await client.delete(LABELS + b, headers=chen_the_merchant.headers)).status_code == 204
    assert (await get(client, chen_the_merchant, talk))["labels"] == []
    assert await listed(client, chen_the_merchant) == []


async def test_only_the_owner_changes_them(
    client: AsyncClient, talk: str, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    await change(client, chen_the_merchant, talk, labels=["a"])
    label = await id_of(client, chen_the_merchant, "a")
    for who, expected in (
        (an_the_agent, (403, "owner_only")),
        (an_admin, (403, "read_only")),
        (lin_the_buyer, (403, "wrong_role")),
        (honey_the_merchant, (404, "label_not_found")),
    ):
        for method, path, body in (
            ("PUT", label, {"name": "x"}),
            ("POST", f"{label}/merge", {"into": label}),
            ("DELETE", label, None),
        ):
            assert refusal(await client.request(method, LABELS + path, json=body, headers=who.headers)) == expected
    assert refusal(await client.get(LABELS, headers=lin_the_buyer.headers)) == (403, "wrong_role")
    assert refusal(await client.get(LABELS, headers=an_admin.headers)) == (400, "shop_missing")
    for nobodys in ("m999", "m3", "b1"):  # an agent's account is no shop
        query = {"merchant_id": nobodys}
        assert refusal(await client.get(LABELS, params=query, headers=an_admin.headers)) == (404, "shop_not_found")
    wrong = {"merchant_id": "m7"}
    assert refusal(await client.get(LABELS, params=wrong, headers=chen_the_merchant.headers))[0] == 404
    for body in ({"name": ""}, {"name": "x" * 41}, {"name": "x", "color": "pink"}, {"name": "   "}):
        assert refusal(await client.post(LABELS, json=body, headers=chen_the_merchant.headers))[0] == 422
