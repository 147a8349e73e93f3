"""Networks go and servers die while people write; every message is there once and in order, without a reload."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.console import Console
from tests.browser.gestures import Pane, begin, bubbles, card, is_unloaded, mark, open_inbox, open_widget, see, write
from tests.browser.installation import Installation

COMEBACK_MS = 45_000  # pages try again after at most 20 seconds, and a restart takes a few


def _a_talk(open_page: OpenPage) -> tuple[Pane, Pane]:
    """A merchant and a visitor with the same thread before them."""
    merchant = open_page()
    open_inbox(merchant)
    visitor = open_widget(open_page())
    begin(visitor, "one")
    card(merchant, "one").first.click()
    see(merchant, "one")
    write(merchant, "two")
    see(visitor, "one", "two")
    mark(merchant, visitor)
    return merchant, visitor


def test_a_cut_network_loses_and_doubles_nothing(open_page: OpenPage, console: Console) -> None:
    merchant, visitor = _a_talk(open_page)
    console.excuse_outage()
    merchant.context.set_offline(True)
    expect(merchant.locator("#network")).to_have_attribute("data-state", "offline")
    for text in ("three", "four"):
        write(visitor, text)
    see(visitor, "one", "two", "three", "four")
    for text in ("five", "six"):
        write(merchant, text)
    expect(merchant.locator(".row.unsent")).to_have_count(2)
    expect(bubbles(merchant)).to_have_text(["one", "two", "five", "six"])

    merchant.context.set_offline(False)
    for pane in (merchant, visitor):
        see(pane, "one", "two", "three", "four", "five", "six")
    expect(merchant.locator("#network")).to_be_hidden()

    # The second time the merchant says nothing, so that no answer betrays the gap: the page must ask by itself.
    merchant.context.set_offline(True)
    expect(merchant.locator("#network")).to_have_attribute("data-state", "offline")
    write(visitor, "seven")
    see(visitor, "one", "two", "three", "four", "five", "six", "seven")
    merchant.context.set_offline(False)
    see(merchant, "one", "two", "three", "four", "five", "six", "seven")
    assert not any(map(is_unloaded, (merchant, visitor)))


def test_a_killed_server_loses_and_doubles_nothing(
    open_page: OpenPage, console: Console, installation: Installation
) -> None:
    merchant, visitor = _a_talk(open_page)
    console.excuse_outage()
    write(visitor, "just before")  # stored or not: nobody can know
    installation.kill()
    try:
        for text in ("m1", "m2"):
            write(merchant, text)
        for text in ("v1", "v2"):
            write(visitor, text)
        expect(merchant.locator("#network")).to_have_attribute("data-state", "waiting")
        expect(merchant.locator(".row.unsent")).to_have_count(2)
    finally:
        installation.start()

    for pane in (merchant, visitor):
        expect(bubbles(pane)).to_have_count(7, timeout=COMEBACK_MS)
        expect(pane.locator(".row.unsent")).to_have_count(0, timeout=COMEBACK_MS)
    # Who is back first speaks first; what both see, and the order of each one's words, is certain.
    expect(merchant.locator(".row.mine .bubble")).to_have_text(["two", "m1", "m2"])
    expect(merchant.locator(".row.theirs .bubble")).to_have_text(["one", "just before", "v1", "v2"])
    see(visitor, *bubbles(merchant).all_inner_texts())
    assert not any(map(is_unloaded, (merchant, visitor)))
