"""The widget in a shop of another site: every call, who one is, what is asked, what is refused."""

import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect

from app.demo.shop_pages import token
from app.demo.widget import CUSTOMERS
from loadtest.processes import READY_SECONDS, Process, free_port, product_environment
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.browser.console import Console
from tests.browser.gestures import ADDRESS_OF_CHAT, begin, bubbles, card, open_inbox, see, write
from tests.browser.installation import Installation

ASIDE = {"allowed_domains": [], "ask_name": "off", "ask_email": "off", "consent": "", "languages": ["en", "zh-CN"]}
HEARD = "() => globalThis.heard"
QUEUE = "function () { (parley.q = parley.q || []).push(arguments) }"  # as docs/widget.md has it
LISTEN = """() => {
  globalThis.heard = [];
  for (const name of ["ready", "open", "close", "unread", "message"]) {
    parley("on", name, value => heard.push(value === undefined ? name : [name, value.text ?? value]));
  }
}"""


@pytest.fixture(scope="module")
def farm(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo's shop on `localhost`, which is another site than the product's 127.0.0.1."""
    folder: Path = tmp_path_factory.mktemp("farm")
    port = free_port()
    environment = product_environment(folder, f"sqlite:///{folder / 'none.db'}") | {"BASE_URL": installation.url}
    command = [sys.executable, "-m", "app.cli", "demo-shop", "--port", str(port)]
    shop = Process("farm", command, environment, port, folder / "farm.log")
    shop.spawn()
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(f"{shop.url}/health", timeout=3):
            break
        time.sleep(0.1)
    yield f"http://localhost:{port}"
    shop.kill()


def opened(page: Page, address: str = "") -> Frame:
    """The chat in the shop's page, opened by the shop's own script."""
    if address:
        page.goto(address)
    with page.expect_event("framenavigated", lambda frame: bool(ADDRESS_OF_CHAT.search(frame.url))) as came:
        page.evaluate("parley('open')")
    frame: Frame = came.value
    expect(frame.locator("#start")).to_be_enabled()
    return frame


def chat_in(page: Page) -> Frame:
    """The chat that is there already."""
    return next(frame for frame in page.frames if ADDRESS_OF_CHAT.search(frame.url))


def heard(page: Page, what: Any) -> None:
    """Wait until the shop's page was told so. Its policy forbids what Playwright's own waiting needs."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while what not in page.evaluate(HEARD):
        assert time.monotonic() < until, f"{what} was never told"
        time.sleep(0.05)


@contextmanager
def settings(merchant: Page, **chosen: Any) -> Iterator[None]:
    """The shop's widget with these settings, for a while."""
    assert merchant.request.put("/api/v1/shop/widget", data=chosen).ok
    try:
        yield
    finally:
        assert merchant.request.put("/api/v1/shop/widget", data=ASIDE).ok


@pytest.fixture
def merchant(open_page: OpenPage) -> Page:
    """The owner with the inbox open."""
    page = open_page()
    open_inbox(page)
    return page


def people(page: Page) -> int:
    """How many users there are."""
    said = page.request.post("/api/v1/auth/login", data={"username": "admin", "password": "parley-demo-2026"}).json()
    headers = {"Authorization": f"Bearer {said['access_token']}"}
    return int(page.request.get("/api/v1/users/", headers=headers).json()["count"])


def test_nothing_is_loaded_or_stored_before_it_is_needed(open_page: OpenPage, farm: str) -> None:
    page = open_page()
    before = people(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(farm)
    expect(page.locator("parley-chat")).to_be_attached()
    ours = [url.split("/", 3)[3] for url in asked if not url.startswith(farm)]
    assert ours == ["embed.js", "api/v1/shops/m1/widget"]
    frame = opened(page)
    frame.click("#start")
    expect(frame.locator("buyer-composer textarea")).to_be_focused()
    assert people(page) == before
    write(frame, "Now there is somebody")
    expect(frame.locator(".tick[data-state=sent], .tick[data-state=read]")).to_be_attached()
    assert people(page) == before + 1


def test_every_call_of_the_shops_page(open_page: OpenPage, farm: str, merchant: Page) -> None:
    page = open_page()
    page.goto(farm)
    page.evaluate(LISTEN)
    frame = opened(page)
    page.wait_for_function("document.activeElement.localName === 'parley-chat'")
    page.evaluate("parley('toggle')")
    expect(page.locator("parley-chat")).to_be_attached()
    assert not frame.frame_element().is_visible()
    page.evaluate("parley('send', 'Is there still rice?')")
    assert frame.frame_element().is_visible()
    see(frame, "Is there still rice?")
    card(merchant, "Is there still rice?").first.click()
    page.evaluate("parley('close')")
    assert page.evaluate("parley('unread')") == 0
    write(merchant, "There is!")
    heard(page, ["unread", 1])
    page.evaluate("parley('hide')")
    page.evaluate("parley('show')")
    page.evaluate("parley('open')")
    see(frame, "Is there still rice?", "There is!")
    heard(page, ["unread", 0])
    told = ["ready", "open", "close", "open", "close", ["message", "There is!"], ["unread", 1], "open", ["unread", 0]]
    assert page.evaluate(HEARD) == told
    page.evaluate("parley('set', { theme: 'dark' })")
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    with page.expect_event("framenavigated", lambda one: "locale=zh-CN" in one.url):
        page.evaluate("parley('set', { language: 'zh-CN' })")
    expect(chat_in(page).locator("html")).to_have_attribute("lang", "zh-CN")
    page.evaluate("parley('destroy')")
    expect(page.locator("parley-chat")).to_have_count(0)
    assert page.evaluate("typeof parley") == "undefined"


def test_calls_before_the_loader_is_there_are_kept_in_order(open_page: OpenPage, farm: str) -> None:
    page = open_page()
    page.add_init_script(f"window.parley = {QUEUE}; parley('open'); ({LISTEN})()")
    page.goto(farm)
    heard(page, "open")
    assert page.evaluate(HEARD) == ["ready", "open"]


def test_who_is_proven_keeps_the_history_everywhere_and_nobody_else_sees_it(
    open_page: OpenPage, farm: str, merchant: Page, console: Console
) -> None:
    customer = CUSTOMERS[0]
    page = open_page(locale="zh-CN")
    begin(opened(page, farm), "登录以前说的话")
    page.goto(f"{farm}/?customer={customer.id}")
    frame = opened(page) if not any(ADDRESS_OF_CHAT.search(one.url) for one in page.frames) else chat_in(page)
    page.evaluate("parley('open')")
    frame.click(".own-one")
    see(frame, "登录以前说的话")

    elsewhere = open_page(locale="zh-CN")
    other = opened(elsewhere, f"{farm}/?customer={customer.id}")
    expect(other.locator(".own-one")).to_contain_text("登录以前说的话")
    asked = card(merchant, "登录以前说的话").first
    expect(asked).to_contain_text(customer.name)
    number = asked.get_attribute("data-id")
    visit = merchant.request.get(f"/api/v1/conversations/{number}/visit").json()
    assert (visit["is_verified"], visit["subject"]) == (True, customer.id)

    console.complaints.clear()
    thief = open_page()
    thief.goto(farm)
    thief.evaluate("said => parley('identify', { token: said })", token(customer, "x" * 40))
    stolen = opened(thief)
    expect(stolen.locator("#own")).to_be_hidden()
    assert any("identity_invalid" in said for said in console.complaints), "the page's developer is not told"
    console.complaints.clear()

    elsewhere.goto(f"{farm}/?out=1")
    left = (
        opened(elsewhere)
        if not any(ADDRESS_OF_CHAT.search(one.url) for one in elsewhere.frames)
        else chat_in(elsewhere)
    )
    expect(left.locator("#own")).to_be_hidden()


def test_what_is_asked_before_and_after(open_page: OpenPage, farm: str, merchant: Page) -> None:
    with settings(merchant, ask_name="required", ask_email="optional", consent="You may keep my words."):
        visitor = opened(open_page(), farm)
        visitor.click("#start")
        visitor.click("#before .primary")
        expect(visitor.locator(".problem:visible")).to_have_count(2)
        expect(visitor.locator("#tell-name")).to_be_focused()
        visitor.fill("#tell-name", "Hanna Before")
        visitor.check("#before [name=consent]")
        visitor.press("#tell-name", "Enter")
        write(visitor, "After the form")
        expect(card(merchant, "After the form")).to_contain_text("Hanna Before")
    number = card(merchant, "After the form").first.get_attribute("data-id")
    merchant.request.put(f"/api/v1/conversations/{number}", data={"status": "resolved"})
    expect(visitor.locator("#rating")).to_be_visible()
    visitor.locator(".faces label").nth(4).click()
    visitor.fill("#rating-comment", "So quick!")
    visitor.click("#rating .button")
    expect(visitor.locator("#rated")).not_to_be_empty()
    rating = merchant.request.get(f"/api/v1/conversations/{number}/rating").json()
    assert (rating["score"], rating["comment"]) == (5, "So quick!")
    visitor.click(".ended [data-new]")
    write(visitor, "And another question")
    expect(card(merchant, "And another question")).to_be_visible()


def test_the_network_goes_and_comes_back(open_page: OpenPage, farm: str, merchant: Page, console: Console) -> None:
    page = open_page()
    visitor = opened(page, farm)
    begin(visitor, "before the tunnel")
    console.excuse_outage()
    page.context.set_offline(True)
    expect(visitor.locator("#network")).to_have_attribute("data-state", "offline")
    write(visitor, "in the tunnel")
    expect(visitor.locator(".row.unsent")).to_have_count(1)
    card(merchant, "before the tunnel").first.click()
    write(merchant, "are you there?")
    page.context.set_offline(False)
    expect(visitor.locator(".row.unsent")).to_have_count(0)
    expect(bubbles(visitor)).to_have_count(3)
    expect(bubbles(merchant)).to_have_count(3)


def test_on_a_phone_it_fills_the_screen(open_page: OpenPage, farm: str) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="zh-CN")
    frame = opened(page, farm)
    expect(frame.locator("html")).to_have_attribute("lang", "zh-CN")
    assert frame.frame_element().bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    begin(frame, "手机上的问题")
    assert not frame.evaluate("document.documentElement.scrollWidth > innerWidth"), "it scrolls sideways"
    frame.locator(".talk-head [data-close-frame]").tap()
    assert not frame.frame_element().is_visible()


def test_by_keyboard_alone(open_page: OpenPage, farm: str) -> None:
    page = open_page()
    page.goto(farm)
    expect(page.locator("parley-chat")).to_be_attached()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.localName") == "parley-chat":
            break
    with page.expect_event("framenavigated", lambda frame: bool(ADDRESS_OF_CHAT.search(frame.url))) as came:
        page.keyboard.press("Enter")
    frame: Frame = came.value
    start = frame.locator("#start")
    expect(start).to_be_enabled()
    for _ in range(8):
        if start.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(frame.locator("buyer-composer textarea")).to_be_focused()
    page.keyboard.type("Without a mouse")
    page.keyboard.press("Enter")
    see(frame, "Without a mouse")
    page.keyboard.press("Escape")
    expect(page.locator("parley-chat")).to_be_focused()
    assert not frame.frame_element().is_visible()


def test_a_page_that_the_shop_does_not_allow_gets_no_chat(
    open_page: OpenPage, farm: str, merchant: Page, console: Console
) -> None:
    with settings(merchant, allowed_domains=["shop.example.com"]):
        page = open_page()
        page.goto(farm)
        expect(page.locator("parley-chat")).to_be_attached()
        with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            page.evaluate("parley('open')")
    console.complaints.clear()
