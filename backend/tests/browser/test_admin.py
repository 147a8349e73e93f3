"""Admins at work: they watch live and write nowhere, what they look at is known, whom they suspend is out at once."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.demo.people import PASSWORD
from tests.browser.conftest import OpenPage
from tests.browser.console import Console
from tests.browser.gestures import begin, card, open_inbox, see, sign_in, write
from tests.browser.test_accessibility import LOOKS, RULES

SOON_MS = 8_000  # five seconds, and the time that a page takes to say so


def open_wall(page: Page) -> None:
    """As the admin, with the line up."""
    with page.expect_websocket():
        sign_in(page, "admin", "/admin/conversations")
    expect(page.locator(".conversation-card[data-id]").first).to_be_visible()


def test_a_look_is_live_read_only_and_known_to_the_owner(open_page: OpenPage) -> None:
    admin, merchant, visitor = open_page(), open_page(), open_page()
    open_wall(admin)
    open_inbox(merchant)
    visitor.goto("/chat/m1")
    begin(visitor, "Who reads this, I wonder?")
    card(merchant, "Who reads this").click()
    write(merchant, "We do.")
    card(admin, "We do.").click()
    see(admin, "Who reads this, I wonder?", "We do.")
    write(visitor, "And nobody else?")
    see(admin, "Who reads this, I wonder?", "We do.", "And nobody else?")
    expect(
        admin.locator("main").get_by_text("Admins can see every conversation, but never write in one.")
    ).to_be_visible()
    expect(admin.locator("main").locator("message-composer, textarea, [contenteditable]")).to_have_count(0)

    conversation = admin.url.rsplit("/", 1)[-1]
    admin.goto(f"/admin/audit?subject={conversation}")
    expect(admin.get_by_role("cell", name="Opened a conversation")).to_have_count(1)
    merchant.goto("/settings/access-log")
    expect(merchant.locator(f'a[href="/inbox/{conversation}"]')).to_have_count(1)


def test_the_wall_counts_while_people_write(open_page: OpenPage) -> None:
    admin, visitor = open_page(), open_page()
    open_wall(admin)
    admin.get_by_role("link", name="By shop").click()
    shop = admin.locator('.shop-card[data-shop="m1"]')
    opened = int(shop.locator('[data-part="open"]').inner_text())
    visitor.goto("/chat/m1")
    begin(visitor, "Is anybody on the wall?")
    expect(shop.locator('[data-part="open"]')).to_have_text(str(opened + 1))
    expect(shop.locator(".lately")).to_contain_text("Is anybody on the wall?")
    expect(shop.locator('[data-part="messages"]')).not_to_have_text("0")


def test_a_search_finds_in_every_shop(open_page: OpenPage) -> None:
    admin, visitor = open_page(), open_page()
    visitor.goto("/chat/m1")
    begin(visitor, "Quetzalcoatl rice, please")
    open_wall(admin)
    admin.keyboard.press("/")
    expect(admin.locator("#search")).to_be_focused()
    expect(card(admin, "Quetzalcoatl")).to_be_visible()
    admin.locator("#search").fill("quetzalcoatl")
    expect(admin.locator("mark", has_text=re.compile("quetzalcoatl", re.IGNORECASE)).first).to_be_visible()


def test_a_suspended_shop_is_out_and_comes_back(open_page: OpenPage, console: Console) -> None:
    console.excuse_sign_out()
    admin, honey, visitor = open_page(), open_page(), open_page()
    open_wall(admin)
    with honey.expect_websocket():
        sign_in(honey, "honey", "/inbox")
    admin.goto("/admin/merchants?q=honey")
    admin.locator("a.person").first.click()
    address = admin.url
    admin.get_by_text("Suspend the whole shop").first.click()
    admin.get_by_label("Reason, for admins only").fill("A trial")
    admin.get_by_role("button", name="Suspend the whole shop").click()
    expect(admin.get_by_text("Reason: A trial")).to_be_visible()
    honey.wait_for_url("**/sign-in*", timeout=SOON_MS)
    again = {"account": "honey", "password": PASSWORD}
    assert honey.request.post("/sign-in", form=again).status == 422
    shop = address.rsplit("/", 1)[-1].split("?")[0]
    assert visitor.request.get(f"/chat/{shop}").status == 403
    admin.get_by_role("button", name="Restore the shop").click()
    expect(admin.get_by_text("Restored. A new sign-in is needed.")).to_be_visible()
    sign_in(honey, "honey", "/inbox")


def test_one_signs_another_browser_out(open_page: OpenPage, console: Console) -> None:
    console.excuse_sign_out()
    here, there = open_page(), open_page()
    with there.expect_websocket():
        sign_in(there, "an", "/inbox")
    sign_in(here, "an", "/inbox")
    here.goto("/settings/security")
    expect(here.get_by_text("This device")).to_have_count(1)
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.get_by_text("Open pages close within five seconds.")).to_be_visible()
    there.wait_for_url("**/sign-in*", timeout=SOON_MS)
    here.reload()
    expect(here.get_by_text("This device")).to_have_count(1)


def test_the_system_page_lives(open_page: OpenPage) -> None:
    admin = open_page()
    sign_in(admin, "admin", "/admin/conversations")
    with admin.expect_response("**/admin/system/parts") as renewed:
        admin.goto("/admin/system")
    assert renewed.value.status == 200
    expect(admin.locator("#part-database")).to_contain_text("ms")
    expect(admin.get_by_text("server-", exact=False).first).to_be_visible()


PAGES = [
    "/admin/wall", "/admin/users", "/admin/users/m1", "/admin/merchants", "/admin/audit", "/admin/system",
    "/settings/profile", "/settings/security", "/settings/notifications",
]  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_no_violations(open_page: OpenPage, look: dict[str, str]) -> None:
    page = open_page(**look, reduced_motion="reduce")
    sign_in(page, "admin", "/admin/conversations")
    found = []
    for path in PAGES:
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", look["locale"])
        expect(page.locator("h1").first).to_be_attached()
        results = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        if results.violations_count:
            found.append(f"{path}: {results.generate_report()}")
    assert found == []


def test_a_phone_is_wide_enough(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    sign_in(page, "admin", "/admin/conversations")
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.locator(".rail").evaluate("(node) => node.scrollWidth <= node.clientWidth"), path
