"""What a shop chooses of its widget, who may choose it, and what everybody sees."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from app.accounts import colours, widgets
from app.accounts.widgets import WidgetChange
from tests.chat.talking import API, refusal
from tests.people import Person

ADDRESS = f"{API}/shop/widget"


async def test_the_owner_chooses_and_everybody_sees_the_look_only(
    client: AsyncClient, chen_the_merchant: Person
) -> None:
    chosen = {"color": "#F2C744", "tagline": "大米", "allowed_domains": ["https://Shop.example.com/x", "*.example.org"]}
    answer = await client.put(ADDRESS, json=chosen, headers=chen_the_merchant.headers)
    assert answer.json()["allowed_domains"] == ["shop.example.com", "*.example.org"]
    again = await client.put(ADDRESS, json={"ask_email": "required"}, headers=chen_the_merchant.headers)
    assert (again.json()["color"], again.json()["ask_email"]) == ("#f2c744", "required")
    seen = await client.get(f"{API}/shops/m1/widget")
    assert (seen.json()["color"], seen.json()["on_color"], seen.json()["tagline"]) == ("#f2c744", "#000000", "大米")
    assert "allowed_domains" not in seen.json()
    assert seen.headers["access-control-allow-origin"] == "*"
    assert refusal(await client.get(f"{API}/shops/m404/widget")) == (404, "shop_not_found")


async def test_others_may_not_choose(
    client: AsyncClient, an_the_agent: Person, lin_the_buyer: Person, an_admin: Person
) -> None:
    for person in (an_the_agent, lin_the_buyer, an_admin):
        assert (await client.put(ADDRESS, json={"color": "#000000"}, headers=person.headers)).status_code == 403
    assert (await client.get(ADDRESS, headers=an_the_agent.headers)).status_code == 200
    assert (await client.get(ADDRESS, headers=lin_the_buyer.headers)).status_code == 403


WRONG: list[dict[str, Any]] = [
    {"color": "red"},
    {"color": "#fff"},
    {"color": "#16765a;}"},
    {"languages": []},
    {"languages": ["fr"]},
    {"theme": "blue"},
    {"ask_name": "maybe"},
    {"title": "x" * 81},
    {"tagline": "two\nlines"},
    {"allowed_domains": ["exa mple.com"]},
    {"allowed_domains": ["example.com; script-src *"]},
    {"allowed_domains": ["*"]},
    {"allowed_domains": [f"d{number}.example.com" for number in range(21)]},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_what_cannot_be_is_refused(client: AsyncClient, chen_the_merchant: Person, wrong: Any) -> None:
    assert (await client.put(ADDRESS, json=wrong, headers=chen_the_merchant.headers)).status_code == 422


async def test_only_allowed_domains_may_frame_the_chat(client: AsyncClient, chen_the_merchant: Person) -> None:
    async def ancestors(query: str = "?frame=1") -> str:
        policy = (await client.get(f"/chat/m1{query}")).headers["content-security-policy"]
        return next(part.strip() for part in policy.split(";") if "frame-ancestors" in part)

    assert await ancestors() == "frame-ancestors *"
    assert await ancestors("") == "frame-ancestors 'self'"
    body = {"allowed_domains": ["shop.example.com:8001", "*.example.org"]}
    await client.put(ADDRESS, json=body, headers=chen_the_merchant.headers)
    assert await ancestors() == "frame-ancestors 'self' shop.example.com:8001 *.example.org"
    assert await ancestors("?frame=1&preview=1") == "frame-ancestors 'self'"


async def test_the_page_speaks_a_language_that_the_shop_chose(client: AsyncClient, chen_the_merchant: Person) -> None:
    await client.put(ADDRESS, json={"languages": ["zh-CN"]}, headers=chen_the_merchant.headers)
    page = await client.get("/chat/m1?locale=en", headers={"Accept-Language": "en"})
    assert '<html lang="zh-CN"' in page.text


@pytest.mark.parametrize(
    "colour", ["#000000", "#ffffff", "#777777", "#f2c744", "#ff0000", "#16765a", "#0000ff", "#8a8a8a"]
)
def test_every_colour_can_be_read(colour: str) -> None:
    assert colours.contrast(colours.readable_on(colour), colour) >= colours.ENOUGH
    for paper in (colours.LIGHT_PAPER, colours.DARK_PAPER):
        assert colours.contrast(colours.as_text_on(colour, paper), paper) >= colours.ENOUGH
    for paper in (colours.LIGHT_PAPER, colours.DARK_PAPER):
        tint = colours.mixed(paper, colour, widgets.TINT)
        ink = widgets.ink_of(colour, paper)
        assert min(colours.contrast(ink, tint), colours.contrast(ink, paper)) >= colours.ENOUGH
    assert colour in widgets.stylesheet(WidgetChange(color=colour))


async def test_the_colours_are_a_style_sheet(client: AsyncClient, chen_the_merchant: Person) -> None:
    answer = await client.get("/chat/m1/colours.css", params={"color": "#123456"})
    assert answer.headers["content-type"].startswith("text/css")
    assert "--mine:#123456" in answer.text
    assert (await client.get("/chat/m1/colours.css", params={"color": "red}"})).status_code == 422
    assert (await client.get("/chat/m404/colours.css")).status_code == 404
