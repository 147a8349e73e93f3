"""The address book and the reports with a hand on the mouse, and two others who see what it does."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.gestures import begin, open_inbox, sign_in, write
from tests.browser.test_accessibility import LOOKS, RULES

OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


def open_contact(page: Page, name: str) -> None:
    """Search by the name and press the first that is found."""
    page.goto(f"/contacts?q={name}")
    page.locator("a.person", has_text=name).first.click()
    expect(page.locator("#facts-title")).to_be_visible()


def test_one_character_finds_and_a_new_name_is_seen_by_the_colleague(open_page: OpenPage) -> None:
    desk, page = open_page(), open_page()
    open_inbox(desk)
    card = desk.locator(".conversation-card", has_text="王建国").first
    expect(card).to_be_visible()
    sign_in(page, "an", "/inbox")
    page.goto("/contacts")
    expect(page.locator(".found")).to_contain_text("contacts")
    page.locator("#q").press_sequentially("林")
    expect(page.locator("tr[id^=contact-] strong")).to_have_text(["林小雨", "林小雨"])
    page.fill("#q", "建国粮油")
    expect(page.locator("tr[id^=contact-]")).to_have_count(1)
    page.locator("a.person", has_text="王建国").click()
    page.fill("#fact-name", "王老板")
    page.locator("#fact-name").press("Enter")
    expect(page.locator('[data-part="saved"]')).to_have_text("Saved")
    expect(page.locator("h1")).to_have_text("王老板")
    expect(desk.locator(".conversation-card", has_text="王老板").first).to_be_visible()
    expect(desk.locator(".conversation-card", has_text="王建国")).to_have_count(0)
    page.fill("#fact-email", "nowhere")
    page.locator("#fact-email").blur()
    expect(page.locator('[data-problem="email"]')).to_be_visible()
    expect(page.locator('[data-part="saved"]')).to_have_text("Not saved")


def test_two_entries_of_one_person_are_merged(open_page: OpenPage) -> None:
    page = open_page()
    sign_in(page, "chen", "/inbox")
    page.goto("/contacts?q=Maria Keller&sort=seen")
    expect(page.locator("tr[id^=contact-]")).to_have_count(2)
    page.locator("a.person").first.click()
    page.get_by_role("link", name="Compare").click()
    page.get_by_role("link", name=re.compile("Compare with")).click()
    expect(page.locator(".compare fieldset").first).to_be_visible()
    page.get_by_role("button", name="Merge").click()
    expect(page.locator("#fact-phone")).to_have_value("+436601234567")
    expect(page.locator("#fact-email")).to_have_value("maria.keller@example.org")
    page.goto("/contacts?q=Maria Keller")
    expect(page.locator("tr[id^=contact-]")).to_have_count(1)


def test_a_blocked_buyer_is_told_and_may_write_again_later(open_page: OpenPage) -> None:
    buyer, page = open_page(), open_page()
    buyer.goto("/chat/m1")
    begin(buyer, "Buy my watches!")
    sign_in(page, "chen", "/inbox")
    page.goto("/contacts?sort=new")
    page.locator("tr[id^=contact-] a.person").first.click()
    page.locator("summary", has_text="Block").click()
    page.fill("#reason", "Spam")
    page.get_by_role("button", name="Block this person").click()
    expect(page.locator(".notice.bad")).to_contain_text("Spam")
    expect(buyer.locator("#blocked")).to_be_visible()
    expect(buyer.locator("buyer-composer")).to_be_hidden()
    page.get_by_role("button", name="Unblock").click()
    expect(page.locator(".notice.bad")).to_have_count(0)
    expect(buyer.locator("#blocked")).to_be_hidden()
    write(buyer, "Sorry, that was a mistake.")
    expect(buyer.locator(".tick[data-state=sent], .tick[data-state=read]")).to_have_count(2)


def test_reports_of_a_range_and_their_csv(open_page: OpenPage) -> None:
    page = open_page()
    sign_in(page, "chen", "/inbox")
    page.goto("/reports")
    expect(page.locator(".tiles.live dd").first).to_be_visible()
    page.get_by_role("link", name="30 days").click()
    expect(page.locator("a[aria-current=page]", has_text="30 days")).to_be_visible()
    expect(page.locator("#figures .notice")).to_have_count(0)  # what was never counted is, by a task
    expect(page.locator(".chart").first).to_be_visible()
    page.locator(".chart").first.locator(".place").last.hover()
    expect(page.locator(".chart output").first).to_contain_text("From buyers")
    page.locator("summary", has_text="Table").first.click()
    expect(page.locator(".chart-card table").first.locator("tbody tr")).to_have_count(30)
    with page.expect_download() as came:
        page.get_by_role("link", name="Days", exact=True).click()
    lines = Path(came.value.path()).read_text("utf-8-sig").splitlines()
    assert (lines[0].startswith("Day,"), len(lines)) == (True, 31)


def _list(page: Page) -> None:
    page.goto("/contacts")
    expect(page.locator("tr[id^=contact-]").first).to_be_visible()


def _nobody(page: Page) -> None:
    page.goto("/contacts?q=zzzz")
    expect(page.locator(".empty")).to_be_visible()


def _one(page: Page) -> None:
    open_contact(page, "林小雨")
    for summary in page.locator(".deeds summary").all():
        summary.click()


def _merging(page: Page) -> None:
    open_contact(page, "林小雨")
    page.goto(f"{page.url}/merge")
    page.locator(".choices-list a").first.click()
    expect(page.locator(".compare")).to_be_visible()


def _reports(page: Page) -> None:
    page.goto("/reports?range=90")
    expect(page.locator("#figures .notice")).to_have_count(0)
    for summary in page.locator("#figures summary").all():
        summary.click()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("go", [_list, _nobody, _one, _merging, _reports])
def test_the_pages_are_accessible_and_fit(
    open_page: OpenPage, go: Callable[[Page], None], look: dict[str, Any], width: int
) -> None:
    page = open_page(**look, reduced_motion="reduce", viewport={"width": width, "height": 900})
    sign_in(page, "chen", "/inbox")
    go(page)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]][:4]) for one in found] == []
    assert page.evaluate(OVERFLOW) <= 0
