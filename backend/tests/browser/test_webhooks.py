"""Webhooks in the console: made, tested, watched, renewed and deleted, with nothing for axe to say on the way."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.gestures import open_inbox
from tests.browser.test_accessibility import LOOKS, RULES

NOWHERE = "https://receiver.invalid/parley"
OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


def check(page: Page) -> None:
    """Accessible, and nothing sticks out."""
    results = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("width", [1440, 390])
def test_a_webhook_from_its_form_to_its_end(open_page: OpenPage, look: dict[str, str], width: int) -> None:
    page = open_page(**look, reduced_motion="reduce", viewport={"width": width, "height": 844})
    open_inbox(page)
    page.goto("/settings/shop")
    page.locator(".places-nav a[href='/settings/webhooks']").click()
    check(page)
    page.goto("/settings/webhooks/new")
    page.fill("#url", NOWHERE)
    page.fill("#description", "ERP")
    page.press("#description", "Enter")
    expect(page.locator("#secret")).to_have_value(r := page.locator("#secret").input_value())
    assert r.startswith("whsec_")
    check(page)

    page.reload()  # not the form again: the address is the webhook's own by now
    expect(page.locator("h1")).to_contain_text("ERP")
    expect(page.locator("#secret")).to_have_count(0)
    check(page)
    address = page.url
    page.locator("form[action$='/test'] button").click()
    page.wait_for_url("**/deliveries/*")
    expect(page.locator(".attempt")).to_have_count(1)  # it comes by itself
    check(page)

    page.goto(address)
    page.locator("details:has(form[action$='/rotate']) summary").press("Enter")
    page.locator("form[action$='/rotate'] button").click()
    expect(page.locator("#secret")).not_to_have_value(r)
    page.goto(address)
    page.locator("form[action$='/off'] button").click()
    expect(page.locator(".notice.bad")).to_be_visible()
    check(page)
    page.locator("details:has(form[action$='/delete']) summary").press("Enter")
    page.locator("form[action$='/delete'] button").click()
    page.wait_for_url("**/settings/webhooks")
    expect(page.locator(f"a[href='{address}']")).to_have_count(0)
