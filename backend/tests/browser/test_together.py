"""Four people at once, each at a device: a buyer on somebody else's shop page, two of the shop, an admin."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.console import Console
from tests.browser.foreign_shop import foreign_shop
from tests.browser.gestures import (
    SHOP,
    Pane,
    begin,
    bubbles,
    card,
    is_unloaded,
    mark,
    open_inbox,
    open_widget,
    see,
    sign_in,
    write,
)
from tests.browser.installation import Installation

COMEBACK_MS = 60_000
OUTAGE_MS = 30_000  # as long as a tunnel or a lift takes: past every heartbeat and the first retries
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": "zh-CN"}


@pytest.fixture
def shop_page(installation: Installation) -> Iterator[str]:
    """The address of a shop on another origin."""
    with foreign_shop(installation.url, SHOP) as address:
        yield address


@pytest.fixture
def four(open_page: OpenPage, shop_page: str) -> tuple[Page, Page, Page, Pane]:
    """The owner, an agent on a tablet, an admin, and a buyer with a phone whose first word is「在吗」."""
    owner, agent, admin = open_page(), open_page(viewport={"width": 1024, "height": 768}), open_page()
    open_inbox(owner)
    with agent.expect_websocket():
        sign_in(agent, "an", "/inbox")
    with admin.expect_websocket():
        sign_in(admin, "admin", "/admin/conversations")
    buyer = open_widget(open_page(**PHONE), shop_page)
    begin(buyer, "在吗？四个人一起")
    for page in (owner, agent, admin):
        card(page, "四个人一起").first.click()
        see(page, "在吗？四个人一起")
    mark(owner, agent, admin, buyer)
    return owner, agent, admin, buyer


def test_everybody_sees_the_same_and_only_what_is_theirs(four: tuple[Page, Page, Page, Pane]) -> None:
    owner, agent, admin, buyer = four
    said = ["在吗？四个人一起", "您好，我是陈师傅", "我来查一下库存"]
    write(owner, said[1])
    write(agent, said[2])
    for pane in four:
        see(pane, *said)

    agent.locator("[data-mode-choice=note]").first.click()
    write(agent, "这位客人是老顾客")
    for page in (owner, agent, admin):
        expect(page.locator(".row.note .bubble")).to_have_text(["这位客人是老顾客"])
    see(buyer, *said)
    expect(buyer.locator(".row.note")).to_have_count(0)
    assert "老顾客" not in buyer.content()
    expect(admin.locator("message-composer, textarea, [contenteditable]")).to_have_count(0)

    owner.locator("#resolve").click()
    for page in (owner, agent):
        expect(page.locator("#resolve .words")).to_have_text("Reopen")
    write(buyer, "还有一个问题")
    for page in (owner, agent):
        expect(page.locator("#resolve .words")).to_have_text("Resolve")
    for page in (owner, agent, admin):
        expect(bubbles(page).last).to_have_text("还有一个问题")
    assert not any(map(is_unloaded, four))


def test_half_a_minute_without_a_network_in_mid_sentence(four: tuple[Page, Page, Page, Pane], console: Console) -> None:
    owner, agent, admin, buyer = four
    phone = buyer.page
    console.excuse_outage()
    buyer.locator("buyer-composer textarea").press_sequentially("我想要两")
    phone.context.set_offline(True)
    expect(buyer.locator("#network")).to_have_attribute("data-state", "offline")
    write(owner, "两袋还是两盒？")
    write(agent, "今天还能发货")
    buyer.locator("buyer-composer textarea").press_sequentially("盒，谢谢")
    buyer.press("buyer-composer textarea", "Enter")
    write(buyer, "地址不变")
    buyer.locator("buyer-composer textarea").press_sequentially("还没写完")
    phone.wait_for_timeout(OUTAGE_MS)
    phone.context.set_offline(False)

    said = ["在吗？四个人一起", "两袋还是两盒？", "今天还能发货", "我想要两盒，谢谢", "地址不变"]
    for pane in four:
        expect(bubbles(pane)).to_have_text(said, timeout=COMEBACK_MS)
        expect(pane.locator(".row.unsent")).to_have_count(0, timeout=COMEBACK_MS)
    expect(buyer.locator("buyer-composer textarea")).to_have_value("还没写完")
    expect(buyer.locator("#network")).to_be_hidden()
    assert not any(map(is_unloaded, four))
    expect(admin.locator("message-composer, textarea")).to_have_count(0)


def test_the_server_restarts_under_four_open_pages(
    four: tuple[Page, Page, Page, Pane], console: Console, installation: Installation
) -> None:
    owner, agent, _, buyer = four
    console.excuse_outage()
    installation.kill()
    try:
        write(owner, "店主一")
        write(agent, "客服一")
        write(buyer, "买家一")
        write(buyer, "买家二")
        expect(buyer.locator(".row.unsent")).to_have_count(2)
    finally:
        installation.start()
    for pane in four:
        expect(bubbles(pane)).to_have_count(5, timeout=COMEBACK_MS)
        expect(pane.locator(".row.unsent")).to_have_count(0, timeout=COMEBACK_MS)
    order = bubbles(owner).all_inner_texts()
    assert sorted(order[1:]) == sorted(["店主一", "客服一", "买家一", "买家二"])
    assert order.index("买家一") < order.index("买家二")
    for pane in four:
        see(pane, *order)
    assert not any(map(is_unloaded, four))


def test_two_tabs_of_one_buyer_and_two_of_one_agent(open_page: OpenPage, shop_page: str) -> None:
    owner = open_page()
    open_inbox(owner)
    second = owner.context.new_page()
    with second.expect_websocket():
        second.goto("/inbox")
    phone = open_page(**PHONE)
    first_tab = open_widget(phone, shop_page)
    begin(first_tab, "两个窗口")
    other = phone.context.new_page()
    second_tab = open_widget(other, shop_page)
    second_tab.click("#start")
    see(second_tab, "两个窗口")
    for page in (owner, second):
        card(page, "两个窗口").first.click()
    write(second, "都能看到吗")
    write(second_tab, "都能看到")
    for pane in (first_tab, second_tab, owner, second):
        see(pane, "两个窗口", "都能看到吗", "都能看到")
