"""What people do with their hands on our pages, and what they see there."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Frame, Locator, Page, expect

from app.demo.people import PASSWORD

SHOP = "m1"
PATIENCE_SECONDS = 15
POLL_MS = 50
ADDRESS_OF_CHAT = re.compile(rf"/chat/{SHOP}\b")

COMPOSER = "message-composer textarea, buyer-composer textarea"

Pane = Page | Frame
"""A page, or the frame in a shop's page in which the chat is."""


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait for what no locator can see."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come"
        page.wait_for_timeout(POLL_MS)


def sign_in(page: Page, username: str, to: str) -> None:
    """Enter by the form; `to` is where one is sent."""
    page.goto("/sign-in")
    page.fill("#account", username)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(f"**{to}")


def open_inbox(page: Page) -> None:
    """As the owner of the shop, with the list there and the line up."""
    with page.expect_websocket():
        sign_in(page, "chen", "/inbox")
    expect(page.locator(".conversation-card[data-id]").first).to_be_visible()


def open_widget(page: Page, shop_page: str = "/demo") -> Frame:
    """Press the round button in the corner of a shop's page; its shadow root is closed, and no selector finds it."""
    page.goto(shop_page)
    expect(page.locator("parley-chat")).to_be_attached()
    size = page.viewport_size
    assert size is not None
    page.mouse.click(size["width"] - 50, size["height"] - 50)
    # Who has talked here before has the frame already: it counts what is unread.
    until(page, lambda: any(ADDRESS_OF_CHAT.search(frame.url) for frame in page.frames))
    came = next(frame for frame in page.frames if ADDRESS_OF_CHAT.search(frame.url))
    came.wait_for_load_state()  # with its modules: before them a press would be in vain
    return came


def begin(pane: Pane, text: str) -> None:
    """A visitor's first message, and the server's word that it has it."""
    pane.click("#start")
    chat = pane.locator("#chat")
    expect(chat).not_to_have_attribute("data-view", "home")
    if chat.get_attribute("data-view") == "before":  # the demo's shop has hours: at night one leaves a message
        pane.fill("#tell-email", "visitor@example.com")
        pane.fill("#tell-question", text)
        pane.press("#tell-email", "Enter")
    else:
        write(pane, text)
    expect(pane.locator(".tick[data-state=sent], .tick[data-state=read]")).to_be_attached()


def write(pane: Pane, text: str) -> None:
    """Type and press Enter."""
    composer = ":is(message-composer, buyer-composer) textarea"
    pane.fill(composer, text)
    pane.press(composer, "Enter")


def card(page: Page, text: str) -> Locator:
    """The conversation whose last words these are."""
    return page.locator(".conversation-card", has_text=text)


def bubbles(pane: Pane) -> Locator:
    """Everything that was said in the open thread, notes aside."""
    return pane.locator(".row:not(.note) .bubble")


def see(pane: Pane, *texts: str) -> None:
    """Exactly these messages, each once, in this order."""
    expect(bubbles(pane)).to_have_text(list(texts))
    expect(pane.locator(".row.unsent")).to_have_count(0)


def mark(*panes: Pane) -> None:
    """Leave a mark that a reload would wipe away."""
    for pane in panes:
        pane.evaluate("globalThis.isStillHere = true")


def is_unloaded(pane: Pane) -> bool:
    """Whether this pane was loaded again since `mark`."""
    return pane.evaluate("globalThis.isStillHere !== true")
