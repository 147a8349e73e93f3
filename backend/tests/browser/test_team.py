"""A team at work: somebody joins, questions find their person, a closed shop says so. All in the honey shop."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.demo.people import PASSWORD
from tests.browser.conftest import OpenPage
from tests.browser.gestures import begin, card, see, sign_in, write

SHOP = "m4"
SETTINGS, STAFF = "/api/v1/shop/settings", "/api/v1/staff/"
AWAY = "山里信号不好，我们明天一早回复您。"


@pytest.fixture
def owner(open_page: OpenPage) -> Iterator[Page]:
    """Honey at her desk; afterwards her shop is as plain as before."""
    page = open_page()
    with page.expect_websocket():
        sign_in(page, "honey", "/inbox")
    listed = page.request.get("/api/v1/conversations/?status=open&page_size=100").json()["results"]
    for conversation in listed:  # whoever waits since the demo was made would be first in the queue
        put(page, f"/api/v1/conversations/{conversation['id']}", status="resolved")
    yield page
    put(page, SETTINGS, routing="off", away_text="")
    put(page, f"{STAFF}me/availability", availability="online")


def put(page: Page, address: str, **fields: Any) -> None:
    assert page.request.put(address, data=fields).ok


def an_agent(open_page: OpenPage, owner: Page, username: str, name: str, capacity: int) -> Page:
    """A new member of the team, signed in."""
    draft = {"username": username, "password": PASSWORD, "display_name": name, "capacity": capacity}
    assert owner.request.post(STAFF, data=draft).ok
    page = open_page()
    with page.expect_websocket():
        sign_in(page, username, "/inbox")
    return page


def a_visitor(open_page: OpenPage, text: str) -> Page:
    page = open_page()
    page.goto(f"/chat/{SHOP}")
    begin(page, text)
    return page


def test_somebody_joins_by_a_link_and_answers(owner: Page, open_page: OpenPage) -> None:
    owner.goto("/settings/team")
    owner.get_by_role("button", name="Create link").click()
    link = owner.get_by_label("Link to join").input_value()
    expect(owner.get_by_label("Open invitations")).to_contain_text("Link without an address")

    newcomer = open_page()
    newcomer.goto(link)
    expect(newcomer.get_by_role("heading")).to_contain_text("山野蜂蜜")
    newcomer.get_by_label("Your name").fill("小荷")
    newcomer.get_by_label("User name").fill("xiaohe")
    newcomer.get_by_label("Password").fill("linden-honey-2026")
    newcomer.get_by_role("button", name="Join the team").click()
    newcomer.wait_for_url("**/inbox")

    visitor = a_visitor(open_page, "椴树蜜还有吗？")
    card(newcomer, "椴树蜜还有吗").click()
    write(newcomer, "有的，新到的")
    see(visitor, "椴树蜜还有吗？", "有的，新到的")
    expect(owner.locator(".member", has_text="小荷")).to_contain_text("Online")

    again = open_page().request.get(link)
    assert again.status == 410
    assert "This invitation was used already" in again.text()


def test_questions_go_round_and_wait_in_order(owner: Page, open_page: OpenPage) -> None:
    put(owner, SETTINGS, routing="round_robin")
    owner.click(".rail .me")
    owner.get_by_role("button", name="Away").click()
    expect(owner.locator(".rail .me .avatar")).to_have_attribute("data-presence", "away")
    owner.goto("/settings/team")
    first = an_agent(open_page, owner, "he", "阿禾", 1)
    second = an_agent(open_page, owner, "miao", "阿苗", 1)
    for name in ("阿禾", "阿苗"):
        expect(owner.locator(".member", has_text=name)).to_contain_text("Online")

    questions = ["第一个问题", "第二个问题", "第三个问题"]
    visitors = [a_visitor(open_page, question) for question in questions]
    for name in ("阿禾", "阿苗"):
        expect(owner.locator(".member", has_text=name)).to_contain_text("1 of 1 open")
    expect(owner.locator(".waiting")).to_contain_text("1 conversation waits")
    waiting = owner.request.get("/api/v1/conversations/?assignee=none&status=open").json()["results"]
    newest = next(one["id"] for one in waiting if one["last_message"] == questions[2])
    assert owner.request.get(f"/api/v1/conversations/{newest}/queue").json() == {"position": 1}
    place = visitors[2].locator("#queue")
    expect(place).to_have_text("Everybody is busy right now. You are next.")
    put(owner, f"/api/v1/conversations/{newest}", status="resolved")
    expect(place).to_be_hidden()
    write(visitors[2], "还是想问")  # what was over is open again, and waits again
    expect(place).to_have_text("Everybody is busy right now. You are next.")

    mine = first.request.get("/api/v1/conversations/?assignee=me&status=open").json()["results"]
    assert [one["last_message"] for one in mine] in ([questions[0]], [questions[1]])
    put(second, f"/api/v1/conversations/{mine[0]['id']}", status="resolved")
    expect(owner.locator(".waiting")).to_contain_text("Nobody is waiting.")
    assert owner.request.get(f"/api/v1/conversations/{newest}/queue").json() == {"position": None}
    for visitor in visitors:
        expect(visitor.locator("#queue")).to_be_hidden()


def test_a_conversation_is_handed_over_with_a_word(owner: Page, open_page: OpenPage) -> None:
    colleague = an_agent(open_page, owner, "lan", "阿兰", 5)
    a_visitor(open_page, "能开发票吗？")
    card(owner, "能开发票吗").click()
    owner.click("#assign")
    owner.get_by_role("menuitem", name="Hand over with a note…").click()
    dialog = owner.get_by_role("dialog", name="Hand over to a colleague")
    dialog.get_by_text("阿兰").click()
    dialog.get_by_label("What they should know").fill("要增值税发票，老客户")
    dialog.get_by_role("button", name="Hand over", exact=True).click()
    expect(owner.locator(".toast", has_text="Handed over to 阿兰.")).to_be_visible()
    expect(owner.locator(".row.note")).to_contain_text("要增值税发票，老客户")

    told = colleague.locator(".toast", has_text="A colleague handed a conversation over to you.")
    told.get_by_role("link").click()
    expect(colleague.locator(".row.note")).to_contain_text("要增值税发票，老客户")


def test_a_closed_shop_says_so_once(owner: Page, open_page: OpenPage) -> None:
    owner.goto("/settings/hours")
    expect(owner.locator("#now")).to_contain_text("Open now")
    owner.locator("#away_text").fill(AWAY)
    owner.locator("form", has=owner.locator("#away_text")).get_by_role("button", name="Save").click()
    expect(owner.get_by_role("status").first).to_have_text("Saved.")
    holidays = owner.locator("#holidays")
    holidays.get_by_label("Name of the holiday").fill("封山")
    holidays.get_by_label("From", exact=True).fill(str(owner.locator("#first_day").get_attribute("min")))
    holidays.get_by_role("button", name="Add").click()
    expect(owner.locator("#now")).to_contain_text("Closed now")

    visitor = a_visitor(open_page, "有人吗？")
    see(visitor, "有人吗？", AWAY)
    write(visitor, "那我明天再来")
    see(visitor, "有人吗？", AWAY, "那我明天再来")

    holidays.get_by_role("button", name="Remove 封山").click()
    expect(owner.locator("#now")).to_contain_text("Open now")


def test_hours_are_written_copied_and_previewed(owner: Page) -> None:
    owner.goto("/settings/hours")
    monday, friday = owner.locator(".day").nth(0), owner.locator(".day").nth(4)
    monday.get_by_role("button", name="Add times on Monday").click()
    monday.get_by_label("Monday until").fill("12:00")
    monday.get_by_role("button", name="Add times on Monday").click()
    expect(monday.get_by_label("Monday from")).to_have_count(2)
    expect(monday.get_by_label("Monday from").nth(1)).to_have_value("13:00")
    monday.get_by_role("button", name="Copy the times of Monday").click()
    owner.get_by_role("button", name="To Monday to Friday").click()
    expect(friday.get_by_label("Friday until").first).to_have_value("12:00")
    expect(owner.locator(".day").nth(5)).to_contain_text("Closed")
    friday.get_by_role("button", name="Remove these times").first.click()
    owner.get_by_role("button", name="Save").first.click()
    expect(owner.get_by_role("status").first).to_have_text("Saved.")
    expect(friday.get_by_label("Friday from")).to_have_count(1)
    for day in owner.locator(".day").all():
        while day.get_by_role("button", name="Remove these times").count():
            day.get_by_role("button", name="Remove these times").first.click()
    expect(owner.locator("#now")).to_contain_text("Open now")
    owner.get_by_role("button", name="Save").first.click()
    expect(owner.get_by_role("status").first).to_have_text("Saved.")
