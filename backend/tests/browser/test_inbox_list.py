"""The inbox's list under people's hands: narrowed, saved, picked, ruled by keys."""

import re
import time

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.gestures import begin, card, open_inbox, sign_in, until, write

COUNT_NOTES = """
globalThis.Notification = class extends EventTarget {
  static permission = "granted";
  constructor(title, options) { super(); noted(title, options.body); }
  close() {}
};
"""


def visitor_says(open_page: OpenPage, text: str) -> Page:
    """Somebody new asks the shop."""
    visitor = open_page()
    visitor.goto("/chat/m1")
    begin(visitor, text)
    return visitor


def menu_item(page: Page, name: str) -> Locator:
    return page.get_by_role("menu").get_by_text(name, exact=True)


def choose(page: Page, *names: str) -> None:
    """One item after another, each in the menu that the one before has opened."""
    for name in names:
        menu_item(page, name).click()


def test_a_list_is_narrowed_saved_and_shared(open_page: OpenPage) -> None:
    visitor_says(open_page, "Is anybody reading the urgent ones?")
    merchant = open_page()
    open_inbox(merchant)
    asked = card(merchant, "the urgent ones")
    asked.click(button="right")
    choose(merchant, "Priority", "Urgent")
    expect(asked.locator(".priority.urgent")).to_be_visible()

    merchant.click("#filter")
    panel = merchant.locator("#filter-panel")
    panel.get_by_text("Urgent").click()
    panel.get_by_label("Read or unread").select_option("Unread")
    merchant.keyboard.press("Escape")
    chips = merchant.locator("#active-filters .chip")
    expect(chips).to_have_text(["Unread", "Priority: Urgent"])
    expect(asked).to_be_visible()
    expect(merchant.locator(".conversation-card[data-id] .priority:not(.urgent)")).to_have_count(0)

    merchant.click("#views")
    choose(merchant, "Save this view…")
    name = f"Urgent {time.time_ns()}"
    merchant.fill("#view-name", name)
    merchant.get_by_label("For the whole team").check()
    merchant.get_by_role("button", name="Save", exact=True).click()
    expect(merchant.locator("#list-title")).to_have_text(name)

    merchant.reload()
    expect(merchant.locator("#list-title")).to_have_text(name)
    expect(chips).to_have_count(2)
    asked.click()
    expect(asked.locator(".pill")).to_be_hidden()
    expect(asked).to_be_visible()  # reading the open one does not take it away

    colleague = open_page()
    sign_in(colleague, "an", "/inbox")
    colleague.click("#views")
    choose(colleague, name)
    expect(colleague.locator("#active-filters .chip")).to_have_count(2)
    colleague.click("#views")
    expect(menu_item(colleague, "Rename…")).to_have_count(0)
    colleague.keyboard.press("Escape")

    merchant.click("#views")
    choose(merchant, f"Delete “{name}”", "Yes, delete it")
    expect(merchant.locator("#list-title")).to_have_text("Inbox")


def test_two_of_three_are_resolved_at_once_and_a_colleague_sees_it(open_page: OpenPage) -> None:
    merchant, colleague = open_page(), open_page()
    open_inbox(merchant)
    with colleague.expect_websocket():
        sign_in(colleague, "an", "/inbox")
    for number in (1, 2, 3):
        visitor_says(open_page, f"Bulk question {number}")
    asked = [card(merchant, f"Bulk question {number}") for number in (1, 2, 3)]
    for one in asked:
        expect(one).to_be_visible()
    asked[0].hover()
    asked[0].locator(".pick input").check()
    asked[2].locator(".pick input").click()
    expect(merchant.locator("#bulk-bar")).to_contain_text("2 selected")
    expect(card(colleague, "Bulk question 1")).to_be_visible()

    merchant.locator("#bulk-bar").get_by_role("button", name="Resolve").click()
    expect(merchant.locator("#bulk-bar")).to_be_hidden()
    for page in (merchant, colleague):
        expect(card(page, "Bulk question 1")).to_have_count(0)
        expect(card(page, "Bulk question 3")).to_have_count(0)
        expect(card(page, "Bulk question 2")).to_be_visible()
    colleague.select_option("#status", "resolved")
    expect(card(colleague, "Bulk question 1")).to_be_visible()
    expect(card(colleague, "Bulk question 2")).to_have_count(0)


def test_the_menu_of_a_card_by_mouse_and_by_key(open_page: OpenPage) -> None:
    visitor = visitor_says(open_page, "What is in the menu?")
    merchant = open_page()
    open_inbox(merchant)
    asked = card(merchant, "What is in the menu?")
    asked.click(button="right")
    choose(merchant, "Mark as read")
    expect(asked.locator(".pill")).to_be_hidden()
    expect(visitor.locator(".tick[data-state=read]")).to_be_attached()

    asked.get_by_role("link").focus()
    merchant.keyboard.press("Shift+F10")
    expect(menu_item(merchant, "Mark as unread")).to_be_visible()
    merchant.keyboard.press("m")
    expect(merchant.get_by_role("menuitem", name="Mark as unread")).to_be_focused()
    merchant.keyboard.press("Enter")
    expect(asked.locator(".pill")).to_have_text("1 unread")
    expect(asked.get_by_role("link")).to_be_focused()
    visitor.reload()
    expect(visitor.locator("#own-list")).to_contain_text("What is in the menu?")

    merchant.keyboard.press("Shift+F10")
    merchant.keyboard.press("End")
    merchant.keyboard.press("ArrowRight")
    merchant.keyboard.type("by keyboard")
    merchant.keyboard.press("Enter")
    merchant.keyboard.press("Escape")
    expect(asked).to_contain_text("by keyboard")


def test_from_sign_in_to_resolve_without_a_mouse(open_page: OpenPage) -> None:
    visitor_says(open_page, "No mouse at hand")
    page = open_page()
    sign_in(page, "chen", "/inbox")
    mine = card(page, "No mouse at hand")
    expect(mine).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("no mouse")
    expect(page.locator(".results-of")).to_have_text(["Messages"])
    page.keyboard.press("Escape")
    expect(page.locator(".results-of")).to_have_count(0)
    expect(mine).to_be_visible()

    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/*")
    expect(mine).to_have_attribute("aria-current", "true")
    page.keyboard.press("a")
    expect(page.get_by_role("menu", name="Assign to")).to_be_visible()
    page.keyboard.press("Enter")
    expect(mine.locator(".charge")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("menu", name="Snooze")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    bar = page.locator("#bulk-bar")
    page.keyboard.press("x")
    expect(bar).to_contain_text("1 selected")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    page.keyboard.press("e")
    expect(mine).to_have_count(0)
    page.keyboard.press("Escape")
    page.wait_for_url("**/inbox")


def test_the_command_bar_finds_people_lists_and_themes(open_page: OpenPage) -> None:
    page = open_page()
    open_inbox(page)
    bar = page.locator("#command-bar")
    page.keyboard.press("Control+k")
    expect(page.locator("#command")).to_be_focused()
    page.keyboard.type("chloe")
    expect(bar.get_by_role("option").first).to_contain_text("Chloe Nguyen")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/*")
    expect(page.locator("#thread-header")).to_contain_text("Chloe Nguyen")

    page.locator("message-composer textarea").focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    expect(bar.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    page.keyboard.press("Control+k")
    page.keyboard.type("pending")
    bar.get_by_role("option", name="Show: Pending").click()
    expect(page.locator("#status")).to_have_value("pending")
    page.keyboard.press("Control+k")
    page.keyboard.type("zzzz")
    expect(bar.locator(".none")).to_be_visible()
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_two_tabs_tell_a_message_once(open_page: OpenPage) -> None:
    visitor = visitor_says(open_page, "First")
    told: list[tuple[str, str]] = []
    first = open_page()
    context = first.context
    context.expose_binding("noted", lambda _, title, body: told.append((title, body)))
    context.add_init_script(COUNT_NOTES)
    sign_in(first, "an", "/inbox")
    first.request.put("/api/v1/users/me/preferences", data={"notify": "all", "notify_when": "always"})
    second = context.new_page()
    for page in (first, second):
        with page.expect_websocket():
            page.goto("/inbox")
        expect(page.locator(".conversation-card[data-id]").first).to_be_visible()

    for words in ("Second", "Third"):
        write(visitor, words)
        for page in (first, second):
            expect(page.locator(".toast", has_text=words)).to_be_visible()
    until(first, lambda: len(told) == 2)
    card(first, "Third").click()
    expect(first.locator(".toast")).to_have_count(0)
    expect(second.locator(".toast")).to_have_count(0)  # it is read: nobody need be told of it any more
    write(visitor, "Fourth")
    expect(card(second, "Fourth")).to_be_visible()
    assert [body for _, body in told] == ["Second", "Third"]


def test_the_list_fits_a_phone_and_a_tablet(open_page: OpenPage) -> None:
    for width in (390, 800, 1024):
        page = open_page(viewport={"width": width, "height": 844})
        sign_in(page, "chen", "/inbox")
        expect(page.locator(".conversation-card[data-id]").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
        page.locator(".conversation-card[data-id]").first.click()
        page.wait_for_url(re.compile(r"/inbox/\d+"))
        is_phone = width < 768
        expect(page.locator("conversation-list")).to_be_visible(visible=not is_phone)
        expect(page.locator("#side")).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
