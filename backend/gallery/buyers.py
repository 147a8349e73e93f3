"""What buyers do in the widget before it is photographed.

The demo's shop vouches for them, so that each keeps one talk through all looks.
"""

from playwright.sync_api import Frame, Page

from app.demo.people import PASSWORD
from app.demo.shop_pages import token
from app.demo.widget import CUSTOMERS
from gallery.acts import Act

QUESTION = "您好，大米可以今天发货吗？"
OPENING_MS = 1_500
THANKS = "收到了，谢谢！"


def talk(page: Page) -> Frame:
    """The first customer's conversation, begun the first time."""
    return _talk(page, 0, QUESTION)


def talking(selector: str = "") -> Act:
    """In the thread, with something pressed."""

    def do(page: Page) -> None:
        frame = talk(page)
        if selector:
            frame.locator(selector).first.click()

    return do


def ended(page: Page) -> None:
    """The second customer's conversation, which the shop has resolved: the question how it was."""
    frame = _talk(page, 1, THANKS)
    if not frame.locator("#ending").is_visible():
        _resolve(page, CUSTOMERS[1].name)
    frame.locator("#ending").wait_for()


def _talk(page: Page, number: int, words: str) -> Frame:
    page.wait_for_function("typeof parley === 'function'")
    page.evaluate("token => parley('identify', { token })", token(CUSTOMERS[number]))
    page.evaluate("parley('open')")
    page.locator("parley-chat").wait_for(state="attached")
    page.wait_for_timeout(OPENING_MS)
    frame = next(one for one in page.frames if "/chat/" in one.url)
    frame.locator(".own-one, #start").first.wait_for()
    page.wait_for_timeout(OPENING_MS)  # own conversations come after the page
    if frame.locator(".own-one").count():
        frame.locator(".own-one").first.click()
    else:
        frame.click("#start")
        _begin(frame, words)
    frame.locator("message-list .bubble", has_text=words).first.wait_for()
    return frame


def _begin(frame: Frame, words: str) -> None:
    """The shop is open or closed: a line to write in, or a form to leave a message with."""
    frame.locator("#chat:not([data-view=home])").wait_for()
    if frame.locator("#chat").get_attribute("data-view") == "before":
        frame.fill("#tell-question", words)
        frame.locator("#before .button.primary").click()
    else:
        frame.fill("buyer-composer textarea", words)
        frame.press("buyer-composer textarea", "Enter")
    frame.locator(".tick[data-state=sent], .tick[data-state=read]").first.wait_for()


def _resolve(page: Page, name: str) -> None:
    """The owner of the shop, in another window."""
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(base_url=page.url.split("/demo")[0], locale="en")
    desk = context.new_page()
    desk.goto("/sign-in")
    desk.fill("#account", "chen")
    desk.fill("#password", PASSWORD)
    desk.press("#password", "Enter")
    desk.wait_for_url("**/inbox")
    desk.locator(".conversation-card[data-id]", has_text=name).first.click()
    desk.locator("message-list .bubble").first.wait_for()
    with desk.expect_response(lambda answer: answer.request.method in ("PATCH", "PUT", "POST")):
        desk.click("#resolve")
    context.close()
