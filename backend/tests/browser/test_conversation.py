"""A visitor asks, the shop answers, an admin looks on: all of it live, on three devices."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.gestures import begin, card, open_inbox, open_widget, see, sign_in, write


def test_a_visitor_asks_in_the_widget_and_the_merchant_answers(open_page: OpenPage) -> None:
    merchant = open_page()
    open_inbox(merchant)
    visitor = open_widget(open_page(viewport={"width": 1280, "height": 800}, locale="zh-CN"))
    question = "你好，大米还有吗？<img src=x onerror=alert(1)>"
    begin(visitor, question)

    asked = card(merchant, "大米还有吗")
    expect(asked.locator(".pill")).to_have_text("1 unread")
    asked.click()
    see(merchant, question)
    expect(visitor.locator(".tick[data-state=read]")).to_be_attached()

    merchant.locator("message-composer textarea").press_sequentially("有的，")
    expect(visitor.locator(".typing-dots")).to_be_visible()
    write(merchant, "有的，今天现磨")
    see(visitor, question, "有的，今天现磨")
    expect(visitor.locator(".typing-dots")).to_be_hidden()
    expect(merchant.locator(".row.mine .tick[data-state=read]")).to_be_attached()


def test_an_admin_sees_a_conversation_live_and_can_write_in_none(open_page: OpenPage) -> None:
    admin = open_page()
    with admin.expect_websocket():
        sign_in(admin, "admin", "/admin/conversations")
    visitor = open_page()
    visitor.goto("/chat/m1")
    begin(visitor, "Does anybody look over my shoulder?")

    card(admin, "over my shoulder").click()
    see(admin, "Does anybody look over my shoulder?")
    write(visitor, "And now?")
    see(admin, "Does anybody look over my shoulder?", "And now?")
    expect(admin.locator("message-composer, textarea, [contenteditable]")).to_have_count(0)

    conversation = admin.url.rsplit("/", 1)[-1]
    refused = admin.request.post(f"/api/v1/conversations/{conversation}/messages/", data={"content": "I do"})
    assert (refused.status, refused.json()["code"]) == (403, "read_only")
    see(visitor, "Does anybody look over my shoulder?", "And now?")
