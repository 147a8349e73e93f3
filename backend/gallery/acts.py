"""What is done on a page before it is photographed."""

from collections.abc import Callable

from playwright.sync_api import Page

Act = Callable[[Page], None]


def first_thread(page: Page) -> None:
    """Open the first conversation of the list."""
    page.locator(".conversation-card[data-id]").first.click()
    page.locator("message-list .bubble").first.wait_for()


def then(*acts: Act) -> Act:
    """One after the other."""

    def all_of_them(page: Page) -> None:
        for act in acts:
            act(page)

    return all_of_them


def press(key: str) -> Act:
    """Press a key."""
    return lambda page: page.keyboard.press(key)


def click(selector: str) -> Act:
    """Click what is there."""
    return lambda page: page.locator(selector).first.click()


def fill(selector: str, text: str) -> Act:
    """Type into a field."""
    return lambda page: page.fill(selector, text)


def offline(page: Page) -> None:
    """Cut the network and wait for the banner."""
    page.context.set_offline(True)
    page.locator("#network:not([hidden])").wait_for()


def open_widget(page: Page) -> None:
    """Press the round button; its shadow root is closed to selectors."""
    page.locator("parley-chat").wait_for(state="attached")
    size = page.viewport_size or {"width": 0, "height": 0}
    with page.expect_event("framenavigated"):
        page.mouse.click(size["width"] - 50, size["height"] - 50)
    page.frames[-1].locator("#start").wait_for()


def second_card_chosen(page: Page) -> None:
    """Two conversations chosen, with the bar of what can be done to both."""
    page.locator(".conversation-card[data-id]").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")


def into_first(link: str) -> Act:
    """Follow the first link of this kind."""

    def follow(page: Page) -> None:
        page.locator(link).first.click()
        page.wait_for_load_state("load")

    return follow


def thread_of(name: str) -> Act:
    """Open the conversation of this buyer."""

    def open_it(page: Page) -> None:
        page.locator(".conversation-card[data-id]", has_text=name).first.click()
        page.locator("message-list .bubble").first.wait_for()

    return open_it


def write(selector: str, text: str) -> Act:
    """Type letter by letter, for what listens to keys."""
    return lambda page: page.locator(selector).first.press_sequentially(text)


def menu_of(selector: str) -> Act:
    """A right click, or a long press."""

    def open_it(page: Page) -> None:
        page.locator(selector).first.click(button="right")
        page.locator("[role=menu]:popover-open").first.wait_for()

    return open_it


def menu_of_last_message(page: Page) -> None:
    """The three points beside the last bubble."""
    row = page.locator("message-list .row:not(.note)", has=page.locator(".bubble")).last
    row.hover()
    row.locator("[data-part=menu]").click()
    page.locator("#message-menu").wait_for()


def leave_field(page: Page) -> None:
    """So that letters are keys again."""
    page.evaluate("document.activeElement.blur()")


def side(page: Page) -> None:
    """The panel beside the thread, opened where it is closed at first."""
    if page.locator("#toggle-side").get_attribute("aria-expanded") == "false":
        page.click("#toggle-side")
    page.locator("#side").wait_for()


def see(selector: str) -> Act:
    """Wait until it is there, and bring it into view."""

    def look(page: Page) -> None:
        page.locator(selector).first.wait_for()
        page.locator(selector).first.scroll_into_view_if_needed()

    return look
