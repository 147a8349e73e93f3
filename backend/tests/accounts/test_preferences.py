"""How somebody likes to work: chosen bit by bit, kept for every device, nobody else's business."""

from httpx2 import AsyncClient

from tests.people import Person

PATH = "/api/v1/users/me/preferences"


async def test_what_is_chosen_stays_and_the_rest_has_defaults(
    client: AsyncClient, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    await client.put(PATH, json={"send_key": "ctrl-enter"}, headers=chen_the_merchant.headers)
    answer = await client.put(PATH, json={"sounds": False}, headers=chen_the_merchant.headers)
    wanted = {"send_key": "ctrl-enter", "sounds": False, "notify": "mine-and-unassigned", "notify_when": "hidden"}
    assert answer.json() == wanted
    assert (await client.get(PATH, headers=chen_the_merchant.headers)).json() == wanted
    assert (await client.get(PATH, headers=honey_the_merchant.headers)).json()["sounds"] is True


async def test_what_nobody_offers_is_refused(client: AsyncClient, chen_the_merchant: Person) -> None:
    answer = await client.put(PATH, json={"send_key": "space"}, headers=chen_the_merchant.headers)
    assert answer.status_code == 422
    assert (await client.get(PATH)).status_code == 401
