"""Reading a table takes seconds of a thread and holds a connection: nobody has it done without end."""

from typing import Any

from tests.imports.conftest import API, csv_of


async def test_sixty_looks_an_hour_and_not_more(
    upload: Any, client: Any, chen_the_merchant: Any, an_the_agent: Any
) -> None:
    body = (await upload(chen_the_merchant, "contacts", csv_of("name", "Lin"))).json()
    where, headers = f"{API}contacts/{body['id']}", chen_the_merchant.headers
    for _ in range(60):
        assert (await client.get(where, headers=headers)).status_code == 200
    for method, end in (("GET", ""), ("POST", "/confirm")):
        refused = await client.request(method, where + end, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    mine = (await upload(an_the_agent, "contacts", csv_of("name", "Mo"))).json()["id"]
    assert (await client.get(f"{API}contacts/{mine}", headers=an_the_agent.headers)).status_code == 200
