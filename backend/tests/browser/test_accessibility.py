"""axe-core finds nothing to say, in both languages and both themes."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.gestures import begin, bubbles, open_inbox, sign_in

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [
    pytest.param({"locale": "en", "color_scheme": "light"}, id="en, light"),
    pytest.param({"locale": "zh-CN", "color_scheme": "dark"}, id="zh-CN, dark"),
]


def _sign_in_page(page: Page) -> None:
    page.goto("/sign-in")
    expect(page.locator("#account")).to_be_visible()


def _inbox_with_a_thread(page: Page) -> None:
    open_inbox(page)
    page.locator(".conversation-card[data-id]").first.click()
    expect(bubbles(page).first).to_be_visible()


def _list_of_the_admin(page: Page) -> None:
    sign_in(page, "admin", "/admin/conversations")
    expect(page.locator(".conversation-card[data-id]").first).to_be_visible()


def _outbox_of_the_admin(page: Page) -> None:
    sign_in(page, "admin", "/admin/conversations")
    page.goto("/admin/outbox")
    expect(page.get_by_role("table")).to_be_visible()


def _settings_of_a_shop(page: Page) -> None:
    sign_in(page, "chen", "/inbox")
    page.goto("/settings/shop")
    page.locator("#retention_days").fill("30")
    expect(page.locator("#retention-preview .notice")).to_be_visible()


def _team_with_a_link(page: Page) -> None:
    sign_in(page, "honey", "/inbox")
    page.goto("/settings/team")
    page.locator("form.invite button").click()
    expect(page.locator("#link")).to_be_visible()


def _hours_with_times(page: Page) -> None:
    sign_in(page, "honey", "/inbox")
    page.goto("/settings/hours")
    page.locator("[data-add]").first.click()
    expect(page.locator(".range")).to_have_count(1)


def _handing_over(page: Page) -> None:
    open_inbox(page)
    page.locator(".conversation-card[data-id]").first.click()
    page.locator("#assign").click()
    page.get_by_role("menuitem").last.click()
    expect(page.locator("#transfer")).to_be_visible()


def _data_of_an_agent(page: Page) -> None:
    sign_in(page, "an", "/inbox")
    page.goto("/settings/your-data")
    expect(page.locator("#password")).to_be_visible()


def _chat_of_a_buyer(page: Page) -> None:
    page.goto("/chat/m1")
    begin(page, "Can everybody read this?")


def _demo_shop(page: Page) -> None:
    page.goto("/demo")
    expect(page.locator("parley-chat")).to_be_attached()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "go",
    [
        _sign_in_page, _inbox_with_a_thread, _list_of_the_admin, _outbox_of_the_admin, _settings_of_a_shop,
        _team_with_a_link, _hours_with_times, _handing_over, _data_of_an_agent, _chat_of_a_buyer, _demo_shop,
    ],
)  # fmt: skip
def test_no_violations(open_page: OpenPage, go: Callable[[Page], None], look: dict[str, str]) -> None:
    # Nothing moves: a colour halfway through a transition is nobody's colour.
    page = open_page(**look, reduced_motion="reduce")
    go(page)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN" if page.url.endswith("/demo") else look["locale"])
    results = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert results.violations_count == 0, results.generate_report()
