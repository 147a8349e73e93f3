"""One thumb and an input method; or a keyboard and nothing else."""

from playwright.sync_api import Page, expect

from app.demo.people import PASSWORD
from tests.browser.conftest import OpenPage
from tests.browser.gestures import begin, bubbles, card, sign_in

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# The Enter that takes a word: within the composition, and, as Safari has it, just after its end.
ENTER_WITHIN = """textarea => {
  textarea.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
  const init = { key: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true };
  return textarea.dispatchEvent(new KeyboardEvent("keydown", init));
}"""
ENTER_JUST_AFTER = """textarea => {
  textarea.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
  const init = { key: "Enter", keyCode: 13, bubbles: true, cancelable: true };
  return textarea.dispatchEvent(new KeyboardEvent("keydown", init));
}"""

# For 20 ms an Enter still belongs to the input method. No person is that quick, but a fast machine is.
PERSON = "new Promise(done => setTimeout(done, 50))"


def test_on_a_phone_in_chinese_with_an_input_method(open_page: OpenPage) -> None:
    visitor = open_page(**PHONE, locale="zh-CN")
    visitor.goto("/chat/m1")
    begin(visitor, "手机上看得清吗？")

    merchant = open_page(**PHONE, locale="zh-CN")
    merchant.goto("/sign-in")
    expect(merchant.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(merchant.get_by_role("heading", level=1)).to_have_text("登录")
    sign_in(merchant, "chen", "/inbox")
    card(merchant, "手机上看得清吗").tap()
    expect(bubbles(merchant)).to_have_text(["手机上看得清吗？"])
    expect(merchant.locator("conversation-list")).to_be_hidden()

    text = merchant.locator("message-composer textarea")
    text.fill("拼音")
    for enter in (ENTER_WITHIN, ENTER_JUST_AFTER):
        assert text.evaluate(enter), "the input method's own key was taken from it"
        expect(text).to_have_value("拼音")
        expect(bubbles(merchant)).to_have_count(1)
    text.fill("看得清")
    merchant.evaluate(PERSON)
    text.press("Enter")
    expect(text).to_have_value("")
    expect(bubbles(visitor)).to_have_text(["手机上看得清吗？", "看得清"])
    assert not merchant.evaluate("document.documentElement.scrollWidth > innerWidth"), "it scrolls sideways"

    merchant.locator("#back").tap()
    expect(card(merchant, "看得清").first).to_be_visible()


def _tab_to(page: Page, selector: str) -> None:
    """As somebody without a mouse goes there."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.locator(selector).evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def test_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/sign-in")
    _tab_to(page, "#account")
    page.keyboard.type("chen")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox")
    cards = page.locator(".conversation-card[data-id]")
    expect(cards.nth(1)).to_be_visible()
    expect(page.locator("#nothing-open")).to_be_visible()
    first, second = (cards.nth(at).get_attribute("data-id") for at in (0, 1))

    page.keyboard.press("Enter")
    page.wait_for_url(f"**/inbox/{first}")
    expect(bubbles(page).first).to_be_visible()
    page.keyboard.press("j")
    page.wait_for_url(f"**/inbox/{second}")
    expect(page.locator(f'.conversation-card[data-id="{second}"]')).to_have_attribute("aria-current", "true")
    page.keyboard.press("k")
    page.wait_for_url(f"**/inbox/{first}")

    text = page.locator("message-composer textarea")
    page.keyboard.press("r")
    expect(text).to_be_focused()
    page.keyboard.type("jk?")
    expect(text).to_have_value("jk?")
    page.wait_for_url(f"**/inbox/{first}")
    page.keyboard.press("Escape")
    expect(text).not_to_be_focused()

    shortcuts = page.locator("dialog#shortcuts")
    page.keyboard.press("?")
    expect(shortcuts).to_be_visible()
    page.keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()
    page.wait_for_url(f"**/inbox/{first}")
    page.keyboard.press("Escape")
    page.wait_for_url("**/inbox")
    expect(page.locator("#nothing-open")).to_be_visible()
